"""A voice as packets of it come: late, twice, out of order, lost, from elsewhere. Each packet here is a tone of its own frequency, so
that what is taken tells which packets it came from.
"""

from collections.abc import Iterable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from media.opus import FRAME, RATE, SILENCE, Encoder, Pcm
from media.voices import (
    COVER_SLOTS,
    DELAY_MAX_SLOTS,
    DELAY_MIN_SLOTS,
    HASTE_SLOTS,
    IDLE_SLOTS,
    SURPLUS,
    WAITING_MAX,
    Packet,
    Voice,
)
from tests.media.caller import loudness_at
from tests.media.test_opus import frames_of, tone


def packets_of(hertz: float, seconds: float, timestamp: int = 0, ssrc: int = 1, amplitude: int = 8_000) -> list[Packet]:
    encoder = Encoder()
    sounds = frames_of(tone(hertz, seconds, amplitude))
    return [Packet(ssrc, (timestamp + n * FRAME) % 2**32, encoder.encode(each)) for n, each in enumerate(sounds)]


SPEECH = packets_of(440, 2.0)


def play(voice: Voice, arriving: Iterable[Iterable[Packet]]) -> list[float | None]:
    """One slot per group of packets: how loud each frame is, None for no frame."""
    taken: list[float | None] = []
    for group in arriving:
        for packet in group:
            voice.take(packet)
        frame = voice.frame()
        taken.append(None if frame is None else float(np.abs(frame).max()))
        assert frame is None or len(frame) == FRAME
    return taken


def steadily(packets: list[Packet], more: int = 0) -> list[list[Packet]]:
    return [[each] for each in packets] + [[]] * more


def test_a_steady_voice_is_taken_whole_after_a_small_delay() -> None:
    voice = Voice()
    frames = []
    for packet in SPEECH:
        voice.take(packet)
        frames.append(voice.frame())
    assert frames[:DELAY_MIN_SLOTS] == [None] * DELAY_MIN_SLOTS
    heard = [each for each in frames if each is not None]
    assert len(heard) == len(SPEECH) - DELAY_MIN_SLOTS
    assert loudness_at(np.concatenate(heard[5:]), 440) > 0.95


def test_it_ends_by_itself_and_begins_again() -> None:
    voice = Voice()
    taken = play(voice, steadily(SPEECH[:20], more=20))
    sounding = [each for each in taken if each is not None]
    assert len(sounding) == 20 + COVER_SLOTS
    assert voice.idle
    assert not voice.speaking
    again = play(voice, steadily(SPEECH[70:90]))
    assert again[DELAY_MIN_SLOTS] is not None


def sound_of(packets: list[Packet]) -> Pcm:
    voice, taken = Voice(), []
    for packet in packets:
        voice.take(packet)
        frame = voice.frame()
        taken += [] if frame is None else [frame]
    return np.concatenate(taken)


def test_packets_that_overtook_each_other_are_put_in_order() -> None:
    in_order, swapped = sound_of(SPEECH), sound_of([SPEECH[n ^ 1] for n in range(len(SPEECH))])
    assert loudness_at(swapped[5 * FRAME :], 440) > 0.95
    assert abs(len(swapped) - len(in_order)) <= FRAME


def test_a_lost_packet_is_covered_up_and_takes_its_time() -> None:
    whole = play(Voice(), steadily(SPEECH[:40]))
    holed = play(Voice(), [[] if n == 20 else [each] for n, each in enumerate(SPEECH[:40])])
    assert [each is None for each in holed] == [each is None for each in whole]
    covered = holed[20 + DELAY_MIN_SLOTS]
    assert covered is not None
    assert 0 < covered < 6_000, "fainter than what was there"


def test_the_same_packet_again_is_heard_once() -> None:
    once = play(Voice(), steadily(SPEECH[:30]))
    twice = play(Voice(), [[each, each] for each in SPEECH[:30]])
    assert len([each for each in twice if each is not None]) == len([each for each in once if each is not None])


def test_what_comes_too_late_is_left_out_and_the_delay_grows_for_it() -> None:
    voice = Voice()
    held_back: list[list[Packet]] = []
    for n, packet in enumerate(SPEECH):
        late = n % 10 == 5
        held_back.append([] if late else [packet])
        if n % 10 == 9:
            held_back[-1] = [packet, SPEECH[n - 4]]  # 80 ms late
    play(voice, held_back)
    assert voice._delay == DELAY_MAX_SLOTS
    play(voice, [[]] * (2 * IDLE_SLOTS))
    again = [each is None for each in play(voice, steadily(packets_of(440, 0.5, timestamp=200 * FRAME)))]
    assert again[:DELAY_MAX_SLOTS] == [True] * DELAY_MAX_SLOTS
    assert not any(again[DELAY_MAX_SLOTS + 1 :])


