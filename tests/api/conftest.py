"""A running server on a database of its own, and the cast as callers of its REST interface."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession, TCPConnector, web

from live.api.openapi import document
from live.api.routes import FAMILIES
from live.app import make_app
from live.keys import ACCESS_TOKENS, DATABASE, DIRECTORY, HOSTS, TOKENS
from live.limits import Rate
from live.settings import Settings
from persistence.event_log import EventLog
from persistence.models.user import NewUser, PlatformRole
from persistence.projections import Projector
from persistence.tokens import TokenKind
from rooms.ids import SessionId, UserId
from rooms.participants import Join
from rooms.roles import Role
from tests.api.contract import Contract
from tests.api.division import divided  # noqa: F401  a fixture of this folder
from tests.conftest import find_free_port
from tests.databases import SECRET_KEY

BASE = "/api/v1"
NOBODY = UserId("")
PASSWORD = "correct horse battery"
SOON = datetime(2030, 1, 7, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of a problem; a test that asks for it insists on the content type."""
        assert self.headers["Content-Type"] == "application/problem+json", self
        problem = self.json
        assert problem["status"] == self.status
        return str(problem["code"])


@dataclass
class Caller:
    """`user` None: not signed in."""

    api: "Api"
    name: str = "nobody"
    user: UserId = NOBODY
    token: str | None = None
    refresh_token: str | None = None

    @property
    def email(self) -> str:
        return f"{self.name.lower()}@example.org"

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
    ) -> Answer:
        sent = dict(headers or {})
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None:
            data = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        url = path if path.startswith(("/api", "/healthz", "/readyz")) else BASE + path
        async with self.api.http.request(method, self.api.url + url, data=data, headers=sent) as response:
            answer = Answer(response.status, response.headers, await response.read())
        self.api.contract.judge(method, url.partition("?")[0], data, answer.status, answer.headers, answer.body)
        return answer

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.send("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return await self.send("POST", path, body, **options)

    async def delete(self, path: str, **options: Any) -> Answer:
        return await self.send("DELETE", path, **options)

    async def change(self, path: str, body: Any = None, *, method: str = "PATCH", read: str | None = None) -> Answer:
        """With the version just read."""
        tag = (await self.get(read or path)).headers["ETag"]
        return await self.send(method, path, body, headers={"If-Match": tag})

    async def command(self, session: str, type_: str, **fields: Any) -> Answer:
        return await self.post(f"/live-sessions/{session}/commands", {"id": str(uuid4()), "type": type_, **fields})


@dataclass
class Api:
    app: web.Application
    http: ClientSession
    url: str
    contract: Contract
    people: dict[str, Caller] = field(default_factory=dict)

    @property
    def nobody(self) -> Caller:
        return Caller(self)

    async def person(self, name: str, *roles: PlatformRole, password: str | None = None) -> Caller:
        """Signed in, without the work of a password unless one is given."""
        if name not in self.people:
            new = NewUser(
                email=f"{name.lower()}@example.org",
                first_name=name,
                last_name="Example",
                full_name=name,
                password=password,
                roles=roles or (PlatformRole.LEARNER,),
            )
            await self.signed_in(name, await self.app[DIRECTORY].create_user(new))
        return self.people[name]

    async def signed_in(self, name: str, user: UserId) -> Caller:
        issued = await self.app[TOKENS].issue(user, TokenKind.REFRESH)
        token = self.app[ACCESS_TOKENS].issue(user, issued.family)
        self.people[name] = Caller(self, name, user, token, issued.secret)
        return self.people[name]

    async def mara(self) -> Caller:
        return await self.person("Mara", PlatformRole.INSTRUCTOR)

    async def ada(self) -> Caller:
        return await self.person("Ada", PlatformRole.ADMIN)

    async def workshop(self, *, host: Caller | None = None, **fields: Any) -> str:
        """Scheduled by Mara; nobody is registered."""
        made = await (host or await self.mara()).post("/live-sessions", schedule(**fields))
        assert made.status == 201, made
        return str(made.json["id"])

    async def enters(self, session: str, caller: Caller, role: Role) -> None:
        """As at their first connection over the socket."""
        command = Join(role=role)
        ack = await self.app[HOSTS].submit(SessionId(session), caller.user, command, str(uuid4()))
        assert ack.ok, ack

    async def runs(self, session: str) -> None:
        """Mara is there and has started it."""
        mara = await self.mara()
        await self.enters(session, mara, Role.INSTRUCTOR)
        for verb in ("start", "activate"):
            moved = await mara.post(f"/live-sessions/{session}/{verb}")
            assert moved.status == 200, moved

    async def projected(self, session: str) -> None:
        """Waits until somebody's projector, the server's or this one, has written how an ended session went."""
        database = self.app[DATABASE]
        projector = Projector(database, EventLog(database), rest_s=0)
        async with asyncio.timeout(30):
            while True:
                await projector.catch_up()
                async with database.connection() as connection:
                    if await connection.fetchval(
                        "SELECT metadata ? 'summary' FROM live.live_sessions WHERE id = $1", session
                    ):
                        return
                await asyncio.sleep(0.2)

    async def invited(self, session: str, name: str, role: str = "participant") -> Caller:
        """Registered by an invitation of Mara's, in this session role."""
        mara, caller = await self.mara(), await self.person(name)
        link = await mara.post(f"/live-sessions/{session}/invitations", {"role": role})
        assert link.status == 201, link
        redeemed = await caller.post("/invitations/redeem", {"token": link.json["token"]})
        assert redeemed.status == 200, redeemed
        return caller


def schedule(**fields: Any) -> dict[str, Any]:
    return {
        "title": "Tea and pottery",
        "scheduledStart": SOON.isoformat(),
        "scheduledEnd": (SOON + timedelta(hours=1)).isoformat(),
        "lobby": False,
        **fields,
    }


@dataclass
class Options:
    """What a test may want different, before the server starts."""

    limits_factor: float = 1_000.0
    trusted_proxies: tuple[str, ...] = ()
    demo: bool = False
    smtp_url: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@pytest.fixture
def options() -> Options:
    return Options()


async def flood(rate: Rate, send: Callable[[int], Awaitable[Answer]], *, allowed: str) -> None:
    """Sends more at once than the rate allows: at least the burst gets through, and no more than has come back meanwhile."""
    began, lanes = monotonic(), asyncio.Semaphore(6)

    async def one(number: int) -> Answer:
        async with lanes:
            return await send(number)

    answers = await asyncio.gather(*(one(number) for number in range(int(rate.burst) + 20)))
    passed = sum(each.code == allowed for each in answers)
    assert int(rate.burst) <= passed <= rate.burst + rate.per_second * (monotonic() - began)
    limited = [each for each in answers if each.code != allowed]
    assert {(each.status, each.code) for each in limited} == {(429, "rate_limited")}
    assert all(1 <= int(each.headers["Retry-After"]) <= 60 for each in limited)


@pytest.fixture(scope="session")
def contract() -> Contract:
    return Contract(document(FAMILIES, "http://localhost"))


@asynccontextmanager
async def served(dsn: str, options: Options, folder: Path, contract: Contract) -> AsyncIterator[Api]:
    port = find_free_port()
    settings = Settings(
        secret_key=SECRET_KEY,
        database_url=dsn,
        data_dir=folder,
        port=port,
        limits_factor=options.limits_factor,
        trusted_proxies=options.trusted_proxies,
        demo=options.demo,
        smtp_url=options.smtp_url,
        **options.more,
    )
    app = make_app(settings)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    async with ClientSession(connector=TCPConnector(limit=0)) as http:
        yield Api(app, http, f"http://127.0.0.1:{port}", contract)
    await runner.cleanup()


@pytest.fixture
async def api(dsn: str, options: Options, tmp_path: Path, contract: Contract) -> AsyncIterator[Api]:
    async with served(dsn, options, tmp_path, contract) as api:
        yield api
