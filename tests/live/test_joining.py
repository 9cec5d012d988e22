"""Entering and coming back: the rules of design.md 4 (the answer first, then frames that begin where it ended) and what a
resume is worth after each thing that may have happened meanwhile. A client that resumed equals one that never left.
"""

import asyncio
from typing import Any

import pytest

from live import limits
from live.keys import HOSTS
from rooms.ids import UserId
from rooms.people import standing_of
from rooms.room import RoomState, apply
from tests.faults.oracle import plain
from tests.faults.streams import decoded_event, decoded_view
from tests.live.conftest import House
from tests.live.visitor import Visitor


def folded(visitor: Visitor, start: dict[str, Any]) -> RoomState:
    """What a client makes of a view and of everything it was sent since."""
    state = decoded_view(start)
    for name, frame in visitor.frames:
        if name == "snapshot":
            state = decoded_view(frame["view"])
        elif name == "events":
            for item in frame["events"]:
                state = apply(state, decoded_event(item))
    return state


async def test_a_resume_gives_the_tail_and_nothing_twice(house: House) -> None:
    session = await house.session()
    [mara] = await house.enter(session, "mara")
    [ana] = await house.enter(session, "ana")
    await mara.submit("chat.send", text="before")
    await ana.sees("chat.sent", text="before")
    place, epoch = ana.stands(), ana.ack["epoch"]
    await ana.close()
    for number in range(3):
        await mara.submit("chat.send", text=f"while away {number}")

    back = await house.visitor("ana")
    ack = await back.join(session, epoch=epoch, after=place)
    assert ack["ok"]
    assert ack["seq"] == place
    assert "snapshot" not in ack
    assert "resync" not in ack
    await back.sees("chat.sent", text="while away 2")
    assert [event["text"] for event in back.events] == [f"while away {number}" for number in range(3)]
    back.stands()


async def test_a_resume_at_the_head_gives_nothing(house: House) -> None:
    session = await house.session()
    [ana] = await house.enter(session, "ana")
    ack = await ana.join(session, epoch=ana.ack["epoch"], after=ana.ack["seq"])
    assert ack["seq"] == ana.ack["seq"]
    assert "snapshot" not in ack
    await asyncio.sleep(0.1)
    assert ana.frames == []


@pytest.mark.parametrize(
    "where",
    [
        {"epoch": "another", "after": 1},
        {"after": 1},
        {"after": -1},
        {"after": 10**9},
        {"after": 2**53},
    ],
    ids=["another epoch", "no epoch", "negative", "beyond the head", "far beyond the head"],
)
async def test_a_place_that_makes_no_sense_leads_to_a_snapshot(house: House, where: dict[str, Any]) -> None:
    """Attack 67: cursors are advisory."""
    session = await house.session()
    [ana] = await house.enter(session, "ana")
    if "epoch" not in where and where["after"] != 1:
        where = {"epoch": ana.ack["epoch"], **where}
    ack = await ana.join(session, **where)
    assert ack["resync"] is True
    assert ack["snapshot"]["view"]["seq"] == ack["seq"]


