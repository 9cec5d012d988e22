"""The other processes of this installation, as far as they are heard on the lane of persistence/lane.py: the doorbell (a session's log
has grown), signals of people who are connected elsewhere, and what is said about sound between its home and them. Nothing that must
arrive comes this way alone; without Redis nobody is heard, and the poll of live/hosts.py finds everything that is durable.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import msgpack
import structlog

from persistence.lane import PING_EVERY_S, PINGS_MISSED_MAX, Lane
from rooms.ids import SessionId

log = structlog.get_logger("neighbours")

HINT_BYTES_MAX = 200
PING = "ping"
HEAD = "head"
Hear = Callable[..., None]


class Neighbours:
    """`process` is this one's id. Each kind of word has one listener, `on`; it gets the process that spoke, then what it said. One that
    serves nobody does not listen (`listens`): to the others it is no neighbour."""

    def __init__(self, process: UUID, url: str | None, secret_key: str, *, listens: bool = True) -> None:
        self.process = process.bytes
        self.is_well: Callable[[], bool] = lambda: True  # whether this process can do its work, told to the others
        self._hear: dict[str, Hear] = {}
        self._heard: dict[
            bytes, tuple[float, bool]
        ] = {}  # when each of them spoke of itself last, and whether it was well
        self._pings = 0
        self._listens = listens
        self._lane = Lane(url, secret_key, self._take, self._ping, listens=listens) if url is not None else None

    def on(self, kind: str, hear: Hear) -> None:
        assert kind not in self._hear, kind
        self._hear[kind] = hear

    # -- speaking -------------------------------------------------------------------------------------------------------

    @property
    def are_heard(self) -> bool:
        """Whether a word to them is likely to arrive, and an answer to come."""
        return self._lane is not None and self._lane.hears and not self._lane.alone

    def ring(self, session: SessionId, epoch: str, seq: int) -> None:
        """The doorbell. Of one session the latest is enough."""
        if self._lane is not None and not self._lane.alone:
            self._lane.say(self._word(HEAD, session, epoch, seq), instead_of=(HEAD, session))

    def say(self, kind: str, *what: Any) -> None:
        """Soon or never."""
        if self._lane is not None and not self._lane.alone:
            self._lane.say(self._word(kind, *what))

    def _word(self, kind: str, *what: Any) -> bytes:
        packed: bytes = msgpack.packb([kind, self.process, *what])
        return packed

    def _ping(self) -> bytes:
        self._pings += 1
        return self._word(PING, self._pings, self.is_well())

    # -- listening ------------------------------------------------------------------------------------------------------

    def _take(self, message: bytes) -> None:
        kind, process, *what = msgpack.unpackb(message)
        if process == self.process:  # a word of our own that took its time
            return
        if kind == PING:
            self._heard[process] = (asyncio.get_running_loop().time(), bool(what[1]))
        elif kind in self._hear:  # a newer release may say more than we know
            self._hear[kind](process, *what)

    def some_are_well(self) -> bool:
        """Whether somebody could take over people of this process."""
        latest = asyncio.get_running_loop().time() - PING_EVERY_S * PINGS_MISSED_MAX
        self._heard = {process: heard for process, heard in self._heard.items() if heard[0] > latest}
        return any(well for _at, well in self._heard.values())

    # -- life -----------------------------------------------------------------------------------------------------------

    def work(self) -> list[Callable[[], Coroutine[Any, Any, None]]]:
        """What goes on beside everything else."""
        if self._lane is None:
            return []
        return [self._lane.keep_speaking, self._lane.keep_listening] if self._listens else [self._lane.keep_speaking]

    async def close(self) -> None:
        if self._lane is not None:
            await self._lane.close()
