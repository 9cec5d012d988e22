"""What has to be seen to now and then, in any process and at any time: partitions made ahead and, of the audit, dropped when their time
is over, past days measured, old transcripts archived, finished jobs and deleted notes forgotten. All of it is harmless when several do it."""

import asyncio
import logging

import asyncpg

from persistence.database import Database, Unavailable
from persistence.jobs import Jobs
from persistence.metrics import measure_days
from persistence.transcriptions import ARCHIVED_AT_A_TIME, Transcriptions

log = logging.getLogger(__name__)

EVERY_S = 24 * 3600.0
RETRY_S = 60.0
MONTHS_AHEAD = 3

# D54: hidden for a month, then gone.
_FORGET_NOTES = "DELETE FROM workbook.workbook_notes WHERE deleted_at < clock_timestamp() - interval '30 days'"


async def keep_daily(database: Database) -> None:
    """At once, then every day; until cancelled."""
    while True:
        rest_s = EVERY_S
        try:
            await carry_out(database)
        except (Unavailable, asyncpg.PostgresError) as error:
            log.warning("the daily work waits: %s", type(error).__name__)
            rest_s = RETRY_S
        await asyncio.sleep(rest_s)


async def carry_out(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute("SELECT ops.ensure_partitions($1), audit.turn_months($1)", MONTHS_AHEAD)
        await connection.execute(_FORGET_NOTES)
        await measure_days(connection)
    transcriptions = Transcriptions(database)
    while await transcriptions.archive_old() == ARCHIVED_AT_A_TIME:
        pass
    await Jobs(database).forget_old()
