"""The cases on which the browser's fold of a whiteboard is tested: everything that was drawn on a board by many over bad lines,
what somebody gets who opens it in between, and the scenes that Python comes to.

    python -m tests.laws.generate_board_cases        writes tests/laws/board_cases.json.gz
"""

import gzip
import json
from pathlib import Path
from random import Random
from typing import Any

from rooms.board_book import MAIN, BoardChanged, document, elements_of
from rooms.people import standing_of
from rooms.room import STATE, RoomState, apply
from rooms.visibility import encoded_view, visible
from tests.laws.drawn_together import Together, merged
from tests.laws.laws import wire

FILE = Path(__file__).with_name("board_cases.json.gz")
SEEDS = (11, 12, 13)
CHANGES = 700
LOADS, MOMENTS = 12, 15
Case = dict[str, Any]


def generate(seed: int) -> Case:
    """One participant's view at the beginning and what they received; the board as it was now and then, and at the end."""
    together = Together(seed)
    user = together.browsers[5].user
    start = together.server.room
    room = together.draw(CHANGES).server.room
    log = [each for each in together.server.log if each.seq > start.seq]
    seen = [each for each in (visible(one, standing_of(room, user)) for one in log) if each is not None]
    dice = Random(seed)
    loads, moments = dice.sample(log, LOADS), dice.sample(log, MOMENTS)
    states = {start.seq: start}
    for each in log:
        states[each.seq] = apply(states[each.seq - 1], each)
    changes = [elements_of(each) for each in log if isinstance(each.event, BoardChanged)]
    return {
        "user": user,
        "view": json.loads(encoded_view(start, standing_of(start, user))),
        "events": [wire(each) for each in seen],
        "loads": [{"head": each.seq, "board": board_of(states[each.seq])} for each in loads],
        "moments": [{"seq": each.seq, "scene": versions(states[each.seq])} for each in moments],
        "merged": {key: [each.version, each.version_nonce] for key, each in merged(changes).items()},
        "after": json.loads(STATE.dump_json(room, by_alias=True, exclude_none=True))["boards"]["pages"][MAIN],
    }


def board_of(room: RoomState) -> Case:
    assert room.boards is not None
    return document(room.boards.pages[MAIN])


def versions(room: RoomState) -> dict[str, list[int]]:
    """What is to be seen."""
    assert room.boards is not None
    held = room.boards.pages[MAIN].elements
    assert held is not None
    return {key: [each.version, each.version_nonce] for key, each in held.items() if not each.deleted}


def main() -> None:
    cases = [generate(seed) for seed in SEEDS]
    text = json.dumps(cases, ensure_ascii=False, separators=(",", ":")).encode()
    FILE.write_bytes(gzip.compress(text, compresslevel=9, mtime=0))
    print(
        f"{len(cases)} boards, {sum(len(each['events']) for each in cases)} events, {FILE.stat().st_size} bytes: {FILE.name}"
    )


if __name__ == "__main__":
    main()
