"""The weekly restore test: makes a cluster of the repository in a scratch folder, starts it on a socket of its own, and asks whether it
is what was backed up. Nothing but this tells that backups can be restored.
"""

import asyncio
import shutil
import subprocess
from pathlib import Path

from persistence.backup import runs
from persistence.backup.repository import Manifest, Repository
from persistence.backup.restore import Restore
from persistence.cluster_files import PORT, SUPERUSER, find_binaries
from persistence.connection import Connection
from persistence.embedded import DATABASE, Embedded

CHECKED_WITHIN_S = 3_600.0


async def rehearse(repository: Repository, folder: Path, secret_key: str) -> list[str]:
    """What is wrong with the copy; the folder is gone afterwards. Raises what a restore raises."""
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)  # of one who was killed
    try:
        manifest = await Restore(repository, folder).carry_out()
        embedded = Embedded(folder)
        try:
            dsn = await asyncio.to_thread(embedded.start)
            async with runs.connected(dsn) as connection:
                return [*await _faults(connection, manifest, secret_key), *await _structure(embedded)]
        finally:
            embedded.stop()
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _faults(connection: Connection, manifest: Manifest, secret_key: str) -> list[str]:
    """Rows may have been deleted since they were counted, but not all of a table."""
    rows = await runs.rows(connection)
    found = [
        f"{table} is empty, it had {count} rows" for table, count in manifest.rows.items() if count and not rows[table]
    ]
    if not await runs.canary_opens(connection, secret_key):
        found.append("SECRET_KEY does not open what is encrypted")
    return found


async def _structure(embedded: Embedded) -> list[str]:
    """Heap and indexes, by pg_amcheck."""
    command = [
        *(str(find_binaries() / "pg_amcheck"), "--host", str(embedded.files.socket_folder), "--port", str(PORT)),
        *("--username", SUPERUSER, "--no-password", "--install-missing", "--heapallindexed", DATABASE),
    ]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=CHECKED_WITHIN_S)
    return [] if done.returncode == 0 else [f"pg_amcheck: {(done.stdout + done.stderr).strip()[:500]}"]
