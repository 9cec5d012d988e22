"""Somebody who has a keyboard and nothing else: goes from control to control, and always sees where they are.

What has the focus is asked of the browser's own accessibility tree, as a screen reader would. After every key the focus
must be seen: a ring of two pixels or more on the control, within the page and not under something else (WCAG 2.2, 2.4.7
and 2.4.11). Knows nothing of workshops.
"""

from typing import Any

from playwright.async_api import CDPSession, expect

from tests.browser.workshop import Person

TABS_MAX = 40
STEPS_MAX = 20

SEEN = """async (frames) => {
  const focus = () => {
    const focused = document.activeElement;
    if (focused === null || focused === document.body) return null;
    // where a whole part of the page has the focus, there is no control to ring
    if (focused.tabIndex < 0 && focused.matches("main, section, h2, [role=dialog], [role=alertdialog]")) return null;
    const label = focused.closest("label");
    const ringed = [focused, ...(label === null ? [] : label.querySelectorAll("*"))].filter((each) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(each);
      return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    });
    if (ringed.length === 0) return "has no ring";
    const parts = [0.5, 0.1, 0.9];
    const seen = ringed.some((each) => {
      const { x, y, width, height } = each.getBoundingClientRect();
      return parts.some((right) =>
        parts.some((down) => each.contains(document.elementFromPoint(x + width * right, y + height * down))),
      );
    });
    return seen ? null : `is out of sight or covered at ${JSON.stringify(focused.getBoundingClientRect())}`;
  };
  let unseen = "was not looked at";
  for (let frame = 0; unseen !== null && frame < frames; frame += 1) {
    await new Promise(requestAnimationFrame);
    unseen = focus();
  }
  return unseen;
}"""
SEEN_WITHIN_FRAMES = 30
"""Half a second at most: what a key opens is drawn first."""


class Keyboard:
    """The keys of one person. `presses` counts them, without what was typed into fields."""

    def __init__(self, who: Person, tree: CDPSession) -> None:
        self.who = who
        self.presses = 0
        self._tree = tree

    @classmethod
    async def of(cls, who: Person) -> "Keyboard":
        return cls(who, await who.context.new_cdp_session(who.page))

    async def press(self, key: str) -> None:
        await self.who.page.keyboard.press(key)
        self.presses += 1
        unseen = await self.who.page.evaluate(SEEN, SEEN_WITHIN_FRAMES)
        assert unseen is None, f"after {key!r} the focus of {self.who.name}, {await self.focused()}, {unseen}"

    async def type(self, words: str) -> None:
        """Into the field that has the focus."""
        await self.who.page.keyboard.type(words)

    async def focused(self) -> tuple[str, str]:
        """Role and name of what has the focus, as the browser tells a screen reader."""
        found = await self._tree.send("Runtime.evaluate", {"expression": "document.activeElement ?? document.body"})
        asked = {"objectId": found["result"]["objectId"], "fetchRelatives": False}
        node: dict[str, Any] = (await self._tree.send("Accessibility.getPartialAXTree", asked))["nodes"][0]
        return node.get("role", {}).get("value", ""), node.get("name", {}).get("value", "")

    async def to(self, name: str, *, back: bool = False, key: str | None = None, within: int = TABS_MAX) -> None:
        """Presses Tab (or `key`) until what has the focus is called that; a name ending in … need only begin so."""
        passed = []
        for _ in range(within):
            passed.append(await self.focused())
            if passed[-1][1] == name or (name.endswith("…") and passed[-1][1].startswith(name[:-1])):
                return
            await self.press(key or ("Shift+Tab" if back else "Tab"))
        raise AssertionError(f"{self.who.name} does not come to {name!r} within {within} keys, only to {passed}")

    async def activate(self, name: str, *, back: bool = False) -> None:
        await self.to(name, back=back)
        await self.press("Enter")

    async def pick(self, name: str) -> None:
        """An entry of the menu that is open."""
        await expect(self.who.page.get_by_role("menu")).to_be_visible()
        await self.to(name, key="ArrowDown", within=STEPS_MAX)
        await self.press("Enter")

    async def choose(self, label: str, value: str) -> None:
        """In a list of the browser's own."""
        await self.to(label)
        await self.press("Home")
        for _ in range(STEPS_MAX):
            if await self.who.page.evaluate("document.activeElement.value") == value:
                return
            await self.press("ArrowDown")
        raise AssertionError(f"{label!r} has no {value!r}")
