"""The hand-written table of test_never_visible.py, held against what really goes out: the WebSocket frames that delivery writes to
every connection while it happens, and the tail that somebody gets who comes back.

Each reader has a connection of their own; several events share a frame, as when a session is busy.
"""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace
from typing import Any

import msgpack
import pytest

from live.byes import Bye
from live.delivery import Audience, Viewer
from live.outbox import Outbox
from rooms.feature import Recorded
from rooms.ids import SessionId, UserId
from rooms.people import standing_of
from rooms.room import RoomState
from rooms.standings import standing_since
from tests.laws.improviser import History, improvise
from tests.laws.laws import READERS, rooms_of, wire
from tests.laws.test_never_visible import RARE, RELATIONS, RIGHTS, cell, place, relation, room_of, secrets, variant

EPOCH = "an epoch"
SESSION = SessionId("a session")
BATCH_EVENTS_MAX = 4
SELDOM = {"participant.removed lobby"}
"""Rows that the rules are held against in test_never_visible.py, and that frames may lack."""


class Kernel(asyncio.Transport):
    """Takes everything, or, as chance has it, a part; its transport gets the rest."""

    def __init__(self, dice: Random) -> None:
        super().__init__()
        self.received = bytearray()
        self._dice = dice

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return SimpleNamespace(_sock=self) if name == "socket" else default

    def send(self, data: bytes) -> int:
        taken = len(data) if self._dice.random() < 0.9 else self._dice.randrange(len(data))
        self.received += data[:taken]
        return taken

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.received += data

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False


