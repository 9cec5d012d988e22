"""`make bench`: measures against real peers and writes the figures into docs/performance.md, one part after the other.

python -m bench [--repetitions 5]; each part is also a command of its own, with its own options: python -m bench.fanout
"""

import argparse
import asyncio

from bench import commands, committer, fanout, storm, workers
from bench.page import put
from bench.rivals import install


async def measure(repetitions: int) -> None:
    put("committer", await committer.measure(repetitions), "The committer", "python -m bench.committer")
    put(
        "fanout",
        await fanout.measure([100, 500, 2_000], [1, 5, 20], 200, repetitions),
        "Fan-out",
        "python -m bench.fanout",
    )
    put("commands", await commands.measure(100, 500, repetitions), "Commands", "python -m bench.commands")
    text = await storm.measure(2_000, 500, [1_000, 5_000], repetitions)
    put("storm", text, "Coming back and vanishing", "python -m bench.storm")
    put("workers", await workers.measure(1_200, repetitions), "One process and two", "python -m bench.workers")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--repetitions", type=int, default=5)
    install()
    asyncio.run(measure(parser.parse_args().repetitions))


if __name__ == "__main__":
    main()
