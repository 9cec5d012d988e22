"""The generated descriptions of the protocol are those that rooms/protocol.py gives today (`make types` renews them)."""

import shutil
import subprocess
from pathlib import Path

from static.schemas import SCHEMAS, render_schemas

ROOT = Path(__file__).resolve().parents[1]
PROTOCOL_TS = ROOT / "static" / "src" / "session" / "protocol.ts"


def test_the_json_schemas_are_fresh() -> None:
    fresh = render_schemas()
    assert {file.name for file in SCHEMAS.glob("*.json")} == set(fresh)
    assert {name: (SCHEMAS / name).read_text(encoding="utf-8") for name in fresh} == fresh, "run `make types`"


def test_the_types_of_the_client_are_fresh(tmp_path: Path) -> None:
    node = shutil.which("node", path=str(ROOT / ".venv" / "bin"))
    assert node, "run `make setup`"
    fresh = tmp_path / "protocol.ts"
    subprocess.run([node, ROOT / "static" / "types.mjs", fresh], check=True, timeout=60)
    assert PROTOCOL_TS.read_text(encoding="utf-8") == fresh.read_text(encoding="utf-8"), "run `make types`"
