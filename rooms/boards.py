"""The whiteboard: drawing together on pages, each room on its own (field.md G, design.md 5).

Everybody who may draw adds, and arranges what is there; what an element says, and whether it is there at all, is its
creator's and the moderators' (attack 47). A page is cleared by a command of its own, which can be undone. What an element
may hold stands in board_elements.py, what a page is and who sees what of it in board_book.py.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from rooms.board_book import (
    APPLY,
    MAIN,
    Background,
    BoardChanged,
    BoardCleared,
    BoardId,
    BoardLocked,
    BoardRestored,
    Boards,
    BoardShared,
    Element,
    ImageAdded,
    Page,
    PageAdded,
    PageRemoved,
    PageRenamed,
    blank,
    forget,
    item,
    listed,
    view,
    window,
    wins,
)
from rooms.board_book import EVENTS as EVENTS
from rooms.board_elements import NUMBER_MAX, clean, is_arranged, weight
from rooms.feature import Command, Context, Event, Feature, Flag, Signal, Title, Whole
from rooms.ids import AnyId
from rooms.lifecycle import FeatureType, require_feature, require_open, require_running
from rooms.people import moderates, permissions_of, require_member, require_moderator
from rooms.places import acting_standing, require_not_over
from rooms.refusal import Refused
from rooms.roles import Permission

if TYPE_CHECKING:
    from rooms.room import RoomState

ELEMENTS_A_COMMAND_MAX = 100
VERSIONS_AHEAD_MAX = 10_000
LIVE_MAX = 5_000
IDS_MAX = 50_000  # deleted ones included, for ever
PAGE_BYTES_MAX = 20_000_000  # of what is not deleted
PAGES_MAX = 200
IMAGES_MAX = 300
IMAGES_EACH_MAX = 50  # of one person who is no moderator


# -- Commands --


def _once_each(elements: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    if len({each["id"] for each in elements}) < len(elements):
        raise ValueError("an element stands twice in one change")
    return elements


Drawn = Annotated[dict[str, Any], BeforeValidator(clean)]
Group = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Pixels = Annotated[Whole, Field(ge=1, le=100_000)]
Coordinate = Annotated[float, Field(ge=-NUMBER_MAX, le=NUMBER_MAX, strict=True, allow_inf_nan=False)]


class ChangeBoard(Command):
    """Elements as Excalidraw has them, whole. Those that lose against what is there are left out; a deletion is a change too.

    `group` holds together what one act needs several commands for.
    """

    type: Literal["board.change"] = "board.change"
    board_id: BoardId
    elements: Annotated[
        tuple[Drawn, ...], Field(min_length=1, max_length=ELEMENTS_A_COMMAND_MAX), AfterValidator(_once_each)
    ]
    group: Group | None = None


class ClearBoard(Command):
    type: Literal["board.clear"] = "board.clear"
    board_id: BoardId


class RestoreBoard(Command):
    """What the last clearing took comes back."""

    type: Literal["board.restore"] = "board.restore"
    board_id: BoardId


class LockBoard(Command):
    type: Literal["board.lock"] = "board.lock"
    board_id: BoardId
    locked: Flag = True


class ShareBoard(Command):
    """Whether everybody in its room who takes part may draw on it."""

    type: Literal["board.share"] = "board.share"
    board_id: BoardId
    everyone: Flag = True


class AddPage(Command):
    """After the page `after` and in its room, else last of the main room; `imageId` is its background, as of a slide."""

    type: Literal["board.addPage"] = "board.addPage"
    name: Title | None = None
    image_id: AnyId | None = None
    after: BoardId | None = None
    everyone: Flag | None = None


class RenamePage(Command):
    type: Literal["board.renamePage"] = "board.renamePage"
    board_id: BoardId
    name: Title


class RemovePage(Command):
    """Not the page that a room has from its beginning."""

    type: Literal["board.removePage"] = "board.removePage"
    board_id: BoardId


class AddImage(Command):
    """The store has a picture, brought by the actor for this board."""

    internal: ClassVar[bool] = True
    type: Literal["board.addImage"] = "board.addImage"
    board_id: BoardId = "main"
    image_id: AnyId
    mime_type: Literal["image/png", "image/jpeg", "image/webp"]
    width: Pixels
    height: Pixels
    bytes: Annotated[Whole, Field(ge=1)]


COMMANDS = (ChangeBoard, ClearBoard, RestoreBoard, LockBoard, ShareBoard, AddPage, RenamePage, RemovePage)
INTERNAL = (AddImage,)


# -- Who may --


def page_for(room: "RoomState", board_id: str, context: Context) -> Page:
    """The page, if the actor may know of it: of another room than one's own there is none."""
    page = boards_of(room).pages.get(board_id)
    if page is None or not acting_standing(room, context).is_in(page.room):
        raise Refused("not_found", "there is no such board")
    return page


