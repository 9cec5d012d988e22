import { describe, expect, test } from "vitest";
import { applyAll } from "../session/fold/room";
import { begun, event, lively, MARA, nothingYet, START } from "./fakes";
import { firstAfter, Past } from "./past";

function pastOf(events: ReturnType<typeof lively>): Past {
  const past = new Past(nothingYet(true));
  for (const each of events) past.append(each);
  return past;
}

/** Milliseconds of work, whatever else this machine does. */
function busy(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
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
    const past = new Past(nothingYet(true));
    const folding = busy(() => events.forEach((each) => past.append(each)));
    const times = Array.from({ length: 60 }, (_, n) => busy(() => past.viewAfter((n * 7_919) % 10_000)));
    const average = times.reduce((sum, each) => sum + each, 0) / times.length;
    expect(average).toBeLessThan(folding / 20);
    console.info(`folding 10,000 events: ${folding.toFixed(0)} ms, going anywhere: ${average.toFixed(1)} ms`);
  }, 60_000);

  test("a view that was handed out stays as it is", () => {
    const past = pastOf(lively(1_000));
    const early = past.viewAfter(250);
    const copy = structuredClone(early);
    for (const count of [251, 260, 299, 300, 301, 1_000]) past.viewAfter(count);
    expect(early).toEqual(copy);
  });
});

test("the first that is greater", () => {
  expect([-1, 0, 1, 2, 5].map((value) => firstAfter([0, 1, 1, 4], value))).toEqual([0, 1, 3, 3, 4]);
});
