"""Whatever the lines do, everybody ends with the same scene: the browsers, the server, and whoever replays the log.

4,000 changes; with FAULTS=long 10,000 (`make faults`). Seeds that ever failed stand in failed_board_seeds.json and are tried first; a failing run writes its seed there.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from rooms.board_book import MAIN, BoardChanged, elements_of
from rooms.people import standing_of
from rooms.protocol import EVENTS
from rooms.room import STATE, replay
from rooms.visibility import view
from tests.laws.drawn_together import PEOPLE, Together, merged, scene_of
from tests.rooms.rehearsal import BEN

FAILED = Path(__file__).with_name("failed_board_seeds.json")
KEPT: list[int] = json.loads(FAILED.read_text())
SEEDS = range(1, 1 + {"long": 40}.get(os.environ.get("HYPOTHESIS_PROFILE", ""), 1))
CHANGES = 10_000 if os.environ.get("FAULTS") == "long" or os.environ.get("HYPOTHESIS_PROFILE") == "long" else 4_000
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module", params=list(dict.fromkeys([*KEPT, *SEEDS])))
def together(request: pytest.FixtureRequest) -> Iterator[Together]:
    failed = request.session.testsfailed
    yield Together(request.param).draw(CHANGES)
    if request.session.testsfailed > failed and request.param not in KEPT:
        FAILED.write_text(json.dumps(sorted([*KEPT, request.param])) + "\n")


def test_everybody_ends_with_the_same_scene(together: Together) -> None:
    server = together.server
    scene = scene_of(server.room)
    assert len(together.browsers) == PEOPLE
    assert server.changes >= CHANGES
    assert len(scene) > 50
    for browser in together.browsers:
        assert browser.seen.boards == view(server.room, standing_of(server.room, browser.user)).boards
        assert not browser.unsent
        assert browser.shown() == scene


def test_the_log_replayed_as_it_is_stored_is_the_same(together: Together) -> None:
    server = together.server
    assert replay(server.log) == server.room
    for each in server.log[-200:]:
        payload = json.loads(json.dumps(each.event.model_dump(mode="json", by_alias=True, exclude_none=True)))
        assert EVENTS.validate_python(payload) == each.event
    half = len(server.log) // 2
    kept = STATE.validate_json(STATE.dump_json(replay(server.log[:half]), by_alias=True))
    assert replay(server.log[half:], kept) == server.room


def test_merged_in_any_order_and_repeated_it_is_the_same(together: Together) -> None:
    """Without clearings, which stand at their place in the log, no order is needed at all."""
    changed = [each for each in together.server.log if isinstance(each.event, BoardChanged)]
    packets = [elements_of(each) for each in changed]
    inorder = merged(packets)
    for seed in range(3):
        dice = Random(seed)
        shuffled = [*packets, *dice.sample(packets, len(packets) // 3)]
        dice.shuffle(shuffled)
        assert merged(shuffled) == inorder


def test_the_counts_are_what_is_there(together: Together) -> None:
    room = together.server.room
    assert room.boards is not None
    page = room.boards.pages[MAIN]
    live = [each for each in (page.elements or {}).values() if not each.deleted]
    assert page.live == len(live)
    assert {"board.cleared", "board.restored"} <= {each.event.type for each in together.server.log}
    assert any(each.creator != each.author for each in live)
    seen = view(room, standing_of(room, BEN)).boards
    assert seen is not None
    assert seen.pages[MAIN] == page
