"""Questions and answers (W184, W218, guarantees 4, attacks 14, 22-24, 53; ADR 0006)."""

import pytest
from pydantic import ValidationError

from rooms.ids import UserId
from rooms.lifecycle import EndSession, PauseSession
from rooms.participants import Remove
from rooms.protocol import COMMANDS
from rooms.questions import (
    PINS_MAX,
    QUESTIONS_MAX,
    QUESTIONS_PER_PERSON_MAX,
    ROWS_MAX,
    AnswerQuestion,
    ApproveQuestion,
    AskQuestion,
    DismissQuestion,
    MergeQuestion,
    PinQuestion,
    Question,
    QuestionAnswered,
    QuestionAnswering,
    QuestionApproved,
    QuestionAsked,
    QuestionDismissed,
    QuestionMerged,
    QuestionPinned,
    QuestionReopened,
    QuestionState,
    QuestionUnpinned,
    QuestionUpvoted,
    QuestionVanished,
    QuestionWithdrawn,
    ReopenQuestion,
    UpvoteQuestion,
    WithdrawQuestion,
    listed,
)
from rooms.rights import GrantPermission
from rooms.roles import Permission
from tests.rooms.rehearsal import person
from tests.rooms.transcript import ANA, BEN, MARA, OTTO, STRANGER, THEO, Outcome, Step, Transcript, feature, given

CANARY = "canary-7f3a"
CAST = (MARA, THEO, ANA, BEN, OTTO)
APPROVAL = feature("qa", approval=True)


def asked(*texts: str, anonymous: bool = False) -> list[Step]:
    return [(ANA, AskQuestion(text=each, anonymous=anonymous)) for each in texts]


def shown(room: Transcript, user: UserId, question_id: str) -> Question | None:
    """The question as this person has it."""
    held = room.sees(user).questions
    return held.questions.get(question_id) if held is not None else None


def state(room: Transcript, question_id: str) -> QuestionState:
    assert room.room.questions is not None
    return room.room.questions.questions[question_id].state


def kinds_heard(outcome: Outcome, user: UserId) -> list[str]:
    return [each.event.type for each in outcome.heard_by(user)]


# -- Asking --


def test_everybody_sees_a_question_and_who_asked() -> None:
    room = given().when(ANA, AskQuestion(text="Why paper?")).then([QuestionAsked])
    for user in CAST:
        question = shown(room, user, room.made())
        assert question is not None
        assert (question.text, question.author, question.votes) == ("Why paper?", ANA, 0)


def test_an_anonymous_question_hides_its_author_from_everybody_staff_included() -> None:
    outcome = given().when(ANA, AskQuestion(text="Is this graded?", anonymous=True))
    room = outcome.then([QuestionAsked])
    for user in (MARA, THEO, BEN, OTTO):
        question = shown(room, user, room.made())
        assert question is not None
        assert (question.text, question.author) == ("Is this graded?", None)
        assert [(each.actor, each.command) for each in outcome.heard_by(user)] == [(None, None)]
    own = shown(room, ANA, room.made())
    assert own is not None
    assert own.author == ANA
    assert outcome.heard_by(ANA)[0].actor == ANA


def test_no_later_act_on_an_anonymous_question_names_its_author() -> None:
    room = given(asked("Is this graded?", anonymous=True), features=APPROVAL)
    first = room.made()
    room.after([(BEN, AskQuestion(text="Graded?"))])
    second = room.made()
    before = {user: room.sent_to(user).count(ANA) for user in (MARA, THEO, BEN, OTTO)}
    room.after(
        [
            (MARA, DismissQuestion(question_id=first)),
            (MARA, ReopenQuestion(question_id=first)),
            (MARA, DismissQuestion(question_id=first)),
            (MARA, ReopenQuestion(question_id=first)),
            (MARA, ApproveQuestion(question_id=second)),
            (BEN, UpvoteQuestion(question_id=first)),
            (MARA, MergeQuestion(question_id=first, into=second)),
            (ANA, WithdrawQuestion(question_id=first)),
        ]
    )
    assert {user: room.sent_to(user).count(ANA) for user in before} == before


