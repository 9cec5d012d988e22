"""The browser of the journeys starts, keeps to this machine, and knows the accessibility rules."""

from pathlib import Path

import pytest
from playwright.async_api import Error

from tests.browser import chromium
from tests.browser.chromium import AXE, BrowserMissing, find_chromium, launch_chromium


async def test_a_page_is_shown() -> None:
    async with launch_chromium() as browser:
        page = await browser.new_page()
        await page.set_content("<h1>Atelier</h1>")
        assert await page.inner_text("h1") == "Atelier"
        assert (await page.screenshot()).startswith(b"\x89PNG")


async def test_no_other_machine_is_reached() -> None:
    async with launch_chromium() as browser:
        page = await browser.new_page()
        with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
            await page.goto("http://atelier.example/")


async def test_axe_finds_a_picture_without_words() -> None:
    async with launch_chromium() as browser:
        page = await browser.new_page()
        await page.set_content("<html lang=en><title>x</title><main><h1>x</h1><img src='data:,'></main></html>")
        await page.add_script_tag(path=AXE)
        found = await page.evaluate("axe.run()")
        assert "image-alt" in {violation["id"] for violation in found["violations"]}


def test_a_missing_browser_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "PACKAGE", tmp_path)
    with pytest.raises(BrowserMissing, match="make browser"):
        find_chromium()
