"""Design projects, teams and files (B137-B177): who leads, who works on them, and who only hears of them."""

import asyncio
from typing import Any

import pytest

from live.keys import DATABASE
from tests.api.conftest import Api, Caller
from tests.bootcamp import Course, open_course


async def cast(api: Api) -> tuple[Course, Caller, Caller, Caller, Caller, Caller]:
    """Of the course of Mara, in which Theo assists; Otto has nothing to do with it."""
    mara, theo, ana, ben, otto = [
        await api.mara(),
        *[await api.person(name) for name in ("Theo", "Ana", "Ben", "Otto")],
    ]
    course = await open_course(api.app[DATABASE], mara.user, ana.user, ben.user, assists=theo.user)
    return course, mara, theo, ana, ben, otto


def project(**fields: Any) -> dict[str, Any]:
    return {"title": "Market stall", "description": "A stall that folds.", **fields}


@pytest.mark.requirement("B137", "B138", "B139", "B140", "B147", "B148", "B149", "B151", "B310")
async def test_a_project_stands_by_itself_or_in_a_course(api: Api) -> None:
    course, mara, theo, ana, ben, otto = await cast(api)
    alone = await otto.post("/bootcamp/projects", project(technologies=["figma"], timelineWeeks=6))
    assert alone.status == 201, alone
    assert (alone.json["createdBy"], alone.json["status"], alone.json["maxTeamSize"]) == (otto.user, "planning", 4)
    wanted = [{"name": "Sketches", "format": "pdf", "is_required": True}]
    made = await ana.post("/bootcamp/projects", project(moduleId=course.module, deliverables=wanted))
    assert made.status == 201, made
    assert (made.json["courseId"], made.json["deliverables"]) == (course.id, wanted)
    foreign = await otto.post("/bootcamp/projects", project(courseId=course.id))
    assert (foreign.status, foreign.code) == (403, "forbidden")
    elsewhere = await open_course(course.database, mara.user)
    wrong = await mara.post("/bootcamp/projects", project(courseId=course.id, moduleId=elsewhere.module))
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "/moduleId")
    path = f"/bootcamp/projects/{made.json['id']}"
    assert [(await each.get(path)).status for each in (ana, mara, ben, theo, otto)] == [200, 200, 404, 404, 404]
    assert [each["id"] for each in (await mara.get(f"/bootcamp/projects?courseId={course.id}")).json["items"]] == [
        made.json["id"]
    ]


@pytest.mark.requirement("B150")
async def test_a_project_moves_as_projects_do(api: Api) -> None:
    course, mara, _theo, ana, _ben, _otto = await cast(api)
    path = f"/bootcamp/projects/{(await ana.post('/bootcamp/projects', project(courseId=course.id))).json['id']}"
    refused = await ana.change(path, {"status": "completed"})
    assert (refused.status, refused.code, refused.json["allowed"]) == (
        409,
        "illegal_transition",
        ["archived", "in_progress"],
    )
    for status in ("in_progress", "review", "completed", "archived", "in_progress"):
        assert (await mara.change(path, {"status": status})).json["status"] == status


@pytest.mark.requirement("B143", "B144", "B154", "B155", "B156", "B157", "B159", "B162", "B311", "D68", "B301")
async def test_a_team_has_as_many_seats_as_its_type_says(api: Api) -> None:
    course, mara, theo, ana, ben, otto = await cast(api)
    wrong = await ana.post("/bootcamp/projects", project(projectType="pair", maxTeamSize=3))
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "/maxTeamSize")
    made = (await mara.post("/bootcamp/projects", project(courseId=course.id, projectType="individual"))).json
    assert made["maxTeamSize"] == 1

    def seat(user: str, **fields: Any) -> dict[str, Any]:
        return {"projectId": made["id"], "userId": user, **fields}

    first, second = await asyncio.gather(*(mara.post("/bootcamp/teams", seat(each.user)) for each in (ana, ben)))
    assert sorted((first.status, second.status)) == [201, 409]
    taken, free = (ana, ben) if first.status == 201 else (ben, ana)
    path = f"/bootcamp/projects/{made['id']}"
    assert (await mara.change(path, {"projectType": "pair"})).json["maxTeamSize"] == 2
    assert (await mara.post("/bootcamp/teams", seat(otto.user))).json["errors"][0]["pointer"] == "/userId"
    assert (await mara.post("/bootcamp/teams", seat(free.user, role="developer"))).status == 201
    assert (await mara.post("/bootcamp/teams", seat(free.user))).code == "conflict"
    assert (await mara.change(path, {"projectType": "individual"})).code == "conflict"
    assert (await taken.post("/bootcamp/teams", seat(theo.user))).code == "forbidden"
    assert (await otto.post("/bootcamp/teams", seat(otto.user))).code == "forbidden"
    listed = (await taken.get(f"/bootcamp/teams?projectId={made['id']}&isActive=true")).json["items"]
    assert {each["userId"] for each in listed} == {ana.user, ben.user}


