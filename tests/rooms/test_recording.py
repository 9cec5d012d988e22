"""Runs of a recording, consent, chapters, and what is told of the work on it afterwards."""

from typing import Any

import pytest

from rooms.feature import Effect, Enqueue, Event
from rooms.lifecycle import ATTENDANCE, SessionEnded
from rooms.people import standing_of
from rooms.recording import (
    MARKS_MAX,
    Recording,
    RecordingConsented,
    RecordingMarked,
    RecordingPaused,
    RecordingReported,
    RecordingResumed,
    RecordingStarted,
    RecordingStopped,
    RecordingWithdrawn,
    Run,
    current,
    may_be_recorded,
)
from rooms.room import effects
from rooms.visibility import view
from tests.rooms.transcript import ANA, BEN, MARA, OTTO, STRANGER, THEO, Transcript, feature, given, scheduled

START, STOP = {"type": "recording.start"}, {"type": "recording.stop"}
PAUSE, RESUME = {"type": "recording.pause"}, {"type": "recording.resume"}
YES, NO = {"type": "recording.consent", "given": True}, {"type": "recording.consent", "given": False}
MARK = {"type": "recording.mark", "text": "Paper and ink"}
END, BREAK, AGAIN = {"type": "session.end"}, {"type": "session.pause"}, {"type": "session.resume"}


def room_with(*steps: tuple[Any, dict[str, Any]]) -> Transcript:
    held = given(features=feature("recording"))
    for actor, command in steps:
        assert held.when(actor, command).refusal is None, command
    return held


def recording(held: Transcript) -> Recording:
    assert held.room.recording is not None
    return held.room.recording


def run(held: Transcript) -> Run:
    return recording(held).runs[-1]


def recorded(held: Transcript) -> set[str]:
    cast = {"mara": MARA, "theo": THEO, "ana": ANA, "ben": BEN, "otto": OTTO}
    return {name for name, user in cast.items() if may_be_recorded(held.room, user)}


def queued(held: Transcript, outcome: Any) -> list[Effect]:
    """Work on recordings."""
    asked = [effect for each in outcome.recorded for effect in effects(held.room, each)]
    return [effect for effect in asked if isinstance(effect, Enqueue) and effect.kind != ATTENDANCE]


def told(held: Transcript, stage: str, **more: Any) -> dict[str, Any]:
    return {"type": "recording.report", "recordingId": run(held).id, "stage": stage, **more}


class TestRuns:
    def test_from_start_to_stop(self) -> None:
        held = room_with((MARA, START))
        assert current(recording(held)) == run(held)
        assert run(held).started_at == held.room.at
        held.when(MARA, START).refused("recording.running")
        held.when(THEO, PAUSE).then([RecordingPaused])
        held.when(THEO, PAUSE).then([])
        held.when(MARA, START).refused("recording.running")
        held.when(MARA, RESUME).then([RecordingResumed])
        held.when(MARA, RESUME).then([])
        outcome = held.when(MARA, STOP)
        outcome.then([RecordingStopped])
        one = run(held).id
        assert queued(held, outcome) == [Enqueue("finalise", one, {"recordingId": one})]
        for command in (STOP, PAUSE, RESUME, MARK):
            held.when(MARA, command).refused("recording.not_running")
        held.when(MARA, START).then([RecordingStarted])
        assert [each.status for each in recording(held).runs] == ["stopped", "recording"]
        assert run(held).id != one

    @pytest.mark.parametrize("command", [START, STOP, PAUSE, RESUME, MARK])
    def test_only_moderators(self, command: dict[str, Any]) -> None:
        held = room_with((MARA, START))
        for user in (ANA, OTTO, STRANGER):
            held.when(user, command).refused("forbidden")

    def test_nobody_starts_one_before_the_session_in_its_break_or_after_it(self) -> None:
        before = scheduled(features=feature("recording"))
        before.when(MARA, START).refused("session.not_active")
        before.when(MARA, {"type": "session.start"})
        before.when(MARA, START).refused("session.not_active")
        held = room_with((MARA, BREAK))
        held.when(MARA, START).refused("session.paused")
        held.when(MARA, END)
        held.when(MARA, START).refused("session.ended")

    def test_switched_off_none_begins_and_what_goes_on_can_be_stopped(self) -> None:
        given(features=feature("recording", is_enabled=False)).when(MARA, START).refused("feature_off")
        off = [{"type": "recording", "isEnabled": False}]
        held = room_with((MARA, START), (MARA, {"type": "session.update", "features": off}))
        held.when(MARA, PAUSE).then([RecordingPaused])
        held.when(MARA, RESUME).refused("feature_off")
        held.when(MARA, STOP).then([RecordingStopped])

    def test_a_break_pauses_it_and_the_end_of_the_break_goes_on(self) -> None:
        held = room_with((ANA, YES), (MARA, START), (MARA, BREAK))
        assert (run(held).status, run(held).resumes, recorded(held)) == ("paused", True, set())
        held.when(MARA, RESUME).refused("session.paused")
        held.when(MARA, AGAIN)
        assert (run(held).status, run(held).resumes, recorded(held)) == ("recording", False, {"ana"})

    def test_what_staff_paused_stays_paused_after_a_break(self) -> None:
        for steps in ([PAUSE, BREAK], [BREAK, PAUSE]):
            held = room_with((MARA, START), *((MARA, step) for step in steps))
            held.when(MARA, AGAIN)
            assert run(held).status == "paused"

    @pytest.mark.parametrize("end", [END, {"type": "session.cancel"}])
    @pytest.mark.parametrize("before", [None, PAUSE, BREAK])
    def test_the_end_of_the_session_stops_it_right_before(self, end: dict[str, Any], before: Any) -> None:
        held = room_with((MARA, START), *([(MARA, before)] if before else []))
        outcome = held.when(MARA, end)
        outcome.then([RecordingStopped, Event])
        assert len(queued(held, outcome)) == 1
        assert run(held).ended_at == held.room.at

    def test_an_end_without_a_recording_stops_none(self) -> None:
        room_with().when(MARA, END).then([SessionEnded])


