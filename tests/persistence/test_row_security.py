"""What the login of REST reads sees of other people's rows, asked of it directly (P1-P6, attacks 18 and 68). The application's
own checks are not involved: each query here is what a mistake of theirs would send."""

import asyncpg
import pytest

from persistence.database import Database
from persistence.models.registration import NewInvitation
from persistence.models.user import PlatformRole
from persistence.preconditions import SCHEMAS, Unsafe, refuse_unsafe
from rooms.ids import UserId
from rooms.roles import Role
from tests.databases import SECRET_KEY
from tests.persistence.tape import Tape
from tests.persistence.workshop import Workshop, new_user


async def seen(workshop: Workshop, user: UserId, query: str) -> set[str]:
    async with workshop.database.as_user(user) as connection:
        return {row[0] for row in await connection.fetch(query)}


@pytest.fixture
async def full(workshop: Workshop) -> Workshop:
    """Ana takes part, Ben is registered, Otto has nothing to do with it; a session of Otto's own stands beside."""
    await workshop.register(workshop.ana, Role.PARTICIPANT)
    await workshop.register(workshop.ben, Role.PARTICIPANT)
    await workshop.take_part(workshop.mara, Role.INSTRUCTOR)
    await workshop.take_part(workshop.ana)
    await workshop.invitations.create(workshop.session, NewInvitation(), workshop.mara)
    return workshop


SESSIONS = "SELECT id FROM live.live_sessions"
PARTICIPANTS = "SELECT user_id FROM live.session_participants"
REGISTRATIONS = "SELECT user_id FROM live.session_registrations"
INVITATIONS = "SELECT id FROM live.session_invitations"
ACCOUNTS = "SELECT id FROM identity.accounts"
USERS = "SELECT id FROM workbook.workbook_users"


async def test_a_stranger_sees_himself_only(full: Workshop) -> None:
    for query in (SESSIONS, PARTICIPANTS, REGISTRATIONS, INVITATIONS):
        assert await seen(full, full.otto, query) == set(), query
    assert await seen(full, full.otto, ACCOUNTS) == {full.otto}
    assert await seen(full, full.otto, USERS) == {full.otto}


async def test_a_learner_sees_the_session_and_own_rows_but_no_fellow_s(full: Workshop) -> None:
    assert await seen(full, full.ana, SESSIONS) == {full.session}
    assert await seen(full, full.ana, PARTICIPANTS) == {full.ana}
    assert await seen(full, full.ana, REGISTRATIONS) == {full.ana}
    assert await seen(full, full.ana, INVITATIONS) == set()
    assert await seen(full, full.ana, USERS) == {full.ana}
    assert await seen(full, full.ana, ACCOUNTS) == {full.ana, full.mara}  # names of those she met
    assert await seen(full, full.ben, ACCOUNTS) == {full.ben, full.mara}  # and of who hosts what he is registered for


async def test_staff_see_their_session_s_rows(full: Workshop) -> None:
    for staff in (full.mara, full.theo):
        assert await seen(full, staff, SESSIONS) == {full.session}
        assert await seen(full, staff, PARTICIPANTS) == {full.mara, full.ana}
        assert await seen(full, staff, REGISTRATIONS) == {full.theo, full.ana, full.ben}
        assert len(await seen(full, staff, INVITATIONS)) == 1
        assert await seen(full, staff, ACCOUNTS) == {full.mara, full.theo, full.ana, full.ben}


async def test_an_instructor_is_no_staff_of_a_colleague_s_session(full: Workshop) -> None:
    await full.directory.set_roles(full.otto, [PlatformRole.INSTRUCTOR], None)
    assert await seen(full, full.otto, SESSIONS) == set()
    assert await seen(full, full.otto, ACCOUNTS) == {full.otto}


async def test_an_administrator_sees_all_rows(full: Workshop) -> None:
    await full.directory.set_roles(full.otto, [PlatformRole.ADMIN], None)
    assert await seen(full, full.otto, SESSIONS) == {full.session}
    assert len(await seen(full, full.otto, ACCOUNTS)) == 5
    assert len(await seen(full, full.otto, REGISTRATIONS)) == 3


