"""A hundred requests at once, of all families (issue "Done when" 3): nobody is told of a database that cannot be used, no change is lost,
and no two wait for each other for ever."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from pydantic.alias_generators import to_camel

from live.api.route import Route
from live.api.routes import FAMILIES, routes
from live.keys import DATABASE
from rooms.roles import Role
from tests.api.bootcamp import Classroom, make
from tests.api.conftest import Answer, Api, Caller, schedule
from tests.api.workbook import lesson, made

AT_ONCE = 100
RIVALS = 8
Send = Callable[[], Awaitable[Answer]]


@dataclass
class World:
    """Something of every family. `ids` by the name of a path's parameter; `own` is who may read it."""

    api: Api
    ids: dict[str, str]
    mara: Caller
    theo: Caller
    ana: Caller
    ben: Caller
    ada: Caller
    modules: list[str]

    @classmethod
    async def open(cls, api: Api) -> "World":
        mara, ada, room = await api.mara(), await api.ada(), await Classroom.open(api)
        theo = await room.assistant()
        ana, enrollment = await room.learner("Ana")
        ben, _other = await room.learner("Ben")
        session = await api.workshop()
        await api.runs(session)
        for name in ("Ana", "Ben"):
            await api.enters(session, await api.invited(session, name), Role.PARTICIPANT)
        modules = [await made(api, order, lesson()) for order in (1, 2, 3)]
        note = await make(ana, "/notes", title="Clay", content="<p>Wet clay.</p>")
        assignment = await room.assignment()
        submission = await make(ana, "/bootcamp/submissions", assignmentId=assignment)
        progress = await make(ana, "/bootcamp/lesson-progress", enrollmentId=enrollment, lessonId=room.lesson)
        profile = await make(ana, "/bootcamp/profiles", githubUrl="https://example.org/ana")
        project = await make(ana, "/bootcamp/projects", title="Stall", description="It folds.", courseId=room.course)
        member = await make(ana, "/bootcamp/teams", projectId=project["id"], userId=ben.user)
        discussion = await make(ana, "/bootcamp/discussions", title="Which?", content="Red?", courseId=room.course)
        reply = await make(ben, "/bootcamp/replies", discussionId=discussion["id"], content="Grey.")
        event = await make(ana, "/bootcamp/analytics-events", eventType="lesson_started", courseId=room.course)
        token = await make(ana, "/bootcamp/service-tokens", serviceName="figma", accessToken="a-token")
        link = await make(ana, "/bootcamp/integrations", fataplusUserId=str(uuid4()), accessToken="a-token")
        template = await make(ada, "/bootcamp/certificate-templates", templateName="Green", primaryColor="#0A7A50")
        ids = {
            "session_id": session,
            "user_id": ana.user,
            "module_id": modules[0],
            "lesson_id": room.lesson,
            "item_id": "main",
            "note_id": note["id"],
            "bootcamp_user_id": ana.user,
            "profile_id": profile["id"],
            "course_id": room.course,
            "course_module_id": room.module,
            "enrollment_id": enrollment,
            "lesson_progress_id": progress["id"],
            "assignment_id": assignment,
            "submission_id": submission["id"],
            "project_id": project["id"],
            "member_id": member["id"],
            "discussion_id": discussion["id"],
            "reply_id": reply["id"],
            "analytics_event_id": event["id"],
            "service_token_id": token["id"],
            "integration_id": link["id"],
            "certificate_template_id": template["id"],
            "number": "FP-2026-000001-0",
        }
        return cls(api, ids, mara, theo, ana, ben, ada, modules)

    @property
    def everybody(self) -> list[Caller]:
        return [self.ana, self.ben, self.theo, self.mara, self.ada]

    def path(self, route: Route) -> str:
        """What there is none of is asked for all the same."""
        path = route.path.format(**{name: self.ids.get(name, str(uuid4())) for name in route.parameters})
        needed = self.ids | {"q": "clay"}
        fields = {} if route.query is None else route.query.model_fields
        wanted = [f"{to_camel(name)}={needed[name]}" for name, field in fields.items() if field.is_required()]
        return f"{path}?{'&'.join(wanted)}"

    def reads(self) -> list[tuple[str, Send]]:
        """Every route that reads, each as somebody else."""
        found: list[tuple[str, Send]] = []
        for number, route in enumerate(each for each in routes() if each.method == "GET"):
            caller = self.everybody[number % len(self.everybody)]
            found.append((route.family, _sending(caller, "GET", self.path(route))))
        return found

    def writes(self, number: int) -> list[tuple[str, Send]]:
        ids, ana, ben, mara, ada = self.ids, self.ana, self.ben, self.mara, self.ada
        session = f"/live-sessions/{ids['session_id']}"
        chat = {"id": str(uuid4()), "type": "chat.send", "text": f"Hello {number}"}
        newcomer = {"email": f"nora{number}@example.org", "firstName": "Nora", "lastName": "New", "roles": ["learner"]}
        said: list[tuple[str, Caller, str, str, Any]] = [
            ("auth", self.api.nobody, "POST", "/auth/token", {"email": "x@example.org", "password": "not this one"}),
            ("users", ada, "POST", "/users", newcomer),
            ("live-sessions", mara, "POST", "/live-sessions", schedule(title=f"Another {number}")),
            ("live-sessions", ana, "POST", f"{session}/commands", chat),
            ("live-sessions", ben, "POST", f"{session}/commands", chat | {"id": str(uuid4())}),
            ("invitations", mara, "POST", f"{session}/invitations", {"role": "participant"}),
            ("registrations", self.theo, "POST", f"{session}/registrations", None),
            ("modules", mara, "PUT", f"/modules/{self.modules[number % 3]}/order", {"moduleOrder": 1 + number % 4}),
            ("progress", ana, "PUT", f"/progress/{self.modules[0]}", {"progressPercent": number % 90, "minutes": 1}),
            ("progress", ben, "PUT", f"/progress/{self.modules[0]}/one", {"progressPercent": 5, "minutes": 1}),
            ("notes", ana, "POST", "/notes", {"title": f"Note {number}", "content": "<p>clay</p>"}),
            ("bootcamp enrollments", self.theo, "POST", "/bootcamp/enrollments", {"courseId": ids["course_id"]}),
            (
                "bootcamp modules",
                mara,
                "POST",
                "/bootcamp/modules",
                _of(ids, "courseId", title="X", moduleOrder=9 + number),
            ),
            ("bootcamp submissions", ben, "POST", "/bootcamp/submissions", {"assignmentId": ids["assignment_id"]}),
            ("projects", ben, "POST", "/bootcamp/projects", {"title": "Cart", "description": "It rolls."}),
            ("discussions", ana, "POST", "/bootcamp/replies", _of(ids, "discussionId", content=f"Red {number}.")),
            ("discussions", ana, "PUT", f"/bootcamp/replies/{ids['reply_id']}/vote", None),
            ("records", ben, "POST", "/bootcamp/analytics-events", _of(ids, "courseId", eventType="lesson_started")),
            ("records", ada, "PUT", "/bootcamp/metrics", _metric(number)),
            (
                "integrations",
                ben,
                "POST",
                "/bootcamp/service-tokens",
                {"serviceName": f"s{number}", "accessToken": "t"},
            ),
        ]
        return [(family, _sending(caller, method, path, body)) for family, caller, method, path, body in said]


