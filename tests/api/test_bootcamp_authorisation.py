"""Every route of the bootcamp is for accounts: nobody else gets as far as its input, and what does not exist is not found by
anybody. Who may what with rows that do exist is told by the tests of each family and by test_rights.py.
"""

from uuid import uuid4

from live.api.bootcamp.families import BOOTCAMP
from live.api.route import Who
from tests.api.bootcamp import Classroom, make
from tests.api.conftest import Api
from tests.api.test_authorisation import guest_of

NOTHING = "00000000-0000-4000-8000-000000000000"
PUBLIC = {
    "GET /bootcamp/certificate-keys",
    "GET /bootcamp/certificate-keys/{thumbprint}",
    "GET /bootcamp/verify/{number}",
}
PRIVILEGED = {"POST /bootcamp/courses", "PUT /bootcamp/metrics"}
"""For instructors, and for administrators, only."""


async def test_who_gets_past_the_door(api: Api) -> None:
    guest = await guest_of(api, await api.workshop())
    ana = await api.person("Ana")
    for route in [route for family in BOOTCAMP for route in family.routes]:
        path = route.path
        for name in route.parameters:
            path = path.replace("{" + name + "}", NOTHING)
        told = f"{route.method} {route.path}"
        if told in PUBLIC:
            assert route.who is Who.ANYONE, told
            assert (await api.nobody.send(route.method, path)).status in (200, 404), told
            continue
        assert (await api.nobody.send(route.method, path)).code == "unauthenticated", told
        assert (await guest.send(route.method, path)).code == "forbidden", told
        if told in PRIVILEGED:
            assert (await ana.send(route.method, path, {})).code == "forbidden", told
        elif route.parameters and route.body is None:
            headers = {"If-Match": "*"} if route.matches else {}
            assert (await ana.send(route.method, path, headers=headers)).code == "not_found", told


async def belongings(room: Classroom) -> dict[str, str]:
    """A row of each kind that is none of Eve's business, by the name that routes have for its id."""
    ana, enrolled = await room.learner("Ana")
    assignment = await room.assignment()
    submission = await room.handed_in(ana, assignment)
    ben, _enrolled = await room.learner("Ben")
    project = (await make(ana, "/bootcamp/projects", title="Stall", description="It folds.", courseId=room.course))[
        "id"
    ]
    words = {"title": "Clay?", "content": "How?"}
    discussion = (await make(ana, "/bootcamp/discussions", courseId=room.course, **words))["id"]
    link = {"fataplusUserId": str(uuid4()), "accessToken": "secret"}
    file = {"fileName": "a.png", "fileUrl": "https://example.org/a.png"}
    rows = {
        "bootcamp_user_id": ana.user,
        "profile_id": await make(ana, "/bootcamp/profiles"),
        "course_lesson_id": room.lesson,
        "enrollment_id": enrolled,
        "lesson_progress_id": await make(ana, "/bootcamp/lesson-progress", enrollmentId=enrolled, lessonId=room.lesson),
        "assignment_id": assignment,
        "submission_id": submission,
        "peer_review_id": await make(room.mara, "/bootcamp/peer-reviews", submissionId=submission, reviewerId=ben.user),
        "feedback_id": await make(room.mara, "/bootcamp/feedback", submissionId=submission, detailedFeedback="Good."),
        "project_id": project,
        "member_id": await make(ana, "/bootcamp/teams", projectId=project, userId=ben.user),
        "asset_id": await make(ana, "/bootcamp/assets", projectId=project, **file),
        "discussion_id": discussion,
        "reply_id": await make(room.mara, "/bootcamp/replies", discussionId=discussion, content="Sand."),
        "analytics_event_id": await make(ana, "/bootcamp/analytics-events", eventType="forum_post"),
        "integration_id": await make(ana, "/bootcamp/integrations", **link),
        "service_token_id": await make(ana, "/bootcamp/service-tokens", serviceName="figma", accessToken="secret"),
    }
    return {name: held if isinstance(held, str) else held["id"] for name, held in rows.items()}


async def test_attack_18_what_is_anothers_is_answered_as_what_is_not_there(api: Api) -> None:
    """Byte for byte, by every route that names such a row."""
    rows = await belongings(await Classroom.open(api))
    eve = await api.person("Eve")
    tried = set()
    for route in [route for family in BOOTCAMP for route in family.routes]:
        named = set(route.parameters)
        if not named or not named <= rows.keys():
            continue
        answers = []
        for ids in (rows, {name: str(uuid4()) for name in rows}):
            path = route.path.format(**ids)
            body: dict[str, str] | None = {} if route.body is not None else None
            answers.append(await eve.send(route.method, path, body, headers={"If-Match": "*"}))
        theirs, nothing = answers
        assert (theirs.status, theirs.body) == (nothing.status, nothing.body), f"{route.method} {route.path}"
        assert theirs.status in (404, 422), f"{route.method} {route.path}"
        tried |= named
    assert tried == rows.keys()
