"""A session's sound for tests: a desk, and the people at it as aiortc clients on loopback."""

from collections.abc import AsyncIterator

import pytest

from media.desk import Desk, Heard, Stand
from tests.media.caller import ICE, Caller, Tone

MARA_HZ, ANA_HZ, BEN_HZ = 440, 700, 1_100
SPEAKS = Stand(place=None, may_speak=True, recorded=False)
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

    async def call(self, user: str, hertz: float | None, stand: Stand = SPEAKS) -> Caller:
        self.stand(**{user: stand})
        caller = Caller(Tone(hertz) if hertz is not None else None)
        self.callers.append(caller)
        await caller.call(lambda sdp: self.desk.offer(user, sdp))
        await caller.connected()
        return caller

    async def close(self) -> None:
        await self.desk.close()
        for caller in self.callers:
            await caller.close()


@pytest.fixture
async def session() -> AsyncIterator[Session]:
    session = Session()
    yield session
    await session.close()
