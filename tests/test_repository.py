"""What stands in the repository: its top level, no host of a package registry, no path of one machine.

Looks at the files as they lie there, without git, minus what .gitignore keeps out.
"""

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

FIXED = {"live", "rooms", "persistence", "static", "tests", "run.py", "pyproject.toml", "README.md"}
ALSO = {"bench", "docs", ".ci", "Makefile"}
LATER = {"media"}
"""Is fixed too, and comes with the sound."""
FILES = {
    *(".editorconfig", ".gitignore", ".pre-commit-config.yaml", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"),
    *("requirements.in", "requirements.lock", "requirements-dev.in", "requirements-dev.lock"),
    *("requirements-transcribe.in", "requirements-transcribe.lock", "requirements-transcribe-multilingual.lock"),
}
FOREIGN_LOCKS = {"uv.lock", "poetry.lock", "Pipfile.lock", "pylock.toml", "yarn.lock", "pnpm-lock.yaml"}
"""Lock formats that carry the hosts of registries, or would be a second truth beside ours."""

HOSTS = ["pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "yarn" + "pkg.com"]
MACHINE_PATHS = re.compile(r"(?<![\w.\-/])/(?:wo" + r"rk|ro" + r"ot|home/\w+|Users/\w+)/")


def ignored(path: Path) -> bool:
    """Whether .gitignore keeps this path out; knows the simple patterns that file has."""
    relative = path.relative_to(ROOT).as_posix()
    patterns = [line for line in (ROOT / ".gitignore").read_text().split() if not line.startswith("#")]
    return any(
        fnmatch("/" + relative, pattern.rstrip("/"))
        if pattern.startswith("/")
        else fnmatch(path.name, pattern.rstrip("/"))
        for pattern in [*patterns, ".git"]
    )


def committed() -> Iterator[Path]:
    """Every file that is, or could be, committed."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not ignored(Path(folder, name))]
        yield from (Path(folder, name) for name in files if not ignored(Path(folder, name)))


def faults(text: str) -> list[str]:
    """Registry hosts and machine paths in a text."""
    return [host for host in HOSTS if host in text] + [found.group() for found in MACHINE_PATHS.finditer(text)]


def test_no_file_names_a_registry_or_a_machine_path() -> None:
    found = {}
    for file in committed():
        try:
            wrong = faults(file.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            continue
        if wrong:
            found[str(file.relative_to(ROOT))] = wrong
    assert not found


def test_the_search_finds_what_it_is_for() -> None:
    assert faults("https://" + HOSTS[0] + "/simple")
    assert faults("cd /ro" + "ot/atelier")
    assert faults("see /wo" + "rk/main/run.py")
    assert not faults("https://example.org/work/1 and ./home/x/ and $HOME/work/")


def test_the_top_level_is_the_one_of_the_design() -> None:
    names = {entry.name for entry in ROOT.iterdir() if not ignored(entry)}
    assert names - FIXED - ALSO - LATER - FILES == set(), "nothing else belongs at the top level"
    assert names >= FIXED | ALSO, "these belong at the top level"


def test_there_are_no_locks_of_other_tools() -> None:
    assert not [file for file in committed() if file.name in FOREIGN_LOCKS]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_python_package_is_pinned_by_hash(lock: str) -> None:
    requirements = re.findall(
        r"^[a-z0-9][^\n\\]*\\\n(?:    --hash=sha256:[0-9a-f]{64}[^\n]*\n)+", (ROOT / lock).read_text(), re.MULTILINE
    )
    names = re.findall(r"^[a-z0-9][^\n]*==", (ROOT / lock).read_text(), re.MULTILINE)
    assert names
    assert len(requirements) == len(names)


@pytest.mark.parametrize("lock", ["static/package-lock.json", "tests/browser/package-lock.json"])
def test_every_client_package_is_pinned_by_hash_without_a_host(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert '"resolved"' not in text
    assert text.count('"integrity"') > 10
