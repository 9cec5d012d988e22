"""What is looked at on a page, whatever it shows: axe's rules, how wide it is, how large its targets are.

Rules that depend on colours are looked at in light and dark, all others once. Knows nothing of workshops.
"""

from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Page

from tests.browser.chromium import AXE
from tests.browser.workshop import PHONE

STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURS = ["color-contrast", "link-in-text-block"]
NARROWEST = {"width": 320, "height": PHONE["height"]}
TARGET_MIN_PX = 24

WIDTHS = """() => {
  const out = [];
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth) out.push(`the page is ${page.scrollWidth} wide`);
  for (const each of document.querySelectorAll("*")) {
    if (each.closest(".skip, .unseen, [hidden]") !== null || !each.checkVisibility()) continue;
    if (each.matches(".table-scroll")) continue; // a table of figures is read in two directions (1.4.10)
    const style = getComputedStyle(each);
    const name = `${each.tagName.toLowerCase()}.${each.className} ${each.textContent.slice(0, 40)}`;
    if (["auto", "scroll"].includes(style.overflowX) && each.scrollWidth > each.clientWidth + 1 && each.tagName !== "TEXTAREA")
      out.push(`${name} scrolls sideways: ${each.scrollWidth} in ${each.clientWidth}`);
    const { left, right, width, height } = each.getBoundingClientRect();
    if (each.matches("a, button, input, select, textarea, p, h1, h2, h3") && width > 1 && height > 1)
      if (left < -1 || right > innerWidth + 1) out.push(`${name} reaches from ${left} to ${right}`);
  }
  return out;
}"""

SETTLED = """async () => {
  for (let frame = 0; frame < 3 || (frame < 60 && document.getAnimations().length > 0); frame += 1)
    await new Promise(requestAnimationFrame);
}"""

TARGETS = """() => {
  const kinds = "a[href], button, input, select, textarea, summary, label, [role=tab], [role=menuitem]";
  const UNSEEN = ".skip, .unseen, [inert], [style*='clip']";
  const found = [];
  for (const each of document.querySelectorAll(kinds)) {
    if (!each.checkVisibility({ visibilityProperty: true }) || each.closest(UNSEEN) !== null) continue;
    if (each.matches("label") && each.querySelector("input") === null) continue;
    if (each.matches("label input, p a")) continue; // its label is the target; a link in a sentence is as high as its line
    const { width, height } = each.getBoundingClientRect();
    if (width <= 1 || height <= 1) continue; // hidden from sight, with something else in its place
    found.push({ name: (each.getAttribute("aria-label") ?? each.textContent).slice(0, 40), size: Math.min(width, height) });
  }
  return found;
}"""


@dataclass
class Looks:
    """What was seen on all the pages looked at. `faults` names what is not good enough, and where."""

    faults: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    lesser: dict[str, int] = field(default_factory=dict)
    smallest: tuple[float, str] = (float("inf"), "")

    async def at(self, page: Page, what: str) -> None:
        """Looks at the page as it stands, in light and dark; and when it is a phone's, on the narrowest one too."""
        self.seen.append(what)
        await self._by_rules(page, f"{what}, light", STANDARD)
        await page.emulate_media(color_scheme="dark")
        await self._by_rules(page, f"{what}, dark", COLOURS)
        await page.emulate_media(color_scheme="light")
        await self._targets(page, what)
        await self.widths(page, what)

    async def widths(self, page: Page, what: str) -> None:
        """Nothing scrolls sideways or is cut off, here and, from a phone's width on, at the narrowest."""
        size = page.viewport_size
        assert size is not None
        self.faults += [f"{what} at {size['width']}: {fault}" for fault in await page.evaluate(WIDTHS)]
        if size["width"] > PHONE["width"]:
            return
        await page.set_viewport_size(NARROWEST)  # type: ignore[arg-type]
        await page.evaluate(SETTLED)
        self.faults += [f"{what} at {NARROWEST['width']}: {fault}" for fault in await page.evaluate(WIDTHS)]
        await page.set_viewport_size(size)
        await page.evaluate(SETTLED)

    async def _by_rules(self, page: Page, what: str, rules: list[str]) -> None:
        await page.evaluate(SETTLED)
        if not await page.evaluate("'axe' in window"):
            await page.evaluate(AXE.read_text())  # not a script tag: the pages refuse foreign ones
        asked: dict[str, Any] = {"runOnly": rules, "resultTypes": ["violations"]}
        found = await page.evaluate("(asked) => axe.run(asked)", asked)
        assert rules is COLOURS or found["passes"], f"axe looked at nothing on {what}"
        for each in found["violations"]:
            if each["impact"] in ("serious", "critical"):
                where = [(node["html"][:120], node["failureSummary"]) for node in each["nodes"][:3]]
                self.faults.append(f"{what}: {each['id']} ({each['help']}) {where}")
            else:
                self.lesser[each["id"]] = self.lesser.get(each["id"], 0) + 1

    async def _targets(self, page: Page, what: str) -> None:
        for target in await page.evaluate(TARGETS):
            self.smallest = min(self.smallest, (target["size"], target["name"]))
            if target["size"] < TARGET_MIN_PX:
                self.faults.append(f"{what}: {target['name']!r} is {target['size']:.0f} px small")
