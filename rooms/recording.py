"""Recording: its runs, who consents to be recorded, chapters, and how far the work on it has come.

A run is what goes on from a start to a stop; position 0 of its sound is the time of its start, and a pause is silence in it.
Nobody's voice is in the log, so nothing of it is ever blanked: whoever withdraws their consent is taken out of what was
stored by the work that the event queues. Recorded is the main room only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from rooms.bucket_map import BucketMap
from rooms.feature import Command, Context, Effect, Enqueue, Event, Feature, Flag, Line, Recorded, Standing, Whole
from rooms.ids import AnyId, UserId, UserIdField
from rooms.lifecycle import (
    FeatureType,
    SessionPaused,
    SessionResumed,
    require_feature,
    require_open,
    require_running,
)
from rooms.people import person_of, require_moderator, role_of
from rooms.refusal import Refused

if TYPE_CHECKING:
    from rooms.room import RoomState

RUNS_MAX = 100
MARKS_MAX = 500
PROGRESS_STEP = 0.05
"""Progress is told when so much more is done: at most twenty times a stage."""


class RunStatus(StrEnum):
    RECORDING = "recording"
    PAUSED = "paused"
    STOPPED = "stopped"


class RunStage(StrEnum):
    """What becomes of a run. `incomplete` comes at the end in place of `ready` when sound is missing."""

    FINALISING = "finalising"
    STORED = "stored"
    TRANSCRIBING = "transcribing"
    READY = "ready"
    INCOMPLETE = "incomplete"
    FAILED = "failed"


LADDER: Mapping[RunStage, int] = {
    RunStage.FINALISING: 1,
    RunStage.STORED: 2,
    RunStage.TRANSCRIBING: 3,
    RunStage.READY: 4,
    RunStage.INCOMPLETE: 4,
}
LAST = 4


@dataclass(frozen=True, slots=True)
class Run:
    """`resumes`: the session's pause paused it, and it goes on with the session.

    `rung`: how far it ever came; whatever failed goes on from there. `code` says why it failed or is incomplete.
    """

    id: str
    seq: int
    started_at: datetime
    status: RunStatus = RunStatus.RECORDING
    resumes: bool = False
    ended_at: datetime | None = None
    stage: RunStage | None = None
    rung: int = 0
    done: int | None = None
    of: int | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """`runs`: those that it has covered since it was given; whoever withdraws it leaves these."""

    given: bool
    runs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """A chapter begins."""

    seq: int
    at: datetime
    recording_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Recording:
    """`runs` in their order. Who is not in `consents` was never asked, or has not answered; staff see all of them."""

    runs: tuple[Run, ...] = ()
    consents: BucketMap[Consent] = field(default_factory=BucketMap)
    marks: tuple[Mark, ...] = ()

    def get(self, recording_id: str) -> Run | None:
        return next((each for each in self.runs if each.id == recording_id), None)


# -- What others ask of this feature --


def current(recording: Recording | None) -> Run | None:
    """The run that goes on, or is paused."""
    if recording is None or not recording.runs or recording.runs[-1].status is RunStatus.STOPPED:
        return None
    return recording.runs[-1]


def may_be_recorded(room: "RoomState", user: UserId) -> bool:
    """Asked for everybody after every event; whether they may be heard is another question (sound.py)."""
    run = current(room.recording)
    if run is None or run.status is not RunStatus.RECORDING:
        return False
    assert room.recording is not None and room.breakouts is not None
    consent = room.recording.consents.get(user)
    if consent is None or not consent.given or user in room.breakouts.places:
        return False
    person = person_of(room, user)
    return person is not None and person.present and role_of(room, user) is not None


# -- Commands --


class StartRecording(Command):
    """Of the main room, and of those only who consent."""

    type: Literal["recording.start"] = "recording.start"


class PauseRecording(Command):
    type: Literal["recording.pause"] = "recording.pause"


class ResumeRecording(Command):
    type: Literal["recording.resume"] = "recording.resume"


class StopRecording(Command):
    type: Literal["recording.stop"] = "recording.stop"


class ConsentToRecording(Command):
    """At any time, also before a recording and after the end, for the whole session; withdrawn, it removes one's voice."""

    type: Literal["recording.consent"] = "recording.consent"
    given: Flag


