"""Who changed what, and who read what of others (domain.md 2.8): for administrators. Asking is noted, too."""

from typing import Annotated

from pydantic import Field

from live.api.resource import Resource
from live.api.route import Audited, Family, Paging, Who
from persistence.entities import Entity
from persistence.models.privacy import AccessLine, AuditAction, AuditLine
from rooms.feature import Moment
from rooms.ids import AnyId, UserIdField

family = Family("audit", "Changes and reads, line by line; no line ever changes or holds anybody's words.")
EntityName = Annotated[str, Field(pattern=r"^[a-z]+\.[a-z_]+$", max_length=80)]
RequestId = Annotated[str, Field(max_length=100)]
SPAN = {"from_time": "at >= {}", "to_time": "at < {}"}


class AuditFilter(Paging):
    """`rowId`: changes of the row with this id."""

    actor: UserIdField | None = None
    entity: EntityName | None = None
    action: AuditAction | None = None
    request_id: RequestId | None = None
    row_id: AnyId | None = None
    from_time: Moment | None = None
    to_time: Moment | None = None


class AccessFilter(Paging):
    """`subject`: whose data was read."""

    actor: UserIdField | None = None
    subject: UserIdField | None = None
    entity: EntityName | None = None
    request_id: RequestId | None = None
    from_time: Moment | None = None
    to_time: Moment | None = None


CHANGES = Resource(
    family,
    "/admin/audit",
    "audit_line",
    Entity(
        "audit.log", AuditLine, order=("at", "desc"), conditions={**SPAN, "row_id": "key ->> 'id' = {}::uuid::text"}
    ),
    who=Who.ADMIN,
)
ACCESSES = Resource(
    family,
    "/admin/audit/access",
    "access_line",
    Entity(
        "audit.access", AccessLine, order=("at", "desc"), conditions={**SPAN, "subject": "{}::uuid = ANY (subjects)"}
    ),
    who=Who.ADMIN,
)
ACCESSES.listed("Which requests read data of others, latest first.", AccessFilter, audited=Audited("audit.access"))
CHANGES.listed("Changes, latest first.", AuditFilter, audited=Audited("audit.log"))
