"""Tests that read like transcripts: given these steps, when somebody does this, then that was appended, or it was refused.

    given([(ANA, SendMessage(text="hello"))]).when(BEN, React(message_id=…, emoji="👍")).then([MessageReacted])

After every step the laws of design.md 2 are checked for everybody: replay, views, windows, stored form, redaction, parties.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from rooms.feature import Blank, Command, Event, Recorded
from rooms.ids import UserId
from rooms.lifecycle import SessionFeature
from rooms.people import standing_of
from rooms.protocol import EVENTS
from rooms.refusal import Refused
from rooms.room import STATE, RoomState, apply, blanked, effects, replay
from rooms.standings import standing_at
from rooms.visibility import encoded_view, parties, view, visible, window
from tests.rooms.rehearsal import ANA, BEN, MARA, OTTO, ROLES, THEO, Rehearsal, person

__all__ = ["ANA", "BEN", "MARA", "OTTO", "STRANGER", "THEO", "Step", "Transcript", "feature", "given", "scheduled"]

STRANGER = person("somebody outside")
Step = tuple[UserId | None, Command]
Expected = Event | type[Event]
IDS = ("message_id", "question_id", "poll_id")


def given(steps: Iterable[Step] = (), **scheduled: Any) -> "Transcript":
    """An active session without a lobby, everybody of the cast is in; then the steps."""
    return Transcript(Rehearsal.running(**scheduled)).after(steps)


def scheduled(steps: Iterable[Step] = (), **scheduled: Any) -> "Transcript":
    """A session that was only scheduled, with a lobby unless said otherwise; then the steps."""
    return Transcript(Rehearsal(**scheduled)).after(steps)


def feature(kind: str, *, is_enabled: bool = True, **config: Any) -> tuple[SessionFeature, ...]:
    """The features of a session that has only this one, or has it switched off."""
    return (SessionFeature.model_validate({"type": kind, "isEnabled": is_enabled, "config": config}),)


class Transcript:
    """`lawful` False leaves the laws out, for tests of large rooms. `kept` is the log as it is stored, redacted."""

    def __init__(self, played: Rehearsal, *, lawful: bool = True) -> None:
        self.played = played
        self.lawful = lawful
        self.kept: list[Recorded] = []
        self._keep(RoomState(), played.log)

    @property
    def room(self) -> RoomState:
        return self.played.room

    def after(self, steps: Iterable[Step]) -> "Transcript":
        for actor, command in steps:
            outcome = self.when(actor, command)
            assert outcome.refusal is None, f"{command!r} was refused: {outcome.refusal}"
        return self

    def when(self, actor: UserId | None, command: Command | dict[str, Any], *, admin: bool = False) -> "Outcome":
        before = self.room
        try:
            recorded = self.played.do(actor, command, admin=admin)
        except Refused as refused:
            assert self.room is before, "a refused command changes nothing"
            return Outcome(self, (), refused)
        return self._checked(before, recorded)

    def joins(self, user: UserId, role: str = "participant") -> "Outcome":
        return self.when(user, {"type": "participant.join", "role": role})

    def leaves(self, user: UserId) -> "Outcome":
        return self.when(None, {"type": "participant.leave", "userId": user, "lastSeen": self.played.now})

    def later(self, *, seconds: float = 0, minutes: float = 0) -> "Outcome":
        """Time passes and timers fire."""
        before = self.room
        return self._checked(before, self.played.wait(seconds + minutes * 60))

    def made(self, position: int = -1) -> str:
        """An id that the session made, in the order of making."""
        found = [getattr(each.event, name, None) for each in self.played.log for name in IDS]
        return list(dict.fromkeys(str(each) for each in found if each))[position]

    # -- What people have --

    def sees(self, user: UserId) -> RoomState:
        return self.played.sees(user)

    def sent_to(self, user: UserId) -> str:
        """Everything this person could ever have been sent, as text: to search for what must not be there."""
        seen = [visible(each, standing_at(self.room, user, each.seq)) for each in self.played.log]
        frames = [f"{each.actor} {each.command} {each.event.model_dump_json(by_alias=True)}" for each in seen if each]
        return "\n".join(frames) + encoded_view(self.room, standing_of(self.room, user)).decode()

    # -- Laws --

    def _checked(self, before: RoomState, recorded: Sequence[Recorded]) -> "Outcome":
        self._keep(before, recorded)
        if self.lawful:
            check_state(self.room, self.played.log, self.kept)
            for each in recorded:
                check_stored(each)
                check_parties(self.room, each)
            for user in (*ROLES, *_others(self.room), STRANGER):
                check_view(before, self.room, recorded, user)
        return Outcome(self, recorded, None)

    def _keep(self, before: RoomState, recorded: Iterable[Recorded]) -> None:
        for each in recorded:
            before = apply(before, each)
            self.kept.append(each)
            for effect in effects(before, each):
                if isinstance(effect, Blank):
                    rows = set(effect.seqs)
                    self.kept = [
                        replace(row, event=blanked(row.event)) if row.seq in rows else row for row in self.kept
                    ]


class Outcome:
    """What a command appended, or why it was refused."""

    def __init__(self, transcript: Transcript, recorded: Sequence[Recorded], refusal: Refused | None) -> None:
        self.transcript, self.recorded, self.refusal = transcript, recorded, refusal

    def then(self, expected: Sequence[Expected]) -> Transcript:
        """Each is an event, or only its type."""
        assert self.refusal is None, f"refused: {self.refusal!r}"
        events = [each.event for each in self.recorded]
        assert len(events) == len(expected), events
        for event, wanted in zip(events, expected, strict=True):
            assert isinstance(event, wanted) if isinstance(wanted, type) else event == wanted, event
        return self.transcript

    def refused(self, code: str) -> Transcript:
        assert self.refusal is not None, f"not refused, but {[each.event for each in self.recorded]}"
        assert self.refusal.code == code, repr(self.refusal)
        return self.transcript

    def heard_by(self, user: UserId) -> list[Recorded]:
        """What of it reaches this person in today's standing."""
        standing = standing_of(self.transcript.room, user)
        return [seen for each in self.recorded if (seen := visible(each, standing)) is not None]


