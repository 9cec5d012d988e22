"""Recordings as rows: finished once however often, heard by whom they are for, and gone when somebody takes their voice back."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from persistence.database import Database
from persistence.jobs import Jobs
from persistence.models.recording import (
    FILE_BYTES_MAX,
    MIX,
    AudioRecording,
    AudioType,
    NewRecording,
    audio_type,
)
from persistence.models.user import PlatformRole
from persistence.models.validation import Invalid, parse, validate
from persistence.recordings import Finished, Part, Recordings, new_id
from rooms.ids import UserId
from tests.persistence.tape import PART_S, STARTED, Tape, finished, stored_file
from tests.persistence.test_schema import add_module
from tests.persistence.workshop import Workshop, new_user

UPLOAD: dict[str, Any] = {"fileName": "a talk.m4a", "mimeType": "audio/mp4", "fileSizeBytes": 40_000}


async def heard(tape: Tape, reader: UserId) -> dict[str, int]:
    """Tracks that this person may hear, with how many parts."""
    tracks = await tape.recordings.of_session(tape.workshop.session, reader)
    return {each.track: len(each.parts) for each in tracks}


async def upload(recordings: Recordings, owner: UserId, **fields: Any) -> str:
    id_ = new_id(datetime.now(UTC))
    await recordings.add_upload(id_, owner, parse(NewRecording, UPLOAD | fields), stored_file(f"up-{id_}"))
    return id_


@pytest.fixture
def recordings(database: Database) -> Recordings:
    return Recordings(database)


# -- validation --


@pytest.mark.requirement("W081", "W083", "W085", "W095", "W096", "W102", "W103", "W251", "W252", "W253")
def test_what_is_wrong_with_an_upload_is_said_all_at_once() -> None:
    """W253, with the document's words."""
    assert validate(NewRecording, UPLOAD).is_valid
    sent = {
        "fileName": "../etc/passwd",
        "mimeType": "audio/ogg",
        "fileSizeBytes": FILE_BYTES_MAX + 1,
        "lessonId": "l1",
        "metadata": {"recordingQuality": "best", "tags": ["a", "a"], "sampleRate": 8000},
        "fileUrl": "http://169.254.169.254/",
    }
    result = validate(NewRecording, sent)
    assert not result.is_valid
    assert {error.pointer: error.message for error in result.errors} == {
        "/fileName": "a file name has no slashes",
        "/mimeType": "File must be a supported audio format",
        "/fileSizeBytes": "File size must be less than 100MB",
        "/lessonId": "a lesson belongs to a module",
        "/metadata/recordingQuality": "Input should be 'low', 'medium' or 'high'",
        "/metadata/tags": "a tag is named twice",
        "/metadata/sampleRate": "Extra inputs are not permitted",
        "/fileUrl": "Extra inputs are not permitted",  # D22
    }
    codes = {error.pointer: error.code for error in result.errors}
    assert (codes["/mimeType"], codes["/fileSizeBytes"]) == ("audio_format", "file_size")


@pytest.mark.parametrize(
    ("size", "valid"), [(0, False), (1, True), (FILE_BYTES_MAX, True), (FILE_BYTES_MAX + 1, False)]
)
@pytest.mark.requirement("W102", "W251", "D21")
def test_d21_100_mb_exactly_are_allowed_and_nothing_is_no_file(size: int, valid: bool) -> None:
    assert validate(NewRecording, UPLOAD | {"fileSizeBytes": size}).is_valid == valid


@pytest.mark.parametrize("name", ["a\\b.wav", "a\x00.wav", "a\n.wav", "x" * 256, " ", "\u202ewav.exe"])
def test_attack_54_names_that_are_paths_or_no_names(name: str) -> None:
    assert not validate(NewRecording, UPLOAD | {"fileName": name}).is_valid


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ("audio/wav", "audio/wav"),
        ("audio/x-wav", "audio/wav"),
        ("audio/wave", "audio/wav"),
        ("audio/mpeg", "audio/mp3"),
        ("Audio/MP3", "audio/mp3"),
        ("audio/webm;codecs=opus", "audio/webm"),
        ("audio/webm ; codecs=opus", "audio/webm"),
        ("audio/mp4", "audio/m4a"),
        ("audio/x-m4a", "audio/m4a"),
    ],
)
@pytest.mark.requirement("W083", "W252", "D19")
def test_d19_one_name_for_every_type(sent: str, named: str) -> None:
    assert audio_type(sent) == named


@pytest.mark.parametrize("sent", ["audio/ogg", "audio/flac", "video/mp4", "text/html", "", None, 5, ["audio/wav"]])
@pytest.mark.requirement("W083", "W103", "W252", "D19")
def test_d19_other_types_are_refused(sent: Any) -> None:
    assert not validate(NewRecording, UPLOAD | {"mimeType": sent}).is_valid


