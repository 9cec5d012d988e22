"""What the tables themselves refuse, whoever writes: documented columns, indexes, constraints and state machines, with the
resolutions of the documents' defects. Named by requirement id (W…, D…)."""

from typing import Any

import asyncpg
import pytest

from rooms.lifecycle import TRANSITIONS
from tests.persistence.workshop import Workshop

CONTENT = {
    "overview": "How to sketch",
    "learningObjectives": ["sketch"],
    "resources": [],
    "lessons": [
        {"id": "l1", "title": "One", "type": "text", "content": {}, "estimatedMinutes": 5, "sortOrder": 1},
        {"id": "l2", "title": "Two", "type": "video", "content": {}, "estimatedMinutes": 5, "sortOrder": 2},
    ],
}


def lessons(*changes: dict[str, Any]) -> dict[str, Any]:
    base: dict[str, Any] = CONTENT["lessons"][0]  # type: ignore[assignment]
    return CONTENT | {"lessons": [base | change for change in changes]}


async def add_module(workshop: Workshop, order: int = 1, **columns: Any) -> str:
    given = {"title": f"Module {order}", "module_order": order, "duration_minutes": 60, "content": CONTENT} | columns
    names, values = list(given), list(given.values())
    places = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    async with workshop.database.transaction() as connection:
        made: str = await connection.fetchval(
            f"INSERT INTO workshop_modules ({', '.join(names)}) VALUES ({places}) RETURNING id", *values
        )
    return made


async def refused(workshop: Workshop, statement: str, *arguments: object) -> str:
    """The name of the constraint that refuses it, or the SQLSTATE where none has a name."""
    with pytest.raises(asyncpg.PostgresError) as error:
        await workshop.execute(statement, *arguments)
    assert isinstance(error.value, (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError))
    return getattr(error.value, "constraint_name", None) or error.value.sqlstate


# -- documented shape --

COLUMNS = {
    "workbook_users": "id subscription_tier workshop_access_granted last_login_at created_at updated_at",
    "workshop_modules": "id title description module_order duration_minutes content prerequisites is_published search_vector "
    "created_at updated_at",
    "live_sessions": "id title description instructor_id module_id scheduled_start scheduled_end actual_start actual_end "
    "max_participants status features metadata created_at updated_at",
    "session_participants": "id session_id user_id joined_at left_at role permissions participation_score metadata created_at "
    "updated_at",
    "audio_recordings": "id user_id module_id lesson_id file_name file_url mime_type duration_seconds file_size_bytes metadata "
    "transcription_id is_processed created_at updated_at",
    "transcription_records": "id audio_recording_id user_id text confidence language word_count processing_time metadata status "
    "search_vector created_at updated_at",
}


async def test_documented_columns_are_there_under_the_documented_names(workshop: Workshop) -> None:
    """Unqualified, as the documents' own SQL writes it. E-mail and names of W003-W005 are identity.accounts'."""
    for table, columns in COLUMNS.items():
        assert await workshop.value(f"SELECT count({columns.replace(' ', ') + count(')}) FROM {table}") is not None


INDEXES = [
    "idx_users_email",  # W012
    "idx_users_subscription",  # W013
    "idx_modules_order",  # W045
    "idx_modules_published",  # W046
    "idx_modules_search",  # W047
    "idx_recordings_user",  # W097
    "idx_recordings_module",  # W098
    "idx_recordings_processed",  # W099
    "idx_transcriptions_recording",  # W129
    "idx_transcriptions_user",  # W130
    "idx_transcriptions_status",  # W131
    "idx_transcriptions_search",  # W132
    "idx_sessions_instructor",  # W192
    "idx_sessions_status",  # W193
    "idx_sessions_schedule",  # W194
    "idx_participants_session",  # W221
    "idx_participants_user",  # W222
    "idx_participants_role",  # W223
]


