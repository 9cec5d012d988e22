"""Many people draw on one board over bad lines: connections break, commands come late and twice, frames too.

A model of server and browsers around the pure rules. A browser shows its own strokes at once, keeps what was not
acknowledged and sends it again; what it holds of the room is folded from frames alone. Everything is made by the seed.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from rooms.board_book import MAIN, Element, excalidraw, merge, wins
from rooms.bucket_map import BucketMap
from rooms.feature import Recorded
from rooms.ids import UserId
from rooms.lifecycle import SessionFeature
from rooms.people import standing_of
from rooms.protocol import COMMANDS
from rooms.refusal import Refused
from rooms.room import RoomState, apply, step
from rooms.visibility import view, visible
from tests.rooms.drawing import drawn, gone
from tests.rooms.rehearsal import MARA, ROLES, THEO, Rehearsal, person

PEOPLE = 24
KINDS = ("rectangle", "rectangle", "freedraw", "text", "arrow")
Drawn = dict[str, Any]
Command = tuple[str, dict[str, Any]]  # its id, and what it says
Ack = tuple[str, int]  # the command's id, and where it stands in the log


class Server:
    """Appends, answers a repeated command as the first time, and sends everybody their events."""

    def __init__(self) -> None:
        board = SessionFeature.model_validate({"type": "whiteboard", "config": {"open": True}})
        names = [f"Guest {number}" for number in range(PEOPLE - len(ROLES))]
        self.played = Rehearsal.running(extra=names, features=(board,), max_participants=100)
        self.room = self.played.room
        self.log: list[Recorded] = list(self.played.log)
        self.answered: dict[tuple[UserId, str], int] = {}
        self.people: list[UserId] = [*ROLES, *map(person, names)]
        self.changes = 0

    def submit(self, user: UserId, command: Command) -> int:
        """The seq at which it stands; a refused one stands at the head too, and changed nothing."""
        key, given = command
        if (user, key) not in self.answered:
            try:
                context = self.played.context(user, command=key)
                self.room, recorded = step(self.room, COMMANDS.validate_python(given), context, key)
                self.log += recorded
                self.changes += sum(len(getattr(each.event, "elements", ())) for each in recorded)
            except Refused:
                pass
            self.answered[(user, key)] = self.room.seq
        return self.answered[(user, key)]

    def tail(self, user: UserId, after: int) -> list[Recorded]:
        standing = standing_of(self.room, user)
        return [seen for each in self.log[after:] if (seen := visible(each, standing)) is not None]


@dataclass
class Browser:
    """`scene`: what the person sees. `unsent`: submitted, not acknowledged. `touched`: when an element is the log's again."""

    user: UserId
    seen: RoomState
    connected: bool = True
    scene: dict[str, Drawn] = field(default_factory=dict)
    unsent: dict[str, dict[str, Any]] = field(default_factory=dict)
    waits_for: dict[str, int] = field(default_factory=dict)
    line: deque[tuple[int, int, list[Recorded]]] = field(default_factory=deque)
    sent_upto: int = 0
    made: int = 0

    @property
    def held(self) -> Mapping[str, Element]:
        assert self.seen.boards is not None
        return self.seen.boards.pages[MAIN].elements or {}

    # -- What the person does --

    def draws(self, dice: Random) -> None:
        self.does([self.stroke(dice) for _ in range(dice.choice([1, 1, 2, 4, 8]))])

    def does(self, elements: list[Drawn]) -> None:
        once = {each["id"]: each for each in elements}
        for each in once.values():
            self.scene[each["id"]] = each
        self.says({"type": "board.change", "boardId": MAIN, "elements": list(once.values())})

    def says(self, given: dict[str, Any]) -> None:
        self.made += 1
        self.unsent[str(uuid5(NAMESPACE_OID, f"{self.user} {self.made}"))] = given

    def stroke(self, dice: Random) -> Drawn:
        nonce = dice.randrange(2**31)
        latest = list(self.scene)[-60:]
        shown = [key for key in latest if not self.scene[key]["isDeleted"]]
        if not shown or dice.random() < 0.12:
            return drawn(f"{self.user[:6]}-{self.made}-{dice.randrange(10**6)}", 1, nonce, kind=dice.choice(KINDS))
        held = self.scene[dice.choice(shown)]
        version = held["version"] + dice.choice([1, 1, 1, 2, 5])
        if dice.random() < 0.15:
            return gone(held["id"], version, nonce, kind=held["type"])
        return {**held, "version": version, "versionNonce": nonce, "x": dice.randint(-4_000, 4_000) / 8}

    def undoes(self, dice: Random) -> None:
        """What one deleted oneself comes back."""
        held = [self.held[key] for key in list(self.scene)[-60:] if key in self.held]
        own = [each for each in held if each.deleted and each.creator == self.user and not each.cleared]
        if own:
            each = dice.choice(own)
            kind = str(each.body["type"])
            self.does([drawn(each.id, each.version + 1, dice.randrange(2**31), kind=kind)])

    # -- What the log says --

    def hears(self, after: int, upto: int, events: list[Recorded]) -> None:
        """A frame that does not follow is dropped: the next join brings what is missing."""
        if after > self.seen.seq or upto <= self.seen.seq:
            return
        for each in events:
            if each.seq > self.seen.seq:
                self.seen = apply(self.seen, each)
                for drawn_ in getattr(each.event, "elements", ()):
                    self.reconcile(drawn_["id"])
                if each.event.type in {"board.cleared", "board.restored"}:
                    for key in [*self.held]:
                        self.reconcile(key)
        self.seen = replace(self.seen, seq=upto)
        for key in [key for key, seq in self.waits_for.items() if seq <= upto]:
            self.is_answered(key)

    def reconcile(self, key: str) -> None:
        """Excalidraw's rule: the log's element, unless the person's own is newer."""
        held, own = self.held.get(key), self.scene.get(key)
        if held is not None and (own is None or not wins(own["version"], own["versionNonce"], held)):
            self.scene[key] = excalidraw(held)

    def is_answered(self, key: str) -> None:
        """From here on the log decides about the elements of this command, whatever became of it."""
        given, _ = self.unsent.pop(key), self.waits_for.pop(key)
        open_ids = {each["id"] for other in self.unsent.values() for each in other.get("elements", ())}
        for each in given.get("elements", ()):
            if each["id"] not in open_ids:
                held = self.held.get(each["id"])
                if held is None:
                    self.scene.pop(each["id"], None)
                else:
                    self.scene[each["id"]] = excalidraw(held)

    def shown(self) -> dict[str, Drawn]:
        return {key: each for key, each in self.scene.items() if not each["isDeleted"]}


