"""Consent (issue: recording): what somebody says who did not consent is nowhere, in no form, and what was taken back is gone.

The canaries are a steady tone and a phrase. Every object of the store is opened with its key and every other file is read as it is;
all are decoded, searched for the line of the tone in their spectrum, written down by the transcriber and searched for the words of
the phrase. The same search must find whoever consented: a search that finds nothing proves nothing.
"""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from aiohttp import ClientSession
from aiortc import MediaStreamTrack
from av import AudioFrame
from av.error import FFmpegError
from av.frame import Frame
from numpy.typing import NDArray

from live.keys import DATABASE
from media.opus import FRAME, RATE
from media.scribe import decoded
from media.speech import RATE_HZ
from media.transcriber import Transcriber, transcribe_track, transcriber_of
from media.vault import Unsealable, unseal
from persistence.recording_keys import RecordingKeys
from rooms.ids import SessionId
from tests.databases import SECRET_KEY
from tests.faults.server import Server
from tests.live.conftest import House
from tests.live.phone import Phone
from tests.live.recorded import sentence_48k
from tests.live.tape import taped
from tests.live.visitor import Visitor
from tests.media.caller import Caller

WITHIN_S = 240.0  # the worker has a low priority, and the machine may have other things to do
LINE = 40.0  # times as strong as what is beside it, up there where speech has no lines of its own
HANN = np.hanning(RATE_HZ)
pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Canary:
    """`words` that only this person says, as the transcriber spells them; two of them prove the phrase."""

    name: str
    hertz: float
    sentences: tuple[int, ...]
    words: frozenset[str]


MARA = Canary("mara", 3_233.0, (1, 2), frozenset({"sketch", "ideas", "garden", "whiteboard"}))
ANA = Canary("ana", 3_733.0, (1, 2), frozenset({"grandmother", "planted", "beans", "corn", "wide", "dog"}))
BEN = Canary("ben", 4_237.0, (1, 2), frozenset({"measured", "fence", "yesterday", "apple", "tree", "shade"}))


