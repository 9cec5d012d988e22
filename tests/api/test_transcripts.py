"""What was said, over REST: with its speakers, as files, to whoever may hear it, and as untrusted text (attack 59)."""

import pytest

from live.keys import DATABASE
from tests.api.conftest import Api
from tests.api.recorded import Heard, begun, heard, taken, worked

__all__ = ["begun", "heard"]


async def test_every_sentence_has_its_speaker_and_its_words(heard: Heard) -> None:
    [told] = (await heard.ben.get(f"{heard.path}/transcript.json")).json["recordings"]
    assert (told["recordingId"], told["status"], told["language"], told["model"]) == (
        heard.recording,
        "completed",
        "en",
        "told",
    )
    said = {each["userId"]: each for each in told["segments"]}
    assert {user: each["text"] for user, each in said.items()} == {
        heard.mara.user: "Welcome to the garden.",
        heard.ana.user: "Thank you <b>all</b>.",
    }
    mara = said[heard.mara.user]
    assert (mara["start"], mara["end"]) == (1.0, 2.5)
    assert [each["word"] for each in mara["words"]] == ["Welcome", "to", "the", "garden."]


async def test_files(heard: Heard) -> None:
    vtt = await heard.ana.get(f"{heard.path}/transcript.vtt")
    assert vtt.headers["Content-Type"] == "text/vtt; charset=utf-8"
    assert vtt.body.startswith(b"WEBVTT\n")
    assert b"<v Ana>Thank you &lt;b&gt;all&lt;/b&gt;.</v>" in vtt.body
    srt = await heard.ana.get(f"{heard.path}/transcript.srt")
    assert b"00:00:01,000 --> 00:00:02,500\n" in srt.body
    text = await heard.ana.get(f"{heard.path}/transcript.txt")
    assert b"[00:00:01] Mara: Welcome to the garden." in text.body
    for answer in (vtt, srt, text):
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_who_may_not_hear_may_not_read(heard: Heard) -> None:
    assert (await heard.otto.get(f"{heard.path}/transcript.json")).json == {"recordings": []}
    assert (await heard.otto.get(f"{heard.path}/transcript.vtt")).body == b"WEBVTT\n"
    stranger = await heard.api.person("Nora")
    for kind in ("json", "vtt", "srt", "txt"):
        assert (await stranger.get(f"{heard.path}/transcript.{kind}")).status == 404
    mine = (await heard.ana.get("/transcriptions")).json["items"]
    [own] = [each for each in mine if each["text"].startswith("Thank you")]
    assert (await heard.ben.get(f"/transcriptions/{own['id']}")).status == 404


async def test_one_s_own(heard: Heard) -> None:
    [listed] = (await heard.ana.get("/transcriptions")).json["items"]
    assert (listed["status"], listed["wordCount"]) == ("completed", 3)
    assert "segments" not in listed["metadata"]
    one = (await heard.ana.get(f"/transcriptions/{listed['id']}")).json
    assert one["metadata"]["segments"][0]["text"] == "Thank you <b>all</b>."
    of = (await heard.ana.get(f"/recordings/{one['audioRecordingId']}/transcription")).json
    assert of == one


async def test_before_anybody_began_with_it_and_without_an_engine(api: Api) -> None:
    made = await taken(api)
    assert (await made.ana.get(f"{made.path}/transcript.json")).json == {"recordings": []}, "there is no mix yet"
    await worked(api, off=True)
    [told] = (await made.ana.get(f"{made.path}/transcript.json")).json["recordings"]
    assert (told["status"], told["segments"]) == ("off", [])


async def test_silence_is_a_transcript_without_words(api: Api) -> None:
    made = await taken(api)
    await worked(api, "", "")
    [told] = (await made.ana.get(f"{made.path}/transcript.json")).json["recordings"]
    assert (told["status"], told["segments"]) == ("completed", [])
    assert (await made.ana.get(f"{made.path}/recordings")).json["items"][0]["stage"] == "ready"


@pytest.mark.parametrize("may", ["staff", "speaker"])
async def test_what_failed_is_tried_again_by_staff(heard: Heard, may: str) -> None:
    listed = (await heard.ana.get("/transcriptions")).json["items"][0]
    path = f"/recordings/{listed['audioRecordingId']}/transcription/retry"
    caller = heard.mara if may == "staff" else heard.ana
    expected = "conflict" if may == "staff" else "forbidden"
    assert (await caller.post(path)).code == expected
    async with heard.api.app[DATABASE].connection() as connection:
        for status in ("pending", "failed"):
            await connection.execute(
                "UPDATE workbook.transcription_records SET status = $2 WHERE id = $1", listed["id"], status
            )
    if may == "speaker":
        assert (await caller.post(path)).code == "forbidden"
        return
    assert (await caller.post(path)).status == 202
    await worked(heard.api, "Thank you again.")
    now = (await heard.ana.get(f"/transcriptions/{listed['id']}")).json
    assert (now["status"], now["text"]) == ("completed", "Thank you again.")
