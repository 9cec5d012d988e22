"""What a certificate proves to a stranger (B226-B240, D75): its number over the open route, its credential by nothing but a library
for signatures and the text of Open Badges 3.0, its content by its name. And what a stranger is not told."""

import json
from base64 import b32decode, urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from live.api.bootcamp.certificates import initials
from live.certificates.issuing import Issuing
from live.keys import DATABASE, SETTINGS
from persistence.jobs import Jobs
from tests.api.conftest import Api, Caller
from tests.bootcamp import Course, open_course


async def issued(api: Api, name: str = "Ana", **fields: Any) -> tuple[Course, Caller, dict[str, Any]]:
    """By Mara, to somebody who completed her course."""
    mara, holder = await api.mara(), await api.person(name)
    course = await open_course(api.app[DATABASE], mara.user, holder.user)
    await course.complete(holder.user)
    body = {"courseId": course.id, "userId": holder.user, **fields}
    made = await mara.post("/bootcamp/certificates", body)
    assert made.status == 201, made
    return course, holder, made.json


async def work(api: Api) -> int:
    """What a worker would do about certificates."""
    jobs, issuing, done = Jobs(api.app[DATABASE]), Issuing(api.app[DATABASE], api.app[SETTINGS]), 0
    while job := await jobs.lease(["certificate"], "a worker"):
        await issuing.issue(job)
        assert await jobs.done(job)
        done += 1
    return done


