"""People who read a text by the clock over an ill network, so that it can be asked of every 20 ms of a recording whether they lie where
they were spoken: every second is another tone, every packet another one, and each is sent as a microphone would have had it. What
they are told to do to their timestamps, tracks and connections is what browsers do.
"""

import asyncio
import math
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from fractions import Fraction
from typing import cast

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCRtpSender
from av.frame import Frame
from socketio.exceptions import SocketIOError

from media.opus import FRAME, FRAME_S, RATE, SILENCE, Encoder
from media.timeline import WRAP
from tests.live.phone import NotAnswered, offered
from tests.live.visitor import Visitor
from tests.media.caller import Caller
from tests.media.wire import Wire

SLOTS_PER_S = RATE // FRAME
TONES_HZ = [400 + 130 * number for number in range(16)]
NOISE_RMS = 60.0
AWAKE_S = 3.0
BEHIND_SLOTS = 5
"""What a busy machine did not take from its microphone in time is not there; what it takes later is where it is."""


def hertz_of(second: int) -> int:
    """Neighbours are far apart."""
    return TONES_HZ[second * 7 % len(TONES_HZ)]


def slot_now() -> int:
    """Slots are counted on the loop's clock."""
    return math.floor(asyncio.get_running_loop().time() / FRAME_S)


class Lecture:
    """What all read at the same time: `packets[n]` is its n-th 20 ms. No two are the same, thanks to a little noise."""

    def __init__(self, length_s: int) -> None:
        encoder, dice = Encoder(), np.random.default_rng(1)
        time = np.arange(RATE) / RATE
        self.packets: list[bytes] = []
        for second in range(length_s):
            tone = 8_000 * np.sin(2 * np.pi * hertz_of(second) * time) + dice.normal(0, NOISE_RMS, RATE)
            self.packets += [encoder.encode(each) for each in tone.astype(np.int16).reshape(-1, FRAME)]
        self.numbers = {packet: number for number, packet in enumerate(self.packets)}
        assert len(self.numbers) == len(self.packets)
        self._first: int | None = None

    def begin(self) -> None:
        """Until now everybody had a microphone and said nothing."""
        self._first = slot_now() + 1

    def number_at(self, slot: int) -> int | None:
        number = -1 if self._first is None else slot - self._first
        return number if 0 <= number < len(self.packets) else None

    def places(self, started_at: datetime) -> list[float]:
        """When each packet was spoken, in seconds since that moment."""
        begins_s = (datetime.now(UTC) - started_at).total_seconds() - self.read_s
        return [begins_s + number * FRAME_S for number in range(len(self.packets))]

    @property
    def read_s(self) -> float:
        """So much of it."""
        assert self._first is not None
        return asyncio.get_running_loop().time() - self._first * FRAME_S

    async def until(self, second: float) -> None:
        await asyncio.sleep(second - self.read_s)


class Dictation(MediaStreamTrack):
    """A microphone into which the lecture is read; `leaves` is told the number of each of its packets."""

    kind = "audio"

    def __init__(self, lecture: Lecture, leaves: Callable[[int], None]) -> None:
        super().__init__()
        self.lecture, self.leaves = lecture, leaves
        self.disabled = False
        """Sends silence, as a disabled track does."""

        self.keeps: Callable[[int], bool] = lambda _: True
        """Whether a slot is worth a packet to the encoder (DTX)."""

        self.ahead = 0
        """Samples: so far the timestamps are from where the track began."""

        self._slot: int | None = None

    def goes_on(self, *, stood_still: bool) -> None:
        """Nobody asked for sound for a while; timestamps did, or did not, go on meanwhile."""
        now = slot_now()
        if stood_still and self._slot is not None:
            self.ahead -= (now - self._slot) * FRAME
        self._slot = now

    async def recv(self) -> Frame:
        slot = slot_now() if self._slot is None else max(self._slot, slot_now() - BEHIND_SLOTS)
        while not self.keeps(slot):
            slot += 1
        self._slot = slot + 1
        await asyncio.sleep(max(0.0, (slot + 1) * FRAME_S - asyncio.get_running_loop().time()))
        number = None if self.disabled else self.lecture.number_at(slot)
        packet = av.Packet(SILENCE if number is None else self.lecture.packets[number])
        packet.pts, packet.time_base = slot * FRAME + self.ahead, Fraction(1, RATE)
        if number is not None:
            self.leaves(number)
        return cast(Frame, packet)  # aiortc's sender takes both


