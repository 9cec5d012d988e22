"""What every feature of a session is made of: commands, events, a slice of state, and pure functions between them.

A feature is one file that ends in `FEATURE = Feature(...)`. This file knows no feature; rooms/room.py puts them together.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StrictBool,
    StrictInt,
    StringConstraints,
)
from pydantic.alias_generators import to_camel

from rooms.ids import AnyId, SessionId, UserId
from rooms.values import value

if TYPE_CHECKING:
    from rooms.room import RoomState


class Wire(BaseModel):
    """camelCase outside, snake_case inside; unknown fields are an error; nothing can be changed after parsing."""

    model_config = ConfigDict(
        defer_build=True, frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )


class Command(Wire):
    """What somebody asks for. `internal` ones come from the server itself and are refused from outside."""

    internal: ClassVar[bool] = False
    type: str

    def is_secret_in(self, room: "RoomState") -> bool:
        """Then it has no row in the table of commands even when it had no effect: it may repeat a secret act."""
        return False


class Event(Wire):
    """What happened. `version` is raised when the fields change; rooms/upcasters.py lifts old ones."""

    version: ClassVar[int] = 1
    type: str

    @property
    def signed(self) -> bool:
        """False keeps actor, command id and exact time out of the log (anonymous votes, design.md 5)."""
        return True


class InRoom(Event):
    """What happens in one place: in the main room (`room` None) or in a breakout room. Only who is there, and staff, see it."""

    room: AnyId | None = None


class Signal(Wire):
    """What passes by outside the log: never stored, the newest wins, droppable (design.md 2.6). `key` tells those of one
    sender apart that do not replace each other. `Feature.signals` lists them; live/signals.py carries them.
    """

    type: str

    @property
    def key(self) -> str:
        return ""

    def place(self, room: "RoomState", context: "Context") -> str | None:
        """Where it is heard: the main room (None) or a breakout room. Raises Refused where the actor may not send it."""
        raise NotImplementedError


class Unfoldable(Event):
    """A row of the log that this release cannot read: it keeps its number, means nothing, and nobody sees it (F19)."""


@value(frozen=True, slots=True)
class Recorded:
    """An event at its place in the log. `actor` and `command` are None where nobody may know them."""

    seq: int
    at: datetime
    actor: UserId | None
    command: str | None
    event: Event


@value(frozen=True, slots=True)
class Context:
    """Everything `decide` needs from outside: who, when, fresh ids, randomness, the session's open secrets.

    `actor` is None for the server itself. `admin`: the actor administrates the platform (domain.md 4.2).
    `new_id` gives UUIDs derived from the command's id, so deciding again makes the same ids.
    """

    session: SessionId
    actor: UserId | None
    at: datetime
    new_id: Callable[[], str]
    random: Random = field(default_factory=lambda: Random(0))  # noqa: S311 - no secret comes from it
    secrets: Mapping[str, bytes] = field(default_factory=dict)
    admin: bool = False


@value(frozen=True, slots=True)
class Standing:
    """All that decides what a person sees (design.md 2.7). `room` is the breakout room, None for the main room.

    `user` None is a nobody of this standing: what he sees is what all of them see alike.
    """

    user: UserId | None
    staff: bool
    admitted: bool = True
    room: str | None = None

    def is_in(self, room: str | None) -> bool:
        """Whether what happens there is for this standing: staff are everywhere, everybody else is in one place."""
        return self.admitted and (self.staff or self.room == room)


# -- Effects: what an event asks of the world around the rules; all are carried out in the append itself. --


@value(frozen=True, slots=True)
class Arm:
    """At `due_at` submit `command` as the server. `key` holds the seq of the arming event, so each arming is new."""

    key: str
    due_at: datetime
    command: Command


@value(frozen=True, slots=True)
class Disarm:
    """Forget every timer whose key starts with `prefix`."""

    prefix: str


@value(frozen=True, slots=True)
class MakeSecret:
    """Keep 32 random bytes under `name`, wrapped by the key outside the database, readable through the context."""

    name: str


@value(frozen=True, slots=True)
class DropSecret:
    name: str


@value(frozen=True, slots=True)
class Blank:
    """Redaction: the rows at `seqs` lose their words (design.md 1). Rows are rewritten by `room.blanked`."""

    seqs: tuple[int, ...]


@value(frozen=True, slots=True)
class Enqueue:
    """Work for later, done once per session, `kind` and `key`, by whoever is free and however often that is interrupted."""

    kind: str
    key: str
    payload: Mapping[str, Any]


Effect = Arm | Disarm | MakeSecret | DropSecret | Blank | Enqueue

Decide = Callable[["RoomState", Any, Context], list[Event]]
Apply = Callable[[Any, Recorded], Any]


def _nothing_to_end(room: "RoomState", context: Context) -> list[Event]:
    return []


def _nothing_to_close(room: "RoomState", context: Context, places: frozenset[str]) -> list[Event]:
    return []


def _for_the_admitted(recorded: Recorded, standing: Standing) -> Recorded | None:
    return recorded if standing.admitted else None


def _nobody(recorded: Recorded) -> frozenset[UserId]:
    return frozenset()


@dataclass(frozen=True)
class Feature:
    """One feature. `name` is its slice's field in RoomState.

    decide   command class -> decide(room, command, context) -> events; raises Refused
    apply    event class -> apply(slice, recorded) -> slice; never fails, ignores what it does not know.
             A feature may listen to the events of others; it changes only its own slice.
    view     (slice, standing) -> the slice as that standing sees it, or None when it sees nothing of it
    window   trims a view for the join snapshot (the last 100 messages)
    visible  (recorded, standing) -> whole, redacted or None; looks at nothing else
    parties  the people who see this event differently from others of their standing
    effects  event class -> effects(room after the event, recorded) -> effects; also of the events of others
    blank    an event of this feature without its words
    forget   likewise without the words of one person; where all words of an event are of who did it, that is `blank`
    ending   what still goes on is brought to its end right before the session ends
    closing  likewise what goes on in breakout rooms, right before these close
    listed   the entries of a view of this slice, oldest first, each with the `seq` that made it: paged over REST
    item     one entry of a view of this slice, whole: the seq that changed it last (its ETag) and what makes its document
             (called aside, and only for the first reader of that seq), or None
    signals  what people in the room tell each other in passing
    """

    name: str
    start: Any
    decide: Mapping[type[Command], Decide]
    apply: Mapping[type[Event], Apply]
    view: Callable[[Any, Standing], Any]
    own_events: tuple[type[Event], ...]
    window: Callable[[Any], Any] = lambda whole: whole
    visible: Callable[[Recorded, Standing], Recorded | None] = _for_the_admitted
    parties: Callable[[Recorded], frozenset[UserId]] = _nobody
    effects: Mapping[type[Event], Callable[["RoomState", Recorded], tuple[Effect, ...]]] = field(default_factory=dict)
    blank: Callable[[Event], Event] = lambda event: event
    forget: Callable[[Recorded, UserId], Event] | None = None
    ending: Callable[["RoomState", Context], list[Event]] = _nothing_to_end
    closing: Callable[["RoomState", Context, frozenset[str]], list[Event]] = _nothing_to_close
    listed: Callable[[Any], Sequence[Any]] | None = None
    item: Callable[[Any, str], tuple[int, Callable[[], dict[str, Any]]] | None] | None = None
    signals: tuple[type[Signal], ...] = ()


# -- Field types for commands: what a person types is bounded and can be stored and shown. --


def storable(text: str) -> str:
    """Refuses what Postgres or a terminal chokes on: control characters, lone surrogates, bidirectional overrides."""
    found = _NOT_STORABLE.search(text)
    if found is not None:
        raise ValueError(f"character U+{ord(found[0]):04X} is not allowed")
    return text


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise ValueError("must be a single line")
    return text


def _rfc_3339(given: Any) -> Any:
    """With a date, a time and an offset; pydantic alone also takes numbers."""
    if isinstance(given, str) and not re.match(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d", given, re.ASCII):
        raise ValueError("must be an RFC 3339 time")
    if not isinstance(given, str | datetime):
        raise ValueError("must be an RFC 3339 time")  # noqa: TRY004 - pydantic reports only this kind
    return given


def _of_our_time(moment: datetime) -> datetime:
    """Years that stay years in every zone, and after what the rules add to them."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"must lie in the years {FIRST_YEAR} to {LAST_YEAR}")
    return moment.astimezone(UTC)


