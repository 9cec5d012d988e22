"""What time it is, for a whole installation: the database's clock, carried on by the monotonic one between two looks. So processes
whose machines' clocks are wrong, stepped or apart from each other agree on what is due and which token is good (F14).
"""

from datetime import UTC, datetime
from time import monotonic, time

from persistence.connection import Connection

OFF_MAX_S = 0.05  # less than that is the way there and back, not a clock


class Clock:
    """The machine's own until it was first `set_by` the database."""

    def __init__(self) -> None:
        self._ahead_s = time() - monotonic()  # of the monotonic clock
        self._is_set = False

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.now_s(), UTC)

    def now_s(self) -> float:
        """Seconds since 1970."""
        return monotonic() + self._ahead_s

    async def set_by(self, connection: Connection) -> None:
        """One look. It stays as it is while that may be only the time of the look itself."""
        asked = monotonic()
        there: datetime = await connection.fetchval("SELECT clock_timestamp()")
        took_s = monotonic() - asked
        off_s = there.timestamp() - (asked + took_s / 2) - self._ahead_s
        if not self._is_set or abs(off_s) > max(OFF_MAX_S, took_s):
            self._ahead_s += off_s
            self._is_set = True
