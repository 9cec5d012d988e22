"""F5: Postgres is lost and its standby, which had not heard of the last of it, is promoted. What was acknowledged and is gone is told
(that is what a standby that follows later costs): every session has another epoch, everybody is shown what there is, and nobody mixes
the two. Then all goes on, nothing more lost, doubled or out of order.

A synchronous standby costs nothing: under load Postgres is lost, after some seconds in which the standby heard nothing and nobody was
acknowledged anything; all that anybody was told or shown is there.

FAULTS=long: more of it (`make faults`). FAULT_SEED repeats a run; one that fails stays in `.cache/faults`.
"""

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import asyncpg
import psutil
import pytest

from persistence.database import COMMAND_TIMEOUT_S
from persistence.embedded import Embedded, find_binaries
from persistence.migrate import migrate
from tests.databases import SECRET_KEY
from tests.faults.campaign import Campaign, carried_out
from tests.faults.ground import Ground, entered, opened
from tests.faults.log import keep_what_is_written
from tests.faults.outcome import Plan, fresh_seed, is_long
from tests.live.visitor import Visitor
from tests.persistence.test_replica import Standby, follows

SESSIONS = 10 if is_long() else 1
WORKS_S = 20.0 if is_long() else 2.0
LINES = 5
UNHEARD_S = COMMAND_TIMEOUT_S + 2.0  # longer than anybody waits for a statement
WITHIN_S = 60.0


