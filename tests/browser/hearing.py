"""What a page hears, taken out of it, and people whose microphone says what is in a file. Each of them has a browser process of their
own, because a browser has one microphone.
"""

import asyncio
import base64
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import numpy as np
from playwright.async_api import Locator

from media.scribe import decoded
from media.speech import Pcm
from tests.browser.chromium import SOUND_FLAGS, launch_chromium
from tests.browser.workshop import WIDE, Person
from tests.media.speech import FOLDER

MICROPHONE_HZ = 48_000
ANSWERS_WITHIN_S = 30.0

LISTEN = """() => {
  const Native = window.RTCPeerConnection;
  const ear = { connectedMs: [], context: null, recorder: null, chunks: [], tracks: [] };
  const attend = (track) => ear.context.createMediaStreamSource(new MediaStream([track])).connect(ear.mix);
  window.RTCPeerConnection = class extends Native {
    constructor(...given) {
      super(...given);
      const began = performance.now();
      this.addEventListener("track", ({ track }) => {
        ear.tracks.push(track);
        if (ear.context !== null) attend(track);
      });
      this.addEventListener("connectionstatechange", () => {
        if (this.connectionState === "connected") ear.connectedMs.push(performance.now() - began);
      });
    }
  };
  ear.connected = async (times) => {
    while (ear.connectedMs.length < times) await new Promise((next) => setTimeout(next, 20));
    return ear.connectedMs;
  };
  ear.open = async () => {
    if (ear.context !== null) return;
    ear.context = new AudioContext();
    ear.mix = ear.context.createMediaStreamDestination();
    ear.meter = ear.context.createAnalyser();
    ear.context.createMediaStreamSource(ear.mix.stream).connect(ear.meter);
    ear.tracks.forEach(attend);
    await ear.context.resume();
  };
  ear.record = async () => {
    await ear.open();
    ear.chunks = [];
    ear.recorder = new MediaRecorder(ear.mix.stream, { mimeType: "audio/webm;codecs=opus" });
    ear.recorder.ondataavailable = ({ data }) => ear.chunks.push(data);
    ear.recorder.start();
  };
  ear.stop = async () => {
    await new Promise((done) => { ear.recorder.onstop = done; ear.recorder.stop(); });
    const bytes = new Uint8Array(await new Blob(ear.chunks).arrayBuffer());
    let text = "";
    for (const each of bytes) text += String.fromCharCode(each);
    return btoa(text);
  };
  ear.loudest = async (ms) => {
    await ear.open();
    const samples = new Float32Array(ear.meter.fftSize);
    let loudest = 0;
    for (const until = performance.now() + ms; performance.now() < until; ) {
      await new Promise((next) => setTimeout(next, 40));
      ear.meter.getFloatTimeDomainData(samples);
      loudest = Math.max(loudest, ...samples.map(Math.abs));
    }
    return loudest;
  };
  window.ear = ear;
}"""
"""Put into a page before its own code: notes every sound that arrives, and how long each connection took."""

SILENT = 0.01
"""Louder than that, of full scale, is no silence."""


def write_microphone(path: Path, name: str, *, before_s: float) -> Path:
    """The sentences of tests/speech after a silence, as the browser reads a microphone from a file."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=MICROPHONE_HZ)
    with av.open(str(FOLDER / f"{name}.ogg")) as container:
        frames = [one for frame in container.decode(audio=0) for one in resampler.resample(frame)]
    spoken = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
    silence = np.zeros(int(before_s * MICROPHONE_HZ), np.int16)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(MICROPHONE_HZ)
        file.writeframes(np.concatenate([silence, spoken]).astype("<i2").tobytes())
    return path


class Listener(Person):
    """A person whose page is listened to."""

    async def begin_to_listen(self) -> None:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            await self.page.evaluate("ear.record()")

    async def heard(self) -> Pcm:
        """Everything since `begin_to_listen`, mono, 16 kHz."""
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            recorded = base64.b64decode(await self.page.evaluate("ear.stop()"))
        return np.concatenate([*decoded(recorded, "webm")])

    async def loudest(self, within_s: float) -> float:
        """The highest peak within the next seconds, 0 to 1."""
        return float(await self.page.evaluate(f"ear.loudest({within_s * 1000})"))

    @property
    def voice(self) -> Locator:
        """The button that says what becomes of their voice."""
        return self.page.locator(".microphone-button")

    def mark_of(self, name: str) -> Locator:
        """What is said of somebody's voice in the list of people."""
        row = self.page.locator(".person").filter(has=self.page.get_by_text(name, exact=True))
        return row.locator(".voice-mark")

    async def connected(self, times: int, within_s: float) -> list[float]:
        """How long each connection took, in milliseconds, once there were so many."""
        async with asyncio.timeout(within_s):
            return [float(each) for each in await self.page.evaluate("(times) => ear.connected(times)", times)]


@asynccontextmanager
async def listener(name: str, microphone: Path | None = None, *more_flags: str) -> AsyncIterator[Listener]:
    """In a browser of their own; with the file for a microphone, over and over, or with no microphone at all."""
    flags: tuple[str, ...] = ()
    if microphone is not None:
        flags = (*SOUND_FLAGS, f"--use-file-for-fake-audio-capture={microphone}")
    async with launch_chromium(*flags, *more_flags) as browser:
        context = await browser.new_context(viewport=WIDE, locale="en-GB", reduced_motion="reduce")  # type: ignore[arg-type]
        who = Listener(name, context, await context.new_page())
        await who.page.add_init_script(f"({LISTEN})()")
        yield who
