"""A person with headset for tests: aiortc on loopback as a browser would be, speaking a tone and measuring what comes back."""

import asyncio
from collections.abc import Awaitable, Callable
from fractions import Fraction
from types import TracebackType
from typing import Self

import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame
from av.frame import Frame
from numpy.typing import NDArray

from media.ice import IceSettings
from media.lines import confine, ice_of
from media.opus import FRAME, FRAME_S, RATE
from tests.conftest import PORTS

ICE = IceSettings(addresses=("127.0.0.1",), ports=PORTS)
Ask = Callable[[str], Awaitable[str]]


class Tone(MediaStreamTrack):
    """A sine of `hertz` in real time; `hertz` None is digital silence. `pulse`: it comes and goes like syllables do."""

    kind = "audio"

    def __init__(self, hertz: float | None, amplitude: int = 8_000, pulse: bool = True) -> None:
        super().__init__()
        self.hertz, self.amplitude, self.pulse = hertz, amplitude, pulse
        self._sample = 0
        self._begun_s: float | None = None

    async def recv(self) -> Frame:
        loop = asyncio.get_running_loop()
        if self._begun_s is None:
            self._begun_s = loop.time()
        await asyncio.sleep(max(0.0, self._begun_s + self._sample / RATE - loop.time()))
        frame = AudioFrame.from_ndarray(self._sound()[np.newaxis, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._sample, Fraction(1, RATE)
        self._sample += FRAME
        return frame

    def _sound(self) -> NDArray[np.int16]:
        if self.hertz is None:
            return np.zeros(FRAME, np.int16)
        time = (np.arange(FRAME) + self._sample) / RATE
        loud = 0.5 + 0.5 * np.sin(2 * np.pi * 3 * time) if self.pulse else 1.0
        return (self.amplitude * loud * np.sin(2 * np.pi * self.hertz * time)).astype(np.int16)


class Caller:
    """`ask` takes the offer's SDP and gives the answer's. What is heard is in `heard`, mono samples at 48 kHz."""

    def __init__(self, track: MediaStreamTrack | None, ice: IceSettings = ICE) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.transceiver: RTCRtpTransceiver = (
            self.connection.addTransceiver(track, "sendrecv")
            if track is not None
            else self.connection.addTransceiver("audio", "recvonly")
        )
        confine(ice_of(self.transceiver.receiver.transport), ice)
        self.frames: list[NDArray[np.int16]] = []
        self._listening: asyncio.Task[None] | None = None

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    async def call(self, ask: Ask) -> Self:
        await self.accept(await ask(await self.offer()))
        return self

    async def accept(self, answer: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(self.transceiver.receiver))

    async def _listen(self, receiver: RTCRtpReceiver) -> None:
        while True:
            try:
                frame = await receiver.track.recv()
            except MediaStreamError:
                return
            assert isinstance(frame, AudioFrame)
            self.frames.append(frame.to_ndarray()[0].reshape(-1, len(frame.layout.channels))[:, 0])

    async def connected(self, within_s: float = 10.0) -> None:
        await until(lambda: self.connection.connectionState == "connected", within_s)

    @property
    def heard(self) -> NDArray[np.int16]:
        return np.concatenate(self.frames) if self.frames else np.zeros(0, np.int16)

    async def listen(self, seconds: float = 0.6, within_s: float = 20.0) -> NDArray[np.int16]:
        """The next sound, of at least this length, however long a busy machine takes for it."""
        self.frames.clear()
        await until(lambda: sum(map(len, self.frames)) >= seconds * RATE, within_s)
        return self.heard

    async def hears(self, *hertz: float, within_s: float = 30.0) -> None:
        """Returns as soon as there is a stretch of sound in which these are, and little else."""
        async with asyncio.timeout(within_s):
            while True:
                found = [loudness_at(await self.listen(), each) for each in hertz]
                if min(found) > 0.1 and sum(found) > 0.6:
                    return

    async def hears_nothing_of(self, *hertz: float, for_s: float = 1.0) -> None:
        """In all that comes in for a while."""
        self.frames.clear()
        await asyncio.sleep(for_s)
        sound = self.heard
        assert not len(sound) or np.abs(sound).max() < 50 or max(loudness_at(sound, each) for each in hertz) < 0.01

    async def close(self) -> None:
        await self.connection.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def loudness_at(sound: NDArray[np.int16], hertz: float) -> float:
    """How much of a sound is at this frequency: 1 for a pure tone there, next to nothing for any other."""
    if len(sound) < RATE // 4:
        return 0.0
    spectrum = np.abs(np.fft.rfft(sound.astype(np.float64) * np.hanning(len(sound)))) ** 2
    step = RATE / len(sound)
    near = slice(max(1, int((hertz - 25) / step)), int((hertz + 25) / step) + 1)
    return float(spectrum[near].sum() / max(spectrum.sum(), 1.0))


async def until(true: Callable[[], bool], within_s: float = 10.0) -> None:
    """As soon as something holds; a test fails that waits in vain."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - of a third party's state
            await asyncio.sleep(FRAME_S)
