"""What an element of a whiteboard may be: the kinds and fields of Excalidraw 0.18 that are let through, and nothing else
(attack 52).

`clean` gives the element as it is kept and as everybody gets it: every field of its kind, what was left out filled in as
Excalidraw would, what nobody knows left away, what could do harm refused. Checked by hand: a change brings up to 100.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from rooms.feature import storable

NUMBER_MAX = 1e7  # Excalidraw itself complains beyond 1e6
WHOLE_MAX = 2**53
POINTS_MAX = 5_000
TEXT_CHARACTERS_MAX = 10_000
LINK_CHARACTERS_MAX = 2_000
LIST_MAX = 500
DEPTH_MAX = 12

# Names that mean something to JavaScript objects: an element under such an id would not be one.
PROTOTYPE_KEYS = frozenset({"__proto__", "constructor", "prototype"})
OBJECT_NAMES = PROTOTYPE_KEYS | {
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
}

Check = Callable[[Any], Any]  # gives the value as it is kept, raises ValueError
_ID = re.compile(r"[A-Za-z0-9_\-.:]{1,64}", re.ASCII)
_INDEX = re.compile(r"[A-Za-z0-9]{1,200}", re.ASCII)
_LINK = re.compile(r"https?://[^\s\"'<>\\^`{|}]+", re.IGNORECASE)
_COLOUR = re.compile(
    r"#[0-9a-f]{3,8}|[a-z]{1,30}|(rgb|hsl)a?\([0-9., %/deg-]{1,60}\)|(oklch|oklab|lch|lab|hwb)\([0-9., %/deg-]{1,60}\)",
    re.ASCII | re.IGNORECASE,
)
ARROWHEADS = (
    "arrow",
    "bar",
    "dot",
    "circle",
    "circle_outline",
    "triangle",
    "triangle_outline",
    "diamond",
    "diamond_outline",
    "crowfoot_one",
    "crowfoot_many",
    "crowfoot_one_or_many",
)


# -- Checks of single values --


def _number(least: float = -NUMBER_MAX, most: float = NUMBER_MAX) -> Check:
    def check(value: Any) -> Any:
        kind = type(value)
        if (kind is not float and kind is not int) or not least <= value <= most:
            raise ValueError(f"must be a number from {least:g} to {most:g}")
        return value

    return check


def _whole(least: int = 0, most: int = WHOLE_MAX) -> Check:
    def check(value: Any) -> Any:
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return value

    return check


def _flag(value: Any) -> Any:
    if type(value) is not bool:
        raise ValueError("must be true or false")
    return value


def _one_of(*names: Any) -> Check:
    known = frozenset(names)

    def check(value: Any) -> Any:
        if type(value) not in (str, int) or value not in known:
            raise ValueError("is none of the values known here")
        return value

    return check


def _or_null(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _text(most: int) -> Check:
    def check(value: Any) -> Any:
        if type(value) is not str:
            raise ValueError("must be text")
        if len(value) > most:
            raise ValueError(f"is longer than {most} characters")
        return storable(value)

    return check


def _matching(pattern: re.Pattern[str], what: str, most: int = 64) -> Check:
    def check(value: Any) -> Any:
        if type(value) is not str or len(value) > most or not pattern.fullmatch(value):
            raise ValueError(f"must be {what}")
        return value

    return check


def _id(value: Any) -> Any:
    if type(value) is not str or not _ID.fullmatch(value) or value in OBJECT_NAMES:
        raise ValueError("must be an id of letters and digits")
    return value


def _list(check: Check, most: int = LIST_MAX) -> Check:
    def checked(value: Any) -> Any:
        if type(value) is not list and type(value) is not tuple:
            raise ValueError("must be a list")
        if len(value) > most:
            raise ValueError(f"has more than {most} entries")
        return [check(each) for each in value]

    return checked


def _point(value: Any) -> Any:
    if (type(value) is not list and type(value) is not tuple) or len(value) != 2:
        raise ValueError("must be a point")
    x, y = value
    for each in (x, y):
        kind = type(each)
        if (kind is not float and kind is not int) or not -NUMBER_MAX <= each <= NUMBER_MAX:
            raise ValueError("must be a point of two numbers in range")
    return [x, y]


def _record(fields: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    def check(value: Any) -> Any:
        if type(value) is not dict:
            raise ValueError("must be an object")
        made = {}
        for name, each in fields.items():
            if name not in value:
                raise ValueError(f"lacks {name}")
            made[name] = each(value[name])
        for name, each in (optional or {}).items():
            if name in value:
                made[name] = each(value[name])
        return made

    return check


# -- The fields of each kind, with the value of one that was left out --

_number_ = _number()
_address = _matching(_LINK, "an http(s) address", LINK_CHARACTERS_MAX)
_binding = _or_null(_record({"elementId": _id, "focus": _number_, "gap": _number_}, {"fixedPoint": _or_null(_point)}))
_points = _list(_point, POINTS_MAX)
_crop = _record(dict.fromkeys(("x", "y", "width", "height", "naturalWidth", "naturalHeight"), _number_))

Fields = dict[str, tuple[Check, Any]]
_COMMON: Fields = {
    "x": (_number_, 0),
    "y": (_number_, 0),
    "width": (_number_, 0),
    "height": (_number_, 0),
    "angle": (_number(-100, 100), 0),
    "strokeColor": (_matching(_COLOUR, "a colour", 80), "#1e1e1e"),
    "backgroundColor": (_matching(_COLOUR, "a colour", 80), "transparent"),
    "fillStyle": (_one_of("hachure", "cross-hatch", "solid", "zigzag"), "solid"),
    "strokeWidth": (_number(0, 1_000), 2),
    "strokeStyle": (_one_of("solid", "dashed", "dotted"), "solid"),
    "roughness": (_number(0, 100), 1),
    "opacity": (_number(0, 100), 100),
    "groupIds": (_list(_id, 50), []),
    "frameId": (_or_null(_id), None),
    "index": (_or_null(_matching(_INDEX, "a place in the order", 200)), None),
    "roundness": (_or_null(_record({"type": _one_of(1, 2, 3)}, {"value": _number(0, NUMBER_MAX)})), None),
    "seed": (_whole(), 1),
    "boundElements": (_or_null(_list(_record({"id": _id, "type": _one_of("arrow", "text")}))), None),
    "updated": (_whole(), 1),
    "link": (_or_null(lambda value: storable(_address(value))), None),
    "locked": (_flag, False),
}
_LINEAR: Fields = {
    "points": (_points, []),
    "lastCommittedPoint": (_or_null(_point), None),
    "startBinding": (_binding, None),
    "endBinding": (_binding, None),
    "startArrowhead": (_or_null(_one_of(*ARROWHEADS)), None),
    "endArrowhead": (_or_null(_one_of(*ARROWHEADS)), None),
}
_ELBOWED: Fields = {
    "fixedSegments": (
        _or_null(_list(_record({"start": _point, "end": _point, "index": _whole(0, POINTS_MAX)}))),
        None,
    ),
    "startIsSpecial": (_or_null(_flag), None),
    "endIsSpecial": (_or_null(_flag), None),
}
_TEXT: Fields = {
    "text": (_text(TEXT_CHARACTERS_MAX), ""),
    "originalText": (_text(TEXT_CHARACTERS_MAX), ""),
    "fontSize": (_number(0, 10_000), 20),
    "fontFamily": (_whole(1, 100), 5),
    "textAlign": (_one_of("left", "center", "right"), "left"),
    "verticalAlign": (_one_of("top", "middle", "bottom"), "top"),
    "containerId": (_or_null(_id), None),
    "autoResize": (_flag, True),
    "lineHeight": (_number(0, 100), 1.25),
}
_IMAGE: Fields = {
    "fileId": (_id, None),
    "status": (_one_of("pending", "saved", "error"), "saved"),
    "scale": (_point, [1, 1]),
    "crop": (_or_null(_crop), None),
}
KINDS: Mapping[str, Fields] = {
    "rectangle": _COMMON,
    "ellipse": _COMMON,
    "diamond": _COMMON,
    "line": _COMMON | _LINEAR,
    "arrow": _COMMON | _LINEAR | {"elbowed": (_flag, False)},
    "freedraw": _COMMON
    | {
        "points": (_points, []),
        "pressures": (_list(_number(0, 1), POINTS_MAX), []),
        "simulatePressure": (_flag, True),
        "lastCommittedPoint": (_or_null(_point), None),
    },
    "text": _COMMON | _TEXT,
    "image": _COMMON | _IMAGE,
    "frame": _COMMON | {"name": (_or_null(_text(200)), None)},
}
_IDENTITY: Fields = {
    "version": (_whole(), 1),
    "versionNonce": (_whole(), 0),
    "isDeleted": (_flag, False),
}


def clean(given: Any) -> dict[str, Any]:
    """The element as it is kept. Raises ValueError, which names the field.

    Of a deleted one only what tells that it is; of an image that it is there, whatever its sender's browser had of it.
    """
    if type(given) is not dict:
        raise ValueError("an element must be an object")
    refuse_prototype_keys(given)
    kind = given.get("type")
    fields = KINDS.get(kind) if type(kind) is str else None
    if fields is None:
        raise ValueError("type: this kind of element is not taken here")
    made: dict[str, Any] = {"id": _checked("id", _id, given.get("id"))}
    _take(made, _IDENTITY, given)
    made["type"] = kind
    if made["isDeleted"]:
        return made
    _take(made, fields, given)
    match kind:
        case "arrow" if made["elbowed"]:
            _take(made, _ELBOWED, given)
        case "text" if "originalText" not in given:
            made["originalText"] = made["text"]
        case "image":
            made["status"] = "saved"
    return made


def _take(made: dict[str, Any], fields: Fields, given: dict[str, Any]) -> None:
    for name, (check, otherwise) in fields.items():
        value = given.get(name, made)  # `made` stands for nothing at all: null means something
        if value is not made:
            try:
                made[name] = check(value)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        elif name == "fileId":
            raise ValueError("fileId: an image needs one")
        else:
            made[name] = otherwise.copy() if type(otherwise) is list else otherwise


def _checked(name: str, check: Check, value: Any) -> Any:
    try:
        return check(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def refuse_prototype_keys(given: dict[str, Any]) -> None:
    """Anywhere, also in what is left away: whoever sends such keys means no drawing."""
    level: list[Any] = [given]
    for _depth in range(DEPTH_MAX):
        below: list[Any] = []
        for each in level:
            if type(each) is dict:
                if not PROTOTYPE_KEYS.isdisjoint(each):
                    raise ValueError("a key is not allowed")
                below += [value for value in each.values() if type(value) is dict or type(value) is list]
            else:
                below += [value for value in each if type(value) is dict or type(value) is list]
        if not below:
            return
        level = below
    raise ValueError(f"nested deeper than {DEPTH_MAX}")


def weight(element: Mapping[str, Any]) -> int:
    """Roughly the bytes of an element as it is kept; of a deleted one nothing."""
    if "x" not in element:
        return 0
    texts = len(element.get("text") or "") + len(element.get("originalText") or "") + len(element.get("link") or "")
    lists = 36 * len(element.get("points") or ()) + 18 * len(element.get("pressures") or ())
    return 500 + 2 * texts + lists + 40 * (len(element.get("boundElements") or ()) + len(element["groupIds"]))


# -- Whose is what --

# Where an element lies and what it belongs to: those who draw together arrange each other's things.
PLACING = frozenset(
    {
        "x",
        "y",
        "width",
        "height",
        "angle",
        "points",
        "lastCommittedPoint",
        "scale",
        "fontSize",
        "lineHeight",
        "autoResize",
        "containerId",
        "startBinding",
        "endBinding",
        "fixedSegments",
        "startIsSpecial",
        "endIsSpecial",
    }
)
RELATING = frozenset({"boundElements", "groupIds", "frameId", "index", "updated", "seed"})


def is_arranged(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether `after` is the same thing only elsewhere: what it says and looks like is its creator's.

    A text may be wrapped otherwise; a stroke keeps its points, though not their places; a locked element stays.
    """
    free = RELATING if before.get("locked") else RELATING | PLACING
    for name in before.keys() | after.keys():
        if name in free or name in ("version", "versionNonce", "isDeleted", "id"):
            continue
        one, other = before.get(name), after.get(name)
        if one != other and not (name == "text" and _letters(one) == _letters(other)):
            return False
    points, now = before.get("points") or (), after.get("points") or ()
    if before.get("type") == "freedraw":
        return len(points) == len(now)
    return len(now) >= min(2, len(points))


def _letters(text: str | None) -> str:
    return "".join((text or "").split())
