"""Bars for docs/performance.md, where looking is quicker than reading: one row for each name, its median as a bar, the smallest and the
largest of the runs as a line over it. Ours stands out; light and dark as the reader's browser has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bench.page import PAGE

WIDTH, NAMES, ROW, TOP = 760, 210, 30, 44
STYLE = """text { font: 13px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600 } .bar { fill: #8c959f }
.ours { fill: #1a7f64 } line { stroke: #24292f; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .bar { fill: #6e7681 } .ours { fill: #3fb68b } line { stroke: #e6edf3 } }"""


@dataclass(frozen=True)
class Bar:
    name: str
    median: float
    low: float
    high: float
    ours: bool = False


def draw(name: str, title: str, bars: Sequence[Bar], unit: str) -> str:
    """Writes the plot beside the page; returns the line of Markdown that shows it, with the figures for whoever cannot see it."""
    most = max(bar.high for bar in bars)
    scale = (WIDTH - NAMES - 90) / most
    rows = []
    for number, bar in enumerate(bars):
        top = TOP + number * ROW
        end, low, high = (NAMES + value * scale for value in (bar.median, bar.low, bar.high))
        kind = "bar ours" if bar.ours else "bar"
        rows += [
            f'<text x="{NAMES - 8}" y="{top + 15}" text-anchor="end">{escape(bar.name)}</text>',
            f'<rect class="{kind}" x="{NAMES}" y="{top}" width="{end - NAMES:.1f}" height="20" rx="2"/>',
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{top + 10}" y2="{top + 10}"/>',
            f'<text x="{max(end, high) + 8:.1f}" y="{top + 15}">{bar.median:.3g} {escape(unit)}</text>',
        ]
    told = f"{title}: " + ", ".join(f"{bar.name} {bar.median:.3g} {unit}" for bar in bars)
    height = TOP + len(bars) * ROW + 6
    target = PAGE.parent / "plots" / f"{name}.svg"
    target.parent.mkdir(exist_ok=True)
    target.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">\n'
        f"<title>{escape(told)}</title>\n<style>{STYLE}</style>\n"
        f'<text class="title" x="8" y="22">{escape(title)}</text>\n' + "\n".join(rows) + "\n</svg>\n"
    )
    return f"![{told}](plots/{name}.svg)"
