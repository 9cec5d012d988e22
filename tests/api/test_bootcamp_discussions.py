"""Discussions and replies (B178-B203): of a course, of a project, and for everybody."""

import asyncio
from typing import Any

import pytest

from live.keys import DATABASE
from tests.api.conftest import Api, Caller
from tests.bootcamp import open_course


async def begun(caller: Caller, **fields: Any) -> Any:
    made = await caller.post("/bootcamp/discussions", {"title": "Which clay?", "content": "Red or grey?", **fields})
    assert made.status == 201, made
    return made.json


async def replied(caller: Caller, discussion: str, content: str = "Grey.", **fields: Any) -> Any:
    made = await caller.post("/bootcamp/replies", {"discussionId": discussion, "content": content, **fields})
    assert made.status == 201, made
    return made.json


@pytest.mark.requirement("B178", "B179", "B180", "B181", "B183", "B184", "B185", "B186", "B303", "B312")
async def test_who_is_of_the_course_reads_and_writes(api: Api) -> None:
    mara, theo, ana, ben, otto = [
        await api.mara(),
        *[await api.person(name) for name in ("Theo", "Ana", "Ben", "Otto")],
    ]
    course = await open_course(api.app[DATABASE], mara.user, ana.user, ben.user, assists=theo.user)
    made = await begun(ana, lessonId=course.lesson, discussionType="question")
    assert (made["courseId"], made["moduleId"], made["authorId"]) == (course.id, course.module, ana.user)
    path = f"/bootcamp/discussions/{made['id']}"
    assert [(await each.get(path)).status for each in (ben, theo, mara, otto)] == [200, 200, 200, 404]
    refused = await otto.post("/bootcamp/discussions", {"title": "Me too", "content": "…", "courseId": course.id})
    assert refused.code == "forbidden"
    assert (await otto.post("/bootcamp/replies", {"discussionId": made["id"], "content": "…"})).code == "forbidden"
    found = (await ben.get(f"/bootcamp/discussions?courseId={course.id}&q=clay")).json
    assert [each["id"] for each in found["items"]] == [made["id"]]
    general = await begun(otto, title="Hello")
    assert (await ana.get("/bootcamp/discussions?general=true")).json["items"][0]["id"] == general["id"]
    await course.execute("UPDATE bootcamp.enrollments SET enrollment_status = 'dropped' WHERE user_id = $1", ben.user)
    assert (await ben.get(path)).status == 404


@pytest.mark.requirement("B187", "B188", "B189", "B190", "B194")
async def test_the_words_are_the_author_s_and_order_is_the_staff_s(api: Api) -> None:
    mara, theo, ana, ben = [await api.mara(), *[await api.person(name) for name in ("Theo", "Ana", "Ben")]]
    course = await open_course(api.app[DATABASE], mara.user, ana.user, ben.user, assists=theo.user)
    made = await begun(ana, courseId=course.id)
    path = f"/bootcamp/discussions/{made['id']}"
    assert (await ana.change(path, {"content": "Red, grey or white?"})).status == 200
    assert (await ana.change(path, {"isPinned": True})).code == "forbidden"
    assert (await theo.change(path, {"isPinned": True})).json["isPinned"] is True
    assert (await mara.change(path, {"content": "Silence."})).code == "forbidden"
    assert (await ben.change(path, {"title": "Mine"})).code == "forbidden"
    resolved = (await ana.change(path, {"isResolved": True})).json
    assert (resolved["resolvedBy"], "resolvedAt" in resolved) == (ana.user, True)
    assert (await begun(mara, courseId=course.id, isPinned=True))["isPinned"] is True
    pinned = {"title": "First", "content": "!", "courseId": course.id, "isPinned": True}
    assert (await ben.post("/bootcamp/discussions", pinned)).code == "forbidden"
    assert (await ben.delete(path)).code == "forbidden"
    assert (await theo.delete(path)).status == 204
    assert (await ben.get(path)).status == 404


@pytest.mark.requirement("B182", "B310", "B312")
async def test_what_a_team_discusses_is_the_team_s(api: Api) -> None:
    mara, ana, ben = [await api.mara(), *[await api.person(name) for name in ("Ana", "Ben")]]
    course = await open_course(api.app[DATABASE], mara.user, ana.user, ben.user)
    project = {"title": "Stall", "description": "It folds.", "courseId": course.id}
    of_ana = (await ana.post("/bootcamp/projects", project)).json["id"]
    made = await begun(ana, projectId=of_ana)
    path = f"/bootcamp/discussions/{made['id']}"
    assert [(await each.get(path)).status for each in (mara, ben)] == [200, 404]
    assert (
        await ben.post("/bootcamp/discussions", {"title": "?", "content": "?", "projectId": of_ana})
    ).code == "forbidden"
    await ana.post("/bootcamp/teams", {"projectId": of_ana, "userId": ben.user})
    assert (await ben.get(path)).status == 200


