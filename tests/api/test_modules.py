"""Workshop modules (W017-W051): who reads and changes them, what comes before what, their order, and what is kept of them."""

import asyncio

import pytest

from live.keys import CACHE
from persistence.models.user import PlatformRole
from tests.api.conftest import Api
from tests.api.workbook import lesson, made, module

VIDEO = lesson("two", 2, type="video", content={"videoUrl": "https://example.org/clay.mp4"})


async def never() -> str:
    raise AssertionError("it should have been kept")


@pytest.mark.requirement("W017", "W018", "W019", "W020", "W022", "W023", "W027", "W028", "W030", "W031", "W032", "W035")
async def test_a_module_is_written_published_changed_and_deleted(api: Api) -> None:
    mara, ana = await api.mara(), await api.person("Ana")
    answer = await mara.post("/modules", module(1, lesson(), VIDEO, isPublished=False))
    assert answer.status == 201, answer
    path = f"/modules/{answer.json['id']}"
    assert answer.headers["Location"] == f"/api/v1{path}"
    assert answer.json["content"]["lessons"][1]["content"]["videoUrl"] == "https://example.org/clay.mp4"
    assert (await ana.get(path)).code == "not_found"
    assert [each["id"] for each in (await mara.get("/modules")).json["items"]] == [answer.json["id"]]
    published = await mara.post(f"{path}/publish")
    assert (published.status, published.json["isPublished"]) == (200, True)
    assert (await ana.get(path)).json["content"] == answer.json["content"]
    assert (await ana.get(f"{path}/lessons/two")).json["type"] == "video"
    assert (await ana.get(f"{path}/lessons/three")).code == "not_found"
    changed = await mara.change(path, {"title": "Clay and fire"})
    assert (changed.status, changed.json["title"], changed.json["description"]) == (
        200,
        "Clay and fire",
        "Clay, water and hands",
    )
    assert changed.json["createdAt"] == answer.json["createdAt"] < changed.json["updatedAt"]
    stale = await mara.send("PATCH", path, {"title": "Other title"}, headers={"If-Match": answer.headers["ETag"]})
    assert stale.code == "precondition_failed"
    assert (await mara.post(f"{path}/unpublish")).json["isPublished"] is False
    assert (await ana.get(path)).code == "not_found"
    assert (await mara.delete(path)).status == 204
    assert (await mara.get(path)).code == "not_found"
    assert (await mara.get("/modules")).json["items"] == []


async def test_learners_change_nothing_and_administrators_what_instructors_do(api: Api) -> None:
    path = f"/modules/{await made(api)}"
    ana, ada = await api.person("Ana"), await api.ada()
    other = await api.person("Ines", PlatformRole.INSTRUCTOR)
    for answer in (
        await ana.post("/modules", module(2)),
        await ana.change(path, {"title": "Mine now"}),
        await ana.post(f"{path}/unpublish"),
        await ana.send("PUT", f"{path}/order", {"moduleOrder": 3}),
        await ana.delete(path),
    ):
        assert answer.code == "forbidden"
    assert (await other.change(path, {"title": "By a colleague"})).status == 200
    assert (await ada.change(path, {"title": "By Ada"})).status == 200
    assert (await ada.delete(path)).status == 204


@pytest.mark.requirement("W029", "W041", "W042", "W043", "W044", "W048", "W049", "W050", "W253")
async def test_every_fault_of_a_module_is_told_at_once(api: Api) -> None:
    mara = await api.mara()
    bad = module(7, lesson(type="podcast"), title="Four", durationMinutes=0)
    answer = await mara.post("/modules", bad)
    assert answer.status == 422
    assert {each["pointer"] for each in answer.json["errors"]} == {
        "/title",
        "/moduleOrder",
        "/durationMinutes",
        "/content/lessons/0/type",
    }
    rich = lesson(
        content={
            "text": "<p onclick=x()>Read<script>alert(1)</script></p>",
            "interactive": {"id": "i", "title": "Wheel", "type": "quiz", "speed": 3},
            "exercises": [{"id": "e", "title": "Pinch", "type": "practice", "body": "<img src=x onerror=y()>A pot"}],
        }
    )
    kept = (await mara.post("/modules", module(1, rich))).json["content"]["lessons"][0]["content"]
    assert kept["text"] == "<p>Read</p>"
    assert kept["exercises"][0]["body"] == "A pot"
    assert kept["interactive"]["speed"] == 3


@pytest.mark.requirement("W024", "W051", "D09")
async def test_what_comes_before_a_module_exists_and_is_not_itself(api: Api) -> None:
    mara = await api.mara()
    first = await made(api, 1)
    second = await made(api, 2, prerequisites=[first])
    third = await made(api, 3, prerequisites=[first, second])
    nothing = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    for body in (
        await mara.post("/modules", module(4, prerequisites=[nothing])),
        await mara.change(f"/modules/{first}", {"prerequisites": [nothing]}),
        await mara.change(f"/modules/{first}", {"prerequisites": [first]}),
        await mara.change(f"/modules/{first}", {"prerequisites": [third]}),
    ):
        assert body.status == 422
        assert [each["pointer"] for each in body.json["errors"]] == ["/prerequisites"]
    twice = await mara.post("/modules", module(4, prerequisites=[first, first]))
    assert twice.json["errors"][0]["detail"] == "a prerequisite is named twice"
    assert (await mara.delete(f"/modules/{first}")).code == "module.is_prerequisite"
    assert (await mara.delete(f"/modules/{third}")).status == 204
    assert (await mara.delete(f"/modules/{second}")).status == 204
    assert (await mara.delete(f"/modules/{first}")).status == 204, "whatever needed it is gone"


