"""Journey (a): a whole workshop, from its schedule to its summary, by three people who each have a browser of their own."""

import time

from playwright.async_api import Browser, expect

from tests.browser.workshop import Demo, Person, enter_demo, person

LENT_S = 60.0


async def test_a_workshop_from_schedule_to_summary(browser: Browser, demo: Demo) -> None:
    async with person(browser, "Mara") as mara, person(browser, "Ana") as ana, person(browser, "Otto") as otto:
        await schedule_with_lobby_and_approval(demo, mara)
        await come_in_by_link(mara, ana, "participant")
        await come_in_by_link(mara, otto, "observer")
        await let_everybody_in(mara, ana, otto)
        await talk(mara, ana, otto)
        lent_at = await lend_a_right_for_a_minute(mara, ana)
        await vote_on_a_rating(mara, ana, otto)
        await take_an_anonymous_quiz(mara, ana)
        await ask_with_approval(mara, ana, otto)
        await pause_and_resume(mara, ana)
        await the_right_runs_out(ana, lent_at)
        await end_and_look_back(mara, ana, otto)
        assert [*mara.faults, *ana.faults, *otto.faults] == []
    assert "Traceback" not in demo.words_logged


async def schedule_with_lobby_and_approval(demo: Demo, mara: Person) -> None:
    await enter_demo(demo, mara)
    await mara.page.goto(f"{demo.url}/")
    await mara.check_accessible("my sessions")
    await mara.press("Schedule a session")
    await mara.field("Title").fill("Paper prototypes")
    await mara.page.get_by_text("Questions wait for approval before all see them").click()
    await mara.check_accessible("the schedule form")
    await mara.press("Schedule")
    card = mara.page.get_by_role("listitem").filter(has_text="Paper prototypes")
    await mara.button("Open the doors", card).or_(card.get_by_role("link", name="Open the doors")).click()
    await mara.sees("The doors are open")


async def come_in_by_link(mara: Person, guest: Person, role: str) -> None:
    await mara.session_menu("Invite people")
    await mara.page.get_by_label("They come in as").select_option(role)
    await mara.press("Make a link")
    link = await mara.page.get_by_role("textbox", name="Invitation link").input_value()
    await mara.page.keyboard.press("Escape")
    await guest.page.goto(link)
    await guest.sees("Paper prototypes")
    await guest.check_accessible("the invitation")
    await guest.field("Your name").fill(guest.name)
    await guest.press("Join")
    await guest.sees("You can leave this page open.")
    await guest.check_accessible("the lobby")


async def let_everybody_in(mara: Person, ana: Person, otto: Person) -> None:
    await mara.sees("Waiting to come in")
    await mara.press("Let all in")
    await mara.press("Begin")
    for guest in (ana, otto):
        await expect(guest.tab("Chat")).to_be_visible()
        await guest.sees("Live")
    await mara.check_accessible("the room")


async def talk(mara: Person, ana: Person, otto: Person) -> None:
    await ana.say("Is a pencil enough?")
    await mara.on_message("Is a pencil enough?", "Reply")
    await mara.say("A soft one is best.")
    await expect(ana.message("A soft one is best.")).to_contain_text("Is a pencil enough?")
    await ana.on_message("Is a pencil enough?", "Edit")
    await ana.field("Change your message").fill("Is a pencil enough, or ink?")
    await ana.press("Save the change")
    await expect(otto.message("Is a pencil enough, or ink?")).to_contain_text("edited")
    await ana.say("this was meant for somebody else")
    await expect(otto.message("this was meant")).to_be_visible()
    await ana.on_message("this was meant", "Delete")
    await ana.press("Delete", ana.page.get_by_role("alertdialog"))
    for reader in (mara, otto):
        await reader.does_not_see("this was meant for somebody else")
    await otto.sees("Observers only read.")


async def lend_a_right_for_a_minute(mara: Person, ana: Person) -> float:
    await ana.press("Ask for a right")
    await ana.pick("to draw")
    asked = mara.page.get_by_role("region", name="Asking for a right")
    await expect(asked).to_contain_text("Ana")
    await mara.press("Allow", asked)
    await mara.pick("for 1 minute")
    await ana.sees("may draw, 1 min left")
    return time.monotonic()


async def vote_on_a_rating(mara: Person, ana: Person, otto: Person) -> None:
    await mara.show("Polls")
    await mara.press("New poll")
    await mara.field("Question").fill("How was the pace?")
    await mara.page.get_by_label("Kind").select_option("rating")
    await mara.check_accessible("the poll form")
    await mara.press("Launch now")
    await expect(ana.page.get_by_role("main")).to_contain_text("How was the pace?")
    await ana.page.get_by_role("group", name="How was the pace?").get_by_role("button").nth(3).click()
    await mara.sees("1 of 1 answered")
    await mara.press("Close the poll")
    await otto.sees("Average 4")


async def take_an_anonymous_quiz(mara: Person, ana: Person) -> None:
    await mara.press("Import from text")
    await mara.page.get_by_role("textbox").last.fill("Which is softest? [anonymous]\n- HB\n* 6B")
    await mara.press("Import")
    await mara.press("Launch")
    await ana.sees("Which is softest?")
    await ana.page.get_by_role("group", name="Which is softest?").get_by_role("button", name="6B").click()
    await ana.press("Send my answer")
    await ana.sees("Anonymous answers are counted together")
    await mara.press("Close the poll")
    await mara.press("Show results")
    await ana.sees("right answer")


async def ask_with_approval(mara: Person, ana: Person, otto: Person) -> None:
    await ana.show("Q&A")
    await ana.field("Ask a question").fill("What paper do you use?")
    await ana.press("Ask")
    await ana.sees("Waits for approval")
    await otto.show("Q&A")
    await otto.does_not_see("What paper do you use?")
    await mara.show("Q&A")
    await mara.press("Approve")
    await otto.sees("What paper do you use?")
    await mara.on_question("What paper do you use?", "Answer now")
    await expect(ana.page.get_by_role("main")).to_contain_text("What paper do you use?")
    await mara.press("Mark as answered")
    await otto.page.get_by_role("group").get_by_text("Answered").first.click()
    await otto.sees("Answered aloud")


async def pause_and_resume(mara: Person, ana: Person) -> None:
    await mara.session_menu("Pause")
    await ana.sees("The session is paused")
    await ana.show("Chat")
    await expect(ana.field("Write a message")).to_be_disabled()
    await mara.press("Resume")
    await expect(ana.field("Write a message")).to_be_enabled()


async def the_right_runs_out(ana: Person, lent_at: float) -> None:
    rest_s = LENT_S - (time.monotonic() - lent_at)
    await expect(ana.page.get_by_text("may draw")).to_have_count(0, timeout=(max(rest_s, 0) + 10) * 1000)


async def end_and_look_back(mara: Person, ana: Person, otto: Person) -> None:
    await mara.session_menu("End for everybody")
    await mara.press("End for everybody", mara.page.get_by_role("alertdialog"))
    for who in (mara, ana, otto):
        await who.sees("people took part", within_s=20)
    await ana.sees("of 100", within_s=20)
    await mara.sees("Attendance (CSV)")
    await otto.sees("Staff and observers are not scored.")
    for who in (mara, ana):
        await who.check_accessible("the summary")
