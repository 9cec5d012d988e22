"""Lesson (B066-B080): its content and its questions. The answers to these stand under `key`, for staff only (D72)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, JsonValue, StringConstraints, field_validator

from persistence.models.bootcamp.words import Count, Https, Inside, Lines, Minutes, Name, Text
from persistence.models.module import ItemId
from rooms.feature import Flag, Plain, Wire
from rooms.ids import AnyId

ITEMS_MAX = 100


class ContentType(StrEnum):
    VIDEO = "video"
    TEXT = "text"
    INTERACTIVE = "interactive"
    QUIZ = "quiz"
    ASSIGNMENT = "assignment"


class Question(Inside):
    """`key`: the right answer, a text for one of the options or a list for several."""

    id: ItemId
    prompt: Text
    options: Lines | None = None
    key: Annotated[str, StringConstraints(max_length=500)] | Lines | bool | float | None = None


class InteractiveElements(Inside):
    questions: Annotated[tuple[Question, ...], Field(max_length=ITEMS_MAX)] = ()
    exercises: Annotated[tuple[Plain, ...], Field(max_length=ITEMS_MAX)] = ()

    @field_validator("questions")
    @classmethod
    def _no_question_twice(cls, questions: tuple[Question, ...]) -> tuple[Question, ...]:
        if len({each.id for each in questions}) != len(questions):
            raise ValueError("two questions have the same id")
        return questions

    def without_keys(self) -> "InteractiveElements":
        return InteractiveElements.model_validate(_without_keys(self.model_dump(mode="json", exclude_none=True)))


def _without_keys(value: JsonValue) -> Any:
    match value:
        case dict():
            return {name: _without_keys(each) for name, each in value.items() if name != "key"}
        case list():
            return [_without_keys(each) for each in value]
        case _:
            return value


class LessonResource(Inside):
    title: Name
    url: Https
    type: Annotated[str, StringConstraints(min_length=1, max_length=50)] = "link"


class CourseLessonChange(Wire):
    title: Name = ""
    description: Text | None = None
    lesson_order: Count = 1
    content_type: ContentType = ContentType.TEXT
    content_url: Https | None = None
    content_duration_minutes: Minutes | None = None
    reading_time_minutes: Minutes | None = None
    interactive_elements: InteractiveElements = InteractiveElements()
    resources: Annotated[tuple[LessonResource, ...], Field(max_length=ITEMS_MAX)] = ()
    is_preview: Flag = False


class NewCourseLesson(CourseLessonChange):
    module_id: AnyId
    title: Name
    lesson_order: Count


class CourseLesson(Wire):
    id: AnyId
    module_id: AnyId
    title: str
    description: str | None
    lesson_order: int
    content_type: ContentType
    content_url: str | None
    content_duration_minutes: int | None
    reading_time_minutes: int | None
    interactive_elements: InteractiveElements
    resources: tuple[LessonResource, ...]
    is_preview: bool
    created_at: datetime
    updated_at: datetime
