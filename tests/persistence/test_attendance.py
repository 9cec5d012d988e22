"""What being there pays (domain.md 2.3): hand-calculated for an hour of Mara's that Ana stays for, Ben leaves after half, Otto watches and
Theo assists; paid once however often it is credited, by the difference where something changed, and nobody twice or forgotten."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from live.certificates.issuing import Issuing
from live.settings import Settings
from persistence.attendance import Attendances
from persistence.database import Database
from persistence.jobs import Job, Jobs
from persistence.projections import Projector
from rooms.ids import UserId
from rooms.lifecycle import (
    ActivateSession,
    CancelSession,
    EndSession,
    LapseSession,
    PauseSession,
    ResumeSession,
    StartSession,
)
from rooms.participants import Join, Leave
from rooms.rights import SetRole
from rooms.roles import Role
from tests.bootcamp import Course, open_course
from tests.databases import SECRET_KEY
from tests.persistence.scribe import Process, Scribe, process_on, said
from tests.persistence.test_schema import add_module, lessons
from tests.persistence.workshop import START, Workshop, new_user


@pytest.fixture
async def here(database: Database) -> AsyncIterator[Process]:
    async with process_on(database) as process:
        yield process


ROOT = Path(__file__).parents[2]
PERSONAL = ("email_enc", "email_bidx", "bidx_key_id", "given_name_enc", "family_name_enc", "full_name_enc")


class Lesson:
    """An hour of Mara's by its own clock; Ben leaves after half of it."""

    def __init__(self, workshop: Workshop, scribe: Scribe) -> None:
        self.workshop = workshop
        self.scribe = scribe
        self.now = START
        scribe.clock = lambda: self.now

    @classmethod
    async def begin(cls, here: Process, workshop: Workshop) -> "Lesson":
        lesson = cls(workshop, here.scribe(await here.open_session(workshop.mara)))
        await lesson.scribe.catch_up()
        mara = workshop.mara
        await lesson.says((mara, Join(role=Role.INSTRUCTOR)), (mara, StartSession()), (mara, ActivateSession()))
        roles = {workshop.theo: Role.ASSISTANT, workshop.otto: Role.OBSERVER}
        for user in (workshop.theo, workshop.ana, workshop.ben, workshop.otto):
            await lesson.says((user, Join(role=roles.get(user, Role.PARTICIPANT))))
        return lesson

    @classmethod
    async def held(cls, here: Process, workshop: Workshop, **links: Any) -> "Lesson":
        lesson = await cls.begin(here, workshop)
        await lesson.linked(**links)
        await lesson.passes(30)
        await lesson.leaves(workshop.ben)
        await lesson.passes(30)
        await lesson.says((workshop.mara, EndSession()))
        return lesson

    async def linked(self, module: str | None = None, lesson: str | None = None, course: Course | None = None) -> None:
        if module is not None:
            await self.workshop.execute(
                "UPDATE live_sessions SET module_id = $2, lesson_id = $3 WHERE id = $1", self.session, module, lesson
            )
        if course is not None:
            await self.link(course.id, course.lesson)

    async def link(self, course: str, lesson: str | None = None, module: str | None = None, least: float = 0.6) -> None:
        await self.workshop.execute(
            "INSERT INTO bootcamp_links (session_id, course_id, module_id, lesson_id, completes_lesson, min_attendance) "
            "VALUES ($1, $2, $3, $4, $4::uuid IS NOT NULL, $5)",
            self.session,
            course,
            module,
            lesson,
            least,
        )

    async def says(self, *acts: tuple[UserId | None, Any]) -> None:
        await self.scribe.say(*(said(user, command) for user, command in acts))

    async def leaves(self, user: UserId, *, ago_minutes: float = 0) -> None:
        await self.says((None, Leave(user_id=user, last_seen=self.now - timedelta(minutes=ago_minutes))))

    async def passes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    @property
    def session(self) -> str:
        return self.scribe.session

    async def credit(self) -> None:
        await Attendances(self.workshop.database).credit(self.scribe.session)

    async def credits(self) -> dict[tuple[str, str], tuple[int, float, bool]]:
        """By name and kind of target: minutes, ratio, completed."""
        names = {getattr(self.workshop, name): name for name in ("mara", "theo", "ana", "ben", "otto")}
        async with self.workshop.database.connection() as connection:
            rows = await connection.fetch("SELECT * FROM attendance_credits WHERE session_id = $1", self.session)
        return {
            (names[row["user_id"]], row["target"].partition(":")[0]): (
                row["minutes"],
                float(row["ratio"]),
                row["completed"],
            )
            for row in rows
        }


