"""What is said, asked and shown in a breakout room is for who is there: chat, polls, questions, reactions, the stage.

After every step the laws of views and of the log are checked for everybody (transcript.py).
"""

from typing import Any

import pytest

from rooms.ballots import PollKind
from rooms.breakout_results import readable_rooms
from rooms.chat import MessageSent
from rooms.engagement import scores
from rooms.evidence import gather
from rooms.ids import UserId
from rooms.lifecycle import SessionFeature
from rooms.poll_book import PollClosed, PollOpened, PollStatus
from rooms.stage import Shown, Stage
from rooms.summary import summary
from tests.rooms.rehearsal import ANA, BEN, MARA, OTTO, THEO, Rehearsal, person
from tests.rooms.transcript import Transcript

CLEO, DORA = person("Cleo"), person("Dora")
FEATURES = ("poll", "qa", "chat", "breakout", "whiteboard")
TEA = {"type": "poll.create", "question": "Tea in Lindgren?", "options": ["Yes", "No"]}


class Split(Transcript):
    """Ana and Ben are in Lindgren, Cleo and Dora in Perec; Mara, Theo and Otto are in the main room."""

    def __init__(self) -> None:
        on = tuple(SessionFeature.model_validate({"type": each}) for each in FEATURES)
        super().__init__(Rehearsal.running(extra=("Cleo", "Dora"), features=on))
        rooms = [{"name": "Lindgren", "members": [ANA, BEN]}, {"name": "Perec", "members": [CLEO, DORA]}]
        [made] = self.does(MARA, {"type": "breakout.create", "rooms": rooms, "assignment": "manual"})
        self.set_id: str = made.set_id
        self.lindgren, self.perec = (each.id for each in made.rooms)

    def opened(self) -> "Split":
        self.does(MARA, {"type": "breakout.open", "setId": self.set_id})
        return self

    def does(self, actor: UserId, command: dict[str, Any]) -> list[Any]:
        outcome = self.when(actor, command)
        assert outcome.refusal is None, f"{command} was refused: {outcome.refusal!r}"
        return [each.event for each in outcome.recorded]

    def refuses(self, actor: UserId, command: dict[str, Any]) -> str:
        outcome = self.when(actor, command)
        assert outcome.refusal is not None, f"{command} was not refused"
        return outcome.refusal.code

    def move(self, user: UserId, room: str | None) -> None:
        self.does(MARA, {"type": "breakout.move", "userIds": [user], **({"roomId": room} if room else {})})

    def poll(self, actor: UserId = MARA, room: str | None = None, **fields: Any) -> str:
        named = {"room": room} if room else {}
        [made] = self.does(actor, {**TEA, **named, **fields})
        return str(made.poll_id)

    def question(self, actor: UserId, text: str = "Why paper?") -> str:
        [asked] = self.does(actor, {"type": "question.ask", "text": text})
        return str(asked.question_id)


@pytest.fixture
def split() -> Split:
    return Split().opened()


def polls_of(split: Split, user: UserId) -> set[str]:
    seen = split.sees(user).polls
    assert seen is not None
    return set(seen.polls)


# -- Chat --


def test_a_message_stays_in_the_room_where_it_was_said(split: Split) -> None:
    said = split.when(ANA, {"type": "chat.send", "text": "hello Lindgren"})
    assert [bool(said.heard_by(each)) for each in (BEN, CLEO, OTTO, MARA, THEO)] == [True, False, False, True, True]
    elsewhere = split.when(OTTO, {"type": "chat.send", "text": "x"})
    assert elsewhere.refusal is not None, "an observer only reads"
    split.does(CLEO, {"type": "chat.send", "text": "hello Perec"})
    split.does(MARA, {"type": "chat.send", "text": "hello main"})
    for user, words in ((BEN, "Lindgren"), (DORA, "Perec"), (OTTO, "main")):
        told = split.sent_to(user)
        assert [word in told for word in ("hello Lindgren", "hello Perec", "hello main")] == [
            word == words for word in ("Lindgren", "Perec", "main")
        ]
    assert all(word in split.sent_to(THEO) for word in ("hello Lindgren", "hello Perec", "hello main"))


def test_staff_write_into_a_room_without_going_there(split: Split) -> None:
    [sent] = split.does(MARA, {"type": "chat.send", "text": "all well?", "room": split.perec})
    assert sent == MessageSent(message_id=sent.message_id, text="all well?", room=split.perec)
    assert "all well?" in split.sent_to(CLEO)
    assert "all well?" not in split.sent_to(ANA)
    split.does(THEO, {"type": "breakout.join", "roomId": split.lindgren})
    [here] = split.does(THEO, {"type": "chat.send", "text": "here I am"})
    [there] = split.does(THEO, {"type": "chat.send", "text": "to all others", "room": "main"})
    assert (here.room, there.room) == (split.lindgren, None)


