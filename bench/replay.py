"""The replay of a long session, from its end on: how soon its page is there, its sound can be heard and every moment of it is reached.
Log and sound are made faster than real time (bench/rehearsed.py); server, worker and browser are the real ones, each a process.

    python -m bench.replay [--minutes 30] [--people 20] [--events 10000] [--seeks 50]      writes the table into docs/performance.md
"""

import argparse
import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from playwright.async_api import Page, expect

from bench.page import put
from bench.rehearsed import EMAIL, PASSWORD, Held, Measure, hold
from persistence.embedded import Embedded
from persistence.migrate import migrate
from tests.browser.chromium import launch_chromium
from tests.browser.workshop import WIDE
from tests.faults.server import Server

SECRET_KEY = "a secret key that only this benchmark ever uses"
WITHIN_S = 120.0
SETTLED_MS = 300

LISTEN = """() => {
  const Native = window.Audio;
  window.Audio = class extends Native {
    constructor(...given) {
      super(...given);
      (window.sounding ??= []).push(this);
    }
  };
}"""
"""Put into a page before its own code: whatever plays without being seen can be asked."""

HEARD = """async () => {
  const began = performance.now();
  const plays = (audio) => !audio.paused && !audio.seeking && audio.readyState > 2 && audio.currentTime > 0;
  while (!(window.sounding ?? []).some(plays)) await new Promise((next) => setTimeout(next, 10));
  return performance.now() - began;
}"""

SEEK = """async (part) => {
  const line = document.querySelector("[role=slider]");
  const [audio] = window.sounding.slice(-1);
  const { left, top, width, height } = line.getBoundingClientRect();
  const where = { clientX: left + part * width, clientY: top + height / 2, button: 0, pointerId: 1, bubbles: true };
  line.setPointerCapture = () => undefined;
  line.hasPointerCapture = () => true;
  const wanted = Math.floor(part * Number(line.getAttribute("aria-valuemax")));
  const seen = () => Math.abs(Number(line.getAttribute("aria-valuenow")) - wanted) <= 1;
  const began = performance.now();
  line.dispatchEvent(new PointerEvent("pointerdown", where));
  line.dispatchEvent(new PointerEvent("pointerup", where));
  const from = audio.currentTime;
  const frame = () => new Promise(requestAnimationFrame);
  let shown, heard;
  while (shown === undefined || heard === undefined) {
    await frame();
    if (shown === undefined && seen()) {
      await frame();
      shown = performance.now() - began;
    }
    if (heard === undefined && !audio.paused && !audio.seeking && audio.readyState > 2 && audio.currentTime > from)
      heard = performance.now() - began;
    if (performance.now() - began > 20000) throw new Error(`stands at ${line.ariaValueNow}, wants ${wanted}: ${shown} ${heard}`);
  }
  return [shown, heard];
}"""
"""Milliseconds from the press on the line until the room of that moment is painted, and until its sound goes on."""


@dataclass(frozen=True)
class ReplayFigures:
    """Seconds from the answer to the session's end: the page with the whole log, the sound made and stored, sound from the page.
    `seeks_ms`: (shown, heard) each."""

    held: Held
    opened_s: float
    stored_s: float
    heard_s: float
    seeks_ms: list[tuple[float, float]]

    @property
    def slower_ms(self) -> list[float]:
        return sorted(max(each) for each in self.seeks_ms)


async def measure_replay(page: Page, url: str, held: Held, seeks: int) -> ReplayFigures:
    """Signs in, ends the session, and opens its replay at once."""
    await page.add_init_script(f"({LISTEN})()")
    await sign_in(page, url)
    token = await _token(page, url)
    began = time.monotonic()
    await _end(page, url, held, token)
    stored = asyncio.create_task(_stored(page, url, held, token))
    await page.goto(f"{url}/sessions/{held.session}/replay")
    await expect(page.get_by_role("slider", name="Position")).to_be_visible(timeout=WITHIN_S * 1_000)
    await expect(page.locator("[data-seq]")).to_be_visible()
    opened = time.monotonic()
    stored_at = await stored
    await page.get_by_role("button", name="Play").click()
    await _seek(page, 0.2)
    heard = time.monotonic()
    dice = Random(2)
    places = [dice.uniform(0.02, 0.95) for _ in range(seeks)]
    figures = []
    for place in places:
        figures.append(await _seek(page, place))
        await page.wait_for_timeout(SETTLED_MS)
    return ReplayFigures(held, opened - began, stored_at - began, heard - began, figures)


