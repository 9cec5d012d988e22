"""One backup, one sending of the archive at a time for each data directory, whoever does it: the worker or the command line."""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

POLL_S = 0.2


@asynccontextmanager
async def alone(data_dir: Path) -> AsyncIterator[None]:
    """Waits until nobody else is at it; a lock of the kernel's, which ends with its holder."""
    with (data_dir / "backup.lock").open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(POLL_S)
        yield
