"""A ZIP archive that is sent while it is made: never whole in memory, never on a disk. What is text is compressed, sound is not."""

import asyncio
import io
from collections.abc import AsyncIterator
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

ENTRY_TIME = (1980, 1, 1, 0, 0, 0)  # the same archive has the same bytes
READ_ONLY = 0o644 << 16


class Zipped:
    """`add` and `begin`/`more` yield what is to be sent now; `end` the rest."""

    def __init__(self) -> None:
        self._sent = _Outlet()
        self._zip = ZipFile(self._sent, "w")

    async def add(self, name: str, data: bytes) -> bytes:
        await asyncio.to_thread(self._zip.writestr, _entry(name, ZIP_DEFLATED), data, ZIP_DEFLATED)
        return self._sent.take()

    async def stream(self, name: str, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """One entry of unknown length."""
        with self._zip.open(_entry(name, ZIP_STORED), "w", force_zip64=True) as entry:
            async for piece in pieces:
                entry.write(piece)
                yield self._sent.take()
        yield self._sent.take()

    def end(self) -> bytes:
        self._zip.close()
        return self._sent.take()


def _entry(name: str, kind: int) -> ZipInfo:
    entry = ZipInfo(name, ENTRY_TIME)
    entry.compress_type, entry.external_attr = kind, READ_ONLY
    return entry


class _Outlet(io.RawIOBase):
    """What zipfile takes for a pipe."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # only bytes come
        self._waiting += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken
