"""What is counted: what people do while they learn, and numbers of the platform by day (B252-B273). One's own, for staff those of
their courses, for administrators all.
"""

from datetime import date
from typing import Any

from pydantic import BaseModel

from live.api.bootcamp.opening import Opened
from live.api.call import Call
from live.api.resource import Resource
from live.api.route import Family, Listing, Paging, Who
from live.browsers import browser_of, device_of, network_of
from persistence.entities import Entity
from persistence.models.bootcamp.record import (
    Analytics,
    AnalyticsEvent,
    EventCount,
    Metric,
    MetricType,
    NewAnalytics,
    NewMetric,
)
from persistence.records import count_events, put_metric
from rooms.feature import Moment, Wire
from rooms.ids import AnyId, UserIdField

family = Family("records", "What is counted about learning, and about the platform.")


class AnalyticsFilter(Paging):
    user_id: UserIdField | None = None
    course_id: AnyId | None = None
    module_id: AnyId | None = None
    lesson_id: AnyId | None = None
    event_type: AnalyticsEvent | None = None
    since: Moment | None = None
    before: Moment | None = None


class CountFilter(Wire):
    """Of a course, of a person in it, or of a person anywhere; without either one's own."""

    course_id: AnyId | None = None
    user_id: UserIdField | None = None
    since: Moment | None = None
    before: Moment | None = None


def _circumstances(call: Call, _body: BaseModel) -> dict[str, Any]:
    agent = call.request.headers.get("User-Agent", "")
    return {
        "user_id": call.user,
        "device_type": device_of(agent),
        "browser_info": browser_of(agent),
        "ip_address": network_of(call.address),
    }


@family.get("/bootcamp/analytics-events/counts", Who.ACCOUNT)
async def count_analytics(call: Call, query: CountFilter) -> Listing[EventCount]:
    """How often what happened, how many people did it and for how long: of what one may know."""
    of = query.model_dump(include={"course_id", "user_id"}, exclude_none=True) or {"user_id": call.user}
    return Listing(items=await call.report(lambda each: count_events(each, of, query.since, query.before)))


ANALYTICS = Resource(
    family,
    "/bootcamp/analytics-events",
    "analytics_event",
    Opened(
        "bootcamp.learning_analytics",
        Analytics,
        order=("timestamp", "desc"),
        conditions={"since": "timestamp >= {}", "before": "timestamp < {}"},
    ),
)
ANALYTICS.listed("One's own events; for staff those of their courses; latest first.", AnalyticsFilter)
ANALYTICS.read("One event.")
ANALYTICS.made("Tells that something happened.", NewAnalytics, given=_circumstances)


class MetricFilter(Paging):
    """`metricType` with its suffix, as in `course_completions:soil-basics`; both days are included."""

    metric_type: MetricType | None = None
    from_date: date | None = None
    to_date: date | None = None


METRICS = Resource(
    family,
    "/bootcamp/metrics",
    "metric",
    Entity(
        "bootcamp.platform_metrics",
        Metric,
        order=("metric_date", "desc"),
        conditions={"from_date": "metric_date >= {}", "to_date": "metric_date <= {}"},
    ),
)
METRICS.listed("Numbers by day: of one's own courses; for administrators all.", MetricFilter, report=True)
METRICS.read("One number.")
METRICS.removed("Removes a number: for administrators.")


@family.put("/bootcamp/metrics", Who.ADMIN)
async def record_metric(call: Call, body: NewMetric) -> Metric:
    """Sets a number of a day."""
    async with call.writing() as connection:
        row_id = await put_metric(connection, body)
        return await METRICS.found(call, connection, row_id)
