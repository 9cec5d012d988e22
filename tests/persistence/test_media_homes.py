"""The home of a session's sound: one at a time by the database's clock, each with a higher generation than the one before."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from persistence.database import Database
from persistence.media_homes import Home, Homes
from rooms.ids import SessionId
from tests.persistence.scribe import process_on
from tests.persistence.workshop import Workshop

ONE, OTHER = uuid4(), uuid4()


@pytest.fixture
def homes(database: Database) -> Homes:
    return Homes(database)


@pytest.fixture
async def session(workshop: Workshop) -> AsyncIterator[SessionId]:
    async with process_on(workshop.database) as here:
        yield (await here.start_session(workshop.mara)).session


async def later(workshop: Workshop, seconds: float = 5.1) -> None:
    await workshop.execute("UPDATE live.media_homes SET lease_until = lease_until - make_interval(secs => $1)", seconds)


async def test_a_session_has_one_home_until_its_lease_is_over(
    homes: Homes, workshop: Workshop, session: SessionId
) -> None:
    assert await homes.take(session, ONE) == Home(session, ONE, 1)
    assert await homes.take(session, OTHER) is None
    await later(workshop, 4.0)
    assert await homes.take(session, OTHER) is None
    await later(workshop, 1.1)
    assert await homes.take(session, OTHER) == Home(session, OTHER, 2)
    assert await homes.renew([session], ONE) == set()


async def test_every_taking_is_a_generation(homes: Homes, workshop: Workshop, session: SessionId) -> None:
    generations = []
    for process in (ONE, ONE, OTHER, ONE):
        home = await homes.take(session, process)
        assert home is not None
        generations.append(home.generation)
        if process is not ONE or len(generations) == 2:
            await homes.release([session], process)
    assert generations == [1, 2, 3, 4]


async def test_of_many_who_try_at_once_one_succeeds(homes: Homes, session: SessionId) -> None:
    taken = await asyncio.gather(*(homes.take(session, uuid4()) for _ in range(10)))
    assert len([home for home in taken if home is not None]) == 1


async def test_renewing_names_what_is_still_held(homes: Homes, workshop: Workshop, session: SessionId) -> None:
    second = await workshop.another_session()
    strange = await workshop.another_session()
    await homes.take(session, ONE)
    await homes.take(second, ONE)
    await homes.take(strange, OTHER)
    for _ in range(3):
        await later(workshop, 4.0)
        assert await homes.renew([session, second, strange], ONE) == {session, second}
        await homes.renew([strange], OTHER)
    await homes.release([second, strange], ONE)  # not its own: nothing happens
    assert await homes.renew([session, second], ONE) == {session}
    assert await homes.take(strange, ONE) is None
    await later(workshop)
    assert await homes.renew([session], ONE) == set()  # too late, although nobody else came


async def test_a_recording_is_settled_when_its_home_says_so_or_nobody_is_home(
    homes: Homes, workshop: Workshop, session: SessionId
) -> None:
    recording, next_ = str(uuid4()), str(uuid4())
    assert await homes.is_settled(session, recording)  # there never was a home
    await homes.take(session, ONE)
    assert not await homes.is_settled(session, recording)
    assert not await homes.settle(session, OTHER, recording)
    assert await homes.settle(session, ONE, recording)
    assert await homes.settle(session, ONE, recording)
    assert await homes.is_settled(session, recording)
    assert not await homes.is_settled(session, next_)
    await later(workshop)
    assert await homes.is_settled(session, next_)
    assert not await homes.settle(session, ONE, next_)
    await homes.take(session, OTHER)
    assert await homes.is_settled(session, recording)  # a take-over keeps it
    assert not await homes.is_settled(session, next_)
    assert await workshop.value("SELECT cardinality(settled) FROM live.media_homes") == 1
