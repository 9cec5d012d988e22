"""Which of the few containers an upload is, by its first bytes and its own account of its length, before any library looks at it:
wav, mp3, webm, m4a. A playlist, a page or an archive that calls itself sound is none of them (attacks 55, 56). Reads a few bytes
here and there; decodes nothing."""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

ACCEPTED = "WAV (PCM), MP3, WebM (Opus or Vorbis) or M4A (AAC)"
HEAD_BYTES = 4_096
MP3_FRAMES = 4  # so many headers in a row, each where the one before says
TRAILING_BYTES_MAX = 4_096
EBML, SEGMENT, DOC_TYPE = 0x1A45DFA3, 0x18538067, 0x4282


@dataclass(frozen=True)
class Container:
    mime_type: str
    format: str  # of FFmpeg, to be forced
    codecs: frozenset[str]
    exact: bool = True  # what its header says of its length is no estimate


WAV = Container(
    "audio/wav", "wav", frozenset({"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le"})
)
MP3 = Container("audio/mp3", "mp3", frozenset({"mp3", "mp3float"}), exact=False)
WEBM = Container("audio/webm", "webm", frozenset({"opus", "vorbis"}))
M4A = Container("audio/m4a", "mp4", frozenset({"aac"}))


class NotAccepted(Exception):
    """`code`: unsupported, truncated."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class _Upload:
    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self.size = size
        self.head = self.at(0, HEAD_BYTES)

    def at(self, at: int, count: int) -> bytes:
        self._file.seek(at, io.SEEK_SET)
        return self._file.read(count)


def container_of(file: BinaryIO, size: int) -> Container:
    """Raises NotAccepted."""
    upload = _Upload(file, size)
    for recognised, container in RECOGNISED:
        if recognised(upload):
            return container
    raise NotAccepted("unsupported", f"Sound is accepted as {ACCEPTED}.")


def _is_wav(upload: _Upload) -> bool:
    """RIFF; streamed ones say 0 or 0xFFFFFFFF for their length. What comes after its end is no sound."""
    head = upload.head
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return False
    length = struct.unpack_from("<I", head, 4)[0]
    if length not in {0, 0xFFFFFFFF}:
        _require_end(length + 8, upload.size)
    return True


def _is_webm(upload: _Upload) -> bool:
    """EBML with the document type webm; browsers leave the length of the segment open."""
    head = upload.head
    found = _element(head, 0)
    if not found:
        return False
    kind, at, length = found
    if kind != EBML or length is None:
        return False
    end = at + length
    while (child := _element(head, at)) and at < end and child[2] is not None:
        if child[0] == DOC_TYPE and head[child[1] : child[1] + child[2]].rstrip(b"\0") != b"webm":
            return False
        at = child[1] + child[2]
    segment = _element(head, end)
    if not segment or segment[0] != SEGMENT:
        return False
    if segment[2] is not None:
        _require_end(segment[1] + segment[2], upload.size)
    return True


def _is_m4a(upload: _Upload) -> bool:
    """ISO base media: boxes from the first byte to the last. QuickTime is none of it: it may point to other files."""
    size = upload.size
    if upload.head[4:8] != b"ftyp" or upload.head[8:12] == b"qt  ":
        return False
    at = 0
    boxes = 0
    while at < size:
        box = upload.at(at, 16)
        boxes += 1
        if len(box) < 8 or boxes > 10_000:
            raise NotAccepted("truncated", "The file ends within a box.")
        length = struct.unpack(">I", box[:4])[0]
        length = struct.unpack(">Q", box[8:16])[0] if length == 1 and len(box) == 16 else length or size - at
        if length < 8 or at + length > size:
            raise NotAccepted("truncated", "The file is shorter than it says.")
        at += length
    return True


def _is_mp3(upload: _Upload) -> bool:
    """After an ID3 tag, if there is one, frames of MPEG layer III, each where the one before ends."""
    head = upload.head
    at = 0
    if head[:3] == b"ID3" and len(head) > 10:
        at = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    for _ in range(MP3_FRAMES):
        length = _mp3_frame_bytes(upload.at(at, 4))
        if not length:
            return False
        at += length
    return True


RECOGNISED: tuple[tuple[Callable[[_Upload], bool], Container], ...] = (
    (_is_wav, WAV),
    (_is_webm, WEBM),
    (_is_m4a, M4A),
    (_is_mp3, MP3),
)
MP3_KBIT = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
MP3_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def _mp3_frame_bytes(header: bytes) -> int:
    """ISO 11172-3 2.4.1.3: how long the frame with this header is; 0: it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:  # synchronised, layer III
        return 0
    version, kbit_index, hz_index = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version not in MP3_HZ or hz_index == 3 or kbit_index in {0, 15}:
        return 0
    newest = version == 3
    kbit, hz = MP3_KBIT[newest][kbit_index], MP3_HZ[version][hz_index]
    return (144_000 if newest else 72_000) * kbit // hz + (header[2] >> 1 & 1)


def _element(data: bytes, at: int) -> tuple[int, int, int | None] | None:
    """An EBML element (RFC 8794): its id, where its content begins, and its length (None: open)."""
    if at >= len(data) or not data[at]:
        return None
    id_bytes = 9 - data[at].bit_length()
    size_at = at + id_bytes
    if id_bytes > 4 or size_at >= len(data) or not data[size_at]:
        return None
    size_bytes = 9 - data[size_at].bit_length()
    content = size_at + size_bytes
    if content > len(data):
        return None
    mask = (1 << 7 * size_bytes) - 1
    length = int.from_bytes(data[size_at:content], "big") & mask
    return int.from_bytes(data[at:size_at], "big"), content, None if length == mask else length


def _require_end(end: int, size: int) -> None:
    if end > size:
        raise NotAccepted("truncated", "The file is shorter than it says.")
    if size - end > TRAILING_BYTES_MAX:
        raise NotAccepted("unsupported", "After the sound comes something else.")
