"""A short session with sound as the recorder, the worker and the server really make them: it ends, its replay opens, is heard and
sought through, and its archive plays from disk without any of them. `python -m bench.replay` measures the same with a long one.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median
from zipfile import ZipFile

import pytest
from playwright.async_api import Browser, Locator, expect

from bench.rehearsed import TITLE, Held, Measure, hold
from bench.replay import LISTEN, measure_replay
from tests.browser.looks import Looks
from tests.browser.replaying import drawn, taken, until
from tests.browser.workshop import PHONE, WIDE, Person, person
from tests.databases import SECRET_KEY
from tests.faults.server import Server

SHORT = Measure(minutes=2, people=4, events=300, pause_s=12)
OPENS_WITHIN_S = 10 * 5
SEEKS_WITHIN_MS = 200 * 5
SEEKS = 8
WRITTEN_WITHIN_MS = 120_000
WITHIN_MS = 15_000
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def held(dsn: str, tmp_path: Path) -> AsyncIterator[tuple[Server, Held]]:
    server = Server(tmp_path, dsn, SECRET_KEY, ICE_ADDRESSES="127.0.0.1")
    ran = await hold(dsn, SECRET_KEY, server.data / "store" / "capture", SHORT)
    server.start()
    await server.listening()
    yield server, ran
    await asyncio.to_thread(server.stop)


async def test_from_its_end_to_its_archive(browser: Browser, held: tuple[Server, Held], tmp_path: Path) -> None:
    server, ran = held
    async with person(browser, "Mara", WIDE, accept_downloads=True) as mara:
        found = await measure_replay(mara.page, server.url, ran, SEEKS)
        slower = found.slower_ms
        print(
            f"\nopened {found.opened_s:.1f} s, stored {found.stored_s:.1f} s, heard {found.heard_s:.1f} s after the end"
        )
        print(f"{SEEKS} seeks: {median(slower):.0f} ms (middle), {slower[-1]:.0f} ms (worst)")
        assert max(found.opened_s, found.heard_s) < OPENS_WITHIN_S
        assert median(slower) < SEEKS_WITHIN_MS
        await expect(mara.page.locator(".said-words").first).to_be_visible(timeout=WRITTEN_WITHIN_MS)
        await looks_well(mara)
        folder = await unpacked(mara, tmp_path)
        assert mara.faults == []
    async with person(browser, "Mara", WIDE, accept_downloads=True) as reader:
        await plays_from_disk(reader, folder)


async def looks_well(who: Person) -> None:
    """Wide and on a phone, in light and dark."""
    looks = Looks()
    await looks.at(who.page, "the replay of a recorded session")
    await who.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    await looks.at(who.page, "the replay of a recorded session on a phone")
    await who.page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    assert looks.faults == []


async def unpacked(who: Person, folder: Path) -> Path:
    """What the page gives one to take along."""
    archive = folder / "archive.zip"
    archive.write_bytes(await taken(who, "Everything as one file (ZIP)", button="Download"))
    with ZipFile(archive) as opened:
        assert opened.testzip() is None
        assert {"replay.html", "sound/1-mix-1.webm", "transcript.vtt", "boards/main.excalidraw"} <= {*opened.namelist()}
        opened.extractall(folder / "archive")
    return folder / "archive"


async def plays_from_disk(who: Person, folder: Path) -> None:
    asked: list[str] = []
    who.page.on("request", lambda request: asked.append(request.url))
    await who.context.set_offline(True)
    await who.page.add_init_script(f"({LISTEN})()")
    await who.page.goto(f"{(folder / 'replay.html').as_uri()}#t=100")
    await expect(who.page.get_by_role("heading", name=f"{TITLE}, replay")).to_be_visible(timeout=WITHIN_MS)
    board: Locator = who.page.locator("[data-board=main]")
    await expect(board).not_to_have_attribute("data-elements", "0", timeout=WITHIN_MS)
    await drawn(board)
    for entry, begins in (("Drawing (SVG)", b"<svg"), ("Picture (PNG)", b"\x89PNG"), ("All pages (PDF)", b"%PDF")):
        assert (await taken(who, entry)).startswith(begins)
    await who.page.locator(".said-words").first.click()
    first = await who.page.get_by_role("slider", name="Position").get_attribute("aria-valuenow")
    await until(who, int(str(first)) + 2)
    assert await who.page.evaluate(
        "sounding.some((audio) => !audio.paused && audio.currentTime > 1 && audio.error === null)"
    )
    assert [each for each in asked if not each.startswith(("file:", "data:", "blob:"))] == []
    assert who.faults == []
