"""This process as one of several that serve on one port (live/workers.py): the socket they share, and a line to their parent. Over it
the parent hears how this one is, tells how all of them are, and asks it to give way to another; it ends when the line does.
"""

import asyncio
import json
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

TELL_EVERY_S = 1.0
LINE_BYTES_MAX = 65_536


class Member:
    """`number` counts from 1. `listener` is the descriptor of the open port; standard input is the line."""

    def __init__(self, number: int, listener: int) -> None:
        self.number = number
        self.socket = socket.socket(fileno=listener)
        self.all: list[dict[str, Any]] = []  # how every process is, as the parent heard it last
        self.gives_way = False  # to another one that is there already
        self._out: asyncio.StreamWriter | None = None

    async def listen(self, stop: Callable[[], None]) -> None:
        """Until the parent is gone. Calls `stop` then, or when this process is to end for another one."""
        line = socket.socket(fileno=sys.stdin.fileno())
        incoming, self._out = await asyncio.open_unix_connection(sock=line, limit=LINE_BYTES_MAX)
        try:
            while told := await incoming.readline():
                message = json.loads(told)
                self.all = message.get("all", self.all)
                if message.get("giveWay"):
                    self.gives_way = True
                    stop()
        except (OSError, ValueError):
            pass
        stop()

    async def keep_telling(self, status: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        """Until cancelled: what `status` answers."""
        while True:
            document = await status()
            if self._out is not None:
                self._out.write(json.dumps(document).encode() + b"\n")
            await asyncio.sleep(TELL_EVERY_S)

    def some_are_well(self) -> bool:
        """Of the others."""
        return any(each.get("isWell") for each in self.all if each.get("worker") != self.number)
