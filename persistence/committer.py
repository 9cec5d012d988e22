"""The process's one committer: everything that waits, of all sessions, becomes durable in one round trip, one round at a
time and without delay (performance.md F). Knows batches and outcomes; deciding again is their hosts' affair.

A round that fails is tried again session by session, so that only the culprit is told CommitFailed; until it succeeds once,
that session then commits apart from the rounds. A lost Postgres is waited for a moment; then all that waits is Unavailable,
which leaves the outcome open: whoever submits again learns it, because accepted commands come back as Repeated.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import asyncpg

from persistence.connection import Connection
from persistence.database import Database, Unavailable
from persistence.durations import Durations
from persistence.event_log import Appended, Batch, EventLog, Outcome, Prepared, Unstorable
from rooms.ids import SessionId

log = logging.getLogger(__name__)

ROUND_SESSIONS_MAX = 200
ROUND_EVENTS_MAX = 2_000
ROUND_CHARACTERS_MAX = 4_000_000
WAITING_BATCHES_MAX = 5_000  # a host has at most one; beyond it the server is overloaded
APART_MAX = 4  # connections used at a time by sessions that commit apart
PATIENCE_S = 2.0  # a Postgres that crashed is back by then
RETRY_AFTER_S = 0.05
REDACTION_EVERY_S = 5.0
GIVEN_UP_FOR_S = 5.0  # then whoever asks tries again


class CommitFailed(Exception):
    """This batch cannot be committed, and nothing of it was; the database said why in the log."""


class Overloaded(Exception):
    """More waits than may wait; nothing was submitted."""


@dataclass(slots=True)
class Passage:
    """When a batch was put into a round, and when its outcome was known; by the loop's clock, 0 until then."""

    taken_at: float = 0.0
    known_at: float = 0.0


@dataclass(slots=True, eq=False)
class Waiting:
    """`resolve` and `fail`: one of them is called, once; they neither wait nor raise."""

    session: SessionId
    prepared: Prepared
    resolve: Callable[[Outcome], None]
    fail: Callable[[Exception], None]
    passage: Passage
    since: float


class RowLocked(Exception):
    """Somebody holds a row that this append projects into; the server itself is well."""


