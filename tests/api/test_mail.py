"""A forgotten password, by letter: a mail server on loopback takes what the server sends."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from live.keys import MAIL
from tests.api.conftest import PASSWORD, Api, Options
from tests.conftest import find_free_port


@dataclass
class Postbox:
    """Just enough of SMTP (RFC 5321) to be written to."""

    port: int
    letters: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")
            await writer.drain()

        await say("220 postbox")
        while line := (await reader.readline()).decode().rstrip():
            verb = line.split()[0].upper()
            if verb == "DATA":
                await say("354 go on")
                self.letters.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            if verb == "QUIT":
                await say("221 bye")
                break
            await say("250 ok")
        writer.close()


@pytest.fixture
async def postbox(options: Options) -> AsyncIterator[Postbox]:
    postbox = Postbox(find_free_port())
    options.smtp_url = f"smtp://127.0.0.1:{postbox.port}"
    server = await asyncio.start_server(postbox.serve, "127.0.0.1", postbox.port)
    yield postbox
    server.close()
    await server.wait_closed()


async def test_a_forgotten_password_is_set_by_the_link_of_a_letter(postbox: Postbox, api: Api) -> None:
    """Attack 11: an unknown address is answered the same, and gets nothing."""
    await api.person("Ana", password=PASSWORD)
    known = await api.nobody.post("/auth/forgotten", {"email": " ANA@example.org"})
    unknown = await api.nobody.post("/auth/forgotten", {"email": "nobody@example.org"})
    assert (known.status, known.body) == (unknown.status, unknown.body) == (204, b"")
    await api.app[MAIL].close()
    assert len(postbox.letters) == 1
    letter = postbox.letters[0]
    assert "To: ana@example.org" in letter
    link = re.search(r"/reset#([\w-]+)", letter.replace("=\r\n", ""))
    assert link is not None, letter
    new = "another battery staple"
    assert (await api.nobody.post("/auth/reset", {"token": link[1], "new": new})).status == 204
    assert (await api.nobody.post("/auth/token", {"email": "ana@example.org", "password": new})).status == 200
    assert (await api.nobody.post("/auth/token", {"email": "ana@example.org", "password": PASSWORD})).status == 401


async def test_without_a_mail_server_the_way_is_another_one(api: Api) -> None:
    await api.person("Ana", password=PASSWORD)
    assert (await api.nobody.post("/auth/forgotten", {"email": "ana@example.org"})).code == "feature_off"
