"""Somebody in a session over the public protocol, with the official Socket.IO client; keeps everything it was sent, in order."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import socketio
from aiohttp import WSServerHandshakeError
from socketio.exceptions import ConnectionError as SocketError

Document = dict[str, Any]
WITHIN_S = 5.0
CATCHES_UP_WITHIN_S = 30.0
OVERLOADED = 503


class Visitor:
    """`frames` are (name, document) of everything that came in; `seq` is where the client stands."""

    def __init__(self, url: str, token: str | None, user: str) -> None:
        self.user = user
        self.url = url
        self.token = token
        self.frames: list[tuple[str, Document]] = []
        self.ack: Document = {}
        self.position = 0
        self.session = ""
        self.closed = asyncio.Event()
        self._changed = asyncio.Event()
        self.sio = socketio.AsyncClient(serializer="msgpack", reconnection=False, logger=False)
        for name in ("events", "snapshot", "signal", "bye"):
            self.sio.on(name, self._keeper(name), namespace="/live")
        self.sio.on("disconnect", self._closed, namespace="/live")

    def _keeper(self, name: str) -> Callable[[Document], None]:
        def keep(document: Document) -> None:
            self.frames.append((name, document))
            self._changed.set()

        return keep

    def _closed(self, *_reason: object) -> None:
        self.closed.set()
        self._changed.set()

    async def connect(self, **options: Any) -> "Visitor":
        """As a browser does: a server that is behind (503) takes nobody in until it has caught up."""
        auth = None if self.token is None else {"token": self.token}
        async with asyncio.timeout(CATCHES_UP_WITHIN_S):
            while True:
                try:
                    await self.sio.connect(
                        self.url, auth=auth, namespaces=["/live"], transports=["websocket"], wait_timeout=5, **options
                    )
                except SocketError as error:
                    refused = getattr(error.__cause__, "__context__", None)
                    if not isinstance(refused, WSServerHandshakeError) or refused.status != OVERLOADED:
                        raise
                    await asyncio.sleep(0.5)
                else:
                    return self

    async def call(self, name: str, document: Any, *, timeout_s: float = WITHIN_S) -> Document:
        answer: Document = await self.sio.call(name, document, namespace="/live", timeout=timeout_s)
        return answer

    async def join(self, session: str, **where: Any) -> Document:
        self.session = session
        self.ack = await self.call("join", {"sessionId": session, **where})
        return self.ack

    async def submit(self, kind: str, /, *, command_id: str | None = None, **fields: Any) -> Document:
        return await self.call("submit", {"id": command_id or str(uuid4()), "type": kind, **fields})

    async def signal(self, document: Document) -> None:
        await self.sio.emit("signal", document, namespace="/live")

    async def leave(self) -> Document:
        return await self.call("leave", {})

    async def close(self) -> None:
        """The client forgets its socket when the other side was first; a response left open is a warning, and so a failure."""
        socket = self.sio.eio.ws
        try:
            await self.sio.disconnect()
        finally:
            if socket is not None:
                socket._response.close()

    # -- what came --

    @property
    def events(self) -> list[Document]:
        return [event for name, frame in self.frames if name == "events" for event in frame["events"]]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    @property
    def byes(self) -> list[Document]:
        return [frame for name, frame in self.frames if name == "bye"]

    @property
    def signals(self) -> list[Document]:
        return [frame for name, frame in self.frames if name == "signal"]

    @property
    def snapshots(self) -> list[Document]:
        return [frame for name, frame in self.frames if name == "snapshot"]

    async def until(self, seen: Callable[["Visitor"], Any], within_s: float = WITHIN_S) -> Any:
        """Waits for something to have come; says what did come when it has not."""
        try:
            async with asyncio.timeout(within_s):
                while not (found := seen(self)):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"not seen within {within_s} s; came: {self.frames}") from None
        return found

    async def sees(self, kind: str, /, within_s: float = WITHIN_S, **fields: Any) -> Document:
        """The first event of this type and fields."""

        def find(visitor: "Visitor") -> Document | None:
            for event in visitor.events:
                if event["type"] == kind and fields.items() <= event.items():
                    return event
            return None

        found: Document = await self.until(find, within_s)
        return found

    def stands(self) -> int:
        """Where the frames lead without a gap from the last join; fails on a gap, a repetition or another order."""
        position: int = self.ack["seq"]
        for name, frame in self.frames:
            if name == "snapshot":
                position = frame["seq"]
            elif name == "events":
                assert frame["after"] == position, (position, frame)
                seqs = [event["seq"] for event in frame["events"]]
                assert seqs == sorted(set(seqs)), frame
                assert all(frame["after"] < seq <= frame["upto"] for seq in seqs), frame
                position = frame["upto"]
        return position
