"""Questions and answers: asked, upvoted, approved, merged, answered now, live or in text (W184, field.md E).

Who asked anonymously is shown to nobody but the asker, not even to staff; who upvoted is shown to nobody at all (ADR 0006).
A question is asked in a place and stays among who is there. What becomes visible later is carried by the event that shows
it. Sorting is the client's part.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field

from rooms.bucket_map import BucketMap
from rooms.feature import Blank, Command, Context, Effect, Event, Feature, Flag, InRoom, Prose, Recorded, Standing
from rooms.ids import AnyId, UserId, UserIdField
from rooms.lifecycle import FeatureType, require_feature, require_running
from rooms.people import PersonErased, moderates, require_member, require_moderator
from rooms.places import acting_standing, place_of
from rooms.refusal import Refused

if TYPE_CHECKING:
    from rooms.room import RoomState

QUESTIONS_MAX = 1_000
QUESTIONS_PER_PERSON_MAX = 50
ROWS_MAX = 50  # times that one question may be shown and answered
PINS_MAX = 5

QuestionText = Annotated[Prose, Field(max_length=1_000)]


class QuestionState(StrEnum):
    PENDING = "pending"  # waits for approval
    OPEN = "open"
    ANSWERING = "answering"  # now, aloud; one at a time
    ANSWERED = "answered"
    DISMISSED = "dismissed"
    MERGED = "merged"


ACTIVE = frozenset({QuestionState.OPEN, QuestionState.ANSWERING})
SHOWN = ACTIVE | {QuestionState.ANSWERED}


@dataclass(frozen=True, slots=True)
class Question:
    """`voters` holds all of them in the state, in a view at most its reader. `hidden`: only its author and staff see it."""

    id: str
    seq: int
    at: datetime
    text: str
    author: UserId | None = None
    anonymous: bool = False
    hidden: bool = False
    state: QuestionState = QuestionState.OPEN
    votes: int = 0
    voters: tuple[UserId, ...] = ()
    answer: str | None = None
    answered_by: UserId | None = None
    answered_at: datetime | None = None
    merged_into: str | None = None
    room: str | None = None  # None: the main room


@dataclass(frozen=True, slots=True)
class Ledger:
    """What only the rules need: the log's rows that hold words of a question, also of withdrawn ones, and who asked how many."""

    rows: BucketMap[tuple[int, ...]] = field(default_factory=BucketMap)
    asked: BucketMap[int] = field(default_factory=BucketMap)


@dataclass(frozen=True, slots=True)
class Questions:
    questions: BucketMap[Question] = field(default_factory=BucketMap)
    pins: tuple[str, ...] = ()
    ledger: Ledger | None = field(default_factory=Ledger)


def seen(question: Question, standing: Standing) -> Question | None:
    """The question as this standing may have it."""
    own = is_own(question.author, standing)
    if not standing.is_in(question.room):
        return None
    if question.hidden and not (standing.staff or own):
        return None
    user = standing.user
    voters = (user,) if user is not None and user in question.voters else ()
    author = question.author if own or not question.anonymous else None
    if (voters, author) == (question.voters, question.author):
        return question
    return replace(question, voters=voters, author=author)


def is_own(author: UserId | None, standing: Standing) -> bool:
    return author is not None and author == standing.user


# -- Commands --


class AskQuestion(Command):
    type: Literal["question.ask"] = "question.ask"
    text: QuestionText
    anonymous: Flag = False


class UpvoteQuestion(Command):
    """One vote a person; `on` false takes it back."""

    type: Literal["question.upvote"] = "question.upvote"
    question_id: AnyId
    on: Flag = True


class ApproveQuestion(Command):
    type: Literal["question.approve"] = "question.approve"
    question_id: AnyId


class AnswerQuestion(Command):
    """`now`: it is being answered aloud. `done`: it was, or is with `text`. The one answered before becomes answered."""

    type: Literal["question.answer"] = "question.answer"
    question_id: AnyId
    state: Literal["now", "done"] = "done"
    text: Prose | None = None


class DismissQuestion(Command):
    """Its author and staff still see it; it can be reopened."""

    type: Literal["question.dismiss"] = "question.dismiss"
    question_id: AnyId


