"""F7: connections to Postgres that are cut, idle and busy, and pools without a free one, under load. Who asks is told `unavailable`
(503 over REST) in time, and all goes on alone; nothing lost, doubled or out of order.

6 cuts; with FAULTS=long 60 (`make faults`). FAULT_SEED repeats a run; one that fails stays in `.cache/faults`.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable

import aiohttp
import asyncpg
import pytest

from tests.faults.campaign import Campaign
from tests.faults.ground import Ground
from tests.faults.outcome import Plan, fresh_seed, is_long

CUTS = 60 if is_long() else 6
SESSIONS = 10 if is_long() else 2
READERS = 40  # at once; each pool has ten connections
ANSWERED_WITHIN_S = 15.0  # 10 s in the queue, 2 s of Postgres, slack

OF_THE_SERVER = "datname = current_database() AND application_name LIKE 'atelier %' AND pid <> pg_backend_pid()"
WHOM = {
    "idle": "state = 'idle'",
    "busy": "state <> 'idle'",
    "all": "true",
}


@pytest.mark.timeout(1_200 if is_long() else 120)
def test_f7_it_recovers_from_connections_that_are_cut(ground: Ground, tell: Callable[[object], None]) -> None:
    plan = Plan("f7-cut", fresh_seed(), sessions=SESSIONS, pace_s=0.2)
    rng, cut = random.Random(plan.seed), Counter[str]()

    async def cut_connections(campaign: Campaign) -> None:
        for number in range(CUTS):
            await asyncio.sleep(rng.uniform(0.2, 0.6))
            what = list(WHOM)[number % len(WHOM)]
            sought = time.monotonic() + 2
            ended: list[asyncpg.Record] = []
            while not ended and time.monotonic() < sought:  # somebody is busy for moments only
                ended = await ground.sql(
                    f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OF_THE_SERVER} AND {WHOM[what]}"
                )
            cut[what] += len(ended)
        campaign.outcome.told.append(f"connections cut: {dict(cut)}")

    outcome = ground.undergo(plan, cut_connections)
    tell(outcome)
    assert outcome.sound, outcome
    assert set(cut) == set(WHOM)
    assert all(cut.values()), cut
    assert outcome.report.unanswered == 0
    assert outcome.report.acknowledged > 5 * CUTS


@pytest.mark.timeout(120)
def test_f7_a_pool_without_a_free_connection_says_so(ground: Ground, tell: Callable[[object], None]) -> None:
    """A table that somebody holds locked keeps every reader's connection, and those who wait for one: they are told, and
    whoever does not need that table goes on."""
    plan = Plan("f7-pool", fresh_seed(), sessions=1, pace_s=0.3)
    statuses = Counter[int]()
    slowest = 0.0

    async def exhaust(campaign: Campaign) -> None:
        nonlocal slowest
        ana = next(person for person in campaign.people if person.member.name == "Ana")
        url = f"{ana.client.url}/api/v1/notes"
        headers = {"Authorization": f"Bearer {ana.member.token()}"}

        async def read(http: aiohttp.ClientSession) -> None:
            nonlocal slowest
            asked = time.monotonic()
            async with http.get(url, headers=headers) as response:
                statuses[response.status] += 1
                if response.status == 503:
                    assert "Retry-After" in response.headers
                    assert (await response.json())["code"] == "unavailable"
            slowest = max(slowest, time.monotonic() - asked)

        holder = await asyncpg.connect(ground.dsn)
        try:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
                async with holder.transaction():
                    await holder.execute("LOCK TABLE workbook.workbook_notes IN ACCESS EXCLUSIVE MODE")
                    asked = time.monotonic()
                    reading = [asyncio.create_task(read(http)) for _ in range(READERS)]
                    await asyncio.sleep(1)
                    went_on = sum(person.asked_and_got > asked for person in campaign.people)
                    await asyncio.gather(*reading)
                campaign.outcome.told.append(
                    f"answers {dict(statuses)}, the slowest {slowest:.1f} s; {went_on} people went on"
                )
                await read(http)
        finally:
            await holder.close()
        assert went_on, "commands did not go on"

    outcome = ground.undergo(plan, exhaust)
    tell(outcome)
    assert outcome.sound, outcome
    assert statuses.keys() == {200, 503}
    assert statuses[503] == READERS
    assert statuses[200] == 1, "it did not recover alone"
    assert slowest < ANSWERED_WITHIN_S
