"""A session to keep: one file that holds what its reader may see and hear, and plays from disk."""

import csv
import io
import json
import re
from typing import Any
from zipfile import ZipFile

import av
import pytest

from tests.api.conftest import Caller
from tests.api.recorded import Heard, begun, heard, worked
from tests.media.paint import painted

__all__ = ["begun", "heard"]


async def archive(caller: Caller, heard: Heard) -> ZipFile:
    answer = await caller.get(f"{heard.path}/archive.zip")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip"), answer
    assert answer.headers["Content-Disposition"] == f'attachment; filename="session-{heard.session}.zip"'
    opened = ZipFile(io.BytesIO(answer.body))
    assert opened.testzip() is None
    return opened


def inside(page: bytes) -> dict[str, Any]:
    [found] = re.findall(rb'<script type="application/json" id="archive">(.*?)</script>', page, re.DOTALL)
    told: dict[str, Any] = json.loads(found)
    return told


@pytest.fixture
async def full(heard: Heard) -> Heard:
    """With words, a poll and a drawing; Ana and Mara also speak apart."""
    await heard.ana.command(heard.session, "chat.send", text="=cmd()|x </script><b>hello")
    await heard.mara.command(heard.session, "chat.send", text="CANARY for Ana", to=heard.ana.user)
    poll = {"question": "Tea?", "kind": "single", "options": ["Yes", "No"], "anonymous": False}
    made = await heard.mara.command(heard.session, "poll.create", **poll)
    assert made.status == 200, made
    [event] = (await heard.mara.get(f"{heard.path}/events?type=poll.created")).json["items"]
    assert (await heard.mara.command(heard.session, "poll.open", pollId=event["pollId"])).status == 200
    assert (await heard.ana.command(heard.session, "poll.vote", pollId=event["pollId"], choices=[0])).status == 200
    brought = await heard.mara.send(
        "POST", f"{heard.path}/images", data=painted(), headers={"Content-Type": "image/png"}
    )
    assert brought.status == 201
    drawn = {
        "id": "one",
        "type": "image",
        "x": 0,
        "y": 0,
        "width": 12,
        "height": 8,
        "version": 1,
        "versionNonce": 1,
        "isDeleted": False,
        "index": "a0",
        "fileId": brought.json["imageId"],
    }
    put = await heard.mara.command(heard.session, "board.change", boardId="main", elements=[drawn])
    assert put.status == 200, put
    return heard


async def test_it_holds_what_there_was(full: Heard) -> None:
    held = await archive(full.mara, full)
    assert set(held.namelist()) >= {
        "replay.html",
        "transcript.vtt",
        "chat.csv",
        "polls.csv",
        "attendance.csv",
        "boards/main.excalidraw",
        "sound/1-mix-1.webm",
    }
    with av.open(io.BytesIO(held.read("sound/1-mix-1.webm")), "r") as sound:
        assert len(sound.streams.audio) == 1
    assert b"Welcome to the garden." in held.read("transcript.vtt")
    board = json.loads(held.read("boards/main.excalidraw"))
    assert (board["type"], board["version"]) == ("excalidraw", 2)
    [element] = board["elements"]
    assert board["files"][element["fileId"]]["dataURL"].startswith("data:image/png;base64,")
    polls = list(csv.DictReader(io.StringIO(held.read("polls.csv").decode())))
    assert [(each["question"], each["option"], each["votes"]) for each in polls] == [
        ("Tea?", "Yes", "1"),
        ("Tea?", "No", "0"),
    ]


async def test_the_page_has_everything_inside(full: Heard) -> None:
    page = (await archive(full.ana, full)).read("replay.html")
    told = inside(page)
    assert told["format"] == 1
    assert told["you"] == {"userId": full.ana.user, "staff": False}
    assert told["session"]["id"] == full.session
    events = (await full.ana.get(f"{full.path}/events?limit=200")).json["items"]
    assert told["events"] == events
    assert told["people"][full.mara.user] == {"name": "Mara"}
    [recording] = told["recordings"]["items"]
    mix, own = recording["tracks"]
    assert [part["url"] for part in mix["parts"]] == ["sound/1-mix-1.webm"]
    assert mix["peaks"].startswith("data:application/octet-stream;base64,")
    assert [part["url"] for part in own["parts"]] == [f"sound/1-{full.ana.user}-1.webm"]
    assert len(told["transcript"]["recordings"][0]["segments"]) == 2
    assert told["views"][0]["seq"] == 0
    assert all("view" in each for each in told["views"])
    [image] = told["images"].values()
    assert image.startswith("data:image/png;base64,")


async def test_attack_53_no_words_of_anybody_end_the_script(full: Heard) -> None:
    held = await archive(full.ben, full)
    page = held.read("replay.html")
    assert b"<b>hello" not in page
    assert b"\\u003c/script>\\u003cb>hello" in page
    [row] = csv.DictReader(io.StringIO(held.read("chat.csv").decode()))
    assert row["text"].startswith("'=cmd()"), "and no spreadsheet calculates"


async def test_attack_22_nobody_is_given_what_they_were_not_shown(full: Heard) -> None:
    for caller, sees in ((full.mara, True), (full.ana, True), (full.ben, False)):
        held = await archive(caller, full)
        found = [name for name in held.namelist() if b"CANARY" in held.read(name)]
        assert (set(found) == {"replay.html", "chat.csv"}) is sees, (caller.name, found)
    held = await archive(full.ben, full)
    assert "attendance.csv" not in held.namelist()
    assert [name for name in held.namelist() if name.startswith("sound/")] == ["sound/1-mix-1.webm"]


async def test_who_was_not_there_gets_none(full: Heard) -> None:
    assert (await full.otto.get(f"{full.path}/archive.zip")).code == "forbidden"
    stranger = await full.api.person("Nora")
    assert (await stranger.get(f"{full.path}/archive.zip")).status == 404


async def test_what_is_withdrawn_is_in_no_later_archive(full: Heard) -> None:
    assert (await full.ana.post(f"{full.path}/recording-consent", {"given": False})).status == 200
    await worked(full.api)
    held = await archive(full.mara, full)
    assert not [name for name in held.namelist() if full.ana.user in name]
    assert b"Thank you" not in held.read("transcript.vtt")
    assert "Thank you" not in json.dumps(inside(held.read("replay.html")))
    assert "sound/1-mix-1.webm" in held.namelist()
