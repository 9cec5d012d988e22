"""Invitation links: one open link per session and role, expiring and revocable. The token is derived from the row's id by a key
outside the database, which holds only its hash; so the link can be shown again, and a copy of the database opens no door.
"""

from datetime import timedelta
from uuid import UUID

import asyncpg

from persistence.connection import Connection
from persistence.database import Database
from persistence.directory import Directory
from persistence.encryption import Keys, token_hash
from persistence.models.registration import Invitation, InvitationLook, NewInvitation, Registration
from persistence.registrations import lock_open, take_place
from rooms.ids import SessionId, UserId
from rooms.roles import Role

_INVITATION = """
SELECT id, session_id, role, used_count, expires_at, created_at, token_hash FROM live.session_invitations
"""
_OPEN = """
SELECT i.id, i.session_id, i.role, s.title, s.instructor_id, s.scheduled_start
FROM live.session_invitations i JOIN live.live_sessions s ON s.id = i.session_id
WHERE i.token_hash = $1 AND i.revoked_at IS NULL AND i.expires_at > clock_timestamp()
  AND s.deleted_at IS NULL AND s.status NOT IN ('ended', 'cancelled')
"""


class NotInvited(Exception):
    """Unknown, expired or revoked, or its session is over: the same answer for all."""


class Invitations:
    def __init__(self, database: Database, directory: Directory) -> None:
        self._database = database
        self._directory = directory

    async def create(self, session: SessionId, new: NewInvitation, by: UserId) -> Invitation:
        """Replaces the open link of that role, which ends with this. Raises SessionOver."""
        async with self._database.transaction() as connection:
            await lock_open(connection, session)
            await connection.execute(
                "UPDATE live.session_invitations SET revoked_at = clock_timestamp() "
                "WHERE session_id = $1 AND role = $2 AND revoked_at IS NULL",
                session,
                new.role,
            )
            made = UUID(await connection.fetchval("SELECT gen_random_uuid()"))
            await connection.execute(
                "INSERT INTO live.session_invitations (id, session_id, role, token_hash, expires_at, created_by) "
                "VALUES ($1, $2, $3, $4, clock_timestamp() + $5::interval, $6)",
                made,
                session,
                new.role,
                token_hash(self._database.keys.invitation_token(made)),
                timedelta(hours=new.expires_in_hours),
                by,
            )
            row = await connection.fetchrow(f"{_INVITATION} WHERE id = $1", made)
        assert row is not None
        return _invitation(row, self._database.keys)

    async def list(self, session: SessionId, reader: UserId) -> tuple[Invitation, ...]:
        """The links that open the door now; [] for whoever is not staff of the session."""
        async with self._database.as_user(reader) as connection:
            rows = await connection.fetch(
                f"{_INVITATION} WHERE session_id = $1 AND revoked_at IS NULL AND expires_at > clock_timestamp() ORDER BY role",
                session,
            )
        return tuple(_invitation(row, self._database.keys) for row in rows)

    async def revoke(self, session: SessionId, invitation: str) -> bool:
        """Who came in by it stays. False if it is no open link of this session."""
        async with self._database.connection() as connection:
            return bool(
                await connection.fetchval(
                    "UPDATE live.session_invitations SET revoked_at = clock_timestamp() "
                    "WHERE id = $2 AND session_id = $1 AND revoked_at IS NULL RETURNING true",
                    session,
                    invitation,
                )
            )

    async def look(self, token: str) -> InvitationLook:
        """What stands on the door. Raises NotInvited."""
        async with self._database.connection() as connection:
            row = await _open(connection, token)
        names = await self._directory.names([row["instructor_id"]])
        return InvitationLook(
            session_id=row["session_id"],
            title=row["title"],
            host=names.get(row["instructor_id"], ""),
            scheduled_start=row["scheduled_start"],
            role=row["role"],
        )

    async def redeem_as_guest(self, token: str, name: str) -> Registration:
        """A new account for this session only, registered. Raises NotInvited."""
        async with self._database.transaction() as connection:
            row = await _open(connection, token)
            guest = await self._directory.create_guest(connection, row["session_id"], name)
            return await _redeem(connection, row, guest)

    async def redeem(self, token: str, user: UserId) -> Registration | None:
        """By somebody signed in. None: they host this session and need no registration. Raises NotInvited."""
        async with self._database.transaction() as connection:
            row = await _open(connection, token)
            if row["instructor_id"] == user:
                return None
            return await _redeem(connection, row, user)


async def _open(connection: Connection, token: str) -> asyncpg.Record:
    row = await connection.fetchrow(_OPEN, token_hash(token))
    if row is None:
        raise NotInvited
    return row


async def _redeem(connection: Connection, row: asyncpg.Record, user: UserId) -> Registration:
    """A link revoked at this moment is refused: its row is locked by counting the use."""
    registration = await take_place(connection, row["session_id"], user, Role(row["role"]), row["id"])
    if not await connection.fetchval(
        "UPDATE live.session_invitations SET used_count = used_count + 1 WHERE id = $1 AND revoked_at IS NULL RETURNING true",
        row["id"],
    ):
        raise NotInvited
    return registration


def _invitation(row: asyncpg.Record, keys: Keys) -> Invitation:
    token = keys.invitation_token(UUID(row["id"]))
    return Invitation(
        id=row["id"],
        session_id=row["session_id"],
        role=row["role"],
        used_count=row["used_count"],
        expires_at=row["expires_at"],
        created_at=row["created_at"],
        token=token if token_hash(token) == row["token_hash"] else None,
    )
