"""What one generation of a recording says about itself, line by line as it happens (JSON): when it was opened, up to where all is
on the disk, what was muted, lost or missing, whether it was closed. Whoever finds a recording whose process was killed reads here
how much of it there is. Positions are slots of 20 ms. No word of what was said."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "manifest.jsonl"
NEW_LINES = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


class Manifest:
    """Grows. Everything here blocks and raises OSError: for the writer's thread."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / NAME, NEW_LINES, 0o600)
        try:
            if os.fstat(self._file).st_size:
                os.write(self._file, b"\n")  # a kill may have left half a line
        except OSError:
            os.close(self._file)
            raise

    def say(self, **line: Any) -> None:
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        if os.write(self._file, data) < len(data):
            raise OSError(28, "half a line")

    def sync(self) -> None:
        os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)


@dataclass(frozen=True)
class Span:
    from_slot: int
    to_slot: int
    why: str


@dataclass(frozen=True)
class Story:
    """What a manifest says, whole or torn."""

    kept_slot: int  # everything heard before it is on the disk
    closed: bool
    missing: tuple[Span, ...]
    silences: tuple[tuple[str, int], ...]  # track, from slot
    incomplete: str | None = None


def read_story(folder: Path) -> Story:
    """An absent manifest tells of nothing: the process was killed before its first line."""
    kept, closed, incomplete = 0, False, None
    missing: list[Span] = []
    silences: list[tuple[str, int]] = []
    for line in _lines(folder / NAME):
        match line:
            case {"opened": int(slot)}:
                kept, closed = max(kept, slot), False
            case {"kept": int(slot)}:
                kept = max(kept, slot)
            case {"closed": int(slot), "incomplete": why}:
                kept, closed = max(kept, slot), True
                incomplete = incomplete or (why if isinstance(why, str) else None)
            case {"missing": [int(from_slot), int(to_slot)], "why": str(why)}:
                missing.append(Span(from_slot, to_slot, why))
            case {"silence": str(track), "from": int(slot)}:
                silences.append((track, slot))
            case _:
                pass
    return Story(kept, closed, tuple(missing), tuple(silences), incomplete)


def generations(recording: Path) -> Sequence[int]:
    """Those with a folder, in order."""
    if not recording.is_dir():
        return []
    return sorted(int(each.name) for each in recording.iterdir() if each.name.isdecimal() and each.is_dir())


def _lines(path: Path) -> list[object]:
    lines = []
    for line in path.read_bytes().splitlines() if path.is_file() else []:
        try:
            lines.append(json.loads(line))
        except ValueError:  # torn by a kill
            continue
    return lines
