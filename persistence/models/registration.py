"""Registrations (who intends to come, in which session role) and invitations (links that make them). Neither document has
them; a participant row exists only after a real join (D43)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from rooms.feature import Whole, Wire
from rooms.ids import AnyId, UserIdField
from rooms.roles import Role

EXPIRES_IN_HOURS_MAX = 24 * 90

GuestRole = Literal[Role.ASSISTANT, Role.PARTICIPANT, Role.OBSERVER]  # the instructor is the session's own


class RegistrationStatus(StrEnum):
    INVITED = "invited"
    REGISTERED = "registered"
    WAITLISTED = "waitlisted"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    ATTENDED = "attended"
    NO_SHOW = "no_show"


class NewRegistration(Wire):
    """Without `user_id` for oneself; staff name somebody else, who is then invited."""

    user_id: UserIdField | None = None
    role: GuestRole = Role.PARTICIPANT


class Registration(Wire):
    session_id: AnyId
    user_id: UserIdField
    role: Role
    status: RegistrationStatus
    waiting_position: int | None = None  # 1 is next
    created_at: datetime
    updated_at: datetime


class NewInvitation(Wire):
    role: GuestRole = Role.PARTICIPANT
    expires_in_hours: Annotated[Whole, Field(ge=1, le=EXPIRES_IN_HOURS_MAX)] = 24 * 14


class Invitation(Wire):
    """`token` is for the link; None once the installation's secret was changed after it was made."""

    id: AnyId
    session_id: AnyId
    role: Role
    used_count: int
    expires_at: datetime
    created_at: datetime
    token: str | None = Field(repr=False)


class InvitationLook(Wire):
    """What whoever holds the link may know before coming in."""

    session_id: AnyId
    title: str
    host: str
    scheduled_start: datetime
    role: Role
