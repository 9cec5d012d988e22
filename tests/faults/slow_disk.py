"""run.py on a disk that takes its time: whoever writes, reads or syncs a file waits SLOW_DISK_S longer, on whatever thread; sockets and
pipes are no disk. What it is given on the command line goes on to run.py.
"""

import os
import runpy
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from stat import S_ISREG
from typing import Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
SLOW = ("fsync", "fdatasync", "write", "pread")
SLOW_S = float(os.environ.get("SLOW_DISK_S") or 0)


def slowed(work: Callable[Concatenate[int, P], T]) -> Callable[Concatenate[int, P], T]:
    @wraps(work)
    def later(descriptor: int, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if S_ISREG(os.fstat(descriptor).st_mode):
            time.sleep(SLOW_S)
        return work(descriptor, *args, **kwargs)

    return later


if __name__ == "__main__":
    for name in SLOW:
        setattr(os, name, slowed(getattr(os, name)))
    runpy.run_path(str(Path(__file__).parents[2] / "run.py"), run_name="__main__")