async def progress(workshop: Workshop, user: UserId) -> dict[str | None, tuple[str, int, int]]:
    """By lesson, None is the module: status, percent, minutes."""
    async with workshop.database.connection() as connection:
        rows = await connection.fetch("SELECT * FROM user_progress WHERE user_id = $1", user)
    return {row["lesson_id"]: (row["status"], row["progress_percent"], row["time_spent_minutes"]) for row in rows}


async def enrolled(workshop: Workshop, user: UserId) -> tuple[str, float, int]:
    async with workshop.database.connection() as connection:
        row = await connection.fetchrow(
            "SELECT enrollment_status::text, progress_percentage, time_spent_minutes FROM enrollments WHERE user_id = $1",
            user,
        )
    assert row is not None
    return row[0], float(row[1]), row[2]


async def learnt(workshop: Workshop, user: UserId) -> dict[str, tuple[str, int]]:
    async with workshop.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT p.lesson_id, p.status::text, p.time_spent_minutes FROM lesson_progress p "
            "JOIN enrollments e ON e.id = p.enrollment_id WHERE e.user_id = $1",
            user,
        )
    return {row[0]: (row[1], row[2]) for row in rows}


async def told(workshop: Workshop, user: UserId) -> dict[str, int | None]:
    async with workshop.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT event_type::text, session_duration_minutes FROM learning_analytics WHERE user_id = $1",
            user,
        )
    return {row[0]: row[1] for row in rows}


EVERYTHING = """
SELECT json_build_object(
  'credits', (SELECT json_agg(c.* ORDER BY c.user_id, c.target) FROM (SELECT user_id, target, minutes, ratio, completed FROM attendance_credits) c),
  'progress', (SELECT json_agg(p.* ORDER BY p.user_id, p.lesson_id) FROM (SELECT user_id, lesson_id, status, progress_percent,
               time_spent_minutes, completed_at FROM user_progress) p),
  'lessons', (SELECT json_agg(l.* ORDER BY l.enrollment_id, l.lesson_id) FROM (SELECT enrollment_id, lesson_id, status, completed_at,
              time_spent_minutes FROM lesson_progress) l),
  'enrollments', (SELECT json_agg(e.* ORDER BY e.id) FROM (SELECT id, enrollment_status, progress_percentage, time_spent_minutes,
                  completion_date FROM enrollments) e),
  'analytics', (SELECT json_agg(a.* ORDER BY a.id) FROM learning_analytics a))::text
"""


async def everything(workshop: Workshop) -> Any:
    return json.loads(await workshop.value(EVERYTHING))


# -- by hand --


@pytest.mark.requirement("W054", "W058", "W059", "W072", "W073", "W172", "D17")
async def test_who_was_there_gets_on_in_the_workbook(here: Process, workshop: Workshop) -> None:
    module = await add_module(
        workshop, content=lessons({}, {"id": "l2", "title": "Two", "estimatedMinutes": 15, "sortOrder": 2})
    )
    lesson = await Lesson.held(here, workshop, module=module, lesson="l1")
    await lesson.credit()
    assert await lesson.credits() == {
        ("ana", "workshop"): (60, 1.0, True),
        ("ben", "workshop"): (30, 0.5, False),  # less than 0.80
        ("otto", "workshop"): (60, 1.0, True),
        ("mara", "workshop"): (0, 0.0, False),  # ran it
        ("theo", "workshop"): (0, 0.0, False),
    }
    # l1 is 5 of 20 minutes
    assert await progress(workshop, workshop.ana) == {"l1": ("completed", 100, 60), None: ("in_progress", 25, 60)}
    assert await progress(workshop, workshop.ben) == {"l1": ("in_progress", 0, 30), None: ("in_progress", 0, 30)}
    assert await progress(workshop, workshop.mara) == {}


