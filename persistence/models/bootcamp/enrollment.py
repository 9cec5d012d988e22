"""Enrollment and LessonProgress (B081-B108): who takes part in a course and how far they are. Percentages, times and scores
follow from what is done; nobody sends them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from persistence.entities import SEALED
from persistence.models.bootcamp.words import Minutes, Text
from rooms.feature import Wire
from rooms.ids import AnyId, UserIdField

ANSWERS_MAX = 100


class EnrollmentStatus(StrEnum):
    ENROLLED = "enrolled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    DROPPED = "dropped"
    SUSPENDED = "suspended"


class LessonStatus(StrEnum):
    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


class NewEnrollment(Wire):
    """Without `userId`: oneself."""

    course_id: AnyId
    user_id: UserIdField | None = None


class EnrollmentChange(Wire):
    enrollment_status: EnrollmentStatus


class Enrollment(Wire):
    """`certificateProblem`: why there is no certificate although the course was completed; for whoever can help."""

    id: AnyId
    user_id: UserIdField
    course_id: AnyId
    enrollment_status: EnrollmentStatus
    enrollment_date: datetime
    completion_date: datetime | None
    progress_percentage: float
    current_module_id: AnyId | None
    current_lesson_id: AnyId | None
    time_spent_minutes: int
    last_accessed_at: datetime | None
    certificate_issued: bool
    certificate_issued_at: datetime | None
    certificate_problem: str | None
    created_at: datetime
    updated_at: datetime


class LessonProgressChange(Wire):
    """`timeSpentMinutes`: all of it, not what was added."""

    status: LessonStatus = LessonStatus.NOT_STARTED
    time_spent_minutes: Minutes = 0
    notes: Text | None = None


class NewLessonProgress(LessonProgressChange):
    enrollment_id: AnyId
    lesson_id: AnyId


class Attempt(Wire):
    """What was answered, by the id of the question: a text, a list of texts, a number or true and false."""

    answers: Annotated[dict[Annotated[str, StringConstraints(max_length=50)], JsonValue], Field(max_length=ANSWERS_MAX)]


class LessonProgress(Wire):
    """`bestScore`: percent. `notes`: private, for whoever wrote them only."""

    id: AnyId
    enrollment_id: AnyId
    lesson_id: AnyId
    status: LessonStatus
    started_at: datetime | None
    completed_at: datetime | None
    time_spent_minutes: int
    attempts_count: int
    best_score: float | None
    notes: Annotated[str | None, SEALED]
    created_at: datetime
    updated_at: datetime
