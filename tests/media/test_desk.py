"""The sound of one session, end to end: aiortc clients on loopback speak tones to a desk and measure what they hear."""

import asyncio

import pytest

from media.desk import OfferRefused
from tests.media.caller import Caller, Tone, loudness_at, until
from tests.media.conftest import ANA_HZ, LISTENS, MARA_HZ, SPEAKS, Session


async def test_two_hear_each_other_and_not_themselves(session: Session) -> None:
    mara = await session.call("mara", MARA_HZ)
    ana = await session.call("ana", ANA_HZ)
    otto = await session.call("otto", None, LISTENS)
    await asyncio.sleep(1.0)
    for each in (mara, ana, otto):
        each.frames.clear()
    await asyncio.sleep(2.0)
    assert loudness_at(mara.heard, ANA_HZ) > 0.9
    assert loudness_at(mara.heard, MARA_HZ) < 0.01
    assert loudness_at(ana.heard, MARA_HZ) > 0.9
    assert loudness_at(ana.heard, ANA_HZ) < 0.01
    assert min(loudness_at(otto.heard, MARA_HZ), loudness_at(otto.heard, ANA_HZ)) > 0.3
    assert set(session.desk.levels()[None]) <= {"mara", "ana"}


async def test_who_may_not_speak_is_not_heard_from_the_next_packet_on(session: Session) -> None:
    await session.call("mara", MARA_HZ)
    otto = await session.call("otto", None, LISTENS)
    await until(lambda: loudness_at(otto.heard, MARA_HZ) > 0.9)
    session.stand(mara=LISTENS)
    await asyncio.sleep(0.5)  # what was on its way
    assert loudness_at(await otto.listen_for(1.0), MARA_HZ) < 0.01
    session.stand(mara=SPEAKS)
    await asyncio.sleep(0.5)
    assert loudness_at(await otto.listen_for(1.0), MARA_HZ) > 0.9


async def test_an_offer_of_somebody_who_is_not_there_is_refused(session: Session) -> None:
    async with Caller(Tone(MARA_HZ)) as stranger:
        with pytest.raises(OfferRefused) as refused:
            await session.desk.offer("stranger", await stranger.offer())
    assert refused.value.code == "audio.absent"
