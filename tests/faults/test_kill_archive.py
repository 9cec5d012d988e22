"""`kill -9` of Postgres and of whoever takes its log away, in the middle of it: the archive has no gap, nothing in it is torn, and a
restore has every row that was committed.

3 rounds; with FAULTS=long 40. The seed is printed.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import psutil
import pytest

from persistence.backup.restore import Restore
from persistence.backup.verify import verify
from tests.faults.outcome import fresh_seed, is_long
from tests.persistence.site import Site
from tests.persistence.test_backup import served

ROOT = Path(__file__).parents[2]
ROUNDS = 40 if is_long() else 3
SHIPPER = """
import asyncio, sys
from pathlib import Path
from persistence.embedded import Embedded
from tests.persistence.site import KEY, Site
from persistence.backup.wal import Archive
from persistence.backup.repository import Repository
from media.local_store import LocalStore

async def main(data_dir, folder, system):
    site = Site(Embedded(Path(data_dir)), Path(folder))
    repositories = [Repository(LocalStore(site.place(each)), KEY, system, str(each)) for each in (1, 2)]
    archive = Archive(Path(data_dir), KEY, repositories)
    print("ready", flush=True)
    while True:
        await archive.collect()
        for each in repositories:
            await archive.send(each)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.timeout(1_800 if is_long() else 300)
async def test_the_archive_is_whole_whoever_is_killed(tmp_path: Path, tell: Callable[[object], None]) -> None:
    seed = fresh_seed()
    tell(f"seed {seed}")
    rng = random.Random(seed)
    site = Site.start(tmp_path / "data")
    site.folder = tmp_path
    try:
        backups = await site.backups()
        await backups.now(full=True)
        system = backups.repositories[0].system
        committed = 0
        for _ in range(ROUNDS):
            shipper = await asyncio.to_thread(_start_shipper, site, system)
            try:
                writing = asyncio.create_task(_write(site, committed))
                await asyncio.sleep(rng.uniform(0.1, 1.0))
                if rng.random() < 0.5:
                    _kill(shipper)
                    await asyncio.sleep(rng.uniform(0, 0.3))
                _kill_postgres(site, rng)
                committed = await writing
            finally:
                _kill(shipper)
            await asyncio.to_thread(site.embedded.start)
        assert await backups.flush() == {}
        for repository in backups.repositories:
            assert await verify(repository) == []
        restore = Restore(backups.repositories[1], tmp_path / "copy")
        await restore.carry_out()
        assert await served(restore.into, f"SELECT count(*) FROM notes WHERE text::int <= {committed}") == committed
        tell(f"{committed} commits, {len(site.objects('wal/*'))} segments")
        assert committed > 10
    finally:
        site.embedded.stop()


def _start_shipper(site: Site, system: str) -> "subprocess.Popen[str]":
    line = [sys.executable, "-c", SHIPPER, str(site.embedded.data_dir), str(site.folder), system]
    shipper = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert shipper.stdout is not None
    assert shipper.stdout.readline() == "ready\n"
    return shipper


async def _write(site: Site, written: int) -> int:
    """Until Postgres is gone: a row, and a new segment after each, numbered from `written` on; the last that was committed."""
    try:
        connection = await asyncpg.connect(site.embedded.dsn)
        while True:
            await connection.execute("INSERT INTO notes (text) VALUES ($1)", str(written + 1))
            written += 1
            await connection.execute("SELECT pg_switch_wal()")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        return written


def _kill(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def _kill_postgres(site: Site, rng: random.Random) -> None:
    assert site.embedded.pid is not None
    postmaster = psutil.Process(site.embedded.pid)
    victims = [postmaster, *postmaster.children()]
    for victim in victims if rng.random() < 0.5 else victims[:1]:
        try:
            os.kill(victim.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
