"""Enrolments and the lessons of a course (B081-B108): who is in it, and how far they are by what they did."""

import pytest

from tests.api.bootcamp import COURSE, Classroom, does, make, pointers, refused
from tests.api.conftest import Api, Caller

ENROLLMENTS = "/bootcamp/enrollments"
PROGRESS = "/bootcamp/lesson-progress"


async def learn(caller: Caller, enrollment: str, lesson: str, minutes: int = 5) -> str:
    """Begins and completes it."""
    begun = await make(caller, PROGRESS, enrollmentId=enrollment, lessonId=lesson, status="in_progress")
    done = await caller.change(f"{PROGRESS}/{begun['id']}", {"status": "completed", "timeSpentMinutes": minutes})
    assert done.status == 200, done
    return str(begun["id"])


async def sets(caller: Caller, enrollment: str, status: str) -> tuple[str, list[str]] | str:
    """The status that it has then, or the refusal."""
    answer = await caller.change(f"{ENROLLMENTS}/{enrollment}", {"enrollmentStatus": status})
    return answer.json["enrollmentStatus"] if answer.status == 200 else refused(answer)


@pytest.mark.requirement("B081", "B082", "B083", "B084", "B085", "B096")
async def test_one_enrols_leaves_and_comes_back_to_the_same_place(api: Api) -> None:
    room = await Classroom.open(api)
    ana, enrolled = await room.learner("Ana")
    read = (await ana.get(f"{ENROLLMENTS}/{enrolled}")).json
    assert (read["enrollmentStatus"], read["progressPercentage"], read["userId"]) == ("enrolled", 0, ana.user)
    assert (await ana.post(ENROLLMENTS, {"courseId": room.course})).code == "conflict"
    assert [each["id"] for each in (await ana.get("/bootcamp/courses?enrolled=true")).json["items"]] == [room.course]
    assert await sets(ana, enrolled, "dropped") == "dropped"
    assert (await ana.get(f"/bootcamp/lessons/{room.lesson}")).status == 404
    assert await sets(ana, enrolled, "in_progress") == ("forbidden", [])
    back = await make(ana, ENROLLMENTS, courseId=room.course)
    assert (back["id"], back["enrollmentStatus"]) == (enrolled, "enrolled")
    assert (await ana.get(f"/bootcamp/lessons/{room.lesson}")).status == 200
    ben = await api.person("Ben")
    assert (await ben.get(f"{ENROLLMENTS}/{enrolled}")).status == 404
    assert (await ben.get(ENROLLMENTS)).json["items"] == []


@pytest.mark.requirement("B083", "B046")
async def test_nobody_enrols_in_what_is_not_offered_to_them(api: Api) -> None:
    room = await Classroom.open(api)
    draft = await make(room.mara, "/bootcamp/courses", **COURSE | {"slug": "draft"})
    ana, ben = await api.person("Ana"), await api.person("Ben")
    for course in (draft["id"], "00000000-0000-4000-8000-000000000000"):
        assert pointers(await ana.post(ENROLLMENTS, {"courseId": course})) == {"/courseId"}
    assert (await ana.post(ENROLLMENTS, {"courseId": room.course, "userId": ben.user})).code == "forbidden"
    assert (await (await room.assistant()).post(ENROLLMENTS, {"courseId": room.course, "userId": ben.user})).code == (
        "forbidden"
    )
    by_mara = await make(room.mara, ENROLLMENTS, courseId=room.course, userId=ben.user)
    assert by_mara["userId"] == ben.user
    assert (await ben.get(f"{ENROLLMENTS}/{by_mara['id']}")).status == 200


