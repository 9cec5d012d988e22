"""The hand-written table of tests/laws/test_never_visible.py, held against what `GET …/events` answers: a whole random history lies
in the database, and everybody who was in it reads it through their own sign-in (guarantees 4, attacks 21, 22).
"""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from live.keys import ACCESS_TOKENS, DATABASE, DIRECTORY, TOKENS
from persistence.connection import Connection
from persistence.event_log import Appended, Batch, Busy, EventLog
from persistence.models.session import LiveSession, NewSession
from persistence.models.user import NewUser, PlatformRole
from persistence.sessions import Sessions
from persistence.tokens import TokenKind
from rooms.gates import gates
from rooms.ids import SessionId, UserId
from rooms.room import RoomState
from tests.api.conftest import Api, Caller
from tests.laws.improviser import EVERYBODY, STRANGER, History, improvise
from tests.laws.laws import rooms_of, wire
from tests.laws.test_never_visible import COLUMN, COLUMNS, RELATIONS, RIGHTS, cell, place, relation, room_of, variant
from tests.laws.test_received_bytes import holds
from tests.rooms.rehearsal import MARA

SEEDS = (2009, 2024, 2029)
APPEND_EVENTS = 50


async def test_everybody_reads_of_the_past_what_the_table_says(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    people = {user: await account(api, user, monkeypatch) for user in (*EVERYBODY, STRANGER)}
    checked, relations = Counter[str](), Counter[str]()
    for history in (improvise(seed, 200) for seed in SEEDS):
        session = await stored(api, history)
        rooms = {recorded.seq: after for _, recorded, after in rooms_of(history)}
        for user, caller in people.items():
            entered = next((seq for seq, room in rooms.items() if is_in(room, user)), None)
            if entered is None:
                continue  # nothing of this session is theirs to read
            items = await read(caller, session)
            for recorded in history.played.log[1:]:
                room = rooms[max(recorded.seq, entered)]  # before the first admission: as at that one
                where, there = place(room, user), room_of(room, user)
                column, right = cell(RIGHTS[variant(recorded)], recorded, user, where, there)
                item = items.pop(recorded.seq, None)
                if not holds(right, recorded, user, there, item):
                    told = f"{variant(recorded)} for {where} as {column} ({right}): {item} of {wire(recorded)}"
                    raise AssertionError(f"seed {history.seed}: {told}")
                checked[column] += 1
                if RIGHTS[variant(recorded)]["elsewhere"] == "-":
                    relations[relation(recorded, where, there)] += 1
            items.pop(1, None)
            assert not items, f"seed {history.seed}: more than there is"
    print(f"\n{sum(checked.values())} cells over REST: {dict(checked)}; of what belongs to a place: {dict(relations)}")
    assert min(checked[column] for column in COLUMNS) > 0
    assert set(relations) == RELATIONS


def is_in(room: RoomState, user: UserId) -> bool:
    return COLUMN[place(room, user)] != "outside"


async def account(api: Api, user: UserId, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """Under the id that the history gave them."""
    monkeypatch.setattr("persistence.directory.uuid4", lambda: UUID(user))
    roles = (PlatformRole.INSTRUCTOR,) if user == MARA else (PlatformRole.LEARNER,)
    new = NewUser(email=f"{user}@example.org", first_name="Somebody", last_name="Example", roles=roles)
    assert await api.app[DIRECTORY].create_user(new) == user
    issued = await api.app[TOKENS].issue(user, TokenKind.REFRESH)
    return Caller(api, user, user, api.app[ACCESS_TOKENS].issue(user, issued.family))


async def stored(api: Api, history: History) -> SessionId:
    """The history as another process would have appended it, without its effects: no timers, nothing redacted."""
    database, log = api.app[DATABASE], history.played.log
    event_log = EventLog(database)
    rooms = {recorded.seq: after for _, recorded, after in rooms_of(history)}

    async def first_event(connection: Connection, session: LiveSession) -> None:
        await event_log.first_event(connection, SessionId(session.id), log[0], gates(RoomState(), rooms[1]), ())

    now = datetime.now(UTC)
    new = NewSession(title="As it was", scheduled_start=now, scheduled_end=now + timedelta(hours=1))
    session = SessionId((await Sessions(database).create(new, MARA, first_event)).id)
    head = (await event_log.heads([session]))[session]
    for start in range(1, len(log), APPEND_EVENTS):
        events = tuple(log[start : start + APPEND_EVENTS])
        changed = gates(rooms[start], rooms[events[-1].seq])
        batch = Batch(session, start, head.epoch, events, gates=changed)
        while (outcome := (await event_log.append([batch]))[0]) == Busy():  # noqa: ASYNC110 - the projector has it
            await asyncio.sleep(0.01)
        assert outcome == Appended(events[-1].seq), outcome
    return session


async def read(caller: Caller, session: SessionId) -> dict[int, dict[str, Any]]:
    items: dict[int, dict[str, Any]] = {}
    while True:
        after = max(items, default=0)
        answer = await caller.get(f"/live-sessions/{session}/events?after={after}&limit=200")
        assert answer.status == 200, answer
        if not answer.json["items"]:
            return items
        items |= {item["seq"]: item for item in answer.json["items"]}
