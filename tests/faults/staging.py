"""Makes the sessions and the cast of a run directly in the database, before the server starts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from live.scheduling import schedule
from live.tokens import AccessTokens
from persistence.database import Database
from persistence.directory import Directory
from persistence.event_log import EventLog
from persistence.models.session import NewSession
from persistence.models.user import NewUser, PlatformRole
from persistence.registrations import Registrations
from persistence.sessions import Sessions
from persistence.tokens import TokenKind, Tokens
from rooms.ids import SessionId, UserId
from rooms.lifecycle import FeatureType, SessionFeature
from rooms.roles import Role
from tests.faults.crowd import Member

CAST = {
    "Mara": Role.INSTRUCTOR,
    "Theo": Role.ASSISTANT,
    "Ana": Role.PARTICIPANT,
    "Ben": Role.PARTICIPANT,
    "Otto": Role.OBSERVER,
}


async def stage(dsn: str, secret_key: str, sessions: int, *features: FeatureType, first: int = 0) -> list[list[Member]]:
    """A cast of its own for each session; every second one approves questions before they are shown, every third has a
    lobby. `features`: which it has besides chat, polls and questions. `first`: how many there are already."""
    database = await Database.open(dsn, secret_key, connections=2)
    try:
        return [
            await _session(database, AccessTokens(secret_key), number, features)
            for number in range(first, first + sessions)
        ]
    finally:
        await database.close()


async def _session(
    database: Database, access: AccessTokens, number: int, more: tuple[FeatureType, ...]
) -> list[Member]:
    users = {name: await _account(database, name, number) for name in CAST}
    now = datetime.now(UTC)
    qa = SessionFeature(type=FeatureType.QA, config={"approval": number % 2 == 1})
    new = NewSession(
        title=f"Paper prototypes {number}",
        scheduled_start=now,
        scheduled_end=now + timedelta(hours=8),
        features=(qa, *(SessionFeature(type=each) for each in (FeatureType.CHAT, FeatureType.POLL, *more))),
        lobby=number % 3 == 2,
    )
    host = users["Mara"]
    row = await schedule(Sessions(database), EventLog(database), new, host, host, None)
    session = SessionId(row.id)
    for name, role in CAST.items():
        if role is not Role.INSTRUCTOR:
            await Registrations(database).invite(session, users[name], role)
    return [Member(session, name, user, await _token(database, access, user)) for name, user in users.items()]


async def _account(database: Database, name: str, number: int) -> UserId:
    role = PlatformRole.INSTRUCTOR if name == "Mara" else PlatformRole.LEARNER
    new = NewUser(email=f"{name}.{number}@example.org", first_name=name, last_name=str(number), roles=(role,))
    return await Directory(database).create_user(new)


async def _token(database: Database, access: AccessTokens, user: UserId) -> Callable[[], str]:
    signed_in = await Tokens(database).issue(user, TokenKind.REFRESH)
    return partial(access.issue, user, signed_in.family)
