"""What a large board costs, as ratios that hold on any machine (the figures: python -m bench.boards)."""

import json
from collections.abc import Callable
from time import process_time
from typing import Any

import pytest

from bench.boards import Easel, page_of, shared_buckets
from rooms.board_book import document
from rooms.people import standing_of
from rooms.room import STATE, apply, replay
from rooms.visibility import encoded_view


@pytest.fixture(scope="module")
def small() -> Easel:
    return Easel(200)


@pytest.fixture(scope="module")
def large() -> Easel:
    return Easel(5_000)


def size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":")))


def fastest_s(work: Callable[[], object], repetitions: int = 9) -> float:
    times = []
    for _ in range(repetitions):
        begun = process_time()
        work()
        times.append(process_time() - begun)
    return min(times)


@pytest.mark.parametrize("count", [1, 10, 100])
def test_a_change_costs_bytes_in_proportion_to_its_elements(small: Easel, large: Easel, count: int) -> None:
    for easel in (small, large):
        elements = easel.again(count)
        [recorded] = easel.draw(elements)
        sent = recorded.event.model_dump(mode="json", by_alias=True, exclude_none=True)
        completed = size(sent["elements"])
        assert size(sent) < completed + 400 + 70 * count, "but for the elements and who drew them, next to nothing"
        assert completed < size(elements) + 600 * count, "an element is completed, not multiplied"


def test_a_draft_shares_all_that_it_does_not_change(large: Easel) -> None:
    before = large.room
    [one] = large.draw(large.again(1))
    assert shared_buckets(before, apply(before, one)) > 0.99
    elements = page_of(before).elements
    after = page_of(large.room).elements
    assert elements is not None
    assert after is not None
    assert len(after.changed_since(elements)) == 1
    assert page_of(before).elements is elements, "and leaves what it was made of as it is"


def test_a_change_costs_the_same_on_a_large_board(small: Easel, large: Easel) -> None:
    def fold(easel: Easel) -> Callable[[], object]:
        room = easel.room
        [recorded] = easel.draw(easel.again(1))
        return lambda: [apply(room, recorded) for _ in range(200)]

    assert fastest_s(fold(large)) < 4 * fastest_s(fold(small)), "25 times as many elements"


def test_a_join_does_not_pay_for_the_scene(large: Easel) -> None:
    room, user = large.room, large.people[1]
    seen = encoded_view(room, standing_of(room, user))
    assert len(seen) < 0.01 * size(document(page_of(room)))


def test_what_a_board_holds_is_written_out_once(large: Easel) -> None:
    """A snapshot for the database, against writing the same document with nothing but the standard library."""
    document_ = json.loads(STATE.dump_json(large.room, by_alias=True))
    assert fastest_s(lambda: STATE.dump_json(large.room, by_alias=True), 3) < 2 * fastest_s(
        lambda: json.dumps(document_), 3
    )


def test_the_history_of_a_large_board_folds_to_it(large: Easel) -> None:
    assert replay(large.log, large.empty) == large.room
