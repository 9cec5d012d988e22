"""Participation scores: equal to the specified formula, traceable, and fair in the ways that were promised."""

import os
import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.ballots import PollKind, Results
from rooms.chat import ChatLocked, MessageDeleted, MessageSent
from rooms.engagement import SCORE, SESSION_SCORE, Score, score, scores, session_score
from rooms.evidence import EVIDENCE, Evidence, gather, observe
from rooms.feature import Event, Recorded
from rooms.hands import HandRaised, ReactionSent
from rooms.ids import UserId
from rooms.lifecycle import (
    SessionActivated,
    SessionEnded,
    SessionFeature,
    SessionInterrupted,
    SessionPaused,
    SessionResumed,
    SessionScheduled,
    SessionUpdated,
)
from rooms.participants import ParticipantJoined, ParticipantLeft, QualityChanged
from rooms.poll_book import PollClosed, PollOpened, PollVoted
from rooms.questions import (
    QuestionAsked,
    QuestionDismissed,
    QuestionReopened,
    QuestionUpvoted,
    QuestionWithdrawn,
)
from rooms.roles import Role
from rooms.summary import summary
from tests.oracles import engagement_score as oracle
from tests.rooms.rehearsal import ANA, BEN, MARA, NINE, OTTO, THEO, Rehearsal, person

HOUR = 3600.0
SECTIONS = {"polls": "poll", "interaction": "chat", "questions": "qa"}


class Story:
    """A log told in any order; `evidence` puts it in order of time. Times are seconds since the session became active."""

    def __init__(self, can: Iterable[str] = tuple(SECTIONS)) -> None:
        features = tuple(SessionFeature.model_validate({"type": SECTIONS[each]}) for each in can)
        self.lines: list[tuple[float, int, UserId | None, Event]] = []
        self.scheduled = SessionScheduled(
            title="Paper prototypes",
            instructor_id=MARA,
            scheduled_start=NINE,
            scheduled_end=NINE + timedelta(hours=1),
            max_participants=50,
            features=features,
        )

    def tell(self, at: float, event: Event, actor: UserId | None = None) -> "Story":
        self.lines.append((at, len(self.lines), actor, event))
        return self

    def log(self) -> list[Recorded]:
        begun = [Recorded(1, NINE - timedelta(days=1), MARA, None, self.scheduled)]
        told = sorted(self.lines, key=lambda line: line[:2])
        return begun + [
            Recorded(seq, when(at), actor, None, event) for seq, (at, _, actor, event) in enumerate(told, start=2)
        ]

    def evidence(self) -> Evidence:
        return gather(self.log())

    # -- What happens --

    def runs(self, *spans: list[float]) -> "Story":
        for nth, (start, end) in enumerate(spans):
            self.tell(start, SessionActivated() if nth == 0 else SessionResumed())
            self.tell(end, SessionEnded() if nth == len(spans) - 1 else SessionPaused())
        return self

    def stays(self, user: UserId, *spans: list[float], role: Role = Role.PARTICIPANT) -> "Story":
        for start, end in spans:
            self.tell(start, ParticipantJoined(user_id=user, role=role))
            self.tell(end, ParticipantLeft(user_id=user, last_seen=when(end)))
        return self

    def asks(
        self, nth: int, start: float, end: float, answers: dict[UserId, float], *, anonymous: bool = False
    ) -> None:
        poll_id = str(person(f"poll {nth}"))
        common: dict[str, Any] = {"poll_id": poll_id}
        self.tell(
            start,
            PollOpened(
                **common,
                question="Tea?",
                kind=PollKind.SINGLE,
                options=("Yes", "No"),
                many=False,
                anonymous=anonymous,
                results=Results.LIVE,
            ),
        )
        for user, at in answers.items():
            ballot = f"ballot of {nth} {user}" if anonymous else None
            self.tell(at, PollVoted(**common, choices=(0,), ballot=ballot), None if anonymous else user)
        who = tuple(sorted(answers)) if anonymous and len(answers) >= 5 else None
        counts: dict[str, Any] = {"answered": len(answers), "counts": (len(answers), 0), "words": ()}
        self.tell(end, PollClosed(**common, live=True, who=who, **counts))

    def acts(self, user: UserId, at: float, kind: str) -> None:
        event: Event
        match kind:
            case "chat":
                event = MessageSent(message_id=str(person(f"message {len(self.lines)}")), text="Hello")
            case "hand":
                event = HandRaised(user_id=user, to_point=False)
            case _:
                event = ReactionSent(emoji="👍")
        self.tell(at, event, user)

    def wonders(self, user: UserId, at: float, *, anonymous: bool = False) -> str:
        question_id = str(person(f"question {len(self.lines)}"))
        self.tell(at, QuestionAsked(question_id=question_id, text="Why?", anonymous=anonymous), user)
        return question_id


