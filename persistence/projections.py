"""Counters, scores and summaries as rows: folds the evidence of every session that moved and writes what it comes to, within
5 s (W189-W191, W209, W216-W220). What evidence is worth is rooms/engagement's; this file only keeps up, by cursor, and can
begin again from nothing at any time.

Several processes share the sessions; each session is followed by one of them at a time, and writing the same twice is harmless.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid4

from persistence.connection import Connection
from persistence.database import Database, Unavailable
from persistence.event_log import EventLog, Head
from persistence.event_rows import gate_rows
from persistence.registrations import close_registrations, lock_head
from rooms import room
from rooms.engagement import SCORE, SESSION_SCORE, Reckoning, Score, session_score
from rooms.evidence import Evidence, Guest, gather
from rooms.feature import Recorded
from rooms.gates import gates
from rooms.ids import SessionId, UserId
from rooms.roles import SEATED
from rooms.room import RoomState
from rooms.summary import summary

log = logging.getLogger(__name__)

EVERY_S = 1.0
REST_S = 3.0  # of one session between two projections, however much happens in it
TIME_STEP_S = 30  # while a session runs, being there counts by itself, in steps of this
LEASE_S = 5.0  # after a process died, another takes its sessions over
SESSIONS_MAX = 50  # claimed at a time
REMEMBERED_MAX = 200  # sessions whose evidence is kept in memory
READ_EVENTS = 500
SCORED_AT_A_TIME = 20  # people; then others get their turn

RECORDING_URL = "/api/v1/live-sessions/{}/recordings"  # stable; what it links to is signed when it is read

EPOCH = datetime.fromtimestamp(0, UTC)
Row: TypeAlias = dict[str, Any]
Read: TypeAlias = Callable[[SessionId, str, int, int], Awaitable[list[Recorded]]]  # session, epoch, after, at most
# Of the evidence, what moves nobody's score but by itself: everything else is ground that all stand on.
_APART = frozenset({"seq", "title", "guests", "messages", "present", "most_present", "stored"})
_GROUND = tuple(each.name for each in fields(Evidence) if each.name not in _APART)

_CLAIM = "SELECT session_id, last_seq, at FROM live.claim_projections($1, $2, $3, $4, $5)"
# Not what was reckoned before another Postgres answered: it may count what is not there any more.
_WRITE = "SELECT live.project_scores($1, $2, $3, $4, $5, $6, $7) FROM live.session_heads WHERE session_id = $1 AND epoch = $8"
_PROJECT_GATES = "SELECT live.carry_out(ARRAY[$1]::uuid[], ARRAY[1], $2)"


@dataclass(frozen=True)
class Scored:
    """What everybody came to, of which evidence and at which step of time."""

    evidence: Evidence
    at: datetime
    scores: Mapping[UserId, Score]

    def holds_for(self, evidence: Evidence, at: datetime) -> bool:
        """Whether only what people did themselves has changed since."""
        return at == self.at and all(getattr(evidence, name) is getattr(self.evidence, name) for name in _GROUND)

    def of(self, user: UserId, guest: Guest) -> Score | None:
        return self.scores.get(user) if self.evidence.guests.get(user) is guest else None


class Projector:
    """Of one process. `run` until cancelled. `read`: where events are had more cheaply than from the database, which has all."""

    def __init__(
        self,
        database: Database,
        event_log: EventLog,
        worker: UUID | None = None,
        *,
        rest_s: float = REST_S,
        read: Read | None = None,
    ) -> None:
        self._database = database
        self._event_log = event_log
        self._worker = str(worker or uuid4())
        self._rest_s = rest_s
        self._read = read or (lambda session, _epoch, after, limit: event_log.read(session, after, limit))
        self._evidence: OrderedDict[SessionId, tuple[str, Evidence]] = OrderedDict()  # with the epoch it is of
        self._written: dict[SessionId, Scored] = {}  # by this process, so it writes only what is new since

    async def run(self) -> None:
        try:
            while True:
                try:
                    await self.catch_up()
                except Unavailable:
                    log.warning("projections wait for the database")
                await asyncio.sleep(EVERY_S)
        finally:
            with suppress(Unavailable):
                await self._let_go()

    async def catch_up(self) -> int:
        """Everything that is behind and nobody else follows; how many sessions. One that fails is left for later."""
        spans = [timedelta(seconds=seconds) for seconds in (LEASE_S, self._rest_s, TIME_STEP_S)]
        async with self._database.connection() as connection:
            claimed = await connection.fetch(_CLAIM, self._worker, *spans, SESSIONS_MAX)
        heads = await self._event_log.heads([row["session_id"] for row in claimed]) if claimed else {}
        for row in claimed:
            try:
                if (head := heads.get(row["session_id"])) is not None:
                    await self._project(replace(head, last_seq=min(head.last_seq, row["last_seq"])), row["at"])
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001  whatever is wrong with one, the others must not wait for it
                log.error("session %s cannot be projected: %s", row["session_id"], type(error).__name__)  # noqa: TRY400
                self._forget(row["session_id"])
        return len(claimed)

    async def rebuild(self, session: SessionId) -> None:
        """All rows of the session that stand for its log, made again from the log alone."""
        head = (await self._event_log.heads([session]))[session]
        state, evidence = await self._replayed(session, head.last_seq)
        found = gate_rows(gates(RoomState(), state))
        doing = {name: [{"batch": 1, **row} for row in rows] for name, rows in found.items()}
        async with self._database.transaction() as connection:
            at = await connection.fetchval("SELECT clock_timestamp()")
            people, about, _ = await _rows(session, evidence, at, None)
            await lock_head(connection, session)
            await connection.execute(_PROJECT_GATES, session, doing)
            await self._write(connection, head, evidence, at, people, about, True)

    async def _let_go(self) -> None:
        async with self._database.connection() as connection:
            await connection.execute(
                "UPDATE live.projection_cursors SET leased_until = clock_timestamp() WHERE worker = $1", self._worker
            )

    # -- one session ----------------------------------------------------------------------------------------------------

    async def _project(self, head: Head, at: datetime) -> None:
        session = head.session
        evidence = await self._gathered(head)
        people, about, scored = await _rows(session, evidence, at, self._written.pop(session, None))
        # One statement is its own transaction; only what ends a session takes another.
        borrow = self._database.connection if evidence.ended_at is None else self._database.transaction
        async with borrow() as connection:
            await self._write(connection, head, evidence, at, people, about, False)
        self._written[session] = scored

    def _forget(self, session: SessionId) -> None:
        self._evidence.pop(session, None)
        self._written.pop(session, None)

    async def _gathered(self, head: Head) -> Evidence:
        session, upto = head.session, head.last_seq
        epoch, evidence = self._evidence.pop(session, (head.epoch, Evidence()))
        if epoch != head.epoch:  # a restore or a promotion: its end may not be there, and others in its place
            self._forget(session)
            evidence = Evidence()
        while evidence.seq < upto:
            rows = await self._read(session, head.epoch, evidence.seq, min(READ_EVENTS, upto - evidence.seq))
            if not rows:
                break
            evidence = gather(rows, evidence)
            await asyncio.sleep(0)
        self._evidence[session] = head.epoch, evidence
        while len(self._evidence) > REMEMBERED_MAX:
            self._forget(next(iter(self._evidence)))
        return evidence

    async def _replayed(self, session: SessionId, upto: int) -> tuple[RoomState, Evidence]:
        state, evidence = RoomState(), Evidence()
        while state.seq < upto:
            rows = await self._event_log.read(session, state.seq, min(READ_EVENTS, upto - state.seq))
            state, evidence = room.replay(rows, state), gather(rows, evidence)
            await asyncio.sleep(0)
        return state, evidence

    async def _write(
        self,
        connection: Connection,
        head: Head,
        evidence: Evidence,
        at: datetime,
        people: list[Row],
        about: Row,
        anew: bool,
    ) -> None:
        arguments = head.session, evidence.seq, at, self._worker, people, about, anew, head.epoch
        if await connection.fetchval(_WRITE, *arguments) and evidence.ended_at is not None:
            await close_registrations(connection, head.session)


async def _rows(
    session: SessionId, evidence: Evidence, at: datetime, written: Scored | None
) -> tuple[list[Row], Row, Scored]:
    """Of the people whose score is new since `written`. In steps of time, so that rows change when something happened, not
    whenever somebody looks."""
    step = at - (at - EPOCH) % timedelta(seconds=TIME_STEP_S)
    reckoning = Reckoning(evidence, step)
    before = written if written is not None and written.holds_for(evidence, step) else None
    scored: dict[UserId, Score] = {}
    changed: list[Row] = []
    for user, guest in evidence.guests.items():
        if not guest.stays:
            continue
        known = before.of(UserId(user), guest) if before is not None else None
        scored[UserId(user)] = score = known or reckoning.score(UserId(user))
        if known is None:
            changed.append(_person(UserId(user), score, evidence))
            if len(changed) % SCORED_AT_A_TIME == 0:
                await asyncio.sleep(0)
    return changed, _about(session, evidence, scored, at), Scored(evidence, step, scored)


def _person(user: UserId, score: Score, evidence: Evidence) -> Row:
    """The documents' counters stand beside each other; everything else about the score is its breakdown."""
    breakdown = SCORE.dump_python(score, mode="json", by_alias=True, exclude_none=True)
    metadata = {**breakdown.pop("counters"), "scoreBreakdown": breakdown}
    del breakdown["presentS"]  # changes by itself, and is among the numbers of attendance
    if evidence.guests[user].erased:  # domain.md 4.6: the numbers stay, what they are made of goes
        del metadata["scoreBreakdown"]
    if (quality := evidence.guests[user].quality) is not None:
        metadata["connectionQuality"] = quality
    return {"userId": user, "score": score.score or 0, "metadata": metadata}


def _about(session: SessionId, evidence: Evidence, scored: dict[UserId, Score], at: datetime) -> Row:
    """W188-W191. Staff take no part in the count, as in the capacity."""
    overall = session_score(scored.values())
    about: Row = {
        "participantCount": sum(1 for user in scored if evidence.guests[user].role in SEATED),
        "engagement": SESSION_SCORE.dump_python(overall, mode="json", by_alias=True, exclude_none=True),
    }
    if overall.score is not None:
        about["engagementScore"] = overall.score
    if evidence.ended_at is not None:
        about["summary"] = summary(evidence, at)
    if evidence.stored:
        about["recordingUrl"] = RECORDING_URL.format(session)
    return about
