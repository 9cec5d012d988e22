"""`kill -9` of the server while two sessions are recorded in which three people each read aloud: of what was said until then at most the
last two seconds are missing, and the manifest says so (guarantee 14, F8). Where it lies is asked in test_wire_recorded.py.

Everybody comes back by themselves, the recording goes on in another generation, and after its end the worker makes parts of all of
it. 3 kills; with FAULTS=long 20 (`make faults`). FAULT_SEED repeats the moments.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median

import pytest

from media.manifest import Span, generations, read_story
from media.opus import FRAME_S
from rooms.lifecycle import FeatureType
from tests.conftest import PORTS
from tests.databases import SECRET_KEY
from tests.faults.crowd import Member
from tests.faults.outcome import fresh_seed, is_long
from tests.faults.server import Server
from tests.faults.staging import stage
from tests.faults.talkers import Talker
from tests.live.dictation import SLOTS_PER_S, Lecture
from tests.live.stored import Stored, StoredTrack, stored
from tests.live.visitor import Visitor
from tests.media.caller import until

KILLS = 20 if is_long() else 3
LECTURE_S = 1_200 if is_long() else 240
SESSIONS = 2
SPEAK = ("Mara", "Ana", "Ben")
LOST_S = 2.0
RECORDED_AFTER_S = 1.5
LINE_S = 1.0  # after its line is there a voice is recorded: its key is in the database first
SLACK = 5

ARRIVES_S = 0.3  # what was on its way at the end
OFF_S, OFF_SHARE = 0.1, 0.001
BACK_WITHIN_S = 60.0
FINISHED_S = 300.0


@dataclass
class Taken:
    """One session and its recording, all in seconds since that began: `places` of the packets of the lecture, `killed`, `stopped`."""

    url: str
    lecture: Lecture
    talkers: list[Talker] = field(default_factory=list)
    recording: str = ""
    began: datetime = field(init=False)
    places: list[float] = field(default_factory=list)
    killed: list[float] = field(default_factory=list)
    stopped: float = 0.0

    @property
    def mara(self) -> Visitor:
        assert self.talkers[0].visitor is not None
        return self.talkers[0].visitor

    async def open(self, cast: Sequence[Member]) -> None:
        """Mara opens the session, then the others come."""
        self.talkers.append(Talker(cast[0], self.url, self.lecture))
        await until(lambda: self.talkers[0].visitor is not None, BACK_WITHIN_S)
        for step in ("session.start", "session.activate"):
            await self.talkers[0].submit(step)
        self.talkers += [Talker(each, self.url, self.lecture) for each in cast[1:] if each.name in SPEAK]
        await self.speak(1)

    async def record(self) -> None:
        for talker in self.talkers:
            await talker.submit("recording.consent", given=True)
        await self.talkers[0].submit("recording.start")
        started = await self.mara.sees("recording.started")
        self.recording, self.began = started["recordingId"], datetime.fromisoformat(started["at"])
        self.places = self.lecture.places(self.began)

    async def speak(self, times: int) -> None:
        """All have a line, for that many times."""
        await until(lambda: all(len(each.spoke_from) >= times for each in self.talkers), BACK_WITHIN_S)

    def is_killed(self) -> None:
        self.killed.append(self.places[0] + self.lecture.read_s)

    async def finish(self, url: str) -> Stored:
        await self.talkers[0].submit("recording.stop")
        stopped = await self.mara.sees("recording.stopped")
        self.stopped = (datetime.fromisoformat(stopped["at"]) - self.began).total_seconds()
        await self.mara.sees("recording.reported", FINISHED_S, stage="incomplete", code="killed")
        return await stored(url, self.mara)


@pytest.mark.timeout(3_600 if is_long() else 400)
@pytest.mark.filterwarnings("ignore:Unclosed connection:ResourceWarning")  # see tests/faults/campaign.py
async def test_a_kill_costs_two_seconds_of_sound_at_most(
    dsn: str, tmp_path: Path, tell: Callable[[object], None]
) -> None:
    seed = fresh_seed()
    tell(f"{KILLS} kills of the server while {SESSIONS * len(SPEAK)} people are recorded, FAULT_SEED={seed}")
    lecture = Lecture(LECTURE_S)
    ports = f"{PORTS.start}-{PORTS.stop - 1}"
    server = Server(tmp_path, dsn, SECRET_KEY, ICE_ADDRESSES="127.0.0.1", ICE_PORTS=ports, TRANSCRIBER="none")
    casts = await stage(dsn, SECRET_KEY, SESSIONS, FeatureType.RECORDING)
    server.start()
    await server.listening()
    lecture.begin()
    taken = [Taken(server.url, lecture) for _ in casts]
    try:
        await asyncio.gather(*(each.open(cast) for each, cast in zip(taken, casts, strict=True)))
        await asyncio.gather(*(each.record() for each in taken))
        back_s = await kill(server, taken, random.Random(seed))
        stories = [missing(server, each) for each in taken]
        found = await asyncio.gather(*(each.finish(server.url) for each in taken))
        assert lecture.read_s < LECTURE_S, "the lecture was too short"
    finally:
        await asyncio.gather(*(talker.close() for each in taken for talker in each.talkers))
        server.stop()
    lost_s: list[float] = []
    begun_s: list[float] = []
    flaws: list[str] = []
    for each, spans, made in zip(taken, stories, found, strict=True):
        flaws += manifest_flaws(each, spans)
        for talker in each.talkers:
            flaws += track_flaws(each, talker, made.tracks[talker.member.user], spans, lost_s, begun_s)
        for name, track in made.tracks.items():
            if abs(track.length_s - each.stopped) > OFF_S + OFF_SHARE * each.stopped:
                flaws.append(f"{name} is {track.length_s} s long instead of {each.stopped} s")
    tell(f"missing before a kill, per voice: median {median(lost_s):.2f} s, at most {max(lost_s):.2f} s")
    tell(f"all speak again: median {median(back_s):.1f} s after a kill, at most {max(back_s):.1f} s")
    tell(f"and are recorded again: median {median(begun_s):.2f} s after the answer, at most {max(begun_s):.2f} s")
    assert not flaws, flaws


async def kill(server: Server, taken: Sequence[Taken], dice: random.Random) -> list[float]:
    """After how many seconds all had a line again, each time."""
    loop = asyncio.get_running_loop()
    back_s = []
    for number in range(KILLS):
        await asyncio.sleep(RECORDED_AFTER_S + dice.uniform(1.0, 4.0))
        for each in taken:
            each.is_killed()
        server.kill()
        killed_s = loop.time()
        server.start()
        await server.listening()
        await asyncio.gather(*(each.speak(number + 2) for each in taken))
        back_s.append(loop.time() - killed_s)
    await asyncio.sleep(2 * RECORDED_AFTER_S)
    return back_s


def missing(server: Server, taken: Taken) -> list[Span]:
    """As the manifests have it."""
    folder = server.data / "store" / "capture" / taken.recording
    return [span for generation in generations(folder) for span in read_story(folder / str(generation)).missing]


def manifest_flaws(taken: Taken, spans: Sequence[Span]) -> list[str]:
    """Every kill is told, and no more than it may have cost."""
    if [span.why for span in spans] != ["killed"] * KILLS:
        return [f"the manifest tells of {spans}"]
    return [
        f"killed at {killed}, the manifest says {span}"
        for span, killed in zip(spans, taken.killed, strict=True)
        if not killed - LOST_S <= span.from_slot / SLOTS_PER_S <= killed <= (span.to_slot + 1) / SLOTS_PER_S
    ]


def track_flaws(
    taken: Taken, talker: Talker, track: StoredTrack, spans: Sequence[Span], lost_s: list[float], begun_s: list[float]
) -> list[str]:
    """Per life of the server: how much is missing at its end, and after how long it began, are added to the lists."""
    flaws: list[str] = []
    sent, kept = talker.sent, {talker.lecture.numbers[each.packet] for each in track.placed}
    begins = [max(0.0, taken.places[0] + second) for second in talker.spoke_from]
    for begin, end in zip(begins, [*taken.killed, taken.stopped], strict=True):
        there = {taken.places[number] for number in kept if begin <= taken.places[number] < end}
        if not there:
            flaws.append(f"{talker.member.name}: nothing from {begin} to {end}")
            continue
        first = min(there)
        begun_s.append(first - begin)
        holes = [each for number in sent - kept if first < (each := taken.places[number]) < end - ARRIVES_S]
        if end != taken.stopped:
            lost_s.append(end - max(there) - FRAME_S)
        if holes and (end == taken.stopped or min(holes) < end - LOST_S):
            flaws.append(f"{talker.member.name}: {len(holes)} packets from {min(holes)} on are missing before {end}")
        if end != taken.stopped and not all(any(is_in(span, each) for span in spans) for each in holes):
            flaws.append(f"{talker.member.name}: the manifest does not tell of all from {min(holes)} to {end}")
        if first - begin > LINE_S * SLACK:
            flaws.append(f"{talker.member.name}: recorded again after {first - begin} s")
    return flaws


def is_in(span: Span, place: float) -> bool:
    return span.from_slot / SLOTS_PER_S - OFF_S <= place <= span.to_slot / SLOTS_PER_S
