"""Every page and dialog of the client: WCAG 2.2 AA by axe, in light and dark, wide and on a phone; targets; widths; French.

One server and one browser for the whole file. Each part walks through pages that lie close together and stops where there
is something to look at; the session is led beside the pages, over REST.
"""

import asyncio
import json
import re
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from live.demo_learning import ASSIGNMENT, COURSE, LESSONS_OF_COURSE, LIGHT, SEEING, WORK
from tests.browser.chromium import SOUND_FLAGS, launch_chromium
from tests.browser.looks import Looks
from tests.browser.workshop import PHONE, WIDE, Demo, Person, enter_demo, person, read_json

pytestmark = pytest.mark.asyncio(loop_scope="module")
SIZES = pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
Walk = AsyncIterator[str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with launch_chromium(*SOUND_FLAGS) as browser:  # their microphone beeps
        yield browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory, seeded: Path) -> AsyncIterator[Demo]:
    demo = Demo(tmp_path_factory.mktemp("demo"), seeded)
    demo.start()
    await demo.ready()
    yield demo
    await asyncio.to_thread(demo.stop)


FOLDING = {"title": "Folding", "description": "Paper."}
"""A course for a certificate."""


@dataclass(frozen=True)
class Taught:
    """Ids of the demo's course, of its lessons in their order, of its assignment and of what Ben handed in."""

    course: str
    lessons: list[str]
    assignment: str
    work: str


