"""What a large board costs: opening it, changing it, deciding on a draft of it, folding its history (pure rules, no server).

    python -m bench.boards [--elements 5000]        writes the table into docs/performance.md

Bytes are facts; times are given beside the time of `json.loads` of the same change in the same run, because machines are noisy.
"""

import argparse
import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from time import perf_counter
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from bench.page import put
from rooms.board_book import MAIN, Boards, Element, Page, document
from rooms.feature import Context, Recorded
from rooms.ids import SessionId, UserId
from rooms.lifecycle import FeatureType, SessionFeature, SessionScheduled
from rooms.participants import ParticipantJoined
from rooms.protocol import COMMANDS
from rooms.roles import Role
from rooms.room import STATE, RoomState, apply, replay, step

NOW = datetime(2031, 5, 5, 9, 0, tzinfo=UTC)
MARA = UserId(str(uuid5(NAMESPACE_OID, "Mara")))
BOARD = SessionFeature(type=FeatureType.WHITEBOARD, config={"open": True})
PEOPLE = 12
A_COMMAND = 100


@dataclass(frozen=True)
class BoardFigures:
    elements: int
    opening_bytes: int
    opening_gzip_bytes: int
    change_of_1_bytes: int
    change_of_100_bytes: int
    draft_of_1_us: float
    draft_of_100_us: float
    shared: float  # of the page's buckets after a change of one element
    events_per_s: float  # folding changes of one element
    elements_per_s: float  # folding changes of 100
    reading_100_us: float  # json.loads of a change of 100 elements


class Easel:
    """A room with one large board; everything drawn by the dice."""

    def __init__(self, elements: int) -> None:
        self.dice = Random(1)
        self.people = [MARA, *(UserId(str(uuid5(NAMESPACE_OID, f"guest {each}"))) for each in range(PEOPLE - 1))]
        scheduled = SessionScheduled(
            title="Large boards",
            instructor_id=MARA,
            scheduled_start=NOW,
            scheduled_end=NOW,
            max_participants=PEOPLE,
            features=(BOARD,),
        )
        events = [scheduled, *(ParticipantJoined(user_id=each, role=Role.ASSISTANT) for each in self.people)]
        self.room = replay(Recorded(seq, NOW, MARA, None, each) for seq, each in enumerate(events, start=1))
        self.log: list[Recorded] = []
        self.empty = self.room
        for first in range(0, elements, A_COMMAND):
            self.draw([self.stroke(f"{each:021d}") for each in range(first, min(first + A_COMMAND, elements))])

    def context(self) -> Context:
        return Context(SessionId("bench"), self.dice.choice(self.people), NOW, new_id=lambda: "")

    def stroke(self, name: str, version: int = 1) -> dict[str, Any]:
        """A pen's stroke of some 30 points, or a rectangle, as Excalidraw writes them."""
        dice = self.dice
        points = [[dice.uniform(-300, 300), dice.uniform(-300, 300)] for _ in range(dice.randint(10, 50))]
        drawn: dict[str, Any] = {"type": "freedraw", "points": points, "pressures": [], "simulatePressure": True}
        return {
            "id": name,
            "version": version,
            "versionNonce": dice.randrange(2**31),
            "seed": dice.randrange(2**31),
            "index": f"a{name[-4:]}",
            **{side: dice.uniform(-4_000, 4_000) for side in ("x", "y", "width", "height")},
            **(drawn if dice.random() < 0.5 else {"type": "rectangle"}),
        }

    def draw(self, elements: list[dict[str, Any]]) -> list[Recorded]:
        command = COMMANDS.validate_python({"type": "board.change", "boardId": MAIN, "elements": elements})
        self.room, recorded = step(self.room, command, self.context(), None)
        self.log += recorded
        return list(recorded)

    def again(self, count: int) -> list[dict[str, Any]]:
        """The next version of some that are there."""
        held: Mapping[str, Element] = page_of(self.room).elements or {}
        chosen = self.dice.sample(sorted(held), count)
        return [
            {**self.stroke(each), "type": held[each].body["type"], "version": held[each].version + 1} for each in chosen
        ]


