"""Other services that people connect (B274-B298). Tokens go in and never come out: what is shown says only that there is one."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from persistence.entities import SEALED
from rooms.feature import Flag, Moment, Wire
from rooms.ids import AnyId, UserIdField

Secret = Annotated[str, StringConstraints(min_length=1, max_length=4_096, pattern=r"^[\x21-\x7e]+$")]
SealedText = Annotated[str | None, SEALED, Field(repr=False)]
ServiceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,100}$")]


class SyncStatus(StrEnum):
    ACTIVE = "active"
    ERROR = "error"
    DISABLED = "disabled"


class NewIntegration(Wire):
    fataplus_user_id: AnyId
    access_token: Secret | None = Field(default=None, repr=False)
    refresh_token: Secret | None = Field(default=None, repr=False)
    token_expires_at: Moment | None = None


class IntegrationChange(Wire):
    """Disabling forgets the tokens; to be active again it needs new ones."""

    access_token: Secret | None = Field(default=None, repr=False)
    refresh_token: Secret | None = Field(default=None, repr=False)
    token_expires_at: Moment | None = None
    sync_status: Literal[SyncStatus.ACTIVE, SyncStatus.DISABLED] = SyncStatus.ACTIVE


class StoredIntegration(Wire):
    id: AnyId
    user_id: UserIdField
    fataplus_user_id: AnyId
    access_token: SealedText
    refresh_token: SealedText
    token_expires_at: datetime | None
    last_sync_at: datetime | None
    sync_status: SyncStatus
    sync_errors: tuple[str, ...]
    created_at: datetime
    updated_at: datetime


class Integration(Wire):
    """`syncErrors`: the last 20, oldest first."""

    id: AnyId
    user_id: UserIdField
    fataplus_user_id: AnyId
    has_access_token: bool
    has_refresh_token: bool
    token_expires_at: datetime | None
    last_sync_at: datetime | None
    sync_status: SyncStatus
    sync_errors: tuple[str, ...]
    created_at: datetime
    updated_at: datetime


class NewServiceToken(Wire):
    service_name: ServiceName
    access_token: Secret = Field(repr=False)
    refresh_token: Secret | None = Field(default=None, repr=False)
    token_expires_at: Moment | None = None
    service_user_id: Annotated[Secret, StringConstraints(max_length=255)] | None = Field(default=None, repr=False)


class ServiceTokenChange(Wire):
    """`isActive` false forgets both tokens."""

    access_token: Secret | None = Field(default=None, repr=False)
    refresh_token: Secret | None = Field(default=None, repr=False)
    token_expires_at: Moment | None = None
    service_user_id: Annotated[Secret, StringConstraints(max_length=255)] | None = Field(default=None, repr=False)
    is_active: Flag = True


class StoredServiceToken(Wire):
    id: AnyId
    user_id: UserIdField
    service_name: str
    access_token: SealedText
    refresh_token: SealedText
    token_expires_at: datetime | None
    service_user_id: SealedText
    is_active: bool
    created_at: datetime
    updated_at: datetime


class ServiceToken(Wire):
    id: AnyId
    user_id: UserIdField
    service_name: str
    has_access_token: bool
    has_refresh_token: bool
    token_expires_at: datetime | None
    is_active: bool
    created_at: datetime
    updated_at: datetime
