"""Passwords: argon2id in a few threads of their own. Verifying costs the same for an unknown account as for a known one, and a
flood of attempts waits in a short queue instead of taking the processor from the sessions. Does not know whose hash it is."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

T = TypeVar("T")

THREADS = 2
WAITING_MAX = 32

# OWASP's argon2id parameters for servers with little memory: 19 MiB, about 30 ms.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
NOBODYS = f"$argon2id$v=19$m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}${'A' * 22}${'A' * 43}"
"""What is verified where there is no account: no password has it, and it costs what any other does."""


class TooBusy(Exception):
    """Too many passwords wait to be verified; try again in a second."""


class Passwords:
    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2")
        self._waiting = 0
        self.derivations = 0  # how often the key derivation ran; equal for known and unknown accounts

    async def hash(self, password: str) -> str:
        return await self._run(HASHER.hash, _normalised(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """False also where there is no hash, after the same work."""
        right = await self._run(_matches, password_hash or NOBODYS, _normalised(password))
        return right and password_hash is not None

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[..., T], *arguments: str) -> T:
        if self._waiting >= WAITING_MAX:
            raise TooBusy
        self._waiting += 1
        self.derivations += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._waiting -= 1


def _matches(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _normalised(password: str) -> str:
    """The same password typed on another keyboard (RFC 8265 asks for more, this is what differs in practice)."""
    return unicodedata.normalize("NFC", password)
