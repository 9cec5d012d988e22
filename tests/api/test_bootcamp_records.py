"""What is counted (B252-B273), and services that people connect (B274-B298)."""

from typing import Any

import pytest

from live.keys import DATABASE
from tests.api.conftest import Api, Caller
from tests.bootcamp import Course, open_course

FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"}


async def cast(api: Api) -> tuple[Course, Caller, Caller, Caller]:
    mara, ana, ben = [await api.mara(), *[await api.person(name) for name in ("Ana", "Ben")]]
    return await open_course(api.app[DATABASE], mara.user, ana.user), mara, ana, ben


@pytest.mark.requirement(
    "B252", "B253", "B254", "B255", "B256", "B257", "B258", "B259", "B260", "B261", "B262", "B263", "B315"
)
async def test_what_somebody_did_is_counted_for_the_course(api: Api) -> None:
    course, mara, ana, ben = await cast(api)
    event = {
        "eventType": "lesson_started",
        "lessonId": course.lesson,
        "sessionDurationMinutes": 12,
        "eventData": {"from": "menu"},
    }
    made = await ana.post("/bootcamp/analytics-events", event, headers=FIREFOX)
    assert made.status == 201, made
    said = made.json
    assert (said["courseId"], said["moduleId"], said["ipAddress"]) == (course.id, course.module, "127.0.0.0/24")
    assert (said["browserInfo"], said["deviceType"]) == ({"family": "firefox", "major": 143}, "desktop")
    assert (await ben.post("/bootcamp/analytics-events", event)).code == "forbidden"
    attended = {"eventType": "live_session_attended", "courseId": course.id}
    assert (await ana.post("/bootcamp/analytics-events", attended)).code == "forbidden"
    path = f"/bootcamp/analytics-events/{said['id']}"
    assert [(await each.get(path)).status for each in (ana, mara, ben)] == [200, 200, 404]
    assert (await ana.delete(path)).status == 405
    counted = (await mara.get(f"/bootcamp/analytics-events/counts?courseId={course.id}")).json["items"]
    once = {"eventType": "lesson_started", "events": 1, "people": 1, "minutes": 12}
    assert counted == [once]
    own = "/bootcamp/analytics-events/counts"
    assert [(await each.get(own)).json["items"] for each in (ana, mara, ben)] == [[once], [], []]
    assert [(await each.get(f"{own}?userId={ana.user}")).json["items"] for each in (mara, ben)] == [[once], []]
    assert (await ben.get(f"/bootcamp/analytics-events/counts?courseId={course.id}")).json["items"] == []


@pytest.mark.requirement("B266", "B267", "B268", "B269", "B270", "B271", "B273", "D77")
async def test_a_day_has_one_number_of_a_type(api: Api) -> None:
    course, mara, ana, _ben = await cast(api)
    ada = await api.ada()
    metric = {"metricDate": "2026-03-04", "metricType": f"course_completions:{course.slug}", "metricValue": 3}
    assert (await mara.send("PUT", "/bootcamp/metrics", metric)).code == "forbidden"
    first = (await ada.send("PUT", "/bootcamp/metrics", metric)).json
    second = (
        await ada.send("PUT", "/bootcamp/metrics", metric | {"metricValue": 4.5, "metadata": {"why": "late"}})
    ).json
    assert (second["id"], second["metricValue"], second["metadata"]) == (first["id"], 4.5, {"why": "late"})
    await ada.send("PUT", "/bootcamp/metrics", metric | {"metricType": "daily_active_users"})
    assert [each["id"] for each in (await mara.get("/bootcamp/metrics?fromDate=2026-03-04")).json["items"]] == [
        first["id"]
    ]
    assert len((await ada.get("/bootcamp/metrics?toDate=2026-03-04")).json["items"]) == 2
    assert (await ana.get("/bootcamp/metrics")).json["items"] == []
    assert (await ana.delete(f"/bootcamp/metrics/{first['id']}")).status == 404
    assert (await mara.delete(f"/bootcamp/metrics/{first['id']}")).code == "forbidden"


@pytest.mark.requirement("B269", "B273", "D77")
async def test_yesterday_is_measured_and_measured_again(api: Api) -> None:
    course, mara, ana, _ben = await cast(api)
    await course.complete(ana.user)
    measure = "SELECT bootcamp.measure_day((now() AT TIME ZONE 'UTC')::date)"
    await course.execute(measure)
    await course.execute(measure)
    ada = await api.ada()
    values = {each["metricType"]: each["metricValue"] for each in (await ada.get("/bootcamp/metrics")).json["items"]}
    assert values["course_completions"] == values[f"course_completions:{course.slug}"] == 1
    assert {"daily_active_users", "certificates_issued", "live_sessions_held", "recordings_minutes"} <= values.keys()
    assert len((await mara.get("/bootcamp/metrics")).json["items"]) == 1