# -- a session's recording --


async def test_a_track_begins_with_a_row_and_a_key_and_again_changes_nothing(workshop: Workshop) -> None:
    tape = await Tape.roll(workshop)
    key = await tape.begin(MIX)
    assert key == await tape.keys.get(tape.recording, MIX)
    tracks = await tape.recordings.of_recording(tape.recording)
    assert [(each.track, each.speaker_id, each.status, each.started_at) for each in tracks] == [
        (MIX, None, "capturing", STARTED),
        *((user, user, "capturing", STARTED) for user in sorted([workshop.ana, workshop.ben])),
    ]


async def test_finalising_twice_makes_the_same_rows(workshop: Workshop) -> None:
    """A worker killed right after storing is followed by one that does it all again."""
    tape = await Tape.stored(workshop, parts=3)
    first = await tape.recordings.of_recording(tape.recording)
    assert [each.status for each in await tape.recordings.finalising(tape.recording)] == ["finalizing"] * 3
    for track in (MIX, workshop.ana, workshop.ben):
        await tape.store(track, parts=3)
    again = await tape.recordings.of_recording(tape.recording)
    strip = {"updated_at": STARTED}
    assert [[p.model_copy(update=strip) for p in each.parts] for each in first] == [
        [p.model_copy(update=strip) for p in each.parts] for each in again
    ]
    assert await workshop.value("SELECT count(*) FROM audio_recordings") == 9


@pytest.mark.requirement("W076", "D18", "D23")
async def test_parts_are_the_documented_rows_in_their_place(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop, parts=2)
    (mix, *_) = await tape.recordings.of_recording(tape.recording)
    assert (mix.status, mix.length_s, mix.loudness_lufs, mix.incomplete) == ("stored", 3000.0, -18.5, None)
    one, two = mix.parts
    assert [(part.part, part.from_s) for part in mix.parts] == [(1, 0.0), (2, PART_S)]
    assert one.user_id == workshop.mara  # W078, D23: a mix is the host's
    assert {
        part.user_id for each in (await tape.recordings.of_recording(tape.recording))[1:] for part in each.parts
    } == {
        workshop.ana,
        workshop.ben,
    }
    assert (one.mime_type, one.duration_seconds, one.file_size_bytes) == ("audio/webm", 13, 40_000)  # D20: up
    assert one.file_url == "store://recordings/mix-1.sealed"
    assert one.store_name == "recordings/mix-1.sealed"
    assert one.key_place == (tape.recording, MIX)
    assert (one.metadata.sample_rate, one.metadata.channels, one.metadata.bitrate) == (48_000, 1, 32_000)
    assert not one.is_processed
    assert UUID(one.id).version == 7
    assert int(UUID(one.id).hex[:12], 16) == int(STARTED.timestamp() * 1000)  # D24: its month is the session's
    assert one.id != two.id
    await tape.recordings.processed([one.id])
    assert [part.is_processed for part in (await tape.recordings.of_recording(tape.recording))[0].parts] == [
        True,
        False,
    ]


async def test_fewer_parts_than_before_leave_no_row_behind(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop, parts=3)
    await tape.recordings.finalising(tape.recording)
    await tape.store(MIX, parts=1)
    (mix, *_) = await tape.recordings.of_recording(tape.recording)
    assert len(mix.parts) == 1


@pytest.mark.requirement("W084", "W101", "D20")
async def test_a_sound_of_a_moment_lasts_a_second(workshop: Workshop) -> None:
    tape = await Tape.roll(workshop)
    await tape.recordings.finalising(tape.recording)
    key = await tape.begin(MIX)
    short = Finished(0.02, [Part(1, 0.0, stored_file("mix-1", 0.02))])
    (id_,) = await tape.recordings.store_track(tape.recording, MIX, short, key)
    found = await tape.recordings.load(id_)
    assert found is not None
    assert found.duration_seconds == 1


async def test_what_is_missing_or_failed_is_said(workshop: Workshop) -> None:
    tape = await Tape.roll(workshop)
    await tape.recordings.finalising(tape.recording)
    key = await tape.begin(MIX)
    await tape.recordings.store_track(tape.recording, MIX, Finished(5.0, [], incomplete="lost_segments"), key)
    await tape.recordings.fail_track(tape.recording, workshop.ana, "unreadable")
    await tape.recordings.fail_track(tape.recording, MIX, "too late")
    tracks = {each.track: (each.status, each.incomplete) for each in await tape.recordings.of_recording(tape.recording)}
    assert tracks == {
        MIX: ("stored", "lost_segments"),
        workshop.ana: ("failed", "unreadable"),
        workshop.ben: ("finalizing", None),
    }
    await tape.recordings.finalising(tape.recording)  # tried again
    assert await tape.store(workshop.ana)


