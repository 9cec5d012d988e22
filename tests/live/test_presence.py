"""Being there: a person's first connection, the last one gone, servers that die, and the log's last word (design.md 1)."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from live.keys import DATABASE, HOSTS
from rooms.ids import UserId
from rooms.participants import Leave
from tests.live.conftest import House


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a minute is a second here."""
    monkeypatch.setattr("persistence.presence.FRESH_S", 1.0)
    monkeypatch.setattr("persistence.presence.MISSING_AFTER_S", 1.0)
    monkeypatch.setattr("live.presence.BEAT_EVERY_S", 0.2)


async def test_whoever_is_gone_for_long_has_left(house: House) -> None:
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana")
    gone_at = datetime.now(UTC)
    await ana.close()
    left = await mara.sees("participant.left", 10, userId=ana.user)
    assert abs((datetime.fromisoformat(left["lastSeen"]) - gone_at).total_seconds()) < 1.5
    assert "actor" not in left
    await asyncio.sleep(1)
    assert mara.types.count("participant.left") == 1


async def test_whoever_comes_back_in_time_never_left(house: House) -> None:
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana")
    for _ in range(3):
        await ana.close()
        await asyncio.sleep(0.3)
        [ana] = await house.enter(session, "ana")
    await asyncio.sleep(1.5)
    assert "participant.left" not in mara.types
    assert mara.types.count("participant.joined") == 1


async def test_the_people_of_a_server_that_died_are_noticed_by_the_other(house: House) -> None:
    session = await house.session()
    other = await house.another()
    [mara] = await house.enter(session, "mara")
    [ana] = await house.enter(session, "ana", server=other)
    await mara.sees("participant.joined", userId=ana.user)
    await other.stop()
    house.servers.remove(other)
    await mara.sees("participant.left", 10, userId=ana.user)


async def test_whoever_is_said_to_have_left_but_is_here_joins_again(house: House) -> None:
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana")
    leave = Leave(user_id=UserId(ana.user), last_seen=datetime.now(UTC))
    assert (await house.app[HOSTS].submit(session, None, leave, str(uuid4()))).ok
    await mara.sees("participant.left", userId=ana.user)
    await mara.until(lambda visitor: visitor.types.count("participant.joined") == 2)
    assert (await ana.submit("chat.send", text="still here"))["ok"]


async def test_a_time_in_which_nobody_served_is_in_the_log(house: House) -> None:
    session = await house.session()
    [mara] = await house.enter(session, "mara")
    async with house.app[DATABASE].connection() as connection:
        await connection.execute(
            "INSERT INTO live.interruptions (from_at, to_at) "
            "VALUES (clock_timestamp() - interval '40 s', clock_timestamp() + interval '1 s')"
        )
    await mara.until(lambda visitor: visitor.types.count("session.interrupted") == 1, 10)
    await asyncio.sleep(1)
    assert mara.types.count("session.interrupted") == 1
