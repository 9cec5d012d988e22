"""What falls due later, whoever serves then: a poll that closes by itself, a right that was lent."""

import asyncio

from live.keys import DATABASE, HOSTS
from rooms.people import permissions_of
from rooms.roles import Permission
from tests.live.conftest import House


async def test_a_poll_with_a_time_closes_once_though_two_servers_watch(house: House) -> None:
    session = await house.session()
    other = await house.another()
    [mara] = await house.enter(session, "mara")
    await house.enter(session, "ana", server=other)
    await mara.submit("poll.create", question="Ready?", kind="single", options=["Yes", "No"])
    poll = (await mara.sees("poll.created"))["pollId"]
    await mara.submit("poll.open", pollId=poll, seconds=1)
    await mara.sees("poll.closed", pollId=poll)
    await asyncio.sleep(1)
    assert mara.types.count("poll.closed") == 1


async def test_it_fires_with_nobody_in_the_session(house: House) -> None:
    session = await house.session()
    [mara] = await house.enter(session, "mara")
    await mara.submit("poll.create", question="Ready?", kind="single", options=["Yes", "No"])
    poll = (await mara.sees("poll.created"))["pollId"]
    await mara.submit("poll.open", pollId=poll, seconds=1)
    await mara.close()
    await asyncio.sleep(2.5)
    room = await house.app[HOSTS].read(session)
    assert room.polls is not None
    assert room.polls.polls[poll].status == "closed"
    async with house.app[DATABASE].connection() as connection:
        left = await connection.fetch("SELECT key FROM live.timers WHERE key LIKE 'poll.%'")
    assert left == []


async def test_a_right_whose_time_is_over_counts_as_over_before_its_timer(house: House) -> None:
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana")
    await mara.submit("permission.grant", userId=ana.user, permission="can_create_polls", minutes=1)
    async with house.app[DATABASE].connection() as connection:
        row = await connection.fetchrow(
            "SELECT key, due_at - clock_timestamp() AS wait FROM live.timers WHERE key LIKE 'permission.%'"
        )
    assert row is not None
    assert 50 < row["wait"].total_seconds() <= 60
    room = await house.app[HOSTS].read(session)
    user = await house.user("ana")
    assert Permission.CREATE_POLLS in permissions_of(room, user, room.at)
