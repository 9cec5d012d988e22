"""People speak and hear each other over a running server, on loopback: who hears whom follows the log, whatever a client sends."""

import asyncio

import pytest

from live.keys import TOKENS
from rooms.ids import SessionId
from tests.live.conftest import House
from tests.live.phone import (
    ANA_HZ,
    BEN_HZ,
    MARA_HZ,
    OTTO_HZ,
    NotAnswered,
    Phone,
    Ring,
    levels_of,
    offered,
    said_of_sound,
)
from tests.live.test_places import divide, move
from tests.media.caller import Caller, Tone, until

SILENT_WITHIN_S = 1.0  # 200 ms, with five-fold slack: two servers' threads and five clients share two cores


@pytest.fixture
async def session(house: House) -> SessionId:
    return await house.session()


async def test_two_speakers_and_a_listener_hear_each_other_and_not_themselves(
    house: House, session: SessionId, ring: Ring
) -> None:
    mara, ana, otto = await house.enter(session, "mara", "ana", "otto")
    began = asyncio.get_running_loop().time()
    her = await ring(mara, MARA_HZ)
    assert asyncio.get_running_loop().time() - began < 5 * 2.0
    him, listener = await ring(ana, ANA_HZ), await ring(otto, None)
    await her.hears(him)
    await him.hears(her)
    await listener.hears(her, him)


async def test_who_mutes_themselves_is_silent_and_comes_back(house: House, session: SessionId, ring: Ring) -> None:
    mara, ana = await house.enter(session, "mara", "ana")
    her, listener = await ring(ana, ANA_HZ), await ring(mara, None)
    await listener.hears(her)
    assert (await ana.submit("audio.mute", muted=True))["ok"]
    assert await listener.heard_until_s() < SILENT_WITHIN_S
    await listener.hears_nothing()
    assert (await ana.submit("audio.mute", muted=False))["ok"]
    await listener.hears(her)


async def test_a_moderator_mutes_one_and_all(house: House, session: SessionId, ring: Ring) -> None:
    mara, ana, ben = await house.enter(session, "mara", "ana", "ben")
    hers, his, listener = await ring(ana, ANA_HZ), await ring(ben, BEN_HZ), await ring(mara, MARA_HZ)
    await listener.hears(hers, his)
    assert (await mara.submit("participant.mute", userId=ana.user))["ok"]
    await listener.hears(his, but=(hers,))
    assert (await mara.submit("participant.mute"))["ok"]
    assert await listener.heard_until_s() < SILENT_WITHIN_S
    await his.hears(listener, but=(hers,))
    assert (await ben.submit("audio.mute", muted=False))["ok"]
    await listener.hears(his, but=(hers,))


async def test_a_right_that_was_taken_silences_at_once(house: House, session: SessionId, ring: Ring) -> None:
    mara, ana = await house.enter(session, "mara", "ana")
    her, listener = await ring(ana, ANA_HZ), await ring(mara, None)
    await listener.hears(her)
    assert (await mara.submit("permission.revoke", userId=ana.user, permission="can_speak"))["ok"]
    assert await listener.heard_until_s() < SILENT_WITHIN_S
    assert (await ana.submit("audio.mute", muted=False))["code"] == "forbidden"
    await listener.hears_nothing()
    assert (await mara.submit("permission.grant", userId=ana.user, permission="can_speak"))["ok"]
    await listener.hears(her)


async def test_an_observer_who_sends_a_voice_is_not_heard(house: House, session: SessionId, ring: Ring) -> None:
    """Attack 64: the server does not ask the client whether it is muted."""
    mara, otto = await house.enter(session, "mara", "otto")
    his, hers = await ring(otto, OTTO_HZ), await ring(mara, MARA_HZ)
    await his.hears(hers)
    await hers.hears_nothing()
    assert levels_of(mara) == [] or all(otto.user not in each["levels"] for each in levels_of(mara))


async def test_breakout_rooms_are_apart(house: House, session: SessionId, ring: Ring) -> None:
    mara, ana, ben = await house.enter(session, "mara", "ana", "ben")
    main, hers, his = await ring(mara, MARA_HZ), await ring(ana, ANA_HZ), await ring(ben, BEN_HZ)
    await main.hears(hers, his)
    rooms = await divide(mara, ink=ana, clay=ben)
    await hers.hears_nothing()
    await his.hears_nothing()
    await main.hears_nothing()
    await move(mara, ben, rooms["ink"])
    await hers.hears(his, but=(main,))
    await his.hears(hers, but=(main,))
    seen = [each for each in levels_of(ana) if ben.user in each["levels"]][-1]
    assert (seen["room"], mara.user in seen["levels"]) == (rooms["ink"], False)
    await move(mara, ben, None)
    await main.hears(his, but=(hers,))
    assert (await mara.submit("breakout.close", seconds=0))["ok"]
    await main.hears(hers, his)


