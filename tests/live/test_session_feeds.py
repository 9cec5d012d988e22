"""What a session feeds when it is over, over the public protocol and by a real worker: Mara runs it, Ana stays, Ben leaves after half of
it, Otto observes. By hand: of 60 minutes Ana has 60, Ben 30, Otto 60; Mara none."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession

from live.crediting import Crediting
from live.failpoints import Failpoints
from live.keys import DATABASE, HOSTS
from live.worker import work
from persistence.jobs import Jobs
from rooms.feature import Enqueue
from rooms.ids import SessionId, UserId
from rooms.participants import Leave
from tests.bootcamp import Course, open_course, opened
from tests.live.conftest import House
from tests.live.test_worker import Process
from tests.live.visitor import Visitor

WITHIN_S = 200.0  # a worker is of low priority, and the machine may have other things to do
pytestmark = pytest.mark.timeout(400)
CONTENT = {
    "overview": "How to sketch",
    "learningObjectives": ["sketch"],
    "resources": [],
    "lessons": [
        {"id": "lines", "title": "Lines", "type": "text", "content": {}, "estimatedMinutes": 10, "sortOrder": 1},
        {"id": "light", "title": "Light", "type": "text", "content": {}, "estimatedMinutes": 30, "sortOrder": 2},
    ],
}


class Hour:
    """A session of Mara's that is a lesson of the workbook and the only one of a course; its own clock runs ahead."""

    def __init__(self, house: House, session: SessionId, course: Course) -> None:
        self.house = house
        self.session = session
        self.course = course
        self.ahead = timedelta()

    @classmethod
    async def begin(cls, house: House) -> "Hour":
        session = await house.session()
        mara, ana, ben = [await house.user(name) for name in ("mara", "ana", "ben")]
        course = await open_course(house.app[DATABASE], mara, ana, ben)
        hour = cls(house, session, course)
        async with house.app[DATABASE].transaction() as connection:
            await opened(connection, await house.user("otto"))
            module = await connection.fetchval(
                "INSERT INTO workshop_modules (title, module_order, duration_minutes, content, is_published) "
                "VALUES ('Sketching', 1, 40, $1, true) RETURNING id",
                CONTENT,
            )
        await hour.linked({"moduleId": module, "lessonId": "lines", "courses": [hour.link]})
        host = await house.app[HOSTS].get(session)
        host._parts = replace(host._parts, clock=lambda: datetime.now(UTC) + hour.ahead)
        return hour

    @property
    def link(self) -> dict[str, Any]:
        return {
            "courseId": self.course.id,
            "lessonId": self.course.lesson,
            "completesLesson": True,
            "minAttendance": 0.75,
        }

    async def linked(self, links: dict[str, Any]) -> None:
        """By Mara, over REST."""
        path = f"{self.house.server.url}/api/v1/live-sessions/{self.session}/links"
        headers = {"Authorization": f"Bearer {await self.house.token('mara')}"}
        async with ClientSession(headers=headers) as http:
            async with http.get(path) as read:
                tag = read.headers["ETag"]
            async with http.put(path, json=links, headers={"If-Match": tag}) as answer:
                assert answer.status == 200, await answer.text()

    def passes(self, minutes: float) -> None:
        self.ahead += timedelta(minutes=minutes)

    async def goes(self, visitor: Visitor) -> None:
        """As it is noticed 30 seconds later, by this session's clock."""
        await visitor.close()
        gone = Leave(user_id=UserId(visitor.user), last_seen=datetime.now(UTC) + self.ahead)
        ack = await self.house.app[HOSTS].submit(self.session, None, gone, str(uuid4()))
        assert ack.ok, ack

    async def held(self) -> None:
        mara, _ana, ben, _otto = await self.house.enter(self.session, "mara", "ana", "ben", "otto")
        self.passes(30)
        await self.goes(ben)
        self.passes(30)
        ended = await mara.submit("session.end")
        assert ended["ok"], ended

    # -- what became of it --

    async def value(self, statement: str, *arguments: object) -> Any:
        async with self.house.app[DATABASE].connection() as connection:
            return await connection.fetchval(statement, *arguments)

    async def done(self) -> None:
        """Until no work is left."""
        async with asyncio.timeout(WITHIN_S):
            while await self.value("SELECT count(*) FROM ops.jobs WHERE status <> 'done'"):  # noqa: ASYNC110  of others
                await asyncio.sleep(0.1)

    async def credit(self) -> None:
        """One more job, carried out here."""
        jobs = Jobs(self.house.app[DATABASE])
        await jobs.enqueue(Enqueue("attendance", "again", {}), self.session)
        job = await jobs.lease(["attendance"], "here")
        assert job is not None
        await Crediting(self.house.app[DATABASE], Failpoints()).attendance(job)
        assert await jobs.done(job)

    async def read(self) -> dict[str, dict[str, Any]]:
        """By name: minutes and completion credited to each kind of target, and what stands in the rows that were moved."""
        found = {}
        for name in ("mara", "ana", "ben", "otto"):
            told = json.loads(await self.value(_OF_PERSON, await self.house.user(name)))
            found[name] = {what: value for what, value in told.items() if value is not None}
        return found


