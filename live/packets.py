"""Packets as they may come in, and frames as they go out: Socket.IO's msgpack parser with everything refused that no honest
client sends (attacks 29-34, trap D12). Pure; knows no connection.
"""

from collections import deque
from math import isfinite
from struct import pack
from typing import Any

import msgpack

from live.limits import DEPTH_MAX, MESSAGE_BYTES_MAX, NODES_MAX

NAMESPACE = "/live"
CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR = range(5)
RESERVED = frozenset({"connect", "disconnect", "connect_error", "disconnecting", "newListener", "removeListener"})
FIELDS = frozenset({"type", "data", "nsp", "id", "options"})  # `options` is the JavaScript client's, ignored
ACK_ID_MAX = 2**53
INTEGER_MAX = 2**53  # what JavaScript and jsonb agree on
PATH_CHARACTERS_MAX = 200
TEXT_FRAME, BINARY_FRAME, PONG_FRAME = 1, 2, 10


_pack = msgpack.Packer().pack  # one for all: to make a packer costs more than to pack most messages
_PLAIN = frozenset({str, bool, type(None)})  # what can be no fault by itself once it was text that packs
_EMPTY_BINARY = b"\xc4\x00"


class Malformed(Exception):
    """Not a packet. Says why in words of ours, never with what was sent."""


