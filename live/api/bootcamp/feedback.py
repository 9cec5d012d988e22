"""Feedback of instructors and assistants to a submission: a first word, words to revisions, and one last word with a grade
(B216-B225). What was said stays."""

from live.api.bootcamp.opening import open_bootcamp
from live.api.call import Call
from live.api.resource import Resource
from live.api.route import Family, Paging, Who
from live.problems import Fault, invalid
from persistence.entities import Entity, made_of
from persistence.models.bootcamp.review import FeedbackType, InstructorFeedback, NewFeedback
from rooms.ids import AnyId

family = Family("bootcamp feedback", "What staff say to a submission.")
FEEDBACK = Resource(
    family,
    "/bootcamp/feedback",
    "feedback",
    Entity("bootcamp.instructor_feedback", InstructorFeedback),
    plural="feedback",
)


class FeedbackFilter(Paging):
    submission_id: AnyId
    feedback_type: FeedbackType | None = None


FEEDBACK.listed("To one submission, latest first.", FeedbackFilter)
FEEDBACK.read("One word of feedback.")


@family.post("/bootcamp/feedback", Who.ACCOUNT, status=201, etag=True, refuses=("illegal_transition",))
async def create_feedback(call: Call, body: NewFeedback) -> InstructorFeedback:
    """By staff; the final assessment by an instructor, of what is graded. Assistants say the rest."""
    if body.feedback_type is FeedbackType.FINAL_ASSESSMENT and body.overall_grade is None:
        raise invalid([Fault("a final assessment has a grade", pointer="/overallGrade")])
    row_id = call.new_id()
    async with call.writing() as connection:
        await open_bootcamp(connection, call.user)
        values = made_of(body) | {"instructor_id": call.user}
        row = await FEEDBACK.entity.add(connection, call.database.keys, row_id, values)
    call.location = f"/bootcamp/feedback/{row_id}"
    return row
