"""Two servers on one database, everybody at either of them and at another one after each loss of the connection: commands of a
session are decided in two processes at once, repeated to the one that did not take them, and the processes are killed.

4 kills; with FAULTS=long 40 (`make faults`). FAULT_SEED repeats a run; one that fails stays in `.cache/faults`.
"""

from collections.abc import Callable

import pytest

from tests.faults.campaign import play
from tests.faults.outcome import Plan, fresh_seed, is_long

KILLS = 40 if is_long() else 4
SESSIONS = 10 if is_long() else 3


@pytest.mark.timeout(3_600 if is_long() else 300)
def test_nothing_is_lost_between_two_servers(tell: Callable[[object], None]) -> None:
    outcome = play(Plan("two-servers", fresh_seed(), sessions=SESSIONS, servers=2, pace_s=0.2, server_kills=KILLS))
    tell(outcome)
    assert outcome.sound, outcome
    assert outcome.kills.total() == KILLS
    assert outcome.report.unanswered == 0
    assert outcome.report.acknowledged > 30 * KILLS
