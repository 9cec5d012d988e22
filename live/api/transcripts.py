"""What was said in a session, for whoever may hear its mix: as JSON with speakers and words, as WebVTT, SubRip and plain text. Also the
transcripts of single recordings (W104-W136). Names are those of today; what was said is untrusted text (attack 59).
"""

from collections.abc import Callable, Sequence
from typing import Literal

from live.api.call import Call
from live.api.recordings import recordings_of
from live.api.route import Family, File, IdPath, Listing, Paging, SessionPath, Who
from live.problems import Problem, not_found
from live.transcribing import segments_of
from live.worker import transcriber_setting
from media.transcriber import Segment
from media.transcripts import Line, as_srt, as_text, as_vtt, shifted
from persistence.jobs import Jobs
from persistence.models.recording import MIX
from persistence.models.transcription import NO_SPEECH, TranscriptionRecord, TranscriptionStatus
from persistence.recordings import Recordings
from persistence.transcriptions import PlacedTranscription, Transcriptions
from rooms.feature import Enqueue, Wire
from rooms.ids import AnyId, SessionId, UserId, UserIdField
from rooms.recording import RunStage

family = Family("transcripts", "What was said: W104-W136.")

VTT, SRT, TEXT = "text/vtt; charset=utf-8", "application/x-subrip; charset=utf-8", "text/plain; charset=utf-8"
Status = Literal["pending", "processing", "completed", "failed", "off"]


class SpokenWord(Wire):
    word: str
    start: float
    end: float
    confidence: float


class Sentence(Wire):
    """Seconds since the recording's `startedAt`."""

    user_id: UserIdField
    start: float
    end: float
    text: str
    confidence: float
    words: tuple[SpokenWord, ...] = ()


class RecordingTranscript(Wire):
    """Of one run. `off`: nobody writes down here. `done` and `of` count seconds while it goes on."""

    recording_id: AnyId
    status: Status
    done: int | None = None
    of: int | None = None
    language: str | None = None
    model: str | None = None
    segments: tuple[Sentence, ...] = ()


class SessionTranscript(Wire):
    recordings: tuple[RecordingTranscript, ...]


class TranscriptQuery(Wire):
    """`recordingId`: that run alone, its times from its own beginning; without it all, from the beginning of the first."""

    recording_id: AnyId | None = None


@family.get("/live-sessions/{session_id}/transcript.json", Who.MEMBER, etag=True, cost=2)
async def read_transcript(call: Call, session_id: SessionPath, query: TranscriptQuery) -> SessionTranscript:
    """Every sentence with who said it, when, and how sure that is, recording by recording."""
    return SessionTranscript(
        recordings=tuple(
            each for each in await transcripts_of(call, session_id) if query.recording_id in (None, each.recording_id)
        )
    )


@family.get("/live-sessions/{session_id}/transcript.vtt", Who.MEMBER, produces=VTT, cost=2)
async def read_vtt(call: Call, session_id: SessionPath, query: TranscriptQuery) -> File:
    """WebVTT, with a voice on every cue."""
    return await _written(call, session_id, query, as_vtt, VTT, "vtt")


@family.get("/live-sessions/{session_id}/transcript.srt", Who.MEMBER, produces=SRT, cost=2)
async def read_srt(call: Call, session_id: SessionPath, query: TranscriptQuery) -> File:
    """SubRip."""
    return await _written(call, session_id, query, as_srt, SRT, "srt")


@family.get("/live-sessions/{session_id}/transcript.txt", Who.MEMBER, produces=TEXT, cost=2)
async def read_text(call: Call, session_id: SessionPath, query: TranscriptQuery) -> File:
    """A paragraph for each turn of somebody."""
    return await _written(call, session_id, query, as_text, TEXT, "txt")


FORMER = "former participant"  # of somebody erased


async def _written(
    call: Call,
    session: SessionId,
    query: TranscriptQuery,
    write: Callable[[Sequence[Line], Callable[[str], str]], str],
    content_type: str,
    ending: str,
) -> File:
    lines = await lines_of(call, session, query.recording_id)
    names = await call.directory.names({UserId(each.user) for each in lines})
    written = write(lines, lambda user: names.get(UserId(user), "?") or FORMER)
    return File(written.encode(), content_type, f"transcript-{session}.{ending}")


