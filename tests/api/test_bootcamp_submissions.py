"""Assignments, submissions, peer reviews and feedback (B109-B136, B204-B225): who writes, who judges, and in which order."""

from collections.abc import Awaitable, Callable

import pytest

from tests.api.bootcamp import Classroom, does, make, pointers, refused
from tests.api.conftest import Answer, Api, Caller

SUBMISSIONS = "/bootcamp/submissions"
REVIEWS = "/bootcamp/peer-reviews"
FEEDBACK = "/bootcamp/feedback"


@pytest.mark.requirement("B110", "B114", "B115", "B116", "B117", "B119", "B120", "W253")
async def test_assignments_are_for_the_enrolled_and_their_faults_are_named(api: Api) -> None:
    room = await Classroom.open(api)
    assignment = await room.assignment(rubric={"clarity": {"points": 5}}, passingScore=60.5)
    ana, otto = (await room.learner("Ana"))[0], await api.person("Otto")
    path = f"/bootcamp/assignments/{assignment}"
    read = (await ana.get(path)).json
    assert (read["maxScore"], read["passingScore"], read["rubric"]) == (100, 60.5, {"clarity": {"points": 5}})
    assert (await otto.get(path)).status == 404
    assert (await otto.get(f"/bootcamp/assignments?lessonId={room.lesson}")).json["items"] == []
    assert (await ana.change(path, {"title": "Easier"})).code == "forbidden"
    faulty = {"maxScore": 10, "passingScore": 11, "dueDate": "tomorrow", "submissionFormat": {"file_types": ["p.df"]}}
    assert pointers(await room.mara.change(path, faulty)) == {
        "/passingScore",
        "/dueDate",
        "/submissionFormat/file_types/0",
    }
    assert (await room.mara.change(path, {"maxScore": 50})).status == 422  # below what passes


@pytest.mark.requirement("B124", "B126", "B127", "B128", "B129", "B130", "B131", "B132", "D65", "B302", "B309")
async def test_from_a_draft_to_a_grade(api: Api) -> None:
    room = await Classroom.open(api)
    assignment = await room.assignment(maxScore=20)
    ana, _enrolled = await room.learner("Ana")
    made = await make(ana, SUBMISSIONS, assignmentId=assignment)
    path = f"{SUBMISSIONS}/{made['id']}"
    assert (made["status"], "submittedAt" in made) == ("draft", False)
    assert [(await room.mara.get(path)).status, (await room.mara.get(SUBMISSIONS)).json["items"]] == [404, []]
    assert pointers(await ana.post(f"{path}/submit")) == {"/submissionContent"}
    written = await ana.change(
        path, {"submissionContent": {"text": "Three fields.", "links": ["https://example.org/"]}}
    )
    assert written.status == 200
    handed_in = await does(ana, f"{path}/submit")
    assert (handed_in["status"], handed_in["submissionContent"]["late"]) == ("submitted", False)
    assert (await ana.change(path, {"submissionContent": {"text": "Four."}})).code == "forbidden"
    assert [each["id"] for each in (await room.mara.get(f"{SUBMISSIONS}?assignmentId={assignment}")).json["items"]] == [
        made["id"]
    ]
    assert (await does(room.mara, f"{path}/review"))["status"] == "under_review"
    assert pointers(await room.mara.post(f"{path}/grade", {"score": 20.5})) == {"/score"}
    assert pointers(await room.mara.post(f"{path}/grade", {"score": "20"})) == {"/score"}
    graded = await does(room.mara, f"{path}/grade", {"score": 17.5, "feedback": "Listen longer."})
    assert (graded["status"], graded["score"], graded["gradedBy"]) == ("graded", 17.5, room.mara.user)
    own = (await ana.get(path)).json
    assert (own["score"], own["feedback"], "gradedAt" in own) == (17.5, "Listen longer.", True)


