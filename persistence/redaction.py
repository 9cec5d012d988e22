"""The log's one exception: rows lose their words, and everything derived from them goes (design.md 1). The row, its number,
its author and its place stay, so the blanked log folds to the same state. Knows which rows from its caller only.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from persistence.connection import Connection
from persistence.event_rows import event_of, payload_of
from rooms.feature import Event, Recorded, Unfoldable
from rooms.ids import SessionId, UserId
from rooms.room import blanked, forgotten

_LOCK = "SELECT FROM live.session_heads WHERE session_id = $1 FOR NO KEY UPDATE"

_ROWS = "SELECT seq, type, version, payload FROM live.session_events WHERE session_id = $1 AND seq = ANY ($2::bigint[])"

_BLANK = """
UPDATE live.session_events e SET version = blank.version, type = blank.type, payload = blank.payload::jsonb
  FROM unnest($2::bigint[], $3::int[], $4::text[], $5::text[]) AS blank (seq, version, type, payload)
 WHERE e.session_id = $1 AND e.seq = blank.seq
"""

# The hash of a short text is as good as the text.
_FORGET_HASHES = """
UPDATE live.session_commands c SET body_hash = NULL
  FROM live.session_events e
 WHERE e.session_id = $1 AND e.seq = ANY ($2::bigint[]) AND c.session_id = $1
   AND c.user_id = e.actor AND c.command_id = e.command_id
"""

_THEIR_ROWS = """
SELECT seq, at, actor, type, version, payload FROM live.session_events WHERE session_id = $1 AND seq = ANY ($2::bigint[])
"""

_FORGET_THEIR_HASHES = """
UPDATE live.session_commands SET body_hash = NULL WHERE session_id = $1 AND user_id = $2 AND body_hash IS NOT NULL
"""

_DROP_SNAPSHOTS = "DELETE FROM live.session_snapshots WHERE session_id = $1"

_MARK_HEAD = "UPDATE live.session_heads SET redacted_seq = last_seq WHERE session_id = $1"

_DONE = "DELETE FROM live.redactions WHERE session_id = $1 AND seq = ANY ($2::bigint[])"

_MARKED = "SELECT session_id, seq FROM live.redactions ORDER BY marked_at LIMIT $1"


def without_words(event: Event) -> Event:
    return event if isinstance(event, Unfoldable) else blanked(event)


async def redact(connection: Connection, session: SessionId, seqs: Sequence[int]) -> None:
    """In the caller's transaction. Whoever writes rows of a session takes its head's lock first."""
    await connection.execute(_LOCK, session)
    rows = [_blank_row(**row) for row in await connection.fetch(_ROWS, session, seqs)]
    await connection.execute(_FORGET_HASHES, session, seqs)
    if rows:
        await connection.execute(_BLANK, session, *zip(*rows, strict=True))
    await connection.execute(_DROP_SNAPSHOTS, session)
    await connection.execute(_MARK_HEAD, session)
    await connection.execute(_DONE, session, seqs)


def holds_words_of(recorded: Recorded, person: UserId) -> bool:
    if isinstance(recorded.event, Unfoldable):
        return recorded.actor == person
    return forgotten(recorded, person) != recorded.event


async def forget(connection: Connection, session: SessionId, seqs: Sequence[int], person: UserId) -> None:
    """Takes one person's words out of these rows, and nobody else's; in the caller's transaction. They are read under the lock:
    somebody else's words may be going at this moment."""
    await connection.execute(_LOCK, session)
    rows = [_forgotten_row(person, **row) for row in await connection.fetch(_THEIR_ROWS, session, seqs)]
    if rows:
        await connection.execute(_BLANK, session, *zip(*rows, strict=True))
    await connection.execute(_FORGET_THEIR_HASHES, session, person)
    await connection.execute(_DROP_SNAPSHOTS, session)
    await connection.execute(_MARK_HEAD, session)


async def marked(connection: Connection, limit: int) -> dict[SessionId, list[int]]:
    """The oldest first: rows that an append has marked and that still hold their words."""
    waiting: dict[SessionId, list[int]] = {}
    for row in await connection.fetch(_MARKED, limit):
        waiting.setdefault(row["session_id"], []).append(row["seq"])
    return waiting


def _forgotten_row(
    person: UserId,
    seq: int,
    at: datetime,
    actor: UserId | None,
    type: str,  # noqa: A002
    version: int,
    payload: dict[str, Any],
) -> tuple[int, int, str, str]:
    event = event_of(type, version, payload)
    if isinstance(event, Unfoldable):
        return seq, version, type, "{}"
    event = forgotten(Recorded(seq, at, actor, None, event), person)
    return seq, event.version, event.type, payload_of(event)


def _blank_row(seq: int, version: int, type: str, payload: dict[str, Any]) -> tuple[int, int, str, str]:  # noqa: A002
    """The row as this release writes it. Of one that cannot be folded nobody knows which fields are words: all go."""
    event = event_of(type, version, payload)
    if isinstance(event, Unfoldable):
        return seq, version, type, "{}"
    return seq, event.version, event.type, payload_of(blanked(event))
