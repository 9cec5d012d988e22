"""The workbook's own rules (W052-W075, W137-W166), asked of the tables through the login that REST has, and by the engine: whose rows
one reads and writes, which states follow which, what a note may refer to, and that the document's own queries run word for word."""

from typing import Any

import asyncpg
import pytest

from persistence.daily import carry_out
from persistence.recordings import Recordings
from rooms.ids import UserId
from rooms.roles import Role
from tests.persistence.test_recordings import upload
from tests.persistence.test_schema import CONTENT, add_module
from tests.persistence.workshop import Workshop

# -- the document, word for word --

DASHBOARD = """
SELECT
  u.*,
  COALESCE(AVG(p.progress_percent), 0) as overall_progress,
  COUNT(DISTINCT p.module_id) as modules_started,
  COUNT(DISTINCT ar.id) as recordings_count,
  COUNT(DISTINCT n.id) as notes_count
FROM workbook_users u
LEFT JOIN user_progress p ON u.id = p.user_id
LEFT JOIN audio_recordings ar ON u.id = ar.user_id
LEFT JOIN workbook_notes n ON u.id = n.user_id
WHERE u.id = $1
GROUP BY u.id;
"""
SEARCH = """
(SELECT 'note' as type, id, title as title, content as text, created_at
 FROM workbook_notes
 WHERE user_id = $1 AND search_vector @@ plainto_tsquery($2))
UNION ALL
(SELECT 'transcription' as type, id, 'Audio Transcription' as title, text, created_at
 FROM transcription_records
 WHERE user_id = $1 AND search_vector @@ plainto_tsquery($2))
ORDER BY created_at DESC;
"""
MODULES = """
SELECT
  m.*,
  COALESCE(p.progress_percent, 0) as user_progress,
  p.status as progress_status,
  CASE
    WHEN COALESCE(jsonb_array_length(m.prerequisites), 0) = 0 THEN true
    ELSE NOT EXISTS (
      SELECT 1 FROM jsonb_array_elements_text(m.prerequisites) prereq
      WHERE NOT EXISTS (
        SELECT 1 FROM user_progress p2
        WHERE p2.user_id = $1 AND p2.module_id = prereq::uuid
        AND p2.status = 'completed'
      )
    )
  END as is_accessible
FROM workshop_modules m
LEFT JOIN user_progress p ON m.id = p.module_id AND p.user_id = $1
ORDER BY m.module_order;
"""

ADD_PROGRESS = "INSERT INTO user_progress (user_id, module_id, status, progress_percent) VALUES ($1, $2, $3, $4)"
MOVE = "UPDATE user_progress SET status = $3, progress_percent = $4 WHERE user_id = $1 AND module_id = $2"
ADD_NOTE = "INSERT INTO workbook_notes (user_id, title, content) VALUES ($1, $2, $3)"


async def done(workshop: Workshop, user: UserId, statement: str, *arguments: object) -> str:
    """As this person."""
    async with workshop.database.as_user(user, writes=True) as connection:
        return str(await connection.execute(statement, *arguments))


async def seen(workshop: Workshop, user: UserId, query: str, *arguments: object) -> list[Any]:
    async with workshop.database.as_user(user) as connection:
        return [row[0] for row in await connection.fetch(query, *arguments)]


async def refusal(workshop: Workshop, user: UserId | None, statement: str, *arguments: object) -> str:
    """The constraint that refuses it, or the SQLSTATE. None: by the engine."""
    with pytest.raises(asyncpg.PostgresError) as error:
        await (workshop.execute(statement, *arguments) if user is None else done(workshop, user, statement, *arguments))
    return getattr(error.value, "constraint_name", None) or error.value.sqlstate


@pytest.fixture
async def module(workshop: Workshop) -> str:
    return await add_module(workshop, is_published=True)


# -- documented shape and queries --


