"""What holds of every history, whatever happens in it (design.md 2): each function raises where a law is broken.

They look at the log and at what the rules make of it; nothing here knows a feature.
"""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from rooms.engagement import scores
from rooms.evidence import EVIDENCE, Evidence, gather, observe
from rooms.feature import Blank, Recorded, Standing
from rooms.gates import ParticipantRow, gates
from rooms.ids import UserId
from rooms.people import PersonErased, standing_of
from rooms.protocol import EVENTS
from rooms.room import STATE, RoomState, apply, blanked, effects, forgotten, replay
from rooms.standings import standing_at, standing_since
from rooms.visibility import parties, view, visible, window
from tests.laws.improviser import EVERYBODY, STRANGER, History

READERS = (*EVERYBODY, STRANGER)


def wire(recorded: Recorded) -> dict[str, Any]:
    """The event as frames carry it."""
    signed = {"seq": recorded.seq, "at": recorded.at.isoformat(), "actor": recorded.actor, "command": recorded.command}
    fields = recorded.event.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {name: value for name, value in signed.items() if value is not None} | fields


def encoded(recorded: Recorded) -> bytes:
    return json.dumps(wire(recorded), ensure_ascii=False).encode()


def rooms_of(history: History) -> Iterator[tuple[RoomState, Recorded, RoomState]]:
    """The state before each event, the event, the state after it."""
    before = RoomState()
    for recorded in history.played.log:
        after = apply(before, recorded)
        yield before, recorded, after
        before = after


# -- The log and the state --


def replay_is_the_state(history: History) -> None:
    log, room = history.played.log, history.played.room
    assert replay(log) == room
    assert [each.seq for each in log] == list(range(1, len(log) + 1))
    assert all(one.at <= other.at for one, other in itertools.pairwise(log)), "time never runs backwards"


def a_snapshot_and_its_tail_are_the_state(history: History) -> None:
    log, dice = history.played.log, Random(history.seed)
    for cut in dice.sample(range(len(log) + 1), min(3, len(log))):
        kept = STATE.validate_json(STATE.dump_json(replay(log[:cut]), by_alias=True))
        assert replay(log[cut:], kept) == history.played.room, f"cut after {cut}"


def what_is_stored_reads_back(history: History) -> None:
    for recorded in history.played.log:
        payload = json.loads(json.dumps(recorded.event.model_dump(mode="json", by_alias=True, exclude_none=True)))
        assert EVENTS.validate_python(payload) == recorded.event


def the_redacted_log_folds_to_the_same(history: History) -> None:
    log = redacted(history)
    assert replay(log) == history.played.room
    assert gather(log) == gather(history.played.log)


def redacted(history: History) -> list[Recorded]:
    """The log as it is stored: blanked are the rows that an event named, and the words of who was erased."""
    kept: list[Recorded] = []
    for _, recorded, after in rooms_of(history):
        kept.append(recorded)
        for effect in effects(after, recorded):
            if isinstance(effect, Blank):
                for seq in effect.seqs:
                    assert kept[seq - 1].seq == seq
                    kept[seq - 1] = replace(kept[seq - 1], event=blanked(kept[seq - 1].event))
        if isinstance(recorded.event, PersonErased):
            user = recorded.event.user_id
            kept = [replace(each, event=forgotten(each, user)) for each in kept]
    return kept


def gates_add_up_to_the_tables(history: History) -> None:
    """Rows written append by append are the rows of the final state."""
    rows: dict[str, ParticipantRow] = {}
    session = None
    for before, _, after in rooms_of(history):
        found = gates(before, after)
        session = found.session or session
        rows |= {row.user_id: row for row in found.participants}
    whole = gates(RoomState(), history.played.room)
    assert session == whole.session
    assert rows == {row.user_id: row for row in whole.participants}


def evidence_kept_and_continued_is_the_evidence(history: History) -> None:
    log = history.played.log
    cut = Random(history.seed).randint(0, len(log))
    evidence = EVIDENCE.validate_json(EVIDENCE.dump_json(gather(log[:cut]), by_alias=True))
    for recorded in log[cut:]:
        evidence = observe(evidence, recorded)
    assert evidence == gather(log)


def no_score_moves_when_somebody_acts_in_secret(history: History) -> None:
    """Ballots, anonymous questions and upvotes (field.md 5.3); of ballots no view moves either."""
    evidence = Evidence()
    for before, recorded, after in rooms_of(history):
        later = observe(evidence, recorded)
        event: Any = recorded.event
        ballot = event.type == "poll.voted" and not event.signed
        if ballot or event.type == "question.upvoted" or (event.type == "question.asked" and event.anonymous):
            assert scores(evidence, recorded.at) == scores(later, recorded.at), wire(recorded)
        if ballot:
            for standing in (Standing(None, staff=True), Standing(None, staff=False)):
                assert placed(view(before, standing), after) == view(after, standing)
        evidence = later


def every_point_names_rows_of_its_own_person(history: History) -> None:
    log = history.played.log
    for user, found in scores(gather(log), history.played.now).items():
        assert found.score is None or 0 <= found.score <= 100
        for name, part in found.parts.items():
            for seq in part.seqs:
                recorded = log[seq - 1]
                event: Any = recorded.event
                named = event.user_id if event.type.startswith("participant.") else recorded.actor
                assert named == user, f"{name} of {user} stands on {wire(recorded)}"
                assert not getattr(event, "anonymous", False), "an anonymous act is credited without its row"