async def test_too_far_behind_is_a_resync(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RESUME_EVENTS_MAX", 5)
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana")
    place, epoch = ana.ack["seq"], ana.ack["epoch"]
    await ana.close()
    for number in range(6):
        await mara.submit("chat.send", text=f"{number}")
    back = await house.visitor("ana")
    ack = await back.join(session, epoch=epoch, after=place)
    assert ack["resync"] is True


async def test_a_long_tail_comes_in_order_also_from_the_database(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RING_EVENTS", 10)
    monkeypatch.setattr(limits, "FRAME_EVENTS_MAX", 7)
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana")
    place, epoch = ana.ack["seq"], ana.ack["epoch"]
    await ana.close()
    for number in range(40):
        await mara.submit("chat.send", text=f"{number}")
    back = await house.visitor("ana")
    ack = await back.join(session, epoch=epoch, after=place)
    assert "snapshot" not in ack
    await back.sees("chat.sent", text="39")
    await mara.submit("chat.send", text="live again")
    await back.sees("chat.sent", text="live again")
    said = [event["text"] for event in back.events if event["type"] == "chat.sent"]
    assert said == [*map(str, range(40)), "live again"]
    back.stands()


async def test_whoever_resumed_equals_whoever_never_left(house: House) -> None:
    session = await house.session()
    mara, ana, ben = await house.enter(session, "mara", "ana", "ben")
    start, epoch = ana.ack["snapshot"]["view"], ana.ack["epoch"]
    resumed = await house.visitor("ana")
    place = ana.ack["seq"]
    await ben.submit("hand.raise")
    await mara.submit("chat.send", text="one")
    await ben.submit("question.ask", text="why?")
    await mara.submit("permission.grant", userId=ben.user, permission="can_use_whiteboard")
    await resumed.join(session, epoch=epoch, after=place)
    await mara.submit("chat.send", text="two")
    for visitor in (ana, resumed):
        await visitor.sees("chat.sent", text="two")
    room = await house.app[HOSTS].read(session)
    standing = standing_of(room, UserId(ana.user))
    assert plain(folded(ana, start), standing) == plain(room, standing)
    assert plain(folded(resumed, start), standing) == plain(room, standing)


async def test_a_changed_standing_brings_a_new_view_in_place_of_the_frame(house: House) -> None:
    session = await house.session(lobby=True)
    [mara] = await house.enter(session, "mara")
    [ana] = await house.enter(session, "ana")
    assert ana.ack["you"]["standing"] == {"staff": False, "admitted": False}
    assert "people" not in ana.ack["snapshot"]["view"]
    await mara.submit("chat.send", text="before Ana was let in")
    ack = await mara.submit("participant.admit", userId=ana.user)
    frame = await ana.until(lambda visitor: visitor.snapshots)
    assert frame[0]["seq"] == ack["seq"]
    assert frame[0]["you"]["standing"] == {"staff": False, "admitted": True}
    assert "before Ana was let in" in str(frame[0]["view"]["chat"])
    assert "chat.sent" not in ana.types
    await mara.submit("chat.send", text="after")
    await ana.sees("chat.sent", text="after")
    ana.stands()


async def test_a_resume_across_a_changed_standing_is_a_resync(house: House) -> None:
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana")
    place, epoch = ana.ack["seq"], ana.ack["epoch"]
    await ana.close()
    await mara.submit("permission.grant", userId=ana.user, permission="can_moderate")
    back = await house.visitor("ana")
    ack = await back.join(session, epoch=epoch, after=place)
    assert ack["resync"] is True
    assert ack["you"]["standing"]["staff"] is True


async def test_what_one_may_not_see_is_covered_by_an_empty_frame(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Invariant 7: within 5 s, and only the place moves."""
    session = await house.session()
    mara, theo, ana = await house.enter(session, "mara", "theo", "ana")
    ack = await mara.submit("chat.send", text="for staff only", to="staff")
    await theo.sees("chat.sent", text="for staff only")
    assert ana.stands() < ack["seq"]
    await ana.until(lambda visitor: visitor.stands() == ack["seq"], 6)
    assert "for staff only" not in str(ana.frames)
    assert ana.events == []


async def test_a_direct_message_reaches_its_two_people_only(house: House) -> None:
    session = await house.session()
    mara, ana, ben, otto = await house.enter(session, "mara", "ana", "ben", "otto")
    sent = await ana.submit("chat.send", text="just between us", to=ben.user)
    assert sent["ok"], sent
    await ben.sees("chat.sent", text="just between us")
    await ana.sees("chat.sent", text="just between us")
    await ben.submit("chat.send", text="for everybody")
    for visitor in (mara, ana, ben, otto):
        await visitor.sees("chat.sent", text="for everybody")
        visitor.stands()
    assert "just between us" not in str(otto.frames)


async def test_a_second_tab_appends_nothing(house: House) -> None:
    session = await house.session()
    mara, first = await house.enter(session, "mara", "ana")
    second = await house.visitor("ana")
    ack = await second.join(session)
    assert ack["seq"] == first.ack["seq"]
    await mara.submit("chat.send", text="hello")
    for visitor in (first, second):
        await visitor.sees("chat.sent", text="hello")
    assert mara.types.count("participant.joined") == 1


async def test_leaving_on_purpose_is_told_at_once_but_not_while_another_tab_is_open(house: House) -> None:
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana")
    other = await house.visitor("ana")
    await other.join(session)
    assert (await other.leave())["ok"]
    await mara.submit("chat.send", text="still here")
    await ana.sees("chat.sent", text="still here")
    assert "participant.left" not in mara.types
    await ana.leave()
    left = await mara.sees("participant.left", userId=ana.user)
    assert left["lastSeen"]


async def test_one_connection_is_in_one_session(house: House) -> None:
    first, second = await house.session(), await house.session()
    [ana] = await house.enter(first, "ana")
    [mara] = await house.enter(first, "mara")
    assert (await ana.join(second))["ok"]
    await mara.submit("chat.send", text="in the first room")
    await asyncio.sleep(0.1)
    assert "in the first room" not in str(ana.frames)
    assert (await ana.submit("chat.send", text="in the second room"))["ok"]
    assert "in the second room" not in str(mara.frames)
