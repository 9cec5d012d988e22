"""What was said in a recording, by whom and when: the tracks of its speakers put together on one clock, and written as WebVTT, SubRip,
plain text. Pure. Knows users by their ids; who reads gets names from its caller.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from media.transcriber import Segment, Word

SHORTEST_CUE_S = 0.3


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of one person. Seconds since the beginning of the recording."""

    user: str
    segment: Segment

    @property
    def start(self) -> float:
        return self.segment.start


class Timed(Protocol):
    @property
    def start(self) -> float: ...


L = TypeVar("L", bound=Timed)
Name = Callable[[str], str]


def shifted(segment: Segment, by_s: float) -> Segment:
    words = tuple(
        Word(word.word, round(word.start + by_s, 3), round(word.end + by_s, 3), word.confidence)
        for word in segment.words
    )
    return replace(segment, start=round(segment.start + by_s, 3), end=round(segment.end + by_s, 3), words=words)


def merged(tracks: Mapping[str, Iterable[Segment]]) -> list[Line]:
    """In the order in which they began to speak; who spoke at the same time stands one after the other."""
    lines = [Line(user, segment) for user, segments in tracks.items() for segment in segments]
    return sorted(lines, key=lambda line: (line.segment.start, line.segment.end, line.user))


def within(lines: Iterable[L], from_s: float, to_s: float | None) -> Iterator[L]:
    """Those that begin in this part of it; without an end, all that come after."""
    return (line for line in lines if from_s <= line.start and (to_s is None or line.start < to_s))


def confidence_of(segments: Sequence[Segment]) -> float:
    """D28, by time: a long sentence says more than a short one."""
    lasted = [max(segment.end - segment.start, 0.01) for segment in segments]
    sum_ = sum(segment.confidence * each for segment, each in zip(segments, lasted, strict=True))
    return round(sum_ / sum(lasted), 2) if segments else 0.0


# -- as files ---------------------------------------------------------------------------------------------------------------


def as_vtt(lines: Sequence[Line], name: Name) -> str:
    """https://www.w3.org/TR/webvtt1/ with a voice on every cue."""
    cues = [
        f"{_time(line.start, '.')} --> {_time(_end(line), '.')}\n<v {_vtt(name(line.user))}>{_vtt(line.segment.text)}</v>\n"
        for line in lines
    ]
    return "\n".join(["WEBVTT\n", *cues])


def as_srt(lines: Sequence[Line], name: Name) -> str:
    return "\n".join(
        f"{number}\n{_time(line.start, ',')} --> {_time(_end(line), ',')}\n{_arrowless(name(line.user))}: {_arrowless(line.segment.text)}\n"
        for number, line in enumerate(lines, 1)
    )


def as_text(lines: Sequence[Line], name: Name) -> str:
    """A paragraph for each turn of somebody, with the time at which it begins."""
    paragraphs: list[str] = []
    speaks: str | None = None
    for line in lines:
        if line.user != speaks:
            paragraphs.append(f"[{_time(line.start, '.')[:-4]}] {_plain(name(line.user))}: {line.segment.text}")
            speaks = line.user
        else:
            paragraphs[-1] += f" {line.segment.text}"
    return "\n\n".join(paragraphs) + "\n" if paragraphs else ""


def _end(line: Line) -> float:
    return max(line.segment.end, line.start + SHORTEST_CUE_S)


def _time(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1_000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1_000:02}{point}{milliseconds % 1_000:03}"


def _plain(text: str) -> str:
    return " ".join(text.split())


def _vtt(text: str) -> str:
    """WebVTT 4.2.2: no markup of somebody's, no line that ends a cue, no arrow that begins one (attack 59)."""
    return _plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _arrowless(text: str) -> str:
    """SubRip knows no escapes; some players read markup."""
    return _plain(text).replace("-->", "→").replace("<", "‹").replace(">", "›")