def test_the_event_carries_the_fields_of_its_command_and_the_id_it_made() -> None:
    room = given(asked("Why paper?"))
    assert room.played.log[-1].event == QuestionAsked(question_id=room.made(), text="Why paper?")


# -- Approval --


def test_with_approval_a_question_is_seen_by_its_author_and_staff_until_it_is_approved() -> None:
    outcome = given(features=APPROVAL).when(ANA, AskQuestion(text=CANARY))
    room = outcome.then([QuestionAsked(question_id=outcome.transcript.made(), text=CANARY, pending=True)])
    assert [user for user in CAST if shown(room, user, room.made())] == [MARA, THEO, ANA]
    assert [user for user in CAST if CANARY in room.sent_to(user)] == [MARA, THEO, ANA]
    room.when(THEO, ApproveQuestion(question_id=room.made())).then([QuestionApproved])
    assert all(shown(room, user, room.made()) == shown(room, MARA, room.made()) for user in CAST)
    assert state(room, room.made()) is QuestionState.OPEN
    room.when(MARA, ApproveQuestion(question_id=room.made())).then([])


def test_an_anonymous_question_stays_anonymous_in_the_queue_and_after_it() -> None:
    room = given(asked("Is this graded?", anonymous=True), features=APPROVAL)
    queued = shown(room, MARA, room.made())
    assert queued is not None
    assert (queued.author, queued.state) == (None, QuestionState.PENDING)
    outcome = room.when(MARA, ApproveQuestion(question_id=room.made()))
    outcome.then([QuestionApproved])
    authors = {}
    for user in CAST:
        event = outcome.heard_by(user)[0].event
        assert isinstance(event, QuestionApproved)
        authors[user] = event.question.author
    assert authors == {MARA: None, THEO: None, ANA: ANA, BEN: None, OTTO: None}


def test_staff_need_no_approval() -> None:
    room = given(features=APPROVAL).when(MARA, AskQuestion(text="Why not?")).then([QuestionAsked])
    assert state(room, room.made()) is QuestionState.OPEN


def test_attack_22_a_pending_question_does_not_exist_for_peers() -> None:
    room = given(asked("Why?"), features=APPROVAL)
    room.when(BEN, UpvoteQuestion(question_id=room.made())).refused("not_found")
    room.when(BEN, WithdrawQuestion(question_id=room.made())).refused("not_found")
    outcome = room.when(MARA, DismissQuestion(question_id=room.made()))
    outcome.then([QuestionDismissed])
    assert [kinds_heard(outcome, user) for user in CAST] == [["question.dismissed"]] * 3 + [[], []]


def test_a_pending_question_is_not_answered_pinned_or_merged_into() -> None:
    room = given([*asked("Why?", "How?")], features=APPROVAL)
    why, how = room.made(-2), room.made(-1)
    for command in (
        AnswerQuestion(question_id=why),
        AnswerQuestion(question_id=why, state="now"),
        PinQuestion(question_id=why),
        MergeQuestion(question_id=why, into=how),
        ReopenQuestion(question_id=why),
        UpvoteQuestion(question_id=why),
    ):
        room.when(THEO, command).refused("question.closed")


# -- Votes --


def test_one_vote_a_person_that_can_be_taken_back() -> None:
    room = given(asked("Why?"))
    why = room.made()
    room.when(BEN, UpvoteQuestion(question_id=why)).then([QuestionUpvoted(question_id=why, on=True, votes=1)])
    room.when(BEN, UpvoteQuestion(question_id=why)).then([])
    room.when(MARA, UpvoteQuestion(question_id=why)).then([QuestionUpvoted(question_id=why, on=True, votes=2)])
    room.when(BEN, UpvoteQuestion(question_id=why, on=False)).then(
        [QuestionUpvoted(question_id=why, on=False, votes=1)]
    )
    room.when(BEN, UpvoteQuestion(question_id=why, on=False)).then([])


