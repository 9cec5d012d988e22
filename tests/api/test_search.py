"""Search over notes and what was said: one's own, those shared with one, and those of sessions one attended, nobody else's (W235)."""

import pytest

from tests.api.conftest import Api, Caller
from tests.api.recorded import Heard, begun, heard
from tests.api.workbook import made

__all__ = ["begun", "heard"]


async def test_what_was_said_is_found_by_who_was_there(heard: Heard) -> None:
    for caller in (heard.mara, heard.ana, heard.ben):
        [hit] = (await caller.get("/search?q=gardens")).json["items"]
        assert (hit["type"], hit["sessionId"]) == ("transcription", heard.session)
        assert "«garden»" in hit["text"]
    stranger = await heard.api.person("Nora")
    for caller in (heard.otto, stranger):
        assert (await caller.get("/search?q=garden")).json["items"] == []


async def test_what_is_withdrawn_is_found_no_more(heard: Heard) -> None:
    assert len((await heard.ben.get("/search?q=thank")).json["items"]) == 1
    await heard.ana.post(f"{heard.path}/recording-consent", {"given": False})
    from tests.api.recorded import worked

    await worked(heard.api)
    for caller in (heard.ben, heard.ana, heard.mara):
        assert (await caller.get("/search?q=thank")).json["items"] == []


@pytest.mark.parametrize("query", ["%27%20OR%201=1--", "a:*%26!(", "%22open", "-", "%3Cb%3E", "x" * 200])
async def test_nothing_anybody_types_is_an_error(heard: Heard, query: str) -> None:
    assert (await heard.ben.get(f"/search?q={query}")).status == 200


async def test_an_empty_or_endless_query_is_refused(heard: Heard) -> None:
    for query in ("", "?q=", f"?q={'x' * 201}", "?q=a&limit=1000", "?q=a&cursor=zzz"):
        assert (await heard.ben.get(f"/search{query}")).status == 422, query


@pytest.mark.requirement("W235", "W238", "D35", "P3")
async def test_notes_are_found_by_who_may_read_them(heard: Heard) -> None:
    api, ana, ben = heard.api, heard.ana, heard.ben
    module = await made(api)
    path = "/notes"
    own = {"title": "Beds", "content": "<p>Beans &amp; <strong>corn</strong> in the garden</p>"}
    mine = (await ana.post(path, own)).json["id"]
    shared = (await ana.post(path, own | {"title": "Shared garden", "moduleId": module, "isPrivate": False})).json["id"]
    found = (await ana.get("/search?q=gardens")).json["items"]
    assert [each["type"] for each in found] == ["note", "note", "transcription"]
    assert [each["id"] for each in found[:2]] == [shared, mine]
    assert found[1]["text"] == "Beans &  corn  in the «garden»"
    assert [each["id"] for each in (await ben.get("/search?q=corn")).json["items"]] == [shared]
    page = (await ana.get("/search?q=garden&limit=1")).json
    rest = (await ana.get(f"/search?q=garden&limit=5&cursor={page['nextCursor']}")).json
    assert [each["id"] for each in page["items"] + rest["items"]] == [each["id"] for each in found]


@pytest.mark.requirement("W243")
async def test_what_is_hidden_is_found_no_more_at_once_and_what_is_new_within_half_a_minute(api: Api) -> None:
    ana, ben, module = await api.person("Ana"), await api.person("Ben"), await made(api)
    body = {"title": "Beds", "content": "corn", "moduleId": module, "isPrivate": False}
    first = await ana.post("/notes", body)

    async def found(caller: Caller) -> list[str]:
        return [each["text"] for each in (await caller.get("/search?q=corn")).json["items"]]

    assert await found(ben) == ["«corn»"]
    second = await ana.post("/notes", body)
    assert await found(ben) == ["«corn»"], "kept for half a minute"
    assert await found(ana) == ["«corn»", "«corn»"]
    await ana.change(f"/notes/{first.json['id']}", {"isPrivate": True})
    assert await found(ben) == ["«corn»"], "and asked for anew when something of it is over"
    await ana.delete(f"/notes/{second.json['id']}")
    assert await found(ben) == []


async def test_a_guest_finds_no_notes(api: Api) -> None:
    session = await api.workshop()
    link = await (await api.mara()).post(f"/live-sessions/{session}/invitations", {})
    welcome = (await api.nobody.post("/invitations/redeem", {"token": link.json["token"], "name": "Gus"})).json
    guest = Caller(api, "Gus", welcome["userId"], welcome["accessToken"])
    module = await made(api)
    await (await api.person("Ana")).post(
        "/notes", {"title": "Beds", "content": "corn", "moduleId": module, "isPrivate": False}
    )
    assert (await guest.get("/search?q=corn")).json["items"] == []
    assert (await guest.get("/notes")).code == "forbidden"
