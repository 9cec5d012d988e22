"""Two servers on one database, without anything between them but Postgres: any of them may host any session."""

import asyncio
from uuid import uuid4

from live.keys import DATABASE, HOSTS
from persistence.event_log import EventLog
from tests.live.conftest import House
from tests.live.visitor import Visitor


async def test_both_see_everything_in_one_order(house: House) -> None:
    session = await house.session()
    other = await house.another()
    [ana] = await house.enter(session, "ana")
    [ben] = await house.enter(session, "ben", server=other)
    [mara] = await house.enter(session, "mara")

    async def talk(visitor: Visitor, name: str) -> list[int]:
        acks = [await visitor.submit("chat.send", text=f"{name} {number}") for number in range(25)]
        assert all(ack["ok"] for ack in acks), acks
        return [ack["seq"] for ack in acks]

    spoken = await asyncio.gather(talk(ana, "ana"), talk(ben, "ben"))
    await asyncio.gather(*(visitor.until(lambda v: len(said(v)) == 50) for visitor in (ana, ben, mara)))
    assert said(ana) == said(ben) == said(mara)
    for seqs in spoken:
        assert seqs == sorted(seqs)
    for visitor in (ana, ben, mara):
        visitor.stands()
    rows = await EventLog(house.app[DATABASE]).read(session, 0)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))


def said(visitor: Visitor) -> list[str]:
    return [event["text"] for event in visitor.events if event["type"] == "chat.sent"]


async def test_a_command_resent_to_the_other_server_gets_its_first_answer(house: House) -> None:
    session = await house.session()
    other = await house.another()
    [ana] = await house.enter(session, "ana")
    command_id = str(uuid4())
    first = await ana.submit("chat.send", command_id=command_id, text="once")
    await ana.close()
    [again] = await house.enter(session, "ana", server=other)
    assert await again.submit("chat.send", command_id=command_id, text="once") == first
    changed = await again.submit("chat.send", command_id=command_id, text="twice")
    assert (changed["ok"], changed["code"]) == (False, "id_reused")


async def test_a_resume_on_the_other_server_needs_no_luck(house: House) -> None:
    """It asks the primary where the log stands, so a place it has not heard of yet is no reason for a resync."""
    session = await house.session()
    other = await house.another()
    await house.enter(session, "theo", server=other)
    mara, ana = await house.enter(session, "mara", "ana")
    for number in range(10):
        ack = await mara.submit("chat.send", text=f"{number}")
        await ana.sees("chat.sent", text=f"{number}")
        back = await house.visitor("ana", other)
        joined = await back.join(session, epoch=ana.ack["epoch"], after=ack["seq"])
        assert "snapshot" not in joined, number
        assert joined["seq"] == ack["seq"]
        await back.close()


async def test_what_was_decided_elsewhere_counts_at_once(house: House) -> None:
    session = await house.session()
    other = await house.another()
    [mara] = await house.enter(session, "mara")
    [ana] = await house.enter(session, "ana", server=other)
    assert (await ana.submit("hand.raise"))["ok"]
    for _ in range(5):
        assert (await mara.submit("chat.lock"))["ok"]
        locked = await ana.submit("chat.send", text="x")
        assert (locked["ok"], locked["code"]) == (False, "chat.locked")
        assert (await mara.submit("chat.lock", locked=False))["ok"]
        assert (await ana.submit("chat.send", text="x"))["ok"]


async def test_nobody_is_starved(house: House) -> None:
    """guarantees F13: a session busy on one server is open to the other."""
    session = await house.session()
    other = await house.another()
    [ana] = await house.enter(session, "ana")
    [ben] = await house.enter(session, "ben", server=other)
    done = asyncio.Event()

    async def keep_on(visitor: Visitor) -> int:
        number = 0
        while not done.is_set():
            async with asyncio.TaskGroup() as group:
                acks = [group.create_task(visitor.submit("reaction.send", emoji="👍")) for _ in range(10)]
            number += sum(each.result()["ok"] for each in acks)
        return number

    tasks = [asyncio.create_task(keep_on(visitor)) for visitor in (ana, ben)]
    await asyncio.sleep(3)
    done.set()
    most, least = sorted(await asyncio.gather(*tasks), reverse=True)
    print(f"{most} against {least}")
    assert least * 3 >= most


async def test_a_late_hand_is_read_by_rest_too(house: House) -> None:
    """Every read of a session stands on the head."""
    session = await house.session()
    other = await house.another()
    [ana] = await house.enter(session, "ana", server=other)
    await house.app[HOSTS].read(session)
    for _ in range(5):
        raised = await ana.submit("hand.raise")
        assert (await house.app[HOSTS].read(session)).seq == raised["seq"]
        lowered = await ana.submit("hand.lower")
        assert (await house.app[HOSTS].read(session)).seq == lowered["seq"]


async def test_what_was_refused_when_it_was_sent_again_is_not_done_by_whoever_had_it_first(house: House) -> None:
    """protocol P5: one process stands still with Ana's words, another refuses them meanwhile."""
    held = house.folder / "failpoints"
    held.write_text("before_commit=wait:1.5")
    slow, other = await house.another(failpoints=f"@{held}"), await house.another()
    session = await house.session()
    for resent, done in ((False, True), (True, False)):
        held.write_text("")
        [mara] = await house.enter(session, "mara", server=other)
        [ana] = await house.enter(session, "ana", server=slow)
        [again] = await house.enter(session, "ana", server=other)
        held.write_text("before_commit=wait:1.5")
        fields = {"id": str(uuid4()), "type": "chat.send", "text": f"{resent}"}
        first = asyncio.create_task(ana.call("submit", fields))
        await asyncio.sleep(0.5)
        assert (await mara.submit("chat.lock"))["ok"]
        told = await again.call("submit", fields | {"resent": resent})
        assert told["code"] == "chat.locked"
        assert (await mara.submit("chat.lock", locked=False))["ok"]
        late = await first
        assert (late["ok"], late.get("code")) == (done, None if done else "chat.locked")
        await mara.submit("chat.send", text="after")
        await mara.sees("chat.sent", text="after")
        assert (f"{resent}" in said(mara)) == done
        assert (await again.call("submit", fields))["ok"] == done, "told the same on every connection"
        for each in (mara, ana, again):
            await each.close()
