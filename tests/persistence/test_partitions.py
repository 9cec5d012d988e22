"""Recordings by month (W245, D24): made ahead, never refused, found through one partition."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from persistence.daily import MONTHS_AHEAD, carry_out
from persistence.database import Database
from persistence.uuid7 import uuid7
from tests.persistence.test_schema import refused
from tests.persistence.workshop import Workshop

ENSURE = "SELECT ops.ensure_partitions($1)"
NAMES = (
    "SELECT array_agg(c.relname::text ORDER BY c.relname) FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid "
    "WHERE i.inhparent = 'workbook.audio_recordings'::regclass"
)
INSERT = (
    "INSERT INTO audio_recordings (id, user_id, file_name, file_url, mime_type, duration_seconds, file_size_bytes) "
    "VALUES ($1, $2, 'a.wav', 'store://a', 'audio/wav', 1, 1)"
)


def month(ahead: int) -> datetime:
    now = datetime.now(UTC)
    years, months = divmod(now.month - 1 + ahead, 12)
    return datetime(now.year + years, months + 1, 1, tzinfo=UTC)


def name(ahead: int) -> str:
    return f"audio_recordings_{month(ahead):%Y_%m}"


async def where(workshop: Workshop, id_: str) -> str:
    found: str = await workshop.value("SELECT tableoid::regclass::text FROM audio_recordings WHERE id = $1", id_)
    return found


@pytest.mark.requirement("W245")
async def test_months_are_made_ahead_once_whoever_asks(workshop: Workshop) -> None:
    assert await workshop.value(NAMES) == ["audio_recordings_default"]
    made = await asyncio.gather(*(workshop.value(ENSURE, 3) for _ in range(4)))
    assert sorted(made) == [0, 0, 0, 4]
    assert await workshop.value(NAMES) == sorted([*(name(ahead) for ahead in range(4)), "audio_recordings_default"])
    assert await workshop.value(ENSURE, 4) == 1


@pytest.mark.requirement("W077", "W245", "D24")
async def test_a_row_lies_in_its_month_to_the_millisecond(workshop: Workshop) -> None:
    await workshop.value(ENSURE, 1)
    start = month(1)
    for at, place in (
        (start - timedelta(milliseconds=1), name(0)),
        (start, name(1)),
        (month(2) - timedelta(milliseconds=1), name(1)),
        (month(2), "audio_recordings_default"),
        (datetime(2001, 1, 1, tzinfo=UTC), "audio_recordings_default"),
    ):
        for noise in (bytes(10), b"\xff" * 10):
            await workshop.execute(INSERT, id_ := uuid7(at, noise), workshop.ana)
            assert await where(workshop, id_) == place, at


@pytest.mark.requirement("W245", "D24")
async def test_without_any_month_nothing_is_refused_and_what_refers_to_it_stays(workshop: Workshop) -> None:
    """Nobody made partitions for months: rows are kept where they are, with their transcripts."""
    id_ = uuid7(datetime.now(UTC))
    await workshop.execute(INSERT, id_, workshop.ana)
    await workshop.execute("INSERT INTO transcription_records (audio_recording_id) VALUES ($1)", id_)
    assert await workshop.value(ENSURE, 1) == 1
    assert await where(workshop, id_) == "audio_recordings_default"
    assert await workshop.value("SELECT count(*) FROM transcription_records") == 1
    assert await workshop.value(ENSURE, 1) == 0
    await workshop.execute(INSERT, uuid7(datetime.now(UTC)), workshop.ben)
    assert await workshop.value("SELECT count(*) FROM audio_recordings") == 2


@pytest.mark.requirement("W077", "D24")
async def test_d24_ids_of_another_version_are_refused(workshop: Workshop) -> None:
    assert await refused(workshop, INSERT, str(uuid4()), workshop.ana) == "check_recording_id_v7"


async def test_the_database_makes_the_same_kind_of_ids(workshop: Workshop) -> None:
    at = datetime(2026, 5, 6, 9, 0, 0, 123_000, UTC)
    theirs = UUID(await workshop.value("SELECT app.uuid7($1)", at))
    ours = UUID(uuid7(at))
    assert (theirs.version, theirs.variant) == (ours.version, ours.variant) == (7, UUID(int=0x8 << 60).variant)
    assert theirs.hex[:12] == ours.hex[:12]
    floor = UUID(await workshop.value("SELECT app.uuid7_floor($1)", at))
    assert floor < UUID(uuid7(at, bytes(10))) <= theirs or floor < theirs
    assert UUID(uuid7(at - timedelta(milliseconds=1), b"\xff" * 10)) < floor


@pytest.mark.requirement("W245", "D24")
async def test_a_search_by_id_or_time_touches_its_partitions_only(workshop: Workshop) -> None:
    await workshop.value(ENSURE, 3)
    for where_, argument in (
        ("id = $1::uuid", uuid7(month(2))),
        (
            "id >= app.uuid7_floor($1::timestamptz) AND id < app.uuid7_floor($1::timestamptz + interval '1 day')",
            month(2),
        ),
    ):
        async with workshop.database.connection() as connection:
            rows = await connection.fetch(
                f"EXPLAIN SELECT * FROM workbook.audio_recordings WHERE {where_}".replace("$1", f"'{argument}'")
            )
        plan = "\n".join(row[0] for row in rows)
        assert name(2) in plan
        assert name(0) not in plan
        assert name(3) not in plan


@pytest.mark.requirement("P7")
async def test_a_partition_can_only_be_reached_through_its_parent(workshop: Workshop) -> None:
    await workshop.value(ENSURE, 0)
    for table in (name(0), "audio_recordings_default"):
        for pool in (workshop.database.app, workshop.database.engine):
            async with pool.acquire() as connection:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(f"SELECT * FROM workbook.{table}")


@pytest.mark.requirement("W089", "W090", "D24", "D49")
async def test_months_that_have_been_made_keep_the_promises_of_the_whole(workshop: Workshop) -> None:
    """Serving is refused where a table has no row-level security; every partition has its triggers and keys."""
    await workshop.value(ENSURE, 1)
    bare = await workshop.value(
        "SELECT array_agg(c.relname::text) FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid "
        "WHERE i.inhparent = 'workbook.audio_recordings'::regclass AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
    )
    assert bare is None
    id_ = uuid7(datetime.now(UTC))
    await workshop.execute(INSERT, id_, workshop.ana)
    assert await where(workshop, id_) == name(0)
    assert await refused(workshop, INSERT, uuid7(datetime.now(UTC)), str(uuid4())) == "audio_recordings_user_id_fkey"
    await workshop.execute("UPDATE audio_recordings SET file_name = 'b.wav', created_at = '1999-01-01'")
    assert await workshop.value("SELECT created_at > '2020-01-01' AND updated_at > created_at FROM audio_recordings")


async def test_once_a_day_everything_is_seen_to(database: Database, workshop: Workshop) -> None:
    await carry_out(database)
    names: Any = await workshop.value(NAMES)
    assert len(names) == MONTHS_AHEAD + 2
    await carry_out(database)