async def test_documented_indexes_exist_and_are_valid(workshop: Workshop) -> None:
    for index in INDEXES:
        assert await workshop.value("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)::oid", index), (
            index
        )


async def test_w237_d13_every_foreign_key_has_an_index(workshop: Workshop) -> None:
    bare = await workshop.value(
        "SELECT array_agg(c.conrelid::regclass || '.' || c.conname) FROM pg_constraint c WHERE c.contype = 'f' AND NOT EXISTS "
        "(SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indpred IS NULL "
        " AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)"
    )
    assert bare is None


@pytest.mark.requirement("D02", "D03")
async def test_d02_every_time_has_a_zone_and_d03_every_default_is_not_null(workshop: Workshop) -> None:
    columns = (
        "FROM information_schema.columns WHERE table_schema IN ('identity', 'workbook', 'live', 'ops', 'app') AND "
    )
    assert (
        await workshop.value(f"SELECT array_agg(table_name) {columns} data_type = 'timestamp without time zone'")
        is None
    )
    assert (
        await workshop.value(f"SELECT array_agg(column_name) {columns} column_default <> '' AND is_nullable = 'YES'")
        is None
    )


@pytest.mark.requirement("W181", "W182", "D49")
async def test_d49_updated_at_follows_and_created_at_is_fixed(workshop: Workshop) -> None:
    async with workshop.database.connection() as connection:
        await connection.execute(
            "UPDATE live_sessions SET title = 'New', created_at = '1999-01-01', updated_at = '1999-01-01'"
        )
        assert await connection.fetchval(
            "SELECT created_at > '2020-01-01' AND updated_at > created_at FROM live_sessions"
        )


@pytest.mark.requirement("D49")
async def test_every_table_with_updated_at_keeps_it(workshop: Workshop) -> None:
    bare = await workshop.value(
        "SELECT array_agg(c.oid::regclass::text) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'updated_at' "
        "WHERE n.nspname IN ('identity', 'workbook', 'live', 'ops') AND c.relkind = 'r' AND NOT EXISTS "
        "(SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgfoid = 'app.touch'::regproc)"
    )
    assert bare is None


# -- accounts and users --


@pytest.mark.requirement("W003", "W014", "D51")
async def test_w003_an_address_is_unique_by_its_blind_index(workshop: Workshop) -> None:
    copy = "UPDATE accounts a SET email_bidx = m.email_bidx FROM accounts m WHERE a.id = $1 AND m.id = $2"
    assert await refused(workshop, copy, workshop.ana, workshop.mara) == "idx_users_email"


@pytest.mark.requirement("W006", "W016", "D04")
async def test_w006_w016_d04_tiers_and_roles_are_closed_lists(workshop: Workshop) -> None:
    assert await refused(workshop, "UPDATE workbook_users SET subscription_tier = 'gold'") == "check_subscription_tier"
    for tier in ("basic", "premium", "vip"):
        await workshop.execute("UPDATE workbook_users SET subscription_tier = $1", tier)
    assert await refused(workshop, "UPDATE user_roles SET role = 'owner'") == "check_platform_role"


async def test_an_account_is_whole_or_erased(workshop: Workshop) -> None:
    assert await refused(workshop, "UPDATE accounts SET full_name_enc = NULL") == "accounts_personal_present"
    await workshop.execute("UPDATE accounts SET status = 'deletion_requested'")
    erase = "UPDATE accounts SET status = 'erased', erased_at = now()"
    assert await refused(workshop, erase) == "accounts_personal_gone"
    nothing = ", ".join(
        f"{column} = NULL" for column in ("email_enc", "email_bidx", "given_name_enc", "family_name_enc")
    )
    await workshop.execute(f"{erase}, {nothing}, full_name_enc = NULL")


async def test_credentials_hold_argon2id_only(workshop: Workshop) -> None:
    statement = "INSERT INTO credentials (user_id, password_hash) VALUES ($1, 'a long enough password')"
    assert await refused(workshop, statement, workshop.ana) == "check_argon2id"


