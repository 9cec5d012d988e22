"""Transcripts as rows: begun, completed or failed by a worker, read by whoever may hear their recording, archived after two
years (W104-W136, W246). One recording has one transcript. Knows no engine, and not how a mix's transcript is made of others'.
"""

import math
from dataclasses import dataclass
from datetime import timedelta

from persistence.connection import Connection
from persistence.database import Database
from persistence.models.recording import MIX
from persistence.models.transcription import (
    NO_SPEECH,
    Transcript,
    TranscriptionMetadata,
    TranscriptionRecord,
    TranscriptionStatus,
    text_of,
)
from persistence.pages import Page, from_cursor, to_cursor, within_limit
from rooms.ids import SessionId, UserId

ARCHIVED_AFTER = timedelta(days=730)
ARCHIVED_AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class PlacedTranscription:
    """With where its part stands in a session's recording."""

    recording_id: str
    track: str
    part: int
    from_s: float
    record: TranscriptionRecord


_ONE = """
SELECT t.* FROM workbook.transcriptions t
  JOIN workbook.audio_recordings r ON r.id = t.audio_recording_id AND r.deleted_at IS NULL
"""

_LIST = """
SELECT t.id, t.audio_recording_id, t.user_id, t.text, t.confidence, t.language, t.word_count, t.processing_time,
       t.created_at, t.updated_at, t.status, t.metadata - ARRAY['segments', 'words'] AS metadata
  FROM workbook.transcriptions t
  JOIN workbook.audio_recordings r ON r.id = t.audio_recording_id AND r.deleted_at IS NULL
 WHERE t.user_id = $1 AND ($2::timestamptz IS NULL OR (t.created_at, t.id) < ($2, $3::uuid))
 ORDER BY t.created_at DESC, t.id DESC LIMIT $4
"""

_PLACED = """
SELECT t.*, r.recording_id, r.track, r.part, r.from_s
  FROM workbook.transcriptions t
  JOIN workbook.audio_recordings r ON r.id = t.audio_recording_id AND r.deleted_at IS NULL
  JOIN live.session_recordings s ON (s.recording_id, s.track) = (r.recording_id, r.track)
"""
_IN_ORDER = "ORDER BY s.started_at, s.recording_id, s.track, r.part"

_MAKE = """
INSERT INTO workbook.transcription_records (audio_recording_id)
SELECT r.id FROM workbook.audio_recordings r
 WHERE r.id = $1 AND r.deleted_at IS NULL
   AND NOT EXISTS (SELECT FROM workbook.transcription_archive a WHERE a.audio_recording_id = r.id)
ON CONFLICT (audio_recording_id) DO NOTHING
"""

_STATE = """
SELECT id, status, metadata ->> 'error' AS error FROM workbook.transcription_records WHERE audio_recording_id = $1 FOR UPDATE
"""

_MOVE = "UPDATE workbook.transcription_records SET status = $2 WHERE id = $1"

_COMPLETE = """
UPDATE workbook.transcription_records
   SET status = 'completed', text = $2, confidence = $3, language = $4, processing_time = $5, metadata = $6
 WHERE id = $1 AND status = 'processing' RETURNING true
"""

_FAIL = """
UPDATE workbook.transcription_records
   SET status = 'failed', text = NULL, confidence = NULL, language = NULL, processing_time = NULL,
       metadata = jsonb_build_object('error', $2::text)
 WHERE id = $1 AND status IN ('pending', 'processing') RETURNING true
"""

_AGAIN = """
UPDATE workbook.transcription_records SET status = 'pending'
 WHERE audio_recording_id = $1 AND status IN ('completed', 'failed') RETURNING true
"""

# Recordings are locked before their transcripts, as by whoever deletes them; and a mix's track before its parts: so this waits
# for whoever takes a voice back (recordings.forget_voice), and they for it.
_LOCK_AUDIO = "SELECT FROM workbook.audio_recordings WHERE id = $1 FOR NO KEY UPDATE"
_AUDIO_OF = "SELECT audio_recording_id FROM workbook.transcription_records WHERE id = $1"
_LOCK_MIX = """
SELECT t.recording_id FROM workbook.audio_recordings r
  JOIN live.session_recordings t ON (t.recording_id, t.track) = (r.recording_id, r.track)
 WHERE r.id = $1 AND r.track = 'mix' FOR SHARE OF t
"""
_SPEAKERS = "SELECT speaker_id FROM live.session_recordings WHERE recording_id = $1 AND speaker_id IS NOT NULL"

