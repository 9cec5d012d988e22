"""What one person says, put in order and decoded 20 ms at a time. Packets come when they come; frames are taken by the mix, one per
slot, after a delay of 40 ms that grows to 200 ms where packets are often late. Knows no clock: it counts the frames taken.

Made for being heard at once, not for keeping: what comes too late is left out, what never came is covered up for a moment
(RFC 7587 section 5.2 leaves that to the receiver). What a machine without time brings all at once is heard whole, and the pauses
after it are shorter, until the delay is what it was. The recorder gets the packets themselves.
"""

from dataclasses import dataclass

import numpy as np

from media.opus import FRAME, RATE, Decoder, Pcm, Undecodable, frame_samples

DELAY_MIN_SLOTS = 2
DELAY_MAX_SLOTS = 10
CALM_SLOTS = 500
"""Without a late packet; then the delay may shrink again."""

WAITING_MAX = 50  # a second
JUMP = RATE
"""Samples: timestamps further apart than this are another beginning, not a gap."""

COVER_SLOTS = 3
IDLE_SLOTS = 6
SURPLUS = 2
SURPLUS_SLOTS = 25
"""So long that many more may wait than the delay asks for: bursts pass. Then what is quiet is left out."""

MUCH = 25
PATIENCE_SLOTS = 150
HASTE_SLOTS = 5
"""Where more than half a second waits, or nobody paused for three, every fifth frame is left out, quiet or not."""

SPEAKING_RMS = 100.0  # -50 dBFS
NOISE_MAX_RMS = 300.0
ABOVE_NOISE = 3.0
NOISE_GROWTH = 1.005  # doubles in 3 s
FADE = 0.9
"""A frame's loudness counts for this part of itself in the next frame: 20 dB in half a second."""


@dataclass(frozen=True, slots=True)
class Packet:
    """The parts of an RTP packet (RFC 3550 section 5.1) that matter here."""

    ssrc: int
    timestamp: int
    payload: bytes


