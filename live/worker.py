"""The process that works beside the server: on recordings, and on what a session that ended is worth to those who learn. Leases jobs,
carries them out, tells the sessions how far they are. Any number of workers may run on one database, as long as they see the folder
in which the server records. One that dies leaves its jobs to whoever comes next (persistence/jobs.py).

Lanes: what people wait for (parts of a recording, taking a voice out) never stands behind an hour of transcription, nor what they
attended behind a recording, nor what they ask about their own data behind either.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from functools import partial
from uuid import uuid4

import structlog

from live.backups import has_backups, keep_backups
from live.certificates.issuing import Issuing
from live.crediting import Crediting
from live.ends import Ends
from live.failpoints import Failpoints
from live.finalising import Finalising, NotYet, Reports, WorkFailed
from live.heads import Heads
from live.host import Parts
from live.hosts import Hosts, NoSession
from live.kept_going import end, kept_going
from live.metrics import listening
from live.neighbours import Neighbours
from live.privacy import Privacy, sweep_exports
from live.settings import Settings
from live.storage import open_store
from live.transcribing import Transcribing
from live.worker_metrics import Work, WorkerMetrics
from media.scribe import Scribe
from media.store import Store, StoreFailed
from media.transcriber import installed
from persistence.committer import Committer
from persistence.daily import keep_daily
from persistence.database import Database, Unavailable
from persistence.directory import Directory
from persistence.event_log import EventLog
from persistence.jobs import LEASE_S, Job, Jobs, backoff_s
from persistence.keys import JOB as ROTATE_KEYS
from persistence.keys import Rotation
from persistence.media_homes import Homes
from persistence.recording_keys import RecordingKeys
from persistence.recordings import Recordings
from persistence.snapshots import Snapshots
from persistence.transcriptions import Transcriptions
from persistence.uploads import Uploads
from rooms.feature import Enqueue

log = structlog.get_logger("worker")
LOOK_EVERY_S = 0.5
RENEW_EVERY_S = LEASE_S / 3
SWEEP_EVERY_S = 3_600.0
CONNECTIONS = 4
NICE = 10
Carry = Callable[[Job], Awaitable[tuple[Enqueue, ...]]]


def transcriber_setting(settings: Settings) -> str:
    """`none`: sessions are recorded and not transcribed."""
    return settings.transcriber or installed()


class Worker:
    """`lanes`: kinds of jobs with how each is carried out; a lane does one at a time."""

    def __init__(
        self, jobs: Jobs, failpoints: Failpoints, lanes: tuple[Mapping[str, Carry], ...], transcribing: Transcribing
    ) -> None:
        self.work = Work()
        self._jobs = jobs
        self._failpoints = failpoints
        self._lanes = lanes
        self._transcribing = transcribing
        self._name = f"{socket.gethostname()}:{os.getpid()}"

    async def run(self) -> None:
        """Until cancelled; what is under way is put back then."""
        async with asyncio.TaskGroup() as lanes:
            for lane in self._lanes:
                lanes.create_task(self._work(lane))

    async def _work(self, lane: Mapping[str, Carry]) -> None:
        while True:
            try:
                job = await self._jobs.lease(lane, self._name)
            except Unavailable:
                job = None
            if job is None:
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            with suppress(Unavailable), self._counted(job):  # the lease will run out, and the job is anybody's
                await self._carry_out(job, lane[job.kind])

    @contextmanager
    def _counted(self, job: Job) -> Iterator[None]:
        began = asyncio.get_running_loop().time()
        self.work.under_way[job.kind] += 1
        try:
            yield
        finally:
            self.work.under_way[job.kind] -= 1
            self.work.took_s[job.kind] += asyncio.get_running_loop().time() - began

    def _ended(self, job: Job, outcome: str) -> None:
        self.work.ended[job.kind, outcome] += 1

    async def _carry_out(self, job: Job, carry: Carry) -> None:
        if job.exhausted:
            await self._failed(job, "worker_died")
            return
        log.info("a job", kind=job.kind, job=job.id, attempt=job.attempts)
        work = asyncio.ensure_future(carry(job))
        renewing = asyncio.create_task(self._renew(job, work))
        try:
            await self._failpoints.reach("worker_leased")
            then = await work
            await self._jobs.done(job, *then)
            self._ended(job, "done")
        except NotYet as later:
            log.info("not yet", kind=job.kind, job=job.id)
            await self._jobs.release(job, later.in_s)
            self._ended(job, "later")
        except asyncio.CancelledError:
            if asyncio.current_task().cancelling():  # type: ignore[union-attr]  # this runs in a task
                with suppress(Unavailable):
                    await self._jobs.release(job)
                raise
            log.warning("a job was taken over", kind=job.kind, job=job.id)
            self._ended(job, "taken_over")
        except Unavailable:
            raise
        except NoSession:
            await self._jobs.done(job)
            self._ended(job, "done")
        except (WorkFailed, StoreFailed) as failed:
            await self._failed(job, failed.code if isinstance(failed, WorkFailed) else "store_failed")
        except Exception as error:
            log.exception("a job failed", kind=job.kind, job=job.id, attempt=job.attempts)
            await self._failed(job, "internal", type(error).__name__)
        finally:
            renewing.cancel()
            if not work.done():
                work.cancel()
            await asyncio.gather(work, renewing, return_exceptions=True)

    async def _renew(self, job: Job, work: "asyncio.Future[tuple[Enqueue, ...]]") -> None:
        """Whoever lost the lease stops: somebody else does it."""
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            with suppress(Unavailable):
                if not await self._jobs.renew(job):
                    work.cancel()
                    return

    async def _failed(self, job: Job, code: str, why: str = "") -> None:
        status = await self._jobs.failed(job, f"{code} {why}".strip(), backoff_s(job.attempts))
        log.warning("a job failed", kind=job.kind, job=job.id, attempt=job.attempts, code=code, status=status)
        self._ended(job, "dead" if status == "dead" else "failed")
        if status == "dead":
            with suppress(NoSession):
                await self._transcribing.give_up(job, code)


async def work(settings: Settings) -> None:
    """Until cancelled: everything a worker needs, made once, in order."""
    os.setpriority(os.PRIO_PROCESS, 0, max(NICE, os.getpriority(os.PRIO_PROCESS, 0)))
    async with AsyncExitStack() as parts:
        database = await Database.open(
            settings.database_url,
            settings.secret_key,
            engine_dsn=settings.database_engine_url,
            app_dsn=settings.database_app_url,
            connections=CONNECTIONS,
        )
        parts.push_async_callback(database.close)
        store = open_store(settings)
        parts.push_async_callback(store.close)
        failpoints = Failpoints(settings.failpoints)
        committer = Committer(database, EventLog(database))
        hosts = await _sessions(parts, settings, database, committer)
        setting = transcriber_setting(settings)
        scribe = None if setting == "none" else Scribe(setting, settings.transcriber_key)
        if scribe is not None:
            parts.push_async_callback(scribe.close)
        worker = _worker(settings, database, store, hosts, scribe, failpoints)
        beside: list[Callable[[], Awaitable[None]]] = [
            partial(_sweep, database, store),
            partial(sweep_exports, database, store),
            partial(keep_daily, database),
        ]
        if has_backups(settings):
            beside.append(partial(keep_backups, settings))
        for each in beside:
            parts.push_async_callback(end, asyncio.create_task(kept_going(each)))
        if settings.metrics_address is not None:
            told = WorkerMetrics(worker.work, committer, database)
            await parts.enter_async_context(listening(told, *settings.metrics_address))
        log.info("working", transcriber=setting.partition("#")[0])
        await worker.run()


async def _sessions(parts: AsyncExitStack, settings: Settings, database: Database, committer: Committer) -> Hosts:
    """Through which progress is told, as live/app.py has them; nobody is connected here. Where people are is told of it at once."""
    event_log = EventLog(database)
    neighbours = Neighbours(uuid4(), settings.redis_url, settings.secret_key, listens=False)
    hosts = Hosts(
        Parts(
            event_log=event_log,
            committer=committer,
            heads=Heads(event_log),
            ends=Ends(database, event_log),
            snapshots=Snapshots(database),
            directory=Directory(database),
            failpoints=Failpoints(),
            returned=lambda _host, _user: None,
            committed=lambda host: neighbours.ring(host.session, host.epoch, host.room.seq),
        )
    )
    parts.push_async_callback(neighbours.close)
    for each in (committer.run, hosts.keep_order, *neighbours.work()):
        parts.push_async_callback(end, asyncio.create_task(kept_going(each)))
    parts.push_async_callback(hosts.close)
    parts.push_async_callback(committer.close)
    parts.push_async_callback(hosts.settle)
    return hosts


def _worker(
    settings: Settings, database: Database, store: Store, hosts: Hosts, scribe: Scribe | None, failpoints: Failpoints
) -> Worker:
    recordings, keys, reports = Recordings(database), RecordingKeys(database), Reports(hosts)
    finalising = Finalising(
        store=store,
        event_log=EventLog(database),
        recordings=recordings,
        keys=keys,
        homes=Homes(database),
        reports=reports,
        failpoints=failpoints,
        capture=settings.capture_dir,
        work=settings.data_dir / "work",
    )
    transcribing = Transcribing(
        store=store,
        recordings=recordings,
        transcriptions=Transcriptions(database),
        keys=keys,
        reports=reports,
        finalising=finalising,
        failpoints=failpoints,
        scribe=scribe,
    )
    crediting, issuing = Crediting(database, failpoints), Issuing(database, settings)
    privacy = Privacy(database, store, failpoints, settings.data_dir / "work")
    lanes: tuple[Mapping[str, Carry], ...] = (
        {"attendance": crediting.attendance, "certificate": issuing.issue},
        {"finalise": finalising.finalise, "withdraw": finalising.withdraw, "purge": finalising.purge},
        {"transcribe": transcribing.transcribe, "transcribe_upload": transcribing.transcribe_upload},
        {ROTATE_KEYS: partial(_rotate_keys, Rotation(database))},
        {"erase": privacy.erase, "export": privacy.export},
    )
    return Worker(Jobs(database), failpoints, lanes, transcribing)


async def _rotate_keys(rotation: Rotation, _job: Job) -> tuple[Enqueue, ...]:
    await rotation.carry_out()
    return ()


async def _sweep(database: Database, store: Store) -> None:
    """Once an hour: uploads that nobody finished."""
    while True:
        with suppress(Unavailable, StoreFailed):
            for upload in await Uploads(database).forget_old():
                await store.delete_tree(f"pieces/{upload}")
        await asyncio.sleep(SWEEP_EVERY_S)
