"""Roles, permissions and what each role may do by itself (W214, W215, domain.md 4.3)."""

from enum import StrEnum


class Role(StrEnum):
    __hash__ = str.__hash__  # an Enum's own is a call of Python, and rights are asked several times of every command
    INSTRUCTOR = "instructor"
    ASSISTANT = "assistant"
    PARTICIPANT = "participant"
    OBSERVER = "observer"


class Permission(StrEnum):
    __hash__ = str.__hash__
    SPEAK = "can_speak"
    SHARE_SCREEN = "can_share_screen"
    USE_WHITEBOARD = "can_use_whiteboard"
    CREATE_POLLS = "can_create_polls"
    MODERATE = "can_moderate"


STAFF = frozenset({Role.INSTRUCTOR, Role.ASSISTANT})
# Staff are free of the capacity limit (D44); only these two roles take a seat.
SEATED = frozenset({Role.PARTICIPANT, Role.OBSERVER})

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.INSTRUCTOR: frozenset(Permission),
    Role.ASSISTANT: frozenset(Permission),
    Role.PARTICIPANT: frozenset({Permission.SPEAK}),
    Role.OBSERVER: frozenset(),
}
