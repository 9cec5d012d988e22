"""Two servers on one database with a Redis between them: what is said there in passing arrives at once, and what must arrive does
without it. Redis itself is made to fail in tests/faults/test_many_processes.py."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from live import limits
from live.keys import DATABASE, HOSTS, NEIGHBOURS
from live.neighbours import HINT_BYTES_MAX, Neighbours
from live.packets import event_frame
from live.signal_lane import TOLD
from live.worker import _sessions
from persistence import lane
from persistence.committer import Committer
from persistence.event_log import EventLog
from persistence.lane import Lane
from rooms.chat import SendMessage
from rooms.ids import SessionId, UserId
from tests.databases import SECRET_KEY
from tests.live.conftest import House, Server
from tests.live.phone import ANA_HZ, BEN_HZ, MARA_HZ, Ring, said_of_sound
from tests.live.test_places import divide
from tests.live.test_sound_homes import home_of
from tests.live.visitor import Visitor

BETWEEN_POLLS_S = 30.0


@pytest.fixture
def no_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrives all the same came over Redis."""
    monkeypatch.setattr(limits, "POLL_EVERY_S", BETWEEN_POLLS_S)


@pytest.fixture
async def other(house: House, redis: str, no_poll: None) -> Server:
    """The second of two that hear each other; the first is the house's."""
    await house.instead(redis_url=redis)
    other = await house.another(redis_url=redis)
    await meet(house.server, other)
    return other


async def meet(*servers: Server) -> None:
    async with asyncio.timeout(10):
        while not all(each.app[NEIGHBOURS].are_heard for each in servers):  # noqa: ASYNC110 - it sets no event
            await asyncio.sleep(0.02)


@pytest.fixture
async def session(house: House, other: Server) -> SessionId:
    return await house.session()


async def test_the_doorbell_brings_what_was_appended_elsewhere_at_once(
    house: House, session: SessionId, other: Server
) -> None:
    [ana] = await house.enter(session, "ana")
    [ben] = await house.enter(session, "ben", server=other)
    for number in range(5):
        speaker, listener = (ana, ben) if number % 2 else (ben, ana)
        assert (await speaker.submit("chat.send", text=f"line {number}"))["ok"]
        await listener.sees("chat.sent", text=f"line {number}")
    async with asyncio.TaskGroup() as both:
        for speaker, name in ((ana, "ana"), (ben, "ben")):
            for number in range(20):
                both.create_task(speaker.submit("chat.send", text=f"{name} {number}"))
    for visitor in (ana, ben):
        await visitor.until(lambda each: each.types.count("chat.sent") == 45)
        visitor.stands()
    assert [event["text"] for event in chat(ana)] == [event["text"] for event in chat(ben)]


async def test_what_a_worker_appends_is_seen_at_once(house: House, redis: str, no_poll: None) -> None:
    """And nobody says anything for the sake of a worker."""
    await house.instead(redis_url=redis)
    lane_ = house.app[NEIGHBOURS]._lane
    assert lane_ is not None
    async with asyncio.timeout(10):
        while not lane_.hears:  # noqa: ASYNC110 - it sets no event
            await asyncio.sleep(0.02)
    session = await house.session()
    [ana] = await house.enter(session, "ana")
    async with AsyncExitStack() as parts:
        database = house.app[DATABASE]
        beside = await _sessions(parts, house.server.settings, database, Committer(database, EventLog(database)))
        for number in range(3):
            ack = await beside.submit(session, UserId(ana.user), SendMessage(text=f"line {number}"), str(uuid4()))
            assert ack.ok, ack
            await ana.sees("chat.sent", text=f"line {number}")
    assert lane_.alone
    ana.stands()


def chat(visitor: Visitor) -> list[dict[str, Any]]:
    return [event for event in visitor.events if event["type"] == "chat.sent"]


async def test_cursors_and_typing_are_seen_on_the_other_server_where_they_belong(
    house: House, session: SessionId, other: Server
) -> None:
    mara, ana = await house.enter(session, "mara", "ana")
    theo, ben, otto = await house.enter(session, "theo", "ben", "otto", server=other)
    rooms = await divide(mara, ink=ben)
    await ben.until(lambda each: each.snapshots)
    await asyncio.gather(*(each.sees("breakout.opened") for each in (theo, otto)))
    await ana.signal({"type": "board.cursor", "boardId": "main", "x": 3, "y": 4})
    for listener in (theo, otto, mara):
        seen = await listener.until(lambda each: [one for one in each.signals if one["type"] == "board.cursor"])
        assert (seen[0]["from"], seen[0]["x"]) == (ana.user, 3)
    await ben.signal({"type": "typing", "on": True})
    seen = await mara.until(lambda each: [one for one in each.signals if one["type"] == "typing"])
    assert seen[0]["from"] == ben.user
    await theo.until(lambda each: [one for one in each.signals if one["type"] == "typing"])
    house.app[NEIGHBOURS].say(TOLD, session, None, event_frame("signal", {"type": "audio.caption", "text": "words"}))
    for listener in (theo, otto):
        await listener.until(lambda each: [one for one in each.signals if one["type"] == "audio.caption"])
    assert not [one for one in ben.signals if one["type"] == "audio.caption"], (
        f"who is in {rooms} hears what is said there"
    )
    assert not [one for one in ben.signals if one["type"] in ("board.cursor", "typing")]
    assert not [one for one in (*ana.signals, *otto.signals) if one["type"] == "typing"]


