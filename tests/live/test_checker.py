"""The checker is shown a whole log and honest delivery, of which it finds nothing, and broken ones, which it notices."""

import asyncpg
import pytest
from aiohttp import ClientSession

from live import delivery
from live.checker import Checker
from live.keys import CHECKER, HOSTS
from rooms.ids import SessionId
from rooms.visibility import visible
from tests.live.conftest import House
from tests.live.visitor import Visitor


async def readiness(house: House) -> tuple[int, str]:
    async with ClientSession() as http, http.get(f"{house.server.url}/readyz") as response:
        return response.status, (await response.json())["status"]


async def say(visitor: Visitor, count: int) -> None:
    for number in range(count):
        assert (await visitor.submit("chat.send", text=f"line {number}"))["ok"]


async def checked(house: House, looks: int = 1) -> Checker:
    checker = house.app[CHECKER]
    for _ in range(looks):
        await checker.check()
    return checker


async def lose_a_row(house: House, session: SessionId, seq: int) -> None:
    """As a superuser on a bad day: no login of ours may."""
    connection = await asyncpg.connect(house.dsn)
    try:
        assert (
            await connection.execute("DELETE FROM live.session_events WHERE session_id = $1 AND seq = $2", session, seq)
            == "DELETE 1"
        )
    finally:
        await connection.close()


async def test_honest_work_is_found_to_be_so(house: House) -> None:
    """With people of every standing, what only some may see, people who are moved, and who leave while they are looked at."""
    session = await house.session()
    mara, ana, ben, otto = await house.enter(session, "mara", "ana", "ben", "otto")
    checker = await checked(house)
    for _ in range(6):
        await say(ana, 2)
        assert (await mara.submit("chat.send", text="only for you", to=ana.user))["ok"]
        assert (await ben.submit("hand.raise"))["ok"]
        assert (await mara.submit("role.set", userId=ben.user, role="assistant"))["ok"]
        assert (await mara.submit("role.set", userId=ben.user, role="participant"))["ok"]
        assert (await ben.submit("hand.lower"))["ok"]
        await checked(house, 2)
        checker._let_go()
        await checked(house)
    await otto.close()
    await say(mara, 2)
    await checked(house, 3)
    assert checker.last is None
    assert checker.frames_seen > 5
    assert checker.events_seen > 30
    assert await readiness(house) == (200, "ready")


async def test_a_row_that_is_gone_is_noticed(house: House, caplog: pytest.LogCaptureFixture) -> None:
    session = await house.session()
    [ana] = await house.enter(session, "ana")
    await say(ana, 5)
    await checked(house)
    whole = house.app[CHECKER]
    assert whole.is_clean
    await lose_a_row(house, session, 4)
    for _ in range(200):  # a stretch that begins anywhere before it
        if not (await checked(house)).is_clean:
            break
    assert whole.last is not None
    assert (whole.last.kind, whole.last.session, whole.last.seq) == ("log", session, 4)
    assert whole.violations["log"] == 1
    assert await readiness(house) == (200, "degraded")
    [line] = [each.getMessage() for each in caplog.records if each.name == "checker"]
    assert session in line
    assert '"seq": 4' in line


async def test_a_log_that_is_shorter_than_its_head_is_noticed(house: House) -> None:
    session = await house.session()
    [ana] = await house.enter(session, "ana")
    await say(ana, 2)
    await lose_a_row(house, session, (await house.app[HOSTS].get(session)).room.seq)
    checker = await checked(house)
    assert checker.violations["log"] == 1


async def test_a_hole_in_what_is_sent_is_noticed(house: House) -> None:
    session = await house.session()
    [ana] = await house.enter(session, "ana")
    await checked(house)
    [viewer] = (await house.app[HOSTS].get(session)).audience.viewers()
    await say(ana, 1)
    viewer.stand(viewer.position + 1, viewer.known)
    await say(ana, 2)
    checker = await checked(house)
    assert checker.violations["delivery"] >= 1
    assert checker.last is not None
    assert checker.last.session == session
    assert await readiness(house) == (200, "degraded")


async def test_what_somebody_may_not_see_is_noticed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await house.session()
    [ana] = await house.enter(session, "ana")
    await checked(house)
    mara, ben = await house.enter(session, "mara", "ben")
    monkeypatch.setattr(delivery, "visible", lambda each, _standing: each)
    assert (await mara.submit("chat.send", text="only for you", to=ben.user))["ok"]
    await ana.sees("chat.sent", text="only for you")
    checker = await checked(house)
    assert checker.violations["delivery"] == 1


async def test_what_somebody_does_not_get_is_noticed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await house.session()
    [ana] = await house.enter(session, "ana")
    await checked(house)
    honest = visible
    monkeypatch.setattr(
        delivery, "visible", lambda each, standing: None if each.event.type == "hand.raised" else honest(each, standing)
    )
    assert (await ana.submit("hand.raise"))["ok"]
    await say(ana, 1)
    checker = await checked(house)
    assert checker.violations["delivery"] == 1
