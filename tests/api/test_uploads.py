"""Sound that people bring: pieces, resuming, two writers, quotas (attack 60), and that only sound is kept, under a name of ours
(attacks 54, 55, 58).
"""

import asyncio
import hashlib
import io
import wave
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from live.keys import DATABASE, STORE
from persistence import uploads as rows
from persistence.recording_keys import RecordingKeys
from tests.api.conftest import Answer, Api, Caller
from tests.api.recorded import worked
from tests.media.speech import as_webm, sentence

PIECE = {"Content-Type": "application/offset+octet-stream"}


def wav(length_s: float = 1.0, hertz: float = 440.0) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        samples = 8_000 * np.sin(np.arange(int(length_s * 16_000)) * 2 * np.pi * hertz / 16_000)
        file.writeframes(samples.astype("<i2").tobytes())
    return written.getvalue()


async def announce(caller: Caller, data: bytes, **fields: Any) -> str:
    made = await caller.post("/recordings", {"fileName": "tea.wav", "bytes": len(data), **fields})
    assert made.status == 201, made
    return str(made.json["id"])


async def send(caller: Caller, upload: str, data: bytes, offset: int = 0) -> Answer:
    return await caller.send("PATCH", f"/recordings/{upload}/content?offset={offset}", data=data, headers=PIECE)


async def complete(caller: Caller, upload: str) -> Answer:
    return await caller.post(f"/recordings/{upload}/complete")


async def bring(caller: Caller, data: bytes, **fields: Any) -> Answer:
    upload = await announce(caller, data, **fields)
    assert (await send(caller, upload, data)).status == 200
    return await complete(caller, upload)


@pytest.fixture
async def ana(api: Api) -> Caller:
    return await api.person("Ana")


async def objects(api: Api) -> list[str]:
    store = api.app[STORE]
    return [*await store.list("pieces"), *await store.list("uploads")]


async def test_a_file_comes_in_pieces_and_is_a_recording(api: Api, ana: Caller) -> None:
    data = wav(1.4)
    made = await ana.post("/recordings", {"fileName": "tea.wav", "bytes": len(data), "metadata": {"tags": ["tea"]}})
    upload = made.json["id"]
    assert (made.json["offset"], made.json["status"]) == (0, "receiving")
    assert made.headers["Location"] == f"/api/v1/recordings/{upload}/upload"
    first = await send(ana, upload, data[:10_000])
    assert (first.status, first.json["offset"]) == (200, 10_000)
    assert (await ana.get(f"/recordings/{upload}/upload")).json["offset"] == 10_000
    await send(ana, upload, data[10_000:], 10_000)
    done = await complete(ana, upload)
    assert done.status == 201, done
    told = done.json
    assert (told["id"], told["fileName"], told["mimeType"]) == (upload, "tea.wav", "audio/wav")
    assert (told["durationSeconds"], told["fileSizeBytes"], told["isProcessed"]) == (2, len(data), False)
    assert (told["metadata"]["sampleRate"], told["metadata"]["channels"], told["metadata"]["tags"]) == (
        16_000,
        1,
        ["tea"],
    )
    assert (await ana.get(f"/recordings/{upload}/content")).body == data
    assert (await complete(ana, upload)).json["id"] == upload, "again: the same"
    assert await objects(api) == [f"uploads/{upload}/sound.sealed"]


async def test_what_lies_in_the_store_says_nothing(api: Api, ana: Caller) -> None:
    data = wav()
    upload = await announce(ana, data)
    await send(ana, upload, data[:9_000])
    [piece] = await objects(api)
    held = await api.app[STORE].read(piece)
    assert held is not None
    assert b"RIFF" not in held
    await send(ana, upload, data[9_000:], 9_000)
    await complete(ana, upload)
    [name] = await objects(api)
    held = await api.app[STORE].read(name)
    assert held is not None
    assert b"RIFF" not in held
    assert b"tea" not in held


async def test_it_is_written_down_and_found_by_its_owner_alone(api: Api, ana: Caller) -> None:
    done = await bring(ana, as_webm(sentence("ana", 0)), fileName="ana.webm")
    await worked(api, "Water in the north corner.")
    path = f"/recordings/{done.json['id']}"
    assert (await ana.get(f"{path}/transcription")).json["text"] == "Water in the north corner."
    assert (await ana.get(path)).json["isProcessed"]
    assert len((await ana.get("/search?q=corner")).json["items"]) == 1
    ben = await api.person("Ben")
    assert (await ben.get("/search?q=corner")).json["items"] == []
    for address in (path, f"{path}/content", f"{path}/transcription", f"{path}/upload"):
        assert (await ben.get(address)).status == 404
    assert (await ben.delete(path)).status == 404
    assert (await ana.delete(path)).status == 204
    assert (await ana.get(f"{path}/content")).status == 404
    assert (await ana.get("/search?q=corner")).json["items"] == []
    async with api.app[DATABASE].connection() as connection:
        await connection.execute("UPDATE ops.jobs SET due_at = clock_timestamp() WHERE kind = 'purge'")
    await worked(api)
    assert await objects(api) == []
    assert await RecordingKeys(api.app[DATABASE]).get(done.json["id"], "upload") is None


