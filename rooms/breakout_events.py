"""What can happen to breakout rooms. Each event carries all that a reader of the main room needs to follow it."""

from typing import Literal

from pydantic import AwareDatetime

from rooms.breakout_sets import Assignment, Late, Observing, Results
from rooms.feature import Event, InRoom, Wire
from rooms.ids import AnyId, UserIdField


class RoomPlan(Wire):
    id: AnyId
    name: str
    capacity: int | None = None
    members: tuple[UserIdField, ...] = ()


class Policy(Wire):
    assignment: Assignment
    late: Late
    observers: Observing
    may_return: bool
    results: Results


class Plan(Policy):
    name: str
    rooms: tuple[RoomPlan, ...]
    repeats: int = 0


class Seating(Wire):
    room_id: AnyId
    members: tuple[UserIdField, ...]


class Move(Wire):
    """`room` absent: to the main room."""

    user_id: UserIdField
    room: AnyId | None = None


class Closing(Wire):
    room_id: AnyId
    closes_at: AwareDatetime


class BreakoutCreated(Plan, Event):
    type: Literal["breakout.created"] = "breakout.created"
    set_id: AnyId


class BreakoutUpdated(Event):
    """Only what changed. `planned`: nobody but staff knows of the set yet."""

    type: Literal["breakout.updated"] = "breakout.updated"
    set_id: AnyId
    planned: bool
    name: str | None = None
    late: Late | None = None
    observers: Observing | None = None
    may_return: bool | None = None
    results: Results | None = None


class BreakoutRenamed(Event):
    type: Literal["breakout.renamed"] = "breakout.renamed"
    set_id: AnyId
    room_id: AnyId
    name: str
    planned: bool


class BreakoutAssigned(Event):
    """The members of the rooms whose members changed."""

    type: Literal["breakout.assigned"] = "breakout.assigned"
    set_id: AnyId
    assignment: Assignment
    rooms: tuple[Seating, ...]
    repeats: int = 0


class BreakoutDiscarded(Event):
    type: Literal["breakout.discarded"] = "breakout.discarded"
    set_id: AnyId


class BreakoutOpening(Event):
    """The countdown runs."""

    type: Literal["breakout.opening"] = "breakout.opening"
    set_id: AnyId
    name: str
    opens_at: AwareDatetime
    minutes: int | None = None


class BreakoutCancelled(Event):
    """The countdown was called off; the set is planned again."""

    type: Literal["breakout.cancelled"] = "breakout.cancelled"
    set_id: AnyId


class BreakoutOpened(Plan, Event):
    """Carries the set for those who could not see the plan. One reads the closing of one's own room only."""

    type: Literal["breakout.opened"] = "breakout.opened"
    set_id: AnyId
    closings: tuple[Closing, ...] = ()
    moves: tuple[Move, ...] = ()


class BreakoutMoved(Event):
    """`assigned`: from now on they belong there; otherwise they only go there."""

    type: Literal["breakout.moved"] = "breakout.moved"
    set_id: AnyId
    moves: tuple[Move, ...]
    assigned: bool = False


class BreakoutExtended(Event):
    """One reads the closing of one's own room only."""

    type: Literal["breakout.extended"] = "breakout.extended"
    set_id: AnyId
    closings: tuple[Closing, ...]


class BreakoutClosing(Event):
    """Called back. One reads the closing of one's own room only."""

    type: Literal["breakout.closing"] = "breakout.closing"
    set_id: AnyId
    closings: tuple[Closing, ...]


class BreakoutClosed(Event):
    """Everybody in these rooms is back in the main room; with its last room the set is closed."""

    type: Literal["breakout.closed"] = "breakout.closed"
    set_id: AnyId
    room_ids: tuple[AnyId, ...]
    moves: tuple[Move, ...] = ()


class BreakoutBroadcasted(Event):
    """Said to all rooms, the main room included. The actor is the sender."""

    type: Literal["breakout.broadcasted"] = "breakout.broadcasted"
    broadcast_id: AnyId
    text: str


class HelpAsked(InRoom):
    """The actor asks a moderator to come."""

    type: Literal["breakout.helpAsked"] = "breakout.helpAsked"
    text: str | None = None


class HelpEnded(InRoom):
    type: Literal["breakout.helpEnded"] = "breakout.helpEnded"


def blank(event: Event) -> Event:
    match event:
        case BreakoutBroadcasted():
            return event.model_copy(update={"text": ""})
        case HelpAsked():
            return event.model_copy(update={"text": None})
        case _:
            return event


EVENTS: tuple[type[Event], ...] = (
    BreakoutCreated,
    BreakoutUpdated,
    BreakoutRenamed,
    BreakoutAssigned,
    BreakoutDiscarded,
    BreakoutOpening,
    BreakoutCancelled,
    BreakoutOpened,
    BreakoutMoved,
    BreakoutExtended,
    BreakoutClosing,
    BreakoutClosed,
    BreakoutBroadcasted,
    HelpAsked,
    HelpEnded,
)
