"""What of a session gates behaviour elsewhere and is therefore written in the append itself: the documented tables'
status, times, roles, permissions, joining and leaving (design.md 1.4, W167-W215).

Compares two states and names the rows that differ. Knows no table; counters and scores follow later (engagement.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rooms.ids import UserId
from rooms.lifecycle import Lifecycle, SessionFeature, Status
from rooms.people import Person, permissions_of
from rooms.roles import Permission, Role

if TYPE_CHECKING:
    from rooms.room import RoomState


@dataclass(frozen=True, slots=True)
class SessionRow:
    """Columns of `live_sessions`. `features` are the documents' objects: type, isEnabled, config."""

    status: Status
    title: str
    description: str | None
    scheduled_start: datetime | None
    scheduled_end: datetime | None
    actual_start: datetime | None
    actual_end: datetime | None
    max_participants: int
    features: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class ParticipantRow:
    """Columns of `session_participants`. Exists only after a real join (W205); `left_at` is None while present; `admitted` False:
    removed since."""

    user_id: UserId
    role: Role
    permissions: tuple[Permission, ...]  # sorted; effective at the state's time
    joined_at: datetime
    left_at: datetime | None
    admitted: bool = True


@dataclass(frozen=True, slots=True)
class Gates:
    """`session` is None when its row stays as it is; `participants` holds only rows to write, sorted by user."""

    session: SessionRow | None = None
    participants: tuple[ParticipantRow, ...] = ()

    def __bool__(self) -> bool:
        return self.session is not None or bool(self.participants)


NONE = Gates()


def gates(before: "RoomState", after: "RoomState") -> Gates:
    """What an append that leads from `before` to `after` has to project. Costs nothing where slices are shared."""
    shared = before.lifecycle is after.lifecycle and before.people is after.people
    if shared and before.rights is after.rights and before.lobby is after.lobby:
        return NONE
    return Gates(_session(before.lifecycle, after.lifecycle), _participants(before, after))


def _session(before: Lifecycle, after: Lifecycle) -> SessionRow | None:
    if before is after or (row := _session_row(after)) == _session_row(before):
        return None
    return row


def _session_row(now: Lifecycle) -> SessionRow:
    return SessionRow(
        status=now.status,
        title=now.title,
        description=now.description,
        scheduled_start=now.scheduled_start,
        scheduled_end=now.scheduled_end,
        actual_start=now.actual_start,
        actual_end=now.actual_end,
        max_participants=now.max_participants,
        features=tuple(_feature(each) for each in now.features),
    )


def _feature(feature: SessionFeature) -> Mapping[str, Any]:
    return feature.model_dump(mode="json", by_alias=True)


def _participants(before: "RoomState", after: "RoomState") -> tuple[ParticipantRow, ...]:
    rows = [_participant_row(after, user) for user in sorted(_moved(before, after) | _regraded(before, after))]
    return tuple(row for row in rows if row is not None)


def _moved(before: "RoomState", after: "RoomState") -> frozenset[str]:
    """Those whose own entry differs in what the row shows; the quality of a line does not count."""
    was, now = before.people, after.people
    assert was is not None and now is not None
    if was is now:
        return frozenset()
    moved = now.persons.changed_since(was.persons)
    return frozenset(user for user in moved if _shown(was.persons.get(user)) != _shown(now.persons.get(user)))


def _shown(person: Person | None) -> tuple[object, ...] | None:
    return None if person is None else (person.role, person.admitted, person.joined_at, person.left_at)


def _regraded(before: "RoomState", after: "RoomState") -> frozenset[str]:
    """Those whose rights may differ: by a grant or revocation, or because they wait again and may do nothing."""
    changed: frozenset[str] = frozenset()
    assert before.rights is not None and after.rights is not None and after.people is not None
    if before.rights is not after.rights:
        changed |= after.rights.personal.changed_since(before.rights.personal)
        changed |= after.rights.revoked.changed_since(before.rights.revoked)
        if after.rights.everyone != before.rights.everyone:
            changed |= after.people.persons.keys()
    assert before.lobby is not None and after.lobby is not None
    if before.lobby.waiting is not after.lobby.waiting:
        changed |= {each.user for each in before.lobby.waiting} ^ {each.user for each in after.lobby.waiting}
    return changed


def _participant_row(room: "RoomState", user: str) -> ParticipantRow | None:
    person = room.people.persons.get(user) if room.people is not None else None
    if person is None or person.joined_at is None:
        return None
    permissions = tuple(sorted(permissions_of(room, person.user, room.at)))
    return ParticipantRow(person.user, person.role, permissions, person.joined_at, person.left_at, person.admitted)