@pytest.mark.requirement("B129", "B131", "D65")
async def test_nobody_grades_their_own_work_and_only_who_leads_grades(api: Api) -> None:
    room = await Classroom.open(api)
    assignment = await room.assignment()
    (ana, _one), (ben, _other) = await room.learner("Ana"), await room.learner("Ben")
    theo, ada = await room.assistant(), await api.ada()
    path = f"{SUBMISSIONS}/{await room.handed_in(ana, assignment)}"
    grade = {"score": 100}
    assert (await ana.post(f"{path}/grade", grade)).code == "forbidden"
    assert (await ben.post(f"{path}/grade", grade)).code == "not_found"
    assert (await theo.get(path)).status == 200
    assert (await theo.post(f"{path}/grade", grade)).code == "forbidden"
    assert (await ben.get(f"{SUBMISSIONS}?userId={ana.user}")).json["items"] == []
    await make(ada, "/bootcamp/enrollments", courseId=room.course)
    own = f"{SUBMISSIONS}/{await room.handed_in(ada, assignment)}"
    assert (await ada.post(f"{own}/grade", grade)).code == "forbidden"
    assert (await does(ada, f"{path}/grade", grade))["gradedBy"] == ada.user


@pytest.mark.requirement("B117", "B126")
async def test_what_comes_after_the_due_date_is_taken_and_marked(api: Api) -> None:
    room = await Classroom.open(api)
    late, timely = [await room.assignment(dueDate=f"{year}-01-01T00:00:00Z") for year in (2020, 2120)]
    ana, _enrolled = await room.learner("Ana")
    for assignment, marked in ((late, True), (timely, False)):
        submission = (await ana.get(f"{SUBMISSIONS}/{await room.handed_in(ana, assignment)}")).json
        assert submission["submissionContent"]["late"] is marked
    content = {"text": "On time, I swear", "late": False}
    assert pointers(await ana.post(SUBMISSIONS, {"assignmentId": late, "submissionContent": content})) == {
        "/submissionContent/late"
    }


@pytest.mark.requirement("B119", "B126")
async def test_files_are_of_the_kinds_and_sizes_asked_for(api: Api) -> None:
    room = await Classroom.open(api)
    assignment = await room.assignment(submissionFormat={"file_types": ["pdf", "FIG"], "max_size_mb": 2})
    ana, _enrolled = await room.learner("Ana")

    def handed(*files: tuple[str, int]) -> dict[str, object]:
        given = [{"name": name, "url": f"store://uploads/{name}", "size_bytes": size} for name, size in files]
        return {"assignmentId": assignment, "submissionContent": {"files": given}}

    assert (await ana.post(SUBMISSIONS, handed(("a.PDF", 1), ("b.fig", 2_000_000)))).status == 201
    assert pointers(await ana.post(SUBMISSIONS, handed(("a.exe", 1), ("b.pdf", 1), ("c.pdf", 2_000_001)))) == {
        "/submissionContent/files/0",
        "/submissionContent/files/2",
    }
    elsewhere = {"files": [{"name": "a.pdf", "url": "http://169.254.169.254/a.pdf"}]}
    assert pointers(await ana.post(SUBMISSIONS, {"assignmentId": assignment, "submissionContent": elsewhere})) == {
        "/submissionContent/files/0/url"
    }


@pytest.mark.requirement("B128", "B133")
async def test_a_revision_is_asked_for_written_and_counted(api: Api) -> None:
    room = await Classroom.open(api)
    ana, _enrolled = await room.learner("Ana")
    path = f"{SUBMISSIONS}/{await room.handed_in(ana, await room.assignment())}"
    assert (await does(ana, f"{path}/withdraw"))["status"] == "draft"
    assert (await room.mara.get(path)).status == 404
    assert (await does(ana, f"{path}/submit"))["revisionCount"] == 0
    await does(room.mara, f"{path}/review")
    assert pointers(await room.mara.post(f"{path}/request-revision", {})) == {"/feedback"}
    asked = await does(room.mara, f"{path}/request-revision", {"feedback": "Who is it for?"})
    assert asked["status"] == "revision_requested"
    assert (await ana.change(path, {"submissionContent": {"text": "For Rina."}})).status == 200
    again = await does(ana, f"{path}/submit")
    assert (again["status"], again["revisionCount"], again["submissionContent"]["text"]) == (
        "submitted",
        1,
        "For Rina.",
    )