class MarkRecording(Command):
    """A chapter begins here."""

    type: Literal["recording.mark"] = "recording.mark"
    text: Line


Count = Annotated[Whole, Field(ge=0, le=1_000_000_000)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z_.]{0,59}$")]


class ReportRecording(Command):
    """How far the work on a run has come."""

    internal: ClassVar[bool] = True
    type: Literal["recording.report"] = "recording.report"
    recording_id: AnyId
    stage: RunStage
    done: Count | None = None
    of: Count | None = None
    code: Code | None = None


# -- Events --


class OfRun(Event):
    recording_id: AnyId


class RecordingStarted(OfRun):
    """Its sound begins at the time of this event."""

    type: Literal["recording.started"] = "recording.started"


class RecordingPaused(OfRun):
    type: Literal["recording.paused"] = "recording.paused"


class RecordingResumed(OfRun):
    type: Literal["recording.resumed"] = "recording.resumed"


class RecordingStopped(OfRun):
    type: Literal["recording.stopped"] = "recording.stopped"


class RecordingConsented(Event):
    """Or not; told to staff and to oneself."""

    type: Literal["recording.consented"] = "recording.consented"
    user_id: UserIdField
    given: bool


class RecordingWithdrawn(Event):
    """Somebody who may be in these recordings is taken out of them. Told to staff and to oneself."""

    type: Literal["recording.withdrawn"] = "recording.withdrawn"
    user_id: UserIdField
    recording_ids: tuple[AnyId, ...]


class RecordingMarked(OfRun):
    type: Literal["recording.marked"] = "recording.marked"
    text: str


class RecordingReported(OfRun):
    type: Literal["recording.reported"] = "recording.reported"
    stage: RunStage
    done: int | None = None
    of: int | None = None
    code: str | None = None


COMMANDS = (StartRecording, PauseRecording, ResumeRecording, StopRecording, ConsentToRecording, MarkRecording)
INTERNAL = (ReportRecording,)
EVENTS: tuple[type[Event], ...] = (
    RecordingStarted,
    RecordingPaused,
    RecordingResumed,
    RecordingStopped,
    RecordingConsented,
    RecordingWithdrawn,
    RecordingMarked,
    RecordingReported,
)


# -- Deciding: a run --


def _recording_of(room: "RoomState") -> Recording:
    assert room.recording is not None
    return room.recording


def decide_start(room: "RoomState", command: StartRecording, context: Context) -> list[Event]:
    _require_recordable(room, context)
    recording = _recording_of(room)
    if current(recording) is not None:
        raise Refused("recording.running", "it is being recorded already")
    if len(recording.runs) >= RUNS_MAX:
        raise Refused("limit_reached", f"a session has at most {RUNS_MAX} recordings")
    return [RecordingStarted(recording_id=context.new_id())]


def _require_recordable(room: "RoomState", context: Context) -> None:
    """Nobody expects to be recorded before the session begins, or in its break: not even moderators start it then."""
    require_feature(room, FeatureType.RECORDING)
    require_moderator(room, context)
    require_running(room, moderator=False)


def _require_run(room: "RoomState", context: Context) -> Run:
    """What goes on can be paused, marked and stopped in a break too, and after recording was switched off."""
    require_moderator(room, context)
    require_open(room)
    run = current(_recording_of(room))
    if run is None:
        raise Refused("recording.not_running", "it is not being recorded")
    return run


def decide_pause(room: "RoomState", command: PauseRecording, context: Context) -> list[Event]:
    run = _require_run(room, context)
    paused = run.status is RunStatus.PAUSED and not run.resumes
    return [] if paused else [RecordingPaused(recording_id=run.id)]


def decide_resume(room: "RoomState", command: ResumeRecording, context: Context) -> list[Event]:
    run = _require_run(room, context)
    _require_recordable(room, context)
    return [RecordingResumed(recording_id=run.id)] if run.status is RunStatus.PAUSED else []


