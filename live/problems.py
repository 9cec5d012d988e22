"""What goes wrong over HTTP, as RFC 9457 problem documents: the one place where refusals, faulty input, a lost database and
our own bugs become a status and a stable `code`. The codes of the rules are those of rooms/refusal.py; REST adds a few.

Knows no route. A problem never carries a value somebody sent, a traceback or a name of a table.
"""

import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from math import ceil
from typing import Any
from uuid import uuid4

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from live.hosts import NoSession
from media.store import StoreFailed
from persistence.database import Unavailable
from persistence.directory import AddressTaken, LastAdministrator
from persistence.event_log import Damaged
from persistence.invitations import NotInvited
from persistence.models.validation import Invalid
from persistence.passwords import TooBusy
from persistence.registrations import SessionOver
from persistence.sessions import NotAnInstructor
from rooms.refusal import Refused

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TYPE_BASE = "/api/docs#"
REQUEST_ID = web.RequestKey("request_id", str)
ERRORS_MAX = 50

# Codes that are not listed are conflicts with the present state of a session.
STATUS: Mapping[str, int] = {
    "bad_request": 400,
    "unauthenticated": 401,
    "token_invalid": 401,
    "token_expired": 401,
    "token_revoked": 401,
    "wrong_credentials": 401,
    "wrong_password": 403,
    "forbidden": 403,
    "no_workshop_access": 403,
    "participant.banned": 403,
    "participant.denied": 403,
    "participant.not_admitted": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "too_slow": 408,
    "conflict": 409,
    "in_progress": 409,
    "illegal_transition": 409,
    "precondition_failed": 412,
    "too_large": 413,
    "unsupported_media_type": 415,
    "range_not_satisfiable": 416,
    "precondition_required": 428,
    "rate_limited": 429,
    "chat.slow": 429,
    "internal": 500,
    "session.damaged": 500,
    "overloaded": 503,
    "unavailable": 503,
}
TITLES: Mapping[str, str] = {
    "bad_request": "The request is malformed",
    "unauthenticated": "Sign in first",
    "token_expired": "This token is no longer good: renew it",
    "token_invalid": "This is not a token of ours",
    "token_revoked": "This sign-in was ended",
    "wrong_credentials": "The address or the password is wrong",
    "wrong_password": "This is not the present password",
    "no_workshop_access": "Access to workshops was withdrawn",
    "address_taken": "There is an account with this address already",
    "last_administrator": "Nobody would be left who can give roles",
    "hosts_session": "A session that is not over is hosted: hand it over, or cancel it, first",
    "forbidden": "You may not do this",
    "not_found": "There is nothing here that you may know of",
    "id_reused": "This id was used before with another content",
    "in_progress": "The first request with this key is still running",
    "precondition_failed": "It changed since you read it",
    "precondition_required": "Say which version you read: If-Match",
    "range_not_satisfiable": "There is nothing in this range",
    "too_slow": "The body came too slowly",
    "rate_limited": "Too many requests",
    "internal": "Something went wrong here",
    "session.damaged": "This session cannot be opened until its operator has seen to it",
    "unavailable": "The database cannot be reached",
}
_BY_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media_type"}
_TRANSITION = re.compile(r"illegal \S+ transition: .*")
_ROW_REFUSED = re.compile("new row violates row-level security policy")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the input: `pointer` into the body (RFC 6901) or the name of a query or header parameter."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None