def _plain(document: Any) -> Any:
    """Small, and nothing in it that jsonb or JavaScript would not give back as it was."""
    level, seen = [document], 0
    for _depth in range(PLAIN_DEPTH_MAX + 1):
        below: list[Any] = []
        for each in level:
            seen += 1
            if isinstance(each, dict):
                below += [*each.keys(), *each.values()]
            elif isinstance(each, list):
                below += each
            elif isinstance(each, str):
                storable(each)
            elif isinstance(each, int | float) and not abs(each) <= 2**53:
                raise ValueError("a number is too large")
        if seen > PLAIN_NODES_MAX:
            raise ValueError(f"more than {PLAIN_NODES_MAX} values")
        if not below:
            return document
        level = below
    raise ValueError(f"nested deeper than {PLAIN_DEPTH_MAX}")


FIRST_YEAR, LAST_YEAR = 2000, 2200
PLAIN_DEPTH_MAX, PLAIN_NODES_MAX = 8, 200
_NOT_STORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_stripped = StringConstraints(strip_whitespace=True, min_length=1)
Prose = Annotated[str, _stripped, StringConstraints(max_length=5_000), AfterValidator(storable)]
Line = Annotated[str, _stripped, StringConstraints(max_length=500), AfterValidator(storable), AfterValidator(_one_line)]
Title = Annotated[
    str, _stripped, StringConstraints(max_length=200), AfterValidator(storable), AfterValidator(_one_line)
]
Moment = Annotated[AwareDatetime, BeforeValidator(_rfc_3339), AfterValidator(_of_our_time)]
Plain = Annotated[dict[Annotated[str, Field(max_length=50)], JsonValue], Field(max_length=20), AfterValidator(_plain)]
Flag = StrictBool
Whole = StrictInt
