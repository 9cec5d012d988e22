import { describe, expect, test } from "vitest";
import { NO_SOUND } from "../../session/sound";
import { type Bearing, Talk, voiceOf } from "./voice";

const LIVE: Bearing = {
  on: true,
  sound: { phase: "connected", stream: null },
  maySpeak: true,
  microphone: true,
  muted: false,
};

describe("what one's voice is", () => {
  test.each<[string, Partial<Bearing>]>([
    ["live", {}],
    ["muted", { muted: true }],
    ["listening", { microphone: false }],
    ["listening", { microphone: false, muted: true }],
    ["forbidden", { maySpeak: false }],
    ["out", { on: false, maySpeak: false }],
    ["out", { sound: { phase: "idle", stream: null, refused: { code: "taken_over", detail: "" } } }],
    ["none", { sound: { phase: "idle", stream: null, refused: { code: NO_SOUND, detail: "" } } }],
    ["live", { sound: { phase: "retrying", stream: null, refused: { code: "elsewhere", detail: "" } } }],
  ])("%s: %j", (voice, changes) => expect(voiceOf({ ...LIVE, ...changes })).toBe(voice));
});

describe("speaking while muted", () => {
  const told = (levels: number[]): boolean[] => {
    const talk = new Talk();
    return levels.map((level, place) => talk.heard(level, place * 100));
  };

  test("is noticed after a moment, over the gaps between words", () => {
    expect(told([0.1, 0.1, 0, 0.1, 0.1])).toEqual([false, false, false, false, true]);
  });

  test("a cough is not", () => {
    expect(told([0, 0.5, 0.5, 0, 0, 0, 0, 0.5, 0])).not.toContain(true);
  });

  test("ends with the voice", () => {
    expect(told([0.1, 0.1, 0.1, 0.1, 0.1, 0, 0, 0, 0, 0]).at(-1)).toBe(false);
  });
});
