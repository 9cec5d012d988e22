"""What people do and see with breakout rooms in a browser, by the words of static/src/texts/breakouts/en.ts."""

import asyncio
import json
import re
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from playwright.async_api import Locator, expect

from tests.browser.workshop import Demo, Person, read_json

SOON_MS = 20_000


def place(who: Person) -> Locator:
    """The line that says where one is."""
    return who.page.get_by_role("region", name="Where you are")


async def is_in(who: Person, room: str) -> None:
    await expect(place(who).get_by_role("heading", name=room, exact=True)).to_be_visible(timeout=SOON_MS)


async def is_back(who: Person) -> None:
    await expect(place(who)).to_contain_text("The breakout rooms are closed.", timeout=SOON_MS)


async def show_rooms(who: Person) -> None:
    """Where staff prepare and steer them."""
    await who.page.get_by_role("toolbar", name="Controls").get_by_role("button", name=re.compile("^Rooms")).click()


async def prepare_by_list(mara: Person, name: str, rooms: Mapping[str, Sequence[str]]) -> None:
    await mara.page.get_by_text("More choices").click()
    await mara.field("Name of this set").fill(name)
    await mara.page.get_by_text("From a list").click()
    await mara.field("One room a line").fill(
        "\n".join(f"{room}: {', '.join(people)}" for room, people in rooms.items())
    )


async def choose(who: Person, field: str, option: str) -> None:
    await who.page.get_by_role("combobox", name=field).last.select_option(label=option)


def card(mara: Person, room: str) -> Locator:
    """A room as it is steered, on the stage."""
    return mara.page.get_by_role("main").get_by_role("region", name=room, exact=True)


async def in_menu_of(mara: Person, room: str, act: str) -> None:
    await mara.press(f"What to do with {room}")
    await mara.pick(act)


async def recall(mara: Person, they_have: str) -> None:
    await mara.press("Call everybody back")
    await choose(mara, "They have", they_have)
    await mara.press("Call everybody back", mara.page.get_by_role("alertdialog"))


class Rest:
    """The running session of the demo over REST, as somebody of the cast."""

    def __init__(self, demo: Demo, name: str) -> None:
        told = read_json(f"{demo.url}/api/v1/demo")
        self._token = next(each["token"] for each in told["cast"] if each["name"] == name)
        self.session = next(each["id"] for each in told["sessions"] if each["status"] == "active")
        self._path = f"{demo.url}/api/v1/live-sessions/{self.session}"

    async def post(self, path: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._path}/{path}", json.dumps(body).encode(), headers)

        def ask() -> Any:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)

        return await asyncio.to_thread(ask)

    async def do(self, command: str, **fields: Any) -> None:
        ack = await self.post("commands", id=str(uuid4()), type=command, **fields)
        assert ack["ok"], ack

    async def log(self) -> list[dict[str, Any]]:
        """Every event that this person may see."""
        page = await asyncio.to_thread(read_json, f"{self._path}/events?limit=100", self._token)
        events = page["items"]
        while page["nextCursor"] is not None:
            address = f"{self._path}/events?limit=100&cursor={page['nextCursor']}"
            page = await asyncio.to_thread(read_json, address, self._token)
            events += page["items"]
        return list(events)
