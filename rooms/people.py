"""Who is in a session, who waits before it, and what anybody may do: the state that every feature asks.

Holds the slices `people`, `lobby` and `rights` and the questions asked of them. How they change is decided in
participants.py (coming, going, admission) and rights.py (roles and permissions).
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from rooms.bucket_map import BucketMap
from rooms.feature import Context, Event, Standing
from rooms.ids import UserId, UserIdField
from rooms.refusal import Refused
from rooms.roles import ROLE_PERMISSIONS, SEATED, STAFF, Permission, Role
from rooms.values import value

if TYPE_CHECKING:
    from rooms.room import RoomState


@value(frozen=True, slots=True)
class Person:
    """Everybody who was ever let in, and the host from the first event on. `admitted` False: removed since."""

    user: UserId
    role: Role
    admitted: bool = True
    present: bool = False
    joined_at: datetime | None = None
    left_at: datetime | None = None
    quality: str | None = None  # W220, shown to staff and to oneself


@value(frozen=True, slots=True)
class People:
    persons: BucketMap[Person] = field(default_factory=BucketMap)
    banned: tuple[UserId, ...] = ()  # staff only

    def get(self, user: UserId) -> Person | None:
        return self.persons.get(user)


class WaitingFor(StrEnum):
    START = "start"
    HOST = "host"  # somebody must let them in
    SEAT = "seat"  # let in, but the room is full: promoted in this order


@value(frozen=True, slots=True)
class Waiting:
    user: UserId
    role: Role
    since: datetime
    reason: WaitingFor


@value(frozen=True, slots=True)
class Lobby:
    waiting: tuple[Waiting, ...] = ()  # in the order in which they came
    denied: tuple[UserId, ...] = ()  # staff only

    def get(self, user: UserId) -> Waiting | None:
        return next((each for each in self.waiting if each.user == user), None)


@value(frozen=True, slots=True)
class Grant:
    """`armed` is the seq of the granting event: the timer that ends a grant names it."""

    armed: int
    until: datetime | None = None

    def holds_at(self, at: datetime) -> bool:
        return self.until is None or at < self.until


@value(frozen=True, slots=True)
class Ask:
    user: UserId
    permission: Permission
    since: datetime


@value(frozen=True, slots=True)
class Rights:
    """What people were given beyond their role.

    A personal revocation beats the role and what everyone has; a personal grant, lent for some minutes, beats that.
    """

    personal: BucketMap[Mapping[Permission, Grant]] = field(default_factory=BucketMap)
    revoked: BucketMap[tuple[Permission, ...]] = field(default_factory=BucketMap)
    everyone: Mapping[Permission, Grant] = field(default_factory=dict)  # every participant, also later ones
    asked: tuple[Ask, ...] = ()


class PersonErased(Event):
    """Somebody's words are gone from here (erasure.py); whoever holds some forgets them."""

    type: Literal["person.erased"] = "person.erased"
    user_id: UserIdField


# -- Questions --


def person_of(room: "RoomState", user: UserId | None) -> Person | None:
    return room.people.get(user) if room.people is not None and user is not None else None


def role_of(room: "RoomState", user: UserId | None) -> Role | None:
    """The role of somebody who was let in and does not wait (again) for a seat."""
    people, lobby = room.people, room.lobby
    person = people.persons.get(user) if people is not None and user is not None else None
    if person is None or not person.admitted:
        return None
    if lobby is not None and lobby.waiting and lobby.get(person.user) is not None:
        return None
    return person.role


def host_of(room: "RoomState") -> Person | None:
    people = room.people.persons.values() if room.people is not None else ()
    return next((each for each in people if each.role is Role.INSTRUCTOR), None)


def permissions_of(room: "RoomState", user: UserId | None, at: datetime) -> frozenset[Permission]:
    return frozenset(each for each in Permission if may(room, user, each, at))


def may(room: "RoomState", user: UserId | None, permission: Permission, at: datetime) -> bool:
    """A right whose time is over counts as over, even if its timer is late. The instructor always has all. Asked of every command,
    some more than once."""
    role = role_of(room, user)
    if role is None or user is None:
        return False
    by_role = permission in ROLE_PERMISSIONS[role]
    rights = room.rights
    if rights is None or role is Role.INSTRUCTOR:
        return by_role
    given = rights.personal.get(user)
    if given is not None and (grant := given.get(permission)) is not None and grant.holds_at(at):
        return True
    if permission in rights.revoked.get(user, ()):
        return False
    lent = rights.everyone.get(permission) if role is Role.PARTICIPANT else None
    return by_role or (lent is not None and lent.holds_at(at))


def is_staff(room: "RoomState", user: UserId | None) -> bool:
    """Staff by the log alone: a moderator's standing lasts until the event that ends it."""
    return user is not None and _is_staff_as(room, user, role_of(room, user))


def _is_staff_as(room: "RoomState", user: UserId, role: Role | None) -> bool:
    if role is None or role in STAFF:
        return role is not None
    rights = room.rights
    return rights is not None and Permission.MODERATE in rights.personal.get(user, ())


def standing_of(room: "RoomState", user: UserId) -> Standing:
    role = role_of(room, user)
    if role is None:
        return Standing(user, False, False)
    place = room.breakouts.places.get(user) if room.breakouts is not None else None
    return Standing(user, _is_staff_as(room, user, role), True, place)


def known_to(room: "RoomState") -> frozenset[UserId]:
    """Everybody whom the session has ever had to do with."""
    if room.people is None:
        return frozenset()
    waiting = {each.user for each in room.lobby.waiting} if room.lobby is not None else set()
    denied = room.lobby.denied if room.lobby is not None else ()
    return frozenset({*map(UserId, room.people.persons.keys()), *room.people.banned, *waiting, *denied})


def moderates(room: "RoomState", context: Context) -> bool:
    """The server, the platform's admins, and whoever may moderate now."""
    if context.actor is None or context.admin:
        return True
    return may(room, context.actor, Permission.MODERATE, context.at)


def require_moderator(room: "RoomState", context: Context) -> None:
    if not moderates(room, context):
        raise Refused("forbidden", "only moderators may do this")


def require_permission(room: "RoomState", context: Context, permission: Permission) -> None:
    if context.actor is None or context.admin:
        return
    if not may(room, context.actor, permission, context.at):
        raise Refused("forbidden", f"this needs {permission}")


def require_member(room: "RoomState", context: Context, *, observers: bool = False) -> UserId:
    """The actor, who must have been let in. Observers only read unless the command says otherwise."""
    role = role_of(room, context.actor)
    if role is None or context.actor is None:
        if context.admin and context.actor is not None:
            return context.actor
        raise Refused("participant.not_admitted", "you have not been let in")
    if role is Role.OBSERVER and not observers and not moderates(room, context):
        raise Refused("forbidden", "observers only read")
    return context.actor


def seats_free(room: "RoomState") -> int:
    people = room.people.persons.values() if room.people is not None else ()
    taken = sum(1 for each in people if each.present and each.role in SEATED)
    return room.lifecycle.max_participants - taken
