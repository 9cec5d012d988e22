"""Journey: six people in three breakout rooms and back, each in a browser context of their own; and a server that is ended
with `kill -9` while the rooms count down, to their opening and to their close.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.browser.breakouts import (
    Rest,
    card,
    choose,
    in_menu_of,
    is_back,
    is_in,
    place,
    prepare_by_list,
    recall,
    show_rooms,
)
from tests.browser.workshop import PHONE, WIDE, Demo, Person, enter_demo, person

pytestmark = pytest.mark.timeout(300)  # seven browsers beside each other
ROOMS = {"Ink": ("Ana", "Ben"), "Pencil": ("Kim", "Lea"), "Brush": ("Noor", "Sam")}
ON_PHONE = {"Ben", "Lea"}
GUESTS = ("Kim", "Lea", "Noor", "Sam")
LATE_MAX_S = 2.0
SHAPE = {"id": "shape-of-ana", "type": "rectangle", "x": 0, "y": 0, "width": 120, "height": 80, "version": 1}


async def test_six_people_in_three_rooms(browser: Browser, demo: Demo) -> None:
    async with AsyncExitStack() as stack:
        rest = await asyncio.to_thread(Rest, demo, "Mara")
        mara = await stack.enter_async_context(person(browser, "Mara"))
        await enter_demo(demo, mara)
        link = await invitation(demo, rest)
        six = {
            name: await stack.enter_async_context(person(browser, name, PHONE if name in ON_PHONE else WIDE))
            for name in (each for people in ROOMS.values() for each in people)
        }
        for name, who in six.items():
            if name in GUESTS:
                await enter_as_guest(who, link)
            else:
                await enter_demo(demo, who)
        await open_rooms(mara, six)
        await each_room_has_its_own(six)
        await the_main_room_goes_on(mara, six)
        await help_comes(mara, six)
        await what_they_make(mara, six)
        await board_of_ink(demo)
        await time_is_extended(mara, six)
        await somebody_moves(mara, six)
        await everybody_is_told(mara, six)
        await all_come_back(mara, six)
        await results_are_complete(mara, six)
        assert [fault for who in (mara, *six.values()) for fault in who.faults] == []
    assert "Traceback" not in demo.words_logged


async def test_whoever_chooses_is_shown_the_rooms_that_have_a_place(browser: Browser, demo: Demo) -> None:
    async with person(browser, "Mara") as mara, person(browser, "Ana") as ana, person(browser, "Ben", PHONE) as ben:
        for who in (mara, ana, ben):
            await enter_demo(demo, who)
        await show_rooms(mara)
        await choose(mara, "Who goes where", "People choose themselves")
        await choose(mara, "Seats in a room", "1 seat")
        await mara.check_accessible("rooms to choose from")
        await mara.page.get_by_text("More choices").click()
        await choose(mara, "Countdown", "Open at once")
        await mara.press("Open the rooms")
        for who, room, others in ((ana, "Room 1", 1), (ben, "Room 2", 0)):
            await who.press("Choose a room")
            rooms = who.page.get_by_role("menuitem")
            await expect(rooms).to_have_count(others + 1)
            await expect(rooms.first).to_contain_text("1 seat left")
            await rooms.filter(has_text=room).click()
            await is_in(who, room)
        assert mara.faults + ana.faults + ben.faults == []


async def invitation(demo: Demo, rest: Rest) -> str:
    made = await rest.post("invitations", role="participant")
    return f"{demo.url}/join#{made['token']}"


async def enter_as_guest(who: Person, link: str) -> None:
    await who.page.goto(link)
    await who.field("Your name").fill(who.name)
    await who.press("Join")
    await expect(who.tab("Chat")).to_be_visible(timeout=20_000)


async def open_rooms(mara: Person, six: dict[str, Person]) -> None:
    for name in six:
        await expect(mara.page.get_by_role("region", name="People").get_by_text(name, exact=True)).to_be_visible()
    await show_rooms(mara)
    await mara.check_accessible("preparing rooms")
    await prepare_by_list(mara, "Materials", ROOMS)
    await choose(mara, "How long", "5 minutes")
    await choose(mara, "Countdown", "5 seconds")
    await mara.press("Look at the plan first")
    await expect(card(mara, "Ink").get_by_role("row", name="Ben")).to_be_visible()
    await mara.check_accessible("the plan")
    await six["Noor"].does_not_see("Brush")  # a plan is for staff
    await mara.press("Open the rooms")
    for who in six.values():
        await expect(place(who)).to_contain_text("Breakout rooms open in 0:0")
    for room, people in ROOMS.items():
        for name in people:
            await is_in(six[name], room)
            await expect(place(six[name])).to_contain_text(re.compile(r"[45]:\d\d left"))
    await expect(place(six["Ana"])).to_contain_text("with Ben")


async def each_room_has_its_own(six: dict[str, Person]) -> None:
    for room, people in ROOMS.items():
        writer, reader = (six[name] for name in people)
        await writer.say(f"we are the {room} room")
        await expect(reader.message(f"we are the {room} room")).to_be_visible()
    for who in six.values():
        await expect(who.page.locator("article.message")).to_have_count(1)
        await who.does_not_see("Welcome! Today we draw")
    await six["Kim"].check_accessible("in a room")
    await six["Lea"].check_accessible("in a room, on a phone")


async def the_main_room_goes_on(mara: Person, six: dict[str, Person]) -> None:
    await mara.say("said in the main room meanwhile")
    await expect(mara.message("said in the main room meanwhile")).not_to_contain_text("Not sent yet")
    await six["Ana"].does_not_see("said in the main room meanwhile")


async def help_comes(mara: Person, six: dict[str, Person]) -> None:
    """Staff see whose bell it is and go there; that ends it."""
    await six["Ana"].press("Ask for help")
    await expect(six["Ben"].button("Help is asked for")).to_be_visible()
    await expect(card(mara, "Ink")).to_contain_text("Ana asks for help")
    await expect(place(mara)).to_contain_text("1 room asks for help")
    await mara.check_accessible("open rooms, one asks for help")
    await mara.press("Go there: Ink")
    await is_in(mara, "Ink")
    await expect(place(mara)).to_contain_text("with Ana and Ben")
    await expect(place(six["Ana"])).to_contain_text("with Ben and Mara")
    await expect(six["Ana"].button("Ask for help")).to_be_visible()
    await expect(mara.message("we are the Ink room")).to_be_visible()
    await mara.say("how can I help")
    await expect(six["Ben"].message("how can I help")).to_be_visible()


async def what_they_make(mara: Person, six: dict[str, Person]) -> None:
    """A poll and a question, in one room only."""
    await mara.show("Polls")
    await mara.press("Yes / No")
    for name, words in (("Ana", "Yes"), ("Ben", "Yes")):
        await six[name].page.get_by_role("group", name="Yes / No").get_by_role("button", name=words).click()
    await expect(mara.page.get_by_role("main")).to_contain_text("2 of 2 answered")
    await mara.press("Close the poll")
    await six["Ben"].show("Q&A")
    await six["Ben"].field("Ask a question").fill("How black is black ink?")
    await six["Ben"].press("Ask")
    await six["Ana"].show("Q&A")
    await expect(six["Ana"].question("How black is black ink?")).to_be_visible()
    await six["Kim"].does_not_see("Yes / No")
    await mara.press("Back to the main room")
    await expect(place(mara)).to_contain_text("3 rooms are open")
    await expect(mara.page.get_by_role("main")).not_to_contain_text("Yes / No")


async def board_of_ink(demo: Demo) -> None:
    """Everybody of a room may draw on its board, whose id is that of the room."""
    ana = await asyncio.to_thread(Rest, demo, "Ana")
    opened = [each for each in await ana.log() if each["type"] == "breakout.opened"][-1]
    ink = next(each["id"] for each in opened["rooms"] if each["name"] == "Ink")
    element = {**SHAPE, "versionNonce": 1}
    await ana.do("board.change", boardId=ink, elements=[element])


async def time_is_extended(mara: Person, six: dict[str, Person]) -> None:
    """In one room; the others keep theirs."""
    await show_rooms(mara)
    await in_menu_of(mara, "Pencil", "5 minutes more")
    await expect(place(six["Kim"])).to_contain_text(re.compile(r"[89]:\d\d left"))
    await expect(card(mara, "Pencil")).to_contain_text(re.compile(r"[89]:\d\d left"))
    await expect(place(six["Noor"])).to_contain_text(re.compile(r"[34]:\d\d left"))


async def somebody_moves(mara: Person, six: dict[str, Person]) -> None:
    sam = six["Sam"]
    await mara.press("Move Sam")
    await mara.pick("Pencil")
    await is_in(sam, "Pencil")
    await expect(card(mara, "Pencil").get_by_role("row", name="Sam")).to_be_visible()
    await expect(sam.message("we are the Pencil room")).to_be_visible()
    await sam.does_not_see("we are the Brush room")
    await sam.say("hello from Brush")
    await expect(six["Lea"].message("hello from Brush")).to_be_visible()
    await expect(place(six["Kim"])).to_contain_text("Sam")


async def everybody_is_told(mara: Person, six: dict[str, Person]) -> None:
    await mara.field("Tell everybody, in all rooms").fill("please write down what you found")
    await mara.press("Tell all rooms")
    for who in six.values():
        told = who.page.get_by_role("region", name="Mara to everybody")
        await expect(told).to_contain_text("please write down what you found")
    await six["Ana"].press("Put away")
    await expect(six["Ana"].page.get_by_role("region", name="Mara to everybody")).to_have_count(0)


async def all_come_back(mara: Person, six: dict[str, Person]) -> None:
    ana, lea = six["Ana"], six["Lea"]
    await ana.show("Chat")
    await ana.field("Write a message").fill("half a sen")
    await recall(mara, "10 seconds")
    await expect(place(lea)).to_contain_text("Back to the main room in 0:")
    await expect(lea.page.get_by_role("alert").filter(has_text=re.compile("This room closes in"))).to_have_count(1)
    for who in (mara, *six.values()):
        await is_back(who)
    await expect(ana.message("said in the main room meanwhile")).to_be_visible()
    await ana.does_not_see("we are the Ink room")
    await expect(ana.field("Write a message")).to_have_value("half a sen")


async def results_are_complete(mara: Person, six: dict[str, Person]) -> None:
    for who in (mara, six["Kim"], six["Lea"]):
        await who.page.get_by_role("link", name="See what was made").click()
        await expect(who.page.get_by_role("heading", name="Results: Materials")).to_be_visible()
        await room_has(
            who, "Ink", ["Ana", "Ben", "Mara"], ["we are the Ink room", "how can I help", "How black is black ink?"]
        )
        await room_has(who, "Pencil", ["Kim", "Lea", "Sam"], ["we are the Pencil room", "hello from Brush"])
        await room_has(who, "Brush", ["Noor", "Sam"], ["we are the Brush room"])
        ink = who.page.get_by_role("region", name="Ink", exact=True)
        await expect(ink.get_by_role("listitem").filter(has_text=re.compile(r"^Yes"))).to_contain_text(
            "100%, 2 answers"
        )
        await expect(ink.locator("figure svg")).to_be_visible(timeout=20_000)
        await expect(who.page.locator("figure")).to_have_count(1)
        await who.does_not_see("said in the main room meanwhile")
        await who.check_accessible(f"results as {who.name} sees them")
        await who.page.get_by_role("link", name="Back to the session").click()
        await expect(who.message("said in the main room meanwhile")).to_be_visible()


async def room_has(who: Person, room: str, members: Sequence[str], words: Sequence[str]) -> None:
    part = who.page.get_by_role("region", name=room, exact=True)
    shown = await part.get_by_role("list", name="Who was there").get_by_role("listitem").all_inner_texts()
    assert sorted(each.split("\n")[-1] for each in shown) == sorted(members), (room, shown)
    for each in words:
        await expect(part).to_contain_text(each)


# -- a server that is gone while they count down --


async def test_countdowns_end_on_time_over_a_kill(browser: Browser, demo: Demo) -> None:
    async with person(browser, "Mara") as mara, person(browser, "Ana") as ana, person(browser, "Ben", PHONE) as ben:
        everybody = (mara, ana, ben)
        for who in everybody:
            await enter_demo(demo, who)
        await show_rooms(mara)
        await mara.page.get_by_text("More choices").click()
        await choose(mara, "Countdown", "30 seconds")
        await mara.press("Open the rooms")
        for who in everybody:
            await expect(place(who)).to_contain_text("Breakout rooms open in")
        await killed_meanwhile(demo, ana, "before the opening")
        await expect(place(ana)).to_contain_text(re.compile("^Room [12]"), timeout=40_000)
        await expect(place(ben)).to_contain_text(re.compile("^Room [12]"))
        await expect(place(mara)).to_contain_text("2 rooms are open")
        await recall(mara, "30 seconds")
        await expect(place(ana)).to_contain_text("Back to the main room in")
        await killed_meanwhile(demo, ana, "before the close")
        for who in everybody:
            await expect(place(who)).to_contain_text("The breakout rooms are closed.", timeout=40_000)
        rest = await asyncio.to_thread(Rest, demo, "Mara")
        judge(await rest.log())
        assert [fault for who in everybody for fault in who.faults] == []
    assert "Traceback" not in demo.words_logged


async def killed_meanwhile(demo: Demo, ana: Person, words: str) -> None:
    """What she says is acknowledged, then the server is gone; what she says without one comes later."""
    await ana.say(f"said {words}")
    await expect(ana.message(f"said {words}")).not_to_contain_text("Not sent yet")
    demo.kill()
    await ana.say(f"said without a server {words}")
    await asyncio.sleep(1.0)
    demo.start()
    await demo.ready()
    await expect(ana.message(f"said without a server {words}")).not_to_contain_text("Not sent yet", timeout=15_000)


def judge(log: Sequence[dict[str, Any]]) -> None:
    """Both countdowns ended when they were to end; each message stands once where it was written."""
    by_type = {each["type"]: each for each in log}
    opening, opened, closing, closed = (
        by_type[f"breakout.{kind}"] for kind in ("opening", "opened", "closing", "closed")
    )
    late_s = [
        seconds_between(opening["opensAt"], opened["at"]),
        seconds_between(max(each["closesAt"] for each in closing["closings"]), closed["at"]),
    ]
    print("\nafter their time: " + ", ".join(f"{each:.2f} s" for each in late_s))
    assert all(0 <= each < LATE_MAX_S for each in late_s)
    assert Counter(each["type"] for each in log)["breakout.opened"] == 1
    assert Counter(each["type"] for each in log)["breakout.closed"] == 1
    said = [each for each in log if each["type"] == "chat.sent" and each["text"].startswith("said ")]
    assert Counter(each["text"] for each in said) == {
        f"said {when}{words}": 1
        for when in ("", "without a server ")
        for words in ("before the opening", "before the close")
    }
    ana = said[0]["actor"]
    room = next(each["room"] for each in opened["moves"] if each["userId"] == ana)
    assert [each.get("room") for each in said] == [None, None, room, room]


def seconds_between(one: str, other: str) -> float:
    return (datetime.fromisoformat(other) - datetime.fromisoformat(one)).total_seconds()
