"""`kill -9` of Postgres under load: its postmaster, one of its backends, or all of it. The server lives on and takes commands
again by itself; nothing lost, doubled or out of order.

3 kills; with FAULTS=long 20 (`make faults`). FAULT_SEED repeats a run; one that fails stays in `.cache/faults`.
"""

from collections.abc import Callable

import pytest

from tests.faults.campaign import play
from tests.faults.outcome import Plan, fresh_seed, is_long
from tests.faults.postgres import KILLS

TIMES = 20 if is_long() else 3
SESSIONS = 10 if is_long() else 4


@pytest.mark.timeout(3_600 if is_long() else 300)
def test_nothing_is_lost_when_postgres_is_killed(tell: Callable[[object], None]) -> None:
    outcome = play(Plan("kill-postgres", fresh_seed(), sessions=SESSIONS, pace_s=0.2, postgres_kills=TIMES))
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.postgres_kills.total() == TIMES
    assert outcome.postgres_kills.keys() == set(KILLS)
    assert outcome.report.unanswered == 0
    assert outcome.report.acknowledged > 20 * TIMES
    assert max(outcome.again_s) < 20
