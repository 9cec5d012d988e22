"""Invitation links: made by staff, opened by anybody who has one. A token travels in bodies only; in the link it stands behind
the #, which browsers keep to themselves (attack 8).
"""

from datetime import datetime
from typing import Annotated
from uuid import uuid4

from pydantic import Field, StringConstraints

from live.api.call import Call
from live.api.route import Family, IdPath, Listing, SessionPath, Who
from live.api.sign_in import Secret, SignIn, signed_in
from live.problems import Fault, Problem, invalid, not_found
from persistence.invitations import Invitations
from persistence.models.registration import Invitation, InvitationLook, NewInvitation, Registration
from persistence.models.user import DisplayName
from persistence.tokens import TokenKind
from rooms.feature import Wire
from rooms.ids import SessionId, UserId
from rooms.people import person_of
from rooms.rights import SetRole
from rooms.roles import STAFF, Role

family = Family("invitations", "Links that let people in, one per session and role, expiring and revocable.")
PATH = "/live-sessions/{session_id}/invitations"


class Link(Wire):
    """`url` is what one hands over; of links for assistants only the instructor is told. `token` is shown once."""

    id: str
    role: Role
    url: str | None = Field(default=None, repr=False)
    token: str | None = Field(default=None, repr=False)
    used_count: int
    expires_at: datetime
    created_at: datetime


class Token(Wire):
    token: Secret = Field(repr=False)


class Redemption(Wire):
    """`name` is needed from whoever is not signed in."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(repr=False)
    name: DisplayName | None = None


class Welcome(Wire):
    """Tokens come to new guests; whoever is signed in keeps their own."""

    session_id: SessionId
    user_id: UserId
    role: Role
    waitlisted: bool = False
    access_token: str | None = Field(default=None, repr=False)
    expires_in: int | None = None
    refresh_token: str | None = Field(default=None, repr=False)


@family.get(PATH, Who.STAFF)
async def list_invitations(call: Call, session_id: SessionPath) -> Listing[Link]:
    """The links that open the door now."""
    found = await Invitations(call.database, call.directory).list(session_id, call.user)
    is_host = await call.hosts_it(session_id)
    return Listing(items=tuple(_link(call, each, shown=is_host or each.role not in STAFF) for each in found))


@family.post(PATH, Who.STAFF, status=201, refuses=("session.ended",))
async def invite(call: Call, session_id: SessionPath, body: NewInvitation) -> Link:
    """A new link for this role; the former one ends. Only the instructor invites assistants."""
    if body.role in STAFF and not await call.hosts_it(session_id):
        raise Problem("forbidden", "only the instructor invites assistants")
    made = await Invitations(call.database, call.directory).create(session_id, body, call.user)
    call.location = f"/live-sessions/{session_id}/invitations/{made.id}"
    return _link(call, made, shown=True, token=made.token)


@family.delete(PATH + "/{invitation_id}", Who.STAFF)
async def revoke_invitation(call: Call, session_id: SessionPath, invitation_id: IdPath) -> None:
    """The link opens nothing any more; who came in by it stays."""
    if not await Invitations(call.database, call.directory).revoke(session_id, invitation_id):
        raise not_found()


@family.post("/invitations/look", Who.ANYONE, refuses=("not_found",))
async def look(call: Call, body: Token) -> InvitationLook:
    """What stands on the door."""
    _require_patience(call)
    return await Invitations(call.database, call.directory).look(body.token)


@family.post(
    "/invitations/redeem", Who.ANYONE, recognises=True, refuses=("not_found", "token_invalid", "session.ended")
)
async def redeem(call: Call, body: Redemption) -> Welcome:
    """Comes in by a link. Whoever is not signed in becomes a guest of this session under `name`."""
    _require_patience(call)
    invitations = Invitations(call.database, call.directory)
    seen = await invitations.look(body.token)
    session = SessionId(seen.session_id)
    if call.reader is not None and call.reader.guest_of in (None, session):
        registration = await invitations.redeem(body.token, call.user)
        if registration is None:
            return Welcome(session_id=session, user_id=call.user, role=Role.INSTRUCTOR)
        await _give_role(call, registration)
        return _welcome(registration)
    if body.name is None:
        raise invalid([Fault("is needed from whoever is not signed in", pointer="/name")])
    registration = await invitations.redeem_as_guest(body.token, body.name)
    await _give_role(call, registration)
    tokens = signed_in(call, await call.tokens.issue(registration.user_id, TokenKind.REFRESH))
    return _welcome(registration, tokens)


async def _give_role(call: Call, registration: Registration) -> None:
    """Staff are staff from this moment. The instructor made the link, so it is the server who gives the role."""
    session, user = SessionId(registration.session_id), registration.user_id
    if registration.role not in STAFF:
        return
    person = person_of(await call.room(session), user)
    if person is None or person.role not in STAFF:
        await call.hosts.submit(session, None, SetRole(user_id=user, role=registration.role), str(uuid4()))


def _welcome(registration: Registration, tokens: SignIn | None = None) -> Welcome:
    return Welcome(
        session_id=SessionId(registration.session_id),
        user_id=registration.user_id,
        role=registration.role,
        waitlisted=registration.waiting_position is not None,
        access_token=tokens.access_token if tokens else None,
        expires_in=tokens.expires_in if tokens else None,
        refresh_token=tokens.refresh_token if tokens else None,
    )


def _require_patience(call: Call) -> None:
    wait = call.limits.invitation_per_address.take(call.address)
    if wait > 0:
        raise Problem("rate_limited", retry_after_s=wait)


def _link(call: Call, invitation: Invitation, *, shown: bool, token: str | None = None) -> Link:
    url = f"{call.settings.url}/join#{invitation.token}" if shown and invitation.token else None
    return Link(
        id=invitation.id,
        role=invitation.role,
        url=url,
        token=token,
        used_count=invitation.used_count,
        expires_at=invitation.expires_at,
        created_at=invitation.created_at,
    )
