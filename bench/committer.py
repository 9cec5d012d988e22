"""How many durable events a second the committer takes, for one session and for fifty, and what one of them costs.

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

from bench.cpu import usage_of_family
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
    """`grouped`: with the others in one commit, or each for itself. CPU is of an event, here and in Postgres."""

    sessions: int
    events_per_append: int
    events_per_s: float
    append_p50_ms: float
    append_p99_ms: float
    cpu_us: float
    postgres_us: float
    grouped: bool = True


async def measure_committer(seconds: float = 3.0) -> list[CommitRate]:
    """Rows: one session with single events, one with batches, fifty with single events and with batches; and fifty of which each
    commits for itself."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="atelier-bench-"))
        embedded = Embedded(Path(folder))
        dsn = embedded.start()
        stack.callback(embedded.stop)
        postgres = embedded.pid
        assert postgres is not None
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
            rows.append(await _rate(committer.submit, heads, host, per_append, seconds, postgres))
        heads = [await _session(database, event_log, host) for _ in range(50)]

        async def commit_alone(batch: Batch) -> Outcome:
            [outcome] = await event_log.append([batch])
            return outcome

        alone = await _rate(commit_alone, heads, host, 1, seconds, postgres)
        rows.append(replace(alone, grouped=False))
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


async def _rate(
    commit: Commit, heads: list[_Head], actor: UserId, per_append: int, seconds: float, postgres: int
) -> CommitRate:
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

    started, cpu_s, postgres_s = time.perf_counter(), time.process_time(), usage_of_family(postgres)
    total = sum(await asyncio.gather(*map(host, heads)))
    elapsed = time.perf_counter() - started
    took.sort()
    return CommitRate(
        len(heads),
        per_append,
        total / elapsed,
        took[len(took) // 2] * 1e3,
        took[int(len(took) * 0.99)] * 1e3,
        (time.process_time() - cpu_s) / total * 1e6,
        (usage_of_family(postgres) - postgres_s) / total * 1e6,
    )


async def measure(repetitions: int) -> str:
    runs = [await measure_committer() for _ in range(repetitions)]
    rows = [
        f"**The committer**: durable events a second, each session with one append in flight, {repetitions} runs.",
        "",
        "| sessions | events per append | events/s | append p50, ms | append p99, ms | µs of CPU here | in Postgres |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in zip(*runs, strict=True):
        how = "" if each[0].grouped else ", each commits for itself"
        rows.append(
            f"| {each[0].sessions}{how} | {each[0].events_per_append} | {median(one.events_per_s for one in each):,.0f} "
            f"| {median(one.append_p50_ms for one in each):.1f} | {median(one.append_p99_ms for one in each):.1f} "
            f"| {median(one.cpu_us for one in each):.0f} | {median(one.postgres_us for one in each):.0f} |"
        )
    pairs = [(_of_fifty(run, grouped=True), _of_fifty(run, grouped=False)) for run in runs]
    faster = _spread([one.events_per_s / alone.events_per_s for one, alone in pairs])
    cheaper = _spread([(alone.cpu_us + alone.postgres_us) / (one.cpu_us + one.postgres_us) for one, alone in pairs])
    told = (
        f"Fifty sessions in one commit, against each for itself: CPU of an event, here and in Postgres, {cheaper} times less; "
        f"events a second {faster} times as many (one commit after the other keeps one core busy, fifty at once keep all)."
    )
    return "\n".join([*rows, "", told, ""])


def _of_fifty(run: Sequence[CommitRate], *, grouped: bool) -> CommitRate:
    return next(each for each in run if (each.sessions, each.events_per_append, each.grouped) == (50, 1, grouped))


def _spread(ratios: Sequence[float]) -> str:
    return f"{median(ratios):.1f} ({min(ratios):.1f}–{max(ratios):.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.committer")
    parser.add_argument("--repetitions", type=int, default=5)
    text = asyncio.run(measure(parser.parse_args().repetitions))
    put("committer", text, "The committer", "python -m bench.committer")
    print(text)


if __name__ == "__main__":
    main()
