"""One person in a session of their own whose tone is being recorded; where the recorder writes it, and what the manifest says."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media.manifest import Story, generations, read_story
from tests.conftest import PORTS
from tests.faults.crowd import Member
from tests.faults.ground import opened
from tests.live.phone import MARA_HZ, Phone
from tests.live.visitor import Visitor

SOUND: dict[str, Any] = {
    "ICE_ADDRESSES": "127.0.0.1",
    "ICE_PORTS": f"{PORTS.start}-{PORTS.stop - 1}",
    "TRANSCRIBER": "none",
}
"""What a server is told that carries it."""


@dataclass
class Dictaphone:
    mara: Visitor
    phone: Phone
    recording: str

    def stories(self, store: Path) -> list[Story]:
        folder = store / "capture" / self.recording
        return [read_story(folder / str(each)) for each in generations(folder)]

    async def stop(self) -> None:
        ack = await self.mara.submit("recording.stop")
        assert ack["ok"], ack

    async def close(self) -> None:
        await self.phone.close()
        await self.mara.close()


async def recorded(cast: list[Member], url: str) -> Dictaphone:
    """`cast` of a session with FeatureType.RECORDING."""
    mara = await opened(cast, url)
    phone = await Phone(mara, MARA_HZ).call()
    for ack in (await mara.submit("recording.consent", given=True), await mara.submit("recording.start")):
        assert ack["ok"], ack
    return Dictaphone(mara, phone, (await mara.sees("recording.started"))["recordingId"])
