"""Several processes on one port (live/workers.py), as an operator meets them. How they are replaced under load is
tests/faults/test_many_processes.py's."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiohttp import ClientConnectionError, ClientSession

from live.workers import SILENT_MAX_S, SILENT_S, Child
from tests.conftest import find_free_port
from tests.databases import SECRET_KEY
from tests.live.test_serving import Process, run

GONE_WITHIN_S = 25.0


@pytest.fixture
async def served(tmp_path: Path, dsn: str, redis: str) -> AsyncIterator[Process]:
    environ = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": dsn, "REDIS_URL": redis}
    process = Process(tmp_path, "serve", "--workers", "2", "--no-worker", environ=environ)
    yield await process.ready()
    await process.stop()


async def whole(process: Process) -> list[dict[str, Any]]:
    async with ClientSession() as http, http.get(f"{process.url}/readyz") as response:
        document = await response.json()
    workers: list[dict[str, Any]] = document["workers"]
    return workers


async def all_ready(process: Process) -> None:
    async with asyncio.timeout(60):
        while not all(each["isWell"] for each in await whole(process)):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


def processes_of(process: Process) -> list[psutil.Process]:
    return members_of(process._child.pid)


def members_of(parent: int) -> list[psutil.Process]:
    """The processes that serve; one that ends just now is none."""
    found = []
    for each in psutil.Process(parent).children():
        with suppress(psutil.NoSuchProcess):
            if "--member" in each.cmdline():
                found.append(each)
    return found


async def test_they_are_replaced_when_they_die_and_end_with_their_parent(served: Process) -> None:
    await all_ready(served)
    before = processes_of(served)
    assert len(before) == 2
    before[0].kill()
    async with asyncio.timeout(60):
        while len(processes_of(served)) < 2 or before[0].pid in [each.pid for each in processes_of(served)]:
            assert await whole(served), "somebody answers all the while"
            await asyncio.sleep(0.05)
    await all_ready(served)
    after = processes_of(served)
    assert before[1] in after
    served._child.kill()
    await served.ended()
    until = time.monotonic() + GONE_WITHIN_S
    while any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in after):
        assert time.monotonic() < until, "they outlive their parent"
        await asyncio.sleep(0.1)
    with pytest.raises(ClientConnectionError):
        await whole(served)


async def test_a_server_ends_with_who_started_it_if_asked_to(dsn: str, tmp_path: Path) -> None:
    environ = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": dsn}
    arguments = ("serve", "--with-parent", "--no-worker", "--port", str(find_free_port()), "--data-dir", str(tmp_path))
    ended = await asyncio.to_thread(run, *arguments, **environ)  # whose input is over soon
    assert ended.returncode == 0, ended.stderr
    assert "draining" in ended.stderr


def test_what_keeps_the_first_from_serving_is_one_line_and_the_end(redis: str, tmp_path: Path) -> None:
    nowhere = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": f"postgresql://127.0.0.1:{find_free_port()}/x"}
    result = run(
        "serve", "--workers", "3", "--no-worker", "--port", str(find_free_port()), "--data-dir", str(tmp_path),
        REDIS_URL=redis, **nowhere,
    )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr.count("cannot start") == 1
    assert "Traceback" not in result.stderr


async def test_one_that_says_nothing_any_more_counts_as_silent_and_is_ended() -> None:
    process = await asyncio.create_subprocess_exec("sleep", "60")
    child = Child(1, process)
    child.status = {"worker": 1, "status": "ready", "isWell": True}
    later = child.heard_at + SILENT_MAX_S + 1
    assert child.look(later) == child.status, "it has not begun yet: starting has a limit of its own"
    child.ready.set()
    assert child.look(child.heard_at + SILENT_S / 2) == child.status
    assert child.look(child.heard_at + SILENT_S + 1) == {"worker": 1, "status": "silent", "isWell": False}
    assert process.returncode is None
    assert child.look(later)["status"] == "silent"
    assert await child.ended() == -signal.SIGKILL
