"""Polls from draft to published results, and what each of the cast sees on the way."""

import itertools
from typing import Any

import pytest

from rooms.ballots import ballot_of
from rooms.feature import Arm, DropSecret, MakeSecret, Recorded
from rooms.poll_book import Poll, PollClosed, PollPublished, PollStatus, PollVoted
from rooms.refusal import Refused
from rooms.room import STATE, apply, effects
from rooms.visibility import encoded_view, parties, visible
from tests.rooms.rehearsal import ANA, BEN, MARA, OTTO, THEO, Rehearsal, person

MANY = ("Cleo", "Dora", "Emil", "Fynn", "Gita")
FRUIT = {"question": "Which one is a fruit?", "options": ["Carrot", "Apple", "Leek"]}


def created(played: Rehearsal, by: Any = MARA, **fields: Any) -> str:
    [made] = played.do(by, {"type": "poll.create", **FRUIT, **fields})
    return str(made.event.poll_id)  # type: ignore[attr-defined]


def opened(played: Rehearsal, by: Any = MARA, **fields: Any) -> str:
    poll_id = created(played, by, **fields)
    played.do(by, {"type": "poll.open", "pollId": poll_id})
    return poll_id


def vote(played: Rehearsal, who: Any, poll_id: str, *choices: int | str) -> list[Recorded]:
    return played.do(who, {"type": "poll.vote", "pollId": poll_id, "choices": list(choices)})


def poll_of(played: Rehearsal, poll_id: str) -> Poll:
    assert played.room.polls is not None
    return played.room.polls.polls[poll_id]


def seen_poll(played: Rehearsal, user: Any, poll_id: str) -> Poll | None:
    seen = played.sees(user).polls
    return seen.polls.get(poll_id) if seen is not None else None


# -- Drafts --


def test_a_draft_exists_for_staff_and_its_author_only() -> None:
    played = Rehearsal.running()
    draft = created(played)
    assert seen_poll(played, THEO, draft) is not None
    assert seen_poll(played, ANA, draft) is None
    assert played.hears(ANA, played.log[-1:]) == []
    assert played.refused(ANA, {"type": "poll.vote", "pollId": draft, "choices": [1]}) == "not_found"
    assert played.refused(MARA, {"type": "poll.vote", "pollId": draft, "choices": [1]}) == "poll.not_open"
    played.do(MARA, {"type": "permission.grant", "userId": ANA, "permission": "can_create_polls"})
    assert played.refused(ANA, {"type": "poll.open", "pollId": draft}) == "not_found"
    own = created(played, ANA)
    assert seen_poll(played, ANA, own) is not None
    assert seen_poll(played, BEN, own) is None
    assert parties(played.log[-1]) == {ANA}


def test_drafts_are_prepared_before_the_session_by_staff() -> None:
    played = Rehearsal(lobby=False)
    draft = created(played)
    assert played.refused(MARA, {"type": "poll.open", "pollId": draft}) == "session.not_active"
    played.do(MARA, {"type": "session.start"})
    played.do(MARA, {"type": "session.activate"})
    played.do(MARA, {"type": "poll.open", "pollId": draft})
    assert poll_of(played, draft).status is PollStatus.OPEN


def test_a_draft_changes_as_a_whole_and_only_while_it_is_one() -> None:
    played = Rehearsal.running()
    draft = created(played)
    changed = {"type": "poll.update", "pollId": draft, "question": "Sure?", "options": ["Yes", "No"]}
    played.do(MARA, changed)
    assert poll_of(played, draft).question == "Sure?"
    assert played.do(MARA, changed) == []
    played.do(MARA, {"type": "poll.open", "pollId": draft})
    assert played.refused(MARA, changed) == "bad_request"
    assert played.refused(MARA, {"type": "poll.delete", "pollId": draft}) == "bad_request"
    other = created(played)
    played.do(THEO, {"type": "poll.delete", "pollId": other})
    assert played.refused(MARA, {"type": "poll.open", "pollId": other}) == "not_found"


