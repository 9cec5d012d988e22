"""A session whose recording is finished: Mara and Ana spoke, Ben was there and said nothing that is kept, Otto never came. The work is the
worker's own, done here without a process of it; what an engine would hear is told.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from live.failpoints import Failpoints
from live.keys import DATABASE, HOSTS, SETTINGS, STORE
from live.worker import Worker, _worker
from media.scribe import Scribe, Written
from media.transcriber import Segment, Word
from persistence.jobs import Jobs
from rooms.ids import SessionId, UserId
from rooms.roles import Role
from tests.api.conftest import Api, Caller, Options, served
from tests.api.contract import Contract
from tests.databases import Cluster
from tests.live.recorded import record, tone

LENGTH_S = 6.0
KINDS = ("finalise", "withdraw", "purge", "transcribe", "transcribe_upload")


class Told(Scribe):
    """Hears a sentence in every track that is long enough, and a part of what it costs to hear it."""

    def __init__(self, *texts: str) -> None:
        super().__init__("none")
        self._texts = list(texts)

    async def write_down(
        self, sound: bytes, mime_type: str, language: str | None = None, *, upto: object = None
    ) -> Written:
        assert sound
        text = self._texts.pop(0) if self._texts else "Nothing new."
        words = tuple(
            Word(word, 1.0 + number / 10, 1.05 + number / 10, 0.9) for number, word in enumerate(text.split())
        )
        return Written("en", "told", (Segment(1.0, 2.5, text, 0.8, words),) if text else ())


def worker_of(api: Api, *texts: str, off: bool = False) -> Worker:
    app = api.app
    scribe = None if off else Told(*texts)
    return _worker(app[SETTINGS], app[DATABASE], app[STORE], app[HOSTS], scribe, Failpoints())


async def worked(api: Api, *texts: str, off: bool = False) -> None:
    """All jobs that are there, one after the other."""
    worker, jobs = worker_of(api, *texts, off=off), Jobs(api.app[DATABASE])
    async with asyncio.timeout(60):
        while job := await jobs.lease(KINDS, "test"):
            carry = next(lane[job.kind] for lane in worker._lanes if job.kind in lane)
            await worker._carry_out(job, carry)


async def came(api: Api, session: str, *callers: Caller) -> None:
    """Until rows say so: what may be heard is read of them."""
    async with asyncio.timeout(20):
        while True:
            async with api.app[DATABASE].connection() as connection:
                rows = await connection.fetch(
                    "SELECT user_id FROM live.session_participants WHERE session_id = $1", session
                )
            if {each.user for each in callers} <= {row["user_id"] for row in rows}:
                return
            await asyncio.sleep(0.05)


@dataclass
class Heard:
    """`session` is still active; its one recording is over."""

    api: Api
    session: str
    recording: str
    mara: Caller
    ana: Caller
    ben: Caller
    otto: Caller

    @property
    def path(self) -> str:
        return f"/live-sessions/{self.session}"


async def taken(api: Api) -> Heard:
    """Recorded, and nobody has worked on it yet."""
    session = await api.workshop()
    mara = await api.mara()
    ana, ben, otto = [await api.invited(session, name) for name in ("Ana", "Ben", "Otto")]
    await api.runs(session)
    for caller in (ana, ben):
        await api.enters(session, caller, Role.PARTICIPANT)
    voices = {mara.user: [(1.0, tone(440, 1.0))], ana.user: [(3.0, tone(660, 1.5))]}
    made = await record(api.app, SessionId(session), mara.user, voices, LENGTH_S)
    await came(api, session, mara, ana, ben)
    return Heard(api, session, made.recording, mara, ana, ben, otto)


@dataclass(frozen=True)
class Begun:
    """What every test that hears something begins with a copy of."""

    database: str
    folder: Path
    session: str
    recording: str
    people: Mapping[str, UserId]


async def _begin(cluster: Cluster, folder: Path, contract: Contract) -> Begun:
    database = await cluster.create()
    async with served(cluster.dsn(database), Options(), folder, contract) as api:
        made = await taken(api)
        first, second = ("Welcome to the garden.", "Thank you <b>all</b>.")
        texts = (first, second) if made.mara.user < made.ana.user else (second, first)
        await worked(api, *texts)
    people = {name: caller.user for name, caller in api.people.items()}
    return Begun(database, folder, made.session, made.recording, people)


@pytest.fixture(scope="session")
def begun(cluster: Cluster, contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Begun:
    with ThreadPoolExecutor(1) as outside:  # whether or not a loop runs here
        return outside.submit(asyncio.run, _begin(cluster, tmp_path_factory.mktemp("heard"), contract)).result()


@pytest.fixture
async def heard(begun: Begun, cluster: Cluster, contract: Contract, tmp_path: Path) -> AsyncIterator[Heard]:
    """Mara said "Welcome to the garden." and Ana "Thank you <b>all</b>."; at the same second each of their tracks."""
    database = await cluster.create(begun.database)
    shutil.copytree(begun.folder, tmp_path, dirs_exist_ok=True)
    async with served(cluster.dsn(database), Options(), tmp_path, contract) as api:
        mara, ana, ben, otto = [
            await api.signed_in(name, begun.people[name]) for name in ("Mara", "Ana", "Ben", "Otto")
        ]
        yield Heard(api, begun.session, begun.recording, mara, ana, ben, otto)
    await cluster.drop(database)
