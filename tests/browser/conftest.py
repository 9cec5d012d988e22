"""One demo server per test, and one browser."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser.chromium import launch_chromium
from tests.browser.workshop import ROOT, Demo


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with launch_chromium() as browser:
        yield browser


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    assert (ROOT / "static" / "dist" / "index.html").is_file(), "the client is not built: run `make build`"
    demo = Demo(tmp_path)
    demo.start()
    await demo.ready()
    yield demo
    await asyncio.to_thread(demo.stop)
