"""What each client was shown against what its standing may see: I3 (a contiguous run of the visible log, in its order), I7
(its fold, the server's view and the replay of the log are the same), I8 (nothing that the standing may not see).

rooms/visibility.py says what is visible. Independent of it, words written for few (`secret` lines) may not occur in
the bytes that anybody else received.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from rooms.feature import Recorded, Standing
from rooms.ids import UserId
from rooms.people import standing_of
from rooms.protocol import EVENTS
from rooms.room import FEATURES, STATE, RoomState, apply, blanked
from rooms.visibility import visible, window
from tests.faults.answers import CANARY
from tests.faults.log import Log, Violation
from tests.faults.recording import Body, History, Line

# Events that bring words to everybody which so far were for few.
PUBLISHING = frozenset({"question.approved", "question.reopened", "poll.opened"})
DELIVERIES = frozenset({"events", "snapshot", "joined", "state", "rest", "ack", "bye"})

Document = Mapping[str, Any]


def decoded_event(item: Body) -> Recorded:
    """Raises ValidationError, also for fields that nobody declared."""
    fields = {name: value for name, value in item.items() if name not in {"seq", "at", "actor", "command"}}
    at = datetime.fromisoformat(item["at"])
    return Recorded(item["seq"], at, item.get("actor"), item.get("command"), EVENTS.validate_python(fields))


def decoded_view(document: Document) -> RoomState:
    """A slice that is not there is hidden, not empty."""
    hidden = dict.fromkeys(feature.name for feature in FEATURES)
    return STATE.validate_python({**hidden, **document, "standings": None})


def plain(seen: RoomState, standing: Standing) -> Document:
    """A view as it is compared: trimmed, without its position, which what is hidden moves too. Of a state or of a view,
    of which a hidden slice stays hidden."""
    shown = {
        feature.name: held and feature.view(held, standing)
        for feature in FEATURES
        for held in [getattr(seen, feature.name)]
    }
    trimmed = window(replace(seen, standings=None, **shown))
    document: dict[str, Any] = STATE.dump_python(trimmed, mode="json", by_alias=True, exclude_none=True)
    return {name: value for name, value in document.items() if name not in {"seq", "at"}}


@dataclass
class Oracle:
    """The log replayed once: the states at the numbers asked for, and everybody's standing at every number."""

    log: Log
    states: dict[int, RoomState] = field(default_factory=dict)
    _standings: dict[str, list[tuple[int, Standing]]] = field(default_factory=dict)
    _events: dict[int, Recorded] = field(default_factory=dict)

    @classmethod
    def of(cls, log: Log, users: Sequence[str], wanted: set[int]) -> "Oracle":
        oracle = cls(log)
        room = RoomState()
        oracle._standings = {user: [(0, standing_of(room, UserId(user)))] for user in users}
        for recorded in log.written:
            room = apply(room, recorded)
            oracle._events[recorded.seq] = recorded
            if recorded.seq in wanted:
                oracle.states[recorded.seq] = room
            for user, changes in oracle._standings.items():
                now = standing_of(room, UserId(user))
                if now != changes[-1][1]:
                    changes.append((recorded.seq, now))
        oracle.states |= dict.fromkeys(wanted - oracle.states.keys() - {0}, room)  # numbers that the log does not have
        return oracle

    def standing(self, user: str, seq: int) -> Standing:
        changes = self._standings[user]
        return changes[bisect_right(changes, seq, key=lambda each: each[0]) - 1][1]

    def may_have(self, user: str, seq: int) -> tuple[Recorded | None, Recorded | None]:
        """The event as it was written and as it is since a redaction, each as this person sees it; None for nothing."""
        standing = self.standing(user, seq)
        written = self._events.get(seq)
        whole = visible(written, standing) if written is not None else None
        if written is None or whole is None:
            return None, None
        without_words = Recorded(written.seq, written.at, written.actor, written.command, blanked(written.event))
        return whole, visible(without_words, standing)

    def view(self, user: str, seq: int) -> Document:
        return plain(self.states[seq], self.standing(user, seq))


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
            elif line.kind in {"disconnect", "connect"}:
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
        if ack["epoch"] != self.oracle.log.epoch:
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


# -- Words for few, told from the bytes alone --


@dataclass(frozen=True)
class Secret:
    """`audience`: `everyone`, `staff`, or a list of users; its author always."""

    author: str
    audience: str | tuple[str, ...]


def secrets_of(histories: Sequence[History]) -> dict[str, Secret]:
    found = {}
    for history in histories:
        for line in history.lines:
            if line.kind == "secret":
                audience = line.body["audience"]
                found[line.body["canary"]] = Secret(
                    history.user, audience if isinstance(audience, str) else tuple(audience)
                )
    return found


def check_secrets(history: History, oracle: Oracle, secrets: Mapping[str, Secret]) -> Iterator[Violation]:
    published = _published(oracle.log)
    here = 0
    for line in history.lines:
        if line.kind not in DELIVERIES:
            continue
        here = max(here, int(line.body.get("upto") or line.body.get("seq") or 0))
        for canary in set(CANARY.findall(line.raw)):
            secret = secrets.get(canary)
            if secret is None:
                yield Violation("I8", history.name, f"{canary} of another session in {line.kind}")
            elif not _may_read(history.user, secret, oracle, here) and published.get(canary, here + 1) > here:
                yield Violation(
                    "I8", history.name, f"{canary}, written for {secret.audience}, in {line.kind} at {here}"
                )


def _may_read(user: str, secret: Secret, oracle: Oracle, seq: int) -> bool:
    if user == secret.author or secret.audience == "everyone":
        return True
    if secret.audience == "staff":
        return oracle.standing(user, seq).staff
    return user in secret.audience


def _published(log: Log) -> dict[str, int]:
    """From which number on everybody may read it."""
    found: dict[str, int] = {}
    for recorded in log.written:
        event = recorded.event
        if event.type in PUBLISHING or getattr(event, "pending", None) is False:
            for canary in CANARY.findall(event.model_dump_json()):
                found.setdefault(canary, recorded.seq)
    return found
