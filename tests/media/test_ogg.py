"""Ogg Opus as it is written here is what others read, and the other way round (RFC 3533, RFC 7845)."""

import io
from pathlib import Path

import av
import numpy as np
import pytest

from media.framing import SILENT, silence, sounding_samples
from media.ogg import LACES_MAX, Pages, checksum, laces_of, read_pages
from media.opus import Decoder
from tests.media.sounds import decoded, opus_packets, sound_file, tone

SPEECH = Path(__file__).parent.parent / "speech"


def stream(packets: list[bytes], first: int = 0) -> bytes:
    pages, end, written = Pages(7), first, b""
    for packet in packets:
        end += sounding_samples(packet)
        written += pages.page([packet], end)
    return Pages(7).headers() + written


def test_the_checksum_is_that_of_the_rfc() -> None:
    """Every page of a file that libavformat wrote."""
    data = (SPEECH / "mara.ogg").read_bytes()
    assert len(list(read_pages(data))) > 10
    assert checksum(b"") == 0


@pytest.mark.parametrize("name", ["mara", "ana", "ben"])
def test_what_others_wrote_is_read_packet_by_packet(name: str) -> None:
    data = (SPEECH / f"{name}.ogg").read_bytes()
    packets = [packet for page in read_pages(data) for packet in page.packets]
    with av.open(io.BytesIO(data), "r") as container:
        assert packets == [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def test_what_is_written_here_others_play() -> None:
    packets = opus_packets(tone(2.0))
    played = decoded(stream(packets))
    assert abs(len(played) - 2 * 48_000) <= 960
    assert float(np.abs(played).max()) > 4_000


def test_a_stream_may_begin_anywhere() -> None:
    pages = list(read_pages(stream(opus_packets(tone(0.2)), first=480_000)))
    assert pages[0].end == 480_960
    with av.open(io.BytesIO(stream(opus_packets(tone(0.2)), first=480_000)), "r", format="ogg") as container:
        assert next(iter(container.demux(audio=0))).pts == 480_000


def test_packets_of_any_length_are_read_as_they_were_written() -> None:
    packets = [b"\xf8" + bytes(size - 1) for size in (1, 254, 255, 256, 509, 510, 511, 1_276)]
    page = Pages(1).page(packets, 960 * len(packets))
    (read,) = read_pages(page)
    assert list(read.packets) == packets


def test_a_page_holds_no_more_than_a_page_holds() -> None:
    packet = b"\xf8" + bytes(1_000)
    fits = LACES_MAX // laces_of(packet)
    Pages(1).page([packet] * fits, 0)
    with pytest.raises(ValueError, match="page"):
        Pages(1).page([packet] * (fits + 1), 0)


def test_a_torn_tail_is_left_out() -> None:
    whole = stream(opus_packets(tone(0.5)))
    pages = list(read_pages(whole))
    for cut in range(0, len(whole), 37):
        assert pages[: len(list(read_pages(whole[:cut])))] == list(read_pages(whole[:cut]))


def test_a_changed_byte_ends_it() -> None:
    whole = bytearray(stream(opus_packets(tone(0.5))))
    whole[len(whole) // 2] ^= 1
    assert 0 < len(list(read_pages(bytes(whole)))) < 25
    assert len(list(read_pages(bytes(whole), verify=False))) == 25


def test_rubbish_is_no_page() -> None:
    assert list(read_pages(b"")) == []
    assert list(read_pages(sound_file("wav"))) == []


@pytest.mark.parametrize("samples", [0, 120, 960, 5_760, 123_480, 1_199_880])
def test_silence_fills_any_gap_exactly_and_is_silent(samples: int) -> None:
    filled = list(silence(samples))
    assert sum(length for _, length in filled) == samples
    assert all(sounding_samples(packet) == length for packet, length in filled)


def test_every_silent_packet_decodes_to_nothing() -> None:
    for length, packet in SILENT.items():
        pcm = Decoder().decode(packet)
        assert len(pcm) == length
        assert not pcm.any()
