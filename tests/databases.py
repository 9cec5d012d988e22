"""Postgres for tests: one embedded cluster per test process, migrated once into a template, copied for every test that asks.

Fixtures: `cluster` (the running server), `dsn` (a fresh migrated database, as superuser), `database` (the same, opened).
"""

import asyncio
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
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

    async def execute(self, statement: str) -> None:
        import asyncpg

        connection = await asyncpg.connect(self.dsn("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def create(self, template: str = TEMPLATE) -> str:
        name = f"test_{next(self._numbers)}"
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    async def drop(self, name: str) -> None:
        await self.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def _make_template(cluster: Cluster) -> None:
    from persistence.migrate import migrate

    await cluster.execute(f"CREATE DATABASE {TEMPLATE}")
    await migrate(cluster.dsn(TEMPLATE), SECRET_KEY)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Each process of pytest-xdist has its own: the server ends with the process that started it.

    In memory where there is enough: every setting is as ever, fsync on, only the waiting for a disk is saved. What is
    killed in tests/faults has its own on a disk.
    """
    from persistence.embedded import Embedded

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
