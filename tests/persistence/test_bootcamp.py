"""The bootcamp's tables (document 001): what they refuse, whoever writes, and what the login of REST may read and set in them. Each
statement here is what a mistake of the application would send."""

import asyncio
from dataclasses import dataclass
from uuid import UUID, uuid5

import asyncpg
import pytest

from persistence.encryption import Undecryptable
from persistence.entities import Entity
from persistence.models.bootcamp.person import BootcampUser
from persistence.preconditions import refuse_unsafe
from rooms.ids import UserId
from tests.persistence.test_schema import add_module
from tests.persistence.workshop import Workshop

SPACE = UUID(int=1)
COLUMNS = {
    "users": "id fataplus_user_id design_experience_level language_preferences timezone created_at updated_at is_active "
    "last_login_at",
    "user_profiles": "id user_id design_tools_proficiency agricultural_domains learning_goals preferred_learning_style "
    "availability_hours mentorship_availability created_at updated_at",
    "courses": "id title slug description short_description learning_outcomes prerequisites difficulty_level "
    "estimated_duration_hours course_type category tags featured published published_at created_by created_at updated_at",
    "modules": "id course_id title description module_order estimated_duration_hours learning_objectives module_type is_required "
    "created_at updated_at",
    "lessons": "id module_id title description lesson_order content_type content_url content_duration_minutes "
    "reading_time_minutes interactive_elements resources is_preview created_at updated_at",
    "enrollments": "id user_id course_id enrollment_status enrollment_date completion_date progress_percentage current_module_id "
    "current_lesson_id time_spent_minutes last_accessed_at certificate_issued certificate_issued_at",
    "lesson_progress": "id enrollment_id lesson_id status started_at completed_at time_spent_minutes attempts_count best_score",
    "assignments": "id lesson_id title description instructions assignment_type max_score passing_score due_date "
    "time_limit_minutes submission_format rubric is_graded_automatically created_at",
    "submissions": "id assignment_id user_id submission_content submitted_at status score feedback graded_by graded_at "
    "revision_count final_submission",
    "peer_reviews": "id submission_id reviewer_id review_criteria overall_score strengths improvements detailed_feedback "
    "is_anonymous created_at",
    "instructor_feedback": "id submission_id instructor_id feedback_type rubric_scores overall_grade detailed_feedback "
    "improvement_suggestions next_steps created_at",
}
SEALED = {
    "users": "avatar_url bio location professional_background agricultural_experience",
    "user_profiles": "portfolio_url linkedin_url github_url",
    "lesson_progress": "notes",
}
MAY_BE_UNKNOWN = "('design_experience_level', 'preferred_learning_style', 'overall_grade')"
INDEXES = (
    "idx_fataplus_user_id idx_design_experience idx_slug idx_category idx_published idx_user_course idx_enrollment_status "
    "idx_enrollment_lesson idx_assignment_user idx_status idx_submission_reviewer"
)


@dataclass
class School:
    """Mara's course of one lesson with an assignment; Ana and Ben are enrolled, Theo assists, and Ana has handed in."""

    workshop: Workshop
    course: str
    module: str
    lesson: str
    assignment: str
    enrollment: str
    submission: str

    async def does(self, user: UserId, statement: str, *arguments: object) -> int:
        """How many rows it met."""
        async with self.workshop.database.as_user(user, writes=True) as connection:
            done: str = await connection.execute(statement, *arguments)
        return int(done.rpartition(" ")[2])

    async def refused(self, user: UserId, statement: str, *arguments: object) -> str:
        """The constraint or column that it is about, or the SQLSTATE."""
        with pytest.raises(asyncpg.PostgresError) as error:
            await self.does(user, statement, *arguments)
        found = error.value
        return getattr(found, "constraint_name", None) or getattr(found, "column_name", None) or str(found.sqlstate)

    async def sees(self, user: UserId, table: str) -> int:
        async with self.workshop.database.as_user(user) as connection:
            count: int = await connection.fetchval(f"SELECT count(*) FROM bootcamp.{table}")
        return count


