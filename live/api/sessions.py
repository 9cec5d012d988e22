"""Live sessions: scheduling, changing, and moving them through their life. What changes a session is a command, decided by the
rules, whether somebody is in the room or nobody.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, ValidationError

from live.api.call import Call
from live.api.route import Family, Listing, Paging, SessionPath, Who
from live.drafts import Stale
from live.limits import take_all
from live.problems import Fault, Problem, faults_of, invalid, not_found
from live.scheduling import schedule
from persistence.models.session import Features, LiveSession, NewSession, SessionMetadata
from persistence.registrations import Registrations
from persistence.relations import Relation, find_relations
from persistence.sessions import Filter, NotAnInstructor, Sessions
from rooms.feature import Command, Flag, Line, Moment, Prose, Title, Whole, Wire
from rooms.ids import AnyId, SessionId
from rooms.lifecycle import (
    AbortStart,
    ActivateSession,
    CancelSession,
    Capacity,
    EndSession,
    ExtendSession,
    PauseSession,
    ResumeSession,
    StartSession,
    Status,
    UpdateSession,
)
from rooms.protocol import COMMANDS
from rooms.roles import STAFF

family = Family(
    "live-sessions", "Live sessions: W167-W200. Their life is changed by commands and decided by the rules."
)


class Session(LiveSession):
    """`you`: what the reader is to it. `lobby` is told of a single session."""

    lobby: bool | None = None
    you: Relation | None = None


class Moved(Session):
    """`seq`: of the head after the command."""

    seq: int


class SessionQuery(Paging):
    """`from` and `to` bound the scheduled start; `status` may name several, separated by commas."""

    from_: Moment | None = Field(default=None, alias="from")
    to: Moment | None = None
    status: Annotated[str, Field(pattern=r"^[a-z]+(,[a-z]+){0,5}$")] | None = None
    mine: bool = False
    order: Literal["earliest", "latest"] = "earliest"


class SessionChange(Wire):
    """Only the given fields change. Times only before the start; afterwards it is extended."""

    title: Title | None = None
    description: Prose | None = None
    scheduled_start: Moment | None = None
    scheduled_end: Moment | None = None
    max_participants: Capacity | None = None
    features: Features | None = None
    lobby: Flag | None = None
    module_id: AnyId | None = None


class Extension(Wire):
    minutes: Annotated[Whole, Field(ge=1, le=480)]


class Cancellation(Wire):
    reason: Line | None = None


class Accepted(Wire):
    """The same acknowledgement as over the socket."""

    ok: Literal[True] = True
    seq: int


@family.get("/live-sessions", Who.SIGNED_IN)
async def list_sessions(call: Call, query: SessionQuery) -> Listing[Session]:
    """Sessions one may know of, by scheduled start. `mine`: hosted, registered for or attended (administrators see all)."""
    try:
        statuses = tuple(Status(each) for each in query.status.split(",")) if query.status else ()
    except ValueError:
        raise invalid([Fault("is no status of a session", parameter="status")]) from None
    wanted = Filter(query.from_, query.to, statuses, query.mine, query.order == "latest")
    page = await Sessions(call.database).list(call.user, wanted, query.limit, query.cursor)
    you = await find_relations(call.database, call.user, [SessionId(each.id) for each in page.items])
    items = tuple(_as_seen(call, each, you.get(SessionId(each.id))) for each in page.items)
    return Listing(items=items, next_cursor=page.next_cursor, people=await call.people(*page.items))


@family.post("/live-sessions", Who.INSTRUCTOR, status=201, etag=True)
async def schedule_session(call: Call, body: NewSession) -> Session:
    """Schedules a session; its log begins with it. Only administrators schedule for somebody else."""
    host = body.instructor_id or call.user
    if host != call.user and not call.sender.admin:
        raise Problem("forbidden", "only administrators schedule for somebody else")
    try:
        own_id = SessionId(call.new_id()) if call.key is not None else None
        made = await schedule(Sessions(call.database), call.log, body, host, call.user, call.new_id(), own_id)
    except NotAnInstructor:
        raise invalid([Fault("is no instructor", pointer="/instructorId")]) from None
    call.location = f"/live-sessions/{made.id}"
    return await read_seen(call, SessionId(made.id))


@family.get("/live-sessions/{session_id}", Who.MEMBER, etag=True)
async def read_session(call: Call, session_id: SessionPath) -> Session:
    """One session."""
    return await read_seen(call, session_id)


@family.patch("/live-sessions/{session_id}", Who.HOST, etag=True, matches=read_session, refuses=("session.ended",))
async def change_session(call: Call, session_id: SessionPath, body: SessionChange) -> Session:
    """Changes what is given; a larger capacity lets the waitlist in."""
    given = body.model_dump(exclude={"module_id"}, exclude_unset=True)
    if given:
        stale = await _meant_for(call, session_id)
        await call.submit(session_id, UpdateSession.model_validate(given), stale=stale)
    if "module_id" in body.model_fields_set:
        await Sessions(call.database).set_module(session_id, body.module_id)
        call.forget(session_id)
    if body.max_participants is not None:
        await Registrations(call.database).promote_waiting(session_id)
    return await read_seen(call, session_id)


EDITABLE = ("title", "description", "scheduled_start", "scheduled_end", "max_participants", "features", "status")


async def _meant_for(call: Call, session: SessionId) -> Stale | None:
    """Of two changes to the version that If-Match names, only the one that the log takes first comes through."""
    if call.request.headers.get("If-Match", "*").strip() == "*":
        return None
    row, lobby = await call.session(session), (await call.room(session)).lifecycle.lobby
    read = [getattr(row, name) for name in EDITABLE] + [lobby]
    return lambda room: [getattr(room.lifecycle, name) for name in EDITABLE] + [room.lifecycle.lobby] != read


@family.delete("/live-sessions/{session_id}", Who.HOST, matches=read_session, refuses=("conflict",))
async def delete_session(call: Call, session_id: SessionPath) -> None:
    """Takes it out of every list. Not while it is starting or running: end or cancel it first."""
    if not await Sessions(call.database).delete(session_id):
        raise Problem("conflict", "it is starting or running: end or cancel it first")


@family.post("/live-sessions/{session_id}/commands", Who.MEMBER, refuses=("id_reused",), keyed=False)
async def submit_command(call: Call, session_id: SessionPath, body: dict[str, Any]) -> Accepted:
    """Submits any command of docs/protocol.md: `{id, type, …, resent?}`. `id` is a UUID of one's own making; the same id again gets the
    same answer and acts once. An Idempotency-Key is not kept: beside an anonymous vote its row would name the voter."""
    command_id, resent, command = _read_command(body)
    buckets = call.limits
    wanted = [buckets.commands_per_user.of(call.user), buckets.commands_per_address.of(call.address)]
    if command.type == "chat.send":
        wanted.append(buckets.chat_per_user.of(call.user))
    wait = take_all(wanted)
    if wait > 0:
        raise Problem("rate_limited", retry_after_s=wait)
    return Accepted(seq=await call.submit(session_id, command, command_id, resent=resent))


def _read_command(body: dict[str, Any]) -> tuple[str, bool, Command]:
    command_id = body.get("id")
    try:
        known = isinstance(command_id, str) and str(UUID(command_id)) == command_id.lower()
    except ValueError:
        known = False
    if not known:
        raise invalid([Fault("must be a UUID", pointer="/id")])
    resent = body.get("resent", False)
    if not isinstance(resent, bool):
        raise invalid([Fault("must be true or false", pointer="/resent")])
    fields = {name: value for name, value in body.items() if name not in ("id", "resent")}
    try:
        command: Command = COMMANDS.validate_python(fields, by_alias=True, by_name=False)
    except ValidationError as error:
        raise invalid(faults_of(error, strip=(str(body.get("type")),))) from None
    return str(command_id).lower(), resent, command


def _transition(verb: str, command: type[Command], doc: str) -> None:
    async def move(call: Call, session_id: SessionPath) -> Moved:
        return await _moved(call, session_id, command.model_validate({}))

    move.__name__, move.__doc__ = f"{verb}_session", doc
    family.post(f"/live-sessions/{{session_id}}/{verb}", Who.MEMBER, refuses=("session.illegal_transition",))(move)


_transition("start", StartSession, "The instructor begins; the lobby opens (W195).")
_transition(
    "activate", ActivateSession, "Fully started (W196); who waited for the start is let in where there is no lobby."
)
_transition("abort", AbortStart, "Gives a start up: back to scheduled (D39).")
_transition("pause", PauseSession, "Participants read on, but wait with everything else (W197). Assistants may.")
_transition("resume", ResumeSession, "After a pause (W198). Assistants may.")
_transition("end", EndSession, "The natural end (W199).")


@family.post("/live-sessions/{session_id}/extend", Who.MEMBER, refuses=("session.ended",))
async def extend_session(call: Call, session_id: SessionPath, body: Extension) -> Moved:
    """Moves the scheduled end, counted from now when it has passed."""
    return await _moved(call, session_id, ExtendSession(minutes=body.minutes))


@family.post("/live-sessions/{session_id}/cancel", Who.MEMBER, refuses=("session.illegal_transition",))
async def cancel_session(call: Call, session_id: SessionPath, body: Cancellation | None = None) -> Moved:
    """Called off (W200)."""
    reason = body.reason if body is not None else None
    return await _moved(call, session_id, CancelSession.model_validate({"reason": reason}))


async def _moved(call: Call, session: SessionId, command: Command) -> Moved:
    seq = await call.submit(session, command)
    shown = await read_seen(call, session)
    return Moved(**shown.model_dump(), seq=seq)


async def read_seen(call: Call, session: SessionId) -> Session:
    """As this reader may see it now."""
    found = await call.session(session)
    if found is None:
        raise not_found()
    you = await find_relations(call.database, call.user, [session])
    lobby = (await call.room(session)).lifecycle.lobby
    return _as_seen(call, found, you.get(session)).model_copy(update={"lobby": lobby})


def _as_seen(call: Call, session: LiveSession, you: Relation | None) -> Session:
    """How it went is for those who were there (domain.md 4.2)."""
    seen = Session(**session.model_dump(), you=you)
    if call.sender.admin or (you is not None and (you.joined_at is not None or you.role in STAFF)):
        return seen
    count = session.metadata.participant_count
    return seen.model_copy(update={"metadata": SessionMetadata(participant_count=count)})
