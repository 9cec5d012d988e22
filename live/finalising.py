"""Work on recordings that needs no engine: finalise what the recorder left, take a voice out again, destroy what was deleted. Every
step may be done twice, by whoever leases the job after a crash; nothing is reported before it is so.

The sound is in the clear in one place only: the child that makes parts of it (media/finalise.py), whose files are sealed.
"""

import asyncio
import json
import shutil
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import UUID, uuid4

import structlog

from live.failpoints import Failpoints
from live.hosts import Hosts
from media.store import Store
from persistence.event_log import EventLog
from persistence.jobs import Job
from persistence.media_homes import Homes
from persistence.models.recording import MIX, UPLOAD, AudioType, CaptureStatus, RecordedTrack
from persistence.recording_keys import RecordingKeys
from persistence.recordings import Finished, Part, Recordings, StoredFile
from rooms.feature import Enqueue
from rooms.ids import SessionId, UserId
from rooms.recording import RecordingWithdrawn, ReportRecording, Run, RunStage, current

log = structlog.get_logger("finalising")
ROOT = Path(__file__).resolve().parent.parent
CHILD_WITHIN_S = 3_600.0
LINE_BYTES_MAX = 64_000_000
SETTLED_SOON_S = 1.0
GOES_ON_S = 5.0
RATE_HZ = 48_000
NO_SOUND = "no_sound"


class NotYet(Exception):
    """The job is for later: put it back, it is nobody's fault."""

    def __init__(self, in_s: float) -> None:
        super().__init__(in_s)
        self.in_s = in_s


class WorkFailed(Exception):
    """`code` stands in the log of the session; the job is tried again."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Reports:
    """How far it is, told to everybody in the session."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts

    async def run(self, session: SessionId, recording: str) -> Run | None:
        room = await self._hosts.read(session)
        return room.recording.get(recording) if room.recording is not None else None

    async def goes_on(self, session: SessionId, recording: str) -> bool:
        run = current((await self._hosts.read(session)).recording)
        return run is not None and run.id == recording

    async def tell(
        self,
        session: SessionId,
        recording: str,
        stage: RunStage,
        *,
        done: float = 0,
        of: float = 0,
        code: str | None = None,
    ) -> None:
        """What is told twice, late or in too small steps has no effect. Raises Unavailable."""
        given: dict[str, Any] = {"recording_id": recording, "stage": stage, "code": code}
        if of:
            given |= {"done": round(min(done, of)), "of": max(1, round(of))}
        ack = await self._hosts.submit(session, None, ReportRecording.model_validate(given), str(uuid4()))
        if not ack.ok:
            log.warning("a report was refused", session=session, recording=recording, code=ack.code)


