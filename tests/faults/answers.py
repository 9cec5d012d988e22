"""What was answered against what stands in the log: I1 (acknowledged means there, once, at that number), I4 (nothing there
that nobody asked for), I5 (unknown or refused: at most once, or not at all; a retry is told the same), I6 (real time).

One pass over the histories of a session and one over its log; knows nothing of who may see what.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.client import AGAIN
from rooms.feature import Recorded
from tests.faults.canaries import CANARY
from tests.faults.log import NOBODY, Log, Violation
from tests.faults.recording import Body, History, Line

# Events that come about without anybody's command, or as the server's answer to somebody's coming and going.
SYSTEM = frozenset(
    {
        "session.scheduled",
        "session.interrupted",
        "participant.joined",
        "participant.waiting",
        "participant.admitted",
        "participant.left",
        "participant.quality",
        "poll.tallied",
    }
)


def caused_by_system(recorded: Recorded) -> bool:
    """The declared causes: presence, the connection's quality, and what falls due."""
    event = recorded.event
    if event.type in SYSTEM:
        return True
    if recorded.actor is not None:
        return False
    timed = getattr(event, "timed_out", False) or getattr(event, "expired", False)
    return bool(timed) or getattr(event, "reason", None) in {"no_show", "host_missing"}


@dataclass
class Sent:
    """A command of one person, with all its attempts. `probes` answer another content under the same id."""

    name: str
    user: str
    body: Body
    sent_at: list[float] = field(default_factory=list)
    acks: list[tuple[float, Body]] = field(default_factory=list)
    probes: list[Body] = field(default_factory=list)
    probed: bool = False

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def accepted(self) -> tuple[float, int] | None:
        """(when first heard, seq)"""
        return next(((t, ack["seq"]) for t, ack in self.acks if ack.get("ok")), None)

    @property
    def refused(self) -> str | None:
        """The code of a final refusal."""
        codes = [ack.get("code") for _, ack in self.acks if not ack.get("ok")]
        return next((str(code) for code in codes if code not in AGAIN), None)


def commands_of(histories: Iterable[History]) -> dict[tuple[str, str], Sent]:
    """By (user, command id)."""
    found: dict[tuple[str, str], Sent] = {}
    for history in histories:
        for line in history.lines:
            if line.kind == "send":
                key = (history.user, line.body["id"])
                sent = found.setdefault(key, Sent(history.name, history.user, line.body))
                sent.probed = sent.probed or sent.body != line.body
                if not sent.probed:
                    sent.sent_at.append(line.t)
            elif line.kind == "ack":
                sent = found[history.user, line.body["id"]]
                if sent.probed:
                    sent.probes.append(line.body["ack"])
                else:
                    sent.acks.append((line.t, line.body["ack"]))
    return found


def check_answers(log: Log, histories: Sequence[History]) -> Iterator[Violation]:
    commands = commands_of(histories)
    anonymous = _anonymous_polls(log)
    named = {key: sent for key, sent in commands.items() if sent.body.get("pollId") not in anonymous}
    ballots = [sent for sent in commands.values() if sent.body.get("pollId") in anonymous]
    votes = [sent for sent in ballots if sent.body["type"] == "poll.vote"]
    named |= {(sent.user, sent.id): sent for sent in ballots if sent.body["type"] != "poll.vote"}
    made = _events_by_command(log)
    for key, sent in named.items():
        yield from _check_command(sent, log.commands.get(key), made.get(key, []))
    yield from _check_votes(log, votes, made)
    yield from _check_phantoms(log, commands)
    yield from _check_real_time(log, histories, commands)
    for history in histories:
        yield from _check_order(log, history, commands)


def _anonymous_polls(log: Log) -> frozenset[str]:
    return frozenset(
        each.event.poll_id
        for each in log.written
        if getattr(each.event, "anonymous", False) and hasattr(each.event, "poll_id")
    )


def _events_by_command(log: Log) -> Mapping[tuple[str, str], list[Recorded]]:
    made: dict[tuple[str, str], list[Recorded]] = defaultdict(list)
    for recorded in log.written:
        if recorded.command is not None:
            made[recorded.actor or NOBODY, recorded.command].append(recorded)
    return made


# -- I1, I5 --


def _check_command(sent: Sent, row: int | None, events: list[Recorded]) -> Iterator[Violation]:
    what = f"{sent.body['type']} {sent.id}"
    numbers = {ack["seq"] for _, ack in sent.acks if ack.get("ok")}
    if len(numbers) > 1:
        yield Violation("I5", sent.name, f"{what} was acknowledged at {sorted(numbers)}")
    if sent.accepted is not None:
        seq = sent.accepted[1]
        if row is None:
            yield Violation("I1", sent.name, f"{what} was acknowledged at {seq} and is lost")
        elif row != seq:
            yield Violation("I1", sent.name, f"{what} was acknowledged at {seq} and stands at {row}")
    if sent.accepted is None and sent.refused is not None and (row is not None or events):
        yield Violation("I5", sent.name, f"{what} was refused ({sent.refused}) and is in the log")
    if events:
        yield from _check_once(sent, row, events, what)
    for probe in sent.probes:
        if probe.get("code") not in AGAIN | {"id_reused"} and probe.get("seq") not in numbers:
            yield Violation("I5", sent.name, f"{what} with another content was answered {probe}")


