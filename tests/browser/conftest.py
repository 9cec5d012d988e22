"""One demo server per test, and one browser."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser.chromium import launch_chromium
from tests.browser.workshop import ROOT, Demo


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with launch_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a demo as `make run` leaves it, made once: every test begins with a copy of its own."""
    assert (ROOT / "static" / "dist" / "index.html").is_file(), "the client is not built: run `make build`"
    demo = Demo(tmp_path_factory.mktemp("seeded"))
    demo.start()
    with ThreadPoolExecutor(1) as outside:  # whether or not a loop runs here
        outside.submit(asyncio.run, demo.ready()).result()
    demo.stop()
    return demo.data


@pytest.fixture
def works() -> bool:
    """Where recordings are to be finished, a file says so: a worker costs two seconds at each start."""
    return False


@pytest.fixture
async def demo(tmp_path: Path, seeded: Path, works: bool) -> AsyncIterator[Demo]:
    demo = Demo(tmp_path, seeded, works=works)
    demo.start()
    await demo.ready()
    yield demo
    await asyncio.to_thread(demo.stop)