def test_an_anonymous_poll_never_becomes_a_named_one() -> None:
    """Attack 27."""
    played = Rehearsal.running()
    poll_id = opened(played, anonymous=True)
    vote(played, ANA, poll_id, 1)
    again = {"type": "poll.update", "pollId": poll_id, **FRUIT, "anonymous": False}
    assert played.refused(MARA, again) == "bad_request"
    played.do(MARA, {"type": "poll.close", "pollId": poll_id})
    assert played.refused(MARA, {"type": "poll.reopen", "pollId": poll_id}) == "poll.anonymous"


def test_a_copy_asks_the_same() -> None:
    played = Rehearsal.running()
    quiz = opened(played, kind="quiz", correct=[1])
    vote(played, ANA, quiz, 1)
    [made] = played.do(MARA, {"type": "poll.copy", "pollId": quiz})
    copy = poll_of(played, made.event.poll_id)  # type: ignore[attr-defined]
    assert (copy.status, copy.question, copy.options, copy.correct) == (PollStatus.DRAFT, *_asks(played, quiz))
    played.do(MARA, {"type": "permission.grant", "userId": BEN, "permission": "can_create_polls"})
    assert played.refused(BEN, {"type": "poll.copy", "pollId": quiz}) == "forbidden"


def _asks(played: Rehearsal, poll_id: str) -> tuple[object, ...]:
    poll = poll_of(played, poll_id)
    return poll.question, poll.options, poll.correct


@pytest.mark.parametrize(
    "fields",
    [
        {"options": ["Only one"]},
        {"options": ["Twice", "Twice"]},
        {"options": []},
        {"correct": [1]},
        {"kind": "quiz"},
        {"kind": "quiz", "correct": [3]},
        {"kind": "quiz", "correct": [-1]},
        {"kind": "quiz", "correct": [1, 1]},
        {"kind": "text"},
        {"kind": "rating", "scale": 4},
        {"scale": 5},
    ],
)
def test_a_poll_that_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    played = Rehearsal.running()
    assert played.refused(MARA, {"type": "poll.create", **FRUIT, **fields}) == "bad_request"


def test_a_session_has_at_most_200_polls() -> None:
    played = Rehearsal.running()
    for _ in range(20):
        played.do(MARA, {"type": "poll.import", "text": "One?\n- a\n- b\n\n" * 10})
    assert played.refused(MARA, {"type": "poll.create", **FRUIT}) == "limit_reached"
    assert played.refused(MARA, {"type": "poll.quick", "template": "yesno"}) == "limit_reached"


def test_polls_can_be_switched_off() -> None:
    played = Rehearsal.running(features=())
    assert played.refused(MARA, {"type": "poll.create", **FRUIT}) == "feature_off"


def test_an_open_poll_can_be_closed_after_polls_were_switched_off() -> None:
    played = Rehearsal.running()
    poll_id = opened(played)
    played.do(MARA, {"type": "session.update", "features": []})
    assert played.refused(ANA, {"type": "poll.vote", "pollId": poll_id, "choices": [0]}) == "feature_off"
    played.do(MARA, {"type": "poll.close", "pollId": poll_id})
    assert poll_of(played, poll_id).status is PollStatus.CLOSED


# -- Voting by name --


def test_a_live_poll_shows_peers_that_somebody_chose_but_not_who() -> None:
    played = Rehearsal.running()
    poll_id = opened(played)
    voted = vote(played, ANA, poll_id, 1)
    [to_ben] = [visible(each, played.standing(BEN)) for each in voted]
    assert to_ben is not None
    assert (to_ben.actor, to_ben.command) == (None, None)
    assert parties(voted[0]) == {ANA, MARA}
    for user in (BEN, OTTO):
        seen = seen_poll(played, user, poll_id)
        assert seen is not None
        assert seen.tally is not None
        assert (seen.tally.counts, dict(seen.votes)) == ((0, 1, 0), {})
        assert ANA not in [str(each) for each in (seen.votes, seen.who)]
    own, host = seen_poll(played, ANA, poll_id), seen_poll(played, THEO, poll_id)
    assert own is not None
    assert host is not None
    assert dict(own.votes) == dict(host.votes) == {ANA: (1,)}


