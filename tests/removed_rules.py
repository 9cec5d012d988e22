"""Draws rules out of docs/requirements.md, takes each away in databases of its own, and watches the tests that carry it fail.

    python -m tests.removed_rules --seed 7 --draw 40            draws, takes away, runs
    python -m tests.removed_rules --seed 7 --draw 40 --list     only tells what would be taken away, and which tests carry it

Drawn are ids whose rule is the database's: a check, a key, an index, a reference, a default, a NOT NULL, a trigger or a step of a
state machine. One statement takes it away after the migrations, in the template of the tests' databases; of the tests those with the
marker run. What a model validates is not taken away here.
"""

import argparse
import asyncio
import io
import random
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from importlib import import_module

import pytest

from tests import databases
from tests.databases import TEMPLATE, Cluster
from tests.persistence.documents import BOOTCAMP, WORKBOOK, Column, tables
from tests.persistence.test_documented_tables import ELSEWHERE, INDEXED
from tests.test_requirements import PAGE, carried

WHOLE = "whole_atelier"
LIVE = {"live_sessions", "session_participants"}
STEPS = {
    "W072": ("progress", "not_started", "in_progress"),
    "W073": ("progress", "in_progress", "completed"),
    "W074": ("progress", "completed", "in_progress"),
    "W075": ("progress", "locked", "not_started"),
    "W195": ("session", "scheduled", "starting"),
    "W196": ("session", "starting", "active"),
    "W197": ("session", "active", "paused"),
    "W198": ("session", "paused", "active"),
    "W199": ("session", "active", "ended"),
    "W200": ("session", "starting", "cancelled"),
}


@dataclass
class Watch:
    """A plugin: runs only what carries the requirement, and notes what fails."""

    requirement: str
    ran: int = 0
    failed: list[str] = field(default_factory=list)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [
            item for item in items if any(self.requirement in mark.args for mark in item.iter_markers("requirement"))
        ]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.ran += report.when == "call"
        if report.failed and report.nodeid not in self.failed:
            self.failed.append(report.nodeid)


def removals() -> dict[str, str]:
    """Of every id that it can be said of, the statement that takes its rule away."""
    found = {
        id_: f"DELETE FROM app.transitions WHERE (machine, from_state, to_state) = {step}"
        for id_, step in STEPS.items()
    }
    for id_, table, stated in _stated():
        if statement := _removal(table, stated):
            found[id_] = statement
    for file in ("workbook", "bootcamp"):
        found |= _checks(file)
    return found


def _stated() -> Iterator[tuple[str, str, str]]:
    """(id, table, what is stated) of every row of a table's section."""
    for section in re.split(r"^### ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE):
        if title := re.search(r"`(\w+)`$", section.splitlines()[0]):
            for id_, stated in re.findall(r"^\| ([WB]\d{3}) \| (.*?) \| ", section, re.MULTILINE):
                yield id_, title[1], stated


def _removal(table: str, stated: str) -> str | None:
    schema = "live" if table in LIVE else "workbook" if table in tables(WORKBOOK) else "bootcamp"
    if index := re.match(r"(?:index `|`INDEX )(\w+)", stated):
        return _without_index(f"{schema}.{table}", index[1])
    column = _column(table, stated)
    if column is not None and f"{table}.{column.name}" in ELSEWHERE:
        return "DROP INDEX identity.idx_users_email" if column.name == "email" else None
    return None if column is None else _without(f"{schema}.{table}", column)


def _column(table: str, stated: str) -> Column | None:
    columns = (tables(WORKBOOK) | tables(BOOTCAMP))[table].columns
    ddl = stated.split(" · ")[-1].strip("`").split()
    return columns.get(ddl[0]) if ddl else None


def _without(table: str, column: Column) -> str | None:
    if column.name in {"created_at", "updated_at"}:
        return f"DROP TRIGGER touch ON {table}"
    if column.references:
        return (
            "DO $$ DECLARE name text; BEGIN SELECT c.conname INTO name FROM pg_constraint c JOIN pg_attribute a "
            f"ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) AND a.attname = '{column.name}' "
            f"WHERE c.contype = 'f' AND c.conparentid = 0 AND c.conrelid = '{table}'::regclass LIMIT 1; "
            f"EXECUTE 'ALTER TABLE {table} DROP CONSTRAINT ' || name; END $$"
        )
    if column.default is not None and column.name != "id":
        return f"ALTER TABLE {table} ALTER COLUMN {column.name} DROP DEFAULT"
    if column.is_required and column.name != "id":
        return f"ALTER TABLE {table} ALTER COLUMN {column.name} DROP NOT NULL"
    return None


def _without_index(table: str, index: str) -> str:
    other, index, _columns = INDEXED.get(index, (None, index, ()))
    table = other or table
    return (
        f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_constraint WHERE conname = '{index}' AND conrelid = '{table}'::regclass) THEN "
        f"ALTER TABLE {table} DROP CONSTRAINT {index}; ELSE DROP INDEX IF EXISTS {table.partition('.')[0]}.{index}, "
        f"identity.{index}; END IF; END $$"
    )


def _checks(file: str) -> dict[str, str]:
    """Of the tables of checks, by the first check that carries an id."""
    module = import_module(f"tests.persistence.test_documented_rules_{file}")
    found: dict[str, str] = {}
    for case in module.REFUSED:
        table, _, constraint = case.values
        schema = "bootcamp" if file == "bootcamp" else "live" if table in LIVE else "workbook"
        for mark in case.marks:
            for id_ in mark.args:
                found.setdefault(id_, f"ALTER TABLE {schema}.{table} DROP CONSTRAINT {constraint}")
    return found


async def take_away(cluster: Cluster, statement: str) -> None:
    await cluster.execute(f"DROP DATABASE {TEMPLATE}")
    await cluster.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE {WHOLE}")
    await cluster.execute(statement, TEMPLATE)


def watched(id_: str) -> str:
    """The tests that fail without the rule, or what was seen instead."""
    files = sorted({test.partition("::")[0] for test in carried()[id_]})
    files = [file for file in files if file.startswith("tests/persistence")] or files
    watch, told = Watch(id_), io.StringIO()
    with redirect_stdout(told), redirect_stderr(told):
        pytest.main(["-q", "-x", "-n", "0", "-p", "no:cacheprovider", *files], plugins=[watch])
    if watch.failed:
        return f"fails: {watch.failed[0]}"
    return f"STILL PASSES ({watch.ran} tests): {(told.getvalue().strip().splitlines() or [''])[-1]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--draw", type=int, default=40)
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_args()
    rules = removals()
    drawn = sorted(random.Random(asked.seed).sample(sorted(rules), asked.draw))
    print(f"seed {asked.seed}: {len(drawn)} of {len(rules)} rules of the database")
    if asked.list:
        for id_ in drawn:
            print(id_, rules[id_], *carried()[id_], sep="\n      ")
        return 0
    survived = 0
    with databases.started() as cluster:
        databases.shared = cluster
        asyncio.run(cluster.execute(f"CREATE DATABASE {WHOLE} TEMPLATE {TEMPLATE}"))
        for id_ in drawn:
            asyncio.run(take_away(cluster, rules[id_]))
            outcome = watched(id_)
            survived += not outcome.startswith("fails")
            print(f"{id_}  {rules[id_][:110]}\n      {outcome}", flush=True)
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
