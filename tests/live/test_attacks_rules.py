"""Attacks 14 to 16, 21, 25 to 27 and 66 over the socket: rights are checked in the order of the log, ids belong to who made
them, and an anonymous vote leads back to nobody. What each rule says is tested in tests/rooms; here, that nothing goes round it.
"""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from live.keys import DATABASE, HOSTS
from persistence.event_log import EventLog
from rooms.protocol import COMMAND_TYPES
from rooms.upcasters import type_of
from tests.live.conftest import House

SOMEBODY = str(uuid4())
STAFF_ONLY: dict[str, dict[str, Any]] = {
    "session.start": {},
    "session.activate": {},
    "session.abort": {},
    "session.pause": {},
    "session.resume": {},
    "session.extend": {"minutes": 5},
    "session.update": {"title": "Mine now"},
    "session.end": {},
    "session.cancel": {},
    "participant.admit": {},
    "participant.deny": {},
    "participant.remove": {"userId": "theo"},
    "participant.ban": {"userId": "theo"},
    "participant.unban": {"userId": "theo"},
    "role.set": {"userId": "self", "role": "instructor"},
    "role.takeOver": {},
    "permission.grant": {"userId": "self", "permission": "can_moderate"},
    "permission.revoke": {"userId": "theo", "permission": "can_speak"},
    "chat.lock": {},
    "chat.slow": {"seconds": 10},
    "chat.pin": {"messageId": SOMEBODY},
    "poll.create": {"question": "?", "kind": "single", "options": ["a", "b"]},
    "poll.import": {"text": "Ready?\n- Yes\n- No"},
    "poll.quick": {"template": "yesno"},
    "question.approve": {"questionId": SOMEBODY},
    "question.dismiss": {"questionId": SOMEBODY},
    "question.merge": {"questionId": SOMEBODY, "into": str(uuid4())},
    "question.pin": {"questionId": SOMEBODY},
    "stage.show": {"kind": "nothing"},
}


@pytest.mark.parametrize("name", ["ana", "otto"])
async def test_14_15_whoever_may_not_is_refused_and_leaves_no_trace(house: House, name: str) -> None:
    session = await house.session()
    theo, visitor = await house.enter(session, "theo", name)
    people = {"self": visitor.user, "theo": theo.user}
    before = (await house.app[HOSTS].read(session)).seq
    known = {type_of(kind) for kind in COMMAND_TYPES}
    for kind, given in STAFF_ONLY.items():
        if kind not in known:
            continue
        fields = {key: people.get(value, value) if isinstance(value, str) else value for key, value in given.items()}
        ack = await visitor.submit(kind, **fields)
        assert not ack["ok"], kind
        assert ack["code"] in {"forbidden", "not_found", "session.illegal_transition", "session.owned"}, (kind, ack)
    assert (await house.app[HOSTS].read(session)).seq == before
    async with house.app[DATABASE].connection() as connection:
        rows = await connection.fetchval(
            "SELECT count(*) FROM live.session_commands WHERE user_id = $1 AND body_hash IS NOT NULL AND seq > $2",
            visitor.user,
            before,
        )
    assert rows == 0


async def test_16_a_right_taken_away_binds_everything_after_it(house: House) -> None:
    """100 commands in flight while Mara revokes: none is accepted after the revocation's place."""
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana")
    await mara.submit("permission.grant", userId=ana.user, permission="can_create_polls")
    await ana.sees("permission.granted")

    async def create(number: int) -> dict[str, Any]:
        return await ana.submit("poll.create", question=f"Number {number}?", kind="single", options=["a", "b"])

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(create(number)) for number in range(20)]
        revoking = mara.submit("permission.revoke", userId=ana.user, permission="can_create_polls")
        revoked = group.create_task(revoking)
        asked += [group.create_task(create(number)) for number in range(20, 50)]
    place = revoked.result()["seq"]
    acks = [each.result() for each in asked]
    assert all(ack["seq"] < place for ack in acks if ack["ok"])
    assert {ack["code"] for ack in acks if not ack["ok"]} <= {"forbidden", "overloaded"}
    assert not (await create(99))["ok"]


async def test_21_nobody_reads_from_before_their_standing(house: House) -> None:
    """A resume across being let in, and across a removal, is a new view; staff words of before stay unseen."""
    session = await house.session()
    mara, theo, ana = await house.enter(session, "mara", "theo", "ana")
    place, epoch = ana.ack["seq"], ana.ack["epoch"]
    await mara.submit("chat.send", text="staff secret", to="staff")
    await theo.sees("chat.sent", text="staff secret")
    await ana.close()
    back = await house.visitor("ana")
    await back.join(session, epoch=epoch, after=place)
    await mara.submit("chat.send", text="for all")
    await back.sees("chat.sent", text="for all")
    again = await house.visitor("ana")
    ack = await again.join(session, epoch=epoch, after=0)
    assert ack["resync"] is True, "0 is before Ana was in"
    assert "staff secret" not in str((ack, back.frames, again.frames))


async def test_23_what_the_state_forbids_is_refused(house: House) -> None:
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana")
    assert (await mara.submit("session.end"))["ok"]
    late = await ana.submit("chat.send", text="late")
    assert (late["ok"], late["code"]) == (False, "session.ended")
    again = await mara.submit("session.activate")
    assert (again["code"], again.get("allowed", [])) == ("session.illegal_transition", [])


