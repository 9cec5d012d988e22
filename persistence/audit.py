"""The lines of the audit about reading (domain.md 2.8, D83): one for each request that read data of others, written beside the requests
and a few together. Changes write their lines themselves (migrations/0047_audit.sql).

A line is never dropped: as long as the database is away they wait, and when too many do, who wants to read waits too and is refused in
the end; what a dying process held back, it says. Only one that is killed outright loses what it noted in the last moment.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg

from persistence.database import Database, Unavailable
from persistence.uuid7 import uuid7

log = logging.getLogger(__name__)

WAITING_MAX = 2_000
TOGETHER_MAX = 200
ROOM_WITHIN_S = 2.0
RETRY_S = 0.5

_WRITE = """
INSERT INTO audit.access (id, at, actor, request_id, route, entity, ids, subjects)
SELECT id, at, actor, request_id, route, entity, string_to_array(ids, ',')::uuid[], string_to_array(subjects, ',')::uuid[]
  FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
       AS line (id, at, actor, request_id, route, entity, ids, subjects)
"""


@dataclass(frozen=True, slots=True)
class Access:
    """`subjects`: whose data that was; `ids`: of the rows."""

    actor: str
    request_id: str
    route: str
    entity: str
    ids: tuple[str, ...]
    subjects: tuple[str, ...]
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    id: str = field(default_factory=lambda: uuid7(datetime.now(UTC)))


class AccessLog:
    """`run` until cancelled, then `close`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: asyncio.Queue[Access] = asyncio.Queue(WAITING_MAX)
        self._held: list[Access] = []  # taken out and not yet written

    async def note(self, access: Access) -> None:
        """Raises Unavailable when it cannot be noted: then it must not be read either."""
        try:
            async with asyncio.timeout(ROOM_WITHIN_S):
                await self._waiting.put(access)
        except TimeoutError:
            raise Unavailable("the audit cannot be written") from None

    async def run(self) -> None:
        while True:
            if not self._held:
                self._held.append(await self._waiting.get())
            try:
                await self._write()
            except Unavailable:
                log.warning("lines of the audit wait for the database: %d", len(self._held) + self._waiting.qsize())
                await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        """What still waits is written; if it cannot be, that is said."""
        try:
            while self._held or not self._waiting.empty():
                await self._write()
        except Unavailable:
            log.error("lines of the audit were lost: %d", len(self._held) + self._waiting.qsize())  # noqa: TRY400

    async def _write(self) -> None:
        """Twice is once: each line has its id, and all of them go together or not at all."""
        while len(self._held) < TOGETHER_MAX and not self._waiting.empty():
            self._held.append(self._waiting.get_nowait())
        columns = [
            (
                each.id,
                each.at,
                each.actor,
                each.request_id,
                each.route,
                each.entity,
                ",".join(each.ids),
                ",".join(each.subjects),
            )
            for each in self._held
        ]
        if columns:
            async with self._database.connection() as connection:
                with suppress(asyncpg.UniqueViolationError):  # it was written although nobody was told so
                    await connection.execute(_WRITE, *map(list, zip(*columns, strict=True)))
        self._held.clear()
