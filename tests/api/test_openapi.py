"""The OpenAPI document: valid, served, and walked. Every answer in these tests is judged by it (contract.py); here one story
uses every operation, so that none is declared and not served, or served and not declared.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiohttp import web
from openapi_spec_validator import validate

from live.api.routes import routes
from live.keys import DATABASE
from persistence.models.user import PlatformRole
from rooms.roles import Role
from tests.api.conftest import BASE, PASSWORD, Api, Caller, schedule
from tests.api.recorded import taken, worked
from tests.api.test_privacy import worked as told_worker
from tests.api.test_uploads import PIECE, wav
from tests.api.workbook import lesson, module
from tests.media.paint import painted

RANGE = {"Range": "bytes=0-9"}
ELSEWHERE = {("GET", f"{BASE}/demo", 200), ("POST", f"{BASE}/auth/forgotten", 204)}
"""Only with a demo or a mail server: test_demo.py, test_mail.py. The story of the bootcamp is test_bootcamp_operations.py."""


async def test_the_document_is_valid_and_the_served_one_is_the_declared_one(api: Api) -> None:
    served = await api.nobody.get("/openapi.json")
    assert served.headers["Content-Type"].startswith("application/json")
    validate(served.json)
    assert served.json["paths"] == api.contract.document["paths"]
    assert (await api.nobody.get("/openapi.json", headers={"If-None-Match": served.headers["ETag"]})).status == 304


async def test_every_route_of_the_server_is_declared(api: Api) -> None:
    """Read from the router itself, so that nobody adds one beside the declarations."""
    served = {
        (route.method, route.resource.canonical)
        for route in api.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/") and route.method != "HEAD"
    }
    declared = {(route.method, BASE + route.path) for route in routes()}
    assert served == declared | {("GET", f"{BASE}/openapi.json"), ("GET", "/api/docs")}
    assert isinstance(api.app, web.Application)


async def test_the_page_for_people_needs_nothing_from_elsewhere(api: Api) -> None:
    page = await api.nobody.get("/api/docs")
    text = page.body.decode()
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert not re.search(r"<script|<link|<img|https?://(?!localhost)", text)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for route in routes():
        assert f"<code>{BASE}{route.path}</code>" in text, route.path
    assert 'id="session.illegal_transition"' in text or "session.illegal_transition" in text
    for code in ("not_found", "precondition_failed", "rate_limited"):
        assert f'id="{code}"' in text, "the type of a problem is a link to its meaning"


class Story:
    """Every operation once, with success, and once again where nothing changed (304)."""

    def __init__(self, api: Api) -> None:
        self.api = api

    async def ok(self, caller: Caller, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = await caller.send(
            method, path, body, headers={name.replace("_", "-"): held for name, held in headers.items()}
        )
        assert answer.status < 300, (method, path, answer)
        if method == "GET" and "ETag" in answer.headers:
            await self.unchanged(caller, path, answer.headers["ETag"])
        return answer.json if answer.body and "json" in answer.headers["Content-Type"] else answer

    async def unchanged(self, caller: Caller, path: str, tag: str) -> None:
        """304; but for what is projected just now, so it is asked again."""
        for _ in range(5):
            again = await caller.get(path, headers={"If-None-Match": tag})
            if again.status == 304:
                return
            tag = again.headers["ETag"]
        raise AssertionError(f"{path} is never unchanged")

    async def signing_in(self) -> None:
        ana = await self.api.person("Ana", password=PASSWORD)
        nobody = self.api.nobody
        signed = await self.ok(nobody, "POST", "/auth/token", {"email": ana.email, "password": PASSWORD})
        renewed = await self.ok(nobody, "POST", "/auth/refresh", {"refreshToken": signed["refreshToken"]})
        ana.token = renewed["accessToken"]
        changed = await self.ok(ana, "POST", "/auth/password", {"current": PASSWORD, "new": PASSWORD + "!"})
        ana.token = changed["accessToken"]
        await self.ok(ana, "GET", "/me")
        await ana.change("/me", {"fullName": "Ana B."})

    async def people(self) -> None:
        ada = await self.api.ada()
        made = await self.ok(ada, "POST", "/users", {"email": "x@example.org", "firstName": "X", "lastName": "Y"})
        path = f"/users/{made['id']}"
        await self.ok(ada, "GET", "/users")
        await self.ok(ada, "GET", path)
        assert (await ada.change(path, {"subscriptionTier": "premium"})).status == 200
        assert (await ada.change(f"{path}/roles", {"roles": ["learner"]}, method="PUT", read=path)).status == 200
        link = await self.ok(ada, "POST", f"{path}/reset-link")
        await self.ok(self.api.nobody, "POST", "/auth/reset", {"token": link["url"].partition("#")[2], "new": PASSWORD})

    async def a_session(self) -> None:
        mara, ben = await self.api.mara(), await self.api.person("Ben")
        session = (await self.ok(mara, "POST", "/live-sessions", schedule(description="Bring a cup")))["id"]
        path = f"/live-sessions/{session}"
        await self.ok(mara, "GET", "/live-sessions?mine=true")
        await self.ok(mara, "GET", path)
        assert (await mara.change(path, {"title": "Tea"})).status == 200
        await self.ok(mara, "POST", f"{path}/registrations", {"userId": ben.user})
        await self.ok(mara, "GET", f"{path}/registrations")
        link = await self.ok(mara, "POST", f"{path}/invitations", {"role": "participant"})
        await self.ok(mara, "GET", f"{path}/invitations")
        await self.ok(self.api.nobody, "POST", "/invitations/look", {"token": link["token"]})
        await self.ok(self.api.nobody, "POST", "/invitations/redeem", {"token": link["token"], "name": "Gus"})
        await self.ok(ben, "POST", "/invitations/redeem", {"token": link["token"]})
        await self.ok(mara, "POST", f"{path}/start")
        await self.ok(mara, "POST", f"{path}/abort")
        await self.api.runs(session)
        await self.api.enters(session, ben, Role.PARTICIPANT)
        await self.ok(ben, "POST", f"{path}/commands", {"id": str(uuid4()), "type": "chat.send", "text": "hello"})
        await self.ok(ben, "POST", f"{path}/commands", {"id": str(uuid4()), "type": "question.ask", "text": "Why?"})
        quick = {"id": str(uuid4()), "type": "poll.quick", "template": "yesno"}
        await self.ok(mara, "POST", f"{path}/commands", quick)
        for what in ("events", "state", "chat", "polls", "questions", "participants", "engagement", "summary", "ice"):
            await self.ok(mara, "GET", f"{path}/{what}")
        await self.boards_and_breakouts(mara, ben, path)
        for what in (f"participants/{ben.user}/score", "attendance.csv", "engagement.csv", "calendar.ics"):
            await self.ok(mara, "GET", f"{path}/{what}")
        await self.ok(mara, "GET", "/calendar.ics")
        for verb, body in (("pause", None), ("resume", None), ("extend", {"minutes": 5}), ("end", None)):
            await self.ok(mara, "POST", f"{path}/{verb}", body)
        await self.ok(mara, "GET", f"{path}/links")
        assert (await mara.change(f"{path}/links", {"courses": []}, method="PUT")).status == 200
        await self.ok(mara, "DELETE", f"{path}/invitations/{link['id']}")
        await self.ok(mara, "DELETE", f"{path}/registrations/{ben.user}")
        assert (await mara.change(path, method="DELETE")).status == 204
        other = await self.api.workshop()
        await self.ok(mara, "POST", f"/live-sessions/{other}/cancel", {"reason": "rain"})

    async def boards_and_breakouts(self, mara: Caller, ben: Caller, path: str) -> None:
        brought = await mara.send("POST", f"{path}/images", data=painted(), headers={"Content-Type": "image/png"})
        assert brought.status == 201, brought
        await self.ok(mara, "GET", f"{path}/images/{brought.json['imageId']}")
        await self.ok(mara, "GET", f"{path}/boards")
        await self.ok(mara, "GET", f"{path}/boards/main")
        made = await self.ok(mara, "POST", f"{path}/breakouts", {"rooms": [{"name": "One", "members": [ben.email]}]})
        await self.ok(mara, "GET", f"{path}/breakouts")
        command = {"id": str(uuid4()), "type": "breakout.open", "setId": made["set"]["id"]}
        await self.ok(mara, "POST", f"{path}/commands", command)
        await self.ok(mara, "GET", f"{path}/breakouts/{made['set']['id']}/results")

    async def sound(self) -> None:
        heard = await taken(self.api)
        await worked(self.api, "Tea.", "Cups.")
        mara, ana, path = heard.mara, heard.ana, heard.path
        await self.ok(heard.ben, "POST", f"{path}/recording-consent", {"given": True})
        for what in (
            "recordings",
            "transcript.json",
            "transcript.vtt",
            "transcript.srt",
            "transcript.txt",
            "archive.zip",
        ):
            await self.ok(mara, "GET", f"{path}/{what}")
        await self.ok(mara, "PUT", f"{path}/recordings/{heard.recording}/published", {"published": True})
        [item] = (await mara.get(f"{path}/recordings")).json["items"]
        mix = f"/recordings/{item['tracks'][0]['parts'][0]['id']}"
        for what, sent, status in (
            ("content", {}, 200),
            ("content", RANGE, 206),
            ("peaks", {}, 200),
            ("peaks", RANGE, 206),
        ):
            assert (await mara.get(f"{mix}/{what}", headers=sent)).status == status
        await self.ok(mara, "GET", mix)
        await self.ok(ana, "GET", "/recordings")
        [said] = (await self.ok(ana, "GET", "/transcriptions"))["items"]
        own = f"/recordings/{said['audioRecordingId']}"
        await self.ok(ana, "GET", f"/transcriptions/{said['id']}")
        await self.ok(ana, "GET", f"{own}/transcription")
        await self.ok(ana, "GET", "/search?q=cups")
        async with self.api.app[DATABASE].connection() as connection:
            for state in ("pending", "failed"):
                await connection.execute("UPDATE workbook.transcription_records SET status = $1", state)
        await self.ok(mara, "POST", f"{own}/transcription/retry")
        await self.ok(mara, "DELETE", mix)

    async def uploads(self) -> None:
        ana, data = await self.api.person("Ana"), wav()
        announced = {"fileName": "tea.wav", "bytes": len(data)}
        given_up = await self.ok(ana, "POST", "/recordings", announced)
        await self.ok(ana, "DELETE", f"/recordings/{given_up['id']}/upload")
        path = f"/recordings/{(await self.ok(ana, 'POST', '/recordings', announced))['id']}"
        assert (await ana.send("PATCH", f"{path}/content?offset=0", data=data, headers=PIECE)).status == 200
        await self.ok(ana, "GET", f"{path}/upload")
        await self.ok(ana, "POST", f"{path}/complete")

    async def workbook(self) -> None:
        ines, ben = await self.api.person("Ines", PlatformRole.INSTRUCTOR), await self.api.person("Ben")
        path = (
            f"/modules/{(await self.ok(ines, 'POST', '/modules', module(1, lesson('main'), isPublished=False)))['id']}"
        )
        assert (await ines.change(path, {"title": "Clay and water"})).status == 200
        await self.ok(ines, "PUT", f"{path}/order", {"moduleOrder": 2})
        await self.ok(ines, "POST", f"{path}/publish")
        for what in ("/modules", path, f"{path}/lessons/main"):
            await self.ok(ben, "GET", what)
        progress = path.replace("/modules", "/progress")
        for what in (progress, f"{progress}/main"):
            await self.ok(ben, "PUT", what, {"progressPercent": 10})
        note = await self.ok(ben, "POST", "/notes", {"title": "A", "content": "b"})
        assert (await ben.change(f"/notes/{note['id']}", {"title": "C"})).status == 200
        for what in ("/progress", progress, "/notes", f"/notes/{note['id']}", "/dashboard"):
            await self.ok(ben, "GET", what)
        await self.ok(ben, "DELETE", f"/notes/{note['id']}")
        await self.ok(ines, "POST", f"{path}/unpublish")
        await self.ok(ines, "DELETE", path)
        await self.ok(ines, "POST", "/auth/logout")

    async def privacy(self) -> None:
        ana, ada, rina = await self.api.person("Ana"), await self.api.ada(), await self.api.person("Rina")
        for method in ("POST", "DELETE", "POST"):
            await self.ok(ana, method, "/privacy/export")
        await self.ok(ada, "POST", f"/users/{rina.user}/export")
        assert await told_worker(self.api) == ["export", "export"]
        await self.ok(ana, "GET", "/privacy/export")
        for sent, status in (({}, 200), (RANGE, 206)):
            assert (await ana.get("/privacy/export/content", headers=sent)).status == status
        for method in ("POST", "GET", "DELETE"):
            await self.ok(ana, method, "/privacy/erase")
        await self.ok(ada, "POST", f"/users/{rina.user}/erase")
        for path in ("/admin/audit", "/admin/audit/access", "/admin/keys", "/status"):
            await self.ok(ada, "GET", path)
        await self.ok(ada, "POST", "/admin/keys/rotate")


async def test_every_operation_answers_as_declared(api: Api) -> None:
    api.contract.seen.clear()
    story = Story(api)
    await story.signing_in()
    await story.people()
    await story.a_session()
    await story.sound()
    await story.uploads()
    await story.workbook()
    await story.privacy()
    missed = {each for each in api.contract.successes() - api.contract.seen if "/bootcamp/" not in each[1]}
    assert missed == ELSEWHERE


async def test_times_are_rfc_3339_in_utc(api: Api) -> None:
    mara = await api.mara()
    offset = (datetime(2030, 1, 7, 12, tzinfo=UTC) + timedelta(hours=1)).isoformat().replace("+00:00", "+02:00")
    made = await mara.post("/live-sessions", schedule(scheduledStart="2030-01-07T12:00:00+02:00", scheduledEnd=offset))
    assert made.json["scheduledStart"] == "2030-01-07T10:00:00Z"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", made.json["createdAt"])


def test_the_written_documentation_names_exactly_these_routes() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "api" / "rest.md").read_text()
    written = re.findall(r"^\| `([A-Z]+ /\S+)` \|", text, re.MULTILINE)
    assert written == [f"{route.method} {route.path}" for route in routes()]