def test_who_upvoted_is_seen_by_the_voter_only() -> None:
    room = given(asked("Why?"))
    outcome = room.when(BEN, UpvoteQuestion(question_id=room.made()))
    outcome.then([QuestionUpvoted])
    for user in CAST:
        question, heard = shown(room, user, room.made()), outcome.heard_by(user)
        assert question is not None
        assert question.votes == 1
        assert question.voters == ((BEN,) if user == BEN else ())
        assert [(each.actor, each.command is None) for each in heard] == [(BEN, False) if user == BEN else (None, True)]


def test_nobody_upvotes_their_own_question() -> None:
    room = given(asked("Why?"))
    room.when(ANA, UpvoteQuestion(question_id=room.made())).refused("forbidden")


def test_attack_23_a_closed_question_takes_no_votes() -> None:
    room = given(asked("Why?"))
    room.after([(MARA, AnswerQuestion(question_id=room.made()))])
    room.when(BEN, UpvoteQuestion(question_id=room.made())).refused("question.closed")


# -- Answers --


def test_answered_aloud_one_at_a_time() -> None:
    room = given(asked("Why?", "How?"))
    why, how = room.made(-2), room.made(-1)
    room.when(MARA, AnswerQuestion(question_id=why, state="now")).then([QuestionAnswering(question_id=why)])
    room.when(MARA, AnswerQuestion(question_id=why, state="now")).then([])
    room.when(MARA, AnswerQuestion(question_id=how, state="now")).then(
        [QuestionAnswered(question_id=why), QuestionAnswering(question_id=how)]
    )
    room.when(THEO, AnswerQuestion(question_id=how)).then([QuestionAnswered(question_id=how)])
    assert (state(room, why), state(room, how)) == (QuestionState.ANSWERED, QuestionState.ANSWERED)
    room.when(THEO, AnswerQuestion(question_id=how)).then([])


def test_answered_in_text_which_can_be_corrected() -> None:
    room = given(asked("Why?"))
    why = room.made()
    room.when(THEO, AnswerQuestion(question_id=why, text="Becuase")).then(
        [QuestionAnswered(question_id=why, text="Becuase")]
    )
    room.when(MARA, AnswerQuestion(question_id=why, text="Because")).then([QuestionAnswered])
    room.when(MARA, AnswerQuestion(question_id=why, text="Because")).then([])
    question = shown(room, BEN, why)
    assert question is not None
    assert (question.answer, question.answered_by, question.answered_at) == ("Because", MARA, room.played.now)


def test_an_answered_question_is_reopened_before_anything_else_happens_to_it() -> None:
    room = given([*asked("Why?", "How?")])
    why, how = room.made(-2), room.made(-1)
    room.after([(MARA, AnswerQuestion(question_id=why, text="Because"))])
    room.when(MARA, DismissQuestion(question_id=why)).refused("question.closed")
    room.when(MARA, MergeQuestion(question_id=why, into=how)).refused("question.closed")
    room.when(MARA, AnswerQuestion(question_id=why, state="now")).refused("question.closed")
    room.when(MARA, ReopenQuestion(question_id=why)).then([QuestionReopened(question_id=why)])
    question = shown(room, BEN, why)
    assert question is not None
    assert (question.state, question.answer, question.answered_by) == (QuestionState.OPEN, None, None)
    room.when(MARA, ReopenQuestion(question_id=why)).then([])


def test_what_is_answered_aloud_has_no_text() -> None:
    room = given(asked("Why?"))
    room.when(MARA, AnswerQuestion(question_id=room.made(), state="now", text="so")).refused("bad_request")


def test_a_refusal_names_the_states_in_which_it_would_do() -> None:
    room = given(asked("Why?"))
    room.after([(MARA, DismissQuestion(question_id=room.made()))])
    outcome = room.when(MARA, AnswerQuestion(question_id=room.made()))
    outcome.refused("question.closed")
    assert outcome.refusal is not None
    assert outcome.refusal.allowed == ("answered", "answering", "open")


def test_a_question_is_not_answered_without_end() -> None:
    room = given(asked("Why?"))
    for each in range(1, ROWS_MAX):
        room.after([(MARA, AnswerQuestion(question_id=room.made(), text=str(each)))])
    room.when(MARA, AnswerQuestion(question_id=room.made(), text="once more")).refused("limit_reached")
    room.when(MARA, ReopenQuestion(question_id=room.made())).refused("limit_reached")


