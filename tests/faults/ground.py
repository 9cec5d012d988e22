"""What the short rows of the fault table share: one database, one server that never starts again, the load and the checker.

A trial is some sessions with their cast at work while one thing goes wrong, until it is quiet again; then the history checker says
what it thinks. The server takes what is to go wrong inside it from a file (live/failpoints.py).
"""

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import psutil

from rooms.lifecycle import FeatureType
from tests.conftest import find_free_port
from tests.databases import SECRET_KEY, Cluster
from tests.faults.campaign import FOLDER, Campaign, carried_out
from tests.faults.crowd import Member
from tests.faults.history import LOG_FILE, check_run
from tests.faults.log import dump, keep_what_is_written
from tests.faults.outcome import Outcome, Plan
from tests.faults.server import Server
from tests.faults.staging import stage
from tests.live.test_metrics import Samples, page, samples_of
from tests.live.visitor import Visitor

LETS_GO_WITHIN_S = 10.0
POOLED = 25  # connections to Postgres that may stay, and what goes with them
Trouble = Callable[[Campaign], Awaitable[None]]


@contextmanager
def laid(cluster: Cluster, folder: Path) -> Iterator["Ground"]:
    """With its server running."""

    async def lay() -> Ground:
        ground = Ground(cluster.dsn(await cluster.create()), folder)
        await keep_what_is_written(ground.dsn)
        await ground.start()
        return ground

    ground = asyncio.run(lay())
    try:
        yield ground
    finally:
        for server in ground.servers:
            server.stop()


@dataclass
class Ground:
    """`servers[0]` is there for all; a test that starts another one ends it."""

    dsn: str
    folder: Path
    servers: list[Server] = field(default_factory=list)
    _staged: int = 0

    @property
    def server(self) -> Server:
        return self.servers[0]

    @property
    def _failpoints(self) -> Path:
        return self.folder / "failpoints"

    def arm(self, specification: str) -> None:
        """From now on in all servers of this ground."""
        self._failpoints.write_text(specification)

    async def start(self, **options: Any) -> Server:
        """One more, as tests/faults/server.py takes them; without a worker beside it. It tells its metrics."""
        if not self.servers:
            self.arm("")
        folder = self.folder / str(len(list(self.folder.iterdir())))
        folder.mkdir()
        metrics = {"METRICS_ADDRESS": f"127.0.0.1:{find_free_port()}"}
        server = Server(folder, self.dsn, SECRET_KEY, worker=False, **(metrics | options))
        server.start(f"@{self._failpoints}")
        await server.listening()
        self.servers.append(server)
        return server

    def end(self, server: Server) -> None:
        """One that was started for one test."""
        self.servers.remove(server)
        server.stop()

    async def sql(self, statement: str, *arguments: Any) -> Any:
        """As the superuser, on a connection of its own; the rows."""
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()

    async def run(self, script: str) -> None:
        """Statements without arguments, as the superuser."""
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(script)
        finally:
            await connection.close()

    async def casts(self, sessions: int, *features: FeatureType) -> list[list[Member]]:
        """Of sessions that nobody had before."""
        first, self._staged = self._staged, self._staged + sessions
        return await stage(self.dsn, SECRET_KEY, sessions, *features, first=first)

    def undergo(self, plan: Plan, trouble: Trouble, servers: Sequence[Server] = ()) -> Outcome:
        """At these servers, or the one there is."""
        return carried_out(self._undergo(plan, trouble, servers or self.servers[:1]))

    async def _undergo(self, plan: Plan, trouble: Trouble, servers: Sequence[Server]) -> Outcome:
        folder = FOLDER / f"{plan.name}-{plan.seed}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        outcome = Outcome(plan)
        campaign = Campaign(plan, folder, self.dsn, servers, outcome)
        casts = await self.casts(plan.sessions)
        before = {server.pid: _files(server) for server in servers}
        try:
            await campaign.play(casts, lambda: trouble(campaign))
        finally:
            self.arm("")
            await campaign.leave()
            (folder / LOG_FILE).write_text(await dump(self.dsn, [cast[0].session for cast in casts]))
        await _let_go(servers, before, outcome)
        outcome.report = check_run(folder)
        if outcome.sound:
            shutil.rmtree(folder)
        return outcome


async def metrics_of(server: Server) -> Samples:
    """Nothing while it does not answer."""
    try:
        return samples_of(await page(server.metrics_port))
    except aiohttp.ClientError:
        return {}


def _files(server: Server) -> int:
    return psutil.Process(server.pid).num_fds()


async def _let_go(servers: Sequence[Server], before: Mapping[int, int], outcome: Outcome) -> None:
    """I9: whoever lived through it has no more files open than before, but for what is pooled."""
    for server in servers:
        if (had := before.get(server.pid)) is None:  # started again
            continue
        ends = time.monotonic() + LETS_GO_WITHIN_S
        while (has := _files(server)) > had * 1.1 + POOLED and time.monotonic() < ends:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        rss_mb = psutil.Process(server.pid).memory_info().rss / 1e6
        outcome.told.append(f"files open {had} before, {has} after; {rss_mb:.0f} MB of memory")
        if has > had * 1.1 + POOLED:
            outcome.flaws.append(f"{has} files are open, {had} were before")


@dataclass
class Probe:
    """Somebody in a room of their own who says one thing after the other, and how long each answer took."""

    visitor: Visitor
    took_s: list[float] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)

    async def ask(self, times: int, pause_s: float = 0.02) -> list[float]:
        """The times of these."""
        for number in range(times):
            asked = time.monotonic()
            ack = await self.visitor.submit("chat.send", text=f"line {number}", to="staff")
            self.took_s.append(time.monotonic() - asked)
            self.codes["ok" if ack["ok"] else ack["code"]] += 1
            await asyncio.sleep(pause_s)
        return self.took_s[-times:]


async def entered(member: Member, url: str) -> Visitor:
    visitor = await Visitor(url, member.token(), member.user).connect()
    ack = await visitor.join(member.session)
    assert ack["ok"], ack
    return visitor


async def opened(cast: Sequence[Member], url: str) -> Visitor:
    """Mara, in her session, which runs."""
    mara = await entered(cast[0], url)
    for step in ("session.start", "session.activate"):
        ack = await mara.submit(step)
        assert ack["ok"], ack
    return mara
