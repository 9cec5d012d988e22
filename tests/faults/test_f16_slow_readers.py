"""F16: half of fifty readers of a session read nothing any more, at a server in a process of its own. They are closed with `slow` and
come back to where they stood; the server holds no more than was promised for them; the others get what is said nearly as fast as when
all read: both times are measured in turns with the same load, again where they differ, because the machine is not ours.

FAULTS=long: also one of them, more turns, and readers that are slow instead of deaf (`make faults`). FAULT_SEED repeats a run.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import psutil
import pytest

from tests.faults.campaign import Campaign
from tests.faults.crowd import Member
from tests.faults.ground import Ground, entered, metrics_of, opened
from tests.faults.outcome import Plan, fresh_seed, is_long
from tests.faults.server import Server
from tests.live.test_slow import Deaf
from tests.live.visitor import Visitor

READERS = 50
SLOW = (1, 25, 25, 25) if is_long() else (25,)  # of them, by turn
TRIES = 3
LINES, LINE = 280, "x" * 4_500  # together more than anybody may be behind
AT_ONCE = 8
BYTES_EACH_MAX = 1.5 * 2**20  # of a reader that does not read
BESIDE_BYTES = 20_000_000  # what the session itself holds of that many lines
NOTICED_MAX = 2.0  # times as long as when all read
CLOSED_WITHIN_S = 30.0
SIP_BYTES, SIP_EVERY_S = 2_000, 0.2
PONG, PONG_EVERY_S = b"\x81\x81\0\0\0\x003", 3.0  # a masked text frame of Engine.IO's


class Reader(Deaf):
    """Reads what comes and forgets it; until it is told to stop, or to sip."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._reading: asyncio.Task[None] | None = None
        self._living: asyncio.Task[None] | None = None

    async def come(self, member: Member) -> None:
        await self.enter(member.session, member.token())
        self._reading = asyncio.create_task(self._read())
        self._living = asyncio.create_task(self._live())

    async def _live(self) -> None:
        """Silence would close it as well."""
        with suppress(OSError):
            while True:
                await asyncio.sleep(PONG_EVERY_S)
                await self._send_raw(PONG)

    async def _read(self, size: int = 1_000_000, every_s: float = 0.0) -> None:
        loop = asyncio.get_running_loop()
        while await loop.sock_recv(self._socket, size):  # noqa: ASYNC110 - so slow is this one
            await asyncio.sleep(every_s)

    async def be_slow(self, *, sip: bool) -> None:
        assert self._reading is not None
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        self._reading = asyncio.create_task(self._read(SIP_BYTES, SIP_EVERY_S)) if sip else None

    async def go(self) -> None:
        tasks = [each for each in (self._reading, self._living) if each is not None]
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.close()


@pytest.fixture
def server(ground: Ground) -> Iterator[Server]:
    server = asyncio.run(ground.start())
    yield server
    ground.end(server)


@pytest.mark.timeout(1_800 if is_long() else 180)
def test_f16_half_of_the_readers_do_not_read(ground: Ground, server: Server, tell: Callable[[object], None]) -> None:
    plan = Plan("f16-slow", fresh_seed(), sessions=3 if is_long() else 1, pace_s=0.5)
    rng, ratios = random.Random(plan.seed), list[float]()

    async def stall(campaign: Campaign) -> None:
        [cast] = await ground.casts(1)
        people = [await opened(cast, server.url), *[await entered(each, server.url) for each in cast[1:3]]]
        hall = Hall(server, cast, *people)
        ratio = 0.0
        for turn, number in enumerate(SLOW):
            for _ in range(TRIES):
                sip = is_long() and turn == len(SLOW) - 1
                calm, hit, told_of = await _turn(hall, rng.sample(range(READERS), number), sip=sip)
                ratio = statistics.median(hit) / statistics.median(calm)
                campaign.outcome.told.append(f"{told_of}, others {ratio:.2f} times as long as when all read")
                if ratio < NOTICED_MAX:
                    break
            ratios.append(ratio)
        await hall.close()

    outcome = ground.undergo(plan, stall, [server])
    tell(outcome)
    assert outcome.sound, outcome
    assert max(ratios) < NOTICED_MAX


