"""Participation scores where people are in breakout rooms: what is offered elsewhere is nobody's missed opportunity."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rooms.admission import ParticipantRemoved
from rooms.breakout_events import BreakoutMoved, Move
from rooms.engagement import Score, score
from rooms.feature import Event
from rooms.ids import UserId
from tests.rooms.rehearsal import ANA, BEN, MARA, person
from tests.rooms.test_engagement import HOUR, Story, random_case, rounded, told, when

LINDGREN, PEREC = str(person("Lindgren")), str(person("Perec"))
SET = str(person("a set"))


def in_room(story: Story, room: str | None, since: int) -> None:
    """What was told from here on happened in that place: the events get its `room`."""
    story.lines[since:] = [
        (at, nth, actor, event.model_copy(update={"room": room}) if "room" in type(event).model_fields else event)
        for at, nth, actor, event in story.lines[since:]
    ]


def moves(story: Story, user: UserId, *turns: tuple[float, str | None]) -> None:
    for at, room in turns:
        moved: Event = BreakoutMoved(set_id=SET, moves=(Move(user_id=user, room=room),))
        story.tell(at, moved, MARA)


def ask_in(story: Story, room: str | None, nth: int, start: float, end: float, answers: dict[UserId, float]) -> None:
    told_before = len(story.lines)
    story.asks(nth, start, end, answers)
    in_room(story, room, told_before)


def the_hour() -> Story:
    return Story().runs([0, HOUR]).stays(ANA, [0, HOUR]).stays(BEN, [0, HOUR])


def polls_of(story: Story, user: UserId) -> dict[str, Any] | None:
    part = score(story.evidence(), user, when(HOUR)).parts.get("polls")
    return dict(part.numbers) if part else None


def test_a_poll_is_offered_to_who_was_in_its_place_while_it_was_open() -> None:
    story = the_hour()
    moves(story, ANA, (100, LINDGREN), (200, PEREC), (300, None))
    ask_in(story, LINDGREN, 1, 110, 150, {})
    ask_in(story, LINDGREN, 2, 210, 290, {})  # she is in the other one
    ask_in(story, PEREC, 3, 210, 290, {})
    ask_in(story, None, 4, 120, 280, {})  # she is in no place of it for 15 s
    ask_in(story, None, 5, 310, 390, {})
    assert polls_of(story, ANA) == {"answered": 0, "opportunities": 3}
    assert polls_of(story, BEN) == {"answered": 0, "opportunities": 2}


def test_fifteen_seconds_in_the_place_make_it_an_opportunity() -> None:
    for stays, expected in ((14, None), (15, {"answered": 0, "opportunities": 1})):
        story = the_hour()
        moves(story, ANA, (100, LINDGREN), (100 + stays, PEREC))
        ask_in(story, LINDGREN, 1, 50, 400, {})
        assert polls_of(story, ANA) == expected


def test_an_answer_counts_wherever_it_was_given() -> None:
    story = the_hour()
    moves(story, ANA, (100, LINDGREN), (108, None))
    ask_in(story, LINDGREN, 1, 50, 400, {ANA: 105})
    assert polls_of(story, ANA) == {"answered": 1, "opportunities": 1}


def test_acts_and_questions_in_a_room_count() -> None:
    story = the_hour()
    moves(story, ANA, (100, LINDGREN))
    before = len(story.lines)
    story.acts(ANA, 200, "chat")
    story.acts(ANA, 300, "reaction")
    story.wonders(ANA, 400)
    in_room(story, LINDGREN, before)
    counted = score(story.evidence(), ANA, when(HOUR)).counters
    assert (counted.interaction_count, counted.questions_asked) == (2, 1)


def test_who_was_put_out_comes_back_to_the_main_room() -> None:
    story = Story().runs([0, HOUR]).stays(ANA, [0, 150], [160, HOUR])
    moves(story, ANA, (100, LINDGREN))
    story.tell(150, ParticipantRemoved(user_id=ANA), MARA)
    ask_in(story, LINDGREN, 1, 200, 300, {})
    ask_in(story, None, 2, 200, 300, {})
    assert polls_of(story, ANA) == {"answered": 0, "opportunities": 1}


seeds = st.integers(0, 2**32).map(random.Random)


@given(seeds)
def test_nothing_that_is_offered_elsewhere_lowers_a_score(dice: random.Random) -> None:
    """With and without polls in places where she was not, some of them answered by others, one anonymous."""
    case = rounded(random_case(dice))
    alone, beside = told(case), told(case)
    places = [dice.choice([LINDGREN, None]) for _ in range(dice.randint(0, 6))]
    turns = list(zip(sorted(dice.randint(0, 3599) for _ in places), places, strict=True))
    for story in (alone, beside):
        moves(story, ANA, *turns)
        moves(story, BEN, (0, PEREC))
    for nth in range(100, 100 + dice.randint(1, 5)):
        start = dice.randint(0, 3500)
        ask_in(
            beside, PEREC, nth, start, start + dice.randint(1, 900), {BEN: start + 0.5} if dice.random() < 0.5 else {}
        )
    end = when(max(b for _, b in case["live"]))
    mine, again = (score(story.evidence(), ANA, end) for story in (alone, beside))
    assert without_rows(mine) == without_rows(again)


def without_rows(found: Score) -> list[Any]:
    parts = [(name, part.value, part.weight, part.points, part.numbers) for name, part in found.parts.items()]
    return [found.score, found.counters, parts]


def test_choosing_a_room_is_taking_part_once_and_being_sent_there_is_not() -> None:
    story = the_hour()
    moves(story, ANA, (100, LINDGREN))
    for at, room in ((200, PEREC), (300, None), (400, PEREC)):
        story.tell(at, BreakoutMoved(set_id=SET, moves=(Move(user_id=BEN, room=room),)), BEN)
    acts = {user: story.evidence().guests[user].acts for user in (ANA, BEN)}
    assert not acts[ANA]
    assert [each.kind for each in acts[BEN].values()] == ["breakout"]
