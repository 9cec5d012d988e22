"""Enrolments: one comes and goes by oneself, staff enrol and suspend, and what is learned sets the rest (B081-B096)."""

from live.api.bootcamp.courses import COURSES
from live.api.bootcamp.opening import open_bootcamp, unknown
from live.api.call import Call
from live.api.resource import Resource
from live.api.route import Family, Paging, Who
from persistence.entities import Entity
from persistence.models.bootcamp.enrollment import Enrollment, EnrollmentChange, EnrollmentStatus, NewEnrollment
from rooms.ids import AnyId, UserIdField

family = Family("bootcamp enrollments", "Who takes part in a course, and how far they are.")
ENROLLMENTS = Resource(family, "/bootcamp/enrollments", "enrollment", Entity("bootcamp.enrollments", Enrollment))


class EnrollmentFilter(Paging):
    user_id: UserIdField | None = None
    course_id: AnyId | None = None
    enrollment_status: EnrollmentStatus | None = None


ENROLLMENTS.listed("One's own, and those of courses that one teaches.", EnrollmentFilter)
ENROLLMENTS.read("One enrolment.")


@family.post("/bootcamp/enrollments", Who.ACCOUNT, status=201, etag=True, refuses=("conflict", "illegal_transition"))
async def create_enrollment(call: Call, body: NewEnrollment) -> Enrollment:
    """Enrols oneself, or by staff somebody else. Whoever had left comes back to what they had done."""
    user, row_id = body.user_id or call.user, call.new_id()
    async with call.writing() as connection:
        if await COURSES.entity.get(connection, call.database.keys, body.course_id) is None:
            raise unknown("/courseId")
        await open_bootcamp(connection, user)
        left = await connection.fetchval(
            "SELECT id FROM bootcamp.enrollments WHERE user_id = $1 AND course_id = $2 AND enrollment_status = 'dropped'",
            user,
            body.course_id,
        )
        if left is None:
            values = {"user_id": user, "course_id": body.course_id}
            row = await ENROLLMENTS.entity.add(connection, call.database.keys, row_id, values)
        else:
            row = await ENROLLMENTS.held(call, connection, left)
            back = {"enrollment_status": EnrollmentStatus.ENROLLED}
            row = await ENROLLMENTS.entity.change(connection, call.database.keys, left, back) or row
    call.location = f"/bootcamp/enrollments/{row.id}"
    return row


ENROLLMENTS.changed(
    "Leaves and comes back; by staff also suspends and lets in again.",
    EnrollmentChange,
    refuses=("illegal_transition",),
)