class Committer:
    """`run` is started by the composition root and cancelled at the end; `close` first lets what waits be committed."""

    def __init__(self, database: Database, event_log: EventLog) -> None:
        self._database = database
        self._event_log = event_log
        self._waiting: list[Waiting] = []
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._ending = False
        self._failing_since: float | None = None  # when the first of the attempts began that found no Postgres
        self._gave_up_at: float | None = None  # the latest of them, if nothing was committed since
        self._apart: set[SessionId] = set()
        self._apart_slots = asyncio.Semaphore(APART_MAX)
        self._tasks: set[asyncio.Task[None]] = set()
        self._blanks_wait = asyncio.Event()
        self.queued = Durations()  # of a batch until it is in a round
        self.statements = Durations()  # of a round in Postgres
        self.appended = 0  # events

    @property
    def waiting(self) -> int:
        """Batches that are in no round yet."""
        return len(self._waiting)

    @property
    def has_given_up(self) -> bool:
        """Whatever came of late could not be committed. What Postgres can still write where it has no room is not what a log needs
        (F8), so that nobody else can tell."""
        if self._gave_up_at is None:
            return False
        return asyncio.get_running_loop().time() - self._gave_up_at < GIVEN_UP_FOR_S

    async def submit(self, batch: Batch, passage: Passage | None = None) -> Outcome:
        """Appended means durable. Raises CommitFailed (nothing happened), Overloaded (nothing happened) or Unavailable
        (the outcome is unknown). Cancelling the caller does not cancel the commit. `passage` is filled in on the way."""
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def resolve(how: Outcome) -> None:
            if not outcome.done():  # the caller may have gone; the commit stands
                outcome.set_result(how)

        def fail(error: Exception) -> None:
            if not outcome.done():
                outcome.set_exception(error)

        self.hand_in(batch, passage or Passage(), resolve, fail)
        return await outcome

    def hand_in(
        self, batch: Batch, passage: Passage, resolve: Callable[[Outcome], None], fail: Callable[[Exception], None]
    ) -> None:
        """`submit` for whoever is no task: raises CommitFailed and Overloaded at once; what comes of it later, Unavailable and
        CommitFailed too, goes to one of the two, which neither wait nor raise."""
        try:
            prepared = self._event_log.prepare(batch)
        except Unstorable as error:
            raise CommitFailed(str(error)) from error
        if len(self._waiting) >= WAITING_BATCHES_MAX:
            raise Overloaded
        waiting = Waiting(batch.session, prepared, resolve, fail, passage, asyncio.get_running_loop().time())
        if batch.session in self._apart:
            self._start_apart(waiting)
        else:
            self._waiting.append(waiting)
            self._arrived.set()
            self._idle.clear()

    def expect(self) -> None:
        """Something is about to be handed in, before the loop comes to what is woken now: then it need not be woken for that."""
        self._arrived.set()

    async def run(self) -> None:
        """A commit under way is never cancelled: the end waits for it. What still waits then is Unavailable."""
        self._ending = False
        serving, redacting = asyncio.create_task(self._keep_serving()), asyncio.create_task(self._redact())
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            self._ending = True
            self._arrived.set()
            await asyncio.wait([serving])
            raise
        finally:
            redacting.cancel()
            self._fail_all(Unavailable("the committer has ended"))

    async def close(self) -> None:
        """Returns when nothing waits and nothing is under way. Does not end `run`."""
        await self._idle.wait()
        await asyncio.gather(*self._tasks)

    # -- rounds ---------------------------------------------------------------------------------------------------------

    async def _keep_serving(self) -> None:
        while not self._ending:
            await self._arrived.wait()
            await self._serve()

    async def _serve(self) -> None:
        """Rounds on one connection, kept while it is good, until something fails."""
        round_: list[Waiting] = []
        started = asyncio.get_running_loop().time()
        try:
            async with self._database.connection() as connection:
                while not self._ending:
                    started = asyncio.get_running_loop().time()
                    if round_ := self._next_round():
                        await self._commit(connection, round_)
                        self._failing_since = None
                    else:
                        await self._arrived.wait()
        except Unavailable as error:
            await self._after_loss(round_, started, error)
        except Exception as error:  # noqa: BLE001  whatever one batch brings along, the others must not wait for ever
            if not round_:  # not even connected
                log.warning("no connection to commit on: %s", _named(error))
                await self._after_loss([], started, Unavailable("the database cannot be used now"))
                return
            log.warning("a round of %d sessions failed: %s; each is tried alone", len(round_), _named(error))
            for each in round_:
                self._start_apart(each)

    def _next_round(self) -> list[Waiting]:
        """As much as a round may hold, oldest first, at most one batch of a session."""
        round_: dict[SessionId, Waiting] = {}
        rest: list[Waiting] = []
        events = characters = 0
        for each in self._waiting:
            full = events >= ROUND_EVENTS_MAX or characters >= ROUND_CHARACTERS_MAX or len(round_) >= ROUND_SESSIONS_MAX
            if full or each.session in round_:
                rest.append(each)
            else:
                round_[each.session] = each
                events += len(each.prepared.payloads)
                characters += each.prepared.size
        self._waiting = rest
        if not round_:
            self._arrived.clear()
            self._idle.set()
        return list(round_.values())

    async def _commit(self, connection: Connection, round_: Sequence[Waiting]) -> None:
        now = asyncio.get_running_loop().time
        taken_at = now()
        for each in round_:
            each.passage.taken_at = taken_at
            self.queued.add(taken_at - each.since)
        try:
            outcomes = await self._event_log.append_on(connection, [each.prepared for each in round_])
        except asyncpg.LockNotAvailableError as error:
            raise RowLocked from error
        known_at = now()
        self.statements.add(known_at - taken_at)
        for each in round_:
            each.passage.known_at = known_at
        self._resolve(round_, outcomes)

    def _resolve(self, round_: Sequence[Waiting], outcomes: Sequence[Outcome]) -> None:
        for each, outcome in zip(round_, outcomes, strict=True):
            each.resolve(outcome)
            if isinstance(outcome, Appended):
                self.appended += len(each.prepared.payloads)
                self._gave_up_at = None
                if each.prepared.batch.effects and each.prepared.batch.blanks:
                    self._blanks_wait.set()

    async def _after_loss(self, round_: list[Waiting], started: float, error: Unavailable) -> None:
        """The round goes first again; trying it twice is harmless. While Postgres stays away, nobody is kept waiting."""
        self._waiting = round_ + self._waiting
        self._failing_since = self._failing_since or started
        if asyncio.get_running_loop().time() - self._failing_since > PATIENCE_S:
            if self._waiting:
                self._gave_up_at = asyncio.get_running_loop().time()
            self._fail_all(error)
        await asyncio.sleep(RETRY_AFTER_S)

    def _fail_all(self, error: Exception) -> None:
        for each in self._waiting:
            each.fail(error)
        self._waiting.clear()
        self._arrived.clear()
        self._idle.set()

    # -- apart from the rounds ------------------------------------------------------------------------------------------

    def _start_apart(self, waiting: Waiting) -> None:
        task = asyncio.create_task(self._commit_apart(waiting))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _commit_apart(self, waiting: Waiting) -> None:
        """Alone, beside the rounds. A session that fails here stays apart until it succeeds."""
        try:
            async with self._apart_slots, self._database.connection() as connection:
                await self._commit(connection, [waiting])
            self._apart.discard(waiting.session)
        except Unavailable as error:
            waiting.fail(error)
        except RowLocked:
            self._apart.add(waiting.session)
            waiting.fail(Unavailable("a row of this session is locked"))
        except Exception as error:  # noqa: BLE001  as above
            self._apart.add(waiting.session)
            log.error("a batch of session %s cannot be committed: %s", waiting.session, _named(error))  # noqa: TRY400
            waiting.fail(CommitFailed("the batch cannot be committed"))

    # -- redaction ------------------------------------------------------------------------------------------------------

    async def _redact(self) -> None:
        """At once after an append that asks for it, and now and then for what another process left undone."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(REDACTION_EVERY_S):
                    await self._blanks_wait.wait()
            self._blanks_wait.clear()
            with suppress(Unavailable):
                await self._event_log.redact_marked()


def _named(error: Exception) -> str:
    """What may be logged of an error: never its text, which quotes rows."""
    constraint = getattr(error, "constraint_name", None)
    return " ".join(filter(None, (type(error).__name__, getattr(error, "sqlstate", None), constraint)))