async def test_a_module_as_a_whole_is_begun_not_completed(here: Process, workshop: Workshop) -> None:
    lesson = await Lesson.held(here, workshop, module=await add_module(workshop))
    await lesson.credit()
    assert await progress(workshop, workshop.ana) == {None: ("in_progress", 0, 60)}


@pytest.mark.requirement("B084", "B087", "B090", "B100", "B103", "B253", "B257", "B259", "B307", "B308", "D76")
async def test_who_was_there_gets_on_in_the_course(here: Process, workshop: Workshop) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana, workshop.ben, title="Soil")
    await another_lesson(course)
    lesson = await Lesson.held(here, workshop, course=course)
    await lesson.credit()
    assert await lesson.credits() == {
        ("ana", "lesson"): (60, 1.0, True),
        ("ben", "lesson"): (30, 0.5, False),
    }
    assert await learnt(workshop, workshop.ana) == {course.lesson: ("completed", 60)}
    assert await learnt(workshop, workshop.ben) == {course.lesson: ("in_progress", 30)}
    assert await enrolled(workshop, workshop.ana) == ("in_progress", 50.0, 60)  # one of two required lessons
    assert await enrolled(workshop, workshop.ben) == ("in_progress", 0.0, 30)
    assert await told(workshop, workshop.ana) == {
        "lesson_started": None,
        "lesson_completed": None,
        "live_session_joined": None,
        "live_session_attended": 60,
    }
    assert await told(workshop, workshop.ben) == {
        "lesson_started": None,
        "live_session_joined": None,
        "live_session_attended": 30,
    }
    assert await told(workshop, workshop.otto) == {}  # is not in the bootcamp
    places = "SELECT count(DISTINCT course_id) FROM learning_analytics WHERE course_id = $1 AND user_id = $2"
    assert await workshop.value(places, course.id, workshop.ana) == 1


async def another_lesson(course: Course) -> str:
    async with course.database.transaction() as connection:
        made: str = await connection.fetchval(
            "INSERT INTO lessons (module_id, title, lesson_order) VALUES ($1, 'Water', 2) RETURNING id", course.module
        )
    return made


@pytest.mark.parametrize(("least", "minutes", "completed"), [(0.6, 36, True), (0.6, 35.9, False), (0.29, 17.4, True)])
async def test_the_least_attendance_is_the_links_own(
    here: Process, workshop: Workshop, least: float, minutes: float, completed: bool
) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana, workshop.ben)
    lesson = await Lesson.begin(here, workshop)
    await lesson.link(course.id, course.lesson, least=least)
    await lesson.passes(minutes)
    await lesson.leaves(workshop.ben)
    await lesson.passes(60 - minutes)
    await lesson.says((workshop.mara, EndSession()))
    await lesson.credit()
    assert (await lesson.credits())["ben", "lesson"] == (
        int(minutes),
        int(minutes * 1_000 / 60 + 0.001) / 1_000,
        completed,
    )


@pytest.mark.parametrize("what", ["lessons", "modules", "workshop_modules"])
async def test_what_was_hidden_afterwards_costs_nobody_their_time(here: Process, workshop: Workshop, what: str) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana)
    lesson = await Lesson.held(here, workshop, module=await add_module(workshop), lesson="l1", course=course)
    await lesson.credit()
    before = await everything(workshop)
    await workshop.execute(f"UPDATE {what} SET deleted_at = now()")
    await lesson.credit()
    after = await everything(workshop)
    assert (after["lessons"], after["progress"]) == (before["lessons"], before["progress"])


