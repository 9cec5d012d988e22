"""How processes die in a run, and how long everybody takes to go on: servers by `kill -9` at random and at failpoints, Postgres by
`kill -9`, appends by failing. Knows the load only by who is in a session, and who was answered.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faults.crowd import Person
from tests.faults.outcome import Outcome
from tests.faults.postgres import KILLS, Postgres
from tests.faults.server import Server

FAILPOINTS = ("before_commit", "after_commit_before_ack", "after_ack_before_delivery")
FAILING = "before_commit=fail@{share};after_commit_before_ack=fail@{share};after_ack_before_delivery=fail@{share}"
FAILING_SHARE = 0.1
AT_RANDOM = "at random"
WAYS = (AT_RANDOM, *FAILPOINTS)
HASTY_SHARE = 0.3  # of the kills come while the clients are still coming back
ROUNDS_UNTIL_FIRED = 30  # per session, about
FIRES_WITHIN_S = 20.0
BACK_WITHIN_S = 60.0  # on a machine with other things to do; what it takes is told


@dataclass
class Deaths:
    servers: Sequence[Server]
    postgres: Postgres
    people: Sequence[Person]
    outcome: Outcome
    rng: random.Random
    _ways: dict[str, str] = field(default_factory=dict)  # how the present life of a server ends, by its URL

    async def kill_servers(self, times: int) -> None:
        """Each life of a server ends in its own way; their last ones are left alone."""
        for number in range(times):
            server = self.servers[number % len(self.servers)]
            left = await self._end_life(server, self._ways.get(server.url, AT_RANDOM))
            if number + len(self.servers) >= times:
                await self._start(server, "", left, BACK_WITHIN_S)
                continue
            way = self._ways[server.url] = WAYS[(number + 1) % len(WAYS)]
            hasty = self.rng.random() < HASTY_SHARE
            share = 1.0 / self.outcome.plan.sessions / (2 if hasty else self.rng.uniform(1, 2) * ROUNDS_UNTIL_FIRED)
            armed = "" if way == AT_RANDOM else f"{way}=kill@{share:.4f}"
            await self._start(server, armed, left, self.rng.uniform(0, 0.5) if hasty and not armed else BACK_WITHIN_S)

    async def _end_life(self, server: Server, way: str) -> float:
        """The moment of death, as far as it is known."""
        if way in FAILPOINTS and await server.died(FIRES_WITHIN_S):
            self.outcome.kills[way] += 1
            return time.monotonic()
        if way == AT_RANDOM:
            await asyncio.sleep(self.rng.uniform(0.0, 1.5))
        killed = time.monotonic()
        server.kill()
        self.outcome.kills[AT_RANDOM] += 1
        return killed

    async def _start(self, server: Server, failpoints: str, died: float, wait_s: float) -> None:
        """Waits until all that were thrown out are back in their sessions, or the server dies before that by its failpoint."""
        away = [person for person in self.people if person.client.url == server.url or not person.client.live.is_set()]
        started = time.monotonic()
        server.start(failpoints)
        listening = await server.listening()
        back: list[float] = []
        if listening is not None:
            self.outcome.start_s.append(listening - started)
            while len(back) < len(away) and server.running and time.monotonic() < listening + wait_s:
                await asyncio.sleep(0.01)
                firsts = (next((t for t in person.joined if t > died), None) for person in away)
                back = [max(0.0, first - listening) for first in firsts if first is not None]
        if len(back) == len(away):
            self.outcome.back_s += [max(back)] if back else []
            self.outcome.clients_back_s += back
        else:
            self.outcome.killed_before_all_back += 1
            if server.running and wait_s == BACK_WITHIN_S:
                self.outcome.flaws.append(f"{len(away) - len(back)} clients not back after {wait_s:.0f} s")

    async def kill_postgres(self, times: int) -> None:
        for number in range(times):
            await asyncio.sleep(self.rng.uniform(0.3, 2.0))
            what = KILLS[number % len(KILLS)]
            killed = time.monotonic()
            self.postgres.kill(self.rng, what)
            self.outcome.postgres_kills[what] += 1
            accepting = asyncio.create_task(self.postgres.accepting())
            sessions = {person.member.session for person in self.people}
            while sessions and time.monotonic() < killed + BACK_WITHIN_S:
                await asyncio.sleep(0.01)
                sessions -= {person.member.session for person in self.people if person.asked_and_got > killed}
            if sessions:
                accepting.cancel()
                self.outcome.flaws.append(
                    f"{len(sessions)} sessions take no commands {BACK_WITHIN_S:.0f} s after a kill of Postgres"
                )
                continue
            went_on, back = time.monotonic(), await accepting
            self.outcome.postgres_back_s.append(back - killed)
            self.outcome.again_s.append(max(0.0, went_on - back))

    async def fail(self, duration_s: float) -> None:
        for server in self.servers:
            died = await self._end_life(server, AT_RANDOM)
            await self._start(server, FAILING.format(share=FAILING_SHARE), died, BACK_WITHIN_S)
        await asyncio.sleep(duration_s)
        for server in self.servers:
            died = await self._end_life(server, AT_RANDOM)
            await self._start(server, "", died, BACK_WITHIN_S)