async def test_levels_are_told_where_somebody_speaks_and_once_more_when_nobody_does(
    house: House, session: SessionId, ring: Ring
) -> None:
    mara, ana = await house.enter(session, "mara", "ana")
    await ring(ana, ANA_HZ)
    seen = await mara.until(lambda visitor: levels_of(visitor) and levels_of(visitor)[-1])
    assert set(seen["levels"]) == {ana.user}
    assert 0 < seen["levels"][ana.user] <= 1
    assert "room" not in seen
    before = len(levels_of(mara))
    await asyncio.sleep(1.0)
    assert len(levels_of(mara)) - before <= 11
    assert (await ana.submit("audio.mute", muted=True))["ok"]
    await mara.until(lambda visitor: levels_of(visitor)[-1]["levels"] == {})
    told = len(levels_of(mara))
    await asyncio.sleep(0.5)
    assert len(levels_of(mara)) == told, "silence is said once"


async def test_that_somebody_spoke_stands_in_the_log(house: House, session: SessionId, ring: Ring) -> None:
    mara, ana = await house.enter(session, "mara", "ana")
    await ring(ana, ANA_HZ)
    await mara.until(lambda visitor: levels_of(visitor) and ana.user in levels_of(visitor)[-1]["levels"])
    await asyncio.sleep(1.0)
    assert (await ana.submit("audio.mute", muted=True))["ok"]
    spoke = await mara.sees("participant.spoke", userId=ana.user)
    assert spoke["from"] < spoke["to"] <= spoke["at"]
    assert "room" not in spoke


@pytest.mark.parametrize("how", ["leave", "remove", "ban"])
async def test_who_goes_or_is_sent_away_has_no_line_any_more(
    house: House, session: SessionId, ring: Ring, how: str
) -> None:
    mara, ana = await house.enter(session, "mara", "ana")
    hers = await ring(ana, ANA_HZ)
    listener = await ring(mara, None)
    await listener.hears(hers)
    ack = await (ana.leave() if how == "leave" else mara.submit(f"participant.{how}", userId=ana.user))
    assert ack["ok"]
    assert await listener.heard_until_s() < SILENT_WITHIN_S
    await until(lambda: hers.state in ("closed", "failed"), 5.0)


async def test_a_connection_that_comes_back_finds_the_line_as_it_was(
    house: House, session: SessionId, ring: Ring
) -> None:
    mara, ana = await house.enter(session, "mara", "ana")
    hers, listener = await ring(ana, ANA_HZ), await ring(mara, None)
    await listener.hears(hers)
    await ana.close()
    await listener.hears(hers)
    await house.enter(session, "ana")
    await listener.hears(hers)
    assert hers.state == "connected"


async def test_whose_connection_broke_for_good_loses_the_line(
    house: House, session: SessionId, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In time to keep the promise of 30 s; here the wait is shortened."""
    monkeypatch.setattr("live.limits.GONE_FOR_S", 1.0)
    mara, ana = await house.enter(session, "mara", "ana")
    hers, listener = await ring(ana, ANA_HZ), await ring(mara, None)
    await listener.hears(hers)
    await ana.close()
    await until(lambda: hers.state in ("closed", "failed"), 5.0)
    await listener.hears_nothing()


async def test_a_sign_in_that_was_revoked_has_no_line_any_more(house: House, session: SessionId, ring: Ring) -> None:
    """Attack 10: not only after the 20 s that a broken connection has."""
    mara, ana = await house.enter(session, "mara", "ana")
    hers, listener = await ring(ana, ANA_HZ), await ring(mara, None)
    await listener.hears(hers)
    await house.app[TOKENS].revoke_family(house.families["ana"])
    await until(lambda: hers.state in ("closed", "failed"), 5.0)
    await listener.hears_nothing()


async def test_one_person_has_one_line(house: House, session: SessionId, ring: Ring) -> None:
    [mara] = await house.enter(session, "mara")
    [first] = await house.enter(session, "ana")
    [second] = await house.enter(session, "ana")
    listener, before = await ring(mara, None), await ring(first, ANA_HZ)
    await listener.hears(before)
    after = await ring(second, BEN_HZ)
    await listener.hears(after, but=(before,))
    told = await first.until(lambda visitor: [each for each in said_of_sound(visitor) if "code" in each])
    assert (told[0]["code"], "retryIn" in told[0]) == ("taken_over", False)
    assert all(each["type"] == "audio.answer" for each in said_of_sound(second))


async def test_somebody_who_waits_has_no_sound(house: House) -> None:
    session = await house.session(lobby=True)
    [ana] = await house.enter(session, "ana")
    phone = Phone(ana, ANA_HZ)
    with pytest.raises(NotAnswered) as refused:
        await phone.call()
    assert (refused.value.refusal["code"], "retryIn" in refused.value.refusal) == ("participant.not_admitted", False)
    await phone.close()


async def test_the_end_of_the_session_ends_its_sound(house: House, session: SessionId, ring: Ring) -> None:
    mara, ana = await house.enter(session, "mara", "ana")
    hers = await ring(ana, ANA_HZ)
    assert (await mara.submit("session.end"))["ok"]
    told = await ana.until(lambda visitor: [each for each in said_of_sound(visitor) if "code" in each])
    assert (told[0]["code"], "retryIn" in told[0]) == ("session.ended", False)
    await until(lambda: hers.state in ("closed", "failed"), 5.0)
    async with Caller(Tone(ANA_HZ)) as late:
        assert (await offered(ana, await late.offer()))["code"] == "session.ended"
