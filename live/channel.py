"""One WebSocket of Socket.IO: what it hears, what is written to it, its heartbeat and its end. A `Channel` knows bytes and an owner;
whose it is and what packets mean is live/wire.py's, how bytes come in from aiohttp live/reading.py's.

Relies on the inside of python-engineio, whose place for a socket it takes: each reliance has a test in tests/contracts/test_socketio.py.
"""

import asyncio
import socket
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import WebSocketError, WSCloseCode, WSMsgType, web
from engineio.async_socket import AsyncSocket
from engineio.packet import PING
from engineio.packet import Packet as EnginePacket

from live import limits
from live.acks import Release
from live.byes import PROTOCOL, RATE, SLOW, Bye
from live.outbox import Outbox
from live.packets import event_frame, frame, pong_frame
from live.reading import Message, Reading

if TYPE_CHECKING:
    from live.wire import Engine

ENDS = {WSMsgType.CLOSE: "left", WSMsgType.ERROR: "malformed"}
MESSAGES_IN_A_ROW = 20  # then the loop gets its turn, however much one client has sent
PING_FRAME = frame(EnginePacket(PING).encode())


class Owner(Protocol):
    """Whom a channel belongs to after its sign-in."""

    def receive(self, name: str, argument: Any, ack_id: int | None, fault: str | None) -> None: ...

    def misbehaved(self, why: str) -> None: ...


class Push(Protocol):
    def __call__(self, data: bytes, events: int = 0) -> None: ...


def _nowhere(data: bytes, events: int = 0) -> None:
    """Before the opening, and from the moment the end was decided."""


