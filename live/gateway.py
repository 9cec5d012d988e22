"""The namespace /live: who opens a connection, what they send, and the answers (docs/protocol.md). Parses and limits; knows no
rules. Commands of one connection keep their order: one bounded inbox, one task that empties it.

Everything that is refused gets an ack with a code, one line in the log without anybody's words, and counts: who is refused
too often is closed.
"""

import asyncio
import re
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

import structlog
from aiohttp import web
from pydantic import ValidationError

from live import limits
from live.acks import Ack, refused
from live.addresses import client_address, is_for
from live.byes import DRAIN, RATE, REVOKED, UNAVAILABLE
from live.delivery import Viewer
from live.host import Host
from live.joining import Joining, JoinSession, Refusal
from live.limits import Limits, take_all
from live.packets import PATH_CHARACTERS_MAX, ack_frame
from live.presence import Presence
from live.refusals import Refusals
from live.settings import Settings
from live.signals import Signals
from live.tokens import AccessTokens, BadToken, Identity
from live.wire import Channel, Doors, SignInRefused, Wire
from persistence.database import Database, Unavailable
from persistence.readers import find_administrators, find_reader
from persistence.tokens import Tokens
from rooms.feature import Command
from rooms.ids import UUID_PATTERN, UserId
from rooms.protocol import COMMANDS

log = structlog.get_logger("gateway")
ADDRESS = web.RequestKey("address", str)
COMMAND_ID = "id"
UUID = re.compile(UUID_PATTERN)


