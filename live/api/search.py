"""Search over notes, one's own and those shared with one, and over what was said, in one's own recordings and in the sessions one
attended (W235, query 2 as corrected)."""

from datetime import datetime
from typing import Annotated, Literal, cast

from pydantic import Field

from live.api.call import Call
from live.api.route import Family, Listing, Paging, Who
from persistence.search import QUERY_CHARACTERS_MAX, Search
from rooms.feature import Wire
from rooms.ids import AnyId

family = Family("search", "Search over notes and transcripts.")
Kind = Literal["note", "transcription"]


class SearchQuery(Paging):
    """`q`: words; "a phrase"; or; -without."""

    q: Annotated[str, Field(min_length=1, max_length=QUERY_CHARACTERS_MAX)]
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class Found(Wire):
    """`text`: an excerpt, plain text, with what was found between « and »."""

    type: Kind
    id: AnyId
    title: str
    text: str
    created_at: datetime
    rank: float
    audio_recording_id: AnyId | None = None
    session_id: AnyId | None = None


@family.get("/search", Who.SIGNED_IN, cost=3)
async def search(call: Call, query: SearchQuery) -> Listing[Found]:
    """Where these words were written or said, latest first. Up to half a minute old."""
    page = await Search(call.database, call.cache).find(call.user, query.q, query.limit, query.cursor)
    items = tuple(
        Found(
            type=cast(Kind, hit.type),
            id=hit.id,
            title=hit.title,
            text=hit.text,
            created_at=hit.created_at,
            rank=hit.rank,
            audio_recording_id=hit.audio_recording_id,
            session_id=hit.session,
        )
        for hit in page.items
    )
    return Listing(items=items, next_cursor=page.next_cursor)