class Voice(MediaStreamTrack):
    """Somebody's sentences over and over, with their tone under them, in real time."""

    kind = "audio"

    def __init__(self, canary: Canary) -> None:
        super().__init__()
        said = np.concatenate([sentence_48k(canary.name, number) for number in canary.sentences]).astype(np.int32)
        whole = len(said) // RATE * RATE  # whole seconds, so that the tone has no break
        time = np.arange(whole) / RATE
        self._sound = (said[:whole] + 1_200 * np.sin(2 * np.pi * canary.hertz * time)).clip(-32_768, 32_767)
        self._sample = 0
        self._begun_s: float | None = None

    async def recv(self) -> Frame:
        loop = asyncio.get_running_loop()
        if self._begun_s is None:
            self._begun_s = loop.time()
        await asyncio.sleep(max(0.0, self._begun_s + self._sample / RATE - loop.time()))
        piece = np.take(self._sound, np.arange(self._sample, self._sample + FRAME), mode="wrap").astype(np.int16)
        frame = AudioFrame.from_ndarray(piece[np.newaxis, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._sample, Fraction(1, RATE)
        self._sample += FRAME
        return frame


def has_line(sound: NDArray[np.int16], hertz: float) -> bool:
    """Whether a steady tone stands out of the spectrum of two seconds or more; a busy machine breaks what is longer."""
    seen = 0
    for start in range(0, len(sound) - RATE_HZ + 1, RATE_HZ // 2):
        energy = np.abs(np.fft.rfft(sound[start : start + RATE_HZ] * HANN)) ** 2
        away = np.abs(np.arange(len(energy)) - hertz)  # one second: a bin is a hertz
        beside = energy[(away > 4) & (away < 60)].mean()
        seen += energy[away <= 2].max() > LINE * max(beside, 1.0)
    return seen >= 3


class Search:
    """Everything that a server and its worker left: sounds, and all that is text. Every sound is written down once."""

    def __init__(self, house: House, process: Server, keys: dict[str, bytes]) -> None:
        self._house, self._process, self._keys = house, process, keys
        self._transcriber: Transcriber = transcriber_of("faster-whisper")
        self._heard: dict[bytes, str] = {}
        self.opened = 0

    async def finds(self, canary: Canary, recording: str) -> dict[str, str]:
        """What was found where: empty is nothing at all."""
        found: dict[str, str] = {}
        for place, sound in await self._sounds(recording):
            if has_line(sound, canary.hertz):
                found[place] = "tone"
            written = await asyncio.to_thread(self._written, sound)
            if said := _phrase(canary, written):
                found[place] = said
        for place, text in await self._texts():
            if said := _phrase(canary, text):
                found[place] = said
        return found

    def _written(self, sound: NDArray[np.int16]) -> str:
        """What is looked for in it next is looked for in the same words."""
        clear = sound.tobytes()
        if clear not in self._heard:
            windows = transcribe_track(self._transcriber, [sound], "en")
            self._heard[clear] = " ".join(each.text for _upto, heard in windows for each in heard.segments)
        return self._heard[clear]

    async def _sounds(self, recording: str) -> list[tuple[str, NDArray[np.int16]]]:
        store = self._process.data / "store"
        sounds = []
        for path in _files(self._process.data):
            clear = self._clear(path, path.relative_to(store).as_posix()) if path.is_relative_to(store) else None
            sounds += [(str(path), each) for each in _decoded(clear or path.read_bytes())]
        tape = await taped(store / "capture", self._house.app[DATABASE], recording, self._keys)
        return sounds + [(f"captured {where}", each[::3]) for where, each in tape.sound.items()]

    def _clear(self, path: Path, name: str) -> bytes | None:
        data = path.read_bytes()
        for key in self._keys.values():
            try:
                clear = unseal(data, key, name)
            except Unsealable:
                continue
            self.opened += 1
            return clear
        return None

    async def _texts(self) -> list[tuple[str, str]]:
        """Every row of every table, and every file that may be read."""
        texts = [
            (str(path), path.read_bytes().decode("utf-8", "replace")) for path in _files(self._process.data.parent)
        ]
        async with self._house.app[DATABASE].connection() as connection:
            tables = await connection.fetch(
                "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
                "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') "
                "AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')"
            )
            for table in tables:
                rows = await connection.fetch(f"SELECT t::text AS row FROM {table['name']} t")
                texts.append((table["name"], "\n".join(row["row"] for row in rows)))
        return texts


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _decoded(data: bytes) -> Iterator[NDArray[np.int16]]:
    """As a container of sound, and else as bare samples, at 16 kHz."""
    for form in ("matroska", "ogg", "wav", "mp3"):
        try:
            with av.open(io.BytesIO(data), "r", format=form):
                pass
            yield np.concatenate(list(decoded(data, form)))
        except (FFmpegError, ValueError, IndexError):
            continue
        return
    yield np.frombuffer(data[: len(data) // 2 * 2], "<i2")[::3]


def _phrase(canary: Canary, text: str) -> str:
    low = squeezed(text)
    said = sorted(word for word in canary.words if word in low)
    return " ".join(said) if len(said) >= 2 else ""


@pytest.fixture
async def process(house: House, tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(tmp_path, house.dsn, SECRET_KEY, ICE_ADDRESSES="127.0.0.1", TRANSCRIBER="faster-whisper")
    server.start()
    try:
        await server.listening()
        yield server
    finally:
        server.stop()


async def test_who_does_not_consent_is_nowhere_and_what_is_taken_back_is_gone(house: House, process: Server) -> None:
    session = await house.session()
    people = {each.name: await _entered(house, process, session, each.name) for each in (MARA, ANA, BEN)}
    mara, ana = people["mara"], people["ana"]
    for consenting in (mara, ana):
        assert (await consenting.submit("recording.consent", given=True))["ok"]
    phones = []
    for canary in (MARA, ANA, BEN):
        phone = Phone(people[canary.name], canary.hertz)
        phone.caller = Caller(Voice(canary))
        phones.append(await phone.call())
    assert (await mara.submit("recording.start"))["ok"]
    recording = (await mara.sees("recording.started"))["recordingId"]
    await asyncio.sleep(8.0)
    assert has_line(phones[1].caller.heard[::3], BEN.hertz), "Ana hears Ben: what one hears is not what is recorded"
    assert (await mara.submit("recording.stop"))["ok"]
    keys = await RecordingKeys(house.app[DATABASE]).of_recording(recording)
    await mara.sees("recording.reported", WITHIN_S, stage="ready")
    await asyncio.gather(*(phone.close() for phone in phones))

    search = Search(house, process, {**keys, **await RecordingKeys(house.app[DATABASE]).of_recording(recording)})
    for canary in (MARA, ANA):
        found = await search.finds(canary, recording)
        print(canary.name, found)
        assert sum("recordings/" in place for place in found) >= 2, "in their own track and in the mix"
        assert "workbook.transcription_records" in found
    assert search.opened
    assert await search.finds(BEN, recording) == {}
    assert _phrase(ANA, await _transcript(process, mara, session))

    assert (await ana.submit("recording.consent", given=False))["ok"]
    async with asyncio.timeout(WITHIN_S):
        while await _jobs_left(house):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.2)
    after = Search(house, process, {**search._keys, **await RecordingKeys(house.app[DATABASE]).of_recording(recording)})
    assert await after.finds(ANA, recording) == {}
    assert await after.finds(BEN, recording) == {}
    assert sum("recordings/" in place for place in await after.finds(MARA, recording)) >= 2
    told = await _transcript(process, mara, session)
    assert not _phrase(ANA, told)
    assert _phrase(MARA, told), told


def squeezed(text: str) -> str:
    """Without spaces: the engine writes some words as two."""
    return "".join(text.lower().split())


async def _jobs_left(house: House) -> int:
    async with house.app[DATABASE].connection() as connection:
        left: int = await connection.fetchval("SELECT count(*) FROM ops.jobs WHERE status <> 'done'")
    return left


async def _transcript(process: Server, visitor: Visitor, session: SessionId) -> str:
    headers = {"Authorization": f"Bearer {visitor.token}"}
    async with (
        ClientSession(headers=headers) as http,
        http.get(f"{process.url}/api/v1/live-sessions/{session}/transcript.txt") as answer,
    ):
        assert answer.status == 200, await answer.text()
        return await answer.text()


async def _entered(house: House, process: Server, session: SessionId, name: str) -> Visitor:
    visitor = Visitor(process.url, await house.token(name), await house.user(name))
    house.visitors.append(visitor)
    await visitor.connect()
    assert (await visitor.join(session))["ok"]
    return visitor