class Finalising:
    """`capture` is where the recorder writes; `work` holds sealed files for as long as a job lasts."""

    def __init__(
        self,
        *,
        store: Store,
        event_log: EventLog,
        recordings: Recordings,
        keys: RecordingKeys,
        homes: Homes,
        reports: Reports,
        failpoints: Failpoints,
        capture: Path,
        work: Path,
    ) -> None:
        self._store = store
        self._event_log = event_log
        self._recordings = recordings
        self._keys = keys
        self._homes = homes
        self._reports = reports
        self._failpoints = failpoints
        self._capture = capture
        self._work = work

    # -- jobs -----------------------------------------------------------------------------------------------------------

    async def finalise(self, job: Job) -> tuple[Enqueue, ...]:
        """What is to be done next. Raises NotYet while its home may still write."""
        assert job.session is not None
        recording, session = str(job.payload["recordingId"]), job.session
        await self._require_settled(session, recording)
        run = await self._reports.run(session, recording)
        if run is None or run.ended_at is None:
            raise NotYet(GOES_ON_S)
        for user in await self._withdrawn(session, recording):
            if any(track.track == user for track in await self._recordings.of_recording(recording)):
                await self._take_out(session, recording, user)
        tracks = await self._recordings.finalising(recording)
        if not tracks:
            await self._reports.tell(session, recording, RunStage.INCOMPLETE, code=NO_SOUND)
            return ()
        await self._reports.tell(session, recording, RunStage.FINALISING)
        await self._make(session, run, tracks)
        await self._failpoints.reach("worker_stored")
        await self._reports.tell(session, recording, RunStage.STORED)
        return (Enqueue("transcribe", recording, {"recordingId": recording}),)

    async def withdraw(self, job: Job) -> tuple[Enqueue, ...]:
        """Somebody takes their voice back from these recordings: key, rows and files go, and the mix is made again without it."""
        assert job.session is not None
        session, user = job.session, UserId(str(job.payload["userId"]))
        for recording in map(str, job.payload["recordingIds"]):
            if await self._reports.goes_on(session, recording):
                raise NotYet(GOES_ON_S)
            await self._require_settled(session, recording)
        for recording in map(str, job.payload["recordingIds"]):
            await self._take_out(session, recording, user)
            await self._failpoints.reach("worker_withdrawn")
            run = await self._reports.run(session, recording)
            tracks = await self._recordings.of_recording(recording)
            if run is None or all(track.status is CaptureStatus.CAPTURING for track in tracks):
                continue  # it was never finalised: that job makes the mix without them
            await self._make(session, run, await self._recordings.finalising(recording))
        return ()

    async def purge(self, job: Job) -> tuple[Enqueue, ...]:
        """What was deleted a while ago, for good."""
        recording, track = str(job.payload["recordingId"]), str(job.payload["track"])
        if track == UPLOAD:
            gone = await self._recordings.load(recording) is None
            if gone:
                await self._store.delete_tree(f"uploads/{recording}")
        else:
            held = await self._recordings.of_recording(recording)
            for each in held:
                if each.track == track and not each.parts:
                    await self._delete_files(each.session_id, recording, (track,))
        await self._recordings.purge(recording, track)
        return ()

    async def forget_capture(self, recording: str) -> None:
        """Its parts are in the store and have their rows: what the recorder left is not needed any more. It goes as a whole, so
        that whoever reads it meanwhile can see that they may not have read all of it."""
        folder = self._capture / _plain(recording)
        gone = folder.with_suffix(".gone")

        def forget() -> None:
            with suppress(FileNotFoundError):
                folder.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)

        await asyncio.to_thread(forget)

    # -- steps ----------------------------------------------------------------------------------------------------------

    async def _require_settled(self, session: SessionId, recording: str) -> None:
        if not await self._homes.is_settled(session, recording):
            raise NotYet(SETTLED_SOON_S)

    async def _withdrawn(self, session: SessionId, recording: str) -> set[UserId]:
        events = await self._event_log.read_of_types(session, 0, {"recording.withdrawn"})
        told = (each.event for each in events)
        return {
            each.user_id for each in told if isinstance(each, RecordingWithdrawn) and recording in each.recording_ids
        }

    async def _take_out(self, session: SessionId, recording: str, user: UserId) -> None:
        """Files first: as long as the row is there, whoever comes after a crash does it again."""
        await asyncio.to_thread(self._delete_segments, recording, (user, MIX))
        await self._delete_files(session, recording, (user, MIX))
        await self._recordings.forget_voice(recording, user)

    def _delete_segments(self, recording: str, tracks: Iterable[str]) -> None:
        for track in tracks:
            for segment in (self._capture / _plain(recording)).glob(f"*/{_plain(track)}-*.seg"):
                segment.unlink(missing_ok=True)

    async def _delete_files(self, session: str, recording: str, tracks: Iterable[str]) -> None:
        for name in await self._store.list(place_of(session, recording)):
            if name.rpartition("/")[2].startswith(tuple(f"{track}-" for track in tracks)):
                await self._store.delete(name)

    async def _make(self, session: SessionId, run: Run, tracks: Iterable[RecordedTrack]) -> None:
        """Parts of every track, in the store and as rows. Again after a withdrawal: of the mix only, from the tracks."""
        left = self._capture / _plain(run.id)
        again = not await asyncio.to_thread(left.is_dir)
        mix = await self._recordings.begin(session, run.id, MIX, run.started_at)  # a new key after a withdrawal
        keys = {**await self._keys.of_recording(run.id), MIX: mix}
        tracks = tuple(track for track in tracks if track.track in keys)
        async with self._folder() as folder:
            asked: dict[str, Any] = {
                "recordingId": run.id,
                "prefix": place_of(session, run.id),
                "out": str(folder),
                "keys": {track: b64encode(key).decode() for track, key in keys.items()},
            }
            if again:
                asked |= {"parts": await self._fetch_parts(tracks, folder), "lengthS": _length_s(run, tracks)}
            else:
                asked |= {"folder": str(self._capture), "lengthS": _length_s(run, ())}
            told = await self._in_child(asked, session, run)
            if not again and not await asyncio.to_thread(left.is_dir):
                raise NotYet(SETTLED_SOON_S)  # it was all stored meanwhile: once more, from the store
            await self._failpoints.reach("worker_made")
            for track in tracks:
                if again and track.track != MIX:
                    await self._recordings.store_track(run.id, track.track, _as_it_was(track), keys[track.track])
                    continue
                incomplete = track.incomplete if again else told["incomplete"]
                await self._keep(session, run, track.track, told, folder, keys[track.track], incomplete)

    async def _keep(
        self,
        session: SessionId,
        run: Run,
        track: str,
        told: dict[str, Any],
        folder: Path,
        key: bytes,
        incomplete: str | None,
    ) -> None:
        made = told["tracks"].get(track)
        if made is None or not made["parts"]:
            await self._recordings.fail_track(run.id, track, NO_SOUND)
            return
        files = [part["file"] for part in made["parts"]] + ([made["peaksFile"]] if made.get("peaksFile") else [])
        for file in files:
            await self._store.put_file(f"{place_of(session, run.id)}/{file}", folder / file)
        await self._failpoints.reach("worker_put")
        parts = [
            Part(part["part"], part["fromS"], _stored(f"{place_of(session, run.id)}/{part['file']}", part))
            for part in made["parts"]
        ]
        finished = Finished(told["lengthS"], parts, made.get("loudnessLufs"), incomplete)
        if not await self._recordings.store_track(run.id, track, finished, key):
            raise NotYet(SETTLED_SOON_S)  # a voice was taken back meanwhile: once more, under the new key

    async def _fetch_parts(self, tracks: Iterable[RecordedTrack], folder: Path) -> dict[str, list[dict[str, Any]]]:
        """The stored tracks, still sealed, where the child finds them."""
        fetched: dict[str, list[dict[str, Any]]] = {}
        for track in tracks:
            if track.track == MIX:
                continue
            for part in track.parts:
                data = await self._store.read(part.store_name)
                if data is None:
                    raise WorkFailed("unreadable")
                path = folder / f"from-{track.track}-{part.part}"
                await asyncio.to_thread(path.write_bytes, data)
                told = {"path": str(path), "name": part.store_name, "fromS": part.from_s}
                fetched.setdefault(track.track, []).append(told)
        return fetched

    @asynccontextmanager
    async def _folder(self) -> AsyncIterator[Path]:
        def make() -> Path:
            self._work.mkdir(mode=0o700, parents=True, exist_ok=True)
            return Path(mkdtemp(prefix="job-", dir=self._work))

        folder = await asyncio.to_thread(make)
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _in_child(self, asked: dict[str, Any], session: SessionId, run: Run) -> dict[str, Any]:
        told: dict[str, Any] | None = None
        async for line in run_child("media.finalise", json.dumps(asked).encode() + b"\n"):
            told = json.loads(line)
            if "tracks" not in told and run.stage is not RunStage.READY:
                await self._reports.tell(session, run.id, RunStage.FINALISING, done=told["done"], of=told["of"])
        if told is None or "tracks" not in told:
            raise WorkFailed("unreadable")
        return told


