"""A session comes into being: its row and the first event of its log, in one transaction. Used by REST and by the demo."""

from datetime import UTC, datetime

from persistence.connection import Connection
from persistence.event_log import EventLog
from persistence.models.session import LiveSession, NewSession
from persistence.sessions import Sessions
from rooms import gates, room
from rooms.feature import Recorded
from rooms.ids import SessionId, UserId
from rooms.lifecycle import SessionScheduled


async def schedule(
    sessions: Sessions, log: EventLog, new: NewSession, host: UserId, actor: UserId | None, command_id: str | None
) -> LiveSession:
    """`actor` schedules for `host`; None is the server itself. Raises NotAnInstructor and Invalid (an unknown module)."""

    async def first_event(connection: Connection, session: LiveSession) -> None:
        first = Recorded(1, datetime.now(UTC), actor, command_id, scheduled(new, session.instructor_id))
        after = room.replay([first])
        changed = gates.gates(room.RoomState(), after)
        await log.first_event(connection, SessionId(session.id), first, changed, tuple(room.effects(after, first)))

    return await sessions.create(new, host, first_event)


def scheduled(new: NewSession, host: UserId) -> SessionScheduled:
    return SessionScheduled(
        title=new.title,
        description=new.description,
        instructor_id=host,
        module_id=new.module_id,
        scheduled_start=new.scheduled_start,
        scheduled_end=new.scheduled_end,
        max_participants=new.max_participants,
        features=new.features,
        lobby=new.lobby,
    )
