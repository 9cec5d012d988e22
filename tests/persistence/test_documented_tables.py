"""Every table of both documents stands in the database as it is documented: columns with their types, lengths, enums, NULLs and
defaults, what they refer to and what a deletion does, uniqueness and indexes. Expected is what the documents say
(documents.py); where the database does otherwise on purpose, a row here says what instead."""

import re
from typing import Any

import pytest

from persistence.database import Database
from tests.persistence.documents import BOOTCAMP, WORKBOOK, Column, tables

requirement = pytest.mark.requirement

# fmt: off
COLUMNS_OF = [
    pytest.param(WORKBOOK, "workbook_users", marks=requirement(
        "W002", "W003", "W004", "W005", "W006", "W007", "W008", "W009", "W010")),
    pytest.param(WORKBOOK, "workshop_modules", marks=requirement(
        "W018", "W019", "W020", "W021", "W022", "W023", "W024", "W025", "W026", "W027", "W028")),
    pytest.param(WORKBOOK, "user_progress", marks=requirement(
        "W053", "W054", "W055", "W056", "W057", "W058", "W059", "W060", "W061", "W062", "W063")),
    pytest.param(WORKBOOK, "audio_recordings", marks=requirement(
        "W077", "W078", "W079", "W080", "W081", "W082", "W083", "W084", "W085", "W086", "W087", "W088",
        "W089", "W090")),
    pytest.param(WORKBOOK, "transcription_records", marks=requirement(
        "W105", "W106", "W107", "W108", "W109", "W110", "W111", "W112", "W113", "W114", "W115", "W116", "W117")),
    pytest.param(WORKBOOK, "workbook_notes", marks=requirement(
        "W138", "W139", "W140", "W141", "W142", "W143", "W144", "W145", "W146", "W147", "W148", "W149",
        "W150", "W151", "W152")),
    pytest.param(WORKBOOK, "live_sessions", marks=requirement(
        "W168", "W169", "W170", "W171", "W172", "W173", "W174", "W175", "W176", "W177", "W178", "W179",
        "W180", "W181", "W182")),
    pytest.param(WORKBOOK, "session_participants", marks=requirement(
        "W202", "W203", "W204", "W205", "W206", "W207", "W208", "W209", "W210", "W211", "W212")),
    pytest.param(BOOTCAMP, "users", marks=requirement(
        "B001", "B002", "B003", "B004", "B005", "B006", "B007", "B008", "B009", "B010", "B011", "B012",
        "B013", "B014", "B015", "B016")),
    pytest.param(BOOTCAMP, "user_profiles", marks=requirement(
        "B020", "B021", "B022", "B023", "B024", "B025", "B026", "B027", "B028", "B029", "B030", "B031", "B032")),
    pytest.param(BOOTCAMP, "courses", marks=requirement(
        "B033", "B034", "B035", "B036", "B037", "B038", "B039", "B040", "B041", "B042", "B043", "B044",
        "B045", "B046", "B047", "B048", "B049", "B050")),
    pytest.param(BOOTCAMP, "modules", marks=requirement(
        "B054", "B055", "B056", "B057", "B058", "B059", "B060", "B061", "B062", "B063", "B064")),
    pytest.param(BOOTCAMP, "lessons", marks=requirement(
        "B066", "B067", "B068", "B069", "B070", "B071", "B072", "B073", "B074", "B075", "B076", "B077",
        "B078", "B079")),
    pytest.param(BOOTCAMP, "enrollments", marks=requirement(
        "B081", "B082", "B083", "B084", "B085", "B086", "B087", "B088", "B089", "B090", "B091", "B092", "B093")),
    pytest.param(BOOTCAMP, "lesson_progress", marks=requirement(
        "B097", "B098", "B099", "B100", "B101", "B102", "B103", "B104", "B105", "B106")),
    pytest.param(BOOTCAMP, "assignments", marks=requirement(
        "B109", "B110", "B111", "B112", "B113", "B114", "B115", "B116", "B117", "B118", "B119", "B120",
        "B121", "B122")),
    pytest.param(BOOTCAMP, "submissions", marks=requirement(
        "B123", "B124", "B125", "B126", "B127", "B128", "B129", "B130", "B131", "B132", "B133", "B134")),
    pytest.param(BOOTCAMP, "design_projects", marks=requirement(
        "B137", "B138", "B139", "B140", "B141", "B142", "B143", "B144", "B145", "B146", "B147", "B148",
        "B149", "B150", "B151", "B152", "B153")),
    pytest.param(BOOTCAMP, "project_teams", marks=requirement("B154", "B155", "B156", "B157", "B158", "B159", "B160")),
    pytest.param(BOOTCAMP, "design_assets", marks=requirement(
        "B163", "B164", "B165", "B166", "B167", "B168", "B169", "B170", "B171", "B172", "B173", "B174",
        "B175", "B176", "B177")),
    pytest.param(BOOTCAMP, "discussions", marks=requirement(
        "B178", "B179", "B180", "B181", "B182", "B183", "B184", "B185", "B186", "B187", "B188", "B189",
        "B190", "B191", "B192", "B193", "B194")),
    pytest.param(BOOTCAMP, "discussion_replies", marks=requirement(
        "B195", "B196", "B197", "B198", "B199", "B200", "B201", "B202", "B203")),
    pytest.param(BOOTCAMP, "peer_reviews", marks=requirement(
        "B204", "B205", "B206", "B207", "B208", "B209", "B210", "B211", "B212", "B213")),
    pytest.param(BOOTCAMP, "instructor_feedback", marks=requirement(
        "B216", "B217", "B218", "B219", "B220", "B221", "B222", "B223", "B224", "B225")),
    pytest.param(BOOTCAMP, "certificates", marks=requirement(
        "B226", "B227", "B228", "B229", "B230", "B231", "B232", "B233", "B234", "B235", "B236", "B237", "B238")),
    pytest.param(BOOTCAMP, "certificate_templates", marks=requirement(
        "B241", "B242", "B243", "B244", "B245", "B246", "B247", "B248", "B249", "B250", "B251")),
    pytest.param(BOOTCAMP, "learning_analytics", marks=requirement(
        "B252", "B253", "B254", "B255", "B256", "B257", "B258", "B259", "B260", "B261", "B262", "B263")),
    pytest.param(BOOTCAMP, "platform_metrics", marks=requirement("B266", "B267", "B268", "B269", "B270", "B271")),
    pytest.param(BOOTCAMP, "fataplus_integration", marks=requirement(
        "B274", "B275", "B276", "B277", "B278", "B279", "B280", "B281", "B282", "B283", "B284")),
    pytest.param(BOOTCAMP, "external_service_tokens", marks=requirement(
        "B287", "B288", "B289", "B290", "B291", "B292", "B293", "B294", "B295", "B296")),
]