class ReopenQuestion(Command):
    type: Literal["question.reopen"] = "question.reopen"
    question_id: AnyId


class MergeQuestion(Command):
    """A duplicate points to the other question, which gains its voters."""

    type: Literal["question.merge"] = "question.merge"
    question_id: AnyId
    into: AnyId


class PinQuestion(Command):
    type: Literal["question.pin"] = "question.pin"
    question_id: AnyId
    pinned: Flag = True


class WithdrawQuestion(Command):
    """By its author; its words are really gone."""

    type: Literal["question.withdraw"] = "question.withdraw"
    question_id: AnyId


# -- Events --


class QuestionAsked(InRoom):
    """The actor is the author, shown to others unless `anonymous`. `pending`: shown to them by `question.approved`."""

    type: Literal["question.asked"] = "question.asked"
    question_id: AnyId
    text: str
    anonymous: bool = False
    pending: bool = False


class QuestionUpvoted(InRoom):
    """`votes` is the count after it. Only the voter sees the actor."""

    type: Literal["question.upvoted"] = "question.upvoted"
    question_id: AnyId
    on: bool
    votes: int


class QuestionApproved(InRoom):
    type: Literal["question.approved"] = "question.approved"
    question_id: AnyId
    question: Question


class QuestionAnswering(InRoom):
    type: Literal["question.answering"] = "question.answering"
    question_id: AnyId


class QuestionAnswered(InRoom):
    type: Literal["question.answered"] = "question.answered"
    question_id: AnyId
    text: str | None = None


class QuestionReopened(InRoom):
    """Carries the question when it was hidden."""

    type: Literal["question.reopened"] = "question.reopened"
    question_id: AnyId
    question: Question | None = None


class QuestionPinned(InRoom):
    type: Literal["question.pinned"] = "question.pinned"
    question_id: AnyId


class QuestionUnpinned(InRoom):
    type: Literal["question.unpinned"] = "question.unpinned"
    question_id: AnyId


class AboutAuthored(InRoom):
    """Where it matters to the reader whose question it is. `hidden`: peers did not have it before this event."""

    question_id: AnyId
    author: UserIdField | None = None
    anonymous: bool = False
    hidden: bool = False

    @classmethod
    def of(cls, question: Question, **fields: object) -> Self:
        about = {name: getattr(question, name) for name in ("room", "author", "anonymous", "hidden")}
        return cls.model_validate({"question_id": question.id, **about, **fields})


class QuestionDismissed(AboutAuthored):
    type: Literal["question.dismissed"] = "question.dismissed"


class QuestionMerged(AboutAuthored):
    """`votes` is the count of `into` after it."""

    type: Literal["question.merged"] = "question.merged"
    into: AnyId
    votes: int


class QuestionWithdrawn(AboutAuthored):
    """`seqs` are the rows that held its words."""

    type: Literal["question.withdrawn"] = "question.withdrawn"
    seqs: tuple[int, ...]


class QuestionBlanked(AboutAuthored):
    """Its author is erased: it stays in its place without words. Does not tell who that was where that was not known."""

    type: Literal["question.blanked"] = "question.blanked"


class QuestionVanished(InRoom):
    """What others see of a dismissal or withdrawal; never in the log."""

    type: Literal["question.vanished"] = "question.vanished"
    question_id: AnyId


COMMANDS = (
    AskQuestion,
    UpvoteQuestion,
    ApproveQuestion,
    AnswerQuestion,
    DismissQuestion,
    ReopenQuestion,
    MergeQuestion,
    PinQuestion,
    WithdrawQuestion,
)
EVENTS: tuple[type[Event], ...] = (
    QuestionAsked,
    QuestionUpvoted,
    QuestionApproved,
    QuestionAnswering,
    QuestionAnswered,
    QuestionReopened,
    QuestionPinned,
    QuestionUnpinned,
    QuestionDismissed,
    QuestionMerged,
    QuestionWithdrawn,
    QuestionBlanked,
    QuestionVanished,
)


# -- Deciding --


