"""Who we are measured against, each a fresh process that does what a chat in memory does: one room per session, an ack, a broadcast
to everybody in the room.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bench.load import Bare, Dialect, Json, Msgpack, Plain, built
from bench.page import ROOT
from bench.ports import free_port

PEERS = ROOT / "bench" / "peers"
FRAME_BYTES = "330"  # about what ours and theirs send


@dataclass(frozen=True)
class Rival:
    name: str
    command: tuple[str, ...]
    dialect: Dialect
    options: tuple[str, ...] = field(default=())


NODE = str(ROOT / ".venv/bin/node")
FLOOR = Rival("floor: a loop of send in C", (), Bare(), (FRAME_BYTES,))
NODE_MSGPACK = Rival("Node socket.io, msgpack", (NODE, str(PEERS / "socketio.js")), Msgpack(), ("msgpack",))
NODE_DEFAULT = Rival("Node socket.io", (NODE, str(PEERS / "socketio.js")), Json())
NODE_WS = Rival("Node ws, no Socket.IO", (NODE, str(PEERS / "ws.js")), Plain())
STOCK = Rival("python-socketio as it comes", (sys.executable, str(PEERS / "stock.py")), Msgpack())
RIVALS = (FLOOR, NODE_MSGPACK, NODE_DEFAULT, NODE_WS, STOCK)


@dataclass(frozen=True)
class Running:
    pid: int
    port: int


@asynccontextmanager
async def running(rival: Rival) -> AsyncIterator[Running]:
    command = rival.command or (str(built("floor.c")),)
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *command, str(port), *rival.options, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    if await process.stdout.readline() != b"listening\n":
        raise RuntimeError(f"{rival.name} does not start")
    try:
        yield Running(process.pid, port)
    finally:
        process.kill()
        await process.wait()


def install() -> None:
    """Node's libraries, from their lock."""
    if not (PEERS / "node_modules" / "ws").is_dir():
        npm = [str(ROOT / ".venv/bin/npm"), "ci", "--no-audit", "--no-fund"]
        path = f"{ROOT}/.venv/bin:/usr/bin:/bin"
        subprocess.run(npm, cwd=PEERS, check=True, env={"PATH": path, "HOME": str(ROOT / ".cache")})
