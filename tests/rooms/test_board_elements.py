"""Attack 52: what an element may be. Everything Excalidraw sends passes unchanged, nothing else is kept."""

import json
from time import perf_counter
from typing import Any

import pytest
from pydantic import ValidationError

from rooms.board_elements import KINDS, OBJECT_NAMES, clean, weight
from rooms.boards import BoardStroke, ChangeBoard
from rooms.protocol import COMMANDS
from tests.rooms.drawing import ELBOWED, OF_KIND, change, drawn, gone
from tests.rooms.rehearsal import person


def real(kind: str) -> dict[str, Any]:
    return drawn("one", kind=kind) | ({"fileId": str(person("p"))} if kind == "image" else {})


def test_the_kinds_are_those_one_draws() -> None:
    assert set(KINDS) == set(OF_KIND)


@pytest.mark.parametrize("kind", KINDS)
def test_what_excalidraw_sends_passes_unchanged(kind: str) -> None:
    saved = {"status": "saved"} if kind == "image" else {}
    assert clean(real(kind)) == real(kind) | saved


def test_an_elbowed_arrow_keeps_its_segments() -> None:
    given = drawn("one", kind="arrow", **ELBOWED)
    assert clean(given) == given
    assert "fixedSegments" not in clean(given | {"elbowed": False})


def test_a_sticky_note_is_a_rectangle_with_its_text() -> None:
    note = drawn("note", backgroundColor="#ffec99", boundElements=[{"type": "text", "id": "words"}])
    words = drawn("words", kind="text", containerId="note")
    assert [clean(each) for each in (note, words)] == [note, words]


def test_what_was_left_out_is_as_excalidraw_would_have_it() -> None:
    made = clean({"id": "one", "type": "text", "version": 3, "text": "hi"})
    assert made.keys() == drawn("one", kind="text").keys()
    assert (made["originalText"], made["opacity"], made["groupIds"], made["isDeleted"]) == ("hi", 100, [], False)
    again = clean({"id": "two", "type": "text"})
    assert again["groupIds"] is not made["groupIds"]


@pytest.mark.parametrize("field", ["customData", "src", "srcdoc", "html", "onclick", "svg", "fonts", "polygon"])
def test_what_nobody_knows_is_left_away(field: str) -> None:
    assert clean(drawn("one") | {field: {"any": ["<script>"]}}) == drawn("one")


@pytest.mark.parametrize("kind", ["iframe", "embeddable", "magicframe", "selection", "svg", "", None, 5, ["rectangle"]])
def test_other_kinds_are_refused(kind: Any) -> None:
    with pytest.raises(ValueError, match="kind of element"):
        clean(drawn("one") | {"type": kind})


@pytest.mark.parametrize("name", sorted(OBJECT_NAMES))
def test_names_of_objects_are_no_ids(name: str) -> None:
    with pytest.raises(ValueError, match="id"):
        clean(drawn(name))


PROTOTYPES = [
    {"__proto__": {"isAdmin": True}},
    {"constructor": {"prototype": {}}},
    {"customData": {"__proto__": {}}},
    {"customData": {"a": [{"b": {"prototype": 1}}]}},
    {"roundness": {"type": 3, "__proto__": None}},
    {"boundElements": [{"id": "a", "type": "text", "constructor": 1}]},
]


@pytest.mark.parametrize("harm", PROTOTYPES, ids=lambda harm: next(iter(harm)))
def test_prototype_keys_are_refused_anywhere(harm: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="key"):
        clean(drawn("one") | harm)
    with pytest.raises(ValueError, match="key"):
        clean(gone("one") | harm)


def test_what_is_nested_too_deep_is_refused() -> None:
    deep: Any = 1
    for _ in range(30):
        deep = [deep]
    with pytest.raises(ValueError, match="nested"):
        clean(drawn("one", customData=deep))


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//elsewhere.example",
        "/relative",
        "http://a b",
        'https://a"onmouseover=alert(1)',
        "https://x\u202ey",
        "https://" + "x" * 3_000,
        "",
        7,
    ],
)
def test_links_are_http_only(link: Any) -> None:
    with pytest.raises(ValueError, match="link"):
        clean(drawn("one", link=link))


@pytest.mark.parametrize("link", ["https://example.org/a?b=c#d", "http://localhost:8080/", "HTTPS://EXAMPLE.ORG", None])
def test_links_that_lead_somewhere(link: str | None) -> None:
    assert clean(drawn("one", link=link))["link"] == link


@pytest.mark.parametrize(
    "harm",
    [
        {"x": float("nan")},
        {"x": float("inf")},
        {"y": 1e8},
        {"x": "1"},
        {"x": True},
        {"x": None},
        {"width": 10**400},
        {"angle": 1_000},
        {"opacity": 101},
        {"seed": 1.5},
        {"version": -1},
        {"version": "2"},
        {"versionNonce": 2**60},
        {"isDeleted": 1},
        {"locked": "no"},
        {"strokeColor": "url(#x)"},
        {"strokeColor": "red;background:url(//x)"},
        {"backgroundColor": "expression(alert(1))"},
        {"backgroundColor": ["red"]},
        {"fillStyle": "gradient"},
        {"fillStyle": ["solid"]},
        {"strokeStyle": {}},
        {"groupIds": "g"},
        {"groupIds": ["__proto__"]},
        {"groupIds": ["g"] * 51},
        {"frameId": "a b"},
        {"index": "a-1"},
        {"index": "a" * 201},
        {"roundness": {"type": 9}},
        {"roundness": 3},
        {"boundElements": [{"id": "a", "type": "iframe"}]},
        {"boundElements": [{"id": "a"}]},
        {"boundElements": {"0": 1}},
        {"id": ""},
        {"id": "x" * 65},
        {"id": "a/../b"},
        {"id": None},
    ],
    ids=lambda harm: f"{next(iter(harm))}-{str(next(iter(harm.values())))[:24]}",
)
def test_values_that_no_element_has(harm: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(harm))):
        clean(drawn("one") | harm)


