"""Pays for being there (domain.md 2.3): what somebody attended moves their progress in the workbook and in the courses that a session
is part of. What was paid already is kept in `live.attendance_credits`, and only the difference is applied: whoever credits a session
again, after a crash, a corrected log or other links, pays nothing twice. One transaction for each person.

What somebody completed is not taken back. How long somebody was there is rooms/attendance's to say; participants' rows, scores and
registrations are projections.py's.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from persistence.connection import Connection
from persistence.database import Database
from persistence.event_log import EventLog
from persistence.models.progress import NewProgress, ProgressStatus
from persistence.progress import record_progress
from rooms.attendance import Attendance, attendances
from rooms.evidence import Evidence, gather
from rooms.ids import SessionId, UserId

LESSON_COMPLETED_AT = 0.80  # of the live time, for a lesson of the workbook

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('attendance ' || $1 || ' ' || $2, 0))"
# Guests have one session and nothing beside it; the lock keeps an erasure from being overtaken.
_PERSON = """
SELECT EXISTS (SELECT FROM bootcamp.users u WHERE u.id = a.id) AS in_bootcamp FROM identity.accounts a
WHERE a.id = $1 AND a.status <> 'erased' AND NOT a.is_guest FOR SHARE
"""
_HELD = "SELECT target, minutes, completed, seq FROM live.attendance_credits WHERE session_id = $1 AND user_id = $2"
_KEEP = """
INSERT INTO live.attendance_credits (session_id, user_id, target, minutes, ratio, completed, seq) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (session_id, user_id, target) DO UPDATE
   SET minutes = excluded.minutes, ratio = excluded.ratio, completed = excluded.completed, seq = excluded.seq
"""
_MODULE = """
SELECT m.id AS module, m.deleted_at IS NOT NULL AS is_away, (SELECT lesson ->> 'id' FROM jsonb_array_elements(m.content -> 'lessons') lesson
                         WHERE lesson ->> 'id' = s.lesson_id) AS lesson
  FROM live.live_sessions s JOIN workbook.workshop_modules m ON m.id = s.module_id WHERE s.id = $1
"""
_LINKS = """
SELECT k.course_id AS course, k.module_id AS module, k.lesson_id AS lesson, k.completes_lesson, k.min_attendance,
       e.id AS enrollment,
       e.enrollment_status IN ('dropped', 'suspended') OR num_nonnulls(m.deleted_at, l.deleted_at) > 0 AS is_away
  FROM live.bootcamp_links k JOIN bootcamp.enrollments e ON e.course_id = k.course_id AND e.user_id = $2
  LEFT JOIN bootcamp.modules m ON m.id = k.module_id LEFT JOIN bootcamp.lessons l ON l.id = k.lesson_id
 WHERE k.session_id = $1
 ORDER BY k.course_id, m.module_order, l.lesson_order, k.id
