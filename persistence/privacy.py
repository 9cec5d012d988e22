"""What people ask about their own data as rows: asked once, carried out by a job, withdrawn until it begins. Does not know how an export
or an erasure is made (export.py, erasure.py), nor who may ask.
"""

from datetime import timedelta
from typing import Any

import asyncpg

from persistence.connection import Connection
from persistence.database import Database
from persistence.jobs import enqueue
from persistence.models.privacy import PrivacyKind, PrivacyRequest
from rooms.feature import Enqueue
from rooms.ids import SessionId, UserId

GRACE = timedelta(days=30)
EXPORT_KEPT = timedelta(days=7)

_ASK = """
INSERT INTO identity.privacy_requests (id, user_id, kind, requested_by, begins_at, due_at)
VALUES ($1, $2, $3, $4, clock_timestamp() + $5::interval, clock_timestamp() + interval '30 days') RETURNING *
"""
_LATEST = "SELECT * FROM identity.privacy_requests WHERE user_id = $1 AND kind = $2 ORDER BY created_at DESC LIMIT 1"
_WITHDRAW = """
UPDATE identity.privacy_requests SET status = 'cancelled' WHERE user_id = $1 AND kind = $2 AND status IN ('pending', 'failed')
RETURNING id
"""
_FORGET_JOB = "DELETE FROM ops.jobs WHERE kind = $1 AND key = $2 AND status = 'queued'"
# Of a worker that died it is taken over; what is completed or withdrawn is not begun.
_BEGIN = """
UPDATE identity.privacy_requests SET status = 'processing', failure = NULL
 WHERE id = $1 AND status IN ('pending', 'processing', 'failed') RETURNING user_id
"""
_WAIT = "UPDATE identity.privacy_requests SET status = 'pending' WHERE id = $1 AND status = 'processing'"
_COMPLETE = """
UPDATE identity.privacy_requests SET status = 'completed', completed_at = clock_timestamp(), bytes = $2,
       expires_at = clock_timestamp() + $3::interval
 WHERE id = $1 AND status = 'processing'
"""
_FAIL = "UPDATE identity.privacy_requests SET status = 'failed', failure = $2 WHERE id = $1 AND status = 'processing'"
_OVER = """
SELECT id FROM identity.privacy_requests WHERE kind = 'export' AND expires_at < clock_timestamp() AND bytes IS NOT NULL LIMIT 100
"""
_IS_LAST_ADMIN = """
SELECT array_agg(r.user_id) = ARRAY[$1::uuid] FROM identity.user_roles r WHERE r.role = 'admin'
"""


class AskedAlready(Exception):
    """The same is asked for and not done yet."""


class HostsSession(Exception):
    """Somebody who hosts a session that is not over hands it over first."""


class OnlyAdministrator(Exception):
    """Nobody would be left who can give roles."""


class PrivacyRequests:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask_export(self, id_: str, person: UserId, by: UserId | None) -> PrivacyRequest:
        """Raises AskedAlready."""
        async with self._database.transaction() as connection:
            return await _ask(connection, id_, person, PrivacyKind.EXPORT, by, timedelta(0))

    async def ask_erasure(
        self, id_: str, person: UserId, by: UserId | None, grace: timedelta = GRACE
    ) -> PrivacyRequest:
        """Raises AskedAlready, HostsSession, OnlyAdministrator. Without a grace it can hardly be withdrawn."""
        async with self._database.transaction() as connection:
            if await hosted_sessions(connection, person):
                raise HostsSession
            if await connection.fetchval(_IS_LAST_ADMIN, person):
                raise OnlyAdministrator
            asked = await _ask(connection, id_, person, PrivacyKind.ERASE, by, grace)
            await connection.execute(
                "UPDATE identity.accounts SET status = 'deletion_requested' WHERE id = $1 AND status IN ('active', 'suspended')",
                person,
            )
            return asked

    async def latest(self, person: UserId, kind: PrivacyKind) -> PrivacyRequest | None:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_LATEST, person, kind)
        return None if row is None else _request(row)

    async def withdraw(self, person: UserId, kind: PrivacyKind) -> bool:
        """False: there is nothing that has not begun."""
        async with self._database.transaction() as connection:
            gone = await connection.fetchval(_WITHDRAW, person, kind)
            if gone is None:
                return False
            await connection.execute(_FORGET_JOB, kind, gone)
            if kind is PrivacyKind.ERASE:
                await connection.execute(
                    "UPDATE identity.accounts SET status = 'active' WHERE id = $1 AND status = 'deletion_requested'",
                    person,
                )
        return True

    # -- the worker's side --

    async def begin(self, request: str) -> UserId | None:
        """Whose it is. None: there is nothing to do any more."""
        async with self._database.connection() as connection:
            person = await connection.fetchval(_BEGIN, request)
        return None if person is None else UserId(person)

    async def must_wait(self, request: str, person: UserId) -> bool:
        """Somebody who began to host a session since they asked."""
        async with self._database.transaction() as connection:
            waits = bool(await hosted_sessions(connection, person))
            if waits:
                await connection.execute(_WAIT, request)
        return waits

    async def completed(self, request: str, size: int | None = None) -> None:
        """`size` of an export, in bytes."""
        async with self._database.connection() as connection:
            await connection.execute(_COMPLETE, request, size, None if size is None else EXPORT_KEPT)

    async def failed(self, request: str, code: str) -> None:
        async with self._database.connection() as connection:
            await connection.execute(_FAIL, request, code)

    async def expired(self) -> list[str]:
        """Exports whose files are to go."""
        async with self._database.connection() as connection:
            return [row["id"] for row in await connection.fetch(_OVER)]

    async def forgotten(self, request: str) -> None:
        """Its file is gone."""
        async with self._database.connection() as connection:
            await connection.execute("UPDATE identity.privacy_requests SET bytes = NULL WHERE id = $1", request)


async def hosted_sessions(connection: Connection, person: UserId) -> list[SessionId]:
    return [SessionId(each) for each in await connection.fetchval("SELECT identity.hosted_sessions($1)", person)]


async def _ask(
    connection: Connection, id_: str, person: UserId, kind: PrivacyKind, by: UserId | None, grace: timedelta
) -> PrivacyRequest:
    try:
        async with connection.transaction():
            row = await connection.fetchrow(_ASK, id_, person, kind, by, grace)
    except asyncpg.UniqueViolationError:
        raise AskedAlready from None
    assert row is not None
    await enqueue(connection, Enqueue(kind, id_, {"requestId": id_}), None, grace.total_seconds())
    return _request(row)


def _request(row: Any) -> PrivacyRequest:
    return PrivacyRequest(**{name: row[name] for name in PrivacyRequest.model_fields})
