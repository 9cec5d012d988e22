"""Journey (b): somebody ends the server with `kill -9` in the middle, three times, and everybody goes on by themselves.

"By themselves" means: no reload, no click. Timed from the moment at which the new server answers its first request until
the last of the three has the message that was written while there was none. Once the writer reloads her page in vain
while the server is away, so that only what her browser kept can bring the message.
"""

import asyncio
import re
import time
from collections import Counter
from typing import Any

from playwright.async_api import Browser, Error, Locator, expect

from tests.browser.workshop import Demo, Person, enter_demo, person, read_json

KILLS = 3
GO_ON_WITHIN_S = 3.0
SLACK = 5
POLL = "Yes / No"


async def test_everybody_goes_on_after_a_kill(browser: Browser, demo: Demo) -> None:
    async with person(browser, "Mara") as mara, person(browser, "Ana") as ana, person(browser, "Otto") as otto:
        everybody = (mara, ana, otto)
        for who in everybody:
            await enter_demo(demo, who)
        await open_a_poll(mara, ana)
        took_s = []
        for kill in range(1, KILLS + 1):
            took_s.append(await survive(demo, everybody, kill))
            await the_poll_goes_on(mara, ana, kill)
        await survive_a_reload_in_vain(demo, everybody)
        await all_read_the_same(demo, everybody)
        assert [fault for who in everybody for fault in who.faults] == []
    print("\nfrom listening until the last of three went on: " + ", ".join(f"{each:.2f} s" for each in took_s))
    print(f"{sum(each <= GO_ON_WITHIN_S for each in took_s)} of {KILLS} within {GO_ON_WITHIN_S} s")
    assert max(took_s) < GO_ON_WITHIN_S * SLACK
    assert "Traceback" not in demo.words_logged


async def open_a_poll(mara: Person, ana: Person) -> None:
    await mara.show("Polls")
    await mara.press(POLL)
    await answer(ana, "Yes")
    await expect(mara.page.get_by_role("main")).to_contain_text(re.compile(r"1 of \d answered"))
    await mara.show("Chat")


async def survive(demo: Demo, everybody: tuple[Person, ...], kill: int) -> float:
    """Kills, lets Ana write while there is no server, starts it again. Seconds until the last one had her message."""
    mara, ana, _otto = everybody
    await ana.say(f"before kill {kill}")
    await asyncio.gather(*(has_once(who, f"before kill {kill}") for who in everybody))
    demo.kill()
    await ana.say(f"written in outage {kill}")
    await expect(reconnecting(ana)).to_have_text(re.compile(r"Reconnecting …\s*1 unsent"))
    await expect(ana.message(f"written in outage {kill}")).to_contain_text("Not sent yet")
    for who in everybody:
        await expect(reconnecting(who)).to_be_visible()
    demo.start()
    listening = await demo.listening()
    moments = await asyncio.gather(*(went_on(who, f"written in outage {kill}") for who in everybody))
    started = ", ".join(f"{who.name} {at - listening:.2f} s" for who, at in zip(everybody, moments, strict=True))
    print(f"\nkill {kill}: went on after {started}")
    await mara.say(f"after kill {kill}")
    await asyncio.gather(*(has_once(who, f"after kill {kill}") for who in everybody))
    return max(moments) - listening


async def went_on(who: Person, words: str) -> float:
    """The moment at which the message had come and nothing was being waited for any more."""
    await expect(who.message(words)).to_be_visible(timeout=GO_ON_WITHIN_S * SLACK * 1000)
    await expect(who.message(words)).not_to_contain_text("Not sent yet", timeout=GO_ON_WITHIN_S * SLACK * 1000)
    await expect(reconnecting(who)).to_have_count(0, timeout=GO_ON_WITHIN_S * SLACK * 1000)
    at = time.monotonic()
    await has_once(who, words)
    return at


async def the_poll_goes_on(mara: Person, ana: Person, kill: int) -> None:
    """It is as open as it was, and answers are counted on: Ana changes hers, and once the host answers too."""
    await expect(mara.button("Close the poll").first).to_be_visible()
    now, before = ("No", "Yes") if kill % 2 else ("Yes", "No")
    await ana.press("Change my answer")
    await answer(ana, now)
    await expect(bar(mara, now)).to_contain_text("100%")
    await expect(bar(mara, before)).to_contain_text("0%, 0 answers")
    if kill == KILLS:
        await mara.press("Answer it too")
        await answer(mara, before)
        await expect(bar(ana, before)).to_contain_text("50%, 1 answer")


async def survive_a_reload_in_vain(demo: Demo, everybody: tuple[Person, ...]) -> None:
    """What was written without a server outlives the page it was written on."""
    _mara, ana, _otto = everybody
    address = ana.page.url
    demo.kill()
    await ana.say("kept by the browser alone")
    await expect(reconnecting(ana)).to_contain_text("1 unsent")
    try:
        await ana.page.reload()
    except Error as refused:
        print(f"\nthe reload: {refused.message.splitlines()[0]}")
    await expect(ana.message("kept by the browser alone")).to_have_count(0)
    demo.start()
    await demo.ready()
    await ana.page.goto(address)
    await asyncio.gather(*(has_once(who, "kept by the browser alone", within_s=15) for who in everybody))
    await expect(ana.message("kept by the browser alone")).not_to_contain_text("Not sent yet")


async def all_read_the_same(demo: Demo, everybody: tuple[Person, ...]) -> None:
    """One order, nothing twice: on the three pages, and in what the server tells of its log."""
    pages = [await who.page.locator("article.message .message-words").all_inner_texts() for who in everybody]
    assert pages[0] == pages[1] == pages[2]
    logged = await asyncio.to_thread(read_log, demo, everybody[0])
    told = Counter(each["text"] for each in logged if each["type"] == "chat.sent")
    rounds = [f"{when} {n}" for n in range(1, KILLS + 1) for when in ("before kill", "written in outage", "after kill")]
    written = [*rounds, "kept by the browser alone"]
    assert [told[words] for words in written] == [1] * len(written)
    assert [words for words in told if words in written] == written
    assert pages[0][-len(written) :] == written
    print(
        f"{len(written)} messages over {KILLS + 1} kills: each once in the log and once on each of {len(pages)} pages"
    )


def read_log(demo: Demo, reader: Person) -> list[dict[str, Any]]:
    """Every event of the session that the reader may see, over REST."""
    cast = read_json(f"{demo.url}/api/v1/demo")["cast"]
    token = next(each["token"] for each in cast if each["name"] == reader.name)
    address = f"{demo.url}/api/v1/live-sessions/{reader.page.url.rsplit('/', 1)[-1]}/events?limit=100"
    page = read_json(address, token)
    events = page["items"]
    while page["nextCursor"] is not None:
        page = read_json(f"{address}&cursor={page['nextCursor']}", token)
        events += page["items"]
    return list(events)


async def answer(who: Person, words: str) -> None:
    await who.page.get_by_role("group", name=POLL).get_by_role("button", name=words).click()


def reconnecting(who: Person) -> Locator:
    return who.page.get_by_role("status").filter(has_text="Reconnecting …")


def bar(who: Person, answer: str) -> Locator:
    return who.page.get_by_role("main").get_by_role("listitem").filter(has_text=answer)


async def has_once(who: Person, words: str, *, within_s: float = 10.0) -> None:
    await expect(who.page.locator("article.message").filter(has_text=words)).to_have_count(1, timeout=within_s * 1000)
