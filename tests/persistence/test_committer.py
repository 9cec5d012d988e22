"""The one committer: rounds shared by all sessions, culprits alone, commits that fail at random, outcomes nobody heard of."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Literal
from uuid import uuid4

import asyncpg
import pytest

from persistence.committer import PATIENCE_S, WAITING_BATCHES_MAX, CommitFailed, Committer, Overloaded
from persistence.connection import Connection
from persistence.database import Database, Unavailable
from persistence.event_log import Appended, Batch, EventLog, Outcome, Prepared, Repeated
from rooms import room
from rooms.chat import MessageSent, SendMessage
from rooms.feature import Recorded
from rooms.gates import Gates, ParticipantRow
from rooms.ids import UserId
from rooms.roles import Role
from tests.databases import Cluster
from tests.persistence.scribe import Process, Scribe, process_on, said
from tests.persistence.workshop import Workshop


@pytest.fixture
async def here(database: Database) -> AsyncIterator[Process]:
    async with process_on(database) as process:
        yield process


def a_message(scribe: Scribe, user: UserId) -> Batch:
    return scribe.decide([said(user, SendMessage(text="hello"))])[0]


def poisoned(batch: Batch) -> Batch:
    """The rules would never make it: a participant nobody ever heard of."""
    stranger = ParticipantRow(UserId(str(uuid4())), Role.PARTICIPANT, (), datetime.now(UTC), None)
    return replace(batch, gates=Gates(participants=(stranger,)))


class CountingLog(EventLog):
    """Tells how many sessions each round held."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.rounds: list[int] = []

    async def append_on(self, connection: Connection, prepared: Sequence[Prepared]) -> list[Outcome]:
        self.rounds.append(len(prepared))
        return await super().append_on(connection, prepared)


async def running(committer: Committer) -> "asyncio.Task[None]":
    task = asyncio.create_task(committer.run())
    await asyncio.sleep(0)
    return task


async def end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_everything_that_waits_shares_the_next_round(here: Process, workshop: Workshop) -> None:
    scribes = [await here.start_session(workshop.mara) for _ in range(6)]
    log = CountingLog(workshop.database)
    committer = Committer(workshop.database, log)
    submitted = [asyncio.create_task(committer.submit(a_message(scribe, workshop.mara))) for scribe in scribes]
    await asyncio.sleep(0)
    task = await running(committer)
    assert await asyncio.gather(*submitted) == [Appended(scribe.state.seq + 1) for scribe in scribes]
    assert log.rounds == [6]
    await committer.close()
    await end(task)


async def test_two_batches_of_a_session_are_two_rounds(here: Process, workshop: Workshop) -> None:
    scribe = await here.start_session(workshop.mara)
    first = a_message(scribe, workshop.mara)
    after = Recorded(first.reached + 1, datetime.now(UTC), workshop.mara, str(uuid4()), first.events[0].event)
    second = Batch(scribe.session, first.reached, scribe.epoch, (after,))
    outcomes = await asyncio.gather(here.committer.submit(first), here.committer.submit(second))
    assert list(outcomes) == [Appended(first.reached), Appended(first.reached + 1)]


