"""An immutable mapping whose copies share what did not change.

A draft of a session must be free to make and free to drop (design.md 1), so large maps (messages, people, elements) are
split into buckets: setting one key copies one bucket and the spine, never the whole map. Iteration follows insertion
only within a bucket; whoever needs an order sorts by a field of the value.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar, get_args
from zlib import crc32

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

V = TypeVar("V")
BUCKETS = 64


class BucketMap(Mapping[str, V]):
    """Keys are strings. `set`, `drop` and `update` return new maps; equality is by content."""

    __slots__ = ("_buckets", "_size")

    def __init__(self, items: Mapping[str, V] | Iterable[tuple[str, V]] = ()) -> None:
        buckets: list[dict[str, V]] = [{} for _ in range(BUCKETS)]
        for key, value in dict(items).items():
            buckets[_bucket_of(key)][key] = value
        self._buckets = tuple(buckets)
        self._size = sum(map(len, buckets))

    def set(self, key: str, value: V) -> "BucketMap[V]":
        index = _bucket_of(key)
        bucket = self._buckets[index]
        return self._with(index, {**bucket, key: value}, self._size + (key not in bucket))

    def drop(self, key: str) -> "BucketMap[V]":
        index = _bucket_of(key)
        bucket = self._buckets[index]
        if key not in bucket:
            return self
        return self._with(index, {k: v for k, v in bucket.items() if k != key}, self._size - 1)

    def _with(self, index: int, bucket: dict[str, V], size: int) -> "BucketMap[V]":
        made: BucketMap[V] = BucketMap.__new__(BucketMap)
        made._buckets = (*self._buckets[:index], bucket, *self._buckets[index + 1 :])
        made._size = size
        return made

    def changed_since(self, older: "BucketMap[V]") -> frozenset[str]:
        """Keys whose value was set, replaced or dropped; looks only into the buckets the two do not share."""
        keys: frozenset[str] = frozenset()
        for mine, other in zip(self._buckets, older._buckets, strict=True):  # noqa: SLF001 - one of its kind
            if mine is not other:
                both = mine.keys() | other.keys()
                keys |= {key for key in both if key not in mine or key not in other or mine[key] is not other[key]}
        return keys

    def __getitem__(self, key: str) -> V:
        return self._buckets[_bucket_of(key)][key]

    def __iter__(self) -> Iterator[str]:
        for bucket in self._buckets:
            yield from bucket

    def __len__(self) -> int:
        return self._size

    def __eq__(self, other: object) -> bool:
        if isinstance(other, BucketMap):
            return self._buckets == other._buckets
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"BucketMap({dict(self)!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return json_object(cls, source, handler)


def json_object(cls: Callable[[Any], Any], source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    """A mapping of this kind is read and written as a plain JSON object, so that state can be kept as a snapshot."""
    value = handler.generate_schema(get_args(source)[0]) if get_args(source) else core_schema.any_schema()
    as_dict = core_schema.dict_schema(core_schema.str_schema(), value)
    made = core_schema.no_info_after_validator_function(cls, as_dict)
    return core_schema.json_or_python_schema(
        json_schema=made,
        python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), made]),
        serialization=core_schema.wrap_serializer_function_ser_schema(
            lambda held, write: write(dict(held)), schema=as_dict
        ),
    )


def _bucket_of(key: str) -> int:
    return crc32(key.encode()) % BUCKETS
