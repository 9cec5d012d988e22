"""The workbook's TypeScript interfaces and enums are what our models read and show: the document's names, kinds and which of
them may be missing; and the database takes no word that is not in a documented enum."""

from enum import StrEnum
from typing import Any

import asyncpg
import pytest
from pydantic import BaseModel, ValidationError

from persistence.models.module import LessonContent, LessonType, ModuleContent, WorkshopLesson, WorkshopModule
from persistence.models.note import Note, NoteMetadata
from persistence.models.participant import ParticipantMetadata, SessionParticipant
from persistence.models.progress import Progress, ProgressStatus
from persistence.models.recording import AudioMetadata, AudioRecording
from persistence.models.session import LiveSession, SessionMetadata
from persistence.models.transcription import (
    TranscriptionMetadata,
    TranscriptionRecord,
    TranscriptionSegment,
    TranscriptionStatus,
    TranscriptionWord,
)
from persistence.models.user import SubscriptionTier, WorkbookUser
from rooms.lifecycle import FeatureType, SessionFeature, Status
from rooms.roles import Permission, Role
from tests.persistence.documents import Field, enums, interfaces
from tests.persistence.test_schema import CONTENT, add_module, add_transcript, lessons
from tests.persistence.workshop import Workshop

requirement = pytest.mark.requirement

# fmt: off
MODELS = [
    pytest.param("WorkbookUser", WorkbookUser, marks=requirement("W001")),
    pytest.param("WorkshopModule", WorkshopModule, marks=requirement("W017")),
    pytest.param("ModuleContent", ModuleContent, marks=requirement("W030", "W031", "W032", "W033", "W034")),
    pytest.param("WorkshopLesson", WorkshopLesson, marks=requirement("W035", "W036", "W037", "W038", "W039", "W040")),
    pytest.param("LessonContent", LessonContent, marks=requirement("W041", "W042", "W043", "W044")),
    pytest.param("UserProgress", Progress, marks=requirement("W052")),
    pytest.param("AudioRecording", AudioRecording, marks=requirement("W076")),
    pytest.param("AudioMetadata", AudioMetadata, marks=requirement("W091", "W092", "W093", "W094", "W095", "W096")),
    pytest.param("TranscriptionRecord", TranscriptionRecord, marks=requirement("W104")),
    pytest.param("TranscriptionMetadata", TranscriptionMetadata, marks=requirement("W119", "W120", "W121")),
    pytest.param("TranscriptionSegment", TranscriptionSegment, marks=requirement("W122", "W123", "W124")),
    pytest.param("TranscriptionWord", TranscriptionWord, marks=requirement("W125", "W126", "W127", "W128")),
    pytest.param("WorkbookNote", Note, marks=requirement("W137")),
    pytest.param("NoteMetadata", NoteMetadata, marks=requirement("W153", "W154", "W155", "W156", "W157")),
    pytest.param("LiveSession", LiveSession, marks=requirement("W167")),
    pytest.param("SessionFeature", SessionFeature, marks=requirement("W185", "W186", "W187")),
    pytest.param("SessionMetadata", SessionMetadata, marks=requirement("W188", "W189", "W190", "W191")),
    pytest.param("SessionParticipant", SessionParticipant, marks=requirement("W201")),
    pytest.param("ParticipantMetadata", ParticipantMetadata, marks=requirement("W216", "W217", "W218", "W219", "W220")),
]
# fmt: on

MAY_BE_NULL = {
    # one name may be all that somebody has; nothing is invented (W004, W005)
    *("WorkbookUser.firstName", "WorkbookUser.lastName"),
    "WorkshopModule.description",  # its column may be NULL
    # until it is completed
    *(f"TranscriptionRecord.{name}" for name in ("text", "confidence", "language", "wordCount", "processingTime")),
    "TranscriptionMetadata.model",
}
KINDS = {"string": {"string"}, "number": {"number", "integer"}, "boolean": {"boolean"}}


