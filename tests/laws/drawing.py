"""What people do at the whiteboard in random histories: draw, take each other's things along, clear, turn pages.

A part of the improviser, in a file of its own. Pages fill up early (`SMALL`), so that they are full now and then.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from rooms import boards
from rooms.board_book import MAIN, Element, Page
from rooms.ids import UserId
from tests.rooms.drawing import drawn, gone
from tests.rooms.rehearsal import person

Done = tuple[UserId | None, dict[str, Any]]
SMALL = 25
NAMES = [f"e{number}" for number in range(60)]
KINDS = ("rectangle", "text", "freedraw", "arrow", "frame")


@contextmanager
def small_boards() -> Iterator[None]:
    with patch.object(boards, "LIVE_MAX", SMALL):
        yield


class Drawing:
    if TYPE_CHECKING:
        dice: Random

        @property
        def room(self) -> Any: ...
        def _chance(self, of: float) -> bool: ...
        def _staff(self) -> UserId: ...
        def _participant(self) -> UserId: ...
        def _inside(self) -> UserId: ...
        def _text(self, actor: UserId | None) -> str: ...
        def _try(self, actor: UserId | None, given: dict[str, Any], *, admin: bool = False) -> None: ...

    def _board_of(self, actor: UserId | None) -> Page:
        """Mostly one where they are."""
        pages = sorted(self.room.boards.pages.values(), key=lambda each: (each.seq, each.id))
        place = self.room.breakouts.places.get(actor)
        near = [each for each in pages if each.room == place]
        page: Page = self.dice.choice(near if near and self._chance(0.9) else pages)
        return page

    def _draw(self) -> Done:
        actor = self._participant() if self._chance(0.8) else self._inside()
        page = self._board_of(actor)
        held: Mapping[str, Element] = page.elements or {}
        chosen = self.dice.sample(NAMES, self.dice.choice([1, 1, 2, 5]))
        elements = [self._stroke(held.get(name), name, actor, page) for name in chosen]
        group = self.dice.choice([None, None, "one-act"])
        return actor, {"type": "board.change", "boardId": page.id, "elements": elements, "group": group}

    def _stroke(self, held: Element | None, name: str, actor: UserId, page: Page) -> dict[str, Any]:
        nonce = self.dice.randrange(2**31)
        if held is None:
            return self._new(name, actor, page)
        kind = str(held.body["type"])
        ahead = self.dice.choice([-1, 0, 0, 1, 1, 1, 1, 3, 20_000 if self._chance(0.02) else 2])
        version = max(0, held.version + ahead)
        if self._chance(0.25 if held.creator == actor else 0.03):
            return gone(name, version, nonce, kind=kind)
        if held.deleted:
            return drawn(name, version, nonce, kind=kind, **self._file(kind, page))
        moved = {**held.body, "id": name, "version": version, "versionNonce": nonce, "isDeleted": False}
        moved["x"] = self.dice.randint(-500, 500) / 4
        if kind == "text" and self._chance(0.7 if held.creator == actor else 0.02):
            moved["text"] = moved["originalText"] = self._text(actor)
        return moved

    def _new(self, name: str, actor: UserId, page: Page) -> dict[str, Any]:
        kinds = [*KINDS, "image"] if self._file("image", page)["fileId"] else KINDS
        kind = self.dice.choice(kinds)
        text = self._text(actor)
        words = {"text": text, "originalText": text} if kind == "text" else {}
        return drawn(name, 1, self.dice.randrange(2**31), kind=kind, **words, **self._file(kind, page))

    def _file(self, kind: str, page: Page) -> dict[str, Any]:
        images = sorted(each.id for each in self.room.boards.images.values() if each.room == page.room)
        return {} if kind != "image" else {"fileId": images[-1] if images else ""}

    def _erase(self) -> Done:
        """One's own, as the eraser does."""
        actor = self._participant()
        page = self._board_of(actor)
        own = [each for each in (page.elements or {}).values() if each.creator == actor and not each.deleted]
        if not own:
            return self._draw()
        some = sorted(own, key=lambda each: each.id)[: self.dice.randint(1, 4)]
        elements = [gone(each.id, each.version + 1, kind=str(each.body["type"])) for each in some]
        return actor, {"type": "board.change", "boardId": page.id, "elements": elements}

    def _steer_board(self) -> Done:
        actor = self._staff()
        page = self._board_of(actor)
        given: list[dict[str, Any]] = [
            {"type": "board.lock", "locked": not page.locked if self._chance(0.6) else False},
            {"type": "board.share", "everyone": self._chance(0.8)},
            {"type": "board.renamePage", "name": self._text(actor)},
            *({"type": "board.removePage"} for page in self.room.boards.pages.values() if not page.is_first),
        ]
        chosen = self.dice.choice(given)
        if chosen["type"] == "board.removePage" and self._chance(0.8):
            later = sorted(key for key, each in self.room.boards.pages.items() if not each.is_first)
            return actor, {"boardId": self.dice.choice([*later, page.id]), **chosen}
        return actor, {"boardId": page.id, **chosen}

    def _clear_board(self) -> Done:
        """Often it is thought better of."""
        actor = self._staff()
        page = self._board_of(actor)
        cleared = sorted(key for key, each in self.room.boards.pages.items() if each.cleared is not None)
        if cleared and self._chance(0.6):
            return actor, {"type": "board.restore", "boardId": self.dice.choice(cleared)}
        return actor, {"type": "board.clear", "boardId": page.id}

    def _fill_page(self) -> Done:
        """Until there is no room on it."""
        actor = self._staff()
        page = self._board_of(actor)
        free = [name for name in NAMES if name not in (page.elements or {})][: SMALL + 1]
        for part in filter(None, (free[:10], free[10:20])):
            elements = [drawn(name, 1, self.dice.randrange(2**31)) for name in part]
            self._try(actor, {"type": "board.change", "boardId": page.id, "elements": elements})
        elements = [drawn(name, 1, self.dice.randrange(2**31)) for name in free[20:] or NAMES[:1]]
        return actor, {"type": "board.change", "boardId": page.id, "elements": elements}

    def _turn_page(self) -> Done:
        actor = self._staff()
        page = self._board_of(actor)
        images = sorted(each.id for each in self.room.boards.images.values() if each.room == page.room)
        return actor, {
            "type": "board.addPage",
            "after": page.id if page.id != MAIN or self._chance(0.5) else None,
            "name": self._text(actor) if self._chance(0.5) else None,
            "imageId": self.dice.choice([None, *images]),
            "everyone": self.dice.choice([None, True, False]),
        }

    def _bring_picture(self) -> Done:
        actor = self._participant() if self._chance(0.5) else self._staff()
        size = {"width": self.dice.randint(1, 4_000), "height": self.dice.randint(1, 4_000), "bytes": 5_000}
        image = str(person(f"picture {self.dice.randrange(10**6)}"))
        given = {"imageId": image, "mimeType": "image/webp", **size}
        return actor, {"type": "board.addImage", "boardId": self._board_of(actor).id, **given}


DRAWING = {
    "draw": 14,
    "erase": 3,
    "steer_board": 3,
    "clear_board": 4,
    "fill_page": 0.7,
    "turn_page": 2,
    "bring_picture": 2,
}