# -- modules --


BAD_MODULES: list[tuple[dict[str, Any], str]] = [
    ({"title": "Four"}, "check_module_title"),  # W019, W048
    ({"title": "     1     "}, "check_module_title"),
    ({"title": "x" * 101}, "22001"),
    ({"module_order": 0}, "check_module_order"),  # W049
    ({"module_order": 7}, "check_module_order"),
    ({"duration_minutes": 0}, "check_module_duration"),  # W050
    ({"content": {}}, "check_module_content"),  # W023
    ({"content": CONTENT | {"lessons": {}}}, "check_module_content"),
    ({"content": CONTENT | {"overview": None}}, "check_module_content"),  # W030
    ({"content": lessons({"id": "x" * 51})}, "check_module_content"),  # W035
    ({"content": lessons({"type": "podcast"})}, "check_module_content"),  # W029
    ({"content": lessons({}, {"sortOrder": 2})}, "check_module_content"),  # the same id twice
    ({"content": lessons({}, {"id": "l2"})}, "check_module_content"),  # the same place twice
    ({"prerequisites": ["x"]}, "check_prerequisites_exist"),  # W051, D09
    ({"prerequisites": {"a": 1}}, "check_prerequisites_shape"),
    ({"prerequisites": [1]}, "check_prerequisites_shape"),
]


@pytest.mark.requirement("W019", "W022", "W023", "W029", "W048", "W049", "W050", "W051")
async def test_a_module_is_refused(workshop: Workshop, subtests: pytest.Subtests) -> None:
    for columns, constraint in BAD_MODULES:
        with subtests.test(str(columns)):
            with pytest.raises((asyncpg.IntegrityConstraintViolationError, asyncpg.DataError)) as error:
                await add_module(workshop, **columns)
            assert (getattr(error.value, "constraint_name", None) or error.value.sqlstate) == constraint


@pytest.mark.requirement("W021", "W049", "D08")
async def test_w021_d08_orders_are_unique_may_be_swapped_and_are_free_after_deletion(workshop: Workshop) -> None:
    first, second = await add_module(workshop, 1), await add_module(workshop, 2)
    with pytest.raises(asyncpg.ExclusionViolationError):
        await add_module(workshop, 2)
    await workshop.execute("UPDATE workshop_modules SET module_order = 3 - module_order")
    assert await workshop.value("SELECT module_order FROM workshop_modules WHERE id = $1", first) == 2
    await workshop.execute("UPDATE workshop_modules SET deleted_at = now() WHERE id = $1", second)
    await add_module(workshop, 1)


@pytest.mark.requirement("W024", "W051", "D09")
async def test_w024_d09_prerequisites_exist_form_no_cycle_and_stay(workshop: Workshop) -> None:
    first = await add_module(workshop, 1)
    second = await add_module(workshop, 2, prerequisites=[first])
    third = await add_module(workshop, 3, prerequisites=[second])
    needs = "UPDATE workshop_modules SET prerequisites = $2 WHERE id = $1"
    assert await refused(workshop, needs, first, [first]) == "check_prerequisites_acyclic"
    assert await refused(workshop, needs, first, [third]) == "check_prerequisites_acyclic"
    delete = "UPDATE workshop_modules SET deleted_at = now() WHERE id = $1"
    assert await refused(workshop, delete, first) == "module_is_prerequisite"
    assert await refused(workshop, "DELETE FROM workshop_modules WHERE id = $1", second) == "module_is_prerequisite"
    await workshop.execute(delete, third)


@pytest.mark.requirement("W026", "D05", "D06")
async def test_w026_d05_d06_modules_are_found_also_without_and_with_a_huge_description(workshop: Workshop) -> None:
    await add_module(workshop, 1, title="Sketching workshops")
    await add_module(workshop, 2, title="Workshops at length", description=" ".join(f"w{n}" for n in range(250_000)))
    found = "SELECT count(*) FROM workshop_modules WHERE search_vector @@ websearch_to_tsquery('english', 'workshop')"
    assert await workshop.value(found) == 2


