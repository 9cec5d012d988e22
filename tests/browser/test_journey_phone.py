"""Journey (c): the same on a phone-sized page, and the host's part on a wide one, by keyboard alone.

Nobody here has a mouse or a finger; what has the focus is seen after every single key (keyboard.py).
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, expect

from tests.browser.keyboard import Keyboard
from tests.browser.workshop import PHONE, Demo, enter_demo, person


@asynccontextmanager
async def at_keyboards(browser: Browser) -> AsyncIterator[tuple[Keyboard, Keyboard, Keyboard]]:
    """Mara before a wide page, Ana and Otto with a phone each."""
    began = time.monotonic()
    async with (
        person(browser, "Mara") as mara,
        person(browser, "Ana", PHONE) as ana,
        person(browser, "Otto", PHONE) as otto,
    ):
        people = (await Keyboard.of(mara), await Keyboard.of(ana), await Keyboard.of(otto))
        yield people
        assert [fault for each in people for fault in each.who.faults] == []
    keys = ", ".join(f"{each.who.name} {each.presses}" for each in people)
    print(f"\nkeys besides what was typed: {keys}; {time.monotonic() - began:.1f} s")


async def test_a_participant_with_a_phone(browser: Browser, demo: Demo) -> None:
    async with at_keyboards(browser) as (mara, ana, otto):
        for each in (mara, ana, otto):
            await enter_demo(demo, each.who)
        await chat(mara, ana, otto)
        await vote(mara, ana)
        await leave_the_stage_and_return(mara, ana, otto)
        await ask(ana, otto)
        await raise_a_hand_and_react(mara, ana)
        await ask_for_a_right(mara, ana)
    assert "Traceback" not in demo.words_logged


async def test_the_host_steers(browser: Browser, demo: Demo) -> None:
    async with at_keyboards(browser) as (mara, ana, otto):
        await schedule_and_open(demo, mara)
        await come_in(mara, ana, "participant")
        await come_in(mara, otto, "observer")
        await admit(mara, ana, otto)
        await launch_a_prepared_poll(mara, ana)
        await approve_and_answer(mara, ana)
        await pause_and_resume(mara, ana)
        await end(mara, ana, otto)
    assert "Traceback" not in demo.words_logged


# -- with a phone -----------------------------------------------------------------------------------------------------------


FIELD = ("textbox", "Write a message")


async def say(who: Keyboard, words: str) -> None:
    if await who.focused() != FIELD:
        await who.press("c")
    assert await who.focused() == FIELD
    await who.type(words)
    await who.activate("Send")
    await expect(who.who.message(words)).to_be_visible()
    assert await who.focused() == FIELD, "one goes on writing"


async def on_last_message(who: Keyboard, act: str, *, up: int = 0) -> None:
    """From the field to write in, back to the messages, and to what may be done with one of them."""
    await who.press("Shift+Tab")
    await who.press("End")
    for _ in range(up):
        await who.press("ArrowUp")
    await who.activate("More")
    await who.pick(act)


async def chat(mara: Keyboard, ana: Keyboard, otto: Keyboard) -> None:
    await say(ana, "Is a pencil enough?")
    await expect(mara.who.message("Is a pencil enough?")).to_be_visible()
    await mara.press("c")
    await on_last_message(mara, "Reply")
    assert await mara.focused() == FIELD
    await mara.type("A soft one is best.")
    await mara.press("Enter")
    await expect(ana.who.message("A soft one is best.")).to_contain_text("Is a pencil enough?")
    await on_last_message(ana, "Edit", up=1)
    assert await ana.focused() == ("textbox", "Change your message")
    await ana.press("End")
    await ana.type(" Or ink?")
    await ana.activate("Save the change")
    await expect(otto.who.message("Is a pencil enough? Or ink?")).to_contain_text("edited")
    for each in (mara, ana):
        assert await each.focused() == FIELD, "an answer and a change, too, lead back to the field"
    await say(ana, "for somebody else")
    await on_last_message(ana, "Delete")
    await confirm(ana, "Delete")
    await mara.who.does_not_see("for somebody else")
    assert (await ana.focused())[0] == "article", "the focus stays where the message was"


async def vote(mara: Keyboard, ana: Keyboard) -> None:
    await leave_the_field(mara)
    await mara.press("n")
    four = ana.who.page.get_by_role("main").get_by_role("button", name="4", exact=True)
    await expect(four).to_be_visible()
    await leave_the_field(ana)
    await ana.press("4")
    await expect(four).to_have_attribute("aria-pressed", "true")
    await ana.activate("Send my answer")
    await ana.who.sees("Your answer: 4")


async def leave_the_stage_and_return(mara: Keyboard, ana: Keyboard, otto: Keyboard) -> None:
    await mara.press("n")
    stage = ana.who.page.get_by_role("main")
    await expect(stage).to_contain_text("Which of these is a bleed edge?")
    await ana.to("Ink printed beyond the trim", back=True)
    await ana.press("Space")
    await expect(stage).to_contain_text("Your answer: Ink printed beyond the trim")
    for each in (ana, otto):
        await each.press("p")
        await each.activate("Look at it")
        away = each.who.page.get_by_role("main")
        await expect(away).to_contain_text("How is the pace so far?")
        await expect(away).to_contain_text("Mara is showing: Poll")
    await ana.activate("Return", back=True)
    await otto.press("s")
    for each in (ana, otto):
        await expect(each.who.page.get_by_role("main")).to_contain_text("Which of these is a bleed edge?")


async def ask(ana: Keyboard, otto: Keyboard) -> None:
    await ana.press("q")
    assert await ana.focused() == ("textbox", "Ask a question")
    await ana.type("What paper do you use?")
    await ana.to("Without my name")
    await ana.press("Space")
    await ana.activate("Ask")
    assert await ana.focused() == ("textbox", "Ask a question"), "one may ask on"
    await otto.press("q")
    await expect(otto.who.question("What paper do you use?")).to_contain_text("without a name")
    await ana.activate("Vote for this question, 0 votes", back=True)
    await expect(otto.who.question("Will there be a recording?")).to_contain_text("1")


async def raise_a_hand_and_react(mara: Keyboard, ana: Keyboard) -> None:
    hands = mara.who.page.get_by_role("region", name="Raised hands")
    await ana.press("h")
    await expect(hands).to_contain_text("Ana")
    await ana.press("h")
    await expect(hands).to_have_count(0)
    await ana.press("Shift+H")
    await expect(hands).to_contain_text("to this point")
    await ana.to("Listening Use microphone")
    await ana.to("Lower hand", key="ArrowRight")
    await ana.press("Enter")
    await expect(hands).to_have_count(0)
    await ana.press("e")
    await ana.to("👏")
    await ana.press("Enter")
    await expect(mara.who.page.locator(".air")).to_contain_text("👏")
    await ana.press("e")
    await ana.press("Escape")
    await expect(ana.who.page.get_by_role("dialog")).to_have_count(0)


async def ask_for_a_right(mara: Keyboard, ana: Keyboard) -> None:
    await ana.to("Listening Use microphone")
    await ana.to("Ask for a right", key="ArrowRight")
    await ana.press("Enter")
    await ana.pick("to draw")
    await expect(mara.who.page.get_by_role("region", name="Asking for a right")).to_contain_text("Ana")
    await mara.press("u")
    await mara.activate("Allow")
    await mara.pick("for 3 minutes")
    await ana.press("u")
    await ana.who.sees("may draw, 3 min left")


async def confirm(who: Keyboard, act: str) -> None:
    """The question asked before what cannot be undone has the focus on its act."""
    await expect(who.who.button(act, who.who.page.get_by_role("alertdialog"))).to_be_focused()
    await who.press("Enter")
    await expect(who.who.page.get_by_role("alertdialog")).to_have_count(0)


async def leave_the_field(who: Keyboard) -> None:
    """Out of a field, where keys are words, to where they act."""
    while (await who.focused())[0] == "textbox":
        await who.press("Tab")


# -- the host ---------------------------------------------------------------------------------------------------------------


async def schedule_and_open(demo: Demo, mara: Keyboard) -> None:
    await enter_demo(demo, mara.who)
    await mara.activate("Leave")
    await mara.activate("Schedule a session")
    assert await mara.focused() == ("textbox", "Title")
    await mara.type("Paper prototypes")
    await mara.choose("Length", "30")
    await mara.to("Questions wait for approval before all see them")
    await mara.press("Space")
    await mara.activate("Schedule")
    card = mara.who.page.get_by_role("listitem").filter(has_text="Paper prototypes")
    await expect(card).to_be_visible()
    await mara.activate("Open the doors")
    await mara.who.sees("The doors are open")


async def come_in(mara: Keyboard, guest: Keyboard, role: str) -> None:
    await mara.activate("Session")
    await mara.pick("Invite people")
    await mara.choose("They come in as", role)
    await mara.activate("Make a link")
    link = await mara.who.field("Invitation link").input_value()
    await mara.press("Escape")
    await expect(mara.who.page.get_by_role("dialog")).to_have_count(0)
    assert (await mara.focused())[1] == "Session", "closing a dialog leads back to where one was"
    await guest.who.page.goto(link)
    await guest.who.sees("Paper prototypes")
    await guest.to("Your name")
    await guest.type(guest.who.name)
    await guest.press("Enter")
    await guest.who.sees("You can leave this page open.")


async def admit(mara: Keyboard, ana: Keyboard, otto: Keyboard) -> None:
    await mara.who.sees("Waiting to come in")
    await mara.press("u")
    await mara.activate("Let all in")
    await mara.activate("Begin", back=True)
    for guest in (ana, otto):
        await expect(guest.who.tab("Chat")).to_be_visible()
        await guest.who.sees("Live")


async def launch_a_prepared_poll(mara: Keyboard, ana: Keyboard) -> None:
    await mara.press("p")
    await mara.activate("New poll")
    assert await mara.focused() == ("textbox", "Question")
    await mara.type("How was the pace?")
    await mara.choose("Kind", "rating")
    await mara.activate("Save")
    await mara.who.sees("Press N to launch the next one.")
    await mara.press("n")
    await expect(ana.who.page.get_by_role("main").get_by_role("button", name="4", exact=True)).to_be_visible()
    await ana.press("4")
    await ana.who.sees("Your answer: 4")
    await mara.who.sees("1 of 1 answered")
    await mara.press("s")
    await mara.activate("Close the poll")
    await ana.who.sees("Average 4")


async def approve_and_answer(mara: Keyboard, ana: Keyboard) -> None:
    await ana.press("q")
    await ana.type("What paper do you use?")
    await ana.activate("Ask")
    await ana.who.sees("Waits for approval")
    await mara.press("q")
    await mara.activate("Approve", back=True)
    await expect(ana.who.question("What paper do you use?")).not_to_contain_text("Waits for approval")
    await mara.press("q")
    await mara.activate("What to do with this question", back=True)
    await mara.pick("Answer now")
    await expect(ana.who.page.get_by_role("main")).to_contain_text("What paper do you use?")
    await mara.press("s")
    await mara.activate("Mark as answered")
    await ana.who.sees("Nothing on the stage")


async def pause_and_resume(mara: Keyboard, ana: Keyboard) -> None:
    await mara.activate("Session", back=True)
    await mara.pick("Pause")
    await ana.who.sees("The session is paused")
    await mara.activate("Resume", back=True)
    await expect(ana.who.page.get_by_text("The session is paused")).to_have_count(0)


async def end(mara: Keyboard, ana: Keyboard, otto: Keyboard) -> None:
    await mara.activate("Session", back=True)
    await mara.pick("End for everybody")
    await confirm(mara, "End for everybody")
    await asyncio.gather(*(each.who.sees("people took part", within_s=20) for each in (mara, ana, otto)))
    await ana.who.sees("Your part in it", within_s=20)
    await mara.to("Attendance (CSV)")
    await ana.activate("To my sessions")
    await expect(ana.who.page.get_by_role("heading", name="My sessions")).to_be_visible()
    await expect(ana.who.page.get_by_text(re.compile("Paper prototypes"))).to_be_visible()
