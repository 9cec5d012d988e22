"""Natural speech for tests: the sentences of tests/speech, decoded, cut and put where a test wants them."""

import io
import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import av
import numpy as np

from media.scribe import decoded
from media.speech import RATE_HZ, Pcm

FOLDER = Path(__file__).parents[1] / "speech"
SAME = {"colour": "color", "metres": "meters", "ten": "10", "twelve": "12"}


@cache
def spoken(name: str) -> tuple[tuple[str, float, float], ...]:
    """(text, from, to) of every sentence."""
    told = json.loads((FOLDER / "spoken.json").read_text())[name]
    return tuple((each["text"], each["from"], each["to"]) for each in told)


@cache
def voice(name: str) -> Pcm:
    return np.concatenate([*decoded((FOLDER / f"{name}.ogg").read_bytes(), "ogg")])


def sentence(name: str, number: int) -> Pcm:
    _text, start, end = spoken(name)[number]
    return voice(name)[int(start * RATE_HZ) : int(end * RATE_HZ)]


def placed(length_s: float, pieces: Sequence[tuple[float, Pcm]]) -> Pcm:
    """A track with these pieces in it, and silence everywhere else."""
    track = np.zeros(int(length_s * RATE_HZ), np.int16)
    for at_s, piece in pieces:
        start = int(at_s * RATE_HZ)
        track[start : start + len(piece)] = piece
    return track


def as_webm(pcm: Pcm) -> bytes:
    """Opus in WebM, as a recording is stored."""
    written = io.BytesIO()
    with av.open(written, "w", format="webm") as container:
        stream = container.add_stream("libopus", rate=48_000)
        stream.layout = "mono"
        resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000)
        for start in range(0, len(pcm), RATE_HZ):
            frame = av.AudioFrame.from_ndarray(pcm[start : start + RATE_HZ].reshape(1, -1), "s16", "mono")
            frame.sample_rate = RATE_HZ
            frame.pts = start
            for each in resampler.resample(frame):
                container.mux(stream.encode(each))
        container.mux(stream.encode(None))
    return written.getvalue()


def words_of(text: str) -> list[str]:
    plain = re.sub(r"[^a-z0-9 ]", " ", text.lower().replace("'", ""))
    return [SAME.get(word, word) for word in plain.split()]


def word_error_rate(said: str, heard: str) -> float:
    """Levenshtein over words, of those that were said."""
    one, other = words_of(said), words_of(heard)
    row = list(range(len(other) + 1))
    for number, word in enumerate(one, 1):
        above, row[0] = row[0], number
        for at, candidate in enumerate(other, 1):
            above, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, above + (word != candidate))
    return row[-1] / max(len(one), 1)
