"""What a delivery costs the server: one room of many clients, one, five or twenty events at a time, against the floor and the peers.

python -m bench.fanout [--clients 500,2000] [--bursts 1,5,20] [--repetitions 5] [--rooms 200]

A closed loop with one burst in flight; interleaved, a fresh process of everybody in each repetition; CPU seconds of the server
process, all threads, user and system, without Postgres. What comes in and its commit are part of ours.
"""

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.cpu import usage_of
from bench.load import Crowd, Dialect, Msgpack, Place
from bench.page import put
from bench.plot import Bar, draw
from bench.rivals import FLOOR, NODE_DEFAULT, NODE_MSGPACK, NODE_WS, RIVALS, STOCK, Rival, install, running
from bench.workshop import serving, workshop

OURS = "Atelier, committed first"
DEFLATE = "Atelier, deflate offered"
WARM_UP = 20_000  # deliveries: Node compiles meanwhile
MEASURED = 100_000


@dataclass(frozen=True)
class Figure:
    """`us`: CPU per delivered event, `user` its share outside the kernel, `kb` resident memory per connection."""

    name: str
    clients: int
    burst: int
    us: float
    kb: float


def played(name: str, pid: int, crowd: Crowd, clients: int, bursts: Sequence[int], kb: float) -> list[Figure]:
    figures = []
    for burst in bursts:
        crowd.play(burst, max(3, WARM_UP // (len(crowd.seats) // crowd.groups * burst * crowd.groups)))
        before, delivered = usage_of(pid), crowd.deliveries
        crowd.play(burst, max(5, MEASURED // (len(crowd.seats) * burst)))
        spent = usage_of(pid).cpu_s - before.cpu_s
        figures.append(Figure(name, clients, burst, spent * 1e6 / (crowd.deliveries - delivered), kb))
    return figures


def visit(
    name: str, pid: int, port: int, dialect: Dialect, places: Sequence[Place], bursts: Sequence[int], deflate: bool
) -> list[Figure]:
    before = usage_of(pid).rss_kb
    crowd = Crowd(dialect, port, places, deflate)
    try:
        crowd.listen(1.0)
        kb = (usage_of(pid).rss_kb - before) / len(places)
        return played(name, pid, crowd, len(places), bursts, kb)
    finally:
        crowd.close()


async def of_rival(rival: Rival, clients: int, rooms: int, bursts: Sequence[int]) -> list[Figure]:
    places = [
        Place({"token": "x"}, {"sessionId": f"room{group}", "group": group}, group)
        for group in range(rooms)
        for _ in range(clients)
    ]
    async with running(rival) as there:
        return await asyncio.to_thread(visit, rival.name, there.pid, there.port, rival.dialect, places, bursts, False)


async def compare(
    clients: int, rooms: int, bursts: Sequence[int], repetitions: int, rivals: Sequence[Rival]
) -> list[list[Figure]]:
    """A list of figures per repetition."""
    runs = []
    async with workshop(clients, rooms) as staged:
        for _ in range(repetitions):
            run: list[Figure] = []
            for deflate in (False, True) if rooms == 1 else (False,):
                async with serving(staged) as there:
                    name, places = DEFLATE if deflate else OURS, staged.places(clients)
                    run += await asyncio.to_thread(
                        visit, name, there.pid, there.port, Msgpack(), places, bursts, deflate
                    )
            for rival in rivals:
                run += await of_rival(rival, clients, rooms, bursts)
            print(
                *(f"{each.name}, {each.burst}: {each.us:.2f} us, {each.kb:.0f} kB" for each in run),
                sep="\n",
                flush=True,
            )
            runs.append(run)
    return runs


def table(runs: Sequence[Sequence[Figure]], title: str, mark: str) -> list[str]:
    """Medians, and the ratios within each run."""
    bursts = sorted({each.burst for each in runs[0]})
    names = list(dict.fromkeys(each.name for each in runs[0]))
    rows = [
        f"**{title}**, {len(runs)} runs.",
        "",
        "| | " + " | ".join(f"µs, {burst} at a time" for burst in bursts) + " | ours ÷ it | kB per connection |",
        "|---|" + "---|" * (len(bursts) + 2),
    ]
    for name in names:
        cells = [f"{median(_us(run, name, burst) for run in runs):.2f}" for burst in bursts]
        ratios = []
        for burst in bursts:
            each = [_us(run, OURS, burst) / _us(run, name, burst) for run in runs]
            ratios.append(f"{median(each):.2f} ({min(each):.2f}–{max(each):.2f})")
        kb = median(next(each.kb for each in run if each.name == name) for run in runs)
        rows.append(f"| {name} | {' | '.join(cells)} | {', '.join(ratios)} | {kb:.0f} |")
    plots = [plot(runs, names, burst, mark, title) for burst in bursts]
    return [*rows, "", *plots, ""]


def plot(runs: Sequence[Sequence[Figure]], names: Sequence[str], burst: int, mark: str, title: str) -> str:
    bars = []
    for name in names:
        each = sorted(_us(run, name, burst) for run in runs)
        bars.append(Bar(name, median(each), each[0], each[-1], name in (OURS, DEFLATE)))
    return draw(f"{mark}-{burst}", f"{title}, {burst} at a time", sorted(bars, key=lambda bar: bar.median), "µs")


def _us(run: Sequence[Figure], name: str, burst: int) -> float:
    return next(each.us for each in run if each.name == name and each.burst == burst)


async def measure(clients: Sequence[int], bursts: Sequence[int], rooms: int, repetitions: int) -> str:
    lines: list[str] = []
    for count in clients:
        runs = await compare(count, 1, bursts, repetitions, RIVALS)
        lines += table(runs, f"One room of {count:,}, CPU of the server per delivered event", f"fanout-{count}")
    if rooms:
        runs = await compare(25, rooms, (1,), repetitions, (FLOOR, NODE_MSGPACK, NODE_DEFAULT, NODE_WS, STOCK))
        lines += table(runs, f"{rooms} rooms of 25, saturated, CPU of the server per delivered event", "rooms")
    return "\n".join(lines)


def main() -> None:
    def numbers(text: str) -> list[int]:
        return [int(each) for each in text.split(",") if each]

    parser = argparse.ArgumentParser(prog="python -m bench.fanout")
    parser.add_argument("--clients", type=numbers, default=[100, 500, 2_000])
    parser.add_argument("--bursts", type=numbers, default=[1, 5, 20])
    parser.add_argument("--rooms", type=int, default=200)
    parser.add_argument("--repetitions", type=int, default=5)
    given = parser.parse_args()
    install()
    text = asyncio.run(measure(given.clients, given.bursts, given.rooms, given.repetitions))
    put("fanout", text, "Fan-out", "python -m bench.fanout")
    print(text)


if __name__ == "__main__":
    main()
