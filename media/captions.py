"""Captions while people speak, by the engine that writes down recordings: one child of low priority (media/scribe.py) for all who
want captions in this process, from when the first of them begins until the last one ends. What was said waits in a short line; when
the engine is behind, the oldest is left out. A child that died or is stuck is followed by another one, after a while.

What is said comes here as samples and leaves as text: no line of a log and no disk ever sees either. Nobody waits for it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from media.opus import FRAME, RATE, Pcm
from media.scribe import Scribe
from media.transcriber import TranscriberFailed, as_wav
from media.utterances import Said

log = logging.getLogger(__name__)
WAITING_MAX = 8
STALE_S = 15.0  # what was said so long ago helps nobody any more
WITHIN_S = 60.0  # for one utterance, or for a child to be ready; a machine may be busy with better things
AGAIN_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
KEPT_S = 86_400.0
NICE = 5  # sound goes before it; it goes before what is written down of recordings, which nobody waits for
TEXT_CHARACTERS_MAX = 500

Tell: TypeAlias = Callable[[Said, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    said: Said
    tell: Tell
    since_s: float


class Captioner:
    """`setting` is TRANSCRIBER, which is not `none`. All of it on the event loop, but for the engine."""

    def __init__(self, setting: str, key: str | None = None) -> None:
        self._setting, self._key = setting, key
        self._wanted: set[Tell] = set()
        self._waiting: deque[Waiting] = deque(maxlen=WAITING_MAX)
        self._more = asyncio.Event()
        self._failures = 0
        self._work: asyncio.Task[None] | None = None
        self._works: set[asyncio.Task[None]] = set()  # also those that are ending

    def begin(self, tell: Tell) -> None:
        """Whom to tell; until `end`."""
        self._wanted.add(tell)
        if self._work is None:
            self._work = asyncio.create_task(self._keep_writing(), name="captions")
            self._works.add(self._work)
            self._work.add_done_callback(self._works.discard)

    def hear(self, tell: Tell, said: Said) -> None:
        if tell in self._wanted:
            self._waiting.append(Waiting(said, tell, asyncio.get_running_loop().time()))
            self._more.set()

    def end(self, tell: Tell) -> None:
        """From now on they are told nothing, also not what is being written down at this moment."""
        self._wanted.discard(tell)
        for each in [each for each in self._waiting if each.tell not in self._wanted]:
            self._waiting.remove(each)
        if not self._wanted and self._work is not None:
            self._work.cancel()
            self._work = None

    async def close(self) -> None:
        for tell in list(self._wanted):
            self.end(tell)
        await asyncio.gather(*self._works, return_exceptions=True)

    async def _keep_writing(self) -> None:
        scribe = Scribe(self._setting, self._key, warm_s=KEPT_S, nice=NICE)
        self._failures = 0
        try:
            while True:
                try:
                    await self._write(scribe)
                except (TranscriberFailed, TimeoutError, OSError) as error:
                    log.warning("no captions for a while: %s", getattr(error, "code", type(error).__name__))
                await asyncio.sleep(AGAIN_S[min(self._failures, len(AGAIN_S) - 1)])
                self._failures += 1
        finally:
            await scribe.close()

    async def _write(self, scribe: Scribe) -> None:
        """One after the other, as long as it works; the engine is made ready before anybody says anything."""
        await _text(scribe, np.zeros(FRAME, np.int16))
        while True:
            waiting = await self._next()
            text = await _text(scribe, waiting.said.pcm)
            self._failures = 0
            if text and waiting.tell in self._wanted:
                waiting.tell(waiting.said, text)

    async def _next(self) -> Waiting:
        while True:
            while not self._waiting:
                self._more.clear()
                await self._more.wait()
            waiting = self._waiting.popleft()
            if asyncio.get_running_loop().time() - waiting.since_s < STALE_S:
                return waiting


async def _text(scribe: Scribe, pcm: Pcm) -> str:
    async with asyncio.timeout(WITHIN_S):
        written = await scribe.write_down(as_wav(pcm, RATE), "audio/wav")
    return " ".join(each.text for each in written.segments)[:TEXT_CHARACTERS_MAX]
