"""F14: the clock of one server's machine jumps an hour ahead and back, that of another is ten minutes late, under load. Neither order,
leases, pings and timers nor tokens notice: what time it is says the database (persistence/clock.py).

24 steps with FAULTS=long (`make faults`), 4 otherwise. FAULT_SEED repeats a run; one that fails stays in `.cache/faults`.
"""

import asyncio
import importlib.util
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from itertools import cycle, islice
from pathlib import Path

import aiohttp
import pytest

from tests.faults.campaign import Campaign
from tests.faults.ground import Ground, opened
from tests.faults.outcome import Plan, fresh_seed, is_long
from tests.faults.server import Server
from tests.live.visitor import Visitor

STEPS_S = tuple(islice(cycle((3_600, -3_600, 600, 0)), 24 if is_long() else 4))
STAYS_S = 5.0 if is_long() else 1.5
SESSIONS = 5 if is_long() else 1
LATE_S = -600
CLOSES_AFTER_S = 2
CLOSED_WITHIN_S = 20.0
DATED_WITHIN_S = 5.0  # of when it was written

LOST = "SELECT max(abs(extract(epoch FROM written_at - at)))::float8 FROM faults.written WHERE session_id = ANY ($1::uuid[])"


def _library() -> Path:
    found = importlib.util.find_spec("libfaketime")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"


def _clock(file: Path, off_s: int) -> dict[str, str]:
    file.write_text(f"{off_s:+d}")
    return {
        "LD_PRELOAD": str(_library()),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


async def _is_off(server: Server, off_s: int) -> bool:
    """By the date that its HTTP says, which is the machine's."""
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/healthz") as response:
        there = parsedate_to_datetime(response.headers["Date"]).timestamp()
        return abs(there - time.time() - off_s) < 30


@pytest.mark.timeout(900 if is_long() else 120)
def test_f14_nothing_goes_by_a_machines_clock(ground: Ground, tmp_path: Path, tell: Callable[[object], None]) -> None:
    plan = Plan("f14-clocks", fresh_seed(), sessions=SESSIONS, servers=2, pace_s=0.3)
    stepped, late = tmp_path / "stepped", tmp_path / "late"
    servers = [
        asyncio.run(ground.start(**_clock(stepped, 0))),
        asyncio.run(ground.start(**_clock(late, LATE_S))),
    ]

    async def step(campaign: Campaign) -> None:
        assert await _is_off(servers[1], LATE_S)
        [cast] = await ground.casts(1)
        mara: Visitor | None = None
        for off_s in STEPS_S:
            stepped.write_text(f"{off_s:+d}")
            assert await _is_off(servers[0], off_s)
            for person in campaign.people:
                await person.client.drop()  # so that everybody's token is looked at
            await asyncio.sleep(STAYS_S)
            if mara is None:
                mara = await opened(cast, servers[0].url)
                assert (await mara.submit("poll.create", question="Now?", kind="single", options=["yes", "no"]))["ok"]
                poll = (await mara.sees("poll.created"))["pollId"]
                assert (await mara.submit("poll.open", pollId=poll, seconds=CLOSES_AFTER_S))["ok"]
        assert mara is not None
        await mara.sees("poll.closed", within_s=CLOSED_WITHIN_S)
        assert not mara.closed.is_set()
        await mara.close()
        sessions = [person.member.session for person in campaign.people]
        [[off_s]] = await ground.sql(LOST, sessions)
        drops, byes, lost = (
            sum(person.noted[kind] for person in campaign.people) for kind in ("drop", "bye", "disconnect")
        )
        campaign.outcome.told.append(
            f"{len(STEPS_S)} steps; rows dated {off_s:.2f} s off at most; {lost} connections ended: {drops} by their clients, {byes} told why"
        )
        assert off_s < DATED_WITHIN_S
        assert lost <= drops + byes, "a server ended them"

    try:
        outcome = ground.undergo(plan, step, servers)
    finally:
        for server in servers:
            ground.end(server)
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.report.acknowledged > 5 * len(STEPS_S)
    assert not outcome.report.kinds["participant.left"], "somebody's lease ran out"
