"""`run.py` with two processes on its port: what tests/faults/server.py starts in its place."""

import runpy
import sys

sys.argv += ["--workers", "2"]
sys.path.insert(0, ".")
runpy.run_path("run.py", run_name="__main__")
