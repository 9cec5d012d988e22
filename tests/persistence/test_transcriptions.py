"""Transcripts: one per recording, never empty, stored once however often a worker dies, read by whoever may hear the sound."""

import asyncio
import math
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from persistence.models.languages import language_code
from persistence.models.recording import MIX
from persistence.models.transcription import Transcript, confidence_of
from persistence.models.validation import validate
from persistence.transcriptions import Transcriptions
from rooms.ids import UserId
from tests.persistence.tape import Tape, said_by, transcript
from tests.persistence.workshop import Workshop, new_user

SAID: dict[str, Any] = {
    "model": "tiny.en",
    "language": "english",
    "confidence": 0.5,
    "processingTimeS": 2,
    "segments": [{"start": 0, "end": 1.5, "text": " hello there "}],
    "words": [{"word": "hello", "start": 0, "end": 0.7, "confidence": 0.99}],
}


# -- validation --


@pytest.mark.requirement("W122", "W123", "W128", "W253")
def test_what_is_wrong_with_a_transcript_is_said_all_at_once() -> None:
    assert validate(Transcript, SAID).is_valid
    sent = SAID | {
        "model": "",
        "language": "Klingon",
        "confidence": 1.2,
        "processingTimeS": -1,
        "segments": [{"start": 2, "end": 1, "text": "x"}],
        "words": [{"word": "x", "start": -1, "end": 1, "confidence": math.nan}],
    }
    assert {error.pointer for error in validate(Transcript, sent).errors} == {
        "/model",
        "/language",
        "/confidence",
        "/processingTimeS",
        "/segments/0/end",
        "/words/0/start",
        "/words/0/confidence",
    }


def test_what_cannot_be_stored_is_left_out_of_what_an_engine_heard() -> None:
    heard = Transcript.model_validate(SAID | {"segments": [{"start": 0, "end": 1, "text": "a\0b\ud800\x07 \tc\n"}]})
    assert heard.text == "ab \tc"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("en", "en"),
        ("English", "en"),
        ("jw", "jv"),
        ("javanese", "jv"),
        ("EN_us", "en-US"),
        ("pt-br", "pt-BR"),
        ("yue", "yue"),
        ("cantonese", "yue"),
        ("Haitian Creole", "ht"),
        ("mandarin", "zh"),
    ],
)
@pytest.mark.requirement("W110", "W136", "D29")
def test_d29_languages_by_their_iso_code(said: str, code: str) -> None:
    assert language_code(said) == code


@pytest.mark.parametrize("said", ["", "e", "engl", "en-USA", "klingon", None, 7, "en us", "../en"])
@pytest.mark.requirement("W136", "D29")
def test_w136_what_is_no_language_is_refused(said: Any) -> None:
    with pytest.raises(ValueError, match="ISO 639"):
        language_code(said)


@pytest.mark.requirement("W109", "D28")
def test_d28_a_confidence_is_made_of_what_the_engine_says_of_segments() -> None:
    assert confidence_of([math.log(0.8), math.log(0.8)]) == 0.8
    assert confidence_of([-0.25, -0.35]) == 0.74
    assert confidence_of([0.5]) == 1.0
    assert confidence_of([-math.inf]) == 0.0
    assert confidence_of([]) == 0.0
    assert confidence_of([math.nan, 0.0]) == 1.0


# -- making them --


@pytest.mark.requirement("W088", "W114")
async def test_a_transcript_is_made_in_its_steps_and_only_once(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop)
    part = await tape.part(workshop.ana)
    id_ = await tape.transcriptions.begin(part)
    assert id_ is not None
    assert (await read(tape, workshop.ana, id_)).status == "processing"
    assert await tape.transcriptions.complete(id_, transcript(said_by(None, "one two"), said_by(None, "three", 1)))
    record = await read(tape, workshop.ana, id_)
    assert (record.status, record.text, record.word_count, record.language) == ("completed", "one two three", 3, "en")
    assert (record.confidence, record.processing_time, record.metadata.model) == (0.87, 2, "tiny.en")
    assert record.user_id == workshop.ana  # D26
    assert record.metadata.segments is not None
    assert record.metadata.words is not None
    assert [(each.start, each.end, each.text) for each in record.metadata.segments] == [
        (0, 1, "one two"),
        (1, 2, "three"),
    ]
    assert [(each.word, each.confidence) for each in record.metadata.words] == [("one", 0.9), ("three", 0.9)]
    recording = await tape.recordings.load(part)
    assert recording is not None
    assert (recording.transcription_id, recording.is_processed) == (id_, True)  # W087, W088
    assert await tape.transcriptions.begin(part) is None
    assert not await tape.transcriptions.complete(id_, transcript(said_by(None, "again")))
    assert not await tape.transcriptions.fail(id_, "late")


