"""What live/reading.py relies on inside aiohttp: one test per assumption, so that an update which breaks one says which."""

import asyncio
import inspect
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web
from aiohttp._websocket.reader import WebSocketDataQueue, WebSocketReader
from aiohttp.test_utils import TestServer
from aiohttp.web_protocol import RequestHandler

from live.channel import MESSAGES_IN_A_ROW
from live.reading import Message, Reading


class Heard:
    """What was dealt with at once, with its place in the bytes that came together; and what was left."""

    def __init__(self) -> None:
        self.at_once: list[tuple[bytes, int]] = []
        self.left: list[Message] = []
        self.takes = True

    def hear(self, message: Message, in_a_row: int) -> bool:
        taken = self.takes and message.type is WSMsgType.BINARY and in_a_row <= MESSAGES_IN_A_ROW
        if taken:
            self.at_once.append((message.data, in_a_row))
        return taken

    async def serve(self, request: web.Request) -> web.StreamResponse:
        response = Reading(self.hear)
        await response.prepare(request)
        while True:
            message = await response.receive()
            self.left.append(message)
            if message.type is WSMsgType.CLOSE:
                return response


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def client(heard: Heard) -> AsyncIterator[ClientWebSocketResponse]:
    app = web.Application()
    app.router.add_get("/", heard.serve)
    async with (
        TestServer(app) as server,
        ClientSession() as session,
        session.ws_connect(server.make_url("/")) as socket,
    ):
        yield socket


async def until(holds: object) -> None:
    async with asyncio.timeout(5):
        while not holds():  # type: ignore[operator]  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def test_a_response_makes_its_queue_and_parser_in_one_place() -> None:
    assert list(inspect.signature(web.WebSocketResponse._post_start).parameters) == [
        "self",
        "request",
        "protocol",
        "writer",
    ]
    assert list(inspect.signature(RequestHandler.set_parser).parameters)[:2] == ["self", "parser"]
    theirs = inspect.getsource(web.WebSocketResponse._post_start)
    for done_by_us in ("self._ws_protocol", "self._writer", "self._reader", "self._parser", "set_parser", "keep_alive"):
        assert done_by_us in theirs
    assert theirs.count("self.") <= 16, "it does more now than live/reading.py does"


def test_a_queue_takes_what_the_parser_finds_and_a_parser_takes_these_words() -> None:
    assert callable(WebSocketDataQueue.feed_data)
    assert callable(WebSocketReader.feed_data)
    assert callable(WebSocketReader.feed_eof)


async def test_a_message_is_heard_where_its_bytes_are_parsed(heard: Heard, client: ClientWebSocketResponse) -> None:
    await client.send_bytes(b"one")
    await until(lambda: heard.at_once)
    assert heard.at_once == [(b"one", 1)]
    assert heard.left == []


async def test_what_is_not_heard_at_once_is_received_in_order(heard: Heard, client: ClientWebSocketResponse) -> None:
    heard.takes = False
    for number in range(3):
        await client.send_bytes(b"%d" % number)
    await client.send_str("text")
    await until(lambda: len(heard.left) == 4)
    assert [each.data for each in heard.left] == [b"0", b"1", b"2", "text"]
    heard.takes = True
    await client.send_bytes(b"again")
    await until(lambda: heard.at_once)


async def test_too_much_in_one_piece_waits_for_its_turn(heard: Heard, client: ClientWebSocketResponse) -> None:
    """Only what came without the loop having its turn counts: one message after the other is always the first."""
    for number in range(2 * MESSAGES_IN_A_ROW):
        await client.send_bytes(b"%d" % number)
        await until(lambda number=number: len(heard.at_once) == number + 1)
    assert {place for _, place in heard.at_once} == {1}
    heard.at_once.clear()
    frame = b"\x82\x81\0\0\0\0x"
    assert client._writer.transport is not None
    client._writer.transport.write(frame * 3 * MESSAGES_IN_A_ROW)
    await until(lambda: len(heard.at_once) + len(heard.left) == 3 * MESSAGES_IN_A_ROW)
    assert [place for _, place in heard.at_once] == list(range(1, MESSAGES_IN_A_ROW + 1))


async def test_the_end_is_received_and_the_close_answered(heard: Heard, client: ClientWebSocketResponse) -> None:
    await client.close()
    await until(lambda: heard.left)
    assert heard.left[-1].type is WSMsgType.CLOSE
    assert client.close_code == 1000
