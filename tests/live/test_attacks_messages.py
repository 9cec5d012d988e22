"""Attacks 28 to 34 and 40 to 42: what is malformed, too much, or too often. It is answered with its code or closed, changes
nothing, leaves no traceback, and nobody else notices.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import msgpack
import psutil
import pytest

from live import limits
from live.keys import HOSTS
from tests.live.conftest import House
from tests.live.raw import Raw, event, packet

Make = Callable[[], Raw]
PROTOCOL = 1002


@pytest.fixture(autouse=True)
async def nobody_notices(caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """No attack may leave a traceback, or a task nobody waited for."""
    yield
    faults = [
        record
        for record in caplog.get_records("call")
        if record.exc_info or (record.levelno >= logging.ERROR and not record.name.startswith("client"))
    ]
    assert not faults, [record.getMessage() for record in faults]


async def signed_in(house: House, raw: Raw, name: str = "ana") -> Raw:
    await raw.open()
    assert (await raw.sign_in(await house.token(name)))["type"] == 0
    return raw


async def test_28_what_is_no_packet_of_the_transport_ends_it_at_once(
    house: House, raw: Make, subtests: pytest.Subtests
) -> None:
    for frame in ("", "x", "b4aGVsbG8=", "\x00", "9", "/"):
        with subtests.test(frame=frame):
            attacker = await signed_in(house, raw())
            await attacker.send(frame)
            assert await attacker.ends() == 1002
            async with asyncio.timeout(5):
                while house.server.connections:  # noqa: ASYNC110 - the sign-off sets no event
                    await asyncio.sleep(0.01)


MALFORMED = {
    "empty": b"",
    "not msgpack": b"\xc1",
    "a list": msgpack.packb([1, 2]),
    "a number": msgpack.packb(7),
    "half a map": packet(type=2, data=["submit"])[:-3],
    "no namespace": msgpack.packb({"type": 2, "data": ["submit", {}]}),
    "a list as namespace": msgpack.packb({"type": 2, "data": ["submit", {}], "nsp": ["/live"]}),
    "a huge namespace": msgpack.packb({"type": 2, "data": ["submit", {}], "nsp": "/" * 30_000}),
    "no type": msgpack.packb({"data": ["submit"], "nsp": "/live"}),
    "type as text": packet(type="2", data=["submit", {}]),
    "type as truth": packet(type=True, data=["submit", {}]),
    "type 4": packet(type=4, data="x"),
    "type 5 with attachments": packet(type=5, data=["submit", {"_placeholder": True, "num": -1}], attachments=10**9),
    "type 9": packet(type=9),
    "an unknown field": packet(type=2, data=["submit", {}], attachments=1),
    "no arguments": packet(type=2, data=[]),
    "an event of a number": event(5),
    "an event of a map": event({"submit": 1}),
    "too many arguments": event("submit", {}, {}, {}),
    "their connect": event("connect", {"REMOTE_ADDR": "1.2.3.4"}),
    "their disconnect": event("disconnect", "x"),
    "an ack that nobody asked for": packet(type=3, id=1, data=[]),
    "an ack of 10^100": packet(type=3, id=-1, data=[]),
    "id as text": packet(type=2, data=["submit", {}], id="1"),
    "a second sign-in": packet(type=0, data={"token": "x"}),
    "an extension": event("submit", msgpack.ExtType(4, b"x")),
    "bytes": event("submit", {"text": b"x"}),
    "a key twice": b"\x83\xa4type\x02\xa4type\x02\xa3nsp\xa5/live",
    "bytes as a key": b"\x82\xc4\x04type\x02\xa3nsp\xa5/live",
    "a lone surrogate": event("submit", "xxx").replace(b"xxx", b"\xed\xa0\x80"),
    "10^5 levels": b"\x91" * 50_000,
    "1,000 levels": event("submit", "x")[:-2] + b"\x91" * 900 + b"\xc0",
    "a text packet": '42/live,["submit",{}]',
    "a binary announcement": '451-/live,["submit",{"_placeholder":true,"num":0}]',
}


async def test_29_33_malformed_packets_are_counted_and_end_the_connection(
    house: House, raw: Make, subtests: pytest.Subtests
) -> None:
    for name, data in MALFORMED.items():
        with subtests.test(name):
            attacker = await signed_in(house, raw())
            for _ in range(limits.MALFORMED_MAX - 1):
                await attacker.send(data)
            pong = await attacker.call("join", {"sessionId": str(uuid4())}, 77)
            assert pong["code"] == "not_found", "one malformed packet closes nobody"
            await attacker.send(data)
            assert await attacker.ends() == PROTOCOL
            assert attacker.heard("bye") == [{"code": "protocol", "reconnect": False}]


async def test_29_a_flood_of_them_is_not_written_down(
    house: House, raw: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for _ in range(40):
        attacker = await signed_in(house, raw())
        with suppress(ConnectionError):
            for _ in range(50):
                await attacker.send(b"\xc1")
        await attacker.ends()
    lines = [record for record in caplog.records if record.name == "refused"]
    assert 50 < len(lines) < 180, "of 200"


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


UNFIT: dict[str, Any] = {
    "33 levels": {"id": str(uuid4()), "type": "chat.send", "text": nested(33)},
    "2,001 values": {"id": str(uuid4()), "type": "chat.send", "text": [[]] * 1_999},
    "not a number": {"id": str(uuid4()), "type": "session.extend", "minutes": float("nan")},
    "infinity": {"id": str(uuid4()), "type": "session.extend", "minutes": float("inf")},
    "2^64 - 1": {"id": str(uuid4()), "type": "session.extend", "minutes": 2**64 - 1},
    "no object": "chat.send",
    "no id": {"type": "chat.send", "text": "x"},
    "id that is no UUID": {"id": "1", "type": "chat.send", "text": "x"},
    "id in upper case": {"id": str(uuid4()).upper(), "type": "chat.send", "text": "x"},
    "no type": {"id": str(uuid4()), "text": "x"},
    "unknown type": {"id": str(uuid4()), "type": "chat.shout", "text": "x"},
    "type of the server's own": {"id": str(uuid4()), "type": "participant.join", "role": "instructor"},
    "unknown field": {"id": str(uuid4()), "type": "chat.send", "text": "x", "actor": str(uuid4())},
    "snake case": {"id": str(uuid4()), "type": "hand.raise", "to_point": True},
    "a session of one's own choice": {"id": str(uuid4()), "type": "chat.send", "text": "x", "sessionId": str(uuid4())},
    "NUL": {"id": str(uuid4()), "type": "chat.send", "text": "a\x00b"},
    "right to left override": {"id": str(uuid4()), "type": "chat.send", "text": "a\u202eb"},
    "a truth as a number": {"id": str(uuid4()), "type": "session.extend", "minutes": True},
    "a number as text": {"id": str(uuid4()), "type": "session.extend", "minutes": "5"},
    "5,001 characters": {"id": str(uuid4()), "type": "chat.send", "text": "x" * 5_001},
}


async def test_30_32_what_does_not_fit_is_answered_and_appends_nothing(house: House, raw: Make) -> None:
    """Attacks 20, 24, 30 to 32: each gets `bad_request` naming a field, and the log stays as it is."""
    session = await house.session()
    [mara] = await house.enter(session, "mara")
    before = (await house.app[HOSTS].read(session)).seq
    for name, document in UNFIT.items():
        attacker = await signed_in(house, raw(), "mara")
        assert (await attacker.call("join", {"sessionId": session}, 1))["ok"]
        ack = await attacker.call("submit", document, 2)
        assert (ack["ok"], ack["code"]) == (False, "bad_request"), name
        assert "x" * 20 not in ack["detail"], "an answer does not repeat what was sent"
        await attacker.close()
    assert (await house.app[HOSTS].read(session)).seq == before
    assert (await mara.submit("chat.send", text="nothing happened"))["ok"]


async def test_31_one_message_is_at_most_64_kb(house: House, raw: Make) -> None:
    attacker = await signed_in(house, raw())
    memory = psutil.Process().memory_info().rss
    await attacker.send(event("submit", {"id": str(uuid4()), "type": "chat.send", "text": "x" * 2_000_000}))
    assert await attacker.ends() == 1009
    assert psutil.Process().memory_info().rss - memory < 30_000_000


async def test_31_values_that_blow_up_do_not(house: House, raw: Make) -> None:
    attacker = await signed_in(house, raw())
    memory = psutil.Process().memory_info().rss
    for _ in range(limits.MALFORMED_MAX):
        await attacker.send(event("submit", [[]] * 60_000))
    assert await attacker.ends() == PROTOCOL
    assert psutil.Process().memory_info().rss - memory < 30_000_000


async def test_40_a_flood_of_commands_is_refused_then_ended_and_nobody_else_notices(house: House) -> None:
    await house.instead(limits_factor=1)
    session = await house.session()
    attacker, ben = await house.enter(session, "ana", "ben")
    acks = [ack async for ack in flood(attacker, 60)]
    refused = [ack for ack in acks if not ack["ok"]]
    assert sum(ack["ok"] for ack in acks) <= limits.COMMANDS_PER_CONNECTION.burst + 5
    assert {ack["code"] for ack in refused} == {"rate_limited"}
    assert all(0 < ack["retryAfter"] < 5 for ack in refused)
    assert not attacker.closed.is_set(), "what is refused is answered; the close comes only after 100 in 10 s"
    assert (await ben.submit("hand.raise"))["ok"]
    await attacker.sio.emit("submit", {"id": "x"}, namespace="/live")
    tasks = [asyncio.create_task(swallowed(attacker)) for _ in range(120)]
    async with asyncio.timeout(5):
        await attacker.closed.wait()
    for task in tasks:
        task.cancel()
    assert attacker.byes[0]["code"] == "rate"
    assert (await ben.submit("hand.lower"))["ok"]


async def flood(visitor: Any, number: int) -> AsyncIterator[dict[str, Any]]:
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(visitor.submit("reaction.send", emoji="👍")) for _ in range(number)]
    for each in asked:
        yield each.result()


async def swallowed(visitor: Any) -> None:
    with suppress(Exception):  # the connection ends under it
        await visitor.submit("reaction.send", emoji="👍")


async def test_40_chat_has_a_rate_of_its_own(house: House) -> None:
    await house.instead(limits_factor=1)
    session = await house.session()
    [ana] = await house.enter(session, "ana")
    acks = [await ana.submit("chat.send", text=f"{number}") for number in range(7)]
    assert [ack["ok"] for ack in acks[:5]] == [True] * 5
    assert "rate_limited" in {ack.get("code") for ack in acks[5:]}


async def test_40_more_than_64_commands_at_once_are_too_many(house: House, raw: Make) -> None:
    session = await house.session()
    eager = await signed_in(house, raw())
    assert (await eager.call("join", {"sessionId": session}, 1))["ok"]
    host = await house.app[HOSTS].get(session)
    async with host._turn:  # nothing is decided meanwhile
        for number in range(limits.INBOX_COMMANDS_MAX + 10):
            await eager.send(event("submit", {"id": str(uuid4()), "type": "hand.raise"}, id_=100 + number))
        answers = [await eager.answer(lambda each, n=number: each.get("id") == 100 + n) for number in range(64, 74)]
    codes = [each["data"][0]["code"] for each in answers]
    assert codes == ["overloaded"] * 10
    assert all(each["data"][0]["retryAfter"] > 0 for each in answers)
    accepted = [await eager.answer(lambda each, n=number: each.get("id") == 100 + n) for number in range(64)]
    assert all(each["data"][0]["ok"] for each in accepted)


async def test_41_one_address_and_one_person_have_so_many_connections(house: House, raw: Make) -> None:
    await house.instead(limits_factor=0.2)
    assert limits.CONNECTIONS_PER_USER * 0.2 == 4
    token = await house.token("ana")
    codes = []
    for _ in range(6):
        one = raw()
        one.url = house.server.url
        answer = await (await one.open()).sign_in(token)
        codes.append(answer["data"].get("data", {}).get("code") if answer["type"] == 4 else "in")
    assert codes == ["in"] * 4 + ["limit_reached"] * 2


async def test_42_typing_is_passed_on_at_most_ten_times_a_second(house: House) -> None:
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana")
    started = time.monotonic()
    for number in range(300):
        await ana.signal({"type": "typing", "on": number % 2 == 0})
        if number % 20 == 0:
            await asyncio.sleep(0.02)
    await ana.signal({"type": "typing", "on": False})
    await mara.until(lambda visitor: visitor.signals and visitor.signals[-1]["on"] is False)
    await asyncio.sleep(0.25)
    passed = time.monotonic() - started
    assert all(signal == {"type": "typing", "from": ana.user, "on": signal["on"]} for signal in mara.signals)
    assert len(mara.signals) <= passed * 10 + 2
    assert ana.signals == []


async def test_42_a_ping_is_answered_and_makes_a_quality(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "QUALITY_EVERY_S", 0.0)
    session = await house.session()
    mara, ana, ben = await house.enter(session, "mara", "ana", "ben")
    for number in range(4):
        await ana.signal({"type": "ping", "t": number, "rtt": 900, "loss": 0.0})
    await ana.until(lambda visitor: {"type": "pong", "t": 3} in visitor.signals)
    changed = await mara.sees("participant.quality", userId=ana.user)
    assert changed["quality"] == "poor"
    await mara.submit("chat.send", text="later")
    await ben.sees("chat.sent")
    assert "participant.quality" not in ben.types
