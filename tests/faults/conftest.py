"""What the runs measured is printed, and shown at the end of every test run, also of one that passed (tests/conftest.py)."""

from collections.abc import Callable

import pytest

from tests.live.conftest import house  # noqa: F401  the people of one session, for runs with sound


@pytest.fixture
def tell() -> Callable[[object], None]:
    return print
