"""Letting people in while there are seats, and the waitlist that promotes itself (D44).

Only the events of coming in and being put out, and the arithmetic of seats; who may let in, remove or ban is decided in
participants.py and lifecycle.py.
"""

from typing import TYPE_CHECKING, Literal

from rooms.feature import Event
from rooms.ids import UserIdField
from rooms.people import Waiting, WaitingFor, seats_free
from rooms.roles import SEATED, Role

if TYPE_CHECKING:
    from rooms.room import RoomState


class ParticipantWaiting(Event):
    """Again for somebody who waits already: for another reason, or in another role."""

    type: Literal["participant.waiting"] = "participant.waiting"
    user_id: UserIdField
    role: Role
    reason: WaitingFor


class ParticipantAdmitted(Event):
    """Let in from the lobby; from now on they are present."""

    type: Literal["participant.admitted"] = "participant.admitted"
    user_id: UserIdField
    role: Role


class PutOut(Event):
    """`waiting`: was in the lobby; `inside`: had been let in before. Both, for somebody who came back to a full room."""

    user_id: UserIdField
    waiting: bool = False
    inside: bool = True


class ParticipantRemoved(PutOut):
    type: Literal["participant.removed"] = "participant.removed"


class ParticipantBanned(PutOut):
    """Peers are shown a removal."""

    type: Literal["participant.banned"] = "participant.banned"


def admit_waiting(room: "RoomState") -> list[Event]:
    """Everybody who waited for the start; used when a session without a lobby becomes active."""
    assert room.lobby is not None
    return let_in(room, [each for each in room.lobby.waiting if each.reason is WaitingFor.START])


def admit_waitlisted(room: "RoomState", seats: int) -> list[Event]:
    """The capacity became `seats`."""
    return promote(room, seats - room.lifecycle.max_participants)


def let_in(room: "RoomState", chosen: list[Waiting]) -> list[Event]:
    free = seats_free(room)
    events: list[Event] = []
    for each in chosen:
        if each.role in SEATED and free < 1:
            if each.reason is not WaitingFor.SEAT:
                events.append(ParticipantWaiting(user_id=each.user, role=each.role, reason=WaitingFor.SEAT))
            continue
        free -= each.role in SEATED
        events.append(ParticipantAdmitted(user_id=each.user, role=each.role))
    return events


def promote(room: "RoomState", freed: int) -> list[Event]:
    """The waitlist promotes itself, in the order in which people came (D44)."""
    assert room.lobby is not None
    seats = max(0, seats_free(room) + freed)
    line = [each for each in room.lobby.waiting if each.reason is WaitingFor.SEAT]
    return [ParticipantAdmitted(user_id=each.user, role=each.role) for each in line[:seats]]
