"""WorkbookUser (W001-W016) and the accounts' platform roles. The documented fields, plus the name everybody is shown, what
kind of account it is, and its roles."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, EmailStr, Field, StringConstraints

from rooms.feature import Flag, Line, Wire
from rooms.ids import AnyId

EMAIL_CHARACTERS_MAX = 255
PASSWORD_CHARACTERS_MIN = 10
PASSWORD_CHARACTERS_MAX = 200  # the key derivation reads all of it

Name = Annotated[Line, StringConstraints(max_length=50)]  # W015
DisplayName = Annotated[Line, StringConstraints(max_length=100)]
Email = Annotated[EmailStr, StringConstraints(max_length=EMAIL_CHARACTERS_MAX)]


class SubscriptionTier(StrEnum):
    BASIC = "basic"
    PREMIUM = "premium"
    VIP = "vip"


class PlatformRole(StrEnum):
    ADMIN = "admin"
    INSTRUCTOR = "instructor"
    ASSISTANT = "assistant"
    LEARNER = "learner"
    SERVICE = "service"


class AccountStatus(StrEnum):
    INVITED = "invited"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETION_REQUESTED = "deletion_requested"
    ERASED = "erased"


def _distinct(roles: tuple[PlatformRole, ...]) -> tuple[PlatformRole, ...]:
    return tuple(sorted(set(roles)))


Roles = Annotated[tuple[PlatformRole, ...], Field(max_length=5), AfterValidator(_distinct)]
Password = Annotated[str, StringConstraints(min_length=PASSWORD_CHARACTERS_MIN, max_length=PASSWORD_CHARACTERS_MAX)]


class WorkbookUser(Wire):
    id: AnyId
    email: str
    first_name: str | None  # None for a guest or a single name: never invented
    last_name: str | None
    full_name: str
    subscription_tier: SubscriptionTier
    workshop_access_granted: bool
    last_login_at: datetime | None
    status: AccountStatus
    is_guest: bool
    roles: tuple[PlatformRole, ...]
    created_at: datetime
    updated_at: datetime


class NewUser(Wire):
    email: Email
    first_name: Name
    last_name: Name
    full_name: DisplayName | None = None  # default: first and last name
    password: Password | None = Field(default=None, repr=False)  # without one: a link to set it is handed over
    roles: Roles = (PlatformRole.LEARNER,)

    @property
    def shown_name(self) -> str:
        return self.full_name or f"{self.first_name} {self.last_name}"


class UserChange(Wire):
    """By the person; only the given fields change."""

    first_name: Name | None = None
    last_name: Name | None = None
    full_name: DisplayName | None = None


class UserAdministration(UserChange):
    """By an administrator (W006, W007)."""

    subscription_tier: SubscriptionTier | None = None
    workshop_access_granted: Flag | None = None
    status: AccountStatus | None = None
