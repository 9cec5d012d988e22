"""When what is done: the archive all the time, a backup every day and after it a look through all of them, a rehearsal every week.
What was done stands in the database, so that a restart neither forgets nor repeats it.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import asyncpg

from persistence.backup import runs
from persistence.backup.backups import Backups
from persistence.backup.base import BackupFailed
from persistence.backup.rehearsal import rehearse
from persistence.backup.repository import RepositoryFailed
from persistence.backup.restore import RestoreFailed
from persistence.backup.seal import Damaged

log = logging.getLogger(__name__)

SHIP_EVERY_S = 10.0
FIRST_AFTER_S = 300.0  # a demo that is looked at for a moment is not backed up
RETRY_AFTER_S = 60.0
BACKUP_EVERY = timedelta(days=1)
REHEARSE_EVERY = timedelta(days=7)
RETRY_EVERY = timedelta(hours=1)
BACKUP = ("full", "incremental")
_FAILED = (
    BackupFailed,
    RepositoryFailed,
    RestoreFailed,
    Damaged,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)


async def keep_schedule(backups: Backups) -> None:
    """Until cancelled."""
    began, said = asyncio.get_running_loop().time(), dict[str, str]()
    while True:
        rest_s = SHIP_EVERY_S
        try:
            said = _say(await backups.ship(), said)
            if asyncio.get_running_loop().time() > began + FIRST_AFTER_S:
                await carry_out_due(backups)
        except _FAILED as error:
            log.exception("backups wait: %s", type(error).__name__)
            rest_s = RETRY_AFTER_S
        await asyncio.sleep(rest_s)


async def carry_out_due(backups: Backups) -> None:
    if await _is_due(backups, BACKUP_EVERY, *BACKUP):
        manifest, away = await backups.now()
        log.info("backup %s is made%s", manifest.id, f", but not in {sorted(away)}" if away else "")
        for fault in await backups.verify():
            log.error("damaged backup: %s", fault)
        await backups.expire()
    if await _is_due(backups, REHEARSE_EVERY, "rehearsal") and not await _is_due(backups, BACKUP_EVERY, *BACKUP):
        for fault in await rehearsed(backups):
            log.error("a restored copy is not what was backed up: %s", fault)


async def rehearsed(backups: Backups) -> list[str]:
    """With the last repository, which is the one farthest away."""
    async with runs.connected(backups.embedded.dsn) as connection:
        async with runs.run(connection, "rehearsal", backups.secret_key) as told:
            folder = backups.embedded.data_dir / "rehearsal"
            told["damaged"] = await rehearse(backups.repositories[-1], folder, backups.secret_key)
        return list(told["damaged"])


async def _is_due(backups: Backups, every: timedelta, *kinds: str) -> bool:
    now = datetime.now(UTC)
    async with runs.connected(backups.embedded.dsn) as connection:
        done, tried = await runs.last_done(connection, *kinds), await runs.last_tried(connection, *kinds)
    return (done is None or now - done >= every) and (tried is None or now - tried >= RETRY_EVERY)


def _say(away: dict[str, str], said: dict[str, str]) -> dict[str, str]:
    """Once, not every ten seconds."""
    for label, why in away.items():
        if label not in said:
            log.error("repository %s takes no backups: %s", label, why)
    return away
