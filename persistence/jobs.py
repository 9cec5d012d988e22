"""Durable work: rows queued by appends (rooms' `Enqueue`) or here, leased by workers, and gone on with by another when a worker
dies. Judged by the database's clock. Knows kinds as names only; what is done twice must be harmless, because a lease that ran
out does not stop its holder, it only takes its say.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from persistence.connection import Connection
from persistence.database import Database
from rooms.feature import Enqueue
from rooms.ids import SessionId

log = logging.getLogger(__name__)

LEASE_S = 30.0
FIRST_RETRY_S = 5.0
RETRY_FACTOR = 4  # 5 s, 20 s, 80 s, 5 min
ERROR_CHARACTERS_MAX = 500
KEPT = timedelta(days=30)  # of what is over


@dataclass(frozen=True, slots=True)
class Job:
    """Leased. `attempts` counts this one and is the fence: whoever leases it later has a higher one. `exhausted`: its workers
    died at it as often as it may be tried; it is to be reported and failed, not carried out."""

    id: str
    session: SessionId | None
    kind: str
    key: str
    payload: dict[str, Any]
    attempts: int
    exhausted: bool = False


def backoff_s(attempts: int) -> float:
    """Before the next attempt, after so many failed."""
    return float(FIRST_RETRY_S * RETRY_FACTOR ** (attempts - 1))


# A lease that ran out is the next one's to take.
_LEASE = """
UPDATE ops.jobs j
   SET status = 'running', attempts = j.attempts + 1, worker = $2, due_at = clock_timestamp() + $3::interval
  FROM (SELECT id FROM ops.jobs
         WHERE kind = ANY ($1::text[]) AND status IN ('queued', 'running') AND due_at <= clock_timestamp()
         ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) due
 WHERE j.id = due.id
RETURNING j.id, j.session_id AS session, j.kind, j.key, j.payload, j.attempts, j.attempts > j.attempts_max AS exhausted
"""

_RENEW = """
UPDATE ops.jobs SET due_at = clock_timestamp() + $3::interval
 WHERE id = $1 AND status = 'running' AND attempts = $2 RETURNING true
"""

_DONE = """
UPDATE ops.jobs SET status = 'done', worker = NULL, last_error = NULL
 WHERE id = $1 AND status = 'running' AND attempts = $2 RETURNING true
"""

_FAILED = """
UPDATE ops.jobs
   SET status = CASE WHEN $4::interval IS NULL OR attempts >= attempts_max THEN 'dead' ELSE 'queued' END,
       due_at = clock_timestamp() + coalesce($4::interval, '0'), worker = NULL, last_error = $3
 WHERE id = $1 AND status = 'running' AND attempts = $2 RETURNING status
"""

_RELEASE = """
UPDATE ops.jobs
   SET status = 'queued', attempts_max = attempts_max + 1, due_at = clock_timestamp() + $3::interval, worker = NULL
 WHERE id = $1 AND status = 'running' AND attempts = $2 RETURNING true
"""

_ENQUEUE = """
INSERT INTO ops.jobs (session_id, kind, key, payload, due_at) VALUES ($1, $2, $3, $4, clock_timestamp() + $5::interval)
ON CONFLICT (session_id, kind, key) WHERE status IN ('queued', 'running') DO NOTHING
"""


class Jobs:
    def __init__(self, database: Database) -> None:
        self._database = database

    # -- the worker's side ----------------------------------------------------------------------------------------------

    async def lease(self, kinds: Iterable[str], worker: str, lease_s: float = LEASE_S) -> Job | None:
        """The one that has been due for longest. None: nothing to do now."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_LEASE, list(kinds), worker, timedelta(seconds=lease_s))
        return None if row is None else Job(**row)

    async def renew(self, job: Job, lease_s: float = LEASE_S) -> bool:
        """False: somebody else has it by now; stop, and report nothing."""
        return await self._as_holder(_RENEW, job, timedelta(seconds=lease_s)) is not None

    async def done(self, job: Job, *then: Enqueue) -> bool:
        """With what is to be done next, of the same session, in one transaction. False: it was not this worker's any more,
        and nothing was queued."""
        async with self._database.transaction() as connection:
            if not await connection.fetchval(_DONE, job.id, job.attempts):
                return False
            for each in then:
                await enqueue(connection, each, job.session)
        return True

    async def failed(self, job: Job, error: str, retry_in_s: float | None) -> Literal["queued", "dead"] | None:
        """What became of it; dead also without a retry or after the last attempt. None: it was not this worker's any more.
        `error` is for operators and must not quote what anybody said."""
        retry = None if retry_in_s is None else timedelta(seconds=retry_in_s)
        status: Literal["queued", "dead"] | None = await self._as_holder(
            _FAILED, job, error[:ERROR_CHARACTERS_MAX].replace("\0", ""), retry
        )
        if status == "dead":
            log.error("job %s %s is given up after %d attempts", job.kind, job.id, job.attempts)
        return status

    async def release(self, job: Job, in_s: float = 0.0) -> bool:
        """Put back without fault: not yet its time, or this worker ends. Counts as no attempt."""
        return await self._as_holder(_RELEASE, job, timedelta(seconds=in_s)) is not None

    async def _as_holder(self, statement: str, job: Job, *arguments: object) -> Any:
        async with self._database.connection() as connection:
            return await connection.fetchval(statement, job.id, job.attempts, *arguments)

    # -- everybody else's -----------------------------------------------------------------------------------------------

    async def enqueue(self, job: Enqueue, session: SessionId | None = None, in_s: float = 0.0) -> None:
        """Nothing happens while the same is queued or running."""
        async with self._database.connection() as connection:
            await enqueue(connection, job, session, in_s)

    async def forget_old(self) -> None:
        """What is over is kept for a while, for operators."""
        async with self._database.connection() as connection:
            await connection.execute(
                "DELETE FROM ops.jobs WHERE status IN ('done', 'dead') AND updated_at < clock_timestamp() - $1::interval",
                KEPT,
            )


async def enqueue(connection: Connection, job: Enqueue, session: SessionId | None, in_s: float = 0.0) -> None:
    """In the caller's transaction."""
    await connection.execute(_ENQUEUE, session, job.kind, job.key, dict(job.payload), timedelta(seconds=in_s))
