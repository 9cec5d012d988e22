"""F25: a process without a file left to open, whose loop stands still for two seconds, or without memory, under load. It takes nobody
in, health is red, people who are there go on or come back; with room again all goes on alone. Nothing lost, doubled or out of order.

Once each; with FAULTS=long ten times (`make faults`). FAULT_SEED repeats a run; one that fails stays in `.cache/faults`.
"""

import asyncio
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import aiohttp
import psutil
import pytest
from socketio.exceptions import SocketIOError

from tests.faults.campaign import Campaign
from tests.faults.ground import Ground, opened
from tests.faults.outcome import Plan, fresh_seed, is_long
from tests.faults.server import Server

TIMES = 10 if is_long() else 1
SESSIONS = 10 if is_long() else 1
LASTS_S = 2.0
BLOCK_S = 2.0
WITHIN_S = 15.0
TRIED_FOR_S = 0.7
LINE_CHARACTERS = 4_000


@contextmanager
def at_most(server: Server, what: int, amount: int) -> Iterator[None]:
    """As a limit of the operating system, from now on."""
    before = resource.prlimit(server.pid, what)
    resource.prlimit(server.pid, what, (amount, before[1]))
    try:
        yield
    finally:
        if server.running:
            resource.prlimit(server.pid, what, before)


async def health(http: aiohttp.ClientSession, server: Server) -> str:
    async with http.get(f"{server.url}/readyz") as response:
        return str((await response.json())["status"])


async def becomes(http: aiohttp.ClientSession, server: Server, wanted: str) -> None:
    async with asyncio.timeout(WITHIN_S):
        while await health(http, server) != wanted:  # noqa: ASYNC110 - a process sets no event
            await asyncio.sleep(0.02)


async def takes_somebody_in(server: Server) -> bool:
    try:
        async with (
            asyncio.timeout(TRIED_FOR_S),
            aiohttp.ClientSession() as http,
            http.get(f"{server.url}/healthz") as response,
        ):
            return response.status == 200
    except (TimeoutError, aiohttp.ClientError):
        return False


async def _use_up(http: aiohttp.ClientSession, server: Server) -> list[asyncio.StreamWriter]:
    """Connections that say nothing, one more again and again, until the last file that was free is theirs."""
    idle: list[asyncio.StreamWriter] = []
    async with asyncio.timeout(WITHIN_S):
        while await health(http, server) != "no files left":
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            idle.append(writer)
            await asyncio.sleep(0.05)
    return idle


def _answered(campaign: Campaign) -> float:
    return max(person.asked_and_got for person in campaign.people)


@pytest.mark.timeout(600 if is_long() else 120)
def test_f25_files_and_a_loop_that_stands_still(ground: Ground, tell: Callable[[object], None]) -> None:
    plan = Plan("f25-exhausted", fresh_seed(), pace_s=0.2, sessions=1)  # of several, each would block it in its turn

    async def exhaust(campaign: Campaign) -> None:
        server = ground.server
        async with aiohttp.ClientSession() as http:
            assert await health(http, server) == "ready"
            for _ in range(TIMES):
                began = time.monotonic()
                with at_most(server, resource.RLIMIT_NOFILE, psutil.Process(server.pid).num_fds()):
                    idle = await _use_up(http, server)
                    assert not await takes_somebody_in(server)
                    await asyncio.sleep(LASTS_S)
                    assert _answered(campaign) > began, "people who are there do not go on"
                    for writer in idle:
                        writer.close()
                await becomes(http, server, "ready")
                async with asyncio.timeout(WITHIN_S):
                    while not await takes_somebody_in(server):
                        pass
                ground.arm(f"before_commit=block:{BLOCK_S}")
                await becomes(http, server, "behind")
                ground.arm("")
                await becomes(http, server, "ready")
        campaign.outcome.told.append(f"{TIMES} times without files, {TIMES} times blocked for {BLOCK_S} s and more")

    outcome = ground.undergo(plan, exhaust)
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.report.acknowledged > 20 * TIMES
    assert outcome.report.unanswered == 0


@pytest.mark.timeout(600 if is_long() else 120)
def test_f25_memory(ground: Ground, tell: Callable[[object], None]) -> None:
    """It may fail to answer, and it may die; then it is started again, as supervisors do."""
    plan = Plan("f25-memory", fresh_seed(), sessions=SESSIONS, pace_s=0.2)
    server = asyncio.run(ground.start())
    came = Counter[str]()

    async def press(campaign: Campaign) -> None:
        for cast in await ground.casts(TIMES):
            mara = await opened(cast, server.url)
            with at_most(server, resource.RLIMIT_AS, psutil.Process(server.pid).memory_info().vms):
                began, said = time.monotonic(), server.said("MemoryError")
                while server.running and time.monotonic() < began + WITHIN_S:
                    try:
                        ack = await mara.submit("chat.send", text="x" * LINE_CHARACTERS)
                    except (TimeoutError, SocketIOError) as error:
                        came[type(error).__name__] += 1
                        break
                    came["ok" if ack["ok"] else ack["code"]] += 1
                    if time.monotonic() > began + LASTS_S and server.said("MemoryError") > said:
                        break
            await mara.close()
            if not server.running:
                came["died"] += 1
                server.start()
                await server.listening()
            await asyncio.sleep(1)
            for person in campaign.people:  # whose answer was lost is not asked to wait for another one
                await person.client.drop()
        campaign.outcome.told.append(f"without memory: {dict(came)}; {server.said('MemoryError')} lines of MemoryError")

    try:
        outcome = ground.undergo(plan, press, [server])
    finally:
        ground.end(server)
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.report.unanswered == 0
    assert came.keys() - {"ok"} or server.said("MemoryError"), "there was enough"