def _check_once(sent: Sent, row: int | None, events: list[Recorded], what: str) -> Iterator[Violation]:
    first, last = events[0].seq, events[-1].seq
    if row is None:
        yield Violation("I1", sent.name, f"{what} has events from {first} on and no record")
    elif row != last:
        yield Violation("I1", sent.name, f"{what} has events up to {last} and is recorded at {row}")
    if last - first + 1 != len(events) or len({_content(each) for each in events}) < len(events):
        yield Violation("I1", sent.name, f"{what} acted more than once: {[each.seq for each in events]}")
    said, kept = (set(CANARY.findall(str(each))) for each in (sent.body, [each.event for each in events]))
    if not said <= kept:
        yield Violation("I1", sent.name, f"{what} lost its words on the way to the log")


def _content(recorded: Recorded) -> str:
    return recorded.event.model_dump_json()


def _check_votes(
    log: Log, votes: Sequence[Sent], made: Mapping[tuple[str, str], list[Recorded]]
) -> Iterator[Violation]:
    """I1 and I5 of anonymous votes, which leave no trace of who: as many ballots as voters, with their choices."""
    cast: dict[str, list[Any]] = defaultdict(list)
    for recorded in log.written:
        if recorded.event.type == "poll.voted" and getattr(recorded.event, "ballot", None) is not None:
            cast[recorded.event.poll_id].append(recorded.event)  # type: ignore[attr-defined]
            if recorded.actor is not None or recorded.command is not None:
                yield Violation("I8", "log", f"the ballot at {recorded.seq} names its voter")
    accepted: dict[str, dict[str, str]] = defaultdict(dict)
    voters: dict[str, set[str]] = defaultdict(set)
    for sent in votes:
        poll = sent.body["pollId"]
        voters[poll].add(sent.user)
        if sent.accepted is not None:
            accepted[poll][sent.user] = _choices(sent.body["choices"])
        if (sent.user, sent.id) in log.commands or (sent.user, sent.id) in made:
            yield Violation("I8", sent.name, f"the anonymous vote {sent.id} left a record")
    for poll, ballots in cast.items():
        if len({each.ballot for each in ballots}) < len(ballots):
            yield Violation("I1", "log", f"somebody voted twice in {poll}")
        if len(ballots) > len(voters[poll]):
            yield Violation("I4", "log", f"{len(ballots)} ballots of {len(voters[poll])} voters in {poll}")
    for poll, given in accepted.items():
        missing = Counter(given.values()) - Counter(_choices(each.choices) for each in cast[poll])
        if missing:
            yield Violation("I1", "log", f"acknowledged votes are lost in {poll}: {dict(missing)}")


def _choices(given: Iterable[Any]) -> str:
    return ",".join(sorted(map(str, given)))


# -- I4 --


def _check_phantoms(log: Log, commands: Mapping[tuple[str, str], Sent]) -> Iterator[Violation]:
    for recorded in log.written:
        ballot = recorded.command is None and getattr(recorded.event, "ballot", None) is not None
        asked_for = (recorded.actor, recorded.command) in commands
        if not (asked_for or ballot or caused_by_system(recorded)):
            yield Violation("I4", "log", f"nobody asked for {recorded.event.type} at {recorded.seq}")


# -- I6 --


def _check_real_time(
    log: Log, histories: Sequence[History], commands: Mapping[tuple[str, str], Sent]
) -> Iterator[Violation]:
    """What began after somebody had heard of n stands after n: acknowledged or shown, to anybody of the session. A command
    without effect is recorded at the head it found, so it may stand at n."""
    first_event: dict[tuple[str | None, str | None], int] = {
        (each.actor, each.command): each.seq for each in reversed(log.written)
    }
    heard = [(line.t, 0, seq, None) for each in histories for line in each.lines if (seq := _reached(line))]
    began = [(sent.sent_at[0], 1, 0, key) for key, sent in commands.items()]
    known = 0
    for _, _, seq, key in sorted([*heard, *began], key=lambda each: each[:2]):
        if key is None:
            known = max(known, seq)
            continue
        stands, earliest = first_event.get(key), known + 1
        if stands is None and key in log.commands:
            stands, earliest = log.commands[key], known
        if stands is not None and stands < earliest:
            yield Violation("I6", commands[key].name, f"{key[1]} stands at {stands}, sent when {known} was known")


def _check_order(log: Log, history: History, commands: Mapping[tuple[str, str], Sent]) -> Iterator[Violation]:
    """What one client sends on one connection stands in the order in which it was sent; what was sent more than once may
    have been taken at either time."""
    events: dict[str | None, list[int]] = defaultdict(list)
    for recorded in log.written:
        if recorded.actor == history.user:
            events[recorded.command].append(recorded.seq)
    known = 0
    for line in history.lines:
        if line.kind == "joined":
            known = 0
        elif line.kind == "send" and (made := events.get(line.body["id"])):
            sent = commands[history.user, line.body["id"]]
            if len(sent.sent_at) > 1 or sent.probed:
                continue
            if made[0] <= known:
                yield Violation("I6", history.name, f"{sent.id} stands at {made[0]}, one sent before it at {known}")
            known = made[-1]


def _reached(line: Line) -> int:
    """The highest number that this message told of."""
    body = line.body["ack"] if line.kind == "ack" else line.body
    name = "upto" if line.kind == "events" else "seq"
    return int(body.get(name) or 0) if line.kind in {"ack", "events", "snapshot", "joined", "state"} else 0
