"""A Postgres of the harness's own, in a process of its own that starts it again whenever it was killed, as an operator would.

    python -m tests.faults.postgres DATA_DIR      prints the superuser's DSN, runs until its input ends

The harness kills the server by `kill -9` (Postgres below); the server under test only knows DATABASE_URL.
"""

import asyncio
import os
import random
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import asyncpg
import psutil

from persistence.embedded import Embedded, NoPostgres

WATCH_S = 0.05
KILLS = ("postmaster", "everything", "backend")


def main(data_dir: str) -> None:
    embedded = Embedded(Path(data_dir))
    print(embedded.start(), flush=True)
    while not select.select([sys.stdin], [], [], WATCH_S)[0]:
        if embedded.pid is None:
            with suppress(NoPostgres, OSError):  # it is tried again, as by Embedded.keep
                embedded.start()
    embedded.stop()


class Postgres:
    """The keeper as the harness holds it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.dsn = ""
        self._keeper: subprocess.Popen[str] | None = None

    def start(self) -> str:
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.postgres", str(self.data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._keeper.stdout is not None
        self.dsn = self._keeper.stdout.readline().strip()
        if not self.dsn:
            raise RuntimeError(f"Postgres did not start in {self.data_dir}")
        return self.dsn

    def kill(self, rng: random.Random, what: str) -> None:
        """`postmaster` alone, `everything` at once, or one `backend`, upon which the postmaster restarts all of them."""
        postmaster = psutil.Process(self._pid())
        children = postmaster.children()
        victims = {
            "postmaster": [postmaster],
            "everything": [postmaster, *children],
            "backend": [rng.choice(_serving(children) or children)],
        }[what]
        for victim in victims:
            try:
                victim.send_signal(signal.SIGKILL)
            except psutil.NoSuchProcess:
                continue

    async def accepting(self) -> float:
        """The moment, on the monotonic clock, from which on it carries out statements (again)."""
        while True:
            try:
                connection = await asyncpg.connect(self.dsn, timeout=2)
                try:
                    await connection.execute("SELECT 1")
                finally:
                    connection.terminate()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(0.02)
            else:
                return time.monotonic()

    def _pid(self) -> int:
        return int((self.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])

    def stop(self) -> None:
        if self._keeper is None:
            return
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.close()
        try:
            self._keeper.wait(30)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
            self._keeper.wait()
        self._keeper.stdout.close()


def _serving(children: list[psutil.Process]) -> list[psutil.Process]:
    """Those that carry out statements for the server's logins."""
    found = []
    for child in children:
        try:
            if "workshop_" in " ".join(child.cmdline()):
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


if __name__ == "__main__":
    os.umask(0o077)
    main(sys.argv[1])
