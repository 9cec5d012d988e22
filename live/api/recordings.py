"""Recordings: what was recorded of a session, and what people uploaded, as each person may hear it (domain.md 4.2): the mix for who
attended, one's own track, everything for staff. Row-level security answers who; here is how it is listened to.
"""

from datetime import datetime
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field

from live.api.call import Call
from live.api.links import BadLink, Links
from live.api.route import BASE, Family, IdPath, Listing, Paging, Ranged, SessionPath, Who
from live.api.sessions import Accepted
from live.problems import Problem, not_found
from live.sealed import SealedSound, find_sealed
from media.vault import Unsealable
from persistence.models.recording import MIX, AudioRecording, CaptureStatus, RecordedTrack
from persistence.recording_keys import RecordingKeys
from persistence.recordings import Recordings
from rooms.feature import Flag, Wire
from rooms.ids import AnyId, SessionId, UserId, UserIdField
from rooms.recording import ConsentToRecording, Recording, Run, RunStage, RunStatus

family = Family("recordings", "Recordings of sessions, and sound that people uploaded: W076-W103.")

SOUND = ("audio/webm", "audio/wav", "audio/mp3", "audio/m4a")
PEAKS = "application/octet-stream"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Consent(Wire):
    given: Flag


class PartOfTrack(Wire):
    """`fromS`: where in the recording it begins. `url` plays for ten minutes, without a token; ask again for another."""

    id: AnyId
    part: int
    from_s: float
    duration_s: float
    bytes: int
    mime_type: str
    url: str


class Track(Wire):
    """`peaks`, of the mix: the loudest of each tenth of a second, one byte each."""

    track: Literal["mix", "speaker"]
    user_id: UserIdField | None = None
    own: bool
    length_s: float | None = None
    loudness: float | None = None
    peaks: str | None = None
    parts: tuple[PartOfTrack, ...]


class SessionRecording(Wire):
    """One run. Position 0 of its tracks is `startedAt`. `stage`, `done`, `of` and `code` tell how far the work on it is."""

    recording_id: AnyId
    status: RunStatus
    started_at: datetime
    ended_at: datetime | None = None
    length_s: float | None = None
    stage: RunStage | None = None
    done: int | None = None
    of: int | None = None
    code: str | None = None
    incomplete: str | None = None
    published: bool
    tracks: tuple[Track, ...]


class LinkQuery(Wire):
    """`t`: of a link that was given out; without it, one's token is asked for."""

    t: Annotated[str, Field(max_length=200)] | None = None


class Sound(AudioRecording):
    """`fileUrl` plays for ten minutes, without a token."""


@family.post("/live-sessions/{session_id}/recording-consent", Who.MEMBER, refuses=("participant.not_admitted",))
async def consent_to_recording(call: Call, session_id: SessionPath, body: Consent) -> Accepted:
    """Whether one's voice may be recorded in this session; withdrawn, it is removed from everything that was recorded of it."""
    return Accepted(seq=await call.submit(session_id, ConsentToRecording(given=body.given)))


@family.get("/live-sessions/{session_id}/recordings", Who.MEMBER)
async def list_session_recordings(call: Call, session_id: SessionPath) -> Listing[SessionRecording]:
    """What was recorded of it, earliest first, with the tracks that one may hear."""
    items = await recordings_of(call, session_id)
    return Listing(items=items, people=await call.people(*items))


async def recordings_of(call: Call, session: SessionId) -> tuple[SessionRecording, ...]:
    room = await call.room(session)
    tracks = await Recordings(call.database).of_session(session, call.user)
    by_run: dict[str, list[RecordedTrack]] = {}
    for track in tracks:
        by_run.setdefault(track.recording_id, []).append(track)
    knows = (await call.standing(session)).admitted or call.sender.admin
    runs = (room.recording or Recording()).runs
    return tuple(_run(call, run, by_run.get(run.id, [])) for run in runs if knows or run.id in by_run)


def _run(call: Call, run: Run, tracks: list[RecordedTrack]) -> SessionRecording:
    stored = [track for track in tracks if track.status is CaptureStatus.STORED]
    return SessionRecording(
        recording_id=run.id,
        status=run.status,
        started_at=run.started_at,
        ended_at=run.ended_at,
        length_s=max((track.length_s or 0.0 for track in stored), default=None),
        stage=run.stage,
        done=run.done,
        of=run.of,
        code=run.code,
        incomplete=next((track.incomplete for track in stored if track.incomplete), None),
        published=all(track.published for track in tracks),
        tracks=tuple(_track(call, track) for track in stored if track.parts),
    )


def _track(call: Call, track: RecordedTrack) -> Track:
    ends = [*(part.from_s or 0.0 for part in track.parts[1:]), track.length_s or 0.0]
    return Track(
        track="mix" if track.track == MIX else "speaker",
        user_id=track.speaker_id,
        own=track.speaker_id == call.user,
        length_s=track.length_s,
        loudness=track.loudness_lufs,
        peaks=_link(call, track.parts[0].id, "peaks") if track.track == MIX else None,
        parts=tuple(
            PartOfTrack(
                id=part.id,
                part=part.part or 1,
                from_s=part.from_s or 0.0,
                duration_s=round(max(end - (part.from_s or 0.0), 0.0), 3),
                bytes=part.file_size_bytes,
                mime_type=part.mime_type,
                url=_link(call, part.id),
            )
            for part, end in zip(track.parts, ends, strict=True)
        ),
    )


