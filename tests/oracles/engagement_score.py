"""The participation score as it was specified, kept by hand and never imported by the product: it judges rooms/engagement.py.

A pure function of intervals in seconds. It knows no log, no people and no dates; domain.md 6 gives the words.
"""

from math import exp, floor

Interval = list[float]
Intervals = list[Interval]

W = {"attendance": 45, "polls": 20, "interaction": 20, "questions": 15}
GRACE = {"good": 60, "fair": 120, "poor": 180}
GRACE_TOTAL = 0.10
TARGET = 0.90
POLL_MIN = 15


def union(iv: Intervals) -> Intervals:
    out: Intervals = []
    for a, b in sorted(i for i in iv if i[1] > i[0]):
        if out and a <= out[-1][1]:
            out[-1][1] = max(out[-1][1], b)
        else:
            out.append([a, b])
    return out


def minus(iv: Intervals, cut: Intervals) -> Intervals:
    out: Intervals = []
    for start, b in union(iv):
        a = start
        for c, d in union(cut):
            if d <= a or c >= b:
                continue
            if c > a:
                out.append([a, c])
            a = max(a, d)
            if a >= b:
                break
        if a < b:
            out.append([a, b])
    return out


def inter(x: Intervals, y: Intervals) -> Intervals:
    return minus(x, minus(x, y))


def length(iv: Intervals) -> float:
    return sum(b - a for a, b in union(iv))


def bridge(pres: Intervals, live: Intervals, quality: str) -> Intervals:
    """Short drops count as presence; total credit capped at 10 % of the live time. First join / last leave are kept."""
    pres = union(pres)
    g = GRACE.get(quality, 60)
    left = GRACE_TOTAL * length(live)
    out = pres[:1]
    for a, b in pres[1:]:
        gap = length(inter([[out[-1][1], a]], live))
        if gap <= min(g, left):
            left -= gap
            out[-1][1] = b
        else:
            out.append([a, b])
    return out


def score(
    live: Intervals,
    outages: Intervals,
    presence: Intervals,
    polls: list[tuple[float, float, float | None]],
    acts: list[tuple[float, str]],
    questions: list[float],
    quality: str = "good",
    can: tuple[str, ...] = ("polls", "interaction", "questions"),
) -> tuple[int, dict[str, tuple[float, float, float]]]:
    """`live`: ACTIVE intervals. `polls`: (open, close, answered at or None). `acts`: (t, kind). `questions`: weights."""
    live = minus(live, outages)
    total_live = length(live)
    if total_live < 60:
        return 0, {}
    here = inter(bridge(presence, live, quality), live)
    attendance = min(1.0, length(here) / (TARGET * total_live))
    v = {"attendance": attendance}
    if "polls" in can:
        opp = [p for p in polls if p[2] is not None or length(inter([[p[0], p[1]]], here)) >= POLL_MIN]
        if opp:
            v["polls"] = sum(p[2] is not None for p in opp) / len(opp)
    if "interaction" in can:
        minutes: dict[int, set[str]] = {}
        for t, k in acts:
            minutes.setdefault(floor(t / 60), set()).add(k)
        x = sum(1 + 0.5 * min(1, len(k) - 1) for k in minutes.values())
        v["interaction"] = 1 - exp(-x / max(2.0, 0.1 * total_live / 60))
    if "questions" in can:
        v["questions"] = 1 - exp(-min(4.0, sum(questions)))
    gate = min(1.0, attendance / 0.5)
    tot = sum(W[c] for c in v)
    pts = {c: W[c] / tot * 100 * x * (1 if c == "attendance" else gate) for c, x in v.items()}
    return min(100, int(sum(pts.values()) + 0.5)), {
        c: (round(v[c], 3), round(W[c] / tot * 100, 1), round(pts[c], 1)) for c in v
    }
