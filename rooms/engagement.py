"""Participation scores, counters and the summary of a session, from the log's evidence alone (domain.md 6, W189, W216-W219).

Pure and versioned; of one person's score every point names the rows of the log it stands on. What others must not learn
live is credited at the end of the session, without its rows and only where at least 5 people did it: anonymous polls
and questions, and upvotes (field.md 5.3). Nobody's score looks at anything else that another participant does, nor at what
was offered where they were not.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from math import exp, floor, inf
from statistics import median
from typing import ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.alias_generators import to_camel

from rooms.ballots import HIDDEN_BELOW
from rooms.evidence import AskedPoll, Evidence, Guest, Offer, Period, Stay
from rooms.ids import UserId
from rooms.roles import Role
from rooms.spans import Spans, both, length, union, without

SCORE_VERSION = 1

Component = Literal["attendance", "polls", "interaction", "questions"]
WEIGHTS: Mapping[Component, int] = {"attendance": 45, "polls": 20, "interaction": 20, "questions": 15}
GRACE_S: Mapping[str, int] = {"good": 60, "fair": 120, "poor": 180}
GRACE_TOTAL = 0.10  # of the live time
TARGET = 0.90  # of the live time counts as all of it
GATE = 0.5  # of attendance from which contributions count fully
POLL_MIN_S = 15
LIVE_MIN_S = 60
QUESTIONS_CAP = 4.0
UPVOTE = 0.25


@dataclass(frozen=True, slots=True)
class Part:
    """One component. `points` = value x weight; contributions also x the gate of attendance. `weight` is of 100.

    `sentence` names a text, filled in with `numbers`. `seqs` are the rows of the log it stands on, without those of
    what is credited namelessly.
    """

    value: float
    weight: float
    points: float
    sentence: str
    numbers: Mapping[str, int]
    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A component before it is weighed: its value from 0 to 1 and what that stands on."""

    value: float
    numbers: Mapping[str, int]
    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Counters:
    """W216-W219."""

    total_time_minutes: int = 0
    interaction_count: int = 0
    questions_asked: int = 0
    polls_answered: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """`score` is None for those who are not scored: staff, observers, and whoever never came."""

    __pydantic_config__: ClassVar = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    score: int | None
    counters: Counters
    parts: Mapping[Component, Part] = field(default_factory=dict)
    present_s: float = 0.0
    version: int = SCORE_VERSION
    final: bool = False


@dataclass(frozen=True, slots=True)
class SessionScore:
    """`score` is the presence-weighted mean over participants, one decimal; None without any."""

    __pydantic_config__: ClassVar = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    score: float | None
    median: float | None
    count: int
    version: int = SCORE_VERSION


SCORE: TypeAdapter[Score] = TypeAdapter(Score)
SESSION_SCORE: TypeAdapter[SessionScore] = TypeAdapter(SessionScore)


def score(evidence: Evidence, user: UserId, at: datetime) -> Score:
    """One person's score as of `at`; once the session is over it no longer depends on it."""
    return Reckoning(evidence, at).score(user)


def scores(evidence: Evidence, at: datetime) -> dict[UserId, Score]:
    """Of everybody who was ever present."""
    reckoning = Reckoning(evidence, at)
    return {UserId(user): reckoning.score(UserId(user)) for user, guest in evidence.guests.items() if guest.stays}


def session_score(scored: Iterable[Score]) -> SessionScore:
    counted = [(each.score, each.present_s) for each in scored if each.score is not None and each.present_s > 0]
    weight = sum(present_s for _, present_s in counted)
    if not weight:
        return SessionScore(None, None, 0)
    mean = sum(points * present_s for points, present_s in counted) / weight
    return SessionScore(round(mean, 1), round(float(median(points for points, _ in counted)), 1), len(counted))


