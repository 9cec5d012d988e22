"""The log of every session as rows: appended to in one statement for many sessions, read back as events of this release,
redacted. Knows neither rules nor hosts; Postgres orders what several processes append (migrations/0030_event_log.sql).

Acknowledging is safe once `append` has returned Appended: the statement is its own transaction, committed with fsync.
Whatever it raises, the outcome is unknown until the same batch is tried again: an accepted command is then Repeated.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

import asyncpg

from persistence.connection import Connection
from persistence.database import Database
from persistence.encryption import Undecryptable
from persistence.event_rows import (
    NOBODY,
    Answered,
    Batch,
    Doing,
    Unstorable,
    doing_of,
    event_of,
    payload_of,
    require_ids,
)
from persistence.redaction import marked, redact, without_words
from rooms.feature import Effect, MakeSecret, Recorded
from rooms.gates import Gates
from rooms.ids import SessionId, UserId
from rooms.upcasters import stored_types
from rooms.values import value

log = logging.getLogger(__name__)

__all__ = [
    "Answered",
    "Appended",
    "Batch",
    "Busy",
    "Damaged",
    "EventLog",
    "Head",
    "Moved",
    "Outcome",
    "Prepared",
    "Repeated",
    "Unstorable",
]

READ_EVENTS_MAX = 500
REDACTIONS_MAX = 500  # rows taken at a time


_CORRUPT = (asyncpg.DataCorruptedError, asyncpg.IndexCorruptedError)  # what Postgres' own checksums found


class Damaged(Exception):
    """The log of one session, or what belongs to it, is not what was written: nobody may go on from it until somebody has seen to
    it (F18, F19). Of other sessions this says nothing."""

    def __init__(self, session: SessionId, what: str) -> None:
        super().__init__(f"session {session}: {what}")
        self.session = session
        self.what = what


@value(frozen=True, slots=True)
class Head:
    session: SessionId
    epoch: str
    last_seq: int
    last_at: datetime


@value(frozen=True, slots=True)
class Appended:
    last_seq: int


@value(frozen=True, slots=True)
class Moved:
    """The log has gone on (or has another epoch): read the missing rows, decide again."""

    head: Head


@value(frozen=True, slots=True)
class Busy:
    """Another process is appending to this session at this moment."""


@value(frozen=True, slots=True)
class Repeated:
    """These commands were answered before, nothing of the batch was appended: answer them, decide the rest again."""

    answered: tuple[Answered, ...]


Outcome: TypeAlias = Appended | Moved | Busy | Repeated
Decide: TypeAlias = Callable[[Head, list[Recorded]], Awaitable[Batch]]


@value(frozen=True, slots=True)
class Prepared:
    """A batch whose rows are written out and known to be storable."""

    batch: Batch
    payloads: tuple[str, ...]
    doing: Doing
    size: int  # characters of JSON


# Columns cross as one text each: arrays cost asyncpg half a microsecond per element, which is most of a round. Nothing that is
# joined by commas has one of its own (`require_ids`); times and words stay arrays.
_APPEND = """
SELECT * FROM live.append_batches(
  string_to_array($1, ',')::uuid[], string_to_array($2, ','), string_to_array($3, ',')::bigint[],
  string_to_array($4, ',')::bigint[], $5,
  string_to_array($6, ',')::int[], string_to_array($7, ',')::bigint[], $8, string_to_array($9, ',', '')::uuid[],
  string_to_array($10, ',', '')::uuid[], string_to_array($11, ',')::int[], string_to_array($12, ','), $13,
  string_to_array($14, ',')::int[], string_to_array($15, ',')::uuid[], string_to_array($16, ',')::uuid[],
  string_to_array($17, ',')::bigint[], string_to_array($18, ',', '')::bytea[], $19)
"""

_READ = """
SELECT e.seq, e.at, e.actor, e.command_id, e.version, e.type, e.payload, r.seq IS NOT NULL AS wordless
  FROM live.session_events e LEFT JOIN live.redactions r USING (session_id, seq)
 WHERE e.session_id = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3
"""

_READ_ENDS = """
SELECT e.* FROM unnest($1::uuid[], $2::bigint[]) AS asked (session_id, after) CROSS JOIN LATERAL (
  SELECT e.session_id, e.seq, e.at, e.actor, e.command_id, e.version, e.type, e.payload, r.seq IS NOT NULL AS wordless
    FROM live.session_events e LEFT JOIN live.redactions r USING (session_id, seq)
   WHERE e.session_id = asked.session_id AND e.seq > asked.after ORDER BY e.seq LIMIT $3) e
