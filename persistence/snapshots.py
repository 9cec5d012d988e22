"""The folded state of a session now and then, so that opening it does not replay everything. Only ever a shortcut: what is
damaged, of another fold, or older than a redaction counts as absent, and the log replays.
"""

import hashlib
import logging

import asyncpg
from pydantic import ValidationError

from persistence.database import Database
from rooms.ids import SessionId
from rooms.room import FOLD_VERSION, STATE, RoomState

log = logging.getLogger(__name__)

EVERY_EVENTS = 500
KEPT = 3  # of a session: the newest, and two to fall back on

# Whoever writes rows of a session takes its head's lock first: a redaction is either seen here, or drops what is stored here.
_SAVE = """
WITH head AS MATERIALIZED (
  SELECT last_seq, redacted_seq FROM live.session_heads
   WHERE session_id = $1 AND epoch = coalesce($7, epoch) FOR NO KEY UPDATE
), stored AS (
  INSERT INTO live.session_snapshots (session_id, seq, fold_version, state, checksum)
  SELECT $1, $2, $3, $4, $5 FROM head WHERE $2 BETWEEN head.redacted_seq AND head.last_seq
  ON CONFLICT (session_id, seq) DO UPDATE
     SET fold_version = excluded.fold_version, state = excluded.state, checksum = excluded.checksum
  RETURNING seq
), dropped AS (
  DELETE FROM live.session_snapshots s USING stored
   WHERE s.session_id = $1 AND s.seq <> stored.seq
     AND s.seq NOT IN (SELECT seq FROM live.session_snapshots WHERE session_id = $1 ORDER BY seq DESC LIMIT $6)
)
SELECT EXISTS (SELECT FROM stored)
"""

_LOAD = """
SELECT s.seq, s.state, s.checksum
  FROM live.session_snapshots s JOIN live.session_heads h USING (session_id)
 WHERE s.session_id = $1 AND s.fold_version = $2 AND s.seq BETWEEN h.redacted_seq AND h.last_seq AND s.seq < $3
 ORDER BY s.seq DESC LIMIT 1
"""

NO_LIMIT = 2**63 - 1


class Snapshots:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, session: SessionId, state: RoomState, epoch: str | None = None) -> bool:
        """False when it was not stored, because the words of an earlier row were redacted since, or the log is not that of `epoch` any
        more (a promotion, a restore)."""
        content = STATE.dump_json(state)
        checksum = hashlib.sha256(content).digest()
        async with self._database.connection() as connection:
            stored = await connection.fetchval(
                _SAVE, session, state.seq, FOLD_VERSION, content, checksum, KEPT - 1, epoch
            )
            return bool(stored)

    async def load(self, session: SessionId, upto: int | None = None) -> RoomState | None:
        """The newest that can be trusted, not beyond the event `upto`; None: replay from the start."""
        below = NO_LIMIT if upto is None else upto + 1
        try:
            async with self._database.connection() as connection:
                while (row := await connection.fetchrow(_LOAD, session, FOLD_VERSION, below)) is not None:
                    if (state := _read(row["state"], row["checksum"])) is not None and state.seq == row["seq"]:
                        return state
                    log.warning("the snapshot of session %s at %d is damaged", session, row["seq"])
                    below = row["seq"]
        except (asyncpg.DataCorruptedError, asyncpg.IndexCorruptedError):  # Postgres' own checksums
            log.warning("a snapshot of session %s cannot be read", session)
        return None


def _read(content: bytes, checksum: bytes) -> RoomState | None:
    if hashlib.sha256(content).digest() != checksum:
        return None
    try:
        return STATE.validate_json(content)
    except ValidationError:
        return None
