"""A demo server in a process of its own, and the people of a journey: each a browser context of their own.

Speaks to the pages by what a person sees and hears: roles, labels and words of static/src/texts/en.ts.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.chromium import AXE
from tests.conftest import find_free_port
from tests.starter import Process, start

ROOT = Path(__file__).parents[2]
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
READY_WITHIN_S = 60.0
FADES_MS = 400  # colours half way through a transition are nobody's contrast


class Demo:
    """`run.py demo` without bots on a data directory of its own, which may begin as a copy of another demo's; killed and started
    again on the same port. `works`: beside it a worker, for recordings."""

    def __init__(self, folder: Path, begins_as: Path | None = None, *, works: bool = True) -> None:
        self.port = find_free_port()
        self.data = folder / "data"
        self._folder = folder
        if begins_as is not None:
            shutil.copytree(begins_as, self.data)
        self._more = () if works else ("--no-worker",)
        self._process: Process | subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        command = ["demo", "--port", str(self.port), "--bots", "0", "--data-dir", str(self.data), *self._more]
        with (self._folder / "demo.log").open("ab") as log:
            environment = {**os.environ, "LIMITS_FACTOR": "10", "ICE_ADDRESSES": "127.0.0.1"}
            self._process = start(command, environment, log.fileno())

    async def ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if await asyncio.to_thread(self._answers, "/readyz"):
                return
            await asyncio.sleep(0.02)
        raise TimeoutError((self._folder / "demo.log").read_text(errors="replace")[-3000:])

    async def listening(self) -> float:
        """The moment on the monotonic clock at which it answered first."""
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if await asyncio.to_thread(self._answers, "/healthz"):
                return time.monotonic()
            await asyncio.sleep(0.005)
        raise TimeoutError((self._folder / "demo.log").read_text(errors="replace")[-3000:])

    def _answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5):
                return True
        except OSError:
            return False

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)

    @property
    def words_logged(self) -> str:
        return (self._folder / "demo.log").read_text(errors="replace")


class Person:
    """Somebody at a browser. `faults` holds what the page complained about."""

    def __init__(self, name: str, context: BrowserContext, page: Page) -> None:
        self.name = name
        self.context = context
        self.page = page
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console", lambda line: self.faults.append(line.text) if "Content Security Policy" in line.text else None
        )

    # -- finding things the way a person does --

    def button(self, name: str, within: Locator | Page | None = None) -> Locator:
        return (within or self.page).get_by_role("button", name=name, exact=True)

    def field(self, label: str) -> Locator:
        return self.page.get_by_role("textbox", name=label, exact=True)

    def tab(self, name: str) -> Locator:
        return self.page.get_by_role("tab", name=name)

    def message(self, words: str) -> Locator:
        said = self.page.locator(".message-words", has_text=words)
        return self.page.locator("article.message").filter(has=said).last

    def question(self, words: str) -> Locator:
        return self.page.locator("article.question").filter(has_text=words).first

    # -- doing things --

    async def press(self, name: str, within: Locator | Page | None = None) -> None:
        await self.button(name, within).first.click()

    async def pick(self, name: str) -> None:
        """An entry of the menu that is open."""
        await (
            self.page.get_by_role("menuitem", name=name)
            .or_(self.page.get_by_role("menuitemcheckbox", name=name))
            .first.click()
        )

    async def show(self, tab: str) -> None:
        await self.tab(tab).click()

    async def say(self, words: str) -> None:
        await self.field("Write a message").fill(words)
        await self.press("Send")

    async def on_message(self, words: str, act: str) -> None:
        message = self.message(words)
        await message.hover()
        await self.press("More", message)
        await self.pick(act)

    async def on_question(self, words: str, act: str) -> None:
        await self.press("What to do with this question", self.question(words))
        await self.pick(act)

    async def session_menu(self, act: str) -> None:
        await self.press("Session")
        await self.pick(act)

    # -- seeing things --

    async def sees(self, words: str, *, within_s: float = 10.0) -> None:
        await expect(self.page.get_by_text(words).first).to_be_visible(timeout=within_s * 1000)

    async def does_not_see(self, words: str) -> None:
        await expect(self.page.get_by_text(words)).to_have_count(0)

    async def check_accessible(self, what: str) -> None:
        """No violation that axe calls serious or critical (WCAG 2.2 AA)."""
        await self.page.wait_for_timeout(FADES_MS)
        await self.page.evaluate(AXE.read_text())  # not a script tag: the pages refuse foreign ones
        found = await self.page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})")
        serious = [
            f"{each['id']}: {each['help']} {[node['html'][:160] for node in each['nodes'][:3]]}"
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
        ]
        assert found["passes"], "axe looked at nothing"
        assert not serious, f"{what}: {serious}"


@asynccontextmanager
async def person(browser: Browser, name: str, size: Any = WIDE, **options: Any) -> AsyncIterator[Person]:
    context = await browser.new_context(viewport=size, locale="en-GB", reduced_motion="reduce", **options)
    try:
        yield Person(name, context, await context.new_page())
    finally:
        await context.close()


async def enter_demo(demo: Demo, who: Person) -> None:
    await who.page.goto(f"{demo.url}/demo/{who.name.lower()}")
    await expect(who.page.get_by_role("tab", name="Chat")).to_be_visible(timeout=20_000)


def read_json(url: str, token: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
        return json.load(answer)
