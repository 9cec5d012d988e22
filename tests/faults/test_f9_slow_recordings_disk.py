"""F9: the disk of recordings and pictures takes half a second for every single write and sync, while somebody is recorded and pictures are
brought. The loop waits for none of it; nothing of the recording is missing, and the room goes on.

4 s; with FAULTS=long 60 (`make faults`). FAULT_SEED repeats a run; one that fails stays in `.cache/faults`.
"""

import asyncio
import statistics
import time
from collections.abc import Callable

import aiohttp
import pytest

from rooms.lifecycle import FeatureType
from tests.faults.campaign import Campaign
from tests.faults.dictaphone import SOUND, recorded
from tests.faults.ground import Ground
from tests.faults.outcome import Plan, fresh_seed, is_long
from tests.media.paint import painted

SLOW_S = 0.5
LASTS_S = 60.0 if is_long() else 4.0
PICTURES = 20 if is_long() else 2
SESSIONS = 5 if is_long() else 1
ASKED_EVERY_S = 0.05
WITHIN_S = 60.0


@pytest.mark.timeout(600 if is_long() else 120)
def test_f9_the_loop_waits_for_no_disk(ground: Ground, tell: Callable[[object], None]) -> None:
    plan = Plan("f9-slow-disk", fresh_seed(), sessions=SESSIONS, pace_s=0.5)
    slow = asyncio.run(ground.start(entry=["-m", "tests.faults.slow_disk"], SLOW_DISK_S=str(SLOW_S), **SOUND))
    store = slow.data / "store"

    async def record(campaign: Campaign) -> None:
        [cast] = await ground.casts(1, FeatureType.RECORDING, FeatureType.WHITEBOARD)
        spoken = await recorded(cast, slow.url)
        images = f"{slow.url}/api/v1/live-sessions/{cast[0].session}/images"
        headers = {"Authorization": f"Bearer {cast[0].token()}", "Content-Type": "image/png"}

        async def bring(http: aiohttp.ClientSession) -> float:
            asked = time.monotonic()
            async with http.post(images, data=painted(), headers=headers) as response:
                assert response.status == 201
            return time.monotonic() - asked

        async def bring_all(http: aiohttp.ClientSession) -> list[float]:
            return [took for _ in range(PICTURES // 2) for took in await asyncio.gather(bring(http), bring(http))]

        async with aiohttp.ClientSession() as http:
            bringing = asyncio.create_task(bring_all(http))
            took_s = []
            ends = time.monotonic() + LASTS_S
            while time.monotonic() < ends:
                asked = time.monotonic()
                async with http.get(f"{slow.url}/healthz") as response:
                    assert response.status == 200
                took_s.append(time.monotonic() - asked)
                await asyncio.sleep(ASKED_EVERY_S)
            brought_s = await bringing
        await spoken.stop()
        async with asyncio.timeout(WITHIN_S):
            while not (stories := spoken.stories(store)) or not all(each.closed for each in stories):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await spoken.close()
        p90 = statistics.quantiles(took_s, n=10)[8]
        campaign.outcome.told.append(
            f"health answered after {statistics.median(took_s) * 1000:.0f} ms, p90 {p90 * 1000:.0f} ms; "
            f"a picture after {min(brought_s):.1f} s, the disk {SLOW_S} s a write"
        )
        assert [(each.incomplete, each.missing) for each in stories] == [(None, ())], stories
        assert min(brought_s) > 2 * SLOW_S, "that was no slow disk"
        assert p90 < SLOW_S / 4, "the loop waited for the disk"

    try:
        outcome = ground.undergo(plan, record, [slow])
    finally:
        ground.end(slow)
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.report.acknowledged > 5 * SESSIONS
