"""Files that people send in pieces, until each is a recording or refused: who may write the next piece, how much is here, how much
one person may have (attack 60). The pieces lie in the store, under names that this file makes; what is in them is not known here.

Each step is claimed before bytes are written and noted after, by the database's clock: two writers of one upload never both
succeed, and a writer that died is forgotten after WRITER_S.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

from persistence.database import Database
from persistence.models.recording import FILE_BYTES_MAX
from persistence.uuid7 import uuid7
from rooms.ids import UserId

OPEN_MAX = 5  # of one person, not finished
STORED_BYTES_MAX = 2_000_000_000  # of one person, with what is on its way
WRITER = timedelta(seconds=60)
CHECKER = timedelta(seconds=300)
KEPT = timedelta(hours=24)  # from its announcement on


class UploadStatus(StrEnum):
    RECEIVING = "receiving"
    CHECKING = "checking"
    STORED = "stored"
    REFUSED = "refused"


class TooMuch(Exception):
    """`limit_reached`: of files on their way, or of bytes."""


class NotNow(Exception):
    """`code`: `upload.busy` (somebody writes), `upload.offset` (it stands elsewhere), `upload.over`, `upload.incomplete`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Upload:
    id: str
    user: UserId
    announced: dict[str, Any]
    size: int  # bytes, as announced
    sha256: bytes | None
    bytes_here: int
    pieces: tuple[str, ...]
    status: UploadStatus
    refusal: str | None
    created_at: datetime

    @property
    def expires_at(self) -> datetime:
        return self.created_at + KEPT


@dataclass(frozen=True, slots=True)
class Turn:
    """Of whoever may write now. `name`: of the object to put."""

    upload: Upload
    writer: str

    @property
    def name(self) -> str:
        return f"pieces/{self.upload.id}/{self.upload.bytes_here}-{self.writer}.sealed"


# The person's row is the lock under which their sum is taken.
_LOCK = "SELECT id FROM workbook.workbook_users WHERE id = $1 FOR UPDATE"
_HELD = """
SELECT (SELECT count(*) FROM workbook.uploads WHERE user_id = $1 AND status IN ('receiving', 'checking')) AS open,
       (SELECT coalesce(sum(bytes), 0) FROM workbook.uploads WHERE user_id = $1 AND status IN ('receiving', 'checking'))
       + (SELECT coalesce(sum(file_size_bytes), 0) FROM workbook.audio_recordings
           WHERE user_id = $1 AND session_id IS NULL) AS bytes
"""
_ANNOUNCE = """
INSERT INTO workbook.uploads (id, user_id, announced, bytes, sha256) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO NOTHING RETURNING *
"""
_CLAIM = """
UPDATE workbook.uploads SET writer = $3, writer_until = clock_timestamp() + $4::interval
 WHERE id = $1 AND user_id = $2 AND status = 'receiving' AND bytes_here = $5
   AND (writer_until IS NULL OR writer_until <= clock_timestamp())
RETURNING *
"""
_WROTE = """
UPDATE workbook.uploads SET bytes_here = bytes_here + $3, pieces = pieces || $4::text, writer = NULL, writer_until = NULL
 WHERE id = $1 AND writer = $2 AND status = 'receiving' RETURNING *
"""
_CLAIM_WHOLE = """
UPDATE workbook.uploads SET status = 'checking', writer = $3, writer_until = clock_timestamp() + $4::interval
 WHERE id = $1 AND user_id = $2 AND status IN ('receiving', 'checking') AND bytes_here = bytes
   AND (writer_until IS NULL OR writer_until <= clock_timestamp())
RETURNING *
"""
_END = """
UPDATE workbook.uploads SET status = $3, refusal = $4, pieces = '{}', writer = NULL, writer_until = NULL
 WHERE id = $1 AND writer = $2 AND status = 'checking' RETURNING true
"""
_FIND = "SELECT * FROM workbook.uploads WHERE id = $1 AND user_id = $2"


