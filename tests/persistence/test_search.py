"""Search (W235): what was said where one was, and nowhere else, by words of any form, an index and pages."""

import pytest

from persistence.models.recording import MIX
from persistence.search import Search
from rooms.ids import UserId
from tests.persistence.tape import Tape, said_by, transcript
from tests.persistence.test_recordings import upload
from tests.persistence.workshop import Workshop, new_user


@pytest.fixture
async def tape(workshop: Workshop) -> Tape:
    tape = await Tape.stored(workshop)
    await tape.transcribe_all()
    return tape


async def found(tape: Tape, reader: UserId, query: str) -> list[str]:
    page = await Search(tape.workshop.database).find(reader, query)
    return [hit.text for hit in page.items]


async def test_who_was_there_finds_what_was_said_once(tape: Tape, workshop: Workshop) -> None:
    """Ana's words are on her own track and in the mix: one hit, where everybody finds it."""
    for reader in (workshop.ana, workshop.ben, workshop.otto, workshop.mara, workshop.theo):
        (hit,) = (await Search(workshop.database).find(reader, "lighthouses")).items  # D12: any form of the word
        assert hit.text.startswith("Ana sketches a «lighthouse»")
        assert (hit.type, hit.title, hit.session) == ("transcription", "Audio Transcription", workshop.session)
        assert hit.audio_recording_id == await tape.part(MIX)
        assert hit.rank > 0
    stranger = await workshop.directory.create_user(new_user("Nobody"))
    assert await found(tape, stranger, "lighthouse") == []


async def test_where_the_mix_is_withheld_one_finds_one_s_own_words_only(tape: Tape, workshop: Workshop) -> None:
    await tape.recordings.publish(tape.recording, False)
    assert await found(tape, workshop.ana, "lighthouse") == ["Ana sketches a «lighthouse»"]
    assert await found(tape, workshop.ana, "harbour") == []
    assert await found(tape, workshop.otto, "lighthouse") == []
    assert len(await found(tape, workshop.theo, "lighthouse")) == 1


async def test_one_s_uploads_are_one_s_own(tape: Tape, workshop: Workshop) -> None:
    id_ = await upload(tape.recordings, workshop.ana)
    transcription = await tape.transcriptions.begin(id_)
    assert transcription is not None
    await tape.transcriptions.complete(transcription, transcript(said_by(None, "a private diary")))
    assert await found(tape, workshop.ana, "diaries") == ["a private «diary»"]
    for other in (workshop.ben, workshop.mara, workshop.theo):
        assert await found(tape, other, "diary") == []
    await tape.recordings.delete(id_)
    assert await found(tape, workshop.ana, "diary") == []


async def test_only_finished_transcripts_are_found(tape: Tape, workshop: Workshop) -> None:
    await tape.transcriptions.again(await tape.part(MIX))
    assert await found(tape, workshop.otto, "lighthouse") == []


async def test_nothing_of_a_voice_taken_back_is_found(tape: Tape, workshop: Workshop) -> None:
    await tape.recordings.forget_voice(tape.recording, workshop.ana)
    for reader in (workshop.ana, workshop.otto, workshop.mara):
        assert await found(tape, reader, "lighthouse") == []
        assert len(await found(tape, reader, "harbour")) == 1


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("sketches harbour", 1),
        ('"sketches a lighthouse"', 1),
        ('"harbour sketches"', 0),
        ("lighthouse -harbour", 0),
        ("nothing or harbour", 1),
        ("", 0),
        ("the", 0),
        ("'); DROP TABLE x; --", 0),
        ("\0harbour\ud800", 1),
        (":*&|!<->()", 0),
        ("harbour " * 1000, 1),
    ],
)
@pytest.mark.requirement("W235", "D12")
async def test_people_type_what_they_like(tape: Tape, workshop: Workshop, query: str, hits: int) -> None:
    assert len(await found(tape, workshop.otto, query)) == hits


@pytest.mark.requirement("W235", "D12")
async def test_pages_come_latest_first_without_a_gap(workshop: Workshop) -> None:
    tape = await Tape.stored(workshop, parts=5)
    for number in range(1, 6):
        await tape.transcribe(MIX, [said_by(workshop.ana, f"colour number {number}")], number)
    search = Search(workshop.database)
    seen: list[str] = []
    cursor = None
    while True:
        page = await search.find(workshop.ben, "colours", 2, cursor)
        seen += [str(hit.audio_recording_id) for hit in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert seen == [await tape.part(MIX, number) for number in (5, 4, 3, 2, 1)]


@pytest.mark.requirement("W238", "P3")
async def test_w238_the_index_is_used_although_rows_are_secured(tape: Tape, workshop: Workshop) -> None:
    async with workshop.database.transaction() as connection:
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = await connection.fetch(
            "EXPLAIN SELECT * FROM workbook.transcription_records t "
            "WHERE t.search_vector @@ websearch_to_tsquery('pg_catalog.english', 'harbour')"
        )
    assert any("idx_transcriptions_search" in row[0] for row in plan)
