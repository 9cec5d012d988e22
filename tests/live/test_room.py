"""The way of a command through a running server: joined, submitted, acknowledged, delivered, each as its standing may have it."""

from uuid import uuid4

import pytest

from live.keys import DATABASE, HOSTS
from persistence.event_log import EventLog
from tests.live.conftest import House


async def test_what_ana_says_reaches_everybody_once_and_in_order(house: House) -> None:
    session = await house.session()
    mara, ana, otto = await house.enter(session, "mara", "ana", "otto")
    acks = [await ana.submit("chat.send", text=f"line {number}") for number in range(5)]
    assert [ack["ok"] for ack in acks] == [True] * 5
    seqs = [ack["seq"] for ack in acks]
    assert seqs == sorted(set(seqs))
    for visitor in (mara, ana, otto):
        await visitor.sees("chat.sent", text="line 4")
        said = [event for event in visitor.events if event["type"] == "chat.sent"]
        assert [event["text"] for event in said] == [f"line {number}" for number in range(5)]
        assert [event["seq"] for event in said] == seqs
        assert visitor.stands() == seqs[-1]


async def test_the_first_join_answers_with_a_view_and_names(house: House) -> None:
    session = await house.session()
    await house.enter(session, "mara")
    [ana] = await house.enter(session, "ana")
    ack = ana.ack
    assert ack["you"] == {"userId": ana.user, "role": "participant", "standing": {"staff": False, "admitted": True}}
    assert ack["snapshot"]["view"]["lifecycle"]["status"] == "active"
    assert ack["snapshot"]["view"]["seq"] == ack["seq"]
    people = {each["name"] for each in ack["snapshot"]["people"].values()}
    assert people == {"Mara", "Ana"}
    assert "resync" not in ack


@pytest.mark.requirement("W244")
async def test_a_newcomer_is_introduced_by_name(house: House) -> None:
    session = await house.session()
    [mara] = await house.enter(session, "mara")
    [ana] = await house.enter(session, "ana")
    await mara.sees("participant.joined", userId=ana.user)
    frames = [frame for name, frame in mara.frames if name == "events" and "people" in frame]
    assert frames[0]["people"] == {ana.user: {"name": "Ana"}}


async def test_a_hand_raised_twice_has_no_second_effect(house: House) -> None:
    session = await house.session()
    [ana] = await house.enter(session, "ana")
    first = await ana.submit("hand.raise")
    second = await ana.submit("hand.raise")
    assert first["ok"]
    assert second == {"ok": True, "seq": first["seq"]}


async def test_resent_under_its_id_a_command_gets_its_first_answer(house: House) -> None:
    session = await house.session()
    [ana] = await house.enter(session, "ana")
    command_id = str(uuid4())
    first = await ana.submit("chat.send", command_id=command_id, text="hello")
    again = await ana.submit("chat.send", command_id=command_id, text="hello")
    other = await ana.submit("chat.send", command_id=command_id, text="something else")
    assert again == first
    assert (other["ok"], other["code"]) == (False, "id_reused")
    await ana.sees("chat.sent")
    assert ana.types.count("chat.sent") == 1


async def test_what_is_forbidden_is_refused_and_changes_nothing(house: House) -> None:
    session = await house.session()
    mara, ben = await house.enter(session, "mara", "ben")
    refused = await ben.submit("session.end")
    assert (refused["ok"], refused["code"]) == (False, "forbidden")
    assert (await ben.submit("hand.raise"))["ok"]
    await mara.sees("hand.raised")
    assert "session.ended" not in mara.types


async def test_events_that_are_followed_here_are_had_from_memory_as_the_database_has_them(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await house.session()
    [ana] = await house.enter(session, "ana")
    for number in range(3):
        assert (await ana.submit("chat.send", text=f"line {number}"))["ok"]
    hosts, event_log = house.app[HOSTS], EventLog(house.app[DATABASE])
    host = await hosts.get(session)
    stored = await event_log.read(session, 0)
    assert len(stored) == host.room.seq

    asked: list[int] = []
    read = host._parts.event_log.read

    async def noted(*arguments: object) -> object:
        asked.append(1)
        return await read(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(host._parts.event_log, "read", noted)
    assert await hosts.events(session, host.epoch, 0, 500) == stored
    assert await hosts.events(session, host.epoch, 2, 2) == stored[2:4]
    assert not asked, "from memory"
    assert await hosts.events(session, str(uuid4()), 0, 500) == stored
    assert asked == [1], "of another epoch nobody here knows"
    assert await hosts.events(session, host.epoch, host.room.seq, 500) == []
    assert asked == [1, 1], "beyond what is known here the database is asked"
