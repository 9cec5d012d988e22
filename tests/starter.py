"""`run.py` in a process of its own, without the second of computing that its imports are: one process has them all and forks for each `serve` and `demo`.

What comes of it is the test's own child, in a session of its own, with the environment, output and command line it was given, and no file
open beside. What is to import for itself, because its start is measured or its interpreter is another one, is started by `Popen`.
"""

import atexit
import ctypes
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SHARED = ("run", "live.serving", "live.showing")
"""What `serve` and `demo` import once they have read their command line."""
FORKS = sys.platform == "linux" and os.environ.get("FAULTS") != "long"
WORKER = "worker"  # imports for itself: it computes with libraries that may keep threads, which a fork would lose
READ_ONCE = ("LD_", "MALLOC_", "PYTHON")
"""How the names of that begin which is read at the start of a program only."""
UNBUFFERED = "PYTHONUNBUFFERED"
PR_SET_CHILD_SUBREAPER = 36
REQUEST_BYTES_MAX = 200_000
POLLED_EVERY_S = 0.01


class Process:
    """As `Popen` has them: the child with this id."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._reaping = threading.Lock()

    def poll(self) -> int | None:
        with self._reaping:
            if self.returncode is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        ends = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if ends is not None and time.monotonic() > ends:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            time.sleep(POLLED_EVERY_S)
        return code

    def send_signal(self, sign: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sign)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    arguments: Sequence[str], environment: Mapping[str, str], output: int, given: int = subprocess.DEVNULL
) -> "Process | subprocess.Popen[bytes]":
    """`run.py` with these arguments; `output` and `given`, its standard input, are open files."""
    if FORKS and arguments[0] != WORKER and _read_once(environment) <= _read_once(os.environ):
        return _starter().start(arguments, environment, output, given)
    return subprocess.Popen(
        [sys.executable, "run.py", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=given,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


def _read_once(environment: Mapping[str, str]) -> set[tuple[str, str]]:
    return {each for each in environment.items() if each[0].startswith(READ_ONCE) and each[0] != UNBUFFERED}


class _Starter:
    """The process that forks; it ends when its channel does, so with this one."""

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.starter", str(theirs.fileno())],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._one_by_one = threading.Lock()
        atexit.register(self.stop)

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], output: int, given: int) -> Process:
        request = json.dumps({"arguments": list(arguments), "environment": dict(environment)}).encode()
        with self._one_by_one:
            _adopt(True)  # whose parent ends is a child of this process, and of nobody in between
            try:
                socket.send_fds(self._channel, [request], [output, *([] if given == subprocess.DEVNULL else [given])])
                answer = self._channel.recv(100)
            finally:
                _adopt(False)
        if not answer:
            raise RuntimeError(f"the starter of servers ended with {self._process.wait()}")
        return Process(int(answer))

    def stop(self) -> None:
        self._channel.close()
        self._process.wait()


_starters: list[_Starter] = []
_making = threading.Lock()


def _starter() -> _Starter:
    with _making:
        if not _starters:
            _starters.append(_Starter())
        return _starters[0]


def _adopt(on: bool) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no subreaper")


# -- in the process that forks --------------------------------------------------------------------------------------------


def _serve(channel: socket.socket) -> None:
    for name in SHARED:
        __import__(name)
    gc.collect()
    gc.freeze()
    while True:
        request, files, _, _ = socket.recv_fds(channel, REQUEST_BYTES_MAX, 2)
        if not request:
            return
        heard, told = os.pipe()
        between = os.fork()
        if not between:
            _begin(json.loads(request), files, told)
        os.waitpid(between, 0)  # from here on the child is that of the test
        channel.send(os.read(heard, 20))
        for file in (heard, told, *files):
            os.close(file)


def _begin(request: Mapping[str, Any], files: Sequence[int], told: int) -> None:
    """Between the process that forks and the server, which outlives it."""
    pid = os.fork()
    if pid:
        os.write(told, str(pid).encode())
        os._exit(0)
    os.setsid()
    output, *given = files
    for number, file in ((1, output), (2, output), *((0, file) for file in given)):
        os.dup2(file, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    code = 1
    try:
        _become(request["arguments"], request["environment"])
        code = 0
    except SystemExit as end:
        code = _code_of(end)
    except BaseException:  # noqa: BLE001 - as the interpreter does at its top
        sys.excepthook(*sys.exc_info())
    finally:
        _end(code)


def _become(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    if UNBUFFERED in environment:
        sys.stdout.reconfigure(write_through=True)  # type: ignore[union-attr]
    sys.argv = ["run.py", *arguments]
    runpy.run_path("run.py", run_name="__main__")


def _code_of(end: SystemExit) -> int:
    """Words are written, and are a failure."""
    if isinstance(end.code, str):
        sys.stderr.write(f"{end.code}\n")
        return 1
    return end.code or 0


def _end(code: int) -> None:
    threading._shutdown()  # type: ignore[attr-defined]  # those that are no daemons are waited for
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