def decide_stop(room: "RoomState", command: StopRecording, context: Context) -> list[Event]:
    return [RecordingStopped(recording_id=_require_run(room, context).id)]


def decide_mark(room: "RoomState", command: MarkRecording, context: Context) -> list[Event]:
    run = _require_run(room, context)
    if len(_recording_of(room).marks) >= MARKS_MAX:
        raise Refused("limit_reached", f"a session has at most {MARKS_MAX} chapters")
    return [RecordingMarked(recording_id=run.id, text=command.text)]


def ending(room: "RoomState", context: Context) -> list[Event]:
    run = current(_recording_of(room))
    return [] if run is None else [RecordingStopped(recording_id=run.id)]


# -- Deciding: consent --


def decide_consent(room: "RoomState", command: ConsentToRecording, context: Context) -> list[Event]:
    """By those who are in; to withdraw it, or never to give it, is enough to have been in."""
    user = context.actor
    known = person_of(room, user)
    if user is None or known is None or (command.given and role_of(room, user) is None):
        raise Refused("participant.not_admitted", "you have not been let in")
    now = _recording_of(room).consents.get(user)
    if now is not None and now.given == command.given:
        return []
    consented = RecordingConsented(user_id=user, given=command.given)
    if command.given or now is None or not now.runs:
        return [consented]
    return [consented, RecordingWithdrawn(user_id=user, recording_ids=now.runs)]


# -- Deciding: what became of it --


def decide_report(room: "RoomState", command: ReportRecording, context: Context) -> list[Event]:
    """Also long after the end. Told twice, late or backwards it has no effect."""
    run = _recording_of(room).get(command.recording_id)
    if run is None or not _is_news(run, command):
        return []
    return [
        RecordingReported(recording_id=run.id, stage=command.stage, done=command.done, of=command.of, code=command.code)
    ]


def _is_news(run: Run, command: ReportRecording) -> bool:
    if command.stage is RunStage.FAILED:
        return run.rung < LAST and (run.stage, run.code) != (RunStage.FAILED, command.code)
    if run.status is not RunStatus.STOPPED or run.rung >= LAST:
        return False
    rung = LADDER[command.stage]
    if run.stage is command.stage:
        return _share(command.done, command.of) >= _share(run.done, run.of) + PROGRESS_STEP
    return rung > run.rung or (rung == run.rung and run.stage is RunStage.FAILED)


def _share(done: int | None, of: int | None) -> float:
    return min(1.0, (done or 0) / of) if of else 0.0


# -- Applying --


def _with_run(recording: Recording, recording_id: str, **changed: Any) -> Recording:
    runs = tuple(replace(each, **changed) if each.id == recording_id else each for each in recording.runs)
    return replace(recording, runs=runs)


def apply_started(recording: Recording, recorded: Recorded) -> Recording:
    event = recorded.event
    assert isinstance(event, RecordingStarted)
    covered = {
        user: replace(each, runs=(*each.runs, event.recording_id))
        for user, each in recording.consents.items()
        if each.given
    }
    run = Run(event.recording_id, recorded.seq, recorded.at)
    return replace(recording, runs=(*recording.runs, run), consents=recording.consents.update(covered))


def apply_paused(recording: Recording, recorded: Recorded) -> Recording:
    assert isinstance(recorded.event, RecordingPaused)
    return _with_run(recording, recorded.event.recording_id, status=RunStatus.PAUSED, resumes=False)


def apply_resumed(recording: Recording, recorded: Recorded) -> Recording:
    assert isinstance(recorded.event, RecordingResumed)
    return _with_run(recording, recorded.event.recording_id, status=RunStatus.RECORDING, resumes=False)


def apply_stopped(recording: Recording, recorded: Recorded) -> Recording:
    assert isinstance(recorded.event, RecordingStopped)
    stopped = {"status": RunStatus.STOPPED, "resumes": False, "ended_at": recorded.at}
    return _with_run(recording, recorded.event.recording_id, **stopped)


def apply_session_paused(recording: Recording, recorded: Recorded) -> Recording:
    run = current(recording)
    if run is None or run.status is not RunStatus.RECORDING:
        return recording
    return _with_run(recording, run.id, status=RunStatus.PAUSED, resumes=True)


