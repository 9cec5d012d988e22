"""What the recorder left of a recording: the tracks of all its generations as one, how long it is, what is missing. Reads the
segments and the manifests; changes nothing. A track whose key is gone is not there."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from media.manifest import Span, generations, read_story
from media.segments import all_open, read_track, tracks_in
from media.timeline import RATE, SLOT, Placed

MIX = "mix"
Source = Callable[[], Iterable[Placed]]
"""The packets of a track from the beginning, each time."""


@dataclass(frozen=True)
class Left:
    """What the recorder left of a recording."""

    tracks: dict[str, Source]
    length_s: float
    missing: list[Span]
    incomplete: str | None
    torn_at: int | None = None  # slot; the last generation was killed there and none went on
    unreadable: list[str] = field(default_factory=list)  # files, found while reading


def read_left(recording: Path, recording_id: str, keys: Mapping[str, bytes]) -> Left:
    folders = {generation: recording / str(generation) for generation in generations(recording)}
    stories = {generation: read_story(folder) for generation, folder in folders.items()}
    missing = [span for story in stories.values() for span in story.missing]
    incomplete = next((span.why for span in missing), None)
    for story in stories.values():
        incomplete = incomplete or story.incomplete
    kept = max((story.kept_slot for story in stories.values()), default=0)
    torn_at = kept if stories and not stories[max(stories)].closed else None
    unreadable: list[str] = []

    def source(track: str) -> Source:
        return lambda: _joined(folders, recording_id, track, keys[track], unreadable)

    names = {track for folder in folders.values() for track in tracks_in(folder)} & keys.keys()
    tracks = {name: source(name) for name in names}
    if MIX in tracks and not all(
        all_open(folder, MIX, keys[MIX], f"{recording_id}/{generation}") for generation, folder in folders.items()
    ):
        del tracks[MIX]  # its key is another since a voice was withdrawn: it is made again from who is left
    return Left(tracks, kept * SLOT / RATE, missing, incomplete, torn_at, unreadable)


def _joined(
    folders: Mapping[int, Path], recording_id: str, track: str, key: bytes, unreadable: list[str]
) -> Iterator[Placed]:
    """All generations as one; where two overlap, what was there first stays."""
    end = 0
    for generation, folder in folders.items():
        for placed in read_track(folder, track, key, f"{recording_id}/{generation}", unreadable):
            if placed.position >= end:
                yield placed
                end = placed.end