def boards_of(room: "RoomState") -> Boards:
    assert room.boards is not None
    return room.boards


def page_to_draw_on(room: "RoomState", board_id: str, context: Context) -> Page:
    """Moderators draw everywhere; others where they are, with the right or where everybody has it (W214)."""
    require_feature(room, FeatureType.WHITEBOARD)
    free = moderates(room, context)
    if not free:
        require_member(room, context, observers=True)
    require_running(room, moderator=free)
    page = page_for(room, board_id, context)
    require_not_over(room, page.room)
    if not free and Permission.USE_WHITEBOARD not in permissions_of(room, context.actor, context.at):
        if not page.everyone:
            raise Refused("forbidden", f"this needs {Permission.USE_WHITEBOARD}")
        require_member(room, context)
    if not free and page.locked:
        raise Refused("board.locked", "only moderators draw on this page now")
    return page


def _page_to_steer(room: "RoomState", board_id: str, context: Context) -> Page:
    _require_steering(room, context)
    page = page_for(room, board_id, context)
    require_not_over(room, page.room)
    return page


def _require_steering(room: "RoomState", context: Context) -> None:
    """Also before the start: pages and slides are prepared."""
    require_feature(room, FeatureType.WHITEBOARD)
    require_moderator(room, context)
    require_open(room)


# -- Drawing --


def decide_change(room: "RoomState", command: ChangeBoard, context: Context) -> list[Event]:
    page = page_to_draw_on(room, command.board_id, context)
    held: Mapping[str, Element] = page.elements or {}
    won = [each for each in command.elements if _is_taken(room, page, held.get(each["id"]), each, context)]
    if not won:
        return []
    live, size = _fill(page, held, won)
    creators = {each["id"]: held[each["id"]].creator for each in won if each["id"] in held}
    others = {key: creator for key, creator in creators.items() if creator is not None and creator != context.actor}
    return [
        BoardChanged(
            room=page.room,
            board_id=page.id,
            elements=tuple(won),
            creators=others or None,
            live=live,
            size=size,
            group=command.group,
        )
    ]


def _is_taken(room: "RoomState", page: Page, held: Element | None, given: dict[str, Any], context: Context) -> bool:
    """False: it loses, and is left out. Raises Refused where it may not be at all."""
    if given["version"] > (0 if held is None else held.version) + VERSIONS_AHEAD_MAX:
        raise Refused("bad_request", f"the version of {given['id']} is more than {VERSIONS_AHEAD_MAX} ahead")
    if held is None and given["isDeleted"]:
        return False
    if held is not None and not wins(given["version"], given["versionNonce"], held):
        return False
    if held is not None and held.deleted and (given["isDeleted"] or not _may_revive(room, held, context)):
        return False
    _require_pictures(room, page, given)
    if held is not None and not held.deleted and not _owns(room, held, context):
        if given["isDeleted"]:
            raise Refused("forbidden", f"only who drew {held.id}, or a moderator, deletes it")
        if not is_arranged(held.body, given):
            raise Refused("forbidden", f"only who drew {held.id}, or a moderator, changes more than its place")
    return True


def _owns(room: "RoomState", held: Element, context: Context) -> bool:
    return held.creator == context.actor or moderates(room, context)


