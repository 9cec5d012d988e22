"""`make bench`: measures against real peers and writes the figures into docs/performance.md.

python -m bench [--clients 500] [--messages 200] [--repetitions 3]
"""

import argparse
import asyncio
import platform
import subprocess
from importlib.metadata import version
from statistics import median

from bench.chat import ChatFigures, compare
from bench.committer import CommitRate, measure_committer
from bench.page import ROOT, put


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--repetitions", type=int, default=3)
    given = parser.parse_args()
    _install_peers()
    rates = asyncio.run(measure_committer())
    pairs = asyncio.run(compare(given.clients, given.messages, given.repetitions))
    command = f"python -m bench --clients {given.clients} --messages {given.messages} --repetitions {given.repetitions}"
    text = "\n".join([f"Measured by `{command}` {_machine()}.", "", *_chat_table(pairs), "", *_commit_table(rates)])
    put("measured", text, "Chat", "python -m bench")
    print(text)


def _install_peers() -> None:
    peers = ROOT / "bench" / "peers"
    if not (peers / "node_modules").is_dir():
        npm = [str(ROOT / ".venv/bin/npm"), "ci", "--no-audit", "--no-fund"]
        path = f"{ROOT}/.venv/bin:/usr/bin:/bin"
        subprocess.run(npm, cwd=peers, check=True, env={"PATH": path, "HOME": str(ROOT / ".cache")})


def _chat_table(pairs: list[tuple[ChatFigures, ChatFigures]]) -> list[str]:
    rows = [
        f"**Chat to {pairs[0][0].clients} clients**, median of {len(pairs)} interleaved runs; the ratio is peer ÷ ours within a run.",
        "",
        "| | ours | Node socket.io | ratio (min – max) |",
        "|---|---|---|---|",
    ]
    for label, name in (
        ("server CPU per delivery, µs", "cpu_us_per_delivery"),
        ("send to delivery, p50, ms", "latency_p50_ms"),
        ("send to delivery, p99, ms", "latency_p99_ms"),
        ("memory per connection, kB", "memory_kb"),
    ):
        ours = [float(getattr(pair[0], name)) for pair in pairs]
        theirs = [float(getattr(pair[1], name)) for pair in pairs]
        ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
        spread = f"{median(ratios):.2f} ({min(ratios):.2f} – {max(ratios):.2f})"
        rows.append(f"| {label} | {median(ours):.1f} | {median(theirs):.1f} | {spread} |")
    wrong = sum(figures.out_of_order for pair in pairs for figures in pair)
    return [*rows, "", f"Deliveries out of order: {wrong}."]


def _commit_table(rates: list[CommitRate]) -> list[str]:
    rows = [
        "**The committer**: durable events a second, each session with one append in flight.",
        "",
        "| sessions | events per append | events/s | append p50, ms | append p99, ms |",
        "|---|---|---|---|---|",
    ]
    return rows + [
        f"| {each.sessions} | {each.events_per_append} | {each.events_per_s:,.0f} | {each.append_p50_ms:.1f} "
        f"| {each.append_p99_ms:.1f} |"
        for each in rates
    ]


def _machine() -> str:
    node = subprocess.run([str(ROOT / ".venv/bin/node"), "--version"], capture_output=True, text=True, check=True)
    parts = [f"Python {platform.python_version()}", f"Node {node.stdout.strip().removeprefix('v')}"]
    parts += [f"{name} {version(name)}" for name in ("aiohttp", "python-socketio", "asyncpg")]
    return f"with {', '.join(parts)}"


if __name__ == "__main__":
    main()
