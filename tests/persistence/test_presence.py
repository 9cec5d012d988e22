"""Who is missing and when nobody served, by the database's clock. Time passes by moving every stored time into the past."""

import time
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from persistence.database import Database
from persistence.presence import BEAT_EVERY_S, FRESH_S, MISSING_AFTER_S, Presence
from rooms.ids import SessionId, UserId
from rooms.participants import Leave
from tests.persistence.scribe import Process, Scribe, process_on, said
from tests.persistence.workshop import Workshop


@pytest.fixture
async def here(database: Database) -> AsyncIterator[Process]:
    async with process_on(database) as process:
        yield process


@pytest.fixture
async def scribe(here: Process, workshop: Workshop) -> Scribe:
    """Mara and Ana are in."""
    return await here.start_session(workshop.mara, workshop.ana)


class Clock:
    """`await clock.passes(5, one, two)`: five seconds in which only these processes beat. However slow the machine is, no
    other time passes than what is asked for."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.started_at = time.monotonic()
        self.passed_s = 0.0
        self.moved_s = 0.0

    async def passes(self, seconds: float, *beating: Presence) -> None:
        while seconds > 0:
            step = min(seconds, BEAT_EVERY_S * 2)
            seconds -= step
            self.passed_s += step
            await self.settle()
            for each in beating:
                await each.beat()

    async def settle(self) -> None:
        missing_s = self.passed_s - self.moved_s - (time.monotonic() - self.started_at)
        self.moved_s += missing_s
        for table, columns in (
            ("processes", ("started_at", "beat_at", "steady_since")),
            ("presence", ("since", "gone_at")),
            ("service", ("beat_at",)),
        ):
            moved = ", ".join(f"{column} = {column} - make_interval(secs => {missing_s})" for column in columns)
            await self.workshop.execute(f"UPDATE live.{table} SET {moved}")


@pytest.fixture
def clock(workshop: Workshop) -> Clock:
    return Clock(workshop)


def process(workshop: Workshop) -> Presence:
    return Presence(workshop.database, uuid4())


async def missing(presence: Presence) -> set[tuple[SessionId, UserId]]:
    return {(each.session, each.user) for each in await presence.missing()}


async def test_whoever_is_connected_is_never_missing(scribe: Scribe, workshop: Workshop, clock: Clock) -> None:
    one = process(workshop)
    await one.beat()
    await one.arrive([(scribe.session, workshop.mara), (scribe.session, workshop.ana)])
    await clock.passes(100, one)
    assert await missing(one) == set()


async def test_gone_for_thirty_seconds_is_missing_and_not_before(
    scribe: Scribe, workshop: Workshop, clock: Clock
) -> None:
    one = process(workshop)
    await one.beat()
    await one.arrive([(scribe.session, workshop.mara), (scribe.session, workshop.ana)])
    await clock.passes(20, one)
    await one.leave([(scribe.session, workshop.ana)])
    await clock.passes(MISSING_AFTER_S - 1, one)
    assert await missing(one) == set()
    await clock.passes(1.5, one)
    (gone,) = await one.missing()
    assert (gone.session, gone.user) == (scribe.session, workshop.ana)
    assert gone == (await one.missing())[0]  # the same id however often it is asked
    since = await workshop.value("SELECT clock_timestamp() - $1", gone.last_seen)
    assert MISSING_AFTER_S <= since.total_seconds() < MISSING_AFTER_S + 3


async def test_a_return_in_time_or_a_connection_elsewhere_counts(
    scribe: Scribe, workshop: Workshop, clock: Clock
) -> None:
    one, other = process(workshop), process(workshop)
    for each in (one, other):
        await each.beat()
    ana, mara = (scribe.session, workshop.ana), (scribe.session, workshop.mara)
    await one.arrive([ana, mara])
    await other.arrive([mara])
    await one.leave([ana, mara])
    await clock.passes(MISSING_AFTER_S - 5, one, other)
    await one.arrive([ana])
    await clock.passes(60, one, other)
    assert await missing(one) == set()


async def test_a_dead_process_takes_its_people_along(scribe: Scribe, workshop: Workshop, clock: Clock) -> None:
    dead, alive = process(workshop), process(workshop)
    for each in (dead, alive):
        await each.beat()
    await dead.arrive([(scribe.session, workshop.mara), (scribe.session, workshop.ana)])
    await clock.passes(20, dead, alive)
    await clock.passes(5, alive)
    await alive.arrive([(scribe.session, workshop.mara)])  # came over
    await clock.passes(MISSING_AFTER_S - 6, alive)
    assert await missing(alive) == set()
    await clock.passes(2, alive)
    (gone,) = await alive.missing()
    assert gone.user == workshop.ana


async def test_after_an_outage_of_postgres_people_get_ten_seconds(
    scribe: Scribe, workshop: Workshop, clock: Clock
) -> None:
    """All beats stop for two minutes; whoever beats first must not take the others' people for gone."""
    one, other = process(workshop), process(workshop)
    for each in (one, other):
        await each.beat()
    await other.arrive([(scribe.session, workshop.mara)])
    await one.arrive([(scribe.session, workshop.ana)])
    await clock.passes(60, one, other)
    await clock.passes(120)
    await one.beat()
    assert await missing(one) == set()
    await clock.passes(FRESH_S - 1, one)
    assert await missing(one) == set()
    await other.beat()
    await clock.passes(3, one, other)
    assert await missing(one) == set()