def _may_revive(room: "RoomState", held: Element, context: Context) -> bool:
    """What its creator deleted comes back by them, what a moderator deleted or cleared by moderators only: whoever still
    moved it meanwhile did not mean to bring it back."""
    return moderates(room, context) or (held.creator == held.author == context.actor and held.cleared is None)


def _require_pictures(room: "RoomState", page: Page, given: dict[str, Any]) -> None:
    if "fileId" not in given:
        return
    image = boards_of(room).images.get(given["fileId"])
    if image is None or image.room != page.room:
        raise Refused("not_found", "there is no such image in this room")


def _fill(page: Page, held: Mapping[str, Element], won: list[dict[str, Any]]) -> tuple[int, int]:
    """How many elements the page has afterwards, and about how many bytes. Raises Refused where that is too much."""
    live, size, known = page.live, page.size, len(held)
    for each in won:
        before = held.get(each["id"])
        known += before is None
        if before is not None and not before.deleted:
            live, size = live - 1, size - weight(before.body)
        if not each["isDeleted"]:
            live, size = live + 1, size + weight(each)
    if known > IDS_MAX:
        raise Refused("board.full", "this page has had too many elements: go on with another one")
    if live > max(LIVE_MAX, page.live) or size > max(PAGE_BYTES_MAX, page.size):
        raise Refused("board.full", "this page is full")
    return live, size


def decide_clear(room: "RoomState", command: ClearBoard, context: Context) -> list[Event]:
    page = _page_to_steer(room, command.board_id, context)
    return [BoardCleared(room=page.room, board_id=page.id)] if page.live else []


def decide_restore(room: "RoomState", command: RestoreBoard, context: Context) -> list[Event]:
    page = _page_to_steer(room, command.board_id, context)
    if page.cleared is None:
        return []
    back = [each for each in (page.elements or {}).values() if each.cleared == page.cleared]
    live, size = page.live + len(back), page.size + sum(weight(each.body) for each in back)
    if live > LIVE_MAX or size > PAGE_BYTES_MAX:
        raise Refused("board.full", "with what has been drawn since the page would be too full")
    return [BoardRestored(room=page.room, board_id=page.id, cleared=page.cleared, live=live, size=size)]


# -- Pages and pictures --


def decide_lock(room: "RoomState", command: LockBoard, context: Context) -> list[Event]:
    page = _page_to_steer(room, command.board_id, context)
    if page.locked == command.locked:
        return []
    return [BoardLocked(room=page.room, board_id=page.id, locked=command.locked)]


def decide_share(room: "RoomState", command: ShareBoard, context: Context) -> list[Event]:
    page = _page_to_steer(room, command.board_id, context)
    if page.everyone == command.everyone:
        return []
    return [BoardShared(room=page.room, board_id=page.id, everyone=command.everyone)]


def decide_add_page(room: "RoomState", command: AddPage, context: Context) -> list[Event]:
    _require_steering(room, context)
    boards = boards_of(room)
    if len(boards.pages) >= PAGES_MAX:
        raise Refused("limit_reached", f"a session has at most {PAGES_MAX} pages")
    after = _page_to_steer(room, command.after, context) if command.after else boards.of(None)[-1]
    first = boards.pages.get(after.room or MAIN)
    everyone = first is not None and first.everyone if command.everyone is None else command.everyone
    return [
        PageAdded(
            room=after.room,
            board_id=context.new_id(),
            name=command.name or "",
            order=after.order + 1,
            background=_background(boards, command.image_id, after.room),
            everyone=everyone,
        )
    ]


def _background(boards: Boards, image_id: str | None, place: str | None) -> Background | None:
    if image_id is None:
        return None
    image = boards.images.get(image_id)
    if image is None or image.room != place:
        raise Refused("not_found", "there is no such image in this room")
    return Background(image.id, image.width, image.height)


