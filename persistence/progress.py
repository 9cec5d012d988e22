"""How far people are with the modules and lessons of the workbook (W052-W075). A lesson's progress moves its module's; the states and
what a prerequisite opens are the database's (migrations/0041). All inside the caller's transaction, as the person or as the engine.
"""

from persistence.connection import Connection
from persistence.models.progress import NewProgress, Progress, ProgressStatus
from rooms.ids import UserId

_BEGIN = """
INSERT INTO workbook.user_progress (user_id, module_id, lesson_id) VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT idx_progress_user DO NOTHING
"""
_HOLD = """
SELECT * FROM workbook.user_progress
WHERE user_id = $1 AND module_id = $2 AND lesson_id IS NOT DISTINCT FROM $3 FOR UPDATE
"""
_MOVE = """
UPDATE workbook.user_progress SET status = $2, progress_percent = $3, time_spent_minutes = time_spent_minutes + $4,
       last_accessed_at = clock_timestamp() WHERE id = $1
"""
# By the time that its lessons are said to take; a module without any is done when it is said to be.
_OF_LESSONS = """
SELECT coalesce(floor(100.0 * sum(minutes) FILTER (WHERE done) / nullif(sum(minutes), 0)), 0)::int
FROM (SELECT (lesson ->> 'estimatedMinutes')::int AS minutes,
             coalesce(p.first_completed_at IS NOT NULL, false) AS done
        FROM workbook.workshop_modules m CROSS JOIN jsonb_array_elements(m.content -> 'lessons') lesson
        LEFT JOIN workbook.user_progress p
               ON p.user_id = $1 AND p.module_id = m.id AND p.lesson_id = lesson ->> 'id'
       WHERE m.id = $2) lessons
"""


async def list_progress(connection: Connection, user: UserId, module: str | None = None) -> tuple[Progress, ...]:
    rows = await connection.fetch(
        "SELECT * FROM workbook.user_progress WHERE user_id = $1 AND ($2::uuid IS NULL OR module_id = $2) "
        "ORDER BY module_id, lesson_id NULLS FIRST",
        user,
        module,
    )
    return tuple(Progress(**row) for row in rows)


async def record_progress(
    connection: Connection, user: UserId, module: str, lesson: str | None, new: NewProgress
) -> Progress:
    """Percentages do not fall: of two devices, the one that is further on is right. What is locked stays so, and is what is answered."""
    held = await _move(connection, user, module, lesson, new.progress_percent, new.minutes, new.status)
    if lesson is not None and held.status is not ProgressStatus.LOCKED:
        percent: int = await connection.fetchval(_OF_LESSONS, user, module)
        begun = ProgressStatus.IN_PROGRESS if held.status is not ProgressStatus.NOT_STARTED else None
        await _move(connection, user, module, None, percent, new.minutes, None, begun)
    return held


async def _move(
    connection: Connection,
    user: UserId,
    module: str,
    lesson: str | None,
    percent: int,
    minutes: int,
    said: ProgressStatus | None,
    least: ProgressStatus | None = None,
) -> Progress:
    """Through every state on the way (W072, W073). `said` is refused where one may not go there (409); `least` is what follows
    from something else, and nothing where one is further on."""
    await connection.execute(_BEGIN, user, module, lesson)
    held = await _held(connection, user, module, lesson)
    if held.status is ProgressStatus.LOCKED:
        return held
    wanted = said or _following(held, percent, minutes, least)
    percent = 0 if wanted is ProgressStatus.NOT_STARTED else max(held.progress_percent, percent)
    if percent == 100 and wanted is ProgressStatus.IN_PROGRESS and held.first_completed_at is None:
        wanted = ProgressStatus.COMPLETED  # D16
    if (held.status, wanted) == (ProgressStatus.NOT_STARTED, ProgressStatus.COMPLETED):
        await connection.execute(_MOVE, held.id, ProgressStatus.IN_PROGRESS, percent, 0)
    await connection.execute(_MOVE, held.id, wanted, percent, minutes)
    return await _held(connection, user, module, lesson)


def _following(held: Progress, percent: int, minutes: int, least: ProgressStatus | None) -> ProgressStatus:
    """The state that figures speak of. Another device's smaller figure takes nothing back (W074 is said, not concluded)."""
    if percent == 100 or held.status is ProgressStatus.COMPLETED:
        return ProgressStatus.COMPLETED
    if percent > 0 or minutes > 0 or least is ProgressStatus.IN_PROGRESS:
        return ProgressStatus.IN_PROGRESS
    return held.status


async def _held(connection: Connection, user: UserId, module: str, lesson: str | None) -> Progress:
    row = await connection.fetchrow(_HOLD, user, module, lesson)
    assert row is not None
    return Progress(**row)
