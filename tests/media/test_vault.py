"""Voice at rest: nothing is read without the key, at any place, of any other object, or of a file that was cut (domain.md 2.9)."""

import os
import random
from collections.abc import Iterator

import pytest

from media.vault import (
    HEADER_BYTES,
    RECORD_BYTES,
    SEALED_RECORD_BYTES,
    LogSeal,
    SealedFile,
    Unsealable,
    clear_size,
    new_key,
    open_log,
    open_records,
    records_for,
    seal_records,
    sealed_size,
    unseal,
)

NAME = "recordings/s/r/mix-1.sealed"
SIZES = [0, 1, RECORD_BYTES - 1, RECORD_BYTES, RECORD_BYTES + 1, 3 * RECORD_BYTES, 3 * RECORD_BYTES + 7]


def in_pieces(data: bytes, seed: int) -> Iterator[bytes]:
    chance = random.Random(seed)
    at = 0
    while at < len(data):
        step = chance.choice([1, 1_000, 70_000, 200_000])
        yield data[at : at + step]
        at += step


def sealed_file(sealed: bytes, key: bytes, name: str = NAME) -> SealedFile:
    return SealedFile(lambda start, stop: sealed[start:stop], len(sealed), key, name)


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_is_read_again_however_it_came(size: int) -> None:
    key, data = new_key(), os.urandom(size)
    for seed in range(3):
        sealed = b"".join(seal_records(in_pieces(data, seed), key, NAME))
        assert len(sealed) == sealed_size(size)
        assert clear_size(len(sealed)) == size
        assert unseal(sealed, key, NAME) == data
        assert sealed_file(sealed, key).read() == data


def test_any_range_is_read_with_no_more_than_its_records() -> None:
    key, data = new_key(), os.urandom(5 * RECORD_BYTES + 123)
    sealed = b"".join(seal_records([data], key, NAME))
    chance = random.Random(3)
    for _ in range(200):
        start, stop = sorted(chance.sample(range(len(data) + 1), 2))
        assert sealed_file(sealed, key).read(start, stop) == data[start:stop]
        sealed_from, sealed_to = records_for(start, stop, len(data))
        assert sealed_to - sealed_from <= (stop - start) + 2 * SEALED_RECORD_BYTES + 28 * 6
        first = start // RECORD_BYTES
        clear = open_records(sealed[sealed_from:sealed_to], first, key, NAME, len(data))
        assert clear[start - first * RECORD_BYTES :][: stop - start] == data[start:stop]


def test_nothing_of_the_voice_is_in_the_file() -> None:
    data = b"what was said " * 10_000
    sealed = b"".join(seal_records([data], new_key(), NAME))
    assert b"what was said" not in sealed


def test_the_same_twice_looks_different() -> None:
    key = new_key()
    assert b"".join(seal_records([b"x" * 100], key, NAME)) != b"".join(seal_records([b"x" * 100], key, NAME))


@pytest.mark.parametrize("size", SIZES)
def test_a_cut_is_found_wherever_it_is(size: int) -> None:
    key = new_key()
    sealed = b"".join(seal_records([os.urandom(size)], key, NAME))
    cuts = {0, 1, HEADER_BYTES, len(sealed) - 1, *range(HEADER_BYTES, len(sealed), SEALED_RECORD_BYTES)} - {len(sealed)}
    for cut in cuts:
        with pytest.raises(Unsealable):
            unseal(sealed[:cut], key, NAME)


def test_what_was_changed_moved_or_is_another_s_does_not_open() -> None:
    key, data = new_key(), os.urandom(2 * RECORD_BYTES + 5)
    sealed = b"".join(seal_records([data], key, NAME))
    swapped = bytearray(sealed)
    one, other = HEADER_BYTES, HEADER_BYTES + SEALED_RECORD_BYTES
    swapped[one:other] = sealed[other : other + SEALED_RECORD_BYTES]
    swapped[other : other + SEALED_RECORD_BYTES] = sealed[one:other]
    changed = bytearray(sealed)
    changed[HEADER_BYTES + 40] ^= 1
    for wrong in (bytes(swapped), bytes(changed), b"ATLG" + sealed[4:], sealed + b"x"):
        with pytest.raises(Unsealable):
            unseal(wrong, key, NAME)
    with pytest.raises(Unsealable):
        unseal(sealed, new_key(), NAME)
    with pytest.raises(Unsealable):
        unseal(sealed, key, "recordings/s/r/mix-2.sealed")


def sealed_log(key: bytes, pieces: list[bytes], *, ended: bool = True) -> bytes:
    log = LogSeal(key, NAME)
    data = log.header + b"".join(log.record(piece) for piece in pieces)
    return data + log.ending() if ended else data


def test_a_log_reads_up_to_where_it_was_torn() -> None:
    key = new_key()
    pieces = [os.urandom(size) for size in (1, 500, 70_000, 3)]
    whole = sealed_log(key, pieces)
    assert open_log(whole, key, NAME).pieces == tuple(pieces)
    assert open_log(whole, key, NAME).ended
    for cut in random.Random(1).sample(range(len(whole)), 200):
        opened = open_log(whole[:cut], key, NAME)
        assert not opened.ended
        assert opened.pieces == tuple(pieces[: len(opened.pieces)])


def test_a_log_that_was_not_ended_says_so() -> None:
    key = new_key()
    assert not open_log(sealed_log(key, [b"a"], ended=False), key, NAME).ended


def test_the_log_of_another_does_not_open() -> None:
    with pytest.raises(Unsealable):
        open_log(sealed_log(new_key(), [b"a"]), new_key(), NAME)
    with pytest.raises(Unsealable):
        open_log(b"RIFF" + bytes(100), new_key(), NAME)
