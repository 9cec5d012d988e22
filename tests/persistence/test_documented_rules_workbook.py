"""The workbook's rules one by one: what every check of its eight tables refuses, asked with the triggers off so that nothing else
can be what refuses; and that no check is forgotten here."""

import json
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from tests.databases import Cluster
from tests.persistence.checks import filled_database, without_triggers
from tests.persistence.documents import WORKBOOK, tables
from tests.persistence.test_schema import CONTENT, lessons

requirement = pytest.mark.requirement
SEARCH_PATH = "workbook, live, app"

# Nothing refers to anything here: foreign keys are triggers, too, and they are off.
WHOLE = f"""
INSERT INTO workbook_users (id) VALUES (gen_random_uuid());
INSERT INTO workshop_modules (title, module_order, duration_minutes, content) VALUES ('Sketching', 1, 60, '{json.dumps(CONTENT)}');
INSERT INTO user_progress (user_id, module_id) VALUES (gen_random_uuid(), gen_random_uuid());
INSERT INTO audio_recordings (user_id, file_name, file_url, mime_type, duration_seconds, file_size_bytes)
  VALUES (gen_random_uuid(), 'a.wav', 'store://a', 'audio/wav', 1, 1);
INSERT INTO transcription_records (audio_recording_id, user_id) VALUES (app.uuid7(), gen_random_uuid());
INSERT INTO workbook_notes (user_id, title, content) VALUES (gen_random_uuid(), 'Beds', 'Beans beside corn');
INSERT INTO live_sessions (title, instructor_id, scheduled_start, scheduled_end)
  VALUES ('Sketching', gen_random_uuid(), '2030-05-06 09:00Z', '2030-05-06 10:00Z');
INSERT INTO session_participants (session_id, user_id) VALUES (gen_random_uuid(), gen_random_uuid());
"""


def content(**changes: object) -> str:
    return f"content = '{json.dumps(CONTENT | changes)}'"


def lesson(*changes: dict[str, object]) -> str:
    return f"content = '{json.dumps(lessons(*changes))}'"


SAID = "text = 'a b', confidence = 1, language = 'en', processing_time = 1, metadata = '{\"model\": \"m\"}'"