def test_a_named_vote_may_be_changed_while_it_is_open() -> None:
    played = Rehearsal.running()
    poll_id = opened(played)
    vote(played, ANA, poll_id, 1)
    assert vote(played, ANA, poll_id, 1) == []
    vote(played, ANA, poll_id, 2)
    tally = poll_of(played, poll_id).tally
    assert tally is not None
    assert (tally.answered, tally.counts) == (1, (0, 0, 1))
    played.do(MARA, {"type": "poll.close", "pollId": poll_id})
    assert played.refused(ANA, {"type": "poll.vote", "pollId": poll_id, "choices": [0]}) == "poll.closed"
    played.do(MARA, {"type": "poll.reopen", "pollId": poll_id})
    vote(played, ANA, poll_id, 0)
    tally = poll_of(played, poll_id).tally
    assert tally is not None
    assert (tally.answered, tally.counts) == (1, (1, 0, 0))


def test_results_on_publish_stay_with_staff_until_then() -> None:
    played = Rehearsal.running()
    poll_id = opened(played, results="onPublish")
    voted = vote(played, ANA, poll_id, 1)
    assert played.hears(BEN, voted) == []
    assert len(played.hears(THEO, voted)) == len(played.hears(ANA, voted)) == 1
    [closed] = played.do(MARA, {"type": "poll.close", "pollId": poll_id})
    [seen] = played.hears(BEN, [closed])
    assert isinstance(seen, PollClosed)
    assert (seen.counts, seen.answered) == (None, None)
    hidden = seen_poll(played, BEN, poll_id)
    assert hidden is not None
    assert hidden.tally is None
    [published] = played.do(MARA, {"type": "poll.publish", "pollId": poll_id})
    assert isinstance(published.event, PollPublished)
    assert published.event.counts == (0, 1, 0)
    shown = seen_poll(played, BEN, poll_id)
    assert shown is not None
    assert shown.tally is not None
    assert shown.tally.answered == 1
    assert played.do(MARA, {"type": "poll.publish", "pollId": poll_id}) == []


def test_the_right_answers_of_a_quiz_come_to_light_when_it_is_published() -> None:
    played = Rehearsal.running()
    quiz = opened(played, kind="quiz", correct=[1])
    assert all("correct" not in each.event.model_dump(exclude_none=True) for each in played.log[-1:])
    for user in (ANA, OTTO):
        seen = seen_poll(played, user, quiz)
        assert seen is not None
        assert seen.correct is None
    assert b'"correct":[1]' not in encoded_view(played.room, played.standing(ANA))
    assert b'"correct":[1]' in encoded_view(played.room, played.standing(THEO))
    vote(played, ANA, quiz, 1)
    closed, published = played.do(MARA, {"type": "poll.publish", "pollId": quiz})
    assert isinstance(closed.event, PollClosed)
    assert isinstance(published.event, PollPublished)
    assert published.event.correct == (1,)
    [first, second] = played.hears(BEN, [closed, published])
    assert isinstance(first, PollClosed)
    assert first.correct is None
    assert second == published.event
    assert played.refused(MARA, {"type": "poll.reopen", "pollId": quiz}) == "poll.closed"


def test_the_right_answers_of_a_live_quiz_come_to_light_at_its_close() -> None:
    played = Rehearsal.running()
    quiz = opened(played, kind="quiz", correct=[2, 1], results="live")
    assert poll_of(played, quiz).many
    vote(played, ANA, quiz, 2, 1)
    played.do(MARA, {"type": "poll.close", "pollId": quiz})
    seen = seen_poll(played, BEN, quiz)
    assert seen is not None
    assert seen.correct == (1, 2)