def test_nobody_else_writes_where_they_are_not(split: Split) -> None:
    for room in (split.perec, "main", str(person("no room"))):
        assert split.refuses(ANA, {"type": "chat.send", "text": "psst", "room": room}) == "not_found"
    assert split.refuses(MARA, {"type": "chat.send", "text": "psst", "room": str(person("no room"))}) == "not_found"
    assert split.refuses(MARA, {"type": "chat.send", "text": "x", "to": ANA, "room": "main"}) == "bad_request"
    split.does(ANA, {"type": "chat.send", "text": "one's own place may be named", "room": split.lindgren})


def test_what_was_said_elsewhere_can_be_neither_quoted_nor_touched(split: Split) -> None:
    split.does(CLEO, {"type": "chat.send", "text": "hello Perec"})
    [theirs] = [each.event.message_id for each in split.played.log if each.event.type == "chat.sent"]  # type: ignore[attr-defined]
    for command in (
        {"type": "chat.send", "text": "so?", "replyTo": theirs},
        {"type": "chat.react", "messageId": theirs, "emoji": "👍"},
        {"type": "chat.delete", "messageId": theirs},
    ):
        assert split.refuses(ANA, command) == "not_found"
    assert split.refuses(MARA, {"type": "chat.send", "text": "in main", "replyTo": theirs}) == "bad_request"
    split.does(MARA, {"type": "chat.pin", "messageId": theirs})
    split.move(CLEO, None)
    assert split.refuses(CLEO, {"type": "chat.edit", "messageId": theirs, "text": "goodbye"}) == "not_found"
    assert "hello Perec" not in str(split.sees(CLEO).chat), "not even one's own, where one is not"


def test_a_direct_message_reaches_both_wherever_they_are(split: Split) -> None:
    said = split.when(ANA, {"type": "chat.send", "text": "lunch?", "to": CLEO})
    assert said.heard_by(CLEO)
    assert not said.heard_by(BEN)


def test_lock_and_slow_hold_in_every_room(split: Split) -> None:
    split.does(MARA, {"type": "chat.lock"})
    assert split.refuses(ANA, {"type": "chat.send", "text": "hello"}) == "chat.locked"
    split.does(MARA, {"type": "chat.lock", "locked": False})
    split.does(MARA, {"type": "chat.slow", "seconds": 60})
    split.does(ANA, {"type": "chat.send", "text": "hello"})
    split.move(ANA, split.perec)
    assert split.refuses(ANA, {"type": "chat.send", "text": "hello"}) == "chat.slow"


# -- Polls --


def test_a_poll_is_for_who_is_in_its_room(split: Split) -> None:
    poll = split.poll(room=split.lindgren)
    split.does(MARA, {"type": "poll.open", "pollId": poll})
    assert [poll in polls_of(split, each) for each in (ANA, CLEO, OTTO, THEO)] == [True, False, False, True]
    split.does(ANA, {"type": "poll.vote", "pollId": poll, "choices": [0]})
    assert split.refuses(CLEO, {"type": "poll.vote", "pollId": poll, "choices": [0]}) == "not_found"
    split.move(BEN, split.perec)
    assert split.refuses(BEN, {"type": "poll.vote", "pollId": poll, "choices": [0]}) == "not_found"
    assert poll not in polls_of(split, BEN)
    split.move(DORA, split.lindgren)
    split.does(DORA, {"type": "poll.vote", "pollId": poll, "choices": [1]})
    split.does(MARA, {"type": "poll.publish", "pollId": poll})
    for user in (BEN, CLEO, OTTO):
        assert "Tea in Lindgren?" not in str(split.sees(user))


@pytest.mark.parametrize("command", ["poll.create", "poll.import", "poll.quick", "poll.copy"])
def test_polls_are_made_in_ones_own_place_or_where_staff_say(split: Split, command: str) -> None:
    split.does(MARA, {"type": "permission.grant", "userId": ANA, "permission": "can_create_polls"})

    def made(actor: UserId, poll: str, **named: str) -> str | None:
        given: dict[str, dict[str, Any]] = {
            "poll.create": TEA,
            "poll.import": {"type": command, "text": "Tea?\n- Yes\n- No"},
            "poll.quick": {"type": command, "template": "yesno"},
            "poll.copy": {"type": command, "pollId": poll},
        }
        room: str | None = split.does(actor, {**given[command], **named})[0].room
        return room

    own, main = split.poll(ANA), split.poll(MARA)
    assert made(ANA, own) == split.lindgren
    assert made(MARA, main) is None
    assert made(MARA, main, room=split.perec) == split.perec
    assert made(MARA, own, room="main") is None
    refused = {**TEA, "type": "poll.create", "room": split.perec}
    assert split.refuses(ANA, refused) == "not_found"


