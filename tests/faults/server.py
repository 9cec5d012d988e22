"""A real `run.py serve` in a process of its own, started, killed and started again on the same port and database."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import find_free_port

ROOT = Path(__file__).parents[2]
ENTRY = ["run.py"]
START_WITHIN_S = 30.0
STOP_WITHIN_S = 30.0


class DidNotStart(RuntimeError):
    """Says what the server wrote last."""


class Server:
    """`failpoints` is what FAILPOINTS holds for one life of the server (live/failpoints.py), `settings` what else it is told."""

    def __init__(self, folder: Path, database_url: str, secret_key: str, **settings: str) -> None:
        self.port = find_free_port()
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
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, failpoints: str = "") -> None:
        assert not self.running
        command = [sys.executable, *ENTRY, "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [*command, "--data-dir", str(self.data)],
                cwd=ROOT,
                env={**self._environment, "FAILPOINTS": failpoints},
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
        return self._process.returncode