@pytest.mark.requirement("W234", "W235", "W236", "D09")
async def test_the_document_s_own_queries_run_word_for_word(workshop: Workshop, module: str) -> None:
    after = await add_module(workshop, 2, is_published=True, prerequisites=[module])
    await done(workshop, workshop.ana, ADD_NOTE, workshop.ana, "Beds", "Beans beside corn")
    async with workshop.database.as_user(workshop.ana, writes=True) as connection:
        await connection.execute(ADD_PROGRESS, workshop.ana, module, "in_progress", 40)
        dashboard = await connection.fetchrow(DASHBOARD, workshop.ana)
        assert dashboard is not None
        assert (int(dashboard["overall_progress"]), dashboard["modules_started"], dashboard["notes_count"]) == (
            40,
            1,
            1,
        )
        assert [row["title"] for row in await connection.fetch(SEARCH, workshop.ana, "corn")] == ["Beds"]
        rows = await connection.fetch(MODULES, workshop.ana)
        assert [(row["id"], row["user_progress"], row["is_accessible"]) for row in rows] == [
            (module, 40, True),
            (after, 0, False),
        ]


COLUMNS = {
    "user_progress": "id user_id module_id lesson_id progress_percent status time_spent_minutes last_accessed_at completed_at "
    "created_at updated_at",
    "workbook_notes": 'id user_id title content module_id lesson_id audio_recording_id "timestamp" tags is_private is_pinned '
    "metadata search_vector created_at updated_at",
}
INDEXES = [
    "idx_progress_user",
    "idx_progress_module",
    "idx_progress_status",
    "idx_notes_user",
    "idx_notes_module",
    "idx_notes_tags",
    "idx_notes_search",
    "idx_notes_pinned",
]


@pytest.mark.requirement(
    "W053", "W062", "W063", "W066", "W067", "W068", "W150", "W158", "W159", "W160", "W161", "W162", "W239", "W240"
)
async def test_documented_columns_and_indexes_are_there(workshop: Workshop) -> None:
    for table, columns in COLUMNS.items():
        assert await workshop.value(f"SELECT count({columns.replace(' ', ') + count(')}) FROM {table}") is not None
    for index in INDEXES:
        assert await workshop.value("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)::oid", index), (
            index
        )
    assert "WHERE is_pinned" in await workshop.value("SELECT pg_get_indexdef('idx_notes_pinned'::regclass)")


# -- progress --


@pytest.mark.requirement("W057", "W059", "W069", "W070", "W071", "W250", "W254", "W255", "D16")
async def test_figures_that_contradict_each_other_are_refused(workshop: Workshop, module: str) -> None:
    ana = workshop.ana
    await done(workshop, ana, ADD_PROGRESS, ana, module, "in_progress", 40)
    for change, constraint in (
        ("progress_percent = 101", "check_progress_percent"),
        ("progress_percent = -1", "check_progress_percent"),
        ("time_spent_minutes = -1", "check_time_spent"),
        ("status = 'completed'", "check_completed_percent"),
        ("status = 'half'", "progress_transition"),
        ("module_id = gen_random_uuid()", "progress_is_of_one"),
        ("lesson_id = 'l1'", "progress_is_of_one"),
    ):
        assert await refusal(workshop, ana, f"UPDATE user_progress SET {change}") == constraint, change
    other = await add_module(workshop, 2, is_published=True)
    assert await refusal(workshop, ana, ADD_PROGRESS, ana, other, "not_started", 10) == "check_unstarted_percent"
    assert await refusal(workshop, ana, ADD_PROGRESS, ana, other, "completed", 100) == "progress_transition"
    assert await refusal(workshop, ana, ADD_PROGRESS, ana, module, "not_started", 0) == "idx_progress_user"


