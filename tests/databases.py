"""Postgres for tests: one embedded cluster per test process, migrated once into a template, copied for every test that asks.

Fixtures: `cluster` (the running server), `dsn` (a fresh migrated database, as superuser), `database` (the same, opened).
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from persistence.database import Database
    from persistence.embedded import Embedded

SECRET_KEY = "a secret key that only the tests of this project use"
TEMPLATE = "template_atelier"


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
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Each process of pytest-xdist has its own: the server ends with the process that started it."""
    from persistence.embedded import Embedded

    cluster = Cluster(Embedded(Path(tmp_path_factory.mktemp("postgres"))))
    cluster.embedded.start()
    with ThreadPoolExecutor(1) as outside:  # whether or not a loop runs here
        outside.submit(asyncio.run, _make_template(cluster)).result()
    yield cluster
    cluster.embedded.stop()


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
