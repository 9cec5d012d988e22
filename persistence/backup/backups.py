"""Takes backups of a running embedded Postgres and of the store beside it, and brings them and the archive to every repository.
A repository that is away costs itself the backup and nobody else; the next one then builds on what all of them have.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from persistence.backup import base, runs
from persistence.backup.base import BackupFailed, Base
from persistence.backup.lock import alone
from persistence.backup.repository import Manifest, Repository, RepositoryFailed, Store, chain
from persistence.backup.retention import expire
from persistence.backup.seal import Damaged
from persistence.backup.verify import verify
from persistence.backup.wal import Archive, ForeignSegment, number_of
from persistence.connection import Connection
from persistence.embedded import SUMMARIES_FROM, Embedded
from persistence.erasure import TOMBSTONES

FULL_EVERY = timedelta(days=6, hours=12)  # weekly, when one is taken every day
STORED = ("pictures", "recordings", "uploads")  # folders of the store; `pieces` are nothing yet
FLUSH_WITHIN_S = 60.0
POLL_S = 0.05

_ARCHIVED = """
SELECT coalesce(left(last_archived_wal, 24) >= $1, false)
   AND NOT EXISTS (SELECT FROM pg_ls_archive_statusdir() WHERE name ~ '^[0-9A-F]{24}\\.ready$' AND left(name, 24) <= $1)
  FROM pg_stat_archiver
