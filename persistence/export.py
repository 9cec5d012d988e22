"""What an export holds (domain.md 4.5): all that is kept about one person and all they wrote, table by table and session by session, and
where their own sound lies. Nothing of others: no reviewer, no answer, no message of anybody else; no key to a quiz, no secret.

Reads as the engine; so each statement names the person's rows itself.
"""

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic.alias_generators import to_camel

from persistence.connection import Connection
from persistence.database import Database
from persistence.encryption import Keys
from persistence.event_log import EventLog
from persistence.models.recording import UPLOAD
from rooms.board_book import BoardChanged
from rooms.feature import Event, Recorded
from rooms.ids import SessionId, UserId
from rooms.room import RoomState, replay
from rooms.standings import standing_at
from rooms.visibility import visible

OWN = "user_id = $1"
VOICE = f"{OWN} AND (session_id IS NULL OR track = $1::uuid::text)"  # uploads, and one's own track of a session
MINE = "submission_id IN (SELECT id FROM bootcamp.submissions WHERE user_id = $1)"
# What is told of each: the name in the archive, the table, whose rows, and columns that are not the person's to have.
TABLES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("account", "identity.accounts", "id = $1", ("email_bidx", "bidx_key_id")),
    ("roles", "identity.user_roles", OWN, ("granted_by",)),
    ("sign-ins", "identity.tokens", OWN, ("token_hash",)),
    ("privacy-requests", "identity.privacy_requests", OWN, ("requested_by",)),
    ("workbook/user", "workbook.workbook_users", "id = $1", ()),
    ("workbook/progress", "workbook.user_progress", OWN, ()),
    ("workbook/notes", "workbook.workbook_notes", OWN, ()),
    ("workbook/recordings", "workbook.audio_recordings", VOICE, ("file_url",)),
    (
        "workbook/transcriptions",
        "workbook.transcriptions",
        f"audio_recording_id IN (SELECT id FROM workbook.audio_recordings WHERE {VOICE})",  # noqa: S608 - our own names
        (),
    ),
    ("workbook/uploads", "workbook.uploads", OWN, ("pieces", "writer", "writer_until", "sha256")),
    ("live/sessions", "live.live_sessions", "instructor_id = $1", ("metadata",)),
    ("live/participations", "live.session_participants", OWN, ()),
    ("live/attendance", "live.attendance_credits", OWN, ()),
    ("live/registrations", "live.session_registrations", OWN, ("invitation_id",)),
    ("bootcamp/user", "bootcamp.users", "id = $1", ()),
    ("bootcamp/profile", "bootcamp.user_profiles", OWN, ()),
    ("bootcamp/enrollments", "bootcamp.enrollments", OWN, ()),
    (
        "bootcamp/lesson-progress",
        "bootcamp.lesson_progress",
        "enrollment_id IN (SELECT id FROM bootcamp.enrollments WHERE user_id = $1)",
        (),
    ),
    ("bootcamp/submissions", "bootcamp.submissions", OWN, ("graded_by",)),
    (
        "bootcamp/reviews-of-my-submissions",
        "bootcamp.peer_reviews",
        f"{MINE} AND overall_score IS NOT NULL",
        ("reviewer_id",),
    ),
    ("bootcamp/reviews-i-gave", "bootcamp.peer_reviews", "reviewer_id = $1", ()),
    ("bootcamp/feedback-on-my-submissions", "bootcamp.instructor_feedback", MINE, ("instructor_id",)),
    ("bootcamp/feedback-i-gave", "bootcamp.instructor_feedback", "instructor_id = $1", ()),
    ("bootcamp/projects", "bootcamp.design_projects", "created_by = $1", ()),
    ("bootcamp/team-memberships", "bootcamp.project_teams", OWN, ()),
    ("bootcamp/assets", "bootcamp.design_assets", "uploaded_by = $1", ()),
    ("bootcamp/discussions", "bootcamp.discussions", "author_id = $1", ("resolved_by",)),
    ("bootcamp/replies", "bootcamp.discussion_replies", "author_id = $1", ()),
    ("bootcamp/votes", "bootcamp.discussion_reply_votes", OWN, ()),
    ("bootcamp/certificates", "bootcamp.certificates", OWN, ()),
    ("bootcamp/analytics", "bootcamp.learning_analytics", OWN, ("source_key",)),
    ("bootcamp/fataplus", "bootcamp.fataplus_integration", OWN, ("access_token_enc", "refresh_token_enc")),
    ("bootcamp/services", "bootcamp.external_service_tokens", OWN, ("access_token_enc", "refresh_token_enc")),
    ("bootcamp/teaching", "bootcamp.course_staff", OWN, ()),
)
# Acts of one's own in a session; what repeats the words of others is not among them.
ACTS = frozenset(
    {
        "chat.sent",
        "chat.edited",
        "chat.reacted",
        "question.asked",
        "question.upvoted",
        "question.answered",
        "poll.voted",
        "hand.raised",
        "reaction.sent",
        "board.changed",
        "board.imageAdded",
        "breakout.helpAsked",
        "breakout.broadcasted",
        "recording.consented",
        "recording.marked",
    }
)
_SESSIONS = """
SELECT h.session_id FROM live.session_heads h JOIN live.live_sessions s ON s.id = h.session_id
 WHERE s.instructor_id = $1 OR EXISTS (SELECT FROM live.session_participants p WHERE p.session_id = h.session_id AND p.user_id = $1)
 ORDER BY h.session_id
"""
_MEDIA = """
SELECT id, recording_id, track, part, file_url, file_name FROM workbook.audio_recordings
 WHERE user_id = $1 AND deleted_at IS NULL AND (session_id IS NULL OR track = $1::uuid::text) ORDER BY id
"""
_TEXTS = {
    "email_enc",
    "given_name_enc",
    "family_name_enc",
    "full_name_enc",
}  # the directory's; all other sealed values are JSON
Document = Any


