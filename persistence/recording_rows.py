"""How recordings lie in rows: what a finished part or upload becomes there, and how rows are read back. Knows no transaction."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from persistence.connection import Connection
from persistence.models.recording import STORE_SCHEME, AudioMetadata, AudioRecording, AudioType, RecordedTrack
from persistence.uuid7 import uuid7


@dataclass(frozen=True, slots=True)
class StoredFile:
    """In the store under `name`, measured. `duration_s` exactly."""

    name: str
    mime_type: AudioType
    duration_s: float
    file_size_bytes: int
    sample_rate: int
    channels: int
    bitrate: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """`number` from 1; `from_s` since the recording's beginning."""

    number: int
    from_s: float
    file: StoredFile


@dataclass(frozen=True, slots=True)
class Finished:
    """What finalising found out about one track."""

    length_s: float
    parts: Sequence[Part]
    loudness_lufs: float | None = None
    incomplete: str | None = None


RECORDING = """
SELECT r.id, r.user_id, r.module_id, r.lesson_id, r.session_id, r.recording_id, r.track, r.part, r.from_s, r.file_name,
       r.file_url, r.mime_type, r.duration_seconds, r.file_size_bytes, r.metadata, r.transcription_id, r.is_processed,
       r.created_at, r.updated_at
FROM workbook.audio_recordings r WHERE r.deleted_at IS NULL
"""

TRACKS = """
SELECT recording_id, track, session_id, speaker_id, status, started_at, length_s, loudness_lufs, incomplete, published
FROM live.session_recordings
"""


def part_id(recording: str, track: str, number: int, started_at: datetime) -> str:
    return uuid7(started_at, uuid5(UUID(recording), f"{track}:{number}").bytes)


def file_columns(file: StoredFile, metadata: AudioMetadata) -> tuple[object, ...]:
    measured = metadata.model_copy(
        update={"sample_rate": file.sample_rate, "channels": file.channels, "bitrate": file.bitrate}
    )
    return (
        STORE_SCHEME + file.name,
        file.mime_type,
        max(1, math.ceil(file.duration_s)),  # D20
        file.file_size_bytes,
        measured.model_dump(mode="json", by_alias=True, exclude_none=True),
    )


async def read_recording(connection: Connection, id_: str) -> AudioRecording | None:
    row = await connection.fetchrow(f"{RECORDING} AND r.id = $1", id_)
    return None if row is None else AudioRecording(**row)


async def read_tracks(connection: Connection, column: str, value: str) -> tuple[RecordedTrack, ...]:
    tracks = await connection.fetch(
        f"{TRACKS} WHERE {column} = $1 ORDER BY started_at, recording_id, track <> 'mix', track", value
    )
    rows = await connection.fetch(f"{RECORDING} AND r.{column} = $1 ORDER BY r.part", value)
    parts: dict[tuple[str, str], list[AudioRecording]] = {}
    for row in rows:
        parts.setdefault((row["recording_id"], row["track"]), []).append(AudioRecording(**row))
    return tuple(
        RecordedTrack(**row, parts=tuple(parts.get((row["recording_id"], row["track"]), ()))) for row in tracks
    )