"""

_READ_OF_TYPES = """
SELECT e.seq, e.at, e.actor, e.command_id, e.version, e.type, e.payload, r.seq IS NOT NULL AS wordless
  FROM live.session_events e LEFT JOIN live.redactions r USING (session_id, seq)
 WHERE e.session_id = $1 AND e.seq > $2 AND e.type = ANY ($4::text[]) ORDER BY e.seq LIMIT $3
"""

_HEADS = "SELECT session_id, epoch, last_seq, last_at FROM live.session_heads WHERE session_id = ANY ($1::uuid[])"

_SESSIONS = """
SELECT session_id FROM live.session_heads WHERE $1::uuid IS NULL OR session_id > $1 ORDER BY session_id LIMIT $2
"""

_WAIT_IN_TURN = "SELECT pg_advisory_xact_lock(live.turn_of($1))"
_LOCK_HEAD = (
    "SELECT session_id, epoch, last_seq, last_at FROM live.session_heads WHERE session_id = $1 FOR NO KEY UPDATE"
)

_COMMANDS = """
SELECT c.user_id, c.command_id, c.body_hash, c.seq, c.refusal
  FROM unnest($2::uuid[], $3::uuid[]) AS asked (user_id, command_id)
  JOIN live.session_commands c ON c.session_id = $1 AND c.user_id = asked.user_id AND c.command_id = asked.command_id
