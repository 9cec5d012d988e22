"""Who is connected somewhere, who has not been for half a minute, and when nobody served: kept in Postgres and judged by its
clock alone, so that processes whose clocks differ agree (design.md 1). Knows no connections and appends nothing: what it
finds is submitted by its caller as internal commands, under ids that are the same whoever finds it.

Order for callers: `beat` every 2 s from before the first arrival on; `arrive` before the command that joins.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID, uuid5

from persistence.database import Database
from rooms.ids import SessionId, UserId

BEAT_EVERY_S = 2.0
FRESH_S = 10.0  # a process whose beat is older is gone, and its people with it
MISSING_AFTER_S = 30.0
MISSING_MAX = 500  # people named at a time
PROCESS_KEPT = timedelta(days=1)

Pair: TypeAlias = tuple[SessionId, UserId]


@dataclass(frozen=True, slots=True)
class Missing:
    """Present or waiting by the log, connected nowhere for 30 s."""

    session: SessionId
    user: UserId
    last_seen: datetime

    @property
    def command_id(self) -> str:
        return str(uuid5(UUID(self.session), f"leave:{self.user}:{self.last_seen.isoformat()}"))


@dataclass(frozen=True, slots=True)
class Interruption:
    """Nobody served between these times; `sessions` were running."""

    from_at: datetime
    to_at: datetime
    sessions: tuple[SessionId, ...]

    def command_id(self, session: SessionId) -> str:
        return str(uuid5(UUID(session), f"interruption:{self.from_at.isoformat()}"))


_ARRIVE = """
INSERT INTO live.presence AS p (session_id, user_id, process_id)
SELECT h.session_id, here.user_id, $1::uuid
  FROM unnest($2::uuid[], $3::uuid[]) AS here (session_id, user_id) JOIN live.session_heads h USING (session_id)
 ORDER BY h.session_id, here.user_id
ON CONFLICT (session_id, user_id, process_id) DO UPDATE
   SET since = CASE WHEN p.gone_at IS NULL THEN p.since ELSE clock_timestamp() END, gone_at = NULL
"""

_LEAVE = """
UPDATE live.presence p SET gone_at = clock_timestamp()
  FROM unnest($2::uuid[], $3::uuid[]) AS gone (session_id, user_id)
 WHERE p.process_id = $1 AND p.session_id = gone.session_id AND p.user_id = gone.user_id AND p.gone_at IS NULL
"""

_LEAVE_OTHERS = """
UPDATE live.presence p SET gone_at = clock_timestamp()
 WHERE p.process_id = $1 AND p.gone_at IS NULL
   AND NOT EXISTS (SELECT FROM unnest($2::uuid[], $3::uuid[]) AS here (session_id, user_id)
                    WHERE here.session_id = p.session_id AND here.user_id = p.user_id)
"""

# Only a process that has itself been beating for a while may judge: after an outage the others need time to come back.
# Of somebody nobody keeps a row of, the log's last word is the last sign.
_MISSING = """
WITH seen AS (
  SELECT p.session_id, p.user_id,
         max(coalesce(p.gone_at, r.beat_at, p.since)) AS last_seen,
         bool_or(p.gone_at IS NULL AND r.beat_at > clock_timestamp() - $2::interval) AS connected
    FROM live.presence p LEFT JOIN live.processes r ON r.id = p.process_id
   GROUP BY p.session_id, p.user_id
), people AS (
  SELECT s.session_id, s.user_id, s.last_seen, s.connected FROM seen s
  UNION ALL
  SELECT p.session_id, p.user_id,
         (SELECT coalesce(max(e.at), p.joined_at) FROM live.session_events e
           WHERE e.session_id = p.session_id AND e.actor = p.user_id),
         false
    FROM live.session_participants p
   WHERE p.left_at IS NULL
     AND NOT EXISTS (SELECT FROM live.presence q WHERE q.session_id = p.session_id AND q.user_id = p.user_id)
)
SELECT session_id, user_id, last_seen FROM people
 WHERE NOT connected AND last_seen <= clock_timestamp() - $3::interval
   AND EXISTS (SELECT FROM live.processes me WHERE me.id = $1 AND me.beat_at > clock_timestamp() - $2::interval
                  AND me.steady_since <= clock_timestamp() - $2::interval)
 ORDER BY last_seen LIMIT $4
