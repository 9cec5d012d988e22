"""One's own data over REST: a copy of all of it and of nothing else, and to be forgotten; and who read what of whom."""

import asyncio
import io
import json
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest

from live.failpoints import Failpoints
from live.keys import DATABASE, STORE
from live.privacy import Privacy, sweep_exports
from persistence.database import Database
from persistence.jobs import Jobs
from rooms.roles import Role
from tests.api.bootcamp import Classroom, make
from tests.api.conftest import Api, Caller

WORDS = {"Ana": "anaconda", "Ben": "benevolence", "Mara": "marathon"}


async def worked(api: Api) -> list[str]:
    """What a worker finds to do now, done; the kinds."""
    database: Database = api.app[DATABASE]
    jobs = Jobs(database)
    privacy = Privacy(database, api.app[STORE], Failpoints(""), api.app[STORE]._root.parent / "work")  # type: ignore[attr-defined]
    done = []
    while (job := await jobs.lease(["erase", "export"], "test")) is not None:
        await (privacy.erase if job.kind == "erase" else privacy.export)(job)
        await jobs.done(job)
        done.append(job.kind)
    return done


async def talked(api: Api) -> str:
    """Mara's session, in which Ana, Ben and she each say their word; and to whom nobody else may hear it."""
    mara = await api.mara()
    session = await api.workshop()
    ana, ben = await api.invited(session, "Ana"), await api.invited(session, "Ben")
    await api.runs(session)
    for caller in (ana, ben):
        await api.enters(session, caller, Role.PARTICIPANT)
    for caller in (ana, ben, mara):
        word = WORDS[caller.name]
        for type_, fields in (
            ("chat.send", {"text": f"{word} for all"}),
            ("question.ask", {"text": f"{word} asked", "anonymous": True}),
        ):
            told = await caller.command(session, type_, **fields)
            assert told.status == 200, told
    await ben.command(session, "chat.send", text=f"{WORDS['Ben']} for Mara", to=mara.user)
    await mara.command(session, "chat.send", text=f"{WORDS['Mara']} for staff", to="staff")
    return session


async def exported(caller: Caller) -> dict[str, Any]:
    content = await caller.get("/privacy/export/content")
    assert content.status == 200, content
    with ZipFile(io.BytesIO(content.body)) as archive:
        assert archive.testzip() is None
        return {each: archive.read(each) for each in archive.namelist()}


@pytest.mark.requirement("B325")
async def test_an_export_has_all_of_oneself_and_nothing_of_others(api: Api) -> None:
    """Attack 22: what one could not read is not in it, nor what one could."""
    session = await talked(api)
    classroom = await Classroom.open(api)
    (ana, _), (ben, _) = await classroom.learner("Ana"), await classroom.learner("Ben")
    assignment = await classroom.assignment()
    submission = await classroom.handed_in(ana, assignment)
    mara = classroom.mara
    review = (
        await make(mara, "/bootcamp/peer-reviews", submissionId=submission, reviewerId=ben.user, isAnonymous=True)
    )["id"]
    wrote = await ben.change(f"/bootcamp/peer-reviews/{review}", {"overallScore": 4, "detailedFeedback": "good lines"})
    assert wrote.status == 200, wrote
    noted = await ana.post("/notes", {"title": WORDS["Ana"], "content": f"<p>{WORDS['Ana']}</p>"})
    assert noted.status == 201, noted
    await ben.post("/notes", {"title": WORDS["Ben"], "content": f"<p>{WORDS['Ben']}</p>", "isPrivate": False})

    assert (await ana.get("/privacy/export")).status == 404
    asked = await ana.post("/privacy/export")
    assert (asked.status, asked.json["status"]) == (202, "pending")
    assert (await ana.post("/privacy/export")).code == "conflict"
    assert (await ana.get("/privacy/export/content")).status == 404
    assert await worked(api) == ["export"]
    assert (await ana.get("/privacy/export")).json["status"] == "completed"
    archive = await exported(ana)

    everything = b"".join(archive.values()).decode()
    assert WORDS["Ana"] in everything
    assert WORDS["Ben"] not in everything
    assert WORDS["Mara"] not in everything
    assert ben.user not in everything
    said = json.loads(archive[f"sessions/{session}.json"])
    assert [each["type"] for each in said] == ["chat.sent", "question.asked"]
    (account,) = json.loads(archive["account.json"])
    assert (account["email"], account["fullName"]) == ("ana@example.org", "Ana")
    (reviewed,) = json.loads(archive["bootcamp/reviews-of-my-submissions.json"])
    assert reviewed["detailedFeedback"] == "good lines"
    assert {
        "workbook/notes.json",
        "bootcamp/enrollments.json",
        "bootcamp/submissions.json",
        "live/participations.json",
    } <= set(archive)


