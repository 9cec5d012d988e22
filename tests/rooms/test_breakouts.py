"""Breakout rooms (field.md F): planned, opened, moved between, prolonged, called back; who sees what of them."""

from datetime import timedelta
from typing import Any

import pytest

from rooms.breakout_events import (
    BreakoutAssigned,
    BreakoutBroadcasted,
    BreakoutCancelled,
    BreakoutClosed,
    BreakoutClosing,
    BreakoutCreated,
    BreakoutDiscarded,
    BreakoutExtended,
    BreakoutMoved,
    BreakoutOpened,
    BreakoutOpening,
    BreakoutRenamed,
    BreakoutUpdated,
    HelpAsked,
    HelpEnded,
    Move,
)
from rooms.breakout_plans import done_so_far
from rooms.breakout_sets import Breakouts, BreakoutSet, RoomStatus, SetStatus
from rooms.chat import SendMessage
from rooms.ids import UserId
from rooms.lifecycle import ALL_FEATURES, CancelSession, EndSession, PauseSession, SessionEnded
from rooms.participants import Ban, ParticipantJoined, Remove
from rooms.people import standing_of
from rooms.rights import SetRole
from rooms.roles import Role
from rooms.standings import standing_at
from rooms.visibility import view, visible
from tests.rooms.rehearsal import Rehearsal, person
from tests.rooms.transcript import (
    ANA,
    BEN,
    MARA,
    OTTO,
    STRANGER,
    THEO,
    Outcome,
    Transcript,
    feature,
    given,
    scheduled,
)

CLEO, DORA = person("Cleo"), person("Dora")
NOBODY = str(person("nobody's id"))


def a_class(*extra: str, **given_: Any) -> Transcript:
    return Transcript(Rehearsal.running(extra=extra, features=ALL_FEATURES, **given_))


def held(room: Transcript) -> Breakouts:
    assert room.room.breakouts is not None
    return room.room.breakouts


def latest(room: Transcript) -> BreakoutSet:
    return held(room).in_order()[-1]


def ids(room: Transcript) -> list[str]:
    return [each.id for each in latest(room).rooms]


def members(room: Transcript) -> list[set[UserId]]:
    return [set(each.members) for each in latest(room).rooms]


def place(room: Transcript, user: UserId) -> str | None:
    return standing_of(room.room, user).room


def by_name(room: Transcript, user: UserId) -> str | None:
    found = latest(room).room(place(room, user))
    return found.name if found else None


def create(room: Transcript, rooms: Any = 2, **fields: Any) -> BreakoutSet:
    room.when(MARA, {"type": "breakout.create", "rooms": rooms, **fields}).then([BreakoutCreated])
    return latest(room)


def two_rooms(room: Transcript, **fields: Any) -> BreakoutSet:
    """Ana in one, Ben in the other."""
    rooms = [{"name": "Lindgren", "members": [ANA]}, {"name": "Perec", "members": [BEN]}]
    return create(room, rooms, **fields)


def act(room: Transcript, actor: UserId | None, kind: str, **fields: Any) -> Outcome:
    return room.when(actor, {"type": f"breakout.{kind}", **fields})


def opened(room: Transcript, **fields: Any) -> Transcript:
    return act(room, MARA, "open", setId=latest(room).id, **fields).then([BreakoutOpened])


def in_two_rooms(*extra: str, minutes: int | None = None, **fields: Any) -> Transcript:
    room = a_class(*extra)
    two_rooms(room, **fields)
    return opened(room, minutes=minutes)


# -- Planning --


def test_a_number_of_rooms_is_filled_by_chance_with_those_who_take_part() -> None:
    room = a_class("Cleo", "Dora")
    made = create(room, 2)
    assert [each.name for each in made.rooms] == ["Room 1", "Room 2"]
    assert sorted(map(len, members(room))) == [2, 2]
    assert set.union(*members(room)) == {ANA, BEN, CLEO, DORA}, "neither staff nor observers"
    assert made.status is SetStatus.PLANNED


