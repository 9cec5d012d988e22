"""The audit (domain.md 2.8): what was changed and by whom, without its words; nobody takes a line back; the live log costs none."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from persistence.audit import ROOM_WITHIN_S, WAITING_MAX, Access, AccessLog
from persistence.daily import carry_out
from persistence.database import Unavailable
from persistence.uuid7 import uuid7
from rooms.chat import SendMessage
from tests.persistence.scribe import process_on, said
from tests.persistence.workshop import Workshop

SECRET = "zanzibarites"
NOTE = "INSERT INTO workbook.workbook_notes (id, user_id, title, content) VALUES ($1, $2, $3, $4)"
# What the log or the machine notes for itself (migrations/0047_audit.sql says why).
LEFT_OUT = {
    "live.session_heads",
    "live.session_events",
    "live.session_commands",
    "live.session_snapshots",
    "live.session_secrets",
    "live.redactions",
    "live.timers",
    "live.processes",
    "live.presence",
    "live.service",
    "live.interruptions",
    "live.projection_cursors",
    "live.media_homes",
    "ops.cluster",
    "ops.idempotency_keys",
    "ops.jobs",
    "ops.backup_runs",
    "bootcamp.discussion_views",
    "audit.log",
    "audit.access",
}


async def lines(workshop: Workshop, dsn: str, entity: str) -> list[dict[str, Any]]:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=json.loads)
        rows = await connection.fetch("SELECT * FROM audit.log WHERE entity = $1 ORDER BY id", entity)
        return [dict(row) for row in rows]
    finally:
        await connection.close()


@pytest.mark.requirement("B324", "D82")
async def test_a_change_is_noted_without_its_words(workshop: Workshop, dsn: str) -> None:
    note, database = str(uuid4()), workshop.database
    async with database.as_user(workshop.ana, "request-1", writes=True) as connection:
        await connection.execute(NOTE, note, workshop.ana, SECRET, SECRET)
    async with database.as_user(workshop.ana, "request-2", writes=True) as connection:
        await connection.execute(
            "UPDATE workbook.workbook_notes SET is_pinned = true, title = $2 WHERE id = $1", note, "b"
        )
        await connection.execute(
            "UPDATE workbook.workbook_notes SET is_pinned = true WHERE id = $1", note
        )  # changes nothing
    await workshop.execute("DELETE FROM workbook.workbook_notes WHERE id = $1", note)
    added, changed, removed = await lines(workshop, dsn, "workbook.workbook_notes")
    assert (str(added["actor"]), added["db_role"], added["request_id"]) == (workshop.ana, "workshop_app", "request-1")
    assert (added["action"], added["key"], added["before"]) == ("insert", {"id": note}, None)
    assert {"title", "content", "tags", "metadata", "user_id"} <= set(added["changed"])
    assert added["after"]["user_id"] == workshop.ana
    assert not {"title", "content", "tags", "metadata", "search_vector"} & set(added["after"])
    assert (changed["changed"], changed["before"], changed["after"]) == (
        ["is_pinned", "metadata", "title"],
        {"is_pinned": False},
        {"is_pinned": True},
    )
    assert (removed["actor"], removed["db_role"], removed["action"]) == (None, "workshop_engine", "delete")
    assert removed["before"]["is_pinned"] is True
    assert SECRET not in str([added, changed, removed])


async def test_every_protected_table_is_watched_but_for_the_live_log(workshop: Workshop) -> None:
    watched = await workshop.value(
        """
        SELECT array_agg(format('%s.%s', n.nspname, c.relname)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relforcerowsecurity AND NOT c.relispartition
           AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'audit')
        """
    )
    assert set(watched) == LEFT_OUT


async def test_every_trigger_knows_the_columns_of_its_table(dsn: str) -> None:
    """Whoever adds a column says `audit.watch` again; until then its value is not copied."""
    connection = await asyncpg.connect(dsn)
    try:
        stale = await connection.fetchval(
            """
            SELECT array_agg(c.oid::regclass::text) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
             WHERE t.tgname = 'audit' AND NOT c.relispartition
               AND position(audit.arguments(c.oid::regclass) IN pg_get_triggerdef(t.oid)) = 0
            """
        )
    finally:
        await connection.close()
    assert stale is None


async def test_nobody_takes_a_line_back(workshop: Workshop, dsn: str) -> None:
    await workshop.execute(NOTE, str(uuid4()), workshop.ana, "t", "c")
    log = AccessLog(workshop.database)
    await log.note(Access(workshop.mara, "r", "GET /notes", "workbook.workbook_notes", (), (workshop.ana,)))
    await log.close()
    superuser = await asyncpg.connect(dsn)
    try:
        for statement in (
            "UPDATE audit.log SET actor = NULL",
            "DELETE FROM audit.log",
            "TRUNCATE audit.log",
            "UPDATE audit.access SET route = ''",
            "DELETE FROM audit.access",
            "TRUNCATE audit.access",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="stays as it is"):
                await superuser.execute(statement)
    finally:
        await superuser.close()
    refused = asyncpg.InsufficientPrivilegeError
    for statement in (
        "SELECT count(*) FROM audit.log",
        "INSERT INTO audit.log (db_role) VALUES ('x')",
        "DELETE FROM audit.access",
        "SELECT count(*) FROM audit.access",
        "SELECT audit.watch('live.session_events')",
    ):
        with pytest.raises(refused):
            await workshop.value(statement)
    async with workshop.database.as_user(workshop.ana) as connection:
        assert await connection.fetchval("SELECT count(*) FROM audit.log") == 0
        assert await connection.fetchval("SELECT count(*) FROM audit.access") == 0
    async with workshop.database.as_user(workshop.ana, writes=True) as connection:
        with pytest.raises(refused):
            await connection.execute("INSERT INTO audit.access (at, actor) VALUES (now(), $1)", workshop.ana)


def month(ahead: int) -> datetime:
    now = datetime.now(UTC)
    years, months = divmod(now.month - 1 + ahead, 12)
    return datetime(now.year + years, months + 1, 1, tzinfo=UTC)


async def test_months_are_made_ahead_and_kept_for_thirteen(workshop: Workshop, dsn: str) -> None:
    names = (
        "SELECT array_agg(c.relname::text ORDER BY c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = 'audit.log'::regclass"
    )
    connection = await asyncpg.connect(dsn)
    try:
        for ahead in (-13, -14):
            begin, end = month(ahead), month(ahead + 1)
            name = f"audit.log_{begin:%Y_%m}"
            await connection.execute(f"CREATE TABLE {name} (LIKE audit.log INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
            await connection.execute(f"ALTER TABLE {name} OWNER TO workshop_owner")
            await connection.execute(
                f"ALTER TABLE audit.log ATTACH PARTITION {name} FOR VALUES FROM (app.uuid7_floor('{begin.isoformat()}')) "
                f"TO (app.uuid7_floor('{end.isoformat()}'))"
            )
        await connection.execute(
            "INSERT INTO audit.log (id, db_role, transaction, entity, key, action, changed) "
            "SELECT unnest($1::uuid[]), 'x', 1, 'x.y', '{}', 'insert', '{}'",
            [uuid7(month(-20)), uuid7(month(-13) + timedelta(hours=1))],
        )
        await carry_out(workshop.database)
        assert await connection.fetchval(names) == [
            *(f"log_{month(ahead):%Y_%m}" for ahead in (-13, 0, 1, 2, 3)),
            "log_default",
        ]
        assert await connection.fetchval("SELECT count(*) FROM audit.log WHERE entity = 'x.y'") == 1
    finally:
        await connection.close()


async def test_the_live_log_and_its_projections_write_no_lines(workshop: Workshop, dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    async with process_on(workshop.database) as here:
        scribe = await here.start_session(workshop.mara, workshop.ana)
        before = await connection.fetchval("SELECT count(*) FROM audit.log")
        for number in range(5):
            await scribe.say(said(workshop.ana, SendMessage(text=f"{SECRET} {number}")))
        await workshop.execute("UPDATE live.session_participants SET participation_score = 3, left_at = now()")
        assert await connection.fetchval("SELECT count(*) FROM audit.log") == before
        await workshop.execute(
            "UPDATE live.session_participants SET role = 'observer' WHERE user_id = $1", workshop.ana
        )
    (line,) = await lines(workshop, dsn, "live.session_participants")
    assert (line["before"], line["after"]) == ({"role": "participant"}, {"role": "observer"})
    await connection.close()


# -- Reads --


@pytest.mark.requirement("B323")
async def test_reads_wait_for_a_database_that_is_away_and_are_not_lost(workshop: Workshop, dsn: str) -> None:
    log = AccessLog(workshop.database)
    real, calls = workshop.database.connection, 0

    def sometimes() -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise Unavailable("away")
        return real()

    workshop.database.connection = sometimes  # type: ignore[method-assign]
    running = asyncio.create_task(log.run())
    for _ in range(3):
        await log.note(Access(workshop.mara, "r", "GET /notes", "workbook.workbook_notes", (), (workshop.ana,)))
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(10):
            while await connection.fetchval("SELECT count(*) FROM audit.access") < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    finally:
        await connection.close()
        running.cancel()


async def test_what_cannot_be_noted_is_not_read(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("persistence.audit.ROOM_WITHIN_S", ROOM_WITHIN_S / 100)
    log = AccessLog(workshop.database)  # nobody writes
    access = Access(workshop.mara, "r", "GET /notes", "workbook.workbook_notes", (), ())
    for _ in range(WAITING_MAX):
        await log.note(access)
    with pytest.raises(Unavailable):
        await log.note(access)
