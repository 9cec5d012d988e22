"""One process's hand in one session's log, as the host of live/ will be it: decides on the state it knows, appends, catches up
when others were faster. Keeps to the contract of Committer, so these tests show that the contract is enough.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID, uuid4, uuid5

from persistence.committer import Committer
from persistence.connection import Connection
from persistence.database import Database
from persistence.event_log import Answered, Appended, Batch, Busy, EventLog, Head, Moved, Outcome, Repeated
from persistence.models.session import LiveSession
from persistence.sessions import Sessions
from rooms import room
from rooms.feature import Command, Context, Effect, MakeSecret, Recorded
from rooms.gates import gates
from rooms.ids import SessionId, UserId
from rooms.lifecycle import ActivateSession, SessionScheduled, StartSession
from rooms.participants import Join
from rooms.roles import Role
from rooms.room import RoomState
from tests.persistence.workshop import new_session

LOST_ROUNDS_MAX = 2
Submit = Callable[[Batch], Awaitable[Outcome]]


@dataclass(frozen=True)
class Said:
    """A command as it came in."""

    user: UserId | None
    id: str
    command: Command

    @property
    def body_hash(self) -> bytes:
        body = self.command.model_dump(mode="json", by_alias=True, exclude_none=True)
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()


@dataclass(frozen=True)
class Process:
    """What one server process has of persistence/; two of them on one database are two processes."""

    database: Database
    event_log: EventLog
    committer: Committer

    def scribe(self, session: SessionId, submit: Submit | None = None) -> "Scribe":
        return Scribe(self.event_log, session, submit or self.committer.submit)

    async def open_session(self, host: UserId, **fields: Any) -> SessionId:
        """Scheduled only, without a lobby."""
        made = await Sessions(self.database).create(new_session(**fields), host, begins(self.event_log))
        return SessionId(made.id)

    async def start_session(self, host: UserId, *others: UserId) -> "Scribe":
        """Running, with its host and some participants."""
        scribe = self.scribe(await self.open_session(host))
        await scribe.catch_up()
        await scribe.say(
            said(host, Join(role=Role.INSTRUCTOR)), said(host, StartSession()), said(host, ActivateSession())
        )
        await scribe.say(*(said(other, Join(role=Role.PARTICIPANT)) for other in others))
        return scribe


@asynccontextmanager
async def process_on(database: Database) -> AsyncIterator[Process]:
    event_log = EventLog(database)
    committer = Committer(database, event_log)
    running = asyncio.create_task(committer.run())
    yield Process(database, event_log, committer)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def said(user: UserId | None, command: Command, id_: str | None = None) -> Said:
    return Said(user, id_ or str(uuid4()), command)


def scheduled(session: LiveSession) -> SessionScheduled:
    return SessionScheduled(
        title=session.title,
        instructor_id=UserId(str(session.instructor_id)),
        scheduled_start=session.scheduled_start,
        scheduled_end=session.scheduled_end,
        max_participants=session.max_participants,
        features=session.features,
        lobby=False,
    )


def begins(event_log: EventLog) -> Callable[[Connection, LiveSession], Awaitable[None]]:
    """For Sessions.create."""

    async def first_event(connection: Connection, session: LiveSession) -> None:
        id_ = SessionId(str(session.id))
        first = Recorded(1, datetime.now(UTC), UserId(str(session.instructor_id)), None, scheduled(session))
        after = room.apply(RoomState(), first)
        effects = tuple(room.effects(after, first))
        await event_log.first_event(connection, id_, first, gates(RoomState(), after), effects)

    return first_event


class Scribe:
    """Acks are the seqs of commands by (user, id)."""

    def __init__(self, event_log: EventLog, session: SessionId, submit: Submit) -> None:
        self.event_log = event_log
        self.session = session
        self.submit = submit
        self.state = RoomState()
        self.epoch = ""
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.turns_taken = 0  # appends under the head's own lock

    async def catch_up(self) -> RoomState:
        """To where the head stands now; others may be writing on."""
        head = (await self.event_log.heads([self.session]))[self.session]
        self.epoch = head.epoch
        while self.state.seq < head.last_seq and (rows := await self.event_log.read(self.session, self.state.seq)):
            self.state = room.replay(rows, self.state)
        return self.state

    async def say(self, *commands: Said) -> dict[tuple[UserId | None, str], int]:
        """All are in the log when this returns."""
        acks: dict[tuple[UserId | None, str], int] = {}
        lost = 0
        while open_ := [each for each in commands if (each.user, each.id) not in acks]:
            if lost >= LOST_ROUNDS_MAX:
                outcome, draft, lost = *(await self._say_holding_lock(open_)), 0
            else:
                batch, draft = self.decide(open_)
                outcome = await self.submit(batch)
            match outcome:
                case Appended():
                    self.state = draft
                    acks |= {(each.user, each.command_id): each.seq for each in self._accepted}
                case Repeated(accepted):
                    acks |= {(each.user, each.command_id): each.seq for each in accepted}
                    await self.catch_up()
                case Moved():
                    lost += 1
                    await self.catch_up()
                case Busy():
                    lost += 1
        return acks

    def decide(self, commands: Sequence[Said], head: Head | None = None) -> tuple[Batch, RoomState]:
        draft, self._accepted = self.state, list[Answered]()
        events: list[Recorded] = []
        effects: list[Effect] = []
        for each in commands:
            context = self.context(each)
            after, recorded = room.step(draft, each.command, context, each.id)
            for one in recorded:
                draft = room.apply(draft, one)
                effects += room.effects(draft, one)
            assert draft == after
            events += recorded
            self._accepted.append(Answered(each.user, each.id, each.body_hash, draft.seq))
        secrets: Mapping[str, bytes] = {each.name: b"s" * 32 for each in effects if isinstance(each, MakeSecret)}
        epoch = head.epoch if head else self.epoch
        batch = Batch(
            self.session,
            self.state.seq,
            epoch,
            tuple(events),
            tuple(self._accepted),
            tuple(effects),
            gates(self.state, draft),
            secrets,
        )
        return batch, draft

    def context(self, said: Said) -> Context:
        numbers = iter(range(1000))
        new_id = lambda: str(uuid5(UUID(said.id), str(next(numbers))))  # noqa: E731
        return Context(self.session, said.user, self.clock(), new_id, Random(said.id))

    async def _say_holding_lock(self, commands: Sequence[Said]) -> tuple[Outcome, RoomState]:
        drafts: list[RoomState] = []

        async def decide(head: Head, missing: list[Recorded]) -> Batch:
            self.state = room.replay(missing, self.state)
            self.epoch = head.epoch
            batch, draft = self.decide(commands, head)
            drafts.append(draft)
            return batch

        outcome = await self.event_log.append_holding_lock(self.session, decide, after=self.state.seq)
        self.turns_taken += 1
        return outcome, drafts[0]
