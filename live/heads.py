"""Where the logs stand now, asked of the primary. Everybody who asks while a question is under way shares the next one, so a
storm of joins is a few queries, and nobody is answered with what was read before they asked.
"""

import asyncio

from persistence.event_log import EventLog, Head
from rooms.ids import SessionId


class Heads:
    def __init__(self, event_log: EventLog) -> None:
        self._event_log = event_log
        self._asked: set[SessionId] = set()
        self._next: asyncio.Task[dict[SessionId, Head]] | None = None
        self._under_way = asyncio.Lock()

    async def of(self, session: SessionId) -> Head | None:
        """None: there is no such log. Raises Unavailable."""
        self._asked.add(session)
        if self._next is None:
            self._next = asyncio.create_task(self._ask())
        return (await asyncio.shield(self._next)).get(session)

    async def _ask(self) -> dict[SessionId, Head]:
        async with self._under_way:
            asked, self._asked, self._next = self._asked, set(), None
            return await self._event_log.heads(asked)
