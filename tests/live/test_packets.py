"""The quick look at what nearly everybody sends says the same as the close one (live/packets.py)."""

from random import Random
from typing import Any

import msgpack
import pytest

from live import packets
from live.packets import NAMESPACE, Malformed, Packet

SEED = 6
PACKETS = 3_000
ODD: tuple[Any, ...] = (
    b"",
    b"\x00",
    float("nan"),
    float("inf"),
    2**53 + 1,
    -(2**60),
    2**64 - 1,
    "\ud800",
    "Ā\x00",
    msgpack.ExtType(0, b""),
    msgpack.ExtType(0, b"\x00"),
    msgpack.ExtType(5, b"x"),
)
PLAIN: tuple[Any, ...] = (None, True, 0, -1, 196, 2**53, 1.5, "", "x", "ąż", "日本", [], {}, "a" * 300)


def some(random: Random, depth: int) -> Any:
    if depth and random.random() < 0.3:
        if random.random() < 0.5:
            return [some(random, depth - 1) for _ in range(random.randrange(4))]
        return {some_key(random): some(random, depth - 1) for _ in range(random.randrange(4))}
    return random.choice(ODD) if random.random() < 0.1 else random.choice(PLAIN)


def some_key(random: Random) -> Any:
    return random.choice((b"", 1, "\ud800")) if random.random() < 0.05 else random.choice(("id", "type", "text", "ä"))


def some_packet(random: Random) -> bytes:
    argument = {some_key(random): some(random, 2) for _ in range(random.randrange(5))}
    document = {"type": 2, "nsp": NAMESPACE, "data": ["submit", argument], "id": random.choice((None, 0, 7, 2**60))}
    if random.random() < 0.1:
        document["data"] = some(random, 3)
    if random.random() < 0.1:
        document[random.choice(("options", "more"))] = some(random, 1)
    packed: bytes = msgpack.packb(document, unicode_errors="surrogatepass")
    if random.random() < 0.1:  # a key twice
        packed = packed[:1].replace(b"\x84", b"\x85") + b"\xa4type\x02" + packed[1:]
    if random.random() < 0.1:  # a number longer than it need be
        packed = packed.replace(b"\xa4type\x02", b"\xa4type\xcc\x02")
    if random.random() < 0.05:
        packed = packed[: random.randrange(len(packed))]
    return packed


def said_of(raw: bytes) -> str:
    try:
        packet = Packet(raw)
    except Malformed as error:
        return str(error)
    return repr((packet.type, packet.id, packet.data, packet.fault))


def test_a_quick_look_says_what_a_close_one_says(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(SEED)
    raws = [some_packet(random) for _ in range(PACKETS)]
    quick = [said_of(raw) for raw in raws]
    taken = sum(packets._unpack_usual(raw) is not None for raw in raws)
    monkeypatch.setattr(packets, "_unpack_usual", lambda _raw: None)
    assert quick == [said_of(raw) for raw in raws]
    assert PACKETS * 0.2 < taken < PACKETS * 0.9, "both ways were gone"


def test_a_done_frame_is_the_ack_of_what_it_says() -> None:
    for id_, seq in ((0, 1), (7, 127), (128, 65_536), (2**53, 2**40)):
        assert packets.done_frame(id_, seq) == packets.ack_frame(id_, {"ok": True, "seq": seq})