@pytest.mark.requirement("W025", "D52")
async def test_d52_every_visible_change_renews_the_content_version(workshop: Workshop) -> None:
    await add_module(workshop)
    for change, version in (("title = 'Another'", 2), ("is_published = true", 3), ("deleted_at = now()", 3)):
        await workshop.execute(f"UPDATE workshop_modules SET {change}")
        assert await workshop.value("SELECT content_version FROM workshop_modules") == version


# -- recordings and transcripts --


async def add_recording(workshop: Workshop, **columns: Any) -> str:
    given: dict[str, Any] = {
        "user_id": workshop.ana,
        "file_name": "talk.wav",
        "file_url": "store://uploads/1",
        "mime_type": "audio/wav",
        "duration_seconds": 1,
        "file_size_bytes": 1,
    }
    return await insert(workshop, "audio_recordings", given | columns)


async def add_transcript(workshop: Workshop, **columns: Any) -> str:
    given = {"audio_recording_id": await add_recording(workshop), "user_id": workshop.otto}
    return await insert(workshop, "transcription_records", given | columns)


async def insert(workshop: Workshop, table: str, columns: dict[str, Any]) -> str:
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    async with workshop.database.transaction() as connection:
        made: str = await connection.fetchval(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}) RETURNING id", *columns.values()
        )
    return made


BAD_RECORDINGS = [
    ("user_id = gen_random_uuid()", "audio_recordings_user_id_fkey"),  # W078
    ("module_id = gen_random_uuid()", "audio_recordings_module_id_fkey"),  # W079
    ("session_id = gen_random_uuid()", "check_recording_place"),  # D23
    ("track = 'mix', part = 1", "check_recording_place"),
    ("part = 0", "check_part"),
    ("file_name = ''", "check_file_name"),  # W081
    ("file_name = '../x'", "check_file_name"),
    ("file_name = E'a\\x01b'", "check_file_name"),
    ("file_url = 'http://169.254.169.254/'", "check_file_url"),  # W082, D22
    ("file_url = 'file:///etc/passwd'", "check_file_url"),
    ("mime_type = 'audio/ogg'", "check_mime_type"),  # W083, W103
    ("duration_seconds = 0", "check_duration"),  # W084, W101
    ("file_size_bytes = 0", "check_file_size"),  # W085, W102
    ("file_size_bytes = 104857601", "check_file_size"),
    ("metadata = '[]'", "check_audio_metadata"),  # W086
    ("transcription_id = gen_random_uuid()", "audio_recordings_transcription_id_fkey"),  # W087
    ("is_processed = NULL", "23502"),
]


@pytest.mark.requirement(
    "W078", "W081", "W082", "W083", "W084", "W085", "W086", "W100", "W101", "W102", "W103", "D21", "D22", "D23"
)
async def test_a_recording_is_refused(workshop: Workshop, subtests: pytest.Subtests) -> None:
    await add_recording(workshop)
    for change, constraint in BAD_RECORDINGS:
        with subtests.test(change):
            assert await refused(workshop, f"UPDATE audio_recordings SET {change}") == constraint
    await workshop.execute("UPDATE audio_recordings SET file_size_bytes = 104857600")  # D21


BAD_TRANSCRIPTS = [
    ("confidence = 1.01", "check_confidence"),  # W109, W134, D28
    ("confidence = -0.01", "check_confidence"),
    ("language = 'english'", "check_language"),  # W110, W136, D29
    ("language = 'EN'", "check_language"),
    ("processing_time = -1", "check_processing_time"),
    ("metadata = '[]'", "check_transcription_metadata"),
    ("status = 'bogus'", "transcription_transition"),
    ("word_count = 7", "428C9"),  # W135
    ("audio_recording_id = app.uuid7()", "23502"),
]
WHOLE_TRANSCRIPT = (
    "status = 'completed', text = 'a b', confidence = 1, language = 'en-US', processing_time = 0, "
    'metadata = \'{"model": "tiny"}\''
)


