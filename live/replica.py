"""A session's log as this process follows it: the state at its head, the recent events, the names of its people, and its
audience. Reads on where other processes appended; whoever changes it holds its turn. Submits nothing itself.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import structlog

from live import limits, trace
from live.byes import BANNED, DENIED, REMOVED, RESYNC, Bye
from live.delivery import Audience
from live.drafts import Key
from live.ends import Ends
from live.failpoints import Failpoints
from live.heads import Heads
from live.tally import Tally
from live.turn import Turn
from live.turn_end import TurnEnd
from persistence.committer import Committer
from persistence.database import Unavailable
from persistence.event_log import Answered, Damaged, EventLog, Head
from persistence.snapshots import Snapshots
from rooms import room as rules
from rooms.admission import ParticipantBanned, ParticipantRemoved
from rooms.feature import Blank, DropSecret, Effect, MakeSecret, Recorded, Unfoldable
from rooms.ids import SessionId, UserId
from rooms.participants import ParticipantDenied, ParticipantLeft
from rooms.people import PersonErased
from rooms.room import RoomState
from rooms.standings import named_by

if TYPE_CHECKING:
    from live.host import Host

log = structlog.get_logger("replica")

READ_EVENTS = 500
SHOWN_OUT: Mapping[type[object], Bye] = {
    ParticipantRemoved: REMOVED,
    ParticipantBanned: BANNED,
    ParticipantDenied: DENIED,
}


class NoSession(Exception):
    """There is no session of this id."""


class Names(Protocol):
    async def names(self, users: Iterable[UserId]) -> dict[UserId, str]: ...


@dataclass(frozen=True)
class Parts:
    """What every session of a process shares. `returned` is told of somebody who left by the log but is here, `applied` of every
    batch as soon as it counts, and with none of a state that was loaded, `committed` of every batch of this process's own; they must
    neither wait nor fail."""

    event_log: EventLog
    committer: Committer
    heads: Heads
    ends: Ends
    snapshots: Snapshots
    directory: Names
    failpoints: Failpoints
    returned: Callable[["Host", UserId], None]
    applied: Callable[["Host", Sequence[Recorded]], None] = lambda _host, _events: None
    committed: Callable[["Host"], None] = lambda _host: None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    tally: Tally = field(default_factory=Tally)
    turn_end: TurnEnd = field(default_factory=TurnEnd)


class Replica:
    """`room` is the committed state."""

    def __init__(self, session: SessionId, parts: Parts) -> None:
        self.session = session
        self.epoch = ""
        self.room = RoomState()
        self.audience = Audience(session)
        self.is_home = False  # its sound is here, so it is followed whoever watches
        self._parts = parts
        self._secrets: dict[str, bytes] = {}
        self._ring: deque[Recorded] = deque(maxlen=limits.RING_EVENTS)
        self._known: OrderedDict[Key, Answered] = OrderedDict()
        self._turn = Turn()  # whoever changes `room`
        self._behind = False  # an append's outcome is unknown
        self.damage: Damaged | None = None  # found while it was open: it is not to be used any more
        self._hearing = False
        self._told_of, self._heeding = 0, False
        self._snapshot_due = 0  # at that seq
        self._met: tuple[object, object] = (None, None)  # the people and the lobby whose names were learnt
        self._errands: set[asyncio.Task[None]] = set()

    async def load(self) -> None:
        """Raises NoSession, Unavailable, Damaged."""
        head = await self._parts.heads.of(self.session)
        if head is None:
            raise NoSession(self.session)
        snapshot = await self._parts.snapshots.load(self.session)
        room = snapshot if snapshot is not None and snapshot.seq <= head.last_seq else RoomState()
        self._ring.clear()
        self._known.clear()
        self.epoch, self._snapshot_due = head.epoch, _next_snapshot(room.seq)
        while rows := await self._parts.event_log.read(self.session, room.seq, READ_EVENTS):
            room = self._folded(room, rows)
        if room.seq < head.last_seq:
            raise Damaged(self.session, f"row {room.seq + 1} is missing")
        self._secrets = await self._parts.event_log.secrets(self.session)
        self.room, self._behind = room, False
        self._applied(())
        await self.meet_everybody()

    # -- reading --------------------------------------------------------------------------------------------------------

    async def catch_up(self) -> None:
        """Until the head as the primary had it after this call began. Raises Unavailable, NoSession, Damaged."""
        head = await self._parts.heads.of(self.session)
        if head is None:
            raise NoSession(self.session)
        await self.follow(head)

    def hear(self, head: Head) -> None:
        """Somebody says the log stands there: reads on beside whatever the caller does."""
        if (head.epoch != self.epoch or head.last_seq > self.room.seq) and not self._hearing:
            self._hearing = True
            self._errand(self._hear(head))

    async def _hear(self, head: Head) -> None:
        try:
            await self.follow(head)
        except Unavailable:
            pass  # it is said again
        except Damaged as error:
            self._found(error)
        finally:
            self._hearing = False

    def heed(self, seq: int) -> None:
        """Another process says in passing that the log of this epoch goes so far: what is there is read, and nothing is made of
        what is not."""
        self._told_of = max(self._told_of, seq)
        if self._told_of > self.room.seq and not self._heeding:
            self._heeding = True
            if self._turn.locked():
                self._errand(self._heed())
            else:
                self._parts.ends.ask(self.session, self.room.seq, self._handed)

    def _handed(self, rows: Sequence[Recorded] | None) -> None:
        """The usual case: what was read is what comes next, and may be taken in at once. Else a task does it."""
        try:
            if rows is None or (rows and not self._take_at_once(rows)):
                self._errand(self._heed())
                return
        except Damaged as error:
            self._found(error)
        except Exception:
            log.exception("a hint was not followed", session=self.session)
        self._heeding = False
        if rows and self._told_of > self.room.seq:
            self.heed(self._told_of)
        else:
            self._told_of = 0

    def _take_at_once(self, rows: Sequence[Recorded]) -> bool:
        """Whether that could be done: not while somebody else changes the state, nor where something has to be read for it."""
        if rows[0].seq != self.room.seq + 1 or not self._turn.take_if_free():
            return False
        try:
            room, effects = self._followed(rows)
            if _changes_secrets(effects) or self._strangers_in(rows):
                return False
            self.room = room
            self._keep(rows, effects)
            self._show_now(rows)
        finally:
            self._turn.release()
        return True

    async def _heed(self) -> None:
        try:
            async with self._turn:
                while self.room.seq < self._told_of:
                    rows = await self._parts.event_log.read(self.session, self.room.seq, READ_EVENTS)
                    if not rows:
                        return
                    await self._take(rows)
        except Unavailable:
            pass  # the poll of live/hosts.py comes by
        except Damaged as error:
            self._found(error)
        except Exception:
            log.exception("a hint was not followed", session=self.session)
        finally:
            self._told_of, self._heeding = 0, False

    async def follow(self, head: Head) -> None:
        if head.epoch == self.epoch and head.last_seq <= self.room.seq:
            return
        async with self._turn:
            await self._follow(head)

    async def events(self, after: int, limit: int) -> list[Recorded]:
        """The next events after `after`, as far as this host stands; from memory while it holds them."""
        limit = min(limit, self.room.seq - after)
        if limit <= 0:
            return []
        if self._ring and self._ring[0].seq <= after + 1:
            start = after + 1 - self._ring[0].seq
            return [self._ring[index] for index in range(start, start + limit)]
        return await self._parts.event_log.read(self.session, after, limit)

    # -- following the log ----------------------------------------------------------------------------------------------

    async def _read_on(self) -> None:
        head = await self._parts.heads.of(self.session)
        if head is None:
            raise Unavailable("the log is not there")
        await self._follow(head)
        self._behind = False

    async def _follow(self, head: Head) -> None:
        """With the turn held. The head may be older than what we know by now."""
        if head.epoch != self.epoch:
            await self._start_over()
        while self.room.seq < head.last_seq:
            rows = await self._parts.event_log.read(self.session, self.room.seq, READ_EVENTS)
            if not rows:
                raise Damaged(self.session, f"row {self.room.seq + 1} is missing")
            await self._take(rows)

    async def _start_over(self) -> None:
        """The log is not the one we knew (a restore, a promotion): nobody's position means anything any more."""
        log.warning("the session's epoch was renewed", session=self.session)
        known = self.room.seq
        await self.load()
        if self.room.seq < known:  # a failover or a restore without the last of it
            log.error("acknowledged events are gone", session=self.session, lost=known - self.room.seq)
        for viewer in self.audience.viewers():
            self._parts.tally.resyncs["renewed"] += 1
            viewer.sink.part(RESYNC)

    async def _take(self, rows: Sequence[Recorded]) -> None:
        """Events that another process appended."""
        room, effects = self._followed(rows)
        if _changes_secrets(effects):
            self._secrets = await self._parts.event_log.secrets(self.session)
        self.room = room
        self._keep(rows, effects)
        await self._show(rows)

    def _followed(self, rows: Sequence[Recorded]) -> tuple[RoomState, list[Effect]]:
        room, effects = self.room, list[Effect]()
        for each in rows:
            room = self._after(room, each)
            if not isinstance(each.event, Unfoldable):
                effects += rules.effects(room, each)
        return room, effects

    def _folded(self, room: RoomState, rows: Sequence[Recorded]) -> RoomState:
        self._ring.extend(rows)
        for each in rows:
            room = self._after(room, each)
        return room

    def _after(self, room: RoomState, recorded: Recorded) -> RoomState:
        """A row that cannot be folded may not be skipped here alone: everybody would have another room (F19)."""
        try:
            return rules.apply(room, recorded)
        except Exception as error:
            raise Damaged(
                self.session, f"row {recorded.seq} ({recorded.event.type}) cannot be folded: {type(error).__name__}"
            ) from error

    def _found(self, damage: Damaged) -> None:
        if self.damage is None:
            log.error("a session is damaged", session=self.session, what=damage.what)
        self.damage = damage

    def _keep(self, events: Sequence[Recorded], effects: Sequence[Effect]) -> None:
        self._applied(events)
        self._ring.extend(events)
        for each in events:
            if type(each.event) is PersonErased:
                self._forget_person(each.event.user_id)
        blanks = {seq for effect in effects if isinstance(effect, Blank) for seq in effect.seqs} if effects else None
        if blanks:
            self._forget_words(blanks)
        if self.room.seq >= self._snapshot_due:
            self._snapshot_due = _next_snapshot(self.room.seq)
            self._errand(self._save_snapshot(self.room, self.epoch))

    def _forget_words(self, seqs: set[int]) -> None:
        self.audience.forget_past()
        for index, each in enumerate(self._ring):
            if each.seq in seqs and not isinstance(each.event, Unfoldable):
                self._ring[index] = replace(each, event=rules.blanked(each.event))
        for key, answered in self._known.items():
            if answered.seq in seqs:
                self._known[key] = replace(answered, body_hash=None)

    def _forget_person(self, user: UserId) -> None:
        self.audience.forget_past()
        for index, each in enumerate(self._ring):
            if not isinstance(each.event, Unfoldable):
                self._ring[index] = replace(each, event=rules.forgotten(each, user))
        for key, answered in self._known.items():
            if answered.user == user:
                self._known[key] = replace(answered, body_hash=None)

    def _remember(self, answered: Iterable[Answered]) -> None:
        for each in answered:
            self._known[(each.user, each.command_id)] = each
        while len(self._known) > limits.RECENT_COMMANDS:
            self._known.popitem(last=False)

    async def _show(self, events: Sequence[Recorded]) -> None:
        """To the connections here; and what else follows for them from these events. Never fails."""
        strangers = self._strangers_in(events)
        if strangers:
            await self.meet(strangers)
        self._show_now(events)

    def _show_now(self, events: Sequence[Recorded]) -> None:
        """To whoever knows everybody in it (`_strangers_in`)."""
        if not events or not self.audience.by_user:
            return
        try:
            self._deliver(events)
        except Exception:
            log.exception("delivery failed", session=self.session)
            self._send_back()

    def _strangers_in(self, events: Sequence[Recorded]) -> set[UserId]:
        """Whose names have to be read before the connections here can be shown these events."""
        if not self.audience.by_user:
            return set()
        users = [user for each in events for user in (each.actor, *named_by(each)) if user is not None]
        return self.audience.strangers(users)

    def _send_back(self) -> None:
        """Who was given what is not known when it failed in the middle: all come again at once, and are given everything since their
        place."""
        for viewer in self.audience.viewers():
            self._parts.tally.resyncs["failed"] += 1
            viewer.sink.part(RESYNC)

    def _deliver(self, events: Sequence[Recorded]) -> None:
        self.audience.deliver(self.epoch, events, self.room)
        self._parts.tally.delivered += len(events)
        trace.delivered(self.session, events, self.audience)
        for each in events:
            bye = SHOWN_OUT.get(type(each.event))
            if bye is not None:
                for viewer in [viewer for user in named_by(each) for viewer in self.audience.by_user.get(user, ())]:
                    viewer.sink.part(bye)
            if type(each.event) is ParticipantLeft and each.event.user_id in self.audience.by_user:
                self._is_back(each.event.user_id)

    async def meet_everybody(self) -> None:
        """Before somebody is shown a view: those who came in while nobody was watching were not met yet."""
        room = self.room
        people = (room.people.persons if room.people is not None else None, room.lobby)
        if people[0] is self._met[0] and people[1] is self._met[1]:
            return
        users = set(room.people.persons.keys()) if room.people is not None else set()
        lobby = {each.user for each in room.lobby.waiting} if room.lobby is not None else set()
        if await self.meet({UserId(user) for user in users} | lobby):
            self._met = people

    async def meet(self, users: set[UserId]) -> bool:
        """Learns the names of those it has not met; without the database they come with a later frame."""
        strangers = self.audience.strangers(users)
        if strangers:
            try:
                self.audience.introduce(await self._parts.directory.names(strangers))
            except Unavailable:
                log.warning("names are not to be had", session=self.session)
                return False
        return True

    # -- errands --------------------------------------------------------------------------------------------------------

    @property
    def watched(self) -> bool:
        return self.is_home or len(self.audience) > 0

    def _applied(self, events: Sequence[Recorded]) -> None:
        """The state has just become this by these events, or was loaded."""
        raise NotImplementedError

    def _is_back(self, user: UserId) -> None:
        """Somebody left by the log while they are connected here."""
        raise NotImplementedError

    def _errand(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _save_snapshot(self, room: RoomState, epoch: str) -> None:
        try:
            await self._parts.snapshots.save(self.session, room, epoch)
        except Unavailable:
            log.warning("a snapshot was not saved", session=self.session)


def _next_snapshot(after: int) -> int:
    return after + min(max(after // 4, limits.SNAPSHOT_EVENTS), limits.SNAPSHOT_EVENTS_MAX)


def _changes_secrets(effects: Iterable[Effect]) -> bool:
    return any(isinstance(effect, MakeSecret | DropSecret) for effect in effects)