def opened(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.mark.requirement("B233", "B314", "D75")
async def test_a_stranger_checks_the_signature_with_nothing_but_the_credential(api: Api) -> None:
    _course, ana, certificate = await issued(api)
    token = (await ana.get(f"/bootcamp/certificates/{certificate['id']}/credential")).body.decode()
    head, body, signature = token.split(".")
    header = json.loads(opened(head))
    assert header["typ"] == "JWT"
    key = (await api.nobody.get(urlsplit(header["kid"]).path)).json
    assert (key["kty"], key["crv"], key["kid"], "d" in key) == ("OKP", "Ed25519", header["kid"], False)
    public = Ed25519PublicKey.from_public_bytes(opened(key["x"]))
    public.verify(opened(signature), f"{head}.{body}".encode())
    with pytest.raises(InvalidSignature):
        public.verify(opened(signature), f"{head}.{body[:-2]}AA".encode())
    (listed,) = (await api.nobody.get("/bootcamp/certificate-keys")).json["keys"]
    assert listed == key
    other = header["kid"].rpartition("/")[0] + "/" + "A" * 43
    assert (await api.nobody.get(urlsplit(other).path)).status == 404


@pytest.mark.requirement("B232", "B238")
async def test_the_credential_has_what_open_badges_3_requires(api: Api) -> None:
    until = (datetime.now(UTC) + timedelta(days=365)).isoformat()
    _course, ana, certificate = await issued(api, expiryDate=until)
    token = (await ana.get(f"/bootcamp/certificates/{certificate['id']}/credential")).body.decode()
    said = json.loads(opened(token.split(".")[1]))
    # 1EdTech Open Badges 3.0, B.1.1 AchievementCredential
    assert said["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert said["@context"][1].startswith("https://purl.imsglobal.org/spec/ob/v3p0/context")
    assert said["id"].startswith("urn:uuid:")
    assert {"VerifiableCredential", "OpenBadgeCredential"} <= set(said["type"])
    assert said["name"]
    issuer = said["issuer"]  # B.1.18 Profile
    assert issuer["id"].startswith("http")
    assert "Profile" in issuer["type"]
    subject = said["credentialSubject"]  # B.1.4 AchievementSubject
    assert "AchievementSubject" in subject["type"]
    for identity in subject["identifier"]:  # B.1.14 IdentityObject
        assert identity["type"] == "IdentityObject"
        assert identity["identityType"] == "name"
        assert identity["hashed"] is False
        assert identity["identityHash"] == "Ana"
    achievement = subject["achievement"]  # B.1.2 Achievement
    assert achievement["id"].startswith("urn:uuid:")
    assert "Achievement" in achievement["type"]
    assert achievement["criteria"]["narrative"]
    assert achievement["description"]
    assert achievement["name"] == "Soil basics"
    assert achievement["achievementType"] in {"Certificate", "CertificateOfCompletion", "MicroCredential"}
    # 8.2.4.1: what a token claims is what the credential says
    assert (said["iss"], said["jti"], said["sub"]) == (issuer["id"], said["id"], subject["id"])
    for claim, field in (("nbf", "validFrom"), ("exp", "validUntil")):
        assert said[claim] == datetime.fromisoformat(said[field]).timestamp()


@pytest.mark.requirement("B233", "D75")
async def test_the_hash_is_the_name_of_the_content(api: Api) -> None:
    """CIDv1, raw, SHA2-256, taken apart by hand."""
    _course, ana, certificate = await issued(api)
    content = (await ana.get(f"/bootcamp/certificates/{certificate['id']}/content")).body
    name = certificate["blockchainHash"]
    assert name[0] == "b"
    raw = b32decode((name[1:] + "=" * (-(len(name) - 1) % 8)).upper())
    assert raw == bytes([1, 0x55, 0x12, 32]) + sha256(content).digest()
    claimed = json.loads(content)
    assert (claimed["holder"], claimed["certificateNumber"]) == ("Ana", certificate["certificateNumber"])


TOLD = {
    "certificateNumber",
    "status",
    "certificateType",
    "courseTitle",
    "issuer",
    "holder",
    "issueDate",
    "contentHash",
}


@pytest.mark.requirement("B234", "B235")
async def test_a_stranger_is_told_no_name_and_nothing_of_numbers_that_are_none(api: Api) -> None:
    course, _ana, certificate = await issued(api, "Anastasia")
    number = certificate["certificateNumber"]
    seen = (await api.nobody.get(f"/bootcamp/verify/{number}")).json
    assert set(seen) == TOLD
    assert seen["holder"] == "A."
    assert "Anastasia" not in json.dumps(seen)
    digits = number.replace("-", "")[2:]
    unknown = [number.lower(), digits, f"{number} ", "FP-2026-000001-0", "%00", "..%2f..", "FP-2026-999999-0"]
    answers = [await api.nobody.get(f"/bootcamp/verify/{each}") for each in unknown]
    assert {each.status for each in answers} <= {404, 422}
    assert len({each.body for each in answers if each.status == 404}) == 1
    assert (await api.nobody.get(f"/bootcamp/certificates/{certificate['id']}")).status == 401
    assert (await api.nobody.get(f"/bootcamp/certificates/{certificate['id']}/content")).status == 401
    # whoever teaches elsewhere is a stranger, too
    assert (await (await api.person("Ben")).get("/bootcamp/certificates")).json["items"] == []
    await course.execute(
        "UPDATE bootcamp.certificates SET is_revoked = true, revoked_at = clock_timestamp(), revoked_reason = 'Copied.'"
    )
    seen = (await api.nobody.get(f"/bootcamp/verify/{number}")).json
    assert set(seen) == TOLD | {"revokedAt"}
    assert seen["status"] == "revoked"
    assert "Copied" not in json.dumps(seen)


def test_initials_are_all_that_is_left_of_a_name() -> None:
    assert [initials(each) for each in ("Ana", "Ana Example", "  Ana   Maria ")] == ["A.", "A. E.", "A. M."]


@pytest.mark.requirement("B092", "B226", "B234", "B314")
async def test_a_completed_course_brings_one_by_itself(api: Api) -> None:
    mara, ana = await api.mara(), await api.person("Ana")
    course = await open_course(api.app[DATABASE], mara.user, ana.user)
    await course.complete(ana.user)
    assert await work(api) == 1
    (made,) = (await ana.get("/bootcamp/certificates")).json["items"]
    assert made["verificationUrl"] == f"{api.app[SETTINGS].url}/verify/{made['certificateNumber']}"
    assert "issuedBy" not in made["metadata"]
    assert (await ana.get(f"/bootcamp/certificates/{made['id']}/pdf")).body.startswith(b"%PDF-")
    assert (await api.nobody.get(f"/bootcamp/verify/{made['certificateNumber']}")).json["status"] == "valid"
    (enrolment,) = (await ana.get("/bootcamp/enrollments")).json["items"]
    assert enrolment["certificateIssued"] is True
    assert "certificateProblem" not in enrolment
    again = await mara.post("/bootcamp/certificates", {"courseId": course.id, "userId": ana.user})
    assert again.code == "conflict"


async def test_a_name_that_cannot_be_printed_is_said_where_staff_look(api: Api) -> None:
    mara, yamada, ben = await api.mara(), await api.person("山田"), await api.person("Ben")
    course = await open_course(api.app[DATABASE], mara.user, yamada.user, ben.user)
    await course.complete(yamada.user)
    assert await work(api) == 1
    problem = "The holder's name cannot be printed: U+5C71 U+7530"
    path = f"/bootcamp/enrollments?courseId={course.id}&userId={yamada.user}"
    for staff_or_holder in (mara, yamada):
        (enrolment,) = (await staff_or_holder.get(path)).json["items"]
        assert (enrolment["certificateIssued"], enrolment["certificateProblem"]) == (False, problem)
    assert (await ben.get(path)).json["items"] == []
    (enrolment,) = (await yamada.get(path)).json["items"]
    for nobodys in ({"certificateProblem": "none"}, {"enrollmentStatus": "completed", "certificateProblem": "x"}):
        assert (await yamada.change(f"/bootcamp/enrollments/{enrolment['id']}", nobodys)).status == 422
