"""Attacks 47, 48, 49 and 52 over the wire: what is sent to a whiteboard, and what others and REST then have of it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from rooms import boards
from rooms.ids import SessionId
from rooms.lifecycle import SessionFeature
from tests.attacks.conftest import Desk, head
from tests.live.conftest import House
from tests.live.visitor import Visitor
from tests.rooms.drawing import drawn, gone
from tests.rooms.rehearsal import person

OPEN = (SessionFeature.model_validate({"type": "whiteboard", "config": {"open": True}}),)
HARM: list[dict[str, Any]] = [
    {"type": "iframe"},
    {"type": "embeddable", "link": "https://example.org"},
    {"type": "magicframe"},
    {"link": "javascript:alert(1)"},
    {"link": "data:text/html;base64,PHNjcmlwdD4="},
    {"__proto__": {"polluted": True}},
    {"constructor": {"prototype": {"polluted": True}}},
    {"customData": {"__proto__": {"polluted": True}}},
    {"id": "__proto__"},
    {"id": "toString"},
    {"strokeColor": "url(javascript:alert(1))"},
    {"x": 1e300},
    {"points": "not for a rectangle", "groupIds": ["<svg onload=alert(1)>"]},
    {"type": "image", "fileId": "data:image/svg+xml,<svg/>"},
    {"type": "text", "text": "\u202egnp.exe"},
    {"type": "text", "text": "x" * 10_001},
    {"type": "text", "fontFamily": "x; @font-face{src:url(//evil)}"},
    {"type": "freedraw", "points": [[0, 0]] * 5_001},
]


async def opened(house: House) -> tuple[SessionId, list[Visitor]]:
    session = await house.session(features=OPEN)
    return session, list(await house.enter(session, "mara", "ana", "ben"))


async def draws(visitor: Visitor, *elements: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return await visitor.submit("board.change", boardId="main", elements=list(elements), **fields)


async def board(desk: Desk, session: SessionId, name: str = "ana") -> dict[str, Any]:
    answer = await (await desk.caller(name)).get(f"/live-sessions/{session}/boards/main")
    assert answer.status == 200
    given: dict[str, Any] = answer.json
    return given


async def test_47_a_board_is_not_wiped_nor_rewritten(desk: Desk) -> None:
    session, [mara, ana, ben] = await opened(desk.house)
    words = drawn("words", kind="text", containerId=None, text="Ana's", originalText="Ana's")
    assert (await draws(ana, drawn("box"), words))["ok"]
    before = await head(desk.house, session)
    for harm in (
        [gone("box"), gone("words", kind="text")],
        [{**words, "version": 2, "text": "", "originalText": ""}],
        [drawn("box", 2, opacity=0)],
        [drawn("mine"), gone("box")],
    ):
        assert (await draws(ben, *harm))["code"] == "forbidden"
    for kind in ("board.clear", "board.lock", "board.share"):
        assert (await ben.submit(kind, boardId="main"))["code"] == "forbidden"
    assert await head(desk.house, session) == before
    assert (await mara.submit("board.clear", boardId="main"))["ok"]
    assert (await board(desk, session))["elements"] == []
    assert (await mara.submit("board.restore", boardId="main"))["ok"]
    given = await board(desk, session)
    assert {each["id"] for each in given["elements"]} == {"box", "words"}
    assert set(given["creators"]) == {ana.user}


async def test_48_nobody_wins_for_ever(house: House) -> None:
    _, [_, ana, ben] = await opened(house)
    assert (await draws(ana, drawn("box", 2**53)))["code"] == "bad_request"
    assert (await draws(ana, drawn("box", 10_001)))["code"] == "bad_request"
    assert (await draws(ana, drawn("box", 10_000)))["ok"]
    assert (await draws(ben, drawn("box", 10_001, x=4)))["ok"]
    assert (await draws(ben, drawn("box", 20_002)))["code"] == "bad_request"


async def test_49_a_page_is_full_once_and_for_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "LIVE_MAX", 12)
    monkeypatch.setattr(boards, "IDS_MAX", 20)
    session, [_, ana, ben] = await opened(desk.house)
    small = [{"id": f"n{each}", "type": "ellipse"} for each in range(101)]
    assert (await draws(ana, *small))["code"] == "bad_request"
    assert (await draws(ana, small[0], small[0]))["code"] == "bad_request"
    assert (await draws(ana, *small[:12]))["ok"]
    assert (await draws(ben, small[50]))["code"] == "board.full"
    assert (await draws(ana, *(gone(each["id"], kind="ellipse") for each in small[:12])))["ok"]
    assert (await draws(ben, *small[50:58]))["ok"]
    assert (await draws(ben, small[60]))["code"] == "board.full"
    assert len((await board(desk, session))["elements"]) == 8


async def test_52_what_could_do_harm_is_refused_and_leaves_nothing(
    desk: Desk, faults: Callable[[], list[str]], subtests: pytest.Subtests
) -> None:
    session, [mara, ana, _] = await opened(desk.house)
    before = await head(desk.house, session)
    rest = await desk.caller("ana")
    for harm in HARM:
        with subtests.test(str(harm)[:60]):
            kind = harm.get("type", "rectangle")
            base = drawn("box", kind=kind) if kind in ("text", "freedraw", "image") else drawn("box")
            ack = await draws(ana, {**base, **harm})
            assert (ack["ok"], ack["code"]) == (False, "bad_request"), ack
            answer = await rest.command(session, "board.change", boardId="main", elements=[{**base, **harm}])
            assert answer.code == "bad_request"
    ack = await draws(ana, drawn("box", kind="image", fileId=str(person("nobody's picture"))))
    assert ack["code"] == "not_found"
    assert await head(desk.house, session) == before
    assert (await board(desk, session))["elements"] == []
    assert (await mara.submit("chat.send", text="still here"))["code"] == "feature_off"
    assert faults() == []


async def test_52_what_nobody_knows_reaches_nobody(desk: Desk) -> None:
    session, [_, ana, ben] = await opened(desk.house)
    foreign = {
        "customData": {"html": "<img onerror=alert(1)>"},
        "srcdoc": "<script>",
        "onclick": "alert(1)",
        "src": "//evil",
    }
    assert (await draws(ana, drawn("box", link="https://example.org/") | foreign))["ok"]
    seen = await ben.sees("board.changed")
    assert seen["elements"] == [drawn("box", link="https://example.org/")]
    given = await board(desk, session, "ben")
    assert given["elements"] == seen["elements"]
    events = await (await desk.caller("ben")).get(f"/live-sessions/{session}/events?type=board.")
    for text in (json.dumps(given), json.dumps(events.json), json.dumps(seen)):
        assert "alert" not in text
        assert "customData" not in text
