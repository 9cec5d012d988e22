"""A whole session: its state, what a command may append to it, what an event makes of it.

`decide` is asked before the append and may refuse; `apply` is told after it and never fails. Both are pure: time, ids,
randomness and the actor are arguments. Whoever adds a feature adds a field of RoomState and a name in FEATURES.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import ClassVar

from pydantic import ConfigDict, TypeAdapter
from pydantic.alias_generators import to_camel

from rooms import (
    boards,
    breakouts,
    chat,
    hands,
    lifecycle,
    participants,
    polls,
    questions,
    recording,
    rights,
    sound,
    stage,
)
from rooms.board_book import Boards
from rooms.breakout_events import BreakoutClosed
from rooms.breakout_sets import Breakouts
from rooms.chat import Chat
from rooms.feature import Apply, Command, Context, Effect, Event, Feature, Recorded
from rooms.hands import Hands
from rooms.ids import UserId
from rooms.lifecycle import Lifecycle, SessionCancelled, SessionEnded
from rooms.people import Lobby, People, Rights
from rooms.poll_book import Polls
from rooms.questions import Questions
from rooms.recording import Recording
from rooms.refusal import Refused
from rooms.sound import Sound
from rooms.stage import Stage
from rooms.standings import Standings, follow
from rooms.values import replace, value

# Raised when `apply` gives another meaning to old events: snapshots of another fold are dropped.
FOLD_VERSION = 3
BEFORE_ALL_EVENTS = datetime.fromtimestamp(0, UTC)

FEATURES: tuple[Feature, ...] = (
    lifecycle.FEATURE,
    participants.PEOPLE,
    participants.LOBBY,
    rights.FEATURE,
    hands.FEATURE,
    chat.FEATURE,
    questions.FEATURE,
    polls.FEATURE,
    stage.FEATURE,
    boards.FEATURE,
    sound.FEATURE,
    recording.FEATURE,
    breakouts.FEATURE,  # last: what is open inside a room is closed before everybody goes back
)


@value(frozen=True, slots=True)
class RoomState:
    """One field per feature. A view is the same shape with the hidden taken out; a slice that is None stays None."""

    __pydantic_config__: ClassVar = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    seq: int = 0
    at: datetime = BEFORE_ALL_EVENTS
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    people: People | None = field(default_factory=People)
    lobby: Lobby | None = field(default_factory=Lobby)
    rights: Rights | None = field(default_factory=Rights)
    hands: Hands | None = field(default_factory=Hands)
    polls: Polls | None = field(default_factory=Polls)
    chat: Chat | None = field(default_factory=Chat)
    questions: Questions | None = field(default_factory=Questions)
    stage: Stage | None = field(default_factory=Stage)
    breakouts: Breakouts | None = field(default_factory=Breakouts)
    boards: Boards | None = field(default_factory=Boards)
    sound: Sound | None = field(default_factory=lambda: sound.FEATURE.start)
    recording: Recording | None = field(default_factory=Recording)
    standings: Standings | None = field(default_factory=Standings)  # never part of a view


# Reads and writes a state or a view as JSON: snapshots in the database, views on the wire.
STATE: TypeAdapter[RoomState] = TypeAdapter(RoomState)

_DECIDE = {kind: decide for feature in FEATURES for kind, decide in feature.decide.items()}
_APPLY: dict[type[Event], list[tuple[str, Apply]]] = {}  # name of the slice, and what becomes of it
_EFFECTS: dict[type[Event], list[Callable[[RoomState, Recorded], tuple[Effect, ...]]]] = {}
for _feature in FEATURES:
    for _kind, _apply in _feature.apply.items():
        _APPLY.setdefault(_kind, []).append((_feature.name, _apply))
    for _kind, _ask in _feature.effects.items():
        _EFFECTS.setdefault(_kind, []).append(_ask)
_BRING_MORE = frozenset({SessionEnded, SessionCancelled, BreakoutClosed})
OWNER: dict[type[Event], Feature] = {kind: feature for feature in FEATURES for kind in feature.own_events}


def decide(room: RoomState, command: Command, context: Context) -> list[Event]:
    """The events a command brings, [] when it changes nothing. Raises Refused. `room` may be a draft."""
    rule = _DECIDE.get(type(command))
    if rule is None:
        raise Refused("bad_request", f"{command.type} is not a command of a session")
    events = rule(room, command, context)
    if _BRING_MORE.isdisjoint(map(type, events)):
        return events
    return _with_what_they_bring(room, events, context)


def _with_what_they_bring(room: RoomState, events: list[Event], context: Context) -> list[Event]:
    """What goes on where something ends is brought to its end first."""
    if any(isinstance(each, SessionEnded | SessionCancelled) for each in events):
        return [*(end for feature in FEATURES for end in feature.ending(room, context)), *events]
    if closing := frozenset(place for each in events for place in closed_by(each)):
        return [*(end for feature in FEATURES for end in feature.closing(room, context, closing)), *events]
    return events


def closed_by(event: Event) -> tuple[str, ...]:
    """The breakout rooms that an event closes."""
    return event.room_ids if isinstance(event, BreakoutClosed) else ()


def record(room: RoomState, events: Iterable[Event], context: Context, command: str | None) -> list[Recorded]:
    """Gives events their place after `room`. Unsigned ones lose their actor, command and exact time (design.md 5)."""
    at, made = max(context.at, room.at), []
    for offset, event in enumerate(events, start=1):
        if event.signed:
            made.append(Recorded(room.seq + offset, at, context.actor, command, event))
        else:
            made.append(Recorded(room.seq + offset, room.at, None, None, event))
    return made


def apply(room: RoomState, recorded: Recorded) -> RoomState:
    """The state after one more event. Also folds a view: a slice that is hidden (None) stays hidden."""
    changed: dict[str, object] = {"seq": recorded.seq, "at": max(recorded.at, room.at)}
    for name, become in _APPLY.get(type(recorded.event), ()):
        held = getattr(room, name)
        if held is not None:
            changed[name] = become(held, recorded)
    after = replace(room, **changed)  # type: ignore[arg-type]
    standings = follow(after, recorded)
    return after if standings is after.standings else replace(after, standings=standings)


def replay(log: Iterable[Recorded], start: RoomState | None = None) -> RoomState:
    room = start or RoomState()
    for recorded in log:
        room = apply(room, recorded)
    return room


def effects(after: RoomState, recorded: Recorded) -> list[Effect]:
    """What the append must do besides storing the event; `after` is the state right after it."""
    asks = _EFFECTS.get(type(recorded.event))
    return [effect for ask in asks for effect in ask(after, recorded)] if asks else []


def blanked(event: Event) -> Event:
    """The event without its words; the blanked log folds to the same state (design.md 1)."""
    return OWNER[type(event)].blank(event)


def forgotten(recorded: Recorded, user: UserId) -> Event:
    """The event without the words of one person, whoever did it."""
    feature = OWNER[type(recorded.event)]
    if feature.forget is not None:
        return feature.forget(recorded, user)
    return feature.blank(recorded.event) if recorded.actor == user else recorded.event


def step(
    room: RoomState, command: Command, context: Context, command_id: str | None
) -> tuple[RoomState, Sequence[Recorded]]:
    """decide, record and apply in one: the draft after a command, and what it appends."""
    recorded = record(room, decide(room, command, context), context, command_id)
    return replay(recorded, room), recorded
