"""Certificates, what anybody is told who checks one, and how they look (B226-B251)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from persistence.entities import SEALED
from persistence.models.bootcamp.words import Https, Inside, Name, Text
from rooms.feature import Flag, Line, Moment, Whole, Wire
from rooms.ids import AnyId, UserIdField


class CertificateType(StrEnum):
    COURSE_COMPLETION = "course_completion"
    PROGRAM_COMPLETION = "program_completion"
    SPECIALIZATION = "specialization"


class CertificateMetadata(Inside):
    """What was true when it was issued. `course_ids`: all courses of a programme, whose last one the certificate names (D73)."""

    model_config = ConfigDict(extra="ignore")  # later releases may add keys

    course_title: str = ""
    issuer: str = ""
    course_ids: tuple[AnyId, ...] = ()
    issued_by: UserIdField | None = None
    distinction: str | None = None


class NewCertificate(Wire):
    """`expiryDate`: until when it is good; without it for ever."""

    user_id: UserIdField
    course_id: AnyId
    certificate_type: CertificateType = CertificateType.COURSE_COMPLETION
    expiry_date: Moment | None = None
    course_ids: Annotated[tuple[AnyId, ...], Field(max_length=50)] = ()
    distinction: Annotated[Line, StringConstraints(max_length=100)] | None = None


class CertificateChange(Wire):
    """Its holder says whether whoever checks the number is told the name; else it is initials."""

    shows_holder: Flag


class Revocation(Wire):
    reason: Text


class Certificate(Wire):
    id: AnyId
    user_id: UserIdField
    course_id: AnyId
    certificate_type: CertificateType
    certificate_number: str
    issue_date: datetime
    expiry_date: datetime | None
    blockchain_hash: str | None
    verification_url: str | None
    is_revoked: bool
    revoked_at: datetime | None
    revoked_reason: str | None
    metadata: CertificateMetadata
    holder_name: Annotated[str | None, SEALED]
    shows_holder: bool
    template_id: AnyId | None


class Standing(StrEnum):
    VALID = "valid"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Verification(Wire):
    """What a number answers to anybody. `holder`: initials, or the name where its holder wants that; absent once erased."""

    certificate_number: str
    status: Standing
    certificate_type: CertificateType
    course_title: str
    issuer: str
    holder: str | None
    issue_date: datetime
    expiry_date: datetime | None
    revoked_at: datetime | None
    content_hash: str | None


Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")]


class Layout(Inside):
    """B249: positioning and styling. `margin` in millimetres; `heading` and `statement` are the words above and below the name."""

    orientation: Literal["landscape", "portrait"] = "landscape"
    margin: Annotated[Whole, Field(ge=10, le=60)] = 20
    heading: Annotated[Line, StringConstraints(max_length=80)] | None = None
    statement: Annotated[Line, StringConstraints(max_length=120)] | None = None
    border: Flag = True


class NewTemplate(Wire):
    """An active one takes the place of the one that was active for its type."""

    template_name: Name
    certificate_type: CertificateType = CertificateType.COURSE_COMPLETION
    design_file_url: Https | None = None
    background_image_url: Https | None = None
    font_family: Annotated[Line, StringConstraints(max_length=100)] = "Inter"
    primary_color: Colour = "#10B981"
    secondary_color: Colour = "#6B7280"
    layout_config: Layout = Layout()
    is_active: Flag = True


class TemplateChange(Wire):
    template_name: Name = ""
    design_file_url: Https | None = None
    background_image_url: Https | None = None
    font_family: Annotated[Line, StringConstraints(max_length=100)] = "Inter"
    primary_color: Colour = "#10B981"
    secondary_color: Colour = "#6B7280"
    layout_config: Layout = Layout()
    is_active: Flag = True


class Template(Wire):
    id: AnyId
    template_name: str
    certificate_type: CertificateType
    design_file_url: str | None
    background_image_url: str | None
    font_family: str
    primary_color: str
    secondary_color: str
    layout_config: Layout
    is_active: bool
    created_at: datetime
