"""Counting what was recorded, and setting the number of a day. Whose events are counted is decided by the rights of the table."""

from collections.abc import Mapping
from datetime import datetime

from persistence.connection import Connection
from persistence.models.bootcamp.record import EventCount, NewMetric


async def count_events(
    connection: Connection, of: Mapping[str, str], since: datetime | None, before: datetime | None
) -> tuple[EventCount, ...]:
    """By type, in the order of the types; what never happened is left out. `of`: a person, a course or both, by column."""
    named = " AND ".join(f"{column} = ${number}" for number, column in enumerate(of, 3))
    rows = await connection.fetch(
        f"""SELECT event_type::text, count(*) AS events, count(DISTINCT user_id) AS people,
                  coalesce(sum(session_duration_minutes), 0) AS minutes
             FROM bootcamp.learning_analytics
            WHERE timestamp >= coalesce($1::timestamptz, '-infinity') AND timestamp < coalesce($2::timestamptz, 'infinity')
              AND {named}
            GROUP BY learning_analytics.event_type ORDER BY learning_analytics.event_type""",  # noqa: S608 - our own names
        since,
        before,
        *of.values(),
    )
    return tuple(EventCount.model_validate(dict(row)) for row in rows)


async def put_metric(connection: Connection, metric: NewMetric) -> str:
    """Upsert by day and type (B269); the row's id."""
    row_id: str = await connection.fetchval(
        """INSERT INTO bootcamp.platform_metrics (metric_date, metric_type, metric_value, metadata) VALUES ($1, $2, $3, $4)
           ON CONFLICT (metric_date, metric_type) DO UPDATE SET metric_value = excluded.metric_value, metadata = excluded.metadata
           RETURNING id""",
        metric.metric_date,
        metric.metric_type,
        metric.metric_value,
        metric.metadata,
    )
    return row_id
