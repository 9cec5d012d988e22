"""Looks over the server's shoulder while it works, at little cost: now and then at the log of a session held here (I2: no number is
missing), and at what one connection is being sent (I3: one contiguous run of exactly what it may see). What it finds cannot be
mended here; it is told in the log and the metrics, and /readyz says `degraded` from then on, because somebody has to look.

Knows delivery by what passes its sink, and trusts nothing else of it: frames are taken apart again, and what they should hold is
worked out from the rows.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, Literal

import msgpack
import structlog

from live.byes import Bye
from live.delivery import Sink, Viewer
from live.host import Host
from live.hosts import Hosts
from live.packets import BINARY_FRAME, EVENT
from persistence.database import Database, Unavailable
from persistence.event_log import EventLog
from persistence.log_check import look
from rooms.feature import Recorded, Standing
from rooms.ids import SessionId
from rooms.people import PersonErased
from rooms.visibility import visible

log = structlog.get_logger("checker")

CHECK_EVERY_S = 2.0
LOG_ROWS = 1_000  # numbers looked at in one go
KNOWN_MAX = 5_000  # sessions whose place is remembered
FRAMES_MAX = 20  # of one connection, then another one is looked at
WATCH_S = 10.0
READ_EVENTS_MAX = 500
Kind = Literal["log", "delivery"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`seq`: where the run broke. `why` is one of our own words."""

    at: datetime
    kind: Kind
    session: SessionId
    seq: int
    why: str


class Checker:
    def __init__(self, hosts: Hosts, database: Database, event_log: EventLog) -> None:
        self.events_seen = 0  # numbers of logs
        self.frames_seen = 0
        self.violations: Counter[Kind] = Counter({"log": 0, "delivery": 0})
        self.looked_at: datetime | None = None  # when a look was finished last
        self.last: Finding | None = None
        self._hosts = hosts
        self._database = database
        self._event_log = event_log
        self._known: OrderedDict[SessionId, tuple[str, int]] = OrderedDict()  # epoch, and looked at up to there
        self._tap: Tap | None = None
        self._random = Random()  # noqa: S311 - for samples

    @property
    def is_clean(self) -> bool:
        return self.last is None

    async def keep_checking(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await asyncio.sleep(CHECK_EVERY_S)
                await self.check()
        finally:
            self._let_go()

    async def check(self) -> None:
        """One session's log, and the frames that the sampled connection was sent since the last look."""
        try:
            held = self._hosts.held()
            if held:
                await self._check_log(self._random.choice(held))
            await self._check_delivery(held)
            self.looked_at = datetime.now(UTC)
        except Unavailable:
            pass  # nothing can be compared now

    # -- I2 -------------------------------------------------------------------------------------------------------------

    async def _check_log(self, host: Host) -> None:
        """From where the last look ended; at the end of the log, some stretch of it again."""
        session, epoch, stood_at = host.session, host.epoch, host.room.seq
        known_epoch, upto = self._known.get(session, (epoch, 0))
        if known_epoch != epoch:
            upto = 0
        after = upto if upto < stood_at else self._random.randrange(max(1, upto))
        stretch = await look(self._database, session, after, LOG_ROWS)
        if stretch is None or stretch.epoch != epoch:  # gone, or another log since: its host will notice
            self._known.pop(session, None)
            return
        self.events_seen += len(stretch.seqs)
        if stretch.gap_at is not None:
            self._found("log", session, stretch.gap_at, "a number is missing")
        elif stood_at > stretch.last_seq:
            self._found("log", session, stretch.last_seq + 1, "this process is ahead of the log")
        self._known[session] = epoch, max(upto, stretch.upto)
        self._known.move_to_end(session)
        while len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)

    # -- I3 -------------------------------------------------------------------------------------------------------------

    async def _check_delivery(self, held: Sequence[Host]) -> None:
        tap = self._tap
        if tap is not None:
            frames = tap.taken()
            if frames:
                await self._check_frames(tap, frames)
            if tap.is_over:
                self._let_go()
        if self._tap is None:
            watched = [host for host in held if len(host.audience)]
            if watched:
                host = self._random.choice(watched)
                self._tap = Tap(host, self._random.choice(host.audience.viewers()))

    async def _check_frames(self, tap: "Tap", frames: Sequence["Sent"]) -> None:
        packets = [(sent.standing, *packet) for sent in frames for packet in packets_in(sent.data)]
        covered = [document for _, name, document in packets if name == "events"]
        first = covered[0]["after"] if covered else 0
        count = min(max((document["upto"] for document in covered), default=0) - first, READ_EVENTS_MAX)
        read = await self._event_log.read(tap.host.session, first, count) if count > 0 else []
        rows = {each.seq: each for each in read}
        for standing, name, document in packets:
            if name == "snapshot":
                tap.expected = document["seq"]
            elif name == "events":
                self.frames_seen += 1
                wrong = self._wrong_in_chain(tap, document) or await self._wrong_in_range(
                    tap, standing, document, first, rows
                )
                if wrong is not None:
                    self._found("delivery", tap.host.session, tap.expected, wrong)
                tap.expected = document["upto"]

    def _wrong_in_chain(self, tap: "Tap", document: dict[str, Any]) -> str | None:
        after, upto = document["after"], document["upto"]
        seqs = [item["seq"] for item in document["events"]]
        if document["epoch"] != tap.epoch:
            return "another epoch"
        if after != tap.expected:
            return "a frame does not begin where the one before it ended"
        if upto < after or seqs != sorted(set(seqs)) or (seqs and not after < seqs[0] <= seqs[-1] <= upto):
            return "events are out of order"
        return None

    async def _wrong_in_range(
        self, tap: "Tap", standing: Standing, document: dict[str, Any], first: int, rows: dict[int, Recorded]
    ) -> str | None:
        """Against the rows: exactly those that this standing may see. `rows`: as many after `first` as were read."""
        after, upto = document["after"], document["upto"]
        if upto <= after or upto > first + READ_EVENTS_MAX or tap.host.epoch != tap.epoch:
            return None
        held = [rows[seq] for seq in range(after + 1, upto + 1) if seq in rows]
        if len(held) != upto - after:
            return "more was sent than the log holds"
        expected = [each.seq for each in held if visible(each, standing) is not None]
        if expected != [item["seq"] for item in document["events"]] and not await _was_erased_since(tap.host, upto):
            return "not exactly what may be seen was sent"
        return None

    def _let_go(self) -> None:
        if self._tap is not None:
            self._tap.let_go()
            self._tap = None

    def _found(self, kind: Kind, session: SessionId, seq: int, why: str) -> None:
        self.violations[kind] += 1
        self.last = Finding(datetime.now(UTC), kind, session, seq, why)
        log.error("an invariant does not hold", invariant=kind, session=session, seq=seq, why=why)


