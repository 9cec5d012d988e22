"""F26: one lesson after the other, of sessions that are new each time, while one thing after the other goes wrong, drawn by a seed. What
a server holds does not grow with the lessons it has seen: its memory, files, tasks and connections to Postgres when the last ones are
over are those of when the first ones were, after a warm-up. (During a lesson it grows: a session keeps what was said.) No time of
day is compared with anything but the same run.

Some seconds at one server; with FAULTS=long half an hour, or SOAK_MINUTES, at three with a Redis, of which one is killed again and again
(`make faults`). FAULT_SEED repeats a run; a lesson that fails stays in `.cache/faults`.
"""

import asyncio
import os
import random
import socket
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import psutil
import pytest
from socketio.exceptions import SocketIOError

from live.limits import IDLE_HOST_S
from tests.faults.campaign import Campaign
from tests.faults.crowd import Member, Person
from tests.faults.deaths import FAILING
from tests.faults.ground import Ground, metrics_of
from tests.faults.outcome import Plan, fresh_seed, is_long
from tests.faults.server import Server
from tests.faults.test_many_processes import FAULTS as OF_REDIS
from tests.faults.test_many_processes import Many, many  # noqa: F401
from tests.live.visitor import Visitor

LETS_GO_S = IDLE_HOST_S + 10 if is_long() else 0.1  # a server lets go of a session that nobody asks for
LESSONS = 10 if is_long() else 3
WARM_UP = LESSONS // 3
# short: every fault once
LESSON_S = 60.0 * float(os.environ.get("SOAK_MINUTES", "30")) / LESSONS - LETS_GO_S if is_long() else 0.0
SESSIONS = 10 if is_long() else 1
GUESTS = 30 if is_long() else 5  # who come, say a word and go, at a time
GROWS_MAX = 0.10
SPARE = {"memory": 0.0, "files": 6.0, "tasks": 20.0, "connections": 6.0}  # of few, one more is much
BLOCK_S, FROZEN_S = 0.3, (0.2, 12.0 if is_long() else 0.4)
GONE = (SocketIOError, TimeoutError, OSError, AssertionError)
Fault = Callable[["Soak"], Awaitable[None]]


