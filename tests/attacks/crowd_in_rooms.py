"""A crowd that moves between breakout rooms and leaves a word of its own in everything it writes, over the public protocol.

Each person has a WebSocket and a sign-in; every byte that reaches them is kept until it is judged (ledger.py). What the
crowd does next is chosen by a seed.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import uuid4

from aiohttp import ClientSession, WSServerHandshakeError

from live.keys import HOSTS
from rooms.ids import SessionId
from rooms.poll_book import PollStatus
from rooms.room import RoomState
from tests.attacks.ledger import Ledger, Word, words_in
from tests.live.conftest import House
from tests.live.raw import Raw, event

STAFF = ("mara", "theo")
OTHERS = ("ana", "ben", "cleo", "dora", "emil", "fynn", "gita", "hugo", "otto")
CROWD = (*STAFF, *OTHERS)
WITHIN_S = 20.0
TRIES = 100
LEFT_BEHIND = ("REST /breakouts/…/results", "REST /boards/…")
Document = dict[str, Any]


@dataclass
class Guest:
    """`judged` is how many packets of this connection were looked at."""

    name: str
    user: str
    token: str
    raw: Raw
    calls: int = 0
    judged: int = 0
    position: tuple[str, int] = ("", 0)
    line: asyncio.Lock = field(default_factory=asyncio.Lock)  # one thing at a time, as a browser's outbox does

    async def call(self, name: str, document: Document) -> Document:
        self.calls += 1
        answer: Document = await self.raw.call(name, document, self.calls)
        return answer

    async def submit(self, command: str, /, **fields: Any) -> Document:
        given = {name: value for name, value in fields.items() if value is not None}
        async with self.line:
            return await self.call("submit", {"id": str(uuid4()), "type": command, **given})

    async def signal(self, **document: Any) -> None:
        async with self.line:
            await self.raw.send(event("signal", document))

    def stands(self) -> int:
        """The number up to which the frames of this connection lead."""
        reached = self.position[1]
        for each in reversed(self.raw.packets):
            if each["type"] == 2 and each["data"][0] in ("events", "snapshot"):
                document = each["data"][1]
                return max(reached, int(document["upto"] if each["data"][0] == "events" else document["seq"]))
        return reached


@dataclass(frozen=True)
class Received:
    """Something that reached somebody, not yet judged. `typing`: who is said to type."""

    guest: Guest
    kind: str
    words: frozenset[str]
    typing: str | None = None
    path: str = ""


@dataclass
class Crowd:
    """`steps` counts what was done, `refused` what was not, `received` the words of others than staff by how they came."""

    house: House
    session: SessionId
    http: ClientSession
    dice: Random
    ledger: Ledger
    guests: dict[str, Guest] = field(default_factory=dict)
    steps: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    read: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    had: dict[str, set[str]] = field(default_factory=dict)  # who has each word
    pending: list[Received] = field(default_factory=list)
    heard: int = 0  # packets of the host's that were learnt from
    drained: int = 0  # the number at the last time of quiet

    # -- Coming --

    @classmethod
    async def gathered(cls, house: House, http: ClientSession, seed: int) -> "Crowd":
        session = await house.session()
        for name in OTHERS:
            if name not in ("ana", "ben", "otto"):
                await house.register(session, name)
        users = {name: str(await house.user(name)) for name in CROWD}
        ledger = Ledger(frozenset(users[name] for name in STAFF))
        crowd = cls(house, session, http, Random(seed), ledger)
        for name in CROWD:
            guest = Guest(name, users[name], await house.token(name), Raw(house.server.url))
            crowd.guests[name] = guest
            await crowd.enter(guest)
        mara = crowd.guests["mara"]
        for permission in ("can_create_polls", "can_use_whiteboard"):
            assert (await mara.submit("permission.grant", permission=permission))["ok"]
        await crowd.open_rooms()
        await crowd.quiet()
        return crowd

    async def enter(self, guest: Guest) -> None:
        """Anew, or where the last connection stopped."""
        epoch, seq = guest.position
        guest.calls, guest.judged = 0, 0
        await self._connect(guest)
        where = {"epoch": epoch, "after": seq} if epoch and self.dice.random() < 0.7 else {}
        ack = await guest.call("join", {"sessionId": self.session, **where})
        assert ack["ok"], ack
        guest.position = (ack["epoch"], ack["seq"])

    async def _connect(self, guest: Guest) -> None:
        """A server that is behind asks to come later (503)."""
        for _ in range(TRIES):
            if await self._is_let_in(guest):
                return
            await asyncio.sleep(0.2)
        raise AssertionError(f"{guest.name} was never let in again")

    async def _is_let_in(self, guest: Guest) -> bool:
        try:
            await guest.raw.open()
        except WSServerHandshakeError as refused:
            if refused.status != 503:
                raise
            return False
        await guest.raw.sign_in(guest.token)
        return True

    async def come_back(self, guest: Guest) -> None:
        """The line breaks; meanwhile the others go on."""
        async with guest.line:
            guest.position = (guest.position[0], guest.stands())
            await guest.raw.close()
            self.take(guest)
            await asyncio.sleep(self.dice.random() * 0.05)
            guest.raw = Raw(self.house.server.url)
            await self.enter(guest)

    async def close(self) -> None:
        await asyncio.gather(*(guest.raw.close() for guest in self.guests.values()))

    # -- What goes on --

    @property
    def now(self) -> Any:
        return self.house.app[HOSTS].read(self.session)

    def someone(self, *, staff: bool = True) -> Guest:
        return self.guests[self.dice.choice([name for name in (CROWD if staff else OTHERS) if name != "otto"])]

    def own_word(self, kind: str, writer: Guest) -> str:
        """Written where its writer is when it arrives."""
        return self.ledger.new(Word(kind, writer=writer.user))

    def word_for(self, kind: str, place: str | None, **fields: Any) -> str:
        return self.ledger.new(Word(kind, place, **fields))

    async def step(self, room: RoomState) -> None:
        kinds = list(STEPS)
        kind = self.dice.choices(kinds, weights=[STEPS[each] for each in kinds])[0]
        self.steps[kind] += 1
        await getattr(self, f"_{kind}")(room)

    async def _submit(self, guest: Guest, command: str, /, **fields: Any) -> None:
        ack = await guest.submit(command, **fields)
        if not ack["ok"]:
            self.refused[f"{command} {ack['code']}"] += 1

    def _rooms(self, room: RoomState) -> list[str]:
        assert room.breakouts is not None
        held = room.breakouts.open_set()
        return [each.id for each in held.rooms if each.status == "open"] if held is not None else []

    async def open_rooms(self) -> None:
        """A set of three; some are dealt, some stay, and its results are for staff."""
        mara, names = self.guests["mara"], [name for name in OTHERS if self.dice.random() < 0.9]
        members: list[list[str]] = [[], [], []]
        for name in names:
            self.dice.choice(members).append(self.guests[name].user)
        rooms = [{"name": f"Room {nth}", "members": each} for nth, each in enumerate(members)]
        await self._submit(
            mara,
            "breakout.create",
            rooms=rooms,
            assignment="manual",
            results="staff",
            mayReturn=True,
            late="ask",
            observers="roam",
        )
        room = await self.now
        planned = [each for each in room.breakouts.in_order() if each.status == "planned"]
        await self._submit(mara, "breakout.open", setId=planned[-1].id)

    async def _move(self, room: RoomState) -> None:
        """Mara's stream is what the ledger learns from: she stays in the main room, and on her line."""
        to = self.dice.choice([*self._rooms(room), None])
        if self.dice.random() < 0.3:
            guest = self.guests[self.dice.choice(CROWD[1:])]
            await self._submit(guest, "breakout.join", roomId=to)
        else:
            users = [self.guests[name].user for name in self.dice.sample(OTHERS, self.dice.choice([1, 1, 2, 4]))]
            await self._submit(self.guests["mara"], "breakout.move", userIds=users, roomId=to)

    async def _reopen(self, room: RoomState) -> None:
        rooms = self._rooms(room)
        if not rooms:
            await self.open_rooms()
        elif self.dice.random() < 0.5:
            await self._submit(self.guests["mara"], "breakout.close", roomId=self.dice.choice(rooms), seconds=0)
        else:
            await self._submit(self.guests["mara"], "breakout.close", seconds=0)
            await self.open_rooms()

    async def _say(self, room: RoomState) -> None:
        guest, elsewhere = self.someone(), self.dice.choice([*self._rooms(room), None])
        if self.dice.random() < 0.2:
            word = self.word_for("chat elsewhere", elsewhere)
            await self._submit(guest, "chat.send", text=f"{word} over there", room=elsewhere or "main")
        elif self.dice.random() < 0.15:
            other = self.someone()
            word = self.word_for("chat direct", None, only=frozenset({guest.user, other.user}))
            await self._submit(guest, "chat.send", text=f"{word} between us", to=other.user)
        else:
            await self._submit(guest, "chat.send", text=f"{self.own_word('chat', guest)} hello")

    async def _edit(self, room: RoomState) -> None:
        assert room.chat is not None
        held = [each for channel in room.chat.channels.values() for each in channel.messages.values()]
        if not held:
            return
        message = self.dice.choice(held[-30:])
        place = None if message.channel == "everyone" else message.channel
        guest = next(each for each in self.guests.values() if each.user == message.sender)
        direct = ":" in message.channel
        only = frozenset(message.channel.split(":")) if direct else frozenset()
        word = self.word_for("chat edited", None if direct else place, only=only)
        await self._submit(guest, "chat.edit", messageId=message.id, text=f"{word} on second thought")
        if not direct:
            await self._submit(self.guests["mara"], "chat.pin", messageId=message.id)

    async def _poll(self, room: RoomState) -> None:
        assert room.polls is not None
        open_polls = [each for each in room.polls.in_order() if each.status is PollStatus.OPEN]
        if open_polls and self.dice.random() < 0.7:
            poll = self.dice.choice(open_polls)
            if poll.kind == "text":
                word = self.word_for("poll answer", poll.room)
                await self._submit(self.someone(), "poll.vote", pollId=poll.id, choices=[word])
            else:
                await self._submit(self.someone(), "poll.vote", pollId=poll.id, choices=[self.dice.randrange(2)])
            if self.dice.random() < 0.3:
                end = self.dice.choice(["close", "publish"])
                await self._submit(self.guests["mara"], f"poll.{end}", pollId=poll.id)
            return
        guest = self.someone()
        named: dict[str, Any] = {}
        word = self.own_word("poll", guest)
        if guest.name in STAFF and self.dice.random() < 0.5:
            place = self.dice.choice([*self._rooms(room), None])
            named["room"], word = place or "main", self.word_for("poll", place)
        if self.dice.random() < 0.5:
            anonymous = self.dice.random() < 0.3
            question = f"{word} or not?"
            await self._submit(guest, "poll.quick", template="yesno", question=question, anonymous=anonymous, **named)
        else:
            await self._submit(guest, "poll.create", question=f"{word} in words?", kind="text", **named)
            drafts = [each for each in (await self.now).polls.polls.values() if word in each.question]
            for each in drafts:
                await self._submit(guest, "poll.open", pollId=each.id)

    async def _ask(self, room: RoomState) -> None:
        assert room.questions is not None
        held = list(room.questions.questions.values())
        if held and self.dice.random() < 0.5:
            question = self.dice.choice(held)
            if self.dice.random() < 0.5:
                await self._submit(self.someone(), "question.upvote", questionId=question.id)
            else:
                word = self.word_for("answer", question.room)
                text = f"{word} is why"
                await self._submit(self.guests["mara"], "question.answer", questionId=question.id, text=text)
            return
        guest = self.someone()
        anonymous = self.dice.random() < 0.3
        await self._submit(guest, "question.ask", text=f"{self.own_word('question', guest)}?", anonymous=anonymous)

    async def _draw(self, room: RoomState) -> None:
        """Where one is, or where one is not: then it is refused, and nobody ever has it."""
        guest, board = self.someone(), self.dice.choice([*self._rooms(room), "main"])
        if self.dice.random() < 0.8:
            board = self.ledger.place_at(guest.user, self.drained) or "main"
        place = None if board == "main" else board
        word = self.word_for("element", place)
        await self._submit(guest, "board.change", boardId=board, elements=[element(word)])

    async def _stroke(self, room: RoomState) -> None:
        guest = self.someone()
        place = self.ledger.place_at(guest.user, self.drained)
        word = self.word_for("stroke", place, signal=True)
        await guest.signal(type="board.stroke", boardId=place or "main", element=element(word))

    async def _type(self, room: RoomState) -> None:
        await self.someone().signal(type="typing", on=True)

    async def _help(self, room: RoomState) -> None:
        guest = self.someone(staff=False)
        await self._submit(guest, "breakout.askHelp", text=f"{self.own_word('help', guest)} please")

    async def _broadcast(self, room: RoomState) -> None:
        word = self.word_for("broadcast", None, for_all=True)
        await self._submit(self.guests["mara"], "breakout.broadcast", text=f"{word} to all")

    async def _return(self, room: RoomState) -> None:
        await self.come_back(self.guests[self.dice.choice(CROWD[1:])])

    async def _read(self, room: RoomState) -> None:
        guest = self.guests[self.dice.choice(OTHERS)]
        for path in self.dice.sample(self.paths(room), 4):
            await self.get(guest, path)

    # -- Reading over REST --

    def paths(self, room: RoomState) -> list[str]:
        assert room.boards is not None
        assert room.breakouts is not None
        at = self.dice.randint(1, room.seq)
        someone = self.someone().user
        lists = ("chat", "polls", "questions", "boards", "breakouts", "events")
        return [
            *(f"/{name}?limit=200" for name in lists),
            "",
            "/state",
            f"/state?at={at}",
            f"/events?after={at}&limit=200",
            f"/participants/{someone}/score",
            "/participants",
            "/engagement",
            "/engagement.csv",
            "/attendance.csv",
            "/summary",
            *(f"/boards/{each}" for each in room.boards.pages),
            *(f"/breakouts/{each}/results" for each in room.breakouts.sets),
        ]

    async def get(self, guest: Guest, path: str) -> None:
        """All pages of it; whatever the answer, its bytes will be judged."""
        base = f"{self.house.server.url}/api/v1/live-sessions/{self.session}"
        headers = {"Authorization": f"Bearer {guest.token}"}
        following: str | None = path
        while following is not None:
            async with self.http.get(base + following, headers=headers) as response:
                body, status = await response.read(), response.status
                kind = f"REST {name_of(path)}"
                self.read[f"{kind} {status}"] += 1
                self.bytes["REST"] += len(body)
                self.pending.append(Received(guest, kind, words_in(body), path=following))
                more = (await response.json()).get("nextCursor") if status == 200 and "limit=" in path else None
            following = f"{path}&cursor={more}" if more is not None else None

    # -- Judging --

    async def quiet(self) -> None:
        """Everybody has everything that was committed before; then all that came is learnt and judged."""
        mara = self.guests["mara"]
        raised = (await self.now).hands.get(mara.user) is not None
        ack = await mara.submit("hand.lower" if raised else "hand.raise")
        assert ack["ok"], ack
        await self.judged(ack["seq"], *self.guests.values())

    async def judged(self, seq: int, *guests: Guest) -> None:
        async with asyncio.timeout(WITHIN_S):
            for guest in guests:
                while guest.stands() < seq:
                    await guest.raw.more()
        self._learn(seq)
        for guest in self.guests.values():
            self.take(guest)
        for each in self.pending:
            self._judge(each)
        self.pending.clear()

    def _learn(self, upto: int) -> None:
        """From the host's frames: who moved, and at which number each word came."""
        packets = self.guests["mara"].raw.packets
        fresh, self.heard = packets[self.heard :], len(packets)
        frames = [each["data"][1] for each in fresh if each["type"] == 2 and each["data"][0] == "events"]
        items = [item for frame in frames for item in frame["events"]]
        for item in items:
            for move in item.get("moves", ()):
                self.ledger.moved(move["userId"], item["seq"], move.get("room"))
            if item["type"] == "breakout.closed":
                self.ledger.closed.update(dict.fromkeys(item["roomIds"], item["seq"]))
        for item in items:
            for name in words_in(repr(item).encode()):
                self.ledger.came(name, item["seq"])
        self.ledger.lately, self.drained = self.drained, upto

    def take(self, guest: Guest) -> None:
        """What came over this connection since the last time."""
        packets, parts = guest.raw.packets[guest.judged :], guest.raw.bytes[guest.judged :]
        guest.judged += len(packets)
        for packet, data in zip(packets, parts, strict=True):
            kind = str(packet["data"][0]) if packet["type"] == 2 else {3: "ack"}.get(packet["type"], "other")
            typing = packet["data"][1]["from"] if kind == "signal" and packet["data"][1]["type"] == "typing" else None
            self.bytes[kind] += len(data)
            self.pending.append(Received(guest, kind, words_in(data), typing))

    def _judge(self, each: Received) -> None:
        user = each.guest.user
        for name in each.words:
            word = self.ledger.words[name]
            may = self.ledger.may_read if each.kind in LEFT_BEHIND else self.ledger.may_have
            assert may(user, name), (
                f"{each.guest.name} ({user}) got {name} by {each.kind} {each.path}: {word}; they moved {self.ledger.stays[user]}"
            )
            self.had.setdefault(name, set()).add(user)
            if each.guest.name not in STAFF:
                self.received[each.kind] += 1
                if word.place is not None:
                    self.received[f"{word.kind} in a room"] += 1
        if each.typing is not None:
            self._judge_typing(each.guest, each.typing)

    def _judge_typing(self, guest: Guest, sender: str) -> None:
        """Lately they were in one place at some time, or the reader is staff."""
        places = {None, *(place for _, place in self.ledger.stays[sender])}
        since = self.ledger.lately
        assert guest.name in STAFF or any(
            self.ledger.was_there(guest.user, place, since) and self.ledger.was_there(sender, place, since)
            for place in places
        ), f"{guest.name} is told that {sender} types"
        self.received["typing"] += guest.name not in STAFF


def element(word: str) -> Document:
    return {
        "id": word,
        "type": "text",
        "x": 1,
        "y": 1,
        "width": 90,
        "height": 25,
        "version": 1,
        "versionNonce": 5,
        "text": f"{word} drawn",
    }


def name_of(path: str) -> str:
    """An address without what differs from read to read."""
    parts = path.split("?")[0].split("/")
    return "/".join("…" if len(part) == 36 or part == "main" else part for part in parts) or "/"


STEPS = {
    "move": 22,
    "reopen": 2,
    "say": 20,
    "edit": 9,
    "poll": 12,
    "ask": 10,
    "draw": 10,
    "stroke": 5,
    "type": 4,
    "help": 2,
    "broadcast": 1,
    "return": 4,
    "read": 8,
}
