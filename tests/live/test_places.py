"""Being in a breakout room and being moved, over the real socket: frames, positions, resume and signals follow where one is."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from live import limits
from rooms.ids import SessionId
from tests.live.conftest import House
from tests.live.visitor import Visitor
from tests.rooms.drawing import stroke

Rooms = dict[str, str]
ELEMENT = stroke("one")


async def divide(mara: Visitor, **members: Visitor) -> Rooms:
    """Opens a room for each name, with this person in it; name to id."""
    rooms = [{"name": name, "members": [each.user]} for name, each in members.items()]
    command_id = str(uuid4())
    assert (await mara.submit("breakout.create", rooms=rooms, command_id=command_id))["ok"]
    made = await mara.sees("breakout.created", command=command_id)
    assert (await mara.submit("breakout.open", setId=made["setId"]))["ok"]
    return {each["name"]: each["id"] for each in made["rooms"]}


async def move(mara: Visitor, who: Visitor, room: str | None) -> None:
    """And waits until they have been told."""
    before = len(who.snapshots)
    where = {} if room is None else {"roomId": room}
    assert (await mara.submit("breakout.move", userIds=[who.user], **where))["ok"]
    await who.until(lambda visitor: len(visitor.snapshots) > before)


@pytest.fixture
async def session(house: House) -> SessionId:
    return await house.session()


async def test_who_is_moved_gets_a_new_view_and_goes_on_from_there(house: House, session: SessionId) -> None:
    mara, ana, ben, otto = await house.enter(session, "mara", "ana", "ben", "otto")
    await mara.submit("chat.send", text="before")
    rooms = await divide(mara, ink=ana, clay=ben)
    for visitor, room in ((ana, rooms["ink"]), (ben, rooms["clay"])):
        frame = await visitor.until(lambda visitor: visitor.snapshots and visitor.snapshots[-1])
        assert frame["you"]["standing"]["room"] == room
        assert frame["view"]["breakouts"]["places"] == {ana.user: rooms["ink"], ben.user: rooms["clay"]}
        assert "before" not in str(frame["view"])
    assert (await ana.submit("chat.send", text="in ink"))["ok"]
    await mara.sees("chat.sent", text="in ink", room=rooms["ink"])
    await move(mara, ben, rooms["ink"])
    assert "in ink" in str(ben.snapshots[-1]["view"]["chat"])
    assert (await ben.submit("chat.send", text="me too"))["ok"]
    await ana.sees("chat.sent", text="me too")
    await move(mara, ana, None)
    assert "before" in str(ana.snapshots[-1]["view"]["chat"])
    assert "in ink" not in str(ana.snapshots[-1]["view"])
    assert (await ben.submit("chat.send", text="alone now"))["ok"]
    last = await mara.sees("chat.sent", text="alone now")
    for visitor in (mara, ana, ben, otto):
        await visitor.until(lambda each: each.stands() >= last["seq"], within_s=6)
    assert "alone now" not in str(ana.frames)
    assert not any(word in str(otto.frames) for word in ("in ink", "me too", "alone now"))


async def test_a_resume_across_a_move_is_a_resync(house: House, session: SessionId) -> None:
    mara, ana, ben = await house.enter(session, "mara", "ana", "ben")
    rooms = await divide(mara, ink=ana, clay=ben)
    await ana.until(lambda visitor: visitor.snapshots)
    assert (await ana.submit("chat.send", text="in ink"))["ok"]
    await ana.sees("chat.sent", text="in ink")
    epoch, after = ana.ack["epoch"], ana.stands()
    await ana.close()
    [again] = [await house.visitor("ana")]
    ack = await again.join(session, epoch=epoch, after=after)
    assert (ack["ok"], ack["seq"], "snapshot" in ack) == (True, after, False), "nothing happened to them"
    await again.close()
    assert (await mara.submit("breakout.move", userIds=[ana.user], roomId=rooms["clay"]))["ok"]
    [back] = [await house.visitor("ana")]
    ack = await back.join(session, epoch=epoch, after=after)
    assert ack["resync"] is True
    assert ack["you"]["standing"]["room"] == rooms["clay"]
    assert "in ink" not in str(ack)


async def test_everybody_called_back_at_once_stands_where_the_log_does(house: House, session: SessionId) -> None:
    mara, ana, ben, otto = await house.enter(session, "mara", "ana", "ben", "otto")
    tab = await house.visitor("ana")
    assert (await tab.join(session))["ok"]
    await divide(mara, ink=ana, clay=ben)
    await tab.until(lambda visitor: visitor.snapshots)
    assert (await mara.submit("breakout.close", seconds=0))["ok"]
    closed = await mara.sees("breakout.closed")
    for visitor in (ana, tab, ben):
        frame = await visitor.until(lambda visitor: len(visitor.snapshots) > 1 and visitor.snapshots[1])
        assert "room" not in frame["you"]["standing"]
        assert frame["seq"] >= closed["seq"]
    await otto.sees("breakout.closed")
    assert (await mara.submit("chat.send", text="welcome back"))["ok"]
    for visitor in (mara, ana, tab, ben, otto):
        last = await visitor.sees("chat.sent", text="welcome back")
        assert visitor.stands() >= last["seq"]


class TestSignals:
    """Attack 51: who they come from, where they are heard, how many and how large they are."""

    async def cursor(self, who: Visitor, board: str, x: float, **more: Any) -> None:
        await who.signal({"type": "board.cursor", "boardId": board, "x": x, "y": 2, **more})

    async def test_51_they_are_heard_where_they_are_meant(self, house: House, session: SessionId) -> None:
        mara, theo, ana, ben, otto = await house.enter(session, "mara", "theo", "ana", "ben", "otto")
        rooms = await divide(mara, ink=ana, clay=ben)
        await ana.until(lambda visitor: visitor.snapshots)
        await self.cursor(ana, rooms["ink"], 1)
        await ana.signal({"type": "typing", "on": True})
        for staff in (mara, theo):
            await staff.until(lambda visitor: len(visitor.signals) == 2)
            assert {"type": "board.cursor", "from": ana.user, "boardId": rooms["ink"], "x": 1, "y": 2} in staff.signals
        await self.cursor(ana, rooms["clay"], 3)
        await self.cursor(ana, "main", 4)
        await self.cursor(ben, rooms["ink"], 5)
        await asyncio.sleep(0.4)
        assert len(mara.signals) == 2, "of a board one cannot know nothing is passed on"
        assert ben.signals == otto.signals == ana.signals == []
        await move(mara, ben, rooms["ink"])
        await self.cursor(ana, rooms["ink"], 6)
        await ben.until(lambda visitor: [each["x"] for each in visitor.signals] == [6])
        await move(mara, ben, None)
        await self.cursor(ben, rooms["ink"], 7)
        await self.cursor(ana, rooms["ink"], 8)
        await mara.until(lambda visitor: visitor.signals[-1].get("x") == 8)
        assert [each["x"] for each in ben.signals] == [6]
        assert not any(each.get("x") == 7 for each in mara.signals)

    async def test_51_nobody_speaks_as_another_or_beyond_their_right(self, house: House, session: SessionId) -> None:
        mara, ana, ben, otto = await house.enter(session, "mara", "ana", "ben", "otto")
        viewport = {"type": "board.viewport", "boardId": "main", "x": 0, "y": 0, "width": 800, "height": 600}
        for forged in ({"from": mara.user}, {"sender": mara.user}, {"userId": mara.user}, {"room": str(uuid4())}):
            await self.cursor(ana, "main", 1, **forged)
        await ana.signal(viewport)
        await ana.signal({"type": "board.stroke", "boardId": "main", "element": ELEMENT})
        await self.cursor(otto, "main", 2)
        await self.cursor(ana, "main", float("1e300"))
        await asyncio.sleep(0.3)
        assert ben.signals == mara.signals == []
        await mara.signal(viewport)
        await ben.until(lambda visitor: visitor.signals == [{**viewport, "from": mara.user}])
        assert (await mara.submit("permission.grant", userId=ana.user, permission="can_use_whiteboard"))["ok"]
        await ana.signal({"type": "board.stroke", "boardId": "main", "element": ELEMENT})
        await ben.until(lambda visitor: visitor.signals[-1]["from"] == ana.user)
        await ana.signal({"type": "board.stroke", "boardId": "main", "element": None})
        over = await ben.until(lambda visitor: visitor.signals[-1]["element"] is None and visitor.signals[-1])
        assert over == {"type": "board.stroke", "boardId": "main", "element": None, "from": ana.user}

    async def test_51_the_newest_of_each_kind_ten_times_a_second(self, house: House, session: SessionId) -> None:
        ana, ben = await house.enter(session, "ana", "ben")
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(300):
            await self.cursor(ana, "main", number)
            await ana.signal({"type": "typing", "on": number % 2 == 0})
        await ben.until(lambda visitor: {"typing", 299} <= {each.get("x", each["type"]) for each in visitor.signals})
        passed = (loop.time() - began) / limits.SIGNALS_EVERY_S
        for kind in ("board.cursor", "typing"):
            assert 0 < sum(each["type"] == kind for each in ben.signals) <= passed + 2
        xs = [each["x"] for each in ben.signals if each["type"] == "board.cursor"]
        assert xs == sorted(xs)

    async def test_51_large_ones_are_dropped_and_the_connection_goes_on(self, house: House, session: SessionId) -> None:
        mara, ben = await house.enter(session, "mara", "ben")
        points = [[n, n] for n in range(900)]
        line = {**ELEMENT, "type": "freedraw", "points": points, "pressures": [], "simulatePressure": True}
        for _ in range(10):
            await mara.signal({"type": "board.stroke", "boardId": "main", "element": line})
        await mara.signal({"type": "board.stroke", "boardId": "main", "element": {**ELEMENT, "link": "javascript:1"}})
        await asyncio.sleep(0.3)
        await self.cursor(mara, "main", 1)
        await ben.until(lambda visitor: visitor.signals)
        assert [each["type"] for each in ben.signals] == ["board.cursor"]
        assert (await mara.submit("chat.send", text="still here"))["ok"]


async def test_a_long_line_comes_through(house: House, session: SessionId) -> None:
    """4,000 points have 12,000 values, and are less than 64 kB."""
    mara, ben = await house.enter(session, "mara", "ben")
    points = [[n % 100, n % 90] for n in range(4_000)]
    line = {**ELEMENT, "type": "freedraw", "points": points, "pressures": [], "simulatePressure": True}
    ack = await mara.submit("board.change", boardId="main", elements=[line])
    assert ack["ok"], ack
    drawn = await ben.sees("board.changed")
    assert len(drawn["elements"][0]["points"]) == 4_000
