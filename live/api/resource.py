"""The routes of an entity (persistence/entities.py): a list with filters and pages, one row with its entity tag, and making, changing
and deleting it. Declared in the file of its family, where also stands what is special about it.

    COURSES = Resource(family, "/bootcamp/courses", "course", Entity("bootcamp.courses", Course, soft=True))
    COURSES.listed("Courses one may see.", CourseFilter)
    read_course = COURSES.read("One course.")
    COURSES.made("Makes a course; one teaches it.", NewCourse, given=lambda call, body: {"created_by": call.user})
    COURSES.changed("Changes what is given.", CourseChange)
    COURSES.removed("Hides it.")

Who may is decided by the database (app.rights): what one may not see is not found, what one sees and may not change is forbidden.
"""

from collections.abc import Awaitable, Callable, Mapping
from inspect import Parameter, Signature
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from live.api.call import Call
from live.api.route import Audited, Family, IdPath, Listing, Paging, Route, Who
from live.problems import Problem, not_found
from persistence.connection import Connection
from persistence.entities import Entity, given_in, made_of
from rooms.feature import Wire

M = TypeVar("M", bound=BaseModel)
Given = Callable[[Call, Any], Mapping[str, Any]]
Shown = Callable[[Call, Connection, Any], Awaitable[Any]]
OWNERS = ("user_id",)
"""Fields that say whose a row is: reading a row of somebody else is noted (domain.md 2.8)."""


class Resource(Generic[M]):
    """`shown`: what the caller is told of a row, where that is not all of it; `model` then is its type."""

    def __init__(
        self,
        family: Family,
        path: str,
        noun: str,
        entity: Entity[M],
        *,
        plural: str | None = None,
        who: Who = Who.ACCOUNT,
        shown: Shown | None = None,
        model: type[BaseModel] | None = None,
    ) -> None:
        self.family, self.path, self.noun, self.entity, self.who = family, path, noun, entity, who
        self._plural = plural or f"{noun}s"
        self._shown = shown
        self._model: Any = model or entity.model
        self._id = f"{noun}_id"
        self._one = f"{path}/{{{self._id}}}"
        self._read: Route | None = None
        owner = next((each for each in OWNERS if each in entity.model.model_fields), None)
        self._audited = None if owner is None else Audited(entity.table, owner)

    async def shown(self, call: Call, connection: Connection, row: M) -> Any:
        return row if self._shown is None else await self._shown(call, connection, row)

    # -- routes --

    def listed(self, doc: str, query: type[Paging] = Paging, *, report: bool = False, **options: Any) -> Route:
        """Filters are the fields of `query`, by the name of a column or of one of the entity's conditions. `report`: may be read on a
        replica, some seconds old."""

        async def run(call: Call, query: Any) -> Any:
            wanted = query.model_dump(exclude={"limit", "cursor"}, exclude_none=True)

            async def read(connection: Connection) -> tuple[list[Any], str | None]:
                page = await self.entity.page(connection, call.database.keys, wanted, query.limit, query.cursor)
                return [await self.shown(call, connection, each) for each in page.items], page.next_cursor

            if report:
                items, next_cursor = await call.report(read)
            else:
                async with call.reading() as connection:
                    items, next_cursor = await read(connection)
            return Listing(items=tuple(items), next_cursor=next_cursor, people=await call.people(*items))

        typed = {"call": Call, "query": query, "return": Listing.__class_getitem__(self._model)}
        options.setdefault("audited", self._audited)
        return self.family.get(self.path, self.who, **options)(_named(run, f"list_{self._plural}", doc, typed))

    def read(self, doc: str, **options: Any) -> Route:
        async def run(call: Call, **path: str) -> Any:
            async with call.reading() as connection:
                return await self.shown(call, connection, await self.found(call, connection, path[self._id]))

        options.setdefault("audited", self._audited)
        self._read = self.family.get(self._one, self.who, etag=True, **options)(
            _named(run, f"read_{self.noun}", doc, self._typed(answers=True))
        )
        return self._read

    def made(self, doc: str, new: type[Wire], given: Given | None = None, **options: Any) -> Route:
        """`given`: what is stored beside what was sent, or instead."""

        async def run(call: Call, body: Any) -> Any:
            row_id = call.new_id()
            async with call.writing() as connection:
                values = made_of(body) | dict(given(call, body) if given else {})
                row = await self.entity.add(connection, call.database.keys, row_id, values)
                call.location = f"{self.path}/{row_id}"
                return await self.shown(call, connection, row)

        typed = {"call": Call, "body": new, "return": self._model}
        return self.family.post(self.path, self.who, status=201, etag=True, **options)(
            _named(run, f"create_{self.noun}", doc, typed)
        )

    def changed(self, doc: str, change: type[Wire], **options: Any) -> Route:
        """Only the fields that are given, and only of the version that was read."""

        async def run(call: Call, body: Any, **path: str) -> Any:
            row_id = path[self._id]
            async with call.writing() as connection:
                await self.held(call, connection, row_id)
                row = await self.entity.change(connection, call.database.keys, row_id, given_in(body))
                if row is None:
                    raise not_found()
                return await self.shown(call, connection, row)

        typed = self._typed(answers=True) | {"body": change}
        return self.family.patch(self._one, self.who, etag=True, matches=self._read, holds=True, **options)(
            _named(run, f"change_{self.noun}", doc, typed)
        )

    def removed(self, doc: str, **options: Any) -> Route:
        async def run(call: Call, **path: str) -> None:
            async with call.writing() as connection:
                await self.found(call, connection, path[self._id])
                if not await self.entity.remove(connection, path[self._id]):
                    raise Problem("forbidden")

        return self.family.delete(self._one, self.who, **options)(
            _named(run, f"delete_{self.noun}", doc, self._typed(answers=False))
        )

    # -- for what is special --

    async def found(self, call: Call, connection: Connection, row_id: str) -> M:
        row = await self.entity.get(connection, call.database.keys, row_id)
        if row is None:
            raise not_found()
        return row

    async def held(self, call: Call, connection: Connection, row_id: str) -> M:
        """The row, locked, in the version that the caller read (412)."""
        row = await self.entity.hold(connection, call.database.keys, row_id)
        if row is None:
            await self.found(call, connection, row_id)
            raise Problem("forbidden")
        call.require_version(await self.shown(call, connection, row))
        return row

    def _typed(self, *, answers: bool) -> dict[str, Any]:
        return {"call": Call, self._id: IdPath, "return": self._model if answers else None}


def by_caller(call: Call, _body: Any) -> dict[str, Any]:
    """Whoever makes a row is its `user_id`."""
    return {"user_id": call.user}


def _named(run: Any, name: str, doc: str, typed: Mapping[str, Any]) -> Any:
    """As if it had been written out: what a route is follows from its function's name, annotations and docstring."""
    run.__name__ = name
    run.__doc__ = doc
    run.__annotations__ = dict(typed)
    run.__signature__ = _signature(typed)
    return run


def _signature(typed: Mapping[str, Any]) -> Signature:
    parameters = [
        Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)
        for name, annotation in typed.items()
        if name != "return"
    ]
    return Signature(parameters, return_annotation=typed["return"])
