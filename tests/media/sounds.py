"""Sound files of every sort, made in memory: good ones, and such as nobody means well with."""

import io
import struct
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from media.opus import FRAME, RATE, Encoder

CONTAINERS = {
    "wav": ("wav", "pcm_s16le"),
    "mp3": ("mp3", "libmp3lame"),
    "webm": ("webm", "libopus"),
    "m4a": ("ipod", "aac"),
    "flac": ("flac", "flac"),
    "ogg": ("ogg", "libopus"),
}


def tone(length_s: float, hz: float = 440.0, rate: int = RATE) -> NDArray[np.int16]:
    at = np.arange(round(length_s * rate)) / rate
    return np.asarray(np.sin(2 * np.pi * hz * at) * 8_000, np.int16)


def sound_file(kind: str, length_s: float = 2.0, *, rate: int = RATE, layout: str = "mono", streams: int = 1) -> bytes:
    container_format, codec = CONTAINERS[kind]
    out = io.BytesIO()
    with av.open(out, "w", format=container_format) as container:
        tracks = [container.add_stream(codec, rate=rate) for _ in range(streams)]
        for track in tracks:
            assert isinstance(track, av.AudioStream)
            track.layout = layout
        pcm = tone(length_s, rate=rate)
        channels = av.AudioLayout(layout).nb_channels
        for track in tracks:
            assert isinstance(track, av.AudioStream)
            for at in range(0, len(pcm), rate):
                piece = np.repeat(pcm[at : at + rate], channels).reshape(1, -1)
                frame = av.AudioFrame.from_ndarray(piece, format="s16", layout=layout)
                frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
                container.mux(track.encode(frame))
            container.mux(track.encode(None))
    return out.getvalue()


def silent_webm(length_s: float) -> bytes:
    """As little as WebM needs for so much of nothing: six silent frames in a packet."""
    out = io.BytesIO()
    packet_samples = 6 * FRAME
    with av.open(out, "w", format="webm") as container, av.open(io.BytesIO(sound_file("ogg", 0.1)), "r") as template:
        stream = container.add_stream_from_template(template.streams.audio[0])
        for number in range(round(length_s * RATE) // packet_samples):
            packet = av.Packet(b"\xfb\x06" + b"\xff\xfe" * 6)
            packet.stream, packet.time_base, packet.duration = stream, Fraction(1, RATE), packet_samples
            packet.pts = packet.dts = number * packet_samples
            container.mux_one(packet)
    return out.getvalue()


def opus_packets(pcm: NDArray[np.int16]) -> list[bytes]:
    encoder = Encoder()
    edges = range(0, len(pcm) + 1, FRAME)
    return [encoder.encode(pcm[start:stop]) for start, stop in pairwise(edges)]


def decoded(path_or_data: Path | bytes) -> NDArray[np.int16]:
    """All of a file, mono at 48 kHz, as PyAV plays it: by timestamps, gaps as silence."""
    source = io.BytesIO(path_or_data) if isinstance(path_or_data, bytes) else str(path_or_data)
    resampler = av.AudioResampler("s16", "mono", RATE)
    pieces: list[tuple[float, NDArray[np.int16]]] = []
    with av.open(source, "r") as container:
        for frame in container.decode(audio=0):
            assert isinstance(frame, av.AudioFrame)
            pieces += [(float(each.time or 0), each.to_ndarray()[0]) for each in resampler.resample(frame)]
    length = max(round(at * RATE) + len(pcm) for at, pcm in pieces)
    whole = np.zeros(length, np.int16)
    for at, pcm in pieces:
        start = max(0, round(at * RATE))
        whole[start : start + len(pcm)] = pcm
    return whole


def found_at_s(pcm: NDArray[np.int16], hz: float, *, from_s: float = 0.0, to_s: float | None = None) -> float | None:
    """Where a tone begins: the first 10 ms in which most of the sound is that tone."""
    size = RATE // 100
    stop = len(pcm) if to_s is None else round(to_s * RATE)
    window = pcm[round(from_s * RATE) : stop]
    frames = window[: len(window) // size * size].reshape(-1, size).astype(np.float64)
    line = np.exp(-2j * np.pi * hz * np.arange(size) / RATE)
    share = np.abs(frames @ line) ** 2 * 2 / size / np.maximum(1.0, (frames**2).sum(axis=1))
    loud = (frames**2).mean(axis=1) > 500.0**2
    hits = np.flatnonzero((share > 0.6) & loud)
    return None if not len(hits) else from_s + float(hits[0]) / 100


def element(kind: int, content: bytes) -> bytes:
    """EBML."""
    return kind.to_bytes((kind.bit_length() + 7) // 8, "big") + (1 << 56 | len(content)).to_bytes(8, "big") + content


def webm_of_tracks(count: int) -> bytes:
    """A header that promises so many tracks."""
    head = element(0x1A45DFA3, element(0x4282, b"webm"))
    track = [
        element(
            0xAE,
            element(0xD7, struct.pack(">H", number + 1))
            + element(0x73C5, struct.pack(">H", number + 1))
            + element(0x83, b"\x02")
            + element(0x86, b"A_OPUS"),
        )
        for number in range(count)
    ]
    return head + element(0x18538067, element(0x1654AE6B, b"".join(track)))