class Problem(Exception):
    """Raised anywhere on the way of a request; becomes the answer."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        status: int | None = None,
        errors: Sequence[Fault] = (),
        allowed: Sequence[str] = (),
        retry_after_s: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code, detail)
        self.code = code
        self.status = status or status_of(code)
        self.detail = detail
        self.errors = errors
        self.allowed = allowed
        self.retry_after_s = retry_after_s
        self.headers = headers or {}

    def document(self, request_id: str | None = None) -> dict[str, Any]:
        """Members that say nothing are left out. `requestId` finds the request in the log."""
        return {
            "type": TYPE_BASE + self.code,
            "title": TITLES.get(self.code) or HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            **({"detail": self.detail} if self.detail else {}),
            **({"errors": [_given(each) for each in self.errors[:ERRORS_MAX]]} if self.errors else {}),
            **({"allowed": list(self.allowed)} if self.allowed else {}),
            **({"retryAfter": self.retry_after_s} if self.retry_after_s is not None else {}),
            **({"requestId": request_id} if request_id and self.status >= 500 else {}),
        }

    def response(self, request_id: str | None = None) -> web.Response:
        headers = {"Cache-Control": "private, no-store", **self.headers}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(max(1, ceil(self.retry_after_s)))
        if self.status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="atelier"'
        body = json.dumps(self.document(request_id), ensure_ascii=False).encode()
        return web.Response(status=self.status, body=body, content_type=CONTENT_TYPE, headers=headers)


def status_of(code: str) -> int:
    return STATUS.get(code, 409)


def not_found() -> Problem:
    """The same for what does not exist and for what one may not know of (attack 18)."""
    return Problem("not_found")


def invalid(errors: Sequence[Fault]) -> Problem:
    return Problem("bad_request", "some of what was sent is not valid", status=422, errors=errors)


def faults_of(error: ValidationError, *, where: str = "body", strip: Iterable[str] = ()) -> list[Fault]:
    """Every fault at its place. `strip` names tags of a union, which pydantic puts before the field."""
    tags, found = frozenset(strip), []
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        path = [part for index, part in enumerate(each["loc"]) if index or part not in tags]
        detail = each["msg"].removeprefix("Value error, ")
        if where == "body":
            found.append(Fault(detail, pointer="".join("/" + _escaped(part) for part in path)))
        else:
            found.append(Fault(detail, parameter=str(path[0]) if path else where))
    return found


_SAID_BY_ITSELF: Mapping[type[Exception], str] = {
    SessionOver: "session.ended",
    AddressTaken: "address_taken",
    LastAdministrator: "last_administrator",
    Damaged: "session.damaged",
}


def problem_of(error: Exception) -> Problem:
    """What an exception means to whoever asked. Whatever has no meaning here is our own bug."""
    match error:
        case Problem():
            return error
        case Refused():
            return Problem(error.code, error.detail, allowed=error.allowed, retry_after_s=error.retry_after_s)
        case Invalid():
            return invalid([Fault(each.message, pointer=each.pointer) for each in error.errors])
        case Unavailable() | StoreFailed():
            return Problem("unavailable", "try again in a moment", retry_after_s=1)
        case TooBusy():
            return Problem("overloaded", retry_after_s=1)
        case NoSession() | NotInvited():
            return not_found()
        case NotAnInstructor():
            return Problem("forbidden", "only instructors and administrators host sessions")
        case SessionOver() | AddressTaken() | LastAdministrator() | Damaged():
            return Problem(_SAID_BY_ITSELF[type(error)])
        case web.HTTPException():
            return _of_http(error)
        case _:
            return _of_database(error) or Problem("internal")


def _of_http(error: web.HTTPException) -> Problem:
    """What aiohttp itself answers: no such route, another method, a body that is too large."""
    code = _BY_STATUS.get(error.status, "bad_request" if error.status < 500 else "internal")
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return Problem(code, status=error.status, headers=headers)


def _of_database(error: Exception) -> Problem | None:
    """By SQLSTATE, without knowing the driver: what no check before it caught, or what only the database can know."""
    state = getattr(error, "sqlstate", None)
    constraint = getattr(error, "constraint_name", None) or ""
    if not isinstance(state, str):
        return None
    if state == "23514" and constraint.endswith("_transition"):
        told = str(error) if _TRANSITION.fullmatch(str(error)) else ""
        return Problem("illegal_transition", told, allowed=(getattr(error, "detail", None) or "").split())
    if state == "42501" and (_ROW_REFUSED.match(str(error)) or getattr(error, "column_name", None)):
        return Problem("forbidden", str(error) if getattr(error, "column_name", None) else "")
    if state == "23503" and (field := _field_of(error, constraint, "_fkey")):
        return invalid([Fault("there is nothing with this id that you may name", pointer=field)])
    if state == "23514" and (field := _field_of(error, constraint, "_check")):
        return invalid([Fault(getattr(error, "hint", None) or "is not allowed here", pointer=field)])
    if state in {"23505", "23P01", "40001", "40P01"}:
        return Problem("conflict", "this conflicts with something that exists already")
    if state in {"23503", "23514", "23502"} or state.startswith("22"):
        return Problem("bad_request", "the database refuses this value", status=422)
    return None


def _field_of(error: Exception, constraint: str, ending: str) -> str | None:
    """A pointer to the field, where Postgres has named the constraint after its column."""
    table = getattr(error, "table_name", None) or ""
    column = constraint.removeprefix(f"{table}_").removesuffix(ending)
    named_so = table and constraint == f"{table}_{column}{ending}"
    return "/" + to_camel(column) if named_so else None


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Outermost of REST: gives a request its id, makes every failure under /api a problem document and logs it in one line.
    Elsewhere only our own bugs become one; the socket and the pages have failures of their own."""
    request[REQUEST_ID] = uuid4().hex
    try:
        response = await handler(request)
    except web.HTTPException as error:
        if error.status < 400 or not request.path.startswith("/api/"):
            raise
        response = _told(request, _of_http(error))
    except Exception as error:  # noqa: BLE001 - the last place before the wire
        response = _told(request, problem_of(error), error)
    if not response.prepared:
        response.headers["X-Request-Id"] = request[REQUEST_ID]
    return response


def _told(request: web.Request, problem: Problem, cause: Exception | None = None) -> web.Response:
    """The path without its query: nothing secret stands in either, but the query was not read yet."""
    bug = problem.code == "internal"
    log.log(
        logging.ERROR if bug else logging.INFO,
        "%s %s refused: %d %s %s",
        request.method,
        request.path[:200],
        problem.status,
        problem.code,
        request[REQUEST_ID],
        exc_info=cause if bug else None,
    )
    return problem.response(request[REQUEST_ID])


def _given(fault: Fault) -> dict[str, str]:
    place = {"pointer": fault.pointer} if fault.pointer is not None else {"parameter": fault.parameter or ""}
    return {**place, "detail": fault.detail}


def _escaped(part: int | str) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
