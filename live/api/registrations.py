"""Who intends to come to a session: one's own registration, and for staff everybody's."""

from live.api.call import Call
from live.api.route import Family, Listing, SessionPath, UserPath, Who
from live.problems import Fault, Problem, invalid
from persistence.models.registration import NewRegistration, Registration
from persistence.registrations import Registrations, take_place
from rooms.ids import SessionId, UserId
from rooms.people import person_of
from rooms.rights import SetRole
from rooms.roles import STAFF, Role

family = Family("registrations", "Who intends to come. A full session has a waitlist that promotes itself.")
PATH = "/live-sessions/{session_id}/registrations"


@family.get(PATH, Who.MEMBER)
async def list_registrations(call: Call, session_id: SessionPath) -> Listing[Registration]:
    """Staff see all, others their own."""
    return await _listed(call, await Registrations(call.database).list(session_id, call.user))


@family.post(PATH, Who.MEMBER, status=201, refuses=("session.ended",))
async def register(call: Call, session_id: SessionPath, body: NewRegistration) -> Registration:
    """Without `userId`: accepts an invitation, or takes a place again. Staff name somebody, who is invited in that role;
    only the instructor makes somebody an assistant."""
    if body.user_id is None or body.user_id == call.user:
        return await _register_oneself(call, session_id, body)
    if not await call.staffs(session_id):
        raise Problem("forbidden", "only staff register others")
    if await call.directory.user(body.user_id) is None:
        raise invalid([Fault("there is no such person", pointer="/userId")])
    role = Role(body.role)
    await _give_role(call, session_id, body.user_id, role)
    if role in STAFF:
        async with call.database.transaction() as connection:
            return await take_place(connection, session_id, body.user_id, role)
    return await Registrations(call.database).invite(session_id, body.user_id, role)


async def _register_oneself(call: Call, session: SessionId, body: NewRegistration) -> Registration:
    """One knows of the session by an invitation or a former registration; nobody chooses their own role (attack 24)."""
    if "role" in body.model_fields_set and body.role is not Role.PARTICIPANT:
        raise Problem("forbidden", "staff give roles")
    return await Registrations(call.database).register(session, call.user)


async def _give_role(call: Call, session: SessionId, user: UserId, role: Role) -> None:
    """A role of staff counts from this moment, so that it is decided by the rules."""
    person = person_of(await call.room(session), user)
    if role in STAFF or (person is not None and person.role is not role):
        await call.submit(session, SetRole(user_id=user, role=role))


@family.delete(PATH + "/{user_id}", Who.MEMBER, refuses=("session.owned",))
async def withdraw(call: Call, session_id: SessionPath, user_id: UserPath) -> None:
    """One's own: declined or cancelled, one may come back. Staff remove others; an assistant becomes a participant."""
    if user_id == call.user:
        await Registrations(call.database).withdraw(session_id, user_id)
        return
    if not await call.staffs(session_id):
        raise Problem("forbidden", "only staff remove others")
    person = person_of(await call.room(session_id), user_id)
    if person is not None and person.role in STAFF:
        await call.submit(session_id, SetRole(user_id=user_id, role=Role.PARTICIPANT))
    await Registrations(call.database).remove(session_id, user_id)


async def _listed(call: Call, found: tuple[Registration, ...]) -> Listing[Registration]:
    return Listing(items=found, people=await call.people(*found))
