"""Where somebody speaks in a track, and the way between its time and the few dense half minutes that an engine is given. Pure over
numpy: 16 kHz mono int16, times in seconds since the beginning of the track. Knows no engine.

An engine of 30-second windows pays for every window in full, and loses count of time in long silence. So only what may be speech
is handed over, several regions to a window with a short pause between them, and every time it answers is led back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Pcm: TypeAlias = npt.NDArray[np.int16]

RATE_HZ = 16_000
FRAME = RATE_HZ // 50
WINDOW_S = 28.0  # of the engine's 30
PAUSE_S = 0.6  # between two regions in a window
PAD_S = 0.25  # kept around what is loud: beginnings and ends of words are not
JOIN_S = 0.7  # a pause of somebody who is still speaking
CLICK_S = 0.08  # louder for less than this is no word
OVER_NOISE_DB = 8.0
THRESHOLD_DB = (-62.0, -38.0)
BLOCK_S = 300.0  # looked at together
FULL_SCALE = 32_768.0


@dataclass(frozen=True, slots=True)
class Region:
    """Samples from `start` up to `stop` of the track."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Window:
    """What an engine is given: the regions of `placed`, each at its offset (samples), zeros between."""

    pcm: Pcm
    placed: tuple[tuple[int, Region], ...]

    def region_at(self, second: float) -> tuple[int, Region]:
        """The one that lies there or is nearest."""
        at = second * RATE_HZ
        return min(self.placed, key=lambda each: _distance(at, each[0], each[0] + each[1].stop - each[1].start))

    def back(self, second: float, placed: tuple[int, Region]) -> float:
        """The time in the track of a time in this window that belongs to that region; never outside of it."""
        offset, region = placed
        return min(max(region.start + second * RATE_HZ - offset, region.start), region.stop) / RATE_HZ


def _distance(at: float, start: int, stop: int) -> float:
    return max(start - at, at - stop, 0.0)


def windows(blocks: Iterable[Pcm]) -> Iterator[Window]:
    """Of a track that comes in blocks of any length. Holds a few minutes at most."""
    waiting: list[tuple[Region, Pcm]] = []
    for region, pcm in _spoken(blocks):
        for part, piece in _not_too_long(region, pcm):
            if waiting and _length(waiting) + PAUSE_S * RATE_HZ + len(piece) > WINDOW_S * RATE_HZ:
                yield _packed(waiting)
                waiting = []
            waiting.append((part, piece))
    if waiting:
        yield _packed(waiting)


def _spoken(blocks: Iterable[Pcm]) -> Iterator[tuple[Region, Pcm]]:
    """Regions in the order of the track. One that touches the end of what is there waits for the rest of it."""
    held = np.zeros(0, np.int16)
    origin = 0  # of what is held, in the track
    for block in _of_some_length(blocks):
        held = np.concatenate((held, block))
        found = regions(held)
        open_ended = bool(found) and found[-1].stop >= len(held) and found[-1].start > 0
        for each in found[:-1] if open_ended else found:
            yield Region(origin + each.start, origin + each.stop), held[each.start : each.stop]
        keep = found[-1].start if open_ended else len(held)
        held, origin = held[keep:], origin + keep
    for each in regions(held):
        yield Region(origin + each.start, origin + each.stop), held[each.start : each.stop]


def _of_some_length(blocks: Iterable[Pcm]) -> Iterator[Pcm]:
    waiting: list[Pcm] = []
    length = 0
    for block in blocks:
        waiting.append(block)
        length += len(block)
        if length >= BLOCK_S * RATE_HZ:
            yield np.concatenate(waiting)
            waiting, length = [], 0
    if waiting:
        yield np.concatenate(waiting)


def regions(pcm: Pcm) -> list[Region]:
    """What is louder than the quiet of this track, with a margin; short pauses included."""
    loud = _loud_frames(pcm)
    if not loud.any():
        return []
    edges = np.flatnonzero(np.diff(np.concatenate(([False], loud, [False])).astype(np.int8)))
    found: list[Region] = []
    pad, join = int(PAD_S * RATE_HZ), int(JOIN_S * RATE_HZ)
    runs = [(int(first) * FRAME, int(last) * FRAME) for first, last in edges.reshape(-1, 2)]
    joined = _joined(runs, join)
    for start, stop, active in joined:
        if active < CLICK_S * RATE_HZ:
            continue
        found.append(Region(max(0, start - pad), min(len(pcm), stop + pad)))
    return found


def _joined(runs: Iterable[tuple[int, int]], within: int) -> Iterator[tuple[int, int, int]]:
    """(start, stop, how much of it is loud)"""
    start = stop = active = 0
    for first, last in runs:
        if active and first - stop <= within:
            stop, active = last, active + last - first
            continue
        if active:
            yield start, stop, active
        start, stop, active = first, last, last - first
    if active:
        yield start, stop, active


def _loud_frames(pcm: Pcm) -> npt.NDArray[np.bool_]:
    whole = len(pcm) - len(pcm) % FRAME
    frames = pcm[:whole].reshape(-1, FRAME).astype(np.float32) / FULL_SCALE
    level = 10 * np.log10(np.mean(frames * frames, axis=1) + 1e-12)
    sounding = level[level > -90.0]  # the rest is silence that was put there
    if not len(sounding):
        return np.zeros(len(level), np.bool_)
    lowest, highest = THRESHOLD_DB
    threshold = min(max(float(np.percentile(sounding, 10)) + OVER_NOISE_DB, lowest), highest)
    loud: npt.NDArray[np.bool_] = level > threshold
    return loud


def _not_too_long(region: Region, pcm: Pcm) -> Iterator[tuple[Region, Pcm]]:
    """Cut where it is quietest in the last third of a window."""
    longest = int(WINDOW_S * RATE_HZ)
    while len(pcm) > longest:
        cut = _quietest(pcm[longest * 2 // 3 : longest]) + longest * 2 // 3
        yield Region(region.start, region.start + cut), pcm[:cut]
        region, pcm = Region(region.start + cut, region.stop), pcm[cut:]
    yield region, pcm


def _quietest(pcm: Pcm) -> int:
    frames = pcm[: len(pcm) - len(pcm) % FRAME].reshape(-1, FRAME).astype(np.float32)
    power = np.convolve(np.mean(frames * frames, axis=1), np.ones(5) / 5, mode="same")
    return int(np.argmin(power)) * FRAME + FRAME // 2


def _length(waiting: list[tuple[Region, Pcm]]) -> int:
    return sum(len(pcm) for _, pcm in waiting) + int(PAUSE_S * RATE_HZ) * (len(waiting) - 1)


def _packed(waiting: list[tuple[Region, Pcm]]) -> Window:
    pcm = np.zeros(_length(waiting), np.int16)
    placed, at = [], 0
    for region, piece in waiting:
        pcm[at : at + len(piece)] = piece
        placed.append((at, region))
        at += len(piece) + int(PAUSE_S * RATE_HZ)
    return Window(pcm, tuple(placed))
