"""What sound costs the server: CPU per listener of a room with one speaker, beside aiortc used plainly (one encoder per sender), in
one run, interleaved; and what recording costs per speaker. Receivers are another process and only count packets.

    python -m bench.sound [--listeners 10 30 60] [--seconds 8] [--repetitions 3]       writes the tables into docs/performance.md
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from statistics import median
from urllib.error import URLError
from urllib.request import urlopen

from bench.cpu import usage_of
from bench.page import ROOT, put
from bench.ports import free_port

PACKETS_PER_S = 50
ENOUGH = 0.98
READY_S = 120


@dataclass(frozen=True)
class Load:
    """One measured stretch. `cpu`: of one core. `sent` and `delivered`: packets that left and arrived, of those that should."""

    cpu: float
    sent: float
    delivered: float

    @property
    def per_packet(self) -> float:
        """A server that has no time for all of its packets is not charged for those it left out."""
        return self.cpu / self.sent if self.sent else inf


def measure(kind: str, listeners: int, speakers: int, seconds: float, record: Path | None = None) -> Load:
    with server(kind, record) as (pid, url), _people(url, listeners, speakers, seconds) as people:
        assert people.stdout is not None
        assert people.stdin is not None
        assert people.stdout.readline() == "ready\n", "not everybody connected"
        sent = _sent(url)
        before, begun = usage_of(pid), time.monotonic()
        people.stdin.write("go\n")
        people.stdin.flush()
        packets = json.loads(people.stdout.readline())
        spent, lasted = usage_of(pid).cpu_s - before.cpu_s, time.monotonic() - begun
        sent = _sent(url) - sent
        people.stdin.write("end\n")
        people.stdin.flush()
    due = listeners * PACKETS_PER_S
    return Load(spent / lasted, sent / due / lasted, sum(packets) / due / seconds)


def _sent(url: str) -> int:
    with urlopen(f"{url}/sent", timeout=READY_S) as answer:
        return int(json.load(answer))


@contextmanager
def server(kind: str, record: Path | None) -> Iterator[tuple[int, str]]:
    port = free_port()
    command = [sys.executable, "-m", "bench.sound_servers", kind, str(port)]
    if record is not None:
        command += ["--record", str(record)]
    with subprocess.Popen(command, cwd=ROOT) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/")
            yield server.pid, f"http://127.0.0.1:{port}"
        finally:
            server.kill()


@contextmanager
def _people(url: str, listeners: int, speakers: int, seconds: float) -> Iterator["subprocess.Popen[str]"]:
    numbers = [str(each) for each in (listeners, speakers, seconds)]
    command = [sys.executable, "-m", "bench.listeners", url, *numbers]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as people:
        try:
            yield people
        finally:
            people.kill()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        try:
            urlopen(url, timeout=5).close()
        except URLError as error:
            if getattr(error, "code", None) == 404:  # it answers
                return
            time.sleep(0.05)
    raise TimeoutError(url)


def compare(sizes: list[int], seconds: float, repetitions: int) -> dict[int, list[tuple[Load, Load]]]:
    """(ours, plain) pairs by number of listeners; each pair one after the other, in turns."""
    found: dict[int, list[tuple[Load, Load]]] = {size: [] for size in sizes}
    for repetition in range(repetitions):
        for size in sizes:
            kinds = ("ours", "plain") if repetition % 2 == 0 else ("plain", "ours")
            loads = {kind: measure(kind, size, 1, seconds) for kind in kinds}
            found[size].append((loads["ours"], loads["plain"]))
            print(f"{size} listeners: ours {_share(loads['ours'])}, plain {_share(loads['plain'])}", file=sys.stderr)
    return found


def feed(least: int, seconds: float) -> dict[int, Load]:
    """Ours with twice as many listeners each time, until server and listeners together have no time for all packets."""
    found: dict[int, Load] = {}
    listeners, enough = least, True
    while enough:
        found[listeners] = load = measure("ours", listeners, 1, seconds)
        print(f"{listeners} listeners: {_share(load)}", file=sys.stderr)
        listeners, enough = 2 * listeners, min(load.sent, load.delivered) >= ENOUGH
    return found


def recording_cost(speakers: int, seconds: float, repetitions: int) -> list[tuple[Load, Load]]:
    """(without, with) recording, one listener."""
    found = []
    for _ in range(repetitions):
        with tempfile.TemporaryDirectory() as folder:
            with_it = measure("ours", 1, speakers, seconds, Path(folder))
        found.append((measure("ours", 1, speakers, seconds), with_it))
    return found


def _share(load: Load) -> str:
    late = [
        f"{part:.0%} {name}" for name, part in (("sent", load.sent), ("delivered", load.delivered)) if part < ENOUGH
    ]
    return f"{load.cpu:.1%}" + (f" ({', '.join(late)})" if late else "")


def table(
    found: dict[int, list[tuple[Load, Load]]],
    fed: dict[int, Load],
    recording: list[tuple[Load, Load]],
    speakers: int,
) -> list[str]:
    lines = [
        f"**One speaker**, server CPU of one core, median of {max(map(len, found.values()))} interleaved runs; recording off.",
        "The ratio is of CPU per packet sent.",
        "",
        "| listeners | ours | per listener | aiortc, one encoder per sender | ratio (min – max) |",
        "|---|---|---|---|---|",
    ]
    for size, pairs in found.items():
        ours, plain = ([pair[side] for pair in pairs] for side in (0, 1))
        ratios = [b.per_packet / a.per_packet for a, b in pairs]
        cpu = median(each.cpu for each in ours)
        lines.append(
            f"| {size} | {_share(_middle(ours))} | {cpu / size:.2%} | {_share(_middle(plain))} "
            f"| {median(ratios):.1f} ({min(ratios):.1f} – {max(ratios):.1f}) |"
        )
    many = "; ".join(f"{size} listeners {_share(load)}" for size, load in fed.items())
    lines += ["", f"**As many as two cores can feed**, server and listeners together: {many}."]
    lines += ["", f"**Recording**, {speakers} speakers and one listener: " + _recording_text(recording, speakers)]
    return [*lines, "", *_janus()]


def _middle(loads: list[Load]) -> Load:
    return sorted(loads, key=lambda each: each.cpu)[len(loads) // 2]


def _recording_text(recording: list[tuple[Load, Load]], speakers: int) -> str:
    without, with_it = (median(pair[side].cpu for pair in recording) for side in (0, 1))
    each = median((b.cpu - a.cpu) / speakers for a, b in recording)
    return f"{without:.1%} without, {with_it:.1%} with it; {each:.2%} of a core per speaker, tracks, mix and encryption together."


def _janus() -> list[str]:
    if shutil.which("janus") is None:
        return ["Janus AudioBridge: not measured, no `janus` was found."]
    return ["Janus AudioBridge: not measured; a `janus` was found, which this benchmark cannot drive yet."]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sound")
    parser.add_argument("--listeners", type=int, nargs="+", default=[10, 30, 60])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--speakers", type=int, default=4, help="for the cost of recording")
    parser.add_argument("--dry", action="store_true", help="write nothing into the page")
    given = parser.parse_args()
    found = compare(given.listeners, given.seconds, given.repetitions)
    recording = recording_cost(given.speakers, given.seconds, given.repetitions)
    fed = feed(2 * max(given.listeners), given.seconds)
    text = "\n".join(table(found, fed, recording, given.speakers))
    print(text)
    if not given.dry:
        put("sound", text, "Sound", "python -m bench.sound")


if __name__ == "__main__":
    main()
