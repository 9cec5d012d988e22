"""What is to be done when this turn of the loop ends: the loop is asked once for all of it, which costs less than a callback or a task for
each. Sessions that have something to decide begin then, so that what arrived together is decided together.
"""

import asyncio
from collections.abc import Callable

import structlog

log = structlog.get_logger("turn")


class TurnEnd:
    def __init__(self) -> None:
        self._due: list[Callable[[], None]] = []

    def call(self, work: Callable[[], None]) -> None:
        """Whoever asks twice in a turn is called twice."""
        if not self._due:
            asyncio.get_running_loop().call_soon(self._call_all)
        self._due.append(work)

    def _call_all(self) -> None:
        due, self._due = self._due, []
        for work in due:
            try:
                work()
            except Exception:
                log.exception("something at the end of a turn failed")  # the others go on