INDEXES_OF = [
    pytest.param(WORKBOOK, "workbook_users", marks=requirement("W012", "W013")),
    pytest.param(WORKBOOK, "workshop_modules", marks=requirement("W045", "W046", "W047")),
    pytest.param(WORKBOOK, "user_progress", marks=requirement("W064", "W066", "W067", "W068")),
    pytest.param(WORKBOOK, "audio_recordings", marks=requirement("W097", "W098", "W099")),
    pytest.param(WORKBOOK, "transcription_records", marks=requirement("W129", "W130", "W131", "W132")),
    pytest.param(WORKBOOK, "workbook_notes", marks=requirement("W158", "W159", "W160", "W161", "W162")),
    pytest.param(WORKBOOK, "live_sessions", marks=requirement("W192", "W193", "W194")),
    pytest.param(WORKBOOK, "session_participants", marks=requirement("W213", "W221", "W222", "W223")),
    pytest.param(BOOTCAMP, "users", marks=requirement("B017", "B018", "B019")),
    pytest.param(BOOTCAMP, "courses", marks=requirement("B051", "B052", "B053")),
    pytest.param(BOOTCAMP, "modules", marks=requirement("B065")),
    pytest.param(BOOTCAMP, "lessons", marks=requirement("B080")),
    pytest.param(BOOTCAMP, "enrollments", marks=requirement("B094", "B095", "B096")),
    pytest.param(BOOTCAMP, "lesson_progress", marks=requirement("B107", "B108")),
    pytest.param(BOOTCAMP, "submissions", marks=requirement("B135", "B136")),
    pytest.param(BOOTCAMP, "project_teams", marks=requirement("B161", "B162")),
    pytest.param(BOOTCAMP, "peer_reviews", marks=requirement("B214", "B215")),
    pytest.param(BOOTCAMP, "certificates", marks=requirement("B239", "B240")),
    pytest.param(BOOTCAMP, "learning_analytics", marks=requirement("B264", "B265")),
    pytest.param(BOOTCAMP, "platform_metrics", marks=requirement("B272", "B273")),
    pytest.param(BOOTCAMP, "fataplus_integration", marks=requirement("B285", "B286")),
    pytest.param(BOOTCAMP, "external_service_tokens", marks=requirement("B297", "B298")),
]
# fmt: on

SCHEMAS = {WORKBOOK: ("workbook", "live"), BOOTCAMP: ("bootcamp",)}

