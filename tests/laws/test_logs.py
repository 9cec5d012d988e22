"""Logs of every release still fold, to the state that the release itself came to (design.md 1, Evolution)."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from rooms.feature import Recorded
from rooms.people import standing_of
from rooms.protocol import EVENT_TYPES, EVENTS
from rooms.room import STATE, RoomState, replay
from rooms.upcasters import lift, type_of
from rooms.visibility import encoded_view
from tests.laws.generate_log import FOLDER, NEVER_APPENDED
from tests.laws.laws import READERS

FILES = sorted(FOLDER.glob("*.json"))


def sessions_of(file: Path) -> list[dict[str, Any]]:
    loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    assert loaded["release"] == file.stem
    sessions: list[dict[str, Any]] = loaded["sessions"]
    return sessions


def recorded_of(rows: list[dict[str, Any]]) -> list[Recorded]:
    log = []
    for row in rows:
        lifted = lift(row["type"], row["version"], row["payload"])
        if lifted is not None:
            kind, fields = lifted
            event = EVENTS.validate_python({**fields, "type": kind})
            log.append(Recorded(row["seq"], datetime.fromisoformat(row["at"]), row["actor"], row["command"], event))
    return log


def difference(expected: Any, found: Any, where: str = "state") -> str | None:
    """What the release had and today's state has not; what came since is no difference."""
    if isinstance(expected, dict) and isinstance(found, dict):
        gone = next((f"{where}.{key} is gone" for key in expected if key not in found), None)
        return gone or next(
            (told for key in expected if (told := difference(expected[key], found[key], f"{where}.{key}"))), None
        )
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return next((told for nth, (a, b) in pairs if (told := difference(a, b, f"{where}[{nth}]"))), None)
    return None if expected == found else f"{where} was {expected!r}, is {found!r}"


def test_there_is_a_log_of_a_release() -> None:
    assert FILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_log_of_a_release_folds_to_its_state(file: Path) -> None:
    for session in sessions_of(file):
        room = replay(recorded_of(session["log"]))
        found = json.loads(STATE.dump_json(room, by_alias=True))
        assert difference(session["state"], found) is None, f"session of seed {session['seed']}"
        for user in READERS:
            assert encoded_view(room, standing_of(room, user))


def test_the_first_log_holds_every_event_of_its_release() -> None:
    """Those of 0.1; whoever adds an event commits a log with the release that first writes it."""
    held = {row["type"] for session in sessions_of(FILES[0]) for row in session["log"]}
    assert held <= {type_of(kind) for kind in EVENT_TYPES} - NEVER_APPENDED
    assert len(held) >= 56


def test_a_difference_is_found() -> None:
    fresh = json.loads(STATE.dump_json(RoomState(), by_alias=True))
    assert difference(fresh, {**fresh, "weather": {}}) is None
    assert difference(fresh, {**fresh, "seq": 1}) == "state.seq was 0, is 1"
    assert difference({**fresh, "hands": {"raised": [{"user": "a"}]}}, fresh) is not None
    assert difference({**fresh, "gone": 1}, fresh) == "state.gone is gone"
