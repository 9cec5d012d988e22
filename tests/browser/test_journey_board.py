"""Journey: people draw together on one board, a PDF is presented, and the server is ended with `kill -9` meanwhile.

What is on a screen is taken from the screen: as the file that "Take along" gives, which holds what Excalidraw shows. What is
in the log is asked of the server. Both must hold the same.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, FloatRect, Locator, expect

from tests.browser.workshop import Demo, Person, enter_demo, person, read_json

WITHIN_MS = 15_000
MENU = "More for this page"


async def test_people_draw_together(browser: Browser, demo: Demo) -> None:
    """Three at once; one takes back only her own; a fourth cannot, then may."""
    async with (
        person(browser, "Mara") as mara,
        person(browser, "Ana") as ana,
        person(browser, "Ben") as ben,
        person(browser, "Otto") as otto,
    ):
        everybody = (mara, ana, ben, otto)
        for who in everybody:
            await enter_demo(demo, who)
        await begin_with_an_empty_page(demo, mara)
        await mara.press(MENU)
        await mara.pick("Let everybody in this room draw")
        await mara.press("Show to all")
        for who in everybody:
            await on_board(who)
        await mara.check_accessible("the board of a moderator")
        await otto.check_accessible("the board of somebody who looks on")
        await asyncio.gather(*(stroke(who, row, 3) for row, who in enumerate((mara, ana, ben))))
        await all_show_the_log(demo, everybody, strokes=9)
        await undo_takes_back_ones_own(demo, everybody)
        await what_others_drew_stays(demo, ana, mara)
        await a_fourth_asks(demo, otto, mara, everybody)
        assert [fault for who in everybody for fault in who.faults] == []


async def undo_takes_back_ones_own(demo: Demo, everybody: tuple[Person, ...]) -> None:
    _mara, ana, ben, _otto = everybody
    before = drawn_by(demo, ana)
    assert set(before.values()) == {id_of(demo, "Mara"), id_of(demo, "Ana"), id_of(demo, "Ben")}
    await focus(ana)
    for _ in range(5):  # more often than she drew
        await ana.page.keyboard.press("Control+z")
    await all_show_the_log(demo, everybody, strokes=6)
    left = drawn_by(demo, ana)
    assert left == {key: user for key, user in before.items() if user != id_of(demo, "Ana")}
    await stroke(ben, 2, 1, down=60)
    await focus(ana)
    for _ in range(5):
        await ana.page.keyboard.press("Control+Shift+z")
    await all_show_the_log(demo, everybody, strokes=10)
    assert {key for key, user in drawn_by(demo, ana).items() if user == id_of(demo, "Ana")} == {
        key for key, user in before.items() if user == id_of(demo, "Ana")
    }


async def what_others_drew_stays(demo: Demo, ana: Person, mara: Person) -> None:
    """Ana removes everything: her own goes, the rest is back on her screen, and she is told why."""
    hers = {key for key, user in drawn_by(demo, ana).items() if user == id_of(demo, "Ana")}
    before = set(drawn_by(demo, ana))
    await focus(ana)
    await ana.page.keyboard.press("v")
    await ana.page.keyboard.press("Control+a")
    await ana.page.keyboard.press("Delete")
    await ana.sees("You can only remove what you drew yourself. The rest is back.")
    await ana.press("Put away")
    await until_strokes(demo, len(before - hers))
    for who in (ana, mara):
        await expect_scene(who, before - hers)


async def a_fourth_asks(demo: Demo, otto: Person, mara: Person, everybody: tuple[Person, ...]) -> None:
    """Otto only observes: what everybody may is not his."""
    before = set(drawn_by(demo, otto))
    await otto.sees("You are looking on.")
    await stroke(otto, 3, 1)
    await asyncio.sleep(1)
    assert set(drawn_by(demo, mara)) == before
    await expect_scene(otto, before)
    await otto.press("Ask to draw")
    await otto.sees("You asked to draw. Staff can see it.")
    await mara.press("Allow")
    await mara.pick("without a limit")
    await expect(otto.page.get_by_text("You asked to draw.")).to_have_count(0, timeout=WITHIN_MS)
    await stroke(otto, 3, 1)
    await all_show_the_log(demo, everybody, strokes=len(before) + 1)
    assert list(drawn_by(demo, mara).values()).count(id_of(demo, "Otto")) == 1


async def test_a_pdf_is_presented(browser: Browser, demo: Demo, tmp_path: Path) -> None:
    """Everybody follows page and view, looks away by moving it, and comes back with one click."""
    async with person(browser, "Mara") as mara, person(browser, "Ana") as ana:
        for who in (mara, ana):
            await enter_demo(demo, who)
        await mara.page.keyboard.press("b")
        await on_board(mara)
        await mara.press("Add a page")
        async with mara.page.expect_file_chooser() as choosing:
            await mara.pick("Slides from a PDF")
        document = tmp_path / "slides.pdf"
        document.write_bytes(pdf_of("First slide", "Second slide", "Third slide"))
        await (await choosing.value).set_files(document)
        await expect(mara.page.locator(".board-page")).to_have_count(4, timeout=60_000)
        await expect(page_of(mara)).to_have_attribute("aria-label", "Page 2 of 4: Page 2", timeout=WITHIN_MS)
        await mara.press("Show to all")
        await on_board(ana)
        await expect(slide(ana)).to_be_visible(timeout=WITHIN_MS)
        await ana.sees("You see what Mara looks at")
        await focus(mara)
        await mara.page.keyboard.press("PageDown")
        await expect(page_of(ana)).to_have_attribute("aria-label", "Page 3 of 4: Page 3", timeout=WITHIN_MS)
        await expect(slide(ana)).to_be_visible(timeout=WITHIN_MS)
        await the_view_is_followed(mara, ana)
        await stroke(mara, 1, 1)
        await expect_strokes_on_screen(ana, 1)
        assert [*mara.faults, *ana.faults] == []


async def the_view_is_followed(mara: Person, ana: Person) -> None:
    await zoom(mara, closer=True)
    await expect_the_same_view(mara, ana)
    await zoom(ana, closer=False)
    away = await scale_of(ana)
    await zoom(mara, closer=True)
    await expect(ana.button("Follow Mara")).to_be_visible()
    await asyncio.sleep(3)  # Mara's view was told again meanwhile
    assert await scale_of(ana) == away
    await ana.press("Follow Mara")
    await expect_the_same_view(mara, ana)


async def test_every_template_is_taken_by_the_server(browser: Browser, demo: Demo) -> None:
    """What a template brings passes the list of what an element may be, and is an act of one's own: it can be undone."""
    async with person(browser, "Mara") as mara:
        await enter_demo(demo, mara)
        await begin_with_an_empty_page(demo, mara)
        for name in ("Brainstorm", "Grid", "Retrospective", "Kanban", "SWOT", "Two by two", "Timeline"):
            await mara.press(MENU)
            await mara.pick("Template")
            await mara.page.get_by_role("dialog").get_by_role("button", name=name).click()
            await until_strokes(demo, 6, at_least=True)
            scene = await scene_of(mara)
            await expect_scene(mara, {each["id"] for each in board_of(demo)["elements"]})
            await focus(mara)
            await mara.page.keyboard.press("Control+z")
            await until_strokes(demo, 0)
            print(f"{name}: {len(scene)} elements")
        assert mara.faults == []


