"""A server that records twenty voices until somebody kills it: `python -m tests.media.recording_process FOLDER GENERATION STARTED KEY
[SECONDS]`. Every packet says its slot. Ends by itself, properly, only when SECONDS are given."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from media.recorder import Recording

VOICES = [f"voice-{number}" for number in range(20)]


def packet_of(slot: int) -> bytes:
    return b"\xf8" + slot.to_bytes(4, "big") + bytes(60)


def slot_of(packet: bytes) -> int:
    return int.from_bytes(packet[1:5], "big")


async def main(folder: Path, generation: int, started_at: datetime, key: bytes, seconds: float | None) -> None:
    def now_s() -> float:
        return (datetime.now(UTC) - started_at).total_seconds()

    recording = Recording(folder, "recording", generation, started_at, lambda _: key, lambda: datetime.now(UTC))
    slot, stop_s = round(now_s() * 50), now_s() + (seconds or 1e9)
    sys.stdout.write("recording\n")
    sys.stdout.flush()
    while now_s() < stop_s:
        while slot + 1 <= now_s() * 50:
            for voice in VOICES:
                recording.hear(voice, packet_of(slot), slot * 960, now_s())
            recording.mix(slot, packet_of(slot))
            slot += 1
        await asyncio.sleep(0.01)
    await recording.close()


if __name__ == "__main__":
    _, folder, generation, started, key, *seconds = sys.argv
    asyncio.run(
        main(
            Path(folder),
            int(generation),
            datetime.fromisoformat(started),
            bytes.fromhex(key),
            float(seconds[0]) if seconds else None,
        )
    )
