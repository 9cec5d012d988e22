"""Carries out a declared route: one request in, one answer out. The same steps for every route, in this order:

address limit, sign-in, user limit, path (404), who may (403, 404), the version one read (428, 412), query and body (400, 413,
415, 422 with every fault), a repeated request (its first answer), the function itself, who read what of whom, entity tag and page links.
"""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, assert_never
from urllib.parse import urlencode

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from live.api.call import Call
from live.api.ranges import send_ranged, send_streamed
from live.api.representation import encoded, entity_tag, is_version, tags_in
from live.api.route import BASE, Audited, File, Listing, Ranged, Route, Streamed, Upload, Who
from live.api.strict_json import BODY_BYTES_MAX, parse, read_bounded
from live.auth import find_sender
from live.keys import INTAKE
from live.limits import ANSWER_PIECE_BYTES, ANSWER_PIECE_WITHIN_S
from live.problems import Fault, Problem, faults_of, invalid, not_found
from persistence.audit import Access
from persistence.idempotency import Answered, Idempotency, KeyReused, StillRunning
from rooms.ids import UUID_PATTERN, SessionId

KEY_CHARACTERS_MAX = 255
JSON = "application/json"
UUID = re.compile(UUID_PATTERN)
PRIVATE = "private, no-cache"  # may be kept by the reader's own browser, and is asked for again


async def exchange(route: Route, request: web.Request) -> web.StreamResponse:
    call = Call(request)
    _require(call.limits.rest_per_address.take(call.address))
    if route.who is not Who.ANYONE or route.recognises:
        call.reader = await find_sender(request)
    if route.who is not Who.ANYONE and call.reader is None:
        raise Problem("unauthenticated")
    if call.reader is not None:
        _require(call.limits.rest_per_user.take(call.user, route.cost))
    path = _read_path(route, request)
    await _require_may(route.who, call, path.get("session_id"))
    if route.matches is not None:
        await _require_version(route, route.matches, call, path)
    if route.admits is not None:
        await route.admits(call, **path)
    with _room_for(route, call):
        given, body = await _read_input(route, request)
        if route.method == "POST" and route.keyed and call.reader is not None and "Idempotency-Key" in request.headers:
            return await _once(route, call, path, given, body)
        return await _carry_out(route, call, path, given)


def _require(wait_s: float) -> None:
    if wait_s > 0:
        raise Problem("rate_limited", retry_after_s=wait_s)


# -- Who may --


async def _require_may(who: Who, call: Call, session: SessionId | None) -> None:
    if not await _may(who, call, session):
        raise Problem("forbidden")


async def _may(who: Who, call: Call, session: SessionId | None) -> bool:
    match who:
        case Who.ANYONE | Who.SIGNED_IN:
            return True
        case Who.ACCOUNT:
            return call.sender.guest_of is None
        case Who.INSTRUCTOR:
            return call.sender.schedules
        case Who.ADMIN:
            return call.sender.admin
        case Who.MEMBER | Who.STAFF | Who.HOST:
            assert session is not None, "a route of a session has it in its path"
            if await call.session(session) is None:
                raise not_found()
            if who is Who.MEMBER:
                return True
            return await (call.staffs(session) if who is Who.STAFF else call.hosts_it(session))
        case _:
            assert_never(who)


async def _require_version(route: Route, matches: Route, call: Call, path: Mapping[str, Any]) -> None:
    """If-Match names the representation that a GET of `matches` gives this reader now."""
    given = call.request.headers.get("If-Match")
    if given is None:
        raise Problem("precondition_required")
    if route.holds:
        call.matching = matches, given
    elif not is_version(matches, await matches.run(call, **path), given):
        raise Problem("precondition_failed")


# -- Input --


def _room_for(route: Route, call: Call) -> AbstractContextManager[None]:
    """Large bodies only where there is room for them."""
    if not route.takes:
        return nullcontext()
    announced = call.request.content_length
    size = route.bytes_max if announced is None else min(announced, route.bytes_max)
    return call.request.app[INTAKE].room_for(call.user, size)