class TestConsent:
    def test_only_who_consents_and_is_in_the_main_room(self) -> None:
        held = given(features=(*feature("recording"), *feature("breakout")))
        assert held.when(MARA, START).refusal is None
        assert recorded(held) == set()
        held.when(ANA, YES).then([RecordingConsented(user_id=ANA, given=True)])
        held.when(OTTO, YES).then([RecordingConsented])
        assert recorded(held) == {"ana", "otto"}
        held.when(ANA, YES).then([])
        held.when(MARA, {"type": "breakout.create", "rooms": 1, "assignment": "manual"})
        assert held.room.breakouts is not None
        [made] = held.room.breakouts.sets.values()
        held.when(MARA, {"type": "breakout.open", "setId": made.id})
        held.when(MARA, {"type": "breakout.move", "userIds": [ANA], "roomId": made.rooms[0].id})
        assert recorded(held) == {"otto"}
        held.when(MARA, {"type": "breakout.move", "userIds": [ANA]})
        assert recorded(held) == {"ana", "otto"}
        held.leaves(ANA)
        held.when(MARA, {"type": "participant.remove", "userId": OTTO})
        assert recorded(held) == set()
        held.joins(ANA)
        assert recorded(held) == {"ana"}, "it stands for the session"

    def test_it_may_come_before_a_recording_and_stands_for_all_of_them(self) -> None:
        held = room_with((ANA, YES), (MARA, START))
        assert recorded(held) == {"ana"}
        one = run(held).id
        held.when(MARA, STOP)
        assert recorded(held) == set()
        held.when(MARA, START)
        outcome = held.when(ANA, NO)
        outcome.then([RecordingConsented, RecordingWithdrawn(user_id=ANA, recording_ids=(one, run(held).id))])

    def test_a_withdrawal_is_told_once_and_takes_the_voice_out(self) -> None:
        held = room_with((ANA, YES), (MARA, START))
        one = run(held).id
        outcome = held.when(ANA, NO)
        outcome.then([RecordingConsented, RecordingWithdrawn])
        payload = {"userId": ANA, "recordingIds": [one]}
        assert queued(held, outcome) == [Enqueue("withdraw", f"{ANA}:{held.room.seq}", payload)]
        assert recorded(held) == set()
        held.when(ANA, NO).then([])
        held.when(ANA, YES).then([RecordingConsented])
        assert recorded(held) == {"ana"}, "from now on"
        held.when(ANA, NO).then([RecordingConsented, RecordingWithdrawn])

    def test_without_a_recording_there_is_nothing_to_withdraw_from(self) -> None:
        held = room_with((ANA, YES))
        held.when(ANA, NO).then([RecordingConsented])
        held.when(MARA, START)
        assert recorded(held) == set()
        held.when(BEN, NO).then([RecordingConsented(user_id=BEN, given=False)])

    def test_after_the_end_and_after_having_been_put_out_it_can_be_withdrawn(self) -> None:
        held = room_with((ANA, YES), (BEN, YES), (MARA, START))
        held.when(MARA, {"type": "participant.ban", "userId": BEN})
        held.when(MARA, END)
        held.when(ANA, NO).then([RecordingConsented, RecordingWithdrawn])
        held.when(BEN, YES).refused("participant.not_admitted")
        outcome = held.when(BEN, NO)
        outcome.then([RecordingConsented, RecordingWithdrawn])
        assert queued(held, outcome) != []
        held.when(OTTO, YES).then([RecordingConsented])
        assert recording(held).consents[OTTO].runs == (), "it covers nothing that is over"

    def test_strangers_those_who_wait_and_administrators_have_none_to_give(self) -> None:
        held = room_with()
        for command in (YES, NO):
            held.when(STRANGER, command).refused("participant.not_admitted")
            held.when(STRANGER, command, admin=True).refused("participant.not_admitted")
            held.when(None, command).refused("participant.not_admitted")

    def test_staff_see_all_of_it_others_their_own(self) -> None:
        held = room_with((ANA, YES), (MARA, START))
        outcome = held.when(ANA, NO)
        heard = {user: len(outcome.heard_by(user)) for user in (MARA, THEO, ANA, BEN, OTTO, STRANGER)}
        assert heard == {MARA: 2, THEO: 2, ANA: 2, BEN: 0, OTTO: 0, STRANGER: 0}
        held.when(BEN, YES)
        for user, users in ((MARA, {ANA, BEN}), (ANA, {ANA}), (BEN, {BEN}), (OTTO, set())):
            seen = view(held.room, standing_of(held.room, user)).recording
            assert seen is not None
            assert set(seen.consents) == users
            assert seen.runs == recording(held).runs
        assert view(held.room, standing_of(held.room, STRANGER)).recording is None


