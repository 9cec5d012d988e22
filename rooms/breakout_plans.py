"""Planning breakout rooms: sets made, filled, changed and put away before anybody else knows of them (field.md F)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from rooms.breakout_sets import Assignment, Late, Observing, Results
from rooms.feature import Command, Flag, Title, Whole, Wire
from rooms.ids import AnyId, UserIdField

ROOMS_MAX = 50
SETS_MAX = 50
MEMBERS_MAX = 1_000


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

    Who is given stays, `assignment` deals the others; without it, `random`, and `manual` where members are given or
    taken over.
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
DECIDE: Mapping[type[Command], Any] = {}