class Together:
    """One board, its server and everybody's browser."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.server = Server()
        self.browsers = [self.opened(user) for user in self.server.people]

    def opened(self, user: UserId) -> Browser:
        return Browser(
            user, view(self.server.room, standing_of(self.server.room, user)), sent_upto=self.server.room.seq
        )

    def draw(self, changes: int) -> "Together":
        """Until so many elements won over what was there, and everything has arrived."""
        while self.server.changes < changes:
            for _ in range(500):
                self.something(self.dice.choice(self.browsers))
            if self.server.changes + self.under_way() >= changes:
                self.settle()
        return self

    def under_way(self) -> int:
        waiting = [given for browser in self.browsers for given in browser.unsent.values()]
        return sum(len(given.get("elements", ())) for given in waiting)

    def something(self, browser: Browser) -> None:
        dice = self.dice
        match dice.random():
            case roll if roll < 0.30:
                browser.draws(dice)
            case roll if roll < 0.34:
                browser.undoes(dice)
            case roll if roll < 0.36 and browser.user in (MARA, THEO):
                kind = dice.choice(["board.clear", "board.restore", "board.restore"])
                browser.says({"type": kind, "boardId": MAIN})
            case roll if roll < 0.65:
                self.carry(browser, dice.randint(1, 4))
            case roll if roll < 0.93:
                self.deliver(browser, dice.randint(1, 6))
            case roll if roll < 0.97:
                self.breaks(browser)
            case _:
                self.joins(browser)

    def carry(self, browser: Browser, most: int) -> None:
        """Commands reach the server in their order, each once or twice; an answer is lost now and then."""
        if not browser.connected:
            return
        for key in [key for key in browser.unsent if key not in browser.waits_for][:most]:
            seq = self.server.submit(browser.user, (key, browser.unsent[key]))
            if self.dice.random() < 0.25:
                assert self.server.submit(browser.user, (key, browser.unsent[key])) == seq
            if self.dice.random() < 0.9:
                browser.waits_for[key] = seq
            else:
                break

    def deliver(self, browser: Browser, most: int) -> None:
        """Frames arrive late, and some once more."""
        if not browser.connected:
            return
        head = self.server.room.seq
        if browser.sent_upto < head:
            events = self.server.tail(browser.user, browser.sent_upto)
            browser.line.append((browser.sent_upto, head, events))
            browser.sent_upto = head
        for _ in range(min(most, len(browser.line))):
            frame = browser.line.popleft()
            browser.hears(*frame)
            if self.dice.random() < 0.2:
                browser.line.append(frame)

    def breaks(self, browser: Browser) -> None:
        """What was on its way is gone, but for a frame that turns up later."""
        browser.connected = False
        late = [frame for frame in browser.line if self.dice.random() < 0.2]
        browser.line = deque(late)

    def joins(self, browser: Browser) -> None:
        """Back where one stood, or, as after a long time, with a new view; what was not acknowledged is sent again."""
        browser.connected = True
        browser.waits_for = {}
        if self.dice.random() < 0.2:
            browser.seen = view(self.server.room, standing_of(self.server.room, browser.user))
            for key in browser.held:
                browser.reconcile(key)
        browser.sent_upto = browser.seen.seq

    def settle(self) -> None:
        """Everybody comes back, and everything arrives."""
        for _ in range(2):
            for browser in self.browsers:
                self.joins(browser)
                while set(browser.unsent) - set(browser.waits_for):
                    self.carry(browser, 100)
            for browser in self.browsers:
                while browser.line or browser.sent_upto < self.server.room.seq:
                    self.deliver(browser, 10)
        for browser in self.browsers:
            for key in [*browser.waits_for]:
                browser.is_answered(key)


def scene_of(room: RoomState) -> dict[str, Drawn]:
    assert room.boards is not None
    held: Mapping[str, Element] = room.boards.pages[MAIN].elements or {}
    return {key: excalidraw(each) for key, each in held.items() if not each.deleted}


def merged(packets: Iterable[Iterable[Element]]) -> BucketMap[Element]:
    """Changes put together by the merge alone, in this order."""
    scene: BucketMap[Element] = BucketMap()
    for packet in packets:
        scene = merge(scene, packet)
    return scene
