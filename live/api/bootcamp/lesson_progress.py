"""How far one is with the lessons of a course; a quiz is scored here, where its answers are (B097-B108)."""

from live.api.bootcamp.opening import once
from live.api.call import Call
from live.api.resource import Resource
from live.api.route import Family, IdPath, Paging, Who
from live.problems import Problem
from persistence.connection import Connection
from persistence.entities import Entity
from persistence.models.bootcamp.enrollment import (
    Attempt,
    LessonProgress,
    LessonProgressChange,
    LessonStatus,
    NewLessonProgress,
)
from rooms.ids import AnyId

family = Family("bootcamp lesson progress", "How far somebody is with the lessons of a course they are enrolled in.")
LEARNER = "SELECT user_id FROM bootcamp.enrollments WHERE id = $1"


class LessonProgressFilter(Paging):
    enrollment_id: AnyId
    lesson_id: AnyId | None = None
    status: LessonStatus | None = None


async def shown(call: Call, connection: Connection, progress: LessonProgress) -> LessonProgress:
    """Whoever teaches sees how far, not what somebody noted for themselves."""
    own = await once(call, connection, LEARNER, progress.enrollment_id) == call.user
    return progress if own else progress.model_copy(update={"notes": None})


LESSON_PROGRESS = Resource(
    family,
    "/bootcamp/lesson-progress",
    "lesson_progress",
    Entity("bootcamp.lesson_progress", LessonProgress),
    plural="lesson_progress",
    shown=shown,
)

LESSON_PROGRESS.listed("With the lessons of one enrolment.", LessonProgressFilter)
LESSON_PROGRESS.read("With one lesson.")
LESSON_PROGRESS.made(
    "Begins a lesson. The enrolment's progress follows.", NewLessonProgress, refuses=("conflict", "illegal_transition")
)
LESSON_PROGRESS.changed("Goes on with a lesson.", LessonProgressChange, refuses=("illegal_transition",))


@family.post("/bootcamp/lesson-progress/{lesson_progress_id}/attempts", Who.ACCOUNT, etag=True, refuses=("conflict",))
async def attempt_quiz(call: Call, lesson_progress_id: IdPath, body: Attempt) -> LessonProgress:
    """Answers the questions of a lesson. The best score of all attempts counts."""
    async with call.writing() as connection:
        await LESSON_PROGRESS.held(call, connection, lesson_progress_id)
        reached = await connection.fetchval("SELECT bootcamp.attempt($1, $2)", lesson_progress_id, body.answers)
        if reached is None:
            raise Problem("conflict", "this lesson has no questions that are scored")
        return await LESSON_PROGRESS.found(call, connection, lesson_progress_id)
