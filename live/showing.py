"""What a demo does once it listens: it makes its workshop, prints a link for each of the cast, and sends people who are not there."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from aiohttp import web

from live.demo import BOT_NAMES, CAST
from live.keys import DEMO, SETTINGS
from live.serving import AfterStart
from live.settings import EVERYWHERE, Settings

ROOT = Path(__file__).resolve().parent.parent


def seed_and_show(bots: int, *, shown: bool = True) -> AfterStart:
    """Unless it is `shown` by another process of the same demo."""

    async def seed_and_show(served: web.Application) -> None:
        demo = served[DEMO]
        await demo.seed(bots)
        if shown:
            _show_links(served[SETTINGS])
        if bots:
            _send_bots(served[SETTINGS], demo.errand_of(BOT_NAMES[:bots]))

    return seed_and_show


def _show_links(settings: Settings) -> None:
    print("\nThe workshop is open. Click to come in as")
    for member in CAST:
        print(f"  {member.name:5} ({member.role.value:11})  {settings.url}/demo/{member.name.lower()}")
    if settings.host in EVERYWHERE and settings.lan_address:
        print(f"From this network: {settings.scheme}://{settings.lan_address}:{settings.port}/")
    print(flush=True)


def _send_bots(settings: Settings, errand: dict[str, Any]) -> None:
    """They go when their standard input ends, which it does however this process ends."""
    bots = subprocess.Popen([sys.executable, "-m", "bench.bots"], cwd=ROOT, stdin=subprocess.PIPE)
    assert bots.stdin is not None
    url = f"{settings.scheme}://127.0.0.1:{settings.port}"
    bots.stdin.write(json.dumps({"url": url, **errand}).encode() + b"\n")
    bots.stdin.flush()
