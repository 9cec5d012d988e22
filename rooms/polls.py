"""Polls and quizzes: prepared, opened, voted in, closed, published (field.md D, design.md 5 Anonymous votes).

A poll is for who is in its place: it is asked where its author is, and staff may ask it elsewhere. A named vote stands with its voter and may be changed; an anonymous one is a ballot, counted for all by a timer from 5
ballots on, and at the close, which destroys the secret that could name its voter. What answers are valid and how they
count stands in ballots.py, what a poll is and who sees what of it in poll_book.py.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from rooms.ballots import HIDDEN_BELOW, Choices, Definition, Given, PollKind, Tally, asked, ballot_of, chosen
from rooms.feature import (
    Arm,
    Command,
    Context,
    Disarm,
    DropSecret,
    Effect,
    Event,
    Feature,
    Flag,
    Line,
    MakeSecret,
    Recorded,
    Whole,
)
from rooms.ids import AnyId, UserId
from rooms.lifecycle import RUNNING, FeatureType, require_feature, require_open, require_running
from rooms.people import moderates, require_member, require_permission, role_of
from rooms.places import PlaceName, acting_standing, place_of, require_not_over
from rooms.poll_book import (
    APPLY,
    Box,
    Poll,
    PollClosed,
    PollCreated,
    PollDeleted,
    PollOpened,
    PollPublished,
    PollReopened,
    Polls,
    PollStatus,
    PollTallied,
    PollUpdated,
    PollVoted,
    counts_of,
    parties,
    terms,
    view,
    visible,
)
from rooms.poll_book import (
    EVENTS as EVENTS,
)
from rooms.poll_text import parse
from rooms.refusal import Refused
from rooms.roles import Permission

if TYPE_CHECKING:
    from rooms.room import RoomState

POLLS_MAX = 200
TALLY_EVERY = timedelta(seconds=2)


# -- Commands --


class CreatePoll(Definition, Command):
    """In one's own place; staff may name another (`room`)."""

    type: Literal["poll.create"] = "poll.create"
    room: PlaceName | None = None


class UpdatePoll(Definition, Command):
    """A draft, replaced as a whole."""

    type: Literal["poll.update"] = "poll.update"
    poll_id: AnyId


class ImportPolls(Command):
    """Drafts from plain text (poll_text.py): all of them or, with the line of the first mistake, none."""

    type: Literal["poll.import"] = "poll.import"
    text: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    room: PlaceName | None = None


class CopyPoll(Command):
    """A new draft that asks the same, in one's own place unless staff name another."""

    type: Literal["poll.copy"] = "poll.copy"
    poll_id: AnyId
    room: PlaceName | None = None


class DeletePoll(Command):
    """A draft."""

    type: Literal["poll.delete"] = "poll.delete"
    poll_id: AnyId


class OpenPoll(Command):
    """`seconds` closes it by itself. Staff put it on the stage unless `show` is false."""

    type: Literal["poll.open"] = "poll.open"
    poll_id: AnyId
    seconds: Annotated[Whole, Field(ge=1, le=86_400)] | None = None
    show: Flag = True


class QuickPoll(Command):
    """Created and opened with one click."""

    type: Literal["poll.quick"] = "poll.quick"
    template: Literal["yesno", "abcd"]
    question: Line | None = None
    anonymous: Flag = False
    room: PlaceName | None = None


class Vote(Command):
    """`choices`: indexes of options from 0, one step of a rating from 1, or up to 5 words."""

    type: Literal["poll.vote"] = "poll.vote"
    poll_id: AnyId
    choices: Given

    def is_secret_in(self, room: "RoomState") -> bool:
        return _is_anonymous(room, self.poll_id)


class ClosePoll(Command):
    type: Literal["poll.close"] = "poll.close"
    poll_id: AnyId


class ReopenPoll(Command):
    """Votes stand. Not an anonymous one, whose voters are forgotten, nor a quiz whose answers everybody has seen."""

    type: Literal["poll.reopen"] = "poll.reopen"
    poll_id: AnyId
    seconds: Annotated[Whole, Field(ge=1, le=86_400)] | None = None