def test_the_delay_shrinks_in_calm_times() -> None:
    voice = Voice()
    voice._delay = DELAY_MIN_SLOTS + 3
    play(voice, steadily(packets_of(300, 40.0)))
    assert voice._delay == DELAY_MIN_SLOTS


def test_a_burst_after_a_stall_does_not_stay_as_delay() -> None:
    voice = Voice()
    voice_of_a_minute = packets_of(300, 6.0)
    arriving = (
        steadily(voice_of_a_minute[:50]) + [[]] * 14 + [voice_of_a_minute[50:65]] + steadily(voice_of_a_minute[65:])
    )
    play(voice, arriving)
    assert len(voice._waiting) <= voice._delay + 3


def test_packets_that_are_each_a_little_late_are_all_heard() -> None:
    """A network that becomes slower by 60 ms for good: the delay grows, and nothing else is missing."""
    arriving = steadily(SPEECH[:40]) + [[]] * 3 + steadily(SPEECH[40:])
    taken = play(Voice(), arriving)
    assert sum(each is not None for each in taken) >= len(SPEECH) - DELAY_MIN_SLOTS - 1
    assert all(each is not None for each in taken[50:])


def test_a_pause_that_was_waited_through_is_not_waited_through_again() -> None:
    """Somebody paused for 100 ms without sending (DTX); what follows comes as soon as it would have without waiting."""
    voice = Voice()
    play(voice, steadily(SPEECH[:30], more=5))
    taken = play(voice, steadily(SPEECH[35:60]))
    assert [each is not None for each in taken[DELAY_MIN_SLOTS + 1 :]] == [True] * (25 - DELAY_MIN_SLOTS - 1)
    assert len(voice._waiting) <= DELAY_MIN_SLOTS + 1


def test_frames_that_nobody_took_are_over() -> None:
    voice = Voice()
    play(voice, steadily(SPEECH[:30]))
    for packet in SPEECH[30:40]:
        voice.take(packet)
    voice.skip(10)
    assert len(voice._waiting) <= DELAY_MIN_SLOTS + 1
    assert all(each is not None for each in play(voice, steadily(SPEECH[40:60])))


def words(count: int, sounding: int = 40, quiet: int = 30) -> tuple[list[Packet], int]:
    """Tones with pauses between them, and how many frames of tone there are."""
    pcm = np.concatenate([np.concatenate([tone(440, sounding / 50), np.zeros(quiet * FRAME, np.int16)])] * count)
    encoder = Encoder()
    return [Packet(1, n * FRAME, encoder.encode(each)) for n, each in enumerate(frames_of(pcm))], count * sounding


def sounding(taken: list[float | None]) -> int:
    return sum(each is not None and each > 4_000 for each in taken)


def test_a_burst_at_the_beginning_is_heard_whole() -> None:
    """A machine without time sent nothing for half a second, and then everything."""
    packets, loud = words(4)
    voice = Voice()
    taken = play(voice, [[], *[[]] * 24, packets[:25], *steadily(packets[25:])])
    assert sounding(taken) >= loud - 1
    assert len(voice._waiting) <= voice._delay + SURPLUS


def test_after_stalls_no_word_is_missing_and_pauses_are_shorter() -> None:
    """Of 0.3 to 0.8 s each, longer than a voice is waited for: what was sent meanwhile comes all at once."""
    for stall in (15, 25, 40):
        packets, loud = words(8)
        voice = Voice()
        before, after = 20, 20 + stall
        arriving = [*steadily(packets[:before]), *[[]] * (stall - 1), packets[before:after], *steadily(packets[after:])]
        taken = play(voice, arriving)
        assert sounding(taken) >= loud - stall // HASTE_SLOTS, f"{stall} slots"
        assert len(voice._waiting) <= voice._delay + SURPLUS


def test_nobody_stays_far_behind_who_never_pauses() -> None:
    voice = Voice()
    packets = packets_of(440, 12.0)
    play(voice, [*[[]] * 40, packets[:40], *steadily(packets[40:])])
    assert len(voice._waiting) <= voice._delay + SURPLUS + 1


def test_what_waits_is_bounded() -> None:
    voice = Voice()
    for packet in SPEECH:
        voice.take(packet)
    assert len(voice._waiting) == WAITING_MAX


def test_timestamps_wrap_without_a_sound() -> None:
    """RFC 3550: they begin anywhere and pass 2^32."""
    plain = play(Voice(), steadily(SPEECH[:50]))
    wrapping = packets_of(440, 1.0, timestamp=2**32 - 25 * FRAME)
    assert [e is None for e in play(Voice(), steadily(wrapping))] == [e is None for e in plain]


