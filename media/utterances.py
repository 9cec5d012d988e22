"""Voices cut into utterances, for captions: what somebody says up to a pause of half a second, and eight seconds at most. Pure over
numpy; counts slots of 20 ms. Knows no clock and no engine.

An utterance without any pause is cut where it is quietest in its last part, and goes on in the next one from there.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from media.opus import FRAME, Pcm

PAUSE_SLOTS = 25
LONGEST_SLOTS = 400
CUT_WITHIN_SLOTS = 125
LEAD_SLOTS = 10  # kept before the first that is loud: words begin softly
WORD_SLOTS = 10  # loud for less than this is no word
AT_ONCE_MAX = 16  # of one desk; so many people at once nobody follows, nor reads
SMOOTH_SLOTS = 5
NOTHING: Pcm = np.zeros(FRAME, np.int16)


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """Loud from the slot `first` until before `end`; `pcm` at 48 kHz, with a little around it."""

    first: int
    end: int
    pcm: Pcm


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """An utterance with who said it, where and when. `place`: a breakout room's id, None for the main room."""

    user: str
    place: str | None
    from_at: datetime
    to_at: datetime
    pcm: Pcm


class Cut:
    """Of one voice."""

    def __init__(self) -> None:
        self._lead: deque[Pcm] = deque(maxlen=LEAD_SLOTS)
        self._frames: list[Pcm] = []
        self._loud: list[bool] = []
        self._slot = self._quiet = 0

    @property
    def is_open(self) -> bool:
        """Something has been said that was not taken yet."""
        return bool(self._frames)

    def step(self, pcm: Pcm | None, speaking: bool, slot: int) -> Utterance | None:
        """The next 20 ms; None is silence."""
        frame = NOTHING if pcm is None else pcm
        if not self.is_open and not speaking:
            self._lead.append(frame)
            return None
        if not self.is_open:
            self._frames, self._loud = [*self._lead], [False] * len(self._lead)
            self._lead.clear()
        self._frames.append(frame)
        self._loud.append(speaking)
        self._slot, self._quiet = slot, 0 if speaking else self._quiet + 1
        if self._quiet >= PAUSE_SLOTS:
            return self.end()
        return self._taken(_quietest(self._frames)) if len(self._frames) >= LONGEST_SLOTS else None

    def end(self) -> Utterance | None:
        """All that is there, however little."""
        return self._taken(len(self._frames)) if self.is_open else None

    def _taken(self, count: int) -> Utterance | None:
        first = self._slot + 1 - len(self._frames)
        frames, self._frames = self._frames[:count], self._frames[count:]
        loud, self._loud = self._loud[:count], self._loud[count:]
        if sum(loud) < WORD_SLOTS:
            return None
        end = count - loud[::-1].index(True)
        return Utterance(first + loud.index(True), first + end, np.concatenate(frames))


def _quietest(frames: Sequence[Pcm]) -> int:
    """How many frames lie before the middle of the quietest tenth of a second near the end."""
    tail = np.stack(frames[-CUT_WITHIN_SLOTS:]).astype(np.float32)
    power = np.convolve(np.einsum("ij,ij->i", tail, tail), np.ones(SMOOTH_SLOTS), mode="valid")
    return len(frames) - len(tail) + int(np.argmin(power)) + SMOOTH_SLOTS // 2 + 1


class Scissors:
    """For all voices of a desk."""

    def __init__(self) -> None:
        self._cuts: dict[str, Cut] = {}

    def hear(self, user: str, pcm: Pcm | None, speaking: bool, slot: int) -> Utterance | None:
        """What they have said, when they have. To be told of every slot as long as they say something."""
        cut = self._cuts.get(user)
        if cut is None or not cut.is_open:
            if pcm is None:
                self._cuts.pop(user, None)
                return None
            speaking = speaking and sum(each.is_open for each in self._cuts.values()) < AT_ONCE_MAX
            cut = cut or self._cuts.setdefault(user, Cut())
        return cut.step(pcm, speaking, slot)

    def end(self, user: str) -> Utterance | None:
        """They may not speak any more, or went elsewhere: what they said until now."""
        cut = self._cuts.pop(user, None)
        return None if cut is None else cut.end()
