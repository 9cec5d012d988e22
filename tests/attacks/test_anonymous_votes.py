"""Attacks 25 to 27: who looks for the voter of an anonymous poll, with the database, the logs, every frame and every export in
hand, while it is open and after its close. `ballot_of` and the poll's secret are what would betray them.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from live.keys import DATABASE
from persistence.event_log import EventLog
from persistence.projections import Projector
from rooms.ballots import ballot_of
from rooms.ids import SessionId, UserId
from tests.attacks.conftest import Desk
from tests.live.conftest import House
from tests.live.visitor import Visitor

VOTERS = ("theo", "ana", "ben", "cleo", "dan", "eli")
HEARTBEATS = {"live.presence", "live.processes", "ops.cluster"}
"""Told by the clock, whether somebody votes or not."""
Dump = dict[str, set[str]]


async def dump_of(dsn: str) -> Dump:
    """Every row of every table, as text, to somebody whom no policy stops."""
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetch(
            "SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
        )
        rows = {each["name"]: await connection.fetch(f"SELECT t::text FROM {each['name']} t") for each in tables}
        return {name: {row[0] for row in found} for name, found in rows.items() if name not in HEARTBEATS}
    finally:
        await connection.close()


def new_in(after: Dump, before: Dump) -> list[str]:
    return [f"{name}: {row}" for name, rows in after.items() for row in rows - before.get(name, set())]


async def secrets_of(house: House, session: SessionId) -> Mapping[str, bytes]:
    return await EventLog(house.app[DATABASE]).secrets(session)


async def ask(mara: Visitor, **fields: Any) -> str:
    command_id = str(uuid4())
    given = {"question": "Too fast?", "kind": "single", "options": ["Yes", "No"], "anonymous": True, **fields}
    assert (await mara.submit("poll.create", command_id=command_id, **given))["ok"]
    poll = str((await mara.sees("poll.created", command=command_id))["pollId"])
    assert (await mara.submit("poll.open", pollId=poll))["ok"]
    return poll


async def enter_all(house: House, session: SessionId, names: tuple[str, ...]) -> list[Visitor]:
    for name in names:
        await house.register(session, name)
    return await house.enter(session, *names)


async def test_25_nothing_that_is_kept_or_sent_leads_back_to_a_voter(
    desk: Desk, dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    house = desk.house
    session = await house.session()
    names = VOTERS[1:]
    [mara, theo] = await house.enter(session, "mara", "theo")
    voters = sorted(await enter_all(house, session, names), key=lambda each: each.user, reverse=True)
    by_rest = await desk.caller("fay")
    await house.register(session, "fay")
    await house.enter(session, "fay")
    poll = await ask(mara)
    ids = {visitor.user: str(uuid4()) for visitor in voters} | {by_rest.user: str(uuid4())}
    choice = {user: number % 2 for number, user in enumerate(sorted(ids))}
    for each in (*voters, theo):
        await each.sees("poll.opened")
    before, logged = await dump_of(dsn), len(caplog.records)

    for visitor in voters:
        for _ in range(2):
            ack = await visitor.submit(
                "poll.vote", command_id=ids[visitor.user], pollId=poll, choices=[choice[visitor.user]]
            )
            assert ack["ok"], ack
        other = await visitor.submit("poll.vote", pollId=poll, choices=[1 - choice[visitor.user]])
        assert other["code"] == "poll.already_voted"
    body = {"id": ids[by_rest.user], "type": "poll.vote", "pollId": poll, "choices": [choice[by_rest.user]]}
    voted = await by_rest.post(f"/live-sessions/{session}/commands", body, headers={"Idempotency-Key": str(uuid4())})
    assert voted.status == 200

    # While it is open the secret is there, wrapped; with it the ballots have names. That is what must be gone later.
    [secret] = (await secrets_of(house, session)).values()
    ballots = {ballot_of(secret, UserId(user)): user for user in ids}
    kept = new_in(await dump_of(dsn), before)
    votes = [row for row in kept if "poll.voted" in row]
    assert len(votes) == len(ids)
    assert all(sum(ballot in row for row in votes) == 1 for ballot in ballots), "the test looks for the right thing"
    # whoever has been here for half a minute has a row that was written again, of other things than this vote
    people = [row for row in kept if row.startswith("live.session_participants:")]
    assert all('""pollsAnswered"": 0' in row for row in people), people
    for row in [each for each in kept if each not in people]:
        assert not [user for user in ids if user in row], f"a row of the votes names a voter: {row}"
        assert not [each for each in ids.values() if each in row], f"a row of the votes has a command's id: {row}"

    await mara.sees("poll.tallied", pollId=poll, answered=len(ids))
    assert (await mara.submit("poll.close", pollId=poll))["ok"]
    closed = await mara.sees("poll.closed", pollId=poll)
    database = house.app[DATABASE]
    await Projector(database, EventLog(database), rest_s=0).catch_up()
    assert await secrets_of(house, session) == {}
    after = await dump_of(dsn)
    assert not any(secret.hex() in row for rows in after.values() for row in rows)
    for row in new_in(after, before):
        users = {user for user in ids if user in row}
        assert not [ballot for ballot in ballots if ballot in row] or not users, row
        assert not [each for each in ids.values() if each in row], row
    [who] = [
        json.loads(row[0])["who"]
        for row in await rows(dsn, "SELECT payload::text FROM live.session_events WHERE type = 'poll.closed'")
    ]
    assert who == sorted(ids), "in an order that says nothing about the order of the ballots"
    assert closed["counts"] == [list(choice.values()).count(0), list(choice.values()).count(1)]

    # What others were sent, now or by any way of reading it later.
    heard = str([visitor.frames for visitor in (mara, theo, *voters)])
    ada = await desk.caller("ada")
    staff = await desk.caller("mara")
    path = f"/live-sessions/{session}"
    for caller in (ada, staff, by_rest):
        for what in ("events?limit=200", "state", "polls", "participants", "engagement"):
            heard += (await caller.get(f"{path}/{what}")).body.decode()
    for what in ("attendance.csv", "engagement.csv"):
        heard += (await staff.get(f"{path}/{what}")).body.decode()
    assert "poll.voted" not in heard
    assert not [each for each in (*ballots, *ids.values()) if each in heard]

    # An anonymous vote's times are those of something else.
    times = await rows(dsn, "SELECT seq, at, type FROM live.session_events ORDER BY seq")
    at = {row["seq"]: row["at"] for row in times}
    assert all(row["at"] == at[row["seq"] - 1] for row in times if row["type"] == "poll.voted")

    lines = [each for each in caplog.records[logged:] if not each.name.startswith(("asyncio", "client"))]
    written = "\n".join(f"{each.getMessage()} {each.__dict__}" for each in lines)
    assert not [each for each in (*ids, *ids.values(), *ballots) if each in written]


async def rows(dsn: str, query: str) -> list[Any]:
    connection = await asyncpg.connect(dsn)
    try:
        return list(await connection.fetch(query))
    finally:
        await connection.close()


async def test_26_a_few_ballots_are_not_counted_before_the_close(house: House) -> None:
    """Four: no tally for anybody however long one waits, nobody's credit, and nothing in anybody's view."""
    session = await house.session()
    mara, *voters = await house.enter(session, "mara", "theo", "ana", "ben")
    poll = await ask(mara)
    for visitor in voters:
        assert (await visitor.submit("poll.vote", pollId=poll, choices=[0]))["ok"]
    await asyncio.sleep(2.5)
    again = await house.visitor("mara")
    view = (await again.join(session))["snapshot"]["view"]["polls"]["polls"][poll]
    assert not [name for name in ("tally", "counts", "answered", "votes", "ballots") if view.get(name)], view
    assert "poll.tallied" not in mara.types
    assert (await mara.submit("poll.close", pollId=poll))["ok"]
    closed = await mara.sees("poll.closed", pollId=poll)
    assert closed["counts"] == [3, 0]
    stored = await EventLog(house.app[DATABASE]).read(session, 0)
    [event] = [each.event for each in stored if each.event.type == "poll.closed"]
    assert event.who is None  # type: ignore[attr-defined]


async def test_27_an_anonymous_poll_never_becomes_a_named_one(house: House) -> None:
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana")
    poll = await ask(mara)
    assert (await ana.submit("poll.vote", pollId=poll, choices=[0]))["ok"]
    named: dict[str, Any] = {"question": "Too fast?", "kind": "single", "options": ["Yes", "No"], "anonymous": False}
    for _ in range(2):
        changed = await mara.submit("poll.update", pollId=poll, **named)
        assert not changed["ok"], "neither while it is open nor after its close"
        extra = await mara.submit("poll.open", pollId=poll, anonymous=False)
        assert extra["code"] == "bad_request"
        await mara.submit("poll.close", pollId=poll)
    assert (await mara.submit("poll.reopen", pollId=poll))["code"] == "poll.anonymous"
    command_id = str(uuid4())
    assert (await mara.submit("poll.copy", command_id=command_id, pollId=poll))["ok"]
    copy = await mara.sees("poll.created", command=command_id)
    assert (copy["anonymous"], copy.get("counts")) == (True, None)
