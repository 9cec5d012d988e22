"""What an upload really is: measured from its content, never taken from its name, its header or the client (attacks 54-58, D20,
W083-W084). The container must be one of an allow-list and is forced on the library; the streams are counted, the packets walked
to the end or to the first limit, the beginning decoded.

`probe` does that in a child: an empty folder, one descriptor (the upload) and none to come, little memory, a few seconds.
`python -m media.probe` is that child: the upload on standard input, one line of JSON on standard output.
"""

import asyncio
import io
import json
import math
import os
import resource
import stat
import struct
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import av

from media.containers import ACCEPTED, Container, NotAccepted, container_of
from media.framing import sounding_samples

BYTES_MAX = 104_857_600  # W085
LENGTH_S_MAX = 4 * 3_600
CHANNELS_MAX = 2
RATE_HZ_MAX = 48_000
STREAMS_MAX = 1
STANDARD_DESCRIPTORS = 3
DECODED_S = 5.0
MEMORY_BYTES_MAX = 1 << 30
CPU_S_MAX = 30
WALL_S_MAX = 60.0
ANSWER_BYTES_MAX = 4_096
CODEC_PADDING_S = 0.05  # what encoders add before and after is no sound
SHORTER_S, SHORTER_RATIO = 1.0, 0.02  # a header may be so much longer than the sound
OPTIONS = {"protocol_whitelist": "", "max_streams": "8", "enable_drefs": "0", "use_absolute_path": "0"}
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Probed:
    mime_type: str
    duration_s: int  # rounded up, at least 1 (D20)
    channels: int
    sample_rate: int
    codec: str


