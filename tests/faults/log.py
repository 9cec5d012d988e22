"""The log of each session as Postgres has it after a run, twice: as every row was first written, and as it stands now.

The harness keeps its own copy of each row from the append's own transaction (a trigger), so that the checker can tell a
redaction, which may change a row, from anything else, which may not. Checks invariant I2 on the two; knows no client.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from rooms.feature import Recorded
from rooms.protocol import EVENTS
from rooms.room import STATE, blanked, replay

NOBODY = "00000000-0000-0000-0000-000000000000"

ARCHIVE = """
CREATE SCHEMA faults;
CREATE TABLE faults.written (LIKE live.session_events, written_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE FUNCTION faults.keep() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  INSERT INTO faults.written SELECT n.*, clock_timestamp() FROM new_rows n;
  RETURN NULL;
END $$;
CREATE TRIGGER keep AFTER INSERT ON live.session_events
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION faults.keep();
CREATE TABLE faults.epochs (session_id uuid, epoch text);
CREATE FUNCTION faults.keep_epoch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  INSERT INTO faults.epochs VALUES (OLD.session_id, OLD.epoch);
  RETURN NULL;
END $$;
CREATE TRIGGER keep_epoch AFTER UPDATE OF epoch ON live.session_heads FOR EACH ROW EXECUTE FUNCTION faults.keep_epoch();
"""

_OF = "WHERE $1::uuid[] IS NULL OR session_id = ANY ($1)"
_HEADS = f"SELECT session_id, epoch, last_seq FROM live.session_heads {_OF}"
_EPOCHS = f"SELECT session_id, epoch FROM faults.epochs {_OF}"
_COMMANDS = f"SELECT session_id, user_id, command_id, seq, refusal FROM live.session_commands {_OF}"
_ROWS = (
    "SELECT session_id, seq, at, actor, command_id, type, payload, {when} AS written_at FROM {table} "
    f"{_OF} ORDER BY session_id, seq"
)
_LEFT = "SELECT count(*) FROM live.redactions"


@dataclass(frozen=True, slots=True)
class Violation:
    """`rule` is the invariant's number (guarantees.md 4), `who` a client's name or `log`."""

    rule: str
    who: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule} {self.who}: {self.what}"


@dataclass(frozen=True)
class Log:
    """One session. `commands` maps (user, command id) to the seq it was answered with; `written_at` is seconds since 1970; `earlier`:
    epochs that it had before, none of which may have lost anything."""

    session: str
    epoch: str
    last_seq: int
    written: tuple[Recorded, ...]
    stored: tuple[Recorded, ...]
    commands: Mapping[tuple[str, str], int]
    written_at: Mapping[int, float] = field(default_factory=dict)
    earlier: frozenset[str] = frozenset()


async def keep_what_is_written(dsn: str) -> None:
    """Before the server starts; `dsn` is a superuser's."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(ARCHIVE)
    finally:
        await connection.close()


async def redactions_left(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval(_LEFT))
    finally:
        await connection.close()


async def dump(dsn: str, sessions: Sequence[str] | None = None) -> str:
    """Everything the checker needs, as JSON, so that a kept run can be checked again without its database. None: all sessions."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            document = {
                "heads": await _plain(connection, _HEADS, sessions),
                "epochs": await _plain(connection, _EPOCHS, sessions),
                "commands": await _plain(connection, _COMMANDS, sessions),
                "written": await _plain(connection, _ROWS.format(table="faults.written", when="written_at"), sessions),
                "stored": await _plain(connection, _ROWS.format(table="live.session_events", when="at"), sessions),
            }
    finally:
        await connection.close()
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


async def _plain(connection: Any, statement: str, sessions: Sequence[str] | None) -> list[dict[str, Any]]:
    rows = await connection.fetch(statement, sessions)
    return [{name: _simple(value) for name, value in row.items()} for row in rows]


def _simple(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, int | str | None) else str(value)


def read_logs(path: Path) -> dict[str, Log]:
    document = json.loads(path.read_text())
    found = {}
    for head in document["heads"]:
        session = head["session_id"]

        def mine(name: str, session: str = session) -> Iterator[dict[str, Any]]:
            return (row for row in document[name] if row["session_id"] == session)

        found[session] = Log(
            session=session,
            epoch=head["epoch"],
            last_seq=head["last_seq"],
            written=tuple(recorded_of(row) for row in mine("written")),
            stored=tuple(recorded_of(row) for row in mine("stored")),
            commands={
                (row["user_id"], row["command_id"]): row["seq"] for row in mine("commands") if row["refusal"] is None
            },
            written_at={row["seq"]: datetime.fromisoformat(row["written_at"]).timestamp() for row in mine("written")},
            earlier=frozenset(row["epoch"] for row in mine("epochs")),
        )
    return found


def recorded_of(row: Mapping[str, Any]) -> Recorded:
    """Decoded here and not by the server's reader, which is part of what is checked."""
    event = EVENTS.validate_python({"type": row["type"], **json.loads(row["payload"])})
    return Recorded(row["seq"], datetime.fromisoformat(row["at"]), row["actor"], row["command_id"], event)


def check_log(log: Log) -> Iterator[Violation]:
    """I2, and what it rests on: numbers without a gap, time that never runs back, rows that never change."""
    numbers = [recorded.seq for recorded in log.written]
    if numbers != list(range(1, log.last_seq + 1)):
        gap = next((n for n, seq in enumerate(numbers, start=1) if n != seq), len(numbers) + 1)
        yield Violation("I2", "log", f"{len(numbers)} rows up to {log.last_seq}, the first wrong one at {gap}")
    for before, after in zip(log.written, log.written[1:], strict=False):
        if after.at < before.at:
            yield Violation("I2", "log", f"time runs back at {after.seq}")
    yield from _check_redaction(log)


def _check_redaction(log: Log) -> Iterator[Violation]:
    gone = {seq for recorded in log.written for seq in getattr(recorded.event, "seqs", ())}
    expected = []
    for recorded in log.written:
        event = blanked(recorded.event) if recorded.seq in gone else recorded.event
        expected.append(Recorded(recorded.seq, recorded.at, recorded.actor, recorded.command, event))
    if len(expected) != len(log.stored):
        yield Violation("I2", "log", f"{len(expected)} rows were written, {len(log.stored)} are there")
    for wanted, found in zip(expected, log.stored, strict=False):
        if wanted != found:
            why = "keeps the words that were deleted" if wanted.seq in gone else "is not the row that was written"
            yield Violation("I2", "log", f"row {found.seq} {why}")
    if STATE.dump_json(replay(log.stored)) != STATE.dump_json(replay(log.written)):
        yield Violation("I7", "log", "the redacted log folds to another state")
