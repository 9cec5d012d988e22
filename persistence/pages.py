"""Keyset pages: a list is cut at a row, not at a number, so nothing is skipped or doubled while it changes. A cursor is opaque
to the client and holds what the list is ordered by and the id of the last row; whoever forges one only chooses another place to
start."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from persistence.models.validation import FieldError, Invalid

LIMIT_MAX = 200
CURSOR_CHARACTERS_MAX = 200

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: tuple[T, ...]
    next_cursor: str | None = None


def to_cursor(at: datetime | int, row_id: str) -> str:
    key = at if isinstance(at, int) else at.isoformat()
    return urlsafe_b64encode(json.dumps([key, row_id]).encode()).decode().rstrip("=")


def from_cursor(
    cursor: str | None, key: Callable[[Any], Any] = datetime.fromisoformat
) -> tuple[Any, str] | tuple[None, None]:
    """(None, None) is the beginning. `key` reads what the list is ordered by. Invalid: it may come from anybody."""
    if cursor is None:
        return None, None
    try:
        at, row_id = json.loads(urlsafe_b64decode(cursor[:CURSOR_CHARACTERS_MAX] + "=" * (-len(cursor) % 4)))
        return key(at), str(UUID(row_id))
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise Invalid(FieldError("/cursor", "cursor", "is not a cursor of this list")) from None


def within_limit(limit: int) -> int:
    return max(1, min(limit, LIMIT_MAX))
