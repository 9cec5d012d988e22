"""What one person is to many sessions, in one query: the role they have or would come in with, their registration, and how they
took part. For lists; whether somebody may come in is sessions.entry."""

from collections.abc import Iterable
from datetime import datetime

from persistence.database import Database
from persistence.models.registration import RegistrationStatus
from rooms.feature import Wire
from rooms.ids import SessionId, UserId
from rooms.roles import Role

_RELATIONS = """
SELECT s.id AS session,
       coalesce(p.role, CASE WHEN s.instructor_id = $1 THEN 'instructor' END,
                CASE WHEN r.status NOT IN ('declined', 'cancelled') THEN r.role END) AS role,
       r.status AS registration, p.joined_at, p.participation_score
FROM live.live_sessions s
LEFT JOIN live.session_registrations r ON r.session_id = s.id AND r.user_id = $1
LEFT JOIN live.session_participants p ON p.session_id = s.id AND p.user_id = $1
WHERE s.id = ANY ($2::uuid[])
"""


class Relation(Wire):
    """`joined_at` and `participation_score` are absent for whoever was never let in."""

    role: Role | None = None
    registration: RegistrationStatus | None = None
    joined_at: datetime | None = None
    participation_score: int | None = None


async def find_relations(database: Database, user: UserId, sessions: Iterable[SessionId]) -> dict[SessionId, Relation]:
    async with database.as_user(user) as connection:
        rows = await connection.fetch(_RELATIONS, user, list(sessions))
    return {row["session"]: Relation(**{name: row[name] for name in Relation.model_fields}) for row in rows}
