"""`backup`: makes, lists, verifies and restores backups of the embedded Postgres and its store. A Postgres of your own is backed up by
its own tools (docs/operations.md).
"""

import os
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from live.backups import opened, repository_of
from live.commands.ground import SECRET_FILE, DataDir, Postgres, run, settings_of
from live.settings import Settings
from live.storage import open_place, open_store
from media.store import StoreFailed
from persistence.backup.backups import Backups
from persistence.backup.base import BackupFailed
from persistence.backup.repository import Repository, RepositoryFailed
from persistence.backup.restore import Restore, RestoreFailed
from persistence.backup.seal import Damaged
from persistence.backup.verify import verify
from persistence.connection import Connection
from persistence.embedded import Embedded
from persistence.erasure import TOMBSTONES, persons_in, reapply_erasures

commands = typer.Typer(no_args_is_help=True, help="Backups of the embedded Postgres and its store.")

RepositoryOption = Annotated[int, typer.Option(min=1, help="1 is BACKUP_URL, 2 is BACKUP_SECOND_URL.")]
SystemOption = Annotated[str | None, typer.Option(help="Which cluster, where the repository has several.")]


@commands.command(name="now")
def back_up(
    data_dir: DataDir = Path("data"),
    full: Annotated[bool, typer.Option("--full", help="All of it, not only what changed.")] = False,
) -> None:
    """A backup into every repository, beside a running server or without one."""

    async def make(backups: Backups) -> None:
        manifest, away = await backups.now(full=full)
        print(f"{manifest.id}  {manifest.kind}  {manifest.size_bytes} bytes, {len(manifest.files)} files")
        if away:
            sys.exit("\n".join(f"repository {label} did not take it: {why}" for label, why in away.items()))

    _with_backups(data_dir, make)


@commands.command(name="list")
def list_backups(
    data_dir: DataDir = Path("data"), repository: RepositoryOption = 1, system: SystemOption = None
) -> None:
    """What one may restore from; any second from the end of the first one on."""

    async def show(repository: Repository) -> None:
        for each in await repository.manifests():
            print(
                f"{each.id}  {each.kind:11}  {each.ended_at:%Y-%m-%dT%H:%M:%SZ}  {each.size_bytes} bytes, {len(each.files)} files"
            )

    _with_repository(data_dir, repository, system, show)


@commands.command(name="verify")
def verify_backups(data_dir: DataDir = Path("data")) -> None:
    """Reads and authenticates everything in every repository; ends with 1 and names what is damaged."""
    faults: list[str] = []

    async def look(repository: Repository) -> None:
        faults.extend(await verify(repository))

    settings = _backup_settings(data_dir)
    for number in range(1, len(settings.backups_to) + 1):
        _with_repository(data_dir, number, None, look)
    if faults:
        sys.exit("\n".join(faults))
    print("everything opens")


@commands.command()
def restore(
    into: Annotated[Path, typer.Option(help="An empty folder, from then on a data directory.")],
    at: Annotated[str | None, typer.Option(help="2026-05-01T12:00:00Z; without it, everything there is.")] = None,
    data_dir: DataDir = Path("data"),
    repository: RepositoryOption = 1,
    system: SystemOption = None,
) -> None:
    """The cluster and its store as they were at a second. Serve it with `--data-dir` and the SECRET_KEY it was made with."""
    try:
        moment = None if at is None else datetime.fromisoformat(at)
    except ValueError:
        sys.exit("--at takes a moment like 2026-05-01T12:00:00Z")
    if moment is not None and moment.tzinfo is None:
        sys.exit("--at needs its offset from UTC: a Z at its end, or +02:00")

    async def make(repository: Repository) -> None:
        again = partial(_erase_again, settings, repository, into.resolve())
        manifest = await Restore(repository, into.resolve(), moment).carry_out(again)
        print(f"restored into {into}, from backup {manifest.id} on")

    settings = _backup_settings(data_dir)
    embedded = Embedded(settings.data_dir)
    if embedded.pid is not None:  # what is committed already may be wanted
        _ended(_flush(replace(settings, database_url=embedded.dsn), embedded))
    _with_repository(data_dir, repository, system, make)


async def _erase_again(settings: Settings, repository: Repository, into: Path, connection: Connection) -> None:
    """Whoever the repository knows to be erased, and whoever the store of this installation, which may know of a later one."""
    persons = {*persons_in(await repository.list(TOMBSTONES))}
    store = open_store(settings)
    with suppress(StoreFailed):
        persons |= {*persons_in(await store.list(TOMBSTONES))}
    await store.close()
    restored = open_place(into / "store")
    try:
        if count := await reapply_erasures(connection, restored, persons):
            print(f"{count} erased again")
    finally:
        await restored.close()


async def _flush(settings: Settings, embedded: Embedded) -> None:
    async with opened(settings, embedded) as backups:
        await backups.flush()


def _backup_settings(data_dir: Path) -> Settings:
    own = data_dir / SECRET_FILE  # a demo's
    given = {"SECRET_KEY": own.read_text().strip()} if own.exists() and not os.environ.get("SECRET_KEY") else {}
    settings = settings_of({**os.environ, **given}, data_dir=data_dir)
    if settings.database_url:
        sys.exit("DATABASE_URL is set: that Postgres is backed up by its own tools (docs/operations.md)")
    if not settings.backups_to:
        sys.exit("BACKUP_URL is none: there are no backups")
    return settings


def _with_backups(data_dir: Path, work: Callable[[Backups], Awaitable[None]]) -> None:
    async def carried_out(settings: Settings, embedded: Embedded) -> None:
        async with opened(settings, embedded) as backups:
            await work(backups)

    with Postgres(_backup_settings(data_dir)) as postgres:
        assert postgres.embedded is not None
        _ended(carried_out(postgres.settings, postgres.embedded))


def _with_repository(
    data_dir: Path, number: int, system: str | None, work: Callable[[Repository], Awaitable[None]]
) -> None:
    async def carried_out() -> None:
        async with repository_of(_backup_settings(data_dir), number, system) as repository:
            await work(repository)

    _ended(carried_out())


def _ended(work: Coroutine[Any, Any, None]) -> None:
    try:
        run(work)
    except (BackupFailed, RestoreFailed, RepositoryFailed) as error:
        sys.exit(str(error))
    except Damaged as error:
        sys.exit(f"damaged, or sealed with another key: {error}")
