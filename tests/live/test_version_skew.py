"""Two releases side by side (guarantees F24): what the newer one writes into the log, or says in passing, is nothing that the older one
understands. Nobody stops, nobody loses their place, and what was written stays."""

import json
from uuid import uuid4

import msgpack

from live.keys import DATABASE, HOSTS, NEIGHBOURS
from tests.live.conftest import House
from tests.live.visitor import Visitor


async def append_as_a_newer_one(house: House, session: str, kind: str, payload: dict[str, object], version: int) -> int:
    """One event more, as a process of a later release does: head and row in one transaction."""
    async with house.app[DATABASE].transaction() as connection:
        seq = await connection.fetchval(
            "UPDATE live.session_heads SET last_seq = last_seq + 1, last_at = clock_timestamp() "
            "WHERE session_id = $1 RETURNING last_seq",
            session,
        )
        await connection.execute(
            "INSERT INTO live.session_events (session_id, seq, at, actor, command_id, version, type, payload) "
            "SELECT $1, $2, clock_timestamp(), NULL, NULL, $3, $4, $5",
            session,
            seq,
            version,
            kind,
            payload,
        )
    return int(seq)


async def test_f24_an_event_of_a_newer_release_is_carried_and_not_interpreted(house: House) -> None:
    session = await house.session()
    other = await house.another()
    mara, ana = await house.enter(session, "mara", "ana")
    [ben] = await house.enter(session, "ben", server=other)
    assert (await ana.submit("chat.send", text="before"))["ok"]
    unknown = await append_as_a_newer_one(house, session, "mural.painted", {"colour": "blue"}, 1)
    widened = await append_as_a_newer_one(house, session, "hand.raised", {"userId": ana.user, "glove": "left"}, 99)
    after = await ben.submit("chat.send", text="after")
    assert after["ok"]
    assert after["seq"] > widened > unknown
    for visitor in (mara, ana, ben):
        await visitor.sees("chat.sent", text="after")
        assert visitor.stands() >= after["seq"]
    back = await house.visitor("ana", other)
    joined = await back.join(session, epoch=ana.ack["epoch"], after=ana.ack["seq"])
    assert joined["ok"]
    await back.sees("chat.sent", text="after")
    fresh = await house.visitor("otto", other)
    assert (await fresh.join(session))["snapshot"]["view"]["chat"]
    async with house.app[DATABASE].connection() as connection:
        kept = await connection.fetchval(
            "SELECT payload FROM live.session_events WHERE session_id = $1 AND seq = $2", session, unknown
        )
    assert (kept if isinstance(kept, dict) else json.loads(kept)) == {"colour": "blue"}
    await refuses_what_it_does_not_know(ana)


async def refuses_what_it_does_not_know(visitor: Visitor) -> None:
    """A newer client at an older server is told, and may go on."""
    unknown = await visitor.submit("mural.paint", colour="blue")
    assert (unknown["ok"], unknown["code"]) == (False, "bad_request")
    widened = await visitor.submit("chat.send", text="x", glove="left")
    assert (widened["ok"], widened["code"]) == (False, "bad_request")
    assert (await visitor.submit("chat.send", text="as ever"))["ok"]


async def test_f24_a_process_does_not_stumble_over_what_a_newer_one_says(house: House) -> None:
    session = await house.session()
    [ana] = await house.enter(session, "ana")
    neighbours, host = house.app[NEIGHBOURS], await house.app[HOSTS].get(session)
    stranger = uuid4().bytes
    for words in (["murals", stranger, {"colour": "blue"}], ["ping", stranger, 1, True, "more"]):
        neighbours._take(msgpack.packb(words))
    assert neighbours.some_are_well()
    neighbours._take(msgpack.packb(["head", stranger, session, host.epoch, host.room.seq]))
    assert (await ana.submit("chat.send", text="as ever"))["ok"]