async def test_an_export_is_its_owners_only_and_lies_sealed(api: Api) -> None:
    ana, ben = await api.person("Ana"), await api.person("Ben")
    await ana.post("/notes", {"title": WORDS["Ana"], "content": "<p>seen</p>"})
    asked = await ana.post("/privacy/export")
    await worked(api)
    assert (await ben.get("/privacy/export/content")).status == 404
    assert (await api.nobody.get("/privacy/export/content")).status == 401
    stored = await api.app[STORE].read(f"exports/{asked.json['id']}/data.sealed")
    assert stored is not None
    assert b"account.json" not in stored
    assert not stored.startswith(b"PK")
    async with api.app[DATABASE].connection() as connection:
        await connection.execute("UPDATE identity.privacy_requests SET expires_at = now() - interval '1 second'")
    assert (await ana.get("/privacy/export/content")).status == 404
    sweeping = asyncio.create_task(sweep_exports(api.app[DATABASE], api.app[STORE]))
    async with asyncio.timeout(10):
        while await api.app[STORE].list("exports"):  # noqa: ASYNC110 - the store does not tell
            await asyncio.sleep(0.02)
    sweeping.cancel()


@pytest.mark.requirement("B325")
async def test_to_be_forgotten_can_be_withdrawn_until_it_begins(api: Api) -> None:
    ana = await api.person("Ana")
    asked = await ana.post("/privacy/erase")
    assert (asked.status, asked.json["status"]) == (202, "pending")
    assert (await ana.post("/privacy/erase")).code == "conflict"
    assert asked.json["beginsAt"] > asked.json["createdAt"]
    assert (await ana.get("/me")).json["status"] == "deletion_requested"
    assert await worked(api) == []
    assert (await ana.delete("/privacy/erase")).status == 204
    assert (await ana.delete("/privacy/erase")).status == 404
    assert (await ana.get("/me")).json["status"] == "active"
    assert (await ana.get("/privacy/erase")).status == 404
    assert (await ana.post("/privacy/erase")).status == 202


async def test_at_once_nobody_can_sign_in_any_more(api: Api) -> None:
    session = await talked(api)
    ana, ben, mara = await api.person("Ana"), await api.person("Ben"), await api.mara()
    assert (await ana.post("/privacy/erase", {"immediately": True})).status == 202
    assert await worked(api) == ["erase"]
    assert (await ana.get("/me")).code == "token_revoked"
    for reader in (ben, mara):
        chat = (await reader.get(f"/live-sessions/{session}/chat")).json
        texts = [each["text"] for each in chat["items"]]
        assert "" in texts
        assert not any(WORDS["Ana"] in text for text in texts)
        assert ana.name not in json.dumps(chat["people"]), "names are not kept by whoever asks later"
        history = (await reader.get(f"/live-sessions/{session}/events")).body
        assert WORDS["Ana"].encode() not in history
    assert (await mara.get(f"/live-sessions/{session}/questions")).json["items"][0]["text"] == ""


