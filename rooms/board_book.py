"""What a whiteboard is: its pages, their elements and pictures, the events that change them, and who sees what of it.

Elements are Excalidraw's, merged one by one: the higher version wins, of equal ones the lower nonce (design.md 5). What
an element may hold stands in board_elements.py, who may change what in boards.py.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from rooms.breakout_events import BreakoutOpened
from rooms.bucket_map import BucketMap
from rooms.feature import Event, InRoom, Recorded, Standing
from rooms.ids import AnyId, UserId, UserIdField
from rooms.lifecycle import FeatureType, SessionScheduled
from rooms.people import PersonErased

MAIN = "main"
BoardId = Literal["main"] | AnyId
Wire = Mapping[str, Any]  # an element as Excalidraw has it
APART = ("id", "version", "versionNonce", "isDeleted")  # fields of Element; all others are its body


@dataclass(frozen=True, slots=True)
class Element:
    """`creator` drew it first, `author` changed it last, by the event `seq`. `cleared`: deleted by that clearing, the last.

    `body`: Excalidraw's other fields; of a deleted element only its type, unless a clearing can still be undone.
    """

    id: str
    version: int
    version_nonce: int
    deleted: bool
    creator: UserId | None
    author: UserId | None
    seq: int
    cleared: int | None = None
    body: Mapping[str, Any] = field(default_factory=dict)

    def loses_to(self, other: "Element") -> bool:
        return wins(other.version, other.version_nonce, self)


@dataclass(frozen=True, slots=True)
class Background:
    image_id: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Page:
    """One board. `room` None: the main room's. `everyone` there may draw; `locked`: only moderators do.

    `changed` is the seq of the event that touched it last. `live` counts the elements that are not deleted, `size` is
    roughly their bytes. `cleared`: the clearing that can be undone. `elements` None: not loaded.
    """

    id: str
    seq: int
    room: str | None = None
    name: str = ""
    order: int = 0
    background: Background | None = None
    everyone: bool = False
    locked: bool = False
    changed: int = 0
    live: int = 0
    size: int = 0
    cleared: int | None = None
    elements: BucketMap[Element] | None = field(default_factory=BucketMap)

    @property
    def is_first(self) -> bool:
        """The page that a room has from its beginning."""
        return self.id == (self.room or MAIN)


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that the store has under this id."""

    id: str
    seq: int
    mime_type: str
    width: int
    height: int
    bytes: int
    room: str | None = None
    author: UserId | None = None


def _first_pages() -> BucketMap[Page]:
    return BucketMap({MAIN: Page(MAIN, 1, None, changed=1)})


@dataclass(frozen=True, slots=True)
class Boards:
    """`whole`: with the pages of every room, as staff see it; otherwise those of `room`."""

    pages: BucketMap[Page] = field(default_factory=_first_pages)
    images: BucketMap[Image] = field(default_factory=BucketMap)
    whole: bool = True
    room: str | None = None

    def of(self, room: str | None) -> list[Page]:
        return sorted((each for each in self.pages.values() if each.room == room), key=lambda each: each.order)

    def with_(self, page: Page) -> "Boards":
        return replace(self, pages=self.pages.set(page.id, page))


# -- Events --


class BoardChanged(InRoom):
    """Elements that won over what was there, whole. `creators` of those that somebody else than the actor drew.

    `live` and `size` of the page afterwards. A larger act is several events of one `group`.
    """

    type: Literal["board.changed"] = "board.changed"
    board_id: BoardId
    elements: tuple[dict[str, Any], ...]
    creators: dict[str, UserIdField] | None = None
    live: int
    size: int
    group: str | None = None


class BoardCleared(InRoom):
    type: Literal["board.cleared"] = "board.cleared"
    board_id: BoardId


class BoardRestored(InRoom):
    """What the clearing `cleared` deleted is back, but for what was drawn anew since."""

    type: Literal["board.restored"] = "board.restored"
    board_id: BoardId
    cleared: int
    live: int
    size: int


