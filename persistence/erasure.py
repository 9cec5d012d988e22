"""Erases a person (domain.md 4.6): their words out of the log of every session, their voice and files out of the store, their rows; what
stays is an account that names nobody. Each step is safe to repeat, and what comes later finds what it needs although the earlier ones
are done: whoever is killed in the middle begins again from the start.

Works on any connection that may see all rows, so also in a restored database before anybody serves it. Does not know who may ask,
nor when: that is privacy.py's.
"""

import asyncio
import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID, uuid4, uuid5

from persistence.connection import Connection
from persistence.database import set_codecs
from persistence.event_log import READ_EVENTS_MAX, Head, Prepared, append_on, read_on, take_turn
from persistence.event_rows import NOBODY, Answered, Batch, payload_of
from persistence.redaction import forget, holds_words_of
from rooms.erasure import ErasePerson
from rooms.feature import Context
from rooms.ids import SessionId, UserId
from rooms.room import RoomState, decide, record, replay

TOMBSTONES = "erasures"
ROWS_AT_A_TIME = 500

_SESSIONS = """
SELECT h.session_id FROM live.session_heads h JOIN live.live_sessions s ON s.id = h.session_id
 WHERE s.instructor_id = $1
    OR EXISTS (SELECT FROM live.session_participants p WHERE p.session_id = h.session_id AND p.user_id = $1)
    OR EXISTS (SELECT FROM live.session_registrations r WHERE r.session_id = h.session_id AND r.user_id = $1)
    OR EXISTS (SELECT FROM identity.accounts a WHERE a.id = $1 AND a.guest_session_id = h.session_id)
 ORDER BY h.session_id
"""
_WAS_ASKED = "SELECT true FROM live.session_commands WHERE session_id = $1 AND user_id = $2 AND command_id = $3"
_TRACKS = "SELECT session_id, recording_id FROM live.session_recordings WHERE track = $1::uuid::text"
_FILES = """
SELECT id, 'upload' AS track FROM workbook.audio_recordings WHERE user_id = $1 AND session_id IS NULL
UNION SELECT id, 'upload' FROM workbook.uploads WHERE user_id = $1
UNION SELECT id, 'export' FROM identity.privacy_requests WHERE user_id = $1 AND kind = 'export'
"""
_SHRED = """
DELETE FROM live.recording_keys WHERE track = $1 OR (recording_id, track) IN (SELECT * FROM unnest($2::uuid[], $3::text[]))
"""
_KNOWN = "SELECT id, status FROM identity.accounts WHERE id = ANY ($1::uuid[])"


class Store(Protocol):
    """As much of media/store.py's as an erasure needs."""

    async def put(self, name: str, data: bytes) -> None: ...
    async def list(self, folder: str) -> list[str]: ...
    async def delete(self, name: str) -> bool: ...
    async def delete_tree(self, folder: str) -> int: ...


async def erase(connection: Connection, store: Store, person: UserId) -> None:
    """First of all the tombstone: from then on a restored database is erased again, too."""
    await store.put(tombstone_name(person), tombstone(person, datetime.now(UTC)))
    async with connection.transaction():
        await connection.execute("SELECT identity.shut_account($1)", person)
    for row in await connection.fetch(_SESSIONS, person):
        await erase_from_session(connection, SessionId(row["session_id"]), person)
    await _destroy_files(connection, store, person)
    async with connection.transaction():
        # One after the other: who shared a discussion or a review would otherwise wait for each other's rows.
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('identity.erase_account'))")
        await connection.execute("SELECT identity.erase_account($1)", person)


# -- What was said --


async def erase_from_session(connection: Connection, session: SessionId, person: UserId) -> None:
    """It is said in the log that they are erased, so that everybody who follows it forgets them; then their rows lose their words."""
    room, rows = await _read_to_the_end(connection, session, RoomState(), person)
    async with connection.transaction():
        head = await take_turn(connection, session)
        if head is None:
            return
        room, more = await _read_to_the_end(connection, session, room, person)
        if not await connection.fetchval(_WAS_ASKED, session, NOBODY, _command_id(session, person)):
            at = await connection.fetchval("SELECT clock_timestamp()")
            await append_on(connection, [_told(head, room, person, at)])
        rows += more
        await forget(connection, session, rows[:ROWS_AT_A_TIME], person)
    for start in range(ROWS_AT_A_TIME, len(rows), ROWS_AT_A_TIME):
        async with connection.transaction():
            await forget(connection, session, rows[start : start + ROWS_AT_A_TIME], person)


async def _read_to_the_end(
    connection: Connection, session: SessionId, room: RoomState, person: UserId
) -> tuple[RoomState, list[int]]:
    """The state there, and which rows hold words of this person."""
    found: list[int] = []
    while rows := await read_on(connection, session, room.seq, READ_EVENTS_MAX):
        found += [each.seq for each in rows if holds_words_of(each, person)]
        room = replay(rows, room)
        await asyncio.sleep(0)
    return room, found


def _told(head: Head, room: RoomState, person: UserId, at: datetime) -> Prepared:
    context = Context(head.session, None, at, new_id=lambda: str(uuid4()))
    command = _command_id(head.session, person)
    events = tuple(record(room, decide(room, ErasePerson(user_id=person), context), context, command))
    accepted = Answered(None, command, None, events[-1].seq)
    batch = Batch(head.session, head.last_seq, head.epoch, events, commands=(accepted,))
    return Prepared(batch, tuple(payload_of(each.event) for each in events), {}, 0)


def _command_id(session: SessionId, person: UserId) -> str:
    return str(uuid5(UUID(session), f"person.erase:{person}"))


# -- Voices and files --


async def _destroy_files(connection: Connection, store: Store, person: UserId) -> None:
    """The keys first: then the files say nothing, wherever copies of them are. The rows that name the files go last of all."""
    tracks = await connection.fetch(_TRACKS, person)
    files = await connection.fetch(_FILES, person)
    await connection.execute(_SHRED, person, [row["id"] for row in files], [row["track"] for row in files])
    for row in tracks:
        for name in await store.list(f"recordings/{row['session_id']}/{row['recording_id']}"):
            if name.rpartition("/")[2].startswith(f"{person}-"):
                await store.delete(name)
    for row in files:
        for folder in ("uploads", "pieces") if row["track"] == "upload" else ("exports",):
            await store.delete_tree(f"{folder}/{row['id']}")


# -- After a restore --


def tombstone_name(person: UserId) -> str:
    return f"{TOMBSTONES}/{person}"


def tombstone(person: UserId, at: datetime) -> bytes:
    return json.dumps({"user": person, "erasedAt": at.isoformat()}).encode()


def persons_in(names: Iterable[str]) -> list[UserId]:
    """Whose tombstones these objects are."""
    found = []
    for name in names:
        with suppress(ValueError):
            found.append(UserId(str(UUID(name.rpartition("/")[2]))))
    return found


async def reapply_erasures(connection: Connection, store: Store, persons: Iterable[UserId]) -> int:
    """In a database that was restored to a time before (D84): whoever was erased since is erased there, before anybody is served.
    Also whoever hosts a session: it is over for them. How many."""
    await set_codecs(connection)
    known = {row["id"]: row["status"] for row in await connection.fetch(_KNOWN, list(persons))}
    again = [UserId(person) for person, status in known.items() if status != "erased"]
    for person in again:
        await erase(connection, store, person)
    return len(again)
