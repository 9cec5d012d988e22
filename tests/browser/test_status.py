"""The page of operators: an administrator sees how the installation is, and what changes; nobody else does. Wide and on a phone, by
keyboard, in both languages.
"""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from playwright.async_api import Browser, Page, expect

from persistence.embedded import Embedded
from tests.browser.looks import Looks
from tests.browser.workshop import PHONE, ROOT, Demo, Person, enter_demo, person

LOOKED_AGAIN_MS = 15_000


@pytest.fixture
def works() -> bool:
    """What waits for a worker for five minutes is among what needs somebody."""
    return True


def make_administrator(demo: Demo, name: str) -> None:
    """As an operator does, on the machine, while the server runs."""
    secret = (demo.data / "secret.key").read_text().strip()
    subprocess.run(
        [sys.executable, "run.py", "user", "role", f"{name.lower()}@demo.example.org", "--role", "admin"],
        cwd=ROOT,
        env={**os.environ, "SECRET_KEY": secret, "DATA_DIR": str(demo.data)},
        check=True,
        capture_output=True,
    )


async def lose_a_process(data: Path) -> None:
    """A row of a process that was killed a minute ago."""
    connection = await asyncpg.connect(Embedded(data).dsn)
    try:
        await connection.execute(
            "INSERT INTO live.processes (id, beat_at) VALUES ($1, clock_timestamp() - interval '1 minute')", uuid4()
        )
    finally:
        await connection.close()


async def reach_by_keyboard(page: Page, css: str) -> None:
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.evaluate("css => document.activeElement?.matches(css) ?? false", css):
            return
    raise AssertionError(f"the keyboard does not reach {css}")


async def goes_to_status(demo: Demo, mara: Person) -> None:
    await mara.page.goto(f"{demo.url}/")
    await mara.page.get_by_role("link", name="Status", exact=True).click()
    await expect(mara.page.get_by_role("heading", name="Status", exact=True)).to_be_visible()


async def test_an_administrator_sees_how_it_is_and_nobody_else(browser: Browser, demo: Demo) -> None:
    await asyncio.to_thread(make_administrator, demo, "Mara")
    looks = Looks()
    async with person(browser, "Mara") as mara, person(browser, "Ana", PHONE) as ana:
        for who in (mara, ana):
            await enter_demo(demo, who)
        await goes_to_status(demo, mara)
        await mara.sees("Nothing needs you.")
        row = mara.page.get_by_role("row").filter(has_text="this page")
        await expect(row).to_have_count(1)
        await expect(mara.page.get_by_role("figure").filter(has_text="Connections").first).to_be_visible()
        await expect(mara.page.get_by_role("region", name="Backups")).to_contain_text("None was made yet.")
        await reach_by_keyboard(mara.page, ".status-table")
        await looks.at(mara.page, "status, wide")

        await lose_a_process(demo.data)
        await expect(mara.page.get_by_text("gives no sign of life")).to_be_visible(timeout=LOOKED_AGAIN_MS)
        await mara.sees("One thing needs you.")
        await mara.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        await looks.at(mara.page, "status, on a phone")
        await mara.press("Preferences")
        await mara.pick("Français")
        await mara.sees("Une chose demande votre attention.")
        await expect(mara.page.get_by_role("heading", name="État", exact=True)).to_be_visible()

        await ana.page.goto(f"{demo.url}/")
        await expect(ana.page.get_by_role("heading", name="Sessions").first).to_be_visible()
        await expect(ana.page.get_by_role("link", name="Status", exact=True)).to_have_count(0)
        await ana.page.goto(f"{demo.url}/status")
        await expect(ana.page.locator(".empty-title")).to_be_visible()
        await expect(ana.page.get_by_role("table")).to_have_count(0)
        assert [*mara.faults, *ana.faults] == []
    assert looks.faults == []