class Voice:
    """`loudness`: root mean square of what was last taken, fading slowly. `speaking`: louder than its own noise."""

    def __init__(self) -> None:
        self._delay = DELAY_MIN_SLOTS
        self._calm = 0
        self._noise = SPEAKING_RMS / ABOVE_NOISE
        self._ssrc: int | None = None
        self._last = 0  # unwrapped timestamp of the newest packet
        self.clear()

    def clear(self) -> None:
        """Forgets what waits and what was: its person went elsewhere, may not speak, or may be recorded from now on."""
        self._decoder = Decoder()
        self._waiting: dict[int, bytes] = {}
        self._pcm: Pcm = np.zeros(0, np.int16)
        self._due: int | None = None  # unwrapped timestamp of what is taken next; None while nothing plays
        self._played: int | None = None
        self._primed = self._missing = self._held = self._surplus = 0
        self._tail: Pcm | None = None
        self.loudness = 0.0
        self.speaking = False

    @property
    def idle(self) -> bool:
        return self._due is None and not self._waiting

    def take(self, packet: Packet) -> None:
        """One as it arrived, in any order."""
        timestamp = self._unwrapped(packet)
        if self._is_over(timestamp):
            self._postpone()
            return
        self._waiting[timestamp] = packet.payload
        while len(self._waiting) > WAITING_MAX:
            del self._waiting[min(self._waiting)]

    def _unwrapped(self, packet: Packet) -> int:
        """Beyond 32 bits (RFC 3550 section 5.1); another source, or a jump, begins anew."""
        step = (packet.timestamp - self._last + 2**31) % 2**32 - 2**31
        timestamp = self._last + step
        if packet.ssrc != self._ssrc or abs(step) > JUMP:
            self._ssrc = packet.ssrc
            self._waiting.clear()
            self._due = self._played = None
            self._primed = self._held = 0
            self._last = timestamp
        self._last = max(self._last, timestamp)
        return timestamp

    def _is_over(self, timestamp: int) -> bool:
        played = self._played is not None and timestamp <= self._played
        return played or (self._due is not None and timestamp + FRAME // 2 < self._due)

    def _postpone(self) -> None:
        self._delay, self._calm = min(self._delay + 1, DELAY_MAX_SLOTS), 0

    def frame(self) -> Pcm | None:
        """The next 20 ms, or None for nothing. To be called once per slot, unless idle."""
        self._calm += 1
        if self._calm > CALM_SLOTS:
            self._delay, self._calm = max(self._delay - 1, DELAY_MIN_SLOTS), 0
        taken = self._taken() if self._begun() else None
        if taken is not None and self._is_left_out(taken):
            taken = self._taken()
        self._listen(taken)
        return taken

    def skip(self, slots: int) -> None:
        """Nobody took frames for so long; what would have been taken then is over."""
        if self._due is not None:
            self._due += slots * FRAME
            self._waiting = {each: it for each, it in self._waiting.items() if each + FRAME // 2 >= self._due}

    def _begun(self) -> bool:
        if self._due is None and self._waiting:
            self._primed += 1
            if self._primed > self._delay or len(self._waiting) > DELAY_MAX_SLOTS:
                self._due, self._primed, self._missing, self._held = min(self._waiting), 0, 0, 0
        return self._due is not None

    def _taken(self) -> Pcm | None:
        while len(self._pcm) < FRAME:
            piece = self._next_piece()
            if piece is None:
                self._pcm = self._pcm[:0]
                return None
            self._pcm = np.concatenate((self._pcm, piece)) if len(self._pcm) else piece
        taken, self._pcm = self._pcm[:FRAME], self._pcm[FRAME:]
        self._tail = taken
        return taken

    def _is_left_out(self, pcm: Pcm) -> bool:
        """Whether this frame is, because more has been waiting for a while than is needed. It was decoded, so what follows is whole."""
        if len(self._waiting) <= self._delay + SURPLUS:
            self._surplus = 0
            return False
        self._surplus += 1
        if self._surplus > SURPLUS_SLOTS and not self._is_speech(_rms(pcm)):
            return True
        hasty = len(self._waiting) > MUCH or self._surplus > PATIENCE_SLOTS
        return hasty and self._surplus % HASTE_SLOTS == 0

    def _next_piece(self) -> Pcm | None:
        assert self._due is not None
        if not self._waiting:
            self._held += 1
            return self._covered()
        first = min(self._waiting)
        if self._held:  # was it late, and may be waited for longer from now on, or was there a pause?
            self._due += min(self._held * FRAME, max(first - self._due, 0))
            self._held = 0
            self._postpone()
        if first - self._due < FRAME // 2:
            try:
                return self._decoded(first)
            except Undecodable:
                return self._covered()
        if first - self._due > JUMP:
            self._due = None  # a beginning, further on
            return None
        self._due += FRAME
        return self._covered()

    def _decoded(self, first: int) -> Pcm:
        payload = self._waiting.pop(first)
        self._played, self._due = first, first + FRAME
        self._due = first + frame_samples(payload)
        piece = self._decoder.decode(payload)
        self._missing = 0
        return piece

    def _covered(self) -> Pcm | None:
        """Something for nothing: the last frame again, fainter and fainter, then silence, then the end."""
        self._missing += 1
        if self._missing > IDLE_SLOTS and not self._waiting:
            self._due = None
        if self._missing > COVER_SLOTS or self._tail is None or len(self._tail) < FRAME:
            return None
        return (self._tail * 0.5).astype(np.int16)

    def _listen(self, pcm: Pcm | None) -> None:
        if pcm is None:
            self.loudness *= FADE
            self.speaking = False
            return
        rms = _rms(pcm)
        self._noise = min(rms, self._noise * NOISE_GROWTH, NOISE_MAX_RMS) or 1.0
        self.speaking = self._is_speech(rms)
        self.loudness = max(rms, self.loudness * FADE)

    def _is_speech(self, rms: float) -> bool:
        return rms > max(SPEAKING_RMS, self._noise * ABOVE_NOISE)


def _rms(pcm: Pcm) -> float:
    samples = pcm.astype(np.float32)
    return float(np.sqrt(np.dot(samples, samples) / FRAME))