async def test_a_kill_takes_nothing_from_the_board(browser: Browser, demo: Demo) -> None:
    """Whatever the server had acknowledged is there after `kill -9`; what was drawn while there was none arrives, once."""
    async with person(browser, "Mara") as mara, person(browser, "Theo") as theo, person(browser, "Ana") as ana:
        everybody = (mara, theo, ana)
        for who in everybody:
            await enter_demo(demo, who)
        await begin_with_an_empty_page(demo, mara)
        await mara.press("Show to all")
        for who in everybody:
            await on_board(who)
        drawing = asyncio.gather(stroke(mara, 0, 12), stroke(theo, 1, 12))
        await until_strokes(demo, 6, at_least=True)
        acknowledged = set(drawn_by(demo, mara))
        demo.kill()
        await drawing
        await expect(mara.page.get_by_role("status").filter(has_text="Reconnecting …")).to_be_visible()
        await stroke(mara, 2, 2)
        demo.start()
        await demo.ready()
        for who in everybody:
            await expect(who.page.get_by_role("status").filter(has_text="Reconnecting …")).to_have_count(
                0, timeout=WITHIN_MS
            )
        await all_show_the_log(demo, everybody, strokes=26)
        assert acknowledged <= set(drawn_by(demo, mara))
        print(f"\n{len(acknowledged)} strokes were in the log at the kill, 26 of 26 afterwards on 3 screens")
        await a_reload_in_vain(demo, theo, everybody)
        assert [fault for who in everybody for fault in who.faults] == []
    assert "Traceback" not in demo.words_logged


async def a_reload_in_vain(demo: Demo, theo: Person, everybody: tuple[Person, ...]) -> None:
    """What was drawn without a server outlives the page it was drawn on."""
    address = theo.page.url
    demo.kill()
    await stroke(theo, 3, 2)
    await theo.page.goto("about:blank")
    demo.start()
    await demo.ready()
    await theo.page.goto(address)
    await on_board(theo)
    await all_show_the_log(demo, everybody, strokes=28)


# -- Drawing, as a hand does --


async def begin_with_an_empty_page(demo: Demo, mara: Person) -> None:
    """The demo has a sketch on its board."""
    await mara.page.keyboard.press("b")
    await on_board(mara)
    await mara.press(MENU)
    await mara.pick("Clear this page")
    await mara.press("Clear this page", mara.page.get_by_role("alertdialog"))
    await until_strokes(demo, 0)
    await expect_scene(mara, set())


async def on_board(who: Person) -> None:
    await expect(who.page.locator(".board-area canvas.interactive")).to_be_visible(timeout=30_000)
    await expect(who.page.get_by_text("Opening the board")).to_have_count(0)


async def focus(who: Person) -> None:
    await who.page.locator(".board-area .excalidraw").first.focus()


async def area_of(who: Person) -> FloatRect:
    box = await who.page.locator(".board-area").bounding_box()
    assert box is not None
    return box


async def stroke(who: Person, row: int, times: int, down: int = 0) -> None:
    """Freehand, each row at another height, so that nobody draws over anybody else."""
    await focus(who)
    await who.page.keyboard.press("p")
    area = await area_of(who)
    for at in range(times):
        x, y = area["x"] + 60 + at * 38, area["y"] + 130 + row * 90 + down
        await who.page.mouse.move(x, y)
        await who.page.mouse.down()
        for step in range(1, 6):
            await who.page.mouse.move(x + step * 5, y + (step % 2) * 30)
        await who.page.mouse.up()
        await asyncio.sleep(0.12)


