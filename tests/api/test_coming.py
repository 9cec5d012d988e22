"""Registrations and invitations: who may come, by which way, in which role."""

import asyncio

import pytest

from live.keys import DATABASE
from live.limits import INVITATION_PER_ADDRESS
from rooms.roles import Role
from tests.api.conftest import Api, Caller, Options, flood


async def test_an_invitation_link_lets_a_stranger_in_for_one_session_only(api: Api) -> None:
    mara = await api.mara()
    session, other = await api.workshop(), await api.workshop(title="Another")
    link = await mara.post(f"/live-sessions/{session}/invitations", {"role": "participant", "expiresInHours": 1})
    assert link.status == 201
    page, _hash, token = link.json["url"].partition("#")
    assert page.endswith("/join")
    assert link.json["token"] == token

    look = await api.nobody.post("/invitations/look", {"token": token})
    assert (look.json["title"], look.json["host"], look.json["role"]) == ("Tea and pottery", "Mara", "participant")
    nameless = await api.nobody.post("/invitations/redeem", {"token": token})
    assert nameless.json["errors"][0]["pointer"] == "/name"
    welcome = await api.nobody.post("/invitations/redeem", {"token": token, "name": "Gus"})
    assert (welcome.json["sessionId"], welcome.json["role"]) == (session, "participant")
    gus = Caller(api, "Gus", welcome.json["userId"], welcome.json["accessToken"])
    me = (await gus.get("/me")).json
    assert (me["isGuest"], me["guestOf"], me["fullName"]) == (True, session, "Gus")
    assert me["email"].endswith("@guest.invalid")
    assert [each["id"] for each in (await gus.get("/live-sessions")).json["items"]] == [session]
    assert (await gus.get(f"/live-sessions/{other}")).code == "not_found"
    assert (await gus.post("/auth/password", {"new": "a long password"})).code == "forbidden"
    again = await gus.post("/invitations/redeem", {"token": token})
    assert again.json["userId"] == gus.user, "the same person, not a second guest"
    assert "accessToken" not in again.json


async def test_tokens_of_links_are_shown_once_and_listed_as_links(api: Api) -> None:
    mara = await api.mara()
    session = await api.workshop()
    theo = await api.invited(session, "Theo", "assistant")
    await mara.post(f"/live-sessions/{session}/invitations", {"role": "observer"})
    listed = (await mara.get(f"/live-sessions/{session}/invitations")).json["items"]
    assert [(each["role"], "token" in each, "url" in each) for each in listed] == [
        ("assistant", False, True),
        ("observer", False, True),
    ]
    for_theo = (await theo.get(f"/live-sessions/{session}/invitations")).json["items"]
    assert [(each["role"], "url" in each) for each in for_theo] == [("assistant", False), ("observer", True)]
    assert (await theo.post(f"/live-sessions/{session}/invitations", {"role": "assistant"})).code == "forbidden"
    assert (await mara.post(f"/live-sessions/{session}/invitations", {"role": "instructor"})).status == 422


async def test_a_revoked_replaced_or_expired_link_opens_nothing(api: Api) -> None:
    mara = await api.mara()
    session = await api.workshop()
    path = f"/live-sessions/{session}/invitations"
    first = (await mara.post(path, {})).json
    second = (await mara.post(path, {})).json
    third = (await mara.post(path, {"role": "observer"})).json
    assert (await mara.delete(f"{path}/{third['id']}")).status == 204
    assert (await mara.delete(f"{path}/{third['id']}")).code == "not_found"
    async with api.app[DATABASE].connection() as connection:
        await connection.execute(
            "UPDATE live.session_invitations SET expires_at = clock_timestamp() - interval '1 s' WHERE id = $1",
            second["id"],
        )
    answers = [
        await api.nobody.post(f"/invitations/{what}", {"token": token, **name})
        for token in (first["token"], second["token"], third["token"], "x" * 43, "' OR true --")
        for what, name in (("look", {}), ("redeem", {"name": "Eve"}))
    ]
    assert {(each.status, each.body) for each in answers} == {(404, answers[0].body)}, "attack 11: one answer for all"
    await mara.post(f"/live-sessions/{session}/cancel")
    assert (await mara.post(path, {})).code == "session.ended"


async def test_an_assistants_link_makes_staff_at_once_also_in_the_room(api: Api) -> None:
    session = await api.workshop()
    theo = await api.invited(session, "Theo")
    await api.runs(session)
    await api.enters(session, theo, Role.PARTICIPANT)
    assert (await theo.get(f"/live-sessions/{session}/attendance.csv")).code == "forbidden"
    await api.invited(session, "Theo", "assistant")
    assert (await theo.get(f"/live-sessions/{session}/attendance.csv")).status == 200
    await api.invited(session, "Theo", "observer")
    assert (await theo.get(f"/live-sessions/{session}")).json["you"]["role"] == "assistant", "a link never lowers"


