"""A course of Mara's for tests of the bootcamp over REST: published, with one module and one lesson."""

from dataclasses import dataclass
from typing import Any

from tests.api.conftest import Answer, Api, Caller

COURSE = {
    "title": "Designing with farmers",
    "slug": "designing-with-farmers",
    "description": "From the field to the screen and back.",
    "estimatedDurationHours": 12,
}


async def make(caller: Caller, path: str, **fields: Any) -> dict[str, Any]:
    made = await caller.post(path, fields)
    assert made.status == 201, made
    assert made.headers["Location"] == f"/api/v1{path}/{made.json['id']}"
    found: dict[str, Any] = made.json
    return found


async def does(caller: Caller, path: str, body: Any = None) -> dict[str, Any]:
    done = await caller.post(path, body)
    assert done.status == 200, done
    found: dict[str, Any] = done.json
    return found


def refused(answer: Answer) -> tuple[str, list[str]]:
    """The code, and what is possible instead."""
    return answer.code, answer.json.get("allowed", [])


def pointers(answer: Answer) -> set[str]:
    assert answer.status == 422, answer
    return {each.get("pointer", each.get("parameter")) for each in answer.json["errors"]}


@dataclass
class Classroom:
    api: Api
    mara: Caller
    course: str
    module: str
    lesson: str

    @classmethod
    async def open(cls, api: Api) -> "Classroom":
        mara = await api.mara()
        course = (await make(mara, "/bootcamp/courses", **COURSE))["id"]
        await does(mara, f"/bootcamp/courses/{course}/publish")
        module = (await make(mara, "/bootcamp/modules", courseId=course, title="Listening", moduleOrder=1))["id"]
        lesson = (await make(mara, "/bootcamp/lessons", moduleId=module, title="Asking", lessonOrder=1))["id"]
        return cls(api, mara, course, module, lesson)

    async def learner(self, name: str) -> tuple[Caller, str]:
        """Enrolled by themselves; with the id of the enrolment."""
        caller = await self.api.person(name)
        return caller, (await make(caller, "/bootcamp/enrollments", courseId=self.course))["id"]

    async def assistant(self, name: str = "Theo") -> Caller:
        caller = await self.api.person(name)
        body = {"userId": caller.user, "role": "assistant"}
        appointed = await self.mara.send("PUT", f"/bootcamp/courses/{self.course}/staff", body)
        assert appointed.status == 200, appointed
        return caller

    async def assignment(self, **fields: Any) -> str:
        given = {"title": "A first sketch", "description": "Of what you heard.", **fields}
        return str((await make(self.mara, "/bootcamp/assignments", lessonId=self.lesson, **given))["id"])

    async def handed_in(self, author: Caller, assignment: str) -> str:
        content = {"text": "Here it is."}
        made = await make(author, "/bootcamp/submissions", assignmentId=assignment, submissionContent=content)
        await does(author, f"/bootcamp/submissions/{made['id']}/submit")
        return str(made["id"])
