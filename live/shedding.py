"""What a process does that has lost Postgres while others have not (guarantees F12): it takes nobody in and sends everybody away, to be
served there. Where nobody can be asked, or nobody is better off, people keep what they see, and wait.
"""

import asyncio
from collections.abc import Callable

import structlog

from live.gateway import Gateway
from live.limits import CUT_OFF_AFTER_S, SHED_SPREAD_S
from live.presence import Presence

log = structlog.get_logger("shedding")
LOOK_EVERY_S = 0.5
WELL_WITHIN_S = 4.0  # two beats


class Shedding:
    """`some_are_well`: whether another process can do what this one cannot."""

    def __init__(self, presence: Presence, gateway: Gateway, some_are_well: Callable[[], bool]) -> None:
        self._presence = presence
        self._gateway = gateway
        self._some_are_well = some_are_well

    def is_well(self) -> bool:
        return self._without_s() < WELL_WITHIN_S and not self._gateway.draining

    def _without_s(self) -> float:
        return asyncio.get_running_loop().time() - self._presence.beaten_at

    async def keep_looking(self) -> None:
        """Until cancelled. Seen twice: a process that was stopped for a while (a machine asleep) first hears of Postgres again."""
        was_cut_off = False
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            before, was_cut_off = was_cut_off, self._without_s() > CUT_OFF_AFTER_S and self._some_are_well()
            cut_off = before and was_cut_off
            if cut_off and not self._gateway.cut_off:
                log.warning("cut off from the database alone: everybody is sent to another process")
            self._gateway.cut_off = cut_off
            if cut_off:
                self._gateway.shed(SHED_SPREAD_S)
