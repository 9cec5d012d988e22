"""The lane beside the log: what is newest wins, nothing is stored, anything may be dropped (design.md 2.6). Typing is passed on
at most ten times a second; a ping is answered at once, and what it reports of the line becomes the person's connection quality
(W220) when it has stayed the same for a while.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Protocol
from uuid import uuid4

from pydantic import Field, TypeAdapter, ValidationError

from live import limits
from live.delivery import Viewer
from live.host import Host
from live.packets import event_frame
from rooms.feature import Flag, Wire
from rooms.ids import UserId
from rooms.participants import Quality, RateConnection

SAME_RATINGS = 3
POOR_RTT_MS, FAIR_RTT_MS = 500, 200
POOR_LOSS, FAIR_LOSS = 0.08, 0.02
Share = Annotated[float, Field(ge=0, le=1)]
Milliseconds = Annotated[float, Field(ge=0, le=600_000)]


class Typing(Wire):
    type: Literal["typing"] = "typing"
    on: Flag


class Ping(Wire):
    """`t` comes back as it is. `rtt` in milliseconds and `loss` from 0 to 1 are what the client measured before."""

    type: Literal["ping"] = "ping"
    t: Annotated[float, Field(ge=0, le=2**53)]
    rtt: Milliseconds | None = None
    loss: Share | None = None


SIGNALS: TypeAdapter[Typing | Ping] = TypeAdapter(Annotated[Typing | Ping, Field(discriminator="type")])


class Line(Protocol):
    def push_if_idle(self, data: bytes) -> None: ...

    def misbehave(self, why: str) -> None: ...


@dataclass
class Ratings:
    """What the pings of one person said lately, and when a change was last told."""

    latest: list[Quality] = field(default_factory=list)
    told: Quality | None = None
    told_at: float = 0.0


class Signals:
    def __init__(self) -> None:
        self._typing: dict[tuple[Host, UserId], bool] = {}
        self._ratings: dict[tuple[str, UserId], Ratings] = {}

    def receive(self, host: Host | None, viewer: Viewer | None, line: Line, argument: Any) -> None:
        try:
            signal = SIGNALS.validate_python(argument)
        except ValidationError:
            line.misbehave("not a signal")
            return
        if isinstance(signal, Ping):
            line.push_if_idle(event_frame("signal", {"type": "pong", "t": signal.t}))
            if host is not None and viewer is not None and signal.rtt is not None:
                self._rate(host, viewer.user, rating(signal.rtt, signal.loss or 0.0))
        elif host is not None and viewer is not None and viewer.standing.admitted:
            self._typing[(host, viewer.user)] = signal.on

    async def keep_passing_on(self) -> None:
        """Until cancelled: the newest of each person, at most every tenth of a second."""
        while True:
            await asyncio.sleep(limits.TYPING_EVERY_S)
            newest, self._typing = self._typing, {}
            for (host, user), on in newest.items():
                viewers = host.audience.by_user.get(user)
                if viewers:
                    standing = next(iter(viewers)).standing
                    host.audience.signal(user, {"type": "typing", "on": on}, standing)

    def _rate(self, host: Host, user: UserId, quality: Quality) -> None:
        """A change is told once three pings in a row agree, and at most every ten seconds: it is an event for everybody's log."""
        ratings = self._ratings.setdefault((host.session, user), Ratings())
        ratings.latest = [*ratings.latest[-(SAME_RATINGS - 1) :], quality]
        now = asyncio.get_running_loop().time()
        settled = len(ratings.latest) == SAME_RATINGS and set(ratings.latest) == {quality}
        if settled and quality != ratings.told and now - ratings.told_at >= limits.QUALITY_EVERY_S:
            ratings.told, ratings.told_at = quality, now
            host.enqueue(None, RateConnection(user_id=user, quality=quality), str(uuid4()))

    def forget(self, session: str, user: UserId) -> None:
        self._ratings.pop((session, user), None)


def rating(rtt_ms: float, loss: float) -> Quality:
    if rtt_ms > POOR_RTT_MS or loss > POOR_LOSS:
        return "poor"
    return "fair" if rtt_ms > FAIR_RTT_MS or loss > FAIR_LOSS else "good"
