"""One session in this process, with its queue: one task that decides, appends, answers and delivers, with at most one append in
flight (design.md 1). Knows neither sockets nor rules; any process may host any session, so the head may move at any time
without it.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from random import Random, SystemRandom
from secrets import token_bytes

import structlog

from live import limits
from live.acks import Ack, refused
from live.drafts import SECRET_BYTES, Draft, Outside, Stale, Waiting, body_hash, decide_round
from live.failpoints import InjectedFailure
from live.replica import NoSession, Parts, Replica
from persistence.committer import CommitFailed, Overloaded
from persistence.database import Unavailable
from persistence.event_log import Appended, Batch, Busy, Head, Moved, Outcome, Repeated
from rooms.feature import Command, Recorded
from rooms.ids import SessionId, UserId

log = structlog.get_logger("host")

LOST_ROUNDS_MAX = 2


class Host(Replica):
    """`start` begins its task; `stop` ends it once the queue is answered."""

    def __init__(self, session: SessionId, parts: Parts) -> None:
        super().__init__(session, parts)
        self.used_at = asyncio.get_running_loop().time()
        self.is_open = True
        self._queue: deque[Waiting] = deque()
        self._in_round: list[Waiting] = []
        self._awake = asyncio.Event()
        self._random = Random(SystemRandom().getrandbits(64))  # noqa: S311 - for the rules' draws, not for secrets
        self._task: asyncio.Task[None] | None = None

    # -- life -----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name=f"host {self.session}")

    async def stop(self) -> None:
        """Says it again until it is heard, as live/app.py does."""
        self.is_open = False
        while self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=0.5)
        await asyncio.gather(*self._errands, return_exceptions=True)

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
        stale: Stale | None = None,
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
        waiting = Waiting(
            actor, command, command_id, admin, body_hash(command), self.used_at, answer, not_before, stale
        )
        self._queue.append(waiting)
        self._awake.set()
        return answer

    async def submit(
        self,
        actor: UserId | None,
        command: Command,
        command_id: str,
        *,
        admin: bool = False,
        stale: Stale | None = None,
    ) -> Ack:
        return await self.enqueue(actor, command, command_id, admin=admin, stale=stale)

    def expire(self, now: float) -> None:
        """Answers those that waited too long; a command already in an append may still come through."""
        late = now - limits.ANSWER_WITHIN_S
        while self._queue and self._queue[0].since < late:
            self._queue.popleft().settle(_unavailable())
        for waiting in self._in_round:
            if waiting.since < late:
                waiting.settle(_unavailable())

    def _applied(self, events: Sequence[Recorded]) -> None:
        self._parts.applied(self, events)

    def _is_back(self, user: UserId) -> None:
        self._parts.returned(self, user)

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


def _unavailable() -> Ack:
    return refused(
        "unavailable", "the database cannot be used now: send it again", retry_after_s=limits.RETRY_UNAVAILABLE_S
    )


def _settle_all(waiting: Iterable[Waiting], ack: Ack) -> None:
    for each in waiting:
        each.settle(ack)


__all__ = ["Host", "NoSession", "Parts"]