def _read_path(route: Route, request: web.Request) -> dict[str, Any]:
    """What cannot be an id names nothing."""
    try:
        return {name: each.adapter.validate_python(request.match_info[name]) for name, each in route.parameters.items()}
    except ValidationError:
        raise not_found() from None


async def _read_input(route: Route, request: web.Request) -> tuple[dict[str, Any], bytes]:
    """The arguments `query` and `body`, all faults of both at once, and the body's bytes."""
    given: dict[str, Any] = {}
    faults: list[Fault] = []
    if route.takes and request.content_type not in route.takes:
        raise Problem("unsupported_media_type", f"send {', '.join(route.takes)}")
    bytes_max = route.bytes_max or BODY_BYTES_MAX
    body = await read_bounded(request, bytes_max) if request.can_read_body else b""
    parameters = dict(request.query)
    if len(parameters) != len(request.query):
        faults.append(Fault("a parameter is given twice", parameter=_twice(request)))
    elif route.query is None:
        faults += [Fault("is not a parameter of this route", parameter=name) for name in parameters]
    else:
        try:
            given["query"] = TypeAdapter(route.query).validate_python(parameters, by_alias=True, by_name=False)
        except ValidationError as error:
            faults += faults_of(error, where="query")
    if route.takes:
        given["body"] = Upload(request.content_type, body)
    elif route.body is not None and route.body_optional and not body.strip():
        given["body"] = None
    elif route.body is not None:
        if request.content_type != JSON:
            raise Problem("unsupported_media_type", f"send {JSON}")
        sent = parse(body)
        try:
            given["body"] = route.body.adapter.validate_python(sent, by_alias=True, by_name=False)
        except ValidationError as error:
            tag = sent.get("type") if isinstance(sent, dict) else None
            faults += faults_of(error, strip=(tag,) if isinstance(tag, str) else ())
    elif body.strip() and (request.content_type != JSON or parse(body) != {}):
        faults.append(Fault("this route takes no body", pointer=""))
    if faults:
        raise invalid(faults)
    return given, body


def _twice(request: web.Request) -> str:
    names = [name for name, _value in request.query.items()]
    return next((name for name in names if names.count(name) > 1), "")


# -- Output --


async def _carry_out(route: Route, call: Call, path: Mapping[str, Any], given: Mapping[str, Any]) -> web.StreamResponse:
    answered = await route.run(call, **path, **given)
    if route.audited is not None:
        await _note_access(route, route.audited, call, path, answered)
    if isinstance(answered, File):
        return await _send_file(route, call, answered)
    if isinstance(answered, Ranged):
        return await send_ranged(call, answered)
    if isinstance(answered, Streamed):
        return await send_streamed(call, answered)
    status, body = encoded(route, answered)
    headers = {"Cache-Control": PRIVATE if route.etag else "private, no-store"}
    if call.location:
        headers["Location"] = BASE + call.location
    if isinstance(answered, Listing) and answered.next_cursor:
        headers["Link"] = f'<{_next_page(call.request, answered.next_cursor)}>; rel="next"'
    if route.etag:
        headers["ETag"] = tag = entity_tag(body, answered)
        if _holds(call, tag):
            return web.Response(status=304, headers=headers)
    if status == 204:
        return web.Response(status=204, headers=headers)
    return web.Response(status=status, body=body, headers={**headers, "Content-Type": JSON})


async def _note_access(route: Route, audited: Audited, call: Call, path: Mapping[str, Any], answered: Any) -> None:
    """One's own is nobody's business, and not noted."""
    rows = answered.items if isinstance(answered, Listing) else (answered,)
    subject = audited.subject
    whose = [getattr(row, subject, None) if subject else path.get("user_id") for row in rows]
    others = [row for row, person in zip(rows, whose, strict=True) if person != call.user]
    if not others or call.reader is None:
        return
    ids = [getattr(row, "id", None) for row in others]
    named = tuple(
        each for each in (ids if any(ids) else path.values()) if isinstance(each, str) and UUID.fullmatch(each)
    )
    subjects = {person for person in whose if person is not None and person != call.user}
    name = f"{route.method} {route.path}"
    await call.accesses.note(Access(call.user, call.request_id, name, audited.entity, named, tuple(sorted(subjects))))


