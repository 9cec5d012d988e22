"""The sound of a session has one home, by a lease: it comes with the first offer, goes with its process, and another one follows.
What it records stands in files of its generation, and holds no voice that did not consent."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from live import limits
from live.keys import DATABASE
from media.manifest import generations, read_story
from media.timeline import RATE, SLOT
from persistence.database import Unavailable
from persistence.media_homes import LEASE_S, Homes
from rooms.ids import SessionId
from tests.databases import SECRET_KEY
from tests.faults.server import Server
from tests.live.conftest import House
from tests.live.phone import ANA_HZ, BEN_HZ, MARA_HZ, Phone, Ring, comes_in, offered, said_of_sound
from tests.live.tape import Tape, taped
from tests.live.test_places import divide, move
from tests.live.visitor import Document, Visitor
from tests.media.caller import Caller, Tone, until

SLACK = 5  # a busy machine speaks and hears in pieces


@pytest.fixture
async def session(house: House) -> SessionId:
    return await house.session()


async def home_of(house: House, session: SessionId) -> tuple[int, bool]:
    """Its generation, and whether the lease is alive."""
    async with house.app[DATABASE].connection() as connection:
        row = await connection.fetchrow(
            "SELECT generation, lease_until > clock_timestamp() AS alive FROM live.media_homes WHERE session_id = $1",
            session,
        )
    assert row is not None
    return row["generation"], row["alive"]


def refusals(visitor: Visitor) -> list[Document]:
    return [each for each in said_of_sound(visitor) if each["type"] == "audio.refused"]


# -- homes --


async def test_an_offer_elsewhere_is_told_so_until_the_home_is_free(
    house: House, session: SessionId, ring: Ring
) -> None:
    other = await house.another()
    [ana] = await house.enter(session, "ana")
    [ben] = await house.enter(session, "ben", server=other)
    await ring(ana, ANA_HZ)
    async with Caller(Tone(BEN_HZ)) as his:
        told = await offered(ben, await his.offer())
    assert (told["code"], told["retryIn"] > 0) == ("elsewhere", True)
    assert await home_of(house, session) == (1, True)
    first = house.servers.pop(0)
    await first.stop()
    assert await home_of(house, session) == (1, False), "let go at once, not when the lease ends"
    await ring(ben, BEN_HZ)
    assert await home_of(house, session) == (2, True)


async def test_a_home_that_was_taken_over_ends_at_once(house: House, session: SessionId, ring: Ring) -> None:
    [ana] = await house.enter(session, "ana")
    hers = await ring(ana, ANA_HZ)
    async with house.app[DATABASE].connection() as connection:
        await connection.execute(
            "UPDATE live.media_homes SET process_id = $2, lease_until = clock_timestamp() + interval '1 hour' "
            "WHERE session_id = $1",
            session,
            str(uuid4()),
        )
    [told] = await ana.until(refusals)
    assert (told["code"], told["retryIn"] > 0) == ("elsewhere", True)
    await until(lambda: hers.state in ("closed", "failed"), 5.0)


async def test_a_home_that_cannot_renew_ends_before_its_lease_and_begins_anew(
    house: House,
    session: SessionId,
    ring: Ring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F3, F4: whoever sleeps or is cut off may not go on as if nothing had happened."""
    [ana] = await house.enter(session, "ana")
    hers = await ring(ana, ANA_HZ)

    async def silent(*_asked: object) -> set[SessionId]:
        raise Unavailable("nobody answers")

    renew = Homes.renew
    monkeypatch.setattr(Homes, "renew", silent)
    began = asyncio.get_running_loop().time()
    await ana.until(refusals, LEASE_S + 2)
    assert asyncio.get_running_loop().time() - began < LEASE_S + 1.0
    await until(lambda: hers.state in ("closed", "failed"), 5.0)
    monkeypatch.setattr(Homes, "renew", renew)
    assert (await ring(ana, ANA_HZ)).state == "connected"
    assert (await home_of(house, session))[1]


async def test_a_home_with_nobody_is_let_go(
    house: House,
    session: SessionId,
    ring: Ring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "HOME_LEFT_AFTER_S", 1.0)
    [ana] = await house.enter(session, "ana")
    await ring(ana, ANA_HZ)
    await asyncio.sleep(2.5)
    assert await home_of(house, session) == (1, True), "somebody is there"
    assert (await ana.leave())["ok"]
    async with asyncio.timeout(10):
        while (await home_of(house, session))[1]:  # noqa: ASYNC110 - rows send no event
            await asyncio.sleep(0.1)


# -- recording --


