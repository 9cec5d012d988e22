"""One session in this process, with its queue: decides, appends, answers and delivers round by round, with at most one append in
flight (design.md 1). Knows neither sockets nor rules; any process may host any session, so the head may move at any time
without it.

The usual round waits for nothing but its commit: it begins with the loop's turn and ends in the committer's, without a task being
woken for it. Whatever else a round may need has a task, which goes on with it from where it stands.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random, SystemRandom
from secrets import token_bytes

import structlog

from live import limits, trace
from live.acks import Ack, Answer, Release, refused
from live.drafts import SECRET_BYTES, Draft, Outside, Stale, Waiting, body_hash, decide_round
from live.failpoints import InjectedFailure
from live.kept_going import end
from live.replica import NoSession, Parts, Replica
from persistence.committer import CommitFailed, Overloaded, Passage
from persistence.database import Unavailable
from persistence.event_log import Appended, Batch, Busy, Damaged, Head, Moved, Outcome, Repeated
from rooms.feature import Command, Recorded
from rooms.ids import SessionId, UserId

log = structlog.get_logger("host")

LOST_ROUNDS_MAX = 2


def _tell_nobody(_ack: Ack) -> None:
    pass


@dataclass(slots=True)
class Begun:
    """A round on its way: what it would append, and what became of that; `outcome` None: it was not handed in."""

    draft: Draft
    outcome: Outcome | Exception | None = None


class Host(Replica):
    """`start` begins its task; `stop` ends it once the queue is answered."""

    def __init__(self, session: SessionId, parts: Parts) -> None:
        super().__init__(session, parts)
        self.used_at = asyncio.get_running_loop().time()
        self.is_open = True
        self._queue: deque[Waiting] = deque()
        self._in_round: list[Waiting] = []
        self._begun_at = self._answered_at = 0.0  # the round
        self._passage = Passage()  # of its latest append
        self._draft: Draft | None = None  # of the usual round under way
        self._unusual: Begun | None = None  # a round for the task to go on with, which has the turn then
        self._due = False  # to begin with this turn of the loop
        self._awake = asyncio.Event()
        self._now = asyncio.get_running_loop().time
        self._random = Random(SystemRandom().getrandbits(64))  # noqa: S311 - for the rules' draws, not for secrets
        self._task: asyncio.Task[None] | None = None

    # -- life -----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name=f"host {self.session}")

    async def stop(self) -> None:
        self.is_open = False
        if self._task is not None:
            await end(self._task)
        self._task = None  # what it ended with knows this host: both would wait for a collection, which is rare
        await asyncio.gather(*self._errands, return_exceptions=True)

    def now(self) -> datetime:
        """By the clock that all processes share."""
        return self._parts.clock()

    @property
    def busy(self) -> bool:
        return bool(self._queue or self._in_round or self._errands or self._heeding)

    # -- commands -------------------------------------------------------------------------------------------------------

    def enqueue(
        self,
        actor: UserId | None,
        command: Command,
        command_id: str,
        answer: Answer = _tell_nobody,
        *,
        admin: bool = False,
        not_before: datetime | None = None,
        stale: Stale | None = None,
        arrived: float | None = None,
        resent: bool = False,
    ) -> None:
        """In the order of the calls. `answer` is always called, once, within `ANSWER_WITHIN_S`; it neither waits nor raises.
        `not_before`: by whose clock the command is due, which may be ahead of ours. `arrived`: when it came, by the loop's clock,
        if that was before now. `resent`: its sender has sent it before and knows of no answer."""
        answers = self._parts.tally.answers
        self.used_at = now = self._now()
        if len(self._queue) >= limits.ROOM_COMMANDS_MAX:
            answers["overloaded"] += 1
            answer(refused("overloaded", "this session has too much to do", retry_after_s=limits.RETRY_OVERLOADED_S))
            return
        came = now if arrived is None else arrived
        hash_ = body_hash(command)
        waiting = Waiting(
            actor, command, command_id, admin, hash_, now, answer, not_before, stale, came, answers, resent
        )
        trace.taken(self.session, waiting)
        self._queue.append(waiting)
        self._begin_soon()

    async def submit(
        self,
        actor: UserId | None,
        command: Command,
        command_id: str,
        *,
        admin: bool = False,
        not_before: datetime | None = None,
        stale: Stale | None = None,
        resent: bool = False,
    ) -> Ack:
        told: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()

        def answer(ack: Ack) -> None:
            if not told.done():  # whoever waited may have gone
                told.set_result(ack)

        self.enqueue(actor, command, command_id, answer, admin=admin, not_before=not_before, stale=stale, resent=resent)
        return await told

    def expire(self, now: float) -> None:
        """Answers those that waited too long; a command already in an append may still come through."""
        late = now - limits.ANSWER_WITHIN_S
        while self._queue and self._queue[0].since < late:
            self._queue.popleft().settle(_unavailable())
        self._leave_open([waiting for waiting in self._in_round if waiting.since < late])

    def _applied(self, events: Sequence[Recorded]) -> None:
        self._parts.applied(self, events)

    def _is_back(self, user: UserId) -> None:
        self._parts.returned(self, user)

    # -- the usual round ------------------------------------------------------------------------------------------------

    def _begin_soon(self) -> None:
        if not self._due and not self._in_round:
            self._due = True
            self._parts.turn_end.call(self._begin)
            self._parts.committer.expect()

    def _begin(self) -> None:
        """Decides and hands in what waits; or leaves it to the task."""
        self._due = False
        if not self._queue or self._in_round:
            return
        if self._behind or self._parts.failpoints.hold_up or not self._turn.take_if_free():
            self._awake.set()
            return
        self._take_waiting()
        try:
            draft = self._decide(self._in_round)
            if draft.unrecorded or not draft.appends:  # something to be asked of the database first
                self._go_on(Begun(draft))
                return
            self._draft, self._passage = draft, Passage()
            self._parts.failpoints.strike("before_commit")
            self._parts.committer.hand_in(draft.batch(), self._passage, self._resolved, self._failed)
        except InjectedFailure:
            self._failed(CommitFailed("injected"))
        except (CommitFailed, Overloaded) as error:
            self._failed(error)
        except Exception:  # noqa: BLE001  it is logged
            self._draft = None
            self._round_failed()
            self._end_round()

    def _take_waiting(self) -> None:
        if len(self._queue) <= limits.BATCH_COMMANDS_MAX:
            self._in_round = list(self._queue)
            self._queue.clear()
        else:
            self._in_round = [self._queue.popleft() for _ in range(limits.BATCH_COMMANDS_MAX)]
        self._begun_at = self._now()

    def _resolved(self, outcome: Outcome) -> None:
        """Called by the committer."""
        draft, self._draft = self._draft, None
        assert draft is not None
        if not isinstance(outcome, Appended) or self._strangers_in(draft.events):
            self._go_on(Begun(draft, outcome))
            return
        held: list[Release] = []
        try:
            self._parts.failpoints.strike("after_commit_before_ack")
            held = self._take_in(draft)
            self._parts.failpoints.strike("after_ack_before_delivery")
            self._show_now(draft.events)
            self._tell_slow(draft)
        except Exception:  # noqa: BLE001  it is logged
            self._lose_track(draft)
        _let_go(held)
        self._end_round()

    def _failed(self, error: Exception) -> None:
        draft, self._draft = self._draft, None
        assert draft is not None
        self._go_on(Begun(draft, error))

    def _go_on(self, begun: Begun) -> None:
        """By the task, which has the turn with it."""
        self._unusual = begun
        self._awake.set()

    def _end_round(self) -> None:
        self._in_round = []
        self._turn.release()
        if self._queue:
            self._begin_soon()

    def _round_failed(self) -> None:
        log.exception("a round failed", session=self.session)
        self._behind = True
        _settle_all(self._in_round, refused("internal", "something went wrong here"))

    # -- the task -------------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            while self._unusual is not None or (self._queue and not self._in_round):
                if self._unusual is None:
                    await self._turn.acquire()
                    self._take_waiting()
                begun, self._unusual = self._unusual, None
                try:
                    if self._in_round:
                        await self._round(self._in_round, begun)
                except Exception:  # noqa: BLE001  it is logged
                    self._round_failed()
                finally:
                    self._end_round()

    async def _round(self, waiting: list[Waiting], begun: Begun | None = None) -> None:
        """Until everybody has an answer: decides, appends, and decides again on what others appended meanwhile."""
        lost = 0
        try:
            while True:
                if begun is None:
                    begun = Begun(await self._decide_knowing(waiting))
                elif begun.outcome is None:
                    begun.draft = await self._knowing(begun.draft, waiting)
                draft, outcome = begun.draft, begun.outcome
                begun = None
                if outcome is None:
                    outcome = await self._append(draft)
                if isinstance(outcome, Exception):
                    raise outcome
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
            self._leave_open(waiting)
        except Damaged as error:
            self._found(error)
            _settle_all(waiting, damaged())

    async def _decide_knowing(self, waiting: Sequence[Waiting]) -> Draft:
        if self._behind:
            await self._read_on()
        return await self._knowing(self._decide(waiting), waiting)

    async def _knowing(self, draft: Draft, waiting: Sequence[Waiting]) -> Draft:
        """What this round would refuse may be the repetition of what was answered before this host was there: then the
        first result is the answer. What it accepts is looked up by the append itself."""
        found = await self._parts.event_log.find_commands(self.session, draft.unrecorded) if draft.unrecorded else ()
        if not found:
            return draft
        self._remember(found)
        return self._decide(waiting)

    def _decide(self, waiting: Sequence[Waiting]) -> Draft:
        at = self._parts.clock()
        for each in waiting:
            if each.not_before is not None:
                at = max(at, each.not_before)
        outside = Outside(self.session, self.epoch, at, self._random, _fresh_secret, self._secrets, self._known)
        return decide_round(self.room, waiting, outside)

    async def _append(self, draft: Draft) -> Outcome:
        """A round of refusals appends nothing, but stands on the head all the same (design.md 4)."""
        if draft.appends:
            try:
                await self._parts.failpoints.reach("before_commit")
            except InjectedFailure as error:
                raise CommitFailed("injected") from error
            self._passage = Passage()
            return await self._parts.committer.submit(draft.batch(), self._passage)
        self._passage = Passage()
        if draft.stands_on_head:
            head = await self._parts.heads.of(self.session)
            if head is None or head.epoch != self.epoch or head.last_seq != self.room.seq:
                return Moved(head) if head is not None else Busy()
        return Appended(self.room.seq)

    async def _lost(self, outcome: Outcome) -> int:
        """Makes ready to decide again; whether that counts as a lost round."""
        match outcome:
            case Repeated(answered):
                self._remember(answered)
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
            drafts.append(await self._knowing(self._decide(waiting), waiting))
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
            answered = await self._parts.event_log.find_commands(self.session, [each.key for each in waiting])
        except Unavailable:
            self._leave_open(waiting)
            return
        if answered:  # it was a repetition: told from the record, without an append
            self._remember(answered)
            await self._round(list(waiting))
            return
        log.error("a command cannot be committed", session=self.session, command=waiting[0].command.type)
        _settle_all(waiting, refused("internal", "something went wrong here"))

    async def _committed(self, draft: Draft) -> None:
        """Whatever goes wrong from here on, it did happen: nobody is told otherwise, and nobody here misses it."""
        try:
            await self._parts.failpoints.reach("after_commit_before_ack")
            _let_go(self._take_in(draft))  # no answer waits until names were read
            await self._parts.failpoints.reach("after_ack_before_delivery")
            await self._show(draft.events)
            self._tell_slow(draft)
        except Exception:  # noqa: BLE001  it is logged
            self._lose_track(draft)

    def _take_in(self, draft: Draft) -> list[Release]:
        """It is durable: from now on it is the state, and everybody gets their answer; some of them with the events that follow."""
        self.room, self._secrets = draft.after, draft.secrets
        self._keep(draft.events, draft.effects)
        self._remember(draft.answered)
        trace.committed(self.session, self.room.seq, self._in_round)
        held = [release for waiting, ack in draft.answers if (release := waiting.settle(ack)) is not None]
        self._tally_answers(draft)
        if draft.events:
            self._parts.committed(self)
        return held

    def _lose_track(self, draft: Draft) -> None:
        log.exception("what was committed was not carried to its end", session=self.session)
        self._behind = True
        self._ring.clear()
        self._leave_open([waiting for waiting, _ in draft.answers])  # those without an answer yet
        self._send_back()

    def _leave_open(self, waiting: Iterable[Waiting]) -> None:
        """Nobody can be told what became of these until they send them again."""
        for each in waiting:
            self._parts.tally.unknown += each.answer is not None
            each.settle(_unavailable())

    def _tally_answers(self, draft: Draft) -> None:
        now, tally = self._now(), self._parts.tally
        self._answered_at = now
        tally.repeated += draft.repeated
        for waiting, ack in draft.answers:
            if ack.ok:
                tally.ack.add(now - waiting.arrived)

    def _tell_slow(self, draft: Draft) -> None:
        """Looked at by the command that came first: the others waited less."""
        answered_at = self._answered_at
        if answered_at - draft.answers[0][0].arrived >= trace.SLOW_S:
            shown_at = self._now()
            waiting = [each for each, _ack in draft.answers]
            trace.tell_slow(self.session, waiting, self._begun_at, self._passage, answered_at, shown_at)


def _let_go(held: Iterable[Release]) -> None:
    for release in held:
        release()


def _fresh_secret() -> bytes:
    return token_bytes(SECRET_BYTES)


def _unavailable() -> Ack:
    return refused(
        "unavailable", "the database cannot be used now: send it again", retry_after_s=limits.RETRY_UNAVAILABLE_S
    )


def damaged() -> Ack:
    return refused("session.damaged", "what is stored of this session is damaged: the operator has to see to it")


def _settle_all(waiting: Iterable[Waiting], ack: Ack) -> None:
    for each in waiting:
        each.settle(ack)


__all__ = ["Host", "NoSession", "Parts", "damaged"]
