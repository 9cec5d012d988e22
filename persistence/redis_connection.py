"""The one place that knows the client of Redis: how a connection is made, and what it raises when Redis is not to be had. What is
kept there is persistence/cache.py's, what is said there persistence/lane.py's.
"""

from collections.abc import Iterable
from math import inf
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

REFUSED = (RedisError, OSError, TimeoutError)


def redis_at(url: str, within_s: float | None, **options: Any) -> Any:
    """Not connected yet. Every wait on it ends after `within_s`, and nothing is tried a second time behind our back."""
    return Redis.from_url(
        url, socket_timeout=within_s, socket_connect_timeout=within_s, retry=Retry(NoBackoff(), 0), **options
    )


class Speaker:
    """One connection on which commands go out together and nothing but their number comes back: a third of what the client's own
    pipeline costs. The caller has the time in mind."""

    def __init__(self, url: str) -> None:
        self._connection: Any = redis_at(url, None).connection_pool.make_connection()

    async def publish(self, channel: str, messages: list[bytes]) -> None:
        """Raises what is REFUSED; then `hang_up`."""
        if not self._connection.is_connected:
            await self._connection.connect()
        commands = self._connection.pack_commands([("PUBLISH", channel, message) for message in messages])
        await self._connection.send_packed_command(commands, check_health=False)
        for _ in messages:
            await self._connection.read_response(timeout=inf)

    async def hang_up(self) -> None:
        """What was still to come of it belongs to nobody."""
        await self._connection.disconnect(nowait=True)


class Listener:
    """One connection on which what is published to its channels comes in, for two thirds of what the client's own listening costs. It speaks
    the older protocol, in which that is an answer like any other."""

    def __init__(self, url: str, within_s: float) -> None:
        self._connection: Any = redis_at(url, within_s, protocol=2).connection_pool.make_connection()

    async def subscribe(self, channels: Iterable[str]) -> None:
        """Raises what is REFUSED; as does all that follows."""
        if not self._connection.is_connected:
            await self._connection.connect()
        await self._connection.send_command("SUBSCRIBE", *channels, check_health=False)

    async def unsubscribe(self, channels: Iterable[str]) -> None:
        await self._connection.send_command("UNSUBSCRIBE", *channels, check_health=False)

    async def hear(self) -> bytes:
        """However long it takes."""
        while True:
            kind, _channel, said = await self._connection.read_response(timeout=inf)
            if kind == b"message":
                return bytes(said)

    async def hang_up(self) -> None:
        await self._connection.disconnect(nowait=True)