@pytest.mark.requirement("W109", "W110", "W113", "W134", "W135", "W136", "D28", "D29")
async def test_a_transcript_is_refused(workshop: Workshop, subtests: pytest.Subtests) -> None:
    await add_transcript(workshop)
    for change, constraint in BAD_TRANSCRIPTS:
        with subtests.test(change):
            with pytest.raises(asyncpg.PostgresError) as error:
                await workshop.execute(f"UPDATE transcription_records SET {change}")
            assert (getattr(error.value, "constraint_name", None) or error.value.sqlstate) == constraint


@pytest.mark.requirement("W108", "W119", "W133", "D27")
async def test_w133_d27_nothing_is_completed_without_a_text_and_all_that_belongs_to_it(
    workshop: Workshop, subtests: pytest.Subtests
) -> None:
    await add_transcript(workshop)
    await workshop.execute("UPDATE transcription_records SET status = 'processing'")
    for missing in (
        "text = NULL",
        "text = ''",
        "text = E' \\n\\t'",
        "confidence = NULL",
        "language = NULL",
        "metadata = '{}'",
    ):
        column = missing.partition(" ")[0]
        kept = ", ".join(each for each in WHOLE_TRANSCRIPT.split(", ") if not each.startswith(f"{column} "))
        with subtests.test(missing):
            change = f"UPDATE transcription_records SET {kept}, {missing}"
            assert await refused(workshop, change) == "check_completed_text"
    await workshop.execute(f"UPDATE transcription_records SET {WHOLE_TRANSCRIPT}")


@pytest.mark.requirement("W106", "W107", "W227", "D26")
async def test_d26_one_transcript_per_recording_and_it_is_the_recording_s_owner_s(workshop: Workshop) -> None:
    await add_transcript(workshop)
    assert await workshop.value("SELECT user_id FROM transcription_records") == workshop.ana
    await workshop.execute("UPDATE transcription_records SET user_id = $1", workshop.otto)
    assert await workshop.value("SELECT user_id FROM transcription_records") == workshop.ana
    again = "INSERT INTO transcription_records (audio_recording_id) SELECT id FROM audio_recordings"
    assert await refused(workshop, again) == "idx_transcriptions_recording"


@pytest.mark.requirement("W087", "W106", "W227", "D01")
async def test_w106_a_transcript_goes_with_its_recording_and_w087_not_the_other_way(workshop: Workshop) -> None:
    await add_transcript(workshop)
    assert await workshop.value("SELECT transcription_id IS NOT NULL FROM audio_recordings")
    await workshop.execute("DELETE FROM transcription_records")
    assert await workshop.value("SELECT transcription_id IS NULL FROM audio_recordings")
    await workshop.execute("INSERT INTO transcription_records (audio_recording_id) SELECT id FROM audio_recordings")
    await workshop.execute("DELETE FROM audio_recordings")
    assert await workshop.value("SELECT count(*) FROM transcription_records") == 0


@pytest.mark.requirement("W111", "W135", "D30")
async def test_d30_words_are_what_stands_between_spaces(workshop: Workshop) -> None:
    for text, words in (
        ("one", 1),
        (" one\n two\tthree ", 3),
        ("", 0),
        ("  ", 0),
        ("it's 10 o'clock", 3),
        (None, None),
    ):
        assert await workshop.value("SELECT app.word_count($1)", text) == words