class TestAttack54Names:
    @pytest.mark.parametrize(
        "name", ["../../secret.key", "a/b.wav", "a\\b.wav", "x\u0000.wav", "", "x" * 256, "a\nb", "\u202egpj.wav"]
    )
    async def test_a_name_that_looks_like_a_path_is_refused(self, api: Api, ana: Caller, name: str) -> None:
        refused = await ana.post("/recordings", {"fileName": name, "bytes": 10})
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/fileName")

    @pytest.mark.parametrize("name", ["CON", "nul.wav", "ä" * 100 + ".wav", ".htaccess", "x.html"])
    async def test_any_other_is_a_name_and_nothing_more(self, api: Api, ana: Caller, name: str) -> None:
        done = await bring(ana, wav(), fileName=name)
        assert done.status in (201, 422)
        upload = done.json.get("id")
        assert await objects(api) == ([f"uploads/{upload}/sound.sealed"] if upload else [])
        if upload:
            read = await ana.get(f"/recordings/{upload}/content")
            assert read.headers["Content-Disposition"] == f'attachment; filename="{upload}.wav"'


class TestAttack55Content:
    @pytest.mark.parametrize(
        "data",
        [
            b"<html><script>alert(1)</script></html>" * 10,
            b"ffconcat version 1.0\nfile '/etc/passwd'\n",
            b"#EXTM3U\nhttp://169.254.169.254/latest\n",
            b"\x89PNG\r\n\x1a\n" + bytes(100),
            b"OggS" + bytes(300),
            b"fLaC" + bytes(300),
            b"\x1aE\xdf\xa3" + bytes(300),
            b"RIFF\xff\xff\xff\xffWAVE" + bytes(40),
            bytes(2_000),
        ],
    )
    async def test_what_is_no_sound_is_refused_and_not_kept(self, api: Api, ana: Caller, data: bytes) -> None:
        refused = await bring(ana, data, fileName="tea.webm", mimeType="audio/webm")
        assert refused.status in (413, 415, 422), refused
        assert b"<" not in refused.body
        assert b"passwd" not in refused.body
        assert await objects(api) == []
        assert (await ana.get("/recordings")).json["items"] == []

    async def test_what_its_sender_calls_it_does_not_count(self, ana: Caller) -> None:
        done = await bring(ana, wav(), fileName="song.mp3", mimeType="audio/mpeg;codecs=x")
        assert done.json["mimeType"] == "audio/wav"
        refused = await ana.post("/recordings", {"fileName": "x", "bytes": 1, "mimeType": "audio/ogg"})
        assert refused.status == 422

    async def test_what_was_refused_is_over(self, ana: Caller) -> None:
        upload = await announce(ana, b"x" * 50)
        await send(ana, upload, b"x" * 50)
        assert (await complete(ana, upload)).status in (415, 422)
        assert (await complete(ana, upload)).code == "upload.over"
        assert (await send(ana, upload, b"x", 50)).code == "upload.over"
        state = (await ana.get(f"/recordings/{upload}/upload")).json
        assert state["status"] == "refused"
        assert state["refusal"]
        assert (await ana.delete(f"/recordings/{upload}/upload")).status == 204