# -- who may hear it --


@pytest.mark.requirement("D23")
async def test_the_mix_is_for_who_attended_the_own_track_for_its_speaker_all_for_staff(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop)
    ana, ben = workshop.ana, workshop.ben
    assert await heard(tape, ana) == {MIX: 1, ana: 1}
    assert await heard(tape, workshop.otto) == {MIX: 1}
    for staff in (workshop.mara, workshop.theo):
        assert await heard(tape, staff) == {MIX: 1, ana: 1, ben: 1}
    stranger = await workshop.directory.create_user(new_user("Nobody"))
    assert await heard(tape, stranger) == {}
    for reader, track, found in (
        (ana, ana, True),
        (ana, ben, False),
        (workshop.otto, MIX, True),
        (workshop.otto, ana, False),
        (workshop.theo, ben, True),
        (stranger, MIX, False),
    ):
        row = await tape.recordings.get(await tape.part(track), reader)
        assert (row is not None) == found, (reader, track)


async def test_registered_is_not_attended(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop)
    late = await workshop.directory.create_user(new_user("Late"))
    await workshop.registrations.register(workshop.session, late)
    assert await heard(tape, late) == {}


async def test_a_withheld_mix_is_for_staff_only_and_the_own_voice_stays_one_s_own(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop)
    await tape.recordings.publish(tape.recording, False)
    assert await heard(tape, workshop.ana) == {workshop.ana: 1}
    assert await heard(tape, workshop.otto) == {}
    assert MIX in await heard(tape, workshop.theo)
    await tape.recordings.publish(tape.recording, True)
    assert await heard(tape, workshop.otto) == {MIX: 1}


async def test_the_list_is_one_s_own_latest_first_page_by_page(workshop: Workshop, recordings: Recordings) -> None:
    tape = await Tape.stored(workshop)
    mine = [await upload(recordings, workshop.ana, fileName=f"{number}.wav") for number in range(5)]
    await upload(recordings, workshop.ben)
    seen: list[AudioRecording] = []
    cursor = None
    while True:
        page = await recordings.list(workshop.ana, 2, cursor)
        seen += page.items
        if (cursor := page.next_cursor) is None:
            break
    assert [each.id for each in seen] == [*sorted(mine, reverse=True), await tape.part(workshop.ana)]


# -- taking a voice back --


async def test_a_voice_taken_back_leaves_no_row_no_key_and_no_word(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop)
    await tape.transcribe_all()
    old_mix = await tape.keys.get(tape.recording, MIX)
    for _ in range(2):  # the worker may be killed after the first
        await tape.recordings.forget_voice(tape.recording, workshop.ana)
    tracks = {each.track: each.status for each in await tape.recordings.of_recording(tape.recording)}
    assert tracks == {MIX: "finalizing", workshop.ben: "stored"}
    assert set(await tape.keys.of_recording(tape.recording)) == {workshop.ben}
    assert await workshop.value("SELECT count(*) FROM transcription_records") == 2
    (mix,) = await tape.transcriptions.of_session(workshop.session, workshop.otto)
    assert mix.record.text == "Ben colours the harbour"
    everything = await workshop.value("SELECT string_agg(t::text, ' ') FROM transcription_records t")
    assert "Ana" not in everything
    assert workshop.ana not in everything
    assert "lighthous" not in everything  # nor in the search vector

    fresh = await tape.keys.make(workshop.session, tape.recording, MIX)
    assert fresh != old_mix
    assert await tape.recordings.store_track(tape.recording, MIX, finished(MIX), old_mix or b"") == ()
    assert await tape.store(MIX)
    (mix,) = await tape.transcriptions.of_session(workshop.session, workshop.otto)
    assert mix.record.word_count == 4


async def test_a_worker_that_still_finishes_a_voice_taken_back_stores_nothing(workshop: Workshop) -> None:
    tape = await Tape.roll(workshop)
    key = await tape.begin(workshop.ana)
    await tape.recordings.finalising(tape.recording)
    await tape.recordings.forget_voice(tape.recording, workshop.ana)
    assert await tape.recordings.store_track(tape.recording, workshop.ana, finished(workshop.ana), key) == ()
    assert await workshop.value("SELECT count(*) FROM audio_recordings") == 0


async def test_when_everything_said_is_taken_back_nothing_was_said(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop)
    await tape.transcribe_all()
    for speaker in (workshop.ana, workshop.ben):
        await tape.recordings.forget_voice(tape.recording, speaker)
    (mix,) = await tape.transcriptions.of_session(workshop.session, workshop.mara)
    assert (mix.record.status, mix.record.text, mix.record.metadata.error) == ("failed", None, "no_speech")