async def test_25_26_an_anonymous_vote_leads_back_to_nobody(house: House) -> None:
    session = await house.session()
    names = ("theo", "ana", "ben")
    mara, *voters = await house.enter(session, "mara", *names)
    await mara.submit("poll.create", question="Too fast?", kind="single", options=["Yes", "No"], anonymous=True)
    poll = (await mara.sees("poll.created"))["pollId"]
    assert (await mara.submit("poll.open", pollId=poll))["ok"]
    votes = {visitor.user: str(uuid4()) for visitor in voters[1:]}
    for visitor in voters[1:]:
        for _ in range(2):
            ack = await visitor.submit("poll.vote", command_id=votes[visitor.user], pollId=poll, choices=[0])
            assert ack["ok"], ack
        changed = await visitor.submit("poll.vote", pollId=poll, choices=[1])
        assert (changed["ok"], changed["code"]) == (False, "poll.already_voted")
        same = await visitor.submit("poll.vote", pollId=poll, choices=[0])
        assert same["ok"]
    async with house.app[DATABASE].connection() as connection:
        rows = await connection.fetch("SELECT * FROM live.session_events WHERE type = 'poll.voted'")
        commands = await connection.fetch(
            "SELECT command_id FROM live.session_commands WHERE command_id = ANY ($1::uuid[])", list(votes.values())
        )
        secrets = await connection.fetchval("SELECT count(*) FROM live.session_secrets")
    assert len(rows) == len(votes)
    assert commands == []
    for row in rows:
        assert (row["actor"], row["command_id"]) == (None, None)
        assert not set(votes) & set(str(row["payload"]).split("'")), "no voter in the row"
    assert secrets == 1
    for visitor in (mara, *voters):
        assert "poll.voted" not in visitor.types
    assert (await mara.submit("poll.close", pollId=poll))["ok"]
    async with house.app[DATABASE].connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM live.session_secrets") == 0
    reopened = await mara.submit("poll.reopen", pollId=poll)
    assert (reopened["ok"], reopened["code"]) == (False, "poll.anonymous")


async def test_66_an_id_belongs_to_who_used_it_where(house: House) -> None:
    """Ben repeats Ana's id: it is his own, makes other ids than hers, and leaves hers as it was."""
    first, second = await house.session(), await house.session()
    ana, ben = await house.enter(first, "ana", "ben")
    command_id = str(uuid4())
    one = await ana.submit("chat.send", command_id=command_id, text="Ana's")
    two = await ben.submit("chat.send", command_id=command_id, text="Ben's")
    assert one["ok"]
    assert two["ok"]
    assert one["seq"] != two["seq"]
    await ben.sees("chat.sent", text="Ben's")
    ids = [event["messageId"] for event in ben.events if event["type"] == "chat.sent"]
    assert len(set(ids)) == 2
    await ana.join(second)
    elsewhere = await ana.submit("chat.send", command_id=command_id, text="in another session")
    assert elsewhere["ok"]
    await ana.join(first)
    assert await ana.submit("chat.send", command_id=command_id, text="Ana's") == one


async def test_66_what_was_refused_may_be_tried_again_under_its_id(house: House) -> None:
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana")
    command_id = str(uuid4())
    fields = {"question": "?", "kind": "single", "options": ["a", "b"]}
    assert (await ana.submit("poll.create", command_id=command_id, **fields))["code"] == "forbidden"
    await mara.submit("permission.grant", userId=ana.user, permission="can_create_polls")
    assert (await ana.submit("poll.create", command_id=command_id, **fields))["ok"]


async def test_66_unless_it_was_sent_again_when_it_was_refused(house: House) -> None:
    """protocol P5: that refusal holds, on this server and after it; a patient one, with `retryAfter`, does not."""
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana")
    fields = {"id": str(uuid4()), "type": "poll.create", "question": "?", "kind": "single", "options": ["a", "b"]}
    assert (await ana.call("submit", fields | {"resent": "yes"}))["code"] == "bad_request"
    assert (await ana.call("submit", fields | {"resent": True}))["code"] == "forbidden"
    await mara.submit("permission.grant", userId=ana.user, permission="can_create_polls")
    assert (await ana.call("submit", fields))["code"] == "forbidden"
    other = await house.another()
    [elsewhere] = await house.enter(session, "ana", server=other)
    assert (await elsewhere.call("submit", fields | {"resent": True}))["code"] == "forbidden"
    assert (await ana.call("submit", fields | {"id": str(uuid4()), "resent": True}))["ok"], (
        "a right that is there counts"
    )
    await mara.submit("chat.slow", seconds=2)
    assert (await ana.submit("chat.send", text="one"))["ok"]
    late = {"id": str(uuid4()), "type": "chat.send", "text": "two", "resent": True}
    ack = await ana.call("submit", late)
    assert ack["code"] == "chat.slow"
    await asyncio.sleep(ack["retryAfter"])
    assert (await ana.call("submit", late))["ok"]


async def test_what_is_deleted_is_gone_from_memory_too(house: House) -> None:
    """Redaction reaches the ring: whoever resumes over the deleted message does not get its words."""
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana")
    place, epoch = ana.ack["seq"], ana.ack["epoch"]
    await ana.close()
    await mara.submit("chat.send", text="I regret this")
    message = (await mara.sees("chat.sent"))["messageId"]
    assert (await mara.submit("chat.delete", messageId=message))["ok"]
    back = await house.visitor("ana")
    await back.join(session, epoch=epoch, after=place)
    await back.sees("chat.deleted", messageId=message)
    assert "I regret this" not in str(back.frames)
    rows = await EventLog(house.app[DATABASE]).read(session, 0)
    assert "I regret this" not in str(rows)
