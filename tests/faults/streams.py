"""What each client was shown against what its standing may see: I3 (a contiguous run of the visible log, in its order), I7
(its fold, the server's view and the replay of the log are the same), I8 (nothing that the standing may not see).

rooms/visibility.py says what is visible (oracle.py); canaries.py looks without it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from rooms.feature import Recorded
from rooms.protocol import EVENTS
from rooms.room import FEATURES, STATE, RoomState, apply
from tests.faults.log import Violation
from tests.faults.oracle import Document, Oracle, plain
from tests.faults.recording import Body, History, Line


def decoded_event(item: Body) -> Recorded:
    """Raises ValidationError, also for fields that nobody declared."""
    fields = {name: value for name, value in item.items() if name not in {"seq", "at", "actor", "command"}}
    at = datetime.fromisoformat(item["at"])
    return Recorded(item["seq"], at, item.get("actor"), item.get("command"), EVENTS.validate_python(fields))


def decoded_view(document: Document) -> RoomState:
    """A slice that is not there is hidden, not empty."""
    hidden = dict.fromkeys(feature.name for feature in FEATURES)
    return STATE.validate_python({**hidden, **document, "standings": None})


def positions(history: History) -> set[int]:
    """Where views are compared: at every snapshot, and where a client stood before it."""
    found, here = set[int](), 0
    for line in history.lines:
        if line.kind == "events":
            here = max(here, line.body["upto"])
        elif line.kind in {"snapshot", "state"} or (line.kind == "joined" and line.body.get("snapshot")):
            found |= {here, line.body["seq"]}
            here = line.body["seq"]
    return found | {here}


@dataclass
class Follower:
    """A client's stream, followed message by message. `seq` None: it has not been told anything yet."""

    history: History
    oracle: Oracle
    seq: int | None = None
    fold: RoomState | None = None
    joined: bool = False
    asked_after: int | None = None
    applied: int = 0
    snapshots: int = 0
    resumes: int = 0

    def follow(self) -> Iterator[Violation]:
        steps: Mapping[str, Callable[[Line], Iterator[Violation]]] = {
            "join": self._join,
            "joined": self._joined,
            "events": self._events,
            "snapshot": self._snapshot,
            "state": self._state,
            "rest": self._rest,
        }
        for line in self.history.lines:
            if line.kind in steps:
                yield from steps[line.kind](line)
            elif line.kind == "connect":  # what an ended connection had brought may be read after its end was noticed
                self.joined = False
        yield from self._check_fold("at the end")

    def _wrong(self, rule: str, what: str) -> Violation:
        return Violation(rule, self.history.name, what)

    # -- joining ----------------------------------------------------------------------------------------------------------

    def _join(self, line: Line) -> Iterator[Violation]:
        self.joined, self.asked_after = False, line.body.get("after")
        yield from ()

    def _joined(self, line: Line) -> Iterator[Violation]:
        ack = line.body
        if not ack.get("ok"):
            return
        self.joined = True
        told, standing = ack["you"]["standing"], self.oracle.standing(self.history.user, ack["seq"])
        if (told["staff"], told["admitted"]) != (standing.staff, standing.admitted):
            yield self._wrong("I3", f"joined at {ack['seq']} as {told}, is {standing}")
        if ack["epoch"] not in {self.oracle.log.epoch, *self.oracle.log.earlier}:
            yield self._wrong("I3", f"joined epoch {ack['epoch']}, the log is of {self.oracle.log.epoch}")
        if ack.get("snapshot"):
            if self.asked_after is not None and not ack.get("resync"):
                yield self._wrong("I3", f"a resume from {self.asked_after} was answered by a snapshot without `resync`")
            yield from self._begin_anew(ack["seq"], ack["snapshot"]["view"])
        else:
            self.resumes += 1
            if self.asked_after is None or ack["seq"] != self.asked_after or ack["seq"] != self.seq:
                yield self._wrong(
                    "I3", f"resumed at {ack['seq']} after asking for {self.asked_after}, stood at {self.seq}"
                )

    def _snapshot(self, line: Line) -> Iterator[Violation]:
        if not self.joined:
            yield self._wrong("I3", "a snapshot outside a session")
        yield from self._begin_anew(line.body["seq"], line.body["view"])

    def _begin_anew(self, seq: int, document: Document) -> Iterator[Violation]:
        yield from self._check_fold(f"before the snapshot at {seq}")
        if self.seq is not None and seq < self.seq:
            yield self._wrong("I3", f"a snapshot at {seq}, after {self.seq}")
        self.seq, self.snapshots = seq, self.snapshots + 1
        yield from self._check_view(document, f"the snapshot at {seq}")
        self.fold = decoded_view(document)

    # -- frames -----------------------------------------------------------------------------------------------------------

    def _events(self, line: Line) -> Iterator[Violation]:
        frame = line.body
        after, upto = frame["after"], frame["upto"]
        if not self.joined or self.seq is None:
            yield self._wrong("I3", f"a frame {after}..{upto} outside a session")
            return
        if after != self.seq or upto < after or upto > self.oracle.log.last_seq:
            yield self._wrong("I3", f"a frame {after}..{upto}, where {self.seq} was reached")
        if self.oracle.standing(self.history.user, upto) != self.oracle.standing(self.history.user, after):
            yield self._wrong("I8", f"a frame {after}..{upto} across a change of standing")
        yield from self._check_items(frame["events"], after, upto)
        self.seq = max(self.seq, upto)

    def _check_items(self, items: Sequence[Body], after: int, upto: int) -> Iterator[Violation]:
        """Everything visible of (after, upto], nothing else."""
        received = {item["seq"]: item for item in items}
        if [item["seq"] for item in items] != sorted(received):
            yield self._wrong("I3", f"out of order or twice in {after}..{upto}: {[item['seq'] for item in items]}")
        for seq in sorted(received.keys() - set(range(after + 1, upto + 1))):
            yield self._wrong("I3", f"event {seq} in the frame {after}..{upto}")
        for seq in range(after + 1, min(upto, self.oracle.log.last_seq) + 1):
            whole, blank = self.oracle.may_have(self.history.user, seq)
            if seq not in received:
                if whole is not None:
                    yield self._wrong("I3", f"{whole.event.type} at {seq} was kept from a client who may see it")
                continue
            try:
                event = decoded_event(received[seq])
            except (ValidationError, KeyError, ValueError) as error:
                yield self._wrong("I3", f"event {seq} is none of the protocol: {str(error)[:300]}")
                continue
            if whole is None:
                yield self._wrong("I8", f"{event.event.type} at {seq} was shown to a client who may not see it")
            elif event not in (whole, blank):
                yield self._wrong("I8", f"{event.event.type} at {seq} is not what this client may see of it")
            self.applied += 1
            if self.fold is not None:
                self.fold = apply(self.fold, event)

    # -- folds --------------------------------------------------------------------------------------------------------------

    def _state(self, line: Line) -> Iterator[Violation]:
        """What a fresh join was told at the end; the client has caught up with it."""
        if line.body["seq"] != self.seq:
            yield self._wrong("I3", f"stands at {self.seq}, a fresh join at {line.body['seq']}")
        yield from self._check_view(line.body["view"], "a fresh join")
        if self.fold is not None and self.seq is not None and self.seq == line.body["seq"]:
            standing = self.oracle.standing(self.history.user, self.seq)
            if plain(self.fold, standing) != plain(decoded_view(line.body["view"]), standing):
                yield self._wrong("I7", f"the fold at {self.seq} is not the server's view")

    def _rest(self, line: Line) -> Iterator[Violation]:
        """What `GET …/state` said at the same moment: the whole view, of which a snapshot is the latest part."""
        standing = self.oracle.standing(self.history.user, line.body["seq"])
        expected = self.oracle.view(self.history.user, line.body["seq"])
        found = plain(decoded_view(line.body["view"]), standing)
        if found != expected:
            yield self._wrong("I7", f"REST differs at {line.body['seq']}: {difference(found, expected)}")

    def _check_fold(self, when: str) -> Iterator[Violation]:
        if self.fold is None or not self.seq or self.seq not in self.oracle.states:
            return
        # Of a snapshot, what the standing was that it was made for: it may change with the very next event.
        expected = self.oracle.view(self.history.user, self.seq)
        found = plain(self.fold, self.oracle.standing(self.history.user, self.seq))
        if found != expected:
            yield self._wrong(
                "I7", f"the fold at {self.seq} ({when}) differs from the log: {difference(found, expected)}"
            )

    def _check_view(self, document: Document, what: str) -> Iterator[Violation]:
        """Byte for byte: a hidden slice that comes as an empty one is a difference too."""
        assert self.seq is not None
        expected = self.oracle.view(self.history.user, self.seq)
        found = {name: value for name, value in document.items() if name not in {"seq", "at"}}
        if found != expected:
            yield self._wrong("I8", f"{what} is not the view at {self.seq}: {difference(found, expected)}")


def difference(found: Any, expected: Any, path: str = "") -> str:
    """The first place at which two documents differ."""
    if isinstance(found, Mapping) and isinstance(expected, Mapping):
        for key in sorted(found.keys() | expected.keys()):
            if found.get(key) != expected.get(key):
                return difference(found.get(key), expected.get(key), f"{path}/{key}")
    if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for index, (one, other) in enumerate(zip(found, expected, strict=True)):
            if one != other:
                return difference(one, other, f"{path}/{index}")
    return f"{path or '/'}: {str(found)[:200]} instead of {str(expected)[:200]}"
