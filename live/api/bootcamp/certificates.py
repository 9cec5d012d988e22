"""Certificates (B226-B251): issued and revoked by whoever leads the course, kept by their holders as a page to print and as a
signed credential, and checked by anybody who has a number.
"""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from pydantic.alias_generators import to_camel

from live.api.call import Call
from live.api.resource import Resource
from live.api.route import Family, File, IdPath, Paging, Who
from live.certificates.badge import Signer
from live.certificates.content import canonical, statement
from live.certificates.issuing import Unprintable, make_out, prepare
from live.certificates.number import is_number
from live.problems import Fault, Problem, invalid, not_found
from persistence import certificates
from persistence.connection import Connection
from persistence.entities import made_of
from persistence.models.bootcamp.certificate import (
    Certificate,
    CertificateChange,
    CertificateType,
    NewCertificate,
    NewTemplate,
    Revocation,
    Standing,
    Template,
    TemplateChange,
    Verification,
)
from rooms.feature import Wire
from rooms.ids import AnyId, UserIdField

family = Family("certificates", "Certificates for completed courses, and whether they are good.")
NumberPath = Annotated[str, StringConstraints(max_length=50), Field(description="As it is printed: FP-2026-000001-7")]
ThumbprintPath = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$"), Field(description="Of a key (RFC 7638)")
]
ONE = "/bootcamp/certificates/{certificate_id}"


class CertificateFilter(Paging):
    user_id: UserIdField | None = None
    course_id: AnyId | None = None
    certificate_type: CertificateType | None = None
    is_revoked: bool | None = None


CERTIFICATES = Resource(
    family,
    "/bootcamp/certificates",
    "certificate",
    certificates.CERTIFICATES,
)
CERTIFICATES.listed("One's own, and those of courses that one leads, latest first.", CertificateFilter)
read_certificate = CERTIFICATES.read("One certificate.")
CERTIFICATES.changed("Its holder says whether whoever checks the number is told the name.", CertificateChange)


@family.post(
    "/bootcamp/certificates", Who.ACCOUNT, status=201, etag=True, refuses=("certificate.not_completed", "conflict")
)
async def create_certificate(call: Call, body: NewCertificate) -> Certificate:
    """Issues one for a course that its holder has completed: for who leads the course, but not for themselves. One per holder,
    course and type is good at a time."""
    row_id = call.new_id()
    await prepare()
    async with call.writing() as connection:
        await _require_may_issue(connection, body)
        issued = await _issued(call, connection, row_id, body)
        made = await CERTIFICATES.entity.add(connection, call.database.keys, row_id, issued)
    call.location = f"/bootcamp/certificates/{row_id}"
    return made


async def _require_may_issue(connection: Connection, body: NewCertificate) -> None:
    if not await connection.fetchval("SELECT $1::uuid = ANY (app.my_led_courses()) OR app.is_admin()", body.course_id):
        raise Problem("forbidden")
    courses = [body.course_id, *body.course_ids]
    if not await connection.fetchval("SELECT bootcamp.has_completed($1, $2::uuid[])", body.user_id, courses):
        raise Problem("certificate.not_completed", "not every course was completed")


async def _issued(call: Call, connection: Connection, row_id: str, body: NewCertificate) -> dict[str, Any]:
    """All columns."""
    if body.expiry_date is not None and body.expiry_date <= datetime.now(UTC):
        raise invalid([Fault("must lie in the future", pointer="/expiryDate")])
    holder = (await call.directory.names({body.user_id})).get(body.user_id, "")
    try:
        made = await make_out(
            connection, body, row_id=row_id, holder=holder, url=call.settings.url, issued_by=call.user
        )
    except Unprintable as error:
        raise invalid([Fault(error.why, pointer=f"/{to_camel(error.field)}")]) from None
    return {name: value for name, value in made_of(made).items() if name != "id"}


@family.post(ONE + "/revoke", Who.ACCOUNT, refuses=("illegal_transition",))
async def revoke_certificate(call: Call, certificate_id: IdPath, body: Revocation) -> Certificate:
    """It is good no more, for good; the reason is told to its holder. Another one may be issued."""
    async with call.writing() as connection:
        await CERTIFICATES.found(call, connection, certificate_id)
        revoked = {"is_revoked": True, "revoked_at": datetime.now(UTC), "revoked_reason": body.reason}
        row = await CERTIFICATES.entity.hold(connection, call.database.keys, certificate_id)
        if row is None:
            raise Problem("forbidden")
        if row.is_revoked:
            raise Problem("illegal_transition", "it was revoked before")
        changed = await CERTIFICATES.entity.change(connection, call.database.keys, certificate_id, revoked)
        if changed is None:
            raise not_found()
        return changed


# -- What its holder has of it --


