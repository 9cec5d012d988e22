"""Ids that begin with their time (RFC 9562, version 7): the primary keys of what is partitioned by month (D24)."""

from datetime import datetime
from os import urandom
from uuid import UUID

NOISE_BYTES = 10


def uuid7(at: datetime, noise: bytes | None = None) -> str:
    """The same noise at the same millisecond makes the same id."""
    milliseconds = int(at.timestamp() * 1000).to_bytes(6, "big")
    bits = bytearray(milliseconds + (noise or urandom(NOISE_BYTES))[:NOISE_BYTES])
    bits[6] = 0x70 | bits[6] & 0x0F
    bits[8] = 0x80 | bits[8] & 0x3F
    return str(UUID(bytes=bytes(bits)))
