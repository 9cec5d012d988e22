"""F6: Postgres takes half a second for every commit, or somebody holds rows of one session locked. Work that waits is bounded and the
rest is told `overloaded`; a locked session waits by itself, and the others hardly notice; nothing lost, doubled or out of order.

FAULTS=long: more of it (`make faults`). FAULT_SEED repeats a run; one that fails stays in `.cache/faults`.
"""

import asyncio
import statistics
from collections import Counter
from collections.abc import Callable
from uuid import uuid4

import asyncpg
import psutil
import pytest
from socketio.exceptions import SocketIOError

from live import limits
from tests.faults.campaign import Campaign, carried_out
from tests.faults.ground import Ground, Probe, entered, opened
from tests.faults.outcome import Plan, fresh_seed, is_long
from tests.live.visitor import Document, Visitor

SLOW_S = 0.5
SESSIONS = 10 if is_long() else 2
FLOODS = 10 if is_long() else 1
CONNECTIONS = 20
AT_ONCE = 70  # of each connection; 64 may wait
GROWTH_BYTES_MAX = 200_000_000
HELD_S = 30.0 if is_long() else 2.0
TURNS = 2
ASKED_BEFORE = 30
NOTICED_MAX = 2.0  # times as long as before

SLOWLY = f"""
CREATE FUNCTION faults.slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep({SLOW_S}); RETURN NULL; END $$;
CREATE TRIGGER slowly AFTER INSERT ON live.session_events FOR EACH STATEMENT EXECUTE FUNCTION faults.slowly();
"""
AS_EVER = "DROP TRIGGER slowly ON live.session_events; DROP FUNCTION faults.slowly()"
OURS = "SELECT count(*) FROM live.session_events WHERE session_id = $1 AND type = 'chat.sent'"


@pytest.mark.timeout(900 if is_long() else 120)
def test_f6_slow_commits_make_a_bounded_queue(ground: Ground, tell: Callable[[object], None]) -> None:
    """A room is flooded from many connections meanwhile."""
    plan = Plan("f6-slow", fresh_seed(), sessions=SESSIONS, pace_s=0.3)
    answers, refusals = Counter[str](), Counter[str]()

    async def be_slow(campaign: Campaign) -> None:
        [cast] = await ground.casts(1)
        visitors = [await opened(cast, ground.server.url)]
        visitors += [await entered(cast[1], ground.server.url) for _ in range(CONNECTIONS)]
        process = psutil.Process(ground.server.pid)
        before = process.memory_info().rss
        await ground.run(SLOWLY)
        try:
            for number in range(FLOODS):
                if number:  # else whoever is refused so often is sent away, as attack 40 has it
                    await asyncio.sleep(limits.REFUSALS_WITHIN_S)
                for flooding in (visitors[1:2], visitors[2:]):  # one, for whom the room has place; and too many for it
                    for acks in await asyncio.gather(*map(_flood, flooding)):
                        answers.update("ok" if ack["ok"] else ack["code"] for ack in acks)
                        refusals.update(ack["detail"] for ack in acks if not ack["ok"])
            grown = process.memory_info().rss - before
        finally:
            await ground.run(AS_EVER)
        ack = await visitors[0].submit("chat.send", text="at last", to="staff")
        assert ack["ok"], ack
        await asyncio.gather(*(each.close() for each in visitors))
        [[there]] = await ground.sql(OURS, cast[0].session)
        campaign.outcome.told += [
            f"flood: {dict(answers)}, of these {dict(refusals)}; {there} in the log; {grown / 1e6:.0f} MB more"
        ]
        assert answers["ok"] + 1 <= there <= answers["ok"] + answers["unavailable"] + 1, "accepted, and not there"
        assert grown < GROWTH_BYTES_MAX

    outcome = ground.undergo(plan, be_slow)
    tell(outcome)
    assert outcome.sound, outcome
    assert set(answers) <= {"ok", "overloaded", "unavailable"}
    assert refusals["this session has too much to do"], "the room's queue has no end"
    assert refusals[f"{limits.INBOX_COMMANDS_MAX} commands wait already"], "a connection's queue has no end"


async def _flood(visitor: Visitor) -> list[Document]:
    said = (visitor.call("submit", _line(), timeout_s=30) for _ in range(AT_ONCE))
    try:
        return await asyncio.gather(*said)
    except SocketIOError as error:
        raise AssertionError(
            f"no answer ({error!r}); closed: {visitor.closed.is_set()}, told: {visitor.byes}"
        ) from error


def _line() -> Document:
    return {"id": str(uuid4()), "type": "chat.send", "text": "more and more", "to": "staff"}


@pytest.mark.parametrize("row", ["live.session_heads WHERE session_id", "live.live_sessions WHERE id"])
@pytest.mark.timeout(600 if is_long() else 120)
def test_f6_a_locked_session_waits_by_itself(ground: Ground, row: str, tell: Callable[[object], None]) -> None:
    """Its head, or a row of the tables that its appends write to. Both times are measured in turns, because the machine is not ours."""

    async def hold() -> None:
        locked, free = await ground.casts(2)
        theo = Probe(await opened(free, ground.server.url))
        mara = await opened(locked, ground.server.url)
        ratios, longest = [], 0.0
        for _ in range(TURNS):
            before = await theo.ask(ASKED_BEFORE)
            during = await _ask_while_held(ground, theo, mara, f"SELECT FROM {row} = $1 FOR UPDATE", locked[0].session)
            ratios.append(statistics.median(during) / statistics.median(before))
            longest = max(longest, max(during))
        await theo.visitor.close()
        await mara.close()
        tell(f"{row}: others take {', '.join(f'{each:.2f}' for each in ratios)} times as long, {longest:.2f} s at most")
        assert theo.codes.keys() == {"ok"}
        assert min(ratios) < NOTICED_MAX
        assert longest < HELD_S / 2, "the others waited for it"

    carried_out(hold())


async def _ask_while_held(ground: Ground, theo: Probe, mara: Visitor, lock: str, session: str) -> list[float]:
    """How long it took in the room that is free, while somebody holds what the other one needs."""
    loop = asyncio.get_running_loop()
    during: list[float] = []
    holder = await asyncpg.connect(ground.dsn)
    try:
        async with holder.transaction():
            await holder.execute(lock, session)
            waiting = asyncio.create_task(mara.submit("session.pause"))
            ends = loop.time() + HELD_S
            while loop.time() < ends:
                during += await theo.ask(1)
            assert not waiting.done() or not waiting.result()["ok"], "it was not locked"
        ack = await waiting
    finally:
        await holder.close()
    while not ack["ok"]:
        assert ack["code"] == "unavailable", ack
        ack = await mara.submit("session.pause")
    ack = await mara.submit("session.resume")
    assert ack["ok"], ack
    return during
