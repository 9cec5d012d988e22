"""The load: the cast of every session at work over the public protocol, each losing and finding its connection by itself.

Records what each of them does and sees; judges nothing.
"""

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bench.client import Client, Gone
from tests.faults.behaviour import Mind, World
from tests.faults.recording import Body, Recorder

IN_FLIGHT_MAX = 4
DROP_EVERY_S = 12.0  # on average, each client loses its connection by itself
REPEAT_SHARE = 0.02  # of answered commands are sent again, as they were or with another content under the same id


@dataclass(frozen=True)
class Member:
    """`token` makes a fresh access token at every call."""

    session: str
    name: str
    user: str
    token: Callable[[], str]


@dataclass
class Person:
    """One client of the load, at any of the servers. `joined`: when it got into its session, the latest few; `asked_and_got`: when the latest
    command was sent that was answered with success. Both on the monotonic clock."""

    member: Member
    urls: Sequence[str]
    folder: Path
    rng: random.Random
    people: Mapping[str, str]  # of its session, name -> user
    joined: deque[float] = field(default_factory=lambda: deque(maxlen=20))
    asked_and_got: float = 0.0
    answers: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)  # kinds of what it was told and did (recording.py)
    flaws: list[str] = field(default_factory=list)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def __post_init__(self) -> None:
        member = self.member
        self.recorder = Recorder(self.folder / f"{member.session[:8]}-{member.name}.jsonl", member.user, member.session)
        self.world = World(member.user, self.people)
        self.mind = Mind(member.name, self.world, self.rng, self._tell)
        self.client = Client(
            self.rng.choice(self.urls),
            member.session,
            member.token,
            random.Random(self.rng.random()),
            self._note,
            self._hear,
            self._see,
        )

    # -- what it is told --

    def _note(self, kind: str, body: Body) -> None:
        self.recorder.note(kind, body)
        self.noted[kind] += 1
        if kind == "ack" and not body["ack"].get("ok"):
            self.noted[f"told {body['ack'].get('code')}"] += 1
        if kind == "joined" and body.get("ok"):
            self.joined.append(self.recorder.last_t)
        elif kind in {"disconnect", "failed"}:
            self.client.url = self.rng.choice(self.urls)
        elif kind == "gap" or (kind == "refused" and body.get("code") != "unavailable"):
            self.flaws.append(f"{kind}: {body}")

    def _hear(self, events: list[Body]) -> None:
        for event in events:
            self.world.hear(event)

    def _see(self, snapshot: Body) -> None:
        self.world.see(snapshot["view"])

    def _tell(self, canary: str, audience: str | list[str]) -> None:
        self.recorder.note("secret", {"canary": canary, "audience": audience})

    # -- what it does --

    async def come(self) -> None:
        self._keep(self._stay())
        await self.client.live.wait()

    async def _stay(self) -> None:
        """Somebody who was removed comes back through the lobby."""
        while True:
            try:
                await self.client.run()
            except Gone as gone:
                if gone.code != "removed":
                    self.flaws.append(f"sent away: {gone.code}")
                    return
            else:
                return
            await asyncio.sleep(self.rng.uniform(0.1, 1.0))

    async def work(self, pace_s: float, until: asyncio.Event) -> None:
        """Commands at random moments, several at a time, also while the connection is gone."""
        free = asyncio.Semaphore(IN_FLIGHT_MAX)
        self._keep(self._lose_connection(until))
        while not until.is_set():
            await asyncio.sleep(self.rng.expovariate(1 / pace_s))
            command = self.mind.next()
            if command is not None and not until.is_set():
                await free.acquire()
                self._keep(self._submit(command, free))

    async def _submit(self, command: Body, free: asyncio.Semaphore) -> None:
        try:
            await self.ask(command)
        finally:
            free.release()

    async def ask(self, command: Body) -> Body:
        command_id = (
            f"{self.rng.getrandbits(32):08x}-{self.rng.getrandbits(16):04x}-4000-8000-{self.rng.getrandbits(48):012x}"
        )
        asked = time.monotonic()
        ack = await self.client.submit(command, command_id)
        if ack.get("ok"):
            self.asked_and_got = asked
        self.answers["ok" if ack.get("ok") else str(ack.get("code"))] += 1
        # A vote may be anonymous: then nobody keeps its id, and another command may have it (design.md 5).
        if ack.get("ok") and command["type"] != "poll.vote" and self.rng.random() < REPEAT_SHARE:
            again = command if self.rng.random() < 0.5 else {"type": "hand.raise", "toPoint": True}
            await self.client.submit(again, command_id)
        return ack

    async def _lose_connection(self, until: asyncio.Event) -> None:
        while not until.is_set():
            await asyncio.sleep(self.rng.expovariate(1 / DROP_EVERY_S))
            if not until.is_set():
                await self.client.drop()

    async def settle(self) -> None:
        """Until everything is answered."""
        while self.client.outbox or not self.client.live.is_set():  # noqa: ASYNC110 - asked at the end only
            await asyncio.sleep(0.05)

    async def compare(self, http: aiohttp.ClientSession) -> bool:
        """Records what a fresh join and REST say, once this client has caught up with them; False when it has not yet."""
        seen: list[Body] = []
        url = self.rng.choice(self.urls)
        fresh = Client(url, self.member.session, self.member.token, see=seen.append)
        staying = asyncio.ensure_future(fresh.run())
        try:
            await asyncio.wait_for(fresh.live.wait(), 10)
            address = f"{url}/api/v1/live-sessions/{self.member.session}/state"
            async with http.get(address, headers={"Authorization": f"Bearer {self.member.token()}"}) as response:
                if response.status == 503:  # as it says: again later
                    return False
                response.raise_for_status()
                state = await response.json()
        finally:
            await fresh.stop()
            await staying
        caught_up = [seen[0]["seq"], state["seq"]] == [self.client.seq] * 2
        if caught_up:
            self.recorder.note("state", {"seq": seen[0]["seq"], "view": seen[0]["view"]})
            self.recorder.note("rest", {"seq": state["seq"], "view": state["view"]})
        return caught_up

    async def leave(self) -> None:
        await self.client.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.recorder.close()

    def _keep(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.flaws.append(f"{type(task.exception()).__name__}: {task.exception()}")
