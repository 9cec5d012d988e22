"""`kill -9` of the server under load, at random and between commit, answer and delivery: nothing lost, doubled or out of order.

12 kills; with FAULTS=long 200 (`make faults`). FAULT_SEED repeats a run; one that fails stays in `.cache/faults`.
"""

import statistics
from collections.abc import Callable

import pytest

from bench.client import BACKOFF_MAX_S
from tests.faults.campaign import play
from tests.faults.deaths import WAYS
from tests.faults.outcome import Plan, fresh_seed, is_long

KILLS = 200 if is_long() else 12
TIMES_A_START_MAX = 5.0


@pytest.mark.timeout(7_200 if is_long() else 600)
def test_nothing_is_lost_when_the_server_is_killed(tell: Callable[[object], None]) -> None:
    outcome = play(Plan("kill-server", fresh_seed(), server_kills=KILLS, anew=True))
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.kills.total() == KILLS
    assert not set(WAYS) - outcome.kills.keys(), "a way of dying did not happen"
    assert outcome.report.unanswered == 0
    assert outcome.report.acknowledged > 50 * KILLS
    assert outcome.report.unknown, "no kill left anybody in doubt"
    took_s = (
        statistics.median(outcome.back_s) - BACKOFF_MAX_S
    )  # which clients wait by themselves, however fast the server is
    ratio = took_s / statistics.median(outcome.start_s)
    assert ratio < TIMES_A_START_MAX, f"{ratio:.1f} times as long as its start, which had the same machine"
