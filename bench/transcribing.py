"""How long the engine takes for natural speech, held to one core: its real-time factor.

python -m bench.transcribing [--repetitions 3]      writes the table into docs/performance.md
"""

import argparse
import os
import time
from statistics import median

import numpy as np

from bench.page import put
from media.speech import RATE_HZ, Pcm
from media.transcriber import Transcriber, installed, transcribe_track, transcriber_of
from tests.media.speech import spoken, voice, word_error_rate

VOICES = ("mara", "ana", "ben")
PAUSE_S = 0.5


def speech() -> tuple[Pcm, str]:
    """All the sentences there are, one after the other, and what they say."""
    pause = np.zeros(int(PAUSE_S * RATE_HZ), np.int16)
    pieces = [piece for name in VOICES for piece in (voice(name), pause)]
    return np.concatenate(pieces), " ".join(text for name in VOICES for text, _from, _to in spoken(name))


def measure(transcriber: Transcriber, track: Pcm) -> tuple[float, str]:
    """Seconds of wall clock, which on one core that nobody else uses are seconds of CPU."""
    begun = time.perf_counter()
    windows = list(transcribe_track(transcriber, iter([track])))
    took_s = time.perf_counter() - begun
    return took_s, " ".join(each.text for _until, heard in windows for each in heard.segments)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.transcribing")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--dry", action="store_true", help="write nothing into the page")
    given = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    transcriber = transcriber_of(installed())
    track, truth = speech()
    found = [measure(transcriber, track) for _ in range(given.repetitions)]
    length_s = len(track) / RATE_HZ
    factors = sorted(took_s / length_s for took_s, _text in found)
    text = (
        f"**{transcriber.model}**, {length_s:.0f} s of natural speech of {len(VOICES)} voices on one core, median of "
        f"{given.repetitions}: real-time factor {median(factors):.2f} ({factors[0]:.2f} – {factors[-1]:.2f}), so an hour of one "
        f"voice takes {median(factors) * 60:.0f} minutes at most; {word_error_rate(truth, found[0][1]):.1%} of the words wrong."
    )
    print(text)
    if not given.dry:
        put("transcribing", text, "Transcription", "python -m bench.transcribing")


if __name__ == "__main__":
    main()