async def test_only_the_culprit_fails(here: Process, workshop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    scribes = [await here.start_session(workshop.mara) for _ in range(5)]
    batches = [a_message(scribe, workshop.mara) for scribe in scribes]
    batches[2] = poisoned(batches[2])
    outcomes = await asyncio.gather(*map(here.committer.submit, batches), return_exceptions=True)
    assert isinstance(outcomes.pop(2), CommitFailed)
    assert outcomes == [Appended(batch.reached) for batch in batches if batch.gates.participants == ()]
    assert [each.levelno for each in caplog.records if each.levelno > logging.WARNING] == [logging.ERROR]
    assert "Key (user_id)" not in caplog.text

    # It stays apart until it succeeds, and nothing of the failed batch is there.
    assert await here.committer.submit(a_message(scribes[2], workshop.mara)) == Appended(scribes[2].state.seq + 1)


async def test_a_culprit_does_not_slow_the_others_down(here: Process, workshop: Workshop) -> None:
    """F6: somebody holds a row of one session for long; the others' appends go on at once."""
    slow, *others = [await here.start_session(workshop.mara, workshop.ana) for _ in range(4)]
    kept = replace(
        a_message(slow, workshop.mara), gates=Gates(participants=(await row_of(workshop, slow, workshop.ana),))
    )
    async with workshop.database.transaction() as connection:
        await connection.execute("SELECT FROM live.session_participants WHERE session_id = $1 FOR UPDATE", slow.session)
        with pytest.raises(Unavailable):
            await here.committer.submit(kept)
        again, rounds = asyncio.create_task(here.committer.submit(kept)), 0
        while not again.done():
            for scribe in others:
                await scribe.say(said(workshop.mara, SendMessage(text="quick")))
            rounds += 1
        with pytest.raises(Unavailable):
            await again
    print(f"{rounds * len(others)} appends while one waited for its locked session")
    assert rounds > 3, "they waited with it"
    assert isinstance(await here.committer.submit(kept), Appended)


async def row_of(workshop: Workshop, scribe: Scribe, user: UserId) -> ParticipantRow:
    joined = await workshop.value(
        "SELECT joined_at FROM live.session_participants WHERE session_id = $1 AND user_id = $2", scribe.session, user
    )
    return ParticipantRow(user, Role.OBSERVER, (), joined, None)


@pytest.mark.parametrize("text", ["nul \0 inside", "lone \ud800 surrogate"])
async def test_what_cannot_be_stored_never_joins_a_round(here: Process, workshop: Workshop, text: str) -> None:
    bad, good = await here.start_session(workshop.mara), await here.start_session(workshop.mara)
    event = MessageSent.model_construct(type="chat.sent", message_id=str(uuid4()), text=text)
    batch = Batch(
        bad.session, bad.state.seq, bad.epoch, (Recorded(bad.state.seq + 1, bad.state.at, None, None, event),)
    )
    outcomes = await asyncio.gather(
        here.committer.submit(batch), here.committer.submit(a_message(good, workshop.mara)), return_exceptions=True
    )
    assert isinstance(outcomes[0], CommitFailed)
    assert outcomes[1] == Appended(good.state.seq + 1)


async def test_an_id_that_is_none_cannot_shift_the_others(here: Process, workshop: Workshop) -> None:
    bad, good = await here.start_session(workshop.mara), await here.start_session(workshop.mara)
    batch = a_message(bad, workshop.mara)
    for id_ in (f"{uuid4()},{uuid4()}", "x" * 36, f"{str(uuid4())[:34]},1"):
        broken = replace(batch, commands=(replace(batch.commands[0], command_id=id_),))
        mine = a_message(good, workshop.mara)
        outcomes = await asyncio.gather(
            here.committer.submit(broken), here.committer.submit(mine), return_exceptions=True
        )
        assert isinstance(outcomes[0], CommitFailed)
        assert outcomes[1] == Appended(mine.reached)
        good.state = replace(good.state, seq=mine.reached)
    assert await here.event_log.read(bad.session, bad.state.seq) == []


# -- outcomes nobody heard of --

Fault = Literal["refused", "lost before", "lost after", "backend killed"]


class FaultyLog(EventLog):
    """Fails at random, before or after the statement was carried out, or with a connection that is really gone."""

    def __init__(self, database: Database, random: Random, chance: float) -> None:
        super().__init__(database)
        self.random = random
        self.chance = chance
        self.faults: dict[str, int] = {"refused": 0, "lost before": 0, "lost after": 0, "backend killed": 0}

    async def append_on(self, connection: Connection, prepared: Sequence[Prepared]) -> list[Outcome]:
        if self.random.random() >= self.chance:
            return await super().append_on(connection, prepared)
        fault = self.random.choice(list(self.faults))
        self.faults[fault] += 1
        match fault:
            case "refused":
                raise asyncpg.CheckViolationError("injected")
            case "lost before":
                raise asyncpg.ConnectionDoesNotExistError("injected")
            case "backend killed":
                await self._kill(connection)
                return await super().append_on(connection, prepared)
            case _:
                await super().append_on(connection, prepared)
                raise asyncpg.ConnectionDoesNotExistError("injected")

    async def _kill(self, connection: Connection) -> None:
        async with self._database.connection() as other:
            await other.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_commits_that_fail_at_random_lose_and_double_nothing(
    here: Process, workshop: Workshop, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    """State equals replay; every acknowledged command is in the log once, at its seq; nothing is there that nobody said."""
    print("seed", seed)
    caplog.set_level(logging.CRITICAL)
    random = Random(seed)
    sessions = [(await here.start_session(workshop.mara)).session for _ in range(4)]
    log = FaultyLog(workshop.database, random, chance=0.3)
    committer = Committer(workshop.database, log)
    task = await running(committer)

    async def write(scribe: Scribe) -> tuple[dict[str, int], set[str]]:
        acks: dict[str, int] = {}
        tried: set[str] = set()
        await scribe.catch_up()
        for _ in range(40):
            commands = [said(workshop.mara, SendMessage(text="x")) for _ in range(random.randint(1, 3))]
            tried |= {each.id for each in commands}
            for _ in range(random.randint(1, 3)):  # sometimes gives up without knowing, sometimes resends
                try:
                    acks |= {command: seq for (_, command), seq in (await scribe.say(*commands)).items()}
                    break
                except (CommitFailed, Unavailable):
                    await scribe.catch_up()
        return acks, tried

    scribes = [Scribe(EventLog(workshop.database), session, committer.submit) for session in sessions]
    results = await asyncio.gather(*map(write, scribes))
    await committer.close()
    await end(task)
    print("faults", log.faults, "commands", sum(len(tried) for _, tried in results))
    assert all(log.faults.values())
    for scribe, (acks, tried) in zip(scribes, results, strict=True):
        rows = await scribe.event_log.read(scribe.session, 0, limit=10_000)
        assert [each.seq for each in rows] == list(range(1, len(rows) + 1))
        said_here = [(each.command, each.seq) for each in rows if isinstance(each.event, MessageSent)]
        assert len(said_here) == len(dict(said_here))
        assert acks.items() <= dict(said_here).items()
        assert {command for command, _ in said_here if command} <= tried
        assert await scribe.catch_up() == room.replay(rows)


async def test_a_commit_nobody_heard_of_comes_back_as_repeated(here: Process, workshop: Workshop) -> None:
    scribe = await here.start_session(workshop.mara)
    batch = a_message(scribe, workshop.mara)

    class Deaf(EventLog):
        deaf = True

        async def append_on(self, connection: Connection, prepared: Sequence[Prepared]) -> list[Outcome]:
            outcomes = await super().append_on(connection, prepared)
            if self.deaf:
                self.deaf = False
                raise asyncpg.ConnectionDoesNotExistError("injected")
            return outcomes

    committer = Committer(workshop.database, Deaf(workshop.database))
    task = await running(committer)
    assert await committer.submit(batch) == Repeated(batch.commands)
    await end(task)


@asynccontextmanager
async def appends_waiting(dsn: str) -> AsyncIterator[None]:
    """Inside Postgres, as long as the block lasts."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE live.session_events IN SHARE MODE")
            yield
    finally:
        await connection.close()


async def until_one_waits(workshop: Workshop) -> None:
    async with asyncio.timeout(10):
        while not await workshop.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_caller_that_goes_away_does_not_undo_the_commit(here: Process, workshop: Workshop, dsn: str) -> None:
    scribe = await here.start_session(workshop.mara)
    batch = a_message(scribe, workshop.mara)
    async with appends_waiting(dsn):
        caller = asyncio.create_task(here.committer.submit(batch))
        await until_one_waits(workshop)
        caller.cancel()
        with suppress(asyncio.CancelledError):
            await caller
    await here.committer.close()
    assert await here.committer.submit(batch) == Repeated(batch.commands)


async def test_the_committers_end_waits_for_the_commit_under_way(here: Process, workshop: Workshop, dsn: str) -> None:
    scribe = await here.start_session(workshop.mara)
    batch = a_message(scribe, workshop.mara)
    committer = Committer(workshop.database, EventLog(workshop.database))
    task = await running(committer)
    async with appends_waiting(dsn):
        submitted = asyncio.create_task(committer.submit(batch))
        await until_one_waits(workshop)
        task.cancel()
        await asyncio.sleep(0.05)
        assert not task.done()
    assert await submitted == Appended(batch.reached)
    with suppress(asyncio.CancelledError):
        await task


async def test_a_lost_postgres_is_unavailable_soon_and_comes_back(
    here: Process, workshop: Workshop, cluster: Cluster, dsn: str
) -> None:
    """F4, F7: every connection is cut and new ones are refused; then it goes on by itself."""
    scribe = await here.start_session(workshop.mara)
    name = dsn.rpartition("@/")[2].partition("?")[0]
    await cluster.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    await cluster.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    batch = a_message(scribe, workshop.mara)
    started = time.monotonic()
    with pytest.raises(Unavailable):
        await here.committer.submit(batch)
    first = time.monotonic() - started
    started = time.monotonic()
    with pytest.raises(Unavailable):
        await here.committer.submit(batch)
    second = time.monotonic() - started
    print(f"unavailable after {first:.2f} s, then after {second:.2f} s")
    assert first < PATIENCE_S + 3
    assert second < 0.5
    await cluster.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert await here.committer.submit(batch) == Appended(batch.reached)


async def test_f8_it_tells_of_appends_that_find_no_room(
    here: Process, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while Postgres has room for what health writes. Nobody who is idle has given up for long."""
    monkeypatch.setattr("persistence.committer.PATIENCE_S", 0.1)
    monkeypatch.setattr("persistence.committer.GIVEN_UP_FOR_S", 1.0)
    scribe = await here.start_session(workshop.mara)

    def given_up() -> bool:
        return here.committer.has_given_up

    with monkeypatch.context() as full:
        full.setattr(here.event_log, "append_on", no_room)
        for _ in range(2):
            assert not given_up()
            with pytest.raises(Unavailable):
                await here.committer.submit(a_message(scribe, workshop.mara))
            assert given_up()
            await workshop.database.ready()
            await asyncio.sleep(1.1)
        with pytest.raises(Unavailable):
            await here.committer.submit(a_message(scribe, workshop.mara))
        assert given_up()
    assert isinstance(await here.committer.submit(a_message(scribe, workshop.mara)), Appended)
    assert not given_up()


async def no_room(*_: object) -> list[Outcome]:
    raise asyncpg.DiskFullError


async def test_a_short_loss_is_not_noticed(here: Process, workshop: Workshop, cluster: Cluster, dsn: str) -> None:
    scribe = await here.start_session(workshop.mara)
    name = dsn.rpartition("@/")[2].partition("?")[0]
    for _ in range(3):
        await cluster.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        await scribe.say(said(workshop.mara, SendMessage(text="x")))


async def test_more_than_may_wait_is_refused_at_once(here: Process, workshop: Workshop) -> None:
    scribe = await here.start_session(workshop.mara)
    committer = Committer(workshop.database, here.event_log)  # nobody runs it
    batch = a_message(scribe, workshop.mara)
    waiting = [asyncio.create_task(committer.submit(batch)) for _ in range(WAITING_BATCHES_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await committer.submit(batch)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