@pytest.mark.requirement("B274", "B275", "B276", "B277", "B278", "B279", "B281", "B283", "B284", "B318")
async def test_a_link_is_one_s_own_and_its_tokens_never_come_back(api: Api) -> None:
    ana, ben, ada = await api.person("Ana"), await api.person("Ben"), await api.ada()
    given = {
        "fataplusUserId": "0d3c6d0e-6f0a-4d5e-9a0b-3f1d2c4b5a69",
        "accessToken": "very-secret",
        "refreshToken": "more-secret",
    }
    made = await ana.post("/bootcamp/integrations", given)
    assert made.status == 201, made
    assert (made.json["hasAccessToken"], made.json["syncStatus"], made.json["fataplusUserId"]) == (
        True,
        "active",
        given["fataplusUserId"],
    )
    path = f"/bootcamp/integrations/{made.json['id']}"
    for answer in (made, await ana.get(path), await ana.get("/bootcamp/integrations"), await ada.get(path)):
        assert b"secret" not in answer.body
    async with api.app[DATABASE].connection() as connection:
        sealed = await connection.fetchval("SELECT access_token_enc FROM bootcamp.fataplus_integration")
        linked = await connection.fetchval("SELECT fataplus_user_id FROM bootcamp.users WHERE id = $1", ana.user)
    assert (b"secret" in sealed, linked) == (False, given["fataplusUserId"])
    assert (await ben.post("/bootcamp/integrations", given)).code == "conflict"
    assert [(await ben.get(path)).status, (await ben.delete(path)).status] == [404, 404]
    assert (await ana.change(path, {"syncStatus": "error"})).status == 422
    disabled = (await ana.change(path, {"syncStatus": "disabled"})).json
    assert (disabled["syncStatus"], disabled["hasAccessToken"], disabled["hasRefreshToken"]) == (
        "disabled",
        False,
        False,
    )
    again = (await ana.change(path, {"syncStatus": "active", "accessToken": "new-secret"})).json
    assert (again["hasAccessToken"], again["hasRefreshToken"]) == (True, False)
    assert (await ana.delete(path)).status == 204
    assert (await ben.post("/bootcamp/integrations", given)).status == 201


@pytest.mark.requirement("B280", "B281", "B282")
async def test_five_failures_in_a_row_end_it(api: Api) -> None:
    ana = await api.person("Ana")
    given = {"fataplusUserId": "0d3c6d0e-6f0a-4d5e-9a0b-3f1d2c4b5a69", "accessToken": "very-secret"}
    path = f"/bootcamp/integrations/{(await ana.post('/bootcamp/integrations', given)).json['id']}"

    async def recorded(error: str | None) -> Any:
        async with api.app[DATABASE].transaction() as connection:
            return await connection.fetchval("SELECT bootcamp.record_sync($1, $2)", ana.user, error)

    assert [await recorded(f"failed {number}") for number in range(4)] == ["error"] * 4
    assert await recorded(None) == "active"
    assert [await recorded(f"again {number} token=aaaaaaaaaaaaaaaaaaaaaaaaaaaa") for number in range(6)] == [
        "error"
    ] * 4 + ["disabled", None]
    read = (await ana.get(path)).json
    assert (read["syncStatus"], read["hasAccessToken"], len(read["syncErrors"])) == ("disabled", False, 9)
    assert not any("aaaa" in each for each in read["syncErrors"])
    assert "lastSyncAt" in read
    for _round in range(3):
        await ana.change(path, {"syncStatus": "active"})
        for number in range(5):
            await recorded(f"later {number}")
    assert len((await ana.get(path)).json["syncErrors"]) == 20


@pytest.mark.requirement("B287", "B288", "B289", "B290", "B291", "B292", "B293", "B294", "B298", "B316", "B318", "B320")
async def test_a_service_that_is_switched_off_has_no_tokens(api: Api) -> None:
    ana, ben = await api.person("Ana"), await api.person("Ben")
    given = {
        "serviceName": "figma",
        "accessToken": "very-secret",
        "refreshToken": "more-secret",
        "serviceUserId": "secret-42",
    }
    made = await ana.post("/bootcamp/service-tokens", given)
    assert (made.status, made.json["hasAccessToken"], b"secret" in made.body) == (201, True, False)
    assert (await ana.post("/bootcamp/service-tokens", given)).code == "conflict"
    assert (await ana.post("/bootcamp/service-tokens", given | {"serviceName": "Figma!"})).status == 422
    path = f"/bootcamp/service-tokens/{made.json['id']}"
    assert [(await ben.get(path)).status, (await ben.delete(path)).status] == [404, 404]
    off = (await ana.change(path, {"isActive": False})).json
    assert (off["isActive"], off["hasAccessToken"], off["hasRefreshToken"]) == (False, False, False)
    on = (await ana.change(path, {"isActive": True, "accessToken": "new-secret"})).json
    assert (on["hasAccessToken"], on["hasRefreshToken"]) == (True, False)
    assert (await ana.get("/bootcamp/service-tokens?serviceName=figma")).json["items"][0]["id"] == made.json["id"]
    assert (await ana.delete(path)).status == 204
