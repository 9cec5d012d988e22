"""What was made in breakout rooms and who may read it afterwards (field.md F). While a room is open it is read by who is in it;
once it is closed also by those who were there until then, and once its whole set is closed by everybody, unless results are for staff.

What they read is what a nobody of that room sees: no words between two people, nothing that only one person had.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rooms.breakout_sets import BreakoutRoom, BreakoutSet, Results, RoomStatus, SetStatus
from rooms.feature import Standing

if TYPE_CHECKING:
    from rooms.room import RoomState

OPENED = (SetStatus.OPEN, SetStatus.CLOSED)


def readable_rooms(held: BreakoutSet, standing: Standing) -> list[BreakoutRoom]:
    """The rooms of a set whose results this person may read now; those of a set that never opened nobody."""
    if not standing.admitted or held.status not in OPENED:
        return []
    return [each for each in held.rooms if _is_readable(held, each, standing)]


def _is_readable(held: BreakoutSet, room: BreakoutRoom, standing: Standing) -> bool:
    if standing.is_in(room.id):
        return True
    if held.status is SetStatus.CLOSED and held.results is Results.EVERYONE:
        return True
    return room.status is RoomStatus.CLOSED and standing.user in room.stayed


def nobody_in(room_id: str) -> Standing:
    return Standing(None, staff=False, room=room_id)


def ways_to_read(room: "RoomState", standing: Standing) -> Iterator[Standing]:
    """Oneself, then a nobody of each other room whose results one may read: whoever sees a thing in one of these ways may have it."""
    yield standing
    sets = room.breakouts.sets.values() if room.breakouts is not None else ()
    if standing.staff:
        return
    for held in sets:
        yield from (nobody_in(each.id) for each in readable_rooms(held, standing) if each.id != standing.room)


def were_in(room: "RoomState", inside: Iterable[BreakoutRoom]) -> dict[str, tuple[str, ...]]:
    """By room: everybody who was ever in it, and who belongs to it."""
    met = room.breakouts.met if room.breakouts is not None else None
    return {each.id: tuple(dict.fromkeys((*(met.get(each.id, ()) if met else ()), *each.members))) for each in inside}
