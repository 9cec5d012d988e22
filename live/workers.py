"""Several processes that serve one port, and their small parent: starts them, starts one again that died, and replaces them one by one
while the others serve. Serves nobody itself.

The port is opened here once and inherited: what waits in front of it waits for all of them, so a worker that dies or gives way takes
nobody's connection with it, as it would with a queue of its own (SO_REUSEPORT; ADR 21).
"""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import structlog

from live.limits import DRAIN_S
from live.serving import BACKLOG
from live.settings import Settings
from live.worker_process import environ_of

log = structlog.get_logger("workers")
ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN_S = 60.0
ENDS_WITHIN_S = DRAIN_S + 5.0
ALL_END_WITHIN_S = 15.0
TELL_EVERY_S = 1.0
AGAIN_FIRST_S, AGAIN_MAX_S = 0.25, 10.0
LIVED_S = 30.0  # so long, and it counts as well again
SILENT_S = 5.0  # it says how it is every second
SILENT_MAX_S = 30.0  # then it is ended: it does not hear people either
LINE_BYTES_MAX = 65_536


class Child:
    """One process. `status` is what it said of itself last."""

    def __init__(self, number: int, process: asyncio.subprocess.Process) -> None:
        self.number = number
        self.status: dict[str, Any] = {"worker": number, "status": "starting", "isWell": False}
        self.ready = asyncio.Event()
        self.when_ready: Callable[[], None] = lambda: None
        self.started_at = self.heard_at = asyncio.get_running_loop().time()
        self._process = process
        self._out: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, number: int, command: Sequence[str], listener: socket.socket, settings: Settings) -> "Child":
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "run.py",
                *command,
                "--member",
                str(number),
                "--listener",
                str(listener.fileno()),
                stdin=theirs.fileno(),
                pass_fds=(listener.fileno(),),
                cwd=ROOT,
                env=environ_of(settings),
                start_new_session=True,  # Ctrl-C is for the parent, which passes it on
            )
        child = cls(number, process)
        incoming, child._out = await asyncio.open_unix_connection(sock=ours, limit=LINE_BYTES_MAX)
        child._listening = asyncio.create_task(child._listen(incoming))
        return child

    async def _listen(self, incoming: asyncio.StreamReader) -> None:
        try:
            while told := await incoming.readline():
                self.status = json.loads(told)
                self.heard_at = asyncio.get_running_loop().time()
                if self.status["isWell"]:
                    self.ready.set()
                    self.when_ready()
        except (OSError, ValueError):
            return  # its end is told by `ended`

    def look(self, now: float) -> dict[str, Any]:
        """How it is; one that serves no more although it lives is ended."""
        silent_s = now - self.heard_at
        if silent_s < SILENT_S or not self.ready.is_set():
            return self.status
        if silent_s > SILENT_MAX_S:
            log.error("a worker says nothing any more and is ended", worker=self.number)
            self.send(signal.SIGKILL)
        return {**self.status, "status": "silent", "isWell": False}

    async def is_ready(self, within_s: float) -> bool:
        """False: it ended, or took too long."""
        ready, ended = asyncio.create_task(self.ready.wait()), asyncio.create_task(self.ended())
        await asyncio.wait({ready, ended}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        for task in (ready, ended):
            task.cancel()
        return self.ready.is_set() and self._process.returncode is None

    async def ended(self) -> int:
        status = await self._process.wait()
        if self._out is not None:
            self._out.close()
        return status

    def tell(self, message: dict[str, Any]) -> None:
        if self._out is not None and not self._out.is_closing():
            self._out.write(json.dumps(message).encode() + b"\n")

    def send(self, sign: signal.Signals) -> None:
        if self._process.returncode is None:
            self._process.send_signal(sign)

    async def end(self, within_s: float) -> None:
        """Drained before, if it is in time."""
        try:
            async with asyncio.timeout(within_s):
                await self.ended()
        except TimeoutError:
            log.warning("a worker did not end in time", worker=self.number)
            self.send(signal.SIGKILL)
            await self.ended()


class Workers:
    """`command_of` makes the arguments of run.py for the worker of a number, from 1 on."""

    def __init__(self, settings: Settings, number: int, command_of: Callable[[int], Sequence[str]]) -> None:
        self._settings = settings
        self._command_of = command_of
        self._numbers = range(1, number + 1)
        self._serving: dict[int, Child] = {}
        self._beside: set[Child] = set()  # about to serve, or to leave
        self._first_ready = asyncio.Event()
        self._stopping = asyncio.Event()
        self._failed: int | None = None
        self._rolling: asyncio.Task[None] | None = None
        self._replace_again = False

    async def serve(self, beside: Callable[[], Coroutine[None, None, None]]) -> None:
        """Until SIGTERM or SIGINT, upon which each is drained after the other. SIGHUP or SIGUSR1 replaces all, one by one."""
        self._listen_to_signals()
        with _opened(self._settings) as listener:
            self._listener = listener
            tasks = [asyncio.create_task(beside()), asyncio.create_task(self._keep_telling())]
            try:
                tasks += await self._start_all()
                await self._stopping.wait()
            finally:
                listener.close()  # nobody new; the workers close theirs when they drain
                if self._rolling is not None:
                    self._rolling.cancel()
                await self._end_all()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        if self._failed is not None:
            sys.exit(self._failed)

    # -- one worker -----------------------------------------------------------------------------------------------------

    async def _start_all(self) -> list[asyncio.Task[None]]:
        """The first one alone: whatever keeps it from serving would keep all of them."""
        first = asyncio.create_task(self._keep(1))
        starting = [first, asyncio.create_task(self._first_ready.wait()), asyncio.create_task(self._stopping.wait())]
        await asyncio.wait(starting, timeout=READY_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        for task in starting[1:]:
            task.cancel()
        return [first, *(asyncio.create_task(self._keep(number)) for number in self._numbers[1:])]

    async def _start(self, number: int) -> Child:
        return await Child.start(number, self._command_of(number), self._listener, self._settings)

    async def _keep(self, number: int) -> None:
        """Until all stop: there is always one of this number, or about to be."""
        again_s = AGAIN_FIRST_S
        while not self._stopping.is_set():
            child = self._serving.get(number)
            if child is None:
                try:
                    child = self._serving[number] = await self._start(number)
                except OSError as error:
                    log.warning("a worker cannot be started now", worker=number, why=str(error))
                    await asyncio.sleep(AGAIN_MAX_S)
                    continue
                child.when_ready = self._first_ready.set
            status = await child.ended()
            if self._serving.get(number) is not child:  # it gave way
                continue
            del self._serving[number]
            if self._stopping.is_set():
                return
            if not self._first_ready.is_set():  # nor will the next one serve
                self._failed = status or 1
                self._stopping.set()
                return
            lived = asyncio.get_running_loop().time() - child.started_at > LIVED_S
            again_s = AGAIN_FIRST_S if lived else again_s
            log.warning("a worker ended and is started again", worker=number, status=status, in_s=again_s)
            await asyncio.sleep(again_s)
            again_s = min(AGAIN_MAX_S, 2 * again_s)

    async def _keep_telling(self) -> None:
        """Each of them can tell how all of them are."""
        while True:
            await asyncio.sleep(TELL_EVERY_S)
            now = asyncio.get_running_loop().time()
            whole = {each: {"worker": each, "status": "away", "isWell": False} for each in self._numbers}
            whole |= {number: child.look(now) for number, child in self._serving.items()}
            for child in (*self._serving.values(), *self._beside):
                child.tell({"all": list(whole.values())})

    # -- all of them ----------------------------------------------------------------------------------------------------

    async def _replace_all(self) -> None:
        """Once more if it was asked for meanwhile: the first of these may be older than what is to be served now."""
        self._replace_again = True
        while self._replace_again:
            self._replace_again = False
            await self._replace_each()

    async def _replace_each(self) -> None:
        """One by one: the new one serves before the old one is drained. If a new one does not, the old ones stay."""
        log.info("replacing all workers")
        for number in self._numbers:
            new = await self._start(number)
            self._beside.add(new)
            if not await new.is_ready(READY_WITHIN_S):
                log.error("a new worker does not serve: the others stay as they are", worker=number)
                await new.end(0)
                self._beside.discard(new)
                return
            old = self._serving.get(number)
            self._serving[number] = new
            self._beside.discard(new)
            if old is not None:
                self._beside.add(old)
                old.tell({"giveWay": True})
                await old.end(ENDS_WITHIN_S)
                self._beside.discard(old)
        log.info("all workers were replaced")

    async def _end_all(self) -> None:
        """One after the other, so that people who are sent away from one find the next for as long as there is one."""
        loop = asyncio.get_running_loop()
        until = loop.time() + ALL_END_WITHIN_S
        children = [*self._beside, *self._serving.values()]
        for left, child in zip(range(len(children), 0, -1), children, strict=True):
            child.send(signal.SIGTERM)
            await child.end(max(1.0, (until - loop.time()) / left))

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, self._stop)
        loop.add_signal_handler(signal.SIGUSR1, self._replace)
        of_terminal = sys.stdin is not None and sys.stdin.isatty()  # which says so when it is closed
        loop.add_signal_handler(signal.SIGHUP, self._stop if of_terminal else self._replace)

    def _stop(self) -> None:
        if self._stopping.is_set():
            log.warning("ending at once")
            for child in (*self._serving.values(), *self._beside):
                child.send(signal.SIGKILL)
        self._stopping.set()

    def _replace(self) -> None:
        self._replace_again = True
        if self._rolling is None or self._rolling.done():
            self._rolling = asyncio.create_task(self._replace_all())


def _opened(settings: Settings) -> socket.socket:
    """Raises OSError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)


def command_of(settings: Settings, name: str) -> list[str]:
    """Of one worker that serves what `settings` say."""
    command = [name, "--host", settings.host, "--port", str(settings.port)]
    command += ["--data-dir", os.fspath(settings.data_dir.resolve())]
    if settings.tls is not None:
        certificate, key = settings.tls
        command += ["--tls-cert", os.fspath(certificate.resolve()), "--tls-key", os.fspath(key.resolve())]
    return command
