"""From what the recorder left, of however many generations and however they ended, to what is stored: sealed WebM parts of every
track, how the mix looks and how loud it is, what is missing. Running it again makes the same parts. Nothing is decoded but the mix.

A withdrawn voice is left out and the mix is made again from who is left, from the recorder's segments or from the parts stored
earlier; so it is where there is no mix, or none that the mix's key of today opens.

`python -m media.finalise` reads one line of JSON (`Job`), writes the sealed files to a folder and prints lines of JSON: progress
(`{"done", "of"}`) and at last `Finalised`. Keys come through the pipe, never through arguments. It knows no store and no database.
"""

import hashlib
import json
import os
import resource
import sys
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from media.left import MIX, Left, Source, read_left
from media.manifest import Span
from media.parts import Part, parts_of, read_part
from media.remix import remix
from media.timeline import RATE, SLOT, Placed
from media.vault import seal_records, unseal
from media.waveform import Measured, measure

GAP_SAMPLES = RATE // 2  # shorter ones are in the parts, as silence, but not told
MEMORY_BYTES_MAX = 2 << 30
CPU_S_MAX = 3_600
NICE = 10
Put = Callable[[str, Iterator[bytes]], None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class StoredPart:
    """`file`: the last segment of its name in the store. `clear_bytes`, `sha256`: of the WebM, unsealed."""

    file: str
    part: int
    clear_bytes: int
    from_s: float
    from_slot: int
    to_slot: int
    duration_s: float
    sha256: str


@dataclass(frozen=True)
class StoredTrack:
    parts: list[StoredPart]
    gaps: list[tuple[int, int]]  # slots without sound, from half a second on
    peaks_file: str | None = None
    loudness_lufs: float | None = None


@dataclass(frozen=True)
class Finalised:
    length_s: float
    tracks: dict[str, StoredTrack]
    missing: list[Span] = field(default_factory=list)
    incomplete: str | None = None  # why anything is missing: killed, disk_full, disk_error, behind, unreadable


def finalise(
    folder: Path,
    recording_id: str,
    keys: Mapping[str, bytes],
    put: Put,
    *,
    prefix: str,
    length_s: float | None = None,
    without: frozenset[str] = frozenset(),
    progress: Progress | None = None,
) -> Finalised:
    """Tracks without a key are not there: their voice was shredded. `put(name, chunks)` stores `<prefix>/<file>`, sealed."""
    left = read_left(folder / recording_id, recording_id, keys)
    return store(left, keys, put, prefix=prefix, length_s=length_s, without=without, progress=progress)


def store(
    left: Left,
    keys: Mapping[str, bytes],
    put: Put,
    *,
    prefix: str,
    length_s: float | None = None,
    without: frozenset[str] = frozenset(),
    progress: Progress | None = None,
) -> Finalised:
    length_s = left.length_s if length_s is None else length_s
    length = round(length_s * RATE)
    voices = {track: left.tracks[track] for track in sorted(left.tracks) if track not in {MIX, *without}}
    mix = left.tracks.get(MIX, list)
    if MIX in keys and (without or MIX not in left.tracks):
        mixed = list(remix([voice() for voice in voices.values()], length))
        mix = mixed.copy
    sources = {**({MIX: mix} if MIX in keys else {}), **voices}
    tracks: dict[str, StoredTrack] = {}
    seal = _Seal(keys, put, prefix)
    with ThreadPoolExecutor(1, thread_name_prefix="waveform") as aside:
        measuring = aside.submit(lambda: measure(mix(), length)) if MIX in sources else None
        for done, (track, source) in enumerate(sources.items()):
            if progress:
                progress(done, len(sources))
            tracks[track] = seal.track(track, source, length)
        if measuring:
            tracks[MIX] = seal.measured(tracks[MIX], measuring.result())
    if progress:
        progress(len(sources), len(sources))
    missing = [*left.missing]
    if left.torn_at is not None:
        missing.append(Span(left.torn_at, max(left.torn_at, length // SLOT), "killed"))
    incomplete = (
        left.incomplete or ("unreadable" if left.unreadable else None) or (missing[-1].why if missing else None)
    )
    return Finalised(length_s, tracks, missing, incomplete)


class _Seal:
    def __init__(self, keys: Mapping[str, bytes], put: Put, prefix: str) -> None:
        self._keys, self._put, self._prefix = keys, put, prefix

    def track(self, track: str, source: Source, length: int) -> StoredTrack:
        gaps = _Gaps()
        parts = parts_of(gaps.passing(source()), length)
        return StoredTrack(
            [self._part(track, number, part) for number, part in enumerate(parts, 1)], gaps.until(length)
        )

    def measured(self, mix: StoredTrack, measured: Measured) -> StoredTrack:
        file = f"{MIX}-peaks.sealed"
        self._seal(MIX, file, measured.peaks)
        return StoredTrack(mix.parts, mix.gaps, file, measured.loudness_lufs)

    def _part(self, track: str, number: int, part: Part) -> StoredPart:
        file = f"{track}-{number}.sealed"
        self._seal(track, file, part.webm)
        return StoredPart(
            file=file,
            part=number,
            clear_bytes=len(part.webm),
            from_s=part.start / RATE,
            from_slot=part.start // SLOT,
            to_slot=part.end // SLOT,
            duration_s=(part.end - part.start) / RATE,
            sha256=hashlib.sha256(part.webm).hexdigest(),
        )

    def _seal(self, track: str, file: str, data: bytes) -> None:
        name = f"{self._prefix}/{file}"
        self._put(name, seal_records([data], self._keys[track], name))


class _Gaps:
    """Notes where nothing is while packets pass."""

    def __init__(self) -> None:
        self._found: list[tuple[int, int]] = []
        self._at = 0

    def passing(self, placed: Iterable[Placed]) -> Iterator[Placed]:
        for each in placed:
            if each.position - self._at >= GAP_SAMPLES:
                self._found.append((self._at // SLOT, each.position // SLOT))
            self._at = each.end
            yield each

    def until(self, length: int) -> list[tuple[int, int]]:
        last = [(self._at // SLOT, length // SLOT)] if length - self._at >= GAP_SAMPLES else []
        return self._found + last


# -- as a process of its own ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """As it comes in JSON, names in camel case. Either `folder` (the recorder's) or `parts`: per track the sealed files stored
    earlier, as `{path, name, fromS}`. `keys` in base64."""

    recording_id: str
    prefix: str
    out: Path
    keys: dict[str, bytes]
    folder: Path | None
    parts: dict[str, list[dict[str, Any]]]
    length_s: float | None
    without: frozenset[str]

    @classmethod
    def read(cls, line: str) -> "Job":
        told = json.loads(line)
        return cls(
            recording_id=told["recordingId"],
            prefix=told["prefix"],
            out=Path(told["out"]),
            keys={track: b64decode(key) for track, key in told["keys"].items()},
            folder=Path(told["folder"]) if told.get("folder") else None,
            parts=told.get("parts", {}),
            length_s=told.get("lengthS"),
            without=frozenset(told.get("without", ())),
        )

    def left(self) -> Left:
        if self.folder:
            return read_left(self.folder / self.recording_id, self.recording_id, self.keys)
        tracks = {track: self._source(track, parts) for track, parts in self.parts.items() if track in self.keys}
        return Left(tracks, self.length_s or 0.0, [], None)

    def _source(self, track: str, parts: list[dict[str, Any]]) -> Source:
        def placed() -> Iterator[Placed]:
            for part in parts:
                webm = unseal(Path(part["path"]).read_bytes(), self.keys[track], part["name"])
                yield from read_part(webm, round(part["fromS"] * RATE))

        return placed


def main() -> None:
    os.setpriority(
        os.PRIO_PROCESS, 0, max(NICE, os.getpriority(os.PRIO_PROCESS, 0))
    )  # its parent's may be as low already
    if sys.platform == "linux":  # elsewhere it is not to be had
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S_MAX, CPU_S_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold keys and voices
    job = Job.read(sys.stdin.readline())

    def put(name: str, chunks: Iterator[bytes]) -> None:
        with (job.out / name.rpartition("/")[2]).open("wb") as file:
            file.writelines(chunks)

    stored = store(
        job.left(),
        job.keys,
        put,
        prefix=job.prefix,
        length_s=job.length_s,
        without=job.without,
        progress=lambda done, of: _say({"done": done, "of": of}),
    )
    _say(
        {
            "lengthS": stored.length_s,
            "tracks": {track: _camel(asdict(each)) for track, each in stored.tracks.items()},
            "missing": [_camel(asdict(span)) for span in stored.missing],
            "incomplete": stored.incomplete,
        }
    )


def _say(line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _camel(told: object) -> object:
    """Names of fields as JSON has them."""
    if isinstance(told, dict):
        return {_camel_name(key): _camel(each) for key, each in told.items()}
    return [_camel(each) for each in told] if isinstance(told, list | tuple) else told


def _camel_name(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)


if __name__ == "__main__":
    main()
