"""Breakout rooms over REST beside the generic routes: a roster in, from whoever keeps the class list elsewhere, and the results out.
Opening, moving and all the rest are commands, as over the socket.
"""

from typing import Annotated, Any

from pydantic import Field

from live.api.call import Call
from live.api.route import Family, IdPath, Named, SessionPath, Who
from live.api.slices import documents_of
from live.problems import Fault, invalid, not_found
from persistence.models.registration import RegistrationStatus
from persistence.registrations import Registrations
from rooms.breakout_events import BreakoutCreated
from rooms.breakout_plans import MEMBERS_MAX, ROOMS_MAX, CreateBreakouts
from rooms.breakout_results import nobody_in, readable_rooms, were_in
from rooms.breakout_sets import Assignment, BreakoutRoom, Late, Observing, Results
from rooms.breakouts import FEATURE
from rooms.feature import Flag, Title, Whole, Wire
from rooms.ids import AnyId, SessionId, UserId
from rooms.people import known_to
from rooms.room import FEATURES, RoomState

family = Family("breakouts", "Breakout rooms: rosters from elsewhere, and what was made in them.")
PATH = "/live-sessions/{session_id}/breakouts"
GONE = (RegistrationStatus.DECLINED, RegistrationStatus.CANCELLED)
MADE = {each.name: each for each in FEATURES if each.listed is not None and each is not FEATURE}
DOCUMENTS = {name: documents_of(each) for name, each in MADE.items()}
SETS = documents_of(FEATURE)


class RosterRoom(Wire):
    """`members`: ids or e-mail addresses of people registered for the session."""

    name: Title | None = None
    members: Annotated[tuple[Annotated[str, Field(max_length=320)], ...], Field(max_length=MEMBERS_MAX)] = ()
    capacity: Annotated[Whole, Field(ge=1, le=MEMBERS_MAX)] | None = None


class Roster(Wire):
    """The other fields are those of `breakout.create`."""

    rooms: Annotated[tuple[RosterRoom, ...], Field(min_length=1, max_length=ROOMS_MAX)]
    name: Title | None = None
    assignment: Assignment | None = None
    late: Late | None = None
    observers: Observing | None = None
    may_return: Flag | None = None
    results: Results | None = None


class Planned(Wire):
    """`set` as in the list of sets."""

    set: dict[str, Any]
    people: dict[UserId, Named]


class RoomResults(Wire):
    """What a nobody of this room sees at its end; the elements of a board are read as those of every board."""

    id: AnyId
    name: str
    members: tuple[UserId, ...]
    chat: list[dict[str, Any]]
    polls: list[dict[str, Any]]
    questions: list[dict[str, Any]]
    boards: list[dict[str, Any]]


class SetResults(Wire):
    """The rooms whose results one may read."""

    set: dict[str, Any]
    rooms: tuple[RoomResults, ...]
    people: dict[UserId, Named]


@family.post(
    PATH,
    Who.STAFF,
    status=201,
    refuses=("breakout.full", "limit_reached", "feature_off", "session.ended"),
)
async def plan_breakouts(call: Call, session_id: SessionPath, body: Roster) -> Planned:
    """Plans a set of rooms by a roster. Whoever is named must be registered for the session; the others are dealt by `assignment`."""
    rooms = await _with_people(call, session_id, body)
    fields = {**body.model_dump(by_alias=True, exclude_unset=True), "rooms": rooms, "type": "breakout.create"}
    seq = await call.submit(session_id, CreateBreakouts.model_validate(fields))
    [made] = await call.log.read(session_id, seq - 1, 1)
    assert isinstance(made.event, BreakoutCreated)
    room = await call.room(session_id)
    found = room.breakouts.sets.get(made.event.set_id) if room.breakouts is not None else None
    if found is None:  # put away meanwhile
        raise not_found()
    [document] = SETS.dump_python([found], mode="json", by_alias=True, exclude_none=True)
    return Planned(set=document, people=await call.people(document, of=room))


async def _with_people(call: Call, session: SessionId, roster: Roster) -> list[dict[str, Any]]:
    """The rooms with ids for addresses. Raises Problem with a pointer to everybody who is not known here."""
    held = await Registrations(call.database).list(session, call.user)
    known = known_to(await call.room(session)) | {each.user_id for each in held if each.status not in GONE}
    addresses = {each for room in roster.rooms for each in room.members if "@" in each}
    found = {each: user for each, user in (await call.directory.find_all(addresses)).items() if user in known}
    rooms, faults = [], []
    for r, room in enumerate(roster.rooms):
        users = [found.get(each) if "@" in each else UserId(each.lower()) for each in room.members]
        for m, user in enumerate(users):
            if user is None or user not in known:
                faults.append(Fault("is not registered for this session", pointer=f"/rooms/{r}/members/{m}"))
        rooms.append({**room.model_dump(by_alias=True, exclude_none=True), "members": users})
    if faults:
        raise invalid(faults)
    return rooms


@family.get(PATH + "/{set_id}/results", Who.MEMBER, cost=3)
async def read_results(call: Call, session_id: SessionPath, set_id: IdPath) -> SetResults:
    """What was made, room by room: for staff, for who is in a room or belonged to it, and after the close for everybody
    unless results are for staff only. 404 where there is nothing one may read."""
    room, standing = await call.room(session_id), await call.standing(session_id)
    held = room.breakouts.sets.get(set_id) if room.breakouts is not None else None
    rooms = readable_rooms(held, standing) if held is not None else []
    seen = FEATURE.view(room.breakouts, standing)
    shown = seen.sets.get(set_id) if seen is not None else None
    if not rooms or shown is None:
        raise not_found()
    members = were_in(room, rooms)
    made = tuple(_made_in(room, each, members[each.id]) for each in rooms)
    [document] = SETS.dump_python([shown], mode="json", by_alias=True, exclude_none=True)
    told = [document, *(each.model_dump(mode="json") for each in made)]
    return SetResults(set=document, rooms=made, people=await call.people(*told, of=room))


def _made_in(room: RoomState, inside: BreakoutRoom, members: tuple[str, ...]) -> RoomResults:
    nobody = nobody_in(inside.id)
    made: dict[str, Any] = {}
    for name, feature in MADE.items():
        assert feature.listed is not None
        entries = feature.listed(feature.view(getattr(room, name), nobody))
        made[name] = DOCUMENTS[name].dump_python(entries, mode="json", by_alias=True, exclude_none=True)
    return RoomResults(id=inside.id, name=inside.name, members=tuple(map(UserId, members)), **made)