def test_a_published_poll_that_is_opened_again_goes_on_live() -> None:
    played = Rehearsal.running()
    poll_id = opened(played, results="onPublish")
    vote(played, ANA, poll_id, 1)
    played.do(MARA, {"type": "poll.publish", "pollId": poll_id})
    played.do(MARA, {"type": "poll.reopen", "pollId": poll_id})
    assert len(played.hears(OTTO, vote(played, BEN, poll_id, 0))) == 1


@pytest.mark.parametrize(
    ("fields", "choices"),
    [
        ({}, []),
        ({}, [3]),
        ({}, [-1]),
        ({}, [0, 1]),
        ({}, ["Apple"]),
        ({"kind": "multiple"}, [1, 1]),
        ({"kind": "rating", "options": []}, [0]),
        ({"kind": "rating", "options": []}, [6]),
        ({"kind": "text", "options": []}, [1]),
        ({"kind": "text", "options": []}, ["  "]),
        ({"kind": "text", "options": []}, ["x" * 61]),
        ({"kind": "text", "options": []}, list("abcdef")),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(fields: dict[str, Any], choices: list[Any]) -> None:
    played = Rehearsal.running()
    poll_id = opened(played, **fields)
    assert played.refused(ANA, {"type": "poll.vote", "pollId": poll_id, "choices": choices}) == "bad_request"
    assert len(poll_of(played, poll_id).votes) == 0


def test_a_rating_counts_its_steps_from_one() -> None:
    played = Rehearsal.running()
    poll_id = opened(played, kind="rating", options=[], scale=4)
    assert poll_of(played, poll_id).options == ("1", "2", "3", "4")
    vote(played, ANA, poll_id, 4)
    tally = poll_of(played, poll_id).tally
    assert tally is not None
    assert tally.counts == (0, 0, 0, 1)


def test_words_become_a_cloud_of_one_spelling() -> None:
    played = Rehearsal.running()
    poll_id = opened(played, kind="text", options=[])
    vote(played, ANA, poll_id, "  Paper   Prototype", "ＦＵＮ")
    vote(played, BEN, poll_id, "fun", "Fun ")
    tally = poll_of(played, poll_id).tally
    assert tally is not None
    assert dict(tally.words) == {"fun": 2, "paper prototype": 1}
    vote(played, ANA, poll_id, "quiet")
    tally = poll_of(played, poll_id).tally
    assert tally is not None
    assert dict(tally.words) == {"fun": 1, "quiet": 1}


def test_a_cloud_has_at_most_500_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rooms.ballots.WORDS_MAX", 3)
    played = Rehearsal.running()
    poll_id = opened(played, kind="text", options=[])
    vote(played, ANA, poll_id, "one", "two")
    full = {"type": "poll.vote", "pollId": poll_id, "choices": ["three", "four"]}
    assert played.refused(BEN, full) == "limit_reached"
    vote(played, BEN, poll_id, "two", "three")
    vote(played, ANA, poll_id, "four", "two")


def test_who_may_not_vote() -> None:
    played = Rehearsal.running()
    poll_id = opened(played)
    answer = {"type": "poll.vote", "pollId": poll_id, "choices": [0]}
    assert played.refused(OTTO, answer) == "forbidden"
    assert played.refused(person("Zora"), answer) == "participant.not_admitted"
    assert played.refused(person("Zora"), answer, admin=True) == "participant.not_admitted"
    played.do(MARA, {"type": "session.pause"})
    assert played.refused(ANA, answer) == "session.paused"
    played.do(MARA, {"type": "session.resume"})
    vote(played, ANA, poll_id, 0)
    played.do(MARA, {"type": "session.end"})
    assert played.refused(BEN, answer) == "session.ended"


def test_who_may_not_steer() -> None:
    played = Rehearsal.running()
    poll_id = opened(played)
    for kind in ("open", "close", "publish", "reopen", "copy"):
        assert played.refused(ANA, {"type": f"poll.{kind}", "pollId": poll_id}) == "forbidden"
        assert played.refused(OTTO, {"type": f"poll.{kind}", "pollId": poll_id}) == "forbidden"
    played.do(MARA, {"type": "permission.grant", "userId": ANA, "permission": "can_create_polls"})
    assert played.refused(ANA, {"type": "poll.close", "pollId": poll_id}) == "forbidden"
    own = opened(played, ANA)
    assert not any(getattr(each.event, "show", False) for each in played.log[-1:]), "the stage is for staff to turn"
    played.do(ANA, {"type": "poll.close", "pollId": own})
    later = created(played)
    for kind in ("close", "publish", "reopen"):
        assert played.refused(MARA, {"type": f"poll.{kind}", "pollId": later}) == "poll.not_open"
    assert played.refused(MARA, {"type": "poll.open", "pollId": own}) == "poll.closed"


def test_one_click_asks_yes_or_no() -> None:
    played = Rehearsal.running()
    made, begun = played.do(MARA, {"type": "poll.quick", "template": "yesno"})
    assert (made.event.type, begun.event.type) == ("poll.created", "poll.opened")
    poll = poll_of(played, begun.event.poll_id)  # type: ignore[attr-defined]
    assert (poll.template, poll.options, poll.status) == ("yesno", ("Yes", "No"), PollStatus.OPEN)


# -- Time --


def test_a_poll_closes_by_itself() -> None:
    played = Rehearsal.running()
    poll_id = created(played)
    played.do(MARA, {"type": "poll.open", "pollId": poll_id, "seconds": 30})
    vote(played, ANA, poll_id, 1)
    assert played.wait(29) == []
    [closed] = played.wait(1)
    assert isinstance(closed.event, PollClosed)
    assert closed.event.timed_out
    assert closed.actor is None


def test_a_timer_of_an_earlier_opening_closes_nothing() -> None:
    played = Rehearsal.running()
    poll_id = created(played)
    played.do(MARA, {"type": "poll.open", "pollId": poll_id, "seconds": 30})
    stale = dict(played.timers)
    played.do(MARA, {"type": "poll.close", "pollId": poll_id})
    assert not any(key.startswith("poll.close") for key in played.timers), "the close disarms it"
    played.do(MARA, {"type": "poll.reopen", "pollId": poll_id})
    played.timers |= stale
    assert played.wait(60) == []
    assert poll_of(played, poll_id).status is PollStatus.OPEN


def test_time_that_is_over_is_over_even_if_the_timer_is_late() -> None:
    played = Rehearsal.running()
    poll_id = opened(played, closesAfterS=30)
    played.timers.clear()
    played.wait(31)
    assert played.refused(ANA, {"type": "poll.vote", "pollId": poll_id, "choices": [0]}) == "poll.closed"


def test_the_end_of_the_session_closes_what_is_open() -> None:
    played = Rehearsal.running()
    named, secret = opened(played), opened(played, anonymous=True)
    vote(played, ANA, secret, 1)
    events = [each.event.type for each in played.do(MARA, {"type": "session.end"})]
    assert events == ["poll.closed", "poll.closed", "session.ended"]
    assert poll_of(played, named).status is poll_of(played, secret).status is PollStatus.CLOSED
    assert played.secrets == {}


# -- Anonymous votes (design.md 5; attacks 25 and 26) --


def test_a_ballot_carries_nobody_and_no_moment() -> None:
    played = Rehearsal.running()
    poll_id = opened(played, anonymous=True)
    before = played.room.at
    played.wait(7)
    [voted] = vote(played, ANA, poll_id, 1)
    assert (voted.actor, voted.command, voted.at) == (None, None, before)
    assert isinstance(voted.event, PollVoted)
    assert voted.event.ballot == ballot_of(played.secrets[f"poll:{poll_id}"], ANA)
    assert ANA not in voted.event.model_dump_json()
    for user in (MARA, THEO, ANA, BEN, OTTO):
        assert visible(voted, played.standing(user)) is None
    assert parties(voted) == frozenset()


def test_the_same_ballot_again_is_no_news_and_another_is_refused() -> None:
    played = Rehearsal.running()
    poll_id = opened(played, anonymous=True)
    vote(played, ANA, poll_id, 1)
    assert vote(played, ANA, poll_id, 1) == []
    assert played.refused(ANA, {"type": "poll.vote", "pollId": poll_id, "choices": [2]}) == "poll.already_voted"


def test_nobody_sees_counts_before_the_fifth_ballot() -> None:
    played = Rehearsal.running(extra=MANY)
    poll_id = opened(played, anonymous=True)
    for name in MANY[:4]:
        before = [encoded_view(played.room, played.standing(user)) for user in (MARA, ANA)]
        vote(played, person(name), poll_id, 1)
        assert played.wait(10) == []
        after = [encoded_view(played.room, played.standing(user)) for user in (MARA, ANA)]
        assert [_without_seq(each) for each in before] == [_without_seq(each) for each in after]
    vote(played, person(MANY[4]), poll_id, 2)
    [tallied] = played.wait(2)
    assert tallied.event.model_dump()["counts"] == (0, 4, 1)
    assert len(played.hears(BEN, [tallied])) == 1


def _without_seq(encoded: bytes) -> bytes:
    head, _, rest = encoded.partition(b'"lifecycle"')
    assert head.startswith(b'{"seq"')
    return rest


def test_tallies_come_at_most_every_two_seconds() -> None:
    played = Rehearsal.running(extra=[f"Voter {n}" for n in range(40)])
    poll_id = opened(played, anonymous=True)
    for n in range(40):
        vote(played, person(f"Voter {n}"), poll_id, n % 3)
        played.wait(0.25)
    tallies = [each for each in played.log if each.event.type == "poll.tallied"]
    assert len(tallies) >= 3
    assert all((b.at - a.at).total_seconds() >= 2 for a, b in itertools.pairwise(tallies))


def test_a_hidden_tally_is_for_staff() -> None:
    played = Rehearsal.running(extra=MANY)
    poll_id = opened(played, anonymous=True, results="onPublish")
    for name in MANY:
        vote(played, person(name), poll_id, 1)
    tallied = played.wait(2)
    assert len(tallied) == 1
    assert played.hears(BEN, tallied) == []
    assert len(played.hears(THEO, tallied)) == 1


def test_the_close_names_who_answered_from_five_on_and_destroys_the_secret() -> None:
    played = Rehearsal.running(extra=MANY)
    poll_id = opened(played, anonymous=True)
    for name in MANY:
        vote(played, person(name), poll_id, 1)
    [closed] = played.do(MARA, {"type": "poll.close", "pollId": poll_id})
    assert isinstance(closed.event, PollClosed)
    assert closed.event.who == tuple(sorted(map(person, MANY)))
    assert closed.event.counts == (0, 5, 0)
    assert DropSecret(f"poll:{poll_id}") in effects(played.room, closed)
    assert played.secrets == {}
    assert played.room.polls is not None
    assert not len(played.room.polls.boxes or ())
    [to_ben] = played.hears(BEN, [closed])
    assert isinstance(to_ben, PollClosed)
    assert to_ben.who is None
    assert to_ben.counts == (0, 5, 0)
    assert poll_of(played, poll_id).who is not None
    seen = seen_poll(played, BEN, poll_id)
    assert seen is not None
    assert seen.who is None


def test_below_five_the_close_names_nobody() -> None:
    played = Rehearsal.running(extra=MANY)
    poll_id = opened(played, anonymous=True)
    for name in MANY[:4]:
        vote(played, person(name), poll_id, 1)
    [closed] = played.do(MARA, {"type": "poll.close", "pollId": poll_id})
    assert isinstance(closed.event, PollClosed)
    assert (closed.event.who, closed.event.counts) == (None, (0, 4, 0))


def test_without_its_secret_a_poll_takes_no_vote_but_closes() -> None:
    played = Rehearsal.running()
    poll_id = opened(played, anonymous=True)
    played.secrets.clear()
    assert played.refused(ANA, {"type": "poll.vote", "pollId": poll_id, "choices": [0]}) == "unavailable"
    played.do(MARA, {"type": "poll.close", "pollId": poll_id})


def test_opening_an_anonymous_poll_asks_for_a_secret_and_its_timer() -> None:
    played = Rehearsal.running()
    poll_id = opened(played, anonymous=True, closesAfterS=60)
    asked = effects(played.room, played.log[-1])
    assert MakeSecret(f"poll:{poll_id}") in asked
    assert [each.key for each in asked if isinstance(each, Arm)] == [f"poll.close:{poll_id}:{played.log[-1].seq}"]
    assert effects(played.room, played.log[-2]) == []


# -- Import --


def test_polls_are_imported_from_plain_text() -> None:
    played = Rehearsal.running()
    text = """
        Which one is a fruit?
        - Carrot
        * Apple

        How was the pace? [rating 4, anonymous, 30 s]


        One word for today
        \t
        Lunch? [multiple, on publish]
        - Soup
        - Salad
    """
    made = played.do(MARA, {"type": "poll.import", "text": text})
    polls = [poll_of(played, each.event.poll_id) for each in made]  # type: ignore[attr-defined]
    assert [(each.question, each.kind, each.options) for each in polls] == [
        ("Which one is a fruit?", "quiz", ("Carrot", "Apple")),
        ("How was the pace?", "rating", ("1", "2", "3", "4")),
        ("One word for today", "text", ()),
        ("Lunch?", "multiple", ("Soup", "Salad")),
    ]
    assert polls[0].correct == (1,)
    assert (polls[1].anonymous, polls[1].closes_after_s, polls[3].results) == (True, 30, "onPublish")


def test_a_file_of_another_system_is_imported_alike() -> None:
    played = Rehearsal.running()
    [made] = played.do(MARA, {"type": "poll.import", "text": "\ufeffTea?\r\n- Yes\r\n- No\r\n"})
    poll = poll_of(played, made.event.poll_id)  # type: ignore[attr-defined]
    assert (poll.question, poll.options) == ("Tea?", ("Yes", "No"))
    assert played.refused(ANA, {"type": "poll.import", "text": "- nonsense"}) == "forbidden"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("- an option first", "line 1"),
        ("Fine?\n- yes\n- no\n\nBad?\nno dash", "line 6"),
        ("Fine?\n-\n- no", "line 2"),
        ("Only one?\n- yes", "line 1"),
        ("What? [nonsense]\n- a\n- b", "[nonsense]"),
        ("What? [text]\n- a\n- b", "line 1"),
        ("x" * 501, "line 1"),
        ("Bell \x07?\n- a\n- b", "line 1"),
        ("Scale? [rating 99]", "line 1"),
        (" \n\t\n ", "no poll"),
    ],
)
def test_a_text_with_a_mistake_imports_nothing_and_names_the_line(text: str, line: str) -> None:
    played = Rehearsal.running()
    with pytest.raises(Refused) as refused:
        played.do(MARA, {"type": "poll.import", "text": text})
    assert refused.value.code == "bad_request"
    assert line in refused.value.detail
    assert played.room.polls is not None
    assert not len(played.room.polls.polls)


# -- As a whole --


def test_a_poll_survives_its_snapshot() -> None:
    played = Rehearsal.running(extra=MANY)
    secret, named = opened(played, anonymous=True), opened(played)
    for poll_id in (secret, named):
        vote(played, ANA, poll_id, 1)
    restored = STATE.validate_json(STATE.dump_json(played.room, by_alias=True))
    assert restored == played.room
    [again] = vote(played, BEN, named, 0)
    assert apply(restored, again) == played.room