class Connection:
    """Somebody signed in, on one channel, in at most one session."""

    def __init__(self, gateway: "Gateway", channel: Channel, identity: Identity, *, admin: bool) -> None:
        self.channel = channel
        self.user: UserId = identity.user
        self.family = identity.family
        self.admin = admin
        self.address = channel.request[ADDRESS]
        self.host: Host | None = None
        self.viewer: Viewer | None = None
        self.refusals: deque[float] = deque(maxlen=limits.REFUSALS_MAX)
        self._gateway = gateway
        self._inbox: deque[tuple[str, Any, int | None]] = deque()
        self._arrived = asyncio.Event()
        self._unanswered = 0
        self._worker = asyncio.create_task(self._work(), name="connection")

    # -- from the wire --------------------------------------------------------------------------------------------------

    def receive(self, name: str, argument: Any, ack_id: int | None, fault: str | None) -> None:
        """Never waits: signals are passed on at once, everything else goes into the inbox or is refused here."""
        refusal = self._gateway.refuse(self, name, argument, fault)
        if refusal is not None:
            if fault is not None or refusal.code == "bad_request":
                self.channel.misbehave(None)
            self.refuse(name, argument, refusal, ack_id)
        elif name == "signal":
            self._gateway.signals.receive(self.host, self.viewer, self.channel, argument, admin=self.admin)
        elif len(self._inbox) + self._unanswered >= limits.INBOX_COMMANDS_MAX:
            detail = f"{limits.INBOX_COMMANDS_MAX} commands wait already"
            self.refuse(name, argument, refused("overloaded", detail, retry_after_s=limits.RETRY_OVERLOADED_S), ack_id)
        else:
            self._inbox.append((name, argument, ack_id))
            self._arrived.set()

    def misbehaved(self, why: str) -> None:
        self._gateway.refusals.note("protocol", None, self.channel.sid, why)

    def refuse(self, name: str, argument: Any, ack: Ack, ack_id: int | None) -> None:
        self.answer(ack_id, ack.document())
        command = argument.get("type") if name == "submit" and isinstance(argument, dict) else name
        self._gateway.refusals.note(ack.code or "", command, self.channel.sid)
        now = asyncio.get_running_loop().time()
        self.refusals.append(now)
        full = len(self.refusals) == self.refusals.maxlen
        if full and now - self.refusals[0] < limits.REFUSALS_WITHIN_S:
            self.channel.part(RATE)

    def answer(self, ack_id: int | None, document: Mapping[str, Any]) -> None:
        if ack_id is not None:
            self.channel.push(ack_frame(ack_id, document))

    # -- the inbox ------------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._inbox:
                name, argument, ack_id = self._inbox.popleft()
                if self.channel.closing_down:  # sent before the end, but not begun (attack 3)
                    continue
                try:
                    await self._handle(name, argument, ack_id)
                except Exception:
                    log.exception("handling failed", what=name)
                    self.refuse(name, argument, refused("internal", "something went wrong here"), ack_id)

    async def _handle(self, name: str, argument: Any, ack_id: int | None) -> None:
        match name:
            case "submit":
                self._submit(argument, ack_id)
            case "join":
                await self._join(argument, ack_id)
            case _:
                await self._leave()
                self.answer(ack_id, {"ok": True})

    def _submit(self, argument: dict[str, Any], ack_id: int | None) -> None:
        """Into the session's queue, in order; the ack follows when the append has come through."""
        if self.host is None:
            self.refuse("submit", argument, refused("bad_request", "join a session first"), ack_id)
            return
        try:
            command_id, command = parse_command(argument)
        except Refusal as error:
            self.refuse("submit", argument, error.ack, ack_id)
            return
        self._unanswered += 1
        answer = self.host.enqueue(self.user, command, command_id, admin=self.admin)
        answer.add_done_callback(lambda done: self._answered(done.result(), argument, ack_id))

    def _answered(self, ack: Ack, argument: dict[str, Any], ack_id: int | None) -> None:
        self._unanswered -= 1
        if ack.ok:
            self.answer(ack_id, ack.document())
        else:
            self.refuse("submit", argument, ack, ack_id)

    async def _join(self, argument: Any, ack_id: int | None) -> None:
        try:
            asked = JoinSession.model_validate(argument, by_alias=True, by_name=False)
        except ValidationError as error:
            self.refuse("join", argument, refused("bad_request", _first_fault(error)), ack_id)
            return
        self.detach()
        try:
            host, viewer = await self._gateway.joining.join(
                asked, self.user, self.channel, lambda document: self.answer(ack_id, document)
            )
        except Refusal as error:
            self.refuse("join", argument, error.ack, ack_id)
            return
        except Unavailable:  # after the answer: the tail could not be read
            self.channel.part(UNAVAILABLE)
            return
        if self.channel.closing_down:
            host.audience.remove(viewer)
            self._gateway.presence.departed(host.session, self.user)
            return
        self.host, self.viewer = host, viewer

    async def _leave(self) -> None:
        """On purpose: if nobody else of this person's connections is here, they have left now, not in 30 s."""
        host = self.host
        self.detach()
        if host is not None and self.user not in host.audience.by_user:
            await self._gateway.presence.leave_now(host, self.user)

    def detach(self) -> None:
        if self.host is not None and self.viewer is not None:
            self.host.audience.remove(self.viewer)
            self._gateway.presence.departed(self.host.session, self.user)
            if self.user not in self.host.audience.by_user:
                self._gateway.signals.forget(self.host.session, self.user)
        self.host = self.viewer = None

    async def end(self) -> None:
        self.detach()
        while not self._worker.done():
            self._worker.cancel()
            await asyncio.wait({self._worker}, timeout=0.5)


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
    ) -> None:
        self.joining = joining
        self.presence = presence
        self.signals = signals
        self.refusals = Refusals()
        self.draining = False
        self._settings = settings
        self._limits = limits_
        self._access_tokens = access_tokens
        self._database = database
        self._tokens = Tokens(database)
        self._connections: set[Connection] = set()
        self._per_user: Counter[UserId] = Counter()
        self._per_address: Counter[str] = Counter()
        self.wire = Wire(Doors(self._admit, self._sign_in, self._signed_off, self._left))

    def connections(self) -> list[Connection]:
        return list(self._connections)

    # -- doors ----------------------------------------------------------------------------------------------------------

    def _admit(self, request: web.Request) -> web.Response | None:
        """Before the upgrade. Only exactly known hosts and origins; a missing Origin is no browser, and there are no cookies."""
        settings = self._settings
        origin = request.headers.get("Origin")
        if not is_for(request, settings.hosts) or (origin is not None and origin.lower() not in settings.origins):
            return web.Response(status=403, text="not from here")
        address = client_address(request, settings.trusted_proxies)
        wait = self._limits.connects_per_address.take(address)
        full = self._per_address.total() >= self._limits.connections
        late = self.wire.engine.lag_s > limits.LOOP_LAG_MAX_S
        if self.draining or wait or full or late or self._per_address[address] >= self._limits.connections_per_address:
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
            wait = self._wait_for_command(connection, argument.get("type"))
        elif name in ("join", "leave"):
            wait = self._limits.joins_per_connection.take(connection.channel.sid)
        elif name == "signal":
            wait = self._limits.signals_per_connection.take(connection.channel.sid)
        else:
            return refused("bad_request", "there is no such message")
        return refused("rate_limited", "too many at once", retry_after_s=wait) if wait else None

    def _wait_for_command(self, connection: Connection, kind: Any) -> float:
        buckets = self._limits
        wanted = [
            (buckets.commands_per_connection, connection.channel.sid),
            (buckets.commands_per_user, connection.user),
            (buckets.commands_per_address, connection.address),
        ]
        if kind == "chat.send":
            wanted.append((buckets.chat_per_user, connection.user))
        return take_all(wanted)

    # -- ends -----------------------------------------------------------------------------------------------------------

    async def keep_checking(self) -> None:
        """Until cancelled: closes the connections of sign-ins that were revoked, wherever that was done (attack 10); whoever
        administrates no more does not here either."""
        while True:
            await asyncio.sleep(limits.REVOCATION_EVERY_S)
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

    async def drain(self, spread_s: float) -> None:
        """Sends everybody away to come back spread over some seconds; they resume where they stand."""
        self.draining = True
        connections = self.connections()
        for index, connection in enumerate(connections):
            connection.channel.part(DRAIN, retry_in_s=spread_s * (index + 1) / len(connections))
            if index % 50 == 49:
                await asyncio.sleep(0)
        await self.wire.engine.settle()


def parse_command(argument: Mapping[str, Any]) -> tuple[str, Command]:
    """(command id, command). Raises Refusal; its detail names fields, never what they held."""
    fields = dict(argument)
    command_id = fields.pop(COMMAND_ID, None)
    if not isinstance(command_id, str) or not UUID.fullmatch(command_id):
        raise Refusal(refused("bad_request", "id: must be a UUID in lower case"))
    try:
        command: Command = COMMANDS.validate_python(fields, by_alias=True, by_name=False)
    except ValidationError as error:
        raise Refusal(refused("bad_request", _first_fault(error))) from None
    return command_id, command


def _first_fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return "type: there is no such command"
    where = ".".join(str(part) for part in first["loc"])[:PATH_CHARACTERS_MAX]
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"
