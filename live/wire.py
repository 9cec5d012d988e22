"""Socket.IO over WebSocket with python-socketio's defaults replaced where they break a promise (design.md 5). Relies on the inside of
python-socketio and python-engineio, as live/channel.py does: each reliance has a test in tests/contracts/test_socketio.py.

Kept of theirs: the handshake's packets, sessions, the namespace's sign-in and sign-off. Ours: who may open a connection, strict packets
without a task for each, one heartbeat for all, and the channels. People, sessions and limits of rate are the gateway's.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import engineio
import socketio
import structlog
from aiohttp import web
from engineio.async_drivers.aiohttp import translate_request
from engineio.packet import OPEN
from engineio.packet import Packet as EnginePacket
from socketio.exceptions import ConnectionRefusedError as ConnectionRefused

from live import limits
from live.byes import PROTOCOL
from live.channel import Channel, Owner
from live.packets import CONNECT, DISCONNECT, EVENT, NAMESPACE, Malformed, Packet

log = structlog.get_logger("wire")

CHANNEL = "atelier.channel"  # in the environ that python-socketio hands to the sign-in
TICK_S = 0.1
TICKS_PER_BEAT = 10
LAG_MEMORY_S = 1.0  # how long a measurement counts in the average, about


@dataclass(frozen=True, slots=True)
class Doors:
    """What the gateway decides: `admit` before the upgrade (a response refuses), `sign_in` on CONNECT (raises SignInRefused),
    `signed_off` once for every sign-in that succeeded."""

    admit: Callable[[web.Request], web.Response | None]
    sign_in: Callable[["Channel", dict[str, Any]], Awaitable[Owner]]
    signed_off: Callable[[Any], Awaitable[None]]
    left: Callable[["Channel"], None]


class SignInRefused(Exception):
    """Becomes `connect_error` with a message and `data: {code}`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def _unheard(_channel: Channel, _data: bytes) -> None:
    raise RuntimeError("nobody hears yet")


class Engine(engineio.AsyncServer):  # type: ignore[misc]
    """Engine.IO with WebSocket as its one transport; no sid is ever a credential (attacks 6, 7)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.behind: set[Channel] = set()
        self.closes: Counter[str] = Counter()  # of what was upgraded, by why
        self.lag_s = 0.0  # how late the loop has been of late
        self.doors: Doors | None = None
        self.dispatch: Callable[[Channel, bytes], Awaitable[None]] | None = None
        self.heard: Callable[[Channel, bytes], None] = _unheard  # of channels that are signed in
        self._tasks: set[asyncio.Task[Any]] = set()

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def opening(self, sid: str) -> str:
        opening = {
            "sid": sid,
            "upgrades": [],
            "pingInterval": int(limits.PING_EVERY_S * 1000),
            "pingTimeout": int(limits.PONG_WITHIN_S * 1000) + 5_000,  # the client waits a little longer than we do
            "maxPayload": limits.MESSAGE_BYTES_MAX,
        }
        encoded: str = EnginePacket(OPEN, opening).encode()
        return encoded

    async def handle_request(self, request: web.Request) -> web.StreamResponse:
        """Instead of theirs, which knows polling, JSONP, sids in the query and lax origins."""
        query = request.query
        if request.method != "GET" or query.get("EIO") != "4" or query.get("transport") != "websocket":
            return web.Response(status=400, text="this server speaks Engine.IO 4 over WebSocket only")
        if {"sid", "j", "token"} & query.keys():
            return web.Response(status=400, text="neither sessions nor tokens are taken from the address")
        assert self.doors is not None
        refusal = self.doors.admit(request)
        if refusal is not None:
            return refusal
        sid = self.generate_id()
        channel = Channel(self, sid, request)
        self.sockets[sid] = channel
        try:
            environ = translate_request(request)
            environ[CHANNEL] = channel
            await self._trigger_event("connect", sid, environ, run_async=False)
            return await channel.run()
        finally:
            self.sockets.pop(sid, None)
            self.doors.left(channel)

    async def received(self, channel: Channel, data: bytes) -> None:
        assert self.dispatch is not None
        await self.dispatch(channel, data)

    async def keep_beat(self) -> None:
        """Until cancelled: one task for the outboxes and heartbeats of all channels."""
        ticks = 0
        while True:
            due = self.now() + TICK_S
            await asyncio.sleep(TICK_S)
            late_s = self.now() - due
            took_s = TICK_S + late_s
            self.lag_s += (late_s - self.lag_s) * took_s / (took_s + LAG_MEMORY_S)
            ticks += 1
            for channel in list(self.behind):
                channel.flush()
            if ticks % TICKS_PER_BEAT == 0:
                for channel in list(self.sockets.values()):
                    channel.beat(TICK_S * TICKS_PER_BEAT)

    async def settle(self) -> None:
        """Waits for the channels that are closing."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=limits.CLOSE_WITHIN_S + 1)


