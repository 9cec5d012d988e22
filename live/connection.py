"""Somebody signed in, on one channel: what they send, in the order in which they sent it, and the answers. Parses; knows no rules.

Commands go to their session's queue at once where nothing is to be kept in order with; what has to wait, a join or a leave and
whatever came behind it, stands in a bounded inbox, which one task empties.

Everything that is refused gets an ack with a code, one line in the log without anybody's words, and counts: who is refused
too often is closed.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web
from pydantic import ValidationError

from live import limits
from live.acks import Ack, Release, refused
from live.byes import UNAVAILABLE
from live.channel import Channel
from live.delivery import Viewer
from live.host import Host, damaged
from live.joining import JoinSession, Refusal
from live.kept_going import end
from live.limits import Bucket
from live.packets import PATH_CHARACTERS_MAX, ack_frame, done_frame, event_frame
from live.tokens import Identity
from persistence.database import Unavailable
from persistence.event_log import Damaged
from rooms.feature import Command
from rooms.ids import UUID_PATTERN, UserId
from rooms.protocol import COMMANDS

if TYPE_CHECKING:
    from live.gateway import Gateway

log = structlog.get_logger("gateway")
ADDRESS = web.RequestKey("address", str)
COMMAND_ID = "id"
RESENT = "resent"
Wanted = tuple[Bucket, ...]
UUID = re.compile(UUID_PATTERN)


class Connection:
    """In at most one session."""

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
        self._inbox: deque[tuple[str, Any, int | None, float]] = deque()
        self._now = asyncio.get_running_loop().time
        self._arrived = asyncio.Event()
        self._handling = False  # something that waits: a join, a leave
        self._unanswered = 0
        self.buckets_of_command, self.buckets_of_chat = gateway.buckets_of(self)
        self._worker: asyncio.Task[None] | None = asyncio.create_task(self._work(), name="connection")

    # -- from the wire --------------------------------------------------------------------------------------------------

    def receive(self, name: str, argument: Any, ack_id: int | None, fault: str | None) -> None:
        """Never waits: signals are passed on at once, and so are commands that wait for nothing; everything else goes into the inbox
        or is refused here."""
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
        elif name == "submit" and not self._inbox and not self._handling:  # nothing to keep in order with
            self._submit(argument, ack_id, self._now())
        else:
            self._inbox.append((name, argument, ack_id, self._now()))
            self._arrived.set()

    def misbehaved(self, why: str) -> None:
        self._gateway.tally.refusals["protocol"] += 1
        self._gateway.refusals.note("protocol", None, self.channel.sid, why)

    def refuse(self, name: str, argument: Any, ack: Ack, ack_id: int | None, *, counted: bool = False) -> None:
        """`counted`: among the answers to commands already, by the host."""
        self.answer(ack_id, ack.document())
        self._gateway.tally.refusals[ack.code or ""] += 1
        if name == "submit" and not counted:
            self._gateway.tally.answers[ack.code or ""] += 1
        command = argument.get("type") if name == "submit" and isinstance(argument, dict) else name
        self._gateway.refusals.note(ack.code or "", command, self.channel.sid)
        now = asyncio.get_running_loop().time()
        self.refusals.append(now)
        full = len(self.refusals) == self.refusals.maxlen
        if full and now - self.refusals[0] < limits.REFUSALS_WITHIN_S:
            self._gateway.send_away(self)

    def answer(self, ack_id: int | None, document: Mapping[str, Any]) -> None:
        if ack_id is not None:
            self.channel.push(ack_frame(ack_id, document))

    # -- the inbox ------------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._inbox:
                name, argument, ack_id, arrived = self._inbox.popleft()
                if self.channel.closing_down:  # sent before the end, but not begun (attack 3)
                    continue
                try:
                    self._handling = True
                    await self._handle(name, argument, ack_id, arrived)
                except Exception:
                    log.exception("handling failed", what=name)
                    self.refuse(name, argument, refused("internal", "something went wrong here"), ack_id)
                finally:
                    self._handling = False

    async def _handle(self, name: str, argument: Any, ack_id: int | None, arrived: float) -> None:
        match name:
            case "submit":
                self._submit(argument, ack_id, arrived)
            case "join":
                await self._join(argument, ack_id)
            case _:
                await self._leave()
                self.answer(ack_id, {"ok": True})

    def _submit(self, argument: dict[str, Any], ack_id: int | None, arrived: float) -> None:
        """Into the session's queue, in order; the ack follows when the append has come through. Never raises."""
        try:
            self._enqueue(argument, ack_id, arrived)
        except Exception:
            log.exception("handling failed", what="submit")
            self.refuse("submit", argument, refused("internal", "something went wrong here"), ack_id)

    def _enqueue(self, argument: dict[str, Any], ack_id: int | None, arrived: float) -> None:
        if self.host is None:
            self.refuse("submit", argument, refused("bad_request", "join a session first"), ack_id)
            return
        try:
            command_id, resent, command = parse_command(argument)
        except Refusal as error:
            self.refuse("submit", argument, error.ack, ack_id)
            return
        self._unanswered += 1
        answer = partial(self._answered, argument, ack_id)
        self.host.enqueue(self.user, command, command_id, answer, admin=self.admin, arrived=arrived, resent=resent)

    def _answered(self, argument: dict[str, Any], ack_id: int | None, ack: Ack) -> Release | None:
        self._unanswered -= 1
        if not ack.ok or ack.seq is None:
            self.refuse("submit", argument, ack, ack_id, counted=True)
        elif ack_id is not None:
            return self.channel.hold(done_frame(ack_id, ack.seq))
        return None

    async def _join(self, argument: Any, ack_id: int | None) -> None:
        try:
            asked = JoinSession.model_validate(argument, by_alias=True, by_name=False)
        except ValidationError as error:
            self.refuse("join", argument, refused("bad_request", _first_fault(error)), ack_id)
            return
        self.detach()
        answered = False

        def answer(document: dict[str, Any]) -> None:
            nonlocal answered
            answered = True
            self._taken_in(asked, ack_id, document)

        try:
            host, viewer = await self._seated(asked, answer)
        except Refusal as error:
            self.refuse("join", argument, error.ack, ack_id)
            return
        except Unavailable:  # after the answer: the tail could not be read
            self.channel.part(UNAVAILABLE)
            return
        except Damaged:
            if answered:
                self.channel.part(UNAVAILABLE)
            else:
                self.refuse("join", argument, damaged(), ack_id)
            return
        if self.channel.closing_down:
            host.audience.remove(viewer)
            self._gateway.presence.departed(host.session, self.user)
            return
        self.host, self.viewer = host, viewer

    async def _seated(self, asked: JoinSession, answer: Callable[[dict[str, Any]], None]) -> tuple[Host, Viewer]:
        """Whoever stands before a row that cannot be read gets a view of what the room is now instead of the tail."""
        resumed: dict[str, Any] = {}

        def note(document: dict[str, Any]) -> None:
            resumed.update(document)
            answer(document)

        def show(document: dict[str, Any]) -> None:
            where = {name: document[name] for name in ("epoch", "seq", "you")}
            shown = {"sessionId": asked.session_id, **where, **document["snapshot"]}
            self.channel.push(event_frame("snapshot", shown), 1)

        try:
            return await self._gateway.joining.join(asked, self.user, self.channel, note)
        except Damaged:
            if not resumed or "snapshot" in resumed:
                raise
        return await self._gateway.joining.join(
            asked.model_copy(update={"epoch": None, "after": None}), self.user, self.channel, show
        )

    def _taken_in(self, asked: JoinSession, ack_id: int | None, document: dict[str, Any]) -> None:
        self.answer(ack_id, document)
        tally = self._gateway.tally
        if "resync" in document and asked.after is not None:
            tally.resyncs[_why_resynced(asked.epoch, asked.after, document["epoch"], document["seq"])] += 1
        tally.joins["fresh" if asked.after is None else "resync" if "resync" in document else "resumed"] += 1

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
        if self._worker is not None:
            await end(self._worker)
        self._worker = None  # as in live/host.py


