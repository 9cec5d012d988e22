"""What became of a recording, as whoever may hear it gets it: over REST, every part downloaded, taken apart and decoded."""

from dataclasses import dataclass

import numpy as np
from aiohttp import ClientSession

from media.opus import RATE, Pcm
from media.parts import read_part
from media.timeline import Placed
from tests.live.visitor import Document, Visitor
from tests.media.sounds import decoded


@dataclass
class StoredTrack:
    """`placed`: its packets, as they were recorded. `sound`: as a player plays it, from the recording's start on."""

    placed: list[Placed]
    sound: Pcm

    @property
    def length_s(self) -> float:
        return len(self.sound) / RATE


@dataclass
class Stored:
    """`tracks` by user, and `mix`."""

    length_s: float
    tracks: dict[str, StoredTrack]


async def recordings(url: str, visitor: Visitor) -> Document:
    headers = {"Authorization": f"Bearer {visitor.token}"}
    async with (
        ClientSession(headers=headers) as http,
        http.get(f"{url}/api/v1/live-sessions/{visitor.session}/recordings") as answer,
    ):
        found: Document = await answer.json()
        assert answer.status == 200, found
        return found


async def stored(url: str, visitor: Visitor) -> Stored:
    """The only recording of a session. Fails where a part is empty or cannot be decoded."""
    [recording] = (await recordings(url, visitor))["items"]
    tracks = {each.get("userId", each["track"]): await _track(url, each["parts"]) for each in recording["tracks"]}
    return Stored(recording["lengthS"], tracks)


async def _track(url: str, parts: list[Document]) -> StoredTrack:
    placed: list[Placed] = []
    pieces: list[Pcm] = []
    async with ClientSession() as http:
        for part in parts:
            async with http.get(url + part["url"]) as answer:
                assert answer.status == 200
                webm = await answer.read()
            assert len(webm) == part["bytes"] > 0
            start = round(part["fromS"] * RATE)
            assert sum(map(len, pieces)) == start, "parts follow each other"
            placed += read_part(webm, start)
            pieces.append(decoded(webm))
            assert abs(len(pieces[-1]) / RATE - part["durationS"]) < 0.01
    return StoredTrack(placed, np.concatenate(pieces))