# fmt: off
REFUSED = [
    # table: change; the check that refuses it; the requirements whose rule that is
    pytest.param("workbook_users", "subscription_tier = 'gold'", "check_subscription_tier", marks=requirement("W006", "W011", "W016")),
    pytest.param("workshop_modules", "title = ' 1234 '", "check_module_title", marks=requirement("W019", "W048")),
    pytest.param("workshop_modules", "module_order = 0", "check_module_order", marks=requirement("W021", "W049")),
    pytest.param("workshop_modules", "module_order = 7", "check_module_order", marks=requirement("W021", "W049")),
    pytest.param("workshop_modules", "duration_minutes = 0", "check_module_duration", marks=requirement("W022", "W050")),
    pytest.param("workshop_modules", "content = '{}'", "check_module_content", marks=requirement("W023")),
    pytest.param("workshop_modules", content(overview=1), "check_module_content", marks=requirement("W030")),
    pytest.param("workshop_modules", content(learningObjectives="x"), "check_module_content", marks=requirement("W031")),
    pytest.param("workshop_modules", content(lessons={}), "check_module_content", marks=requirement("W032")),
    pytest.param("workshop_modules", content(resources=None), "check_module_content", marks=requirement("W033")),
    pytest.param("workshop_modules", lesson({}, {"sortOrder": 2}), "check_module_content", marks=requirement("W035")),
    pytest.param("workshop_modules", lesson({"type": "podcast"}), "check_module_content", marks=requirement("W029", "W038")),
    pytest.param("workshop_modules", lesson({}, {"id": "l2"}), "check_module_content", marks=requirement("W040")),
    pytest.param("workshop_modules", "prerequisites = '{}'", "check_prerequisites_shape", marks=requirement("W024")),
    pytest.param("workshop_modules", "prerequisites = '[\"a\", \"a\"]'", "check_prerequisites_shape", marks=requirement("W024")),
    pytest.param("user_progress", "status = 'in_progress', progress_percent = 101", "check_progress_percent", marks=requirement("W057", "W069", "W254")),
    pytest.param("user_progress", "progress_percent = -1", "check_progress_percent", marks=requirement("W057", "W069", "W254")),
    pytest.param("user_progress", "status = 'half'", "check_progress_status", marks=requirement("W058", "W065")),
    pytest.param("user_progress", "time_spent_minutes = -1", "check_time_spent", marks=requirement("W059", "W070", "W255")),
    pytest.param("user_progress", "completed_at = now()", "check_completed_at", marks=requirement("W061", "W071")),
    pytest.param("user_progress", "status = 'completed', progress_percent = 100", "check_completed_at", marks=requirement("W061", "W071")),
    pytest.param("user_progress", "status = 'completed', progress_percent = 99, completed_at = now()", "check_completed_percent", marks=requirement("W250", "D16")),
    pytest.param("user_progress", "status = 'locked', progress_percent = 40", "check_unstarted_percent", marks=requirement("W057", "D16")),
    pytest.param("audio_recordings", "id = gen_random_uuid()", "check_recording_id_v7", marks=requirement("W077", "D24")),
    pytest.param("audio_recordings", "file_name = '../x'", "check_file_name", marks=requirement("W081")),
    pytest.param("audio_recordings", "file_url = 'http://169.254.169.254/'", "check_file_url", marks=requirement("W082", "W100", "D22")),
    pytest.param("audio_recordings", "mime_type = 'audio/ogg'", "check_mime_type", marks=requirement("W083", "W103", "D19")),
    pytest.param("audio_recordings", "duration_seconds = 0", "check_duration", marks=requirement("W084", "W101", "W256")),
    pytest.param("audio_recordings", "file_size_bytes = 0", "check_file_size", marks=requirement("W085", "W102", "W257")),
    pytest.param("audio_recordings", "file_size_bytes = 104857601", "check_file_size", marks=requirement("W085", "W102", "W257", "D21")),
    pytest.param("audio_recordings", "metadata = '[]'", "check_audio_metadata", marks=requirement("W086")),
    pytest.param("audio_recordings", "part = 0", "check_part", marks=requirement("D18")),
    pytest.param("audio_recordings", "from_s = -1", "check_part_from", marks=requirement("D18")),
    pytest.param("audio_recordings", "part = 1", "check_recording_place", marks=requirement("D18", "D23")),
    pytest.param("transcription_records", "confidence = 1.01", "check_confidence", marks=requirement("W109", "W134", "D28")),
    pytest.param("transcription_records", "confidence = -0.01", "check_confidence", marks=requirement("W109", "W134", "D28")),
    pytest.param("transcription_records", "language = 'english'", "check_language", marks=requirement("W110", "W136", "D29")),
    pytest.param("transcription_records", "processing_time = -1", "check_processing_time", marks=requirement("W112")),
    pytest.param("transcription_records", "metadata = '[]'", "check_transcription_metadata", marks=requirement("W113")),
    pytest.param("transcription_records", "status = 'bogus'", "check_transcription_status", marks=requirement("W114", "W118")),
    pytest.param("transcription_records", f"status = 'completed', {SAID}".replace("'a b'", "' '"), "check_completed_text", marks=requirement("W108", "W133", "D27")),
    pytest.param("transcription_records", f"status = 'completed', {SAID}".replace('{"model": "m"}', "{}"), "check_completed_text", marks=requirement("W119")),
    pytest.param("workbook_notes", "title = ' '", "check_note_title", marks=requirement("W140", "W163")),
    pytest.param("workbook_notes", "content = '<p> </p>'", "check_note_content", marks=requirement("W141", "W164")),
    pytest.param("workbook_notes", "content = repeat('x', 262145)", "check_note_content", marks=requirement("W141", "D06")),
    pytest.param("workbook_notes", "session_id = gen_random_uuid(), \"timestamp\" = -1", "check_note_timestamp", marks=requirement("W145")),
    pytest.param("workbook_notes", "tags = '[\"a\", \"a\"]'", "check_note_tags", marks=requirement("W146", "W165")),
    pytest.param("workbook_notes", "metadata = '[]'", "check_note_metadata", marks=requirement("W149")),
    pytest.param("workbook_notes", "\"timestamp\" = 3", "check_note_moment", marks=requirement("W145", "W166", "D34")),
    pytest.param("live_sessions", "title = ' '", "check_session_title", marks=requirement("W169", "D46")),
    pytest.param("live_sessions", "max_participants = 0", "check_max_participants", marks=requirement("W177", "D44")),
    pytest.param("live_sessions", "status = 'bogus'", "check_session_status", marks=requirement("W178", "W183")),
    pytest.param("live_sessions", "features = '[{\"type\": \"poll\", \"isEnabled\": true}]'", "check_features", marks=requirement("W179", "W187")),
    pytest.param("live_sessions", "features = '[{\"type\": \"poll\", \"isEnabled\": 1, \"config\": {}}]'", "check_features", marks=requirement("W186")),
    pytest.param("live_sessions", "features = '[{\"type\": \"sms\", \"isEnabled\": true, \"config\": {}}]'", "check_features", marks=requirement("W184", "W185")),
    pytest.param("live_sessions", "metadata = '{}'", "check_session_metadata", marks=requirement("W180", "W190", "D41")),
    pytest.param("live_sessions", "metadata = metadata || '{\"recordingUrl\": 1}'", "check_session_metadata", marks=requirement("W188")),
    pytest.param("live_sessions", "metadata = metadata || '{\"summary\": 1}'", "check_session_metadata", marks=requirement("W189")),
    pytest.param("live_sessions", "metadata = metadata || '{\"engagementScore\": 101}'", "check_session_metadata", marks=requirement("W191")),
    pytest.param("live_sessions", "scheduled_end = scheduled_start", "check_session_times", marks=requirement("W174", "W258")),
    pytest.param("live_sessions", "status = 'cancelled', actual_start = now(), actual_end = now() - interval '1 s'",
                 "check_actual_times", marks=requirement("W176")),
    pytest.param("live_sessions", "status = 'active'", "check_started", marks=requirement("W175")),
    pytest.param("live_sessions", "status = 'ended', actual_start = now()", "check_ended", marks=requirement("W176")),
    pytest.param("live_sessions", "lesson_id = 'l1'", "check_session_lesson", marks=requirement("W172")),
    pytest.param("session_participants", "role = 'guest'", "check_participant_role", marks=requirement("W207", "W214", "D46")),
    pytest.param("session_participants", "permissions = '[\"can_fly\"]'", "check_permissions", marks=requirement("W208", "W215")),
    pytest.param("session_participants", "permissions = '[\"can_speak\", \"can_speak\"]'", "check_permissions", marks=requirement("W208")),
    pytest.param("session_participants", "participation_score = 101", "check_participation_score", marks=requirement("W209")),
    pytest.param("session_participants", "metadata = metadata - 'totalTimeMinutes'", "check_participant_metadata", marks=requirement("W210", "W216")),
    pytest.param("session_participants", "metadata = metadata - 'interactionCount'", "check_participant_metadata", marks=requirement("W217")),
    pytest.param("session_participants", "metadata = metadata - 'questionsAsked'", "check_participant_metadata", marks=requirement("W218")),
    pytest.param("session_participants", "metadata = metadata - 'pollsAnswered'", "check_participant_metadata", marks=requirement("W219")),
    pytest.param("session_participants", "metadata = metadata || '{\"connectionQuality\": \"bad\"}'", "check_participant_metadata", marks=requirement("W220")),
    pytest.param("session_participants", "left_at = joined_at - interval '1 s'", "check_left_after_join", marks=requirement("W206", "D43")),
]
# fmt: on


