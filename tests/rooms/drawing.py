"""Elements as Excalidraw 0.18 sends them, for tests of the whiteboard: complete, and small to write."""

from typing import Any

BASE: dict[str, Any] = {
    "x": 100,
    "y": 50.5,
    "width": 200,
    "height": 80,
    "angle": 0,
    "strokeColor": "#1e1e1e",
    "backgroundColor": "transparent",
    "fillStyle": "solid",
    "strokeWidth": 2,
    "strokeStyle": "solid",
    "roughness": 1,
    "opacity": 100,
    "groupIds": [],
    "frameId": None,
    "index": "a0",
    "roundness": {"type": 3},
    "seed": 1968410350,
    "boundElements": None,
    "updated": 1763791200000,
    "link": None,
    "locked": False,
}
LINEAR: dict[str, Any] = {
    "points": [[0, 0], [60.25, 40], [120, 10]],
    "lastCommittedPoint": None,
    "startBinding": None,
    "endBinding": None,
    "startArrowhead": None,
    "endArrowhead": None,
}
ELBOWED: dict[str, Any] = {
    "elbowed": True,
    "fixedSegments": [{"index": 2, "start": [0, 10], "end": [40, 10]}],
    "startIsSpecial": False,
    "endIsSpecial": None,
    "startBinding": {"elementId": "box1", "focus": 0.25, "gap": 5, "fixedPoint": [0.5, 1]},
}
TEXT: dict[str, Any] = {
    "text": "hello\nworld",
    "originalText": "hello world",
    "fontSize": 20,
    "fontFamily": 5,
    "textAlign": "center",
    "verticalAlign": "middle",
    "containerId": "box1",
    "autoResize": True,
    "lineHeight": 1.25,
}
FREE: dict[str, Any] = {
    "points": [[0, 0], [1.5, 2.25], [4, 4]],
    "pressures": [0.5, 0.75, 1],
    "simulatePressure": False,
    "lastCommittedPoint": [4, 4],
}
IMAGE: dict[str, Any] = {"fileId": "", "status": "pending", "scale": [1, -1], "crop": None}
OF_KIND: dict[str, dict[str, Any]] = {
    "rectangle": {},
    "ellipse": {},
    "diamond": {},
    "line": LINEAR,
    "arrow": LINEAR | {"elbowed": False, "endArrowhead": "arrow"},
    "freedraw": FREE,
    "text": TEXT,
    "image": IMAGE,
    "frame": {"name": None},
}


def drawn(
    name: str, /, version: int = 1, nonce: int = 100, *, kind: str = "rectangle", **fields: Any
) -> dict[str, Any]:
    """One element; `isDeleted` and every other field by name."""
    identity = {"id": name, "type": kind, "version": version, "versionNonce": nonce, "isDeleted": False}
    return BASE | OF_KIND[kind] | identity | fields


def gone(name: str, version: int = 2, nonce: int = 100, *, kind: str = "rectangle") -> dict[str, Any]:
    return drawn(name, version, nonce, kind=kind, isDeleted=True)


def change(*elements: dict[str, Any], board: str = "main", **fields: Any) -> dict[str, Any]:
    return {"type": "board.change", "boardId": board, "elements": list(elements), **fields}


def stroke(key: str) -> dict[str, Any]:
    """As little as a client needs to send."""
    return {
        "id": key,
        "type": "rectangle",
        "version": 1,
        "versionNonce": 7,
        "isDeleted": False,
        "x": 1,
        "y": 2,
        "width": 30,
        "height": 40,
        "angle": 0,
        "seed": 1,
        "index": "a1",
    }