# -- What people have --


@dataclass
class Reader:
    """Somebody who never leaves: folds what reaches them, starts anew when their standing changes."""

    user: UserId
    standing: Standing
    seen: RoomState
    heard: list[Recorded]

    def follow(self, recorded: Recorded, after: RoomState) -> None:
        standing = standing_of(after, self.user)
        shown = visible(recorded, standing)
        if shown is not None:
            self.heard.append(shown)
        if standing != self.standing:
            self.standing, self.seen = standing, view(after, standing)
        elif shown is not None:
            self.seen = apply(self.seen, shown)

    def compare(self, after: RoomState) -> None:
        told = f"{self.user} {self.standing} at {after.seq}"
        assert placed(self.seen, after) == view(after, self.standing), told
        assert window(placed(self.seen, after)) == window(view(after, self.standing)), told


def placed(folded: RoomState, after: RoomState) -> RoomState:
    """The position moves also by events that are not seen."""
    return replace(folded, seq=after.seq, at=after.at)


def views_follow_the_log(history: History, *, every: int = 7) -> None:
    """A view plus the visible events after it is the later view; a change of standing begins a new one."""
    readers = [start_reading(user) for user in READERS]
    for _, recorded, after in rooms_of(history):
        for reader in readers:
            reader.follow(recorded, after)
            if recorded.seq % every == 0 or after.seq == len(history.played.log):
                reader.compare(after)


def start_reading(user: UserId) -> Reader:
    nothing = RoomState()
    standing = standing_of(nothing, user)
    return Reader(user, standing, view(nothing, standing), [])


def whoever_resumes_has_what_others_have_who_never_left(history: History) -> None:
    """Away between two positions: the tail, filtered by the standing at each event, or a new view across a change."""
    log, dice = history.played.log, Random(history.seed)
    states = [RoomState(), *(after for _, _, after in rooms_of(history))]
    for user in READERS:
        reader = start_reading(user)
        for recorded in log:
            reader.follow(recorded, states[recorded.seq])
        for _ in range(3):
            left, back = sorted(dice.choices(range(len(states)), k=2))
            now = states[back]
            standing = standing_of(now, user)
            if standing_since(now, user) > left:
                continue  # a resync: the view at `back`, as anybody who joins
            tail = [visible(each, standing_at(now, user, each.seq)) for each in log[left:back]]
            missed = [each for each in tail if each is not None]
            assert missed == [each for each in reader.heard if left < each.seq <= back], f"{user} from {left} to {back}"
            resumed = replay(missed, view(states[left], standing_of(states[left], user)))
            assert placed(resumed, now) == view(now, standing), f"{user} from {left} to {back}"


def standings_remember_who_saw_what(history: History) -> None:
    """Once let in, the past is read under the standing of its time; before, as at the first admission."""
    room = history.played.room
    for user in READERS:
        first: Standing | None = None
        for _, recorded, after in rooms_of(history):
            standing = standing_of(after, user)
            first = first or (standing if standing.admitted else None)
            if first is not None:
                assert standing_at(room, user, recorded.seq) == standing, f"{user} at {recorded.seq}"
        before = standing_at(room, user, 0)
        assert before == (first or Standing(user, staff=False, admitted=False))


def the_whole_log_read_by_one_standing_is_its_view(history: History) -> None:
    """Whoever reads a session from its first event, over REST, comes to the same view as who is in it."""
    assert history.played.room.breakouts is not None
    sets = history.played.room.breakouts.in_order()
    rooms = [each.id for held in sets[:2] for each in held.rooms[:2]]
    for user in (None, *READERS):
        in_a_room = [(False, True, each) for each in (rooms if user is None else rooms[:1])]
        for staff, admitted, place in [(True, True, None), (False, True, None), (False, False, None), *in_a_room]:
            standing = Standing(user, staff, admitted, place)
            seen = view(RoomState(), standing)
            for recorded in history.played.log:
                shown = visible(recorded, standing)
                seen = apply(seen, shown) if shown is not None else seen
            assert placed(seen, history.played.room) == view(history.played.room, standing), standing


def only_parties_see_otherwise_than_their_standing(history: History) -> None:
    """Delivery encodes a batch once per standing, and once more for each party of it (design.md 1.6)."""
    for _, recorded, after in rooms_of(history):
        special = parties(recorded)
        for user in READERS:
            standing = standing_of(after, user)
            seen = visible(recorded, standing)
            assert user in special or seen == visible(recorded, replace(standing, user=None)), recorded


LAWS = (
    replay_is_the_state,
    a_snapshot_and_its_tail_are_the_state,
    what_is_stored_reads_back,
    the_redacted_log_folds_to_the_same,
    gates_add_up_to_the_tables,
    evidence_kept_and_continued_is_the_evidence,
    no_score_moves_when_somebody_acts_in_secret,
    every_point_names_rows_of_its_own_person,
    views_follow_the_log,
    whoever_resumes_has_what_others_have_who_never_left,
    standings_remember_who_saw_what,
    the_whole_log_read_by_one_standing_is_its_view,
    only_parties_see_otherwise_than_their_standing,
)
