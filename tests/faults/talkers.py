"""People in a session who read a lecture aloud (tests/live/dictation.py) and whose page comes back by itself when the server is gone:
it connects, joins and offers until it is answered. Knows when it spoke, not what became of it."""

import asyncio
from contextlib import suppress
from typing import Any

from socketio.exceptions import SocketIOError

from tests.faults.crowd import Member
from tests.live.dictation import Lecture, Reader, stay
from tests.live.phone import NotAnswered
from tests.live.visitor import Visitor

AGAIN_S = 0.2
GONE = (SocketIOError, OSError, TimeoutError, AssertionError)  # the last one when an answer never came
RETRY_S = 1.0


class Talker:
    """`spoke_from`: since when, in seconds of the lecture, there was a line; one for every time they came."""

    def __init__(self, member: Member, url: str, lecture: Lecture) -> None:
        self.member, self.url, self.lecture = member, url, lecture
        self.visitor: Visitor | None = None
        self.reader: Reader | None = None
        self.spoke_from: list[float] = []
        self._readers: list[Reader] = []
        self._staying = asyncio.create_task(self._stay(), name=f"{member.name} stays")

    @property
    def sent(self) -> set[int]:
        """Numbers of all packets that left."""
        return set().union(*(reader.sent for reader in self._readers))

    async def submit(self, kind: str, **fields: Any) -> None:
        assert self.visitor is not None
        ack = await self.visitor.submit(kind, **fields)
        assert ack["ok"], ack

    async def _stay(self) -> None:
        while True:
            visitor = Visitor(self.url, self.member.token(), self.member.user)
            try:
                with suppress(*GONE):
                    await self._visit(visitor)
            finally:
                await self._leave(visitor)
            await asyncio.sleep(AGAIN_S)

    async def _visit(self, visitor: Visitor) -> None:
        await visitor.connect()
        if not (await visitor.join(self.member.session))["ok"]:
            return
        self.visitor = visitor
        await self._call(visitor)
        self.spoke_from.append(self.lecture.read_s)
        await stay(visitor)

    async def _call(self, visitor: Visitor) -> None:
        """Until the home of the process that died is free."""
        while True:
            self.reader = Reader(visitor, self.lecture, len(self._readers))
            try:
                await self.reader.call()
            except NotAnswered as told:
                await self.reader.close()
                await asyncio.sleep(told.refusal.get("retryIn", RETRY_S))
            else:
                self._readers.append(self.reader)
                return

    async def _leave(self, visitor: Visitor) -> None:
        if self.reader is not None:
            await self.reader.close()
            self.reader = None
        with suppress(*GONE):
            await visitor.close()

    async def close(self) -> None:
        self._staying.cancel()
        await asyncio.gather(self._staying, return_exceptions=True)
