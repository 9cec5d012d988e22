"""Where what is too large for the log lies: pictures of boards, voices, uploads. One protocol, two homes: a folder of this machine
(media/local_store.py) and an S3 bucket (media/s3_store.py). Names are the server's own, never a person's; an object is there whole
or not at all, and once it is there it does not change. What is in it, and under which key, is not the store's matter.
"""

import re
from pathlib import Path
from typing import Protocol

SEGMENTS_MAX = 4
SEGMENT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}(\.[a-z0-9]{1,8})?", re.ASCII)
PIECE_BYTES = 1_048_576  # copied at a time


class StoreFailed(Exception):
    """The disk or the bucket refused: full, gone, not ours."""


class Store(Protocol):
    """`name` is a relative path of segments like `pictures/<session>/<id>`; a folder may have one segment less. Anything else is a
    ValueError, a mistake of ours. Everything raises StoreFailed."""

    async def put(self, name: str, data: bytes) -> None:
        """Returns when it survives a loss of power. The same name again replaces."""

    async def put_file(self, name: str, path: Path) -> None:
        """The same with the content of a file, which stays where it is."""

    async def read(self, name: str) -> bytes | None:
        """None: there is no such object."""

    async def read_range(self, name: str, start: int, stop: int) -> bytes | None:
        """From `start` up to and without `stop`, less where it ends before."""

    async def size(self, name: str) -> int | None: ...

    async def list(self, folder: str) -> list[str]:
        """The names of everything below it, in order."""

    async def delete(self, name: str) -> bool:
        """Whether there was one."""

    async def delete_tree(self, folder: str) -> int:
        """Everything below it; how many objects that were."""

    async def close(self) -> None: ...


def segments_of(name: str, *, least: int = 2) -> tuple[str, ...]:
    segments = tuple(name.split("/"))
    if not least <= len(segments) <= SEGMENTS_MAX or not all(SEGMENT.fullmatch(each) for each in segments):
        raise ValueError("that is no name of ours")
    return segments