class PublishPoll(Command):
    """Counts and right answers come to light; an open poll is closed first."""

    type: Literal["poll.publish"] = "poll.publish"
    poll_id: AnyId


class TimeOutPoll(Command):
    internal: ClassVar[bool] = True
    type: Literal["poll.timeOut"] = "poll.timeOut"
    poll_id: AnyId
    armed: int


class TallyPoll(Command):
    internal: ClassVar[bool] = True
    type: Literal["poll.tally"] = "poll.tally"
    poll_id: AnyId
    armed: int


COMMANDS = (
    CreatePoll,
    UpdatePoll,
    ImportPolls,
    CopyPoll,
    DeletePoll,
    OpenPoll,
    QuickPoll,
    Vote,
    ClosePoll,
    ReopenPoll,
    PublishPoll,
)
INTERNAL = (TimeOutPoll, TallyPoll)
QUICK = {"yesno": ("Yes", "No"), "abcd": ("A", "B", "C", "D")}


# -- Deciding: the life of a poll --


def decide_create(room: "RoomState", command: CreatePoll, context: Context) -> list[Event]:
    _require_preparing(room, context, more=1)
    return [_created(command, place_of(room, context, command.room), context)]


def _created(given: Definition, place: str | None, context: Context, template: str | None = None) -> PollCreated:
    return PollCreated(
        poll_id=context.new_id(),
        room=place,
        author=context.actor,
        correct=_sorted(given.correct),
        **terms(asked(given, template)),
    )


def _sorted(correct: tuple[int, ...] | None) -> tuple[int, ...] | None:
    return tuple(sorted(correct)) if correct else None


def decide_update(room: "RoomState", command: UpdatePoll, context: Context) -> list[Event]:
    _require_preparing(room, context)
    poll = _require_draft(room, command.poll_id, context)
    now, correct = asked(command), _sorted(command.correct)
    if (terms(now), correct) == (terms(poll), poll.correct):
        return []
    return [PollUpdated(poll_id=poll.id, room=poll.room, author=poll.author, correct=correct, **terms(now))]


def decide_import(room: "RoomState", command: ImportPolls, context: Context) -> list[Event]:
    _require_preparing(room, context)
    given = parse(command.text)
    _require_places(room, len(given))
    place = place_of(room, context, command.room)
    return [_created(each, place, context) for each in given]


def decide_copy(room: "RoomState", command: CopyPoll, context: Context) -> list[Event]:
    _require_preparing(room, context, more=1)
    poll = _require_own(room, command.poll_id, context)
    place = place_of(room, context, command.room)
    made = context.new_id()
    return [PollCreated(poll_id=made, room=place, author=context.actor, correct=poll.correct, **terms(poll))]


def decide_delete(room: "RoomState", command: DeletePoll, context: Context) -> list[Event]:
    _require_preparing(room, context)
    poll = _require_draft(room, command.poll_id, context)
    return [PollDeleted(poll_id=poll.id, room=poll.room, author=poll.author)]


def decide_open(room: "RoomState", command: OpenPoll, context: Context) -> list[Event]:
    _require_asking(room, context)
    poll = _require_own(room, command.poll_id, context)
    if poll.status is PollStatus.OPEN:
        return []
    if poll.status is PollStatus.CLOSED:
        raise Refused("poll.closed", "it was closed: reopen or copy it")
    require_not_over(room, poll.room)
    closes_at = _ends_at(command.seconds or poll.closes_after_s, context)
    return [_opened(poll, poll.id, closes_at, show=command.show and moderates(room, context))]


def _opened(made: Poll | PollCreated, poll_id: str, closes_at: datetime | None, *, show: bool) -> PollOpened:
    return PollOpened(
        poll_id=poll_id, room=made.room, author=made.author, closes_at=closes_at, show=show, **terms(made)
    )


def _ends_at(seconds: int | None, context: Context) -> datetime | None:
    return context.at + timedelta(seconds=seconds) if seconds else None


