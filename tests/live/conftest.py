"""Servers of the live room on one database, and the cast: Mara instructs, Theo assists, Ana and Ben take part, Otto observes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web

from live.app import make_app
from live.journal import shape_log
from live.keys import ACCESS_TOKENS, DATABASE, DIRECTORY, GATEWAY, HOSTS, TOKENS
from live.scheduling import schedule
from live.settings import Settings
from persistence.event_log import EventLog
from persistence.models.session import NewSession
from persistence.models.user import NewUser, PlatformRole
from persistence.registrations import Registrations
from persistence.sessions import Sessions
from persistence.tokens import TokenKind
from rooms.ids import SessionId, UserId
from rooms.lifecycle import ActivateSession, StartSession
from rooms.roles import Role
from tests.conftest import find_free_port
from tests.databases import SECRET_KEY
from tests.live.phone import Phone, Ring
from tests.live.raw import Raw
from tests.live.visitor import Visitor

ROLES = {
    "mara": Role.INSTRUCTOR,
    "theo": Role.ASSISTANT,
    "ana": Role.PARTICIPANT,
    "ben": Role.PARTICIPANT,
    "otto": Role.OBSERVER,
}


@dataclass
class Server:
    app: web.Application
    runner: web.AppRunner
    settings: Settings

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    @property
    def connections(self) -> int:
        return len(self.app[GATEWAY].connections())

    async def stop(self) -> None:
        await self.runner.cleanup()


@dataclass
class House:
    """The first server is `server`; `another` starts one more on the same database."""

    dsn: str
    folder: Path
    servers: list[Server] = field(default_factory=list)
    visitors: list[Visitor] = field(default_factory=list)
    people: dict[str, UserId] = field(default_factory=dict)
    families: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def server(self) -> Server:
        return self.servers[0]

    @property
    def app(self) -> web.Application:
        return self.server.app

    async def another(self, **options: Any) -> Server:
        settings = Settings(
            secret_key=SECRET_KEY,
            database_url=self.dsn,
            data_dir=self.folder,
            port=find_free_port(),
            limits_factor=1_000,
            ice_addresses=("127.0.0.1",),
        )
        app = make_app(replace(settings, **options))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", settings.port).start()
        self.servers.append(Server(app, runner, replace(settings, **options)))
        return self.servers[-1]

    async def instead(self, **options: Any) -> None:
        """The first server, with other settings."""
        await self.servers.pop(0).stop()
        self.servers.insert(0, await self.another(**options))
        self.servers.pop()

    async def user(self, name: str) -> UserId:
        if name not in self.people:
            roles = (PlatformRole.INSTRUCTOR,) if name == "mara" else (PlatformRole.LEARNER,)
            if name == "ada":
                roles = (PlatformRole.ADMIN,)
            new = NewUser(
                email=f"{name}@example.org",
                first_name=name.title(),
                last_name="Example",
                full_name=name.title(),
                roles=roles,
            )
            self.people[name] = await self.app[DIRECTORY].create_user(new)
        return self.people[name]

    async def token(self, name: str) -> str:
        user = await self.user(name)
        issued = await self.app[TOKENS].issue(user, TokenKind.REFRESH)
        self.families[name], self.secrets[name] = issued.family, issued.secret
        return self.app[ACCESS_TOKENS].issue(user, issued.family)

    async def session(self, *, active: bool = True, **fields: Any) -> SessionId:
        """Mara's, with the whole cast registered; running, unless `active` is False."""
        mara = await self.user("mara")
        now = datetime.now(UTC)
        given = {
            "title": "Sketching",
            "scheduled_start": now,
            "scheduled_end": now + timedelta(hours=1),
            "lobby": False,
        }
        database = self.app[DATABASE]
        new = NewSession(**{**given, **fields})
        made = await schedule(Sessions(database), EventLog(database), new, mara, mara, str(uuid4()))
        session = SessionId(made.id)
        for name, role in ROLES.items():
            if name != "mara":
                await self.register(session, name, role)
        if active:
            for command in (StartSession(), ActivateSession()):
                ack = await self.app[HOSTS].submit(session, mara, command, str(uuid4()))
                assert ack.ok, ack
        return session

    async def register(self, session: SessionId, name: str, role: Role = Role.PARTICIPANT) -> UserId:
        user = await self.user(name)
        registrations = Registrations(self.app[DATABASE])
        await registrations.invite(session, user, role)
        return user

    async def visitor(self, name: str, server: Server | None = None, **options: Any) -> Visitor:
        """Connected, not in any session yet."""
        visitor = Visitor((server or self.server).url, await self.token(name), await self.user(name))
        self.visitors.append(visitor)
        return await visitor.connect(**options)

    async def enter(self, session: SessionId, *names: str, server: Server | None = None) -> list[Visitor]:
        entered = []
        for name in names:
            visitor = await self.visitor(name, server)
            ack = await visitor.join(session)
            assert ack["ok"], ack
            entered.append(visitor)
        return entered

    async def enter_patiently(self, session: SessionId, name: str) -> list[Visitor]:
        """Where joining may fail, as long as it fails."""
        visitor = await self.visitor(name)
        while not (await visitor.join(session))["ok"]:
            pass
        return [visitor]

    async def close(self) -> None:
        await asyncio.gather(*(visitor.close() for visitor in self.visitors), return_exceptions=True)
        for server in self.servers:
            await server.stop()


@pytest.fixture(autouse=True, scope="session")
def log() -> None:
    shape_log()


@pytest.fixture
async def house(dsn: str, tmp_path: Path) -> AsyncIterator[House]:
    house = House(dsn, tmp_path)
    await house.another()
    yield house
    await house.close()


@pytest.fixture
async def raw(house: House) -> AsyncIterator[Callable[[], Raw]]:
    """Makes clients that misbehave; they are closed at the end."""
    made: list[Raw] = []

    def make() -> Raw:
        made.append(Raw(house.server.url))
        return made[-1]

    yield make
    await asyncio.gather(*(each.close() for each in made))


@pytest.fixture
async def ring() -> AsyncIterator[Ring]:
    """Makes connected phones, which hang up at the end."""
    made: list[Phone] = []

    async def ring(visitor: Visitor, hertz: float | None) -> Phone:
        made.append(Phone(visitor, hertz))
        return await made[-1].call()

    yield ring
    await asyncio.gather(*(phone.close() for phone in made))
