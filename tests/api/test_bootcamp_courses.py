"""Courses, their staff, modules and lessons (B033-B080): who sees what of them, and who writes."""

from typing import Any

import pytest

from persistence.models.user import PlatformRole
from tests.api.bootcamp import COURSE, Classroom, does, make, pointers
from tests.api.conftest import Api

QUIZ: dict[str, Any] = {
    "questions": [
        {"id": "q1", "prompt": "Who speaks first?", "options": ["the farmer", "the designer"], "key": "the farmer"},
        {"id": "q2", "prompt": "Which tools?", "options": ["ears", "eyes", "slides"], "key": ["ears", "eyes"]},
    ],
    "exercises": [{"task": "listen", "steps": [{"say": "nothing", "key": "silence"}]}],
}


@pytest.mark.requirement("B033", "B034", "B035", "B040", "B042", "B044", "B046", "B047", "B048", "D59", "B299")
async def test_a_course_is_seen_by_others_once_it_is_published(api: Api) -> None:
    mara, ana = await api.mara(), await api.person("Ana")
    made = await make(mara, "/bootcamp/courses", **COURSE, tags=["field"])
    assert (made["published"], made["difficultyLevel"], made["courseType"]) == (False, "beginner", "core")
    assert made["createdBy"] == mara.user
    path = f"/bootcamp/courses/{made['id']}"
    assert [(await mara.get(path)).status, (await ana.get(path)).status] == [200, 404]
    assert (await ana.get("/bootcamp/courses")).json["items"] == []
    first = (await does(mara, f"{path}/publish"))["publishedAt"]
    assert (await ana.get(path)).status == 200
    assert [each["slug"] for each in (await ana.get("/bootcamp/courses?tag=field&published=true")).json["items"]] == [
        COURSE["slug"]
    ]
    assert (await ana.get("/bootcamp/courses?taught=true")).json["items"] == []
    again = await does(mara, f"{path}/unpublish")
    assert (again["published"], again["publishedAt"]) == (False, first)
    assert (await ana.get(path)).status == 404


@pytest.mark.requirement("B035")
async def test_a_slug_is_one_course_s_and_stays_once_it_was_published(api: Api) -> None:
    mara = await api.mara()
    made = await make(mara, "/bootcamp/courses", **COURSE)
    assert (await mara.post("/bootcamp/courses", COURSE)).code == "conflict"
    path = f"/bootcamp/courses/{made['id']}"
    assert (await mara.change(path, {"slug": "another"})).status == 200
    await does(mara, f"{path}/publish")
    assert (await mara.change(path, {"slug": "a-third"})).code == "forbidden"
    assert (await mara.change(path, {"title": "Another"})).json["slug"] == "another"
    assert (await mara.delete(path)).status == 204
    assert (await mara.get(path)).status == 404
    await make(mara, "/bootcamp/courses", **COURSE | {"slug": "another"})


@pytest.mark.requirement("B034", "B035", "B037", "B040", "B041", "B042", "W253")
async def test_a_course_s_faults_are_all_named(api: Api) -> None:
    faulty = {
        "title": " ",
        "slug": "Not A Slug",
        "description": "x",
        "shortDescription": "x" * 501,
        "difficultyLevel": "expert",
        "estimatedDurationHours": 0,
        "courseType": "holiday",
        "tags": ["a", "A"],
        "published": True,
    }
    assert pointers(await (await api.mara()).post("/bootcamp/courses", faulty)) == {
        *("/title", "/slug", "/shortDescription", "/difficultyLevel", "/estimatedDurationHours", "/courseType"),
        *("/tags", "/published"),
    }


@pytest.mark.requirement("B048", "D62")
async def test_only_whoever_leads_a_course_changes_it(api: Api) -> None:
    room = await Classroom.open(api)
    path = f"/bootcamp/courses/{room.course}"
    ana, theo = await api.person("Ana"), await room.assistant()
    nora = await api.person("Nora", PlatformRole.INSTRUCTOR)
    for caller in (ana, theo, nora):
        assert (await caller.change(path, {"title": "Mine"})).code == "forbidden", caller.name
        assert (await caller.delete(path)).code == "forbidden", caller.name
        assert (await caller.post(f"{path}/unpublish")).code == "forbidden", caller.name
        body = {"userId": caller.user, "role": "instructor"}
        assert (await caller.send("PUT", f"{path}/staff", body)).code == "forbidden", caller.name
        module = {"courseId": room.course, "title": "Mine", "moduleOrder": 9}
        assert (await caller.post("/bootcamp/modules", module)).code == "forbidden", caller.name
        lesson = {"moduleId": room.module, "title": "Mine", "lessonOrder": 9}
        assert (await caller.post("/bootcamp/lessons", lesson)).code == "forbidden", caller.name
    assert (await ana.post("/bootcamp/courses", COURSE | {"slug": "mine"})).code == "forbidden"
    assert (await (await api.ada()).change(path, {"featured": True})).json["featured"] is True