async def test_the_host_needs_no_registration(api: Api) -> None:
    mara = await api.mara()
    session = await api.workshop()
    link = (await mara.post(f"/live-sessions/{session}/invitations", {})).json
    welcome = await mara.post("/invitations/redeem", {"token": link["token"]})
    assert (welcome.json["role"], welcome.json["userId"]) == ("instructor", mara.user)


class TestLimits:
    @pytest.fixture
    def options(self) -> Options:
        return Options(limits_factor=1.0)

    async def test_tokens_are_not_guessed(self, api: Api) -> None:
        await flood(
            INVITATION_PER_ADDRESS,
            lambda number: api.nobody.post("/invitations/look", {"token": str(number)}),
            allowed="not_found",
        )


async def test_staff_invite_and_the_person_accepts_withdraws_and_comes_back(api: Api) -> None:
    mara, ana = await api.mara(), await api.person("Ana")
    session = await api.workshop()
    path = f"/live-sessions/{session}/registrations"
    assert (await ana.post(path, {})).code == "not_found", "she knows nothing of it yet"
    invited = await mara.post(path, {"userId": ana.user, "role": "observer"})
    assert (invited.status, invited.json["status"], invited.json["role"]) == (201, "invited", "observer")
    assert (await ana.post(path, {"role": "assistant"})).code == "forbidden", "attack 24"
    accepted = await ana.post(path, {})
    assert (accepted.json["status"], accepted.json["role"]) == ("registered", "observer")
    assert (await ana.delete(f"{path}/{ana.user}")).status == 204
    assert (await ana.get(f"/live-sessions/{session}")).json["you"] == {"registration": "cancelled"}
    assert (await ana.post(path, {})).json["status"] == "registered", "she changed her mind"
    assert (await mara.delete(f"{path}/{ana.user}")).status == 204
    assert (await ana.post(path, {})).code == "not_found"
    listed = (await mara.get(path)).json
    assert listed["items"] == []


async def test_assistants_are_made_by_the_instructor(api: Api) -> None:
    mara, ana, ben = await api.mara(), await api.person("Ana"), await api.person("Ben")
    session = await api.workshop()
    path = f"/live-sessions/{session}/registrations"
    made = await mara.post(path, {"userId": ana.user, "role": "assistant"})
    assert (made.json["status"], made.json["role"]) == ("registered", "assistant")
    events = (await mara.get(f"/live-sessions/{session}/events?after=1")).json["items"]
    assert [(each["type"], each["userId"], each["role"]) for each in events] == [
        ("role.changed", ana.user, "assistant")
    ]
    assert (await ana.post(path, {"userId": ben.user, "role": "assistant"})).code == "forbidden"
    assert (await mara.get(path)).json["people"][ana.user] == {"name": "Ana"}
    assert [each["userId"] for each in (await mara.get(path)).json["items"]] == [ana.user], "Ben was not registered"
    assert (await ana.post(path, {"userId": ben.user})).json["status"] == "invited"
    assert (await mara.delete(f"{path}/{ana.user}")).status == 204
    assert (await ana.get(path)).code == "not_found"
    unknown = await mara.post(path, {"userId": "5b9d8c52-0c3f-4f0e-9a51-6d1f3f6c7a11"})
    assert unknown.json["errors"][0]["pointer"] == "/userId"


async def test_a_full_session_has_a_waitlist_that_promotes_itself(api: Api) -> None:
    mara = await api.mara()
    session = await api.workshop(maxParticipants=1)
    token = (await mara.post(f"/live-sessions/{session}/invitations", {})).json["token"]
    people = [await api.person(name) for name in ("Ana", "Ben", "Cleo")]
    for caller, waits in zip(people, (False, True, True), strict=True):
        assert (await caller.post("/invitations/redeem", {"token": token})).json["waitlisted"] is waits
    ana, ben, cleo = people
    path = f"/live-sessions/{session}/registrations"
    assert (await cleo.get(path)).json["items"][0]["waitingPosition"] == 2
    assert len((await cleo.get(path)).json["items"]) == 1, "only one's own"
    await ana.delete(f"{path}/{ana.user}")
    assert (await ben.get(path)).json["items"][0]["status"] == "registered"
    assert (await cleo.get(path)).json["items"][0]["waitingPosition"] == 1
    await mara.change(f"/live-sessions/{session}", {"maxParticipants": 2})
    assert (await cleo.get(path)).json["items"][0]["status"] == "registered"


async def test_fifty_at_once_never_overbook(api: Api) -> None:
    """Attack 23, for registrations."""
    mara = await api.mara()
    session = await api.workshop(maxParticipants=5)
    token = (await mara.post(f"/live-sessions/{session}/invitations", {})).json["token"]
    redeemed = await asyncio.gather(
        *(api.nobody.post("/invitations/redeem", {"token": token, "name": f"Guest {n}"}) for n in range(50))
    )
    assert {each.status for each in redeemed} <= {200, 503}
    held = (await mara.get(f"/live-sessions/{session}/registrations")).json["items"]
    assert sum(each["status"] == "registered" for each in held) == 5
    assert len(held) >= sum(each.status == 200 for each in redeemed)