@pytest.mark.requirement("B084")
async def test_who_is_suspended_sees_no_lesson_and_comes_back_by_staff_only(api: Api) -> None:
    room = await Classroom.open(api)
    ana, enrolled = await room.learner("Ana")
    theo = await room.assistant()
    assert (await theo.get(f"{ENROLLMENTS}/{enrolled}")).status == 200
    assert await sets(theo, enrolled, "suspended") == ("forbidden", [])
    assert await sets(ana, enrolled, "suspended") == ("forbidden", [])
    assert await sets(room.mara, enrolled, "completed") == ("forbidden", [])
    assert await sets(room.mara, enrolled, "in_progress") == ("forbidden", [])
    assert await sets(room.mara, enrolled, "suspended") == "suspended"
    assert (await ana.get(f"/bootcamp/lessons/{room.lesson}")).status == 404
    assert await sets(ana, enrolled, "enrolled") == ("forbidden", [])
    begun = {"enrollmentId": enrolled, "lessonId": room.lesson}
    assert (await ana.post(PROGRESS, begun)).code == "forbidden"
    assert await sets(room.mara, enrolled, "enrolled") == "enrolled"
    assert (await ana.get(f"/bootcamp/lessons/{room.lesson}")).status == 200


@pytest.mark.requirement("B084")
async def test_every_way_of_an_enrolment_that_there_is_not(api: Api) -> None:
    room = await Classroom.open(api)
    ana, enrolled = await room.learner("Ana")
    assert await sets(ana, enrolled, "dropped") == "dropped"
    assert await sets(room.mara, enrolled, "suspended") == ("illegal_transition", ["enrolled"])
    assert await sets(room.mara, enrolled, "enrolled") == "enrolled"
    ada = await api.ada()
    assert await sets(ada, enrolled, "completed") == (
        "illegal_transition",
        ["dropped", "in_progress", "suspended"],
    )
    await learn(ana, enrolled, room.lesson)
    for status in ("enrolled", "dropped"):
        assert await sets(ana, enrolled, status) == ("illegal_transition", []), status
    assert await sets(room.mara, enrolled, "suspended") == ("illegal_transition", [])


@pytest.mark.requirement("B086", "B087", "B088", "B089", "B090", "B091", "B098", "B099", "B101", "B102", "B103")
@pytest.mark.requirement("B300", "B307", "B308")
async def test_progress_of_an_enrolment_follows_from_the_lessons_of_required_modules(api: Api) -> None:
    room = await Classroom.open(api)
    second = await make(room.mara, "/bootcamp/lessons", moduleId=room.module, title="Drawing", lessonOrder=2)
    more = await make(
        room.mara, "/bootcamp/modules", courseId=room.course, title="More", moduleOrder=2, isRequired=False
    )
    optional = await make(room.mara, "/bootcamp/lessons", moduleId=more["id"], title="Extra", lessonOrder=1)
    ana, enrolled = await room.learner("Ana")

    async def stands() -> tuple[str, float, int]:
        read = (await ana.get(f"{ENROLLMENTS}/{enrolled}")).json
        return read["enrollmentStatus"], read["progressPercentage"], read["timeSpentMinutes"]

    await make(ana, PROGRESS, enrollmentId=enrolled, lessonId=room.lesson)
    assert await stands() == ("enrolled", 0, 0)
    await learn(ana, enrolled, optional["id"], 7)
    assert await stands() == ("in_progress", 0, 7)
    await learn(ana, enrolled, second["id"], 8)
    assert await stands() == ("in_progress", 50, 15)
    read = (await ana.get(f"{ENROLLMENTS}/{enrolled}")).json
    assert (read["currentLessonId"], read["currentModuleId"]) == (second["id"], room.module)
    assert (await room.mara.delete(f"/bootcamp/lessons/{room.lesson}")).status == 204
    assert await stands() == ("completed", 100, 15)
    assert "completionDate" in (await ana.get(f"{ENROLLMENTS}/{enrolled}")).json


@pytest.mark.requirement("B100", "B099", "D64", "B108")
async def test_a_lesson_is_begun_before_it_is_completed(api: Api) -> None:
    room = await Classroom.open(api)
    ana, enrolled = await room.learner("Ana")
    made = await make(ana, PROGRESS, enrollmentId=enrolled, lessonId=room.lesson)
    path = f"{PROGRESS}/{made['id']}"
    assert refused(await ana.change(path, {"status": "completed"})) == ("illegal_transition", ["in_progress"])
    assert (await ana.change(path, {"status": "in_progress"})).status == 200
    assert refused(await ana.change(path, {"status": "not_started"})) == ("illegal_transition", ["completed"])
    done = (await ana.change(path, {"status": "completed"})).json
    again = (await ana.change(path, {"status": "in_progress"})).json
    assert again["completedAt"] == done["completedAt"]
    same = {"enrollmentId": enrolled, "lessonId": room.lesson}
    assert (await ana.post(PROGRESS, same)).code == "conflict"
    at_once = {"enrollmentId": enrolled, "lessonId": room.lesson, "status": "completed"}
    assert refused(await ana.post(PROGRESS, at_once)) == ("illegal_transition", ["in_progress", "not_started"])


