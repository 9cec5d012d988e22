"""A run: stages sessions, lets the load work while processes die, waits until it is quiet, and has the histories checked.

    python -m tests.faults.campaign [--seed N] [--sessions N] [--server-kills N] [--postgres-kills N] [--failing-s S]

What it recorded stays in .cache/faults/<seed> when something is wrong.
"""

import argparse
import asyncio
import os
import random
import shutil
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from persistence.migrate import migrate
from tests.faults.crowd import Member, Person
from tests.faults.history import LOG_FILE, Report, check_run
from tests.faults.log import dump, keep_what_is_written, redactions_left
from tests.faults.postgres import KILLS, Postgres
from tests.faults.server import ROOT, Server
from tests.faults.staging import CAST, stage

SECRET_KEY = "a secret key that only the tests of this project use"
FOLDER = ROOT / ".cache" / "faults"
FAILPOINTS = ("before_commit", "after_commit_before_ack", "after_ack_before_delivery")
FAILING = "before_commit=fail@{share};after_commit_before_ack=fail@{share};after_ack_before_delivery=fail@{share}"
AT_RANDOM = "at random"
CALM = "not at all"
HASTY_SHARE = 0.3  # of the kills come while the clients are still coming back
FIRES_WITHIN_S = 6.0
BACK_WITHIN_S = 30.0
SETTLES_WITHIN_S = 60.0


def is_long() -> bool:
    return os.environ.get("FAULTS") == "long"


def fresh_seed() -> int:
    return int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(2**32))


@dataclass(frozen=True)
class Plan:
    """`pace_s`: the mean pause of one client between two commands. `failing_s`: that long every tenth commit fails."""

    seed: int
    sessions: int = 10
    pace_s: float = 0.4
    server_kills: int = 0
    postgres_kills: int = 0
    failing_s: float = 0.0
    failing_share: float = 0.1


@dataclass
class Outcome:
    """`start_s`: from the start of the process to listening; `back_s`: from the server listening to the moment that the last client was in its session again, per kill;
    `clients_back_s` the same for every client. `again_s`: from a kill of Postgres until every session took commands."""

    plan: Plan
    report: Report = field(default_factory=Report)
    kills: Counter[str] = field(default_factory=Counter)
    postgres_kills: Counter[str] = field(default_factory=Counter)
    start_s: list[float] = field(default_factory=list)
    back_s: list[float] = field(default_factory=list)
    clients_back_s: list[float] = field(default_factory=list)
    again_s: list[float] = field(default_factory=list)
    killed_before_all_back: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    flaws: list[str] = field(default_factory=list)
    load_s: float = 0.0

    @property
    def sound(self) -> bool:
        return not self.report.violations and not self.flaws

    def __str__(self) -> str:
        report, plan = self.report, self.plan
        lines = [
            f"seed {plan.seed}: {plan.sessions} sessions of {len(CAST)} clients, {self.load_s:.0f} s of load",
            f"  kills of the server {self.kills.total()}: {_named(self.kills)}",
            f"    of these before everybody was back {self.killed_before_all_back}",
            f"  kills of Postgres {self.postgres_kills.total()}: {_named(self.postgres_kills)}",
            f"  commands {report.commands}: acknowledged {report.acknowledged}, refused {report.refused}",
            f"    without an answer {report.unanswered}; lost {report.lost}, doubled {report.doubled}",
            f"    answers: {_named(self.answers)}",
            f"    outcomes that were unknown for a while {report.unknown.total()}: {_named(report.unknown)}",
            f"  events {report.events}, received {report.applied}; {report.resumes} resumes, {report.snapshots} snapshots",
        ]
        lines.append(f"    in the log: {_named(report.kinds)}")
        if self.back_s:
            lines.append(f"  server started to listening: {_spread(self.start_s)}")
            lines.append(f"  listening to every client back: {_spread(self.back_s)}")
            lines.append(f"    to one client back: {_spread(self.clients_back_s)}")
        if self.again_s:
            lines.append(f"  Postgres killed to commands in every session: {_spread(self.again_s)}")
        lines.append(f"  violations {len(report.violations)}, flaws of clients {len(self.flaws)}")
        lines += [f"    {each}" for each in [*map(str, report.violations[:30]), *self.flaws[:10]]]
        return "\n".join(lines)


