"""The clock of sound: read from UTC once, when the process begins, and by the monotonic clock from then on. So recordings and
what the log says of them share one clock that neither jumps nor runs backwards, whatever is done to the machine's.
"""

import time
from datetime import UTC, datetime, timedelta

_BEGUN = datetime.now(UTC)
_BEGUN_S = time.monotonic()


def sound_clock() -> datetime:
    return moment(time.monotonic())


def moment(monotonic_s: float) -> datetime:
    """When the monotonic clock (and an event loop's) showed this."""
    return _BEGUN + timedelta(seconds=monotonic_s - _BEGUN_S)
