"""Places where a test may have this process die, fail or stand still: `FAILPOINTS="after_commit_before_ack=kill@0.01;before_commit=fail"`,
or `FAILPOINTS=@/a/file` that holds the same and may change while the process runs. Nothing is armed unless the variable was set when
the process started.

    name=kill|fail|wait:seconds|block:seconds[@probability]      `wait` holds up whoever is there, `block` the whole loop
"""

import asyncio
import os
import signal
import time
from pathlib import Path
from random import SystemRandom

NAMES = frozenset({"before_commit", "after_commit_before_ack", "after_ack_before_delivery"}) | {
    # of a worker, in the order of its work on a recording; then between two people whose attendance it credits
    "worker_leased",
    "worker_made",
    "worker_put",
    "worker_stored",
    "worker_withdrawn",
    "worker_began",
    "worker_heard",
    "worker_wrote",
    "worker_merged",
    "worker_credited",
}
ACTIONS = frozenset({"kill", "fail"})
LASTING = frozenset({"wait", "block"})  # for so many seconds
Armed = tuple[str, float, float]  # action, seconds, probability


class InjectedFailure(Exception):
    """Raised by an armed `fail`."""


class Failpoints:
    def __init__(self, specification: str = "") -> None:
        self._file = Path(specification[1:]) if specification.startswith("@") else None
        self._file_at = 0
        self._armed = _armed(specification) if self._file is None else {}
        self._is_used = bool(specification)
        self._chance = SystemRandom()

    @property
    def hold_up(self) -> bool:
        """Somebody may have to wait."""
        return self._is_used and any(action == "wait" for action, _, _ in self._read().values())

    async def reach(self, name: str) -> None:
        action, seconds = self._drawn(name)
        if action == "wait":
            await asyncio.sleep(seconds)
        elif action == "kill":
            await asyncio.sleep(0.001)  # lets out what was written before this point
        self._strike(name, action, seconds)

    def strike(self, name: str) -> None:
        """`reach` for whoever is no task; not where `hold_up` says that one has to wait."""
        if self._is_used:
            self._strike(name, *self._drawn(name))

    def _drawn(self, name: str) -> tuple[str, float]:
        armed = self._read().get(name)
        if armed is None or self._chance.random() >= armed[2]:
            return "", 0.0
        return armed[:2]

    def _strike(self, name: str, action: str, seconds: float) -> None:
        match action:
            case "fail":
                raise InjectedFailure(name)
            case "block":
                time.sleep(seconds)
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)

    def _read(self) -> dict[str, Armed]:
        if self._file is not None:
            changed_at = self._file.stat().st_mtime_ns
            if changed_at != self._file_at:
                self._file_at, self._armed = changed_at, _armed(self._file.read_text())
        return self._armed


def _armed(specification: str) -> dict[str, Armed]:
    armed = {}
    for each in filter(None, specification.strip().split(";")):
        name, _, rest = each.strip().partition("=")
        action, _, probability = rest.partition("@")
        action, _, seconds = action.partition(":")
        known = action in LASTING if seconds else action in ACTIONS
        if name not in NAMES or not known:
            raise ValueError(f"FAILPOINTS: {each!r} is not name=action or name=action@probability")
        armed[name] = (action, float(seconds or 0), float(probability or 1))
    return armed
