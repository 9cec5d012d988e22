"""What a client saw and did, one JSON line per message: written as it happens, read by the checker.

    {"t": monotonic seconds, "kind": …, "body": {…}}

Kinds: `who` (first: user, name, session, and `wall`, what to add to `t` for seconds since 1970); `connect`, `drop`,
`disconnect`, `failed`, `refused`, `bye`, `gap`; `join` and `joined` (its ack); `send` (a command, again when repeated) and
`ack` ({id, ack}); `events`, `snapshot`, `signal`; `secret` ({canary, audience}: who may ever receive this word); `state` and
`rest` ({seq, view}: what a fresh join and REST say at the end). Bodies are the raw payloads. All clients of a run share one
clock.
"""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """`raw` is the line as it was written: what the person received, byte for byte but for the encoding."""

    t: float
    kind: str
    body: Body
    raw: str = ""


@dataclass(frozen=True)
class History:
    name: str
    user: str
    session: str
    lines: tuple[Line, ...]
    wall: float = 0.0


@dataclass
class Recorder:
    """Buffered: a harness that dies loses its run anyway, and the checker reads after `close`."""

    path: Path
    user: str
    session: str
    last_t: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("w")
        wall = time.time() - time.monotonic()
        self.note("who", {"user": self.user, "name": self.path.stem, "session": self.session, "wall": wall})

    def note(self, kind: str, body: Body) -> None:
        self.last_t = time.monotonic()
        line = {"t": self.last_t, "kind": kind, "body": body}
        self._file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")

    def close(self) -> None:
        self._file.close()


def read_history(path: Path) -> History:
    with path.open() as file:
        return history_of(line.rstrip("\n") for line in file)


def history_of(raw_lines: Iterable[str]) -> History:
    lines = []
    for raw in raw_lines:
        document = json.loads(raw)
        lines.append(Line(document["t"], document["kind"], document["body"], raw))
    who = lines[0].body
    assert lines[0].kind == "who"
    return History(who["name"], who["user"], who["session"], tuple(lines[1:]), who["wall"])
