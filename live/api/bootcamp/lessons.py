"""Lessons: for whoever is enrolled, previews for everybody; the answers to their questions for staff only (B066-B080, D72)."""

from live.api.bootcamp.opening import once
from live.api.call import Call
from live.api.resource import Resource
from live.api.route import Family, Paging
from persistence.connection import Connection
from persistence.entities import Entity
from persistence.models.bootcamp.lesson import ContentType, CourseLesson, CourseLessonChange, NewCourseLesson
from rooms.ids import AnyId

family = Family("bootcamp lessons", "The lessons of a module, in their order.")
TAUGHT = "SELECT coalesce(app.course_of_module($1) = ANY (app.my_taught_courses()), false)"


class LessonFilter(Paging):
    module_id: AnyId
    content_type: ContentType | None = None


async def shown(call: Call, connection: Connection, lesson: CourseLesson) -> CourseLesson:
    if call.sender.admin or await once(call, connection, TAUGHT, lesson.module_id):
        return lesson
    return lesson.model_copy(update={"interactive_elements": lesson.interactive_elements.without_keys()})


LESSONS = Resource(
    family,
    "/bootcamp/lessons",
    "course_lesson",
    Entity("bootcamp.lessons", CourseLesson, order=("lesson_order", "asc"), soft=True),
    shown=shown,
)

LESSONS.listed("The lessons of a module that one may see.", LessonFilter)
LESSONS.read("One lesson.")
LESSONS.made("Adds a lesson to a course that one teaches.", NewCourseLesson, refuses=("conflict",))
LESSONS.changed("Changes what is given.", CourseLessonChange, refuses=("conflict",))
LESSONS.removed("Hides a lesson.")