@pytest.mark.requirement("B128")
async def test_every_step_of_a_submission_that_there_is_not(api: Api) -> None:
    room = await Classroom.open(api)
    ana, _enrolled = await room.learner("Ana")
    path = f"{SUBMISSIONS}/{await room.handed_in(ana, await room.assignment())}"

    def by(caller: Caller, verb: str, body: object = None) -> Callable[[], Awaitable[Answer]]:
        return lambda: caller.post(f"{path}/{verb}", body)

    submit, withdraw, review = by(ana, "submit"), by(ana, "withdraw"), by(room.mara, "review")
    grade, revise = by(room.mara, "grade", {"score": 1}), by(room.mara, "request-revision", {"feedback": "More"})

    async def refuses(*steps: Callable[[], Awaitable[Answer]], allowed: list[str]) -> None:
        for step in steps:
            assert refused(await step()) == ("illegal_transition", allowed)

    await refuses(revise, allowed=["draft", "graded", "under_review"])
    assert (await review()).status == 200
    await refuses(submit, withdraw, allowed=["graded", "revision_requested"])
    assert (await revise()).status == 200
    await refuses(review, grade, allowed=["draft", "submitted"])
    assert [(await submit()).status, (await grade()).status] == [200, 200]
    await refuses(submit, withdraw, revise, grade, allowed=["under_review"])
    assert (await review()).json["score"] == 1


@pytest.mark.requirement("B134", "D65")
async def test_one_submission_is_final_at_a_time(api: Api) -> None:
    room = await Classroom.open(api)
    assignment = await room.assignment()
    ana, _enrolled = await room.learner("Ana")
    first, second = [await room.handed_in(ana, assignment) for _ in range(2)]
    assert (await does(ana, f"{SUBMISSIONS}/{first}/final"))["finalSubmission"] is True
    assert (await does(ana, f"{SUBMISSIONS}/{second}/final"))["finalSubmission"] is True
    finals = {each["id"]: each["finalSubmission"] for each in (await ana.get(SUBMISSIONS)).json["items"]}
    assert finals == {first: False, second: True}
    assert (await room.mara.post(f"{SUBMISSIONS}/{first}/final")).code == "forbidden"


@pytest.mark.requirement("B205", "B206", "B208", "B209", "B210", "B211", "B214", "B313")
async def test_a_learner_is_asked_for_a_review_and_writes_it(api: Api) -> None:
    room = await Classroom.open(api)
    (ana, _a), (ben, _b) = await room.learner("Ana"), await room.learner("Ben")
    otto = await api.person("Otto")
    submission = await room.handed_in(ana, await room.assignment())
    wanted = {"submissionId": submission, "reviewerId": ben.user}
    assert (await ben.get(f"{SUBMISSIONS}/{submission}")).status == 404
    for caller in (ana, ben, await room.assistant()):
        assert (await caller.post(REVIEWS, wanted)).code == "forbidden", caller.name
    for reviewer in (ana, otto):
        assert pointers(await room.mara.post(REVIEWS, wanted | {"reviewerId": reviewer.user})) == {"/reviewerId"}
    review = f"{REVIEWS}/{(await make(room.mara, REVIEWS, **wanted))['id']}"
    assert (await room.mara.post(REVIEWS, wanted)).code == "conflict"
    assert (await ben.get(f"{SUBMISSIONS}/{submission}")).status == 200
    assert len((await ben.get(f"{REVIEWS}?assigned=true")).json["items"]) == 1
    assert (await ana.get(review)).status == 404  # nothing is said yet
    assert pointers(await ben.change(review, {"overallScore": 5.5})) == {"/overallScore"}
    written = {"overallScore": 4.25, "strengths": ["Clear"], "improvements": ["Ask more"], "detailedFeedback": "Good."}
    assert (await ben.change(review, written)).status == 200
    assert (await room.mara.change(review, {"overallScore": 0})).code == "forbidden"
    read = (await ana.get(review)).json
    assert {name: read[name] for name in written} == written
    assert (read["reviewerId"], (await ana.change(review, {"overallScore": 5})).code) == (ben.user, "forbidden")
    assert (await otto.get(review)).status == 404
    assert [(await ben.delete(review)).code, (await room.mara.delete(review)).status] == ["forbidden", 204]


