"""How the installation is, for its operators: every process by what it last said of itself, and what all of them stand on. Counts and
times; nothing of anybody's.
"""

import shutil
from asyncio import to_thread
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from live.api.call import Call
from live.api.route import Family, Who
from live.backups import has_backups
from live.keys import WATCH
from live.watch import Figures
from media.store import StoreFailed
from persistence.database import REPLICA_BEHIND_MAX_S, Unavailable
from persistence.installation import BackupRun, Installation, JobCounts, ProcessRow
from rooms.feature import Moment, Wire

family = Family("status", "How the installation is.")
PROBE = "status/probe"  # nothing is ever put there
Count = Annotated[int, Field(ge=0)]


class Health(StrEnum):
    """`none`: this installation has none."""

    NONE = "none"
    GOOD = "good"
    BEHIND = "behind"
    AWAY = "away"


class Process(Wire):
    """`fresh`: it has given a sign of life within 10 s. `answering`: it is the one that answers. `figures`: what it last said of itself,
    unless it is of another release."""

    id: str
    started_at: Moment
    beat_at: Moment
    fresh: bool
    answering: bool
    figures: Figures | None


class Postgres(Wire):
    """`archiveFailing`: segments of the write-ahead log are refused, the newest one at least."""

    version: str
    bytes: Count
    connections: Count
    connections_max: Count
    archive_failing: bool


class Replica(Wire):
    health: Health
    behind_s: float | None


class Redis(Wire):
    health: Health


class StoreRoom(Wire):
    """`bytes`: what lies in its folder, measured every ten minutes; null in a bucket, as is what its disk has free."""

    health: Health
    bucket: bool
    bytes: Count | None
    free_bytes: Count | None
    disk_bytes: Count | None


class Backup(Wire):
    """The latest of its kind; `doneAt`: when one last succeeded."""

    kind: str
    status: str
    started_at: Moment
    ended_at: Moment | None
    done_at: Moment | None


class Backups(Wire):
    """`ours`: made by a worker of this installation; else by whoever runs its Postgres."""

    ours: bool
    runs: tuple[Backup, ...]


class Jobs(Wire):
    """Of one kind. `dead`: given up. `waitingS`: for how long the one that is due has waited."""

    kind: str
    queued: Count
    running: Count
    dead: Count
    waiting_s: Annotated[float, Field(ge=0)]


class Status(Wire):
    processes: tuple[Process, ...]
    postgres: Postgres
    replica: Replica
    redis: Redis
    store: StoreRoom
    backups: Backups
    jobs: tuple[Jobs, ...]


@family.get("/status", Who.ADMIN)
async def read_status(call: Call) -> Status:
    """How the installation is now. Every process says how it is every five seconds; the one that answers is asked itself."""
    installation = Installation(call.database)
    server = await installation.server()
    return Status(
        processes=tuple(_process(call, row) for row in await installation.processes()),
        postgres=Postgres(
            version=server.version,
            bytes=server.bytes,
            connections=server.connections,
            connections_max=server.connections_max,
            archive_failing=server.archive_failing,
        ),
        replica=await _replica(call),
        redis=Redis(health=_health(await call.cache.is_shared())),
        store=await _store(call),
        backups=Backups(ours=has_backups(call.settings), runs=tuple(map(_backup, await installation.backups()))),
        jobs=tuple(map(_jobs, await installation.jobs())),
    )


def _health(answers: bool | None) -> Health:
    return Health.NONE if answers is None else Health.GOOD if answers else Health.AWAY


def _process(call: Call, row: ProcessRow) -> Process:
    watch = call.request.app[WATCH]
    answering = row.id == watch.process
    figures = watch.figures() if answering else None
    if figures is None:
        with suppress(ValidationError):
            figures = Figures.model_validate(row.figures)
    return Process(
        id=row.id,
        started_at=row.started_at,
        beat_at=row.beat_at,
        fresh=row.fresh,
        answering=answering,
        figures=figures,
    )


async def _replica(call: Call) -> Replica:
    try:
        behind_s = await call.database.replica_behind_s()
    except Unavailable:
        return Replica(health=Health.AWAY, behind_s=None)
    if behind_s is None:
        return Replica(health=Health.NONE, behind_s=None)
    health = Health.BEHIND if behind_s > REPLICA_BEHIND_MAX_S else Health.GOOD
    return Replica(health=health, behind_s=round(max(0.0, behind_s), 1))


async def _store(call: Call) -> StoreRoom:
    bucket = call.settings.recordings_bucket is not None
    health, disk = Health.GOOD, None
    try:
        await call.store.size(PROBE)
        if not bucket:
            disk = await to_thread(_disk_of, call.settings.store_dir)
    except (StoreFailed, OSError):
        health = Health.AWAY
    return StoreRoom(
        health=health,
        bucket=bucket,
        bytes=call.request.app[WATCH].store_bytes,
        free_bytes=disk and disk.free,
        disk_bytes=disk and disk.total,
    )


def _disk_of(folder: Path) -> "shutil._ntuple_diskusage":
    """Also of a folder that is not there until something is kept."""
    return shutil.disk_usage(next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists()))


def _backup(run: BackupRun) -> Backup:
    return Backup(
        kind=run.kind, status=run.status, started_at=run.started_at, ended_at=run.ended_at, done_at=run.done_at
    )


def _jobs(counts: JobCounts) -> Jobs:
    return Jobs(
        kind=counts.kind,
        queued=counts.queued,
        running=counts.running,
        dead=counts.dead,
        waiting_s=counts.waiting_s,
    )