@pytest.mark.requirement("W061", "D14", "P6")
async def test_nobody_writes_down_a_completion_that_was_none(workshop: Workshop, module: str) -> None:
    ana = workshop.ana
    forged = "INSERT INTO user_progress (user_id, module_id, first_completed_at) VALUES ($1, $2, now())"
    assert await refusal(workshop, ana, forged, ana, module) == "42501"
    await done(workshop, ana, ADD_PROGRESS, ana, module, "in_progress", 40)
    for column in ("first_completed_at", "completed_at"):
        assert await refusal(workshop, ana, f"UPDATE user_progress SET {column} = now()") == "42501"
    await done(workshop, ana, MOVE, ana, module, "completed", 100)
    assert await refusal(workshop, ana, "UPDATE user_progress SET first_completed_at = NULL") == "42501"
    [first] = await seen(workshop, ana, "SELECT first_completed_at = completed_at FROM user_progress")
    assert first is True
    await done(workshop, ana, MOVE, ana, module, "in_progress", 100)
    [kept] = await seen(
        workshop, ana, "SELECT completed_at IS NULL AND first_completed_at IS NOT NULL FROM user_progress"
    )
    assert kept is True


STATES = ("not_started", "in_progress", "completed", "locked")
LEGAL = {
    ("not_started", "in_progress"),  # W072
    ("in_progress", "completed"),  # W073
    ("completed", "in_progress"),  # W074
}


@pytest.mark.requirement("W058", "W065", "W072", "W073", "W074")
async def test_every_pair_of_states(workshop: Workshop, module: str) -> None:
    """Of an open module; `locked` has its own test."""
    ana = workshop.ana
    way = {"not_started": ["not_started"], "in_progress": ["in_progress"], "completed": ["in_progress", "completed"]}
    percent = {"not_started": 0, "in_progress": 50, "completed": 100, "locked": 0}
    for before, steps in way.items():
        for after in STATES:
            await workshop.execute("DELETE FROM user_progress")
            await done(workshop, ana, ADD_PROGRESS, ana, module, steps[0], percent[steps[0]])
            for step in steps[1:]:
                await done(workshop, ana, MOVE, ana, module, step, percent[step])
            if before == after or (before, after) in LEGAL:
                await done(workshop, ana, MOVE, ana, module, after, percent[after])
            else:
                assert await refusal(workshop, ana, MOVE, ana, module, after, percent[after]) == "progress_transition"


@pytest.mark.requirement("W075", "D15")
async def test_what_is_closed_begins_locked_and_opens_with_what_it_waits_for(workshop: Workshop, module: str) -> None:
    ana = workshop.ana
    after = await add_module(workshop, 2, is_published=True, prerequisites=[module])
    assert await refusal(workshop, ana, ADD_PROGRESS, ana, after, "in_progress", 10) == "prerequisites_met"
    await done(workshop, ana, ADD_PROGRESS, ana, after, "not_started", 0)
    status = f"SELECT status FROM user_progress WHERE module_id = '{after}'"
    assert await seen(workshop, ana, status) == ["locked"]
    for wanted in ("not_started", "in_progress"):
        assert await refusal(workshop, ana, MOVE, ana, after, wanted, 0) == "prerequisites_met"
    assert await refusal(workshop, ana, MOVE, ana, after, "completed", 100) == "progress_transition"
    await done(workshop, ana, ADD_PROGRESS, ana, module, "in_progress", 10)
    await done(workshop, ana, MOVE, ana, module, "completed", 100)
    assert await seen(workshop, ana, status) == ["not_started"]


@pytest.mark.requirement("W056")
async def test_a_lesson_is_one_of_the_module_s_own(workshop: Workshop, module: str) -> None:
    add = "INSERT INTO user_progress (user_id, module_id, lesson_id) VALUES ($1, $2, $3)"
    await done(workshop, workshop.ana, add, workshop.ana, module, "l1")
    assert await refusal(workshop, workshop.ana, add, workshop.ana, module, "l9") == "user_progress_lesson_id_fkey"


