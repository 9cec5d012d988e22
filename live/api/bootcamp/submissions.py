"""Submissions: written and handed in by their author, graded by somebody else (B123-B136). Each step is a verb; where it is not
possible, the refusal says what is."""

from typing import Any

from live.api.bootcamp.assignments import ASSIGNMENTS
from live.api.bootcamp.opening import open_bootcamp, unknown
from live.api.call import Call
from live.api.resource import Resource
from live.api.route import Family, IdPath, Paging, Who
from live.problems import Fault, Problem, invalid
from persistence.connection import Connection
from persistence.entities import Entity, given_in, made_of
from persistence.models.bootcamp.assignment import (
    Answer,
    Assignment,
    Grade,
    NewSubmission,
    RevisionRequest,
    Submission,
    SubmissionChange,
    SubmissionStatus,
    format_faults,
)
from rooms.ids import AnyId, UserIdField

family = Family("bootcamp submissions", "What learners hand in, and how it was graded.")
SUBMISSIONS = Resource(family, "/bootcamp/submissions", "submission", Entity("bootcamp.submissions", Submission))
REFUSES = ("illegal_transition",)


class SubmissionFilter(Paging):
    assignment_id: AnyId | None = None
    user_id: UserIdField | None = None
    status: SubmissionStatus | None = None


SUBMISSIONS.listed("One's own, those of courses that one teaches, and those one reviews.", SubmissionFilter)
read_submission = SUBMISSIONS.read("One submission.")


@family.post("/bootcamp/submissions", Who.ACCOUNT, status=201, etag=True)
async def create_submission(call: Call, body: NewSubmission) -> Submission:
    """Begins a draft, which nobody else sees."""
    row_id = call.new_id()
    async with call.writing() as connection:
        await _require_fit(call, connection, body.assignment_id, body.submission_content)
        values = made_of(body) | {"user_id": call.user}
        row = await SUBMISSIONS.entity.add(connection, call.database.keys, row_id, values)
    call.location = f"/bootcamp/submissions/{row_id}"
    return row


@family.patch("/bootcamp/submissions/{submission_id}", Who.ACCOUNT, etag=True, matches=read_submission, holds=True)
async def change_submission(call: Call, submission_id: IdPath, body: SubmissionChange) -> Submission:
    """Writes on, as long as it is a draft or a revision is asked for."""
    async with call.writing() as connection:
        held = await SUBMISSIONS.held(call, connection, submission_id)
        await _require_fit(call, connection, held.assignment_id, body.submission_content)
        row = await SUBMISSIONS.entity.change(connection, call.database.keys, submission_id, given_in(body))
        assert row is not None
    return row


@family.post("/bootcamp/submissions/{submission_id}/submit", Who.ACCOUNT, etag=True, refuses=REFUSES)
async def submit_submission(call: Call, submission_id: IdPath) -> Submission:
    """Hands it in. After the due date it is taken and marked as late."""
    async with call.writing() as connection:
        held = await SUBMISSIONS.held(call, connection, submission_id)
        if held.submission_content.is_empty:
            raise invalid([Fault("there is nothing in it yet", pointer="/submissionContent")])
        return await _changed(call, connection, submission_id, status=SubmissionStatus.SUBMITTED)


@family.post("/bootcamp/submissions/{submission_id}/withdraw", Who.ACCOUNT, etag=True, refuses=REFUSES)
async def withdraw_submission(call: Call, submission_id: IdPath) -> Submission:
    """Makes it a draft again, before somebody looks at it or when a revision is asked for."""
    async with call.writing() as connection:
        await SUBMISSIONS.held(call, connection, submission_id)
        return await _changed(call, connection, submission_id, status=SubmissionStatus.DRAFT)


@family.post("/bootcamp/submissions/{submission_id}/final", Who.ACCOUNT, etag=True)
async def mark_submission_final(call: Call, submission_id: IdPath) -> Submission:
    """Of several to one assignment this is the one that counts."""
    async with call.writing() as connection:
        await SUBMISSIONS.held(call, connection, submission_id)
        return await _changed(call, connection, submission_id, final_submission=True)


@family.post("/bootcamp/submissions/{submission_id}/review", Who.ACCOUNT, etag=True, refuses=REFUSES)
async def review_submission(call: Call, submission_id: IdPath) -> Submission:
    """By staff: looks at it, also again after it was graded. Its author can no longer withdraw it."""
    return await _judged(call, submission_id, status=SubmissionStatus.UNDER_REVIEW)


@family.post("/bootcamp/submissions/{submission_id}/grade", Who.ACCOUNT, etag=True, refuses=REFUSES)
async def grade_submission(call: Call, submission_id: IdPath, body: Grade) -> Submission:
    """By staff, and never by its author."""
    return await _judged(call, submission_id, status=SubmissionStatus.GRADED, score=body.score, feedback=body.feedback)


@family.post("/bootcamp/submissions/{submission_id}/request-revision", Who.ACCOUNT, etag=True, refuses=REFUSES)
async def request_revision(call: Call, submission_id: IdPath, body: RevisionRequest) -> Submission:
    """By staff: it needs more work."""
    return await _judged(call, submission_id, status=SubmissionStatus.REVISION_REQUESTED, feedback=body.feedback)


async def _judged(call: Call, submission: str, **values: Any) -> Submission:
    async with call.writing() as connection:
        held = await SUBMISSIONS.held(call, connection, submission)
        if held.user_id == call.user:
            raise Problem("forbidden", "nobody judges their own work")
        if "score" in values:
            assignment = await _assignment(call, connection, held.assignment_id)
            if values["score"] > assignment.max_score:
                raise invalid([Fault(f"must be at most {assignment.max_score:g}", pointer="/score")])
            if held.status is SubmissionStatus.GRADED:
                raise Problem("illegal_transition", "it is graded", allowed=(SubmissionStatus.UNDER_REVIEW,))
        await open_bootcamp(connection, call.user)
        return await _changed(call, connection, submission, **values)


async def _changed(call: Call, connection: Connection, submission: str, **values: Any) -> Submission:
    row = await SUBMISSIONS.entity.change(connection, call.database.keys, submission, values)
    assert row is not None, "who may change it still may see it"
    return row


async def _require_fit(call: Call, connection: Connection, assignment: str, content: Answer) -> None:
    wanted = (await _assignment(call, connection, assignment)).submission_format
    faults = [
        Fault(detail, pointer=f"/submissionContent/files/{index}") for index, detail in format_faults(content, wanted)
    ]
    if faults:
        raise invalid(faults)


async def _assignment(call: Call, connection: Connection, assignment: str) -> Assignment:
    found = await ASSIGNMENTS.entity.get(connection, call.database.keys, assignment)
    if found is None:
        raise unknown("/assignmentId")
    return found
