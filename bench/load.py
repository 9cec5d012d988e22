"""A crowd that costs next to nothing: opened and signed in from here, played by load.c. Speaks the public protocol of whoever is
measured (a Dialect) and imports nothing of the server.
"""

import base64
import ctypes
import os
import random
import socket
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Event, Lock
from typing import Any, Protocol

import msgpack

from bench.page import ROOT

BUILT = ROOT / ".cache" / "bench"
ID = "00000000-0000-4000-8000-000000000000"
MARK = "bench#"
WORDS = (
    "about a hundred and fifty bytes of words that hardly repeat: ink, paper, margin, gutter, bleed, and what Ana asked"
)
OPENS_AT_ONCE = 25
Message = dict[str, Any]


def built(source: str, *options: str) -> Path:
    """Compiled when the source is newer."""
    target, code = BUILT / source.removesuffix(".c"), ROOT / "bench" / source
    if not target.exists() or target.stat().st_mtime < code.stat().st_mtime:
        BUILT.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc", "-O2", "-w", "-D_GNU_SOURCE", *options, "-o", str(target), str(code)], check=True)
    return target


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(str(built("load.c", "-shared", "-fPIC")))
    library.crowd_new.restype = ctypes.c_void_p
    library.crowd_add.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
    library.crowd_listen.argtypes = [ctypes.c_void_p, ctypes.c_double]
    for function in (library.crowd_deliveries, library.crowd_wrong):
        function.restype, function.argtypes = ctypes.c_longlong, [ctypes.c_void_p]
    library.crowd_free.argtypes = [ctypes.c_void_p]
    library.crowd_play.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        *[ctypes.c_int] * 5,
        *[ctypes.c_double] * 2,
        ctypes.c_int,
        ctypes.POINTER(ctypes.c_double),
    ]
    return library


# -- How one speaks to whom --


class Dialect(Protocol):
    """`enter` opens, signs in and joins, and returns what the server said to that; `said` is one chat message as it is sent, with
    ID and MARK and eight digits in it."""

    def enter(self, seat: "Seat", auth: Message, join: Message) -> Message: ...

    def said(self) -> bytes: ...


class Msgpack:
    """Socket.IO with the msgpack parser. Without a join only the sign-in is done."""

    def enter(self, seat: "Seat", auth: Message, join: Message) -> Message:
        seat.open("/socket.io/?EIO=4&transport=websocket")
        seat.send(2, msgpack.packb({"type": 0, "nsp": "/live", "data": auth}))
        seat.until(lambda packet: b"sid" in packet and packet[:1] != b"0")
        if not join:
            return {}
        seat.send(2, msgpack.packb({"type": 2, "nsp": "/live", "data": ["join", join], "id": 1}))
        acked: Message = msgpack.unpackb(seat.until(lambda packet: b"\xa4type\x03" in packet))["data"][0]
        assert acked["ok"], acked
        return acked

    def said(self) -> bytes:
        return framed(2, msgpack.packb({"type": 2, "nsp": "/live", "data": ["submit", command()], "id": 7}))


class Json:
    """Socket.IO with its default parser."""

    def enter(self, seat: "Seat", auth: Message, join: Message) -> Message:
        seat.open("/socket.io/?EIO=4&transport=websocket")
        seat.send(1, b"40/live,{}")
        seat.until(lambda packet: packet.startswith(b"40/live,"))
        seat.send(1, f'42/live,1["join",{{"sessionId":"{join["sessionId"]}"}}]'.encode())
        seat.until(lambda packet: packet.startswith(b"43/live,1"))
        return {}

    def said(self) -> bytes:
        body = command()
        return framed(1, f'42/live,7["submit",{{"id":"{ID}","type":"chat.send","text":"{body["text"]}"}}]'.encode())


class Plain:
    """A WebSocket without Socket.IO."""

    def enter(self, seat: "Seat", auth: Message, join: Message) -> Message:
        seat.open("/")
        seat.send(1, f'{{"join":"{join["sessionId"]}"}}'.encode())
        seat.until(lambda packet: b"joined" in packet)
        return {}

    def said(self) -> bytes:
        return framed(1, f'{{"id":"{ID}","text":"{command()["text"]}"}}'.encode())


class Bare:
    """No protocol at all: bench/floor.c."""

    def enter(self, seat: "Seat", auth: Message, join: Message) -> Message:
        seat.socket.sendall(b"G%08d" % join["group"])
        assert seat.socket.recv(2) == b"ok"
        return {}

    def said(self) -> bytes:
        return framed(1, command()["text"].encode())


def command() -> Message:
    return {"id": ID, "type": "chat.send", "text": f"{MARK}00000000 {WORDS}"}


