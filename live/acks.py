"""The answer to a command, the same over the socket and over REST."""

from collections.abc import Callable
from typing import Any, TypeAlias

from rooms.refusal import Refused
from rooms.values import value


@value(frozen=True, slots=True)
class Ack:
    """`seq`: the head after the command, also of one without effect. A refusal has a `code` (rooms/refusal.py)."""

    ok: bool
    seq: int | None = None
    code: str | None = None
    detail: str | None = None
    retry_after_s: float | None = None
    allowed: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        if self.ok:
            return {"ok": True, "seq": self.seq}
        document: dict[str, Any] = {"ok": False, "code": self.code, "detail": self.detail}
        if self.retry_after_s is not None:
            document["retryAfter"] = round(self.retry_after_s, 3)
        if self.allowed:
            document["allowed"] = list(self.allowed)
        return document


Release: TypeAlias = Callable[[], None]
Answer: TypeAlias = Callable[[Ack], Release | None]
"""Gives somebody their ack; or keeps it back for the event that is about to follow, so that both leave in one write: then it returns
what lets the ack go by itself, for whoever was sent no event."""


def done(seq: int) -> Ack:
    return Ack(ok=True, seq=seq)


def refused(code: str, detail: str, *, retry_after_s: float | None = None) -> Ack:
    return Ack(ok=False, code=code, detail=detail, retry_after_s=retry_after_s)


def refusal(error: Refused) -> Ack:
    return Ack(ok=False, code=error.code, detail=error.detail, retry_after_s=error.retry_after_s, allowed=error.allowed)
