"""Makes a cluster of a repository, as it was at some second: the last backup before it, put together, and the archive from there on. It
ends on a timeline of its own, with new epochs, so that no client mistakes it for what it knew; who was erased since is erased
again. The cluster it came from is neither needed nor touched.
"""

import asyncio
import os
import shutil
import subprocess
import tarfile
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO

from persistence.backup import runs
from persistence.backup.repository import Manifest, Repository, chain
from persistence.backup.wal import number_of
from persistence.cluster_files import NoPostgres, find_binaries
from persistence.connection import Connection
from persistence.embedded import Embedded

RECOVERED_WITHIN_S = 4 * 3600.0
BLOCK_BYTES = 64 * 1024
ReapplyErasures = Callable[[Connection], Awaitable[None]]
"""Erases again, in the restored database, who was erased after the moment it is of (D84): from tombstones kept outside of it."""


class RestoreFailed(Exception):
    """Nothing to restore from, or nowhere to; the message says which."""


@dataclass(frozen=True)
class Restore:
    repository: Repository
    into: Path  # a data directory
    at: datetime | None = None  # None: everything there is

    async def carry_out(self, reapply_erasures: ReapplyErasures | None = None) -> Manifest:
        """Which backup it began with. Raises RestoreFailed, RepositoryFailed, Damaged. Afterwards nothing runs in `into`."""
        self._require_empty()
        manifests = await self.repository.manifests()
        last = self._choose(manifests)
        await self._put_together(chain(manifests, last))
        await self._fetch_wal(last, _first_after(manifests, self.at))
        await self._fetch_files(last)
        await self._recover(last, reapply_erasures)
        return last

    def _require_empty(self) -> None:
        if self.into.exists() and any(self.into.iterdir()):
            raise RestoreFailed(f"{self.into} is not empty")
        self.into.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _choose(self, manifests: Iterable[Manifest]) -> Manifest:
        if self.at is not None and self.at > datetime.now(UTC):
            raise RestoreFailed("that moment has not come yet")
        before = [each for each in manifests if self.at is None or each.ended_at <= self.at]
        if not before:
            raise RestoreFailed("there is no backup from before that moment")
        return before[-1]

    # -- the files ------------------------------------------------------------------------------------------------------

    async def _put_together(self, parts: list[Manifest]) -> None:
        folders = [self.into / "parts" / each.id for each in parts]
        for manifest, folder in zip(parts, folders, strict=True):
            folder.mkdir(mode=0o700, parents=True)
            await self._unpack(manifest, folder)
        cluster = self.into / "postgres"
        if len(folders) == 1:
            folders[0].rename(cluster)
        else:
            await asyncio.to_thread(_combine, folders, cluster)
        cluster.chmod(0o700)
        await asyncio.to_thread(shutil.rmtree, self.into / "parts")

    async def _unpack(self, manifest: Manifest, folder: Path) -> None:
        tar = folder.with_suffix(".tar")
        with tar.open("wb") as file:
            for piece in manifest.pieces:
                await self.repository.told(self.repository.name(manifest.id, piece), file.writelines)
        await asyncio.to_thread(_extract, tar, folder)
        tar.unlink()

    async def _fetch_wal(self, base: Manifest, after: Manifest | None) -> None:
        """What lies between the backup and the moment; a segment is mostly zeros, which take no place."""
        folder = self.into / "wal.restored"
        folder.mkdir(mode=0o700)
        for name in await self.repository.list("wal"):
            segment = _in_postgres_words(name)
            if segment.endswith(".history") or (
                base.start <= number_of(segment) and (after is None or number_of(segment) <= after.end)
            ):
                await self.repository.told(name, partial(_write_sparse, folder / segment))

    async def _fetch_files(self, manifest: Manifest) -> None:
        for here, stored in manifest.files.items():
            path = self.into / "store" / stored
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _private(path) as file:
                await self.repository.told(self.repository.name("files", here), file.writelines)

    # -- the server -----------------------------------------------------------------------------------------------------

    async def _recover(self, base: Manifest, reapply_erasures: ReapplyErasures | None) -> None:
        """Its recovery, which ends in a promotion, then what has to be done before anybody is served."""
        settings = {
            "restore_command": "cp ../wal.restored/%f %p",  # Postgres works in its cluster's folder
            "recovery_target_action": "promote",
            "hot_standby": "off",  # ready means: recovered
        }
        if self.at is not None:
            settings["recovery_target_time"] = self.at.astimezone(UTC).isoformat(" ")
        embedded = Embedded(self.into, settings=settings, within_s=RECOVERED_WITHIN_S)
        (embedded.files.folder / "recovery.signal").touch(0o600)
        embedded.files.adopt(self.into / "wal.restored")
        try:
            dsn = await asyncio.to_thread(
                embedded.start
            )  # a thread that lives as long as the loop, and the server with it
            async with runs.connected(dsn) as connection:
                await renew_epochs(connection, base.timeline)
                if reapply_erasures is not None:
                    await reapply_erasures(connection)
                await connection.execute("CHECKPOINT")
        except NoPostgres as error:
            raise RestoreFailed(f"it does not recover, the archive may end before that moment: {error}") from error
        finally:
            embedded.stop()
        shutil.rmtree(self.into / "wal.restored")


async def renew_epochs(connection: Connection, left: int) -> None:
    """What every server does with a cluster it does not know; done here already, so that nothing depends on who comes first. `left`: the
    timeline it must not be on any more, or nobody would see that it is another one."""
    if await connection.fetchval("SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)") == f"{left:08X}":
        raise RestoreFailed("it recovered without a timeline of its own")
    await connection.execute("SELECT ops.recognise_cluster()")


def _first_after(manifests: Iterable[Manifest], at: datetime | None) -> Manifest | None:
    """Its segments hold the first commit after the moment, at which recovery knows that it has arrived."""
    return next((each for each in manifests if at is not None and each.started_at > at), None)


def _in_postgres_words(name: str) -> str:
    stem, dot, end = name.rpartition("/")[2].partition(".")
    return stem.upper() + dot + end


def _extract(tar: Path, folder: Path) -> None:
    with tarfile.open(tar) as opened:
        opened.extraction_filter = getattr(tarfile, "data_filter", None)  # Python has it from 3.11.4 on
        opened.extractall(folder, map(_ours, opened))  # noqa: S202 - it was sealed by us


def _ours(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Belongs to whoever restores it."""
    member.uid, member.gid, member.uname, member.gname = os.geteuid(), os.getegid(), "", ""
    return member


def _combine(folders: list[Path], cluster: Path) -> None:
    command = [str(find_binaries() / "pg_combinebackup"), "--output", str(cluster), *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RestoreFailed(f"pg_combinebackup: {done.stderr.strip()}")


def _write_sparse(path: Path, pieces: Iterable[bytes]) -> None:
    with _private(path) as file:
        for piece in pieces:
            for at in range(0, len(piece), BLOCK_BYTES):
                block = piece[at : at + BLOCK_BYTES]
                if block.count(0) == len(block):
                    file.seek(len(block), os.SEEK_CUR)
                else:
                    file.write(block)
        file.truncate()


def _private(path: Path) -> IO[bytes]:
    path.touch(0o600)
    return path.open("wb")