@pytest.fixture(scope="module")
def filled(cluster: Cluster) -> Iterator[str]:
    """The dsn of one database for all tests here: a row in every table, changes are rolled back."""
    with filled_database(cluster, WHOLE, SEARCH_PATH) as dsn:
        yield dsn


@pytest.fixture
async def owner(filled: str) -> AsyncIterator[asyncpg.Connection]:
    async with without_triggers(filled, SEARCH_PATH) as connection:
        yield connection


@pytest.mark.parametrize(("table", "change", "constraint"), REFUSED)
async def test_a_check_refuses(owner: asyncpg.Connection, table: str, change: str, constraint: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as error:
        await owner.execute(f"UPDATE {table} SET {change}")
    assert error.value.constraint_name == constraint


async def test_no_check_is_forgotten(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT c.conrelid::regclass || ' ' || c.conname AS name FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid "
        "JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname IN ('workbook', 'live') AND c.contype = 'c' "
        "AND t.relname = ANY ($1)",
        list(tables(WORKBOOK)),
    )
    assert {row["name"] for row in rows} == {f"{param.values[0]} {param.values[2]}" for param in REFUSED}


async def test_every_documented_table_has_a_row_here(owner: asyncpg.Connection) -> None:
    for table in tables(WORKBOOK):
        assert await owner.fetchval(f"SELECT count(*) FROM {table}"), table


GENERATED = [
    # what a text becomes: the words found in it
    pytest.param("workshop_modules", "title, description", "'Growing workshops', NULL", "workshop", marks=requirement("W026", "D05")),
    pytest.param("workbook_notes", "title, content", "'Beds', '<p>Beans beside corn</p>'", "bean", marks=requirement("W150", "W238")),
]  # fmt: skip


@pytest.mark.parametrize(("table", "columns", "values", "word"), GENERATED)
async def test_a_text_is_found_by_its_stem(
    owner: asyncpg.Connection, table: str, columns: str, values: str, word: str
) -> None:
    await owner.execute(f"UPDATE {table} SET ({columns}) = ({values})")
    found = f"SELECT count(*) FROM {table} WHERE search_vector @@ websearch_to_tsquery('english', $1)"
    assert await owner.fetchval(found, word) == 1
    assert await owner.fetchval(found, "nowhere") == 0