@pytest.fixture
async def school(workshop: Workshop) -> School:
    async with workshop.database.transaction() as connection:
        for user in (workshop.mara, workshop.theo, workshop.ana, workshop.ben, workshop.otto):
            await connection.execute(
                "INSERT INTO bootcamp.users (id, fataplus_user_id) VALUES ($1, $2)", user, str(uuid5(SPACE, user))
            )
        course = await connection.fetchval(
            "INSERT INTO courses (title, slug, description, estimated_duration_hours, created_by, published) "
            "VALUES ('Field', 'field', 'In it', 3, $1, true) RETURNING id",
            workshop.mara,
        )
        await connection.execute("INSERT INTO course_staff VALUES ($1, $2, 'assistant')", course, workshop.theo)
        module = await connection.fetchval(
            "INSERT INTO modules (course_id, title, module_order) VALUES ($1, 'One', 1) RETURNING id", course
        )
        lesson = await connection.fetchval(
            "INSERT INTO lessons (module_id, title, lesson_order) VALUES ($1, 'One', 1) RETURNING id", module
        )
        assignment = await connection.fetchval(
            "INSERT INTO assignments (lesson_id, title, description, max_score) VALUES ($1, 'Draw', 'It', 10) RETURNING id",
            lesson,
        )
        enrol = "INSERT INTO enrollments (user_id, course_id) VALUES ($1, $2) RETURNING id"
        enrollment = await connection.fetchval(enrol, workshop.ana, course)
        await connection.fetchval(enrol, workshop.ben, course)
        submission = await connection.fetchval(
            "INSERT INTO submissions (assignment_id, user_id, status) VALUES ($1, $2, 'submitted') RETURNING id",
            assignment,
            workshop.ana,
        )
    return School(workshop, course, module, lesson, assignment, enrollment, submission)


# -- as documented --


@pytest.mark.requirement("B001", "B020", "B033", "B054", "B066", "B081", "B097", "B109", "B123", "B204", "B216", "D78")
async def test_documented_columns_are_there_and_personal_ones_encrypted_in_place(workshop: Workshop) -> None:
    for table, columns in COLUMNS.items():
        names = [*columns.split(), *(f"{name}_enc" for name in SEALED.get(table, "").split())]
        counted = ", ".join(f"count({name})" for name in names)
        assert await workshop.value(f"SELECT ROW({counted}) IS NOT NULL FROM bootcamp.{table}"), table


@pytest.mark.requirement(
    "B017", "B019", "B051", "B052", "B053", "B094", "B095", "B107", "B135", "B136", "B214", "D57", "D58"
)
async def test_documented_indexes_are_there(workshop: Workshop) -> None:
    for index in INDEXES.split():
        assert await workshop.value(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('bootcamp.' || $1)::oid", index
        ), index


@pytest.mark.requirement("D02", "D03", "D56", "D59")
async def test_times_have_zones_defaults_are_never_null_and_enums_are_types(workshop: Workshop) -> None:
    columns = "FROM information_schema.columns WHERE table_schema = 'bootcamp' AND "
    for wrong in (
        "data_type = 'timestamp without time zone'",
        "column_default <> '' AND is_nullable = 'YES'",
        f"data_type = 'USER-DEFINED' AND is_nullable = 'YES' AND column_name NOT IN {MAY_BE_UNKNOWN}",
    ):
        assert await workshop.value(f"SELECT array_agg(table_name || '.' || column_name) {columns} {wrong}") is None
    assert (
        await workshop.value("SELECT enum_range(NULL::bootcamp.course_type)::text")
        == "{core,elective,workshop,capstone}"
    )


