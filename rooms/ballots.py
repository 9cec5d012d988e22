"""What is asked in a poll, what is answered, and how answers are counted (field.md D, design.md 5).

Holds the definition, the counts and the ballot that hides a voter. Knows nobody's rights, no opening and closing: polls.py.
"""

import hmac
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from rooms.feature import Flag, Line, Whole, Wire
from rooms.ids import UserId
from rooms.refusal import Refused

OPTIONS_MAX = 20
RATING_DEFAULT = 5
RATING_MAX = 10
WORD_MAX = 60
WORDS_PER_ANSWER_MAX = 5
WORDS_MAX = 500  # distinct words of one poll
HIDDEN_BELOW = 5  # anonymous ballots: fewer are neither counted live nor anybody's credit (design.md 5)

JOINER = "\u200d"  # holds an emoji of several signs together


class PollKind(StrEnum):
    SINGLE = "single"
    MULTIPLE = "multiple"
    RATING = "rating"  # one step of a scale; `options` may name the steps
    TEXT = "text"  # words, shown as a cloud
    QUIZ = "quiz"  # has right answers


class Results(StrEnum):
    """When everybody sees the counts. Right answers come with the close of a live quiz, else with its publishing."""

    LIVE = "live"
    ON_PUBLISH = "onPublish"


Word = Annotated[str, StringConstraints(max_length=200)]
# The index of an option from 0, a step of a rating from 1, or a word.
Choice = Whole | str
Given = Annotated[tuple[Whole | Word, ...], Field(max_length=OPTIONS_MAX)]
Choices = tuple[Choice, ...]


class Definition(Wire):
    """What a command says of a poll. `correct` (indexes, quiz only): more than one makes it a several-answers quiz.

    `results` is `live` unless said otherwise, for a quiz `onPublish`. `scale` (rating only): the number of steps.
    """

    question: Line
    kind: PollKind = PollKind.SINGLE
    options: Annotated[tuple[Line, ...], Field(max_length=OPTIONS_MAX)] = ()
    anonymous: Flag = False
    correct: Annotated[tuple[Whole, ...], Field(max_length=OPTIONS_MAX)] | None = None
    results: Results | None = None
    closes_after_s: Annotated[Whole, Field(ge=1, le=86_400)] | None = None
    scale: Annotated[Whole, Field(ge=2, le=RATING_MAX)] | None = None


class Asked(Wire):
    """What an event says of a poll: complete, nothing left to defaults, and without the right answers."""

    question: str
    kind: PollKind
    options: tuple[str, ...]  # one per countable answer, so a rating names its steps; none for text
    many: bool  # several options may be chosen
    anonymous: bool
    results: Results
    closes_after_s: int | None = None
    template: str | None = None  # the client knows its texts in the reader's language


def asked(given: Definition, template: str | None = None) -> Asked:
    """The poll as it will be asked. Raises Refused where the fields do not fit its kind."""
    options, kind = _options(given), given.kind
    right = given.correct or ()
    if (kind is PollKind.QUIZ) != bool(right):
        raise Refused("bad_request", "a quiz has right answers, no other poll does")
    if len(set(right)) < len(right) or any(not 0 <= each < len(options) for each in right):
        raise Refused("bad_request", "`correct` holds the indexes of options, each once")
    if given.scale is not None and kind is not PollKind.RATING:
        raise Refused("bad_request", "only a rating has a scale")
    return Asked(
        question=given.question,
        kind=kind,
        options=options,
        many=kind is PollKind.MULTIPLE or len(right) > 1,
        anonymous=given.anonymous,
        results=given.results or (Results.ON_PUBLISH if kind is PollKind.QUIZ else Results.LIVE),
        closes_after_s=given.closes_after_s,
        template=template,
    )


