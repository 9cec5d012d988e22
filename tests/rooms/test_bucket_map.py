"""The immutable mapping behind large slices: copies share, and tell cheaply where they differ."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from rooms.bucket_map import BucketMap


def test_a_copy_leaves_the_original_as_it_was() -> None:
    one = BucketMap({"a": 1})
    two = one.set("b", 2).drop("a")
    assert (dict(one), dict(two)) == ({"a": 1}, {"b": 2})
    assert (len(one), len(two)) == (1, 1)
    assert one.drop("nobody") is one
    with pytest.raises(KeyError):
        two["a"]


def test_equality_is_by_content() -> None:
    assert BucketMap({"a": 1, "b": 2}) == BucketMap({"b": 2, "a": 1})
    assert BucketMap({"a": 1}) != BucketMap({"a": 2})
    empty: BucketMap[int] = BucketMap()
    assert empty.set("a", 1) == BucketMap({"a": 1})


def test_it_travels_as_a_plain_object() -> None:
    adapter = TypeAdapter(BucketMap[int])
    held = BucketMap({str(n): n for n in range(100)})
    assert adapter.validate_json(adapter.dump_json(held)) == held


@given(st.integers(0, 2**32).map(random.Random))
def test_it_behaves_as_a_dict_and_names_what_changed(dice: random.Random) -> None:
    keys = [str(n) for n in range(30)]
    plain = {key: object() for key in dice.sample(keys, 15)}
    before = held = BucketMap(plain)
    for _ in range(dice.randint(0, 40)):
        key = dice.choice(keys)
        if dice.random() < 0.4:
            held, plain = held.drop(key), {name: value for name, value in plain.items() if name != key}
        else:
            value = object()
            held, plain = held.set(key, value), {**plain, key: value}
    assert dict(held) == plain
    assert len(held) == len(plain)
    assert held.changed_since(before) == {key for key in keys if before.get(key) is not held.get(key)}
    assert before.changed_since(before) == frozenset()
