"""Bodies that come too slowly, answers that are read too slowly (attacks 38, 39): cut off, and nobody else waits."""

import asyncio
import socket
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from live.api import exchange, strict_json
from live.keys import STORE
from tests.api.conftest import Api, Caller
from tests.api.test_images import bring


async def opened(api: Api, receive_bytes: int | None = None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(api.url)
    line = socket.socket()
    if receive_bytes is not None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    line.setblocking(False)
    await asyncio.get_running_loop().sock_connect(line, (parts.hostname, parts.port))
    return await asyncio.open_connection(sock=line, limit=2**14)


def request(caller: Caller, method: str, path: str, **headers: str) -> bytes:
    lines = {
        "Host": urlsplit(caller.api.url).netloc,
        "Authorization": f"Bearer {caller.token}",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode()


@pytest.mark.parametrize("path", ["/live-sessions", "/live-sessions/{session}/images"])
async def test_attack_38_a_body_that_does_not_come_is_given_up(
    api: Api, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(strict_json, "BODY_BEGINS_WITHIN_S", 0.3)
    session = await api.workshop()
    await api.runs(session)
    mara = await api.mara()
    kind = "image/png" if "images" in path else "application/json"
    reader, writer = await opened(api)
    writer.write(
        request(mara, "POST", "/api/v1" + path.format(session=session), Content_Type=kind, Content_Length="5000") + b"{"
    )
    async with asyncio.timeout(10):
        answer = await reader.readuntil(b"}")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"too_slow"' in answer
    assert (await mara.get("/me")).status == 200
    writer.close()


async def test_attack_39_an_answer_that_is_not_read_is_given_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "ANSWER_PIECE_WITHIN_S", 0.3)
    session = await api.workshop()
    await api.runs(session)
    mara = await api.mara()
    told = (await bring(mara, session)).json
    large = bytes(8_000_000)
    await api.app[STORE].put(f"images/{session}/{told['imageId']}", large)
    reader, writer = await opened(api, receive_bytes=4_096)
    writer.write(request(mara, "GET", told["url"]))
    async with asyncio.timeout(10):
        await reader.readuntil(b"\r\n\r\n")
    await asyncio.sleep(1.5)
    received = 0
    with suppress(ConnectionError):
        async with asyncio.timeout(10):
            while piece := await reader.read(65_536):
                received += len(piece)
    assert received < len(large)
    assert len((await mara.get(told["url"])).body) == len(large), "who reads gets it whole"
    writer.close()
