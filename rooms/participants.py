"""Coming, waiting, being let in, leaving and being removed (W201-W206, D42-D44, guarantees 9).

Presence is told to this file by the server (live/presence.py); capacity and order of admission are decided here, in the
session's single writer, so that two people never take the last seat.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import AwareDatetime

from rooms.admission import (
    ParticipantAdmitted,
    ParticipantBanned,
    ParticipantRemoved,
    ParticipantWaiting,
    PutOut,
    let_in,
    promote,
)
from rooms.bucket_map import BucketMap
from rooms.erasure import ErasePerson, decide_erase
from rooms.feature import Command, Context, Effect, Event, Feature, Recorded, Standing
from rooms.ids import UserId, UserIdField
from rooms.lifecycle import (
    OVER,
    RUNNING,
    SessionCancelled,
    SessionEnded,
    SessionScheduled,
    Status,
    credit_attendance,
    lapse_timer,
    require_open,
)
from rooms.people import (
    Lobby,
    People,
    Person,
    PersonErased,
    Waiting,
    WaitingFor,
    person_of,
    require_moderator,
    seats_free,
)
from rooms.refusal import Refused
from rooms.rights import RoleChanged, apply_role
from rooms.roles import SEATED, STAFF, Role

if TYPE_CHECKING:
    from rooms.room import RoomState

Quality = Literal["good", "fair", "poor"]


# -- Commands --


class Join(Command):
    """A person's first connection. `role` is the one they were invited or registered with."""

    internal: ClassVar[bool] = True
    type: Literal["participant.join"] = "participant.join"
    role: Role = Role.PARTICIPANT


class Leave(Command):
    """Nobody has seen this person for 30 s, or they left on purpose."""

    internal: ClassVar[bool] = True
    type: Literal["participant.leave"] = "participant.leave"
    user_id: UserIdField
    last_seen: AwareDatetime


class RateConnection(Command):
    internal: ClassVar[bool] = True
    type: Literal["participant.rate"] = "participant.rate"
    user_id: UserIdField
    quality: Quality


class Admit(Command):
    """Let one person in, or without `userId` everybody who waits for the host."""

    type: Literal["participant.admit"] = "participant.admit"
    user_id: UserIdField | None = None


class Deny(Command):
    """Turn one person away, or without `userId` everybody who waits for the host."""

    type: Literal["participant.deny"] = "participant.deny"
    user_id: UserIdField | None = None


class Remove(Command):
    """They may come back through the lobby."""

    type: Literal["participant.remove"] = "participant.remove"
    user_id: UserIdField


class Ban(Command):
    type: Literal["participant.ban"] = "participant.ban"
    user_id: UserIdField


class Unban(Command):
    type: Literal["participant.unban"] = "participant.unban"
    user_id: UserIdField


# -- Events --


class ParticipantJoined(Event):
    """In without waiting, or back after having left."""

    type: Literal["participant.joined"] = "participant.joined"
    user_id: UserIdField
    role: Role


class ParticipantLeft(Event):
    type: Literal["participant.left"] = "participant.left"
    user_id: UserIdField
    last_seen: AwareDatetime
    waiting: bool = False  # left the lobby


class ParticipantDenied(Event):
    type: Literal["participant.denied"] = "participant.denied"
    user_id: UserIdField


class ParticipantUnbanned(Event):
    type: Literal["participant.unbanned"] = "participant.unbanned"
    user_id: UserIdField


class QualityChanged(Event):
    type: Literal["participant.quality"] = "participant.quality"
    user_id: UserIdField
    quality: Quality


COMMANDS = (Admit, Deny, Remove, Ban, Unban)
INTERNAL = (Join, Leave, RateConnection, ErasePerson)
EVENTS: tuple[type[Event], ...] = (
    ParticipantWaiting,
    ParticipantAdmitted,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantDenied,
    ParticipantRemoved,
    ParticipantBanned,
    ParticipantUnbanned,
    QualityChanged,
    PersonErased,
)


# -- Deciding --


def decide_join(room: "RoomState", command: Join, context: Context) -> list[Event]:
    user = context.actor
    assert user is not None and room.people is not None and room.lobby is not None
    if user in room.people.banned:
        raise Refused("participant.banned", "you were banned from this session")
    if user in room.lobby.denied:
        raise Refused("participant.denied", "you were turned away from this session")
    if room.lifecycle.status in OVER:
        return []  # those who were in may look back; nobody joins any more
    if room.lobby.get(user) is not None:
        return []
    known = person_of(room, user)
    if known is not None and known.admitted:
        if known.present:
            return []
        role, reason = known.role, _obstacle_for_returning(room, known)
    else:
        # The session has its one instructor already, even if this person was invited as such (attack 17).
        role = Role.ASSISTANT if command.role is Role.INSTRUCTOR else command.role
        reason = _obstacle(room, role, removed=known is not None)
    if reason is None:
        return [ParticipantJoined(user_id=user, role=role)]
    return [ParticipantWaiting(user_id=user, role=role, reason=reason)]


