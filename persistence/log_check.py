"""A look at a session's log as it lies in Postgres, without reading what it says: whether its numbers have a gap (invariant 4)."""

from dataclasses import dataclass

from persistence.database import Database
from rooms.ids import SessionId

_LOOK = """
SELECT h.epoch, h.last_seq,
       ARRAY (SELECT e.seq FROM live.session_events e
               WHERE e.session_id = h.session_id AND e.seq > $2 ORDER BY e.seq LIMIT $3) AS seqs
  FROM live.session_heads h WHERE h.session_id = $1
"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The numbers after `after`, at most so many as were asked for, and the head, as of one moment."""

    epoch: str
    last_seq: int
    after: int
    seqs: tuple[int, ...]
    whole: bool  # they reach as far as there are rows

    @property
    def upto(self) -> int:
        return self.seqs[-1] if self.seqs else self.after

    @property
    def gap_at(self) -> int | None:
        """The first number that should be there and is not, or is there and should not."""
        for expected, seq in enumerate(self.seqs, start=self.after + 1):
            if seq != expected:
                return expected
        if self.whole and self.upto != self.last_seq:
            return min(self.upto, self.last_seq) + 1
        return None


async def look(database: Database, session: SessionId, after: int, limit: int) -> Stretch | None:
    """None: there is no such log (any more). Raises Unavailable."""
    async with database.connection() as connection:
        row = await connection.fetchrow(_LOOK, session, after, limit)
    if row is None:
        return None
    seqs = tuple(row["seqs"])
    return Stretch(row["epoch"], row["last_seq"], after, seqs, whole=len(seqs) < limit)
