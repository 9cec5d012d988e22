"""The command line as an operator meets it: what it refuses to start with, that it drains, and that `kill -9` costs nothing."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientConnectionError, ClientSession

from tests.conftest import find_free_port
from tests.databases import SECRET_KEY
from tests.live.visitor import Visitor

ROOT = Path(__file__).parents[2]
READY_WITHIN_S = 60.0


class Process:
    """`run.py` with these arguments."""

    def __init__(self, folder: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> None:
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = folder / f"{uuid4()}.log"
        with self.output.open("wb") as output:
            self._child = subprocess.Popen(
                [sys.executable, "run.py", *arguments, "--port", str(self.port), "--data-dir", str(folder / "data")],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "HOME": str(folder), "LIMITS_FACTOR": "1000", **(environ or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    async def ready(self) -> "Process":
        deadline = time.monotonic() + READY_WITHIN_S
        async with ClientSession() as http:
            while time.monotonic() < deadline and self._child.poll() is None:
                try:
                    async with http.get(f"{self.url}/readyz") as response:
                        if response.status == 200:
                            return self
                except ClientConnectionError:
                    pass
                await asyncio.sleep(0.05)
        raise AssertionError(self.output.read_text())

    async def demo(self) -> dict[str, Any]:
        async with ClientSession() as http, http.get(f"{self.url}/api/v1/demo") as response:
            document: dict[str, Any] = await response.json()
            return document

    def send(self, sign: signal.Signals) -> None:
        self._child.send_signal(sign)

    async def ended(self, within_s: float = 25.0) -> int:
        return await asyncio.to_thread(self._child.wait, within_s)

    async def stop(self) -> None:
        if self._child.poll() is None:
            self._child.terminate()
            try:
                await self.ended()
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "run.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=60,
        input="a long enough password\n",
    )


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, "SECRET_KEY"),
        ({"SECRET_KEY": "short", "DATABASE_URL": "postgresql:///x"}, "SECRET_KEY"),
        ({"SECRET_KEY": SECRET_KEY, "DATABASE_URL": "postgresql:///x", "LIMITS_FACTOR": "-1"}, "LIMITS_FACTOR"),
        ({"SECRET_KEY": SECRET_KEY, "DATABASE_URL": "postgresql:///x", "PUBLIC_URL": "ftp://x"}, "PUBLIC_URL"),
    ],
)
def test_serve_names_what_is_missing(environ: dict[str, str], named: str) -> None:
    result = run("serve", **environ)
    assert result.returncode == 1
    assert named in result.stderr
    assert "Traceback" not in result.stderr


def test_several_workers_need_redis() -> None:
    result = run("serve", "--workers", "2", SECRET_KEY=SECRET_KEY, DATABASE_URL="postgresql:///x")
    assert result.returncode == 1
    assert "REDIS_URL" in result.stderr


def test_without_a_database_it_brings_its_own(tmp_path: Path) -> None:
    environ = {"SECRET_KEY": SECRET_KEY, "DATA_DIR": str(tmp_path)}
    made = run("user", "add", "nora@example.org", "--name", "Nora", **environ)
    assert made.returncode == 0, made.stderr
    assert run("migrate", **environ).stdout == "nothing to do\n"
    other_key = run("migrate", **environ | {"SECRET_KEY": SECRET_KEY[::-1]})
    assert "Traceback" not in other_key.stderr


async def test_accounts_from_the_command_line(dsn: str) -> None:
    environ = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": dsn}
    assert (await asyncio.to_thread(run, "migrate", **environ)).stdout == "nothing to do\n"
    add = ("user", "add", "nora@example.org", "--name", "Nora", "--role", "instructor")
    made = await asyncio.to_thread(run, *add, **environ)
    assert made.returncode == 0, made.stderr
    again = await asyncio.to_thread(run, *add, **environ)
    assert again.returncode == 1
    assert "already" in again.stderr
    for arguments in (("role", "nora@example.org", "--role", "admin"), ("password", "nora@example.org")):
        changed = await asyncio.to_thread(run, "user", *arguments, **environ)
        assert changed.returncode == 0, changed.stderr
    nobody = await asyncio.to_thread(run, "user", "password", "nobody@example.org", **environ)
    assert nobody.returncode == 1
    assert "nobody" in nobody.stderr


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Process]:
    process = Process(tmp_path, "demo", "--bots", "2")
    yield await process.ready()
    await process.stop()


async def test_the_demo_is_a_living_workshop(demo: Process) -> None:
    shown = await demo.demo()
    assert [(each["name"], each["role"]) for each in shown["cast"]] == [
        ("Mara", "instructor"),
        ("Theo", "assistant"),
        ("Ana", "participant"),
        ("Ben", "participant"),
        ("Otto", "observer"),
    ]
    assert shown["sessions"][0]["status"] == "active"
    assert {each["status"] for each in shown["sessions"]} == {"active", "scheduled", "ended"}
    mara = await Visitor(demo.url, shown["cast"][0]["token"], shown["cast"][0]["userId"]).connect()
    ack = await mara.join(shown["sessions"][0]["id"])
    view = ack["snapshot"]["view"]
    assert view["lifecycle"]["lobby"] is False
    assert len(view["polls"]["polls"]) == 4
    assert len(view["chat"]["channels"]["everyone"]["messages"]) >= 5
    cast = {each["userId"] for each in shown["cast"]}
    bots = {user for user, each in view["people"]["persons"].items() if each.get("present")} - cast
    if len(bots) < 2:
        await mara.until(lambda visitor: visitor.types.count("participant.joined") + len(bots) >= 2, 15)
    await mara.close()


async def test_sigterm_answers_what_was_taken_and_sends_everybody_away(demo: Process) -> None:
    shown = await demo.demo()
    ana = await Visitor(demo.url, shown["cast"][2]["token"], shown["cast"][2]["userId"]).connect()
    await ana.join(shown["sessions"][0]["id"])
    asked = [asyncio.create_task(ana.submit("reaction.send", emoji="👍")) for _ in range(20)]
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)  # all are sent by then
    started = time.monotonic()
    demo.send(signal.SIGTERM)
    acks = await asyncio.gather(*asked)
    assert all(ack["ok"] for ack in acks)
    [bye] = await ana.until(lambda visitor: visitor.byes)
    assert (bye["code"], bye["reconnect"]) == ("drain", True)
    assert 0 <= bye["retryIn"] <= 10
    assert await demo.ended() == 0
    print(f"drained in {time.monotonic() - started:.2f} s")
    assert time.monotonic() - started < 20


async def test_after_kill_9_tokens_ids_and_everything_acknowledged_are_there(tmp_path: Path) -> None:
    first = await Process(tmp_path, "demo", "--bots", "0").ready()
    shown = await first.demo()
    person, session = shown["cast"][2], shown["sessions"][0]["id"]
    ana = await Visitor(first.url, person["token"], person["userId"]).connect()
    await ana.join(session)
    command_id = str(uuid4())
    said = await ana.submit("chat.send", command_id=command_id, text="before the end")
    assert said["ok"]
    first.send(signal.SIGKILL)
    assert await first.ended() == -signal.SIGKILL
    second = await Process(tmp_path, "demo", "--bots", "0").ready()
    try:
        assert (await second.demo())["sessions"] == shown["sessions"]
        back = await Visitor(second.url, person["token"], person["userId"]).connect()
        ack = await back.join(session, epoch=ana.ack["epoch"], after=ana.ack["seq"])
        assert "snapshot" not in ack
        await back.sees("chat.sent", text="before the end")
        assert await back.submit("chat.send", command_id=command_id, text="before the end") == said
        back.stands()
        await back.close()
    finally:
        await second.stop()
