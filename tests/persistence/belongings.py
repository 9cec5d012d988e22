"""Everything that somebody can leave in a workshop, with one word in each text of it: rows of every table, what was said in a session,
files in the store. For tests that an erasure finds all of it, and that an export has all of it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from media.store import Store
from media.vault import seal_records
from persistence.models.recording import MIX
from persistence.recordings import new_id
from rooms.ids import SessionId, UserId
from rooms.protocol import ALL_COMMANDS
from tests.bootcamp import Course, open_course
from tests.persistence.scribe import Process, Scribe, said
from tests.persistence.tape import STARTED, Tape, said_by
from tests.persistence.workshop import Workshop
from tests.rooms.drawing import drawn

WORD = "zanzibarites"


@dataclass
class Belongings:
    workshop: Workshop
    course: Course
    scribe: Scribe
    recording: str
    upload: str
    certificate: str
    person: UserId

    @property
    def session(self) -> SessionId:
        return self.scribe.session


async def leave(workshop: Workshop, process: Process, store: Store, person: UserId, other: UserId) -> Belongings:
    """`person` and `other` are in a session of Mara's and in a course of hers."""
    course = await open_course(workshop.database, workshop.mara, person, other, title="Soil basics")
    scribe = await process.start_session(workshop.mara, person, other)
    await talk(scribe, workshop.mara, person, other)
    recording, upload = await record(workshop, scribe.session, store, person)
    await write(workshop, scribe.session, person)
    certificate = await learn(workshop, course, person, other)
    return Belongings(workshop, course, scribe, recording, upload, certificate, person)


async def talk(scribe: Scribe, mara: UserId, person: UserId, other: UserId) -> None:
    async def does(user: UserId, type_: str, **fields: Any) -> None:
        await scribe.say(said(user, ALL_COMMANDS.validate_python({"type": type_, **fields})))

    async def draws(user: UserId, *elements: dict[str, Any]) -> None:
        await does(user, "board.change", boardId="main", elements=list(elements))

    async def last() -> Any:
        (recorded,) = await scribe.event_log.read(scribe.session, scribe.state.seq - 1)
        return recorded.event

    await does(person, "chat.send", text=f"{WORD} for all")
    message = (await last()).message_id
    await does(person, "chat.edit", messageId=message, text=f"{WORD} again")
    await does(mara, "chat.pin", messageId=message)
    await does(person, "chat.send", text=f"{WORD} for one", to=other)
    await does(other, "chat.send", text="what Ben says", replyTo=message)
    await does(person, "question.ask", text=f"why {WORD}?")
    question = (await last()).question_id
    await does(other, "question.upvote", questionId=question)
    await does(mara, "question.answer", questionId=question, text="because")
    await does(person, "question.ask", text=f"who asks about {WORD}?", anonymous=True)
    await does(other, "question.ask", text="what Ben asks")
    await does(mara, "permission.grant", permission="can_use_whiteboard")
    note = drawn("theirs", kind="text", text=WORD, originalText=WORD, link=f"https://example.org/{WORD}")
    await draws(person, note, drawn("line"))
    bens = drawn("bens", kind="text", text="what Ben writes", originalText="what Ben writes")
    await draws(other, bens)
    # Each moves the other's: the row holds the words of both.
    moved = [{**note, "version": 2, "x": 9}, {**bens, "version": 2, "x": 9}]
    await draws(other, *moved)
    await draws(person, {**bens, "version": 3, "x": 12})
    await does(person, "hand.raise")


async def record(workshop: Workshop, session: SessionId, store: Store, person: UserId) -> tuple[str, str]:
    """Their track and the mix of the session, transcribed; a file of their own, and one that is on its way."""
    tape = await Tape.stored(workshop)
    spoke = [said_by(person, f"{WORD} spoken")]
    await tape.transcribe(person, spoke)
    await tape.transcribe(MIX, [said_by(person, "what is kept of the mix"), said_by(workshop.ben, "Ben spoke")])
    for track in (MIX, person, workshop.ben):
        await store.put(f"recordings/{workshop.session}/{tape.recording}/{track}-1.sealed", WORD.encode())
    upload, under_way = new_id(STARTED), new_id(STARTED)
    await tape.keys.make(None, under_way, "upload")
    name, key = f"uploads/{upload}/sound.sealed", await tape.keys.make(None, upload, "upload")
    await store.put(name, b"".join(seal_records([WORD.encode()], key, name)))
    await store.put(f"pieces/{under_way}/0-piece.sealed", WORD.encode())
    await add(
        workshop,
        "workbook.audio_recordings",
        id=upload,
        user_id=person,
        file_name=f"{WORD}.wav",
        file_url=f"store://{name}",
        mime_type="audio/wav",
        duration_seconds=1,
        file_size_bytes=1,
        metadata={"tags": [WORD], "recordingDevice": WORD},
    )
    announced = {"fileName": f"{WORD}.wav"}
    await add(workshop, "workbook.uploads", id=under_way, user_id=person, announced=announced, bytes=5, pieces=[WORD])
    return tape.recording, upload


