"""What every command stands on: settings of its surroundings, a Postgres that runs, an end that is one line. Knows no command."""

import asyncio
import gc
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from live.settings import EVERYWHERE, Settings, SettingsRefused, read_settings
from persistence.database import Database, Unavailable
from persistence.embedded import Embedded, NoPostgres
from persistence.encryption import Undecryptable
from persistence.migrate import MigrationRefused, migrate
from persistence.preconditions import Unsafe

SECRET_FILE = "secret.key"  # noqa: S105 - a name of a file
T = TypeVar("T")

DataDir = Annotated[Path, typer.Option(help="Where the embedded Postgres and the demo's secrets live.")]


class Postgres:
    """DATABASE_URL's, or the embedded one of the data directory, which ends with the process that started it, however that ends.
    `settings` name the database once it runs."""

    def __init__(self, settings: Settings, *, archived: bool = True) -> None:
        self.settings = settings
        archived = archived and bool(settings.backups_to)
        self.embedded = None if settings.database_url else Embedded(settings.data_dir, archived=archived)
        self.applied: list[str] = []

    def __enter__(self) -> "Postgres":
        if self.embedded is not None:
            try:
                self.settings = replace(self.settings, database_url=self.embedded.start())
            except (NoPostgres, OSError) as error:
                sys.exit(f"cannot start: {error}")
            self.applied = self.bring_up_to_date()
        return self

    def bring_up_to_date(self) -> list[str]:
        """The migrations that were missing; nobody else looks after an embedded one."""
        return run(migrate(self.settings.database_url, self.settings.secret_key))

    def __exit__(self, *_error: object) -> None:
        if self.embedded is not None:
            self.embedded.stop()

    async def keep(self) -> None:
        if self.embedded is not None:
            await self.embedded.keep()


def settings_of(
    environ: Mapping[str, str],
    host: str | None = None,
    port: int | None = None,
    data_dir: Path | None = None,
    *,
    demo: bool = False,
) -> Settings:
    lan = _lan_address() if host in EVERYWHERE else host
    try:
        return read_settings(environ, host=host, port=port, data_dir=data_dir, lan_address=lan, demo=demo)
    except SettingsRefused as error:
        sys.exit(str(error))


def _lan_address() -> str | None:
    """Of the interface that leads out; asking the routing table sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return None


def run(work: Coroutine[Any, Any, T]) -> T:
    """What an operator can put right is one line, not a traceback. What was imported by now stays, and no collection looks at it."""
    gc.freeze()
    gc.enable()
    try:
        return asyncio.run(work)
    except (Unsafe, MigrationRefused, NoPostgres, Unavailable, Undecryptable, OSError) as error:
        sys.exit(f"cannot start: {error}")


def with_database(work: Callable[[Database], Awaitable[None]]) -> None:
    async def connected(settings: Settings) -> None:
        database = await Database.open(
            settings.database_url,
            settings.secret_key,
            engine_dsn=settings.database_engine_url,
            app_dsn=settings.database_app_url,
            connections=2,
        )
        try:
            await work(database)
        finally:
            await database.close()

    with Postgres(settings_of(os.environ)) as postgres:
        run(connected(postgres.settings))
