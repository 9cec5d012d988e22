"""Do lines leave anything behind? A thousand are opened and closed at one server; its memory, threads and descriptors are told before
and after. The first hundred are not counted: they make what is made once. Resident memory goes up when the allocator finds no
hole that fits, and stays; what is allocated says whether anything was forgotten.

    python -m bench.lines [--lines 1000] [--at-once 10]
"""

import argparse
import asyncio
import json
import time
from pathlib import Path
from urllib.request import urlopen

from aiohttp import ClientSession

from bench.cpu import usage_of
from bench.listeners import Listener, Speech, connect, spoken_packets
from bench.sound import server

FIRST = 100
SETTLING_S = 3.0


def held(pid: int, url: str) -> dict[str, int]:
    process = Path(f"/proc/{pid}")
    with urlopen(f"{url}/allocated") as answer:
        allocated = json.load(answer)
    return {
        "descriptors": sum(1 for _ in (process / "fd").iterdir()),
        "threads": sum(1 for _ in (process / "task").iterdir()),
        "memory, kB": usage_of(pid).rss_kb,
        **allocated,
    }


async def open_and_close(url: str, lines: int, at_once: int) -> None:
    """Every other one speaks until it is closed."""
    packets = spoken_packets()
    async with ClientSession() as http:
        for first in range(0, lines, at_once):
            numbers = range(first, min(first + at_once, lines))
            who = [Speech(packets) if number % 2 else Listener() for number in numbers]
            users = [f"{'speaker' if number % 2 else 'listener'}{number}" for number in numbers]
            connections = await asyncio.gather(
                *(connect(http, url, user, each) for user, each in zip(users, who, strict=True))
            )
            await asyncio.gather(*(each.close() for each in connections))
    await asyncio.sleep(SETTLING_S)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.lines")
    parser.add_argument("--lines", type=int, default=1_000)
    parser.add_argument("--at-once", type=int, default=10)
    given = parser.parse_args()
    with server("ours", None) as (pid, url):
        asyncio.run(open_and_close(url, FIRST, given.at_once))
        before, cpu_s, begun = held(pid, url), usage_of(pid).cpu_s, time.monotonic()
        asyncio.run(open_and_close(url, given.lines, given.at_once))
        after, spent_s, lasted_s = held(pid, url), usage_of(pid).cpu_s - cpu_s, time.monotonic() - begun
    print(
        f"{given.lines} lines opened and closed in {lasted_s:.0f} s, {spent_s / given.lines * 1e3:.1f} ms server CPU each"
    )
    for name, amount in before.items():
        print(f"{name}: {amount:,} before, {after[name]:,} after")


if __name__ == "__main__":
    main()
