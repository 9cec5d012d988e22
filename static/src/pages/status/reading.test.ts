import { describe, expect, test } from "vitest";
import { concernsOf, type Figures, type InstallationStatus, linesOf, sampleOf, SAMPLES_MAX, withSample } from "./reading";

const FIGURES: Figures = {
  host: "one",
  pid: 7,
  connections: 3,
  sessions: 1,
  commands: 10,
  events: 12,
  ackP99Ms: 20,
  poolInUse: 1,
  poolSize: 20,
  loopLagMs: 1,
  fanoutLag: 0,
  outboxBytes: 0,
  memoryBytes: 90_000_000,
  recorderGapS: 0,
  draining: false,
  checked: { events: 100, frames: 5, violations: 0 },
};
const AT = "2026-05-01T12:00:00Z";

function status(over: Partial<InstallationStatus> = {}, ...figures: Partial<Figures>[]): InstallationStatus {
  return {
    processes: (figures.length === 0 ? [{}] : figures).map((each, index) => ({
      id: `${index}0000000-0000-4000-8000-000000000001`,
      startedAt: AT,
      beatAt: AT,
      fresh: true,
      answering: index === 0,
      figures: { ...FIGURES, ...each },
    })),
    postgres: { version: "18.6", bytes: 1, connections: 5, connectionsMax: 100, archiveFailing: false },
    replica: { health: "none" },
    redis: { health: "none" },
    store: { health: "good", bucket: false, bytes: 1, freeBytes: 60, diskBytes: 100 },
    backups: { ours: true, runs: [{ kind: "full", status: "done", startedAt: AT, doneAt: AT }] },
    jobs: [{ kind: "finalise", queued: 1, running: 0, dead: 0, waitingS: 3 }],
    ...over,
  };
}

describe("what somebody should look at", () => {
  test("nothing, where all is well", () => expect(concernsOf(status())).toEqual([]));

  const finding = { at: AT, kind: "log" as const, sessionId: "x", seq: 4, why: "a number is missing" };
  test.each([
    ["a broken promise", status({}, { checked: { ...FIGURES.checked, violations: 1, last: finding } }), "violation"],
    ["a late loop", status({}, { loopLagMs: 180 }), "late"],
    ["a recorder that does not get on", status({}, { recorderGapS: 9 }), "recorder"],
    ["a pool that is all lent", status({}, { poolInUse: 20 }), "pool"],
    ["a replica that is away", status({ replica: { health: "away" } }), "replica"],
    ["a replica that is behind", status({ replica: { health: "behind", behindS: 12 } }), "replicaBehind"],
    ["a Redis that is away", status({ redis: { health: "away" } }), "redis"],
    ["a store that is away", status({ store: { health: "away", bucket: true } }), "store"],
    ["a disk that is full", status({ store: { health: "good", bucket: false, freeBytes: 9, diskBytes: 100 } }), "disk"],
    ["a backup that failed", status({ backups: { ours: true, runs: [{ kind: "full", status: "failed", startedAt: AT }] } }), "backup"],
    ["work that was given up", status({ jobs: [{ kind: "a", queued: 0, running: 0, dead: 2, waitingS: 0 }] }), "dead"],
    ["work that nobody does", status({ jobs: [{ kind: "a", queued: 4, running: 0, dead: 0, waitingS: 900 }] }), "waiting"],
  ])("%s", (_what, told, what) => expect(concernsOf(told).map((each) => each.what)).toEqual([what]));

  test("a process that is gone, also one of another release; it is asked for nothing else", () => {
    const told = status({}, {}, { loopLagMs: 900 });
    const [first, second] = told.processes;
    if (first === undefined || second === undefined) throw new Error("two processes");
    const other = { id: "abcdef01-0000-4000-8000-000000000001", startedAt: AT, beatAt: AT, answering: false };
    const concerns = concernsOf({
      ...told,
      processes: [first, { ...second, fresh: false }, { ...other, fresh: false }],
    });
    expect(concerns).toEqual([
      { what: "gone", host: "one 7" },
      { what: "gone", host: "abcdef01" },
    ]);
  });
});

describe("samples", () => {
  test("sum what adds up and keep the worst of what does not", () => {
    const told = status({}, { ackP99Ms: 20, loopLagMs: 2 }, { ackP99Ms: 50, loopLagMs: 1 }, {});
    const [last] = told.processes.slice(-1);
    if (last?.figures !== undefined) delete last.figures.ackP99Ms;
    expect(sampleOf(told, 5)).toEqual({
      at: 5,
      connections: 9,
      commands: 30,
      ackP99Ms: 50,
      commitP99Ms: null,
      loopLagMs: 2,
      poolInUse: 3,
    });
  });

  test("so many are kept", () => {
    let samples = withSample([], sampleOf(status(), 0));
    for (let at = 1; at < SAMPLES_MAX + 5; at += 1) samples = withSample(samples, sampleOf(status(), at));
    expect([samples.length, samples[0]?.at]).toEqual([SAMPLES_MAX, 5]);
  });

  test("a line ends at the right, touches the top at its highest, and has a gap where nothing is known", () => {
    expect(linesOf([1, 2, null, 4], 24, 10)).toEqual(["21.0,7.5 22.0,5.0", "24.0,0.0"]);
    expect(linesOf([0, 0], 24, 10)).toEqual(["23.0,10.0 24.0,10.0"]);
    expect(linesOf([], 24, 10)).toEqual([]);
    expect(linesOf(Array(49).fill(1), 24, 10)[0]).toMatch(/^0.0,0.0 0.5,0.0 /);
  });
});
