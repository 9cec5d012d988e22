"""Who is connected to this process, told to the others by rows and beats, and what follows when nobody has seen somebody for
30 s (design.md 1, Presence). Counts connections; what joining and leaving mean is decided in rooms/.
"""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import structlog

from live.host import Host
from live.joining import submit_join
from rooms.ids import SessionId, UserId
from rooms.participants import Leave
from rooms.people import person_of
from rooms.roles import Role

log = structlog.get_logger("presence")


class Presence:
    def __init__(self) -> None:
        self._here: set[tuple[SessionId, UserId]] = set()
        self._errands: set[asyncio.Task[None]] = set()

    def arrived(self, session: SessionId, user: UserId) -> None:
        self._here.add((session, user))

    def departed(self, session: SessionId, user: UserId) -> None:
        self._here.discard((session, user))

    async def leave_now(self, host: Host, user: UserId) -> None:
        """Said on purpose. If they are connected to another process, its host has them back at once."""
        await host.submit(None, Leave(user_id=user, last_seen=datetime.now(UTC)), str(uuid4()))

    def returned(self, host: Host, user: UserId) -> None:
        """The log says they left, and they are connected here: another process thought too soon."""
        task = asyncio.create_task(self._join_again(host, user))
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _join_again(self, host: Host, user: UserId) -> None:
        person = person_of(host.room, user)
        role = person.role if person is not None else Role.PARTICIPANT
        ack = await submit_join(host, user, role)
        if not ack.ok:
            log.warning("could not join again", session=host.session, code=ack.code)