@dataclass(frozen=True, slots=True)
class Sent:
    data: bytes
    standing: Standing


class Tap:
    """Stands between a viewer and its connection for a while, passes everything on, and keeps a few of the frames."""

    def __init__(self, host: Host, viewer: Viewer) -> None:
        self.host = host
        self.epoch = host.epoch
        self.expected = viewer.position
        self._viewer = viewer
        self._sink: Sink = viewer.sink
        self._sent: list[Sent] = []
        self._kept = 0
        self._now = asyncio.get_running_loop().time
        self._until = self._now() + WATCH_S
        self.outbox = None  # everything comes this way
        viewer.set_apart()
        viewer.sink = self

    @property
    def is_over(self) -> bool:
        """Enough was looked at; asked once what was kept has been taken, so no frame falls between."""
        return self._kept >= FRAMES_MAX or self._now() >= self._until or self._sink.closing_down

    def taken(self) -> list[Sent]:
        sent, self._sent = self._sent, []
        return sent

    def let_go(self) -> None:
        if self._viewer.sink is self:
            self._viewer.sink = self._sink

    # -- the connection, as delivery knows it ----------------------------------------------------------------------------

    def push(self, data: bytes, events: int = 0) -> None:
        if events and self._kept < FRAMES_MAX and not self._sink.closing_down:
            self._kept += 1
            self._sent.append(Sent(data, self._viewer.standing))
        self._sink.push(data, events)

    def push_if_idle(self, data: bytes) -> None:
        self._sink.push_if_idle(data)

    def part(self, bye: Bye) -> None:
        self._sink.part(bye)

    @property
    def waiting_bytes(self) -> int:
        return self._sink.waiting_bytes

    @property
    def closing_down(self) -> bool:
        return self._sink.closing_down


async def _was_erased_since(host: Host, seq: int) -> bool:
    """Rows that name a person lose them when the person is erased: they no longer say who saw them."""
    return any(isinstance(each.event, PersonErased) for each in await host.events(seq, READ_EVENTS_MAX))


def packets_in(data: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """What live/packets.py framed, read back: (name, document) of every event packet."""
    at = 0
    while at < len(data):
        opcode, size = data[at] & 0x0F, data[at + 1] & 0x7F
        wide = {126: 2, 127: 8}.get(size, 0)
        start = at + 2 + wide
        if wide:
            size = int.from_bytes(data[at + 2 : start], "big")
        at = start + size
        if opcode == BINARY_FRAME:
            packet = msgpack.unpackb(data[start:at])
            if packet["type"] == EVENT:
                name, document = packet["data"]
                yield name, document
