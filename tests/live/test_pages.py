"""The files of the client: served as they are, with the strictest policy, and nothing beside them (attacks 53, 54)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from live import pages


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<div id=root></div>")
    (dist / "favicon.svg").write_text("<svg/>")
    (dist / "assets" / "index-abc.js").write_text("1")
    (dist / ".secret.json").write_text("hidden")
    (dist / ".vite").mkdir()
    (dist / ".vite" / "manifest.json").write_text("hidden")
    (tmp_path / "outside.txt").write_text("outside")
    (dist / "link.txt").symlink_to(tmp_path / "outside.txt")
    app = web.Application()
    pages.mount(app, dist)
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/demo/mara", "/join", "/session/0a1b", "/session/0a1b/summary", "/sign-in"])
async def test_every_page_is_the_one_page(client: TestClient[web.Request, web.Application], path: str) -> None:
    answer = await client.get(path)
    assert answer.status == 200
    assert "id=root" in await answer.text()
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "object-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe-eval" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "aiohttp" not in answer.headers["Server"]


async def test_what_has_a_hash_in_its_name_is_kept_for_ever(client: TestClient[web.Request, web.Application]) -> None:
    assert "immutable" in (await client.get("/assets/index-abc.js")).headers["Cache-Control"]
    assert (await client.get("/favicon.svg")).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/../outside.txt",
        "/assets/../../outside.txt",
        "/assets/..%2f..%2foutside.txt",
        "/%2e%2e/outside.txt",
        "/assets/%2e%2e/%2e%2e/outside.txt",
        "/link.txt",
        "/.secret.json",
        "/assets/../.secret.json",
        "/.vite/manifest.json",
        "/assets/%00.js",
        "/api/v2/users",
        "/socket.io",
        "/missing.js",
        f"/{'x' * 300}.js",
        "//etc/passwd.txt",
    ],
)
async def test_54_nothing_beside_them(client: TestClient[web.Request, web.Application], path: str) -> None:
    async with (
        ClientSession() as http,
        http.get(URL(str(client.make_url("/")).rstrip("/") + path, encoded=True)) as answer,
    ):
        text = await answer.text()
    assert answer.status in (400, 404), (answer.status, text)
    assert "outside" not in text
    assert "hidden" not in text


async def test_without_a_build_it_says_so(tmp_path: Path) -> None:
    app = web.Application()
    pages.mount(app, tmp_path)
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/")
        assert answer.status == 503
        assert "make build" in await answer.text()