async def test_a_mix_without_any_voice_left_is_no_recording_any_more(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop)
    for speaker in (workshop.ana, workshop.ben):
        await tape.recordings.forget_voice(tape.recording, speaker)
    await tape.recordings.fail_track(tape.recording, MIX, "no_sound")
    assert await heard(tape, workshop.mara) == {MIX: 0}
    assert await workshop.value("SELECT count(*) FROM audio_recordings") == 0


async def test_consenting_again_begins_anew(workshop: Workshop) -> None:
    tape = await Tape.roll(workshop)
    before = await tape.begin(workshop.ana)
    await tape.recordings.forget_voice(tape.recording, workshop.ana)
    assert await tape.begin(workshop.ana) != before
    assert {each.track for each in await tape.recordings.of_recording(tape.recording)} == {
        MIX,
        workshop.ana,
        workshop.ben,
    }


# -- uploads --


async def test_an_upload_is_its_owner_s_alone(workshop: Workshop, recordings: Recordings) -> None:
    id_ = await upload(recordings, workshop.ana, metadata={"tags": ["talk"], "recordingQuality": "low"})
    await recordings.add_upload(id_, workshop.ben, parse(NewRecording, UPLOAD), stored_file("again"))  # no take-over
    row = await recordings.get(id_, workshop.ana)
    assert row is not None
    assert (row.file_name, row.mime_type, row.session_id, row.track) == ("a talk.m4a", AudioType.WEBM, None, None)
    assert row.metadata.tags == ("talk",)
    assert row.metadata.sample_rate == 48_000
    assert row.key_place == (id_, "upload")
    for other in (workshop.ben, workshop.mara, workshop.theo):
        assert await recordings.get(id_, other) is None
    await workshop.directory.set_roles(workshop.otto, [PlatformRole.ADMIN], None)
    assert await recordings.get(id_, workshop.otto) is not None


@pytest.mark.requirement("W079", "W080", "W230")
async def test_w079_a_module_and_lesson_that_the_uploader_sees(workshop: Workshop, recordings: Recordings) -> None:
    shown = await add_module(workshop, 1, is_published=True)
    hidden = await add_module(workshop, 2)
    assert await upload(recordings, workshop.ana, moduleId=shown, lessonId="l1")
    for fields, pointer in (
        ({"moduleId": str(uuid4())}, "/moduleId"),
        ({"moduleId": hidden}, "/moduleId"),
        ({"moduleId": shown, "lessonId": "l9"}, "/lessonId"),
    ):
        with pytest.raises(Invalid) as error:
            await upload(recordings, workshop.ana, **fields)
        assert [each.pointer for each in error.value.errors] == [pointer]


# -- deleting --


@pytest.mark.requirement("W247", "D54")
async def test_a_deleted_recording_is_hidden_at_once_and_destroyed_a_month_later(
    workshop: Workshop, recordings: Recordings
) -> None:
    tape = await Tape.stored(workshop, parts=2)
    await tape.transcribe_all()
    jobs = Jobs(workshop.database)
    part = await tape.part(workshop.ana)
    assert await recordings.delete(part)
    assert not await recordings.delete(part)
    assert not await recordings.delete(str(uuid4()))
    assert await recordings.get(part, workshop.ana) is None
    assert await heard(tape, workshop.ana) == {MIX: 2, workshop.ana: 0}
    assert (await tape.transcriptions.list(workshop.ana)).items == ()
    assert await tape.keys.get(tape.recording, workshop.ana) is not None

    assert await jobs.lease(["purge"], "one") is None
    await workshop.execute("UPDATE ops.jobs SET due_at = due_at - interval '30 days'")
    job = await jobs.lease(["purge"], "one")
    assert job is not None
    assert job.payload == {"recordingId": tape.recording, "track": workshop.ana}
    await recordings.purge(tape.recording, workshop.ana)
    await recordings.purge(tape.recording, workshop.ana)
    assert await tape.keys.get(tape.recording, workshop.ana) is None
    assert await workshop.value("SELECT count(*) FROM audio_recordings") == 4


async def test_an_upload_is_purged_only_if_it_is_still_deleted(workshop: Workshop, recordings: Recordings) -> None:
    id_ = await upload(recordings, workshop.ana)
    await recordings.purge(id_, "upload")
    assert await recordings.get(id_, workshop.ana) is not None
    assert await recordings.delete(id_)
    await recordings.purge(id_, "upload")
    assert await workshop.value("SELECT count(*) FROM audio_recordings") == 0


def test_ids_are_in_the_order_of_time() -> None:
    now = datetime.now(UTC)
    ids = [new_id(now + timedelta(milliseconds=number)) for number in range(50)]
    assert ids == sorted(ids)