@pytest.mark.requirement("B157", "B159", "B160", "D66")
async def test_a_member_leaves_and_is_valued_by_others(api: Api) -> None:
    course, mara, _theo, ana, ben, otto = await cast(api)
    made = (await ana.post("/bootcamp/projects", project(courseId=course.id))).json["id"]
    own = (await ana.post("/bootcamp/teams", {"projectId": made, "userId": ana.user, "role": "lead_designer"})).json[
        "id"
    ]
    other = (await ana.post("/bootcamp/teams", {"projectId": made, "userId": ben.user})).json["id"]
    assert (await ana.change(f"/bootcamp/teams/{own}", {"contributionScore": 5})).code == "forbidden"
    assert (await ana.change(f"/bootcamp/teams/{other}", {"contributionScore": 4.25})).json["contributionScore"] == 4.25
    assert (await ana.change(f"/bootcamp/teams/{other}", {"contributionScore": 9.99})).status == 422
    assert (await mara.change(f"/bootcamp/teams/{own}", {"contributionScore": 5})).status == 200
    assert (await ben.change(f"/bootcamp/teams/{other}", {"role": "lead_designer"})).code == "forbidden"
    assert (await otto.get(f"/bootcamp/teams/{other}")).status == 404
    assert (await ben.change(f"/bootcamp/projects/{made}", {"title": "Folding stall"})).status == 200
    assert (await ben.delete(f"/bootcamp/projects/{made}")).code == "forbidden"
    left = await ben.change(f"/bootcamp/teams/{other}", {"isActive": False})
    assert (left.status, left.json["isActive"]) == (200, False)
    assert (await ben.get(f"/bootcamp/projects/{made}")).status == 404
    assert (await ana.delete(f"/bootcamp/projects/{made}")).status == 204


@pytest.mark.requirement("B163", "B164", "B165", "B166", "B167", "B168", "B171", "B172", "B174")
async def test_the_same_name_is_the_next_version_and_one_is_final(api: Api) -> None:
    course, mara, theo, ana, ben, otto = await cast(api)
    made = (await ana.post("/bootcamp/projects", project(courseId=course.id))).json["id"]
    await ana.post("/bootcamp/teams", {"projectId": made, "userId": ben.user})

    async def add(caller: Caller, **fields: Any) -> Any:
        file = {"projectId": made, "fileName": "stall.fig", "fileUrl": "https://example.org/stall.fig", **fields}
        return await caller.post("/bootcamp/assets", file)

    first = (await add(ana, isFinal=True, tags=["wood"])).json
    second = (await add(ben, assetType="figma_file", isFinal=True)).json
    assert [(each["version"], each["uploadedBy"]) for each in (first, second)] == [(1, ana.user), (2, ben.user)]
    files = (await ana.get(f"/bootcamp/assets?projectId={made}&isFinal=true")).json["items"]
    assert [each["version"] for each in files] == [2]
    assert (await mara.change(f"/bootcamp/assets/{first['id']}", {"isFinal": True})).json["isFinal"] is True
    assert (await ana.get(f"/bootcamp/assets/{second['id']}")).json["isFinal"] is False
    assert [each["id"] for each in (await ben.get("/bootcamp/assets?tag=wood")).json["items"]] == [first["id"]]
    for stranger in (otto, theo):
        assert (await add(stranger)).code == "forbidden"
        assert (await stranger.get(f"/bootcamp/assets/{first['id']}")).status == 404
    assert (await add(ana, fileUrl="http://10.0.0.1/secret")).status == 422
    assert (await add(ana, fileName="../stall.fig")).status == 422
    assert (await ben.delete(f"/bootcamp/assets/{second['id']}")).status == 204
    assert (await add(ana)).json["version"] == 3