def when(at: float) -> Any:
    return NINE + timedelta(seconds=at)


def told(case: dict[str, Any], user: UserId = ANA) -> Story:
    """A case of the oracle as the log of a session."""
    story = Story(case.get("can", tuple(SECTIONS)))
    story.runs(*case["live"])
    story.stays(user, *case["presence"])
    start = min(a for a, _ in case["presence"])
    story.tell(start, QualityChanged(user_id=user, quality=case.get("quality", "good")))
    for start, end in case["outages"]:
        interrupted = {"from": when(start), "to": when(end)}
        story.tell(end, SessionInterrupted.model_validate(interrupted))
    for nth, (opened, closed, answered_at) in enumerate(case["polls"]):
        story.asks(nth, opened, closed, {user: answered_at} if answered_at is not None else {})
    for at, kind in case["acts"]:
        story.acts(user, at, kind)
    for nth, _ in enumerate(case["questions"]):
        story.wonders(user, 10 + nth)
    return story


def compare(case: dict[str, Any]) -> Score:
    end = max(b for _, b in case["live"])
    mine = score(told(case).evidence(), ANA, when(end))
    whole, parts = oracle.score(**case)
    assert mine.score == whole
    assert {name: (part.value, part.weight, part.points) for name, part in mine.parts.items()} == parts
    return mine


# -- Against the oracle --


def polls_of(*answered: int) -> list[tuple[float, float, float | None]]:
    return [(a, a + 90, a + 20 if nth in answered else None) for nth, a in enumerate((600.0, 1800.0, 3000.0))]


