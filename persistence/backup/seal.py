"""What a backup is on somebody else's disk: an AES-256-GCM stream in records whose order and end are authenticated (STREAM, Hoang
et al. 2015), under a key of its own that is derived from the installation's and the object's name. So a cut, a swap of records
or of whole objects, and a flipped bit are found. Bytes in, bytes out; knows no disk.

Object: `ATLB | version 1 | 0 0 0 | salt (32)`, then records of 256 KiB of deflated text with their tags, the last one shorter. The nonce
is the record's number (11 bytes) and 1 for the last record, else 0.
"""

import zlib
from collections.abc import Iterable, Iterator
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"ATLB\x01\0\0\0"
SALT_BYTES = 32
HEADER_BYTES = len(MAGIC) + SALT_BYTES
RECORD_BYTES = 256 * 1024
SEALED_RECORD_BYTES = RECORD_BYTES + 16
LEVEL = 1  # a segment of WAL is mostly zeros


class Damaged(Exception):
    """Cut, changed, moved, or another key's; nothing tells which."""


class Sealer:
    """One object: `begin`, what `write` gives for each piece, `end`."""

    def __init__(self, key: bytes, name: str) -> None:
        salt = urandom(SALT_BYTES)
        self.begin = MAGIC + salt
        self._cipher = _cipher(key, salt, name)
        self._deflate = zlib.compressobj(LEVEL)
        self._held = bytearray()
        self._number = 0

    def write(self, clear: bytes) -> bytes:
        return self._take(self._deflate.compress(clear))

    def end(self) -> bytes:
        sealed = self._take(self._deflate.flush())
        return sealed + self._record(bytes(self._held), last=True)

    def _take(self, text: bytes) -> bytes:
        self._held += text
        sealed = bytearray()
        while len(self._held) > RECORD_BYTES:  # never all of it: the last record must be known as such
            sealed += self._record(bytes(self._held[:RECORD_BYTES]), last=False)
            del self._held[:RECORD_BYTES]
        return bytes(sealed)

    def _record(self, text: bytes, *, last: bool) -> bytes:
        sealed = self._cipher.encrypt(_nonce(self._number, last=last), text, MAGIC)
        self._number += 1
        return sealed


def seal(clear: Iterable[bytes], key: bytes, name: str) -> Iterator[bytes]:
    sealer = Sealer(key, name)
    yield sealer.begin
    for piece in clear:
        yield sealer.write(piece)
    yield sealer.end()


def unseal(sealed: bytes, key: bytes, name: str) -> Iterator[bytes]:
    """The clear text in pieces; raises Damaged, at the latest at the end: who has not read that far knows nothing."""
    if len(sealed) <= HEADER_BYTES or not sealed.startswith(MAGIC):
        raise Damaged(name)
    cipher = _cipher(key, sealed[len(MAGIC) : HEADER_BYTES], name)
    inflate = zlib.decompressobj()
    for number, at in enumerate(range(HEADER_BYTES, len(sealed), SEALED_RECORD_BYTES)):
        last = at + SEALED_RECORD_BYTES >= len(sealed)
        try:
            text = cipher.decrypt(_nonce(number, last=last), sealed[at : at + SEALED_RECORD_BYTES], MAGIC)
        except (InvalidTag, ValueError) as error:
            raise Damaged(name) from error
        yield inflate.decompress(text)
    if not inflate.eof:
        raise Damaged(name)


def _cipher(key: bytes, salt: bytes, name: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=salt, info=f"atelier backup {name}".encode()).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