def _named(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "-"


def _spread(values: Sequence[float]) -> str:
    hundredths = statistics.quantiles([*values, values[0]], n=100, method="inclusive")
    return f"p50 {hundredths[49]:.2f} s, p99 {hundredths[98]:.2f} s, max {max(values):.2f} s (n={len(values)})"


@dataclass
class Campaign:
    plan: Plan
    folder: Path
    postgres: Postgres
    server: Server
    outcome: Outcome
    rng: random.Random
    people: list[Person] = field(default_factory=list)

    # -- coming, working, leaving -------------------------------------------------------------------------------------------

    async def play(self, casts: Sequence[Sequence[Member]]) -> None:
        self.server.start()
        await self.server.listening()
        await asyncio.gather(*(self._open(cast) for cast in casts))
        over = asyncio.Event()
        started = time.monotonic()
        work = [asyncio.create_task(person.work(self.plan.pace_s, over)) for person in self.people]
        try:
            await self._kill_servers()
            await self._kill_postgres()
            await self._fail_commits()
        finally:
            over.set()
        await asyncio.gather(*work)
        self.outcome.load_s = time.monotonic() - started
        await self._quieten()

    async def _open(self, cast: Sequence[Member]) -> None:
        """Mara opens the session, then the others come."""
        names = {member.name: member.user for member in cast}
        people = [
            Person(member, self.server.url, self.folder, random.Random(f"{self.plan.seed}/{n}/{member.name}"), names)
            for n, member in enumerate(cast, start=len(self.people))
        ]
        self.people += people
        await people[0].come()
        for step in ("session.start", "session.activate"):
            ack = await people[0].ask({"type": step})
            assert ack["ok"], ack
        await asyncio.gather(*(person.come() for person in people[1:]))

    async def _quieten(self) -> None:
        """Everything answered, everybody at the head, compared with a fresh join and with REST; then all leave."""
        async with asyncio.timeout(SETTLES_WITHIN_S):
            await asyncio.gather(*(person.settle() for person in self.people))
            async with aiohttp.ClientSession() as http:
                await asyncio.gather(*(self._compare(person, http) for person in self.people))
            while await redactions_left(self.postgres.dsn):  # noqa: ASYNC110 - another process works them off
                await asyncio.sleep(0.2)
        await self._leave()

    async def _compare(self, person: Person, http: aiohttp.ClientSession) -> None:
        while not await person.compare(http):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.5)

    async def _leave(self) -> None:
        people, self.people = self.people, []
        await asyncio.gather(*(person.leave() for person in people))
        for person in people:
            self.outcome.answers += person.answers
            self.outcome.flaws += [f"{person.recorder.path.stem}: {flaw}" for flaw in person.flaws]

    # -- killing --------------------------------------------------------------------------------------------------------------

    async def _kill_servers(self) -> None:
        """Each life of the server ends in its own way; the last one is left alone."""
        ways = (AT_RANDOM, *FAILPOINTS)
        for number in range(self.plan.server_kills):
            await self._end_life(ways[number % len(ways)])
            following = ways[(number + 1) % len(ways)] if number + 1 < self.plan.server_kills else CALM
            hasty = self.rng.random() < HASTY_SHARE
            share = self.rng.uniform(0.5, 1.0) / self.plan.sessions / (2 if hasty else 30)
            armed = f"{following}=kill@{share:.4f}" if following in FAILPOINTS else ""
            await self._start(armed, self.rng.uniform(0, 0.5) if hasty and not armed else BACK_WITHIN_S)

    async def _end_life(self, way: str) -> None:
        if way in FAILPOINTS and await self.server.died(FIRES_WITHIN_S):
            self.outcome.kills[way] += 1
            return
        if way == AT_RANDOM:
            await asyncio.sleep(self.rng.uniform(0.0, 1.5))
        self.server.kill()
        self.outcome.kills[AT_RANDOM] += 1

    async def _start(self, failpoints: str, wait_s: float) -> None:
        """Starts the server and waits for everybody to be back, or to die before that by its failpoint."""
        started = time.monotonic()
        self.server.start(failpoints)
        listening = await self.server.listening()
        self.outcome.start_s.append(listening - started)
        deadline = listening + wait_s
        back = self._back_since(listening)
        while len(back) < len(self.people) and self.server.running and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
            back = self._back_since(listening)
        if len(back) == len(self.people):
            self.outcome.back_s.append(max(back))
            self.outcome.clients_back_s += back
        else:
            self.outcome.killed_before_all_back += 1
            if self.server.running and wait_s == BACK_WITHIN_S:
                self.outcome.flaws.append(f"{len(self.people) - len(back)} clients not back after {wait_s:.0f} s")

    def _back_since(self, moment: float) -> list[float]:
        """Of everybody who has been in their session since then: after how many seconds first."""
        firsts = (next((t for t in person.joined if t > moment), None) for person in self.people)
        return [first - moment for first in firsts if first is not None]

    async def _kill_postgres(self) -> None:
        for number in range(self.plan.postgres_kills):
            await asyncio.sleep(self.rng.uniform(0.3, 2.0))
            what = KILLS[number % len(KILLS)]
            killed = time.monotonic()
            self.postgres.kill(self.rng, what)
            self.outcome.postgres_kills[what] += 1
            sessions = {person.member.session for person in self.people}
            while sessions and time.monotonic() < killed + BACK_WITHIN_S:
                await asyncio.sleep(0.01)
                sessions -= {person.member.session for person in self.people if person.asked_and_got > killed}
            if sessions:
                self.outcome.flaws.append(
                    f"{len(sessions)} sessions take no commands {BACK_WITHIN_S:.0f} s after a kill of Postgres"
                )
            else:
                self.outcome.again_s.append(time.monotonic() - killed)

    async def _fail_commits(self) -> None:
        if not self.plan.failing_s:
            return
        await self._end_life(AT_RANDOM)
        await self._start(FAILING.format(share=self.plan.failing_share), BACK_WITHIN_S)
        await asyncio.sleep(self.plan.failing_s)
        await self._end_life(AT_RANDOM)
        await self._start("", BACK_WITHIN_S)


