"""Attacks 14 to 24, where the tests of the rules, the socket and REST leave something open: rights, other people's things, words
that are for somebody else, and states that do not allow it.
"""

import asyncio
import re
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from live.api.routes import routes
from live.keys import DATABASE, HOSTS
from persistence.event_log import EventLog
from rooms.ids import SessionId
from rooms.people import host_of
from rooms.roles import SEATED, Role
from rooms.room import RoomState, apply
from tests.api.conftest import Caller
from tests.attacks.conftest import Desk, head
from tests.attacks.stage import FITTING, set_the_stage
from tests.live.conftest import House
from tests.live.raw import Raw
from tests.live.visitor import Visitor

SEATS, COMING = 10, 50


async def test_15_a_right_is_passed_on_by_nobody_to_themselves_or_beyond(house: House) -> None:
    """Through every command that could: as a participant, as an assistant, as one who was lent the right to moderate."""
    stage = await set_the_stage(house)
    mara, theo, ana = (stage.cast[name] for name in ("mara", "theo", "ana"))
    assert (await mara.submit("permission.grant", userId=ana.user, permission="can_moderate", minutes=5))["ok"]
    before = await head(house, stage.session)
    for visitor in (theo, ana):
        for given in (
            {"userId": visitor.user, "permission": "can_moderate"},
            {"userId": visitor.user, "permission": "can_create_polls"},
            {"userId": stage.ids["ben"], "permission": "can_moderate"},
            {"permission": "can_moderate"},
        ):
            assert (await visitor.submit("permission.grant", **given))["code"] == "forbidden", given
        for role in ("instructor", "assistant", "participant"):
            assert (await visitor.submit("role.set", userId=visitor.user, role=role))["code"] == "forbidden"
        assert (await visitor.submit("permission.ask", permission="can_moderate"))["code"] == "forbidden"
    assert (await ana.submit("permission.grant", userId=stage.ids["ben"], permission="can_create_polls"))["code"] == (
        "forbidden"
    ), "who moderates passes on only what they hold"
    assert await head(house, stage.session) == before


async def test_16_a_hundred_commands_in_flight_on_two_servers(house: House) -> None:
    """None of them has a place in the log after the revocation, whoever decided it and whatever it was answered."""
    session = await house.session()
    other = await house.another()
    [mara] = await house.enter(session, "mara", server=other)
    [here], [there] = await house.enter(session, "ana"), await house.enter(session, "ana", server=other)
    assert (await mara.submit("permission.grant", userId=here.user, permission="can_create_polls"))["ok"]
    for tab in (here, there):
        await tab.sees("permission.granted")

    def create(tab: Visitor) -> "asyncio.Task[dict[str, Any]]":
        return asyncio.create_task(tab.submit("poll.create", question="?", kind="single", options=["a", "b"]))

    flying = [create(tab) for _ in range(25) for tab in (here, there)]
    await asyncio.sleep(0.01)
    revoking = asyncio.create_task(mara.submit("permission.revoke", userId=here.user, permission="can_create_polls"))
    flying += [create(tab) for _ in range(25) for tab in (here, there)]
    revoked = await revoking
    acks = [await each for each in flying] + [await create(here), await create(there)]
    codes = Counter(ack.get("code", "ok") for ack in acks)
    print(codes)
    assert codes["ok"] >= 1
    assert codes["forbidden"] >= 2
    made = [
        each
        for each in await EventLog(house.app[DATABASE]).read(session, 0, 500)
        if each.event.type == "poll.created" and each.actor == here.user
    ]
    assert len(made) == codes["ok"]
    assert all(each.seq < revoked["seq"] for each in made)


