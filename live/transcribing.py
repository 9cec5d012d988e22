"""Work on recordings that needs an engine: each speaker's track is written down by itself, and the mix's transcript is put together of
them, so that every sentence has its speaker, also where two speak at once. An upload has one transcript of its own.

Each part of a track has a row (persistence/transcriptions.py); what is completed is not done again, so a job that was cut off goes
on where it stood. Without an engine nothing is pending: the recordings count as processed.
"""

from collections.abc import Callable, Iterable
from time import monotonic

import structlog

from live.failpoints import Failpoints
from live.finalising import SETTLED_SOON_S, Finalising, NotYet, Reports, WorkFailed
from live.sealed import find_sealed
from media.scribe import Scribe, Written
from media.store import Store
from media.transcriber import Segment, TranscriberFailed, Word
from media.transcripts import Line, confidence_of, merged, shifted, within
from media.vault import Unsealable
from persistence.jobs import Job
from persistence.models.recording import MIX, AudioRecording, CaptureStatus, RecordedTrack
from persistence.models.transcription import (
    Transcript,
    TranscriptionRecord,
    TranscriptionSegment,
    TranscriptionStatus,
    TranscriptionWord,
)
from persistence.recording_keys import RecordingKeys
from persistence.recordings import Recordings
from persistence.transcriptions import Transcriptions
from rooms.feature import Enqueue
from rooms.ids import SessionId, UserId
from rooms.recording import RunStage

log = structlog.get_logger("transcribing")
HOPELESS = frozenset({"undecodable", "gone"})  # another attempt would end the same way
FAILED = "transcription_failed"


class Transcribing:
    """`scribe` None: transcription is off."""

    def __init__(
        self,
        *,
        store: Store,
        recordings: Recordings,
        transcriptions: Transcriptions,
        keys: RecordingKeys,
        reports: Reports,
        finalising: Finalising,
        failpoints: Failpoints,
        scribe: Scribe | None,
    ) -> None:
        self._store = store
        self._recordings = recordings
        self._transcriptions = transcriptions
        self._keys = keys
        self._reports = reports
        self._finalising = finalising
        self._failpoints = failpoints
        self._scribe = scribe

    # -- jobs -----------------------------------------------------------------------------------------------------------

    async def transcribe(self, job: Job) -> tuple[Enqueue, ...]:
        """Of one recording of a session. Raises WorkFailed; what is completed by then stays."""
        assert job.session is not None
        session, recording = job.session, str(job.payload["recordingId"])
        held = await self._recordings.of_recording(recording)
        if any(track.status is CaptureStatus.FINALIZING for track in held):
            raise NotYet(SETTLED_SOON_S)  # a voice is being taken out
        tracks = [track for track in held if track.status is CaptureStatus.STORED and track.parts]
        await self._finalising.forget_capture(recording)
        if self._scribe is None:
            await self._recordings.processed(part.id for track in tracks for part in track.parts)
        else:
            await self._write_down(session, recording, tracks)
            await self._merge(recording, tracks)
        await self._failpoints.reach("worker_merged")
        incomplete = next((track.incomplete for track in tracks if track.incomplete), None)
        stage = RunStage.INCOMPLETE if incomplete else RunStage.READY
        await self._reports.tell(session, recording, stage, code=incomplete)
        return ()

    async def transcribe_upload(self, job: Job) -> tuple[Enqueue, ...]:
        recording = await self._recordings.load(str(job.payload["audioRecordingId"]))
        if recording is None:
            return ()
        if self._scribe is None:
            await self._recordings.processed([recording.id])
        else:
            await self._part(recording, None)
        return ()

    async def give_up(self, job: Job, code: str) -> None:
        """No attempt is left: it is said so, and nothing stays pending."""
        if job.session is not None and "recordingId" in job.payload:
            await self._reports.tell(job.session, str(job.payload["recordingId"]), RunStage.FAILED, code=code)

    # -- steps ----------------------------------------------------------------------------------------------------------

    async def _write_down(self, session: SessionId, recording: str, tracks: Iterable[RecordedTrack]) -> None:
        parts = [part for track in tracks if track.track != MIX for part in track.parts]
        length_s, before_s = sum(part.duration_seconds for part in parts), 0.0
        await self._reports.tell(session, recording, RunStage.TRANSCRIBING, done=0, of=length_s)
        failed: TranscriberFailed | None = None
        for part in parts:
            try:
                await self._part(part, None)
            except TranscriberFailed as error:
                failed = error
            before_s += part.duration_seconds
            await self._failpoints.reach("worker_wrote")
            await self._reports.tell(session, recording, RunStage.TRANSCRIBING, done=before_s, of=length_s)
        if failed is not None:
            raise WorkFailed(FAILED) from failed

    async def _part(self, part: AudioRecording, upto: Callable[[float], None] | None) -> None:
        """Raises TranscriberFailed where another attempt may help; the row is failed meanwhile, never left in between."""
        transcription = await self._transcriptions.begin(part.id)
        if transcription is None:
            return
        await self._failpoints.reach("worker_began")
        began = monotonic()
        try:
            assert self._scribe is not None
            written = await self._scribe.write_down(await self._sound(part), part.mime_type, upto=upto)
        except TranscriberFailed as failed:
            log.warning("not transcribed", recording=part.id, code=failed.code)
            await self._transcriptions.fail(transcription, failed.code)
            if failed.code in HOPELESS:
                return
            raise
        await self._failpoints.reach("worker_heard")
        await self._transcriptions.complete(transcription, _transcript(written, monotonic() - began))

    async def _sound(self, part: AudioRecording) -> bytes:
        key = await self._keys.get(*part.key_place)
        try:
            sealed = None if key is None else await find_sealed(self._store, part.store_name, key)
            clear = None if sealed is None else await sealed.read_all()
        except Unsealable:
            clear = None
        if clear is None:
            raise TranscriberFailed("gone")
        return clear

    async def _merge(self, recording: str, tracks: Iterable[RecordedTrack]) -> None:
        """The mix's parts get what was said on the speakers' tracks while they last."""
        began = monotonic()
        mix = next((track for track in tracks if track.track == MIX), None)
        if mix is None:
            return
        said: dict[str, list[Segment]] = {}
        records = []
        for placed in await self._transcriptions.of_recording(recording):
            if placed.track == MIX or placed.record.status is not TranscriptionStatus.COMPLETED:
                continue
            records.append(placed.record)
            said.setdefault(placed.track, []).extend(
                shifted(each, placed.from_s) for each in segments_of(placed.record)
            )
        lines = merged(said)
        ends = [*(part.from_s for part in mix.parts[1:]), None]
        for part, end in zip(mix.parts, ends, strict=True):
            transcription = await self._transcriptions.begin(part.id)
            if transcription is not None:
                here = list(within(lines, part.from_s or 0.0, end))
                await self._transcriptions.complete(
                    transcription, _of_mix(here, -(part.from_s or 0.0), records, monotonic() - began)
                )


