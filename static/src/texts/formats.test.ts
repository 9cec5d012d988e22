import { expect, test } from "vitest";
import { clock, localeOf } from "./formats";

test("a clock runs over an hour and never below zero", () => {
  expect([0, 59_999, 60_000, 3_599_000, 3_600_000, 36_610_000, -5].map(clock)).toEqual([
    "00:00",
    "00:59",
    "01:00",
    "59:59",
    "1:00:00",
    "10:10:10",
    "00:00",
  ]);
});

test("the reader's region is kept where it goes with the language", () => {
  expect(localeOf("en", ["fr-CA", "en-GB", "en-US"])).toBe("en-GB");
  expect(localeOf("fr", ["en-GB"])).toBe("fr");
  expect(localeOf("en", ["en-US@posix"])).toBe("en");
});