# -- Dismissing, reopening, merging, pinning --


def test_a_dismissed_question_vanishes_for_peers_and_its_author_is_told() -> None:
    room = given(asked("Why?"))
    why = room.made()
    room.after([(BEN, UpvoteQuestion(question_id=why)), (MARA, PinQuestion(question_id=why))])
    outcome = room.when(MARA, DismissQuestion(question_id=why))
    outcome.then([QuestionDismissed(question_id=why, author=ANA)])
    assert [kinds_heard(outcome, user)[0] for user in CAST] == [
        *["question.dismissed"] * 3,
        *["question.vanished"] * 2,
    ]
    assert [(each.actor, each.command) for each in outcome.heard_by(BEN)] == [(None, None)]
    assert [user for user in CAST if shown(room, user, why)] == [MARA, THEO, ANA]
    question, held = shown(room, ANA, why), room.sees(BEN).questions
    assert question is not None
    assert question.state is QuestionState.DISMISSED
    assert held is not None
    assert held.pins == ()
    room.when(MARA, DismissQuestion(question_id=why)).then([])
    room.when(BEN, UpvoteQuestion(question_id=why, on=False)).refused("not_found")


def test_a_reopened_question_comes_back_with_its_votes_to_each_their_own() -> None:
    room = given(asked("Why?"))
    why = room.made()
    room.after([(BEN, UpvoteQuestion(question_id=why)), (MARA, DismissQuestion(question_id=why))])
    room.when(MARA, ReopenQuestion(question_id=why)).then([QuestionReopened])
    mine, theirs = shown(room, BEN, why), shown(room, OTTO, why)
    assert mine is not None
    assert theirs is not None
    assert (mine.votes, mine.voters, theirs.votes, theirs.voters) == (1, (BEN,), 1, ())


def test_a_merge_counts_each_person_once_and_leaves_a_pointer() -> None:
    cleo = person("Cleo")
    room = given([*asked("Why paper?"), (BEN, AskQuestion(text="Why on paper?"))])
    paper, duplicate = room.made(-2), room.made(-1)
    room.joins(cleo)
    room.after([(cleo, UpvoteQuestion(question_id=paper)), (MARA, UpvoteQuestion(question_id=paper))])
    room.after([(cleo, UpvoteQuestion(question_id=duplicate)), (THEO, UpvoteQuestion(question_id=duplicate))])
    room.when(MARA, MergeQuestion(question_id=duplicate, into=paper)).then(
        [QuestionMerged(question_id=duplicate, author=BEN, into=paper, votes=3)]
    )
    kept, gone = shown(room, THEO, paper), shown(room, BEN, duplicate)
    assert kept is not None
    assert gone is not None
    assert (kept.votes, kept.voters, kept.state) == (3, (THEO,), QuestionState.OPEN)
    assert (gone.state, gone.merged_into) == (QuestionState.MERGED, paper)
    room.when(THEO, UpvoteQuestion(question_id=paper)).then([])
    room.when(MARA, ReopenQuestion(question_id=duplicate)).refused("question.closed")


def test_a_duplicate_is_merged_out_of_the_queue_unseen() -> None:
    room = given([(MARA, AskQuestion(text="Why paper?")), *asked(CANARY)], features=APPROVAL)
    paper, duplicate = room.made(-2), room.made(-1)
    outcome = room.when(MARA, MergeQuestion(question_id=duplicate, into=paper))
    outcome.then([QuestionMerged])
    assert kinds_heard(outcome, BEN) == []
    assert CANARY not in room.sent_to(BEN)
    own = shown(room, ANA, duplicate)
    assert own is not None
    assert own.merged_into == paper