def decide_quick(room: "RoomState", command: QuickPoll, context: Context) -> list[Event]:
    _require_asking(room, context)
    _require_places(room, 1)
    options = QUICK[command.template]
    given = Definition(question=command.question or "/".join(options), options=options, anonymous=command.anonymous)
    made = _created(given, place_of(room, context, command.room), context, template=command.template)
    return [made, _opened(made, made.poll_id, None, show=moderates(room, context))]


def decide_close(room: "RoomState", command: ClosePoll, context: Context) -> list[Event]:
    """Also where polls were switched off meanwhile."""
    _require_right(room, context)
    require_running(room, moderator=moderates(room, context))
    poll = _require_opened(room, command.poll_id, context)
    return [_closed(room, poll, context)] if poll.status is PollStatus.OPEN else []


def decide_time_out(room: "RoomState", command: TimeOutPoll, context: Context) -> list[Event]:
    poll = _find(room, command.poll_id)
    if poll is None or poll.status is not PollStatus.OPEN or poll.armed != command.armed:
        return []
    return [_closed(room, poll, context, timed_out=True)]


def ending(room: "RoomState", context: Context) -> list[Event]:
    """The end of a session closes what is open, so that every poll has its counts and no secret is left."""
    assert room.polls is not None
    return [_closed(room, each, context) for each in room.polls.in_order() if each.status is PollStatus.OPEN]


def closing(room: "RoomState", context: Context, places: frozenset[str]) -> list[Event]:
    """The close of a breakout room closes what is open in it."""
    assert room.polls is not None
    held = (each for each in room.polls.in_order() if each.status is PollStatus.OPEN and each.room in places)
    return [_closed(room, each, context) for each in held]


def _closed(room: "RoomState", poll: Poll, context: Context, *, timed_out: bool = False) -> PollClosed:
    box = _box(room, poll)
    who = _who_answered(room, poll, box, context) if box is not None else None
    return PollClosed(
        poll_id=poll.id,
        room=poll.room,
        live=poll.live,
        **counts_of(box.tally if box is not None else poll.tally),
        correct=poll.correct,
        who=who,
        author=poll.author,
        timed_out=timed_out,
    )


def _who_answered(room: "RoomState", poll: Poll, box: Box, context: Context) -> tuple[UserId, ...] | None:
    """Everybody the session knows whose ballot is in the box, sorted; nobody below 5 or without the secret."""
    secret = context.secrets.get(secret_of(poll.id))
    if secret is None or len(box.ballots) < HIDDEN_BELOW or room.people is None:
        return None
    return tuple(sorted(UserId(each) for each in room.people.persons if ballot_of(secret, UserId(each)) in box.ballots))


def decide_reopen(room: "RoomState", command: ReopenPoll, context: Context) -> list[Event]:
    _require_asking(room, context)
    poll = _require_opened(room, command.poll_id, context)
    if poll.status is PollStatus.OPEN:
        return []
    if poll.anonymous:
        raise Refused("poll.anonymous", "an anonymous poll cannot be reopened, only copied")
    if poll.kind is PollKind.QUIZ and (poll.live or poll.published):
        raise Refused("poll.closed", "everybody has seen the right answers: copy it instead")
    require_not_over(room, poll.room)
    return [PollReopened(poll_id=poll.id, room=poll.room, closes_at=_ends_at(command.seconds, context))]


def decide_publish(room: "RoomState", command: PublishPoll, context: Context) -> list[Event]:
    _require_managing(room, context)
    poll = _require_opened(room, command.poll_id, context)
    if poll.published:
        return []
    if poll.status is PollStatus.OPEN:
        _require_asking(room, context)
        closed = _closed(room, poll, context)
        return [closed, _published(poll, closed.tally)]
    return [_published(poll, poll.tally)]


def _published(poll: Poll, tally: Tally | None) -> PollPublished:
    return PollPublished(poll_id=poll.id, room=poll.room, correct=poll.correct, **counts_of(tally))


