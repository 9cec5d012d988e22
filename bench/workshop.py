"""A database of the benchmark's own with sessions and people in it, and Atelier serving them."""

import asyncio
import json
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from bench.load import Place
from bench.page import ROOT
from bench.ports import free_port
from live.scheduling import schedule
from live.tokens import AccessTokens
from persistence.database import Database
from persistence.directory import Directory
from persistence.embedded import Embedded
from persistence.event_log import EventLog
from persistence.migrate import migrate
from persistence.models.session import NewSession
from persistence.models.user import NewUser, PlatformRole
from persistence.registrations import Registrations
from persistence.sessions import Sessions
from persistence.tokens import TokenKind, Tokens
from rooms.ids import SessionId, UserId
from rooms.roles import Role

SECRET_KEY = "only this benchmark uses this key, and throws it away"
TOKEN_LIFETIME_S = 6 * 3_600.0
STARTS_WITHIN_S = 60.0


@dataclass(frozen=True)
class Account:
    user: UserId
    token: str


@dataclass
class Workshop:
    """`people` take part in every session; Mara hosts them all."""

    dsn: str
    postgres: int  # the process
    mara: Account
    people: list[Account]
    sessions: list[SessionId]

    def places(self, per_session: int) -> list[Place]:
        return [
            Place({"token": person.token}, {"sessionId": session}, group)
            for group, session in enumerate(self.sessions)
            for person in self.people[:per_session]
        ]


@asynccontextmanager
async def workshop(people: int, sessions: int = 1) -> AsyncIterator[Workshop]:
    with TemporaryDirectory(prefix="atelier-bench-") as folder:
        embedded = Embedded(Path(folder))
        dsn = await asyncio.to_thread(embedded.start)
        try:
            await migrate(dsn, SECRET_KEY)
            database = await Database.open(dsn, SECRET_KEY)
            try:
                staged = await _stage(database, dsn, _postmaster(Path(folder)), people, sessions)
            finally:
                await database.close()
            yield staged
        finally:
            await asyncio.to_thread(embedded.stop)


def _postmaster(folder: Path) -> int:
    found = next(folder.rglob("postmaster.pid"))
    return int(found.read_text().split()[0])


async def _stage(database: Database, dsn: str, postgres: int, people: int, sessions: int) -> Workshop:
    access = AccessTokens(SECRET_KEY)

    async def account(name: str, role: PlatformRole) -> Account:
        new = NewUser(email=f"{name}@example.org", first_name=name, last_name="Bench", roles=(role,))
        user = await Directory(database).create_user(new)
        family = (await Tokens(database).issue(user, TokenKind.REFRESH)).family
        return Account(user, access.issue(user, family, lifetime_s=TOKEN_LIFETIME_S))

    mara = await account("Mara", PlatformRole.INSTRUCTOR)
    crowd = [await account(f"Guest{number}", PlatformRole.LEARNER) for number in range(people)]
    made = [await _session(database, mara.user, number, people) for number in range(sessions)]
    for session in made:
        for start in range(0, people, 10):
            await asyncio.gather(
                *(
                    Registrations(database).invite(session, each.user, Role.PARTICIPANT)
                    for each in crowd[start : start + 10]
                )
            )
    return Workshop(dsn, postgres, mara, crowd, made)


async def _session(database: Database, host: UserId, number: int, people: int) -> SessionId:
    now = datetime.now(UTC)
    new = NewSession(
        title=f"Bench {number}",
        scheduled_start=now,
        scheduled_end=now + timedelta(hours=8),
        max_participants=people + 10,
        lobby=False,
    )
    row = await schedule(Sessions(database), EventLog(database), new, host, host, None)
    return SessionId(row.id)


@dataclass(frozen=True)
class Serving:
    pid: int
    port: int

    def call(self, path: str, token: str | None = None, body: dict[str, Any] | None = None) -> Any:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@asynccontextmanager
async def serving(staged: Workshop, options: Sequence[str] = ()) -> AsyncIterator[Serving]:
    """A fresh process, ready, with every session running."""
    with TemporaryDirectory(prefix="atelier-bench-") as folder:
        port = free_port()
        process = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                str(ROOT / "run.py"),
                "serve",
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
                "--data-dir",
                folder,
            ),
            *options,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=(ROOT / ".cache/bench/server.log").open("ab"),
            env={**os.environ, "DATABASE_URL": staged.dsn, "SECRET_KEY": SECRET_KEY, "LIMITS_FACTOR": "100000"},
        )
        server = Serving(process.pid, port)
        try:
            await _until_ready(server, process)
            for session in staged.sessions:
                await asyncio.to_thread(_run, server, staged.mara, session)
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            await process.wait()


async def _until_ready(server: Serving, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(STARTS_WITHIN_S):
        while process.returncode is None:
            try:
                await asyncio.to_thread(server.call, "/readyz")
            except OSError:
                await asyncio.sleep(0.1)
            else:
                return
    raise RuntimeError("the server ended: .cache/bench/server.log says why")


def _run(server: Serving, mara: Account, session: SessionId) -> None:
    path = f"/api/v1/live-sessions/{session}"
    if server.call(path, mara.token)["status"] == "scheduled":
        for step in ("session.start", "session.activate"):
            server.call(f"{path}/commands", mara.token, {"id": str(uuid4()), "type": step})
