"""Projects, discussions, certificates and records asked of the database directly, as REST's own login: what a mistake of the
application would send is refused all the same (P6, B321, B322)."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from rooms.ids import UserId
from tests.bootcamp import Course, open_course
from tests.persistence.workshop import Workshop

REFUSED = asyncpg.InsufficientPrivilegeError


@pytest.fixture
async def course(workshop: Workshop) -> Course:
    return await open_course(workshop.database, workshop.mara, workshop.ana, workshop.ben, assists=workshop.theo)


async def tried(workshop: Workshop, user: UserId, statement: str, *arguments: Any) -> Any:
    """As `user`; what a statement returns, or how many rows it changed."""
    async with workshop.database.as_user(user, writes=True) as connection:
        if "RETURNING" in statement:
            return await connection.fetchval(statement, *arguments)
        return (await connection.execute(statement, *arguments)).rpartition(" ")[2]


async def discussion(workshop: Workshop, course: Course, author: UserId) -> str:
    statement = "INSERT INTO bootcamp.discussions (course_id, author_id, title, content) VALUES ($1, $2, 'Clay', 'Red?') RETURNING id"
    return str(await tried(workshop, author, statement, course.id, author))


@pytest.mark.requirement("B183", "B191", "B192", "B321")
async def test_nobody_writes_for_another_or_sets_a_counter(workshop: Workshop, course: Course) -> None:
    made = await discussion(workshop, course, workshop.ana)
    with pytest.raises(REFUSED):
        await tried(
            workshop,
            workshop.ben,
            "INSERT INTO bootcamp.discussions (course_id, author_id, title, content) VALUES ($1, $2, 'x', 'x')",
            course.id,
            workshop.ana,
        )
    for column, value in (
        ("view_count", "99"),
        ("reply_count", "99"),
        ("course_id", "NULL"),
        ("author_id", f"'{workshop.ben}'"),
    ):
        with pytest.raises(REFUSED):
            await tried(
                workshop, workshop.ana, f"UPDATE bootcamp.discussions SET {column} = {value} WHERE id = $1", made
            )
    assert (
        await tried(workshop, workshop.otto, "UPDATE bootcamp.discussions SET title = 'x' WHERE id = $1", made) == "0"
    )
    assert await tried(workshop, workshop.ben, "UPDATE bootcamp.discussions SET title = 'x' WHERE id = $1", made) == "0"


@pytest.mark.requirement("B200", "B201", "D69")
async def test_a_solution_and_votes_are_not_set_by_hand(workshop: Workshop, course: Course) -> None:
    made = await discussion(workshop, course, workshop.ana)
    reply = await tried(
        workshop,
        workshop.ben,
        "INSERT INTO bootcamp.discussion_replies (discussion_id, author_id, content) VALUES ($1, $2, 'Grey') RETURNING id",
        made,
        workshop.ben,
    )
    for column, value in (("is_solution", "true"), ("helpful_votes", "7")):
        with pytest.raises(REFUSED):
            await tried(
                workshop,
                workshop.ben,
                f"UPDATE bootcamp.discussion_replies SET {column} = {value} WHERE id = $1",
                reply,
            )
    vote = "INSERT INTO bootcamp.discussion_reply_votes (reply_id, user_id) VALUES ($1, $2)"
    for voter, named in ((workshop.ben, workshop.ben), (workshop.otto, workshop.otto), (workshop.ana, workshop.mara)):
        with pytest.raises(REFUSED):
            await tried(workshop, voter, vote, reply, named)
    await tried(workshop, workshop.ana, vote, reply, workshop.ana)
    for stranger in (workshop.ben, workshop.otto):
        with pytest.raises(REFUSED):
            await tried(workshop, stranger, "SELECT bootcamp.mark_solution($1)", reply)
    await tried(workshop, workshop.theo, "SELECT bootcamp.mark_solution($1)", reply)
    assert await workshop.value("SELECT is_solution FROM bootcamp.discussion_replies WHERE id = $1", reply)


@pytest.mark.requirement("B179", "B182")
async def test_what_is_left_of_a_deleted_course_is_not_for_everybody(workshop: Workshop, course: Course) -> None:
    made = await discussion(workshop, course, workshop.ana)
    await workshop.execute("DELETE FROM bootcamp.courses WHERE id = $1", course.id)
    left = "SELECT course_id IS NULL AND deleted_at IS NOT NULL FROM bootcamp.discussions WHERE id = $1"
    assert await workshop.value(left, made)
    assert (
        await tried(workshop, workshop.otto, "UPDATE bootcamp.discussions SET title = 'x' WHERE id = $1", made) == "0"
    )


@pytest.mark.requirement("B144")
async def test_a_full_team_tells_nothing_to_strangers(workshop: Workshop, course: Course) -> None:
    project = await tried(
        workshop,
        workshop.mara,
        "INSERT INTO bootcamp.design_projects (title, description, course_id, project_type, created_by) "
        "VALUES ('Stall', 'Folds', $1, 'individual', $2) RETURNING id",
        course.id,
        workshop.mara,
    )
    seat = "INSERT INTO bootcamp.project_teams (project_id, user_id) VALUES ($1, $2)"
    await tried(workshop, workshop.mara, seat, project, workshop.ana)
    with pytest.raises(asyncpg.ExclusionViolationError):
        await tried(workshop, workshop.mara, seat, project, workshop.ben)
    for stranger in (workshop.otto, workshop.ben, workshop.theo):
        with pytest.raises(REFUSED):
            await tried(workshop, stranger, seat, project, workshop.ben)


@pytest.mark.requirement("B226", "B235", "B314")
async def test_a_certificate_is_not_made_or_changed_by_hand(workshop: Workshop, course: Course) -> None:
    make = "INSERT INTO bootcamp.certificates (user_id, course_id, certificate_number) VALUES ($1, $2, $3) RETURNING id"
    with pytest.raises(asyncpg.CheckViolationError):
        await tried(workshop, workshop.mara, make, workshop.ana, course.id, "FP-2026-000001-1")
    await course.complete(workshop.ana)
    for other in (workshop.ana, workshop.theo, workshop.otto):
        with pytest.raises(REFUSED):
            await tried(workshop, other, make, workshop.ana, course.id, "FP-2026-000001-1")
    made = await tried(workshop, workshop.mara, make, workshop.ana, course.id, "FP-2026-000001-1")
    for column, value in (
        ("certificate_number", "'FP-2026-000002-9'"),
        ("blockchain_hash", "'b'"),
        ("user_id", f"'{workshop.ben}'"),
    ):
        with pytest.raises(REFUSED):
            await tried(
                workshop, workshop.mara, f"UPDATE bootcamp.certificates SET {column} = {value} WHERE id = $1", made
            )
    revoke = (
        "UPDATE bootcamp.certificates SET is_revoked = true, revoked_at = now(), revoked_reason = 'x' WHERE id = $1"
    )
    with pytest.raises(REFUSED):
        await tried(workshop, workshop.ana, revoke, made)
    issued = "SELECT certificate_issued FROM bootcamp.enrollments WHERE user_id = $1"
    assert await workshop.value(issued, workshop.ana) is True
    assert await tried(workshop, workshop.mara, revoke, made) == "1"
    assert await workshop.value(issued, workshop.ana) is False
    back = "UPDATE bootcamp.certificates SET is_revoked = false, revoked_at = NULL, revoked_reason = NULL WHERE id = $1"
    with pytest.raises(asyncpg.CheckViolationError, match="illegal certificate transition"):
        await tried(workshop, workshop.mara, back, made)


@pytest.mark.requirement("B261", "B262", "D76")
async def test_no_address_and_no_fingerprint_is_stored(workshop: Workshop, course: Course) -> None:
    counted = "INSERT INTO bootcamp.learning_analytics (user_id, event_type, ip_address) VALUES ($1, 'forum_post', $2::text::inet)"
    await tried(workshop, workshop.ana, counted, workshop.ana, "203.0.113.0/24")
    for exact in ("203.0.113.7", "203.0.113.7/24", "2001:db8::1", "2001:db8::/64"):
        with pytest.raises(asyncpg.CheckViolationError):
            await tried(workshop, workshop.ana, counted, workshop.ana, exact)
    fine = "INSERT INTO bootcamp.learning_analytics (user_id, event_type, browser_info) VALUES ($1, 'forum_post', $2)"
    with pytest.raises(asyncpg.CheckViolationError):
        await tried(workshop, workshop.ana, fine, workshop.ana, {"family": "firefox", "build": "20100101"})


@pytest.mark.requirement("B276", "B281", "D60")
async def test_a_link_agrees_with_the_account_and_says_nothing_it_may_not(workshop: Workshop, course: Course) -> None:
    link = "INSERT INTO bootcamp.fataplus_integration (user_id, fataplus_user_id) VALUES ($1, $2)"
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await tried(workshop, workshop.ana, link, workshop.ana, str(uuid4()))
    other = str(uuid4())
    await tried(workshop, workshop.ana, "SELECT bootcamp.link_fataplus($1)", other)
    await tried(workshop, workshop.ana, link, workshop.ana, other)
    for statement in ("sync_status = 'error'", "last_sync_at = now()", "sync_errors = '{x}'", "errors_in_a_row = 3"):
        with pytest.raises(REFUSED):
            await tried(
                workshop,
                workshop.ana,
                f"UPDATE bootcamp.fataplus_integration SET {statement} WHERE user_id = $1",
                workshop.ana,
            )
    assert (
        await tried(
            workshop, workshop.ben, "DELETE FROM bootcamp.fataplus_integration WHERE user_id = $1", workshop.ana
        )
        == "0"
    )


@pytest.mark.requirement("B150", "B281")
@pytest.mark.parametrize(
    ("machine", "column", "states"),
    [
        ("project", "design_projects.status", "project_status"),
        ("sync", "fataplus_integration.sync_status", "sync_status"),
    ],
)
async def test_every_step_is_allowed_exactly_when_it_stands_in_the_table(
    workshop: Workshop, course: Course, dsn: str, machine: str, column: str, states: str
) -> None:
    """All pairs of states, each from a row put there with the triggers off."""
    await workshop.execute(
        "INSERT INTO bootcamp.design_projects (title, description, course_id) VALUES ('Stall', 'It folds', $1)",
        course.id,
    )
    await workshop.execute(
        "INSERT INTO bootcamp.fataplus_integration (user_id, fataplus_user_id) "
        "SELECT id, fataplus_user_id FROM bootcamp.users WHERE id = $1",
        workshop.ana,
    )
    table, _, name = column.partition(".")
    change = f"UPDATE bootcamp.{table} SET {name} = $1::text::bootcamp.{states}"
    owner = await asyncpg.connect(dsn)
    try:
        rows = await owner.fetch("SELECT from_state, to_state FROM app.transitions WHERE machine = $1", machine)
        allowed = {(row["from_state"], row["to_state"]) for row in rows}
        known = {row[0] for row in await owner.fetch(f"SELECT unnest(enum_range(NULL::bootcamp.{states}))::text")}
        assert known == {state for pair in allowed for state in pair} - {""}
        for before, after in sorted((one, other) for one in known for other in known - {one}):
            await owner.execute("SET session_replication_role = replica")
            await owner.execute(change, before)
            await owner.execute("SET session_replication_role = origin")
            if (before, after) in allowed:
                await owner.execute(change, after)
                continue
            with pytest.raises(asyncpg.CheckViolationError) as error:
                await owner.execute(change, after)
            assert error.value.constraint_name == f"{machine}_transition", (before, after)
    finally:
        await owner.close()
