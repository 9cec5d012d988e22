"""Which processes belong to a Postgres cluster. Neither pids nor lock files are believed, both may be left from before a crash:
postmaster and backends are known by working in the cluster's folder. Asks `/proc`; without one (macOS) only whether a pid is
alive, and the rest is left to Postgres's own lock file.
"""

import os
from pathlib import Path

PROC = Path("/proc")


def runs_in(pid: int, cluster: Path) -> bool:
    if not PROC.is_dir():
        return _is_alive(pid)
    try:
        return (PROC / str(pid) / "cwd").readlink() == cluster
    except PermissionError:
        return _seems_to_run_in(pid, cluster)
    except OSError:
        return False


def any_runs_in(cluster: Path) -> bool:
    """Also a backend that outlived its postmaster: while one does, nobody else may start."""
    return (
        any(runs_in(int(entry.name), cluster) for entry in PROC.iterdir() if entry.name.isdigit())
        if PROC.is_dir()
        else False
    )


def _seems_to_run_in(pid: int, cluster: Path) -> bool:
    """Root in a container may not look into a process of `nobody`'s, but everybody may read its command line. A backend's says
    only `postgres: …`; without its postmaster it may be ours, and waiting for it is the safe mistake."""
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
        if os.fsencode(cluster) in words:
            return True
        if not words[0].startswith(b"postgres:"):
            return False
        status = (PROC / str(pid) / "status").read_text()
        parent = int(status.split("PPid:", 1)[1].split(maxsplit=1)[0])
        return not (PROC / str(parent) / "cmdline").read_bytes().split(b"\0")[0].endswith(b"/postgres")
    except (OSError, ValueError, IndexError):
        return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
