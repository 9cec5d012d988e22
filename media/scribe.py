"""The process that writes down: a child of low priority that decodes a track, hands its speech to the transcriber and answers with
sentences. It loads a model once and is kept for some time after its last track; it ends when its parent does, however that ends.
What it is given comes through a pipe, in the clear, and touches no disk.

Down: one JSON line `{bytes, format, language?}`, then so many bytes. Up: JSON lines `{upto}` as it goes, then `{language, model,
segments}` or `{failed}`.
"""

import asyncio
import io
import json
import os
import queue
import resource
import sys
import threading
from asyncio.subprocess import Process
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.error import FFmpegError

from media.speech import RATE_HZ, Pcm
from media.transcriber import Segment, TranscriberFailed, Word, transcribe_track, transcriber_of

ROOT = Path(__file__).resolve().parent.parent
NICE = 15
WARM_S = 120.0
SILENT_S_MAX = 180.0  # without a word of progress; a window takes about one second, an endpoint may be slow
ANSWER_LINE_BYTES_MAX = 64_000_000
LENGTH_S_MAX = 4 * 3_600
TEXT_CHARACTERS_MAX = 1_000_000  # of one track
FORMATS = {"audio/webm": "matroska", "audio/wav": "wav", "audio/mp3": "mp3", "audio/m4a": "mp4"}


@dataclass(frozen=True, slots=True)
class Written:
    """What was said in one track. `language`: of most of it."""

    language: str
    model: str
    segments: tuple[Segment, ...]


