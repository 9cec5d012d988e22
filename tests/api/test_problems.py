"""RFC 9457 documents: one place, stable codes, nothing that somebody sent."""

import json

import pytest
from aiohttp import web
from pydantic import ValidationError

from live.problems import Fault, Problem, faults_of, invalid, problem_of, status_of
from persistence.database import Unavailable
from persistence.models.session import NewSession
from persistence.models.validation import FieldError, Invalid
from persistence.passwords import TooBusy
from rooms import refusal
from rooms.protocol import COMMANDS
from rooms.refusal import Refused


def test_every_code_of_the_rules_has_a_client_error_status() -> None:
    names = [line.split("  ")[0] for line in (refusal.__doc__ or "").splitlines() if line[:1].islower()]
    codes = [code.strip() for name in names for code in name.split(",") if code.strip()]
    assert {"forbidden", "session.paused", "poll.not_open", "chat.slow"} <= set(codes)
    assert all(400 <= status_of(code) < 600 for code in codes)
    assert status_of("session.illegal_transition") == 409


@pytest.mark.parametrize(
    ("raised", "code", "status"),
    [
        (Refused("session.illegal_transition", "no", allowed=("active",)), "session.illegal_transition", 409),
        (Refused("forbidden"), "forbidden", 403),
        (Refused("chat.slow", retry_after_s=3), "chat.slow", 429),
        (Unavailable(), "unavailable", 503),
        (TooBusy(), "overloaded", 503),
        (Invalid(FieldError("/title", "too_long", "too long")), "bad_request", 422),
        (web.HTTPNotFound(), "not_found", 404),
        (web.HTTPMethodNotAllowed("PUT", ["GET"]), "method_not_allowed", 405),
        (web.HTTPRequestEntityTooLarge(10, 11), "too_large", 413),
        (KeyError("a secret value"), "internal", 500),
    ],
)
def test_what_an_exception_means(raised: Exception, code: str, status: int) -> None:
    problem = problem_of(raised)
    assert (problem.code, problem.status) == (code, status)
    assert "secret" not in json.dumps(problem.document("id"))


class FromPostgres(Exception):
    def __init__(self, sqlstate: str, constraint_name: str | None, text: str) -> None:
        super().__init__(text)
        self.sqlstate, self.constraint_name = sqlstate, constraint_name


@pytest.mark.parametrize(
    ("sqlstate", "constraint", "code"),
    [
        ("23514", "account_transition", "illegal_transition"),
        ("23514", "check_session_times", "bad_request"),
        ("23505", "live_sessions_pkey", "conflict"),
        ("22003", None, "bad_request"),
        ("42703", None, "internal"),
    ],
)
def test_what_a_constraint_means(sqlstate: str, constraint: str | None, code: str) -> None:
    document = problem_of(FromPostgres(sqlstate, constraint, 'column "secret" of table')).document()
    assert document["code"] == code
    assert "secret" not in json.dumps(document)


def test_a_problem_says_what_may_follow_and_when() -> None:
    response = problem_of(Refused("chat.slow", "wait", retry_after_s=2.2, allowed=("a",))).response("id")
    document = json.loads(str(response.text))
    assert response.headers["Retry-After"] == "3"
    assert (document["retryAfter"], document["allowed"]) == (2.2, ["a"])
    assert "requestId" not in document, "only of our own failures"
    assert response.content_type == "application/problem+json"


def test_all_faults_at_once_at_their_places() -> None:
    with pytest.raises(ValidationError) as found:
        NewSession.model_validate(
            {
                "title": "",
                "scheduledStart": "2030-01-01T10:00:00Z",
                "scheduledEnd": "2030-01-01T09:00:00Z",
                "features": [{"type": "chat"}, {"type": "tea~/time"}],
                "participationScore": 100,
            }
        )
    document = invalid(faults_of(found.value)).document()
    pointers = {each["pointer"] for each in document["errors"]}
    assert document["status"] == 422
    assert {"/title", "/scheduledEnd", "/features/1/type", "/participationScore"} <= pointers
    assert "tea~/time" not in json.dumps(document)


def test_pointers_into_a_command_do_not_name_its_type() -> None:
    with pytest.raises(ValidationError) as found:
        COMMANDS.validate_python({"type": "hand.lower", "userId": "x"})
    assert [each.pointer for each in faults_of(found.value, strip=("hand.lower",))] == ["/userId"]


def test_pointers_are_escaped() -> None:
    assert Problem("x", errors=[Fault("no", pointer="/a~1b")]).document()["errors"][0]["pointer"] == "/a~1b"
