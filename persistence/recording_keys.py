"""The keys under which voice lies in the store (domain.md 2.9): one for each track of a recording, one for each upload, wrapped
by the key outside the database. Who drops the row has destroyed the sound, wherever copies of it are. Knows no files.
"""

from os import urandom

from persistence.connection import Connection
from persistence.database import Database
from persistence.encryption import Keys
from rooms.ids import SessionId

KEY_BYTES = 32

_MAKE = """
INSERT INTO live.recording_keys (recording_id, track, session_id, wrapped) VALUES ($1, $2, $3, $4)
ON CONFLICT (recording_id, track) DO NOTHING RETURNING wrapped
"""
_GET = "SELECT wrapped FROM live.recording_keys WHERE recording_id = $1 AND track = $2"
_SHRED = "DELETE FROM live.recording_keys WHERE recording_id = $1 AND track = ANY ($2::text[])"


class RecordingKeys:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def make(self, session: SessionId | None, recording: str, track: str) -> bytes:
        """The key there is, or a new one. Of an upload: no session, the id of its row, and the track `upload`."""
        async with self._database.transaction() as connection:
            return await make_key(connection, self._database.keys, session, recording, track)

    async def get(self, recording: str, track: str) -> bytes | None:
        """None: there never was one, or it was shredded."""
        async with self._database.connection() as connection:
            return await find_key(connection, self._database.keys, recording, track)

    async def of_recording(self, recording: str) -> dict[str, bytes]:
        """By track."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT track, wrapped FROM live.recording_keys WHERE recording_id = $1", recording
            )
        unwrap = self._database.keys.unwrap
        return {row["track"]: unwrap(row["wrapped"], _place(recording, row["track"])) for row in rows}

    async def shred(self, recording: str, *tracks: str) -> None:
        async with self._database.connection() as connection:
            await shred_keys(connection, recording, *tracks)


async def make_key(connection: Connection, keys: Keys, session: SessionId | None, recording: str, track: str) -> bytes:
    """In the caller's transaction."""
    place = _place(recording, track)
    fresh = keys.wrap(urandom(KEY_BYTES), place)
    made = await connection.fetchval(_MAKE, recording, track, session, fresh)
    return keys.unwrap(made or await connection.fetchval(_GET, recording, track), place)


async def find_key(connection: Connection, keys: Keys, recording: str, track: str) -> bytes | None:
    wrapped: bytes | None = await connection.fetchval(_GET, recording, track)
    return None if wrapped is None else keys.unwrap(wrapped, _place(recording, track))


async def shred_keys(connection: Connection, recording: str, *tracks: str) -> None:
    await connection.execute(_SHRED, recording, list(tracks))


def _place(recording: str, track: str) -> str:
    return f"live.recording_keys.wrapped:{recording}:{track}"