ELSEWHERE = {
    # one person, one address, one name (W003-W005, B003, B004): sealed, and the address unique by its blind index
    "workbook_users.email": "email_enc",
    "workbook_users.first_name": "given_name_enc",
    "workbook_users.last_name": "family_name_enc",
    "users.email": "email_enc",
    "users.full_name": "full_name_enc",
}
SEALED = {
    "users": "avatar_url bio location professional_background agricultural_experience",
    "user_profiles": "portfolio_url linkedin_url github_url",
    "lesson_progress": "notes",
    "fataplus_integration": "access_token refresh_token",
    "external_service_tokens": "access_token refresh_token service_user_id",
}
UNKNOWN_ENUMS = {"design_experience_level", "preferred_learning_style", "overall_grade"}  # D59
MORE_LABELS = {"learning_analytics.event_type": ("live_session_joined", "live_session_attended")}  # D76
DEFAULTS = {
    # the documented default, or none, and what it is instead
    "workbook_users.id": None,  # W002, B001: the account's
    "users.id": None,
    "audio_recordings.id": "uuid7()",  # D24
    "learning_analytics.id": "uuid7()",
    "live_sessions.metadata": '{"participantCount": 0}',  # D41
    "session_participants.metadata": '{"pollsAnswered": 0, "questionsAsked": 0, "interactionCount": 0, "totalTimeMinutes": 0}',
    "submissions.submitted_at": None,  # D65
    "lessons.resources": "[]",
    "design_projects.deliverables": "[]",
    "assignments.max_score": "100",
}
OPTIONAL = {"submissions.submitted_at"}  # D65
REQUIRED = {"assignments.max_score"}
DELETION = {
    # D63: what the documents leave open, and what they would take along
    "live_sessions.instructor_id": "RESTRICT",  # D45
    "design_assets.uploaded_by": "RESTRICT",
    "discussions.author_id": "RESTRICT",
    "discussion_replies.author_id": "RESTRICT",
    "peer_reviews.reviewer_id": "RESTRICT",
    "instructor_feedback.instructor_id": "RESTRICT",
    "certificates.user_id": "RESTRICT",
    "certificates.course_id": "RESTRICT",
}
ACTIONS = {b"c": "CASCADE", b"n": "SET NULL", b"r": "RESTRICT", b"a": "NO ACTION"}

COLUMN = """
SELECT format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required, pg_get_expr(d.adbin, d.adrelid) AS default,
       a.attgenerated <> '' AS generated, t.typtype = 'e' AS is_enum,
       ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = a.atttypid ORDER BY e.enumsortorder) AS labels,
       (SELECT c.confrelid::regclass::text FROM pg_constraint c WHERE c.conrelid = a.attrelid AND c.contype = 'f'
          AND a.attnum = ANY (c.conkey) AND c.conparentid = 0 ORDER BY cardinality(c.conkey) LIMIT 1) AS refers_to,
       (SELECT c.confdeltype FROM pg_constraint c WHERE c.conrelid = a.attrelid AND c.contype = 'f'
          AND a.attnum = ANY (c.conkey) AND c.conparentid = 0 ORDER BY cardinality(c.conkey) LIMIT 1) AS on_delete,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND i.indkey::text = a.attnum::text) AS is_key
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = $1::regclass AND a.attname = $2 AND NOT a.attisdropped"""


async def place(database: Database, document: str, table: str) -> str:
    async with database.engine.acquire() as connection:
        for schema in SCHEMAS[document]:
            if await connection.fetchval("SELECT to_regclass($1)", f"{schema}.{table}"):
                return f"{schema}.{table}"
    raise AssertionError(f"there is no table {table}")


async def column(database: Database, table: str, name: str) -> dict[str, Any]:
    async with database.engine.acquire() as connection:
        row = await connection.fetchrow(COLUMN, table, name)
    assert row is not None, f"{table} has no column {name}"
    return dict(row)


@pytest.mark.parametrize(("document", "table"), COLUMNS_OF)
async def test_columns_are_as_documented(
    database: Database, document: str, table: str, subtests: pytest.Subtests
) -> None:
    where = await place(database, document, table)
    for name, said in tables(document)[table].columns.items():
        with subtests.test(name):
            if f"{table}.{name}" in ELSEWHERE:
                found = await column(database, "identity.accounts", ELSEWHERE[f"{table}.{name}"])
                assert found["type"] == "bytea"
            elif name in SEALED.get(table, "").split():
                found = await column(database, where, f"{name}_enc")
                assert found["type"] == "bytea"
            else:
                found = await column(database, where, name)
                compare(f"{table}.{name}", said, found)


