"""Fires what falls due: takes the rows whose time has come, opens their session even if nobody is in it, and submits the
command they hold. Whether it still means anything is decided by the rules; a second firing is the same command again.
"""

import asyncio

import structlog

from live.hosts import Hosts, NoSession
from live.presence import LEFT_OPEN
from persistence.database import Unavailable
from persistence.event_log import Damaged
from persistence.timers import Due, Timers

log = structlog.get_logger("timers")
LOOK_EVERY_S = 0.5  # what other processes arm is seen this late at most
LOOK_AGAIN_S = 0.01


class Clockwork:
    def __init__(self, timers: Timers, hosts: Hosts) -> None:
        self._timers = timers
        self._hosts = hosts

    async def keep_firing(self) -> None:
        """Until cancelled."""
        while True:
            try:
                damaged = self._hosts.damaged()
                due = await self._timers.take_due(but=damaged)
                await asyncio.gather(*map(self._fire, due))
                wait = LOOK_AGAIN_S if due else await self._timers.next_due(but=damaged)
            except Unavailable:
                wait = LOOK_EVERY_S
            await asyncio.sleep(LOOK_EVERY_S if wait is None else min(max(wait, LOOK_AGAIN_S), LOOK_EVERY_S))

    async def _fire(self, due: Due) -> None:
        try:
            host = await self._hosts.get(due.session)
            ack = await host.submit(None, due.command, due.command_id, not_before=due.due_at)
            if not ack.ok and ack.code in LEFT_OPEN:
                log.warning("a timer waits for its next turn", session=due.session, key=due.key, code=ack.code)
                return
            if not ack.ok:
                log.info("a timer came to nothing", session=due.session, key=due.key, code=ack.code)
        except NoSession:
            pass
        except Damaged:
            await self._timers.put_back(due.session, due.key)  # somebody else may be able to read that session
            return
        await self._timers.done(due.session, due.key)
