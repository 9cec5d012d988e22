"""Room for what happens in real time. `make test` runs more processes than there are processors; while a test marked `real_time` runs, whose
sound or whose shares would otherwise tell of the machine and not of the server, one of all the others goes on beside it and no more.

Waiting counts for no test's timeout. Nothing waits where pytest runs in one process.
"""

import fcntl
import time
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / ".cache" / "quiet"
LOOKS_EVERY_S = 0.02


class Quiet:
    """Of a process of pytest-xdist."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        with ExitStack() as held:
            if item.get_closest_marker("real_time"):
                _come_alone(held)
            else:
                _come_as_others(held)
            return (yield)


def _come_alone(held: ExitStack) -> None:
    """Nobody passes the door who has not before, and all in the room leave it."""
    with ExitStack() as door:
        _has(door, "door", fcntl.LOCK_EX)
        _has(held, "room", fcntl.LOCK_EX)


def _come_as_others(held: ExitStack) -> None:
    """Beside whoever is alone, as the one who may be; or into the room."""
    at_once = fcntl.LOCK_NB
    while not _has(held, "beside", fcntl.LOCK_EX | at_once):
        with ExitStack() as door:
            if _has(door, "door", fcntl.LOCK_SH | at_once) and _has(held, "room", fcntl.LOCK_SH | at_once):
                return
        time.sleep(LOOKS_EVERY_S)


def _has(held: ExitStack, name: str, kind: int) -> bool:
    """Whether it was to be had; until `held` ends."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = (FOLDER / name).open("w")
    try:
        fcntl.flock(file, kind)
    except BlockingIOError:
        file.close()
        return False
    held.enter_context(file)
    return True
