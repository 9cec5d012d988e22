"""How long something took, again and again: counted by bucket, so that it may be done for every command. Knows no clock and no
name; whoever wants to know reads the numbers.
"""

from bisect import bisect_left
from collections.abc import Sequence

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Durations:
    """`counts[i]` took at most `BOUNDS_S[i]`, and longer than the bound before it; the last one is everything longer."""

    __slots__ = ("counts", "sum_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_S) + 1)
        self.sum_s = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS_S, seconds)] += 1
        self.sum_s += seconds


def quantile_s(counts: Sequence[int], share: float) -> float | None:
    """Within its bucket as if evenly spread, as Prometheus does; None of nothing, the last bound of what is beyond it."""
    total = sum(counts)
    if total == 0:
        return None
    rank, below = share * total, 0
    for index, count in enumerate(counts[:-1]):
        if count and below + count >= rank:
            lower = BOUNDS_S[index - 1] if index else 0.0
            return lower + (BOUNDS_S[index] - lower) * (rank - below) / count
        below += count
    return BOUNDS_S[-1]