class Reckoning:
    """The evidence at one moment, in seconds since the session became active. What all people share is found once."""

    def __init__(self, evidence: Evidence, at: datetime) -> None:
        self.evidence = evidence
        self.final = evidence.ended_at is not None
        self._now = evidence.ended_at or at
        self._origin = evidence.started_at or self._now

    def _s(self, moment: datetime) -> float:
        return (moment - self._origin).total_seconds()

    def _spans(self, periods: Iterable[Period]) -> Spans:
        return [(self._s(start), self._s(end or self._now)) for start, end in periods]

    @cached_property
    def live(self) -> Spans:
        return without(self._spans(self.evidence.live), self._spans(self.evidence.outages))

    @cached_property
    def live_s(self) -> float:
        return length(self.live)

    @cached_property
    def hidden_askers(self) -> bool:
        """Whether enough people asked anonymously to credit them without naming them."""
        asked = [each.author for each in self.evidence.questions.values() if each.anonymous and each.accepted]
        return self.final and len(set(asked)) >= HIDDEN_BELOW

    @cached_property
    def hidden_voters(self) -> bool:
        return self.final and sum(1 for each in self.evidence.guests.values() if each.upvotes) >= HIDDEN_BELOW

    @cached_property
    def polls(self) -> list[tuple[AskedPoll, Spans]]:
        """Those that count, with the time they were open.

        An anonymous one only after the end and from 5 ballots on; else it is nobody's opportunity (design.md 5).
        """
        counted = (each for each in self.evidence.polls.values() if not each.anonymous or (self.final and each.who))
        return [(poll, self._spans(poll.open)) for poll in counted]

    # -- One person --

    def here(self, guest: Guest) -> Spans:
        """When they were present while the session was live."""
        return both(bridged(guest.stays, self._s, self._now, self.live), self.live)

    def turns(self, guest: Guest, roles: Collection[Role]) -> Spans:
        """When they had one of these roles."""
        turns = [*guest.roles, (self._now, guest.role)]
        return [(self._s(since), self._s(until)) for (since, role), (until, _) in pairwise(turns) if role in roles]

    def score(self, user: UserId) -> Score:
        guest = self.evidence.guests.get(user)
        if guest is None or not guest.stays:
            return Score(None, Counters(), final=self.final)
        here = self.here(guest)
        present_s = length(here)
        counters = self._counters(user, guest, present_s)
        if guest.role is not Role.PARTICIPANT:
            return Score(None, counters, present_s=present_s, final=self.final)
        if self.live_s < LIVE_MIN_S:
            return Score(0, counters, present_s=present_s, final=self.final)
        parts, whole = _weighed(self._found(user, guest, here))
        return Score(whole, counters, parts, present_s, final=self.final)

    def _found(self, user: UserId, guest: Guest, here: Spans) -> dict[Component, Finding]:
        """The components offered to this person, in the order of their weights."""
        found: dict[Component, Finding] = {"attendance": self._attendance(guest, here)}
        if self._was_offered("polls", guest, here) and (polls := self._polls(user, here)) is not None:
            found["polls"] = polls
        if self._was_offered("interaction", guest, here):
            found["interaction"] = self._interaction(guest)
        if self._was_offered("questions", guest, here):
            found["questions"] = self._questions(user, guest)
        return found

    def _was_offered(self, offer: Offer, guest: Guest, here: Spans) -> bool:
        """In at least half of their presence it was on, and they were no observer."""
        periods = self.evidence.offered.get(offer, ())
        on = both(self._spans(periods), here)
        watching = self.turns(guest, {Role.OBSERVER})
        return bool(periods) and 2 * length(without(on, watching)) >= length(here)

    def _attendance(self, guest: Guest, here: Spans) -> Finding:
        present_s = length(here)
        seqs = tuple(seq for stay in guest.stays for seq in (stay.came, stay.went) if seq is not None)
        numbers = {"presentMinutes": floor(present_s / 60), "liveMinutes": floor(self.live_s / 60)}
        value = min(1.0, present_s / (TARGET * self.live_s))
        return Finding(value, numbers, seqs)

    def _polls(self, user: UserId, here: Spans) -> Finding | None:
        """None without an opportunity: a poll they answered, or were in its place for 15 s of."""
        offered, answered, seqs = 0, 0, list[int]()
        for poll, opened in self.polls:
            if self._answered(poll, user):
                offered, answered = offered + 1, answered + 1
                if user in poll.voters:
                    seqs.append(poll.voters[user])
            elif length(both(both(opened, here), self._stays_in(poll.room, user))) >= POLL_MIN_S:
                offered += 1
        if not offered:
            return None
        numbers = {"answered": answered, "opportunities": offered}
        return Finding(answered / offered, numbers, tuple(sorted(seqs)))

    def _stays_in(self, room: str | None, user: UserId) -> Spans:
        """When their place was this one; whether they were present is another matter."""
        moves = [(self._s(at), place) for at, place in self.evidence.moves.get(user, ())]
        turns = [(-inf, None), *moves, (inf, None)]
        return [(since, until) for (since, place), (until, _) in pairwise(turns) if place == room]

    def _answered(self, poll: AskedPoll, user: UserId) -> bool:
        return user in poll.voters or user in (poll.who or ())

    def _interaction(self, guest: Guest) -> Finding:
        """One for each active minute, one and a half with two kinds of acts or more."""
        minutes: dict[int, set[str]] = {}
        for act in guest.acts.values():
            minutes.setdefault(floor(self._s(act.at) / 60), set()).add(act.kind)
        active = sum(1 + 0.5 * min(1, len(kinds) - 1) for kinds in minutes.values())
        value = 1 - exp(-active / max(2.0, 0.1 * self.live_s / 60))
        numbers = {"minutes": len(minutes), "acts": len(guest.acts)}
        return Finding(value, numbers, tuple(sorted(each.seq for each in guest.acts.values())))

    def _questions(self, user: UserId, guest: Guest) -> Finding:
        asked, seqs = self._asked(user)
        upvotes = len(guest.upvotes) if self.hidden_voters else 0
        value = 1 - exp(-min(QUESTIONS_CAP, asked * 1.0 + upvotes * UPVOTE))
        return Finding(value, {"asked": asked, "upvotes": upvotes}, seqs)

    def _asked(self, user: UserId) -> tuple[int, tuple[int, ...]]:
        """Their accepted questions, and the rows of the open ones."""
        own = [each for each in self.evidence.questions.values() if each.author == user and each.accepted]
        named = tuple(sorted(each.seq for each in own if not each.anonymous))
        return len(own) if self.hidden_askers else len(named), named

    def _counters(self, user: UserId, guest: Guest, present_s: float) -> Counters:
        return Counters(
            total_time_minutes=floor(present_s / 60),
            interaction_count=len(guest.acts),
            questions_asked=self._asked(user)[0],
            polls_answered=sum(1 for poll, _ in self.polls if self._answered(poll, user)),
        )


