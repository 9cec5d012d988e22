"""DATABASE_REPLICA_URL: a second Postgres that follows the first. Asked for searches and reports, under the same rights, and never
needed."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import asyncpg
import pytest

from persistence import database as database_module
from persistence.cache import Cache
from persistence.connection import Connection
from persistence.database import Database
from persistence.directory import Directory
from persistence.embedded import Embedded, find_binaries
from persistence.search import Search
from rooms.ids import UserId
from tests.databases import SECRET_KEY, Cluster
from tests.persistence.workshop import new_user

NOTE = (
    "INSERT INTO workbook.workbook_notes (id, user_id, title, content, is_private) VALUES ($1, $2, 'A cup', $3, true)"
)


@dataclass
class Standby:
    """Made of a running cluster by pg_basebackup, and following it."""

    embedded: Embedded
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        files = self.embedded.files
        files.prepare()
        files.forget_locks()
        places = ("-D", str(files.folder), "-k", str(files.socket_folder), "-p", "5432")
        with files.log.open("ab") as output:
            self.process = subprocess.Popen(
                files.command("postgres", *places, "--listen_addresses=", "--hot_standby=on", "--max_connections=200"),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=files.folder,
                start_new_session=True,
            )

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)
            self.process = None

    def dsn(self, of: str) -> str:
        """As that one's, here."""
        database = of.partition("@/")[2].partition("?")[0]
        return self.embedded.dsn.replace("@/postgres?", f"@/{database}?")


@pytest.fixture(scope="module")
def standby(cluster: Cluster) -> Iterator[Standby]:
    with TemporaryDirectory(prefix="standby-", ignore_cleanup_errors=True) as folder:
        embedded = Embedded(Path(folder))
        subprocess.run(
            [
                *(find_binaries() / "pg_basebackup", "--host", cluster.embedded.files.socket_folder, "--port", "5432"),
                *("--username", "postgres", "--no-password", "--pgdata", embedded.files.folder),
                *("--write-recovery-conf", "--wal-method", "stream", "--checkpoint", "fast"),
            ],
            check=True,
            capture_output=True,
        )
        embedded.files.adopt()
        standby = Standby(embedded)
        standby.start()
        yield standby
        standby.stop()


async def follows(standby: Standby, dsn: str) -> None:
    """Until all that was committed so far is there."""
    primary = await asyncpg.connect(dsn)
    at = await primary.fetchval("SELECT pg_current_wal_flush_lsn()")
    await primary.close()
    async with asyncio.timeout(60):
        while True:
            try:
                there = await asyncpg.connect(standby.dsn(dsn))
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.1)
                continue
            try:
                if await there.fetchval("SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn", at):
                    return
            finally:
                await there.close()
            await asyncio.sleep(0.05)


async def beats(database: Database) -> None:
    """As a server does every two seconds."""
    async with database.connection() as connection:
        await connection.execute("DELETE FROM live.processes")
        await connection.execute("INSERT INTO live.processes (id) VALUES ($1)", str(uuid4()))


@pytest.fixture
async def replicated(standby: Standby, dsn: str) -> AsyncIterator[Database]:
    await follows(standby, dsn)
    database = await Database.open(dsn, SECRET_KEY, connections=3, replica_dsn=standby.dsn(dsn))
    yield database
    await database.close()


async def where(connection: Connection) -> str:
    return "replica" if await connection.fetchval("SELECT pg_is_in_recovery()") else "primary"


async def person(database: Database, name: str) -> UserId:
    directory = Directory(database)
    try:
        return await directory.create_user(new_user(name))
    finally:
        directory.passwords.close()


async def note(database: Database, user: UserId, text: str) -> str:
    made = str(uuid4())
    async with database.as_user(user, writes=True) as connection:
        await connection.execute(NOTE, made, user, f"<p>{text}</p>")
    return made


async def settled(database: Database, standby: Standby, dsn: str, *users: UserId) -> None:
    """What these wrote is so long ago that the replica must know it, and it does."""
    for user in users:
        database._wrote.pop(user, None)
    await beats(database)
    await follows(standby, dsn)


