"""The line before the engine that writes captions: short, in order, and never anybody's who does not want them any more. The engine
here answers when it is told to; the real one is in tests/live/test_captions.py.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from media import captions
from media.captions import WAITING_MAX, Captioner
from media.opus import FRAME
from media.transcriber import TranscriberFailed
from media.utterances import Said
from tests.media.caller import until

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Engine:
    """What stands for a scribe; `made` are all there were. Each utterance is as long as its number of frames, and is told so."""

    made: "list[Engine]"
    broken = 0
    """So many answers are failures."""

    def __init__(self, setting: str, key: str | None, *, warm_s: float, nice: int) -> None:
        self.open = True
        self.may_answer = asyncio.Event()
        self.asked = 0
        Engine.made.append(self)

    async def write_down(self, sound: bytes, mime_type: str) -> Any:
        frames = (len(sound) - 44) // (2 * FRAME)
        self.asked += 1
        if self.asked > 1:
            await self.may_answer.wait()
        if Engine.broken:
            Engine.broken -= 1
            raise TranscriberFailed("died")
        text = [] if frames == 1 else [SimpleNamespace(text=f"{frames}"), SimpleNamespace(text="frames.")]
        return SimpleNamespace(segments=text)

    async def close(self) -> None:
        self.open = False


@pytest.fixture
async def captioner(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Captioner]:
    Engine.made, Engine.broken = [], 0
    monkeypatch.setattr(captions, "Scribe", Engine)
    monkeypatch.setattr(captions, "AGAIN_S", (0.01, 0.02))
    captioner = Captioner("faster-whisper")
    yield captioner
    await captioner.close()
    assert not any(each.open for each in Engine.made)


def said(frames: int) -> Said:
    return Said("ana", None, NOW, NOW, np.zeros(frames * FRAME, np.int16))


class Reader:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def tell(self, _said: Said, text: str) -> None:
        self.texts.append(text)


async def ready() -> Engine:
    await until(lambda: bool(Engine.made) and Engine.made[-1].asked > 0)
    return Engine.made[-1]


async def busy(captioner: Captioner, reader: Reader) -> Engine:
    """At work on ten frames, until it may answer."""
    engine = await ready()
    captioner.hear(reader.tell, said(10))
    await until(lambda: engine.asked == 2)
    return engine


async def test_in_order_and_the_engine_is_ready_before_the_first_word(captioner: Captioner) -> None:
    reader = Reader()
    assert Engine.made == []
    captioner.begin(reader.tell)
    engine = await ready()
    engine.may_answer.set()
    for frames in (20, 30):
        captioner.hear(reader.tell, said(frames))
    await until(lambda: len(reader.texts) == 2)
    assert reader.texts == ["20 frames.", "30 frames."]
    captioner.end(reader.tell)
    await until(lambda: not engine.open)


async def test_behind_it_leaves_out_the_oldest(captioner: Captioner) -> None:
    reader = Reader()
    captioner.begin(reader.tell)
    engine = await busy(captioner, reader)
    for number in range(WAITING_MAX + 3):
        captioner.hear(reader.tell, said(20 + number))
    engine.may_answer.set()
    await until(lambda: len(reader.texts) == 1 + WAITING_MAX)
    assert reader.texts[:2] == ["10 frames.", "23 frames."]


async def test_what_is_old_is_left_out_too(captioner: Captioner, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader()
    captioner.begin(reader.tell)
    engine = await busy(captioner, reader)
    captioner.hear(reader.tell, said(20))
    await asyncio.sleep(0.2)
    monkeypatch.setattr(captions, "STALE_S", 0.1)
    captioner.hear(reader.tell, said(30))
    engine.may_answer.set()
    await until(lambda: len(reader.texts) == 2)
    assert reader.texts == ["10 frames.", "30 frames."]


async def test_who_ended_is_told_nothing_of_what_was_being_written_or_waited(captioner: Captioner) -> None:
    reader, other = Reader(), Reader()
    captioner.begin(reader.tell)
    captioner.begin(other.tell)
    engine = await busy(captioner, reader)
    captioner.hear(reader.tell, said(20))
    captioner.hear(other.tell, said(30))
    captioner.end(reader.tell)
    captioner.hear(reader.tell, said(40))
    engine.may_answer.set()
    await until(lambda: other.texts == ["30 frames."])
    assert reader.texts == []
    assert len(Engine.made) == 1, "one for all"


async def test_on_again_at_once_is_another_engine_and_nothing_of_before(captioner: Captioner) -> None:
    reader = Reader()
    captioner.begin(reader.tell)
    first = await busy(captioner, reader)
    captioner.end(reader.tell)
    captioner.begin(reader.tell)
    await until(lambda: len(Engine.made) == 2 and Engine.made[1].asked > 0)
    Engine.made[1].may_answer.set()
    captioner.hear(reader.tell, said(20))
    await until(lambda: reader.texts == ["20 frames."])
    assert not first.open


async def test_after_failures_it_goes_on(captioner: Captioner, caplog: pytest.LogCaptureFixture) -> None:
    reader = Reader()
    Engine.broken = 3
    captioner.begin(reader.tell)
    engine = await ready()
    engine.may_answer.set()
    await until(lambda: Engine.broken == 0)
    captioner.hear(reader.tell, said(20))
    await until(lambda: reader.texts == ["20 frames."])
    assert caplog.text.count("no captions for a while: died") == 3
    assert "frames" not in caplog.text
