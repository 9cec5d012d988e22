"""The one thread of a process that writes recordings: it carries out what it is told in order, and lets every open recording bring
what it has to the disk again and again. Telling it never blocks and takes no lock; what it is told is bounded. Knows no file."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any, Protocol

log = logging.getLogger(__name__)
FLUSH_EVERY_S = 0.6
TICK_S = 0.05
QUEUE_MAX = 40_000  # all recordings of the process; 20 voices for 40 s


class Take(Protocol):
    """An open recording, as the thread sees it."""

    def now_s(self) -> float: ...

    def unwritten_s(self) -> float: ...

    def flush(self, now_s: float) -> None: ...

    def close(self) -> None: ...


class Writer:
    """The thread that writes, alive as long as a recording is open."""

    def __init__(self) -> None:
        self._told: deque[tuple[Any, ...]] = deque()
        self._takes: list[Take] = []
        self._lock = threading.Lock()  # of `_takes` and of the thread's life; held for moments
        self._thread: threading.Thread | None = None
        self.lost_s = 0.0  # of all recordings so far: what no file will ever hold

    def unwritten_s(self) -> float:
        """How much of an open recording is not on the disk yet; of the one that is furthest behind."""
        return max((take.unwritten_s() for take in tuple(self._takes)), default=0.0)

    def open(self, take: Take) -> None:
        with self._lock:
            self._takes.append(take)
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="recorder", daemon=True)
                self._thread.start()

    def tell(self, *told: Any) -> None:
        """What must arrive: rare, and so outside the bound. A deque takes it without a lock."""
        self._told.append(told)

    def tell_if_room(self, *told: Any) -> bool:
        if len(self._told) >= QUEUE_MAX:
            return False
        self._told.append(told)
        return True

    # -- in the thread ------------------------------------------------------------------------------------------------------

    def close(self, take: Take, closed: Future[None]) -> None:
        try:
            take.close()
        finally:
            with self._lock:
                self._takes.remove(take)
            with suppress(InvalidStateError):
                closed.set_result(None)

    def _write(self) -> None:
        flush_at = 0.0
        while True:
            due = [(take, take.now_s()) for take in tuple(self._takes)] if time.monotonic() >= flush_at else []
            for _ in range(len(self._told)):
                self._carry_out(*self._told.popleft())
            for take, now_s in due:  # by the clock before: all that was told until then has been heard
                if take in self._takes:  # not closed just now
                    self._carry_out(take.flush, now_s)
                flush_at = time.monotonic() + FLUSH_EVERY_S
            with self._lock:
                if not self._takes and not self._told:
                    self._thread = None
                    return
            time.sleep(TICK_S)

    def _carry_out(self, what: Callable[..., None], *told: Any) -> None:
        """A mistake of ours in one recording must not end the others."""
        try:
            what(*told)
        except Exception:
            log.exception("the recorder failed")


WRITER = Writer()
