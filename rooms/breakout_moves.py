"""Who goes to which open breakout room, and the bell that calls a moderator there (field.md F).

Staff go anywhere and send anybody anywhere. Everybody else has a room to which they belong, and as much freedom beside it
as the set gives.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from rooms.admission import ParticipantAdmitted
from rooms.breakout_events import BreakoutMoved, HelpAsked, HelpEnded, Move
from rooms.breakout_plans import breakouts_of, require_room
from rooms.breakout_sets import Assignment, BreakoutRoom, BreakoutSet, Late, Observing, RoomStatus
from rooms.feature import Arm, Command, Context, Effect, Event, Line, Recorded
from rooms.ids import AnyId, UserId, UserIdField
from rooms.lifecycle import OVER, require_open, require_running
from rooms.participants import ParticipantJoined
from rooms.people import is_staff, moderates, person_of, require_member, require_moderator, role_of
from rooms.refusal import Refused
from rooms.roles import Role

if TYPE_CHECKING:
    from rooms.room import RoomState

MOVED_MAX = 1_000


# -- Commands --


class MovePeople(Command):
    """To an open room, or without `roomId` to the main room; they belong there from now on."""

    type: Literal["breakout.move"] = "breakout.move"
    user_ids: Annotated[tuple[UserIdField, ...], Field(min_length=1, max_length=MOVED_MAX)]
    room_id: AnyId | None = None


class JoinBreakout(Command):
    """Oneself; without `roomId` back to the main room. Staff go anywhere, others as the set allows."""

    type: Literal["breakout.join"] = "breakout.join"
    room_id: AnyId | None = None


class AskHelp(Command):
    """From the room one is in."""

    type: Literal["breakout.askHelp"] = "breakout.askHelp"
    text: Line | None = None


class EndHelp(Command):
    """By staff, or by somebody in the room. A moderator who comes ends it too."""

    type: Literal["breakout.endHelp"] = "breakout.endHelp"
    room_id: AnyId


class PlaceLate(Command):
    """Somebody came while the rooms are open."""

    internal: ClassVar[bool] = True
    type: Literal["breakout.place"] = "breakout.place"
    user_id: UserIdField


COMMANDS = (MovePeople, JoinBreakout, AskHelp, EndHelp)
INTERNAL = (PlaceLate,)


# -- Deciding: who goes where --


def decide_move(room: "RoomState", command: MovePeople, context: Context) -> list[Event]:
    require_moderator(room, context)
    require_open(room)
    users = tuple(dict.fromkeys(command.user_ids))
    for user in users:
        if role_of(room, user) is None:
            raise Refused("not_found", "nobody of this id is in the session")
    held = breakouts_of(room)
    running = held.open_set()
    if command.room_id is not None:
        running, target = _require_enterable(room, command.room_id, context, moderator=True)
        _require_places(target, users)
    moved = tuple(user for user in users if held.places.get(user) != command.room_id)
    if running is None or not moved:
        return []
    return _go(room, running, moved, command.room_id, assigned=True)


def _require_enterable(
    room: "RoomState", room_id: str, context: Context, *, moderator: bool
) -> tuple[BreakoutSet, BreakoutRoom]:
    held, target = require_room(room, room_id)
    if target.status is RoomStatus.PLANNED:
        if not moderator:
            raise Refused("not_found", "there is no such room")
        raise Refused("breakout.not_open", "this room is not open yet")
    if target.status is RoomStatus.CLOSED or (target.closes_at is not None and context.at >= target.closes_at):
        raise Refused("breakout.closed", "this room is closed")
    return held, target


def _require_places(target: BreakoutRoom, users: Sequence[UserId]) -> None:
    """A place is kept for everybody who belongs to a room; visitors take none."""
    if target.capacity is not None and len({*target.members, *users}) > target.capacity:
        raise Refused("breakout.full", f"{target.name} has {target.capacity} places")


def _go(
    room: "RoomState", held: BreakoutSet, users: Sequence[UserId], room_id: str | None, *, assigned: bool
) -> list[Event]:
    moves = tuple(Move(user_id=user, room=room_id) for user in users)
    target = held.room(room_id)
    helped = target is not None and target.help is not None and any(is_staff(room, user) for user in users)
    moved = BreakoutMoved(set_id=held.id, moves=moves, assigned=assigned)
    return [moved, HelpEnded(room=room_id)] if helped else [moved]


def decide_join(room: "RoomState", command: JoinBreakout, context: Context) -> list[Event]:
    user = require_member(room, context, observers=True)
    if role_of(room, user) is None:
        raise Refused("participant.not_admitted", "only members go to a room")
    moderator = moderates(room, context)
    require_running(room, moderator=moderator)
    here = breakouts_of(room).places.get(user)
    if here == command.room_id:
        return []
    if command.room_id is None:
        assert here is not None
        held, _ = require_room(room, here)
        if not moderator and not _may_leave(held, user, here):
            raise Refused("forbidden", "a moderator brings you back")
        return _go(room, held, [user], None, assigned=False)
    held, target = _require_enterable(room, command.room_id, context, moderator=moderator)
    if moderator or user in target.members:
        return _go(room, held, [user], target.id, assigned=False)
    if role_of(room, user) is Role.OBSERVER and held.observers is not Observing.ASSIGNED:
        if held.observers is Observing.MAIN:
            raise Refused("forbidden", "observers stay in the main room")
        return _go(room, held, [user], target.id, assigned=False)
    if not _may_choose(held, user):
        raise Refused("forbidden", "a moderator says who goes to which room")
    _require_places(target, [user])
    return _go(room, held, [user], target.id, assigned=True)


def _may_leave(held: BreakoutSet, user: UserId, here: str) -> bool:
    """Who only visits may go at any time."""
    home = held.home_of(user)
    return held.may_return or home is None or home.id != here


def _may_choose(held: BreakoutSet, user: UserId) -> bool:
    return held.assignment is Assignment.SELF or (held.late is Late.ASK and held.home_of(user) is None)


def decide_place(room: "RoomState", command: PlaceLate, context: Context) -> list[Event]:
    held = breakouts_of(room).open_set()
    target = room_for_late(room, command.user_id)
    if held is None or target is None or room.lifecycle.status in OVER:
        return []
    return _go(room, held, [command.user_id], target, assigned=True)


def room_for_late(room: "RoomState", user: UserId) -> str | None:
    """The room of somebody who comes while they are open: their own, or the smallest if late people are placed."""
    held, person = breakouts_of(room).open_set(), person_of(room, user)
    role = role_of(room, user)
    if held is None or person is None or role is None or not person.present or _was_there(room, held, user):
        return None
    home = held.home_of(user)
    if home is not None:
        return home.id if home.status is RoomStatus.OPEN else None
    takes_part = role is Role.PARTICIPANT or (role is Role.OBSERVER and held.observers is Observing.ASSIGNED)
    is_late = person.joined_at is not None and held.opened_at is not None and person.joined_at >= held.opened_at
    if held.late is not Late.PLACE or not takes_part or not is_late:
        return None
    free = [each for each in held.rooms if each.status is RoomStatus.OPEN and _has_place(each)]
    return min(free, key=lambda each: len(each.members)).id if free else None


def _was_there(room: "RoomState", held: BreakoutSet, user: UserId) -> bool:
    met = breakouts_of(room).met
    return met is not None and any(user in met.get(each.id, ()) for each in held.rooms)


def _has_place(target: BreakoutRoom) -> bool:
    return target.capacity is None or len(target.members) < target.capacity


# -- Deciding: ringing --


def decide_ask_help(room: "RoomState", command: AskHelp, context: Context) -> list[Event]:
    user = require_member(room, context)
    require_running(room, moderator=moderates(room, context))
    place = breakouts_of(room).places.get(user)
    if place is None or role_of(room, user) is None:
        raise Refused("breakout.not_open", "you are in no breakout room")
    _, here = require_room(room, place)
    if here.help is not None and here.help.text == command.text:
        return []
    return [HelpAsked(room=place, text=command.text)]


def decide_end_help(room: "RoomState", command: EndHelp, context: Context) -> list[Event]:
    user = None if moderates(room, context) else require_member(room, context)
    require_running(room, moderator=user is None)
    _, target = require_room(room, command.room_id)
    if user is not None and breakouts_of(room).places.get(user) != target.id:
        raise Refused("not_found" if target.status is RoomStatus.PLANNED else "forbidden", "you are not in this room")
    return [HelpEnded(room=target.id)] if target.help is not None else []


# -- Effects --


def placing(room: "RoomState", recorded: Recorded) -> tuple[Effect, ...]:
    event = recorded.event
    assert isinstance(event, ParticipantJoined | ParticipantAdmitted)
    user = event.user_id
    if room_for_late(room, user) is None:
        return ()
    return (Arm(f"breakout.place:{user}:{recorded.seq}", recorded.at, PlaceLate(user_id=user)),)


EFFECTS: Mapping[type[Event], Any] = dict.fromkeys((ParticipantJoined, ParticipantAdmitted), placing)
DECIDE: Mapping[type[Command], Any] = {
    MovePeople: decide_move,
    JoinBreakout: decide_join,
    PlaceLate: decide_place,
    AskHelp: decide_ask_help,
    EndHelp: decide_end_help,
}
