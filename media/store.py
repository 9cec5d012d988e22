"""Where what is too large for the log lies: pictures of boards now, recordings later, as files of a local directory. Names are
the server's own, never a person's; a file is there whole or not at all, and once it is there it does not change.

Paths are walked segment by segment from a descriptor of the root, and no link on the way is followed (attack 54). Everything
that touches the disk happens in threads of its own, never on the loop.
"""

import asyncio
import errno
import logging
import os
import re
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ParamSpec, TypeVar
from uuid import uuid4

log = logging.getLogger(__name__)
THREADS = 4
SEGMENTS_MAX = 4
SEGMENT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}(\.[a-z0-9]{1,8})?", re.ASCII)
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
OLD_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # never waits for the other end of a pipe
NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}  # the latter two: a link, which is nothing of ours
P = ParamSpec("P")
T = TypeVar("T")


class StoreFailed(Exception):
    """The disk refused: full, gone, not ours."""


class Store:
    """`name` is a relative path of segments like `pictures/<session>/<id>`; anything else is a ValueError, a mistake of ours."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store")

    async def put(self, name: str, data: bytes) -> None:
        """Returns when it survives a loss of power. The same name again replaces. Raises StoreFailed."""
        await self._aside(self._put, _segments(name), data)

    async def read(self, name: str) -> bytes | None:
        """None: there is no such file. Raises StoreFailed."""
        return await self._aside(self._read, _segments(name))

    async def delete(self, name: str) -> bool:
        """Whether there was one. Raises StoreFailed."""
        return await self._aside(self._delete, _segments(name))

    def close(self) -> None:
        self._threads.shutdown(wait=True)

    async def _aside(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def carried_out() -> T:
            try:
                return work(*args, **kwargs)
            except OSError as error:
                log.error("the store failed: %s", error.strerror)  # noqa: TRY400 - the disk's trouble, not ours
                raise StoreFailed(error.strerror or "the disk refused") from error

        return await asyncio.get_running_loop().run_in_executor(self._threads, carried_out)

    # -- in a thread ----------------------------------------------------------------------------------------------------

    def _put(self, segments: tuple[str, ...], data: bytes) -> None:
        """Written beside it under a name that nobody reads, then renamed; file and folder are both brought to the disk."""
        with self._folder(segments[:-1], make=True) as folder:
            draft = f".{uuid4()}"
            file = os.open(draft, NEW_FILE, 0o600, dir_fd=folder)
            try:
                try:
                    left = memoryview(data)
                    while left:
                        left = left[os.write(file, left) :]
                    os.fsync(file)
                finally:
                    os.close(file)
                os.rename(draft, segments[-1], src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(draft, dir_fd=folder)
                raise
            os.fsync(folder)

    def _read(self, segments: tuple[str, ...]) -> bytes | None:
        try:
            with self._folder(segments[:-1]) as folder:
                file = os.open(segments[-1], OLD_FILE, dir_fd=folder)
        except OSError as error:
            if error.errno in NOT_THERE:
                return None
            raise
        try:
            return _all_of(file) if stat.S_ISREG(os.fstat(file).st_mode) else None
        finally:
            os.close(file)

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
        """A descriptor of the folder. Only the root itself may be a link: that is the operator's."""
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


def _all_of(file: int) -> bytes:
    with os.fdopen(file, "rb", closefd=False) as opened:
        return opened.read()


def _segments(name: str) -> tuple[str, ...]:
    segments = tuple(name.split("/"))
    if not 1 < len(segments) <= SEGMENTS_MAX or not all(SEGMENT.fullmatch(each) for each in segments):
        raise ValueError("that is no name of ours")
    return segments
