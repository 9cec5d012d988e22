"""People who are not there: bots that chat, vote, ask, raise hands and draw where that is open to them, at a human pace, over the public protocol only, so that a
single visitor sees a living room. They fall silent when nobody else is there. Imports nothing of the server.

Reads one JSON document from standard input: `{url, sessionId, people: [{userId, token}]}`. Ends when that input does.
"""

import asyncio
import json
import random
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

import socketio

NAMESPACE = "/live"
PAUSE_S = (9.0, 40.0)
THINKING_S = (3.0, 12.0)
LINES = (
    "The second one is so much easier than the first.",
    "I turned the paper upside down, that helped a lot.",
    "Same here!",
    "Could we see yours again, Mara?",
    "Mine looks like a bucket.",
    "Drawing the shadow first was a *great* tip.",
    "Is it fine to erase, or part of the exercise?",
    "One more minute please.",
    "I like how loose that line is.",
    "My cat just walked over the sketch.",
)
QUESTIONS = (
    "How hard should I press for the outline?",
    "Do you start with the handle or the body?",
    "When is a sketch finished?",
    "Which paper do you use for ink?",
    "How do I draw glass?",
)
WORDS = ("curious", "calm", "pencil", "light", "shadow", "joy", "patience")
DRAWING = "can_use_whiteboard"
COLOURS = ("#1971c2", "#2f9e44", "#e03131", "#f08c00")
EMOJI = ("👍", "👏", "😂", "🎉", "🤔")

Document = dict[str, Any]


