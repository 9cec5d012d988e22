"""The worker: from what the recorder left to parts, rows and a transcript with the right speakers; killed at every stage; a voice
taken back. Real processes, real speech.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from live.keys import DATABASE, HOSTS, SETTINGS, STORE
from live.sealed import find_sealed
from media.scribe import decoded
from media.speech import RATE_HZ
from persistence.recording_keys import RecordingKeys
from persistence.recordings import Recordings
from persistence.transcriptions import Transcriptions
from rooms.ids import UserId
from rooms.recording import ConsentToRecording, Run, RunStage
from tests.databases import SECRET_KEY
from tests.live.conftest import House
from tests.live.recorded import MIX, Taken, record, sentence_48k, submit, tone
from tests.media.caller import loudness_at
from tests.media.endpoint import endpoint
from tests.media.speech import spoken, word_error_rate
from tests.starter import start

ROOT = Path(__file__).parents[2]
WITHIN_S = 100.0  # it all happens at a low priority, and the machine may have other things to do
pytestmark = pytest.mark.timeout(400)  # the worker is of low priority
HERTZ = 440 * 3  # of sound at 16 kHz, as heard at 48


class Process:
    """`run.py worker` on the house's database and folder."""

    def __init__(self, house: House, **environ: str) -> None:
        self.output = house.folder / "worker.log"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(house.folder),
            "DATABASE_URL": house.dsn,
            "SECRET_KEY": SECRET_KEY,
            **environ,
        }
        given, ours = os.pipe()
        self._input = os.fdopen(ours, "wb")
        with self.output.open("ab") as output:
            arguments = ["worker", "--with-parent", "--data-dir", str(house.folder)]
            self.child = start(arguments, environment, output.fileno(), given)
        os.close(given)

    def said(self) -> str:
        return self.output.read_text()

    async def ended(self, within_s: float = WITHIN_S) -> int:
        return await asyncio.to_thread(self.child.wait, within_s)

    def let_go(self) -> None:
        """As when its parent has ended."""
        self._input.close()

    async def stop(self) -> None:
        self.let_go()
        assert await self.ended(15) == 0


@pytest.fixture
async def worker(house: House) -> AsyncIterator[Callable[..., Process]]:
    made: list[Process] = []

    def start(**environ: str) -> Process:
        made.append(Process(house, **environ))
        return made[-1]

    yield start
    for each in made:
        if each.child.poll() is None:
            await each.stop()
        else:
            each.let_go()


async def run_of(house: House, taken: Taken) -> Run:
    recording = (await house.app[HOSTS].read(taken.session)).recording
    assert recording is not None
    run = recording.get(taken.recording)
    assert run is not None
    return run


async def reached(house: House, taken: Taken, *stages: RunStage, worker: Process) -> Run:
    async with asyncio.timeout(WITHIN_S):
        while (run := await run_of(house, taken)).stage not in stages:
            assert worker.child.poll() is None, worker.said()
            await asyncio.sleep(0.1)
    return run


async def talk(house: House, *, stop: bool = True) -> Taken:
    """Mara and Ana speak in turn, Ben into Ana's last words."""
    session = await house.session()
    await house.enter(session, "mara", "ana", "ben")
    mara, ana, ben = [await house.user(name) for name in ("mara", "ana", "ben")]
    voices = {
        mara: [(0.5, sentence_48k("mara", 0)), (8.0, sentence_48k("mara", 3))],
        ana: [(4.0, sentence_48k("ana", 1))],
        ben: [(12.0, sentence_48k("ben", 0)), (6.0, tone(440, 1.0))],
    }
    return await record(house.app, session, mara, voices, 18.0, stop=stop)


EXPECTED = [("mara", 0, 0.5), ("ana", 1, 4.0), ("mara", 3, 8.0), ("ben", 0, 12.0)]


async def sentences(house: House, taken: Taken) -> list[tuple[str, str, float]]:
    """(who, what, when) of the mix's transcript."""
    names = {await house.user(name): name for name in ("mara", "ana", "ben")}
    found = []
    for placed in await Transcriptions(house.app[DATABASE]).of_recording(taken.recording):
        if placed.track == MIX:
            assert placed.record.status == "completed", placed.record
            found += [
                (names[each.speaker or UserId("")], each.text, each.start + placed.from_s)
                for each in placed.record.metadata.segments or ()
            ]
    return found


