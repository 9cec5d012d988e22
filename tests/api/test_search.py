"""Search over what was said: one's own words and those of sessions one attended, nobody else's (W235)."""

import pytest

from tests.api.recorded import Heard, heard

__all__ = ["heard"]


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