def framed(opcode: int, payload: bytes) -> bytes:
    """Masked with zeros: legal, and no work."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + length + b"\0\0\0\0" + payload


# -- Who sits there --


class TryLater(Exception):
    """The server has too much to do to take anybody in."""


class Seat:
    """One connection, blocking until it is handed to the crowd."""

    def __init__(self, port: int, offers_deflate: bool = False) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._host, self._offers_deflate, self.heard = f"127.0.0.1:{port}", offers_deflate, b""

    def open(self, path: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        deflate = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if self._offers_deflate else ""
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{deflate}\r\n".encode()
        )
        while b"\r\n\r\n" not in self.heard:
            self._more()
        head, self.heard = self.heard.split(b"\r\n\r\n", 1)
        if b" 503 " in head:
            raise TryLater
        if b" 101 " not in head:
            raise ConnectionError(head.decode("latin-1")[:300])

    def send(self, opcode: int, payload: bytes) -> None:
        self.socket.sendall(framed(opcode, payload))

    def until(self, wanted: Any) -> bytes:
        while True:
            packet = self._packet()
            if wanted(packet):
                return packet

    def _packet(self) -> bytes:
        while True:
            heard = self.heard
            if len(heard) >= 2:
                length, body = heard[1] & 0x7F, 2
                if length == 126:
                    length, body = int.from_bytes(heard[2:4], "big"), 4
                elif length == 127:
                    length, body = int.from_bytes(heard[2:10], "big"), 10
                if len(heard) >= body + length:
                    self.heard = heard[body + length :]
                    return heard[body : body + length]
            self._more()

    def _more(self) -> None:
        data = self.socket.recv(262_144)
        if not data:
            raise ConnectionError("the server closed the connection")
        self.heard += data


@dataclass(frozen=True)
class Place:
    """Where one client goes. `group`: whose messages they hear."""

    auth: Message
    join: Message
    group: int = 0


class Crowd:
    """`wide`: how many open their connection at once."""

    def __init__(
        self,
        dialect: Dialect,
        port: int,
        places: Sequence[Place],
        offers_deflate: bool = False,
        wide: int = OPENS_AT_ONCE,
    ) -> None:
        self.groups = max(place.group for place in places) + 1
        self._crowd = _library().crowd_new(len(places), self.groups)
        self._message = dialect.said()
        self._id_at = self._message.find(ID.encode())
        self._mark_at = self._message.find(MARK.encode()) + len(MARK)
        self.seats: list[Seat] = []
        self.refused = 0  # how often somebody was told to come later
        seated, full = Lock(), Event()

        def come(place: Place) -> None:
            seat = Seat(port, offers_deflate)
            while True:
                try:
                    dialect.enter(seat, place.auth, place.join)
                except (TryLater, ConnectionError):  # also a sign-in that a busy server did not get to in time
                    self.refused += 1
                    seat.socket.close()
                    time.sleep(random.uniform(0.2, 1.0))
                    seat = Seat(port, offers_deflate)
                else:
                    break
            seat.socket.settimeout(None)
            with seated:
                self.seats.append(seat)
                _library().crowd_add(self._crowd, seat.socket.fileno(), place.group, seat.heard, len(seat.heard))

        def listen() -> None:
            """Whoever sits hears who comes after them."""
            while not full.is_set():
                _library().crowd_listen(self._crowd, 0.1)

        with ThreadPoolExecutor(wide + 1) as opening:
            listening = opening.submit(listen)
            try:
                list(opening.map(come, places))
            finally:
                full.set()
            listening.result()

    def listen(self, seconds: float) -> None:
        _library().crowd_listen(self._crowd, seconds)

    def hears(self, deliveries: int, timeout_s: float) -> None:
        """Returns when so many messages arrived in all."""
        deadline = time.monotonic() + timeout_s
        while self.deliveries < deliveries and not self.wrong and time.monotonic() < deadline:
            self.listen(0.05)
        if self.deliveries != deliveries or self.wrong:
            raise AssertionError(
                f"{self.deliveries} of {deliveries} messages, {self.wrong} lost, doubled or out of order"
            )

    def play(
        self, burst: int, bursts: int, every_s: float = 0.0, nap_us: int = 300, timeout_s: float = 120.0
    ) -> list[float]:
        """Returns after everybody has everything: with `every_s`, how long after its time each burst was with the last client."""
        late = (ctypes.c_double * bursts)()
        left = _library().crowd_play(
            self._crowd,
            self._message,
            len(self._message),
            self._id_at,
            self._mark_at,
            burst,
            bursts,
            every_s,
            timeout_s,
            nap_us,
            late,
        )
        if left or self.wrong:
            raise AssertionError(f"{left} bursts incomplete, {self.wrong} messages lost, doubled or out of order")
        return list(late)

    @property
    def deliveries(self) -> int:
        return int(_library().crowd_deliveries(self._crowd))

    @property
    def wrong(self) -> int:
        return int(_library().crowd_wrong(self._crowd))

    def close(self) -> None:
        _library().crowd_free(self._crowd)
        for seat in self.seats:
            seat.socket.close()
