"""What a live session is part of (domain.md 2.3): said by whoever runs it and teaches the course, known to whoever knows the session."""

from typing import Any

import pytest

from live.keys import DATABASE
from persistence.models.user import PlatformRole
from tests.api.conftest import Answer, Api, Caller
from tests.api.workbook import lesson, made
from tests.bootcamp import Course, open_course


async def put(caller: Caller, session: str, **links: Any) -> Answer:
    return await caller.change(f"/live-sessions/{session}/links", links, method="PUT")


async def house(api: Api) -> tuple[str, Course, str]:
    """Mara's session with Theo's help, her course and her module."""
    mara, ana, theo = await api.mara(), await api.person("Ana"), await api.person("Theo")
    session = await api.workshop()
    for name, role in (("Theo", "assistant"), ("Ana", "participant")):
        await api.invited(session, name, role)
    course = await open_course(api.app[DATABASE], mara.user, ana.user, assists=theo.user)
    return session, course, await made(api, 1, lesson("one"), lesson("two", 2))


@pytest.mark.requirement("W172", "W233", "D17")
async def test_a_session_is_part_of_lessons_of_both(api: Api) -> None:
    session, course, module = await house(api)
    mara, ana = await api.mara(), await api.person("Ana")
    path = f"/live-sessions/{session}/links"
    assert (await mara.get(path)).json == {"courses": []}
    links = {
        "moduleId": module,
        "lessonId": "one",
        "courses": [{"courseId": course.id, "lessonId": course.lesson, "completesLesson": True, "minAttendance": 0.75}],
    }
    given = await put(mara, session, **links)
    assert given.status == 200, given
    links["courses"][0]["moduleId"] = course.module  # type: ignore[index]  # follows from the lesson
    assert given.json == (await mara.get(path)).json == (await ana.get(path)).json == links
    assert (await mara.get(f"/live-sessions/{session}")).json["moduleId"] == module
    again = await put(mara, session, courses=[{"courseId": course.id}], moduleId=module)
    assert again.json == {
        "moduleId": module,
        "courses": [{"courseId": course.id, "completesLesson": False, "minAttendance": 0.6}],
    }
    assert (await put(mara, session)).json == {"courses": []}


async def test_another_module_has_other_lessons(api: Api) -> None:
    session, _course, module = await house(api)
    mara = await api.mara()
    second = await made(api, 2, lesson("three"))
    assert (await put(mara, session, moduleId=module, lessonId="one")).status == 200
    changed = await mara.change(f"/live-sessions/{session}", {"moduleId": second})
    assert changed.status == 200, changed
    assert (await mara.get(f"/live-sessions/{session}/links")).json == {"moduleId": second, "courses": []}


async def test_what_cannot_be_linked(api: Api) -> None:
    session, course, module = await house(api)
    mara = await api.mara()
    other = await open_course(api.app[DATABASE], mara.user, title="Water")
    nothing = "5b9d8c52-0c3f-4f0e-9a51-6d1f3f6c7a11"
    for links, pointer in (
        ({"moduleId": nothing}, "/moduleId"),
        ({"moduleId": module, "lessonId": "nine"}, "/lessonId"),
        ({"courses": [{"courseId": course.id, "minAttendance": 1.1}]}, "/courses/0/minAttendance"),
        (
            {"courses": [{"courseId": course.id}, {"courseId": other.id, "lessonId": course.lesson}]},
            "/courses/1/moduleId",
        ),
        ({"courses": [{"courseId": course.id, "lessonId": nothing}]}, "/courses/0/lessonId"),
        ({"courses": [{"courseId": course.id}, {"courseId": course.id}]}, "/courses"),
        ({"courses": [{"courseId": course.id, "completesLesson": True}]}, "/courses/0/completesLesson"),
        ({"lessonId": "one"}, "/lessonId"),
    ):
        refused = await put(mara, session, **links)
        assert refused.status == 422, (links, refused)
        assert [each["pointer"] for each in refused.json["errors"]] == [pointer], links
    assert (await mara.get(f"/live-sessions/{session}/links")).json == {"courses": []}


@pytest.mark.requirement("B048", "B321", "B322", "D62")
async def test_whoever_runs_the_session_and_leads_the_course_says_so(api: Api) -> None:
    session, course, module = await house(api)
    mara, theo, ana, ada = await api.mara(), await api.person("Theo"), await api.person("Ana"), await api.ada()
    rosa, ben = await api.person("Rosa", PlatformRole.INSTRUCTOR), await api.person("Ben")
    hers = await open_course(api.app[DATABASE], rosa.user)
    for other in (theo, ana):
        refused = await put(other, session, courses=[{"courseId": course.id}])
        assert (refused.status, refused.code) == (403, "forbidden")
    for stranger in (rosa, ben):
        path = f"/live-sessions/{session}/links"
        assert (await stranger.get(path)).status == 404
        assert (await stranger.send("PUT", path, {}, headers={"If-Match": "*"})).status == 404
    assert (await put(mara, session, courses=[{"courseId": hers.id}])).code == "forbidden"  # leads another
    assert (await put(ada, session, courses=[{"courseId": hers.id}])).status == 200
    # and what an administrator, or Rosa, said is not Mara's to take away
    assert (await put(mara, session, courses=[])).code == "forbidden"
    kept = await put(mara, session, courses=[{"courseId": hers.id}, {"courseId": course.id}])
    assert kept.status == 200
    assert {each["courseId"] for each in kept.json["courses"]} == {hers.id, course.id}
    assert module


async def test_of_two_who_change_them_one_reads_again(api: Api) -> None:
    session, course, _module = await house(api)
    mara = await api.mara()
    path = f"/live-sessions/{session}/links"
    tag = (await mara.get(path)).headers["ETag"]
    assert (await mara.send("PUT", path, {}, headers={})).status == 428
    assert (await put(mara, session, courses=[{"courseId": course.id}])).status == 200
    assert (await mara.send("PUT", path, {}, headers={"If-Match": tag})).status == 412


@pytest.mark.requirement("B321")
async def test_the_table_itself_lets_nobody_else(api: Api) -> None:
    """Through the login that REST has."""
    session, course, _module = await house(api)
    mara, theo, rosa = await api.mara(), await api.person("Theo"), await api.person("Rosa", PlatformRole.INSTRUCTOR)
    hers = await open_course(api.app[DATABASE], rosa.user)
    add = "INSERT INTO live.bootcamp_links (session_id, course_id) VALUES ($1, $2)"
    for who, to in ((theo, course), (rosa, hers), (mara, hers)):
        with pytest.raises(Exception, match="row-level security"):
            async with api.app[DATABASE].as_user(who.user, writes=True) as connection:
                await connection.execute(add, session, to.id)
    async with api.app[DATABASE].as_user(mara.user, writes=True) as connection:
        await connection.execute(add, session, course.id)
    for who, seen in ((theo, 1), (rosa, 0)):
        async with api.app[DATABASE].as_user(who.user, writes=True) as connection:
            assert await connection.fetchval("SELECT count(*) FROM live.bootcamp_links") == seen
            assert await connection.execute("DELETE FROM live.bootcamp_links") == "DELETE 0"
    for table in ("live.attendance_credits",):
        with pytest.raises(Exception, match="permission denied"):
            async with api.app[DATABASE].as_user(mara.user) as connection:
                await connection.fetch(f"SELECT * FROM {table}")
