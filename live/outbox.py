"""What waits to be written to one connection: whole frames, handed to the transport only as fast as it sends them.

Bounded by bytes, events and time; says `False` when a connection is too far behind, and leaves the consequence to its owner.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from live.limits import OUTBOX_BEHIND_S_MAX, OUTBOX_BYTES_MAX, OUTBOX_EVENTS_MAX, TRANSPORT_BYTES


class Outbox:
    def __init__(self, transport: asyncio.Transport, now: Callable[[], float]) -> None:
        self._transport = transport
        self._now = now
        self._waiting: deque[tuple[bytes, int, float]] = deque()
        self._bytes = 0
        self._events = 0

    @property
    def waiting_bytes(self) -> int:
        return self._bytes

    def push(self, data: bytes, events: int) -> bool:
        """`data`: one frame or several back to back, carrying so many events of the log."""
        transport = self._transport
        if transport.is_closing():
            return True
        if not self._waiting and transport.get_write_buffer_size() < TRANSPORT_BYTES:
            transport.write(data)
            return True
        self._waiting.append((data, events, self._now()))
        self._bytes += len(data)
        self._events += events
        return self._bytes <= OUTBOX_BYTES_MAX and self._events <= OUTBOX_EVENTS_MAX

    def flush(self) -> bool:
        """Hands on what the transport takes now."""
        transport = self._transport
        if transport.is_closing():
            self.drop()
        while self._waiting and transport.get_write_buffer_size() < TRANSPORT_BYTES:
            data, events, _since = self._waiting.popleft()
            self._bytes -= len(data)
            self._events -= events
            transport.write(data)
        return not self._waiting or self._now() - self._waiting[0][2] <= OUTBOX_BEHIND_S_MAX

    def push_last(self, data: bytes) -> None:
        """After everything that waits; nothing follows it."""
        if not self._transport.is_closing():
            for waiting, _events, _since in self._waiting:
                self._transport.write(waiting)
            self._transport.write(data)
        self.drop()

    def drop(self) -> None:
        self._waiting.clear()
        self._bytes = self._events = 0
