"""A recorded track as what people download and browsers play: WebM parts with Opus, at most 25 minutes and 80 MB each (D18), their
packets as they were recorded, silence in between as silent packets, so that a moment in a part is a moment of the recording plus
where the part begins. The same packets give the same bytes. Knows no disk, no key and no store."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import av

from media.framing import SILENT_PACKETS, silence, sounding_samples
from media.ogg import Pages
from media.opus import SILENCE
from media.timeline import GRID, RATE, SLOT, Placed

PART_SAMPLES_MAX = 25 * 60 * RATE
PART_BYTES_MAX = 80_000_000
BLOCK_BYTES = 12  # a block's own, and its share of the clusters; generously
TIME_BASE = Fraction(1, RATE)
# The index stands before the sound, where a player that seeks finds it; clusters of 5 s make it 300 entries at most.
OPTIONS = {"fflags": "+bitexact", "reserve_index_space": "12288"}


@dataclass(frozen=True)
class Part:
    start: int  # position on the recording's timeline
    end: int
    webm: bytes


def parts_of(
    placed: Iterable[Placed], length: int, *, samples_max: int = PART_SAMPLES_MAX, bytes_max: int = PART_BYTES_MAX
) -> Iterator[Part]:
    """Together they last exactly `length` samples (down to a whole 2.5 ms); a packet lies in one part or the other, never in both."""
    stop = length // GRID * GRID
    webm: _WebM | None = None
    for each in _filled(placed, stop):
        if webm and (webm.end + each.samples > webm.start + samples_max or webm.bytes + len(each.packet) > bytes_max):
            yield webm.part()
            webm = None
        webm = webm or _WebM(each.position)
        webm.add(each)
    if webm:
        yield webm.part()


def read_part(webm: bytes, start: int) -> Iterator[Placed]:
    """The way back: the packets of a part that begins at that position, without the silence that was filled in."""
    with av.open(io.BytesIO(webm), "r", format="webm") as container:
        position = start
        for packet in container.demux(audio=0):
            data = bytes(packet)
            samples = sounding_samples(data)
            if data not in SILENT_PACKETS and samples:
                yield Placed(position, samples, data)
            position += samples


def _filled(placed: Iterable[Placed], stop: int) -> Iterator[Placed]:
    """From 0 to `stop` without a gap."""
    at = 0
    for each in placed:
        if each.end > stop:
            break
        if each.position > at:
            yield from _silent(at, each.position)
        yield each
        at = each.end
    yield from _silent(at, stop)


def _silent(start: int, stop: int) -> Iterator[Placed]:
    for packet, samples in silence(stop - start):
        yield Placed(start, samples, packet)
        start += samples


class _WebM:
    def __init__(self, start: int) -> None:
        self.start = self.end = start
        self.bytes = 0
        self._out = io.BytesIO()
        self._container = av.open(self._out, "w", format="webm", options=OPTIONS)
        with av.open(io.BytesIO(_TEMPLATE), format="ogg") as template:
            self._stream = self._container.add_stream_from_template(template.streams.audio[0])
        self._stream.time_base = TIME_BASE

    def add(self, placed: Placed) -> None:
        packet = av.Packet(placed.packet)
        packet.stream = self._stream
        packet.time_base = TIME_BASE
        packet.pts = packet.dts = self.end - self.start
        packet.duration = placed.samples
        self._container.mux_one(packet)
        self.end += placed.samples
        self.bytes += len(placed.packet) + BLOCK_BYTES

    def part(self) -> Part:
        self._container.close()
        return Part(self.start, self.end, self._out.getvalue())


def _template() -> bytes:
    """The shortest Opus stream: a muxer takes the description of its own from it."""
    pages = Pages(1)
    return pages.headers() + pages.page([SILENCE], SLOT, last=True)


_TEMPLATE = _template()
