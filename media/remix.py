"""A mix made again from the separate tracks, for when one voice was withdrawn: of the same length, every other voice where it was.
All voices are in it, not only the loudest few; nobody waits for it to be heard live."""

from collections.abc import Iterable, Iterator

import numpy as np

from media.mixer import limited
from media.opus import FRAME, Decoder, Encoder, Pcm, Undecodable
from media.timeline import RATE, SLOT, Placed

WINDOW = RATE  # summed at a time
TAIL_SLOTS = 3  # what the encoder still has of a sound that ended


def remix(voices: Iterable[Iterable[Placed]], length: int) -> Iterator[Placed]:
    """The packets of the mix, slot by slot; none where nobody spoke."""
    decoded = [_Voice(voice) for voice in voices]
    encoder = Encoder()
    tail = 0
    for start in range(0, length // SLOT * SLOT, WINDOW):
        total = np.zeros(WINDOW, np.int32)
        sounding = sum([voice.add_to(total, start) for voice in decoded])
        slots = min(WINDOW, length - start) // SLOT
        for slot in range(slots if sounding else min(tail, slots)):
            packet = encoder.encode(limited(total[slot * FRAME : (slot + 1) * FRAME]))
            yield Placed(start + slot * SLOT, SLOT, packet)
        tail = TAIL_SLOTS if sounding else 0


class _Voice:
    """Decodes one track window by window."""

    def __init__(self, placed: Iterable[Placed]) -> None:
        self._pieces = _decoded(placed)
        self._next = next(self._pieces, None)

    def add_to(self, total: "np.ndarray[tuple[int], np.dtype[np.int32]]", start: int) -> bool:
        """Whether there was anything of it in the window that begins at `start`."""
        sounded = False
        while self._next and self._next[0] < start + WINDOW:
            position, pcm = self._next
            into = position - start
            fits = pcm[: WINDOW - into]
            total[into : into + len(fits)] += fits
            left = pcm[len(fits) :]
            self._next = (start + WINDOW, left) if len(left) else next(self._pieces, None)
            sounded = True
            if len(left):
                break
        return sounded


def _decoded(placed: Iterable[Placed]) -> Iterator[tuple[int, Pcm]]:
    """Position and samples. A packet that does not decode is silence, as everywhere."""
    decoder = Decoder()
    for each in placed:
        try:
            pcm = decoder.decode(each.packet)
        except Undecodable:
            continue
        yield each.position, pcm[: each.samples]
