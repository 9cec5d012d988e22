"""Numbers of the platform by day (B266-B273): each day of Greenwich is measured once it is over, also one on which nothing ran, and the
last few again, because work of theirs may have been finished later. What is measured is the database's (migrations/0045)."""

from persistence.connection import Connection

AGAIN_DAYS = 3
MISSED_DAYS_MAX = 92

# One after the other: a day that fails stops nobody from seeing the others.
_DAYS = """
SELECT day::date FROM generate_series(
         greatest((now() AT TIME ZONE 'UTC')::date - $1::int, (SELECT min(a.created_at AT TIME ZONE 'UTC')::date FROM identity.accounts a)),
         (now() AT TIME ZONE 'UTC')::date - 1, interval '1 day') day
 WHERE day > now() AT TIME ZONE 'UTC' - ($2::int + 1) * interval '1 day'
    OR NOT EXISTS (SELECT FROM bootcamp.platform_metrics m WHERE m.metric_date = day::date AND m.metric_type = 'live_sessions_held')
 ORDER BY day
"""


async def measure_days(connection: Connection) -> int:
    """How many were measured."""
    days = await connection.fetch(_DAYS, MISSED_DAYS_MAX, AGAIN_DAYS)
    for row in days:
        await connection.execute("SELECT bootcamp.measure_day($1)", row["day"])
    return len(days)
