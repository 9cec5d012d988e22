"""A voice as it comes over a network that can be told what to do to it: the wall time of every packet is known, so that it can be
asked where a packet ended up."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from media.timeline import RATE, Placed, Timeline

TOC = {10: 0xF0, 20: 0xF8, 40: 0x50, 60: 0x58}
"""First bytes of packets of one frame of so many milliseconds, mono."""


@dataclass(frozen=True)
class Sent:
    spoken_at: float  # when its first sample was spoken, seconds on the wall
    timestamp: int
    packet: bytes
    arrives_at: float


def spoken(length_s: float, *, packet_ms: int = 20, from_s: float = 0.0, timestamp: int = 1_000) -> list[Sent]:
    """A person who talks without a pause; every packet is another."""
    count = round(length_s * 1000 / packet_ms)
    step = RATE * packet_ms // 1000
    return [
        Sent(
            from_s + number * packet_ms / 1000,
            (timestamp + number * step) % (1 << 32),
            bytes([TOC[packet_ms]]) + number.to_bytes(4, "big"),
            from_s + (number + 1) * packet_ms / 1000,
        )
        for number in range(count)
    ]


def lossy(sent: Sequence[Sent], share: float, seed: int = 7) -> list[Sent]:
    chance = random.Random(seed)
    return [each for each in sent if chance.random() >= share]


def jittery(sent: Sequence[Sent], jitter_s: float, seed: int = 7) -> list[Sent]:
    """Every packet is late by anything up to that, so they overtake each other."""
    chance = random.Random(seed)
    return [replace(each, arrives_at=each.arrives_at + chance.uniform(0, jitter_s)) for each in sent]


def without(sent: Sequence[Sent], from_s: float, to_s: float) -> list[Sent]:
    return [each for each in sent if not from_s <= each.spoken_at < to_s]


def restamped(sent: Sequence[Sent], from_s: float, change: Callable[[int], int]) -> list[Sent]:
    """From that moment on the sender counts differently."""
    return [
        replace(each, timestamp=change(each.timestamp) % (1 << 32)) if each.spoken_at >= from_s else each
        for each in sent
    ]


def arriving(sent: Sequence[Sent]) -> Iterator[Sent]:
    return iter(sorted(sent, key=lambda each: each.arrives_at))


def placed(sent: Sequence[Sent], timeline: Timeline | None = None) -> list[Placed]:
    """Where they end up, with the timeline asked every 100 ms."""
    timeline = timeline or Timeline()
    given: list[Placed] = []
    asked_at = 0.0
    for each in arriving(sent):
        while asked_at < each.arrives_at:
            given += timeline.due(asked_at)
            asked_at += 0.1
        timeline.hear(each.packet, each.timestamp, each.arrives_at)
    return given + timeline.cut(asked_at + 1.0)


def misplacements_s(sent: Sequence[Sent], given: Sequence[Placed]) -> list[float]:
    """By how much each packet that was kept is off the moment when it was spoken (later is positive)."""
    spoken_at = {each.packet: each.spoken_at for each in sent}
    return [each.position / RATE - spoken_at[each.packet] for each in given]
