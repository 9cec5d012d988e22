"""F19: a row of the log over which a server's rules fall. That server closes the session, with a code of its own, and does not try
again and again; its other sessions, their timers and its other people go on, and so does the session wherever the row can be
folded. An operator may have the row skipped by everybody.

FAULT_SEED repeats a run; one that fails stays in `.cache/faults`.
"""

import asyncio
from collections.abc import Callable

import pytest

from live import limits
from tests.faults.campaign import Campaign
from tests.faults.ground import Ground, entered, opened
from tests.faults.outcome import Plan, fresh_seed, is_long
from tests.faults.poisoned import POISON
from tests.live.visitor import Visitor

SESSIONS = 10 if is_long() else 1
POISONED = 20 if is_long() else 2
KNOCKS = 50
CLOSES_AFTER_S = 2
FIRED_WITHIN_S = 15.0
SKIP = "SET session_replication_role = replica; UPDATE live.session_events SET type = 'skipped' WHERE session_id = '{}' AND seq = {}"


@pytest.mark.timeout(600 if is_long() else 120)
def test_f19_a_row_that_cannot_be_folded(ground: Ground, tell: Callable[[object], None]) -> None:
    plan = Plan("f19-poison", fresh_seed(), sessions=SESSIONS, servers=2, pace_s=0.5)
    buggy = asyncio.run(ground.start(entry=["-m", "tests.faults.poisoned"]))

    async def poison(campaign: Campaign) -> None:
        casts = await ground.casts(POISONED)
        hosts = [await opened(cast, ground.server.url) for cast in casts]
        there = [await entered(cast[1], buggy.url) for cast in casts]
        for mara in hosts:
            assert (await mara.submit("chat.send", text=POISON))["ok"]
        for theo, cast in zip(there, casts, strict=True):
            await asyncio.wait_for(theo.closed.wait(), 10)
            await theo.close()
            assert [bye["code"] for bye in theo.byes] == ["resync"]
            back = await Visitor(buggy.url, cast[1].token(), cast[1].user).connect()
            for _ in range(KNOCKS):
                ack = await back.join(cast[1].session)
                assert (ack["ok"], ack["code"]) == (False, "session.damaged"), ack
            await back.close()
        for mara in hosts:  # where the row can be folded all goes on, also what falls due
            made = await mara.submit("poll.create", question="Agreed?", kind="single", options=["yes", "no"])
            assert made["ok"], made
            poll = (await mara.sees("poll.created"))["pollId"]
            assert (await mara.submit("poll.open", pollId=poll, seconds=CLOSES_AFTER_S))["ok"]
        for mara in hosts:
            await mara.sees("poll.closed", within_s=FIRED_WITHIN_S)
        await _skip(ground, casts[0][0].session, buggy.url, casts[0][1].token(), casts[0][1].user)
        for mara in hosts:
            await mara.close()
        campaign.outcome.told.append(f"{POISONED} sessions poisoned, asked for {POISONED * KNOCKS} times")

    try:
        outcome = ground.undergo(plan, poison, [ground.server, buggy])
    finally:
        ground.end(buggy)
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.report.acknowledged > 10 * SESSIONS, "the others did not go on"
    tried_again = outcome.load_s / limits.QUARANTINE_S
    assert POISONED <= buggy.said("a session is damaged") <= POISONED * (2 + tried_again), "a loop"
    assert buggy.said("stopped and started again") == 0, "it pulled something of everybody's down"


async def _skip(ground: Ground, session: str, url: str, token: str, user: str) -> None:
    [[seq]] = await ground.sql(
        "SELECT seq FROM live.session_events WHERE session_id = $1 AND payload ->> 'text' = $2", session, POISON
    )
    await ground.run(SKIP.format(session, seq))
    visitor = await Visitor(url, token, user).connect()
    async with asyncio.timeout(3 * limits.QUARANTINE_S):
        while not (ack := await visitor.join(session))["ok"]:  # noqa: ASYNC110 - no event says it
            await asyncio.sleep(0.5)
    assert POISON not in str(ack["snapshot"]["view"]["chat"])
    assert (await visitor.submit("chat.send", text="and on", to="staff"))["ok"]
    await visitor.close()