def test_whoever_made_a_poll_loses_it_from_sight_with_the_room(split: Split) -> None:
    split.does(MARA, {"type": "permission.grant", "userId": ANA, "permission": "can_create_polls"})
    poll = split.poll(ANA)
    assert poll not in polls_of(split, BEN), "a draft"
    split.move(ANA, None)
    assert poll not in polls_of(split, ANA)
    assert split.refuses(ANA, {"type": "poll.open", "pollId": poll}) == "not_found"
    split.move(ANA, split.lindgren)
    split.does(ANA, {"type": "poll.open", "pollId": poll})
    assert poll in polls_of(split, BEN)


def test_an_anonymous_poll_in_a_room_keeps_its_secret(split: Split) -> None:
    poll = split.poll(room=split.lindgren, anonymous=True)
    split.does(MARA, {"type": "poll.open", "pollId": poll})
    split.does(ANA, {"type": "poll.vote", "pollId": poll, "choices": [1]})
    [closed] = split.does(MARA, {"type": "poll.close", "pollId": poll})
    assert (closed.room, closed.counts, closed.who) == (split.lindgren, (0, 1), None)


def test_the_close_of_a_room_closes_its_polls(split: Split) -> None:
    here, there, main = split.poll(room=split.lindgren, anonymous=True), split.poll(room=split.perec), split.poll()
    late = split.poll(room=split.lindgren)
    for poll in (here, there, main):
        split.does(MARA, {"type": "poll.open", "pollId": poll})
    split.does(ANA, {"type": "poll.vote", "pollId": here, "choices": [1]})
    events = split.does(MARA, {"type": "breakout.close", "roomId": split.lindgren, "seconds": 0})
    events += [each.event for each in split.later(seconds=1).recorded]
    [closed] = [each for each in events if isinstance(each, PollClosed)]
    assert (closed.poll_id, closed.counts) == (here, (0, 1))
    assert f"poll:{here}" not in split.played.secrets, "nobody will ever know who voted"
    states = {poll: split.room.polls.polls[poll].status for poll in (there, main)}  # type: ignore[union-attr]
    assert states == {there: PollStatus.OPEN, main: PollStatus.OPEN}
    assert split.refuses(MARA, {"type": "poll.open", "pollId": late}) == "breakout.closed"
    assert split.refuses(MARA, {**TEA, "room": split.lindgren}) == "breakout.closed"
    split.does(MARA, {"type": "poll.publish", "pollId": here})
    assert here not in polls_of(split, ANA), "the result page has it"


def test_staff_prepare_polls_in_rooms_that_will_open() -> None:
    split = Split()
    poll = split.poll(room=split.lindgren)
    split.opened()
    split.does(MARA, {"type": "poll.open", "pollId": poll})
    assert poll in polls_of(split, ANA)


# -- Questions --


def test_a_question_stays_in_its_room(split: Split) -> None:
    asked = split.question(ANA, "Why Lindgren?")
    assert "Why Lindgren?" in str(split.sees(BEN))
    for user in (CLEO, OTTO):
        assert "Why Lindgren?" not in str(split.sees(user))
    split.does(BEN, {"type": "question.upvote", "questionId": asked})
    assert split.refuses(CLEO, {"type": "question.upvote", "questionId": asked}) == "not_found"
    split.does(MARA, {"type": "question.pin", "questionId": asked})
    split.does(MARA, {"type": "question.answer", "questionId": asked, "text": "Because of Ronia"})
    assert "Ronia" in split.sent_to(BEN)
    assert "Ronia" not in split.sent_to(CLEO)
    assert asked not in split.sent_to(OTTO), "not even the ids of pins"
    split.move(ANA, None)
    assert split.refuses(ANA, {"type": "question.withdraw", "questionId": asked}) == "not_found"


def test_one_question_is_answered_aloud_in_each_place(split: Split) -> None:
    first, second, other = split.question(ANA), split.question(BEN), split.question(CLEO)
    for each in (first, other):
        split.does(MARA, {"type": "question.answer", "questionId": each, "state": "now"})
    split.does(MARA, {"type": "question.answer", "questionId": second, "state": "now"})
    states = {each: str(split.room.questions.questions[each].state) for each in (first, second, other)}  # type: ignore[union-attr]
    assert states == {first: "answered", second: "answering", other: "answering"}


