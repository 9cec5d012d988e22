"""The Postgres that comes with the application: starts it on a private unix socket, starts it again when it died, stops it with
its owner. A second process on the same data directory shares the running server. Does not know the schema, the logins or
asyncpg; with `DATABASE_URL` none of this is used.
"""

import asyncio
import fcntl
import logging
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

from persistence.cluster_files import PORT, SUPERUSER, ClusterFiles, NoPostgres, find_binaries
from persistence.processes import any_runs_in, runs_in

__all__ = ["Embedded", "NoPostgres", "find_binaries"]

log = logging.getLogger(__name__)

DATABASE = "postgres"  # the one every cluster has; the schema lives in schemas of its own
START_TIMEOUT_S = 60.0  # crash recovery replays at most max_wal_size
STOP_TIMEOUT_S = 15.0
ATTEMPTS_MAX = 5
PAUSE_S = 0.2
POLL_S = 0.01
WATCH_S = 0.1
RETRY_S = 1.0
LOG_BYTES_MAX = 10_000_000

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",  # twenty for each process
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "random_page_cost": "1.1",
    # Durability is promised to every client (docs/guarantees.md); start-up checks refuse to serve without it.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    # Neither statements nor row values may reach the log: they hold personal data.
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
}
ARCHIVING = {
    "archive_mode": "on",
    "archive_library": "basic_archive",  # its files are whole and durable, whenever it is killed
    "archive_timeout": "60",  # what the loss of the disk may cost at most, in seconds
}
SUMMARIES_FROM = 17  # the major version whose base backups may be incremental


class Embedded:
    """One cluster under `data_dir/postgres`. `start` is safe to call again at any time, from the main thread (the server is
    tied to the thread that started it). `archived`: finished segments of the log are put into the spool, and somebody
    (persistence/backup) has to take them from there."""

    def __init__(
        self,
        data_dir: Path,
        *,
        archived: bool = False,
        settings: Mapping[str, str] | None = None,
        within_s: float = START_TIMEOUT_S,
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.files = ClusterFiles(self.data_dir)
        self._archived = archived
        self._settings = settings or {}
        self._within_s = within_s
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of the running postmaster, whoever started it."""
        return self._postmaster()[0]

    @property
    def dsn(self) -> str:
        """As the superuser, for migrations and backups only."""
        return f"postgresql://{SUPERUSER}@/{DATABASE}?" + urlencode({"host": self.files.socket_folder, "port": PORT})

    def start(self) -> str:
        """Returns the DSN of a server that accepts connections; makes the cluster when there is none."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self._lock():
            self.files.prepare()
            self._wait_until_ready()
        return self.dsn

    def stop(self) -> None:
        """Stops the server if this process started it; a shared one belongs to its starter."""
        child, self._child = self._child, None
        if child is None or child.poll() is not None:
            return
        for sign in (signal.SIGINT, signal.SIGQUIT):  # fast, then immediate: both lose nothing
            child.send_signal(sign)
            with suppress(subprocess.TimeoutExpired):
                child.wait(STOP_TIMEOUT_S)
                return
            log.warning("postgres did not stop on %s", sign.name)
        child.kill()
        child.wait()

    async def keep(self) -> None:
        """Runs until cancelled: starts the server again whenever it is gone (its own crash, or its starter ended). On the main
        thread, like `start`, but never waits for the server there: crash recovery may take a while."""
        while True:
            await asyncio.sleep(WATCH_S)
            if self.pid is None and self._spawn_unless_running():
                log.warning("postgres is gone, starting it again")
                await asyncio.sleep(RETRY_S)

    def _wait_until_ready(self) -> None:
        """Starts it when nobody runs: at once, after an old one has shut down, or again when it fell over while starting."""
        deadline, attempts = time.monotonic() + self._within_s, 0
        while self._postmaster()[1] != "ready":
            if time.monotonic() > deadline or attempts > ATTEMPTS_MAX:
                raise NoPostgres(f"Postgres does not start, see the end of {self.files.log}")
            if self._nobody_runs():
                time.sleep(attempts * PAUSE_S)
                attempts += 1
                self._spawn()
            time.sleep(POLL_S)

    def _spawn_unless_running(self) -> bool:
        with suppress(BlockingIOError), self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB):  # held: another owner is at it
            if self._nobody_runs():
                self._spawn()
                return True
        return False

    @contextmanager
    def _lock(self, mode: int = fcntl.LOCK_EX) -> Iterator[None]:
        with (self.data_dir / "postgres.lock").open("w") as file:
            fcntl.flock(file, mode)
            yield

    def _postmaster(self) -> tuple[int | None, str]:
        """(pid of the live postmaster of this cluster, its status: starting, ready, stopping)."""
        try:
            lines = (self.files.folder / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
        except (OSError, ValueError, IndexError):
            return None, ""
        if self._child is not None and self._child.poll() is not None and self._child.pid == pid:
            return None, ""  # reaped by the poll just made
        if not runs_in(pid, self.files.folder):
            return None, ""
        return pid, lines[7].strip() if len(lines) > 7 else "starting"

    def _nobody_runs(self) -> bool:
        if self._child is not None and self._child.poll() is None:
            return False
        return self._postmaster()[0] is None and not any_runs_in(self.files.folder)

    def _spawn(self) -> None:
        self.files.forget_locks()
        if self.files.log.exists() and self.files.log.stat().st_size > LOG_BYTES_MAX:
            self.files.log.unlink()
        places = ("-D", str(self.files.folder), "-k", str(self.files.socket_folder), "-p", str(PORT))
        options = [f"--{name}={value}" for name, value in self._all_settings().items()]
        with self.files.log.open("ab") as output:
            self._child = subprocess.Popen(
                self.files.command("postgres", *places, *options),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.files.folder,  # from its first moment: this is how it is recognised
                start_new_session=True,  # Ctrl-C is for the owner, which then stops us in its order
            )

    def _all_settings(self) -> dict[str, str]:
        archiving = {}
        if self._archived:
            archiving = {**ARCHIVING, "basic_archive.archive_directory": str(self.files.spool)}
            if self.files.made_by >= SUMMARIES_FROM:
                archiving["summarize_wal"] = "on"
        return {**SETTINGS, **archiving, **self._settings}
