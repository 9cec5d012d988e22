"""WorkbookNote (W137-W166): rich text that its writer keeps beside modules, recordings and live sessions."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from persistence.models.html import cleaned_within
from persistence.models.module import ItemId
from rooms.feature import Flag, Line, Title, Whole, Wire
from rooms.ids import AnyId, UserIdField

CONTENT_BYTES_MAX = 262_144
TAGS_MAX = 32


def _distinct(tags: tuple[str, ...]) -> tuple[str, ...]:
    if len({each.casefold() for each in tags}) != len(tags):
        raise ValueError("a tag is named twice")
    return tags


Content = Annotated[
    str, StringConstraints(max_length=CONTENT_BYTES_MAX), AfterValidator(cleaned_within(CONTENT_BYTES_MAX))
]
NoteTitle = Annotated[Title, StringConstraints(max_length=200)]
Tag = Annotated[Line, StringConstraints(max_length=50)]
Tags = Annotated[tuple[Tag, ...], Field(max_length=TAGS_MAX), AfterValidator(_distinct)]


class NoteMetadata(Wire):
    """`word_count` and `version` are the database's."""

    model_config = ConfigDict(extra="ignore")

    word_count: int = 0
    version: int = 1
    last_edit_device: str | None = None
    linked_notes: tuple[AnyId, ...] | None = None
    categories: tuple[str, ...] | None = None


class NewNoteMetadata(Wire):
    last_edit_device: Annotated[Line, StringConstraints(max_length=100)] | None = None
    linked_notes: Annotated[tuple[AnyId, ...], Field(max_length=50)] | None = None
    categories: Annotated[tuple[Tag, ...], Field(max_length=TAGS_MAX)] | None = None


class NewNote(Wire):
    """`timestamp`: seconds into the recording, the lesson's video or the live session that it is about (W166)."""

    title: NoteTitle
    content: Content
    module_id: AnyId | None = None
    lesson_id: ItemId | None = None  # of that module
    audio_recording_id: AnyId | None = None
    session_id: AnyId | None = None
    timestamp: Annotated[Whole, Field(ge=0)] | None = None
    tags: Tags = ()
    is_private: Flag = True
    is_pinned: Flag = False
    metadata: NewNoteMetadata = NewNoteMetadata()

    @field_validator("lesson_id")
    @classmethod
    def _is_in_a_module(cls, lesson: str | None, info: ValidationInfo) -> str | None:
        if lesson is not None and info.data.get("module_id") is None:
            raise ValueError("a lesson belongs to a module")
        return lesson

    @field_validator("timestamp")
    @classmethod
    def _is_of_something(cls, timestamp: int | None, info: ValidationInfo) -> int | None:
        about = ("audio_recording_id", "lesson_id", "session_id")
        if timestamp is not None and not any(info.data.get(each) for each in about):
            raise ValueError("needs an audio or video that it is a moment of")
        return timestamp


class NoteChange(Wire):
    """null takes away what a note refers to; what is left of its rules the database checks."""

    title: NoteTitle = ""
    content: Content = ""
    module_id: AnyId | None = None
    lesson_id: ItemId | None = None
    audio_recording_id: AnyId | None = None
    session_id: AnyId | None = None
    timestamp: Annotated[Whole, Field(ge=0)] | None = None
    tags: Tags = ()
    is_private: Flag = True
    is_pinned: Flag = False
    metadata: NewNoteMetadata = NewNoteMetadata()


class Note(Wire):
    """Its metadata is its writer's, too, so it belongs to the version that a change names (W155, D36)."""

    moving: ClassVar[frozenset[str]] = frozenset()

    id: AnyId
    user_id: UserIdField
    title: str
    content: str
    module_id: AnyId | None
    lesson_id: str | None
    audio_recording_id: AnyId | None
    session_id: AnyId | None
    timestamp: int | None
    tags: tuple[str, ...]
    is_private: bool
    is_pinned: bool
    metadata: NoteMetadata
    created_at: datetime
    updated_at: datetime