@pytest.mark.requirement("W248")
async def test_a_report_is_read_there_as_the_person_who_asks(replicated: Database, standby: Standby, dsn: str) -> None:
    ana, ben = await person(replicated, "Ana"), await person(replicated, "Ben")
    await note(replicated, ana, "Clay is wet.")
    await settled(replicated, standby, dsn, ana, ben)

    async def seen(connection: Connection) -> tuple[str, int, str]:
        return (
            await where(connection),
            await connection.fetchval("SELECT count(*) FROM workbook.workbook_notes"),
            await connection.fetchval("SELECT current_user::text"),
        )

    assert await replicated.report(ana, seen) == ("replica", 1, "workshop_app")
    assert await replicated.report(ben, seen) == ("replica", 0, "workshop_app")

    async def writes(connection: Connection) -> None:
        await connection.execute("DELETE FROM workbook.workbook_notes")

    with pytest.raises(database_module.Unavailable):
        await replicated.report(ana, writes)
    async with replicated.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM workbook.workbook_notes") == 1


async def test_whoever_wrote_lately_reads_what_they_wrote(replicated: Database, standby: Standby, dsn: str) -> None:
    ana, ben = await person(replicated, "Ana"), await person(replicated, "Ben")
    await settled(replicated, standby, dsn)
    assert await replicated.report(ana, where) == "replica"
    await note(replicated, ana, "Clay is wet.")
    assert await replicated.report(ana, where) == "primary"
    assert await replicated.report(ben, where) == "replica"


async def test_search_there_finds_nothing_that_is_not_so_any_more(
    replicated: Database, standby: Standby, dsn: str
) -> None:
    ana = await person(replicated, "Ana")
    clay = await note(replicated, ana, "Clay is wet.")
    await settled(replicated, standby, dsn, ana)
    replica = await asyncpg.connect(standby.dsn(dsn))
    await replica.execute("SELECT pg_wal_replay_pause()")
    try:
        async with replicated.as_user(ana, writes=True) as connection:
            await connection.execute(
                "UPDATE workbook.workbook_notes SET content = '<p>Clay is dry.</p>' WHERE id = $1", clay
            )
        replicated._wrote.clear()  # written by another process
        assert await replicated.report(ana, where) == "replica"
        cache = Cache()
        (hit,) = (await Search(replicated, cache).find(ana, "clay")).items
        assert "dry" in hit.text
        await cache.close()
    finally:
        await replica.execute("SELECT pg_wal_replay_resume()")
        await replica.close()


async def test_one_that_is_behind_is_not_asked(
    replicated: Database, standby: Standby, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "REPLICA_REST_S", 0.0)
    ana = await person(replicated, "Ana")
    await settled(replicated, standby, dsn)
    assert await replicated.report(ana, where) == "replica"
    async with replicated.connection() as connection:
        await connection.execute("UPDATE live.processes SET beat_at = clock_timestamp() - interval '11 s'")
    await follows(standby, dsn)
    assert await replicated.report(ana, where) == "primary"
    await settled(replicated, standby, dsn)
    assert await replicated.report(ana, where) == "replica"


async def test_without_it_the_primary_answers_and_with_it_again_the_replica(
    replicated: Database, standby: Standby, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "REPLICA_REST_S", 0.2)
    ana = await person(replicated, "Ana")
    await settled(replicated, standby, dsn)
    stopped = asyncio.Event()

    async def until_stopped(connection: Connection) -> str:
        answering = await where(connection)
        if answering == "replica":
            await asyncio.to_thread(standby.stop)
            stopped.set()
            await where(connection)  # in the middle of a report
        return answering

    assert await replicated.report(ana, where) == "replica"
    assert await replicated.report(ana, until_stopped) == "primary"
    assert stopped.is_set()
    assert await replicated.report(ana, where) == "primary"
    standby.start()
    await settled(replicated, standby, dsn)
    await asyncio.sleep(0.3)
    assert await replicated.report(ana, where) == "replica"


async def test_what_is_no_replica_of_this_database_is_not_asked(dsn: str) -> None:
    """The primary itself, or somebody else's Postgres: what stands there may be anything."""
    database = await Database.open(dsn, SECRET_KEY, connections=2, replica_dsn=dsn)
    ana = await person(database, "Ana")
    await beats(database)
    assert database._replica is not None
    with pytest.raises(database_module.Unavailable) as refused:
        async with database_module._borrowed(database._replica):
            pass
    assert isinstance(refused.value.__cause__, database_module.NoReplica)
    assert await database.report(ana, where) == "primary"
    await database.close()