class Uploads:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def announce(
        self, user: UserId, announced: dict[str, Any], size: int, sha256: bytes | None, noise: bytes | None = None
    ) -> Upload:
        """`noise`: the same for the same request, which then makes the same upload. Raises TooMuch."""
        assert 0 < size <= FILE_BYTES_MAX
        async with self._database.transaction() as connection:
            await connection.execute(_LOCK, user)
            held = await connection.fetchrow(_HELD, user)
            assert held is not None
            if held["open"] >= OPEN_MAX or held["bytes"] + size > STORED_BYTES_MAX:
                raise TooMuch
            made = uuid7(datetime.now(UTC), noise)
            row = await connection.fetchrow(_ANNOUNCE, made, user, announced, size, sha256)
        assert row is not None, "two uploads with one id"
        return _upload(row)

    async def find(self, user: UserId, upload: str) -> Upload | None:
        """One's own."""
        async with self._database.as_user(user) as connection:
            row = await connection.fetchrow(_FIND, upload, user)
        return None if row is None else _upload(row)

    async def take_turn(self, user: UserId, upload: str, offset: int) -> Turn | None:
        """To write the bytes from `offset` on. None: there is no such upload of this person. Raises NotNow."""
        return await self._claim(_CLAIM, user, upload, WRITER, offset)

    async def wrote(self, turn: Turn, size: int) -> Upload:
        """The piece is in the store. Raises NotNow: it took too long and somebody else writes; the piece is to be deleted."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_WROTE, turn.upload.id, turn.writer, size, turn.name)
        if row is None:
            raise NotNow("upload.busy")
        return _upload(row)

    async def give_back(self, turn: Turn) -> None:
        """Nothing was written."""
        async with self._database.connection() as connection:
            await connection.execute(
                "UPDATE workbook.uploads SET writer = NULL, writer_until = NULL WHERE id = $1 AND writer = $2",
                turn.upload.id,
                turn.writer,
            )

    async def check(self, user: UserId, upload: str) -> Turn | None:
        """To look at the whole; it takes no more pieces. None and NotNow as above; again while it is not decided."""
        return await self._claim(_CLAIM_WHOLE, user, upload, CHECKER)

    async def end(self, turn: Turn, refusal: str | None = None) -> bool:
        """Stored, or refused. False: it took too long and somebody else decides."""
        status = UploadStatus.STORED if refusal is None else UploadStatus.REFUSED
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_END, turn.upload.id, turn.writer, status, refusal))

    async def cancel(self, user: UserId, upload: str) -> bool:
        """Its pieces are the caller's to delete. False: none of this person's is on its way under this id."""
        async with self._database.connection() as connection:
            return bool(
                await connection.fetchval(
                    "DELETE FROM workbook.uploads WHERE id = $1 AND user_id = $2 AND status IN ('receiving', 'refused') "
                    "RETURNING true",
                    upload,
                    user,
                )
            )

    async def forget_old(self, limit: int = 100) -> list[str]:
        """Ids of those that were announced a day ago, in whatever state; their pieces are the caller's to delete."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "DELETE FROM workbook.uploads WHERE id IN (SELECT id FROM workbook.uploads "
                "WHERE created_at < clock_timestamp() - $1::interval AND (writer_until IS NULL OR writer_until <= clock_timestamp()) "
                "ORDER BY created_at LIMIT $2) RETURNING id",
                KEPT,
                limit,
            )
        return [row["id"] for row in rows]

    async def _claim(self, statement: str, user: UserId, upload: str, for_: timedelta, *where: int) -> Turn | None:
        writer = str(uuid4())
        async with self._database.connection() as connection:
            row = await connection.fetchrow(statement, upload, user, writer, for_, *where)
        if row is not None:
            return Turn(_upload(row), writer)
        held = await self.find(user, upload)
        if held is None:
            return None
        if held.status in (UploadStatus.STORED, UploadStatus.REFUSED):
            raise NotNow("upload.over")
        if where and held.bytes_here != where[0]:
            raise NotNow("upload.offset")
        if not where and held.bytes_here < held.size:
            raise NotNow("upload.incomplete")
        raise NotNow("upload.busy")


def _upload(row: Any) -> Upload:
    return Upload(
        row["id"],
        UserId(row["user_id"]),
        row["announced"],
        row["bytes"],
        row["sha256"],
        row["bytes_here"],
        tuple(row["pieces"]),
        UploadStatus(row["status"]),
        row["refusal"],
        row["created_at"],
    )
