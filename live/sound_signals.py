"""What is said about sound beside the log (design.md 2.6): an offer comes in on a connection and is answered there, with an answer
or with why there is none. Levels and captions go to whoever is in the place.
"""

from typing import Annotated, Any, Literal, Protocol

from pydantic import StringConstraints

from live.packets import event_frame
from media.utterances import Said
from rooms.feature import Wire

OFFER = "audio.offer"


class Offer(Wire):
    """`sdp` (RFC 8829) with its candidates inside."""

    type: Literal["audio.offer"] = "audio.offer"
    sdp: Annotated[str, StringConstraints(min_length=1)]


class Line(Protocol):
    """The connection an offer came from. What is said to it must not be dropped."""

    def push(self, data: bytes, events: int = 0) -> None: ...

    @property
    def closing_down(self) -> bool: ...


class SoundRefused(Exception):
    """Becomes `audio.refused`. Without `retry_in_s` the client is not to offer again by itself."""

    def __init__(self, code: str, detail: str, retry_in_s: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.retry_in_s = retry_in_s

    @property
    def frame(self) -> bytes:
        return refusal(self.code, self.detail, self.retry_in_s)


def answered(sdp: str) -> bytes:
    return event_frame("signal", {"type": "audio.answer", "sdp": sdp})


def refusal(code: str, detail: str, retry_in_s: float | None = None) -> bytes:
    document: dict[str, Any] = {"type": "audio.refused", "code": code, "detail": detail}
    if retry_in_s is not None:
        document["retryIn"] = round(retry_in_s, 3)
    return event_frame("signal", document)


def levels(place: str | None, loud: dict[str, float]) -> bytes:
    """Of everybody who speaks in a place now, 0 to 1; nobody when it fell silent."""
    where = {} if place is None else {"room": place}
    heard = {user: round(min(1.0, level), 2) for user, level in loud.items()}
    return event_frame("signal", {"type": "audio.levels", "levels": heard, **where})


def caption(said: Said, text: str) -> bytes:
    """What somebody said just now, once it is written down; told once, and kept nowhere."""
    where = {} if said.place is None else {"room": said.place}
    times = {"from": said.from_at.isoformat(), "to": said.to_at.isoformat()}
    return event_frame("signal", {"type": "audio.caption", "userId": said.user, "text": text, **times, **where})
