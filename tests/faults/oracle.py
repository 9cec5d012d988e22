"""A log replayed once: everybody's standing at every number, the state at the numbers asked for, and what somebody may have of an
event. Asks rooms/ what is visible; has no opinion of its own.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rooms.feature import Recorded, Standing
from rooms.ids import UserId
from rooms.people import standing_of
from rooms.room import FEATURES, STATE, RoomState, apply, blanked
from rooms.visibility import visible, window
from tests.faults.log import Log

Document = Mapping[str, Any]


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