class Wire:
    """One connection: every frame it was written, as a client would read them."""

    waiting_bytes = 0
    closing_down = False

    def __init__(self, dice: Random) -> None:
        self._kernel = Kernel(dice)
        self.outbox = Outbox(self._kernel, lambda: 0.0, lambda: None, self.fail)
        self.push = self.outbox.push
        self.push_if_idle = self.outbox.push

    def part(self, bye: Bye) -> None:
        self.fail()

    def fail(self) -> None:
        raise AssertionError("nobody is sent away here")

    def taken(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(name, document) of each frame since the last time."""
        received, at = bytes(self._kernel.received), 0
        self._kernel.received.clear()
        while at < len(received):
            assert received[at] == 0x82, "final, binary, not masked (RFC 6455 5.2)"
            size, start = received[at + 1], at + 2
            if size >= 126:
                start = at + {126: 4, 127: 10}[size]
                size = int.from_bytes(received[at + 2 : start], "big")
            at = start + size
            packet = msgpack.unpackb(received[start:at])
            assert (packet["type"], packet["nsp"]) == (2, "/live")
            yield packet["data"]


@dataclass
class Watched:
    """What came of one history: items by (reader, seq), who got a new view instead, and the state at each event."""

    items: dict[UserId, dict[int, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    views: set[tuple[UserId, int]] = field(default_factory=set)
    rooms: dict[int, RoomState] = field(default_factory=dict)
    log: list[Recorded] = field(default_factory=list)
    ways: Counter[str] = field(default_factory=Counter)


def watch(history: History) -> Watched:
    """Delivers a history batch by batch, to one connection of every reader, who were there from the first event on."""
    dice, audience, watched = Random(history.seed), Audience(SESSION), Watched(log=list(history.played.log))
    rooms = {recorded.seq: after for _, recorded, after in rooms_of(history)}
    wires = {user: Wire(dice) for user in READERS}
    first = rooms[1]
    for user in READERS:
        audience.add(Viewer(user, wires[user], standing_of(first, user), 1))
    done = 1
    while done < len(watched.log):
        batch = watched.log[done : done + dice.randint(1, BATCH_EVENTS_MAX)]
        done = batch[-1].seq
        audience.deliver(EPOCH, batch, rooms[done])
        for user in READERS:
            for name, document in wires[user].taken():
                assert (document["epoch"], document["sessionId"]) == (EPOCH, SESSION)
                if name == "snapshot":
                    assert document["seq"] == done
                    watched.views |= {(user, each.seq) for each in batch}
                else:
                    assert document["upto"] == done
                    watched.items[user] |= {item["seq"]: item for item in document["events"]}
            if dice.random() < 0.5:
                wires[user].outbox.flush()
        watched.ways += Counter("together" if each.company else "apart" for each in audience.viewers())
    watched.rooms = rooms
    return watched


@pytest.fixture(scope="module")
def histories() -> list[History]:
    return [improvise(seed, 260) for seed in range(2001, 2053)]


@pytest.fixture(scope="module")
def watched(histories: list[History]) -> list[Watched]:
    return [watch(history) for history in histories]


def test_every_connection_gets_what_the_table_says(watched: list[Watched]) -> None:
    checked, relations = Counter[tuple[str, str]](), Counter[str]()
    for seen in watched:
        for recorded in seen.log[1:]:
            for user in READERS:
                if (user, recorded.seq) in seen.views:
                    continue
                room = seen.rooms[recorded.seq]
                column = judge(recorded, user, room, seen.items[user].get(recorded.seq))
                checked[variant(recorded), column] += 1
                if RIGHTS[variant(recorded)]["elsewhere"] == "-":
                    relations[relation(recorded, place(room, user), room_of(room, user))] += 1
    views = sum(len(seen.views) for seen in watched)
    print(f"\n{sum(checked.values())} cells of delivered frames, {views} times a new view instead")
    print(f"of what belongs to a place: {dict(relations)}")
    assert set(relations) == RELATIONS
    rows = {row for row, _ in checked}
    assert set(RIGHTS) - rows - RARE - SELDOM == {"session.scheduled"}, "rows that no frame carried"
    assert views > 100
    ways = sum((seen.ways for seen in watched), Counter[str]())
    print(f"of all places after a batch {dict(ways)}")
    assert min(ways["together"], ways["apart"]) > 1_000


def judge(recorded: Recorded, user: UserId, room: RoomState, item: dict[str, Any] | None) -> str:
    there = room_of(room, user)
    column, right = cell(RIGHTS[variant(recorded)], recorded, user, place(room, user), there)
    if not holds(right, recorded, user, there, item):
        told = f"{variant(recorded)} for {place(room, user)} as {column} ({right})"
        raise AssertionError(f"{told}: {item} of {wire(recorded)}")
    return column


def holds(right: str, recorded: Recorded, user: str, there: str | None, item: dict[str, Any] | None) -> bool:
    """Whether the item of a frame or a page is what the cell says."""
    match right:
        case "W":
            return item is not None and without_time(item) == without_time(wire(recorded))
        case "-":
            return item is None
        case "r":
            held = json.dumps(item, ensure_ascii=False)
            return item is not None and not any(each in held for each in secrets(recorded, user, there))
        case _:
            return False


def without_time(item: dict[str, Any]) -> dict[str, Any]:
    """Frames write Z where Python writes +00:00."""
    return {name: value for name, value in item.items() if name != "at"}


def test_who_comes_back_gets_what_they_would_have_got(watched: list[Watched]) -> None:
    """A resume from every place of the standing one has at the end gives the very items that were delivered meanwhile, also where
    others who see it otherwise come back from the same place."""
    compared, together = 0, Counter[int]()
    for seen in watched:
        head, dice, audience = seen.log[-1].seq, Random(len(seen.log)), Audience(SESSION)
        room = seen.rooms[head]
        stops = [dice.randint(1, head - 1) for _ in range(3)]
        for user in READERS:
            since = max(standing_since(room, user), 1)
            while (user, since + 1) in seen.views:
                since += 1  # the batch of the change came as a view
            after = max(since, dice.choice(stops))
            if after >= head:
                continue
            wire_ = Wire(dice)
            viewer = Viewer(user, wire_, standing_of(room, user), after)
            audience.send_past(viewer, EPOCH, list(seen.log[after:]))
            (_, document), *further = wire_.taken()
            assert not further
            assert (document["after"], document["upto"], viewer.position) == (after, head, head)
            assert document["events"] == [item for seq, item in sorted(seen.items[user].items()) if seq > after]
            compared += len(document["events"])
            together[after in stops] += 1
    print(
        f"\n{compared} events of tails compared with what was delivered; {together[True]} came back from a place of others"
    )
    assert compared > 1_000
    assert together[True] > 50
