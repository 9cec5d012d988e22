"""Journey: a session plays again. Its sound, transcript, chat, polls, questions, hands, boards and rooms stand on one clock.

What the pages are answered is what the rules let their reader see. The long session is that of the acceptance: half an
hour, twenty people, ten thousand events.
"""

import asyncio
import json
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, expect

from rooms.ids import UserId
from tests.browser.keyboard import Keyboard
from tests.browser.looks import Looks
from tests.browser.replaying import (
    CAST,
    POSITION,
    SPEECH,
    WITHIN_MS,
    Answers,
    Played,
    Sound,
    drawn,
    long_workshop,
    position,
    serve,
    short_workshop,
    speech,
    taken,
    until,
)
from tests.browser.workshop import PHONE, ROOT, WIDE, Demo, Person, person, read_json
from tests.live.visitor import Visitor
from tests.rooms.rehearsal import ANA, BEN, MARA, SESSION

OPENS_WITHIN_S = 10 * 3
SEEKS_WITHIN_MS = 200 * 5


async def test_everything_follows_one_clock(browser: Browser, demo: Demo, tmp_path: Path) -> None:
    """Mara goes through the session by its sentences, chapters, search and slider, and hears it."""
    sound = await asyncio.to_thread(speech, tmp_path)
    async with person(browser, "Mara") as mara:
        await opens(demo, mara, short_workshop(), sound, at=1.5)
        await expect(sentence(mara, "Good morning, everybody")).to_be_visible()
        await expect(chat(mara)).to_have_text(["Welcome, all of you"])
        await mara.show("Polls")
        await mara.sees("No poll had been opened yet")
        await chapter(mara, "Which sketch is the best?").click()
        await expect(mara.page.locator(".replay-stage")).to_contain_text("No answers yet")
        await at(mara, 14.5)
        await expect(bars(mara)).to_have_text(["50%, 1 answer", "50%, 1 answer", "0%, 0 answers"])
        await at(mara, 12.5)
        await expect(bars(mara)).to_have_text(["0%, 0 answers", "100%, 1 answer", "0%, 0 answers"])
        await mara.show("People")
        await expect(mara.page.locator(".replay-parts ol li", has_text="Ben")).to_be_visible()  # his hand
        await the_board_grows(mara)
        await words_are_found(mara)
        await a_sentence_is_heard(mara, sound)
        assert mara.faults == []


async def the_board_grows(mara: Person) -> None:
    shapes = mara.page.locator("[data-board=main]")
    await at(mara, 5.5)
    await expect(shapes).to_have_attribute("data-elements", "2", timeout=WITHIN_MS)
    await at(mara, 9.5)
    await expect(shapes).to_have_attribute("data-elements", "5")
    await at(mara, 4.5)
    await expect(shapes).to_have_attribute("data-elements", "1")
    await at(mara, 9.5)
    await drawn(shapes)


async def words_are_found(mara: Person) -> None:
    await mara.page.get_by_role("searchbox", name="Find in this session").fill("CORN")
    await mara.sees("3 places")
    await expect(mara.page.locator(".scrubber-hit")).to_have_count(3)
    await expect(mara.page.locator(".way mark")).to_have_text(["corn", "corn", "corn"])
    await mara.page.locator(".way", has_text="My grandmother").click()
    await expect(sentence(mara, "My grandmother")).to_have_attribute("aria-current", "true")
    await mara.page.get_by_role("searchbox").fill("")


async def a_sentence_is_heard(mara: Person, sound: Sound) -> None:
    """The clock goes on with the sound; on pause the address says where."""
    begin = next(4 + each["start"] for each in sound.segments if each["userId"] == ANA)
    await sentence(mara, "I would like to begin with the water").click()
    await expect(mara.button("Pause")).to_be_visible()
    await until(mara, begin + 1.5)
    await mara.press("Pause")
    await mara.page.wait_for_timeout(400)
    second = int(mara.page.url.split("t=")[1])
    assert second == await position(mara)
    assert begin + 1 <= second <= begin + 12