class _Manager(socketio.AsyncManager):  # type: ignore[misc]
    """A channel is in no room but its own, so signing off need not look at everybody's (theirs is quadratic)."""

    def basic_disconnect(self, sid: str, namespace: str, **_options: Any) -> None:
        for room in (None, sid):
            self.basic_leave_room(sid, namespace, room)
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            waiting = pending.get(namespace, [])
            if sid in waiting:
                waiting.remove(sid)


class Wire(socketio.AsyncServer):  # type: ignore[misc]
    """The server of the namespace. `attach(app)` adds its route; run `engine.keep_beat()` beside it."""

    def __init__(self, doors: Doors) -> None:
        super().__init__(
            client_manager=_Manager(),
            async_mode="aiohttp",
            async_handlers=False,
            serializer="msgpack",
            namespaces=[NAMESPACE],
            transports=["websocket"],
            allow_upgrades=False,
            monitor_clients=False,
            http_compression=False,
            max_http_buffer_size=limits.MESSAGE_BYTES_MAX,
        )
        self._doors = doors
        self.engine: Engine = self.eio
        self.engine.doors = doors
        self.engine.dispatch = self._dispatch
        self.engine.heard = self._hear
        self.on("connect", self._sign_in, namespace=NAMESPACE)
        self.on("disconnect", self._sign_off, namespace=NAMESPACE)
        self._owners: dict[str, Owner] = {}

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    async def _dispatch(self, channel: Channel, data: bytes) -> None:
        """Instead of theirs, which logs a traceback for each malformed packet and calls handlers by the client's names."""
        if channel.owner is not None:
            self._hear(channel, data)
            return
        try:
            packet = Packet(data)
        except Malformed as error:
            channel.misbehave(str(error))
            return
        if packet.type == CONNECT:
            await self._handle_connect(channel.sid, NAMESPACE, packet.data or {})
            if channel.owner is None:
                channel.abort("refused")
        else:
            channel.part(PROTOCOL)  # nothing is heard before the sign-in (attack 3)

    def _hear(self, channel: Channel, data: bytes) -> None:
        """From somebody who is signed in. Never raises: it may be called by the parser."""
        try:
            self._take(channel, Packet(data))
        except Malformed as error:
            channel.misbehave(str(error))
        except Exception:
            log.exception("a packet was not taken")
            channel.part(PROTOCOL)

    def _take(self, channel: Channel, packet: Packet) -> None:
        assert channel.owner is not None
        if packet.type == EVENT:
            argument = packet.data[1] if len(packet.data) > 1 else None
            channel.owner.receive(packet.data[0], argument, packet.id, packet.fault)
        elif packet.type == DISCONNECT:
            channel.abort()
        else:
            channel.misbehave("an ack or a sign-in that nobody asked for")

    async def _sign_in(self, sid: str, environ: dict[str, Any], auth: dict[str, Any] | None = None) -> None:
        channel: Channel = environ[CHANNEL]
        try:
            owner = await self._doors.sign_in(channel, auth or {})
        except SignInRefused as error:
            raise ConnectionRefused(error.detail, {"code": error.code}) from None
        except Exception:
            log.exception("sign-in failed")
            raise ConnectionRefused("something went wrong here", {"code": "internal"}) from None
        channel.signed_in(owner)
        self._owners[sid] = owner

    async def _sign_off(self, sid: str, *_reason: Any) -> None:
        owner = self._owners.pop(sid, None)
        if owner is not None:
            await self._doors.signed_off(owner)