def test_rooms_have_names_members_and_capacities() -> None:
    room = a_class("Cleo")
    create(room, ["Lindgren", {"name": "Perec", "members": [ANA], "capacity": 2}], assignment="manual")
    assert [each.name for each in latest(room).rooms] == ["Lindgren", "Perec"]
    assert members(room) == [set(), {ANA}]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({}, "bad_request", id="neither rooms nor an earlier set"),
        pytest.param({"rooms": 2, "from": NOBODY}, "not_found", id="an unknown earlier set"),
        pytest.param({"rooms": [{"members": [ANA]}, {"members": [ANA]}]}, "bad_request", id="somebody in two rooms"),
        pytest.param({"rooms": [{"members": [ANA, BEN], "capacity": 1}]}, "breakout.full", id="more than fit"),
    ],
)
def test_a_plan_that_cannot_be(fields: dict[str, Any], code: str) -> None:
    a_class().when(MARA, {"type": "breakout.create", **fields}).refused(code)


def test_only_staff_plan_and_only_where_breakouts_are_on() -> None:
    a_class().when(ANA, {"type": "breakout.create", "rooms": 2}).refused("forbidden")
    off = given(features=feature("breakout", is_enabled=False))
    off.when(MARA, {"type": "breakout.create", "rooms": 2}).refused("feature_off")


def test_staff_plan_before_the_session_and_open_while_it_runs() -> None:
    room = scheduled(features=ALL_FEATURES)
    create(room, 2)
    act(room, MARA, "open", setId=latest(room).id).refused("session.not_active")
    room.when(MARA, {"type": "session.start"})
    room.when(MARA, {"type": "session.cancel"})
    room.when(MARA, {"type": "breakout.create", "rooms": 2}).refused("session.ended")


def test_nobody_but_staff_knows_of_a_plan() -> None:
    room = a_class()
    create(room, ["Secret place"], name="Secret round")
    act(room, MARA, "rename", roomId=ids(room)[0], name="Secret corner").then([BreakoutRenamed])
    act(room, MARA, "update", setId=latest(room).id, name="Secret turn").then([BreakoutUpdated])
    act(room, MARA, "assign", setId=latest(room).id, userIds=[BEN]).then([BreakoutAssigned])
    for user in (ANA, OTTO, STRANGER):
        assert "ecret" not in room.sent_to(user)
        assert latest(room).id not in room.sent_to(user)
    assert "Secret corner" in room.sent_to(THEO)


def test_people_are_assigned_by_hand_and_dealt_anew() -> None:
    room = a_class("Cleo", "Dora")
    made = two_rooms(room, assignment="manual")
    one, other = ids(room)
    act(room, MARA, "assign", setId=made.id, userIds=[ANA, CLEO], roomId=other).then([BreakoutAssigned])
    assert members(room) == [set(), {ANA, BEN, CLEO}]
    act(room, MARA, "assign", setId=made.id, userIds=[ANA, CLEO], roomId=other).then([])
    act(room, MARA, "assign", setId=made.id, userIds=[BEN]).then([BreakoutAssigned])
    assert members(room) == [set(), {ANA, CLEO}]
    act(room, MARA, "assign", setId=made.id, shuffle="random").then([BreakoutAssigned])
    assert sorted(map(len, members(room))) == [2, 2]
    act(room, MARA, "assign", setId=made.id, shuffle="self").then([BreakoutAssigned])
    assert members(room) == [set(), set()]
    act(room, MARA, "assign", setId=made.id).refused("bad_request")
    act(room, MARA, "assign", setId=made.id, userIds=[ANA], shuffle="random").refused("bad_request")
    act(room, MARA, "assign", setId=made.id, userIds=[ANA], roomId=NOBODY).refused("not_found")
    act(room, MARA, "assign", setId=NOBODY, userIds=[ANA], roomId=one).refused("not_found")


def test_a_room_takes_as_many_as_it_has_places() -> None:
    room = a_class("Cleo")
    made = create(room, [{"name": "Perec", "capacity": 1}], assignment="manual")
    act(room, MARA, "assign", setId=made.id, userIds=[ANA, BEN], roomId=ids(room)[0]).refused("breakout.full")
    act(room, MARA, "assign", setId=made.id, userIds=[ANA], roomId=ids(room)[0]).then([BreakoutAssigned])
    opened(room)
    act(room, MARA, "move", userIds=[BEN], roomId=ids(room)[0]).refused("breakout.full")
    act(room, THEO, "join", roomId=ids(room)[0]).then([BreakoutMoved])