def decide_tally(room: "RoomState", command: TallyPoll, context: Context) -> list[Event]:
    poll = _find(room, command.poll_id)
    box = _box(room, poll) if poll is not None else None
    if poll is None or box is None or box.tally_armed != command.armed:
        return []
    return [PollTallied(poll_id=poll.id, room=poll.room, live=poll.live, author=poll.author, **counts_of(box.tally))]


# -- Deciding: an answer --


def decide_vote(room: "RoomState", command: Vote, context: Context) -> list[Event]:
    require_feature(room, FeatureType.POLL)
    user = require_member(room, context)
    if role_of(room, user) is None:
        raise Refused("participant.not_admitted", "only members vote")
    require_running(room, moderator=moderates(room, context))
    poll = _require_known(room, command.poll_id, context)
    if poll.status is PollStatus.DRAFT:
        raise Refused("poll.not_open", "the poll is not open yet")
    if poll.status is PollStatus.CLOSED or (poll.closes_at is not None and context.at >= poll.closes_at):
        raise Refused("poll.closed", "the poll is closed")
    choices = chosen(poll.kind, poll.options, poll.many, command.choices)
    return _ballot(room, poll, user, choices, context) if poll.anonymous else _named(poll, user, choices)


def _named(poll: Poll, user: UserId, choices: Choices) -> list[Event]:
    was = poll.votes.get(user)
    if was == choices:
        return []
    if poll.tally is not None and not poll.tally.has_room_for(choices, was):
        raise Refused("limit_reached", "no more different words")
    return [PollVoted(poll_id=poll.id, room=poll.room, choices=choices, was=was, live=poll.live, author=poll.author)]


def _ballot(room: "RoomState", poll: Poll, user: UserId, choices: Choices, context: Context) -> list[Event]:
    secret, box = context.secrets.get(secret_of(poll.id)), _box(room, poll)
    if secret is None or box is None:
        raise Refused("unavailable", "the secret of this poll cannot be read now")
    ballot = ballot_of(secret, user)
    was = box.ballots.get(ballot)
    if was == choices:
        return []
    if was is not None:
        raise Refused("poll.already_voted", "an anonymous vote cannot be changed")
    if not box.tally.has_room_for(choices, None):
        raise Refused("limit_reached", "no more different words")
    return [PollVoted(poll_id=poll.id, room=poll.room, choices=choices, ballot=ballot)]


# -- Requirements --


def secret_of(poll_id: str) -> str:
    return f"poll:{poll_id}"


def _find(room: "RoomState", poll_id: str) -> Poll | None:
    assert room.polls is not None
    return room.polls.polls.get(poll_id)


def _box(room: "RoomState", poll: Poll) -> Box | None:
    assert room.polls is not None and room.polls.boxes is not None
    return room.polls.boxes.get(poll.id)


def _require_managing(room: "RoomState", context: Context) -> None:
    require_feature(room, FeatureType.POLL)
    _require_right(room, context)


def _require_right(room: "RoomState", context: Context) -> None:
    if not context.admin and context.actor is not None:
        require_member(room, context)
    require_permission(room, context, Permission.CREATE_POLLS)
    require_open(room)


def _require_preparing(room: "RoomState", context: Context, more: int = 0) -> None:
    """Staff prepare polls also before the session; others while it runs."""
    _require_managing(room, context)
    require_running(room, moderator=moderates(room, context))
    _require_places(room, more)


def _require_asking(room: "RoomState", context: Context) -> None:
    _require_managing(room, context)
    require_running(room, moderator=moderates(room, context))
    if room.lifecycle.status not in RUNNING:
        raise Refused("session.not_active", "the session has not started")


def _require_places(room: "RoomState", more: int) -> None:
    assert room.polls is not None
    if more and len(room.polls.polls) + more > POLLS_MAX:
        raise Refused("limit_reached", f"a session has at most {POLLS_MAX} polls")


def _privileged(room: "RoomState", poll: Poll, context: Context) -> bool:
    return moderates(room, context) or (context.actor is not None and poll.author == context.actor)


