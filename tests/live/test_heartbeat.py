"""Connections that are dead are noticed; clocks and pauses of the server are no reason (guarantees F3, F14, trap D4)."""

import asyncio
import time
from collections.abc import Callable

import pytest

from live import limits, wire
from tests.live.conftest import House
from tests.live.raw import Raw


class Silent(Raw):
    """Never answers a ping."""

    async def _read(self) -> None:
        assert self._socket is not None
        async for message in self._socket:
            self.texts.append(str(message.data))
        self.closed.set()


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PING_EVERY_S", 1.0)
    monkeypatch.setattr(limits, "PONG_WITHIN_S", 1.0)
    monkeypatch.setattr(wire, "TICKS_PER_BEAT", 2)


async def test_who_does_not_answer_is_closed_and_who_does_is_not(
    house: House, raw: Callable[[], Raw], monkeypatch: pytest.MonkeyPatch
) -> None:
    alive = raw()
    await alive.open()
    await alive.sign_in(await house.token("ana"))
    dead = Silent(house.server.url)
    await dead.open()
    await dead.send(b"\x83\xa4type\x00\xa3nsp\xa5/live\xa4data\x81\xa5token" + packed(await house.token("ben")))
    async with asyncio.timeout(6):
        await dead.closed.wait()
    assert "2" in dead.texts, "it was asked first"
    await asyncio.sleep(1.5)
    assert not alive.closed.is_set()
    assert alive.texts.count("2") >= 2
    await dead.close()


def packed(text: str) -> bytes:
    import msgpack

    encoded: bytes = msgpack.packb(text)
    return encoded


async def test_who_talks_all_the_time_is_pinged_too(house: House, raw: Callable[[], Raw]) -> None:
    """A client of Engine.IO hears no heartbeat in what it says itself: without our pings it takes us for dead."""
    alive = raw()
    await alive.open()
    await alive.sign_in(await house.token("ana"))
    for _ in range(10):
        await alive.send("3")
        await asyncio.sleep(0.3)
    assert alive.texts.count("2") >= 2
    assert not alive.closed.is_set()


async def test_a_jump_of_the_wall_clock_closes_nobody(
    house: House, raw: Callable[[], Raw], monkeypatch: pytest.MonkeyPatch
) -> None:
    alive = raw()
    await alive.open()
    await alive.sign_in(await house.token("ana"))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3_600)
    await asyncio.sleep(2.5)
    assert not alive.closed.is_set()


async def test_a_pause_of_the_whole_server_closes_nobody(house: House, raw: Callable[[], Raw]) -> None:
    """Beats are counted, not measured: after a pause everybody has their time again."""
    alive = raw()
    await alive.open()
    await alive.sign_in(await house.token("ana"))
    time.sleep(3)  # noqa: ASYNC251 - a stopped process
    await asyncio.sleep(0.7)
    assert not alive.closed.is_set()
