"""An immutable mapping whose copies share what did not change.

A draft of a session must be free to make and free to drop (design.md 1), so large maps (messages, people, elements) are
split into buckets: setting one key copies one bucket and the spine, never the whole map. There are more buckets the more
keys there are, so that both stay short. Iteration follows insertion only within a bucket; whoever needs an order sorts by
a field of the value.
"""

from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from typing import Any, TypeVar, get_args, overload
from zlib import crc32

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

V = TypeVar("V")
W = TypeVar("W")
BUCKETS_MIN, BUCKETS_MAX = 8, 1_024
KEYS_A_BUCKET = 32
GROWTH = 4


_new = object.__new__


class BucketMap(Mapping[str, V]):
    """Keys are strings. `set`, `drop` and `update` return new maps; equality is by content."""

    __slots__ = ("_buckets", "_size")

    def __init__(self, items: Mapping[str, V] | Iterable[tuple[str, V]] = ()) -> None:
        given = dict(items)
        count = BUCKETS_MIN
        while len(given) > count * KEYS_A_BUCKET and count < BUCKETS_MAX:
            count *= GROWTH
        buckets: list[dict[str, V]] = [{} for _ in range(count)]
        for key, value in given.items():
            buckets[crc32(key.encode()) % count][key] = value
        self._buckets = buckets  # shared between copies, so never changed
        self._size = len(given)

    def set(self, key: str, value: V) -> "BucketMap[V]":
        """In one go, because every event sets some."""
        buckets = self._buckets.copy()
        index = crc32(key.encode()) % len(buckets)
        bucket = buckets[index]
        buckets[index] = {**bucket, key: value}
        size = self._size if key in bucket else self._size + 1
        return self._made(buckets, size)

    def drop(self, key: str) -> "BucketMap[V]":
        index = self._bucket_of(key)
        bucket = self._buckets[index]
        if key not in bucket:
            return self
        return self._with(index, {k: v for k, v in bucket.items() if k != key}, self._size - 1)

    def update(self, items: Mapping[str, V]) -> "BucketMap[V]":
        """Sets many keys and copies each bucket that they touch once."""
        if not items:
            return self
        buckets, size, copied = self._buckets.copy(), self._size, set()
        for key, value in items.items():
            index = self._bucket_of(key)
            if index not in copied:
                copied.add(index)
                buckets[index] = dict(buckets[index])
            size += key not in buckets[index]
            buckets[index][key] = value
        return self._made(buckets, size)

    def _with(self, index: int, bucket: dict[str, V], size: int) -> "BucketMap[V]":
        buckets = self._buckets.copy()
        buckets[index] = bucket
        return self._made(buckets, size)

    def _made(self, buckets: list[dict[str, V]], size: int) -> "BucketMap[V]":
        made: BucketMap[V] = _new(BucketMap)
        made._buckets = buckets
        made._size = size
        if size > BUCKETS_MIN * KEYS_A_BUCKET and size > len(buckets) * KEYS_A_BUCKET and len(buckets) < BUCKETS_MAX:
            return BucketMap(made)
        return made

    def changed_since(self, older: "BucketMap[V]") -> frozenset[str]:
        """Keys whose value was set, replaced or dropped; looks only into the buckets the two do not share."""
        if len(self._buckets) != len(older._buckets):  # noqa: SLF001 - one of its kind
            return _differing(self, older)
        keys: frozenset[str] = frozenset()
        for mine, other in zip(self._buckets, older._buckets, strict=True):  # noqa: SLF001 - one of its kind
            if mine is not other:
                keys |= _differing(mine, other)
        return keys

    def shared_with(self, other: "BucketMap[V]") -> float:
        """The share of buckets that the two have in common, from 0 to 1."""
        mine, theirs = self._buckets, {id(each) for each in other._buckets}  # noqa: SLF001 - one of its kind
        return sum(id(each) in theirs for each in mine) / len(mine)

    def __getitem__(self, key: str) -> V:
        return self._buckets[self._bucket_of(key)][key]

    @overload
    def get(self, key: str, /) -> V | None: ...
    @overload
    def get(self, key: str, /, default: V | W) -> V | W: ...
    def get(self, key: str, /, default: Any = None) -> Any:
        """As every mapping's, which would look by an exception for what is not there. Asked several times of every command, of maps
        that are often empty."""
        if not self._size:
            return default
        buckets = self._buckets
        return buckets[crc32(key.encode()) % len(buckets)].get(key, default)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key in self._buckets[self._bucket_of(key)]

    def _bucket_of(self, key: str) -> int:
        return crc32(key.encode()) % len(self._buckets)

    def __iter__(self) -> Iterator[str]:
        for bucket in self._buckets:
            yield from bucket

    def items(self) -> ItemsView[str, V]:
        return _Items(self)

    def values(self) -> ValuesView[V]:
        return _Values(self)

    def __len__(self) -> int:
        return self._size

    def __eq__(self, other: object) -> bool:
        if isinstance(other, BucketMap):
            if len(self._buckets) == len(other._buckets):
                return self._buckets == other._buckets
            return self._size == other._size and dict(self) == dict(other)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"BucketMap({dict(self)!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return json_object(cls, source, handler)


class _Items(ItemsView[str, V]):
    """Looks into each bucket once, not for each key."""

    _mapping: BucketMap[V]

    def __iter__(self) -> Iterator[tuple[str, V]]:
        for bucket in self._mapping._buckets:  # noqa: SLF001 - its own view
            yield from bucket.items()


class _Values(ValuesView[V]):
    _mapping: BucketMap[V]

    def __iter__(self) -> Iterator[V]:
        for bucket in self._mapping._buckets:  # noqa: SLF001 - its own view
            yield from bucket.values()


def json_object(cls: Callable[[Any], Any], source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    """A mapping of this kind is read and written as a plain JSON object, so that state can be kept as a snapshot."""
    value = handler.generate_schema(get_args(source)[0]) if get_args(source) else core_schema.any_schema()
    as_dict = core_schema.dict_schema(core_schema.str_schema(), value)
    made = core_schema.no_info_after_validator_function(cls, as_dict)
    return core_schema.json_or_python_schema(
        json_schema=made,
        python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), made]),
        serialization=core_schema.plain_serializer_function_ser_schema(_as_dict, return_schema=as_dict),
    )


def _as_dict(mapping: Mapping[str, V]) -> dict[str, V]:
    return dict(mapping.items())


def _differing(mine: Mapping[str, V], other: Mapping[str, V]) -> frozenset[str]:
    both = mine.keys() | other.keys()
    return frozenset(key for key in both if key not in mine or key not in other or mine[key] is not other[key])
