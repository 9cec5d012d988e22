"""Sets of time as spans of seconds: union, difference, intersection, length. Knows no clock and no session."""

from collections.abc import Iterable

# From, to. In what these functions return spans are sorted, disjoint and not empty.
Span = tuple[float, float]
Spans = list[Span]


def union(spans: Iterable[Span]) -> Spans:
    merged: Spans = []
    for start, end in sorted(span for span in spans if span[1] > span[0]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def without(spans: Iterable[Span], cuts: Iterable[Span]) -> Spans:
    left, cut = [], union(cuts)
    for start, end in union(spans):
        for cut_start, cut_end in cut:
            if cut_end <= start or cut_start >= end:
                continue
            if cut_start > start:
                left.append((start, cut_start))
            start = max(start, cut_end)
        if start < end:
            left.append((start, end))
    return left


def both(one: Iterable[Span], other: Iterable[Span]) -> Spans:
    held = union(one)
    return without(held, without(held, other))


def length(spans: Iterable[Span]) -> float:
    return sum(end - start for start, end in union(spans))
