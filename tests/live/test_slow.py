"""Who does not read: closed with `slow`, able to resume, and no burden to the others (guarantees 1.10, attack 39)."""

import asyncio
import socket
import struct
from base64 import b64encode
from os import urandom
from typing import Any

import msgpack
import psutil
import pytest

from live import limits
from live.keys import GATEWAY
from live.packets import frame
from rooms.ids import SessionId
from tests.live.conftest import House
from tests.live.raw import PATH, event, packet


class Deaf:
    """Signs in, joins, and never reads again: its receive buffer is as small as it can be."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self._socket.setblocking(False)
        self._port = port

    async def enter(self, session: str, token: str) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self._socket, ("127.0.0.1", self._port))
        key = b64encode(urandom(16)).decode()
        await self._send_raw(
            f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        await self.read_until(b"upgrades")
        await self._send(packet(type=0, data={"token": token}))
        await self.read_until(b"sid")
        await self._send(event("join", {"sessionId": session}, id_=1))
        await self.read_until(b"snapshot")

    async def _send(self, payload: bytes) -> None:
        """One masked frame; a mask of zeros is a mask."""
        whole = frame(payload)
        size = len(payload)
        header = whole[: len(whole) - size]
        await self._send_raw(bytes((header[0], header[1] | 0x80)) + header[2:] + b"\0\0\0\0" + payload)

    async def _send_raw(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._socket, data)

    async def read_until(self, word: bytes) -> bytes:
        read = b""
        async with asyncio.timeout(5):
            while word not in read:
                read += await asyncio.get_running_loop().sock_recv(self._socket, 65_536)
        await asyncio.sleep(0.05)
        return read

    async def drain(self) -> bytes:
        """Everything that was sent before the connection ended."""
        read = b""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(5):
                while data := await loop.sock_recv(self._socket, 1_000_000):
                    read += data
        except (ConnectionError, TimeoutError):
            pass
        return read

    def close(self) -> None:
        self._socket.close()


async def stall(house: House, **options: Any) -> tuple[SessionId, Deaf, Any]:
    session = await house.session()
    [mara] = await house.enter(session, "mara")
    deaf = Deaf(house.server.settings.port)
    await deaf.enter(session, await house.token("ana"))
    return session, deaf, mara


def ending(house: House) -> int:
    return sum(each.channel.closing_down for each in house.app[GATEWAY].connections())


async def test_a_connection_too_many_bytes_behind_is_closed(house: House) -> None:
    session, deaf, mara = await stall(house)
    [ben] = await house.enter(session, "ben")
    memory = psutil.Process().memory_info().rss
    said = 0
    while not ending(house):
        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(mara.submit("chat.send", text="x" * 5_000))
        said += 20
        assert said < 2_000, "it was never given up"
    async with asyncio.timeout(5):
        while len(house.app[GATEWAY].connections()) == 3:  # noqa: ASYNC110 - it does not answer the close, either
            await asyncio.sleep(0.01)
    print(f"closed after {said} messages of 5 kB")
    assert psutil.Process().memory_info().rss - memory < 60_000_000
    await ben.until(lambda visitor: visitor.types.count("chat.sent") == said, 20)
    ben.stands()
    deaf.close()


async def test_a_connection_too_many_events_behind_is_closed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live.outbox.OUTBOX_EVENTS_MAX", 30)
    monkeypatch.setattr("live.outbox.TRANSPORT_BYTES", 1)
    _session, deaf, mara = await stall(house)
    for number in range(400):
        await mara.submit("chat.send", text=f"{number} " + "x" * 2_000)
        if len(house.app[GATEWAY].connections()) == 1:
            break
    assert len(house.app[GATEWAY].connections()) == 1
    deaf.close()


async def test_a_connection_too_long_behind_is_closed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live.outbox.OUTBOX_BEHIND_S_MAX", 0.5)
    _session, deaf, mara = await stall(house)
    for number in range(120):
        await mara.submit("chat.send", text=f"{number} " + "x" * 4_900)
    async with asyncio.timeout(8):
        while len(house.app[GATEWAY].connections()) == 2:  # noqa: ASYNC110 - the sign-off sets no event
            await asyncio.sleep(0.05)
    deaf.close()


async def test_signals_are_dropped_where_something_waits(house: House) -> None:
    _session, deaf, mara = await stall(house)
    for number in range(100):
        await mara.submit("chat.send", text=f"{number} " + "x" * 4_900)
    [channel] = [each.channel for each in house.app[GATEWAY].connections() if each.channel.waiting_bytes]
    waiting = channel.waiting_bytes
    await mara.signal({"type": "typing", "on": True})
    await asyncio.sleep(0.3)
    assert channel.waiting_bytes <= waiting
    deaf.close()


def test_limits_are_those_that_are_promised() -> None:
    assert (limits.OUTBOX_BYTES_MAX, limits.OUTBOX_EVENTS_MAX, limits.OUTBOX_BEHIND_S_MAX) == (1_048_576, 1_000, 10.0)
    assert struct.unpack("!BBH", frame(b"x" * 200)[:4]) == (0x82, 126, 200)
    assert msgpack.unpackb(frame(msgpack.packb([1]))[2:]) == [1]
