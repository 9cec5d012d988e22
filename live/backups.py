"""Opens what backups are made with, as the settings say: the repositories, the store, the key. A worker beside an embedded Postgres
keeps them going; a Postgres of your own is backed up by its own tools (docs/operations.md).
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from live.settings import Settings
from live.storage import open_place, open_store
from media.store import StoreFailed
from persistence.backup import runs
from persistence.backup.backups import Backups
from persistence.backup.repository import Repository, RepositoryFailed, systems
from persistence.backup.schedule import keep_schedule
from persistence.embedded import Embedded
from persistence.encryption import derive


def backup_key(settings: Settings) -> bytes:
    return derive(settings.backup_key or settings.secret_key, "backups")


def has_backups(settings: Settings) -> bool:
    """A worker looks after the embedded Postgres beside it only."""
    return bool(settings.backups_to) and settings.database_url == Embedded(settings.data_dir).dsn


async def keep_backups(settings: Settings) -> None:
    """Until cancelled."""
    async with opened(settings, Embedded(settings.data_dir)) as backups:
        await keep_schedule(backups)


@asynccontextmanager
async def opened(settings: Settings, embedded: Embedded) -> AsyncIterator[Backups]:
    """Of a running cluster."""
    async with runs.connected(embedded.dsn) as connection:
        system = str(await connection.fetchval("SELECT system_identifier FROM pg_control_system()"))
    async with AsyncExitStack() as stores:
        store = open_store(settings)
        stores.push_async_callback(store.close)
        repositories = []
        for number, place in enumerate(settings.backups_to, 1):
            home = open_place(place)
            stores.push_async_callback(home.close)
            repositories.append(Repository(home, backup_key(settings), system, str(number), (StoreFailed, OSError)))
        yield Backups(embedded, repositories, store, backup_key(settings), settings.secret_key)


@asynccontextmanager
async def repository_of(settings: Settings, number: int, system: str | None = None) -> AsyncIterator[Repository]:
    """To restore from, whatever became of the cluster. Raises RepositoryFailed, also when there are several clusters to choose from."""
    if not 1 <= number <= len(settings.backups_to):
        raise RepositoryFailed(f"there is no repository {number}")
    store = open_place(settings.backups_to[number - 1])
    try:
        try:
            found = await systems(store)
        except StoreFailed as error:
            raise RepositoryFailed(f"repository {number}: {error}") from error
        if system is None and len(found) == 1:
            system = found[0]
        if system not in found:
            raise RepositoryFailed(f"clusters with backups in this repository: {', '.join(found) or 'none'}")
        assert system is not None
        yield Repository(store, backup_key(settings), system, str(number), (StoreFailed, OSError))
    finally:
        await store.close()
