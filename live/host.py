"""One session as this process holds it: its state, its queue, and one task that decides, appends, answers and delivers, with
at most one append in flight (design.md 1). Knows neither sockets nor rules; any process may host any session, so the head
may move at any time without it.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random, SystemRandom
from secrets import token_bytes
from typing import Protocol

import structlog

from live import limits
from live.acks import Ack, refused
from live.byes import BANNED, DENIED, REMOVED, RESYNC, Bye
from live.delivery import Audience
from live.drafts import SECRET_BYTES, Draft, Key, Outside, Waiting, body_hash, decide_round
from live.failpoints import Failpoints, InjectedFailure
from live.heads import Heads
from persistence.committer import CommitFailed, Committer, Overloaded
from persistence.database import Unavailable
from persistence.event_log import Accepted, Appended, Batch, Busy, EventLog, Head, Moved, Outcome, Repeated
from persistence.snapshots import Snapshots
from rooms import room as rules
from rooms.admission import ParticipantBanned, ParticipantRemoved
from rooms.feature import Blank, Command, DropSecret, Effect, MakeSecret, Recorded, Unfoldable
from rooms.ids import SessionId, UserId
from rooms.participants import ParticipantDenied, ParticipantLeft
from rooms.room import RoomState
from rooms.standings import named_by

log = structlog.get_logger("host")

LOST_ROUNDS_MAX = 2
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
    """What every host of a process shares. `returned` is told of somebody who left by the log but is connected here."""

    event_log: EventLog
    committer: Committer
    heads: Heads
    snapshots: Snapshots
    directory: Names
    failpoints: Failpoints
    returned: Callable[["Host", UserId], None]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


class Host:
    """`room` is the committed state. `start` begins its task; `stop` ends it once the queue is answered."""

    def __init__(self, session: SessionId, parts: Parts) -> None:
        self.session = session
        self.epoch = ""
        self.room = RoomState()
        self.audience = Audience(session)
        self.used_at = asyncio.get_running_loop().time()
        self._parts = parts
        self._secrets: dict[str, bytes] = {}
        self._ring: deque[Recorded] = deque(maxlen=limits.RING_EVENTS)
        self._known: OrderedDict[Key, Accepted] = OrderedDict()
        self._queue: deque[Waiting] = deque()
        self._in_round: list[Waiting] = []
        self._awake = asyncio.Event()
        self._turn = asyncio.Lock()  # whoever changes `room`
        self._hearing = False
        self._behind = False  # an append's outcome is unknown, or somebody said the log went on
        self._random = Random(SystemRandom().getrandbits(64))  # noqa: S311 - for the rules' draws, not for secrets
        self._snapshot_seq = 0
        self._task: asyncio.Task[None] | None = None
        self._errands: set[asyncio.Task[None]] = set()

    # -- life -----------------------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Raises NoSession, Unavailable."""
        head = await self._parts.heads.of(self.session)
        if head is None:
            raise NoSession(self.session)
        snapshot = await self._parts.snapshots.load(self.session)
        room = snapshot if snapshot is not None and snapshot.seq <= head.last_seq else RoomState()
        self._ring.clear()
        self._known.clear()
        self.epoch, self._snapshot_seq = head.epoch, room.seq
        while rows := await self._parts.event_log.read(self.session, room.seq, READ_EVENTS):
            room = self._folded(room, rows)
        self._secrets = await self._parts.event_log.secrets(self.session)
        self.room, self._behind = room, False
        await self.meet_everybody()

    def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name=f"host {self.session}")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, *self._errands, return_exceptions=True)

    @property
    def busy(self) -> bool:
        return bool(self._queue or self._in_round or self._errands)

    # -- commands -------------------------------------------------------------------------------------------------------

    def enqueue(
        self,
        actor: UserId | None,
        command: Command,
        command_id: str,
        *,
        admin: bool = False,
        not_before: datetime | None = None,
    ) -> "asyncio.Future[Ack]":
        """In the order of the calls. The future always gets an ack, within `ANSWER_WITHIN_S`. `not_before`: by whose clock the
        command is due, which may be ahead of ours."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Ack] = loop.create_future()
        self.used_at = loop.time()
        if len(self._queue) >= limits.ROOM_COMMANDS_MAX:
            answer.set_result(
                refused("overloaded", "this session has too much to do", retry_after_s=limits.RETRY_OVERLOADED_S)
            )
            return answer
        waiting = Waiting(actor, command, command_id, admin, body_hash(command), self.used_at, answer, not_before)
        self._queue.append(waiting)
        self._awake.set()
        return answer

    async def submit(self, actor: UserId | None, command: Command, command_id: str, *, admin: bool = False) -> Ack:
        return await self.enqueue(actor, command, command_id, admin=admin)

    def expire(self, now: float) -> None:
        """Answers those that waited too long; a command already in an append may still come through."""
        late = now - limits.ANSWER_WITHIN_S
        while self._queue and self._queue[0].since < late:
            self._queue.popleft().settle(_unavailable())
        for waiting in self._in_round:
            if waiting.since < late:
                waiting.settle(_unavailable())

    # -- reading --------------------------------------------------------------------------------------------------------

    async def catch_up(self) -> None:
        """Until the head as the primary had it after this call began. Raises Unavailable, NoSession."""
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
        finally:
            self._hearing = False

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

    # -- the task -------------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            while self._queue:
                async with self._turn:
                    take = min(len(self._queue), limits.BATCH_COMMANDS_MAX)
                    self._in_round = [self._queue.popleft() for _ in range(take)]
                    try:
                        await self._round(self._in_round)
                    except Exception:
                        log.exception("a round failed", session=self.session)
                        self._behind = True
                        _settle_all(self._in_round, refused("internal", "something went wrong here"))
                    finally:
                        self._in_round = []

    async def _round(self, waiting: list[Waiting]) -> None:
        """Until everybody has an answer: decides, appends, and decides again on what others appended meanwhile."""
        lost = 0
        try:
            while True:
                if self._behind:
                    await self._read_on()
                draft = await self._decide_knowing(waiting)
                outcome = await self._append(draft)
                if isinstance(outcome, Appended):
                    await self._committed(draft)
                    return
                lost += await self._lost(outcome)
                if lost >= LOST_ROUNDS_MAX and await self._round_in_turn(waiting):
                    return
        except CommitFailed:
            await self._one_by_one(waiting)
        except Overloaded:
            ack = refused("overloaded", "the server has too much to do", retry_after_s=limits.RETRY_OVERLOADED_S)
            _settle_all(waiting, ack)
        except Unavailable:
            self._behind = True
            _settle_all(waiting, _unavailable())

    async def _decide_knowing(self, waiting: Sequence[Waiting]) -> Draft:
        """What this round would refuse may be the repetition of what was accepted before this host was there: then the
        first result is the answer. What it accepts is looked up by the append itself."""
        draft = self._decide(waiting)
        found = await self._parts.event_log.find_commands(self.session, draft.unrecorded) if draft.unrecorded else ()
        if not found:
            return draft
        self._remember(found)
        return self._decide(waiting)

    def _decide(self, waiting: Sequence[Waiting]) -> Draft:
        outside = Outside(
            session=self.session,
            epoch=self.epoch,
            at=max([self._parts.clock(), *(each.not_before for each in waiting if each.not_before is not None)]),
            random=self._random,
            fresh_secret=lambda: token_bytes(SECRET_BYTES),
            secrets=self._secrets,
            known=self._known,
        )
        return decide_round(self.room, waiting, outside)

    async def _append(self, draft: Draft) -> Outcome:
        """A round of refusals appends nothing, but stands on the head all the same (design.md 4)."""
        if draft.appends:
            try:
                await self._parts.failpoints.reach("before_commit")
            except InjectedFailure as error:
                raise CommitFailed("injected") from error
            return await self._parts.committer.submit(draft.batch())
        if draft.stands_on_head:
            head = await self._parts.heads.of(self.session)
            if head is None or head.epoch != self.epoch or head.last_seq != self.room.seq:
                return Moved(head) if head is not None else Busy()
        return Appended(self.room.seq)

    async def _lost(self, outcome: Outcome) -> int:
        """Makes ready to decide again; whether that counts as a lost round."""
        match outcome:
            case Repeated(accepted):
                self._remember(accepted)
                return 0
            case Moved(head) if head.last_seq < self.room.seq:  # shorter than what was committed: another log
                await self._start_over()
            case Moved(head):
                await self._follow(head)
            case _:
                await asyncio.sleep(self._random.uniform(0.001, 0.005))
                self._behind = True
        return 1

    async def _round_in_turn(self, waiting: Sequence[Waiting]) -> bool:
        """Reads, decides and appends under the head's lock, so that a busy neighbour cannot starve this process."""
        drafts: list[Draft] = []

        async def decide(head: Head, rows: list[Recorded]) -> Batch:
            if head.epoch != self.epoch:
                self._behind = True
                raise Unavailable("the epoch was renewed")
            await self._take(rows)
            drafts.append(await self._decide_knowing(waiting))
            return drafts[-1].batch()

        outcome = await self._parts.event_log.append_holding_lock(self.session, decide, after=self.room.seq)
        if isinstance(outcome, Appended):
            await self._committed(drafts[-1])
            return True
        await self._lost(outcome)
        return False

    async def _one_by_one(self, waiting: Sequence[Waiting]) -> None:
        """The append failed by itself: each command alone, and only the culprit is told."""
        if len(waiting) > 1:
            for each in waiting:
                await self._round([each])
            return
        self._behind = True
        try:
            accepted = await self._parts.event_log.find_commands(self.session, [each.key for each in waiting])
        except Unavailable:
            _settle_all(waiting, _unavailable())
            return
        if accepted:  # it was a repetition: told from the record, without an append
            self._remember(accepted)
            await self._round(list(waiting))
            return
        log.error("a command cannot be committed", session=self.session, command=waiting[0].command.type)
        _settle_all(waiting, refused("internal", "something went wrong here"))

    async def _committed(self, draft: Draft) -> None:
        """Whatever goes wrong from here on, it did happen: nobody is told otherwise, and nobody here misses it."""
        try:
            await self._parts.failpoints.reach("after_commit_before_ack")
            self.room, self._secrets = draft.after, draft.secrets
            self._keep(draft.events, draft.effects)
            self._remember(draft.accepted)
            for waiting, ack in draft.answers:
                waiting.settle(ack)
            await self._parts.failpoints.reach("after_ack_before_delivery")
            await self._show(draft.events)
        except Exception:
            log.exception("what was committed was not carried to its end", session=self.session)
            self._behind = True
            self._ring.clear()
            _settle_all([waiting for waiting, _ in draft.answers], _unavailable())  # those without an answer yet
            self._send_back()

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
                raise Unavailable("the log is shorter than its head")
            await self._take(rows)

    async def _start_over(self) -> None:
        """The log is not the one we knew (a restore, a promotion): nobody's position means anything any more."""
        log.warning("the session's epoch was renewed", session=self.session)
        await self.load()
        for viewer in self.audience.viewers():
            viewer.sink.part(RESYNC)

    async def _take(self, rows: Sequence[Recorded]) -> None:
        """Events that another process appended."""
        room, effects = self.room, list[Effect]()
        for each in rows:
            room = rules.apply(room, each)
            if not isinstance(each.event, Unfoldable):
                effects += rules.effects(room, each)
        if any(isinstance(effect, MakeSecret | DropSecret) for effect in effects):
            self._secrets = await self._parts.event_log.secrets(self.session)
        self.room = room
        self._keep(rows, effects)
        await self._show(rows)

    def _folded(self, room: RoomState, rows: Sequence[Recorded]) -> RoomState:
        self._ring.extend(rows)
        return rules.replay(rows, room)

    def _keep(self, events: Sequence[Recorded], effects: Iterable[Effect]) -> None:
        self._ring.extend(events)
        blanks = {seq for effect in effects if isinstance(effect, Blank) for seq in effect.seqs}
        if blanks:
            self._forget_words(blanks)
        if self.room.seq - self._snapshot_seq >= limits.SNAPSHOT_EVENTS:
            self._snapshot_seq = self.room.seq
            self._errand(self._save_snapshot(self.room))

    def _forget_words(self, seqs: set[int]) -> None:
        for index, each in enumerate(self._ring):
            if each.seq in seqs and not isinstance(each.event, Unfoldable):
                self._ring[index] = replace(each, event=rules.blanked(each.event))
        for key, accepted in self._known.items():
            if accepted.seq in seqs:
                self._known[key] = replace(accepted, body_hash=None)

    def _remember(self, accepted: Iterable[Accepted]) -> None:
        for each in accepted:
            self._known[(each.user, each.command_id)] = each
        while len(self._known) > limits.RECENT_COMMANDS:
            self._known.popitem(last=False)

    async def _show(self, events: Sequence[Recorded]) -> None:
        """To the connections here; and what else follows for them from these events. Never fails."""
        if not events or not len(self.audience):
            return
        try:
            await self._deliver(events)
        except Exception:
            log.exception("delivery failed", session=self.session)
            self._send_back()

    def _send_back(self) -> None:
        """Those who may have missed something come again at once and are given everything since their place."""
        for viewer in self.audience.viewers():
            if viewer.position < self.room.seq:
                viewer.sink.part(RESYNC)

    async def _deliver(self, events: Sequence[Recorded]) -> None:
        await self.meet({user for each in events for user in (each.actor, *named_by(each)) if user is not None})
        self.audience.deliver(self.epoch, events, self.room)
        for each in events:
            bye = SHOWN_OUT.get(type(each.event))
            for user in named_by(each) if bye is not None else ():
                for viewer in list(self.audience.by_user.get(user, ())):
                    viewer.sink.part(bye)  # type: ignore[arg-type]  # not None here
            if isinstance(each.event, ParticipantLeft) and each.event.user_id in self.audience.by_user:
                self._parts.returned(self, each.event.user_id)

    async def meet_everybody(self) -> None:
        """Before somebody is shown a view: those who came in while nobody was watching were not met yet."""
        people = set(self.room.people.persons.keys()) if self.room.people is not None else set()
        lobby = {each.user for each in self.room.lobby.waiting} if self.room.lobby is not None else set()
        await self.meet({UserId(user) for user in people} | lobby)

    async def meet(self, users: set[UserId]) -> None:
        """Learns the names of those it has not met; without the database they come with a later frame."""
        strangers = self.audience.strangers(users)
        if strangers:
            try:
                self.audience.introduce(await self._parts.directory.names(strangers))
            except Unavailable:
                log.warning("names are not to be had", session=self.session)

    # -- errands --------------------------------------------------------------------------------------------------------

    def _errand(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _save_snapshot(self, room: RoomState) -> None:
        try:
            await self._parts.snapshots.save(self.session, room)
        except Unavailable:
            log.warning("a snapshot was not saved", session=self.session)


def _unavailable() -> Ack:
    return refused(
        "unavailable", "the database cannot be used now: send it again", retry_after_s=limits.RETRY_UNAVAILABLE_S
    )


def _settle_all(waiting: Iterable[Waiting], ack: Ack) -> None:
    for each in waiting:
        each.settle(ack)
