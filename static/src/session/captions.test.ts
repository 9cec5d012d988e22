import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Captions } from "./captions";
import { ANA, BEN } from "./fakes";

const INK = "00000000-0000-4000-8000-0000000000a1";

const said = (userId: unknown, text: unknown, room?: string) => ({
  type: "audio.caption",
  userId,
  text,
  ...(room === undefined ? {} : { room }),
});

const textsOf = (captions: Captions): string[] => captions.state.lines.map(({ text }) => text);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the last three lines, with who said them and where", () => {
  const captions = new Captions();
  for (const text of ["one", "two", "three"]) captions.hear(said(ANA, text));
  captions.hear(said(BEN, "four", INK));
  expect(textsOf(captions)).toEqual(["two", "three", "four"]);
  expect(captions.state.lines.at(-1)).toMatchObject({ user: BEN, room: INK });
  expect(captions.state.lines[0]?.room).toBeUndefined();
});

test("each goes after a while, by itself", () => {
  const captions = new Captions();
  captions.hear(said(ANA, "early"));
  vi.advanceTimersByTime(10_000);
  captions.hear(said(ANA, "late"));
  vi.advanceTimersByTime(6_000);
  expect(textsOf(captions)).toEqual(["late"]);
  vi.advanceTimersByTime(10_000);
  expect(textsOf(captions)).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

test("what is no caption is none", () => {
  const captions = new Captions();
  captions.hear({ type: "audio.levels", levels: {} });
  captions.hear(said(1, "whose?"));
  captions.hear(said(ANA, { text: "no" }));
  expect(captions.state.lines).toEqual([]);
});

test("forgotten are the lines, not what one chose nor what the server can do", () => {
  const captions = new Captions(true);
  const changed = vi.fn();
  const stop = captions.subscribe(changed);
  captions.offer(false);
  captions.offer(false);
  expect(changed).toHaveBeenCalledTimes(1);
  captions.hear(said(ANA, "gone"));
  captions.forget();
  expect(captions.state).toEqual({ lines: [], hidden: true, available: false });
  expect(vi.getTimerCount()).toBe(0);
  captions.hide(false);
  expect(captions.state.hidden).toBe(false);
  stop();
  captions.hide(true);
  expect(changed).toHaveBeenCalledTimes(4);
});
