"""A real `run.py serve` in a process of its own, started, killed and started again on the same port and database."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.conftest import find_free_port
from tests.starter import Process, start

ROOT = Path(__file__).parents[2]
ENTRY = ["run.py"]
START_WITHIN_S = 30.0
STOP_WITHIN_S = 30.0


class DidNotStart(RuntimeError):
    """Says what the server wrote last."""


class Server:
    """`failpoints` is what FAILPOINTS holds for one life of the server (live/failpoints.py), `settings` what else it is told.
    `entry`: what is started instead of run.py; `worker`: whether it has one beside it; `anew`: whether it imports for itself, as where
    its start is measured."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        secret_key: str,
        *,
        entry: Sequence[str] = ENTRY,
        worker: bool = True,
        anew: bool = False,
        **settings: str,
    ) -> None:
        self._entry = [*entry]
        self._anew = anew or self._entry != ENTRY
        self._command = ["serve", *([] if worker else ["--no-worker"])]
        self.port = find_free_port()
        self.metrics_port = int(settings.get("METRICS_ADDRESS", ":0").rpartition(":")[2])
        self.output = folder / "server.log"
        self.data = folder / "data"
        self._environment = {
            **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}},
            "DATABASE_URL": database_url,
            "SECRET_KEY": secret_key,
            "LIMITS_FACTOR": "1000",
            "PYTHONUNBUFFERED": "1",
            **settings,
        }
        self._process: Process | subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, failpoints: str = "") -> None:
        assert not self.running
        command = [*self._command, "--host", "127.0.0.1", "--port", str(self.port), "--data-dir", str(self.data)]
        environment = {**self._environment, "FAILPOINTS": failpoints}
        with self.output.open("ab") as output:
            if not self._anew:
                self._process = start(command, environment, output.fileno())
                return
            self._process = subprocess.Popen(
                [sys.executable, *self._entry, *command],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    async def listening(self) -> float | None:
        """The moment, on the monotonic clock, at which it first took a connection; None if a failpoint was quicker."""
        deadline = time.monotonic() + START_WITHIN_S
        while self.running and time.monotonic() < deadline:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.005)
                continue
            taken = time.monotonic()
            writer.close()
            return taken
        if not self.running and await self.died(0):
            return None
        raise DidNotStart(self.output.read_text(errors="replace")[-3000:])

    def said(self, words: str) -> int:
        """In how many lines of its log these words stand."""
        return sum(words in line for line in self.output.read_text(errors="replace").splitlines())

    def pause(self) -> None:
        """As a machine that is put to sleep."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    async def died(self, within_s: float) -> bool:
        """Whether it ended by itself in this time, which only an armed failpoint may bring about."""
        deadline = time.monotonic() + within_s
        while self.running and time.monotonic() < deadline:  # noqa: ASYNC110 - a process sets no event
            await asyncio.sleep(0.005)
        if self.running:
            return False
        assert self._process is not None
        if self._process.wait() != -signal.SIGKILL:
            raise DidNotStart(f"it ended with {self._process.returncode}\n{self.output.read_text()[-3000:]}")
        return True

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        return self._process.wait()