class BoardLocked(InRoom):
    type: Literal["board.locked"] = "board.locked"
    board_id: BoardId
    locked: bool


class BoardShared(InRoom):
    type: Literal["board.shared"] = "board.shared"
    board_id: BoardId
    everyone: bool


class PageAdded(InRoom):
    """Pages of its room from `order` on move up by one."""

    type: Literal["board.pageAdded"] = "board.pageAdded"
    board_id: AnyId
    name: str = ""
    order: int
    background: Background | None = None
    everyone: bool = False


class PageRenamed(InRoom):
    type: Literal["board.pageRenamed"] = "board.pageRenamed"
    board_id: BoardId
    name: str


class PageRemoved(InRoom):
    type: Literal["board.pageRemoved"] = "board.pageRemoved"
    board_id: AnyId


class ImageAdded(InRoom):
    type: Literal["board.imageAdded"] = "board.imageAdded"
    image_id: AnyId
    mime_type: str
    width: int
    height: int
    bytes: int


EVENTS: tuple[type[Event], ...] = (
    BoardChanged,
    BoardCleared,
    BoardRestored,
    BoardLocked,
    BoardShared,
    PageAdded,
    PageRenamed,
    PageRemoved,
    ImageAdded,
)


# -- Merging --


def wins(version: int, nonce: int, held: Element) -> bool:
    """Over `held`; of two that are equal in both the present one stays."""
    return version > held.version or (version == held.version and nonce < held.version_nonce)


def merge(elements: BucketMap[Element], changed: Iterable[Element]) -> BucketMap[Element]:
    """Repeated or late, in any order, the same elements always end as the same scene."""
    won: dict[str, Element] = {}
    for each in changed:
        held = won.get(each.id) or elements.get(each.id)
        if held is None or held.loses_to(each):
            won[each.id] = each
    return elements.update(won) if won else elements


def elements_of(recorded: Recorded) -> list[Element]:
    """The elements of a `board.changed` as the state keeps them."""
    event = recorded.event
    assert isinstance(event, BoardChanged)
    creators, actor = event.creators or {}, recorded.actor
    return [
        Element(
            id=each["id"],
            version=each["version"],
            version_nonce=each["versionNonce"],
            deleted=each["isDeleted"],
            creator=creators.get(each["id"], actor),
            author=actor,
            seq=recorded.seq,
            body={name: value for name, value in each.items() if name not in APART},
        )
        for each in event.elements
    ]


def excalidraw(element: Element) -> dict[str, Any]:
    """The element as Excalidraw has it."""
    return {
        "id": element.id,
        "version": element.version,
        "versionNonce": element.version_nonce,
        "isDeleted": element.deleted,
        **element.body,
    }


# -- Applying. A view is folded by the same functions: what it does not hold, or has not loaded, stays away. --


def _changes(change: Callable[[Page, Recorded], Page]) -> Callable[[Boards, Recorded], Boards]:
    def apply(boards: Boards, recorded: Recorded) -> Boards:
        page = boards.pages.get(recorded.event.board_id)  # type: ignore[attr-defined]
        return boards if page is None else boards.with_(replace(change(page, recorded), changed=recorded.seq))

    return apply


def _drawn(page: Page, recorded: Recorded) -> Page:
    event = recorded.event
    assert isinstance(event, BoardChanged)
    elements = None if page.elements is None else merge(page.elements, elements_of(recorded))
    return replace(page, live=event.live, size=event.size, elements=elements)


def _cleared(page: Page, recorded: Recorded) -> Page:
    """What an earlier clearing deleted cannot come back any more."""
    elements = page.elements
    if elements is not None:
        gone = {each.id: replace(_moved_on(each, recorded), deleted=True, cleared=recorded.seq) for each in live(page)}
        forgotten = {each.id: emptied(each) for each in elements.values() if each.cleared is not None}
        elements = elements.update(forgotten | gone)
    return replace(page, live=0, size=0, cleared=recorded.seq, elements=elements)


