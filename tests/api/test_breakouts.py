"""Breakout rooms over REST: rosters in, results out, and nothing else of a room one is not in (attack 19)."""

from typing import Any

from tests.api.conftest import Api
from tests.api.division import Divided, gathered
from tests.rooms.drawing import stroke

# -- rosters --


async def test_a_roster_names_people_by_id_or_address(api: Api) -> None:
    session, (theo, ana, ben, _otto) = await gathered(api)
    roster = {
        "name": "First round",
        "rooms": [{"name": "Ink", "members": [ana.email.upper()], "capacity": 4}, {"members": [ben.user.upper()]}],
        "late": "ask",
        "mayReturn": True,
        "results": "staff",
    }
    made = await theo.post(f"/live-sessions/{session}/breakouts", roster)
    assert made.status == 201, made
    held = made.json["set"]
    assert [(each["name"], each["members"]) for each in held["rooms"]] == [("Ink", [ana.user]), ("Room 2", [ben.user])]
    assert (held["name"], held["late"], held["mayReturn"], held["results"]) == ("First round", "ask", True, "staff")
    assert (held["assignment"], held["status"], held["rooms"][0]["capacity"]) == ("manual", "planned", 4)
    assert {ana.user, ben.user} <= made.json["people"].keys()
    assert [each["id"] for each in (await theo.get(f"/live-sessions/{session}/breakouts")).json["items"]] == [
        held["id"]
    ]
    assert (await ana.get(f"/live-sessions/{session}/breakouts")).json["items"] == [], "a plan is staff's"


async def test_whoever_is_not_registered_is_pointed_at(api: Api) -> None:
    session, (_theo, ana, _ben, _otto) = await gathered(api)
    eve, mara = await api.person("Eve"), await api.mara()
    members = [[ana.email, eve.email, "nobody@example.org"], [str(eve.user), "not an address", "@", "x" * 320]]
    body = {"rooms": [{"members": each} for each in members]}
    refused = await mara.post(f"/live-sessions/{session}/breakouts", body)
    assert (refused.status, refused.code) == (422, "bad_request")
    expected = ["/rooms/0/members/1", "/rooms/0/members/2", *(f"/rooms/1/members/{m}" for m in range(4))]
    assert [each["pointer"] for each in refused.json["errors"]] == expected
    assert len({each["detail"] for each in refused.json["errors"]}) == 1, "who has an account is not said"
    assert (await mara.get(f"/live-sessions/{session}/breakouts")).json["items"] == []


