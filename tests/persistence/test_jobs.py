"""Durable jobs: queued exactly with their event, done once by whoever holds the lease, gone on with when a worker dies."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from persistence.committer import CommitFailed
from persistence.database import Database
from persistence.event_log import Appended, Batch, Moved
from persistence.jobs import Job, Jobs, backoff_s
from rooms.chat import MessageSent
from rooms.feature import Enqueue, Recorded
from rooms.ids import SessionId
from tests.databases import SECRET_KEY
from tests.persistence.scribe import Process, Scribe, process_on
from tests.persistence.workshop import Workshop

KINDS = ["finalise", "transcribe"]


@pytest.fixture
async def here(database: Database) -> AsyncIterator[Process]:
    async with process_on(database) as process:
        yield process


@pytest.fixture
def jobs(database: Database) -> Jobs:
    return Jobs(database)


def work(key: str = "k", kind: str = "finalise", **payload: Any) -> Enqueue:
    return Enqueue(kind, key, payload)


async def lease(jobs: Jobs, worker: str = "one", lease_s: float = 30.0) -> Job:
    job = await jobs.lease(KINDS, worker, lease_s)
    assert job is not None
    return job


async def age(database: Database, seconds: float) -> None:
    """So much later, for everything that waits or runs."""
    async with database.connection() as connection:
        await connection.execute("UPDATE ops.jobs SET due_at = due_at - make_interval(secs => $1)", seconds)


async def statuses(database: Database) -> list[str]:
    async with database.connection() as connection:
        return [row["status"] for row in await connection.fetch("SELECT status FROM ops.jobs ORDER BY created_at")]


# -- the append --


def asking(scribe: Scribe, *effects: Enqueue, expected: int | None = None) -> Batch:
    after = scribe.state.seq if expected is None else expected
    event = MessageSent(message_id=scribe.session, text="asks")
    recorded = Recorded(after + 1, datetime.now(UTC), None, None, event)
    return Batch(scribe.session, after, scribe.epoch, (recorded,), effects=effects)


async def test_a_job_is_there_exactly_when_its_event_is(here: Process, workshop: Workshop, jobs: Jobs) -> None:
    scribe = await here.start_session(workshop.mara)
    recording = str(uuid4())
    batch = asking(scribe, work(recording, recordingId=recording))
    assert isinstance((await here.event_log.append([asking(scribe, work("stale"), expected=1)]))[0], Moved)
    assert await jobs.lease(KINDS, "one") is None
    assert (await here.event_log.append([batch]))[0] == Appended(batch.reached)
    job = await lease(jobs)
    assert (job.session, job.kind, job.key, job.payload, job.attempts) == (
        scribe.session,
        "finalise",
        recording,
        {"recordingId": recording},
        1,
    )
    assert isinstance((await here.event_log.append([batch]))[0], Moved)  # sent again: nothing new
    assert await statuses(workshop.database) == ["running"]


async def test_of_many_sessions_appended_together_each_gets_its_own(
    here: Process, workshop: Workshop, jobs: Jobs
) -> None:
    """Also under the same key: what one session asks for must not swallow what another does."""
    scribes = [await here.start_session(workshop.mara) for _ in range(3)]
    await asyncio.gather(*(here.committer.submit(asking(each, work("same"))) for each in scribes))
    leased = [await lease(jobs) for _ in scribes]
    assert {job.session for job in leased} == {scribe.session for scribe in scribes}


async def test_what_cannot_be_stored_fails_its_batch_alone(here: Process, workshop: Workshop, jobs: Jobs) -> None:
    scribe = await here.start_session(workshop.mara)
    with pytest.raises(CommitFailed):
        await here.committer.submit(asking(scribe, work("bad\0key")))
    assert await jobs.lease(KINDS, "one") is None


# -- once --


async def test_the_same_is_not_queued_twice_while_it_waits_or_runs_and_again_later(
    database: Database, jobs: Jobs
) -> None:
    session = SessionId(str(uuid4()))
    for owner in (None, session):
        await jobs.enqueue(work(), owner)
        await jobs.enqueue(work(), owner)
    assert await statuses(database) == ["queued", "queued"]
    job = await lease(jobs)
    await jobs.enqueue(work(), job.session)
    assert await statuses(database) == ["running", "queued"]
    assert await jobs.done(job)
    await jobs.enqueue(work(), job.session)
    assert await statuses(database) == ["done", "queued", "queued"]


async def test_many_workers_never_get_the_same_one(database: Database, jobs: Jobs) -> None:
    for number in range(12):
        await jobs.enqueue(work(str(number)))
    leased = await asyncio.gather(*(Jobs(database).lease(KINDS, f"w{number}") for number in range(20)))
    keys = [job.key for job in leased if job is not None]
    assert len(keys) == len(set(keys))
    while (job := await jobs.lease(KINDS, "last")) is not None:
        keys.append(job.key)
    assert sorted(keys) == sorted(str(number) for number in range(12))


async def test_only_asked_for_kinds_and_only_what_is_due_oldest_first(database: Database, jobs: Jobs) -> None:
    await jobs.enqueue(work("other", "mail"))
    await jobs.enqueue(work("second"), in_s=20)
    await jobs.enqueue(work("first"), in_s=10)
    assert await jobs.lease(KINDS, "one") is None
    await age(database, 30)
    assert [(await lease(jobs)).key, (await lease(jobs)).key] == ["first", "second"]


# -- the lease --


async def test_a_killed_worker_s_job_goes_on_after_its_lease_and_its_late_word_counts_for_nothing(
    database: Database, jobs: Jobs
) -> None:
    await jobs.enqueue(work(part=1))
    dead = await lease(jobs, "dead")
    assert await jobs.lease(KINDS, "other") is None
    await age(database, 31)
    other = await lease(jobs, "other")
    assert (other.id, other.payload, other.attempts) == (dead.id, {"part": 1}, 2)
    assert not await jobs.renew(dead)
    assert not await jobs.done(dead, work("next"))
    assert await jobs.failed(dead, "late", 1) is None
    assert not await jobs.release(dead)
    assert await statuses(database) == ["running"]
    assert await jobs.done(other, work("next"))
    assert not await jobs.done(other, work("next, too"))
    assert await statuses(database) == ["done", "queued"]


async def test_a_renewed_lease_is_not_taken(database: Database, jobs: Jobs) -> None:
    await jobs.enqueue(work())
    job = await lease(jobs)
    await age(database, 29)
    assert await jobs.renew(job)
    await age(database, 29)
    assert await jobs.lease(KINDS, "other") is None
    await age(database, 29)
    assert await jobs.renew(job)  # over, but nobody came: still this worker's
    assert await jobs.lease(KINDS, "other") is None


async def test_jobs_survive_the_process(dsn: str, database: Database, jobs: Jobs) -> None:
    await jobs.enqueue(work("k", recordingId="r"))
    later = await Database.open(dsn, SECRET_KEY)
    try:
        assert (await lease(Jobs(later))).payload == {"recordingId": "r"}
    finally:
        await later.close()


# -- failing --


async def test_five_attempts_with_longer_and_longer_rests_then_dead(database: Database, jobs: Jobs) -> None:
    await jobs.enqueue(work())
    for attempt in range(1, 6):
        job = await lease(jobs)
        assert job.attempts == attempt
        rest_s = backoff_s(attempt)
        assert await jobs.failed(job, "it\0broke" * 200, rest_s) == ("queued" if attempt < 5 else "dead")
        assert await jobs.lease(KINDS, "one") is None
        await age(database, rest_s - 1)
        assert await jobs.lease(KINDS, "one") is None
        await age(database, 2)
    assert [backoff_s(attempt) for attempt in range(1, 5)] == [5, 20, 80, 320]
    assert await jobs.lease(KINDS, "one") is None
    async with database.connection() as connection:
        error = await connection.fetchval("SELECT last_error FROM ops.jobs")
    assert error.startswith("itbroke")
    assert len(error) <= 500


async def test_without_a_retry_it_is_dead_at_once_and_an_operator_may_try_again(database: Database, jobs: Jobs) -> None:
    await jobs.enqueue(work())
    assert await jobs.failed(await lease(jobs), "never", None) == "dead"
    assert await jobs.lease(KINDS, "one") is None
    async with database.connection() as connection:  # as docs/operations.md says
        await connection.execute("UPDATE ops.jobs SET status = 'queued', attempts_max = attempts + 1, due_at = now()")
    job = await lease(jobs)
    assert job.attempts == 2
    assert await jobs.failed(job, "again", 0) == "dead"  # one attempt was granted


async def test_what_kills_its_workers_is_handed_out_once_more_to_be_reported(database: Database, jobs: Jobs) -> None:
    """Also if whoever was to report it died: nobody waits for it in vain."""
    await jobs.enqueue(work())
    for _ in range(5):
        assert not (await lease(jobs, "doomed")).exhausted
        await age(database, 31)
    assert (await lease(jobs, "doomed")).exhausted
    await age(database, 31)
    job = await lease(jobs)
    assert job.exhausted
    assert await jobs.failed(job, "worker_died", backoff_s(1)) == "dead"
    assert await jobs.lease(KINDS, "one") is None
    assert await statuses(database) == ["dead"]


async def test_putting_back_costs_no_attempt(database: Database, jobs: Jobs) -> None:
    await jobs.enqueue(work())
    for _ in range(9):
        assert await jobs.release(await lease(jobs))
    job = await lease(jobs)
    assert await jobs.release(job, in_s=5)
    assert await jobs.lease(KINDS, "one") is None
    await age(database, 6)
    for left in (4, 3, 2, 1, 0):
        assert await jobs.failed(await lease(jobs), "x", 0) == ("queued" if left else "dead")


async def test_what_is_over_is_forgotten_after_a_month(database: Database, jobs: Jobs, dsn: str) -> None:
    for key in ("old", "new", "waiting"):
        await jobs.enqueue(work(key))
    assert await jobs.done(await lease(jobs))
    assert await jobs.done(await lease(jobs))
    owner = await asyncpg.connect(dsn)
    try:
        await owner.execute("SET session_replication_role = replica")
        await owner.execute(
            "UPDATE ops.jobs SET updated_at = now() - interval '31 days' WHERE key IN ('old', 'waiting')"
        )
    finally:
        await owner.close()
    await jobs.forget_old()
    async with database.connection() as connection:
        kept = await connection.fetch("SELECT key FROM ops.jobs ORDER BY key")
    assert [row["key"] for row in kept] == ["new", "waiting"]
