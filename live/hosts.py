"""Every session this process holds: opened when somebody asks, let go when nobody has for a while. Also what all of them
share: the poll for what other processes appended, late answers, and frames over ranges where there was nothing to see.
"""

import asyncio

from live import limits
from live.acks import Ack
from live.drafts import Stale
from live.host import Host, NoSession, Parts
from persistence.database import Unavailable
from rooms.feature import Command
from rooms.ids import SessionId, UserId
from rooms.room import RoomState


class Hosts:
    def __init__(self, parts: Parts) -> None:
        self._hosts: dict[SessionId, Host] = {}
        self._opening: dict[SessionId, asyncio.Task[Host]] = {}
        self._parts = parts

    async def get(self, session: SessionId) -> Host:
        """Raises NoSession, Unavailable."""
        host = self._hosts.get(session)
        if host is None:
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
        await host.load()
        host.start()
        self._hosts[session] = host
        return host

    async def read(self, session: SessionId) -> RoomState:
        """The state at the head of the log, as the primary has it now. Raises NoSession, Unavailable."""
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
    ) -> Ack:
        """Raises NoSession, Unavailable (nothing was submitted). A command meant for another state is `precondition_failed`."""
        host = await self.get(session)
        return await host.submit(actor, command, command_id, admin=admin, stale=stale)

    def held(self) -> list[Host]:
        return list(self._hosts.values())

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
                watched[session].hear(head)

    async def keep_order(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        covered_at = 0.0
        while True:
            await asyncio.sleep(limits.POLL_EVERY_S)
            now = loop.time()
            cover = now - covered_at >= limits.COVER_WITHIN_S - limits.POLL_EVERY_S
            for host in self.held():
                host.expire(now)
                if cover:
                    host.audience.cover(host.epoch)
                if not host.watched and not host.busy and now - host.used_at > limits.IDLE_HOST_S:
                    del self._hosts[host.session]
                    await host.stop()
            covered_at = now if cover else covered_at

    async def settle(self) -> None:
        """Waits until every command that was taken has its answer."""
        while any(host.busy for host in self.held()):  # noqa: ASYNC110 - asked once, while the process stops
            await asyncio.sleep(0.02)

    async def close(self) -> None:
        await asyncio.gather(*(host.stop() for host in self.held()), return_exceptions=True)
        self._hosts.clear()


__all__ = ["Hosts", "NoSession"]
