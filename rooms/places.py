"""Where something happens: in the main room (None) or in one breakout room, by default where the actor is.

What is asked in a place is for who is there; staff are everywhere, so they may also name another place. What somebody
may not know does not exist for them.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from rooms.feature import Context, Standing
from rooms.ids import AnyId
from rooms.people import standing_of
from rooms.refusal import Refused

if TYPE_CHECKING:
    from rooms.room import RoomState

MAIN = "main"
PlaceName = Literal["main"] | AnyId


def acting_standing(room: "RoomState", context: Context) -> Standing:
    """What the actor knows: the server and the platform's admins as staff do."""
    if context.actor is None:
        return Standing(None, staff=True)
    held = standing_of(room, context.actor)
    return replace(held, staff=True, admitted=True) if context.admin else held


def place_of(room: "RoomState", context: Context, named: str | None = None) -> str | None:
    """Where the actor acts. Raises Refused where they may not know of the place, or it is over."""
    standing = acting_standing(room, context)
    place = standing.room if named is None else None if named == MAIN else named
    if not standing.is_in(place):
        raise Refused("not_found", "there is no such room")
    require_not_over(room, place)
    return place


def require_not_over(room: "RoomState", place: str | None) -> None:
    """Staff prepare in rooms that will open, and read in those that were; nothing new begins there."""
    if place is None:
        return
    status = _status(room, place)
    if status is None:
        raise Refused("not_found", "there is no such room")
    if status == "closed":
        raise Refused("breakout.closed", "this room is closed")


def _status(room: "RoomState", place: str) -> str | None:
    sets = room.breakouts.sets.values() if room.breakouts is not None else ()
    return next((str(each.status) for held in sets for each in held.rooms if each.id == place), None)