BAD = [
    ("UPDATE bootcamp.users SET timezone = 'Mars/Olympus'", "check_timezone"),  # B012
    ("UPDATE courses SET title = ' '", "check_course_title"),
    (
        "INSERT INTO courses (title, slug, description, estimated_duration_hours) VALUES ('A', 'Not-Kebab', 'B', 1)",
        "check_slug",
    ),  # B035
    ("UPDATE courses SET slug = 'another'", "42501"),  # it was published
    ("UPDATE courses SET estimated_duration_hours = 0", "check_course_duration"),  # B041
    ("UPDATE courses SET course_type = 'holiday'", "22P02"),  # B042
    ("UPDATE course_staff SET role = 'owner'", "check_course_role"),
    ("UPDATE modules SET module_order = 0", "check_module_order"),  # B058
    ("UPDATE lessons SET lesson_order = 0", "check_lesson_order"),  # B070
    ("UPDATE lessons SET content_url = 'javascript:1'", "check_content_url"),  # B072
    ("UPDATE enrollments SET progress_percentage = 101", "check_enrollment_progress"),  # B087
    ("UPDATE enrollments SET enrollment_status = 'completed', completion_date = now()", "enrollment_transition"),
    ("UPDATE enrollments SET certificate_issued = true", "check_certificate_issued"),  # B092
    ("UPDATE enrollments SET current_module_id = gen_random_uuid()", "enrollments_current_module_id_fkey"),  # D64
    ("UPDATE assignments SET passing_score = 11", "check_passing_score"),  # B116
    ("UPDATE submissions SET score = -1", "check_score"),  # B129
    ("UPDATE submissions SET score = 10.01", "score_in_range"),  # D65
    ("UPDATE submissions SET submitted_at = NULL", "check_submitted_at"),  # D65
    ("UPDATE submissions SET graded_by = user_id", "check_grader"),  # D65
    ("UPDATE submissions SET status = 'graded'", "check_graded"),
    ("UPDATE submissions SET status = 'revision_requested'", "submission_transition"),
]


@pytest.mark.requirement("B012", "B035", "B041", "B058", "B070", "B087", "B092", "B116", "B129", "B131", "D64", "D65")
async def test_what_no_writer_may_store(school: School, subtests: pytest.Subtests) -> None:
    for statement, constraint in BAD:
        with subtests.test(statement):
            with pytest.raises(asyncpg.PostgresError) as error:
                await school.workshop.execute(statement)
            found = getattr(error.value, "constraint_name", None)
            assert constraint in (found, error.value.sqlstate)


@pytest.mark.requirement("B058", "B065", "B080", "D08")
async def test_places_are_swapped_in_one_statement_and_free_after_deletion(school: School) -> None:
    await school.workshop.execute(
        "INSERT INTO modules (course_id, title, module_order) VALUES ($1, 'Two', 2)", school.course
    )
    await school.workshop.execute("UPDATE modules SET module_order = 3 - module_order")
    again = "INSERT INTO modules (course_id, title, module_order) VALUES ($1, 'Three', 2)"
    with pytest.raises(asyncpg.ExclusionViolationError):
        await school.workshop.execute(again, school.course)
    await school.workshop.execute("UPDATE modules SET deleted_at = now() WHERE module_order = 2")
    await school.workshop.execute(again, school.course)


@pytest.mark.requirement("B002", "D60")
async def test_a_fataplus_user_is_one_account_s(school: School) -> None:
    with pytest.raises(asyncpg.UniqueViolationError) as error:
        await school.workshop.execute("UPDATE bootcamp.users SET fataplus_user_id = $1", str(uuid5(SPACE, "x")))
    assert error.value.constraint_name == "idx_fataplus_user_id"


@pytest.mark.requirement("B005", "B006", "B007", "B008", "B010")
async def test_what_identifies_a_person_is_sealed_for_its_row(school: School) -> None:
    workshop, entity = school.workshop, Entity("bootcamp.users", BootcampUser)
    async with workshop.database.as_user(workshop.ana, writes=True) as connection:
        await entity.change(connection, workshop.database.keys, workshop.ana, {"bio": "Grows tea in Sahambavy"})
        read = await entity.get(connection, workshop.database.keys, workshop.ana)
    assert read is not None
    assert read.bio == "Grows tea in Sahambavy"
    assert not await workshop.value(
        "SELECT position('Sahambavy'::bytea IN bio_enc) FROM bootcamp.users WHERE id = $1", workshop.ana
    )
    await workshop.execute(
        "UPDATE bootcamp.users SET bio_enc = (SELECT bio_enc FROM bootcamp.users WHERE id = $1) WHERE id = $2",
        workshop.ana,
        workshop.ben,
    )
    async with workshop.database.as_user(workshop.ben) as connection:
        with pytest.raises(Undecryptable):
            await entity.get(connection, workshop.database.keys, workshop.ben)


# -- who sees and sets what, asked of the login of REST --


