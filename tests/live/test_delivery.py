"""Getting events to those who watch, without a server: what a frame covers is what was delivered."""

from typing import Any

import msgpack

from live.byes import Bye
from live.delivery import Audience, Viewer
from rooms.ids import SessionId
from rooms.people import standing_of
from tests.rooms.rehearsal import ANA, MARA, Rehearsal


class Wire:
    """Keeps the frames that were pushed, decoded."""

    outbox = None
    waiting_bytes = 0
    closing_down = False

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []

    def push(self, data: bytes, events: int = 0) -> None:
        header = 2 if data[1] < 126 else 4
        self.frames.append(msgpack.unpackb(data[header:])["data"][1])

    def push_if_idle(self, data: bytes) -> None: ...

    def part(self, bye: Bye) -> None: ...


def test_an_empty_frame_never_covers_what_is_not_delivered_yet() -> None:
    """The state is ahead of the delivery while names are read: nobody may be told meanwhile that they stand there."""
    played, wire, audience = Rehearsal.running(), Wire(), Audience(SessionId("s"))
    audience.add(Viewer(ANA, wire, standing_of(played.room, ANA), played.room.seq))
    start = played.room.seq

    hidden = played.do(MARA, {"type": "chat.send", "text": "for staff", "to": "staff"})
    audience.deliver("e", hidden, played.room)
    assert wire.frames == []
    shown = played.do(MARA, {"type": "chat.send", "text": "for all"})  # decided, committed, not delivered
    audience.cover("e")
    audience.deliver("e", shown, played.room)

    assert [(each["after"], each["upto"]) for each in wire.frames] == [(start, start + 1), (start + 1, start + 2)]
    assert [event["type"] for each in wire.frames for event in each["events"]] == ["chat.sent"]


def test_a_range_of_another_epoch_is_not_covered() -> None:
    played, wire, audience = Rehearsal.running(), Wire(), Audience(SessionId("s"))
    audience.add(Viewer(ANA, wire, standing_of(played.room, ANA), played.room.seq))
    hidden = played.do(MARA, {"type": "chat.send", "text": "for staff", "to": "staff"})
    audience.deliver("before the restore", hidden, played.room)
    audience.cover("after it")
    assert wire.frames == []
