"""Search over what was said (W235, query 2 as corrected by D12; SQL in migrations/0034_recordings.sql). Notes will join it."""

from dataclasses import dataclass
from datetime import datetime

from persistence.database import Database
from persistence.pages import Page, from_cursor, to_cursor, within_limit
from rooms.ids import SessionId, UserId

QUERY_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """`text` is an excerpt, plain text with what was found between « and ». `session` where it was said in one."""

    type: str
    id: str
    title: str
    text: str
    created_at: datetime
    rank: float
    audio_recording_id: str
    session: SessionId | None


_SEARCH = """
SELECT type, id, title, text, created_at, rank, audio_recording_id, session_id AS session
  FROM workbook.search($1, $2, $3, $4)
"""


class Search:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, reader: UserId, query: str, limit: int = 20, cursor: str | None = None) -> Page[Hit]:
        """Latest first. `query` as people type it: words, "a phrase", or, -without; nothing of it is an error."""
        at, row_id = from_cursor(cursor)
        limit = within_limit(limit)
        asked = query[:QUERY_CHARACTERS_MAX].replace("\0", " ").encode(errors="ignore").decode()
        async with self._database.as_user(reader) as connection:
            rows = await connection.fetch(_SEARCH, asked, at, row_id, limit + 1)
        items = tuple(Hit(**row) for row in rows[:limit])
        last = items[-1] if len(rows) > limit else None
        return Page(items, to_cursor(last.created_at, last.id) if last else None)
