"""Answers that many ask for in the same moment and that take work: made once, kept while there is room, shared as the same bytes.
Knows nothing of what they are; a key names exactly one content, so nothing kept is ever out of date.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable


class Kept:
    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._making: dict[Hashable, asyncio.Task[bytes | None]] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        """`make` runs once for all who wait, even if the first of them goes away; None and failures are not kept."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        task = self._making.get(key)
        if task is None:
            task = self._making[key] = asyncio.create_task(self._make(key, make))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # whoever waits is told
        return await asyncio.shield(task)

    async def _make(self, key: Hashable, make: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        try:
            made = await make()
        finally:
            del self._making[key]
        if made is not None and len(made) <= self._bytes_max // 4:
            self._kept[key] = made
            self._bytes += len(made)
            while self._bytes > self._bytes_max:
                _key, oldest = self._kept.popitem(last=False)
                self._bytes -= len(oldest)
        return made