async def test_a_minute_is_spent_once_however_many_lessons_it_was_for(here: Process, workshop: Workshop) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana)
    second = await another_lesson(course)
    lesson = await Lesson.begin(here, workshop)
    await lesson.link(course.id, course.lesson)
    await lesson.link(course.id, second)
    await lesson.passes(61)
    await lesson.says((workshop.mara, EndSession()))
    await lesson.credit()
    assert await learnt(workshop, workshop.ana) == {course.lesson: ("completed", 31), second: ("completed", 30)}
    assert (await enrolled(workshop, workshop.ana))[2] == 61
    assert (await told(workshop, workshop.ana))["live_session_attended"] == 61


async def test_a_course_as_a_whole_takes_the_time_and_is_begun(here: Process, workshop: Workshop) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana)
    lesson = await Lesson.begin(here, workshop)
    await lesson.link(course.id)
    await lesson.passes(20)
    await lesson.says((workshop.mara, EndSession()))
    await lesson.credit()
    assert await enrolled(workshop, workshop.ana) == ("in_progress", 0.0, 20)
    # and what is learned afterwards comes on top
    await course.execute(
        "INSERT INTO lesson_progress (enrollment_id, lesson_id, status, time_spent_minutes) "
        "SELECT id, $2, 'in_progress', 7 FROM enrollments WHERE user_id = $1",
        workshop.ana,
        course.lesson,
    )
    assert (await enrolled(workshop, workshop.ana))[2] == 27


async def test_pauses_are_nobodys_time_and_time_on_the_staff_is_not_attended(here: Process, workshop: Workshop) -> None:
    lesson = await Lesson.begin(here, workshop)
    await lesson.linked(module=await add_module(workshop))
    await lesson.passes(10)
    await lesson.says((workshop.mara, PauseSession()))
    await lesson.passes(50)
    await lesson.says((workshop.mara, ResumeSession()))
    await lesson.passes(10)
    await lesson.says((workshop.mara, SetRole(user_id=workshop.ben, role=Role.ASSISTANT)))
    await lesson.passes(20)
    await lesson.says((workshop.mara, EndSession()))
    await lesson.credit()
    credited = await lesson.credits()
    assert credited["ana", "workshop"] == (40, 1.0, False)
    assert credited["ben", "workshop"] == (20, 0.5, False)


async def test_what_is_locked_takes_nothing_until_it_opens(here: Process, workshop: Workshop) -> None:
    first = await add_module(workshop, 1)
    second = await add_module(workshop, 2, prerequisites=[first])
    lesson = await Lesson.held(here, workshop, module=second, lesson="l1")
    await lesson.credit()
    assert await progress(workshop, workshop.ana) == {"l1": ("locked", 0, 0)}
    assert (await lesson.credits())["ana", "workshop"][:1] == (0,)
    await workshop.execute(
        "INSERT INTO user_progress (user_id, module_id, status) VALUES ($1, $2, 'in_progress')", workshop.ana, first
    )
    await workshop.execute(
        "UPDATE user_progress SET status = 'completed', progress_percent = 100 WHERE module_id = $1", first
    )
    await lesson.credit()
    found = await progress(workshop, workshop.ana)
    assert found["l1"] == ("completed", 100, 60)


@pytest.mark.parametrize("away", ["dropped", "suspended"])
async def test_who_left_a_course_gets_nothing_and_loses_nothing(here: Process, workshop: Workshop, away: str) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana, workshop.ben)
    await another_lesson(course)
    leave = f"UPDATE enrollments SET enrollment_status = '{away}' WHERE user_id = $1"
    await workshop.execute(leave, workshop.ben)
    lesson = await Lesson.held(here, workshop, course=course)
    await lesson.credit()
    assert await enrolled(workshop, workshop.ben) == (away, 0.0, 0)
    await workshop.execute(leave, workshop.ana)
    await lesson.credit()
    assert await enrolled(workshop, workshop.ana) == (away, 50.0, 60)
    assert await learnt(workshop, workshop.ana) == {course.lesson: ("completed", 60)}


