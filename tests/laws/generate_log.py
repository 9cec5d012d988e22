"""A sample of the log as this release writes it, kept for ever: the next releases must still fold it.

    python -m tests.laws.generate_log 0.1        writes tests/laws/logs/0.1.json, once, when a release is made

Rows are those of the event table: type, version and payload apart. Several random sessions, which together hold every
event; with each the state that it folded to.
"""

import json
import sys
from pathlib import Path
from typing import Any

from rooms.feature import Recorded
from rooms.protocol import EVENT_TYPES
from rooms.room import STATE
from rooms.upcasters import type_of
from tests.laws.improviser import improvise
from tests.laws.laws import redacted

FOLDER = Path(__file__).with_name("logs")
STEPS = 120
NEVER_APPENDED = {"question.vanished"}


def row(recorded: Recorded) -> dict[str, Any]:
    payload = recorded.event.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"type"})
    return {
        "seq": recorded.seq,
        "at": recorded.at.isoformat(),
        "actor": recorded.actor,
        "command": recorded.command,
        "type": recorded.event.type,
        "version": recorded.event.version,
        "payload": payload,
    }


def sample() -> list[dict[str, Any]]:
    """As few histories as it takes to hold every event."""
    missing = {type_of(kind) for kind in EVENT_TYPES} - NEVER_APPENDED
    sessions: list[dict[str, Any]] = []
    seed = 3000
    while missing:
        seed += 1
        history = improvise(seed, STEPS)
        found = missing & set(history.appended)
        if len(found) > len(missing) // 5:
            missing -= found
            state = json.loads(STATE.dump_json(history.played.room, by_alias=True))
            sessions.append({"seed": seed, "log": [row(each) for each in redacted(history)], "state": state})
    return sessions


def main(release: str) -> None:
    file = FOLDER / f"{release}.json"
    if file.exists():
        sys.exit(f"{file.name} exists: what a release has written does not change")
    sessions = sample()
    lines = ",\n".join(json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in sessions)
    file.write_text(f'{{"release":"{release}","sessions":[\n{lines}\n]}}\n', encoding="utf-8")
    print(f"{len(sessions)} sessions, {file.stat().st_size} bytes: {file.name}")


if __name__ == "__main__":
    main(sys.argv[1])
