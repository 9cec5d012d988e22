"""docs/performance.md: each benchmark puts its figures between two marks of its own and leaves the rest alone."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"


def put(mark: str, text: str, title: str, command: str) -> None:
    """A benchmark that is not there yet gets a section with its `title` at the end."""
    start, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    page = PAGE.read_text()
    if start not in page:
        page = f"{page.rstrip()}\n\n## {title}\n\n`{command}`\n\n{start}\n{end}\n"
    before, rest = page.split(start)
    PAGE.write_text(f"{before}{start}\n{text.rstrip()}\n\nWith {machine()}.\n{end}{rest.split(end)[1]}")


def machine() -> str:
    node = subprocess.run([str(ROOT / ".venv/bin/node"), "--version"], capture_output=True, text=True, check=True)
    parts = [
        f"Python {platform.python_version()}",
        f"Node {node.stdout.strip().removeprefix('v')}",
        f"{os.cpu_count()} cores",
    ]
    return ", ".join(parts + [f"{name} {version(name)}" for name in ("aiohttp", "python-socketio", "asyncpg")])