async def sound(house: House, taken: Taken, track: str) -> "np.ndarray[Any, np.dtype[np.int16]]":
    """Of the stored parts, at 16 kHz."""
    tracks = await Recordings(house.app[DATABASE]).of_recording(taken.recording)
    pieces: list[np.ndarray[Any, np.dtype[np.int16]]] = []
    for part in next(each for each in tracks if each.track == track).parts:
        key = await RecordingKeys(house.app[DATABASE]).get(*part.key_place)
        assert key is not None
        sealed = await find_sealed(house.app[STORE], part.store_name, key)
        assert sealed is not None
        clear = await sealed.read_all()
        assert clear is not None
        assert len(clear) == part.file_size_bytes
        pieces += decoded(clear, "matroska")
    return np.concatenate(pieces)


async def counted(house: House, taken: Taken) -> Mapping[str, int]:
    async with house.app[DATABASE].connection() as connection:
        rows = await connection.fetch(
            "SELECT r.track, count(*) AS parts, count(t.id) AS transcripts "
            "FROM workbook.audio_recordings r LEFT JOIN workbook.transcription_records t ON t.audio_recording_id = r.id "
            "AND t.status = 'completed' WHERE r.recording_id = $1 GROUP BY r.track",
            taken.recording,
        )
        jobs = await connection.fetchval("SELECT count(*) FROM ops.jobs WHERE status <> 'done'")
    assert all(row["parts"] == 1 for row in rows), rows
    return {**{row["track"]: row["transcripts"] for row in rows}, "jobs left": jobs}


async def settled(house: House, taken: Taken) -> Mapping[str, int]:
    async with asyncio.timeout(WITHIN_S):
        while (now := await counted(house, taken))["jobs left"]:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.1)
    return now


async def test_a_recording_is_made_written_down_and_ready(house: House, worker: Callable[..., Process]) -> None:
    taken = await talk(house)
    process = worker()
    run = await reached(house, taken, RunStage.READY, RunStage.INCOMPLETE, RunStage.FAILED, worker=process)
    assert (run.stage, run.code) == (RunStage.READY, None), process.said()
    said = await sentences(house, taken)
    assert [who for who, _what, _when in said] == [who for who, _number, _at in EXPECTED], said
    for (_who, what, when), (name, number, at) in zip(said, EXPECTED, strict=True):
        assert word_error_rate(spoken(name)[number][0], what) <= 0.25, what
        assert abs(when - at) < 0.6
    whole = " ".join(spoken(name)[number][0] for name, number, _at in EXPECTED)
    assert word_error_rate(whole, " ".join(what for _who, what, _when in said)) <= 0.1
    for track in (MIX, await house.user("mara"), await house.user("ben")):
        heard = await sound(house, taken, track)
        assert abs(len(heard) / RATE_HZ - 18.0) < 0.15, track
    assert not (house.app[SETTINGS].capture_dir / taken.recording).exists()
    assert list((house.folder / "work").iterdir()) == []
    assert os.getpriority(os.PRIO_PROCESS, process.child.pid) >= 10


STAGES = [
    "worker_leased",
    "worker_made",
    "worker_put",
    "worker_stored",
    "worker_began",
    "worker_heard",
    "worker_wrote",
    "worker_merged",
]


async def test_f23_killed_at_every_stage_another_worker_ends_it(house: House, worker: Callable[..., Process]) -> None:
    """One recording, eight workers that die, each at a later stage; the ninth ends it, and everything is there once."""
    taken = await talk(house)
    with endpoint({"text": "Good morning.", "language": "en"}) as (url, _heard):
        for stage in STAGES:
            assert await worker(FAILPOINTS=f"{stage}=kill", TRANSCRIBER=url).ended() == -signal.SIGKILL, stage
            async with house.app[DATABASE].connection() as connection:  # instead of waiting for half a minute
                await connection.execute("UPDATE ops.jobs SET due_at = clock_timestamp() WHERE status = 'running'")
        run = await reached(house, taken, RunStage.READY, RunStage.INCOMPLETE, worker=worker(TRANSCRIBER=url))
        assert run.stage is RunStage.READY
    mara, ana, ben = [await house.user(name) for name in ("mara", "ana", "ben")]
    assert await settled(house, taken) == {MIX: 1, mara: 1, ana: 1, ben: 1, "jobs left": 0}
    assert {who for who, _what, _when in await sentences(house, taken)} == {"mara", "ana", "ben"}