def _sending(caller: Caller, method: str, path: str, body: Any = None) -> Send:
    return lambda: caller.send(method, path, body)


def _of(ids: dict[str, str], name: str, **fields: Any) -> dict[str, Any]:
    key = {"courseId": "course_id", "discussionId": "discussion_id"}[name]
    return {name: ids[key], **fields}


def _metric(number: int) -> dict[str, Any]:
    return {"metricDate": "2026-01-01", "metricType": "daily_active_users", "metricValue": number}


@pytest.fixture
async def world(api: Api) -> World:
    return await World.open(api)


async def test_a_hundred_at_once_of_all_families(world: World) -> None:
    asked = world.reads() + [each for number in range(5) for each in world.writes(number)]
    assert {family for family, _send in asked} >= {
        each.name for each in FAMILIES if any(r.method == "GET" for r in each.routes)
    }
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    random.Random(seed).shuffle(asked)
    lanes, inside, most = asyncio.Semaphore(AT_ONCE), 0, 0

    async def one(send: Send) -> Answer:
        nonlocal inside, most
        async with lanes:
            inside += 1
            most = max(most, inside)
            try:
                return await send()
            finally:
                inside -= 1

    assert len(asked) >= 2 * AT_ONCE - 10
    answers = await asyncio.gather(*(one(send) for _family, send in asked))
    assert most == AT_ONCE
    wrong = [
        (family, answer.status, answer.body[:200])
        for (family, _send), answer in zip(asked, answers, strict=True)
        if answer.status >= 500 or answer.status == 429
    ]
    assert wrong == []
    told = Counter(answer.status for answer in answers)
    assert told[200] + told[201] + told[204] > len(asked) * 0.7, told
    database = world.api.app[DATABASE]
    for pool in (database.app, database.engine):
        assert pool.get_size() <= pool.get_max_size()
    assert (await world.api.nobody.get("/readyz")).status == 200
    chats = (await world.ana.get(f"/live-sessions/{world.ids['session_id']}/events?type=chat.sent&limit=100")).json[
        "items"
    ]
    assert len(chats) == 10
    assert len({each["seq"] for each in chats}) == 10


