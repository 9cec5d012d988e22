"""A connection on which a test writes every byte itself: heads, bodies and frames that no library would send."""

import asyncio
import base64
import os
import socket
from contextlib import suppress
from struct import pack
from urllib.parse import urlsplit

UPGRADE = "/socket.io/?EIO=4&transport=websocket"
TEXT, BINARY, CONTINUATION, CLOSE, PING = 1, 2, 0, 8, 9
FINAL, COMPRESSED = 0x80, 0x40


class Line:
    """`received` is everything that came back so far."""

    def __init__(self, url: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.host = urlsplit(url).netloc
        self.received = b""
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, url: str, *, receive_bytes: int | None = None) -> "Line":
        parts = urlsplit(url)
        line = socket.socket()
        if receive_bytes is not None:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        line.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(line, (parts.hostname, parts.port))
            return cls(url, *await asyncio.open_connection(sock=line, limit=2**14))
        except BaseException:  # also when whoever called gave up meanwhile
            line.close()
            raise

    async def send(self, data: bytes) -> None:
        """What the other side does not take any more is not missed."""
        with suppress(ConnectionError):
            self._writer.write(data)
            await self._writer.drain()

    async def until(self, mark: bytes, within_s: float = 15.0) -> bytes:
        async with asyncio.timeout(within_s):
            while mark not in self.received:
                piece = await self._reader.read(65_536)
                assert piece, f"the other side ended it after {self.received[-300:]!r}"
                self.received += piece
        return self.received

    async def ends(self, within_s: float = 15.0) -> bytes:
        """Reads until the other side ends it."""
        async with asyncio.timeout(within_s):
            with suppress(ConnectionError):
                while piece := await self._reader.read(65_536):
                    self.received += piece
        return self.received

    async def upgrade(self, **headers: str) -> str:
        """To a WebSocket; the head of the answer."""
        key = base64.b64encode(os.urandom(16)).decode()
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        await self.send(
            f"GET {UPGRADE} HTTP/1.1\r\nHost: {self.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{more}\r\n".encode()
        )
        head, _end, rest = (await self.until(b"\r\n\r\n")).partition(b"\r\n\r\n")
        self.received = rest
        return head.decode()

    async def closes(self, within_s: float = 15.0) -> int | None:
        """The code of the close frame before the end, if there was one."""
        data = await self.ends(within_s)
        code, at = None, 0
        while at + 2 <= len(data):
            size, wide = data[at + 1] & 0x7F, {126: 2, 127: 8}.get(data[at + 1] & 0x7F, 0)
            start = at + 2 + wide
            size = int.from_bytes(data[at + 2 : start], "big") if wide else size
            if data[at] & 0x0F == CLOSE and size >= 2:
                code = int.from_bytes(data[start : start + 2], "big")
            at = start + size
        return code

    async def close(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


def masked(first: int, body: bytes, *, size: int | None = None) -> bytes:
    """A client's frame (RFC 6455, 5.2) with a mask of zeros; `size` is what it says of its length, whatever follows."""
    size = len(body) if size is None else size
    if size < 126:
        length = pack("!B", 0x80 | size)
    elif size < 65_536:
        length = pack("!BH", 0xFE, size)
    else:
        length = pack("!BQ", 0xFF, size)
    return bytes([first]) + length + bytes(4) + body