async def run_child(module: str, given: bytes) -> AsyncIterator[bytes]:
    """The lines that one of our own processes prints. It is killed with its caller's task, and after an hour."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        limit=LINE_BYTES_MAX,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        async with asyncio.timeout(CHILD_WITHIN_S):
            try:
                child.stdin.write(given)
                await child.stdin.drain()
                child.stdin.close()
            except ConnectionError:
                log.warning("a child did not listen", module=module)
            while line := await child.stdout.readline():
                yield line
            if await child.wait() != 0:
                raise WorkFailed("unreadable")
    except TimeoutError:
        raise WorkFailed("took_too_long") from None
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


def place_of(session: str, recording: str) -> str:
    return f"recordings/{session}/{recording}"


def _plain(name: str) -> str:
    """An id, or `mix`: never a way out of a folder."""
    return name if name == MIX else str(UUID(name))


def _stored(name: str, part: dict[str, Any]) -> StoredFile:
    return StoredFile(name, AudioType.WEBM, part["durationS"], part["clearBytes"], RATE_HZ, 1)


def _as_it_was(track: RecordedTrack) -> Finished:
    ends = [*(part.from_s or 0.0 for part in track.parts[1:]), track.length_s or 0.0]
    parts = [
        Part(
            part.part or 1,
            part.from_s or 0.0,
            StoredFile(
                part.store_name,
                part.mime_type,
                max(0.02, end - (part.from_s or 0.0)),
                part.file_size_bytes,
                part.metadata.sample_rate or RATE_HZ,
                part.metadata.channels or 1,
                part.metadata.bitrate,
            ),
        )
        for part, end in zip(track.parts, ends, strict=True)
    ]
    return Finished(track.length_s or 0.0, parts, track.loudness_lufs, track.incomplete)


def _length_s(run: Run, tracks: Iterable[RecordedTrack]) -> float:
    """By the log; of what was stored, as it was stored."""
    assert run.ended_at is not None
    return (
        max((track.length_s or 0.0 for track in tracks), default=0.0) or (run.ended_at - run.started_at).total_seconds()
    )