async def test_17_a_room_is_never_ownerless(desk: Desk) -> None:
    house = desk.house
    stage = await set_the_stage(house)
    mara, theo, ben = (stage.cast[name] for name in ("mara", "theo", "ben"))
    by_rest = {name: await desk.caller(name) for name in ("mara", "theo", "ada")}
    for kind in ("participant.remove", "participant.ban"):
        for visitor in (theo, mara):
            assert (await visitor.submit(kind, userId=mara.user))["code"] == "session.owned"
    for role in ("assistant", "participant", "observer"):
        assert (await mara.submit("role.set", userId=mara.user, role=role))["code"] == "session.owned"
    assert (await mara.submit("permission.revoke", userId=mara.user, permission="can_moderate"))["code"] == (
        "session.owned"
    )
    assert (await theo.submit("role.takeOver"))["code"] == "forbidden"
    registration = f"/live-sessions/{stage.session}/registrations/{mara.user}"
    for name, caller in by_rest.items():
        answer = await caller.delete(registration)
        assert answer.status in (204, 403, 404, 409), (name, answer)
        await require_one_host(house, stage.session, mara.user)
    assert (await mara.submit("role.set", userId=ben.user, role="instructor"))["ok"]
    await require_one_host(house, stage.session, ben.user)
    assert (await mara.submit("role.set", userId=ben.user, role="participant"))["code"] == "forbidden", (
        "it was handed over"
    )
    assert (await mara.submit("participant.remove", userId=ben.user))["code"] == "session.owned"


async def require_one_host(house: House, session: SessionId, user: str) -> None:
    room = await house.app[HOSTS].read(session)
    assert room.people is not None
    assert [each.user for each in room.people.persons.values() if each.role is Role.INSTRUCTOR] == [user]
    found = host_of(room)
    assert found is not None
    assert found.user == user
    async with house.app[DATABASE].connection() as connection:
        rows = await connection.fetch(
            "SELECT user_id FROM live.session_participants WHERE session_id = $1 AND role = 'instructor'", session
        )
    assert [row["user_id"] for row in rows] == [user]


THINGS = {
    "messageId": ("message",),
    "replyTo": ("message",),
    "pollId": ("poll", "draft", "secret"),
    "questionId": ("question",),
    "into": ("question",),
    "target": ("poll", "question"),
}


async def test_18_a_thing_of_another_session_is_one_that_is_not(house: House, subtests: pytest.Subtests) -> None:
    """Whoever instructs both sessions names a thing of one in the other: told the same as of a thing that never was."""
    there = await set_the_stage(house)
    here = await set_the_stage(house)
    mara = here.cast["mara"]
    before = await head(house, here.session)
    count = 0
    for kind, fitting in FITTING.items():
        for key in THINGS.keys() & fitting.keys():
            for thing in THINGS[key]:
                with subtests.test(f"{kind} {key} {thing}"):
                    fields = here.fields(fitting)
                    if kind == "stage.show":
                        fields["kind"] = thing
                    foreign = await mara.submit(kind, **{**fields, key: there.ids[thing]})
                    unknown = await mara.submit(kind, **{**fields, key: str(uuid4())})
                    assert foreign == unknown
                    assert foreign["code"] == "not_found"
                    count += 1
    assert count > 30
    assert await head(house, here.session) == before


async def test_18_a_person_of_another_session_is_nobody_here(house: House) -> None:
    stage = await set_the_stage(house)
    other = await house.session()
    await house.register(other, "eve")
    await house.enter(other, "eve")
    eve, mara = await house.user("eve"), stage.cast["mara"]
    for kind, given in FITTING.items():
        if "userId" not in given or kind in ("role.set", "participant.unban", "hand.lower"):
            continue
        fields = stage.fields(given)
        foreign = await mara.submit(kind, **{**fields, "userId": eve})
        unknown = await mara.submit(kind, **{**fields, "userId": str(uuid4())})
        assert foreign == unknown, kind
        assert foreign["code"] == "not_found", kind
    direct = await mara.submit("chat.send", text="hello?", to=eve)
    nobody = await mara.submit("chat.send", text="hello?", to=str(uuid4()))
    assert direct == nobody
    assert direct["code"] == "not_found"