@pytest.mark.requirement("P2", "P5", "B046", "B127")
async def test_whose_rows_are_seen(school: School) -> None:
    workshop = school.workshop
    by_table = {
        # what Mara, Theo, Ana, Ben and Otto see
        "courses": (1, 1, 1, 1, 1),
        "lessons": (1, 1, 1, 1, 0),
        "assignments": (1, 1, 1, 1, 0),
        "enrollments": (2, 2, 1, 1, 0),
        "submissions": (1, 1, 1, 0, 0),
        "users": (3, 3, 1, 1, 1),
    }
    people = (workshop.mara, workshop.theo, workshop.ana, workshop.ben, workshop.otto)
    for table, counts in by_table.items():
        assert tuple([await school.sees(each, table) for each in people]) == counts, table
    await workshop.execute("UPDATE submissions SET status = 'draft'")
    assert await school.sees(workshop.mara, "submissions") == 0
    await add_module(workshop, is_published=True)
    nobody = UserId("00000000-0000-4000-8000-000000000000")
    for table in COLUMNS:
        assert await school.sees(nobody, table) == 0, table
    async with workshop.database.engine.acquire() as engine, workshop.database.app.acquire() as app:
        await refuse_unsafe(engine, app)


@pytest.mark.requirement("P6", "B084", "B087", "B092", "B129", "B131", "B133", "B002", "B105")
async def test_columns_that_are_not_their_owner_s_to_set(school: School, subtests: pytest.Subtests) -> None:
    ana = school.workshop.ana
    await school.does(
        ana,
        "INSERT INTO lesson_progress (enrollment_id, lesson_id, status) VALUES ($1, $2, 'not_started')",
        school.enrollment,
        school.lesson,
    )
    for table, column, value in (
        ("submissions", "score", "10"),
        ("submissions", "feedback", "'Great'"),
        ("submissions", "graded_by", f"'{school.workshop.mara}'"),
        ("submissions", "revision_count", "7"),
        ("submissions", "status", "'under_review'"),
        ("submissions", "submission_content", '\'{"text": "later"}\''),
        ("enrollments", "progress_percentage", "100"),
        ("enrollments", "time_spent_minutes", "1"),
        ("enrollments", "certificate_issued", "true"),
        ("enrollments", "enrollment_status", "'in_progress'"),
        ("lesson_progress", "best_score", "100"),
        ("bootcamp.users", "fataplus_user_id", "gen_random_uuid()"),
    ):
        with subtests.test(f"{table}.{column}"):
            assert await school.refused(ana, f"UPDATE {table} SET {column} = {value}") == column


@pytest.mark.requirement("P6", "B126", "B129", "B208", "B218")
async def test_what_is_not_staff_s_or_others_to_set(school: School) -> None:
    mara, theo, ben = school.workshop.mara, school.workshop.theo, school.workshop.ben
    own_words = "UPDATE submissions SET submission_content = '{}', status = 'under_review'"
    assert await school.does(mara, own_words) == 1
    assert await school.refused(mara, 'UPDATE submissions SET submission_content = \'{"text": "mine"}\'') == (
        "submission_content"
    )
    assert await school.refused(mara, "UPDATE submissions SET final_submission = true") == "final_submission"
    assert await school.refused(mara, "UPDATE enrollments SET progress_percentage = 100") == "progress_percentage"
    for other in (theo, ben):
        assert await school.does(other, "UPDATE submissions SET score = 10, status = 'graded'") == 0
        assert await school.does(other, "UPDATE courses SET title = 'Mine'") == 0
    feedback = "INSERT INTO instructor_feedback (submission_id, instructor_id) VALUES ($1, $2)"
    assert await school.refused(ben, feedback, school.submission, ben) == "42501"
    assert await school.refused(theo, feedback, school.submission, mara) == "42501"
    assert await school.does(theo, feedback, school.submission, theo) == 1
    final = "INSERT INTO instructor_feedback (submission_id, instructor_id, feedback_type, overall_grade) VALUES ($1, $2, 'final_assessment', 'A')"
    assert await school.refused(theo, final, school.submission, theo) == "42501"
    assert await school.refused(mara, "UPDATE instructor_feedback SET detailed_feedback = 'Other'") == "42501"


@pytest.mark.requirement("D62")
async def test_who_is_no_instructor_any_more_leads_nothing(school: School) -> None:
    workshop = school.workshop
    assert await school.does(workshop.mara, "UPDATE courses SET featured = true") == 1
    await workshop.execute("DELETE FROM identity.user_roles WHERE user_id = $1", workshop.mara)
    assert await school.does(workshop.mara, "UPDATE courses SET featured = false") == 0
    assert await school.sees(workshop.mara, "enrollments") == 2