async def test_a_roster_is_for_staff_and_repeated_by_its_key(api: Api) -> None:
    session, (_theo, ana, _ben, _otto) = await gathered(api)
    mara = await api.mara()
    body: dict[str, Any] = {"rooms": [{"members": [ana.user]}]}
    assert (await ana.post(f"/live-sessions/{session}/breakouts", body)).code == "forbidden"
    twice = [
        await mara.post(f"/live-sessions/{session}/breakouts", body, headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]
    assert twice[0].json == twice[1].json
    assert len((await mara.get(f"/live-sessions/{session}/breakouts")).json["items"]) == 1
    body = {"rooms": [{"members": [ana.user]}, {"members": [ana.email]}]}
    assert (await mara.post(f"/live-sessions/{session}/breakouts", body)).code == "bad_request"
    body = {"rooms": [{"members": [ana.user]}], "hacked": True}
    assert (await mara.post(f"/live-sessions/{session}/breakouts", body)).status == 422


# -- a room over REST --


async def make_something(place: Divided) -> None:
    """In the first room: a message, a question, an element; a word for one person; a poll by staff."""
    one, _two = place.rooms
    await place.does(place.ana, "chat.send", text="canary of ink")
    await place.does(place.ana, "chat.send", text="private canary", to=place.mara.user)
    await place.does(place.ana, "question.ask", text="canary question")
    drawn = {**stroke("canary-element")}
    await place.does(place.ana, "board.change", boardId=one, elements=[drawn])


async def test_attack_19_nothing_of_another_room_is_read_by_its_id(divided: Divided) -> None:
    one, two = divided.rooms
    await make_something(divided)
    for path in (
        "chat",
        "questions",
        "polls",
        "boards",
        "breakouts",
        "events?limit=200",
        "state",
        f"boards/{one}",
        f"chat?room={one}",
    ):
        for reader in (divided.ben, divided.otto):
            answer = await reader.get(f"{divided.path}/{path}")
            assert b"canary" not in answer.body, (path, reader.name)
    assert (await divided.ben.get(f"{divided.path}/boards/{one}")).body == (
        await divided.ben.get(f"{divided.path}/boards/nothing")
    ).body
    for reader in (divided.ana, divided.mara):
        assert b"canary-element" in (await reader.get(f"{divided.path}/boards/{one}")).body
        assert b"canary of ink" in (await reader.get(f"{divided.path}/chat")).body
    await divided.moved(divided.ana, two)
    assert (await divided.ana.get(f"{divided.path}/boards/{one}")).status == 404
    assert b"canary of ink" not in (await divided.ana.get(f"{divided.path}/chat")).body
    assert b"canary of ink" in (await divided.ana.get(f"{divided.path}/events?limit=200")).body, "they were there then"


async def test_results_while_the_rooms_are_open(divided: Divided) -> None:
    await make_something(divided)
    for staff in (divided.mara, divided.theo):
        assert set(await divided.results(staff) or ()) == {"Ink", "Clay"}
    assert set(await divided.results(divided.ana) or ()) == {"Ink"}
    assert set(await divided.results(divided.ben) or ()) == {"Clay"}
    assert await divided.results(divided.otto) is None
    await divided.moved(divided.ana, None)
    assert await divided.results(divided.ana) is None


async def test_after_the_close_everybody_has_what_was_made(divided: Divided) -> None:
    one, _two = divided.rooms
    await make_something(divided)
    await divided.closed()
    for reader in divided.everybody:
        rooms = await divided.results(reader)
        assert rooms is not None
        assert set(rooms) == {"Ink", "Clay"}
        ink = rooms["Ink"]
        assert ink["members"] == [divided.ana.user]
        assert [each["text"] for each in ink["chat"]] == ["canary of ink"], "and no word between two people"
        assert [each["text"] for each in ink["questions"]] == ["canary question"]
        assert [(each["id"], each["live"]) for each in ink["boards"]] == [(one, 1)]
        board = await reader.get(f"{divided.path}/boards/{one}")
        assert [each["id"] for each in board.json["elements"]] == ["canary-element"]
        assert rooms["Clay"]["chat"] == []


async def test_results_that_are_for_staff(divided: Divided) -> None:
    one, _two = divided.rooms
    await divided.does(divided.mara, "breakout.update", setId=divided.set_id, results="staff")
    await make_something(divided)
    await divided.closed()
    assert set(await divided.results(divided.theo) or ()) == {"Ink", "Clay"}
    assert set(await divided.results(divided.ana) or ()) == {"Ink"}, "one's own"
    assert set(await divided.results(divided.ben) or ()) == {"Clay"}
    assert await divided.results(divided.otto) is None
    assert (await divided.ben.get(f"{divided.path}/boards/{one}")).status == 404
    assert (await divided.ana.get(f"{divided.path}/boards/{one}")).status == 200


async def test_a_plan_has_no_results_and_a_set_of_another_session_is_none(api: Api, divided: Divided) -> None:
    plan = (await divided.mara.post(f"{divided.path}/breakouts", {"rooms": [{}]})).json["set"]["id"]
    assert (await divided.mara.get(f"{divided.path}/breakouts/{plan}/results")).status == 404
    other = await api.workshop(title="Another")
    assert (await divided.mara.get(f"/live-sessions/{other}/breakouts/{divided.set_id}/results")).status == 404
