"""Views of one state as JSON documents. People of one standing see most of it alike, so each slice is encoded once for all of
them, and again only for whom it holds something of their own: fifty people called back from their rooms cost little more than
one. Knows who sees what from rooms/visibility.py alone.
"""

import json
from collections.abc import Callable
from dataclasses import fields, replace
from types import NoneType
from typing import Any, get_args

from pydantic.alias_generators import to_camel

from rooms.feature import Standing
from rooms.room import STATE, RoomState
from rooms.visibility import view, window

SLICES = {
    each.name: to_camel(each.name) for each in fields(RoomState) if NoneType in get_args(each.type)
}  # may be absent


class Views:
    """`mask_of` says, as bits, whom a document names."""

    def __init__(self, room: RoomState, mask_of: Callable[[Any], int]) -> None:
        self.room = room
        self._mask_of = mask_of
        self._alike: dict[Standing, _Alike] = {}

    def document(self, standing: Standing) -> tuple[dict[str, Any], int]:
        """The windowed view, and whom it names. What it shares with others is not to be changed."""
        nobody = replace(standing, user=None)
        alike = self._alike.get(nobody)
        if alike is None:
            alike = self._alike[nobody] = _Alike(window(view(self.room, nobody)), self._mask_of)
        seen = window(view(self.room, standing))
        shared = [name for name in SLICES if (own := getattr(seen, name)) is not None and own == alike.held(name)]
        without: dict[str, Any] = dict.fromkeys(shared)
        document = _encoded(replace(seen, **without))
        mask = self._mask_of(document)
        for name in shared:
            key, slice_, names = alike.encoded(name)
            document[key] = slice_
            mask |= names
        return document, mask


class _Alike:
    """What a nobody of some standing sees, encoded slice by slice when first needed."""

    def __init__(self, seen: RoomState, mask_of: Callable[[Any], int]) -> None:
        self._seen = seen
        self._mask_of = mask_of
        self._document: dict[str, Any] | None = None
        self._masks: dict[str, int] = {}

    def held(self, name: str) -> Any:
        return getattr(self._seen, name)

    def encoded(self, name: str) -> tuple[str, Any, int]:
        if self._document is None:
            self._document = _encoded(self._seen)
        key = SLICES[name]
        if key not in self._masks:
            self._masks[key] = self._mask_of(self._document[key])
        return key, self._document[key], self._masks[key]


def _encoded(seen: RoomState) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(STATE.dump_json(seen, by_alias=True, exclude_none=True))
    return document