def test_a_plan_is_put_away_and_what_was_open_is_not() -> None:
    room = in_two_rooms()
    spare = create(room, 3)
    act(room, MARA, "discard", setId=spare.id).then([BreakoutDiscarded(set_id=spare.id)])
    act(room, MARA, "discard", setId=spare.id).refused("not_found")
    act(room, MARA, "discard", setId=latest(room).id).refused("bad_request")


def test_a_session_has_fifty_sets() -> None:
    room = a_class()
    room.lawful = False
    for _ in range(50):
        create(room, 1)
    room.when(MARA, {"type": "breakout.create", "rooms": 1}).refused("limit_reached")


def test_the_busy_and_the_quiet_are_mixed() -> None:
    room = a_class("Cleo", "Dora")
    room.after([(user, SendMessage(text=f"word {n}")) for user in (ANA, BEN) for n in range(3)])
    create(room, 2, assignment="balanced")
    assert all(len(each & {ANA, BEN}) == 1 for each in members(room))


def test_what_was_asked_in_secret_tells_nobody_apart() -> None:
    room = a_class("Cleo", "Dora")
    for user in (ANA, BEN):
        room.when(user, {"type": "question.ask", "text": "why", "anonymous": True})
    assert not any(done_so_far(room.room).values())
    room.when(CLEO, {"type": "question.ask", "text": "how"})
    assert done_so_far(room.room) == {CLEO: 1}


def test_staff_who_were_put_into_a_room_are_not_dealt_with_the_others() -> None:
    room = a_class()
    made = create(room, [{"name": "Lindgren", "members": [THEO, CLEO]}, {"name": "Perec"}])
    act(room, MARA, "assign", setId=made.id, shuffle="random").then([BreakoutAssigned])
    assert set.union(*members(room)) == {ANA, BEN, CLEO}


def test_a_set_is_made_again_from_an_earlier_one() -> None:
    room = in_two_rooms(name="Readers", mayReturn=True, late="ask")
    first = latest(room)
    act(room, MARA, "close", seconds=0).then([BreakoutClosed])
    room.when(THEO, {"type": "breakout.create", "from": first.id}).then([BreakoutCreated])
    again = latest(room)
    assert (again.name, again.may_return, again.late, again.assignment) == ("Readers", True, "ask", "manual")
    assert [(each.name, each.members) for each in again.rooms] == [("Lindgren", (ANA,)), ("Perec", (BEN,))]
    assert not {each.id for each in again.rooms} & {each.id for each in first.rooms}
    room.when(THEO, {"type": "breakout.create", "from": first.id, "assignment": "self"}).then([BreakoutCreated])
    assert members(room) == [set(), set()]


def test_no_pair_meets_twice_and_the_event_says_when_it_must() -> None:
    room = a_class("Cleo", "Dora")
    met: list[frozenset[UserId]] = []
    for _ in range(3):
        assert create(room, 2, assignment="unseen").repeats == 0
        opened(room)
        pairs = [frozenset(each) for each in members(room)]
        assert not set(pairs) & set(met)
        met += pairs
        act(room, MARA, "close", seconds=0).then([BreakoutClosed])
    assert create(room, 2, assignment="unseen").repeats == 2, "four people have met in three rounds"


# -- Opening --


def test_opening_brings_everybody_to_their_room() -> None:
    room = a_class()
    made = two_rooms(room)
    lindgren, perec = ids(room)
    done = act(room, MARA, "open", setId=made.id, minutes=10)
    done.then([BreakoutOpened])
    event = done.recorded[0].event
    assert isinstance(event, BreakoutOpened)
    assert event.moves == (Move(user_id=ANA, room=lindgren), Move(user_id=BEN, room=perec))
    assert [by_name(room, user) for user in (ANA, BEN, OTTO, MARA)] == ["Lindgren", "Perec", None, None]
    assert standing_at(room.room, ANA, done.recorded[0].seq).room == lindgren
    act(room, MARA, "open", setId=made.id).then([])


