"""What was done, in `ops.backup_runs`: one row for every backup, verification, expiry and rehearsal, with what came of it. As the
superuser, like everything here. Each row carries a sealed word, by which a restored copy proves that its keys fit its rows.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from persistence.connection import Connection
from persistence.encryption import Keys, Undecryptable

CANARY = "a word to find again"
COLUMN = "ops.backup_runs.canary_enc"
COUNTED = (
    "identity.accounts",
    "live.live_sessions",
    "live.session_events",
    "workbook.audio_recordings",
    "app.migrations",
)


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "atelier backup", "timezone": "UTC"})
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def run(connection: Connection, kind: str, secret_key: str) -> AsyncIterator[dict[str, Any]]:
    """The dictionary is filled with what to remember; whatever is raised is written down as the reason of the failure."""
    made, told = uuid4(), dict[str, Any]()
    keys = await Keys.load(connection, secret_key)
    await connection.execute(
        "INSERT INTO ops.backup_runs (id, kind, canary_enc) VALUES ($1, $2, $3)",
        made,
        kind,
        keys.seal(CANARY, COLUMN, made),
    )
    error = None
    try:
        yield told
    except BaseException as raised:
        error = f"{type(raised).__name__}: {raised}"[:1_000]
        raise
    finally:
        status = "failed" if error or told.get("damaged") else "done"
        await connection.execute(
            "UPDATE ops.backup_runs SET status = $2, ended_at = clock_timestamp(), details = $3::text::jsonb, error = $4 WHERE id = $1",
            made,
            status,
            _json(told),
            error,
        )


async def last_done(connection: Connection, *kinds: str) -> datetime | None:
    found: datetime | None = await connection.fetchval(
        "SELECT max(ended_at) FROM ops.backup_runs WHERE kind = ANY ($1) AND status = 'done'", list(kinds)
    )
    return found


async def last_tried(connection: Connection, *kinds: str) -> datetime | None:
    found: datetime | None = await connection.fetchval(
        "SELECT max(started_at) FROM ops.backup_runs WHERE kind = ANY ($1)", list(kinds)
    )
    return found


async def rows(connection: Connection) -> dict[str, int]:
    return {
        table: await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own names
        for table in COUNTED
    }


async def canary_opens(connection: Connection, secret_key: str) -> bool:
    """Of the newest run that the copy knows."""
    try:
        keys = await Keys.load(connection, secret_key)
        row = await connection.fetchrow("SELECT id, canary_enc FROM ops.backup_runs ORDER BY started_at DESC LIMIT 1")
        return row is not None and keys.open(row["canary_enc"], COLUMN, UUID(str(row["id"]))) == CANARY
    except Undecryptable:
        return False


def _json(told: dict[str, Any]) -> str:
    return json.dumps(told, default=str)
