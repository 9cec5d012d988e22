"""Certificates (B226-B251): issued for what was completed, checked by anybody, revoked for good."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from live.certificates.badge import ALGORITHM
from live.certificates.content import cid
from live.keys import DATABASE
from live.limits import VERIFY_PER_ADDRESS
from tests.api.conftest import Answer, Api, Caller, Options, flood
from tests.bootcamp import Course, open_course


async def completed(api: Api) -> tuple[Course, Caller, Caller]:
    """Mara's course, that Ana has completed and Ben has not; Theo assists."""
    mara, theo, ana, ben = [await api.mara(), *[await api.person(name) for name in ("Theo", "Ana", "Ben")]]
    course = await open_course(api.app[DATABASE], mara.user, ana.user, ben.user, assists=theo.user)
    await course.complete(ana.user)
    return course, mara, ana


def of(course: Course, holder: Caller, **fields: Any) -> dict[str, Any]:
    return {"courseId": course.id, "userId": holder.user, **fields}


@pytest.mark.requirement("B226", "B227", "B228", "B229", "B230", "B231", "B234", "B238", "B314", "B092", "B093", "D74")
async def test_who_leads_a_course_issues_for_who_completed_it(api: Api) -> None:
    course, mara, ana = await completed(api)
    theo, ben = await api.person("Theo"), await api.person("Ben")
    for other in (theo, ben, ana):
        assert (await other.post("/bootcamp/certificates", of(course, ana))).code == "forbidden"
    early = await mara.post("/bootcamp/certificates", of(course, ben))
    assert (early.status, early.code) == (409, "certificate.not_completed")
    made = await mara.post("/bootcamp/certificates", of(course, ana, distinction="With honours"))
    assert made.status == 201, made
    assert (made.json["holderName"], made.json["metadata"]["course_title"]) == ("Ana", "Soil basics")
    again = await mara.post("/bootcamp/certificates", of(course, ana))
    assert (again.status, again.code) == (409, "conflict")
    path = f"/bootcamp/certificates/{made.json['id']}"
    assert [(await each.get(path)).status for each in (ana, mara, theo, ben)] == [200, 200, 404, 404]
    assert [each["id"] for each in (await ana.get("/bootcamp/certificates")).json["items"]] == [made.json["id"]]
    async with course.database.connection() as connection:
        told = await connection.fetchrow(
            "SELECT certificate_issued, certificate_issued_at FROM bootcamp.enrollments WHERE user_id = $1", ana.user
        )
        sealed = await connection.fetchval("SELECT holder_name_enc FROM bootcamp.certificates")
    assert told is not None
    assert (told["certificate_issued"], told["certificate_issued_at"]) == (
        True,
        datetime.fromisoformat(made.json["issueDate"]),
    )
    assert b"Ana" not in sealed


@pytest.mark.requirement("B228", "D73")
async def test_a_programme_needs_all_its_courses(api: Api) -> None:
    course, mara, ana = await completed(api)
    second = await open_course(course.database, mara.user, ana.user, title="Water")
    programme = of(course, ana, certificateType="program_completion", courseIds=[course.id, second.id])
    assert (await mara.post("/bootcamp/certificates", programme)).code == "certificate.not_completed"
    await second.complete(ana.user)
    assert (await mara.post("/bootcamp/certificates", programme)).json["metadata"]["course_ids"] == [
        course.id,
        second.id,
    ]


@pytest.mark.requirement("B233", "D75")
async def test_its_holder_has_a_page_a_credential_and_the_content(api: Api) -> None:
    course, mara, ana = await completed(api)
    made = (await mara.post("/bootcamp/certificates", of(course, ana))).json
    path = f"/bootcamp/certificates/{made['id']}"
    page = await ana.get(f"{path}/pdf")
    assert (page.status, page.headers["Content-Type"], page.body[:5]) == (200, "application/pdf", b"%PDF-")
    assert f"{made['certificateNumber']}.pdf" in page.headers["Content-Disposition"]
    assert cid((await ana.get(f"{path}/content")).body) == made["blockchainHash"]
    token = (await ana.get(f"{path}/credential")).body.decode()
    (key,) = (await api.nobody.get("/bootcamp/certificate-keys")).json["keys"]
    claims = jwt.decode(token, OKPKey.import_key(key), algorithms=[ALGORITHM]).claims
    assert claims["credentialSubject"]["id"] == f"urn:uuid:{ana.user}"
    ben = await api.person("Ben")
    for part in ("pdf", "credential", "content"):
        assert (await ben.get(f"{path}/{part}")).status == 404