async def start(mara: Visitor) -> str:
    assert (await mara.submit("recording.start"))["ok"]
    return str((await mara.sees("recording.started"))["recordingId"])


async def stop(house: House, mara: Visitor, recording: str) -> Tape:
    """What was recorded, once the home has closed it."""
    assert (await mara.submit("recording.stop"))["ok"]
    await settled(house, mara, recording)
    made = generations(capture(house) / recording)
    await until(lambda: not made or read_story(capture(house) / recording / str(made[-1])).closed, 10)
    return await taped(capture(house), house.app[DATABASE], recording)


async def settled(house: House, visitor: Visitor, recording: str) -> None:
    homes = Homes(house.app[DATABASE])
    async with asyncio.timeout(10):
        while not await homes.is_settled(SessionId(visitor.session), recording):  # noqa: ASYNC110 - rows send no event
            await asyncio.sleep(0.05)


def capture(house: House) -> Path:
    return house.server.settings.capture_dir


async def test_only_who_consents_is_recorded(house: House, session: SessionId, ring: Ring) -> None:
    mara, ana, ben = await house.enter(session, "mara", "ana", "ben")
    assert (await ana.submit("recording.consent", given=True))["ok"]
    hers, his, listener = await ring(ana, ANA_HZ), await ring(ben, BEN_HZ), await ring(mara, None)
    await listener.hears(hers, his)
    recording = await start(mara)
    await asyncio.sleep(3.0)
    await listener.hears(hers, his)
    tape = await stop(house, mara, recording)
    assert tape.tracks == {ana.user, "mix"}
    for track in (ana.user, "mix"):
        assert tape.share(track, ANA_HZ) > 0.5
        assert tape.share(track, BEN_HZ) < 0.001
        assert tape.seconds(track) > 3.0 / SLACK
    assert tape.begins_s[(1, ana.user)] < 0.2 * SLACK


async def test_consent_counts_from_when_it_is_given_until_it_is_withdrawn(
    house: House,
    session: SessionId,
    ring: Ring,
) -> None:
    mara, ana = await house.enter(session, "mara", "ana")
    await ring(ana, ANA_HZ)
    recording = await start(mara)
    await asyncio.sleep(1.5)
    assert (await ana.submit("recording.consent", given=True))["ok"]
    await asyncio.sleep(1.5)
    assert (await ana.submit("recording.consent", given=False))["ok"]
    await asyncio.sleep(1.5)
    tape = await stop(house, mara, recording)
    assert 1.4 < tape.begins_s[(1, ana.user)] < 3.0
    assert 1.5 / SLACK < tape.seconds(ana.user) < 2.5
    assert 1.5 / SLACK < tape.seconds("mix") < 3.0


async def test_mute_pause_and_breakout_rooms_are_not_recorded(house: House, session: SessionId, ring: Ring) -> None:
    mara, ana = await house.enter(session, "mara", "ana")
    assert (await ana.submit("recording.consent", given=True))["ok"]
    await ring(ana, ANA_HZ)
    recording = await start(mara)
    await asyncio.sleep(1.0)
    assert (await mara.submit("recording.pause"))["ok"]
    await asyncio.sleep(1.0)
    assert (await mara.submit("recording.resume"))["ok"]
    await asyncio.sleep(1.0)
    await divide(mara, ink=ana)
    await asyncio.sleep(1.0)
    await move(mara, ana, None)
    await asyncio.sleep(1.0)
    assert (await ana.submit("audio.mute", muted=True))["ok"]
    await asyncio.sleep(1.0)
    tape = await stop(house, mara, recording)
    assert tape.generations == {1}
    assert 3.0 / SLACK < tape.seconds(ana.user) < 4.5, "of six seconds or more"
    assert 3.0 / SLACK < tape.seconds("mix") < 4.5


async def test_a_recording_goes_on_under_another_home(house: House, session: SessionId, ring: Ring) -> None:
    other = await house.another()
    [mara] = await house.enter(session, "mara", server=other)
    [ana] = await house.enter(session, "ana")
    assert (await ana.submit("recording.consent", given=True))["ok"]
    await ring(ana, ANA_HZ)
    recording = await start(mara)
    await asyncio.sleep(1.5)
    await house.servers.pop(0).stop()
    [ana] = await house.enter(session, "ana")
    await asyncio.sleep(1.5)
    assert await home_of(house, session) == (2, True), "it needs no offer: a recording is running"
    await ring(ana, ANA_HZ)
    await asyncio.sleep(1.5)
    tape = await stop(house, mara, recording)
    assert tape.generations == {1, 2}
    assert tape.begins_s[(2, ana.user)] > tape.begins_s[(1, ana.user)] + 1.5
    assert tape.share(ana.user, ANA_HZ) > 0.5