def test_questions_are_merged_within_a_place(split: Split) -> None:
    here, too, there = split.question(ANA), split.question(BEN), split.question(CLEO)
    across = {"type": "question.merge", "questionId": here, "into": there}
    assert split.refuses(MARA, across) == "bad_request"
    [merged] = split.does(MARA, {"type": "question.merge", "questionId": here, "into": too})
    assert merged.room == split.lindgren


def test_each_place_pins_its_five_questions(split: Split) -> None:
    for _ in range(5):
        split.does(MARA, {"type": "question.pin", "questionId": split.question(ANA)})
    one_more = {"type": "question.pin", "questionId": split.question(ANA)}
    assert split.refuses(MARA, one_more) == "limit_reached"
    split.does(MARA, {"type": "question.pin", "questionId": split.question(CLEO)})
    assert [len(split.sees(each).questions.pins) for each in (ANA, CLEO, OTTO)] == [5, 1, 0]  # type: ignore[union-attr]


def test_approval_happens_in_the_room(split: Split) -> None:
    on: list[dict[str, Any]] = [{"type": each} for each in FEATURES]
    on[1]["config"] = {"approval": True}
    split.does(MARA, {"type": "session.update", "features": on})
    asked = split.question(ANA)
    approved = split.when(THEO, {"type": "question.approve", "questionId": asked})
    assert [bool(approved.heard_by(each)) for each in (BEN, CLEO, OTTO)] == [True, False, False]


# -- Reactions, hands, the stage --


def test_a_reaction_is_seen_where_it_was_sent_and_a_hand_everywhere(split: Split) -> None:
    sent = split.when(ANA, {"type": "reaction.send", "emoji": "🎉"})
    assert [bool(sent.heard_by(each)) for each in (BEN, CLEO, OTTO, MARA)] == [True, False, False, True]
    sent = split.when(MARA, {"type": "reaction.send", "emoji": "🎉"})
    assert [bool(sent.heard_by(each)) for each in (ANA, OTTO)] == [False, True]
    raised = split.when(ANA, {"type": "hand.raise"})
    assert all(raised.heard_by(each) for each in (BEN, CLEO, OTTO, MARA))


def test_every_room_has_a_stage_of_its_own(split: Split) -> None:
    main, here = split.poll(), split.poll(room=split.lindgren)
    split.does(MARA, {"type": "poll.open", "pollId": main})
    [opened] = split.does(MARA, {"type": "poll.open", "pollId": here})
    assert isinstance(opened, PollOpened)
    stage = split.sees(MARA).stage
    assert stage is not None
    assert (stage.of(None).target, stage.of(split.lindgren).target, stage.of(split.perec)) == (main, here, Shown())
    anas = split.sees(ANA).stage
    assert anas is not None
    assert (anas.of(None), anas.of(split.lindgren).target) == (Shown(), here)
    found = {user: [each in str(split.sees(user).stage) for each in (main, here)] for user in (ANA, CLEO, OTTO)}
    assert found == {ANA: [False, True], CLEO: [False, False], OTTO: [True, False]}


def test_a_stage_shows_what_its_place_knows(split: Split) -> None:
    asked, poll = split.question(CLEO), split.poll()
    split.does(MARA, {"type": "poll.open", "pollId": poll, "show": False})
    show = {"type": "stage.show", "kind": "question", "target": asked}
    assert split.refuses(MARA, show) == "not_found", "the main room does not know it"
    shown = split.when(MARA, {**show, "room": split.perec})
    assert [bool(shown.heard_by(each)) for each in (CLEO, ANA, OTTO)] == [True, False, False]
    of_main = {"type": "stage.show", "kind": "poll", "target": poll, "room": split.perec}
    assert split.refuses(MARA, of_main) == "not_found"
    assert split.refuses(ANA, show) == "forbidden"
    split.does(CLEO, {"type": "question.withdraw", "questionId": asked})
    assert split.sees(DORA).stage.of(split.perec).kind == "nothing"  # type: ignore[union-attr]


def test_the_breakout_rooms_themselves_are_shown(split: Split) -> None:
    split.does(MARA, {"type": "stage.show", "kind": "breakouts"})
    split.does(MARA, {"type": "stage.show", "kind": "breakouts", "target": split.set_id})
    [planned] = split.does(MARA, {"type": "breakout.create", "rooms": 2})
    unknown = {"type": "stage.show", "kind": "breakouts", "target": planned.set_id}
    assert split.refuses(MARA, unknown) == "not_found"
    split.does(
        MARA, {"type": "session.update", "features": [{"type": each} for each in FEATURES if each != "breakout"]}
    )
    assert split.refuses(MARA, {"type": "stage.show", "kind": "breakouts"}) == "feature_off"


