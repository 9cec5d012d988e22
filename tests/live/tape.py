"""What was recorded of a session, read back from the captured files with their keys, as whoever finalises does."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from media.manifest import generations
from media.opus import Decoder
from media.segments import read_track, tracks_in
from media.timeline import RATE
from persistence.database import Database
from persistence.recording_keys import RecordingKeys
from tests.media.caller import loudness_at


@dataclass
class Tape:
    """`sound`: by generation and track, mono samples at 48 kHz from the first that was kept on; `begins_s`: where that is."""

    sound: dict[tuple[int, str], NDArray[np.int16]]
    begins_s: dict[tuple[int, str], float]

    @property
    def tracks(self) -> set[str]:
        return {track for _generation, track in self.sound}

    @property
    def generations(self) -> set[int]:
        return {generation for generation, _track in self.sound}

    def share(self, track: str, hertz: float) -> float:
        """Of all that a track holds, how much is at this frequency."""
        parts = [sound for (_, name), sound in self.sound.items() if name == track]
        return loudness_at(np.concatenate(parts), hertz) if parts else 0.0

    def seconds(self, track: str) -> float:
        return sum(len(sound) for (_, name), sound in self.sound.items() if name == track) / RATE


async def taped(capture: Path, database: Database, recording: str, known: Mapping[str, bytes] | None = None) -> Tape:
    """`known`: keys that somebody kept though they are shredded."""
    keys = {**await RecordingKeys(database).of_recording(recording), **(known or {})}
    tape = Tape({}, {})
    for generation in generations(capture / recording):
        folder = capture / recording / str(generation)
        for track in tracks_in(folder):
            decoder, pieces, unreadable = Decoder(), [], list[str]()
            for placed in read_track(folder, track, keys[track], f"{recording}/{generation}", unreadable):
                tape.begins_s.setdefault((generation, track), placed.position / RATE)
                pieces.append(decoder.decode(placed.packet))
            assert unreadable == []
            if pieces:
                tape.sound[(generation, track)] = np.concatenate(pieces)
    return tape
