"""The mix of one place: which voices are heard, their sum, and one packet of it for all who only listen, another one for everybody
whose own voice is in it. Pure but for its encoders; who may speak, who listens and what time it is is decided elsewhere (desk).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from media.opus import FRAME, SILENCE, Encoder, Pcm

VOICES_MAX = 4
GATE_RMS = 30.0  # -61 dBFS
LOUDER = 2.0  # 6 dB
HOLD_SLOTS = 50
"""A voice that fell silent keeps its place for a second: words have pauses, and coming and going costs its person an encoder."""

STAY_SLOTS = 25
KNEE = 24_576
CEILING = 32_767
QUIET_PEAK = 8
TAIL_SLOTS = 10
"""So much silence is encoded before sending stops, for the listener's decoder to come to rest."""

SILENCE_EVERY_SLOTS = 20
"""As Opus itself does it in silence (RFC 6716 section 2.1.9): a sign of life every 400 ms, so that ways through NAT stay open."""

Sum = NDArray[np.int32]
NOTHING: Sum = np.zeros(FRAME, np.int32)
ENTRY = np.linspace(0, 1, FRAME, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Heard:
    """A frame of a voice, and how loud that voice has been."""

    pcm: Pcm
    loudness: float


@dataclass(slots=True)
class _Place:
    held: int = HOLD_SLOTS
    stayed: int = 0


class Selection:
    """The loudest few, with hysteresis: nobody is cut off by a cough, and nobody flutters in and out."""

    def __init__(self) -> None:
        self.chosen: dict[str, _Place] = {}

    def choose(self, loudness: Mapping[str, float]) -> set[str]:
        """Who is in from now on. `loudness` of everybody who has something to be heard."""
        for user, place in list(self.chosen.items()):
            place.held = HOLD_SLOTS if loudness.get(user, 0.0) >= GATE_RMS else place.held - 1
            place.stayed += 1
            if place.held <= 0:
                del self.chosen[user]
        for user in sorted(loudness, key=lambda one: -loudness[one]):
            if user not in self.chosen and loudness[user] >= GATE_RMS and not self._admit(user, loudness):
                break
        return set(self.chosen)

    def _admit(self, user: str, loudness: Mapping[str, float]) -> bool:
        if len(self.chosen) >= VOICES_MAX:
            faintest = min(self.chosen, key=lambda one: loudness.get(one, 0.0))
            settled = self.chosen[faintest].stayed >= STAY_SLOTS
            if not settled or loudness[user] < LOUDER * loudness.get(faintest, 0.0):
                return False
            del self.chosen[faintest]
        self.chosen[user] = _Place()
        return True


class Outlet:
    """A stream that is heard: encodes, and says nothing when there is nothing to say."""

    def __init__(self, encoder: Callable[[], Encoder] = Encoder) -> None:
        self._encoder = encoder()
        self._quiet = TAIL_SLOTS

    def packet(self, sound: Sum) -> bytes | None:
        if int(np.abs(sound).max()) > QUIET_PEAK:
            self._quiet = 0
        else:
            self._quiet += 1
        if self._quiet > TAIL_SLOTS:
            return SILENCE if (self._quiet - TAIL_SLOTS) % SILENCE_EVERY_SLOTS == 1 else None
        return self._encoder.encode(limited(sound))


@dataclass(frozen=True, slots=True)
class Mixed:
    """`everyone`: for who only listens. `own`: for those whose own voice is in the mix. None: nothing is sent in this slot."""

    everyone: bytes | None
    own: dict[str, bytes | None] = field(default_factory=dict)


class Mix:
    """The sound of one place, slot by slot."""

    def __init__(self, encoder: Callable[[], Encoder] = Encoder) -> None:
        self._encoder = encoder
        self._selection = Selection()
        self._everyone = Outlet(encoder)
        self._own: dict[str, Outlet] = {}

    def step(self, frames: Mapping[str, Heard]) -> Mixed:
        """The next 20 ms, of the voices that have something to be heard."""
        before = set(self._own)
        inside = self._selection.choose({user: heard.loudness for user, heard in frames.items()})
        for user in before - inside:
            del self._own[user]
        for user in inside - before:
            self._own[user] = Outlet(self._encoder)
        voices = {user: _entering(frames[user].pcm, user in before) for user in inside if user in frames}
        total = summed(voices.values())
        own = {
            user: outlet.packet(total - voices[user] if user in voices else total) for user, outlet in self._own.items()
        }
        return Mixed(self._everyone.packet(total), own)


class Tape:
    """The mix of the voices that may be recorded, which may be fewer than are heard: chosen and encoded for itself."""

    def __init__(self, encoder: Callable[[], Encoder] = Encoder) -> None:
        self._selection = Selection()
        self._outlet = Outlet(encoder)

    def step(self, frames: Mapping[str, Heard]) -> bytes | None:
        inside = self._selection.choose({user: heard.loudness for user, heard in frames.items()})
        return self._outlet.packet(summed(frames[user].pcm.astype(np.int32) for user in inside if user in frames))


def summed(voices: Iterable[Sum]) -> Sum:
    total: Sum | None = None
    for voice in voices:
        total = voice if total is None else total + voice
    return NOTHING if total is None else total


def limited(sound: Sum) -> Pcm:
    """Soft above three quarters of what 16 bits hold, so that voices together distort little."""
    size = np.abs(sound)
    if int(size.max()) > KNEE:
        over = np.maximum(size - KNEE, 0) / (CEILING - KNEE)
        size = np.minimum(size, KNEE) + (CEILING - KNEE) * np.tanh(over)
        return np.asarray(np.sign(sound) * size, np.float64).astype(np.int16)
    return sound.astype(np.int16)


def _entering(pcm: Pcm, was_in: bool) -> Sum:
    """A voice that comes in fades in within its first frame: no click."""
    return pcm.astype(np.int32) if was_in else (pcm * ENTRY).astype(np.int32)
