"""Breakout rooms: opening them, keeping their time, speaking to all, and calling everybody back (field.md F).

One set is open at a time, and a pause of the session stops nobody's clock. Planning is decided in breakout_plans.py, who
goes where in breakout_moves.py; what an event makes of the rooms and who sees what of them stands in breakout_fold.py.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from rooms import breakout_moves, breakout_plans
from rooms.breakout_events import (
    EVENTS as EVENTS,
)
from rooms.breakout_events import (
    BreakoutBroadcasted,
    BreakoutCancelled,
    BreakoutClosed,
    BreakoutClosing,
    BreakoutExtended,
    BreakoutOpened,
    BreakoutOpening,
    Closing,
    Move,
    RoomPlan,
    blank,
)
from rooms.breakout_fold import APPLY, view, visible, window
from rooms.breakout_plans import breakouts_of, deal, repeats_in, require_set, users
from rooms.breakout_sets import BreakoutRoom, Breakouts, BreakoutSet, RoomStatus, SetStatus
from rooms.feature import Arm, Command, Context, Disarm, Effect, Event, Feature, Prose, Recorded, Whole
from rooms.grouping import Table
from rooms.ids import AnyId, UserId
from rooms.lifecycle import RUNNING, FeatureType, require_feature, require_open
from rooms.people import require_moderator, role_of
from rooms.refusal import Refused

if TYPE_CHECKING:
    from rooms.room import RoomState

COUNTDOWN_MAX_S = 60
RECALL_MAX_S = 600
MINUTES_MAX = 480
OPEN_MAX = timedelta(hours=24)

Minutes = Annotated[Whole, Field(ge=1, le=MINUTES_MAX)]


# -- Commands --


class OpenBreakouts(Command):
    """`minutes` closes the rooms by itself; `countdown` is in seconds."""

    type: Literal["breakout.open"] = "breakout.open"
    set_id: AnyId
    minutes: Minutes | None = None
    countdown: Annotated[Whole, Field(ge=0, le=COUNTDOWN_MAX_S)] = 0


class ExtendBreakouts(Command):
    """All rooms, or one. A room without a closing time gets one."""

    type: Literal["breakout.extend"] = "breakout.extend"
    minutes: Minutes
    room_id: AnyId | None = None


class CloseBreakouts(Command):
    """Calls everybody back, or those of one room, in `seconds`; calls off a countdown."""

    type: Literal["breakout.close"] = "breakout.close"
    set_id: AnyId | None = None
    room_id: AnyId | None = None
    seconds: Annotated[Whole, Field(ge=0, le=RECALL_MAX_S)] = 60


class SayToAll(Command):
    type: Literal["breakout.broadcast"] = "breakout.broadcast"
    text: Prose


class OpenDue(Command):
    internal: ClassVar[bool] = True
    type: Literal["breakout.openDue"] = "breakout.openDue"
    set_id: AnyId
    armed: int


class CloseDue(Command):
    """The rooms whose closing was armed by the event `armed` for this time."""

    internal: ClassVar[bool] = True
    type: Literal["breakout.closeDue"] = "breakout.closeDue"
    set_id: AnyId
    armed: int
    closes_at: AwareDatetime


COMMANDS = (
    *breakout_plans.COMMANDS,
    OpenBreakouts,
    ExtendBreakouts,
    CloseBreakouts,
    SayToAll,
    *breakout_moves.COMMANDS,
)
INTERNAL = (OpenDue, CloseDue, *breakout_moves.INTERNAL)


# -- Deciding: opening --


def decide_open(room: "RoomState", command: OpenBreakouts, context: Context) -> list[Event]:
    require_feature(room, FeatureType.BREAKOUT)
    require_moderator(room, context)
    require_open(room)
    if room.lifecycle.status not in RUNNING:
        raise Refused("session.not_active", "the session has not started")
    held = require_set(room, command.set_id)
    if held.status is SetStatus.OPEN:
        return []
    if held.status is SetStatus.CLOSED:
        raise Refused("breakout.closed", "these rooms are closed: make others from them")
    if any(each.id != held.id and each.status in _GOING_ON for each in breakouts_of(room).sets.values()):
        raise Refused("limit_reached", "one set of rooms is open at a time")
    if not command.countdown:
        return [_opened(room, held, command.minutes, context)]
    opens_at = context.at + timedelta(seconds=command.countdown)
    return [BreakoutOpening(set_id=held.id, name=held.name, opens_at=opens_at, minutes=command.minutes)]


_GOING_ON = frozenset({SetStatus.OPENING, SetStatus.OPEN})


def decide_open_due(room: "RoomState", command: OpenDue, context: Context) -> list[Event]:
    held = breakouts_of(room).sets.get(command.set_id)
    if held is None or held.status is not SetStatus.OPENING or held.armed != command.armed:
        return []
    return [_opened(room, held, held.minutes, context)]


def _opened(room: "RoomState", held: BreakoutSet, minutes: int | None, context: Context) -> BreakoutOpened:
    """Who came since the plan was made is dealt now; whoever belongs to a room and was let in goes there."""
    tables = [Table(each.members, each.capacity) for each in held.rooms]
    groups = deal(room, held.assignment, tables, held.observers, context)
    closes_at = context.at + timedelta(minutes=minutes) if minutes else None
    pairs = list(zip(held.rooms, map(users, groups), strict=True))
    return BreakoutOpened(
        set_id=held.id,
        name=held.name,
        assignment=held.assignment,
        late=held.late,
        observers=held.observers,
        may_return=held.may_return,
        results=held.results,
        rooms=tuple(
            RoomPlan(id=each.id, name=each.name, capacity=each.capacity, members=members) for each, members in pairs
        ),
        repeats=repeats_in(room, groups),
        closings=tuple(Closing(room_id=each.id, closes_at=closes_at) for each in held.rooms) if closes_at else (),
        moves=tuple(
            Move(user_id=user, room=each.id)
            for each, members in pairs
            for user in members
            if role_of(room, user) is not None
        ),
    )


# -- Deciding: time --


def decide_extend(room: "RoomState", command: ExtendBreakouts, context: Context) -> list[Event]:
    held = _require_open_set(room, context)
    more, latest = timedelta(minutes=command.minutes), context.at + OPEN_MAX
    closings = tuple(
        Closing(room_id=each.id, closes_at=max(each.closes_at or context.at, context.at) + more)
        for each in _require_open_rooms(held, command.room_id)
    )
    if any(each.closes_at > latest for each in closings):
        raise Refused("limit_reached", "rooms are open for a day at most")
    return [BreakoutExtended(set_id=held.id, closings=closings)]


def _require_open_set(room: "RoomState", context: Context) -> BreakoutSet:
    """Also where breakouts were switched off meanwhile: what is open can be steered and closed."""
    require_moderator(room, context)
    require_open(room)
    held = breakouts_of(room).open_set()
    if held is None:
        raise Refused("breakout.not_open", "no rooms are open")
    return held


def _require_open_rooms(held: BreakoutSet, room_id: str | None) -> list[BreakoutRoom]:
    open_rooms = [each for each in held.rooms if each.status is RoomStatus.OPEN]
    if room_id is None:
        return open_rooms
    target = held.room(room_id)
    if target is None:
        raise Refused("not_found", "there is no such room in the open set")
    if target.status is RoomStatus.CLOSED:
        raise Refused("breakout.closed", "this room is closed")
    return [target]


def decide_close(room: "RoomState", command: CloseBreakouts, context: Context) -> list[Event]:
    require_moderator(room, context)
    require_open(room)
    held = _set_to_close(room, command.set_id)
    if held.status is SetStatus.OPENING:
        return [BreakoutCancelled(set_id=held.id)]
    if held.status is SetStatus.CLOSED:
        return []
    rooms = _require_open_rooms(held, command.room_id)
    if command.seconds == 0:
        return [_closed(room, held, rooms)]
    due = context.at + timedelta(seconds=command.seconds)
    closings = tuple(
        Closing(room_id=each.id, closes_at=due if each.closes_at is None else min(each.closes_at, due))
        for each in rooms
        if not each.closing or each.closes_at is None or due < each.closes_at
    )
    return [BreakoutClosing(set_id=held.id, closings=closings)] if closings else []


def _set_to_close(room: "RoomState", set_id: str | None) -> BreakoutSet:
    going_on = (each for each in breakouts_of(room).sets.values() if each.status in _GOING_ON)
    held = require_set(room, set_id) if set_id is not None else next(going_on, None)
    if held is None or held.status is SetStatus.PLANNED:
        raise Refused("breakout.not_open", "these rooms are not open")
    return held


def decide_close_due(room: "RoomState", command: CloseDue, context: Context) -> list[Event]:
    held = breakouts_of(room).sets.get(command.set_id)
    rooms = [
        each
        for each in (held.rooms if held is not None else ())
        if each.armed == command.armed and each.closes_at == command.closes_at
    ]
    return [_closed(room, held, rooms)] if held is not None and rooms else []


def _closed(room: "RoomState", held: BreakoutSet, rooms: Iterable[BreakoutRoom]) -> BreakoutClosed:
    ids = tuple(each.id for each in rooms)
    gone = frozenset(ids)
    there = sorted(user for user, place in breakouts_of(room).places.items() if place in gone)
    return BreakoutClosed(set_id=held.id, room_ids=ids, moves=tuple(Move(user_id=UserId(user)) for user in there))


def ending(room: "RoomState", context: Context) -> list[Event]:
    """The end of a session brings everybody back, so that its last view is that of the whole."""
    events: list[Event] = []
    for each in breakouts_of(room).in_order():
        if each.status is SetStatus.OPENING:
            events.append(BreakoutCancelled(set_id=each.id))
        elif each.status is SetStatus.OPEN:
            events.append(_closed(room, each, _require_open_rooms(each, None)))
    return events


# -- Deciding: speaking to all --


def decide_broadcast(room: "RoomState", command: SayToAll, context: Context) -> list[Event]:
    _require_open_set(room, context)
    return [BreakoutBroadcasted(broadcast_id=context.new_id(), text=command.text)]


# -- Effects --


def effects(room: "RoomState", recorded: Recorded) -> tuple[Effect, ...]:
    match recorded.event:
        case BreakoutOpening() as event:
            due = OpenDue(set_id=event.set_id, armed=recorded.seq)
            return (_no_opening(event.set_id), Arm(f"breakout.open:{event.set_id}:{recorded.seq}", event.opens_at, due))
        case BreakoutCancelled() as event:
            return (_no_opening(event.set_id),)
        case BreakoutOpened() as event:
            return (_no_opening(event.set_id), *_timers(event.set_id, event.closings, recorded.seq))
        case BreakoutExtended() | BreakoutClosing() as event:
            return _timers(event.set_id, event.closings, recorded.seq)
        case BreakoutClosed() as event:
            over = breakouts_of(room).open_set() is None
            return (Disarm(f"breakout.close:{event.set_id}:"),) if over else ()
        case _:
            return ()


def _no_opening(set_id: str) -> Disarm:
    return Disarm(f"breakout.open:{set_id}:")


def _timers(set_id: str, closings: Sequence[Closing], seq: int) -> tuple[Effect, ...]:
    """One for each time at which rooms close. An older one of the same room has no effect when it falls due."""
    times: list[datetime] = sorted({each.closes_at for each in closings})
    return tuple(
        Arm(f"breakout.close:{set_id}:{seq}:{n}", at, CloseDue(set_id=set_id, armed=seq, closes_at=at))
        for n, at in enumerate(times)
    )


FEATURE = Feature(
    name="breakouts",
    start=Breakouts(),
    decide={
        **breakout_plans.DECIDE,
        **breakout_moves.DECIDE,
        OpenBreakouts: decide_open,
        OpenDue: decide_open_due,
        ExtendBreakouts: decide_extend,
        CloseBreakouts: decide_close,
        CloseDue: decide_close_due,
        SayToAll: decide_broadcast,
    },
    apply=APPLY,
    own_events=EVENTS,
    view=view,
    window=window,
    visible=visible,
    effects={**dict.fromkeys(EVENTS, effects), **breakout_moves.EFFECTS},
    blank=blank,
    ending=ending,
    listed=Breakouts.in_order,
)
