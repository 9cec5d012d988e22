import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ANA, BEN } from "./fakes";
import { Levels } from "./levels";

const INK = "00000000-0000-4000-8000-0000000000a1";

function heard(...signals: [levels: Record<string, number>, room?: string][]): Levels {
  const levels = new Levels();
  for (const [each, room] of signals)
    levels.hear({ type: "audio.levels", levels: each, ...(room === undefined ? {} : { room }) });
  return levels;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("who speaks, in the order in which they began, and how loud", () => {
  const levels = heard([{ [BEN]: 0.5 }], [{ [ANA]: 0.7, [BEN]: 0.1 }]);
  expect(levels.speaking).toEqual([BEN, ANA]);
  expect([levels.of(ANA), levels.of(BEN)]).toEqual([3, 1]);
});

test("a pause between words is not the end, a longer one is", () => {
  const levels = heard([{ [ANA]: 0.1 }]);
  vi.advanceTimersByTime(500);
  levels.hear({ type: "audio.levels", levels: { [ANA]: 0.1 } });
  vi.advanceTimersByTime(500);
  expect(levels.speaking).toEqual([ANA]);
  vi.advanceTimersByTime(200);
  expect(levels.speaking).toEqual([]);
});

test("a place that fell silent, and no other", () => {
  const levels = heard([{ [ANA]: 0.1 }], [{ [BEN]: 0.1 }, INK], [{}]);
  expect(levels.speaking).toEqual([BEN]);
  levels.hear({ type: "audio.levels", levels: {}, room: INK });
  expect(levels.speaking).toEqual([]);
});

test("tells only of what changed, and keeps the list while it is the same", () => {
  const levels = heard([{ [ANA]: 0.1 }]);
  const before = levels.speaking;
  const told = vi.fn();
  levels.subscribe(told);
  levels.hear({ type: "audio.levels", levels: { [ANA]: 0.11 } });
  expect(told).not.toHaveBeenCalled();
  levels.hear({ type: "audio.levels", levels: { [ANA]: 0.7 } });
  expect(told).toHaveBeenCalledOnce();
  expect(levels.speaking).toBe(before);
});

test.each([[null], ["loud"], [{ [ANA]: "loud", [BEN]: -1 }]])("what is no level is nobody's voice: %j", (levels) => {
  const all = new Levels();
  all.hear({ type: "audio.levels", levels });
  expect(all.speaking).toEqual([]);
});
