"""The archive of the write-ahead log. Postgres itself (its module basic_archive) puts finished segments into the spool, durably
and whole; from there they are sealed into one queue for each repository and sent. Every step may be killed and done again. Plain
segments never wait for a repository that is away, sealed ones are small, and Postgres waits for neither.
"""

import asyncio
import os
import re
import time
from pathlib import Path

from persistence.backup.repository import Repository
from persistence.backup.seal import Damaged, seal, unseal
from persistence.cluster_files import ClusterFiles

SEGMENT_BYTES = 16 * 1024 * 1024  # as initdb makes it
SEGMENTS_PER_LOG = 0x1_0000_0000 // SEGMENT_BYTES
SEGMENT = re.compile(r"[0-9A-F]{24}")
HISTORY = re.compile(r"[0-9A-F]{8}\.history")
FORGOTTEN_AFTER_S = 3_600.0  # a draft that basic_archive left when it was killed
PIECE_BYTES = 1024 * 1024


class ForeignSegment(Exception):
    """The repository has another cluster's segment of this name: two copies of one cluster archive into it."""


def number_of(segment: str) -> int:
    """Its place in the log, whatever its timeline."""
    return int(segment[8:16], 16) * SEGMENTS_PER_LOG + int(segment[16:24], 16)


def number_of_lsn(lsn: str) -> int:
    high, _, low = lsn.partition("/")
    return ((int(high, 16) << 32) + int(low, 16)) // SEGMENT_BYTES


class Archive:
    """Not safe to run twice at once on one data directory (backup/lock.py)."""

    def __init__(self, data_dir: Path, key: bytes, repositories: list[Repository]) -> None:
        self._spool = ClusterFiles(data_dir).spool
        self._queues = {each.label: data_dir / "wal.sealed" / each.label for each in repositories}
        self._key = key
        self._repositories = repositories

    async def collect(self) -> int:
        """Seals what Postgres has left; how many segments."""
        return await asyncio.to_thread(self._collect)

    async def send(self, repository: Repository) -> int:
        """Raises RepositoryFailed; what has not been sent then waits."""
        queue = self._queues[repository.label]
        waiting = sorted(each for each in queue.iterdir() if not each.name.startswith(".")) if queue.exists() else []
        for path in waiting:
            name = repository.name("wal", path.name)
            if await repository.holds(name):
                await self._compare(repository, name, path)
            else:
                await repository.send(name, path)
            path.unlink()
        return len(waiting)

    async def _compare(self, repository: Repository, name: str, path: Path) -> None:
        """Sent before, and a kill came between that and forgetting it; or it is another's."""
        here = await asyncio.to_thread(lambda: b"".join(unseal(path.read_bytes(), self._key, name)))
        try:
            there = await repository.read(name)
        except Damaged:
            await repository.send(name, path)  # ours is whole
            return
        if here != there:
            raise ForeignSegment(name)

    def _collect(self) -> int:
        for queue in self._queues.values():
            queue.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = 0
        for path in sorted(self._spool.iterdir()) if self._spool.exists() else []:
            if SEGMENT.fullmatch(path.name) or HISTORY.fullmatch(path.name):
                self._seal(path)
                path.unlink()
                found += 1
            elif not path.name.startswith("archtemp") or path.stat().st_mtime < time.time() - FORGOTTEN_AFTER_S:
                path.unlink()  # labels of backups, ends of abandoned timelines: nothing is restored from them
        return found

    def _seal(self, path: Path) -> None:
        """In every queue before it is forgotten here. One sealed file has several names, so that all repositories get the same."""
        name = self._repositories[0].name("wal", path.name.lower())
        draft = next(iter(self._queues.values())) / f".{path.name.lower()}"
        draft.unlink(missing_ok=True)  # of one who was killed: it may be a queue's file already
        with path.open("rb") as clear, draft.open("wb") as sealed:
            for piece in seal(iter(lambda: clear.read(PIECE_BYTES), b""), self._key, name):
                sealed.write(piece)
            sealed.flush()
            os.fsync(sealed.fileno())
        for queue in self._queues.values():
            target = queue / path.name.lower()
            target.unlink(missing_ok=True)
            target.hardlink_to(draft)
            sync_folder(queue)
        draft.unlink()


def sync_folder(folder: Path) -> None:
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
