"""What a worker tells Prometheus (docs/operations.md, Metrics), as live/metrics.py does of a server: numbers of its own work, read when
somebody asks. No label names a session, a person or what they said.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, Metric

from live.metrics import PREFIX, Told, counter, counters, gauge, histogram
from live.watch import resident_bytes
from persistence.committer import Committer
from persistence.database import Database


@dataclass
class Work:
    """`ended`: jobs by kind and how: `done`, `later` (not yet), `failed` (tried again), `dead` (not again), `taken_over` (its lease ran out);
    `took_s` the same kinds' time; `under_way` now, by kind."""

    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    took_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    under_way: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, eq=False)
class WorkerMetrics(Told):
    work: Work
    committer: Committer
    database: Database

    def collect(self) -> Iterator[Metric]:
        ended = CounterMetricFamily(
            PREFIX + "worker_jobs", "Jobs that this worker ended, by kind and how.", labels=["kind", "outcome"]
        )
        for (kind, outcome), count in sorted(self.work.ended.items()):
            ended.add_metric([kind, outcome], count)
        yield ended
        took_s, under_way = self.work.took_s, self.work.under_way
        yield counters("worker_seconds", "How long it has worked on jobs, by kind.", "kind", took_s)
        yield gauge("worker_busy", "Jobs under way.", under_way.total())
        yield counter("events", "Events committed by this process.", self.committer.appended)
        yield histogram("commit_seconds", "A round of the committer in Postgres.", self.committer.statements)
        yield histogram("pool_wait_seconds", "Until a connection to Postgres was lent.", self.database.waits)
        yield gauge("memory_bytes", "Resident memory of this process.", resident_bytes())
