"""The breakout rooms of a session as they stand at a moment: sets of rooms, who belongs to them and who is there.

Only the nouns: how they come about is in breakout_fold.py, who may do what in breakouts.py and its neighbours.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from rooms.bucket_map import BucketMap
from rooms.ids import UserId


class Assignment(StrEnum):
    RANDOM = "random"
    BALANCED = "balanced"  # who did much so far beside who did little
    UNSEEN = "unseen"  # nobody with whom they were in a room before
    MANUAL = "manual"
    SELF = "self"  # everybody chooses


class Late(StrEnum):
    """What happens to somebody who comes when the rooms are open and who has none."""

    MAIN = "main"
    ASK = "ask"  # they choose
    PLACE = "place"


class Observing(StrEnum):
    MAIN = "main"
    ROAM = "roam"
    ASSIGNED = "assigned"  # like everybody


class Results(StrEnum):
    """Who has the result page of all rooms after their close; staff, and of a room who was there at its close, always."""

    EVERYONE = "everyone"
    STAFF = "staff"


class SetStatus(StrEnum):
    PLANNED = "planned"
    OPENING = "opening"
    OPEN = "open"
    CLOSED = "closed"


class RoomStatus(StrEnum):
    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Help:
    user: UserId | None
    at: datetime
    text: str | None = None


@dataclass(frozen=True, slots=True)
class BreakoutRoom:
    """`members` belong here, wherever they are now. `closing`: called back, not only out of time.

    `armed` is the seq of the event that armed the closing. Bell and closing of another room are not shown.
    `stayed`: who was there when it closed, and so may read what it left.
    """

    id: str
    name: str
    capacity: int | None = None
    members: tuple[UserId, ...] = ()
    status: RoomStatus = RoomStatus.PLANNED
    closes_at: datetime | None = None
    closing: bool = False
    armed: int | None = None
    help: Help | None = None
    stayed: tuple[UserId, ...] = ()


@dataclass(frozen=True, slots=True)
class BreakoutSet:
    """`seq`: of its creation, once opened of its opening. `repeats`: pairs in a room who shared one before."""

    id: str
    seq: int
    name: str
    assignment: Assignment
    late: Late
    observers: Observing
    may_return: bool
    results: Results
    rooms: tuple[BreakoutRoom, ...]
    repeats: int = 0
    status: SetStatus = SetStatus.PLANNED
    minutes: int | None = None  # for how long it will open
    armed: int | None = None  # seq of the countdown
    opened_at: datetime | None = None
    closed_at: datetime | None = None

    def room(self, room_id: str | None) -> BreakoutRoom | None:
        return next((each for each in self.rooms if each.id == room_id), None)

    def home_of(self, user: UserId) -> BreakoutRoom | None:
        """The room to which somebody belongs."""
        return next((each for each in self.rooms if user in each.members), None)


@dataclass(frozen=True, slots=True)
class Opening:
    """The countdown that everybody sees."""

    set_id: str
    name: str
    opens_at: datetime


@dataclass(frozen=True, slots=True)
class Broadcast:
    id: str
    seq: int
    at: datetime
    sender: UserId | None
    text: str


@dataclass(frozen=True, slots=True)
class Breakouts:
    """`places`: user to the id of the open room they are in; whoever is not there is in the main room.

    `met`: everybody who was ever in a room, by its id. For the rules, never part of a view.
    """

    sets: BucketMap[BreakoutSet] = field(default_factory=BucketMap)
    places: BucketMap[str] = field(default_factory=BucketMap)
    opening: Opening | None = None
    broadcasts: tuple[Broadcast, ...] = ()
    met: BucketMap[tuple[UserId, ...]] | None = field(default_factory=BucketMap)

    def in_order(self) -> list[BreakoutSet]:
        return sorted(self.sets.values(), key=lambda each: each.seq)

    def open_set(self) -> BreakoutSet | None:
        return next((each for each in self.sets.values() if each.status is SetStatus.OPEN), None)

    def set_with(self, room_id: str) -> BreakoutSet | None:
        return next((each for each in self.sets.values() if each.room(room_id) is not None), None)

    def with_(self, changed: BreakoutSet) -> "Breakouts":
        return replace(self, sets=self.sets.set(changed.id, changed))
