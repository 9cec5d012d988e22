"""Who may read later what was brought into a room: by where they were, never by where they say they were."""

import pytest

from rooms.breakout_results import nobody_in, readable_rooms, ways_to_read, were_in
from rooms.breakout_sets import BreakoutSet
from rooms.ids import UserId
from rooms.lifecycle import SessionFeature
from rooms.people import standing_of
from rooms.standings import was_in
from tests.rooms.rehearsal import ANA, BEN, MARA, OTTO, THEO, Rehearsal, person

KINDS = ("poll", "qa", "chat", "breakout", "whiteboard")
EVE = person("Eve")


@pytest.fixture
def played() -> Rehearsal:
    """Ana in the first room, Ben in the second, both open; Otto in the main room."""
    played = Rehearsal.running(features=tuple(SessionFeature.model_validate({"type": each}) for each in KINDS))
    rooms = [{"name": "Ink", "members": [ANA]}, {"name": "Clay", "members": [BEN]}]
    played.do(MARA, {"type": "breakout.create", "rooms": rooms})
    played.do(MARA, {"type": "breakout.open", "setId": only_set(played).id})
    return played


def only_set(played: Rehearsal) -> BreakoutSet:
    assert played.room.breakouts is not None
    [held] = played.room.breakouts.sets.values()
    return held


def ids(played: Rehearsal) -> tuple[str, str]:
    one, two = only_set(played).rooms
    return one.id, two.id


def move(played: Rehearsal, user: UserId, room: str | None) -> None:
    played.do(MARA, {"type": "breakout.move", "userIds": [user], **({} if room is None else {"roomId": room})})


def says(played: Rehearsal, user: UserId) -> int:
    """Something happens where they are; its seq."""
    return played.do(user, {"type": "chat.send", "text": "hello"})[-1].seq


def readable(played: Rehearsal, user: UserId) -> list[str]:
    return [each.name for each in readable_rooms(only_set(played), standing_of(played.room, user))]


def test_attack_19_only_who_was_there_then_or_later(played: Rehearsal) -> None:
    one, two = ids(played)
    early = says(played, ANA)
    move(played, BEN, one)
    middle = says(played, ANA)
    move(played, ANA, two)
    late = says(played, BEN)
    assert [was_in(played.room, ANA, one, seq) for seq in (early, middle, late)] == [True, True, False]
    assert [was_in(played.room, BEN, one, seq) for seq in (early, middle, late)] == [True, True, True]
    assert [was_in(played.room, OTTO, one, seq) for seq in (early, middle, late)] == [False, False, False]
    for staff in (MARA, THEO):
        assert was_in(played.room, staff, one, late)
    assert not was_in(played.room, EVE, one, early), "who was never let in"
    assert was_in(played.room, OTTO, None, early), "the main room is a room like any other"
    move(played, OTTO, one)
    assert was_in(played.room, OTTO, one, early), "entering a room shows its history"


def test_who_was_staff_then_was_there(played: Rehearsal) -> None:
    one, _two = ids(played)
    played.do(MARA, {"type": "role.set", "userId": OTTO, "role": "assistant"})
    then = says(played, ANA)
    played.do(MARA, {"type": "role.set", "userId": OTTO, "role": "participant"})
    after = says(played, ANA)
    assert was_in(played.room, OTTO, one, then)
    assert not was_in(played.room, OTTO, one, after)


def test_results_open_with_the_close(played: Rehearsal) -> None:
    assert [readable(played, user) for user in (MARA, ANA, BEN, OTTO)] == [["Ink", "Clay"], ["Ink"], ["Clay"], []]
    played.do(MARA, {"type": "breakout.close", "seconds": 0})
    assert [readable(played, user) for user in (ANA, BEN, OTTO)] == [["Ink", "Clay"]] * 3
    assert readable(played, EVE) == []


def test_results_for_staff_are_also_those_of_who_stayed(played: Rehearsal) -> None:
    one, _two = ids(played)
    held = only_set(played)
    played.do(MARA, {"type": "breakout.update", "setId": held.id, "results": "staff"})
    move(played, BEN, one)
    move(played, BEN, None)
    played.do(MARA, {"type": "breakout.close", "seconds": 0})
    assert [readable(played, user) for user in (MARA, ANA, BEN, OTTO)] == [["Ink", "Clay"], ["Ink"], [], []]
    ways = list(ways_to_read(played.room, standing_of(played.room, ANA)))
    assert ways == [standing_of(played.room, ANA), nobody_in(one)]
    assert were_in(played.room, only_set(played).rooms)[one] == (ANA, BEN)


def test_a_plan_has_no_results(played: Rehearsal) -> None:
    played.do(MARA, {"type": "breakout.create", "rooms": 2})
    assert played.room.breakouts is not None
    plan = next(each for each in played.room.breakouts.sets.values() if each.opened_at is None)
    assert readable_rooms(plan, standing_of(played.room, MARA)) == []
