"""What other processes appended to sessions that were told of it: whatever is asked for while one reading is under way is the next, in
one round trip, on a connection that is kept for it. Nobody waits: whoever asked is handed what was read.
"""

import asyncio
from collections.abc import Callable, Sequence

from persistence.database import Database, Unavailable
from persistence.event_log import EventLog
from rooms.feature import Recorded
from rooms.ids import SessionId

Take = Callable[[Sequence[Recorded] | None], None]


class Ends:
    """`keep_reading` is started by the composition root."""

    def __init__(self, database: Database, event_log: EventLog) -> None:
        self._database = database
        self._event_log = event_log
        self._asked: dict[SessionId, tuple[int, Take]] = {}
        self._any = asyncio.Event()

    def ask(self, session: SessionId, after: int, take: Take) -> None:
        """`take` gets the events after `after`, and neither waits nor raises: nothing where Postgres cannot be asked, None where the
        session has to read for itself. One question of a session at a time."""
        self._asked[session] = after, take
        self._any.set()

    async def keep_reading(self) -> None:
        """Until cancelled."""
        if self._asked:  # when this failed
            self._any.set()
        while True:
            await self._any.wait()
            try:
                async with self._database.connection() as connection:
                    while True:
                        await self._any.wait()
                        self._any.clear()
                        after = {session: seq for session, (seq, _take) in self._asked.items()}
                        ends = await self._event_log.read_ends_on(connection, after)
                        for session in after:
                            self._asked.pop(session)[1](ends[session])
            except Unavailable:
                asked, self._asked = self._asked, {}
                self._any.clear()
                for _after, take in asked.values():
                    take(())
