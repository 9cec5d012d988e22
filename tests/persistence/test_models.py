"""Validation of what is sent, without a database: every error at once, at its place (W014-W016, W048-W051, W253, W258, D40,
D46, D48)."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from persistence.models.module import NewModule
from persistence.models.participant import ParticipantMetadata
from persistence.models.registration import NewInvitation, NewRegistration
from persistence.models.session import LiveSession, NewSession, SessionMetadata
from persistence.models.user import NewUser, UserChange
from persistence.models.validation import Invalid, parse, validate

USER: dict[str, Any] = {"email": "ana@example.org", "firstName": "Ana", "lastName": "Example"}
SESSION: dict[str, Any] = {
    "title": "Sketching",
    "scheduledStart": "2030-05-06T09:00:00Z",
    "scheduledEnd": "2030-05-06T10:00:00Z",
}
LESSON: dict[str, Any] = {
    "id": "l1",
    "title": "One",
    "type": "text",
    "content": {"text": "…"},
    "estimatedMinutes": 5,
    "sortOrder": 1,
}
MODULE: dict[str, Any] = {
    "title": "Sketching",
    "moduleOrder": 1,
    "durationMinutes": 60,
    "content": {"overview": "o", "learningObjectives": ["draw"], "lessons": [LESSON], "resources": []},
}
SOMEBODY = "00000000-0000-4000-8000-000000000001"
WHOLE: dict[type[BaseModel], dict[str, Any]] = {
    NewUser: USER,
    NewSession: SESSION,
    NewModule: MODULE,
    NewInvitation: {},
    NewRegistration: {},
}


@pytest.mark.parametrize("model", WHOLE)
def test_what_is_whole_is_valid(model: type[BaseModel]) -> None:
    result = validate(model, WHOLE[model])
    assert result.is_valid
    assert result.errors == ()


@pytest.mark.parametrize("model", WHOLE)
def test_attack_24_unknown_fields_are_refused(model: type[BaseModel]) -> None:
    result = validate(model, WHOLE[model] | {"createdAt": "2030-01-01T00:00:00Z", "participationScore": 100})
    assert [error.pointer for error in result.errors] == ["/createdAt", "/participationScore"]


def deep(path: str, value: Any) -> dict[str, Any]:
    """MODULE with one value changed, `content.lessons.0.type`."""
    whole = copy.deepcopy(MODULE)
    *way, last = path.split(".")
    place: Any = whole
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[last] = value
    return whole


REFUSED: list[tuple[str, type[BaseModel], dict[str, Any], str]] = [
    ("W014 no address", NewUser, USER | {"email": "ana"}, "/email"),
    ("W014 too long", NewUser, USER | {"email": "a" * 250 + "@example.org"}, "/email"),
    ("W015 empty name", NewUser, USER | {"firstName": "  "}, "/firstName"),
    ("W015 long name", NewUser, USER | {"lastName": "x" * 51}, "/lastName"),
    ("a name of two lines", NewUser, USER | {"firstName": "A\nB"}, "/firstName"),
    ("a name that turns the line around", NewUser, USER | {"fullName": "Ana\u202eretsaM"}, "/fullName"),
    ("a short password", NewUser, USER | {"password": "short"}, "/password"),
    ("an endless password", NewUser, USER | {"password": "x" * 201}, "/password"),
    ("no such role", NewUser, USER | {"roles": ["owner"]}, "/roles/0"),
    ("names are not made empty", UserChange, {"firstName": ""}, "/firstName"),
    ("W048 short title", NewModule, deep("title", "Four"), "/title"),
    ("W048 short when trimmed", NewModule, deep("title", "  1   "), "/title"),
    ("W048 long title", NewModule, deep("title", "x" * 101), "/title"),
    ("W049 order 0", NewModule, deep("moduleOrder", 0), "/moduleOrder"),
    ("W049 order 7", NewModule, deep("moduleOrder", 7), "/moduleOrder"),
    ("W050 no time", NewModule, deep("durationMinutes", 0), "/durationMinutes"),
    ("W050 part of a minute", NewModule, deep("durationMinutes", 1.5), "/durationMinutes"),
    ("W051 no id", NewModule, MODULE | {"prerequisites": ["x"]}, "/prerequisites/0"),
    ("a prerequisite twice", NewModule, MODULE | {"prerequisites": [SOMEBODY, SOMEBODY]}, "/prerequisites"),
    ("W029 no such type", NewModule, deep("content.lessons.0.type", "podcast"), "/content/lessons/0/type"),
    ("W035 long id", NewModule, deep("content.lessons.0.id", "x" * 51), "/content/lessons/0/id"),
    ("W039 no minutes", NewModule, deep("content.lessons.0.estimatedMinutes", 0), "/content/lessons/0/estimatedMinutes"),
    ("W042 a script", NewModule, deep("content.lessons.0.content.videoUrl", "javascript:1"), "/content/lessons/0/content/videoUrl"),
    ("W035 an id twice", NewModule, deep("content.lessons", [LESSON, LESSON | {"sortOrder": 2}]), "/content/lessons"),
    ("W040 a place twice", NewModule, deep("content.lessons", [LESSON, LESSON | {"id": "l2"}]), "/content/lessons"),
    ("D48 a resource needs an address", NewModule, deep("content.resources", [{"id": "r", "title": "R", "type": "pdf"}]), "/content/resources/0/url"),
    ("W169 long title", NewSession, SESSION | {"title": "x" * 201}, "/title"),
    ("W173 a time without a zone", NewSession, SESSION | {"scheduledStart": "2030-05-06T09:00:00"}, "/scheduledStart"),
    ("W258 ends as it starts", NewSession, SESSION | {"scheduledEnd": SESSION["scheduledStart"]}, "/scheduledEnd"),
    ("lasts for ever", NewSession, SESSION | {"scheduledEnd": "2031-05-06T09:00:00Z"}, "/scheduledEnd"),
    ("D44 nobody", NewSession, SESSION | {"maxParticipants": 0}, "/maxParticipants"),
    ("D44 everybody", NewSession, SESSION | {"maxParticipants": 10_001}, "/maxParticipants"),
    ("D40 a feature twice", NewSession, SESSION | {"features": [{"type": "qa"}, {"type": "qa"}]}, "/features"),
    ("W184 no such feature", NewSession, SESSION | {"features": [{"type": "sms"}]}, "/features/0/type"),
    ("W186 no flag", NewSession, SESSION | {"features": [{"type": "qa", "isEnabled": 1}]}, "/features/0/isEnabled"),
    ("the instructor is not invited", NewInvitation, {"role": "instructor"}, "/role"),
    ("for ever", NewInvitation, {"expiresInHours": 24 * 91}, "/expiresInHours"),
    ("nor registered", NewRegistration, {"role": "instructor"}, "/role"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "model", "sent", "pointer"), REFUSED, ids=[case[0] for case in REFUSED])
@pytest.mark.requirement(
    "W014",
    "W015",
    "W029",
    "W035",
    "W039",
    "W040",
    "W042",
    "W048",
    "W049",
    "W050",
    "W051",
    "W169",
    "W184",
    "W186",
    "W258",
    "D40",
    "D44",
    "D46",
    "D48",
)
def test_a_rule_names_the_field_that_breaks_it(
    rule: str, model: type[BaseModel], sent: dict[str, Any], pointer: str
) -> None:
    result = validate(model, sent)
    assert not result.is_valid
    assert [error.pointer for error in result.errors] == [pointer]
    assert result.errors[0].code
    assert result.errors[0].message


@pytest.mark.requirement("W253")
def test_w253_all_errors_are_named_also_those_between_fields() -> None:
    sent = SESSION | {"title": "", "scheduledEnd": "2030-05-06T08:00:00Z", "maxParticipants": -1, "extra": 1}
    with pytest.raises(Invalid) as refused:
        parse(NewSession, sent)
    assert {error.pointer for error in refused.value.errors} == {
        "/title",
        "/scheduledEnd",
        "/maxParticipants",
        "/extra",
    }


def test_an_error_never_repeats_what_was_sent() -> None:
    result = validate(NewUser, USER | {"email": "canary", "password": "canary"})
    assert len(result.errors) == 2
    assert "canary" not in str(result)


@pytest.mark.requirement("W177", "W179", "D40", "D41")
def test_defaults_are_the_resolved_ones() -> None:
    session = parse(NewSession, SESSION)
    assert (session.max_participants, session.lobby) == (50, True)
    assert [feature.type.value for feature in session.features] == [
        "poll",
        "qa",
        "breakout",
        "whiteboard",
        "recording",
        "chat",
    ]
    assert SessionMetadata().model_dump(by_alias=True, exclude_none=True) == {"participantCount": 0}
    assert ParticipantMetadata().model_dump(by_alias=True, exclude_none=True) == {
        "totalTimeMinutes": 0,
        "interactionCount": 0,
        "questionsAsked": 0,
        "pollsAnswered": 0,
    }


def test_a_password_is_never_printed() -> None:
    assert "a long enough password" not in repr(NewUser.model_validate(USER | {"password": "a long enough password"}))


def test_w168_a_session_is_shown_with_the_documents_names_and_times_in_utc() -> None:
    at = datetime(2030, 5, 6, 9, tzinfo=UTC)
    row = {
        "id": SOMEBODY,
        "title": "Sketching",
        "description": None,
        "instructor_id": SOMEBODY,
        "module_id": None,
        "scheduled_start": at,
        "scheduled_end": at,
        "actual_start": None,
        "actual_end": None,
        "max_participants": 50,
        "status": "scheduled",
        "features": (),
        "metadata": {"participantCount": 3},
        "created_at": at,
        "updated_at": at,
    }
    shown = LiveSession.model_validate(row).model_dump(mode="json", by_alias=True)
    assert list(shown) == [
        "id", "title", "description", "instructorId", "moduleId", "scheduledStart", "scheduledEnd", "actualStart", "actualEnd",
        "maxParticipants", "status", "features", "metadata", "createdAt", "updatedAt",
    ]  # fmt: skip
    assert shown["scheduledStart"] == "2030-05-06T09:00:00Z"