@pytest.mark.requirement("D62")
async def test_staff_is_appointed_and_dismissed_by_whoever_leads(api: Api) -> None:
    room = await Classroom.open(api)
    theo, nora = await room.assistant(), await api.person("Nora", PlatformRole.INSTRUCTOR)
    staff = f"/bootcamp/courses/{room.course}/staff"
    await room.mara.send("PUT", staff, {"userId": nora.user, "role": "instructor"})
    listed = (await (await api.person("Ana")).get(staff)).json
    assert {each["userId"]: each["role"] for each in listed["items"]} == {
        room.mara.user: "instructor",
        theo.user: "assistant",
        nora.user: "instructor",
    }
    assert listed["people"][theo.user] == {"name": "Theo"}
    assert (await nora.change(f"/bootcamp/courses/{room.course}", {"title": "Ours"})).status == 200
    assert (await theo.delete(f"{staff}/{nora.user}")).code == "forbidden"
    assert (await nora.delete(f"{staff}/{room.mara.user}")).code == "forbidden"
    assert (await room.mara.delete(f"{staff}/{nora.user}")).status == 204
    assert (await room.mara.delete(f"{staff}/{nora.user}")).status == 404
    assert (await nora.change(f"/bootcamp/courses/{room.course}", {"title": "Mine"})).code == "forbidden"
    unknown = {"userId": "00000000-0000-4000-8000-000000000000"}
    assert pointers(await room.mara.send("PUT", staff, unknown)) == {"/userId"}


@pytest.mark.requirement("B055", "B058", "B061", "B062", "B065", "B070", "B077", "B080")
async def test_the_syllabus_is_for_all_lessons_for_the_enrolled_and_previews_for_everybody(api: Api) -> None:
    room = await Classroom.open(api)
    ana, otto = (await room.learner("Ana"))[0], await api.person("Otto")
    preview = await make(
        room.mara, "/bootcamp/lessons", moduleId=room.module, title="A taste", lessonOrder=2, isPreview=True
    )
    for caller, seen in ((room.mara, 2), (ana, 2), (otto, 1)):
        syllabus = (await caller.get(f"/bootcamp/modules?courseId={room.course}")).json["items"]
        assert [each["title"] for each in syllabus] == ["Listening"], caller.name
        lessons = (await caller.get(f"/bootcamp/lessons?moduleId={room.module}")).json["items"]
        assert len(lessons) == seen, caller.name
    assert [(await otto.get(f"/bootcamp/lessons/{each}")).status for each in (room.lesson, preview["id"])] == [404, 200]
    same = {"moduleId": room.module, "title": "Again", "lessonOrder": 2}
    assert (await room.mara.post("/bootcamp/lessons", same)).code == "conflict"
    again = {"courseId": room.course, "title": "Again", "moduleOrder": 1}
    assert (await room.mara.post("/bootcamp/modules", again)).code == "conflict"
    assert (await room.mara.delete(f"/bootcamp/lessons/{preview['id']}")).status == 204
    await make(room.mara, "/bootcamp/lessons", **same)
    assert pointers(await ana.get("/bootcamp/lessons")) == {"moduleId"}


@pytest.mark.requirement("B075", "D72")
async def test_answers_to_questions_are_shown_to_staff_only(api: Api) -> None:
    room = await Classroom.open(api)
    ana, theo = (await room.learner("Ana"))[0], await room.assistant()
    made = await make(
        room.mara,
        "/bootcamp/lessons",
        moduleId=room.module,
        title="A quiz",
        lessonOrder=2,
        contentType="quiz",
        interactiveElements=QUIZ,
    )
    path = f"/bootcamp/lessons/{made['id']}"
    for caller in (room.mara, theo, await api.ada()):
        assert (await caller.get(path)).json["interactiveElements"] == QUIZ, caller.name
    read = await ana.get(path)
    listed = await ana.get(f"/bootcamp/lessons?moduleId={room.module}")
    assert b'"key"' not in read.body + listed.body
    assert [each["prompt"] for each in read.json["interactiveElements"]["questions"]] == [
        "Who speaks first?",
        "Which tools?",
    ]
    assert read.json["interactiveElements"]["exercises"] == [{"task": "listen", "steps": [{"say": "nothing"}]}]
    twice = {"questions": [QUIZ["questions"][0], QUIZ["questions"][0]]}
    assert pointers(await room.mara.change(path, {"interactiveElements": twice, "contentUrl": "ftp://x"})) == {
        "/interactiveElements/questions",
        "/contentUrl",
    }