def test_another_source_or_a_jump_begins_anew() -> None:
    for other in (packets_of(440, 0.5, timestamp=77, ssrc=2), packets_of(440, 0.5, timestamp=40 * RATE)):
        taken = play(Voice(), steadily(SPEECH[:30]) + steadily(other))
        assert all(each is not None for each in taken[30 + DELAY_MAX_SLOTS :])
    backwards = play(Voice(), steadily(packets_of(440, 0.5, timestamp=40 * RATE)) + steadily(SPEECH[:30]))
    assert all(each is not None for each in backwards[25 + DELAY_MAX_SLOTS :])


def test_discontinuous_transmission_is_a_pause_and_no_loss() -> None:
    """RFC 7587 section 3.1.3: in silence a packet comes every 400 ms, with the time that passed in its timestamp."""
    voice = Voice()
    pause: list[list[Packet]] = [[] for _ in range(60)]
    for n in (0, 20, 40):
        pause[n] = [Packet(1, (30 + n) * FRAME, SILENCE)]
    play(voice, steadily(SPEECH[:30]))
    play(voice, pause)
    again = play(voice, steadily(packets_of(440, 0.4, timestamp=90 * FRAME)))
    assert all(each is not None for each in again[DELAY_MIN_SLOTS + 1 :])
    assert max(each for each in again if each is not None) > 5_000


def test_packets_of_other_lengths_are_cut_into_frames() -> None:
    """60 ms in one, as browsers do where bandwidth is short: three frames each."""
    encoder = Encoder()
    single = [encoder.encode(each) for each in frames_of(tone(440))]
    same_mode = [each for each in single if each[0] == single[-1][0]]
    joined = []
    for n in range(0, len(same_mode) - 2, 3):
        three = [each[1:] for each in same_mode[n : n + 3]]
        sizes = b"".join(_length(each) for each in three[:2])
        joined.append(
            bytes([single[-1][0] | 3, 0x80 | 3]) + sizes + b"".join(three)
        )  # code 3, VBR: RFC 6716 section 3.2.5
    packets = [Packet(1, n * 3 * FRAME, each) for n, each in enumerate(joined)]
    taken = play(Voice(), [group for each in packets for group in ([each], [], [])])
    assert sum(each is not None for each in taken) >= 3 * len(packets) - DELAY_MIN_SLOTS - 1


def _length(frame: bytes) -> bytes:
    return (
        bytes([len(frame)])
        if len(frame) < 252
        else bytes([252 + len(frame) % 4, (len(frame) - 252 - len(frame) % 4) // 4])
    )


def test_garbage_is_covered_up_and_does_not_end_the_voice() -> None:
    arriving = [[Packet(1, each.timestamp, b"\xff")] if n % 7 == 3 else [each] for n, each in enumerate(SPEECH)]
    taken = play(Voice(), arriving)
    assert all(each is not None for each in taken[DELAY_MIN_SLOTS:])


def test_cleared_there_is_nothing_left_of_it() -> None:
    voice = Voice()
    play(voice, steadily(SPEECH[:30]))
    voice.clear()
    assert voice.idle
    assert (voice.frame(), voice.loudness, voice.speaking) == (None, 0.0, False)


def test_speaking_is_louder_than_ones_own_noise() -> None:
    voice = Voice()
    noise = np.random.default_rng(1).normal(0, 90, RATE * 8).astype(np.int16)
    encoder = Encoder()
    packets = [Packet(1, n * FRAME, encoder.encode(each)) for n, each in enumerate(frames_of(noise))]
    play(voice, steadily(packets))
    of_noise = voice.speaking
    play(voice, steadily(packets_of(440, 0.3, timestamp=8 * RATE)))
    assert (of_noise, voice.speaking) == (False, True)
    assert 4_000 < voice.loudness < 8_000


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.integers(-5, 300), st.binary(max_size=4)), max_size=4), max_size=60
    )
)
def test_whatever_comes_frames_are_frames_and_little_waits(groups: list[list[tuple[int, int, bytes]]]) -> None:
    voice = Voice()
    for group in groups:
        for ssrc, slot, payload in group:
            voice.take(Packet(ssrc, slot * 480 % 2**32, payload or SILENCE))
            assert len(voice._waiting) <= WAITING_MAX
        frame = voice.frame()
        assert frame is None or len(frame) == FRAME
    left = 2 * WAITING_MAX * 60
    while not voice.idle and left:
        voice.frame()
        left -= 1
    assert voice.idle, "it comes to rest"
