"""LiveSession (W167-W200): what is stored and shown, and what may be asked for when one is scheduled. Types and limits shared
with the rules of a running session are rooms/lifecycle's; transitions are decided there."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, field_validator

from rooms.feature import Flag, Moment, Prose, Title, Wire
from rooms.ids import AnyId, UserIdField
from rooms.lifecycle import ALL_FEATURES, DURATION_MAX, Capacity, SessionFeature, Status

Features = Annotated[tuple[SessionFeature, ...], Field(max_length=6)]


def no_feature_twice(features: tuple[SessionFeature, ...]) -> tuple[SessionFeature, ...]:
    """D40."""
    if len({feature.type for feature in features}) != len(features):
        raise ValueError("a feature is named twice")
    return features


class SessionMetadata(Wire):
    """W188-W191. Later releases may add keys."""

    model_config = ConfigDict(extra="allow")

    participant_count: Annotated[int, Field(ge=0)] = 0
    recording_url: str | None = None
    summary: str | None = None
    engagement_score: Annotated[float, Field(ge=0, le=100)] | None = None


class NewSession(Wire):
    title: Title
    description: Prose | None = None
    module_id: AnyId | None = None
    instructor_id: UserIdField | None = None  # another host: administrators only; default: who asks
    scheduled_start: Moment
    scheduled_end: Moment
    max_participants: Capacity = 50
    features: Features = ALL_FEATURES
    lobby: Flag = True  # kept in the log

    @field_validator("scheduled_end")
    @classmethod
    def _after_start(cls, end: datetime, info: Any) -> datetime:
        """W258, reported beside the errors of other fields."""
        start = info.data.get("scheduled_start")
        if start is not None and end <= start:
            raise ValueError("the end must be after the start")
        if start is not None and end - start > DURATION_MAX:
            raise ValueError(f"a session lasts at most {DURATION_MAX.days} days")
        return end

    _features = field_validator("features")(no_feature_twice)


class LiveSession(Wire):
    id: AnyId
    title: str
    description: str | None
    instructor_id: UserIdField
    module_id: AnyId | None
    scheduled_start: datetime
    scheduled_end: datetime
    actual_start: datetime | None
    actual_end: datetime | None
    max_participants: int
    status: Status
    features: tuple[SessionFeature, ...]
    metadata: SessionMetadata
    created_at: datetime
    updated_at: datetime
