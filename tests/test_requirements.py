"""Every requirement of docs/requirements.md is carried by a test, or has a reason there why none can.

Markers are read from the tests' source, so that what is deselected or fails to import counts as much as what runs. That a
test would fail without its rule is not seen here: `python -m tests.removed_rules` takes rules away and looks.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "requirements.md"
ROW = re.compile(r"^\| ([WB]\d{3}|[DP]\d{1,2}) \| ", re.MULTILINE)


@cache
def stated() -> tuple[list[str], dict[str, str]]:
    """Ids in the page's order, and the reasons of those that are exempted."""
    page, _, exemptions = PAGE.read_text(encoding="utf-8").partition("\n## Exemptions\n")
    reasons = [line.strip("| ").split(" | ", 1) for line in exemptions.splitlines() if ROW.match(line)]
    return ROW.findall(page), {row[0]: row[1] if len(row) > 1 else "" for row in reasons}


def marked(source: str) -> Iterator[tuple[str, str]]:
    """(id, test) of one file: of decorators, of `pytest.param(…, marks=…)` and of a module's `pytestmark`."""
    for top in ast.parse(source).body:
        place = top.name if isinstance(top, ast.FunctionDef | ast.AsyncFunctionDef) else "table"
        for call in ast.walk(top):
            if isinstance(call, ast.Call) and _name(call.func) == "requirement":
                for part in [part for argument in call.args for part in ast.walk(argument)]:
                    assert isinstance(part, ast.Constant | ast.Starred | ast.Tuple | ast.Load), (
                        f"{place}: ids are written out"
                    )
                    if isinstance(part, ast.Constant):
                        yield str(part.value), place


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


@cache
def carried() -> dict[str, list[str]]:
    """Tests by the id that they carry, as `tests/api/test_notes.py::test_x`."""
    found = defaultdict(list)
    for file in sorted(TESTS.rglob("test_*.py")):
        for id_, test in marked(file.read_text(encoding="utf-8")):
            found[id_].append(f"{file.relative_to(TESTS.parent)}::{test}")
    return dict(found)


def test_the_page_is_whole() -> None:
    ids, reasons = stated()
    assert len(ids) == len(set(ids))
    whole = {f"{letter}{number:0{width}}" for letter, width, last in SETS for number in range(1, last + 1)}
    assert set(ids) == whole
    assert all(len(reason) > 20 for reason in reasons.values())


SETS = (("W", 3, 258), ("B", 3, 330), ("D", 2, 85), ("P", 1, 12))


def test_every_requirement_is_carried_by_a_test_or_exempted() -> None:
    ids, reasons = stated()
    assert [id_ for id_ in ids if id_ not in carried() and id_ not in reasons] == []


def test_no_test_carries_what_is_not_required_or_was_exempted() -> None:
    ids, reasons = stated()
    assert {id_: tests for id_, tests in carried().items() if id_ not in ids} == {}
    assert {id_: tests for id_, tests in carried().items() if id_ in reasons} == {}
    assert reasons.keys() <= set(ids)


def test_the_reader_sees_every_way_of_marking() -> None:
    source = """
pytestmark = pytest.mark.requirement("W001")
CASES = [pytest.param(1, marks=pytest.mark.requirement("W002", "W003")), pytest.param(2, marks=requirement("W004"))]
@pytest.mark.parametrize("x", [pytest.param(1, marks=[pytest.mark.requirement("W005")])])
@pytest.mark.requirement(*("W006",))
async def test_x(): ...
class TestX:
    @pytest.mark.requirement("W007")
    def test_y(self): ...
"""
    assert {id_ for id_, _ in marked(source)} == {f"W00{number}" for number in range(1, 8)}
