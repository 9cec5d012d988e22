"""Workshop modules as one reader may have them (W017-W051). Changing and publishing them comes with the workbook."""

from persistence.connection import Connection
from persistence.database import Database
from persistence.models.module import WorkshopModule
from rooms.ids import UserId

MODULES_MAX = 200  # six are live (W049); drafts and former ones may be more

_MODULE = """
SELECT id, title, description, module_order, duration_minutes, content, prerequisites, is_published, content_version,
       created_at, updated_at
FROM workbook.workshop_modules
WHERE deleted_at IS NULL AND (is_published OR $1::boolean)
"""


class Modules:
    """`drafts`: also those that are not published, for whom row-level security lets see them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, reader: UserId, *, drafts: bool = False) -> tuple[WorkshopModule, ...]:
        """In their order."""
        async with self._database.as_user(reader) as connection:
            rows = await connection.fetch(f"{_MODULE} ORDER BY module_order, id LIMIT $2", drafts, MODULES_MAX)
        return tuple(WorkshopModule.model_validate(dict(row)) for row in rows)

    async def get(self, module: str, reader: UserId, *, drafts: bool = False) -> WorkshopModule | None:
        async with self._database.as_user(reader) as connection:
            return await _read(connection, module, drafts)


async def _read(connection: Connection, module: str, drafts: bool) -> WorkshopModule | None:
    row = await connection.fetchrow(f"{_MODULE} AND id = $2", drafts, module)
    return None if row is None else WorkshopModule.model_validate(dict(row))
