"""The rotation of data keys (domain.md 2.9) while everything goes on: a new key for rows and one for the index of addresses are made,
used once every process knows them, and everything that was sealed before is sealed anew. Which columns these are is asked of
the schema: whatever is called `…_enc`. Where a rotation stands is in `ops.encryption_keys`, so whoever is told to carry one out goes on
where the last one ended, and several do not disturb each other.

Rows are taken in the order of their ids, a few at a time, never waiting for anybody who holds one: what is skipped comes in the next
round, and there is another one until nothing was left.
"""

import asyncio
import logging
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import asyncpg

from persistence.connection import Connection
from persistence.database import KEYS_KEPT_S, Database
from persistence.encryption import LOCK, Keys, Undecryptable
from persistence.idempotency import RESPONSE
from persistence.jobs import enqueue
from rooms.feature import Enqueue

log = logging.getLogger(__name__)

JOB = "rotate_keys"
ROTATED = ("row", "index")
SPREAD_S = 3 * KEYS_KEPT_S  # until every process knows what happened to a key, also one in the middle of something
BATCH = 100
AGAIN_S = 1.0
EMAIL = "identity.accounts.email_enc"


@dataclass(frozen=True, slots=True)
class DataKeyState:
    """`resealed`: how many rows came under it out of others."""

    id: int
    purpose: Literal["row", "index", "invitations", "badges"]
    active: bool
    created_at: datetime
    activated_at: datetime | None
    retired_at: datetime | None
    resealed: int

    @property
    def state(self) -> Literal["coming", "active", "leaving", "retired"]:
        if self.activated_at is None:
            return "coming"
        if self.active:
            return "active"
        return "leaving" if self.retired_at is None else "retired"

    @property
    def under_way(self) -> bool:
        return self.state in ("coming", "leaving")


Values = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Rows with sealed values. `key`: the columns that name a row; `stale`: the condition under which it has one of another key than $1;
    `active`: that key; `renew`: what its columns become."""

    table: str
    columns: tuple[str, ...]
    stale: str
    active: Callable[[Keys], int]
    renew: Callable[[Keys, asyncpg.Record], Values]
    key: tuple[str, ...] = ("id",)


def columns_of(table: str, columns: tuple[str, ...]) -> Place:
    def renew(keys: Keys, row: asyncpg.Record) -> Values:
        renewed = {}
        for column in columns:
            if row[column] is not None:
                place, row_id = f"{table}.{column}", UUID(row["id"])
                renewed[column] = keys.seal(keys.open(row[column], place, row_id), place, row_id)
        return renewed

    stale = " OR ".join(_under_another(column) for column in columns)
    return Place(table, columns, f"({stale})", lambda keys: keys.row_key_id, renew)


def _under_another(envelope: str) -> str:
    """The two bytes after the version (encryption.py)."""
    return f"get_byte({envelope}, 1) * 256 + get_byte({envelope}, 2) <> $1"


def _renew_answer(keys: Keys, row: asyncpg.Record) -> Values:
    row_id = UUID(row["user_id"])
    return {
        "response": b64encode(
            keys.seal(keys.open(b64decode(row["response"]), RESPONSE, row_id), RESPONSE, row_id)
        ).decode()
    }


def _index_anew(keys: Keys, row: asyncpg.Record) -> Values:
    address = keys.open(row["email_enc"], EMAIL, UUID(row["id"]))
    return {"email_bidx": keys.blind_index(address), "bidx_key_id": keys.index_key_id}


ANSWERS = Place(
    "ops.idempotency_keys",
    ("response",),
    _under_another("decode(response #>> '{}', 'base64')"),
    lambda keys: keys.row_key_id,
    _renew_answer,
    key=("user_id", "key", "route"),
)
INDEX = Place("identity.accounts", ("email_enc",), "bidx_key_id <> $1", lambda keys: keys.index_key_id, _index_anew)

_COLUMNS = """
SELECT format('%I.%I', n.nspname, c.relname) AS table, array_agg(a.attname::text ORDER BY a.attnum) AS columns
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE a.attname LIKE '%\\_enc' AND a.atttypid = 'bytea'::regtype AND c.relkind IN ('r', 'p') AND NOT c.relispartition
 GROUP BY 1 ORDER BY 1