class Reader:
    """Somebody in a session who reads. `wire` is in the way of all they send and hear. `sent`: numbers of the packets that left
    while it was not dark, `due`: how many of them that lets through, on average."""

    def __init__(self, visitor: Visitor, lecture: Lecture, seed: int) -> None:
        self.visitor, self.lecture = visitor, lecture
        self.wire = Wire(seed)
        self.dice = random.Random(seed)
        self.sent: set[int] = set()
        self.due = 0.0
        self._sit_down()

    def _sit_down(self) -> None:
        """They hear nothing: a dozen who do, in one process, are too much for it. `sources`: of this connection."""
        self.sources = 1
        self.track = Dictation(self.lecture, self._leaves)
        self.caller = Caller(self.track)
        self.caller.transceiver.direction = "sendonly"

    def _leaves(self, number: int) -> None:
        if not self.wire.up.dark:
            self.sent.add(number)
            self.due += 1 - self.wire.up.loss

    async def call(self) -> "Reader":
        await self.caller.call(self._ask)
        await self.caller.connected()
        return self

    async def _ask(self, sdp: str) -> str:
        answer = await offered(self.visitor, sdp)
        if answer["type"] != "audio.answer":
            raise NotAnswered(answer)
        return await self.wire.through(str(answer["sdp"]))

    @property
    def state(self) -> str:
        return str(self.caller.connection.connectionState)

    @property
    def sender(self) -> RTCRtpSender:
        return self.caller.transceiver.sender

    # -- what browsers do ---------------------------------------------------------------------------------------------------

    def mute_by_track(self, muted: bool) -> None:
        self.track.disabled = muted

    def take_track(self) -> None:
        self.sender.replaceTrack(None)

    def give_track(self, *, stood_still: bool) -> None:
        """Whether the timestamps stood still meanwhile, as the engine of browsers has it, or went on."""
        self.track.goes_on(stood_still=stood_still)
        self.sender.replaceTrack(self.track)

    def jump(self, seconds: float) -> None:
        self.track.ahead += round(seconds * RATE)

    def wrap_in(self, seconds: float) -> None:
        """The 32 bits of the timestamps are full then; they jump there now."""
        stamp = getattr(self.sender, "_RTCRtpSender__rtp_timestamp")  # noqa: B009 - of the packet sent last
        self.track.ahead += (WRAP - round(seconds * RATE) - stamp) % WRAP

    def another_source(self) -> None:
        """As after a new sender on the same connection (RFC 3550 section 8.2): nothing of the old one goes on."""
        self.sources += 1
        self.sender._ssrc = self.dice.randrange(WRAP)
        self.track.ahead += self.dice.randrange(WRAP)

    async def call_anew(self) -> None:
        """As a page that is loaded again: another connection."""
        await self.caller.close()
        self._sit_down()
        await self.call()

    async def close(self) -> None:
        await self.caller.close()
        await self.wire.__aexit__(None, None, None)


async def stay(visitor: Visitor) -> None:
    """Until the connection is gone. Says something now and then: the client gives up where it was not asked for long, and a server
    without time asks late."""
    while not visitor.closed.is_set():
        with suppress(SocketIOError):
            await visitor.signal({"type": "ping", "t": 0})
        with suppress(TimeoutError):
            async with asyncio.timeout(AWAKE_S):
                await visitor.closed.wait()
