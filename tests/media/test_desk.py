"""The sound of one session, end to end: aiortc clients on loopback speak tones to a desk and measure what they hear."""

import asyncio
import time
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from media import desk
from media.desk import OfferRefused, Stand, sound_clock
from media.opus import FRAME, FRAME_S, RATE, Decoder, frame_samples
from media.voices import Packet
from tests.media.caller import Caller, Tone, loudness_at, until
from tests.media.conftest import ANA_HZ, BEN_HZ, LISTENS, MARA_HZ, RECORDED, SPEAKS, Session
from tests.media.wire import Wire


async def test_they_hear_each_other_and_not_themselves(session: Session) -> None:
    mara = await session.call("mara", MARA_HZ)
    ana = await session.call("ana", ANA_HZ)
    otto = await session.call("otto", None, LISTENS)
    await asyncio.gather(mara.hears(ANA_HZ), ana.hears(MARA_HZ), otto.hears(MARA_HZ, ANA_HZ))
    assert loudness_at(await mara.listen(), MARA_HZ) < 0.01
    assert loudness_at(await ana.listen(), ANA_HZ) < 0.01
    seen: set[str] = set()

    def both_seen() -> bool:
        seen.update(session.desk.levels().get(None, {}))
        return seen == {"mara", "ana"}

    await until(both_seen, 30)


async def test_who_may_not_speak_is_not_heard_from_the_next_packet_on(session: Session) -> None:
    """Attack 64, for mute and for a right that was taken, which are the same here."""
    await session.call("mara", MARA_HZ)
    otto = await session.call("otto", None, LISTENS)
    await otto.hears(MARA_HZ)
    taken: list[Packet] = []
    voice = session.line("mara").voice
    voice.take = taken.append  # type: ignore[method-assign, assignment]
    session.stand(mara=LISTENS)
    await asyncio.sleep(0.3)
    assert taken == [], "nothing is decoded"
    del voice.take
    await otto.hears_nothing_of(MARA_HZ)
    session.stand(mara=SPEAKS)
    await otto.hears(MARA_HZ)


async def test_an_offer_of_somebody_who_is_not_there_is_refused(session: Session) -> None:
    async with Caller(Tone(MARA_HZ)) as stranger:
        with pytest.raises(OfferRefused) as refused:
            await session.desk.offer("stranger", await stranger.offer())
    assert refused.value.code == "audio.absent"


class Recorder:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.started_at = sound_clock()
        self.packets: list[tuple[str, int, float]] = []
        self.mixed: list[tuple[int, bytes]] = []
        self.silences: list[tuple[str, int]] = []

    def hear(self, user: str, packet: bytes, rtp_timestamp: int, at: float) -> None:
        assert frame_samples(packet)
        self.packets.append((user, rtp_timestamp, at))

    def mix(self, slot: int, packet: bytes) -> None:
        self.mixed.append((slot, packet))

    def silence(self, user: str, from_slot: int) -> None:
        self.silences.append((user, from_slot))

    def heard(self) -> NDArray[np.int16]:
        decoder = Decoder()
        return np.concatenate([decoder.decode(packet) for _, packet in self.mixed])


