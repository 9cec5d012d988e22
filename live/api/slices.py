"""Chat, polls, questions and whatever comes: one route over every slice of the view that a feature declares as `listed`.

Knows no feature. What one may read is the view's; here it is only cut into pages, newest first, walking back by `before`.
"""

import inspect
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from live.api.call import Call
from live.api.route import Family, Listing, SessionPath, Who
from persistence.pages import LIMIT_MAX
from rooms.feature import Feature, Wire
from rooms.room import FEATURES
from rooms.visibility import view

family = Family("slices", "What a session holds, as one may see it: pages of its entries, the latest page first.")
SEQ_MAX = 2**63 - 1


class SliceQuery(Wire):
    """Entries older than `before` (a seq). Within a page the oldest comes first; `nextCursor` leads to older ones."""

    before: Annotated[int, Field(ge=0, le=SEQ_MAX)] | None = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = 50
    cursor: Annotated[str, Field(pattern=r"^\d{1,18}$")] | None = None


def _declare(feature: Feature) -> None:
    listed = feature.listed
    assert listed is not None
    kind = inspect.signature(listed, eval_str=True).return_annotation
    documents: TypeAdapter[Any] = TypeAdapter(kind, config=ConfigDict(alias_generator=to_camel, populate_by_name=True))

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


for _feature in FEATURES:
    if _feature.listed is not None:
        _declare(_feature)