async def test_what_one_may_not_see_is_not_there(browser: Browser, demo: Demo) -> None:
    """A real session over the public protocol, and its real answers: Ana was in a room while the others went on."""
    mara, ana, ben, session = await a_real_session(demo)
    async with person(browser, "Ana") as reader, person(browser, "Mara") as staff:
        for who in (reader, staff):
            await enter(demo, who)
            await who.page.goto(f"{demo.url}/sessions/{session}/replay")
            await expect(who.page.get_by_role("heading", name="Real, replay")).to_be_visible(timeout=WITHIN_MS)
            await who.sees("There is no sound: nothing was recorded.")
        events = read_json(f"{demo.url}/api/v1/live-sessions/{session}/events?limit=200", ana.token)["items"]
        begin = next(stamp(each["at"]) for each in events if each["type"] == "session.activated")
        moves = [stamp(each["at"]) - begin for each in events if each["type"] in ("breakout.opened", "breakout.closed")]
        said = next(stamp(each["at"]) - begin for each in events if each.get("text") == "in our room")
        await at(reader, (said + moves[1]) / 2)
        await expect(chat(reader)).to_have_text(["in our room"])
        await at(reader, moves[1] + 0.05)
        await expect(chat(reader)).to_have_text(["before", "while they were away"])
        await at(reader, moves[0] - 0.05)
        await expect(chat(reader)).to_have_text(["before"])
        await at(staff, moves[1] + 0.05)
        await expect(chat(staff)).to_have_text(["before", "only for Ben", "while they were away"])
        await staff.page.get_by_role("combobox", name="Room").select_option(label="Breakout 1: Beans")
        await expect(staff.page.get_by_text("in our room")).to_be_visible()
        await reader.does_not_see("only for Ben")
        assert [*reader.faults, *staff.faults] == []
    for visitor in (mara, ana, ben):
        await visitor.close()


async def a_real_session(demo: Demo) -> tuple[Visitor, Visitor, Visitor, str]:
    cast = {each["name"]: each for each in read_json(f"{demo.url}/api/v1/demo")["cast"]}
    people = [Visitor(demo.url, cast[name]["token"], cast[name]["userId"]) for name in ("Mara", "Ana", "Ben")]
    mara, ana, ben = people
    session = await asyncio.to_thread(scheduled, demo, str(mara.token), [cast["Ana"]["userId"], cast["Ben"]["userId"]])
    for who in people:
        await who.connect()
    await mara.join(session)
    assert (await mara.submit("session.start"))["ok"]
    for who in (ana, ben):
        await who.join(session)
    assert (await mara.submit("session.activate"))["ok"]
    await pause()
    await mara.submit("chat.send", text="before")
    await mara.submit("chat.send", text="only for Ben", to=ben.user)
    made = await mara.submit("breakout.create", rooms=[{"name": "Beans", "members": [ana.user]}, {"name": "Corn"}])
    assert made["ok"], made
    await pause()
    [planned] = [each["setId"] for each in mara.events if each["type"] == "breakout.created"]
    assert (await mara.submit("breakout.open", setId=planned))["ok"]
    await pause()
    await ana.submit("chat.send", text="in our room")
    await ben.submit("chat.send", text="while they were away")
    await pause()
    assert (await mara.submit("breakout.close", seconds=0))["ok"]
    await pause()
    assert (await mara.submit("session.end"))["ok"]
    return mara, ana, ben, session


async def pause() -> None:
    """So that what happens before and after can be told apart on the page."""
    await asyncio.sleep(0.4)


