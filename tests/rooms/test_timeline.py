"""An ordered mapping whose copies share what did not change (design.md 1: a draft is free)."""

import pytest
from hypothesis import given, strategies
from pydantic import TypeAdapter

from rooms.timeline import CHUNK, Timeline

KEYS = strategies.lists(strategies.integers(0, 3 * CHUNK).map(str), max_size=4 * CHUNK)


@given(KEYS)
def test_it_is_a_dict_that_keeps_its_order(keys: list[str]) -> None:
    plain: dict[str, int] = {}
    line: Timeline[int] = Timeline()
    for place, key in enumerate(keys):
        plain[key] = place
        line = line.set(key, place)
    assert list(line.items()) == list(plain.items())
    assert line == Timeline(plain)
    assert len(line) == len(plain)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
@pytest.mark.parametrize("count", [0, 1, 2, CHUNK, CHUNK + 1, 10 * CHUNK])
def test_the_latest_are_the_last(size: int, count: int) -> None:
    line = Timeline((str(each), each) for each in range(size))
    assert list(line.latest(count).values()) == list(range(size))[max(0, size - count) :]


def test_setting_leaves_the_former_as_it_was() -> None:
    before = Timeline({"a": 1, "b": 2})
    after = before.set("a", 3).set("c", 4)
    assert (dict(before), dict(after)) == ({"a": 1, "b": 2}, {"a": 3, "b": 2, "c": 4})
    assert before != after


def test_order_counts_for_equality() -> None:
    assert Timeline({"a": 1, "b": 2}) != Timeline({"b": 2, "a": 1})


def test_it_is_kept_as_a_json_object_in_its_order() -> None:
    kept = TypeAdapter(Timeline[int])
    line = Timeline({"b": 1, "a": 2})
    assert kept.dump_json(line) == b'{"b":1,"a":2}'
    assert kept.validate_json(kept.dump_json(line)) == line


def test_a_change_shares_every_chunk_but_one() -> None:
    before = Timeline((str(each), each) for each in range(10 * CHUNK))
    after = before.set("5", 0)
    shared = [mine is other for mine, other in zip(before._chunks, after._chunks, strict=True)]
    assert shared == [False] + [True] * 9
