"""The namespace /live: who opens a connection, how much anybody may send, and when connections end (docs/protocol.md). Knows no rules;
what is sent over one connection is live/connection.py's.
"""

import asyncio
import time
from collections import Counter
from typing import Any

import structlog
from aiohttp import web

from live import limits
from live.acks import Ack, refused
from live.addresses import client_address, is_for
from live.byes import RATE, RESYNC, REVOKED, UNAVAILABLE, Bye
from live.channel import Channel
from live.connection import ADDRESS, Connection, Wanted
from live.joining import Joining
from live.limits import Limits, take_all
from live.presence import Presence
from live.refusals import Refusals
from live.settings import Settings
from live.signals import Signals
from live.tally import Tally
from live.tokens import AccessTokens, BadToken
from live.wire import Doors, SignInRefused, Wire
from persistence.database import Database, Unavailable
from persistence.readers import find_administrators, find_reader
from persistence.tokens import Tokens
from rooms.ids import UserId

log = structlog.get_logger("gateway")


class Gateway:
    """All connections of this process."""

    def __init__(
        self,
        settings: Settings,
        limits_: Limits,
        access_tokens: AccessTokens,
        database: Database,
        joining: Joining,
        presence: Presence,
        signals: Signals,
        tally: Tally | None = None,
    ) -> None:
        self.tally = tally or Tally()
        self.joining = joining
        self.presence = presence
        self.signals = signals
        self.refusals = Refusals()
        self.draining = False
        self.cut_off = False  # from the database, while other processes are not
        self._settings = settings
        self._limits = limits_
        self._access_tokens = access_tokens
        self._database = database
        self._tokens = Tokens(database)
        self._connections: set[Connection] = set()
        self._per_user: Counter[UserId] = Counter()
        self._per_address: Counter[str] = Counter()
        self._sent_away: dict[UserId, float] = {}  # and from when on they may come back, by the loop's clock
        self.wire = Wire(Doors(self._admit, self._sign_in, self._signed_off, self._left))

    def connections(self) -> list[Connection]:
        return list(self._connections)

    # -- doors ----------------------------------------------------------------------------------------------------------

    def _admit(self, request: web.Request) -> web.Response | None:
        """Before the upgrade. Only exactly known hosts and origins; a missing Origin is no browser, and there are no cookies."""
        settings = self._settings
        origin = request.headers.get("Origin")
        if not is_for(request, settings.hosts) or (origin is not None and origin.lower() not in settings.origins):
            self.tally.turned_away["foreign"] += 1
            return web.Response(status=403, text="not from here")
        address = client_address(request, settings.trusted_proxies)
        wait = self._limits.connects_per_address.take(address)
        full = self._per_address.total() >= self._limits.connections
        late = self.wire.engine.lag_s > limits.LOOP_LAG_MAX_S or self._database.wait_s > limits.POOL_WAIT_MAX_S
        many = self._per_address[address] >= self._limits.connections_per_address
        if self.draining or self.cut_off or wait or full or late or many:
            reasons = {
                "draining": self.draining or self.cut_off,
                "rate": wait,
                "full": full,
                "late": late,
                "address": many,
            }
            self.tally.turned_away[next(reason for reason, holds in reasons.items() if holds)] += 1
            retry = str(max(1, round(wait)))
            return web.Response(status=503, text="try again later", headers={"Retry-After": retry})
        request[ADDRESS] = address
        self._per_address[address] += 1
        return None

    def _left(self, channel: Channel) -> None:
        address = channel.request[ADDRESS]
        self._per_address[address] -= 1
        if self._per_address[address] <= 0:
            del self._per_address[address]

    async def _sign_in(self, channel: Channel, auth: dict[str, Any]) -> Connection:
        try:
            identity = self._access_tokens.read(auth.get("token"))
        except BadToken as error:
            raise SignInRefused(error.code, "sign in first") from None
        if self._sent_away.get(identity.user, 0.0) > asyncio.get_running_loop().time():
            raise SignInRefused("rate_limited", "you were sent away for a while")
        try:
            reader = await find_reader(self._database, identity.user, identity.family)
        except Unavailable:
            raise SignInRefused("unavailable", "the database cannot be used now") from None
        if reader is None:
            raise SignInRefused("token_revoked", "sign in again")
        if self._per_user[identity.user] >= self._limits.connections_per_user:
            raise SignInRefused("limit_reached", "you have too many connections open")
        connection = Connection(self, channel, identity, admin=reader.admin)
        self._per_user[identity.user] += 1
        self._connections.add(connection)
        return connection

    def send_away(self, connection: Connection) -> None:
        """Who is refused too often, and for as long as the last words say: a flood that is back at once is a flood (attack 40)."""
        now = asyncio.get_running_loop().time()
        self._sent_away = {user: until for user, until in self._sent_away.items() if until > now}
        self._sent_away[connection.user] = now + (RATE.retry_in_s or 0.0)
        connection.channel.part(RATE)

    async def _signed_off(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._per_user[connection.user] -= 1
        if self._per_user[connection.user] <= 0:
            del self._per_user[connection.user]
        await connection.end()

    # -- limits ---------------------------------------------------------------------------------------------------------

    def refuse(self, connection: Connection, name: str, argument: Any, fault: str | None) -> Ack | None:
        """What is wrong with a message before anybody looks at what it asks."""
        if fault is not None:
            return refused("bad_request", fault)
        if name == "submit":
            if not isinstance(argument, dict):
                return refused("bad_request", "a command is an object")
            is_chat = argument.get("type") == "chat.send"
            wait = take_all(connection.buckets_of_chat if is_chat else connection.buckets_of_command)
        elif name in ("join", "leave"):
            wait = self._limits.joins_per_connection.take(connection.channel.sid)
        elif name == "signal":
            wait = self._limits.signals_per_connection.take(connection.channel.sid)
        else:
            return refused("bad_request", "there is no such message")
        return refused("rate_limited", "too many at once", retry_after_s=wait) if wait else None

    def buckets_of(self, connection: Connection) -> tuple[Wanted, Wanted]:
        """What a command takes from, and what a chat message does."""
        buckets = self._limits
        wanted = (
            buckets.commands_per_connection.of(connection.channel.sid),
            buckets.commands_per_user.of(connection.user),
            buckets.commands_per_address.of(connection.address),
        )
        return wanted, (*wanted, buckets.chat_per_user.of(connection.user))

    # -- ends -----------------------------------------------------------------------------------------------------------

    async def keep_checking(self) -> None:
        """Until cancelled: closes the connections of sign-ins that were revoked, wherever that was done (attack 10); whoever
        administrates no more does not here either."""
        while True:
            slept_at = _uptime_s()
            await asyncio.sleep(limits.REVOCATION_EVERY_S)
            if _uptime_s() - slept_at > limits.STOOD_STILL_S:
                self._send_all_back()
            families = {each.family for each in self._connections}
            if not families:
                continue
            try:
                living = await self._tokens.living(families)
                administrators = await find_administrators(
                    self._database, {each.user for each in self._connections if each.admin}
                )
            except Unavailable:
                continue
            for connection in self.connections():
                if connection.family in families and connection.family not in living:
                    connection.channel.part(REVOKED)
                    if connection.host is not None:
                        self.signals.hang_up(connection.host, connection.user)
                connection.admin = connection.admin and connection.user in administrators

    def _send_all_back(self) -> None:
        """This process stood still (a machine that was put to sleep, F3): what it believes of them is old, and others may have given
        them up. They come again and are given what they missed; frames that wait meanwhile are not sent."""
        connections = self.connections()
        log.warning("stood still: everybody here comes again", connections=len(connections))
        for connection in connections:
            connection.channel.part(RESYNC)

    async def drain(self, bye: Bye, spread_s: float) -> None:
        """Sends everybody away to come back spread over some seconds; they resume where they stand."""
        self.draining = True
        connections = self.connections()
        for index, connection in enumerate(connections):
            connection.channel.part(bye, retry_in_s=spread_s * (index + 1) / len(connections))
            if index % 50 == 49:
                await asyncio.sleep(0)
        await self.wire.engine.settle()

    def shed(self, spread_s: float) -> None:
        """Sends everybody to another process: nothing can be had here."""
        connections = self.connections()
        for index, connection in enumerate(connections):
            connection.channel.part(UNAVAILABLE, retry_in_s=spread_s * index / len(connections))


def _uptime_s() -> float:
    """Goes on while the machine sleeps, where the system can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
