"""Scheduled sessions as rows: made, found, listed, deleted, and who may come in. What happens in a session is the log's;
status, times, title and the like are projected here by the append and never written by this file. Registrations and
invitations have files of their own.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from persistence.connection import Connection
from persistence.database import Database
from persistence.models.participant import SessionParticipant
from persistence.models.session import LiveSession, NewSession
from persistence.models.validation import FieldError, Invalid
from persistence.pages import Page, from_cursor, to_cursor, within_limit
from rooms.ids import SessionId, UserId
from rooms.lifecycle import Status
from rooms.roles import Role

# Given the new row inside its transaction: appends `session.scheduled`, so no session is ever without its log.
FirstEvent = Callable[[Connection, LiveSession], Awaitable[None]]

_SESSION = """
SELECT id, title, description, instructor_id, module_id, scheduled_start, scheduled_end, actual_start, actual_end,
       max_participants, status, features, metadata, created_at, updated_at
FROM live.live_sessions
"""
_PARTICIPANT = """
SELECT id, session_id, user_id, joined_at, left_at, role, permissions, participation_score, metadata, created_at, updated_at
FROM live.session_participants
"""


class NotAnInstructor(Exception):
    """W171: only holders of the role instructor or admin host sessions."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody may come in, in this session role. `admin`: as an administrator of the platform, uninvited.
    `has_access` False: known here, but workshop access was withdrawn (W007, `no_workshop_access`)."""

    role: Role
    admin: bool
    has_access: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """`start` and `end` bound the scheduled start. `mine`: hosted, registered for, or attended; else all one may see."""

    start: datetime | None = None
    end: datetime | None = None
    statuses: tuple[Status, ...] = ()
    mine: bool = True
    latest_first: bool = False


class Sessions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, new: NewSession, host: UserId, first_event: FirstEvent, own_id: SessionId | None = None
    ) -> LiveSession:
        """Raises NotAnInstructor, and Invalid for a module that does not exist. `own_id`: the id it shall have."""
        async with self._database.transaction() as connection:
            if not await connection.fetchval(
                "SELECT EXISTS (SELECT FROM identity.user_roles r JOIN identity.accounts a ON a.id = r.user_id "
                "WHERE r.user_id = $1 AND r.role IN ('instructor', 'admin') AND a.status = 'active')",
                host,
            ):
                raise NotAnInstructor
            try:
                session_id = await connection.fetchval(
                    "INSERT INTO live.live_sessions (title, description, instructor_id, module_id, scheduled_start, "
                    "scheduled_end, max_participants, features, id) "
                    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9::uuid, gen_random_uuid())) RETURNING id",
                    new.title,
                    new.description,
                    host,
                    new.module_id,
                    new.scheduled_start,
                    new.scheduled_end,
                    new.max_participants,
                    [feature.model_dump(mode="json", by_alias=True) for feature in new.features],
                    own_id,
                )
            except asyncpg.ForeignKeyViolationError as error:
                if error.constraint_name != "live_sessions_module_id_fkey":
                    raise
                raise Invalid(FieldError("/moduleId", "unknown_module", "there is no such module")) from None
            session = await _read(connection, session_id)
            assert session is not None
            await first_event(connection, session)
        return session

    async def get(self, session: SessionId, reader: UserId) -> LiveSession | None:
        """None for what does not exist and for what the reader may not know."""
        async with self._database.as_user(reader) as connection:
            return await _read(connection, session)

    async def load(self, session: SessionId) -> LiveSession | None:
        """For the server itself."""
        async with self._database.connection() as connection:
            return await _read(connection, session)

    async def list(
        self, reader: UserId, wanted: Filter | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[LiveSession]:
        """By scheduled start."""
        wanted = wanted or Filter()
        at, row_id = from_cursor(cursor)
        limit = within_limit(limit)
        async with self._database.as_user(reader) as connection:
            rows = await connection.fetch(
                _LATEST_FIRST if wanted.latest_first else _EARLIEST_FIRST,
                wanted.start,
                wanted.end,
                list(wanted.statuses),
                wanted.mine,
                at,
                row_id,
                limit + 1,
            )
        items = tuple(LiveSession(**row) for row in rows[:limit])
        last = items[-1] if len(rows) > limit else None
        return Page(items, to_cursor(last.scheduled_start, last.id) if last else None)

    async def set_module(self, session: SessionId, module: str | None) -> None:
        """The one documented field of a schedule that the log does not carry."""
        async with self._database.connection() as connection:
            try:
                await connection.execute("UPDATE live.live_sessions SET module_id = $2 WHERE id = $1", session, module)
            except asyncpg.ForeignKeyViolationError:
                raise Invalid(FieldError("/moduleId", "unknown_module", "there is no such module")) from None

    async def delete(self, session: SessionId) -> bool:
        """Hides it (W247); its log stays. False while it is starting or running: end or cancel it first."""
        async with self._database.connection() as connection:
            return bool(
                await connection.fetchval(
                    "UPDATE live.live_sessions SET deleted_at = clock_timestamp() WHERE id = $1 AND deleted_at IS NULL "
                    "AND status IN ('scheduled', 'ended', 'cancelled') RETURNING true",
                    session,
                )
            )

    async def entry(self, session: SessionId, user: UserId) -> Entry | None:
        """In which role somebody may come in; None: for them this session does not exist."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_ENTRY, session, user)
        if row is None or row["role"] is None:
            return None
        return Entry(Role(row["role"]), row["admin"], row["has_access"])

    async def participants(
        self, session: SessionId, reader: UserId, limit: int = 50, cursor: str | None = None
    ) -> Page[SessionParticipant]:
        """Who took part, by first join: staff see everybody, others themselves; scores and counters are personal."""
        at, row_id = from_cursor(cursor)
        limit = within_limit(limit)
        async with self._database.as_user(reader) as connection:
            rows = await connection.fetch(
                f"{_PARTICIPANT} WHERE session_id = $1 AND ($2::timestamptz IS NULL OR (joined_at, id) > ($2, $3::uuid)) "
                "ORDER BY joined_at, id LIMIT $4",
                session,
                at,
                row_id,
                limit + 1,
            )
        items = tuple(SessionParticipant(**row) for row in rows[:limit])
        last = items[-1] if len(rows) > limit else None
        return Page(items, to_cursor(last.joined_at, last.id) if last else None)


