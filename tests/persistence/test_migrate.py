"""Migrations: from nothing, again, at the same time, after a change, by an ordinary owner."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from persistence import migrate as migrations
from persistence.database import Database, Unavailable
from persistence.encryption import Undecryptable, login_password
from persistence.migrate import MigrationRefused, files, migrate, scram_verifier
from tests.databases import SECRET_KEY, Cluster


@pytest.fixture
async def empty(cluster: Cluster) -> AsyncIterator[str]:
    name = await cluster.create("template0")
    yield cluster.dsn(name)
    await cluster.drop(name)


def test_the_files_are_numbered_and_named_once() -> None:
    numbers = [file.name[:4] for file in files()]
    assert numbers == sorted(set(numbers))
    assert len(numbers) >= 5


async def test_an_empty_database_is_brought_up_and_a_current_one_left_alone(empty: str) -> None:
    assert await migrate(empty, SECRET_KEY) == [file.name for file in files()]
    assert await migrate(empty, SECRET_KEY) == []
    database = await Database.open(empty, SECRET_KEY)
    await database.ready()
    async with database.connection() as connection:
        for right in ("TEMPORARY", "CREATE"):
            assert not await connection.fetchval(
                "SELECT has_database_privilege('workshop_app', current_database(), $1)", right
            )
    await database.close()


async def test_two_at_once_apply_every_file_once(empty: str) -> None:
    applied = await asyncio.gather(migrate(empty, SECRET_KEY), migrate(empty, SECRET_KEY))
    assert sorted(applied, key=len) == [[], [file.name for file in files()]]


async def test_a_file_that_fails_leaves_nothing_of_any(
    empty: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "0001_good.sql").write_text("CREATE SCHEMA good;")
    (tmp_path / "0002_bad.sql").write_text("CREATE SCHEMA bad; SELECT 1/0;")
    monkeypatch.setattr(migrations, "FOLDER", tmp_path)
    with pytest.raises(asyncpg.DivisionByZeroError) as failed:
        await migrate(empty, SECRET_KEY)
    assert failed.value.__notes__ == ["in 0002_bad.sql"]
    connection = await asyncpg.connect(empty)
    found = await connection.fetchval("SELECT count(*) FROM pg_namespace WHERE nspname IN ('app', 'good', 'bad')")
    await connection.close()
    assert found == 0


async def test_an_applied_file_may_not_change_nor_may_a_newer_database_be_served(
    dsn: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for file in files():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(migrations, "FOLDER", tmp_path)
    assert await migrate(dsn, SECRET_KEY) == []
    first = tmp_path / files()[0].name
    content = first.read_bytes()
    first.write_bytes(content + b"-- a word more\n")
    with pytest.raises(MigrationRefused, match="was changed after"):
        await migrate(dsn, SECRET_KEY)
    first.unlink()
    with pytest.raises(MigrationRefused, match="newer release"):
        await migrate(dsn, SECRET_KEY)


async def test_a_database_s_owner_who_is_no_superuser_can_migrate(cluster: Cluster) -> None:
    await cluster.execute("CREATE ROLE hosting LOGIN CREATEROLE PASSWORD 'hosting'")
    # What a hosting company's administrator has to grant when the roles exist already in its cluster.
    await cluster.execute("GRANT workshop_owner, workshop_app, workshop_engine TO hosting WITH ADMIN OPTION")
    await cluster.execute("CREATE DATABASE hosted OWNER hosting TEMPLATE template0")
    dsn = cluster.dsn("hosted").replace("postgres@", "hosting:hosting@")
    try:
        assert await migrate(dsn, SECRET_KEY) == [file.name for file in files()]
        database = await Database.open(dsn, SECRET_KEY)
        await database.ready()
        await database.close()
    finally:
        await cluster.drop("hosted")
        await cluster.execute("DROP ROLE hosting")


async def test_another_secret_key_neither_signs_in_nor_opens_what_is_encrypted(cluster: Cluster, dsn: str) -> None:
    database = await Database.open(dsn, SECRET_KEY)
    await database.close()
    with pytest.raises(Unavailable, match="SECRET_KEY"):
        await Database.open(dsn, "another secret key")
    with pytest.raises(Undecryptable, match="SECRET_KEY"):  # whoever gets in all the same
        await Database.open(dsn, "another secret key", engine_dsn=login(dsn, "engine"), app_dsn=login(dsn, "app"))


def login(dsn: str, name: str) -> str:
    return dsn.replace("postgres@", f"workshop_{name}:{login_password(SECRET_KEY, f'workshop_{name}')}@")


def test_the_verifier_is_the_one_postgres_itself_would_store() -> None:
    """RFC 7677's example: user `user`, password `pencil`, its salt and 4096 rounds."""
    verifier = scram_verifier("pencil", b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="))
    assert verifier == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )
