"""Journey: Mara switches captions on and speaks; Otto reads along on a wide screen and Ana on her phone, until she does not want to."""

import re
from pathlib import Path

from playwright.async_api import Browser, Locator, expect

from tests.browser.hearing import listener, write_microphone
from tests.browser.looks import Looks
from tests.browser.workshop import PHONE, Demo, Person, enter_demo, person

WITHIN_MS = 60_000
"""A sentence takes some seconds, and the engine has a low priority beside three browsers."""

SAID = re.compile(
    "Mara.*(welcome|workshop|sketch|ideas|garden|whiteboard|choose|minutes|compare|drawn|raise|chat)", re.DOTALL
)


def strip(who: Person) -> Locator:
    return who.page.get_by_role("region", name="Captions")


async def test_what_is_said_is_read_by_whoever_wants_to(browser: Browser, demo: Demo, tmp_path: Path) -> None:
    microphone = write_microphone(tmp_path / "mara.wav", "mara", before_s=3.0)
    looks = Looks()
    async with (
        listener("Mara", microphone) as mara,
        person(browser, "Otto") as otto,
        person(browser, "Ana", PHONE) as ana,
    ):
        for each in (mara, otto, ana):
            await enter_demo(demo, each)
            await expect(strip(each)).to_have_count(0)
        await switch(mara, "Captions for everybody", looks)
        await expect(strip(otto)).to_contain_text("What is said appears here.")
        await mara.page.keyboard.press("m")
        for each in (otto, ana):
            await expect(strip(each).get_by_role("log")).to_have_text(SAID, timeout=WITHIN_MS)
            await looks.at(each.page, f"captions of {each.name}")
        await ana.press("Hide captions")
        await expect(strip(ana)).to_have_count(0)
        await ana.page.reload()
        await expect(ana.page.get_by_role("tab", name="Chat")).to_be_visible(timeout=WITHIN_MS)
        await expect(strip(ana)).to_have_count(0)
        await expect(strip(otto)).to_be_visible()
        await switch(ana, "Show captions on this device", looks)
        await expect(strip(ana).get_by_role("log")).to_have_text(SAID, timeout=WITHIN_MS)
        await switch(mara, "Captions for everybody", looks)
        await expect(strip(otto)).to_have_count(0)
        assert [*mara.faults, *otto.faults, *ana.faults] == []
    assert looks.faults == []
    assert "Traceback" not in demo.words_logged
    assert not re.search("whiteboard|garden|compare", demo.words_logged)


async def switch(who: Person, what: str, looks: Looks) -> None:
    await who.press("Sound settings")
    dialog = who.page.get_by_role("dialog")
    await dialog.get_by_text(what).click()
    await looks.at(who.page, f"the setting of captions of {who.name}")
    await who.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
