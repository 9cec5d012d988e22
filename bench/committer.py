"""How many durable events a second the committer takes, for one session and for fifty.

python -m bench.committer [--repetitions 5]

Each session behaves like a host: one append in flight, everything that waits goes into it. To compare with: the same fifty sessions
through the same pool, each committing for itself, which is what a chat that stores every message by itself does.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from uuid import uuid4

from bench.page import put
from live.scheduling import schedule
from persistence.committer import Committer
from persistence.database import Database
from persistence.directory import Directory
from persistence.embedded import Embedded
from persistence.event_log import Answered, Appended, Batch, EventLog, Outcome
from persistence.migrate import migrate
from persistence.models.session import NewSession
from persistence.models.user import NewUser, PlatformRole
from persistence.sessions import Sessions
from rooms.chat import MessageSent
from rooms.feature import Recorded
from rooms.ids import SessionId, UserId

Commit = Callable[[Batch], Awaitable[Outcome]]
SECRET_KEY = "only this benchmark uses this key, and throws it away"
TEXT = "durable chat: committed before anybody sees it, about a hundred and fifty bytes with its envelope "


@dataclass(frozen=True)
class CommitRate:
    """`grouped`: with the others in one commit, or each for itself."""

    sessions: int
    events_per_append: int
    events_per_s: float
    append_p50_ms: float
    append_p99_ms: float
    grouped: bool = True


async def measure_committer(seconds: float = 3.0) -> list[CommitRate]:
    """Rows: one session with single events, one with batches, fifty with single events and with batches; and fifty of which each
    commits for itself."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="atelier-bench-"))
        embedded = Embedded(Path(folder))
        dsn = embedded.start()
        stack.callback(embedded.stop)
        await migrate(dsn, SECRET_KEY)
        database = await Database.open(dsn, SECRET_KEY)
        stack.push_async_callback(database.close)
        event_log = EventLog(database)
        committer = Committer(database, event_log)
        running = asyncio.create_task(committer.run())
        stack.callback(running.cancel)
        host = await Directory(database).create_user(
            NewUser(email="mara@example.org", first_name="Mara", last_name="Host", roles=(PlatformRole.INSTRUCTOR,))
        )
        rows = []
        for sessions, per_append in ((1, 1), (1, 50), (50, 1), (50, 20)):
            heads = [await _session(database, event_log, host) for _ in range(sessions)]
            rows.append(await _rate(committer.submit, heads, host, per_append, seconds))
        heads = [await _session(database, event_log, host) for _ in range(50)]

        async def commit_alone(batch: Batch) -> Outcome:
            [outcome] = await event_log.append([batch])
            return outcome

        rows.append(replace(await _rate(commit_alone, heads, host, 1, seconds), grouped=False))
        with suppress(asyncio.CancelledError):
            running.cancel()
            await running
    return rows


@dataclass
class _Head:
    session: SessionId
    epoch: str
    seq: int


async def _session(database: Database, event_log: EventLog, host: UserId) -> _Head:
    now = datetime.now(UTC)
    new = NewSession(title="Bench", scheduled_start=now, scheduled_end=now + timedelta(hours=1))
    made = await schedule(Sessions(database), event_log, new, host, None, None)
    session = SessionId(made.id)
    head = (await event_log.heads([session]))[session]
    return _Head(session, head.epoch, head.last_seq)


async def _rate(commit: Commit, heads: list[_Head], actor: UserId, per_append: int, seconds: float) -> CommitRate:
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def host(head: _Head) -> int:
        done = 0
        while (started := time.perf_counter()) < end:
            now = datetime.now(UTC)
            ids = [str(uuid4()) for _ in range(per_append)]
            events = tuple(
                Recorded(head.seq + n, now, actor, command, MessageSent(message_id=command, text=TEXT))
                for n, command in enumerate(ids, start=1)
            )
            commands = tuple(
                Answered(actor, command, b"0" * 32, head.seq + n) for n, command in enumerate(ids, start=1)
            )
            outcome = await commit(Batch(head.session, head.seq, head.epoch, events, commands, ()))
            assert isinstance(outcome, Appended), outcome
            took.append(time.perf_counter() - started)
            head.seq += per_append
            done += per_append
        return done

    started = time.perf_counter()
    total = sum(await asyncio.gather(*map(host, heads)))
    elapsed = time.perf_counter() - started
    took.sort()
    return CommitRate(
        len(heads), per_append, total / elapsed, took[len(took) // 2] * 1e3, took[int(len(took) * 0.99)] * 1e3
    )


async def measure(repetitions: int) -> str:
    runs = [await measure_committer() for _ in range(repetitions)]
    rows = [
        f"**The committer**: durable events a second, each session with one append in flight, {repetitions} runs.",
        "",
        "| sessions | events per append | events/s | append p50, ms | append p99, ms |",
        "|---|---|---|---|---|",
    ]
    for each in zip(*runs, strict=True):
        how = "" if each[0].grouped else ", each commits for itself"
        rows.append(
            f"| {each[0].sessions}{how} | {each[0].events_per_append} | {median(one.events_per_s for one in each):,.0f} "
            f"| {median(one.append_p50_ms for one in each):.1f} | {median(one.append_p99_ms for one in each):.1f} |"
        )
    ratios = sorted(_together(run) / next(each.events_per_s for each in run if not each.grouped) for run in runs)
    told = f"Fifty sessions in one commit ÷ each for itself: {median(ratios):.1f} ({ratios[0]:.1f}–{ratios[-1]:.1f})."
    return "\n".join([*rows, "", told, ""])


def _together(run: Sequence[CommitRate]) -> float:
    return next(
        each.events_per_s for each in run if each.grouped and (each.sessions, each.events_per_append) == (50, 1)
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.committer")
    parser.add_argument("--repetitions", type=int, default=5)
    text = asyncio.run(measure(parser.parse_args().repetitions))
    put("committer", text, "The committer", "python -m bench.committer")
    print(text)


if __name__ == "__main__":
    main()