async def test_18_an_id_in_a_text_tells_no_name(desk: Desk) -> None:
    """Whoever has somebody's id, but nothing to do with them, does not learn their name by writing it down."""
    house = desk.house
    stage = await set_the_stage(house)
    stranger = await house.user("zoe")
    ana = stage.cast["ana"]
    assert (await ana.submit("chat.send", text=stranger))["ok"]
    assert (await ana.submit("question.ask", text=stranger))["ok"]
    await stage.cast["ben"].sees("question.asked", text=stranger)
    heard = str([visitor.frames for visitor in stage.cast.values()])
    again = await house.visitor("ana")
    heard += str(await again.join(stage.session))
    for name in ("ana", "mara"):
        caller = await desk.caller(name)
        for what in ("events?limit=200", "state", "chat", "questions"):
            answer = await caller.get(f"/live-sessions/{stage.session}/{what}")
            assert stranger in answer.body.decode(), what
            heard += answer.body.decode()
    assert "Zoe" not in heard
    assert "Ana" in heard, "while those of the session are named"


@pytest.mark.parametrize("field", ["room", "sid", "namespace", "userId", "role"])
async def test_20_nobody_chooses_where_they_listen(house: House, field: str) -> None:
    mine, other = await house.session(), await house.session()
    [mara] = await house.enter(other, "mara")
    eve = await house.visitor("eve")
    await house.register(mine, "eve")
    assert (await eve.join(other))["code"] == "not_found"
    for value in (other, [mine, other], {"$ne": ""}, f"{mine},{other}", f"{other}\n", other.upper()):
        refused = await eve.call("join", {"sessionId": mine, field: value})
        assert refused["code"] == "bad_request", value
        refused = await eve.call("join", {"sessionId": value} if value != other else {"sessionId": [other]})
        assert refused["code"] in ("bad_request", "not_found"), value
    assert (await eve.join(mine))["ok"]
    refused = await eve.submit("chat.send", text="canary", **{field: other})
    assert refused["code"] == ("not_found" if field == "room" else "bad_request"), "no room of this session has its id"
    await mara.submit("chat.send", text="not for eve")
    await mara.sees("chat.sent", text="not for eve")
    await asyncio.sleep(0.1)
    assert "not for eve" not in str(eve.frames)
    assert "canary" not in str(mara.frames)


async def test_20_a_signal_reaches_the_own_session_only(house: House) -> None:
    mine, other = await house.session(), await house.session()
    [there], [ben], [ana] = (
        await house.enter(other, "mara"),
        await house.enter(mine, "ben"),
        await house.enter(mine, "ana"),
    )
    for extra in ({"sessionId": other}, {"to": there.user}, {"from": ben.user}, {"room": other}):
        await ana.signal({"type": "typing", "on": True, **extra})
    await asyncio.sleep(0.3)
    assert there.signals == ben.signals == []
    await ana.signal({"type": "typing", "on": True})
    await ben.until(lambda visitor: visitor.signals)
    assert ben.signals == [{"type": "typing", "from": ana.user, "on": True}]
    assert there.signals == []


# -- 21, 22: words that are for somebody else --


async def everything_of(caller: Caller, session: SessionId, ending: str = "") -> str:
    """The bytes of every document that REST has for this person of this session."""
    base = f"/live-sessions/{session}"
    read = ""
    for route in routes():
        if route.method != "GET" or route.path in ("/demo", "/modules/{module_id}"):
            continue
        some = {name: str(uuid4()) for name in re.findall(r"{(\w+)}", route.path)}
        path = route.path.format(**some | {"session_id": session, "user_id": caller.user})
        pages = [path, f"{path}?after=0&limit=200"] if path == f"{base}/events" else [path]
        pages += [f"{path}?at={seq}" for seq in range(0, 60, 7)] if path == f"{base}/state" else []
        pages += [f"{path}?limit=200&before=100000"] if path == f"{base}/chat" else []
        for each in pages:
            read += (await caller.get(each)).body.decode(errors="replace")  # an archive is none
    return read


async def came_back(house: House, name: str, session: SessionId, **where: Any) -> str:
    """What somebody is sent who comes again from a place of their choice."""
    visitor = await house.visitor(name)
    ack = await visitor.join(session, **where)
    await asyncio.sleep(0.1)
    return str((ack, visitor.frames))


