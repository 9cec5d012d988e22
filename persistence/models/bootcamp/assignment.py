"""Assignment and Submission (B109-B136): what is asked for, what was handed in and how it was graded."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, HttpUrl, StringConstraints, ValidationInfo, field_validator

from persistence.models.bootcamp.words import Count, Https, Inside, Name, Score, Text
from rooms.feature import Flag, Moment, Plain, Whole, Wire
from rooms.ids import AnyId, UserIdField

FILES_MAX = 50
FILE_BYTES_MAX = 10_000_000_000


class AssignmentType(StrEnum):
    DESIGN_PROJECT = "design_project"
    QUIZ = "quiz"
    PEER_REVIEW = "peer_review"
    PRESENTATION = "presentation"
    CODE = "code"


class SubmissionStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    GRADED = "graded"
    REVISION_REQUESTED = "revision_requested"


FileType = Annotated[str, StringConstraints(to_lower=True, pattern=r"^[a-zA-Z0-9]{1,10}$")]


class SubmissionFormat(Inside):
    """Empty: anything."""

    file_types: Annotated[tuple[FileType, ...], Field(max_length=FILES_MAX)] = ()
    max_size_mb: Annotated[float, Field(strict=True, gt=0, le=10_000)] | None = None


class AssignmentChange(Wire):
    title: Name = ""
    description: Text = ""
    instructions: Text | None = None
    assignment_type: AssignmentType = AssignmentType.DESIGN_PROJECT
    max_score: Annotated[Score, Field(gt=0)] = 100.0
    passing_score: Score | None = None
    due_date: Moment | None = None
    time_limit_minutes: Count | None = None
    submission_format: SubmissionFormat = SubmissionFormat()
    rubric: Plain = Field(default_factory=dict)
    is_graded_automatically: Flag = False

    @field_validator("passing_score")
    @classmethod
    def _can_be_reached(cls, passing: float | None, info: ValidationInfo) -> float | None:
        if passing is not None and passing > info.data.get("max_score", passing):
            raise ValueError("must not be more than the maximum score")
        return passing


class NewAssignment(AssignmentChange):
    lesson_id: AnyId
    title: Name
    description: Text


class Assignment(Wire):
    id: AnyId
    lesson_id: AnyId
    title: str
    description: str
    instructions: str | None
    assignment_type: AssignmentType
    max_score: float
    passing_score: float | None
    due_date: datetime | None
    time_limit_minutes: int | None
    submission_format: SubmissionFormat
    rubric: dict[str, object]
    is_graded_automatically: bool
    created_at: datetime
    updated_at: datetime


def _stored_or_web(address: str) -> str:
    if not address.startswith("store://"):
        HttpUrl(address)
        if not address.startswith("https://"):
            raise ValueError("must begin with https:// or store://")
    return address


class SubmittedFile(Inside):
    name: Name
    url: Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_stored_or_web)]
    size_bytes: Annotated[Whole, Field(ge=0, le=FILE_BYTES_MAX)] | None = None

    @property
    def type(self) -> str:
        """Its ending, without the dot."""
        return self.name.rpartition(".")[2].lower()


class Answer(Inside):
    """What a learner writes."""

    text: Text | None = None
    files: Annotated[tuple[SubmittedFile, ...], Field(max_length=FILES_MAX)] = ()
    links: Annotated[tuple[Https, ...], Field(max_length=FILES_MAX)] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.files or self.links)


class SubmissionContent(Answer):
    """`late`: it was handed in after it was due."""

    late: Flag = False


class SubmissionChange(Wire):
    submission_content: Answer = Answer()


class NewSubmission(SubmissionChange):
    assignment_id: AnyId


class Grade(Wire):
    score: Score
    feedback: Text | None = None


class RevisionRequest(Wire):
    feedback: Text


class Submission(Wire):
    id: AnyId
    assignment_id: AnyId
    user_id: UserIdField
    submission_content: SubmissionContent
    submitted_at: datetime | None
    status: SubmissionStatus
    score: float | None
    feedback: str | None
    graded_by: UserIdField | None
    graded_at: datetime | None
    revision_count: int
    final_submission: bool
    created_at: datetime
    updated_at: datetime


def format_faults(content: Answer, wanted: SubmissionFormat) -> Iterator[tuple[int, str]]:
    """B119: the place of every file that the assignment does not take, and why not."""
    for index, file in enumerate(content.files):
        if wanted.file_types and file.type not in wanted.file_types:
            yield index, f"this assignment takes {', '.join(wanted.file_types)}"
        elif wanted.max_size_mb is not None and (file.size_bytes or 0) > wanted.max_size_mb * 1_000_000:
            yield index, f"this assignment takes files of at most {wanted.max_size_mb:g} MB"
