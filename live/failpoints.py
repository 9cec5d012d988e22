"""Places where a test may have this process die or fail: `FAILPOINTS="after_commit_before_ack=kill@0.01;before_commit=fail"`.
Nothing is armed unless the variable was set when the process started.
"""

import asyncio
import os
import signal
from random import SystemRandom

NAMES = frozenset({"before_commit", "after_commit_before_ack", "after_ack_before_delivery"}) | {
    # of a worker, in the order of its work on a recording
    "worker_leased",
    "worker_made",
    "worker_put",
    "worker_stored",
    "worker_withdrawn",
    "worker_began",
    "worker_heard",
    "worker_wrote",
    "worker_merged",
}
ACTIONS = frozenset({"kill", "fail"})


class InjectedFailure(Exception):
    """Raised by an armed `fail`."""


class Failpoints:
    def __init__(self, specification: str = "") -> None:
        self._armed: dict[str, tuple[str, float]] = {}
        self._chance = SystemRandom()
        for each in filter(None, specification.split(";")):
            name, _, rest = each.strip().partition("=")
            action, _, probability = rest.partition("@")
            if name not in NAMES or action not in ACTIONS:
                raise ValueError(f"FAILPOINTS: {each!r} is not name=action or name=action@probability")
            self._armed[name] = (action, float(probability or 1))

    async def reach(self, name: str) -> None:
        if not self._armed or name not in self._armed:
            return
        action, probability = self._armed[name]
        if self._chance.random() >= probability:
            return
        if action == "fail":
            raise InjectedFailure(name)
        await asyncio.sleep(0.001)  # lets out what was written before this point
        os.kill(os.getpid(), signal.SIGKILL)