async def test_a_killed_worker_s_transcript_is_made_by_the_next(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop)
    part = await tape.part(workshop.ana)
    ids = {await tape.transcriptions.begin(part) for _ in range(3)}
    assert len(ids) == 1
    (id_,) = ids
    assert id_ is not None
    both = await asyncio.gather(
        *(tape.transcriptions.complete(id_, transcript(said_by(None, text))) for text in ("first", "second"))
    )
    assert sorted(both) == [False, True]
    assert await workshop.value("SELECT count(*) FROM transcription_records") == 1


async def test_many_who_begin_at_once_begin_one(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop)
    part = await tape.part(workshop.ana)
    ids = await asyncio.gather(*(Transcriptions(workshop.database).begin(part) for _ in range(8)))
    assert len(set(ids)) == 1
    assert await workshop.value("SELECT count(*) FROM transcription_records") == 1


@pytest.mark.parametrize("said", [[], [said_by(None, " \t")]], ids=["nothing", "blanks"])
@pytest.mark.requirement("W108", "D27")
async def test_d27_silence_is_failed_as_no_speech_and_not_tried_again(workshop: Workshop, said: list[Any]) -> None:
    tape = await Tape.stored(workshop)
    id_ = await tape.transcribe(workshop.ana, said)
    record = await read(tape, workshop.ana, id_)
    assert (record.status, record.text, record.metadata.error) == ("failed", None, "no_speech")
    part = await tape.part(workshop.ana)
    assert await tape.transcriptions.begin(part) is None
    recording = await tape.recordings.load(part)
    assert recording is not None
    assert recording.is_processed


async def test_another_failure_is_tried_again_and_a_finished_one_when_asked(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop)
    part = await tape.part(workshop.ana)
    id_ = await tape.transcriptions.begin(part)
    assert id_ is not None
    assert not await tape.transcriptions.again(part)
    assert await tape.transcriptions.fail(id_, "engine")
    assert await tape.transcriptions.begin(part) == id_
    assert await tape.transcriptions.complete(id_, transcript(said_by(None, "old")))
    assert await tape.transcriptions.again(part)
    recording = await tape.recordings.load(part)
    assert recording is not None
    assert not recording.is_processed
    assert await tape.transcriptions.begin(part) == id_
    assert await tape.transcriptions.complete(id_, transcript(said_by(None, "new")))
    assert (await read(tape, workshop.ana, id_)).text == "new"


async def test_what_is_gone_is_not_transcribed(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop)
    part = await tape.part(workshop.ana)
    id_ = await tape.transcriptions.begin(part)
    assert id_ is not None
    await tape.recordings.forget_voice(tape.recording, workshop.ana)
    assert not await tape.transcriptions.complete(id_, transcript(said_by(None, "too late")))
    assert await tape.transcriptions.begin(part) is None


async def test_a_mix_s_transcript_leaves_out_whose_voice_was_taken_back_meanwhile(workshop: Workshop) -> None:
    """The worker had put it together before."""
    tape = await Tape.stored(workshop)
    mix = await tape.transcriptions.begin(await tape.part(MIX))
    assert mix is not None
    both = transcript(said_by(workshop.ana, "secret"), said_by(workshop.ben, "open", 2))
    await tape.recordings.forget_voice(tape.recording, workshop.ana)
    assert await tape.transcriptions.complete(mix, both)
    assert (await read(tape, workshop.otto, mix)).text == "open"
    assert "secret" not in await workshop.value("SELECT string_agg(t::text, ' ') FROM transcription_records t")


async def test_a_voice_is_taken_out_of_the_old_text_while_a_new_one_is_made(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop)
    mix = await tape.transcribe(MIX, [said_by(workshop.ana, "secret")])
    await tape.transcriptions.again(await tape.part(MIX))
    await tape.recordings.forget_voice(tape.recording, workshop.ana)
    record = await read(tape, workshop.otto, mix)
    assert (record.status, record.text, record.metadata.segments) == ("pending", None, None)


async def test_workers_and_whoever_takes_a_voice_back_never_wait_for_each_other_in_a_circle(workshop: Workshop) -> None:
    """Everything that changes a recording at once, again and again: nothing fails, and nothing of Ana is left."""
    tape = await Tape.stored(workshop)
    parts = {track: await tape.part(track) for track in (MIX, workshop.ana)}
    both = transcript(said_by(workshop.ana, "secret"), said_by(workshop.ben, "open", 2))

    async def write_down(track: str) -> None:
        for _ in range(10):
            if (id_ := await tape.transcriptions.begin(parts[track])) is not None:
                await tape.transcriptions.complete(id_, both)
            await tape.transcriptions.again(parts[track])

    async def store_again() -> None:
        for _ in range(10):
            await tape.recordings.finalising(tape.recording)
            await tape.store(MIX)

    async def take_back() -> None:
        for _ in range(3):
            await asyncio.sleep(0.05)
            await tape.recordings.forget_voice(tape.recording, workshop.ana)

    await asyncio.gather(write_down(MIX), write_down(workshop.ana), store_again(), take_back(), write_down(MIX))
    id_ = await tape.transcriptions.begin(parts[MIX])
    assert id_ is not None
    assert await tape.transcriptions.complete(id_, both)
    assert "secret" not in await workshop.value("SELECT string_agg(t::text, ' ') FROM transcription_records t")
    assert await workshop.value("SELECT count(*) FROM transcription_records") == 1


