"""Who watches a session in this process, and getting its events to them: encoded once per distinct view, the same bytes to
every connection that has that view (design.md 1.6, 2.7). Filters by rooms/visibility.py alone; never waits, never fails.

A viewer's `position` is where their client stands: each frame starts there. A range in which they may see nothing is not
sent by itself; `cover` makes up for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from live.byes import Bye
from live.frames import event_item, ids_in
from live.packets import event_frame
from live.views import Views
from rooms.feature import Recorded, Standing
from rooms.ids import SessionId, UserId
from rooms.people import role_of, standing_of
from rooms.room import RoomState
from rooms.standings import named_by, standing_since
from rooms.visibility import parties, visible

Group = tuple[bool, bool, str | None]  # staff, admitted, breakout room
Item = dict[str, Any]
Key = TypeVar("Key")


class Sink(Protocol):
    """What delivery knows of a connection."""

    def push(self, data: bytes, events: int = 0) -> None: ...

    def push_if_idle(self, data: bytes) -> None: ...

    def part(self, bye: Bye) -> None: ...

    @property
    def waiting_bytes(self) -> int: ...

    @property
    def closing_down(self) -> bool: ...


@dataclass(slots=True, eq=False)
class Viewer:
    """One connection in a session. `known`: the people whose names it was told, as bits of the audience's order."""

    user: UserId
    sink: Sink
    standing: Standing
    position: int
    known: int = 0

    @property
    def group(self) -> Group:
        return (self.standing.staff, self.standing.admitted, self.standing.room)


@dataclass(frozen=True, slots=True)
class Passing:
    """A signal on its way, as the frame that everybody gets who is at its place."""

    sender: UserId
    place: str | None
    frame: bytes


@dataclass
class Batch:
    """Frames of one delivery, made when first needed."""

    session: SessionId
    epoch: str
    upto: int
    items: dict[tuple[Group, UserId | None], tuple[list[Item], int]] = field(default_factory=dict)
    frames: dict[tuple[Group, UserId | None, int, int], bytes] = field(default_factory=dict)
    whole: dict[int, Item] = field(default_factory=dict)  # by identity: most events look alike to most