"""
Away = dict[str, str]


@dataclass(frozen=True)
class Backups:
    """`repositories` are those of this cluster, the first one by default beside it; `key` seals, `secret_key` is the installation's."""

    embedded: Embedded
    repositories: Sequence[Repository]
    store: Store
    key: bytes
    secret_key: str

    async def now(self, *, full: bool = False) -> tuple[Manifest, Away]:
        """The backup, and which repositories did not take it, with the reason. Raises BackupFailed."""
        async with self._working() as (connection, folder):
            parent = None if full else await self._parent()
            kind = "incremental" if parent else "full"
            async with runs.run(connection, kind, self.secret_key) as told:
                manifest, away = await self._take(connection, folder, parent)
                told |= {"backup": manifest.id, "bytes": manifest.size_bytes, "away": away}
            return manifest, away

    async def ship(self) -> Away:
        """What Postgres has archived goes to every repository."""
        async with alone(self.embedded.data_dir):
            return await self._ship()

    async def flush(self) -> Away:
        """Everything committed until now is in the archive, of which then no commit is the last one."""
        async with alone(self.embedded.data_dir), runs.connected(self.embedded.dsn) as connection:
            if await connection.fetchval("SHOW archive_mode") == "on":
                await self._flush(connection)
            return await self._ship()

    async def verify(self) -> list[str]:
        """What is damaged."""
        async with alone(self.embedded.data_dir), runs.connected(self.embedded.dsn) as connection:
            async with runs.run(connection, "verify", self.secret_key) as told:
                told["damaged"] = [fault for each in self.repositories for fault in await verify(each)]
            return list(told["damaged"])

    async def expire(self) -> int:
        """How many objects nothing needed any more."""
        async with alone(self.embedded.data_dir), runs.connected(self.embedded.dsn) as connection:
            async with runs.run(connection, "expire", self.secret_key) as told:
                told["deleted"] = sum([await expire(each, datetime.now(UTC)) for each in self.repositories])
            return int(told["deleted"])

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[tuple[Connection, Path]]:
        folder = self.embedded.data_dir / "backup.work"
        async with alone(self.embedded.data_dir), runs.connected(self.embedded.dsn) as connection:
            if await connection.fetchval("SHOW archive_mode") != "on":
                raise BackupFailed("the running Postgres does not archive: it was started without backups")
            await asyncio.to_thread(_empty, folder)
            try:
                yield connection, folder
            finally:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _take(self, connection: Connection, folder: Path, parent: Manifest | None) -> tuple[Manifest, Away]:
        started = datetime.now(UTC)
        backup = f"{started:%Y%m%dt%H%M%S}{started.microsecond // 1000:03}z"
        rows = await runs.rows(connection)
        taken, parent = await self._base(folder, backup, parent)
        end = await self._flush(connection)
        away = await self._ship()
        manifest = Manifest(
            id=backup,
            kind="incremental" if parent else "full",
            parent=parent.id if parent else None,
            postgres=self.embedded.files.made_by,
            started_at=started,
            ended_at=datetime.now(UTC),
            timeline=taken.timeline,
            start=taken.start,
            end=end,
            pieces=tuple(each.name for each in taken.pieces),
            size_bytes=taken.size_bytes,
            files={sha256(each.encode()).hexdigest(): each for each in await self._stored()},
            rows=rows,
        )
        for repository in self.repositories:
            if repository.label not in away:
                await _kept(away, repository, self._bring(repository, manifest, taken))
        if len(away) == len(self.repositories):
            raise BackupFailed(f"no repository takes it: {away}")
        return manifest, away

    async def _base(self, folder: Path, backup: str, parent: Manifest | None) -> tuple[Base, Manifest | None]:
        """A full one, if Postgres cannot go on from `parent`: another timeline, or summaries of its log are missing."""
        prefix = self.repositories[0].name(backup)
        socket = self.embedded.files.socket_folder
        if parent is not None:
            try:
                theirs = await self.repositories[0].read(self.repositories[0].name(parent.id, "postgres.manifest"))
                return await base.take(socket, folder, self.key, prefix, theirs), parent
            except (BackupFailed, Damaged, RepositoryFailed):
                await asyncio.to_thread(_empty, folder)
        return await base.take(socket, folder, self.key, prefix, None), None

    async def _bring(self, repository: Repository, manifest: Manifest, taken: Base) -> None:
        for path in taken.pieces:
            await repository.send(repository.name(manifest.id, path.name), path)
        await repository.put(repository.name(manifest.id, "postgres.manifest"), [taken.manifest])
        there = set(await repository.list("files"))
        for here, stored in manifest.files.items():
            if (name := repository.name("files", here)) not in there:
                data = await self.store.read(stored)
                await repository.put(name, [data or b""])  # deleted since it was listed: nobody asks for it
        await repository.put_manifest(manifest)

    async def _stored(self) -> list[str]:
        return [name for folder in STORED for name in await self.store.list(folder)]

    async def _parent(self) -> Manifest | None:
        """The newest that every repository in reach has, with all it builds on, unless a full one is due."""
        if self.embedded.files.made_by < SUMMARIES_FROM:
            return None
        have: list[dict[str, Manifest]] = []
        for repository in self.repositories:
            try:
                have.append({each.id: each for each in await repository.manifests()})
            except (RepositoryFailed, Damaged):
                continue
        shared = set.intersection(*map(set, have)) if have else set()
        for each in sorted(shared, reverse=True):
            manifest = have[0][each]
            try:
                full = chain(have[0].values(), manifest)[0]
            except Damaged:
                continue
            return manifest if datetime.now(UTC) - full.started_at < FULL_EVERY else None
        return None

    async def _ship(self) -> Away:
        archive = Archive(self.embedded.data_dir, self.key, list(self.repositories))
        await archive.collect()
        away: Away = {}
        for repository in self.repositories:
            await _kept(away, repository, self._bring_tombstones(repository))
            await _kept(away, repository, archive.send(repository))
        return away

    async def _bring_tombstones(self, repository: Repository) -> None:
        """Who was erased: a restored database does not know (D84). They never expire."""
        there = {each.rpartition("/")[2] for each in await repository.list(TOMBSTONES)}
        for stored in await self.store.list(TOMBSTONES):
            if (person := stored.rpartition("/")[2]) not in there:
                await repository.put(repository.name(TOMBSTONES, person), [await self.store.read(stored) or b""])

    async def _flush(self, connection: Connection) -> int:
        """The last segment. A commit after all others, so that a restore to any earlier moment finds where to stop; then the segment is ended.
        The checkpoint has the archiver told of segments that were full when Postgres was killed, before it had told of them."""
        await connection.execute("SELECT pg_logical_emit_message(true, 'atelier', 'backup')")
        segment = await connection.fetchval("SELECT pg_walfile_name(pg_switch_wal())")
        try:
            async with asyncio.timeout(FLUSH_WITHIN_S):
                await connection.execute("CHECKPOINT")
                while not await connection.fetchval(_ARCHIVED, segment):  # noqa: ASYNC110 - the server does not tell
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise BackupFailed("Postgres does not archive: its log says why") from None
        return number_of(segment)


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)  # of one who was killed, or gave up
    folder.mkdir(mode=0o700)


async def _kept(away: Away, repository: Repository, work: Any) -> None:
    """Carried out, or noted why not."""
    try:
        await work
    except (RepositoryFailed, ForeignSegment, Damaged) as error:
        away[repository.label] = f"{type(error).__name__}: {error}"