@pytest.mark.requirement("B212", "D71")
async def test_the_author_does_not_learn_who_wrote_an_anonymous_review(api: Api) -> None:
    room = await Classroom.open(api)
    (ana, _a), (ben, _b) = await room.learner("Ana"), await room.learner("Ben")
    submission = await room.handed_in(ana, await room.assignment())
    made = await make(room.mara, REVIEWS, submissionId=submission, reviewerId=ben.user, isAnonymous=True)
    review = f"{REVIEWS}/{made['id']}"
    assert (await ben.change(review, {"overallScore": 2, "detailedFeedback": "Hm."})).status == 200
    read, listed = await ana.get(review), await ana.get(f"{REVIEWS}?submissionId={submission}")
    assert read.json["detailedFeedback"] == listed.json["items"][0]["detailedFeedback"] == "Hm."
    for answer in (read, listed):
        assert ben.user.encode() not in answer.body
        assert b"Ben" not in answer.body
    assert pointers(await ana.get(f"{REVIEWS}?reviewerId={ben.user}")) == {"reviewerId"}
    for caller in (room.mara, ben, await api.ada()):
        assert (await caller.get(review)).json["reviewerId"] == ben.user, caller.name


@pytest.mark.requirement("B217", "B218", "B219", "B221", "B222", "B223", "B224", "B313")
async def test_feedback_has_a_first_word_and_a_last_one(api: Api) -> None:
    room = await Classroom.open(api)
    (ana, _a), (ben, _b) = await room.learner("Ana"), await room.learner("Ben")
    theo = await room.assistant()
    submission = await room.handed_in(ana, await room.assignment())

    async def says(caller: Caller, kind: str, **fields: object) -> Answer:
        return await caller.post(FEEDBACK, {"submissionId": submission, "feedbackType": kind, **fields})

    assert (await says(ana, "initial_review")).code == "forbidden"
    assert (await says(ben, "initial_review")).code == "forbidden"
    assert refused(await says(room.mara, "revision_feedback")) == ("illegal_transition", ["initial_review"])
    assert (await says(theo, "initial_review", detailedFeedback="A start.", nextSteps=["Go out"])).status == 201
    assert refused(await says(theo, "initial_review")) == ("illegal_transition", ["revision_feedback"])
    assert (await says(theo, "revision_feedback")).status == 201
    assert (await says(room.mara, "revision_feedback")).status == 201
    assert pointers(await says(room.mara, "final_assessment")) == {"/overallGrade"}
    last = {"overallGrade": "B", "rubricScores": {"clarity": 4}}
    assert refused(await says(room.mara, "final_assessment", **last)) == ("illegal_transition", ["revision_feedback"])
    await does(room.mara, f"{SUBMISSIONS}/{submission}/grade", {"score": 80})
    assert (await says(theo, "final_assessment", **last)).code == "forbidden"
    assert (await says(room.mara, "final_assessment", **last)).json["overallGrade"] == "B"
    assert refused(await says(room.mara, "revision_feedback")) == ("illegal_transition", [])
    heard = (await ana.get(f"{FEEDBACK}?submissionId={submission}")).json
    assert [each["feedbackType"] for each in heard["items"]] == [
        "final_assessment",
        "revision_feedback",
        "revision_feedback",
        "initial_review",
    ]
    assert heard["people"][theo.user] == {"name": "Theo"}
    assert (await ben.get(f"{FEEDBACK}?submissionId={submission}")).json["items"] == []
    word = f"{FEEDBACK}/{heard['items'][0]['id']}"
    assert [(await ana.get(word)).status, (await ben.get(word)).status] == [200, 404]
    assert (await room.mara.delete(word)).status == 405
