"""Ogg Opus: packets to pages and back (RFC 3533, RFC 7845). Knows granule positions and checksums, nothing of what the sound is
of. Positions count samples at 48 kHz; what lies between the end of one page and the start of the next is a gap, as RFC 7845 4
means it. A stream may begin at any position; a torn tail, as a kill leaves it, is left out.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HEADER = struct.Struct("<4sBBqIIIB")
FIRST, LAST, CONTINUED = 0x02, 0x04, 0x01
LACES_MAX = 255
NO_POSITION = -1
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
VENDOR = b"atelier"


@dataclass(frozen=True)
class Page:
    end: int  # the position after its last packet; -1: no packet ends on it
    packets: tuple[bytes, ...]


def opus_head(channels: int = 1, pre_skip: int = 0) -> bytes:
    """RFC 7845 5.1. Nothing is skipped: the first sample of a page is where its position says."""
    return struct.pack("<8sBBHIhB", b"OpusHead", 1, channels, pre_skip, 48_000, 0, 0)


def opus_tags() -> bytes:
    return b"OpusTags" + struct.pack("<I", len(VENDOR)) + VENDOR + struct.pack("<I", 0)


class Pages:
    """The pages of one stream, in order."""

    def __init__(self, serial: int) -> None:
        self._serial = serial
        self._number = 0

    def headers(self) -> bytes:
        return self._page([opus_head()], 0, FIRST) + self._page([opus_tags()], 0, 0)

    def page(self, packets: Sequence[bytes], end: int, *, last: bool = False) -> bytes:
        """Whole packets only, as many as their `laces_of` allow."""
        return self._page(packets, end, LAST if last else 0)

    def _page(self, packets: Sequence[bytes], end: int, kind: int) -> bytes:
        laces = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
        if len(laces) > LACES_MAX:
            raise ValueError("more than a page holds")
        head = HEADER.pack(b"OggS", 0, kind, end, self._serial, self._number, 0, len(laces)) + laces
        self._number += 1
        page = head + b"".join(packets)
        return page[:22] + struct.pack("<I", checksum(page)) + page[26:]


def laces_of(packet: bytes) -> int:
    """How many of the 255 lacing values of a page it takes."""
    return len(packet) // 255 + 1


def read_pages(data: bytes, *, verify: bool = True) -> Iterator[Page]:
    """The pages of sound, without the two headers, up to the first that is torn or changed.
    `verify=False` where the bytes have been authenticated already."""
    begun = b""
    at = 0
    while (page := _page_at(data, at, verify=verify)) is not None:
        end, kind, laces, body, at = page
        packets, rest = _packets(laces, body)
        if kind & CONTINUED and packets:
            packets[0] = begun + packets[0]
            begun = rest
        else:
            begun = begun + rest if kind & CONTINUED else rest
        sound = [packet for packet in packets if not packet.startswith((b"OpusHead", b"OpusTags"))]
        if sound:
            yield Page(end, tuple(sound))


def _page_at(data: bytes, at: int, *, verify: bool) -> tuple[int, int, bytes, bytes, int] | None:
    if at + HEADER.size > len(data):
        return None
    magic, version, kind, end, _, _, expected, count = HEADER.unpack_from(data, at)
    body_at = at + HEADER.size + count
    laces = data[at + HEADER.size : body_at]
    stop = body_at + sum(laces)
    if magic != b"OggS" or version or len(laces) < count or stop > len(data):
        return None
    if verify and checksum(data[at : at + 22] + bytes(4) + data[at + 26 : stop]) != expected:
        return None
    return end, kind, laces, data[body_at:stop], stop


def _packets(laces: bytes, body: bytes) -> tuple[list[bytes], bytes]:
    """The packets that end on this page, and the beginning of one that goes on on the next."""
    packets = []
    start = stop = 0
    for lace in laces:
        stop += lace
        if lace < 255:
            packets.append(body[start:stop])
            start = stop
    return packets, body[start:]


def checksum(page: bytes) -> int:
    """RFC 3533 6: CRC 0x04c11db7, most significant bit first, from 0. zlib's has the same polynomial, the other way round."""
    mirrored = zlib.crc32(page.translate(REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(REVERSED), "big")