def test_all_know_who_is_where_but_only_of_their_own_room_when_it_closes() -> None:
    room = in_two_rooms(minutes=10)
    lindgren, perec = ids(room)
    closes_at = room.played.now + timedelta(minutes=10)

    def closing(user: UserId) -> dict[str, Any]:
        seen = room.sees(user).breakouts
        assert seen is not None
        assert dict(seen.places) == {ANA: lindgren, BEN: perec}
        assert seen.met is None
        return {each.id: each.closes_at for each in seen.sets[latest(room).id].rooms}

    assert closing(ANA) == {lindgren: closes_at, perec: None}
    assert closing(OTTO) == {lindgren: None, perec: None}
    assert closing(THEO) == {lindgren: closes_at, perec: closes_at}
    extended = act(room, MARA, "extend", minutes=5, roomId=perec)
    extended.then([BreakoutExtended])
    assert [len(extended.heard_by(user)) for user in (ANA, BEN, OTTO, THEO)] == [0, 1, 0, 1]


def test_a_countdown_is_seen_by_all_and_opens_on_time() -> None:
    room = a_class()
    made = two_rooms(room)
    done = act(room, MARA, "open", setId=made.id, countdown=10, minutes=5)
    done.then([BreakoutOpening])
    assert len(done.heard_by(ANA)) == 1
    seen = room.sees(ANA).breakouts
    assert seen is not None
    assert seen.opening is not None
    assert seen.opening.opens_at == room.played.now + timedelta(seconds=10)
    assert not seen.sets
    room.later(seconds=9).then([])
    room.later(seconds=1).then([BreakoutOpened])
    assert by_name(room, ANA) == "Lindgren"
    room.later(minutes=5).then([BreakoutClosed])


def test_a_countdown_is_called_off_or_begun_again() -> None:
    room = a_class()
    made = two_rooms(room)
    act(room, MARA, "open", setId=made.id, countdown=10)
    act(room, MARA, "close").then([BreakoutCancelled(set_id=made.id)])
    room.later(seconds=20).then([])
    act(room, MARA, "open", setId=made.id, countdown=10).then([BreakoutOpening])
    room.later(seconds=5)
    act(room, MARA, "open", setId=made.id, countdown=10).then([BreakoutOpening])
    room.later(seconds=9).then([])
    room.later(seconds=1).then([BreakoutOpened])


def test_a_timer_of_an_earlier_countdown_has_no_effect() -> None:
    room = a_class()
    made = two_rooms(room)
    first = act(room, MARA, "open", setId=made.id, countdown=10).recorded[0].seq
    act(room, MARA, "open", setId=made.id, countdown=20).then([BreakoutOpening])
    act(room, None, "openDue", setId=made.id, armed=first).then([])
    act(room, None, "openDue", setId=NOBODY, armed=first).then([])


def test_one_set_is_open_at_a_time() -> None:
    room = in_two_rooms()
    first = latest(room)
    other = create(room, 2)
    act(room, MARA, "open", setId=other.id).refused("limit_reached")
    act(room, MARA, "close", setId=first.id, seconds=0).then([BreakoutClosed])
    act(room, MARA, "open", setId=first.id).refused("breakout.closed")
    act(room, MARA, "assign", setId=first.id, shuffle="random").refused("breakout.closed")
    act(room, MARA, "open", setId=other.id).then([BreakoutOpened])
    act(room, MARA, "assign", setId=other.id, shuffle="random").refused("bad_request")


def test_who_came_after_the_plan_is_dealt_at_the_opening() -> None:
    room = a_class()
    create(room, 2)
    room.joins(CLEO)
    room.joins(DORA)
    opened(room)
    assert sorted(map(len, members(room))) == [2, 2]
    assert place(room, DORA) is not None


# -- Moving --