def _obstacle(room: "RoomState", role: Role, *, removed: bool) -> WaitingFor | None:
    if role in STAFF and not removed:
        return None
    if room.lifecycle.lobby or removed:
        return WaitingFor.HOST
    if room.lifecycle.status not in RUNNING:
        return WaitingFor.START
    return WaitingFor.SEAT if role in SEATED and seats_free(room) < 1 else None


def _obstacle_for_returning(room: "RoomState", person: Person) -> WaitingFor | None:
    return WaitingFor.SEAT if person.role in SEATED and seats_free(room) < 1 else None


def decide_leave(room: "RoomState", command: Leave, context: Context) -> list[Event]:
    assert room.lobby is not None
    user = command.user_id
    person = person_of(room, user)
    if room.lobby.get(user) is not None:
        return [ParticipantLeft(user_id=user, last_seen=command.last_seen, waiting=True)]
    if person is None or not person.present:
        return []
    left = ParticipantLeft(user_id=user, last_seen=command.last_seen)
    return [left, *(promote(room, 1) if person.role in SEATED else [])]


def decide_rate(room: "RoomState", command: RateConnection, context: Context) -> list[Event]:
    person = person_of(room, command.user_id)
    if person is None or not person.present or person.quality == command.quality:
        return []
    return [QualityChanged(user_id=command.user_id, quality=command.quality)]


def decide_admit(room: "RoomState", command: Admit, context: Context) -> list[Event]:
    require_moderator(room, context)
    require_open(room)
    assert room.lobby is not None
    if command.user_id is None:
        return let_in(room, [each for each in room.lobby.waiting if each.reason is not WaitingFor.SEAT])
    waiting = room.lobby.get(command.user_id)
    if waiting is not None:
        events = let_in(room, [waiting])
        if not events:
            raise Refused("limit_reached", "the room is full; a free seat is given to whoever waits longest")
        return events
    if command.user_id in room.lobby.denied:
        return [ParticipantUnbanned(user_id=command.user_id)]
    raise Refused("not_found", "nobody of this id waits")


def decide_deny(room: "RoomState", command: Deny, context: Context) -> list[Event]:
    require_moderator(room, context)
    require_open(room)
    assert room.lobby is not None
    if command.user_id is None:
        return [
            ParticipantDenied(user_id=each.user) for each in room.lobby.waiting if each.reason is not WaitingFor.SEAT
        ]
    if room.lobby.get(command.user_id) is None:
        raise Refused("not_found", "nobody of this id waits")
    denied = ParticipantDenied(user_id=command.user_id)
    person = person_of(room, command.user_id)
    if person is not None and person.admitted:  # came back to a full room: denied, they read no further
        return [ParticipantRemoved(user_id=person.user, waiting=True), denied]
    return [denied]


def decide_remove(room: "RoomState", command: Remove, context: Context) -> list[Event]:
    person = _require_below(room, command.user_id, context)
    assert room.lobby is not None
    if person is None or not person.admitted:
        raise Refused("not_found", "nobody of this id is in the session")
    freed = person.present and person.role in SEATED
    removed = ParticipantRemoved(user_id=person.user, waiting=room.lobby.get(person.user) is not None)
    return [removed, *(promote(room, 1) if freed else [])]


def decide_ban(room: "RoomState", command: Ban, context: Context) -> list[Event]:
    person = _require_below(room, command.user_id, context)
    assert room.people is not None and room.lobby is not None
    if command.user_id in room.people.banned:
        return []
    waiting = room.lobby.get(command.user_id) is not None
    if person is None and not waiting:
        raise Refused("not_found", "nobody of this id is here")
    freed = person is not None and person.present and person.role in SEATED
    banned = ParticipantBanned(user_id=command.user_id, waiting=waiting, inside=person is not None)
    return [banned, *(promote(room, 1) if freed else [])]


def decide_unban(room: "RoomState", command: Unban, context: Context) -> list[Event]:
    require_moderator(room, context)
    require_open(room)
    assert room.people is not None and room.lobby is not None
    if command.user_id not in (*room.people.banned, *room.lobby.denied):
        return []
    return [ParticipantUnbanned(user_id=command.user_id)]


