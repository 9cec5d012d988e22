"""A crowd of Socket.IO clients in one process, cheap enough not to be what is measured.

Speaks just enough WebSocket, Engine.IO 4 and Socket.IO 5 with the msgpack parser to connect, join and submit; imports
nothing of the server. Every delivery is checked: the messages of a run are numbered, and each client must see 1, 2, 3 …
"""

import asyncio
import base64
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgpack

MARK = b"bench#"


class Client(asyncio.Protocol):
    """One connection. `on_number` is called with every numbered message that arrives, in order."""

    def __init__(
        self, path: str, host: str, namespace: str, auth: dict[str, Any], offers_deflate: bool = False
    ) -> None:
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
            + ("Sec-WebSocket-Extensions: permessage-deflate\r\n" if offers_deflate else "")
            + "\r\n"
        ).encode()
        self.namespace, self._auth = namespace, auth
        self._buffer = bytearray()
        self._open = False
        self._next_ack = 0
        self._acks: dict[int, asyncio.Future[Any]] = {}
        self.connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.on_number: Callable[[int], None] = lambda _number: None
        self.last_number = 0
        self.out_of_order = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        lost = ConnectionError(f"the server closed the connection: {exc}")
        for waiting in (self.connected, *self._acks.values()):
            if not waiting.done():
                waiting.set_exception(lost)
                waiting.exception()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[:end])
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                self.connected.set_exception(ConnectionError(head.decode("latin-1")[:300]))
                return
            del self._buffer[: end + 4]
            self._open = True
        self._take_frames()

    def _take_frames(self) -> None:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            length, body = buffer[at + 1] & 0x7F, at + 2
            if length == 126:
                length, body = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                length, body = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if len(buffer) < body + length:
                break
            self._frame(buffer[at] & 0x0F, bytes(buffer[body : body + length]))
            at = body + length
        del buffer[:at]

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == 2:
            self._packet(payload)
        elif opcode == 1 and payload[:1] == b"0":
            self._send({"type": 0, "nsp": self.namespace, "data": self._auth})
        elif opcode == 1 and payload == b"2":
            self._write(1, b"3")
        elif opcode == 8:
            self.transport.close()

    def _packet(self, payload: bytes) -> None:
        found = payload.find(MARK)
        while found >= 0:
            number = int(payload[found + len(MARK) : found + len(MARK) + 8])
            if number <= self.last_number:
                self.out_of_order += 1
            self.last_number = number
            self.on_number(number)
            found = payload.find(MARK, found + 1)
        if payload[:60].find(b"\xa4type\x02") < 0:
            packet = msgpack.unpackb(payload)
            if packet["type"] == 0 and not self.connected.done():
                self.connected.set_result(None)
            elif packet["type"] == 4:
                self.connected.set_exception(ConnectionError(str(packet.get("data"))))
            elif packet["type"] == 3 and (waiting := self._acks.pop(packet["id"], None)) and not waiting.done():
                waiting.set_result(packet["data"][0])

    def call(self, name: str, data: dict[str, Any]) -> asyncio.Future[Any]:
        """Sends an event and returns the future of its ack."""
        self._next_ack += 1
        waiting = self._acks[self._next_ack] = asyncio.get_running_loop().create_future()
        self._send({"type": 2, "nsp": self.namespace, "data": [name, data], "id": self._next_ack})
        return waiting

    def _send(self, packet: dict[str, Any]) -> None:
        self._write(2, msgpack.packb(packet))

    def _write(self, opcode: int, payload: bytes) -> None:
        """Masked with zeros: legal, and no work."""
        size = len(payload)
        head = bytes([0x80 | opcode])
        head += bytes([0x80 | size]) if size < 126 else bytes([0xFE]) + size.to_bytes(2, "big")
        self.transport.write(head + b"\0\0\0\0" + payload)


@dataclass
class Crowd:
    """Everybody in one room. `send(number)` broadcasts; a message is delivered when every client has it."""

    clients: list[Client] = field(default_factory=list)
    delivered: dict[int, int] = field(default_factory=dict)
    _complete: dict[int, asyncio.Future[None]] = field(default_factory=dict)
    sent_at: dict[int, float] = field(default_factory=dict)
    latencies_s: list[float] = field(default_factory=list)

    async def connect(
        self, port: int, namespace: str, auths: list[dict[str, Any]], offers_deflate: bool = False
    ) -> None:
        loop = asyncio.get_running_loop()
        host = f"127.0.0.1:{port}"
        for start in range(0, len(auths), 50):
            made = []
            for auth in auths[start : start + 50]:
                client = Client("/socket.io/?EIO=4&transport=websocket", host, namespace, auth, offers_deflate)
                client.on_number = self._arrived
                await loop.create_connection(lambda c=client: c, "127.0.0.1", port)  # type: ignore[misc]
                made.append(client)
            await asyncio.wait_for(asyncio.gather(*(client.connected for client in made)), 60)
            self.clients += made

    def _arrived(self, number: int) -> None:
        now = time.perf_counter()
        if (sent := self.sent_at.get(number)) is not None:
            self.latencies_s.append(now - sent)
        self.delivered[number] = count = self.delivered.get(number, 0) + 1
        if count == len(self.clients) and (waiting := self._complete.get(number)) and not waiting.done():
            waiting.set_result(None)

    def everybody_has(self, number: int) -> asyncio.Future[None]:
        waiting = self._complete[number] = asyncio.get_running_loop().create_future()
        return waiting

    def close(self) -> None:
        for client in self.clients:
            client.transport.abort()
