"""What a round of a session would append: every waiting command decided in order on a draft of the state. No I/O, no clock.

A draft is dropped when its append does not come through; deciding again, on a later head, makes the same ids.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from random import Random

import structlog

from live.acks import Ack, Answer, Release, done, refusal, refused
from live.tally import OK
from persistence.event_log import Answered, Batch
from rooms import room as rules
from rooms.feature import Command, Context, DropSecret, Effect, MakeSecret, Recorded
from rooms.gates import gates
from rooms.ids import SessionId, UserId
from rooms.refusal import Refused
from rooms.room import RoomState
from rooms.values import value

log = structlog.get_logger("host")
SECRET_BYTES = 32
Key = tuple[UserId | None, str]
Stale = Callable[[RoomState], bool]  # whether the state is no longer the one a command was meant for (If-Match)


@dataclass(slots=True, eq=False)
class Waiting:
    """A command in a session's queue. `settle` may have been called already when its time to be answered is over."""

    actor: UserId | None
    command: Command
    command_id: str
    admin: bool
    body_hash: bytes
    since: float
    answer: Answer | None  # None once it was told
    not_before: datetime | None = None
    stale: Stale | None = None
    arrived: float = 0.0  # at this process; `since` it waits in the session's queue
    answers: Counter[str] | None = None  # where what it is told is counted
    resent: bool = False  # its sender has sent it before and knows of no answer

    @property
    def key(self) -> Key:
        return (self.actor, self.command_id)

    def settle(self, ack: Ack) -> Release | None:
        """What lets the answer go, if it waits for its event."""
        answer, self.answer = self.answer, None
        if answer is None:
            return None
        if self.answers is not None:
            self.answers[ack.code or OK] += 1
        try:
            return answer(ack)
        except Exception:
            log.exception("an answer was not given")  # the others are
            return None


def body_hash(command: Command) -> bytes:
    """The same for the same content, whichever process of this release asks."""
    return hashlib.sha256(command.__pydantic_serializer__.to_json(command, by_alias=True)).digest()


def earlier_body_hash(command: Command) -> bytes:
    """As releases before 0.5.0 wrote it: what was accepted by one of them may be repeated to this one."""
    document = command.model_dump(mode="json", by_alias=True)
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).digest()


@value(frozen=True, slots=True)
class Outside:
    """What deciding needs from outside: the time, chance, and what was answered before under these ids."""

    session: SessionId
    epoch: str
    at: datetime
    random: Random
    fresh_secret: Callable[[], bytes]
    secrets: Mapping[str, bytes]
    known: Mapping[Key, Answered]


@dataclass(slots=True)
class Draft:
    """`before` and `after` the round; `answers` hold what each command is told once the append has come through."""

    before: RoomState
    after: RoomState
    outside: Outside
    events: list[Recorded] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)
    fresh: dict[str, bytes] = field(default_factory=dict)  # every secret the round makes, kept or not
    secrets: dict[str, bytes] = field(default_factory=dict)  # those there are after it
    answers: list[tuple[Waiting, Ack]] = field(default_factory=list)
    unrecorded: list[Key] = field(default_factory=list)  # refused here, or secret: an earlier answer would beat it
    repeated: int = 0  # commands that were accepted before

    @property
    def appends(self) -> bool:
        """A command without effect, or with a refusal that holds, is recorded at the head, so it is appended too."""
        return bool(self.events or self.answered)

    @property
    def stands_on_head(self) -> bool:
        """Whether the answers need the head to be where we believe: refusals do (design.md 4), repetitions do not."""
        return not all(ack.ok for _waiting, ack in self.answers)

    def batch(self) -> Batch:
        return Batch(
            session=self.outside.session,
            expected_seq=self.before.seq,
            epoch=self.outside.epoch,
            events=tuple(self.events),
            commands=tuple(self.answered),
            effects=tuple(self.effects),
            gates=gates(self.before, self.after),
            secrets=self.fresh,
        )