# -- reading them --


async def test_who_may_hear_may_read(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop)
    await tape.transcribe_all()
    texts = {MIX: "Ana sketches a lighthouse Ben colours the harbour", "ana": "Ana sketches a lighthouse"}
    assert await texts_of(tape, workshop.otto) == {texts[MIX]}
    assert await texts_of(tape, workshop.ana) == {texts[MIX], texts["ana"]}
    assert len(await texts_of(tape, workshop.theo)) == 3
    stranger = await workshop.directory.create_user(new_user("Nobody"))
    assert await texts_of(tape, stranger) == set()
    mine = await tape.transcriptions.of_audio(await tape.part(workshop.ana), workshop.ana)
    assert mine is not None
    for reader, found in ((workshop.ana, True), (workshop.theo, True), (workshop.ben, False), (stranger, False)):
        assert (await tape.transcriptions.get(mine.id, reader) is not None) == found
        assert (await tape.transcriptions.of_audio(mine.audio_recording_id, reader) is not None) == found


async def texts_of(tape: Tape, reader: UserId) -> set[str | None]:
    found = set()
    for track in (MIX, tape.workshop.ana, tape.workshop.ben):
        for each in await tape.transcriptions.of_session(tape.workshop.session, reader, track):
            found.add(each.record.text)
    return found


async def read(tape: Tape, reader: UserId, id_: str) -> Any:
    record = await tape.transcriptions.get(id_, reader)
    assert record is not None
    return record


async def test_a_session_s_transcript_comes_part_by_part(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop, parts=3)
    for number in (2, 1, 3):
        await tape.transcribe(MIX, [said_by(workshop.ana, f"part {number}")], number)
    placed = await tape.transcriptions.of_session(workshop.session, workshop.ben)
    assert [(each.track, each.part, each.from_s, each.record.text) for each in placed] == [
        (MIX, 1, 0.0, "part 1"),
        (MIX, 2, 1500.0, "part 2"),
        (MIX, 3, 3000.0, "part 3"),
    ]
    assert await tape.transcriptions.of_recording(tape.recording) == placed


async def test_the_list_is_one_s_own_without_the_times(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop, parts=3)
    for number in (1, 2, 3):
        await tape.transcribe(workshop.ana, [said_by(None, f"part {number}")], number)
    first = await tape.transcriptions.list(workshop.ana, 2)
    second = await tape.transcriptions.list(workshop.ana, 2, first.next_cursor)
    assert [each.text for each in (*first.items, *second.items)] == ["part 3", "part 2", "part 1"]
    assert second.next_cursor is None
    assert first.items[0].metadata.segments is None
    assert first.items[0].metadata.model == "tiny.en"
    assert (await tape.transcriptions.list(workshop.otto)).items == ()


# -- the archive --


@pytest.mark.requirement("W246")
async def test_w246_after_two_years_a_transcript_is_archived_and_read_as_before(workshop: Workshop, dsn: str) -> None:
    tape = await Tape.stored(workshop)
    await tape.transcribe_all()
    part = await tape.part(workshop.ana)
    before = await tape.transcriptions.of_audio(part, workshop.ana)
    assert before is not None
    assert await tape.transcriptions.archive_old() == 0
    await put_back(dsn, timedelta(days=731))
    assert await tape.transcriptions.archive_old() == 3
    assert await workshop.value("SELECT count(*) FROM transcription_records") == 0
    after = await tape.transcriptions.of_audio(part, workshop.ana)
    assert after is not None
    same = {"created_at": before.created_at, "updated_at": before.updated_at}
    assert after.model_copy(update=same) == before
    assert await tape.transcriptions.get(before.id, workshop.ben) is None
    assert len(await texts_of(tape, workshop.theo)) == 3
    assert await tape.transcriptions.begin(part) is None

    await tape.recordings.forget_voice(tape.recording, workshop.ana)
    assert await tape.transcriptions.get(before.id, workshop.ana) is None
    (mix,) = await tape.transcriptions.of_session(workshop.session, workshop.otto)
    assert (mix.record.text, mix.record.word_count) == ("Ben colours the harbour", 4)
    await tape.recordings.forget_voice(tape.recording, workshop.ben)
    assert await workshop.value("SELECT count(*) FROM transcription_archive") == 0


async def put_back(dsn: str, age: timedelta) -> None:
    owner = await asyncpg.connect(dsn)
    try:
        await owner.execute("SET session_replication_role = replica")
        await owner.execute("UPDATE workbook.transcription_records SET updated_at = updated_at - $1::interval", age)
    finally:
        await owner.close()