@pytest.mark.requirement("B134", "D65")
async def test_two_finals_at_once_are_one(school: School) -> None:
    ana = school.workshop.ana
    await school.does(
        ana,
        "INSERT INTO submissions (assignment_id, user_id, status) VALUES ($1, $2, 'submitted')",
        school.assignment,
        ana,
    )
    ids = await school.workshop.value("SELECT array_agg(id) FROM submissions")
    mark = "UPDATE submissions SET final_submission = true WHERE id = $1"
    await asyncio.gather(*(school.does(ana, mark, each) for each in ids), return_exceptions=True)
    assert await school.workshop.value("SELECT count(*) FROM submissions WHERE final_submission") == 1


@pytest.mark.requirement("B001", "B098", "B125", "B204", "D63", "P8")
async def test_what_goes_with_a_person_and_what_stays(school: School) -> None:
    workshop = school.workshop
    await workshop.execute("DELETE FROM bootcamp.users WHERE id = $1", workshop.ana)
    assert await workshop.value("SELECT count(*) FROM submissions") == 0
    assert await workshop.value("SELECT count(*) FROM enrollments") == 1
    await workshop.execute("DELETE FROM bootcamp.users WHERE id = $1", workshop.mara)
    assert await workshop.value("SELECT created_by IS NULL FROM courses")


@pytest.mark.requirement("B002", "D60")
async def test_the_bootcamp_is_opened_to_oneself_or_by_an_instructor(workshop: Workshop) -> None:
    async def opens(caller: UserId, user: UserId) -> None:
        async with workshop.database.as_user(caller, writes=True) as connection:
            await connection.execute("SELECT bootcamp.open_to($1, $2)", user, str(uuid5(SPACE, user)))

    await opens(workshop.ana, workshop.ana)
    await opens(workshop.ana, workshop.ana)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await opens(workshop.ana, workshop.ben)
    await opens(workshop.mara, workshop.ben)
    assert await workshop.value("SELECT count(*) FROM bootcamp.users") == 2


# -- state machines --

MACHINES = {
    "enrollment": (
        "enrollments",
        "enrollment_status",
        "progress_percentage = 100, completion_date = CASE {} WHEN 'completed' THEN now() END",
    ),
    "lesson": ("lesson_progress", "status", "started_at = now(), completed_at = now()"),
    "submission": (
        "submissions",
        "status",
        "score = 1, graded_at = now(), submitted_at = CASE {} WHEN 'draft' THEN NULL ELSE now() END",
    ),
}


@pytest.mark.requirement("B084", "B100", "B128")
@pytest.mark.parametrize("machine", MACHINES)
async def test_every_step_is_allowed_exactly_when_it_stands_in_the_table(
    school: School, machine: str, dsn: str
) -> None:
    """All pairs of states, each from a row put there with the triggers off."""
    table, column, extra = MACHINES[machine]
    await school.workshop.execute(
        "INSERT INTO lesson_progress (enrollment_id, lesson_id) VALUES ($1, $2)", school.enrollment, school.lesson
    )
    async with school.workshop.database.connection() as connection:
        rows = await connection.fetch("SELECT from_state, to_state FROM app.transitions WHERE machine = $1", machine)
    steps = {(row["from_state"], row["to_state"]) for row in rows}
    states = {state for step in steps for state in step} - {""}
    owner = await asyncpg.connect(dsn, server_settings={"search_path": "bootcamp"})

    async def to(state: str, triggers: str) -> None:
        await owner.execute(f"SET session_replication_role = {triggers}")
        await owner.execute(f"UPDATE {table} SET {column} = '{state}', {extra.replace('{}', repr(state))}")

    for before in states:
        for after in states - {before}:
            await to(before, "replica")
            refusal: asyncpg.PostgresError | None = None
            try:
                await to(after, "origin")
            except asyncpg.CheckViolationError as error:
                refusal = error
            assert (refusal is None) == ((before, after) in steps), (before, after, refusal)
            if refusal is not None:
                told = set((refusal.detail or "").split())
                assert (refusal.constraint_name, told) == (
                    f"{machine}_transition",
                    {target for start, target in steps if start == before},
                )
    await owner.close()
