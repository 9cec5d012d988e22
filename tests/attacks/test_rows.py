"""Attack 68 through the login that REST reads with, as the application itself uses it: many people on few connections, statements
prepared once, identities that change, requests that are cut off. What its rows are guarded by is in
tests/persistence/test_row_security.py.
"""

import asyncio
import random

import asyncpg
import pytest

from live.keys import DATABASE, DIRECTORY
from persistence.models.user import PlatformRole
from tests.attacks.conftest import Desk
from tests.live.conftest import House

MINE = "SELECT id FROM workbook.workbook_users ORDER BY id"


async def test_68_a_plan_that_was_made_for_one_person_serves_nobody_else(house: House) -> None:
    """The same prepared statement on the same connections, for people in turns: everybody sees their own row only; whoever
    becomes an administrator sees all from the next transaction on, and whoever is none any more only their own again."""
    database, directory = house.app[DATABASE], house.app[DIRECTORY]
    people = [await house.user(name) for name in ("ana", "ben", "otto", "eve", "zoe")]
    await house.user("ada")

    async def seen(user: str) -> set[str]:
        async with database.as_user(user) as connection:
            return {row[0] for row in await connection.fetch(MINE)}

    for _ in range(8):  # Postgres makes a generic plan from the sixth time on
        for user in people:
            assert await seen(user) == {user}
    crowd = [random.Random(7).choice(people) for _ in range(60)]
    assert await asyncio.gather(*(seen(user) for user in crowd)) == [{user} for user in crowd]
    await directory.set_roles(people[0], [PlatformRole.ADMIN], None)
    assert set(people) <= await seen(people[0])
    await directory.set_roles(people[0], [PlatformRole.LEARNER], None)
    assert await seen(people[0]) == {people[0]}


async def test_68_what_is_cut_off_leaves_no_identity_behind(house: House) -> None:
    """A statement that fails, and a request whose client is gone in the middle of it: the next one on that connection is nobody."""
    database = house.app[DATABASE]
    user = await house.user("ana")

    async def fails() -> None:
        async with database.as_user(user) as connection:
            await connection.execute("SELECT 1 / 0")

    async def dawdles() -> None:
        async with database.as_user(user) as connection:
            await connection.execute("SELECT pg_sleep(1)")

    for _ in range(3):
        with pytest.raises(asyncpg.DivisionByZeroError):
            await fails()
        cut = asyncio.create_task(dawdles())
        await asyncio.sleep(0.05)
        cut.cancel()
        await asyncio.gather(cut, return_exceptions=True)
    for _ in range(10):
        async with database.app.acquire() as connection:
            assert await connection.fetchval("SELECT nullif(current_setting('app.user_id', true), '')") is None
            assert await connection.fetch(MINE) == []


async def test_68_no_route_reads_around_the_policies(desk: Desk) -> None:
    """With every policy of sessions taken away, the routes below a session find nothing for its own instructor: the check in the
    application stands on the rows, not beside them."""
    session = await desk.house.session()
    mara = await desk.caller("mara")
    base = f"/live-sessions/{session}"
    assert (await mara.get(base)).status == 200
    owner = await asyncpg.connect(desk.house.dsn)
    try:
        names = await owner.fetch(
            "SELECT policyname FROM pg_policies WHERE schemaname = 'live' AND tablename = 'live_sessions' "
            "AND 'workshop_app' = ANY (roles)"
        )
        assert names
        for row in names:
            await owner.execute(f'DROP POLICY "{row[0]}" ON live.live_sessions')
    finally:
        await owner.close()
    for path in ("", "/events", "/state", "/chat", "/participants", "/attendance.csv", "/registrations"):
        assert (await mara.get(base + path)).code == "not_found", path
    assert (await mara.get("/live-sessions")).json["items"] == []
