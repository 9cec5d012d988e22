"""Journey (k): learning. Mara makes and publishes a course, Ana enrols, reads and hands in, Mara grades, Ana sees it; the
certificate is checked by a stranger. And notes: written beside the room, found again in the replay and in the workbook.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Route, expect

from tests.browser.keyboard import Keyboard
from tests.browser.workshop import PHONE, Demo, Person, enter_demo, person

TITLE = "Paper gardens"
WITHIN_MS = 10_000


@pytest.mark.requirement("B033", "B054", "B066", "B081", "B109", "B123", "B226")
async def test_a_course_from_its_first_word_to_the_certificate(browser: Browser, demo: Demo) -> None:
    async with (
        person(browser, "Mara") as mara,
        person(browser, "Ana", PHONE) as ana,
        person(browser, "Otto") as stranger,
    ):
        for who in (mara, ana):
            await enter_demo(demo, who)
        await make_a_course(demo, mara)
        course = mara.page.url
        await add_lessons_and_an_assignment(mara)
        await a_draft_is_nobody_elses(demo, ana, course)
        await publish(mara, course)
        await enrol(demo, ana)
        await read_the_lesson(ana)
        await hand_in(ana)
        await grade(demo, mara)
        await see_the_grade(ana)
        await complete(ana, course)
        await certify(mara, course)
        number = await show_the_certificate(demo, ana)
        await check_as_a_stranger(demo, stranger, number, "A.")
        await let_the_name_be_told(demo, ana)
        await check_as_a_stranger(demo, stranger, number, "Ana")
        assert [*mara.faults, *ana.faults, *stranger.faults] == []
    assert "Traceback" not in demo.words_logged


async def make_a_course(demo: Demo, mara: Person) -> None:
    await mara.page.goto(f"{demo.url}/")
    await mara.page.get_by_role("link", name="Courses", exact=True).click()
    await mara.press("New course")
    await mara.field("Title").fill(TITLE)
    await mara.field("In one sentence").fill("Gardens that fit into a pocket.")
    await mara.field("Description").fill("You fold, cut and plant.\n\nOnly paper is needed.")
    await mara.press("Save")
    await expect(mara.page.get_by_role("heading", name=TITLE)).to_be_visible()
    await mara.sees("not published")


async def add_lessons_and_an_assignment(mara: Person) -> None:
    await mara.press("Add a module")
    await mara.field("Title").fill("Folding")
    await mara.press("Save")
    await mara.press("What to do with Folding")
    await mara.pick("Add a lesson")
    await mara.field("Title").fill("Mountain and valley")
    await mara.field("Text").fill("Every fold is one of the two.\n\nTurn the paper over and it is the other.")
    await mara.press("Save")
    await mara.page.get_by_role("link", name="Mountain and valley").click()
    await mara.press("Add an assignment")
    await mara.field("Title").fill("A hedge")
    await mara.field("What is to be done").fill("Fold a hedge and say which fold came first.")
    await mara.field("How it is graded").fill("Folds: 60\nWords")
    await mara.sees("Write one criterion a line, each with a name of its own")
    await expect(mara.button("Save")).to_be_disabled()
    await mara.field("How it is graded").fill("Folds: 60\nWords: 40")
    await mara.press("Save")
    await expect(mara.page.get_by_role("link", name="A hedge")).to_be_visible()


async def a_draft_is_nobody_elses(demo: Demo, ana: Person, course: str) -> None:
    await ana.page.goto(course)
    await ana.sees("This does not exist, or not for you.")
    await ana.page.goto(f"{demo.url}/courses")
    await ana.sees("Drawing everyday things")
    await ana.does_not_see(TITLE)


async def publish(mara: Person, course: str) -> None:
    await mara.page.goto(course)
    await mara.press("Edit course")
    await mara.field("Description").fill("You fold, cut and plant a garden.\n\nOnly paper is needed.")
    await mara.press("Save")
    await mara.sees("You fold, cut and plant a garden.")
    await mara.press("Publish")
    await expect(mara.button("Unpublish")).to_be_visible()
    await mara.sees("Nobody has enrolled yet")


async def enrol(demo: Demo, ana: Person) -> None:
    await ana.page.goto(f"{demo.url}/courses")
    await ana.page.get_by_role("searchbox", name="Find a course").fill("pocket")
    await expect(ana.page.get_by_role("link", name="Drawing everyday things")).to_have_count(0)
    await ana.page.get_by_label("Kind").select_option("capstone")
    await ana.sees("No course is like that")
    await ana.page.get_by_label("Kind").select_option("core")
    await ana.page.get_by_role("link", name=TITLE).click()
    await ana.sees("Enrol to read the lessons.")
    await ana.press("Enrol")
    await expect(ana.page.get_by_role("progressbar", name=f"Your progress in {TITLE}")).to_have_attribute(
        "aria-valuenow", "0"
    )


async def read_the_lesson(ana: Person) -> None:
    await ana.page.get_by_role("link", name="Mountain and valley").click()
    await ana.sees("Every fold is one of the two.")
    await ana.check_accessible("a lesson")


async def hand_in(ana: Person) -> None:
    await ana.page.get_by_role("link", name="A hedge").click()
    await ana.field("What I made").fill("A hedge with a gate.")
    await ana.page.reload()  # what was written and not saved is not lost
    await expect(ana.field("What I made")).to_have_value("A hedge with a gate.")
    await ana.press("Save as draft")
    await expect(ana.page.get_by_role("status").filter(has_text="Draft")).to_be_visible()
    await ana.field("Links").fill("not a link")
    await ana.press("Hand in")
    await expect(ana.page.get_by_role("alert")).to_be_visible()
    await ana.field("Links").fill("https://example.org/hedge")
    await ana.press("Hand in")
    await expect(ana.page.get_by_role("status").filter(has_text="Handed in")).to_be_visible()
    await expect(ana.page.get_by_role("link", name="https://example.org/hedge")).to_be_visible()


async def grade(demo: Demo, mara: Person) -> None:
    await mara.page.goto(f"{demo.url}/courses")
    await mara.page.get_by_role("link", name="2 submissions wait to be graded").click()
    await mara.page.get_by_role("region", name="A hedge").get_by_role("link", name="Ana").click()
    await mara.sees("A hedge with a gate.")
    await mara.page.get_by_label("Folds (0 to 60)").fill("45")
    await mara.page.get_by_label("Words (0 to 40)").fill("40")
    await expect(mara.page.get_by_label("Points altogether (0 to 100)")).to_have_value("85")
    await mara.field("Feedback").fill("The gate makes it.")
    await mara.check_accessible("grading")
    await mara.press("Grade")
    await expect(mara.page.get_by_role("status").filter(has_text="Graded")).to_be_visible()


async def see_the_grade(ana: Person) -> None:
    await ana.page.reload()
    work = ana.page.get_by_role("region", name="My work")
    await expect(work).to_contain_text("85 of 100 points")
    await expect(work).to_contain_text("The gate makes it.")
    await expect(work.get_by_role("progressbar", name="Points")).to_have_attribute("aria-valuenow", "85")
    await ana.check_accessible("a graded assignment")


async def complete(ana: Person, course: str) -> None:
    await ana.page.goto(course)
    await ana.page.get_by_role("link", name="Mountain and valley").click()
    await ana.press("I am done with this")
    await ana.press("Back to the course")
    await expect(ana.page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")


async def certify(mara: Person, course: str) -> None:
    await mara.page.goto(course)
    people = mara.page.get_by_role("region", name="Who takes part")
    await expect(people.get_by_role("progressbar", name="Progress of Ana")).to_have_attribute("aria-valuenow", "100")
    await mara.press("Issue the certificate", people)
    await expect(people).to_contain_text("has the certificate")
    await mara.check_accessible("a course of one's own")


async def show_the_certificate(demo: Demo, ana: Person) -> str:
    """Its number."""
    await ana.press("Preferences")
    await ana.pick("My certificates")
    card = ana.page.get_by_role("article", name=TITLE)
    async with ana.page.expect_download() as saving:
        await ana.press("Download (PDF)", card)
    name = (await saving.value).suggested_filename
    assert re.fullmatch(r"FP-\d{4}-\d{6}-\d\.pdf", name)
    assert (await (await saving.value).path()).read_bytes().startswith(b"%PDF-")
    number = name.removesuffix(".pdf")
    await expect(card.get_by_role("link", name="What others see")).to_have_attribute("href", f"/verify/{number}")
    await ana.check_accessible("certificates")
    return number


async def let_the_name_be_told(demo: Demo, ana: Person) -> None:
    await ana.page.get_by_text("Whoever checks it is told my full name").click()
    await expect(ana.page.get_by_role("switch")).to_be_checked()


async def check_as_a_stranger(demo: Demo, stranger: Person, number: str, holder: str) -> None:
    """Somebody whom the server has never seen."""
    await stranger.page.goto(f"{demo.url}/verify/{number}")
    await expect(stranger.page.get_by_role("status").filter(has_text="Valid")).to_be_visible()
    await expect(stranger.page.get_by_text(TITLE)).to_be_visible()
    await expect(stranger.page.get_by_text(holder, exact=True)).to_be_visible()
    await stranger.check_accessible("the check of a certificate")
    await stranger.page.goto(f"{demo.url}/verify/FP-2026-999999-9")
    await stranger.sees("There is no certificate with this number")


@pytest.mark.requirement("W137", "W145", "W166")
async def test_notes_beside_the_room_are_found_again(browser: Browser, demo: Demo) -> None:
    async with person(browser, "Ana", PHONE) as ana, person(browser, "Mara") as mara:
        await enter_demo(demo, ana)
        await write_beside_the_room(ana)
        await enter_demo(demo, mara)
        await mara.show("Notes")
        await mara.sees("No notes yet")  # Ana's are hers
        await end(mara)
        await ana.sees("people took part", within_s=20)
        await find_in_the_workbook(demo, ana)
        await play_from_a_note(ana)
        assert [*ana.faults, *mara.faults] == []


async def write_beside_the_room(ana: Person) -> None:
    await ana.show("Notes")
    await ana.sees("No notes yet")
    await ana.press("New note")
    await ana.page.keyboard.type("Tilt the paper\nnot the hand")
    await expect(ana.page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    await ana.check_accessible("a note beside the room")
    await ana.show("Chat")  # looks elsewhere and comes back
    await ana.show("Notes")
    note = ana.page.get_by_role("article", name="Tilt the paper")
    await expect(note).to_contain_text("not the hand")
    await expect(note).to_contain_text(re.compile(r"At (\d+:)?\d\d:\d\d"))


async def end(mara: Person) -> None:
    await mara.session_menu("End for everybody")
    await mara.press("End for everybody", mara.page.get_by_role("alertdialog"))
    await mara.sees("people took part", within_s=20)


async def find_in_the_workbook(demo: Demo, ana: Person) -> None:
    await ana.page.goto(f"{demo.url}/workbook/notes")
    await expect(ana.page.get_by_role("article")).to_have_count(3)
    await ana.page.get_by_role("searchbox", name="Find in my notes").fill("tilt")
    await expect(ana.page.get_by_role("article")).to_have_count(1)
    await ana.press("Edit Tilt the paper")
    await ana.field("Tags").fill("rim, rim, to practise")
    await expect(ana.page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    await ana.press("Done")
    await ana.press("What to do with Tilt the paper")
    await ana.pick("Pin")
    await expect(ana.page.get_by_role("article")).to_contain_text("Pinned")
    await ana.page.get_by_role("searchbox").fill("")
    await ana.press("rim")
    await expect(ana.page.get_by_role("article")).to_have_count(1)
    await ana.check_accessible("the notes of the workbook")


async def play_from_a_note(ana: Person) -> None:
    stamp = ana.page.get_by_role("article", name="Tilt the paper").get_by_role("button", name=re.compile("^Go to "))
    clock = (await stamp.inner_text()).strip()
    await stamp.click()
    await expect(ana.page).to_have_url(re.compile(r"/replay\?t=\d+$"))
    await ana.tab("Notes").click(timeout=WITHIN_MS)
    position = ana.page.get_by_role("slider", name="Position")
    await ana.page.get_by_role("button", name=f"Go to {clock}").click()
    seconds = sum(int(part) * 60**place for place, part in enumerate(reversed(clock.split(":"))))
    await expect(position).to_have_attribute("aria-valuenow", str(seconds))


@pytest.mark.requirement("W155")
async def test_a_note_changed_elsewhere_is_asked_about(browser: Browser, demo: Demo) -> None:
    async with person(browser, "Ana") as ana, person(browser, "Ana", PHONE) as phone:
        for who in (ana, phone):
            await enter_demo(demo, who)
            await who.page.goto(f"{demo.url}/workbook/notes")
            await who.press("Edit Soft pencil first")
        await phone.field("Note").fill("Soft pencil first, says the phone.")
        await expect(phone.page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
        await ana.field("Note").fill("Soft pencil first, says the desk.")
        await ana.sees("This note was changed elsewhere while you were writing.")
        await ana.sees("Soft pencil first, says the phone.")
        await ana.check_accessible("a note that was changed elsewhere")
        await ana.press("Keep mine")
        await expect(ana.page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
        await phone.page.reload()
        await phone.sees("Soft pencil first, says the desk.")
        assert [*ana.faults, *phone.faults] == []


@pytest.mark.requirement("W058", "W236")
async def test_the_workbook_opens_step_by_step_by_keyboard_alone(browser: Browser, demo: Demo) -> None:
    async with person(browser, "Ana") as ana:
        await enter_demo(demo, ana)
        await ana.page.goto(f"{demo.url}/workbook")
        await ana.sees("First complete Seeing before drawing.")
        keys = await Keyboard.of(ana)
        await keys.activate("Begin: Seeing before drawing")
        await keys.activate("Measuring at arm's length…")
        await keys.activate("I am done with this")
        await expect(ana.page.get_by_role("heading", level=1, name="The spaces between")).to_be_visible()
        await keys.activate("I am done with this")
        await expect(ana.page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")
        await ana.page.goto(f"{demo.url}/workbook")
        await keys.activate("Begin: Light and shadow")
        await expect(ana.page.get_by_role("heading", level=1, name="Light and shadow")).to_be_visible()
        assert ana.faults == []


class Requests:
    """What a server answers about one's own data, as docs/api says it: nothing was asked, then a copy is made and is there; an
    erasure waits for its day and can be taken back."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []

    async def answer(self, route: Route) -> None:
        request, kind = route.request, route.request.url.rpartition("/")[2]
        self.asked.append(f"{request.method} {kind}")
        now = datetime.now(UTC)
        if kind == "content":
            await route.fulfill(body=b"PK", content_type="application/zip")
        elif request.method == "DELETE":
            del self.held[kind]
            await route.fulfill(status=204)
        elif request.method == "POST":
            days = timedelta(days=30 if kind == "erase" else 0)
            self.held[kind] = {"status": "pending", "createdAt": now.isoformat(), "beginsAt": (now + days).isoformat()}
            await route.fulfill(status=202, json=self.held[kind])
        elif kind in self.held:
            await route.fulfill(json=self.held[kind])
        else:
            await route.fulfill(
                status=404, body=json.dumps({"code": "not_found"}), content_type="application/problem+json"
            )

    def complete_the_copy(self) -> None:
        until = (datetime.now(UTC) + timedelta(days=7)).isoformat()
        self.held["export"] |= {"status": "completed", "expiresAt": until, "bytes": 2_500_000}


async def test_ones_own_data_is_had_and_an_account_deleted_after_all_not(browser: Browser, demo: Demo) -> None:
    requests = Requests()
    async with person(browser, "Ana") as ana:
        await enter_demo(demo, ana)
        await ana.page.route(re.compile("/api/v1/privacy/"), requests.answer)
        await ana.page.goto(f"{demo.url}/")
        await ana.press("Preferences")
        await ana.pick("My data")
        await ana.press("Make the file")
        await ana.sees("The file is being made.")
        requests.complete_the_copy()
        async with ana.page.expect_download() as saving:
            await ana.press("Download (2.5 MB)")
        assert (await saving.value).suggested_filename == "my-data.zip"
        await ana.press("Delete my account")
        await ana.press("Cancel", ana.page.get_by_role("alertdialog"))
        assert "POST erase" not in requests.asked
        await ana.press("Delete my account")
        await ana.press("Delete my account", ana.page.get_by_role("alertdialog"))
        await ana.sees("Until then you can change your mind.")
        await ana.press("Keep my account")
        await expect(ana.button("Delete my account")).to_be_visible()
        assert requests.asked.count("DELETE erase") == 1
        assert ana.faults == []
