"""What is kept of answers (persistence/cache.py): by every process for itself, and by Redis for all of them."""

import asyncio
import hashlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import Any

import pytest

from persistence import cache as cache_module
from persistence.cache import Cache, Local
from persistence.dashboard import read_dashboard
from persistence.database import Database
from persistence.modules import Modules
from persistence.search import Search
from rooms.ids import UserId
from tests.databases import SECRET_KEY
from tests.persistence.workshop import Workshop

NUMBERS = count()
"""Of databases of that Redis, which has sixteen."""


class Work:
    """Counts how often it is done; `gate` holds it back."""

    def __init__(self) -> None:
        self.times = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> str:
        self.times += 1
        made = f"made {self.times}"
        await self.gate.wait()
        return made


def an_empty_one(redis: str) -> str:
    return f"{redis}/{next(NUMBERS)}"


@pytest.fixture(params=["here", "redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[Cache]:
    """One that keeps in this process, and one that keeps in a Redis."""
    url = None
    if request.param == "redis":
        url = an_empty_one(request.getfixturevalue("redis"))
    cache = Cache(url)
    yield cache
    await cache.close()


async def test_it_is_made_once_and_kept_for_its_time(cache: Cache) -> None:
    work = Work()
    assert [await cache.get("a", 60, work) for _ in range(3)] == ["made 1"] * 3
    assert await cache.get("b", 0.05, work) == "made 2"
    await asyncio.sleep(0.1)
    assert await cache.get("b", 60, work) == "made 3"


async def test_whoever_waits_in_the_same_moment_waits_for_one(cache: Cache) -> None:
    work = Work()
    work.gate.clear()
    waiting = [asyncio.create_task(cache.get("a", 60, work)) for _ in range(20)]
    await asyncio.sleep(0.05)
    waiting[0].cancel()
    await asyncio.sleep(0)
    work.gate.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert set(answers[1:]) == {"made 1"}
    assert work.times == 1


async def test_what_is_dropped_while_it_is_made_is_not_kept(cache: Cache) -> None:
    """D53: it was made of what is over."""
    work = Work()
    work.gate.clear()
    early = asyncio.create_task(cache.get("a", 60, work))
    await asyncio.sleep(0.05)
    await cache.drop("a")
    late = asyncio.create_task(cache.get("a", 60, work))
    await asyncio.sleep(0.05)
    work.gate.set()
    assert (await early, await late) == ("made 1", "made 2")
    assert await cache.get("a", 60, work) == "made 2"


async def test_what_fails_is_not_kept(cache: Cache) -> None:
    async def fails() -> str:
        raise ValueError("not today")

    for _again in range(2):
        with pytest.raises(ValueError, match="not today"):
            await cache.get("a", 60, fails)
    await cache.drop("a")
    assert await cache.get("a", 60, Work()) == "made 1"


async def test_what_was_made_between_looking_and_beginning_is_not_made_again(
    redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = an_empty_one(redis)
    one, other, work = Cache(url), Cache(url), Work()
    asked = one._asked

    async def slowly(command: str, *given: Any, **options: Any) -> Any:
        if command == "set" and not work.times:
            await other.get("a", 60, work)
        return await asked(command, *given, **options)

    monkeypatch.setattr(one, "_asked", slowly)
    assert await one.get("a", 60, work) == "made 1"
    await other.drop("a")
    assert await other.get("a", 60, work) == "made 2", "nobody is waited for who does not make it"
    for each in (one, other):
        await each.close()


async def test_two_processes_share_what_redis_keeps_and_make_it_once(redis: str) -> None:
    url = an_empty_one(redis)
    one, other = Cache(url), Cache(url)
    work = Work()
    work.gate.clear()
    waiting = [asyncio.create_task(each.get("a", 60, work)) for each in (one, other)]
    await asyncio.sleep(0.2)
    work.gate.set()
    assert await asyncio.gather(*waiting) == ["made 1", "made 1"]
    await other.drop("a")
    assert await one.get("a", 60, work) == "made 2"
    for each in (one, other):
        await each.close()


async def test_without_its_redis_every_process_keeps_its_own(free_port: Callable[[], int]) -> None:
    cache, work = Cache(f"redis://127.0.0.1:{free_port()}"), Work()
    assert [await cache.get("a", 60, work) for _ in range(3)] == ["made 1"] * 3
    await cache.drop("a")
    assert await cache.get("a", 60, work) == "made 2"
    await cache.close()


@pytest.mark.requirement("W242", "D52")
async def test_what_the_database_tells_is_forgotten(cache: Cache, database: Database) -> None:
    work = Work()
    listening = asyncio.create_task(cache.keep_told(database))
    await asyncio.sleep(0.3)
    assert [await cache.get(key, 60, work) for key in ("module:a:1", "module:b:1")] == ["made 1", "made 2"]
    async with database.connection() as connection:
        await connection.execute("SELECT pg_notify('cache_invalidate', 'module:a:1')")
    for _ in range(250):
        if await cache.get("module:a:1", 60, work) != "made 1":
            break
        await asyncio.sleep(0.02)
    assert await cache.get("module:a:1", 60, work) == "made 3"
    assert await cache.get("module:b:1", 60, work) == "made 2"
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening


def test_what_was_used_least_makes_room() -> None:
    kept = Local(bytes_max=10)
    for key in "abc":
        kept.keep(key, "xxx", 60)
    assert kept.get("a") == "xxx"
    kept.keep("d", "xxx", 60)
    assert [kept.get(key) for key in "abcd"] == ["xxx", None, "xxx", "xxx"]


NOTE = "INSERT INTO workbook.workbook_notes (user_id, title, content) VALUES ($1, 'Clay', '<p>Wet clay.</p>')"
PROGRESS = """
INSERT INTO workbook.user_progress (user_id, module_id, status, progress_percent) VALUES ($1, $2, 'in_progress', 5)
"""
RECORDING = """
INSERT INTO workbook.audio_recordings (id, user_id, file_name, file_url, mime_type, duration_seconds, file_size_bytes)
VALUES (app.uuid7(), $1, 'a.webm', 'store://a', 'audio/webm', 1, 1)
"""
MODULE = """
INSERT INTO workbook.workshop_modules (title, module_order, duration_minutes, content, is_published)
VALUES ('A module', 1, 60, '{"overview": "Clay", "learningObjectives": [], "resources": [], "lessons": []}', true) RETURNING id
"""


@pytest.mark.requirement("W241", "W242", "W243")
async def test_what_is_kept_where_and_for_how_long(redis: str, workshop: Workshop) -> None:
    """The table of domain.md 4.4."""
    url = an_empty_one(redis)
    cache, ana, database = Cache(url), workshop.ana, workshop.database
    module = await workshop.value(MODULE)
    await workshop.execute(NOTE, ana)
    await read_dashboard(database, cache, ana)
    modules = Modules(database, cache)
    assert await modules.get(module, ana) is not None
    assert len((await Search(database, cache).find(ana, "clay")).items) == 1
    asked = hashlib.sha256(json.dumps(["clay", 20, None]).encode()).hexdigest()
    kept = {f"dash:{ana}": 300, f"module:{module}:1": 3600, f"search:{ana}:{asked}": 30}
    assert set(await cache._redis.keys("*")) == set(kept)
    for key, lasts_s in kept.items():
        assert lasts_s - 25 < await cache._redis.pttl(key) / 1_000 <= lasts_s, key
    await cache.close()


async def test_what_is_dropped_while_redis_is_away_is_not_found_there_afterwards(
    redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D53: whoever wrote sees it, also when Redis was busy with something else in that moment."""
    monkeypatch.setattr(cache_module, "REDIS_REST_S", 0.3)
    url = an_empty_one(redis)
    cache, other, work = Cache(url), Cache(url), Work()
    assert await cache.get("a", 60, work) == "made 1"
    await other._redis.execute_command("CLIENT", "PAUSE", "900", "ALL")
    await cache.drop("a")
    await asyncio.sleep(1.3)
    assert await cache.get("a", 60, work) == "made 2"
    assert await other.get("a", 60, work) == "made 2"
    for each in (cache, other):
        await each.close()


async def test_whoever_makes_it_and_dies_keeps_nobody_waiting_for_long(
    redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock of one key ends by itself."""
    monkeypatch.setattr(cache_module, "MAKING_MAX_S", 0.4)
    url = an_empty_one(redis)
    dying, other = Cache(url), Cache(url)

    async def never() -> str:
        await asyncio.Event().wait()
        raise AssertionError

    dead = asyncio.create_task(dying.get("a", 60, never))
    await asyncio.sleep(0.1)
    began = asyncio.get_running_loop().time()
    assert await other.get("a", 60, Work()) == "made 1"
    assert asyncio.get_running_loop().time() - began >= 0.2, "nobody held it"
    dead.cancel()
    for each in (dying, other):
        await each.close()


CHILD = """
import asyncio, sys
from persistence.cache import Cache
from persistence.dashboard import read_dashboard
from persistence.database import Database
async def main():
    dsn, secret_key, url, ana = sys.argv[1:]
    database, cache = await Database.open(dsn, secret_key, connections=3), Cache(url or None)
    asyncio.create_task(cache.keep_told(database))
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        shown = await read_dashboard(database, cache, ana)
        print(shown.notes_count, shown.recordings_count, shown.modules_started, flush=True)
asyncio.run(main())
"""


@pytest.mark.requirement("W241", "D53")
@pytest.mark.parametrize("kept_in", ["here", "redis"])
async def test_what_one_process_writes_is_shown_by_another(
    request: pytest.FixtureRequest, kept_in: str, workshop: Workshop, dsn: str
) -> None:
    """Notes, recordings and progress, whoever writes them, in whichever process."""
    url = an_empty_one(request.getfixturevalue("redis")) if kept_in == "redis" else ""
    ana, module = workshop.ana, await workshop.value(MODULE)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, dsn, SECRET_KEY, url, ana),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None

    async def told() -> list[int]:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b"\n")
        return [int(each) for each in (await child.stdout.readline()).split()]

    async def soon(expected: list[int]) -> None:
        async with asyncio.timeout(20):
            while await told() != expected:  # noqa: ASYNC110 - the other process tells nobody
                await asyncio.sleep(0.02)

    await soon([0, 0, 0])
    await asyncio.sleep(0.5)  # until it listens
    writes: list[tuple[str, tuple[UserId | str, ...], list[int]]] = [
        (NOTE, (ana,), [1, 0, 0]),
        (
            PROGRESS,
            (ana, module),
            [1, 0, 1],
        ),
        (
            RECORDING,
            (ana,),
            [1, 1, 1],
        ),
        ("UPDATE workbook.workbook_notes SET deleted_at = now() WHERE user_id = $1", (ana,), [0, 1, 1]),
    ]
    for statement, arguments, expected in writes:
        await workshop.execute(statement, *arguments)
        await soon(expected)
    child.stdin.close()
    child.kill()
    await child.wait()
