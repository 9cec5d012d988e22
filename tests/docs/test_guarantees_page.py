"""The tables "Attacks" and "Faults" of docs/guarantees.md: every number that this release answers for, and only tests that exist."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
REQUIRED = {*range(1, 44), *range(47, 75)}
FAULTS_REQUIRED = {*range(1, 20), 24, 25, 26}


def rows(heading: str = "Attacks", before: str = "") -> dict[int, list[str]]:
    """Number to the tests named in its row. `before`: what stands before the number."""
    table = (ROOT / "docs" / "guarantees.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = [line.split(" | ") for line in table.splitlines() if re.match(rf"\| {before}\d+ \|", line)]
    assert all(len(cells) == 4 and all(cell.strip(" |") for cell in cells) for cells in found), (
        "every cell says something"
    )
    numbers = [int(cells[0].strip(f"| {before}")) for cells in found]
    assert len(set(numbers)) == len(numbers), "a row for each number"
    return {number: re.findall(r"`([^`]+)`", cells[3]) for number, cells in zip(numbers, found, strict=True)}


@cache
def found_in(path: str) -> frozenset[str]:
    """`test_x`, or `TestClass::test_x`; what runs, told from the source."""
    tree = ast.parse((ROOT / path).read_text())
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    names = {each.name for each in tree.body if isinstance(each, functions)}
    classes = [each for each in tree.body if isinstance(each, ast.ClassDef)]
    names |= {f"{each.name}::{inner.name}" for each in classes for inner in each.body if isinstance(inner, functions)}
    return frozenset(name for name in names if name.rpartition("::")[2].startswith("test_"))


def test_every_required_attack_has_a_row_with_tests() -> None:
    named = rows()
    assert named.keys() >= REQUIRED, sorted(REQUIRED - named.keys())
    assert [number for number, tests in named.items() if not tests] == []


def test_every_required_fault_has_a_row_with_tests_in_order() -> None:
    named = rows("Faults", "F")
    assert named.keys() >= FAULTS_REQUIRED, sorted(FAULTS_REQUIRED - named.keys())
    assert list(named) == sorted(named)
    assert [number for number, tests in named.items() if not tests] == []


def test_every_named_test_exists() -> None:
    missing = []
    for number, tests in [*rows().items(), *rows("Faults", "F").items()]:
        for each in tests:
            path, _colons, name = each.partition("::")
            if not (ROOT / path).is_file() or name not in found_in(path):
                missing.append(f"{number}: {each}")
    assert missing == []