async def test_whoever_hosts_a_session_hands_it_over_first(api: Api) -> None:
    mara = await api.mara()
    session = await api.workshop()
    refused = await mara.post("/privacy/erase", {"immediately": True})
    assert (refused.status, refused.code) == (409, "hosts_session")
    assert (await mara.post(f"/live-sessions/{session}/cancel")).status == 200
    assert (await mara.post("/privacy/erase")).status == 202


async def test_the_last_administrator_stays(api: Api) -> None:
    ada = await api.ada()
    assert (await ada.post("/privacy/erase")).code == "last_administrator"


async def test_administrators_ask_for_others_and_nobody_else_does(api: Api) -> None:
    ada, ana, ben = await api.ada(), await api.person("Ana"), await api.person("Ben")
    for what in ("export", "erase"):
        assert (await ben.post(f"/users/{ana.user}/{what}")).status == 404
        assert (await ada.post(f"/users/{uuid4()}/{what}")).status == 404
        assert (await ada.post(f"/users/{ana.user}/{what}")).status == 202
        assert (await ana.get(f"/privacy/{what}")).json["status"] == "pending"
    assert (await ana.post(f"/users/{ana.user}/export")).code == "conflict"
    await worked(api)
    assert "account.json" in await exported(ana)
    assert (await ada.get("/privacy/export/content")).status == 404


# -- The audit --


async def lines(api: Api, path: str) -> list[dict[str, Any]]:
    """What is noted beside the requests comes a moment later."""
    ada = await api.ada()
    async with asyncio.timeout(10):
        while not (found := (await ada.get(path)).json["items"]):  # noqa: ASYNC110 - the server does not tell
            await asyncio.sleep(0.02)
    return list(found)


@pytest.mark.requirement("B323", "D83")
async def test_a_read_of_somebody_elses_data_is_noted(api: Api) -> None:
    ada, ana, ben = await api.ada(), await api.person("Ana"), await api.person("Ben")
    note = (await ana.post("/notes", {"title": "Mine", "content": "<p>mine</p>"})).json["id"]
    assert (await ana.get(f"/notes/{note}")).status == 200
    assert (await ben.get(f"/notes/{note}")).status == 404
    read = await ada.get(f"/notes/{note}")
    (line,) = await lines(api, f"/admin/audit/access?subject={ana.user}&entity=workbook.workbook_notes")
    assert (line["actor"], line["ids"], line["subjects"]) == (ada.user, [note], [ana.user])
    assert line["route"] == "GET /notes/{note_id}"
    assert line["requestId"] == read.headers["X-Request-Id"]
    await ada.get("/users")
    (line,) = await lines(api, f"/admin/audit/access?actor={ada.user}&entity=identity.accounts")
    assert set(line["subjects"]) == {ana.user, ben.user}
    assert await lines(api, "/admin/audit/access?entity=audit.access"), "whoever reads these lines stands in them"
    assert (await ana.get("/admin/audit/access")).status == 403


@pytest.mark.requirement("B324")
async def test_a_change_over_rest_is_noted_with_who_and_in_which_request(api: Api) -> None:
    ana = await api.person("Ana")
    made = await ana.post("/notes", {"title": "a title", "content": "<p>words</p>"})
    note = made.json["id"]
    changed = await ana.change(f"/notes/{note}", {"isPinned": True, "title": "another title"})
    assert changed.status == 200
    found = await lines(api, f"/admin/audit?rowId={note}")
    assert [(each["action"], each["actor"], each["requestId"]) for each in found] == [
        ("update", ana.user, changed.headers["X-Request-Id"]),
        ("insert", ana.user, made.headers["X-Request-Id"]),
    ]
    assert found[0]["changed"] == ["is_pinned", "metadata", "title"]
    assert (found[0]["before"], found[0]["after"]) == ({"is_pinned": False}, {"is_pinned": True})
    assert "title" not in json.dumps(found).replace('"title"', "")
    assert (await ana.get("/admin/audit")).status == 403
    page = (await (await api.ada()).get("/admin/audit?limit=1")).json
    assert len(page["items"]) == 1
    assert page["nextCursor"]
