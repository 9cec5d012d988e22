"""One command: what it costs the server, and how long until everybody has its event.

python -m bench.commands [--sessions 100] [--clients 500] [--repetitions 5]

Inbound: many sessions of one client each, one command in flight in each, so that only its ack and its own event go out; ours
validates, decides and commits it with fsync, the peer keeps it in memory. Latency: an open loop of 20 messages a second to one
room, timed from the moment a message was due until the last client has it, with the crowd on the same cores.
"""

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.cpu import usage_of, usage_of_family
from bench.load import Crowd, Dialect, Msgpack, Place
from bench.page import put
from bench.rivals import FLOOR, NODE_MSGPACK, Rival, install, running
from bench.workshop import serving, workshop

OURS = "Atelier, committed first"
WARM_UP, COMMANDS = 200, 60  # of each session; Node's compiler is done with its best after some 20,000 messages
PER_S, MESSAGES = 20, 200


@dataclass(frozen=True)
class Inbound:
    name: str
    us: float
    postgres_us: float = 0.0


@dataclass(frozen=True)
class Latency:
    """From due to the last client, in ms."""

    name: str
    p50: float
    p99: float


def inbound(name: str, pid: int, port: int, dialect: Dialect, places: Sequence[Place], postgres: int | None) -> Inbound:
    crowd = Crowd(dialect, port, places)
    try:
        crowd.play(1, WARM_UP)
        before, stored = usage_of(pid).cpu_s, usage_of_family(postgres) if postgres else 0.0
        crowd.play(1, COMMANDS)
        count = COMMANDS * len(places)
        spent = (usage_of_family(postgres) - stored) / count * 1e6 if postgres else 0.0
        return Inbound(name, (usage_of(pid).cpu_s - before) / count * 1e6, spent)
    finally:
        crowd.close()


def latency(name: str, port: int, dialect: Dialect, places: Sequence[Place]) -> Latency:
    crowd = Crowd(dialect, port, places)
    try:
        crowd.listen(1.0)
        crowd.play(1, 40, every_s=1 / PER_S, nap_us=0)
        late = sorted(crowd.play(1, MESSAGES, every_s=1 / PER_S, nap_us=0))
        return Latency(name, median(late) * 1e3, late[int(len(late) * 0.99)] * 1e3)
    finally:
        crowd.close()


def _places(clients: int, rooms: int) -> list[Place]:
    return [
        Place({"token": "x"}, {"sessionId": f"room{group}", "group": group}, group)
        for group in range(rooms)
        for _ in range(clients)
    ]


async def compare_inbound(sessions: int, repetitions: int) -> list[tuple[Inbound, Inbound]]:
    pairs = []
    async with workshop(1, sessions) as staged:
        for _ in range(repetitions):
            async with serving(staged) as there:
                ours = await asyncio.to_thread(
                    inbound, OURS, there.pid, there.port, Msgpack(), staged.places(1), staged.postgres
                )
            async with running(NODE_MSGPACK) as node:
                theirs = await asyncio.to_thread(
                    inbound, NODE_MSGPACK.name, node.pid, node.port, Msgpack(), _places(1, sessions), None
                )
            pairs.append((ours, theirs))
            print(pairs[-1], flush=True)
    return pairs


async def compare_latency(clients: int, repetitions: int) -> list[list[Latency]]:
    runs = []
    async with workshop(clients) as staged:
        for _ in range(repetitions):
            async with serving(staged) as there:
                run = [await asyncio.to_thread(latency, OURS, there.port, Msgpack(), staged.places(clients))]
            rivals: tuple[Rival, ...] = (NODE_MSGPACK, FLOOR)
            for rival in rivals:
                async with running(rival) as node:
                    run.append(
                        await asyncio.to_thread(latency, rival.name, node.port, rival.dialect, _places(clients, 1))
                    )
            runs.append(run)
            print(run, flush=True)
    return runs


def told(
    pairs: Sequence[tuple[Inbound, Inbound]], sessions: int, runs: Sequence[Sequence[Latency]], clients: int
) -> str:
    ratios = sorted(ours.us / theirs.us for ours, theirs in pairs)
    lines = [
        f"**A command with its ack**, {sessions} sessions of one client, {len(pairs)} runs.",
        "",
        "| | µs of CPU in the server | in Postgres |",
        "|---|---|---|",
        f"| {OURS} | {median(a.us for a, _ in pairs):.0f} | {median(a.postgres_us for a, _ in pairs):.0f} |",
        f"| {NODE_MSGPACK.name} | {median(b.us for _, b in pairs):.0f} | – |",
        f"| ours ÷ theirs | {median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f}) | |",
        "",
        f"**From due to the last of {clients:,} clients**, {PER_S} messages a second, {len(runs)} runs.",
        "",
        "| | p50, ms | p99, ms | ours ÷ it, p99 |",
        "|---|---|---|---|",
    ]
    for index, first in enumerate(runs[0]):
        each = [run[index] for run in runs]
        against = sorted(run[0].p99 / run[index].p99 for run in runs)
        lines.append(
            f"| {first.name} | {median(one.p50 for one in each):.1f} | {median(one.p99 for one in each):.1f} "
            f"| {median(against):.2f} ({against[0]:.2f}–{against[-1]:.2f}) |"
        )
    return "\n".join([*lines, ""])


async def measure(sessions: int, clients: int, repetitions: int) -> str:
    return told(
        await compare_inbound(sessions, repetitions), sessions, await compare_latency(clients, repetitions), clients
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.commands")
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--repetitions", type=int, default=5)
    given = parser.parse_args()
    install()
    text = asyncio.run(measure(given.sessions, given.clients, given.repetitions))
    put("commands", text, "Commands", "python -m bench.commands")
    print(text)


if __name__ == "__main__":
    main()
