"""A session without a server: the pure rules on a clock of their own, with timers that fire and secrets that are kept.

Plays everybody's commands one after the other, as a host would, and keeps the log. Used where time or secrets matter,
and by the laws; a transcript of single commands needs less.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from rooms.feature import (
    Arm,
    Command,
    Context,
    Disarm,
    DropSecret,
    Effect,
    Event,
    MakeSecret,
    Recorded,
    Standing,
)
from rooms.ids import SessionId, UserId
from rooms.lifecycle import SessionFeature, SessionScheduled
from rooms.people import standing_of
from rooms.protocol import ALL_COMMANDS
from rooms.refusal import Refused
from rooms.roles import Role
from rooms.room import RoomState, apply, effects, record, step
from rooms.visibility import view, visible

NINE = datetime(2031, 5, 5, 9, 0, tzinfo=UTC)
SESSION = SessionId(str(uuid5(NAMESPACE_OID, "session")))


def person(name: str) -> UserId:
    return UserId(str(uuid5(NAMESPACE_OID, name)))


MARA, THEO, ANA, BEN, OTTO = (person(name) for name in ("Mara", "Theo", "Ana", "Ben", "Otto"))
ROLES = {
    MARA: Role.INSTRUCTOR,
    THEO: Role.ASSISTANT,
    ANA: Role.PARTICIPANT,
    BEN: Role.PARTICIPANT,
    OTTO: Role.OBSERVER,
}


class Rehearsal:
    """`do` raises Refused; `refused` gives its code. The server's own commands have the actor None."""

    def __init__(self, **scheduled: Any) -> None:
        self.now = NINE
        self.room = RoomState()
        self.log: list[Recorded] = []
        self.timers: dict[str, tuple[datetime, Command]] = {}
        self.secrets: dict[str, bytes] = {}
        self.fired: list[str] = []
        self._commands = 0
        self._append(record(self.room, [self._first(scheduled)], self.context(MARA), None))

    @classmethod
    def running(cls, *, extra: Iterable[str] = (), **scheduled: Any) -> "Rehearsal":
        """The cast and some more participants in an active session without a lobby."""
        played = cls(lobby=False, **scheduled)
        played.do(MARA, {"type": "session.start"})
        played.do(MARA, {"type": "session.activate"})
        for user, role in [*ROLES.items(), *((person(name), Role.PARTICIPANT) for name in extra)]:
            played.join(user, role)
        return played

    def _first(self, given: dict[str, Any]) -> Event:
        return SessionScheduled(
            **{
                "title": "Paper prototypes",
                "instructor_id": MARA,
                "scheduled_start": NINE,
                "scheduled_end": NINE + timedelta(hours=1),
                "max_participants": 50,
                "features": tuple(SessionFeature.model_validate({"type": each}) for each in ("poll", "qa", "chat")),
                **given,
            }
        )

    def context(self, actor: UserId | None, *, admin: bool = False, command: str = "") -> Context:
        made = iter(range(10_000))
        return Context(
            session=SESSION,
            actor=actor,
            at=self.now,
            new_id=lambda: str(uuid5(NAMESPACE_OID, f"{command}:{next(made)}")),
            secrets=dict(self.secrets),
            admin=admin,
        )

    def do(self, actor: UserId | None, given: Command | dict[str, Any], *, admin: bool = False) -> list[Recorded]:
        """Everything the command appended."""
        command = given if isinstance(given, Command) else ALL_COMMANDS.validate_python(given)
        self._commands += 1
        command_id = str(uuid5(NAMESPACE_OID, f"command {self._commands}"))
        _, recorded = step(self.room, command, self.context(actor, admin=admin, command=command_id), command_id)
        self._append(recorded)
        return list(recorded)

    def refused(self, actor: UserId | None, given: Command | dict[str, Any], *, admin: bool = False) -> str:
        try:
            done = self.do(actor, given, admin=admin)
        except Refused as refused:
            return refused.code
        raise AssertionError(f"not refused, but {[each.event.type for each in done]}")

    def join(self, user: UserId, role: Role = Role.PARTICIPANT) -> list[Recorded]:
        return self.do(user, {"type": "participant.join", "role": role})

    def leave(self, user: UserId) -> list[Recorded]:
        return self.do(None, {"type": "participant.leave", "userId": user, "lastSeen": self.now})

    def wait(self, seconds: float) -> list[Recorded]:
        """Time passes; what falls due is submitted by the server in its order."""
        until, seen = self.now + timedelta(seconds=seconds), len(self.log)
        while due := sorted((at, key) for key, (at, _) in self.timers.items() if at <= until):
            at, key = due[0]
            self.now = max(self.now, at)
            _, command = self.timers.pop(key)
            self.fired.append(command.type)
            self.do(None, command)
        self.now = until
        return self.log[seen:]

    def _append(self, recorded: Iterable[Recorded]) -> None:
        for each in recorded:
            self.room = apply(self.room, each)
            self.log.append(each)
            for effect in effects(self.room, each):
                self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Arm(key, due_at, command):
                self.timers[key] = (due_at, command)
            case Disarm(prefix):
                self.timers = {key: each for key, each in self.timers.items() if not key.startswith(prefix)}
            case MakeSecret(name):
                self.secrets[name] = sha256(name.encode()).digest()
            case DropSecret(name):
                self.secrets.pop(name, None)
            case _:
                pass  # redaction concerns stored rows; the laws blank the log themselves

    # -- What people see --

    def standing(self, user: UserId) -> Standing:
        return standing_of(self.room, user)

    def sees(self, user: UserId) -> RoomState:
        return view(self.room, self.standing(user))

    def hears(self, user: UserId, recorded: Iterable[Recorded]) -> list[Event]:
        """The events of `recorded` as they reach this person in today's standing."""
        seen = [visible(each, self.standing(user)) for each in recorded]
        return [each.event for each in seen if each is not None]

    def with_room(self, **changed: Any) -> None:
        self.room = replace(self.room, **changed)
