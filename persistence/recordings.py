"""Recordings as rows: the tracks of a session's recording from their first sound on, their finished parts, uploads, and what a
person may hear of all these. Keys of voice come and go with the rows; files are the caller's, who writes them first and deletes
them first. Transcripts follow their recordings (transcriptions.py).

Whoever changes a recording locks its tracks first, the mix before all, then its parts, then transcripts: so a voice that is taken
back stays gone, and nobody waits in a circle.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from persistence.database import Database
from persistence.jobs import enqueue
from persistence.models.recording import MIX, AudioMetadata, AudioRecording, NewRecording, RecordedTrack
from persistence.models.validation import FieldError, Invalid
from persistence.pages import Page, from_cursor, to_cursor, within_limit
from persistence.recording_keys import find_key, make_key, shred_keys
from persistence.recording_rows import (
    RECORDING,
    Finished,
    Part,
    StoredFile,
    file_columns,
    part_id,
    read_recording,
    read_tracks,
)
from persistence.transcriptions import forget_speaker
from persistence.uuid7 import uuid7
from rooms.feature import Enqueue
from rooms.ids import SessionId, UserId

__all__ = ["Finished", "Part", "Recordings", "StoredFile", "new_id"]

PURGED_AFTER = timedelta(days=30)  # deleted rows can be brought back by an operator until then


_BEGIN = """
INSERT INTO live.session_recordings (session_id, recording_id, track, started_at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""

# No more than NO KEY: a part that is written at this moment must be able to ask for its track, or both wait in a circle.
_LOCK = """
SELECT FROM live.session_recordings WHERE recording_id = $1 ORDER BY track = 'mix' DESC, track FOR NO KEY UPDATE
"""
_LOCK_PARTS = """
SELECT FROM workbook.audio_recordings WHERE recording_id = $1 AND track = ANY ($2::text[]) ORDER BY id FOR UPDATE
"""

_FINALISING = """
UPDATE live.session_recordings SET status = 'finalizing' WHERE recording_id = $1 AND status <> 'finalizing'
"""

_STORED = """
UPDATE live.session_recordings SET status = 'stored', length_s = $3, loudness_lufs = $4, incomplete = $5
 WHERE recording_id = $1 AND track = $2
"""

_FAILED = """
UPDATE live.session_recordings SET status = 'failed', incomplete = $3
 WHERE recording_id = $1 AND track = $2 AND status IN ('capturing', 'finalizing') RETURNING true
"""

_ABOUT_TRACK = """
SELECT t.session_id, t.started_at, coalesce(t.speaker_id, s.instructor_id) AS owner
  FROM live.session_recordings t JOIN live.live_sessions s ON s.id = t.session_id
 WHERE t.recording_id = $1 AND t.track = $2
"""

_ADD_PART = """
INSERT INTO workbook.audio_recordings (id, user_id, session_id, recording_id, track, part, from_s, file_name, file_url,
                                       mime_type, duration_seconds, file_size_bytes, metadata)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (id) DO UPDATE
   SET from_s = excluded.from_s, file_name = excluded.file_name, file_url = excluded.file_url, mime_type = excluded.mime_type,
       duration_seconds = excluded.duration_seconds, file_size_bytes = excluded.file_size_bytes, metadata = excluded.metadata
"""

_ADD_UPLOAD = """
INSERT INTO workbook.audio_recordings (id, user_id, module_id, lesson_id, file_name, file_url, mime_type, duration_seconds,
                                       file_size_bytes, metadata)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING
"""

_HAS_LESSON = """
SELECT $2::text IS NULL OR EXISTS (SELECT FROM jsonb_array_elements(m.content -> 'lessons') l WHERE l ->> 'id' = $2)
  FROM workbook.workshop_modules m WHERE m.id = $1 AND m.deleted_at IS NULL
"""

_DELETE = """
UPDATE workbook.audio_recordings r SET deleted_at = clock_timestamp()
  FROM workbook.audio_recordings asked
 WHERE asked.id = $1 AND r.deleted_at IS NULL
   AND (r.id = asked.id OR (r.recording_id, r.track) = (asked.recording_id, asked.track))
RETURNING coalesce(r.recording_id, r.id) AS recording, coalesce(r.track, 'upload') AS track
"""


class Recordings:
    def __init__(self, database: Database) -> None:
        self._database = database

    # -- while it is recorded and finalised -----------------------------------------------------------------------------

    async def begin(self, session: SessionId, recording: str, track: str, started_at: datetime) -> bytes:
        """Before the first sound of a track is written: its row and its key. Again: the same key. `started_at` is the
        recording's, for every track."""
        async with self._database.transaction() as connection:
            await connection.execute(_BEGIN, session, recording, track, started_at)
            return await make_key(connection, self._database.keys, session, recording, track)

    async def finalising(self, recording: str) -> tuple[RecordedTrack, ...]:
        """Its tracks, which are being finished from now on; safe to repeat after a crash."""
        async with self._database.transaction() as connection:
            await connection.fetch(_LOCK, recording)
            await connection.execute(_FINALISING, recording)
            return await read_tracks(connection, "recording_id", recording)

    async def store_track(self, recording: str, track: str, finished: Finished, key: bytes) -> tuple[str, ...]:
        """Its parts are in the store, sealed with `key`, and have rows now, the same rows however often: their ids. Empty:
        a voice was taken back meanwhile and this key destroyed; the files are of no use."""
        async with self._database.transaction() as connection:
            await connection.fetch(_LOCK, recording)
            about = await connection.fetchrow(_ABOUT_TRACK, recording, track)
            if about is None or await find_key(connection, self._database.keys, recording, track) != key:
                return ()
            ids = [part_id(recording, track, part.number, about["started_at"]) for part in finished.parts]
            for id_, part in zip(ids, finished.parts, strict=True):
                place = recording, track, part.number, part.from_s
                name = f"{track}-{part.number}.{part.file.mime_type.removeprefix('audio/')}"
                await connection.execute(
                    _ADD_PART,
                    id_,
                    about["owner"],
                    about["session_id"],
                    *place,
                    name,
                    *file_columns(part.file, AudioMetadata()),
                )
            await connection.execute(
                "DELETE FROM workbook.audio_recordings WHERE recording_id = $1 AND track = $2 AND id <> ALL ($3::uuid[])",
                recording,
                track,
                ids,
            )
            await connection.execute(
                _STORED, recording, track, finished.length_s, finished.loudness_lufs, finished.incomplete
            )
        return tuple(ids)

    async def fail_track(self, recording: str, track: str, code: str) -> None:
        """There is nothing to hear on it, or not any more: the only voice of a mix may have been taken back."""
        async with self._database.transaction() as connection:
            await connection.fetch(_LOCK, recording)
            if await connection.fetchval(_FAILED, recording, track, code):
                await connection.execute(
                    "DELETE FROM workbook.audio_recordings WHERE recording_id = $1 AND track = $2", recording, track
                )

    async def processed(self, ids: Iterable[str]) -> None:
        """Without a transcription to come (W088)."""
        async with self._database.connection() as connection:
            await connection.execute(
                "UPDATE workbook.audio_recordings SET is_processed = true WHERE id = ANY ($1::uuid[])", list(ids)
            )

    async def publish(self, recording: str, published: bool) -> None:
        """Whether those who attended may hear the mix; staff always may."""
        async with self._database.connection() as connection:
            await connection.execute(
                "UPDATE live.session_recordings SET published = $2 WHERE recording_id = $1", recording, published
            )

    async def forget_voice(self, recording: str, speaker: UserId) -> None:
        """Somebody takes their voice back: track, transcript, and what the mix's transcript has of it, are gone, and the keys
        of track and mix with them. The mix has to be made again, under a new key. Safe to repeat."""
        async with self._database.transaction() as connection:
            await connection.fetch(_LOCK, recording)
            await connection.fetch(_LOCK_PARTS, recording, [speaker, MIX])
            await shred_keys(connection, recording, speaker, MIX)
            await connection.execute(
                "DELETE FROM live.session_recordings WHERE recording_id = $1 AND track = $2", recording, speaker
            )
            await connection.execute(
                "UPDATE live.session_recordings SET status = 'finalizing' "
                "WHERE recording_id = $1 AND track = 'mix' AND status = 'stored'",
                recording,
            )
            await forget_speaker(connection, recording, speaker)

    # -- uploads --------------------------------------------------------------------------------------------------------

    async def add_upload(self, id_: str, owner: UserId, new: NewRecording, file: StoredFile) -> None:
        """`id_` from `new_id`, under which its key was made. Safe to repeat. Raises Invalid for a module or lesson that the
        owner cannot see."""
        await self.require_module(owner, new)
        metadata = AudioMetadata.model_validate(new.metadata.model_dump())
        async with self._database.connection() as connection:
            await connection.execute(
                _ADD_UPLOAD, id_, owner, new.module_id, new.lesson_id, new.file_name, *file_columns(file, metadata)
            )

    async def require_module(self, owner: UserId, new: NewRecording) -> None:
        if new.module_id is None:
            return
        async with self._database.as_user(owner) as connection:
            found = await connection.fetchval(_HAS_LESSON, new.module_id, new.lesson_id)
        if found is None:
            raise Invalid(FieldError("/moduleId", "unknown_module", "there is no such module"))
        if not found:
            raise Invalid(FieldError("/lessonId", "unknown_lesson", "there is no such lesson in this module"))

    # -- deleting -------------------------------------------------------------------------------------------------------

    async def delete(self, id_: str) -> bool:
        """Hides it from everybody (W247), a part with its whole track, and has a `purge` job {recordingId, track} destroy it
        later. Whether it was there; whether somebody may is the caller's question."""
        async with self._database.transaction() as connection:
            await connection.fetch(
                _LOCK,
                await connection.fetchval("SELECT recording_id FROM workbook.audio_recordings WHERE id = $1", id_),
            )
            row = await connection.fetchrow(_DELETE, id_)
            if row is None:
                return False
            job = Enqueue(
                "purge", f"{row['recording']}:{row['track']}", {"recordingId": row["recording"], "track": row["track"]}
            )
            await enqueue(connection, job, None, PURGED_AFTER.total_seconds())
        return True

    async def purge(self, recording: str, track: str) -> None:
        """What was deleted, for good, with its key; delete the files first. Untouched if it was brought back meanwhile."""
        async with self._database.transaction() as connection:
            await connection.fetch(_LOCK, recording)
            gone = await connection.fetch(
                "DELETE FROM workbook.audio_recordings WHERE (id = $1 AND $2 = 'upload' OR recording_id = $1 AND track = $2) "
                "AND deleted_at IS NOT NULL RETURNING id",
                recording,
                track,
            )
            if gone:
                await shred_keys(connection, recording, track)

    # -- reading --------------------------------------------------------------------------------------------------------

    async def get(self, id_: str, reader: UserId) -> AudioRecording | None:
        """None for what does not exist and for what the reader may not hear."""
        async with self._database.as_user(reader) as connection:
            return await read_recording(connection, id_)

    async def load(self, id_: str) -> AudioRecording | None:
        """For the server itself."""
        async with self._database.connection() as connection:
            return await read_recording(connection, id_)

    async def list(self, reader: UserId, limit: int = 50, cursor: str | None = None) -> Page[AudioRecording]:
        """Their own, latest first. Ids are in the order of time, so a page needs no partition beyond its rows."""
        _, before = from_cursor(cursor)
        limit = within_limit(limit)
        async with self._database.as_user(reader) as connection:
            rows = await connection.fetch(
                f"{RECORDING} AND r.user_id = $1 AND ($2::uuid IS NULL OR r.id < $2) ORDER BY r.id DESC LIMIT $3",
                reader,
                before,
                limit + 1,
            )
        items = tuple(AudioRecording(**row) for row in rows[:limit])
        last = items[-1] if len(rows) > limit else None
        return Page(items, to_cursor(last.created_at, last.id) if last else None)

    async def of_session(self, session: SessionId, reader: UserId) -> tuple[RecordedTrack, ...]:
        """What the reader may hear of it: the mix for those who attended, one's own track, everything for staff. Earliest
        recording first, of each the mix first."""
        async with self._database.as_user(reader) as connection:
            return await read_tracks(connection, "session_id", session)

    async def of_recording(self, recording: str) -> tuple[RecordedTrack, ...]:
        """For the server itself."""
        async with self._database.connection() as connection:
            return await read_tracks(connection, "recording_id", recording)


def new_id(at: datetime) -> str:
    """For an upload."""
    return uuid7(at)
