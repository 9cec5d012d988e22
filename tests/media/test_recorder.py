"""The recorder: what was heard is on the disk within two seconds, whoever kills it (F8, F9, guarantee 14); what was not given to
it is nowhere; the loop waits for no disk."""

import asyncio
import errno
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from media import recorder, segments, writer
from media.manifest import read_story
from media.recorder import MIX, Recording
from media.segments import Track, read_track, tracks_in
from media.timeline import SLOT, Placed
from media.vault import new_key
from tests.media.recording_process import VOICES, packet_of, slot_of
from tests.media.voices import jittery, spoken

ANA, BEN, OTTO = "ana", "ben", "otto"
STARTED = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parent.parent.parent


class Clock:
    """Goes as fast as the test wants."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> datetime:
        return STARTED + timedelta(seconds=self.s)


class Room:
    """A recording of Ana, Ben and the mix. Otto has no key: he did not consent."""

    def __init__(self, folder: Path, clock: Clock, generation: int = 1) -> None:
        self.folder, self.clock, self.generation = folder, clock, generation
        self.keys = KEYS
        self.recording = Recording(folder, "recording", generation, STARTED, self.keys.__getitem__, clock)

    def talk(self, user: str, seconds: float) -> None:
        """Everybody's packets arrive when they were spoken."""
        first = round(self.clock.s * 50)
        for slot in range(first, first + round(seconds * 50)):
            self.recording.hear(user, packet_of(slot), slot * SLOT, (slot + 1) / 50)
        self.clock.s += seconds

    def heard(self, track: str, generation: int | None = None) -> list[Placed]:
        generation = generation or self.generation
        folder = self.folder / "recording" / str(generation)
        unreadable: list[str] = []
        placed = list(read_track(folder, track, self.keys[track], f"recording/{generation}", unreadable))
        assert not unreadable
        return placed


KEYS = {ANA: new_key(), BEN: new_key(), MIX: new_key()}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def room(tmp_path: Path, clock: Clock) -> Room:
    return Room(tmp_path, clock)


