"""What falls due later: rows armed and disarmed by appends, taken here when their time has come. Any process takes any row;
a row taken by a process that died is anybody's again after the lease. Does not submit: the caller does, under the row's
command id, which makes a second taking harmless. Judged by the database's clock.

The append that carries a timer's command removes its row; `done` removes one whose command came to nothing.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from persistence.database import Database
from rooms.feature import Command
from rooms.ids import SessionId
from rooms.protocol import ALL_COMMANDS

log = logging.getLogger(__name__)

LEASE_S = 10.0
DUE_MAX = 100


@dataclass(frozen=True, slots=True)
class Due:
    """Decide at `due_at` or later: this process's clock may be behind the database's, and a rule that finds its time not yet
    come does nothing, for good."""

    session: SessionId
    key: str
    due_at: datetime
    command: Command
    command_id: str


_TAKE = """
UPDATE live.timers t SET taken_until = statement_timestamp() + $2::interval
  FROM (SELECT session_id, key FROM live.timers
         WHERE due_at <= statement_timestamp() AND (taken_until IS NULL OR taken_until <= statement_timestamp())
           AND session_id <> ALL ($3::uuid[])
         ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED) due
 WHERE t.session_id = due.session_id AND t.key = due.key
RETURNING t.session_id, t.key, t.due_at, t.command, t.command_id
"""

_NEXT = """
SELECT extract(epoch FROM min(greatest(due_at, taken_until)) - clock_timestamp())::float8 FROM live.timers
 WHERE session_id <> ALL ($1::uuid[])
"""


class Timers:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_due(self, limit: int = DUE_MAX, but: Collection[SessionId] = ()) -> list[Due]:
        """Earliest first, and none of the sessions `but`. Whoever got a row has LEASE_S to submit its command."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_TAKE, limit, timedelta(seconds=LEASE_S), list(but))
        due = []
        for row in sorted(rows, key=lambda row: row["due_at"]):
            try:
                command = ALL_COMMANDS.validate_python(row["command"])
            except ValidationError:
                log.warning("timer %s of session %s holds no command of this release", row["key"], row["session_id"])
                await self.done(row["session_id"], row["key"])
                continue
            due.append(Due(row["session_id"], row["key"], row["due_at"], command, row["command_id"]))
        return due

    async def next_due(self, but: Collection[SessionId] = ()) -> float | None:
        """Seconds until a row can be taken, 0 or less: now; None: nothing is armed."""
        async with self._database.connection() as connection:
            seconds: float | None = await connection.fetchval(_NEXT, list(but))
        return seconds

    async def put_back(self, session: SessionId, key: str) -> None:
        """Whoever took it cannot submit it; somebody else may."""
        async with self._database.connection() as connection:
            await connection.execute(
                "UPDATE live.timers SET taken_until = NULL WHERE session_id = $1 AND key = $2", session, key
            )

    async def done(self, session: SessionId, key: str) -> None:
        async with self._database.connection() as connection:
            await connection.execute("DELETE FROM live.timers WHERE session_id = $1 AND key = $2", session, key)
