"""A session's sound for tests: a desk, and the people at it as aiortc clients on loopback."""

from collections.abc import AsyncIterator

import pytest

from media.desk import Desk, Heard, Stand
from media.peers import Peer
from tests.media.caller import ICE, Caller, Tone, until
from tests.media.wire import Wire

MARA_HZ, ANA_HZ, BEN_HZ = 440, 700, 1_100
SPEAKS = Stand(place=None, may_speak=True, recorded=False)
RECORDED = Stand(place=None, may_speak=True, recorded=True)
LISTENS = Stand(place=None, may_speak=False, recorded=False)


class Session:
    """A desk and the people at it."""

    def __init__(self) -> None:
        self.spoken: list[Heard] = []
        self.desk = Desk(ICE, heard=self.spoken.append)
        self.stands: dict[str, Stand] = {}
        self.callers: list[Caller] = []

    def stand(self, **stands: Stand) -> None:
        self.stands |= stands
        self.desk.stand(self.stands)

    async def call(
        self,
        user: str,
        hertz: float | None,
        stand: Stand = SPEAKS,
        *,
        wire: Wire | None = None,
        caller: Caller | None = None,
    ) -> Caller:
        """Connected, through a bad network if one is given. `hertz` None: listens only."""
        self.stand(**{user: stand})
        caller = caller or Caller(Tone(hertz) if hertz is not None else None)
        self.callers.append(caller)
        answer = await self.desk.offer(user, await caller.offer())
        await caller.accept(await wire.through(answer) if wire is not None else answer)
        await caller.connected()
        await until(lambda: self.line(user).connected)  # the answering side is, a moment later
        return caller

    def line(self, user: str) -> Peer:
        return self.desk._peers[user]

    async def close(self) -> None:
        await self.desk.close()
        for caller in self.callers:
            await caller.close()


@pytest.fixture
async def session() -> AsyncIterator[Session]:
    session = Session()
    yield session
    await session.close()
