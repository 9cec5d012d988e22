"""One clock for all processes: the database's, carried on by the monotonic one (F14)."""

from datetime import datetime
from types import SimpleNamespace

import asyncpg
import pytest

from persistence import clock as clock_module
from persistence.clock import Clock
from persistence.database import Database


@pytest.fixture
async def there(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(dsn)


async def test_a_wrong_machine_is_put_right(
    there: "asyncpg.Connection[asyncpg.Record]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock_module, "time", lambda: 0.0)  # the machine believes in 1970
    clock = Clock()
    assert clock.now().year == 1970
    await clock.set_by(there)
    before: datetime = await there.fetchval("SELECT clock_timestamp()")
    assert abs((clock.now() - before).total_seconds()) < 1
    await there.close()


async def test_what_may_be_only_the_way_there_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a step of the database is followed."""
    monotonic, told = [0.0], [1_000.0]

    async def fetchval(_statement: str) -> datetime:
        monotonic[0] += 0.2
        return datetime.fromtimestamp(told[0] + monotonic[0]).astimezone()

    monkeypatch.setattr(clock_module, "monotonic", lambda: monotonic[0])
    there = SimpleNamespace(fetchval=fetchval)
    clock = Clock()
    await clock.set_by(there)  # type: ignore[arg-type]
    assert clock.now_s() == pytest.approx(1_000.3)  # 0.2 s on its way, and told in the end: half of it too much
    await clock.set_by(there)  # type: ignore[arg-type]
    told[0] = 1_000.15
    was = clock.now_s() - monotonic[0]
    await clock.set_by(there)  # type: ignore[arg-type]
    assert clock.now_s() - monotonic[0] == was
    told[0] = 4_600.0
    await clock.set_by(there)  # type: ignore[arg-type]
    assert clock.now_s() - monotonic[0] == pytest.approx(4_600.1)


async def test_an_opened_database_tells_the_time(
    database: Database, there: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    now: datetime = await there.fetchval("SELECT clock_timestamp()")
    assert abs((database.clock.now() - now).total_seconds()) < 1
    await there.close()
