"""The history checker (guarantees.md 4): the histories of a run's clients and the log of its database, held against each other.

    python -m tests.faults.history FOLDER      checks a run that was kept

Linear in what was recorded, because every number is explicit. answers.py, streams.py, canaries.py and log.py hold the invariants.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.answers import check_answers, commands_of
from tests.faults.canaries import check_secrets, secrets_of
from tests.faults.log import Log, Violation, check_log, read_logs
from tests.faults.oracle import Oracle
from tests.faults.recording import History, read_history
from tests.faults.streams import Follower, positions

LOG_FILE = "log.json"


@dataclass
class Report:
    """Of one run. `unknown` are commands whose first sending was never answered: by how they turned out."""

    violations: list[Violation] = field(default_factory=list)
    sessions: int = 0
    clients: int = 0
    events: int = 0
    commands: int = 0
    acknowledged: int = 0
    refused: int = 0
    unanswered: int = 0
    applied: int = 0
    snapshots: int = 0
    resumes: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)  # of events in the log

    @property
    def lost(self) -> int:
        return sum(1 for each in self.violations if each.rule == "I1" and "lost" in each.what)

    @property
    def doubled(self) -> int:
        return sum(1 for each in self.violations if each.rule == "I1" and ("once" in each.what or "twice" in each.what))


def check_run(folder: Path) -> Report:
    """Everything in a folder: a history per client (*.jsonl) and the dump of the log."""
    logs = read_logs(folder / LOG_FILE)
    report = Report()
    by_session: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        with path.open() as file:
            by_session.setdefault(history_session(file.readline()), []).append(path)
    for session, paths in by_session.items():
        check_session(logs[session], [read_history(path) for path in paths], report)
    return report


def history_session(first_line: str) -> str:
    return str(json.loads(first_line)["body"]["session"])


def check_session(log: Log, histories: Sequence[History], report: Report | None = None) -> Report:
    report = report or Report()
    report.violations += check_log(log)
    report.violations += check_answers(log, histories)
    wanted = {seq for history in histories for seq in positions(history)}
    oracle = Oracle.of(log, sorted({history.user for history in histories}), wanted)
    secrets = secrets_of(histories)
    for history in histories:
        follower = Follower(history, oracle)
        report.violations += follower.follow()
        report.violations += check_secrets(history, oracle, secrets)
        report.applied += follower.applied
        report.snapshots += follower.snapshots
        report.resumes += follower.resumes
    _count(log, histories, report)
    return report


def _count(log: Log, histories: Sequence[History], report: Report) -> None:
    report.sessions += 1
    report.clients += len(histories)
    report.events += len(log.written)
    report.kinds.update(recorded.event.type for recorded in log.written)
    wall = {history.user: history.wall for history in histories}
    for key, sent in commands_of(histories).items():
        report.commands += 1
        report.acknowledged += sent.accepted is not None
        report.refused += sent.accepted is None and sent.refused is not None
        report.unanswered += sent.accepted is None and sent.refused is None
        if len(sent.sent_at) > 1:
            heard = [t for t, _ in sent.acks if t < sent.sent_at[1]]
            if not heard:
                stands = log.commands.get(key)
                before = log.written_at.get(stands or 0, float("inf")) - wall[sent.user] < sent.sent_at[1]
                how = "refused" if stands is None and sent.refused else "done by a retry" if not before else "was done"
                report.unknown[how] += 1


def main(folders: Iterable[str]) -> int:
    failed = False
    for folder in folders:
        report = check_run(Path(folder))
        for violation in report.violations[:50]:
            print(violation)
        print(f"{folder}: {len(report.violations)} violations, {report}"[:500])
        failed = failed or bool(report.violations)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
