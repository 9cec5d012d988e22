"""Counters, scores and summaries as rows: folds the evidence of every session that moved and writes what it comes to, within
5 s (W189-W191, W209, W216-W220). What evidence is worth is rooms/engagement's; this file only keeps up, by cursor, and can
begin again from nothing at any time.

Several processes share the sessions; each session is followed by one of them at a time, and writing the same twice is harmless.
"""

import asyncio
import logging
from collections import OrderedDict
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import asyncpg

from persistence.connection import Connection
from persistence.database import Database, Unavailable
from persistence.event_log import EventLog
from persistence.event_rows import gate_rows
from persistence.registrations import close_registrations, lock_head
from rooms import room
from rooms.engagement import SCORE, SESSION_SCORE, Reckoning, Score, session_score
from rooms.evidence import Evidence, gather
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

_CLAIM = "SELECT session_id, last_seq, at FROM live.claim_projections($1, $2, $3, $4, $5)"
_WRITE = "SELECT live.project_scores($1, $2, $3, $4, $5, $6, $7)"
_PROJECT_GATES = "SELECT live.carry_out(ARRAY[$1]::uuid[], ARRAY[1], $2)"


class Projector:
    """Of one process. `run` until cancelled."""

    def __init__(
        self, database: Database, event_log: EventLog, worker: UUID | None = None, *, rest_s: float = REST_S
    ) -> None:
        self._database = database
        self._event_log = event_log
        self._worker = str(worker or uuid4())
        self._rest_s = rest_s
        self._evidence: OrderedDict[SessionId, Evidence] = OrderedDict()

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
        for row in claimed:
            try:
                await self._project(row["session_id"], row["last_seq"], row["at"])
            except (asyncpg.PostgresError, ArithmeticError, LookupError, TypeError, ValueError) as error:
                log.error("session %s cannot be projected: %s", row["session_id"], type(error).__name__)  # noqa: TRY400
                self._evidence.pop(row["session_id"], None)
        return len(claimed)

    async def rebuild(self, session: SessionId) -> None:
        """All rows of the session that stand for its log, made again from the log alone."""
        head = (await self._event_log.heads([session]))[session]
        state, evidence = await self._replayed(session, head.last_seq)
        found = gate_rows(gates(RoomState(), state))
        doing = {name: [{"batch": 1, **row} for row in rows] for name, rows in found.items()}
        async with self._database.transaction() as connection:
            at = await connection.fetchval("SELECT clock_timestamp()")
            people, about = await _rows(session, evidence, at)
            await lock_head(connection, session)
            await connection.execute(_PROJECT_GATES, session, doing)
            await self._write(connection, session, evidence, at, people, about, True)

    async def _let_go(self) -> None:
        async with self._database.connection() as connection:
            await connection.execute(
                "UPDATE live.projection_cursors SET leased_until = clock_timestamp() WHERE worker = $1", self._worker
            )

    # -- one session ----------------------------------------------------------------------------------------------------

    async def _project(self, session: SessionId, upto: int, at: datetime) -> None:
        evidence = await self._gathered(session, upto)
        people, about = await _rows(session, evidence, at)
        async with self._database.transaction() as connection:
            await self._write(connection, session, evidence, at, people, about, False)

    async def _gathered(self, session: SessionId, upto: int) -> Evidence:
        evidence = self._evidence.pop(session, Evidence())
        while evidence.seq < upto:
            rows = await self._event_log.read(session, evidence.seq, min(READ_EVENTS, upto - evidence.seq))
            if not rows:
                break
            evidence = gather(rows, evidence)
            await asyncio.sleep(0)
        self._evidence[session] = evidence
        while len(self._evidence) > REMEMBERED_MAX:
            self._evidence.popitem(last=False)
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
        session: SessionId,
        evidence: Evidence,
        at: datetime,
        people: list[Row],
        about: Row,
        anew: bool,
    ) -> None:
        arguments = session, evidence.seq, at, self._worker, people, about, anew
        if await connection.fetchval(_WRITE, *arguments) and evidence.ended_at is not None:
            await close_registrations(connection, session)


async def _rows(session: SessionId, evidence: Evidence, at: datetime) -> tuple[list[Row], Row]:
    """In steps of time, so that rows change when something happened, not whenever somebody looks."""
    reckoning = Reckoning(evidence, at - (at - EPOCH) % timedelta(seconds=TIME_STEP_S))
    scored: dict[UserId, Score] = {}
    for number, (user, guest) in enumerate(evidence.guests.items(), start=1):
        if guest.stays:
            scored[UserId(user)] = reckoning.score(UserId(user))
        if number % SCORED_AT_A_TIME == 0:
            await asyncio.sleep(0)
    return [_person(user, each, evidence) for user, each in scored.items()], _about(session, evidence, scored, at)


def _person(user: UserId, score: Score, evidence: Evidence) -> Row:
    """The documents' counters stand beside each other; everything else about the score is its breakdown."""
    breakdown = SCORE.dump_python(score, mode="json", by_alias=True, exclude_none=True)
    metadata = {**breakdown.pop("counters"), "scoreBreakdown": breakdown}
    del breakdown["presentS"]  # changes by itself, and is among the numbers of attendance
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
