"""Every cell of docs/rights.md, over REST and past it: Ana learns, Theo assists, Mara instructs and Ada administrates; Ben is Ana's
fellow, Cleo learns elsewhere, with Ines. What a cell says is read from the page; what its words mean stands in ROWS.

A probe is an action somebody may or may not take: a request, a statement, or both. Over REST `may` is every answer but 403 and 404:
changes are sent with a stale version (412), so that nothing changes for the next who is asked. As a statement it is a row read or
changed under the login of REST, rolled back.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from live.keys import DATABASE
from persistence.models.user import PlatformRole
from persistence.uuid7 import uuid7
from rooms.roles import Role
from tests.api.conftest import Api, Caller
from tests.api.workbook import made as module_made
from tests.bootcamp import Course, open_course, opened

PAGE = Path(__file__).parents[2] / "docs" / "rights.md"
COLUMNS = {"L": "Ana", "A": "Theo", "I": "Mara", "Ad": "Ada"}
DAY = date(2026, 1, 1)
VICTIMS = {"Theo": "Fritz", "Mara": "Gina", "Ada": "Hugo"}
"""Nobody is removed twice."""


def cells() -> dict[tuple[str, str], str]:
    """(what, whose column) → what the page says."""
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    _, *names = rows[0]
    return {(what, name): said for what, *row in rows[1:] for name, said in zip(names, row, strict=True)}


@dataclass(frozen=True)
class Probe:
    """`path` and `sql` have the names of World.ids in braces; {me} is the name of who acts. `only`: of whom it is asked."""

    method: str = ""
    path: str = ""
    body: dict[str, Any] | None = None
    sql: str = ""
    only: str = "L A I Ad"
    refusals: tuple[int, ...] = (403, 404)


def change(path: str, sql: str, only: str = "L A I Ad", **body: Any) -> Probe:
    return Probe("PATCH", path, body, sql, only)


def read(path: str, sql: str = "", only: str = "L A I Ad") -> Probe:
    return Probe("GET", path, None, sql, only)


def post(path: str, only: str = "L A I Ad", **body: Any) -> Probe:
    return Probe("POST", path, body, "", only)


def command(type_: str, session: str = "session", only: str = "L A I Ad", **fields: Any) -> Probe:
    return post(f"/live-sessions/{{{session}}}/commands", only, type=type_, **fields)


@dataclass(frozen=True)
class Row:
    probes: dict[str, Probe]
    words: dict[str, str]
    """What a cell says: the names of the probes that are allowed then."""


def whole(table: str, row: str) -> str:
    return f"SELECT 1 FROM {table} WHERE id = '{{{row}}}'"


def touched(table: str, row: str, column: str = "id") -> str:
    return f"UPDATE {table} SET {column} = {column} WHERE id = '{{{row}}}'"


NOTES, PROGRESS = "workbook.workbook_notes", "workbook.user_progress"
NOTHING = {"–": ""}
ROWS: dict[str, Row] = {
    "own account, notes, recordings, progress, submissions": Row(
        {
            "account": read("/me", "SELECT 1 FROM identity.accounts WHERE id = '{user}'"),
            "change account": change("/me", ""),
            "note": read("/notes/{note_me}", whole(NOTES, "note_me")),
            "change note": change("/notes/{note_me}", touched(NOTES, "note_me", "title")),
            "recording": read("/recordings/{recording_me}", whole("workbook.audio_recordings", "recording_me")),
            "progress": read("/progress/{module}", f"SELECT 1 FROM {PROGRESS} WHERE user_id = '{{user}}'"),
            "change progress": Probe(
                "PUT", "/progress/{module}", {"progressPercent": 10},
                f"UPDATE {PROGRESS} SET time_spent_minutes = 2 WHERE user_id = '{{user}}'",
            ),
            "submission": read("/bootcamp/submissions/{submission_me}", whole("bootcamp.submissions", "submission_me")),
            "change submission": change(
                "/bootcamp/submissions/{submission_me}", touched("bootcamp.submissions", "submission_me", "submission_content")
            ),
        },
        {"RW": "account, change account, note, change note, recording, progress, change progress, submission, change submission"},
    ),
    "other users' notes": Row(
        {
            "shared": read("/notes/{shared}", whole(NOTES, "shared")),
            "private": read("/notes/{private}", whole(NOTES, "private")),
            "write": change("/notes/{shared}", touched(NOTES, "shared", "title"), title="Mine"),
            "delete": Probe("DELETE", "/notes/{shared}", None, f"DELETE FROM {NOTES} WHERE id = '{{shared}}'"),
        },
        {"public ones of shared modules": "shared", "same": "shared", "R (audited)": "shared, private"},
    ),
    "other users' progress, analytics, submissions": Row(
        {
            "progress": Probe(sql=f"SELECT 1 FROM {PROGRESS} WHERE user_id = '{{Ben}}'"),
            "analytics": read("/bootcamp/analytics-events/{event}", whole("bootcamp.learning_analytics", "event")),
            "submission": read("/bootcamp/submissions/{submission}", whole("bootcamp.submissions", "submission")),
            "progress elsewhere": Probe(sql=f"SELECT 1 FROM {PROGRESS} WHERE user_id = '{{Cleo}}'"),
            "analytics elsewhere": read("/bootcamp/analytics-events/{event_elsewhere}", whole("bootcamp.learning_analytics", "event_elsewhere")),
            "submission elsewhere": read("/bootcamp/submissions/{submission_elsewhere}", whole("bootcamp.submissions", "submission_elsewhere")),
            "write progress": Probe(sql=f"UPDATE {PROGRESS} SET time_spent_minutes = 2 WHERE user_id = '{{Ben}}'"),
            "write analytics": Probe(sql=touched("bootcamp.learning_analytics", "event", "event_data")),
        },
        {
            **NOTHING,
            "staffed R": "progress, analytics, submission",
            "R": "progress, analytics, submission, progress elsewhere, analytics elsewhere, submission elsewhere",
        },
    ),
    "workshop modules": Row(
        {
            "open": read("/modules/{module}", whole("workbook.workshop_modules", "module")),
            "locked": read("/modules/{locked}"),
            "draft": read("/modules/{draft}", whole("workbook.workshop_modules", "draft"), "L I Ad"),
            "write": change("/modules/{module}", touched("workbook.workshop_modules", "module", "title"), title="Another"),
            "make": post("/modules"),
        },
        {"R published, open": "open", "R": "open, locked", "RW": "open, locked, draft, write, make"},
    ),
    "schedule sessions": Row(
        {
            "make": post("/live-sessions"),
            "own": change("/live-sessions/{session}", "", title="Another"),
            "another's": change("/live-sessions/{elsewhere}", "", title="Another"),
        },
        {**NOTHING, "RW own": "make, own", "RW all": "make, own, another's"},
    ),
    "session lifecycle": Row(
        {
            **{verb: post(f"/live-sessions/{{session}}/{verb}") for verb in ("pause", "resume", "abort", "start", "activate")},
            "extend": post("/live-sessions/{session}/extend", minutes=5),
            "pause another's": post("/live-sessions/{elsewhere}/pause"),
        },
        {
            **NOTHING,
            "pause/resume": "pause, resume",
            "all own": "pause, resume, abort, start, activate, extend",
            "all": "pause, resume, abort, start, activate, extend, pause another's",
        },
    ),
    "history of a session": Row(
        {
            "events": read("/live-sessions/{session}/events"),
            "state": read("/live-sessions/{session}/state"),
            "row": Probe(sql=whole("live.live_sessions", "session")),
            "fellow's row": Probe(sql="SELECT 1 FROM live.session_participants WHERE user_id = '{Ben}'"),
            "another's": read("/live-sessions/{elsewhere}/events", whole("live.live_sessions", "elsewhere")),
        },
        {
            "attended (audience all/room)": "events, state, row",
            "+ staff events": "events, state, row, fellow's row",
            "all": "events, state, row, fellow's row, another's",
        },
    ),
    "recordings of a session": Row(
        {
            "published": read("/recordings/{mix}", whole("workbook.audio_recordings", "mix")),
            "withheld": read("/recordings/{withheld}", whole("workbook.audio_recordings", "withheld")),
            "publish": Probe("PUT", "/live-sessions/{session}/recordings/{recording}/published", {"published": True},
                             refusals=(403,)),  # past them, there is no such recording in the room
        },
        {"attended, while published": "published", "R": "published, withheld", "RW": "published, withheld, publish"},
    ),
    "engagement": Row(
        {
            "own": read("/live-sessions/{session}/participants/{user}/score", only="L"),
            "aggregate": read("/live-sessions/{session}/engagement"),
            "another's": read("/live-sessions/{session}/participants/{Ben}/score"),
            "sheet": read("/live-sessions/{session}/engagement.csv"),
            "elsewhere": read("/live-sessions/{elsewhere}/engagement"),
        },
        {
            "own score + own breakdown + session aggregate": "own, aggregate",
            "staffed": "aggregate, another's, sheet",
            "all": "aggregate, another's, sheet, elsewhere",
        },
    ),
    "courses, lessons, assignments": Row(
        {
            "syllabus": read("/bootcamp/courses/{course_elsewhere}", whole("bootcamp.courses", "course_elsewhere")),
            "preview": read("/bootcamp/lessons/{preview_elsewhere}", whole("bootcamp.lessons", "preview_elsewhere")),
            "lesson": read("/bootcamp/lessons/{lesson}", whole("bootcamp.lessons", "lesson")),
            "assignment": read("/bootcamp/assignments/{assignment}", whole("bootcamp.assignments", "assignment")),
            "lesson elsewhere": read("/bootcamp/lessons/{lesson_elsewhere}", whole("bootcamp.lessons", "lesson_elsewhere")),
            "change course": change("/bootcamp/courses/{course}", touched("bootcamp.courses", "course", "title"), title="X"),
            "change lesson": change("/bootcamp/lessons/{lesson}", touched("bootcamp.lessons", "lesson", "title"), title="X"),
            "change assignment": change("/bootcamp/assignments/{assignment}", touched("bootcamp.assignments", "assignment", "title"), title="X"),
            "change elsewhere": change("/bootcamp/courses/{course_elsewhere}", touched("bootcamp.courses", "course_elsewhere", "title"), title="X"),
        },
        {
            "R enrolled (preview/syllabus: all)": "syllabus, preview, lesson, assignment",
            "R": "syllabus, preview, lesson, assignment",
            "RW taught": "syllabus, preview, lesson, assignment, change course, change lesson, change assignment",
            "RW": "syllabus, preview, lesson, assignment, lesson elsewhere, change course, change lesson, change assignment, change elsewhere",
        },
    ),
    "enrol": Row(
        {
            "self": post("/bootcamp/enrollments", "L", courseId="{course_open}"),
            "add": Probe("POST", "/bootcamp/enrollments", {"courseId": "{course}", "userId": "{Gina}"},
                         "INSERT INTO bootcamp.enrollments (course_id, user_id) VALUES ('{course}', '{Hugo}')"),
            "suspend": change("/bootcamp/enrollments/{enrollment}",
                              "UPDATE bootcamp.enrollments SET enrollment_status = 'suspended' WHERE id = '{enrollment}'",
                              enrollmentStatus="suspended"),
            "add elsewhere": Probe("POST", "/bootcamp/enrollments", {"courseId": "{course_elsewhere}", "userId": "{Gina}"},
                                   "INSERT INTO bootcamp.enrollments (course_id, user_id) VALUES ('{course_elsewhere}', '{Hugo}')"),
        },
        {"self": "self", **NOTHING, "add/suspend in taught": "add, suspend", "all": "add, suspend, add elsewhere"},
    ),
    "grade / feedback": Row(
        {
            "draft": Probe("POST", "/bootcamp/feedback", {"submissionId": "{submission}"},
                           "INSERT INTO bootcamp.instructor_feedback (submission_id, instructor_id) VALUES ('{submission_unread}', '{user}')"),
            "grade": Probe("POST", "/bootcamp/submissions/{submission}/grade", {"score": 7},
                           "UPDATE bootcamp.submissions SET status = 'graded', score = 7 WHERE id = '{submission_unread}'"),
            "final": Probe("POST", "/bootcamp/feedback", {"submissionId": "{submission}", "feedbackType": "final_assessment", "overallGrade": "A"}),
            "grade elsewhere": Probe("POST", "/bootcamp/submissions/{submission_elsewhere}/grade", {"score": 7},
                                     "UPDATE bootcamp.submissions SET status = 'graded', score = 7 WHERE id = '{submission_elsewhere}'"),
        },
        {**NOTHING, "draft feedback": "draft", "taught": "draft, grade, final", "all": "draft, grade, final, grade elsewhere"},
    ),
    "peer review": Row(
        {
            "assigned": read("/bootcamp/peer-reviews/{review_Ana}", whole("bootcamp.peer_reviews", "review_Ana")),
            "write assigned": change("/bootcamp/peer-reviews/{review_Ana}", touched("bootcamp.peer_reviews", "review_Ana", "strengths")),
            "another's": read("/bootcamp/peer-reviews/{review_Dora}", whole("bootcamp.peer_reviews", "review_Dora")),
            "write another's": change("/bootcamp/peer-reviews/{review_Dora}", touched("bootcamp.peer_reviews", "review_Dora", "strengths")),
            "elsewhere": read("/bootcamp/peer-reviews/{review_elsewhere}", whole("bootcamp.peer_reviews", "review_elsewhere")),
        },
        {
            "assigned, not own": "assigned, write assigned",
            **NOTHING,
            "R all of taught": "assigned, another's",
            "R": "assigned, another's, elsewhere",
        },
    ),
    "projects, assets": Row(
        {
            "team's": read("/bootcamp/projects/{project}", whole("bootcamp.design_projects", "project")),
            "change team's": change("/bootcamp/projects/{project}", touched("bootcamp.design_projects", "project", "title"), title="X"),
            "asset": read("/bootcamp/assets/{asset}", whole("bootcamp.design_assets", "asset")),
            "change asset": change("/bootcamp/assets/{asset}", touched("bootcamp.design_assets", "asset", "description"), description="X"),
            "another team's": read("/bootcamp/projects/{project_Ben}", whole("bootcamp.design_projects", "project_Ben")),
            "change another team's": change("/bootcamp/projects/{project_Ben}", touched("bootcamp.design_projects", "project_Ben", "title"), title="X"),
            "elsewhere": read("/bootcamp/projects/{project_elsewhere}", whole("bootcamp.design_projects", "project_elsewhere")),
        },
        {
            "team": "team's, change team's, asset, change asset",
            "taught": "team's, change team's, asset, change asset, another team's, change another team's",
            "all": "team's, change team's, asset, change asset, another team's, change another team's, elsewhere",
        },
    ),
    "discussions": Row(
        {
            "read": read("/bootcamp/discussions/{discussion}", whole("bootcamp.discussions", "discussion")),
            "write": Probe("POST", "/bootcamp/discussions", {"courseId": "{course}", "title": "Clay", "content": "Red?"},
                           "INSERT INTO bootcamp.discussions (course_id, author_id, title, content) VALUES ('{course}', '{user}', 'x', 'x')",
                           "L A I"),
            "general": Probe("POST", "/bootcamp/discussions", {"title": "Clay", "content": "Red?"},
                             "INSERT INTO bootcamp.discussions (author_id, title, content) VALUES ('{user}', 'x', 'x')"),
            "answer": Probe("POST", "/bootcamp/replies", {"discussionId": "{discussion}", "content": "Yes."}),
            "moderate": change("/bootcamp/discussions/{discussion}",
                               "UPDATE bootcamp.discussions SET is_pinned = true WHERE id = '{discussion}'", isPinned=True),
            "elsewhere": read("/bootcamp/discussions/{discussion_elsewhere}", whole("bootcamp.discussions", "discussion_elsewhere")),
            "moderate elsewhere": change("/bootcamp/discussions/{discussion_elsewhere}",
                                         "UPDATE bootcamp.discussions SET is_pinned = true WHERE id = '{discussion_elsewhere}'", isPinned=True),
        },
        {
            "RW in enrolled/general": "read, write, general, answer",
            "moderate": "read, write, general, answer, moderate",
            "all": "read, write, general, answer, moderate, elsewhere, moderate elsewhere",
        },
    ),
    "certificates": Row(
        {
            "own": read("/bootcamp/certificates/{certificate_Ana}", whole("bootcamp.certificates", "certificate_Ana"), "L A"),
            "another's": read("/bootcamp/certificates/{certificate}", whole("bootcamp.certificates", "certificate"), "L A"),
            "issue": Probe("POST", "/bootcamp/certificates", {"courseId": "{course}", "userId": "{Ben}"}),
            "revoke": Probe("POST", "/bootcamp/certificates/{certificate}/revoke", {"reason": "Asked for."},
                            "UPDATE bootcamp.certificates SET is_revoked = true, revoked_at = now(), revoked_reason = 'x' WHERE id = '{certificate_Dora}'"),
            "revoke elsewhere": Probe("POST", "/bootcamp/certificates/{certificate_elsewhere}/revoke", {"reason": "Asked for."},
                                      touched("bootcamp.certificates", "certificate_elsewhere", "revoked_reason")),
        },
        {"own R": "own", **NOTHING, "issue/revoke taught": "issue, revoke", "all": "issue, revoke, revoke elsewhere"},
    ),
    "platform metrics": Row(
        {
            "course's": read("/bootcamp/metrics/{metric}", whole("bootcamp.platform_metrics", "metric")),
            "another course's": read("/bootcamp/metrics/{metric_elsewhere}", whole("bootcamp.platform_metrics", "metric_elsewhere")),
            "platform's": read("/bootcamp/metrics/{metric_all}", whole("bootcamp.platform_metrics", "metric_all")),
            "write": Probe("PUT", "/bootcamp/metrics", {"metricDate": "2026-01-02", "metricType": "x", "metricValue": 1},
                           touched("bootcamp.platform_metrics", "metric", "metric_value")),
        },
        {**NOTHING, "own courses": "course's", "all": "course's, another course's, platform's, write"},
    ),
    "participants: role/permissions/remove": Row(
        {
            "mute": command("participant.mute", userId="{Ben}"),
            "permissions": command("permission.grant", userId="{Ben}", permission="can_share_screen"),
            "remove": command("participant.remove", userId="{victim}"),
            "role": command("role.set", userId="{Ben}", role="observer"),
        },
        {**NOTHING, "remove, mute, permissions (can_moderate)": "mute, permissions, remove", "all": "mute, permissions, remove, role"},
    ),
    "roles, audit, backups, keys, erase others": Row(
        {
            "read": read("/users/{Ben}"),
            "roles": Probe("PUT", "/users/{Ben}/roles", {"roles": ["learner"]}),
            "write rows": Probe(sql="INSERT INTO identity.user_roles VALUES ('{user}', 'service')", only="L A I"),
        },
        {**NOTHING, "RW": "read, roles"},
    ),
}  # fmt: skip


@dataclass
class World:
    api: Api
    cast: dict[str, Caller]
    ids: dict[str, str] = field(default_factory=dict)

    def names(self, who: str) -> dict[str, str]:
        mine = {key.replace(f"_{who}", "_me"): value for key, value in self.ids.items() if key.endswith(f"_{who}")}
        people = {name: each.user for name, each in self.cast.items()}
        return self.ids | people | mine | {"user": people[who], "victim": people[VICTIMS.get(who, "Fritz")]}

    async def add(self, name: str, table: str, **columns: Any) -> str:
        """A row of the database, under this name."""
        row: str = columns.setdefault("id", str(uuid4()))
        self.ids[name] = row
        places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
        async with self.api.app[DATABASE].transaction() as connection:
            await connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", *columns.values())
        return row

    async def over_rest(self, who: str, probe: Probe) -> bool:
        names = self.names(who)
        body = {
            key: value.format(**names) if isinstance(value, str) else value for key, value in (probe.body or {}).items()
        }
        if probe.path.endswith("/commands"):
            body["id"] = str(uuid4())
        headers = {"If-Match": '"stale"'} if probe.method in {"PATCH", "PUT"} else {}
        sent = body if probe.method != "GET" and probe.method != "DELETE" else None
        answer = await self.cast[who].send(probe.method, probe.path.format(**names), sent, headers=headers)
        assert answer.status < 500, answer
        if answer.status == 409 and answer.code == "progress.locked":
            return False
        return answer.status not in probe.refusals

    async def past_rest(self, who: str, probe: Probe) -> bool:
        async with self.api.app[DATABASE].as_user(self.cast[who].user, writes=True) as connection:
            undone = connection.transaction()
            await undone.start()
            try:
                done: str = await connection.execute(probe.sql.format(**self.names(who)))
            except asyncpg.InsufficientPrivilegeError:
                done = "refused 0"
            await undone.rollback()
        return not done.endswith(" 0")


async def world_of(api: Api) -> World:
    cast = {
        "Mara": await api.mara(),
        "Ada": await api.ada(),
        "Ines": await api.person("Ines", PlatformRole.INSTRUCTOR),
        "Theo": await api.person("Theo", PlatformRole.ASSISTANT),
    } | {name: await api.person(name) for name in ("Ana", "Ben", "Cleo", "Dora", "Emil", "Fritz", "Gina", "Hugo")}
    world = World(api, cast)
    await sessions(world)
    await workbook(world)
    here = await open_course(
        api.app[DATABASE], *(cast[name].user for name in ("Mara", "Ana", "Ben")), assists=cast["Theo"].user
    )
    elsewhere = await open_course(
        api.app[DATABASE], *(cast[name].user for name in ("Ines", "Cleo")), title="Water basics"
    )
    await bootcamp(world, here, elsewhere)
    return world


async def sessions(world: World) -> None:
    api, cast = world.api, world.cast
    session = world.ids["session"] = await api.workshop()
    world.ids["elsewhere"] = await api.workshop(host=cast["Ines"])
    for name, role in (
        ("Theo", "assistant"),
        ("Ana", "participant"),
        *((name, "participant") for name in ("Ben", *VICTIMS.values())),
    ):
        await api.invited(session, name, role)
    await api.runs(session)
    for name, entering in (
        ("Theo", Role.ASSISTANT),
        *((name, Role.PARTICIPANT) for name in ("Ana", "Ben", *VICTIMS.values())),
    ):
        await api.enters(session, cast[name], entering)


async def workbook(world: World) -> None:
    module = world.ids["module"] = await module_made(world.api)
    world.ids["locked"] = await module_made(world.api, 2, prerequisites=[module])
    world.ids["draft"] = await module_made(world.api, 3, isPublished=False)
    for name in ("Ana", "Theo", "Mara", "Ada", "Ben", "Cleo"):
        user = world.cast[name].user
        await world.add(f"note_{name}", NOTES, user_id=user, title="Beds", content="Beans")
        await world.add(f"progress_{name}", PROGRESS, user_id=user, module_id=module, status="in_progress")
        await world.add(f"recording_{name}", "workbook.audio_recordings", user_id=user, **sound())
    ben = world.cast["Ben"].user
    await world.add("private", NOTES, user_id=ben, title="Mine", content="Beans", module_id=module)
    await world.add("shared", NOTES, user_id=ben, title="Ours", content="Beans", module_id=module, is_private=False)
    for name, published in (("mix", True), ("withheld", False)):
        recording, session = str(uuid4()), world.ids["session"]
        async with world.api.app[DATABASE].transaction() as connection:
            await connection.execute(
                "INSERT INTO live.session_recordings (recording_id, track, session_id, started_at, published) "
                "VALUES ($1, 'mix', $2, now(), $3)",
                recording,
                session,
                published,
            )
            for status in ("finalizing", "stored"):
                await connection.execute(
                    "UPDATE live.session_recordings SET status = $2, length_s = 1 WHERE recording_id = $1",
                    recording,
                    status,
                )
        place = {"session_id": session, "recording_id": recording, "track": "mix", "part": 1, "from_s": 0.0}
        await world.add(name, "workbook.audio_recordings", user_id=world.cast["Mara"].user, **sound(), **place)
        world.ids["recording"] = recording


def sound() -> dict[str, Any]:
    return {
        "id": uuid7(datetime.now(UTC)), "file_name": "a.wav", "file_url": "store://a", "mime_type": "audio/wav",
        "duration_seconds": 1, "file_size_bytes": 1,
    }  # fmt: skip


async def bootcamp(world: World, here: Course, elsewhere: Course) -> None:
    cast, ids = world.cast, world.ids
    async with world.api.app[DATABASE].transaction() as connection:
        for caller in cast.values():
            await opened(connection, caller.user)
    opened_too = await open_course(world.api.app[DATABASE], cast["Ines"].user, title="Air basics")
    ids |= {"course": here.id, "lesson": here.lesson, "course_open": opened_too.id}
    ids |= {"course_elsewhere": elsewhere.id, "lesson_elsewhere": elsewhere.lesson}
    await world.add(
        "preview_elsewhere",
        "bootcamp.lessons",
        module_id=elsewhere.module,
        title="Look",
        lesson_order=2,
        is_preview=True,
    )
    everybodys = await open_course(
        world.api.app[DATABASE], cast["Ines"].user, *(cast[name].user for name in COLUMNS.values()), title="Fire basics"
    )
    for name, lesson in (
        ("assignment", here.lesson),
        ("assignment_elsewhere", elsewhere.lesson),
        ("assignment_all", everybodys.lesson),
    ):
        await world.add(name, "bootcamp.assignments", lesson_id=lesson, title="Draw", description="It.")  # fmt: skip
    for name in COLUMNS.values():
        await world.add(f"submission_{name}", "bootcamp.submissions", assignment_id=ids["assignment_all"], user_id=cast[name].user)  # fmt: skip
    for name, assignment, author in (
        ("submission", "assignment", "Ben"),
        ("submission_unread", "assignment", "Ben"),
        ("submission_reviewed", "assignment", "Ben"),
        ("submission_elsewhere", "assignment_elsewhere", "Cleo"),
    ):
        await world.add(name, "bootcamp.submissions", assignment_id=ids[assignment], user_id=cast[author].user, status="submitted")  # fmt: skip
    for suffix, course, who, author in (("", here, "Ben", "Ana"), ("_elsewhere", elsewhere, "Cleo", "Cleo")):
        user = cast[who].user
        await world.add(f"event{suffix}", "bootcamp.learning_analytics", user_id=user, course_id=course.id, event_type="lesson_started")  # fmt: skip
        await world.add(f"metric{suffix}", "bootcamp.platform_metrics", metric_date=DAY, metric_type=f"course_completions:{course.slug}", metric_value=1)  # fmt: skip
        await world.add(f"discussion{suffix}", "bootcamp.discussions", course_id=course.id, author_id=user, title="Clay", content="Red?")  # fmt: skip
        await world.add(f"project{suffix}", "bootcamp.design_projects", course_id=course.id, title="Barn", description="Red", created_by=user)  # fmt: skip
        await course.complete(cast[author].user)
    await people_of_the_course(world, here, elsewhere)


async def people_of_the_course(world: World, here: Course, elsewhere: Course) -> None:
    cast, ids = world.cast, world.ids
    await world.add(
        "metric_all", "bootcamp.platform_metrics", metric_date=DAY, metric_type="daily_active_users", metric_value=1
    )
    for name in ("Ana", "Theo"):
        await world.add(f"member_{name}", "bootcamp.project_teams", project_id=ids["project"], user_id=cast[name].user)
    await world.add("project_Ben", "bootcamp.design_projects", course_id=here.id, title="Well", description="Deep", created_by=cast["Ben"].user)  # fmt: skip
    await world.add("asset", "bootcamp.design_assets", project_id=ids["project"], uploaded_by=cast["Ben"].user, file_name="a", file_url="https://example.org/a")  # fmt: skip
    fellow = {"Dora": here, "Fritz": here, "Emil": elsewhere}
    for name, course in fellow.items():
        await world.add(f"enrollment_{name}", "bootcamp.enrollments", user_id=cast[name].user, course_id=course.id)
    ids["enrollment"] = ids["enrollment_Fritz"]
    await world.add(
        "review_Ana", "bootcamp.peer_reviews", submission_id=ids["submission_reviewed"], reviewer_id=cast["Ana"].user
    )
    await world.add(
        "review_Dora", "bootcamp.peer_reviews", submission_id=ids["submission_reviewed"], reviewer_id=cast["Dora"].user
    )
    await world.add("review_elsewhere", "bootcamp.peer_reviews", submission_id=ids["submission_elsewhere"], reviewer_id=cast["Emil"].user)  # fmt: skip
    for number, (name, course) in enumerate({"Ana": here, "Ben": here, "Dora": here, "Cleo": elsewhere}.items()):
        if name not in {"Ana", "Cleo"}:
            await course.complete(cast[name].user)
        key = {"Ben": "certificate", "Cleo": "certificate_elsewhere"}.get(name, f"certificate_{name}")
        await world.add(key, "bootcamp.certificates", user_id=cast[name].user, course_id=course.id, certificate_number=f"FP-2026-00000{number}-1")  # fmt: skip


@pytest.mark.timeout(300)
@pytest.mark.requirement("B321", "B322")
async def test_every_cell_of_the_page_holds(api: Api) -> None:
    world, page = await world_of(api), cells()
    assert {what for what, _ in page} == ROWS.keys()
    wrong = []
    for (what, column), said in page.items():
        row, who = ROWS[what], COLUMNS[column]
        allowed = {name for name in row.words[said].split(", ") if name}
        assert allowed <= row.probes.keys(), (what, said)
        for name, probe in row.probes.items():
            if column not in probe.only.split():
                continue
            if probe.sql and await world.past_rest(who, probe) != (name in allowed):
                wrong.append(f"{what}: {name} by {who} past REST: it says {said!r}")
            if probe.path and await world.over_rest(who, probe) != (name in allowed):
                wrong.append(f"{what}: {name} by {who} over REST: it says {said!r}")
    assert wrong == []
