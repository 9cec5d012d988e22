"""PeerReview and InstructorFeedback (B204-B225): what others say to a submission. Who wrote an anonymous review is not told to
its author (D71)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from persistence.models.bootcamp.words import Lines, Text
from rooms.feature import Flag, Plain, Wire
from rooms.ids import AnyId, UserIdField


class FeedbackType(StrEnum):
    INITIAL_REVIEW = "initial_review"
    REVISION_FEEDBACK = "revision_feedback"
    FINAL_ASSESSMENT = "final_assessment"


class LetterGrade(StrEnum):
    A = "A"
    B = "B"
    C = "C"
    D = "D"
    F = "F"


class NewPeerReview(Wire):
    """Asks somebody for a review."""

    submission_id: AnyId
    reviewer_id: UserIdField
    is_anonymous: Flag = False


class PeerReviewChange(Wire):
    """What the reviewer writes. `overallScore`: 0 to 5; with it the author sees the review."""

    review_criteria: Plain = Field(default_factory=dict)
    overall_score: Annotated[float, Field(strict=True, ge=0, le=5)] | None = None
    strengths: Lines = ()
    improvements: Lines = ()
    detailed_feedback: Text | None = None
    is_anonymous: Flag = False


class PeerReview(Wire):
    """`reviewerId` is missing where an anonymous review is shown to its author."""

    id: AnyId
    submission_id: AnyId
    reviewer_id: UserIdField | None
    review_criteria: dict[str, object]
    overall_score: float | None
    strengths: tuple[str, ...]
    improvements: tuple[str, ...]
    detailed_feedback: str | None
    is_anonymous: bool
    created_at: datetime
    updated_at: datetime


class NewFeedback(Wire):
    submission_id: AnyId
    feedback_type: FeedbackType = FeedbackType.INITIAL_REVIEW
    rubric_scores: Plain = Field(default_factory=dict)
    overall_grade: LetterGrade | None = None
    detailed_feedback: Text | None = None
    improvement_suggestions: Lines = ()
    next_steps: Lines = ()


class InstructorFeedback(Wire):
    id: AnyId
    submission_id: AnyId
    instructor_id: UserIdField
    feedback_type: FeedbackType
    rubric_scores: dict[str, object]
    overall_grade: LetterGrade | None
    detailed_feedback: str | None
    improvement_suggestions: tuple[str, ...]
    next_steps: tuple[str, ...]
    created_at: datetime