async def test_whose_progress_one_reads_and_writes(workshop: Workshop, module: str) -> None:
    await workshop.take_part(workshop.ana)
    await workshop.take_part(workshop.otto, Role.OBSERVER)
    for user in (workshop.ana, workshop.otto):
        await done(workshop, user, ADD_PROGRESS, user, module, "in_progress", 10)
    whose = "SELECT user_id FROM user_progress"
    assert await seen(workshop, workshop.ana, whose) == [workshop.ana]
    assert await seen(workshop, workshop.ben, whose) == []
    for staff in (workshop.mara, workshop.theo):
        assert set(await seen(workshop, staff, whose)) == {workshop.ana, workshop.otto}
        assert await done(workshop, staff, "UPDATE user_progress SET progress_percent = 90") == "UPDATE 0"
    assert await refusal(workshop, workshop.ben, ADD_PROGRESS, workshop.ana, module, "not_started", 0) == "42501"
    draft = await add_module(workshop, 2)
    assert await refusal(workshop, workshop.ben, ADD_PROGRESS, workshop.ben, draft, "not_started", 0) == "42501"


# -- notes --


@pytest.mark.requirement("W140", "W141", "W145", "W146", "W163", "W164", "W165")
async def test_what_a_note_must_be(workshop: Workshop) -> None:
    ana = workshop.ana
    assert await refusal(workshop, ana, ADD_NOTE, ana, " ", "b") == "check_note_title"
    assert await refusal(workshop, ana, ADD_NOTE, ana, "x" * 201, "b") == "22001"
    assert await refusal(workshop, ana, ADD_NOTE, ana, "a", "<p> </p>") == "check_note_content"
    assert await refusal(workshop, ana, ADD_NOTE, ana, "a", "x" * 262_145) == "check_note_content"
    await done(workshop, ana, ADD_NOTE, ana, "a", "b")
    for change, constraint in (
        ('tags = \'["a", "a"]\'', "check_note_tags"),
        ("tags = '[\"\"]'", "check_note_tags"),
        ("tags = '{}'", "check_note_tags"),
        ("metadata = '[]'", "check_note_metadata"),
        ('"timestamp" = 3', "workbook_notes_timestamp_check"),
        ("title = NULL", "23502"),
    ):
        assert await refusal(workshop, ana, f"UPDATE workbook_notes SET {change}") == constraint, change


@pytest.mark.requirement("W153", "W155", "D36")
async def test_the_database_counts_words_and_versions(workshop: Workshop) -> None:
    ana = workshop.ana
    await done(workshop, ana, ADD_NOTE, ana, "Beds", "<p>Beans beside corn</p>")

    async def kept() -> tuple[int, int]:
        [metadata] = await seen(workshop, ana, "SELECT metadata FROM workbook_notes")
        return metadata["wordCount"], metadata["version"]

    assert await kept() == (3, 1)
    await done(workshop, ana, "UPDATE workbook_notes SET content = 'Two words', metadata = '{\"version\": 99}'")
    assert await kept() == (2, 2)
    await done(workshop, ana, "UPDATE workbook_notes SET title = title")
    assert await kept() == (2, 2), "nothing changed"
    await done(workshop, ana, 'UPDATE workbook_notes SET metadata = \'{"categories": ["beds"]}\'')
    assert await kept() == (2, 3)


@pytest.mark.requirement("W144", "W232", "D33")
async def test_a_note_outlives_its_recording_and_its_module(workshop: Workshop, module: str) -> None:
    ana = workshop.ana
    recording = await upload(Recordings(workshop.database), ana)
    add = 'INSERT INTO workbook_notes (user_id, title, content, {}, "timestamp") VALUES ($1, $2, $3, {}, 5)'
    await done(workshop, ana, add.format("audio_recording_id", "$4"), ana, "Heard", "b", recording)
    await done(workshop, ana, add.format("module_id, lesson_id", "$4, $5"), ana, "Seen", "b", module, "l2")
    assert await refusal(
        workshop, workshop.ben, add.format("audio_recording_id", "$4"), workshop.ben, "a", "b", recording
    ) == ("workbook_notes_audio_recording_id_fkey")
    read = add.format("module_id, lesson_id", "$4, $5")
    assert await refusal(workshop, ana, read, ana, "Read", "b", module, "l1") == "workbook_notes_timestamp_check", (
        "a text"
    )
    await workshop.execute("DELETE FROM audio_recordings")
    await workshop.execute("DELETE FROM workshop_modules")
    left = 'SELECT title FROM workbook_notes WHERE num_nulls(audio_recording_id, module_id, lesson_id, "timestamp") = 4'
    assert sorted(await seen(workshop, ana, left)) == ["Heard", "Seen"]