def apply_session_resumed(recording: Recording, recorded: Recorded) -> Recording:
    run = current(recording)
    if run is None or not run.resumes:
        return recording
    return _with_run(recording, run.id, status=RunStatus.RECORDING, resumes=False)


def apply_consented(recording: Recording, recorded: Recorded) -> Recording:
    """What it covered before stays until it is withdrawn from there."""
    event = recorded.event
    assert isinstance(event, RecordingConsented)
    before = recording.consents.get(event.user_id) or Consent(given=False)
    run = current(recording)
    more = (run.id,) if event.given and run is not None and run.id not in before.runs else ()
    consent = Consent(event.given, (*before.runs, *more))
    return replace(recording, consents=recording.consents.set(event.user_id, consent))


def apply_withdrawn(recording: Recording, recorded: Recorded) -> Recording:
    event = recorded.event
    assert isinstance(event, RecordingWithdrawn)
    return replace(recording, consents=recording.consents.set(event.user_id, Consent(given=False)))


def apply_marked(recording: Recording, recorded: Recorded) -> Recording:
    event = recorded.event
    assert isinstance(event, RecordingMarked)
    mark = Mark(recorded.seq, recorded.at, event.recording_id, event.text)
    return replace(recording, marks=(*recording.marks, mark))


def apply_reported(recording: Recording, recorded: Recorded) -> Recording:
    event = recorded.event
    assert isinstance(event, RecordingReported)
    run = recording.get(event.recording_id)
    if run is None:
        return recording
    rung = max(run.rung, LADDER.get(event.stage, 0))
    told = {"stage": event.stage, "rung": rung, "done": event.done, "of": event.of, "code": event.code}
    return _with_run(recording, run.id, **told)


# -- Effects and what others see: that it is recorded is everybody's to know, who consents staff's and one's own. --


def effects(room: "RoomState", recorded: Recorded) -> tuple[Effect, ...]:
    match recorded.event:
        case RecordingStopped(recording_id=run):
            return (Enqueue("finalise", run, {"recordingId": run}),)
        case RecordingWithdrawn(user_id=user, recording_ids=runs):
            payload = {"userId": user, "recordingIds": list(runs)}
            return (Enqueue("withdraw", f"{user}:{recorded.seq}", payload),)
        case _:
            return ()


def view(recording: Recording, standing: Standing) -> Recording | None:
    if not standing.admitted:
        return None
    if standing.staff:
        return recording
    own = recording.consents.get(standing.user or "")
    consents: BucketMap[Consent] = BucketMap()
    return replace(recording, consents=consents.set(standing.user or "", own) if own is not None else consents)


def visible(recorded: Recorded, standing: Standing) -> Recorded | None:
    if not standing.admitted:
        return None
    private = parties(recorded)
    return None if private and not standing.staff and standing.user not in private else recorded


def parties(recorded: Recorded) -> frozenset[UserId]:
    event = recorded.event
    if isinstance(event, RecordingConsented | RecordingWithdrawn):
        return frozenset({event.user_id})
    return frozenset()


FEATURE = Feature(
    name="recording",
    start=Recording(),
    decide={
        StartRecording: decide_start,
        PauseRecording: decide_pause,
        ResumeRecording: decide_resume,
        StopRecording: decide_stop,
        ConsentToRecording: decide_consent,
        MarkRecording: decide_mark,
        ReportRecording: decide_report,
    },
    apply={
        RecordingStarted: apply_started,
        RecordingPaused: apply_paused,
        RecordingResumed: apply_resumed,
        RecordingStopped: apply_stopped,
        RecordingConsented: apply_consented,
        RecordingWithdrawn: apply_withdrawn,
        RecordingMarked: apply_marked,
        RecordingReported: apply_reported,
        SessionPaused: apply_session_paused,
        SessionResumed: apply_session_resumed,
    },
    own_events=EVENTS,
    view=view,
    visible=visible,
    parties=parties,
    effects=dict.fromkeys((RecordingStopped, RecordingWithdrawn), effects),
    ending=ending,
)
