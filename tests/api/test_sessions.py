"""Live sessions over REST: scheduling, changing, their life, commands, repeated requests."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from live.keys import DATABASE, SETTINGS
from persistence.models.user import PlatformRole
from rooms.lifecycle import TRANSITIONS, Status
from rooms.roles import Role
from tests.api.conftest import SOON, Answer, Api, Caller, schedule


async def test_scheduling_writes_the_first_event_and_the_row_together(api: Api) -> None:
    mara = await api.mara()
    made = await mara.post("/live-sessions", schedule(description="Bring a cup", maxParticipants=7, lobby=True))
    assert made.status == 201
    session = made.json
    assert made.headers["Location"] == f"/api/v1/live-sessions/{session['id']}"
    assert (session["status"], session["instructorId"], session["lobby"]) == ("scheduled", mara.user, True)
    assert [each["type"] for each in session["features"]] == [
        "poll",
        "qa",
        "breakout",
        "whiteboard",
        "recording",
        "chat",
    ]
    assert session["you"]["role"] == "instructor"
    events = (await mara.get(f"/live-sessions/{session['id']}/events")).json
    assert [(each["seq"], each["type"], each["title"]) for each in events["items"]] == [
        (1, "session.scheduled", "Tea and pottery")
    ]
    assert events["people"][mara.user] == {"name": "Mara"}
    async with api.app[DATABASE].connection() as connection:
        assert (
            await connection.fetchval("SELECT count(*) FROM live.session_heads WHERE session_id = $1", session["id"])
            == 1
        )


CANNOT_BE_SCHEDULED: list[tuple[dict[str, Any], str]] = [
    ({"title": ""}, "/title"),
    ({"title": "x" * 201}, "/title"),
    ({"scheduledEnd": SOON.isoformat()}, "/scheduledEnd"),
    ({"scheduledStart": "2030-01-07 09:00"}, "/scheduledStart"),
    ({"scheduledStart": "soon"}, "/scheduledStart"),
    ({"maxParticipants": 0}, "/maxParticipants"),
    ({"maxParticipants": True}, "/maxParticipants"),
    ({"maxParticipants": "7"}, "/maxParticipants"),
    ({"features": [{"type": "chat"}, {"type": "chat"}]}, "/features"),
    ({"features": [{"type": "tea"}]}, "/features/0/type"),
    ({"moduleId": "5b9d8c52-0c3f-4f0e-9a51-6d1f3f6c7a11"}, "/moduleId"),
    ({"moduleId": "x"}, "/moduleId"),
    ({"status": "active"}, "/status"),
    ({"createdAt": "2020-01-01T00:00:00Z"}, "/createdAt"),
    ({"metadata": {"engagementScore": 100}}, "/metadata"),
    ({"id": "5b9d8c52-0c3f-4f0e-9a51-6d1f3f6c7a11"}, "/id"),
]


async def test_what_cannot_be_scheduled(api: Api) -> None:
    mara = await api.mara()
    for change, pointer in CANNOT_BE_SCHEDULED:
        refused = await mara.post("/live-sessions", schedule(**change))
        assert (refused.status, refused.code) == (422, "bad_request"), change
        assert pointer in {each["pointer"] for each in refused.json["errors"]}, change
    assert (await mara.get("/live-sessions")).json["items"] == []


async def test_only_administrators_schedule_for_somebody_else(api: Api) -> None:
    mara, ada, ana = await api.mara(), await api.ada(), await api.person("Ana")
    assert (await ana.post("/live-sessions", schedule())).code == "forbidden"
    assert (await mara.post("/live-sessions", schedule(instructorId=ada.user))).code == "forbidden"
    made = await ada.post("/live-sessions", schedule(instructorId=mara.user))
    assert made.json["instructorId"] == mara.user
    refused = await ada.post("/live-sessions", schedule(instructorId=ana.user))
    assert refused.json["errors"] == [{"pointer": "/instructorId", "detail": "is no instructor"}]


async def test_lists_by_time_status_and_page(api: Api) -> None:
    mara, theo = await api.mara(), await api.person("Theo")
    for day in range(3):
        start = SOON + timedelta(days=day)
        times: Any = {"scheduledStart": start.isoformat(), "scheduledEnd": (start + timedelta(hours=1)).isoformat()}
        await api.workshop(title=f"Day {day}", **times)
    cancelled = (await mara.get("/live-sessions?limit=1")).json["items"][0]["id"]
    await mara.post(f"/live-sessions/{cancelled}/cancel", {"reason": "rain"})

    async def titles(caller: Caller, query: str) -> list[str]:
        answer = await caller.get(f"/live-sessions?{query}")
        assert answer.status == 200, answer
        return [each["title"] for each in answer.json["items"]]

    assert await titles(mara, "") == ["Day 0", "Day 1", "Day 2"]
    assert await titles(mara, "order=latest&mine=true") == ["Day 2", "Day 1", "Day 0"]
    assert await titles(mara, "status=scheduled,active") == ["Day 1", "Day 2"]
    assert await titles(mara, f"from={(SOON + timedelta(days=1)).isoformat().replace('+', '%2B')}") == [
        "Day 1",
        "Day 2",
    ]
    assert await titles(mara, "to=2030-01-08T00:00:00Z") == ["Day 0"]
    assert await titles(theo, "") == []
    assert await titles(await api.ada(), "") == ["Day 0", "Day 1", "Day 2"]
    assert await titles(await api.ada(), "mine=true") == []
    first = (await mara.get("/live-sessions?limit=2&order=latest")).json
    assert await titles(mara, f"limit=2&order=latest&cursor={first['nextCursor']}") == ["Day 0"]
    for query in ("status=open", "status=scheduled'--", "from=yesterday", "order=random", "mine=maybe"):
        assert (await mara.get(f"/live-sessions?{query}")).status == 422, query


async def test_changing_needs_the_version_one_read(api: Api) -> None:
    mara = await api.mara()
    session = await api.workshop()
    path = f"/live-sessions/{session}"
    tag = (await mara.get(path)).headers["ETag"]
    assert (await mara.send("PATCH", path, {"title": "Tea"})).code == "precondition_required"
    changed = await mara.send(
        "PATCH", path, {"title": "Tea", "maxParticipants": 3, "lobby": True}, headers={"If-Match": tag}
    )
    assert (changed.json["title"], changed.json["maxParticipants"], changed.json["lobby"]) == ("Tea", 3, True)
    assert version(changed) == version(await mara.get(path)) != tag.partition(".")[0]
    assert (await mara.send("PATCH", path, {"title": "Cake"}, headers={"If-Match": tag})).code == "precondition_failed"
    events = (await mara.get(f"{path}/events?after=1")).json["items"]
    assert [(each["type"], each.get("title")) for each in events] == [("session.updated", "Tea")]
    assert (await mara.change(path, {"scheduledEnd": SOON.isoformat()})).code == "bad_request"
    assert (await mara.change(path, {"status": "ended"})).status == 422
    assert (await mara.change(path, {})).status == 200


def version(answer: Answer) -> str:
    """The part of the tag that If-Match looks at."""
    return answer.headers["ETag"].partition(".")[0]


async def test_of_several_changes_to_one_version_one_comes_through(api: Api) -> None:
    mara, ada = await api.mara(), await api.ada()
    path = f"/live-sessions/{await api.workshop()}"
    tag = {"If-Match": (await mara.get(path)).headers["ETag"]}
    ada_tag = {"If-Match": (await ada.get(path)).headers["ETag"]}
    answers = await asyncio.gather(
        *(mara.send("PATCH", path, {"title": f"Tea {n}"}, headers=tag) for n in range(4)),
        *(ada.send("PATCH", path, {"title": f"Cake {n}"}, headers=ada_tag) for n in range(4)),
    )
    assert sorted(each.status for each in answers) == [200] + [412] * 7
    assert len((await mara.get(f"{path}/events?after=1")).json["items"]) == 1


async def test_what_moves_by_itself_makes_no_version_stale(api: Api) -> None:
    """Counters and scores follow the log: a title can be corrected while they do."""
    mara = await api.mara()
    session = await api.workshop()
    path = f"/live-sessions/{session}"
    read = await mara.get(path)
    async with api.app[DATABASE].connection() as connection:
        await connection.execute(
            "UPDATE live.live_sessions SET metadata = $2 WHERE id = $1", session, {"participantCount": 3}
        )
    again = await mara.get(path, headers={"If-None-Match": read.headers["ETag"]})
    assert (again.status, again.json["metadata"]["participantCount"]) == (200, 3), "yet it is not the same document"
    changed = await mara.send("PATCH", path, {"title": "Tea"}, headers={"If-Match": read.headers["ETag"]})
    assert changed.status == 200
    assert (await mara.get(path, headers={"If-None-Match": changed.headers["ETag"]})).status == 304


async def test_deleting_hides_it_but_not_while_it_runs(api: Api) -> None:
    mara = await api.mara()
    session = await api.workshop()
    path = f"/live-sessions/{session}"
    await mara.post(f"{path}/start")
    assert (await mara.delete(path)).code == "precondition_required"
    assert (await mara.change(path, method="DELETE")).code == "conflict"
    await mara.post(f"{path}/cancel")
    assert (await mara.change(path, method="DELETE")).status == 204
    for gone in (path, f"{path}/events", f"{path}/registrations"):
        assert (await mara.get(gone)).code == "not_found"
    assert (await mara.get("/live-sessions")).json["items"] == []


VERBS = {
    "start": Status.STARTING,
    "activate": Status.ACTIVE,
    "abort": Status.SCHEDULED,
    "pause": Status.PAUSED,
    "resume": Status.ACTIVE,
    "end": Status.ENDED,
    "cancel": Status.CANCELLED,
}
WAYS: dict[Status, list[str]] = {
    Status.SCHEDULED: [],
    Status.STARTING: ["start"],
    Status.ACTIVE: ["start", "activate"],
    Status.PAUSED: ["start", "activate", "pause"],
    Status.ENDED: ["start", "activate", "end"],
    Status.CANCELLED: ["cancel"],
}


async def test_every_transition_with_and_without_people_in_the_room(api: Api, subtests: pytest.Subtests) -> None:
    """W195-W200, D38, D39: whoever may not follow is told what may."""
    for status in Status:
        for people in (False, True):
            with subtests.test(str(status), people=people):
                await tries_every_transition(api, status, people)


async def tries_every_transition(api: Api, status: Status, people: bool) -> None:
    mara = await api.mara()
    for verb, target in VERBS.items():
        session = await api.workshop()
        if people:
            await api.enters(session, mara, Role.INSTRUCTOR)
        for step in WAYS[status]:
            assert (await mara.post(f"/live-sessions/{session}/{step}")).status == 200
        moved = await mara.post(f"/live-sessions/{session}/{verb}")
        legal = target in TRANSITIONS[status]
        if verb in ("activate", "resume"):
            legal = status is (Status.STARTING if verb == "activate" else Status.PAUSED)
        if not legal:
            assert (moved.status, moved.code) == (409, "session.illegal_transition"), (status, verb)
            assert set(moved.json.get("allowed", [])) <= set(TRANSITIONS[status]) | {
                Status.ACTIVE,
                Status.CANCELLED,
                Status.SCHEDULED,
            }
            continue
        assert moved.status == 200, (status, verb, moved)
        assert moved.json["status"] == target
        events = (await mara.get(f"/live-sessions/{session}/events?after={moved.json['seq'] - 1}")).json["items"]
        assert events[0]["seq"] == moved.json["seq"]
        assert events[0]["type"].startswith("session.")
        assert (await mara.get(f"/live-sessions/{session}")).json["status"] == target


async def test_an_illegal_transition_lists_what_is_allowed(api: Api) -> None:
    mara = await api.mara()
    session = await api.workshop()
    refused = await mara.post(f"/live-sessions/{session}/end")
    assert refused.json["allowed"] == ["cancelled", "starting"]


async def test_extending_moves_the_end(api: Api) -> None:
    mara = await api.mara()
    session = await api.workshop()
    await api.runs(session)
    extended = await mara.post(f"/live-sessions/{session}/extend", {"minutes": 30})
    assert extended.json["scheduledEnd"] == (SOON + timedelta(minutes=90)).isoformat().replace("+00:00", "Z")
    for minutes in (0, 481, "30", 1.5, None):
        assert (await mara.post(f"/live-sessions/{session}/extend", {"minutes": minutes})).status == 422
    await mara.post(f"/live-sessions/{session}/end")
    assert (await mara.post(f"/live-sessions/{session}/extend", {"minutes": 5})).code == "session.ended"


async def test_assistants_pause_and_resume_but_do_not_end(api: Api) -> None:
    session = await api.workshop()
    theo = await api.invited(session, "Theo", "assistant")
    await api.runs(session)
    await api.enters(session, theo, Role.ASSISTANT)
    for verb, status in (("pause", 200), ("resume", 200), ("end", 403), ("cancel", 403)):
        assert (await theo.post(f"/live-sessions/{session}/{verb}")).status == status, verb


async def test_any_command_goes_over_rest_as_over_the_socket(api: Api) -> None:
    session = await api.workshop()
    ana = await api.invited(session, "Ana")
    await api.runs(session)
    await api.enters(session, ana, Role.PARTICIPANT)
    command = {"id": str(uuid4()), "type": "chat.send", "text": "hello"}
    path = f"/live-sessions/{session}/commands"
    first = await ana.post(path, command)
    assert (first.status, first.json["ok"]) == (200, True)
    again = await ana.post(path, command)
    assert again.json == first.json, "sent again it acts once"
    reused = await ana.post(path, {**command, "text": "another"})
    assert (reused.status, reused.code) == (409, "id_reused")
    seen = (await ana.get(f"/live-sessions/{session}/events?after={first.json['seq'] - 1}")).json["items"]
    assert [(each["text"], each["actor"], each["command"]) for each in seen] == [("hello", ana.user, command["id"])]
    assert (await ana.command(session, "session.end")).code == "forbidden"


NO_COMMANDS: list[tuple[dict[str, Any], str]] = [
    ({"type": "chat.send", "text": "x"}, "/id"),
    ({"id": "1", "type": "chat.send", "text": "x"}, "/id"),
    ({"id": 5, "type": "chat.send", "text": "x"}, "/id"),
    ({"id": str(uuid4())}, ""),
    ({"id": str(uuid4()), "type": "chat.shout"}, ""),
    ({"id": str(uuid4()), "type": ["chat.send"]}, ""),
    ({"id": str(uuid4()), "type": "chat.send"}, "/text"),
    ({"id": str(uuid4()), "type": "chat.send", "text": ""}, "/text"),
    ({"id": str(uuid4()), "type": "chat.send", "text": "x", "actor": "y"}, "/actor"),
    ({"id": str(uuid4()), "type": "chat.send", "text": "a\u0000b"}, "/text"),
    ({"id": str(uuid4()), "type": "chat.send", "text": "a\ud800"}, "/text"),
    ({"id": str(uuid4()), "type": "participant.join", "role": "instructor"}, ""),
    ({"id": str(uuid4()), "type": "participant.leave", "userId": str(uuid4()), "lastSeen": "2030-01-01T00:00:00Z"}, ""),
]


async def test_what_is_no_command(api: Api) -> None:
    """Nothing of the server's own commands comes in from outside."""
    session = await api.workshop()
    mara = await api.mara()
    for body, pointer in NO_COMMANDS:
        refused = await mara.post(f"/live-sessions/{session}/commands", body)
        assert (refused.status, refused.code) == (422, "bad_request"), body
        assert [each["pointer"] for each in refused.json["errors"]] == [pointer], body