class Scribe:
    """One child at most, one track at a time. `setting` is TRANSCRIBER, `nice` how much everything else goes before it."""

    def __init__(self, setting: str, key: str | None = None, *, warm_s: float = WARM_S, nice: int = NICE) -> None:
        self._setting = setting
        self._key = key
        self._nice = nice
        self._warm_s = warm_s
        self._turn = asyncio.Lock()
        self._child: Process | None = None
        self._rest: asyncio.TimerHandle | None = None

    async def write_down(
        self, sound: bytes, mime_type: str, language: str | None = None, *, upto: Callable[[float], None] | None = None
    ) -> Written:
        """`upto` hears how many seconds of it are done. Raises TranscriberFailed; a child that died is `died`, one that is stuck
        is ended and `stuck`, sound that cannot be decoded is `undecodable`."""
        async with self._turn:
            if self._rest is not None:
                self._rest.cancel()
            try:
                return await self._written(sound, FORMATS[mime_type], language, upto)
            except BaseException:
                await self._end()
                raise
            finally:
                self._rest = asyncio.get_running_loop().call_later(self._warm_s, self._let_go)

    async def close(self) -> None:
        async with self._turn:
            await self._end()

    async def _written(
        self, sound: bytes, format_: str, language: str | None, upto: Callable[[float], None] | None
    ) -> Written:
        child = await self._awake()
        assert child.stdin is not None
        request = {"bytes": len(sound), "format": format_, "language": language}
        try:
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.write(sound)
            await child.stdin.drain()
            while True:
                told = await self._line(child)
                if "failed" in told:
                    raise TranscriberFailed(str(told["failed"]))
                if "segments" in told:
                    return _as_written(told)
                if upto is not None:
                    upto(float(told["upto"]))
        except (ConnectionError, ValueError):
            raise TranscriberFailed("died") from None

    async def _line(self, child: Process) -> dict[str, Any]:
        assert child.stdout is not None
        try:
            async with asyncio.timeout(SILENT_S_MAX):
                line = await child.stdout.readline()
        except TimeoutError:
            raise TranscriberFailed("stuck") from None
        if not line.endswith(b"\n"):
            raise TranscriberFailed("died")
        told: dict[str, Any] = json.loads(line)
        return told

    async def _awake(self) -> Process:
        if self._child is None or self._child.returncode is not None:
            # of our own environment, only what a process needs to start: it has no business with the rest
            environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
            environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TRANSCRIBER": self._setting}
            environ |= {"NICE": str(self._nice)}
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "media.scribe",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=ROOT,
                env=environ | ({"TRANSCRIBER_KEY": self._key} if self._key else {}),
                limit=ANSWER_LINE_BYTES_MAX,
            )
        return self._child

    def _let_go(self) -> None:
        """Its memory is worth more than the second it takes to start."""
        if not self._turn.locked() and self._child is not None and self._child.stdin is not None:
            self._child.stdin.close()

    async def _end(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
        child, self._child = self._child, None
        if child is not None:
            if child.returncode is None:
                child.kill()
            await child.communicate()


def _as_written(told: dict[str, Any]) -> Written:
    segments = [
        Segment(**{**each, "words": tuple(Word(**word) for word in each["words"])}) for each in told["segments"]
    ]
    return Written(told["language"], told["model"], tuple(segments))


# -- the child --------------------------------------------------------------------------------------------------------------


def main() -> None:
    os.setpriority(os.PRIO_PROCESS, 0, max(int(os.environ["NICE"]), os.getpriority(os.PRIO_PROCESS, 0)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no voice in a core dump
    requests: queue.Queue[tuple[dict[str, Any], bytes]] = queue.Queue(1)
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests), daemon=True).start()
    transcriber = None
    while True:
        asked, sound = requests.get()
        try:
            if transcriber is None:
                transcriber = transcriber_of(os.environ["TRANSCRIBER"], os.environ.get("TRANSCRIBER_KEY"))
            _tell(_answered(transcriber, asked, sound))
        except TranscriberFailed as failed:
            _tell({"failed": failed.code})
        except (FFmpegError, ValueError):
            _tell({"failed": "undecodable"})


def _listen(stdin: BinaryIO, requests: "queue.Queue[tuple[dict[str, Any], bytes]]") -> None:
    """The end of the input is the end of the parent, also in the middle of a track."""
    while line := stdin.readline():
        asked = json.loads(line)
        sound = stdin.read(asked["bytes"])
        if len(sound) < asked["bytes"]:
            break
        requests.put((asked, sound))
    os._exit(0)


def _answered(transcriber: Any, asked: dict[str, Any], sound: bytes) -> dict[str, Any]:
    segments: list[dict[str, Any]] = []
    languages: dict[str, float] = {}
    characters = 0
    for upto, heard in transcribe_track(transcriber, decoded(sound, asked["format"]), asked["language"]):
        for segment in heard.segments:
            characters += len(segment.text)
            if characters > TEXT_CHARACTERS_MAX:
                break
            segments.append(asdict(segment))
            languages[heard.language] = languages.get(heard.language, 0.0) + segment.end - segment.start
        _tell({"upto": upto})
    language = max(languages, key=lambda each: languages[each], default="und")
    return {"language": language, "model": transcriber.model, "segments": segments}


def decoded(sound: bytes, format_: str) -> Iterator[Pcm]:
    """At 16 kHz, mono, each piece where its timestamp says: what is missing in between is silence. Ends at four hours."""
    with av.open(io.BytesIO(sound), "r", format=format_, options={"protocol_whitelist": "pipe"}) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
        stream = container.streams.audio[0]
        begins: float | None = None
        samples = 0
        for frame in container.decode(stream):
            if frame.time is not None:
                begins = frame.time if begins is None else begins
                behind = int((frame.time - begins) * RATE_HZ) - samples
                if behind > RATE_HZ // 5 and samples + behind <= LENGTH_S_MAX * RATE_HZ:
                    yield np.zeros(behind, np.int16)
                    samples += behind
            for piece in _resampled(resampler, frame):
                yield piece
                samples += len(piece)
            if samples > LENGTH_S_MAX * RATE_HZ:
                return
        yield from _resampled(resampler, None)


def _resampled(resampler: av.AudioResampler, frame: AudioFrame | None) -> Iterator[Pcm]:
    for each in resampler.resample(frame):
        yield each.to_ndarray().reshape(-1).astype(np.int16, copy=False)


def _tell(what: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(what, ensure_ascii=False).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
