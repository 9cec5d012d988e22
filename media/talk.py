"""When somebody spoke, as few spans as the log wants: a click is no speech, a pause is no end, and nobody is reported more often
than once in ten seconds. Counts slots of 20 ms; knows no clock.
"""

ONSET_SLOTS = 5
RUN_MAX = 10
PAUSE_SLOTS = 75
REPORT_EVERY_SLOTS = 500

Span = tuple[int, int]
"""From one slot until before another."""


class Talk:
    def __init__(self) -> None:
        self._run = 0
        self._from: int | None = None
        self._to = self._reported_to = 0
        self._reported: int | None = None

    def step(self, speaking: bool, slot: int) -> Span | None:
        """What is to be reported now."""
        self._run = min(self._run + 1, RUN_MAX) if speaking else max(self._run - 1, 0)
        if speaking and self._run >= ONSET_SLOTS:
            if self._from is None:
                self._from = max(slot - ONSET_SLOTS + 1, self._reported_to)
            self._to = slot + 1
        return self._taken(slot) if self._is_due(slot) else None

    def _is_due(self, slot: int) -> bool:
        if self._from is None or (self._reported is not None and slot - self._reported < REPORT_EVERY_SLOTS):
            return False
        return slot - self._to >= PAUSE_SLOTS or slot - self._from >= REPORT_EVERY_SLOTS

    def _taken(self, slot: int) -> Span:
        assert self._from is not None
        span, self._from = (self._from, self._to), None
        self._reported, self._reported_to = slot, self._to
        return span

    def end(self, slot: int) -> Span | None:
        """They cannot speak any more: the rest, however soon."""
        self._run = 0
        return None if self._from is None else self._taken(slot)