async def test_modules_are_seen_when_published_and_by_instructors(full: Workshop) -> None:
    content = {"overview": "o", "learningObjectives": [], "lessons": [], "resources": []}
    for order, published in ((1, True), (2, False)):
        await full.execute(
            "INSERT INTO workbook.workshop_modules (title, module_order, duration_minutes, content, is_published) "
            "VALUES ($1, $2, 10, $3, $4)",
            f"Module {order}",
            order,
            content,
            published,
        )
    titles = "SELECT title FROM workbook.workshop_modules"
    assert await seen(full, full.ana, titles) == {"Module 1"}
    assert await seen(full, full.mara, titles) == {"Module 1", "Module 2"}


async def test_sound_and_words_are_seen_by_whom_they_are_for(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop)
    await tape.transcribe_all()
    tracks = "SELECT track FROM live.session_recordings"
    sound = "SELECT track FROM workbook.audio_recordings"
    words = "SELECT r.track FROM workbook.transcription_records t JOIN workbook.audio_recordings r ON r.id = t.audio_recording_id"
    everything = {"mix", workshop.ana, workshop.ben}
    stranger = await workshop.directory.create_user(new_user("Nobody"))
    for query in (tracks, sound, words):
        assert await seen(workshop, workshop.ana, query) == {"mix", workshop.ana}, query
        assert await seen(workshop, workshop.otto, query) == {"mix"}, query
        assert await seen(workshop, workshop.mara, query) == everything, query
        assert await seen(workshop, workshop.theo, query) == everything, query
        assert await seen(workshop, stranger, query) == set(), query
    await tape.recordings.publish(tape.recording, False)
    for query in (tracks, sound, words):
        assert await seen(workshop, workshop.ana, query) == {workshop.ana}, query
        assert await seen(workshop, workshop.otto, query) == set(), query
        assert await seen(workshop, workshop.theo, query) == everything, query


NEVER_NEEDED = [
    "SELECT email_enc FROM identity.accounts",
    "SELECT email_bidx FROM identity.accounts",
    "SELECT * FROM identity.credentials",
    "SELECT * FROM identity.tokens",
    "SELECT * FROM ops.encryption_keys",
    "SELECT * FROM ops.idempotency_keys",
    "SELECT * FROM live.session_events",
    "SELECT * FROM live.session_secrets",
    "SELECT * FROM live.recording_keys",
    "SELECT * FROM live.media_homes",
    "SELECT * FROM ops.jobs",
    "SET ROLE workshop_owner",
    "SET ROLE workshop_engine",
    "SELECT ops.recognise_cluster()",
    "SELECT ops.ensure_partitions(1)",
    "SELECT app.protect('live.live_sessions')",
]


async def test_attack_68_the_app_login_is_refused_what_it_never_needs(
    full: Workshop, subtests: pytest.Subtests
) -> None:
    for statement in NEVER_NEEDED:
        async with full.database.as_user(full.mara) as connection:
            with subtests.test(statement), pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)


WRITES = [
    "UPDATE live.session_participants SET participation_score = 100",
    "UPDATE workbook.workbook_users SET subscription_tier = 'vip'",
    "INSERT INTO identity.user_roles SELECT app.current_user_id(), 'admin'",
    "DELETE FROM live.session_registrations",
    "UPDATE live.session_recordings SET published = true",
    "UPDATE workbook.audio_recordings SET user_id = app.current_user_id()",
    "DELETE FROM workbook.transcription_records",
    "UPDATE live.live_sessions SET title = 'mine'",
    "ALTER TABLE live.live_sessions DISABLE ROW LEVEL SECURITY",
    "CREATE TABLE live.mine (id int)",
    "CREATE TABLE public.mine (id int)",
]


async def test_attack_24_the_app_login_writes_nothing(full: Workshop, subtests: pytest.Subtests) -> None:
    async with full.database.app.acquire() as connection:  # as_user is read-only besides
        for statement in WRITES:
            with subtests.test(statement), pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)


@pytest.mark.requirement("P1", "P11")
async def test_p1_nothing_of_an_identity_is_left_on_the_connection(full: Workshop) -> None:
    async with full.database.app.acquire() as connection:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.user_id', $1, true)", full.mara)
            assert await connection.fetch(SESSIONS) != []
        assert await connection.fetch(SESSIONS) == []
        assert await connection.fetch(ACCOUNTS) == []


