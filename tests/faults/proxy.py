"""A way between two that may be bad: a TCP relay whose connections can be cut, frozen, swallowed in one or both directions, slowed
down, or broken in the middle of something. What it leads to is an address or the path of a unix socket.

Connections that are there keep their fate; `hide` refuses new ones too.
"""

import asyncio
import random
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import find_free_port

Target = tuple[str, int] | Path
PIECE_BYTES = 16_384


@dataclass
class Fate:
    """Of one connection: `latency_s` draws the delay of each piece, `bytes_per_s` is its width, `breaks_after` so many bytes it is cut,
    in whichever direction, and `stalls_s` it stands still once half of them have passed."""

    latency_s: Callable[[], float] = lambda: 0.0
    bytes_per_s: float | None = None
    breaks_after: int | None = None
    stalls_s: float = 0.0


@dataclass(eq=False)
class Line:
    fate: Fate
    writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]
    swallows: set[str] = field(default_factory=set)  # "in": what comes from the caller, "out": what goes to it
    passed: int = 0

    def cut(self) -> None:
        for each in self.writers:
            each.transport.abort()


class Proxy:
    """`port` is where it listens. `fate_of` draws what becomes of each new connection."""

    def __init__(self, target: Target, fate_of: Callable[[], Fate] = Fate) -> None:
        self.target = target
        self.port = find_free_port()
        self.fate_of = fate_of
        self.met: list[str] = []  # what became of connections
        self._lines: set[Line] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._swallowed: set[str] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> "Proxy":
        """On a thread of its own: it outlives the loops of the tests that use what is behind it."""
        self._thread.start()
        self.show()
        return self

    def close(self) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # -- what goes wrong ----------------------------------------------------------------------------------------------------

    def cut(self) -> None:
        self._do(self._cut())

    def swallow(self, *directions: str) -> None:
        """From now on, of the connections that are there: nobody is told, and nothing arrives."""

        async def swallow() -> None:
            for line in self._lines:
                line.swallows |= set(directions or ("in", "out"))

        self._do(swallow())

    def black(self, *directions: str) -> None:
        """The same, and of new ones as well, until it is shown again."""
        self._swallowed = set(directions or ("in", "out"))
        self.swallow(*directions)

    def hide(self) -> None:
        """Refuses whoever comes."""
        self._do(self._hide())

    def show(self) -> None:
        """As if nothing had been, for new connections; those that were swallowed are cut."""

        async def show() -> None:
            self._swallowed = set()
            for line in [each for each in self._lines if each.swallows]:
                line.cut()
            if self._server is None:
                self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

        self._do(show())

    def _do(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _cut(self) -> None:
        for line in list(self._lines):
            line.cut()

    async def _hide(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut()

    async def _end(self) -> None:
        await self._hide()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- connections --------------------------------------------------------------------------------------------------------

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        line = None
        try:
            if isinstance(self.target, Path):
                there_reader, there = await asyncio.open_unix_connection(str(self.target))
            else:
                there_reader, there = await asyncio.open_connection(*self.target)
            line = Line(self.fate_of(), (writer, there), set(self._swallowed))
            self._lines.add(line)
            ways = [
                asyncio.create_task(self._pass(line, "in", reader, there)),
                asyncio.create_task(self._pass(line, "out", there_reader, writer)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except OSError:
            pass
        finally:
            if line is not None:
                line.cut()
                self._lines.discard(line)
            writer.transport.abort()
            self._tasks.discard(task)

    async def _pass(
        self, line: Line, direction: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        fate = line.fate
        try:
            while piece := await reader.read(PIECE_BYTES):
                if direction in line.swallows:
                    continue
                delay_s = fate.latency_s() + (len(piece) / fate.bytes_per_s if fate.bytes_per_s else 0.0)
                if delay_s:
                    await asyncio.sleep(delay_s)
                before, line.passed = line.passed, line.passed + len(piece)
                if fate.breaks_after is not None:
                    if fate.stalls_s and before < fate.breaks_after // 2 <= line.passed:
                        self.met.append("stood still")
                        await asyncio.sleep(fate.stalls_s)
                    if line.passed >= fate.breaks_after:
                        self.met.append("broke in the middle")
                        writer.write(piece[: max(0, fate.breaks_after - before)])
                        await writer.drain()
                        return
                writer.write(piece)
                await writer.drain()
        except OSError:
            return


def bad_networks(seed: int, *, black_hole_s: float) -> Callable[[], Fate]:
    """300 ms with 200 of jitter, 64 kbit/s, cut in the middle of a frame, a black hole and then the end; and now and then a good one."""
    rng = random.Random(seed)
    next_ones: list[Fate] = []

    def draw() -> Fate:
        """Of five that follow each other each is one."""
        if not next_ones:
            next_ones.extend(
                [
                    Fate(),
                    Fate(latency_s=lambda: max(0.0, rng.gauss(0.3, 0.1))),
                    Fate(bytes_per_s=8_000.0),
                    Fate(breaks_after=rng.randrange(1_500, 20_000)),
                    Fate(breaks_after=rng.randrange(3_000, 20_000), stalls_s=black_hole_s),
                ]
            )
            rng.shuffle(next_ones)
        return next_ones.pop()

    return draw