def segments_of(record: TranscriptionRecord) -> list[Segment]:
    """With their words, which the row keeps beside them."""
    words = list(record.metadata.words or ())
    found, at = [], 0
    for segment in record.metadata.segments or ():
        own = []
        while at < len(words) and words[at].start <= segment.end and words[at].speaker == segment.speaker:
            own.append(words[at])
            at += 1
        found.append(
            Segment(
                segment.start,
                segment.end,
                segment.text,
                segment.confidence or 0.0,
                tuple(Word(word.word, word.start, word.end, word.confidence) for word in own),
            )
        )
    return found


def _transcript(written: Written, took_s: float) -> Transcript:
    return Transcript(
        model=written.model,
        language=written.language,
        confidence=confidence_of(written.segments),
        processing_time_s=took_s,
        segments=tuple(_as_row(each, None) for each in written.segments),
        words=tuple(word for each in written.segments for word in _words(each, None)),
    )


def _of_mix(lines: list[Line], by_s: float, records: list[TranscriptionRecord], took_s: float) -> Transcript:
    """In the language of whoever said most."""
    most = max(records, key=lambda each: each.word_count or 0, default=None)
    said = [(shifted(line.segment, by_s), UserId(line.user)) for line in lines]
    return Transcript(
        model=(most.metadata.model if most else None) or "none",
        language=(most.language if most else None) or "und",
        confidence=confidence_of([segment for segment, _user in said]),
        processing_time_s=took_s + sum(each.processing_time or 0 for each in records),
        segments=tuple(_as_row(segment, user) for segment, user in said),
        words=tuple(word for segment, user in said for word in _words(segment, user)),
    )


def _as_row(segment: Segment, speaker: UserId | None) -> TranscriptionSegment:
    start = max(segment.start, 0.0)
    return TranscriptionSegment(
        start=start,
        end=max(segment.end, start),
        text=segment.text,
        confidence=min(max(segment.confidence, 0.0), 1.0),
        speaker=speaker,
    )


def _words(segment: Segment, speaker: UserId | None) -> Iterable[TranscriptionWord]:
    for word in segment.words:
        start = max(word.start, 0.0)
        yield TranscriptionWord(
            start=start, end=max(word.end, start), word=word.word, confidence=word.confidence, speaker=speaker
        )
