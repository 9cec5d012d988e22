"""Roles and the five permissions at run time: given, taken, lent for some minutes, asked for (W214, W215, domain.md 4.3).

Two laws: nobody grants more than they hold, and a session always has exactly one instructor. What a role may do by
itself stands in roles.py, what somebody may do now in people.py.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from rooms.admission import ParticipantBanned, ParticipantRemoved, ParticipantWaiting, PutOut, promote
from rooms.bucket_map import BucketMap
from rooms.feature import Arm, Command, Context, Effect, Event, Feature, Recorded, Standing, Whole
from rooms.ids import UserId, UserIdField
from rooms.lifecycle import TAKE_OVER_AFTER, lapse_timer, require_open
from rooms.people import (
    Ask,
    Grant,
    People,
    Person,
    Rights,
    host_of,
    permissions_of,
    person_of,
    require_member,
    require_moderator,
    role_of,
    seats_free,
)
from rooms.refusal import Refused
from rooms.roles import ROLE_PERMISSIONS, SEATED, STAFF, Permission, Role

if TYPE_CHECKING:
    from rooms.room import RoomState

ASKS_MAX = 200


# -- Commands --


class SetRole(Command):
    """Only the host gives roles. Giving away `instructor` makes the giver an assistant."""

    type: Literal["role.set"] = "role.set"
    user_id: UserIdField
    role: Role


class TakeOver(Command):
    """An assistant becomes the instructor when there was none for 5 minutes."""

    type: Literal["role.takeOver"] = "role.takeOver"


class AskPermission(Command):
    type: Literal["permission.ask"] = "permission.ask"
    permission: Permission


class GrantPermission(Command):
    """To one person, or without `userId` to every participant, also those who come later; `minutes` lends it."""

    type: Literal["permission.grant"] = "permission.grant"
    user_id: UserIdField | None = None
    permission: Permission
    minutes: Annotated[Whole, Field(ge=1, le=480)] | None = None


class RevokePermission(Command):
    """From one person, or without `userId` what was granted to all. Also declines somebody who asked."""

    type: Literal["permission.revoke"] = "permission.revoke"
    user_id: UserIdField | None = None
    permission: Permission


class ExpirePermission(Command):
    internal: ClassVar[bool] = True
    type: Literal["permission.expire"] = "permission.expire"
    user_id: UserIdField | None = None
    permission: Permission
    armed: int


# -- Events --


class RoleChanged(Event):
    type: Literal["role.changed"] = "role.changed"
    user_id: UserIdField
    role: Role


class PermissionAsked(Event):
    type: Literal["permission.asked"] = "permission.asked"
    user_id: UserIdField
    permission: Permission


class PermissionGranted(Event):
    type: Literal["permission.granted"] = "permission.granted"
    user_id: UserIdField | None = None
    permission: Permission
    until: AwareDatetime | None = None


class PermissionRevoked(Event):
    """`expired`: its time was over. `declined`: it was asked for, and is not given; nobody else is told."""

    type: Literal["permission.revoked"] = "permission.revoked"
    user_id: UserIdField | None = None
    permission: Permission
    expired: bool = False
    declined: bool = False


COMMANDS = (SetRole, TakeOver, AskPermission, GrantPermission, RevokePermission)
INTERNAL = (ExpirePermission,)
EVENTS: tuple[type[Event], ...] = (RoleChanged, PermissionAsked, PermissionGranted, PermissionRevoked)


# -- Deciding --


def decide_set_role(room: "RoomState", command: SetRole, context: Context) -> list[Event]:
    require_open(room)
    host = host_of(room)
    by_host = context.actor is None or context.admin or (host is not None and host.user == context.actor)
    if not by_host:
        raise Refused("forbidden", "only the host gives roles")
    assert room.lobby is not None
    waiting, person = room.lobby.get(command.user_id), person_of(room, command.user_id)
    if waiting is not None and (person is None or not person.admitted) and command.role is not Role.INSTRUCTOR:
        again = ParticipantWaiting(user_id=waiting.user, role=command.role, reason=waiting.reason)
        return [again] if waiting.role is not command.role else []
    if person is None and command.role is not Role.INSTRUCTOR and not _shut_out(room, command.user_id):
        return [RoleChanged(user_id=command.user_id, role=command.role)]  # before they come; they need not wait
    if person is None or role_of(room, person.user) is None:
        raise Refused("not_found", "nobody of this id is in the session")
    if person.role is command.role:
        return []
    if person.role is Role.INSTRUCTOR:
        raise Refused("session.owned", "a session needs a host: make somebody else the instructor instead")
    return [*_change_role(room, person, command.role), *_host_steps_down(host, command.role)]


def _shut_out(room: "RoomState", user: UserId) -> bool:
    assert room.people is not None and room.lobby is not None
    return user in room.people.banned or user in room.lobby.denied


def _change_role(room: "RoomState", person: Person, role: Role) -> list[Event]:
    """With the seat that it takes or frees (D44)."""
    changed = RoleChanged(user_id=person.user, role=role)
    if not person.present or (person.role in SEATED) == (role in SEATED):
        return [changed]
    if role in STAFF:
        return [changed, *promote(room, 1)]
    if seats_free(room) < 1:
        raise Refused("limit_reached", "the room is full: there is no seat for one more participant")
    return [changed]


def _host_steps_down(host: Person | None, role: Role) -> list[Event]:
    if role is not Role.INSTRUCTOR or host is None:
        return []
    return [RoleChanged(user_id=host.user, role=Role.ASSISTANT)]


def decide_take_over(room: "RoomState", command: TakeOver, context: Context) -> list[Event]:
    person = person_of(room, context.actor)
    if person is None or person.role is not Role.ASSISTANT or not person.admitted:
        raise Refused("forbidden", "only an assistant may take over")
    require_open(room)
    host = host_of(room)
    if host is not None and (host.present or context.at < _missing_since(room, host) + TAKE_OVER_AFTER):
        raise Refused("forbidden", "the instructor was here in the last 5 minutes")
    return [RoleChanged(user_id=person.user, role=Role.INSTRUCTOR), *_host_steps_down(host, Role.INSTRUCTOR)]


def _missing_since(room: "RoomState", host: Person) -> datetime:
    since = host.left_at or room.lifecycle.scheduled_start
    assert since is not None, "the first event of a session schedules it"
    return since


def decide_ask(room: "RoomState", command: AskPermission, context: Context) -> list[Event]:
    user = require_member(room, context, observers=True)
    require_open(room)
    assert room.rights is not None
    if command.permission is Permission.MODERATE:
        raise Refused("forbidden", "moderating is not asked for")
    if command.permission in permissions_of(room, user, context.at) or _asked(room.rights, user, command.permission):
        return []
    if len(room.rights.asked) >= ASKS_MAX:
        raise Refused("limit_reached", "too many people are asking")
    return [PermissionAsked(user_id=user, permission=command.permission)]


def _asked(rights: Rights, user: UserId, permission: Permission) -> Ask | None:
    return next((each for each in rights.asked if each.user == user and each.permission is permission), None)


def decide_grant(room: "RoomState", command: GrantPermission, context: Context) -> list[Event]:
    require_moderator(room, context)
    require_open(room)
    assert room.rights is not None
    own_until = _may_pass_on(room, command.permission, context)
    until = context.at + timedelta(minutes=command.minutes) if command.minutes else None
    if own_until is not None:
        until = min(until, own_until) if until else own_until
    if command.user_id is None:
        if command.permission is Permission.MODERATE:
            raise Refused("forbidden", "moderating is given to one person at a time")
        return [PermissionGranted(permission=command.permission, until=until)]
    person = person_of(room, command.user_id)
    if person is None or not person.admitted:
        raise Refused("not_found", "nobody of this id is in the session")
    if command.user_id == context.actor:
        raise Refused("forbidden", "nobody grants rights to themselves")
    if until is None and _held_for_good(room.rights, person, command.permission):
        return []
    return [PermissionGranted(user_id=person.user, permission=command.permission, until=until)]


def _may_pass_on(room: "RoomState", permission: Permission, context: Context) -> datetime | None:
    """Raises unless the actor holds it; returns until when, None for good."""
    if context.actor is None or context.admin:
        return None
    role = person_of(room, context.actor)
    if permission is Permission.MODERATE and (role is None or role.role is not Role.INSTRUCTOR):
        raise Refused("forbidden", "only the instructor makes moderators")
    if permission not in permissions_of(room, context.actor, context.at):
        raise Refused("forbidden", "nobody grants more than they hold")
    assert room.rights is not None and role is not None
    if role.role is Role.INSTRUCTOR:  # whatever was taken from them in another role
        return None
    if permission in ROLE_PERMISSIONS[role.role] and permission not in room.rights.revoked.get(role.user, ()):
        return None
    grants = [room.rights.personal.get(role.user, {}).get(permission)]
    if permission not in room.rights.revoked.get(role.user, ()):
        grants.append(room.rights.everyone.get(permission))
    ends = [each.until for each in grants if each is not None and each.holds_at(context.at)]
    return None if None in ends else max(end for end in ends if end is not None)


def _held_for_good(rights: Rights, person: Person, permission: Permission) -> bool:
    if permission in rights.revoked.get(person.user, ()):
        return False
    grant = rights.personal.get(person.user, {}).get(permission)
    return (grant is not None and grant.until is None) or (
        permission in ROLE_PERMISSIONS[person.role] and grant is None
    )


def decide_revoke(room: "RoomState", command: RevokePermission, context: Context) -> list[Event]:
    require_moderator(room, context)
    require_open(room)
    assert room.rights is not None
    if command.user_id is None:
        if command.permission not in room.rights.everyone:
            return []
        return [PermissionRevoked(permission=command.permission)]
    person = person_of(room, command.user_id)
    if person is None or not person.admitted:
        raise Refused("not_found", "nobody of this id is in the session")
    actor = person_of(room, context.actor)
    by_host = context.actor is None or context.admin or (actor is not None and actor.role is Role.INSTRUCTOR)
    if person.role is Role.INSTRUCTOR:
        raise Refused("session.owned", "the instructor keeps all rights")
    if not by_host and (person.role in STAFF or command.permission is Permission.MODERATE):
        raise Refused("forbidden", "only the instructor takes rights from staff")
    held = command.permission in permissions_of(room, person.user, context.at)
    if not held and not _asked(room.rights, person.user, command.permission):
        return []
    return [PermissionRevoked(user_id=person.user, permission=command.permission, declined=not held)]


def decide_expire(room: "RoomState", command: ExpirePermission, context: Context) -> list[Event]:
    assert room.rights is not None
    given = room.rights.everyone if command.user_id is None else room.rights.personal.get(command.user_id, {})
    grant = given.get(command.permission)
    if grant is None or grant.armed != command.armed or grant.holds_at(context.at):
        return []
    return [PermissionRevoked(user_id=command.user_id, permission=command.permission, expired=True)]


# -- Applying --


def apply_role(people: People, recorded: Recorded) -> People:
    event = recorded.event
    assert isinstance(event, RoleChanged)
    known = people.get(event.user_id) or Person(event.user_id, event.role)
    return replace(people, persons=people.persons.set(event.user_id, replace(known, role=event.role)))


def apply_asked(rights: Rights, recorded: Recorded) -> Rights:
    event = recorded.event
    assert isinstance(event, PermissionAsked)
    return replace(rights, asked=(*rights.asked, Ask(event.user_id, event.permission, recorded.at)))


def apply_granted(rights: Rights, recorded: Recorded) -> Rights:
    event = recorded.event
    assert isinstance(event, PermissionGranted)
    grant = {event.permission: Grant(recorded.seq, event.until)}
    if event.user_id is None:
        return replace(rights, everyone={**rights.everyone, **grant})
    personal = rights.personal.set(event.user_id, {**rights.personal.get(event.user_id, {}), **grant})
    # What is only lent leaves the revocation standing for the time after it.
    lent = event.until is not None
    revoked = rights.revoked if lent else _without(rights.revoked, event.user_id, event.permission)
    return replace(rights, personal=personal, revoked=revoked, asked=_unasked(rights, event.user_id, event.permission))


def apply_revoked(rights: Rights, recorded: Recorded) -> Rights:
    event = recorded.event
    assert isinstance(event, PermissionRevoked)
    if event.user_id is None:
        return replace(rights, everyone={k: v for k, v in rights.everyone.items() if k is not event.permission})
    if event.declined:
        return replace(rights, asked=_unasked(rights, event.user_id, event.permission))
    given: Mapping[Permission, Grant] = rights.personal.get(event.user_id, {})
    left = {k: v for k, v in given.items() if k is not event.permission}
    personal = rights.personal.set(event.user_id, left) if left else rights.personal.drop(event.user_id)
    revoked = rights.revoked
    if not event.expired:
        others = tuple(each for each in revoked.get(event.user_id, ()) if each is not event.permission)
        revoked = revoked.set(event.user_id, (*others, event.permission))
    return replace(rights, personal=personal, revoked=revoked, asked=_unasked(rights, event.user_id, event.permission))


def apply_put_out(rights: Rights, recorded: Recorded) -> Rights:
    """Who is let in again starts with the rights of their role; what was taken from them stays taken."""
    assert isinstance(recorded.event, PutOut)
    user = recorded.event.user_id
    asked = tuple(each for each in rights.asked if each.user != user)
    return replace(rights, personal=rights.personal.drop(user), asked=asked)


def _without(
    revoked: BucketMap[tuple[Permission, ...]], user: UserId, permission: Permission
) -> BucketMap[tuple[Permission, ...]]:
    left = tuple(each for each in revoked.get(user, ()) if each is not permission)
    return revoked.set(user, left) if left else revoked.drop(user)


def _unasked(rights: Rights, user: UserId, permission: Permission) -> tuple[Ask, ...]:
    return tuple(each for each in rights.asked if not (each.user == user and each.permission is permission))


# -- Effects and what others see: grants are shown to all, who asked only to staff and to oneself. --


def effects(room: "RoomState", recorded: Recorded) -> tuple[Effect, ...]:
    event = recorded.event
    if isinstance(event, RoleChanged):
        return lapse_timer(room, recorded)  # the end without a host asks who hosts
    if not isinstance(event, PermissionGranted) or event.until is None:
        return ()
    whom = event.user_id or "everyone"
    command = ExpirePermission(user_id=event.user_id, permission=event.permission, armed=recorded.seq)
    return (Arm(f"permission.expire:{whom}:{event.permission}:{recorded.seq}", event.until, command),)


def view(rights: Rights, standing: Standing) -> Rights | None:
    if not standing.admitted:
        return None
    if standing.staff:
        return rights
    return replace(rights, asked=tuple(each for each in rights.asked if each.user == standing.user))


def visible(recorded: Recorded, standing: Standing) -> Recorded | None:
    if not standing.admitted:
        return None
    event = recorded.event
    private = isinstance(event, PermissionAsked) or (isinstance(event, PermissionRevoked) and event.declined)
    if private and not standing.staff and getattr(event, "user_id", None) != standing.user:
        return None
    return recorded


def parties(recorded: Recorded) -> frozenset[UserId]:
    event = recorded.event
    if isinstance(event, PermissionAsked):
        return frozenset({event.user_id})
    if isinstance(event, PermissionRevoked) and event.declined and event.user_id is not None:
        return frozenset({event.user_id})
    return frozenset()


FEATURE = Feature(
    name="rights",
    start=Rights(),
    decide={
        SetRole: decide_set_role,
        TakeOver: decide_take_over,
        AskPermission: decide_ask,
        GrantPermission: decide_grant,
        RevokePermission: decide_revoke,
        ExpirePermission: decide_expire,
    },
    apply={
        PermissionAsked: apply_asked,
        PermissionGranted: apply_granted,
        PermissionRevoked: apply_revoked,
        ParticipantRemoved: apply_put_out,
        ParticipantBanned: apply_put_out,
    },
    own_events=EVENTS,
    view=view,
    visible=visible,
    parties=parties,
    effects=dict.fromkeys((RoleChanged, PermissionGranted), effects),
)
