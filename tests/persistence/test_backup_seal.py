"""The sealed stream of backups: whoever changes, cuts, swaps or moves any of it is found out."""

import os
import random

import pytest

from persistence.backup.seal import HEADER_BYTES, RECORD_BYTES, SEALED_RECORD_BYTES, Damaged, seal, unseal

KEY = bytes(range(32))
NAME = "atelier/1/20260101t000000000z/00000.part"
NOISE = random.Random(1).randbytes(3 * RECORD_BYTES)  # does not deflate


def sealed(clear: bytes, name: str = NAME) -> bytes:
    return b"".join(seal([clear], KEY, name))


def opened(data: bytes, key: bytes = KEY, name: str = NAME) -> bytes:
    return b"".join(unseal(data, key, name))


def refused(data: bytes, key: bytes = KEY, name: str = NAME) -> None:
    with pytest.raises(Damaged):
        opened(data, key, name)


@pytest.mark.parametrize("size", [0, 1, RECORD_BYTES - 1, RECORD_BYTES, RECORD_BYTES + 1, len(NOISE)])
def test_what_was_sealed_opens(size: int) -> None:
    assert opened(sealed(NOISE[:size])) == NOISE[:size]


def test_pieces_of_any_length_make_the_same_text() -> None:
    pieces = [NOISE[:10], b"", NOISE[10:400_000], NOISE[400_000:]]
    assert opened(b"".join(seal(pieces, KEY, NAME))) == NOISE


def test_a_segment_of_zeros_takes_little() -> None:
    assert len(sealed(bytes(16 * 1024 * 1024))) < 100_000


@pytest.mark.requirement("B330")
def test_a_flipped_bit_is_found_wherever_it_is() -> None:
    data = sealed(NOISE[: RECORD_BYTES + 100])
    places = [0, 4, 8, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + SEALED_RECORD_BYTES, len(data) - 1]
    for at in [*places, *random.Random(2).sample(range(len(data)), 50)]:
        refused(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


def test_a_cut_is_found_also_between_two_records() -> None:
    data = sealed(NOISE)
    for length in (
        0,
        5,
        HEADER_BYTES,
        HEADER_BYTES + SEALED_RECORD_BYTES,
        HEADER_BYTES + 2 * SEALED_RECORD_BYTES,
        len(data) - 1,
    ):
        refused(data[:length])
    refused(data + b"\0")
    refused(data + data[HEADER_BYTES:])


def test_swapped_records_are_found() -> None:
    data = sealed(NOISE)
    first, second = (HEADER_BYTES + number * SEALED_RECORD_BYTES for number in (0, 1))
    third = second + SEALED_RECORD_BYTES
    refused(data[:first] + data[second:third] + data[first:second] + data[third:])


def test_it_opens_under_its_own_name_and_key_only() -> None:
    data = sealed(b"Ana's words")
    refused(data, name=NAME.replace("00000", "00001"))
    refused(data, key=os.urandom(32))
    other = sealed(b"Ana's words")
    refused(other[:HEADER_BYTES] + data[HEADER_BYTES:])


def test_nothing_of_the_text_shows() -> None:
    assert b"Ana" not in sealed(b"Ana's words")
