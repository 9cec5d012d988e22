"""Fixtures of the tests of persistence/: the cast with its accounts."""

from collections.abc import AsyncIterator

import pytest

from persistence.database import Database
from tests.persistence.workshop import Workshop


@pytest.fixture
async def workshop(database: Database) -> AsyncIterator[Workshop]:
    workshop = await Workshop.open(database)
    yield workshop
    workshop.directory.passwords.close()
