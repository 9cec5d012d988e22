"""Breakout rooms while they are open: opening, moving, closing, calling and ringing (field.md F).

One set is open at a time. What is planned before is decided in breakout_plans.py, what an event makes of the rooms and
who sees what of them stands in breakout_sets.py.
"""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from rooms.breakout_plans import COMMANDS as PLANNING
from rooms.breakout_plans import DECIDE as DECIDE_PLANNING
from rooms.breakout_sets import (
    APPLY,
    Breakouts,
    BreakoutSet,
    view,
    visible,
    window,
)
from rooms.breakout_sets import (
    EVENTS as EVENTS,
)
from rooms.feature import Command, Context, Event, Feature, Line, Prose, Whole
from rooms.ids import AnyId, UserIdField

if TYPE_CHECKING:
    from rooms.room import RoomState

COUNTDOWN_MAX_S = 60
RECALL_MAX_S = 600
MINUTES_MAX = 480
MOVED_MAX = 1_000

Minutes = Annotated[Whole, Field(ge=1, le=MINUTES_MAX)]


# -- Commands --


class OpenBreakouts(Command):
    """`minutes` closes the rooms by itself; `countdown` is in seconds."""

    type: Literal["breakout.open"] = "breakout.open"
    set_id: AnyId
    minutes: Minutes | None = None
    countdown: Annotated[Whole, Field(ge=0, le=COUNTDOWN_MAX_S)] = 0


class MovePeople(Command):
    """To an open room, or without `roomId` to the main room; they belong there from now on."""

    type: Literal["breakout.move"] = "breakout.move"
    user_ids: Annotated[tuple[UserIdField, ...], Field(min_length=1, max_length=MOVED_MAX)]
    room_id: AnyId | None = None


class JoinBreakout(Command):
    """Oneself; without `roomId` back to the main room. Staff go anywhere, others as the set allows."""

    type: Literal["breakout.join"] = "breakout.join"
    room_id: AnyId | None = None


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


class AskHelp(Command):
    """From the room one is in."""

    type: Literal["breakout.askHelp"] = "breakout.askHelp"
    text: Line | None = None


class EndHelp(Command):
    """By staff, or by somebody in the room. A moderator who comes ends it too."""

    type: Literal["breakout.endHelp"] = "breakout.endHelp"
    room_id: AnyId


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


class PlaceLate(Command):
    """Somebody came while the rooms are open."""

    internal: ClassVar[bool] = True
    type: Literal["breakout.place"] = "breakout.place"
    user_id: UserIdField


COMMANDS = (
    *PLANNING,
    OpenBreakouts,
    MovePeople,
    JoinBreakout,
    ExtendBreakouts,
    CloseBreakouts,
    SayToAll,
    AskHelp,
    EndHelp,
)
INTERNAL = (OpenDue, CloseDue, PlaceLate)


FEATURE = Feature(
    name="breakouts",
    start=Breakouts(),
    decide={**DECIDE_PLANNING},
    apply=APPLY,
    own_events=EVENTS,
    view=view,
    window=window,
    visible=visible,
    listed=Breakouts.in_order,
)
