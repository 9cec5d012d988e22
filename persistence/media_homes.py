"""Which process mixes and records a session's sound, by a lease of the database's clock (design.md 1). Whoever could not renew
for LEASE_S has stopped; the next home has a higher generation, which segments and manifests carry. Knows no sound.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from persistence.database import Database
from rooms.ids import SessionId

LEASE_S = 5.0
LEASE = timedelta(seconds=LEASE_S)


@dataclass(frozen=True, slots=True)
class Home:
    session: SessionId
    process: UUID
    generation: int


_TAKE = """
INSERT INTO live.media_homes AS h (session_id, process_id, lease_until) VALUES ($1, $2, clock_timestamp() + $3::interval)
ON CONFLICT (session_id) DO UPDATE
   SET process_id = excluded.process_id, generation = h.generation + 1, lease_until = clock_timestamp() + $3::interval
 WHERE h.process_id = excluded.process_id OR h.lease_until <= clock_timestamp()
RETURNING generation
"""

_WHERE = """
SELECT session_id, process_id FROM live.media_homes WHERE session_id = ANY ($1::uuid[]) AND lease_until > clock_timestamp()
"""

_RENEW = """
UPDATE live.media_homes SET lease_until = clock_timestamp() + $3::interval
 WHERE session_id = ANY ($1::uuid[]) AND process_id = $2 AND lease_until > clock_timestamp() RETURNING session_id
"""

_RELEASE = """
UPDATE live.media_homes SET lease_until = clock_timestamp() WHERE session_id = ANY ($1::uuid[]) AND process_id = $2
"""

_SETTLE = """
UPDATE live.media_homes SET settled = CASE WHEN $3::uuid = ANY (settled) THEN settled ELSE settled || $3::uuid END
 WHERE session_id = $1 AND process_id = $2 AND lease_until > clock_timestamp() RETURNING true
"""

_IS_SETTLED = """
SELECT NOT EXISTS (SELECT FROM live.media_homes WHERE session_id = $1 AND lease_until > clock_timestamp()
                      AND $2::uuid <> ALL (settled))
"""


class Homes:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, session: SessionId, process: UUID) -> Home | None:
        """A new generation, also for whoever is its home already. None: another process is."""
        async with self._database.connection() as connection:
            generation = await connection.fetchval(_TAKE, session, process, LEASE)
        return None if generation is None else Home(session, process, generation)

    async def where(self, sessions: Iterable[SessionId]) -> dict[SessionId, UUID]:
        """The processes that are their homes now."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_WHERE, list(sessions))
        return {SessionId(row["session_id"]): UUID(row["process_id"]) for row in rows}

    async def renew(self, sessions: Iterable[SessionId], process: UUID) -> set[SessionId]:
        """Those still held; a lease that ran out is not renewed, take again."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_RENEW, list(sessions), process, LEASE)
        return {SessionId(row["session_id"]) for row in rows}

    async def release(self, sessions: Iterable[SessionId], process: UUID) -> None:
        """Anybody may take them now."""
        async with self._database.connection() as connection:
            await connection.execute(_RELEASE, list(sessions), process)

    async def settle(self, session: SessionId, process: UUID, recording: str) -> bool:
        """The home will write no more of this recording. False: it is not the home."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SETTLE, session, process, recording))

    async def is_settled(self, session: SessionId, recording: str) -> bool:
        """Nobody writes it any more: its home said so, or there is no home. For recordings that are over by the log: whoever
        becomes home afterwards writes those that go on only."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_IS_SETTLED, session, recording))