def compare(name: str, said: Column, found: dict[str, Any]) -> None:
    is_key, generated = said.name == "id", said.type == "tsvector"
    assert found["generated"] == (generated or name == "transcription_records.word_count")  # D30
    assert found["is_key"] == is_key
    if said.labels:
        assert found["is_enum"]
        assert tuple(found["labels"]) == (*said.labels, *MORE_LABELS.get(name, ()))
    else:
        assert found["type"] == said.type
    is_required = said.is_required or said.default is not None or said.type in {"jsonb", "text[]"}  # D03
    is_required |= bool(said.labels) and said.name not in UNKNOWN_ENUMS  # D59
    assert found["required"] == ((is_required and name not in OPTIONAL) or name in REQUIRED)
    if not found["generated"]:
        compare_default(name, said, found["default"])
    compare_reference(name, said, found)


def compare_default(name: str, said: Column, found: str | None) -> None:
    bare = None if found is None else re.sub(r"^'(.*)'::[\w. ]+(\[\])?$", r"\1", found)
    if name in DEFAULTS:
        assert bare == DEFAULTS[name]
    elif said.default is not None:
        assert bare == said.default.strip("'")
    elif said.type in {"jsonb", "text[]"} and name != "workshop_modules.content":
        assert bare == "{}"
    elif said.labels and said.name not in UNKNOWN_ENUMS and name not in MORE_LABELS:
        assert bare in said.labels
    else:
        assert bare is None


def compare_reference(name: str, said: Column, found: dict[str, Any]) -> None:
    if said.references is None:
        return
    assert found["refers_to"].rpartition(".")[2] == said.references
    open_ = "CASCADE" if found["required"] else "SET NULL"
    assert ACTIONS[found["on_delete"]] == DELETION.get(name, said.on_delete or open_)


INDEX = """
SELECT i.indisvalid AS is_valid, i.indisunique AS is_unique,
       ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (number, at)
               JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number ORDER BY k.at) AS columns
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE i.indrelid = $1::regclass AND c.relname = $2"""
UNIQUE = """
SELECT count(*) FROM pg_index i
 WHERE i.indrelid = $1::regclass AND (i.indisunique OR i.indisexclusion)
   AND ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (number, at)
               JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number ORDER BY k.at) = $2"""
INDEXED = {
    # the address's one index, by its keyed hash (D51), whoever asks for it
    "idx_users_email": ("identity.accounts", "idx_users_email", ("email_bidx",)),
    "idx_email": ("identity.accounts", "idx_users_email", ("email_bidx",)),
    "idx_progress_user": (None, "idx_progress_user", ("user_id", "module_id", "lesson_id")),  # D58: the UNIQUE's
    "idx_notes_user": (None, "idx_notes_user", ("user_id", "created_at", "id")),  # in the order that they are listed
    "idx_notes_pinned": (None, "idx_notes_pinned", ("user_id",)),  # partial, so the second column says nothing
}


@pytest.mark.parametrize(("document", "table"), INDEXES_OF)
async def test_indexes_and_uniqueness_are_as_documented(
    database: Database, document: str, table: str, subtests: pytest.Subtests
) -> None:
    where, said = await place(database, document, table), tables(document)[table]
    async with database.engine.acquire() as connection:
        for name, columns in said.indexes.items():
            other, index, wanted = INDEXED.get(name, (None, name, columns))
            with subtests.test(name):
                found = await connection.fetchrow(INDEX, other or where, index)
                assert found is not None, "there is no such index"
                assert found["is_valid"]
                assert tuple(found["columns"]) == wanted
        for columns in said.unique + [(name,) for name, column in said.columns.items() if column.is_unique]:
            if f"{table}.{columns[0]}" in ELSEWHERE:
                continue
            with subtests.test(f"UNIQUE {columns}"):
                assert await connection.fetchval(UNIQUE, where, list(columns))


@pytest.mark.requirement("W237", "D13", "D57")
async def test_the_documents_name_47_indexes_and_every_foreign_key_has_one(database: Database) -> None:
    named = [name for document in SCHEMAS for table in tables(document).values() for name in table.indexes]
    assert len(named) == len(set(named)) == 47
    async with database.engine.acquire() as connection:
        bare = await connection.fetch(
            "SELECT c.conrelid::regclass || '.' || c.conname AS name FROM pg_constraint c "
            "JOIN pg_namespace n ON n.oid = c.connamespace WHERE c.contype = 'f' "
            "AND n.nspname NOT LIKE 'pg_%' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid "
            "AND i.indpred IS NULL AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)"
        )
    assert [row["name"] for row in bare] == []
