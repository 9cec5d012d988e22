"""Voices cut into utterances: at pauses, after eight seconds at the latest, and without losing a frame in between."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from media.opus import FRAME, Pcm
from media.utterances import (
    AT_ONCE_MAX,
    LEAD_SLOTS,
    LONGEST_SLOTS,
    PAUSE_SLOTS,
    WORD_SLOTS,
    Scissors,
    Utterance,
)

LOUD, SOFT = 8_000, 40


def frame(number: int, loud: bool) -> Pcm:
    """Tells its number, so that it can be found again."""
    made = np.full(FRAME, LOUD if loud else SOFT, np.int16)
    made[0] = number
    return made


def cut(speech: str, first: int = 0) -> list[Utterance]:
    """`#` is a slot in which they speak, `.` one in which they do not, a blank one in which nothing came at all."""
    scissors, found = Scissors(), []
    for slot, each in enumerate(speech, first):
        pcm = None if each == " " else frame(slot, each == "#")
        found.append(scissors.hear("ana", pcm, each == "#", slot))
    return [each for each in [*found, scissors.end("ana")] if each is not None]


def spans(speech: str) -> list[tuple[int, int]]:
    return [(each.first, each.end) for each in cut(speech)]


def numbers(utterance: Utterance) -> list[int]:
    return [int(each) for each in utterance.pcm[::FRAME]]


def test_a_sentence_ends_with_a_pause_of_half_a_second() -> None:
    assert PAUSE_SLOTS * FRAME == 24_000
    assert spans("." * 50 + "#" * 100 + "." * 60 + "#" * 80 + "." * 40) == [(50, 150), (210, 290)]


def test_a_shorter_pause_is_part_of_it() -> None:
    assert spans("#" * 40 + "." * (PAUSE_SLOTS - 1) + "#" * 40 + "." * 50) == [(0, 40 + PAUSE_SLOTS - 1 + 40)]


def test_a_pause_in_which_nothing_is_sent_is_one_too() -> None:
    assert spans("#" * 40 + " " * 30 + "#" * 40 + " " * 10 + "#" * 5) == [(0, 40), (70, 125)]


def test_a_word_keeps_its_soft_beginning_and_what_follows() -> None:
    (one,) = cut("." * 50 + "#" * 30 + "." * 60)
    assert numbers(one) == list(range(50 - LEAD_SLOTS, 80 + PAUSE_SLOTS))
    (fresh,) = cut("." * 50 + " " * 5 + "##" + "#" * 30)
    assert numbers(fresh)[0] == 55, "what was before a gap is not what was before the word"


def test_a_click_is_no_utterance() -> None:
    assert spans(("#" * (WORD_SLOTS - 1) + "." * 50) * 20) == []


def test_whoever_does_not_pause_is_cut_after_eight_seconds_where_it_is_quietest() -> None:
    assert LONGEST_SLOTS * FRAME == 8 * 48_000
    quiet = 340
    one, two = cut("#" * quiet + "." * 5 + "#" * 200)
    assert one.end == quiet
    assert two.first == quiet + 5
    assert quiet <= len(numbers(one)) <= quiet + 5
    assert numbers(one) + numbers(two) == list(range(quiet + 5 + 200)), "and no frame is lost"


@given(st.text("##. ", max_size=2_000))
def test_no_utterance_is_too_long_and_nothing_loud_is_said_twice(speech: str) -> None:
    found = cut(speech, first=1)
    heard = [number for each in found for number in numbers(each) if number]
    assert heard == sorted(set(heard))
    assert all(len(numbers(each)) <= LONGEST_SLOTS for each in found)
    assert all(each.first < each.end for each in found)
    assert all(one.end <= two.first for one, two in pairwise(found))


def test_who_may_not_speak_any_more_has_said_what_they_said_until_then() -> None:
    scissors = Scissors()
    for slot in range(30):
        assert scissors.hear("ana", frame(slot, loud=True), True, slot) is None
    said = scissors.end("ana")
    assert said is not None
    assert (said.first, said.end) == (0, 30)
    assert scissors.end("ana") is None
    assert scissors.end("nobody") is None


def test_so_many_at_once_and_no_more() -> None:
    scissors = Scissors()
    crowd = [f"person {number}" for number in range(AT_ONCE_MAX + 5)]
    for slot in range(30):
        for each in crowd:
            scissors.hear(each, frame(slot, loud=True), True, slot)
    assert [each for each in crowd if scissors.end(each) is not None] == crowd[:AT_ONCE_MAX]
