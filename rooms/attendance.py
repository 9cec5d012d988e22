"""Who was there for how long, when a session is over: what it is worth to those who learn (domain.md 2.3). Pure, from the evidence and
by the presence rules of the engagement score; knows no course and no module.

Only time in a seat counts: whoever ran the session or helped to did not attend it meanwhile. A session that ran for less than a
minute was attended by nobody.
"""

from dataclasses import dataclass
from datetime import datetime
from math import floor

from rooms.engagement import LIVE_MIN_S, Reckoning
from rooms.evidence import Evidence
from rooms.ids import UserId
from rooms.roles import SEATED
from rooms.spans import both, length

ROUNDING = 1e-6  # of sums of seconds, which must not cost anybody a thousandth


@dataclass(frozen=True, slots=True)
class Attendance:
    """`minutes` are whole ones, `ratio` is of the time the session was live, 0 to 1 in thousandths, rounded down."""

    user: UserId
    since: datetime
    minutes: int
    ratio: float


def attendances(evidence: Evidence) -> tuple[Attendance, ...]:
    """Of everybody who was let in, by id; of nobody before the end."""
    if evidence.ended_at is None:
        return ()
    reckoning = Reckoning(evidence, evidence.ended_at)
    return tuple(
        _attendance(reckoning, UserId(user)) for user in sorted(evidence.guests) if evidence.guests[user].stays
    )


def _attendance(reckoning: Reckoning, user: UserId) -> Attendance:
    guest = reckoning.evidence.guests[user]
    present_s = length(both(reckoning.here(guest), reckoning.turns(guest, SEATED)))
    live_s = reckoning.live_s
    counts = live_s >= LIVE_MIN_S
    return Attendance(
        user,
        guest.stays[0].since,
        floor(present_s / 60) if counts else 0,
        floor(min(1_000, present_s * 1_000 / live_s + ROUNDING)) / 1_000 if counts else 0.0,
    )
