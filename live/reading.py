"""The WebSocket of one connection as it is read: a message is heard right where its bytes were parsed, in the loop's callback for the
socket; only what is not heard there is queued for a task. aiohttp queues every message and wakes a task for it, which cost more
than reading it.

Relies on the inside of aiohttp: each reliance has a test in tests/contracts/test_aiohttp.py.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from aiohttp import WSMessage, WSMsgType, web
from aiohttp._websocket.models import WSMessageTextBytes
from aiohttp._websocket.reader import WebSocketDataQueue, WebSocketReader
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_websocket import WebSocketWriter
from aiohttp.web_request import BaseRequest

from live import limits

QUEUE_BYTES = 65_536  # aiohttp's own; beyond twice that nothing is read from the socket
Message = WSMessage | WSMessageTextBytes
Hear = Callable[[Message, int], bool]
"""The message, and its number among those that came in one piece; whether it was dealt with."""


class _Queue(WebSocketDataQueue):
    """What was not heard, in the order of its arrival."""

    def __init__(self, protocol: BaseProtocol, hear: Hear) -> None:
        super().__init__(protocol, QUEUE_BYTES, loop=asyncio.get_running_loop())
        self.hear = hear
        self.in_a_row = 0

    @property
    def waiting(self) -> int:
        return len(self._buffer)

    def feed_data(self, data: Message, size: int) -> None:
        self.in_a_row += 1
        if self._buffer or not self.hear(data, self.in_a_row):
            super().feed_data(data, size)


class _Parser:
    """aiohttp's, told when new bytes begin: what came in one piece came in a row."""

    def __init__(self, queue: _Queue) -> None:
        self._queue = queue
        self._reader = WebSocketReader(queue, limits.MESSAGE_BYTES_MAX, compress=False, decode_text=True)
        self.feed_eof = self._reader.feed_eof

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self._queue.in_a_row = 0
        return self._reader.feed_data(data)


class Reading(web.WebSocketResponse):
    """`receive` gives what `hear` did not deal with."""

    def __init__(self, hear: Hear) -> None:
        super().__init__(
            compress=False, max_msg_size=limits.MESSAGE_BYTES_MAX, timeout=limits.CLOSE_WITHIN_S, autoping=False
        )
        self._hear = hear
        self._queue: _Queue | None = None

    def _post_start(self, request: BaseRequest, protocol: str | None, writer: WebSocketWriter) -> None:
        """Instead of theirs, which makes its own queue and parser. There is no heartbeat to start."""
        self._ws_protocol, self._writer = protocol, writer
        self._reader = self._queue = _Queue(request.protocol, self._hear)
        self._parser = parser = cast(WebSocketReader, _Parser(self._queue))
        request.protocol.set_parser(parser)
        request.protocol.keep_alive(False)

    @property
    def has_more(self) -> bool:
        """Then `receive` returns without the loop having its turn."""
        return self._queue is not None and bool(self._queue.waiting)

    def stop_hearing(self) -> None:
        """At the end: nobody keeps whoever heard, nor does what broke keep this."""
        self._hear = _deaf
        self._exception = None  # has been in here
        if self._queue is not None:
            self._queue.hear = _deaf


def _deaf(message: Message, _in_a_row: int) -> bool:
    """To everything but the end, for which aiohttp waits after it closed."""
    return message.type is WSMsgType.BINARY
