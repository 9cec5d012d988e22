"""The cast of the tests with accounts, and a session of Mara's in which Theo assists."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from persistence.connection import Connection
from persistence.database import Database
from persistence.directory import Directory
from persistence.invitations import Invitations
from persistence.models.session import LiveSession, NewSession
from persistence.models.user import NewUser, PlatformRole
from persistence.registrations import Registrations, take_place
from persistence.sessions import Sessions
from persistence.tokens import Tokens
from rooms.ids import SessionId, UserId
from rooms.roles import Role

PASSWORD = "a long enough password"
START = datetime(2030, 5, 6, 9, tzinfo=UTC)


async def head_only(connection: Connection, session: LiveSession) -> None:
    """In the place of the log's first event."""
    await connection.execute("INSERT INTO live.session_heads (session_id) VALUES ($1)", session.id)


def new_user(name: str, **fields: Any) -> NewUser:
    return NewUser(**{"email": f"{name.lower()}@example.org", "first_name": name, "last_name": "Example"} | fields)


def new_session(**fields: Any) -> NewSession:
    given: dict[str, Any] = {
        "title": "Sketching",
        "scheduled_start": START,
        "scheduled_end": START + timedelta(hours=1),
    }
    return NewSession(**given | fields)


@dataclass
class Workshop:
    database: Database
    directory: Directory
    sessions: Sessions
    registrations: Registrations
    invitations: Invitations
    tokens: Tokens
    mara: UserId
    theo: UserId
    ana: UserId
    ben: UserId
    otto: UserId
    session: SessionId

    @classmethod
    async def open(cls, database: Database) -> "Workshop":
        directory = Directory(database)
        mara = await directory.create_user(
            new_user("Mara", password=PASSWORD, roles=(PlatformRole.INSTRUCTOR,), full_name="Mara Host")
        )
        theo, ana, ben, otto = [await directory.create_user(new_user(name)) for name in ("Theo", "Ana", "Ben", "Otto")]
        sessions = Sessions(database)
        session = SessionId((await sessions.create(new_session(), mara, head_only)).id)
        registrations = Registrations(database)
        await registrations.invite(session, theo, Role.ASSISTANT)
        await registrations.register(session, theo)
        return cls(
            database,
            directory,
            sessions,
            registrations,
            Invitations(database, directory),
            Tokens(database),
            mara,
            theo,
            ana,
            ben,
            otto,
            session,
        )

    async def another_session(self, **fields: Any) -> SessionId:
        return SessionId((await self.sessions.create(new_session(**fields), self.mara, head_only)).id)

    async def take_part(self, user: UserId, role: Role = Role.PARTICIPANT, session: SessionId | None = None) -> None:
        """As the log's projection would write it."""
        async with self.database.transaction() as connection:
            await connection.execute(
                "INSERT INTO live.session_participants (session_id, user_id, role) VALUES ($1, $2, $3)",
                session or self.session,
                user,
                role,
            )

    async def register(self, user: UserId, role: Role) -> None:
        async with self.database.transaction() as connection:
            await take_place(connection, self.session, user, role)

    async def execute(self, statement: str, *arguments: object) -> None:
        async with self.database.transaction() as connection:
            await connection.execute(statement, *arguments)

    async def value(self, statement: str, *arguments: object) -> Any:
        async with self.database.connection() as connection:
            return await connection.fetchval(statement, *arguments)
