"""What an operator looks at: this process's last minute, said to all others by a row every few seconds, and what lies beside them: work
that waits, the size of the store. Reads the numbers that the parts keep; changes nothing and judges nothing.
"""

import asyncio
import os
import socket
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from live.checker import Checker
from live.gateway import Gateway
from live.hosts import Hosts
from live.tally import Tally
from media.writer import WRITER
from persistence.committer import Committer
from persistence.database import Database, Unavailable
from persistence.durations import Durations, quantile_s
from persistence.installation import Installation, JobCounts
from rooms.feature import Moment, Wire
from rooms.ids import SessionId

SAMPLE_EVERY_S = 5.0
SAMPLES = 12  # a minute
STORE_MEASURED_EVERY_S = 600.0
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
Count = Annotated[int, Field(ge=0)]
Milliseconds = Annotated[float, Field(ge=0)] | None  # nothing happened


class Finding(Wire):
    """A broken invariant: `log` a missing number, `delivery` a run with a hole; `seq` says where."""

    at: Moment
    kind: Literal["log", "delivery"]
    session_id: SessionId
    seq: Count
    why: str


class Checked(Wire):
    """What the checker of this process has looked at since it started."""

    events: Count
    frames: Count
    at: Moment | None
    violations: Count
    last: Finding | None


class Figures(Wire):
    """A process; `…P50Ms` and `…P99Ms`, `commands` and `events` are of its last minute."""

    host: str
    pid: Count
    connections: Count
    sessions: Count
    commands: Count
    events: Count
    ack_p50_ms: Milliseconds
    ack_p99_ms: Milliseconds
    commit_p50_ms: Milliseconds
    commit_p99_ms: Milliseconds
    pool_wait_p99_ms: Milliseconds
    pool_in_use: Count
    pool_size: Count
    loop_lag_ms: Annotated[float, Field(ge=0)]
    fanout_lag: Count
    outbox_bytes: Count
    memory_bytes: Count
    recorder_gap_s: Annotated[float, Field(ge=0)]
    draining: bool
    checked: Checked


class LastMinute:
    """The difference of what was counted now and a minute ago."""

    def __init__(self, durations: Durations) -> None:
        self._durations = durations
        self._before: deque[list[int]] = deque([list(durations.counts)], maxlen=SAMPLES)

    def step(self) -> None:
        self._before.append(list(self._durations.counts))

    def counts(self) -> list[int]:
        return [now - before for now, before in zip(self._durations.counts, self._before[0], strict=True)]

    def quantile_ms(self, share: float) -> float | None:
        found = quantile_s(self.counts(), share)
        return None if found is None else round(found * 1_000, 2)


class Watch:
    def __init__(
        self,
        process: str,
        tally: Tally,
        hosts: Hosts,
        gateway: Gateway,
        committer: Committer,
        database: Database,
        checker: Checker,
        store_dir: Path | None,
    ) -> None:
        self.process = process
        self.jobs: Sequence[JobCounts] = ()
        self.store_bytes: int | None = None
        self._tally = tally
        self._hosts = hosts
        self._gateway = gateway
        self._committer = committer
        self._database = database
        self._checker = checker
        self._installation = Installation(database)
        self._store_dir = store_dir
        self._ack = LastMinute(tally.ack)
        self._commit = LastMinute(committer.statements)
        self._pool = LastMinute(database.waits)
        self._events: deque[int] = deque([committer.appended], maxlen=SAMPLES)

    async def keep_telling(self) -> None:
        """Until cancelled."""
        while True:
            with suppress(Unavailable):
                await self._installation.say(self.process, self.figures().model_dump(mode="json", by_alias=True))
                self.jobs = await self._installation.jobs()
            await asyncio.sleep(SAMPLE_EVERY_S)
            for each in (self._ack, self._commit, self._pool):
                each.step()
            self._events.append(self._committer.appended)

    async def keep_measuring(self) -> None:
        """Until cancelled: the store's folder; what is in a bucket its provider tells."""
        while self._store_dir is not None:
            self.store_bytes = await asyncio.to_thread(bytes_below, self._store_dir)
            await asyncio.sleep(STORE_MEASURED_EVERY_S)
        await asyncio.Event().wait()

    def figures(self) -> Figures:
        engine = self._gateway.wire.engine
        lent = self._database.in_use().values()
        return Figures(
            host=socket.gethostname(),
            pid=os.getpid(),
            connections=len(self._gateway.connections()),
            sessions=len(self._hosts.held()),
            commands=sum(self._ack.counts()),
            events=self._committer.appended - self._events[0],
            ack_p50_ms=self._ack.quantile_ms(0.5),
            ack_p99_ms=self._ack.quantile_ms(0.99),
            commit_p50_ms=self._commit.quantile_ms(0.5),
            commit_p99_ms=self._commit.quantile_ms(0.99),
            pool_wait_p99_ms=self._pool.quantile_ms(0.99),
            pool_in_use=sum(in_use for in_use, _most in lent),
            pool_size=sum(most for _in_use, most in lent),
            loop_lag_ms=round(max(0.0, engine.lag_s) * 1_000, 2),
            fanout_lag=self.fanout_lag(),
            outbox_bytes=sum(channel.waiting_bytes for channel in list(engine.sockets.values())),
            memory_bytes=resident_bytes(),
            recorder_gap_s=round(WRITER.unwritten_s(), 2),
            draining=self._gateway.draining,
            checked=checked_by(self._checker),
        )

    def fanout_lag(self) -> int:
        """Events by which the furthest connection is behind. A range in which somebody may see nothing is told to them within 4 s,
        and counts for so long."""
        watched = [host for host in self._hosts.held() if len(host.audience)]
        return max(
            (host.room.seq - min(each.position for each in host.audience.viewers()) for host in watched), default=0
        )


def checked_by(checker: Checker) -> Checked:
    last = checker.last
    return Checked(
        events=checker.events_seen,
        frames=checker.frames_seen,
        at=checker.looked_at,
        violations=checker.violations.total(),
        last=None
        if last is None
        else Finding(at=last.at.astimezone(UTC), kind=last.kind, session_id=last.session, seq=last.seq, why=last.why),
    )


def resident_bytes() -> int:
    """0 where there is no /proc."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES
    except OSError:
        return 0


def bytes_below(folder: Path) -> int:
    """In a thread. What goes meanwhile does not count."""
    total, waiting = 0, [folder]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    elif entry.is_file(follow_symlinks=False):
                        total += entry.stat(follow_symlinks=False).st_size
    return total