def _options(given: Definition) -> tuple[str, ...]:
    options = given.options
    if len(set(options)) < len(options):
        raise Refused("bad_request", "an option stands twice")
    match given.kind:
        case PollKind.TEXT:
            if options:
                raise Refused("bad_request", "a free text has no options")
        case PollKind.RATING:
            options = options or tuple(str(step) for step in range(1, (given.scale or RATING_DEFAULT) + 1))
            if not 2 <= len(options) <= RATING_MAX or (given.scale is not None and len(options) != given.scale):
                raise Refused("bad_request", f"a rating has 2 to {RATING_MAX} steps")
        case _:
            if len(options) < 2:
                raise Refused("bad_request", "a poll has at least two options")
    return options


# -- Answers --


def chosen(kind: PollKind, options: tuple[str, ...], many: bool, given: Choices) -> Choices:
    """A valid answer in its one spelling, sorted; so the same answer is equal. Raises Refused."""
    if kind is PollKind.TEXT:
        return _words(given)
    first = 1 if kind is PollKind.RATING else 0
    numbers = [each for each in given if isinstance(each, int)]
    if len(numbers) < len(given) or any(not first <= each < len(options) + first for each in numbers):
        raise Refused("bad_request", f"choices are numbers from {first} to {len(options) + first - 1}")
    if not numbers or len(set(numbers)) < len(numbers) or (len(numbers) > 1 and not many):
        raise Refused("bad_request", "choose each option once" if many else "choose exactly one")
    return tuple(sorted(numbers))


def _words(given: Choices) -> Choices:
    if any(not isinstance(each, str) for each in given):
        raise Refused("bad_request", "choices are words")
    words = {normal(str(each)) for each in given}
    if not words or any(not 1 <= len(each) <= WORD_MAX for each in words):
        raise Refused("bad_request", f"words have 1 to {WORD_MAX} characters")
    if len(words) > WORDS_PER_ANSWER_MAX:
        raise Refused("bad_request", f"at most {WORDS_PER_ANSWER_MAX} words")
    return tuple(sorted(words))


def normal(word: str) -> str:
    """One spelling for what people mean alike: lower case, compatible characters, single spaces, no control signs."""
    alike = unicodedata.normalize("NFKC", word).lower()
    kept = (" " if char.isspace() else char for char in alike if char.isspace() or char.isprintable() or char == JOINER)
    return " ".join("".join(kept).split())


def ballot_of(secret: bytes, user: UserId) -> str:
    """Names a voter only to whoever holds the poll's secret, which is destroyed with its close."""
    return hmac.digest(secret, user.encode(), "sha256").hex()


# -- Counts --


@dataclass(frozen=True, slots=True)
class Tally:
    """`counts`: one per option. `words`: pairs in the order in which they were first said; none are zero."""

    answered: int = 0
    counts: tuple[int, ...] = ()
    words: tuple[tuple[str, int], ...] = ()

    def changed(self, kind: PollKind, now: Choices, was: Choices | None) -> "Tally":
        """One answer more, or another instead of `was`."""
        answered = self.answered + (was is None)
        if kind is PollKind.TEXT:
            return replace(self, answered=answered, words=_counted(dict(self.words), now, was or ()))
        first = 1 if kind is PollKind.RATING else 0
        counts = list(self.counts)
        for each, step in [*((each, -1) for each in was or ()), *((each, 1) for each in now)]:
            if 0 <= (index := int(each) - first) < len(counts):
                counts[index] += step
        return replace(self, answered=answered, counts=tuple(counts))

    def has_room_for(self, now: Choices, was: Choices | None) -> bool:
        left = {word for word, count in self.words if count > 1 or word not in (was or ())}
        return len(left | {*map(str, now)}) <= WORDS_MAX


def _counted(words: dict[str, int], now: Iterable[Choice], was: Iterable[Choice]) -> tuple[tuple[str, int], ...]:
    for each in was:
        words[str(each)] = words.get(str(each), 0) - 1
    for each in now:
        words[str(each)] = words.get(str(each), 0) + 1
    return tuple((word, count) for word, count in words.items() if count > 0)
