"""What the log says about taking part: who was here when, what was open, who did what (domain.md 6).

A fold beside the session's state: `observe` takes one event more and never fails. It keeps where in the log everything
stands, so that each point can be traced, and no words but the title and what polls ask. What it is worth: engagement.py.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.alias_generators import to_camel

from rooms.admission import ParticipantAdmitted, ParticipantBanned, ParticipantRemoved
from rooms.ballots import PollKind
from rooms.board_book import BoardChanged
from rooms.breakout_events import BreakoutMoved
from rooms.bucket_map import BucketMap
from rooms.chat import ChatLocked, MessageDeleted, MessageReacted, MessageSent, channel_of, is_direct
from rooms.feature import Event, Recorded
from rooms.hands import HandRaised, ReactionSent
from rooms.ids import UserId
from rooms.lifecycle import (
    FeatureType,
    SessionActivated,
    SessionCancelled,
    SessionEnded,
    SessionFeature,
    SessionInterrupted,
    SessionPaused,
    SessionResumed,
    SessionScheduled,
    SessionUpdated,
)
from rooms.participants import ParticipantJoined, ParticipantLeft, QualityChanged
from rooms.people import PersonErased
from rooms.poll_book import PollClosed, PollOpened, PollPublished, PollReopened, PollVoted
from rooms.questions import (
    QuestionAnswered,
    QuestionApproved,
    QuestionAsked,
    QuestionDismissed,
    QuestionMerged,
    QuestionReopened,
    QuestionUpvoted,
    QuestionWithdrawn,
)
from rooms.recording import RecordingReported, RunStage
from rooms.rights import RoleChanged
from rooms.roles import Role
from rooms.sound import ParticipantSpoke
from rooms.values import replace, value

# Raised when old events come to mean something else here: kept evidence is dropped and folded again.
EVIDENCE_VERSION = 3
SPOKEN_MIN_MS = 2_000
"""Less is a cough, and no taking part."""

Period = tuple[datetime, datetime | None]  # None: still going on
Periods = tuple[Period, ...]
Offer = Literal["polls", "interaction", "questions"]


@value(frozen=True, slots=True)
class Stay:
    """From a joining to a leaving. `quality` of the line when it was lost (W220)."""

    came: int  # seq
    since: datetime
    went: int | None = None  # seq
    until: datetime | None = None
    quality: str | None = None


@value(frozen=True, slots=True)
class Act:
    seq: int
    at: datetime
    kind: str


@value(frozen=True, slots=True)
class Guest:
    """One person. `acts` by what they did it to, so that what is taken back or deleted can be found."""

    role: Role
    roles: tuple[tuple[datetime, Role], ...] = ()
    stays: tuple[Stay, ...] = ()
    quality: str | None = None
    acts: BucketMap[Act] = field(default_factory=BucketMap)
    upvotes: Mapping[str, int] = field(default_factory=dict)  # question -> seq
    spoken_ms: int = 0
    erased: bool = False

    @property
    def present(self) -> bool:
        return bool(self.stays) and self.stays[-1].until is None


@value(frozen=True, slots=True)
class AskedPoll:
    """`voters` by name with the seq of their vote. `who`: answered anonymously, known at the close from 5 on.

    Asked of those who were in `room` (None: the main room) while it was open.
    """

    question: str
    kind: PollKind
    options: tuple[str, ...]
    anonymous: bool
    open: Periods
    voters: BucketMap[int] = field(default_factory=BucketMap)
    who: tuple[UserId, ...] | None = None
    closed: int | None = None  # seq
    answered: int = 0
    counts: tuple[int, ...] | None = None  # once everybody there may see them
    room: str | None = None


@value(frozen=True, slots=True)
class AskedQuestion:
    """`accepted`: neither waiting for approval nor dismissed."""

    seq: int
    author: UserId | None
    anonymous: bool
    accepted: bool
    answered: bool = False
    room: str | None = None


@value(frozen=True, slots=True)
class Evidence:
    """`offered`: when everybody who is no observer could do something for this component, wherever they were.

    `moves`: from when on each person was in which breakout room (None: back in the main room); before, in the main room.
    """

    __pydantic_config__: ClassVar = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    seq: int = 0
    title: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    live: Periods = ()  # active; pauses are not
    outages: Periods = ()
    offered: Mapping[Offer, Periods] = field(default_factory=dict)
    features: tuple[FeatureType, ...] = ()
    locked: bool = False
    guests: BucketMap[Guest] = field(default_factory=BucketMap)
    moves: BucketMap[tuple[tuple[datetime, str | None], ...]] = field(default_factory=BucketMap)
    polls: BucketMap[AskedPoll] = field(default_factory=BucketMap)
    questions: BucketMap[AskedQuestion] = field(default_factory=BucketMap)
    messages: int = 0  # to everybody in the main room, not deleted
    present: int = 0
    most_present: int = 0
    stored: bool = False  # there is a recording to hear


EVIDENCE: TypeAdapter[Evidence] = TypeAdapter(Evidence)


def observe(evidence: Evidence, recorded: Recorded) -> Evidence:
    """The evidence after one more event of the whole log (not of a view)."""
    return gather((recorded,), evidence)


def gather(log: Iterable[Recorded], start: Evidence | None = None) -> Evidence:
    evidence = start or Evidence()
    seq = evidence.seq
    for recorded in log:
        kind, seq = type(recorded.event), recorded.seq
        learn = _LEARN.get(kind)
        if learn is not None:
            evidence = learn(evidence, recorded, recorded.event)
        if _moves_people(kind):
            evidence = _moved(evidence, recorded)
    return evidence if seq == evidence.seq else replace(evidence, seq=seq)


@cache
def _moves_people(kind: type[Event]) -> bool:
    """Asked of every event, and few do."""
    return "moves" in kind.model_fields or issubclass(kind, ParticipantRemoved | ParticipantBanned)


# -- Periods --


def _begin(periods: Periods, at: datetime) -> Periods:
    return periods if periods and periods[-1][1] is None else (*periods, (at, None))


def _finish(periods: Periods, at: datetime) -> Periods:
    return (*periods[:-1], (periods[-1][0], at)) if periods and periods[-1][1] is None else periods


# -- The session --


def _scheduled(evidence: Evidence, recorded: Recorded, event: SessionScheduled) -> Evidence:
    return _offers(replace(evidence, title=event.title, features=_on(event.features)), recorded.at)


def _updated(evidence: Evidence, recorded: Recorded, event: SessionUpdated) -> Evidence:
    features = evidence.features if event.features is None else _on(event.features)
    return _offers(replace(evidence, title=event.title or evidence.title, features=features), recorded.at)


def _locked(evidence: Evidence, recorded: Recorded, event: ChatLocked) -> Evidence:
    return _offers(replace(evidence, locked=event.locked), recorded.at)


def _on(features: tuple[SessionFeature, ...]) -> tuple[FeatureType, ...]:
    return tuple(each.type for each in features if each.is_enabled)


def _offers(evidence: Evidence, at: datetime) -> Evidence:
    """Hands and reactions alone ask nobody to take part: interaction is offered while there is an open chat."""
    now: dict[Offer, bool] = {
        "polls": FeatureType.POLL in evidence.features,
        "interaction": FeatureType.CHAT in evidence.features and not evidence.locked,
        "questions": FeatureType.QA in evidence.features,
    }
    offered = {name: (_begin if on else _finish)(evidence.offered.get(name, ()), at) for name, on in now.items()}
    return replace(evidence, offered=offered)


def _active(evidence: Evidence, recorded: Recorded, event: Event) -> Evidence:
    started_at = evidence.started_at or recorded.at
    return replace(evidence, started_at=started_at, live=_begin(evidence.live, recorded.at))


def _paused(evidence: Evidence, recorded: Recorded, event: Event) -> Evidence:
    return replace(evidence, live=_finish(evidence.live, recorded.at))


def _over(evidence: Evidence, recorded: Recorded, event: Event) -> Evidence:
    return replace(evidence, live=_finish(evidence.live, recorded.at), ended_at=recorded.at)


def _interrupted(evidence: Evidence, recorded: Recorded, event: SessionInterrupted) -> Evidence:
    return replace(evidence, outages=(*evidence.outages, (event.from_, event.to)))


# -- People --


def _came(evidence: Evidence, recorded: Recorded, event: ParticipantJoined | ParticipantAdmitted) -> Evidence:
    guest = _as(evidence.guests.get(event.user_id), event.role, recorded.at)
    if not guest.present:
        guest = replace(guest, stays=(*guest.stays, Stay(recorded.seq, recorded.at)))
        present = evidence.present + 1
        evidence = replace(evidence, present=present, most_present=max(evidence.most_present, present))
    return _with_guest(evidence, event.user_id, guest)


def _as(guest: Guest | None, role: Role, at: datetime) -> Guest:
    known = guest or Guest(role)
    if known.roles and known.role is role:
        return known
    return replace(known, role=role, roles=(*known.roles, (at, role)))


def _went(
    evidence: Evidence, recorded: Recorded, event: ParticipantLeft | ParticipantRemoved | ParticipantBanned
) -> Evidence:
    guest = evidence.guests.get(event.user_id)
    waiting = isinstance(event, ParticipantLeft) and event.waiting
    if guest is None or not guest.present or waiting:
        return evidence
    stay = guest.stays[-1]
    until = event.last_seen if isinstance(event, ParticipantLeft) else recorded.at
    ended = replace(stay, went=recorded.seq, until=max(stay.since, until), quality=guest.quality)
    left = replace(evidence, present=evidence.present - 1)
    return _with_guest(left, event.user_id, replace(guest, stays=(*guest.stays[:-1], ended)))


def _became(evidence: Evidence, recorded: Recorded, event: RoleChanged) -> Evidence:
    return _with_guest(evidence, event.user_id, _as(evidence.guests.get(event.user_id), event.role, recorded.at))


def _rated(evidence: Evidence, recorded: Recorded, event: QualityChanged) -> Evidence:
    guest = evidence.guests.get(event.user_id)
    return evidence if guest is None else _with_guest(evidence, event.user_id, replace(guest, quality=event.quality))


def _erased(evidence: Evidence, recorded: Recorded, event: PersonErased) -> Evidence:
    guest = evidence.guests.get(event.user_id)
    return (
        evidence if guest is None else _with_guest(evidence, event.user_id, replace(guest, quality=None, erased=True))
    )


def _with_guest(evidence: Evidence, user: UserId, guest: Guest) -> Evidence:
    return replace(evidence, guests=evidence.guests.set(user, guest))


def _moved(evidence: Evidence, recorded: Recorded) -> Evidence:
    """Rooms open, people move, rooms close; and who is put out comes back to the main room, if at all."""
    event, moves = recorded.event, evidence.moves
    for each in getattr(event, "moves", ()):
        moves = moves.set(each.user_id, (*moves.get(each.user_id, ()), (recorded.at, each.room)))
    if isinstance(event, ParticipantRemoved | ParticipantBanned) and (past := moves.get(event.user_id)):
        moves = moves.set(event.user_id, (*past, (recorded.at, None)))
    return evidence if moves is evidence.moves else replace(evidence, moves=moves)


# -- What they did. Direct messages are nobody's measure: only two people know of them. --


def _said(evidence: Evidence, recorded: Recorded, event: MessageSent) -> Evidence:
    if is_direct(channel_of(recorded.actor, event.to, event.room)):
        return evidence
    messages = evidence.messages + _is_for_all(event)
    return _acted(evidence, recorded, "chat", event.message_id, messages)


def _unsaid(evidence: Evidence, recorded: Recorded, event: MessageDeleted) -> Evidence:
    guest = evidence.guests.get(event.sender)
    if is_direct(channel_of(event.sender, event.to, event.room)):
        return evidence
    left = replace(evidence, messages=evidence.messages - _is_for_all(event))
    if guest is None:
        return left
    return _with_guest(left, event.sender, replace(guest, acts=guest.acts.drop(event.message_id)))


def _is_for_all(event: MessageSent | MessageDeleted) -> bool:
    return event.to is None and event.room is None


def _reacted(evidence: Evidence, recorded: Recorded, event: MessageReacted) -> Evidence:
    if is_direct(channel_of(event.sender, event.to, event.room)):
        return evidence
    key = f"{event.message_id}:{event.emoji}"
    if event.on:
        return _acted(evidence, recorded, "reaction", key)
    guest = evidence.guests.get(recorded.actor or "")
    if guest is None or recorded.actor is None:
        return evidence
    return _with_guest(evidence, recorded.actor, replace(guest, acts=guest.acts.drop(key)))


def _passed_by(evidence: Evidence, recorded: Recorded, event: ReactionSent) -> Evidence:
    return _acted(evidence, recorded, "reaction", str(recorded.seq))


def _raised(evidence: Evidence, recorded: Recorded, event: HandRaised) -> Evidence:
    return _acted(evidence, recorded, "hand", str(recorded.seq))


def _drew(evidence: Evidence, recorded: Recorded, event: BoardChanged) -> Evidence:
    """A stroke is no measure: drawing counts once a minute."""
    return _acted(evidence, recorded, "board", f"board:{int(recorded.at.timestamp() // 60)}")


def _went_to_room(evidence: Evidence, recorded: Recorded, event: BreakoutMoved) -> Evidence:
    """By one's own choice, once a room; being sent there is nobody's doing."""
    rooms = [each.room for each in event.moves if each.user_id == recorded.actor and each.room is not None]
    return _acted(evidence, recorded, "breakout", f"breakout:{rooms[0]}") if rooms else evidence


def _spoke(evidence: Evidence, recorded: Recorded, event: ParticipantSpoke) -> Evidence:
    """Speaking counts once a minute, and while the session is live; the time itself is kept for staff, and no measure."""
    guest = evidence.guests.get(event.user_id)
    if guest is None:
        return evidence
    guest = replace(guest, spoken_ms=guest.spoken_ms + event.ms)
    begun = evidence.live[-1] if evidence.live else None
    if begun is not None and begun[1] is None and event.from_ >= begun[0] and event.ms >= SPOKEN_MIN_MS:
        act = Act(recorded.seq, event.from_, "speech")
        guest = replace(guest, acts=guest.acts.set(f"speech:{int(event.from_.timestamp() // 60)}", act))
    return _with_guest(evidence, event.user_id, guest)


def _acted(evidence: Evidence, recorded: Recorded, kind: str, key: str, messages: int | None = None) -> Evidence:
    """`messages`: how many there are now, None where that did not change."""
    count, guests = evidence.messages if messages is None else messages, evidence.guests
    guest = guests.get(recorded.actor or "")
    if guest is not None and recorded.actor is not None:
        acts = guest.acts.set(key, Act(recorded.seq, recorded.at, kind))
        guests = guests.set(recorded.actor, replace(guest, acts=acts))
    return replace(evidence, messages=count, guests=guests)


def _reported(evidence: Evidence, recorded: Recorded, event: RecordingReported) -> Evidence:
    return replace(evidence, stored=True) if event.stage is RunStage.STORED else evidence


# -- Polls --


def _opened(evidence: Evidence, recorded: Recorded, event: PollOpened) -> Evidence:
    poll = AskedPoll(
        event.question, event.kind, event.options, event.anonymous, ((recorded.at, None),), room=event.room
    )
    return replace(evidence, polls=evidence.polls.set(event.poll_id, poll))


def _reopened(evidence: Evidence, recorded: Recorded, event: PollReopened) -> Evidence:
    return _with_poll(evidence, event.poll_id, lambda poll: {"open": _begin(poll.open, recorded.at)})


def _voted(evidence: Evidence, recorded: Recorded, event: PollVoted) -> Evidence:
    voter = recorded.actor
    if voter is None:
        return evidence
    return _with_poll(evidence, event.poll_id, lambda poll: {"voters": poll.voters.set(voter, recorded.seq)})


def _closed(evidence: Evidence, recorded: Recorded, event: PollClosed) -> Evidence:
    return _with_poll(
        evidence,
        event.poll_id,
        lambda poll: {
            "open": _finish(poll.open, recorded.at),
            "who": event.who,
            "closed": recorded.seq,
            "answered": event.answered or 0,
            "counts": event.counts if event.live else poll.counts,
        },
    )


def _published(evidence: Evidence, recorded: Recorded, event: PollPublished) -> Evidence:
    return _with_poll(evidence, event.poll_id, lambda poll: {"counts": event.counts})


def _with_poll(evidence: Evidence, poll_id: str, changed: Callable[[AskedPoll], dict[str, Any]]) -> Evidence:
    poll = evidence.polls.get(poll_id)
    if poll is None:
        return evidence
    return replace(evidence, polls=evidence.polls.set(poll_id, replace(poll, **changed(poll))))


# -- Questions --


def _asked(evidence: Evidence, recorded: Recorded, event: QuestionAsked) -> Evidence:
    question = AskedQuestion(recorded.seq, recorded.actor, event.anonymous, not event.pending, room=event.room)
    return replace(evidence, questions=evidence.questions.set(event.question_id, question))


def _accepted(
    evidence: Evidence, recorded: Recorded, event: QuestionApproved | QuestionReopened | QuestionMerged
) -> Evidence:
    """A duplicate was somebody's question too."""
    return _with_question(evidence, event.question_id, accepted=True)