class Lead:
    """Leads the demo's sessions over REST, so that pages have something to show."""

    def __init__(self, demo: Demo) -> None:
        self.api = f"{demo.url}/api/v1"
        told = read_json(f"{self.api}/demo")
        self.tokens = {each["name"]: each["token"] for each in told["cast"]}
        self.people = {each["name"]: each["userId"] for each in told["cast"]}
        self.sessions: dict[str, str] = {each["status"]: each["id"] for each in reversed(told["sessions"])}

    def ask(self, name: str, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[name]}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.api}{path}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def do(self, name: str, command: str, *, session: str | None = None, **fields: Any) -> None:
        """A command in the running session, or in another one."""
        path = f"/live-sessions/{session or self.sessions['active']}/commands"
        ack = self.ask(name, path, {"id": str(uuid4()), "type": command, **fields})
        assert ack["ok"], ack

    def change(self, name: str, path: str, body: Any) -> None:
        """In the version it has now."""
        headers = {"Authorization": f"Bearer {self.tokens[name]}", "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(f"{self.api}{path}", headers=headers), timeout=10) as answer:
            headers["If-Match"] = answer.headers["ETag"]
        asked = urllib.request.Request(f"{self.api}{path}", json.dumps(body).encode(), headers, method="PATCH")
        with urllib.request.urlopen(asked, timeout=10):
            pass

    def read(self, name: str, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = read_json(f"{self.api}{path}", self.tokens[name])["items"]
        return items

    def taught(self) -> Taught:
        """The demo's course and what is in it."""
        course = self.read("Mara", "/bootcamp/courses?limit=200")[-1]["id"]
        modules = self.read("Mara", f"/bootcamp/modules?courseId={course}")
        lessons = [
            each["id"] for module in modules for each in self.read("Mara", f"/bootcamp/lessons?moduleId={module['id']}")
        ]
        assignment = self.read("Mara", f"/bootcamp/assignments?lessonId={lessons[-1]}")[0]["id"]
        works = self.read("Mara", f"/bootcamp/submissions?assignmentId={assignment}")
        return Taught(course, lessons, assignment, next(each["id"] for each in works if each["status"] != "draft"))

    def certified(self) -> tuple[str, str]:
        """Id and number of a certificate of Ana's, for a course of one lesson that she has completed."""
        new = FOLDING | {"slug": f"folding-{uuid4().hex}", "estimatedDurationHours": 1}
        course = self.ask("Mara", "/bootcamp/courses", new)["id"]
        self.ask("Mara", f"/bootcamp/courses/{course}/publish", {})
        module = self.ask("Mara", "/bootcamp/modules", {"courseId": course, "title": "One", "moduleOrder": 1})["id"]
        lesson = self.ask("Mara", "/bootcamp/lessons", {"moduleId": module, "title": "Fold", "lessonOrder": 1})["id"]
        enrolled = self.ask("Ana", "/bootcamp/enrollments", {"courseId": course})["id"]
        begun = {"enrollmentId": enrolled, "lessonId": lesson, "status": "in_progress"}
        progress = self.ask("Ana", "/bootcamp/lesson-progress", begun)["id"]
        self.change("Ana", f"/bootcamp/lesson-progress/{progress}", {"status": "completed"})
        while True:  # the worker makes it out
            for each in self.read("Ana", "/bootcamp/certificates"):
                if each["courseId"] == course:
                    return each["id"], each["certificateNumber"]
            time.sleep(0.1)

    def poll(self, text: str, *, launch: bool = True) -> str:
        """Prepares the poll, opens it on the stage, and says its id."""
        self.do("Mara", "poll.import", text=text)
        polls = read_json(f"{self.api}/live-sessions/{self.sessions['active']}/polls", self.tokens["Mara"])["items"]
        made = max(polls, key=lambda each: each["seq"])["id"]
        if launch:
            self.do("Mara", "poll.open", pollId=made)
        return str(made)

    def question(self, text: str) -> str:
        self.do("Ana", "question.ask", text=text)
        path = f"{self.api}/live-sessions/{self.sessions['active']}/questions"
        return str(max(read_json(path, self.tokens["Mara"])["items"], key=lambda each: each["seq"])["id"])

    def recorded(self) -> str:
        """A session that was recorded and is over, and in which Ana was, by its id."""
        now = datetime.now(UTC)
        features = [{"type": each, "isEnabled": True} for each in ("chat", "recording")]
        times = {"scheduledStart": now.isoformat(), "scheduledEnd": (now + timedelta(hours=1)).isoformat()}
        session = self.ask(
            "Mara", "/live-sessions", {"title": "Ink and water", "maxParticipants": 5, "features": features, **times}
        )["id"]
        for command in ("session.start", "session.activate", "recording.start"):
            self.do("Mara", command, session=session)
        self.do("Mara", "recording.mark", session=session, text="The first wash")
        for command in ("recording.stop", "recording.start", "session.end"):
            self.do("Mara", command, session=session)
        return str(session)

    def invite(self) -> str:
        session = self.sessions["scheduled"]
        return str(self.ask("Mara", f"/live-sessions/{session}/invitations", {"role": "participant"})["token"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lead(demo: Demo) -> Lead:
    return await asyncio.to_thread(Lead, demo)


# -- the pages, in walks ----------------------------------------------------------------------------------------------------


async def doors(demo: Demo, lead: Lead, who: Person) -> Walk:
    await who.page.goto(f"{demo.url}/sign-in")
    await who.sees("This is a demo")
    yield "sign-in"
    await who.field("E-mail address").fill("nobody@example.org")
    await who.field("Password").fill("not the password")
    await who.press("Sign in")
    await who.sees("Address and password do not belong together.")
    yield "sign-in, refused"
    await who.page.goto(f"{demo.url}/join#{lead.invite()}")
    await who.sees("invites you to")
    yield "invitation"
    await who.page.goto(f"{demo.url}/what")
    await who.sees("There is nothing at this address")
    yield "nowhere"
    await who.page.goto(f"{demo.url}/join#gone")
    await who.sees("This invitation is not open any more")
    yield "invitation, closed"
    await who.page.goto(f"{demo.url}/reset#gone")
    await who.sees("Set your password")
    yield "reset"
    await who.field("New password").fill("a few words in a row")
    await who.press("Set password")
    await who.sees("This link was used already")
    yield "reset, refused"


async def close(who: Person) -> None:
    """Whatever lies over the page."""
    await who.page.keyboard.press("Escape")
    await expect(who.page.locator("[role=menu], [role=dialog], [role=alertdialog]")).to_have_count(0)


async def before(demo: Demo, lead: Lead, who: Person) -> Walk:
    await enter_demo(demo, who)
    await who.page.route("**/api/v1/live-sessions?*", lambda route: route.fulfill(json={"items": []}))
    await who.page.goto(f"{demo.url}/")
    await who.sees("No sessions yet")
    yield "my sessions, empty"
    await who.page.unroute("**/api/v1/live-sessions?*")
    await who.page.goto(f"{demo.url}/")
    await who.sees("Sketching together")
    yield "my sessions"
    await who.press("Preferences")
    yield "preferences"
    await close(who)
    await who.press("Schedule a session")
    await expect(who.field("Title")).to_be_visible()
    yield "schedule sheet"
    await close(who)
    await who.page.goto(f"{demo.url}/sessions/{lead.sessions['scheduled']}")
    await expect(who.page.get_by_role("main")).to_contain_text("Nobody can come in yet")
    yield "room before the start"
    await who.page.goto(f"{demo.url}/sessions/{uuid4()}")
    await who.sees("There is no such session")
    yield "no such session"


async def lobby(demo: Demo, lead: Lead, who: Person) -> Walk:
    await enter_demo(demo, who)
    await who.page.goto(f"{demo.url}/sessions/{lead.sessions['scheduled']}")
    await who.sees("You can leave this page open.")
    yield "lobby"
    await who.page.get_by_text("Check your sound meanwhile").click()
    await who.press("Try the microphone")
    await who.sees("Your microphone works. It hears you.", within_s=30)
    await who.press("Play a tone")
    await who.sees("Did you hear it?")
    yield "lobby, self-check"
    await who.press("I heard nothing")
    await who.sees("Turn the volume up")


async def hosting(demo: Demo, lead: Lead, who: Person) -> Walk:
    lead.do("Mara", "stage.show", kind="nothing")
    await enter_demo(demo, who)
    await who.sees("Nothing on the stage")
    yield "host's room, stage empty"
    await who.press("Session")
    yield "session menu"
    for act, title in (
        ("Invite people", "Invite people"),
        ("Rights for everybody", "Rights for everybody"),
        ("Chat and questions", "Chat and questions"),
    ):
        await who.pick(act)
        await expect(who.page.get_by_role("dialog", name=title)).to_be_visible()
        if act == "Invite people":
            await who.page.get_by_role("button", name="Make a").click()
            await expect(who.field("Invitation link")).to_be_visible()
        yield f"dialog {title!r}"
        await close(who)
        await who.press("Session")
    await who.pick("End for everybody")
    await expect(who.page.get_by_role("alertdialog")).to_be_visible()
    yield "end dialog"
    await close(who)
    await who.page.keyboard.press("?")
    await expect(who.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    yield "shortcuts dialog"
    await close(who)


async def leading_polls(demo: Demo, lead: Lead, who: Person) -> Walk:
    await enter_demo(demo, who)
    await who.show("Polls")
    await expect(who.button("New poll")).to_be_visible()
    yield "polls of the host"
    await who.press("New poll")
    await who.page.get_by_label("Kind").select_option("quiz")
    yield "poll sheet"
    await close(who)
    await who.press("Import from text")
    await expect(who.page.get_by_role("dialog", name="Import from text")).to_be_visible()
    yield "import dialog"
    await close(who)
    poll = lead.poll("Which is softest? [quiz]\n- HB\n* 6B")
    await who.sees("Close the poll")
    yield "open poll of the host"
    lead.do("Ana", "poll.vote", pollId=poll, choices=[1])
    lead.do("Mara", "poll.close", pollId=poll)
    await who.sees("right answer")
    yield "poll results of the host"


async def leading_people(demo: Demo, lead: Lead, who: Person) -> Walk:
    await enter_demo(demo, who)
    lead.do("Ana", "hand.raise", toPoint=True)
    lead.do("Ben", "permission.ask", permission="can_share_screen")
    lead.do("Mara", "permission.grant", userId=lead.people["Ana"], permission="can_use_whiteboard", minutes=5)
    if await who.tab("People").count():
        await who.tab("People").click()
    await who.sees("Raised hands")
    await who.page.get_by_text("Were here").click()
    await who.sees("may draw, 5 min left")
    yield "people with hands and requests"
    await who.press("What to do with Ben")
    yield "people menu"
    await who.pick("Rights and role")
    await expect(who.page.get_by_role("dialog")).to_be_visible()
    yield "rights dialog"
    await close(who)
    await who.press("What to do with Ben")
    await who.pick("Take out")
    await expect(who.page.get_by_role("alertdialog")).to_be_visible()
    yield "dialog before taking out"
    await close(who)
    lead.do("Ana", "hand.lower")
    lead.do("Mara", "permission.revoke", userId=lead.people["Ben"], permission="can_share_screen")


async def taking_part(demo: Demo, lead: Lead, who: Person) -> Walk:
    lead.do("Mara", "stage.show", kind="nothing")
    await enter_demo(demo, who)
    await who.sees("Nothing on the stage")
    yield "room, stage empty"
    await who.press("Ask for a right")
    yield "menu of rights"
    await close(who)
    await who.page.keyboard.press("e")
    await expect(who.page.get_by_role("dialog", name="Reactions")).to_be_visible()
    yield "reactions"
    await close(who)
    await who.say("Is a **pencil** enough?")
    lead.do("Mara", "chat.lock", locked=True)
    await who.sees("Only staff can write.")
    yield "locked chat"
    lead.do("Mara", "chat.lock", locked=False)
    await expect(who.field("Write a message")).to_be_visible()
    await who.on_message("Is a pencil enough?", "Reply")
    yield "answering a message"
    await who.page.keyboard.press("Escape")
    await who.on_message("Is a pencil enough?", "Delete")
    await expect(who.page.get_by_role("alertdialog")).to_be_visible()
    yield "dialog before deleting"
    await close(who)
    lead.do("Mara", "session.pause")
    await who.sees("The session is paused")
    yield "paused"
    lead.do("Mara", "session.resume")


async def answering(demo: Demo, lead: Lead, who: Person) -> Walk:
    await enter_demo(demo, who)
    first = lead.poll("What next? [single]\n- Perspective\n- Light and shadow\n- Portraits")
    await who.sees("Light and shadow")
    yield "open poll"
    await who.page.get_by_role("group", name="What next?").get_by_role("button").nth(1).click()
    await who.sees("Your answer")
    yield "poll answered, results growing"
    second = lead.poll("How was the pace? [rating, anonymous]")
    await who.sees("How was the pace?")
    yield "open anonymous rating"
    lead.do("Mara", "poll.close", pollId=second)
    words = lead.poll("One word for today [text]")
    await expect(who.page.get_by_role("main")).to_contain_text("One to five words")
    yield "open poll for words"
    await who.page.get_by_role("main").get_by_role("textbox").fill("clear, a bit fast")
    await who.press("Send my answer")
    await who.sees("Your answer")
    yield "cloud of words"
    await who.show("Polls")
    await who.press("Look at it")
    await who.sees("Mara is showing: Poll")
    yield "looking away from the stage, and the polls"
    for each in (first, words):
        lead.do("Mara", "poll.close", pollId=each)


async def steering_rooms(demo: Demo, lead: Lead, who: Person) -> Walk:
    await enter_demo(demo, who)
    await who.page.keyboard.press("r")
    await who.sees("How many rooms")
    await who.page.get_by_text("More choices").click()
    await who.page.get_by_text("From a list").click()
    yield "preparing breakout rooms"
    rooms = [{"name": "Ink", "members": [lead.people["Ana"]]}, {"name": "Pencil", "members": [lead.people["Ben"]]}]
    lead.do("Mara", "breakout.create", rooms=rooms)
    await who.press("Plan")
    await who.sees("Not placed yet")
    yield "plan of breakout rooms"
    await who.page.get_by_role("button", name="Move ").first.click()
    yield "menu to move somebody"
    await close(who)
    await who.press("Settings")
    await expect(who.page.get_by_role("dialog")).to_be_visible()
    yield "settings of a plan"
    await close(who)
    await who.page.get_by_role("combobox", name="Countdown").select_option("60")
    await who.press("Open the rooms")
    await who.sees("Do not open")
    yield "countdown of the host"
    await who.press("Do not open")
    await who.page.get_by_role("combobox", name="Countdown").select_option("0")
    await who.press("Open the rooms")
    await who.sees("Call everybody back")
    lead.do("Ana", "breakout.askHelp", text="Which paper?")
    await who.sees("Ana asks for help: Which paper?")
    yield "open breakout rooms of the host"
    await who.press("What to do with Ink")
    yield "menu of a room"
    await close(who)
    await who.press("Call everybody back")
    await expect(who.page.get_by_role("alertdialog")).to_be_visible()
    yield "dialog before calling back"
    await close(who)
    await who.page.get_by_role("button", name="Next room").first.click()
    await expect(who.button("Back to the main room")).to_be_visible()
    yield "host in a breakout room"
    lead.do("Mara", "breakout.close", seconds=0)
    await who.sees("The breakout rooms are closed.")


async def being_in_rooms(demo: Demo, lead: Lead, who: Person) -> Walk:
    lead.do("Mara", "stage.show", kind="nothing")
    await enter_demo(demo, who)
    lead.do("Mara", "breakout.create", rooms=["Ink", "Pencil"], assignment="self", mayReturn=True)
    sets = read_json(f"{lead.api}/live-sessions/{lead.sessions['active']}/breakouts", lead.tokens["Mara"])["items"]
    made = max(sets, key=lambda each: each["seq"])["id"]
    lead.do("Mara", "breakout.open", setId=made, countdown=60)
    await who.sees("Breakout rooms open in")
    yield "countdown"
    lead.do("Mara", "breakout.close", setId=made)
    lead.do("Mara", "breakout.open", setId=made, minutes=5)
    await who.sees("2 rooms are open")
    await who.press("See the rooms")
    await expect(who.button("Go to Ink")).to_be_visible()
    yield "overview of breakout rooms"
    await who.press("Choose a room")
    await who.pick("Ink")
    await who.sees("Nobody else is here yet")
    await who.press("Ask for help")
    await who.say("we draw with ink")
    lead.do("Mara", "breakout.broadcast", text="Two minutes are left.")
    await who.sees("Two minutes are left.")
    yield "in a breakout room"
    lead.do("Mara", "breakout.close", seconds=50)
    await who.sees("Back to the main room in 0:")
    yield "a breakout room that closes"
    lead.do("Mara", "breakout.close", seconds=0)
    await who.page.get_by_role("link", name="See what was made").click()
    await who.sees("we draw with ink")
    yield "results of breakout rooms"


NO_MICROPHONE = """() => {
  navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", "NotAllowedError"); };
  const play = HTMLMediaElement.prototype.play;
  let silent = true;
  HTMLMediaElement.prototype.play = async function () {
    if (silent) throw new DOMException("no", "NotAllowedError");
    return play.call(this);
  };
  addEventListener("allow", () => { silent = false; });
}"""
"""As in a browser that keeps pages silent, of somebody who does not let this one use the microphone."""


async def kept_silent(demo: Demo, lead: Lead, who: Person) -> Walk:
    await who.page.add_init_script(f"({NO_MICROPHONE})()")
    await enter_demo(demo, who)
    await expect(who.button("Turn sound on")).to_be_visible()
    yield "sound kept back by the browser"
    await who.page.evaluate("dispatchEvent(new Event('allow'))")
    await who.press("Turn sound on")
    await expect(who.button("Turn sound on")).to_have_count(0)
    await who.page.keyboard.press("m")
    await who.sees("The browser does not let this page use the microphone.")
    yield "a microphone that was refused"
    await who.press("Put away")
    await who.press("Sound settings")
    await expect(who.button("Use microphone", who.page.get_by_role("dialog"))).to_be_visible()
    yield "settings of the sound, without a microphone"
    await close(who)


async def speaking(demo: Demo, lead: Lead, who: Person) -> Walk:
    if who.page.viewport_size == PHONE:
        who.name = "Ben"  # consent is asked for once
    await enter_demo(demo, who)
    voice = who.page.locator(".microphone-button")
    await expect(voice).to_contain_text("Listening")
    await who.page.keyboard.press("m")
    await expect(voice.and_(who.page.locator("[data-voice=live]"))).to_be_visible()
    yield "somebody who is heard"
    lead.do("Mara", "participant.mute", userId=lead.people[who.name])
    await who.sees("Mara muted you.")
    await expect(voice).to_contain_text("Muted")
    yield "somebody who was muted"
    await who.press("Sound settings")
    await who.sees("Your microphone works. It hears you.", within_s=30)
    yield "settings of the sound"
    await close(who)
    lead.do("Mara", "recording.start")
    await who.sees("This session is being recorded.")
    yield "consent is asked for"
    await who.page.get_by_text("What this means").click()
    await who.sees("You can change your mind at any time")
    yield "what consent means"
    await who.press("Record my voice")
    await expect(who.page.get_by_text("May your voice be part of it?")).to_have_count(0)
    await who.press("Sound settings")
    await who.sees("Your voice is recorded.")
    await who.press("Take my voice out")
    await expect(who.page.get_by_role("alertdialog")).to_be_visible()
    yield "dialog before a voice is taken out"
    await who.page.keyboard.press("Escape")
    await expect(who.page.get_by_role("alertdialog")).to_have_count(0)
    await expect(who.page.get_by_role("dialog").locator(":focus")).to_have_count(1)  # it is given back a moment later
    await close(who)
    lead.do("Mara", "recording.pause")
    await who.page.get_by_text("Recording paused").first.wait_for(state="attached")
    yield "a recording that is paused"
    lead.do("Mara", "recording.stop")
    lead.do(who.name, "audio.mute", muted=False)


async def recording(demo: Demo, lead: Lead, who: Person) -> Walk:
    await enter_demo(demo, who)
    await who.session_menu("Start recording")
    mark = who.page.locator(".recording-mark")
    await expect(mark).to_be_visible()
    if await who.button("Do not record me").count():
        await who.press("Do not record me")
    await mark.click()
    await expect(who.page.get_by_role("menuitem", name="Stop recording")).to_be_visible()
    yield "menu of the recording"
    await close(who)
    await who.page.keyboard.press("k")
    await expect(who.page.get_by_role("dialog", name="Mark this moment")).to_be_visible()
    yield "dialog to mark a moment"
    await who.field("What happens here").fill("The first sketch")
    await who.page.keyboard.press("Enter")
    await expect(who.page.get_by_role("dialog")).to_have_count(0)
    await mark.click()
    await who.pick("Stop recording")
    await expect(mark).to_have_count(0)
    await who.page.goto(f"{demo.url}/sessions/{await asyncio.to_thread(lead.recorded)}")
    await expect(who.page.get_by_role("link", name="Replay the session")).to_be_visible()
    await expect(who.page.locator(".recording-stage")).to_have_count(2)
    yield "what became of two recordings"


async def asking(demo: Demo, lead: Lead, who: Person) -> Walk:
    await enter_demo(demo, who)
    await who.show("Q&A")
    question = lead.question("What paper do you use, and where do you get it?")
    await who.sees("What paper do you use")
    yield "questions"
    await who.press("What to do with this question", who.question("What paper do you use"))
    yield "question menu"
    await close(who)
    lead.do("Mara", "question.answer", questionId=question, state="now")
    lead.do("Mara", "stage.show", kind="question", target=question)
    await expect(who.page.get_by_role("main")).to_contain_text("What paper do you use")
    yield "question on the stage"
    lead.do("Mara", "question.answer", questionId=question, state="done", text="Any. **Smooth** is best.")
    lead.do("Mara", "stage.show", kind="nothing")
    await who.page.get_by_text("Answered", exact=False).first.click()
    await who.sees("Answer by Mara")
    yield "answered question"


async def approving(demo: Demo, lead: Lead, who: Person) -> Walk:
    await enter_demo(demo, who)
    await ask_for_approval(lead, on=True)
    await who.show("Q&A")
    question = lead.question("May I use ink?")
    await expect(who.button("Approve")).to_be_visible()
    yield "queue of questions"
    lead.do("Mara", "question.approve", questionId=question)
    await who.on_question("May I use ink?", "Answer in writing")
    await expect(who.page.get_by_role("dialog")).to_be_visible()
    yield "dialog to answer in writing"
    await close(who)
    await who.on_question("May I use ink?", "Same as another")
    await expect(who.page.get_by_role("dialog")).to_be_visible()
    yield "dialog to merge"
    await ask_for_approval(lead, on=False)


async def ask_for_approval(lead: Lead, *, on: bool) -> None:
    features = [{"type": kind, "isEnabled": True} for kind in ("chat", "poll", "breakout", "whiteboard", "recording")]
    lead.do(
        "Mara", "session.update", features=[*features, {"type": "qa", "isEnabled": True, "config": {"approval": on}}]
    )


async def watching(demo: Demo, lead: Lead, who: Person) -> Walk:
    await enter_demo(demo, who)
    await who.sees("Observers only read.")
    yield "room of an observer"


async def after(demo: Demo, lead: Lead, who: Person) -> Walk:
    await enter_demo(demo, who)
    await who.page.goto(f"{demo.url}/sessions/{lead.sessions['ended']}")
    await who.sees("took part")
    await who.page.wait_for_load_state("networkidle")
    yield f"summary of {who.name}"


async def settles(who: Person, heading: str) -> None:
    await expect(who.page.get_by_role("heading", level=1, name=heading)).to_be_visible()
    await who.page.wait_for_load_state("networkidle")


async def keeping_notes(demo: Demo, lead: Lead, who: Person) -> Walk:
    await enter_demo(demo, who)
    await who.show("Notes")
    await who.sees("No notes yet")
    yield "notes beside the room, none"
    await who.press("New note")
    await who.field("Note").fill("Rim: an ellipse")
    await expect(who.page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    yield "a note being written"
    await who.press("Done")
    await expect(who.page.get_by_role("article", name="Rim: an ellipse")).to_be_visible()
    yield "notes beside the room"
    await who.press("What to do with Rim: an ellipse")
    await who.pick("Delete")
    await expect(who.page.get_by_role("alertdialog")).to_be_visible()
    yield "dialog before a note is deleted"
    await who.press("Delete", who.page.get_by_role("alertdialog"))
    await expect(who.page.get_by_role("article", name="Rim: an ellipse")).to_have_count(0)


async def working_through(demo: Demo, lead: Lead, who: Person) -> Walk:
    await enter_demo(demo, who)
    module = lead.read("Ana", "/modules")[0]["id"]
    await who.page.goto(f"{demo.url}/workbook")
    await settles(who, "My workbook")
    yield "workbook"
    await who.page.goto(f"{demo.url}/workbook/modules/{module}")
    await settles(who, "Seeing before drawing")
    yield "module of the workbook"
    await who.page.goto(f"{demo.url}/workbook/modules/{module}?lesson=spaces")
    await settles(who, "The spaces between")
    yield "lesson of the workbook"
    await who.page.goto(f"{demo.url}/workbook/notes")
    await who.sees("Turn the paper, not the hand")
    yield "notes of the workbook"
    await who.press("Edit Turn the paper")
    await expect(who.field("Tags")).to_be_visible()
    yield "note of the workbook being written"
    await who.page.goto(f"{demo.url}/workbook/recordings")
    await settles(who, "My workbook")
    yield "recordings"
    await who.page.goto(f"{demo.url}/privacy")
    await settles(who, "My data")
    yield "one's own data"
    await who.press("Delete my account")
    await expect(who.page.get_by_role("alertdialog")).to_be_visible()
    yield "dialog before an account is deleted"


async def learning(demo: Demo, lead: Lead, who: Person) -> Walk:
    await enter_demo(demo, who)
    taught = lead.taught()
    path = f"{demo.url}/courses/{taught.course}"
    await who.page.goto(f"{demo.url}/courses")
    await settles(who, "Courses")
    yield "courses"
    await who.page.goto(path)
    await settles(who, "Drawing everyday things")
    yield "course"
    await who.press("Leave the course")
    await expect(who.page.get_by_role("alertdialog")).to_be_visible()
    yield "dialog before leaving a course"
    for number, what in enumerate(("text", "quiz")):
        await who.page.goto(f"{path}/lessons/{taught.lessons[number]}")
        await expect(who.page.get_by_role("heading", level=1)).to_be_visible()
        yield f"lesson, {what}"
    await who.page.goto(f"{path}/assignments/{taught.assignment}")
    await settles(who, "Three things on a page")
    yield "assignment"
    asked = {"submissionId": taught.work, "reviewerId": lead.people["Ana"], "isAnonymous": True}
    if not lead.read("Ana", "/bootcamp/peer-reviews?assigned=true"):
        lead.ask("Mara", "/bootcamp/peer-reviews", asked)
    await who.page.goto(f"{demo.url}/courses")
    await who.page.get_by_role("link", name="1 review to write").wait_for()
    await who.does_not_see("to be graded")  # whoever reads a work to review it does not grade it
    yield "courses, with what waits"
    await who.page.goto(f"{demo.url}/reviews")
    await who.page.get_by_role("link", name="Review 1").wait_for()
    yield "reviews to write"
    await who.page.get_by_role("link", name="Review 1").click()
    await expect(who.button("Send the review")).to_be_visible()
    yield "review"


async def teaching(demo: Demo, lead: Lead, who: Person) -> Walk:
    await enter_demo(demo, who)
    taught = lead.taught()
    path = f"{demo.url}/courses/{taught.course}"
    await who.page.goto(f"{demo.url}/courses")
    await who.press("New course")
    await expect(who.page.get_by_role("dialog")).to_be_visible()
    yield "sheet of a course"
    await who.page.goto(path)
    await expect(who.page.get_by_role("progressbar")).to_have_count(2)
    yield "course of one's own"
    await who.press("What to do with One thing")
    await who.pick("Add a lesson")
    await expect(who.page.get_by_role("dialog")).to_be_visible()
    yield "sheet of a lesson"
    await who.page.goto(f"{path}/lessons/{taught.lessons[0]}")
    await who.press("Add an assignment")
    await who.field("How it is graded").fill("Words")
    yield "sheet of an assignment, unclear"
    await who.page.goto(f"{path}/assignments/{taught.assignment}")
    await who.page.get_by_role("link", name="Ben").wait_for()
    yield "what was handed in"
    await who.page.goto(f"{demo.url}/grading")
    await who.page.get_by_role("link", name="Ben").wait_for()
    yield "what waits to be graded"
    await who.page.goto(f"{demo.url}/submissions/{taught.work}")
    await settles(who, "Ben")
    yield "grading"


async def certified(demo: Demo, lead: Lead, who: Person) -> Walk:
    await enter_demo(demo, who)
    row, number = lead.certified()
    await who.page.goto(f"{demo.url}/certificates")
    await who.page.get_by_role("article", name="Folding").first.wait_for()
    yield "certificates"
    await who.page.goto(f"{demo.url}/verify/{number}")
    await who.sees("This certificate was issued here and is good.")
    yield "certificate, valid"
    lead.ask("Mara", f"/bootcamp/certificates/{row}/revoke", {"reason": "A mistake."})
    await who.page.reload()
    await who.sees("taken back later")
    yield "certificate, revoked"
    await who.page.goto(f"{demo.url}/verify/nonsense")
    await who.sees("There is no certificate with this number")
    yield "certificate, unknown"


# -- looked at --------------------------------------------------------------------------------------------------------------

WALKS: list[tuple[str, Callable[[Demo, Lead, Person], Walk]]] = [
    ("Mara", before),
    ("Ana", lobby),
    ("Mara", hosting),
    ("Mara", leading_polls),
    ("Mara", leading_people),
    ("Mara", approving),
    ("Ana", taking_part),
    ("Ana", answering),
    ("Ana", asking),
    ("Mara", steering_rooms),
    ("Ana", being_in_rooms),
    ("Ana", speaking),
    ("Ana", kept_silent),
    ("Mara", recording),
    ("Otto", watching),
    ("Mara", after),
    ("Ana", after),
    ("Ana", keeping_notes),
    ("Ana", working_through),
    ("Ana", learning),
    ("Mara", teaching),
    ("Ana", certified),
    ("Nobody", doors),
]


@SIZES
@pytest.mark.parametrize(("name", "walk"), WALKS, ids=[f"{walk.__name__}-{name}" for name, walk in WALKS])
async def test_pages(
    browser: Browser, demo: Demo, lead: Lead, size: Any, name: str, walk: Callable[[Demo, Lead, Person], Walk]
) -> None:
    looks = Looks()
    async with person(browser, name, size) as who:
        async for what in walk(demo, lead, who):
            await looks.at(who.page, what)
        assert who.faults == []
    assert looks.faults == [], "\n".join(looks.faults)
    print(f"\n{len(looks.seen)}: {', '.join(looks.seen)}; smallest target {looks.smallest}; lesser {looks.lesser}")


@SIZES
async def test_while_the_server_is_away(browser: Browser, demo: Demo, lead: Lead, size: Any) -> None:
    looks = Looks()
    async with person(browser, "Ana", size) as who:
        await enter_demo(demo, who)
        demo.kill()
        await who.say("Is anybody there?")
        await expect(who.page.get_by_role("status").filter(has_text="Reconnecting …")).to_contain_text("1 unsent")
        await looks.at(who.page, "room, reconnecting, one unsent")
        demo.start()
        await demo.ready()
        await expect(who.page.get_by_text("Reconnecting …")).to_have_count(0, timeout=15_000)
        await expect(who.message("Is anybody there?")).not_to_contain_text("Not sent yet")
    assert looks.faults == [], "\n".join(looks.faults)


# -- French -----------------------------------------------------------------------------------------------------------------

WORDS = """() => [...document.querySelectorAll("button, a, [role=tab], [role=menuitem], h2, label, legend, summary, th, .soft")]
  .filter((each) => each.checkVisibility())
  .flatMap((each) => [each.getAttribute("aria-label"), each.getAttribute("placeholder"), each.innerText])
  .flatMap((words) => (words ?? "").split("\\n"))
  .map((words) => words.trim())
  .filter((words) => /[a-z]{3}/i.test(words))"""
"""What the controls and notes of a page say; not what people wrote."""


def written(value: Any) -> set[str]:
    """Every line of every text in it."""
    match value:
        case str():
            return {line.strip() for line in value.splitlines()}
        case dict():
            return {line for name, each in value.items() for line in {name} | written(each)}
        case list() | tuple():
            return {line for each in value for line in written(each)}
        case _:
            return set()


WRITTEN = written([SEEING, LIGHT, COURSE, FOLDING, dict(LESSONS_OF_COURSE), ASSIGNMENT, WORK])
"""What people wrote in the demo, which stays as it is in any language."""

SAME_IN_BOTH = re.compile(
    r"Atelier|Chat|Notes|Questions|Quiz|Description|Session|Score|Mara|Theo|Ana|Ben|Otto|English|Français|assistant|participant|(\d+ )?[Mm]inutes"
)


async def tour(demo: Demo, lead: Lead, who: Person) -> Walk:
    """Found by their place, not by their words: the same in every language."""
    page = who.page
    await page.goto(f"{demo.url}/sign-in")
    await expect(page.locator(".cast-person")).to_have_count(5)
    yield "sign-in"
    await page.goto(f"{demo.url}/demo/mara")
    tabs = page.get_by_role("tab")
    await expect(tabs.first).to_be_visible(timeout=20_000)
    yield "room"
    for each in range(1, await tabs.count()):
        await tabs.nth(each).click()
        yield f"room, tab {each + 1}"
    for menu in ("first", "second"):
        await page.locator(".room-head [aria-haspopup]").nth(0 if menu == "first" else 1).click()
        await expect(page.get_by_role("menu")).to_be_visible()
        yield f"{menu} menu"
        await close(who)
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    yield "shortcuts"
    await page.goto(f"{demo.url}/")
    await expect(page.locator(".session-card").first).to_be_visible()
    yield "my sessions"
    await page.get_by_role("main").get_by_role("button").nth(1).click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    yield "schedule sheet"
    await page.goto(f"{demo.url}/sessions/{lead.sessions['ended']}")
    await expect(page.get_by_role("heading", level=2).first).to_be_visible()
    await page.wait_for_load_state("networkidle")
    yield "summary"
    taught = lead.taught()
    course = f"/courses/{taught.course}"
    module = lead.read("Mara", "/modules")[0]["id"]
    for what, path in {
        "workbook": "/workbook",
        "module": f"/workbook/modules/{module}",
        "lesson of the workbook": f"/workbook/modules/{module}?lesson=measure",
        "notes": "/workbook/notes",
        "recordings": "/workbook/recordings",
        "courses": "/courses",
        "course": course,
        "quiz": f"{course}/lessons/{taught.lessons[1]}",
        "assignment": f"{course}/assignments/{taught.assignment}",
        "to grade": "/grading",
        "submission": f"/submissions/{taught.work}",
        "reviews": "/reviews",
        "certificates": "/certificates",
        "own data": "/privacy",
        "certificate": "/verify/FP-2026-999999-9",
    }.items():
        await page.goto(f"{demo.url}{path}")
        await expect(page.get_by_role("heading", level=1)).to_be_attached()
        await page.wait_for_load_state("networkidle")
        yield what
    await page.goto(f"{demo.url}/what")
    await expect(page.get_by_role("main").get_by_role("link")).to_be_visible()
    yield "nowhere"


@SIZES
async def test_french(browser: Browser, demo: Demo, lead: Lead, size: Any) -> None:
    """Whoever's browser speaks French is spoken to in French, everywhere, and it has room."""
    looks = Looks()
    said: dict[str, dict[str, set[str]]] = {"en": {}, "fr": {}}
    for language, locale in (("en", "en-GB"), ("fr", "fr-FR")):
        context = await browser.new_context(viewport=size, locale=locale, reduced_motion="reduce")
        who = Person("Mara", context, await context.new_page())
        async for what in tour(demo, lead, who):
            assert await who.page.locator("html").get_attribute("lang") == language, what
            said[language][what] = set(await who.page.evaluate(WORDS))
            if language == "fr":
                await looks.widths(who.page, what)
        assert who.faults == []
        await context.close()
    both = {(what, phrase) for what, words in said["fr"].items() for phrase in words & said["en"][what] - WRITTEN}
    assert {(what, phrase) for what, phrase in both if not SAME_IN_BOTH.fullmatch(phrase)} == set()
    assert looks.faults == [], "\n".join(looks.faults)
    print(f"\n{len(said['fr'])} pages with {sum(map(len, said['fr'].values()))} phrases in French")


async def test_the_language_is_switched(browser: Browser, demo: Demo) -> None:
    """In the middle of things, without loading anew; and it stays."""
    async with person(browser, "Ana") as ana:
        await enter_demo(demo, ana)
        await ana.field("Write a message").fill("half a sent")
        await ana.press("Preferences")
        await ana.pick("Français")
        await expect(ana.page.locator("html")).to_have_attribute("lang", "fr")
        await expect(ana.field("Écrire un message")).to_have_value("half a sent")
        await ana.page.reload()
        await expect(ana.field("Écrire un message")).to_have_value("half a sent", timeout=20_000)
