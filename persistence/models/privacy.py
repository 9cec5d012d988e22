"""What people ask about their own data (domain.md 4.5, 4.6), and the lines of the audit (2.8)."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from rooms.feature import Wire
from rooms.ids import AnyId, UserIdField


class PrivacyKind(StrEnum):
    EXPORT = "export"
    ERASE = "erase"


class PrivacyStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"  # and tried again
    CANCELLED = "cancelled"


class PrivacyRequest(Wire):
    """`beginsAt`: of an erasure, when its grace is over. `dueAt`: when it has to be done. `expiresAt`: until when an export is there."""

    id: AnyId
    user_id: UserIdField
    kind: PrivacyKind
    status: PrivacyStatus
    begins_at: datetime
    due_at: datetime
    completed_at: datetime | None
    expires_at: datetime | None
    bytes: int | None
    failure: str | None
    created_at: datetime


class AuditAction(StrEnum):
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


class AuditLine(Wire):
    """One change of one row. `changed` names columns; `before` and `after` hold those of them that are no words. Without an `actor`
    it was the server itself, as `dbRole`."""

    id: AnyId
    at: datetime
    actor: UserIdField | None
    db_role: str
    request_id: str | None
    transaction: int
    entity: str
    key: dict[str, Any]
    action: AuditAction
    changed: tuple[str, ...]
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AccessLine(Wire):
    """One request that read data of `subjects`."""

    id: AnyId
    at: datetime
    actor: UserIdField
    request_id: str
    route: str
    entity: str
    ids: tuple[AnyId, ...]
    subjects: tuple[UserIdField, ...]
