"""Spans of speech: what one says in a while becomes few reports, and no second of it is reported twice."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from media.talk import ONSET_SLOTS, PAUSE_SLOTS, REPORT_EVERY_SLOTS, Span, Talk


def reports(speech: str) -> list[tuple[int, Span]]:
    """`#` is a slot in which they speak, `.` one in which they do not."""
    talk = Talk()
    told = [(slot, talk.step(each == "#", slot)) for slot, each in enumerate(speech)]
    told.append((len(speech), talk.end(len(speech))))
    return [(slot, span) for slot, span in told if span is not None]


def test_a_sentence_is_one_span_told_when_it_ended() -> None:
    assert reports("." * 10 + "#" * 100 + "." * 200) == [(10 + 100 + PAUSE_SLOTS, (10, 110))]


def test_a_click_is_no_speech() -> None:
    assert reports(("#" * (ONSET_SLOTS - 1) + "." * 50) * 20) == []


def test_pauses_between_words_are_part_of_it() -> None:
    ((_, span),) = reports(("#" * 20 + "." * 10) * 10 + "." * 200)
    assert span == (0, 290)


def test_a_long_speech_is_told_every_ten_seconds_without_gap_or_overlap() -> None:
    told = reports("#" * 1_600 + "." * 600)
    assert [span for _, span in told] == [(0, 501), (501, 1_002), (1_002, 1_503), (1_503, 1_600)]
    assert told[3][0] - told[2][0] >= REPORT_EVERY_SLOTS


def test_who_leaves_is_told_of_at_once() -> None:
    assert reports("#" * 50) == [(50, (0, 50))]


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 120)), max_size=60))
def test_never_more_than_one_in_ten_seconds_and_never_the_same_slot_twice(runs: list[tuple[bool, int]]) -> None:
    speech = "".join(("#" if speaks else ".") * length for speaks, length in runs)
    told = reports(speech)
    during = [slot for slot, _ in told if slot < len(speech)]
    assert all(later - earlier >= REPORT_EVERY_SLOTS for earlier, later in pairwise(during))
    spans = [span for _, span in told]
    assert all(first < last for first, last in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    said = [slot for slot, each in enumerate(speech) if each == "#"]
    assert not spans or (said and spans[-1][1] <= said[-1] + 1)
