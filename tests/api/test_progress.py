"""Progress through modules and lessons (W052-W075): every transition, what a prerequisite opens, and who reads whose."""

import asyncio
from typing import Any

import pytest

from live.keys import DATABASE
from rooms.roles import Role
from tests.api.conftest import Answer, Api, Caller
from tests.api.recorded import came
from tests.api.workbook import lesson, made


async def told(caller: Caller, path: str, percent: int, status: str | None = None, minutes: int = 0) -> Answer:
    body = {"progressPercent": percent, "minutes": minutes} | ({"status": status} if status else {})
    return await caller.send("PUT", f"/progress/{path}", body)


async def rows(caller: Caller, query: str = "") -> dict[str | None, Any]:
    """By lesson; None is the module's own."""
    return {each.get("lessonId"): each for each in (await caller.get(f"/progress{query}")).json["items"]}


@pytest.mark.requirement(
    "W052", "W053", "W054", "W055", "W057", "W059", "W060", "W061", "W072", "W073", "W074", "D14", "D16"
)
async def test_a_module_is_begun_completed_and_revisited(api: Api) -> None:
    ana, module = await api.person("Ana"), await made(api)
    untouched = (await told(ana, module, 0)).json
    assert (untouched["status"], untouched["progressPercent"], untouched["userId"]) == ("not_started", 0, ana.user)
    begun = (await told(ana, module, 40, minutes=5)).json
    assert (begun["status"], begun["progressPercent"], begun["timeSpentMinutes"]) == ("in_progress", 40, 5)
    assert "completedAt" not in begun
    assert begun["lastAccessedAt"] > untouched["lastAccessedAt"]
    assert (await told(ana, module, 10, minutes=2)).json["progressPercent"] == 40, "another device is not as far"
    done = (await told(ana, module, 100, "completed")).json
    assert (done["status"], done["timeSpentMinutes"], done["firstCompletedAt"]) == ("completed", 7, done["completedAt"])
    assert (await told(ana, module, 30)).json["status"] == "completed", "a smaller figure is no revisit"
    again = (await told(ana, module, 100, "in_progress")).json
    assert (again["status"], again["progressPercent"], again["firstCompletedAt"]) == (
        "in_progress",
        100,
        done["completedAt"],
    )
    assert "completedAt" not in again
    assert (await told(ana, module, 30)).json["status"] == "in_progress"
    twice = (await told(ana, module, 100)).json
    assert (twice["status"], twice["firstCompletedAt"]) == ("completed", done["completedAt"])
    assert twice["completedAt"] > done["completedAt"]


@pytest.mark.requirement("W058", "W065", "W071")
async def test_no_state_is_reached_but_by_its_way(api: Api) -> None:
    ana, module = await api.person("Ana"), await made(api)
    locking = await told(ana, module, 0, "locked")
    assert (locking.status, locking.code, locking.json["allowed"]) == (409, "illegal_transition", ["in_progress"])
    await told(ana, module, 50)
    for status, allowed in (("not_started", ["completed"]), ("locked", ["completed"])):
        back = await told(ana, module, 50, status)
        assert (back.code, back.json["allowed"]) == ("illegal_transition", allowed), status
    await told(ana, module, 100)
    assert (await told(ana, module, 100, "locked")).json["allowed"] == ["in_progress"]
    assert (await told(ana, module, 100, "unknown")).status == 422
    at_once = await made(api, 2)
    assert (await told(ana, at_once, 100)).json["status"] == "completed", "through the state between"


@pytest.mark.requirement("W069", "W070", "W249", "W250", "W253", "W254", "W255")
async def test_what_is_wrong_is_said_in_the_document_s_words_all_at_once(api: Api) -> None:
    ana, module = await api.person("Ana"), await made(api)

    def faults(answer: Answer) -> dict[str, str]:
        assert answer.status == 422, answer
        return {each["pointer"]: each["detail"] for each in answer.json["errors"]}

    for percent in (-1, 101):
        assert faults(await told(ana, module, percent)) == {
            "/progressPercent": "Progress percent must be between 0 and 100"
        }
    assert faults(await told(ana, module, 99, "completed")) == {"/status": "Completed status requires 100% progress"}
    assert faults(await told(ana, module, 101, "completed", minutes=-1)) == {
        "/progressPercent": "Progress percent must be between 0 and 100",
        "/status": "Completed status requires 100% progress",
        "/minutes": "Input should be greater than or equal to 0",
    }
    assert (await rows(ana)) == {}