MODEL: dict[str, Any] = {
    "live": [[0.0, HOUR]],
    "outages": [],
    "presence": [[0.0, HOUR]],
    "polls": polls_of(0, 1, 2),
    "acts": [(60.0 + n * 300, "chat") for n in range(8)],
    "questions": [1.0],
}
DRIVE_BY = [(500.0 + n * 12, "chat") for n in range(20)]
DROPS = [[0.0, 500.0], [580.0, 1000.0], [1080.0, 2000.0], [2080.0, 2600.0], [2680.0, HOUR]]
EXAMPLES: dict[str, tuple[int, dict[str, Any]]] = {
    "a model participant": (89, {}),
    "a silent listener": (45, {"polls": polls_of(), "acts": [], "questions": []}),
    "silent, but votes": (65, {"acts": [], "questions": []}),
    "a spammer": (51, {"polls": polls_of(), "acts": [(100 + n * 0.1, "chat") for n in range(500)], "questions": []}),
    "one honest message": (48, {"polls": polls_of(), "acts": [(100.0, "chat")], "questions": []}),
    "a drive-by": (10, {"presence": [[500.0, 740.0]], "polls": polls_of(0), "acts": DRIVE_BY, "questions": [1.0] * 3}),
    "left after half": (
        64,
        {"presence": [[0.0, 1790.0]], "polls": polls_of(0), "acts": [(60.0 + n * 300, "chat") for n in range(4)]},
    ),
    "a server outage": (
        89,
        {
            "live": [[0.0, 4200.0]],
            "outages": [[1200.0, 1800.0]],
            "presence": [[0.0, 1200.0], [1800.0, 4200.0]],
            "polls": [(600.0, 690.0, 620.0), (2400.0, 2490.0, 2420.0), (3600.0, 3690.0, 3620.0)],
            "acts": [(60.0 + n * 300 + (600 if 60 + n * 300 >= 1200 else 0), "chat") for n in range(8)],
        },
    ),
    "a poll 10 s before the end": (89, {"polls": [*polls_of(0, 1, 2), (3590.0, 3600.0, None)]}),
    "a poor line": (89, {"presence": DROPS, "quality": "poor"}),
    "neither polls nor questions": (92, {"polls": [], "questions": [], "can": ("interaction",)}),
    "nothing offered": (100, {"polls": [], "acts": [], "questions": [], "can": ()}),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_worked_examples(name: str) -> None:
    expected, changes = EXAMPLES[name]
    assert compare({**MODEL, **changes}).score == expected


def random_case(dice: random.Random) -> dict[str, Any]:
    """Anything that a log can hold: pauses, outages, drops, polls open at the same time, bursts of acts."""
    length_s = dice.choice([50, 600, 3600, 7200])
    cuts = sorted(dice.sample(range(1, length_s), 2 * dice.randint(0, 2)))
    edges = [0, *cuts, length_s]
    presence: list[list[float]] = []
    at = dice.randint(-30, length_s - 1)
    while at < length_s + 60 and len(presence) < 8:
        until = at + dice.randint(1, length_s)
        presence.append([float(at), float(until)])
        at = until + dice.choice([1, 30, 60, 61, 120, 121, 180, 181, 600])
    polls: list[tuple[float, float, float | None]] = []
    for _ in range(dice.randint(0, 5)):
        start = dice.randint(0, length_s - 1)
        end = start + dice.randint(1, 120)
        polls.append((float(start), float(end), start + dice.random() if dice.random() < 0.5 else None))
    kinds = ["chat", "hand", "reaction"]
    came = max(0.0, presence[0][0])  # nobody acts before
    return {
        "live": [[float(a), float(b)] for a, b in zip(edges[::2], edges[1::2], strict=True)],
        "outages": [[float(a), a + dice.uniform(1, 900)] for a in dice.sample(range(length_s), dice.randint(0, 2))],
        "presence": presence,
        "polls": polls,
        "acts": [(dice.uniform(came, came + length_s), dice.choice(kinds)) for _ in range(dice.randint(0, 40))],
        "questions": [1.0] * dice.randint(0, 5),
        "quality": dice.choice(["good", "fair", "poor"]),
        "can": tuple(each for each in SECTIONS if dice.random() < 0.8),
    }


def rounded(case: dict[str, Any]) -> dict[str, Any]:
    """Times as a log keeps them: whole microseconds."""

    def exact(value: Any) -> Any:
        return timedelta(seconds=value).total_seconds() if isinstance(value, float) else value

    whole = {**case}
    for key in ("live", "outages", "presence", "polls", "acts"):
        whole[key] = [type(each)(map(exact, each)) for each in case[key]]
    return whole


def test_thousands_of_random_sessions_agree_with_the_oracle() -> None:
    dice = random.Random(20310505)
    seen: set[int | None] = set()
    for _ in range(3_000 if os.environ.get("FAULTS") == "long" else 1_000):
        seen.add(compare(rounded(random_case(dice))).score)
    assert len(seen) > 60, "the cases reach all over the scale"


# -- Promises of fairness --

seeds = st.integers(0, 2**32).map(random.Random)


@given(seeds)
def test_more_of_the_same_changes_nothing(dice: random.Random) -> None:
    case = rounded(random_case(dice))
    assert compare({**case, "acts": case["acts"] * 20}).score == compare(case).score


@given(seeds)
def test_one_more_act_or_question_never_lowers(dice: random.Random) -> None:
    case = rounded(random_case(dice))
    before = compare(case).score or 0
    came = max(0.0, case["presence"][0][0])
    more = [*case["acts"], (came + dice.randint(0, 3599), "hand")]
    assert (compare({**case, "acts": more}).score or 0) >= before
    assert (compare({**case, "questions": [*case["questions"], 1.0]}).score or 0) >= before


@given(seeds)
def test_a_score_stays_between_0_and_100_at_every_point_of_the_log(dice: random.Random) -> None:
    evidence = Evidence()
    for recorded in told(rounded(random_case(dice))).log():
        evidence = observe(evidence, recorded)
        for later in (0, 100):
            found = score(evidence, ANA, recorded.at + timedelta(seconds=later)).score
            assert found is None or 0 <= found <= 100


@given(seeds)
def test_evidence_kept_as_json_and_continued_gives_the_same(dice: random.Random) -> None:
    log = told(rounded(random_case(dice))).log()
    cut = dice.randint(0, len(log))
    kept = EVIDENCE.validate_json(EVIDENCE.dump_json(gather(log[:cut]), by_alias=True))
    assert gather(log[cut:], kept) == gather(log)


@given(seeds)
def test_nobody_elses_named_acts_move_my_score(dice: random.Random) -> None:
    case = rounded(random_case(dice))
    alone, beside = told(case), told(case)
    other = rounded(random_case(dice))
    beside.stays(BEN, *other["presence"])
    for at, kind in other["acts"]:
        beside.acts(BEN, at, kind)
    beside.wonders(BEN, 5)
    beside.tell(6, QuestionUpvoted(question_id=str(person("question")), on=True, votes=1), BEN)
    for nth, (opened, _, _) in enumerate(case["polls"]):
        beside.tell(opened + 0.5, PollVoted(poll_id=str(person(f"poll {nth}")), choices=(1,)), BEN)
    end = when(max(b for _, b in case["live"]))
    mine, again = score(alone.evidence(), ANA, end), score(beside.evidence(), ANA, end)
    assert (mine.score, mine.counters) == (again.score, again.counters)
    assert [(each.value, each.numbers) for each in mine.parts.values()] == [
        (each.value, each.numbers) for each in again.parts.values()
    ]


# -- What nobody may learn from a score --


def hour(*users: UserId) -> Story:
    story = Story().runs([0, HOUR])
    for user in users:
        story.stays(user, [0, HOUR])
    return story


FIVE = tuple(person(name) for name in ("Cleo", "Dora", "Emil", "Fynn", "Gita"))


def test_an_anonymous_question_or_vote_moves_nothing_before_the_end() -> None:
    story = hour(ANA, *FIVE)
    story.asks(1, 100, 200, dict.fromkeys((ANA, *FIVE), 150.0), anonymous=True)
    for user in (ANA, *FIVE):
        asked = story.wonders(user, 300, anonymous=True)
        story.tell(301, QuestionUpvoted(question_id=asked, on=True, votes=1), user)
    log = story.log()
    running = [each for each in log if each.at < when(HOUR)]
    still = hour(ANA, *FIVE).log()
    quiet = gather(each for each in still if each.at < when(HOUR))
    for user in (ANA, *FIVE):
        before, after = score(quiet, user, when(400)), score(gather(running), user, when(400))
        assert (before.score, before.counters) == (after.score, after.counters)
    final = score(gather(log), ANA, when(HOUR))
    assert (final.counters.polls_answered, final.counters.questions_asked) == (1, 1)
    assert final.parts["questions"].numbers == {"asked": 1, "upvotes": 1}
    assert final.parts["polls"].seqs == final.parts["questions"].seqs == ()


def test_below_five_an_anonymous_poll_counts_for_nobody() -> None:
    story = hour(ANA, BEN, *FIVE)
    story.asks(1, 100, 200, dict.fromkeys((ANA, *FIVE[:3]), 150.0), anonymous=True)
    evidence = story.evidence()
    for user in (ANA, BEN):
        found = score(evidence, user, when(HOUR))
        assert "polls" not in found.parts
        assert found.counters.polls_answered == 0


def test_below_five_anonymous_askers_and_upvoters_are_credited_to_nobody() -> None:
    story = hour(ANA, *FIVE)
    for user in FIVE[:4]:
        asked = story.wonders(user, 300, anonymous=True)
        story.tell(301, QuestionUpvoted(question_id=asked, on=True, votes=1), user)
    found = score(story.evidence(), FIVE[0], when(HOUR))
    assert found.counters.questions_asked == 0
    assert found.parts["questions"].numbers == {"asked": 0, "upvotes": 0}


def test_from_five_on_whoever_did_not_answer_missed_an_opportunity() -> None:
    story = hour(ANA, BEN, *FIVE)
    story.asks(1, 100, 200, dict.fromkeys(FIVE, 150.0), anonymous=True)
    found = score(story.evidence(), BEN, when(HOUR))
    assert found.parts["polls"].numbers == {"answered": 0, "opportunities": 1}


def test_direct_messages_are_nobodys_measure() -> None:
    story = hour(ANA, BEN)
    direct = MessageSent(message_id=str(person("message")), text="psst", to=BEN)
    story.tell(100, direct, ANA)
    found = score(story.evidence(), ANA, when(HOUR))
    assert (found.counters.interaction_count, found.parts["interaction"].seqs) == (0, ())


# -- What counts --


def test_every_point_names_its_rows() -> None:
    case = {**MODEL, "can": tuple(SECTIONS)}
    story, mine = told(case), compare(case)
    kinds = {each.seq: each.event.type for each in story.log()}
    traced = {name: [kinds[seq] for seq in part.seqs] for name, part in mine.parts.items()}
    assert traced == {
        "attendance": ["participant.joined", "participant.left"],
        "polls": ["poll.voted"] * 3,
        "interaction": ["chat.sent"] * 8,
        "questions": ["question.asked"],
    }
    assert mine.parts["polls"].sentence == "score.polls"
    assert mine.parts["polls"].numbers == {"answered": 3, "opportunities": 3}
    assert mine.parts["attendance"].numbers == {"presentMinutes": 60, "liveMinutes": 60}


def test_what_is_deleted_dismissed_or_withdrawn_does_not_count() -> None:
    story = hour(ANA)
    story.acts(ANA, 100, "chat")
    message = story.lines[-1][3].message_id  # type: ignore[attr-defined]
    dismissed, withdrawn = story.wonders(ANA, 200), story.wonders(ANA, 201)
    counted = score(story.evidence(), ANA, when(HOUR)).counters
    assert (counted.interaction_count, counted.questions_asked) == (1, 2)
    story.tell(300, MessageDeleted(message_id=message, sender=ANA, seqs=()), MARA)
    story.tell(301, QuestionDismissed(question_id=dismissed), MARA)
    story.tell(302, QuestionWithdrawn(question_id=withdrawn, seqs=()), ANA)
    counted = score(story.evidence(), ANA, when(HOUR)).counters
    assert (counted.interaction_count, counted.questions_asked) == (0, 0)
    story.tell(303, QuestionReopened(question_id=dismissed), MARA)
    assert score(story.evidence(), ANA, when(HOUR)).counters.questions_asked == 1


def test_a_question_that_waits_for_approval_does_not_count_yet() -> None:
    story = hour(ANA)
    story.tell(100, QuestionAsked(question_id=str(person("q")), text="Why?", pending=True), ANA)
    assert score(story.evidence(), ANA, when(HOUR)).counters.questions_asked == 0


def test_staff_and_observers_are_not_scored_but_counted() -> None:
    story = hour(ANA)
    story.stays(THEO, [0, HOUR], role=Role.ASSISTANT).stays(OTTO, [0, HOUR], role=Role.OBSERVER)
    story.acts(THEO, 100, "chat")
    evidence = story.evidence()
    for user in (THEO, OTTO):
        found = score(evidence, user, when(HOUR))
        assert (found.score, found.parts, found.counters.total_time_minutes) == (None, {}, 60)
    assert score(evidence, THEO, when(HOUR)).counters.interaction_count == 1
    assert score(evidence, BEN, when(HOUR)).score is None
    assert session_score(scores(evidence, when(HOUR)).values()).count == 1


def test_what_was_not_offered_for_half_of_the_time_drops_out() -> None:
    story = hour(ANA)
    story.tell(1000, ChatLocked(locked=True), MARA)
    only_poll = (SessionFeature.model_validate({"type": "poll"}), SessionFeature.model_validate({"type": "chat"}))
    story.tell(2000, SessionUpdated(features=only_poll), MARA)
    found = score(story.evidence(), ANA, when(HOUR))
    assert set(found.parts) == {"attendance", "questions"}
    assert found.parts["attendance"].weight == 75.0


def test_whoever_mostly_watched_is_asked_for_attendance_only() -> None:
    story = Story().runs([0, HOUR]).stays(OTTO, [0, 3000], role=Role.OBSERVER).stays(OTTO, [3001, HOUR])
    found = score(story.evidence(), OTTO, when(HOUR))
    assert set(found.parts) == {"attendance"}


def test_the_quality_that_counts_is_the_one_with_which_the_line_was_lost() -> None:
    story = Story().runs([0, HOUR]).stays(ANA, [0, 1000], [1150, 2000], [2150, HOUR])
    story.tell(500, QualityChanged(user_id=ANA, quality="poor"))
    story.tell(1500, QualityChanged(user_id=ANA, quality="good"))
    assert score(story.evidence(), ANA, when(HOUR)).present_s == HOUR - 150


def test_the_sessions_score_is_weighted_by_presence() -> None:
    rows = [(89, 3600.0), (45, 3600.0), (64, 1790.0), (0, 0.0)]
    made = [Score(points, score(Evidence(), ANA, NINE).counters, present_s=here) for points, here in rows]
    found = session_score(made)
    assert (found.score, found.median, found.count) == (66.4, 64.0, 3)
    assert session_score([]).score is None


def test_scores_travel_as_json() -> None:
    found = compare(MODEL)
    encoded = SCORE.dump_json(found, by_alias=True)
    assert SCORE.validate_json(encoded) == found
    assert b'"totalTimeMinutes":60' in encoded
    assert b'"engagement' not in SESSION_SCORE.dump_json(session_score([found]), by_alias=True)


# -- Over a session that was really played --


def played() -> Rehearsal:
    session = Rehearsal.running()
    [made] = session.do(MARA, {"type": "poll.create", "question": "Tea?", "options": ["Yes", "No"]})
    poll_id = made.event.poll_id  # type: ignore[attr-defined]
    session.do(MARA, {"type": "poll.open", "pollId": poll_id})
    session.do(ANA, {"type": "poll.vote", "pollId": poll_id, "choices": [0]})
    session.wait(60)
    session.do(MARA, {"type": "poll.close", "pollId": poll_id})
    session.do(ANA, {"type": "chat.send", "text": "Good morning"})
    session.do(BEN, {"type": "question.ask", "text": "Where is the paper?"})
    session.wait(600)
    session.leave(BEN)
    session.do(MARA, {"type": "session.end"})
    return session


def test_a_played_session_is_scored_and_summed_up() -> None:
    session = played()
    evidence = gather(session.log)
    found = scores(evidence, session.now)
    assert set(found) == {MARA, THEO, ANA, BEN, OTTO}
    assert (found[ANA].counters.polls_answered, found[BEN].counters.questions_asked) == (1, 1)
    assert found[ANA].final
    assert all(found[each].score is None for each in (MARA, THEO, OTTO))
    assert scores(evidence, session.now + timedelta(days=1)) == found, "the end is the end"
    assert summary(evidence, session.now) == (
        "The session ran for 11 minutes. 2 participants and 1 observer came, at most 5 people were present at once. "
        "1 poll got 1 answer. “Tea?” – Yes (1 of 1). There were 1 message and 1 question, 0 of them answered."
    )


def test_a_summary_tells_no_result_that_was_not_published() -> None:
    session = Rehearsal.running()
    quiz = {"type": "poll.create", "kind": "quiz", "question": "Fruit?", "options": ["Leek", "Apple"], "correct": [1]}
    poll_id = session.do(MARA, quiz)[0].event.poll_id  # type: ignore[attr-defined]
    session.do(MARA, {"type": "poll.open", "pollId": poll_id})
    session.do(ANA, {"type": "poll.vote", "pollId": poll_id, "choices": [1]})
    session.do(MARA, {"type": "session.end"})
    assert "Apple" not in summary(gather(session.log), session.now)


def test_a_session_that_never_ran() -> None:
    session = Rehearsal()
    session.do(MARA, {"type": "session.cancel"})
    assert summary(gather(session.log), session.now) == "The session did not take place."
    assert session_score(scores(gather(session.log), session.now).values()).count == 0