def test_a_moderator_moves_one_or_several() -> None:
    room = in_two_rooms("Cleo")
    lindgren, perec = ids(room)
    act(room, THEO, "move", userIds=[ANA, BEN, CLEO], roomId=perec).then([BreakoutMoved])
    assert {by_name(room, user) for user in (ANA, BEN, CLEO)} == {"Perec"}
    assert members(room) == [set(), {ANA, BEN, CLEO}]
    act(room, THEO, "move", userIds=[ANA, BEN], roomId=perec).then([])
    act(room, THEO, "move", userIds=[ANA]).then([BreakoutMoved])
    assert place(room, ANA) is None
    act(room, ANA, "move", userIds=[ANA], roomId=lindgren).refused("forbidden")
    act(room, MARA, "move", userIds=[STRANGER], roomId=lindgren).refused("not_found")
    act(room, MARA, "move", userIds=[ANA], roomId=NOBODY).refused("not_found")
    planned = create(room, ["Woolf"])
    act(room, MARA, "move", userIds=[ANA], roomId=planned.rooms[0].id).refused("breakout.not_open")
    act(room, ANA, "join", roomId=planned.rooms[0].id).refused("not_found")


def test_staff_tour_the_rooms_and_belong_to_none() -> None:
    room = in_two_rooms()
    lindgren, perec = ids(room)
    for target in (lindgren, perec, None):
        fields = {"roomId": target} if target else {}
        act(room, MARA, "join", **fields).then([BreakoutMoved])
        assert place(room, MARA) == target
    assert members(room) == [{ANA}, {BEN}]
    act(room, MARA, "join").then([])


def test_who_was_sent_to_a_room_stays_there_unless_the_set_lets_them_return() -> None:
    room = in_two_rooms()
    lindgren, perec = ids(room)
    act(room, ANA, "join", roomId=perec).refused("forbidden")
    act(room, ANA, "join").refused("forbidden")
    act(room, MARA, "update", setId=latest(room).id, mayReturn=True).then([BreakoutUpdated])
    act(room, ANA, "join").then([BreakoutMoved])
    assert place(room, ANA) is None
    act(room, ANA, "join", roomId=lindgren).then([BreakoutMoved])
    assert by_name(room, ANA) == "Lindgren"
    act(room, STRANGER, "join", roomId=lindgren).refused("participant.not_admitted")
    assert room.when(STRANGER, {"type": "breakout.join", "roomId": lindgren}, admin=True).refusal is not None


def test_everybody_chooses_where_there_is_a_place() -> None:
    room = a_class("Cleo")
    create(room, [{"name": "Lindgren", "capacity": 1}, {"name": "Perec"}], assignment="self")
    opened(room)
    lindgren, perec = ids(room)
    act(room, ANA, "join", roomId=lindgren).then([BreakoutMoved])
    act(room, BEN, "join", roomId=lindgren).refused("breakout.full")
    act(room, ANA, "join", roomId=perec).then([BreakoutMoved])
    act(room, BEN, "join", roomId=lindgren).then([BreakoutMoved])
    assert members(room) == [{BEN}, {ANA}]
    act(room, OTTO, "join", roomId=perec).refused("forbidden")


def test_observers_follow_the_policy() -> None:
    room = in_two_rooms(observers="roam")
    lindgren, perec = ids(room)
    act(room, OTTO, "join", roomId=lindgren).then([BreakoutMoved])
    act(room, OTTO, "join", roomId=perec).then([BreakoutMoved])
    act(room, OTTO, "join").then([BreakoutMoved])
    assert members(room) == [{ANA}, {BEN}], "they only visit"
    act(room, MARA, "update", setId=latest(room).id, observers="assigned").then([BreakoutUpdated])
    act(room, OTTO, "join", roomId=perec).refused("forbidden")
    dealt = a_class()
    create(dealt, 1, observers="assigned")
    assert members(dealt) == [{ANA, BEN, OTTO}]


# -- Coming late, leaving, being put out --


def test_who_comes_late_is_placed_in_the_smallest_room() -> None:
    room = in_two_rooms("Cleo", assignment="random")
    room.joins(DORA).then([ParticipantJoined])
    room.later(seconds=0).then([BreakoutMoved])
    assert sorted(map(len, members(room))) == [2, 2]
    assert place(room, DORA) is not None


def test_who_comes_late_stays_or_is_asked_as_the_set_says() -> None:
    room = in_two_rooms(late="main")
    room.joins(CLEO)
    room.later(seconds=0).then([])
    act(room, CLEO, "join", roomId=ids(room)[0]).refused("forbidden")
    act(room, MARA, "update", setId=latest(room).id, late="ask").then([BreakoutUpdated])
    act(room, CLEO, "join", roomId=ids(room)[0]).then([BreakoutMoved])
    act(room, CLEO, "join", roomId=ids(room)[1]).refused("forbidden")


