"""What events make of the breakout rooms, and who sees what of both.

A set is planned in front of staff only; its opening brings it to everybody. From then on all may know which rooms there
are and who is in which; what happens inside a room, its bell and its closing time are for who is there, and staff.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from rooms.admission import ParticipantBanned, ParticipantRemoved
from rooms.breakout_events import (
    BreakoutAssigned,
    BreakoutBroadcasted,
    BreakoutCancelled,
    BreakoutClosed,
    BreakoutClosing,
    BreakoutCreated,
    BreakoutDiscarded,
    BreakoutExtended,
    BreakoutMoved,
    BreakoutOpened,
    BreakoutOpening,
    BreakoutRenamed,
    BreakoutUpdated,
    Closing,
    HelpAsked,
    HelpEnded,
    Move,
    Policy,
)
from rooms.breakout_sets import (
    BreakoutRoom,
    Breakouts,
    BreakoutSet,
    Broadcast,
    Help,
    Opening,
    RoomStatus,
    SetStatus,
)
from rooms.bucket_map import BucketMap
from rooms.feature import Event, Recorded, Standing
from rooms.ids import UserId
from rooms.people import PersonErased

BROADCASTS_KEPT = 20


# -- Applying. A view is folded by the same functions: what it does not hold stays away. --


def _changes(change: Callable[[BreakoutSet, Recorded], BreakoutSet]) -> Callable[[Breakouts, Recorded], Breakouts]:
    def apply(breakouts: Breakouts, recorded: Recorded) -> Breakouts:
        held = breakouts.sets.get(recorded.event.set_id)  # type: ignore[attr-defined]
        return breakouts if held is None else breakouts.with_(change(held, recorded))

    return apply


def _set_of(event: BreakoutCreated | BreakoutOpened, seq: int, status: RoomStatus) -> BreakoutSet:
    policy = {name: getattr(event, name) for name in Policy.model_fields}
    rooms = tuple(BreakoutRoom(each.id, each.name, each.capacity, each.members, status) for each in event.rooms)
    return BreakoutSet(id=event.set_id, seq=seq, name=event.name, rooms=rooms, repeats=event.repeats, **policy)


def apply_created(breakouts: Breakouts, recorded: Recorded) -> Breakouts:
    event = recorded.event
    assert isinstance(event, BreakoutCreated)
    return breakouts.with_(_set_of(event, recorded.seq, RoomStatus.PLANNED))


def _updated(held: BreakoutSet, recorded: Recorded) -> BreakoutSet:
    given = recorded.event.model_dump(exclude_none=True, exclude={"type", "set_id", "planned"})
    return replace(held, **given)


def _renamed(held: BreakoutSet, recorded: Recorded) -> BreakoutSet:
    event = recorded.event
    assert isinstance(event, BreakoutRenamed)
    return _with_rooms(held, [event.room_id], lambda room: replace(room, name=event.name))


def _with_rooms(held: BreakoutSet, ids: Iterable[str], change: Callable[[BreakoutRoom], BreakoutRoom]) -> BreakoutSet:
    named = frozenset(ids)
    return replace(held, rooms=tuple(change(each) if each.id in named else each for each in held.rooms))


def _assigned(held: BreakoutSet, recorded: Recorded) -> BreakoutSet:
    event = recorded.event
    assert isinstance(event, BreakoutAssigned)
    members = {each.room_id: each.members for each in event.rooms}
    seated = _with_rooms(held, members, lambda room: replace(room, members=members[room.id]))
    return replace(seated, assignment=event.assignment, repeats=event.repeats)


def apply_discarded(breakouts: Breakouts, recorded: Recorded) -> Breakouts:
    assert isinstance(recorded.event, BreakoutDiscarded)
    return replace(breakouts, sets=breakouts.sets.drop(recorded.event.set_id))


def apply_opening(breakouts: Breakouts, recorded: Recorded) -> Breakouts:
    event = recorded.event
    assert isinstance(event, BreakoutOpening)
    opening = Opening(event.set_id, event.name, event.opens_at)
    held = breakouts.sets.get(event.set_id)
    if held is not None:
        breakouts = breakouts.with_(replace(held, status=SetStatus.OPENING, minutes=event.minutes, armed=recorded.seq))
    return replace(breakouts, opening=opening)


def apply_cancelled(breakouts: Breakouts, recorded: Recorded) -> Breakouts:
    assert isinstance(recorded.event, BreakoutCancelled)
    held = breakouts.sets.get(recorded.event.set_id)
    if held is not None:
        breakouts = breakouts.with_(replace(held, status=SetStatus.PLANNED, minutes=None, armed=None))
    return replace(breakouts, opening=None)


def apply_opened(breakouts: Breakouts, recorded: Recorded) -> Breakouts:
    event = recorded.event
    assert isinstance(event, BreakoutOpened)
    opened = replace(_set_of(event, recorded.seq, RoomStatus.OPEN), status=SetStatus.OPEN, opened_at=recorded.at)
    opened = _closings(opened, recorded.seq, event.closings, called=False)
    return _move(replace(breakouts.with_(opened), opening=None), event.moves)


def apply_moved(breakouts: Breakouts, recorded: Recorded) -> Breakouts:
    event = recorded.event
    assert isinstance(event, BreakoutMoved)
    held = breakouts.sets.get(event.set_id)
    if event.assigned and held is not None:
        breakouts = breakouts.with_(_reassigned(held, event.moves))
    return _move(breakouts, event.moves)


def _move(breakouts: Breakouts, moves: tuple[Move, ...]) -> Breakouts:
    places, met = breakouts.places, breakouts.met
    for each in moves:
        places = places.drop(each.user_id) if each.room is None else places.set(each.user_id, each.room)
        if met is not None and each.room is not None and each.user_id not in (been := met.get(each.room, ())):
            met = met.set(each.room, (*been, each.user_id))
    return replace(breakouts, places=places, met=met)


def _reassigned(held: BreakoutSet, moves: tuple[Move, ...]) -> BreakoutSet:
    moved = {each.user_id: each.room for each in moves}

    def seated(room: BreakoutRoom) -> BreakoutRoom:
        kept = tuple(each for each in room.members if each not in moved)
        return replace(room, members=(*kept, *(user for user, to in moved.items() if to == room.id)))

    return replace(held, rooms=tuple(map(seated, held.rooms)))


def _closings(held: BreakoutSet, seq: int, closings: tuple[Closing, ...], *, called: bool) -> BreakoutSet:
    times = {each.room_id: each.closes_at for each in closings}
    return _with_rooms(held, times, lambda room: replace(room, closes_at=times[room.id], closing=called, armed=seq))


def _extended(held: BreakoutSet, recorded: Recorded) -> BreakoutSet:
    assert isinstance(recorded.event, BreakoutExtended)
    return _closings(held, recorded.seq, recorded.event.closings, called=False)


def _called_back(held: BreakoutSet, recorded: Recorded) -> BreakoutSet:
    assert isinstance(recorded.event, BreakoutClosing)
    return _closings(held, recorded.seq, recorded.event.closings, called=True)


def apply_closed(breakouts: Breakouts, recorded: Recorded) -> Breakouts:
    event = recorded.event
    assert isinstance(event, BreakoutClosed)
    held = breakouts.sets.get(event.set_id)
    if held is not None:
        held = _with_rooms(held, event.room_ids, lambda room: _shut(room, breakouts.places, event.moves))
        if all(each.status is RoomStatus.CLOSED for each in held.rooms):
            held = replace(held, status=SetStatus.CLOSED, closed_at=recorded.at)
        breakouts = breakouts.with_(held)
    return _move(breakouts, event.moves)


def _shut(room: BreakoutRoom, places: Mapping[str, str], moves: tuple[Move, ...]) -> BreakoutRoom:
    stayed = tuple(each.user_id for each in moves if places.get(each.user_id) == room.id)
    closed = replace(room, status=RoomStatus.CLOSED, stayed=stayed)
    return replace(closed, closes_at=None, closing=False, armed=None, help=None)


def apply_broadcasted(breakouts: Breakouts, recorded: Recorded) -> Breakouts:
    event = recorded.event
    assert isinstance(event, BreakoutBroadcasted)
    said = Broadcast(event.broadcast_id, recorded.seq, recorded.at, recorded.actor, event.text)
    return replace(breakouts, broadcasts=(*breakouts.broadcasts, said)[-BROADCASTS_KEPT:])


def _rings(breakouts: Breakouts, recorded: Recorded) -> Breakouts:
    event = recorded.event
    assert isinstance(event, HelpAsked | HelpEnded)
    held = breakouts.set_with(event.room) if event.room is not None else None
    if held is None or event.room is None:
        return breakouts
    bell = Help(recorded.actor, recorded.at, event.text) if isinstance(event, HelpAsked) else None
    return breakouts.with_(_with_rooms(held, [event.room], lambda room: replace(room, help=bell)))


def _put_out(breakouts: Breakouts, recorded: Recorded) -> Breakouts:
    """Who is removed starts again in the main room. Who only lost the line comes back to where they were.

    Of somebody who was never inside only staff learn that they were banned: what everybody has stays as it is.
    """
    assert isinstance(recorded.event, ParticipantRemoved | ParticipantBanned)
    user = recorded.event.user_id
    held = breakouts.open_set()
    if recorded.event.inside and held is not None and held.home_of(user) is not None:
        breakouts = breakouts.with_(_reassigned(held, (Move(user_id=user),)))
    return replace(breakouts, places=breakouts.places.drop(user))


def apply_erased(breakouts: Breakouts, recorded: Recorded) -> Breakouts:
    """What they said to all rooms, and why they rang."""
    assert isinstance(recorded.event, PersonErased)
    user = recorded.event.user_id
    said = tuple(replace(each, text="") if each.sender == user else each for each in breakouts.broadcasts)
    sets = {
        key: replace(each, rooms=tuple(_rung_without_words(room, user) for room in each.rooms))
        for key, each in breakouts.sets.items()
    }
    return replace(breakouts, broadcasts=said, sets=breakouts.sets.update(sets))


def _rung_without_words(room: BreakoutRoom, user: UserId) -> BreakoutRoom:
    bell = room.help
    return replace(room, help=replace(bell, text=None)) if bell is not None and bell.user == user else room


APPLY: Mapping[type[Event], Any] = {
    PersonErased: apply_erased,
    BreakoutCreated: apply_created,
    BreakoutUpdated: _changes(_updated),
    BreakoutRenamed: _changes(_renamed),
    BreakoutAssigned: _changes(_assigned),
    BreakoutDiscarded: apply_discarded,
    BreakoutOpening: apply_opening,
    BreakoutCancelled: apply_cancelled,
    BreakoutOpened: apply_opened,
    BreakoutMoved: apply_moved,
    BreakoutExtended: _changes(_extended),
    BreakoutClosing: _changes(_called_back),
    BreakoutClosed: apply_closed,
    BreakoutBroadcasted: apply_broadcasted,
    HelpAsked: _rings,
    HelpEnded: _rings,
    ParticipantRemoved: _put_out,
    ParticipantBanned: _put_out,
}


# -- What others see --


def view(breakouts: Breakouts, standing: Standing) -> Breakouts | None:
    if not standing.admitted:
        return None
    if standing.staff:
        return replace(breakouts, met=None)
    known = {
        key: replace(each, rooms=tuple(_seen(room, standing) for room in each.rooms))
        for key, each in breakouts.sets.items()
        if each.status in (SetStatus.OPEN, SetStatus.CLOSED)
    }
    return replace(breakouts, sets=BucketMap(known), met=None)


def _seen(room: BreakoutRoom, standing: Standing) -> BreakoutRoom:
    if room.id == standing.room:
        return room
    return replace(room, closes_at=None, closing=False, armed=None, help=None)


def window(seen: Breakouts) -> Breakouts:
    """Who belonged to which room of a closed set is on its result page."""
    trimmed = {
        key: replace(each, rooms=tuple(replace(room, members=(), stayed=()) for room in each.rooms))
        if each.status is SetStatus.CLOSED
        else each
        for key, each in seen.sets.items()
    }
    return replace(seen, sets=BucketMap(trimmed))


def visible(recorded: Recorded, standing: Standing) -> Recorded | None:
    """The bell is InRoom and has passed that filter before."""
    event = recorded.event
    if not standing.admitted:
        return None
    if standing.staff:
        return recorded
    match event:
        case BreakoutCreated() | BreakoutAssigned() | BreakoutDiscarded():
            return None
        case BreakoutUpdated() | BreakoutRenamed():
            return None if event.planned else recorded
        case BreakoutOpened() | BreakoutExtended() | BreakoutClosing():
            own = tuple(each for each in event.closings if each.room_id == standing.room)
            if not own and not isinstance(event, BreakoutOpened):
                return None
            return replace(recorded, event=event.model_copy(update={"closings": own}))
        case _:
            return recorded
