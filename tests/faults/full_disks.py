"""A run while disks are full: Postgres' own, its log included, and that of recordings and pictures. For a mount namespace of its own,
in which it may lay small disks:

    unshare [--map-root-user] --mount --pid --fork --mount-proc --kill-child python -m tests.faults.full_disks FOLDER [SEED]

Prints what came of it; fails if that was not sound.
"""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import aiohttp
import asyncpg

from persistence.migrate import migrate
from rooms.lifecycle import FeatureType
from tests.databases import SECRET_KEY
from tests.faults.campaign import Campaign
from tests.faults.dictaphone import SOUND, recorded
from tests.faults.ground import Ground
from tests.faults.log import keep_what_is_written
from tests.faults.outcome import Plan, fresh_seed, is_long
from tests.faults.postgres import Postgres
from tests.media.paint import painted

DATABASE_BYTES, STORE_BYTES = 400_000_000, 32_000_000
TIMES = 5 if is_long() else 1
SESSIONS = 5 if is_long() else 1
WITHIN_S = 60.0
STAYS_S = 3.0
SEGMENTS_MAX = 60  # of Postgres' log, of which some are there already
FEW_BYTES = 4_096
OF_PHONE = 1.5


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Not a byte is left."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(1_000_000)):
            pass
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while file.write(bytes(FEW_BYTES)):
            pass
    try:
        yield
    finally:
        ballast.unlink()


def _laid(place: Path, size: int) -> Path:
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", place], check=True)
    return place


async def run(folder: Path, seed: int) -> int:
    database, store = _laid(folder / "database", DATABASE_BYTES), _laid(folder / "store", STORE_BYTES)
    postgres = Postgres(database)
    ground = Ground(postgres.start(), folder)
    try:
        await migrate(ground.dsn, SECRET_KEY)
        await keep_what_is_written(ground.dsn)
        await ground.start(RECORDINGS_URL=f"file:{store}", **SOUND)
        return await asyncio.to_thread(_undergo, ground, database, store, seed)
    finally:
        for server in ground.servers:
            server.stop()
        postgres.stop()


def _undergo(ground: Ground, database: Path, store: Path, seed: int) -> int:
    async def fill(campaign: Campaign) -> None:
        for _ in range(TIMES):
            await _fill_the_store(ground, campaign, store)
            await _fill_the_database(ground, campaign, database)

    outcome = ground.undergo(Plan("f8-full", seed, sessions=SESSIONS, pace_s=0.5), fill)
    print(outcome)
    return int(not outcome.sound or not outcome.report.acknowledged or bool(outcome.report.unanswered))


# -- recordings and pictures --------------------------------------------------------------------------------------------


async def _fill_the_store(ground: Ground, campaign: Campaign, store: Path) -> None:
    [cast] = await ground.casts(1, FeatureType.RECORDING, FeatureType.WHITEBOARD)
    spoken = await recorded(cast, ground.server.url)
    await asyncio.sleep(OF_PHONE)
    url = f"{ground.server.url}/api/v1/live-sessions/{cast[0].session}/images"
    headers = {"Authorization": f"Bearer {cast[0].token()}", "Content-Type": "image/png"}
    said = Counter[int]()

    async def bring() -> int:
        async with aiohttp.ClientSession(headers=headers) as http, http.post(url, data=painted()) as response:
            said[response.status] += 1
            return response.status

    assert await bring() == 201
    asked = [person.asked_and_got for person in campaign.people]
    told = ground.server.said("disk_full")
    with full(store):
        await until(
            lambda: ground.server.said("disk_full") > told, said="a recording does not say that it is incomplete"
        )
        assert await bring() == 503
        await asyncio.sleep(STAYS_S)
    answered = [person.asked_and_got for person in campaign.people]
    assert any(now > then for now, then in zip(answered, asked, strict=True)), "rooms stood still"
    assert await bring() == 201
    kept = [each.kept_slot for each in spoken.stories(store)]
    await until(lambda: [each.kept_slot for each in spoken.stories(store)] > kept, said="it records no more")
    await spoken.stop()
    await until(lambda: all(each.closed for each in spoken.stories(store)), said="a recording was not closed")
    stories = spoken.stories(store)
    await spoken.close()
    missing = [span for story in stories for span in story.missing]
    assert [span.why for span in missing] == ["disk_full"], stories
    assert [story.incomplete for story in stories] == ["disk_full"], stories
    lost_s = (missing[0].to_slot - missing[0].from_slot) / 50
    campaign.outcome.told.append(f"a full store: pictures {dict(said)}, {lost_s:.1f} s of sound told as missing")


# -- Postgres -----------------------------------------------------------------------------------------------------------


async def _fill_the_database(ground: Ground, campaign: Campaign, database: Path) -> None:
    before = _waits(campaign)
    with full(database):
        await until(lambda: _waits(campaign) > before, said="nobody was told `unavailable` without room for a row")
        await until(lambda: _status(ground), 503, said="healthy without room for a row")
        before = _waits(campaign)
        await _use_up_the_log(ground.dsn)
        await until(lambda: _waits(campaign) > before, said="nobody was told `unavailable` without room for the log")
        await until(lambda: _status(ground), 503, said="healthy without room for the log")
        await asyncio.sleep(STAYS_S)
    await until(lambda: _status(ground), 200, said="not healthy with room again")
    told = sum(person.noted["told unavailable"] for person in campaign.people)
    campaign.outcome.told.append(f"a full database: {told} answers `unavailable`, health 503 and then 200")


def _waits(campaign: Campaign) -> int:
    """How often somebody was told to send it again."""
    return sum(person.noted["told unavailable"] for person in campaign.people)


async def _use_up_the_log(dsn: str) -> None:
    """Until Postgres finds no room for another segment, which ends all of it; it is started again, and again. Needs no row."""
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        connection = await asyncpg.connect(dsn, timeout=5)
        for _ in range(SEGMENTS_MAX):
            await connection.execute("SELECT pg_logical_emit_message(false, 'faults', 'one')")
            await connection.execute("SELECT pg_switch_wal()")


async def _status(ground: Ground) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"{ground.server.url}/readyz") as response:
        return response.status


async def until(seen: Callable[[], "object | Awaitable[object]"], wanted: object = True, *, said: str) -> None:
    """Fails with what is `said`."""
    ends = asyncio.get_running_loop().time() + WITHIN_S
    while True:
        found = seen()
        if (await found if isinstance(found, Awaitable) else found) == wanted:
            return
        assert asyncio.get_running_loop().time() < ends, said
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    os.umask(0o077)
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else fresh_seed()
    sys.exit(asyncio.run(run(Path(sys.argv[1]), seed)))
