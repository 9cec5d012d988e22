"""What a run is to do, and what came of it: kills, answers, times, and what the checker found."""

import os
import random
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faults.history import Report
from tests.faults.staging import CAST


def is_long() -> bool:
    return os.environ.get("FAULTS") == "long"


def fresh_seed() -> int:
    return int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(2**32))


@dataclass(frozen=True)
class Plan:
    """`name` and `seed` name the folder of the run. `pace_s`: the mean pause of one client between two commands. `failing_s`: that long appends, answers and deliveries
    fail at random. With several `servers` on one database every client takes any of them at each connection. `anew`: as Server has it."""

    name: str
    seed: int
    sessions: int = 10
    servers: int = 1
    pace_s: float = 0.4
    server_kills: int = 0
    postgres_kills: int = 0
    failing_s: float = 0.0
    anew: bool = False


@dataclass
class Outcome:
    """`start_s`: from the start of the process to listening; `back_s`: from then until the last client was in its session again,
    per kill; `clients_back_s` the same for every client. `postgres_back_s`: from its kill until it takes connections, `again_s`: from then
    until every session has taken a command again."""

    plan: Plan
    report: Report = field(default_factory=Report)
    kills: Counter[str] = field(default_factory=Counter)
    postgres_kills: Counter[str] = field(default_factory=Counter)
    start_s: list[float] = field(default_factory=list)
    back_s: list[float] = field(default_factory=list)
    clients_back_s: list[float] = field(default_factory=list)
    postgres_back_s: list[float] = field(default_factory=list)
    again_s: list[float] = field(default_factory=list)
    killed_before_all_back: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    flaws: list[str] = field(default_factory=list)
    load_s: float = 0.0
    told: list[str] = field(default_factory=list)  # what was measured of this fault

    @property
    def sound(self) -> bool:
        return not self.report.violations and not self.flaws

    def __str__(self) -> str:
        report, plan = self.report, self.plan
        lines = [
            f"{plan.name}, seed {plan.seed}: {plan.sessions} sessions of {len(CAST)} clients on {plan.servers} servers, {self.load_s:.0f} s"
        ]
        if self.kills or self.postgres_kills:
            lines += [
                f"  kills of the server {self.kills.total()}: {_named(self.kills)}",
                f"    of these before everybody was back {self.killed_before_all_back}",
                f"  kills of Postgres {self.postgres_kills.total()}: {_named(self.postgres_kills)}",
            ]
        lines += [
            f"  commands {report.commands}: acknowledged {report.acknowledged}, refused {report.refused}",
            f"    without an answer {report.unanswered}; lost {report.lost}, doubled {report.doubled}",
            f"    answers: {_named(self.answers)}",
            f"    outcomes that were unknown for a while {report.unknown.total()}: {_named(report.unknown)}",
            f"  events {report.events}, received {report.applied}; {report.resumes} resumes, {report.snapshots} snapshots",
        ]
        lines.append(f"    in the log: {_named(report.kinds)}")
        if self.back_s:
            lines.append(f"  server started to listening: {_spread(self.start_s)}")
            lines.append(f"  listening to every client back: {_spread(self.back_s)}")
            lines.append(f"    to one client back: {_spread(self.clients_back_s)}")
        if self.again_s:
            lines.append(f"  Postgres killed to taking connections: {_spread(self.postgres_back_s)}")
            lines.append(f"    from then to a command in every session: {_spread(self.again_s)}")
        lines += [f"  {each}" for each in self.told]
        lines.append(f"  violations {len(report.violations)}, flaws of clients {len(self.flaws)}")
        lines += [f"    {each}" for each in [*map(str, report.violations[:30]), *self.flaws[:10]]]
        return "\n".join(lines)


def _named(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "-"


def _spread(values: Sequence[float]) -> str:
    hundredths = statistics.quantiles([*values, values[0]], n=100, method="inclusive")
    return f"p50 {hundredths[49]:.2f} s, p99 {hundredths[98]:.2f} s, max {max(values):.2f} s (n={len(values)})"