class Bot:
    def __init__(self, url: str, session: str, user: str, token: str, family: frozenset[str], seed: int) -> None:
        self._url, self._session, self._user, self._token = url, session, user, token
        self._family = family
        self._random = random.Random(seed)
        self._others: set[str] = set()
        self._questions: list[str] = []
        self._polls: list[Document] = []
        self._hand_up = False
        self._pages: dict[str, Document] = {}  # of the place one is in
        self._granted = False
        self._sio = socketio.AsyncClient(
            serializer="msgpack",
            reconnection_delay=1,
            reconnection_delay_max=5,
            ssl_verify=False,  # the certificate of a demo on this machine is its own
        )
        self._sio.on("connect", self._enter, namespace=NAMESPACE)
        self._sio.on("events", self._follow, namespace=NAMESPACE)
        self._sio.on("snapshot", self._look_around, namespace=NAMESPACE)

    async def live(self) -> None:
        await self._connect()
        while True:
            await asyncio.sleep(self._random.uniform(*PAUSE_S))
            if self._others and self._sio.connected:
                with suppress(socketio.exceptions.SocketIOError):
                    await self._act()

    async def _connect(self) -> None:
        while True:
            try:
                await self._sio.connect(
                    self._url, auth={"token": self._token}, namespaces=[NAMESPACE], transports=["websocket"]
                )
            except socketio.exceptions.ConnectionError:
                await asyncio.sleep(2)
            else:
                return

    # -- what the bot perceives --

    async def _enter(self) -> None:
        with suppress(socketio.exceptions.SocketIOError):
            ack = await self._sio.call("join", {"sessionId": self._session}, namespace=NAMESPACE, timeout=10)
            if ack["ok"]:
                self._look_around({"view": ack["snapshot"]["view"]})

    def _look_around(self, frame: Document) -> None:
        persons: Mapping[str, Document] = (frame["view"].get("people") or {}).get("persons", {})
        self._others = {user for user, person in persons.items() if person.get("present")} - self._family
        self._pages = (frame["view"].get("boards") or {}).get("pages", {})
        rights: Document = frame["view"].get("rights") or {}
        own = rights.get("personal", {}).get(self._user, {})
        self._granted = DRAWING in own or DRAWING in rights.get("everyone", {})

    def _follow(self, frame: Document) -> None:
        for event in frame["events"]:
            match event["type"]:
                case "participant.joined" | "participant.admitted":
                    self._others |= {event["userId"]} - self._family
                case "participant.left" | "participant.removed":
                    self._others.discard(event["userId"])
                case "question.asked" | "question.approved" if "questionId" in event:
                    self._questions = [*self._questions[-9:], event["questionId"]]
                case "poll.opened":
                    self._polls.append(event)
                case "board.shared" | "board.locked" if event["boardId"] in self._pages:
                    self._pages[event["boardId"]] |= {key: event[key] for key in ("everyone", "locked") if key in event}
                case "permission.granted" | "permission.revoked" if event["permission"] == DRAWING:
                    if event.get("userId") in (None, self._user):
                        self._granted = event["type"] == "permission.granted"

    # -- what the bot does --

    async def _submit(self, kind: str, **fields: Any) -> Document:
        command = {"id": str(uuid4()), "type": kind, **fields}
        ack: Document = await self._sio.call("submit", command, namespace=NAMESPACE, timeout=10)
        return ack

    async def _act(self) -> None:
        if self._polls:
            await self._vote(self._polls.pop(0))
            return
        acts = [
            self._chat,
            self._chat,
            self._react,
            self._raise_or_lower,
            self._ask,
            self._upvote,
            self._draw,
            self._draw,
        ]
        await self._random.choice(acts)()

    async def _vote(self, poll: Document) -> None:
        await asyncio.sleep(self._random.uniform(*THINKING_S))
        options = poll.get("options") or []
        if poll["kind"] == "text":
            choices: list[Any] = [self._random.choice(WORDS)]
        elif poll["kind"] == "rating":
            choices = [self._random.randint(max(1, len(options) - 2), max(1, len(options)))]
        else:
            choices = [self._random.randrange(len(options))] if options else []
        await self._submit("poll.vote", pollId=poll["pollId"], choices=choices)

    async def _chat(self) -> None:
        await self._sio.emit("signal", {"type": "typing", "on": True}, namespace=NAMESPACE)
        await asyncio.sleep(self._random.uniform(1.5, 4))
        await self._submit("chat.send", text=self._random.choice(LINES))
        await self._sio.emit("signal", {"type": "typing", "on": False}, namespace=NAMESPACE)

    async def _react(self) -> None:
        await self._submit("reaction.send", emoji=self._random.choice(EMOJI))

    async def _raise_or_lower(self) -> None:
        self._hand_up = not self._hand_up
        await self._submit("hand.raise" if self._hand_up else "hand.lower")

    async def _ask(self) -> None:
        if self._random.random() < 0.3:
            await self._submit("question.ask", text=self._random.choice(QUESTIONS))

    async def _draw(self) -> None:
        """A wave somewhere, shown while it grows; where one may not, nothing."""
        open_ = [key for key, page in self._pages.items() if not page["locked"] and (page["everyone"] or self._granted)]
        if not open_:
            return
        board, points = self._random.choice(open_), [[0.0, 0.0]]
        line = {
            "id": uuid4().hex[:20],
            "type": "freedraw",
            "version": 1,
            "versionNonce": self._random.randrange(1, 2**31),
            "isDeleted": False,
            "x": self._random.randrange(0, 900),
            "y": self._random.randrange(260, 600),
            "width": 0,
            "height": 40,
            "angle": 0,
            "strokeColor": self._random.choice(COLOURS),
            "backgroundColor": "transparent",
            "fillStyle": "solid",
            "strokeWidth": 2,
            "strokeStyle": "solid",
            "roughness": 1,
            "opacity": 100,
            "seed": 1,
            "groupIds": [],
            "index": "b" + self._random.choice("0123456789") + uuid4().hex[:6] + "V",
            "pressures": [],
            "simulatePressure": True,
            "points": points,
        }
        for _ in range(self._random.randint(8, 30)):
            points.append([points[-1][0] + self._random.uniform(4, 12), self._random.uniform(-20, 20)])
            line["width"] = points[-1][0]
            stroke = {"type": "board.stroke", "boardId": board, "element": line}
            await self._sio.emit("signal", stroke, namespace=NAMESPACE)
            await asyncio.sleep(0.1)
        await self._submit("board.change", boardId=board, elements=[line])
        await self._sio.emit("signal", {"type": "board.stroke", "boardId": board, "element": None}, namespace=NAMESPACE)

    async def _upvote(self) -> None:
        if self._questions:
            await self._submit("question.upvote", questionId=self._random.choice(self._questions))


async def main() -> None:
    loop = asyncio.get_running_loop()
    errand = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    people = errand["people"]
    family = frozenset(each["userId"] for each in people)
    seeds = random.Random(7)
    bots = [
        Bot(errand["url"], errand["sessionId"], each["userId"], each["token"], family, seeds.getrandbits(32))
        for each in people
    ]
    lives = [asyncio.create_task(bot.live()) for bot in bots]
    await loop.run_in_executor(None, sys.stdin.read)  # until whoever started us is gone
    for life in lives:
        life.cancel()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