_OF_PERSON = """
SELECT json_build_object(
  'credits', (SELECT json_object_agg(split_part(target, ':', 1), json_build_array(minutes, completed)) FROM attendance_credits WHERE user_id = $1),
  'progress', (SELECT json_object_agg(coalesce(lesson_id, 'module'), json_build_array(status, progress_percent, time_spent_minutes))
                 FROM user_progress WHERE user_id = $1),
  'enrollment', (SELECT json_build_array(enrollment_status, progress_percentage, time_spent_minutes) FROM enrollments WHERE user_id = $1),
  'lesson', (SELECT json_build_array(p.status, p.time_spent_minutes) FROM lesson_progress p JOIN enrollments e ON e.id = p.enrollment_id
              WHERE e.user_id = $1),
  'told', (SELECT json_object_agg(event_type, session_duration_minutes) FROM learning_analytics WHERE user_id = $1),
  'certificates', (SELECT nullif(count(*), 0) FROM certificates WHERE user_id = $1))::text
"""
NOTHING_TOLD = {"live_session_joined": None, "lesson_started": None}
BY_HAND: dict[str, dict[str, Any]] = {
    "mara": {"credits": {"workshop": [0, False]}, "told": {"live_session_joined": None}},
    "ana": {
        "credits": {"workshop": [60, True], "lesson": [60, True]},
        "progress": {"lines": ["completed", 100, 60], "module": ["in_progress", 25, 60]},  # 10 of 40 minutes
        "enrollment": ["completed", 100, 60],
        "lesson": ["completed", 60],
        "told": {**NOTHING_TOLD, "lesson_completed": None, "live_session_attended": 60},
        "certificates": 1,
    },
    "ben": {
        "credits": {"workshop": [30, False], "lesson": [30, False]},
        "progress": {"lines": ["in_progress", 0, 30], "module": ["in_progress", 0, 30]},
        "enrollment": ["in_progress", 0, 30],
        "lesson": ["in_progress", 30],
        "told": {**NOTHING_TOLD, "live_session_attended": 30},
    },
    "otto": {  # takes no course
        "credits": {"workshop": [60, True]},
        "progress": {"lines": ["completed", 100, 60], "module": ["in_progress", 25, 60]},
        "told": {"live_session_joined": None, "live_session_attended": 60},
    },
}


@asynccontextmanager
async def at_work(house: House) -> AsyncIterator[None]:
    """A worker, as `run.py worker` is one."""
    working = asyncio.create_task(work(replace(house.server.settings, transcriber="none")))
    yield
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working


