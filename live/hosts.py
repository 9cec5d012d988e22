"""Every session this process holds: opened when somebody asks, let go when nobody has for a while. Also what all of them
share: the poll for what other processes appended, late answers, and frames over ranges where there was nothing to see.
"""

import asyncio

import structlog

from live import limits
from live.acks import Ack
from live.byes import RESYNC
from live.drafts import Stale
from live.host import Host, NoSession, Parts
from persistence.database import Unavailable
from persistence.event_log import Damaged, Head
from rooms.feature import Command, Recorded
from rooms.ids import SessionId, UserId
from rooms.room import RoomState

log = structlog.get_logger("hosts")


class Hosts:
    def __init__(self, parts: Parts) -> None:
        self._damaged: dict[SessionId, tuple[float, Damaged]] = {}  # until when nobody tries to open it again
        self._hosts: dict[SessionId, Host] = {}
        self._opening: dict[SessionId, asyncio.Task[Host]] = {}
        self._parts = parts

    async def get(self, session: SessionId) -> Host:
        """Raises NoSession, Unavailable, Damaged."""
        host = self._hosts.get(session)
        if host is None:
            self._refuse_damaged(session)
            task = self._opening.get(session)
            if task is None:
                task = self._opening[session] = asyncio.create_task(self._open(session))
                task.add_done_callback(lambda _task: self._opening.pop(session, None))
            host = await asyncio.shield(task)
        host.used_at = asyncio.get_running_loop().time()
        return host

    async def _open(self, session: SessionId) -> Host:
        if len(self._hosts) >= limits.HOSTS_MAX:
            raise Unavailable("too many sessions are open")
        host = Host(session, self._parts)
        try:
            await host.load()
        except Damaged as error:
            log.error("a session is damaged", session=session, what=error.what)  # noqa: TRY400 - no mistake of ours
            self._quarantine(session, error)
            raise
        host.start()
        self._hosts[session] = host
        return host

    def _refuse_damaged(self, session: SessionId) -> None:
        until, damage = self._damaged.get(session, (0.0, None))
        if damage is not None and asyncio.get_running_loop().time() < until:
            raise Damaged(session, damage.what)
        self._damaged.pop(session, None)

    def _quarantine(self, session: SessionId, damage: Damaged) -> None:
        """Reading what cannot be read costs as much as reading all that can: not for everybody who asks."""
        while len(self._damaged) >= limits.QUARANTINED_MAX:
            del self._damaged[next(iter(self._damaged))]
        self._damaged[session] = asyncio.get_running_loop().time() + limits.QUARANTINE_S, damage

    def damaged(self) -> list[SessionId]:
        """Those that nobody tries to open here now."""
        now = asyncio.get_running_loop().time()
        return [session for session, (until, _damage) in self._damaged.items() if now < until]

    async def read(self, session: SessionId) -> RoomState:
        """The state at the head of the log, as the primary has it now. Raises NoSession, Unavailable, Damaged."""
        host = await self.get(session)
        await host.catch_up()
        return host.room

    async def submit(
        self,
        session: SessionId,
        actor: UserId | None,
        command: Command,
        command_id: str,
        *,
        admin: bool = False,
        stale: Stale | None = None,
        resent: bool = False,
    ) -> Ack:
        """Raises NoSession, Unavailable, Damaged (nothing was submitted). A command meant for another state is `precondition_failed`."""
        host = await self.get(session)
        return await host.submit(actor, command, command_id, admin=admin, stale=stale, resent=resent)

    def held(self) -> list[Host]:
        return list(self._hosts.values())

    def watched(self, session: SessionId) -> Host | None:
        """If somebody of it is connected here, or its sound is."""
        host = self._hosts.get(session)
        return host if host is not None and host.watched else None

    async def events(self, session: SessionId, epoch: str, after: int, limit: int) -> list[Recorded]:
        """The next events of that log after `after`: from memory, if it is followed here so far, else from the database."""
        host = self._hosts.get(session)
        if host is not None and host.epoch == epoch and host.room.seq > after:
            return await host.events(after, limit)
        return await self._parts.event_log.read(session, after, limit)

    def hear(self, session: SessionId, epoch: str, seq: int) -> None:
        """Another process says that the log stands there now. Who says so is not asked what an epoch is: of another one than ours the
        database is (`keep_up`)."""
        host = self.watched(session)
        if host is not None and host.epoch == epoch:
            host.heed(seq)

    # -- what runs beside the hosts -------------------------------------------------------------------------------------

    async def keep_up(self) -> None:
        """Until cancelled: asks for the heads of all sessions with somebody in them, or whose sound is here, and reads on where
        others appended."""
        while True:
            await asyncio.sleep(limits.POLL_EVERY_S)
            watched = {host.session: host for host in self.held() if host.watched}
            if not watched:
                continue
            try:
                heads = await self._parts.event_log.heads(watched)
            except Unavailable:
                continue  # the rooms stay readable as they are
            for session, head in heads.items():
                self._found(watched[session], head)

    def _found(self, host: Host, head: Head) -> None:
        if head.last_seq > host.room.seq and not host.busy:
            self._parts.tally.found_by_poll += 1
        host.hear(head)

    async def keep_order(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        covered_at = 0.0
        while True:
            await asyncio.sleep(limits.POLL_EVERY_S)
            now = loop.time()
            cover = now - covered_at >= limits.COVER_WITHIN_S - limits.POLL_EVERY_S
            for session in list(self._hosts):
                await self._look_after(session, now, cover)
            covered_at = now if cover else covered_at

    async def _look_after(self, session: SessionId, now: float, cover: bool) -> None:
        host = self._hosts.get(session)
        if host is None:
            return
        host.expire(now)
        if cover:
            host.audience.cover(host.epoch)
        if host.damage is not None:
            await self._close_damaged(host, host.damage)
        elif not host.watched and not host.busy and now - host.used_at > limits.IDLE_HOST_S:
            del self._hosts[session]
            await host.stop()

    async def _close_damaged(self, host: Host, damage: Damaged) -> None:
        """Who is in it comes again, and is told."""
        del self._hosts[host.session]
        self._quarantine(host.session, damage)
        for viewer in host.audience.viewers():
            viewer.sink.part(RESYNC)
        await host.stop()

    async def settle(self) -> None:
        """Waits until every command that was taken has its answer."""
        while any(host.busy for host in self.held()):  # noqa: ASYNC110 - asked once, while the process stops
            await asyncio.sleep(0.02)

    async def close(self) -> None:
        await asyncio.gather(*(host.stop() for host in self.held()), return_exceptions=True)
        self._hosts.clear()


__all__ = ["Hosts", "NoSession"]