_OF_MIX = """
SELECT t.id, t.metadata, {} AS status FROM {} t JOIN workbook.audio_recordings r ON r.id = t.audio_recording_id
 WHERE r.recording_id = $1 AND r.track = 'mix' FOR UPDATE OF t
"""
_RECORDS_OF_MIX = _OF_MIX.format("t.status", "workbook.transcription_records")
_ARCHIVE_OF_MIX = _OF_MIX.format("'archived'", "workbook.transcription_archive")
_REWRITE = "UPDATE workbook.transcription_records SET text = $2, metadata = $3 WHERE id = $1"
_REWRITE_ARCHIVED = (
    "UPDATE workbook.transcription_archive SET text = $2, metadata = $3, word_count = app.word_count($2) WHERE id = $1"
)
_DROP_ARCHIVED = "DELETE FROM workbook.transcription_archive WHERE id = $1"


class Transcriptions:
    def __init__(self, database: Database) -> None:
        self._database = database

    # -- the worker's side ----------------------------------------------------------------------------------------------

    async def begin(self, recording: str) -> str | None:
        """The transcript to be made, `processing` from now on, also when the worker before died at it. None: there is
        nothing to do, because it is made, nothing was said (D27), or the recording is gone."""
        async with self._database.transaction() as connection:
            await connection.execute(_LOCK_AUDIO, recording)
            await connection.execute(_MAKE, recording)
            row = await connection.fetchrow(_STATE, recording)
            if row is None or row["status"] == TranscriptionStatus.COMPLETED or row["error"] == NO_SPEECH:
                return None
            if row["status"] == TranscriptionStatus.FAILED:
                await connection.execute(_MOVE, row["id"], TranscriptionStatus.PENDING)
            await connection.execute(_MOVE, row["id"], TranscriptionStatus.PROCESSING)
        return str(row["id"])

    async def complete(self, id_: str, transcript: Transcript) -> bool:
        """Silence is `failed` with `no_speech` (D27). Of a mix, whoever has taken their voice back is left out. False: it
        was not being processed any more."""
        async with self._database.transaction() as connection:
            audio = await connection.fetchval(_AUDIO_OF, id_)
            mix_of = await connection.fetchval(_LOCK_MIX, audio)
            await connection.execute(_LOCK_AUDIO, audio)
            if mix_of is not None:
                rows = await connection.fetch(_SPEAKERS, mix_of)
                transcript = transcript.of(UserId(row["speaker_id"]) for row in rows)
            if not transcript.text:
                return await connection.fetchval(_FAIL, id_, NO_SPEECH) is not None
            metadata = TranscriptionMetadata(
                model=transcript.model, segments=transcript.segments, words=transcript.words
            )
            return bool(
                await connection.fetchval(
                    _COMPLETE,
                    id_,
                    transcript.text,
                    round(transcript.confidence, 2),
                    transcript.language,
                    math.ceil(transcript.processing_time_s),
                    _dumped(metadata),
                )
            )

    async def fail(self, id_: str, error: str) -> bool:
        """`error` is a code; what went wrong in words is for the log."""
        async with self._database.transaction() as connection:
            await connection.execute(_LOCK_AUDIO, await connection.fetchval(_AUDIO_OF, id_))
            return bool(await connection.fetchval(_FAIL, id_, error))

    async def again(self, recording: str) -> bool:
        """Made anew by whoever begins it next; the old text stands until then. False: it is not over."""
        async with self._database.transaction() as connection:
            await connection.execute(_LOCK_AUDIO, recording)
            return bool(await connection.fetchval(_AGAIN, recording))

    async def of_recording(self, recording: str) -> tuple[PlacedTranscription, ...]:
        """All tracks of a session's recording, for the server itself."""
        async with self._database.connection() as connection:
            return await _placed(connection, "s.recording_id = $1", recording)

    async def archive_old(self) -> int:
        """How many; fewer than ARCHIVED_AT_A_TIME: all."""
        async with self._database.connection() as connection:
            moved: int = await connection.fetchval(
                "SELECT ops.archive_transcriptions($1, $2)", ARCHIVED_AFTER, ARCHIVED_AT_A_TIME
            )
        return moved

    # -- the reader's ---------------------------------------------------------------------------------------------------

    async def get(self, id_: str, reader: UserId) -> TranscriptionRecord | None:
        """None for what does not exist and for what the reader may not read."""
        return await self._one("t.id", id_, reader)

    async def of_audio(self, audio_recording: str, reader: UserId) -> TranscriptionRecord | None:
        return await self._one("t.audio_recording_id", audio_recording, reader)

    async def _one(self, column: str, value: str, reader: UserId) -> TranscriptionRecord | None:
        async with self._database.as_user(reader) as connection:
            row = await connection.fetchrow(f"{_ONE} WHERE {column} = $1", value)
        return None if row is None else TranscriptionRecord(**row)

    async def list(self, reader: UserId, limit: int = 50, cursor: str | None = None) -> Page[TranscriptionRecord]:
        """Their own, latest first, without segments and words."""
        at, row_id = from_cursor(cursor)
        limit = within_limit(limit)
        async with self._database.as_user(reader) as connection:
            rows = await connection.fetch(_LIST, reader, at, row_id, limit + 1)
        items = tuple(TranscriptionRecord(**row) for row in rows[:limit])
        last = items[-1] if len(rows) > limit else None
        return Page(items, to_cursor(last.created_at, last.id) if last else None)

    async def of_session(self, session: SessionId, reader: UserId, track: str = MIX) -> tuple[PlacedTranscription, ...]:
        """Of one track, part by part, earliest recording first; what the reader may not read is not among them."""
        async with self._database.as_user(reader) as connection:
            return await _placed(connection, "s.session_id = $1 AND s.track = $2", session, track)


