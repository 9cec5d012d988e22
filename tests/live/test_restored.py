"""A workshop that is brought back to an earlier second, as an operator does it, and people who were in it when that happened."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.databases import SECRET_KEY
from tests.live.test_serving import Process, run
from tests.live.visitor import Visitor


async def asked(server: Process, token: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        ClientSession(headers=headers) as http,
        http.request(method, f"{server.url}/api/v1{path}", json=body) as response,
    ):
        return response.status, await response.json() if response.content_type.endswith("json") else None


@pytest.mark.timeout(300)
async def test_whoever_was_there_is_shown_what_was_restored(tmp_path: Path) -> None:
    """The row that was deleted is back, what came later never was, and nobody mistakes the one log for the other."""
    environ = {"SECRET_KEY": SECRET_KEY, "BACKUP_URL": f"file:{tmp_path / 'repository'}"}
    place = ("--data-dir", str(tmp_path / "data"))

    async def backup(*words: str) -> None:
        done = await asyncio.to_thread(run, "backup", *words, *place, **environ)
        assert done.returncode == 0, done.stderr

    first = await Process(tmp_path, "demo", "--bots", "0", environ=environ).ready()
    try:
        shown = await first.demo()
        person, session = shown["cast"][2], shown["sessions"][0]["id"]
        ana = await Visitor(first.url, person["token"], person["userId"]).connect()
        await ana.join(session)
        assert (await ana.submit("chat.send", text="before"))["ok"]
        status, note = await asked(first, person["token"], "POST", "/notes", {"title": "Clay", "content": "Wet."})
        assert status == 201
        await backup("now")
        moment = datetime.now(UTC)
        await asyncio.sleep(0.1)
        assert (await asked(first, person["token"], "DELETE", f"/notes/{note['id']}"))[0] == 204
        said = await ana.submit("chat.send", text="after")
        await ana.sees("chat.sent", text="after")
        await backup("restore", "--at", moment.isoformat(), "--into", str(tmp_path / "copy"))
    finally:
        await first.stop()
    (tmp_path / "data").rename(tmp_path / "lost")
    (tmp_path / "copy").rename(tmp_path / "data")
    second = await Process(tmp_path, "demo", "--bots", "0", environ=environ).ready()
    try:
        assert (await asked(second, person["token"], "GET", f"/notes/{note['id']}"))[1]["title"] == "Clay"
        back = await Visitor(second.url, person["token"], person["userId"]).connect()
        ack = await back.join(session, epoch=ana.ack["epoch"], after=said["seq"])
        assert ack["resync"] is True
        assert ack["epoch"] != ana.ack["epoch"]
        messages = ack["snapshot"]["view"]["chat"]["channels"]["everyone"]["messages"]
        texts = [each["text"] for each in messages.values()]
        assert ("before" in texts, "after" in texts) == (True, False)
        assert (await back.submit("chat.send", text="again"))["ok"]
        await back.close()
    finally:
        await second.stop()
