"""What is asked about certificates beside their rows: the next number and the look, the course's title, who is to get one, and a
number anybody may check. Who issues is decided by the rights of the table.
"""

from dataclasses import dataclass

from persistence.connection import Connection
from persistence.database import Database
from persistence.entities import Entity
from persistence.models.bootcamp.certificate import Certificate, CertificateType, Template
from rooms.ids import UserId

CERTIFICATES = Entity("bootcamp.certificates", Certificate, order=("issue_date", "desc"))
TEMPLATES = Entity("bootcamp.certificate_templates", Template)

# So that two who are at it issue one; asked only then, because a statement does not see what was committed while it waited.
_HOLD = "SELECT FROM bootcamp.enrollments WHERE id = $1 FOR UPDATE"
# Erased accounts get none, and nobody gets one of a course that they lead: somebody else signs for them.
_COMPLETED = """
SELECT e.user_id, e.course_id FROM bootcamp.enrollments e JOIN identity.accounts a ON a.id = e.user_id
 WHERE e.id = $1 AND e.enrollment_status = 'completed' AND a.status <> 'erased'
   AND NOT EXISTS (SELECT FROM bootcamp.courses c WHERE c.id = e.course_id AND c.created_by = e.user_id)
   AND NOT EXISTS (SELECT FROM bootcamp.course_staff s
                    WHERE s.course_id = e.course_id AND s.user_id = e.user_id AND s.role = 'instructor')
   AND NOT EXISTS (SELECT FROM bootcamp.certificates c
                    WHERE c.user_id = e.user_id AND c.course_id = e.course_id AND c.certificate_type = 'course_completion')
"""


@dataclass(frozen=True, slots=True)
class Completed:
    user_id: UserId
    course_id: str


async def completed(connection: Connection, enrollment: str) -> Completed | None:
    """Whose certificate is due; None where it is not, or one was issued before."""
    await connection.execute(_HOLD, enrollment)
    row = await connection.fetchrow(_COMPLETED, enrollment)
    return None if row is None else Completed(row["user_id"], row["course_id"])


async def note_problem(connection: Connection, enrollment: str, problem: str) -> None:
    await connection.execute(
        "UPDATE bootcamp.enrollments SET certificate_problem = $2 WHERE id = $1", enrollment, problem
    )


async def series_of(connection: Connection, of_type: CertificateType) -> tuple[int, str | None]:
    """The next serial number, and the look that is in use."""
    row = await connection.fetchrow(
        "SELECT nextval('bootcamp.certificate_serial') AS serial, (SELECT id FROM bootcamp.certificate_templates "
        "WHERE certificate_type = $1 AND is_active) AS template",
        of_type,
    )
    assert row is not None
    return row["serial"], row["template"]


async def course_title(connection: Connection, course_id: str) -> str | None:
    title: str | None = await connection.fetchval("SELECT title FROM bootcamp.courses WHERE id = $1", course_id)
    return title


async def look_up(database: Database, number: str) -> Certificate | None:
    """As the server itself: who asks is nobody. What of it is told is decided where it is shown."""
    async with database.connection() as connection:
        row_id = await connection.fetchval("SELECT id FROM bootcamp.certificates WHERE certificate_number = $1", number)
        return None if row_id is None else await CERTIFICATES.get(connection, database.keys, row_id)
