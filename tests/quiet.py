"""Room for what happens in real time. `make test` runs more processes than there are processors; while a test marked `real_time` runs, whose
sound or whose shares would otherwise tell of the machine and not of the server, two of all the others go on beside it and no more: between
them they wait as long as they compute. `real_time(beside=1)` asks for one.

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
BESIDE = 2


class Quiet:
    """Of a process of pytest-xdist."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        with ExitStack() as held:
            if mark := item.get_closest_marker("real_time"):
                _come_first(held, mark.kwargs.get("beside", BESIDE))
            else:
                _come_as_others(held)
            return (yield)


def _come_first(held: ExitStack, beside: int) -> None:
    """Nobody passes the door who has not before, and all in the room leave it; so do those beside it who are too many."""
    with ExitStack() as door:
        _has(door, "door", fcntl.LOCK_EX)
        _has(held, "room", fcntl.LOCK_EX)
    for place in range(beside, BESIDE):
        _has(held, f"beside {place}", fcntl.LOCK_EX)


def _come_as_others(held: ExitStack) -> None:
    """Beside whoever comes first, while there is a place; or into the room."""
    at_once = fcntl.LOCK_NB
    while not any(_has(held, f"beside {place}", fcntl.LOCK_EX | at_once) for place in range(BESIDE)):
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