@pytest.mark.requirement("W056", "W064", "D07")
async def test_lessons_move_their_module_by_the_time_they_take(api: Api) -> None:
    ana = await api.person("Ana")
    module = await made(api, 1, lesson("one", 1, 10), lesson("two", 2, 30))
    assert (await told(ana, f"{module}/one", 0, "in_progress")).json["status"] == "in_progress"
    assert (await rows(ana))[None]["status"] == "in_progress", "whoever is in a lesson is in its module"
    assert (await told(ana, f"{module}/one", 100, minutes=12)).json["lessonId"] == "one"
    own = (await rows(ana))[None]
    assert (own["progressPercent"], own["timeSpentMinutes"]) == (25, 12)
    await told(ana, f"{module}/two", 60)
    assert (await rows(ana))[None]["progressPercent"] == 25
    await told(ana, f"{module}/one", 100, "in_progress")
    assert (await rows(ana))[None]["progressPercent"] == 25, "a revisit takes nothing back"
    await told(ana, f"{module}/two", 100)
    assert {lesson: each["status"] for lesson, each in (await rows(ana)).items()} == {
        None: "completed",
        "one": "in_progress",
        "two": "completed",
    }
    assert len((await ana.get(f"/progress/{module}")).json["items"]) == 3
    assert (await told(ana, f"{module}/three", 10)).code == "not_found"
    draft = await made(api, 2, isPublished=False)
    assert (await told(ana, draft, 10)).code == "not_found"


async def test_two_devices_at_once_lose_nothing(api: Api) -> None:
    ana, module = await api.person("Ana"), await made(api, 1, lesson("one", 1, 10), lesson("two", 2, 30))
    answers = await asyncio.gather(*(told(ana, f"{module}/one", percent, minutes=1) for percent in range(10, 60, 5)))
    assert {each.status for each in answers} == {200}
    found = await rows(ana)
    assert (found["one"]["progressPercent"], found["one"]["timeSpentMinutes"]) == (55, 10)
    assert found[None]["timeSpentMinutes"] == 10


@pytest.mark.requirement("W058", "W075", "D15")
async def test_what_is_closed_is_locked_until_what_comes_before_is_completed(api: Api) -> None:
    ana, mara = await api.person("Ana"), await api.mara()
    first, other = await made(api, 1, lesson("one")), await made(api, 2)
    last = await made(api, 3, lesson("one"), prerequisites=[first, other])
    for path in (last, f"{last}/one"):
        locked = await told(ana, path, 40)
        assert (locked.status, locked.code) == (409, "progress.locked")

    async def standing() -> set[tuple[str, int]]:
        items = (await ana.get(f"/progress/{last}")).json["items"]
        return {(each["status"], each["progressPercent"]) for each in items}

    assert await standing() == {("locked", 0)}, "it is written down"
    await told(ana, f"{first}/one", 100)
    assert await standing() == {("locked", 0)}, "one of two"
    await mara.post(f"/modules/{last}/unpublish")
    await told(ana, other, 100)
    await mara.post(f"/modules/{last}/publish")
    assert await standing() == {("not_started", 0)}, "also while it was a draft"
    assert (await told(ana, last, 40)).json["status"] == "in_progress"


async def test_other_prerequisites_close_and_open_what_nobody_has_begun(api: Api) -> None:
    ana, ben, mara = await api.person("Ana"), await api.person("Ben"), await api.mara()
    first, second = await made(api, 1), await made(api, 2)
    await told(ana, second, 0)
    await told(ben, second, 10)
    assert (await mara.change(f"/modules/{second}", {"prerequisites": [first]})).status == 200
    assert (await rows(ana))[None]["status"] == "locked"
    assert (await rows(ben))[None]["status"] == "in_progress", "whoever is inside is not put out"
    assert (await told(ana, second, 10)).code == "progress.locked"
    assert (await mara.change(f"/modules/{second}", {"prerequisites": []})).status == 200
    assert (await rows(ana))[None]["status"] == "not_started"


@pytest.mark.requirement("W007")
async def test_without_workshop_access_nothing_moves(api: Api) -> None:
    ana, ada, module = await api.person("Ana"), await api.ada(), await made(api)
    await ada.change(f"/users/{ana.user}", {"workshopAccessGranted": False})
    assert (await told(ana, module, 10)).code == "no_workshop_access"


@pytest.mark.requirement("W224", "W225")
async def test_staff_read_those_they_teach_and_nobody_else_does(api: Api) -> None:
    session = await api.workshop()
    ana, ben = [await api.invited(session, name) for name in ("Ana", "Ben")]
    theo = await api.invited(session, "Theo", "assistant")
    await api.runs(session)
    for caller, role in ((ana, Role.PARTICIPANT), (ben, Role.PARTICIPANT), (theo, Role.ASSISTANT)):
        await api.enters(session, caller, role)
    await came(api, session, ana, ben, theo)
    module = await made(api)
    assert (await told(ana, module, 30)).status == 200
    stranger = await api.person("Nora")
    of_ana = f"?userId={ana.user}"
    for caller, sees in (
        (await api.mara(), True),
        (theo, True),
        (await api.ada(), True),
        (ben, False),
        (stranger, False),
    ):
        assert bool(await rows(caller, of_ana)) is sees, caller.name
        assert await rows(caller) == {}, caller.name
    async with api.app[DATABASE].connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM workbook.user_progress") == 1