async def _turn(hall: "Hall", which: list[int], *, sip: bool) -> tuple[list[float], list[float], str]:
    """What each word took while all read, and while these do not."""
    await hall.fill()
    calm = await hall.lecture()
    standing, closed = hall.ana.events[-1]["seq"], await _closed_as_slow(hall.server)
    process = psutil.Process(hall.server.pid)
    memory = process.memory_info().rss
    slow = [hall.readers[each] for each in which]
    for each in slow:
        await each.be_slow(sip=sip)
    hit = await hall.lecture()
    async with asyncio.timeout(CLOSED_WITHIN_S):
        while await _closed_as_slow(hall.server) < closed + len(slow):  # noqa: ASYNC110 - it sets no event
            await asyncio.sleep(0.1)
    assert await _closed_as_slow(hall.server) == closed + len(slow), "somebody who reads was closed"
    grown = process.memory_info().rss - memory
    assert grown < len(slow) * BYTES_EACH_MAX + BESIDE_BYTES
    for each in slow:
        await each.go()
        hall.readers.remove(each)
    await _comes_back(hall, standing, 5 if is_long() else 1)
    return (
        calm,
        hit,
        f"{len(slow)} of {READERS} {'sip' if sip else 'do not read'}: {grown / 1e6:.0f} MB, {max(hit):.2f} s at most",
    )


class Hall:
    """Theo lectures, Mara says something now and then, and Ana notes when it comes; the readers read, all of them the same account."""

    def __init__(self, server: Server, cast: list[Member], mara: Visitor, theo: Visitor, ana: Visitor) -> None:
        self.server, self.cast = server, cast
        self.mara, self.theo, self.ana = mara, theo, ana
        self.readers: list[Reader] = []
        self._said = 0

    async def fill(self) -> None:
        while len(self.readers) < READERS:
            reader = Reader(self.server.port)
            await reader.come(self.cast[3])
            self.readers.append(reader)

    async def lecture(self) -> list[float]:
        """How long each of Mara's words took to Ana meanwhile."""
        lines = iter(range(LINES))

        async def speak() -> None:
            for _ in lines:
                ack = await self.theo.submit("chat.send", text=LINE)
                assert ack["ok"], ack

        speaking = asyncio.gather(*(speak() for _ in range(AT_ONCE)))
        took = [await self._word()]
        while not speaking.done():
            took.append(await self._word())
            await asyncio.sleep(0.02)
        await speaking
        return took

    async def _word(self) -> float:
        self._said += 1
        asked = time.monotonic()
        ack = await self.mara.submit("chat.send", text=f"word {self._said}")
        assert ack["ok"], ack
        await self.ana.until(lambda each: each.position >= ack["seq"] or each.events[-1]["seq"] >= ack["seq"])
        return time.monotonic() - asked

    async def close(self) -> None:
        for reader in self.readers:
            await reader.go()
        for person in (self.mara, self.theo, self.ana):
            person.stands()
            await person.close()


async def _comes_back(hall: Hall, after: int, times: int) -> None:
    """From where they stood when they read last: nothing is missing."""
    member = hall.cast[3]
    for _ in range(times):
        back = await Visitor(hall.server.url, member.token(), member.user).connect()
        ack = await back.join(member.session, epoch=hall.mara.ack["epoch"], after=after)
        assert (ack["ok"], "resync" in ack) == (True, False), ack
        await back.until(lambda each: each.events and each.events[-1]["seq"] >= hall.ana.events[-1]["seq"], 30)
        assert back.stands() >= hall.ana.events[-1]["seq"]
        await back.close()


async def _closed_as_slow(server: Server) -> float:
    return (await metrics_of(server)).get(("atelier_closes_total", frozenset({("code", "slow")})), 0.0)