async def until(what: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if what():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError


async def test_what_was_heard_is_written_where_it_was_heard(room: Room) -> None:
    room.talk(ANA, 2.0)
    room.talk(BEN, 3.0)
    for slot in range(50, 200):
        room.recording.mix(slot, packet_of(slot))
    await room.recording.close()
    assert room.recording.incomplete is None
    assert [slot_of(each.packet) for each in room.heard(ANA)] == list(range(100))
    assert [slot_of(each.packet) for each in room.heard(BEN)] == list(range(100, 250))
    assert [each.position for each in room.heard(MIX)] == [slot * SLOT for slot in range(50, 200)]
    assert read_story(room.folder / "recording" / "1").closed


async def test_only_what_is_given_is_there_and_only_with_a_key(room: Room) -> None:
    """Consent: Otto has none, so he has no key, so there is no file of his; and nothing says what was heard."""
    room.talk(ANA, 1.0)
    room.talk(OTTO, 1.0)
    await room.recording.close()
    folder = room.folder / "recording" / "1"
    assert tracks_in(folder) == {ANA}
    assert room.recording.incomplete == "no_key"
    for file in folder.iterdir():
        assert bytes(60) not in file.read_bytes(), "every packet ends in sixty zeros, and none is to be seen"
        assert file.stat().st_mode & 0o777 == 0o600


async def test_a_key_that_comes_later_begins_the_track(room: Room) -> None:
    room.keys = room.keys | {}
    room.talk(OTTO, 1.0)
    KEYS[OTTO] = new_key()
    try:
        room.talk(OTTO, 1.0)
        await room.recording.close()
        room.keys = dict(KEYS)
        assert [slot_of(each.packet) for each in room.heard(OTTO)] == list(range(50, 100))
        assert room.recording.incomplete is None
    finally:
        del KEYS[OTTO]


async def test_silence_is_marked_and_cuts_what_is_still_held(room: Room) -> None:
    room.talk(ANA, 2.0)
    room.recording.silence(ANA, 90)
    room.clock.s += 3.0
    room.talk(ANA, 1.0)
    await room.recording.close()
    assert [slot_of(each.packet) for each in room.heard(ANA)] == [*range(90), *range(250, 300)]
    assert read_story(room.folder / "recording" / "1").silences == ((ANA, 90),)
    assert '"gap":"ana","from":90,"to":250' in (room.folder / "recording" / "1" / "manifest.jsonl").read_text()


async def test_silence_is_told_before_anything_was_flushed(room: Room, tmp_path: Path) -> None:
    """The thread has just flushed another recording, so this one's turn is yet to come."""
    room.talk(BEN, 0.1)
    await until((room.folder / "recording" / "1" / "manifest.jsonl").exists)
    later = Room(tmp_path / "later", Clock())
    later.talk(ANA, 2.0)
    later.recording.silence(ANA, 90)
    await asyncio.gather(room.recording.close(), later.recording.close())
    assert read_story(later.folder / "recording" / "1").silences == ((ANA, 90),)


async def test_a_bad_network_is_put_in_order(room: Room) -> None:
    for each in sorted(jittery(spoken(20.0), 0.3), key=lambda sent: sent.arrives_at):
        room.clock.s = each.arrives_at
        room.recording.hear(ANA, each.packet, each.timestamp, each.arrives_at)
    await room.recording.close()
    heard = room.heard(ANA)
    assert len(heard) >= 990
    assert all(one.end <= other.position for one, other in pairwise(heard))
    assert abs(heard[-1].end / 48_000 - 20.0) < 0.1


async def test_rubbish_is_not_written(room: Room) -> None:
    for rubbish in (b"", b"\xff" * 3, b"\xf8" + bytes(8_000), b"\xfb\x00"):
        room.recording.hear(ANA, rubbish, 0, 0.0)
    room.recording.hear("../../etc/passwd", packet_of(1), 0, 0.0)
    room.talk(ANA, 1.0)
    await room.recording.close()
    assert len(room.heard(ANA)) == 50
    assert room.recording.incomplete == "too_many"
    assert {path.name for path in room.folder.iterdir()} == {"recording"}


async def test_the_same_generation_opened_again_goes_on(room: Room) -> None:
    room.talk(ANA, 1.0)
    await room.recording.close()
    room.clock.s = 10.0
    again = Room(room.folder, room.clock)
    again.talk(ANA, 1.0)
    await again.recording.close()
    assert [slot_of(each.packet) for each in again.heard(ANA)] == [*range(50), *range(500, 550)]
    assert read_story(room.folder / "recording" / "1").missing == ()


async def test_long_tracks_lie_in_several_segments(room: Room) -> None:
    for _ in range(10):
        room.talk(ANA, 10.0)
        await asyncio.sleep(0.7)
    await room.recording.close()
    assert len(segments.numbers_of(room.folder / "recording" / "1", ANA)) >= 3
    assert [slot_of(each.packet) for each in room.heard(ANA)] == list(range(5_000))


async def test_the_thread_ends_with_the_last_recording(tmp_path: Path, clock: Clock) -> None:
    rooms = [Room(tmp_path / str(number), clock) for number in range(3)]
    assert sum(thread.name == "recorder" for thread in threading.enumerate()) == 1, "one for all"
    for each in rooms:
        each.talk(ANA, 0.5)
        await each.recording.close()
        await each.recording.close()
        each.recording.hear(ANA, packet_of(1), 0, 0.0)
        each.recording.silence(ANA, 3)
    await until(lambda: all(thread.name != "recorder" for thread in threading.enumerate()))


# -- a disk that refuses (F8, F9) ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("error", "why"), [(errno.ENOSPC, "disk_full"), (errno.EIO, "disk_error")])
async def test_f8_a_full_disk_stops_the_recording_and_space_lets_it_go_on(
    room: Room, monkeypatch: pytest.MonkeyPatch, error: int, why: str
) -> None:
    real, full = segments._write, threading.Event()

    def write(file: int, data: bytes) -> None:
        if full.is_set():
            real(file, data[: len(data) // 2])  # as a full disk does
            raise OSError(error, "no")
        real(file, data)

    monkeypatch.setattr(segments, "_write", write)
    monkeypatch.setattr(recorder, "RETRY_AFTER_S", 0.3)
    room.talk(ANA, 2.0)
    await until(lambda: read_story(room.folder / "recording" / "1").kept_slot >= 60)
    full.set()
    room.talk(ANA, 2.0)
    await until(lambda: room.recording.incomplete == why)
    room.talk(ANA, 2.0)
    full.clear()
    await asyncio.sleep(1.5)
    room.talk(ANA, 2.0)
    await room.recording.close()
    slots = [slot_of(each.packet) for each in room.heard(ANA)]
    assert set(range(60)) <= set(slots)
    assert set(range(300, 400)) <= set(slots), "there is space again"
    (missing,) = read_story(room.folder / "recording" / "1").missing
    assert missing.why == why
    assert {slot for slot in range(400) if slot not in slots} <= set(range(missing.from_slot, missing.to_slot + 1))


async def test_f8_a_disk_that_never_comes_back(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(file: int, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "no")

    monkeypatch.setattr(segments, "_write", write)
    room.talk(ANA, 5.0)
    await room.recording.close()
    assert room.recording.incomplete == "disk_full"
    assert room.heard(ANA) == []


async def test_a_folder_that_cannot_be_made(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "recording").write_text("a file in its place")
    room = Room(tmp_path, clock)
    room.talk(ANA, 1.0)
    await room.recording.close()
    assert room.recording.incomplete == "disk_error"


async def test_f9_the_loop_waits_for_no_slow_disk(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    real, slow_s = segments._write, 0.3

    def write(file: int, data: bytes) -> None:
        time.sleep(slow_s)
        real(file, data)

    monkeypatch.setattr(segments, "_write", write)
    longest_s = 0.0
    for _ in range(100):
        begun = time.perf_counter()
        room.talk(ANA, 0.02)
        room.recording.silence(BEN, 3)
        longest_s = max(longest_s, time.perf_counter() - begun)
        await asyncio.sleep(0.02)
    await room.recording.close()
    assert longest_s < slow_s
    assert len(room.heard(ANA)) == 100


async def test_f9_what_does_not_fit_the_queue_is_told(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "QUEUE_MAX", 100)
    held = threading.Event()
    writer.WRITER.tell(held.wait, 10.0)
    await asyncio.sleep(0.2)
    room.talk(ANA, 10.0)
    assert len(writer.WRITER._told) <= 101
    held.set()
    await room.recording.close()
    assert room.recording.incomplete == "behind"
    assert len(room.heard(ANA)) >= 90, "what did fit is there"


async def test_a_mistake_in_one_recording_does_not_end_the_others(tmp_path: Path, clock: Clock) -> None:
    one, other = Room(tmp_path / "one", clock), Room(tmp_path / "other", clock)
    writer.WRITER.tell(Track.take, None, None)
    one.talk(ANA, 1.0)
    other.talk(ANA, 1.0)
    await one.recording.close()
    await other.recording.close()
    assert (len(one.heard(ANA)), len(other.heard(ANA))) == (50, 50)


# -- killed -------------------------------------------------------------------------------------------------------------------


def test_killed_at_any_moment_two_seconds_at_most_are_missing(tmp_path: Path) -> None:
    """kill -9 three times, twenty voices; each time another generation goes on, and the manifest says what is missing."""
    started, key = datetime.now(UTC), new_key()
    command = [sys.executable, "-m", "tests.media.recording_process", str(tmp_path)]
    killed_at, began_at = [], []
    for generation in (1, 2, 3, 4):
        last = generation == 4
        arguments = [str(generation), started.isoformat(), key.hex(), *(["1.5"] if last else [])]
        with subprocess.Popen([*command, *arguments], cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"recording\n"
            began_at.append((datetime.now(UTC) - started).total_seconds())
            if not last:
                time.sleep(random.uniform(2.0, 3.5))
                process.kill()
                killed_at.append((datetime.now(UTC) - started).total_seconds())
            assert process.wait(30) == (0 if last else -9)
    stories = [read_story(tmp_path / "recording" / str(generation)) for generation in (1, 2, 3, 4)]
    assert [story.closed for story in stories] == [False, False, False, True]
    for number, (began_s, killed_s) in enumerate(zip(began_at, killed_at, strict=False), 1):
        folder = tmp_path / "recording" / str(number)
        for track in [*VOICES, MIX]:
            unreadable: list[str] = []
            slots = [slot_of(each.packet) for each in read_track(folder, track, key, f"recording/{number}", unreadable)]
            assert not unreadable
            assert slots == list(range(slots[0], slots[-1] + 1)), "no hole before the end"
            assert slots[0] / 50 <= began_s + 0.1
            assert slots[-1] / 50 >= killed_s - 2.0, (track, killed_s - slots[-1] / 50)
        (missing,) = stories[number].missing
        assert missing.why == "killed"
        assert killed_s - 2.0 <= missing.from_slot / 50 <= killed_s
        assert missing.to_slot / 50 >= killed_s


async def test_what_was_closed_in_this_turn_is_not_opened_again(room: Room, clock: Clock) -> None:
    """The writer asks a take for its time, carries out that it closes, and then flushes those that are still open."""
    room.talk(ANA, 1.0)
    closing: list[asyncio.Task[None]] = []
    loop = asyncio.get_running_loop()
    take = room.recording._take
    asked, clock_s = threading.Event(), take._clock_s

    def close_meanwhile() -> float:
        if not asked.is_set():
            asked.set()
            loop.call_soon_threadsafe(lambda: closing.append(asyncio.create_task(room.recording.close())))
            while room.recording._closed is None:
                time.sleep(0.001)
        return clock_s()

    take._clock_s = close_meanwhile
    await until(lambda: bool(closing) and closing[0].done())
    assert read_story(room.folder / "recording" / "1").closed
