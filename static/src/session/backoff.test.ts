import { describe, expect, test } from "vitest";
import { delayMs } from "./backoff";

describe("the wait before the next attempt", () => {
  test("never exceeds 2 s in the first minute, however often it was tried", () => {
    for (let attempt = 0; attempt < 200; attempt += 1)
      for (const random of [0, 0.5, 0.999]) expect(delayMs(attempt, 59_999, random)).toBeLessThanOrEqual(2_000);
  });

  test("never exceeds 15 s later, and gets there", () => {
    expect(delayMs(50, 60_000, 0.9999)).toBeLessThanOrEqual(15_000);
    expect(delayMs(50, 60_000, 0.9999)).toBeGreaterThan(14_900);
  });

  test("starts short and grows", () => {
    expect(delayMs(0, 0, 0.5)).toBeLessThan(250);
    expect(delayMs(2, 0, 0)).toBeGreaterThan(delayMs(0, 0, 0.999));
  });

  test("is spread over half of its length", () => {
    expect(delayMs(10, 0, 0)).toBe(1_000);
    expect(delayMs(10, 0, 0.5)).toBe(1_500);
  });
});
