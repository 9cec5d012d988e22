"""How a session's events, commands and effects lie in rows, and how rows are read back. Pure; knows no SQL and no connection.

What Postgres cannot hold is found here, before a batch joins others (guarantees D24), so nobody else's append can fail by it.
"""

import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, field
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID, uuid5

from rooms.feature import Arm, Blank, Disarm, DropSecret, Effect, Enqueue, Event, MakeSecret, Recorded, Unfoldable
from rooms.gates import Gates
from rooms.ids import SessionId, UserId
from rooms.protocol import EVENTS
from rooms.upcasters import lift
from rooms.values import value

log = logging.getLogger(__name__)

NOBODY = UserId(str(UUID(int=0)))  # the user of the server's own commands
_ID_CHARACTERS = len(NOBODY)
_TYPE = {"type"}
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # of JSON: an escape, not the six characters after an escaped backslash

Doing: TypeAlias = dict[str, list[dict[str, Any]]]


class Unstorable(ValueError):
    """Text that jsonb refuses (U+0000, a lone surrogate) or an id that is none. The rules keep it out; this is the net."""


@value(frozen=True, slots=True)
class Answered:
    """A row of `session_commands`. `user` None is the server itself; `body_hash` None once its words were redacted, and of what
    was refused; `refusal` the code of a refusal that holds (protocol P5), None: accepted."""

    user: UserId | None
    command_id: str
    body_hash: bytes | None
    seq: int
    refusal: str | None = None


@value(frozen=True, slots=True)
class Batch:
    """What one host wants appended after `expected_seq` of `epoch`. `secrets` are the fresh ones that `effects` make."""

    session: SessionId
    expected_seq: int
    epoch: str
    events: tuple[Recorded, ...] = ()
    commands: tuple[Answered, ...] = ()
    effects: tuple[Effect, ...] = ()
    gates: Gates = field(default_factory=Gates)
    secrets: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def reached(self) -> int:
        return self.expected_seq + len(self.events)

    @property
    def refuses(self) -> bool:
        return any(each.refusal is not None for each in self.commands)

    @property
    def blanks(self) -> tuple[int, ...]:
        return tuple(sorted({seq for effect in self.effects if isinstance(effect, Blank) for seq in effect.seqs}))


def require_ids(batch: Batch) -> None:
    """Ids and epochs cross to Postgres joined by commas: none may bring a comma of its own. Whether they are UUIDs is asked there."""
    whole = len(batch.session) == _ID_CHARACTERS and "," not in batch.epoch
    for one in batch.commands:
        whole = (
            whole and len(one.command_id) == _ID_CHARACTERS and (one.user is None or len(one.user) == _ID_CHARACTERS)
        )
    for each in batch.events:
        whole = whole and (each.actor is None or len(each.actor) == _ID_CHARACTERS)
        whole = whole and (each.command is None or len(each.command) == _ID_CHARACTERS)
    if not whole:
        raise Unstorable("an id is not a UUID")


def payload_of(event: Event) -> str:
    """The JSON of an event's fields; type and version have columns of their own."""
    try:
        written = event.__pydantic_serializer__.to_json(event, by_alias=True, exclude_none=True, exclude=_TYPE)
    except ValueError as error:  # pydantic's words for a lone surrogate
        raise Unstorable(f"{event.type} cannot be written as JSON") from error
    return _without_nul(written.decode())


def storable(text: str) -> str:
    """`text` is JSON; returns it unchanged."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Unstorable("a lone surrogate cannot be stored") from error
    return _without_nul(text)


def _without_nul(text: str) -> str:
    if "u0000" in text and _NUL.search(text):
        raise Unstorable("U+0000 cannot be stored")
    return text


def event_of(type_: str, version: int, payload: Mapping[str, Any]) -> Event:
    """The event as this release writes it; `Unfoldable` where that cannot be had, so that reading never fails (F19)."""
    try:
        lifted = lift(type_, version, payload)
        if lifted is None:
            return Unfoldable(type=type_)
        event: Event = EVENTS.validate_python({**lifted[1], "type": lifted[0]})
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        # Not the error's text: it quotes the words of the row.
        log.warning("event %s of version %d cannot be folded: %s", type_, version, type(error).__name__)
        return Unfoldable(type=type_)
    return event


def timer_command_id(session: SessionId, key: str) -> str:
    return str(uuid5(UUID(session), key))


def doing_of(batch: Batch, wrapped: Mapping[str, bytes]) -> Doing:
    """What live.carry_out is told, without the batch's number. Raises Unstorable. An effect undone by a later one of the same
    batch leaves no trace: deletions reach rows that were there before."""
    doing = _timers(batch) | _secrets(batch, wrapped) | _jobs(batch) | _refusals(batch) | gate_rows(batch.gates)
    if batch.blanks:
        doing["blank"] = [{"seq": seq} for seq in batch.blanks]
    if doing:
        storable(json.dumps(doing, ensure_ascii=False))
    return doing


def _timers(batch: Batch) -> Doing:
    armed: dict[str, Arm] = {}
    prefixes: dict[str, None] = {}
    for effect in batch.effects:
        if isinstance(effect, Arm):
            armed[effect.key] = effect
        elif isinstance(effect, Disarm):
            prefixes[effect.prefix] = None
            armed = {key: arm for key, arm in armed.items() if not key.startswith(effect.prefix)}
    return _without_empty(
        disarm=({"prefix": prefix} for prefix in prefixes),
        arm=(
            {
                "key": arm.key,
                "due_at": arm.due_at.isoformat(),
                "command": arm.command.model_dump(mode="json", by_alias=True, exclude_none=True),
                "command_id": timer_command_id(batch.session, arm.key),
            }
            for arm in armed.values()
        ),
    )


def _secrets(batch: Batch, wrapped: Mapping[str, bytes]) -> Doing:
    made: dict[str, bool] = {}
    for effect in batch.effects:
        if isinstance(effect, MakeSecret | DropSecret):
            made[effect.name] = isinstance(effect, MakeSecret)
    return _without_empty(
        drop=({"name": name} for name, kept in made.items() if not kept),
        secret=({"name": name, "wrapped": wrapped[name].hex()} for name, kept in made.items() if kept),
    )


def _jobs(batch: Batch) -> Doing:
    return _without_empty(
        enqueue=(
            {"kind": effect.kind, "key": effect.key, "payload": dict(effect.payload)}
            for effect in batch.effects
            if isinstance(effect, Enqueue)
        )
    )


def _refusals(batch: Batch) -> Doing:
    return _without_empty(
        refuse=(
            {"user_id": each.user or NOBODY, "command_id": each.command_id, "code": each.refusal}
            for each in batch.commands
            if each.refusal is not None
        )
    )


def gate_rows(gates: Gates) -> Doing:
    session = () if gates.session is None else ({"row": _plain(asdict(gates.session))},)
    return _without_empty(session=session, participant=(_plain(asdict(row)) for row in gates.participants))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def _without_empty(**lists: Iterable[dict[str, Any]]) -> Doing:
    filled = {name: list(entries) for name, entries in lists.items()}
    return {name: entries for name, entries in filled.items() if entries}