def decide_ask(room: "RoomState", command: AskQuestion, context: Context) -> list[Event]:
    user = _member(room, context)
    _, ledger = _slices(room)
    if len(ledger.rows) >= QUESTIONS_MAX:
        raise Refused("limit_reached", f"a session holds {QUESTIONS_MAX} questions")
    if ledger.asked.get(user, 0) >= QUESTIONS_PER_PERSON_MAX:
        raise Refused("limit_reached", f"one person asks at most {QUESTIONS_PER_PERSON_MAX} questions")
    approval = require_feature(room, FeatureType.QA).config.get("approval") is True
    pending = approval and not moderates(room, context)
    return [
        QuestionAsked(
            question_id=context.new_id(),
            room=place_of(room, context),
            text=command.text,
            anonymous=command.anonymous,
            pending=pending,
        )
    ]


def decide_upvote(room: "RoomState", command: UpvoteQuestion, context: Context) -> list[Event]:
    user = _member(room, context)
    question = _find(room, command.question_id, context)
    _require_state(question, ACTIVE)
    if question.author == user:
        raise Refused("forbidden", "nobody upvotes their own question")
    if (user in question.voters) == command.on:
        return []
    votes = len(question.voters) + (1 if command.on else -1)
    return [QuestionUpvoted(question_id=question.id, room=question.room, on=command.on, votes=votes)]


def decide_approve(room: "RoomState", command: ApproveQuestion, context: Context) -> list[Event]:
    question = _moderated(room, command.question_id, context)
    if question.state in SHOWN:
        return []
    _require_state(question, {QuestionState.PENDING})
    return [QuestionApproved(question_id=question.id, room=question.room, question=_shown(question))]


def decide_answer(room: "RoomState", command: AnswerQuestion, context: Context) -> list[Event]:
    question = _moderated(room, command.question_id, context)
    if command.state == "now":
        return _answer_now(room, question, command.text)
    _require_state(question, SHOWN)
    _require_rows_left(room, question)
    if question.state is QuestionState.ANSWERED and command.text in (None, question.answer):
        return []
    return [QuestionAnswered(question_id=question.id, room=question.room, text=command.text)]


def _answer_now(room: "RoomState", question: Question, text: str | None) -> list[Event]:
    if text is not None:
        raise Refused("bad_request", "what is being answered aloud has no text yet")
    _require_state(question, ACTIVE)
    if question.state is QuestionState.ANSWERING:
        return []
    held, _ = _slices(room)
    here = (each for each in held.questions.values() if each.room == question.room)
    before = [each.id for each in here if each.state is QuestionState.ANSWERING]
    return [
        *(QuestionAnswered(question_id=each, room=question.room) for each in sorted(before)),
        QuestionAnswering(question_id=question.id, room=question.room),
    ]


def decide_dismiss(room: "RoomState", command: DismissQuestion, context: Context) -> list[Event]:
    question = _moderated(room, command.question_id, context)
    if question.state is QuestionState.DISMISSED:
        return []
    _require_state(question, ACTIVE | {QuestionState.PENDING})
    return [QuestionDismissed.of(question)]


def decide_reopen(room: "RoomState", command: ReopenQuestion, context: Context) -> list[Event]:
    question = _moderated(room, command.question_id, context)
    if question.state is QuestionState.OPEN:
        return []
    _require_state(question, {QuestionState.ANSWERING, QuestionState.ANSWERED, QuestionState.DISMISSED})
    _require_rows_left(room, question)
    shown = _shown(question) if question.hidden else None
    return [QuestionReopened(question_id=question.id, room=question.room, question=shown)]


def decide_merge(room: "RoomState", command: MergeQuestion, context: Context) -> list[Event]:
    question = _moderated(room, command.question_id, context)
    into = _find(room, command.into, context)
    if question.id == into.id:
        raise Refused("bad_request", "a question is no duplicate of itself")
    if question.room != into.room:
        raise Refused("bad_request", "questions are merged within one room")
    _require_state(question, ACTIVE | {QuestionState.PENDING})
    _require_state(into, SHOWN)
    return [QuestionMerged.of(question, into=into.id, votes=len(_united(into, question)))]


