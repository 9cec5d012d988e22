"""Relations of both documents, rules that hold for every documented table, and resolutions that no single column carries."""

import asyncio
import re
from pathlib import Path

import asyncpg
import pytest

from persistence.directory import Directory
from persistence.models.user import PlatformRole
from rooms.ids import UserId
from tests.databases import Cluster
from tests.persistence.checks import filled_database, without_triggers
from tests.persistence.documents import BOOTCAMP, WORKBOOK, tables
from tests.persistence.test_bootcamp import School, school  # noqa: F401  a fixture
from tests.persistence.test_documented_rules_bootcamp import WHOLE as BOOTCAMP_ROWS
from tests.persistence.test_documented_rules_workbook import WHOLE as WORKBOOK_ROWS
from tests.persistence.test_schema import add_module
from tests.persistence.workshop import PASSWORD, Workshop, new_user

ROOT = Path(__file__).parents[2]
SEARCH_PATH = "bootcamp, workbook, live, app"
requirement = pytest.mark.requirement

# fmt: off
RELATIONS = [
    # one, many, the column of the many; "one": there is at most one of them for each
    pytest.param("workbook_users", "user_progress", "user_id", "many", marks=requirement("W224")),
    pytest.param("workshop_modules", "user_progress", "module_id", "many", marks=requirement("W225")),
    pytest.param("workbook_users", "audio_recordings", "user_id", "many", marks=requirement("W226")),
    pytest.param("audio_recordings", "transcription_records", "audio_recording_id", "one", marks=requirement("W227", "D26")),
    pytest.param("workbook_users", "workbook_notes", "user_id", "many", marks=requirement("W228")),
    pytest.param("live_sessions", "session_participants", "session_id", "many", marks=requirement("W229")),
    pytest.param("workshop_modules", "audio_recordings", "module_id", "many", marks=requirement("W230")),
    pytest.param("workshop_modules", "workbook_notes", "module_id", "many", marks=requirement("W231")),
    pytest.param("audio_recordings", "workbook_notes", "audio_recording_id", "many", marks=requirement("W232")),
    pytest.param("workshop_modules", "live_sessions", "module_id", "many", marks=requirement("W233")),
    pytest.param("bootcamp.users", "enrollments", "user_id", "many", marks=requirement("B304")),
    pytest.param("courses", "enrollments", "course_id", "many", marks=requirement("B304", "B307")),
    pytest.param("courses", "modules", "course_id", "many", marks=requirement("B305")),
    pytest.param("modules", "lessons", "module_id", "many", marks=requirement("B306")),
    pytest.param("enrollments", "lesson_progress", "enrollment_id", "many", marks=requirement("B308")),
    pytest.param("lessons", "lesson_progress", "lesson_id", "many", marks=requirement("B308")),
    pytest.param("lessons", "assignments", "lesson_id", "many", marks=requirement("B309")),
    pytest.param("assignments", "submissions", "assignment_id", "many", marks=requirement("B309")),
    pytest.param("courses", "design_projects", "course_id", "many", marks=requirement("B310")),
    pytest.param("design_projects", "project_teams", "project_id", "many", marks=requirement("B311")),
    pytest.param("discussions", "discussion_replies", "discussion_id", "many", marks=requirement("B312")),
    pytest.param("submissions", "peer_reviews", "submission_id", "many", marks=requirement("B313")),
    pytest.param("submissions", "instructor_feedback", "submission_id", "many", marks=requirement("B313")),
    pytest.param("courses", "certificates", "course_id", "many", marks=requirement("B314")),
    pytest.param("bootcamp.users", "learning_analytics", "user_id", "many", marks=requirement("B315")),
    pytest.param("bootcamp.users", "external_service_tokens", "user_id", "many", marks=requirement("B316")),
]
# fmt: on

REFERENCE = """
SELECT c.conname FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attname = $3
 WHERE c.contype = 'f' AND c.conrelid = $2::regclass AND c.confrelid = $1::regclass AND c.conkey = ARRAY[a.attnum]
   AND c.convalidated AND c.conparentid = 0"""
ALONE = """
SELECT count(*) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = $2
 WHERE i.indrelid = $1::regclass AND i.indisunique AND i.indpred IS NULL AND i.indkey::text = a.attnum::text"""


@pytest.mark.parametrize(("one", "many", "column", "how_many"), RELATIONS)
async def test_one_has_many(dsn: str, one: str, many: str, column: str, how_many: str) -> None:
    """A foreign key that is no key by itself, or is."""
    owner = await asyncpg.connect(dsn, server_settings={"search_path": SEARCH_PATH})
    try:
        assert await owner.fetchval(REFERENCE, one, many, column)
        assert await owner.fetchval(ALONE, many, column) == (1 if how_many == "one" else 0)
    finally:
        await owner.close()


