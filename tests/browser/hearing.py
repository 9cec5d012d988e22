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
from tests.media.speech import FOLDER, spoken

MICROPHONE_HZ = 48_000
ENDS_S = 0.2
ANSWERS_WITHIN_S = 30.0

LISTEN = """() => {
  const Native = window.RTCPeerConnection;
  const ear = { connectedMs: [], news: [], context: null, recordings: null, tracks: [], lines: [] };
  const attend = (track) => ear.context.createMediaStreamSource(new MediaStream([track])).connect(ear.mix);
  const record = (track) => {
    const recorder = new MediaRecorder(new MediaStream([track]), { mimeType: "audio/webm;codecs=opus" });
    const chunks = [];
    recorder.ondataavailable = ({ data }) => chunks.push(data);
    const done = new Promise((done) => (recorder.onstop = done)).then(async () => written(await new Blob(chunks).arrayBuffer()));
    recorder.start();
    ear.recordings.push({ recorder, done });
  };
  const written = (buffer) => {
    let text = "";
    for (const each of new Uint8Array(buffer)) text += String.fromCharCode(each);
    return btoa(text);
  };
  window.RTCPeerConnection = class extends Native {
    constructor(...given) {
      super(...given);
      const began = performance.now();
      ear.lines.push(this);
      this.addEventListener("track", ({ track }) => {
        ear.tracks.push(track);
        if (ear.context !== null) attend(track);
        if (ear.recordings !== null) record(track);
      });
      this.addEventListener("connectionstatechange", () => {
        ear.news.push(`${this.connectionState} at ${Math.round(performance.now())} ms`);
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
  ear.record = () => {
    ear.recordings = [];
    record(ear.tracks.findLast((track) => track.readyState === "live"));
  };
  ear.stop = () => {
    const all = ear.recordings;
    ear.recordings = null;
    for (const { recorder } of all) if (recorder.state !== "inactive") recorder.stop();
    return Promise.all(all.map(({ done }) => done));
  };
  ear.figures = async (kind) => [...(await ear.lines.at(-1).getStats()).values()].find((each) => each.type === kind) ?? {};
  ear.heardOut = async (seconds) => {
    let { totalAudioEnergy: energy, totalSamplesDuration: since } = await ear.figures("inbound-rtp");
    for (;;) {
      await new Promise((next) => setTimeout(next, 100));
      const now = await ear.figures("inbound-rtp");
      if (now.totalAudioEnergy - energy > 1e-5) [energy, since] = [now.totalAudioEnergy, now.totalSamplesDuration];
      if (now.totalSamplesDuration - since > seconds) return;
    }
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
"""Put into a page before its own code: notes every sound that arrives, and how long each connection took. What is recorded is the sound
as it arrived: an audio graph in between leaves out what it has no time for. Counters: https://www.w3.org/TR/webrtc-stats/"""

SILENT = 0.01
"""Louder than that, of full scale, is no silence."""


def write_microphone(path: Path, name: str, *, before_s: float, sentences: int | None = None) -> Path:
    """The (first) sentences of tests/speech after a silence, as the browser reads a microphone from a file."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=MICROPHONE_HZ)
    with av.open(str(FOLDER / f"{name}.ogg")) as container:
        frames = [one for frame in container.decode(audio=0) for one in resampler.resample(frame)]
    voice = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
    if sentences is not None:
        voice = voice[: int((spoken(name)[sentences - 1][2] + ENDS_S) * MICROPHONE_HZ)]
    silence = np.zeros(int(before_s * MICROPHONE_HZ), np.int16)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(MICROPHONE_HZ)
        file.writeframes(np.concatenate([silence, voice]).astype("<i2").tobytes())
    return path


class Listener(Person):
    """A person whose page is listened to."""

    async def begin_to_listen(self) -> None:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            await self.page.evaluate("ear.record()")

    async def heard(self) -> Pcm:
        """Everything since `begin_to_listen`, mono, 16 kHz, over whatever connections it came."""
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            recorded = await self.page.evaluate("ear.stop()")
        return np.concatenate([piece for each in recorded for piece in decoded(base64.b64decode(each), "webm")])

    async def news(self) -> list[str]:
        """What became of its connections."""
        return [str(each) for each in await self.page.evaluate("ear.news")]

    async def captured_s(self) -> float:
        """How far the microphone's file is: on a busy machine it is slower than the clock."""
        return float((await self.page.evaluate('ear.figures("media-source")')).get("totalSamplesDuration", 0.0))

    async def has_heard_out(self, quiet_s: float, within_s: float) -> None:
        """Until so much silence was played; what waits to be played is played first."""
        async with asyncio.timeout(within_s):
            await self.page.evaluate(f"ear.heardOut({quiet_s})")

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
async def listener(
    name: str, microphone: Path | None = None, *more_flags: str, once: bool = False
) -> AsyncIterator[Listener]:
    """In a browser of their own; with the file for a microphone, over and over or once, or with no microphone at all."""
    flags: tuple[str, ...] = ()
    if microphone is not None:
        flags = (*SOUND_FLAGS, f"--use-file-for-fake-audio-capture={microphone}{'%noloop' if once else ''}")
    async with launch_chromium(*flags, *more_flags) as browser:
        context = await browser.new_context(viewport=WIDE, locale="en-GB", reduced_motion="reduce")  # type: ignore[arg-type]
        who = Listener(name, context, await context.new_page())
        await who.page.add_init_script(f"({LISTEN})()")
        yield who
