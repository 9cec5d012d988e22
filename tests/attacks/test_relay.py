"""Attack 50: bytes of one's own making that the server would pass on to other people's browsers. There are no documents here that
clients encode for each other (row 50 of the catalogue speaks of a CRDT's); whatever anybody sends is read whole, checked and written
anew, so what others get is the server's own encoding and nothing else.
"""

import asyncio
from collections.abc import Callable
from struct import pack
from typing import Any
from uuid import uuid4

import msgpack

from tests.live.conftest import House
from tests.live.raw import Raw

Make = Callable[[], Raw]


def wasteful(value: Any) -> bytes:
    """The longest encoding that msgpack has for each value."""
    match value:
        case bool() | None:
            return msgpack.packb(value)  # type: ignore[no-any-return]
        case str():
            data = value.encode()
            return b"\xdb" + pack("!I", len(data)) + data
        case int():
            return b"\xd3" + pack("!q", value)
        case float():
            return b"\xcb" + pack("!d", value)
        case list():
            return b"\xdd" + pack("!I", len(value)) + b"".join(map(wasteful, value))
        case dict():
            pairs = b"".join(wasteful(key) + wasteful(each) for key, each in value.items())
            return b"\xdf" + pack("!I", len(value)) + pairs
        case _:
            raise TypeError(value)


def sent(name: str, document: Any, id_: int | None = None) -> bytes:
    packet = {"type": 2, "nsp": "/live", "data": [name, document], **({} if id_ is None else {"id": id_})}
    return wasteful(packet)


async def test_50_nobody_is_sent_bytes_that_somebody_else_wrote(house: House, raw: Make) -> None:
    """Commands, signals and what is drawn, each written as wastefully as can be: others get each once, as short as the server
    writes it."""
    session = await house.session()
    [mara] = await house.enter(session, "mara")
    ana, ben = await raw().open(), await raw().open()
    for who, name in ((ana, "ana"), (ben, "ben")):
        assert (await who.sign_in(await house.token(name)))["type"] == 0
        assert (await who.call("join", {"sessionId": session}, 1))["ok"]
    assert (await mara.submit("permission.grant", userId=await house.user("ana"), permission="can_use_whiteboard"))[
        "ok"
    ]
    before = len(ben.bytes)
    element = {
        "id": "one",
        "type": "rectangle",
        "version": 1,
        "versionNonce": 7,
        "x": 1.0,
        "y": 2.0,
        "width": 10.0,
        "height": 10.0,
    }
    commands: list[dict[str, Any]] = [
        {"type": "chat.send", "text": "tea " * 50},
        {"type": "reaction.send", "emoji": "👍"},
        {"type": "board.change", "boardId": "main", "elements": [element]},
    ]
    answers = []
    for number, fields in enumerate(commands, start=10):
        await ana.send(sent("submit", {"id": str(uuid4()), **fields}, number))
        answers.append((await ana.answer(lambda each, n=number: each["type"] == 3 and each["id"] == n))["data"][0])
    assert [each["ok"] for each in answers[:2]] == [True, True]
    await ana.send(sent("signal", {"type": "typing", "on": True}))
    async with asyncio.timeout(5):
        while not ben.heard("signal"):
            await ben.more()
    frames = ben.bytes[before:]
    assert len(frames) >= 3
    for each in frames:
        assert each == msgpack.packb(msgpack.unpackb(each)), "as the server writes it"
    seen = [event["type"] for frame in ben.heard("events") for event in frame["events"]]
    assert seen.count("chat.sent") == 1
    assert answers[2]["ok"] is ("board.changed" in seen)