"""


class EventLog:
    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> datetime:
        """By the database's clock, as rows are dated."""
        return self._database.clock.now()

    # -- appending ------------------------------------------------------------------------------------------------------

    def prepare(self, batch: Batch) -> Prepared:
        """Raises Unstorable, so that a batch which cannot be stored never joins others."""
        require_ids(batch)
        payloads = tuple([payload_of(recorded.event) for recorded in batch.events])
        doing: Doing = {}
        if batch.effects or batch.gates or batch.refuses:
            made = {effect.name for effect in batch.effects if isinstance(effect, MakeSecret)}
            wrap = self._database.keys.wrap
            doing = doing_of(batch, {name: wrap(batch.secrets[name], _place(batch.session, name)) for name in made})
        return Prepared(batch, payloads, doing, sum(map(len, payloads)))

    async def append(self, batches: Sequence[Batch]) -> list[Outcome]:
        """One statement for all, at most one batch per session; the outcomes are in the order of `batches`."""
        prepared = [self.prepare(batch) for batch in batches]
        async with self._database.connection() as connection:
            return await self.append_on(connection, prepared)

    async def append_on(self, connection: Connection, prepared: Sequence[Prepared]) -> list[Outcome]:
        """The same on the caller's connection: committed by itself, or by the transaction the caller has open."""
        return await append_on(connection, prepared)

    async def first_event(
        self,
        connection: Connection,
        session: SessionId,
        first: Recorded,
        gates: Gates,
        effects: tuple[Effect, ...] = (),
    ) -> Head:
        """Begins the log in the caller's transaction, beside the session's row, with an epoch of its own."""
        epoch = await connection.fetchval(
            "INSERT INTO live.session_heads (session_id) VALUES ($1) RETURNING epoch", session
        )
        batch = Batch(session, 0, epoch, (first,), effects=effects, gates=gates)
        outcome = (await self.append_on(connection, [self.prepare(batch)]))[0]
        assert outcome == Appended(1), outcome
        return Head(session, epoch, 1, first.at)

    async def append_holding_lock(self, session: SessionId, decide: Decide, *, after: int) -> Outcome:
        """For a session that lost two rounds to another process: waits its turn for the head in Postgres, and only then
        reads the rows after `after` and decides. `decide` gets the head and those rows and must not wait for anything
        that waits for this session. Raises Unavailable when the turn does not come within the lock's limit."""
        async with self._database.transaction() as connection:
            head = await take_turn(connection, session)
            if head is None:
                raise LookupError(f"session {session} has no log")
            batch = await decide(head, await read_on(connection, session, after, head.last_seq - after))
            return (await self.append_on(connection, [self.prepare(batch)]))[0]

    # -- reading --------------------------------------------------------------------------------------------------------

    async def read(self, session: SessionId, after: int, limit: int = READ_EVENTS_MAX) -> list[Recorded]:
        """The events after `after`, without a gap: a row that cannot be read comes as Unfoldable. Rows about to lose
        their words have lost them here already. Raises Damaged where one is missing."""
        async with self._database.connection() as connection:
            return await read_on(connection, session, after, limit)

    async def read_ends_on(
        self, connection: Connection, after: Mapping[SessionId, int], limit: int = READ_EVENTS_MAX
    ) -> dict[SessionId, list[Recorded] | None]:
        """As `read`, of several sessions in one statement; None: `read` says what is wrong with this one."""
        try:
            rows = await connection.fetch(_READ_ENDS, list(after), list(after.values()), limit)
        except _CORRUPT:
            return dict.fromkeys(after)
        ends: dict[SessionId, list[Recorded] | None] = {session: [] for session in after}
        for row in rows:
            session = row["session_id"]
            end = ends[session]
            if end is not None and row["seq"] == after[session] + len(end) + 1:
                end.append(_recorded(row))
            else:
                ends[session] = None
        return ends

    async def read_of_types(
        self, session: SessionId, after: int, types: Collection[str], limit: int = READ_EVENTS_MAX
    ) -> list[Recorded]:
        """The next events after `after` that are of these types, or were stored as something that may be by now."""
        stored = stored_types(types)
        while True:
            async with self._database.connection() as connection:
                rows = await connection.fetch(_READ_OF_TYPES, session, after, limit, stored)
            found = [each for each in map(_recorded, rows) if each.event.type in types]
            if found or len(rows) < limit:
                return found
            after = rows[-1]["seq"]

    async def heads(self, sessions: Iterable[SessionId]) -> dict[SessionId, Head]:
        """Of the sessions that have a log."""
        async with self._database.connection() as connection:
            return {row["session_id"]: _head(row) for row in await connection.fetch(_HEADS, list(sessions))}

    async def sessions(self, after: SessionId | None = None, limit: int = 500) -> list[SessionId]:
        """Sessions that have a log, in the order of their ids."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SESSIONS, after, limit)
        return [SessionId(str(row["session_id"])) for row in rows]

    async def find_commands(self, session: SessionId, commands: Iterable[tuple[UserId | None, str]]) -> list[Answered]:
        """Those answered before. The caller compares hashes: another body under a known id is `id_reused`."""
        asked = list(commands)
        users, ids = [user or NOBODY for user, _ in asked], [command_id for _, command_id in asked]
        async with self._database.connection() as connection:
            rows = await connection.fetch(_COMMANDS, session, users, ids)
        return [
            _answered(row["user_id"], row["command_id"], row["body_hash"], row["seq"], row["refusal"]) for row in rows
        ]

    async def secrets(self, session: SessionId) -> dict[str, bytes]:
        """Raises Damaged."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT name, wrapped FROM live.session_secrets WHERE session_id = $1", session
            )
        unwrap = self._database.keys.unwrap
        try:
            return {row["name"]: unwrap(row["wrapped"], _place(session, row["name"])) for row in rows}
        except Undecryptable as error:
            raise Damaged(session, "a secret cannot be opened") from error

    # -- redaction ------------------------------------------------------------------------------------------------------

    async def redact(self, session: SessionId, seqs: Iterable[int]) -> None:
        """Takes the words out of these rows and drops what was derived from them; safe to repeat."""
        async with self._database.transaction() as connection:
            await redact(connection, session, sorted(set(seqs)))

    async def redact_marked(self, limit: int = REDACTIONS_MAX) -> int:
        """Works off what appends have marked and nobody has blanked yet, whichever process it was; how many rows."""
        async with self._database.connection() as connection:
            waiting = await marked(connection, limit)
        for session, seqs in waiting.items():
            try:
                await self.redact(session, seqs)
            except (
                asyncpg.PostgresError
            ) as error:  # one session's trouble; its rows are read without words all the same
                log.error("session %s cannot be redacted: %s", session, type(error).__name__)  # noqa: TRY400
        return sum(map(len, waiting.values()))


async def append_on(connection: Connection, prepared: Sequence[Prepared]) -> list[Outcome]:
    in_order = sorted(prepared, key=lambda each: each.batch.session)
    rows = await connection.fetch(_APPEND, *_columns(in_order))
    refused = _refusals(in_order, rows)
    return [refused.get(each.batch.session) or Appended(each.batch.reached) for each in prepared]