def decide_round(room: RoomState, waiting: Sequence[Waiting], outside: Outside) -> Draft:
    draft = Draft(before=room, after=room, outside=outside, secrets=dict(outside.secrets))
    here: dict[Key, Answered] = {}
    for each in waiting:
        key = (each.actor, each.command_id)
        before = here.get(key) or outside.known.get(key)
        ack = _repeated(before, each) if before is not None else _decide(draft, each, here)
        draft.answers.append((each, ack))
        if before is not None:
            draft.repeated += ack.ok
        elif each.resent and _holds(draft.after, each, ack):
            _record(draft, each, here, refusal=ack.code)
        elif key not in here:
            draft.unrecorded.append(key)
    return draft


def _holds(room: RoomState, waiting: Waiting, ack: Ack) -> bool:
    """Whether the refusal of a command that was sent before is recorded like what was accepted: another process may still have the
    first copy, and it is not to be done after its sender was told that it was refused (protocol P5, F3)."""
    passing = ack.ok or ack.code == "internal" or ack.retry_after_s is not None
    return not passing and not waiting.command.is_secret_in(room)


def _record(draft: Draft, waiting: Waiting, here: dict[Key, Answered], refusal: str | None = None) -> None:
    body_hash = waiting.body_hash if refusal is None else None  # of words that stand nowhere
    answered = Answered(waiting.actor, waiting.command_id, body_hash, draft.after.seq, refusal)
    here[waiting.key] = answered
    draft.answered.append(answered)


def _repeated(before: Answered, waiting: Waiting) -> Ack:
    """The first result again; another content under the same id is refused. A hash that was redacted matches anything."""
    known = before.body_hash
    if known is not None and known != waiting.body_hash and known != earlier_body_hash(waiting.command):
        return refused("id_reused", "this command id was used before with another content")
    if before.refusal is not None:
        return refused(before.refusal, "this command was refused before")
    return done(before.seq)


def _decide(draft: Draft, waiting: Waiting, here: dict[Key, Answered]) -> Ack:
    outside, known_as = draft.outside, waiting.command_id
    if waiting.stale is not None and waiting.stale(draft.after):
        return refused("precondition_failed", "it changed since you read it")
    new_id = _ids_of(outside.session, waiting)
    context = Context(outside.session, waiting.actor, outside.at, new_id, outside.random, draft.secrets, waiting.admin)
    try:
        events = rules.decide(draft.after, waiting.command, context)
        recorded = rules.record(draft.after, events, context, known_as)
        after, effects = _follow(draft.after, recorded)
    except Refused as error:
        return refusal(error)
    except Exception:
        log.exception("deciding failed", session=outside.session, command=waiting.command.type)
        return refused("internal", "something went wrong here")
    draft.after = after
    draft.events += recorded
    draft.effects += effects
    for effect in effects:
        if isinstance(effect, MakeSecret):
            draft.fresh[effect.name] = draft.secrets[effect.name] = outside.fresh_secret()
        elif isinstance(effect, DropSecret):
            draft.secrets.pop(effect.name, None)
    if _leaves_a_record(draft.after, waiting.command, recorded):
        _record(draft, waiting, here)
    return done(after.seq)


def _leaves_a_record(room: RoomState, command: Command, recorded: Sequence[Recorded]) -> bool:
    """Nobody may see from the table of commands who cast an anonymous vote, nor who cast it again (design.md 5)."""
    if recorded:
        return all(each.event.signed for each in recorded)
    return not command.is_secret_in(room)


def _follow(room: RoomState, recorded: Sequence[Recorded]) -> tuple[RoomState, list[Effect]]:
    """Effects are asked of the state right after their event."""
    effects: list[Effect] = []
    for each in recorded:
        room = rules.apply(room, each)
        effects += rules.effects(room, each)
    return room, effects


def _ids_of(session: SessionId, waiting: Waiting) -> Callable[[], str]:
    """Derived from who, where and the command's id: somebody who repeats another's id does not make another's ids."""
    numbers = count()

    def next_id() -> str:
        """A UUID of version 8 (RFC 9562 5.8)."""
        origin = f"{waiting.command_id}:{session}:{waiting.actor}:{next(numbers)}"
        digits = hashlib.blake2b(origin.encode(), digest_size=15).hexdigest()
        return f"{digits[:8]}-{digits[8:12]}-8{digits[12:15]}-a{digits[15:18]}-{digits[18:]}"

    return next_id