@dataclass
class Soak:
    """`stays`: the servers that are watched, which are never killed; `mortal` is."""

    ground: Ground
    rng: random.Random
    stays: list[Server]
    mortal: Server | None = None
    many: Many | None = None
    people: list[Person] = field(default_factory=list)  # of this lesson
    met: Counter[str] = field(default_factory=Counter)
    samples: list[dict[str, float]] = field(default_factory=list)
    _cast: list[Member] = field(default_factory=list)

    @property
    def servers(self) -> list[Server]:
        return [*self.stays, *([self.mortal] if self.mortal is not None else [])]

    async def lesson(self, campaign: Campaign) -> None:
        """Every kind of fault once, and then as they are drawn."""
        self.people, self._cast = campaign.people, (await self.ground.casts(1))[0]
        faults = FAULTS | (MANY if self.mortal is not None else {})
        began, waiting = time.monotonic(), self.rng.sample(sorted(faults), len(faults))
        while time.monotonic() < began + LESSON_S or waiting:
            name = waiting.pop() if waiting else self.rng.choice(sorted(faults))
            self.met[name] += 1
            await asyncio.gather(faults[name](self), *(self._visit() for _ in range(GUESTS)))

    async def _visit(self) -> None:
        """Somebody comes, says a word and is gone, by the door or without a word."""
        member, server = self.rng.choice(self._cast), self.rng.choice(self.servers)
        guest = Visitor(server.url, member.token(), member.user)
        by_the_door = self.rng.random() < 0.5
        with suppress(*GONE):
            await guest.connect()
            await guest.join(member.session)
            await guest.submit("hand.raise")
            if not by_the_door:
                line = guest.sio.eio.ws.get_extra_info("socket")
                if line is not None:  # else the server was quicker
                    line.shutdown(socket.SHUT_RDWR)
        with suppress(*GONE):
            await guest.close()

    async def sample(self) -> None:
        """Of all that are watched, once everybody has gone."""
        await asyncio.sleep(LETS_GO_S)
        processes = [psutil.Process(server.pid) for server in self.stays]
        told = [await metrics_of(server) for server in self.stays]
        [[connections]] = await self.ground.sql(OURS)
        self.samples.append(
            {
                "memory": sum(process.memory_info().rss for process in processes) / 1e6,
                "files": sum(process.num_fds() for process in processes),
                "tasks": sum(each.get(("atelier_tasks", frozenset()), 0.0) for each in told),
                "connections": float(connections),
            }
        )

    def first_and_last(self) -> dict[str, tuple[float, float]]:
        """Medians of the first and the last third of the lessons after the warm-up."""
        counted = self.samples[WARM_UP:]
        third = max(1, len(counted) // 3)
        return {
            name: (
                statistics.median(each[name] for each in counted[:third]),
                statistics.median(each[name] for each in counted[-third:]),
            )
            for name in SPARE
        }


# -- what goes wrong ---------------------------------------------------------------------------------------------------

OURS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'atelier %'"
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'atelier %'"


async def _everybody_is_cut(soak: Soak) -> None:
    for person in soak.people:
        await person.client.drop()


async def _postgres_is_cut(soak: Soak) -> None:
    await soak.ground.sql(CUT)


async def _appends_fail(soak: Soak) -> None:
    soak.ground.arm(FAILING.format(share=0.2))
    await asyncio.sleep(0.3)
    soak.ground.arm("")


async def _a_loop_stands_still(soak: Soak) -> None:
    soak.ground.arm(f"before_commit=block:{BLOCK_S}")
    await asyncio.sleep(0.3)
    soak.ground.arm("")


async def _a_server_is_frozen(soak: Soak) -> None:
    server = soak.rng.choice(soak.servers)
    server.pause()
    try:
        await asyncio.sleep(soak.rng.uniform(*FROZEN_S))
    finally:
        server.resume()


async def _a_server_is_killed(soak: Soak) -> None:
    assert soak.mortal is not None
    await asyncio.sleep(soak.rng.uniform(0.0, 1.0))
    soak.mortal.kill()
    soak.mortal.start()
    await soak.mortal.listening()


async def _redis_does_what_it_likes(soak: Soak) -> None:
    assert soak.many is not None
    name = soak.rng.choice(sorted(OF_REDIS))
    soak.met[f"redis {name}"] += 1
    await OF_REDIS[name](soak.many, soak.rng.uniform(1.0, 10.0))


async def _postgres_is_away_from_one(soak: Soak) -> None:
    assert soak.many is not None
    soak.many.postgres.black()
    try:
        await asyncio.sleep(soak.rng.uniform(1.0, 10.0))
    finally:
        soak.many.postgres.show()


FAULTS: dict[str, Fault] = {
    "everybody cut": _everybody_is_cut,
    "Postgres cut": _postgres_is_cut,
    "appends fail": _appends_fail,
    "loop stands still": _a_loop_stands_still,
    "frozen": _a_server_is_frozen,
}
MANY: dict[str, Fault] = {
    "killed": _a_server_is_killed,
    "redis": _redis_does_what_it_likes,
    "one without Postgres": _postgres_is_away_from_one,
}


@pytest.mark.timeout((LESSON_S + LETS_GO_S) * LESSONS * 2 + 300)
def test_f26_what_a_server_holds_does_not_grow(
    ground: Ground, request: pytest.FixtureRequest, tell: Callable[[object], None]
) -> None:
    several: Many | None = request.getfixturevalue("many") if is_long() else None
    stays = several.servers if several is not None else [ground.server]
    mortal = None
    if several is not None:
        mortal = asyncio.run(ground.start(REDIS_URL=f"redis://127.0.0.1:{several.redis_port}"))
    seed = fresh_seed()
    soak = Soak(ground, random.Random(seed), stays, mortal, several)
    try:
        for number in range(LESSONS):
            plan = Plan(f"f26-soak-{number}", seed, sessions=SESSIONS, servers=len(soak.servers), pace_s=0.3)
            outcome = ground.undergo(plan, soak.lesson, soak.servers)
            tell(outcome)
            assert outcome.sound, outcome
            assert outcome.report.unanswered == 0
            asyncio.run(soak.sample())
    finally:
        if mortal is not None:
            ground.end(mortal)
    tell(f"met: {dict(soak.met)}; memory of all, MB: {[round(each['memory']) for each in soak.samples]}")
    for name, (first, last) in soak.first_and_last().items():
        assert last <= first * (1 + GROWS_MAX) + SPARE[name], f"{name} grows: {first:.0f}, then {last:.0f}"
