"""What hangs on the whiteboard of the demo: a cup, as Excalidraw has it. Only data."""

from collections.abc import Sequence
from typing import Any

INK, PENCIL, NOTE = "#1e1e1e", "#868e96", "#ffec99"
Element = dict[str, Any]


def _element(key: str, kind: str, box: tuple[float, float, float, float], **fields: Any) -> Element:
    x, y, width, height = box
    return {
        "id": key,
        "type": kind,
        "version": 1,
        "versionNonce": 1,
        "isDeleted": False,
        "x": x,
        "y": y,
        "width": width,
        "height": height,
        "angle": 0,
        "strokeColor": INK,
        "backgroundColor": "transparent",
        "fillStyle": "solid",
        "strokeWidth": 2,
        "strokeStyle": "solid",
        "roughness": 1,
        "opacity": 100,
        "seed": 7,
        "groupIds": [],
        "roundness": None,
        "locked": False,
        **fields,
    }


def _text(key: str, index: str, at: tuple[float, float], words: str, size: int) -> Element:
    box = (*at, 0.55 * size * len(words), 1.25 * size)
    said = {"text": words, "originalText": words, "fontSize": size, "fontFamily": 5, "lineHeight": 1.25}
    return _element(key, "text", box, index=index, textAlign="left", verticalAlign="top", autoResize=True, **said)


def _line(key: str, index: str, start: tuple[float, float], points: Sequence[tuple[float, float]]) -> Element:
    width, height = (max(abs(point[axis]) for point in points) for axis in (0, 1))
    drawn = {"points": [list(point) for point in points], "pressures": [], "simulatePressure": True}
    return _element(key, "freedraw", (*start, width, height), index=index, strokeColor=PENCIL, **drawn)


SKETCH: Sequence[Element] = (
    _text("title", "a0", (80, 20), "The same cup, three ways", 28),
    _element("rim", "ellipse", (100, 110, 180, 48), index="a1"),
    _line("left", "a2", (100, 134), [(0, 0), (4, 40), (10, 84), (20, 130), (34, 150)]),
    _line("right", "a3", (280, 134), [(0, 0), (-4, 40), (-10, 84), (-20, 130), (-34, 150)]),
    _line("foot", "a4", (134, 284), [(0, 0), (28, 9), (56, 11), (84, 9), (112, 0)]),
    _line("handle", "a5", (277, 160), [(0, 0), (34, -4), (54, 16), (52, 46), (30, 66), (-6, 70)]),
    _element("note", "rectangle", (400, 110, 210, 120), index="a6", backgroundColor=NOTE, roundness={"type": 3}),
    _text("tip", "a7", (416, 126), "1. ellipse first", 20),
    _text("tip2", "a8", (416, 158), "2. then the sides", 20),
    _text("tip3", "a9", (416, 190), "3. shadow last", 20),
)
