"""CPU seconds and memory of a server process as the kernel counts them: all threads, user and system (docs/performance.md)."""

from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Usage:
    cpu_s: float
    rss_kb: int


def usage_of(pid: int) -> Usage:
    """`schedstat` has nanoseconds, where utime has hundredths; a thread that ends meanwhile is not counted."""
    cpu_ns = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            cpu_ns += int((task / "schedstat").read_text().split()[0])
        except OSError:
            continue
    status = Path(f"/proc/{pid}/status").read_text()
    rss = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return Usage(cpu_ns / 1e9, int(rss.split()[1]))


def usage_of_family(pid: int) -> float:
    """CPU seconds of a process and its children that live: Postgres' postmaster and its backends."""
    return sum(usage_of(each.pid).cpu_s for each in (psutil.Process(pid), *psutil.Process(pid).children()))