async def test_half_an_hour_of_twenty_people(browser: Browser, demo: Demo, tmp_path: Path) -> None:
    """Opens without a transcript, seeks at once. The figures are printed; the limits leave room for a busy machine."""
    played = await asyncio.to_thread(long_workshop, 10_000, 30)
    sound = await asyncio.to_thread(lambda: speech(tmp_path, repeat=34))
    async with person(browser, "Mara") as mara:
        await enter(demo, mara)
        await serve(mara.page, answers_for(demo, played, MARA, sound), transcript="pending")
        began = time.monotonic()
        await mara.page.goto(f"{demo.url}/sessions/{SESSION}/replay")
        await expect(mara.page.get_by_role("slider", name=POSITION)).to_be_visible(timeout=OPENS_WITHIN_S * 1_000)
        opened = time.monotonic() - began
        await mara.sees("The transcript is being written")
        seeks = [await seek(mara, part) for part in (0.9, 0.1, 0.5, 0.35, 0.99, 0.02, 0.71, 0.72, 0.6, 0.2)]
        seeks.sort()
        print(
            f"10,000 events: opened in {opened:.1f} s, seeks {seeks[len(seeks) // 2]:.0f} ms (middle), {seeks[-1]:.0f} ms (worst)"
        )
        assert opened < OPENS_WITHIN_S
        assert seeks[len(seeks) // 2] < SEEKS_WITHIN_MS
        assert mara.faults == []


async def test_without_sound_and_without_words(browser: Browser, demo: Demo, tmp_path: Path) -> None:
    """The same clock; the page says what is missing and why."""
    sound = await asyncio.to_thread(speech, tmp_path)
    cases: list[tuple[Sound | None, str | None, str]] = [
        (None, None, "Nothing was recorded"),
        (sound, "off", "Transcription is off"),
        (sound, "pending", "The transcript is being written"),
        (sound, "failed", "The transcript could not be written"),
    ]
    for heard, transcript, words in cases:
        async with person(browser, "Mara") as mara:
            await opens(demo, mara, short_workshop(), heard, transcript=transcript)
            await mara.sees(words)
            await mara.press("Play")
            await until(mara, 1.2)
            await expect(chat(mara)).to_have_text(["Welcome, all of you"])
            assert mara.faults == []


async def test_by_the_keyboard_alone(browser: Browser, demo: Demo, tmp_path: Path) -> None:
    sound = await asyncio.to_thread(speech, tmp_path)
    async with person(browser, "Ana") as ana:
        await opens(demo, ana, short_workshop(), sound)
        await ana.page.evaluate("document.activeElement.blur()")
        keys = await Keyboard.of(ana)
        await keys.to(POSITION)
        length = int(str(await ana.page.get_by_role("slider", name=POSITION).get_attribute("aria-valuemax")))
        for key, expected in (
            ("ArrowRight", 5),
            ("Shift+ArrowRight", 35),
            ("ArrowLeft", 30),
            ("Home", 0),
            ("End", length),
        ):
            await keys.press(key)
            assert await position(ana) == expected, key
        await keys.press("Home")
        await keys.press("ArrowRight")
        value = await ana.page.get_by_role("slider", name=POSITION).get_attribute("aria-valuetext")
        assert value == f"5 seconds of {length} seconds"
        await keys.press("Space")
        await expect(ana.button("Pause")).to_be_visible()
        await keys.press("Space")
        await expect(ana.button("Play")).to_be_visible()
        await keys.to("Good morning, everybody, and welcome to the workshop.", back=True)
        for _ in range(2):
            await keys.press("ArrowDown")
        assert (await keys.focused())[1].startswith("Please open the whiteboard")
        await keys.press("Enter")
        await expect(ana.button("Pause")).to_be_visible()
        await until(ana, 4 + spoken("mara")[2]["from"])
        await keys.choose("Speed", "2")
        await keys.activate("Copy a link to this moment")
        await ana.page.wait_for_timeout(200)
        assert ana.faults == []


async def test_how_it_looks(browser: Browser, demo: Demo, tmp_path: Path) -> None:
    """Wide and on a phone, light and dark: contrast, names, targets, nothing that scrolls sideways."""
    sound = await asyncio.to_thread(speech, tmp_path)
    looks = Looks()
    async with person(browser, "Mara") as mara, person(browser, "Ana", PHONE) as ana:
        await opens(demo, mara, short_workshop(), sound, at=14)
        for tab in ("Chat", "Q&A", "Polls", "People"):
            await mara.show(tab)
            await looks.at(mara.page, f"the replay with {tab}")
        await opens(demo, ana, short_workshop(), sound, at=14)
        for tab in ("Transcript", "Room", "Chat", "Q&A", "Chapters"):
            await ana.show(tab)
            await looks.at(ana.page, f"the replay on a phone with {tab}")
    assert looks.faults == []


async def test_the_archive_plays_from_disk(browser: Browser, demo: Demo, tmp_path: Path) -> None:
    """One file and the sound beside it, without network: it plays, shows the board and exports it."""
    sound = await asyncio.to_thread(speech, tmp_path)
    answers = Answers(short_workshop(), ANA, sound)
    folder = tmp_path / "archive"
    (folder / "sound").mkdir(parents=True)
    (folder / "sound" / "mix-1.webm").write_bytes(sound.webm)
    (folder / "replay.html").write_text(archived(answers), encoding="utf-8")
    async with person(browser, "Ana", WIDE, accept_downloads=True) as ana:
        asked: list[str] = []
        ana.page.on("request", lambda request: asked.append(request.url))
        await ana.context.set_offline(True)
        await ana.page.goto(f"{(folder / 'replay.html').as_uri()}#t=9")
        await expect(ana.page.get_by_role("heading", name="A garden on paper, replay")).to_be_visible(timeout=WITHIN_MS)
        board = ana.page.locator("[data-board=main]")
        await expect(board).to_have_attribute("data-elements", "5", timeout=WITHIN_MS)
        await drawn(board)
        for entry, begins in (("Drawing (SVG)", b"<svg"), ("Picture (PNG)", b"\x89PNG"), ("All pages (PDF)", b"%PDF")):
            assert (await taken(ana, entry)).startswith(begins)
        assert b"data:font/woff2" in await taken(ana, "Drawing (SVG)")
        await sentence(ana, "Please open the whiteboard").click()
        await until(ana, 4 + spoken("mara")[2]["from"] + 1)
        await ana.press("Pause")
        await at(ana, 24.5, anchor=True)
        await expect(chat(ana)).to_have_text(["Only we two are here"])
        assert [each for each in asked if not each.startswith(("file:", "data:", "blob:"))] == []
        assert ana.faults == []


async def test_an_empty_file_says_so(browser: Browser) -> None:
    async with person(browser, "Ana") as ana:
        await ana.page.goto((ROOT / "static" / "dist" / "replay.html").as_uri())
        await ana.sees("There is no session in this file")


# -- What is done and seen --


def spoken(name: str) -> list[dict[str, float]]:
    sentences: list[dict[str, float]] = json.loads((SPEECH / "spoken.json").read_text())[name]
    return sentences


def stamp(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def scheduled(demo: Demo, token: str, people: list[str]) -> str:
    soon = datetime.now(UTC) + timedelta(minutes=1)
    times = {"scheduledStart": soon.isoformat(), "scheduledEnd": (soon + timedelta(hours=1)).isoformat()}
    features = [{"type": each, "isEnabled": True} for each in ("chat", "breakout", "poll")]
    made = post(demo, "/live-sessions", token, {"title": "Real", "lobby": False, "features": features, **times})
    for user in people:
        post(demo, f"/live-sessions/{made['id']}/registrations", token, {"userId": user})
    return str(made["id"])


def post(demo: Demo, path: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{demo.url}/api/v1{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        made: dict[str, Any] = json.load(answer)
    return made


def answers_for(demo: Demo, played: Played, user: UserId, sound: Sound | None) -> Answers:
    ids = {each["name"]: each["userId"] for each in read_json(f"{demo.url}/api/v1/demo")["cast"]}
    return Answers(played, user, sound, {each: ids[name] for each, name in CAST.items()})


async def enter(demo: Demo, who: Person) -> None:
    await who.page.goto(f"{demo.url}/demo/{who.name.lower()}")
    await expect(who.page.get_by_role("tab", name="Chat")).to_be_visible(timeout=20_000)


async def opens(
    demo: Demo,
    who: Person,
    played: Played,
    sound: Sound | None,
    *,
    at: float = 0,
    transcript: str | None = "completed",
) -> None:
    user = {"Mara": MARA, "Ana": ANA, "Ben": BEN}[who.name]
    await enter(demo, who)
    await serve(who.page, answers_for(demo, played, user, sound), transcript=transcript)
    await who.page.goto(f"{demo.url}/sessions/{SESSION}/replay?t={at}")
    await expect(who.page.get_by_role("slider", name=POSITION)).to_be_visible(timeout=WITHIN_MS)


async def at(who: Person, seconds: float, *, anchor: bool = False) -> None:
    """Goes there by an address, as a link to a moment does."""
    address = who.page.url.split("#")[0].split("?")[0]
    await who.page.goto("about:blank")
    await who.page.goto(f"{address}{'#' if anchor else '?'}t={seconds:.3f}")
    await expect(who.page.get_by_role("slider", name=POSITION)).to_be_visible(timeout=WITHIN_MS)


async def seek(who: Person, part: float) -> float:
    """Milliseconds from the press on the line until the room of that moment is painted."""
    took: float = await who.page.evaluate(
        """async (part) => {
          const line = document.querySelector("[role=slider]");
          const { left, top, width, height } = line.getBoundingClientRect();
          const where = { clientX: left + part * width, clientY: top + height / 2, button: 0, pointerId: 1, bubbles: true };
          const before = document.querySelector("[data-seq]").dataset.seq;
          line.setPointerCapture = () => undefined;
          line.hasPointerCapture = () => true;
          const began = performance.now();
          line.dispatchEvent(new PointerEvent("pointerdown", where));
          line.dispatchEvent(new PointerEvent("pointerup", where));
          while (document.querySelector("[data-seq]").dataset.seq === before) await new Promise(requestAnimationFrame);
          await new Promise(requestAnimationFrame);
          return performance.now() - began;
        }""",
        part,
    )
    return took


def sentence(who: Person, words: str) -> Locator:
    return who.page.locator(".said-words", has_text=words)


def chapter(who: Person, words: str) -> Locator:
    return who.page.locator(".way", has_text=words)


def chat(who: Person) -> Locator:
    return who.page.locator(".chat-log .message-words")


def bars(who: Person) -> Locator:
    return who.page.locator(".replay-stage .bar-count")


def archived(answers: Answers) -> str:
    page = (ROOT / "static" / "dist" / "replay.html").read_text(encoding="utf-8")
    empty = '<script type="application/json" id="archive">null</script>'
    assert page.count(empty) == 1
    return page.replace(empty, empty.replace("null", json.dumps(answers.archive()).replace("<", "\\u003c")))
