"""Where sealed backups lie: one folder of a store for each cluster, named by its system identifier.

    atelier/<system>/<backup>/manifest             what the backup consists of; put last, without it there is no backup
    atelier/<system>/<backup>/00000.part           pieces of the tar that pg_basebackup makes
    atelier/<system>/<backup>/postgres.manifest    pg_basebackup's own, from which the next incremental one starts
    atelier/<system>/wal/<segment>                 the archive
    atelier/<system>/files/<hash of its name>      an object of the store of recordings and pictures
    atelier/<system>/erasures/<person>             somebody who was erased, and is after a restore again

Knows neither Postgres nor whether the store is a folder or a bucket.
"""

import asyncio
import builtins
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from persistence.backup.seal import Damaged, seal, unseal

ROOT = "atelier"
T = TypeVar("T")
Names = builtins.list[str]  # `list` is a name of the protocol


class Store(Protocol):
    """As much of media/store.py's as backups need."""

    async def put(self, name: str, data: bytes) -> None: ...
    async def put_file(self, name: str, path: Path) -> None: ...
    async def read(self, name: str) -> bytes | None: ...
    async def size(self, name: str) -> int | None: ...
    async def list(self, folder: str) -> Names: ...
    async def delete(self, name: str) -> bool: ...


class RepositoryFailed(Exception):
    """Gone, full, not ours, or not this installation's."""


class Manifest(BaseModel):
    """`start` and `end` are numbers of the first and the last WAL segment that belong to it; `files` are objects of the store by their object here; `rows` are what some tables
    held when it began."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: Literal["full", "incremental"]
    parent: str | None
    postgres: int
    started_at: datetime
    ended_at: datetime
    timeline: int
    start: int
    end: int
    pieces: tuple[str, ...]
    size_bytes: int
    files: dict[str, str]
    rows: dict[str, int]


class Repository:
    """`fails` is what the store raises when it does."""

    def __init__(
        self, store: Store, key: bytes, system: str, label: str, fails: tuple[type[Exception], ...] = (OSError,)
    ) -> None:
        self.label = label
        self.system = system
        self._store = store
        self._key = key
        self._fails = fails

    def name(self, *parts: str) -> str:
        """Of an object, as the store knows it and as it is sealed."""
        return "/".join((ROOT, self.system, *parts))

    async def put(self, name: str, clear: Iterable[bytes]) -> None:
        sealed = await asyncio.to_thread(lambda: b"".join(seal(clear, self._key, name)))
        await self._asked(self._store.put(name, sealed))

    async def send(self, name: str, sealed: Path) -> None:
        """What was sealed before, under this name."""
        await self._asked(self._store.put_file(name, sealed))

    async def holds(self, name: str) -> bool:
        return await self._asked(self._store.size(name)) is not None

    async def read(self, name: str) -> bytes:
        """Raises Damaged, also when it is missing."""
        return await self.told(name, b"".join)

    async def told(self, name: str, tell: Callable[[Iterable[bytes]], T]) -> T:
        """What `tell`, in a thread, makes of the clear text in pieces; it must read all of it. Raises Damaged."""
        sealed = await self._asked(self._store.read(name))
        if sealed is None:
            raise Damaged(f"{name} is missing")
        return await asyncio.to_thread(lambda: tell(unseal(sealed, self._key, name)))

    async def list(self, *parts: str) -> Names:
        return await self._asked(self._store.list("/".join((ROOT, self.system, *parts))))

    async def delete(self, name: str) -> None:
        await self._asked(self._store.delete(name))

    async def put_manifest(self, manifest: Manifest) -> None:
        await self.put(self.name(manifest.id, "manifest"), [manifest.model_dump_json().encode()])

    async def manifests(self) -> builtins.list[Manifest]:
        """Oldest first. Raises Damaged: nobody goes on as if a backup had never been."""
        return [await self.manifest(each) for each in await self.ids()]

    async def ids(self) -> Names:
        """Of whole backups, oldest first."""
        return sorted(each.split("/")[2] for each in await self.list() if each.endswith("/manifest"))

    async def manifest(self, backup: str) -> Manifest:
        name = self.name(backup, "manifest")
        try:
            return Manifest.model_validate_json(await self.read(name))
        except ValidationError as error:
            raise Damaged(name) from error

    async def _asked(self, answer: Coroutine[Any, Any, T]) -> T:
        try:
            return await answer
        except self._fails as error:
            raise RepositoryFailed(f"repository {self.label}: {error}") from error


async def systems(store: Store) -> Names:
    """Of which clusters there is something."""
    return sorted({each.split("/")[1] for each in await store.list(ROOT)})


def chain(manifests: Iterable[Manifest], last: Manifest) -> builtins.list[Manifest]:
    """The full backup and every incremental one up to `last`. Raises Damaged where one is missing."""
    known = {each.id: each for each in manifests}
    found = [last]
    while (parent := found[0].parent) is not None:
        if parent not in known:
            raise Damaged(f"{parent}, which {found[0].id} builds on, is missing")
        found.insert(0, known[parent])
    return found
