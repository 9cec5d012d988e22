"""Opening a database, its transactions and its refusals."""

from persistence.database import Database


async def test_a_fresh_database_serves(database: Database) -> None:
    await database.ready()
    async with database.transaction() as connection:
        assert await connection.fetchval("SELECT current_user") == "workshop_engine"


async def test_second(database: Database) -> None:
    async with database.as_user("00000000-0000-4000-8000-000000000001") as connection:
        assert await connection.fetchval("SELECT current_user") == "workshop_app"
