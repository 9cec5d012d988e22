"""What the runs measured is shown at the end of every test run, also of one that passed."""

from collections.abc import Callable

import pytest

TOLD = pytest.StashKey[list[str]]()


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[object], None]:
    return lambda outcome: request.config.stash.setdefault(TOLD, []).append(str(outcome))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for outcome in config.stash.get(TOLD, []):
        terminalreporter.write_sep("-", "a run with faults")
        terminalreporter.write_line(outcome)
