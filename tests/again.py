"""pytest with the arguments it is given; what failed, if that is little, is tried once more, alone, and told to be unsteady if it passes.

    python -m tests.again -q -n 4 tests

More than a few failures are no chance, and neither is a collection that fails or what a kill loses: then it is as pytest ended.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "again"
FAILED_MAX = 3
FINAL = "tests/faults/test_kill_server.py"
TESTS_FAILED = 1  # pytest's exit code


def _pytest(*arguments: str) -> int:
    command = [sys.executable, "-m", "pytest", *arguments, "-o", f"cache_dir={CACHE}", "--cache-clear"]
    return subprocess.run(command, cwd=ROOT).returncode


def _failed() -> list[str]:
    """Their ids, of the last run."""
    file = CACHE / "v" / "cache" / "lastfailed"
    return sorted(json.loads(file.read_text())) if file.is_file() else []


def main(arguments: Sequence[str]) -> int:
    code, failed = _pytest(*arguments), _failed()
    if code != TESTS_FAILED or not 0 < len(failed) <= FAILED_MAX or any(name.startswith(FINAL) for name in failed):
        return code
    print(
        f"\n{len(failed)} failed beside others and {'is' if len(failed) == 1 else 'are'} tried once more, alone\n",
        flush=True,
    )
    code = _pytest("-q", *failed)
    still = _failed()
    for name in failed:
        again = name in still or (code and not still)
        print(f"{'FAILED TWICE' if again else 'UNSTEADY, failed and then passed alone'}: {name}", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