async def test_people_on_different_servers_hear_each_other(
    house: House, session: SessionId, other: Server, ring: Ring
) -> None:
    [mara] = await house.enter(session, "mara")
    ana, ben = await house.enter(session, "ana", "ben", server=other)
    hers = await ring(mara, MARA_HZ)
    anas, bens = await ring(ana, ANA_HZ), await ring(ben, BEN_HZ)
    assert await home_of(house, session) == (1, True)
    for phone, others in ((hers, (anas, bens)), (anas, (hers, bens)), (bens, (hers, anas))):
        await phone.hears(*others)
    loud = await ana.until(lambda each: [one for one in each.signals if one["type"] == "audio.levels"])
    assert loud
    assert (await ana.submit("audio.mute", muted=True))["ok"]
    await bens.hears(hers, but=(anas,))


async def test_sound_goes_on_where_somebody_else_is_when_its_home_ends(
    house: House, session: SessionId, other: Server, ring: Ring
) -> None:
    [mara] = await house.enter(session, "mara")
    ana, ben = await house.enter(session, "ana", "ben", server=other)
    await ring(mara, MARA_HZ)
    await ring(ana, ANA_HZ)
    first = house.servers.pop(0)
    await first.stop()
    told = await ana.until(lambda each: [one for one in said_of_sound(each) if one["type"] == "audio.refused"])
    assert told[-1]["retryIn"] > 0
    house.servers.append(other)
    anas, bens = await ring(ana, ANA_HZ), await ring(ben, BEN_HZ)
    await anas.hears(bens)
    await bens.hears(anas)
    assert await home_of(house, session) == (2, True)


async def test_whose_home_died_without_a_word_is_told_to_offer_again(
    house: House, session: SessionId, other: Server, ring: Ring
) -> None:
    [mara] = await house.enter(session, "mara")
    [ana] = await house.enter(session, "ana", server=other)
    await ring(mara, MARA_HZ)
    await ring(ana, ANA_HZ)
    async with other.app[DATABASE].connection() as connection:  # as if its process had been gone for long
        await connection.execute(
            "UPDATE live.media_homes SET lease_until = clock_timestamp() + interval '1 hour', process_id = $2 "
            "WHERE session_id = $1",
            session,
            str(uuid4()),
        )
    told = await ana.until(lambda each: [one for one in said_of_sound(each) if one["type"] == "audio.refused"], 10)
    assert told[0]["code"] == "elsewhere"
    assert told[0]["retryIn"] > 0


async def test_a_hint_is_small_and_makes_nothing_of_what_is_not_there(
    house: House, session: SessionId, other: Server
) -> None:
    [ben] = await house.enter(session, "ben", server=other)
    said: list[bytes] = []
    stranger = Neighbours(uuid4(), None, SECRET_KEY)
    stranger._lane = type("Said", (), {"alone": False, "say": lambda _self, word, **_: said.append(word)})()
    stranger.ring(session, str(uuid4()), 2**40)
    assert len(said[0]) + lane.TAG_BYTES + lane.ID_BYTES <= HINT_BYTES_MAX
    host = await other.app[HOSTS].get(session)
    for epoch, seq in ((str(uuid4()), 2**40), (host.epoch, 2**40)):
        other.app[HOSTS].hear(session, epoch, seq)
    assert (await ben.submit("chat.send", text="as ever"))["ok"]
    ben.stands()


@pytest.fixture
async def lanes(redis: str) -> AsyncIterator[tuple[list[bytes], Lane]]:
    """What one of two heard, and the other one."""
    heard: list[bytes] = []
    made = [
        Lane(redis, SECRET_KEY, heard.append, uuid4().bytes.hex().encode),
        Lane(redis, SECRET_KEY, heard.append, lambda: b"ping"),
    ]
    tasks = [asyncio.create_task(work()) for each in made for work in (each.keep_listening, each.keep_speaking)]
    async with asyncio.timeout(10):
        while not all(each.hears and not each.alone for each in made):  # noqa: ASYNC110 - it sets no event
            await asyncio.sleep(0.02)
    yield heard, made[0]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for each in made:
        await each.close()


async def test_70_who_can_write_to_that_redis_cannot_speak_for_us(redis: str, lanes: tuple[list[bytes], Lane]) -> None:
    heard, speaker = lanes
    async with Redis.from_url(redis) as client:
        for forged in (b"", b"short", b"\0" * 16 + b"words", b"\0" * 100_000):
            assert await client.publish(speaker._name, forged) == 2
    speaker.say(b"the last word")
    async with asyncio.timeout(5):
        while b"the last word" not in heard:  # noqa: ASYNC110 - it sets no event
            await asyncio.sleep(0.02)
    assert not [each for each in heard if each in (b"", b"words") or each.startswith(b"\0")]


async def test_what_waits_is_bounded_and_the_latest_of_a_kind_counts(redis: str) -> None:
    quiet = Lane(redis, SECRET_KEY, lambda _message: None, lambda: b"")
    quiet.say(b"to nobody")
    assert not quiet._waiting
    quiet._others[b"somebody"] = 0.0
    for number in range(3):
        quiet.say(str(number).encode(), instead_of="one")
    assert list(quiet._waiting.values()) == [b"2"]
    for _ in range(2 * lane.WAITING_MAX):
        quiet.say(b"word")
    assert len(quiet._waiting) == lane.WAITING_MAX
    quiet.say(b"x" * lane.MESSAGE_BYTES_MAX, instead_of="one")
    assert sum(map(len, quiet._waiting.values())) <= lane.WAITING_BYTES_MAX
    assert quiet.dropped >= lane.WAITING_MAX
    await quiet.close()