@pytest.mark.requirement("D64", "B106", "B087", "B105")
async def test_lessons_of_other_courses_notes_and_scores_are_not_the_learner_s_to_mix(api: Api) -> None:
    room = await Classroom.open(api)
    other = await make(room.mara, "/bootcamp/courses", **COURSE | {"slug": "other"})
    module = await make(room.mara, "/bootcamp/modules", courseId=other["id"], title="Else", moduleOrder=1)
    foreign = await make(room.mara, "/bootcamp/lessons", moduleId=module["id"], title="Else", lessonOrder=1)
    ana, enrolled = await room.learner("Ana")
    assert pointers(await ana.post(PROGRESS, {"enrollmentId": enrolled, "lessonId": foreign["id"]})) == {"/lessonId"}
    made = await make(
        ana, PROGRESS, enrollmentId=enrolled, lessonId=room.lesson, notes="Only for me", status="in_progress"
    )
    path = f"{PROGRESS}/{made['id']}"
    assert made["notes"] == "Only for me"
    for_staff = (await room.mara.get(path)).json
    assert (for_staff["status"], "notes" in for_staff) == ("in_progress", False)
    assert b"Only for me" not in (await room.mara.get(f"{PROGRESS}?enrollmentId={enrolled}")).body
    assert (await room.mara.change(path, {"status": "completed"})).code == "forbidden"
    assert pointers(await ana.change(path, {"bestScore": 100, "attemptsCount": 9})) == {"/bestScore", "/attemptsCount"}
    ben, _enrolled = await room.learner("Ben")
    assert [(await ben.get(path)).status, (await ben.post(f"{path}/attempts", {"answers": {}})).status] == [404, 404]
    assert (await ben.post(PROGRESS, {"enrollmentId": enrolled, "lessonId": room.lesson})).code == "forbidden"


@pytest.mark.requirement("B104", "B105", "D72")
async def test_a_quiz_is_scored_by_its_keys_and_the_best_attempt_counts(api: Api) -> None:
    room = await Classroom.open(api)
    questions = [
        {"id": "a", "prompt": "One?", "key": "yes"},
        {"id": "b", "prompt": "Both?", "key": ["x", "y"]},
        {"id": "c", "prompt": "What do you feel?"},
    ]
    quiz = await make(
        room.mara,
        "/bootcamp/lessons",
        moduleId=room.module,
        title="Quiz",
        lessonOrder=2,
        contentType="quiz",
        interactiveElements={"questions": questions},
    )
    ana, enrolled = await room.learner("Ana")
    made = await make(ana, PROGRESS, enrollmentId=enrolled, lessonId=quiz["id"])
    attempts = f"{PROGRESS}/{made['id']}/attempts"
    for answers, best, count in (
        ({"a": "no"}, 0, 1),
        ({"a": "yes", "c": "joy"}, 50, 2),
        ({}, 50, 3),
        ({"a": "yes", "b": ["x", "y"]}, 100, 4),
        ({"a": "no"}, 100, 5),
    ):
        read = await does(ana, attempts, {"answers": answers})
        assert (read["bestScore"], read["attemptsCount"], read["status"]) == (best, count, "in_progress"), answers
    plain = await make(ana, PROGRESS, enrollmentId=enrolled, lessonId=room.lesson)
    assert (await ana.post(f"{PROGRESS}/{plain['id']}/attempts", {"answers": {}})).code == "conflict"
    assert (await room.mara.post(attempts, {"answers": {}})).code == "forbidden"