@pytest.mark.requirement("B304", "B305", "B306", "B307")
async def test_a_learner_takes_several_courses_of_several_modules_of_several_lessons(school: School) -> None:  # noqa: F811
    workshop = school.workshop
    add = "INSERT INTO courses (title, slug, description, estimated_duration_hours) VALUES ('B', 'b', 'b', 1)"
    await workshop.execute(add)
    await workshop.execute("INSERT INTO modules (course_id, title, module_order) SELECT id, 'M', 7 FROM courses")
    await workshop.execute("INSERT INTO lessons (module_id, title, lesson_order) SELECT id, 'L', 7 FROM modules")
    await workshop.execute(
        "INSERT INTO enrollments (user_id, course_id) SELECT $1, id FROM courses ON CONFLICT DO NOTHING", workshop.ana
    )
    counted = (
        "SELECT count(DISTINCT e.id) || ' ' || count(DISTINCT m.id) || ' ' || count(DISTINCT l.id) FROM enrollments e "
        "JOIN modules m USING (course_id) JOIN lessons l ON l.module_id = m.id WHERE e.user_id = $1"
    )
    assert await workshop.value(counted, workshop.ana) == "2 3 4"


# -- what holds for every table --


@pytest.mark.requirement("D49", "W009", "W010", "W027", "W028", "W062", "W063", "W089", "W090", "W116", "W117")
@pytest.mark.requirement("W151", "W152", "W181", "W182", "W211", "W212", "B013", "B014", "B031", "B032", "B049", "B050")
@pytest.mark.requirement("B063", "B064", "B078", "B079", "B122", "B152", "B153", "B176", "B177", "B193", "B194", "B202")
@pytest.mark.requirement("B203", "B213", "B283", "B284", "B295", "B296")
async def test_a_row_was_made_when_it_was_made_and_changed_when_it_was_changed(
    cluster: Cluster, subtests: pytest.Subtests
) -> None:
    """With the triggers on again: whoever writes other times is not believed."""
    only_staff_make = {"certificate_templates", "platform_metrics", "instructor_feedback"}  # test below
    with filled_database(cluster, WORKBOOK_ROWS + BOOTCAMP_ROWS, SEARCH_PATH) as dsn:
        for document in (WORKBOOK, BOOTCAMP):
            for name, table in tables(document).items():
                if "created_at" not in table.columns or name in only_staff_make:
                    continue
                async with without_triggers(dsn, SEARCH_PATH) as owner:
                    with subtests.test(name):
                        await owner.execute("SET session_replication_role = origin")
                        await owner.execute(f"UPDATE {name} SET created_at = '1999-01-01', updated_at = '1999-01-01'")
                        assert await owner.fetchval(
                            f"SELECT created_at > '2020-01-01' AND updated_at > created_at FROM {name}"
                        )


@pytest.mark.requirement("B225", "B251", "B271")
async def test_nobody_says_when_these_were_made(school: School, subtests: pytest.Subtests) -> None:  # noqa: F811
    """Nothing is updated in them, so a time of change would say nothing; administrators neither move the first."""
    workshop = school.workshop
    otto = workshop.otto
    await workshop.execute("INSERT INTO user_roles (user_id, role) VALUES ($1, 'admin')", otto)
    await workshop.execute("INSERT INTO bootcamp.certificate_templates (template_name) VALUES ('Plain')")
    await workshop.execute(
        "INSERT INTO bootcamp.platform_metrics (metric_date, metric_type, metric_value) VALUES ('2026-01-01', 'x', 1)"
    )
    await workshop.execute(
        "INSERT INTO instructor_feedback (submission_id, instructor_id) VALUES ($1, $2)",
        school.submission,
        workshop.mara,
    )
    for table in ("certificate_templates", "platform_metrics", "instructor_feedback"):
        with subtests.test(table):
            refusal = await school.refused(otto, f"UPDATE bootcamp.{table} SET created_at = '1999-01-01'")
            assert refusal in {"created_at", "42501"}


@pytest.mark.requirement("D25", "P8")
async def test_a_foreign_key_is_checked_by_who_sees_all_rows(workshop: Workshop, dsn: str) -> None:
    """Of its owner's policy: without it, forced row-level security hides the rows and a key reports what is not so."""
    await add_module(workshop)
    await workshop.execute(
        "INSERT INTO user_progress (user_id, module_id) SELECT $1, id FROM workshop_modules", workshop.ana
    )
    owner = await asyncpg.connect(dsn, server_settings={"search_path": SEARCH_PATH})
    again = "ALTER TABLE user_progress ADD CONSTRAINT again FOREIGN KEY (module_id) REFERENCES workshop_modules (id)"
    try:
        await owner.execute("SET ROLE workshop_owner")
        await owner.execute(again)
        await owner.execute("ALTER TABLE user_progress DROP CONSTRAINT again")
        await owner.execute("DROP POLICY owner ON workshop_modules")
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await owner.execute(again)
    finally:
        await owner.close()


