"""Oneself, and for administrators everybody: profiles, platform roles, links to set a password."""

from typing import Annotated, Literal

from pydantic import Field

from live.api.call import Call
from live.api.route import Audited, Family, Listing, Paging, UserPath, Who
from live.problems import Problem, not_found
from persistence.models.user import (
    AccountStatus,
    NewUser,
    Roles,
    UserAdministration,
    UserChange,
    WorkbookUser,
)
from persistence.tokens import TokenKind
from rooms.feature import Wire
from rooms.ids import SessionId, UserId

PERSON = Audited("identity.accounts", "id")
family = Family("users", "People. Addresses and names are shown to themselves and to administrators.")


class Me(WorkbookUser):
    """`guestOf`: the only session that a guest's account is for."""

    guest_of: SessionId | None = None


class NewRoles(Wire):
    roles: Roles


class Administration(UserAdministration):
    status: Literal[AccountStatus.ACTIVE, AccountStatus.SUSPENDED] | None = None


class ResetLink(Wire):
    """To hand over to its owner: whoever has it sets the password."""

    url: str
    expires_at: Annotated[str, Field(json_schema_extra={"format": "date-time"})]


@family.get("/me", Who.SIGNED_IN, etag=True)
async def read_me(call: Call) -> Me:
    """Who one is."""
    return await _myself(call)


@family.patch("/me", Who.SIGNED_IN, etag=True, matches=read_me, holds=True)
async def change_me(call: Call, body: UserChange) -> Me:
    """Changes one's names; only the given ones."""
    await call.directory.change(call.user, body, lambda found: call.require_version(_me(call, found)))
    return await _myself(call)


@family.get("/users", Who.ADMIN, audited=PERSON)
async def list_users(call: Call, query: Paging) -> Listing[WorkbookUser]:
    """Everybody but guests, newest first."""
    page = await call.directory.users(query.limit, query.cursor)
    return Listing(items=page.items, next_cursor=page.next_cursor)


@family.post("/users", Who.ADMIN, status=201, etag=True, refuses=("address_taken",))
async def create_user(call: Call, body: NewUser) -> WorkbookUser:
    """Makes an account. Without a password, hand over a reset link."""
    user = await call.directory.create_user(body)
    call.location = f"/users/{user}"
    return await _found(call, user)


@family.get("/users/{user_id}", Who.ADMIN, etag=True, audited=PERSON)
async def read_user(call: Call, user_id: UserPath) -> WorkbookUser:
    """One person."""
    return await _found(call, user_id)


@family.patch("/users/{user_id}", Who.ADMIN, etag=True, matches=read_user, holds=True, refuses=("illegal_transition",))
async def change_user(call: Call, user_id: UserPath, body: Administration) -> WorkbookUser:
    """Changes what is given. Suspending ends every sign-in."""
    await _found(call, user_id)
    if body.status is AccountStatus.SUSPENDED and user_id == call.user:
        raise Problem("forbidden", "nobody suspends themselves")
    await call.directory.change(user_id, body, call.require_version)
    if body.status is AccountStatus.SUSPENDED:
        await call.tokens.revoke_all(user_id)
    return await _found(call, user_id)


@family.put(
    "/users/{user_id}/roles", Who.ADMIN, etag=True, matches=read_user, holds=True, refuses=("last_administrator",)
)
async def set_roles(call: Call, user_id: UserPath, body: NewRoles) -> WorkbookUser:
    """Exactly these platform roles. There is always an administrator."""
    await _found(call, user_id)
    await call.directory.set_roles(user_id, body.roles, call.user, call.require_version)
    return await _found(call, user_id)


@family.post("/users/{user_id}/reset-link", Who.ADMIN, status=201)
async def make_reset_link(call: Call, user_id: UserPath) -> ResetLink:
    """A link, good once within 24 hours, with which this person sets a password."""
    user = await _found(call, user_id)
    if user.is_guest:
        raise not_found()
    issued = await call.tokens.issue(user_id, TokenKind.RESET)
    return ResetLink(url=f"{call.settings.url}/reset#{issued.secret}", expires_at=issued.expires_at.isoformat())


async def _myself(call: Call) -> Me:
    return _me(call, await _found(call, call.user))


def _me(call: Call, user: WorkbookUser) -> Me:
    return Me(**user.model_dump(), guest_of=call.sender.guest_of)


async def _found(call: Call, user: UserId) -> WorkbookUser:
    found = await call.directory.user(user)
    if found is None:
        raise not_found()
    return found
