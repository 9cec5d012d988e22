"""A recording of the workshop's session, as recorder and worker leave it: Mara hosts, Ana and Ben speak, Otto listens in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from persistence.models.recording import MIX, AudioType
from persistence.models.transcription import Transcript, TranscriptionSegment, TranscriptionWord
from persistence.recording_keys import RecordingKeys
from persistence.recordings import Finished, Part, Recordings, StoredFile
from persistence.transcriptions import Transcriptions
from rooms.ids import UserId
from rooms.roles import Role
from tests.persistence.workshop import Workshop

STARTED = datetime(2026, 5, 6, 9, 0, 0, 250_000, UTC)
PART_S = 1_500.0


def stored_file(name: str, duration_s: float = 12.3) -> StoredFile:
    return StoredFile(f"recordings/{name}.sealed", AudioType.WEBM, duration_s, 40_000, 48_000, 1, 32_000)


def finished(track: str, parts: int = 1, length_s: float | None = None) -> Finished:
    made = [Part(number, (number - 1) * PART_S, stored_file(f"{track}-{number}")) for number in range(1, parts + 1)]
    return Finished(length_s or parts * PART_S, made, -18.5)


def said_by(speaker: UserId | None, text: str, start: float = 0.0) -> tuple[TranscriptionSegment, TranscriptionWord]:
    end = start + 1
    return (
        TranscriptionSegment(start=start, end=end, text=text, speaker=speaker, confidence=0.9),
        TranscriptionWord(start=start, end=end, word=text.partition(" ")[0], speaker=speaker, confidence=0.9),
    )


def transcript(*said: tuple[TranscriptionSegment, TranscriptionWord]) -> Transcript:
    return Transcript(
        model="tiny.en",
        language="en",
        confidence=0.87,
        processing_time_s=1.2,
        segments=tuple(segment for segment, _ in said),
        words=tuple(word for _, word in said),
    )


@dataclass
class Tape:
    workshop: Workshop
    recordings: Recordings
    transcriptions: Transcriptions
    keys: RecordingKeys
    recording: str = field(default_factory=lambda: str(uuid4()))

    @classmethod
    async def roll(cls, workshop: Workshop) -> "Tape":
        """Being recorded; everybody but Theo is there."""
        database = workshop.database
        tape = cls(workshop, Recordings(database), Transcriptions(database), RecordingKeys(database))
        await workshop.take_part(workshop.mara, Role.INSTRUCTOR)
        for user in (workshop.ana, workshop.ben, workshop.otto):
            await workshop.take_part(user)
        for track in (MIX, workshop.ana, workshop.ben):
            await tape.begin(track)
        return tape

    @classmethod
    async def stored(cls, workshop: Workshop, parts: int = 1) -> "Tape":
        tape = await cls.roll(workshop)
        await tape.recordings.finalising(tape.recording)
        for track in (MIX, workshop.ana, workshop.ben):
            await tape.store(track, parts)
        return tape

    async def begin(self, track: str) -> bytes:
        return await self.recordings.begin(self.workshop.session, self.recording, track, STARTED)

    async def store(self, track: str, parts: int = 1) -> tuple[str, ...]:
        key = await self.keys.get(self.recording, track)
        return await self.recordings.store_track(self.recording, track, finished(track, parts), key or b"")

    async def part(self, track: str, number: int = 1) -> str:
        (found,) = [each for each in await self.recordings.of_recording(self.recording) if each.track == track]
        return found.parts[number - 1].id

    async def transcribe(
        self, track: str, said: Sequence[tuple[TranscriptionSegment, TranscriptionWord]], number: int = 1
    ) -> str:
        id_ = await self.transcriptions.begin(await self.part(track, number))
        assert id_ is not None
        assert await self.transcriptions.complete(id_, transcript(*said))
        return id_

    async def transcribe_all(self) -> None:
        """Ana sketches, Ben colours; the mix has both."""
        ana, ben = self.workshop.ana, self.workshop.ben
        await self.transcribe(ana, [said_by(None, "Ana sketches a lighthouse")])
        await self.transcribe(ben, [said_by(None, "Ben colours the harbour")])
        await self.transcribe(
            MIX, [said_by(ana, "Ana sketches a lighthouse"), said_by(ben, "Ben colours the harbour", 2)]
        )
