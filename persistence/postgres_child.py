"""Becomes `initdb` or `postgres`: run as a script between the owner and the binary, it ties the server's life to its owner's
and, for root, gives it another uid (Postgres refuses uid 0). A script of its own instead of a `preexec_fn`, because the owner
may have threads. Knows nothing about data directories or settings.

    python -I -S postgres_child.py <plain|namespace|nobody> <owner pid> <binary> <arguments …>
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

NAMESPACE_REFUSED = 97  # exit status: this kernel or container allows no user namespace
NOBODY = 65534
PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000


def enter_namespace(libc: ctypes.CDLL) -> None:
    """Appear as `nobody` inside, stay root outside: nothing is chowned, a data directory under a 0700 home is reachable."""
    if libc.unshare(CLONE_NEWUSER) != 0:
        sys.exit(NAMESPACE_REFUSED)
    try:
        for name, line in (("setgroups", "deny"), ("uid_map", f"{NOBODY} 0 1"), ("gid_map", f"{NOBODY} 0 1")):
            Path(f"/proc/self/{name}").write_text(line)
    except OSError:
        sys.exit(NAMESPACE_REFUSED)


def become_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def main(identity: str, owner: int, command: list[str]) -> None:
    if identity == "nobody":
        become_nobody()
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if identity == "namespace":
            enter_namespace(libc)
        # After the change of uid, which would clear it. SIGINT is Postgres's fast, clean shutdown.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != owner:  # the owner died before prctl: nobody would ever stop us
        sys.exit(1)
    os.umask(0o077)
    os.execv(command[0], command)  # noqa: S606  no shell is the point


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