@family.get(ONE + "/pdf", Who.ACCOUNT, produces="application/pdf", cost=5, refuses=("certificate.revoked",))
async def read_certificate_page(call: Call, certificate_id: IdPath) -> File:
    """To print."""
    certificate, holder = await _good(call, certificate_id)
    async with call.reading() as connection:
        template = await _template_of(call, connection, certificate)
    await prepare()
    from live.certificates.page import Look, draw  # prepared

    drawn = await asyncio.to_thread(draw, certificate, holder, Look.of(template))
    return File(drawn, "application/pdf", f"{certificate.certificate_number}.pdf")


@family.get(ONE + "/credential", Who.ACCOUNT, produces="application/vc+jwt", refuses=("certificate.revoked",))
async def read_certificate_credential(call: Call, certificate_id: IdPath) -> File:
    """An Open Badges 3.0 credential as a signed token; `GET /bootcamp/certificate-keys` has the key to check it with."""
    certificate, holder = await _good(call, certificate_id)
    signer = Signer(call.database.keys.badges, certificate.metadata.issuer)
    return File(signer.credential(certificate, holder).encode(), "application/vc+jwt")


@family.get(ONE + "/content", Who.ACCOUNT, refuses=("certificate.revoked",), produces="application/json")
async def read_certified_content(call: Call, certificate_id: IdPath) -> File:
    """What `blockchainHash` is the name of, byte by byte."""
    certificate, holder = await _good(call, certificate_id)
    return File(canonical(statement(certificate, holder)), "application/json")


async def _good(call: Call, certificate_id: str) -> tuple[Certificate, str]:
    async with call.reading() as connection:
        certificate = await CERTIFICATES.found(call, connection, certificate_id)
    if certificate.is_revoked or certificate.holder_name is None:
        raise Problem("certificate.revoked")
    return certificate, certificate.holder_name


async def _template_of(call: Call, connection: Connection, certificate: Certificate) -> Template | None:
    if certificate.template_id is None:
        return None
    return await TEMPLATES.entity.get(connection, call.database.keys, certificate.template_id)


# -- What anybody is told --


class VerificationKeys(Wire):
    """A JSON Web Key Set (RFC 7517)."""

    keys: tuple[dict[str, Any], ...]


@family.get("/bootcamp/certificate-keys", Who.ANYONE)
async def read_certificate_keys(call: Call) -> VerificationKeys:
    """With which credentials of this installation are checked."""
    return VerificationKeys(keys=(Signer(call.database.keys.badges, call.settings.url).public_key,))


@family.get("/bootcamp/certificate-keys/{thumbprint}", Who.ANYONE)
async def read_certificate_key(call: Call, thumbprint: ThumbprintPath) -> dict[str, Any]:
    """One JSON Web Key: a credential names its own by this address."""
    signer = Signer(call.database.keys.badges, call.settings.url)
    if thumbprint != signer.thumbprint:
        raise not_found()
    return signer.public_key


@family.get("/bootcamp/verify/{number}", Who.ANYONE, refuses=("rate_limited",))
async def verify_certificate(call: Call, number: NumberPath) -> Verification:
    """Whether a number is of a certificate of ours, and whether that is good."""
    wait_s = call.limits.verify_per_address.take(call.address)
    if wait_s > 0:
        raise Problem("rate_limited", retry_after_s=wait_s)
    certificate = await certificates.look_up(call.database, number) if is_number(number) else None
    if certificate is None:
        raise not_found()
    return _verified(certificate, datetime.now(UTC))


def _verified(certificate: Certificate, now: datetime) -> Verification:
    expired = certificate.expiry_date is not None and certificate.expiry_date <= now
    name = certificate.holder_name
    return Verification(
        certificate_number=certificate.certificate_number,
        status=Standing.REVOKED if certificate.is_revoked else Standing.EXPIRED if expired else Standing.VALID,
        certificate_type=certificate.certificate_type,
        course_title=certificate.metadata.course_title,
        issuer=certificate.metadata.issuer,
        holder=name if name is None or certificate.shows_holder else initials(name),
        issue_date=certificate.issue_date,
        expiry_date=certificate.expiry_date,
        revoked_at=certificate.revoked_at,
        content_hash=certificate.blockchain_hash,
    )


def initials(name: str) -> str:
    return " ".join(f"{part[0]}." for part in name.split())


# -- How they look --


class TemplateFilter(Paging):
    certificate_type: CertificateType | None = None
    is_active: bool | None = None


TEMPLATES = Resource(
    family,
    "/bootcamp/certificate-templates",
    "certificate_template",
    certificates.TEMPLATES,
)
TEMPLATES.listed("How certificates look, latest first.", TemplateFilter)
TEMPLATES.read("One template.")
TEMPLATES.made("Adds a template: for administrators.", NewTemplate)
TEMPLATES.changed("Changes what is given: for administrators.", TemplateChange)
TEMPLATES.removed("Removes a template: for administrators. What was issued with it then looks plain.")