async def test_without_a_transcriber_it_is_ready_all_the_same(house: House, worker: Callable[..., Process]) -> None:
    taken = await talk(house)
    await reached(house, taken, RunStage.READY, worker=worker(TRANSCRIBER="none"))
    tracks = await Recordings(house.app[DATABASE]).of_recording(taken.recording)
    assert all(part.is_processed for track in tracks for part in track.parts)
    assert await Transcriptions(house.app[DATABASE]).of_recording(taken.recording) == ()


async def test_what_is_settled_later_waits_and_nothing_at_all_is_said_so(
    house: House, worker: Callable[..., Process]
) -> None:
    session = await house.session()
    await house.enter(session, "mara")
    taken = await record(house.app, session, await house.user("mara"), {}, 5.0)
    async with house.app[DATABASE].connection() as connection:
        await connection.execute("DELETE FROM live.session_recordings")
        await connection.execute("UPDATE live.media_homes SET lease_until = clock_timestamp() + interval '6 s'")
    process = worker(TRANSCRIBER="none")
    await asyncio.sleep(4)
    assert (await run_of(house, taken)).stage is None, "its home may still write"
    run = await reached(house, taken, RunStage.INCOMPLETE, worker=process)
    assert run.code == "no_sound"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_voice_that_is_taken_back_is_gone_everywhere(
    house: House, worker: Callable[..., Process], when: str
) -> None:
    """`before` the recording was finalised, or `after` it was ready."""
    taken = await talk(house)
    ben = await house.user("ben")
    if when == "before":
        await submit(house.app[HOSTS], taken.session, ben, ConsentToRecording(given=False))
    process = worker()
    await reached(house, taken, RunStage.READY, worker=process)
    if when == "after":
        assert loudness_at(await sound(house, taken, MIX), HERTZ) > 0.3
        await submit(house.app[HOSTS], taken.session, ben, ConsentToRecording(given=False))
    mara, ana = await house.user("mara"), await house.user("ana")
    assert await settled(house, taken) == {MIX: 1, mara: 1, ana: 1, "jobs left": 0}
    assert process.child.poll() is None, process.said()
    assert [who for who, _what, _when in await sentences(house, taken)] == ["mara", "ana", "mara"]
    mix = await sound(house, taken, MIX)
    assert abs(len(mix) / RATE_HZ - 18.0) < 0.15
    assert loudness_at(mix, HERTZ) < 0.03, "the others' speech has a little of it"
    assert np.abs(mix[int(12.5 * RATE_HZ) : int(15 * RATE_HZ)]).max() < 200, "nobody else spoke then"
    assert np.abs(mix[int(4.5 * RATE_HZ) : int(6 * RATE_HZ)]).max() > 2_000, "Ana did"
    assert await RecordingKeys(house.app[DATABASE]).get(taken.recording, ben) is None
    names = await house.app[STORE].list(f"recordings/{taken.session}")
    assert not [name for name in names if ben in name]
    assert len([name for name in names if f"/{MIX}-" in name]) == 2, names


async def test_a_store_that_is_gone_is_tried_again_and_then_told(house: House, worker: Callable[..., Process]) -> None:
    taken = await talk(house)
    store = house.app[SETTINGS].store_dir
    (store / "recordings").write_text("in the way")
    process = worker(TRANSCRIBER="none")
    async with asyncio.timeout(WITHIN_S):
        while '"status": "queued"' not in process.said():  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.1)
    (store / "recordings").unlink()
    async with house.app[DATABASE].connection() as connection:
        await connection.execute("UPDATE ops.jobs SET due_at = clock_timestamp() WHERE status = 'queued'")
    await reached(house, taken, RunStage.READY, worker=process)


async def test_a_worker_ends_with_its_parent_and_puts_back_what_it_did(
    house: House, worker: Callable[..., Process]
) -> None:
    taken = await talk(house)
    process = worker()
    await reached(house, taken, RunStage.TRANSCRIBING, worker=process)
    await process.stop()
    async with house.app[DATABASE].connection() as connection:
        status = await connection.fetchval("SELECT status FROM ops.jobs WHERE kind = 'transcribe'")
    assert status in ("queued", "done")
