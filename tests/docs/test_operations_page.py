"""docs/operations.md names every setting that is read, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    source = (ROOT / "live" / "settings.py").read_text()
    read = set(re.findall(r'environ(?:\.get)?[\[(, ]+"([A-Z_]+)"', source)) | set(
        re.findall(r'environ, "([A-Z_]+)"', source)
    )
    page = (ROOT / "docs" / "operations.md").read_text()
    settings = page.split("## Settings")[1].split("\n## ")[0]
    documented = {
        name
        for row in settings.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])
    }
    assert len(read) > 5
    assert read == documented