_LIST = f"""{_SESSION}
WHERE deleted_at IS NULL
  AND ($1::timestamptz IS NULL OR scheduled_start >= $1)
  AND ($2::timestamptz IS NULL OR scheduled_start < $2)
  AND (cardinality($3::text[]) = 0 OR status = ANY ($3::text[]))
  AND (NOT $4::boolean OR id = ANY ((SELECT app.my_sessions())::uuid[]))
"""
_EARLIEST_FIRST = f"""{_LIST}
  AND ($5::timestamptz IS NULL OR (scheduled_start, id) > ($5, $6::uuid)) ORDER BY scheduled_start, id LIMIT $7
"""
_LATEST_FIRST = f"""{_LIST}
  AND ($5::timestamptz IS NULL OR (scheduled_start, id) < ($5, $6::uuid)) ORDER BY scheduled_start DESC, id DESC LIMIT $7
"""

# A guest belongs to one session; an administrator comes in uninvited, as an assistant.
_ENTRY = """
SELECT CASE WHEN s.instructor_id = a.id THEN 'instructor'
            WHEN r.role IS NOT NULL THEN r.role
            WHEN admin.admin THEN 'assistant' END AS role,
       admin.admin AND s.instructor_id <> a.id AND r.role IS NULL AS admin,
       w.workshop_access_granted AS has_access
FROM live.live_sessions s
JOIN identity.accounts a ON a.id = $2 AND a.status = 'active' AND coalesce(a.guest_session_id = s.id, true)
JOIN workbook.workbook_users w ON w.id = a.id
LEFT JOIN live.session_registrations r
       ON r.session_id = s.id AND r.user_id = a.id AND r.status NOT IN ('declined', 'cancelled')
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM identity.user_roles u WHERE u.user_id = a.id AND u.role = 'admin')) admin (admin)
WHERE s.id = $1 AND s.deleted_at IS NULL
"""


async def _read(connection: Connection, session: str) -> LiveSession | None:
    row = await connection.fetchrow(f"{_SESSION} WHERE id = $1 AND deleted_at IS NULL", session)
    return None if row is None else LiveSession(**row)