@pytest.mark.requirement("B192", "B195", "B196", "B197", "B198", "B199", "B202")
async def test_replies_answer_each_other_within_one_discussion(api: Api) -> None:
    ana, ben = [await api.person(name) for name in ("Ana", "Ben")]
    here, there = await begun(ana), await begun(ana, title="Other")
    reply = await replied(ben, here["id"])
    below = await replied(ana, here["id"], "Why?", parentReplyId=reply["id"])
    assert below["parentReplyId"] == reply["id"]
    wrong = await ana.post(
        "/bootcamp/replies", {"discussionId": there["id"], "parentReplyId": reply["id"], "content": "?"}
    )
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "/parentReplyId")
    read = (await ana.get(f"/bootcamp/discussions/{here['id']}")).json
    assert (read["replyCount"], read["updatedAt"]) == (2, here["updatedAt"])
    assert (await ana.change(f"/bootcamp/replies/{reply['id']}", {"content": "Mine"})).code == "forbidden"
    assert (await ben.change(f"/bootcamp/replies/{reply['id']}", {"content": "Grey, mostly."})).status == 200
    assert (await ana.delete(f"/bootcamp/replies/{reply['id']}")).code == "forbidden"
    assert (await ben.delete(f"/bootcamp/replies/{reply['id']}")).status == 204
    assert (await ana.get(f"/bootcamp/discussions/{here['id']}")).json["replyCount"] == 1


@pytest.mark.requirement("B191", "B201", "D69", "D70")
async def test_everybody_votes_and_looks_once(api: Api) -> None:
    ana, ben, otto = [await api.person(name) for name in ("Ana", "Ben", "Otto")]
    discussion = await begun(ana)
    reply = await replied(ben, discussion["id"])
    vote = f"/bootcamp/replies/{reply['id']}/vote"
    answers = await asyncio.gather(*(each.send("PUT", vote) for each in (ana, otto, ana, otto)))
    assert {each.status for each in answers} == {200}
    read = (await ana.get(f"/bootcamp/replies/{reply['id']}")).json
    assert (read["helpfulVotes"], read["updatedAt"]) == (2, reply["updatedAt"])
    assert (await ben.send("PUT", vote)).code == "forbidden"
    assert (await otto.delete(vote)).status == 204
    assert (await ana.get(f"/bootcamp/replies/{reply['id']}")).json["helpfulVotes"] == 1
    for caller in (ben, ben, otto):
        assert (await caller.post(f"/bootcamp/discussions/{discussion['id']}/view")).status == 204
    seen = (await ana.get(f"/bootcamp/discussions/{discussion['id']}")).json
    assert (seen["viewCount"], seen["updatedAt"]) == (2, discussion["updatedAt"])


@pytest.mark.requirement("B188", "B189", "B200", "D69")
async def test_who_asked_says_what_solved_it(api: Api) -> None:
    mara, ana, ben = [await api.mara(), *[await api.person(name) for name in ("Ana", "Ben")]]
    course = await open_course(api.app[DATABASE], mara.user, ana.user, ben.user)
    discussion = await begun(ana, courseId=course.id)
    first, second = await replied(ben, discussion["id"]), await replied(mara, discussion["id"], "White.")

    def solution(reply: Any) -> str:
        return f"/bootcamp/replies/{reply['id']}/solution"

    assert (await ben.send("PUT", solution(first))).code == "forbidden"
    assert (await ana.send("PUT", solution(first))).json["isSolution"] is True
    assert (await mara.send("PUT", solution(second))).json["isSolution"] is True
    listed = (await ben.get(f"/bootcamp/replies?discussionId={discussion['id']}&isSolution=true")).json["items"]
    assert [each["id"] for each in listed] == [second["id"]]
    read = (await ben.get(f"/bootcamp/discussions/{discussion['id']}")).json
    assert (read["isResolved"], read["resolvedBy"]) == (True, ana.user)
    assert (await ana.delete(solution(second))).status == 204
    assert (await ben.get(f"/bootcamp/discussions/{discussion['id']}")).json["isResolved"] is False
