"""Calendar, attendance, scores and modules: what leaves the server in other shapes (attack 53 for spreadsheets)."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from live.api.attendance import as_csv, safe_cell
from live.keys import DATABASE, HOSTS
from rooms.ids import SessionId
from rooms.participants import Leave
from rooms.roles import Role
from tests.api.conftest import SOON, Answer, Api, schedule


def entries(answer: Answer) -> dict[str, Any]:
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return {str(each["uid"]): each for each in Calendar.from_ical(answer.body).walk("VEVENT")}


async def test_the_calendar_follows_every_change(api: Api) -> None:
    mara = await api.mara()
    session = await api.workshop(title="Tea, milk; and\\pottery", description="Bring\na cup")
    uid = f"{session}@atelier"
    first = entries(await mara.get("/calendar.ics"))[uid]
    assert (first["summary"], first["description"], first["status"]) == (
        "Tea, milk; and\\pottery",
        "Bring\na cup",
        "CONFIRMED",
    )
    assert (first.decoded("dtstart"), first.decoded("dtend")) == (SOON, SOON + timedelta(hours=1))
    assert first["organizer"].params["CN"] == "Mara"
    assert str(first["url"]).endswith(f"/sessions/{session}")

    await mara.change(f"/live-sessions/{session}", {"scheduledEnd": (SOON + timedelta(hours=2)).isoformat()})
    moved = entries(await mara.get(f"/live-sessions/{session}/calendar.ics"))[uid]
    assert moved.decoded("dtend") == SOON + timedelta(hours=2)
    assert moved["sequence"] > first["sequence"]
    await mara.post(f"/live-sessions/{session}/cancel")
    feed = await mara.get("/calendar.ics")
    cancelled = entries(feed)[uid]
    assert (cancelled["status"], cancelled["sequence"] > moved["sequence"]) == ("CANCELLED", True)
    assert (await mara.get("/calendar.ics", headers={"If-None-Match": feed.headers["ETag"]})).status == 304


async def test_the_feed_holds_ones_own_sessions_only(api: Api) -> None:
    session, _other = await api.workshop(), await api.workshop(title="Another")
    ana = await api.invited(session, "Ana")
    assert set(entries(await ana.get("/calendar.ics"))) == {f"{session}@atelier"}
    ada = await api.ada()
    assert entries(await ada.get("/calendar.ics")) == {}, "an administrator sees all, but the feed is one's own"


async def test_attendance_lists_who_came_and_who_did_not(api: Api) -> None:
    mara = await api.mara()
    session = await api.workshop()
    ana, _ben = await api.invited(session, "Ana"), await api.invited(session, "Ben")
    await api.runs(session)
    await api.enters(session, ana, Role.PARTICIPANT)
    leave = Leave(user_id=ana.user, last_seen=datetime.now(UTC))
    assert (await api.app[HOSTS].submit(SessionId(session), None, leave, "6b9d8c52-0c3f-4f0e-9a51-6d1f3f6c7a11")).ok
    await api.enters(session, ana, Role.PARTICIPANT)
    sheet = await mara.get(f"/live-sessions/{session}/attendance.csv")
    assert sheet.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert sheet.headers["Content-Disposition"] == f'attachment; filename="attendance-{session}.csv"'
    rows = list(csv.DictReader(io.StringIO(sheet.body.decode())))
    assert [(row["name"], row["role"], row["registration"]) for row in rows] == [
        ("Mara", "instructor", ""),
        ("Ana", "participant", "registered"),
        ("Ben", "participant", "registered"),
    ]
    assert len(rows[1]["intervals"].split("; ")) == 2
    assert rows[1]["lastLeft"] == "", "she is there"
    assert (rows[2]["firstJoined"], rows[2]["minutes"], rows[2]["intervals"]) == ("", "0", "")
    await mara.post(f"/live-sessions/{session}/end")
    over = await mara.get(f"/live-sessions/{session}/attendance.csv")
    rows = list(csv.DictReader(io.StringIO(over.body.decode())))
    assert rows[0]["lastLeft"] == rows[1]["lastLeft"] != "", "who was there to the end left with it"
    assert (await mara.get(f"/live-sessions/{session}/attendance.csv?bom=true")).body.startswith(b"\xef\xbb\xbfuserId")


async def test_names_are_not_formulas(api: Api) -> None:
    """Attack 53."""
    mara = await api.mara()
    session = await api.workshop()
    await api.invited(session, "=1+1")
    for path in ("attendance.csv", "engagement.csv"):
        assert "\n=" not in (await mara.get(f"/live-sessions/{session}/{path}")).body.decode().replace(",", "\n")
    assert "'=1+1" in (await mara.get(f"/live-sessions/{session}/attendance.csv")).body.decode()


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "＝1", "|cmd"]
)
def test_a_cell_that_would_be_calculated_becomes_text(cell: str) -> None:
    assert safe_cell(cell) == f"'{cell}"


def test_other_cells_stay_as_they_are() -> None:
    for cell in ("", "Ana", "a=b", "2030-01-01T00:00:00Z", "12", 'say "tea", please'):
        assert safe_cell(cell) == cell
    assert list(csv.reader(io.StringIO(as_csv(("a",), [['say "tea",\nplease']]).decode()))) == [
        ["a"],
        ['say "tea",\nplease'],
    ]


async def test_scores_are_ones_own_and_the_staffs(api: Api) -> None:
    mara = await api.mara()
    session = await api.workshop()
    ana, ben = await api.invited(session, "Ana"), await api.invited(session, "Ben")
    otto = await api.invited(session, "Otto", "observer")
    await api.runs(session)
    for caller, role in ((ana, Role.PARTICIPANT), (ben, Role.PARTICIPANT), (otto, Role.OBSERVER)):
        await api.enters(session, caller, role)
    path = f"/live-sessions/{session}"
    own = await ana.get(f"{path}/participants/{ana.user}/score")
    assert (own.status, own.json["scored"], own.json["participationScore"] >= 0) == (200, True, True)
    assert (await ana.get(f"{path}/participants/{ben.user}/score")).code == "not_found"
    assert (await mara.get(f"{path}/participants/{ben.user}/score")).json["userId"] == ben.user
    watching = (await otto.get(f"{path}/participants/{otto.user}/score")).json
    assert (watching["scored"], "participationScore" in watching) == (False, False)
    for caller, count in ((ana, 1), (mara, 4)):
        assert len((await caller.get(f"{path}/engagement")).json["items"]) == count
        assert len((await caller.get(f"{path}/participants")).json["items"]) == count
    assert (await ana.get(f"{path}/summary")).json["you"]["userId"] == ana.user
    page = (await mara.get(f"{path}/participants?limit=3")).json
    rest = (await mara.get(f"{path}/participants?limit=3&cursor={page['nextCursor']}")).json
    assert (len(page["items"]), len(rest["items"]), rest["nextCursor"]) == (3, 1, None)


async def test_what_is_projected_comes_with_its_reasons(api: Api) -> None:
    mara = await api.mara()
    session = await api.workshop()
    ana = await api.invited(session, "Ana")
    await api.runs(session)
    await api.enters(session, ana, Role.PARTICIPANT)
    await ana.command(session, "chat.send", text="hello")
    await mara.post(f"/live-sessions/{session}/end")
    await api.projected(session)
    path = f"/live-sessions/{session}"
    own = (await ana.get(f"{path}/participants/{ana.user}/score")).json
    assert (own["interactionCount"], own["breakdown"]["final"], own["breakdown"]["version"]) == (1, True, 1)
    whole = (await mara.get(f"{path}/engagement")).json
    assert (whole["participantCount"], [each["scored"] for each in whole["items"]]) == (1, [False, True])
    summary = (await ana.get(f"{path}/summary")).json
    assert "1 participant came" in summary["summary"]
    assert summary["session"]["metadata"]["summary"] == summary["summary"]
    assert (await mara.get(f"{path}/registrations")).json["items"][0]["status"] == "attended"


async def test_modules_are_read_when_published_and_with_access(api: Api) -> None:
    content = {"overview": "Clay", "learningObjectives": [], "lessons": [], "resources": []}
    async with api.app[DATABASE].connection() as connection:
        shown, draft = [
            await connection.fetchval(
                "INSERT INTO workbook.workshop_modules (title, module_order, duration_minutes, content, is_published) "
                "VALUES ($1, $2, 30, $3, $4) RETURNING id",
                *row,
            )
            for row in (("Clay and water", 1, content, True), ("Glazing, a draft", 2, content, False))
        ]
    ana, mara, ada = await api.person("Ana"), await api.mara(), await api.ada()
    assert [each["id"] for each in (await ana.get("/modules")).json["items"]] == [shown]
    assert [each["id"] for each in (await mara.get("/modules")).json["items"]] == [shown, draft]
    assert (await ana.get(f"/modules/{shown}")).json["content"]["overview"] == "Clay"
    assert (await ana.get(f"/modules/{draft}")).code == "not_found"
    assert (await mara.get(f"/modules/{draft}")).status == 200
    await ada.change(f"/users/{ana.user}", {"workshopAccessGranted": False})
    assert (await ana.get("/modules")).code == "no_workshop_access", "W007"
    linked = await mara.post("/live-sessions", schedule(moduleId=shown))
    assert linked.json["moduleId"] == shown