"""
_STATES = (
    "SELECT id, purpose, active, created_at, activated_at, retired_at, resealed FROM ops.encryption_keys ORDER BY id"
)
# What is sealed anew can be sealed anew again: a crash may take the last of it back.
_SEALING = "SELECT set_config('app.resealing', 'on', true), set_config('synchronous_commit', 'off', true)"


class Rotation:
    """`spread_s`: how long it takes until every process has heard of a key."""

    def __init__(self, database: Database, *, spread_s: float = SPREAD_S) -> None:
        self._database = database
        self._spread = timedelta(seconds=spread_s)

    async def state(self) -> tuple[DataKeyState, ...]:
        async with self._database.connection() as connection:
            return await _states(connection)

    async def begin(self) -> None:
        """Makes the new keys, unless a rotation is under way, and queues the work of it."""
        async with self._database.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            if not any(each.under_way for each in await _states(connection)):
                for purpose in ROTATED:
                    await self._database.keys.add(connection, purpose)
            await enqueue(connection, Enqueue(JOB, "", {}), None)

    async def carry_out(self) -> None:
        """From wherever the last one who did it came; returns at once when nothing is under way."""
        if not any(each.under_way for each in await self.state()):
            return
        await self._when_spread("created_at", "activated_at IS NULL")
        await self._activate()
        await self._when_spread("activated_at", "active")
        await self._refresh()
        while await self._round():  # noqa: ASYNC110 - whoever holds a row tells nobody
            await asyncio.sleep(AGAIN_S)
        async with self._database.connection() as connection:
            await connection.execute(
                "UPDATE ops.encryption_keys SET retired_at = clock_timestamp() "
                "WHERE NOT active AND activated_at IS NOT NULL AND retired_at IS NULL"
            )
        await self._refresh()

    async def _when_spread(self, since: str, which: str) -> None:
        async with self._database.connection() as connection:
            rest: timedelta | None = await connection.fetchval(
                f"SELECT max({since}) + $1::interval - clock_timestamp() FROM ops.encryption_keys WHERE {which}",  # noqa: S608 - our own names
                self._spread,
            )
        if rest is not None:
            await asyncio.sleep(max(0.0, rest.total_seconds()))

    async def _activate(self) -> None:
        async with self._database.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            await connection.execute(
                "UPDATE ops.encryption_keys SET active = false WHERE active AND purpose IN "
                "(SELECT purpose FROM ops.encryption_keys WHERE activated_at IS NULL)"
            )
            await connection.execute(
                "UPDATE ops.encryption_keys SET active = true, activated_at = clock_timestamp() WHERE activated_at IS NULL"
            )

    async def _refresh(self) -> None:
        async with self._database.connection() as connection:
            await self._database.keys.refresh(connection)

    async def _round(self) -> int:
        """How many rows were found under an old key, whatever became of them, but those that nobody can open."""
        async with self._database.connection() as connection:
            places = [columns_of(row["table"], tuple(row["columns"])) for row in await connection.fetch(_COLUMNS)]
        return sum([await self._walk(place) for place in (*places, ANSWERS, INDEX)])

    async def _walk(self, place: Place) -> int:
        names, found, last = ", ".join(place.key), 0, list[Any]()
        beyond = f"WHERE ({names}) > ({', '.join(f'${number}' for number in range(2, len(place.key) + 2))})"
        while True:
            async with self._database.transaction() as connection:
                await connection.execute(_SEALING)
                window = await connection.fetch(
                    f"SELECT {names}, {place.stale} AS stale FROM {place.table} {beyond if last else ''} "  # noqa: S608 - our own names
                    f"ORDER BY {names} LIMIT {BATCH}",
                    place.active(self._database.keys),
                    *last,
                )
                stale = [[row[each] for each in place.key] for row in window if row["stale"]]
                found += await self._renew(connection, place, stale)
            if len(window) < BATCH:
                return found
            last = [window[-1][each] for each in place.key]

    async def _renew(self, connection: Connection, place: Place, rows: list[list[Any]]) -> int:
        keys, found, renewed = self._database.keys, 0, 0
        active = place.active(keys)
        this = " AND ".join(f"{name} = ${number}" for number, name in enumerate(place.key, 2))
        for row in rows:
            held = await connection.fetchrow(
                f"SELECT {', '.join({*place.key, *place.columns})} FROM {place.table} "  # noqa: S608 - our own names
                f"WHERE {this} AND {place.stale} FOR UPDATE SKIP LOCKED",
                active,
                *row,
            )
            found += 1
            if held is None:
                continue
            try:
                values = place.renew(keys, held)
            except Undecryptable:
                log.exception("a value of %s cannot be opened and stays as it is", place.table)
                found -= 1
                continue
            assigned = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, len(row) + 1))
            this_one = " AND ".join(f"{name} = ${number}" for number, name in enumerate(place.key, 1))
            await connection.execute(f"UPDATE {place.table} SET {assigned} WHERE {this_one}", *row, *values.values())  # noqa: S608 - our own names
            renewed += 1
        if renewed:
            await connection.execute(
                "UPDATE ops.encryption_keys SET resealed = resealed + $2 WHERE id = $1", active, renewed
            )
        return found


async def _states(connection: Connection) -> tuple[DataKeyState, ...]:
    return tuple(DataKeyState(**row) for row in await connection.fetch(_STATES))
