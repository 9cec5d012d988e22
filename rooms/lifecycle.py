"""A session from its schedule to its end (W167-W200, D38, D39, domain.md 3).

Knows status, times, capacity and which features are on. Who is present and who may do what is asked of participants and
rights; the documented table `live_sessions` is a projection of this slice.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AwareDatetime, Field

from rooms.admission import admit_waiting, admit_waitlisted
from rooms.feature import (
    Arm,
    Command,
    Context,
    Disarm,
    Effect,
    Enqueue,
    Event,
    Feature,
    Flag,
    Line,
    Moment,
    Plain,
    Prose,
    Recorded,
    Standing,
    Title,
    Whole,
    Wire,
)
from rooms.ids import AnyId, UserId, UserIdField
from rooms.people import host_of, role_of
from rooms.refusal import Refused
from rooms.roles import Role
from rooms.values import replace, value

if TYPE_CHECKING:
    from rooms.room import RoomState

NO_SHOW_AFTER = timedelta(minutes=60)
HOST_MISSING_AT_END = timedelta(minutes=15)
TAKE_OVER_AFTER = timedelta(minutes=5)
CAPACITY_MAX = 10_000
DURATION_MAX = timedelta(days=31)  # a demo runs for a week


class Status(StrEnum):
    __hash__ = str.__hash__  # as of rooms/roles.py
    SCHEDULED = "scheduled"
    STARTING = "starting"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"
    CANCELLED = "cancelled"


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.SCHEDULED: frozenset({Status.STARTING, Status.CANCELLED}),
    Status.STARTING: frozenset({Status.ACTIVE, Status.CANCELLED, Status.SCHEDULED}),
    Status.ACTIVE: frozenset({Status.PAUSED, Status.ENDED, Status.CANCELLED}),
    Status.PAUSED: frozenset({Status.ACTIVE, Status.ENDED, Status.CANCELLED}),
    Status.ENDED: frozenset(),
    Status.CANCELLED: frozenset(),
}
OVER = frozenset({Status.ENDED, Status.CANCELLED})
RUNNING = frozenset({Status.ACTIVE, Status.PAUSED})


class FeatureType(StrEnum):
    POLL = "poll"
    QA = "qa"
    BREAKOUT = "breakout"
    WHITEBOARD = "whiteboard"
    RECORDING = "recording"
    CHAT = "chat"


class SessionFeature(Wire):
    """W185-W187. `config` is free; a feature reads the keys it knows: chat slowSeconds, qa approval, whiteboard open."""

    type: FeatureType
    is_enabled: Flag = True
    config: Plain = Field(default_factory=dict)


ALL_FEATURES: tuple[SessionFeature, ...] = tuple(SessionFeature(type=kind) for kind in FeatureType)  # D40
Capacity = Annotated[Whole, Field(ge=1, le=CAPACITY_MAX)]


@value(frozen=True, slots=True)
class Lifecycle:
    title: str = ""
    description: str | None = None
    instructor_id: UserId | None = None  # as scheduled (W171); who hosts now is a matter of roles
    module_id: str | None = None
    status: Status = Status.SCHEDULED
    scheduled_start: datetime | None = None
    scheduled_end: datetime | None = None
    actual_start: datetime | None = None
    actual_end: datetime | None = None
    max_participants: int = 50
    features: tuple[SessionFeature, ...] = ALL_FEATURES
    lobby: bool = True
    reason: str | None = None  # why it ended or was cancelled
    interruptions: tuple[tuple[datetime, datetime], ...] = ()  # nobody served the session

    def feature(self, kind: FeatureType) -> SessionFeature | None:
        """The feature when it is on."""
        for each in self.features:
            if each.type is kind and each.is_enabled:
                return each
        return None


# -- What others ask of this feature --


def require_feature(room: "RoomState", kind: FeatureType) -> SessionFeature:
    if found := room.lifecycle.feature(kind):
        return found
    raise Refused("feature_off", f"{kind} is switched off in this session")


def require_open(room: "RoomState") -> None:
    """Staff may prepare before the start and act in a pause, but nothing changes after the end."""
    if room.lifecycle.status in OVER:
        raise Refused("session.ended", "the session is over")


def require_running(room: "RoomState", *, moderator: bool) -> None:
    """A pause stops the commands of participants, not their reading."""
    require_open(room)
    status = room.lifecycle.status
    if status is Status.PAUSED and not moderator:
        raise Refused("session.paused", "the session is paused")
    if status not in RUNNING and not moderator:
        raise Refused("session.not_active", "the session has not started")


# -- Commands --


class StartSession(Command):
    """W195: the instructor begins; the lobby opens."""

    type: Literal["session.start"] = "session.start"


class ActivateSession(Command):
    type: Literal["session.activate"] = "session.activate"


class AbortStart(Command):
    """D39: back to scheduled when the start fails."""

    type: Literal["session.abort"] = "session.abort"


class PauseSession(Command):
    type: Literal["session.pause"] = "session.pause"


class ResumeSession(Command):
    type: Literal["session.resume"] = "session.resume"


class ExtendSession(Command):
    type: Literal["session.extend"] = "session.extend"
    minutes: Annotated[Whole, Field(ge=1, le=480)]


class UpdateSession(Command):
    """Only the given fields change. Times only before the start."""

    type: Literal["session.update"] = "session.update"
    title: Title | None = None
    description: Prose | None = None
    scheduled_start: Moment | None = None
    scheduled_end: Moment | None = None
    max_participants: Capacity | None = None
    features: Annotated[tuple[SessionFeature, ...], Field(max_length=6)] | None = None
    lobby: Flag | None = None


class EndSession(Command):
    type: Literal["session.end"] = "session.end"


class CancelSession(Command):
    type: Literal["session.cancel"] = "session.cancel"
    reason: Line | None = None


class LapseSession(Command):
    """Falls due 60 minutes after a start that never came, or 15 minutes after the end without the host."""

    internal: ClassVar[bool] = True
    type: Literal["session.lapse"] = "session.lapse"


class ReportInterruption(Command):
    """Nobody served the session between these times (design.md 1)."""

    internal: ClassVar[bool] = True
    type: Literal["session.reportInterruption"] = "session.reportInterruption"
    from_: AwareDatetime = Field(alias="from")
    to: AwareDatetime


# -- Events --


class SessionScheduled(Event):
    """The first event of every session; appended with the row of `live_sessions`."""

    type: Literal["session.scheduled"] = "session.scheduled"
    title: str
    description: str | None = None
    instructor_id: UserIdField
    module_id: AnyId | None = None
    scheduled_start: AwareDatetime
    scheduled_end: AwareDatetime
    max_participants: int
    features: tuple[SessionFeature, ...]
    lobby: bool = True


class SessionStarted(Event):
    type: Literal["session.started"] = "session.started"


class SessionActivated(Event):
    type: Literal["session.activated"] = "session.activated"


class StartAborted(Event):
    type: Literal["session.aborted"] = "session.aborted"


class SessionPaused(Event):
    type: Literal["session.paused"] = "session.paused"


class SessionResumed(Event):
    type: Literal["session.resumed"] = "session.resumed"


class SessionExtended(Event):
    type: Literal["session.extended"] = "session.extended"
    scheduled_end: AwareDatetime


class SessionUpdated(Event):
    type: Literal["session.updated"] = "session.updated"
    title: str | None = None
    description: str | None = None
    scheduled_start: AwareDatetime | None = None
    scheduled_end: AwareDatetime | None = None
    max_participants: int | None = None
    features: tuple[SessionFeature, ...] | None = None
    lobby: bool | None = None


class SessionEnded(Event):
    type: Literal["session.ended"] = "session.ended"
    reason: str | None = None


class SessionCancelled(Event):
    type: Literal["session.cancelled"] = "session.cancelled"
    reason: str | None = None


class SessionInterrupted(Event):
    type: Literal["session.interrupted"] = "session.interrupted"
    from_: AwareDatetime = Field(alias="from")
    to: AwareDatetime


COMMANDS = (
    StartSession,
    ActivateSession,
    AbortStart,
    PauseSession,
    ResumeSession,
    ExtendSession,
    UpdateSession,
    EndSession,
    CancelSession,
)
INTERNAL = (LapseSession, ReportInterruption)


# -- Deciding --


def _require_host(room: "RoomState", context: Context, *also: Role) -> None:
    if context.actor is None or context.admin:
        return
    if role_of(room, context.actor) not in {Role.INSTRUCTOR, *also}:
        raise Refused("forbidden", "only the instructor may do this")


def _require_transition(room: "RoomState", target: Status) -> None:
    now = room.lifecycle.status
    if target not in TRANSITIONS[now]:
        allowed = tuple(sorted(TRANSITIONS[now]))
        raise Refused("session.illegal_transition", f"{now} cannot become {target}", allowed=allowed)


def _moves_to(target: Status, event: type[Event], *also: Role) -> Callable[["RoomState", Any, Context], list[Event]]:
    def decide(room: "RoomState", command: Command, context: Context) -> list[Event]:
        _require_host(room, context, *also)
        _require_transition(room, target)
        if event is SessionResumed and room.lifecycle.status is not Status.PAUSED:
            raise Refused(
                "session.illegal_transition", "it is not paused", allowed=tuple(sorted(TRANSITIONS[Status.STARTING]))
            )
        return [event.model_validate({})]

    return decide


def decide_activate(room: "RoomState", command: ActivateSession, context: Context) -> list[Event]:
    _require_host(room, context)
    if room.lifecycle.status is not Status.STARTING:
        _require_transition(room, Status.ACTIVE)
        raise Refused("session.illegal_transition", "it is paused: resume it", allowed=("active",))
    return [SessionActivated(), *([] if room.lifecycle.lobby else admit_waiting(room))]


def decide_extend(room: "RoomState", command: ExtendSession, context: Context) -> list[Event]:
    _require_host(room, context)
    require_open(room)
    assert room.lifecycle.scheduled_end is not None
    end = max(room.lifecycle.scheduled_end, context.at) + timedelta(minutes=command.minutes)
    _require_duration(room.lifecycle.scheduled_start, end)
    return [SessionExtended(scheduled_end=end)]


def _require_duration(start: datetime | None, end: datetime | None) -> None:
    if start and end and end - start > DURATION_MAX:
        raise Refused("limit_reached", f"a session lasts at most {DURATION_MAX.days} days")


def decide_update(room: "RoomState", command: UpdateSession, context: Context) -> list[Event]:
    _require_host(room, context)
    require_open(room)
    now = room.lifecycle
    given = command.model_dump(exclude={"type"}, exclude_none=True)
    if now.status is not Status.SCHEDULED and {"scheduled_start", "scheduled_end"} & given.keys():
        raise Refused("bad_request", "the times can only change before the start; extend it instead")
    start, end = command.scheduled_start or now.scheduled_start, command.scheduled_end or now.scheduled_end
    if start and end and end <= start:
        raise Refused("bad_request", "it must end after it starts")
    _require_duration(start, end)
    if command.features and len({each.type for each in command.features}) < len(command.features):
        raise Refused("bad_request", "a feature is named twice")
    changed = {name: getattr(command, name) for name in given if getattr(command, name) != getattr(now, name)}
    if not changed:
        return []
    events: list[Event] = [SessionUpdated(**changed)]
    if command.max_participants and now.status in RUNNING:
        events += admit_waitlisted(room, seats=command.max_participants)
    return events


def decide_cancel(room: "RoomState", command: CancelSession, context: Context) -> list[Event]:
    _require_host(room, context)
    _require_transition(room, Status.CANCELLED)
    return [SessionCancelled(reason=command.reason)]


def decide_lapse(room: "RoomState", command: LapseSession, context: Context) -> list[Event]:
    """The rules themselves decide whether this arming still stands; a stale timer has no effect."""
    now = room.lifecycle
    if now.status in (Status.SCHEDULED, Status.STARTING):
        late = now.scheduled_start is not None and context.at >= now.scheduled_start + NO_SHOW_AFTER
        return [SessionCancelled(reason="no_show")] if late else []
    if now.status in RUNNING:
        due = _ends_without_host_at(room)
        return [SessionEnded(reason="host_missing")] if due and context.at >= due else []
    return []


def decide_interruption(room: "RoomState", command: ReportInterruption, context: Context) -> list[Event]:
    if room.lifecycle.status in OVER or command.to <= command.from_:
        return []
    return [SessionInterrupted.model_validate({"from": command.from_, "to": command.to})]


def _ends_without_host_at(room: "RoomState") -> datetime | None:
    """15 minutes after the scheduled end, or after the host left if that was later; None while the host is here."""
    assert room.people is not None
    host = host_of(room)
    end = room.lifecycle.scheduled_end
    if end is None or (host is not None and host.present):
        return None
    gone_since = max(end, host.left_at) if host is not None and host.left_at else end
    return gone_since + HOST_MISSING_AT_END


# -- Applying --


def _becomes(status: Status) -> Callable[[Lifecycle, Recorded], Lifecycle]:
    def apply(now: Lifecycle, recorded: Recorded) -> Lifecycle:
        return replace(now, status=status)

    return apply


def apply_scheduled(now: Lifecycle, recorded: Recorded) -> Lifecycle:
    event = recorded.event
    assert isinstance(event, SessionScheduled)
    return replace(
        now,
        **{name: getattr(event, name) for name in SessionScheduled.model_fields if name != "type"},
    )


def apply_activated(now: Lifecycle, recorded: Recorded) -> Lifecycle:
    return replace(now, status=Status.ACTIVE, actual_start=now.actual_start or recorded.at)


def apply_changed(now: Lifecycle, recorded: Recorded) -> Lifecycle:
    given = {name: getattr(recorded.event, name) for name in recorded.event.model_fields_set - {"type"}}
    return replace(now, **given)


def apply_over(now: Lifecycle, recorded: Recorded) -> Lifecycle:
    status = Status.ENDED if isinstance(recorded.event, SessionEnded) else Status.CANCELLED
    ended_at = recorded.at if now.actual_start else None
    return replace(now, status=status, actual_end=ended_at, reason=getattr(recorded.event, "reason", None))


def apply_interrupted(now: Lifecycle, recorded: Recorded) -> Lifecycle:
    event = recorded.event
    assert isinstance(event, SessionInterrupted)
    return replace(now, interruptions=(*now.interruptions, (event.from_, event.to)))


# -- Effects --

LAPSE = "session.lapse"
ATTENDANCE = "attendance"


def effects(room: "RoomState", recorded: Recorded) -> tuple[Effect, ...]:
    """One timer stands at a time: the no-show until the session runs, then the end without a host. After that attendance is
    credited."""
    if isinstance(recorded.event, SessionEnded):
        return (*lapse_timer(room, recorded), credit_attendance(recorded))
    return lapse_timer(room, recorded)


def credit_attendance(recorded: Recorded) -> Effect:
    """Also asked by participants, when it is known only afterwards that somebody had gone before the end. A job for each, because
    one that is at it may have read the log before this."""
    return Enqueue(ATTENDANCE, str(recorded.seq), {})


def lapse_timer(room: "RoomState", recorded: Recorded) -> tuple[Effect, ...]:
    """Also asked by participants when the host comes or goes."""
    now = room.lifecycle
    due: datetime | None = None
    if now.status in (Status.SCHEDULED, Status.STARTING) and now.scheduled_start:
        due = now.scheduled_start + NO_SHOW_AFTER
    elif now.status in RUNNING:
        due = _ends_without_host_at(room)
    if due is None:
        return (Disarm(LAPSE),)
    return (Disarm(LAPSE), Arm(f"{LAPSE}:{recorded.seq}", due, LapseSession()))


# -- What others see of it: everything, also while they wait. --


def visible(recorded: Recorded, standing: Standing) -> Recorded | None:
    return recorded


EVENTS: tuple[type[Event], ...] = (
    SessionScheduled,
    SessionStarted,
    SessionActivated,
    StartAborted,
    SessionPaused,
    SessionResumed,
    SessionExtended,
    SessionUpdated,
    SessionEnded,
    SessionCancelled,
    SessionInterrupted,
)
_APPLY: Mapping[type[Event], Any] = {
    SessionScheduled: apply_scheduled,
    SessionStarted: _becomes(Status.STARTING),
    SessionActivated: apply_activated,
    StartAborted: _becomes(Status.SCHEDULED),
    SessionPaused: _becomes(Status.PAUSED),
    SessionResumed: _becomes(Status.ACTIVE),
    SessionExtended: apply_changed,
    SessionUpdated: apply_changed,
    SessionEnded: apply_over,
    SessionCancelled: apply_over,
    SessionInterrupted: apply_interrupted,
}

FEATURE = Feature(
    name="lifecycle",
    start=Lifecycle(),
    decide={
        StartSession: _moves_to(Status.STARTING, SessionStarted),
        ActivateSession: decide_activate,
        AbortStart: _moves_to(Status.SCHEDULED, StartAborted),
        PauseSession: _moves_to(Status.PAUSED, SessionPaused, Role.ASSISTANT),
        ResumeSession: _moves_to(Status.ACTIVE, SessionResumed, Role.ASSISTANT),
        ExtendSession: decide_extend,
        UpdateSession: decide_update,
        EndSession: _moves_to(Status.ENDED, SessionEnded),
        CancelSession: decide_cancel,
        LapseSession: decide_lapse,
        ReportInterruption: decide_interruption,
    },
    apply=_APPLY,
    own_events=EVENTS,
    view=lambda now, standing: now,
    visible=visible,
    effects={kind: effects for kind in EVENTS if kind is not SessionInterrupted},
)
