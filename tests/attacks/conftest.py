"""Servers, visitors and misbehaving clients come from the folders that test the socket and REST; here they meet in one house."""

import gc
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession, TCPConnector

from live.api.openapi import document
from live.api.routes import FAMILIES
from live.keys import HOSTS
from tests.api.conftest import Api, Caller
from tests.api.contract import Contract
from tests.live.conftest import House, Server, house, log, raw, ring  # noqa: F401  fixtures for this folder


@dataclass
class Desk:
    """REST of the servers of a house, for the same people."""

    house: House
    http: ClientSession
    contract: Contract

    def nobody(self, server: Server | None = None) -> Caller:
        server = server or self.house.server
        return Caller(Api(server.app, self.http, server.url, self.contract))

    async def caller(self, name: str, server: Server | None = None) -> Caller:
        """Somebody of the house with a sign-in of their own."""
        caller = self.nobody(server)
        caller.name, caller.token = name, await self.house.token(name)
        caller.user = await self.house.user(name)
        caller.refresh_token = self.house.secrets[name]
        return caller


@pytest.fixture(scope="session")
def contract() -> Contract:
    return Contract(document(FAMILIES, "http://localhost"))


@pytest.fixture
async def desk(house: House, contract: Contract) -> AsyncIterator[Desk]:  # noqa: F811
    async with ClientSession(connector=TCPConnector(limit=0)) as http:
        yield Desk(house, http, contract)


@pytest.fixture
def every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """No refusal goes unwritten, and nobody is sent away for many of them: for tests that count both."""
    from live import limits, refusals

    monkeypatch.setattr(refusals, "LINES", limits.Rate(1e9, 1e9))
    monkeypatch.setattr(limits, "REFUSALS_MAX", 1_000_000)


async def head(house: House, session: Any) -> int:  # noqa: F811
    return (await house.app[HOSTS].read(session)).seq


@pytest.fixture
def faults(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What was logged as our own failure so far: tracebacks, errors, tasks nobody waited for; of this test."""
    gc.collect()  # what an earlier one left behind is told now

    def found() -> list[str]:
        return [
            record.getMessage()
            for record in caplog.records
            if not record.name.startswith("client")
            and (record.exc_info or record.levelno >= logging.ERROR or "Traceback" in record.getMessage())
        ]

    return found
