"""What waits to be written to one connection: whole frames, shared with everybody who gets the same, handed on only as fast as
the kernel takes them.

While nothing waits, a frame goes to the socket itself: asyncio's transport would do the same a little later. What the kernel
did not take goes to the transport, and what that cannot take waits here. Bounded by bytes, events and time.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from live.limits import OUTBOX_BEHIND_S_MAX, OUTBOX_BYTES_MAX, OUTBOX_EVENTS_MAX, TRANSPORT_BYTES

Send = Callable[[bytes], int]


def takes_nothing(_data: bytes) -> int:
    return 0


class Outbox:
    """Everything that is written to the transport after the opening comes through here, so that it stays in order. Tells by
    `lags` that it wants to be flushed again and again, and by `fails` that the connection is too far behind.

    `straight` is the socket's own `send` while nothing waits, else it takes nothing. Who writes by it hands over what it did not take
    with `push_rest`."""

    __slots__ = (
        "_events",
        "_fails",
        "_held",
        "_lags",
        "_now",
        "_send",
        "_transport",
        "_waiting",
        "straight",
        "waiting_bytes",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        now: Callable[[], float],
        lags: Callable[[], None],
        fails: Callable[[], None],
    ) -> None:
        self._transport: asyncio.Transport | None = transport
        self._now = now
        self._lags = lags
        self._fails = fails
        self._send = _send_of(transport)
        self.straight: Send = takes_nothing
        self._waiting: deque[tuple[bytes, int, float]] = deque()
        self._held: list[bytes] = []  # leaves behind the next frame
        self._events = 0
        self.waiting_bytes = 0
        self._go_straight(transport)

    @property
    def is_idle(self) -> bool:
        return self.straight is not takes_nothing

    def push(self, data: bytes, events: int = 0) -> None:
        """`data`: one frame or several back to back, carrying so many events of the log."""
        try:
            sent = self.straight(data)
        except BlockingIOError:
            sent = 0
        except OSError:  # broken: the transport hears of it when it reads
            return
        if sent != len(data):
            self.push_rest(data, sent, events)

    def hold(self, data: bytes) -> bool:
        """To leave in one write with what is pushed next, right behind it: whoever is answered has seen it then. Whether it is to be
        released, in case nothing is pushed."""
        if not self.is_idle:
            self.push(data)
            return False
        self._held.append(data)
        self.straight = self._with_held
        return len(self._held) == 1

    def _with_held(self, data: bytes) -> int:
        held, self._held, self.straight = self._held, [], self._send
        self.push(b"".join((data, *held)))
        return len(data)

    def release(self) -> None:
        if self._held:
            self._with_held(b"")

    def push_rest(self, data: bytes, sent: int, events: int = 0) -> None:
        """What follows after the first `sent` bytes of it."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self.is_idle:
            self.straight = takes_nothing
            transport.write(data[sent:])
        elif not self._waiting and _takes_more(transport):
            transport.write(data)
        else:
            self._waiting.append((data, events, self._now()))
            self.waiting_bytes += len(data)
            self._events += events
            if self.waiting_bytes > OUTBOX_BYTES_MAX or self._events > OUTBOX_EVENTS_MAX:
                self._fails()
                return
        self._lags()

    def flush(self) -> bool:
        """Hands on what the transport takes now; whether it wants to be asked again."""
        transport = self._transport
        if transport is None or transport.is_closing():
            self.drop()
            return False
        while self._waiting and _takes_more(transport):
            data, events, _since = self._waiting.popleft()
            self.waiting_bytes -= len(data)
            self._events -= events
            transport.write(data)
        self._go_straight(transport)
        if self._waiting and self._now() - self._waiting[0][2] > OUTBOX_BEHIND_S_MAX:
            self._fails()
            return False
        return (not self.is_idle and self._send is not takes_nothing) or bool(self._waiting)

    def _go_straight(self, transport: asyncio.Transport) -> None:
        if not self.is_idle and not self._waiting and not transport.get_write_buffer_size():
            self.straight = self._send

    def push_last(self, data: bytes) -> None:
        """After everything that waits; nothing follows it but the transport's own."""
        self.release()
        transport = self._transport
        if transport is not None and not transport.is_closing():
            for waiting, _events, _since in self._waiting:
                transport.write(waiting)
            transport.write(data)
        self.shut()

    def shut(self) -> None:
        """Takes nothing any more, and keeps nothing."""
        self._transport = None
        self.straight = takes_nothing
        self._held.clear()
        self.drop()

    def drop(self) -> None:
        self._waiting.clear()
        self.waiting_bytes = self._events = 0


def _takes_more(transport: asyncio.Transport) -> bool:
    return transport.get_write_buffer_size() < TRANSPORT_BYTES


def _send_of(transport: asyncio.Transport) -> Send:
    """The `send` of its socket, where bytes go out as they are. Not the number of its descriptor: once the socket is closed, that may be
    somebody else's, while `send` fails."""
    line = getattr(transport.get_extra_info("socket"), "_sock", None)
    if line is None or transport.get_extra_info("sslcontext") is not None:
        return takes_nothing
    send: Send = line.send
    return send
