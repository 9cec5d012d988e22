"""What processes of one installation tell each other in passing, through Redis: whoever listens now hears it, nobody else ever does.
Signed, so that who can write to that Redis cannot speak for us; bounded, and dropped where it cannot be said at once. Nobody waits
for it, and everything that must arrive goes another way as well. Knows bytes, not what they mean.

A listener that hears nothing is told from one to whom nobody speaks by listening to itself: every process says something every
PING_EVERY_S, and one that missed its own word three times connects anew (a half-open connection, a forgotten subscription:
python-socketio 1581).
"""

import asyncio
import logging
from collections.abc import Callable, Hashable
from hashlib import blake2b
from hmac import compare_digest
from random import SystemRandom

from persistence.encryption import derive
from persistence.redis_connection import REFUSED, Listener, Speaker

log = logging.getLogger(__name__)

WITHIN_S = 0.25  # all that is said at once; then it is dropped
REST_S = 0.5  # until Redis is spoken to again after that
LISTEN_WITHIN_S = 2.0
LISTEN_AGAIN_S = 0.5
PING_EVERY_S = 2.0
PINGS_MISSED_MAX = 3
WAITING_MAX = 2_000  # words; more are dropped
WAITING_BYTES_MAX = 1_000_000
MESSAGE_BYTES_MAX = 128_000
TAG_BYTES = 16
ID_BYTES = 8
NOBODY = bytes(ID_BYTES)  # the id of all that speak and do not listen
PING = "ping"


class Lane:
    """`hear` is given what others said, and `ping` makes what this process says of itself. Neither may wait.

    Everybody says what they are on one channel, and the rest on one of their own, which the others listen to from then on: nobody
    has to read their own words again. Who does not listen (`listens`) says what little it has to say on the one channel, and is
    nobody to the others: they need not say anything for its sake.
    """

    def __init__(
        self,
        url: str,
        secret_key: str,
        hear: Callable[[bytes], None],
        ping: Callable[[], bytes],
        *,
        listens: bool = True,
    ) -> None:
        self._url = url
        self._key = derive(secret_key, "lane")
        self._name = f"atelier:{derive(secret_key, 'name of the lane')[:8].hex()}"
        self._random = SystemRandom()
        self._listens = listens
        self._id = self._random.randbytes(ID_BYTES) if listens else NOBODY
        self._hear = hear
        self._ping = ping
        self._speaker = Speaker(url)
        self._waiting: dict[Hashable, bytes] = {}
        self._waiting_bytes = 0
        self._numbers = 0
        self._to_say = asyncio.Event()
        self._unheard = 0  # pings of our own
        self._others: dict[bytes, float] = {}  # when each of them was heard last
        self._newcomer = asyncio.Event()
        self.hears = False  # itself, a moment ago
        self.dropped = 0

    @property
    def alone(self) -> bool:
        """Nobody else was heard for as long as three of their pings take. Who does not listen cannot know."""
        return self._listens and not self._others

    # -- speaking -------------------------------------------------------------------------------------------------------

    def say(self, message: bytes, instead_of: Hashable = None) -> None:
        """To everybody else, soon or never. A later word replaces the one of the same `instead_of` that was not said yet."""
        if self.alone and instead_of != PING:
            return
        self._numbers += 1
        key = instead_of if instead_of is not None else self._numbers
        waiting_bytes = self._waiting_bytes + len(message) - len(self._waiting.pop(key, b""))
        if len(self._waiting) >= WAITING_MAX or waiting_bytes > WAITING_BYTES_MAX or len(message) > MESSAGE_BYTES_MAX:
            self.dropped += 1
            return
        self._waiting[key] = message
        self._waiting_bytes = waiting_bytes
        self._to_say.set()

    async def keep_speaking(self) -> None:
        """Until cancelled. What could not be said is not said later."""
        while True:
            await self._to_say.wait()
            self._to_say.clear()
            waiting, self._waiting, self._waiting_bytes = self._waiting, {}, 0
            ping = waiting.pop(PING, None)
            try:
                async with asyncio.timeout(WITHIN_S):
                    if ping is not None:
                        await self._speaker.publish(self._name, [self._signed(ping)])
                    if waiting:
                        channel = self._channel_of(self._id) if self._listens else self._name
                        await self._speaker.publish(channel, list(map(self._signed, waiting.values())))
            except REFUSED as error:
                self.dropped += len(waiting)
                log.debug("nobody was told: %s", error)
                await self._speaker.hang_up()
                await asyncio.sleep(REST_S)

    # -- listening ------------------------------------------------------------------------------------------------------

    async def keep_listening(self) -> None:
        """Until cancelled."""
        while True:
            was_heard = False
            listener = Listener(self._url, LISTEN_WITHIN_S)
            try:
                await listener.subscribe([self._name, *map(self._channel_of, self._others)])
                was_heard = True
                log.debug("listening to the other processes")
                await self._listen(listener)
            except REFUSED as error:
                if was_heard or self.hears:
                    log.warning("the other processes are not heard: %s", error)
            finally:
                self.hears = False
                await listener.hang_up()
            await asyncio.sleep(LISTEN_AGAIN_S * self._random.uniform(0.5, 1.5))

    async def _listen(self, listener: Listener) -> None:
        """Until the connection breaks, or it heard nothing of itself for too long."""
        self._unheard = 0
        reading = asyncio.create_task(self._read(listener))
        try:
            while not reading.done():
                if self._unheard >= PINGS_MISSED_MAX:
                    raise TimeoutError(f"{PINGS_MISSED_MAX} words of our own did not come back")
                await self._forget_silent(listener)
                self._unheard += 1
                self.say(self._ping(), instead_of=PING)
                newcomer = asyncio.create_task(self._newcomer.wait())
                await asyncio.wait({reading, newcomer}, timeout=PING_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
                newcomer.cancel()
                if self._newcomer.is_set():  # who wants to hear of us at once, too
                    self._newcomer.clear()
                    self._unheard = max(0, self._unheard - 1)
                    await listener.subscribe(map(self._channel_of, self._others))
            reading.result()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, listener: Listener) -> None:
        while True:
            self._take(await listener.hear())

    async def _forget_silent(self, listener: Listener) -> None:
        latest = asyncio.get_running_loop().time() - PINGS_MISSED_MAX * PING_EVERY_S
        silent = [each for each, heard_at in self._others.items() if heard_at < latest]
        for each in silent:
            del self._others[each]
        if silent:
            await listener.unsubscribe(map(self._channel_of, silent))

    def _take(self, sealed: bytes) -> None:
        tag, signed = sealed[:TAG_BYTES], sealed[TAG_BYTES:]
        if not compare_digest(tag, self._tag(signed)):
            log.warning("somebody else speaks on our lane")
            return
        speaker, message = signed[:ID_BYTES], signed[ID_BYTES:]
        if speaker == self._id:
            self._unheard, self.hears = 0, True
            return
        if speaker != NOBODY:
            if speaker not in self._others:
                self._newcomer.set()
            self._others[speaker] = asyncio.get_running_loop().time()
        try:
            self._hear(message)
        except Exception:
            log.exception("a word of another process was not understood")

    def _channel_of(self, speaker: bytes) -> str:
        return f"{self._name}:{speaker.hex()}"

    def _signed(self, message: bytes) -> bytes:
        signed = self._id + message
        return self._tag(signed) + signed

    def _tag(self, signed: bytes) -> bytes:
        return blake2b(signed, digest_size=TAG_BYTES, key=self._key).digest()

    # -- the end --------------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        await self._speaker.hang_up()
