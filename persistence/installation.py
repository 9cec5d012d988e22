"""What the database knows of the installation as a whole, for operators: the processes and what they last said of themselves, work that
waits, backups, Postgres itself. Counts and times only: nothing of anybody's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from persistence.database import Database
from persistence.presence import FRESH_S


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """`fresh`: its last sign of life is not older than what counts as alive."""

    id: str
    started_at: datetime
    beat_at: datetime
    fresh: bool
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class JobCounts:
    """`waiting_s`: how long the one that has been due for longest waits, at least 0."""

    kind: str
    queued: int
    running: int
    dead: int
    waiting_s: float


@dataclass(frozen=True, slots=True)
class BackupRun:
    """The latest of its kind. `done_at`: when one of its kind last succeeded."""

    kind: str
    status: str
    started_at: datetime
    ended_at: datetime | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Server:
    """Postgres, as the engine's login sees it."""

    version: str
    bytes: int
    connections: int
    connections_max: int
    archive_failing: bool


_SAY = "UPDATE live.processes SET figures = $2 WHERE id = $1"

_PROCESSES = """
SELECT id, started_at, beat_at, beat_at > clock_timestamp() - $1::interval AS fresh, figures
  FROM live.processes ORDER BY started_at, id
"""

_JOBS = """
SELECT kind,
       count(*) FILTER (WHERE status = 'queued') AS queued,
       count(*) FILTER (WHERE status = 'running') AS running,
       count(*) FILTER (WHERE status = 'dead') AS dead,
       greatest(0, coalesce(extract(epoch FROM clock_timestamp() - min(due_at) FILTER (WHERE status = 'queued')), 0))::float8
         AS waiting_s
  FROM ops.jobs WHERE status IN ('queued', 'running', 'dead') GROUP BY kind ORDER BY kind
"""

_BACKUPS = """
SELECT DISTINCT ON (kind) kind, status, started_at, ended_at,
       max(ended_at) FILTER (WHERE status = 'done') OVER (PARTITION BY kind) AS done_at
  FROM ops.backup_runs ORDER BY kind, started_at DESC
"""

_SERVER = """
SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS bytes,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
       current_setting('max_connections')::int AS connections_max,
       (SELECT last_failed_time > coalesce(last_archived_time, '-infinity') FROM pg_stat_archiver) IS TRUE AS archive_failing
"""


class Installation:
    """Everything raises Unavailable while the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def say(self, process: str, figures: dict[str, Any]) -> None:
        """Of a process that has given a sign of life; else nobody hears it."""
        async with self._database.connection() as connection:
            await connection.execute(_SAY, process, figures)

    async def processes(self) -> list[ProcessRow]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(_PROCESSES, timedelta(seconds=FRESH_S))
        return [ProcessRow(**row) for row in rows]

    async def jobs(self) -> list[JobCounts]:
        async with self._database.connection() as connection:
            return [JobCounts(**row) for row in await connection.fetch(_JOBS)]

    async def backups(self) -> list[BackupRun]:
        async with self._database.connection() as connection:
            return [BackupRun(**row) for row in await connection.fetch(_BACKUPS)]

    async def server(self) -> Server:
        async with self._database.connection() as connection:
            [row] = await connection.fetch(_SERVER)
        return Server(**row)