def test_a_board_is_shown_in_its_own_room(split: Split) -> None:
    split.does(MARA, {"type": "stage.show", "kind": "board", "target": "main"})
    theirs = {"type": "stage.show", "kind": "board", "target": split.perec}
    assert split.refuses(MARA, theirs) == "not_found"
    shown = split.when(MARA, {**theirs, "room": split.perec})
    assert [bool(shown.heard_by(each)) for each in (CLEO, ANA, OTTO)] == [True, False, False]
    assert split.refuses(MARA, {"type": "stage.show", "kind": "board"}) == "bad_request"
    [page] = split.does(MARA, {"type": "board.addPage", "name": "Sketches"})
    split.does(MARA, {"type": "stage.show", "kind": "board", "target": page.board_id})
    split.does(MARA, {"type": "board.removePage", "boardId": page.board_id})
    assert split.sees(OTTO).stage == Stage(since=split.played.now, rooms={})
    off = [{"type": each} for each in FEATURES if each != "whiteboard"]
    split.does(MARA, {"type": "session.update", "features": off})
    assert split.refuses(MARA, {"type": "stage.show", "kind": "board", "target": "main"}) == "feature_off"


# -- What is left of a room --


def test_what_a_room_left_is_for_who_was_there_until_its_close() -> None:
    split = Split()
    split.does(MARA, {"type": "breakout.update", "setId": split.set_id, "results": "staff"})
    split.opened()
    split.move(BEN, split.perec)
    split.does(MARA, {"type": "breakout.close", "seconds": 0})
    breakouts = split.room.breakouts
    assert breakouts is not None

    def may_read(user: UserId) -> set[str]:
        found = readable_rooms(breakouts.sets[split.set_id], split.played.standing(user))
        return {each.name for each in found}

    assert {user: may_read(user) for user in (ANA, BEN, CLEO, OTTO)} == {
        ANA: {"Lindgren"},
        BEN: {"Perec"},
        CLEO: {"Perec"},
        OTTO: set(),
    }
    assert may_read(THEO) == {"Lindgren", "Perec"}


def test_who_belongs_to_a_room_but_was_elsewhere_does_not_read_what_it_left() -> None:
    split = Split()
    split.does(MARA, {"type": "breakout.update", "setId": split.set_id, "results": "staff", "mayReturn": True})
    split.opened()
    split.does(ANA, {"type": "breakout.join"})
    split.does(BEN, {"type": "chat.send", "text": "now that she is gone"})
    split.does(MARA, {"type": "breakout.close", "seconds": 0})
    breakouts = split.room.breakouts
    assert breakouts is not None
    assert readable_rooms(breakouts.sets[split.set_id], split.played.standing(ANA)) == []


# -- What comes of it --


def test_the_summary_tells_nothing_of_rooms(split: Split) -> None:
    poll = split.poll(room=split.lindgren, kind=PollKind.SINGLE)
    split.does(MARA, {"type": "poll.open", "pollId": poll})
    split.does(ANA, {"type": "poll.vote", "pollId": poll, "choices": [0]})
    split.does(MARA, {"type": "poll.close", "pollId": poll})
    split.does(ANA, {"type": "chat.send", "text": "hello Lindgren"})
    split.question(ANA)
    split.later(minutes=2)
    split.does(MARA, {"type": "session.end"})
    told = summary(gather(split.played.log), split.played.now)
    assert "poll" not in told
    assert "message" not in told
    assert "question" not in told


def test_a_poll_elsewhere_is_nobodys_missed_opportunity(split: Split) -> None:
    poll = split.poll(room=split.lindgren)
    split.does(MARA, {"type": "poll.open", "pollId": poll})
    split.later(seconds=30)
    split.does(ANA, {"type": "poll.vote", "pollId": poll, "choices": [0]})
    split.move(DORA, split.lindgren)
    split.later(seconds=10)
    split.does(MARA, {"type": "poll.close", "pollId": poll})
    split.later(minutes=2)
    found = scores(gather(split.played.log), split.played.now)
    assert found[ANA].parts["polls"].numbers == {"answered": 1, "opportunities": 1}
    assert found[BEN].parts["polls"].numbers == {"answered": 0, "opportunities": 1}
    for user in (CLEO, DORA):
        assert "polls" not in found[user].parts, "elsewhere, or there for less than 15 s"
