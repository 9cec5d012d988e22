"""Postgres is gone, or refuses a commit: the room stays readable, commands say so in time, and all goes on by itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest

from live.keys import DATABASE, HOSTS
from persistence.event_log import EventLog
from rooms.room import STATE, RoomState, replay
from tests.databases import Cluster
from tests.live.conftest import House


@asynccontextmanager
async def away(house: House, cluster: Cluster) -> AsyncIterator[None]:
    """Nobody can connect to this one database any more, and whoever was connected is thrown out."""
    name = house.dsn.split("/")[3].split("?")[0]
    connection = await asyncpg.connect(cluster.dsn("postgres"))
    try:
        await connection.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        yield
    finally:
        await connection.execute(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
        await connection.close()


async def test_commands_say_unavailable_within_5_s_and_it_recovers(house: House, cluster: Cluster) -> None:
    session = await house.session()
    mara, ana, ben = await house.enter(session, "mara", "ana", "ben")
    assert (await ana.submit("chat.send", text="before"))["ok"]
    unknown = str(uuid4())
    async with away(house, cluster):
        started = time.monotonic()
        acks = await asyncio.gather(
            ana.submit(
                "chat.send",
                command_id=unknown,
                text="into the dark",
            ),
            mara.submit("participant.remove", userId=str(uuid4())),
        )
        took = time.monotonic() - started
        assert [ack.get("code") for ack in acks] == ["unavailable"] * 2, "a refusal stands on the head, too"
        assert all(ack["retryAfter"] > 0 for ack in acks)
        assert took < 10, took
        again = await ana.join(session, epoch=ana.ack["epoch"], after=ana.ack["seq"])
        assert again["ok"], "who was in may come back and read"
        await ana.sees("chat.sent", text="before")
        assert not ana.closed.is_set()
        for where in ({"epoch": ana.ack["epoch"], "after": 10_000}, {"epoch": str(uuid4()), "after": 1}):
            ahead = await ben.join(session, **where)
            assert ahead["code"] == "unavailable", "who has seen more elsewhere is shown less"
    deadline = time.monotonic() + 5
    while not (ack := await ana.submit("chat.send", command_id=unknown, text="into the dark"))["ok"]:
        assert ack["code"] == "unavailable"
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    await mara.sees("chat.sent", text="into the dark")
    assert [event.get("text") for event in mara.events].count("into the dark") == 1


@pytest.mark.parametrize("failpoints", ["before_commit=fail@0.3"])
async def test_with_commits_failing_at_random_state_equals_replay(house: House, failpoints: str) -> None:
    await house.instead(failpoints=failpoints)
    session = await house.session(active=False)
    [mara] = await house.enter_patiently(session, "mara")
    [ana] = await house.enter_patiently(session, "ana")
    for kind in ("session.start", "session.activate"):
        while not (await mara.submit(kind))["ok"]:
            pass
    ids = [str(uuid4()) for _ in range(60)]
    acks = [await ana.submit("chat.send", command_id=each, text=f"line {ids.index(each)}") for each in ids[:40]]
    together = (ana.submit("chat.send", command_id=each, text=f"line {ids.index(each)}") for each in ids[40:])
    acks += await asyncio.gather(*together)
    failed = [each for each, ack in zip(ids, acks, strict=True) if not ack["ok"]]
    assert failed
    assert {ack["code"] for ack in acks if not ack["ok"]} == {"internal"}
    for each in failed:
        while not (await ana.submit("chat.send", command_id=each, text=f"line {ids.index(each)}"))["ok"]:
            pass
    rows = await EventLog(house.app[DATABASE]).read(session, 0)
    held = await house.app[HOSTS].read(session)
    assert STATE.dump_json(held) == STATE.dump_json(replay(rows, RoomState()))
    said = [row.event.text for row in rows if row.event.type == "chat.sent"]  # type: ignore[attr-defined]
    assert sorted(said) == sorted(f"line {number}" for number in range(60))
    await ana.until(lambda visitor: visitor.types.count("chat.sent") == 60)
    ana.stands()
