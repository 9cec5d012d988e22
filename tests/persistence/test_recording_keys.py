"""Keys of voice: one per track, wrapped, bound to their place, and gone for good once dropped."""

from uuid import UUID, uuid4

import pytest

from persistence.database import Database
from persistence.encryption import Undecryptable
from persistence.recording_keys import KEY_BYTES, RecordingKeys
from tests.persistence.workshop import Workshop

RECORDING = str(UUID(int=7))


@pytest.fixture
def keys(database: Database) -> RecordingKeys:
    return RecordingKeys(database)


async def test_a_track_has_one_key_whoever_asks(keys: RecordingKeys, workshop: Workshop) -> None:
    key = await keys.make(workshop.session, RECORDING, "mix")
    assert len(key) == KEY_BYTES
    assert await keys.make(workshop.session, RECORDING, "mix") == key
    assert await RecordingKeys(workshop.database).get(RECORDING, "mix") == key
    assert await keys.get(RECORDING, workshop.ana) is None
    theirs = await keys.make(workshop.session, RECORDING, workshop.ana)
    upload = await keys.make(None, str(uuid4()), "upload")
    assert len({key, theirs, upload}) == 3
    assert await keys.of_recording(RECORDING) == {"mix": key, workshop.ana: theirs}


async def test_a_shredded_key_is_nowhere_and_the_next_one_is_another(keys: RecordingKeys, workshop: Workshop) -> None:
    key = await keys.make(workshop.session, RECORDING, "mix")
    await keys.make(workshop.session, RECORDING, workshop.ana)
    await keys.shred(RECORDING, "mix", workshop.ben)
    assert await keys.get(RECORDING, "mix") is None
    assert set(await keys.of_recording(RECORDING)) == {workshop.ana}
    assert await keys.make(workshop.session, RECORDING, "mix") != key


async def test_the_database_alone_opens_nothing(keys: RecordingKeys, workshop: Workshop) -> None:
    key = await keys.make(workshop.session, RECORDING, "mix")
    wrapped = await workshop.value("SELECT wrapped FROM live.recording_keys")
    assert key not in wrapped
    assert len(wrapped) > KEY_BYTES


async def test_a_key_copied_to_another_track_does_not_open(keys: RecordingKeys, workshop: Workshop) -> None:
    await keys.make(workshop.session, RECORDING, "mix")
    await workshop.execute(
        "INSERT INTO live.recording_keys (recording_id, track, wrapped) SELECT recording_id, $1, wrapped FROM live.recording_keys",
        workshop.ana,
    )
    with pytest.raises(Undecryptable):
        await keys.get(RECORDING, workshop.ana)
