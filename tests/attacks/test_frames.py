"""Attacks 35 and 36: frames that are compressed without being asked, that lie about their length, that never end. The one who sends
them is closed; nothing is reserved for what does not come, and whoever else is there is answered all the while.
"""

import asyncio
import os
import zlib
from collections.abc import Callable, Iterator

import psutil
import pytest

from live import limits
from live.keys import HOSTS
from tests.attacks.line import BINARY, CLOSE, COMPRESSED, CONTINUATION, FINAL, PING, TEXT, Line, masked
from tests.live.conftest import House
from tests.live.raw import event, packet

MEGABYTE = 1_000_000
PROTOCOL, TOO_BIG = 1002, 1009


@pytest.fixture(autouse=True)
def nobody_notices(faults: Callable[[], list[str]]) -> Iterator[None]:
    yield
    assert faults() == []


def resident() -> int:
    return int(psutil.Process(os.getpid()).memory_info().rss)


async def upgraded(house: House, **headers: str) -> tuple[Line, str]:
    """Patient with a server that is late, as a busy machine makes it."""
    async with asyncio.timeout(30):
        while True:
            line = await Line.to(house.server.url)
            head = await line.upgrade(**headers)
            if not head.startswith("HTTP/1.1 503 "):
                assert head.startswith("HTTP/1.1 101 "), head
                return line, head
            await line.close()
            await asyncio.sleep(0.5)


async def signed_in(house: House, name: str = "ana", **headers: str) -> Line:
    line, _head = await upgraded(house, **headers)
    await line.send(masked(FINAL | BINARY, packet(type=0, data={"token": await house.token(name)})))
    await line.until(b"nsp")
    return line


def deflated(size: int) -> bytes:
    """So many zeros, as permessage-deflate would have them (RFC 7692, 7.2.1)."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflate.compress(bytes(size)) + deflate.flush(zlib.Z_SYNC_FLUSH)


async def test_35_compression_is_never_agreed_on(house: House) -> None:
    """So a bomb is a frame with a bit that nobody may set, and nothing secret is mixed with what an attacker chooses."""
    offer = "permessage-deflate; client_max_window_bits"
    line, head = await upgraded(house, Sec_WebSocket_Extensions=offer)
    assert "sec-websocket-extensions" not in head.lower()
    await line.close()
    bomb = await asyncio.to_thread(deflated, 60 * MEGABYTE)
    assert len(bomb) < limits.MESSAGE_BYTES_MAX
    before = resident()
    for body in (bomb, deflated(10), b"x"):
        attacker = await signed_in(house, Sec_WebSocket_Extensions=offer)
        await attacker.send(masked(FINAL | COMPRESSED | BINARY, body))
        assert await attacker.closes() == PROTOCOL
        await attacker.close()
    assert resident() - before < 10 * MEGABYTE


LIES = {
    "2 to the 63rd": (masked(FINAL | BINARY, b"", size=2**63), {PROTOCOL, TOO_BIG}),
    "all bits of a length": (masked(FINAL | BINARY, b"", size=2**64 - 1), {PROTOCOL, TOO_BIG}),
    "a gigabyte": (masked(FINAL | BINARY, b"", size=10**9), {TOO_BIG}),
    "a byte too many": (masked(FINAL | BINARY, bytes(limits.MESSAGE_BYTES_MAX + 1)), {TOO_BIG}),
    "pieces that are too much together": (
        masked(BINARY, bytes(1_000)) + masked(CONTINUATION, bytes(1_000)) * (limits.MESSAGE_BYTES_MAX // 1_000),
        {TOO_BIG},
    ),
    "a ping that is too long": (masked(FINAL | PING, bytes(126)), {PROTOCOL}),
    "a ping in pieces": (masked(PING, b"x"), {PROTOCOL}),
    "a continuation of nothing": (masked(FINAL | CONTINUATION, b"x"), {PROTOCOL}),
    "a message within a message": (masked(BINARY, b"x") + masked(FINAL | TEXT, b"x"), {PROTOCOL}),
    "a kind that is none": (masked(FINAL | 3, b"x"), {PROTOCOL}),
    "a bit that is none": (masked(FINAL | 0x10 | BINARY, b"x"), {PROTOCOL}),
    "a close that is half a code": (masked(FINAL | CLOSE, b"x"), {PROTOCOL}),
    "text that is none": (masked(FINAL | TEXT, b"\xff\xfe"), {PROTOCOL, 1007}),
}


async def test_36_frames_that_lie_end_their_connection_and_reserve_nothing(house: House) -> None:
    before, wrong = resident(), {}
    for what, (data, codes) in LIES.items():
        attacker = await signed_in(house)
        await attacker.send(data)
        code = await attacker.closes()
        if code not in codes:
            wrong[what] = code
        await attacker.close()
    assert wrong == {}
    assert resident() - before < 10 * MEGABYTE


async def test_36_a_byte_at_a_time_is_heard_and_half_a_frame_is_not_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = await signed_in(house)
    for byte in masked(FINAL | BINARY, event("leave", {}, id_=7)):
        await slow.send(bytes([byte]))
    await slow.until(b"\xa2id\x07")
    monkeypatch.setattr(limits, "PING_EVERY_S", 1.0)
    monkeypatch.setattr(limits, "PONG_WITHIN_S", 1.0)
    await slow.send(masked(BINARY, b"", size=1_000))

    async def dribble() -> None:
        while True:
            await slow.send(b"x")
            await asyncio.sleep(0.2)

    dribbling = asyncio.create_task(dribble())
    try:
        await slow.ends(within_s=6)
    finally:
        dribbling.cancel()
    await slow.close()


async def test_36_pieces_of_nothing_without_end_cost_nobody_else(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """They fit into any limit of length, so they count as not saying anything: the heartbeat ends it."""
    session = await house.session()
    [mara] = await house.enter(session, "mara")
    attacker = await signed_in(house)
    before = resident()
    await attacker.send(masked(BINARY, b""))
    flood = masked(CONTINUATION, b"") * 10_000

    async def send() -> None:
        for _ in range(10):
            await attacker.send(flood)
        while True:
            await attacker.send(masked(CONTINUATION, b""))
            await asyncio.sleep(0.1)

    sending = asyncio.create_task(send())
    for number in range(5):
        assert (await mara.submit("chat.send", text=f"line {number}"))["ok"]
    assert (await house.app[HOSTS].get(session)).room.seq >= 5
    monkeypatch.setattr(limits, "PING_EVERY_S", 1.0)
    monkeypatch.setattr(limits, "PONG_WITHIN_S", 1.0)
    try:
        await attacker.ends(within_s=10)
    finally:
        sending.cancel()
    assert resident() - before < 10 * MEGABYTE
    await attacker.close()