async def run(plan: Plan) -> Outcome:
    """The folder of the run is left behind only when it was not sound."""
    folder = FOLDER / str(plan.seed)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    postgres = Postgres(folder / "database")
    dsn = postgres.start()
    server = Server(folder, dsn, SECRET_KEY)
    outcome = Outcome(plan)
    try:
        await migrate(dsn, SECRET_KEY)
        await keep_what_is_written(dsn)
        campaign = Campaign(plan, folder, postgres, server, outcome, random.Random(plan.seed))
        await campaign.play(await stage(dsn, SECRET_KEY, plan.sessions))
        written = await dump(dsn)
    finally:
        server.stop()
        postgres.stop()
    (folder / LOG_FILE).write_text(written)
    outcome.report = check_run(folder)
    if outcome.sound:
        shutil.rmtree(folder)
    return outcome


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.campaign")
    parser.add_argument("--seed", type=int, default=fresh_seed())
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--pace-s", type=float, default=Plan.pace_s)
    parser.add_argument("--server-kills", type=int, default=0)
    parser.add_argument("--postgres-kills", type=int, default=0)
    parser.add_argument("--failing-s", type=float, default=0.0)
    outcome = asyncio.run(run(Plan(**vars(parser.parse_args(arguments)))))
    print(outcome)
    return int(not outcome.sound)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