class Channel(AsyncSocket):  # type: ignore[misc]
    """One WebSocket. Everything that goes out is a whole frame through `push`; what the transport does not take at once waits
    in the outbox, and a channel whose outbox overflows is closed with `slow`."""

    def __init__(self, engine: "Engine", sid: str, request: web.Request) -> None:
        super().__init__(engine, sid)
        self.engine = engine
        self.request = request
        self.owner: Owner | None = None
        self.malformed = 0
        self.closing_down = False
        self.closed_by = "lost"  # as live/metrics.py tells it; until somebody says otherwise the line broke
        self._socket: Reading | None = None
        self._transport: asyncio.Transport | None = None
        self.outbox: Outbox | None = None
        self.push: Push = _nowhere  # one frame, or several back to back, and how many events of the log they carry
        self._heard = True
        self._quiet_beats = 0
        self._unpinged_beats = 0
        self._controls = 0
        self._signing_in: asyncio.TimerHandle | None = None

    # -- life -----------------------------------------------------------------------------------------------------------

    async def run(self) -> web.StreamResponse:
        """From the upgrade to the end of the connection."""
        response = Reading(self.hear)
        if not response.can_prepare(self.request):
            return web.Response(status=400, text="not a WebSocket")
        await response.prepare(self.request)
        assert isinstance(self.request.transport, asyncio.Transport)
        self._socket, self._transport = response, self.request.transport
        self.outbox = Outbox(self._transport, self.engine.now, self._lags, partial(self.part, SLOW))
        self.push = self.outbox.push
        _hold_back_little(self._transport)
        self.connected = self.upgraded = True
        self._signing_in = asyncio.get_running_loop().call_later(limits.CONNECT_WITHIN_S, self.abort, "unsigned")
        self.push(frame(self.engine.opening(self.sid)))
        try:
            await self._read(response)
        finally:
            self._signing_in.cancel()
            response.stop_hearing()
            self._shut()
            self.outbox = None
            self.engine.closes[self.closed_by] += 1
            await self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_CLOSE)
            self.owner = None  # who knows this channel
        return response

    def signed_in(self, owner: Owner) -> None:
        self.owner = owner
        if self._signing_in is not None:
            self._signing_in.cancel()

    def hear(self, message: Message, in_a_row: int) -> bool:
        """Whether a message was dealt with right where the bytes were parsed; one that was not waits for `_read`. Who floods waits
        too, so that the loop gets its turn however much one client has sent."""
        if message.type is not WSMsgType.BINARY or self.owner is None or in_a_row > MESSAGES_IN_A_ROW:
            return False
        if not self._is_deaf():  # what arrived before the end is not heard after it
            self._heard = True
            self.engine.heard(self, message.data)
        return True

    async def _read(self, response: Reading) -> None:
        """What was not heard at once: everything before the sign-in, whatever is no packet, the end, and what one client sent too
        much of in a row."""
        in_a_row = 0
        while not self._is_deaf():
            in_a_row = in_a_row + 1 if response.has_more else 0  # without more the loop has its turn
            message = await response.receive()
            if self._is_deaf():
                return
            self._heard = True
            if message.type is WSMsgType.BINARY:
                await self.engine.received(self, message.data)
            elif message.type is WSMsgType.TEXT:
                self._read_control(message.data)
            elif message.type in (WSMsgType.PING, WSMsgType.PONG):
                self._read_ping(message)
            else:  # closed by either side, or a frame that aiohttp refused with a close code of its own
                self._read_end(message)
                return
            if in_a_row >= MESSAGES_IN_A_ROW:
                in_a_row = 0
                await asyncio.sleep(0)

    def _is_deaf(self) -> bool:
        """From the moment its end was decided (attack 3)."""
        return self.closing_down

    def _read_ping(self, message: Message) -> None:
        """Of the WebSocket itself (RFC 6455, 5.5.2), which no browser sends by itself."""
        self._count_control()
        if message.type is WSMsgType.PING:
            self.push(pong_frame(message.data))

    def _read_end(self, message: Message) -> None:
        if message.type in ENDS:
            self.closed_by = ENDS[message.type]
        fault = message.data if message.type is WSMsgType.ERROR else None
        if self.owner is not None and isinstance(fault, WebSocketError):
            too_big = fault.code == WSCloseCode.MESSAGE_TOO_BIG
            self.owner.misbehaved("a message is too large" if too_big else "a frame is malformed")

    def _count_control(self) -> None:
        """An honest client answers our pings; one that does nothing but beat is sent away (attack 40)."""
        self._controls += 1
        if self._controls > limits.CONTROLS_PER_BEAT_MAX:
            self.part(RATE)

    def _read_control(self, text: str) -> None:
        """Engine.IO packets without data of ours: packets of Socket.IO are binary here."""
        match text[:1]:
            case "3" | "6":  # pong, noop
                self._count_control()
            case "1":  # close
                self.abort()
            case first if first not in "0123456":
                self.part(PROTOCOL)
            case "":
                self.part(PROTOCOL)
            case _:
                self.misbehave("unexpected text packet")

    def misbehave(self, why: str | None) -> None:
        """Counts; a channel that goes on is closed (attack 29). `why` None: it was answered, and stands in the log already."""
        self.malformed += 1
        if self.owner is not None and why is not None:
            self.owner.misbehaved(why)
        if self.malformed >= limits.MALFORMED_MAX:
            self.part(PROTOCOL)

    # -- writing --------------------------------------------------------------------------------------------------------

    async def send(self, pkt: EnginePacket) -> None:
        """The way python-socketio's own answers take: sign-in, its refusal."""
        self.push(frame(pkt.encode()))

    def hold(self, data: bytes) -> Release | None:
        """For an answer whose event is about to follow: both leave in one write, or the answer alone when it is released."""
        if self.outbox is not None and self.outbox.hold(data):
            return self.outbox.release
        return None

    def push_if_idle(self, data: bytes) -> None:
        """For signals: dropped where something waits."""
        if not self.waiting_bytes:
            self.push(data)

    @property
    def waiting_bytes(self) -> int:
        return self.outbox.waiting_bytes if self.outbox is not None else 0

    def _lags(self) -> None:
        self.engine.behind.add(self)

    def flush(self) -> None:
        if self.outbox is None or not self.outbox.flush():
            self.engine.behind.discard(self)

    # -- heartbeat: counted in beats of this process, so that neither its wall clock nor its own pauses close anybody ----

    def schedule_ping(self) -> None:
        """Engine.IO's own heartbeat is off: it measures by the wall clock (trap D4)."""

    async def check_ping_timeout(self) -> bool:
        return not self.closed

    def beat(self, beat_s: float) -> None:
        self._controls = 0
        if self._heard:
            self._heard, self._quiet_beats = False, 0
        self._quiet_beats += 1
        self._unpinged_beats += 1
        if self._quiet_beats * beat_s > limits.PING_EVERY_S + limits.PONG_WITHIN_S:
            self.abort("silent")
        elif self._unpinged_beats * beat_s >= limits.PING_EVERY_S:  # however much they say: they wait for our pings
            self._unpinged_beats = 0
            self.push(PING_FRAME)

    # -- closing --------------------------------------------------------------------------------------------------------

    def part(self, bye: Bye, retry_in_s: float | None = None) -> None:
        """Says why and closes. Nothing is read or sent after it."""
        if self.closing_down:
            return
        if self.owner is not None and self.outbox is not None:
            if bye is SLOW:
                self.outbox.drop()  # what waited comes again on resume
            self.outbox.push_last(event_frame("bye", bye.document(retry_in_s)))
        self.closed_by = bye.code
        self._begin_closing(bye.close_code)

    def abort(self, why: str = "left") -> None:
        if not self.closing_down:
            self.closed_by = why
            self._begin_closing(1000)

    def _begin_closing(self, code: int) -> None:
        self.closing_down = True
        self._shut()
        self.engine.spawn(self._close(code))

    def _shut(self) -> None:
        if self.outbox is not None:
            self.outbox.shut()
        self.push = _nowhere
        self.engine.behind.discard(self)

    async def _close(self, code: int) -> None:
        transport = self._transport
        try:
            if self._socket is not None:
                async with asyncio.timeout(limits.CLOSE_WITHIN_S):
                    await self._socket.close(code=code)
        except (TimeoutError, ConnectionError, RuntimeError):
            pass
        finally:
            if transport is not None:
                transport.abort()
            if self._socket is not None:
                self._socket.stop_hearing()


def _hold_back_little(transport: asyncio.Transport) -> None:
    """A client that lags shows in our own buffer early, not after megabytes of the kernel's."""
    connection = transport.get_extra_info("socket")
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if connection is not None and option is not None:
        connection.setsockopt(socket.IPPROTO_TCP, option, limits.UNSENT_BYTES)
