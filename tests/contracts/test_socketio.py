"""What live/wire.py and live/channel.py rely on inside python-socketio, python-engineio and aiohttp: one test per assumption, so that an update
which breaks one says which. That the whole works for real clients is shown in tests/live and by the browser.
"""

import asyncio
import inspect
import os
from typing import Any

import engineio
import msgpack
import pytest
import socketio
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer, make_mocked_request
from engineio.async_drivers.aiohttp import translate_request
from engineio.async_socket import AsyncSocket
from engineio.packet import OPEN, PING
from engineio.packet import Packet as EnginePacket
from socketio.exceptions import ConnectionRefusedError as ConnectionRefused
from socketio.msgpack_packet import MsgPackPacket

from live import limits
from live.channel import Channel
from live.packets import NAMESPACE, Packet, ack_frame, event_frame
from live.wire import Doors, Engine, Wire


class Nobody:
    def receive(self, name: str, argument: Any, ack_id: int | None, fault: str | None) -> None: ...

    def misbehaved(self, why: str) -> None: ...


async def sign_in(channel: Channel, auth: dict[str, Any]) -> Nobody:
    return Nobody()


async def signed_off(owner: Any) -> None: ...


def make_wire() -> Wire:
    return Wire(Doors(lambda _request: None, sign_in, signed_off, lambda _channel: None))


async def test_the_engine_is_ours_and_asked_for_by_a_hook() -> None:
    assert isinstance(make_wire().eio, Engine)
    assert inspect.signature(socketio.AsyncServer._engineio_server_class).parameters.keys() == {"self"}


async def test_the_engine_starts_no_watch_of_its_own() -> None:
    wire = make_wire()
    assert wire.eio.start_service_task is False
    assert wire.eio.transports == ["websocket"]
    assert wire.eio.max_http_buffer_size == limits.MESSAGE_BYTES_MAX


async def test_a_socket_of_theirs_can_be_made_closed_and_replaced() -> None:
    assert list(inspect.signature(AsyncSocket.__init__).parameters) == ["self", "server", "sid"]
    assert {"wait", "abort", "reason"} <= inspect.signature(AsyncSocket.close).parameters.keys()
    for name in ("send", "schedule_ping", "check_ping_timeout"):
        assert callable(getattr(AsyncSocket, name))
    channel = Channel(make_wire().engine, "sid", make_mocked_request("GET", "/"))
    assert (channel.closed, channel.closing, channel.connected) == (False, False, False)


async def test_closing_a_socket_runs_the_sign_off_once() -> None:
    wire = make_wire()
    seen: list[tuple[Any, ...]] = []
    wire.eio.on("disconnect", lambda *args: seen.append(args))
    channel = Channel(wire.engine, "sid", make_mocked_request("GET", "/"))
    for _ in range(2):
        await channel.close(wait=False, abort=True, reason=wire.reason.TRANSPORT_CLOSE)
    assert seen == [("sid", "transport close")]
    assert channel.closed


async def test_the_environ_takes_what_we_put_beside_the_request() -> None:
    request = make_mocked_request("GET", "/socket.io/?EIO=4")
    environ = translate_request(request)
    assert environ["aiohttp.request"] is request
    assert isinstance(environ, dict)


def test_packets_of_the_engine_encode_as_the_protocol_says() -> None:
    assert EnginePacket(PING).encode() == "2"
    assert EnginePacket(OPEN, {"sid": "x"}).encode() == '0{"sid":"x"}'
    assert EnginePacket(4, b"abc").encode() == b"abc"


def test_the_serializer_by_name_is_msgpack_and_one_packet_is_one_message() -> None:
    assert make_wire_class().__mro__[1] is MsgPackPacket or make_wire_class() is MsgPackPacket
    encoded = MsgPackPacket(2, data=["submit", {"a": 1}], namespace=NAMESPACE, id=7).encode()
    assert msgpack.unpackb(encoded) == {"type": 2, "data": ["submit", {"a": 1}], "nsp": NAMESPACE, "id": 7}


def make_wire_class() -> type[Any]:
    found: type[Any] = socketio.AsyncServer(serializer="msgpack", async_mode="aiohttp").packet_class
    return found


def test_what_their_client_sends_our_packet_reads() -> None:
    for sent in (
        MsgPackPacket(0, data={"token": "x"}, namespace=NAMESPACE),
        MsgPackPacket(1, namespace=NAMESPACE),
        MsgPackPacket(2, data=["submit", {"a": 1}], namespace=NAMESPACE, id=7),
        MsgPackPacket(2, data=["leave"], namespace=NAMESPACE),
    ):
        read = Packet(sent.encode())
        assert (read.type, read.data, read.id) == (sent.packet_type, sent.data, sent.id)