"""


@dataclass(frozen=True, slots=True)
class Credit:
    """Of one target: all that is due, not what is new. `enrollment` where it is of the bootcamp. `is_away`: who left the
    course, and what was deleted, gets nothing and loses nothing."""

    target: str
    minutes: int
    completes: bool
    course: str | None = None
    module: str | None = None
    lesson: str | None = None
    enrollment: str | None = None
    is_away: bool = False


async def gathered(event_log: EventLog, session: SessionId, upto: int | None = None) -> Evidence:
    """The evidence of the whole log, or of its rows up to `upto`."""
    evidence = Evidence()
    while (upto is None or evidence.seq < upto) and (rows := await event_log.read(session, evidence.seq)):
        evidence = gather(rows, evidence)
    return evidence


async def _go_on() -> None:
    pass


class Attendances:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def credit(self, session: SessionId, between: Callable[[], Awaitable[None]] = _go_on) -> None:
        """Everybody who was in a session that ended; of another nothing is due. `between` people a test may have us die."""
        async with self._database.connection() as connection:
            if not await connection.fetchval(
                "SELECT EXISTS (SELECT FROM live.live_sessions WHERE id = $1 AND status = 'ended')", session
            ):
                return
        evidence = await gathered(EventLog(self._database), session)
        if evidence.ended_at is None:  # its end cannot be read by this release
            return
        for each in attendances(evidence):
            async with self._database.transaction() as connection:
                await _Account(connection, session, evidence.seq, evidence.ended_at, each).settle()
            await between()


class _Account:
    """Of one person with one session, inside one transaction."""

    def __init__(
        self, connection: Connection, session: SessionId, seq: int, ended_at: datetime, attended: Attendance
    ) -> None:
        self._connection = connection
        self._session = session
        self._seq = seq
        self._ended_at = ended_at
        self._attended = attended
        self._user: UserId = attended.user

    async def settle(self) -> None:
        await self._connection.execute(_LOCK, self._session, self._user)
        person = await self._connection.fetchrow(_PERSON, self._user)
        held = {row["target"]: row for row in await self._connection.fetch(_HELD, self._session, self._user)}
        if person is None or any(row["seq"] > self._seq for row in held.values()):
            return
        links = await self._connection.fetch(_LINKS, self._session, self._user)
        due = [*await self._of_workbook(), *self._of_courses(links)]
        gone = [await self._no_more(target) for target in held if target not in {each.target for each in due}]
        for each in [*filter(None, gone), *due]:
            if not each.is_away:
                await self._pay(each, held.get(each.target))
        if person["in_bootcamp"]:
            await self._tell([row["course"] for row in links])

    # -- what is due --

    async def _of_workbook(self) -> list[Credit]:
        row = await self._connection.fetchrow(_MODULE, self._session)
        if row is None:
            return []
        target = "/".join(filter(None, (f"workshop:{row['module']}", row["lesson"])))
        completes = row["lesson"] is not None and self._attended.ratio >= LESSON_COMPLETED_AT
        minutes, is_away = self._attended.minutes, row["is_away"]
        return [Credit(target, minutes, completes, None, row["module"], row["lesson"], is_away=is_away)]

    def _of_courses(self, links: Iterable[Any]) -> list[Credit]:
        """A minute is spent once: of several links to one course each gets its part."""
        of_course: dict[str, list[Any]] = {}
        for link in links:
            of_course.setdefault(link["course"], []).append(link)
        due = []
        for linked in of_course.values():
            each, left_over = divmod(self._attended.minutes, len(linked))
            due += [self._of_link(link, each + (number < left_over)) for number, link in enumerate(linked)]
        return due

    def _of_link(self, link: Any, minutes: int) -> Credit:
        kind = "lesson" if link["lesson"] else "module" if link["module"] else "course"
        enough = self._attended.minutes > 0 and self._attended.ratio >= float(link["min_attendance"])
        return Credit(
            f"{kind}:{link[kind]}",
            minutes,
            link["completes_lesson"] and enough,
            link["course"],
            link["module"],
            link["lesson"],
            link["enrollment"],
            link["is_away"],
        )

    async def _no_more(self, target: str) -> Credit | None:
        """The session is not part of this any more. None: nor is this part of anything."""
        kind, _, named = target.partition(":")
        if kind == "workshop":
            module, _, lesson = named.partition("/")
            return Credit(target, 0, False, None, module, lesson or None)
        of_course = {
            "lesson": "app.course_of_lesson($1)",
            "module": "app.course_of_module($1)",
            "course": "$1",
        }[kind]
        row = await self._connection.fetchrow(
            f"SELECT id, course_id FROM bootcamp.enrollments WHERE user_id = $2 AND course_id = {of_course}",  # noqa: S608 - our own names
            named,
            self._user,
        )
        if row is None:
            return None
        return Credit(target, 0, False, row["course_id"], None, named if kind == "lesson" else None, row["id"])

    # -- paying the difference --

    async def _pay(self, due: Credit, held: Any) -> None:
        was, was_completed = (held["minutes"], held["completed"]) if held is not None else (0, False)
        minutes, completes = due.minutes - was, due.completes and not was_completed
        paid = True
        if minutes or completes:
            paid = await (self._into_workbook if due.enrollment is None else self._into_course)(due, minutes, completes)
        if not paid:
            due = Credit(due.target, was, was_completed)
        completed = due.completes or was_completed
        await self._connection.execute(
            _KEEP, self._session, self._user, due.target, due.minutes, self._attended.ratio, completed, self._seq
        )

    async def _into_workbook(self, due: Credit, minutes: int, completes: bool) -> bool:
        """False: it is locked, and nothing was paid."""
        assert due.module is not None
        if minutes < 0:
            await self._connection.execute(
                "UPDATE workbook.user_progress SET time_spent_minutes = greatest(0, time_spent_minutes + $4) "
                "WHERE user_id = $1 AND module_id = $2 AND (lesson_id IS NULL OR lesson_id = $3)",
                self._user,
                due.module,
                due.lesson,
                minutes,
            )
        if minutes < 0 and not completes:
            return True
        # more minutes than a client may tell at once
        new = NewProgress.model_construct(
            progress_percent=100 if completes else 0, status=None, minutes=max(minutes, 0)
        )
        recorded = await record_progress(self._connection, self._user, due.module, due.lesson, new)
        return recorded.status is not ProgressStatus.LOCKED

    async def _into_course(self, due: Credit, minutes: int, completes: bool) -> bool:
        if due.lesson is not None:
            await self._into_lesson(due, due.lesson, minutes, completes)
        else:
            await self._connection.execute(
                "UPDATE bootcamp.enrollments SET time_spent_minutes = greatest(0, time_spent_minutes + $2), "
                "last_accessed_at = greatest(last_accessed_at, $3), enrollment_status = "
                "CASE enrollment_status WHEN 'enrolled' THEN 'in_progress' ELSE enrollment_status END WHERE id = $1",
                due.enrollment,
                minutes,
                self._ended_at,
            )
        return True

    async def _into_lesson(self, due: Credit, lesson: str, minutes: int, completes: bool) -> None:
        """How far the enrolment is follows by itself."""
        await self._connection.execute(
            "INSERT INTO bootcamp.lesson_progress (enrollment_id, lesson_id) VALUES ($1, $2) "
            "ON CONFLICT ON CONSTRAINT idx_enrollment_lesson DO NOTHING",
            due.enrollment,
            lesson,
        )
        row = await self._connection.fetchrow(
            "SELECT id, status::text FROM bootcamp.lesson_progress WHERE enrollment_id = $1 AND lesson_id = $2 FOR UPDATE",
            due.enrollment,
            lesson,
        )
        assert row is not None
        begins = row["status"] == "not_started" and due.minutes > 0
        await self._connection.execute(
            "UPDATE bootcamp.lesson_progress SET time_spent_minutes = greatest(0, time_spent_minutes + $2), "
            "status = CASE WHEN $3 THEN 'in_progress' ELSE status END WHERE id = $1",
            row["id"],
            minutes,
            begins,
        )
        if begins:
            await self._note("lesson_started", due.course, due.lesson, self._attended.since)
        if completes and row["status"] != "completed":
            await self._connection.execute(
                "UPDATE bootcamp.lesson_progress SET status = 'completed' WHERE id = $1", row["id"]
            )
            await self._note("lesson_completed", due.course, due.lesson, self._ended_at)

    # -- what is counted --

    async def _tell(self, courses: Iterable[str]) -> None:
        """That they came and attended, for each course that it was part of, or for none."""
        kept = []
        for course in dict.fromkeys(courses) or (None,):
            kept.append(await self._note("live_session_joined", course, None, self._attended.since))
            if self._attended.minutes > 0:
                kept.append(
                    await self._note("live_session_attended", course, None, self._ended_at, self._attended.minutes)
                )
        await self._connection.execute(
            "DELETE FROM bootcamp.learning_analytics WHERE user_id = $1 AND starts_with(source_key, $2) "
            "AND event_type IN ('live_session_joined', 'live_session_attended') AND source_key <> ALL ($3::text[])",
            self._user,
            f"live:{self._session}:",
            kept,
        )

    async def _note(
        self, event_type: str, course: str | None, lesson: str | None, at: datetime, minutes: int | None = None
    ) -> str:
        """Once; noted again only how long it was. Its key."""
        key = ":".join(filter(None, ("live", self._session, self._user, event_type, lesson or course)))
        await self._connection.execute(
            "INSERT INTO bootcamp.learning_analytics "
            "(user_id, event_type, course_id, lesson_id, timestamp, session_duration_minutes, event_data, source_key) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (source_key) DO UPDATE "
            "SET session_duration_minutes = excluded.session_duration_minutes, event_data = excluded.event_data",
            self._user,
            event_type,
            course,
            lesson,
            at,
            minutes,
            {"sessionId": self._session, "attendance": self._attended.ratio},
            key,
        )
        return key
