"""Certificates as documents: numbers, names of contents, signed credentials, pages (B230, B233, D75)."""

from datetime import UTC, datetime
from string import digits
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import OKPKey

from live.browsers import browser_of, device_of, network_of
from live.certificates.badge import ALGORITHM, Signer
from live.certificates.content import canonical, cid, statement
from live.certificates.number import certificate_number, check_digit, is_number
from live.certificates.page import Look, Undrawable, draw, drawable
from persistence.models.bootcamp.certificate import Certificate, CertificateMetadata, CertificateType
from rooms.ids import UserId

URL = "https://atelier.example.org"


def certificate(**fields: Any) -> Certificate:
    given: dict[str, Any] = {
        "id": str(uuid4()),
        "user_id": UserId(str(uuid4())),
        "course_id": str(uuid4()),
        "certificate_type": CertificateType.COURSE_COMPLETION,
        "certificate_number": certificate_number(2026, 7),
        "issue_date": datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
        "expiry_date": None,
        "blockchain_hash": None,
        "verification_url": f"{URL}/verify",
        "is_revoked": False,
        "revoked_at": None,
        "revoked_reason": None,
        "metadata": CertificateMetadata(course_title="Soil basics", issuer=URL),
        "holder_name": "Ana Example",
        "shows_holder": False,
        "template_id": None,
    }
    return Certificate(**given | fields)


@pytest.mark.requirement("B230")
def test_the_check_digit_is_that_of_iso_7064() -> None:
    assert check_digit("0794") == 5  # the standard's own example of MOD 11,10
    assert certificate_number(2026, 42).startswith("FP-2026-000042-")


@pytest.mark.requirement("B230")
def test_every_wrong_digit_is_found() -> None:
    number = certificate_number(2026, 314_159)
    assert is_number(number)
    wrong = {
        number[:place] + digit + number[place + 1 :]
        for place, was in enumerate(number)
        for digit in digits
        if was.isdecimal() and digit != was
    }
    assert len(wrong) == 99
    assert not any(map(is_number, wrong))
    assert not any(map(is_number, ("", "FP-2026-1-2", number.lower(), number + "0", number.replace("2026", "٢٠٢٦"))))


@pytest.mark.requirement("B233")
@pytest.mark.parametrize(
    ("block", "name"),
    [
        (b"", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
        (b"hello world", "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"),
    ],
)
@pytest.mark.requirement("D75")
def test_a_content_has_the_name_that_ipfs_gives_it(block: bytes, name: str) -> None:
    assert cid(block) == name


@pytest.mark.requirement("B233")
def test_every_claim_is_in_the_content() -> None:
    plain = certificate()
    names = {cid(canonical(statement(plain, "Ana Example"))), cid(canonical(statement(plain, "Ben Example")))}
    names |= {
        cid(canonical(statement(plain.model_copy(update={field: value}), "Ana Example")))
        for field, value in {
            "certificate_number": certificate_number(2026, 8),
            "certificate_type": CertificateType.SPECIALIZATION,
            "course_id": str(uuid4()),
            "issue_date": datetime(2026, 3, 4, 5, 6, 8, tzinfo=UTC),
            "expiry_date": datetime(2027, 3, 4, tzinfo=UTC),
            "metadata": CertificateMetadata(course_title="Soil", issuer=URL),
        }.items()
    }
    assert len(names) == 8
    assert canonical({"b": "é", "a": ["x"]}) == '{"a":["x"],"b":"é"}'.encode()


def test_a_credential_is_checked_with_the_published_key() -> None:
    signer, issued = Signer(bytes(32), URL), certificate()
    key = signer.public_key
    assert "d" not in key
    assert key == Signer(bytes(32), URL).public_key
    token = signer.credential(issued, "Ana Example")
    read = jwt.decode(token, OKPKey.import_key(key), algorithms=[ALGORITHM])
    assert read.header["kid"] == key["kid"]
    said = read.claims
    assert said["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert (said["iss"], said["sub"], said["validFrom"]) == (URL, f"urn:uuid:{issued.user_id}", "2026-03-04T05:06:07Z")
    assert said["credentialSubject"]["achievement"]["name"] == "Soil basics"
    other = OKPKey.import_key(Signer(bytes([1]) * 32, URL).public_key)
    with pytest.raises(BadSignatureError):
        jwt.decode(token, other, algorithms=[ALGORITHM])


@pytest.mark.requirement("B246", "B247", "B248")
def test_a_page_holds_its_own_letters() -> None:
    page = draw(certificate(), "Ωmega Çelik-Łukasz Жанна", Look(primary="#102030", is_landscape=False))
    assert page.startswith(b"%PDF-")
    assert b"NotoSans" in page
    assert b"/FontFile2" in page
    assert page == draw_again()


def draw_again() -> bytes:
    return draw(certificate(), "Ωmega Çelik-Łukasz Жанна", Look(primary="#102030", is_landscape=False))


@pytest.mark.parametrize("name", ["أمل", "山田", "अना", "Ana \N{PARTY POPPER}", "x\u0300\u0316", "A\nB"])
def test_what_cannot_be_drawn_rightly_is_refused(name: str) -> None:
    with pytest.raises(Undrawable):
        drawable(name)


def test_a_name_is_composed_before_it_is_drawn() -> None:
    assert drawable("Rene\u0301e") == "Ren\u00e9e"


@pytest.mark.requirement("B260", "B261", "B262")
def test_nobody_is_recognised_by_what_is_counted() -> None:
    assert network_of("203.0.113.77") == "203.0.113.0/24"
    assert network_of("2001:db8:1:2::77") == "2001:db8:1::/48"
    assert network_of("::ffff:203.0.113.77") == "203.0.113.0/24"
    assert network_of("unix") is None
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
    edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0"
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 (KHTML, like Gecko) Version/18.0 Mobile/15E Safari/604"
    assert [browser_of(each) for each in (firefox, edge, phone, "curl/8")] == [
        {"family": "firefox", "major": 143},
        {"family": "edge", "major": 141},
        {"family": "safari", "major": 18},
        {},
    ]
    assert [device_of(each) for each in (firefox, phone)] == ["desktop", "mobile"]
