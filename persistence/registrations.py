"""Who intends to come to a session, in which role, and the waitlist when it is full (D44). Places are counted under the lock of
the session's head, like everything else that writes rows of a session. Whether somebody may ask is the caller's; being let
into the room itself is decided there, not here.
"""

import asyncpg

from persistence.connection import Connection
from persistence.database import Database
from persistence.models.registration import Registration, RegistrationStatus
from rooms.ids import SessionId, UserId
from rooms.roles import SEATED, Role

HOLDING = ("registered", "waitlisted", "attended", "no_show")  # registering again changes nothing but a higher role
RANK = (Role.OBSERVER, Role.PARTICIPANT, Role.ASSISTANT)


class SessionOver(Exception):
    """Deleted, ended or cancelled: nobody registers any more."""


class Registrations:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def invite(self, session: SessionId, user: UserId, role: Role) -> Registration:
        """By staff; the person accepts with `register`. Somebody who registered already keeps what they have."""
        async with self._database.transaction() as connection:
            await lock_open(connection, session)
            await connection.execute(
                "INSERT INTO live.session_registrations (session_id, user_id, role, status) "
                "VALUES ($1, $2, $3, 'invited') ON CONFLICT DO NOTHING",
                session,
                user,
                role,
            )
            return await _read(connection, session, user)

    async def register(self, session: SessionId, user: UserId) -> Registration:
        """Takes a place, or one in the waitlist, in the role invited to, else as a participant. Raises SessionOver."""
        async with self._database.transaction() as connection:
            return await take_place(connection, session, user, None)

    async def withdraw(self, session: SessionId, user: UserId) -> tuple[UserId, ...]:
        """By the person, who may come back. Returns whom the freed place went to."""
        async with self._database.transaction() as connection:
            await lock_head(connection, session)
            await connection.execute(
                "UPDATE live.session_registrations SET status = CASE status WHEN 'invited' THEN 'declined' ELSE 'cancelled' END "
                "WHERE session_id = $1 AND user_id = $2 AND status IN ('invited', 'registered', 'waitlisted')",
                session,
                user,
            )
            return await promote(connection, session)

    async def remove(self, session: SessionId, user: UserId) -> tuple[UserId, ...]:
        """By staff: as if never registered. Returns whom the freed place went to."""
        async with self._database.transaction() as connection:
            await lock_head(connection, session)
            await connection.execute(
                "DELETE FROM live.session_registrations WHERE session_id = $1 AND user_id = $2", session, user
            )
            return await promote(connection, session)

    async def promote_waiting(self, session: SessionId) -> tuple[UserId, ...]:
        """After the capacity was raised."""
        async with self._database.transaction() as connection:
            await lock_head(connection, session)
            return await promote(connection, session)

    async def list(self, session: SessionId, reader: UserId) -> tuple[Registration, ...]:
        """Staff see all, others their own; the waitlist in its order."""
        async with self._database.as_user(reader) as connection:
            rows = await connection.fetch(
                f"{_REGISTRATION} WHERE session_id = $1 ORDER BY created_at, user_id", session
            )
        # One's place in the waitlist depends on rows that one may not read.
        async with self._database.connection() as connection:
            places = await connection.fetch(
                "SELECT user_id, row_number() OVER (ORDER BY position) AS place FROM live.session_registrations "
                "WHERE session_id = $1 AND status = 'waitlisted'",
                session,
            )
        place_of = {row["user_id"]: row["place"] for row in places}
        return tuple(Registration(**{**row, "waiting_position": place_of.get(row["user_id"])}) for row in rows)


async def lock_head(connection: Connection, session: SessionId) -> None:
    await connection.execute("SELECT FROM live.session_heads WHERE session_id = $1 FOR UPDATE", session)


async def lock_open(connection: Connection, session: SessionId) -> None:
    await lock_head(connection, session)
    if not await connection.fetchval(
        "SELECT EXISTS (SELECT FROM live.live_sessions WHERE id = $1 AND deleted_at IS NULL "
        "AND status NOT IN ('ended', 'cancelled'))",
        session,
    ):
        raise SessionOver