def decide_pin(room: "RoomState", command: PinQuestion, context: Context) -> list[Event]:
    question = _moderated(room, command.question_id, context)
    held, _ = _slices(room)
    if (question.id in held.pins) == command.pinned:
        return []
    if not command.pinned:
        return [QuestionUnpinned(question_id=question.id, room=question.room)]
    _require_state(question, SHOWN)
    if sum(held.questions[each].room == question.room for each in held.pins) >= PINS_MAX:
        raise Refused("limit_reached", f"at most {PINS_MAX} questions are pinned in one room")
    return [QuestionPinned(question_id=question.id, room=question.room)]


def decide_withdraw(room: "RoomState", command: WithdrawQuestion, context: Context) -> list[Event]:
    user = _member(room, context)
    question = _find(room, command.question_id, context)
    if question.author != user:
        raise Refused("forbidden", "only its author withdraws a question")
    _, ledger = _slices(room)
    return [QuestionWithdrawn.of(question, seqs=ledger.rows[question.id])]


def blanked_questions(room: "RoomState", user: UserId) -> list[Event]:
    """Of somebody who is erased."""
    held, _ = _slices(room)
    return [QuestionBlanked.of(each) for each in listed(held) if each.author == user]


def _slices(room: "RoomState") -> tuple[Questions, Ledger]:
    assert room.questions is not None and room.questions.ledger is not None
    return room.questions, room.questions.ledger


def _member(room: "RoomState", context: Context) -> UserId:
    user = require_member(room, context)
    require_feature(room, FeatureType.QA)
    require_running(room, moderator=moderates(room, context))
    return user


def _moderated(room: "RoomState", question_id: str, context: Context) -> Question:
    require_moderator(room, context)
    require_feature(room, FeatureType.QA)
    require_running(room, moderator=True)
    return _find(room, question_id, context)


def _find(room: "RoomState", question_id: str, context: Context) -> Question:
    """What the actor may not see does not exist for them (attack 22)."""
    held, _ = _slices(room)
    question = held.questions.get(question_id)
    if question is None or not acting_standing(room, context).is_in(question.room):
        raise Refused("not_found", "there is no such question")
    if question.hidden and question.author != context.actor and not moderates(room, context):
        raise Refused("not_found", "there is no such question")
    return question


def _require_state(question: Question, states: frozenset[QuestionState] | set[QuestionState]) -> None:
    if question.state not in states:
        raise Refused("question.closed", f"it is {question.state}", allowed=tuple(sorted(states)))


def _require_rows_left(room: "RoomState", question: Question) -> None:
    _, ledger = _slices(room)
    if len(ledger.rows[question.id]) >= ROWS_MAX:
        raise Refused("limit_reached", "this question was changed too often")


def _shown(question: Question) -> Question:
    return replace(question, state=QuestionState.OPEN, hidden=False)


def _united(into: Question, duplicate: Question) -> tuple[UserId, ...]:
    """Each person counts once."""
    return tuple(dict.fromkeys((*into.voters, *duplicate.voters)))


# -- Applying; a view has no ledger, and perhaps not the question. --


def apply_asked(held: Questions, recorded: Recorded) -> Questions:
    event, author = recorded.event, recorded.actor
    assert isinstance(event, QuestionAsked)
    question = Question(
        event.question_id, recorded.seq, recorded.at, event.text, author, event.anonymous, room=event.room
    )
    if event.pending:
        question = replace(question, hidden=True, state=QuestionState.PENDING)
    ledger = _with_row(held.ledger, question.id, recorded.seq)
    if ledger is not None and author is not None:
        ledger = replace(ledger, asked=ledger.asked.set(author, ledger.asked.get(author, 0) + 1))
    return replace(held, questions=held.questions.set(question.id, question), ledger=ledger)


def apply_upvoted(held: Questions, recorded: Recorded) -> Questions:
    event, voter = recorded.event, recorded.actor
    assert isinstance(event, QuestionUpvoted)
    question = held.questions.get(event.question_id)
    if question is None:
        return held
    voters = tuple(each for each in question.voters if each != voter)
    if event.on and voter is not None:
        voters = (*voters, voter)
    return _change(held, question.id, votes=event.votes, voters=voters)


def apply_shown(held: Questions, recorded: Recorded) -> Questions:
    event = recorded.event
    assert isinstance(event, QuestionApproved | QuestionReopened)
    if event.question is None:
        undone: dict[str, Any] = {"answer": None, "answered_by": None, "answered_at": None}
        return _change(held, event.question_id, state=QuestionState.OPEN, **undone)
    ledger = _with_row(held.ledger, event.question_id, recorded.seq)
    return replace(held, questions=held.questions.set(event.question_id, event.question), ledger=ledger)