class TestAttack60Resuming:
    async def test_a_truncated_upload_is_not_complete(self, api: Api, ana: Caller) -> None:
        data = wav()
        upload = await announce(ana, data)
        await send(ana, upload, data[:-1])
        assert (await complete(ana, upload)).code == "upload.incomplete"
        assert (await send(ana, upload, data[-1:], len(data) - 1)).status == 200
        assert (await complete(ana, upload)).status == 201

    async def test_only_the_next_byte_is_taken_and_no_more_than_announced(self, ana: Caller) -> None:
        data = wav()
        upload = await announce(ana, data)
        await send(ana, upload, data[:100])
        for offset in (0, 50, 101, len(data)):
            refused = await send(ana, upload, b"xx", offset)
            assert (refused.status, refused.code) == (409, "upload.offset"), offset
            assert "100 of" in refused.json["detail"]
        assert (await send(ana, upload, data, 100)).code == "too_large"
        assert (await send(ana, upload, b"", 100)).status == 422
        assert (await ana.get(f"/recordings/{upload}/upload")).json["offset"] == 100

    async def test_another_sum_is_another_file(self, api: Api, ana: Caller) -> None:
        data = wav()
        good = await bring(ana, data, sha256=hashlib.sha256(data).hexdigest())
        assert good.status == 201
        bad = await bring(ana, data, sha256=hashlib.sha256(b"x").hexdigest())
        assert (bad.status, bad.json["errors"][0]["pointer"]) == (422, "/sha256")
        assert await objects(api) == [f"uploads/{good.json['id']}/sound.sealed"]

    async def test_of_two_writers_one_writes(self, api: Api, ana: Caller) -> None:
        data = wav(4.0)
        upload = await announce(ana, data)
        answers = await asyncio.gather(*(send(ana, upload, data) for _ in range(4)))
        assert sorted(each.status for each in answers) == [200, 409, 409, 409]
        assert {each.code for each in answers if each.status == 409} <= {"upload.busy", "upload.offset"}
        done = await asyncio.gather(*(complete(ana, upload) for _ in range(3)))
        assert {each.status for each in done} <= {201, 409}
        assert (await ana.get(f"/recordings/{upload}/content")).body == data
        assert len((await ana.get("/recordings")).json["items"]) == 1

    async def test_a_writer_that_died_is_forgotten(self, api: Api, ana: Caller) -> None:
        data = wav()
        upload = await announce(ana, data)
        turn = await rows.Uploads(api.app[DATABASE]).take_turn(ana.user, upload, 0)
        assert turn is not None
        assert (await send(ana, upload, data)).code == "upload.busy"
        async with api.app[DATABASE].connection() as connection:
            await connection.execute("UPDATE workbook.uploads SET writer_until = clock_timestamp()")
        assert (await send(ana, upload, data)).status == 200
        with pytest.raises(rows.NotNow):
            await rows.Uploads(api.app[DATABASE]).wrote(turn, 5)
        assert (await complete(ana, upload)).status == 201

    async def test_a_piece_that_was_lost_in_the_store_is_said_so(self, api: Api, ana: Caller) -> None:
        data = wav()
        upload = await announce(ana, data)
        await send(ana, upload, data)
        await api.app[STORE].delete_tree(f"pieces/{upload}")
        assert (await complete(ana, upload)).status == 422

    async def test_a_person_has_so_many_open_and_so_many_bytes_also_at_once(
        self, api: Api, ana: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        body = {"fileName": "x.wav", "bytes": 1_000}
        answers = await asyncio.gather(*(ana.post("/recordings", body) for _ in range(10)))
        assert [each.status for each in answers].count(201) == rows.OPEN_MAX
        assert {each.code for each in answers if each.status != 201} == {"limit_reached"}
        for answer in answers:
            if answer.status == 201:
                assert (await ana.delete(f"/recordings/{answer.json['id']}/upload")).status == 204
        monkeypatch.setattr(rows, "STORED_BYTES_MAX", 2_500)
        answers = await asyncio.gather(*(ana.post("/recordings", body) for _ in range(5)))
        assert [each.status for each in answers].count(201) == 2
        ben = await api.person("Ben")
        assert (await ben.post("/recordings", body)).status == 201, "everybody has their own"

    async def test_too_large_is_refused_when_it_is_announced(self, ana: Caller) -> None:
        for size in (104_857_601, 0, -1, 1.5, "many"):
            refused = await ana.post("/recordings", {"fileName": "x.wav", "bytes": size})
            assert refused.status == 422, size

    async def test_what_nobody_finishes_is_forgotten(
        self, api: Api, ana: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = wav()
        upload = await announce(ana, data)
        await send(ana, upload, data[:500])
        held = rows.Uploads(api.app[DATABASE])
        assert await held.forget_old() == []
        monkeypatch.setattr(rows, "KEPT", timedelta())
        assert await held.forget_old() == [upload]
        assert (await ana.get(f"/recordings/{upload}/upload")).status == 404

    async def test_the_same_key_announces_one(self, ana: Caller) -> None:
        body = {"fileName": "x.wav", "bytes": 1_000}
        first, again = [await ana.post("/recordings", body, headers={"Idempotency-Key": "tea"}) for _ in range(2)]
        assert first.json["id"] == again.json["id"]


@pytest.mark.requirement("W082", "W100", "D22")
async def test_attack_57_no_address_of_anybodys_is_fetched(ana: Caller) -> None:
    """A recording has an address of ours, always; nobody can name another."""
    for field in ("fileUrl", "url", "contentUrl"):
        refused = await ana.post(
            "/recordings", {"fileName": "x.wav", "bytes": 1, field: "http://169.254.169.254/latest"}
        )
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, f"/{field}")


async def test_only_ones_own_and_no_guest(api: Api, ana: Caller) -> None:
    data = wav()
    upload = await announce(ana, data)
    ben = await api.person("Ben")
    for answer in (
        await send(ben, upload, data),
        await complete(ben, upload),
        await ben.get(f"/recordings/{upload}/upload"),
        await ben.delete(f"/recordings/{upload}/upload"),
    ):
        assert answer.status == 404
    assert (await api.nobody.post("/recordings", {"fileName": "x.wav", "bytes": 1})).status == 401


async def test_a_module_that_is_not_there_is_refused(ana: Caller) -> None:
    refused = await ana.post(
        "/recordings", {"fileName": "x.wav", "bytes": 1, "moduleId": "4b9d8c52-0c3f-4f0e-9a51-6d1f3f6c7a11"}
    )
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/moduleId")


async def test_a_lesson_without_its_module_is_refused(ana: Caller) -> None:
    refused = await ana.post("/recordings", {"fileName": "x.wav", "bytes": 1, "lessonId": "l1"})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/lessonId")