async def test_22_words_for_somebody_else_are_in_nobodys_bytes(desk: Desk) -> None:
    house = desk.house
    session = await house.session(features=FEATURES)
    mara, theo, ana, ben, otto = await house.enter(session, "mara", "theo", "ana", "ben", "otto")
    place, epoch = ana.ack["seq"], ana.ack["epoch"]
    cast = {"mara": mara, "theo": theo, "ana": ana, "ben": ben, "otto": otto}
    said = {"direct": "canary-direct", "staff": "canary-staff", "draft": "canary-draft", "pending": "canary-pending"}
    assert (await ana.submit("chat.send", text=said["direct"], to=ben.user))["ok"]
    direct = (await ben.sees("chat.sent", text=said["direct"]))["messageId"]
    assert (await ben.submit("chat.react", messageId=direct, emoji="👍"))["ok"]
    assert (await ana.submit("chat.edit", messageId=direct, text=said["direct"] + " edited"))["ok"]
    assert (await mara.submit("chat.send", text=said["staff"], to="staff"))["ok"]
    note = (await theo.sees("chat.sent", text=said["staff"]))["messageId"]
    assert (await theo.submit("chat.pin", messageId=note))["ok"]
    assert (await mara.submit("poll.create", question=said["draft"], kind="single", options=["a", "b"]))["ok"]
    assert (await ana.submit("question.ask", text=said["pending"], anonymous=True))["ok"]
    await mara.submit("chat.send", text="the end of it")
    for visitor in cast.values():
        await visitor.sees("chat.sent", text="the end of it")
    may = {
        "mara": {"staff", "draft", "pending"},
        "theo": {"staff", "draft", "pending"},
        "ana": {"direct", "pending"},
        "ben": {"direct"},
        "otto": set(),
    }
    for name, allowed in may.items():
        heard = str(cast[name].frames)
        heard += await everything_of(await desk.caller(name), session)
        for where in ({}, {"epoch": epoch, "after": 0}, {"epoch": epoch, "after": place}, {"epoch": "x", "after": 3}):
            heard += await came_back(house, name, session, **where)
        assert {what for what, words in said.items() if words in heard} == allowed, name
    read = await everything_of(await desk.caller("ada"), session)
    assert {what for what, words in said.items() if words in read} == {"staff", "draft", "pending"}, "nor by rank"


FEATURES = [
    {"type": "chat", "isEnabled": True},
    {"type": "poll", "isEnabled": True},
    {"type": "qa", "isEnabled": True, "config": {"approval": True}},
]


@pytest.mark.parametrize("kind", ["participant.remove", "participant.ban"])
async def test_21_who_was_put_out_reads_up_to_there(desk: Desk, kind: str) -> None:
    house = desk.house
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana")
    place, epoch = ana.ack["seq"], ana.ack["epoch"]
    await mara.submit("chat.send", text="canary-before")
    await ana.sees("chat.sent", text="canary-before")
    assert (await mara.submit(kind, userId=ana.user))["ok"]
    await mara.submit("chat.send", text="canary-after")
    await mara.sees("chat.sent", text="canary-after")
    heard = await everything_of(await desk.caller("ana"), session)
    last = await head(house, session)
    for where in ({}, {"after": 0}, {"after": place}, {"after": last}, {"after": last - 1}):
        heard += await came_back(house, "ana", session, **({"epoch": epoch} | where if where else {}))
    assert "canary-after" not in heard