def _link(call: Call, recording: str, what: str = "content") -> str:
    return f"{BASE}/recordings/{recording}/{what}?t={Links(call.settings.secret_key).sign(recording, call.user)}"


class Publication(Wire):
    published: Flag


@family.put("/live-sessions/{session_id}/recordings/{recording_id}/published", Who.HOST, status=204)
async def publish_recording(call: Call, session_id: SessionPath, recording_id: IdPath, body: Publication) -> None:
    """Whether those who attended may hear the mix, which they may until it is withheld; staff always may."""
    if recording_id not in {each.recording_id for each in await recordings_of(call, session_id)}:
        raise not_found()
    await Recordings(call.database).publish(recording_id, body.published)


@family.get("/recordings", Who.ACCOUNT)
async def list_recordings(call: Call, query: Paging) -> Listing[Sound]:
    """One's own, latest first: uploads, and what one said in sessions."""
    page = await Recordings(call.database).list(call.user, query.limit, query.cursor)
    return Listing(items=tuple(as_sound(call, each) for each in page.items), next_cursor=page.next_cursor)


@family.get("/recordings/{recording_id}", Who.SIGNED_IN, etag=True)
async def read_recording(call: Call, recording_id: IdPath) -> Sound:
    """One recording, or one part of a track, that one may hear."""
    return as_sound(call, await _audible(call, recording_id, call.user), lasting=False)


def as_sound(call: Call, recording: AudioRecording, *, lasting: bool = True) -> Sound:
    """What is stored is nobody's business but ours. `lasting`: with a link; an entity tag needs an address that stays."""
    url = _link(call, recording.id) if lasting else f"{BASE}/recordings/{recording.id}/content"
    return Sound.model_validate({**recording.model_dump(), "file_url": url})


@family.delete("/recordings/{recording_id}", Who.SIGNED_IN, status=204, refuses=("forbidden",))
async def delete_recording(call: Call, recording_id: IdPath) -> None:
    """One's own upload; of a session's recording the whole track, by its instructor. Whoever spoke withdraws their consent."""
    recording = await _audible(call, recording_id, call.user)
    if recording.session_id is None:
        may = recording.user_id == call.user or call.sender.admin
    else:
        may = await call.hosts_it(SessionId(recording.session_id))
    if not may:
        raise Problem("forbidden")
    if not await Recordings(call.database).delete(recording.id):
        raise not_found()


@family.get(
    "/recordings/{recording_id}/content",
    Who.ANYONE,
    recognises=True,
    produces=SOUND,
    refuses=("unauthenticated", "forbidden"),
)
async def read_content(call: Call, recording_id: IdPath, query: LinkQuery) -> Ranged:
    """The sound itself, or a range of it, with one's token or by a link."""
    recording = await _audible(call, recording_id, _listener(call, recording_id, query.t))
    sound = await open_sound(call, recording, recording.store_name)
    kind = recording.mime_type.removeprefix("audio/")
    return _ranged(sound, recording.mime_type, f"{recording.id}.{kind}")


@family.get(
    "/recordings/{recording_id}/peaks",
    Who.ANYONE,
    recognises=True,
    produces=PEAKS,
    refuses=("unauthenticated", "forbidden"),
)
async def read_peaks(call: Call, recording_id: IdPath, query: LinkQuery) -> Ranged:
    """How loud the whole mix is of which this is a part: ten bytes a second, 0 to 255."""
    recording = await _audible(call, recording_id, _listener(call, recording_id, query.t))
    if recording.track is None:
        raise not_found()
    sound = await open_sound(call, recording, peaks_name(recording))
    return _ranged(sound, PEAKS, f"{recording.id}.peaks")


def peaks_name(recording: AudioRecording) -> str:
    """Beside its parts."""
    return f"{recording.store_name.rpartition('/')[0]}/{recording.track}-peaks.sealed"


def _listener(call: Call, recording: str, link: str | None) -> UserId:
    """Whom the link was made for, or whoever has signed in."""
    if link is None:
        if call.reader is None:
            raise Problem("unauthenticated")
        return call.user
    try:
        return Links(call.settings.secret_key).read(recording, link)
    except BadLink:
        raise Problem("forbidden", "this link is over: ask for another") from None


async def _audible(call: Call, recording_id: str, listener: UserId) -> AudioRecording:
    recording = await Recordings(call.database).get(recording_id, listener)
    if recording is None:
        raise not_found()
    return recording


async def open_sound(call: Call, recording: AudioRecording, name: str) -> SealedSound:
    """Not found: its key was destroyed, or the object is gone."""
    key = await RecordingKeys(call.database).get(*recording.key_place)
    try:
        sound = None if key is None else await find_sealed(call.store, name, key)
    except Unsealable:
        sound = None
    if sound is None or not sound.size:
        raise not_found()
    return sound


def _ranged(sound: SealedSound, content_type: str, name: str) -> Ranged:
    async def read(start: int, stop: int) -> bytes | None:
        try:
            return await sound.read(start, stop)
        except Unsealable:  # made again under another key while it was read
            return None

    return Ranged(sound.size, read, content_type, version_of(sound), name, HEADERS)


def version_of(sound: SealedSound) -> str:
    """The same name is made again after a voice was withdrawn, under another key."""
    return sha256(sound.key + sound.name.encode()).hexdigest()[:32]