@pytest.mark.requirement("B232", "B234", "B240")
async def test_anybody_checks_a_number(api: Api) -> None:
    course, mara, ana = await completed(api)
    soon = datetime.now(UTC) + timedelta(days=1)
    past = await mara.post("/bootcamp/certificates", of(course, ana, expiryDate="2020-01-01T00:00:00Z"))
    assert past.json["errors"][0]["pointer"] == "/expiryDate"
    made = (await mara.post("/bootcamp/certificates", of(course, ana, expiryDate=soon.isoformat()))).json
    path = f"/bootcamp/verify/{made['certificateNumber']}"
    seen = (await api.nobody.get(path)).json
    assert (seen["status"], seen["holder"], seen["courseTitle"]) == ("valid", "A.", "Soil basics")
    assert seen["contentHash"] == made["blockchainHash"]
    assert "userId" not in seen
    assert (await mara.change(f"/bootcamp/certificates/{made['id']}", {"showsHolder": True})).code == "forbidden"
    assert (await ana.change(f"/bootcamp/certificates/{made['id']}", {"showsHolder": True})).status == 200
    assert (await api.nobody.get(path)).json["holder"] == "Ana"
    await course.execute(
        "UPDATE bootcamp.certificates SET issue_date = now() - interval '2 days', expiry_date = now() - interval '1 day'"
    )
    assert (await api.nobody.get(path)).json["status"] == "expired"
    for wrong in ("FP-2026-000001-0", "x", made["certificateNumber"][:-1]):
        assert (await api.nobody.get(f"/bootcamp/verify/{wrong}")).status == 404


@pytest.mark.requirement("B235", "B236", "B237")
async def test_what_is_revoked_stays_so_and_another_may_be_issued(api: Api) -> None:
    course, mara, ana = await completed(api)
    made = (await mara.post("/bootcamp/certificates", of(course, ana))).json
    path, reason = f"/bootcamp/certificates/{made['id']}", {"reason": "Issued to the wrong person."}
    assert (await ana.post(f"{path}/revoke", reason)).code == "forbidden"
    revoked = await mara.post(f"{path}/revoke", reason)
    assert (revoked.status, revoked.json["isRevoked"], revoked.json["revokedReason"]) == (200, True, reason["reason"])
    assert (await mara.post(f"{path}/revoke", reason)).code == "illegal_transition"
    seen = (await api.nobody.get(f"/bootcamp/verify/{made['certificateNumber']}")).json
    assert (seen["status"], "revokedReason" in seen) == ("revoked", False)
    assert (await ana.get(f"{path}/pdf")).code == "certificate.revoked"
    other = (await mara.post("/bootcamp/certificates", of(course, ana))).json
    assert other["certificateNumber"] != made["certificateNumber"]


@pytest.mark.requirement("B241", "B242", "B243", "B244", "B245", "B246", "B247", "B248", "B249", "B250")
async def test_one_template_of_a_type_is_active_and_administrators_make_them(api: Api) -> None:
    course, mara, ana = await completed(api)
    ada = await api.ada()
    given = {
        "templateName": "Green",
        "primaryColor": "#0A7A50",
        "layoutConfig": {"orientation": "portrait", "margin": 25},
    }
    assert (await mara.post("/bootcamp/certificate-templates", given)).code == "forbidden"
    first = (await ada.post("/bootcamp/certificate-templates", given)).json
    assert (first["fontFamily"], first["secondaryColor"], first["isActive"]) == ("Inter", "#6B7280", True)
    second = (await ada.post("/bootcamp/certificate-templates", given | {"templateName": "Plain"})).json
    active = (await mara.get("/bootcamp/certificate-templates?isActive=true&certificateType=course_completion")).json[
        "items"
    ]
    assert [each["id"] for each in active] == [second["id"]]
    assert (await ada.post("/bootcamp/certificate-templates", given | {"primaryColor": "green"})).status == 422
    made = (await mara.post("/bootcamp/certificates", of(course, ana))).json
    assert made["templateId"] == second["id"]
    assert (await ana.get(f"/bootcamp/certificates/{made['id']}/pdf")).status == 200
    assert (await ada.delete(f"/bootcamp/certificate-templates/{second['id']}")).status == 204
    assert (await ana.get(f"/bootcamp/certificates/{made['id']}/pdf")).status == 200


async def test_a_name_that_cannot_be_printed_is_refused(api: Api) -> None:
    mara, yamada = await api.mara(), await api.person("山田")
    course = await open_course(api.app[DATABASE], mara.user, yamada.user)
    await course.complete(yamada.user)
    refused = await mara.post("/bootcamp/certificates", of(course, yamada))
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/userId")


class TestNumbersAreNotTriedOut:
    @pytest.fixture
    def options(self) -> Options:
        return Options(limits_factor=1.0)

    @pytest.mark.requirement("B234")
    async def test_an_address_checks_so_many_numbers_a_minute(self, api: Api) -> None:
        async def send(_number: int) -> Answer:
            return await api.nobody.get("/bootcamp/verify/FP-2026-000001-0")

        await flood(VERIFY_PER_ADDRESS, send, allowed="not_found")
