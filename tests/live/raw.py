"""A client that sends what no honest client sends: bytes of its own over a WebSocket of its own."""

import asyncio
from typing import Any

import msgpack
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

PATH = "/socket.io/?EIO=4&transport=websocket"


def packet(**fields: Any) -> bytes:
    packed: bytes = msgpack.packb({"nsp": "/live", **fields})
    return packed


def event(*data: Any, id_: int | None = None) -> bytes:
    return packet(type=2, data=list(data), **({} if id_ is None else {"id": id_}))


class Raw:
    """Everything received is kept: `texts` of Engine.IO, `packets` of Socket.IO with their `bytes`, and at the end `close_code`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.texts: list[str] = []
        self.packets: list[dict[str, Any]] = []
        self.bytes: list[bytes] = []
        self.close_code: int | None = None
        self._http = ClientSession()
        self._socket: ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self.closed = asyncio.Event()
        self._came = asyncio.Event()

    async def open(self, path: str = PATH, **headers: str) -> "Raw":
        self._socket = await self._http.ws_connect(self.url + path, headers=headers, autoclose=True, max_msg_size=0)
        self._reader = asyncio.create_task(self._read())
        return self

    async def sign_in(self, token: str | None) -> dict[str, Any]:
        """The answer to CONNECT: type 0, or 4 with the refusal."""
        await self.send(packet(type=0, data=None if token is None else {"token": token}))
        return await self.answer(lambda each: each["type"] in (0, 4))

    async def call(self, name: str, argument: Any, id_: int) -> Any:
        await self.send(event(name, argument, id_=id_))
        return (await self.answer(lambda each: each["type"] == 3 and each["id"] == id_))["data"][0]

    async def send(self, data: bytes | str) -> None:
        assert self._socket is not None
        await (self._socket.send_bytes(data) if isinstance(data, bytes) else self._socket.send_str(data))

    async def answer(self, wanted: Any, within_s: float = 5.0) -> dict[str, Any]:
        async with asyncio.timeout(within_s):
            while True:
                for each in self.packets:
                    if wanted(each):
                        return each
                self._came.clear()
                await self._came.wait()

    async def more(self) -> None:
        """Waits for anything that has not come yet."""
        self._came.clear()
        await self._came.wait()

    async def ends(self, within_s: float = 4.0) -> int | None:
        """The close code; fails when the connection stays open. 4 s: before who never signs in would be closed."""
        async with asyncio.timeout(within_s):
            await self.closed.wait()
        return self.close_code

    def heard(self, name: str) -> list[Any]:
        return [each["data"][1] for each in self.packets if each["type"] == 2 and each["data"][0] == name]

    async def _read(self) -> None:
        assert self._socket is not None
        async for message in self._socket:
            if message.type is WSMsgType.TEXT:
                self.texts.append(message.data)
                if message.data == "2":
                    await self._socket.send_str("3")
            else:
                self.bytes.append(message.data)
                self.packets.append(msgpack.unpackb(message.data))
            self._came.set()
        self.close_code = self._socket.close_code
        self.closed.set()

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)
        await self._http.close()
