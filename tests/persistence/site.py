"""A data directory with an archiving Postgres, a store and two repositories, for the tests of backups."""

import asyncio
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from media.local_store import LocalStore
from media.store import StoreFailed
from persistence.backup.backups import Backups
from persistence.backup.repository import Repository
from persistence.embedded import Embedded
from persistence.encryption import derive
from persistence.migrate import migrate
from tests.databases import SECRET_KEY

KEY = derive(SECRET_KEY, "backups")
SESSION = "0197a3f0-0000-7000-8000-000000000001"


@dataclass
class Site:
    embedded: Embedded
    folder: Path  # of this test's repositories

    @classmethod
    def start(cls, data_dir: Path) -> "Site":
        site = cls(Embedded(data_dir, archived=True), data_dir)
        site.embedded.start()
        with ThreadPoolExecutor(1) as outside:  # whether or not a loop runs here
            outside.submit(asyncio.run, migrate(site.embedded.dsn, SECRET_KEY)).result()
            outside.submit(asyncio.run, site.ask("SELECT ops.recognise_cluster()")).result()  # as a server does
            outside.submit(asyncio.run, site.ask("CREATE TABLE notes (id serial, text text)")).result()
        return site

    async def ask(self, query: str, *arguments: object) -> Any:
        return await ask(self.embedded.dsn, query, *arguments)

    async def backups(self, *away: int, key: bytes = KEY) -> Backups:
        """With repositories 1 and 2, of which those in `away` refuse everything."""
        system = str(await self.ask("SELECT system_identifier::text FROM pg_control_system()"))
        stores = [GoneStore(self.place(each)) if each in away else LocalStore(self.place(each)) for each in (1, 2)]
        return Backups(
            self.embedded,
            [Repository(store, key, system, str(each), (StoreFailed,)) for each, store in enumerate(stores, 1)],
            LocalStore(self.folder / "store"),
            key,
            SECRET_KEY,
        )

    def place(self, number: int) -> Path:
        return self.folder / f"repository-{number}"

    def objects(self, pattern: str, number: int = 1) -> list[Path]:
        return sorted(self.place(number).glob(f"atelier/*/{pattern}"))


class GoneStore(LocalStore):
    async def put(self, name: str, data: bytes) -> None:
        raise StoreFailed("no route to it")

    async def put_file(self, name: str, path: Path) -> None:
        raise StoreFailed("no route to it")

    async def list(self, folder: str) -> list[str]:
        raise StoreFailed("no route to it")

    async def size(self, name: str) -> int | None:
        raise StoreFailed("no route to it")


async def ask(dsn: str, query: str, *arguments: object) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query, *arguments)
    finally:
        await connection.close()


async def moment() -> datetime:
    """Now, with something before and after it that is not now; the database's clock is this machine's."""
    await asyncio.sleep(0.05)
    now = datetime.now(UTC)
    await asyncio.sleep(0.05)
    return now


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[random.randrange(len(data))] ^= 0x10
    path.write_bytes(data)
