import { describe, expect, test } from "vitest";
import { applyAll } from "../session/fold/room";
import { begun, event, lively, MARA, nothingYet, START } from "./fakes";
import { firstAfter, Past } from "./past";

function pastOf(events: ReturnType<typeof lively>): Past {
  const past = new Past(nothingYet(true));
  for (const each of events) past.append(each);
  return past;
}

describe("the past", () => {
  test("is the same view from wherever one comes", () => {
    const events = lively(1_000);
    const past = pastOf(events);
    for (const count of [0, 7, 999, 1_000, 100, 101, 99, 512, 511, 513, 3, 1_000]) {
      const straight = applyAll(nothingYet(true), events.slice(0, count));
      expect(past.viewAfter(count), `after ${count}`).toEqual(straight);
    }
    expect(past.viewAfter(events.length)).toEqual(past.head);
  });

  test("counts what had happened by a moment", () => {
    const past = pastOf(begun());
    expect(past.countAt(START - 60_001)).toBe(0);
    expect(past.countAt(START - 60_000)).toBe(1);
    expect(past.countAt(START)).toBe(5);
    expect(past.countAt(START + 1e9)).toBe(5);
  });

  test("goes on from another view where there is one, and not across it", () => {
    const past = new Past(nothingYet(true), 4);
    const events = lively(60);
    for (const each of events.slice(0, 30)) past.append(each);
    const other = { ...past.head, lifecycle: { ...past.head.lifecycle, title: "As seen from elsewhere" } };
    past.viewAfter(29);
    past.turn(other);
    for (const each of events.slice(30)) past.append(each);
    expect(past.viewAfter(29).lifecycle.title).toBe("Clocks");
    for (const count of [30, 31, 60]) expect(past.viewAfter(count).lifecycle.title).toBe("As seen from elsewhere");
    past.viewAfter(29);
    expect(past.viewAfter(33).lifecycle.title).toBe("As seen from elsewhere");
  });

  test("a time that runs backwards does not hide what follows", () => {
    const past = pastOf([...begun(), event(10, "hand.raised", { userId: MARA, toPoint: false }), event(9, "hand.lowered", { userId: MARA })]);
    expect(past.countAt(START + 9_500)).toBe(5);
    expect(past.countAt(START + 10_000)).toBe(7);
  });

  test("going anywhere costs a small part of folding everything", () => {
    const events = lively(10_000);
    const began = performance.now();
    const past = pastOf(events);
    const folding = performance.now() - began;
    const times: number[] = [];
    for (let n = 1; n <= 60; n += 1) {
      const start = performance.now();
      past.viewAfter((n * 7_919) % 10_000);
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    const worst = times[Math.floor(times.length * 0.95)] ?? Infinity;
    expect(worst).toBeLessThan(Math.max(folding / 10, 2));
    console.info(`folding 10,000 events: ${folding.toFixed(0)} ms, going anywhere: ${worst.toFixed(1)} ms (95th of 60)`);
  });
});

test("the first that is greater", () => {
  expect([-1, 0, 1, 2, 5].map((value) => firstAfter([0, 1, 1, 4], value))).toEqual([0, 1, 3, 3, 4]);
});