def _restored(page: Page, recorded: Recorded) -> Page:
    event = recorded.event
    assert isinstance(event, BoardRestored)
    elements = page.elements
    if elements is not None:
        back = [each for each in elements.values() if each.cleared is not None and each.cleared == event.cleared]
        again = {each.id: replace(_moved_on(each, recorded), deleted=False, cleared=None) for each in back}
        elements = elements.update(again)
    return replace(page, live=event.live, size=event.size, cleared=None, elements=elements)


def _moved_on(element: Element, recorded: Recorded) -> Element:
    return replace(
        element, version=element.version + 1, version_nonce=recorded.seq, author=recorded.actor, seq=recorded.seq
    )


def emptied(element: Element) -> Element:
    return replace(element, cleared=None, body={"type": element.body.get("type")})


def live(page: Page) -> list[Element]:
    return [each for each in (page.elements or {}).values() if not each.deleted]


def _locked(page: Page, recorded: Recorded) -> Page:
    assert isinstance(recorded.event, BoardLocked)
    return replace(page, locked=recorded.event.locked)


def _shared(page: Page, recorded: Recorded) -> Page:
    assert isinstance(recorded.event, BoardShared)
    return replace(page, everyone=recorded.event.everyone)


def _renamed(page: Page, recorded: Recorded) -> Page:
    assert isinstance(recorded.event, PageRenamed)
    return replace(page, name=recorded.event.name)


def apply_page_added(boards: Boards, recorded: Recorded) -> Boards:
    event = recorded.event
    assert isinstance(event, PageAdded)
    pages = boards.pages
    for each in boards.of(event.room):
        if each.order >= event.order:
            pages = pages.set(each.id, replace(each, order=each.order + 1, changed=recorded.seq))
    made = Page(
        id=event.board_id,
        seq=recorded.seq,
        room=event.room,
        name=event.name,
        order=event.order,
        background=event.background,
        everyone=event.everyone,
        changed=recorded.seq,
    )
    return replace(boards, pages=pages.set(made.id, made))


def apply_page_removed(boards: Boards, recorded: Recorded) -> Boards:
    assert isinstance(recorded.event, PageRemoved)
    return replace(boards, pages=boards.pages.drop(recorded.event.board_id))


def apply_image_added(boards: Boards, recorded: Recorded) -> Boards:
    event = recorded.event
    assert isinstance(event, ImageAdded)
    made = Image(
        id=event.image_id,
        seq=recorded.seq,
        room=event.room,
        author=recorded.actor,
        mime_type=event.mime_type,
        width=event.width,
        height=event.height,
        bytes=event.bytes,
    )
    return replace(boards, images=boards.images.set(made.id, made))


def apply_scheduled(boards: Boards, recorded: Recorded) -> Boards:
    """Whether everybody draws in the main room from the beginning is set up with the session (W187)."""
    event = recorded.event
    assert isinstance(event, SessionScheduled)
    configured = [each.config.get("open") is True for each in event.features if each.type is FeatureType.WHITEBOARD]
    main = boards.pages.get(MAIN)
    return boards if main is None or not any(configured) else boards.with_(replace(main, everyone=True))


def apply_opened(boards: Boards, recorded: Recorded) -> Boards:
    """Each breakout room has a page from its beginning, under its own id, on which all of its people draw."""
    event = recorded.event
    assert isinstance(event, BreakoutOpened)
    own = [each.id for each in event.rooms if boards.whole or each.id == boards.room]
    made = {key: Page(key, recorded.seq, key, everyone=True, changed=recorded.seq) for key in own}
    return replace(boards, pages=boards.pages.update(made))