def test_who_was_there_before_the_rooms_is_not_late() -> None:
    room = a_class("Cleo")
    create(room, [{"name": "Lindgren", "members": [ANA]}], assignment="manual", late="place")
    room.later(minutes=1)
    opened(room)
    room.leaves(CLEO)
    room.joins(CLEO)
    room.later(seconds=0).then([])
    assert place(room, CLEO) is None


def test_somebody_of_the_roster_goes_to_their_room_when_they_come() -> None:
    room = a_class()
    create(room, [{"name": "Lindgren", "members": [ANA, CLEO]}, {"name": "Perec", "members": [BEN]}])
    opened(room)
    assert CLEO not in held(room).places
    room.joins(CLEO)
    room.later(seconds=0).then([BreakoutMoved])
    assert by_name(room, CLEO) == "Lindgren"


def test_who_loses_the_line_comes_back_to_where_they_were() -> None:
    room = in_two_rooms()
    room.leaves(ANA)
    room.joins(ANA)
    room.later(seconds=0).then([])
    assert by_name(room, ANA) == "Lindgren"


def test_who_is_removed_starts_again_in_the_main_room() -> None:
    room = in_two_rooms()
    room.after([(MARA, Remove(user_id=ANA)), (MARA, Ban(user_id=BEN))])
    assert not held(room).places
    assert members(room) == [set(), set()]
    room.joins(ANA)
    room.when(MARA, {"type": "participant.admit", "userId": ANA})
    room.later(seconds=0)
    assert standing_of(room.room, ANA).admitted
    assert place(room, ANA) is None


def test_nobody_learns_from_the_rooms_that_somebody_was_banned_at_the_door() -> None:
    room = a_class()
    create(room, [{"name": "Lindgren", "members": [ANA, CLEO]}, {"name": "Perec", "members": [BEN]}])
    room.when(MARA, {"type": "session.update", "lobby": True})
    opened(room)
    room.joins(CLEO)
    assert room.when(MARA, Ban(user_id=CLEO)).heard_by(ANA) == []
    assert CLEO in members(room)[0]
    assert CLEO not in held(room).places


def test_a_role_given_in_a_room_changes_what_one_may_do_not_where_one_is() -> None:
    room = in_two_rooms()
    room.when(MARA, SetRole(user_id=ANA, role=Role.ASSISTANT))
    assert by_name(room, ANA) == "Lindgren"
    act(room, ANA, "join", roomId=ids(room)[1]).then([BreakoutMoved])
    room.when(MARA, SetRole(user_id=ANA, role=Role.PARTICIPANT))
    act(room, ANA, "join").then([BreakoutMoved])


# -- Time --


def test_one_room_is_given_more_time() -> None:
    room = in_two_rooms(minutes=10)
    lindgren, perec = ids(room)
    act(room, MARA, "extend", minutes=5, roomId=perec).then([BreakoutExtended])
    room.later(minutes=10).then([BreakoutClosed])
    assert (place(room, ANA), by_name(room, BEN)) == (None, "Perec")
    assert latest(room).status is SetStatus.OPEN
    act(room, MARA, "extend", minutes=5, roomId=lindgren).refused("breakout.closed")
    act(room, MARA, "move", userIds=[ANA], roomId=lindgren).refused("breakout.closed")
    room.later(minutes=4).then([])
    room.later(minutes=1).then([BreakoutClosed(set_id=latest(room).id, room_ids=(perec,), moves=(Move(user_id=BEN),))])
    assert latest(room).status is SetStatus.CLOSED


def test_all_rooms_are_given_more_time() -> None:
    room = in_two_rooms()
    act(room, MARA, "extend", minutes=2).then([BreakoutExtended])
    act(room, MARA, "extend", minutes=2).then([BreakoutExtended])
    room.later(minutes=3.9).then([])
    room.later(minutes=0.1).then([BreakoutClosed])
    act(room, MARA, "extend", minutes=2).refused("breakout.not_open")


