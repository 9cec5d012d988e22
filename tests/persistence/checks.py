"""A database with its triggers off, so that a check is the only thing that can refuse, and foreign keys are none."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager

import asyncpg

from tests.databases import Cluster


@contextmanager
def filled_database(cluster: Cluster, rows: str, search_path: str) -> Iterator[str]:
    """Its dsn; `rows` are statements that fill it."""

    async def fill() -> str:
        name = await cluster.create()
        connection = await asyncpg.connect(cluster.dsn(name), server_settings={"search_path": search_path})
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(rows)
        await connection.close()
        return name

    with ThreadPoolExecutor(1) as outside:  # whether or not a loop runs here
        name = outside.submit(asyncio.run, fill()).result()
        yield cluster.dsn(name)
        outside.submit(asyncio.run, cluster.drop(name)).result()


@asynccontextmanager
async def without_triggers(dsn: str, search_path: str) -> AsyncIterator[asyncpg.Connection]:
    """In a transaction that is rolled back."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": search_path})
    try:
        await connection.execute("SET session_replication_role = replica")
        transaction = connection.transaction()
        await transaction.start()
        yield connection
        await transaction.rollback()
    finally:
        await connection.close()