class TestIdempotencyKey:
    async def test_the_same_key_gets_the_first_answer(self, api: Api) -> None:
        mara = await api.mara()
        key = {"Idempotency-Key": "a key"}
        first = await mara.post("/live-sessions", schedule(), headers=key)
        again = await mara.post("/live-sessions", schedule(), headers=key)
        assert (first.status, first.body) == (again.status, again.body)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.headers["Location"] == first.headers["Location"]
        assert len((await mara.get("/live-sessions")).json["items"]) == 1

    async def test_another_body_is_refused(self, api: Api) -> None:
        mara = await api.mara()
        key = {"Idempotency-Key": "a key"}
        await mara.post("/live-sessions", schedule(), headers=key)
        refused = await mara.post("/live-sessions", schedule(title="Another"), headers=key)
        assert (refused.status, refused.code) == (422, "id_reused")

    async def test_keys_are_ones_own(self, api: Api) -> None:
        mara, ines = await api.mara(), await api.person("Ines", PlatformRole.INSTRUCTOR)
        key = {"Idempotency-Key": "a key"}
        first = await mara.post("/live-sessions", schedule(), headers=key)
        other = await ines.post("/live-sessions", schedule(title="Another"), headers=key)
        assert (first.status, other.status) == (201, 201)

    async def test_many_at_once_act_once(self, api: Api) -> None:
        mara = await api.mara()
        key = {"Idempotency-Key": "a key"}
        answers = await asyncio.gather(*(mara.post("/live-sessions", schedule(), headers=key) for _ in range(10)))
        assert {each.status for each in answers} <= {201, 409}
        assert {each.code for each in answers if each.status == 409} <= {"in_progress"}
        assert len((await mara.get("/live-sessions")).json["items"]) == 1

    async def test_a_first_request_that_died_is_carried_on_not_out_again(self, api: Api) -> None:
        """The server was killed after the commit, before it could keep the answer."""
        mara = await api.mara()
        key = {"Idempotency-Key": "a key"}
        first = await mara.post("/live-sessions", schedule(), headers=key)
        async with api.app[DATABASE].transaction() as connection:
            await connection.execute("UPDATE ops.idempotency_keys SET status = NULL, response = NULL")
        early = await mara.post("/live-sessions", schedule(), headers=key)
        assert (early.status, early.code) == (409, "in_progress")
        await self._let_time_pass(api)
        again = await mara.post("/live-sessions", schedule(), headers=key)
        assert (again.status, again.json["id"]) == (201, first.json["id"])
        assert len((await mara.get("/live-sessions")).json["items"]) == 1

    async def _let_time_pass(self, api: Api) -> None:
        """The claim becomes older than a first request may be; only the owner gets past the trigger that dates changes."""
        connection = await asyncpg.connect(api.app[SETTINGS].database_url)
        await connection.execute("ALTER TABLE ops.idempotency_keys DISABLE TRIGGER touch")
        await connection.execute("UPDATE ops.idempotency_keys SET updated_at = updated_at - interval '2 minutes'")
        await connection.close()

    async def test_a_failure_is_not_kept(self, api: Api) -> None:
        mara = await api.mara()
        session = await api.workshop()
        key = {"Idempotency-Key": "a key"}
        assert (await mara.post(f"/live-sessions/{session}/pause", headers=key)).status == 409
        await api.runs(session)
        assert (await mara.post(f"/live-sessions/{session}/pause", headers=key)).status == 200

    async def test_answers_are_stored_sealed(self, api: Api) -> None:
        """A token shown once does not lie readable in the database."""
        mara = await api.mara()
        session = await api.workshop()
        made = await mara.post(
            f"/live-sessions/{session}/invitations", {"role": "observer"}, headers={"Idempotency-Key": "a key"}
        )
        async with api.app[DATABASE].connection() as connection:
            held = await connection.fetchval("SELECT response::text FROM ops.idempotency_keys")
        assert made.json["token"] not in held
        assert "observer" not in held

    async def test_keys_that_are_none(self, api: Api) -> None:
        mara = await api.mara()
        for key in ("", "x" * 256):
            refused = await mara.post("/live-sessions", schedule(), headers={"Idempotency-Key": key})
            assert refused.json["errors"][0]["parameter"] == "Idempotency-Key"
