"""The cases on which the browser's fold is tested: a view, the visible events after it, and the later view, as JSON of the wire.

    python -m tests.laws.generate_cases        writes tests/laws/cases.json.gz

Made from random legal histories by their seeds, so the same rules always give the same cases. Each case lies within one
standing; together they show every event in every form in which somebody may have it.
"""

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from rooms.room import STATE, RoomState
from rooms.visibility import view
from tests.laws.improviser import History, improvise
from tests.laws.laws import READERS, Reader, rooms_of, start_reading, wire

FILE = Path(__file__).with_name("cases.json.gz")
SEEDS = (*range(1001, 1041), 1050, 1068)  # the last two for what is rare: a question that is no longer pinned
STEPS = 160
CASES = 300
OFTEN = 3
"""So many cases show an event in one form, where the histories have them."""
LENGTHS = (1, 2, 3, 5, 8, 30)

Case = dict[str, Any]


def generate(seeds: Iterable[int] = SEEDS) -> list[Case]:
    dice = Random(1)
    shown = Counter[str]()
    chosen: list[Case] = []
    rest: list[Case] = []
    for seed in seeds:
        for case in _candidates(improvise(seed, STEPS), dice):
            forms = {form(each) for each in case["events"]}
            wanted = any(shown[each] < OFTEN for each in forms)
            (chosen if wanted else rest).append(case)
            shown.update(forms if wanted else ())
    return chosen + dice.sample(rest, min(len(rest), max(0, CASES - len(chosen))))


def form(event: dict[str, Any]) -> str:
    """Which fields an event has: the redacted is another form than the whole."""
    return f"{event['type']} {' '.join(sorted(event.keys() - {'seq', 'at', 'type', 'command'}))}"


def _candidates(history: History, dice: Random) -> Iterator[Case]:
    """Stretches of what each reader saw, each within a standing."""
    for user in READERS:
        reader = start_reading(user)
        begun: Case | None = None
        length = 0
        for _, recorded, after in rooms_of(history):
            standing, heard = reader.standing, len(reader.heard)
            reader.follow(recorded, after)
            if reader.standing != standing:
                begun = None
            elif begun is not None and len(reader.heard) > heard:
                begun["events"].append(wire(reader.heard[-1]))
                if len(begun["events"]) >= length:
                    yield {**begun, "after": on_the_wire(reader, after)}
                    begun = None
            if begun is None:
                begun, length = _begin(reader, after), dice.choice(LENGTHS)


def _begin(reader: Reader, room: RoomState) -> Case:
    held = reader.standing
    standing = {"user": held.user, "staff": held.staff, "admitted": held.admitted, "room": held.room}
    return {"standing": standing, "view": on_the_wire(reader, room), "events": []}


def on_the_wire(reader: Reader, room: RoomState) -> dict[str, Any]:
    encoded: dict[str, Any] = json.loads(STATE.dump_json(view(room, reader.standing), by_alias=True, exclude_none=True))
    return encoded


def encode(cases: list[Case]) -> bytes:
    return json.dumps(cases, ensure_ascii=False, separators=(",", ":")).encode()


def main() -> None:
    cases = generate()
    FILE.write_bytes(gzip.compress(encode(cases), compresslevel=9, mtime=0))
    print(f"{len(cases)} cases, {FILE.stat().st_size} bytes: {FILE.name}")


if __name__ == "__main__":
    main()
