"""Opus: what goes in comes out, 20 ms at a time; lengths by the first bytes; what is no Opus is refused and does no harm."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.opus import FRAME, RATE, SILENCE, Decoder, Encoder, Pcm, Undecodable, frame_samples
from tests.media.caller import loudness_at


def tone(hertz: float, seconds: float = 1.0, amplitude: int = 8_000) -> Pcm:
    time = np.arange(int(RATE * seconds)) / RATE
    return np.asarray(amplitude * np.sin(2 * np.pi * hertz * time), np.float64).astype(np.int16)


def frames_of(sound: Pcm) -> list[Pcm]:
    return [sound[start : start + FRAME] for start in range(0, len(sound) - FRAME + 1, FRAME)]


def test_a_tone_is_the_same_tone_afterwards() -> None:
    encoder, decoder = Encoder(), Decoder()
    packets = [encoder.encode(each) for each in frames_of(tone(440))]
    heard = np.concatenate([decoder.decode(each) for each in packets])
    assert len(packets) == 50
    assert len(heard) == RATE
    assert loudness_at(heard[RATE // 4 :], 440) > 0.95
    assert sum(map(len, packets)) * 8 < 45_000, "about 32 kbit/s"


def test_each_frame_is_a_packet_at_once_and_frames_do_not_share_memory() -> None:
    encoder, pcm = Encoder(), np.zeros(FRAME, np.int16)
    quiet = encoder.encode(pcm)
    pcm[:] = tone(300)[:FRAME]
    loud = encoder.encode(pcm)
    assert frame_samples(quiet) == frame_samples(loud) == FRAME
    assert np.abs(Decoder().decode(quiet)).max() < 10


def test_silence_is_20_ms_of_nothing() -> None:
    heard = Decoder().decode(SILENCE)
    assert frame_samples(SILENCE) == len(heard) == FRAME
    assert np.abs(heard).max() <= 1


@pytest.mark.parametrize(
    ("first", "second", "samples"),
    [
        (0 << 3, 0, 480),  # SILK 10 ms
        (3 << 3, 0, 2_880),  # SILK 60 ms
        (13 << 3, 0, 960),  # hybrid 20 ms
        (16 << 3, 0, 120),  # CELT 2.5 ms
        (31 << 3 | 1, 0, 1_920),  # two of 20 ms
        (31 << 3 | 2, 0, 1_920),
        (31 << 3 | 3, 6, 5_760),  # six of them
        (31 << 3 | 3, 0x80 | 3, 2_880),  # the upper bits are flags
    ],
)
def test_how_long_a_packet_sounds(first: int, second: int, samples: int) -> None:
    assert frame_samples(bytes([first, second, 0, 0])) == samples


@pytest.mark.parametrize("packet", [b"", bytes([31 << 3 | 3]), bytes([31 << 3 | 3, 0]), bytes([3 << 3 | 3, 63])])
def test_impossible_lengths_are_refused(packet: bytes) -> None:
    with pytest.raises(Undecodable):
        frame_samples(packet)


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_whatever_comes_is_sound_of_its_length_or_undecodable(packets: list[bytes]) -> None:
    decoder = Decoder()
    for packet in packets:
        try:
            heard = decoder.decode(packet)
        except Undecodable:
            continue
        assert len(heard) == frame_samples(packet)
    assert np.abs(decoder.decode(SILENCE)).max() >= 0, "and it goes on"
