"""Which standing everybody had from which event on: what a reader of the past may see (design.md 2.7).

Followed by rooms/room.py after every event, from the state alone; no feature writes it, and nobody is shown it.
"""

from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING

from rooms.bucket_map import BucketMap
from rooms.feature import Event, Recorded, Standing
from rooms.ids import UserId
from rooms.people import standing_of
from rooms.values import value

if TYPE_CHECKING:
    from rooms.room import RoomState


@value(frozen=True, slots=True)
class Change:
    """The standing of a person from the event `seq` on."""

    seq: int
    staff: bool
    admitted: bool
    room: str | None = None


@value(frozen=True, slots=True)
class Standings:
    changes: BucketMap[tuple[Change, ...]] = field(default_factory=BucketMap)


def follow(room: "RoomState", recorded: Recorded) -> Standings | None:
    """`room` is the state after `recorded`. Only whom the event names can have changed."""
    standings = room.standings
    if standings is None:
        return None
    changes = standings.changes
    for user in named_by(recorded):
        now = standing_of(room, user)
        entry = Change(recorded.seq, now.staff, now.admitted, now.room)
        past = changes.get(user, ())
        if not past or (past[-1].staff, past[-1].admitted, past[-1].room) != (entry.staff, entry.admitted, entry.room):
            changes = changes.set(user, (*past, entry))
    return standings if changes is standings.changes else Standings(changes)


def named_by(recorded: Recorded) -> tuple[UserId, ...]:
    """The people whose standing an event can change: its `user_id`, or those of its `moves`; the first event names the host."""
    event = recorded.event
    for field_name in _naming(type(event)):
        found = getattr(event, field_name)
        if found:
            return (UserId(found),) if isinstance(found, str) else tuple(each.user_id for each in found)
    return ()


@cache
def _naming(kind: type[Event]) -> tuple[str, ...]:
    """The fields of such an event that name people; asked of every event, and most have none."""
    return tuple(each for each in ("user_id", "instructor_id", "moves") if each in kind.model_fields)


def standing_at(room: "RoomState", user: UserId, seq: int) -> Standing:
    """The standing under which `user` reads the event `seq`; before the first admission, as at that admission."""
    past = room.standings.changes.get(user, ()) if room.standings is not None else ()
    first = next((each for each in past if each.admitted), None)
    if first is None:
        return Standing(user, staff=False, admitted=False)
    found = first
    for each in past:
        if first.seq <= each.seq <= seq:
            found = each
    return Standing(user, found.staff, found.admitted, found.room)


def was_in(room: "RoomState", user: UserId, place: str | None, since: int) -> bool:
    """Whether somebody was where it is heard what happens in `place`, when the event `since` happened or at any time after:
    what that event brought there, a picture for instance, was then theirs to see, and stays so."""
    if standing_at(room, user, since).is_in(place):
        return True
    past = room.standings.changes.get(user, ()) if room.standings is not None else ()
    return any(Standing(user, each.staff, each.admitted, each.room).is_in(place) for each in past if each.seq > since)


def standing_since(room: "RoomState", user: UserId) -> int:
    """The seq from which the present standing lasts: a client that stands before it needs a new view."""
    past = room.standings.changes.get(user, ()) if room.standings is not None else ()
    return past[-1].seq if past else 0
