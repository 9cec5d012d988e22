"""The pools: transactions, time limits, and what happens when Postgres goes away or is another one than before."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from persistence import database as pools
from persistence.database import Database, Unavailable
from persistence.embedded import Embedded
from persistence.migrate import migrate
from tests.databases import SECRET_KEY
from tests.persistence.workshop import Workshop

BACK_WITHIN_S = 10.0
ANA = "00000000-0000-4000-8000-000000000001"


async def test_a_fresh_database_serves_with_its_two_logins(database: Database) -> None:
    await database.ready()
    async with database.transaction() as connection:
        assert await connection.fetchval("SELECT current_user") == "workshop_engine"
    async with database.as_user(ANA, "request 1") as connection:
        assert await connection.fetchval("SELECT current_user") == "workshop_app"
        assert await connection.fetchval("SELECT app.current_user_id()") == ANA
        assert await connection.fetchval("SELECT current_setting('app.request_id')") == "request 1"


@pytest.mark.requirement("P9")
async def test_json_is_objects_ids_are_strings_times_are_utc(database: Database) -> None:
    async with database.connection() as connection:
        value = {"text": "naïve ☃", "list": [1, None, True]}
        assert await connection.fetchval("SELECT $1::jsonb", value) == value
        assert await connection.fetchval("SELECT $1::uuid", ANA) == ANA
        assert await connection.fetchval("SELECT $1::uuid[]", [ANA]) == [ANA]
        now = await connection.fetchval("SELECT now()")
        assert now.utcoffset().total_seconds() == 0
        with pytest.raises(asyncpg.DataError):
            await connection.fetchval("SELECT $1::jsonb", float("nan"))


async def test_a_transaction_is_whole_or_nothing(workshop: Workshop) -> None:
    async def change_and_fail() -> None:
        async with workshop.database.transaction() as connection:
            await connection.execute("UPDATE live.live_sessions SET title = 'changed'")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_and_fail()
    assert await workshop.value("SELECT title FROM live.live_sessions") == "Sketching"


async def test_d17_a_used_up_pool_is_unavailable_in_time_not_a_hang(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "ACQUIRE_TIMEOUT_S", 0.1)
    held = [await database.engine.acquire() for _ in range(database.engine.get_max_size())]
    async with asyncio.timeout(15):
        with pytest.raises(Unavailable):
            async with database.connection():
                raise AssertionError("there was no connection left")
    for connection in held:
        await database.engine.release(connection)
    await database.ready()


async def test_d17_the_server_limits_statements_locks_and_idle_transactions(database: Database) -> None:
    async with database.connection() as connection:
        limits = [
            await connection.fetchval("SELECT current_setting($1)", setting)
            for setting in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        ]
    assert limits == ["4500ms", "3s", "10s"]
    async with database.as_user(str(uuid4())) as connection:
        assert await connection.fetchval("SELECT current_setting('statement_timeout')") == "2s", "attack 43"


async def test_a_statement_that_takes_too_long_is_unavailable(database: Database) -> None:
    with pytest.raises(Unavailable):
        async with database.transaction() as connection:
            await connection.execute("SET LOCAL statement_timeout = 20; SELECT pg_sleep(1)")
    await database.ready()


async def test_d23_what_is_given_up_is_not_cancelled(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be committed already and wait for a synchronous standby: cancelled, it would be shown before that one has it."""
    monkeypatch.setattr(pools, "COMMAND_TIMEOUT_S", 0.2)
    database = await Database.open(dsn, SECRET_KEY, connections=2)
    late = "WITH late AS MATERIALIZED (SELECT pg_sleep(1)) UPDATE ops.cluster SET seen_at = '2001-01-01' FROM late"
    with pytest.raises(Unavailable):
        async with database.connection() as connection:
            await connection.execute(late)
    given_up = asyncio.create_task(_hold(database, late))
    await asyncio.sleep(0.1)
    given_up.cancel()
    await asyncio.wait({given_up})
    superuser = await asyncpg.connect(dsn)
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%2001-01-01%' AND pid <> pg_backend_pid() AND state = 'active'"
    assert await superuser.fetchval(waiting) == 2
    async with asyncio.timeout(BACK_WITHIN_S):
        while (await superuser.fetchval("SELECT seen_at FROM ops.cluster")).year != 2001:  # noqa: ASYNC110 - it sets no event
            await asyncio.sleep(0.05)
    await superuser.close()
    await database.ready()
    await database.close()