@pytest.mark.requirement("W115", "D06", "D31")
async def test_d06_d31_a_transcript_of_any_length_and_language_is_stored_and_found(workshop: Workshop) -> None:
    await add_transcript(workshop)
    await workshop.execute(
        "UPDATE transcription_records SET text = $1", "Die Häfen von Oslo " + " ".join(f"w{n}" for n in range(250_000))
    )
    query = "SELECT count(*) FROM transcription_records WHERE search_vector @@ websearch_to_tsquery('english', 'Häfen')"
    assert await workshop.value(query) == 1


# -- sessions --


BAD_SESSIONS = [
    ("title = ' '", "check_session_title"),
    ("title = repeat('x', 201)", "22001"),  # W169
    ("instructor_id = gen_random_uuid()", "live_sessions_instructor_id_fkey"),  # W171
    ("module_id = gen_random_uuid()", "live_sessions_module_id_fkey"),  # W172
    ("scheduled_end = scheduled_start", "check_session_times"),  # W258
    ("scheduled_end = scheduled_start - interval '1 s'", "check_session_times"),
    ("max_participants = 0", "check_max_participants"),  # W177, D44
    ("max_participants = -1", "check_max_participants"),
    ("max_participants = 10001", "check_max_participants"),
    ("max_participants = NULL", "23502"),  # D03
    ("status = NULL", "session_transition"),
    ("status = 'bogus'", "session_transition"),  # D04
    ("""features = '{}'""", "check_features"),  # W179
    ("""features = '[{"type": "poll", "isEnabled": true}]'""", "check_features"),  # W187
    ("""features = '[{"type": "poll", "isEnabled": 1, "config": {}}]'""", "check_features"),  # W186
    ("""features = '[{"type": "sms", "isEnabled": true, "config": {}}]'""", "check_features"),  # W184
    (
        """features = '[{"type": "qa", "isEnabled": true, "config": {}}, {"type": "qa", "isEnabled": true, "config": {}}]'""",
        "check_features",  # D40
    ),
    ("metadata = '{}'", "check_session_metadata"),  # W190, D41
    ("""metadata = '{"participantCount": "many"}'""", "check_session_metadata"),
    ("""metadata = '{"participantCount": 1, "engagementScore": 101}'""", "check_session_metadata"),  # W191
    ("""metadata = '{"participantCount": 1, "summary": 5}'""", "check_session_metadata"),  # W189
    ("actual_end = now()", "check_actual_times"),  # W176
    ("actual_start = now(), actual_end = now() - interval '1 s'", "check_actual_times"),
]


@pytest.mark.requirement(
    "W169",
    "W176",
    "W177",
    "W179",
    "W180",
    "W184",
    "W186",
    "W187",
    "W189",
    "W190",
    "W191",
    "W258",
    "D40",
    "D41",
    "D44",
    "D46",
)
async def test_a_session_is_refused(workshop: Workshop, subtests: pytest.Subtests) -> None:
    for change, constraint in BAD_SESSIONS:
        with subtests.test(change):
            assert await refused(workshop, f"UPDATE live_sessions SET {change}") == constraint


@pytest.mark.requirement("W175", "W176")
async def test_w175_w176_actual_times_belong_to_their_status(workshop: Workshop) -> None:
    await workshop.execute("UPDATE live_sessions SET status = 'starting'")
    assert await refused(workshop, "UPDATE live_sessions SET status = 'active'") == "check_started"
    await workshop.execute("UPDATE live_sessions SET status = 'active', actual_start = now()")
    assert await refused(workshop, "UPDATE live_sessions SET status = 'ended'") == "check_ended"
    await workshop.execute("UPDATE live_sessions SET status = 'ended', actual_end = now()")


@pytest.mark.requirement("W171", "D45")
async def test_d45_a_host_s_account_cannot_be_deleted(workshop: Workshop) -> None:
    assert (
        await refused(workshop, "DELETE FROM accounts WHERE id = $1", workshop.mara)
        == "live_sessions_instructor_id_fkey"
    )


# -- participants --


