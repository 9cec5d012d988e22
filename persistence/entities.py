"""A documented entity: one table, read and written as the person who asks. Its model says which columns there are, the table's own
rights (app.rights) say whose rows; this file only puts the two together, so an entity is declared and not programmed.

    COURSES = Entity("bootcamp.courses", Course, order=("published_at", "desc"), soft=True)

Every statement names its rows by columns of the model or by a condition of the declaration: no text from outside becomes SQL.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from persistence.connection import Connection
from persistence.encryption import Keys
from persistence.pages import Page, from_cursor, to_cursor, within_limit

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Sealed:
    """Marks a field of a model as encrypted at rest (domain.md 2.9); its column is `<field>_enc`."""


SEALED = Sealed()


@dataclass(frozen=True)
class Entity(Generic[M]):
    """`view`: where it is read, if not from the table itself; it has the table's id. `order`: the column that lists follow, and its
    direction. `soft`: deleting hides a row (W247). `conditions`: filters that are more than equality, by their name; {} is the
    value. `model` has a field `id`."""

    table: str
    model: type[M]
    view: str | None = None
    order: tuple[str, str] = ("created_at", "desc")
    soft: bool = False
    conditions: Mapping[str, str] = field(default_factory=dict)

    # -- reading --

    async def get(self, connection: Connection, keys: Keys, row_id: str) -> M | None:
        """None for what does not exist and for what the reader may not know of."""
        row = await connection.fetchrow(f"{self._select} WHERE id = $1{self._kept}", row_id)
        return None if row is None else self._opened(keys, row)

    async def page(
        self, connection: Connection, keys: Keys, wanted: Mapping[str, Any], limit: int, cursor: str | None
    ) -> Page[M]:
        column, direction = self.order
        at, row_id = from_cursor(
            cursor, int if self.model.model_fields[column].annotation is int else datetime.fromisoformat
        )
        limit = within_limit(limit)
        values: list[Any] = [limit + 1]
        conditions = ["true"]
        for name, value in wanted.items():
            values.append(value)
            condition = self.conditions[name] if name in self.conditions else f"{self._column(name)} = {{}}"
            conditions.append(condition.replace("{}", f"${len(values)}"))
        if at is not None:
            values += [at, row_id]
            beyond = "<" if direction == "desc" else ">"
            conditions.append(f"({column}, id) {beyond} (${len(values) - 1}, ${len(values)})")
        rows = await connection.fetch(
            f"{self._select} WHERE {' AND '.join(conditions)}{self._kept} ORDER BY {column} {direction}, id {direction} LIMIT $1",
            *values,
        )
        items = tuple(self._opened(keys, row) for row in rows[:limit])
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(items, to_cursor(last[column], last["id"]) if last else None)

    # -- writing --

    async def add(self, connection: Connection, keys: Keys, row_id: str, given: Mapping[str, Any]) -> M:
        """Raises what the database says to a row that breaks a rule or that is not the writer's to make."""
        columns, values = self._sealed_values(keys, row_id, given)
        places = ", ".join(f"${number}" for number in range(2, len(values) + 2))
        await connection.execute(
            f"INSERT INTO {self.table} ({', '.join(('id', *columns))}) VALUES ({', '.join(filter(None, ('$1', places)))})",  # noqa: S608 - our own names
            row_id,
            *values,
        )
        made = await self.get(connection, keys, row_id)
        assert made is not None, f"who adds a row of {self.table} may read it"
        return made

    async def hold(self, connection: Connection, keys: Keys, row_id: str) -> M | None:
        """Locks the row until the end of the transaction. None: it is not there, or not the reader's to change."""
        held = await connection.fetchval(f"SELECT id FROM {self.table} WHERE id = $1{self._kept} FOR UPDATE", row_id)  # noqa: S608 - our own names
        return None if held is None else await self.get(connection, keys, row_id)

    async def change(self, connection: Connection, keys: Keys, row_id: str, given: Mapping[str, Any]) -> M | None:
        """Only what is given."""
        columns, values = self._sealed_values(keys, row_id, given)
        if columns:
            assigned = ", ".join(f"{column} = ${number}" for number, column in enumerate(columns, 2))
            await connection.execute(f"UPDATE {self.table} SET {assigned} WHERE id = $1{self._kept}", row_id, *values)  # noqa: S608 - our own names
        return await self.get(connection, keys, row_id)

    async def remove(self, connection: Connection, row_id: str) -> bool:
        """False: there was nothing of the remover's to remove."""
        statement = (
            f"UPDATE {self.table} SET deleted_at = clock_timestamp() WHERE id = $1{self._kept}"  # noqa: S608 - our own names
            if self.soft
            else f"DELETE FROM {self.table} WHERE id = $1"  # noqa: S608 - our own names
        )
        done: str = await connection.execute(statement, row_id)
        return not done.endswith(" 0")

    # -- the model's columns --

    @property
    def _select(self) -> str:
        return (
            f"SELECT {', '.join(self._column(name) for name in self.model.model_fields)} FROM {self.view or self.table}"  # noqa: S608 - our own names
        )

    @property
    def _kept(self) -> str:
        return " AND deleted_at IS NULL" if self.soft else ""

    def _column(self, name: str) -> str:
        return f"{name}_enc" if self._is_sealed(name) else name

    def _is_sealed(self, name: str) -> bool:
        return SEALED in self.model.model_fields[name].metadata

    def _opened(self, keys: Keys, row: asyncpg.Record) -> M:
        fields = {}
        for name in self.model.model_fields:
            value = row[self._column(name)]
            if value is not None and self._is_sealed(name):
                value = json.loads(keys.open(value, f"{self.table}.{name}_enc", UUID(row["id"])))
            fields[name] = value
        return self.model.model_validate(fields)

    def _sealed_values(self, keys: Keys, row_id: str, given: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
        columns, values = [], []
        for name, value in given.items():
            if name in self.model.model_fields and self._is_sealed(name) and value is not None:
                value = keys.seal(json.dumps(stored(value)), f"{self.table}.{name}_enc", UUID(row_id))
            columns.append(self._column(name) if name in self.model.model_fields else name)
            values.append(stored(value))
        return columns, values


def given_in(body: BaseModel) -> dict[str, Any]:
    """What somebody sent, by column: of a change only what they named."""
    return {name: getattr(body, name) for name in type(body).model_fields if name in body.model_fields_set}


def made_of(body: BaseModel) -> dict[str, Any]:
    """All of it, with what was left out as its default."""
    return {name: getattr(body, name) for name in type(body).model_fields}


def stored(value: Any) -> Any:
    """As a column takes it: what is JSON inside has the documents' own names."""
    match value:
        case BaseModel():
            return value.model_dump(mode="json", by_alias=True, exclude_none=True)
        case tuple() | list():
            return [stored(each) for each in value]
        case _:
            return value
