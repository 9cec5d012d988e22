"""A session that somebody holds locked in Postgres waits by itself; the others do not notice (guarantees F6)."""

import asyncio
import time

import asyncpg

from tests.live.conftest import House


async def test_a_locked_session_holds_up_nobody_else(house: House) -> None:
    locked, free = await house.session(), await house.session()
    [ana] = await house.enter(locked, "ana")
    [ben] = await house.enter(free, "ben")
    holder = await asyncpg.connect(house.dsn)
    try:
        async with holder.transaction():
            await holder.execute("SELECT FROM live.session_heads WHERE session_id = $1 FOR UPDATE", locked)
            started = time.monotonic()
            stuck = asyncio.create_task(ana.submit("chat.send", text="wait for me", command_id=None))
            slowest = 0.0
            for number in range(10):
                asked = time.monotonic()
                assert (await ben.submit("chat.send", text=f"{number}"))["ok"]
                slowest = max(slowest, time.monotonic() - asked)
                await asyncio.sleep(0.1)
            ack = await stuck
            print(
                f"the others waited {slowest * 1000:.0f} ms at most, the locked one {time.monotonic() - started:.1f} s"
            )
            assert (ack["ok"], ack["code"]) == (False, "unavailable")
            assert slowest < (time.monotonic() - started) / 2
    finally:
        await holder.close()
    deadline = time.monotonic() + 5
    while not (await ana.submit("chat.send", text="thank you"))["ok"]:
        assert time.monotonic() < deadline
    await ana.sees("chat.sent", text="thank you")