@pytest.mark.requirement("W147", "D35")
async def test_whose_notes_one_reads_and_writes(workshop: Workshop, module: str) -> None:
    ana, ben = workshop.ana, workshop.ben
    add = "INSERT INTO workbook_notes (user_id, title, content, module_id, is_private) VALUES ($1, $2, 'b', $3, $4)"
    await done(workshop, ana, add, ana, "Private", module, True)
    await done(workshop, ana, add, ana, "Shared", module, False)
    titles = "SELECT title FROM workbook_notes ORDER BY title"
    assert await seen(workshop, ana, titles) == ["Private", "Shared"]
    for other in (ben, workshop.mara):
        assert await seen(workshop, other, titles) == ["Shared"]
        assert await done(workshop, other, "UPDATE workbook_notes SET title = 'mine'") == "UPDATE 0"
        assert await done(workshop, other, "DELETE FROM workbook_notes") == "DELETE 0"
    assert await refusal(workshop, ben, add, ana, "Forged", module, True) == "42501"
    assert await refusal(workshop, ana, "UPDATE workbook_notes SET user_id = $1", ben) == "42501"
    await workshop.execute("UPDATE workbook_users SET workshop_access_granted = false WHERE id = $1", ben)
    assert await seen(workshop, ben, titles) == []


@pytest.mark.requirement("W247", "D54")
async def test_a_deleted_note_is_hidden_and_a_month_later_gone(workshop: Workshop) -> None:
    ana = workshop.ana
    for title in ("Old", "New", "Kept"):
        await done(workshop, ana, ADD_NOTE, ana, title, "b")
    await workshop.execute("UPDATE workbook_notes SET deleted_at = now() - interval '31 days' WHERE title = 'Old'")
    await workshop.execute("UPDATE workbook_notes SET deleted_at = now() - interval '29 days' WHERE title = 'New'")
    await carry_out(workshop.database)
    assert await workshop.value("SELECT array_agg(title::text ORDER BY title) FROM workbook_notes") == ["Kept", "New"]


# -- modules --

NEW_MODULE = "INSERT INTO workshop_modules (title, module_order, duration_minutes, content, prerequisites) VALUES ('Module x', $1, 5, $2, $3)"


@pytest.mark.requirement("W024", "W051", "D08", "D09")
async def test_who_writes_modules_and_in_which_order(workshop: Workshop, module: str) -> None:
    assert await refusal(workshop, workshop.ana, NEW_MODULE, 2, CONTENT, []) == "42501"
    assert await done(workshop, workshop.ana, "UPDATE workshop_modules SET title = 'Mine now'") == "UPDATE 0"
    await done(workshop, workshop.mara, NEW_MODULE, 2, CONTENT, [module])
    assert await refusal(workshop, workshop.mara, NEW_MODULE, 2, CONTENT, []) == "idx_modules_order"
    async with workshop.database.as_user(workshop.mara, writes=True) as connection:
        await connection.execute("SET CONSTRAINTS workbook.idx_modules_order DEFERRED")
        await connection.execute("UPDATE workshop_modules SET module_order = 2 WHERE id = $1", module)
        await connection.execute("UPDATE workshop_modules SET module_order = 1 WHERE id <> $1", module)
    order = "SELECT title FROM workshop_modules ORDER BY module_order"
    assert await seen(workshop, workshop.mara, order) == ["Module x", "Module 1"]
    hide = "UPDATE workshop_modules SET deleted_at = now() WHERE id = $1"
    assert await refusal(workshop, workshop.mara, hide, module) == "module_is_prerequisite"
