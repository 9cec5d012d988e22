"""Answers that take work and may be a little old, each kept for as long as the documents say (W241-W243): in Redis where the server
has one, else, or while that is away, in this process. Made once for all who wait in the same moment. What the database tells on
`cache_invalidate`, a key, is forgotten everywhere. Knows nothing of what it keeps but that it is text.

Redis is not believed: each answer there carries a code over its key and its text, made with a key that Redis does not have, and what
somebody else put there is made again (attack 70). Older answers of ours under the same key are what such a one can bring back.
"""

import asyncio
import hmac
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import islice
from time import monotonic
from typing import Any
from uuid import uuid4

from persistence.database import Database, Unavailable
from persistence.redis_connection import REFUSED, redis_at

log = logging.getLogger(__name__)

DASHBOARD_KEPT_S = 300
MODULE_KEPT_S = 3_600
SEARCH_KEPT_S = 30
BYTES_MAX = 32_000_000  # in this process
ANSWER_BYTES_MAX = 8_000_000  # of one in Redis; more is not read
CODE_CHARACTERS = 64
REDIS_TIMEOUT_S = 0.5
OWED_AT_ONCE = 500
OWED_MAX = 100_000  # what is dropped beyond that while Redis is away is forgotten there when its time is over
REDIS_REST_S = 5.0  # until one that failed is asked again
MAKING_MAX_S = 5.0  # another process may be making it: so long it is waited for
ASK_AGAIN_S = 0.05
LISTEN_AGAIN_S = 1.0
CHANNEL = "cache_invalidate"
_RESERVED = "making:"
# Kept only by whoever still makes it: what was dropped meanwhile was made of what is over.
_KEEP = """
if redis.call('GET', KEYS[2]) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  redis.call('DEL', KEYS[2])
end
"""


