"""AudioRecording (W076-W103): what is stored and shown, and what may be said of a file that somebody uploads. Whatever a client
says is description only: type, length and rate are measured from the content (media/probe), and the file gets a name of ours.
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from rooms.feature import Line, Whole, Wire
from rooms.ids import AnyId, UserIdField

FILE_BYTES_MAX = 100 * 1024 * 1024  # W102; 100 MB exactly are allowed (D21)
TAGS_MAX = 32
STORE_SCHEME = "store://"
UPLOAD = "upload"  # in place of a track, in the key of a file that is of no session
MIX = "mix"


class AudioType(StrEnum):
    """The documented ones (W252)."""

    WAV = "audio/wav"
    MP3 = "audio/mp3"
    WEBM = "audio/webm"
    M4A = "audio/m4a"


# D19: what browsers and libraries call them. Ogg is none of them.
ALIASES = {
    "audio/mpeg": AudioType.MP3,
    "audio/x-mp3": AudioType.MP3,
    "audio/mp4": AudioType.M4A,
    "audio/x-m4a": AudioType.M4A,
    "audio/x-wav": AudioType.WAV,
    "audio/wave": AudioType.WAV,
    "audio/vnd.wave": AudioType.WAV,
    "audio/x-pn-wav": AudioType.WAV,
}


def audio_type(sent: Any) -> AudioType:
    """Without parameters, in any case, under the documented name. In an error, so that all are reported together."""
    bare = sent.split(";")[0].strip().lower() if isinstance(sent, str) else ""
    try:
        return ALIASES.get(bare) or AudioType(bare)
    except ValueError:
        raise PydanticCustomError("audio_format", "File must be a supported audio format") from None


def _bytes(size: int) -> int:
    if size > FILE_BYTES_MAX:
        raise PydanticCustomError("file_size", "File size must be less than 100MB")
    return size


def _plain_name(name: str) -> str:
    """Never used as a path, and never looks like one."""
    if re.search(r"[/\\]", name):
        raise ValueError("a file name has no slashes")
    return name


def _distinct(tags: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(tags)) != len(tags):
        raise ValueError("a tag is named twice")
    return tags


AudioTypeField = Annotated[AudioType, BeforeValidator(audio_type)]
FileBytes = Annotated[Whole, Field(gt=0), AfterValidator(_bytes)]
FileName = Annotated[Line, StringConstraints(max_length=255), AfterValidator(_plain_name)]
Tag = Annotated[Line, StringConstraints(max_length=50)]
LessonId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
Quality = Literal["low", "medium", "high"]


class Description(Wire):
    """The part of AudioMetadata that a person says (W094-W096)."""

    recording_device: Annotated[Line, StringConstraints(max_length=200)] | None = None
    recording_quality: Quality | None = None
    tags: Annotated[tuple[Tag, ...], Field(max_length=TAGS_MAX), AfterValidator(_distinct)] | None = None


class AudioMetadata(Description):
    """With what was measured (W091-W093). Later releases may add keys."""

    model_config = ConfigDict(extra="allow")

    sample_rate: int | None = None
    channels: int | None = None
    bitrate: int | None = None


class NewRecording(Wire):
    """An upload as it is announced (W100-W103, W251-W253)."""

    file_name: FileName
    mime_type: AudioTypeField
    file_size_bytes: FileBytes
    metadata: Description = Description()
    module_id: AnyId | None = None
    lesson_id: LessonId | None = None

    @field_validator("lesson_id")
    @classmethod
    def _of_a_module(cls, lesson: str | None, info: Any) -> str | None:
        if lesson is not None and info.data.get("module_id") is None:
            raise ValueError("a lesson belongs to a module")
        return lesson


class AudioRecording(Wire):
    """`session_id` to `from_s` are ours: where in which session's recording this part has its place; None of an upload."""

    id: AnyId
    user_id: UserIdField
    module_id: AnyId | None
    lesson_id: str | None
    session_id: AnyId | None
    recording_id: AnyId | None
    track: str | None
    part: int | None
    from_s: float | None
    file_name: str
    file_url: str
    mime_type: AudioType
    duration_seconds: int
    file_size_bytes: int
    metadata: AudioMetadata
    transcription_id: AnyId | None
    is_processed: bool
    created_at: datetime
    updated_at: datetime

    @property
    def store_name(self) -> str:
        return self.file_url.removeprefix(STORE_SCHEME)

    @property
    def key_place(self) -> tuple[str, str]:
        """Recording and track under which its key is kept."""
        return self.recording_id or self.id, self.track or UPLOAD


class CaptureStatus(StrEnum):
    CAPTURING = "capturing"
    FINALIZING = "finalizing"
    STORED = "stored"
    FAILED = "failed"


class RecordedTrack(Wire):
    """One track of a session's recording: 'mix', or one speaker. Positions count from `started_at`."""

    recording_id: AnyId
    track: str
    session_id: AnyId
    speaker_id: UserIdField | None
    status: CaptureStatus
    started_at: datetime
    length_s: float | None
    loudness_lufs: float | None
    incomplete: str | None
    published: bool
    parts: tuple[AudioRecording, ...] = ()
