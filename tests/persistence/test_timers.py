"""Timers: exactly once in the log however many processes take them, also when one of them dies at it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from persistence.database import Database
from persistence.event_log import Appended, Batch
from persistence.timers import LEASE_S, Timers
from rooms.chat import LockChat, MessageSent
from rooms.feature import Arm, Command, Recorded
from rooms.ids import SessionId
from rooms.lifecycle import LapseSession
from tests.databases import SECRET_KEY
from tests.persistence.scribe import Process, Scribe, process_on, said
from tests.persistence.workshop import Workshop


@pytest.fixture
async def here(database: Database) -> AsyncIterator[Process]:
    async with process_on(database) as process:
        yield process


async def no_other_timers(workshop: Workshop) -> None:
    await workshop.execute("DELETE FROM live.timers")


async def arm(scribe: Scribe, key: str, in_s: float, command: Command | None = None) -> None:
    due = datetime.now(UTC) + timedelta(seconds=in_s)
    event = MessageSent(message_id=scribe.session, text="arms")
    batch = Batch(
        scribe.session,
        scribe.state.seq,
        scribe.epoch,
        (Recorded(scribe.state.seq + 1, datetime.now(UTC), None, None, event),),
        effects=(Arm(key, due, command or LapseSession()),),
    )
    assert (await scribe.event_log.append([batch]))[0] == Appended(batch.reached)
    await scribe.catch_up()


async def test_only_what_is_due_is_taken_and_only_once(here: Process, workshop: Workshop) -> None:
    scribe = await here.start_session(workshop.mara)
    await no_other_timers(workshop)
    await arm(scribe, "late", 60)
    await arm(scribe, "second", -1)
    await arm(scribe, "first", -2, LockChat(locked=True))
    timers, others = Timers(workshop.database), Timers(workshop.database)
    due = await timers.take_due()
    assert [(each.session, each.key, each.command) for each in due] == [
        (scribe.session, "first", LockChat(locked=True)),
        (scribe.session, "second", LapseSession()),
    ]
    assert due[0].due_at < datetime.now(UTC)
    assert await others.take_due() == []


async def test_a_takers_death_frees_the_row_after_the_lease(here: Process, workshop: Workshop) -> None:
    scribe = await here.start_session(workshop.mara)
    await no_other_timers(workshop)
    await arm(scribe, "key", -1)
    timers = Timers(workshop.database)
    (taken,) = await timers.take_due()
    wait_s = await timers.next_due()
    assert wait_s is not None
    assert LEASE_S - 2 < wait_s <= LEASE_S
    await workshop.execute("UPDATE live.timers SET taken_until = taken_until - interval '10 s'")
    assert await timers.take_due() == [taken]


async def test_the_next_due_one_is_known_beforehand(here: Process, workshop: Workshop) -> None:
    scribe = await here.start_session(workshop.mara)
    await no_other_timers(workshop)
    timers = Timers(workshop.database)
    assert await timers.next_due() is None
    await arm(scribe, "later", 60)
    await arm(scribe, "soon", 5)
    seconds = await timers.next_due()
    assert seconds is not None
    assert 3 < seconds <= 5


async def test_the_append_of_its_command_removes_the_row(here: Process, workshop: Workshop) -> None:
    scribe = await here.start_session(workshop.mara)
    await no_other_timers(workshop)
    await arm(scribe, "chat.lock:1", -1, LockChat(locked=True))
    await arm(scribe, "chat.lock:2", -1, LockChat(locked=True))
    one, two = await Timers(workshop.database).take_due()
    await scribe.say(said(None, one.command, one.command_id))
    left = "SELECT array_agg(key) FROM live.timers"
    assert await workshop.value(left) == [two.key]
    # A person who learned the id cannot remove somebody's timer with it.
    await scribe.say(said(workshop.mara, LockChat(locked=False), two.command_id))
    assert await workshop.value(left) == [two.key]
    await Timers(workshop.database).done(two.session, two.key)
    assert await workshop.value(left) is None


async def test_a_command_of_another_release_is_dropped(here: Process, workshop: Workshop) -> None:
    scribe = await here.start_session(workshop.mara)
    await no_other_timers(workshop)
    await arm(scribe, "key", -1)
    await workshop.execute("""UPDATE live.timers SET command = '{"type": "poll.explode"}'""")
    assert await Timers(workshop.database).take_due() == []
    assert await workshop.value("SELECT count(*) FROM live.timers") == 0


@pytest.mark.parametrize("seed", [1, 2])
async def test_two_takers_make_one_effect_each(here: Process, workshop: Workshop, dsn: str, seed: int) -> None:
    """Takers that die between taking, appending and `done`, and rows whose lease is over at once."""
    print("seed", seed)
    random = Random(seed)
    scribe = await here.start_session(workshop.mara)
    await no_other_timers(workshop)
    keys = [f"chat.lock:{number}" for number in range(20)]
    for number, key in enumerate(keys):
        await arm(scribe, key, -1, LockChat(locked=number % 2 == 0))
    before = scribe.state.seq

    other_database = await Database.open(dsn, SECRET_KEY, connections=5)
    async with process_on(other_database) as there:

        async def work(process: Process, session: SessionId) -> None:
            timers, own = Timers(process.database), process.scribe(session)
            await own.catch_up()
            while await timers.next_due() is not None:
                for due in await timers.take_due(limit=random.randint(1, 4)):
                    if random.random() < 0.3:
                        continue  # died before it submitted
                    await own.say(said(None, due.command, due.command_id))
                    if random.random() < 0.3:
                        await own.say(said(None, due.command, due.command_id))  # did not hear of it
                    await timers.done(due.session, due.key)
                await workshop.execute("UPDATE live.timers SET taken_until = NULL")

        await asyncio.gather(work(here, scribe.session), work(there, scribe.session))
    await other_database.close()
    rows = await here.event_log.read(scribe.session, before)
    effects = [each.command for each in rows if each.event.type == "chat.locked"]
    assert len(effects) == len(set(effects))
    commands = await workshop.value(
        "SELECT count(*) FROM live.session_commands WHERE session_id = $1 AND user_id = '00000000-0000-0000-0000-000000000000'",
        scribe.session,
    )
    assert commands == len(keys)
