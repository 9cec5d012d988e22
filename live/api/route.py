"""A route is declared once, by the signature of the function that answers it: path, query, body and answer are its annotations,
its docstring is its documentation. From the declaration come parsing, refusals, entity tags, pages, repeated requests
(exchange.py) and the OpenAPI document (openapi.py), so none of them can differ from another.

    @sessions.get("/live-sessions/{session_id}", Who.MEMBER, etag=True)
    async def read_session(call: Call, session_id: SessionPath) -> LiveSession:
        "One session."
"""

import inspect
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema

from persistence.pages import CURSOR_CHARACTERS_MAX, LIMIT_MAX
from rooms.feature import Wire
from rooms.ids import UUID_PATTERN, SessionId, UserId

BASE = "/api/v1"
T = TypeVar("T")
Run = Callable[..., Awaitable[Any]]


class Who(StrEnum):
    """Who may use a route; the value is its description. What else decides is in the rules or beside the route."""

    ANYONE = "anyone"
    SIGNED_IN = "whoever is signed in"
    ACCOUNT = "whoever is signed in, but no guest"
    INSTRUCTOR = "instructors and administrators of the platform"
    ADMIN = "administrators of the platform"
    MEMBER = "whoever may know of the session; 404 for everybody else"
    STAFF = "the session's staff, and administrators"
    HOST = "the session's instructor, and administrators"


def _uuid(name: str) -> Any:
    """An id in a path; also accepted in capitals (RFC 9562)."""
    return BeforeValidator(lambda text: text.lower() if isinstance(text, str) else text), Field(
        pattern=UUID_PATTERN, json_schema_extra={"format": "uuid"}, description=name
    )


SessionPath = Annotated[SessionId, *_uuid("A live session")]
UserPath = Annotated[UserId, *_uuid("A person")]
IdPath = Annotated[str, *_uuid("An id")]


class Paging(Wire):
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = 50
    cursor: Annotated[str, Field(max_length=CURSOR_CHARACTERS_MAX)] | None = None


class Named(Wire):
    name: str


class Listing(Wire, Generic[T]):
    """A page. `nextCursor` is null on the last one; `people` names whoever the items speak of."""

    items: tuple[T, ...]
    next_cursor: Annotated[str | None, WithJsonSchema({"type": ["string", "null"]})] = None
    people: dict[UserId, Named] | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A body that is not JSON: of one of the types its route takes, nothing else is known of it."""

    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class File:
    """An answer that is not JSON, or JSON that is encoded already. `body` may be made when it is really asked for; None then is
    not found. `version`: the same one means the same content, so it is the entity tag."""

    body: bytes | Callable[[], Awaitable[bytes | None]]
    content_type: str
    name: str | None = None  # offered for saving
    version: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ranged:
    """A large answer of which any range may be asked for (RFC 9110, 14). `read` makes the bytes from `start` up to `stop`; None
    then is not found. `version` as of a File."""

    size: int
    read: Callable[[int, int], Awaitable[bytes | None]]
    content_type: str
    version: str
    name: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer of unknown length, made while it is read."""

    pieces: AsyncIterator[bytes]
    content_type: str
    name: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shape:
    """A type as pydantic reads and writes it, made when it is first needed: there are hundreds, and a server is to start soon."""

    kind: Any

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.kind)


@dataclass(frozen=True, slots=True)
class Audited:
    """Whoever reads rows of others by this route is noted (domain.md 2.8). `subject`: the field of an answer's rows that says whose they
    are; without one the path does, or nothing: of an answer that is no document only that it was read."""

    entity: str
    subject: str | None = None


@dataclass(frozen=True)
class Route:
    """`recognises`: for ANYONE, but whoever is signed in is known. `matches`: the route whose representation If-Match names. `holds`: it compares the version itself, under the lock of what it changes. `refuses`: codes beside the general ones that it may answer,
    for the documentation. `takes`: content types of an Upload, of at most `bytes_max`, which also is what a JSON body may have where that is more than usual. `admits`: what else decides who may, asked before a
    body is read. `keyed`: a POST may be repeated under an Idempotency-Key. `cost`: what it takes of the reader's rate. `produces`: the content type of its answer. `audited`: what it reads of others."""

    family: str
    method: str
    path: str
    who: Who
    run: Run
    status: int = 200
    etag: bool = False
    recognises: bool = False
    keyed: bool = True
    cost: float = 1.0
    matches: "Route | None" = None
    holds: bool = False
    produces: str | tuple[str, ...] = "application/json"
    refuses: tuple[str, ...] = ()
    parameters: Mapping[str, Shape] = field(default_factory=dict)
    takes: tuple[str, ...] = ()
    bytes_max: int = 0
    admits: Run | None = None
    audited: Audited | None = None
    query: type[Wire] | None = None
    body: Shape | None = None
    body_optional: bool = False
    answer: Shape | None = None
    file: bool = False
    ranged: bool = False

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.run) or ""


class Family:
    """The routes of one resource family, in the order of their declaration."""

    def __init__(self, name: str, doc: str) -> None:
        self.name = name
        self.doc = doc
        self.routes: list[Route] = []

    def get(self, path: str, who: Who, **options: Any) -> Callable[[Run], Route]:
        return self._declare("GET", path, who, options)

    def post(self, path: str, who: Who, **options: Any) -> Callable[[Run], Route]:
        return self._declare("POST", path, who, options)

    def put(self, path: str, who: Who, **options: Any) -> Callable[[Run], Route]:
        return self._declare("PUT", path, who, options)

    def patch(self, path: str, who: Who, **options: Any) -> Callable[[Run], Route]:
        return self._declare("PATCH", path, who, options)

    def delete(self, path: str, who: Who, **options: Any) -> Callable[[Run], Route]:
        return self._declare("DELETE", path, who, options)

    def _declare(self, method: str, path: str, who: Who, options: dict[str, Any]) -> Callable[[Run], Route]:
        def declare(run: Run) -> Route:
            route = Route(self.name, method, path, who, run, **_read_signature(path, run), **options)
            self.routes.append(route)
            return route

        return declare


def _read_signature(path: str, run: Run) -> dict[str, Any]:
    """What the annotations say; a parameter that is neither in the path nor `query` or `body` is a mistake."""
    signature = inspect.signature(run, eval_str=True)
    annotations = {name: each.annotation for name, each in signature.parameters.items() if name != "call"}
    in_path = re.findall(r"{(\w+)}", path)
    parameters = {name: Shape(annotations.pop(name)) for name in in_path}
    query, body = annotations.pop("query", None), annotations.pop("body", None)
    if annotations:
        raise TypeError(f"{run.__name__}: what are {', '.join(annotations)}?")
    if body is Upload:
        body = None
    answered = signature.return_annotation
    return {
        "parameters": parameters,
        "query": query,
        "body": None if body is None else Shape(body),
        "body_optional": body is not None and signature.parameters["body"].default is None,
        "answer": None if answered in (None, File, Ranged, Streamed) else Shape(answered),
        "file": answered in (File, Ranged, Streamed),
        "ranged": answered is Ranged,
    }