# -- once --


async def test_credited_again_nothing_changes(here: Process, workshop: Workshop) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana, workshop.ben)
    lesson = await Lesson.held(here, workshop, module=await add_module(workshop), lesson="l1", course=course)
    await lesson.credit()
    before = await everything(workshop)
    await lesson.credit()
    await asyncio.gather(lesson.credit(), lesson.credit())
    assert await everything(workshop) == before


async def test_two_at_once_pay_as_much_as_one(here: Process, workshop: Workshop) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana, workshop.ben)
    lesson = await Lesson.held(here, workshop, module=await add_module(workshop), lesson="l1", course=course)
    await asyncio.gather(*(lesson.credit() for _ in range(3)))
    assert await learnt(workshop, workshop.ana) == {course.lesson: ("completed", 60)}
    assert (await progress(workshop, workshop.ana))["l1"] == ("completed", 100, 60)
    assert (await enrolled(workshop, workshop.ben))[2] == 30


async def test_killed_between_two_people_the_others_are_paid_and_nobody_twice(
    here: Process, workshop: Workshop
) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana, workshop.ben)
    lesson = await Lesson.held(here, workshop, module=await add_module(workshop), lesson="l1", course=course)

    class Killed(Exception):
        pass

    async def die() -> None:
        raise Killed

    for _ in range(2):
        with pytest.raises(Killed):
            await Attendances(workshop.database).credit(lesson.scribe.session, die)
        assert len({user for user, _target in await lesson.credits()}) == 1
    await lesson.credit()
    assert (await enrolled(workshop, workshop.ana))[2] == 60
    assert (await enrolled(workshop, workshop.ben))[2] == 30
    assert (await progress(workshop, workshop.otto))[None][2] == 60


async def test_a_revisit_stays_a_revisit(here: Process, workshop: Workshop) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana)
    await another_lesson(course)
    lesson = await Lesson.held(here, workshop, module=await add_module(workshop), lesson="l1", course=course)
    await lesson.credit()
    await workshop.execute("UPDATE user_progress SET status = 'in_progress' WHERE lesson_id = 'l1'")
    await workshop.execute("UPDATE lesson_progress SET status = 'in_progress'")
    await lesson.credit()
    assert (await progress(workshop, workshop.ana))["l1"][0] == "in_progress"
    assert await learnt(workshop, workshop.ana) == {course.lesson: ("in_progress", 60)}


async def test_the_command_line_credits_again(here: Process, workshop: Workshop, dsn: str) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana, workshop.ben)
    lesson = await Lesson.held(here, workshop, course=course)
    environ = {"PATH": os.environ["PATH"], "DATABASE_URL": dsn, "SECRET_KEY": SECRET_KEY}
    for _ in range(2):
        command = [sys.executable, "run.py", "rebuild", lesson.session]
        made = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, env=environ, capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        assert (await enrolled(workshop, workshop.ana), await enrolled(workshop, workshop.ben)) == (
            ("completed", 100.0, 60),
            ("in_progress", 0.0, 30),
        )


# -- the difference --


async def test_known_only_afterwards_to_have_left_it_is_paid_back(here: Process, workshop: Workshop) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana)
    module = await add_module(workshop)
    lesson = await Lesson.held(here, workshop, module=module, lesson="l1", course=course)
    await lesson.credit()
    await lesson.passes(1)
    await lesson.leaves(workshop.ana, ago_minutes=31)  # had been gone for half of it
    assert len(await queued(workshop, lesson, "attendance")) == 2
    await lesson.credit()
    assert await lesson.credits() == {
        ("ana", "workshop"): (30, 0.5, True),  # what was completed stays
        ("ben", "workshop"): (30, 0.5, False),
        ("otto", "workshop"): (60, 1.0, True),
        ("mara", "workshop"): (0, 0.0, False),
        ("theo", "workshop"): (0, 0.0, False),
        ("ana", "lesson"): (30, 0.5, True),
    }
    assert await progress(workshop, workshop.ana) == {"l1": ("completed", 100, 30), None: ("in_progress", 50, 30)}
    assert await learnt(workshop, workshop.ana) == {course.lesson: ("completed", 30)}
    assert (await enrolled(workshop, workshop.ana))[2] == 30
    assert (await told(workshop, workshop.ana))["live_session_attended"] == 30