def page_of(room: RoomState) -> Page:
    boards = room.boards
    assert isinstance(boards, Boards)
    return boards.pages[MAIN]


def measure_boards(elements: int = 5_000) -> BoardFigures:
    easel = Easel(elements)
    opening = _json(document(page_of(easel.room)))
    ones, hundreds = easel.again(1), easel.again(A_COMMAND)
    drafts = [
        COMMANDS.validate_python({"type": "board.change", "boardId": MAIN, "elements": e}) for e in (ones, hundreds)
    ]
    events = [step(easel.room, each, easel.context(), None)[1][0] for each in drafts]
    wires = [_json(each.event.model_dump(mode="json", by_alias=True, exclude_none=True)) for each in events]
    contexts = easel.context()
    return BoardFigures(
        elements=elements,
        opening_bytes=len(opening),
        opening_gzip_bytes=len(gzip.compress(opening, 6)),
        change_of_1_bytes=len(wires[0]),
        change_of_100_bytes=len(wires[1]),
        draft_of_1_us=_fastest_us(lambda: step(easel.room, drafts[0], contexts, None)),
        draft_of_100_us=_fastest_us(lambda: step(easel.room, drafts[1], contexts, None)),
        shared=shared_buckets(easel.room, apply(easel.room, events[0])),
        events_per_s=1e6 / _fastest_us(lambda: apply(easel.room, events[0])),
        elements_per_s=A_COMMAND * 1e6 / _fastest_us(lambda: apply(easel.room, events[1])),
        reading_100_us=_fastest_us(lambda: json.loads(wires[1])),
    )


def shared_buckets(before: RoomState, after: RoomState) -> float:
    """How much of the page a draft has in common with what it was made of."""
    one, other = page_of(before).elements, page_of(after).elements
    assert one is not None
    assert other is not None
    return other.shared_with(one)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _fastest_us(work: Callable[[], object], repetitions: int = 30) -> float:
    times = []
    for _ in range(repetitions):
        begun = perf_counter()
        work()
        times.append(perf_counter() - begun)
    return min(times) * 1e6


HEADINGS = (
    "elements",
    "opening, kB",
    "its gzip, kB",
    "change of 1, B",
    "change of 100, kB",
    "draft of 1, µs",
    "draft of 100, µs",
    "(json.loads of 100, µs)",
    "buckets shared",
    "folds of 1 a second",
    "elements a second, 100 at once",
)


def table(rows: list[BoardFigures]) -> list[str]:
    lines = [
        "**Boards**, Excalidraw elements of which half are strokes of some 30 points; times are the fastest of 30.",
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"|{'---|' * len(HEADINGS)}",
    ]
    return lines + [
        f"| {each.elements:,} | {each.opening_bytes / 1e3:,.0f} | {each.opening_gzip_bytes / 1e3:,.0f} "
        f"| {each.change_of_1_bytes:,} | {each.change_of_100_bytes / 1e3:,.0f} | {each.draft_of_1_us:,.0f} "
        f"| {each.draft_of_100_us:,.0f} | {each.reading_100_us:,.0f} | {each.shared:.1%} "
        f"| {each.events_per_s:,.0f} | {each.elements_per_s:,.0f} |"
        for each in rows
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.boards")
    parser.add_argument("--elements", type=int, default=5_000)
    most = parser.parse_args().elements
    rows = [measure_boards(each) for each in (100, most // 5, most)]
    snapshot = Easel(most).room
    kept_us = _fastest_us(lambda: STATE.dump_json(snapshot, by_alias=True), 5)
    text = "\n".join([*table(rows), "", f"A snapshot of the largest for the database: {kept_us / 1e3:,.0f} ms."])
    put("boards", text, "Whiteboards", "python -m bench.boards")
    print(text)


if __name__ == "__main__":
    main()