async def sign_in(page: Page, url: str) -> None:
    await page.goto(f"{url}/sign-in")
    await page.get_by_role("textbox", name="E-mail address").fill(EMAIL)
    await page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("button", name="Schedule a session")).to_be_visible(timeout=WITHIN_S * 1_000)


async def _seek(page: Page, place: float) -> tuple[float, float]:
    shown, heard = await page.evaluate(SEEK, place)
    return float(shown), float(heard)


async def _token(page: Page, url: str) -> str:
    answer = await page.request.post(f"{url}/api/v1/auth/token", data={"email": EMAIL, "password": PASSWORD})
    assert answer.ok, await answer.text()
    return str((await answer.json())["accessToken"])


async def _end(page: Page, url: str, held: Held, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    answer = await page.request.post(f"{url}/api/v1/live-sessions/{held.session}/end", headers=headers)
    assert answer.ok, await answer.text()


async def _stored(page: Page, url: str, held: Held, token: str) -> float:
    """When its sound was there, on the monotonic clock."""
    headers = {"Authorization": f"Bearer {token}"}
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        answer = await page.request.get(f"{url}/api/v1/live-sessions/{held.session}/recordings", headers=headers)
        [told] = (await answer.json())["items"]
        if any(each["track"] == "mix" and each["parts"] for each in told["tracks"]):
            return time.monotonic()
        await asyncio.sleep(0.2)
    raise TimeoutError("the sound was not stored")


async def measure(what: Measure, seeks: int) -> ReplayFigures:
    with TemporaryDirectory(prefix="atelier-bench-") as folder:
        embedded = Embedded(Path(folder))
        embedded.start()
        server = None
        try:
            await migrate(embedded.dsn, SECRET_KEY)
            server = Server(Path(folder), embedded.dsn, SECRET_KEY, ICE_ADDRESSES="127.0.0.1")
            began = time.monotonic()
            held = await hold(embedded.dsn, SECRET_KEY, server.data / "store" / "capture", what)
            print(f"held {held.events} events, {held.spoken_s:.0f} s of speech, in {time.monotonic() - began:.1f} s")
            server.start()
            await server.listening()
            async with launch_chromium() as browser:
                page = await browser.new_page(viewport=WIDE, locale="en-GB", reduced_motion="reduce")  # type: ignore[arg-type]
                return await measure_replay(page, server.url, held, seeks)
        finally:
            if server is not None:
                server.stop()
            embedded.stop()


def table(found: ReplayFigures, what: Measure) -> list[str]:
    slower = found.slower_ms
    shown, heard = (sorted(each[side] for each in found.seeks_ms) for side in (0, 1))
    rows: list[tuple[str, Any]] = [
        ("the page with the whole log, s after the end", f"{found.opened_s:.1f}"),
        ("the sound of all voices and the mix stored, s after the end", f"{found.stored_s:.1f}"),
        ("sound from the page, s after the end", f"{found.heard_s:.1f}"),
        (f"a seek until shown and heard, ms: median (worst) of {len(slower)}", _spread(slower)),
        ("until shown", _spread(shown)),
        ("until heard", _spread(heard)),
    ]
    held = found.held
    about = (
        f"**A session of {what.minutes:g} minutes**, {what.people} people, {held.events:,} events, {held.spoken_s / 60:.0f} minutes of "
        f"speech of {held.speakers} voices; server, worker and Chromium on the same cores, the transcript being written meanwhile."
    )
    return [
        about,
        "",
        "| | |",
        "|---|---|",
        *(f"| {label} | {value} |" for label, value in rows),
    ]


def _spread(ascending: list[float]) -> str:
    return f"{median(ascending):.0f} ({ascending[-1]:.0f})"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.replay")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--seeks", type=int, default=50)
    parser.add_argument("--dry", action="store_true", help="write nothing into the page")
    given = parser.parse_args()
    what = Measure(given.minutes, given.people, given.events, pause_s=0.4)
    text = "\n".join(table(asyncio.run(measure(what, given.seeks)), what))
    print(text)
    if not given.dry:
        put("replay", text, "Replay", "python -m bench.replay")


if __name__ == "__main__":
    main()