async def test_only_who_consents_is_recorded_and_every_packet_of_theirs(session: Session) -> None:
    recorder = Recorder()
    session.desk.record(recorder)
    await session.call("mara", MARA_HZ, RECORDED)
    await session.call("ana", ANA_HZ, SPEAKS)
    await until(lambda: len(recorder.mixed) > 100, 60)
    session.desk.record(None)
    assert {user for user, _, _ in recorder.packets} == {"mara"}
    timestamps = [timestamp for _, timestamp, _ in recorder.packets]
    assert {later - earlier for earlier, later in pairwise(timestamps)} == {FRAME}
    at_s = [at for _, _, at in recorder.packets]
    assert at_s == sorted(at_s)
    assert 0 < at_s[0] < at_s[-1] < (sound_clock() - recorder.started_at).total_seconds()
    slots = [slot for slot, _ in recorder.mixed]
    assert slots == sorted(set(slots))
    sound = recorder.heard()[RATE // 2 :]
    assert loudness_at(sound, MARA_HZ) > 0.7, "packets that came too late are missing"
    assert loudness_at(sound, ANA_HZ) < 0.001, "in nobody's mix"
    count = len(recorder.packets)
    await asyncio.sleep(0.3)
    assert len(recorder.packets) == count


async def test_where_a_recorded_voice_ends_silence_is_marked(session: Session) -> None:
    recorder = Recorder()
    session.desk.record(recorder)
    await session.call("mara", MARA_HZ, RECORDED)
    await until(lambda: len(recorder.packets) > 20)
    for elsewhere in (SPEAKS, LISTENS, Stand("blue", True, True)):
        session.stand(mara=elsewhere)
        count, (_, _, last_s) = len(recorder.packets), recorder.packets[-1]
        user, slot = recorder.silences.pop()
        assert user == "mara"
        assert slot * FRAME_S >= last_s
        await asyncio.sleep(0.2)
        assert (len(recorder.packets), recorder.silences) == (count, [])
        session.stand(mara=RECORDED)
        await until(lambda: len(recorder.packets) > count)  # noqa: B023 - waited for here


async def test_nothing_that_was_said_before_consent_gets_into_the_mix(session: Session) -> None:
    """Up to 200 ms of it wait to be mixed in that moment."""
    recorder = Recorder()
    session.desk.record(recorder)
    await session.call("mara", MARA_HZ)
    voice = session.line("mara").voice
    await until(lambda: voice.speaking and bool(voice._waiting))
    session.stand(mara=RECORDED)
    assert voice.idle
    assert (recorder.packets, recorder.mixed) == ([], [])
    await until(lambda: len(recorder.mixed) > 10)


async def test_each_place_has_its_own_sound(session: Session) -> None:
    blue, red = Stand("blue", True, False), Stand("red", True, False)
    mara, ana = await session.call("mara", MARA_HZ, blue), await session.call("ana", ANA_HZ, blue)
    ben, theo = await session.call("ben", BEN_HZ, red), await session.call("theo", None, SPEAKS)
    await asyncio.gather(mara.hears(ANA_HZ), ana.hears(MARA_HZ))
    await asyncio.gather(*(each.hears_nothing_of(MARA_HZ, ANA_HZ, BEN_HZ) for each in (ben, theo)))
    assert set(session.desk.levels()) <= {"blue", "red"}
    session.stand(ben=blue)
    await asyncio.gather(ben.hears(MARA_HZ, ANA_HZ), ana.hears(MARA_HZ, BEN_HZ))


async def test_who_spoke_is_told_with_the_time_and_the_place(session: Session) -> None:
    before = sound_clock()
    await session.call("mara", MARA_HZ)
    otto = await session.call("otto", None, LISTENS)
    await otto.listen(1.0)
    session.stand(mara=LISTENS)
    (heard,) = session.spoken
    assert (heard.user, heard.place) == ("mara", None)
    assert before < heard.from_at < heard.to_at <= sound_clock()
    assert (heard.to_at - heard.from_at).total_seconds() > 0.5


async def test_a_second_line_takes_the_place_of_the_first(session: Session) -> None:
    first = await session.call("mara", MARA_HZ)
    line = session.line("mara")
    otto = await session.call("otto", None, LISTENS)
    await session.call("mara", BEN_HZ)
    await until(lambda: first.connection.connectionState == "closed")
    assert line.closed.done()
    await otto.hears(BEN_HZ)
    assert loudness_at(await otto.listen(), MARA_HZ) < 0.01


async def test_offers_at_the_same_time_leave_one_line(session: Session) -> None:
    session.stand(mara=SPEAKS)
    callers = [Caller(Tone(MARA_HZ)) for _ in range(5)]
    session.callers += callers
    offers = [await each.offer() for each in callers]
    answers = await asyncio.gather(*(session.desk.offer("mara", each) for each in offers), return_exceptions=True)
    assert all(isinstance(each, str | OfferRefused) for each in answers), answers
    assert isinstance(answers[-1], str)
    await callers[-1].accept(answers[-1])
    await callers[-1].connected()
    await until(lambda: not session.desk._leaving)


async def test_a_changed_mind_about_ones_microphone_keeps_the_line(session: Session) -> None:
    """The same connection offered again: another direction, no new line."""
    mara = await session.call("mara", MARA_HZ)
    line = session.line("mara")
    mara.transceiver.direction = "recvonly"
    await mara.call(lambda sdp: session.desk.offer("mara", sdp))
    assert session.line("mara") is line
    assert line.connected


async def test_who_is_not_in_the_room_any_more_loses_their_line(session: Session) -> None:
    mara = await session.call("mara", MARA_HZ)
    line = session.line("mara")
    session.desk.stand({})
    await asyncio.wait_for(line.closed, 5)
    await until(lambda: mara.connection.connectionState == "closed")
    assert session.desk._peers == {}
    assert session.desk._leaving == set()
    await until(lambda: session.desk._mixing is not None and session.desk._mixing.done())


async def test_hanging_up_ends_a_line_and_another_may_begin(session: Session) -> None:
    await session.call("mara", MARA_HZ)
    await session.desk.hang_up("mara")
    await session.desk.hang_up("mara")
    await session.call("mara", MARA_HZ)
    assert session.line("mara").connected


async def test_a_closed_desk_takes_nobody(session: Session) -> None:
    await session.call("mara", MARA_HZ)
    await session.desk.close()
    async with Caller(Tone(MARA_HZ)) as mara:
        with pytest.raises(OfferRefused):
            await session.desk.offer("mara", await mara.offer())


async def test_the_mix_stays_on_the_clock_whatever_holds_it_up(session: Session) -> None:
    """No drift, no burst: what was missed for long is left out, what for a moment is caught up with at double speed."""
    await session.call("mara", MARA_HZ)
    otto = await session.call("otto", None, LISTENS)
    sent: list[tuple[float, int]] = []
    peer = session.line("otto")
    send = peer.send

    def noted(payload: bytes, timestamp: int) -> None:
        sent.append((asyncio.get_running_loop().time(), timestamp))
        send(payload, timestamp)

    peer.send = noted  # type: ignore[method-assign]
    for held_up_s in (0.07, 0.3, 0.05, 0.6):
        await asyncio.sleep(0.4)
        time.sleep(held_up_s)  # noqa: ASYNC251 - it is the point
    await asyncio.sleep(0.5)
    lags = [at - session.desk._due_s(timestamp // FRAME) for at, timestamp in sent]
    assert min(lags) > -0.001
    assert max(lags) < desk.BEHIND_MAX_S + 0.1
    timestamps = [timestamp for _, timestamp in sent]
    assert timestamps == sorted(set(timestamps))
    together = [sum(0 <= later - at < 0.03 for later, _ in sent) for at, _ in sent]
    assert max(together) <= (desk.AT_ONCE_S + 0.03) / desk.CATCH_UP_S + 1
    await otto.close()


def test_who_wakes_late_catches_up_all_the_same() -> None:
    """A busy machine: nobody is woken before 30 ms have passed. Slot for slot that would be slower than the clock."""
    now_s, last_s, lags = 0.0, 0.0, []
    for slot in range(200):
        stalled_s = 0.7 if slot == 50 else 0.0
        due_s = slot * FRAME_S
        last_s = desk.next_at_s(last_s, due_s, now_s)
        if last_s > now_s:
            now_s = last_s + 0.03
        now_s += 0.001 + stalled_s
        lags.append(now_s - due_s)
    assert max(lags) < desk.BEHIND_MAX_S
    assert max(lags[120:]) < 0.1


async def test_a_mix_that_fails_begins_anew(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "REST_S", 0.05)
    await session.call("mara", MARA_HZ)
    otto = await session.call("otto", None, LISTENS)
    broken = session.desk._mixes[None]
    monkeypatch.setattr(broken, "step", {}.__getitem__)  # raises KeyError
    await until(lambda: session.desk._mixes.get(None) not in {None, broken})
    await otto.hears(MARA_HZ)


async def test_one_who_hears_badly_disturbs_nobody(session: Session) -> None:
    await session.call("mara", MARA_HZ)
    otto = await session.call("otto", None, LISTENS)
    async with Wire() as wire:
        await session.call("ben", None, LISTENS, wire=wire)
        wire.down.loss, wire.down.jitter_s, wire.down.delay_s = 0.5, 0.5, 0.5
        await until(lambda: wire.down.lost > 20, 30)
        await otto.hears(MARA_HZ)
        assert session.line("ben").connected


@pytest.mark.parametrize("loss", [0.01, 0.1, 0.2])
async def test_a_voice_is_heard_through_loss(session: Session, loss: float) -> None:
    otto = await session.call("otto", None, LISTENS)
    async with Wire() as wire:
        await session.call("mara", MARA_HZ, wire=wire)
        wire.up.loss, wire.up.jitter_s = loss, 0.03
        await until(lambda: wire.up.lost > 0, 30)
        await otto.hears(MARA_HZ)


async def test_after_a_while_in_the_dark_it_goes_on_by_itself(session: Session) -> None:
    otto = await session.call("otto", None, LISTENS)
    async with Wire() as wire:
        mara = await session.call("mara", MARA_HZ, wire=wire)
        line = session.line("mara")
        await otto.hears(MARA_HZ)
        wire.goes_dark(True)
        await asyncio.sleep(3)
        wire.goes_dark(False)
        await otto.hears(MARA_HZ)
        assert line.connected
        await mara.close()
