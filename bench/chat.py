"""One chat room: what a delivered message costs the server, and how long it takes, against Node's socket.io.

Ours commits every message with fsync before anybody sees it; the peer keeps it in memory. Same crowd, same bytes up, same
parser; runs interleaved, fresh server processes, CPU seconds of the server process as the unit (docs/performance.md).
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from bench.cpu import Usage, usage_of
from bench.crowd import MARK, Crowd
from bench.page import ROOT

WARM_UP = 20
WORDS = (ROOT / "README.md").read_text().split()
LATENCY_PER_S = 20


@dataclass(frozen=True)
class ChatFigures:
    """`memory_kb` is what a connection added to the server's resident memory."""

    peer: str
    clients: int
    cpu_us_per_delivery: float
    latency_p50_ms: float
    latency_p99_ms: float
    memory_kb: float
    out_of_order: int


@dataclass(frozen=True)
class Server:
    name: str
    pid: int
    port: int
    namespace: str
    auths: list[dict[str, Any]]
    join: dict[str, Any]


@asynccontextmanager
async def node(clients: int) -> AsyncIterator[Server]:
    port = _free_port()
    process = await asyncio.create_subprocess_exec(
        str(ROOT / ".venv/bin/node"),
        str(ROOT / "bench/peers/socketio.js"),
        str(port),
        "msgpack",
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    await process.stdout.readline()
    try:
        yield Server(
            "Node socket.io (memory only)",
            process.pid,
            port,
            "/live",
            [{"token": "x"}] * clients,
            {"sessionId": "room"},
        )
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


@asynccontextmanager
async def atelier(clients: int) -> AsyncIterator[Server]:
    port = _free_port()
    with TemporaryDirectory(prefix="atelier-bench-") as folder:
        environ = {**os.environ, "LIMITS_FACTOR": "1000"}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "run.py"),
            "demo",
            "--port",
            str(port),
            "--data-dir",
            folder,
            "--bots",
            "0",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=environ,
        )
        try:
            api = f"http://127.0.0.1:{port}"
            await _until_ready(f"{api}/readyz")
            session, auths = await asyncio.to_thread(_invite, api, clients)
            yield Server("Atelier (committed first)", process.pid, port, "/live", auths, {"sessionId": session})
        finally:
            process.send_signal(signal.SIGTERM)
            await process.wait()


def _invite(api: str, clients: int) -> tuple[str, list[dict[str, Any]]]:
    demo = _call(f"{api}/api/v1/demo")
    session, mara = demo["sessions"][0]["id"], demo["cast"][0]["token"]
    room = f"{api}/api/v1/live-sessions/{session}"
    _call(f"{room}/commands", mara, {"id": str(uuid4()), "type": "session.update", "maxParticipants": clients + 10})
    link = _call(f"{room}/invitations", mara, {"role": "participant"})["token"]
    guests = [
        _call(f"{api}/api/v1/invitations/redeem", None, {"token": link, "name": f"Guest {n}"}) for n in range(clients)
    ]
    return session, [{"token": guest["accessToken"]} for guest in guests]


def _call(url: str, token: str | None = None, body: dict[str, Any] | None = None) -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as answer:
        return json.load(answer)


async def _until_ready(url: str) -> None:
    for _ in range(600):
        try:
            await asyncio.to_thread(_call, url)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            return
    raise TimeoutError(url)


async def measure(server: Server, messages: int) -> ChatFigures:
    before = usage_of(server.pid)
    crowd = Crowd()
    await crowd.connect(server.port, server.namespace, server.auths)
    for start in range(0, len(crowd.clients), 50):
        acks = await asyncio.gather(*(each.call("join", server.join) for each in crowd.clients[start : start + 50]))
        assert all(ack["ok"] for ack in acks), acks[0]
    await asyncio.sleep(1.0)
    memory_kb = (usage_of(server.pid).rss_kb - before.rss_kb) / len(crowd.clients)
    numbers = iter(range(1, 10_000_000))
    for _ in range(WARM_UP):
        await _broadcast(crowd, next(numbers))
    started = usage_of(server.pid)
    for _ in range(messages):
        await _broadcast(crowd, next(numbers))
    spent = _cpu_us(started, usage_of(server.pid)) / (messages * len(crowd.clients))
    crowd.latencies_s.clear()
    await _at_a_pace(crowd, numbers, messages)
    latencies = sorted(crowd.latencies_s)
    crowd.close()
    return ChatFigures(
        server.name,
        len(crowd.clients),
        spent,
        median(latencies) * 1e3,
        latencies[int(len(latencies) * 0.99)] * 1e3,
        memory_kb,
        sum(each.out_of_order for each in crowd.clients),
    )


def _cpu_us(before: Usage, after: Usage) -> float:
    return (after.cpu_s - before.cpu_s) * 1e6


async def _broadcast(crowd: Crowd, number: int) -> None:
    """One in flight: the next is sent when everybody has it."""
    complete = crowd.everybody_has(number)
    ack = crowd.clients[number % len(crowd.clients)].call("submit", _message(number))
    await asyncio.wait_for(asyncio.gather(complete, ack), 30)


async def _at_a_pace(crowd: Crowd, numbers: Any, messages: int) -> None:
    """Open loop: timed from the moment a message was due, however late it was sent."""
    start = time.perf_counter()
    waiting = []
    for index in range(messages):
        due = start + index / LATENCY_PER_S
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        number = next(numbers)
        crowd.sent_at[number] = due
        waiting.append(crowd.everybody_has(number))
        crowd.clients[number % len(crowd.clients)].call("submit", _message(number))
    await asyncio.wait_for(asyncio.gather(*waiting), 60)


def _message(number: int) -> dict[str, Any]:
    """About 150 bytes of words that do not repeat."""
    words = " ".join(random.sample(WORDS, 18))[:120]
    return {"id": str(uuid4()), "type": "chat.send", "text": f"{MARK.decode()}{number:08d} {words}"}


def _free_port() -> int:
    import socket

    while True:
        port = random.randint(20_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port


async def compare(
    clients: int = 500, messages: int = 200, repetitions: int = 3
) -> list[tuple[ChatFigures, ChatFigures]]:
    """Pairs of (ours, peer), interleaved."""
    pairs = []
    for _ in range(repetitions):
        async with atelier(clients) as server:
            ours = await measure(server, messages)
        async with node(clients) as server:
            theirs = await measure(server, messages)
        pairs.append((ours, theirs))
    return pairs