def _require_known(room: "RoomState", poll_id: str, context: Context) -> Poll:
    """The poll, when the actor may know of it: drafts of others, and polls of other places, do not exist for him."""
    poll = _find(room, poll_id)
    if poll is None or not acting_standing(room, context).is_in(poll.room):
        raise Refused("not_found", "there is no such poll")
    if poll.status is PollStatus.DRAFT and not _privileged(room, poll, context):
        raise Refused("not_found", "there is no such poll")
    return poll


def _require_own(room: "RoomState", poll_id: str, context: Context) -> Poll:
    """Staff steer every poll, others who may create polls only their own."""
    poll = _require_known(room, poll_id, context)
    if not _privileged(room, poll, context):
        raise Refused("forbidden", "this poll is somebody else's")
    return poll


def _require_draft(room: "RoomState", poll_id: str, context: Context) -> Poll:
    poll = _require_own(room, poll_id, context)
    if poll.status is not PollStatus.DRAFT:
        raise Refused("bad_request", "only a draft can be changed; copy it instead")
    return poll


def _require_opened(room: "RoomState", poll_id: str, context: Context) -> Poll:
    poll = _require_own(room, poll_id, context)
    if poll.status is PollStatus.DRAFT:
        raise Refused("poll.not_open", "the poll was never opened")
    return poll


# -- Effects --


def effects(room: "RoomState", recorded: Recorded) -> tuple[Effect, ...]:
    match recorded.event:
        case PollOpened() as event:
            secret = (MakeSecret(secret_of(event.poll_id)),) if event.anonymous else ()
            return (*secret, *_timer(event.poll_id, event.closes_at, recorded.seq))
        case PollReopened() as event:
            return _timer(event.poll_id, event.closes_at, recorded.seq)
        case PollVoted(ballot=str()) as event:
            return _tally_timer(room, event.poll_id, recorded)
        case PollClosed() as event:
            timers = (Disarm(f"poll.close:{event.poll_id}:"), Disarm(f"poll.tally:{event.poll_id}:"))
            return (*timers, DropSecret(secret_of(event.poll_id))) if _is_anonymous(room, event.poll_id) else timers
        case _:
            return ()


def _is_anonymous(room: "RoomState", poll_id: str) -> bool:
    poll = _find(room, poll_id)
    return poll is not None and poll.anonymous


def _timer(poll_id: str, closes_at: datetime | None, seq: int) -> tuple[Effect, ...]:
    if closes_at is None:
        return ()
    return (Arm(f"poll.close:{poll_id}:{seq}", closes_at, TimeOutPoll(poll_id=poll_id, armed=seq)),)


def _tally_timer(room: "RoomState", poll_id: str, recorded: Recorded) -> tuple[Effect, ...]:
    """Due 2 s after the latest thing that happened openly, which is never before the last tally."""
    assert room.polls is not None
    box = room.polls.boxes.get(poll_id) if room.polls.boxes is not None else None
    if box is None or box.tally_armed != recorded.seq:
        return ()
    command = TallyPoll(poll_id=poll_id, armed=recorded.seq)
    return (Arm(f"poll.tally:{poll_id}:{recorded.seq}", recorded.at + TALLY_EVERY, command),)


FEATURE = Feature(
    name="polls",
    start=Polls(),
    decide={
        CreatePoll: decide_create,
        UpdatePoll: decide_update,
        ImportPolls: decide_import,
        CopyPoll: decide_copy,
        DeletePoll: decide_delete,
        OpenPoll: decide_open,
        QuickPoll: decide_quick,
        Vote: decide_vote,
        ClosePoll: decide_close,
        ReopenPoll: decide_reopen,
        PublishPoll: decide_publish,
        TimeOutPoll: decide_time_out,
        TallyPoll: decide_tally,
    },
    apply=APPLY,
    own_events=EVENTS,
    view=view,
    visible=visible,
    parties=parties,
    effects=dict.fromkeys((PollOpened, PollReopened, PollVoted, PollClosed), effects),
    ending=ending,
    closing=closing,
    listed=Polls.in_order,
)
