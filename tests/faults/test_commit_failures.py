"""Appends, answers and deliveries that fail at random while everybody works: the state is the replay of the log all the same,
whoever was refused changed nothing, and whoever was accepted is there.

8 seconds; with FAULTS=long 120 (`make faults`). FAULT_SEED repeats a run; one that fails stays in `.cache/faults`.
"""

from collections.abc import Callable

import pytest

from tests.faults.campaign import play
from tests.faults.outcome import Plan, fresh_seed, is_long

FAILING_S = 120.0 if is_long() else 8.0
SESSIONS = 10 if is_long() else 4


@pytest.mark.timeout(1_200 if is_long() else 300)
def test_the_state_is_the_replay_when_commits_fail(tell: Callable[[object], None]) -> None:
    outcome = play(Plan("commit-failures", fresh_seed(), sessions=SESSIONS, failing_s=FAILING_S))
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.answers["internal"] > 0, "no commit failed"
    assert outcome.report.unknown.get("was done", 0) > 0, "no answer failed after its commit"
    assert outcome.report.unanswered == 0
    assert outcome.report.acknowledged > 5 * FAILING_S
