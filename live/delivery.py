"""Who watches a session in this process, and getting its events to them: encoded once per distinct view, the same bytes to
every connection that has that view (design.md 1.6, 2.7). Filters by rooms/visibility.py alone; never waits, never fails.

Each frame starts where its viewer's client stands (live/viewers.py). A range in which they may see nothing is not sent by itself;
`cover` makes up for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from live.frames import event_item, ids_in
from live.packets import event_frame
from live.viewers import Company, Sink, Viewer
from live.views import Views
from rooms.feature import Recorded, Standing
from rooms.ids import SessionId, UserId
from rooms.people import role_of, standing_of
from rooms.room import RoomState
from rooms.standings import named_by, standing_since
from rooms.visibility import parties, visible

Group = tuple[bool, bool, str | None]  # staff, admitted, breakout room
Item = dict[str, Any]
PAST_MAX = 16  # stretches of the log


@dataclass(frozen=True, slots=True)
class Passing:
    """A signal on its way, as the frame that everybody gets who is at its place."""

    sender: UserId
    place: str | None
    frame: bytes


@dataclass(slots=True)
class Seen:
    """The events of a delivery as some see them, and whom they name, as bits, once somebody asked."""

    items: list[Item]
    named: int | None = None


@dataclass(slots=True)
class Batch:
    """Frames of one delivery, made when first needed."""

    session: SessionId
    epoch: str
    upto: int
    seen: dict[tuple[Group, UserId | None], Seen] = field(default_factory=dict)
    frames: dict[tuple[Group, UserId | None, int, int], bytes] = field(default_factory=dict)
    whole: dict[int, Item] = field(default_factory=dict)  # by identity: most events look alike to most


@dataclass(frozen=True)
class Past:
    """A stretch of the log for those who come back. `personal`: who has a view of it of their own. Its batch tells events apart by
    identity, so they are kept with it."""

    batch: Batch
    personal: frozenset[UserId]
    events: Sequence[Recorded]


class Audience:
    def __init__(self, session: SessionId) -> None:
        self.session = session
        self._groups: dict[Group, Company] = {}
        self.by_user: dict[UserId, set[Viewer]] = {}
        self._order: dict[str, int] = {}  # everybody whose name is known here, in order of introduction
        self._names: list[tuple[str, str]] = []
        self._everybody = 0  # as bits of that order
        self._lagging = False
        self._shown = ("", 0)  # epoch and seq up to which everything was delivered
        self._past: dict[tuple[str, int, int], Past] = {}  # of late
        self._views: Views | None = None  # of the latest state that somebody was shown whole

    def __len__(self) -> int:
        return sum(map(len, self._groups.values()))

    def viewers(self) -> list[Viewer]:
        return [viewer for company in self._groups.values() for viewer in company]

    # -- coming and going -----------------------------------------------------------------------------------------------

    def add(self, viewer: Viewer) -> None:
        self._groups.setdefault(group_of(viewer), Company()).apart.add(viewer)
        self.by_user.setdefault(viewer.user, set()).add(viewer)

    def remove(self, viewer: Viewer) -> None:
        group = group_of(viewer)
        company = self._groups.get(group)
        if company is not None:
            company.remove(viewer)
            if not len(company):
                del self._groups[group]
        mine = self.by_user.get(viewer.user, set())
        mine.discard(viewer)
        if not mine:
            self.by_user.pop(viewer.user, None)

    # -- names ----------------------------------------------------------------------------------------------------------

    def introduce(self, names: Mapping[UserId, str]) -> None:
        self._views = None  # knows only whom we knew
        self.forget_past()
        for user, name in names.items():
            if user not in self._order:
                self._order[user] = len(self._names)
                self._names.append((user, name))
        self._everybody = (1 << len(self._names)) - 1

    def strangers(self, users: Iterable[UserId]) -> set[UserId]:
        return {user for user in users if user not in self._order}

    def mask_of(self, document: Any) -> int:
        order, mask = self._order, 0
        for each in ids_in(document):
            index = order.get(each)
            if index is not None:
                mask |= 1 << index
        return mask

    def _named_beyond(self, known: int, seen: Seen) -> int:
        """Whom these events name, if any of them may be news to somebody who was told these names: mostly that is nobody."""
        if known == self._everybody:
            return 0
        if seen.named is None:
            seen.named = self.mask_of(seen.items)
        return seen.named

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
        for user in moved | personal:
            for viewer in self.by_user[user]:
                viewer.set_apart()
        for group, company in self._groups.items():
            self._deliver_together(company, batch, group, events)
            for viewer in [each for each in company.apart if each.user not in moved]:
                if viewer.position < batch.upto:  # else they joined while names were read
                    self._send(batch, viewer, group, viewer.user if viewer.user in personal else None, events)
                company.join(viewer)
        for user in moved:
            for viewer in [each for each in self.by_user[user] if each.position < room.seq]:
                self.remove(viewer)
                viewer.standing = standing_of(room, user)
                self.add(viewer)
                self.send_snapshot(viewer, epoch, room)

    def _deliver_together(self, company: Company, batch: Batch, group: Group, events: Sequence[Recorded]) -> None:
        """They know the same names, and are no party of what happened: they get one frame."""
        if not company.together or company.position >= batch.upto:
            return
        seen = self._seen(batch, group, None, events)
        if seen.items:
            named = self._named_beyond(company.known, seen)
            data = self._frame(batch, group, None, company.position, seen.items, named & ~company.known)
            company.push(data, len(seen.items), batch.upto, named)
        else:
            self._lagging = True

    def _moved(self, events: Sequence[Recorded], room: RoomState) -> set[UserId]:
        """People here whose standing changed in these events, if only for a moment: they get a new view instead."""
        named = {user for each in events for user in named_by(each) if user in self.by_user}
        return {user for user in named if standing_since(room, user) >= events[0].seq}

    def _seen(self, batch: Batch, group: Group, party: UserId | None, events: Sequence[Recorded]) -> Seen:
        found = batch.seen.get((group, party))
        if found is None:
            staff, admitted, room = group
            items = visible_items(events, Standing(party, staff, admitted, room), batch.whole)
            found = batch.seen[(group, party)] = Seen(items)
        return found

    def _send(
        self, batch: Batch, viewer: Viewer, group: Group, party: UserId | None, events: Sequence[Recorded]
    ) -> None:
        seen = self._seen(batch, group, party, events)
        if seen.items:
            self._give(batch, viewer, group, party, seen)
        else:
            self._lagging = True

    def _give(self, batch: Batch, viewer: Viewer, group: Group, party: UserId | None, seen: Seen) -> None:
        """With the names that this viewer was not told yet."""
        known = viewer.known
        named = self._named_beyond(known, seen)
        data = self._frame(batch, group, party, viewer.position, seen.items, named & ~known)
        viewer.stand(batch.upto, known | named)
        viewer.sink.push(data, len(seen.items))

    def _frame(
        self, batch: Batch, group: Group, party: UserId | None, position: int, items: list[Item], missing: int
    ) -> bytes:
        key = (group, party, position, missing)
        data = batch.frames.get(key)
        if data is None:
            data = batch.frames[key] = self.events_frame(batch.epoch, position, batch.upto, items, missing)
        return data

    def events_frame(self, epoch: str, after: int, upto: int, items: list[Item], missing: int) -> bytes:
        document = {"sessionId": self.session, "epoch": epoch, "after": after, "upto": upto, "events": items}
        if missing:
            document["people"] = self.people(missing)
        return event_frame("events", document)

    def send_past(self, viewer: Viewer, epoch: str, events: Sequence[Recorded]) -> None:
        """What somebody missed who comes back. Many who were cut off together stand at one place, so it is encoded once for all
        who see it alike."""
        key = (epoch, events[0].seq, events[-1].seq)
        past = self._past.get(key)
        if past is None:
            personal = frozenset(user for each in events for user in parties(each))
            past = self._past[key] = Past(Batch(self.session, epoch, events[-1].seq), personal, events)
            if len(self._past) > PAST_MAX:
                del self._past[next(iter(self._past))]
        party = viewer.user if viewer.user in past.personal else None
        seen = self._seen(past.batch, group_of(viewer), party, past.events)
        self._give(past.batch, viewer, group_of(viewer), party, seen)

    def forget_past(self) -> None:
        """Words were taken out of it, or names are known that were not."""
        self._past.clear()

    def cover(self, epoch: str) -> None:
        """Tells those who saw nothing of late how far they stand all the same: never beyond what was delivered, because the
        state may be ahead of it for a moment."""
        self.forget_past()
        shown_epoch, seq = self._shown
        if not self._lagging or shown_epoch != epoch:
            return
        self._lagging = False
        frames: dict[int, bytes] = {}

        def frame_after(position: int) -> bytes:
            data = frames.get(position)
            if data is None:
                data = frames[position] = self.events_frame(epoch, position, seq, [], 0)
            return data

        for company in self._groups.values():
            if company.together and company.position < seq:
                company.push(frame_after(company.position), 1, seq, 0)
            for viewer in list(company.apart):
                if viewer.position < seq:
                    data = frame_after(viewer.position)
                    viewer.stand(seq, viewer.known)
                    viewer.sink.push(data, 1)
                company.join(viewer)

    # -- views ----------------------------------------------------------------------------------------------------------

    def view_for(self, viewer: Viewer, room: RoomState) -> dict[str, Any]:
        """`{view, people}` for the viewer's standing; from now on they stand at `room.seq`."""
        if self._views is None or self._views.room is not room:
            self._views = Views(room, self.mask_of)
        view, known = self._views.document(viewer.standing)
        viewer.stand(room.seq, known)
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
        for (staff, admitted, room), viewers in self._groups.items():
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
        for (_staff, admitted, room), viewers in self._groups.items():
            if admitted and room == place:
                for viewer in viewers:
                    viewer.sink.push_if_idle(frame)


def group_of(viewer: Viewer) -> Group:
    return (viewer.standing.staff, viewer.standing.admitted, viewer.standing.room)


def visible_items(events: Iterable[Recorded], standing: Standing, whole: dict[int, Item]) -> list[Item]:
    """What this standing may have of these events, as they look on the wire. `whole`: what was made of events before, by identity."""
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


__all__ = ["Audience", "Passing", "Sink", "Viewer", "you"]