@pytest.mark.requirement("P12")
async def test_somebody_signs_in_before_there_is_an_identity(workshop: Workshop) -> None:
    async with workshop.database.app.acquire() as connection:
        assert await connection.fetch("SELECT id FROM identity.accounts") == []
    directory = Directory(workshop.database)
    try:
        assert await directory.sign_in("mara@example.org", PASSWORD) == workshop.mara
    finally:
        directory.passwords.close()


@pytest.mark.requirement("P11")
def test_no_statement_sets_anything_beyond_its_transaction() -> None:
    """What a connection keeps is not taken back when it is released; only a migration's own connection is its own."""
    lasting = re.compile(
        r"SET (ROLE|SESSION|(?!LOCAL|CONSTRAINTS|TRANSACTION)[a-z_]+(\.[a-z_]+)? (=|TO))|set_config\([^)]*false\)"
    )
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in ("persistence", "live", "media", "rooms")
        for path in (ROOT / folder).rglob("*.py")
        for line in re.findall(r"execute\((?:f?\"|\n\s*f?\").*", path.read_text(encoding="utf-8"))
        if lasting.search(line) and path.name != "migrate.py" and "UPDATE" not in line
    ]
    assert found == []


# -- readings --


@pytest.mark.requirement("D17")
async def test_lessons_of_the_two_documents_are_not_one_another(school: School) -> None:  # noqa: F811
    workshop = school.workshop
    module = await add_module(workshop)
    with pytest.raises(asyncpg.ForeignKeyViolationError) as error:
        await workshop.execute(
            "INSERT INTO user_progress (user_id, module_id, lesson_id) VALUES ($1, $2, $3)",
            workshop.ana,
            module,
            school.lesson,
        )
    assert error.value.constraint_name == "user_progress_lesson_id_fkey"
    with pytest.raises(asyncpg.DataError):
        await workshop.execute(
            "INSERT INTO lesson_progress (enrollment_id, lesson_id) VALUES ($1, $2)", school.enrollment, "l1"
        )


@pytest.mark.requirement("B131", "D67")
async def test_a_program_grades_as_an_account_of_its_own(school: School) -> None:  # noqa: F811
    workshop = school.workshop
    program = await workshop.directory.create_user(new_user("Grader", roles=(PlatformRole.SERVICE,)))
    await workshop.execute("INSERT INTO bootcamp.users (id, fataplus_user_id) VALUES ($1, gen_random_uuid())", program)
    grade = "UPDATE submissions SET status = 'graded', score = 8, graded_by = $1"
    await workshop.execute(grade, program)
    assert await workshop.value("SELECT graded_by FROM submissions") == program
    assert await workshop.value("SELECT role FROM user_roles WHERE user_id = $1", program) == "service"


@pytest.mark.requirement("B039", "D81")
async def test_what_a_course_asks_for_is_shown_and_not_enforced(school: School) -> None:  # noqa: F811
    otto: UserId = school.workshop.otto
    await school.workshop.execute("UPDATE courses SET prerequisites = ARRAY['A year of farming']")
    add = "INSERT INTO enrollments (user_id, course_id) VALUES ($1, $2)"
    assert await school.does(otto, add, otto, school.course) == 1
    async with school.workshop.database.as_user(otto) as connection:
        assert await connection.fetchval("SELECT prerequisites FROM courses") == ["A year of farming"]


@pytest.mark.requirement("B319", "D79")
async def test_nothing_financial_is_stored(workshop: Workshop) -> None:
    money = r"(card|iban|bank|account_number|price|amount|currency|invoice|payment|billing|salary|tax)"
    columns = await workshop.value(
        "SELECT array_agg(table_name || '.' || column_name) FROM information_schema.columns "
        "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND column_name ~ $1",
        money,
    )
    assert columns is None


@pytest.mark.requirement("W021", "B058", "D08")
async def test_two_places_are_swapped_by_two_at_once_without_a_hole(workshop: Workshop) -> None:
    first, second = await add_module(workshop), await add_module(workshop, 2)
    swap = "UPDATE workshop_modules SET module_order = 3 - module_order WHERE id IN ($1, $2)"
    await asyncio.gather(*(workshop.execute(swap, first, second) for _ in range(2)))
    assert await workshop.value("SELECT array_agg(module_order ORDER BY module_order) FROM workshop_modules") == [1, 2]