def apply_answering(held: Questions, recorded: Recorded) -> Questions:
    assert isinstance(recorded.event, QuestionAnswering)
    return _change(held, recorded.event.question_id, state=QuestionState.ANSWERING)


def apply_answered(held: Questions, recorded: Recorded) -> Questions:
    event = recorded.event
    assert isinstance(event, QuestionAnswered)
    answer: dict[str, Any] = {"answer": event.text, "answered_by": recorded.actor, "answered_at": recorded.at}
    held = replace(held, ledger=_with_row(held.ledger, event.question_id, recorded.seq))
    return _change(held, event.question_id, state=QuestionState.ANSWERED, **answer)


def apply_pinned(held: Questions, recorded: Recorded) -> Questions:
    assert isinstance(recorded.event, QuestionPinned)
    return replace(held, pins=(*held.pins, recorded.event.question_id))


def apply_unpinned(held: Questions, recorded: Recorded) -> Questions:
    assert isinstance(recorded.event, QuestionUnpinned)
    return _unpinned(held, recorded.event.question_id)


def apply_dismissed(held: Questions, recorded: Recorded) -> Questions:
    assert isinstance(recorded.event, QuestionDismissed)
    question_id = recorded.event.question_id
    return _unpinned(_change(held, question_id, state=QuestionState.DISMISSED, hidden=True), question_id)


def apply_merged(held: Questions, recorded: Recorded) -> Questions:
    event = recorded.event
    assert isinstance(event, QuestionMerged)
    duplicate, into = held.questions.get(event.question_id), held.questions.get(event.into)
    if duplicate is None or into is None:
        return held
    held = _change(held, into.id, votes=event.votes, voters=_united(into, duplicate))
    return _unpinned(_change(held, duplicate.id, state=QuestionState.MERGED, merged_into=into.id), duplicate.id)


def apply_gone(held: Questions, recorded: Recorded) -> Questions:
    event = recorded.event
    assert isinstance(event, QuestionWithdrawn | QuestionVanished)
    return _unpinned(replace(held, questions=held.questions.drop(event.question_id)), event.question_id)


def apply_blanked(held: Questions, recorded: Recorded) -> Questions:
    assert isinstance(recorded.event, QuestionBlanked)
    return _change(held, recorded.event.question_id, text="")


def apply_erased(held: Questions, recorded: Recorded) -> Questions:
    """What they answered; of what they asked, each question has an event of its own."""
    assert isinstance(recorded.event, PersonErased)
    user = recorded.event.user_id
    answered = {
        key: replace(each, answer="")
        for key, each in held.questions.items()
        if each.answered_by == user and each.answer is not None
    }
    return replace(held, questions=held.questions.update(answered)) if answered else held


def _change(held: Questions, question_id: str, **fields: Any) -> Questions:
    question = held.questions.get(question_id)
    if question is None:
        return held
    return replace(held, questions=held.questions.set(question_id, replace(question, **fields)))


def _unpinned(held: Questions, question_id: str) -> Questions:
    return replace(held, pins=tuple(each for each in held.pins if each != question_id))


def _with_row(ledger: Ledger | None, question_id: str, seq: int) -> Ledger | None:
    if ledger is None:
        return None
    return replace(ledger, rows=ledger.rows.set(question_id, (*ledger.rows.get(question_id, ()), seq)))


# -- What others see, what is forgotten --


def view(held: Questions, standing: Standing) -> Questions | None:
    if not standing.admitted:
        return None
    shown = ((key, seen(each, standing)) for key, each in held.questions.items())
    questions = BucketMap((key, each) for key, each in shown if each is not None)
    return Questions(questions, tuple(each for each in held.pins if each in questions), ledger=None)


def listed(held: Questions) -> Sequence[Question]:
    return sorted(held.questions.values(), key=lambda question: question.seq)


