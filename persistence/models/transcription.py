"""TranscriptionRecord (W104-W136): what a transcriber found, checked before it is stored, and what is stored and shown. Pure;
knows no engine. Times are seconds from the beginning of the recording's own file."""

import math
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, field_validator

from persistence.models.languages import language_code
from rooms.feature import Wire
from rooms.ids import AnyId, UserId, UserIdField

NO_SPEECH = "no_speech"
SEGMENTS_MAX = 20_000
WORDS_MAX = 200_000


def confidence_of(mean_log_probabilities: Iterable[float]) -> float:
    """D28: Whisper says none of a text; of its segments' `avg_logprob` this makes 0 to 1, two decimals."""
    logs = [each for each in mean_log_probabilities if not math.isnan(each)]
    return round(min(1.0, math.exp(min(0.0, sum(logs) / len(logs)))), 2) if logs else 0.0


def _storable(said: Any) -> Any:
    """An engine is not a person: what cannot be stored is left out, not refused."""
    if not isinstance(said, str):
        return said
    return "".join(
        each for each in said if each in "\n\t" or (each >= " " and not "\ud800" <= each <= "\udfff")
    ).strip()


Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Confidence = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Words = Annotated[str, BeforeValidator(_storable)]
Language = Annotated[str, BeforeValidator(language_code)]


class TranscriptionStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class Spoken(Wire):
    """`speaker` is ours: whose track it was said on; None where there is but one."""

    start: Seconds
    end: Seconds
    speaker: UserIdField | None = None

    @field_validator("end")
    @classmethod
    def _after_start(cls, end: float, info: Any) -> float:
        if end < info.data.get("start", 0.0):
            raise ValueError("the end must not be before the start")
        return end


class TranscriptionSegment(Spoken):
    """W122-W124. `confidence` is ours."""

    text: Words
    confidence: Confidence | None = None


class TranscriptionWord(Spoken):
    """W125-W128."""

    word: Words
    confidence: Confidence


class TranscriptionMetadata(Wire):
    """W119-W121. `error` of a failed one (D27: `no_speech`). Later releases may add keys."""

    model_config = ConfigDict(extra="allow")

    model: str | None = None
    segments: tuple[TranscriptionSegment, ...] | None = None
    words: tuple[TranscriptionWord, ...] | None = None
    error: str | None = None


class Transcript(Wire):
    """What was said in one recording, in order."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    language: Language
    confidence: Confidence
    processing_time_s: Seconds
    segments: Annotated[tuple[TranscriptionSegment, ...], Field(max_length=SEGMENTS_MAX)]
    words: Annotated[tuple[TranscriptionWord, ...], Field(max_length=WORDS_MAX)] = ()

    @property
    def text(self) -> str:
        """Empty where nothing was said."""
        return text_of(self.segments)

    def of(self, speakers: Iterable[UserId]) -> Self:
        """What these said, and what nobody in particular did."""
        kept = {*speakers, None}
        return self.model_copy(
            update={
                "segments": tuple(each for each in self.segments if each.speaker in kept),
                "words": tuple(each for each in self.words if each.speaker in kept),
            }
        )


def text_of(segments: Iterable[TranscriptionSegment]) -> str:
    return " ".join(each.text for each in segments if each.text)


class TranscriptionRecord(Wire):
    id: AnyId
    audio_recording_id: AnyId
    user_id: UserIdField
    text: str | None
    confidence: float | None
    language: str | None
    word_count: int | None
    processing_time: int | None  # seconds
    metadata: TranscriptionMetadata
    status: TranscriptionStatus
    created_at: datetime
    updated_at: datetime
