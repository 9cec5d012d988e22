"""What live sessions are part of, as rows (domain.md 2.3). Inside the caller's transaction, as the person who asks: the rights of
`live.bootcamp_links` say who may. What follows for those who attended is attendance.py's."""

from collections.abc import Iterable

import asyncpg

from persistence.connection import Connection
from persistence.models.link import CourseLink, Links
from persistence.models.validation import FieldError, Invalid
from rooms.ids import SessionId

_COURSES = """
SELECT course_id, module_id, lesson_id, completes_lesson, min_attendance FROM live.bootcamp_links
WHERE session_id = $1 ORDER BY course_id, module_id, lesson_id
"""
_PUT = """
INSERT INTO live.bootcamp_links (session_id, course_id, module_id, lesson_id, completes_lesson, min_attendance)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT ON CONSTRAINT bootcamp_links_once DO UPDATE
   SET completes_lesson = excluded.completes_lesson, min_attendance = excluded.min_attendance
"""
_REMOVE = """
DELETE FROM live.bootcamp_links
WHERE session_id = $1 AND course_id = $2 AND module_id IS NOT DISTINCT FROM $3 AND lesson_id IS NOT DISTINCT FROM $4
"""
_PLACES = ("lesson", "module", "course")


class NotYours(Exception):
    """There is a link to a course that the caller does not lead."""


async def lock_links(connection: Connection, session: SessionId) -> None:
    """Until the end of the transaction: whoever changes them does so one after the other."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('links ' || $1, 0))", session)


async def links_of(connection: Connection, session: SessionId) -> Links:
    row = await connection.fetchrow("SELECT module_id, lesson_id FROM live.live_sessions WHERE id = $1", session)
    courses = await connection.fetch(_COURSES, session)
    return Links(**(dict(row) if row else {}), courses=tuple(CourseLink.model_validate(dict(each)) for each in courses))


async def put_links(connection: Connection, session: SessionId, wanted: Links) -> Links:
    """What it is part of from now on, with modules of lessons filled in. Raises Invalid, and NotYours."""
    now = await links_of(connection, session)
    if (now.module_id, now.lesson_id) != (wanted.module_id, wanted.lesson_id):
        await connection.execute("SELECT live.place($1, $2, $3)", session, wanted.module_id, wanted.lesson_id)
    kept = {_place(each) for each in wanted.courses}
    await _remove(connection, session, (each for each in now.courses if _place(each) not in kept))
    for number, each in enumerate(wanted.courses):
        if each in now.courses:
            continue
        try:
            await connection.execute(_PUT, session, *each.place, each.completes_lesson, each.min_attendance)
        except asyncpg.ForeignKeyViolationError as error:
            field = next(name for name in _PLACES if f"_{name}_id_" in (error.constraint_name or ""))
            raise Invalid(
                FieldError(f"/courses/{number}/{field}Id", "unknown", f"there is no such {field} here")
            ) from None
    return await links_of(connection, session)


async def _remove(connection: Connection, session: SessionId, gone: Iterable[CourseLink]) -> None:
    for each in gone:
        done: str = await connection.execute(_REMOVE, session, *each.place)
        if done.endswith(" 0"):
            raise NotYours


def _place(link: CourseLink) -> str:
    """Of a lesson its id says enough."""
    return link.lesson_id or link.module_id or link.course_id