async def test_21_a_former_role_opens_nothing_any_more(desk: Desk) -> None:
    """Who was staff keeps what they were sent then, in the log, and has nothing of it in a view; nothing later at all."""
    house = desk.house
    session = await house.session()
    mara, theo = await house.enter(session, "mara", "theo")
    epoch = theo.ack["epoch"]
    await mara.submit("chat.send", text="canary-then", to="staff")
    await theo.sees("chat.sent", text="canary-then")
    assert (await mara.submit("role.set", userId=theo.user, role="participant"))["ok"]
    await mara.submit("chat.send", text="canary-now", to="staff")
    await mara.sees("chat.sent", text="canary-now")
    caller = await desk.caller("theo")
    base = f"/live-sessions/{session}"
    for what in ("state", "chat"):
        assert "canary" not in (await caller.get(f"{base}/{what}")).body.decode(), what
    last = await head(house, session)
    heard = await everything_of(caller, session)
    for after in (0, theo.ack["seq"], last - 2, last):
        heard += await came_back(house, "theo", session, epoch=epoch, after=after)
    assert "canary-now" not in heard
    assert "canary-now" not in str(theo.frames)
    assert (await caller.get(f"{base}/attendance.csv")).code == "forbidden"


# -- 23, 24 --


async def test_23_fifty_who_come_at_once_to_ten_seats(house: House) -> None:
    """Through two servers at the same moment; at no place of the log are there more than ten."""
    other = await house.another()
    session = await house.session(max_participants=SEATS)
    names = [f"guest-{number}" for number in range(COMING)]
    for name in names:
        await house.register(session, name)
    servers = (house.server, other)
    coming = [await house.visitor(name, servers[number % 2]) for number, name in enumerate(names)]
    acks = await asyncio.gather(*(visitor.join(session) for visitor in coming))
    assert all(ack["ok"] for ack in acks), acks
    admitted = [each for each, ack in zip(coming, acks, strict=True) if ack["you"]["standing"]["admitted"]]
    assert len(admitted) == SEATS
    leaving = [visitor.leave() for visitor in admitted[:5]]
    await asyncio.gather(*leaving, return_exceptions=True)
    log = EventLog(house.app[DATABASE])
    room, most = RoomState(), 0
    while rows := await log.read(session, room.seq):
        for each in rows:
            room = apply(room, each)
            most = max(most, taken(room))
    assert most == SEATS
    assert taken(room) == SEATS, "a seat that is left is given to whoever waits"
    async with house.app[DATABASE].connection() as connection:
        seated = await connection.fetchval(
            "SELECT count(*) FROM live.session_participants WHERE session_id = $1 AND left_at IS NULL "
            "AND role IN ('participant', 'observer')",
            session,
        )
    assert seated == SEATS


def taken(room: RoomState) -> int:
    assert room.people is not None
    return sum(each.present and each.role in SEATED for each in room.people.persons.values())


async def test_23_what_a_poll_or_a_feature_does_not_allow(house: House) -> None:
    stage = await set_the_stage(house)
    mara, ana, ben = (stage.cast[name] for name in ("mara", "ana", "ben"))
    secret = stage.ids["secret"]
    acks = await asyncio.gather(*(ben.submit("poll.vote", pollId=secret, choices=[n % 2]) for n in range(20)))
    assert {ack.get("code", "ok") for ack in acks} == {"ok", "poll.already_voted"}
    assert len({ack["seq"] for ack in acks if ack["ok"]}) >= 1
    rows = await EventLog(house.app[DATABASE]).read(stage.session, 0, 500)
    assert sum(each.event.type == "poll.voted" for each in rows) == 1, "one of twenty at once"
    assert (await ana.submit("poll.vote", pollId=stage.ids["draft"], choices=[0]))["code"] == "not_found"
    for poll in ("poll", "secret"):
        assert (await mara.submit("poll.close", pollId=stage.ids[poll]))["ok"]
        late = await ana.submit("poll.vote", pollId=stage.ids[poll], choices=[0])
        assert late["code"] == "poll.closed"
    off = [
        {"type": "qa", "isEnabled": False},
        {"type": "chat", "isEnabled": False},
        {"type": "poll", "isEnabled": False},
    ]
    assert (await mara.submit("session.update", features=off))["ok"]
    for kind in (
        "question.ask",
        "question.upvote",
        "chat.send",
        "chat.react",
        "poll.create",
        "poll.vote",
        "poll.quick",
    ):
        for visitor in (mara, ana):
            ack = await visitor.submit(kind, **stage.fields(FITTING[kind]))
            assert ack["code"] in ("feature_off", "forbidden"), (kind, ack)


