"""What people do with breakout rooms in random histories: plan, open, send each other about, ring, and come back.

A part of the improviser, in a file of its own.
"""

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING, Any

from rooms.ids import UserId
from tests.rooms.rehearsal import person

Done = tuple[UserId | None, dict[str, Any]]
NOBODYS_ID = str(person("nobody's id"))


class Dividing:
    if TYPE_CHECKING:
        dice: Random

        @property
        def room(self) -> Any: ...
        def _chance(self, of: float) -> bool: ...
        def _staff(self) -> UserId: ...
        def _inside(self) -> UserId: ...
        def _everybody(self) -> Sequence[UserId]: ...
        def _id_of(self, found: Sequence[Any]) -> str: ...
        def _text(self, actor: UserId | None) -> str: ...

    def _sets(self, *statuses: str) -> list[Any]:
        held = self.room.breakouts.in_order()
        return [each for each in held if not statuses or each.status in statuses]

    def _rooms(self, *statuses: str) -> list[Any]:
        rooms = [room for each in self._sets() for room in each.rooms]
        return [room for room in rooms if not statuses or room.status in statuses]

    def _somebody(self, most: int) -> list[UserId]:
        return self.dice.sample(self._everybody(), self.dice.randint(1, most))

    def _plan_rooms(self) -> Done:
        given: dict[str, Any] = {
            "assignment": self.dice.choice([None, "random", "balanced", "unseen", "self", "manual"]),
            "name": self._text(None) if self._chance(0.5) else None,
            "late": self.dice.choice([None, "main", "ask", "place", "place"]),
            "observers": self.dice.choice([None, "main", "roam", "assigned"]),
            "mayReturn": self.dice.choice([None, True, False]),
            "results": self.dice.choice([None, "everyone", "staff"]),
        }
        if self._sets() and self._chance(0.2):
            return self._staff(), {"type": "breakout.create", **given, "from": self._id_of(self._sets())}
        members = [self._somebody(2), self._somebody(2)]
        rooms: list[Any] = [
            self.dice.randint(1, 4),
            [self._text(None), self._text(None)],
            [{"name": self._text(None), "members": each, "capacity": self.dice.choice([None, 2])} for each in members],
            [{"name": self._text(None), "capacity": 1}, {"capacity": self.dice.choice([1, 3])}],
        ]
        return self._staff(), {"type": "breakout.create", **given, "rooms": self.dice.choice(rooms)}

    def _change_rooms(self) -> Done:
        held = self._id_of(self._sets())
        changes: list[dict[str, Any]] = [
            {"type": "breakout.rename", "roomId": self._id_of(self._rooms()), "name": self._text(None)},
            {"type": "breakout.update", "setId": held, "name": self._text(None), "mayReturn": self._chance(0.5)},
            {"type": "breakout.update", "setId": held, "late": self.dice.choice(["ask", "place"])},
            {"type": "breakout.update", "setId": held, "observers": "roam", "results": "staff"},
            {"type": "breakout.discard", "setId": self._id_of(self._sets("planned")) if self._chance(0.5) else held},
        ]
        return self._staff(), self.dice.choice(changes)

    def _seat(self) -> Done:
        found = self._sets("planned", "opening") or self._sets()
        held = self.dice.choice(found) if found else None
        given: dict[str, Any] = {"setId": held.id if held else NOBODYS_ID}
        if self._chance(0.3):
            given["shuffle"] = self.dice.choice(["random", "balanced", "unseen", "self", "manual"])
        else:
            given["userIds"] = self._somebody(3)
            given["roomId"] = self.dice.choice([None, self._id_of(held.rooms if held else [])])
        return self._staff(), {"type": "breakout.assign", **given}

    def _open_rooms(self) -> Done:
        if self._sets("opening") and self._chance(0.4):
            return self._staff(), {"type": "breakout.close"}
        if not self._sets("planned"):
            return self._plan_rooms()
        held = self._id_of(self._sets("planned") if self._chance(0.95) else self._sets())
        given = {"minutes": self.dice.choice([None, 2, 5, 10]), "countdown": self.dice.choice([0, 0, 2, 10, 60])}
        return self._staff(), {"type": "breakout.open", "setId": held, **given}

    def _send(self) -> Done:
        if not self._sets("open") and self._chance(0.7):
            return self._open_rooms()
        rooms = self._rooms("open") if self._chance(0.9) else self._rooms()
        whither = None if self._chance(0.15) else self._id_of(rooms)
        return self._staff(), {"type": "breakout.move", "userIds": self._somebody(3), "roomId": whither}

    def _go_to_room(self) -> Done:
        if not self._sets("open") and self._chance(0.7):
            return self._open_rooms()
        actor = self._staff() if self._chance(0.3) else self._inside()
        rooms = self._rooms("open") if self._chance(0.9) else self._rooms()
        if (calling := [room for room in rooms if room.help is not None]) and self._chance(0.5):
            return self._staff(), {"type": "breakout.join", "roomId": self._id_of(calling)}
        whither = None if self._chance(0.3) else self._id_of(rooms)
        return actor, {"type": "breakout.join", "roomId": whither}

    def _time_rooms(self) -> Done:
        if not self._sets("open") and self._chance(0.7):
            return self._open_rooms()
        one = self._id_of(self._rooms("open")) if self._chance(0.5) else None
        if self._chance(0.6):
            return self._staff(), {"type": "breakout.extend", "minutes": self.dice.choice([1, 2, 480]), "roomId": one}
        held = self._id_of(self._sets()) if self._chance(0.2) else None
        given = {"setId": held, "roomId": one, "seconds": self.dice.choice([None, 0, 5, 60])}
        return self._staff(), {"type": "breakout.close", **given}

    def _call_to_rooms(self) -> Done:
        if not self._sets("open") and self._chance(0.7):
            return self._open_rooms()
        actor = self._staff()
        return actor, {"type": "breakout.broadcast", "text": self._text(actor)}

    def _ring(self) -> Done:
        if not self._sets("open") and self._chance(0.7):
            return self._open_rooms()
        places = self.room.breakouts.places
        there = [user for user in self._everybody() if user in places]
        actor = self.dice.choice(there) if there else self._inside()
        if self._chance(0.4):
            return actor, {"type": "breakout.endHelp", "roomId": places.get(actor) or self._id_of(self._rooms())}
        return actor, {"type": "breakout.askHelp", "text": self._text(actor) if self._chance(0.7) else None}


# What people do, and how often.
DIVIDING = {
    "plan_rooms": 3,
    "change_rooms": 3,
    "seat": 3,
    "open_rooms": 6,
    "send": 5,
    "go_to_room": 8,
    "time_rooms": 4,
    "call_to_rooms": 1,
    "ring": 6,
}