async def write(workshop: Workshop, session: SessionId, person: UserId) -> None:
    """In the workbook, about themselves, and signed in."""
    own = {"user_id": person}
    note = {"title": WORD, "content": WORD, "tags": [WORD], "metadata": {"color": WORD}}
    await add(workshop, "workbook.workbook_notes", **own, **note, session_id=session)
    await add(workshop, "workbook.workbook_notes", **own, **note, deleted_at=datetime.now(UTC))
    names = ("avatar_url", "bio", "location", "professional_background", "agricultural_experience")
    for name in names:
        value = sealed(workshop, f"bootcamp.users.{name}_enc", person)
        await workshop.execute(f"UPDATE bootcamp.users SET {name}_enc = $2 WHERE id = $1", person, value)
    await workshop.execute("UPDATE bootcamp.users SET language_preferences = $2 WHERE id = $1", person, [WORD])
    await add(
        workshop,
        "bootcamp.user_profiles",
        **own,
        learning_goals=[WORD],
        design_tools_proficiency={WORD: 5},
        agricultural_domains={WORD: True},
        availability_hours={WORD: []},
    )
    theirs = await workshop.value("SELECT fataplus_user_id FROM bootcamp.users WHERE id = $1", person)
    await add(workshop, "bootcamp.fataplus_integration", **own, fataplus_user_id=theirs, sync_errors=[WORD])
    await add(workshop, "bootcamp.external_service_tokens", **own, service_name=WORD)
    await add(
        workshop,
        "bootcamp.learning_analytics",
        **own,
        event_type="forum_post",
        event_data={"said": WORD},
        device_type=WORD,
        browser_info={"family": WORD},
        source_key=WORD,
    )
    soon = datetime.now(UTC) + timedelta(days=1)
    await add(
        workshop,
        "identity.tokens",
        **own,
        kind="api",
        family=str(uuid4()),
        token_hash=bytes(32),
        label=WORD,
        expires_at=soon,
    )
    await add(workshop, "ops.idempotency_keys", **own, key=WORD, route=WORD, request_hash=bytes(32))


async def learn(workshop: Workshop, course: Course, person: UserId, other: UserId) -> str:
    """In the bootcamp, alone and with others; the number of their certificate."""
    assignment, own, others, project, alone, talked = (str(uuid4()) for _ in range(6))
    enrollment = await workshop.value("SELECT id FROM bootcamp.enrollments WHERE user_id = $1", person)
    progress, certificate = str(uuid4()), str(uuid4())
    notes = sealed(workshop, "bootcamp.lesson_progress.notes_enc", progress)
    await add(
        workshop,
        "bootcamp.lesson_progress",
        id=progress,
        enrollment_id=enrollment,
        lesson_id=course.lesson,
        notes_enc=notes,
    )
    await add(
        workshop, "bootcamp.assignments", id=assignment, lesson_id=course.lesson, title="Dig", description="A hole."
    )
    for submission, author, words in ((own, person, WORD), (others, other, "what Ben hands in")):
        content = {"text": words}
        await add(
            workshop,
            "bootcamp.submissions",
            id=submission,
            assignment_id=assignment,
            user_id=author,
            submission_content=content,
            status="submitted",
            feedback=words,
        )
    for submission, reviewer, words in ((own, other, f"about {WORD}"), (others, person, WORD)):
        await add(
            workshop,
            "bootcamp.peer_reviews",
            submission_id=submission,
            reviewer_id=reviewer,
            review_criteria={"clarity": 3, "said": words},
            overall_score=4,
            strengths=[words],
            improvements=[words],
            detailed_feedback=words,
            is_anonymous=True,
        )
    for submission, words in ((own, WORD), (others, "well done")):
        await add(
            workshop,
            "bootcamp.instructor_feedback",
            submission_id=submission,
            instructor_id=workshop.mara,
            detailed_feedback=words,
            improvement_suggestions=[words],
            next_steps=[words],
            rubric_scores={"said": words},
        )
    for each, words in ((project, "Shared"), (alone, WORD)):
        texts = dict.fromkeys(("title", "description", "project_brief", "client_organization", "project_domain"), words)
        await add(
            workshop,
            "bootcamp.design_projects",
            id=each,
            **texts,
            technologies=[words],
            deliverables=[{"title": words}],
            created_by=person,
            course_id=course.id,
        )
    for each, user in ((project, person), (project, other), (alone, person)):
        await add(workshop, "bootcamp.project_teams", project_id=each, user_id=user)
    for each, words in ((project, "plan"), (alone, WORD)):
        url = f"https://example.org/{words}"
        await add(
            workshop,
            "bootcamp.design_assets",
            project_id=each,
            uploaded_by=person,
            file_name=words,
            file_url=url,
            description=words,
            tags=[words],
        )
    for discussion in (talked, str(uuid4())):
        said_ = {"title": WORD, "content": WORD}
        await add(workshop, "bootcamp.discussions", id=discussion, author_id=person, course_id=course.id, **said_)
    for author, words in ((other, "what Ben replies"), (person, f"{WORD} replied")):
        await add(workshop, "bootcamp.discussion_replies", discussion_id=talked, author_id=author, content=words)
    await course.complete(person)
    number = "FP-2026-000001-1"
    await add(
        workshop,
        "bootcamp.certificates",
        user_id=person,
        course_id=course.id,
        certificate_number=number,
        id=certificate,
        holder_name_enc=sealed(workshop, "bootcamp.certificates.holder_name_enc", certificate),
        shows_holder=True,
        metadata={"courseTitle": "Soil basics", "distinction": WORD},
        blockchain_hash="bafy",
    )
    return number


def sealed(workshop: Workshop, column: str, row_id: str) -> bytes:
    return workshop.database.keys.seal(f'"{WORD}"', column, UUID(row_id))


async def add(workshop: Workshop, table: str, **values: Any) -> None:
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    await workshop.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", *values.values())
