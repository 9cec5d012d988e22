"""Redaction: the words are gone from every table, everything else stays, whoever dies in the middle."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import pytest

from persistence.committer import Committer
from persistence.database import Database
from persistence.embedded import find_binaries
from persistence.event_log import EventLog
from persistence.snapshots import Snapshots
from rooms import room
from rooms.chat import DeleteMessage, EditMessage, MessageSent, SendMessage
from rooms.feature import Unfoldable
from rooms.ids import UserId
from tests.persistence.scribe import Process, Scribe, Submit, process_on, said
from tests.persistence.workshop import Workshop

WORDS = "a word that must not stay: xylophonist"
EDITED = "another word that must not stay: yesteryear"


@pytest.fixture
async def here(database: Database) -> AsyncIterator[Process]:
    async with process_on(database) as process:
        yield process


def appending_only(event_log: EventLog) -> Submit:
    """A process that dies right after the append."""

    async def submit(batch: object) -> object:
        return (await event_log.append([batch]))[0]  # type: ignore[list-item]

    return submit  # type: ignore[return-value]


async def said_and_edited(scribe: Scribe, user: UserId) -> str:
    await scribe.say(said(user, SendMessage(text=WORDS)))
    (last,) = await scribe.event_log.read(scribe.session, scribe.state.seq - 1)
    assert isinstance(last.event, MessageSent)
    await scribe.say(said(user, EditMessage(message_id=last.event.message_id, text=EDITED)))
    return last.event.message_id


def dumped(dsn: str) -> str:
    """As a backup would hold it; snapshots are bytes there."""
    result = subprocess.run(
        [find_binaries() / "pg_dump", "--data-only", dsn], capture_output=True, text=True, check=True
    )
    return result.stdout


def holds_words(dump: str) -> bool:
    return any(word in dump or word.encode().hex() in dump for word in ("xylophonist", "yesteryear"))


async def until_done(workshop: Workshop) -> None:
    for _ in range(500):
        if await workshop.value("SELECT count(*) FROM live.redactions") == 0:
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


async def test_deleted_words_are_nowhere(here: Process, workshop: Workshop, dsn: str) -> None:
    scribe = await here.start_session(workshop.mara, workshop.ana)
    message_id = await said_and_edited(scribe, workshop.ana)
    assert await Snapshots(workshop.database).save(scribe.session, scribe.state)
    assert holds_words(dumped(dsn))
    hashes = "SELECT count(*) FROM live.session_commands WHERE session_id = $1 AND body_hash IS NULL"
    assert await workshop.value(hashes, scribe.session) == 0
    before = await scribe.event_log.read(scribe.session, 0)

    await scribe.say(said(workshop.ana, DeleteMessage(message_id=message_id)))
    await until_done(workshop)
    assert not holds_words(dumped(dsn))
    assert await workshop.value(hashes, scribe.session) == 2
    assert await workshop.value("SELECT count(*) FROM live.session_snapshots") == 0

    after = await scribe.event_log.read(scribe.session, 0)
    assert room.replay(after) == scribe.state
    assert [(each.seq, each.at, each.actor, each.command, each.event.type) for each in after[: len(before)]] == [
        (each.seq, each.at, each.actor, each.command, each.event.type) for each in before
    ]
    assert (await here.event_log.heads([scribe.session]))[scribe.session].epoch == scribe.epoch


async def test_a_resent_command_is_still_known(here: Process, workshop: Workshop) -> None:
    scribe = await here.start_session(workshop.mara, workshop.ana)
    command = said(workshop.ana, SendMessage(text=WORDS))
    acks = await scribe.say(command)
    (last,) = await scribe.event_log.read(scribe.session, scribe.state.seq - 1)
    assert isinstance(last.event, MessageSent)
    await scribe.say(said(workshop.ana, DeleteMessage(message_id=last.event.message_id)))
    await until_done(workshop)
    (known,) = await here.event_log.find_commands(scribe.session, [(command.user, command.id)])
    assert (known.seq, known.body_hash) == (acks[(command.user, command.id)], None)


async def test_readers_see_no_words_before_it_is_carried_out(here: Process, workshop: Workshop, dsn: str) -> None:
    scribe = await here.start_session(workshop.mara, workshop.ana)
    message_id = await said_and_edited(scribe, workshop.ana)
    scribe.submit = appending_only(here.event_log)
    await scribe.say(said(workshop.ana, DeleteMessage(message_id=message_id)))
    assert holds_words(dumped(dsn))
    rows = await here.event_log.read(scribe.session, 0)
    assert not any("must not stay" in each.event.model_dump_json() for each in rows)
    assert room.replay(rows) == scribe.state


async def test_another_process_finishes_what_a_dead_one_began(here: Process, workshop: Workshop, dsn: str) -> None:
    scribe = await here.start_session(workshop.mara, workshop.ana)
    message_id = await said_and_edited(scribe, workshop.ana)
    scribe.submit = appending_only(here.event_log)
    await scribe.say(said(workshop.ana, DeleteMessage(message_id=message_id)))
    assert await EventLog(workshop.database).redact_marked() == 2
    assert not holds_words(dumped(dsn))
    assert await EventLog(workshop.database).redact_marked() == 0


async def test_a_committer_looks_for_leftovers_by_itself(
    here: Process, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("persistence.committer.REDACTION_EVERY_S", 0.05)
    scribe = await here.start_session(workshop.mara, workshop.ana)
    message_id = await said_and_edited(scribe, workshop.ana)
    scribe.submit = appending_only(here.event_log)
    await scribe.say(said(workshop.ana, DeleteMessage(message_id=message_id)))
    committer = Committer(workshop.database, here.event_log)
    task = asyncio.create_task(committer.run())
    await until_done(workshop)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_snapshot_of_before_is_neither_stored_nor_read(here: Process, workshop: Workshop) -> None:
    scribe = await here.start_session(workshop.mara, workshop.ana)
    message_id = await said_and_edited(scribe, workshop.ana)
    snapshots, before = Snapshots(workshop.database), scribe.state
    assert await snapshots.save(scribe.session, before)
    scribe.submit = appending_only(here.event_log)  # marked only
    await scribe.say(said(workshop.ana, DeleteMessage(message_id=message_id)))
    assert await snapshots.load(scribe.session) is None
    assert not await snapshots.save(scribe.session, before)
    assert await snapshots.save(scribe.session, scribe.state)
    assert await snapshots.load(scribe.session) == scribe.state


async def test_it_waits_for_an_append_under_way(here: Process, workshop: Workshop) -> None:
    """And an append never waits for it: the session is busy meanwhile."""
    scribe = await here.start_session(workshop.mara, workshop.ana)
    await said_and_edited(scribe, workshop.ana)
    async with workshop.database.transaction() as connection:
        await connection.execute("SELECT FROM live.session_heads WHERE session_id = $1 FOR UPDATE", scribe.session)
        redacting = asyncio.create_task(here.event_log.redact(scribe.session, [scribe.state.seq]))
        await asyncio.sleep(0.1)
        assert not redacting.done()
    await redacting


async def test_a_row_nobody_can_read_loses_everything(here: Process, workshop: Workshop, dsn: str) -> None:
    scribe = await here.start_session(workshop.mara, workshop.ana)
    await scribe.say(said(workshop.ana, SendMessage(text=WORDS)))
    connection = await asyncpg.connect(dsn)
    await connection.execute("UPDATE live.session_events SET version = 99 WHERE seq = $1", scribe.state.seq)
    await connection.close()
    await here.event_log.redact(scribe.session, [scribe.state.seq])
    assert not holds_words(dumped(dsn))
    (last,) = await here.event_log.read(scribe.session, scribe.state.seq - 1)
    assert isinstance(last.event, Unfoldable)


async def test_one_sessions_trouble_does_not_stop_the_others(
    here: Process, workshop: Workshop, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = [await here.start_session(workshop.mara, workshop.ana) for _ in range(2)]
    for scribe in (bad, good):
        message_id = await said_and_edited(scribe, workshop.ana)
        scribe.submit = appending_only(here.event_log)
        await scribe.say(said(workshop.ana, DeleteMessage(message_id=message_id)))
    redact = EventLog.redact

    async def failing(self: EventLog, session: str, seqs: list[int]) -> None:
        if session == bad.session:
            raise asyncpg.DataError("injected")
        await redact(self, good.session, seqs)

    monkeypatch.setattr(EventLog, "redact", failing)
    await here.event_log.redact_marked()
    left = await workshop.value("SELECT array_agg(DISTINCT session_id) FROM live.redactions")
    assert left == [bad.session]