def loose(schema: dict[str, Any], path: str = "") -> list[str]:
    """Objects of a schema that take members nobody declared."""
    found = []
    if schema.get("type") == "object" and "properties" in schema and schema.get("additionalProperties") is not False:
        found.append(path or "/")
    for key, inner in schema.items():
        for each in inner if isinstance(inner, list) else [inner]:
            if isinstance(each, dict):
                found += loose(each, f"{path}/{key}")
    return found


STATUSES = {
    "PATCH /users/{user_id}",
    "PUT /progress/{module_id}",
    "PUT /progress/{module_id}/{lesson_id}",
    "POST /bootcamp/lesson-progress",
    "PATCH /bootcamp/lesson-progress/{lesson_progress_id}",
    "PATCH /bootcamp/projects/{project_id}",
}
"""Who sends one of these may say it: what may follow is the database's."""

MODULES = {"POST /modules", "PATCH /modules/{module_id}"}
"""D48: what a lesson shows is open."""

PARTS = MODULES | {"POST /bootcamp/lessons", "PATCH /bootcamp/lessons/{course_lesson_id}"}
"""Parts of the document have ids of their own: lessons of a module, questions of a lesson."""


def test_24_no_body_takes_what_it_does_not_declare() -> None:
    schemas = {
        f"{each.method} {each.path}": each.body.adapter.json_schema(by_alias=True)
        for each in routes()
        if each.body is not None
    }
    assert len(schemas) > 15
    assert {name for name, schema in schemas.items() if loose(schema)} == MODULES
    forbidden = {"participationScore", "createdAt", "updatedAt", "status", "actor", "passwordHash", "isGuest", "id"}
    for name, schema in schemas.items():
        declared = {key for each in objects(schema) for key in each["properties"]}
        theirs = {key for key, whose in (("id", PARTS), ("status", STATUSES)) if name in whose}
        assert declared & forbidden <= theirs, name


def objects(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for each in schema for found in objects(each)]
    if not isinstance(schema, dict):
        return []
    own = [schema] if "properties" in schema else []
    return own + [found for each in schema.values() for found in objects(each)]


async def test_24_nobody_writes_what_only_the_server_says(desk: Desk) -> None:
    house = desk.house
    session = await house.session()
    await house.enter(session, "mara", "ana")
    mara, ana = await desk.caller("mara"), await desk.caller("ana")
    base = f"/live-sessions/{session}"
    schedules: tuple[dict[str, Any], ...] = (
        {"instructorId": ana.user},
        {"status": "ended"},
        {"actualStart": "2020-01-01T00:00:00Z"},
        {"createdAt": "2020-01-01T00:00:00Z"},
        {"metadata": {"engagementScore": 100}},
        {"id": str(uuid4())},
    )
    for extra in schedules:
        assert (await mara.change(base, {"title": "x", **extra})).status == 422, extra
    profiles: tuple[dict[str, Any], ...] = (
        {"roles": ["admin"]},
        {"workshopAccessGranted": True},
        {"status": "active"},
        {"isGuest": False},
        {"email": "other@example.org"},
        {"subscriptionTier": "vip"},
    )
    for extra in profiles:
        assert (await ana.change("/me", {"fullName": "x", **extra})).status == 422, extra
    assert (await mara.get(base)).json["title"] == "Sketching"
    assert (await ana.get("/me")).json["fullName"] == "Ana"


async def test_3_what_is_sent_with_a_name_of_ours_runs_nothing(house: House, raw: Any) -> None:
    """Names of handlers, of Python and of Socket.IO itself are messages that do not exist."""
    session = await house.session()
    attacker: Raw = await raw().open()
    await attacker.sign_in(await house.token("ana"))
    before = await head(house, session)
    codes = []
    for number, name in enumerate(("events", "snapshot", "__init__", "enter_room")):
        codes.append((await attacker.call(name, {"sessionId": session}, 50 + number))["code"])
    assert codes == ["bad_request"] * 4
    assert await head(house, session) == before