def check_state(room: RoomState, log: Sequence[Recorded], kept: Sequence[Recorded]) -> None:
    """Replay gives the state, also of the redacted log; the state can be kept as JSON."""
    assert replay(log) == room
    assert replay(kept) == room
    assert [each.seq for each in log] == list(range(1, room.seq + 1))
    assert STATE.validate_json(STATE.dump_json(room, by_alias=True)) == room


def check_stored(recorded: Recorded) -> None:
    payload = recorded.event.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert EVENTS.validate_python(payload) == recorded.event


def check_parties(room: RoomState, recorded: Recorded) -> None:
    """Who is no party of an event sees what everybody of this standing sees; a hidden actor hides the command."""
    for user in (*ROLES, *_others(room), STRANGER):
        standing = standing_of(room, user)
        seen = visible(recorded, standing)
        assert user in parties(recorded) or seen == visible(recorded, replace(standing, user=None)), recorded
        if seen is not None and seen.actor is None and recorded.actor is not None:
            assert seen.command is None, recorded


def check_view(before: RoomState, after: RoomState, recorded: Sequence[Recorded], user: UserId) -> None:
    """While a standing lasts, the view before plus the visible events is the view after; a window likewise."""
    standing = standing_of(before, user)
    if standing != standing_of(after, user):
        return
    seen = [each for each in (visible(each, standing) for each in recorded) if each is not None]
    later = view(after, standing)
    assert _placed(replay(seen, view(before, standing)), after) == later, f"{user} {standing}"
    assert _placed(window(replay(seen, window(view(before, standing)))), after) == window(later), f"{user} {standing}"


def _placed(folded: RoomState, after: RoomState) -> RoomState:
    """The position moves also by events that are not seen."""
    return replace(folded, seq=after.seq, at=after.at)


def _others(room: RoomState) -> list[UserId]:
    """Everybody else who is or was here."""
    people = [each.user for each in room.people.persons.values()] if room.people else []
    waiting = [each.user for each in room.lobby.waiting] if room.lobby else []
    return [user for user in dict.fromkeys([*people, *waiting]) if user not in ROLES]