def _pairs(pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Malformed("a key stands twice")
    if not all(isinstance(key, str) for key in made):
        raise Malformed("a key is not text")
    return made


def _extension(code: int, data: bytes) -> None:
    """JavaScript's `undefined` is the one extension that means something: nothing."""
    if code == 0 and len(data) <= 1:
        return
    raise Malformed("extension types are not used here")


def unpack(raw: bytes) -> Any:
    try:
        return msgpack.unpackb(
            raw,
            strict_map_key=True,
            object_pairs_hook=_pairs,
            ext_hook=_extension,
            max_str_len=MESSAGE_BYTES_MAX,
            max_bin_len=0,
            max_ext_len=8,
            max_array_len=NODES_MAX,
            max_map_len=NODES_MAX,
            unicode_errors="surrogatepass",  # `fault_in` finds them, so that whoever sent one is told where
        )
    except Malformed:
        raise
    except Exception as error:  # the library raises a dozen kinds, down to StackError
        raise Malformed("not msgpack, or beyond its limits") from error


def _unusual(_code: int, _data: bytes) -> None:
    raise Malformed("an extension has to be looked at")


def _unpack_usual(raw: bytes) -> Any:
    """The document, if packing it again gives the same bytes: then no key stands twice, and all text is whole. Nearly everything
    that is sent is so; None for what has to be looked at more closely (`unpack`)."""
    try:
        document = msgpack.unpackb(raw, ext_hook=_unusual, max_bin_len=0)
        return document if _pack(document) == raw and _EMPTY_BINARY not in raw else None
    except Exception:  # noqa: BLE001  as above
        return None


def _is_flat(data: Any) -> bool:
    """An event whose argument is an object of texts and the like, as most commands are. Of a document that `_unpack_usual` took."""
    if type(data) is not list or len(data) != 2 or type(data[1]) is not dict:
        return False
    return _PLAIN.issuperset(map(type, data[1].values()))


def fault_in(document: Any) -> str | None:
    """What is wrong with the values of a document and where, None for nothing. Walks without recursion, so depth costs no
    stack."""
    nodes = 0
    level = [document]
    for _depth in range(DEPTH_MAX + 1):
        below: list[Any] = []
        for each in level:
            nodes += 1
            wrong = _wrong_with(each)
            if wrong is not None:
                return _placed(document, each, wrong)
            if isinstance(each, dict):
                below.extend(each.values())
            elif isinstance(each, list):
                below.extend(each)
        if nodes > NODES_MAX:
            return f"more than {NODES_MAX} values"
        if not below:
            return None
        level = below
    return f"nested deeper than {DEPTH_MAX}"


def _wrong_with(value: Any) -> str | None:
    """Of one value by itself, whatever is inside it."""
    match value:
        case dict() if not all(map(_is_text, value)):
            return "has a key that is not text that can be stored"
        case str() if not _is_text(value):
            return "has half a character (a lone surrogate)"
        case float() if not isfinite(value):
            return "is not a finite number"
        case int() if abs(value) > INTEGER_MAX:
            return "is too large a number"
        case dict() | list() | str() | int() | float() | None:
            return None
        case _:
            return "is neither text, number, list nor object"


def _is_text(value: str) -> bool:
    """No half of a character: JSON and UTF-8 have none."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _placed(document: Any, culprit: Any, what: str) -> str:
    """With the path to the culprit inside the message's argument. The document's nodes were counted down to it already."""
    waiting: deque[tuple[str, Any]] = deque([("", document)])
    while waiting:
        path, each = waiting.popleft()
        if each is culprit:
            place = path.removeprefix(".").partition(".")[2]
            return f"{place[:PATH_CHARACTERS_MAX]}: {what}" if place else what
        inside = each.items() if isinstance(each, dict) else enumerate(each) if isinstance(each, list) else ()
        waiting.extend((f"{path[:PATH_CHARACTERS_MAX]}.{key}", value) for key, value in inside)
    return what


class Packet:
    """A packet that came in. `fault` tells what is wrong with the data of an otherwise sound packet, so it can be answered."""

    __slots__ = ("data", "fault", "id", "type")

    def __init__(self, raw: bytes) -> None:
        usual = _unpack_usual(raw)
        document = unpack(raw) if usual is None else usual
        if not isinstance(document, dict) or not document.keys() <= FIELDS:
            raise Malformed("not a packet")
        kind, data, id_ = document.get("type"), document.get("data"), document.get("id")
        if type(kind) is not int or not CONNECT <= kind <= ACK:
            raise Malformed("not a type of packet")
        if document.get("nsp") != NAMESPACE:
            raise Malformed("not our namespace")
        if id_ is not None and (type(id_) is not int or not 0 <= id_ <= ACK_ID_MAX):
            raise Malformed("not an id of an ack")
        if kind == EVENT and not (isinstance(data, list) and 1 <= len(data) <= 2 and _is_event_name(data[0])):
            raise Malformed("not an event")
        if kind == CONNECT and not (data is None or isinstance(data, dict)):
            raise Malformed("not a sign-in")
        self.type: int = kind
        self.id: int | None = id_
        self.data: Any = data
        self.fault = None if usual is not None and _is_flat(data) else fault_in(data)


def _is_event_name(name: Any) -> bool:
    return isinstance(name, str) and 0 < len(name) <= 50 and name not in RESERVED


# -- Out --


def event_frame(name: str, payload: Any) -> bytes:
    """One WebSocket frame, whole: the same bytes can be written to any number of connections."""
    return _framed(BINARY_FRAME, _pack({"type": EVENT, "data": [name, payload], "nsp": NAMESPACE}))


def ack_frame(id_: int, payload: Any) -> bytes:
    return _framed(BINARY_FRAME, _pack({"type": ACK, "data": [payload], "nsp": NAMESPACE, "id": id_}))


def done_frame(id_: int, seq: int) -> bytes:
    """`ack_frame(id_, {"ok": True, "seq": seq})`, of which only two numbers differ from one command to the next."""
    return _framed(BINARY_FRAME, b"".join((_DONE[0], _pack(seq), _DONE[1], _pack(id_))))


_DONE = _pack({"type": ACK, "data": [{"ok": True, "seq": 0}], "nsp": NAMESPACE, "id": 0}).split(b"\0")


def frame(payload: bytes | str) -> bytes:
    """RFC 6455 5.2, final, from the server and therefore not masked."""
    return _framed(TEXT_FRAME, payload.encode()) if isinstance(payload, str) else _framed(BINARY_FRAME, payload)


def pong_frame(payload: bytes) -> bytes:
    return _framed(PONG_FRAME, payload)


def _framed(opcode: int, body: bytes) -> bytes:
    size = len(body)
    if size < 126:
        return bytes((0x80 | opcode, size)) + body
    if size < 65_536:
        return pack("!BBH", 0x80 | opcode, 126, size) + body
    return pack("!BBQ", 0x80 | opcode, 127, size) + body