async def test_a_recording_that_nobody_spoke_in_is_settled_too(house: House, session: SessionId) -> None:
    [mara] = await house.enter(session, "mara")
    recording = await start(mara)
    tape = await stop(house, mara, recording)
    assert tape.sound == {}


# -- a process dies --


@pytest.fixture
async def process(house: House, tmp_path: Path) -> AsyncIterator[Server]:
    """A server of its own process beside that of the house, which only knows the people."""
    store = f"file:{house.server.settings.store_dir}"
    server = Server(tmp_path, house.dsn, SECRET_KEY, worker=False, ICE_ADDRESSES="127.0.0.1", RECORDINGS_URL=store)
    server.start()
    try:
        await server.listening()
        yield server
    finally:
        server.stop()


async def entered(house: House, process: Server, session: SessionId, name: str) -> Visitor:
    visitor = Visitor(process.url, await house.token(name), await house.user(name))
    house.visitors.append(visitor)
    await comes_in(visitor)
    assert (await visitor.join(session))["ok"]
    return visitor


async def test_after_a_kill_everybody_offers_again_and_the_recording_goes_on(
    house: House, session: SessionId, process: Server
) -> None:
    mara, ana = [await entered(house, process, session, name) for name in ("mara", "ana")]
    assert (await ana.submit("recording.consent", given=True))["ok"]
    phones = [await Phone(mara, MARA_HZ).call(), await Phone(ana, ANA_HZ).call()]
    await phones[0].hears(phones[1])
    recording = await start(mara)
    await asyncio.sleep(2.0)
    process.kill()
    await asyncio.gather(*(phone.close() for phone in phones))
    process.start()
    await process.listening()
    mara, ana = [await entered(house, process, session, name) for name in ("mara", "ana")]
    phones = [await patiently(mara, MARA_HZ), await patiently(ana, ANA_HZ)]
    await phones[0].hears(phones[1])
    await phones[1].hears(phones[0])
    await asyncio.sleep(2.5)
    tape = await taped(capture(house), house.app[DATABASE], recording)
    assert len(tape.generations) == 2
    assert tape.share(ana.user, ANA_HZ) > 0.5
    assert tape.share("mix", ANA_HZ) > 0.5
    first, last = min(tape.generations), max(tape.generations)
    assert len(tape.sound[(first, ana.user)]) > 0
    told = read_story(capture(house) / recording / str(last)).missing
    assert [span.why for span in told] == ["killed"]
    assert told[0].from_slot * SLOT / RATE > tape.begins_s[(first, ana.user)]
    assert (await mara.submit("recording.stop"))["ok"]
    await settled(house, mara, recording)
    await asyncio.gather(*(phone.close() for phone in phones))


async def test_f3_a_home_that_slept_is_none_when_it_wakes(house: House, session: SessionId, process: Server) -> None:
    """Another process has become the home meanwhile; nothing is mixed or written twice."""
    mara, ana = [await entered(house, process, session, name) for name in ("mara", "ana")]
    assert (await ana.submit("recording.consent", given=True))["ok"]
    hers = await Phone(ana, ANA_HZ).call()
    recording = await start(mara)
    await asyncio.sleep(2.0)
    process.pause()
    try:
        [ben] = await house.enter(session, "ben")
        assert (await ben.submit("recording.consent", given=True))["ok"]
        his = await patiently(ben, BEN_HZ)
        await asyncio.sleep(1.5)
    finally:
        process.resume()
    told = (await ana.until(refusals, 10))[0]
    assert (told["code"], told["retryIn"] > 0) == ("elsewhere", True)
    await until(lambda: hers.state in ("closed", "failed"), 10.0)
    await asyncio.sleep(1.5)
    assert (await home_of(house, session)) == (2, True)
    tape = await taped(capture(house), house.app[DATABASE], recording)
    before, after = tape.sound[(1, ana.user)], tape.begins_s[(2, ben.user)]
    assert tape.begins_s[(1, ana.user)] + len(before) / RATE < after
    assert (2, ana.user) not in tape.sound
    await asyncio.gather(hers.close(), his.close())


async def patiently(visitor: Visitor, hertz: float) -> Phone:
    """As a browser does: until the lease of the dead process is over."""
    async with asyncio.timeout(5 * LEASE_S):
        while True:
            caller = Caller(Tone(hertz))
            answer = await offered(visitor, await caller.offer())
            await caller.close()
            if answer["type"] == "audio.answer":
                return await Phone(visitor, hertz).call()
            assert answer["code"] == "elsewhere", answer
            await asyncio.sleep(answer["retryIn"])
