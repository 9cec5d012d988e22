"""The whiteboard: who draws where, whose element wins, what a page can hold, clearing and coming back (field.md G)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from rooms import boards
from rooms.board_book import (
    MAIN,
    BoardChanged,
    BoardCleared,
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
)
from rooms.boards import FEATURE, BoardCursor, BoardStroke, BoardViewport
from rooms.evidence import gather
from rooms.feature import Signal
from rooms.ids import UserId
from rooms.lifecycle import SessionFeature
from rooms.protocol import ALL_COMMANDS
from rooms.refusal import Refused
from rooms.room import blanked, replay
from rooms.visibility import encoded_view, window
from tests.rooms.drawing import change, drawn, gone
from tests.rooms.rehearsal import ANA, BEN, MARA, OTTO, THEO, Rehearsal, person
from tests.rooms.transcript import Outcome, Transcript

CLEO = person("Cleo")
PICTURE = person("a picture")
GRANT = {"type": "permission.grant", "permission": "can_use_whiteboard"}


def in_full(page: Page) -> Mapping[str, Element]:
    assert page.elements is not None
    return page.elements


class Studio(Transcript):
    """Everybody of the cast in a session with a whiteboard that is open to all from the beginning."""

    def __init__(self, *, open_to_all: bool = True, lawful: bool = True) -> None:
        board = {"type": "whiteboard", "config": {"open": open_to_all}}
        on = tuple(SessionFeature.model_validate(each) for each in (board, {"type": "breakout"}, {"type": "chat"}))
        super().__init__(Rehearsal.running(extra=("Cleo",), features=on), lawful=lawful)

    def asks(self, actor: UserId | None, given: dict[str, Any]) -> Outcome:
        return self.when(actor, ALL_COMMANDS.validate_python(given))

    def does(self, actor: UserId | None, given: dict[str, Any]) -> list[Any]:
        outcome = self.asks(actor, given)
        assert outcome.refusal is None, f"{given} was refused: {outcome.refusal!r}"
        return [each.event for each in outcome.recorded]

    def refuses(self, actor: UserId | None, given: dict[str, Any]) -> str:
        outcome = self.asks(actor, given)
        assert outcome.refusal is not None, f"{given} was not refused"
        return outcome.refusal.code

    def draws(self, actor: UserId, *elements: dict[str, Any], board: str = MAIN) -> list[Any]:
        return self.does(actor, change(*elements, board=board))

    @property
    def boards(self) -> Boards:
        assert self.room.boards is not None
        return self.room.boards

    def page(self, board: str = MAIN) -> Page:
        return self.boards.pages[board]

    def element(self, name: str, board: str = MAIN) -> Element:
        return in_full(self.page(board))[name]

    def scene(self, board: str = MAIN) -> dict[str, int]:
        """What is to be seen: ids with their versions."""
        return {key: each.version for key, each in in_full(self.page(board)).items() if not each.deleted}

    def split(self) -> str:
        """Ana is in a breakout room with a page, whose id this is."""
        rooms = [{"name": "Lindgren", "members": [ANA]}, {"name": "Perec", "members": [CLEO]}]
        [made] = self.does(MARA, {"type": "breakout.create", "rooms": rooms, "assignment": "manual"})
        self.does(MARA, {"type": "breakout.open", "setId": made.set_id})
        return str(made.rooms[0].id)

    def picture(self, actor: UserId, board: str = MAIN, image: str = PICTURE) -> Outcome:
        given = {"imageId": image, "mimeType": "image/png", "width": 640, "height": 480, "bytes": 9_000}
        return self.asks(actor, {"type": "board.addImage", "boardId": board, **given})


# -- Merging --


def test_a_change_brings_whole_elements_and_who_drew_them() -> None:
    room = Studio()
    [event] = room.draws(ANA, drawn("one"), drawn("two", kind="text"))
    assert isinstance(event, BoardChanged)
    assert (event.live, event.creators, event.room) == (2, None, None)
    assert event.elements[0] == drawn("one")
    held = room.element("two")
    assert (held.creator, held.author, held.body["text"]) == (ANA, ANA, "hello\nworld")
    assert room.page().live == 2


def test_the_higher_version_wins_and_of_equal_ones_the_lower_nonce() -> None:
    room = Studio()
    room.draws(ANA, drawn("one", 3, 500))
    assert room.draws(BEN, drawn("one", 2, 1)) == []
    assert room.draws(BEN, drawn("one", 3, 501)) == []
    assert room.draws(BEN, drawn("one", 3, 500)) == [], "the present one stays"
    [event] = room.draws(BEN, drawn("one", 3, 499, x=7))
    assert event.creators == {"one": ANA}
    [event] = room.draws(BEN, drawn("one", 4, 900, x=8), drawn("other"))
    assert [each["id"] for each in event.elements] == ["one", "other"]
    held = room.element("one")
    assert (held.version, held.creator, held.author, held.body["x"]) == (4, ANA, BEN, 8)


def test_only_what_won_travels() -> None:
    room = Studio()
    room.draws(ANA, drawn("one", 5), drawn("two"))
    [event] = room.draws(BEN, drawn("one", 2), drawn("two", 2, x=1), drawn("three"))
    assert [each["id"] for each in event.elements] == ["two", "three"]
    assert event.live == 3


def test_an_unknown_deleted_element_is_nothing() -> None:
    room = Studio()
    assert room.draws(ANA, gone("never")) == []


@pytest.mark.parametrize("ahead", [10_001, 20_002])
def test_attack_48_a_version_far_ahead_is_refused(ahead: int) -> None:
    room = Studio()
    assert room.refuses(ANA, change(drawn("one", ahead))) == "bad_request"
    room.draws(ANA, drawn("one", 10_000))
    room.draws(ANA, drawn("one", 20_000))
    assert room.refuses(ANA, change(drawn("one", 30_001))) == "bad_request"


# -- Who may draw --


def test_without_the_right_nobody_draws_until_they_are_granted_it() -> None:
    room = Studio(open_to_all=False)
    assert room.refuses(ANA, change(drawn("one"))) == "forbidden"
    room.does(MARA, {**GRANT, "userId": ANA})
    room.draws(ANA, drawn("one"))
    assert room.refuses(BEN, change(drawn("two"))) == "forbidden"
    room.does(MARA, {"type": "board.share", "boardId": MAIN})
    room.draws(BEN, drawn("two"))
    room.does(MARA, {"type": "board.share", "boardId": MAIN, "everyone": False})
    assert room.refuses(BEN, change(drawn("three"))) == "forbidden"
    room.draws(THEO, drawn("three"))


def test_observers_draw_only_with_the_right_of_their_own() -> None:
    room = Studio()
    assert room.refuses(OTTO, change(drawn("one"))) == "forbidden"
    room.does(MARA, {**GRANT, "userId": OTTO})
    room.draws(OTTO, drawn("one"))


def test_a_locked_page_is_the_moderators() -> None:
    room = Studio()
    assert room.refuses(ANA, {"type": "board.lock", "boardId": MAIN}) == "forbidden"
    assert room.does(THEO, {"type": "board.lock", "boardId": MAIN}) == [BoardLocked(board_id=MAIN, locked=True)]
    assert room.does(THEO, {"type": "board.lock", "boardId": MAIN}) == []
    assert room.refuses(ANA, change(drawn("one"))) == "board.locked"
    room.draws(MARA, drawn("one"))
    room.does(MARA, {"type": "board.lock", "boardId": MAIN, "locked": False})
    room.draws(ANA, drawn("two"))


def test_a_pause_the_end_and_a_session_without_a_whiteboard() -> None:
    room = Studio()
    room.does(MARA, {"type": "session.pause"})
    assert room.refuses(ANA, change(drawn("one"))) == "session.paused"
    room.draws(MARA, drawn("slide"))
    room.does(MARA, {"type": "session.resume"})
    room.does(MARA, {"type": "session.end"})
    assert room.refuses(MARA, change(drawn("one"))) == "session.ended"
    bare = Transcript(Rehearsal.running())
    bare.when(MARA, ALL_COMMANDS.validate_python(change(drawn("one")))).refused("feature_off")
    bare.when(MARA, ALL_COMMANDS.validate_python({"type": "board.clear", "boardId": MAIN})).refused("feature_off")


def test_who_is_not_inside_draws_nothing_and_learns_nothing() -> None:
    room = Studio()
    assert room.refuses(person("Zora"), change(drawn("one"))) == "participant.not_admitted"
    assert room.refuses(person("Zora"), change(drawn("one"), board=PICTURE)) == "participant.not_admitted"
    assert room.refuses(ANA, change(drawn("one"), board=PICTURE)) == "not_found"


# -- Attack 47: whose an element is --


def test_attack_47_a_board_is_not_wiped_by_one_person() -> None:
    room = Studio()
    room.draws(ANA, drawn("one"), drawn("two", kind="text"))
    room.draws(BEN, drawn("mine"))
    assert room.refuses(BEN, change(gone("one"), gone("two", kind="text"))) == "forbidden"
    assert room.refuses(BEN, change(gone("mine"), gone("one"))) == "forbidden", "all or nothing"
    assert room.scene() == {"one": 1, "two": 1, "mine": 1}
    assert room.refuses(BEN, {"type": "board.clear", "boardId": MAIN}) == "forbidden"
    room.draws(BEN, gone("mine"))
    room.draws(THEO, gone("one"))
    assert room.scene() == {"two": 1}


@pytest.mark.parametrize(
    ("kind", "harm"),
    [
        ("text", {"text": "", "originalText": ""}),
        ("text", {"text": "somebody else's words", "originalText": "somebody else's words"}),
        ("rectangle", {"opacity": 0}),
        ("rectangle", {"strokeColor": "transparent"}),
        ("rectangle", {"link": "https://elsewhere.example/"}),
        ("rectangle", {"type": "ellipse"}),
        ("rectangle", {"locked": True}),
        ("freedraw", {"points": [[0, 0]], "pressures": []}),
        ("line", {"points": []}),
        ("frame", {"name": "Mine now"}),
    ],
    ids=lambda case: case if isinstance(case, str) else "-".join(case),
)
def test_attack_47_what_an_element_says_is_its_creators(kind: str, harm: dict[str, Any]) -> None:
    room = Studio()
    room.draws(ANA, drawn("one", kind=kind))
    assert room.refuses(BEN, change({**drawn("one", 2, kind=kind), **harm})) == "forbidden"
    room.draws(ANA, {**drawn("one", 2, kind=kind), **harm})
    room.draws(THEO, drawn("one", 3, kind=kind))


@pytest.mark.parametrize(
    ("kind", "arranged"),
    [
        ("rectangle", {"x": -900.5, "width": 10, "angle": 1.5}),
        ("rectangle", {"boundElements": [{"id": "arrow1", "type": "arrow"}], "index": "b7"}),
        ("rectangle", {"groupIds": ["g1"], "frameId": "frame1"}),
        ("text", {"text": "hello wor\nld", "fontSize": 11, "autoResize": False}),
        ("freedraw", {"points": [[0, 0], [3, 4.5], [8, 8]]}),
        ("line", {"points": [[0, 0], [1, 1]], "endBinding": {"elementId": "box1", "focus": 0, "gap": 1}}),
    ],
    ids=["moved", "bound", "grouped", "wrapped", "scaled", "rerouted"],
)
def test_people_arrange_each_others_things(kind: str, arranged: dict[str, Any]) -> None:
    room = Studio()
    room.draws(ANA, drawn("one", kind=kind))
    assert len(room.draws(BEN, {**drawn("one", 2, kind=kind), **arranged})) == 1


def test_what_is_locked_stays_where_it_is() -> None:
    room = Studio()
    room.draws(MARA, drawn("template", locked=True))
    assert room.refuses(ANA, change(drawn("template", 2, locked=True, x=0))) == "forbidden"
    assert room.refuses(ANA, change(drawn("template", 2))) == "forbidden"
    room.draws(ANA, drawn("template", 2, locked=True, boundElements=[{"id": "note", "type": "text"}]))


def test_what_was_deleted_comes_back_by_who_may() -> None:
    room = Studio()
    room.draws(ANA, drawn("one"), drawn("two"))
    room.draws(ANA, gone("one"))
    assert room.draws(BEN, drawn("one", 9)) == [], "Ben still moved it: that does not bring it back"
    [event] = room.draws(ANA, drawn("one", 3))
    assert event.live == 2
    room.draws(MARA, gone("two"))
    assert room.draws(ANA, drawn("two", 9)) == []
    room.draws(THEO, drawn("two", 9))
    assert room.scene() == {"one": 3, "two": 9}


def test_of_a_deleted_element_nothing_is_kept_but_that_it_is() -> None:
    room = Studio()
    room.draws(ANA, drawn("one", kind="text", text="secret", originalText="secret"))
    [event] = room.draws(ANA, gone("one", kind="text"))
    assert event.elements == ({"id": "one", "type": "text", "version": 2, "versionNonce": 100, "isDeleted": True},)
    assert (room.page().live, room.page().size) == (0, 0)
    assert b"secret" not in encoded_view(room.room, room.played.standing(MARA))


# -- Clearing --


def test_a_page_is_cleared_by_a_command_of_its_own_and_comes_back() -> None:
    room = Studio()
    room.draws(ANA, drawn("one", 4), drawn("two", kind="text"))
    before = room.element("two").body
    assert room.does(MARA, {"type": "board.clear", "boardId": MAIN}) == [BoardCleared(board_id=MAIN)]
    assert (room.scene(), room.page().live, room.page().size) == ({}, 0, 0)
    assert room.draws(ANA, drawn("one", 9)) == [], "still moving it does not undo the clearing"
    room.draws(BEN, drawn("new"))
    cleared = room.page().cleared
    assert cleared is not None
    [event] = room.does(THEO, {"type": "board.restore", "boardId": MAIN})
    assert event == BoardRestored(board_id=MAIN, cleared=cleared, live=3, size=event.size)
    assert room.scene() == {"one": 6, "two": 3, "new": 1}
    after = room.element("two")
    assert after.body == before
    assert (after.creator, after.author, room.page().cleared) == (ANA, THEO, None)
    assert room.does(THEO, {"type": "board.restore", "boardId": MAIN}) == []


def test_only_the_last_clearing_is_undone() -> None:
    room = Studio()
    room.draws(ANA, drawn("first"))
    room.does(MARA, {"type": "board.clear", "boardId": MAIN})
    assert room.does(MARA, {"type": "board.clear", "boardId": MAIN}) == [], "nothing to clear keeps what can come back"
    room.draws(ANA, drawn("second"))
    room.does(MARA, {"type": "board.clear", "boardId": MAIN})
    assert room.element("first").body == {"type": "rectangle"}
    room.does(MARA, {"type": "board.restore", "boardId": MAIN})
    assert room.scene() == {"second": 3}


# -- Limits (attack 49) --


def test_attack_49_a_page_holds_so_many_elements_and_deleted_ones_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "LIVE_MAX", 10)
    room = Studio()
    room.draws(ANA, *(drawn(f"n{each}") for each in range(10)))
    assert room.refuses(ANA, change(drawn("more"))) == "board.full"
    room.draws(ANA, drawn("n1", 2, x=5))
    room.draws(ANA, gone("n1", 3), drawn("more"))
    assert len(room.scene()) == 10
    room.does(MARA, {"type": "board.clear", "boardId": MAIN})
    room.draws(ANA, drawn("fresh"))
    assert room.refuses(MARA, {"type": "board.restore", "boardId": MAIN}) == "board.full"


def test_attack_49_a_page_knows_so_many_ids_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "IDS_MAX", 30)
    room = Studio(lawful=False)
    for each in range(30):
        room.draws(ANA, drawn(f"n{each}"))
        room.draws(ANA, gone(f"n{each}"))
    assert room.refuses(ANA, change(drawn("more"))) == "board.full"
    assert room.refuses(MARA, change(drawn("more"))) == "board.full"
    room.draws(ANA, drawn("n1", 3))


def test_attack_49_a_page_is_so_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "PAGE_BYTES_MAX", 50_000)
    room = Studio()
    long = [[each, each] for each in range(1_000)]
    room.draws(ANA, drawn("one", kind="freedraw", points=long, pressures=[]))
    assert room.refuses(ANA, change(drawn("two", kind="freedraw", points=long, pressures=[]))) == "board.full"
    room.draws(ANA, gone("one", kind="freedraw"))
    room.draws(ANA, drawn("two", kind="freedraw", points=long, pressures=[]))


def test_size_and_count_are_what_is_there() -> None:
    room = Studio()
    room.draws(ANA, drawn("one"), drawn("two", kind="text"), drawn("three", kind="freedraw"))
    room.draws(ANA, gone("two", kind="text"), drawn("three", 2, kind="freedraw", points=[[0, 0]]))
    room.draws(BEN, drawn("one", 2, x=4))
    room.draws(ANA, gone("one", 3), gone("three", 3, kind="freedraw"))
    assert (room.page().live, room.page().size) == (0, 0)


# -- Pages --


def test_pages_have_an_order_and_names() -> None:
    room = Studio()
    [one] = room.does(MARA, {"type": "board.addPage", "name": "One"})
    [between] = room.does(MARA, {"type": "board.addPage", "after": MAIN})
    assert isinstance(between, PageAdded)
    assert [each.id for each in room.boards.of(None)] == [MAIN, between.board_id, one.board_id]
    assert one.everyone, "as the first page"
    assert room.refuses(ANA, {"type": "board.addPage"}) == "forbidden"
    assert room.does(MARA, {"type": "board.renamePage", "boardId": MAIN, "name": "Start"}) == [
        PageRenamed(board_id=MAIN, name="Start")
    ]
    room.draws(ANA, drawn("one"), board=one.board_id)
    assert room.refuses(MARA, {"type": "board.removePage", "boardId": MAIN}) == "bad_request"
    removed = room.does(MARA, {"type": "board.removePage", "boardId": one.board_id})
    assert removed == [PageRemoved(board_id=one.board_id)]
    assert room.refuses(ANA, change(drawn("two"), board=one.board_id)) == "not_found"


def test_slides_have_a_picture_behind_them() -> None:
    room = Studio()
    assert room.refuses(MARA, {"type": "board.addPage", "imageId": PICTURE}) == "not_found"
    room.picture(MARA).then([ImageAdded])
    [page] = room.does(MARA, {"type": "board.addPage", "imageId": PICTURE, "everyone": False})
    assert (page.background.image_id, page.background.width, page.everyone) == (PICTURE, 640, False)


def test_so_many_pages_and_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "PAGES_MAX", 3)
    monkeypatch.setattr(boards, "IMAGES_MAX", 3)
    monkeypatch.setattr(boards, "IMAGES_EACH_MAX", 1)
    room = Studio()
    for _ in range(2):
        room.does(MARA, {"type": "board.addPage"})
    assert room.refuses(MARA, {"type": "board.addPage"}) == "limit_reached"
    room.picture(ANA, image=person("p1")).then([ImageAdded])
    room.picture(ANA, image=person("p2")).refused("limit_reached")
    room.picture(THEO, image=person("p2")).then([ImageAdded])
    room.picture(THEO, image=person("p2")).then([])
    room.picture(THEO, image=person("p3")).then([ImageAdded])
    room.picture(THEO, image=person("p4")).refused("limit_reached")


# -- Pictures --


def test_a_picture_must_be_one_of_this_room() -> None:
    room = Studio()
    lindgren = room.split()
    image = drawn("one", kind="image", fileId=PICTURE)
    assert room.refuses(BEN, change(image)) == "not_found"
    room.picture(BEN).then([ImageAdded])
    [event] = room.draws(BEN, image)
    assert event.elements[0]["status"] == "saved"
    assert room.refuses(ANA, change(image, board=lindgren)) == "not_found"
    assert PICTURE not in encoded_view(room.room, room.played.standing(ANA)).decode()


def test_who_may_not_draw_brings_no_picture() -> None:
    room = Studio(open_to_all=False)
    room.picture(ANA).refused("forbidden")
    room.picture(OTTO).refused("forbidden")
    assert not room.boards.images


# -- Breakout rooms --


def test_each_room_has_a_page_from_its_beginning() -> None:
    room = Studio(open_to_all=False)
    lindgren = room.split()
    room.draws(ANA, drawn("theirs"), board=lindgren)
    assert room.refuses(ANA, change(drawn("one"))) == "not_found", "she is not in the main room"
    assert room.refuses(BEN, change(drawn("one"), board=lindgren)) == "not_found"
    assert room.refuses(CLEO, change(drawn("one"), board=lindgren)) == "not_found"
    room.draws(THEO, drawn("help"), board=lindgren)
    seen = room.sees(ANA).boards
    assert seen is not None
    assert set(seen.pages) == {lindgren}
    assert "theirs" not in room.sent_to(BEN) + room.sent_to(CLEO)
    assert "theirs" in room.sent_to(ANA) + room.sent_to(MARA)


def test_a_page_added_in_a_room_belongs_to_it() -> None:
    room = Studio()
    lindgren = room.split()
    [page] = room.does(THEO, {"type": "board.addPage", "after": lindgren, "name": "Second"})
    assert (page.room, page.everyone, page.order) == (lindgren, True, 1)
    assert room.refuses(THEO, {"type": "board.removePage", "boardId": lindgren}) == "bad_request"
    room.does(THEO, {"type": "board.removePage", "boardId": page.board_id})


def test_after_its_close_the_page_is_there_but_nobody_draws() -> None:
    room = Studio()
    lindgren = room.split()
    room.draws(ANA, drawn("theirs"), board=lindgren)
    room.does(MARA, {"type": "breakout.close", "seconds": 0})
    room.later(seconds=5)
    assert room.refuses(ANA, change(drawn("late"), board=lindgren)) == "not_found"
    assert room.refuses(MARA, change(drawn("late"), board=lindgren)) == "breakout.closed"
    assert room.refuses(MARA, {"type": "board.clear", "boardId": lindgren}) == "breakout.closed"
    assert room.scene(lindgren) == {"theirs": 1}
    seen = room.sees(MARA).boards
    assert seen is not None
    assert lindgren in seen.pages


# -- Signals --


def place(room: Studio, actor: UserId, signal: Signal) -> str | None:
    try:
        return signal.place(room.room, room.played.context(actor)) or "main room"
    except Refused as refused:
        return refused.code


def test_a_cursor_is_heard_where_its_board_is() -> None:
    room = Studio(open_to_all=False)
    lindgren = room.split()
    here = BoardCursor(board_id=MAIN, x=1.0, y=2)
    there = BoardCursor(board_id=lindgren, x=1.0, y=2)
    assert place(room, BEN, here) == "main room"
    assert place(room, BEN, there) == "not_found"
    assert place(room, ANA, there) == lindgren
    assert place(room, ANA, here) == "not_found"
    assert place(room, MARA, there) == lindgren
    assert place(room, OTTO, here) == "forbidden"
    assert place(room, person("Zora"), here) == "participant.not_admitted"


def test_a_stroke_comes_from_who_may_draw_and_a_viewport_from_who_presents() -> None:
    room = Studio(open_to_all=False)
    stroke = BoardStroke(board_id=MAIN, element=drawn("line", kind="freedraw"))
    view = BoardViewport(board_id=MAIN, x=0, y=0, width=800, height=600)
    assert place(room, BEN, stroke) == "forbidden"
    assert place(room, MARA, stroke) == "main room"
    assert place(room, BEN, view) == "forbidden"
    assert place(room, THEO, view) == "main room"
    picture = BoardStroke(board_id=MAIN, element=drawn("p", kind="image", fileId=PICTURE))
    assert place(room, MARA, picture) == "not_found"
    assert BoardStroke(board_id=MAIN, element=None).element is None
    room.does(MARA, {"type": "board.share", "boardId": MAIN})
    assert place(room, BEN, stroke) == "main room"
    room.does(MARA, {"type": "board.lock", "boardId": MAIN})
    assert place(room, BEN, stroke) == "board.locked"


# -- Views, REST, redaction, taking part --


def test_the_join_snapshot_holds_no_scene() -> None:
    room = Studio()
    room.draws(ANA, drawn("one", kind="text", text="on the board"))
    seen = encoded_view(room.room, room.played.standing(BEN))
    assert b"on the board" not in seen
    boards = window(room.sees(BEN)).boards
    assert boards is not None
    assert (boards.pages[MAIN].live, boards.pages[MAIN].elements) == (1, None)


def test_a_board_is_given_whole_without_what_was_deleted() -> None:
    room = Studio()
    room.draws(ANA, drawn("below", index="a1"), drawn("above", index="a5"), drawn("gone"))
    room.draws(BEN, drawn("between", index="a3", x=1))
    room.draws(ANA, gone("gone"))
    assert FEATURE.item is not None
    found = FEATURE.item(room.sees(BEN).boards, MAIN)
    assert found is not None
    changed, make = found
    document = make()
    assert changed == document["changed"] == room.room.seq
    assert [each["id"] for each in document["elements"]] == ["below", "between", "above"]
    assert document["creators"] == [ANA, BEN, ANA]
    assert document["elements"][1] == drawn("between", index="a3", x=1)
    assert FEATURE.item(room.sees(BEN).boards, PICTURE) is None


def test_pages_are_listed_without_their_elements() -> None:
    room = Studio()
    room.does(MARA, {"type": "board.addPage", "name": "Two"})
    room.draws(ANA, drawn("one"))
    assert FEATURE.listed is not None
    assert [(each.name, each.live, each.elements) for each in FEATURE.listed(room.sees(BEN).boards)] == [
        ("", 1, None),
        ("Two", 0, None),
    ]


def test_the_blanked_log_folds_to_the_same_shapes() -> None:
    room = Studio()
    [page] = room.does(MARA, {"type": "board.addPage", "name": "Private words"})
    room.draws(ANA, drawn("one", kind="text", text="private", originalText="private", link="https://private.example/"))
    room.draws(ANA, drawn("two", kind="frame", name="private"), board=page.board_id)
    room.does(MARA, {"type": "board.clear", "boardId": MAIN})
    room.does(MARA, {"type": "board.restore", "boardId": MAIN})
    kept = replay(replace(each, event=blanked(each.event)) for each in room.played.log if each.seq > 0)
    assert b"rivate" not in encoded_view(kept, room.played.standing(MARA))
    assert kept.boards is not None
    again = in_full(kept.boards.pages[MAIN])["one"]
    held = room.element("one")
    assert (again.version, again.deleted, again.creator) == (held.version, held.deleted, held.creator)
    assert (again.body["text"], again.body["link"], again.body["x"]) == ("", None, 100)


def test_drawing_counts_once_a_minute() -> None:
    room = Studio(lawful=False)
    for each in range(30):
        room.draws(ANA, drawn(f"n{each}"))
        room.later(seconds=5)
    acts = gather(room.played.log).guests[ANA].acts
    assert {each.kind for each in acts.values()} == {"board"}
    assert 3 <= len(acts) <= 4


def test_shared_and_locked_again_change_nothing() -> None:
    room = Studio()
    assert room.does(MARA, {"type": "board.share", "boardId": MAIN}) == []
    shared = room.does(MARA, {"type": "board.share", "boardId": MAIN, "everyone": False})
    assert shared == [BoardShared(board_id=MAIN, everyone=False)]
    assert room.does(MARA, {"type": "board.renamePage", "boardId": MAIN, "name": "A"}) != []
    assert room.does(MARA, {"type": "board.renamePage", "boardId": MAIN, "name": "A"}) == []
