"""Coming, waiting, being let in, leaving, being removed (W201-W206, D42-D44, guarantees 9, attacks 14, 17, 23)."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from rooms.admission import ParticipantAdmitted, ParticipantBanned, ParticipantRemoved, ParticipantWaiting
from rooms.feature import Standing
from rooms.hands import RaiseHand
from rooms.ids import UserId
from rooms.lifecycle import ActivateSession, EndSession, SessionUpdated, StartSession, UpdateSession
from rooms.participants import (
    Admit,
    Ban,
    Deny,
    Leave,
    ParticipantDenied,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantUnbanned,
    QualityChanged,
    RateConnection,
    Remove,
    Unban,
)
from rooms.people import Person, WaitingFor, host_of, person_of, seats_free
from rooms.protocol import COMMANDS
from rooms.rights import GrantPermission, SetRole
from rooms.roles import Permission, Role
from rooms.standings import standing_at, standing_since
from tests.rooms.rehearsal import person
from tests.rooms.transcript import ANA, BEN, MARA, OTTO, STRANGER, THEO, Outcome, Step, Transcript, given, scheduled

CLEO, DINA, EMIL = person("Cleo"), person("Dina"), person("Emil")
RUNNING: list[Step] = [(MARA, StartSession()), (MARA, ActivateSession())]


def with_lobby(people: Iterable[UserId] = (), **fields: Any) -> Transcript:
    """An active session with a lobby, the host in it, and these waiting."""
    room = scheduled(**fields)
    room.joins(MARA, "instructor")
    room.after(RUNNING)
    for user in people:
        room.joins(user)
    return room


def waiting(room: Transcript) -> list[UserId]:
    assert room.room.lobby is not None
    return [each.user for each in room.room.lobby.waiting]


def who(room: Transcript, user: UserId) -> Person:
    found = person_of(room.room, user)
    assert found is not None
    return found


def named(outcome: Outcome) -> list[tuple[str, UserId | None]]:
    return [(each.event.type, getattr(each.event, "user_id", None)) for each in outcome.recorded]


def heard(outcome: Outcome, user: UserId) -> list[tuple[str, UserId | None]]:
    return [(each.event.type, getattr(each.event, "user_id", None)) for each in outcome.heard_by(user)]


# -- Coming --


def test_the_host_is_known_before_anybody_came() -> None:
    room = scheduled()
    host = host_of(room.room)
    assert host is not None
    assert (host.user, host.present, host.joined_at) == (MARA, False, None)


def test_staff_come_in_at_any_time_and_others_wait() -> None:
    room = scheduled()
    room.joins(MARA, "instructor").then([ParticipantJoined(user_id=MARA, role=Role.INSTRUCTOR)])
    room.joins(THEO, "assistant").then([ParticipantJoined(user_id=THEO, role=Role.ASSISTANT)])
    room.joins(ANA).then([ParticipantWaiting(user_id=ANA, role=Role.PARTICIPANT, reason=WaitingFor.HOST)])
    room.joins(OTTO, "observer").then([ParticipantWaiting(user_id=OTTO, role=Role.OBSERVER, reason=WaitingFor.HOST)])


def test_without_a_lobby_people_wait_for_the_start_only() -> None:
    room = scheduled(lobby=False)
    room.joins(ANA).then([ParticipantWaiting(user_id=ANA, role=Role.PARTICIPANT, reason=WaitingFor.START)])
    room.after(RUNNING)
    assert who(room, ANA).present
    room.joins(BEN).then([ParticipantJoined(user_id=BEN, role=Role.PARTICIPANT)])


def test_a_second_tab_appends_nothing() -> None:
    room = with_lobby([ANA])
    room.joins(ANA).then([])
    room.after([(MARA, Admit(user_id=ANA))]).joins(ANA).then([])


@pytest.mark.requirement("W205", "W206", "D43")
def test_the_first_join_stays_and_the_last_leave_shows() -> None:
    """D43: one pair of times; the intervals live in the log."""
    room = given()
    first = who(room, ANA).joined_at
    room.later(minutes=5)
    room.leaves(ANA).then([ParticipantLeft(user_id=ANA, last_seen=room.played.now)])
    assert (who(room, ANA).present, who(room, ANA).left_at) == (False, room.played.now)
    room.later(minutes=5)
    room.joins(ANA).then([ParticipantJoined])
    assert (who(room, ANA).joined_at, who(room, ANA).left_at) == (first, None)


def test_who_left_comes_back_past_the_lobby_in_the_role_of_the_room() -> None:
    room = given([(MARA, SetRole(user_id=ANA, role=Role.ASSISTANT)), (MARA, UpdateSession(lobby=True))])
    room.leaves(ANA)
    room.joins(ANA).then([ParticipantJoined(user_id=ANA, role=Role.ASSISTANT)])


def test_leaving_is_no_change_of_standing() -> None:
    room = given()
    since = standing_since(room.room, ANA)
    room.leaves(ANA)
    assert room.played.standing(ANA) == Standing(ANA, staff=False)
    assert standing_since(room.room, ANA) == since


def test_nobody_leaves_twice_or_without_having_come() -> None:
    room = given()
    room.leaves(STRANGER).then([])
    room.leaves(ANA)
    room.leaves(ANA).then([])


@pytest.mark.requirement("W207")
def test_attack_17_a_session_has_one_instructor_whoever_was_invited_as_one() -> None:
    room = given()
    room.joins(CLEO, "instructor").then([ParticipantJoined(user_id=CLEO, role=Role.ASSISTANT)])
    room.after([(MARA, SetRole(user_id=THEO, role=Role.INSTRUCTOR)), (THEO, Remove(user_id=MARA))])
    room.joins(MARA, "instructor").then([ParticipantWaiting])
    room.when(THEO, Admit(user_id=MARA)).then([ParticipantAdmitted(user_id=MARA, role=Role.ASSISTANT)])


def test_after_the_end_nobody_comes_and_those_who_were_in_look_back() -> None:
    room = given([(MARA, EndSession())])
    room.joins(STRANGER).then([])
    room.leaves(ANA)
    room.joins(ANA).then([])
    assert room.sees(ANA).people is not None
    assert room.sees(STRANGER).people is None


# -- The lobby --


def test_those_who_wait_see_the_lobby_and_nothing_of_the_room() -> None:
    room = with_lobby([ANA, BEN])
    seen = room.sees(ANA)
    assert (seen.people, seen.rights, seen.hands, seen.chat, seen.questions) == (None,) * 5
    assert seen.lobby is not None
    assert [each.user for each in seen.lobby.waiting] == [ANA, BEN]
    room.when(ANA, RaiseHand()).refused("participant.not_admitted")


def test_those_inside_do_not_see_the_lobby_except_staff() -> None:
    room = given([(MARA, UpdateSession(lobby=True))])
    outcome = room.joins(CLEO)
    assert [bool(heard(outcome, user)) for user in (MARA, THEO, ANA, OTTO)] == [True, True, False, False]
    assert (room.sees(ANA).lobby, room.sees(THEO).lobby) == (None, room.room.lobby)


def test_one_is_let_in_or_all_in_the_order_of_coming() -> None:
    room = with_lobby([CLEO, DINA, EMIL])
    room.when(MARA, Admit(user_id=DINA)).then([ParticipantAdmitted(user_id=DINA, role=Role.PARTICIPANT)])
    assert named(room.when(MARA, Admit())) == [("participant.admitted", CLEO), ("participant.admitted", EMIL)]
    room.when(MARA, Admit()).then([])
    room.when(MARA, Admit(user_id=CLEO)).refused("not_found")


def test_being_let_in_brings_the_history_and_a_new_standing() -> None:
    room = with_lobby([CLEO])
    room.after([(MARA, Admit(user_id=CLEO))])
    assert room.sees(CLEO).people is not None
    assert standing_since(room.room, CLEO) == room.room.seq
    # before the first admission one reads as at that admission
    assert standing_at(room.room, CLEO, 1) == Standing(CLEO, staff=False)


def test_who_is_turned_away_is_told_and_stays_away() -> None:
    room = with_lobby([CLEO, DINA])
    outcome = room.when(MARA, Deny(user_id=CLEO))
    outcome.then([ParticipantDenied(user_id=CLEO)])
    assert heard(outcome, CLEO) == [("participant.denied", CLEO)]
    assert heard(outcome, DINA) == [("participant.left", CLEO)]
    assert outcome.heard_by(DINA)[0].actor is None
    seen = room.sees(CLEO).lobby
    assert seen is not None
    assert seen.denied == (CLEO,)
    room.joins(CLEO).refused("participant.denied")
    room.when(MARA, Admit(user_id=CLEO)).then([ParticipantUnbanned(user_id=CLEO)])
    room.joins(CLEO).then([ParticipantWaiting])


def test_all_are_turned_away_at_once() -> None:
    room = with_lobby([CLEO, DINA])
    assert named(room.when(MARA, Deny())) == [("participant.denied", CLEO), ("participant.denied", DINA)]
    room.when(MARA, Deny(user_id=CLEO)).refused("not_found")


def test_who_gives_up_waiting_disappears_from_the_lobby() -> None:
    room = with_lobby([CLEO, DINA])
    outcome = room.leaves(CLEO)
    assert heard(outcome, DINA) == [("participant.left", CLEO)]
    assert waiting(room) == [DINA]
    room.joins(CLEO).then([ParticipantWaiting])
    assert waiting(room) == [DINA, CLEO]


def test_a_role_given_to_somebody_who_waits_holds_when_they_are_let_in() -> None:
    room = with_lobby([CLEO])
    room.when(MARA, SetRole(user_id=CLEO, role=Role.ASSISTANT)).then(
        [ParticipantWaiting(user_id=CLEO, role=Role.ASSISTANT, reason=WaitingFor.HOST)]
    )
    room.when(MARA, SetRole(user_id=CLEO, role=Role.ASSISTANT)).then([])
    room.when(MARA, SetRole(user_id=CLEO, role=Role.INSTRUCTOR)).refused("not_found")
    room.when(MARA, Admit(user_id=CLEO)).then([ParticipantAdmitted(user_id=CLEO, role=Role.ASSISTANT)])
    assert room.played.standing(CLEO).staff


# -- Seats (D44) --


@pytest.mark.requirement("W177", "D44")
def test_attack_23_the_room_never_holds_more_than_its_seats() -> None:
    room = with_lobby([ANA, BEN, CLEO], max_participants=2)
    assert named(room.when(MARA, Admit())) == [
        ("participant.admitted", ANA),
        ("participant.admitted", BEN),
        ("participant.waiting", CLEO),
    ]
    assert seats_free(room.room) == 0
    room.when(MARA, Admit(user_id=CLEO)).refused("limit_reached")
    room.when(MARA, Admit()).then([])


@pytest.mark.requirement("W177", "D44")
def test_staff_take_no_seat_observers_do() -> None:
    room = given(max_participants=3)
    assert seats_free(room.room) == 0
    room.joins(CLEO, "assistant").then([ParticipantJoined])
    room.joins(DINA, "observer").then([ParticipantWaiting(user_id=DINA, role=Role.OBSERVER, reason=WaitingFor.SEAT)])


def test_a_freed_seat_goes_to_whoever_waits_longest() -> None:
    room = given(max_participants=3)
    for user in (CLEO, DINA, EMIL):
        room.joins(user)
    assert named(room.leaves(ANA)) == [("participant.left", ANA), ("participant.admitted", CLEO)]
    assert named(room.when(MARA, Remove(user_id=BEN))) == [
        ("participant.removed", BEN),
        ("participant.admitted", DINA),
    ]
    assert named(room.when(MARA, Ban(user_id=OTTO))) == [("participant.banned", OTTO), ("participant.admitted", EMIL)]


def test_more_seats_are_filled_at_once() -> None:
    room = given(max_participants=3)
    for user in (CLEO, DINA, EMIL):
        room.joins(user)
    assert named(room.when(MARA, UpdateSession(max_participants=5)))[1:] == [
        ("participant.admitted", CLEO),
        ("participant.admitted", DINA),
    ]
    room.when(MARA, UpdateSession(max_participants=1)).then([SessionUpdated(max_participants=1)])
    assert waiting(room) == [EMIL]
    assert named(room.leaves(CLEO)) == [("participant.left", CLEO)]


def test_becoming_staff_frees_a_seat_and_becoming_a_participant_takes_one() -> None:
    room = given(max_participants=3)
    room.joins(CLEO)
    assert named(room.when(MARA, SetRole(user_id=ANA, role=Role.ASSISTANT))) == [
        ("role.changed", ANA),
        ("participant.admitted", CLEO),
    ]
    room.when(MARA, SetRole(user_id=ANA, role=Role.PARTICIPANT)).refused("limit_reached")
    assert seats_free(room.room) == 0


def test_who_comes_back_to_a_full_room_waits_for_a_seat_like_everybody() -> None:
    room = given(max_participants=3)
    room.joins(CLEO)
    room.leaves(ANA)
    room.joins(ANA).then([ParticipantWaiting(user_id=ANA, role=Role.PARTICIPANT, reason=WaitingFor.SEAT)])
    room.joins(ANA).then([])
    assert room.sees(ANA).people is None
    room.when(ANA, RaiseHand()).refused("participant.not_admitted")
    room.leaves(ANA).then([ParticipantLeft])
    assert room.sees(ANA).people is not None
    room.joins(ANA)
    assert named(room.leaves(BEN)) == [("participant.left", BEN), ("participant.admitted", ANA)]
    assert room.sees(ANA).people is not None


def test_who_is_turned_away_while_waiting_for_a_seat_reads_no_further() -> None:
    room = given(max_participants=3)
    room.joins(CLEO)
    room.joins(DINA)
    room.leaves(ANA)
    room.joins(ANA)
    room.when(MARA, Deny(user_id=ANA)).then(
        [ParticipantRemoved(user_id=ANA, waiting=True), ParticipantDenied(user_id=ANA)]
    )
    assert not room.played.standing(ANA).admitted
    room.when(ANA, RaiseHand()).refused("participant.not_admitted")


# -- Removing and banning --


def test_who_was_removed_comes_back_through_the_lobby_whatever_they_were() -> None:
    room = given()
    room.when(MARA, Remove(user_id=THEO)).then([ParticipantRemoved(user_id=THEO)])
    assert room.sees(THEO).people is None
    room.joins(THEO, "assistant").then([ParticipantWaiting(user_id=THEO, role=Role.ASSISTANT, reason=WaitingFor.HOST)])
    room.when(MARA, Remove(user_id=THEO)).refused("not_found")
    room.when(MARA, Admit(user_id=THEO)).then([ParticipantAdmitted])


def test_who_was_removed_leaves_lent_rights_behind() -> None:
    room = given([(MARA, GrantPermission(user_id=ANA, permission=Permission.MODERATE))])
    room.after([(MARA, Remove(user_id=ANA))])
    room.joins(ANA)
    room.after([(MARA, Admit(user_id=ANA))])
    assert room.played.standing(ANA) == Standing(ANA, staff=False)
    room.when(ANA, Remove(user_id=BEN)).refused("forbidden")


def test_a_ban_is_shown_to_peers_as_a_removal_and_holds() -> None:
    room = given()
    outcome = room.when(THEO, Ban(user_id=BEN))
    outcome.then([ParticipantBanned(user_id=BEN)])
    assert [heard(outcome, user)[0][0] for user in (MARA, ANA, OTTO)] == [
        "participant.banned",
        "participant.removed",
        "participant.removed",
    ]
    seen = room.sees(ANA).people
    assert seen is not None
    assert seen.banned == ()
    room.joins(BEN).refused("participant.banned")
    room.when(MARA, Ban(user_id=BEN)).then([])
    room.when(MARA, Unban(user_id=BEN)).then([ParticipantUnbanned(user_id=BEN)])
    room.when(MARA, Unban(user_id=BEN)).then([])
    room.joins(BEN).then([ParticipantWaiting(user_id=BEN, role=Role.PARTICIPANT, reason=WaitingFor.HOST)])


def test_a_ban_reaches_into_the_lobby_and_peers_inside_hear_nothing_of_it() -> None:
    room = given([(MARA, UpdateSession(lobby=True))])
    room.joins(CLEO)
    room.joins(DINA)
    outcome = room.when(MARA, Ban(user_id=CLEO))
    outcome.then([ParticipantBanned(user_id=CLEO, waiting=True, inside=False)])
    assert heard(outcome, DINA) == [("participant.left", CLEO)]
    assert heard(outcome, ANA) == []
    assert waiting(room) == [DINA]


def test_a_banned_person_gets_no_role() -> None:
    room = with_lobby([CLEO])
    room.after([(MARA, Ban(user_id=CLEO))])
    room.when(MARA, SetRole(user_id=CLEO, role=Role.ASSISTANT)).refused("not_found")
    assert not room.played.standing(CLEO).admitted


def test_attack_17_nobody_removes_the_host_and_only_the_host_removes_staff() -> None:
    room = given([(MARA, GrantPermission(user_id=ANA, permission=Permission.MODERATE))])
    for actor in (THEO, ANA, MARA):
        room.when(actor, Remove(user_id=MARA)).refused("session.owned")
        room.when(actor, Ban(user_id=MARA)).refused("session.owned")
    room.when(ANA, Remove(user_id=THEO)).refused("forbidden")
    room.when(ANA, Ban(user_id=THEO)).refused("forbidden")
    room.when(ANA, Remove(user_id=BEN)).then([ParticipantRemoved])
    room.when(MARA, Remove(user_id=THEO)).then([ParticipantRemoved])


@pytest.mark.parametrize("command", [Admit(), Deny(), Remove(user_id=BEN), Ban(user_id=BEN), Unban(user_id=BEN)])
def test_attack_14_only_moderators_admit_and_remove(command: Admit) -> None:
    room = given()
    for user in (ANA, OTTO, STRANGER):
        room.when(user, command).refused("forbidden")
    assert room.when(THEO, command).refusal is None


def test_nobody_is_removed_or_banned_who_was_never_here() -> None:
    room = given().when(MARA, Remove(user_id=STRANGER)).refused("not_found")
    room.when(MARA, Ban(user_id=STRANGER)).refused("not_found")
    room.when(MARA, Admit(user_id=STRANGER)).refused("not_found")


@pytest.mark.parametrize("kind", ["participant.join", "participant.leave", "participant.rate"])
def test_attack_24_presence_is_told_by_the_server_only(kind: str) -> None:
    with pytest.raises(ValidationError):
        COMMANDS.validate_python({"type": kind, "userId": ANA, "role": "instructor"})


# -- Quality of a line (W220) --


def test_the_quality_of_a_line_is_shown_to_staff_and_to_oneself() -> None:
    room = given()
    outcome = room.when(None, RateConnection(user_id=ANA, quality="poor"))
    outcome.then([QualityChanged(user_id=ANA, quality="poor")])
    assert [bool(heard(outcome, user)) for user in (MARA, THEO, ANA, BEN, OTTO)] == [True, True, True, False, False]
    seen = {user: room.sees(user).people for user in (MARA, ANA, BEN)}
    qualities = {user: held.persons[ANA].quality for user, held in seen.items() if held is not None}
    assert qualities == {MARA: "poor", ANA: "poor", BEN: None}
    room.when(None, RateConnection(user_id=ANA, quality="poor")).then([])
    room.when(None, RateConnection(user_id=STRANGER, quality="poor")).then([])


def test_a_leave_says_when_somebody_was_last_seen() -> None:
    room = given()
    seen_at = room.played.now
    room.later(seconds=30)
    room.when(None, Leave(user_id=ANA, last_seen=seen_at)).then([ParticipantLeft(user_id=ANA, last_seen=seen_at)])
    assert who(room, ANA).left_at == seen_at
    assert room.played.log[-1].at == seen_at + timedelta(seconds=30)
