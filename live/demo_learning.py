"""What the demo has to learn from: two modules of the workbook, a course with lessons and an assignment, and what Ana and Ben did
with them. Made through the entities that REST serves, as the people themselves, so that every rule holds for it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from live.api.bootcamp.assignments import ASSIGNMENTS
from live.api.bootcamp.courses import COURSES
from live.api.bootcamp.enrollments import ENROLLMENTS
from live.api.bootcamp.lesson_progress import LESSON_PROGRESS
from live.api.bootcamp.lessons import LESSONS
from live.api.bootcamp.modules import MODULES as COURSE_MODULES
from live.api.bootcamp.opening import open_bootcamp
from live.api.bootcamp.submissions import SUBMISSIONS
from live.api.modules import MODULES
from live.api.notes import NOTES
from live.api.resource import Resource
from persistence.database import Database
from persistence.entities import given_in, made_of
from persistence.models.bootcamp.assignment import NewAssignment, NewSubmission, SubmissionStatus
from persistence.models.bootcamp.course import NewCourse, NewCourseModule
from persistence.models.bootcamp.enrollment import LessonProgressChange, NewLessonProgress
from persistence.models.bootcamp.lesson import NewCourseLesson
from persistence.models.module import NewModule
from persistence.models.note import NewNote
from rooms.feature import Wire
from rooms.ids import UserId

SEEING = {
    "title": "Seeing before drawing",
    "description": "Most of a drawing happens before the pencil moves.",
    "moduleOrder": 1,
    "durationMinutes": 45,
    "isPublished": True,
    "content": {
        "overview": "You look at one cup for a long time, and only then draw it. It feels slow and saves an hour.",
        "learningObjectives": ["Measure with a pencil at arm's length", "See the spaces between things"],
        "resources": [],
        "lessons": [
            {
                "id": "measure",
                "title": "Measuring at arm's length",
                "type": "text",
                "estimatedMinutes": 15,
                "sortOrder": 0,
                "content": {
                    "text": "<p>Close one eye. Hold the pencil <strong>at arm's length</strong>, upright.</p>"
                    "<ul><li>The tip on the rim of the cup</li><li>Your thumb where the foot begins</li></ul>"
                    "<p>That is one measure. How often does it fit into the width?</p>"
                },
            },
            {
                "id": "spaces",
                "title": "The spaces between",
                "type": "exercise",
                "estimatedMinutes": 30,
                "sortOrder": 1,
                "content": {
                    "text": "<p>Do not draw the handle. Draw the hole in it.</p>",
                    "exercises": [
                        {
                            "id": "holes",
                            "title": "Five holes",
                            "type": "drawing",
                            "body": "<p>Find five holes in your kitchen and draw each in two minutes.</p>",
                        }
                    ],
                },
            },
        ],
    },
}
LIGHT = {
    "title": "Light and shadow",
    "description": "Three tones are enough for nearly everything.",
    "moduleOrder": 2,
    "durationMinutes": 60,
    "isPublished": True,
    "content": {
        "overview": "Where the light comes from decides where you press and where you do not.",
        "learningObjectives": ["Reduce what you see to three tones"],
        "resources": [],
        "lessons": [
            {
                "id": "tones",
                "title": "Three tones",
                "type": "text",
                "estimatedMinutes": 60,
                "sortOrder": 0,
                "content": {"text": "<p>Paper, one layer, two layers. Nothing else for today.</p>"},
            }
        ],
    },
}
COURSE = {
    "title": "Drawing everyday things",
    "slug": "drawing-everyday-things",
    "shortDescription": "Four evenings with a pencil, a cup and whatever lies on the table.",
    "description": "You learn to draw what is in front of you.\n\nNo talent is needed, only a table and some patience.",
    "learningOutcomes": ["Draw a cup from any side", "Put three things on a page so that they belong together"],
    "estimatedDurationHours": 8,
    "courseType": "workshop",
}
LESSONS_OF_COURSE: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "One thing": (
        {
            "title": "The ellipse of a rim",
            "description": "A rim is a circle that one sees from the side: an ellipse, never a lens with corners.\n\n"
            "Turn the paper, not your hand.",
            "readingTimeMinutes": 10,
            "isPreview": True,
        },
        {
            "title": "What did you see",
            "contentType": "quiz",
            "readingTimeMinutes": 5,
            "interactiveElements": {
                "questions": [
                    {
                        "id": "rim",
                        "prompt": "What happens to the rim as the cup comes up to the height of your eyes?",
                        "options": ["It becomes flatter", "It becomes rounder", "It stays as it is"],
                        "key": "It becomes flatter",
                    }
                ]
            },
        },
    ),
    "Three things": (
        {
            "title": "A still life of your own",
            "description": "Three things that you use every day, on one page.",
            "contentType": "assignment",
            "readingTimeMinutes": 90,
        },
    ),
}
ASSIGNMENT = {
    "title": "Three things on a page",
    "description": "Draw three things that you use every day. Write two sentences on where you began and why.",
    "maxScore": 100.0,
    "passingScore": 50.0,
    "rubric": {"Seeing": 40, "Tones": 40, "Words": 20},
}
WORK = {
    "text": "A cup, a key and a pair of glasses.\n\nI began with the cup because everything else leans on it.",
    "links": ["https://example.org/three-things"],
}
NOTES_OF_ANA: tuple[Mapping[str, Any], ...] = (
    {
        "title": "Turn the paper",
        "content": "<p>Turn the paper, not the hand. Mara showed it twice.</p>",
        "timestamp": 1,
        "tags": ("ellipse", "to practise"),
        "isPinned": True,
    },
    {
        "title": "Soft pencil first",
        "content": "<p>Soft pencil first, ink from the second sketch on.</p>",
        "timestamp": 0,
    },
)


class Learning:
    """`people`: the cast, by name."""

    def __init__(self, database: Database, people: Mapping[str, UserId]) -> None:
        self._database = database
        self._people = people

    async def seed(self, past_session: str | None) -> None:
        """Once in a demo's life."""
        async with self._database.as_user(self._people["Mara"]) as connection:
            mine = {"created_by": self._people["Mara"]}
            if (await COURSES.entity.page(connection, self._database.keys, mine, 1, None)).items:
                return
        await self._write_workbook()
        if past_session is not None:
            for note in NOTES_OF_ANA:
                about = {**note, "sessionId": past_session}
                await self._add("Ana", NOTES, NewNote, about, user_id=self._people["Ana"])
        lessons, assignment = await self._teach()
        for name in ("Ana", "Ben"):
            await self._learn(name, lessons[:1])
        await self._hand_in("Ben", assignment)

    async def _write_workbook(self) -> None:
        seeing = await self._add("Mara", MODULES, NewModule, SEEING)
        await self._add("Mara", MODULES, NewModule, {**LIGHT, "prerequisites": [seeing]})

    async def _teach(self) -> tuple[list[str], str]:
        """Ids of its lessons, and of the assignment of the last."""
        mara = self._people["Mara"]
        course = await self._add("Mara", COURSES, NewCourse, COURSE, created_by=mara, published=True)
        lessons = []
        for place, (title, contents) in enumerate(LESSONS_OF_COURSE.items(), 1):
            given = {"courseId": course, "title": title, "moduleOrder": place}
            module = await self._add("Mara", COURSE_MODULES, NewCourseModule, given)
            for order, lesson in enumerate(contents, 1):
                given = {**lesson, "moduleId": module, "lessonOrder": order}
                lessons.append(await self._add("Mara", LESSONS, NewCourseLesson, given))
        due = (datetime.now(UTC) + timedelta(days=7)).isoformat()
        given = {**ASSIGNMENT, "lessonId": lessons[-1], "dueDate": due}
        assignment = await self._add("Mara", ASSIGNMENTS, NewAssignment, given)
        for name in ("Ana", "Ben"):
            await self._add(name, ENROLLMENTS, None, {}, user_id=self._people[name], course_id=course)
        return lessons, assignment

    async def _learn(self, name: str, lessons: list[str]) -> None:
        async with self._database.as_user(self._people[name]) as connection:
            own = {"user_id": self._people[name]}
            enrolled = await ENROLLMENTS.entity.page(connection, self._database.keys, own, 1, None)
        for lesson in lessons:
            begun = {"enrollmentId": enrolled.items[0].id, "lessonId": lesson, "status": "in_progress"}
            progress = await self._add(name, LESSON_PROGRESS, NewLessonProgress, begun)
            done = given_in(LessonProgressChange.model_validate({"status": "completed", "timeSpentMinutes": 12}))
            await self._change(name, LESSON_PROGRESS, progress, done)

    async def _hand_in(self, name: str, assignment: str) -> None:
        new = {"assignmentId": assignment, "submissionContent": WORK}
        work = await self._add(name, SUBMISSIONS, NewSubmission, new, user_id=self._people[name])
        await self._change(name, SUBMISSIONS, work, {"status": SubmissionStatus.SUBMITTED})

    async def _add(
        self, name: str, resource: Resource[Any], model: type[Wire] | None, given: Mapping[str, Any], **more: Any
    ) -> str:
        """The id of the row. `model`: as which a request's body would be read."""
        row_id = str(uuid4())
        values = made_of(model.model_validate(given)) if model is not None else {}
        user = self._people[name]
        async with self._database.as_user(user, writes=True) as connection:
            await open_bootcamp(connection, user)
            await resource.entity.add(connection, self._database.keys, row_id, values | more)
        return row_id

    async def _change(self, name: str, resource: Resource[Any], row_id: str, values: Mapping[str, Any]) -> None:
        async with self._database.as_user(self._people[name], writes=True) as connection:
            await resource.entity.change(connection, self._database.keys, row_id, values)