def test_rooms_are_open_for_a_day_at_most() -> None:
    room = in_two_rooms(minutes=480)
    act(room, MARA, "extend", minutes=480).then([BreakoutExtended])
    act(room, MARA, "extend", minutes=480).then([BreakoutExtended])
    act(room, MARA, "extend", minutes=480).refused("limit_reached")
    act(room, MARA, "extend", minutes=1, roomId=NOBODY).refused("not_found")
    act(room, ANA, "extend", minutes=1).refused("forbidden")


def test_everybody_is_called_back_with_a_countdown() -> None:
    room = in_two_rooms(minutes=10)
    lindgren, _ = ids(room)
    called = act(room, MARA, "close", seconds=30)
    called.then([BreakoutClosing])
    heard = called.heard_by(ANA)[0].event
    assert isinstance(heard, BreakoutClosing)
    assert [each.room_id for each in heard.closings] == [lindgren]
    act(room, MARA, "close", seconds=40).then([])
    room.later(seconds=30).then([BreakoutClosed])
    assert not held(room).places
    room.later(minutes=10).then([])


def test_a_recall_is_taken_back_by_more_time() -> None:
    room = in_two_rooms()
    act(room, MARA, "close", seconds=30)
    act(room, MARA, "extend", minutes=5).then([BreakoutExtended])
    assert not any(each.closing for each in latest(room).rooms)
    room.later(minutes=5).then([])
    room.later(seconds=30).then([BreakoutClosed])


def test_a_recall_never_gives_more_time() -> None:
    room = in_two_rooms(minutes=1)
    room.later(seconds=50)
    act(room, MARA, "close", seconds=60).then([BreakoutClosing])
    room.later(seconds=10).then([BreakoutClosed])


def test_one_room_is_closed_and_nobody_goes_there_any_more() -> None:
    room = in_two_rooms()
    lindgren, perec = ids(room)
    act(room, MARA, "close", roomId=lindgren, seconds=0).then([BreakoutClosed])
    assert [each.status for each in latest(room).rooms] == [RoomStatus.CLOSED, RoomStatus.OPEN]
    assert place(room, ANA) is None
    act(room, THEO, "join", roomId=lindgren).refused("breakout.closed")
    act(room, MARA, "close", roomId=NOBODY).refused("not_found")
    act(room, MARA, "close", roomId=perec, seconds=0).then([BreakoutClosed])
    act(room, MARA, "close").refused("breakout.not_open")
    act(room, MARA, "close", setId=latest(room).id).then([])


def test_after_its_time_nobody_enters_a_room_even_if_the_timer_is_late() -> None:
    room = in_two_rooms(minutes=1)
    room.played.timers.clear()
    room.later(minutes=1).then([])
    act(room, THEO, "join", roomId=ids(room)[0]).refused("breakout.closed")


def test_a_pause_stops_participants_but_no_clock() -> None:
    room = in_two_rooms(minutes=1, mayReturn=True)
    room.when(MARA, PauseSession())
    act(room, ANA, "join").refused("session.paused")
    act(room, ANA, "askHelp").refused("session.paused")
    act(room, MARA, "move", userIds=[ANA]).then([BreakoutMoved])
    room.later(minutes=1).then([BreakoutClosed])


@pytest.mark.parametrize("end", [pytest.param(EndSession(), id="end"), pytest.param(CancelSession(), id="cancel")])
def test_the_end_of_the_session_brings_everybody_back(end: Any) -> None:
    room = in_two_rooms(minutes=10)
    done = room.when(MARA, end)
    assert isinstance(done.recorded[0].event, BreakoutClosed)
    assert not held(room).places
    room.later(minutes=10).then([])


def test_the_end_of_the_session_calls_a_countdown_off() -> None:
    room = a_class()
    made = two_rooms(room)
    act(room, MARA, "open", setId=made.id, countdown=10)
    room.when(MARA, EndSession()).then([BreakoutCancelled, SessionEnded])
    room.later(seconds=10).then([])