async def take_turn(connection: Connection, session: SessionId) -> Head | None:
    """Waits in turn for the head and holds it until the end of the caller's transaction. None: the session has no log."""
    await connection.execute(_WAIT_IN_TURN, session)
    row = await connection.fetchrow(_LOCK_HEAD, session)
    return None if row is None else _head(row)


def _columns(in_order: Sequence[Prepared]) -> tuple[Any, ...]:
    """The parameters of live.append_batches; a batch's number is its place from 1."""
    batches = [each.batch for each in in_order]
    numbered = list(enumerate(in_order, start=1))
    events = [
        (number, one, text)
        for number, each in numbered
        for one, text in zip(each.batch.events, each.payloads, strict=True)
    ]
    commands = [(number, one) for number, each in numbered for one in each.batch.commands]
    join = ",".join
    return (
        join([batch.session for batch in batches]),
        join([batch.epoch for batch in batches]),
        join([str(batch.expected_seq) for batch in batches]),
        join([str(batch.reached) for batch in batches]),
        [batch.events[-1].at if batch.events else None for batch in batches],
        join([str(number) for number, _, _ in events]),
        join([str(one.seq) for _, one, _ in events]),
        [one.at for _, one, _ in events],
        join([one.actor or "" for _, one, _ in events]),
        join([one.command or "" for _, one, _ in events]),
        join([str(one.event.version) for _, one, _ in events]),
        join([one.event.type for _, one, _ in events]),
        [text for _, _, text in events],
        join([str(number) for number, _ in commands]),
        join([one.user or NOBODY for _, one in commands]),
        join([one.command_id for _, one in commands]),
        join([str(one.seq) for _, one in commands]),
        join([f"\\x{one.body_hash.hex()}" if one.body_hash is not None else "" for _, one in commands]),
        _all_doings(numbered) or None,
    )


def _all_doings(numbered: Iterable[tuple[int, Prepared]]) -> Doing:
    together: Doing = {}
    for number, each in numbered:
        for name, entries in each.doing.items():
            together.setdefault(name, []).extend({"batch": number, **entry} for entry in entries)
    return together


def _refusals(in_order: Sequence[Prepared], rows: Iterable[Any]) -> dict[SessionId, Outcome]:
    """What the function said of batches it did not append. A repeated command says more than a head that moved."""
    refused: dict[SessionId, Outcome] = {}
    repeated: dict[SessionId, list[Answered]] = {}
    for row in rows:
        session = in_order[row["batch"] - 1].batch.session
        if row["outcome"] == "repeated":
            known = _answered(*(row[f"repeated_{name}"] for name in ("user", "id", "hash", "seq", "refusal")))
            repeated.setdefault(session, []).append(known)
        elif row["outcome"] == "moved":
            refused[session] = Moved(Head(session, row["head_epoch"], row["head_seq"], row["head_at"]))
        else:
            refused[session] = Busy()
    return refused | {session: Repeated(tuple(known)) for session, known in repeated.items()}


async def read_on(connection: Connection, session: SessionId, after: int, limit: int) -> list[Recorded]:
    try:
        rows = await connection.fetch(_READ, session, after, limit)
    except _CORRUPT as error:
        raise Damaged(session, f"a row after {after} cannot be read") from error
    for expected, row in enumerate(rows, start=after + 1):
        if row["seq"] != expected:
            raise Damaged(session, f"row {expected} is missing")
    return [_recorded(row) for row in rows]


def _recorded(row: Any) -> Recorded:
    event = event_of(row["type"], row["version"], row["payload"])
    recorded = Recorded(row["seq"], row["at"], row["actor"], row["command_id"], event)
    return replace(recorded, event=without_words(event)) if row["wordless"] else recorded


def _head(row: Any) -> Head:
    return Head(row["session_id"], row["epoch"], row["last_seq"], row["last_at"])


def _answered(user: str, command_id: str, body_hash: bytes | None, seq: int, refusal: str | None) -> Answered:
    return Answered(None if user == NOBODY else UserId(user), command_id, body_hash, seq, refusal)


def _place(session: SessionId, name: str) -> str:
    return f"live.session_secrets.wrapped:{session}:{name}"