async def test_who_read_less_of_the_log_changes_nothing(here: Process, workshop: Workshop) -> None:
    lesson = await Lesson.held(here, workshop, module=await add_module(workshop))
    await lesson.credit()
    await workshop.execute("UPDATE attendance_credits SET seq = seq + 100, minutes = 10")
    await lesson.credit()
    assert {minutes for minutes, _ratio, _completed in (await lesson.credits()).values()} == {10}


async def test_what_a_session_is_no_part_of_any_more_gives_its_time_back(here: Process, workshop: Workshop) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana)
    second = await another_lesson(course)
    lesson = await Lesson.held(here, workshop, module=await add_module(workshop), lesson="l1", course=course)
    await lesson.credit()
    jobs = len(await queued(workshop, lesson, "attendance"))
    await workshop.execute("UPDATE bootcamp_links SET lesson_id = $1", second)
    await workshop.execute("UPDATE live_sessions SET module_id = NULL WHERE id = $1", lesson.session)
    assert len(await queued(workshop, lesson, "attendance")) == jobs + 2
    await lesson.credit()
    assert await learnt(workshop, workshop.ana) == {course.lesson: ("completed", 0), second: ("completed", 60)}
    assert (await enrolled(workshop, workshop.ana))[2] == 60
    assert (await progress(workshop, workshop.ana))["l1"] == ("completed", 100, 0)


# -- whom and when --


async def queued(workshop: Workshop, lesson: Lesson, kind: str) -> list[str]:
    async with workshop.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT key FROM ops.jobs WHERE kind = $1 AND session_id IS NOT DISTINCT FROM $2::uuid AND status = 'queued'",
            kind,
            lesson.session if kind == "attendance" else None,
        )
    return [row["key"] for row in rows]


async def test_the_end_asks_for_it_and_nothing_before(here: Process, workshop: Workshop) -> None:
    lesson = await Lesson.begin(here, workshop)
    await lesson.linked(module=await add_module(workshop))
    await lesson.passes(30)
    await lesson.leaves(workshop.ben)
    await lesson.credit()
    assert (await lesson.credits(), await queued(workshop, lesson, "attendance")) == ({}, [])
    await lesson.says((workshop.mara, EndSession()))
    assert len(await queued(workshop, lesson, "attendance")) == 1
    await lesson.leaves(workshop.ana)  # after the end: nothing to correct
    assert len(await queued(workshop, lesson, "attendance")) == 1


async def test_what_was_called_off_pays_nobody_and_nobody_missed_it(here: Process, workshop: Workshop) -> None:
    lesson = await Lesson.begin(here, workshop)
    await lesson.linked(module=await add_module(workshop))
    guest = await workshop.directory.create_user(new_user("Grace"))
    await workshop.execute(
        "INSERT INTO session_registrations (session_id, user_id) VALUES ($1, $2)", lesson.session, guest
    )
    await lesson.passes(30)
    await lesson.says((workshop.mara, CancelSession()))
    await lesson.credit()
    assert (await lesson.credits(), await queued(workshop, lesson, "attendance")) == ({}, [])
    while await Projector(here.database, here.event_log, rest_s=0).catch_up():
        pass
    status = "SELECT status FROM session_registrations WHERE user_id = $1"
    assert await workshop.value(status, guest) == "registered"