class Cache:
    """`url` of a Redis; None: in this process only. `secret`: shared by the processes, and unknown to Redis."""

    def __init__(self, url: str | None = None, secret: bytes = b"") -> None:
        self._secret = secret
        self._redis: Any = url and redis_at(url, REDIS_TIMEOUT_S, decode_responses=True)
        self._redis_again_at = 0.0
        self._owed = set[str]()  # what Redis has not been told yet to forget
        self._local = Local()
        self._making: dict[str, asyncio.Task[str]] = {}
        self._telling = set[asyncio.Task[Any]]()

    async def get(self, key: str, kept_s: float, make: Callable[[], Awaitable[str]]) -> str:
        """`make` runs once for all who wait, even if the first of them goes away. What fails is not kept."""
        found = self._local.get(key)
        if found is not None:
            return found
        task = self._making.get(key)
        if task is None:
            task = self._making[key] = asyncio.create_task(self._made(key, kept_s, make))
            task.add_done_callback(lambda done: self._is_done(key, done))
        return await asyncio.shield(task)

    async def is_shared(self) -> bool | None:
        """Whether Redis answers now; None without one. One that failed is not asked for a while."""
        return None if self._redis is None else await self._asked("ping") is not None

    async def drop(self, key: str) -> None:
        """Also what is being made of it now is not kept."""
        self._local.drop(key)
        self._making.pop(key, None)
        await self._forget(key)

    async def keep_told(self, database: Database) -> None:
        """Listens, until cancelled; while nobody could listen everything may have changed."""
        while True:
            try:
                await self._listen(database)
            except Unavailable:
                await asyncio.sleep(LISTEN_AGAIN_S)

    async def close(self) -> None:
        under_way = [*self._making.values(), *self._telling]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)  # they say goodbye to Redis
        if self._redis is not None:
            await self._redis.aclose()

    async def _listen(self, database: Database) -> None:
        over = asyncio.Event()
        async with database.connection() as connection:
            connection.add_termination_listener(lambda *_: over.set())
            await connection.add_listener(CHANNEL, self._told)
            self._local.clear()
            try:
                while not over.is_set() and not database.engine.is_closing():
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LISTEN_AGAIN_S):
                            await over.wait()
            finally:
                if not connection.is_closed():
                    await connection.remove_listener(CHANNEL, self._told)

    def _told(self, _connection: Any, _pid: int, _channel: str, key: Any) -> None:
        """One process of many tells Redis; that all of them do harms nothing."""
        self._local.drop(key)
        self._making.pop(key, None)
        if self._redis is not None:
            task = asyncio.create_task(self._forget(key))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    def _is_done(self, key: str, done: asyncio.Task[str]) -> None:
        if self._making.get(key) is done:
            del self._making[key]
        if not done.cancelled():
            done.exception()  # whoever waits is told

    async def _made(self, key: str, kept_s: float, make: Callable[[], Awaitable[str]]) -> str:
        mine, found = str(uuid4()), None
        if self._redis is not None:
            found = await self._awaited(key, mine)
        if found is not None:
            return found
        try:
            made = await make()
        except BaseException:
            await self._asked("unlink", _RESERVED + key)  # whoever comes next need not wait
            raise
        if self._making.get(key) is not asyncio.current_task():
            return made
        signed = self._code(key, made) + made
        if not await self._asked("eval", _KEEP, 2, key, _RESERVED + key, mine, signed, int(kept_s * 1_000)):
            self._local.keep(key, made, kept_s)
        return made

    async def _awaited(self, key: str, mine: str) -> str | None:
        """From Redis, also when another process is making it. None: it is ours to make."""
        until, ours = monotonic() + MAKING_MAX_S, False
        while monotonic() < until:
            answer = await self._asked("getrange", key, 0, ANSWER_BYTES_MAX)
            if not answer:
                return None
            if answer[0]:
                if (text := self._opened(key, str(answer[0]))) is not None:
                    if ours:
                        await self._asked("unlink", _RESERVED + key)
                    return text
                log.error("what Redis holds under %s is not of this installation", key.partition(":")[0])
                await self._asked("unlink", key)
            if ours:
                return None
            reserved = await self._asked("set", _RESERVED + key, mine, nx=True, px=int(MAKING_MAX_S * 1_000))
            if not reserved:
                return None
            ours = bool(reserved[0])  # then asked for once more: whoever had it may have ended between the two
            if not ours:
                await asyncio.sleep(ASK_AGAIN_S)
        return None

    def _code(self, key: str, text: str) -> str:
        return hmac.digest(self._secret, f"{len(key)}:{key}{text}".encode(), "sha256").hex()

    def _opened(self, key: str, signed: str) -> str | None:
        code, text = signed[:CODE_CHARACTERS], signed[CODE_CHARACTERS:]
        return text if hmac.compare_digest(code.encode(), self._code(key, text).encode()) else None

    async def _forget(self, key: str) -> None:
        """Also in a Redis that is away for a moment: when it is back, it is told before it is asked anything."""
        if self._redis is not None:
            if len(self._owed) < OWED_MAX:
                self._owed.add(key)
            await self._asked("ping")

    async def _pay(self, owed: set[str]) -> None:
        self._owed -= owed  # first: what is dropped once more meanwhile is owed once more
        try:
            await self._redis.unlink(*owed, *(_RESERVED + key for key in owed))
        except BaseException:
            self._owed |= owed
            raise

    async def _asked(self, command: str, *given: Any, **options: Any) -> tuple[Any] | None:
        """What Redis answers; None when there is none, which for a while is taken to last."""
        if self._redis is None or monotonic() < self._redis_again_at:
            return None
        try:
            while self._owed:
                await self._pay(set(islice(self._owed, OWED_AT_ONCE)))
            return (await getattr(self._redis, command)(*given, **options),)
        except (*REFUSED, UnicodeError) as error:
            log.warning("answers are kept in this process: %s", type(error).__name__)
            self._redis_again_at = monotonic() + REDIS_REST_S
            return None


class Local:
    """What is used least is forgotten first."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._kept: OrderedDict[str, tuple[float, str]] = OrderedDict()

    def get(self, key: str) -> str | None:
        until, found = self._kept.get(key, (0.0, ""))
        if until <= monotonic():
            self.drop(key)
            return None
        self._kept.move_to_end(key)
        return found

    def keep(self, key: str, value: str, kept_s: float) -> None:
        self.drop(key)
        self._kept[key] = monotonic() + kept_s, value
        self._bytes += len(value)
        while self._bytes > self._bytes_max:
            _key, (_until, oldest) = self._kept.popitem(last=False)
            self._bytes -= len(oldest)

    def drop(self, key: str) -> None:
        _until, value = self._kept.pop(key, (0.0, ""))
        self._bytes -= len(value)

    def clear(self) -> None:
        self._kept.clear()
        self._bytes = 0
