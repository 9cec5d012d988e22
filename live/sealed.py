"""Sealed sound in the store (media/vault.py), read in the clear: any range of it, a few records at a time. Opening a record is a
matter of microseconds per kilobyte; a whole part is opened in a thread. Knows no person.
"""

import asyncio
from dataclasses import dataclass

from media.store import Store
from media.vault import (
    FILE_HEADER,
    HEADER_BYTES,
    RECORD_BYTES,
    Unsealable,
    clear_size,
    open_records,
    records_for,
    unseal,
)


@dataclass(frozen=True, slots=True)
class SealedSound:
    """`size` in the clear."""

    store: Store
    name: str
    key: bytes
    size: int

    async def read(self, start: int, stop: int) -> bytes | None:
        """None: it is gone. Raises Unsealable: it is not what was stored, or not under this key."""
        sealed_from, sealed_to = records_for(start, stop, self.size)
        first = start // RECORD_BYTES
        data = await self.store.read_range(self.name, sealed_from, sealed_to)
        if data is None:
            return None
        if len(data) != sealed_to - sealed_from:
            raise Unsealable("it is not all there")
        clear = await asyncio.to_thread(open_records, data, first, self.key, self.name, self.size)
        return clear[start - first * RECORD_BYTES : stop - first * RECORD_BYTES]

    async def read_all(self) -> bytes | None:
        data = await self.store.read(self.name)
        return None if data is None else await asyncio.to_thread(unseal, data, self.key, self.name)


async def find_sealed(store: Store, name: str, key: bytes) -> SealedSound | None:
    """Raises Unsealable for what is no sealed file."""
    sealed = await store.size(name)
    if sealed is None:
        return None
    if await store.read_range(name, 0, HEADER_BYTES) != FILE_HEADER:
        raise Unsealable("no sealed file")
    return SealedSound(store, name, key, clear_size(sealed))
