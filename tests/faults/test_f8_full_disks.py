"""F8: disks without a byte left, under load. Without room for Postgres sessions are read-only, commands are told `unavailable` and
health is red; without room for the store pictures are refused and a recording says what is missing, and rooms go on. With room again
all goes on alone; nothing that was acknowledged is lost.

Once; with FAULTS=long five times (`make faults`). FAULT_SEED repeats a run; one that fails stays in `.cache/faults`.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.outcome import fresh_seed, is_long
from tests.faults.server import ROOT

# its own mounts, and processes that end when it does
APART = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
AS_ROOT = () if os.geteuid() == 0 else ("--map-root-user",)


@pytest.mark.timeout(900 if is_long() else 180)
def test_f8_full_disks(tmp_path: Path, tell: Callable[[object], None]) -> None:
    command = [*APART, *AS_ROOT, sys.executable, "-m", "tests.faults.full_disks", str(tmp_path), str(fresh_seed())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    tell(done.stdout.strip())
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-6_000:]
