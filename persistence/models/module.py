"""WorkshopModule and the JSON it holds (W017-W051). Resource, Assessment, InteractiveContent and Exercise are used by the
document but never defined (D48): open objects with an id, a title and what is needed to show them. That prerequisites exist
and form no cycle needs the other modules and is the database's (D09)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, HttpUrl, StringConstraints, field_validator

from rooms.feature import Flag, Line, Prose, Title, Whole, Wire
from rooms.ids import AnyId

TEXT_CHARACTERS_MAX = 100_000
MODULES_MAX = 6

ItemId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
RichText = Annotated[str, StringConstraints(max_length=TEXT_CHARACTERS_MAX)]


def _web_address(address: str) -> str:
    return str(HttpUrl(address))


WebAddress = Annotated[str, AfterValidator(_web_address), StringConstraints(max_length=2_000)]


class LessonType(StrEnum):
    VIDEO = "video"
    TEXT = "text"
    INTERACTIVE = "interactive"
    EXERCISE = "exercise"
    DISCUSSION = "discussion"


class Open(Wire):
    """Fields beyond the named ones are kept as they are."""

    model_config = ConfigDict(extra="allow")

    id: ItemId
    title: Title
    type: Annotated[str, StringConstraints(min_length=1, max_length=50)]


class Resource(Open):
    url: WebAddress


class Assessment(Open):
    pass


class InteractiveContent(Open):
    pass


class Exercise(Open):
    body: RichText = ""


class LessonContent(Wire):
    text: RichText | None = None
    video_url: WebAddress | None = None
    interactive: InteractiveContent | None = None
    exercises: Annotated[tuple[Exercise, ...], Field(max_length=100)] | None = None


class WorkshopLesson(Wire):
    id: ItemId
    title: Title
    content: LessonContent
    type: LessonType
    estimated_minutes: Annotated[Whole, Field(gt=0)]
    sort_order: Annotated[Whole, Field(ge=0)]


class ModuleContent(Wire):
    overview: Prose
    learning_objectives: Annotated[tuple[Line, ...], Field(max_length=50)]
    lessons: Annotated[tuple[WorkshopLesson, ...], Field(max_length=100)]
    resources: Annotated[tuple[Resource, ...], Field(max_length=100)]
    assessments: Annotated[tuple[Assessment, ...], Field(max_length=100)] | None = None

    @field_validator("lessons")
    @classmethod
    def _no_lesson_twice(cls, lessons: tuple[WorkshopLesson, ...]) -> tuple[WorkshopLesson, ...]:
        for each in ("id", "sort_order"):
            if len({getattr(lesson, each) for lesson in lessons}) != len(lessons):
                raise ValueError(f"two lessons have the same {each}")
        return lessons


class NewModule(Wire):
    title: Annotated[Title, StringConstraints(min_length=5, max_length=100)]  # W048
    description: Prose | None = None
    module_order: Annotated[Whole, Field(ge=1, le=MODULES_MAX)]  # W049
    duration_minutes: Annotated[Whole, Field(gt=0)]  # W050
    content: ModuleContent
    prerequisites: Annotated[tuple[AnyId, ...], Field(max_length=MODULES_MAX)] = ()
    is_published: Flag = False

    @field_validator("prerequisites")
    @classmethod
    def _no_prerequisite_twice(cls, prerequisites: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(prerequisites)) != len(prerequisites):
            raise ValueError("a prerequisite is named twice")
        return prerequisites


class WorkshopModule(NewModule):
    id: AnyId
    content_version: int
    created_at: datetime
    updated_at: datetime