async def forget_speaker(connection: Connection, recording: str, speaker: UserId) -> None:
    """In the caller's transaction, which holds the recording and its parts: the mix's transcript loses what this person said. Where nothing
    is left, nothing was said."""
    for row in (
        *await connection.fetch(_RECORDS_OF_MIX, recording),
        *await connection.fetch(_ARCHIVE_OF_MIX, recording),
    ):
        metadata = TranscriptionMetadata.model_validate(row["metadata"])
        kept = _without(metadata, speaker)
        if kept is not metadata:
            await _rewrite(connection, row["id"], row["status"], kept)


async def _rewrite(connection: Connection, id_: str, status: str, kept: TranscriptionMetadata) -> None:
    text = text_of(kept.segments or ())
    if text:
        await connection.execute(_REWRITE_ARCHIVED if status == "archived" else _REWRITE, id_, text, _dumped(kept))
    elif status == "archived":
        await connection.execute(_DROP_ARCHIVED, id_)
    elif status == TranscriptionStatus.COMPLETED:
        await connection.execute(_MOVE, id_, TranscriptionStatus.PENDING)
        await connection.execute(_FAIL, id_, NO_SPEECH)
    else:  # it is being made again
        await connection.execute(_REWRITE, id_, None, {})


def _without(metadata: TranscriptionMetadata, speaker: UserId) -> TranscriptionMetadata:
    """The same object where nothing is of this person."""
    segments, words = metadata.segments or (), metadata.words or ()
    if all(each.speaker != speaker for each in (*segments, *words)):
        return metadata
    return metadata.model_copy(
        update={
            "segments": tuple(each for each in segments if each.speaker != speaker),
            "words": tuple(each for each in words if each.speaker != speaker),
        }
    )


def _dumped(metadata: TranscriptionMetadata) -> dict[str, object]:
    dumped: dict[str, object] = metadata.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dumped


async def _placed(connection: Connection, where: str, *values: str) -> tuple[PlacedTranscription, ...]:
    rows = await connection.fetch(f"{_PLACED} WHERE {where} {_IN_ORDER}", *values)
    return tuple(
        PlacedTranscription(
            row["recording_id"],
            row["track"],
            row["part"],
            row["from_s"],
            TranscriptionRecord(**{name: row[name] for name in TranscriptionRecord.model_fields}),
        )
        for row in rows
    )
