"""A run: stages sessions, lets the load work while processes die, waits until it is quiet, and has the histories checked.

    python -m tests.faults.campaign [--seed N] [--sessions N] [--servers N] [--server-kills N] [--postgres-kills N] …

What it recorded stays in .cache/faults/<name>-<seed> when something is wrong.
"""

import argparse
import asyncio
import gc
import random
import shutil
import sys
import time
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from persistence.migrate import migrate
from tests.faults.crowd import Member, Person
from tests.faults.deaths import Deaths
from tests.faults.history import LOG_FILE, check_run
from tests.faults.log import dump, keep_what_is_written, redactions_left
from tests.faults.outcome import Outcome, Plan, fresh_seed
from tests.faults.postgres import Postgres
from tests.faults.server import ROOT, Server
from tests.faults.staging import stage

SECRET_KEY = "a secret key that only the tests of this project use"
FOLDER = ROOT / ".cache" / "faults"
SETTLES_WITHIN_S = 60.0
T = TypeVar("T")


@dataclass
class Campaign:
    """`servers`: started, or to be started here; `dsn` is a superuser's."""

    plan: Plan
    folder: Path
    dsn: str
    servers: Sequence[Server]
    outcome: Outcome
    people: list[Person] = field(default_factory=list)

    # -- coming, working, leaving -------------------------------------------------------------------------------------------

    async def play(self, casts: Sequence[Sequence[Member]], trouble: Callable[[], Awaitable[None]]) -> None:
        """Everybody works as long as there is trouble."""
        for server in self.servers:
            if not server.running:
                server.start()
                await server.listening()
        await asyncio.gather(*(self._open(cast) for cast in casts))
        over = asyncio.Event()
        started = time.monotonic()
        work = [asyncio.create_task(person.work(self.plan.pace_s, over)) for person in self.people]
        try:
            await trouble()
        finally:
            over.set()
        await asyncio.gather(*work)
        self.outcome.load_s = time.monotonic() - started
        try:
            async with asyncio.timeout(SETTLES_WITHIN_S):
                await self._quieten()
        except TimeoutError:
            waiting = [f"{len(each.client.outbox)} at {each.client.seq}" for each in self.people]
            self.outcome.flaws.append(f"not quiet after {SETTLES_WITHIN_S:.0f} s: {waiting}")

    async def _open(self, cast: Sequence[Member]) -> None:
        """Mara opens the session, then the others come."""
        names, urls = {member.name: member.user for member in cast}, [server.url for server in self.servers]
        people = [
            Person(member, urls, self.folder, random.Random(f"{self.plan.seed}/{n}/{member.name}"), names)
            for n, member in enumerate(cast, start=len(self.people))
        ]
        self.people += people
        await people[0].come()
        for step in ("session.start", "session.activate"):
            ack = await people[0].ask({"type": step})
            assert ack["ok"], ack
        await asyncio.gather(*(person.come() for person in people[1:]))

    async def _quieten(self) -> None:
        """Everything answered, everybody at the head, compared with a fresh join and with REST."""
        await asyncio.gather(*(person.settle() for person in self.people))
        async with aiohttp.ClientSession() as http:
            await asyncio.gather(*(self._compare(person, http) for person in self.people))
        while await redactions_left(self.dsn):  # noqa: ASYNC110 - another process works them off
            await asyncio.sleep(0.2)

    async def _compare(self, person: Person, http: aiohttp.ClientSession) -> None:
        while not await person.compare(http):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.5)

    async def leave(self) -> None:
        """All go, and what they recorded is complete; also when something went wrong before."""
        await asyncio.gather(*(person.leave() for person in self.people))
        for person in self.people:
            self.outcome.answers += person.answers
            self.outcome.flaws += [f"{person.recorder.path.stem}: {flaw}" for flaw in person.flaws]


def play(plan: Plan) -> Outcome:
    return carried_out(run(plan))


def carried_out(work: Coroutine[Any, Any, T]) -> T:
    """python-engineio leaves a connection open whose server died during the handshake: that is no fault of ours, and it must
    not fail the test that happens to run when the garbage is collected."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Unclosed connection", ResourceWarning)
        try:
            return asyncio.run(work)
        finally:
            gc.collect()


async def run(plan: Plan) -> Outcome:
    """The folder of the run is left behind only when it was not sound."""
    folder = FOLDER / f"{plan.name}-{plan.seed}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    postgres = Postgres(folder / "database")
    dsn = postgres.start()
    servers = [
        Server(folder, dsn, SECRET_KEY, worker=number == 0, anew=plan.anew) for number in range(plan.servers)
    ]  # one is enough
    outcome = Outcome(plan)
    try:
        await migrate(dsn, SECRET_KEY)
        await keep_what_is_written(dsn)
        campaign = Campaign(plan, folder, dsn, servers, outcome)
        try:
            await campaign.play(await stage(dsn, SECRET_KEY, plan.sessions), partial(_kill, campaign, postgres))
        finally:
            await campaign.leave()
            (folder / LOG_FILE).write_text(await dump(dsn))
    finally:
        for server in servers:
            server.stop()
        postgres.stop()
        shutil.rmtree(folder / "database")
    outcome.report = check_run(folder)
    if outcome.sound:
        shutil.rmtree(folder)
    return outcome


async def _kill(campaign: Campaign, postgres: Postgres) -> None:
    plan = campaign.plan
    deaths = Deaths(campaign.servers, postgres, campaign.people, campaign.outcome, random.Random(plan.seed))
    await deaths.kill_servers(plan.server_kills)
    await deaths.kill_postgres(plan.postgres_kills)
    if plan.failing_s:
        await deaths.fail(plan.failing_s)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.campaign")
    parser.add_argument("--name", default="campaign")
    parser.add_argument("--seed", type=int, default=fresh_seed())
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--pace-s", type=float, default=Plan.pace_s)
    parser.add_argument("--server-kills", type=int, default=0)
    parser.add_argument("--postgres-kills", type=int, default=0)
    parser.add_argument("--failing-s", type=float, default=0.0)
    outcome = play(Plan(**vars(parser.parse_args(arguments))))
    print(outcome)
    return int(not outcome.sound)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