def test_what_we_send_their_packet_reads() -> None:
    for ours, kind, data, id_ in (
        (event_frame("events", {"seq": 1}), 2, ["events", {"seq": 1}], None),
        (ack_frame(7, {"ok": True}), 3, [{"ok": True}], 7),
    ):
        read = MsgPackPacket(encoded_packet=ours[2:])
        assert (read.packet_type, read.data, read.namespace, read.id) == (kind, data, NAMESPACE, id_)


async def test_the_sign_in_and_sign_off_are_called_as_we_expect() -> None:
    """`connect(sid, environ, auth)`; a refusal becomes a packet with message and data; `disconnect(sid, reason)`."""
    wire = make_wire()
    sent: list[Any] = []

    async def keep(_eio_sid: str, packet: Any) -> None:
        sent.append((packet.packet_type, packet.data))

    wire._send_packet = keep
    called: list[tuple[Any, ...]] = []

    async def connect(*args: Any) -> None:
        called.append(args)
        if len(called) == 1:
            raise ConnectionRefused("sign in first", {"code": "token_invalid"})

    wire.on("connect", connect, namespace=NAMESPACE)
    await wire._handle_eio_connect("e1", {"a": 1})
    await wire._handle_connect("e1", NAMESPACE, {"token": "x"})
    assert called[0][1:] == ({"a": 1}, {"token": "x"})
    assert sent == [(4, {"message": "sign in first", "data": {"code": "token_invalid"}})]
    await wire._handle_connect("e1", NAMESPACE, {"token": "y"})
    assert sent[1] == (0, {"sid": called[1][0]})
    await wire._handle_eio_disconnect("e1", "gone")
    assert wire.manager.rooms == {}
    assert "e1" not in wire.environ


async def test_signing_off_looks_at_one_channel_only() -> None:
    """Their own way looks at every room of the namespace: quadratic when everybody leaves (performance.md D)."""
    wire = make_wire()
    for number in range(3_000):
        sid = wire.manager.basic_enter_room(f"s{number}", NAMESPACE, None, eio_sid=f"e{number}")
        wire.manager.basic_enter_room(f"s{number}", NAMESPACE, f"s{number}", eio_sid=f"e{number}")
        assert sid is None
    started = asyncio.get_running_loop().time()
    for number in range(3_000):
        wire.manager.basic_disconnect(f"s{number}", NAMESPACE)
    assert asyncio.get_running_loop().time() - started < 0.5
    assert wire.manager.rooms == {}


async def test_aiohttp_lets_us_write_frames_beside_its_own() -> None:
    """The transport is an asyncio transport with a buffer we can ask for and a socket we can write to; it says that it closes
    before it closes that; no compression is negotiated; messages that are too large close with 1009."""
    facts: dict[str, Any] = {}

    async def serve(request: web.Request) -> web.StreamResponse:
        response = web.WebSocketResponse(compress=False, max_msg_size=1_000)
        await response.prepare(request)
        facts["transport"] = isinstance(request.transport, asyncio.Transport)
        assert isinstance(request.transport, asyncio.Transport)
        facts["buffer"] = request.transport.get_write_buffer_size()
        facts["socket"] = request.transport.get_extra_info("socket") is not None
        request.transport.write(event_frame("events", {"seq": 1}))
        os.write(request.transport.get_extra_info("socket").fileno(), event_frame("events", {"seq": 2}))
        facts["end"] = (await response.receive()).type
        transport = request.transport
        transport.abort()
        facts["closing"] = (transport.is_closing(), transport.get_extra_info("socket").fileno() >= 0)
        return response

    app = web.Application()
    app.router.add_get("/", serve)
    async with (
        TestServer(app) as server,
        ClientSession() as http,
        http.ws_connect(server.make_url("/"), compress=15) as client,
    ):
        assert client.compress == 0
        both = [msgpack.unpackb((await client.receive()).data)["data"][1]["seq"] for _ in range(2)]
        await client.send_bytes(b"x" * 5_000)
        await client.receive()
        assert client.close_code == 1009
    assert both == [1, 2]
    assert facts["transport"]
    assert facts["buffer"] == 0
    assert facts["socket"]
    assert facts["closing"] == (True, True)


async def test_a_trusted_event_name_never_reaches_their_handlers() -> None:
    """Their dispatcher would run `connect` and `disconnect` for a client that names them; ours never asks it (dependencies 0.1)."""
    assert "_dispatch" in vars(Wire)
    with pytest.raises(Exception, match="not an event"):
        Packet(msgpack.packb({"type": 2, "data": ["connect", {}], "nsp": NAMESPACE}))


def test_versions_are_those_that_were_read() -> None:
    from importlib.metadata import version

    assert version("python-socketio").startswith("5.18.")
    assert version("python-engineio").startswith("4.15.")
    assert engineio.AsyncServer in Engine.__mro__
