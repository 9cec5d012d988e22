"""What can be known of an Opus packet without decoding it (RFC 6716 section 3): whether its framing holds together, so that no
packet a client made up spoils a file for its decoders; and packets of silence for any gap of whole 2.5 ms."""

from collections.abc import Iterator

from media.opus import Undecodable, frame_samples

FRAME_BYTES_MAX = 1_275
SILENT_FRAME = b"\xff\xfe"
LONGEST = 5_760  # six silent frames of 20 ms in one packet, as long as a packet may be
SILENT = {
    LONGEST: b"\xfb\x06" + SILENT_FRAME * 6,
    960: b"\xf8" + SILENT_FRAME,
    480: b"\xf0" + SILENT_FRAME,
    240: b"\xe8" + SILENT_FRAME,
    120: b"\xe0" + SILENT_FRAME,
}
SILENT_PACKETS = frozenset(SILENT.values())


def silence(samples: int) -> Iterator[tuple[bytes, int]]:
    """Packets and their samples, together at most 119 samples short of what was asked."""
    for length, packet in SILENT.items():
        for _ in range(samples // length):
            yield packet, length
        samples %= length


def sounding_samples(packet: bytes) -> int:
    """Its length at 48 kHz; 0 if it breaks a rule of section 3.4, which no encoder does."""
    try:
        samples = frame_samples(packet)
    except Undecodable:
        return 0
    return samples if _holds_together(packet) else 0


def _holds_together(packet: bytes) -> bool:
    body = packet[1:]
    match packet[0] & 3:
        case 0:
            return len(body) <= FRAME_BYTES_MAX
        case 1:
            return len(body) % 2 == 0 and len(body) // 2 <= FRAME_BYTES_MAX
        case 2:
            length, used = _length(body)
            return used > 0 and length <= len(body) - used <= length + FRAME_BYTES_MAX
        case _:
            return _many_hold_together(body)


def _many_hold_together(body: bytes) -> bool:
    """Section 3.2.5: a count, perhaps padding, perhaps a length for each frame but the last."""
    count, variable, padded = body[0] & 0x3F, bool(body[0] & 0x80), bool(body[0] & 0x40)
    at, padding = 1, 0
    while padded:
        if at >= len(body):
            return False
        padding += 254 if body[at] == 255 else body[at]
        padded = body[at] == 255
        at += 1
    frames = 0
    for _ in range(count - 1 if variable else 0):
        length, used = _length(body[at:])
        if not used:
            return False
        frames += length
        at += used
    left = len(body) - at - padding - frames
    if variable:
        return 0 <= left <= FRAME_BYTES_MAX
    return left >= 0 and left % count == 0 and left // count <= FRAME_BYTES_MAX


def _length(body: bytes) -> tuple[int, int]:
    """A frame's length and the bytes that say it (0: they are missing), section 3.2.1."""
    if body and body[0] < 252:
        return body[0], 1
    if len(body) > 1:
        return body[0] + 4 * body[1], 2
    return 0, 0
