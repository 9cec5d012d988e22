"""F3: one of two servers stands still, as a machine that is put to sleep, longer than others believe that its people are there, and
then goes on. It emits nothing that is not true any more: everybody there comes again, and whoever was put out meanwhile hears and
does nothing any more. Nothing lost, doubled or out of order.

12 s; with FAULTS=long 60 s, three times (`make faults`). FAULT_SEED repeats a run; one that fails stays in `.cache/faults`.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import pytest
from socketio.exceptions import SocketIOError

from live import limits
from tests.faults.campaign import Campaign
from tests.faults.ground import Ground, entered, opened
from tests.faults.outcome import Plan, fresh_seed, is_long

FROZEN_S = 60.0 if is_long() else limits.STOOD_STILL_S + 2
TIMES = 3 if is_long() else 1
SESSIONS = 5 if is_long() else 1
BACK_WITHIN_S = 15.0
OF_THEO = "SELECT count(*) FROM live.session_commands WHERE session_id = $1 AND command_id = $2"


@pytest.mark.timeout(900 if is_long() else 120)
def test_f3_a_server_that_stood_still(ground: Ground, tell: Callable[[object], None]) -> None:
    plan = Plan("f3-frozen", fresh_seed(), sessions=SESSIONS, servers=2, pace_s=0.5)
    sleeper = asyncio.run(ground.start())
    back_s: list[float] = []

    async def freeze(campaign: Campaign) -> None:
        for cast in await ground.casts(TIMES):
            await asyncio.sleep(1)
            mara = await opened(cast, ground.server.url)
            theo = await entered(cast[1], sleeper.url)
            there = [person for person in campaign.people if person.client.url == sleeper.url]
            byes = [person.noted["disconnect"] for person in there]
            sleeper.pause()
            try:
                assert (await mara.submit("participant.remove", userId=cast[1].user))["ok"]
                assert (await mara.submit("chat.send", text="without Theo"))["ok"]
                asked = str(uuid4())
                late = asyncio.create_task(theo.submit("chat.send", command_id=asked, text="I was put out"))
                await asyncio.sleep(FROZEN_S)
            finally:
                woken = time.monotonic()
                sleeper.resume()
            await asyncio.wait_for(theo.closed.wait(), BACK_WITHIN_S)
            late.cancel()
            with suppress(asyncio.CancelledError, SocketIOError, AssertionError):
                ack = await late
                assert not ack["ok"], "who was put out was taken at their word"
            assert not [each for each in theo.events if each.get("text") == "without Theo"]
            [[done]] = await ground.sql(OF_THEO, cast[0].session, asked)
            assert not done
            async with asyncio.timeout(BACK_WITHIN_S):
                while not all(person.client.live.is_set() for person in campaign.people):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            back_s.append(time.monotonic() - woken)
            ended = [person.noted["disconnect"] for person in there]
            assert all(now > before for now, before in zip(ended, byes, strict=True)), "a socket outlived the lease"
            await theo.close()
            await mara.close()
        campaign.outcome.told.append(f"stood still {TIMES} times; everybody back {max(back_s):.1f} s after it went on")

    try:
        outcome = ground.undergo(plan, freeze, [ground.server, sleeper])
    finally:
        ground.end(sleeper)
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.report.acknowledged > 10 * TIMES
    assert sleeper.said("stood still") == TIMES
