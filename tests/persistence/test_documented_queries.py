"""The documents' own queries, constraints and transitions, read from the documents and run word for word on our schema."""

import asyncpg
import pytest

from persistence.database import Database
from tests.persistence.documents import BOOTCAMP, constraints, queries, text, transitions
from tests.persistence.test_schema import add_module, add_recording, add_transcript
from tests.persistence.test_workbook import ADD_NOTE, ADD_PROGRESS, done
from tests.persistence.workshop import Workshop

SEARCH_PATH = {"search_path": "app, live, workbook, bootcamp, identity"}


def test_these_are_all_that_there_are() -> None:
    assert len(queries()) == 3
    assert len(constraints()) == 5
    assert "SELECT" not in text(BOOTCAMP)


@pytest.mark.requirement("W234")
async def test_the_dashboard(workshop: Workshop) -> None:
    """`u.*` and a join that multiplies: ours is another (D11), theirs runs and counts right."""
    first, second = await add_module(workshop, is_published=True), await add_module(workshop, 2, is_published=True)
    ana = workshop.ana
    for module, percent in ((first, 40), (second, 60)):
        await done(workshop, ana, ADD_PROGRESS, ana, module, "in_progress", percent)
    for title in ("Beds", "Rows", "Hedges"):
        await done(workshop, ana, ADD_NOTE, ana, title, "Beans beside corn")
    await add_recording(workshop)
    async with workshop.database.as_user(ana) as connection:
        [row] = await connection.fetch(queries()["Get User Dashboard Data"], ana)
    assert (row["overall_progress"], row["modules_started"], row["recordings_count"], row["notes_count"]) == (
        50,
        2,
        1,
        3,
    )
    assert row["subscription_tier"] == "basic"


@pytest.mark.requirement("W235")
async def test_the_search(workshop: Workshop) -> None:
    ana = workshop.ana
    await done(workshop, ana, ADD_NOTE, ana, "Beds", "Beans beside corn")
    await done(workshop, ana, ADD_NOTE, ana, "Rows", "Only beans")
    await add_transcript(workshop)
    await workshop.execute("UPDATE transcription_records SET text = 'Corn grows high'")
    async with workshop.database.as_user(ana) as connection:
        rows = await connection.fetch(queries()["Search Across Notes and Transcriptions"], ana, "corn")
        assert sorted((row["type"], row["title"]) for row in rows) == [
            ("note", "Beds"),
            ("transcription", "Audio Transcription"),
        ]
    async with workshop.database.as_user(workshop.ben) as connection:
        assert await connection.fetch(queries()["Search Across Notes and Transcriptions"], ana, "corn") == []


@pytest.mark.requirement("W236")
async def test_modules_with_their_prerequisites(workshop: Workshop) -> None:
    ana = workshop.ana
    first = await add_module(workshop, is_published=True)
    second = await add_module(workshop, 2, is_published=True, prerequisites=[first])
    query = queries()["Get Module Progress with Prerequisites"]
    async with workshop.database.as_user(ana, writes=True) as connection:
        await connection.execute(ADD_PROGRESS, ana, first, "in_progress", 40)
        rows = await connection.fetch(query, ana)
        assert [(row["id"], row["user_progress"], row["is_accessible"]) for row in rows] == [
            (first, 40, True),
            (second, 0, False),
        ]
        await connection.execute("UPDATE user_progress SET status = 'completed', progress_percent = 100")
        assert [row["is_accessible"] for row in await connection.fetch(query, ana)] == [True, True]


@pytest.mark.requirement("W254", "W255", "W256", "W257", "W258")
async def test_the_documented_constraints_hold_under_their_names(
    database: Database, dsn: str, subtests: pytest.Subtests
) -> None:
    """Ours refuses whatever the document's condition does not admit, and nothing at the edges of what it does."""
    edges = {
        "check_progress_percent": [("progress_percent", each) for each in ("-1", "0", "100", "101")],
        "check_time_spent": [("time_spent_minutes", each) for each in ("-1", "0", "1")],
        "check_duration": [("duration_seconds", each) for each in ("-1", "0", "1")],
        "check_file_size": [("file_size_bytes", each) for each in ("0", "1", "104857600", "104857601")],
        "check_session_times": [
            ("scheduled_start, scheduled_end", f"timestamptz '2030-05-06 09:00Z', timestamptz '2030-05-06 09:00Z' + interval '{each} s'")
            for each in (-1, 0, 1)
        ],
    }  # fmt: skip
    assert edges.keys() == constraints().keys()
    owner = await asyncpg.connect(dsn, server_settings=SEARCH_PATH)
    try:
        for name, (table, condition) in constraints().items():
            ours = await owner.fetchval(
                "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conname = $1 AND conrelid = $2::regclass",
                name,
                f"{'live' if table == 'live_sessions' else 'workbook'}.{table}",
            )
            with subtests.test(name):
                assert ours is not None
                for columns, values in edges[name]:
                    query = f"SELECT ({{}}) FROM (SELECT {values}) AS row ({columns})"
                    assert await owner.fetchval(query.format(ours)) == await owner.fetchval(query.format(condition))
    finally:
        await owner.close()


@pytest.mark.requirement("W072", "W073", "W074", "W075", "W195", "W196", "W197", "W198", "W199", "W200")
@pytest.mark.requirement("D38", "D39")
async def test_the_documented_transitions_are_legal_and_the_others_are_named_as_ours(workshop: Workshop) -> None:
    progress, session = transitions()
    ours = {("paused", "ended"), ("paused", "cancelled"), ("starting", "scheduled")}
    for machine, documented, added in (("progress", progress, None), ("session", session, ours)):
        async with workshop.database.connection() as connection:
            rows = await connection.fetch("SELECT * FROM app.transitions WHERE machine = $1", machine)
        steps = {(row["from_state"], row["to_state"]): row["documented"] for row in rows if row["from_state"]}
        assert {step for step, is_documented in steps.items() if is_documented} == documented
        if added is not None:
            assert {step for step, is_documented in steps.items() if not is_documented} == added
