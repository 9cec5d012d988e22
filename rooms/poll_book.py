"""The polls of a session as they stand in its log: their events, what these make of them, and who sees what.

Every poll belongs to a place, and only who is there knows of it. A draft is seen by staff and its author, who see everything of it later too; everybody else sees the poll from its
opening, the counts while they are live, and the right answers when a live quiz closes or any is published. An anonymous
vote is a ballot that nobody is shown (design.md 5). Who may do what is decided in polls.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import AwareDatetime

from rooms.ballots import HIDDEN_BELOW, Asked, Choices, PollKind, Results, Tally
from rooms.bucket_map import BucketMap
from rooms.feature import Event, InRoom, Recorded, Standing, Wire
from rooms.ids import AnyId, UserId, UserIdField


class PollStatus(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Poll:
    """`seq`: of its creation, once opened of its first opening; polls are listed in this order. `room` None: main."""

    id: str
    seq: int
    author: UserId | None
    question: str
    kind: PollKind
    options: tuple[str, ...]
    many: bool
    anonymous: bool
    results: Results
    closes_after_s: int | None = None
    template: str | None = None
    status: PollStatus = PollStatus.DRAFT
    correct: tuple[int, ...] | None = None
    live: bool = False  # the counts are seen by all
    published: bool = False
    armed: int = 0  # seq of the latest opening: the timer that closes it names it
    opened_at: datetime | None = None
    closes_at: datetime | None = None
    closed_at: datetime | None = None
    tally: Tally | None = None  # None while the reader may not see it; of anonymous ballots before the first tally
    votes: BucketMap[Choices] = field(default_factory=BucketMap)  # named ones by voter; to peers only their own
    who: tuple[UserId, ...] | None = None  # answered an anonymous poll of 5 and more; staff and author only
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """The open ballots of an anonymous poll. `tally_armed`: the ballot whose timer will show the counts."""

    ballots: BucketMap[Choices] = field(default_factory=BucketMap)
    tally: Tally = field(default_factory=Tally)
    tally_armed: int | None = None


@dataclass(frozen=True, slots=True)
class Polls:
    polls: BucketMap[Poll] = field(default_factory=BucketMap)
    boxes: BucketMap[Box] | None = field(default_factory=BucketMap)  # never part of a view

    def in_order(self) -> list[Poll]:
        return sorted(self.polls.values(), key=lambda each: each.seq)

    def with_(self, poll: Poll) -> "Polls":
        return replace(self, polls=self.polls.set(poll.id, poll))


# -- Events --


class PollCreated(Asked, InRoom):
    type: Literal["poll.created"] = "poll.created"
    poll_id: AnyId
    author: UserIdField | None = None
    correct: tuple[int, ...] | None = None


class PollUpdated(Asked, InRoom):
    type: Literal["poll.updated"] = "poll.updated"
    poll_id: AnyId
    author: UserIdField | None = None
    correct: tuple[int, ...] | None = None


class PollDeleted(InRoom):
    type: Literal["poll.deleted"] = "poll.deleted"
    poll_id: AnyId
    author: UserIdField | None = None


class PollOpened(Asked, InRoom):
    """Carries the poll for those who could not see the draft. `show`: the stage turns to it."""

    type: Literal["poll.opened"] = "poll.opened"
    poll_id: AnyId
    author: UserIdField | None = None
    closes_at: AwareDatetime | None = None
    show: bool = False


class PollVoted(InRoom):
    """A named vote (its voter is the actor), or a ballot: unsigned and visible to nobody.

    `was` is the answer it replaces, so that whoever sees only counts can take it out.
    """

    type: Literal["poll.voted"] = "poll.voted"
    poll_id: AnyId
    choices: Choices
    was: Choices | None = None
    ballot: str | None = None
    live: bool = False
    author: UserIdField | None = None

    @property
    def signed(self) -> bool:
        return self.ballot is None


class Counted(Wire):
    """The counts an event brings: all three, or none for those who may not see them."""

    answered: int | None = None
    counts: tuple[int, ...] | None = None
    words: tuple[tuple[str, int], ...] | None = None

    @property
    def tally(self) -> Tally | None:
        if self.answered is None:
            return None
        return Tally(self.answered, self.counts or (), self.words or ())


class PollTallied(Counted, InRoom):
    """The counts of an anonymous poll so far."""

    type: Literal["poll.tallied"] = "poll.tallied"
    poll_id: AnyId
    live: bool
    author: UserIdField | None = None


class PollClosed(Counted, InRoom):
    """`who` answered an anonymous poll, from 5 ballots on. Counts and right answers only for those who may see them."""

    type: Literal["poll.closed"] = "poll.closed"
    poll_id: AnyId
    live: bool
    correct: tuple[int, ...] | None = None
    who: tuple[UserIdField, ...] | None = None
    author: UserIdField | None = None
    timed_out: bool = False


class PollReopened(InRoom):
    type: Literal["poll.reopened"] = "poll.reopened"
    poll_id: AnyId
    closes_at: AwareDatetime | None = None


class PollPublished(Counted, InRoom):
    type: Literal["poll.published"] = "poll.published"
    poll_id: AnyId
    correct: tuple[int, ...] | None = None


EVENTS: tuple[type[Event], ...] = (
    PollCreated,
    PollUpdated,
    PollDeleted,
    PollOpened,
    PollVoted,
    PollTallied,
    PollClosed,
    PollReopened,
    PollPublished,
)


def terms(source: Asked | Poll) -> dict[str, Any]:
    """What is asked, to hand from a definition to an event, to the state and back."""
    return {name: getattr(source, name) for name in Asked.model_fields}


def counts_of(tally: Tally | None) -> dict[str, Any]:
    shown = tally or Tally()
    return {"answered": shown.answered, "counts": shown.counts, "words": shown.words}


# -- Applying. A view is folded by the same functions: what it does not hold stays away. --


def _changes(change: Callable[[Poll, Recorded], Poll]) -> Callable[[Polls, Recorded], Polls]:
    def apply(polls: Polls, recorded: Recorded) -> Polls:
        poll = polls.polls.get(recorded.event.poll_id)  # type: ignore[attr-defined]
        return polls if poll is None else polls.with_(change(poll, recorded))

    return apply


def apply_created(polls: Polls, recorded: Recorded) -> Polls:
    event = recorded.event
    assert isinstance(event, PollCreated)
    return polls.with_(replace(_fresh(event, recorded.seq), correct=event.correct))


def _fresh(event: PollCreated | PollOpened, seq: int) -> Poll:
    return Poll(event.poll_id, seq, event.author, room=event.room, **terms(event))


def _updated(poll: Poll, recorded: Recorded) -> Poll:
    assert isinstance(recorded.event, PollUpdated)
    return replace(poll, correct=recorded.event.correct, **terms(recorded.event))


def apply_deleted(polls: Polls, recorded: Recorded) -> Polls:
    assert isinstance(recorded.event, PollDeleted)
    return replace(polls, polls=polls.polls.drop(recorded.event.poll_id))


def apply_opened(polls: Polls, recorded: Recorded) -> Polls:
    """Whoever knew the draft sees its counts from now on, everybody else only when they are live."""
    event = recorded.event
    assert isinstance(event, PollOpened)
    draft = polls.polls.get(event.poll_id)
    live = event.results is Results.LIVE
    counted = not event.anonymous and (draft is not None or live)
    opened = replace(
        draft or _fresh(event, recorded.seq),
        seq=recorded.seq,
        status=PollStatus.OPEN,
        live=live,
        armed=recorded.seq,
        opened_at=recorded.at,
        closes_at=event.closes_at,
        tally=_nothing_yet(event) if counted else None,
    )
    boxes = polls.boxes
    if event.anonymous and boxes is not None:
        boxes = boxes.set(event.poll_id, Box(tally=_nothing_yet(event)))
    return replace(polls, polls=polls.polls.set(event.poll_id, opened), boxes=boxes)


def _nothing_yet(asks: Asked) -> Tally:
    return Tally(counts=(0,) * len(asks.options))


def apply_voted(polls: Polls, recorded: Recorded) -> Polls:
    event = recorded.event
    assert isinstance(event, PollVoted)
    poll = polls.polls.get(event.poll_id)
    if poll is None:
        return polls
    if event.ballot is not None:
        return _boxed(polls, poll, event, event.ballot, recorded.seq)
    votes = poll.votes.set(recorded.actor, event.choices) if recorded.actor is not None else poll.votes
    tally = poll.tally.changed(poll.kind, event.choices, event.was) if poll.tally is not None else None
    return polls.with_(replace(poll, votes=votes, tally=tally))


def _boxed(polls: Polls, poll: Poll, event: PollVoted, ballot: str, seq: int) -> Polls:
    box = polls.boxes.get(poll.id) if polls.boxes is not None else None
    if polls.boxes is None or box is None:
        return polls
    ballots = box.ballots.set(ballot, event.choices)
    armed = box.tally_armed or (seq if len(ballots) >= HIDDEN_BELOW else None)
    counted = Box(ballots, box.tally.changed(poll.kind, event.choices, None), armed)
    return replace(polls, boxes=polls.boxes.set(poll.id, counted))


def apply_tallied(polls: Polls, recorded: Recorded) -> Polls:
    event = recorded.event
    assert isinstance(event, PollTallied)
    poll = polls.polls.get(event.poll_id)
    if poll is None:
        return polls
    boxes = polls.boxes
    if boxes is not None and (box := boxes.get(poll.id)) is not None:
        boxes = boxes.set(poll.id, replace(box, tally_armed=None))
    return replace(polls, polls=polls.polls.set(poll.id, replace(poll, tally=event.tally or poll.tally)), boxes=boxes)


def apply_closed(polls: Polls, recorded: Recorded) -> Polls:
    event = recorded.event
    assert isinstance(event, PollClosed)
    poll = polls.polls.get(event.poll_id)
    if poll is None:
        return polls
    closed = replace(
        poll,
        status=PollStatus.CLOSED,
        closed_at=recorded.at,
        closes_at=None,
        tally=event.tally or poll.tally,
        correct=event.correct or poll.correct,
        who=event.who,
    )
    boxes = polls.boxes.drop(poll.id) if polls.boxes is not None else None
    return replace(polls, polls=polls.polls.set(poll.id, closed), boxes=boxes)


def _reopened(poll: Poll, recorded: Recorded) -> Poll:
    assert isinstance(recorded.event, PollReopened)
    closes_at = recorded.event.closes_at
    return replace(poll, status=PollStatus.OPEN, armed=recorded.seq, closes_at=closes_at, closed_at=None)


def _published(poll: Poll, recorded: Recorded) -> Poll:
    event = recorded.event
    assert isinstance(event, PollPublished)
    return replace(
        poll, published=True, live=True, tally=event.tally or poll.tally, correct=event.correct or poll.correct
    )


APPLY: Mapping[type[Event], Any] = {
    PollCreated: apply_created,
    PollUpdated: _changes(_updated),
    PollDeleted: apply_deleted,
    PollOpened: apply_opened,
    PollVoted: apply_voted,
    PollTallied: apply_tallied,
    PollClosed: apply_closed,
    PollReopened: _changes(_reopened),
    PollPublished: _changes(_published),
}


# -- What others see --


def view(polls: Polls, standing: Standing) -> Polls | None:
    if not standing.admitted:
        return None
    if standing.staff:
        return replace(polls, boxes=None)
    seen = [(key, _seen(each, standing.user)) for key, each in polls.polls.items() if standing.is_in(each.room)]
    return Polls(polls=BucketMap([(key, each) for key, each in seen if each is not None]), boxes=None)


def _seen(poll: Poll, user: UserId | None) -> Poll | None:
    if user is not None and poll.author == user:
        return poll
    if poll.status is PollStatus.DRAFT:
        return None
    own = poll.votes.get(user) if user is not None else None
    return replace(
        poll,
        tally=poll.tally if poll.live else None,
        correct=poll.correct if _answers_out(poll) else None,
        votes=BucketMap([(user, own)] if user is not None and own is not None else ()),
        who=None,
    )


def _answers_out(poll: Poll) -> bool:
    return poll.published or (poll.live and poll.status is PollStatus.CLOSED)


def visible(recorded: Recorded, standing: Standing) -> Recorded | None:
    event = recorded.event
    if not standing.admitted or (isinstance(event, PollVoted) and not event.signed):
        return None
    author: UserId | None = getattr(event, "author", None)
    if standing.staff or (author is not None and author == standing.user):
        return recorded
    match event:
        case PollCreated() | PollUpdated() | PollDeleted():
            return None
        case PollVoted():
            return _seen_vote(recorded, event, standing)
        case PollTallied():
            return recorded if event.live else None
        case PollClosed():
            hidden = dict.fromkeys(["who"] if event.live else ["who", "correct", *Counted.model_fields])
            return replace(recorded, event=event.model_copy(update=hidden))
        case _:
            return recorded


def _seen_vote(recorded: Recorded, event: PollVoted, standing: Standing) -> Recorded | None:
    """The voter sees his own; others, while results are live, that somebody chose this."""
    if recorded.actor is not None and recorded.actor == standing.user:
        return recorded
    if not event.live:
        return None
    return replace(recorded, actor=None, command=None, event=event.model_copy(update={"author": None}))


def parties(recorded: Recorded) -> frozenset[UserId]:
    event = recorded.event
    author: UserId | None = None if isinstance(event, PollOpened) else getattr(event, "author", None)
    voter = recorded.actor if isinstance(event, PollVoted) else None
    return frozenset(each for each in (author, voter) if each is not None)