@dataclass
class Pair:
    primary: Embedded
    standby: Standby

    @property
    def dsn(self) -> str:
        """Of whichever takes writes, as docs/operations.md has it."""
        folders = (each.files.socket_folder for each in (self.primary, self.standby.embedded))
        hosts = {"host": ",".join(map(str, folders)), "port": "5432,5432", "target_session_attrs": "read-write"}
        return "postgresql://postgres@/postgres?" + urlencode(hosts, safe="/,")

    def follow(self) -> None:
        into = self.standby.embedded.files.folder
        folder = self.primary.files.socket_folder
        command: list[str | Path] = [
            find_binaries() / "pg_basebackup",
            "--host",
            folder,
            "--port",
            "5432",
            "--username",
            "postgres",
        ]
        command += ["--pgdata", into]
        command += ["--write-recovery-conf", "--wal-method", "stream", "--checkpoint", "fast"]
        subprocess.run(command, check=True, capture_output=True)
        self.standby.embedded.files.adopt()
        self.standby.start()

    async def at_standby(self, statement: str) -> Any:
        connection = await asyncpg.connect(self.standby.embedded.dsn)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    async def at_primary(self, statement: str) -> Any:
        connection = await asyncpg.connect(self.primary.dsn)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    async def synchronise(self) -> None:
        """From now on nothing is committed that the standby has not."""
        await self.at_primary("ALTER SYSTEM SET synchronous_standby_names = '*'")
        await self.at_primary("SELECT pg_reload_conf()")
        async with asyncio.timeout(WITHIN_S):
            while await self.at_primary("SELECT sync_state FROM pg_stat_replication") != "sync":  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def lose_sight(self) -> None:
        """The standby hears no more of what is written."""
        await self.at_standby("ALTER SYSTEM SET primary_conninfo = ''")
        await self.at_standby("SELECT pg_reload_conf()")
        async with asyncio.timeout(WITHIN_S):
            while await self.at_standby("SELECT count(*) FROM pg_stat_wal_receiver"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def lose(self) -> None:
        assert self.primary.pid is not None
        postmaster = psutil.Process(self.primary.pid)
        for process in (postmaster, *postmaster.children()):
            process.kill()


@contextmanager
def paired(folder: Path) -> Iterator[Pair]:
    pair = Pair(Embedded(folder / "one"), Standby(Embedded(folder / "two")))
    pair.primary.start()
    try:
        asyncio.run(migrate(pair.primary.dsn, SECRET_KEY))
        asyncio.run(keep_what_is_written(pair.primary.dsn))
        (folder / "two").mkdir()
        pair.follow()
        yield pair
    finally:
        pair.standby.stop()
        pair.primary.stop()


@pytest.mark.timeout(600 if is_long() else 120)
def test_f5_a_promoted_standby_has_another_epoch(tmp_path: Path, tell: Callable[[object], None]) -> None:
    with paired(tmp_path) as pair:
        ground = Ground(pair.dsn, tmp_path)
        asyncio.run(ground.start())
        try:
            tell(carried_out(fail_over(pair, ground)))
            outcome = ground.undergo(Plan("f5-failover", fresh_seed(), sessions=SESSIONS, pace_s=0.3), work)
        finally:
            for server in ground.servers:
                server.stop()
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.report.acknowledged


@pytest.mark.timeout(600 if is_long() else 120)
def test_f5_a_synchronous_standby_has_all_that_anybody_was_told(tmp_path: Path, tell: Callable[[object], None]) -> None:
    with paired(tmp_path) as pair:
        asyncio.run(pair.synchronise())
        ground = Ground(pair.dsn, tmp_path)
        asyncio.run(ground.start())

        async def lose(campaign: Campaign) -> None:
            await asyncio.sleep(WORKS_S)
            await pair.lose_sight()
            await asyncio.sleep(UNHEARD_S)
            only_here = await pair.at_primary("SELECT pg_current_wal_flush_lsn()::text")
            pair.lose()
            assert await pair.at_standby(f"SELECT pg_last_wal_replay_lsn() < '{only_here}'"), "it heard of all"
            assert await pair.at_standby("SELECT pg_promote()")
            told = sum(person.noted["told unavailable"] for person in campaign.people)
            campaign.outcome.told.append(
                f"a synchronous standby heard nothing for {UNHEARD_S} s: {told} times `unavailable`"
            )
            answered = [person.answers["ok"] for person in campaign.people]
            async with asyncio.timeout(WITHIN_S):
                while sum(person.answers["ok"] for person in campaign.people) == sum(answered):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await asyncio.sleep(WORKS_S)
            [[renewed]] = await ground.sql("SELECT count(DISTINCT session_id) FROM faults.epochs")
            assert renewed == SESSIONS

        try:
            outcome = ground.undergo(Plan("f5-synchronous", fresh_seed(), sessions=SESSIONS, pace_s=0.2), lose)
        finally:
            for server in ground.servers:
                server.stop()
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.report.acknowledged
    assert ground.server.said('"acknowledged events are gone"') == 0


async def work(_campaign: Campaign) -> None:
    await asyncio.sleep(WORKS_S)


async def fail_over(pair: Pair, ground: Ground) -> str:
    [cast] = await ground.casts(1)
    people = [await opened(cast, ground.server.url), *[await entered(each, ground.server.url) for each in cast[1:3]]]
    mara, ids = people[0], [str(uuid4()) for _ in range(LINES)]
    for number in range(LINES):
        assert (await mara.submit("chat.send", text=f"kept {number}"))["ok"]
    await follows(pair.standby, pair.primary.dsn)
    await pair.lose_sight()
    for number, each in enumerate(ids):
        assert (await mara.submit("chat.send", command_id=each, text=f"lost {number}"))["ok"]
    for person in people:
        await person.sees("chat.sent", text=f"lost {LINES - 1}")
    pair.lose()
    assert await pair.at_standby("SELECT pg_promote()")
    epochs = {person.ack["epoch"] for person in people}
    for person in people:
        await asyncio.wait_for(person.closed.wait(), WITHIN_S)
        assert [bye["code"] for bye in person.byes] == ["resync"]
    back = [await _back(person) for person in people]
    epochs |= {person.ack["epoch"] for person in back}
    assert len(epochs) == 2, "one before, and another one for everybody"
    for number, each in enumerate(ids):  # whoever still has them says them again, under their ids
        assert (await back[0].submit("chat.send", command_id=each, text=f"lost {number}"))["ok"]
    for person in back:
        await person.sees("chat.sent", text=f"lost {LINES - 1}")
        person.stands()
    assert ground.server.said('"acknowledged events are gone"') == 1
    assert ground.server.said(f'"lost": {LINES}') == 1
    for person in (*people, *back):
        await person.close()
    return f"{LINES} acknowledged events were gone, and told; {len(back)} people resynced to another epoch"


async def _back(person: Visitor) -> Visitor:
    """From where they stood, and what they are shown."""
    back = await Visitor(person.url, person.token, person.user).connect()
    ack = await back.join(person.session, epoch=person.ack["epoch"], after=person.events[-1]["seq"])
    assert (ack["ok"], ack.get("resync")) == (True, True), ack
    messages = ack["snapshot"]["view"]["chat"]["channels"]["everyone"]["messages"]
    assert {each["text"] for each in messages.values()} == {f"kept {number}" for number in range(LINES)}
    return back
