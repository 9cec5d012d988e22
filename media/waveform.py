"""What a track looks like and how loud it is: ten peaks a second for the eye, the integrated loudness of EBU R 128 for the ear.
The only part of finalising that decodes, so it is asked for the mix and skips what is silent anyway."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from media.framing import SILENT_PACKETS
from media.ogg import opus_head
from media.timeline import RATE, Placed

PEAKS_PER_S = 10
PEAK_SAMPLES = RATE // PEAKS_PER_S
BATCH = 1 * RATE  # samples that are looked at in one go
PREROLL = 4  # packets until a decoder has settled, 80 ms (RFC 7845 4.6)
HALVES = 2  # decoded side by side: the codec does not hold Python's lock
Sound = NDArray[np.float32]
GATE_LUFS, RELATIVE_GATE_LU = -70.0, -10.0


@dataclass(frozen=True)
class Measured:
    peaks: bytes  # one per 100 ms, 255 is full scale
    loudness_lufs: float | None  # None: silence


def measure(placed: Iterable[Placed], length: int) -> Measured:
    packets = [each for each in placed if each.packet not in SILENT_PACKETS]
    half = -(-len(packets) // HALVES) or 1
    heights = np.zeros(-(-length // PEAK_SAMPLES), np.uint8)
    momentary: list[float] = []
    with ThreadPoolExecutor(HALVES, thread_name_prefix="waveform") as threads:
        stretches = [
            (packets[at : at + half], packets[max(0, at - PREROLL) : at]) for at in range(0, len(packets), half)
        ]
        for peaks, loudnesses in threads.map(lambda stretch: _looked_at(*stretch), stretches):
            for at, height in peaks.items():
                if at < len(heights):
                    heights[at] = max(heights[at], height)
            momentary += loudnesses
    return Measured(heights.tobytes(), _integrated(momentary))


def _decoded(placed: Iterable[Placed], before: Iterable[Placed]) -> Iterator[tuple[int, Sound]]:
    """Position and samples. A packet that does not decode is silence, as everywhere. FFmpeg's own decoder: a quarter faster
    than libopus, and what it makes of a packet differs by less than an eye or the loudness sees."""
    codec = av.CodecContext.create("opus", "r")
    codec.extradata = opus_head()
    for each in before:
        with suppress(av.FFmpegError, ValueError):
            codec.decode(av.Packet(each.packet))
    for each in placed:
        try:
            frames = codec.decode(av.Packet(each.packet))
        except (av.FFmpegError, ValueError):
            continue
        position = each.position
        for frame in frames:
            assert isinstance(frame, av.AudioFrame)
            yield position, np.frombuffer(memoryview(frame.planes[0]), np.float32, frame.samples)
            position += frame.samples


def _looked_at(placed: Sequence[Placed], before: Sequence[Placed]) -> tuple[dict[int, int], list[float]]:
    """Peaks by their number, momentary loudness every 100 ms of sound."""
    peaks: dict[int, int] = {}
    meter = _Meter()
    for start, pcm in _batches(_decoded(placed, before)):
        lead = start % PEAK_SAMPLES
        padded = np.zeros(-(-(lead + len(pcm)) // PEAK_SAMPLES) * PEAK_SAMPLES, np.float32)
        padded[lead : lead + len(pcm)] = pcm
        for step, height in enumerate(np.abs(padded).reshape(-1, PEAK_SAMPLES).max(axis=1) * 256):
            at = start // PEAK_SAMPLES + step
            peaks[at] = max(peaks.get(at, 0), min(255, int(height)))
        meter.hear(pcm)
    return peaks, meter.momentary


def _batches(pieces: Iterable[tuple[int, Sound]]) -> Iterator[tuple[int, Sound]]:
    """What follows without a gap, joined to about a second."""
    start, held, samples = 0, list[Sound](), 0
    for position, pcm in pieces:
        if held and (position != start + samples or samples >= BATCH):
            yield start, np.concatenate(held)
            held, samples = [], 0
        if not held:
            start = position
        held.append(pcm)
        samples += len(pcm)
    if held:
        yield start, np.concatenate(held)


class _Meter:
    """libavfilter's ebur128; its momentary values are the blocks of 400 ms, every 100 ms, of which R 128 makes the whole."""

    def __init__(self) -> None:
        self.momentary: list[float] = []
        self._graph = graph = av.filter.Graph()
        self._source = graph.add_abuffer(sample_rate=RATE, layout="mono", format="flt", time_base=Fraction(1, RATE))
        self._sink = graph.add("abuffersink")
        meter = graph.add("ebur128", "metadata=1:framelog=quiet")
        self._source.link_to(meter)
        meter.link_to(self._sink)
        graph.configure()
        self._pts = 0

    def hear(self, pcm: Sound) -> None:
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), self._pts
        self._pts += len(pcm)
        self._source.push(frame)
        while True:
            try:
                metered = self._sink.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            self.momentary.append(float(metered.metadata["lavfi.r128.M"]))


def _integrated(momentary: Sequence[float]) -> float | None:
    """ITU-R BS.1770-4: the mean of the blocks above -70 LUFS that are not 10 LU below the mean of those."""
    blocks = np.array([each for each in momentary if each > GATE_LUFS])
    if not len(blocks):
        return None
    gate = _mean(blocks) + RELATIVE_GATE_LU
    return round(_mean(blocks[blocks > gate]), 1)


def _mean(lufs: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean(10 ** (lufs / 10))))
