"""WorkshopModule and the JSON it holds (W017-W051). Resource, Assessment, InteractiveContent and Exercise are used by the
document but never defined (D48): open objects with an id, a title and what is needed to show them. That prerequisites exist
and form no cycle needs the other modules and is the database's (D09)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, HttpUrl, StringConstraints, field_validator

from persistence.models.html import cleaned
from persistence.models.progress import ProgressStatus
from rooms.feature import Flag, Line, Prose, Title, Whole, Wire
from rooms.ids import AnyId

TEXT_CHARACTERS_MAX = 100_000
MODULES_MAX = 6

ItemId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
RichText = Annotated[str, StringConstraints(max_length=TEXT_CHARACTERS_MAX), AfterValidator(cleaned)]  # D32


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


def _no_prerequisite_twice(prerequisites: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(prerequisites)) != len(prerequisites):
        raise ValueError("a prerequisite is named twice")
    return prerequisites


ModuleTitle = Annotated[Title, StringConstraints(min_length=5, max_length=100)]  # W048
Place = Annotated[Whole, Field(ge=1, le=MODULES_MAX)]  # W049
Minutes = Annotated[Whole, Field(gt=0, le=100_000)]  # W050
Prerequisites = Annotated[
    tuple[AnyId, ...], Field(max_length=MODULES_MAX), AfterValidator(_no_prerequisite_twice)
]  # W051


class NewModule(Wire):
    title: ModuleTitle
    description: Prose | None = None
    module_order: Place
    duration_minutes: Minutes
    content: ModuleContent
    prerequisites: Prerequisites = ()
    is_published: Flag = False


class ModuleChange(Wire):
    """Its place and whether it is published have verbs of their own."""

    title: ModuleTitle = ""
    description: Prose | None = None
    duration_minutes: Minutes = 0
    content: ModuleContent | None = None
    prerequisites: Prerequisites = ()

    @field_validator("content")
    @classmethod
    def _is_there(cls, content: ModuleContent | None) -> ModuleContent:
        if content is None:
            raise ValueError("must not be empty")
        return content


class WorkshopModule(NewModule):
    id: AnyId
    content_version: int
    created_at: datetime
    updated_at: datetime


class ModuleStanding(Wire):
    """A module without its content, and how far whoever reads is with it (W236). Staff also see those that are not published."""

    id: AnyId
    title: str
    description: str | None
    module_order: int
    duration_minutes: int
    prerequisites: tuple[AnyId, ...]
    is_published: bool
    content_version: int
    user_progress: int  # percent
    progress_status: ProgressStatus
    is_accessible: bool  # what comes before it was completed once (D14)
    created_at: datetime
    updated_at: datetime