def test_what_is_open_can_be_steered_where_breakouts_were_switched_off() -> None:
    room = in_two_rooms("Cleo")
    off = [{"type": "breakout", "isEnabled": False}]
    room.when(MARA, {"type": "session.update", "features": off})
    act(room, MARA, "move", userIds=[CLEO], roomId=ids(room)[0]).then([BreakoutMoved])
    act(room, MARA, "open", setId=latest(room).id).refused("feature_off")
    act(room, MARA, "close", seconds=0).then([BreakoutClosed])


# -- Speaking and ringing --


def test_a_word_to_all_rooms() -> None:
    room = in_two_rooms()
    done = act(room, MARA, "broadcast", text="Five minutes left")
    done.then([BreakoutBroadcasted])
    assert all(len(done.heard_by(user)) == 1 for user in (ANA, BEN, OTTO, THEO))
    act(room, ANA, "broadcast", text="hello").refused("forbidden")
    room.lawful = False
    for n in range(30):
        act(room, MARA, "broadcast", text=f"word {n}")
    assert [each.text for each in held(room).broadcasts] == [f"word {n}" for n in range(10, 30)]
    act(room, MARA, "close", seconds=0)
    act(room, MARA, "broadcast", text="too late").refused("breakout.not_open")


def test_a_room_calls_for_help_and_only_it_and_staff_know() -> None:
    room = in_two_rooms()
    lindgren, perec = ids(room)
    asked = act(room, ANA, "askHelp", text="We are stuck")
    asked.then([HelpAsked(room=lindgren, text="We are stuck")])
    act(room, ANA, "askHelp", text="We are stuck").then([])
    assert [len(asked.heard_by(user)) for user in (ANA, BEN, OTTO, THEO)] == [1, 0, 0, 1]
    assert "stuck" not in room.sent_to(BEN)
    assert "stuck" not in room.sent_to(OTTO)
    act(room, BEN, "endHelp", roomId=lindgren).refused("forbidden")
    act(room, OTTO, "askHelp").refused("forbidden")
    act(room, THEO, "askHelp").refused("breakout.not_open")
    act(room, MARA, "join", roomId=perec).then([BreakoutMoved])
    act(room, MARA, "move", userIds=[BEN], roomId=lindgren).then([BreakoutMoved])
    act(room, MARA, "join", roomId=lindgren).then([BreakoutMoved, HelpEnded(room=lindgren)])
    act(room, ANA, "endHelp", roomId=lindgren).then([])


def test_the_bell_is_ended_by_the_room_or_from_afar() -> None:
    room = in_two_rooms()
    lindgren, perec = ids(room)
    act(room, ANA, "askHelp").then([HelpAsked])
    act(room, ANA, "endHelp", roomId=lindgren).then([HelpEnded(room=lindgren)])
    act(room, ANA, "askHelp").then([HelpAsked])
    act(room, THEO, "endHelp", roomId=lindgren).then([HelpEnded(room=lindgren)])
    act(room, BEN, "askHelp").then([HelpAsked])
    act(room, MARA, "close", roomId=perec, seconds=0).then([BreakoutClosed])
    assert all(each.help is None for each in latest(room).rooms)
    act(room, ANA, "endHelp", roomId=NOBODY).refused("not_found")


# -- What the past shows --


def test_who_was_moved_away_reads_the_former_room_as_it_was() -> None:
    room = in_two_rooms()
    lindgren, perec = ids(room)
    here = act(room, ANA, "askHelp", text="before").recorded[0]
    act(room, MARA, "endHelp", roomId=lindgren)
    act(room, MARA, "move", userIds=[ANA], roomId=perec)
    act(room, MARA, "move", userIds=[BEN], roomId=lindgren)
    gone = act(room, BEN, "askHelp", text="after").recorded[0]
    assert visible(here, standing_at(room.room, ANA, here.seq)) is not None
    assert visible(gone, standing_at(room.room, ANA, gone.seq)) is None
    assert "after" not in room.sent_to(ANA)


def test_whoever_comes_after_the_close_learns_which_rooms_there_were() -> None:
    room = in_two_rooms()
    act(room, MARA, "close", seconds=0)
    room.joins(CLEO)
    seen = view(room.room, standing_of(room.room, CLEO)).breakouts
    assert seen is not None
    assert [each.name for each in seen.in_order()[0].rooms] == ["Lindgren", "Perec"]