@dataclass(frozen=True, slots=True)
class Media:
    """`name` in the archive, `stored` in the store, sealed under the key of `key_place`."""

    name: str
    stored: str
    key_place: tuple[str, str]


async def documents(database: Database, person: UserId) -> AsyncIterator[tuple[str, Document]]:
    """Names without an ending, and what stands there. Nothing is told of a table in which nothing is theirs."""
    for name, table, whose, hidden in TABLES:
        async with database.connection() as connection:
            rows = await _rows(connection, database.keys, table, whose, hidden, person)
        if rows:
            yield name, rows
    log = EventLog(database)
    async with database.connection() as connection:
        sessions = [SessionId(row["session_id"]) for row in await connection.fetch(_SESSIONS, person)]
    for session in sessions:
        if acts := await _acts(log, session, person):
            yield f"sessions/{session}", acts


async def media_of(database: Database, person: UserId) -> list[Media]:
    async with database.connection() as connection:
        rows = await connection.fetch(_MEDIA, person)
    return [
        Media(
            f"{row['id']}-{row['file_name']}",
            row["file_url"].removeprefix("store://"),
            (row["recording_id"] or row["id"], row["track"] or UPLOAD),
        )
        for row in rows
    ]


# -- Rows --


async def _rows(
    connection: Connection, keys: Keys, table: str, whose: str, hidden: Iterable[str], person: UserId
) -> list[dict[str, Any]]:
    rows = await connection.fetch(f"SELECT * FROM {table} WHERE {whose}", person)  # noqa: S608 - our own names
    left_out = {*hidden, "search_vector", "deleted_at"}
    return [
        {_told_name(name): _told(keys, table, row, name) for name in row.keys() if name not in left_out}  # noqa: SIM118 - a Record
        for row in rows
    ]


def _told_name(column: str) -> str:
    return to_camel(column.removesuffix("_enc"))


def _told(keys: Keys, table: str, row: Any, column: str) -> Any:
    value = row[column]
    if column.endswith("_enc") and value is not None:
        clear = keys.open(value, f"{table}.{column}", UUID(row["id"]))
        return clear if column in _TEXTS else json.loads(clear)
    match value:
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return float(value)
        case None | bool() | int() | float() | str() | list() | dict():
            return value
        case _:
            return str(value)


# -- Sessions --


async def _acts(log: EventLog, session: SessionId, person: UserId) -> list[dict[str, Any]]:
    """As they may see it themselves (design.md 2.7), in the order of the log."""
    room, done = RoomState(), list[Recorded]()
    while rows := await log.read(session, room.seq):
        done += [each for each in rows if each.actor == person and each.event.type in ACTS]
        room = replay(rows, room)
    seen = (visible(each, standing_at(room, person, each.seq)) for each in done)
    return [
        {
            "seq": each.seq,
            "at": each.at.isoformat(),
            **_own_part(each.event, person).model_dump(mode="json", by_alias=True, exclude_none=True),
        }
        for each in seen
        if each is not None
    ]


def _own_part(event: Event, person: UserId) -> Event:
    """Of a change of a board, what they drew themselves: they may also have moved what others wrote."""
    if not isinstance(event, BoardChanged):
        return event
    creators = event.creators or {}
    own = tuple(each for each in event.elements if creators.get(each["id"], person) == person)
    return event.model_copy(update={"elements": own, "creators": None})
