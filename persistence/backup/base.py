"""Makes one base backup: the tar of pg_basebackup, cut into pieces and sealed as it comes, so that nothing of it is ever written in the
clear. From Postgres 17 on only what changed since the backup before, except once a week. Knows no repository.
"""

import asyncio
import json
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from persistence.backup.seal import Sealer
from persistence.backup.wal import number_of_lsn
from persistence.cluster_files import PORT, SUPERUSER, find_binaries

PIECE_BYTES = 64 * 1024 * 1024  # of clear text; an object is read as a whole
READ_BYTES = 1024 * 1024
MANIFEST = "backup_manifest"


class BackupFailed(Exception):
    """pg_basebackup gave up, or Postgres does not archive; the message says why."""


@dataclass(frozen=True)
class Base:
    """`pieces` are sealed files under the names they go by; `manifest` is Postgres's own."""

    pieces: tuple[Path, ...]
    manifest: bytes
    size_bytes: int
    timeline: int
    start: int


@dataclass
class _Pieces:
    """Everything read from `source` goes into sealed pieces, besides being looked at."""

    source: IO[bytes]
    folder: Path
    key: bytes
    prefix: str  # of their names in the repository
    done: list[Path] = field(default_factory=list)
    size_bytes: int = 0
    _room: int = 0
    _file: IO[bytes] | None = None
    _sealer: Sealer | None = None

    def read(self, count: int) -> bytes:
        data = self.source.read(count)
        if data:
            self._write(data)
        return data

    def close(self) -> None:
        if self._file is not None and self._sealer is not None:
            self._file.write(self._sealer.end())
            self._file.close()
            self._file = None

    def _write(self, data: bytes) -> None:
        if self._file is None or self._sealer is None or self._room <= 0:
            self.close()
            path = self.folder / f"{len(self.done):05}.part"
            self.done.append(path)
            self._file, self._room = path.open("wb"), PIECE_BYTES
            self._sealer = Sealer(self.key, f"{self.prefix}/{path.name}")
            self._file.write(self._sealer.begin)
        self._file.write(self._sealer.write(data))
        self._room -= len(data)
        self.size_bytes += len(data)


async def take(socket_folder: Path, folder: Path, key: bytes, prefix: str, parent: bytes | None) -> Base:
    """Into the empty `folder`. `parent`: the manifest of Postgres from which to go on. Raises BackupFailed."""
    command = [
        *(str(find_binaries() / "pg_basebackup"), "--host", str(socket_folder), "--port", str(PORT)),
        *("--username", SUPERUSER, "--no-password", "--pgdata", "-", "--format", "tar"),
        *("--wal-method", "none", "--checkpoint", "fast"),  # its WAL comes through the archive, like all other
    ]
    if parent is not None:
        (folder / "parent").write_bytes(parent)
        command.append(f"--incremental={folder / 'parent'}")
    with (folder / "log").open("w+b") as log:
        process = subprocess.Popen(  # noqa: ASYNC220 - its pipe is read in a thread
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
        )
        try:
            pieces, manifest = await asyncio.to_thread(_follow, process, folder, key, prefix)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        log.seek(0)
        said = log.read().decode(errors="replace").strip()
    if process.returncode != 0 or not manifest:
        raise BackupFailed(f"pg_basebackup: {said}")
    ranges = json.loads(manifest)["WAL-Ranges"]
    return Base(
        pieces=tuple(pieces.done),
        manifest=manifest,
        size_bytes=pieces.size_bytes,
        timeline=ranges[-1]["Timeline"],
        start=number_of_lsn(ranges[0]["Start-LSN"]),
    )


def _follow(process: "subprocess.Popen[bytes]", folder: Path, key: bytes, prefix: str) -> tuple[_Pieces, bytes]:
    assert process.stdout is not None
    with process.stdout as source:
        pieces, manifest = _Pieces(source, folder, key, prefix), b""
        try:
            with tarfile.open(fileobj=cast(IO[bytes], pieces), mode="r|", bufsize=READ_BYTES) as tar:
                for member in tar:
                    if member.name == MANIFEST and (file := tar.extractfile(member)) is not None:
                        manifest = file.read()
        except tarfile.TarError:
            manifest = b""  # it ended before its end: the process says why
        while pieces.read(READ_BYTES):
            pass
        pieces.close()
    process.wait()
    return pieces, manifest