@pytest.mark.requirement("W206", "B092", "B093", "B230", "B233", "B234", "B314", "B315", "D74", "D75")
async def test_an_hour_together_is_credited_by_whichever_worker_comes_later(house: House) -> None:
    hour = await Hour.begin(house)
    await hour.held()
    assert await hour.value("SELECT count(*) FROM attendance_credits") == 0
    async with at_work(house):
        await hour.done()
    assert await hour.read() == BY_HAND
    ratio = "SELECT max(ratio) FROM attendance_credits WHERE user_id = $1"
    assert abs(float(await hour.value(ratio, await house.user("ben"))) - 0.5) < 0.02

    number = await hour.value("SELECT certificate_number FROM certificates")
    page = "SELECT verification_url FROM certificates"
    assert await hour.value(page) == f"{house.server.settings.url}/verify/{number}"
    async with (
        ClientSession() as nobody,
        nobody.get(f"{house.server.url}/api/v1/bootcamp/verify/{number}") as answer,
    ):
        seen = await answer.json()
    assert (answer.status, seen["status"], seen["holder"], seen["courseTitle"]) == (200, "valid", "A.", "Soil basics")
    issued = "SELECT certificate_issued AND certificate_issued_at IS NOT NULL FROM enrollments WHERE user_id = $1"
    assert await hour.value(issued, await house.user("ana")) is True

    statuses = "SELECT json_object_agg(user_id, status)::text FROM session_registrations WHERE session_id = $1"
    theo = await house.user("theo")
    async with asyncio.timeout(WITHIN_S):
        while "invited" in (set(json.loads(await hour.value(statuses, hour.session)).values()) - {None}):
            registered = json.loads(await hour.value(statuses, hour.session))
            if {registered[await house.user(name)] for name in ("ana", "ben", "otto")} == {"attended"}:
                assert registered[theo] == "invited"  # had promised nothing
                break
            await asyncio.sleep(0.2)
    await hour.credit()
    await hour.credit()
    assert await hour.read() == BY_HAND


async def test_killed_between_two_people_it_is_gone_on_with(house: House) -> None:
    hour = await Hour.begin(house)
    await hour.held()
    dying = Process(house, TRANSCRIBER="none", FAILPOINTS="worker_credited=kill")
    assert await dying.ended(WITHIN_S) == -signal.SIGKILL
    dying.let_go()
    assert await hour.value("SELECT count(DISTINCT user_id) FROM attendance_credits") == 1
    async with house.app[DATABASE].transaction() as connection:  # its lease runs out
        await connection.execute("UPDATE ops.jobs SET due_at = clock_timestamp() WHERE kind = 'attendance'")
    async with at_work(house):
        await hour.done()
    assert await hour.read() == BY_HAND


async def test_ended_by_its_timer_with_nobody_there(house: House) -> None:
    hour = await Hour.begin(house)
    everybody = await house.enter(hour.session, "mara", "ana", "ben", "otto")
    hour.passes(50)
    for each in reversed(everybody):
        await hour.goes(each)
    hour.passes(120)
    ended = "SELECT status = 'ended' FROM live_sessions WHERE id = $1"
    async with asyncio.timeout(WITHIN_S):
        while not await hour.value(ended, hour.session):
            async with house.app[DATABASE].transaction() as connection:
                await connection.execute("UPDATE timers SET due_at = clock_timestamp() WHERE key LIKE 'session.lapse%'")
            await asyncio.sleep(0.2)
    assert await hour.value("SELECT count(*) FROM ops.jobs WHERE kind = 'attendance' AND status = 'queued'") == 1
    await hour.credit()
    # 50 of 170 minutes: for no lesson enough
    found = await hour.read()
    assert found["ana"]["credits"] == {"workshop": [50, False], "lesson": [50, False]}
    assert found["ana"]["enrollment"] == ["in_progress", 0, 50]
    assert "certificates" not in found["ana"]


async def test_links_that_come_late_are_made_up_for(house: House) -> None:
    hour = await Hour.begin(house)
    await hour.linked({"courses": []})
    await hour.held()
    async with at_work(house):
        await hour.done()
        assert (await hour.read())["ana"] == {
            "enrollment": ["enrolled", 0, 0],
            "told": {"live_session_joined": None, "live_session_attended": 60},
        }
        await hour.linked({"courses": [hour.link]})
        await hour.done()
    found = (await hour.read())["ana"]
    assert (found["enrollment"], found["certificates"]) == (["completed", 100, 60], 1)
    assert await hour.value("SELECT count(*) FROM learning_analytics WHERE event_type = 'live_session_joined'") == 4
