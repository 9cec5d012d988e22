"""One story that uses every operation of the bootcamp with success, each answer judged by the OpenAPI document (contract.py)."""

from typing import Any

from joserfc.jwk import OKPKey

from tests.api.bootcamp import Classroom, does, make
from tests.api.conftest import Api, Caller

LISTED_BY = {
    "/bootcamp/modules": "?courseId={course}",
    "/bootcamp/lessons": "?moduleId={module}",
    "/bootcamp/lesson-progress": "?enrollmentId={enrolled}",
    "/bootcamp/assignments": "?lessonId={lesson}",
    "/bootcamp/feedback": "?submissionId={submission}",
}


class Story:
    def __init__(self, room: Classroom, ana: Caller, enrolled: str, ada: Caller) -> None:
        self.mara, self.ana, self.ada = room.mara, ana, ada
        self.room, self.enrolled, self.submission = room, enrolled, ""

    async def entity(self, caller: Caller, path: str, change: dict[str, Any] | None, **new: Any) -> str:
        """Made, listed, read, unchanged (304), changed; its path."""
        return await self.known(caller, path, change, (await make(caller, path, **new))["id"])

    async def known(self, caller: Caller, path: str, change: dict[str, Any] | None, row: str) -> str:
        one = f"{path}/{row}"
        about = vars(self.room) | {"enrolled": self.enrolled, "submission": self.submission}
        listed = await caller.get(path + LISTED_BY.get(path, "").format(**about))
        assert listed.status == 200, (path, listed)
        read = await caller.get(one)
        assert read.status == 200, (one, read)
        assert (await caller.get(one, headers={"If-None-Match": read.headers["ETag"]})).status == 304
        if change is not None:
            changed = await caller.change(one, change)
            assert changed.status == 200, (one, changed)
        return one

    async def gone(self, caller: Caller, *paths: str) -> None:
        for path in paths:
            assert (await caller.delete(path)).status == 204, path

    async def ok(self, caller: Caller, method: str, path: str, body: Any = None) -> Any:
        answer = await caller.send(method, path, body)
        assert answer.status < 300, (method, path, answer)
        return answer

    async def people_and_courses(self) -> None:
        room, ben = self.room, await self.room.api.person("Ben")
        await self.entity(ben, "/bootcamp/users", {"bio": "Grows rice."})
        profile = await self.entity(ben, "/bootcamp/profiles", {"mentorshipAvailability": True})
        await self.gone(ben, profile)
        course = await self.known(self.mara, "/bootcamp/courses", {"title": "Designing with fishers"}, room.course)
        await self.known(self.mara, "/bootcamp/lessons", {"title": "Listening"}, room.lesson)
        await self.known(self.mara, "/bootcamp/modules", {"title": "Ears"}, room.module)
        await room.assistant("Theo")
        await self.ok(self.mara, "GET", f"{course}/staff")
        await self.gone(self.mara, f"{course}/staff/{(await room.api.person('Theo')).user}")
        lesson = await self.entity(self.mara, "/bootcamp/lessons", None, moduleId=room.module, title="B", lessonOrder=2)
        module = await self.entity(self.mara, "/bootcamp/modules", None, courseId=room.course, title="B", moduleOrder=2)
        await self.gone(self.mara, lesson, module)
        other = await self.entity(
            self.mara, "/bootcamp/courses", None, title="C", slug="c", description="d", estimatedDurationHours=1
        )
        await does(self.mara, f"{other}/publish")
        await does(self.mara, f"{other}/unpublish")
        await self.gone(self.mara, other)

    async def learning(self) -> None:
        room, ana = self.room, self.ana
        await self.known(self.mara, "/bootcamp/enrollments", None, self.enrolled)
        quiz = {"questions": [{"id": "q1", "prompt": "Clay?", "options": ["yes", "no"], "key": "yes"}]}
        asked = await self.entity(
            self.mara,
            "/bootcamp/lessons",
            {"interactiveElements": quiz},
            moduleId=room.module,
            title="Quiz",
            lessonOrder=3,
            contentType="quiz",
        )
        begun = {"enrollmentId": self.enrolled, "lessonId": asked.rpartition("/")[2]}
        progress = await self.entity(ana, "/bootcamp/lesson-progress", {"timeSpentMinutes": 5}, **begun)
        await does(ana, f"{progress}/attempts", {"answers": {"q1": "yes"}})

    async def handing_in(self) -> None:
        room, ana, mara = self.room, self.ana, self.mara
        ben, _enrolled = await room.learner("Ben")
        work = {"title": "A sketch", "description": "Of what you heard."}
        assignment = await self.entity(mara, "/bootcamp/assignments", {"maxScore": 50}, lessonId=room.lesson, **work)
        submission = await self.entity(
            ana,
            "/bootcamp/submissions",
            {"submissionContent": {"text": "Here."}},
            assignmentId=assignment.rpartition("/")[2],
        )
        for verb in ("submit", "withdraw", "submit", "final"):
            await does(ana, f"{submission}/{verb}")
        await does(mara, f"{submission}/review")
        await does(mara, f"{submission}/request-revision", {"feedback": "Who for?"})
        await does(ana, f"{submission}/submit")
        self.submission = submission.rpartition("/")[2]
        given = {"submissionId": self.submission}
        review = await self.entity(mara, "/bootcamp/peer-reviews", None, reviewerId=ben.user, **given)
        assert (await ben.change(review, {"overallScore": 4, "strengths": ["Clear."]})).status == 200
        spare = await self.entity(
            mara, "/bootcamp/peer-reviews", None, reviewerId=(await room.learner("Rina"))[0].user, **given
        )
        await self.gone(mara, spare)
        await does(mara, f"{submission}/review")
        await does(mara, f"{submission}/grade", {"score": 40})
        await self.entity(mara, "/bootcamp/feedback", None, detailedFeedback="Well listened.", **given)
        second = await self.entity(mara, "/bootcamp/assignments", None, lessonId=room.lesson, **work)
        await self.gone(mara, second)

    async def together(self) -> None:
        ana, ben = self.ana, await self.room.api.person("Ben")
        project = await self.entity(
            ana,
            "/bootcamp/projects",
            {"title": "Stall"},
            title="Market stall",
            description="A stall that folds.",
            courseId=self.room.course,
        )
        given = {"projectId": project.rpartition("/")[2]}
        member = await self.entity(ana, "/bootcamp/teams", {"role": "developer"}, userId=ben.user, **given)
        asset = await self.entity(
            ana,
            "/bootcamp/assets",
            {"description": "The front."},
            fileName="front.png",
            fileUrl="https://example.org/front.png",
            **given,
        )
        await self.gone(ana, asset, member, project)
        discussion = await self.entity(
            ana,
            "/bootcamp/discussions",
            {"title": "Clay soil"},
            title="Clay?",
            content="How?",
            courseId=self.room.course,
        )
        await self.ok(self.mara, "POST", f"{discussion}/view")
        reply = await self.entity(
            self.mara,
            "/bootcamp/replies",
            {"content": "With sand."},
            discussionId=discussion.rpartition("/")[2],
            content="Sand.",
        )
        for method in ("PUT", "DELETE"):
            await self.ok(ana, method, f"{reply}/vote")
            await self.ok(ana, method, f"{reply}/solution")
        await self.gone(self.mara, reply)
        await self.gone(ana, discussion)

    async def certified(self) -> None:
        room = self.room
        template = await self.entity(
            self.ada, "/bootcamp/certificate-templates", {"primaryColor": "#123456"}, templateName="Plain"
        )
        await self.gone(self.ada, template)
        for lesson in (await self.mara.get(f"/bootcamp/lessons?moduleId={room.module}")).json["items"]:
            held = (await self.ana.get(f"/bootcamp/lesson-progress?enrollmentId={self.enrolled}")).json["items"]
            done = next((each["id"] for each in held if each["lessonId"] == lesson["id"]), None)
            if done is None:
                begun = {"enrollmentId": self.enrolled, "lessonId": lesson["id"]}
                done = (await make(self.ana, "/bootcamp/lesson-progress", **begun))["id"]
            for status in ("in_progress", "completed"):
                await self.ana.change(f"/bootcamp/lesson-progress/{done}", {"status": status})
        completed = await self.ana.get(f"/bootcamp/enrollments/{self.enrolled}")
        assert completed.json["progressPercentage"] == 100, completed
        finished = await self.mara.change(f"/bootcamp/enrollments/{self.enrolled}", {"enrollmentStatus": "completed"})
        assert finished.status == 200, finished
        given = {"courseId": room.course, "userId": self.ana.user}
        certificate = await self.entity(self.mara, "/bootcamp/certificates", None, **given)
        assert (await self.ana.change(certificate, {"showsHolder": True})).status == 200
        number = (await self.ana.get(certificate)).json["certificateNumber"]
        for what in ("pdf", "credential", "content"):
            await self.ok(self.ana, "GET", f"{certificate}/{what}")
        await self.ok(room.api.nobody, "GET", f"/bootcamp/verify/{number}")
        [key] = (await self.ok(room.api.nobody, "GET", "/bootcamp/certificate-keys")).json["keys"]
        await self.ok(room.api.nobody, "GET", f"/bootcamp/certificate-keys/{OKPKey.import_key(key).thumbprint()}")
        await does(self.mara, f"{certificate}/revoke", {"reason": "A mistake."})

    async def recorded(self) -> None:
        event = await self.entity(self.ana, "/bootcamp/analytics-events", None, eventType="forum_post")
        assert event
        await self.ok(self.mara, "GET", f"/bootcamp/analytics-events/counts?courseId={self.room.course}")
        metric = {"metricDate": "2026-03-04", "metricType": "daily_active_users", "metricValue": 3}
        made = (await self.ok(self.ada, "PUT", "/bootcamp/metrics", metric)).json
        await self.gone(self.ada, await self.known(self.ada, "/bootcamp/metrics", None, made["id"]))
        link = {"fataplusUserId": "5e7f1f0e-6c55-4d57-9d8e-0a3f4f1d2c11", "accessToken": "secret"}
        token = {"serviceName": "figma", "accessToken": "secret"}
        for path, given, change in (
            ("/bootcamp/integrations", link, {"accessToken": "other"}),
            ("/bootcamp/service-tokens", token, {"isActive": False}),
        ):
            await self.gone(self.ana, await self.entity(self.ana, path, change, **given))


async def test_every_operation_of_the_bootcamp_answers_as_declared(api: Api) -> None:
    api.contract.seen.clear()
    room = await Classroom.open(api)
    ana, enrolled = await room.learner("Ana")
    story = Story(room, ana, enrolled, await api.ada())
    await story.people_and_courses()
    await story.learning()
    await story.handing_in()
    await story.together()
    await story.recorded()
    await story.certified()
    missed = {each for each in api.contract.successes() - api.contract.seen if "/bootcamp/" in each[1]}
    assert missed == set()
