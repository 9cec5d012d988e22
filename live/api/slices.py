"""Chat, polls, questions and whatever comes: one route over every slice of the view that a feature declares as `listed`, and
one over each entry of a slice that is given whole (`item`).

Knows no feature. What one may read is the view's; here it is only cut into pages, newest first, walking back by `before`, or
encoded once for all who ask for it.
"""

import asyncio
import gzip
import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel
from pydantic_core import to_json

from live.api.call import Call
from live.api.route import Family, File, Listing, SessionPath, Who
from live.problems import not_found
from persistence.pages import LIMIT_MAX
from rooms.breakout_results import ways_to_read
from rooms.feature import Feature, Standing, Wire
from rooms.room import FEATURES, RoomState
from rooms.visibility import view

family = Family("slices", "What a session holds, as one may see it: pages of its entries, the latest page first.")
SEQ_MAX = 2**63 - 1
GZIP_LEVEL = 6
JSON = "application/json"


class SliceQuery(Wire):
    """Entries older than `before` (a seq). Within a page the oldest comes first; `nextCursor` leads to older ones."""

    before: Annotated[int, Field(ge=0, le=SEQ_MAX)] | None = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = 50
    cursor: Annotated[str, Field(pattern=r"^\d{1,18}$")] | None = None


def documents_of(feature: Feature) -> TypeAdapter[Any]:
    """Makes JSON of what the feature lists."""
    assert feature.listed is not None
    kind = inspect.signature(feature.listed, eval_str=True).return_annotation
    return TypeAdapter(kind, config=ConfigDict(alias_generator=to_camel, populate_by_name=True))


def _declare(feature: Feature) -> None:
    listed = feature.listed
    assert listed is not None
    documents = documents_of(feature)

    async def read_slice(call: Call, session_id: SessionPath, query: SliceQuery) -> Listing[dict[str, Any]]:
        room = await call.room(session_id)
        seen = getattr(view(room, await call.standing(session_id)), feature.name)
        before = int(query.cursor) if query.cursor is not None else query.before
        entries = [each for each in (listed(seen) if seen is not None else ()) if before is None or each.seq < before]
        page = entries[-query.limit :]
        items = tuple(documents.dump_python(page, mode="json", by_alias=True, exclude_none=True))
        older = str(page[0].seq) if len(entries) > len(page) else None
        return Listing(items=items, next_cursor=older, people=await call.people(list(items), of=room))

    read_slice.__name__ = f"list_{feature.name}"
    read_slice.__doc__ = f"Entries of `{feature.name}` in the reader's view, oldest first; older pages by `before`."
    family.get(f"/live-sessions/{{session_id}}/{feature.name}", Who.MEMBER)(read_slice)


ItemPath = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$", description="An entry: an id, or a name the feature gives")
]


def _declare_item(feature: Feature) -> None:
    async def read_item(call: Call, session_id: SessionPath, item_id: ItemPath) -> File:
        room, standing = await call.room(session_id), await call.standing(session_id)
        found = find_item(feature, room, standing, item_id)
        if found is None:
            raise not_found()
        reader, (seq, make) = found
        epoch = (await call.hosts.get(session_id)).epoch
        key = (session_id, epoch, feature.name, item_id, seq, reader.staff, reader.room)
        packed = partial(call.kept.get, key, partial(asyncio.to_thread, _packed, seq, make))
        headers = {"Vary": "Accept-Encoding"}
        if _takes_gzip(call):
            return File(packed, JSON, version=str(seq), headers={**headers, "Content-Encoding": "gzip"})
        return File(partial(_unpacked, packed), JSON, version=str(seq), headers=headers)

    read_item.__name__ = f"read_{feature.name}_item"
    read_item.__doc__ = f"One entry of `{feature.name}`, whole, as it has been since its `seq`, which is its entity tag; compressed on request."
    family.get(f"/live-sessions/{{session_id}}/{feature.name}/{{item_id}}", Who.MEMBER, etag=True)(read_item)


def find_item(
    feature: Feature, room: RoomState, standing: Standing, item_id: str
) -> tuple[Standing, tuple[int, Callable[[], dict[str, Any]]]] | None:
    """As one sees it oneself, or as it stands in the results of a breakout room that one may read."""
    if feature.item is None or feature.item(getattr(room, feature.name), item_id) is None:
        return None
    for reader in ways_to_read(room, standing):
        seen = feature.view(getattr(room, feature.name), reader)
        found = feature.item(seen, item_id) if seen is not None else None
        if found is not None:
            return reader, found
    return None


def _packed(seq: int, make: Callable[[], dict[str, Any]]) -> bytes:
    return gzip.compress(to_json({"seq": seq, **make()}), GZIP_LEVEL, mtime=0)


async def _unpacked(packed: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
    held = await packed()
    return None if held is None else await asyncio.to_thread(gzip.decompress, held)


def _takes_gzip(call: Call) -> bool:
    """RFC 9110, 12.5.3, as far as clients use it."""
    for each in call.request.headers.get("Accept-Encoding", "").split(","):
        coding, _semicolon, weight = each.replace(" ", "").lower().partition(";")
        if coding in ("gzip", "*"):
            return weight not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


for _feature in FEATURES:
    if _feature.listed is not None:
        _declare(_feature)
    if _feature.item is not None:
        _declare_item(_feature)
