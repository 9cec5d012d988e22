"""Everybody comes back at once: what a return costs the server when each is far behind, and what it costs when all vanish.

python -m bench.storm [--clients 2000] [--behind 500] [--vanish 1000,5000] [--repetitions 5]

A return is a connection, a sign-in, a join with the place where the client stood, and everything since; beside it a bare
connection with a sign-in alone, to the same process. CPU seconds of the server process; Postgres' connections are counted
while it goes on.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import asyncpg

from bench.cpu import usage_of
from bench.load import Crowd, Message, Msgpack, Place, Seat
from bench.page import put
from bench.workshop import Serving, Workshop, serving, workshop

WIDE = 200
SETTLES_S = 3.0


@dataclass(frozen=True)
class Storm:
    """CPU in ms for each who comes."""

    bare_ms: float
    return_ms: float
    connections: int


@asynccontextmanager
async def counting(dsn: str) -> AsyncIterator[list[int]]:
    """The most connections that the server's logins held at a time, [0] at the end."""
    connection = await asyncpg.connect(dsn)
    most = [0]

    async def count() -> None:
        while True:
            held = await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            most[0] = max(most[0], held)
            await asyncio.sleep(0.05)

    task = asyncio.create_task(count())
    try:
        yield most
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await connection.close()


async def storm(staged: Workshop, there: Serving, clients: int, behind: int) -> Storm:
    places = staged.places(clients)
    first = await asyncio.to_thread(Crowd, Msgpack(), there.port, places)
    await asyncio.to_thread(first.listen, SETTLES_S)
    speaker, standing = await asyncio.to_thread(_speaker, there, staged)
    await asyncio.to_thread(first.listen, 1.0)
    first.close()
    await asyncio.to_thread(speaker.play, 20, behind // 20)
    speaker.close()

    bare = await asyncio.to_thread(
        _cost, there, lambda: Crowd(Msgpack(), there.port, [Place(p.auth, {}) for p in places], wide=WIDE)
    )
    back = [Place(p.auth, {**p.join, "epoch": standing["epoch"], "after": standing["seq"]}) for p in places]

    def come_back() -> Crowd:
        crowd = Crowd(Msgpack(), there.port, back, wide=WIDE)
        crowd.hears(clients * behind, 120.0)
        return crowd

    async with counting(staged.dsn) as most:
        returned = await asyncio.to_thread(_cost, there, come_back)
    return Storm(bare / clients * 1e3, returned / clients * 1e3, most[0])


def _speaker(there: Serving, staged: Workshop) -> tuple[Crowd, Message]:
    """Mara alone, and where the session stood when she had come."""
    place = Place({"token": staged.mara.token}, {"sessionId": staged.sessions[0]})
    seat = Seat(there.port)
    standing = Msgpack().enter(seat, place.auth, place.join)
    seat.socket.close()
    return Crowd(Msgpack(), there.port, [place]), standing


def _cost(there: Serving, come: Any) -> float:
    before = usage_of(there.pid).cpu_s
    crowd = come()
    spent = usage_of(there.pid).cpu_s - before
    crowd.close()
    return spent


async def vanish(count: int, rooms: int) -> float:
    """CPU in ms for each of so many connections that end at once, until the server is quiet again."""
    async with workshop(count // rooms, rooms) as staged, serving(staged) as there:
        crowd = await asyncio.to_thread(Crowd, Msgpack(), there.port, staged.places(count // rooms))
        await asyncio.to_thread(crowd.listen, SETTLES_S)
        before = usage_of(there.pid).cpu_s
        crowd.close()
        await asyncio.sleep(SETTLES_S)
        spent = usage_of(there.pid).cpu_s - before
        await asyncio.sleep(SETTLES_S)  # what it costs to be there with nobody is no part of it
        idle = usage_of(there.pid).cpu_s - before - spent
    return (spent - idle) / count * 1e3


async def measure(clients: int, behind: int, vanishing: Sequence[int], repetitions: int) -> str:
    storms = []
    async with workshop(clients) as staged:
        for _ in range(repetitions):
            async with serving(staged) as there:
                storms.append(await storm(staged, there, clients, behind))
                print(storms[-1], flush=True)
    ratios = sorted(each.return_ms / each.bare_ms for each in storms)
    text = (
        f"**{clients:,} come back at once, each {behind} events behind**, {repetitions} runs: "
        f"{median(each.return_ms for each in storms):.2f} ms of CPU each, a bare connection with a sign-in "
        f"{median(each.bare_ms for each in storms):.2f} ms; ratio {median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f}). "
        f"Connections to Postgres: {max(each.connections for each in storms)} at most."
    )
    lines = [text, ""]
    costs: dict[int, list[float]] = {count: [] for count in vanishing}
    for _ in range(repetitions if vanishing else 0):
        for count in vanishing:
            costs[count].append(await vanish(count, max(1, count // 25)))
            print(count, costs[count], flush=True)
    if vanishing:
        few, many = vanishing[0], vanishing[-1]
        each = sorted(b / a for a, b in zip(costs[few], costs[many], strict=True))
        text = (
            f"**All vanish at once** (rooms of 25): {few:,}: {median(costs[few]):.2f} ms of CPU each, {many:,}: "
            f"{median(costs[many]):.2f} ms; ratio {median(each):.2f} ({each[0]:.2f}–{each[-1]:.2f})."
        )
        lines += [text, ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.storm")
    parser.add_argument("--clients", type=int, default=2_000)
    parser.add_argument("--behind", type=int, default=500)
    parser.add_argument(
        "--vanish", type=lambda text: [int(each) for each in text.split(",") if each], default=[1_000, 5_000]
    )
    parser.add_argument("--repetitions", type=int, default=5)
    given = parser.parse_args()
    text = asyncio.run(measure(given.clients, given.behind, given.vanish, given.repetitions))
    put("storm", text, "Coming back and vanishing", "python -m bench.storm")
    print(text)


if __name__ == "__main__":
    main()