def _dismissed(evidence: Evidence, recorded: Recorded, event: QuestionDismissed) -> Evidence:
    return _with_question(evidence, event.question_id, accepted=False)


def _answered(evidence: Evidence, recorded: Recorded, event: QuestionAnswered) -> Evidence:
    return _with_question(evidence, event.question_id, answered=True)


def _withdrawn(evidence: Evidence, recorded: Recorded, event: QuestionWithdrawn) -> Evidence:
    return replace(evidence, questions=evidence.questions.drop(event.question_id))


def _upvoted(evidence: Evidence, recorded: Recorded, event: QuestionUpvoted) -> Evidence:
    guest = evidence.guests.get(recorded.actor or "")
    if guest is None or recorded.actor is None:
        return evidence
    upvotes = {key: seq for key, seq in guest.upvotes.items() if key != event.question_id}
    if event.on:
        upvotes[event.question_id] = recorded.seq
    return _with_guest(evidence, recorded.actor, replace(guest, upvotes=upvotes))


def _with_question(evidence: Evidence, question_id: str, **changed: Any) -> Evidence:
    question = evidence.questions.get(question_id)
    if question is None:
        return evidence
    return replace(evidence, questions=evidence.questions.set(question_id, replace(question, **changed)))


_LEARN: Mapping[type[Event], Callable[[Evidence, Recorded, Any], Evidence]] = {
    SessionScheduled: _scheduled,
    SessionUpdated: _updated,
    SessionActivated: _active,
    SessionResumed: _active,
    SessionPaused: _paused,
    SessionEnded: _over,
    SessionCancelled: _over,
    SessionInterrupted: _interrupted,
    ParticipantJoined: _came,
    ParticipantAdmitted: _came,
    ParticipantLeft: _went,
    ParticipantRemoved: _went,
    ParticipantBanned: _went,
    RoleChanged: _became,
    QualityChanged: _rated,
    PersonErased: _erased,
    ChatLocked: _locked,
    MessageSent: _said,
    MessageDeleted: _unsaid,
    MessageReacted: _reacted,
    ReactionSent: _passed_by,
    HandRaised: _raised,
    BoardChanged: _drew,
    BreakoutMoved: _went_to_room,
    ParticipantSpoke: _spoke,
    RecordingReported: _reported,
    PollOpened: _opened,
    PollReopened: _reopened,
    PollVoted: _voted,
    PollClosed: _closed,
    PollPublished: _published,
    QuestionAsked: _asked,
    QuestionApproved: _accepted,
    QuestionReopened: _accepted,
    QuestionMerged: _accepted,
    QuestionDismissed: _dismissed,
    QuestionAnswered: _answered,
    QuestionWithdrawn: _withdrawn,
    QuestionUpvoted: _upvoted,
}
