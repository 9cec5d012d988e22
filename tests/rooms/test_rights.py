"""Roles and the five permissions at run time (W207, W208, W214, W215, domain.md 4.3, attacks 14-17)."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from pydantic import ValidationError

from rooms.chat import ChatLocked, LockChat
from rooms.hands import RaiseHand
from rooms.ids import UserId
from rooms.lifecycle import PauseSession, SessionStarted, StartSession
from rooms.participants import Remove
from rooms.people import host_of, is_staff, permissions_of
from rooms.protocol import COMMANDS
from rooms.rights import (
    ASKS_MAX,
    AskPermission,
    ExpirePermission,
    GrantPermission,
    PermissionAsked,
    PermissionGranted,
    PermissionRevoked,
    RevokePermission,
    RoleChanged,
    SetRole,
    TakeOver,
)
from rooms.roles import ROLE_PERMISSIONS, Permission, Role
from rooms.standings import standing_at
from tests.rooms.rehearsal import ROLES, person
from tests.rooms.transcript import ANA, BEN, MARA, OTTO, STRANGER, THEO, Transcript, given, scheduled

SPEAK, SHARE, DRAW, POLLS, MODERATE = Permission


def held(room: Transcript, user: UserId) -> set[Permission]:
    return set(permissions_of(room.room, user, room.played.now))


def instructors(room: Transcript) -> Sequence[UserId]:
    assert room.room.people is not None
    return [each.user for each in room.room.people.persons.values() if each.role is Role.INSTRUCTOR]


# -- The table of roles --


@pytest.mark.requirement("W208", "W215", "D42")
def test_each_role_holds_what_the_table_says() -> None:
    """domain.md 4.3, written out here by hand; D42: observers speak not."""
    room = given()
    assert {user: held(room, user) for user in ROLES} == {
        MARA: {SPEAK, SHARE, DRAW, POLLS, MODERATE},
        THEO: {SPEAK, SHARE, DRAW, POLLS, MODERATE},
        ANA: {SPEAK},
        BEN: {SPEAK},
        OTTO: set(),
    }
    assert held(room, STRANGER) == set()
    assert [each.value for each in Permission] == [
        "can_speak",
        "can_share_screen",
        "can_use_whiteboard",
        "can_create_polls",
        "can_moderate",
    ]


# -- Granting --


def test_a_right_is_given_to_one_person() -> None:
    room = given()
    room.when(MARA, GrantPermission(user_id=ANA, permission=POLLS)).then(
        [PermissionGranted(user_id=ANA, permission=POLLS)]
    )
    assert (held(room, ANA), held(room, BEN)) == ({SPEAK, POLLS}, {SPEAK})
    room.when(MARA, GrantPermission(user_id=ANA, permission=POLLS)).then([])


def test_a_right_given_to_all_holds_for_every_participant_also_later_ones() -> None:
    room = given([(MARA, GrantPermission(permission=DRAW))])
    room.joins(STRANGER)
    assert [DRAW in held(room, user) for user in (ANA, BEN, STRANGER, OTTO)] == [True, True, True, False]
    room.when(MARA, RevokePermission(permission=DRAW)).then([PermissionRevoked(permission=DRAW)])
    room.when(MARA, RevokePermission(permission=DRAW)).then([])
    assert held(room, ANA) == {SPEAK}


def test_a_lent_right_is_over_when_its_minutes_are_even_if_the_timer_is_late() -> None:
    room = given()
    until = room.played.now + timedelta(minutes=2)
    room.when(MARA, GrantPermission(user_id=ANA, permission=MODERATE, minutes=2)).then(
        [PermissionGranted(user_id=ANA, permission=MODERATE, until=until)]
    )
    room.when(ANA, LockChat()).then([ChatLocked])
    room.played.now = until
    room.when(ANA, LockChat(locked=False)).refused("forbidden")
    assert is_staff(room.room, ANA)
    room.later().then([PermissionRevoked(user_id=ANA, permission=MODERATE, expired=True)])
    assert not is_staff(room.room, ANA)


def test_lending_again_makes_the_former_end_stale() -> None:
    room = given([(MARA, GrantPermission(user_id=ANA, permission=POLLS, minutes=2))])
    armed = room.room.seq
    room.later(minutes=1)
    room.after([(MARA, GrantPermission(user_id=ANA, permission=POLLS, minutes=5))])
    room.later(minutes=4).then([])
    room.when(None, ExpirePermission(user_id=ANA, permission=POLLS, armed=armed)).then([])
    assert POLLS in held(room, ANA)
    room.later(minutes=1).then([PermissionRevoked])


def test_a_right_that_ran_out_was_not_taken() -> None:
    room = given([(MARA, GrantPermission(user_id=ANA, permission=DRAW, minutes=1))])
    room.later(minutes=1).then([PermissionRevoked])
    room.after([(MARA, GrantPermission(permission=DRAW))])
    assert DRAW in held(room, ANA)


def test_a_right_lent_to_all_ends_for_all() -> None:
    room = given([(MARA, GrantPermission(permission=DRAW, minutes=1))])
    room.later(minutes=1).then([PermissionRevoked(permission=DRAW, expired=True)])
    assert held(room, ANA) == {SPEAK}


# -- Taking --


def test_what_is_taken_from_one_person_is_not_given_back_by_a_grant_to_all() -> None:
    room = given([(MARA, RevokePermission(user_id=ANA, permission=SPEAK))])
    assert held(room, ANA) == set()
    room.after([(MARA, GrantPermission(permission=SPEAK))])
    assert (held(room, ANA), held(room, BEN)) == (set(), {SPEAK})
    room.after([(MARA, GrantPermission(user_id=ANA, permission=SPEAK))])
    assert held(room, ANA) == {SPEAK}


def test_lending_what_was_taken_gives_it_for_the_minutes_only() -> None:
    room = given([(MARA, RevokePermission(user_id=ANA, permission=SPEAK))])
    room.after([(MARA, GrantPermission(user_id=ANA, permission=SPEAK, minutes=1))])
    assert held(room, ANA) == {SPEAK}
    room.later(minutes=1).then([PermissionRevoked])
    assert held(room, ANA) == set()


def test_taking_what_somebody_does_not_hold_changes_nothing() -> None:
    given().when(MARA, RevokePermission(user_id=ANA, permission=POLLS)).then([])


def test_attack_16_a_right_taken_binds_the_very_next_command() -> None:
    room = given([(MARA, GrantPermission(user_id=ANA, permission=MODERATE))])
    room.when(ANA, LockChat()).then([ChatLocked])
    room.when(MARA, RevokePermission(user_id=ANA, permission=MODERATE)).then([PermissionRevoked])
    room.when(ANA, LockChat(locked=False)).refused("forbidden")


def test_a_standing_is_that_of_its_place_in_the_log() -> None:
    """Guarantee 4: an event is read under the standing at its seq."""
    room = given()
    before = room.room.seq
    room.after([(MARA, GrantPermission(user_id=ANA, permission=MODERATE))])
    room.after([(ANA, RaiseHand())])
    during = room.room.seq
    room.after([(MARA, RevokePermission(user_id=ANA, permission=MODERATE))])
    staff = [standing_at(room.room, ANA, seq).staff for seq in (before, during, room.room.seq)]
    assert staff == [False, True, False]


# -- Asking --


def test_a_right_is_asked_for_and_given() -> None:
    room = given()
    outcome = room.when(ANA, AskPermission(permission=SHARE))
    outcome.then([PermissionAsked(user_id=ANA, permission=SHARE)])
    assert [bool(outcome.heard_by(user)) for user in (MARA, THEO, ANA, BEN, OTTO)] == [True, True, True, False, False]
    assert [len(asked(room, user)) for user in (MARA, THEO, ANA, BEN)] == [1, 1, 1, 0]
    room.when(ANA, AskPermission(permission=SHARE)).then([])
    room.when(THEO, GrantPermission(user_id=ANA, permission=SHARE, minutes=1)).then([PermissionGranted])
    assert asked(room, MARA) == ()


def asked(room: Transcript, user: UserId) -> tuple[object, ...]:
    rights = room.sees(user).rights
    assert rights is not None
    return rights.asked


def test_a_declined_wish_takes_nothing_and_is_told_to_nobody_else() -> None:
    room = given([(ANA, AskPermission(permission=DRAW))])
    outcome = room.when(MARA, RevokePermission(user_id=ANA, permission=DRAW))
    outcome.then([PermissionRevoked(user_id=ANA, permission=DRAW, declined=True)])
    assert [bool(outcome.heard_by(user)) for user in (THEO, ANA, BEN)] == [True, True, False]
    assert asked(room, ANA) == ()
    room.after([(MARA, GrantPermission(permission=DRAW))])
    assert DRAW in held(room, ANA)


def test_nobody_asks_for_what_they_hold_or_to_moderate() -> None:
    room = given().when(ANA, AskPermission(permission=SPEAK)).then([])
    room.when(ANA, AskPermission(permission=MODERATE)).refused("forbidden")
    room.when(STRANGER, AskPermission(permission=SHARE)).refused("participant.not_admitted")


def test_an_observer_may_ask_to_speak() -> None:
    room = given([(OTTO, AskPermission(permission=SPEAK)), (THEO, GrantPermission(user_id=OTTO, permission=SPEAK))])
    assert held(room, OTTO) == {SPEAK}


def test_the_number_of_wishes_is_limited() -> None:
    crowd = [f"guest {each}" for each in range(ASKS_MAX)]
    room = Transcript(given(extra=crowd, max_participants=300).played, lawful=False)
    for guest in crowd:
        room.played.do(person(guest), AskPermission(permission=SHARE))
    room.when(ANA, AskPermission(permission=SHARE)).refused("limit_reached")


# -- Nobody grants more than they hold (attack 15) --


def test_attack_15_nobody_grants_themselves_anything() -> None:
    room = given([(MARA, GrantPermission(user_id=ANA, permission=MODERATE))])
    room.when(ANA, GrantPermission(user_id=ANA, permission=SPEAK)).refused("forbidden")
    room.when(ANA, GrantPermission(user_id=ANA, permission=MODERATE)).refused("forbidden")
    room.when(ANA, SetRole(user_id=ANA, role=Role.INSTRUCTOR)).refused("forbidden")
    room.when(BEN, GrantPermission(user_id=BEN, permission=MODERATE)).refused("forbidden")


def test_attack_15_a_moderator_passes_on_only_what_they_hold_and_no_longer_than_that() -> None:
    room = given([(MARA, GrantPermission(user_id=ANA, permission=MODERATE))])
    room.when(ANA, GrantPermission(user_id=BEN, permission=POLLS)).refused("forbidden")
    room.after([(MARA, GrantPermission(user_id=ANA, permission=POLLS, minutes=5))])
    until = room.played.now + timedelta(minutes=5)
    for minutes in (None, 60):
        room.when(ANA, GrantPermission(user_id=BEN, permission=POLLS, minutes=minutes)).then(
            [PermissionGranted(user_id=BEN, permission=POLLS, until=until)]
        )
    room.when(ANA, GrantPermission(permission=POLLS, minutes=1)).then(
        [PermissionGranted(permission=POLLS, until=room.played.now + timedelta(minutes=1))]
    )


def test_an_instructor_passes_on_what_was_taken_from_them_in_another_role() -> None:
    room = given(
        [(MARA, RevokePermission(user_id=ANA, permission=SPEAK)), (MARA, SetRole(user_id=ANA, role=Role.INSTRUCTOR))]
    )
    room.when(ANA, GrantPermission(user_id=OTTO, permission=SPEAK)).then([PermissionGranted])


def test_attack_15_what_was_taken_from_a_moderator_is_not_passed_on_by_way_of_all() -> None:
    room = given([(MARA, GrantPermission(user_id=ANA, permission=MODERATE)), (MARA, GrantPermission(permission=DRAW))])
    room.after([(MARA, RevokePermission(user_id=ANA, permission=DRAW))])
    room.when(ANA, GrantPermission(user_id=BEN, permission=DRAW)).refused("forbidden")
    room.after([(MARA, GrantPermission(user_id=ANA, permission=DRAW, minutes=1))])
    room.when(ANA, GrantPermission(user_id=BEN, permission=DRAW)).then(
        [PermissionGranted(user_id=BEN, permission=DRAW, until=room.played.now + timedelta(minutes=1))]
    )


def test_attack_15_only_the_instructor_makes_moderators_one_at_a_time() -> None:
    room = given().when(THEO, GrantPermission(user_id=ANA, permission=MODERATE)).refused("forbidden")
    room.when(MARA, GrantPermission(permission=MODERATE)).refused("forbidden")
    room.when(MARA, GrantPermission(user_id=ANA, permission=MODERATE)).then([PermissionGranted])
    room.when(ANA, GrantPermission(user_id=BEN, permission=MODERATE)).refused("forbidden")


def test_rights_are_given_to_those_who_are_here() -> None:
    room = given().when(MARA, GrantPermission(user_id=STRANGER, permission=SPEAK)).refused("not_found")
    room.when(MARA, RevokePermission(user_id=STRANGER, permission=SPEAK)).refused("not_found")


@pytest.mark.parametrize("command", [GrantPermission(permission=SPEAK), RevokePermission(permission=SPEAK)])
def test_attack_14_participants_neither_give_nor_take(command: GrantPermission) -> None:
    room = given()
    for user in (ANA, OTTO, STRANGER):
        room.when(user, command).refused("forbidden")


def test_attack_17_only_the_instructor_takes_rights_from_staff_and_nobody_from_the_instructor() -> None:
    room = given([(MARA, GrantPermission(user_id=ANA, permission=MODERATE))])
    room.when(THEO, RevokePermission(user_id=MARA, permission=SPEAK)).refused("session.owned")
    room.when(MARA, RevokePermission(user_id=MARA, permission=MODERATE)).refused("session.owned")
    room.when(ANA, RevokePermission(user_id=THEO, permission=SPEAK)).refused("forbidden")
    room.when(THEO, RevokePermission(user_id=ANA, permission=MODERATE)).refused("forbidden")
    room.when(MARA, RevokePermission(user_id=THEO, permission=MODERATE)).then([PermissionRevoked])
    room.when(THEO, LockChat()).refused("forbidden")


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "permission.grant", "userId": ANA, "permission": "can_fly"},
        {"type": "permission.grant", "userId": ANA, "permission": "can_speak", "minutes": 0},
        {"type": "permission.grant", "userId": ANA, "permission": "can_speak", "minutes": 481},
        {"type": "permission.grant", "userId": ANA, "permission": "can_speak", "until": "2099-01-01T00:00:00Z"},
        {"type": "permission.grant", "userId": ANA.upper(), "permission": "can_speak"},
        {"type": "role.set", "userId": ANA, "role": "admin"},
        {"type": "permission.expire", "userId": ANA, "permission": "can_speak", "armed": 1},
    ],
)
def test_attacks_15_and_24_what_is_not_in_the_contract_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        COMMANDS.validate_python(fields)


# -- Roles; a session is never without an owner (attack 17) --


def test_only_the_host_gives_roles() -> None:
    room = given()
    for user in (THEO, ANA, OTTO, STRANGER):
        room.when(user, SetRole(user_id=BEN, role=Role.OBSERVER)).refused("forbidden")
    room.when(MARA, SetRole(user_id=BEN, role=Role.OBSERVER)).then([RoleChanged(user_id=BEN, role=Role.OBSERVER)])
    room.when(MARA, SetRole(user_id=BEN, role=Role.OBSERVER)).then([])
    room.when(BEN, RaiseHand()).refused("forbidden")


def test_attack_17_the_last_instructor_does_not_step_down_but_hands_over() -> None:
    room = given().when(MARA, SetRole(user_id=MARA, role=Role.ASSISTANT)).refused("session.owned")
    room.when(MARA, SetRole(user_id=THEO, role=Role.INSTRUCTOR)).then(
        [RoleChanged(user_id=THEO, role=Role.INSTRUCTOR), RoleChanged(user_id=MARA, role=Role.ASSISTANT)]
    )
    assert instructors(room) == [THEO]
    room.when(MARA, SetRole(user_id=ANA, role=Role.ASSISTANT)).refused("forbidden")


@pytest.mark.parametrize("who", ["nobody", "removed", "waiting"])
def test_attack_17_the_room_is_handed_to_nobody_who_is_not_in_it(who: str) -> None:
    room = given(max_participants=3)
    if who == "removed":
        room.after([(MARA, Remove(user_id=ANA))])
    if who == "waiting":
        room.joins(STRANGER)
        room.leaves(ANA)
        room.joins(ANA)
    user = STRANGER if who == "nobody" else ANA
    room.when(MARA, SetRole(user_id=user, role=Role.INSTRUCTOR)).refused("not_found")
    assert instructors(room) == [MARA]


def test_attack_17_the_instructor_holds_all_rights_whatever_was_taken_before() -> None:
    room = given([(MARA, RevokePermission(user_id=THEO, permission=MODERATE))])
    room.after([(MARA, SetRole(user_id=THEO, role=Role.INSTRUCTOR))])
    assert held(room, THEO) == set(Permission)
    room.when(THEO, LockChat()).then([ChatLocked])


def test_a_role_may_be_given_before_somebody_comes() -> None:
    room = scheduled()
    room.when(MARA, SetRole(user_id=ANA, role=Role.ASSISTANT)).then([RoleChanged(user_id=ANA, role=Role.ASSISTANT)])
    room.joins(ANA)
    assert held(room, ANA) == set(ROLE_PERMISSIONS[Role.ASSISTANT])


def test_after_five_minutes_without_the_instructor_an_assistant_takes_over() -> None:
    room = given()
    room.later(minutes=30)
    room.when(THEO, TakeOver()).refused("forbidden")
    room.leaves(MARA)
    room.later(minutes=4, seconds=59)
    room.when(THEO, TakeOver()).refused("forbidden")
    room.later(seconds=1)
    room.when(ANA, TakeOver()).refused("forbidden")
    room.when(THEO, TakeOver()).then(
        [RoleChanged(user_id=THEO, role=Role.INSTRUCTOR), RoleChanged(user_id=MARA, role=Role.ASSISTANT)]
    )
    assert instructors(room) == [THEO]
    host = host_of(room.room)
    assert host is not None
    assert host.user == THEO
    room.joins(MARA, "instructor")
    assert instructors(room) == [THEO]


def test_an_assistant_takes_over_from_an_instructor_who_never_came() -> None:
    room = scheduled()
    room.joins(THEO, "assistant")
    room.later(minutes=4)
    room.when(THEO, TakeOver()).refused("forbidden")
    room.later(minutes=1)
    room.when(THEO, TakeOver()).then([RoleChanged, RoleChanged])
    room.when(THEO, StartSession()).then([SessionStarted()])


def test_rights_are_given_in_a_pause_too() -> None:
    room = given([(MARA, PauseSession())])
    room.when(MARA, GrantPermission(user_id=ANA, permission=DRAW)).then([PermissionGranted])
    room.when(ANA, AskPermission(permission=SHARE)).then([PermissionAsked])