@pytest.mark.parametrize(
    ("kind", "harm"),
    [
        ("freedraw", {"points": [[0, 0]] * 5_001}),
        ("freedraw", {"points": [[0, 0, 0]]}),
        ("freedraw", {"points": [[0, float("nan")]]}),
        ("freedraw", {"points": [[0, "1"]]}),
        ("freedraw", {"points": [["0", "1"]]}),
        ("freedraw", {"points": ["01"]}),
        ("freedraw", {"points": {"length": 2}}),
        ("freedraw", {"pressures": [2]}),
        ("line", {"points": [[1e9, 0]]}),
        ("arrow", {"startArrowhead": "skull"}),
        ("arrow", {"startBinding": {"elementId": "__proto__", "focus": 0, "gap": 0}}),
        ("arrow", {"endBinding": {"elementId": "a", "focus": float("inf"), "gap": 0}}),
        ("arrow", {"endBinding": {"elementId": "a"}}),
        ("text", {"text": "x" * 10_001}),
        ("text", {"text": "nul\0"}),
        ("text", {"text": "half \ud800"}),
        ("text", {"originalText": "\u202egnp.exe"}),
        ("text", {"text": ["x"]}),
        ("text", {"fontFamily": "Comic Sans; src: url(x)"}),
        ("text", {"textAlign": "evil"}),
        ("text", {"lineHeight": float("nan")}),
        ("image", {"fileId": "__proto__"}),
        ("image", {"fileId": None}),
        ("image", {"scale": [1]}),
        ("image", {"crop": {"x": 0}}),
        ("frame", {"name": "x" * 201}),
    ],
)
def test_values_that_no_element_of_its_kind_has(kind: str, harm: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(harm))):
        clean(real(kind) | harm)


def test_an_image_needs_its_file() -> None:
    without = {name: value for name, value in real("image").items() if name != "fileId"}
    with pytest.raises(ValueError, match="fileId"):
        clean(without)


def test_a_command_tells_which_element_is_wrong() -> None:
    with pytest.raises(ValidationError) as refused:
        COMMANDS.validate_python(change(drawn("one"), drawn("two", link="javascript:x")))
    [error] = refused.value.errors()
    assert error["loc"] == ("board.change", "elements", 1)
    assert "link" in error["msg"]


@pytest.mark.parametrize(
    "given",
    [
        change(drawn("one"), drawn("one", 2)),
        change(),
        change(*(drawn(f"n{each}") for each in range(101))),
        change(drawn("one"), board="Main"),
        change(drawn("one"), group="a b"),
        change(drawn("one"), actor="somebody"),
        {"type": "board.change", "boardId": "main", "elements": {"0": drawn("one")}},
        {"type": "board.change", "boardId": "main", "elements": [None]},
        {"type": "board.change", "boardId": "main", "elements": ["__proto__"]},
    ],
    ids=["twice", "none", "too many", "no board", "no group", "a field", "no list", "nothing", "text"],
)
def test_commands_that_are_none(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        COMMANDS.validate_python(given)


def test_attack_51_a_stroke_in_progress_is_checked_like_an_element() -> None:
    assert BoardStroke.model_validate({"type": "board.stroke", "boardId": "main", "element": drawn("s")}).element
    harms: list[dict[str, Any]] = [{"type": "iframe"}, {"link": "javascript:x"}, {"constructor": {}}]
    for harm in harms:
        with pytest.raises(ValidationError):
            BoardStroke.model_validate({"type": "board.stroke", "boardId": "main", "element": drawn("s") | harm})
    with pytest.raises(ValidationError):
        BoardStroke.model_validate({"type": "board.stroke", "boardId": "main", "element": None, "from": "somebody"})


def test_what_is_kept_is_json_and_never_shares_with_what_was_sent() -> None:
    given = real("freedraw")
    made = clean(given)
    assert json.loads(json.dumps(made)) == made
    assert made["points"] is not given["points"]
    assert made["points"][0] is not given["points"][0]


@pytest.mark.parametrize("kind", KINDS)
def test_the_weight_is_near_the_bytes(kind: str) -> None:
    for given in (real(kind), real(kind) | {"points": [[each * 1.23456789, each * 9.87654321] for each in range(500)]}):
        made = clean(given)
        assert 0.3 < weight(made) / len(json.dumps(made, separators=(",", ":"))) < 3
    assert weight(clean(gone("one", kind=kind))) == 0


def test_a_hundred_elements_cost_little() -> None:
    """Compared with reading the same bytes as JSON, which is the least anybody pays."""
    given = change(*(drawn(f"n{each}", kind="arrow") for each in range(100)))
    text = json.dumps(given)

    def fastest(work: Any) -> float:
        times = []
        for _ in range(15):
            begun = perf_counter()
            work()
            times.append(perf_counter() - begun)
        return min(times)

    assert fastest(lambda: ChangeBoard.model_validate(given)) < 12 * fastest(lambda: json.loads(text))