def apply_erased(boards: Boards, recorded: Recorded) -> Boards:
    """What they drew stays, what they wrote goes. Every page counts as changed: which ones did is not for everybody to know."""
    assert isinstance(recorded.event, PersonErased)
    user = recorded.event.user_id
    pages = {key: _without_words_of(each, user, recorded) for key, each in boards.pages.items()}
    return replace(boards, pages=boards.pages.update(pages))


def _without_words_of(page: Page, user: UserId, recorded: Recorded) -> Page:
    elements = page.elements
    if elements is not None:
        wrote = {
            each.id: replace(each, body=_wordless(each.body)) for each in elements.values() if each.creator == user
        }
        elements = elements.update(wrote)
    return replace(page, elements=elements, changed=recorded.seq)


APPLY: Mapping[type[Event], Any] = {
    PersonErased: apply_erased,
    SessionScheduled: apply_scheduled,
    BreakoutOpened: apply_opened,
    BoardChanged: _changes(_drawn),
    BoardCleared: _changes(_cleared),
    BoardRestored: _changes(_restored),
    BoardLocked: _changes(_locked),
    BoardShared: _changes(_shared),
    PageAdded: apply_page_added,
    PageRenamed: _changes(_renamed),
    PageRemoved: apply_page_removed,
    ImageAdded: apply_image_added,
}


# -- What others see --


def view(boards: Boards, standing: Standing) -> Boards | None:
    if not standing.admitted:
        return None
    if standing.staff:
        return boards
    pages = [(key, each) for key, each in boards.pages.items() if each.room == standing.room]
    images = [(key, each) for key, each in boards.images.items() if each.room == standing.room]
    return Boards(BucketMap(pages), BucketMap(images), whole=False, room=standing.room)


def window(boards: Boards) -> Boards:
    """A board is loaded when it is opened."""
    return replace(boards, pages=BucketMap([(key, without_elements(each)) for key, each in boards.pages.items()]))


def without_elements(page: Page) -> Page:
    return page if page.elements is None else replace(page, elements=None)


def listed(boards: Boards) -> list[Page]:
    return sorted(map(without_elements, boards.pages.values()), key=lambda each: each.seq)


def item(boards: Boards, board_id: str) -> tuple[int, Callable[[], dict[str, Any]]] | None:
    page = boards.pages.get(board_id)
    return None if page is None or page.elements is None else (page.changed, partial(document, page))


def document(page: Page) -> dict[str, Any]:
    """A page with what is on it, from back to front, and beside each element who drew it."""
    shown = sorted(live(page), key=lambda each: (each.body.get("index") or "", each.id))
    background = page.background
    about = {
        "id": page.id,
        "room": page.room,
        "name": page.name,
        "order": page.order,
        "background": background
        and {"imageId": background.image_id, "width": background.width, "height": background.height},
        "everyone": page.everyone,
        "locked": page.locked,
        "changed": page.changed,
        "live": page.live,
        "cleared": page.cleared,
    }
    return {
        **{name: value for name, value in about.items() if value is not None},
        "elements": [excalidraw(each) for each in shown],
        "creators": [each.creator for each in shown],
    }


WORDS = ("text", "originalText", "name", "link")


def blank(event: Event) -> Event:
    """Without what somebody wrote; lines and places stay."""
    if isinstance(event, BoardChanged):
        return event.model_copy(update={"elements": tuple(map(_wordless, event.elements))})
    if isinstance(event, PageAdded | PageRenamed):
        return event.model_copy(update={"name": ""})
    return event


def forget(recorded: Recorded, user: UserId) -> Event:
    """What an element says is its creator's, whoever moved it (ADR 0015). Names of pages are the room's."""
    event = recorded.event
    if not isinstance(event, BoardChanged):
        return event
    creators = event.creators or {}
    kept = tuple(
        _wordless(each) if creators.get(each["id"], recorded.actor) == user else each for each in event.elements
    )
    return event.model_copy(update={"elements": kept})


def _wordless(element: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: ("" if name in ("text", "originalText") else None) if name in WORDS else value
        for name, value in element.items()
    }
