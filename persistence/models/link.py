"""What a live session is part of: a module or lesson of the workbook, and courses of the bootcamp (domain.md 2.3)."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from persistence.models.module import ItemId
from rooms.feature import Flag, Wire
from rooms.ids import AnyId

LINKS_MAX = 20


class CourseLink(Wire):
    """Without `moduleId` and `lessonId`: of the course as a whole. `completesLesson` for who was there for `minAttendance` of the time
    that the session was live, 0 to 1."""

    course_id: AnyId
    module_id: AnyId | None = None
    lesson_id: AnyId | None = None
    completes_lesson: Flag = False
    min_attendance: Annotated[float, Field(ge=0, le=1)] = 0.6

    @field_validator("completes_lesson")
    @classmethod
    def _of_a_lesson(cls, completes: bool, info: ValidationInfo) -> bool:
        if completes and info.data.get("lesson_id") is None:
            raise ValueError("names no lesson that could be completed")
        return completes

    @field_validator("min_attendance")
    @classmethod
    def _in_hundredths(cls, ratio: float) -> float:
        return round(ratio, 2)

    @property
    def place(self) -> tuple[str, str | None, str | None]:
        return self.course_id, self.module_id, self.lesson_id


class Links(Wire):
    """`lessonId`: one of the module's own; without it the module as a whole. `courses` in no order of theirs."""

    module_id: AnyId | None = None
    lesson_id: ItemId | None = None
    courses: Annotated[tuple[CourseLink, ...], Field(max_length=LINKS_MAX)] = ()

    @field_validator("lesson_id")
    @classmethod
    def _of_a_module(cls, lesson: str | None, info: ValidationInfo) -> str | None:
        if lesson is not None and info.data.get("module_id") is None:
            raise ValueError("is a lesson of no module")
        return lesson

    @field_validator("courses")
    @classmethod
    def _each_once(cls, courses: tuple[CourseLink, ...]) -> tuple[CourseLink, ...]:
        if len({each.lesson_id or each.module_id or each.course_id for each in courses}) < len(courses):
            raise ValueError("a course, module or lesson is named twice")
        return courses