"""

_FORGET = """
DELETE FROM live.presence p
 USING unnest($1::uuid[], $2::uuid[]) AS left_ (session_id, user_id)
 WHERE p.session_id = left_.session_id AND p.user_id = left_.user_id
   AND (p.gone_at IS NOT NULL
        OR NOT EXISTS (SELECT FROM live.processes r WHERE r.id = p.process_id AND r.beat_at > clock_timestamp() - $3::interval))
"""

_INTERRUPTIONS = """
SELECT i.from_at, i.to_at,
       ARRAY (SELECT s.id FROM live.live_sessions s JOIN live.session_heads h ON h.session_id = s.id
               WHERE s.status IN ('active', 'paused') AND s.actual_start < i.to_at ORDER BY s.id) AS sessions
  FROM live.interruptions i WHERE i.reported_at IS NULL ORDER BY i.from_at
"""

_FORGET_PROCESSES = """
DELETE FROM live.processes r WHERE r.beat_at < clock_timestamp() - $1::interval
   AND NOT EXISTS (SELECT FROM live.presence p WHERE p.process_id = r.id)
"""


class Presence:
    """Of one process, under an id of its own that no earlier process had."""

    def __init__(self, database: Database, process: UUID) -> None:
        self._database = database
        self.process = str(process)

    async def beat(self) -> None:
        async with self._database.connection() as connection:
            await connection.execute("SELECT live.beat($1, $2)", self.process, timedelta(seconds=FRESH_S))

    async def arrive(self, people: Iterable[Pair]) -> None:
        """They have a connection to this process now; all of them in one statement."""
        async with self._database.connection() as connection:
            await connection.execute(_ARRIVE, self.process, *_columns(people))

    async def leave(self, people: Iterable[Pair]) -> None:
        """Their last connection to this process has ended."""
        async with self._database.connection() as connection:
            await connection.execute(_LEAVE, self.process, *_columns(people))

    async def hold(self, people: Iterable[Pair]) -> None:
        """Exactly these are connected here: puts right what could not be written while Postgres was away."""
        columns = _columns(people)
        async with self._database.transaction() as connection:
            await connection.execute(_ARRIVE, self.process, *columns)
            await connection.execute(_LEAVE_OTHERS, self.process, *columns)

    async def end(self) -> None:
        """This process stops serving; its people have 30 s to appear elsewhere."""
        async with self._database.transaction() as connection:
            await connection.execute(_LEAVE_OTHERS, self.process, [], [])
            await connection.execute("DELETE FROM live.processes WHERE id = $1", self.process)

    async def missing(self) -> list[Missing]:
        """Longest gone first. Empty until this process has been beating for 10 s. Name them to `forget` when their leaving
        is in the log; until then they are named again."""
        limits = timedelta(seconds=FRESH_S), timedelta(seconds=MISSING_AFTER_S)
        async with self._database.connection() as connection:
            rows = await connection.fetch(_MISSING, self.process, *limits, MISSING_MAX)
        return [Missing(row["session_id"], row["user_id"], row["last_seen"]) for row in rows]

    async def forget(self, people: Iterable[Pair]) -> None:
        """They have left by the log. Whoever came back meanwhile stays."""
        async with self._database.connection() as connection:
            await connection.execute(_FORGET, *_columns(people), timedelta(seconds=FRESH_S))
            await connection.execute(_FORGET_PROCESSES, PROCESS_KEPT)

    async def interruptions(self) -> list[Interruption]:
        """Not yet reported. The same for every process that asks."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_INTERRUPTIONS)
        return [Interruption(row["from_at"], row["to_at"], tuple(row["sessions"])) for row in rows]

    async def reported(self, interruption: Interruption) -> None:
        """All its sessions have it in their logs."""
        async with self._database.connection() as connection:
            await connection.execute(
                "UPDATE live.interruptions SET reported_at = clock_timestamp() WHERE from_at = $1", interruption.from_at
            )


def _columns(people: Iterable[Pair]) -> tuple[list[SessionId], list[UserId]]:
    pairs = sorted(set(people))
    return [session for session, _ in pairs], [user for _, user in pairs]
