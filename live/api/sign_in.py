"""Signing in, staying signed in, signing out, and passwords. Unknown and known accounts are answered alike, after the same work
and against the same limits (attacks 11, 12).
"""

from functools import partial
from typing import Annotated

from pydantic import Field, StringConstraints

from live.api.call import Call
from live.api.route import Family, Who
from live.mail import Letter
from live.problems import Problem, not_found
from live.tokens import LIFETIME_S
from persistence.models.user import EMAIL_CHARACTERS_MAX, PASSWORD_CHARACTERS_MAX, AccountStatus, Password
from persistence.tokens import Issued, TokenKind
from rooms.feature import Wire
from rooms.ids import UserId

family = Family("auth", "Signing in. Access tokens last 15 minutes and are renewed with the refresh token.")

MAY_RESET = frozenset({AccountStatus.ACTIVE, AccountStatus.INVITED})
Secret = Annotated[str, StringConstraints(min_length=1, max_length=200)]
# Not checked to be an address: what is none is answered like one that nobody has.
Given = Annotated[str, StringConstraints(min_length=1, max_length=EMAIL_CHARACTERS_MAX)]
GivenPassword = Annotated[str, StringConstraints(min_length=1, max_length=PASSWORD_CHARACTERS_MAX)]


class Credentials(Wire):
    email: Given
    password: GivenPassword = Field(repr=False)


class SignIn(Wire):
    """`expiresIn` in seconds. A refresh token is good once, for 30 days."""

    access_token: str = Field(repr=False)
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int
    refresh_token: str = Field(repr=False)


class Refresh(Wire):
    refresh_token: Secret = Field(repr=False)


class NewPassword(Wire):
    """`current` may only be absent where no password was set yet."""

    current: GivenPassword | None = Field(default=None, repr=False)
    new: Password = Field(repr=False)


class Forgotten(Wire):
    email: Given


class Reset(Wire):
    token: Secret = Field(repr=False)
    new: Password = Field(repr=False)


def signed_in(call: Call, issued: Issued) -> SignIn:
    access = call.access_tokens.issue(issued.user, issued.family)
    return SignIn(access_token=access, expires_in=LIFETIME_S, refresh_token=issued.secret)


def require_patience(call: Call, account: str) -> None:
    """5 tries a minute for an account, 20 for an address, whether the account exists or not."""
    wait = call.limits.login_per_address.take(call.address) or call.limits.login_per_account.take(account)
    if wait > 0:
        raise Problem("rate_limited", retry_after_s=wait)


@family.post("/auth/token", Who.ANYONE, refuses=("wrong_credentials",))
async def sign_in(call: Call, body: Credentials) -> SignIn:
    """Signs in with address and password."""
    require_patience(call, body.email.strip().casefold())
    user = await call.directory.sign_in(body.email, body.password)
    if user is None:
        raise Problem("wrong_credentials")
    call.limits.login_per_address.give_back(call.address)  # a class behind one address signs in one after the other
    return signed_in(call, await call.tokens.issue(user, TokenKind.REFRESH))


@family.post("/auth/refresh", Who.ANYONE, refuses=("token_invalid",))
async def renew(call: Call, body: Refresh) -> SignIn:
    """Fresh tokens of the same sign-in. A refresh token that was used before ends the whole sign-in: one of its two holders
    stole it."""
    issued = await call.tokens.renew(body.refresh_token)
    if issued is None:
        raise Problem("token_invalid")
    return signed_in(call, issued)


@family.post("/auth/logout", Who.SIGNED_IN)
async def sign_out(call: Call) -> None:
    """Ends this sign-in: its tokens are refused at once, its sockets close within 2 s."""
    await call.tokens.revoke_family(call.sender.family)


@family.post("/auth/password", Who.ACCOUNT, refuses=("wrong_password",))
async def change_password(call: Call, body: NewPassword) -> SignIn:
    """Sets one's password and ends every sign-in of this account; the answer is a new one."""
    require_patience(call, call.user)
    if call.sender.has_password and not await call.directory.check_password(call.user, body.current or ""):
        raise Problem("wrong_password")
    await call.directory.set_password(call.user, body.new)
    await call.tokens.revoke_all(call.user)
    return signed_in(call, await call.tokens.issue(call.user, TokenKind.REFRESH))


@family.post("/auth/forgotten", Who.ANYONE, refuses=("feature_off",))
async def forgotten(call: Call, body: Forgotten) -> None:
    """Sends a link to set a new password, if the address has an account; the answer does not say so (attack 11). Without a
    mail server `feature_off`: an administrator hands over the link then."""
    require_patience(call, body.email.strip().casefold())
    if call.mail is None:
        raise Problem("feature_off")
    call.mail.send(partial(_reset_letter, call, body.email))


async def _reset_letter(call: Call, address: str) -> Letter | None:
    """To the address that the account was made with: what was given may be another one that only reads alike."""
    user = await call.directory.find(address)
    account = await call.directory.user(user) if user is not None else None
    if account is None or account.is_guest or account.status not in MAY_RESET:
        return None
    issued = await call.tokens.issue(UserId(account.id), TokenKind.RESET)
    link = f"{call.settings.url}/reset#{issued.secret}"
    text = f"Set a new password here, within 24 hours:\n\n{link}\n\nIf you did not ask for this, do nothing.\n"
    return Letter(account.email, "Your password", text)


@family.post("/auth/reset", Who.ANYONE, refuses=("not_found",))
async def reset_password(call: Call, body: Reset) -> None:
    """Sets a password with a link that an administrator handed over. Good once; ends every sign-in of the account."""
    require_patience(call, body.token)
    password_hash = await call.directory.passwords.hash(body.new)  # also for a link of nobody: the work is the same
    user = await call.tokens.spend(body.token)
    if user is None:
        raise not_found()
    await call.directory.store_password(user, password_hash)
    await call.tokens.revoke_all(user)