async def test_one_that_ends_by_itself_with_nobody_there_is_paid(here: Process, workshop: Workshop) -> None:
    lesson = await Lesson.begin(here, workshop)
    await lesson.linked(module=await add_module(workshop))
    await lesson.passes(50)
    for user in (workshop.ana, workshop.ben, workshop.otto, workshop.theo, workshop.mara):
        await lesson.leaves(user)
    await lesson.passes(25)  # 15 minutes after the scheduled end
    await lesson.says((None, LapseSession()))
    assert await workshop.value("SELECT status FROM live_sessions WHERE id = $1", lesson.session) == "ended"
    assert len(await queued(workshop, lesson, "attendance")) == 1
    await lesson.credit()
    assert (await lesson.credits())["ana", "workshop"][0] == 50


async def test_an_erased_person_and_a_guest_get_no_rows(here: Process, workshop: Workshop) -> None:
    lesson = await Lesson.held(here, workshop, module=await add_module(workshop))
    await workshop.execute("UPDATE identity.accounts SET status = 'suspended' WHERE id = $1", workshop.ben)
    await workshop.execute(
        "UPDATE identity.accounts SET guest_session_id = $2 WHERE id = $1", workshop.ana, lesson.session
    )
    for change in (
        "status = 'deletion_requested'",
        f"status = 'erased', erased_at = now(), {', '.join(f'{each} = NULL' for each in PERSONAL)}",
    ):
        await workshop.execute(f"UPDATE identity.accounts SET {change} WHERE id = $1", workshop.otto)
    await lesson.credit()
    assert {user for user, _target in await lesson.credits()} == {"mara", "theo", "ben"}
    assert await progress(workshop, workshop.otto) == await progress(workshop, workshop.ana) == {}


async def test_less_than_a_minute_is_no_session(here: Process, workshop: Workshop) -> None:
    lesson = await Lesson.begin(here, workshop)
    await lesson.linked(module=await add_module(workshop), lesson="l1")
    await lesson.passes(0.9)
    await lesson.says((workshop.mara, EndSession()))
    await lesson.credit()
    assert (await lesson.credits())["ana", "workshop"] == (0, 0.0, False)
    assert await progress(workshop, workshop.ana) == {}


# -- and what follows --


async def test_who_completed_the_course_gets_a_certificate_once(here: Process, workshop: Workshop) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana, workshop.ben)
    lesson = await Lesson.held(here, workshop, course=course)
    await lesson.credit()
    assert await enrolled(workshop, workshop.ana) == ("completed", 100.0, 60)
    assert len(await queued(workshop, lesson, "certificate")) == 1
    await issue_all(workshop)
    await issue_all(workshop)
    row = await certificate_of(workshop, workshop.ana)
    assert row["blockchain_hash"].startswith("bafkrei")
    assert row["certificate_number"].startswith("FP-")
    flags = "SELECT certificate_issued AND certificate_issued_at IS NOT NULL FROM enrollments WHERE user_id = $1"
    assert await workshop.value(flags, workshop.ana) is True
    assert await workshop.value("SELECT count(*) FROM certificates") == 1
    await lesson.credit()
    assert await queued(workshop, lesson, "certificate") == []


async def test_a_revoked_one_is_not_issued_again_by_itself(here: Process, workshop: Workshop) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana)
    await (await Lesson.held(here, workshop, course=course)).credit()
    await issue_all(workshop)
    await workshop.execute(
        "UPDATE certificates SET is_revoked = true, revoked_at = clock_timestamp(), revoked_reason = 'A mistake.'"
    )
    enrollment = await workshop.value("SELECT id FROM enrollments WHERE user_id = $1", workshop.ana)
    await issue(workshop, enrollment)
    assert await workshop.value("SELECT count(*) FROM certificates") == 1


async def test_nobody_gets_one_of_a_course_that_they_lead(here: Process, workshop: Workshop) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.mara, workshop.ana, workshop.ben)
    await course.execute(
        "INSERT INTO course_staff (course_id, user_id, role) VALUES ($1, $2, 'instructor'), ($1, $3, 'assistant')",
        course.id,
        workshop.ana,
        workshop.ben,
    )
    for user in (workshop.mara, workshop.ana, workshop.ben):
        await course.complete(user)
    await issue_all(workshop)
    assert await workshop.value("SELECT array_agg(user_id) FROM certificates") == [workshop.ben]


