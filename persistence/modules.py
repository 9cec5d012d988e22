"""Workshop modules as one reader may have them (W017-W051): the list with how far that reader is (query 3 as corrected, W236), one
with its content, and their order. Which of them somebody sees or changes is row-level security's; that prerequisites exist and form
no cycle is the database's (D09), and its refusals get their words here.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from persistence.cache import MODULE_KEPT_S, Cache
from persistence.connection import Connection
from persistence.database import Database
from persistence.models.module import ModuleStanding, WorkshopModule
from persistence.models.validation import FieldError, Invalid
from rooms.ids import UserId
from rooms.refusal import Refused

MODULES_MAX = 200  # six are live (W049); drafts and former ones may be more
TRIES = 3

_STANDINGS = """
SELECT m.id, m.title, m.description, m.module_order, m.duration_minutes, m.prerequisites, m.is_published, m.content_version,
       m.created_at, m.updated_at, coalesce(p.progress_percent, 0) AS user_progress,
       coalesce(p.status, CASE WHEN may.begin THEN 'not_started' ELSE 'locked' END) AS progress_status,
       may.begin AS is_accessible
FROM workbook.workshop_modules m
LEFT JOIN workbook.user_progress p ON p.module_id = m.id AND p.user_id = $1 AND p.lesson_id IS NULL
CROSS JOIN LATERAL (SELECT workbook.prerequisites_met($1, m.id) AS begin) may
WHERE m.deleted_at IS NULL AND (m.is_published OR $2::boolean)
"""
_MODULE = """
SELECT id, title, description, module_order, duration_minutes, content, prerequisites, is_published, content_version,
       created_at, updated_at
FROM workbook.workshop_modules
WHERE id = $1 AND content_version = coalesce($2, content_version) AND deleted_at IS NULL
"""
# Both at once: the places are compared at the end of the statement (D08).
_SWAP = """
UPDATE workbook.workshop_modules SET module_order = CASE WHEN id = $1 THEN $2::int ELSE $3::int END
WHERE deleted_at IS NULL AND (id = $1 OR module_order = $2)
"""


class Moved(Exception):
    """It changed while it was read."""


class Modules:
    def __init__(self, database: Database, cache: Cache) -> None:
        self._database = database
        self._cache = cache

    async def list(self, reader: UserId, *, drafts: bool = False) -> tuple[ModuleStanding, ...]:
        """In their order. `drafts`: also those that are not published, for whom row-level security lets see them."""
        async with self._database.as_user(reader) as connection:
            rows = await connection.fetch(
                f"{_STANDINGS} ORDER BY m.module_order, m.id LIMIT $3", reader, drafts, MODULES_MAX
            )
        return tuple(ModuleStanding.model_validate(dict(row)) for row in rows)

    async def standing(self, module: str, reader: UserId, *, drafts: bool = False) -> ModuleStanding | None:
        async with self._database.as_user(reader) as connection:
            row = await connection.fetchrow(f"{_STANDINGS} AND m.id = $3", reader, drafts, module)
        return None if row is None else ModuleStanding.model_validate(dict(row))

    async def content(self, standing: ModuleStanding, reader: UserId) -> WorkshopModule | None:
        """Of what the reader was just found to see. Kept by its version, so it is never another one's (W242, D52)."""
        key = f"module:{standing.id}:{standing.content_version}"

        async def make() -> str:
            found = await self._read(standing.id, standing.content_version, reader)
            if found is None:
                raise Moved
            return found.model_dump_json()

        try:
            return WorkshopModule.model_validate_json(await self._cache.get(key, MODULE_KEPT_S, make))
        except Moved:
            return None

    async def get(self, module: str, reader: UserId, *, drafts: bool = False) -> WorkshopModule | None:
        """With its lessons, also where it is still locked."""
        for _try in range(TRIES):
            standing = await self.standing(module, reader, drafts=drafts)
            if standing is None:
                return None
            if (found := await self.content(standing, reader)) is not None:
                return found
        return await self._read(module, None, reader)  # it changes all the time: whatever it is now

    async def _read(self, module: str, version: int | None, reader: UserId) -> WorkshopModule | None:
        async with self._database.as_user(reader) as connection:
            row = await connection.fetchrow(_MODULE, module, version)
        return None if row is None else WorkshopModule.model_validate(dict(row))


async def alone(connection: Connection) -> None:
    """Until the end of the transaction nobody else changes any module: places and prerequisites are of all of them together, and who
    took one module after another would meet whoever takes them the other way round. Before the first of them is locked."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('workbook.workshop_modules'))")


async def place(connection: Connection, module: WorkshopModule, order: int) -> None:
    """Where another one is, that one comes to the place of this."""
    await connection.execute(_SWAP, module.id, order, module.module_order)


@asynccontextmanager
async def told_why() -> AsyncIterator[None]:
    """What the database refuses of modules, in words. Raises Invalid or Refused."""
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError as error:
        match getattr(error, "constraint_name", None):
            case "check_prerequisites_exist":
                raise Invalid(FieldError("/prerequisites", "unknown", "names a module that there is not")) from None
            case "check_prerequisites_acyclic":
                raise Invalid(FieldError("/prerequisites", "cycle", "a module cannot come before itself")) from None
            case "module_is_prerequisite":
                raise Refused("module.is_prerequisite", "another module needs it before it") from None
            case "idx_modules_order":
                raise Refused("module.place_taken", "another module is at this place") from None
        raise
