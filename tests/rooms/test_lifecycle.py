"""A session from schedule to end (W167-W200, D38-D40, domain.md 3, attack 23)."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from rooms.admission import ParticipantAdmitted, ParticipantWaiting
from rooms.feature import Command, Standing
from rooms.hands import RaiseHand
from rooms.ids import UserId
from rooms.lifecycle import (
    ALL_FEATURES,
    TRANSITIONS,
    AbortStart,
    ActivateSession,
    CancelSession,
    EndSession,
    ExtendSession,
    FeatureType,
    LapseSession,
    PauseSession,
    ReportInterruption,
    ResumeSession,
    SessionActivated,
    SessionCancelled,
    SessionEnded,
    SessionExtended,
    SessionInterrupted,
    SessionPaused,
    SessionResumed,
    SessionStarted,
    SessionUpdated,
    StartAborted,
    StartSession,
    Status,
    UpdateSession,
)
from rooms.participants import Ban, Deny, ParticipantLeft, Remove, Unban
from rooms.protocol import COMMANDS
from rooms.rights import GrantPermission, SetRole
from rooms.roles import Permission, Role
from rooms.visibility import view
from tests.rooms.rehearsal import NINE
from tests.rooms.transcript import ANA, BEN, MARA, OTTO, STRANGER, THEO, Step, Transcript, feature, given, scheduled

TO: dict[Status, list[Step]] = {
    Status.SCHEDULED: [],
    Status.STARTING: [(MARA, StartSession())],
    Status.ACTIVE: [(MARA, StartSession()), (MARA, ActivateSession())],
    Status.PAUSED: [(MARA, StartSession()), (MARA, ActivateSession()), (MARA, PauseSession())],
    Status.ENDED: [(MARA, StartSession()), (MARA, ActivateSession()), (MARA, EndSession())],
    Status.CANCELLED: [(MARA, CancelSession())],
}
STEERING: dict[type[Command], tuple[set[Status], Status]] = {
    StartSession: ({Status.SCHEDULED}, Status.STARTING),
    AbortStart: ({Status.STARTING}, Status.SCHEDULED),
    ActivateSession: ({Status.STARTING}, Status.ACTIVE),
    PauseSession: ({Status.ACTIVE}, Status.PAUSED),
    ResumeSession: ({Status.PAUSED}, Status.ACTIVE),
    EndSession: ({Status.ACTIVE, Status.PAUSED}, Status.ENDED),
    CancelSession: ({Status.SCHEDULED, Status.STARTING, Status.ACTIVE, Status.PAUSED}, Status.CANCELLED),
}


def at(status: Status) -> Transcript:
    """A session in this status, steered there by its host."""
    return scheduled(TO[status])


# -- Transitions --


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("command", STEERING)
@pytest.mark.requirement("W195", "W196", "W197", "W198", "W199", "W200", "D38", "D39")
def test_attack_23_every_transition_is_legal_or_refused(status: Status, command: type[Command]) -> None:
    """W195-W200, D38 (a pause may end or be cancelled), D39 (a start may fail)."""
    legal_in, target = STEERING[command]
    outcome = at(status).when(MARA, command.model_validate({}))
    if status in legal_in:
        assert outcome.refusal is None
        assert outcome.transcript.room.lifecycle.status is target
        return
    outcome.refused("session.illegal_transition")
    assert outcome.transcript.room.lifecycle.status is status
    assert outcome.refusal is not None
    assert set(outcome.refusal.allowed) <= {each.value for each in TRANSITIONS[status]} | {"active"}


def test_what_is_over_stays_over() -> None:
    assert (TRANSITIONS[Status.ENDED], TRANSITIONS[Status.CANCELLED]) == (frozenset(), frozenset())


def test_the_steps_of_a_session_and_their_times() -> None:
    room = scheduled().when(MARA, StartSession()).then([SessionStarted()])
    room.later(minutes=1)
    room.when(MARA, ActivateSession()).then([SessionActivated()])
    started = room.played.now
    room.later(minutes=10)
    room.when(MARA, PauseSession()).then([SessionPaused()])
    room.when(MARA, ResumeSession()).then([SessionResumed()])
    room.later(minutes=10)
    room.when(MARA, EndSession()).then([SessionEnded()])
    now = room.room.lifecycle
    assert (now.actual_start, now.actual_end) == (started, started + timedelta(minutes=20))


def test_a_session_that_never_ran_has_no_times() -> None:
    room = scheduled()
    room.when(MARA, CancelSession(reason="ill")).then([SessionCancelled(reason="ill")])
    now = room.room.lifecycle
    assert (now.actual_start, now.actual_end, now.reason) == (None, None, "ill")


def test_a_start_that_failed_can_be_tried_again() -> None:
    room = at(Status.STARTING).when(MARA, AbortStart()).then([StartAborted()])
    room.when(MARA, StartSession()).then([SessionStarted()])


def test_everybody_sees_the_session_even_a_stranger() -> None:
    room = given()
    assert room.sees(STRANGER).lifecycle == room.room.lifecycle
    outcome = room.when(MARA, PauseSession())
    assert [each.event for each in outcome.heard_by(STRANGER)] == [SessionPaused()]


# -- Who may --


@pytest.mark.parametrize("command", [*STEERING, ExtendSession, UpdateSession])
@pytest.mark.parametrize("actor", [ANA, BEN, OTTO, STRANGER])
def test_attack_14_only_staff_steer(command: type[Command], actor: UserId) -> None:
    fields = {"minutes": 5} if command is ExtendSession else {}
    given().when(actor, command.model_validate(fields)).refused("forbidden")


def test_an_assistant_pauses_and_resumes_and_nothing_more() -> None:
    room = given().when(THEO, PauseSession()).then([SessionPaused])
    room.when(THEO, ResumeSession()).then([SessionResumed])
    for command in (EndSession(), CancelSession(), ExtendSession(minutes=5), UpdateSession(title="mine")):
        room.when(THEO, command).refused("forbidden")


def test_a_lent_right_to_moderate_steers_no_session() -> None:
    room = given([(MARA, GrantPermission(user_id=ANA, permission=Permission.MODERATE))])
    room.when(ANA, PauseSession()).refused("forbidden")


def test_an_administrator_of_the_platform_may_end_any_session() -> None:
    given().when(STRANGER, EndSession(), admin=True).then([SessionEnded])


def test_a_pause_stops_the_commands_of_participants_but_not_their_reading() -> None:
    room = given([(MARA, PauseSession())])
    room.when(ANA, RaiseHand()).refused("session.paused")
    assert room.sees(ANA).people is not None
    room.after([(MARA, ResumeSession())])
    assert room.when(ANA, RaiseHand()).refusal is None


def test_nothing_is_changed_after_the_end() -> None:
    room = given([(MARA, EndSession())])
    room.when(ANA, RaiseHand()).refused("session.ended")
    room.when(MARA, ExtendSession(minutes=5)).refused("session.ended")
    room.when(MARA, UpdateSession(title="later")).refused("session.ended")
    room.when(MARA, SetRole(user_id=ANA, role=Role.ASSISTANT)).refused("session.ended")
    for command in (Deny(), Remove(user_id=ANA), Ban(user_id=ANA), Unban(user_id=ANA)):
        room.when(MARA, command).refused("session.ended")
    assert room.sees(ANA).people is not None


# -- Extending and changing --


def test_extending_counts_from_the_end_or_from_now_if_that_is_later() -> None:
    room = given()
    room.when(MARA, ExtendSession(minutes=10)).then([SessionExtended(scheduled_end=NINE + timedelta(minutes=70))])
    room.later(minutes=80)
    room.when(MARA, ExtendSession(minutes=5)).then([SessionExtended(scheduled_end=NINE + timedelta(minutes=85))])


def test_only_what_is_given_changes() -> None:
    room = scheduled()
    room.when(MARA, UpdateSession(title="Screens", lobby=True)).then([SessionUpdated(title="Screens")])
    room.when(MARA, UpdateSession(title="Screens")).then([])
    assert room.room.lifecycle.title == "Screens"


def test_times_change_only_before_the_start() -> None:
    later = NINE + timedelta(hours=2)
    room = scheduled().when(MARA, UpdateSession(scheduled_end=later)).then([SessionUpdated(scheduled_end=later)])
    room.when(MARA, UpdateSession(scheduled_start=later)).refused("bad_request")
    room.after([(MARA, StartSession())])
    room.when(MARA, UpdateSession(scheduled_end=later + timedelta(hours=1))).refused("bad_request")


def test_a_session_lasts_at_most_31_days() -> None:
    scheduled().when(MARA, UpdateSession(scheduled_end=NINE + timedelta(days=32))).refused("limit_reached")
    longest = UpdateSession(scheduled_end=NINE + timedelta(days=31))
    room = scheduled().after([(MARA, longest), (MARA, StartSession())])
    room.when(MARA, ExtendSession(minutes=1)).refused("limit_reached")


@pytest.mark.requirement("W186", "D40")
def test_features_are_named_once_and_a_feature_switched_off_is_off() -> None:
    room = given()
    twice = (*feature("chat"), *feature("chat", is_enabled=False))
    room.when(MARA, UpdateSession(features=twice)).refused("bad_request")
    room.when(MARA, UpdateSession(features=feature("chat", is_enabled=False))).then([SessionUpdated])
    now = room.room.lifecycle
    assert (now.feature(FeatureType.CHAT), now.feature(FeatureType.QA)) == (None, None)


@pytest.mark.requirement("W179", "D40")
def test_all_six_features_are_on_by_default() -> None:
    """D40: the documented default `[]` would switch everything off."""
    assert {each.type for each in ALL_FEATURES if each.is_enabled} == set(FeatureType)


@pytest.mark.parametrize(
    "fields",
    [
        {"maxParticipants": 0},
        {"maxParticipants": 10_001},
        {"maxParticipants": "5"},
        {"title": ""},
        {"title": "a\nb"},
        {"title": "x" * 201},
        {"description": "x" * 5_001},
        {"features": [{"type": "karaoke"}]},
        {"features": [{"type": "chat", "isEnabled": "yes"}]},
        {"features": [{"type": "chat", "config": {str(each): 1 for each in range(21)}}]},
        {"features": [{"type": "chat", "config": {"a": "b\x00"}}]},
        {"features": [{"type": "chat", "config": {"a\u202e": 1}}]},
        {"features": [{"type": "chat", "config": {"a": 2**60}}]},
        {"features": [{"type": "chat", "config": {"a": [[[[[[[[[1]]]]]]]]]}}]},
        {"features": [{"type": "chat", "config": {"a": [0] * 300}}]},
        {"scheduledStart": "2031-05-05T09:00:00"},
        {"scheduledStart": 1_930_000_000},
        {"scheduledStart": "1999-05-05T09:00:00Z"},
        {"scheduledStart": "9999-12-31T23:59:59Z"},
        {"scheduledStart": "0001-01-01T00:00:00+23:59"},
        {"status": "ended"},
        {"instructorId": ANA},
    ],
)
def test_attack_24_what_is_out_of_bounds_or_not_ones_to_set_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        COMMANDS.validate_python({"type": "session.update", **fields})


@pytest.mark.parametrize("kind", ["session.lapse", "session.reportInterruption", "session.scheduled"])
def test_what_only_the_server_may_say_is_no_command(kind: str) -> None:
    with pytest.raises(ValidationError):
        COMMANDS.validate_python({"type": kind})


# -- What happens by itself (domain.md 3) --


def test_a_session_that_never_starts_is_cancelled_after_an_hour() -> None:
    room = scheduled()
    room.later(minutes=59).then([])
    room.later(minutes=1).then([SessionCancelled(reason="no_show")])


def test_moving_the_start_moves_the_no_show() -> None:
    room = scheduled()
    moved = NINE + timedelta(hours=3)
    room.after([(MARA, UpdateSession(scheduled_start=moved, scheduled_end=moved + timedelta(hours=1)))])
    room.later(minutes=239).then([])
    room.later(minutes=1).then([SessionCancelled(reason="no_show")])


def test_a_start_that_never_became_active_is_no_show_too() -> None:
    room = at(Status.STARTING)
    room.later(minutes=60).then([SessionCancelled(reason="no_show")])


def test_a_running_session_is_no_no_show() -> None:
    room = given()
    room.later(minutes=200).then([])


def test_without_its_host_a_session_ends_fifteen_minutes_after_its_time() -> None:
    room = given()
    room.leaves(MARA)
    room.later(minutes=74).then([])
    room.later(minutes=1).then([SessionEnded(reason="host_missing")])


def test_the_fifteen_minutes_run_from_when_the_host_left() -> None:
    room = given()
    room.later(minutes=90).then([])
    room.leaves(MARA)
    room.later(minutes=14).then([])
    room.joins(MARA, "instructor")
    room.later(minutes=60).then([])
    room.leaves(MARA)
    room.later(minutes=15).then([SessionEnded(reason="host_missing")])


def test_a_session_nobody_hosts_ends_also_when_the_host_was_given_away() -> None:
    """The role went to somebody who is not here: from then on the host is missing."""
    room = given()
    room.leaves(THEO)
    room.later(minutes=90).then([])
    room.after([(MARA, SetRole(user_id=THEO, role=Role.INSTRUCTOR))])
    room.later(minutes=15).then([SessionEnded(reason="host_missing")])


def test_extending_puts_the_end_off() -> None:
    room = given([(MARA, ExtendSession(minutes=30))])
    room.leaves(MARA)
    room.later(minutes=104).then([])
    room.later(minutes=1).then([SessionEnded])


def test_a_stale_timer_changes_nothing() -> None:
    scheduled().when(None, LapseSession()).then([])
    room = given()
    room.when(None, LapseSession()).then([])
    room.leaves(MARA)
    room.when(None, LapseSession()).then([])
    room.after([(MARA, EndSession())])
    room.when(None, LapseSession()).then([])


def test_an_interruption_is_recorded_once_it_is_one() -> None:
    room = given()
    gap = {"from": NINE, "to": NINE + timedelta(seconds=20)}
    room.when(None, ReportInterruption.model_validate(gap)).then([SessionInterrupted.model_validate(gap)])
    assert room.room.lifecycle.interruptions == ((NINE, NINE + timedelta(seconds=20)),)
    room.when(None, ReportInterruption.model_validate({"from": NINE, "to": NINE})).then([])
    room.after([(MARA, EndSession())])
    room.when(None, ReportInterruption.model_validate(gap)).then([])


# -- The lobby at the start and at the end --


def test_without_a_lobby_those_who_wait_for_the_start_are_let_in_by_it() -> None:
    room = scheduled(lobby=False)
    room.joins(ANA)
    room.joins(BEN)
    room.after([(MARA, StartSession())])
    outcome = room.when(MARA, ActivateSession())
    outcome.then([SessionActivated, ParticipantAdmitted, ParticipantAdmitted])
    assert [getattr(each.event, "user_id", None) for each in outcome.recorded] == [None, ANA, BEN]


def test_the_end_empties_the_lobby() -> None:
    room = given([(MARA, UpdateSession(lobby=True))])
    room.joins(STRANGER).then([ParticipantWaiting])
    room.when(MARA, EndSession()).then([SessionEnded])
    assert room.room.lobby is not None
    assert room.room.lobby.waiting == ()
    assert not room.played.standing(STRANGER).admitted


def test_who_came_back_to_a_full_room_may_look_back_after_the_end() -> None:
    """A standing never changes without an event that names the person (design.md 2.7)."""
    room = given([(MARA, UpdateSession(max_participants=3))])
    room.leaves(ANA)
    room.joins(STRANGER)
    room.joins(ANA).then([ParticipantWaiting])
    assert not room.played.standing(ANA).admitted
    room.when(MARA, EndSession()).then([ParticipantLeft, SessionEnded])
    assert room.played.standing(ANA) == Standing(ANA, staff=False)
    assert view(room.room, room.played.standing(ANA)).people is not None
