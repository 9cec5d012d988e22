import { describe, expect, it } from "vitest";
import { around, scrolledTo, seenBy } from "./seeing";

const screens = [
  [1280, 800],
  [390, 352],
  [600, 590],
  [2560, 1200],
] as const;

describe("following", () => {
  it.each(screens)("shows on every screen all that is seen on one of %i by %i", (width, height) => {
    const presenter = { scrollX: -300, scrollY: 120, zoom: { value: 0.8 }, width, height };
    const left = -presenter.scrollX;
    const right = left + width / 0.8;
    const seen = seenBy(presenter);
    for (const [wide, high] of screens) {
      const { scrollX, zoom } = scrolledTo(seen, wide, high);
      expect(-scrollX).toBeLessThanOrEqual(left + 1e-6);
      expect(-scrollX + wide / zoom.value).toBeGreaterThanOrEqual(right - 1e-6);
    }
  });

  it("shows the very same on a screen of the presenter's shape", () => {
    const presenter = { scrollX: 12, scrollY: -7, zoom: { value: 1.5 }, width: 1000, height: 700 };
    const seen = scrolledTo(seenBy(presenter), 1000, 700);
    expect(seen.scrollX).toBeCloseTo(12);
    expect(seen.scrollY).toBeCloseTo(-7);
    expect(seen.zoom.value).toBeCloseTo(1.5);
  });

  it("shows a slide whole", () => {
    for (const [width, height] of screens) {
      const { scrollX, scrollY, zoom } = scrolledTo(around(0, 0, 1200, 675), width, height);
      expect(scrollX).toBeGreaterThan(0);
      expect(scrollY).toBeGreaterThan(0);
      expect((1200 + scrollX) * zoom.value).toBeLessThan(width);
      expect((675 + scrollY) * zoom.value).toBeLessThan(height);
    }
  });
});