BAD_PARTICIPANTS = [
    ("role = 'guest'", "check_participant_role"),  # W207, W214
    ("permissions = '[\"can_fly\"]'", "check_permissions"),  # W208, W215
    ('permissions = \'["can_speak", "can_speak"]\'', "check_permissions"),
    ("permissions = '{}'", "check_permissions"),
    ("participation_score = -1", "check_participation_score"),  # W209
    ("participation_score = 101", "check_participation_score"),
    ("metadata = '{}'", "check_participant_metadata"),  # W216-W219, D41
    ('metadata = metadata || \'{"connectionQuality": "bad"}\'', "check_participant_metadata"),  # W220
    ("metadata = metadata || '{\"pollsAnswered\": -1}'", "check_participant_metadata"),
    ("left_at = joined_at - interval '1 s'", "check_left_after_join"),  # W206
    ("joined_at = NULL", "23502"),
]


@pytest.mark.requirement("W206", "W207", "W208", "W209", "W210", "W216", "W217", "W218", "W219", "W220", "D41", "D46")
async def test_a_participant_is_refused(workshop: Workshop, subtests: pytest.Subtests) -> None:
    await workshop.take_part(workshop.ana)
    for change, constraint in BAD_PARTICIPANTS:
        with subtests.test(change):
            assert await refused(workshop, f"UPDATE session_participants SET {change}") == constraint


@pytest.mark.requirement("W208", "W210", "D41")
async def test_w208_w210_defaults_are_the_documented_ones(workshop: Workshop) -> None:
    await workshop.take_part(workshop.ana)
    assert await workshop.value("SELECT permissions FROM session_participants") == ["can_speak"]
    assert await workshop.value("SELECT metadata FROM session_participants") == {
        "totalTimeMinutes": 0,
        "interactionCount": 0,
        "questionsAsked": 0,
        "pollsAnswered": 0,
    }


@pytest.mark.requirement("W207", "W213", "W229")
async def test_w213_one_row_per_person_and_w207_one_instructor_who_can_hand_over(workshop: Workshop) -> None:
    await workshop.take_part(workshop.mara, "instructor")  # type: ignore[arg-type]
    await workshop.take_part(workshop.theo, "assistant")  # type: ignore[arg-type]
    with pytest.raises(asyncpg.UniqueViolationError):
        await workshop.take_part(workshop.theo)
    both = "UPDATE session_participants SET role = 'instructor'"
    assert await refused(workshop, both) == "one_instructor"
    swap = "UPDATE session_participants SET role = CASE role WHEN 'instructor' THEN 'assistant' ELSE 'instructor' END"
    await workshop.execute(swap)


# -- state machines --


async def transitions(workshop: Workshop, machine: str) -> set[tuple[str, str]]:
    async with workshop.database.connection() as connection:
        rows = await connection.fetch("SELECT from_state, to_state FROM app.transitions WHERE machine = $1", machine)
    return {(row["from_state"], row["to_state"]) for row in rows}


@pytest.mark.requirement("W195", "W196", "W197", "W198", "W199", "W200", "D38", "D39")
async def test_w195_d38_d39_the_table_of_sessions_is_the_one_of_the_rules(workshop: Workshop) -> None:
    ours = {(before.value, after.value) for before, targets in TRANSITIONS.items() for after in targets}
    assert await transitions(workshop, "session") == ours | {("", "scheduled")}


MACHINES = {
    "session": ("live_sessions", "id = $1", "session"),
    "registration": ("session_registrations", "user_id = $1", "theo"),
    "account": ("accounts", "id = $1", "ana"),
    "capture": ("session_recordings", "session_id = $1", "session"),
    "transcription": ("transcription_records", "user_id = $1", "ana"),
    "job": ("ops.jobs", "session_id = $1", "session"),
    "upload": ("uploads", "user_id = $1", "ana"),
}


