"""Attacks 28 to 34, where tests/live/test_attacks_messages.py leaves something open: floods of what is no packet, values of every
kind in every field of every command, and what they leave behind in the log.
"""

import asyncio
import os
import socket
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import msgpack
import pytest

from live import limits
from live.keys import DATABASE, GATEWAY, HOSTS
from live.packets import Malformed, Packet, fault_in, unpack
from persistence.event_log import EventLog
from rooms.protocol import COMMAND_TYPES
from rooms.room import replay
from rooms.upcasters import type_of
from tests.attacks.conftest import head
from tests.attacks.stage import FITTING, Fields, Stage, set_the_stage
from tests.costs import cost_s
from tests.live.conftest import House
from tests.live.raw import PATH, Raw, event, packet
from tests.live.visitor import Visitor
from tests.sampling import part_of, tell_seed

Make = Callable[[], Raw]


# -- 29: floods --


class Hose:
    """A WebSocket on a bare socket: whole floods of frames leave in one write."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = socket.socket()
        self._socket.setblocking(False)

    async def open(self, token: str) -> "Hose":
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self._socket, ("127.0.0.1", self._port))
        key = b64encode(os.urandom(16)).decode()
        await self.pour(
            f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        await self.read(b"upgrades")
        await self.pour(masked(packet(type=0, data={"token": token})))
        await self.read(b"sid")
        return self

    async def pour(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._socket, data)

    async def read(self, word: bytes | None) -> bytes:
        """Until `word` came, or (None) until the server closed."""
        read = b""
        async with asyncio.timeout(10):
            while word is None or word not in read:
                try:
                    data = await asyncio.get_running_loop().sock_recv(self._socket, 65_536)
                except ConnectionError:
                    return read
                if not data:
                    return read
                read += data
        return read

    def close(self) -> None:
        self._socket.close()


def masked(payload: bytes, opcode: int = 2) -> bytes:
    """One frame of a client (RFC 6455, 5.3) with a mask of zeros."""
    size = len(payload)
    length = bytes((0x80 | size,)) if size < 126 else bytes((0x80 | 126, size >> 8, size & 255))
    return bytes((0x80 | opcode,)) + length + b"\0\0\0\0" + payload


FLOODS = {
    "what is no packet": masked(b"\xc1"),
    "packets of nothing": masked(b""),
    "text of Socket.IO": masked(b'42["submit",{}]', 1),
    "acks nobody asked for": masked(packet(type=3, id=1, data=[])),
    "pongs nobody asked for": masked(b"3", 1),
    "noops": masked(b"6", 1),
    "pings of the WebSocket": masked(b"x", 9),
    "pongs of the WebSocket": masked(b"x", 10),
}


@pytest.mark.parametrize("frame", FLOODS.values(), ids=FLOODS.keys())
async def test_29_a_flood_ends_itself_and_nobody_else_feels_it(
    house: House, frame: bytes, caplog: pytest.LogCaptureFixture, faults: Callable[[], list[str]]
) -> None:
    """Ten connections pour twenty thousand packets each. All are closed; the log has a few lines; a room goes on."""
    caplog.set_level("INFO")
    session = await house.session()
    [ben] = await house.enter(session, "ben")
    token = await house.token("ana")
    hoses = [await Hose(house.server.settings.port).open(token) for _ in range(10)]
    started = time.monotonic()
    pouring = [asyncio.create_task(pour(hose, frame * 20_000)) for hose in hoses]
    slowest = 0.0
    while not all(each.done() for each in pouring):
        asked = time.monotonic()
        assert (await ben.submit("reaction.send", emoji="👍"))["ok"]
        slowest = max(slowest, time.monotonic() - asked)
    await asyncio.gather(*pouring)
    took = time.monotonic() - started
    print(f"200,000 packets poured, all closed after {took:.2f} s; slowest command of another {slowest * 1000:.0f} ms")
    async with asyncio.timeout(5):
        while len(house.app[GATEWAY].connections()) > 1:  # noqa: ASYNC110 - the sign-off sets no event
            await asyncio.sleep(0.05)
    lines = [each for each in caplog.records if each.name == "refused"]
    assert len(lines) <= 10 * limits.MALFORMED_MAX
    assert faults() == []
    assert took < 30
    for hose in hoses:
        hose.close()


async def pour(hose: Hose, data: bytes) -> None:
    reading = asyncio.create_task(hose.read(None))
    with suppress(ConnectionError):  # closed while it was pouring
        await hose.pour(data)
    await reading


# -- 30 to 32: values --


def nested(depth: int, kind: str) -> bytes:
    return {"lists": b"\x91", "maps": b"\x81\xa1x"}[kind] * depth + b"\xc0"


@pytest.mark.parametrize("kind", ["lists", "maps"])
@pytest.mark.parametrize("depth", [511, 1_000, 5_000, 20_000, 63_000])
def test_30_depth_costs_no_stack_and_no_time(kind: str, depth: int) -> None:
    """It costs at most what a flat message of the same size does, and a little."""

    def read(message: bytes) -> None:
        with suppress(Malformed):
            fault = fault_in(unpack(message))
            assert (fault == f"nested deeper than {limits.DEPTH_MAX}") == (message is deep)

    deep = nested(depth, kind)[: limits.MESSAGE_BYTES_MAX]
    assert cost_s(lambda: read(deep)) < 5 * cost_s(lambda: read(msgpack.packb([None] * depth))) + 0.05


@pytest.mark.parametrize(
    "raw",
    [
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xc9\xff\xff\xff\xff\x01",
    ],
    ids=["list", "map", "text", "bytes", "extension"],
)
def test_31_a_length_that_is_a_lie_reserves_nothing(raw: bytes) -> None:
    import tracemalloc

    tracemalloc.start()
    with pytest.raises(Malformed):
        Packet(raw + b"\x00" * 100)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


PLACED = {
    "not a number": (float("nan"), "is not a finite number"),
    "minus infinity": (float("-inf"), "is not a finite number"),
    "2^64 - 1": (2**64 - 1, "is too large a number"),
    "-2^63": (-(2**63), "is too large a number"),
    "half a character": ("a\ud800b", "has half a character (a lone surrogate)"),
    "half a character as a key": ({"\udfff": 1}, "has a key that is not text that can be stored"),
}


async def test_32_what_no_field_can_hold_is_refused_with_its_place(
    house: House, raw: Make, subtests: pytest.Subtests
) -> None:
    for name, (value, what) in PLACED.items():
        with subtests.test(name):
            session = await house.session()
            attacker = await raw().open()
            await attacker.sign_in(await house.token("mara"))
            assert (await attacker.call("join", {"sessionId": session}, 1))["ok"]
            before = await head(house, session)
            body = {
                "id": str(uuid4()),
                "type": "session.update",
                "features": [{"type": "chat", "config": {"slow": value}}],
            }
            sent = msgpack.packb(
                {"type": 2, "nsp": "/live", "id": 2, "data": ["submit", body]}, unicode_errors="surrogatepass"
            )
            await attacker.send(sent)
            ack = (await attacker.answer(lambda each: each["type"] == 3 and each["id"] == 2))["data"][0]
            assert ack == {"ok": False, "code": "bad_request", "detail": f"features.0.config.slow: {what}"}
            await attacker.send(event("submit", {"id": str(uuid4()), "type": "hand.raise"}, id_=3))
            assert (await attacker.answer(lambda each: each.get("id") == 3))["data"][0]["ok"], (
                "one of them closes nobody"
            )
            assert await head(house, session) == before + 1


TEXTS = (
    "a\x00b",
    "\x1b[31m",
    "a\u202eb",
    "\u2066x\u2069",
    "e\u0301 \u200b\u200d\ufeff",
    "x" * 70_000,
    "\U0010ffff",
    "\ufdd0",
    "' OR 1=1 --",
    "",
    " \n ",
    "9" * 400,
    "1e400",
    "9999-12-31T23:59:59.999999-23:59",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "2030-02-30T00:00:00Z",
    "NaN",
    "null",
)
NUMBERS = (0, -1, 1, 2, 7, 481, 86_400, 86_401, 2**31, 2**53, -(2**53), 1.5, 1e308, 5e-324, True, False, None)
SHAPES: tuple[Any, ...] = (
    [],
    {},
    [[]],
    [None],
    [{}],
    {"__proto__": {"x": 1}},
    {"constructor": 1},
    ["a"] * 25,
    ["a", "a"],
    [0, 0],
    [2**53],
    [-1],
    [1.0],
    [{"type": "chat", "config": {"slowSeconds": 10**12}}],
    [{"type": "chat", "config": {"slowSeconds": -5}}, {"type": "chat"}],
    [{"type": "qa", "config": {"approval": "yes\x00"}}],
    [{"type": "chat", "config": {"x\x00": 1}}],
    [{"type": "poll", "config": {"deep": [[[[[[[["x"]]]]]]]]}}],
    [{"type": "poll", "config": {str(n): n for n in range(30)}}],
)


def values_for(kind: type[Any]) -> Iterator[Fields]:
    for name, field in kind.model_fields.items():
        if name != "type":
            for value in (*TEXTS, *NUMBERS, *SHAPES):
                yield {field.alias or name: value}
    if type_of(kind) == "session.update":
        for start, end in (
            ("9999-12-31T20:00:00Z", "9999-12-31T23:00:00Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T01:00:00Z"),
            ("2030-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        ):
            yield {"scheduledStart": start, "scheduledEnd": end}
    if type_of(kind) == "session.extend":
        for _ in range(20):
            yield {"minutes": 480}


CODES = {
    *("ok", "bad_request", "forbidden", "not_found", "limit_reached", "session.owned", "session.illegal_transition"),
    *("feature_off", "poll.closed", "poll.not_open", "poll.anonymous", "question.closed", "participant.not_admitted"),
    *("session.not_active", "chat.slow", "chat.locked", "breakout.not_open", "breakout.closed", "breakout.full"),
    *("board.locked", "board.full", "recording.running", "recording.not_running"),
}


async def submit(visitor: Visitor, kind: str, fields: Fields) -> dict[str, Any]:
    return await visitor.submit(kind, **fields)


@pytest.mark.parametrize("active", [True, False], ids=["running", "scheduled"])
async def test_30_32_no_value_in_any_field_is_our_failure(
    house: House,
    every_line: None,
    monkeypatch: pytest.MonkeyPatch,
    faults: Callable[[], list[str]],
    active: bool,
) -> None:
    """By the one who may do most. Whatever was taken is stored and folds: nothing reaches Postgres that it cannot hold."""
    stage = await set_the_stage(house) if active else await bare(house)
    mara = stage.cast["mara"]
    codes: Counter[str] = Counter()
    tell_seed()
    for kind in sorted(COMMAND_TYPES, key=lambda each: type_of(each).startswith("session.")):  # these switch things off
        name = type_of(kind)
        if name in ("session.end", "session.cancel", "session.abort", "role.set", "session.pause"):
            continue
        fitting = stage.fields(FITTING[name])
        for changed in part_of(values_for(kind), 0.1):
            if too_large(changed):
                continue
            ack = await submit(mara, name, {**fitting, **changed})
            assert ack.get("code", "ok") in CODES, (name, str(changed)[:200], ack)
            codes[ack.get("code", "ok")] += 1
            assert faults() == [], (name, changed)
    print(codes)
    assert codes["bad_request"] > 300
    room = await house.app[HOSTS].read(stage.session)
    rows = await EventLog(house.app[DATABASE]).read(stage.session, 0, 5_000)
    assert replay(rows) == room, "what was taken folds to the same state from the database"
    assert (await mara.submit("session.update", title="and it goes on"))["ok"]


def too_large(changed: Fields) -> bool:
    return len(msgpack.packb(changed)) > limits.MESSAGE_BYTES_MAX - 1_000


async def bare(house: House) -> Stage:
    """Before the start, when also the times may change."""
    stage = Stage(house, await house.session(active=False))
    [stage.cast["mara"]] = await house.enter(stage.session, "mara")
    stage.ids = {
        name: str(uuid4())
        for name in (
            "draft",
            "poll",
            "question",
            "other question",
            "message",
            "ben",
            "set",
            "other set",
            "room",
            "page",
        )
    }
    return stage


async def test_32_a_bad_command_poisons_no_batch(house: House) -> None:
    """Ten good ones and ten bad ones, decided and appended together: each gets its own answer."""
    session = await house.session()
    ana, mara = await house.enter(session, "ana", "mara")
    bad: list[Fields] = [
        {"text": "a\x00b"},
        {"text": "x" * 5_001},
        {"text": "\u202e"},
        {"text": 5},
        {"text": "x", "to": "nobody"},
    ]
    sends = [
        asyncio.create_task(visitor.submit("chat.send", **fields))
        for number in range(10)
        for visitor, fields in ((ana, {"text": f"good {number}"}), (mara, bad[number % 5]))
    ]
    acks = [await each for each in sends]
    assert all(ack["ok"] for ack in acks[::2])
    assert {ack["code"] for ack in acks[1::2]} == {"bad_request"}
    assert [ack["seq"] for ack in acks[::2]] == sorted(ack["seq"] for ack in acks[::2])
