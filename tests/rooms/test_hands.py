"""Raised hands and passing reactions (field.md B, 20)."""

import pytest
from pydantic import ValidationError

from rooms.hands import Hand, HandLowered, HandRaised, LowerHand, RaiseHand, ReactionSent, SendReaction
from rooms.ids import UserId
from rooms.lifecycle import EndSession, PauseSession
from rooms.participants import Ban, Remove
from rooms.protocol import COMMANDS
from tests.rooms.transcript import ANA, BEN, MARA, OTTO, STRANGER, THEO, Transcript, given, scheduled


def raised(room: Transcript) -> list[UserId]:
    assert room.room.hands is not None
    return [each.user for each in room.room.hands.raised]


def test_hands_stand_in_the_order_of_raising() -> None:
    room = given().when(BEN, RaiseHand()).then([HandRaised(user_id=BEN, to_point=False)])
    room.when(ANA, RaiseHand(to_point=True)).then([HandRaised(user_id=ANA, to_point=True)])
    seen = room.sees(OTTO).hands
    assert seen is not None
    assert seen.raised == (Hand(BEN, False, room.played.now), Hand(ANA, True, room.played.now))


def test_raising_again_changes_nothing_but_another_kind_goes_to_the_end() -> None:
    room = given([(ANA, RaiseHand()), (BEN, RaiseHand())])
    room.when(ANA, RaiseHand()).then([])
    room.when(ANA, RaiseHand(to_point=True)).then([HandRaised])
    assert raised(room) == [BEN, ANA]


def test_one_lowers_ones_own_hand_and_moderators_any() -> None:
    room = given([(ANA, RaiseHand()), (BEN, RaiseHand())])
    room.when(ANA, LowerHand()).then([HandLowered(user_id=ANA)])
    room.when(ANA, LowerHand()).then([])
    room.when(ANA, LowerHand(user_id=BEN)).refused("forbidden")
    room.when(THEO, LowerHand(user_id=BEN)).then([HandLowered(user_id=BEN)])
    assert raised(room) == []


def test_a_hand_goes_down_with_its_owner() -> None:
    room = given([(ANA, RaiseHand()), (BEN, RaiseHand()), (THEO, RaiseHand())])
    room.leaves(ANA)
    room.after([(MARA, Remove(user_id=BEN)), (MARA, Ban(user_id=THEO))])
    assert raised(room) == []


def test_a_hand_can_be_lowered_in_a_pause_but_not_raised() -> None:
    room = given([(ANA, RaiseHand()), (MARA, PauseSession())])
    room.when(BEN, RaiseHand()).refused("session.paused")
    room.when(ANA, LowerHand()).then([HandLowered])
    room.after([(MARA, EndSession())])
    room.when(ANA, LowerHand()).refused("session.ended")


def test_attack_14_observers_and_strangers_raise_nothing() -> None:
    room = given().when(OTTO, RaiseHand()).refused("forbidden")
    room.when(OTTO, SendReaction(emoji="👏")).refused("forbidden")
    for command in (RaiseHand(), LowerHand(), LowerHand(user_id=STRANGER), SendReaction(emoji="👏")):
        room.when(STRANGER, command).refused("participant.not_admitted")


def test_a_reaction_passes_by() -> None:
    room = given()
    before = room.room.hands
    outcome = room.when(ANA, SendReaction(emoji="🎉"))
    outcome.then([ReactionSent(emoji="🎉")])
    assert [each.actor for each in outcome.heard_by(OTTO)] == [ANA]
    assert outcome.heard_by(STRANGER) == []
    assert room.room.hands is before


def test_nothing_is_raised_before_the_start_except_by_staff() -> None:
    room = scheduled()
    room.joins(THEO, "assistant")
    room.when(THEO, RaiseHand()).then([HandRaised])


@pytest.mark.parametrize("emoji", ["", "x", "🎉🎉", "<b>"])
def test_attack_53_reactions_are_of_a_fixed_set(emoji: str) -> None:
    with pytest.raises(ValidationError):
        COMMANDS.validate_python({"type": "reaction.send", "emoji": emoji})
