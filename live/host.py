"""Sessions as this process holds them. (Being built: the signatures stand.)"""

from rooms.feature import Command
from rooms.ids import SessionId, UserId
from rooms.room import RoomState

from live.acks import Ack


class NoSession(Exception):
    """There is no session of this id."""


class Hosts:
    async def read(self, session: SessionId) -> RoomState:
        """The state at the head of the log, as the primary has it now. Raises NoSession, Unavailable."""
        raise NotImplementedError

    async def submit(
        self, session: SessionId, actor: UserId | None, command: Command, command_id: str, *, admin: bool = False
    ) -> Ack:
        """Raises NoSession."""
        raise NotImplementedError
