"""One's own data: a copy of all of it, and to be forgotten (domain.md 4.5, 4.6). Administrators ask for others."""

from datetime import UTC, datetime, timedelta

from live.api.call import Call
from live.api.route import Family, Ranged, UserPath, Who
from live.privacy import TRACK, place_of
from live.problems import Problem, not_found
from live.sealed import find_sealed
from media.vault import Unsealable
from persistence.models.privacy import PrivacyKind, PrivacyRequest, PrivacyStatus
from persistence.privacy import GRACE, AskedAlready, HostsSession, OnlyAdministrator, PrivacyRequests
from persistence.recording_keys import RecordingKeys
from rooms.feature import Flag, Wire
from rooms.ids import UserId

family = Family("privacy", "A copy of all that is kept about somebody, and to be forgotten.")
ZIP = "application/zip"
ERASES = ("conflict", "hosts_session", "last_administrator")


class Erasure(Wire):
    """`immediately`: without the 30 days in which it can be withdrawn."""

    immediately: Flag = False


# -- Oneself --


@family.post("/privacy/export", Who.SIGNED_IN, status=202, refuses=("conflict",))
async def ask_export(call: Call) -> PrivacyRequest:
    """Asks for a copy: a ZIP of JSON documents, of one's own sound and of one's certificates. It is kept for seven days."""
    return await _ask_export(call, call.user)


@family.get("/privacy/export", Who.SIGNED_IN, refuses=("not_found",))
async def read_export(call: Call) -> PrivacyRequest:
    """How far the latest one is."""
    return await _latest(call, call.user, PrivacyKind.EXPORT)


@family.get("/privacy/export/content", Who.SIGNED_IN, produces=ZIP, cost=5, refuses=("not_found",))
async def read_export_content(call: Call) -> Ranged:
    """The latest copy. There is no link to it: one signs in."""
    request = await PrivacyRequests(call.database).latest(call.user, PrivacyKind.EXPORT)
    if request is None or request.expires_at is None or request.expires_at <= datetime.now(UTC):
        raise not_found()
    key = await RecordingKeys(call.database).get(request.id, TRACK)
    data = None if key is None else await find_sealed(call.store, place_of(request.id), key)
    if data is None:
        raise not_found()
    sealed = data

    async def read(start: int, stop: int) -> bytes | None:
        try:
            return await sealed.read(start, stop)
        except Unsealable:
            return None

    return Ranged(data.size, read, ZIP, request.id, "my-data.zip")


@family.delete("/privacy/export", Who.SIGNED_IN, status=204, refuses=("not_found",))
async def withdraw_export(call: Call) -> None:
    """Nobody is to make it any more; as long as nobody has begun."""
    await _withdraw(call, PrivacyKind.EXPORT)


@family.post("/privacy/erase", Who.SIGNED_IN, status=202, refuses=ERASES)
async def ask_erasure(call: Call, body: Erasure | None = None) -> PrivacyRequest:
    """Asks to be forgotten, after 30 days in which one may think better of it. What one wrote and said is gone then, for good; what
    others have with one stays in its place, without words and without a name. Not while one hosts a session."""
    return await _ask_erasure(call, call.user, body)


@family.get("/privacy/erase", Who.SIGNED_IN, refuses=("not_found",))
async def read_erasure(call: Call) -> PrivacyRequest:
    """When it begins."""
    return await _latest(call, call.user, PrivacyKind.ERASE)


@family.delete("/privacy/erase", Who.SIGNED_IN, status=204, refuses=("not_found",))
async def withdraw_erasure(call: Call) -> None:
    """Thinks better of it; as long as nobody has begun."""
    await _withdraw(call, PrivacyKind.ERASE)


# -- Others --


@family.post("/users/{user_id}/export", Who.SIGNED_IN, status=202, refuses=("conflict",))
async def ask_export_of(call: Call, user_id: UserPath) -> PrivacyRequest:
    """The same for somebody, who then finds it when they sign in: for administrators, and for oneself."""
    await _require_may(call, user_id)
    return await _ask_export(call, user_id)


@family.post("/users/{user_id}/erase", Who.SIGNED_IN, status=202, refuses=ERASES)
async def ask_erasure_of(call: Call, user_id: UserPath, body: Erasure | None = None) -> PrivacyRequest:
    """The same for somebody: for administrators, and for oneself."""
    await _require_may(call, user_id)
    return await _ask_erasure(call, user_id, body)


async def _require_may(call: Call, user: UserId) -> None:
    if user != call.user and not call.sender.admin:
        raise not_found()
    if await call.directory.user(user) is None:
        raise not_found()


async def _ask_export(call: Call, user: UserId) -> PrivacyRequest:
    try:
        return await PrivacyRequests(call.database).ask_export(call.new_id(), user, call.user)
    except AskedAlready:
        raise Problem("conflict", "it is asked for already") from None


async def _ask_erasure(call: Call, user: UserId, body: Erasure | None) -> PrivacyRequest:
    grace = timedelta(0) if body is not None and body.immediately else GRACE
    try:
        return await PrivacyRequests(call.database).ask_erasure(call.new_id(), user, call.user, grace)
    except AskedAlready:
        raise Problem("conflict", "it is asked for already") from None
    except HostsSession:
        raise Problem("hosts_session") from None
    except OnlyAdministrator:
        raise Problem("last_administrator") from None


async def _latest(call: Call, user: UserId, kind: PrivacyKind) -> PrivacyRequest:
    found = await PrivacyRequests(call.database).latest(user, kind)
    if found is None or found.status is PrivacyStatus.CANCELLED:
        raise not_found()
    return found


async def _withdraw(call: Call, kind: PrivacyKind) -> None:
    if not await PrivacyRequests(call.database).withdraw(call.user, kind):
        raise not_found()
