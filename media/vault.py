"""Voice at rest: files that say nothing without their key. Whoever drops the key of a (recording, track) has shredded the voice,
in the store and in its backups (domain.md 2.9). Knows no disk and no recording: bytes in, bytes out.

Both formats are made of AES-256-GCM records. A record is `nonce (12, random) | sealed text | tag (16)`, and its additional data is
`format | name of the object | 0 | number of the record (8) | 1 if it is the last, else 0`: a record moved to another object,
another place or to the end of a shortened file does not open.

Sealed file (what is complete, read at any offset): header `ATLS | version 1 | 0 | kibibytes of a record (2)`, then records of
exactly 64 KiB of clear text, the last one shorter (empty only in an empty file). So `size` of the clear text follows from the
size of the file, and a cut, at whatever place, is found: there the last record is not the last one.

Sealed log (what still grows): header `ATLG | version 1 | 0 0 0`, then `length (4) | record` for each piece, as large as it came; the
last, empty one is written when the log is ended. A log that lost its tail reads up to its last whole record and says so.
"""

import os
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
RECORD_BYTES = 64 * 1024
NONCE_BYTES = 12
OVERHEAD_BYTES = NONCE_BYTES + 16
SEALED_RECORD_BYTES = RECORD_BYTES + OVERHEAD_BYTES
FILE_HEADER = struct.pack(">4sBxH", b"ATLS", 1, RECORD_BYTES // 1024)
LOG_HEADER = struct.pack(">4sB3x", b"ATLG", 1)
HEADER_BYTES = len(FILE_HEADER)
LOG_RECORD_BYTES_MAX = 4 * 1024 * 1024
LENGTH = struct.Struct(">I")


class Unsealable(Exception):
    """The bytes were cut, changed or moved, or this is not their key."""


def new_key() -> bytes:
    return AESGCM.generate_key(256)


# -- sealed files -----------------------------------------------------------------------------------------------------------


def seal_records(chunks: Iterable[bytes], key: bytes, name: str) -> Iterator[bytes]:
    """The sealed file, piece by piece; `chunks` may be of any length."""
    cipher = AESGCM(key)
    yield FILE_HEADER
    held = bytearray()
    number = 0
    for chunk in chunks:
        held += chunk
        while len(held) > RECORD_BYTES:  # never all of it: the last record must be known as such
            yield _seal(cipher, FILE_HEADER, name, number, bytes(held[:RECORD_BYTES]), last=False)
            del held[:RECORD_BYTES]
            number += 1
    yield _seal(cipher, FILE_HEADER, name, number, bytes(held), last=True)


def sealed_size(size: int) -> int:
    """Bytes of the sealed file for so many of clear text."""
    return HEADER_BYTES + size + OVERHEAD_BYTES * _records(size)


def clear_size(sealed: int) -> int:
    """Bytes of clear text in a sealed file of so many bytes; raises Unsealable when no sealed file is that long."""
    records = -(-(sealed - HEADER_BYTES) // SEALED_RECORD_BYTES)
    size = sealed - HEADER_BYTES - OVERHEAD_BYTES * records
    if records < 1 or size < 0 or sealed_size(size) != sealed:
        raise Unsealable("no sealed file is that long")
    return size


def records_for(start: int, stop: int, size: int) -> tuple[int, int]:
    """Where in the sealed file (from, to) the records lie that hold the clear bytes [start, stop) of `size`."""
    if not 0 <= start < stop <= size:
        raise ValueError("no such range")
    first, last = start // RECORD_BYTES, (stop - 1) // RECORD_BYTES
    return HEADER_BYTES + first * SEALED_RECORD_BYTES, min(
        HEADER_BYTES + (last + 1) * SEALED_RECORD_BYTES, sealed_size(size)
    )


def open_records(data: bytes, first_record: int, key: bytes, name: str, size: int) -> bytes:
    """The clear text of the whole records in `data`, of which the first has that number; `size` is that of all the clear text."""
    cipher, count = AESGCM(key), _records(size)
    opened = []
    for step, at in enumerate(range(0, len(data), SEALED_RECORD_BYTES)):
        number = first_record + step
        record = data[at : at + SEALED_RECORD_BYTES]
        opened.append(_open(cipher, FILE_HEADER, name, number, record, last=number == count - 1))
    return b"".join(opened)


@dataclass(frozen=True)
class SealedFile:
    """Reads any range of a sealed file through `read_at(from, to)`, which may be a file, or a range request to a store."""

    read_at: Callable[[int, int], bytes]
    sealed: int  # its bytes, as the disk or the store says
    key: bytes
    name: str

    @property
    def size(self) -> int:
        return clear_size(self.sealed)

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """Raises Unsealable; what lies outside is left out, as for a slice."""
        size = self.size
        stop = size if stop is None else min(stop, size)
        if start >= stop:
            return b""
        sealed_from, sealed_to = records_for(start, stop, size)
        first = start // RECORD_BYTES
        data = self.read_at(sealed_from, sealed_to)
        if len(data) != sealed_to - sealed_from or (not first and self.read_at(0, HEADER_BYTES) != FILE_HEADER):
            raise Unsealable("it is not all there")
        clear = open_records(data, first, self.key, self.name, size)
        return clear[start - first * RECORD_BYTES : stop - first * RECORD_BYTES]


def unseal(data: bytes, key: bytes, name: str) -> bytes:
    """A whole sealed file that is in memory already. Raises Unsealable."""
    if data[:HEADER_BYTES] != FILE_HEADER:
        raise Unsealable("no sealed file")
    return open_records(data[HEADER_BYTES:], 0, key, name, clear_size(len(data)))


# -- sealed logs ------------------------------------------------------------------------------------------------------------


class LogSeal:
    """Makes the bytes to append to one log: `header`, then a `record` for each piece, `ending` at its end."""

    header = LOG_HEADER

    def __init__(self, key: bytes, name: str) -> None:
        self._cipher = AESGCM(key)
        self._name = name
        self._number = 0

    def record(self, piece: bytes) -> bytes:
        if not 0 < len(piece) <= LOG_RECORD_BYTES_MAX:
            raise ValueError("a piece of a log has at least one byte and at most 4 MiB")
        return self._next(piece, last=False)

    def ending(self) -> bytes:
        return self._next(b"", last=True)

    def _next(self, piece: bytes, *, last: bool) -> bytes:
        sealed = _seal(self._cipher, LOG_HEADER, self._name, self._number, piece, last=last)
        self._number += 1
        return LENGTH.pack(len(sealed)) + sealed


@dataclass(frozen=True)
class OpenedLog:
    pieces: tuple[bytes, ...]
    ended: bool  # False: its writer was killed; what came after the last whole record is lost


def open_log(data: bytes, key: bytes, name: str) -> OpenedLog:
    """Raises Unsealable only if the first record is not ours: a torn tail is what a kill leaves, not a fault."""
    cipher = AESGCM(key)
    pieces: list[bytes] = []
    at = len(LOG_HEADER)
    if len(data) >= at and data[:at] != LOG_HEADER:
        raise Unsealable("no sealed log")
    while at + LENGTH.size <= len(data):
        length = LENGTH.unpack_from(data, at)[0]
        record = data[at + LENGTH.size : at + LENGTH.size + length]
        if len(record) < length or length < OVERHEAD_BYTES:
            break
        if length == OVERHEAD_BYTES:
            return OpenedLog(tuple(pieces), ended=_is_ending(cipher, name, len(pieces), record))
        try:
            pieces.append(_open(cipher, LOG_HEADER, name, len(pieces), record, last=False))
        except Unsealable:
            if not pieces:
                raise
            break
        at += LENGTH.size + length
    return OpenedLog(tuple(pieces), ended=False)


def _is_ending(cipher: AESGCM, name: str, number: int, record: bytes) -> bool:
    try:
        return _open(cipher, LOG_HEADER, name, number, record, last=True) == b""
    except Unsealable:
        return False


# -- records ----------------------------------------------------------------------------------------------------------------


def _records(size: int) -> int:
    return max(1, -(-size // RECORD_BYTES))


def _seal(cipher: AESGCM, header: bytes, name: str, number: int, clear: bytes, *, last: bool) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, clear, _bound(header, name, number, last=last))


def _open(cipher: AESGCM, header: bytes, name: str, number: int, record: bytes, *, last: bool) -> bytes:
    try:
        return cipher.decrypt(record[:NONCE_BYTES], record[NONCE_BYTES:], _bound(header, name, number, last=last))
    except (InvalidTag, ValueError) as error:
        raise Unsealable(f"record {number} of {name} does not open") from error


def _bound(header: bytes, name: str, number: int, *, last: bool) -> bytes:
    return header + name.encode() + b"\0" + struct.pack(">QB", number, last)
