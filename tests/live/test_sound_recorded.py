"""The whole way of a recording: people speak to a server of its own process, its worker finishes what was recorded, and whoever may
hear it downloads it. Only who consented is in it."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from aiohttp import ClientSession
from numpy.typing import NDArray

from media.scribe import decoded
from media.speech import RATE_HZ
from rooms.ids import SessionId
from tests.databases import SECRET_KEY
from tests.faults.server import Server
from tests.live.conftest import House
from tests.live.phone import ANA_HZ, BEN_HZ, UNHEARD, Phone, comes_in
from tests.live.visitor import Document, Visitor

FINISHED_S = 240.0  # the worker has a low priority, and the machine may have other things to do
SPOKEN_S = 4.0
pytestmark = pytest.mark.timeout(500)


async def test_what_was_said_is_there_to_be_heard_after_the_end(house: House, tmp_path: Path) -> None:
    session = await house.session()
    process = Server(tmp_path, house.dsn, SECRET_KEY, ICE_ADDRESSES="127.0.0.1", TRANSCRIBER="none")
    process.start()
    try:
        await process.listening()
        await _spoken_and_heard(house, process, session)
    finally:
        process.stop()


async def _spoken_and_heard(house: House, process: Server, session: SessionId) -> None:
    mara, ana, ben = [await _entered(house, process, session, name) for name in ("mara", "ana", "ben")]
    assert (await ana.submit("recording.consent", given=True))["ok"]
    phones = [await Phone(ana, ANA_HZ).call(), await Phone(ben, BEN_HZ).call(), await Phone(mara, None).call()]
    await phones[2].hears(*phones[:2])
    assert (await mara.submit("recording.start"))["ok"]
    await asyncio.sleep(SPOKEN_S)
    assert (await mara.submit("session.end"))["ok"]
    await mara.sees("recording.reported", FINISHED_S, stage="ready")
    await asyncio.gather(*(phone.close() for phone in phones))
    [recording] = (await _get(process, mara, session))["items"]
    assert recording["stage"] == "ready"
    assert SPOKEN_S <= recording["lengthS"] < 5 * SPOKEN_S
    tracks = {each.get("userId", each["track"]): each for each in recording["tracks"]}
    assert set(tracks) == {"mix", ana.user}
    async with ClientSession() as http:
        for each in tracks.values():
            async with http.get(process.url + each["parts"][0]["url"]) as answer:
                assert answer.status == 200
                sound = np.concatenate(list(decoded(await answer.read(), "matroska")))
            assert _share(sound, ANA_HZ) > 0.8
            assert _share(sound, BEN_HZ) < UNHEARD


def _share(sound: NDArray[np.int16], hertz: float) -> float:
    """Of all the energy, how much is within 80 Hz: wide, because a busy machine speaks in pieces, and every edge is a noise."""
    energy = np.abs(np.fft.rfft(sound.astype(np.float64))) ** 2
    near = np.abs(np.fft.rfftfreq(len(sound), 1 / RATE_HZ) - hertz) < 80
    return float(energy[near].sum() / energy.sum())


async def _entered(house: House, process: Server, session: SessionId, name: str) -> Visitor:
    visitor = Visitor(process.url, await house.token(name), await house.user(name))
    house.visitors.append(visitor)
    await comes_in(visitor)
    assert (await visitor.join(session))["ok"]
    return visitor


async def _get(process: Server, visitor: Visitor, session: SessionId) -> Document:
    headers = {"Authorization": f"Bearer {visitor.token}"}
    async with (
        ClientSession(headers=headers) as http,
        http.get(f"{process.url}/api/v1/live-sessions/{session}/recordings") as answer,
    ):
        found: Document = await answer.json()
        assert answer.status == 200, found
        return found
