"""The log, the state at any moment, slices of the view: always as the reader may have it (attacks 21, 22, 67)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from rooms.roles import Role
from tests.api.conftest import Api, Caller


async def lively(api: Api) -> tuple[str, dict[str, Caller]]:
    """Mara, Theo, Ana, Ben and Otto in a running session, where some things were said."""
    session = await api.workshop()
    cast = {
        "Mara": await api.mara(),
        "Theo": await api.invited(session, "Theo", "assistant"),
        "Ana": await api.invited(session, "Ana"),
        "Ben": await api.invited(session, "Ben"),
        "Otto": await api.invited(session, "Otto", "observer"),
    }
    await api.runs(session)
    for name, role in (
        ("Theo", Role.ASSISTANT),
        ("Ana", Role.PARTICIPANT),
        ("Ben", Role.PARTICIPANT),
        ("Otto", Role.OBSERVER),
    ):
        await api.enters(session, cast[name], role)
    for who, fields in (
        ("Ana", {"text": "hello everybody"}),
        ("Ana", {"text": "canary for Ben", "to": cast["Ben"].user}),
        ("Mara", {"text": "canary for staff", "to": "staff"}),
        ("Ben", {"text": "hello Ana"}),
    ):
        assert (await cast[who].command(session, "chat.send", **fields)).status == 200
    return session, cast


def texts(page: Any) -> list[str]:
    return [each["text"] for each in page["items"] if "text" in each]


async def test_everybody_reads_the_log_that_was_theirs(api: Api) -> None:
    session, cast = await lively(api)
    expected = {
        "Mara": ["hello everybody", "canary for staff", "hello Ana"],
        "Theo": ["hello everybody", "canary for staff", "hello Ana"],
        "Ana": ["hello everybody", "canary for Ben", "hello Ana"],
        "Ben": ["hello everybody", "canary for Ben", "hello Ana"],
        "Otto": ["hello everybody", "hello Ana"],
    }
    for name, said in expected.items():
        for what in ("events?limit=200", "chat"):
            assert texts((await cast[name].get(f"/live-sessions/{session}/{what}")).json) == said, (name, what)
    ana, ada, stranger = cast["Ana"], await api.ada(), await api.person("Eve")
    assert texts((await ada.get(f"/live-sessions/{session}/events?limit=200")).json) == expected["Mara"]
    assert (await stranger.get(f"/live-sessions/{session}/events")).code == "not_found"
    waiting = await api.invited(session, "Wim")
    for what in ("events?limit=200", "chat", "state"):
        assert "hello" not in (await waiting.get(f"/live-sessions/{session}/{what}")).body.decode(), what
    for name in ("Mara", "Theo", "Otto"):
        for what in ("events?limit=200", "chat", "state", "participants", "engagement", "summary"):
            assert "canary for Ben" not in (await cast[name].get(f"/live-sessions/{session}/{what}")).body.decode()
    assert ana.user in (await ana.get(f"/live-sessions/{session}/chat")).json["people"]


async def test_a_page_of_events_counts_what_one_may_see(api: Api) -> None:
    session, cast = await lively(api)
    otto = cast["Otto"]
    whole = (await otto.get(f"/live-sessions/{session}/events?limit=200")).json
    assert whole["nextCursor"] is None
    walked, path, pages = [], f"/live-sessions/{session}/events?limit=2", 0
    while True:
        page = await otto.get(path)
        walked += page.json["items"]
        pages += 1
        assert len(page.json["items"]) <= 2
        if page.json["nextCursor"] is None:
            break
        assert len(page.json["items"]) == 2, "only the last page is short"
        path = page.headers["Link"].partition(">")[0].strip("<").removeprefix("/api/v1")
    assert walked == whole["items"]
    assert pages == -(-len(walked) // 2) or not page.json["items"]
    assert whole["upto"] == (await cast["Mara"].get(f"/live-sessions/{session}/events?limit=200")).json["upto"]


async def test_positions_that_nobody_can_stand_at(api: Api) -> None:
    """Attack 67."""
    session, cast = await lively(api)
    ana = cast["Ana"]
    ahead = await ana.get(f"/live-sessions/{session}/events?after={2**63 - 1}")
    assert (ahead.status, ahead.json["items"], ahead.json["nextCursor"]) == (200, [], None)
    for query in (
        "after=-1",
        f"after={2**63}",
        "after=1.5",
        "after=x",
        "cursor=x",
        "cursor=-1",
        "limit=0",
        "limit=1e9",
        "limit=201",
    ):
        assert (await ana.get(f"/live-sessions/{session}/events?{query}")).status == 422, query
    for query in (
        "at=-1",
        "at=yesterday",
        "at=2030-01-01",
        "at=2030-01-01T00:00:00",
        "at=%00",
        "at=0001-01-01T00:00:00%2B14:00",
    ):
        assert (await ana.get(f"/live-sessions/{session}/state?{query}")).status == 422, query
    assert (await ana.get(f"/live-sessions/{session}/state?at={'9' * 30}")).json["seq"] == ahead.json["upto"]


async def test_the_state_at_a_seq_and_at_a_time(api: Api) -> None:
    session, cast = await lively(api)
    ana = cast["Ana"]
    events = (await ana.get(f"/live-sessions/{session}/events?limit=200")).json["items"]
    last = next(each for each in reversed(events) if each.get("text") == "hello Ana")
    before = (await ana.get(f"/live-sessions/{session}/state?at={last['seq'] - 1}")).json
    assert before["seq"] == last["seq"] - 1
    assert "hello Ana" not in str(before["view"])
    assert "canary for Ben" in str(before["view"])
    at = datetime.fromisoformat(last["at"])
    then = (await ana.get(f"/live-sessions/{session}/state?at={last['at']}")).json
    assert (then["seq"], "hello Ana" in str(then["view"])) == (last["seq"], True)
    just_before = (at - timedelta(microseconds=1)).isoformat().replace("+", "%2B")
    assert (await ana.get(f"/live-sessions/{session}/state?at={just_before}")).json["seq"] < last["seq"]
    now = await ana.get(f"/live-sessions/{session}/state")
    assert now.json["view"] == then["view"]
    assert now.json["people"][cast["Ben"].user] == {"name": "Ben"}
    assert "standings" not in now.json["view"]
    assert (
        await ana.get(f"/live-sessions/{session}/state", headers={"If-None-Match": now.headers["ETag"]})
    ).status == 304
    assert (await ana.get(f"/live-sessions/{session}/state?at=0")).json["seq"] == 0


async def test_how_it_went_is_for_those_who_were_there(api: Api) -> None:
    session, cast = await lively(api)
    wim = await api.invited(session, "Wim")
    await cast["Mara"].post(f"/live-sessions/{session}/end")
    await api.projected(session)
    for path in (f"/live-sessions/{session}", f"/live-sessions/{session}/summary", "/live-sessions"):
        for name in ("Mara", "Theo", "Ana", "Otto"):
            assert "were present at once" in (await cast[name].get(path)).body.decode(), (name, path)
        for caller, told in ((await api.ada(), True), (wim, False)):
            assert ("were present at once" in (await caller.get(path)).body.decode()) is told, (caller.name, path)


async def test_who_was_removed_reads_no_further(api: Api) -> None:
    """Attack 21."""
    session, cast = await lively(api)
    mara, ben = cast["Mara"], cast["Ben"]
    assert (await mara.command(session, "participant.remove", userId=ben.user)).status == 200
    assert (await mara.command(session, "chat.send", text="without Ben")).status == 200
    for what in ("events?limit=200", "chat", "state"):
        assert "without Ben" not in (await ben.get(f"/live-sessions/{session}/{what}")).body.decode(), what
    assert "hello Ana" in (await ben.get(f"/live-sessions/{session}/events?limit=200")).body.decode(), (
        "what was his, stays"
    )
    assert (await ben.get(f"/live-sessions/{session}/chat")).json["items"] == []


async def test_a_demoted_assistant_keeps_only_what_was_seen_as_staff(api: Api) -> None:
    session, cast = await lively(api)
    mara, theo = cast["Mara"], cast["Theo"]
    assert (await mara.command(session, "role.set", userId=theo.user, role="participant")).status == 200
    assert (await mara.command(session, "chat.send", text="canary after", to="staff")).status == 200
    page = (await theo.get(f"/live-sessions/{session}/events?limit=200")).json
    assert "canary for staff" in texts(page)
    assert "canary after" not in texts(page)
    assert "canary" not in (await theo.get(f"/live-sessions/{session}/chat")).body.decode()


async def test_deleted_words_are_gone_from_every_answer(api: Api) -> None:
    session, cast = await lively(api)
    ben, mara = cast["Ben"], cast["Mara"]
    message = next(
        each for each in (await ben.get(f"/live-sessions/{session}/chat")).json["items"] if each["text"] == "hello Ana"
    )
    seq = message["seq"]
    assert (await ben.command(session, "chat.delete", messageId=message["id"])).status == 200
    for what in ("events?limit=200", "chat", "state", f"state?at={seq}"):
        assert "hello Ana" not in (await mara.get(f"/live-sessions/{session}/{what}")).body.decode(), what


async def test_slices_walk_backwards(api: Api) -> None:
    session, cast = await lively(api)
    ana = cast["Ana"]
    for number in range(5):
        await ana.command(session, "chat.send", text=f"line {number}")
    first = await ana.get(f"/live-sessions/{session}/chat?limit=3")
    assert texts(first.json) == ["line 2", "line 3", "line 4"]
    second = await ana.get(f"/live-sessions/{session}/chat?limit=3&cursor={first.json['nextCursor']}")
    by_seq = await ana.get(f"/live-sessions/{session}/chat?limit=3&before={first.json['items'][0]['seq']}")
    assert texts(second.json) == texts(by_seq.json) == ["hello Ana", "line 0", "line 1"]
    assert "replyTo" not in second.json["items"][0]
    last = await ana.get(f"/live-sessions/{session}/chat?limit=200")
    assert last.json["nextCursor"] is None


async def test_polls_and_questions_are_slices_like_any_other(api: Api) -> None:
    session, cast = await lively(api)
    mara, ana, ben = cast["Mara"], cast["Ana"], cast["Ben"]
    poll = {"question": "Tea?", "kind": "single", "options": ["yes", "no"], "anonymous": False}
    made = await mara.command(session, "poll.create", **poll)
    assert made.status == 200, made
    assert (await mara.get(f"/live-sessions/{session}/polls")).json["items"][0]["question"] == "Tea?"
    assert (await ana.get(f"/live-sessions/{session}/polls")).json["items"] == [], "a draft is for staff"
    assert (await ana.command(session, "question.ask", text="Why?", anonymous=True)).status == 200
    seen = (await ben.get(f"/live-sessions/{session}/questions")).json
    assert [each["text"] for each in seen["items"]] == ["Why?"]
    assert ana.user not in str(seen)


async def test_state_and_events_agree_with_the_rules_of_the_view(api: Api) -> None:
    """What REST tells is the view at the head, for everybody."""
    from live.keys import HOSTS
    from rooms.feature import Standing
    from rooms.ids import SessionId
    from rooms.people import standing_of
    from rooms.room import STATE
    from rooms.visibility import view

    session, cast = await lively(api)
    room = await api.app[HOSTS].read(SessionId(session))
    for caller in cast.values():
        standing = standing_of(room, caller.user)
        assert isinstance(standing, Standing)
        expected = STATE.dump_python(view(room, standing), mode="json", by_alias=True, exclude_none=True)
        assert (await caller.get(f"/live-sessions/{session}/state")).json["view"] == expected, caller.name
    assert (await cast["Ana"].get(f"/live-sessions/{uuid4()}/state")).code == "not_found"
