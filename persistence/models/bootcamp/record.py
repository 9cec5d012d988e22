"""What is recorded about learning and about the platform (B252-B273)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from rooms.feature import Plain, Whole, Wire
from rooms.ids import AnyId, UserIdField


class AnalyticsEvent(StrEnum):
    LESSON_STARTED = "lesson_started"
    LESSON_COMPLETED = "lesson_completed"
    QUIZ_ATTEMPTED = "quiz_attempted"
    ASSIGNMENT_SUBMITTED = "assignment_submitted"
    FORUM_POST = "forum_post"
    PEER_REVIEW = "peer_review"
    LIVE_SESSION_JOINED = "live_session_joined"
    LIVE_SESSION_ATTENDED = "live_session_attended"


class Browser(Wire):
    """No finer than this: many people have the same."""

    family: str | None = None
    major: int | None = None


class NewAnalytics(Wire):
    """Of a course one takes or teaches, or of none. When, from where and with what is the server's to say."""

    event_type: AnalyticsEvent
    course_id: AnyId | None = None
    module_id: AnyId | None = None
    lesson_id: AnyId | None = None
    event_data: Plain = Field(default_factory=dict)
    session_duration_minutes: Annotated[Whole, Field(ge=0, le=1_440)] | None = None


class Analytics(Wire):
    """`ipAddress`: the network only, /24 or /48."""

    id: AnyId
    user_id: UserIdField
    course_id: AnyId | None
    module_id: AnyId | None
    lesson_id: AnyId | None
    event_type: AnalyticsEvent
    event_data: dict[str, Any]
    session_duration_minutes: int | None
    device_type: str | None
    browser_info: Browser
    ip_address: Annotated[str, BeforeValidator(str)] | None
    timestamp: datetime


class EventCount(Wire):
    """`minutes`: that were spent with it, where that is known."""

    event_type: AnalyticsEvent
    events: int
    people: int
    minutes: int


MetricType = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(:[a-z0-9-]+)?$", max_length=100)]


class NewMetric(Wire):
    """Of one day and type there is one: it takes the place of what was there."""

    metric_date: date
    metric_type: MetricType
    metric_value: Annotated[float, Field(ge=-1e12, le=1e12)]
    metadata: Plain = Field(default_factory=dict)


class Metric(Wire):
    id: AnyId
    metric_date: date
    metric_type: str
    metric_value: float
    metadata: dict[str, Any]
    created_at: datetime