def _holds(call: Call, tag: str) -> bool:
    """Whether the reader has this very version already (RFC 9110, 13.1.2)."""
    return call.request.method in ("GET", "HEAD") and tag in tags_in(
        call.request.headers.get("If-None-Match", ""), weak=True
    )


async def _send_file(route: Route, call: Call, file: File) -> web.StreamResponse:
    """What has a version is not even made for whoever holds it already."""
    headers = {"Cache-Control": PRIVATE if route.etag else "private, no-store", **file.headers}
    if file.name:
        headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    if file.version is not None:
        headers["ETag"] = f'"{file.version}"'
        if _holds(call, headers["ETag"]):
            return web.Response(status=304, headers=headers)
    body = file.body if isinstance(file.body, bytes) else await file.body()
    if body is None:
        raise not_found()
    if route.etag and file.version is None:
        headers["ETag"] = tag = entity_tag(body)
        if _holds(call, tag):
            return web.Response(status=304, headers=headers)
    return Piecewise(body, status=route.status, headers={**headers, "Content-Type": file.content_type})


class Piecewise(web.StreamResponse):
    """Written as fast as it is read, so that a slow reader costs little memory; one that is too slow is cut off (attack 39)."""

    def __init__(self, body: bytes, *, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(status=status, headers=dict(headers))
        self.content_length = len(body)
        self._whole = memoryview(body)

    async def write_eof(self, data: bytes = b"") -> None:
        request = self._req
        assert request is not None
        try:
            for start in range(0, len(self._whole) if request.method != "HEAD" else 0, ANSWER_PIECE_BYTES):
                async with asyncio.timeout(ANSWER_PIECE_WITHIN_S):
                    await self.write(self._whole[start : start + ANSWER_PIECE_BYTES])
            await super().write_eof(data)
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("read too slowly") from None


def _next_page(request: web.Request, cursor: str) -> str:
    """Relative, so that it holds behind any proxy (RFC 8288)."""
    return f"{request.path}?{urlencode({**request.query, 'cursor': cursor})}"


# -- Repeated requests --


async def _once(
    route: Route, call: Call, path: Mapping[str, Any], given: Mapping[str, Any], body: bytes
) -> web.StreamResponse:
    """Only what succeeded is kept: a request that failed changed nothing and may be sent again with its key."""
    key = call.request.headers["Idempotency-Key"]
    if not 0 < len(key) <= KEY_CHARACTERS_MAX or not key.isascii() or not key.isprintable():
        raise invalid([Fault("must be 1 to 255 printable ASCII characters", parameter="Idempotency-Key")])
    held, name = Idempotency(call.database), f"{route.method} {call.request.path}"
    try:
        first = await held.claim(call.user, key, name, hashlib.sha256(body).digest())
    except KeyReused:
        raise Problem("id_reused", "this Idempotency-Key came with another request before", status=422) from None
    except StillRunning:
        raise Problem("in_progress", retry_after_s=1) from None
    if first is not None:
        return web.Response(
            status=first.status, body=first.body or None, headers={**first.headers, "Idempotent-Replayed": "true"}
        )
    call.key = key
    try:
        response = await _carry_out(route, call, path, given)
    except BaseException:
        await held.forget(call.user, key, name)
        raise
    assert isinstance(response, web.Response)
    sent = bytes(response.body) if isinstance(response.body, bytes | bytearray) else b""
    headers = {each: value for each, value in response.headers.items() if each not in ("Content-Length", "Date")}
    await held.keep(call.user, key, name, Answered(response.status, headers, sent))
    return response
