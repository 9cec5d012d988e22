"""What goes straight to a socket, what waits, and that both together arrive in order and nowhere else (guarantees 1.10)."""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from live import limits
from live.outbox import Outbox


@dataclass
class Line:
    """`mine` is the transport that the outbox writes to; `theirs` is who reads, or does not."""

    mine: asyncio.Transport
    theirs: socket.socket
    lagging: int = 0
    failed: int = 0
    outbox: Outbox = field(init=False)

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.mine, asyncio.get_running_loop().time, self._lags, self._fails)

    def _lags(self) -> None:
        self.lagging += 1

    def _fails(self) -> None:
        self.failed += 1

    async def read(self, size: int) -> bytes:
        read = bytearray()
        async with asyncio.timeout(20):
            while len(read) < size:
                self.outbox.flush()
                try:
                    read += self.theirs.recv(65_536)
                except BlockingIOError:
                    await asyncio.sleep(0)
        return bytes(read)


@asynccontextmanager
async def line() -> AsyncIterator[Line]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    assert isinstance(transport, asyncio.Transport)
    try:
        yield Line(transport, theirs)
    finally:
        transport.abort()
        theirs.close()
        await asyncio.sleep(0)


async def test_what_nobody_waits_for_is_written_at_once() -> None:
    async with line() as here:
        here.outbox.push(b"one", 1)
        assert here.theirs.recv(100) == b"one", "without a turn of the loop"
        assert not here.lagging


async def test_what_is_held_leaves_with_the_next_frame_or_when_it_is_released() -> None:
    async with line() as here:
        assert here.outbox.hold(b"one "), "to be released"
        assert not here.outbox.hold(b"two "), "with the first"
        with pytest.raises(BlockingIOError):
            here.theirs.recv(100)
        assert here.outbox.straight(b"event") == 5, "as a sweep over many writes"
        assert here.theirs.recv(100) == b"eventone two "
        here.outbox.release()
        with pytest.raises(BlockingIOError):
            here.theirs.recv(100)
        assert here.outbox.hold(b"three")
        here.outbox.release()
        assert here.theirs.recv(100) == b"three"
        assert here.outbox.hold(b"four")
        here.outbox.shut()
        here.outbox.release()
        with pytest.raises(BlockingIOError):
            here.theirs.recv(100)


async def test_everything_arrives_once_and_in_order_however_slowly_it_is_read() -> None:
    async with line() as here:
        dice, sent = random.Random(7), b""
        for number in range(600):
            frame = f"{number:06d}".encode() * dice.randint(1, 300)
            if dice.random() < 0.2:
                answer = f"({number})".encode()
                sent += frame + answer if here.outbox.is_idle else answer + frame
                here.outbox.hold(answer)
            else:
                sent += frame
            here.outbox.push(frame, 1)
            if number % 50 == 0:
                await asyncio.sleep(0)
                here.outbox.flush()
        assert here.outbox.waiting_bytes, "all three ways were taken: socket, transport, waiting"
        assert here.lagging
        assert not here.failed
        assert await here.read(len(sent)) == sent
        assert not here.outbox.flush(), "nothing waits any more"

        here.outbox.push(b"straight again", 1)
        assert here.theirs.recv(100) == b"straight again"


async def test_who_is_too_far_behind_is_told_of() -> None:
    async with line() as here:
        while not here.failed:
            here.outbox.push(b"x" * 60_000, 1)
        assert here.outbox.waiting_bytes <= limits.OUTBOX_BYTES_MAX + 60_000


async def test_the_number_of_a_closed_socket_is_nobodys() -> None:
    """A descriptor is used again by whatever opens next: nothing may be written to it then."""
    async with line() as here:
        reading, writing = os.pipe()
        number = here.mine.get_extra_info("socket").fileno()
        here.mine.abort()
        here.outbox.push(b"while it closes", 1)
        await asyncio.sleep(0.01)
        os.dup2(writing, number)
        try:
            here.outbox.push(b"for somebody else", 1)
            assert not here.outbox.flush()
            os.set_blocking(reading, False)
            with pytest.raises(BlockingIOError):
                os.read(reading, 100)
        finally:
            for each in (reading, writing, number):
                os.close(each)


async def test_a_broken_line_is_no_error_here() -> None:
    async with line() as here:
        here.theirs.close()
        here.outbox.push(b"x" * 1_000, 1)
        here.outbox.push(b"x" * 1_000, 1)
        assert not here.failed