async def test_as_user_refuses_what_is_no_identity(full: Workshop) -> None:
    with pytest.raises(ValueError, match="UUID"):
        async with full.database.as_user(UserId("' OR true --")):
            raise AssertionError("never entered")


async def test_attack_68_the_app_login_calls_only_what_its_policies_need(full: Workshop) -> None:
    callable_ = await full.value(
        "SELECT array_agg(p.proname::text ORDER BY p.proname) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE n.nspname = ANY ($1 || ARRAY['app']) AND has_function_privilege('workshop_app', p.oid, 'EXECUTE')",
        SCHEMAS,
    )
    assert callable_ == [
        "attempt",
        "behind_s",
        "count_view",
        "course_of_assignment",
        "course_of_lesson",
        "course_of_module",
        "course_of_submission",
        "current_user_id",
        "english_tsv",
        "has_completed",
        "has_role",
        "is_admin",
        "is_somebody",
        "is_text_set",
        "is_timezone",
        "link_fataplus",
        "mark_solution",
        "moderates",
        "module_content_ok",
        "my_courses",
        "my_hosted_sessions",
        "my_led_courses",
        "my_led_projects",
        "my_led_slugs",
        "my_modules",
        "my_people",
        "my_projects",
        "my_recordings",
        "my_reviewed_submissions",
        "my_sessions",
        "my_staffed_sessions",
        "my_students",
        "my_taught_courses",
        "open_to",
        "place",
        "plain_text",
        "prerequisites_met",
        "reseals",
        "search",
        "submission_owner",
        "uuid7",
        "word_count",
    ]


@pytest.mark.requirement("B321")
async def test_every_table_has_forced_policies_and_every_definer_function_a_fixed_path(full: Workshop) -> None:
    bare = await full.value(
        "SELECT array_agg(c.oid::regclass::text) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
        SCHEMAS,
    )
    assert bare is None
    loose = await full.value(
        "SELECT array_agg(p.oid::regprocedure::text) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE n.nspname = ANY ($1 || ARRAY['app']) AND p.prosecdef "
        "AND NOT coalesce(p.proconfig::text LIKE '%search_path%', false)",
        SCHEMAS,
    )
    assert loose is None
    owners = await full.value(
        "SELECT array_agg(DISTINCT pg_get_userbyid(c.relowner)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = ANY ($1 || ARRAY['app'])",
        SCHEMAS,
    )
    assert owners == ["workshop_owner"]
    reachable = await full.value(
        "SELECT array_agg(c.oid::regclass::text) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = ANY ($1 || ARRAY['app']) AND c.relkind IN ('v', 'm') "
        "AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)",
        SCHEMAS,
    )
    assert reachable is None  # any other view would read as its owner


@pytest.mark.requirement("P2", "B321")
async def test_serving_is_refused_to_a_superuser_and_where_a_table_shows_rows_to_nobody(
    dsn: str, workshop: Workshop
) -> None:
    with pytest.raises(Unsafe, match="postgres can pass row-level security"):
        await Database.open(dsn, SECRET_KEY, app_dsn=dsn)
    owner = await asyncpg.connect(dsn)
    try:
        await owner.execute("CREATE POLICY careless ON live.live_sessions FOR SELECT TO workshop_app USING (true)")
        with pytest.raises(Unsafe, match="live_sessions shows rows"):
            await Database.open(dsn, SECRET_KEY)
        await owner.execute("DROP POLICY careless ON live.live_sessions")
        await owner.execute("ALTER TABLE live.live_sessions NO FORCE ROW LEVEL SECURITY")
        with pytest.raises(Unsafe, match="without row-level security: live_sessions"):
            await Database.open(dsn, SECRET_KEY)
    finally:
        await owner.close()


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
async def test_serving_is_refused_where_an_acknowledged_event_could_be_lost(database: Database, setting: str) -> None:
    class Answering:
        """A server with one setting turned off."""

        async def fetchval(self, query: str, *arguments: object) -> object:
            return "off" if arguments == (setting,) else "on"

    with pytest.raises(Unsafe, match=f"{setting} = off"):
        await refuse_unsafe(Answering(), Answering())  # type: ignore[arg-type]
