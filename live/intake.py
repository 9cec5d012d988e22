"""How much of large bodies is on its way in at once: bounded for the process by bytes and for each person by number, from before
the first byte is read until what came was answered. Knows nothing of what they are.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from live.limits import INTAKE_BYTES_MAX, INTAKE_PER_USER_MAX, RETRY_OVERLOADED_S
from live.problems import Problem
from rooms.ids import UserId


class Intake:
    def __init__(self) -> None:
        self._bytes = 0
        self._per_user: Counter[UserId] = Counter()

    @contextmanager
    def room_for(self, user: UserId, size: int) -> Iterator[None]:
        """Raises Problem. `size`: what was announced, or the most there may be."""
        if self._per_user[user] >= INTAKE_PER_USER_MAX:
            raise Problem("rate_limited", f"at most {INTAKE_PER_USER_MAX} at once", retry_after_s=RETRY_OVERLOADED_S)
        if self._bytes + size > INTAKE_BYTES_MAX:
            raise Problem("overloaded", retry_after_s=RETRY_OVERLOADED_S)
        self._per_user[user] += 1
        self._bytes += size
        try:
            yield
        finally:
            self._bytes -= size
            self._per_user[user] -= 1
            if not self._per_user[user]:
                del self._per_user[user]