async def transcripts_of(call: Call, session: SessionId) -> tuple[RecordingTranscript, ...]:
    """Of the recordings whose mix the reader may hear."""
    placed = await Transcriptions(call.database).of_session(session, call.user, MIX)
    off = transcriber_setting(call.settings) == "none"
    found = []
    for recording in await recordings_of(call, session):
        if not any(track.track == "mix" for track in recording.tracks):
            continue
        parts = [each for each in placed if each.recording_id == recording.recording_id]
        over = recording.stage in (RunStage.READY, RunStage.INCOMPLETE, RunStage.FAILED)
        status = _status(parts, off=off, over=over)
        going = recording.stage is RunStage.TRANSCRIBING
        said = [segment for each in parts for segment in _sentences(each)]
        about = next((each.record for each in parts if each.record.language), None)
        found.append(
            RecordingTranscript(
                recording_id=recording.recording_id,
                status=status,
                done=recording.done if going else None,
                of=recording.of if going else None,
                language=about.language if about else None,
                model=about.metadata.model if about else None,
                segments=tuple(said),
            )
        )
    return tuple(found)


def _status(parts: list[PlacedTranscription], *, off: bool, over: bool) -> Status:
    """Silence is a transcript without words, not a failure of ours."""
    states = {"silent" if each.record.metadata.error == NO_SPEECH else each.record.status.value for each in parts}
    if not states:
        return "off" if off or over else "pending"
    if states & {"pending", "processing"}:
        return "processing"
    return "failed" if states == {"failed"} else "completed"


def _sentences(placed: PlacedTranscription) -> list[Sentence]:
    """Nobody's are left out: who that was is not known any more."""
    speakers = [each.speaker for each in placed.record.metadata.segments or ()]
    return [
        _sentence(shifted(segment, placed.from_s), speaker)
        for segment, speaker in zip(segments_of(placed.record), speakers, strict=True)
        if speaker is not None
    ]


def _sentence(segment: Segment, speaker: UserId) -> Sentence:
    words = tuple(
        SpokenWord(word=each.word, start=each.start, end=each.end, confidence=each.confidence) for each in segment.words
    )
    return Sentence(
        user_id=speaker,
        start=segment.start,
        end=segment.end,
        text=segment.text,
        confidence=segment.confidence,
        words=words,
    )


async def lines_of(call: Call, session: SessionId, recording: str | None = None) -> list[Line]:
    """In order, on one clock: that of the recording, or, of all, that of the first one."""
    begins = {each.recording_id: each.started_at for each in await recordings_of(call, session)}
    first = min(begins.values(), default=None)
    lines: list[Line] = []
    for each in await transcripts_of(call, session):
        if recording not in (None, each.recording_id) or first is None:
            continue
        by_s = 0.0 if recording is not None else (begins[each.recording_id] - first).total_seconds()
        lines += [
            Line(said.user_id, Segment(said.start + by_s, said.end + by_s, said.text, said.confidence))
            for said in each.segments
        ]
    return lines


# -- of single recordings ---------------------------------------------------------------------------------------------------


@family.get("/transcriptions", Who.ACCOUNT)
async def list_transcriptions(call: Call, query: Paging) -> Listing[TranscriptionRecord]:
    """Of one's own recordings, latest first, without segments and words."""
    page = await Transcriptions(call.database).list(call.user, query.limit, query.cursor)
    return Listing(items=page.items, next_cursor=page.next_cursor)


@family.get("/transcriptions/{transcription_id}", Who.SIGNED_IN, etag=True)
async def read_transcription(call: Call, transcription_id: IdPath) -> TranscriptionRecord:
    """With segments and words; of whatever one may hear."""
    found = await Transcriptions(call.database).get(transcription_id, call.user)
    if found is None:
        raise not_found()
    return found


@family.get("/recordings/{recording_id}/transcription", Who.SIGNED_IN, etag=True)
async def read_transcription_of(call: Call, recording_id: IdPath) -> TranscriptionRecord:
    """The transcript of one recording; not found before somebody has begun with it."""
    found = await Transcriptions(call.database).of_audio(recording_id, call.user)
    if found is None:
        raise not_found()
    return found


@family.post(
    "/recordings/{recording_id}/transcription/retry", Who.SIGNED_IN, status=202, refuses=("conflict", "forbidden")
)
async def retry_transcription(call: Call, recording_id: IdPath) -> TranscriptionRecord:
    """Has a failed one tried again, by its owner or staff of its session."""
    recording = await Recordings(call.database).get(recording_id, call.user)
    found = await Transcriptions(call.database).of_audio(recording_id, call.user)
    if recording is None or found is None:
        raise not_found()
    staff = recording.session_id is not None and await call.staffs(SessionId(recording.session_id))
    if not (staff or call.sender.admin or (recording.session_id is None and recording.user_id == call.user)):
        raise Problem("forbidden")
    if found.status is not TranscriptionStatus.FAILED or found.metadata.error == NO_SPEECH:
        raise Problem("conflict", "it did not fail")
    if recording.session_id is None:
        await Jobs(call.database).enqueue(
            Enqueue("transcribe_upload", recording.id, {"audioRecordingId": recording.id})
        )
    else:
        again = Enqueue("transcribe", str(recording.recording_id), {"recordingId": recording.recording_id})
        await Jobs(call.database).enqueue(again, SessionId(recording.session_id))
    return found
