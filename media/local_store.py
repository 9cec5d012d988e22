"""The store as files of a local directory. Paths are walked segment by segment from a descriptor of the root, and no link on the
way is followed (attack 54). Everything that touches the disk happens in threads of its own, never on the loop.
"""

import asyncio
import errno
import logging
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeAlias, TypeVar
from uuid import uuid4

from media.store import PIECE_BYTES, StoreFailed, segments_of

log = logging.getLogger(__name__)
THREADS = 4
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
OLD_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # never waits for the other end of a pipe
NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}  # the latter two: a link, which is nothing of ours
P = ParamSpec("P")
T = TypeVar("T")
Names: TypeAlias = list[str]  # `list` is a name of the protocol


class LocalStore:
    """A Store. Only the root itself may be a link: that is the operator's."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store")

    async def put(self, name: str, data: bytes) -> None:
        await self._aside(self._put, segments_of(name), partial(_write_all, data=data))

    async def put_file(self, name: str, path: Path) -> None:
        await self._aside(self._put, segments_of(name), partial(_copy_from, path))

    async def read(self, name: str) -> bytes | None:
        return await self._aside(self._read, segments_of(name), _all_of)

    async def read_range(self, name: str, start: int, stop: int) -> bytes | None:
        return await self._aside(self._read, segments_of(name), partial(_range_of, start=start, stop=stop))

    async def size(self, name: str) -> int | None:
        return await self._aside(self._read, segments_of(name), _size_of)

    async def list(self, folder: str) -> Names:
        return await self._aside(self._list, segments_of(folder, least=1))

    async def delete(self, name: str) -> bool:
        return await self._aside(self._delete, segments_of(name))

    async def delete_tree(self, folder: str) -> int:
        return await self._aside(self._delete_tree, segments_of(folder, least=1))

    async def close(self) -> None:
        """Waits for what is under way, which is never more than one object for each thread."""
        await asyncio.to_thread(self._threads.shutdown, wait=True)

    async def _aside(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def carried_out() -> T:
            try:
                return work(*args, **kwargs)
            except OSError as error:
                log.error("the store failed: %s", error.strerror)  # noqa: TRY400 - the disk's trouble, not ours
                raise StoreFailed(error.strerror or "the disk refused") from error

        return await asyncio.get_running_loop().run_in_executor(self._threads, carried_out)

    # -- in a thread ----------------------------------------------------------------------------------------------------

    def _put(self, segments: tuple[str, ...], write: Callable[[int], None]) -> None:
        """Written beside it under a name that nobody reads, then renamed; file and folder are both brought to the disk."""
        with self._folder(segments[:-1], make=True) as folder:
            draft = f".{uuid4()}"
            file = os.open(draft, NEW_FILE, 0o600, dir_fd=folder)
            try:
                try:
                    write(file)
                    os.fsync(file)
                finally:
                    os.close(file)
                os.rename(draft, segments[-1], src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(draft, dir_fd=folder)
                raise
            os.fsync(folder)

    def _read(self, segments: tuple[str, ...], look: Callable[[int], T]) -> T | None:
        try:
            with self._folder(segments[:-1]) as folder:
                file = os.open(segments[-1], OLD_FILE, dir_fd=folder)
        except OSError as error:
            if error.errno in NOT_THERE:
                return None
            raise
        try:
            return look(file) if stat.S_ISREG(os.fstat(file).st_mode) else None
        finally:
            os.close(file)

    def _list(self, segments: tuple[str, ...]) -> Names:
        try:
            with self._folder(segments) as folder:
                found = [
                    (*Path(path).parts, name)
                    for path, _folders, names, _fd in os.fwalk(".", dir_fd=folder, follow_symlinks=False)
                    for name in names
                ]
        except OSError as error:
            if error.errno in NOT_THERE:
                return []
            raise
        below = ("/".join((*segments, *path)) for path in found)
        return sorted(filter(_is_ours, below))

    def _delete_tree(self, segments: tuple[str, ...]) -> int:
        deleted = sum(self._delete(segments_of(name)) for name in self._list(segments))
        with suppress(OSError), self._folder(segments[:-1]) as above:
            shutil.rmtree(segments[-1], dir_fd=above)  # what is left: empty folders and drafts of the dead
        return deleted

    def _delete(self, segments: tuple[str, ...]) -> bool:
        try:
            with self._folder(segments[:-1]) as folder:
                os.unlink(segments[-1], dir_fd=folder)
                os.fsync(folder)
        except OSError as error:
            if error.errno in NOT_THERE:
                return False
            raise
        return True

    @contextmanager
    def _folder(self, segments: tuple[str, ...], *, make: bool = False) -> Iterator[int]:
        """A descriptor of the folder."""
        if make:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for segment in segments:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(segment, 0o700, dir_fd=held)
                        os.fsync(held)
                below = os.open(segment, FOLDER, dir_fd=held)
                os.close(held)
                held = below
            yield held
        finally:
            os.close(held)


def _write_all(file: int, data: bytes | memoryview) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]


def _copy_from(path: Path, file: int) -> None:
    with path.open("rb") as source:
        while piece := source.read(PIECE_BYTES):
            _write_all(file, piece)


def _all_of(file: int) -> bytes:
    with os.fdopen(file, "rb", closefd=False) as opened:
        return opened.read()


def _range_of(file: int, start: int, stop: int) -> bytes:
    found = bytearray()
    while len(found) < stop - start and (piece := os.pread(file, stop - start - len(found), start + len(found))):
        found += piece
    return bytes(found)


def _size_of(file: int) -> int:
    return os.fstat(file).st_size


def _is_ours(name: str) -> bool:
    """Not a draft of somebody who died."""
    try:
        return bool(segments_of(name))
    except ValueError:
        return False
