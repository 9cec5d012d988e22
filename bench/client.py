"""One person at a live session as a stranger would program them: python-socketio with msgpack and the written protocol.

Connects, joins, follows the log by its position, submits, and comes back by itself with everything it heard no answer to,
under the same ids. Imports nothing of the server, knows no rules and folds no state: whoever uses it listens.
"""

import asyncio
import random
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import socketio
from aiohttp import ClientError
from socketio.exceptions import SocketIOError

NAMESPACE = "/live"
OPEN_WITHIN_S = 5.0
ANSWER_WITHIN_S = 10.0
BACKOFF_FIRST_S = 0.1
BACKOFF_MAX_S = 2.0
CHASE_EVERY_S = 1.0
# Said by the server around the rules: nothing happened, or nobody knows; the same command is sent again (rooms/refusal.py).
AGAIN = frozenset({"unavailable", "overloaded", "rate_limited"})

Message = dict[str, Any]
# Told everything that goes out and comes in, at that moment and in that order.
Note = Callable[[str, Message], None]
Hear = Callable[[list[Message]], None]
See = Callable[[Message], None]


class Gone(Exception):
    """The session does not want this person (any more); coming back makes no sense."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Waiting:
    """A command without an answer. `sent_at` is monotonic; 0.0: not sent on this connection."""

    body: Message
    answer: "asyncio.Future[Message]"
    sent_at: float = 0.0
    was_sent: bool = False


@dataclass
class Client:
    """`token` is asked at every connection. `hear` gets the events that are new, `see` every snapshot (`{seq, view, …}`)."""

    url: str
    session: str
    token: Callable[[], str]
    rng: random.Random = field(default_factory=random.Random)
    note: Note = lambda _kind, _body: None
    hear: Hear = lambda _events: None
    see: See = lambda _snapshot: None

    epoch: str | None = None
    seq: int = 0
    live: asyncio.Event = field(default_factory=asyncio.Event)
    outbox: dict[str, Waiting] = field(default_factory=dict)
    _link: Any = None
    _ended: asyncio.Event | None = None
    _retry_in_s: float | None = None
    _gone: str | None = None
    _stopped: bool = False

    # -- what its user asks of it -----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until `stop`. Raises Gone when the session refuses this person for good; what waits for an answer then waits for
        another `run`, which begins where this one ended."""
        attempt, self._gone = 0, None
        chase = asyncio.ensure_future(self._chase())
        try:
            while not self._stopped:
                if await self._visit():
                    attempt = 0
                if self._gone is not None:
                    raise Gone(self._gone)
                if not self._stopped:
                    await asyncio.sleep(self._pause_s(attempt))
                    attempt += 1
        finally:
            chase.cancel()
            self.live.clear()
            if self._stopped:
                for waiting in self.outbox.values():
                    waiting.answer.cancel()

    async def submit(self, command: Mapping[str, Any], command_id: str | None = None) -> Message:
        """The final answer, however many connections it takes; `unavailable` and its like are never final."""
        command_id = command_id or str(UUID(int=self.rng.getrandbits(128), version=4))
        waiting = Waiting({"id": command_id, **command}, asyncio.get_running_loop().create_future())
        self.outbox[command_id] = waiting
        if self.live.is_set():
            await self._send(waiting)
        return await waiting.answer

    async def signal(self, body: Message) -> None:
        if self.live.is_set():
            with suppress(SocketIOError):
                await self._link.emit("signal", body, namespace=NAMESPACE)

    async def drop(self) -> None:
        """Loses the connection without a word, as a network does; `run` comes back."""
        ws: Any = self._link.eio.ws if self._link is not None else None
        connection = ws.get_extra_info("socket") if ws is not None and not ws.closed else None
        if connection is not None:
            self.note("drop", {})
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    async def stop(self) -> None:
        """For good. What waits for an answer stays without one."""
        self._stopped = True
        if self._ended is not None:
            self._ended.set()

    # -- one connection ---------------------------------------------------------------------------------------------------

    async def _visit(self) -> bool:
        """From connecting to the end of the connection; whether it got into the session."""
        self._ended, self._retry_in_s = asyncio.Event(), None
        self._link = link = self._new_link()
        joined = False
        try:
            if await self._open(link):
                joined = await self._join(link)
            if joined:
                await self._ended.wait()
        except (SocketIOError, ClientError, OSError, TimeoutError) as error:
            self.note("failed", {"error": f"{type(error).__name__}: {error}"})
        finally:
            self.live.clear()
            for waiting in self.outbox.values():
                waiting.sent_at = 0.0
            self._link = None
            await self._hang_up(link)
        return joined

    async def _open(self, link: Any) -> bool:
        """Not by python-socketio's own waiting, which does not see a connection end before the namespace answered."""
        opened, ended = asyncio.Event(), self._ended
        assert ended is not None
        link.on("connect", opened.set, namespace=NAMESPACE)
        async with asyncio.timeout(OPEN_WITHIN_S):
            await link.connect(
                self.url,
                auth={"token": self.token()},
                namespaces=[NAMESPACE],
                transports=["websocket"],
                wait=False,
            )
        link.eio.read_loop_task.add_done_callback(lambda _: ended.set())
        await _first_of(opened, ended, OPEN_WITHIN_S)
        if opened.is_set():
            self.note("connect", {})
        return opened.is_set()

    def _new_link(self) -> Any:
        link = socketio.AsyncClient(reconnection=False, handle_sigint=False, serializer="msgpack")
        ended = self._ended
        assert ended is not None

        def on_end(*reason: Any) -> None:
            self.live.clear()
            self.note("disconnect", {"reason": [str(each) for each in reason]})
            ended.set()

        # Plain functions: python-socketio starts a task per message, and only those without an await keep their order.
        handlers: dict[str, Callable[..., None]] = {
            "disconnect": on_end,
            "connect_error": self._on_refused,
            "events": self._on_events,
            "snapshot": self._on_snapshot,
            "signal": partial(self.note, "signal"),
            "bye": self._on_bye,
        }
        for name, handler in handlers.items():
            link.on(name, partial(self._while_current, link, handler), namespace=NAMESPACE)
        return link

    def _while_current(self, link: Any, handler: Callable[..., None], *arguments: Any) -> None:
        """What an abandoned connection still has to say comes again on the next one."""
        if link is self._link:
            handler(*arguments)

    async def _join(self, link: Any) -> bool:
        body: Message = {"sessionId": self.session}
        if self.epoch is not None:
            body |= {"epoch": self.epoch, "after": self.seq}
        assert self._ended is not None
        answered, ended = asyncio.Event(), self._ended
        answers: list[Message] = []

        def on_answer(ack: Message) -> None:
            # Before any frame that follows it in the same batch of tasks is looked at.
            self.note("joined", ack)
            if ack.get("ok"):
                self._stand_at(ack)
            answers.append(ack)
            answered.set()

        self.note("join", body)
        await link.emit("join", body, namespace=NAMESPACE, callback=on_answer)
        await _first_of(answered, ended, ANSWER_WITHIN_S)
        if not answers:
            return False
        if not answers[0].get("ok"):
            self._retry_in_s = answers[0].get("retryAfter")
            if answers[0].get("code") not in AGAIN | {"internal"}:
                self._gone = str(answers[0].get("code"))
            return False
        self.live.set()
        for waiting in list(self.outbox.values()):
            await self._send(waiting)
        return True

    async def _hang_up(self, link: Any) -> None:
        with suppress(SocketIOError, ClientError, OSError, TimeoutError):
            async with asyncio.timeout(2):
                await link.disconnect()
        http = link.eio.http
        if http is not None and not http.closed:
            await http.close()

    def _pause_s(self, attempt: int) -> float:
        """Doubles, with half of it jitter; the server's word wins."""
        if self._retry_in_s is not None:
            return self._retry_in_s + self.rng.uniform(0, 0.1)
        longest = min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2.0 ** min(attempt, 10))
        return longest * self.rng.uniform(0.5, 1.0)

    # -- commands -----------------------------------------------------------------------------------------------------------

    async def _send(self, waiting: Waiting) -> None:
        link = self._link
        if link is None:  # lost since this was decided
            return
        waiting.sent_at = time.monotonic()
        self.note("send", waiting.body)
        body = waiting.body | {"resent": True} if waiting.was_sent else waiting.body
        waiting.was_sent = True
        with suppress(SocketIOError):  # the connection is ending: it is sent again on the next one
            await link.emit("submit", body, namespace=NAMESPACE, callback=partial(self._on_ack, waiting.body["id"]))

    def _on_ack(self, command_id: str, ack: Message) -> None:
        self.note("ack", {"id": command_id, "ack": ack})
        waiting = self.outbox.get(command_id)
        if waiting is None:
            return
        if not ack.get("ok") and ack.get("code") in AGAIN:
            after_s = float(ack.get("retryAfter") or 0.1) * self.rng.uniform(1.0, 1.5)
            asyncio.get_running_loop().call_later(after_s, self._send_again, waiting)
            return
        del self.outbox[command_id]
        if not waiting.answer.done():
            waiting.answer.set_result(ack)

    def _send_again(self, waiting: Waiting) -> None:
        if self.live.is_set() and waiting.body["id"] in self.outbox:
            asyncio.ensure_future(self._send(waiting))  # noqa: RUF006 - done before the next message is read

    async def _chase(self) -> None:
        """A command without an answer for long is sent again, also on a connection that seems well."""
        while True:
            await asyncio.sleep(CHASE_EVERY_S)
            overdue = time.monotonic() - 1.5 * ANSWER_WITHIN_S
            for waiting in list(self.outbox.values()):
                if self.live.is_set() and 0.0 < waiting.sent_at < overdue:
                    await self._send(waiting)

    # -- the log --------------------------------------------------------------------------------------------------------------

    def _stand_at(self, ack: Message) -> None:
        self.epoch, self.seq = ack["epoch"], ack["seq"]
        if ack.get("snapshot") is not None:
            self.see({**ack["snapshot"], "seq": ack["seq"]})

    def _on_events(self, frame: Message) -> None:
        self.note("events", frame)
        if frame["epoch"] != self.epoch or frame["after"] > self.seq:
            self.note("gap", {"seq": self.seq})
            if self._ended is not None:
                self._ended.set()  # the next join says where it stands
            return
        fresh = [event for event in frame["events"] if event["seq"] > self.seq]
        self.seq = max(self.seq, frame["upto"])
        self.hear(fresh)

    def _on_snapshot(self, frame: Message) -> None:
        self.note("snapshot", frame)
        self.epoch, self.seq = frame["epoch"], frame["seq"]
        self.see(frame)

    def _on_bye(self, body: Message) -> None:
        self.note("bye", body)
        self._retry_in_s = body.get("retryIn")
        if not body.get("reconnect", True):
            self._gone = str(body.get("code"))

    def _on_refused(self, *data: Any) -> None:
        """By the namespace: a connection that could not be made at all has no document to tell of."""
        if data and isinstance(data[0], dict):
            self.note("refused", data[0].get("data") or data[0])


async def _first_of(one: asyncio.Event, other: asyncio.Event, within_s: float) -> None:
    """Returns when either is set, or the time is over."""
    tasks = [asyncio.ensure_future(each.wait()) for each in (one, other)]
    try:
        await asyncio.wait(tasks, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
