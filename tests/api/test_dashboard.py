"""The dashboard (W234, W241): right figures, kept for five minutes, one's own doing at once (D53)."""

import asyncio

import pytest

from live.keys import CACHE, DATABASE
from tests.api.conftest import Api, Caller
from tests.api.test_uploads import bring, wav
from tests.api.workbook import lesson, made

FIGURES = ("overallProgress", "modulesStarted", "recordingsCount", "notesCount")


async def figures(caller: Caller) -> tuple[int, ...]:
    answer = await caller.get("/dashboard")
    assert answer.status == 200, answer
    return tuple(answer.json[each] for each in FIGURES)


async def shown(caller: Caller, expected: tuple[int, ...]) -> None:
    """Soon: the database tells the server."""
    for _ in range(200):
        if await figures(caller) == expected:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"never {expected}")


@pytest.mark.requirement("W226", "W234", "D11", "D53")
async def test_one_s_own_doing_is_seen_at_once(api: Api) -> None:
    ana, ben = await api.person("Ana"), await api.person("Ben")
    first = await made(api, 1, lesson("one", 1), lesson("two", 2))
    await made(api, 2, prerequisites=[first])
    await made(api, 3, isPublished=False)
    shown = (await ana.get("/dashboard")).json
    assert (shown["id"], shown["subscriptionTier"], shown["workshopAccessGranted"]) == (ana.user, "basic", True)
    assert await figures(ana) == (0, 0, 0, 0)
    note = (await ana.post("/notes", {"title": "A", "content": "b"})).json["id"]
    assert await figures(ana) == (0, 0, 0, 1)
    await ana.send("PUT", f"/progress/{first}/one", {"progressPercent": 100})
    assert await figures(ana) == (25, 1, 0, 1), "of two modules, one is half done; lessons do not count for themselves"
    await ana.send("PUT", f"/progress/{first}/two", {"progressPercent": 100})
    assert await figures(ana) == (50, 1, 0, 1)
    await ana.delete(f"/notes/{note}")
    assert await figures(ana) == (50, 1, 0, 0)
    assert await figures(ben) == (0, 0, 0, 0)


@pytest.mark.requirement("D53")
async def test_what_the_server_does_for_somebody_is_told_to_every_process(api: Api) -> None:
    ana = await api.person("Ana")
    assert await figures(ana) == (0, 0, 0, 0)
    assert (await bring(ana, wav())).status == 201
    await shown(ana, (0, 0, 1, 0))


@pytest.mark.requirement("W241")
async def test_it_is_kept(api: Api) -> None:
    """For five minutes, unless the database tells that it is over."""
    ana = await api.person("Ana")
    assert await figures(ana) == (0, 0, 0, 0)

    async def forged() -> str:
        raise AssertionError("it should have been kept")

    kept = await api.app[CACHE].get(f"dash:{ana.user}", 300, forged)
    assert '"notes_count":0' in kept
    first = await ana.get("/dashboard")
    same = await ana.get("/dashboard", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status, first.headers["Cache-Control"]) == (304, "private, no-cache")
    async with api.app[DATABASE].connection() as connection:
        await connection.execute(
            "INSERT INTO workbook.workbook_notes (user_id, title, content) VALUES ($1, 'A', 'b')", ana.user
        )
    await shown(ana, (0, 0, 0, 1))