class Audience:
    def __init__(self, session: SessionId) -> None:
        self.session = session
        self.groups: dict[Group, set[Viewer]] = {}
        self.by_user: dict[UserId, set[Viewer]] = {}
        self._order: dict[str, int] = {}  # everybody whose name is known here, in order of introduction
        self._names: list[tuple[str, str]] = []
        self._lagging = False
        self._shown = ("", 0)  # epoch and seq up to which everything was delivered
        self._views: Views | None = None  # of the latest state that somebody was shown whole

    def __len__(self) -> int:
        return sum(map(len, self.groups.values()))

    def viewers(self) -> list[Viewer]:
        return [viewer for group in self.groups.values() for viewer in group]

    # -- coming and going -----------------------------------------------------------------------------------------------

    def add(self, viewer: Viewer) -> None:
        self.groups.setdefault(viewer.group, set()).add(viewer)
        self.by_user.setdefault(viewer.user, set()).add(viewer)

    def remove(self, viewer: Viewer) -> None:
        _discard(self.groups, viewer.group, viewer)
        _discard(self.by_user, viewer.user, viewer)

    # -- names ----------------------------------------------------------------------------------------------------------

    def introduce(self, names: Mapping[UserId, str]) -> None:
        self._views = None  # knows only whom we knew
        for user, name in names.items():
            if user not in self._order:
                self._order[user] = len(self._names)
                self._names.append((user, name))

    def strangers(self, users: Iterable[UserId]) -> set[UserId]:
        return {user for user in users if user not in self._order}

    def mask_of(self, document: Any) -> int:
        order, mask = self._order, 0
        for each in ids_in(document):
            index = order.get(each)
            if index is not None:
                mask |= 1 << index
        return mask

    def people(self, mask: int) -> dict[str, dict[str, str]]:
        found = {}
        while mask:
            lowest = mask & -mask
            user, name = self._names[lowest.bit_length() - 1]
            found[user] = {"name": name}
            mask ^= lowest
        return found

    # -- events ---------------------------------------------------------------------------------------------------------

    def deliver(self, epoch: str, events: Sequence[Recorded], room: RoomState) -> None:
        """`room` is the state after `events`."""
        self._views = None
        batch = Batch(self.session, epoch, room.seq)
        self._shown = (epoch, room.seq)
        moved = self._moved(events, room)
        personal = {user for each in events for user in parties(each) if user in self.by_user}
        for group, viewers in list(self.groups.items()):
            for viewer in viewers:
                if viewer.user in moved or viewer.position >= room.seq:  # the latter joined while names were read
                    continue
                party = viewer.user if viewer.user in personal else None
                items, mask = self._items_for(batch, group, party, events)
                if items:
                    self._send(batch, viewer, group, party, items, mask)
                else:
                    self._lagging = True
        for user in moved:
            for viewer in [each for each in self.by_user[user] if each.position < room.seq]:
                self.remove(viewer)
                viewer.standing = standing_of(room, user)
                self.add(viewer)
                self.send_snapshot(viewer, epoch, room)

    def _moved(self, events: Sequence[Recorded], room: RoomState) -> set[UserId]:
        """People here whose standing changed in these events, if only for a moment: they get a new view instead."""
        named = {user for each in events for user in named_by(each) if user in self.by_user}
        return {user for user in named if standing_since(room, user) >= events[0].seq}

    def _items_for(
        self, batch: Batch, group: Group, party: UserId | None, events: Sequence[Recorded]
    ) -> tuple[list[Item], int]:
        found = batch.items.get((group, party))
        if found is None:
            staff, admitted, room = group
            items = visible_items(events, Standing(party, staff, admitted, room), batch.whole)
            found = batch.items[(group, party)] = (items, self.mask_of(items))
        return found

    def _send(
        self, batch: Batch, viewer: Viewer, group: Group, party: UserId | None, items: list[Item], mask: int
    ) -> None:
        missing = mask & ~viewer.known
        key = (group, party, viewer.position, missing)
        data = batch.frames.get(key)
        if data is None:
            data = self.events_frame(batch.epoch, viewer.position, batch.upto, items, missing)
            batch.frames[key] = data
        viewer.position = batch.upto
        viewer.known |= mask
        viewer.sink.push(data, len(items))

    def events_frame(self, epoch: str, after: int, upto: int, items: list[Item], missing: int) -> bytes:
        document = {"sessionId": self.session, "epoch": epoch, "after": after, "upto": upto, "events": items}
        if missing:
            document["people"] = self.people(missing)
        return event_frame("events", document)

    def cover(self, epoch: str) -> None:
        """Tells those who saw nothing of late how far they stand all the same: never beyond what was delivered, because the
        state may be ahead of it for a moment."""
        shown_epoch, seq = self._shown
        if not self._lagging or shown_epoch != epoch:
            return
        self._lagging = False
        frames: dict[int, bytes] = {}
        for viewer in self.viewers():
            if viewer.position < seq:
                data = frames.get(viewer.position)
                if data is None:
                    data = frames[viewer.position] = self.events_frame(epoch, viewer.position, seq, [], 0)
                viewer.position = seq
                viewer.sink.push(data, 1)

    # -- views ----------------------------------------------------------------------------------------------------------

    def view_for(self, viewer: Viewer, room: RoomState) -> dict[str, Any]:
        """`{view, people}` for the viewer's standing; from now on they stand at `room.seq`."""
        if self._views is None or self._views.room is not room:
            self._views = Views(room, self.mask_of)
        view, viewer.known = self._views.document(viewer.standing)
        viewer.position = room.seq
        return {"view": view, "people": self.people(viewer.known)}

    def send_snapshot(self, viewer: Viewer, epoch: str, room: RoomState) -> None:
        document = {
            "sessionId": self.session,
            "epoch": epoch,
            "seq": room.seq,
            "you": you(room, viewer.standing),
            **self.view_for(viewer, room),
        }
        viewer.sink.push(event_frame("snapshot", document), 1)

    # -- signals: newest wins, dropped where something waits -------------------------------------------------------------

    def signal(self, passing: Sequence[Passing]) -> None:
        """To everybody but their sender who is where they are heard; one write for each connection."""
        for (staff, admitted, room), viewers in self.groups.items():
            here = Standing(None, staff, admitted, room)
            heard = [each for each in passing if here.is_in(each.place)]
            if not heard:
                continue
            senders = {each.sender for each in heard}
            whole = b"".join(each.frame for each in heard)
            for viewer in viewers:
                data = whole
                if viewer.user in senders:
                    data = b"".join(each.frame for each in heard if each.sender != viewer.user)
                if data:
                    viewer.sink.push_if_idle(data)

    def tell(self, place: str | None, frame: bytes) -> None:
        """To whoever is in that place themselves, staff or not; dropped where something waits."""
        for (_staff, admitted, room), viewers in self.groups.items():
            if admitted and room == place:
                for viewer in viewers:
                    viewer.sink.push_if_idle(frame)


def _discard(index: dict[Key, set[Viewer]], key: Key, viewer: Viewer) -> None:
    held = index.get(key, set())
    held.discard(viewer)
    if not held:
        index.pop(key, None)


def visible_items(events: Iterable[Recorded], standing: Standing, whole: dict[int, Item] | None = None) -> list[Item]:
    """What this standing may have of these events, as they look on the wire."""
    whole = {} if whole is None else whole
    items = []
    for each in events:
        seen = visible(each, standing)
        if seen is each:
            item = whole.get(id(each))
            if item is None:
                item = whole[id(each)] = event_item(each)
            items.append(item)
        elif seen is not None:
            items.append(event_item(seen))
    return items


def you(room: RoomState, standing: Standing) -> dict[str, Any]:
    """Who one is in a session: `role` also while waiting."""
    assert standing.user is not None
    role = role_of(room, standing.user)
    if role is None and room.lobby is not None:
        waiting = room.lobby.get(standing.user)
        role = waiting.role if waiting is not None else None
    described: dict[str, Any] = {
        "userId": standing.user,
        "standing": {"staff": standing.staff, "admitted": standing.admitted},
    }
    if role is not None:
        described["role"] = role.value
    if standing.room is not None:
        described["standing"]["room"] = standing.room
    return described


__all__ = ["Audience", "Passing", "Sink", "Viewer", "visible_items", "you"]