def rivals(world: World) -> list[tuple[Caller, str, str, Callable[[int], Any], str | None]]:
    """What several change at once: (who, method, path, what the n-th wants, the field that shows whose change it was)."""
    ids, ana, ben, mara, ada = world.ids, world.ana, world.ben, world.mara, world.ada

    def field(name: str, text: str = "Change") -> Callable[[int], Any]:
        return lambda number: {name: f"{text} {number}"}

    return [
        (ana, "PATCH", "/me", field("fullName"), "fullName"),
        (ada, "PATCH", f"/users/{ben.user}", field("fullName"), "fullName"),
        (mara, "PATCH", f"/live-sessions/{ids['session_id']}", field("title"), "title"),
        (mara, "PATCH", f"/modules/{ids['module_id']}", field("title"), "title"),
        (ana, "PATCH", f"/notes/{ids['note_id']}", field("title"), "title"),
        (ana, "PATCH", f"/bootcamp/users/{ana.user}", field("bio"), "bio"),
        (
            ana,
            "PATCH",
            f"/bootcamp/profiles/{ids['profile_id']}",
            lambda n: {"githubUrl": f"https://example.org/{n}"},
            "githubUrl",
        ),
        (mara, "PATCH", f"/bootcamp/courses/{ids['course_id']}", field("title"), "title"),
        (mara, "PATCH", f"/bootcamp/modules/{ids['course_module_id']}", field("title"), "title"),
        (mara, "PATCH", f"/bootcamp/lessons/{ids['lesson_id']}", field("title"), "title"),
        (ana, "PATCH", f"/bootcamp/lesson-progress/{ids['lesson_progress_id']}", field("notes"), "notes"),
        (mara, "PATCH", f"/bootcamp/assignments/{ids['assignment_id']}", field("title"), "title"),
        (ana, "PATCH", f"/bootcamp/projects/{ids['project_id']}", field("title"), "title"),
        (ana, "PATCH", f"/bootcamp/discussions/{ids['discussion_id']}", field("title"), "title"),
        (ben, "PATCH", f"/bootcamp/replies/{ids['reply_id']}", field("content"), "content"),
        (
            ada,
            "PATCH",
            f"/bootcamp/certificate-templates/{ids['certificate_template_id']}",
            field("templateName"),
            "templateName",
        ),
    ]