async def test_after_a_restart_only_those_who_did_not_return_are_missing(
    scribe: Scribe, workshop: Workshop, clock: Clock
) -> None:
    before = process(workshop)
    await before.beat()
    await before.arrive([(scribe.session, workshop.mara), (scribe.session, workshop.ana)])
    await clock.passes(20, before)
    await clock.passes(120)  # kill -9, and nobody there for a while
    after = process(workshop)
    await after.beat()
    await after.arrive([(scribe.session, workshop.mara)])
    await clock.passes(FRESH_S - 1, after)
    assert await missing(after) == set()
    await clock.passes(2, after)
    (gone,) = await after.missing()
    assert gone.user == workshop.ana
    seen_before = await workshop.value("SELECT clock_timestamp() - $1", gone.last_seen)
    assert seen_before.total_seconds() > 120  # when the old process was last alive, not when it was noticed


async def test_leaving_by_the_log_is_forgotten(scribe: Scribe, workshop: Workshop, clock: Clock) -> None:
    one = process(workshop)
    await one.beat()
    await one.arrive([(scribe.session, workshop.mara), (scribe.session, workshop.ana)])
    await one.leave([(scribe.session, workshop.ana)])
    await clock.passes(40, one)
    (gone,) = await one.missing()
    await scribe.say(said(None, Leave(user_id=gone.user, last_seen=gone.last_seen), gone.command_id))
    await one.forget([(gone.session, gone.user), (scribe.session, workshop.mara)])
    assert await one.missing() == []
    left = await workshop.value("SELECT array_agg(user_id) FROM live.presence")
    assert left == [workshop.mara]  # still connected: not forgotten


async def test_the_waiting_are_missed_too(here: Process, scribe: Scribe, workshop: Workshop, clock: Clock) -> None:
    """Who waits in the lobby has no row of a participant yet."""
    one = process(workshop)
    await one.beat()
    await one.arrive([(scribe.session, workshop.mara), (scribe.session, workshop.ana), (scribe.session, workshop.ben)])
    await one.leave([(scribe.session, workshop.ben)])
    await clock.passes(40, one)
    assert await missing(one) == {(scribe.session, workshop.ben)}


async def test_of_whom_nobody_kept_a_row_the_log_had_the_last_sign(
    scribe: Scribe, workshop: Workshop, clock: Clock
) -> None:
    one = process(workshop)
    await one.beat()
    await clock.passes(FRESH_S + 1, one)
    assert await missing(one) == set()  # joined just now
    joined = "UPDATE live.session_participants SET joined_at = joined_at - interval '1 min' WHERE user_id = $1"
    await workshop.execute(joined, workshop.ana)
    assert await missing(one) == set()  # but acted since


async def test_an_unknown_session_spoils_no_arrival(scribe: Scribe, workshop: Workshop) -> None:
    one = process(workshop)
    await one.beat()
    await one.arrive([(SessionId(str(uuid4())), workshop.ana), (scribe.session, workshop.ana)])
    assert await workshop.value("SELECT count(*) FROM live.presence") == 1


async def test_hold_puts_right_what_could_not_be_written(scribe: Scribe, workshop: Workshop) -> None:
    one = process(workshop)
    await one.beat()
    await one.arrive([(scribe.session, workshop.ana), (scribe.session, workshop.ben)])
    await one.hold([(scribe.session, workshop.ben), (scribe.session, workshop.mara)])
    here_now = "SELECT array_agg(user_id ORDER BY user_id) FROM live.presence WHERE gone_at IS NULL"
    assert await workshop.value(here_now) == sorted([workshop.ben, workshop.mara])


async def test_a_drained_process_leaves_nobody_behind(scribe: Scribe, workshop: Workshop, clock: Clock) -> None:
    going, staying = process(workshop), process(workshop)
    for each in (going, staying):
        await each.beat()
    await going.arrive([(scribe.session, workshop.mara), (scribe.session, workshop.ana)])
    await clock.passes(12, going, staying)
    await going.end()
    await staying.arrive([(scribe.session, workshop.mara)])
    await clock.passes(MISSING_AFTER_S + 1, staying)
    assert await missing(staying) == {(scribe.session, workshop.ana)}
    assert await workshop.value("SELECT array_agg(id) FROM live.processes") == [staying.process]


# -- when nobody served --


async def test_ten_seconds_without_a_beat_are_an_interruption(scribe: Scribe, workshop: Workshop, clock: Clock) -> None:
    one, other = process(workshop), process(workshop)
    await one.beat()
    await clock.passes(FRESH_S - 1)
    await other.beat()
    await clock.passes(FRESH_S - 1, one)
    assert await one.interruptions() == []
    await clock.passes(FRESH_S + 15)
    await one.beat()
    await other.beat()  # finds it noted already
    (found,) = await other.interruptions()
    assert found.sessions == (scribe.session,)  # the cast's other session has not started
    assert FRESH_S + 14 < (found.to_at - found.from_at).total_seconds() < FRESH_S + 18
    assert found == (await one.interruptions())[0]
    assert UUID(found.command_id(scribe.session)) != UUID(found.command_id(SessionId(str(uuid4()))))
    await one.reported(found)
    assert await other.interruptions() == []


async def test_beats_of_any_process_are_service(scribe: Scribe, workshop: Workshop, clock: Clock) -> None:
    one, other = process(workshop), process(workshop)
    await one.beat()
    for _ in range(5):
        await clock.passes(8, one)
        await clock.passes(8, other)
    assert await one.interruptions() == []
