import { describe, expect, test } from "vitest";
import { ANA, AT, BEN, viewAt } from "../../session/fakes";
import { applyAll } from "../../session/fold/room";
import type { Event, View } from "../../session/protocol";
import type { Recorded } from "../../session/wire";
import { consentOf, currentRun, isSettled, runsOf } from "./reading";

const FIRST = "00000000-0000-4000-8000-0000000000d1";
const SECOND = "00000000-0000-4000-8000-0000000000d2";

function after(...events: Event[]): View {
  const start = { ...viewAt(1), recording: { runs: [], consents: {}, marks: [] } };
  return applyAll(
    start,
    events.map((event, index) => ({ ...event, seq: 2 + index, at: AT, actor: ANA }) as Recorded),
  );
}

const started = (recordingId: string): Event => ({ type: "recording.started", recordingId });
const stopped = (recordingId: string): Event => ({ type: "recording.stopped", recordingId });

describe("the recording that is under way", () => {
  test("is there from its start to its stop, also while it is paused", () => {
    expect(currentRun(after())).toBeUndefined();
    expect(currentRun(after(started(FIRST)))).toMatchObject({ id: FIRST, status: "recording" });
    const paused = after(started(FIRST), { type: "recording.paused", recordingId: FIRST });
    expect(currentRun(paused)).toMatchObject({ id: FIRST, status: "paused" });
    expect(currentRun(after(started(FIRST), stopped(FIRST)))).toBeUndefined();
    expect(currentRun(after(started(FIRST), stopped(FIRST), started(SECOND)))?.id).toBe(SECOND);
  });
});

describe("what became of it", () => {
  test.each([
    ["finalising", false],
    ["stored", false],
    ["transcribing", false],
    ["ready", true],
    ["incomplete", true],
    ["failed", true],
  ] as const)("%s", (stage, settled) => {
    const view = after(started(FIRST), stopped(FIRST), { type: "recording.reported", recordingId: FIRST, stage });
    expect(runsOf(view).map(isSettled)).toEqual([settled]);
  });

  test("nothing was told yet", () => {
    expect(runsOf(after(started(FIRST))).map(isSettled)).toEqual([false]);
    expect(runsOf(after(started(FIRST), stopped(FIRST))).map(isSettled)).toEqual([false]);
  });
});

test("what somebody answered, and whoever did not is not taken for a yes", () => {
  const view = after({ type: "recording.consented", userId: ANA, given: true });
  expect(consentOf(view, ANA)?.given).toBe(true);
  expect(consentOf(view, BEN)).toBeUndefined();
});