def kinds(schema: dict[str, Any], whole: dict[str, Any]) -> list[dict[str, Any]]:
    """What a value may be, alternatives apart and references followed."""
    if "$ref" in schema:
        return kinds(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    if "anyOf" in schema:
        return [kind for each in schema["anyOf"] for kind in kinds(each, whole)]
    return [schema]


def agrees(said: str, found: dict[str, Any], whole: dict[str, Any]) -> bool:
    if said.endswith("[]"):
        return found.get("type") == "array" and all(
            agrees(said[:-2], kind, whole) for kind in kinds(found["items"], whole)
        )
    if said in enums():
        return sorted(found["enum"]) == sorted(enums()[said])
    if said.startswith("'"):
        return sorted(found["enum"]) == sorted(said.replace("'", "").split(" | "))
    if said == "Date":
        return (found.get("type"), found.get("format")) == ("string", "date-time")
    return found.get("type") in KINDS.get(said, {"object"})


@pytest.mark.parametrize(("name", "model"), MODELS)
def test_a_model_has_the_fields_of_its_interface(name: str, model: type[BaseModel], subtests: pytest.Subtests) -> None:
    whole = model.model_json_schema(by_alias=True, mode="serialization")
    for field, said in interfaces()[name].items():
        with subtests.test(field):
            assert field in whole["properties"]
            found = kinds(whole["properties"][field], whole)
            given = [kind for kind in found if kind.get("type") != "null"]
            assert given
            assert all(agrees(said.type, kind, whole) for kind in given)
            optional = said.is_optional or f"{name}.{field}" in MAY_BE_NULL
            assert (len(given) < len(found)) <= optional


@pytest.mark.parametrize(("name", "model"), MODELS)
def test_a_value_of_another_kind_is_refused(name: str, model: type[BaseModel], subtests: pytest.Subtests) -> None:
    """What a JSON column holds is read by its model, too."""
    for field, said in interfaces()[name].items():
        with subtests.test(field), pytest.raises(ValidationError) as error:
            model.model_validate({field: wrong(said)})
        assert field in {each["loc"][0] for each in error.value.errors()}


def wrong(said: Field) -> object:
    return ["x"] if said.type in {"number", "boolean", "Date"} else 5


ENUMS = [
    pytest.param("SubscriptionTier", SubscriptionTier, marks=requirement("W011")),
    pytest.param("LessonType", LessonType, marks=requirement("W029")),
    pytest.param("ProgressStatus", ProgressStatus, marks=requirement("W065")),
    pytest.param("TranscriptionStatus", TranscriptionStatus, marks=requirement("W118")),
    pytest.param("SessionStatus", Status, marks=requirement("W183")),
    pytest.param("FeatureType", FeatureType, marks=requirement("W184")),
    pytest.param("ParticipantRole", Role, marks=requirement("W214")),
    pytest.param("Permission", Permission, marks=requirement("W215")),
]
STORED = {
    # what puts one word of an enum into a row, with the triggers off; $1 is the word as JSON
    "SubscriptionTier": "UPDATE workbook_users SET subscription_tier = $1::jsonb #>> '{}'",
    "LessonType": "UPDATE workshop_modules SET content = jsonb_set(content, '{lessons,0,type}', $1::jsonb)",
    "ProgressStatus": "UPDATE user_progress SET status = $1::jsonb #>> '{}', progress_percent = CASE $1::jsonb #>> '{}' "
    "WHEN 'completed' THEN 100 ELSE 0 END, completed_at = CASE $1::jsonb #>> '{}' WHEN 'completed' THEN now() END, "
    "first_completed_at = now()",
    "TranscriptionStatus": "UPDATE transcription_records SET status = $1::jsonb #>> '{}', text = 'a', confidence = 1, "
    "language = 'en', processing_time = 1, metadata = '{\"model\": \"m\"}'",
    "SessionStatus": "UPDATE live_sessions SET status = $1::jsonb #>> '{}', actual_start = CASE WHEN $1::jsonb #>> '{}' IN "
    "('active', 'paused', 'ended') THEN now() END, actual_end = CASE $1::jsonb #>> '{}' WHEN 'ended' THEN now() END",
    "FeatureType": "UPDATE live_sessions SET features = jsonb_build_array(jsonb_build_object('type', $1::jsonb, "
    "'isEnabled', true, 'config', '{}'::jsonb))",
    "ParticipantRole": "UPDATE session_participants SET role = $1::jsonb #>> '{}'",
    "Permission": "UPDATE session_participants SET permissions = jsonb_build_array($1::jsonb)",
}


@pytest.mark.requirement("D04")
@pytest.mark.parametrize(("name", "model"), ENUMS)
async def test_the_words_of_an_enum_are_these_and_no_others(
    workshop: Workshop, dsn: str, name: str, model: type[StrEnum]
) -> None:
    assert [each.value for each in model] == enums()[name]
    await one_of_each(workshop)
    owner = await asyncpg.connect(dsn, server_settings={"search_path": "live, workbook"})
    try:
        await owner.execute("SET session_replication_role = replica")
        for word in enums()[name]:
            assert await owner.execute(STORED[name], f'"{word}"') != "UPDATE 0", word
        for word in ("bogus", enums()[name][0].upper(), ""):
            with pytest.raises(asyncpg.CheckViolationError):
                await owner.execute(STORED[name], f'"{word}"')
    finally:
        await owner.close()


async def one_of_each(workshop: Workshop) -> None:
    """At least one row of every table that has an enum."""
    module = await add_module(workshop, content=CONTENT | {"lessons": lessons({})["lessons"]})
    await workshop.execute("INSERT INTO user_progress (user_id, module_id) VALUES ($1, $2)", workshop.ana, module)
    await add_transcript(workshop)
    await workshop.take_part(workshop.ana)