async def one_of_each(workshop: Workshop) -> None:
    await add_transcript(workshop)
    await workshop.execute(
        "INSERT INTO session_recordings (recording_id, track, session_id, started_at) "
        "VALUES (gen_random_uuid(), 'mix', $1, now())",
        workshop.session,
    )
    await workshop.execute(
        "INSERT INTO ops.jobs (session_id, kind, key, payload) VALUES ($1, 'k', 'k', '{}')", workshop.session
    )
    await workshop.execute(
        "INSERT INTO uploads (id, user_id, announced, bytes, bytes_here) VALUES (app.uuid7(), $1, '{}', 1, 1)",
        workshop.ana,
    )


async def test_every_machine_is_tried(workshop: Workshop) -> None:
    async with workshop.database.connection() as connection:
        rows = await connection.fetch("SELECT DISTINCT machine FROM app.transitions")
    elsewhere = {
        "progress",  # test_workbook.py; it follows from other rows, too
        *("enrollment", "lesson", "submission", "feedback"),  # test_bootcamp.py
        *("project", "certificate", "sync"),  # test_community.py
        "privacy",  # test_privacy.py
    }
    assert {row["machine"] for row in rows} == MACHINES.keys() | elsewhere


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.requirement("W114", "W118", "W178", "W183", "W195", "W196", "W197", "W198", "W199", "W200")
async def test_every_step_is_allowed_exactly_when_it_stands_in_the_table(
    workshop: Workshop, machine: str, dsn: str
) -> None:
    """All pairs of states, each from a row put there with the triggers off."""
    await one_of_each(workshop)
    table, where, row = MACHINES[machine]
    allowed = await transitions(workshop, machine)
    states = {state for pair in allowed for state in pair} - {""}
    owner = await asyncpg.connect(dsn, server_settings={"search_path": "live, workbook, identity"})
    row_id = getattr(workshop, row)
    extra = {
        "session": ", actual_start = CASE WHEN $2 IN ('scheduled', 'starting') THEN NULL ELSE now() END, "
        "actual_end = CASE WHEN $2 = 'ended' THEN now() END",
        "account": ", erased_at = now()",
        "capture": ", length_s = 1",
        "transcription": ", text = 'a', confidence = 1, language = 'en', processing_time = 1, metadata = '{\"model\": \"m\"}'",
    }.get(machine, "")
    names = (
        ""
        if machine != "account"
        else ", "
        + ", ".join(
            f"{column} = CASE WHEN $2 <> 'erased' THEN '\\x{'00' * 32}'::bytea END"
            for column in ("email_enc", "email_bidx", "given_name_enc", "family_name_enc", "full_name_enc")
        )
    )
    change = f"UPDATE {table} SET status = $2::text{extra}{names} WHERE {where}".replace("$2 ", "$2::text ")
    tried = 0
    try:
        for before in sorted(states):
            for after in sorted(states - {before}):
                await owner.execute("SET session_replication_role = replica")  # no triggers: any state can be put there
                await owner.execute(change, row_id, before)
                await owner.execute("SET session_replication_role = origin")
                tried += 1
                if (before, after) in allowed:
                    await owner.execute(change, row_id, after)
                    continue
                with pytest.raises(asyncpg.CheckViolationError) as error:
                    await owner.execute(change, row_id, after)
                assert error.value.constraint_name == f"{machine}_transition", (before, after)
    finally:
        await owner.close()
    assert tried == len(states) * (len(states) - 1)


@pytest.mark.requirement("W178")
async def test_a_row_begins_in_an_initial_state(workshop: Workshop) -> None:
    insert = (
        "INSERT INTO live_sessions (title, instructor_id, scheduled_start, scheduled_end, status, actual_start) "
        "VALUES ('x', $1, now(), now() + interval '1 h', $2, now())"
    )
    assert await refused(workshop, insert, workshop.mara, "active") == "session_transition"
    register = "INSERT INTO session_registrations (session_id, user_id, status) VALUES ($1, $2, 'attended')"
    assert await refused(workshop, register, workshop.session, workshop.ana) == "registration_transition"
