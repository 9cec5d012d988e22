"""The lane beside the log: what is newest wins, nothing is stored, anything may be dropped (design.md 2.6). What people tell each
other in passing is declared by the features; here it is bounded, stamped with its sender and passed on at most ten times a
second to those who are where it is heard. A ping is answered at once, and what it reports of the line becomes the person's
connection quality (W220) when it has stayed the same for a while. An offer of sound is handed on to live/sound.py.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Protocol
from uuid import uuid4

import structlog
from pydantic import Field, ValidationError

from live import limits
from live.delivery import Passing, Viewer
from live.host import Host
from live.packets import event_frame
from live.signal_lane import SignalLane
from live.sound import Sound
from live.sound_signals import OFFER
from live.sound_signals import Line as SoundLine
from rooms.feature import Context, Signal, Wire
from rooms.ids import UserId
from rooms.participants import Quality, RateConnection
from rooms.protocol import SIGNAL_TYPES, SIGNALS
from rooms.refusal import Refused

log = structlog.get_logger("signals")

SAME_RATINGS = 3
POOR_RTT_MS, FAIR_RTT_MS = 500, 200
POOR_LOSS, FAIR_LOSS = 0.08, 0.02
Share = Annotated[float, Field(ge=0, le=1)]
Milliseconds = Annotated[float, Field(ge=0, le=600_000)]


class Ping(Wire):
    """`t` comes back as it is. `rtt` in milliseconds and `loss` from 0 to 1 are what the client measured before."""

    type: Literal["ping"] = "ping"
    t: Annotated[float, Field(ge=0, le=2**53)]
    rtt: Milliseconds | None = None
    loss: Share | None = None


PING = "ping"
KNOWN = frozenset({PING, OFFER, *(str(kind.model_fields["type"].default) for kind in SIGNAL_TYPES)})
Kind = tuple[str, str]  # type, key


@dataclass(frozen=True, slots=True)
class Waiting:
    """The newest of its kind since the last were passed on."""

    signal: Signal
    frame: bytes
    admin: bool


class Line(SoundLine, Protocol):
    def push_if_idle(self, data: bytes) -> None: ...

    def misbehave(self, why: str) -> None: ...


@dataclass
class Ratings:
    """What the pings of one person said lately, and when a change was last told."""

    latest: list[Quality] = field(default_factory=list)
    told: Quality | None = None
    told_at: float = 0.0


class Signals:
    def __init__(self, sound: Sound, lane: SignalLane) -> None:
        self._sound = sound
        self._lane = lane
        self._waiting: dict[Host, dict[UserId, dict[Kind, Waiting]]] = {}
        self._ratings: dict[tuple[str, UserId], Ratings] = {}

    def receive(
        self, host: Host | None, viewer: Viewer | None, line: Line, argument: Any, *, admin: bool = False
    ) -> None:
        """Never waits. What does not fit is dropped without a word, but for an offer; what is not even a signal counts as
        malformed."""
        kind = argument.get("type") if isinstance(argument, dict) else None
        if not isinstance(kind, str) or kind not in KNOWN:
            line.misbehave("not a signal")
        elif kind == PING:
            self._receive_ping(host, viewer, line, argument)
        elif kind == OFFER:
            self._sound.receive(host, viewer, line, argument)
        elif host is not None and viewer is not None:
            self._receive(host, viewer.user, argument, admin)

    def _receive_ping(self, host: Host | None, viewer: Viewer | None, line: Line, argument: Mapping[str, Any]) -> None:
        try:
            ping = Ping.model_validate(argument, by_alias=True, by_name=False)
        except ValidationError:
            line.misbehave("not a ping")
            return
        line.push_if_idle(event_frame("signal", {"type": "pong", "t": ping.t}))
        if host is not None and viewer is not None and ping.rtt is not None:
            self._rate(host, viewer.user, rating(ping.rtt, ping.loss or 0.0))

    def _receive(self, host: Host, user: UserId, argument: Mapping[str, Any], admin: bool) -> None:
        """Nobody says who they are: the sender is whose connection it is (attack 51)."""
        try:
            signal: Signal = SIGNALS.validate_python(argument, by_alias=True, by_name=False)
        except ValidationError:
            return
        document = signal.model_dump(mode="json", by_alias=True, exclude_unset=True)
        frame = event_frame("signal", {**document, "from": user})
        if len(frame) > limits.SIGNAL_BYTES_MAX:
            return
        waiting = self._waiting.setdefault(host, {}).setdefault(user, {})
        kind = (signal.type, signal.key)
        if waiting.pop(kind, None) is not None or len(waiting) < limits.SIGNALS_WAITING_MAX:
            waiting[kind] = Waiting(signal, frame, admin)

    async def keep_passing_on(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(limits.SIGNALS_EVERY_S)
            newest, self._waiting = self._waiting, {}
            for host, waiting in newest.items():
                try:
                    self._pass_on(host, waiting)
                except Exception:
                    log.exception("signals were not passed on", session=host.session)

    def _pass_on(self, host: Host, waiting: Mapping[UserId, Mapping[Kind, Waiting]]) -> None:
        """Where it is heard, and whether its sender may still send it, is asked of the state as it is now."""
        at = host.now()
        passing = []
        for user, kinds in waiting.items():
            if user not in host.audience.by_user:  # gone meanwhile
                continue
            for each in kinds.values():
                context = Context(host.session, user, at, new_id=_no_id, admin=each.admin)
                with suppress(Refused):
                    passing.append(Passing(user, each.signal.place(host.room, context), each.frame))
        if passing:
            self._lane.signal(host, passing)

    def _rate(self, host: Host, user: UserId, quality: Quality) -> None:
        """A change is told once three pings in a row agree, and at most every ten seconds: it is an event for everybody's log."""
        ratings = self._ratings.setdefault((host.session, user), Ratings())
        ratings.latest = [*ratings.latest[-(SAME_RATINGS - 1) :], quality]
        now = asyncio.get_running_loop().time()
        settled = len(ratings.latest) == SAME_RATINGS and set(ratings.latest) == {quality}
        if settled and quality != ratings.told and now - ratings.told_at >= limits.QUALITY_EVERY_S:
            ratings.told, ratings.told_at = quality, now
            host.enqueue(None, RateConnection(user_id=user, quality=quality), str(uuid4()))

    def hang_up(self, host: Host, user: UserId) -> None:
        self._sound.hang_up(host, user)

    def forget(self, session: str, user: UserId) -> None:
        self._ratings.pop((session, user), None)


def _no_id() -> str:
    raise AssertionError("a signal makes nothing")


def rating(rtt_ms: float, loss: float) -> Quality:
    if rtt_ms > POOR_RTT_MS or loss > POOR_LOSS:
        return "poor"
    return "fair" if rtt_ms > FAIR_RTT_MS or loss > FAIR_LOSS else "good"
