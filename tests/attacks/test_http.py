"""Attacks 37 and 38: bodies that blow up, requests that mean two things, heads and handshakes that do not come, answers that nobody
takes. Against the server as `run.py serve` runs it, with its patience shortened.
"""

import asyncio
import gzip
import logging
import os
import re
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from time import monotonic

import psutil
import pytest
from aiohttp import ClientSession

from live import patience, serving
from live.certificate import self_signed
from live.settings import Settings
from tests.attacks.line import Line
from tests.conftest import find_free_port
from tests.live.conftest import House

MEGABYTE = 1_000_000
SIGN_IN = "/api/v1/auth/token"
SHORT_S = 0.5


@pytest.fixture(autouse=True)
def nobody_notices(faults: Callable[[], list[str]]) -> Iterator[None]:
    yield
    assert faults() == []


@asynccontextmanager
async def served(house: House, monkeypatch: pytest.MonkeyPatch, **options: object) -> AsyncIterator[Settings]:
    """By live/serving.py, in this process, on the house's database."""
    settings = replace(house.server.settings, port=find_free_port(), **options)  # type: ignore[arg-type]
    stopping, listening = asyncio.Event(), asyncio.Event()

    async def after_start(_app: object) -> None:
        listening.set()

    monkeypatch.setattr(serving, "_stopping", lambda: stopping)
    monkeypatch.setattr(serving, "_settle_memory", lambda: None)  # of a process that serves and does nothing else
    running = asyncio.create_task(serving.serve(settings, after_start))
    try:
        await asyncio.wait({running, asyncio.create_task(listening.wait())}, return_when=asyncio.FIRST_COMPLETED)
        yield settings
    finally:
        stopping.set()
        await running


def url_of(settings: Settings) -> str:
    return f"{settings.scheme}://127.0.0.1:{settings.port}"


def post(host: str, *lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join([f"POST {SIGN_IN} HTTP/1.1", f"Host: {host}", *lines, "", ""]).encode() + body


def answers_in(received: bytes) -> list[int]:
    """Their status codes."""
    return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3}) ", received)]