@pytest.mark.requirement("D09")
async def test_two_who_close_a_circle_from_both_sides_do_not_both_succeed(api: Api) -> None:
    mara, ada = await api.mara(), await api.ada()
    first, second = await made(api, 1), await made(api, 2)
    answers = await asyncio.gather(
        mara.change(f"/modules/{first}", {"prerequisites": [second]}),
        ada.change(f"/modules/{second}", {"prerequisites": [first]}),
    )
    assert sorted(each.status for each in answers) == [200, 422]


@pytest.mark.requirement("W021", "W045", "W049", "D08")
async def test_two_modules_swap_their_places_and_a_deleted_one_frees_its_own(api: Api) -> None:
    mara = await api.mara()
    first, second = await made(api, 1), await made(api, 2)
    assert (await mara.post("/modules", module(2))).code == "module.place_taken"
    moved = await mara.send("PUT", f"/modules/{first}/order", {"moduleOrder": 2})
    assert (moved.status, moved.json["moduleOrder"]) == (200, 2)
    assert [each["id"] for each in (await mara.get("/modules")).json["items"]] == [second, first]
    assert (await mara.send("PUT", f"/modules/{first}/order", {"moduleOrder": 6})).json["moduleOrder"] == 6
    assert (await mara.send("PUT", f"/modules/{first}/order", {"moduleOrder": 7})).status == 422
    assert (await mara.delete(f"/modules/{second}")).status == 204
    assert (await mara.post("/modules", module(1))).status == 201


@pytest.mark.requirement("W236", "D10", "D14")
async def test_the_list_says_how_far_one_is_and_what_is_open(api: Api) -> None:
    ana, ben, mara = await api.person("Ana"), await api.person("Ben"), await api.mara()
    first = await made(api, 1, lesson("one", 1, 30), lesson("two", 2, 30))
    second = await made(api, 2, prerequisites=[first])
    draft = await made(api, 3, isPublished=False)

    async def seen(caller: object = ana) -> list[tuple[object, ...]]:
        items = (await caller.get("/modules")).json["items"]  # type: ignore[attr-defined]
        return [(each["id"], each["userProgress"], each["progressStatus"], each["isAccessible"]) for each in items]

    assert await seen() == [(first, 0, "not_started", True), (second, 0, "locked", False)]
    assert "content" not in (await ana.get("/modules")).json["items"][0]
    assert (await ana.send("PUT", f"/progress/{first}/one", {"progressPercent": 100})).status == 200
    assert await seen() == [(first, 50, "in_progress", True), (second, 0, "locked", False)], "a lesson is no module"
    locked = await ana.get(f"/modules/{second}")
    assert (locked.status, locked.code) == (409, "progress.locked")
    assert (await mara.get(f"/modules/{second}")).status == 200
    assert (await ana.send("PUT", f"/progress/{first}/two", {"progressPercent": 100})).status == 200
    assert await seen() == [(first, 100, "completed", True), (second, 0, "not_started", True)]
    again = await ana.send("PUT", f"/progress/{first}", {"progressPercent": 100, "status": "in_progress"})
    assert again.json["status"] == "in_progress"
    assert await seen() == [(first, 100, "in_progress", True), (second, 0, "not_started", True)], "nothing closes again"
    assert (await ana.get(f"/modules/{second}")).status == 200
    assert await seen(ben) == [(first, 0, "not_started", True), (second, 0, "locked", False)]
    assert [row[0] for row in await seen(mara)] == [first, second, draft]


@pytest.mark.requirement("W025", "W242", "D52")
async def test_content_is_kept_by_its_version(api: Api) -> None:
    """Every change of what is shown has another version, so nothing old is ever shown."""
    ana, mara = await api.person("Ana"), await api.mara()
    first = await made(api)
    assert (await ana.get(f"/modules/{first}")).json["contentVersion"] == 1
    assert '"content_version":1' in await api.app[CACHE].get(f"module:{first}:1", 60, never), "it was kept"
    for number, change in enumerate(
        (
            {"content": {"overview": "Anew", "learningObjectives": [], "lessons": [], "resources": []}},
            {"description": None},
            {"durationMinutes": 61},
            {"title": "Another title"},
        ),
        start=2,
    ):
        assert (await mara.change(f"/modules/{first}", change)).json["contentVersion"] == number
        assert (await ana.get(f"/modules/{first}")).json["contentVersion"] == number
    await mara.post(f"/modules/{first}/unpublish")
    assert (await ana.get(f"/modules/{first}")).status == 404
    await mara.send("PUT", f"/modules/{first}/order", {"moduleOrder": 4})
    assert (await mara.post(f"/modules/{first}/publish")).json["contentVersion"] == 8
    found = (await ana.get(f"/modules/{first}")).json
    assert (found["contentVersion"], found["content"]["overview"], found["moduleOrder"]) == (8, "Anew", 4)
