"""Numbers of the platform by day (B266-B273, domain.md 2.3): each day once, also one that was missed, and the last few again."""

from typing import Any

import pytest

from persistence.daily import carry_out
from persistence.metrics import AGAIN_DAYS, measure_days
from rooms.roles import Role
from tests.bootcamp import open_course
from tests.persistence.workshop import Workshop

LISTED = {
    "daily_active_users",
    "live_sessions_held",
    "live_minutes_attended",
    "live_avg_engagement",
    "course_completions",
    "certificates_issued",
    "recordings_minutes",
    "transcription_failures",
}


async def of_day(workshop: Workshop, days_ago: int) -> dict[str, float]:
    async with workshop.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT metric_type, metric_value FROM platform_metrics "
            "WHERE metric_date = (now() AT TIME ZONE 'UTC')::date - $1::int",
            days_ago,
        )
    return {row["metric_type"]: float(row["metric_value"]) for row in rows}


async def measured(workshop: Workshop) -> int:
    async with workshop.database.connection() as connection:
        return await measure_days(connection)


async def opened_days_ago(workshop: Workshop, days: int) -> None:
    """As if its first account had been made then."""
    await workshop.execute(
        "INSERT INTO accounts (email_enc, email_bidx, bidx_key_id, full_name_enc, created_at) "
        "SELECT email_enc, sha256('first'), bidx_key_id, full_name_enc, now() - $1::int * interval '1 day' "
        "FROM accounts LIMIT 1",
        days,
    )


async def ended(workshop: Workshop, days_ago: int, score: float | None, **minutes: int) -> None:
    """A session of so many days ago, with the minutes that each of these people were there."""
    session = await workshop.another_session()
    metadata: dict[str, Any] = {"participantCount": 2} | ({} if score is None else {"engagementScore": score})
    for status in ("starting", "active", "ended"):
        await workshop.execute(
            "UPDATE live_sessions SET status = $2::text, metadata = $4, actual_start = (now() AT TIME ZONE 'UTC')::date::timestamp "
            "AT TIME ZONE 'UTC' - $3::int * interval '1 day' + interval '9 h', actual_end = CASE WHEN $2::text = 'ended' THEN "
            "(now() AT TIME ZONE 'UTC')::date::timestamp AT TIME ZONE 'UTC' - $3::int * interval '1 day' + interval '10 h' END "
            "WHERE id = $1",
            session,
            status,
            days_ago,
            metadata,
        )
    roles = {"mara": Role.INSTRUCTOR, "otto": Role.OBSERVER}
    for name, lasted in minutes.items():
        user = getattr(workshop, name)
        await workshop.take_part(user, roles.get(name, Role.PARTICIPANT), session)
        await workshop.execute(
            "UPDATE session_participants SET metadata = metadata || jsonb_build_object('totalTimeMinutes', $3::int) "
            "WHERE session_id = $1 AND user_id = $2",
            session,
            user,
            lasted,
        )


@pytest.mark.requirement("B266", "B267", "B268", "B269", "B272", "B273")
async def test_what_a_day_was_by_hand(workshop: Workshop) -> None:
    await opened_days_ago(workshop, 10)
    await ended(workshop, 1, 80.0, mara=60, ana=60, ben=30)
    await ended(workshop, 1, 50.5, mara=45, ana=45, otto=40)
    await ended(workshop, 1, None, mara=5)
    await ended(workshop, 2, 10.0, ana=7)
    course = await open_course(workshop.database, workshop.mara, workshop.ana, workshop.ben)
    for user, days_ago in ((workshop.ana, 1), (workshop.ana, 1), (workshop.ben, 1), (workshop.mara, 2)):
        await course.execute(
            "INSERT INTO learning_analytics (user_id, event_type, timestamp) "
            "VALUES ($1, 'lesson_started', now() - $2::int * interval '1 day')",
            user,
            days_ago,
        )
    await measured(workshop)
    assert await of_day(workshop, 1) == {
        "daily_active_users": 2,
        "live_sessions_held": 3,
        "live_minutes_attended": 60 + 30 + 45 + 40,  # not Mara's, who ran them
        "live_avg_engagement": 65.25,
        "course_completions": 0,
        "certificates_issued": 0,
        "recordings_minutes": 0,
        "transcription_failures": 0,
    }
    assert set(await of_day(workshop, 2)) == LISTED
    quiet = await of_day(workshop, 3)
    assert set(quiet) == LISTED - {"live_avg_engagement"}  # of no session there is no mean
    assert set(quiet.values()) == {0}


@pytest.mark.requirement("B269", "B273")
async def test_days_that_were_missed_are_made_up_for(workshop: Workshop) -> None:
    await opened_days_ago(workshop, 20)
    await ended(workshop, 9, 80.0, ana=60)
    assert await measured(workshop) == 20
    assert (await of_day(workshop, 9))["live_minutes_attended"] == 60
    assert await of_day(workshop, 21) == {}
    assert await of_day(workshop, 0) == {}  # is not over
    await workshop.execute("DELETE FROM platform_metrics WHERE metric_date = (now() AT TIME ZONE 'UTC')::date - 9")
    assert await measured(workshop) == AGAIN_DAYS + 1
    assert (await of_day(workshop, 9))["live_minutes_attended"] == 60


@pytest.mark.requirement("B273")
async def test_a_day_is_measured_again_and_stays_one_row(workshop: Workshop) -> None:
    await opened_days_ago(workshop, 5)
    await carry_out(workshop.database)
    rows = await workshop.value("SELECT count(*) FROM platform_metrics")
    await ended(workshop, 1, 40.0, ana=12)  # what was finished late
    await carry_out(workshop.database)
    assert (await of_day(workshop, 1))["live_minutes_attended"] == 12
    assert await workshop.value("SELECT count(*) FROM platform_metrics") == rows + 1  # and a mean


async def test_a_new_house_has_no_past(workshop: Workshop) -> None:
    assert await measured(workshop) == 0
