"""The clock of sound: set once, when the process begins, and the monotonic clock from then on. So recordings and what the log says of
them share one clock that neither jumps nor runs backwards, whatever is done to the machine's.
"""

import time
from datetime import UTC, datetime, timedelta

SAME_S = 0.25

_begun = datetime.now(UTC)
_begun_s = time.monotonic()


def set_sound_clock(now: datetime) -> None:
    """By the clock that dates the log, before any sound. A little off is no reason to jump."""
    global _begun, _begun_s
    if abs((now - sound_clock()).total_seconds()) > SAME_S:
        _begun, _begun_s = now, time.monotonic()


def sound_clock() -> datetime:
    return moment(time.monotonic())


def moment(monotonic_s: float) -> datetime:
    """When the monotonic clock (and an event loop's) showed this."""
    return _begun + timedelta(seconds=monotonic_s - _begun_s)
