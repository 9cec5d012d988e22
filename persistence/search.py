"""Search over notes and over what was said (W235, query 2 as corrected by D12; SQL in migrations/0041_workbook.sql). What was found is
kept for half a minute (W243) and believed as long as each of its rows still is what it was, and may still be read: what is withdrawn
or hidden is found no more at once, only what is new may come a little later. Sought on the replica, where there is one; what is not
any more as it was found there is sought again where it is written.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from html import unescape
from typing import Any

from persistence.cache import SEARCH_KEPT_S, Cache
from persistence.connection import Connection
from persistence.database import Database
from persistence.pages import Page, from_cursor, to_cursor, within_limit
from rooms.ids import SessionId, UserId

QUERY_CHARACTERS_MAX = 200
NOTE = "note"


@dataclass(frozen=True, slots=True)
class Hit:
    """`text` is an excerpt, plain text with what was found between « and ». `session` where it was said or noted in one."""

    type: str
    id: str
    title: str
    text: str
    created_at: datetime
    rank: float
    audio_recording_id: str | None
    session: SessionId | None


_SEARCH = """
SELECT type, id, title, text, created_at, rank, audio_recording_id, session_id AS session
  FROM workbook.search($1, $2, $3, $4)
"""
# As the reader, under row-level security.
_AS_THEY_ARE = """
SELECT coalesce(string_agg(id || ' ' || updated_at, ',' ORDER BY id), '') FROM (
  SELECT n.id, n.updated_at FROM workbook.workbook_notes n WHERE n.id = ANY ($1::uuid[]) AND n.deleted_at IS NULL
  UNION ALL
  SELECT t.id, t.updated_at FROM workbook.transcription_records t
    JOIN workbook.audio_recordings r ON r.id = t.audio_recording_id
   WHERE t.id = ANY ($1::uuid[]) AND t.status = 'completed' AND r.deleted_at IS NULL) AS found
"""


class Search:
    def __init__(self, database: Database, cache: Cache | None = None) -> None:
        self._database = database
        self._cache = cache

    async def find(self, reader: UserId, query: str, limit: int = 20, cursor: str | None = None) -> Page[Hit]:
        """Latest first. `query` as people type it: words, "a phrase", or, -without; nothing of it is an error."""
        at, row_id = from_cursor(cursor)
        limit = within_limit(limit)
        asked = query[:QUERY_CHARACTERS_MAX].replace("\0", " ").encode(errors="ignore").decode()

        async def seek(connection: Connection) -> str:
            rows = await connection.fetch(_SEARCH, asked, at, row_id, limit + 1)
            hits = [_as_read(Hit(**row)) for row in rows]
            return _kept(hits, await _as_they_are(connection, hits))

        async def make() -> str:
            return await self._database.report(reader, seek)

        async def make_again() -> str:
            async with self._database.as_user(reader) as connection:
                return await seek(connection)

        if self._cache is None:
            hits, _stamp = _opened(await make_again())
        else:
            key = f"search:{reader}:{hashlib.sha256(json.dumps([asked, limit, cursor]).encode()).hexdigest()}"
            hits, stamp = _opened(await self._cache.get(key, SEARCH_KEPT_S, make))
            async with self._database.as_user(reader) as connection:
                now = await _as_they_are(connection, hits)
            if now != stamp:
                await self._cache.drop(key)
                hits, _stamp = _opened(await self._cache.get(key, SEARCH_KEPT_S, make_again))
        last = hits[limit - 1] if len(hits) > limit else None
        return Page(tuple(hits[:limit]), to_cursor(last.created_at, last.id) if last else None)


def _as_read(hit: Hit) -> Hit:
    """Of a note's HTML the database leaves the words, here its entities become what they stand for."""
    return Hit(**asdict(hit) | {"text": unescape(hit.text)}) if hit.type == NOTE else hit


async def _as_they_are(connection: Connection, hits: list[Hit]) -> str:
    stamp: str = await connection.fetchval(_AS_THEY_ARE, [hit.id for hit in hits])
    return stamp


def _kept(hits: list[Hit], stamp: str) -> str:
    return json.dumps([stamp, [asdict(hit) | {"created_at": hit.created_at.isoformat()} for hit in hits]])


def _opened(kept: str) -> tuple[list[Hit], str]:
    stamp, hits = json.loads(kept)
    return [Hit(**_timed(each)) for each in hits], stamp


def _timed(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"created_at": datetime.fromisoformat(fields["created_at"])}
