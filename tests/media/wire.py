"""A bad network in the way of sound: a UDP relay on loopback, between a browser (or aiortc as one) and the server. It loses, delays,
reorders and goes dark as it is told, by a seed; nothing is changed in the packets. It gets in the way by writing its own port in
place of the server's in the answer's candidates, so that the server sees the browser at the relay's other port.
"""

import asyncio
import random
import re
from dataclasses import dataclass
from types import TracebackType
from typing import Self, cast

from media.ice import bound_socket
from tests.conftest import PORTS

CANDIDATE = re.compile(r"(a=candidate:\S+ 1 udp \d+ )(\S+) (\d+) typ host[^\r\n]*")
Target = tuple[str, int]


@dataclass
class Weather:
    """What happens to packets in one direction; may be changed at any time."""

    loss: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    """On top of the delay, evenly from nothing to this: packets overtake one another."""

    dark: bool = False
    """Nothing passes."""

    passed: int = 0
    lost: int = 0


class _End(asyncio.DatagramProtocol):
    """One port of the relay; `far` is whom it sends to."""

    def __init__(self, wire: "Wire", weather: Weather, far: Target | None = None) -> None:
        self.wire, self.weather, self.far = wire, weather, far
        self.other: _End
        self.transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: Target) -> None:
        """`weather` is that of packets which come in here."""
        if self is self.wire.near:
            self.far = address
        if self.weather.dark or self.wire.dice.random() < self.weather.loss:
            self.weather.lost += 1
            return
        self.weather.passed += 1
        delay_s = self.weather.delay_s + self.wire.dice.random() * self.weather.jitter_s
        if delay_s:
            asyncio.get_running_loop().call_later(delay_s, self.other.send, data)
        else:
            self.other.send(data)

    def send(self, data: bytes) -> None:
        if self.far is not None and not self.transport.is_closing():
            self.transport.sendto(data, self.far)


class Wire:
    """`up`: to the server. `down`: from it. Use as `async with Wire() as wire: answer = await wire.through(answer)`."""

    def __init__(self, seed: int = 1) -> None:
        self.dice = random.Random(seed)
        self.up, self.down = Weather(), Weather()
        self.near: _End | None = None
        self._ends: list[_End] = []

    async def through(self, answer: str) -> str:
        """The server's answer, as if it were where the relay is."""
        found = CANDIDATE.search(answer)
        assert found is not None, answer
        near = await self._end(_End(self, self.up))
        far = await self._end(_End(self, self.down, (found[2], int(found[3]))))
        near.other, far.other, self.near = far, near, near
        port = near.transport.get_extra_info("sockname")[1]
        first, *others = CANDIDATE.finditer(answer)
        for other in others:
            answer = answer.replace(f"{other[0]}\r\n", "")
        return answer.replace(first[0], f"{first[1]}127.0.0.1 {port} typ host")

    async def _end(self, end: _End) -> _End:
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: end, sock=bound_socket("127.0.0.1", PORTS))
        self._ends.append(end)
        return end

    def goes_dark(self, dark: bool) -> None:
        self.up.dark = self.down.dark = dark

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for end in self._ends:
            end.transport.abort()
        await asyncio.sleep(0)
