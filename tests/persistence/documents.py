"""Reads the two documents of docs/documents/: their tables with columns, indexes and uniqueness, their TypeScript interfaces and
enums, and their queries. What the tests expect comes from here and not from the product."""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "documents"
WORKBOOK, BOOTCAMP = "workbook-data-model.md", "bootcamp-data-model.md"

TYPES = {
    "TIMESTAMP": "timestamp with time zone",  # D02
    "VARCHAR": "character varying",
    "DECIMAL": "numeric",
}


@dataclass(frozen=True)
class Column:
    """`type` as Postgres prints it; of an ENUM its labels, and `type` is 'enum'."""

    name: str
    type: str
    labels: tuple[str, ...]
    is_required: bool
    default: str | None
    is_unique: bool
    references: str | None
    on_delete: str | None


@dataclass
class Table:
    columns: dict[str, Column] = field(default_factory=dict)
    indexes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unique: list[tuple[str, ...]] = field(default_factory=list)


@dataclass(frozen=True)
class Field:
    type: str
    is_optional: bool


@cache
def text(document: str) -> str:
    return (FOLDER / document).read_text(encoding="utf-8")


@cache
def tables(document: str) -> dict[str, Table]:
    found: dict[str, Table] = {}
    whole = re.sub(r"--.*", "", text(document))
    for name, body in re.findall(r"CREATE TABLE (\w+) \(\n(.*?)\n\);", whole, re.DOTALL):
        found[name] = Table()
        for line in _entries(body):
            _read_entry(found[name], line)
    for index, name, columns in re.findall(r"CREATE INDEX (\w+) ON (\w+)(?: USING GIN)?\(([^)]*)\)", whole):
        found[name].indexes[index] = _names(columns)
    return found


def _entries(body: str) -> list[str]:
    """Parts between commas that stand in no bracket."""
    parts, depth = [""], 0
    for sign in body:
        depth += (sign == "(") - (sign == ")")
        parts.append("") if sign == "," and not depth else parts.__setitem__(-1, parts[-1] + sign)
    return [" ".join(part.split()) for part in parts if part.strip()]


def _read_entry(table: Table, line: str) -> None:
    if match := re.fullmatch(r"UNIQUE\((.*)\)", line):
        table.unique.append(_names(match[1]))
    elif match := re.fullmatch(r"INDEX (\w+) \((.*)\)", line):
        table.indexes[match[1]] = _names(match[2])
    else:
        column = _column(line)
        table.columns[column.name] = column


def _column(line: str) -> Column:
    match = re.fullmatch(r"(\w+) (\w+(?:\([^)]*\))?(?:\[\])?)(.*)", line)
    assert match, line
    name, type_, rest = match[1], match[2], match[3]
    labels = tuple(re.findall(r"'(\w+)'", type_)) if type_.startswith("ENUM") else ()
    bare = type_.partition("(")[0]
    shown = "enum" if labels else type_.replace(bare, TYPES.get(bare, bare.lower())).replace(" ", "").lower()
    default = re.search(r"DEFAULT ('[^']*'|\w+(?:\(\))?)", rest)
    reference = re.search(r"REFERENCES (\w+)\(id\)(?: ON DELETE (\w+))?", rest)
    return Column(
        name,
        shown if labels or bare not in TYPES else type_.replace(bare, TYPES[bare]),
        labels,
        "NOT NULL" in rest or "PRIMARY KEY" in rest,
        default[1] if default else None,
        "UNIQUE" in rest,
        reference[1] if reference else None,
        reference[2] if reference else None,
    )


def _names(columns: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in columns.split(","))


@cache
def interfaces() -> dict[str, dict[str, Field]]:
    found = {}
    for name, body in re.findall(r"interface (\w+) \{\n(.*?)\n\}", text(WORKBOOK), re.DOTALL):
        lines = [re.sub(r"\s*//.*", "", line).strip() for line in body.splitlines()]
        fields = [re.fullmatch(r"(\w+)(\??): (.*)", line) for line in lines]
        found[name] = {match[1]: Field(match[3], match[2] == "?") for match in fields if match}
    return found


@cache
def enums() -> dict[str, list[str]]:
    found = re.findall(r"enum (\w+) \{\n(.*?)\n\}", text(WORKBOOK), re.DOTALL)
    return {name: re.findall(r"'(\w+)'", body) for name, body in found}


@cache
def queries() -> dict[str, str]:
    """The numbered ones, by their titles."""
    return dict(re.findall(r"^\d+\. \*\*(.*?)\*\*:\n```sql\n(.*?);\n```", text(WORKBOOK), re.DOTALL | re.MULTILINE))


@cache
def constraints() -> dict[str, tuple[str, str]]:
    """(table, condition) of each CHECK that the workbook adds, by its name."""
    found = re.findall(r"ALTER TABLE (\w+)\nADD CONSTRAINT (\w+)\nCHECK \((.*?)\);", text(WORKBOOK))
    return {name: (table, condition) for table, name, condition in found}


@cache
def transitions() -> list[set[tuple[str, str]]]:
    """One set for each block of state transitions, in the document's order: progress, session."""
    blocks = re.findall(r"\*\*State Transitions\*\*:\n```\n(.*?)```", text(WORKBOOK), re.DOTALL)
    found = []
    for block in blocks:
        steps = re.findall(r"^([\w/]+) → (\w+)", block, re.MULTILINE)
        found.append({(one.lower(), after.lower()) for before, after in steps for one in before.split("/")})
    return found