def decide_rename(room: "RoomState", command: RenamePage, context: Context) -> list[Event]:
    page = _page_to_steer(room, command.board_id, context)
    if page.name == command.name:
        return []
    return [PageRenamed(room=page.room, board_id=page.id, name=command.name)]


def decide_remove(room: "RoomState", command: RemovePage, context: Context) -> list[Event]:
    page = _page_to_steer(room, command.board_id, context)
    if page.is_first:
        raise Refused("bad_request", "a room keeps its first page")
    return [PageRemoved(room=page.room, board_id=page.id)]


def decide_image(room: "RoomState", command: AddImage, context: Context) -> list[Event]:
    page = page_to_bring_to(room, command.board_id, context)
    if command.image_id in boards_of(room).images:
        return []
    return [
        ImageAdded(
            room=page.room,
            image_id=command.image_id,
            mime_type=command.mime_type,
            width=command.width,
            height=command.height,
            bytes=command.bytes,
        )
    ]


def page_to_bring_to(room: "RoomState", board_id: str, context: Context) -> Page:
    """The page for which the actor may bring a picture now; asked also before the bytes are taken."""
    page = page_to_draw_on(room, board_id, context)
    images = boards_of(room).images
    if len(images) >= IMAGES_MAX:
        raise Refused("limit_reached", f"a session has at most {IMAGES_MAX} images")
    if not moderates(room, context):
        own = sum(each.author == context.actor for each in images.values())
        if own >= IMAGES_EACH_MAX:
            raise Refused("limit_reached", f"you have brought {IMAGES_EACH_MAX} images")
    return page


# -- Signals --


class BoardCursor(Signal):
    """Where somebody points. From those who take part, or may draw."""

    type: Literal["board.cursor"] = "board.cursor"
    board_id: BoardId
    x: Coordinate
    y: Coordinate

    def place(self, room: "RoomState", context: Context) -> str | None:
        require_feature(room, FeatureType.WHITEBOARD)
        may_draw = Permission.USE_WHITEBOARD in permissions_of(room, context.actor, context.at)
        require_member(room, context, observers=may_draw)
        page = page_for(room, self.board_id, context)
        require_not_over(room, page.room)
        return page.room


class BoardStroke(Signal):
    """What somebody is drawing right now, before it is an element; null: it is over, or was given up."""

    type: Literal["board.stroke"] = "board.stroke"
    board_id: BoardId
    element: Annotated[dict[str, Any] | None, BeforeValidator(lambda given: None if given is None else clean(given))]

    def place(self, room: "RoomState", context: Context) -> str | None:
        page = page_to_draw_on(room, self.board_id, context)
        if self.element is not None:
            _require_pictures(room, page, self.element)
        return page.room


class BoardViewport(Signal):
    """What the presenter looks at, for those who follow: its middle and its size, so that all of it is seen on any screen."""

    type: Literal["board.viewport"] = "board.viewport"
    board_id: BoardId
    x: Coordinate
    y: Coordinate
    width: Annotated[float, Field(gt=0, le=NUMBER_MAX, strict=True, allow_inf_nan=False)]
    height: Annotated[float, Field(gt=0, le=NUMBER_MAX, strict=True, allow_inf_nan=False)]

    def place(self, room: "RoomState", context: Context) -> str | None:
        require_feature(room, FeatureType.WHITEBOARD)
        require_moderator(room, context)
        page = page_for(room, self.board_id, context)
        require_not_over(room, page.room)
        return page.room


SIGNALS = (BoardCursor, BoardStroke, BoardViewport)


FEATURE = Feature(
    name="boards",
    start=Boards(),
    decide={
        ChangeBoard: decide_change,
        ClearBoard: decide_clear,
        RestoreBoard: decide_restore,
        LockBoard: decide_lock,
        ShareBoard: decide_share,
        AddPage: decide_add_page,
        RenamePage: decide_rename,
        RemovePage: decide_remove,
        AddImage: decide_image,
    },
    apply=APPLY,
    own_events=EVENTS,
    view=view,
    window=window,
    blank=blank,
    forget=forget,
    listed=listed,
    item=item,
    signals=SIGNALS,
)
