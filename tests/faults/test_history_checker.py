"""The checker itself: it finds nothing in a history without a flaw, and every invariant in one that was made to break it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import pytest

from rooms.feature import Recorded
from rooms.ids import UserId
from rooms.people import standing_of
from rooms.polls import secret_of
from rooms.protocol import COMMANDS
from rooms.refusal import Refused
from rooms.roles import Role
from rooms.room import blanked, step
from rooms.visibility import encoded_view, visible
from tests.faults.history import Report, check_session
from tests.faults.log import Log
from tests.faults.recording import History, Line, history_of
from tests.rooms.rehearsal import ANA, BEN, MARA, OTTO, ROLES, SESSION, THEO, Rehearsal

EPOCH = "6d0a"
NAMES = {MARA: "Mara", THEO: "Theo", ANA: "Ana", BEN: "Ben", OTTO: "Otto"}
SECRET_OF_STAFF = "canary00000000000000aa"
SECRET_OF_TWO = "canary00000000000000bb"
OPEN_WORDS = "canary00000000000000cc"
DELETED_WORDS = "canary00000000000000dd"
PENDING_WORDS = "canary00000000000000ee"
ELSEWHERE = "canary00000000000000ff"


def item_of(recorded: Recorded) -> dict[str, Any]:
    item = {"seq": recorded.seq, "at": recorded.at.isoformat(), "actor": recorded.actor, "command": recorded.command}
    return {k: v for k, v in item.items() if v is not None} | recorded.event.model_dump(
        mode="json", by_alias=True, exclude_none=True
    )


@dataclass
class Play:
    """A session on paper: the rules, perfect delivery, and a history for each of the cast."""

    rehearsal: Rehearsal
    lines: dict[UserId, list[dict[str, Any]]] = field(default_factory=dict)
    commands: dict[tuple[str, str], int] = field(default_factory=dict)
    stands: dict[UserId, int] = field(default_factory=dict)
    clock: float = 100.0
    count: int = 0

    def note(self, user: UserId, kind: str, **body: Any) -> dict[str, Any]:
        self.clock += 0.01
        self.lines.setdefault(user, []).append({"t": self.clock, "kind": kind, "body": body})
        return self.lines[user][-1]

    def view(self, user: UserId) -> Any:
        room = self.rehearsal.room
        return json.loads(encoded_view(room, standing_of(room, user)))

    def you(self, user: UserId) -> dict[str, Any]:
        standing = standing_of(self.rehearsal.room, user)
        return {"userId": user, "standing": {"staff": standing.staff, "admitted": standing.admitted}}

    def join(self, user: UserId) -> None:
        seq = self.rehearsal.room.seq
        self.note(user, "connect")
        self.note(user, "join", sessionId=SESSION)
        you = self.you(user)
        self.note(user, "joined", ok=True, epoch=EPOCH, seq=seq, you=you, snapshot={"view": self.view(user)})
        self.stands[user] = seq

    def resume(self, user: UserId) -> None:
        """Lost the connection; everything since arrives as one frame."""
        after = self.stands[user]
        self.note(user, "disconnect")
        self.note(user, "connect")
        self.note(user, "join", sessionId=SESSION, epoch=EPOCH, after=after)
        self.note(user, "joined", ok=True, epoch=EPOCH, seq=after, you=self.you(user))
        self.deliver(user)

    def send(self, user: UserId, away: tuple[UserId, ...] = (), ask: str | None = None, **command: Any) -> str:
        self.count += 1
        command_id = ask or str(uuid5(NAMESPACE_OID, f"of {user} {self.count}"))
        self.note(user, "send", id=command_id, **command)
        rehearsal = self.rehearsal
        context = rehearsal.context(user, command=command_id)
        try:
            _, recorded = step(rehearsal.room, COMMANDS.validate_python(command), context, command_id)
        except Refused as refused:
            self.note(user, "ack", id=command_id, ack={"ok": False, "code": refused.code})
            return command_id
        rehearsal._append(recorded)
        if all(each.event.signed for each in recorded):
            self.commands[user, command_id] = rehearsal.room.seq
        self.note(user, "ack", id=command_id, ack={"ok": True, "seq": rehearsal.room.seq})
        for each in self.stands.keys() - set(away):
            self.deliver(each)
        return command_id

    def deliver(self, user: UserId) -> None:
        after, room = self.stands[user], self.rehearsal.room
        self.stands[user] = room.seq
        fresh = self.rehearsal.log[after:]
        if any(getattr(each.event, "user_id", None) == user and each.event.type == "role.changed" for each in fresh):
            self.note(user, "snapshot", epoch=EPOCH, seq=room.seq, view=self.view(user))
            return
        seen = [visible(each, standing_of(room, user)) for each in fresh]
        events = [item_of(each) for each in seen if each is not None]
        self.note(user, "events", epoch=EPOCH, after=after, upto=room.seq, events=events)

    def finish(self) -> None:
        for user in self.stands:
            self.note(user, "state", seq=self.rehearsal.room.seq, view=self.view(user))

    # -- what the checker is given --

    def log(self) -> Log:
        written = tuple(self.rehearsal.log)
        gone = {seq for each in written for seq in getattr(each.event, "seqs", ())}
        stored = tuple(replace(each, event=blanked(each.event)) if each.seq in gone else each for each in written)
        return Log(SESSION, EPOCH, len(written), written, stored, dict(self.commands))

    def histories(self) -> list[History]:
        def raw(user: UserId) -> Iterator[str]:
            who = {"user": user, "name": NAMES[user], "session": SESSION, "wall": 0.0}
            for line in [{"t": 0.0, "kind": "who", "body": who}, *self.lines[user]]:
                yield json.dumps(line)

        return [history_of(raw(user)) for user in self.lines]


@pytest.fixture
def play() -> Play:
    """Everything once: words for all, for staff and for two, deleted ones, a role that changes, a resume, votes of both kinds."""
    features = [{"type": "chat"}, {"type": "poll"}, {"type": "qa", "config": {"approval": True}}]
    play = Play(Rehearsal(lobby=False, features=features))
    play.rehearsal.join(MARA, Role.INSTRUCTOR)
    play.join(MARA)
    play.send(MARA, type="session.start")
    play.send(MARA, type="session.activate")
    for user in (THEO, ANA, BEN, OTTO):
        play.rehearsal.join(user, ROLES[user])
        play.join(user)
    play.deliver(MARA)
    play.note(MARA, "secret", canary=SECRET_OF_STAFF, audience="staff")
    play.send(MARA, type="chat.send", text=f"For us: {SECRET_OF_STAFF}", to="staff")
    play.note(ANA, "secret", canary=SECRET_OF_TWO, audience=[BEN])
    play.send(ANA, type="chat.send", text=f"For you: {SECRET_OF_TWO}", to=BEN)
    play.note(ANA, "secret", canary=OPEN_WORDS, audience="everyone")
    play.send(ANA, type="chat.send", text=f"For all: {OPEN_WORDS}")
    play.note(BEN, "secret", canary=DELETED_WORDS, audience="everyone")
    play.send(BEN, type="chat.send", text=f"A slip: {DELETED_WORDS}")
    slip = play.rehearsal.log[-1]
    play.send(BEN, type="chat.delete", messageId=slip.event.message_id)  # type: ignore[attr-defined]
    play.note(BEN, "secret", canary=PENDING_WORDS, audience="staff")
    play.send(BEN, type="question.ask", text=f"May I? {PENDING_WORDS}")
    asked = play.rehearsal.log[-1].event.question_id  # type: ignore[attr-defined]
    play.send(MARA, type="question.approve", questionId=asked)
    play.send(OTTO, type="chat.send", text="I only watch")  # refused
    play.send(MARA, type="role.set", userId=BEN, role="assistant")
    play.send(THEO, away=(ANA,), type="hand.raise")
    play.send(THEO, away=(ANA,), type="hand.lower")
    play.resume(ANA)
    play.send(MARA, type="poll.quick", template="yesno", anonymous=True)
    poll = play.rehearsal.log[-1].event.poll_id  # type: ignore[attr-defined]
    assert secret_of(poll) in play.rehearsal.secrets
    for user, choice in ((MARA, 0), (THEO, 1), (ANA, 1), (BEN, 0)):
        play.send(user, type="poll.vote", pollId=poll, choices=[choice])
    play.send(MARA, type="poll.close", pollId=poll)
    play.finish()
    return play


Break = Callable[[Play], tuple[Log, list[History]]]


def first(play: Play, user: UserId, kind: str, **wanted: Any) -> dict[str, Any]:
    return next(
        line
        for line in play.lines[user]
        if line["kind"] == kind and all(line["body"].get(name) == value for name, value in wanted.items())
    )


def sent(play: Play, user: UserId, type_: str) -> dict[str, Any]:
    return first(play, user, "send", type=type_)


def ack_of(play: Play, user: UserId, type_: str) -> dict[str, Any]:
    ack: dict[str, Any] = first(play, user, "ack", id=sent(play, user, type_)["body"]["id"])["body"]["ack"]
    return ack


def frame_with(play: Play, user: UserId, type_: str) -> dict[str, Any]:
    return next(
        line["body"]
        for line in play.lines[user]
        if line["kind"] == "events" and any(event["type"] == type_ for event in line["body"]["events"])
    )


def check(play: Play, **log: Any) -> Report:
    return check_session(replace(play.log(), **log), play.histories())


def rules(report: Report) -> set[str]:
    return {violation.rule for violation in report.violations}


def test_a_history_without_a_flaw(play: Play) -> None:
    report = check(play)
    assert not report.violations
    assert report.acknowledged == len(play.commands) + 4  # the votes leave no record
    assert report.refused == 1
    assert report.resumes == 1
    assert report.applied > 40
    assert report.snapshots == len(NAMES) + 1  # Ben's new standing


# -- I1: acknowledged means in the log, once, at that number --


def test_i1_an_acknowledged_command_is_lost(play: Play) -> None:
    key = (ANA, sent(play, ANA, "chat.send")["body"]["id"])
    commands = {each: seq for each, seq in play.commands.items() if each != key}
    report = check(play, commands=commands)
    assert "I1" in rules(report)
    assert report.lost == 1


def test_i1_acknowledged_at_another_number(play: Play) -> None:
    ack_of(play, ANA, "chat.send")["seq"] += 1
    assert "I1" in rules(check(play))


def test_i1_a_command_that_acted_twice(play: Play) -> None:
    written = list(play.log().written)
    again = next(each for each in written if each.event.type == "chat.sent" and each.actor == ANA)
    written.append(replace(again, seq=len(written) + 1, at=written[-1].at))
    report = check(play, written=tuple(written), stored=tuple(written), last_seq=len(written))
    assert report.doubled


def test_i1_words_that_changed_on_the_way(play: Play) -> None:
    sent(play, ANA, "chat.send")["body"]["text"] += " canary0000000000000099"
    assert "I1" in rules(check(play))


def test_i1_an_anonymous_vote_is_lost(play: Play) -> None:
    log = play.log()
    ballot = next(each for each in log.written if each.event.type == "poll.voted")
    other = replace(ballot, event=ballot.event.model_copy(update={"choices": (1 - ballot.event.choices[0],)}))  # type: ignore[attr-defined]
    written = tuple(other if each is ballot else each for each in log.written)
    assert "I1" in rules(check(play, written=written, stored=written))


def test_i1_an_anonymous_vote_counts_twice(play: Play) -> None:
    written = list(play.log().written)
    ballot = next(each for each in written if each.event.type == "poll.voted")
    written.append(replace(ballot, seq=len(written) + 1, at=written[-1].at))
    report = check(play, written=tuple(written), stored=tuple(written), last_seq=len(written))
    assert report.doubled
    assert "I4" in rules(report)  # five ballots of four voters


# -- I2: the log itself --


def test_i2_a_number_is_missing(play: Play) -> None:
    log = play.log()
    assert "I2" in rules(check(play, written=log.written[:5] + log.written[6:]))


def test_i2_the_head_is_ahead_of_the_log(play: Play) -> None:
    assert "I2" in rules(check(play, last_seq=play.log().last_seq + 1))


def test_i2_time_runs_back(play: Play) -> None:
    log = play.log()
    written = (*log.written[:-1], replace(log.written[-1], at=log.written[0].at))
    assert "I2" in rules(check(play, written=written, stored=written))


def test_i2_a_row_was_changed_afterwards(play: Play) -> None:
    log = play.log()
    changed = replace(log.stored[6], actor=THEO)
    assert "I2" in rules(check(play, stored=(*log.stored[:6], changed, *log.stored[7:])))


def test_i2_deleted_words_are_still_there(play: Play) -> None:
    assert "I2" in rules(check(play, stored=play.log().written))


# -- I3: a contiguous run of what is visible, in its order --


def test_i3_a_frame_is_missing(play: Play) -> None:
    frame = frame_with(play, OTTO, "hand.raised")
    play.lines[OTTO] = [line for line in play.lines[OTTO] if line["body"] is not frame]
    assert "I3" in rules(check(play))


def test_i3_an_event_is_missing_from_its_frame(play: Play) -> None:
    frame_with(play, OTTO, "question.approved")["events"] = []
    assert rules(check(play)) == {"I3", "I7"}


def test_i3_an_event_comes_twice(play: Play) -> None:
    frame = frame_with(play, OTTO, "hand.raised")
    frame["events"] *= 2
    assert "I3" in rules(check(play))


def test_i3_frames_change_places(play: Play) -> None:
    one, other = frame_with(play, OTTO, "hand.raised"), frame_with(play, OTTO, "hand.lowered")
    one_copy = dict(one)
    one.clear()
    one.update(other)
    other.clear()
    other.update(one_copy)
    assert "I3" in rules(check(play))


def test_i3_events_of_one_frame_change_places(play: Play) -> None:
    frame = frame_with(play, ANA, "hand.lowered")
    assert len(frame["events"]) > 1
    frame["events"].reverse()
    assert "I3" in rules(check(play))


def test_i3_a_frame_on_a_connection_that_has_not_joined(play: Play) -> None:
    frame = frame_with(play, OTTO, "hand.raised")
    index = next(n for n, line in enumerate(play.lines[OTTO]) if line["body"] is frame)
    play.lines[OTTO].insert(index, {"t": 0.0, "kind": "connect", "body": {}})
    assert "I3" in rules(check(play))


def test_i3_a_resume_that_skips(play: Play) -> None:
    first(play, ANA, "joined", ok=True, seq=first(play, ANA, "join", epoch=EPOCH)["body"]["after"])["body"]["seq"] += 1
    assert "I3" in rules(check(play))


def test_i3_a_snapshot_instead_of_a_tail_without_a_word(play: Play) -> None:
    joined = [line for line in play.lines[ANA] if line["kind"] == "joined"][-1]["body"]
    joined["snapshot"] = {"view": play.view(ANA)}
    assert "I3" in rules(check(play))


def test_i3_joined_with_another_standing(play: Play) -> None:
    first(play, OTTO, "joined")["body"]["you"]["standing"]["staff"] = True
    assert rules(check(play)) == {"I3"}


def test_i3_another_epoch(play: Play) -> None:
    assert "I3" in rules(check(play, epoch="another"))


def test_i3_a_field_that_nobody_declared(play: Play) -> None:
    frame_with(play, OTTO, "hand.raised")["events"][0]["address"] = "127.0.0.1"
    assert "I3" in rules(check(play))


# -- I4: nothing that nobody asked for --


def test_i4_an_event_without_a_command(play: Play) -> None:
    said = sent(play, THEO, "hand.raise")["body"]["id"]
    play.lines[THEO] = [line for line in play.lines[THEO] if line["body"].get("id") != said]
    assert rules(check(play)) == {"I4"}


def test_i4_somebody_else_is_named(play: Play) -> None:
    log = play.log()
    written = tuple(replace(each, actor=BEN) if each.event.type == "hand.raised" else each for each in log.written)
    assert "I4" in rules(check(play, written=written, stored=written))


# -- I5: unknown at most once, refused not at all, a retry is told the same --


def test_i5_a_retry_is_told_another_number(play: Play) -> None:
    body = sent(play, BEN, "chat.send")["body"]
    play.note(BEN, "send", **body)
    play.note(BEN, "ack", id=body["id"], ack={"ok": True, "seq": 999})
    assert "I5" in rules(check(play))


def test_i5_refused_and_yet_there(play: Play) -> None:
    ack = ack_of(play, THEO, "hand.raise")
    ack.clear()
    ack.update(ok=False, code="forbidden")
    assert rules(check(play)) == {"I5"}


def test_i5_unanswered_may_be_there_or_not(play: Play) -> None:
    said = sent(play, THEO, "hand.raise")["body"]["id"]
    play.lines[THEO] = [line for line in play.lines[THEO] if line["kind"] != "ack" or line["body"]["id"] != said]
    play.note(BEN, "send", id=str(uuid5(NAMESPACE_OID, "never answered")), type="hand.raise")
    report = check(play)
    assert not report.violations
    assert report.unanswered == 2


def test_i5_another_content_under_a_known_id(play: Play) -> None:
    body = {**sent(play, ANA, "chat.send")["body"], "text": "something else"}
    play.note(ANA, "send", **body)
    answer = play.note(ANA, "ack", id=body["id"], ack={"ok": False, "code": "id_reused"})
    assert not check(play).violations
    answer["body"]["ack"] = {"ok": True, "seq": 999}
    assert "I5" in rules(check(play))


# -- I6: real time --


def test_i6_after_what_was_already_known(play: Play) -> None:
    acked = first(play, BEN, "ack")["t"]
    late = sent(play, ANA, "chat.send")
    assert late["t"] < acked
    late["t"] = acked + 1
    first(play, ANA, "ack", id=late["body"]["id"])["t"] = acked + 2
    assert "I6" in rules(check(play))


def test_i6_on_one_connection_in_another_order_than_sent(play: Play) -> None:
    lines = play.lines[BEN]
    one, other = sent(play, BEN, "chat.send"), sent(play, BEN, "chat.delete")
    start, end = lines.index(one), lines.index(other)
    one["t"], other["t"] = lines[start - 1]["t"], lines[start - 1]["t"]  # both before anything was known
    lines.insert(start, lines.pop(end))
    assert rules(check(play)) == {"I6"}


# -- I7: every fold is the server's view and the replay --


def test_i7_the_server_tells_another_state_at_the_end(play: Play) -> None:
    first(play, OTTO, "state")["body"]["view"]["lifecycle"]["title"] = "Something else"
    assert {"I7", "I8"} <= rules(check(play))


def test_i7_rest_tells_another_state(play: Play) -> None:
    play.note(OTTO, "rest", seq=play.rehearsal.room.seq, view=play.view(OTTO))
    assert not check(play).violations
    play.lines[OTTO][-1]["body"]["view"]["lifecycle"]["title"] = "Something else"
    assert rules(check(play)) == {"I7"}


def test_i7_an_event_with_another_content(play: Play) -> None:
    frame_with(play, OTTO, "hand.raised")["events"][0]["toPoint"] = True
    assert "I8" in rules(check(play))


# -- I8: nothing that the standing may not see --


def test_i8_a_message_of_staff_to_a_participant(play: Play) -> None:
    whole = frame_with(play, THEO, "chat.sent")
    own = first(play, ANA, "events", upto=whole["upto"])["body"]
    own["events"] = whole["events"]
    found = check(play).violations
    assert any(each.rule == "I8" and "may not see it" in each.what for each in found)
    assert any(each.rule == "I8" and SECRET_OF_STAFF in each.what for each in found)


def test_i8_a_direct_message_to_a_third(play: Play) -> None:
    whole = next(
        line["body"] for line in play.lines[BEN] if line["kind"] == "events" and SECRET_OF_TWO in json.dumps(line)
    )
    first(play, MARA, "events", upto=whole["upto"])["body"]["events"] = whole["events"]
    assert any(SECRET_OF_TWO in each.what for each in check(play).violations)


def test_i8_words_in_an_answer(play: Play) -> None:
    ack_of(play, OTTO, "chat.send")["detail"] = f"not like {SECRET_OF_STAFF}"
    assert rules(check(play)) == {"I8"}


def test_i8_words_of_another_session(play: Play) -> None:
    ack_of(play, OTTO, "chat.send")["detail"] = ELSEWHERE
    assert rules(check(play)) == {"I8"}


def test_i8_a_question_before_its_approval(play: Play) -> None:
    asked = next(
        line["body"] for line in play.lines[MARA] if line["kind"] == "events" and PENDING_WORDS in json.dumps(line)
    )
    first(play, OTTO, "events", upto=asked["upto"])["body"]["events"] = asked["events"]
    assert any(PENDING_WORDS in each.what for each in check(play).violations)


def test_i8_a_snapshot_with_too_much(play: Play) -> None:
    first(play, OTTO, "joined")["body"]["snapshot"]["view"]["people"] = {"persons": {}, "banned": [BEN]}
    assert "I8" in rules(check(play))


def test_i8_a_frame_across_a_change_of_standing(play: Play) -> None:
    snapshot = next(line for line in play.lines[BEN] if line["kind"] == "snapshot")
    after = next(
        line["body"]["upto"]
        for line in reversed(play.lines[BEN][: play.lines[BEN].index(snapshot)])
        if line["kind"] == "events"
    )
    snapshot["kind"] = "events"
    snapshot["body"] = {**frame_with(play, OTTO, "role.changed"), "after": after}
    assert "I8" in rules(check(play))


def test_i8_an_anonymous_vote_leaves_a_record(play: Play) -> None:
    vote = sent(play, ANA, "poll.vote")["body"]["id"]
    assert "I8" in rules(check(play, commands={**play.commands, (ANA, vote): 20}))


def test_every_line_of_a_history_can_be_read_back(play: Play) -> None:
    line = play.histories()[0].lines[0]
    assert isinstance(line, Line)
    assert json.loads(line.raw)["kind"] == line.kind