class ProbeRefused(Exception):
    """`code`: unsupported, unreadable, empty, truncated, streams, codec, channels, sample_rate, too_long, too_large, timeout."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


async def probe(upload: BinaryIO) -> Probed:
    """An open file, from its beginning on. Raises ProbeRefused."""
    upload.seek(0)
    with tempfile.TemporaryDirectory() as empty:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "media.probe",
            stdin=upload,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=empty,
            env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        try:
            async with asyncio.timeout(WALL_S_MAX):
                assert child.stdout is not None
                answer = await child.stdout.read(ANSWER_BYTES_MAX)
                await child.wait()
        except TimeoutError:
            raise ProbeRefused("timeout", "The file takes too long to read.") from None
        finally:
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
    return _understood(answer)


def _understood(answer: bytes) -> Probed:
    """A child that died of its limits, or of the file, says nothing."""
    match json.loads(answer) if answer.endswith(b"\n") else None:
        case {"ok": dict(told)}:
            return Probed(told["mimeType"], told["durationS"], told["channels"], told["sampleRate"], told["codec"])
        case {"refused": {"code": str(code), "detail": str(detail)}}:
            raise ProbeRefused(code, detail)
        case _:
            raise ProbeRefused("unreadable", "The file could not be read.")


# -- in the child -----------------------------------------------------------------------------------------------------------


def look_at(upload: BinaryIO, size: int) -> Probed:
    """Raises ProbeRefused."""
    if not size:
        raise ProbeRefused("empty", "The file is empty.")
    if size > BYTES_MAX:
        raise ProbeRefused("too_large", "At most 100 MB are accepted.")
    try:
        container = container_of(upload, size)
        upload.seek(0)
        with av.open(upload, "r", format=container.format, options=OPTIONS) as opened:
            return _measured(opened, container)
    except NotAccepted as refused:
        raise ProbeRefused(refused.code, str(refused)) from None
    except (av.FFmpegError, ValueError, OverflowError, EOFError, MemoryError) as error:
        raise ProbeRefused("unreadable", f"The file is damaged or not what it says ({type(error).__name__}).") from None


def _measured(opened: Any, container: Container) -> Probed:
    stream = _only_stream(opened, container)
    declared_s = opened.duration / av.time_base if opened.duration and container.exact else None
    rate = stream.codec_context.sample_rate
    length_s, channels = _walked(opened, stream)
    if length_s <= 0:
        raise ProbeRefused("empty", "There is no sound in the file.")
    if declared_s is not None and length_s < declared_s - SHORTER_S - declared_s * SHORTER_RATIO:
        raise ProbeRefused("truncated", "The file is shorter than it says.")
    codec = stream.codec_context.name
    return Probed(container.mime_type, max(1, math.ceil(length_s - CODEC_PADDING_S)), channels, rate, codec)


def _only_stream(opened: Any, container: Container) -> Any:
    if len(opened.streams) != STREAMS_MAX or len(opened.streams.audio) != STREAMS_MAX:
        raise ProbeRefused("streams", "Exactly one audio stream is accepted, and no other: no video, no cover picture.")
    stream = opened.streams.audio[0]
    codec = stream.codec_context
    if codec.name not in container.codecs:
        raise ProbeRefused("codec", f"Sound is accepted as {ACCEPTED}.")
    codec.thread_count = 1
    _check(codec.channels, codec.sample_rate)
    return stream


def _check(channels: int, rate: int) -> None:
    if not 1 <= channels <= CHANNELS_MAX:
        raise ProbeRefused("channels", "At most two channels are accepted.")
    if not 1 <= rate <= RATE_HZ_MAX:
        raise ProbeRefused("sample_rate", "At most 48 kHz are accepted.")


def _walked(opened: Any, stream: Any) -> tuple[float, int]:
    """How long its packets sound, each by its own content where the codec says it, and the channels of what was decoded.
    Stops at the limit: a small file can hold days of silence (attack 58)."""
    length_s = decoded_s = 0.0
    channels = stream.codec_context.channels
    tick_s = float(stream.time_base or 0)
    for packet in opened.demux(stream):
        if packet.size == 0:
            continue
        length_s += _packet_s(stream.codec_context.name, packet, tick_s)
        if length_s > LENGTH_S_MAX:
            raise ProbeRefused("too_long", "At most four hours are accepted.")
        if decoded_s < DECODED_S:
            for frame in packet.decode():
                _check(frame.layout.nb_channels, frame.sample_rate)
                channels = frame.layout.nb_channels
                decoded_s += frame.samples / frame.sample_rate
    if length_s and not decoded_s:
        raise ProbeRefused("unreadable", "Nothing of the file can be decoded.")
    return length_s, channels


def _packet_s(codec: str, packet: Any, tick_s: float) -> float:
    if codec == "opus":
        return sounding_samples(bytes(packet)) / 48_000
    return max(0.0, float(packet.duration or 0) * tick_s)


def main() -> None:
    _load_everything()
    if sys.platform == "linux":  # elsewhere it is not to be had
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    for limit, value in (
        (resource.RLIMIT_CPU, CPU_S_MAX),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, STANDARD_DESCRIPTORS),
    ):
        resource.setrlimit(limit, (value, value))
    try:
        answer: dict[str, object] = {"ok": _camel(look_at(*_standard_input()))}
    except ProbeRefused as refused:
        answer = {"refused": {"code": refused.code, "detail": refused.detail}}
    sys.stdout.write(json.dumps(answer) + "\n")


def _load_everything() -> None:
    """What the library loads when it is first used; later it may open nothing more."""
    sound = bytes(960)
    described = struct.pack("<HHIIHH", 1, 1, 48_000, 96_000, 2, 16)
    riff = b"WAVEfmt " + struct.pack("<I", 16) + described + b"data" + struct.pack("<I", len(sound)) + sound
    wav = b"RIFF" + struct.pack("<I", len(riff)) + riff
    look_at(io.BytesIO(wav), len(wav))


def _standard_input() -> tuple[BinaryIO, int]:
    """A file is read where it lies; a pipe up to the limit."""
    if stat.S_ISREG(os.fstat(0).st_mode):
        return sys.stdin.buffer, os.fstat(0).st_size
    data = sys.stdin.buffer.read(BYTES_MAX + 1)
    return io.BytesIO(data), len(data)


def _camel(probed: Probed) -> dict[str, object]:
    names = {"mime_type": "mimeType", "duration_s": "durationS", "sample_rate": "sampleRate"}
    return {names.get(name, name): value for name, value in asdict(probed).items()}


if __name__ == "__main__":
    main()