def _require_below(room: "RoomState", user: UserId, context: Context) -> Person | None:
    """Nobody removes the host; only the host removes staff (attack 17)."""
    require_moderator(room, context)
    require_open(room)
    person = person_of(room, user)
    if person is None:
        return None
    if person.role is Role.INSTRUCTOR:
        raise Refused("session.owned", "the host cannot be removed")
    actor = person_of(room, context.actor)
    by_host = context.actor is None or context.admin or (actor is not None and actor.role is Role.INSTRUCTOR)
    if person.role in STAFF and not by_host:
        raise Refused("forbidden", "only the host removes staff")
    return person


# -- Applying to `people` --


def _host_from_the_start(people: People, recorded: Recorded) -> People:
    assert isinstance(recorded.event, SessionScheduled)
    host = recorded.event.instructor_id
    return replace(people, persons=people.persons.set(host, Person(host, Role.INSTRUCTOR)))


def _enter(people: People, recorded: Recorded) -> People:
    event = recorded.event
    assert isinstance(event, ParticipantJoined | ParticipantAdmitted)
    known = people.get(event.user_id) or Person(event.user_id, event.role)
    joined_at = known.joined_at or recorded.at
    here = replace(known, role=event.role, admitted=True, present=True, joined_at=joined_at, left_at=None)
    return replace(people, persons=people.persons.set(event.user_id, here))


def _leave(people: People, recorded: Recorded) -> People:
    event = recorded.event
    assert isinstance(event, ParticipantLeft)
    known = people.get(event.user_id)
    if known is None or event.waiting:
        return people
    left_at = event.last_seen
    return replace(people, persons=people.persons.set(known.user, replace(known, present=False, left_at=left_at)))


def _remove(people: People, recorded: Recorded) -> People:
    event = recorded.event
    assert isinstance(event, PutOut)
    banned = people.banned
    if isinstance(event, ParticipantBanned) and event.user_id not in banned:
        banned = (*banned, event.user_id)
    known = people.get(event.user_id)
    if known is None:
        return replace(people, banned=banned)
    left_at = recorded.at if known.present else known.left_at
    gone = replace(known, admitted=False, present=False, left_at=left_at)
    return replace(people, persons=people.persons.set(known.user, gone), banned=banned)


def _unban(people: People, recorded: Recorded) -> People:
    assert isinstance(recorded.event, ParticipantUnbanned)
    user = recorded.event.user_id
    return replace(people, banned=tuple(each for each in people.banned if each != user))


def _rate(people: People, recorded: Recorded) -> People:
    event = recorded.event
    assert isinstance(event, QualityChanged)
    known = people.get(event.user_id)
    if known is None:
        return people
    return replace(people, persons=people.persons.set(known.user, replace(known, quality=event.quality)))


def _erase(people: People, recorded: Recorded) -> People:
    """How good their line was."""
    assert isinstance(recorded.event, PersonErased)
    known = people.get(recorded.event.user_id)
    if known is None:
        return people
    return replace(people, persons=people.persons.set(known.user, replace(known, quality=None)))


# -- Applying to `lobby` --


def _wait(lobby: Lobby, recorded: Recorded) -> Lobby:
    event = recorded.event
    assert isinstance(event, ParticipantWaiting)
    known = lobby.get(event.user_id)
    if known is None:
        waiting = (*lobby.waiting, Waiting(event.user_id, event.role, recorded.at, event.reason))
    else:
        again = replace(known, role=event.role, reason=event.reason)
        waiting = tuple(again if each is known else each for each in lobby.waiting)
    return replace(lobby, waiting=waiting)


def _stop_waiting(lobby: Lobby, recorded: Recorded) -> Lobby:
    user: UserId = recorded.event.user_id  # type: ignore[attr-defined]
    denied = tuple(each for each in lobby.denied if each != user)
    if isinstance(recorded.event, ParticipantDenied):
        denied = (*denied, user)
    return Lobby(waiting=tuple(each for each in lobby.waiting if each.user != user), denied=denied)


# -- What others see --


def view_people(people: People, standing: Standing) -> People | None:
    if not standing.admitted:
        return None
    if standing.staff:
        return people
    persons = {
        key: each if key == standing.user else replace(each, quality=None) for key, each in people.persons.items()
    }
    return People(persons=BucketMap(persons))


def view_lobby(lobby: Lobby, standing: Standing) -> Lobby | None:
    if standing.admitted and not standing.staff:
        return None
    return (
        lobby
        if standing.staff
        else replace(lobby, denied=tuple(each for each in lobby.denied if each == standing.user))
    )