async def zoom(who: Person, *, closer: bool) -> None:
    area = await area_of(who)
    await who.page.mouse.move(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    await who.page.keyboard.down("Control")
    await who.page.mouse.wheel(0, -200 if closer else 200)
    await who.page.keyboard.up("Control")
    await asyncio.sleep(0.5)


# -- What is where --


async def scene_of(who: Person) -> dict[str, Any]:
    """What is on the screen, by the ids of its elements."""
    await who.press(MENU)
    async with who.page.expect_download() as saving:
        await who.pick("Excalidraw file")
    place = await (await saving.value).path()
    saved = json.loads(await asyncio.to_thread(place.read_text))
    return {each["id"]: each for each in saved["elements"] if not each["isDeleted"]}


async def expect_scene(who: Person, ids: set[str]) -> None:
    seen: set[str] = set()
    for _ in range(20):
        seen = set(await scene_of(who))
        if seen == ids:
            return
        await asyncio.sleep(0.25)
    raise AssertionError(f"{who.name} has {len(seen)} elements on the screen, not {len(ids)}")


async def expect_strokes_on_screen(who: Person, count: int) -> None:
    for _ in range(20):
        if len(await scene_of(who)) == count:
            return
        await asyncio.sleep(0.25)
    raise AssertionError(f"{who.name} does not have {count} elements on the screen")


async def all_show_the_log(demo: Demo, everybody: tuple[Person, ...], *, strokes: int) -> None:
    await until_strokes(demo, strokes)
    logged = {each["id"]: each for each in board_of(demo)["elements"]}
    for who in everybody:
        await expect_scene(who, set(logged))
        scene = await scene_of(who)
        assert {key: each.get("points") for key, each in scene.items()} == {
            key: each.get("points") for key, each in logged.items()
        }


async def until_strokes(demo: Demo, count: int, *, at_least: bool = False) -> None:
    there = -1
    for _ in range(80):
        there = len((await asyncio.to_thread(board_of, demo))["elements"])
        if there == count or (at_least and there > count):
            return
        await asyncio.sleep(0.25)
    raise AssertionError(f"the log has {there} elements, not {count}")


def drawn_by(demo: Demo, _reader: Person) -> dict[str, str]:
    """Who drew each element that the log has."""
    board = board_of(demo)
    return {each["id"]: creator for each, creator in zip(board["elements"], board["creators"], strict=True)}


def board_of(demo: Demo) -> dict[str, Any]:
    told = read_json(f"{demo.url}/api/v1/demo")
    token = next(each["token"] for each in told["cast"] if each["name"] == "Mara")
    sessions = read_json(f"{demo.url}/api/v1/live-sessions?mine=true&limit=100", token)["items"]
    session = next(each["id"] for each in sessions if each["status"] == "active")
    return dict(read_json(f"{demo.url}/api/v1/live-sessions/{session}/boards/main", token))


def id_of(demo: Demo, name: str) -> str:
    token = next(each["token"] for each in read_json(f"{demo.url}/api/v1/demo")["cast"] if each["name"] == name)
    return str(read_json(f"{demo.url}/api/v1/me", token)["id"])


def page_of(who: Person) -> Locator:
    return who.page.locator(".board-page[aria-current=page]")


def slide(who: Person) -> Locator:
    return who.page.locator("img.board-slide[src^='blob:']")


async def scale_of(who: Person) -> float:
    """How wide the slide is on the screen, in pixels."""
    box = await slide(who).bounding_box()
    assert box is not None
    return round(box["width"], 1)


async def expect_the_same_view(mara: Person, ana: Person) -> None:
    """All that Mara sees, as large as it can be: Ana's board has less room, because it tells her that she looks on."""
    hers, his = await area_of(ana), await area_of(mara)
    share = min(hers["width"] / his["width"], hers["height"] / his["height"])
    for _ in range(60):
        if abs(await scale_of(ana) - await scale_of(mara) * share) < 2:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"the slide is {await scale_of(ana)} wide for Ana, {await scale_of(mara)} for Mara")


def pdf_of(*titles: str) -> bytes:
    """A document of text in a font that it does not bring along, a page for each title."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for title in titles:
        words = f"BT /F1 60 Tf 120 300 Td ({title}) Tj ET 0.1 0.5 0.4 rg 120 200 500 20 re f"
        objects.append(f"<< /Length {len(words)} >>\nstream\n{words}\nendstream")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 960 540] /Contents {len(objects)} 0 R "
            "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out = b"%PDF-1.4\n"
    places = []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{each}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    return out + f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