async def test_d23_who_is_cancelled_in_a_transaction_stays_so(database: Database) -> None:
    async def wait() -> None:
        async with database.transaction() as connection:
            await connection.execute("SELECT pg_sleep(10)")

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0.2)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled()
    await database.ready()


async def _hold(database: Database, statement: str) -> None:
    async with database.connection() as connection:
        await connection.execute(statement, timeout=10)


async def test_our_own_mistakes_are_not_called_unavailable(database: Database) -> None:
    with pytest.raises(asyncpg.DataError):
        async with database.connection() as connection:
            await connection.execute("SELECT $1::int", "no number")
    with pytest.raises(asyncpg.UndefinedTableError):
        async with database.connection() as connection:
            await connection.execute("SELECT * FROM nothing")


async def test_f7_a_terminated_connection_is_replaced(database: Database) -> None:
    with pytest.raises(Unavailable):
        async with database.connection() as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    await database.ready()


# -- another Postgres than before --


async def epoch(workshop: Workshop) -> str:
    value: str = await workshop.value("SELECT epoch FROM live.session_heads")
    return value


async def test_the_epoch_stays_as_long_as_the_same_postgres_answers(workshop: Workshop, dsn: str) -> None:
    before = await epoch(workshop)
    again = await Database.open(dsn, SECRET_KEY)
    await again.close()
    assert await epoch(workshop) == before


@pytest.mark.parametrize(("column", "other"), [("system_identifier", "1"), ("timeline", "00000099")])
async def test_an_unannounced_restore_or_promotion_renews_every_epoch_once(
    workshop: Workshop, dsn: str, column: str, other: str
) -> None:
    before = await epoch(workshop)
    await workshop.execute(f"UPDATE ops.cluster SET {column} = $1", other)
    first, second = await asyncio.gather(Database.open(dsn, SECRET_KEY), Database.open(dsn, SECRET_KEY))
    after = await epoch(workshop)
    assert after != before
    await first.close()
    await second.close()
    third = await Database.open(dsn, SECRET_KEY)
    await third.close()
    assert await epoch(workshop) == after


async def test_the_first_connection_after_an_outage_recognises_another_cluster(workshop: Workshop) -> None:
    """While the process keeps running: its pool alone connects again."""
    before = await epoch(workshop)
    await workshop.execute("UPDATE ops.cluster SET system_identifier = '1'")
    await workshop.database.engine.expire_connections()
    assert await epoch(workshop) != before


# -- a Postgres that dies --


@pytest.fixture
async def own(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Embedded, Database]]:
    """A server of its own, to be killed."""
    embedded = Embedded(tmp_path_factory.mktemp("own"))
    dsn = embedded.start()
    await migrate(dsn, SECRET_KEY)
    database = await Database.open(dsn, SECRET_KEY)
    keeping = asyncio.create_task(embedded.keep())
    yield embedded, database
    keeping.cancel()
    await database.close()
    embedded.stop()


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT, signal.SIGQUIT], ids=str)
async def test_f4_it_is_unavailable_while_postgres_is_gone_and_back_by_itself(
    own: tuple[Embedded, Database], sign: signal.Signals
) -> None:
    embedded, database = own
    assert embedded.pid is not None
    held = [await database.engine.acquire() for _ in range(3)]  # some connections idle, some in use
    os.kill(embedded.pid, sign)
    refused = 0
    async with asyncio.timeout(BACK_WITHIN_S):
        while True:
            try:
                async with database.connection() as connection:
                    await connection.execute("SELECT pg_sleep(0.05)")
                await database.ready()
                if refused:
                    break
            except Unavailable:
                refused += 1
                await asyncio.sleep(0.02)
    for connection in held:
        await database.engine.release(connection)
    async with database.as_user(ANA) as connection:
        assert await connection.fetchval("SELECT 1") == 1