def _weighed(found: Mapping[Component, Finding]) -> tuple[dict[Component, Part], int]:
    """The parts rounded for showing, and the score from what was not rounded."""
    total = sum(WEIGHTS[name] for name in found)
    gate = min(1.0, found["attendance"].value / GATE)
    parts: dict[Component, Part] = {}
    points = 0.0
    for name, finding in found.items():
        weight = WEIGHTS[name] / total * 100
        earned = weight * finding.value * (1 if name == "attendance" else gate)
        points += earned
        parts[name] = Part(
            value=round(finding.value, 3),
            weight=round(weight, 1),
            points=round(earned, 1),
            sentence=f"score.{name}",
            numbers=finding.numbers,
            seqs=finding.seqs,
        )
    return parts, min(100, int(points + 0.5))


def bridged(stays: Iterable[Stay], seconds: Callable[[datetime], float], now: datetime, live: Spans) -> Spans:
    """Presence with short drops closed: up to the grace of the line's quality each, a tenth of the live time in all.

    First join and last leave are never stretched.
    """
    spans = [(seconds(each.since), seconds(each.until or now), GRACE_S.get(each.quality or "", 60)) for each in stays]
    allowance = GRACE_TOTAL * length(live)
    closed: Spans = []
    grace_s = 0
    for start, end, grace_of_line_s in sorted(each for each in spans if each[1] > each[0]):
        if not closed:
            closed.append((start, end))
        elif (gap := length(both([(closed[-1][1], start)], live))) <= min(grace_s, allowance):
            allowance -= gap
            closed[-1] = (closed[-1][0], max(closed[-1][1], end))
        else:
            closed.append((start, end))
        grace_s = grace_of_line_s
    return union(closed)