def visible(recorded: Recorded, standing: Standing) -> Recorded | None:
    if not standing.admitted:
        return None
    event = recorded.event
    match event:
        case QuestionAsked() if not is_own(recorded.actor, standing):
            if event.pending and not standing.staff:
                return None
            return _unsigned(recorded, event) if event.anonymous else recorded
        case QuestionUpvoted() if not is_own(recorded.actor, standing):
            return _unsigned(recorded, event)
        case QuestionApproved(question=question) | QuestionReopened(question=Question() as question):
            shown = event.model_copy(update={"question": seen(question, standing)})
            return replace(recorded, event=shown)
        case AboutAuthored() if not is_own(event.author, standing):
            return _of_another(recorded, event, standing)
        case _:
            return recorded


def _of_another(recorded: Recorded, event: AboutAuthored, standing: Standing) -> Recorded | None:
    """A question of somebody else is dismissed, merged or withdrawn."""
    if event.hidden and not standing.staff:
        return None
    gone = isinstance(event, QuestionWithdrawn) or (isinstance(event, QuestionDismissed) and not standing.staff)
    if gone:
        return _unsigned(recorded, QuestionVanished(question_id=event.question_id, room=event.room))
    return replace(recorded, event=event.model_copy(update={"author": None})) if event.anonymous else recorded


def _unsigned(recorded: Recorded, event: Event) -> Recorded:
    return replace(recorded, actor=None, command=None, event=event)


def parties(recorded: Recorded) -> frozenset[UserId]:
    event, people = recorded.event, set[UserId | None]()
    match event:
        case QuestionAsked(anonymous=anonymous, pending=pending) if anonymous or pending:
            people.add(recorded.actor)
        case QuestionUpvoted():
            people.add(recorded.actor)
        case QuestionApproved(question=question) | QuestionReopened(question=Question() as question):
            people |= {question.author, *question.voters}
        case AboutAuthored():
            people.add(event.author)
    return frozenset(each for each in people if each is not None)


def effects(room: "RoomState", recorded: Recorded) -> tuple[Effect, ...]:
    assert isinstance(recorded.event, QuestionWithdrawn)
    return (Blank(recorded.event.seqs),)


def blank(event: Event) -> Event:
    match event:
        case QuestionAsked():
            return event.model_copy(update={"text": ""})
        case QuestionAnswered(text=str()):
            return event.model_copy(update={"text": ""})
        case QuestionApproved(question=question) | QuestionReopened(question=Question() as question):
            answer = "" if question.answer is not None else None
            return event.model_copy(update={"question": replace(question, text="", answer=answer)})
        case _:
            return event


def forget(recorded: Recorded, user: UserId) -> Event:
    """What shows a question holds the words of its author and of who answered it."""
    event = recorded.event
    match event:
        case QuestionApproved(question=question) | QuestionReopened(question=Question() as question):
            text = "" if question.author == user else question.text
            answer = "" if question.answered_by == user and question.answer is not None else question.answer
            return event.model_copy(update={"question": replace(question, text=text, answer=answer)})
        case _:
            return blank(event) if recorded.actor == user else event


FEATURE = Feature(
    name="questions",
    start=Questions(),
    decide={
        AskQuestion: decide_ask,
        UpvoteQuestion: decide_upvote,
        ApproveQuestion: decide_approve,
        AnswerQuestion: decide_answer,
        DismissQuestion: decide_dismiss,
        ReopenQuestion: decide_reopen,
        MergeQuestion: decide_merge,
        PinQuestion: decide_pin,
        WithdrawQuestion: decide_withdraw,
    },
    apply={
        QuestionAsked: apply_asked,
        QuestionUpvoted: apply_upvoted,
        QuestionApproved: apply_shown,
        QuestionReopened: apply_shown,
        QuestionAnswering: apply_answering,
        QuestionAnswered: apply_answered,
        QuestionPinned: apply_pinned,
        QuestionUnpinned: apply_unpinned,
        QuestionDismissed: apply_dismissed,
        QuestionMerged: apply_merged,
        QuestionWithdrawn: apply_gone,
        QuestionVanished: apply_gone,
        QuestionBlanked: apply_blanked,
        PersonErased: apply_erased,
    },
    own_events=EVENTS,
    view=view,
    visible=visible,
    parties=parties,
    effects={QuestionWithdrawn: effects},
    blank=blank,
    forget=forget,
    listed=listed,
)
