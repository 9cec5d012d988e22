"""Notes (W137-W166): one's own, shared ones, what they refer to, their rules, their versions."""

from typing import Any

import pytest

from persistence.models.note import CONTENT_BYTES_MAX
from tests.api.conftest import Answer, Api, Caller
from tests.api.recorded import Heard, begun, heard
from tests.api.test_uploads import bring, wav
from tests.api.workbook import lesson, made

__all__ = ["begun", "heard"]
NOBODY_S = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


async def written(caller: Caller, title: str = "Beds", content: str = "<p>Beans</p>", **fields: Any) -> dict[str, Any]:
    answer = await caller.post("/notes", {"title": title, "content": content, **fields})
    assert answer.status == 201, answer
    note: dict[str, Any] = answer.json
    return note


async def titles(caller: Caller, query: str = "") -> list[str]:
    answer = await caller.get(f"/notes{query}")
    assert answer.status == 200, answer
    return [each["title"] for each in answer.json["items"]]


def faults(answer: Answer) -> set[str]:
    assert answer.status == 422, answer
    return {each["pointer"] for each in answer.json["errors"]}


@pytest.mark.requirement(
    "W137",
    "W138",
    "W139",
    "W140",
    "W141",
    "W146",
    "W147",
    "W148",
    "W149",
    "W151",
    "W152",
    "W153",
    "W155",
    "W228",
    "D36",
)
@pytest.mark.requirement("D55")
async def test_a_note_is_written_found_changed_and_deleted(api: Api) -> None:
    ana = await api.person("Ana")
    body = {"title": "Beds", "content": "<p>Beans <b>beside</b> corn<script>x</script></p>", "tags": ["garden"]}
    answer = await ana.post("/notes", body)
    assert answer.status == 201, answer
    long = await written(ana, content="é" * (CONTENT_BYTES_MAX // 2))
    assert (await ana.delete(f"/notes/{long['id']}")).status == 204, "all that a note may hold can be sent"
    note = answer.json
    assert (note["content"], note["metadata"], note["isPrivate"], note["isPinned"]) == (
        "<p>Beans beside corn</p>",
        {"wordCount": 3, "version": 1},
        True,
        False,
    )
    path = f"/notes/{note['id']}"
    assert answer.headers["Location"] == f"/api/v1{path}"
    assert await titles(ana, "?tag=garden&q=corn") == ["Beds"]
    assert await titles(ana, "?tag=other") == []
    changed = await ana.change(path, {"isPinned": True})
    assert (changed.status, changed.json["metadata"]["version"], changed.json["title"]) == (200, 2, "Beds")
    assert changed.json["createdAt"] == note["createdAt"] < changed.json["updatedAt"]
    stale = await ana.send("PATCH", path, {"title": "Other"}, headers={"If-Match": answer.headers["ETag"]})
    assert (stale.status, stale.code) == (412, "precondition_failed")
    assert (await ana.send("PATCH", path, {"title": "Other"})).code == "precondition_required"
    ben = await api.person("Ben")
    assert [(await ben.get(path)).status, (await ben.delete(path)).status] == [404, 404]
    assert (await ana.delete(path)).status == 204
    assert (await ana.get(path)).status == 404
    assert await titles(ana) == []


@pytest.mark.requirement("W154", "W155", "W156", "W157", "D36")
async def test_what_is_changed_beside_the_text_is_another_version_too(api: Api) -> None:
    ana = await api.person("Ana")
    other, note = await written(ana, "Corn"), await written(ana)
    path = f"/notes/{note['id']}"
    first = (await ana.get(path)).headers["ETag"]
    extra = {"lastEditDevice": "phone", "linkedNotes": [other["id"]], "categories": ["beds"]}
    changed = await ana.change(path, {"metadata": extra})
    assert changed.json["metadata"] == {"wordCount": 1, "version": 2, **extra}
    stale = await ana.send("PATCH", path, {"metadata": {}}, headers={"If-Match": first})
    assert stale.code == "precondition_failed"
    assert await titles(ana, f"?linkedTo={other['id']}") == ["Beds"]
    forged = await ana.change(path, {"metadata": {"version": 9}})
    assert faults(forged) == {"/metadata/version"}


@pytest.mark.requirement("W156")
async def test_a_note_links_to_notes_one_may_read(api: Api) -> None:
    ana, ben = await api.person("Ana"), await api.person("Ben")
    hers, note = await written(ana), await written(ben, "Mine")
    for linked in (hers["id"], NOBODY_S):
        refused = await ben.change(f"/notes/{note['id']}", {"metadata": {"linkedNotes": [linked]}})
        assert faults(refused) == {"/metadata"}
    assert (await ana.delete(f"/notes/{hers['id']}")).status == 204
    assert (
        await ana.post("/notes", {"title": "A", "content": "b", "metadata": {"linkedNotes": [hers["id"]]}})
    ).status == 422


@pytest.mark.requirement("W163", "W164", "W165", "W253")
async def test_every_fault_of_a_note_is_told_at_once(api: Api) -> None:
    ana = await api.person("Ana")
    bad = {"title": "  ", "content": "<p> &nbsp; </p>", "tags": ["a", "A"], "timestamp": -1, "moduleId": "x"}
    assert faults(await ana.post("/notes", bad)) == {"/title", "/content", "/tags", "/timestamp", "/moduleId"}
    for fields, pointer in (
        ({"title": "x" * 201}, "/title"),
        ({"content": ""}, "/content"),
        ({"content": "<script>all of it</script>"}, "/content"),
        ({"content": "x" * (CONTENT_BYTES_MAX + 1)}, "/content"),
        ({"content": "é" * (CONTENT_BYTES_MAX // 2 + 1)}, "/content"),
        ({"tags": [""]}, "/tags/0"),
        ({"tags": [str(number) for number in range(33)]}, "/tags"),
        ({"lessonId": "one"}, "/lessonId"),
        ({"moduleId": NOBODY_S}, "/moduleId"),
        ({"audioRecordingId": NOBODY_S}, "/audioRecordingId"),
        ({"sessionId": NOBODY_S}, "/sessionId"),
    ):
        answer = await ana.post("/notes", {"title": "A", "content": "b"} | fields)
        assert faults(answer) == {pointer}, fields
    note = await written(ana)
    for change in ({"title": None}, {"title": ""}, {"content": "<br>"}, {"content": None}, {"tags": None}):
        assert (await ana.change(f"/notes/{note['id']}", change)).status == 422, change


HOSTILE = {
    "<img src=x onerror=alert(1)>Tea": "Tea",
    "<p onclick=alert(1) style='position:fixed'>Tea</p>": "<p>Tea</p>",
    "<a href='javascript:alert(1)'>Tea</a>": '<a rel="noopener noreferrer">Tea</a>',
    "<a href='data:text/html,<script>1</script>'>Tea</a>": '<a rel="noopener noreferrer">Tea</a>',
    "<a href='JaVa\tScRiPt:alert(1)'>Tea</a>": '<a rel="noopener noreferrer">Tea</a>',
    "<a href='https://example.org' target=_blank onmouseover=x>Tea</a>": '<a href="https://example.org" rel="noopener noreferrer">Tea</a>',
    "<svg><script>alert(1)</script></svg>Tea": "Tea",
    "<svg/onload=alert(1)>Tea": "Tea",
    "<math><mi//xlink:href='data:x,<script>alert(4)</script>'>Tea</math>Cups": None,
    "<iframe srcdoc='<script>1</script>'></iframe>Tea": "Tea",
    "<style>@import 'https://evil.example'</style>Tea": "Tea",
    "<form action=https://evil.example><input name=password>Tea</form>": "Tea",
    "<scr<script>ipt>alert(1)</script>Tea": "ipt&gt;alert(1)Tea",
    "Tea<!-- <script>1</script> -->": "Tea",
    "<table><tr><td background='javascript:1'>Tea</td></tr></table>": "<table><tbody><tr><td>Tea</td></tr></tbody></table>",
    "Cups<noscript><p title='</noscript><img src=x onerror=alert(1)>'>Tea": None,
    "&lt;script&gt;Tea&lt;/script&gt;": "&lt;script&gt;Tea&lt;/script&gt;",
    "<h1>Tea</h1><ul><li><strong>Cups</strong></li></ul>": "<h1>Tea</h1><ul><li><strong>Cups</strong></li></ul>",
}


@pytest.mark.requirement("W141", "D32")
async def test_nothing_of_a_script_is_kept(api: Api, subtests: pytest.Subtests) -> None:
    ana = await api.person("Ana")
    for sent, expected in HOSTILE.items():
        with subtests.test(sent):
            note = await written(ana, content=sent)
            if expected is not None:
                assert note["content"] == expected
            for evil in ("<script", "<img", "<svg", "<iframe", "onerror=", "javascript:", "<style"):
                assert evil not in note["content"].lower().replace("&lt;", "")
            again = await ana.change(f"/notes/{note['id']}", {"content": note["content"]})
            assert again.json["content"] == note["content"], "cleaning it again changes nothing"
    assert faults(await ana.post("/notes", {"title": "A", "content": "Tea&#x202e;sugar"})) == {"/content"}


@pytest.mark.requirement("W142", "W143", "W145", "W166", "W231", "D34", "D37")
async def test_a_moment_is_one_of_sound_or_video(api: Api) -> None:
    ana = await api.person("Ana")
    module = await made(api, 1, lesson("read", 1), lesson("see", 2, type="video", content={}))
    of_video = await written(ana, moduleId=module, lessonId="see", timestamp=61)
    assert of_video["timestamp"] == 61
    base = {"title": "A", "content": "b"}
    for fields, pointer in (
        ({"timestamp": 5}, "/timestamp"),
        ({"timestamp": 5, "moduleId": module}, "/timestamp"),
        ({"timestamp": 5, "moduleId": module, "lessonId": "read"}, "/timestamp"),
        ({"timestamp": 1.5, "moduleId": module, "lessonId": "see"}, "/timestamp"),
        ({"moduleId": module, "lessonId": "gone"}, "/lessonId"),
    ):
        assert faults(await ana.post("/notes", base | fields)) == {pointer}, fields
    plain = await written(ana)
    assert faults(await ana.change(f"/notes/{plain['id']}", {"timestamp": 5})) == {"/timestamp"}
    path = f"/notes/{of_video['id']}"
    moved = await ana.change(path, {"lessonId": "read"})
    assert (moved.status, moved.json["lessonId"], "timestamp" in moved.json) == (200, "read", False), "D33"
    assert (await ana.change(path, {"lessonId": "see", "timestamp": 3})).json["timestamp"] == 3
    alone = await ana.change(path, {"moduleId": None})
    assert [each in alone.json for each in ("moduleId", "lessonId", "timestamp")] == [False, False, False]


@pytest.mark.requirement("W144", "W145", "W232", "D33")
async def test_a_note_of_a_recording_or_a_session_stays_when_that_is_gone(heard: Heard) -> None:
    ana, stranger = heard.ana, await heard.api.person("Nora")
    brought = (await bring(ana, wav())).json["id"]
    note = await written(ana, audioRecordingId=brought, timestamp=1)
    beside = await written(ana, "Beside", sessionId=heard.session, timestamp=90)
    assert (beside["sessionId"], beside["timestamp"]) == (heard.session, 90)
    for fields, pointer in (
        ({"audioRecordingId": brought}, "/audioRecordingId"),
        ({"sessionId": heard.session}, "/sessionId"),
    ):
        assert faults(await stranger.post("/notes", {"title": "A", "content": "b", **fields})) == {pointer}
    assert await titles(ana, f"?sessionId={heard.session}") == ["Beside"]
    assert await titles(ana, f"?audioRecordingId={brought}") == ["Beds"]
    assert (await ana.change(f"/notes/{note['id']}", {"title": "Still"})).json["timestamp"] == 1
    unhooked = (await ana.change(f"/notes/{note['id']}", {"audioRecordingId": None})).json
    assert ("audioRecordingId" in unhooked, "timestamp" in unhooked) == (False, False)


@pytest.mark.requirement("W147", "D35")
async def test_what_is_shared_is_read_by_whoever_has_the_module(api: Api) -> None:
    ana, ben, mara, ada = await api.person("Ana"), await api.person("Ben"), await api.mara(), await api.ada()
    first = await made(api, 1)
    second = await made(api, 2, prerequisites=[first])
    shared = await written(ana, "Shared", moduleId=first, isPrivate=False, tags=[str(mara.user)])
    await written(ana, "Private", moduleId=first)
    await written(ana, "Of nothing", isPrivate=False)
    await written(ana, "Ahead", moduleId=second, isPrivate=False)
    assert await titles(ben) == [], "a list is one's own unless it is asked for otherwise"
    assert await titles(ben, "?shared=true") == ["Shared"]
    assert await titles(ben, f"?userId={ana.user}") == ["Shared"]
    page = (await ben.get("/notes?shared=true")).json
    assert set(page["people"]) == {ana.user}, "and nobody whose id stands in a tag"
    path = f"/notes/{shared['id']}"
    assert (await ben.get(path)).status == 200
    for answer in (await ben.change(path, {"title": "Mine"}), await ben.delete(path)):
        assert answer.code == "forbidden"
    assert await titles(ada, f"?userId={ana.user}") == ["Ahead", "Of nothing", "Private", "Shared"]
    assert (await ada.change(path, {"title": "Ada's"})).code == "forbidden"
    await ben.send("PUT", f"/progress/{first}", {"progressPercent": 100})
    assert await titles(ben, "?shared=true") == ["Ahead", "Shared"]
    await mara.post(f"/modules/{first}/unpublish")
    assert (await ana.change(path, {"title": "Still mine"})).status == 200, "one's own stays one's own"
    assert "Shared" not in await titles(ben, "?shared=true")
    assert (await ben.get(path)).status == 404
    await ada.change(f"/users/{ben.user}", {"workshopAccessGranted": False})
    assert await titles(ben, "?shared=true") == []


@pytest.mark.requirement("P4", "W148", "W159")
async def test_lists_are_filtered_and_paged(api: Api) -> None:
    ana, module = await api.person("Ana"), await made(api)
    for number in range(5):
        await written(ana, f"Note {number}", isPinned=number == 2, **({"moduleId": module} if number > 2 else {}))
    assert await titles(ana, "?isPinned=true") == ["Note 2"]
    assert await titles(ana, f"?moduleId={module}") == ["Note 4", "Note 3"]
    seen, cursor = list[str](), ""
    while True:
        page = (await ana.get(f"/notes?limit=2{cursor}")).json
        seen += [each["title"] for each in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert seen == [f"Note {number}" for number in (4, 3, 2, 1, 0)]
    assert (await ana.get("/notes?shared=perhaps")).status == 422


async def test_a_note_sent_twice_with_its_key_is_one_note(api: Api) -> None:
    ana = await api.person("Ana")
    for _again in range(2):
        answer = await ana.post("/notes", {"title": "A", "content": "b"}, headers={"Idempotency-Key": "once"})
        assert answer.status == 201
    assert await titles(ana) == ["A"]