async def test_of_all_who_change_what_they_read_one_does_and_the_others_are_told(world: World) -> None:
    """Nobody's words are written over by somebody who has not seen them."""

    async def contend(
        caller: Caller, method: str, path: str, wants: Callable[[int], Any], shown: str | None
    ) -> str | None:
        tag = (await caller.get(path)).headers["ETag"]
        answers = await asyncio.gather(
            *(caller.send(method, path, wants(number), headers={"If-Match": tag}) for number in range(RIVALS))
        )
        told = Counter(answer.status for answer in answers)
        if told != {200: 1, 412: RIVALS - 1}:
            return f"{method} {path}: {dict(told)} {[each.body[:150] for each in answers if each.status not in (200, 412)]}"
        (won,) = (number for number, answer in enumerate(answers) if answer.status == 200)
        assert shown is not None
        return None if (await caller.get(path)).json[shown] == wants(won)[shown] else f"{path}: lost"

    wrong = await asyncio.gather(*(contend(*each) for each in rivals(world)))
    assert [each for each in wrong if each] == []


async def test_roles_are_given_by_one_at_a_time(world: World) -> None:
    path = f"/users/{world.ben.user}"
    tag = (await world.ada.get(path)).headers["ETag"]
    wanted = (["learner", "assistant"], ["learner", "instructor"])
    answers = await asyncio.gather(
        *(world.ada.send("PUT", f"{path}/roles", {"roles": roles}, headers={"If-Match": tag}) for roles in wanted * 3)
    )
    assert Counter(answer.status for answer in answers) == {200: 1, 412: 5}


async def test_what_adds_up_adds_up(world: World) -> None:
    """Minutes, votes and seats of many at the same moment: each counts, and once."""
    minutes = [
        world.ana.send("PUT", f"/progress/{world.modules[0]}", {"progressPercent": 1, "minutes": 2}) for _ in range(20)
    ]
    seats = [
        world.ana.post("/bootcamp/teams", {"projectId": world.ids["project_id"], "userId": each.user})
        for each in (world.mara, world.theo, world.ben) * 3
    ]
    votes = [
        each.send("PUT", f"/bootcamp/replies/{world.ids['reply_id']}/vote")
        for each in (world.ana, world.theo, world.mara) * 4
    ]
    answers = await asyncio.gather(*minutes, *seats, *votes)
    assert [each for each in answers if each.status >= 500] == []
    (progress,) = (await world.ana.get(f"/progress/{world.modules[0]}")).json["items"]
    assert progress["timeSpentMinutes"] == 40
    team = (await world.ana.get(f"/bootcamp/teams?projectId={world.ids['project_id']}&isActive=true")).json["items"]
    assert len({each["userId"] for each in team}) == len(team) == 3
    reply = (await world.ana.get(f"/bootcamp/replies/{world.ids['reply_id']}")).json
    assert reply["helpfulVotes"] == 3


@pytest.mark.requirement("D08")
async def test_modules_change_places_from_all_sides_at_once(world: World) -> None:
    """Two who swap the same two the other way round, a third who moves on, and others who change what comes before what."""
    async with asyncio.TaskGroup() as tasks:
        asked = [
            tasks.create_task(
                world.mara.send("PUT", f"/modules/{module}/order", {"moduleOrder": 1 + (number + turn) % 3})
            )
            for turn in range(8)
            for number, module in enumerate(world.modules)
        ]
        asked += [
            tasks.create_task(world.mara.change(f"/modules/{module}", {"prerequisites": needs}))
            for module, needs in [(world.modules[2], [world.modules[0]]), (world.modules[1], [world.modules[2]])] * 3
        ]
        asked += [tasks.create_task(world.mara.post(f"/modules/{module}/publish")) for module in world.modules * 2]
    told = Counter(each.result().status for each in asked)
    assert set(told) <= {200, 412}, [each.result() for each in asked if each.result().status not in (200, 412)]
    listed = (await world.mara.get("/modules")).json["items"]
    assert [each["moduleOrder"] for each in listed] == [1, 2, 3]
    assert {each["id"] for each in listed} == set(world.modules)
