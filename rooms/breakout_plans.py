"""Planning breakout rooms: sets made, filled, changed and put away before anybody but staff knows of them (field.md F).

Who is dealt where is arithmetic of grouping.py; opening and everything after it is decided in breakouts.py.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from rooms.breakout_events import (
    BreakoutAssigned,
    BreakoutCreated,
    BreakoutDiscarded,
    BreakoutRenamed,
    BreakoutUpdated,
    RoomPlan,
    Seating,
)
from rooms.breakout_sets import (
    Assignment,
    BreakoutRoom,
    Breakouts,
    BreakoutSet,
    Late,
    Observing,
    Results,
    SetStatus,
)
from rooms.chat import is_direct
from rooms.feature import Command, Context, Event, Flag, Title, Whole, Wire
from rooms.grouping import Groups, Table, deal_by_chance, deal_mixed, deal_unseen, repeats
from rooms.ids import AnyId, UserId, UserIdField
from rooms.lifecycle import FeatureType, require_feature, require_open
from rooms.people import is_staff, require_moderator, role_of
from rooms.refusal import Refused
from rooms.roles import Role

if TYPE_CHECKING:
    from rooms.room import RoomState

ROOMS_MAX = 50
SETS_MAX = 50
MEMBERS_MAX = 1_000
UNSEEN_MAX = 500  # more are dealt by chance; how many repeat is told as always
DEALING = frozenset({Assignment.RANDOM, Assignment.BALANCED, Assignment.UNSEEN})


class RoomGiven(Wire):
    """Members need not have come yet."""

    name: Title | None = None
    members: Annotated[tuple[UserIdField, ...], Field(max_length=MEMBERS_MAX)] = ()
    capacity: Annotated[Whole, Field(ge=1, le=MEMBERS_MAX)] | None = None


RoomsGiven = (
    Annotated[Whole, Field(ge=1, le=ROOMS_MAX)]
    | Annotated[tuple[Title | RoomGiven, ...], Field(min_length=1, max_length=ROOMS_MAX)]
)


class CreateBreakouts(Command):
    """A set of rooms: how many, or their names, or names with members and capacity; or `from` an earlier set.

    Who is given stays, and `assignment` deals the others: without it as in the earlier set, `manual` where members are
    given, else `random`. With it, an earlier set lends only its rooms unless it is `manual`.
    """

    type: Literal["breakout.create"] = "breakout.create"
    rooms: RoomsGiven | None = None
    assignment: Assignment | None = None
    name: Title | None = None
    late: Late | None = None
    observers: Observing | None = None
    may_return: Flag | None = None
    results: Results | None = None
    from_: AnyId | None = Field(None, alias="from")


class UpdateBreakouts(Command):
    """Only the given fields change."""

    type: Literal["breakout.update"] = "breakout.update"
    set_id: AnyId
    name: Title | None = None
    late: Late | None = None
    observers: Observing | None = None
    may_return: Flag | None = None
    results: Results | None = None


class RenameBreakoutRoom(Command):
    type: Literal["breakout.rename"] = "breakout.rename"
    room_id: AnyId
    name: Title


class AssignPeople(Command):
    """In the plan: people to a room, or out of all of them without `roomId`; or all dealt anew by `shuffle`."""

    type: Literal["breakout.assign"] = "breakout.assign"
    set_id: AnyId
    user_ids: Annotated[tuple[UserIdField, ...], Field(max_length=MEMBERS_MAX)] = ()
    room_id: AnyId | None = None
    shuffle: Assignment | None = None


class DiscardBreakouts(Command):
    """A set that was never opened."""

    type: Literal["breakout.discard"] = "breakout.discard"
    set_id: AnyId


COMMANDS = (CreateBreakouts, UpdateBreakouts, RenameBreakoutRoom, AssignPeople, DiscardBreakouts)


# -- Deciding --


def decide_create(room: "RoomState", command: CreateBreakouts, context: Context) -> list[Event]:
    _require_planning(room, context)
    held = breakouts_of(room)
    if len(held.sets) >= SETS_MAX:
        raise Refused("limit_reached", f"a session has at most {SETS_MAX} sets of rooms")
    source = require_set(room, command.from_) if command.from_ is not None else None
    if (command.rooms is None) == (source is None):
        raise Refused("bad_request", "give rooms, or an earlier set to take them from")
    given = _rooms_of(source, command) if source is not None else _rooms_given(command)
    assignment = _assignment(source, command, given)
    observers = command.observers or (source.observers if source else Observing.MAIN)
    groups = deal(room, assignment, [Table(each.members, each.capacity) for each in given], observers, context)
    set_id = context.new_id()
    plans = [
        RoomPlan(id=context.new_id(), name=each.name or f"Room {n}", capacity=each.capacity, members=users(group))
        for n, (each, group) in enumerate(zip(given, groups, strict=True), start=1)
    ]
    return [
        BreakoutCreated(
            set_id=set_id,
            name=command.name or (source.name if source else f"Breakout {len(held.sets) + 1}"),
            assignment=assignment,
            late=command.late or (source.late if source else _usual_late(assignment)),
            observers=observers,
            may_return=_first(command.may_return, source.may_return if source else False),
            results=command.results or (source.results if source else Results.EVERYONE),
            rooms=tuple(plans),
            repeats=repeats_in(room, groups),
        )
    ]


def _first(given: bool | None, otherwise: bool) -> bool:
    return otherwise if given is None else given


def _rooms_of(source: BreakoutSet, command: CreateBreakouts) -> list[RoomGiven]:
    takes_over = command.assignment in (None, Assignment.MANUAL)
    return [
        RoomGiven(name=each.name, capacity=each.capacity, members=each.members if takes_over else ())
        for each in source.rooms
    ]


def _rooms_given(command: CreateBreakouts) -> list[RoomGiven]:
    rooms = command.rooms
    if rooms is None or isinstance(rooms, int):
        return [RoomGiven() for _ in range(rooms or 0)]
    given = [RoomGiven(name=each) if isinstance(each, str) else each for each in rooms]
    members = [user for each in given for user in each.members]
    if len(set(members)) < len(members):
        raise Refused("bad_request", "somebody is named twice")
    for each in given:
        _require_seats(each.name or "a room", each.capacity, len(each.members))
    return given


def _require_seats(name: str, capacity: int | None, members: int) -> None:
    if capacity is not None and members > capacity:
        raise Refused("breakout.full", f"{name} has {capacity} places")


def _assignment(source: BreakoutSet | None, command: CreateBreakouts, given: Sequence[RoomGiven]) -> Assignment:
    if command.assignment is not None:
        return command.assignment
    if source is not None:
        return source.assignment
    return Assignment.MANUAL if any(each.members for each in given) else Assignment.RANDOM


def _usual_late(assignment: Assignment) -> Late:
    if assignment in DEALING:
        return Late.PLACE
    return Late.ASK if assignment is Assignment.SELF else Late.MAIN


def decide_update(room: "RoomState", command: UpdateBreakouts, context: Context) -> list[Event]:
    _require_planning(room, context)
    held = require_set(room, command.set_id)
    given = command.model_dump(exclude={"type", "set_id"}, exclude_none=True)
    changed = {name: value for name, value in given.items() if value != getattr(held, name)}
    return [BreakoutUpdated(set_id=held.id, planned=is_planned(held), **changed)] if changed else []


def decide_rename(room: "RoomState", command: RenameBreakoutRoom, context: Context) -> list[Event]:
    _require_planning(room, context)
    held, target = require_room(room, command.room_id)
    if target.name == command.name:
        return []
    return [BreakoutRenamed(set_id=held.id, room_id=target.id, name=command.name, planned=is_planned(held))]


def decide_assign(room: "RoomState", command: AssignPeople, context: Context) -> list[Event]:
    _require_planning(room, context)
    held = require_set(room, command.set_id)
    if held.status is SetStatus.CLOSED:
        raise Refused("breakout.closed", "these rooms are closed: make others from them")
    if held.status is SetStatus.OPEN:
        raise Refused("bad_request", "these rooms are open: move people instead")
    if (command.shuffle is None) == (not command.user_ids):
        raise Refused("bad_request", "name people, or how to deal all anew")
    if command.shuffle is not None:
        return _seated(room, held, _shuffled(room, held, command.shuffle, context), command.shuffle)
    return _seated(room, held, _by_hand(held, command), held.assignment)


def _by_hand(held: BreakoutSet, command: AssignPeople) -> Groups:
    named = tuple(dict.fromkeys(command.user_ids))
    if command.room_id is not None and held.room(command.room_id) is None:
        raise Refused("not_found", "there is no such room in this set")
    groups: Groups = []
    for each in held.rooms:
        if each.id == command.room_id:
            groups.append([*each.members, *(user for user in named if user not in each.members)])
            _require_seats(each.name, each.capacity, len(groups[-1]))
        else:
            groups.append([user for user in each.members if user not in named])
    return groups


def _shuffled(room: "RoomState", held: BreakoutSet, how: Assignment, context: Context) -> Groups:
    if how is Assignment.MANUAL:
        return [list(each.members) for each in held.rooms]
    expected = [user for each in held.rooms for user in each.members if not is_staff(room, user)]
    empty = [Table((), each.capacity) for each in held.rooms]
    return deal(room, how, empty, held.observers, context, also=expected)


def _seated(room: "RoomState", held: BreakoutSet, groups: Groups, assignment: Assignment) -> list[Event]:
    seatings = tuple(
        Seating(room_id=each.id, members=users(group))
        for each, group in zip(held.rooms, groups, strict=True)
        if each.members != users(group)
    )
    again = repeats_in(room, groups)
    if not seatings and (assignment, again) == (held.assignment, held.repeats):
        return []
    return [BreakoutAssigned(set_id=held.id, assignment=assignment, rooms=seatings, repeats=again)]


def decide_discard(room: "RoomState", command: DiscardBreakouts, context: Context) -> list[Event]:
    _require_planning(room, context)
    held = require_set(room, command.set_id)
    if held.status is not SetStatus.PLANNED:
        raise Refused("bad_request", "only a set that was never opened can be put away")
    return [BreakoutDiscarded(set_id=held.id)]


# -- Dealing --


def deal(
    room: "RoomState",
    how: Assignment,
    tables: Sequence[Table],
    observers: Observing,
    context: Context,
    also: Sequence[UserId] = (),
) -> Groups:
    """Who is at the tables stays; everybody else who takes part and is here, and `also`, are dealt as `how` says."""
    seated = {user for table in tables for user in table.seated}
    here = [*_to_be_dealt(room, observers), *also]
    people = sorted({user for user in here if user not in seated})
    if how is Assignment.RANDOM or (how is Assignment.UNSEEN and len(people) > UNSEEN_MAX):
        return deal_by_chance(people, tables, context.random)
    if how is Assignment.BALANCED:
        return deal_mixed(people, tables, done_so_far(room), context.random)
    if how is Assignment.UNSEEN:
        return deal_unseen(people, tables, _earlier(room), context.random)
    return [list(table.seated) for table in tables]


def _to_be_dealt(room: "RoomState", observers: Observing) -> list[UserId]:
    persons = room.people.persons.values() if room.people is not None else ()
    roles = {Role.PARTICIPANT, Role.OBSERVER} if observers is Observing.ASSIGNED else {Role.PARTICIPANT}
    return [each.user for each in persons if each.present and role_of(room, each.user) in roles]


def users(group: Sequence[str]) -> tuple[UserId, ...]:
    return tuple(map(UserId, group))


def repeats_in(room: "RoomState", groups: Groups) -> int:
    return repeats(groups, _earlier(room))


def _earlier(room: "RoomState") -> list[tuple[UserId, ...]]:
    held = breakouts_of(room)
    assert held.met is not None
    return list(held.met.values())


def done_so_far(room: "RoomState") -> Mapping[str, int]:
    """How often everybody openly said, asked or answered something. What was done in secret does not count."""
    assert room.chat is not None and room.questions is not None and room.polls is not None
    done: Counter[str] = Counter()
    for key, channel in room.chat.channels.items():
        if not is_direct(key):
            done.update(each.sender for each in channel.messages.values() if not each.deleted)
    done.update(
        each.author for each in room.questions.questions.values() if each.author is not None and not each.anonymous
    )
    for poll in room.polls.polls.values():
        done.update(poll.votes.keys())
    return done


# -- Requirements --


def breakouts_of(room: "RoomState") -> Breakouts:
    assert room.breakouts is not None
    return room.breakouts


def is_planned(held: BreakoutSet) -> bool:
    """Nobody but staff knows of it."""
    return held.status in (SetStatus.PLANNED, SetStatus.OPENING)


def _require_planning(room: "RoomState", context: Context) -> None:
    """Staff prepare rooms also before the session."""
    require_feature(room, FeatureType.BREAKOUT)
    require_moderator(room, context)
    require_open(room)


def require_set(room: "RoomState", set_id: str) -> BreakoutSet:
    held = breakouts_of(room).sets.get(set_id)
    if held is None:
        raise Refused("not_found", "there is no such set of rooms")
    return held


def require_room(room: "RoomState", room_id: str) -> tuple[BreakoutSet, BreakoutRoom]:
    held = breakouts_of(room).set_with(room_id)
    target = held.room(room_id) if held is not None else None
    if held is None or target is None:
        raise Refused("not_found", "there is no such room")
    return held, target


DECIDE: Mapping[type[Command], Any] = {
    CreateBreakouts: decide_create,
    UpdateBreakouts: decide_update,
    RenameBreakoutRoom: decide_rename,
    AssignPeople: decide_assign,
    DiscardBreakouts: decide_discard,
}