def parse_command(argument: Mapping[str, Any]) -> tuple[str, bool, Command]:
    """(command id, whether it was sent before, command). Raises Refusal; its detail names fields, never what they held."""
    fields = dict(argument)
    command_id = fields.pop(COMMAND_ID, None)
    if not isinstance(command_id, str) or not UUID.fullmatch(command_id):
        raise Refusal(refused("bad_request", "id: must be a UUID in lower case"))
    resent = fields.pop(RESENT, False)
    if not isinstance(resent, bool):
        raise Refusal(refused("bad_request", "resent: must be true or false"))
    try:
        command: Command = COMMANDS.validator.validate_python(fields, by_alias=True, by_name=False)
    except ValidationError as error:
        raise Refusal(refused("bad_request", _first_fault(error))) from None
    return command_id, resent, command


def _why_resynced(epoch: str | None, after: int, own_epoch: str, head: int) -> str:
    """As live/joining.py decides: a log that is another one, a place past its head, too much to send, or another standing."""
    if epoch != own_epoch:
        return "epoch"
    if not 0 <= after <= head:
        return "ahead"
    return "far" if head - after > limits.RESUME_EVENTS_MAX else "standing"


def _first_fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return "type: there is no such command"
    where = ".".join(str(part) for part in first["loc"])[:PATH_CHARACTERS_MAX]
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"
