"""Snapshots are only ever a shortcut: with them, without them and with broken ones a session reads the same."""

import logging
from collections.abc import AsyncIterator
from random import Random

import pytest

from persistence.database import Database
from persistence.snapshots import KEPT, Snapshots
from rooms import room
from rooms.chat import SendMessage
from rooms.room import FOLD_VERSION, STATE, RoomState
from tests.persistence.scribe import Process, Scribe, process_on, said
from tests.persistence.workshop import Workshop


@pytest.fixture
async def here(database: Database) -> AsyncIterator[Process]:
    async with process_on(database) as process:
        yield process


async def written(
    here: Process, workshop: Workshop, snapshots: Snapshots, count: int
) -> tuple[Scribe, list[RoomState]]:
    """A session with `count` snapshots and a tail."""
    scribe, states = await here.start_session(workshop.mara, workshop.ana), []
    for number in range(count):
        await scribe.say(said(workshop.ana, SendMessage(text=f"message {number}")))
        states.append(scribe.state)
        assert await snapshots.save(scribe.session, scribe.state)
    await scribe.say(said(workshop.ana, SendMessage(text="the tail")))
    return scribe, states


async def replayed(here: Process, scribe: Scribe, snapshots: Snapshots) -> RoomState:
    start = await snapshots.load(scribe.session)
    return room.replay(await here.event_log.read(scribe.session, start.seq if start else 0), start)


async def test_a_snapshot_and_the_tail_equal_the_state(here: Process, workshop: Workshop) -> None:
    snapshots = Snapshots(workshop.database)
    scribe, states = await written(here, workshop, snapshots, 2)
    assert await snapshots.load(scribe.session) == states[-1]
    assert await replayed(here, scribe, snapshots) == scribe.state


async def test_an_earlier_one_serves_a_look_into_the_past(here: Process, workshop: Workshop) -> None:
    snapshots = Snapshots(workshop.database)
    scribe, states = await written(here, workshop, snapshots, 3)
    assert await snapshots.load(scribe.session, upto=states[1].seq) == states[1]
    assert await snapshots.load(scribe.session, upto=states[1].seq - 1) == states[0]
    assert await snapshots.load(scribe.session, upto=1) is None


async def test_only_the_latest_are_kept(here: Process, workshop: Workshop) -> None:
    snapshots = Snapshots(workshop.database)
    scribe, states = await written(here, workshop, snapshots, KEPT + 3)
    kept = "SELECT array_agg(seq ORDER BY seq) FROM live.session_snapshots WHERE session_id = $1"
    assert await workshop.value(kept, scribe.session) == [each.seq for each in states[-KEPT:]]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_damage_is_found_and_the_one_before_is_taken(
    here: Process, workshop: Workshop, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    """F18: one bit."""
    print("seed", seed)
    snapshots = Snapshots(workshop.database)
    scribe, states = await written(here, workshop, snapshots, 2)
    newest = states[-1].seq
    size = await workshop.value("SELECT octet_length(state) FROM live.session_snapshots WHERE seq = $1", newest)
    flip = "UPDATE live.session_snapshots SET state = set_bit(state, $2, 1 - get_bit(state, $2)) WHERE seq = $1"
    await workshop.execute(flip, newest, Random(seed).randrange(size * 8))
    with caplog.at_level(logging.WARNING):
        assert await snapshots.load(scribe.session) == states[0]
    assert "damaged" in caplog.text
    assert await replayed(here, scribe, snapshots) == scribe.state


async def test_with_every_one_damaged_the_log_replays(here: Process, workshop: Workshop) -> None:
    snapshots = Snapshots(workshop.database)
    scribe, _ = await written(here, workshop, snapshots, 3)
    await workshop.execute("UPDATE live.session_snapshots SET state = '{}', checksum = sha256('{}') WHERE seq % 2 = 0")
    await workshop.execute("UPDATE live.session_snapshots SET state = 'x', checksum = sha256('x') WHERE seq % 2 = 1")
    assert await snapshots.load(scribe.session) is None
    assert await replayed(here, scribe, snapshots) == scribe.state


async def test_another_fold_counts_as_absent(
    here: Process, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots = Snapshots(workshop.database)
    scribe, _ = await written(here, workshop, snapshots, 1)
    monkeypatch.setattr("persistence.snapshots.FOLD_VERSION", FOLD_VERSION + 1)
    assert await snapshots.load(scribe.session) is None


async def test_one_from_beyond_the_log_is_not_believed(here: Process, workshop: Workshop) -> None:
    """After a restore the log may be shorter than what a process remembers."""
    snapshots = Snapshots(workshop.database)
    scribe, states = await written(here, workshop, snapshots, 1)
    beyond = STATE.validate_python(STATE.dump_python(scribe.state) | {"seq": scribe.state.seq + 5})
    assert not await snapshots.save(scribe.session, beyond)
    assert await snapshots.load(scribe.session) == states[0]


async def test_one_of_another_epoch_is_not_stored(here: Process, workshop: Workshop) -> None:
    """F5: taken before a promotion that lost the end, it may be of events that are not there."""
    snapshots = Snapshots(workshop.database)
    scribe, _ = await written(here, workshop, snapshots, 1)
    epoch = await workshop.value("SELECT epoch FROM live.session_heads WHERE session_id = $1", scribe.session)
    assert await snapshots.save(scribe.session, scribe.state, epoch)
    await workshop.execute("UPDATE live.session_heads SET epoch = gen_random_uuid()")
    assert not await snapshots.save(scribe.session, scribe.state, epoch)
