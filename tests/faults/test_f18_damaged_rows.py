"""F18: what is stored of some sessions is not what was written: a snapshot with a flipped bit, rows of the log that are missing or
hold less than they did, a secret or a name that does not open. What is derived is made again; what cannot be made again is found, and that
session is closed with a code of its own. The others go on, and so does a session that was mended.

FAULT_SEED repeats a run; one that fails stays in `.cache/faults`.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from live import limits
from persistence.database import Database
from persistence.event_log import EventLog
from persistence.snapshots import Snapshots
from rooms.room import replay
from tests.databases import SECRET_KEY
from tests.faults.campaign import Campaign
from tests.faults.crowd import Member
from tests.faults.ground import Ground, entered, opened
from tests.faults.outcome import Plan, fresh_seed, is_long
from tests.live.visitor import Visitor

SESSIONS = 10 if is_long() else 1
LINES = 100 if is_long() else 20  # of which a view shows all
OPENS_AGAIN_WITHIN_S = limits.QUARANTINE_S + 10
FLIP = "set_byte(state, {place}, get_byte(state, {place}) # 1)"

UNSEEN = "SET session_replication_role = replica;"  # no trigger, no constraint: as a disk does it
# Damage to the session $1, whose log has $2 rows; and whether it can be made good by what else is there.
DAMAGE = {
    "the newest snapshot": "",
    "all snapshots": "",
    "a row in the middle is missing": "DELETE FROM live.session_events WHERE session_id = '{session}' AND seq = {last} / 2",
    "a row below a snapshot is missing": "DELETE FROM live.session_events WHERE session_id = '{session}' AND seq = 9",
    "the last row is missing": "DELETE FROM live.session_events WHERE session_id = '{session}' AND seq = {last}",
    "a secret does not open": "INSERT INTO live.session_secrets (session_id, name, wrapped) "
    "VALUES ('{session}', 'poll', decode(repeat('01', 60), 'hex'))",
    "a name does not open": "UPDATE identity.accounts SET full_name_enc = set_byte(full_name_enc, 20, "
    "get_byte(full_name_enc, 20) # 1) WHERE id = '{user}'",
    "a row holds less": "UPDATE live.session_events SET payload = '{{}}' WHERE session_id = '{session}' AND seq = "
    "(SELECT max(seq) FROM live.session_events WHERE session_id = '{session}' AND type = 'chat.sent')",
}
CLOSED = {"a row in the middle is missing", "the last row is missing", "a secret does not open"}


@pytest.mark.timeout(600 if is_long() else 120)
def test_f18_what_is_damaged_is_found_and_nobody_else_suffers(ground: Ground, tell: Callable[[object], None]) -> None:
    plan = Plan("f18-damaged", fresh_seed(), sessions=SESSIONS, pace_s=0.5)
    rng = random.Random(plan.seed)
    came_to = Counter[str]()
    fresh = asyncio.run(ground.start())

    async def damage(campaign: Campaign) -> None:
        casts = dict(zip(DAMAGE, await ground.casts(len(DAMAGE)), strict=True))
        heads = dict(zip(DAMAGE, await asyncio.gather(*(_fill(ground, each) for each in casts.values())), strict=True))
        await _snapshots(ground, casts, heads, rng)
        for name, script in DAMAGE.items():
            await ground.run(
                UNSEEN + script.format(session=casts[name][0].session, last=heads[name], user=casts[name][1].user)
            )
        for name, cast in casts.items():
            visitor = await Visitor(fresh.url, cast[1].token(), cast[1].user).connect()
            ack = await visitor.join(cast[1].session)
            status, told = await _asked(fresh.url, cast[1])
            if name in CLOSED:
                assert (ack["ok"], ack["code"]) == (False, "session.damaged"), (name, ack)
                assert (status, told["code"]) == (500, "session.damaged"), (name, told)
            else:
                assert ack["ok"], (name, ack)
                texts = _texts(ack["snapshot"]["view"])
                missing = {f"line {LINES - 1}"} if name == "a row holds less" else set()
                assert texts == {f"line {number}" for number in range(LINES)} - missing, name
                assert _texts(told["view"]) == texts
                if name == "a row below a snapshot is missing":
                    await _resumes_before(visitor, ack)
                assert (await visitor.submit("chat.send", text="and on", to="staff"))["ok"]
            came_to["closed" if name in CLOSED else "opened"] += 1
            await visitor.close()
        mended = casts["a secret does not open"]
        await ground.run(f"DELETE FROM live.session_secrets WHERE session_id = '{mended[0].session}'")
        visitor = await Visitor(fresh.url, mended[1].token(), mended[1].user).connect()
        async with asyncio.timeout(OPENS_AGAIN_WITHIN_S):
            while not (await visitor.join(mended[1].session))["ok"]:  # noqa: ASYNC110 - no event says it
                await asyncio.sleep(0.5)
        await visitor.close()
        campaign.outcome.told.append(f"damaged sessions: {dict(came_to)}, one mended and opened again")

    try:
        outcome = ground.undergo(plan, damage, [fresh])
    finally:
        ground.end(fresh)
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.report.acknowledged > 10 * SESSIONS, "the others did not go on"
    assert fresh.said("a session is damaged") == len(CLOSED), "once while nobody looks again"
    assert fresh.said("the snapshot of session") == 3
    assert fresh.said("does not open") == 1


async def _fill(ground: Ground, cast: list[Member]) -> int:
    """Some lines are said at the other server; the number of the last row."""
    mara = await opened(cast, ground.server.url)
    theo = await entered(cast[1], ground.server.url)
    for number in range(LINES):
        assert (await theo.submit("chat.send", text=f"line {number}", to="staff"))["ok"]
    await mara.close()
    await theo.close()
    [[last]] = await ground.sql("SELECT last_seq FROM live.session_heads WHERE session_id = $1", cast[0].session)
    return int(last)


async def _snapshots(ground: Ground, casts: dict[str, list[Member]], heads: dict[str, int], rng: random.Random) -> None:
    """Two of each of the sessions whose snapshots are to be damaged, and a bit of each that is."""
    database = await Database.open(ground.dsn, SECRET_KEY, connections=2)
    try:
        for name in ("the newest snapshot", "all snapshots", "a row below a snapshot is missing"):
            session = casts[name][0].session
            rows = await EventLog(database).read(session, 0, heads[name])  # type: ignore[arg-type]
            for upto in (heads[name] // 2, heads[name] - 2):
                assert await Snapshots(database).save(session, replay(rows[:upto]))  # type: ignore[arg-type]
            only = {"the newest snapshot": f"AND seq = {heads[name] - 2}", "all snapshots": ""}.get(name, "AND false")
            flipped = FLIP.format(place=rng.randrange(100))
            await ground.run(
                f"{UNSEEN} UPDATE live.session_snapshots SET state = {flipped} WHERE session_id = '{session}' {only}"
            )
    finally:
        await database.close()


async def _resumes_before(visitor: Visitor, joined: dict[str, Any]) -> None:
    """Who stands before the row that is gone is shown what the room is now instead."""
    ack = await visitor.join(visitor.session, epoch=joined["epoch"], after=8)
    assert (ack["ok"], "snapshot" in ack) == (True, False), ack
    shown = await visitor.until(lambda each: each.snapshots)
    assert shown[0]["seq"] >= joined["seq"]
    assert _texts(shown[0]["view"]) == _texts(joined["snapshot"]["view"])


async def _asked(url: str, member: Member) -> tuple[int, dict[str, Any]]:
    address = f"{url}/api/v1/live-sessions/{member.session}/state"
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {member.token()}"}) as http,
        http.get(address) as response,
    ):
        return response.status, await response.json()


def _texts(view: dict[str, Any]) -> set[str]:
    return {
        message["text"]
        for channel in view["chat"]["channels"].values()
        for message in channel.get("messages", {}).values()
        if message["text"].startswith("line")
    }
