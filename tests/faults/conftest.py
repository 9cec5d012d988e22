"""What the runs measured is printed, and shown at the end of every test run, also of one that passed (tests/conftest.py)."""

from collections.abc import Callable, Iterator

import pytest

from tests.databases import Cluster
from tests.faults.ground import Ground, laid
from tests.live.conftest import house  # noqa: F401  the people of one session, for runs with sound


@pytest.fixture
def tell() -> Callable[[object], None]:
    return print


@pytest.fixture(scope="session")
def ground(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """One for all rows that a process of the run carries."""
    with laid(cluster, tmp_path_factory.mktemp("ground")) as ground:
        yield ground
