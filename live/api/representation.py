"""What is sent for what a route answered, and the entity tag of it (RFC 9110, 8.8.3)."""

import hashlib
from typing import Any

from pydantic import BaseModel

from live.api.route import Listing, Route

MOVING = frozenset(
    {"metadata", "updated_at", "last_login_at", "you", "seq", "view_count", "reply_count", "helpful_votes"}
)
"""Fields that nobody edits; a model where that is otherwise has a `moving` of its own."""


def encoded(route: Route, answered: Any) -> tuple[int, bytes]:
    """Absent is absent: None is left out, but for the end of a list."""
    if answered is None:
        return 204, b""
    assert route.answer is not None
    body = route.answer.adapter.dump_json(answered, by_alias=True, exclude_none=True)
    if isinstance(answered, Listing) and answered.next_cursor is None:
        body = body[:-1] + b',"nextCursor":null}'
    return route.status, body


def entity_tag(body: bytes, answered: Any = None) -> str:
    """Strong: the same tag means the same bytes. Of what people can change it begins with a version that what follows by
    itself (counters, scores, times) does not touch; If-Match looks at that part, or nobody could edit a running session."""
    whole = hashlib.sha256(body).hexdigest()[:32]
    moving: frozenset[str] = getattr(type(answered), "moving", MOVING)
    if not isinstance(answered, BaseModel) or moving.isdisjoint(type(answered).model_fields):
        return f'"{whole}"'
    still = answered.model_dump_json(by_alias=True, exclude=set(moving)).encode()
    return f'"{hashlib.sha256(still).hexdigest()[:32]}.{whole}"'


def tags_in(header: str, *, weak: bool = False) -> list[str]:
    tags = [each.strip() for each in header.split(",")]
    return [each.removeprefix("W/") for each in tags] if weak else tags


def is_version(route: Route, answered: Any, if_match: str) -> bool:
    """Whether If-Match names what `route` answers now (RFC 9110, 13.1.1)."""
    _status, body = encoded(route, answered)
    now = entity_tag(body, answered).partition(".")[0]
    return if_match.strip() == "*" or now in {tag.partition(".")[0] for tag in tags_in(if_match)}
