"""Somebody in a session with a headset: an aiortc peer (tests/media/caller.py) that offers over the public protocol, as a browser
does, speaks a tone and measures what comes back."""

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
from numpy.typing import NDArray
from socketio.exceptions import ConnectionError  # noqa: A004

from media.opus import FRAME, FRAME_S, RATE
from tests.live.visitor import Document, Visitor
from tests.media.caller import Caller, Tone, loudness_at

MARA_HZ, THEO_HZ, ANA_HZ, BEN_HZ, OTTO_HZ = 440, 620, 880, 1_240, 1_760
HEARD = 0.2  # of what comes in: three tones at once are a third each
UNHEARD = 0.02
LISTENED_S = 0.4
WITHIN_S = 8.0
LOUD_RMS = 300.0
Sound = NDArray[np.int16]
ANSWERS = ("audio.answer", "audio.refused")


class NotAnswered(Exception):
    """The server refused; `refusal` says why."""

    def __init__(self, refusal: Document) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class Phone:
    """`hertz` None: only listens, as whoever is never asked for a microphone."""

    def __init__(self, visitor: Visitor, hertz: float | None) -> None:
        self.visitor = visitor
        self.hertz = hertz
        self.caller = Caller(None if hertz is None else Tone(hertz, pulse=False))

    async def call(self) -> "Phone":
        """Raises NotAnswered."""
        await self.caller.call(self.ask)
        await self.caller.connected()
        return self

    async def ask(self, sdp: str) -> str:
        """Where the sound of the session moves, again when it says, as a page does."""
        async with asyncio.timeout(WITHIN_S):
            while (answer := await offered(self.visitor, sdp))["type"] != "audio.answer":
                if answer["code"] != "elsewhere":
                    raise NotAnswered(answer)
                await asyncio.sleep(answer["retryIn"])
        return str(answer["sdp"])

    @property
    def state(self) -> str:
        return str(self.caller.connection.connectionState)

    async def listen(self, seconds: float) -> Sound:
        """What comes in from now on, for so long."""
        self.caller.frames.clear()
        await asyncio.sleep(seconds)
        return self.caller.heard

    async def hears(self, *them: "Phone", but: tuple["Phone", ...] = (), within_s: float = WITHIN_S) -> None:
        """All of `them` and none of the others: waits until it is so."""
        await self._until(
            lambda share: (
                all(share(each) > HEARD for each in them) and all(share(each) < UNHEARD for each in (*but, self))
            ),
            f"{them} but not {but}",
            within_s,
        )

    async def hears_nothing(self, within_s: float = WITHIN_S) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + within_s
        while loop.time() < until:
            if _rms(await self.listen(LISTENED_S)) < LOUD_RMS:
                return
        raise AssertionError(f"{self} still hears something after {within_s} s")

    async def heard_until_s(self, listened_s: float = 1.5) -> float:
        """Listens from now on, and says after how many seconds of sound there was nothing more to hear."""
        sound = await self.listen(listened_s)
        loud = [slot for slot in range(len(sound) // FRAME) if _rms(sound[slot * FRAME :][:FRAME]) > LOUD_RMS]
        return (loud[-1] + 1) * FRAME_S if loud else 0.0

    async def _until(self, true: Callable[[Callable[["Phone"], float]], bool], what: str, within_s: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + within_s
        while loop.time() < until:
            sound = await self.listen(LISTENED_S)
            if len(sound) < LISTENED_S * RATE / 2:  # a busy machine: one longer look sees more than many
                await asyncio.sleep(2 * LISTENED_S)
                sound = self.caller.heard
            if true(lambda other, sound=sound: loudness_at(sound, other.hertz) if other.hertz else 0.0):  # type: ignore[misc]
                return
        raise AssertionError(f"{self} did not hear {what} within {within_s} s")

    def __repr__(self) -> str:
        return f"<phone {self.hertz} Hz>"

    async def close(self) -> None:
        await self.caller.close()


def _rms(sound: Sound) -> float:
    return float(np.sqrt(np.mean(sound.astype(np.float64) ** 2))) if len(sound) else 0.0


Ring = Callable[[Visitor, float | None], Awaitable[Phone]]


async def offered(visitor: Visitor, sdp: object) -> Document:
    """What the server says next of sound after this offer."""
    before = len(said_of_sound(visitor))
    await visitor.signal({"type": "audio.offer", "sdp": sdp})
    await visitor.until(lambda each: len(said_of_sound(each)) > before)
    return said_of_sound(visitor)[before]


async def comes_in(visitor: Visitor, within_s: float = 30.0) -> None:
    """As a browser does: a server that is behind takes nobody in until it has caught up."""
    async with asyncio.timeout(within_s):
        while True:
            try:
                await visitor.connect()
            except ConnectionError:
                await asyncio.sleep(0.5)
            else:
                return


def said_of_sound(visitor: Visitor) -> list[Document]:
    return [each for each in visitor.signals if each["type"] in ANSWERS]


def levels_of(visitor: Visitor) -> list[Document]:
    return [each for each in visitor.signals if each["type"] == "audio.levels"]