async def take_place(
    connection: Connection, session: SessionId, user: UserId, role: Role | None, invitation: str | None = None
) -> Registration:
    """Inside the caller's transaction. A second registration may raise the role, never lower it."""
    await lock_open(connection, session)
    held = await connection.fetchrow(
        "SELECT role, status FROM live.session_registrations WHERE session_id = $1 AND user_id = $2", session, user
    )
    wanted = role or (Role(held["role"]) if held else Role.PARTICIPANT)
    if held and held["status"] in (*HOLDING, RegistrationStatus.INVITED):
        wanted = max(wanted, Role(held["role"]), key=RANK.index)
    status = held["status"] if held and held["status"] in HOLDING else "registered"
    if held and held["status"] == "waitlisted" and wanted not in SEATED:
        status = "registered"
    if status == "registered" and wanted in SEATED and (held is None or held["status"] != "registered"):
        status = "registered" if await _free_places(connection, session) > 0 else "waitlisted"
    await connection.execute(
        "INSERT INTO live.session_registrations (session_id, user_id, role, status, invitation_id) "
        "VALUES ($1, $2, $3, $4, $5::uuid) ON CONFLICT (session_id, user_id) DO UPDATE SET role = excluded.role, "
        "status = excluded.status, invitation_id = coalesce(excluded.invitation_id, session_registrations.invitation_id), "
        # joining the waitlist again starts at its end
        "position = CASE WHEN excluded.status = 'waitlisted' AND session_registrations.status <> 'waitlisted' "
        "THEN excluded.position ELSE session_registrations.position END",
        session,
        user,
        wanted,
        status,
        invitation,
    )
    return await _read(connection, session, user)


async def promote(connection: Connection, session: SessionId) -> tuple[UserId, ...]:
    """Gives free places to the longest waiting; under the head's lock."""
    rows = await connection.fetch(
        "UPDATE live.session_registrations SET status = 'registered' WHERE session_id = $1 AND user_id IN ("
        "  SELECT user_id FROM live.session_registrations WHERE session_id = $1 AND status = 'waitlisted' "
        "  ORDER BY position LIMIT $2) RETURNING user_id, position",
        session,
        max(0, await _free_places(connection, session)),
    )
    return tuple(UserId(row["user_id"]) for row in sorted(rows, key=_position))


async def close_registrations(connection: Connection, session: SessionId) -> None:
    """At the session's end, by whoever projects it: who came attended, who only meant to did not show up. Nobody missed what was
    called off."""
    await connection.execute(
        "UPDATE live.session_registrations r SET status = 'attended' "
        "WHERE r.session_id = $1 AND r.status IN ('invited', 'registered', 'waitlisted') "
        "AND EXISTS (SELECT FROM live.session_participants p WHERE p.session_id = r.session_id AND p.user_id = r.user_id)",
        session,
    )
    await connection.execute(
        "UPDATE live.session_registrations SET status = 'no_show' WHERE session_id = $1 AND status = 'registered' "
        "AND NOT EXISTS (SELECT FROM live.live_sessions WHERE id = $1 AND status = 'cancelled')",
        session,
    )


async def _free_places(connection: Connection, session: SessionId) -> int:
    free: int = await connection.fetchval(
        "SELECT s.max_participants - (SELECT count(*) FROM live.session_registrations r WHERE r.session_id = s.id "
        "AND r.role = ANY ($2::text[]) AND r.status IN ('registered', 'attended'))::integer "
        "FROM live.live_sessions s WHERE s.id = $1",
        session,
        sorted(SEATED),
    )
    return free


_REGISTRATION = """
SELECT session_id, user_id, role, status, created_at, updated_at,
       CASE WHEN status = 'waitlisted' THEN (
         SELECT count(*) FROM live.session_registrations w
         WHERE w.session_id = r.session_id AND w.status = 'waitlisted' AND w.position <= r.position) END AS waiting_position
FROM live.session_registrations r
"""


async def _read(connection: Connection, session: SessionId, user: UserId) -> Registration:
    row = await connection.fetchrow(f"{_REGISTRATION} WHERE session_id = $1 AND user_id = $2", session, user)
    assert row is not None
    return Registration(**row)


def _position(row: asyncpg.Record) -> int:
    position: int = row["position"]
    return position