class TestChapters:
    def test_staff_mark_them_while_it_goes_on_also_in_a_pause(self) -> None:
        held = room_with((MARA, START))
        held.when(THEO, MARK).then([RecordingMarked(recording_id=run(held).id, text="Paper and ink")])
        held.when(MARA, PAUSE)
        held.when(MARA, MARK).then([RecordingMarked])
        assert [each.text for each in recording(held).marks] == ["Paper and ink"] * 2

    def test_there_are_only_so_many(self) -> None:
        held = room_with((MARA, START))
        held.lawful = False
        for _ in range(MARKS_MAX):
            held.when(MARA, MARK)
        held.when(MARA, MARK).refused("limit_reached")


class TestReports:
    def test_each_step_once_and_in_its_order_also_long_after_the_end(self) -> None:
        held = room_with((MARA, START), (MARA, END))
        stages = ["finalising", "stored", "transcribing", "ready"]
        for number, stage in enumerate(stages):
            held.when(None, told(held, stage)).then([RecordingReported])
            for earlier in stages[: number + 1]:
                held.when(None, told(held, earlier)).then([])
        for stage in ("incomplete", "failed", "transcribing"):
            held.when(None, told(held, stage)).then([])
        assert run(held).stage == "ready"

    def test_progress_goes_on_by_whole_steps(self) -> None:
        held = room_with((MARA, START), (MARA, STOP))
        steps = [0, 4, 5, 6, 9, 10, 8, 100, 100, 200]
        outcomes = [held.when(None, told(held, "finalising", done=done, of=100)) for done in steps]
        assert [bool(each.recorded) for each in outcomes] == [1, 0, 1, 0, 0, 1, 0, 1, 0, 0]

    def test_what_failed_goes_on_from_where_it_was(self) -> None:
        held = room_with((MARA, START), (MARA, STOP))
        held.when(None, told(held, "stored"))
        held.when(None, told(held, "failed", code="disk_full")).then([RecordingReported])
        held.when(None, told(held, "failed", code="disk_full")).then([])
        held.when(None, told(held, "finalising")).then([])
        held.when(None, told(held, "stored")).then([RecordingReported])
        held.when(None, told(held, "incomplete", code="lost")).then([RecordingReported])
        held.when(None, told(held, "ready")).then([])
        assert (run(held).stage, run(held).code) == ("incomplete", "lost")

    def test_of_what_goes_on_only_that_it_fails(self) -> None:
        held = room_with((MARA, START))
        held.when(None, told(held, "finalising")).then([])
        held.when(None, told(held, "failed", code="disk_full")).then([RecordingReported])
        assert run(held).status == "recording"
        held.when(MARA, STOP)
        held.when(None, told(held, "finalising")).then([RecordingReported])

    def test_of_what_is_not_there_nothing(self) -> None:
        held = room_with()
        stage = {"type": "recording.report", "recordingId": str(ANA), "stage": "ready"}
        held.when(None, stage).then([])