def visible(recorded: Recorded, standing: Standing) -> Recorded | None:
    event = recorded.event
    if standing.staff:
        return recorded
    match event:
        case ParticipantAdmitted():
            return recorded
        case ParticipantWaiting():
            return None if standing.admitted else recorded
        case ParticipantDenied() if event.user_id != standing.user:
            return None if standing.admitted else _left_the_lobby(recorded, event.user_id)
        case PutOut() if not standing.admitted:
            return _left_the_lobby(recorded, event.user_id) if event.waiting else None
        case ParticipantDenied():
            return None if standing.admitted else recorded
        case ParticipantLeft():
            return recorded if event.waiting != standing.admitted else None
        case QualityChanged():
            return recorded if standing.admitted and event.user_id == standing.user else None
        case ParticipantUnbanned():
            return recorded if event.user_id == standing.user and not standing.admitted else None
        case PutOut():
            shown = ParticipantRemoved(user_id=event.user_id, waiting=event.waiting)
            return replace(recorded, event=shown) if event.inside else None
        case _:
            return recorded if standing.admitted else None


def _left_the_lobby(recorded: Recorded, user: UserId) -> Recorded:
    """What others who wait see of somebody who is turned away."""
    gone = ParticipantLeft(user_id=user, last_seen=recorded.at, waiting=True)
    return replace(recorded, actor=None, command=None, event=gone)


def parties(recorded: Recorded) -> frozenset[UserId]:
    if isinstance(recorded.event, QualityChanged | ParticipantDenied | ParticipantUnbanned):
        return frozenset({recorded.event.user_id})
    return frozenset()


def _left_lobby(lobby: Lobby, recorded: Recorded) -> Lobby:
    assert isinstance(recorded.event, ParticipantLeft)
    return _stop_waiting(lobby, recorded) if recorded.event.waiting else lobby


def _empty_lobby(lobby: Lobby, recorded: Recorded) -> Lobby:
    return replace(lobby, waiting=())


def effects(room: "RoomState", recorded: Recorded) -> tuple[Effect, ...]:
    """The end without a host is armed anew when the host comes or goes; after the end, who had gone before it attended less."""
    event = recorded.event
    if isinstance(event, ParticipantJoined | ParticipantAdmitted | ParticipantLeft):
        person = person_of(room, event.user_id)
        if person is not None and person.role is Role.INSTRUCTOR and room.lifecycle.status in RUNNING:
            return lapse_timer(room, recorded)
    end = room.lifecycle.actual_end
    if isinstance(event, ParticipantLeft) and not event.waiting and room.lifecycle.status is Status.ENDED:
        return (credit_attendance(recorded),) if end is not None and event.last_seen < end else ()
    return ()


def ending(room: "RoomState", context: Context) -> list[Event]:
    """Who came back to a full room was in before, and may look back like everybody who left."""
    assert room.lobby is not None
    waiting = [each.user for each in room.lobby.waiting if (known := person_of(room, each.user)) and known.admitted]
    return [ParticipantLeft(user_id=user, last_seen=max(context.at, room.at), waiting=True) for user in waiting]


PEOPLE = Feature(
    name="people",
    start=People(),
    decide={
        Join: decide_join,
        Leave: decide_leave,
        RateConnection: decide_rate,
        Admit: decide_admit,
        Deny: decide_deny,
        Remove: decide_remove,
        Ban: decide_ban,
        Unban: decide_unban,
        ErasePerson: decide_erase,
    },
    apply={
        SessionScheduled: _host_from_the_start,
        RoleChanged: apply_role,
        ParticipantJoined: _enter,
        ParticipantAdmitted: _enter,
        ParticipantLeft: _leave,
        ParticipantRemoved: _remove,
        ParticipantBanned: _remove,
        ParticipantUnbanned: _unban,
        QualityChanged: _rate,
        PersonErased: _erase,
    },
    own_events=EVENTS,
    view=view_people,
    visible=visible,
    parties=parties,
    effects=dict.fromkeys((ParticipantJoined, ParticipantAdmitted, ParticipantLeft), effects),
    ending=ending,
)

LOBBY = Feature(
    name="lobby",
    start=Lobby(),
    decide={},
    apply={
        ParticipantWaiting: _wait,
        ParticipantAdmitted: _stop_waiting,
        ParticipantJoined: _stop_waiting,
        ParticipantDenied: _stop_waiting,
        ParticipantRemoved: _stop_waiting,
        ParticipantBanned: _stop_waiting,
        ParticipantUnbanned: _stop_waiting,
        ParticipantLeft: _left_lobby,
        SessionEnded: _empty_lobby,
        SessionCancelled: _empty_lobby,
    },
    own_events=(),
    view=view_lobby,
)
