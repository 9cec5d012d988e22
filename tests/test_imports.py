"""The import rules of docs/architecture.md (invariants 1 to 3), read from the syntax trees of all modules.

A rule looks at every import of a file, also those inside functions and under TYPE_CHECKING.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = {
    "rooms": {"rooms"},
    "persistence": {"persistence", "rooms"},
    "media": {"media", "rooms"},
    "live": {"live", "media", "persistence", "rooms"},
    "run": {"run", "live", "media", "persistence", "rooms"},
}
"""What each layer may import of the project. Tests, benchmarks and the client's schemas stand outside."""

OWNERS = {
    "socketio": "live",
    "engineio": "live",
    "aiortc": "media",
    "av": "media",
    "PIL": "media",
    "asyncpg": "persistence",
}
"""The one layer that may import a library."""

IMPURE_MODULES = frozenset(
    [
        "asyncio",
        "concurrent",
        "ctypes",
        "http",
        "io",
        "locale",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "queue",
        "random",
        "sched",
        "secrets",
        "select",
        "selectors",
        "shutil",
        "signal",
        "socket",
        "socketserver",
        "sqlite3",
        "ssl",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "urllib",
        "warnings",
        "weakref",
    ]
)
"""Modules of the standard library that know a clock, a file, the network, chance, or another thread."""

IMPURE_CALLS = frozenset({"open", "print", "input", "eval", "exec", "breakpoint", "uuid1", "uuid4", "getnode"})
IMPURE_METHODS = frozenset({"now", "utcnow", "today", "uuid1", "uuid4", "getnode"})
"""Clock and chance as `datetime.now()` or `uuid.uuid4()` would reach them."""


def modules(layer: str) -> list[Path]:
    """Files of a layer; `run` is one file."""
    return [ROOT / "run.py"] if layer == "run" else sorted((ROOT / layer).rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """(module, name) of every import; the name is empty for a plain `import module`."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((alias.name, "") for alias in names)
            case ast.ImportFrom(module=str(module), level=0, names=names):
                yield from ((module, alias.name) for alias in names)
            case ast.ImportFrom(module=module, names=names):
                yield from ((f".{module or ''}", alias.name) for alias in names)


def layer_faults(layer: str, source: str) -> list[str]:
    """Imports of `source` that its layer may not have."""
    faults = []
    for module, _name in imports(ast.parse(source)):
        top = module.partition(".")[0]
        if top == "":
            faults.append(f"relative import of {module}")
        elif top in {*LAYERS, "tests", "bench", "static"} and top not in LAYERS[layer]:
            faults.append(f"{layer} imports {module}")
        elif OWNERS.get(top, layer) != layer:
            faults.append(f"{layer} imports {module}, which belongs to {OWNERS[top]}")
    return faults


def purity_faults(source: str) -> list[str]:
    """What in `source` is not a pure function of its arguments (invariant 1).

    `from random import Random` is allowed: a generator that was handed in, or one with a seed, is no chance.
    """
    tree = ast.parse(source)
    faults = []
    for module, name in imports(tree):
        top = module.partition(".")[0]
        if (module, name) == ("random", "Random"):
            continue
        if top in IMPURE_MODULES or top not in {*sys.stdlib_module_names, "pydantic", "pydantic_core", "rooms"}:
            faults.append(f"imports {module}")
        if name in IMPURE_CALLS:
            faults.append(f"imports {module}.{name}")
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="Random"), args=[]):
                faults.append(f"line {node.lineno}: Random() without a seed")
            case ast.Call(func=ast.Name(id=called)) if called in IMPURE_CALLS:
                faults.append(f"line {node.lineno}: calls {called}")
            case ast.Attribute(attr=called) if called in IMPURE_METHODS:
                faults.append(f"line {node.lineno}: uses .{called}")
            case ast.AsyncFunctionDef() | ast.Await():
                faults.append(f"line {node.lineno}: is asynchronous")
    return faults


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_import_downwards_only(layer: str) -> None:
    files = modules(layer)
    faults = {str(file.relative_to(ROOT)): layer_faults(layer, file.read_text()) for file in files}
    assert not {file: found for file, found in faults.items() if found}


def test_the_rules_of_a_session_are_pure() -> None:
    files = modules("rooms")
    assert files, "rooms/ has no files"
    faults = {str(file.relative_to(ROOT)): purity_faults(file.read_text()) for file in files}
    assert not {file: found for file, found in faults.items() if found}


def test_redis_stands_behind_one_module() -> None:
    files = [file for layer in LAYERS for file in modules(layer) if file.exists()]
    users = {
        file
        for file in files
        if any(module.partition(".")[0] == "redis" for module, _ in imports(ast.parse(file.read_text())))
    }
    assert len(users) <= 1, sorted(str(file.relative_to(ROOT)) for file in users)


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        ("rooms", "import persistence.event_log"),
        ("persistence", "from live import host"),
        ("media", "from persistence.database import Pool"),
        ("live", "import asyncpg"),
        ("live", "def f():\n    from aiortc import RTCPeerConnection"),
        ("persistence", "from . import database"),
        ("live", "from tests.conftest import find_free_port"),
    ],
)
def test_a_layer_that_breaks_the_rule_is_found(layer: str, source: str) -> None:
    assert layer_faults(layer, source)


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio",
        "from time import time",
        "import random",
        "from random import choice",
        "from random import Random\nRandom()",
        "import os.path",
        "import structlog",
        "from uuid import uuid4",
        "import uuid\nuuid.uuid4()",
        "from datetime import datetime\ndatetime.now()",
        "open('x')",
        "async def decide(): ...",
    ],
)
def test_an_impure_line_is_found(source: str) -> None:
    assert purity_faults(source)


def test_pure_lines_pass() -> None:
    source = "from random import Random\nfrom datetime import datetime\nimport uuid\nfrom pydantic import BaseModel\nRandom(0)"
    assert purity_faults(source) == []
    assert layer_faults("live", "import socketio\nfrom rooms.room import decide\nimport json") == []