def test_a_question_is_merged_only_into_another_that_is_shown() -> None:
    room = given(asked("Why?", "How?"))
    why, how = room.made(-2), room.made(-1)
    room.when(MARA, MergeQuestion(question_id=why, into=why)).refused("bad_request")
    room.when(MARA, MergeQuestion(question_id=why, into=MARA)).refused("not_found")
    room.after([(MARA, DismissQuestion(question_id=how))])
    room.when(MARA, MergeQuestion(question_id=why, into=how)).refused("question.closed")


def test_pins_are_few_and_for_questions_that_are_shown() -> None:
    room = given(asked(*map(str, range(PINS_MAX + 1))))
    room.when(MARA, PinQuestion(question_id=room.made(0))).then([QuestionPinned(question_id=room.made(0))])
    room.when(MARA, PinQuestion(question_id=room.made(0))).then([])
    room.after([(MARA, PinQuestion(question_id=room.made(each))) for each in range(1, PINS_MAX)])
    room.when(MARA, PinQuestion(question_id=room.made(PINS_MAX))).refused("limit_reached")
    room.when(MARA, PinQuestion(question_id=room.made(1), pinned=False)).then([QuestionUnpinned])
    room.after([(MARA, MergeQuestion(question_id=room.made(2), into=room.made(0)))])
    held = room.sees(BEN).questions
    assert held is not None
    assert held.pins == (room.made(0), room.made(3), room.made(4))


# -- Withdrawing --


def test_a_withdrawn_question_is_really_gone() -> None:
    room = given([*asked(CANARY)], features=APPROVAL)
    question = room.made()
    room.after(
        [
            (MARA, ApproveQuestion(question_id=question)),
            (BEN, UpvoteQuestion(question_id=question)),
            (MARA, DismissQuestion(question_id=question)),
            (MARA, ReopenQuestion(question_id=question)),
            (MARA, AnswerQuestion(question_id=question, text=f"about {CANARY}")),
        ]
    )
    outcome = room.when(ANA, WithdrawQuestion(question_id=question))
    outcome.then([QuestionWithdrawn])
    assert CANARY not in repr(room.kept)
    assert CANARY not in repr(room.room)
    assert [kinds_heard(outcome, user)[0] for user in (MARA, ANA, BEN)] == [
        "question.vanished",
        "question.withdrawn",
        "question.vanished",
    ]
    assert all(shown(room, user, question) is None for user in CAST)
    room.when(ANA, WithdrawQuestion(question_id=question)).refused("not_found")


def test_withdrawing_from_the_queue_or_anonymously_tells_nobody_who() -> None:
    room = given([*asked("Why?", anonymous=True)], features=APPROVAL)
    outcome = room.when(ANA, WithdrawQuestion(question_id=room.made()))
    outcome.then([QuestionWithdrawn])
    assert [(each.actor, type(each.event)) for each in outcome.heard_by(MARA)] == [(None, QuestionVanished)]
    assert outcome.heard_by(BEN) == []


def test_only_its_author_withdraws_a_question() -> None:
    room = given(asked("Why?"))
    room.when(BEN, WithdrawQuestion(question_id=room.made())).refused("forbidden")
    room.when(MARA, WithdrawQuestion(question_id=room.made())).refused("forbidden")


# -- Who may, and when --


MODERATION = (ApproveQuestion, AnswerQuestion, DismissQuestion, ReopenQuestion, PinQuestion)


@pytest.mark.parametrize("command", MODERATION)
def test_attack_14_only_moderators_steer_questions(command: type[ApproveQuestion]) -> None:
    room = given([*asked("Why?")])
    for user in (ANA, BEN, OTTO, STRANGER):
        room.when(user, command(question_id=room.made())).refused("forbidden")
        room.when(user, MergeQuestion(question_id=room.made(), into=room.made())).refused("forbidden")


def test_attack_14_observers_only_read() -> None:
    room = given(asked("Why?"))
    room.when(OTTO, AskQuestion(text="How?")).refused("forbidden")
    room.when(OTTO, UpvoteQuestion(question_id=room.made())).refused("forbidden")
    assert shown(room, OTTO, room.made()) is not None


