"""A session comes into being: its row and the first event of its log, in one transaction. Used by REST and by the demo."""

from persistence.connection import Connection
from persistence.event_log import EventLog
from persistence.models.session import LiveSession, NewSession
from persistence.sessions import Sessions
from rooms import gates, room
from rooms.feature import Recorded
from rooms.ids import SessionId, UserId
from rooms.lifecycle import SessionScheduled


async def schedule(
    sessions: Sessions,
    log: EventLog,
    new: NewSession,
    host: UserId,
    actor: UserId | None,
    command_id: str | None,
    own_id: SessionId | None = None,
) -> LiveSession:
    """`actor` schedules for `host`; None is the server itself. `own_id`: a session that has this id already is the answer, for
    whoever asks again. Raises NotAnInstructor and Invalid (an unknown module)."""
    if own_id is not None and (made := await sessions.load(own_id)) is not None:
        return made

    async def first_event(connection: Connection, session: LiveSession) -> None:
        first = Recorded(1, log.now(), actor, command_id, scheduled(new, session.instructor_id))
        after = room.replay([first])
        changed = gates.gates(room.RoomState(), after)
        await log.first_event(connection, SessionId(session.id), first, changed, tuple(room.effects(after, first)))

    return await sessions.create(new, host, first_event, own_id)


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
