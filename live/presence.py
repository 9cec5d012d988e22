"""Who is connected to this process, told to the others by rows and beats, and what follows when nobody has seen somebody for
30 s, or when nobody served at all (design.md 1, Presence). Counts connections; what joining and leaving mean is decided in
rooms/, and whose clock counts in persistence/presence.py.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID, uuid4, uuid5

import structlog

from live.acks import Ack
from live.host import Host
from live.hosts import Hosts, NoSession
from persistence.database import Unavailable
from persistence.event_log import Damaged
from persistence.presence import BEAT_EVERY_S, Interruption, Missing, Pair
from persistence.presence import Presence as PresenceRows
from rooms.ids import SessionId, UserId
from rooms.lifecycle import ReportInterruption
from rooms.participants import Join, Leave
from rooms.people import person_of
from rooms.roles import Role

log = structlog.get_logger("presence")
AT_A_TIME = 20  # people whose leaving is submitted side by side
LEFT_OPEN = frozenset({"unavailable", "overloaded", "internal"})  # not decided: asked again


class Presence:
    def __init__(self, rows: PresenceRows) -> None:
        self._rows = rows
        self._here: Counter[Pair] = Counter()
        self._unwritten: set[Pair] = set()
        self._waiting: list[asyncio.Future[None]] = []
        self._to_write = asyncio.Event()
        self._unsure = False  # rows and connections may differ: Postgres was away
        self._errands: set[asyncio.Task[None]] = set()
        self.beaten_at = asyncio.get_running_loop().time()  # when Postgres took our beat last, by the loop's clock

    # -- connections ----------------------------------------------------------------------------------------------------

    async def arriving(self, session: SessionId, user: UserId) -> None:
        """Returns when the row is written, or cannot be: it is put right later. Each call is undone by one `departed`."""
        self._here[(session, user)] += 1
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(written)
        self._note((session, user))
        await written

    def departed(self, session: SessionId, user: UserId) -> None:
        pair = (session, user)
        self._here[pair] -= 1
        if self._here[pair] <= 0:
            del self._here[pair]
            self._note(pair)

    def _note(self, pair: Pair) -> None:
        self._unwritten.add(pair)
        self._to_write.set()

    async def leave_now(self, host: Host, user: UserId) -> None:
        """Said on purpose. If they are connected to another process, its host has them back at once."""
        await host.submit(None, Leave(user_id=user, last_seen=host.now()), str(uuid4()))

    def returned(self, host: Host, user: UserId) -> None:
        """The log says they left, and they are connected here: somebody thought so too soon."""
        task = asyncio.create_task(self._join_again(host, user))
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _join_again(self, host: Host, user: UserId) -> None:
        person = person_of(host.room, user)
        ack = await submit_join(host, user, person.role if person is not None else Role.PARTICIPANT)
        if not ack.ok:
            log.warning("could not join again", session=host.session, code=ack.code)

    # -- rows -----------------------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        with suppress(Unavailable):
            await self._rows.beat()

    async def end(self) -> None:
        with suppress(Unavailable):
            await self._rows.end()

    async def keep_writing(self) -> None:
        """Until cancelled: one writer, so that coming and going of one person reach the rows in their order."""
        while True:
            await self._to_write.wait()
            self._to_write.clear()
            changed, self._unwritten = self._unwritten, set()
            waiting, self._waiting = self._waiting, []
            try:
                await self._write(changed)
            except Unavailable:
                self._unsure = True
            finally:
                for each in waiting:
                    if not each.done():
                        each.set_result(None)

    async def _write(self, changed: Iterable[Pair]) -> None:
        if self._unsure:
            await self._rows.hold(self._here)
            self._unsure = False
            return
        here = {pair for pair in changed if pair in self._here}
        gone = set(changed) - here
        if here:
            await self._rows.arrive(here)
        if gone:
            await self._rows.leave(gone)

    async def keep_beating(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._rows.beat()
                self.beaten_at = asyncio.get_running_loop().time()
            except Unavailable:
                self._unsure = True
            if self._unsure:
                self._to_write.set()
            await asyncio.sleep(BEAT_EVERY_S)

    # -- what follows ---------------------------------------------------------------------------------------------------

    async def keep_watch(self, hosts: Hosts) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(BEAT_EVERY_S)
            with suppress(Unavailable):
                await self._report_missing(hosts)
                for interruption in await self._rows.interruptions():
                    await self._report(hosts, interruption)

    async def _report_missing(self, hosts: Hosts) -> None:
        missing = await self._rows.missing()
        for start in range(0, len(missing), AT_A_TIME):
            some = missing[start : start + AT_A_TIME]
            settled = await asyncio.gather(*(self._report_gone(hosts, each) for each in some))
            left = [(each.session, each.user) for each, done in zip(some, settled, strict=True) if done]
            if left:
                await self._rows.forget(left)

    async def _report_gone(self, hosts: Hosts, missing: Missing) -> bool:
        leave = Leave(user_id=missing.user, last_seen=missing.last_seen)
        try:
            ack = await hosts.submit(missing.session, None, leave, missing.command_id)
        except NoSession:
            return True
        except Damaged:
            return False
        return _is_settled(ack)

    async def _report(self, hosts: Hosts, interruption: Interruption) -> None:
        report = ReportInterruption.model_validate({"from": interruption.from_at, "to": interruption.to_at})
        settled = True
        for session in interruption.sessions:
            with suppress(Damaged):  # to nobody there: nobody can be told anything there
                settled &= _is_settled(await hosts.submit(session, None, report, interruption.command_id(session)))
        if settled:
            await self._rows.reported(interruption)


async def submit_join(host: Host, user: UserId, role: Role) -> Ack:
    """Deciding sees by itself that somebody is here already; the id only tells one attempt from another."""
    command_id = str(uuid5(UUID(host.session), f"join:{user}:{host.room.seq}"))
    return await host.submit(user, Join(role=role), command_id)


def _is_settled(ack: Ack) -> bool:
    return ack.ok or ack.code not in LEFT_OPEN