async def test_37_a_compressed_body_is_not_opened(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = await asyncio.to_thread(gzip.compress, bytes(100 * MEGABYTE), 6)
    before = int(psutil.Process(os.getpid()).memory_info().rss)
    async with served(house, monkeypatch) as settings:
        for coding in ("gzip", "deflate", "br"):
            line = await Line.to(url_of(settings))
            kind = ("Content-Type: application/json", f"Content-Encoding: {coding}", f"Content-Length: {len(bomb)}")
            began = asyncio.get_running_loop().time()
            await line.send(post(line.host, *kind, body=bomb))
            assert answers_in(await line.until(b"unsupported_media_type")) == [415]
            assert asyncio.get_running_loop().time() - began < patience.HEAD_WITHIN_S
            await line.close()
    assert int(psutil.Process(os.getpid()).memory_info().rss) - before < 10 * MEGABYTE


async def test_37_a_flood_of_pieces_or_of_requests_is_bounded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(house, monkeypatch) as settings:
        line = await Line.to(url_of(settings))
        chunked = ("Content-Type: application/json", "Transfer-Encoding: chunked")
        await line.send(post(line.host, *chunked, body=b"1\r\n \r\n" * 70_000))
        assert answers_in(await line.until(b"too_large")) == [413]
        await line.close()
        line = await Line.to(url_of(settings))
        parts = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n" * 1_000
        form = ("Content-Type: multipart/form-data; boundary=x", f"Content-Length: {len(parts)}")
        await line.send(post(line.host, *form, body=parts))
        assert answers_in(await line.until(b"unsupported_media_type")) == [415]
        await line.close()
        line = await Line.to(url_of(settings))
        one = f"GET /healthz HTTP/1.1\r\nHost: {line.host}\r\n\r\n".encode()
        sending = asyncio.create_task(line.send(one * 2_000))
        async with ClientSession() as http, http.get(f"{url_of(settings)}/healthz") as response:
            assert response.status == 200, "somebody else is answered meanwhile"
        async with asyncio.timeout(30):
            while line.received.count(b"HTTP/1.1 200") < 2_000:
                line.received += await line._reader.read(65_536)
        await sending
        await line.close()


HIDDEN = b"GET /healthz?hidden HTTP/1.1\r\nHost: HOST\r\n\r\n"
AMBIGUOUS = {
    "a length and pieces": ("Content-Length: 5", "Transfer-Encoding: chunked"),
    "two lengths": ("Content-Length: 0", "Content-Length: 5"),
    "a list of lengths": ("Content-Length: 0, 5",),
    "a length with a sign": ("Content-Length: +0",),
    "a length below nothing": ("Content-Length: -1",),
    "a length in another base": ("Content-Length: 0x0",),
    "a space before the colon": ("Transfer-Encoding : chunked",),
    "a folded line": ("X-Fold: a", " b: c"),
    "pieces that are none": ("Transfer-Encoding: xchunked",),
    "pieces that are not last": ("Transfer-Encoding: chunked, identity",),
    "pieces twice": ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    "a zero byte": ("X-Zero: a\0b",),
    "a bare carriage return": ("X-Bare: a\rTransfer-Encoding: chunked",),
    "a name that is none": ("X(1): a",),
    "a head without end": ("X-Long: " + "a" * 20_000,),
    "a thousand lines": tuple(f"X-{number}: a" for number in range(1_000)),
}


async def test_37_a_request_that_means_two_things_is_none(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a proxy might take for a body is never answered as a request of its own, and nothing after it is."""
    wrong = {}
    async with served(house, monkeypatch) as settings:
        for what, lines in AMBIGUOUS.items():
            line = await Line.to(url_of(settings))
            hidden = HIDDEN.replace(b"HOST", line.host.encode())
            await line.send(post(line.host, *lines, body=b"0\r\n\r\n" + hidden))
            received = await line.ends(within_s=15)
            if answers_in(received) != [400] or b"aiohttp" in received or b"Traceback" in received:
                wrong[what] = received
            await line.close()
        for what, pieces in {
            "a length of a piece with a sign": b"+5\r\nhello\r\n",
            "one beyond all numbers": b"f" * 40 + b"\r\nhello\r\n",
            "an endless one": b"5;" + b"x" * 40_000 + b"\r\nhello\r\n",
            "one that is none": b"zz\r\nhello\r\n",
        }.items():
            line = await Line.to(url_of(settings))
            kind = ("Content-Type: application/json", "Transfer-Encoding: chunked")
            await line.send(post(line.host, *kind, body=pieces + HIDDEN.replace(b"HOST", line.host.encode())))
            received = await line.ends(within_s=15)
            codes = answers_in(received)
            if len(codes) > 1 or any(code < 400 or code >= 500 for code in codes):
                wrong[what] = received
            await line.close()
    assert wrong == {}


async def test_38_heads_that_do_not_come_are_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing at all, half a line, a line at a time for ever, half a head after a request that was whole."""
    assert patience.RUNNER["keepalive_timeout"] == patience.HEAD_WITHIN_S <= 10.0, "what is promised"
    monkeypatch.setitem(patience.RUNNER, "keepalive_timeout", SHORT_S)
    async with served(house, monkeypatch) as settings:
        lines = [await Line.to(url_of(settings)) for _ in range(4)]
        _silent, half, _dribbling, second = lines
        await half.send(b"GET /hea")
        await second.send(f"GET /healthz HTTP/1.1\r\nHost: {second.host}\r\n\r\n".encode())
        await second.until(b"alive")
        await second.send(b"GET /healthz HTTP/1.1\r\nHos")

        async def dribble(line: Line) -> None:
            await line.send(b"GET /healthz HTTP/1.1\r\n")
            while True:
                await line.send(b"X-A: b\r\n")
                await asyncio.sleep(0.1)

        dribbling = asyncio.create_task(dribble(lines[2]))
        try:
            received = await asyncio.gather(*(line.ends(within_s=20 * SHORT_S) for line in lines))
        finally:
            dribbling.cancel()
        assert [each.count(b"HTTP/1.1 200") for each in received] == [0, 0, 0, 1]
        for line in lines:
            await line.close()


async def test_38_a_handshake_that_does_not_come_is_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = asyncio.constants.SSL_HANDSHAKE_TIMEOUT
    monkeypatch.setattr(patience, "HANDSHAKE_WITHIN_S", SHORT_S)
    caplog.set_level(logging.CRITICAL, "asyncio")
    try:
        async with served(house, monkeypatch, tls=self_signed(house.folder, frozenset({"localhost"}))) as settings:
            assert asyncio.constants.SSL_HANDSHAKE_TIMEOUT == SHORT_S
            lines = [await Line.to(url_of(settings)) for _ in range(2)]
            await lines[1].send(b"\x16\x03\x01\x02\x00\x01")  # the beginning of a ClientHello
            await asyncio.gather(*(line.ends(within_s=20 * SHORT_S) for line in lines))
            for line in lines:
                await line.close()
            async with ClientSession() as http:
                context = ssl._create_unverified_context()
                async with http.get(f"{url_of(settings)}/healthz", ssl=context) as response:
                    assert response.status == 200
    finally:
        asyncio.constants.SSL_HANDSHAKE_TIMEOUT = before


async def test_39_a_file_of_the_client_that_is_not_read_is_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dist = house.folder / "dist"
    dist.mkdir()
    (dist / "large.bin").write_bytes(bytes(20 * MEGABYTE))
    from live import pages

    monkeypatch.setattr(patience, "ANSWER_PIECE_WITHIN_S", 0.001)
    monkeypatch.setattr(pages.mount, "__defaults__", (dist,))
    async with served(house, monkeypatch) as settings:
        line = await Line.to(url_of(settings), receive_bytes=4_096)
        await line.send(f"GET /large.bin HTTP/1.1\r\nHost: {line.host}\r\n\r\n".encode())
        began = monotonic()
        await line.until(b"\r\n\r\n")
        await asyncio.sleep(1.5)
        assert len(await line.ends(within_s=15)) < 20 * MEGABYTE
        assert monotonic() - began > 0.3
        await line.close()
