"""UserProgress (W052-W075): how far somebody is with a workshop module, or with one of its lessons."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from rooms.feature import Whole, Wire
from rooms.ids import AnyId, UserIdField


class ProgressStatus(StrEnum):
    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    LOCKED = "locked"


class NewProgress(Wire):
    """What a client tells while somebody works. Without `status` it follows from the percentage."""

    progress_percent: Whole
    status: ProgressStatus | None = None
    minutes: Annotated[Whole, Field(ge=0, le=1_440)] = 0  # spent since the last time it told

    @field_validator("progress_percent")
    @classmethod
    def _is_a_percentage(cls, percent: int) -> int:
        if not 0 <= percent <= 100:
            raise ValueError("Progress percent must be between 0 and 100")  # W249, the document's words
        return percent

    @field_validator("status")
    @classmethod
    def _completed_is_all_of_it(cls, status: ProgressStatus | None, info: ValidationInfo) -> ProgressStatus | None:
        if status is ProgressStatus.COMPLETED and info.data.get("progress_percent") != 100:
            raise ValueError("Completed status requires 100% progress")  # W250
        return status


class Progress(Wire):
    id: AnyId
    user_id: UserIdField
    module_id: AnyId
    lesson_id: str | None
    progress_percent: int
    status: ProgressStatus
    time_spent_minutes: int
    last_accessed_at: datetime
    completed_at: datetime | None
    first_completed_at: datetime | None
    created_at: datetime
    updated_at: datetime