async def test_two_workers_at_one_certificate_issue_one(here: Process, workshop: Workshop) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana)
    await course.complete(workshop.ana)
    enrollment = await workshop.value("SELECT id FROM enrollments WHERE user_id = $1", workshop.ana)
    await asyncio.gather(*(issue(workshop, enrollment) for _ in range(4)))
    assert await workshop.value("SELECT count(*) FROM certificates") == 1


async def test_a_name_that_no_page_can_show_is_told_to_whoever_can_help(here: Process, workshop: Workshop) -> None:
    yamada = await workshop.directory.create_user(new_user("Taro", full_name="山田太郎"))
    course = await open_course(workshop.database, workshop.mara, yamada)
    await course.complete(yamada)
    await issue_all(workshop)
    assert await workshop.value("SELECT count(*) FROM certificates") == 0
    async with workshop.database.as_user(workshop.mara) as connection:
        problem = await connection.fetchval("SELECT certificate_problem FROM enrollments WHERE user_id = $1", yamada)
    assert problem == "The holder's name cannot be printed: U+5C71 U+7530 U+592A U+90CE"


@pytest.mark.requirement("B116")
async def test_every_assignment_that_is_to_be_passed_is_passed_first(here: Process, workshop: Workshop) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana)
    assignment = await workshop.value(
        "INSERT INTO assignments (lesson_id, title, description, passing_score) VALUES ($1, 'A', 'B', 60) RETURNING id",
        course.lesson,
    )
    lesson = await Lesson.held(here, workshop, course=course)
    await lesson.credit()
    assert await enrolled(workshop, workshop.ana) == ("in_progress", 100.0, 60)
    submission = await workshop.value(
        "INSERT INTO submissions (assignment_id, user_id, status, submitted_at) VALUES ($1, $2, 'submitted', now()) RETURNING id",
        assignment,
        workshop.ana,
    )
    grade = "UPDATE submissions SET status = 'graded', score = $2, graded_at = now() WHERE id = $1"
    await workshop.execute(grade, submission, 59)
    assert (await enrolled(workshop, workshop.ana))[0] == "in_progress"
    await workshop.execute(grade, submission, 60)
    assert (await enrolled(workshop, workshop.ana))[0] == "completed"
    assert len(await queued(workshop, lesson, "certificate")) == 1


async def test_what_is_asked_for_no_more_is_not_missing(here: Process, workshop: Workshop) -> None:
    course = await open_course(workshop.database, workshop.mara, workshop.ana)
    assignment = await workshop.value(
        "INSERT INTO assignments (lesson_id, title, description, passing_score) VALUES ($1, 'A', 'B', 60) RETURNING id",
        course.lesson,
    )
    await (await Lesson.held(here, workshop, course=course)).credit()
    assert (await enrolled(workshop, workshop.ana))[0] == "in_progress"
    await workshop.execute("UPDATE assignments SET deleted_at = now() WHERE id = $1", assignment)
    assert (await enrolled(workshop, workshop.ana))[0] == "completed"


async def issue(workshop: Workshop, enrollment: str) -> None:
    issuing = Issuing(workshop.database, Settings("", SECRET_KEY, Path(), public_url="https://atelier.example.org"))
    await issuing.issue(Job("", None, "certificate", enrollment, {"enrollmentId": enrollment}, 1))


async def issue_all(workshop: Workshop) -> None:
    """As a worker would."""
    jobs = Jobs(workshop.database)
    while job := await jobs.lease(["certificate"], "a worker"):
        await issue(workshop, job.payload["enrollmentId"])
        assert await jobs.done(job)


async def certificate_of(workshop: Workshop, user: UserId) -> Any:
    async with workshop.database.connection() as connection:
        row = await connection.fetchrow("SELECT * FROM certificates WHERE user_id = $1", user)
    assert row is not None
    return row