def test_a_lent_right_to_moderate_opens_the_queue() -> None:
    room = given(asked("Why?"), features=APPROVAL)
    room.after([(MARA, GrantPermission(user_id=BEN, permission=Permission.MODERATE, minutes=1))])
    assert shown(room, BEN, room.made()) is not None
    room.when(BEN, DismissQuestion(question_id=room.made())).then([QuestionDismissed])
    room.later(minutes=2)
    assert shown(room, BEN, room.made()) is None
    room.when(BEN, ReopenQuestion(question_id=room.made())).refused("forbidden")


def test_those_who_were_not_let_in_neither_ask_nor_read() -> None:
    room = given(asked("Why?"))
    room.when(STRANGER, AskQuestion(text="How?")).refused("participant.not_admitted")
    assert room.sees(STRANGER).questions is None
    room.after([(MARA, Remove(user_id=BEN))])
    room.when(BEN, UpvoteQuestion(question_id=room.made())).refused("participant.not_admitted")


def test_attack_23_questions_that_are_switched_off() -> None:
    room = given(features=feature("qa", is_enabled=False))
    room.when(ANA, AskQuestion(text="Why?")).refused("feature_off")
    room.when(MARA, ApproveQuestion(question_id=MARA)).refused("feature_off")


def test_a_pause_stops_participants_and_the_end_everybody() -> None:
    room = given([*asked("Why?"), (MARA, PauseSession())])
    room.when(ANA, AskQuestion(text="How?")).refused("session.paused")
    room.when(BEN, UpvoteQuestion(question_id=room.made())).refused("session.paused")
    room.when(MARA, AnswerQuestion(question_id=room.made(), text="Because")).then([QuestionAnswered])
    room.after([(MARA, EndSession())])
    room.when(MARA, ReopenQuestion(question_id=room.made())).refused("session.ended")
    room.when(ANA, AskQuestion(text="How?")).refused("session.ended")


# -- Limits and texts --


def test_attack_24_unknown_fields_are_refused() -> None:
    for extra in ({"author": BEN}, {"votes": 99}, {"questionId": BEN}, {"pending": False}):
        with pytest.raises(ValidationError):
            COMMANDS.validate_python({"type": "question.ask", "text": "hi", **extra})


@pytest.mark.parametrize("text", ["", "  ", "x" * 1_001, "a\u202eb", "\ud800"])
def test_texts_that_cannot_be_stored_or_shown_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        AskQuestion(text=text)


def test_attack_53_text_is_kept_as_it_was_typed() -> None:
    hostile = "<script>alert(1)</script> =cmd|' /C calc'!A0"
    room = given(asked(hostile))
    room.after([(MARA, AnswerQuestion(question_id=room.made(), text=hostile))])
    question = shown(room, BEN, room.made())
    assert question is not None
    assert (question.text, question.answer) == (hostile, hostile)


def test_one_person_does_not_use_up_the_questions_of_all() -> None:
    room = Transcript(given().played, lawful=False)
    for each in range(QUESTIONS_PER_PERSON_MAX):
        room.after(asked(str(each)))
        room.after([(ANA, WithdrawQuestion(question_id=room.made()))])
    room.when(ANA, AskQuestion(text="one more")).refused("limit_reached")
    room.when(BEN, AskQuestion(text="mine")).then([QuestionAsked])


def test_a_session_holds_a_limited_number_of_questions() -> None:
    crowd = [f"guest {each}" for each in range(QUESTIONS_MAX // QUESTIONS_PER_PERSON_MAX)]
    room = Transcript(given(extra=crowd).played, lawful=False)
    for guest in crowd:
        for each in range(QUESTIONS_PER_PERSON_MAX):
            room.played.do(person(guest), AskQuestion(text=str(each)))
    room.when(BEN, AskQuestion(text="one more")).refused("limit_reached")


def test_questions_are_listed_in_the_order_in_which_they_were_asked() -> None:
    room = given(asked("1", "2"), features=APPROVAL)
    room.after([(MARA, ApproveQuestion(question_id=room.made(-1))), (MARA, ApproveQuestion(question_id=room.made(-2)))])
    held = room.sees(BEN).questions
    assert held is not None
    assert [each.text for each in listed(held)] == ["1", "2"]
