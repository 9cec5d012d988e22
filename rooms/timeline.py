"""An immutable mapping that keeps the order in which its keys came, and gives its end cheaply.

For what only ever grows and is read from its end, as messages are: appending or replacing copies one chunk and the spine,
the latest n cost n, never the whole. Nothing is taken out; what is deleted stays as an empty slot.
"""

from collections.abc import ItemsView, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema

from rooms.bucket_map import BucketMap, json_object

V = TypeVar("V")
CHUNK = 128
Entry = tuple[str, V]


class Timeline(Mapping[str, V]):
    """Keys are strings. `set` and `latest` return new ones; equality is by content and order."""

    __slots__ = ("_chunks", "_places")

    def __init__(self, items: Mapping[str, V] | Iterable[Entry[V]] = ()) -> None:
        entries = list(dict(items).items())
        self._chunks = tuple(tuple(entries[at : at + CHUNK]) for at in range(0, len(entries), CHUNK))
        self._places = BucketMap((key, place) for place, (key, _) in enumerate(entries))

    def set(self, key: str, value: V) -> "Timeline[V]":
        """A new key comes last, a known one keeps its place."""
        chunks, place = self._chunks, self._places.get(key)
        if place is not None:
            row, column = divmod(place, CHUNK)
            chunk = chunks[row]
            chunk = (*chunk[:column], (key, value), *chunk[column + 1 :])
            return self._with((*chunks[:row], chunk, *chunks[row + 1 :]), self._places)
        places = self._places.set(key, len(self._places))
        if not chunks or len(chunks[-1]) == CHUNK:
            return self._with((*chunks, ((key, value),)), places)
        return self._with((*chunks[:-1], (*chunks[-1], (key, value))), places)

    def latest(self, count: int) -> "Timeline[V]":
        return self if len(self) <= count else Timeline(self._last(count))

    def _last(self, count: int) -> list[Entry[V]]:
        entries: list[Entry[V]] = []
        for chunk in reversed(self._chunks):
            missing = count - len(entries)
            if missing < 1:
                break
            entries[:0] = chunk[-missing:]
        return entries

    def _with(self, chunks: tuple[tuple[Entry[V], ...], ...], places: BucketMap[int]) -> "Timeline[V]":
        made: Timeline[V] = Timeline.__new__(Timeline)
        made._chunks, made._places = chunks, places
        return made

    def __getitem__(self, key: str) -> V:
        row, column = divmod(self._places[key], CHUNK)
        return self._chunks[row][column][1]

    def __iter__(self) -> Iterator[str]:
        return (key for chunk in self._chunks for key, _ in chunk)

    def items(self) -> ItemsView[str, V]:
        return _Entries(self)

    def __len__(self) -> int:
        return len(self._places)

    def __eq__(self, other: object) -> bool:
        return self._chunks == other._chunks if isinstance(other, Timeline) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Timeline({dict(self)!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return json_object(cls, source, handler)


class _Entries(ItemsView[str, V]):
    """Looks up no key."""

    _mapping: Timeline[V]

    def __iter__(self) -> Iterator[Entry[V]]:
        for chunk in self._mapping._chunks:  # noqa: SLF001 - its own view
            yield from chunk
